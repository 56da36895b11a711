//! `getattr` and its kin, `isinstance` and `issubclass`, `callable`.

use taipan_macros::pyfunctions;
use taipan_object::{PyResult, Ref, Str, Value, Vm};

fn name_of(vm: &Vm, name: &Value) -> PyResult<Ref<Str>> {
    match name.downcast_ref::<Str>() {
        Some(s) => Ok(vm.intern_str(s)),
        None => Err(vm.type_error(&format!(
            "attribute name must be string, not '{}'",
            vm.type_name(name)
        ))),
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Get a named attribute from an object.
    ///
    /// getattr(x, 'y') is equivalent to x.y. When a default argument is given, it is returned when the attribute doesn't
    /// exist; without it, an exception is raised in that case.
    #[pyfunction(params = "($module, object, name, default=<unrepresentable>, /)")]
    fn getattr(vm: &Vm, object: &Value, name: &Value, default: Option<&Value>) -> PyResult {
        let name = name_of(vm, name)?;
        match default {
            None => vm.getattr(object, &name),
            Some(d) => Ok(vm.getattr_opt(object, &name)?.unwrap_or_else(|| d.clone())),
        }
    }

    /// Return whether the object has an attribute with the given name.
    #[pyfunction(sig = "($module, obj, name, /)")]
    fn hasattr(vm: &Vm, obj: &Value, name: &Value) -> PyResult<bool> {
        let name = name_of(vm, name)?;
        Ok(vm.getattr_opt(obj, &name)?.is_some())
    }

    /// Sets the named attribute on the given object to the specified value.
    #[pyfunction(sig = "($module, obj, name, value, /)")]
    fn setattr(vm: &Vm, obj: &Value, name: &Value, value: &Value) -> PyResult<()> {
        let name = name_of(vm, name)?;
        vm.setattr(obj, &name, value)
    }

    /// Deletes the named attribute from the given object.
    #[pyfunction(sig = "($module, obj, name, /)")]
    fn delattr(vm: &Vm, obj: &Value, name: &Value) -> PyResult<()> {
        let name = name_of(vm, name)?;
        vm.delattr(obj, &name)
    }

    /// Return whether an object is an instance of a class or of a subclass thereof.
    #[pyfunction(sig = "($module, obj, class_or_tuple, /)")]
    fn isinstance(vm: &Vm, obj: &Value, class_or_tuple: &Value) -> PyResult<bool> {
        vm.is_instance(obj, class_or_tuple)
    }

    /// Return whether 'cls' is derived from another class or is the same class.
    #[pyfunction(sig = "($module, cls, class_or_tuple, /)")]
    fn issubclass(vm: &Vm, cls: &Value, class_or_tuple: &Value) -> PyResult<bool> {
        vm.is_subclass(cls, class_or_tuple)
    }

    /// Return whether the object is callable (i.e., some kind of function).
    #[pyfunction(sig = "($module, obj, /)")]
    fn callable(vm: &Vm, obj: &Value) -> bool {
        vm.is_callable(obj)
    }
}
