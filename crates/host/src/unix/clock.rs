//! Clocks, sleeping, and the C library's calendar. Durations are nanoseconds.

use super::{bytes_of, done, with_cstr};
use crate::types::{Clock, Tm};
use crate::{Errno, Result};
use std::mem::MaybeUninit;

const SECOND: i64 = 1_000_000_000;

fn id(clock: Clock) -> libc::clockid_t {
    match clock {
        Clock::Realtime => libc::CLOCK_REALTIME,
        Clock::Monotonic => libc::CLOCK_MONOTONIC,
        Clock::Process => libc::CLOCK_PROCESS_CPUTIME_ID,
        Clock::Thread => libc::CLOCK_THREAD_CPUTIME_ID,
    }
}

fn to_ns(time: libc::timespec) -> i64 {
    time.tv_sec
        .saturating_mul(SECOND)
        .saturating_add(time.tv_nsec)
}

fn timespec(ns: i64) -> libc::timespec {
    libc::timespec {
        tv_sec: ns.div_euclid(SECOND),
        tv_nsec: ns.rem_euclid(SECOND),
    }
}

/// Reads a clock.
pub fn now(clock: Clock) -> Result<i64> {
    clock_gettime(id(clock))
}

/// Resolution of a clock.
pub fn resolution(clock: Clock) -> Result<i64> {
    clock_getres(id(clock))
}

/// Reads the clock with the system's number `id`.
pub fn clock_gettime(id: i32) -> Result<i64> {
    let mut time = timespec(0);
    // SAFETY: `time` is writable.
    done(unsafe { libc::clock_gettime(id, &raw mut time) })?;
    Ok(to_ns(time))
}

/// Resolution of the clock with the system's number `id`.
pub fn clock_getres(id: i32) -> Result<i64> {
    let mut time = timespec(0);
    // SAFETY: `time` is writable.
    done(unsafe { libc::clock_getres(id, &raw mut time) })?;
    Ok(to_ns(time))
}

/// Sets the clock with the system's number `id`.
pub fn clock_settime(id: i32, ns: i64) -> Result<()> {
    let time = timespec(ns);
    // SAFETY: `time` is readable.
    done(unsafe { libc::clock_settime(id, &raw const time) })
}

/// Sleeps until the monotonic clock shows `deadline`; EINTR if a signal came first.
pub fn sleep_until(deadline: i64) -> Result<()> {
    let time = timespec(deadline);
    // SAFETY: `time` is readable, and with TIMER_ABSTIME nothing is written.
    super::returned(unsafe {
        libc::clock_nanosleep(
            libc::CLOCK_MONOTONIC,
            libc::TIMER_ABSTIME,
            &raw const time,
            std::ptr::null_mut(),
        )
    })
}

fn from_c(tm: &libc::tm) -> Tm {
    Tm {
        year: i64::from(tm.tm_year) + 1900,
        mon: tm.tm_mon + 1,
        mday: tm.tm_mday,
        hour: tm.tm_hour,
        min: tm.tm_min,
        sec: tm.tm_sec,
        wday: (tm.tm_wday + 6) % 7,
        yday: tm.tm_yday + 1,
        isdst: tm.tm_isdst,
        gmtoff: tm.tm_gmtoff,
        // SAFETY: `tm_zone` is NULL or a string that the C library keeps for the life of the zone's data.
        zone: unsafe { bytes_of(tm.tm_zone) },
    }
}

/// The C form; `zone`, if given, must outlive it.
fn to_c(tm: &Tm, zone: Option<&std::ffi::CStr>) -> Result<libc::tm> {
    // SAFETY: `tm` holds integers and a pointer that may be NULL.
    let mut c: libc::tm = unsafe { MaybeUninit::zeroed().assume_init() };
    c.tm_year = tm
        .year
        .checked_sub(1900)
        .and_then(|year| i32::try_from(year).ok())
        .ok_or(Errno::EOVERFLOW)?;
    c.tm_mon = tm.mon.wrapping_sub(1);
    c.tm_mday = tm.mday;
    c.tm_hour = tm.hour;
    c.tm_min = tm.min;
    c.tm_sec = tm.sec;
    c.tm_wday = tm.wday.wrapping_add(1).rem_euclid(7);
    c.tm_yday = tm.yday.wrapping_sub(1);
    c.tm_isdst = tm.isdst;
    c.tm_gmtoff = tm.gmtoff;
    if let Some(zone) = zone {
        c.tm_zone = zone.as_ptr();
    }
    Ok(c)
}

/// `seconds` in the local zone; EOVERFLOW beyond what the C library can say.
pub fn localtime(seconds: i64) -> Result<Tm> {
    let mut tm = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to locals; zeroes are a valid `tm`.
    let tm = unsafe {
        if libc::localtime_r(&raw const seconds, tm.as_mut_ptr()).is_null() {
            return Err(super::last_error());
        }
        tm.assume_init()
    };
    Ok(from_c(&tm))
}

/// `seconds` in UTC.
pub fn gmtime(seconds: i64) -> Result<Tm> {
    let mut tm = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to locals; zeroes are a valid `tm`.
    let tm = unsafe {
        if libc::gmtime_r(&raw const seconds, tm.as_mut_ptr()).is_null() {
            return Err(super::last_error());
        }
        tm.assume_init()
    };
    Ok(from_c(&tm))
}

/// Seconds since the epoch of a local time; EOVERFLOW if it has none.
pub fn mktime(tm: &Tm) -> Result<i64> {
    let mut c = to_c(tm, None)?;
    // -1 is a good answer, too: what is never written unless the call succeeds tells the two apart.
    c.tm_wday = -1;
    // SAFETY: `c` is a valid `tm` and writable.
    let seconds = unsafe { libc::mktime(&raw mut c) };
    if seconds == -1 && c.tm_wday == -1 {
        Err(Errno::EOVERFLOW)
    } else {
        Ok(seconds)
    }
}

/// `strftime` of the C library. `format` must not hold NUL (the module `time` splits at those).
pub fn strftime(format: &[u8], tm: &Tm) -> Result<Vec<u8>> {
    // SAFETY: declared as in <time.h>: `format` and `tm` are read, at most `max` bytes of `s` written.
    unsafe extern "C" {
        fn strftime(
            s: *mut libc::c_char,
            max: usize,
            format: *const libc::c_char,
            tm: *const libc::tm,
        ) -> usize;
    }
    if format.is_empty() {
        return Ok(Vec::new());
    }
    let zone = std::ffi::CString::new(tm.zone.as_slice()).map_err(|_| Errno::EINVAL)?;
    let c = to_c(tm, Some(&zone))?;
    // 0 means "does not fit", but also "nothing to write" (%p in some locales); 256 times the format is enough for any.
    let mut room = 1024;
    with_cstr(format, |format| {
        loop {
            let mut buffer = vec![0u8; room];
            // SAFETY: the buffer is writable for `room` bytes, `format` is NUL-terminated, `c` and its zone are alive.
            let length = unsafe {
                strftime(
                    buffer.as_mut_ptr().cast(),
                    room,
                    format.as_ptr(),
                    &raw const c,
                )
            };
            if length > 0 || room >= format.count_bytes().saturating_mul(256) {
                buffer.truncate(length);
                return Ok(buffer);
            }
            room = room.saturating_mul(2);
        }
    })
}

/// Reads `TZ` of our environment table again, for `localtime` and `mktime`.
pub fn tzset() -> Result<()> {
    // SAFETY: declared as in <time.h>.
    unsafe extern "C" {
        fn tzset();
    }
    // The C library reads its own environment, where no other part of ours looks; the lock keeps two calls apart.
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = LOCK
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    match super::env::var(b"TZ") {
        Some(zone) => with_cstr(&zone, |zone| {
            // SAFETY: both strings are NUL-terminated and copied.
            done(unsafe { libc::setenv(c"TZ".as_ptr(), zone.as_ptr(), 1) })
        })?,
        // SAFETY: the name is NUL-terminated.
        None => done(unsafe { libc::unsetenv(c"TZ".as_ptr()) })?,
    }
    // SAFETY: takes nothing.
    unsafe { tzset() };
    Ok(())
}
