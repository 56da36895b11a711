//! Reading ISO 8601 dates and times. Knows no objects: text comes as code points, results are numbers.

use crate::calendar;

/// The text is no ISO 8601 form that is understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// The fields of a time as they stand in the text; their ranges are not checked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TimeFields {
    /// Hour, minute, second, microsecond.
    pub time: [i32; 4],
    /// The offset from UTC in seconds and microseconds, if there is one.
    pub offset: Option<(i64, i64)>,
}

const fn c(ch: char) -> u32 {
    ch as u32
}

fn digit(ch: u32) -> Option<i32> {
    char::from_u32(ch)?.to_digit(10).map(|d| d as i32)
}

fn number(text: &[u32], at: usize, width: usize) -> Result<i32, Malformed> {
    let digits = text.get(at..at + width).ok_or(Malformed)?;
    digits
        .iter()
        .try_fold(0, |n, &ch| Some(n * 10 + digit(ch)?))
        .ok_or(Malformed)
}

/// Where the separator between date and time stands (or the end, for a date alone); `text` has at least 7 characters.
pub fn separator(text: &[u32]) -> Result<usize, Malformed> {
    let at = |i: usize| text.get(i).copied().unwrap_or(0);
    let is_digit = |i: usize| digit(at(i)).is_some();
    if text.len() == 7 {
        return Ok(7);
    }
    if at(4) == c('-') {
        if at(5) != c('W') {
            // YYYY-MM-DD
            return Ok(10);
        }
        if at(8) != c('-') {
            // YYYY-Www
            return Ok(8);
        }
        if text.len() == 9 {
            return Err(Malformed);
        }
        // YYYY-Www-## is a week and a time rather than a day of a week and a digit as the separator.
        return Ok(if text.len() > 10 && is_digit(10) {
            8
        } else {
            10
        });
    }
    if at(4) != c('W') {
        // YYYYMMDD
        return Ok(8);
    }
    let digits_end = (7..text.len())
        .find(|&i| !is_digit(i))
        .unwrap_or(text.len());
    Ok(match digits_end {
        end @ ..9 => end,
        // An even number of digits of the time is left when the day of the week is not there.
        end if end % 2 == 0 => 7,
        _ => 8,
    })
}

/// Year, month and day; the ranges of month and day are not checked for calendar dates.
pub fn date(text: &[u32]) -> Result<(i32, i32, i32), Malformed> {
    if !matches!(text.len(), 7 | 8 | 10) {
        return Err(Malformed);
    }
    let is = |at: usize, ch: char| text.get(at) == Some(&c(ch));
    let year = number(text, 0, 4)?;
    let dashed = is(4, '-');
    let dash = usize::from(dashed);
    let mut at = 4 + dash;
    if is(at, 'W') {
        let week = number(text, at + 1, 2)?;
        at += 3;
        let mut weekday = 1;
        if at < text.len() {
            if is(at, '-') != dashed {
                return Err(Malformed);
            }
            at += dash;
            weekday = number(text, at, 1)?;
            at += 1;
        }
        if at != text.len() {
            return Err(Malformed);
        }
        return calendar::from_iso(year, week, weekday).map_err(|_| Malformed);
    }
    let month = number(text, at, 2)?;
    at += 2;
    if is(at, '-') != dashed {
        return Err(Malformed);
    }
    at += dash;
    let day = number(text, at, 2)?;
    if at + 2 != text.len() {
        return Err(Malformed);
    }
    Ok((year, month, day))
}

/// HH[:?MM[:?SS[.,ffffff]]]
fn clock(text: &[u32]) -> Result<[i32; 4], Malformed> {
    let mut out = [0; 4];
    let mut at = 0;
    let mut separated = false;
    for (i, field) in out.iter_mut().take(3).enumerate() {
        *field = number(text, at, 2)?;
        at += 2;
        let next = text.get(at).copied();
        if i == 0 {
            separated = next == Some(c(':'));
        }
        if next.is_none() || i == 2 {
            break;
        }
        if separated {
            if next != Some(c(':')) {
                return Err(Malformed);
            }
            at += 1;
        }
    }
    let Some(&mark) = text.get(at) else {
        return Ok(out);
    };
    // Without separators, what follows the seconds is a fraction even without a mark.
    let marked = mark == c('.') || mark == c(',');
    if !marked && separated {
        return Err(Malformed);
    }
    let fraction = text.get(at + usize::from(marked)..).unwrap_or_default();
    if at < 6 || fraction.is_empty() || fraction.iter().any(|&ch| digit(ch).is_none()) {
        return Err(Malformed);
    }
    let padded = fraction.iter().copied().chain(std::iter::repeat(c('0')));
    out[3] = padded
        .take(6)
        .fold(0, |n, ch| n * 10 + digit(ch).unwrap_or(0));
    Ok(out)
}

/// A time with an optional offset.
pub fn time(text: &[u32]) -> Result<TimeFields, Malformed> {
    if text.len() < 2 {
        return Err(Malformed);
    }
    let find = |ch: char| text.iter().position(|&x| x == c(ch));
    let Some(at) = find('-').or_else(|| find('+')).or_else(|| find('Z')) else {
        return Ok(TimeFields {
            time: clock(text)?,
            offset: None,
        });
    };
    let (before, zone) = text.split_at(at);
    let time = clock(before)?;
    let (sign, zone) = zone.split_first().ok_or(Malformed)?;
    let offset = if *sign == c('Z') {
        if !zone.is_empty() {
            return Err(Malformed);
        }
        (0, 0)
    } else {
        if matches!(zone.len(), 0 | 1 | 3) {
            return Err(Malformed);
        }
        let [hour, minute, second, micro] = clock(zone)?.map(i64::from);
        let sign = if *sign == c('-') { -1 } else { 1 };
        (sign * (hour * 3600 + minute * 60 + second), sign * micro)
    };
    Ok(TimeFields {
        time,
        offset: Some(offset),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(s: &str) -> Vec<u32> {
        s.chars().map(u32::from).collect()
    }

    #[test]
    fn dates() {
        assert_eq!(date(&codes("2024-02-29")), Ok((2024, 2, 29)));
        assert_eq!(date(&codes("20240229")), Ok((2024, 2, 29)));
        assert_eq!(date(&codes("2024-W09-4")), Ok((2024, 2, 29)));
        assert_eq!(date(&codes("2024W094")), Ok((2024, 2, 29)));
        for bad in [
            "2024-0229",
            "202402-29",
            "2024-W094",
            "2024W09-4",
            "2024/02/29",
        ] {
            assert_eq!(date(&codes(bad)), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn times() {
        let fields = time(&codes("12:34:56.123-01:30")).ok();
        let expected = TimeFields {
            time: [12, 34, 56, 123_000],
            offset: Some((-5400, 0)),
        };
        assert_eq!(fields, Some(expected));
        for bad in [
            "1",
            "12:3",
            "12:34:56.",
            "12:34:56Z1",
            "12:34+1",
            "12.5",
            "12:34.5",
        ] {
            assert_eq!(time(&codes(bad)), Err(Malformed), "{bad}");
        }
    }
}
