//! Module `gc`: the face of the cycle collector.

use std::cell::Cell;

use taipan_macros::pyfunctions;
use taipan_object::header::flag;
use taipan_object::heap::gc::{self, collect, referents, tracked_objects};
use taipan_object::{Dict, List, Module, ModuleSpec, PyResult, Ref, Value, Vm};

use crate::imp::OptionCell;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "gc",
    doc: Some(
        "This module provides access to the garbage collector for reference cycles.\n\nenable() -- Enable automatic garbage collection.\ndisable() -- Disable automatic garbage collection.\nisenabled() -- Returns true if automatic collection is enabled.\ncollect() -- Do a full collection right now.\nget_count() -- Return the current collection counts.\nget_stats() -- Return list of dictionaries containing per-generation stats.\nset_debug() -- Set debugging flags.\nget_debug() -- Get debugging flags.\nset_threshold() -- Set the collection thresholds.\nget_threshold() -- Return the current collection thresholds.\nget_objects() -- Return a list of all objects tracked by the collector.\nis_tracked() -- Returns true if a given object is tracked.\nis_finalized() -- Returns true if a given object has been already finalized.\nget_referrers() -- Return the list of objects that refer to an object.\nget_referents() -- Return the list of objects that an object refers to.\nfreeze() -- Freeze all tracked objects and ignore them for future collections.\nunfreeze() -- Unfreeze all objects in the permanent generation.\nget_freeze_count() -- Return the number of objects in the permanent generation.\n",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

#[derive(Default)]
struct State {
    debug: Cell<i32>,
    callbacks: OptionCell,
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(d) = module.dict.get() else {
        return Ok(());
    };
    let flags = [
        ("DEBUG_STATS", 1),
        ("DEBUG_COLLECTABLE", 2),
        ("DEBUG_UNCOLLECTABLE", 4),
        ("DEBUG_SAVEALL", 32),
        ("DEBUG_LEAK", 38),
    ];
    for (name, n) in flags {
        d.set_named(vm, name, Value::from_i32(n))?;
    }
    let state = vm.state::<State>();
    if !state.callbacks.0.is_some() {
        state
            .callbacks
            .0
            .set(Some(vm.new_list(Vec::new())?.into_value()));
    }
    d.set_named(
        vm,
        "callbacks",
        state.callbacks.0.get().unwrap_or_else(|| vm.none()),
    )?;
    d.set_named(vm, "garbage", vm.new_list(Vec::new())?.into_value())
}

/// Tells `gc.callbacks` that a collection starts or has stopped.
fn notify(vm: &Vm, phase: &str, generation: i64, collected: usize) -> PyResult<()> {
    let list = vm.state::<State>().callbacks.0.get();
    let Some(list) = list.as_ref().and_then(|l| l.downcast_ref::<List>()) else {
        return Ok(());
    };
    if list.is_empty() {
        return Ok(());
    }
    let info = vm.new_dict()?;
    info.set_named(vm, "generation", vm.new_int(generation)?)?;
    info.set_named(vm, "collected", vm.new_usize(collected)?)?;
    info.set_named(vm, "uncollectable", Value::from_i32(0))?;
    let phase = vm.new_str(phase)?.into_value();
    for f in list.to_vec() {
        if vm
            .call_pos(&f, &[phase.clone(), info.as_value().clone()])
            .is_err()
        {
            vm.unraisable(Some("on calling gc callback"), Some(&f));
        }
    }
    Ok(())
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Enable automatic garbage collection.
    #[pyfunction(sig = "($module, /)")]
    fn enable(vm: &Vm) {
        vm.heap().gc.enabled.set(true);
    }

    /// Disable automatic garbage collection.
    #[pyfunction(sig = "($module, /)")]
    fn disable(vm: &Vm) {
        vm.heap().gc.enabled.set(false);
    }

    /// Returns true if automatic garbage collection is enabled.
    #[pyfunction(sig = "($module, /)")]
    fn isenabled(vm: &Vm) -> bool {
        vm.heap().gc.enabled.get()
    }

    /// Run the garbage collector.
    ///
    /// With no arguments, run a full collection. The optional argument may be an integer specifying which generation to
    /// collect. A ValueError is raised if the generation number is invalid. The number of unreachable objects is returned.
    #[pyfunction(name = "collect", sig = "($module, /, generation=2)")]
    fn collect_(vm: &Vm, generation: i32) -> PyResult<usize> {
        let Ok(g @ 0..=2) = usize::try_from(generation) else {
            return Err(vm.value_error("invalid generation"));
        };
        notify(vm, "start", i64::from(generation), 0)?;
        let n = collect(vm, g);
        notify(vm, "stop", i64::from(generation), n)?;
        Ok(n)
    }

    /// Return a three-tuple of the current collection counts.
    #[pyfunction(sig = "($module, /)")]
    fn get_count(vm: &Vm) -> (i64, i64, i64) {
        let c = &vm.heap().gc.count;
        (c[0].get(), c[1].get(), c[2].get())
    }

    /// set_threshold(threshold0, [threshold1, [threshold2]])
    ///
    /// Set the collection thresholds (the collection frequency). Setting 'threshold0' to zero disables collection.
    #[pyfunction(
        params = "($module, threshold0, threshold1=<unrepresentable>, threshold2=<unrepresentable>, /)"
    )]
    fn set_threshold(vm: &Vm, threshold0: i32, threshold1: Option<i32>, threshold2: Option<i32>) {
        let gc = &vm.heap().gc;
        gc.threshold[0].set(if threshold0 == 0 {
            i64::MAX
        } else {
            i64::from(threshold0)
        });
        for (i, t) in [(1, threshold1), (2, threshold2)] {
            if let Some(t) = t {
                gc.threshold[i].set(i64::from(t));
            }
        }
    }

    /// Return the current collection thresholds.
    #[pyfunction(sig = "($module, /)")]
    fn get_threshold(vm: &Vm) -> (i64, i64, i64) {
        let t = &vm.heap().gc.threshold;
        let first = t[0].get();
        (
            if first == i64::MAX { 0 } else { first },
            t[1].get(),
            t[2].get(),
        )
    }

    /// Set the garbage collection debugging flags.
    #[pyfunction(sig = "($module, flags, /)")]
    fn set_debug(vm: &Vm, flags: i32) {
        vm.state::<State>().debug.set(flags);
    }

    /// Get the garbage collection debugging flags.
    #[pyfunction(sig = "($module, /)")]
    fn get_debug(vm: &Vm) -> i32 {
        vm.state::<State>().debug.get()
    }

    /// Return a list of dictionaries containing per-generation statistics.
    #[pyfunction(sig = "($module, /)")]
    fn get_stats(vm: &Vm) -> PyResult<Ref<List>> {
        let mut out = Vec::new();
        for stats in &vm.heap().gc.stats {
            let d: Ref<Dict> = vm.new_dict()?;
            for (name, n) in ["collections", "collected", "uncollectable"]
                .iter()
                .zip(stats)
            {
                d.set_named(vm, name, vm.new_usize(n.get() as usize)?)?;
            }
            out.push(d.into_value());
        }
        vm.new_list(out)
    }

    /// Return a list of objects tracked by the collector (excluding the list returned).
    #[pyfunction(sig = "($module, /, generation=None)")]
    fn get_objects(vm: &Vm, generation: Option<isize>) -> PyResult<Ref<List>> {
        let generation = match generation {
            None => None,
            Some(g @ 0..=2) => Some(g as usize),
            Some(g) if g < 0 => {
                return Err(vm.value_error("generation parameter cannot be negative"));
            }
            Some(_) => {
                return Err(vm.value_error("generation parameter must be less than the number of available generations (3)"));
            }
        };
        vm.new_list(tracked_objects(vm, generation))
    }

    /// Return the list of objects that directly refer to any of 'objs'.
    #[pyfunction(sig = "($module, /, *objs)")]
    fn get_referrers(vm: &Vm, objs: &[Value]) -> PyResult<Ref<List>> {
        let all = tracked_objects(vm, None);
        let out = all
            .into_iter()
            .filter(|o| referents(o).iter().any(|r| objs.iter().any(|x| x.is(r))))
            .collect();
        vm.new_list(out)
    }

    /// Return the list of objects that are directly referred to by 'objs'.
    #[pyfunction(sig = "($module, /, *objs)")]
    fn get_referents(vm: &Vm, objs: &[Value]) -> PyResult<Ref<List>> {
        vm.new_list(objs.iter().flat_map(referents).collect())
    }

    /// Returns true if the object is tracked by the garbage collector.
    ///
    /// Simple atomic objects will return false.
    #[pyfunction(sig = "($module, obj, /)")]
    fn is_tracked(obj: &Value) -> bool {
        obj.header().is_some_and(|h| h.has(flag::TRACKED))
    }

    /// Returns true if the object has been already finalized by the GC.
    #[pyfunction(sig = "($module, obj, /)")]
    fn is_finalized(obj: &Value) -> bool {
        obj.header().is_some_and(|h| h.has(flag::FINALIZED))
    }

    /// Freeze all current tracked objects and ignore them for future collections.
    #[pyfunction(sig = "($module, /)")]
    fn freeze(vm: &Vm) {
        gc::freeze(vm);
    }

    /// Unfreeze all objects in the permanent generation.
    #[pyfunction(sig = "($module, /)")]
    fn unfreeze(vm: &Vm) {
        gc::unfreeze(vm);
    }

    /// Return the number of objects in the permanent generation.
    #[pyfunction(sig = "($module, /)")]
    fn get_freeze_count(vm: &Vm) -> usize {
        gc::frozen_count(vm)
    }
}
