//! Text forms: ISO 8601, `ctime`, `strftime`, `strptime`, and `struct_time`.

use taipan_host::types::{MONTHS, WEEKDAYS, nth_name, short_name};
use taipan_object::{PyResult, Ref, Str, Tuple, TypeObject, Value, Vm};
use taipan_text::TextBuf;

use crate::calendar;
use crate::date::Date;
use crate::datetime::DateTime;
use crate::time::Time;
use crate::zone;

/// `YYYY-MM-DD`
pub fn iso_date((y, m, d): (i32, i32, i32)) -> String {
    format!("{y:04}-{m:02}-{d:02}")
}

/// A time by `timespec`; `None` if there is no such one.
pub fn iso_time(fields: [i32; 4], timespec: &str) -> Option<String> {
    let [h, m, s, us] = fields;
    let spec = match timespec {
        "auto" if us == 0 => "seconds",
        "auto" => "microseconds",
        other => other,
    };
    Some(match spec {
        "hours" => format!("{h:02}"),
        "minutes" => format!("{h:02}:{m:02}"),
        "seconds" => format!("{h:02}:{m:02}:{s:02}"),
        "milliseconds" => format!("{h:02}:{m:02}:{s:02}.{:03}", us / 1000),
        "microseconds" => format!("{h:02}:{m:02}:{s:02}.{us:06}"),
        _ => return None,
    })
}

/// `Sat Jun  6 16:26:11 1998`
pub fn ctime((y, mo, d): (i32, i32, i32), (h, mi, s): (i32, i32, i32)) -> String {
    let weekday = short_name(nth_name(&WEEKDAYS, calendar::weekday(y, mo, d)));
    let month = short_name(nth_name(&MONTHS, mo - 1));
    format!("{weekday} {month} {d:2} {h:02}:{mi:02}:{s:02} {y:04}")
}

/// A `time.struct_time`.
pub fn struct_time(
    vm: &Vm,
    (y, mo, d): (i32, i32, i32),
    (h, mi, s): (i32, i32, i32),
    dst: i32,
) -> PyResult {
    let day_of_year = calendar::days_before_month(y, mo) + d;
    let weekday = calendar::weekday(y, mo, d);
    let items = [y, mo, d, h, mi, s, weekday, day_of_year, dst].map(Value::from_i32);
    let tuple = vm.new_tuple_array(items)?.into_value();
    let class = vm.getattr_str(&vm.import("time")?, "struct_time")?;
    vm.call1(&class, &tuple)
}

/// `_strptime.FUNCTION(cls, string, format)`
pub fn strptime(
    vm: &Vm,
    function: &str,
    cls: &Ref<TypeObject>,
    string: &Ref<Str>,
    format: &Ref<Str>,
) -> PyResult {
    let module = vm.import("_strptime")?;
    let args = [
        cls.as_value().clone(),
        string.as_value().clone(),
        format.as_value().clone(),
    ];
    vm.call_method_str(&module, function, &args)
}

/// The zone and the microseconds of a date, time or datetime.
fn parts(object: &Value) -> (Option<Value>, i32) {
    if let Some(dt) = object.downcast_ref::<DateTime>() {
        return (dt.tzinfo(), dt.micro());
    }
    if let Some(t) = object.downcast_ref::<Time>() {
        return (t.tzinfo(), t.clock()[3]);
    }
    let _: Option<&Ref<Date>> = object.downcast_ref();
    (None, 0)
}

/// `object.strftime(format)`: what the C library's function does not know is replaced first. `about` is what the zone is
/// asked about.
pub fn strftime(
    vm: &Vm,
    object: &Value,
    format: &Ref<Str>,
    timetuple: &Value,
    about: &Value,
) -> PyResult {
    let (tzinfo, micro) = parts(object);
    let time = vm.import("time")?;
    let mut out = TextBuf::new();
    let mut chars = format.text().chars().peekable();
    let c = |b: u8| u32::from(b);
    let offset = |separator: &str| -> PyResult<String> {
        let offset = zone::offset_of(vm, tzinfo.as_ref(), "utcoffset", about)?;
        Ok(offset.map_or_else(String::new, |d| zone::format_offset(&d, separator)))
    };
    while let Some(ch) = chars.next() {
        if ch != c(b'%') {
            out.push(ch);
            continue;
        }
        let Some(directive) = chars.next() else {
            out.push(ch);
            break;
        };
        match u8::try_from(directive).unwrap_or(0) {
            b'f' => out.push_str(&format!("{micro:06}")),
            b'z' => out.push_str(&offset("")?),
            b':' if chars.peek() == Some(&c(b'z')) => {
                chars.next();
                out.push_str(&offset(":")?);
            }
            b'Z' => {
                let name = zone::name_of(vm, tzinfo.as_ref(), about)?;
                if !vm.is_none(&name) {
                    let (one, two) = (vm.latin1_char(b'%'), vm.new_str("%%")?);
                    let args = [one.into_value(), two.into_value()];
                    let escaped = vm.call_method_str(&name, "replace", &args)?;
                    let Some(escaped) = escaped.downcast_ref::<Str>() else {
                        return Err(vm.type_error("tzname.replace() did not return a string"));
                    };
                    out.push_text(escaped.text());
                }
            }
            // The C library does not fill years up to four digits.
            b @ (b'Y' | b'G' | b'F' | b'C') => match small_year(vm, &time, timetuple, b)? {
                Some(text) => out.push_str(&text),
                None => {
                    out.push(ch);
                    out.push(directive);
                }
            },
            _ => {
                out.push(ch);
                out.push(directive);
            }
        }
    }
    let format = vm.new_str_buf(&out)?.into_value();
    vm.call_method_str(&time, "strftime", &[format, timetuple.clone()])
}

fn small_year(vm: &Vm, time: &Value, timetuple: &Value, directive: u8) -> PyResult<Option<String>> {
    let item = |i: usize| -> PyResult<i32> {
        let v = match timetuple.downcast_ref::<Tuple>().and_then(|t| t.get(i)) {
            Some(v) => v,
            None => vm.getitem(timetuple, &vm.new_usize(i)?)?,
        };
        let n = v.as_int().and_then(|i| i.to_i64());
        n.and_then(|n| i32::try_from(n).ok())
            .ok_or_else(|| vm.type_error("an integer is required"))
    };
    let mut year = item(0)?;
    if year >= 1000 {
        return Ok(None);
    }
    if directive == b'G' {
        let format = vm.new_str("%G")?.into_value();
        let text = vm.call_method_str(time, "strftime", &[format, timetuple.clone()])?;
        let text = vm.str(&text)?.to_string_lossy().trim().to_owned();
        year = text.parse().unwrap_or(year);
    }
    Ok(Some(match directive {
        b'C' => format!("{:02}", year / 100),
        b'F' => format!("{year:04}-{:02}-{:02}", item(1)?, item(2)?),
        _ => format!("{year:04}"),
    }))
}
