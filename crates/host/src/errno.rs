//! `Errno`, the error of every call in this crate, with its name and text. The table of numbers is in `errno_table`.

pub use crate::errno_table::ERRNOS;

/// An error number of the operating system, as `OSError.errno` shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Errno(pub i32);

/// What every call of this crate returns.
pub type Result<T> = core::result::Result<T, Errno>;

macro_rules! names {
    ($($name:ident = $value:literal),* $(,)?) => {
        impl Errno {
            $(#[doc = concat!("`", stringify!($name), "`.")] pub const $name: Errno = Errno($value);)*
        }
    };
}

names! {
    EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, EBADF = 9, ECHILD = 10, EAGAIN = 11, ENOMEM = 12, EACCES = 13,
    EEXIST = 17, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENOSPC = 28, ESPIPE = 29, EPIPE = 32, EDOM = 33, ERANGE = 34,
    ENAMETOOLONG = 36, ENOSYS = 38, ENOTEMPTY = 39, EOVERFLOW = 75, ENOTSUP = 95, EAFNOSUPPORT = 97, EISCONN = 106, ETIMEDOUT = 110,
    ECONNREFUSED = 111, EALREADY = 114, EINPROGRESS = 115, ECONNABORTED = 103, ECONNRESET = 104, ESHUTDOWN = 108,
}

impl Errno {
    /// The symbolic name, `"ENOENT"`, if the number has one.
    pub fn name(self) -> Option<&'static str> {
        ERRNOS
            .iter()
            .find(|(_, number, _)| *number == self.0)
            .map(|(name, _, _)| *name)
    }

    /// The text of `strerror`: what `OSError.strerror` shows, as bytes of the locale.
    pub fn message(self) -> Vec<u8> {
        crate::imp::strerror(self.0).unwrap_or_else(|| {
            match ERRNOS.iter().find(|(_, number, _)| *number == self.0) {
                Some((_, _, text)) => text.as_bytes().to_vec(),
                None => format!("Unknown error {}", self.0).into_bytes(),
            }
        })
    }
}

impl core::fmt::Display for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "[Errno {}] {}",
            self.0,
            String::from_utf8_lossy(&self.message())
        )
    }
}

impl std::error::Error for Errno {}
