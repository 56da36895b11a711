//! `map`

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm, payload,
    tpflags,
};

use super::{iterators, next, next_of_all, strict_keyword};
use crate::util;

/// The payload of `map`.
pub struct Map {
    /// The function.
    pub func: Value,
    /// The iterators.
    pub iters: Box<[Value]>,
    /// Whether they must have the same length.
    pub strict: Cell<bool>,
}

payload!(Map, gc);

impl Traverse for Map {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.func);
        self.iters.iter().for_each(visit);
    }
}

/// `map`
pub static MAP: TypeSpec = TypeSpec {
    doc: Some(
        "Make an iterator that computes the function using arguments from\neach of the iterables.  Stops when the shortest iterable is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the others,\nraise a ValueError.",
    ),
    text_signature: Some("(function, iterable, /, *iterables, strict=False)"),
    flags: tpflags::BASETYPE,
    parts: &[&MAP_METHODS],
    ..TypeSpec::new("map", "builtins", <Map as Payload>::layout)
};

#[pymethods(MAP_METHODS)]
impl Map {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Map>> {
        let strict = Cell::new(strict_keyword(vm, "map", &args)?);
        let Some((func, iterables)) = args.pos().split_first().filter(|(_, r)| !r.is_empty())
        else {
            return Err(vm.type_error("map() must have at least two arguments."));
        };
        let iters = iterators(vm, iterables)?.into_boxed_slice();
        let func = func.clone();
        vm.new_object(
            cls,
            Map {
                func,
                iters,
                strict,
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        if let [it] = &this.iters[..] {
            return match next(vm, it)? {
                Some(v) => vm.call1(&this.func, &v).map(Some),
                None => Ok(None),
            };
        }
        let mut items = Vec::with_capacity(this.iters.len());
        if !next_of_all(vm, "map", &this.iters, this.strict.get(), &mut items)? {
            return Ok(None);
        }
        vm.call_pos(&this.func, &items).map(Some)
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let ty = vm.type_of(this.as_value()).to_ref().into_value();
        let mut args = vec![this.func.clone()];
        args.extend_from_slice(&this.iters);
        let args = vm.new_tuple(args)?.into_value();
        if this.strict.get() {
            util::tuple(vm, [ty, args, vm.bool(true)])
        } else {
            util::tuple(vm, [ty, args])
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, object: bool) {
        self.strict.set(object);
    }
}
