//! Warnings about coroutines that nobody awaited.

use taipan_object::{Ref, Vm};

use crate::generator::Generator;

/// "coroutine 'x' was never awaited", through the `warnings` module, which can say where it was made.
pub(super) fn coroutine(vm: &Vm, g: &Ref<Generator>) {
    let saved = vm.take_exception();
    let said = match vm.import("warnings") {
        Ok(m) => match vm.getattr_opt(&m, &vm.names()._warn_unawaited_coroutine) {
            Ok(Some(f)) => vm.call1(&f, g.as_value()).map(|_| true),
            Ok(None) => Ok(false),
            Err(e) => Err(e),
        },
        Err(e) => {
            drop(vm.take_raised(e));
            Ok(false)
        }
    };
    let result = said.and_then(|said| {
        if said {
            return Ok(());
        }
        let msg = format!(
            "coroutine '{}' was never awaited",
            g.qualname.get().to_string_lossy()
        );
        vm.warn(&vm.exc().RuntimeWarning, &msg, 1)
    });
    if let Err(r) = result {
        let e = vm.take_raised(r);
        let shown = vm.repr_string(g.as_value()).unwrap_or_default();
        let _ = vm.raise_as_is(e);
        vm.unraisable(Some(&format!("while finalizing coroutine {shown}")), None);
    }
    if let Some(e) = saved {
        let _ = vm.raise_as_is(e);
    }
}

/// "coroutine method 'asend' of 'x' was never awaited"
pub(super) fn method(vm: &Vm, g: &Ref<Generator>, method: &str) {
    let name = vm
        .repr_string(g.qualname.get().as_value())
        .unwrap_or_default();
    let msg = format!("coroutine method '{method}' of {name} was never awaited");
    if vm.warn(&vm.exc().RuntimeWarning, &msg, 1).is_err() {
        vm.unraisable(None, Some(g.as_value()));
    }
}
