//! Module `_datetime`: `date`, `time`, `datetime`, `timedelta`, `tzinfo` and `timezone`, one file each.
//! [`calendar`] and [`iso`] know no objects; [`format`] writes, [`local`] asks the host for clock and zone.

pub mod calendar;
pub mod date;
pub mod datetime;
pub mod delta;
pub mod format;
pub mod iso;
pub mod local;
pub mod time;
mod util;
pub mod zone;

use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&MODULE];

/// `_datetime`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_datetime",
    doc: Some("Fast implementation of the datetime module."),
    functions: &[],
    types: &[
        &delta::TIMEDELTA,
        &zone::TZINFO,
        &zone::TIMEZONE,
        &date::DATE,
        &time::TIME,
        &datetime::DATETIME,
    ],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    dict.set_named(vm, "MINYEAR", Value::from_i32(calendar::MIN_YEAR))?;
    dict.set_named(vm, "MAXYEAR", Value::from_i32(calendar::MAX_YEAR))?;
    dict.set_named(vm, "UTC", zone::utc(vm)?)
}
