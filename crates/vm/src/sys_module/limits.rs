//! Functions of `sys` on limits, sizes and encodings.

use taipan_macros::pyfunctions;
use taipan_object::{PyResult, Value, Vm};

use super::{state, sys_set};

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Return the current default encoding used by the Unicode implementation.
    #[pyfunction(sig = "($module, /)")]
    fn getdefaultencoding(vm: &Vm) -> PyResult {
        Ok(vm.intern("utf-8")?.into_value())
    }

    /// Return the encoding used to convert Unicode filenames to OS filenames.
    #[pyfunction(sig = "($module, /)")]
    fn getfilesystemencoding(vm: &Vm) -> PyResult {
        Ok(vm.intern("utf-8")?.into_value())
    }

    /// Return the error mode used for Unicode to OS filename conversion.
    #[pyfunction(sig = "($module, /)")]
    fn getfilesystemencodeerrors(vm: &Vm) -> PyResult {
        Ok(vm.intern("surrogateescape")?.into_value())
    }

    /// Return the current value of the recursion limit.
    ///
    /// The recursion limit is the maximum depth of the Python interpreter stack. This limit prevents infinite recursion
    /// from causing an overflow of the C stack and crashing Python.
    #[pyfunction(sig = "($module, /)")]
    fn getrecursionlimit(vm: &Vm) -> i32 {
        vm.interp().recursion_limit.get()
    }

    /// Set the maximum depth of the Python interpreter stack to n.
    ///
    /// This limit prevents infinite recursion from causing an overflow of the C stack and crashing Python. The highest
    /// possible limit is platform-dependent.
    #[pyfunction(sig = "($module, limit, /)")]
    fn setrecursionlimit(vm: &Vm, limit: i32) -> PyResult<()> {
        if limit < 1 {
            return Err(vm.value_error("recursion limit must be greater or equal than 1"));
        }
        let used = vm.interp().recursion_limit.get() - vm.recursion_remaining.get();
        if used >= limit {
            return Err(vm.recursion_error(&format!(
                "cannot set the recursion limit to {limit} at the recursion depth {used}: the limit is too low"
            )));
        }
        vm.interp().recursion_limit.set(limit);
        vm.recursion_remaining.set(limit - used);
        Ok(())
    }

    /// Return the reference count of object.
    ///
    /// The count returned is generally one higher than you might expect, because it includes the (temporary) reference as
    /// an argument to getrefcount().
    #[pyfunction(sig = "($module, object, /)")]
    fn getrefcount(object: &Value) -> i64 {
        i64::from(object.refcount())
    }

    /// getsizeof(object [, default]) -> int
    ///
    /// Return the size of object in bytes.
    #[pyfunction(params = "($module, /, object, default=<unrepresentable>)")]
    fn getsizeof(vm: &Vm, object: &Value, default: Option<&Value>) -> PyResult {
        let size = || -> PyResult<i64> {
            let Some(f) = vm.special(object, &vm.names().__sizeof__)? else {
                return Err(vm.type_error(&format!(
                    "Type {} doesn't define __sizeof__",
                    vm.type_name(object)
                )));
            };
            let n = vm.call0(&f)?;
            let Some(n) = vm.index(&n)?.as_small_int() else {
                return Err(vm.type_error("an integer is required"));
            };
            if n < 0 {
                return Err(vm.value_error("__sizeof__() should return >= 0"));
            }
            // What the collector keeps beside its objects counts as in CPython: two words.
            let gc = if object
                .header()
                .is_some_and(|h| h.ty().payload.layout().traverse.is_some())
            {
                16
            } else {
                0
            };
            Ok(n + gc)
        };
        match size() {
            Ok(n) => vm.new_int(n),
            Err(e) => match default {
                Some(d) if vm.exception_matches(&vm.exc().TypeError) => {
                    drop(vm.take_raised(e));
                    Ok(d.clone())
                }
                _ => Err(e),
            },
        }
    }

    /// Return the number of memory blocks currently allocated.
    #[pyfunction(sig = "($module, /)")]
    fn getallocatedblocks(vm: &Vm) -> usize {
        taipan_object::heap::gc::tracked_objects(vm, None).len()
    }

    /// Return the number of elements of the unicode interned dictionary
    #[pyfunction(sig = "($module, /, *, _only_immortal=False)")]
    fn getunicodeinternedsize(_only_immortal: bool) -> usize {
        0
    }

    /// Return the current thread switch interval; see sys.setswitchinterval().
    #[pyfunction(sig = "($module, /)")]
    fn getswitchinterval(vm: &Vm) -> f64 {
        match state(vm).switch_interval.get() {
            0 => 0.005,
            us => us as f64 / 1e6,
        }
    }

    /// Set the ideal thread switching delay inside the Python interpreter.
    ///
    /// The actual frequency of switching threads can be lower if the interpreter executes long sequences of
    /// uninterruptible code (this is implementation-specific and workload-dependent).
    #[pyfunction(sig = "($module, interval, /)")]
    fn setswitchinterval(vm: &Vm, interval: f64) -> PyResult<()> {
        if interval.is_nan() || interval <= 0.0 {
            return Err(vm.value_error("switch interval must be strictly positive"));
        }
        state(vm)
            .switch_interval
            .set(((interval * 1e6) as u64).max(1));
        Ok(())
    }

    /// Return the maximum string digits limit for non-binary int<->str conversions.
    #[pyfunction(sig = "($module, /)")]
    fn get_int_max_str_digits(vm: &Vm) -> usize {
        vm.interp().int_max_str_digits.get()
    }

    /// Set the maximum string digits limit for non-binary int<->str conversions.
    #[pyfunction(sig = "($module, /, maxdigits)")]
    fn set_int_max_str_digits(vm: &Vm, maxdigits: i32) -> PyResult<()> {
        match usize::try_from(maxdigits) {
            Ok(n) if n == 0 || n >= 640 => {
                vm.interp().int_max_str_digits.set(n);
                let _ = sys_set;
                Ok(())
            }
            _ => Err(vm.value_error("maxdigits must be 0 or larger than 640")),
        }
    }
}
