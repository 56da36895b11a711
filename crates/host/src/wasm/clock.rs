//! Clocks, where there is no operating system: time passes when it is asked for, so that a program can be run again. What
//! each call means is told in `unix/clock.rs`.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::types::{Clock, MONTHS, Tm, WEEKDAYS, nth_name, short_name};
use crate::{Errno, Result};

/// The beginning: 1 January 2026.
const START: i64 = 1_767_225_600_000_000_000;

/// Nanoseconds since the beginning.
static PASSED: AtomicI64 = AtomicI64::new(0);

/// Reads a clock. A microsecond passes each time.
pub fn now(clock: Clock) -> Result<i64> {
    let passed = PASSED.fetch_add(1000, Ordering::Relaxed);
    Ok(match clock {
        Clock::Realtime => START.saturating_add(passed),
        _ => passed,
    })
}

/// Resolution of a clock.
pub fn resolution(_clock: Clock) -> Result<i64> {
    Ok(1000)
}

/// Reads the clock with the system's number `id`.
pub fn clock_gettime(id: i32) -> Result<i64> {
    now(if id == 0 {
        Clock::Realtime
    } else {
        Clock::Monotonic
    })
}

/// Resolution of the clock with the system's number `id`.
pub fn clock_getres(_id: i32) -> Result<i64> {
    Ok(1000)
}

/// The clock cannot be set.
pub fn clock_settime(_id: i32, _ns: i64) -> Result<()> {
    Err(Errno::EPERM)
}

/// Lets the time until `deadline` pass at once.
pub fn sleep_until(deadline: i64) -> Result<()> {
    PASSED.fetch_max(deadline, Ordering::Relaxed);
    Ok(())
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March, in eras of 400 years.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `seconds` in UTC.
pub fn gmtime(seconds: i64) -> Result<Tm> {
    let days = seconds.div_euclid(86_400);
    let rest = seconds.rem_euclid(86_400);
    let shifted = days.checked_add(719_468).ok_or(Errno::EOVERFLOW)?;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let years = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * years + years / 4 - years / 100);
    let m = (5 * of_year + 2) / 153;
    let day = of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = years + era * 400 + i64::from(month <= 2);
    if i32::try_from(year - 1900).is_err() {
        return Err(Errno::EOVERFLOW);
    }
    Ok(Tm {
        year,
        mon: month as i32,
        mday: day as i32,
        hour: (rest / 3600) as i32,
        min: (rest / 60 % 60) as i32,
        sec: (rest % 60) as i32,
        wday: (days + 3).rem_euclid(7) as i32,
        yday: (days - days_of(year, 1, 1) + 1) as i32,
        isdst: 0,
        gmtoff: 0,
        zone: b"UTC".to_vec(),
    })
}

/// `seconds` in the local zone, which is UTC.
pub fn localtime(seconds: i64) -> Result<Tm> {
    gmtime(seconds)
}

/// Seconds since the epoch of a local time.
pub fn mktime(tm: &Tm) -> Result<i64> {
    let months = i64::from(tm.mon) - 1;
    let year = tm.year.checked_add(months.div_euclid(12));
    let year = year.filter(|y| y.abs() < 1 << 32).ok_or(Errno::EOVERFLOW)?;
    let days = days_of(year, months.rem_euclid(12) + 1, 1) + i64::from(tm.mday) - 1;
    Ok(days * 86_400 + i64::from(tm.hour) * 3600 + i64::from(tm.min) * 60 + i64::from(tm.sec))
}

/// `strftime` of the C library in the locale C.
pub fn strftime(format: &[u8], tm: &Tm) -> Result<Vec<u8>> {
    let mut out = String::new();
    let mut rest = String::from_utf8_lossy(format).into_owned();
    let month = nth_name(&MONTHS, tm.mon - 1);
    let day = nth_name(&WEEKDAYS, tm.wday);
    let twelve = match tm.hour % 12 {
        0 => 12,
        h => h,
    };
    // Sunday is 0.
    let sunday = (tm.wday + 1) % 7;
    let mut depth = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let mut tail = rest[at + 1..].chars();
        let directive = tail.next().unwrap_or('%');
        let tail = tail.as_str().to_owned();
        rest = tail;
        depth += 1;
        if depth > 10_000 {
            return Err(Errno::ENOMEM);
        }
        match directive {
            'Y' => out.push_str(&tm.year.to_string()),
            'C' => out.push_str(&format!("{:02}", tm.year.div_euclid(100))),
            'y' | 'g' => out.push_str(&format!("{:02}", tm.year.rem_euclid(100))),
            'm' => out.push_str(&format!("{:02}", tm.mon)),
            'd' => out.push_str(&format!("{:02}", tm.mday)),
            'e' => out.push_str(&format!("{:2}", tm.mday)),
            'H' => out.push_str(&format!("{:02}", tm.hour)),
            'I' => out.push_str(&format!("{twelve:02}")),
            'M' => out.push_str(&format!("{:02}", tm.min)),
            'S' => out.push_str(&format!("{:02}", tm.sec)),
            'j' => out.push_str(&format!("{:03}", tm.yday)),
            'p' => out.push_str(if tm.hour < 12 { "AM" } else { "PM" }),
            'A' => out.push_str(day),
            'a' => out.push_str(short_name(day)),
            'B' => out.push_str(month),
            'b' | 'h' => out.push_str(short_name(month)),
            'u' => out.push_str(&(tm.wday + 1).to_string()),
            'w' => out.push_str(&sunday.to_string()),
            'U' => out.push_str(&format!("{:02}", (tm.yday + 6 - sunday) / 7)),
            'W' => out.push_str(&format!("{:02}", (tm.yday + 6 - tm.wday) / 7)),
            'z' => out.push_str("+0000"),
            'Z' => out.push_str(&String::from_utf8_lossy(&tm.zone)),
            'n' => out.push('\n'),
            't' => out.push('\t'),
            '%' => out.push('%'),
            'c' => rest = format!("%a %b %e %H:%M:%S %Y{rest}"),
            'D' | 'x' => rest = format!("%m/%d/%y{rest}"),
            'F' => rest = format!("%Y-%m-%d{rest}"),
            'T' | 'X' => rest = format!("%H:%M:%S{rest}"),
            'R' => rest = format!("%H:%M{rest}"),
            'r' => rest = format!("%I:%M:%S %p{rest}"),
            other => {
                out.push('%');
                out.push(other);
            }
        }
    }
    out.push_str(&rest);
    Ok(out.into_bytes())
}

/// There are no zones.
pub fn tzset() -> Result<()> {
    Ok(())
}
