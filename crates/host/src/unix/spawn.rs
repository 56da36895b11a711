//! `posix_spawn` with its file actions and attributes.

use super::{CStrings, returned, with_cstr};
use crate::Result;
use crate::types::{SpawnAction, SpawnAttrs};
use std::mem::MaybeUninit;

struct Actions(libc::posix_spawn_file_actions_t);

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised by `posix_spawn` below, and not used again.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

struct Attrs(libc::posix_spawnattr_t);

impl Drop for Attrs {
    fn drop(&mut self) {
        // SAFETY: initialised by `posix_spawn` below, and not used again.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

/// Starts a program; gives the child's id. With `search`, `PATH` is searched.
pub fn posix_spawn<S: AsRef<[u8]>, T: AsRef<[u8]>>(
    path: &[u8],
    args: &[S],
    env: &[T],
    actions: &[SpawnAction],
    attrs: &SpawnAttrs,
    search: bool,
) -> Result<i32> {
    let (args, env) = (CStrings::new(args)?, CStrings::new(env)?);
    let file_actions = file_actions(actions)?;
    let attributes = attributes(attrs)?;
    let mut pid = 0;
    with_cstr(path, |path| {
        let call = if search {
            libc::posix_spawnp
        } else {
            libc::posix_spawn
        };
        // SAFETY: initialised actions and attributes, NUL-terminated strings in NULL-terminated arrays, all alive.
        returned(unsafe {
            call(
                &raw mut pid,
                path.as_ptr(),
                &raw const file_actions.0,
                &raw const attributes.0,
                args.as_ptr().cast(),
                env.as_ptr().cast(),
            )
        })
    })?;
    Ok(pid)
}

fn file_actions(actions: &[SpawnAction]) -> Result<Actions> {
    let mut raw = MaybeUninit::zeroed();
    // SAFETY: initialises the local.
    let mut list = unsafe {
        returned(libc::posix_spawn_file_actions_init(raw.as_mut_ptr()))?;
        Actions(raw.assume_init())
    };
    let list_ptr = &raw mut list.0;
    for action in actions {
        // SAFETY: the list is initialised; paths are NUL-terminated and copied by the call.
        match action {
            SpawnAction::Open {
                fd,
                path,
                flags,
                mode,
            } => with_cstr(path, |path| {
                // SAFETY: as above.
                returned(unsafe {
                    libc::posix_spawn_file_actions_addopen(
                        list_ptr,
                        *fd,
                        path.as_ptr(),
                        *flags,
                        *mode,
                    )
                })
            })?,
            SpawnAction::Close(fd) => {
                // SAFETY: as above.
                returned(unsafe { libc::posix_spawn_file_actions_addclose(list_ptr, *fd) })?
            }
            SpawnAction::Dup2(from, to) => {
                // SAFETY: as above.
                returned(unsafe { libc::posix_spawn_file_actions_adddup2(list_ptr, *from, *to) })?;
            }
            SpawnAction::CloseFrom(fd) => {
                // SAFETY: declared as in glibc's <spawn.h>.
                unsafe extern "C" {
                    fn posix_spawn_file_actions_addclosefrom_np(
                        list: *mut libc::posix_spawn_file_actions_t,
                        fd: libc::c_int,
                    ) -> libc::c_int;
                }
                // SAFETY: as above.
                returned(unsafe { posix_spawn_file_actions_addclosefrom_np(list_ptr, *fd) })?;
            }
        }
    }
    Ok(list)
}

fn attributes(attrs: &SpawnAttrs) -> Result<Attrs> {
    let mut raw = MaybeUninit::zeroed();
    // SAFETY: initialises the local; the calls below set members of what is initialised, from live locals.
    unsafe {
        returned(libc::posix_spawnattr_init(raw.as_mut_ptr()))?;
        let mut list = Attrs(raw.assume_init());
        let pointer = &raw mut list.0;
        let mut flags = 0;
        if let Some(group) = attrs.pgroup {
            returned(libc::posix_spawnattr_setpgroup(pointer, group))?;
            flags |= libc::POSIX_SPAWN_SETPGROUP;
        }
        if attrs.resetids {
            flags |= libc::POSIX_SPAWN_RESETIDS;
        }
        if attrs.setsid {
            flags |= 0x80; // POSIX_SPAWN_SETSID of glibc and musl
        }
        if let Some(mask) = attrs.sigmask {
            let set = super::signal::set_of(mask);
            returned(libc::posix_spawnattr_setsigmask(pointer, &raw const set))?;
            flags |= libc::POSIX_SPAWN_SETSIGMASK;
        }
        if let Some(mask) = attrs.sigdefault {
            let set = super::signal::set_of(mask);
            returned(libc::posix_spawnattr_setsigdefault(pointer, &raw const set))?;
            flags |= libc::POSIX_SPAWN_SETSIGDEF;
        }
        if let Some((policy, priority)) = attrs.scheduler {
            if let Some(policy) = policy {
                returned(libc::posix_spawnattr_setschedpolicy(pointer, policy))?;
                flags |= libc::POSIX_SPAWN_SETSCHEDULER;
            }
            let parameters = libc::sched_param {
                sched_priority: priority,
            };
            returned(libc::posix_spawnattr_setschedparam(
                pointer,
                &raw const parameters,
            ))?;
            flags |= libc::POSIX_SPAWN_SETSCHEDPARAM;
        }
        returned(libc::posix_spawnattr_setflags(
            pointer,
            flags as libc::c_short,
        ))?;
        Ok(list)
    }
}
