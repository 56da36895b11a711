//! Events that native code fires for things of its own that it treats as code (PyMonitoring_EnterScope and its like).

use std::cell::Cell;

use taipan_object::{PyResult, Value, Vm};

use super::{LOCAL_EVENTS, call_back, cannot_disable, monitoring, thread};

/// What one place of such code knows of the tools.
#[derive(Default)]
pub struct Place {
    active: Cell<u8>,
}

/// Brings places up to date, one for each event, unless nothing has changed since `version`.
pub fn enter(vm: &Vm, places: &[Place], version: &Cell<u32>, events: &[usize]) {
    let m = monitoring(vm);
    if version.replace(m.version()) == m.version() {
        return;
    }
    for (place, event) in places.iter().zip(events) {
        place.active.set(m.tools_for(*event));
    }
}

/// Calls the tools of a place. The first of `args` stands for the code, the second is the offset.
pub fn fire(vm: &Vm, place: &Place, event: usize, args: &[Value]) -> PyResult<()> {
    if thread(vm).running.get() > 0 {
        return Ok(());
    }
    let m = monitoring(vm);
    for tool in 0..u8::BITS {
        if place.active.get() >> tool & 1 == 0 {
            continue;
        }
        if !call_back(vm, &m, tool as usize, event, args)? {
            continue;
        }
        if event >= LOCAL_EVENTS {
            return Err(cannot_disable(vm, &m, tool as usize, event));
        }
        place.active.set(place.active.get() & !(1 << tool));
    }
    Ok(())
}
