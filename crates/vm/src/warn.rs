//! Warnings from native code and from the front end, through the `warnings` module's machinery.

use taipan_object::{Args, PyResult, Ref, Str, Value, Vm};
use taipan_tokenizer::SyntaxWarning;

/// `warnings.warn(message, category, stacklevel)`, for the hook.
pub(crate) fn warn(vm: &Vm, category: &Value, message: &str, stack_level: isize) -> PyResult<()> {
    let Ok(module) = vm.import("_warnings") else {
        // Before the import system is there, nobody could listen.
        vm.clear_exception();
        return Ok(());
    };
    let f = vm.getattr(&module, &vm.names().warn)?;
    let msg = vm.new_str(message)?.into_value();
    vm.call_pos(
        &f,
        &[msg, category.clone(), vm.new_int(stack_level as i64)?],
    )
    .map(drop)
}

/// Issues a warning of the front end at its place in the source.
pub(crate) fn warn_explicit(
    vm: &Vm,
    w: &SyntaxWarning,
    filename: &Ref<Str>,
    module: Option<&str>,
) -> PyResult<()> {
    use taipan_tokenizer::WarningCategory as C;
    let category = match w.category {
        C::SyntaxWarning => vm.exc().SyntaxWarning.clone(),
        C::DeprecationWarning => vm.exc().DeprecationWarning.clone(),
    };
    let Ok(warnings) = vm.import("_warnings") else {
        vm.clear_exception();
        return Ok(());
    };
    let f = vm.getattr_str(&warnings, "warn_explicit")?;
    let message = vm.new_str(&w.msg)?.into_value();
    let module = match module {
        Some(m) => vm.new_str(m)?.into_value(),
        None => vm.none(),
    };
    let args = [
        message,
        category.as_value().clone(),
        filename.as_value().clone(),
        vm.new_int(i64::from(w.lineno))?,
        module,
    ];
    match vm.call(&f, Args::positional(&args)) {
        Ok(_) => Ok(()),
        Err(e) => {
            if vm.exception_matches(&category) {
                drop(vm.take_raised(e));
                return Err(crate::compile::syntax_error(vm, &w.as_error, filename));
            }
            Err(e)
        }
    }
}
