//! The operating system, behind one crate: files, environment, clock, processes, sockets, randomness.
//! Nothing else in the workspace calls `std::fs`, `std::env` or `libc`. wasm32 and sandboxes replace what is here.
//!
//! Rules that hold in every module:
//! - paths and names are bytes without an encoding; a NUL inside gives `EINVAL` (callers say "embedded null byte" first);
//! - `EINTR` is returned, never retried: the caller runs Python's signal handlers first (PEP 475);
//! - calls that may block do block: the caller releases its GIL around them;
//! - functions that take `dir` resolve relative paths there; `fs::AT_FDCWD` is the working directory.
//!
//! `types` holds the plain data that calls exchange; `unix` and `wasm` hold the calls, one file a topic, and are what the
//! modules `fs`, `env`, `clock`, ... at the root re-export.

#[cfg(unix)]
pub mod alloc;
mod errno;
mod errno_table;
pub mod types;
mod vars;

#[cfg(unix)]
#[path = "unix/mod.rs"]
mod imp;
#[cfg(not(unix))]
#[path = "wasm/mod.rs"]
mod imp;

pub use errno::{ERRNOS, Errno, Result};
pub use imp::{
    clock, consts, env, fault, fcntl, fs, linux, mem, net, process, random, select, semaphore,
    signal, term, thread, users,
};

/// A file descriptor.
pub type Fd = i32;
