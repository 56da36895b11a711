//! The proleptic Gregorian calendar: day 1 is the first of January of year 1. Knows no objects.

/// The first year.
pub const MIN_YEAR: i32 = 1;
/// The last year.
pub const MAX_YEAR: i32 = 9999;
/// The ordinal of the last day.
pub const MAX_ORDINAL: i64 = 3_652_059;

const DAYS: [u8; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const BEFORE: [u16; 13] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// Days in 400, 100 and 4 years.
const DAYS_400: i64 = 146_097;
const DAYS_100: i64 = 36_524;
const DAYS_4: i64 = 1461;

/// Whether February has 29 days.
pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn at<T: Copy + Default>(table: &[T], month: i32) -> T {
    usize::try_from(month)
        .ok()
        .and_then(|m| table.get(m))
        .copied()
        .unwrap_or_default()
}

/// Days of a month in 1..=12.
pub fn days_in_month(year: i32, month: i32) -> i32 {
    if month == 2 && is_leap(year) {
        29
    } else {
        at(&DAYS, month).into()
    }
}

/// Days of the year before the first of a month in 1..=12.
pub fn days_before_month(year: i32, month: i32) -> i32 {
    i32::from(at(&BEFORE, month)) + i32::from(month > 2 && is_leap(year))
}

fn days_before_year(year: i32) -> i64 {
    let y = i64::from(year) - 1;
    y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400)
}

/// The ordinal of a date.
pub fn to_ordinal(year: i32, month: i32, day: i32) -> i64 {
    days_before_year(year) + i64::from(days_before_month(year, month)) + i64::from(day)
}

/// The date of an ordinal in 1..=[`MAX_ORDINAL`].
pub fn from_ordinal(ordinal: i64) -> (i32, i32, i32) {
    let n = ordinal - 1;
    let (n400, n) = (n.div_euclid(DAYS_400), n.rem_euclid(DAYS_400));
    let (n100, n) = (n / DAYS_100, n % DAYS_100);
    let (n4, n) = (n / DAYS_4, n % DAYS_4);
    let (n1, n) = (n / 365, n % 365);
    let year = (n400 * 400 + n100 * 100 + n4 * 4 + n1) as i32;
    // The last day of a leap year, or of a cycle of 400, closes one more "year" of 365 days.
    if n1 == 4 || n100 == 4 {
        return (year, 12, 31);
    }
    let year = year + 1;
    let day = n as i32;
    // Months have 28 to 31 days: this is the month or the one after.
    let mut month = ((day + 50) >> 5).min(12);
    while days_before_month(year, month) > day {
        month -= 1;
    }
    (year, month, day - days_before_month(year, month) + 1)
}

/// Monday is 0.
pub fn weekday(year: i32, month: i32, day: i32) -> i32 {
    ((to_ordinal(year, month, day) + 6).rem_euclid(7)) as i32
}

/// The ordinal of the Monday with which the first ISO week of a year begins.
pub fn iso_week1_monday(year: i32) -> i64 {
    let first = to_ordinal(year, 1, 1);
    let weekday = (first + 6).rem_euclid(7);
    // The week belongs to the year that has its Thursday.
    let monday = first - weekday;
    if weekday > 3 { monday + 7 } else { monday }
}

/// ISO year, week from 1, weekday from 1 (Monday).
pub fn iso_calendar(year: i32, month: i32, day: i32) -> (i32, i32, i32) {
    let today = to_ordinal(year, month, day);
    let mut year = year;
    let mut monday = iso_week1_monday(year);
    if today < monday {
        year -= 1;
        monday = iso_week1_monday(year);
    } else if today >= iso_week1_monday(year + 1) {
        year += 1;
        monday = iso_week1_monday(year);
    }
    let passed = today - monday;
    (year, (passed / 7) as i32 + 1, (passed % 7) as i32 + 1)
}

/// Why there is no such ISO date.
#[derive(Debug, PartialEq, Eq)]
pub enum IsoError {
    /// The year is out of range.
    Year,
    /// The year has no such week.
    Week,
    /// There is no such day in a week.
    Weekday,
    /// The date is beyond the calendar.
    Range,
}

/// The date of an ISO year, week and weekday.
///
/// # Errors
/// When there is none.
pub fn from_iso(year: i32, week: i32, weekday: i32) -> Result<(i32, i32, i32), IsoError> {
    if !(MIN_YEAR..=MAX_YEAR).contains(&year) {
        return Err(IsoError::Year);
    }
    let long = || {
        let first = to_ordinal(year, 1, 1).rem_euclid(7);
        first == 4 || (first == 3 && is_leap(year))
    };
    let there = (1..=52).contains(&week) || (week == 53 && long());
    if !there {
        return Err(IsoError::Week);
    }
    if !(1..=7).contains(&weekday) {
        return Err(IsoError::Weekday);
    }
    let ordinal = iso_week1_monday(year) + i64::from((week - 1) * 7 + weekday - 1);
    if !(1..=MAX_ORDINAL).contains(&ordinal) {
        return Err(IsoError::Range);
    }
    Ok(from_ordinal(ordinal))
}

/// Seconds since the first instant of year 1, plus a day.
pub fn to_seconds(year: i32, month: i32, day: i32, hour: i32, minute: i32, second: i32) -> i64 {
    ((to_ordinal(year, month, day) * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60
        + i64::from(second)
}

/// [`to_seconds`] of the first of January 1970.
pub const EPOCH_SECONDS: i64 = 719_163 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_come_back() {
        for n in (1..=MAX_ORDINAL).step_by(7).chain([MAX_ORDINAL]) {
            let (y, m, d) = from_ordinal(n);
            assert_eq!(to_ordinal(y, m, d), n);
            assert!((1..=days_in_month(y, m)).contains(&d) && (1..=12).contains(&m));
        }
        assert_eq!(from_ordinal(MAX_ORDINAL), (9999, 12, 31));
        assert_eq!(from_ordinal(146_097), (400, 12, 31));
        assert_eq!(to_ordinal(1970, 1, 1) * 86_400, EPOCH_SECONDS);
    }

    #[test]
    fn iso_weeks() {
        assert_eq!(iso_calendar(2005, 1, 1), (2004, 53, 6));
        assert_eq!(iso_calendar(2008, 12, 29), (2009, 1, 1));
        assert_eq!(from_iso(2004, 53, 6), Ok((2005, 1, 1)));
        assert_eq!(from_iso(2005, 53, 1), Err(IsoError::Week));
        for n in (1..MAX_ORDINAL - 3).step_by(13) {
            let (y, m, d) = from_ordinal(n);
            let (iy, w, wd) = iso_calendar(y, m, d);
            if (1..=9999).contains(&iy) {
                assert_eq!(from_iso(iy, w, wd), Ok((y, m, d)));
            }
        }
    }
}
