//! Named semaphores, which processes share, and shared memory by name.

use std::ffi::CString;
use std::ptr::NonNull;

use super::{check, done, last_error};
use crate::{Errno, Fd, Result};

/// The largest value of a semaphore.
pub const SEM_VALUE_MAX: i32 = i32::MAX;

/// An open named semaphore; it is closed when this is dropped.
#[derive(Debug)]
pub struct Semaphore(NonNull<libc::sem_t>);

// SAFETY: a semaphore may be used from all threads: that is what it is for. It lives until `sem_close` in `drop`.
unsafe impl Send for Semaphore {}
// SAFETY: as above.
unsafe impl Sync for Semaphore {}

fn c_string(name: &[u8]) -> Result<CString> {
    CString::new(name).map_err(|_| Errno::EINVAL)
}

impl Semaphore {
    /// Makes a semaphore that does not exist yet.
    pub fn create(name: &[u8], mode: u32, value: u32) -> Result<Semaphore> {
        let name = c_string(name)?;
        // SAFETY: the name ends with NUL and lives through the call; with O_CREAT, mode and value follow as C integers.
        let sem =
            unsafe { libc::sem_open(name.as_ptr(), libc::O_CREAT | libc::O_EXCL, mode, value) };
        Self::opened(sem)
    }

    /// Opens an existing one.
    pub fn open(name: &[u8]) -> Result<Semaphore> {
        let name = c_string(name)?;
        // SAFETY: the name ends with NUL and lives through the call; nothing follows without O_CREAT.
        let sem = unsafe { libc::sem_open(name.as_ptr(), 0) };
        Self::opened(sem)
    }

    fn opened(sem: *mut libc::sem_t) -> Result<Semaphore> {
        match NonNull::new(sem) {
            Some(sem) if sem.as_ptr() != libc::SEM_FAILED => Ok(Semaphore(sem)),
            _ => Err(last_error()),
        }
    }

    /// A number that tells open semaphores apart.
    pub fn handle(&self) -> usize {
        self.0.as_ptr().addr()
    }

    /// Takes one, waiting for it.
    pub fn wait(&self) -> Result<()> {
        // SAFETY: the semaphore is open.
        done(unsafe { libc::sem_wait(self.0.as_ptr()) })
    }

    /// Takes one if there is one; EAGAIN otherwise.
    pub fn try_wait(&self) -> Result<()> {
        // SAFETY: the semaphore is open.
        done(unsafe { libc::sem_trywait(self.0.as_ptr()) })
    }

    /// Takes one, waiting until a moment of the wall clock in nanoseconds; ETIMEDOUT then.
    pub fn wait_until(&self, nanoseconds: i64) -> Result<()> {
        let deadline = libc::timespec {
            tv_sec: nanoseconds.div_euclid(1_000_000_000),
            tv_nsec: nanoseconds.rem_euclid(1_000_000_000),
        };
        // SAFETY: the semaphore is open, and the time is ours.
        done(unsafe { libc::sem_timedwait(self.0.as_ptr(), &raw const deadline) })
    }

    /// Gives one back.
    pub fn post(&self) -> Result<()> {
        // SAFETY: the semaphore is open.
        done(unsafe { libc::sem_post(self.0.as_ptr()) })
    }

    /// How many there are.
    pub fn value(&self) -> Result<i32> {
        let mut value = 0;
        // SAFETY: the semaphore is open, and the number is ours.
        done(unsafe { libc::sem_getvalue(self.0.as_ptr(), &raw mut value) })?;
        Ok(value)
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        // SAFETY: the semaphore is open, and is not used any more.
        unsafe { libc::sem_close(self.0.as_ptr()) };
    }
}

/// Takes a semaphore's name away.
pub fn sem_unlink(name: &[u8]) -> Result<()> {
    let name = c_string(name)?;
    // SAFETY: the name ends with NUL and lives through the call.
    done(unsafe { libc::sem_unlink(name.as_ptr()) })
}

/// Opens shared memory; the descriptor is not inherited.
pub fn shm_open(path: &[u8], flags: i32, mode: u32) -> Result<Fd> {
    let path = c_string(path)?;
    // SAFETY: the path ends with NUL and lives through the call.
    check(unsafe { libc::shm_open(path.as_ptr(), flags | libc::O_CLOEXEC, mode) })
}

/// Takes the name of shared memory away.
pub fn shm_unlink(path: &[u8]) -> Result<()> {
    let path = c_string(path)?;
    // SAFETY: the path ends with NUL and lives through the call.
    done(unsafe { libc::shm_unlink(path.as_ptr()) })
}
