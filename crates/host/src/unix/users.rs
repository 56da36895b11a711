//! The databases of users and groups, for the modules `pwd` and `grp`.

use super::{bytes_of, with_cstr};
use crate::types::{Group, Passwd};
use crate::{Errno, Result};
use std::mem::MaybeUninit;
use std::sync::{Mutex, PoisonError};

/// # Safety
/// The strings of `entry` are alive.
unsafe fn passwd_of(entry: &libc::passwd) -> Passwd {
    // SAFETY: the caller's contract.
    unsafe {
        Passwd {
            name: bytes_of(entry.pw_name),
            passwd: bytes_of(entry.pw_passwd),
            uid: entry.pw_uid,
            gid: entry.pw_gid,
            gecos: bytes_of(entry.pw_gecos),
            dir: bytes_of(entry.pw_dir),
            shell: bytes_of(entry.pw_shell),
        }
    }
}

/// # Safety
/// The strings of `entry` are alive, and its members end with NULL.
unsafe fn group_of(entry: &libc::group) -> Group {
    let mut mem = Vec::new();
    let mut member = entry.gr_mem;
    // SAFETY: the caller's contract.
    unsafe {
        while !member.is_null() && !(*member).is_null() {
            mem.push(bytes_of(*member));
            member = member.add(1);
        }
        Group {
            name: bytes_of(entry.gr_name),
            passwd: bytes_of(entry.gr_passwd),
            gid: entry.gr_gid,
            mem,
        }
    }
}

/// Calls a `get..._r` function with a buffer that grows until it is enough; NULL results are `None`.
fn lookup<C, T>(
    call: impl Fn(*mut C, &mut [libc::c_char], *mut *mut C) -> i32,
    convert: unsafe fn(&C) -> T,
) -> Result<Option<T>> {
    let mut buffer: Vec<libc::c_char> = vec![0; 1024];
    loop {
        let mut entry = MaybeUninit::<C>::zeroed();
        let mut found = std::ptr::null_mut();
        match call(entry.as_mut_ptr(), &mut buffer, &raw mut found) {
            0 if found.is_null() => return Ok(None),
            // SAFETY: on success `found` points to `entry`, whose strings lie in `buffer`.
            0 => return Ok(Some(unsafe { convert(&*found) })),
            libc::ERANGE if buffer.len() < 1 << 24 => {
                let longer = buffer.len() * 2;
                buffer.resize(longer, 0);
            }
            libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => return Ok(None),
            error => return Err(Errno(error)),
        }
    }
}

/// The user with this name.
pub fn passwd_by_name(name: &[u8]) -> Result<Option<Passwd>> {
    super::databases::prepare();
    with_cstr(name, |name| {
        // SAFETY: a NUL-terminated name, a writable entry and buffer.
        lookup(
            |e, b, f| unsafe { libc::getpwnam_r(name.as_ptr(), e, b.as_mut_ptr(), b.len(), f) },
            passwd_of,
        )
    })
}

/// The user with this number.
pub fn passwd_by_uid(uid: u32) -> Result<Option<Passwd>> {
    super::databases::prepare();
    // SAFETY: a writable entry and buffer.
    lookup(
        |e, b, f| unsafe { libc::getpwuid_r(uid, e, b.as_mut_ptr(), b.len(), f) },
        passwd_of,
    )
}

/// The group with this name.
pub fn group_by_name(name: &[u8]) -> Result<Option<Group>> {
    super::databases::prepare();
    with_cstr(name, |name| {
        // SAFETY: a NUL-terminated name, a writable entry and buffer.
        lookup(
            |e, b, f| unsafe { libc::getgrnam_r(name.as_ptr(), e, b.as_mut_ptr(), b.len(), f) },
            group_of,
        )
    })
}

/// The group with this number.
pub fn group_by_gid(gid: u32) -> Result<Option<Group>> {
    super::databases::prepare();
    // SAFETY: a writable entry and buffer.
    lookup(
        |e, b, f| unsafe { libc::getgrgid_r(gid, e, b.as_mut_ptr(), b.len(), f) },
        group_of,
    )
}

/// Reading a whole database moves one position that the process shares.
static WHOLE: Mutex<()> = Mutex::new(());

/// All users.
pub fn passwds() -> Vec<Passwd> {
    super::databases::prepare();
    let _guard = WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut all = Vec::new();
    // SAFETY: the lock makes this the only reader; each entry is copied before the next call.
    unsafe {
        libc::setpwent();
        while let Some(entry) = libc::getpwent().as_ref() {
            all.push(passwd_of(entry));
        }
        libc::endpwent();
    }
    all
}

/// All groups.
pub fn groups() -> Vec<Group> {
    super::databases::prepare();
    let _guard = WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut all = Vec::new();
    // SAFETY: as for `passwds`.
    unsafe {
        libc::setgrent();
        while let Some(entry) = libc::getgrent().as_ref() {
            all.push(group_of(entry));
        }
        libc::endgrent();
    }
    all
}

/// The name of the user who logged in.
pub fn login() -> Result<Vec<u8>> {
    // SAFETY: declared as in <unistd.h>.
    unsafe extern "C" {
        fn getlogin_r(name: *mut libc::c_char, size: usize) -> libc::c_int;
    }
    let mut buffer = [0u8; 256];
    // SAFETY: the buffer is writable for the length given; the name ends with NUL.
    super::returned(unsafe { getlogin_r(buffer.as_mut_ptr().cast(), buffer.len()) })?;
    Ok(buffer
        .iter()
        .take_while(|&&byte| byte != 0)
        .copied()
        .collect())
}
