//! `count` and `repeat`.

use std::cell::Cell;

use taipan_builtins::util;
use taipan_macros::pymethods;
use taipan_object::{
    BinaryOp, Payload, PyCell, PyResult, Ref, Str, TypeObject, TypeSpec, Value, Vm,
};
use taipan_text::TextBuf;

/// The payload of `count`.
pub struct Count {
    /// The next number, while it is an int that fits and the step is 1.
    fast: Cell<i64>,
    /// The next number otherwise.
    slow: PyCell<Option<Value>>,
    step: Value,
}

owns!(Count: cleared(slow) values(step));

/// `count`
pub static COUNT: TypeSpec = TypeSpec {
    text_signature: Some("(start=0, step=1)"),
    parts: &[&COUNT_METHODS],
    ..super::iterator(
        "count",
        "Return a count object whose .__next__() method returns consecutive values.\n\nEquivalent to:\n    def count(firstval=0, step=1):\n        x = firstval\n        while 1:\n            yield x\n            x += step",
        <Count as Payload>::layout,
    )
};

fn is_number(vm: &Vm, v: &Value) -> bool {
    let slots = &vm.type_of(v).payload.slots;
    slots.nb_index.get().is_some()
        || slots.nb_int.get().is_some()
        || slots.nb_float.get().is_some()
        || vm.is_instance_exact(v, &vm.types().complex)
}

fn is_one(v: &Value) -> bool {
    v.as_int().and_then(|i| i.to_i64()) == Some(1)
}

#[pymethods(COUNT_METHODS)]
impl Count {
    #[pyslot(name = "count", params = "(start=0, step=1)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, start: Value, step: Value) -> PyResult<Ref<Count>> {
        if !is_number(vm, &start) || !is_number(vm, &step) {
            return Err(vm.type_error("a number is required"));
        }
        let small = start.as_int().and_then(|i| i.to_i64());
        let (fast, slow) = match small.filter(|&i| i != i64::MAX && is_one(&step)) {
            Some(i) => (i, None),
            None => (0, Some(start)),
        };
        vm.new_object(
            cls,
            Count {
                fast: Cell::new(fast),
                slow: PyCell::new(slow),
                step,
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        if let Some(now) = this.slow.get() {
            let next = vm.binary_op(BinaryOp::Add, &now, &this.step)?;
            this.slow.set(Some(next));
            return Ok(Some(now));
        }
        let i = this.fast.get();
        match i.checked_add(1) {
            Some(next) if next != i64::MAX => this.fast.set(next),
            _ => {
                let now = vm.new_int(i)?;
                let next = vm.binary_op(BinaryOp::Add, &now, &Value::from_i32(1))?;
                this.slow.set(Some(next));
                return Ok(Some(now));
            }
        }
        vm.new_int(i).map(Some)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::default();
        out.push_str(&crate::util::bare_name(vm, this.as_value()));
        out.push_str("(");
        match this.slow.get() {
            None => out.push_str(&this.fast.get().to_string()),
            Some(now) => {
                util::push_repr(vm, &mut out, &now)?;
                if !is_one(&this.step) {
                    out.push_str(", ");
                    util::push_repr(vm, &mut out, &this.step)?;
                }
            }
        }
        out.push_str(")");
        vm.new_str_buf(&out)
    }
}

/// The payload of `repeat`.
pub struct Repeat {
    element: Value,
    /// How often still; -1: forever.
    left: Cell<isize>,
}

owns!(Repeat: values(element));

/// `repeat`
pub static REPEAT: TypeSpec = TypeSpec {
    parts: &[&REPEAT_METHODS],
    ..super::iterator(
        "repeat",
        "repeat(object [,times]) -> create an iterator which returns the object\nfor the specified number of times.  If not specified, returns the object\nendlessly.",
        <Repeat as Payload>::layout,
    )
};

#[pymethods(REPEAT_METHODS)]
impl Repeat {
    #[pyslot(name = "repeat", params = "(object, times=<unrepresentable>)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        object: Value,
        times: Option<isize>,
    ) -> PyResult<Ref<Repeat>> {
        let left = times.map_or(-1, |n| n.max(0));
        vm.new_object(
            cls,
            Repeat {
                element: object,
                left: Cell::new(left),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(this: &Ref<Self>) -> Option<Value> {
        let left = this.left.get();
        if left == 0 {
            return None;
        }
        if left > 0 {
            this.left.set(left - 1);
        }
        Some(this.element.clone())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::default();
        out.push_str(&crate::util::bare_name(vm, this.as_value()));
        out.push_str("(");
        util::push_repr(vm, &mut out, &this.element)?;
        if this.left.get() >= 0 {
            out.push_str(", ");
            out.push_str(&this.left.get().to_string());
        }
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self, vm: &Vm) -> PyResult<isize> {
        match self.left.get() {
            n if n < 0 => Err(vm.type_error("len() of unsized object")),
            n => Ok(n),
        }
    }
}
