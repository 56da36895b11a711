//! What the evaluation breaker asks for, run between two instructions: collections, and what other parts registered
//! (signals, requests for the GIL, pending calls).

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use taipan_object::vm::breaker;
use taipan_object::{PyResult, Vm};

/// Runs for a bit of the breaker, which was cleared before.
pub type Handler = fn(&Vm) -> PyResult<()>;

/// The handlers of an interpreter.
#[derive(Default)]
pub struct Handlers {
    table: RefCell<Vec<(u32, Handler)>>,
}

/// Registers what a bit asks for.
pub fn register(vm: &Vm, bit: u32, handler: Handler) {
    vm.state::<Handlers>()
        .table
        .borrow_mut()
        .push((bit, handler));
}

/// Does all that is asked for.
pub fn handle(vm: &Vm) -> PyResult<()> {
    let bits = &vm.interp().breaker;
    if bits.fetch_and(!breaker::GC, Ordering::Relaxed) & breaker::GC != 0 {
        taipan_object::heap::gc::collect_if_due(vm);
    }
    let rest = bits.load(Ordering::Relaxed);
    if rest & !breaker::MONITOR == 0 {
        return Ok(());
    }
    let table: Vec<(u32, Handler)> = vm.state::<Handlers>().table.borrow().clone();
    for (bit, handler) in table {
        if bits.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
            handler(vm)?;
        }
    }
    Ok(())
}
