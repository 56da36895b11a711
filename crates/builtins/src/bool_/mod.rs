//! `bool`: a subclass of `int` with two instances.

use taipan_macros::pymethods;
use taipan_object::bind::{check_no_keywords, check_positional};
use taipan_object::{Args, Int, Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm};

use crate::Family;
use crate::int_::arith::{int_and, int_of, int_or, int_xor};

fn truth(vm: &Vm, v: &Value) -> Option<bool> {
    let s = vm.interp().singletons();
    if v.is(&s.true_) {
        Some(true)
    } else if v.is(&s.false_) {
        Some(false)
    } else {
        None
    }
}

macro_rules! bit_slot {
    ($vm:ident, $a:ident, $b:ident, $op:tt, $ints:path) => {
        match (truth($vm, $a), truth($vm, $b)) {
            (Some(x), Some(y)) => Ok($vm.bool(x $op y)),
            _ if $a.as_int().is_none() || $b.as_int().is_none() => Ok($vm.not_implemented()),
            _ => $ints($vm, $a, $b),
        }
    };
}

struct Methods;

#[pymethods(METHODS)]
impl Methods {
    #[pyslot]
    fn tp_new(vm: &Vm, _cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        check_no_keywords(vm, "bool", &args)?;
        check_positional(vm, "bool", args.pos().len(), 0, 1)?;
        match args.pos().first() {
            Some(v) => Ok(vm.bool(vm.is_true(v)?)),
            None => Ok(vm.bool(false)),
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<&'static str> {
        Ok(if int_of(vm, this)?.is_zero() {
            "False"
        } else {
            "True"
        })
    }

    #[pyslot]
    fn nb_invert(vm: &Vm, this: &Value) -> PyResult<i64> {
        vm.warn(
            &vm.exc().DeprecationWarning,
            "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise inversion of the underlying int object and is usually not what you expect from negating a bool. Use the 'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying int.",
            1,
        )?;
        Ok(if int_of(vm, this)?.is_zero() { -1 } else { -2 })
    }

    #[pyslot]
    fn nb_and(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        bit_slot!(vm, a, b, &, int_and)
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        bit_slot!(vm, a, b, |, int_or)
    }

    #[pyslot]
    fn nb_xor(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        bit_slot!(vm, a, b, ^, int_xor)
    }
}

static BOOL: TypeSpec = TypeSpec {
    doc: Some("Truth: True for what is true, False for what is not."),
    text_signature: Some("(object=False, /)"),
    parts: &[&METHODS],
    ..TypeSpec::new("bool", "builtins", <Int as Payload>::layout)
};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().bool, &BOOL)],
    types: &[],
    init: None,
};
