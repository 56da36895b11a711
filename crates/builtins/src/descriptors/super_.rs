//! `super`: attributes as the classes after a given one in the MRO have them.

use taipan_object::class::TypeObject;
use taipan_object::protocol::attr::generic_getattr;
use taipan_object::{
    Args, ClassPart, Payload, PyCell, PyResult, Ref, SlotDef, Str, Traverse, TypeRef, TypeSpec,
    Value, Visitor, Vm, tpflags,
};

use super::native::this;
use crate::decl::member;

/// The payload of `super`.
pub struct Super {
    /// `__thisclass__`
    pub class: PyCell<Option<TypeRef>>,
    /// `__self__`; `None` when unbound.
    pub obj: PyCell<Option<Value>>,
    /// `__self_class__`: the class whose MRO is searched.
    pub obj_class: PyCell<Option<TypeRef>>,
}

taipan_object::payload!(Super, gc);

impl Traverse for Super {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.class.visit(visit);
        self.obj.visit(visit);
        self.obj_class.visit(visit);
    }
    fn clear(&self) {
        self.class.set(None);
        self.obj.set(None);
        self.obj_class.set(None);
    }
}

/// `super`
pub static SUPER: TypeSpec = TypeSpec {
    doc: Some(
        "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\nsuper(type, obj) -> bound super object; requires isinstance(obj, type)\nsuper(type, type2) -> bound super object; requires\n    issubclass(type2, type)\nTypical use to call a cooperative superclass method:\nclass C(B):\n    def meth(self, arg):\n        super().meth(arg)\nThis works for class methods too:\nclass C(B):\n    @classmethod\n    def cmeth(cls, arg):\n        super().cmeth(arg)\n",
    ),
    flags: tpflags::BASETYPE,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(|vm: &Vm, cls: &TypeRef, _: Args<'_>| {
                Ok(vm.new_object(cls, unbound())?.into_value())
            }),
            SlotDef::tp_init(init),
            SlotDef::tp_repr(repr),
            SlotDef::tp_getattro(getattro),
            SlotDef::tp_descr_get(get),
        ],
        methods: &[],
        getset: &[
            member(
                "__thisclass__",
                Some("the class invoking super()"),
                |vm, v| shown(vm, this::<Super>(vm, v)?.class.get().map(Into::into)),
                None,
            ),
            member(
                "__self__",
                Some("the instance invoking super(); may be None"),
                |vm, v| shown(vm, this::<Super>(vm, v)?.obj.get()),
                None,
            ),
            member(
                "__self_class__",
                Some("the type of the instance invoking super(); may be None"),
                |vm, v| shown(vm, this::<Super>(vm, v)?.obj_class.get().map(Into::into)),
                None,
            ),
        ],
    }],
    ..TypeSpec::new("super", "builtins", Super::layout)
};

fn unbound() -> Super {
    Super {
        class: PyCell::new(None),
        obj: PyCell::new(None),
        obj_class: PyCell::new(None),
    }
}

fn shown(vm: &Vm, v: Option<Value>) -> PyResult {
    Ok(v.unwrap_or_else(|| vm.none()))
}

/// The class whose MRO `super(cls, obj)` searches: `obj` itself or its class.
pub fn super_check(vm: &Vm, cls: &TypeRef, obj: &Value) -> PyResult<TypeRef> {
    if let Some(t) = obj.downcast_ref::<TypeObject>()
        && t.is_subtype(cls.object())
    {
        return Ok(t.clone());
    }
    let own = vm.type_value(obj);
    if own.is_subtype(cls.object()) {
        return Ok(own);
    }
    if let Some(c) = vm.getattr_opt(obj, &vm.names().__class__)?
        && let Some(t) = c.downcast_ref::<TypeObject>()
        && !t.is(&own)
        && t.is_subtype(cls.object())
    {
        return Ok(t.clone());
    }
    let (what, name) = match obj.downcast_ref::<TypeObject>() {
        Some(t) => ("type", t.full_name()),
        None => ("instance of", own.full_name()),
    };
    Err(vm.type_error(&format!(
        "super(type, obj): obj ({what} {name}) is not an instance or subtype of type ({}).",
        cls.full_name()
    )))
}

/// An attribute as the classes after `cls` in the MRO of `obj_class` have it, bound to `obj`; `None` when they have none.
pub fn super_lookup(
    vm: &Vm,
    cls: &TypeRef,
    obj: &Value,
    obj_class: &TypeRef,
    name: &Ref<Str>,
) -> PyResult<Option<Value>> {
    let Some(mro) = obj_class.mro.get() else {
        return Ok(None);
    };
    let name = &vm.intern_str(name);
    let found = mro
        .as_slice()
        .iter()
        .skip_while(|t| !t.is(cls.as_value()))
        .skip(1)
        .find_map(|t| {
            t.downcast_ref::<TypeObject>()?
                .dict
                .get()?
                .get_str(vm, name)
        });
    let Some(found) = found else { return Ok(None) };
    match vm.type_of(&found).payload.slots.tp_descr_get.get() {
        Some(get) => {
            // Through a class, functions stay unbound.
            let bound = (!obj.is(obj_class.as_value())).then_some(obj);
            get(vm, &found, bound, obj_class.as_value()).map(Some)
        }
        None => Ok(Some(found)),
    }
}

fn init(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult<()> {
    if args.keyword_count() != 0 {
        return Err(vm.type_error("super() takes no keyword arguments"));
    }
    let (cls, obj) = match args.values {
        [] => {
            let (c, o) = (vm.hooks().super_arguments)(vm)?;
            (c, Some(o))
        }
        [c] => (c.clone(), None),
        [c, o] => (c.clone(), (!vm.is_none(o)).then(|| o.clone())),
        more => {
            return Err(vm.type_error(&format!(
                "super() expected at most 2 arguments, got {}",
                more.len()
            )));
        }
    };
    let Some(cls) = cls.downcast_ref::<TypeObject>() else {
        return Err(vm.type_error(&format!(
            "super() argument 1 must be a type, not {}",
            vm.type_name(&cls)
        )));
    };
    let obj_class = match &obj {
        Some(o) => Some(super_check(vm, cls, o)?),
        None => None,
    };
    let s = this::<Super>(vm, v)?;
    s.class.set(Some(cls.clone()));
    s.obj.set(obj);
    s.obj_class.set(obj_class);
    Ok(())
}

fn repr(vm: &Vm, v: &Value) -> PyResult {
    let s = this::<Super>(vm, v)?;
    let class = s
        .class
        .get()
        .map_or_else(|| "NULL".to_owned(), |t| t.full_name());
    let text = match s.obj_class.get() {
        Some(t) => format!("<super: <class '{class}'>, <{} object>>", t.full_name()),
        None => format!("<super: <class '{class}'>, NULL>"),
    };
    Ok(vm.new_str(&text)?.into_value())
}

fn getattro(vm: &Vm, v: &Value, name: &Ref<Str>) -> PyResult {
    let s = this::<Super>(vm, v)?;
    // `__class__` is that of the super object itself.
    if !name.eq_str("__class__")
        && let (Some(cls), Some(obj), Some(obj_class)) =
            (s.class.get(), s.obj.get(), s.obj_class.get())
        && let Some(found) = super_lookup(vm, &cls, &obj, &obj_class, name)?
    {
        return Ok(found);
    }
    generic_getattr(vm, v, name)
}

fn get(vm: &Vm, v: &Value, obj: Option<&Value>, _: &Value) -> PyResult {
    let s = this::<Super>(vm, v)?;
    let (Some(obj), None, Some(cls)) = (obj, s.obj.get(), s.class.get()) else {
        return Ok(v.clone());
    };
    let own = vm.type_value(v);
    if !own.is(&vm.class::<Super>()?) {
        return vm.call_pos(own.as_value(), &[cls.into_value(), obj.clone()]);
    }
    let bound = Super {
        obj_class: PyCell::new(Some(super_check(vm, &cls, obj)?)),
        class: PyCell::new(Some(cls)),
        obj: PyCell::new(Some(obj.clone())),
    };
    Ok(vm.new(bound)?.into_value())
}
