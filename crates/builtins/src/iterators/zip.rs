//! `zip`

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::containers::tuple::LastPair;
use taipan_object::{
    Args, Payload, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm, payload,
    tpflags,
};

use super::{iterators, next, next_of_all, strict_keyword};
use crate::util;

/// The payload of `zip`.
pub struct Zip {
    /// The iterators.
    pub iters: Box<[Value]>,
    /// Whether they must have the same length.
    pub strict: Cell<bool>,
    /// What it gave last.
    last: LastPair,
}

payload!(Zip, gc);

impl Traverse for Zip {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.iters.iter().for_each(&mut *visit);
        self.last.visit(visit);
    }
    fn clear(&self) {
        self.last.forget();
    }
}

/// `zip`
pub static ZIP: TypeSpec = TypeSpec {
    doc: Some(
        "The zip object yields n-length tuples, where n is the number of iterables\npassed as positional arguments to zip().  The i-th element in every tuple\ncomes from the i-th iterable argument to zip().  This continues until the\nshortest argument is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the others,\nraise a ValueError.",
    ),
    text_signature: Some("(*iterables, strict=False)"),
    flags: tpflags::BASETYPE,
    parts: &[&ZIP_METHODS],
    ..TypeSpec::new("zip", "builtins", <Zip as Payload>::layout)
};

impl Zip {
    /// The next items, where each of two iterators gives what it has; `None` for other zips.
    #[inline(always)]
    fn step(&self, vm: &Vm) -> Option<PyResult<Option<(Value, Value)>>> {
        let [a, b] = &self.iters[..] else {
            return None;
        };
        let pair = || {
            let Some(x) = next(vm, a)? else {
                return Ok(None);
            };
            Ok(next(vm, b)?.map(|y| (x, y)))
        };
        (!self.strict.get()).then(pair)
    }

    /// The next pair's items for who takes them at once; `None` for zips that do not take two iterators as they come.
    #[inline]
    pub fn next_pair(&self, vm: &Vm) -> Option<PyResult<Option<(Value, Value)>>> {
        let pair = self.step(vm)?;
        Some(pair.and_then(|pair| self.last.hold(vm, pair)))
    }
}

#[pymethods(ZIP_METHODS)]
impl Zip {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Zip>> {
        let strict = Cell::new(strict_keyword(vm, "zip", &args)?);
        let iters = iterators(vm, args.pos())?.into_boxed_slice();
        vm.new_object(
            cls,
            Zip {
                iters,
                strict,
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
        if let Some(pair) = this.step(vm) {
            return match pair? {
                Some((x, y)) => this.last.pair(vm, x, y).map(Some),
                None => Ok(None),
            };
        }
        if this.iters.is_empty() {
            return Ok(None);
        }
        let mut items = Vec::with_capacity(this.iters.len());
        if !next_of_all(vm, "zip", &this.iters, this.strict.get(), &mut items)? {
            return Ok(None);
        }
        vm.new_tuple(items).map(|t| Some(t.into_value()))
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let ty = vm.type_of(this.as_value()).to_ref().into_value();
        let iters = vm.new_tuple_from(&this.iters)?.into_value();
        if this.strict.get() {
            util::tuple(vm, [ty, iters, vm.bool(true)])
        } else {
            util::tuple(vm, [ty, iters])
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, object: bool) {
        self.strict.set(object);
    }
}
