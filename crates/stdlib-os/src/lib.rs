//! Native modules that reach the operating system. One file a module, or a folder when it grows; all calls go through
//! `taipan-host`. What several modules need (arguments, EINTR, errors) is in `util`.

pub mod errno;
pub mod fcntl;
pub mod io;
pub mod locale;
pub mod multiprocessing;
pub mod posix;
pub mod resource;
pub mod select;
pub mod signal;
pub mod socket;
pub mod stat;
pub mod subprocess;
pub mod termios;
pub mod time;
pub mod users;
pub mod util;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[
    &io::MODULE,
    &posix::MODULE,
    &errno::MODULE,
    &time::MODULE,
    &signal::MODULE,
    &stat::MODULE,
    &select::MODULE,
    &fcntl::MODULE,
    &resource::MODULE,
    &users::PWD,
    &users::GRP,
    &locale::MODULE,
    &subprocess::MODULE,
    &multiprocessing::MODULE,
    &multiprocessing::SHARED_MEMORY,
    &socket::MODULE,
    &termios::MODULE,
];
