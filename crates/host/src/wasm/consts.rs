//! Constants of the operating system, as far as programs ask for them without one: Linux's values.

/// Name and value.
pub type Constant = (&'static str, i64);

/// For the module `os`.
pub const OS: &[Constant] = &[
    ("F_OK", 0),
    ("R_OK", 4),
    ("W_OK", 2),
    ("X_OK", 1),
    ("O_RDONLY", 0),
    ("O_WRONLY", 1),
    ("O_RDWR", 2),
    ("O_CREAT", 0o100),
    ("O_EXCL", 0o200),
    ("O_TRUNC", 0o1000),
    ("O_APPEND", 0o2000),
    ("O_NONBLOCK", 0o4000),
    ("O_DIRECTORY", 0o200_000),
    ("O_NOFOLLOW", 0o400_000),
    ("O_CLOEXEC", 0o2_000_000),
    ("SEEK_SET", 0),
    ("SEEK_CUR", 1),
    ("SEEK_END", 2),
    ("EX_OK", 0),
    ("TMP_MAX", 238_328),
];

/// For the module `signal`.
pub const SIGNAL: &[Constant] = &[
    ("SIGINT", 2),
    ("SIGABRT", 6),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGSEGV", 11),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIG_BLOCK", 0),
    ("SIG_UNBLOCK", 1),
    ("SIG_SETMASK", 2),
];

macro_rules! none {
    ($($name:ident)*) => { $(#[doc = "See `unix`."] pub const $name: &[Constant] = &[];)* };
}

none! { SOCKET SELECT TERMIOS FCNTL MMAP RESOURCE SYSLOG TIME SYSCONF PATHCONF CONFSTR }
