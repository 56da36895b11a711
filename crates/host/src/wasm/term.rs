//! Terminals, where there is no operating system. What each means is told in `unix/term.rs`.

use super::stubs;
use crate::types::*;
use crate::{Fd, Result};

stubs! {
    /// The settings of the terminal that `fd` has open.
    fn tcgetattr(fd: Fd) -> Result<Termios>;
    /// Sets them, `when` being `TCSANOW`, `TCSADRAIN` or `TCSAFLUSH`. EINVAL if `cc` has not `NCCS` entries.
    fn tcsetattr(fd: Fd, when: i32, settings: &Termios) -> Result<()>;
    /// Sends a break.
    fn tcsendbreak(fd: Fd, duration: i32) -> Result<()>;
    /// Waits until output is written.
    fn tcdrain(fd: Fd) -> Result<()>;
    /// Discards queued data.
    fn tcflush(fd: Fd, queue: i32) -> Result<()>;
    /// Suspends or resumes.
    fn tcflow(fd: Fd, action: i32) -> Result<()>;
    /// Foreground process group.
    fn tcgetpgrp(fd: Fd) -> Result<i32>;
    /// Sets the foreground process group.
    fn tcsetpgrp(fd: Fd, group: i32) -> Result<()>;
    /// Rows and columns.
    fn window_size(fd: Fd) -> Result<(u16, u16)>;
    /// Sets rows and columns.
    fn set_window_size(fd: Fd, rows: u16, columns: u16) -> Result<()>;
    /// The path of the terminal.
    fn ttyname(fd: Fd) -> Result<Vec<u8>>;
    /// The path of the controlling terminal.
    fn ctermid() -> Vec<u8>;
    /// A pseudo-terminal: its master and its slave, neither inherited.
    fn openpty() -> Result<(Fd, Fd)>;
    /// Makes the terminal the controlling one and standard input, output and error of this process.
    fn login_tty(fd: Fd) -> Result<()>;
    /// Opens a master of a pseudo-terminal; it is not inherited.
    fn posix_openpt(flags: i32) -> Result<Fd>;
    /// Gives the slave of a master to this user.
    fn grantpt(fd: Fd) -> Result<()>;
    /// Unlocks the slave of a master.
    fn unlockpt(fd: Fd) -> Result<()>;
    /// The path of a master's slave.
    fn ptsname(fd: Fd) -> Result<Vec<u8>>;
}
