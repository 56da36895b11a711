//! `time`: clocks, sleeping, and the calendar of the C library.

use taipan_builtins::structseq::{StructSeq, field};
use taipan_host::clock;
use taipan_host::types::{Clock, MONTHS, Tm, WEEKDAYS, nth_name, short_name};
use taipan_macros::pyfunctions;
use taipan_object::convert::IntoPy;
use taipan_object::{Module, ModuleSpec, PyResult, Raised, Ref, Str, Tuple, Value, Vm};
use taipan_text::TextBuf;

use crate::util::{self, add, add_constants, done};

const SECOND: i64 = 1_000_000_000;

/// `time`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "time",
    doc: Some(
        "This module provides various functions to manipulate time values.\n\nTimes are seconds since the epoch, 1970-01-01 00:00:00 UTC, or struct_time tuples.",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

/// `time.struct_time`
pub static STRUCT_TIME: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "struct_time",
        "time",
        Some(
            "The time value as returned by gmtime(), localtime(), and strptime(), and\naccepted by asctime(), mktime() and strftime().  May be considered as a\nsequence of 9 integers.",
        ),
    ),
    fields: &[
        field::<0>("tm_year", Some("year, for example, 1993")),
        field::<1>("tm_mon", Some("month of year, range [1, 12]")),
        field::<2>("tm_mday", Some("day of month, range [1, 31]")),
        field::<3>("tm_hour", Some("hours, range [0, 23]")),
        field::<4>("tm_min", Some("minutes, range [0, 59]")),
        field::<5>("tm_sec", Some("seconds, range [0, 61])")),
        field::<6>("tm_wday", Some("day of week, range [0, 6], Monday is 0")),
        field::<7>("tm_yday", Some("day of year, range [1, 366]")),
        field::<8>(
            "tm_isdst",
            Some("1 if summer time is in effect, 0 if not, and -1 if unknown"),
        ),
        field::<9>("tm_zone", Some("abbreviation of timezone name")),
        field::<10>("tm_gmtoff", Some("offset from UTC in seconds")),
    ],
    visible: 9,
    total: 11,
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, taipan_host::consts::TIME)?;
    add_constants(vm, module, &[("_STRUCT_TM_ITEMS", 11)])?;
    STRUCT_TIME.add_to(vm, module)?;
    set_zone(vm, module)
}

/// Sets what depends on the zone: `timezone`, `altzone`, `daylight`, `tzname`.
fn set_zone(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    done(vm, clock::tzset())?;
    const YEAR: i64 = (365 * 24 + 6) * 3600;
    let now = clock::now(Clock::Realtime).unwrap_or(0) / SECOND;
    let january = now / YEAR * YEAR;
    let at = |seconds| clock::localtime(seconds).unwrap_or_default();
    let (winter, summer) = (at(january), at(january + YEAR / 2));
    // South of the equator January is the summer.
    let (standard, daylight) = if winter.gmtoff <= summer.gmtoff {
        (&winter, &summer)
    } else {
        (&summer, &winter)
    };
    let differs = winter.gmtoff != summer.gmtoff;
    add_constants(
        vm,
        module,
        &[
            ("timezone", -standard.gmtoff),
            ("altzone", -daylight.gmtoff),
            ("daylight", differs.into()),
        ],
    )?;
    let names = (
        util::fs_text(vm, &standard.zone)?,
        util::fs_text(vm, &daylight.zone)?,
    );
    add(vm, module, "tzname", names.into_py(vm)?)
}

/// How a fraction of a nanosecond is rounded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Down.
    Floor,
    /// Away from zero, so that nobody waits less than asked.
    Timeout,
    /// To the nearest, halves to even.
    HalfEven,
}

#[cold]
fn too_large(vm: &Vm) -> Raised {
    vm.overflow_error("timestamp out of range for C PyTime_t")
}

/// Seconds, whole or with a fraction, as nanoseconds.
pub fn nanoseconds(vm: &Vm, v: &Value, round: Round) -> PyResult<i64> {
    if let Some(f) = v.as_float() {
        if f.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        let ns = f * 1e9;
        let ns = match round {
            Round::Floor => ns.floor(),
            Round::Timeout if ns >= 0.0 => ns.ceil(),
            Round::Timeout => ns.floor(),
            Round::HalfEven => ns.round_ties_even(),
        };
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&ns) {
            return Err(too_large(vm));
        }
        return Ok(ns as i64);
    }
    if !vm.has_index(v) {
        return Err(vm.type_error(&format!(
            "'{}' object cannot be interpreted as an integer or float",
            vm.type_name(v)
        )));
    }
    let n = vm.index(v)?;
    n.as_int()
        .and_then(|i| i.to_i64())
        .and_then(|s| s.checked_mul(SECOND))
        .ok_or_else(|| too_large(vm))
}

/// Nanoseconds as seconds.
pub fn seconds(ns: i64) -> f64 {
    if ns % SECOND == 0 {
        (ns / SECOND) as f64
    } else {
        ns as f64 / 1e9
    }
}

fn whole_seconds(vm: &Vm, v: Option<&Value>) -> PyResult<i64> {
    let Some(v) = v.filter(|v| !vm.is_none(v)) else {
        return Ok(done(vm, clock::now(Clock::Realtime))?.div_euclid(SECOND));
    };
    let range = || vm.overflow_error("timestamp out of range for platform time_t");
    if let Some(f) = v.as_float() {
        if f.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        let f = f.floor();
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f) {
            return Err(range());
        }
        return Ok(f as i64);
    }
    let n = vm.index(v)?;
    n.as_int().and_then(|i| i.to_i64()).ok_or_else(range)
}

fn struct_time(vm: &Vm, tm: &Tm) -> PyResult<Ref<Tuple>> {
    let mut v = vec![tm.year.into_py(vm)?];
    for n in [
        tm.mon, tm.mday, tm.hour, tm.min, tm.sec, tm.wday, tm.yday, tm.isdst,
    ] {
        v.push(Value::from_i32(n));
    }
    v.push(util::fs_text(vm, &tm.zone)?.into_value());
    v.push(tm.gmtoff.into_py(vm)?);
    STRUCT_TIME.build(vm, v)
}

/// The fields of a time tuple.
fn time_tuple(vm: &Vm, v: &Value, function: &str) -> PyResult<Tm> {
    let Some(t) = v.downcast_ref::<Tuple>() else {
        return Err(vm.type_error("Tuple or struct_time argument required"));
    };
    if t.len() != 9 {
        return Err(vm.type_error(&format!("{function}(): illegal time tuple argument")));
    }
    let mut n = [0i32; 9];
    for (n, item) in n.iter_mut().zip(t.as_slice()) {
        let i = vm.index(item)?;
        let i = i.as_int();
        *n = match i.and_then(|i| i.to_i64()).map(i32::try_from) {
            Some(Ok(i)) => i,
            _ if i.is_some_and(|i| i.is_negative()) => {
                return Err(vm.overflow_error("signed integer is less than minimum"));
            }
            _ => return Err(vm.overflow_error("signed integer is greater than maximum")),
        };
    }
    let mut tm = Tm {
        year: n[0].into(),
        mon: n[1],
        mday: n[2],
        hour: n[3],
        min: n[4],
        sec: n[5],
        wday: n[6],
        yday: n[7],
        isdst: n[8],
        ..Tm::default()
    };
    let class = STRUCT_TIME.class(vm)?;
    if vm.is_instance_exact(v, &class) {
        let zone = vm.getattr_str(v, "tm_zone")?;
        if let Some(s) = zone.downcast_ref::<Str>() {
            tm.zone = util::fs_bytes(vm, s)?.into_owned();
        }
        let offset = vm.getattr_str(v, "tm_gmtoff")?;
        if !vm.is_none(&offset) {
            tm.gmtoff = util::offset(vm, &offset)?;
        }
    }
    Ok(tm)
}

/// Puts zeros where they may stand for the first, and refuses what a calendar does not have.
fn check(vm: &Vm, tm: &mut Tm) -> PyResult<()> {
    if tm.mon == 0 {
        tm.mon = 1;
    }
    if tm.mday == 0 {
        tm.mday = 1;
    }
    if tm.yday == 0 {
        tm.yday = 1;
    }
    let wrong = [
        (!(1..=12).contains(&tm.mon), "month out of range"),
        (!(1..=31).contains(&tm.mday), "day of month out of range"),
        (!(0..=23).contains(&tm.hour), "hour out of range"),
        (!(0..=59).contains(&tm.min), "minute out of range"),
        (!(0..=61).contains(&tm.sec), "seconds out of range"),
        (tm.wday < -1, "day of week out of range"),
        (!(1..=366).contains(&tm.yday), "day of year out of range"),
    ];
    tm.wday = tm.wday.rem_euclid(7);
    match wrong.iter().find(|(wrong, _)| *wrong) {
        Some((_, message)) => Err(vm.value_error(message)),
        None => Ok(()),
    }
}

fn ascii_time(tm: &Tm) -> String {
    let day = short_name(nth_name(&WEEKDAYS, tm.wday.rem_euclid(7)));
    let month = short_name(nth_name(&MONTHS, (tm.mon - 1).rem_euclid(12)));
    format!(
        "{day} {month}{:3} {:02}:{:02}:{:02} {}",
        tm.mday, tm.hour, tm.min, tm.sec, tm.year
    )
}

fn now_tuple(vm: &Vm) -> PyResult<Tm> {
    let now = done(vm, clock::now(Clock::Realtime))?.div_euclid(SECOND);
    done(vm, clock::localtime(now))
}

fn given_or_now(vm: &Vm, t: Option<&Value>, function: &str) -> PyResult<Tm> {
    match t {
        None => now_tuple(vm),
        Some(t) => {
            let mut tm = time_tuple(vm, t, function)?;
            check(vm, &mut tm)?;
            Ok(tm)
        }
    }
}

fn clock_now(vm: &Vm, clock: Clock) -> PyResult<i64> {
    done(vm, clock::now(clock))
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return the current time in seconds since the Epoch.
    #[pyfunction(sig = "($self, /)")]
    fn time(vm: &Vm) -> PyResult<f64> {
        clock_now(vm, Clock::Realtime).map(seconds)
    }
    /// Return the current time in nanoseconds since the Epoch.
    #[pyfunction(sig = "($self, /)")]
    fn time_ns(vm: &Vm) -> PyResult<i64> {
        clock_now(vm, Clock::Realtime)
    }
    /// Monotonic clock, cannot go backward.
    #[pyfunction(sig = "($self, /)")]
    fn monotonic(vm: &Vm) -> PyResult<f64> {
        clock_now(vm, Clock::Monotonic).map(seconds)
    }
    /// Monotonic clock, cannot go backward, as nanoseconds.
    #[pyfunction(sig = "($self, /)")]
    fn monotonic_ns(vm: &Vm) -> PyResult<i64> {
        clock_now(vm, Clock::Monotonic)
    }
    /// Performance counter for benchmarking.
    #[pyfunction(sig = "($self, /)")]
    fn perf_counter(vm: &Vm) -> PyResult<f64> {
        clock_now(vm, Clock::Monotonic).map(seconds)
    }
    /// Performance counter for benchmarking as nanoseconds.
    #[pyfunction(sig = "($self, /)")]
    fn perf_counter_ns(vm: &Vm) -> PyResult<i64> {
        clock_now(vm, Clock::Monotonic)
    }
    /// Process time for profiling: sum of the kernel and user-space CPU time.
    #[pyfunction(sig = "($self, /)")]
    fn process_time(vm: &Vm) -> PyResult<f64> {
        clock_now(vm, Clock::Process).map(seconds)
    }
    /// Process time for profiling as nanoseconds.
    #[pyfunction(sig = "($self, /)")]
    fn process_time_ns(vm: &Vm) -> PyResult<i64> {
        clock_now(vm, Clock::Process)
    }
    /// Thread time for profiling: sum of the kernel and user-space CPU time.
    #[pyfunction(sig = "($self, /)")]
    fn thread_time(vm: &Vm) -> PyResult<f64> {
        clock_now(vm, Clock::Thread).map(seconds)
    }
    /// Thread time for profiling as nanoseconds.
    #[pyfunction(sig = "($self, /)")]
    fn thread_time_ns(vm: &Vm) -> PyResult<i64> {
        clock_now(vm, Clock::Thread)
    }
    /// Return the time of the specified clock clk_id as a float.
    #[pyfunction(sig = "($module, clk_id, /)")]
    fn clock_gettime(vm: &Vm, clk_id: i32) -> PyResult<f64> {
        done(vm, clock::clock_gettime(clk_id)).map(seconds)
    }
    /// Return the time of the specified clock clk_id as nanoseconds (int).
    #[pyfunction(sig = "($module, clk_id, /)")]
    fn clock_gettime_ns(vm: &Vm, clk_id: i32) -> PyResult<i64> {
        done(vm, clock::clock_gettime(clk_id))
    }
    /// Return the resolution (precision) of the specified clock clk_id.
    #[pyfunction(params = "($module, clk_id, /)")]
    fn clock_getres(vm: &Vm, clk_id: i32) -> PyResult<f64> {
        done(vm, clock::clock_getres(clk_id)).map(seconds)
    }
    /// Set the time of the specified clock clk_id.
    #[pyfunction(params = "($module, clk_id, time, /)")]
    fn clock_settime(vm: &Vm, clk_id: i32, time: &Value) -> PyResult<()> {
        let ns = nanoseconds(vm, time, Round::Floor)?;
        done(vm, clock::clock_settime(clk_id, ns))
    }
    /// Set the time of the specified clock clk_id with nanoseconds.
    #[pyfunction(params = "($module, clk_id, time, /)")]
    fn clock_settime_ns(vm: &Vm, clk_id: i32, time: i64) -> PyResult<()> {
        done(vm, clock::clock_settime(clk_id, time))
    }

    /// Delay execution for a given number of seconds.
    #[pyfunction(sig = "($self, object, /)")]
    fn sleep(vm: &Vm, object: &Value) -> PyResult<()> {
        let ns = nanoseconds(vm, object, Round::Timeout)?;
        if ns < 0 {
            return Err(vm.value_error("sleep length must be non-negative"));
        }
        let deadline = clock_now(vm, Clock::Monotonic)?.saturating_add(ns);
        util::call(vm, || clock::sleep_until(deadline))
    }

    /// Convert seconds since the Epoch to a time tuple expressing UTC (a.k.a. GMT).
    #[pyfunction(params = "($module, seconds=None, /)")]
    fn gmtime(vm: &Vm, seconds: Option<&Value>) -> PyResult<Ref<Tuple>> {
        let at = whole_seconds(vm, seconds)?;
        struct_time(vm, &done(vm, clock::gmtime(at))?)
    }
    /// Convert seconds since the Epoch to a time tuple expressing local time.
    #[pyfunction(params = "($module, seconds=None, /)")]
    fn localtime(vm: &Vm, seconds: Option<&Value>) -> PyResult<Ref<Tuple>> {
        let at = whole_seconds(vm, seconds)?;
        struct_time(vm, &done(vm, clock::localtime(at))?)
    }
    /// Convert a time tuple in local time to seconds since the Epoch.
    #[pyfunction(sig = "($self, object, /)")]
    fn mktime(vm: &Vm, object: &Value) -> PyResult<f64> {
        let tm = time_tuple(vm, object, "mktime")?;
        match clock::mktime(&tm) {
            Ok(t) => Ok(t as f64),
            Err(_) => Err(vm.overflow_error("mktime argument out of range")),
        }
    }
    /// Convert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'.
    #[pyfunction(params = "($module, tuple=now, /)")]
    fn asctime(vm: &Vm, tuple: Option<&Value>) -> PyResult<String> {
        Ok(ascii_time(&given_or_now(vm, tuple, "asctime")?))
    }
    /// Convert a time in seconds since the Epoch to a string in local time.
    #[pyfunction(params = "($module, seconds=None, /)")]
    fn ctime(vm: &Vm, seconds: Option<&Value>) -> PyResult<String> {
        let at = whole_seconds(vm, seconds)?;
        Ok(ascii_time(&done(vm, clock::localtime(at))?))
    }
    /// Convert a time tuple to a string according to a format specification.
    #[pyfunction(params = "($module, format, tuple=now, /)")]
    fn strftime(vm: &Vm, format: &Ref<Str>, tuple: Option<&Value>) -> PyResult<TextBuf> {
        let tm = given_or_now(vm, tuple, "strftime")?;
        let mut out = TextBuf::new();
        let mut ascii: Vec<u8> = Vec::new();
        let put = |ascii: &mut Vec<u8>, out: &mut TextBuf| -> PyResult<()> {
            if !ascii.is_empty() {
                let text = done(vm, clock::strftime(ascii, &tm))?;
                out.push_text(util::fs_text(vm, &text)?.text());
                ascii.clear();
            }
            Ok(())
        };
        // The C library sees ASCII alone; what it does not know goes around it.
        for c in format.text().chars() {
            match u8::try_from(c) {
                Ok(b @ 1..=127) => ascii.push(b),
                _ => {
                    put(&mut ascii, &mut out)?;
                    out.push(c);
                }
            }
        }
        put(&mut ascii, &mut out)?;
        Ok(out)
    }
    /// Parse a string to a time tuple according to a format specification.
    #[pyfunction(params = "($module, /, *args)")]
    fn strptime(vm: &Vm, args: &[Value]) -> PyResult {
        let module = vm.import("_strptime")?;
        vm.call_method_str(&module, "_strptime_time", args)
    }
    /// Initialize, or reinitialize, the local timezone to the value stored in TZ.
    #[pyfunction(sig = "($self, /)")]
    fn tzset(vm: &Vm, module: &Value) -> PyResult<()> {
        match module.downcast_ref::<Module>() {
            Some(module) => set_zone(vm, module),
            None => Ok(()),
        }
    }
    /// Get information of the specified clock.
    #[pyfunction(params = "($module, name, /)")]
    fn get_clock_info(vm: &Vm, name: &Value) -> PyResult {
        let Some(name) = name.downcast_ref::<Str>() else {
            return Err(vm.type_error(&format!(
                "get_clock_info() argument 1 must be str, not {}",
                vm.type_name(name)
            )));
        };
        let (clock, id, monotonic) = match name.to_string_lossy().as_ref() {
            "time" => (Clock::Realtime, "CLOCK_REALTIME", false),
            "monotonic" | "perf_counter" => (Clock::Monotonic, "CLOCK_MONOTONIC", true),
            "process_time" => (Clock::Process, "CLOCK_PROCESS_CPUTIME_ID", true),
            "thread_time" => (Clock::Thread, "CLOCK_THREAD_CPUTIME_ID", true),
            _ => return Err(vm.value_error("unknown clock")),
        };
        let resolution = seconds(done(vm, clock::resolution(clock))?);
        let fields = vm.new_dict()?;
        let implementation = vm.new_str(&format!("clock_gettime({id})"))?;
        fields.set_named(vm, "implementation", implementation.into_value())?;
        fields.set_named(vm, "monotonic", vm.bool(monotonic))?;
        fields.set_named(vm, "adjustable", vm.bool(!monotonic))?;
        fields.set_named(vm, "resolution", vm.new_float(resolution)?)?;
        let types = vm.import("types")?;
        let namespace = vm.getattr_str(&types, "SimpleNamespace")?;
        vm.call_dict(&namespace, &[], Some(&fields))
    }
}
