//! Terminals: settings, size, pseudo-terminals.

use super::{check, done, scalar};
use crate::types::Termios;
use crate::{Errno, Fd, Result};
use std::mem::MaybeUninit;

/// The C library's functions without the version that the crate `libc` asks for, which a static library does not know.
mod speed {
    unsafe extern "C" {
        pub(super) fn cfgetispeed(settings: *const libc::termios) -> libc::speed_t;
        pub(super) fn cfgetospeed(settings: *const libc::termios) -> libc::speed_t;
        pub(super) fn cfsetispeed(
            settings: *mut libc::termios,
            speed: libc::speed_t,
        ) -> libc::c_int;
        pub(super) fn cfsetospeed(
            settings: *mut libc::termios,
            speed: libc::speed_t,
        ) -> libc::c_int;
    }
}

/// The settings of the terminal that `fd` has open.
pub fn tcgetattr(fd: Fd) -> Result<Termios> {
    let mut raw = MaybeUninit::<libc::termios>::zeroed();
    // SAFETY: a writable local; zeroes are a valid `termios`; the speeds are read from what the call filled.
    unsafe {
        done(libc::tcgetattr(fd, raw.as_mut_ptr()))?;
        let raw = raw.assume_init();
        Ok(Termios {
            iflag: raw.c_iflag,
            oflag: raw.c_oflag,
            cflag: raw.c_cflag,
            lflag: raw.c_lflag,
            ispeed: speed::cfgetispeed(&raw const raw),
            ospeed: speed::cfgetospeed(&raw const raw),
            cc: raw.c_cc.to_vec(),
        })
    }
}

/// Sets them, `when` being `TCSANOW`, `TCSADRAIN` or `TCSAFLUSH`. EINVAL if `cc` has not `NCCS` entries.
pub fn tcsetattr(fd: Fd, when: i32, settings: &Termios) -> Result<()> {
    let mut raw = MaybeUninit::<libc::termios>::zeroed();
    // SAFETY: locals throughout; starting from the present settings keeps the members that we do not know.
    unsafe {
        done(libc::tcgetattr(fd, raw.as_mut_ptr()))?;
        let mut raw = raw.assume_init();
        raw.c_iflag = settings.iflag;
        raw.c_oflag = settings.oflag;
        raw.c_cflag = settings.cflag;
        raw.c_lflag = settings.lflag;
        raw.c_cc = settings
            .cc
            .as_slice()
            .try_into()
            .map_err(|_| Errno::EINVAL)?;
        done(speed::cfsetispeed(&raw mut raw, settings.ispeed))?;
        done(speed::cfsetospeed(&raw mut raw, settings.ospeed))?;
        done(libc::tcsetattr(fd, when, &raw const raw))
    }
}

/// Sends a break.
pub fn tcsendbreak(fd: Fd, duration: i32) -> Result<()> {
    done(scalar!(tcsendbreak(fd, duration)))
}

/// Waits until output is written.
pub fn tcdrain(fd: Fd) -> Result<()> {
    done(scalar!(tcdrain(fd)))
}

/// Discards queued data.
pub fn tcflush(fd: Fd, queue: i32) -> Result<()> {
    done(scalar!(tcflush(fd, queue)))
}

/// Suspends or resumes.
pub fn tcflow(fd: Fd, action: i32) -> Result<()> {
    done(scalar!(tcflow(fd, action)))
}

/// Foreground process group.
pub fn tcgetpgrp(fd: Fd) -> Result<i32> {
    check(scalar!(tcgetpgrp(fd)))
}

/// Sets the foreground process group.
pub fn tcsetpgrp(fd: Fd, group: i32) -> Result<()> {
    done(scalar!(tcsetpgrp(fd, group)))
}

/// Rows and columns.
pub fn window_size(fd: Fd) -> Result<(u16, u16)> {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCGWINSZ writes a `winsize`.
    done(unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) })?;
    Ok((size.ws_row, size.ws_col))
}

/// Sets rows and columns.
pub fn set_window_size(fd: Fd, rows: u16, columns: u16) -> Result<()> {
    let size = libc::winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCSWINSZ reads a `winsize`.
    done(unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &raw const size) })
}

/// The path of the terminal.
pub fn ttyname(fd: Fd) -> Result<Vec<u8>> {
    let mut buffer = vec![0u8; 4096];
    // SAFETY: the buffer is writable for the length given; the path ends with NUL.
    super::returned(unsafe { libc::ttyname_r(fd, buffer.as_mut_ptr().cast(), buffer.len()) })?;
    let end = buffer.iter().position(|&byte| byte == 0).unwrap_or(0);
    buffer.truncate(end);
    Ok(buffer)
}

/// The path of the controlling terminal.
pub fn ctermid() -> Vec<u8> {
    b"/dev/tty".to_vec()
}

/// A pseudo-terminal: its master and its slave, neither inherited.
pub fn openpty() -> Result<(Fd, Fd)> {
    let (mut master, mut slave) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: two writable locals; NULL for name, settings and size is allowed.
    done(unsafe {
        libc::openpty(
            &raw mut master,
            &raw mut slave,
            null,
            null.cast(),
            null.cast(),
        )
    })?;
    super::fs::set_inheritable(master, false)?;
    super::fs::set_inheritable(slave, false)?;
    Ok((master, slave))
}

/// Makes the terminal the controlling one and standard input, output and error of this process.
pub fn login_tty(fd: Fd) -> Result<()> {
    done(scalar!(login_tty(fd)))
}

/// Opens a master of a pseudo-terminal; it is not inherited.
pub fn posix_openpt(flags: i32) -> Result<Fd> {
    let fd = check(scalar!(posix_openpt(flags)))?;
    super::fs::set_inheritable(fd, false)?;
    Ok(fd)
}

/// Gives the slave of a master to this user.
pub fn grantpt(fd: Fd) -> Result<()> {
    done(scalar!(grantpt(fd)))
}

/// Unlocks the slave of a master.
pub fn unlockpt(fd: Fd) -> Result<()> {
    done(scalar!(unlockpt(fd)))
}

/// The path of a master's slave.
pub fn ptsname(fd: Fd) -> Result<Vec<u8>> {
    let mut buffer = [0u8; 128];
    // SAFETY: the buffer is writable for the length given; the name in it is NUL-terminated.
    unsafe {
        super::returned(libc::ptsname_r(
            fd,
            buffer.as_mut_ptr().cast(),
            buffer.len(),
        ))?;
        Ok(super::bytes_of(buffer.as_ptr().cast()))
    }
}
