//! What `localcontext` gives: a context manager that makes a copy of a context the current one.

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyResult, Ref, Traverse, TypeSpec, Visitor, Vm, payload, tpflags,
};

use super::arguments::named;
use super::context::Context;
use super::current::{current, or_current, set_current};

/// The payload of `ContextManager`.
pub struct ContextManager {
    inner: Ref<Context>,
    outer: Ref<Context>,
}

payload!(ContextManager, gc);

impl Traverse for ContextManager {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.inner.as_value());
        visit(self.outer.as_value());
    }
}

/// `ContextManager`
pub static CONTEXT_MANAGER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&CONTEXT_MANAGER_METHODS],
    ..TypeSpec::new(
        "ContextManager",
        "decimal",
        <ContextManager as Payload>::layout,
    )
};

impl ContextManager {
    /// `localcontext(ctx, **attributes)`
    pub fn make(vm: &Vm, args: Args<'_>) -> PyResult<Ref<ContextManager>> {
        let outer = current(vm)?;
        let names = [
            "ctx", "prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps",
        ];
        let [ctx, attributes @ ..] = named(vm, args, names, 0)?;
        let inner = or_current(vm, ctx)?.duplicate(vm)?;
        inner.configure(vm, attributes)?;
        vm.new(ContextManager { inner, outer })
    }
}

#[pymethods(CONTEXT_MANAGER_METHODS)]
impl ContextManager {
    #[pymethod]
    fn __enter__(&self, vm: &Vm) -> PyResult {
        set_current(vm, self.inner.as_value())?;
        Ok(self.inner.as_value().clone())
    }

    #[pymethod]
    fn __exit__(&self, vm: &Vm, _args: Args<'_>) -> PyResult {
        set_current(vm, self.outer.as_value())?;
        Ok(vm.none())
    }
}
