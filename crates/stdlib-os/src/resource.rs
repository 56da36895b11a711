//! `resource`: limits of the process and what it has used.

use taipan_host::{consts, mem, process};
use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Tuple, Value, Vm};

use crate::posix::structs::{STRUCT_RUSAGE, rusage_result};
use crate::util::{self, add, done};

/// `resource`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "resource",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

const RLIM_NLIMITS: i32 = 16;

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    util::add_constants(vm, module, consts::RESOURCE)?;
    add(vm, module, "error", vm.exc().OSError.as_value().clone())?;
    STRUCT_RUSAGE.add_to(vm, module)
}

fn limit(vm: &Vm, v: &Value) -> PyResult<u64> {
    util::offset(vm, v).map(|n| n as u64)
}

/// RLIM_INFINITY shows as -1.
fn pair((soft, hard): (u64, u64)) -> (i64, i64) {
    (soft as i64, hard as i64)
}

fn check(vm: &Vm, resource: i32) -> PyResult<u32> {
    match u32::try_from(resource) {
        Ok(r) if resource < RLIM_NLIMITS => Ok(r),
        _ => Err(vm.value_error("invalid resource specified")),
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    #[pyfunction(sig = "($module, who, /)", doc = "")]
    fn getrusage(vm: &Vm, who: i32) -> PyResult<Ref<Tuple>> {
        match process::getrusage(who) {
            Ok(usage) => rusage_result(vm, &usage),
            Err(taipan_host::Errno::EINVAL) => Err(vm.value_error("invalid who parameter")),
            Err(e) => Err(util::os_error(vm, e)),
        }
    }

    #[pyfunction(sig = "($module, resource, /)", doc = "")]
    fn getrlimit(vm: &Vm, resource: i32) -> PyResult<(i64, i64)> {
        let r = check(vm, resource)?;
        done(vm, process::getrlimit(r)).map(pair)
    }

    #[pyfunction(sig = "($module, resource, limits, /)", doc = "")]
    fn setrlimit(vm: &Vm, resource: i32, limits: &Value) -> PyResult<()> {
        let r = check(vm, resource)?;
        let items = vm.collect(limits)?;
        let [soft, hard] = items.as_slice() else {
            return Err(vm.value_error("expected a tuple of 2 integers"));
        };
        let (soft, hard) = (limit(vm, soft)?, limit(vm, hard)?);
        match process::setrlimit(r, soft, hard) {
            Ok(()) => Ok(()),
            Err(taipan_host::Errno::EINVAL) => {
                Err(vm.value_error("current limit exceeds maximum limit"))
            }
            Err(taipan_host::Errno::EPERM) => {
                Err(vm.value_error("not allowed to raise maximum limit"))
            }
            Err(e) => Err(util::os_error(vm, e)),
        }
    }

    #[pyfunction(sig = "($module, /)", doc = "")]
    fn getpagesize() -> usize {
        mem::page_size()
    }
}
