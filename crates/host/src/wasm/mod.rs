//! The calls where there is no operating system (wasm32-unknown-unknown): the same names as in `unix`, most of which fail
//! with ENOSYS. The environment table and the regions of memory work; files are in memory (`files`), and clock and randomness
//! are the same in each run. What the host of a module gives is in `embedder`. Sandboxes are built from the same surface.

pub mod clock;
pub mod consts;
mod embedder;
pub mod env;
pub mod fault;
pub mod fcntl;
pub mod files;
pub mod fs;
pub mod linux;
pub mod mem;
pub mod net;
pub mod process;
pub mod random;
pub mod select;
pub mod semaphore;
pub mod signal;
pub mod term;
pub mod thread;
pub mod users;

use crate::types::{FileType, GaiError};
use crate::{Errno, Result};

pub(crate) fn strerror(_number: i32) -> Option<Vec<u8>> {
    None
}

/// What a call gives that cannot be made here.
pub(crate) trait Missing {
    const MISSING: Self;
}
impl<T> Missing for Result<T> {
    const MISSING: Self = Err(Errno::ENOSYS);
}
impl<T> Missing for core::result::Result<T, core::result::Result<GaiError, Errno>> {
    const MISSING: Self = Err(Err(Errno::ENOSYS));
}
impl<T> Missing for Option<T> {
    const MISSING: Self = None;
}
impl<T> Missing for Vec<T> {
    const MISSING: Self = Vec::new();
}
macro_rules! zero {
    ($($type:ty = $value:expr,)*) => { $(impl Missing for $type { const MISSING: Self = $value; })* };
}
zero! { () = (), bool = false, i32 = 0, u32 = 0, u64 = 0, usize = 0, FileType = FileType::Unknown, }

macro_rules! stubs {
    ($($(#[$doc:meta])* fn $name:ident $([$($g:tt)*])? ($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)?;)*) => {
        $(
            $(#[$doc])*
            #[allow(unused_variables)]
            pub fn $name $(<$($g)*>)? ($($arg: $type),*) $(-> $ret)? { $(<$ret as $crate::imp::Missing>::MISSING)? }
        )*
    };
    (@ $ret:ty) => { <$ret as Missing>::MISSING };
}
pub(crate) use stubs;
