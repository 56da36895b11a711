//! Time stamps and the local time zone.

use taipan_builtins::int_;
use taipan_host::clock;
use taipan_host::types::{Clock, Tm};
use taipan_object::{PyResult, Raised, Value, Vm};

use crate::calendar::{self, EPOCH_SECONDS};

/// A broken-down time.
#[derive(Clone, Debug)]
pub struct Broken {
    /// 1 to 9999, unless the host says otherwise.
    pub year: i32,
    /// 1 to 12.
    pub month: i32,
    /// 1 to 31.
    pub day: i32,
    /// 0 to 23.
    pub hour: i32,
    /// 0 to 59.
    pub minute: i32,
    /// 0 to 59: leap seconds are cut off.
    pub second: i32,
    /// Seconds east of UTC.
    pub offset: i64,
    /// The zone's name.
    pub zone: Vec<u8>,
}

impl Broken {
    fn from_host(vm: &Vm, tm: &Tm) -> PyResult<Broken> {
        let year = i32::try_from(tm.year).map_err(|_| out_of_range(vm))?;
        Ok(Broken {
            year,
            month: tm.mon,
            day: tm.mday,
            hour: tm.hour,
            minute: tm.min,
            second: tm.sec.min(59),
            offset: tm.gmtoff,
            zone: tm.zone.clone(),
        })
    }
}

#[cold]
fn out_of_range(vm: &Vm) -> Raised {
    vm.overflow_error("timestamp out of range for platform time_t")
}

/// Seconds since the epoch in the local zone.
pub fn local(vm: &Vm, seconds: i64) -> PyResult<Broken> {
    match clock::localtime(seconds) {
        Ok(tm) => Broken::from_host(vm, &tm),
        Err(e) => Err(vm.os_error(e.0, None, None)),
    }
}

/// Seconds since the epoch in UTC.
pub fn utc(vm: &Vm, seconds: i64) -> PyResult<Broken> {
    match clock::gmtime(seconds) {
        Ok(tm) => Broken::from_host(vm, &tm),
        Err(e) => Err(vm.os_error(e.0, None, None)),
    }
}

/// Seconds and microseconds since the epoch.
pub fn now(vm: &Vm) -> PyResult<(i64, i32)> {
    match clock::now(Clock::Realtime) {
        Ok(ns) => Ok((
            ns.div_euclid(1_000_000_000),
            (ns.rem_euclid(1_000_000_000) / 1000) as i32,
        )),
        Err(e) => Err(vm.os_error(e.0, None, None)),
    }
}

fn whole(vm: &Vm, v: &Value) -> PyResult<i64> {
    let i = int_::text::exact(vm, &vm.index(v)?)?;
    i.as_int()
        .and_then(|i| i.to_i64())
        .ok_or_else(|| out_of_range(vm))
}

fn checked_float(vm: &Vm, f: f64) -> PyResult<f64> {
    if f.is_nan() {
        return Err(vm.value_error("Invalid value NaN (not a number)"));
    }
    Ok(f)
}

fn to_seconds(vm: &Vm, f: f64) -> PyResult<i64> {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f) {
        Ok(f as i64)
    } else {
        Err(out_of_range(vm))
    }
}

/// A time stamp in whole seconds, rounded down.
pub fn floor_seconds(vm: &Vm, v: &Value) -> PyResult<i64> {
    match v.as_float() {
        Some(f) => to_seconds(vm, checked_float(vm, f)?.floor()),
        None => whole(vm, v),
    }
}

/// A time stamp in seconds and microseconds, rounded to the nearest even one.
pub fn split_seconds(vm: &Vm, v: &Value) -> PyResult<(i64, i32)> {
    let Some(f) = v.as_float() else {
        return Ok((whole(vm, v)?, 0));
    };
    let f = checked_float(vm, f)?;
    let mut seconds = f.trunc();
    let scaled = (f - seconds) * 1e6;
    let mut micros = scaled.round_ties_even();
    if micros >= 1e6 {
        micros -= 1e6;
        seconds += 1.0;
    } else if micros < 0.0 {
        micros += 1e6;
        seconds -= 1.0;
    }
    Ok((to_seconds(vm, seconds)?, micros as i32))
}

/// Seconds since the first of January of year 1, a day being added, of what the local clock shows at such a moment in UTC.
fn shown(vm: &Vm, moment: i64) -> PyResult<i64> {
    let tm = local(vm, moment - EPOCH_SECONDS)?;
    if !(calendar::MIN_YEAR..=calendar::MAX_YEAR).contains(&tm.year) {
        return Err(vm.value_error(&format!("year {} is out of range", tm.year)));
    }
    Ok(calendar::to_seconds(
        tm.year, tm.month, tm.day, tm.hour, tm.minute, tm.second,
    ))
}

/// No zone shifts its clocks by more.
const MAX_FOLD: i64 = 24 * 3600;

/// The moment (counted as [`calendar::to_seconds`] does) at which the local clock shows `t`: the earlier one of two
/// without `fold`. In a gap, what the offset before (with `fold`: after) it gives.
pub fn moment_of(vm: &Vm, t: i64, fold: bool) -> PyResult<i64> {
    let a = shown(vm, t)? - t;
    let u1 = t - a;
    let t1 = shown(vm, u1)?;
    let b = if t1 == t {
        let u2 = if fold { u1 + MAX_FOLD } else { u1 - MAX_FOLD };
        let b = shown(vm, u2)? - u2;
        if a == b {
            return Ok(u1);
        }
        b
    } else {
        t1 - u1
    };
    let u2 = t - b;
    if shown(vm, u2)? == t {
        return Ok(u2);
    }
    if t1 == t {
        return Ok(u1);
    }
    Ok(if fold { u1.min(u2) } else { u1.max(u2) })
}

/// Whether a moment (seconds since the epoch) is the second one at which the local clock shows `broken`.
pub fn is_second(vm: &Vm, seconds: i64, broken: &Broken) -> PyResult<bool> {
    let here = calendar::to_seconds(
        broken.year,
        broken.month,
        broken.day,
        broken.hour,
        broken.minute,
        broken.second,
    );
    let before = shown(vm, EPOCH_SECONDS + seconds - MAX_FOLD)?;
    let transition = here - before - MAX_FOLD;
    if transition >= 0 {
        return Ok(false);
    }
    Ok(shown(vm, EPOCH_SECONDS + seconds + transition)? == here)
}
