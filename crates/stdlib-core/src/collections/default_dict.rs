//! `defaultdict`.

use taipan_builtins::{dict_, util};
use taipan_macros::pymethods;
use taipan_object::{
    Args, Dict, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};

/// The payload of `defaultdict`.
#[repr(C)]
pub struct DefaultDict {
    dict: Dict,
    factory: PyCell<Option<Value>>,
}

payload!(DefaultDict, gc, base = Dict);

impl Traverse for DefaultDict {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.dict.traverse(visit);
        self.factory.visit(visit);
    }
    fn clear(&self) {
        Traverse::clear(&self.dict);
        self.factory.set(None);
    }
}

/// `defaultdict`
pub static DEFAULT_DICT: TypeSpec = TypeSpec {
    doc: Some(
        "defaultdict(default_factory=None, /, [...]) --> dict with default factory\n\nThe default factory is called without arguments to produce\na new value when a key is not present, in __getitem__ only.\nA defaultdict compares equal to a dict with the same items.\nAll remaining arguments are treated the same as if they were\npassed to the dict constructor, including keyword arguments.\n",
    ),
    base: Some(|vm| vm.types().dict.clone()),
    flags: tpflags::BASETYPE,
    parts: &[&DEFAULT_DICT_METHODS],
    ..TypeSpec::new(
        "defaultdict",
        "collections",
        <DefaultDict as Payload>::layout,
    )
};

impl DefaultDict {
    fn missing(vm: &Vm, this: &Ref<DefaultDict>, key: &Value) -> PyResult {
        let Some(factory) = this.factory.get().filter(|f| !vm.is_none(f)) else {
            return Err(vm.key_error(key));
        };
        let value = vm.call0(&factory)?;
        // What the factory itself has set meanwhile stays.
        if let Some(present) = this.dict.get(vm, key)? {
            return Ok(present);
        }
        vm.setitem(this.as_value(), key, &value)?;
        Ok(value)
    }

    fn like(vm: &Vm, this: &Ref<DefaultDict>, from: &Value) -> PyResult {
        let ty = vm.type_of(this.as_value()).to_ref();
        let factory = this.factory.get().unwrap_or_else(|| vm.none());
        vm.call_pos(ty.as_value(), &[factory, from.clone()])
    }
}

#[pymethods(DEFAULT_DICT_METHODS)]
impl DefaultDict {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<DefaultDict>> {
        let _ = args;
        let dict = Dict::new();
        let factory = PyCell::new(None);
        vm.new_object(cls, DefaultDict { dict, factory })
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        let (factory, values) = match args.pos().first() {
            Some(f) => (Some(f.clone()), args.values.get(1..).unwrap_or_default()),
            None => (None, args.values),
        };
        if let Some(f) = &factory
            && !vm.is_none(f)
            && !vm.is_callable(f)
        {
            return Err(vm.type_error("first argument must be callable or None"));
        }
        let old = this.factory.replace(factory);
        drop(old);
        let kwnames = args.kwnames;
        match vm.types().dict.slots.tp_init.get() {
            Some(init) => init(vm, this.as_value(), Args { values, kwnames }),
            None => Ok(()),
        }
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Self>, key: &Value) -> PyResult {
        if let Some(v) = this.dict.get(vm, key)? {
            return Ok(v);
        }
        // A subclass may have its own `__missing__`.
        if util::is_exactly(vm, this.as_value(), &vm.class::<DefaultDict>()?) {
            return DefaultDict::missing(vm, this, key);
        }
        match vm.special(this.as_value(), &vm.names().__missing__)? {
            Some(f) => vm.call1(&f, key),
            None => Err(vm.key_error(key)),
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let base = match vm.types().dict.slots.tp_repr.get() {
            Some(repr) => repr(vm, this.as_value())?,
            None => return vm.new_str("defaultdict()"),
        };
        let factory = match this.factory.get() {
            None => vm.new_str("None")?,
            Some(f) => util::guarded_repr(vm, &f, "...", |out| util::push_repr(vm, out, &f))?,
        };
        let mut out = taipan_text::TextBuf::default();
        out.push_str(&crate::util::bare_name(vm, this.as_value()));
        out.push_str("(");
        out.push_text(factory.text());
        out.push_str(", ");
        if let Some(base) = base.downcast_ref::<Str>() {
            out.push_text(base.text());
        }
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let (Some(_), Some(_)) = (a.downcast_ref::<Dict>(), b.downcast_ref::<Dict>()) else {
            return Ok(vm.not_implemented());
        };
        let model = match a.downcast_ref::<DefaultDict>() {
            Some(d) => d,
            None => match b.downcast_ref::<DefaultDict>() {
                Some(d) => d,
                None => return Ok(vm.not_implemented()),
            },
        };
        let new = DefaultDict::like(vm, model, a)?;
        if let Some(d) = new.downcast_ref::<Dict>() {
            dict_::update_from(vm, d, b)?;
        }
        Ok(new)
    }

    /// __missing__(key) # Called by __getitem__ for missing key.
    #[pymethod(sig = "($self, object, /)")]
    fn __missing__(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult {
        DefaultDict::missing(vm, this, object)
    }

    /// D.copy() -> a shallow copy of D.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Self>) -> PyResult {
        DefaultDict::like(vm, this, this.as_value())
    }

    /// D.copy() -> a shallow copy of D.
    #[pymethod(name = "__copy__", sig = "($self, /)")]
    fn shallow_copy(vm: &Vm, this: &Ref<Self>) -> PyResult {
        DefaultDict::like(vm, this, this.as_value())
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let v = this.as_value();
        let factory = this.factory.get().filter(|f| !vm.is_none(f));
        let args = vm.new_tuple(factory.into_iter().collect())?.into_value();
        let items = vm.call_method(v, &vm.names().items, &[])?;
        let it = vm.iter(&items)?;
        let ty = vm.type_of(v).to_ref().into_value();
        util::tuple(vm, [ty, args, vm.none(), vm.none(), it])
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    /// Factory for default value called by __missing__().
    #[member]
    fn default_factory(&self) -> Option<Value> {
        self.factory.get()
    }

    #[setter(default_factory)]
    fn set_default_factory(&self, value: Option<&Value>) {
        self.factory.set(value.cloned());
    }
}
