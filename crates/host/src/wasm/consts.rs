//! Constants of the operating system: none.

/// Name and value.
pub type Constant = (&'static str, i64);

macro_rules! none {
    ($($name:ident)*) => { $(#[doc = "See `unix`."] pub const $name: &[Constant] = &[];)* };
}

none! { OS SIGNAL SOCKET SELECT TERMIOS FCNTL MMAP RESOURCE SYSLOG TIME SYSCONF PATHCONF CONFSTR }
