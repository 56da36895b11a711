//! `enumerate`

use taipan_macros::pymethods;
use taipan_object::containers::tuple::LastPair;
use taipan_object::{
    Args, BinaryOp, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};

use super::next;
use crate::util;

/// The payload of `enumerate`.
pub struct Enumerate {
    /// The iterator.
    pub iter: Value,
    /// The next number.
    pub count: PyCell<Value>,
    /// What it gave last.
    last: LastPair,
}

payload!(Enumerate, gc);

impl Traverse for Enumerate {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.iter);
        self.count.visit(visit);
        self.last.visit(visit);
    }
    fn clear(&self) {
        self.last.forget();
    }
}

/// `enumerate`
pub static ENUMERATE: TypeSpec = TypeSpec {
    doc: Some(
        "Return an enumerate object.\n\n  iterable\n    an object supporting iteration\n\nThe enumerate object yields pairs containing a count (from start, which\ndefaults to zero) and a value yielded by the iterable argument.",
    ),
    text_signature: Some("(iterable, start=0)"),
    flags: tpflags::BASETYPE,
    parts: &[&ENUMERATE_METHODS],
    ..TypeSpec::new("enumerate", "builtins", <Enumerate as Payload>::layout)
};

impl Enumerate {
    /// The next number and item.
    #[inline]
    pub fn next(&self, vm: &Vm) -> PyResult<Option<(Value, Value)>> {
        let Some(item) = next(vm, &self.iter)? else {
            return Ok(None);
        };
        let n = self.count.get();
        let after = match n.as_small_int().and_then(|i| Value::small_int(i + 1)) {
            Some(v) => v,
            None => vm.binary_op(BinaryOp::Add, &n, &Value::from_i32(1))?,
        };
        self.count.set(after);
        Ok(Some((n, item)))
    }

    /// The same for who takes number and item at once, as the loop does instead of a pair.
    #[inline]
    pub fn next_pair(&self, vm: &Vm) -> PyResult<Option<(Value, Value)>> {
        let pair = self.next(vm)?;
        self.last.hold(vm, pair)
    }
}

fn invalid_keyword(vm: &Vm, k: &Str) -> taipan_object::Raised {
    vm.type_error(&format!(
        "'{}' is an invalid keyword argument for enumerate()",
        k.to_string_lossy()
    ))
}

#[pymethods(ENUMERATE_METHODS)]
impl Enumerate {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Enumerate>> {
        let pos = args.pos();
        let n = args.values.len();
        let (mut iterable, mut start) = (pos.first(), pos.get(1));
        if n == 0 {
            return Err(vm.type_error("enumerate() missing required argument 'iterable'"));
        }
        if n > 2 {
            return Err(vm.type_error(&format!(
                "enumerate() takes at most 2 arguments ({n} given)"
            )));
        }
        for (k, v) in args.keywords() {
            let place = if k.eq_str("iterable") {
                &mut iterable
            } else if k.eq_str("start") && n == 2 {
                &mut start
            } else {
                return Err(invalid_keyword(vm, &k));
            };
            if place.is_some() {
                return Err(invalid_keyword(vm, &k));
            }
            *place = Some(v);
        }
        let Some(iterable) = iterable else {
            return Err(vm.type_error("enumerate() missing required argument 'iterable'"));
        };
        let count = match start {
            Some(v) => vm.index(v)?,
            None => Value::from_i32(0),
        };
        let iter = vm.iter(iterable)?;
        vm.new_object(
            cls,
            Enumerate {
                iter,
                count: PyCell::new(count),
                last: LastPair::new(),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        match this.next(vm)? {
            Some((n, v)) => this.last.pair(vm, n, v).map(Some),
            None => Ok(None),
        }
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let ty = vm.type_of(this.as_value()).to_ref().into_value();
        let args = util::tuple(vm, [this.iter.clone(), this.count.get()])?;
        util::tuple(vm, [ty, args])
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }
}
