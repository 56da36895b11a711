//! `property`.

use std::cell::Cell;

use taipan_object::bind::{Buffer, bind};
use taipan_object::native::NativeCode::{One, Positional};
use taipan_object::native::Params;
use taipan_object::{
    Args, ClassPart, Payload, PyCell, PyResult, Raised, Ref, SlotDef, Traverse, TypeRef, TypeSpec,
    Value, Visitor, Vm, tpflags,
};

use super::native::this;
use super::static_class::is_abstract;
use crate::decl::{attribute, member, method};

/// The payload of `property`.
#[derive(Default)]
pub struct Property {
    /// `fget`
    pub get: PyCellOption,
    /// `fset`
    pub set: PyCellOption,
    /// `fdel`
    pub del: PyCellOption,
    /// `__doc__`
    pub doc: PyCellOption,
    /// The name it was assigned to in the class.
    pub name: PyCellOption,
    /// The doc is the getter's, so a new getter brings its own.
    pub getter_doc: Cell<bool>,
}

/// A cell that starts empty.
pub struct PyCellOption(PyCell<Option<Value>>);

impl Default for PyCellOption {
    fn default() -> Self {
        PyCellOption(PyCell::new(None))
    }
}

impl std::ops::Deref for PyCellOption {
    type Target = PyCell<Option<Value>>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

taipan_object::payload!(Property, gc);

impl Traverse for Property {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for c in [&self.get, &self.set, &self.del, &self.doc, &self.name] {
            c.visit(visit);
        }
    }
    fn clear(&self) {
        for c in [&self.get, &self.set, &self.del, &self.doc, &self.name] {
            c.set(None);
        }
    }
}

static PARAMS: Params = Params {
    names: &["fget", "fset", "fdel", "doc"],
    positional_only: 0,
    positional: 4,
    required: 0,
    required_keyword: 0,
};

/// `property`
pub static PROPERTY: TypeSpec = TypeSpec {
    doc: Some(
        "Property attribute.\n\n  fget\n    function to be used for getting an attribute value\n  fset\n    function to be used for setting an attribute value\n  fdel\n    function to be used for del'ing an attribute\n  doc\n    docstring\n\nTypical use is to define a managed attribute x:\n\nclass C(object):\n    def getx(self): return self._x\n    def setx(self, value): self._x = value\n    def delx(self): del self._x\n    x = property(getx, setx, delx, \"I'm the 'x' property.\")\n\nDecorators make defining new properties or modifying existing ones easy:\n\nclass C(object):\n    @property\n    def x(self):\n        \"I am the 'x' property.\"\n        return self._x\n    @x.setter\n    def x(self, value):\n        self._x = value\n    @x.deleter\n    def x(self):\n        del self._x",
    ),
    text_signature: Some("(fget=None, fset=None, fdel=None, doc=None)"),
    flags: tpflags::BASETYPE,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(|vm: &Vm, cls: &TypeRef, _: Args<'_>| {
                Ok(vm.new_object(cls, Property::default())?.into_value())
            }),
            SlotDef::tp_init(init),
            SlotDef::tp_descr_get(get),
            SlotDef::tp_descr_set(set),
        ],
        methods: &[
            method(
                "getter",
                "($self, object, /)",
                "Descriptor to obtain a copy of the property with a different getter.",
                One(|vm, v, f| copy(vm, v, Some(f), None, None)),
            ),
            method(
                "setter",
                "($self, object, /)",
                "Descriptor to obtain a copy of the property with a different setter.",
                One(|vm, v, f| copy(vm, v, None, Some(f), None)),
            ),
            method(
                "deleter",
                "($self, object, /)",
                "Descriptor to obtain a copy of the property with a different deleter.",
                One(|vm, v, f| copy(vm, v, None, None, Some(f))),
            ),
            method(
                "__set_name__",
                "($self, owner, name, /)",
                "Method to set name of a property.",
                Positional {
                    min: 0,
                    max: taipan_object::bind::ANY,
                    f: |vm, v, args| match args {
                        [_, name] => {
                            this::<Property>(vm, v)?.name.set(Some(name.clone()));
                            Ok(vm.none())
                        }
                        _ => Err(vm.type_error(&format!(
                            "__set_name__() takes 2 positional arguments but {} were given",
                            args.len()
                        ))),
                    },
                },
            ),
        ],
        getset: &[
            member(
                "fget",
                None,
                |vm, v| shown(vm, &this::<Property>(vm, v)?.get),
                None,
            ),
            member(
                "fset",
                None,
                |vm, v| shown(vm, &this::<Property>(vm, v)?.set),
                None,
            ),
            member(
                "fdel",
                None,
                |vm, v| shown(vm, &this::<Property>(vm, v)?.del),
                None,
            ),
            member(
                "__doc__",
                None,
                |vm, v| shown(vm, &this::<Property>(vm, v)?.doc),
                Some(|vm, v, x| {
                    this::<Property>(vm, v)?.doc.set(x.cloned());
                    Ok(())
                }),
            ),
            attribute(
                "__name__",
                None,
                |vm, v| match name_of(vm, this::<Property>(vm, v)?)? {
                    Some(n) => Ok(n),
                    None => Err(vm.attribute_error(
                        v,
                        vm.names().__name__.as_value(),
                        "'property' object has no attribute '__name__'",
                    )),
                },
                Some(|vm, v, x| {
                    this::<Property>(vm, v)?.name.set(x.cloned());
                    Ok(())
                }),
            ),
            attribute(
                "__isabstractmethod__",
                None,
                |vm, v| {
                    let p = this::<Property>(vm, v)?;
                    for c in [&p.get, &p.set, &p.del] {
                        if let Some(f) = c.get()
                            && is_abstract(vm, &f)?
                        {
                            return Ok(vm.bool(true));
                        }
                    }
                    Ok(vm.bool(false))
                },
                None,
            ),
        ],
    }],
    ..TypeSpec::new("property", "builtins", Property::layout)
};

fn shown(vm: &Vm, c: &PyCellOption) -> PyResult {
    Ok(c.get().unwrap_or_else(|| vm.none()))
}

fn init(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult<()> {
    let mut buffer = Buffer::new();
    let places = bind(vm, "property", &PARAMS, args, &mut buffer)?;
    let given = |i: usize| {
        places
            .get(i)
            .copied()
            .flatten()
            .filter(|x| !vm.is_none(x))
            .cloned()
    };
    let p = this::<Property>(vm, v)?;
    p.get.set(given(0));
    p.set.set(given(1));
    p.del.set(given(2));
    p.name.set(None);
    p.getter_doc.set(false);
    let mut doc = places.get(3).copied().flatten().cloned();
    if doc.as_ref().is_none_or(|d| vm.is_none(d))
        && let Some(f) = given(0)
    {
        let found = vm.getattr_opt(&f, &vm.names().__doc__)?;
        if let Some(d) = found.filter(|d| !vm.is_none(d)) {
            p.getter_doc.set(true);
            doc = Some(d);
        }
    }
    let exact = std::ptr::eq(vm.type_of(v), vm.class::<Property>()?.object());
    if exact {
        p.doc.set(doc);
        return Ok(());
    }
    // A subclass has a `__doc__` of its own in its dict, which hides ours: the instance gets one too.
    let doc = doc.unwrap_or_else(|| vm.none());
    p.doc.set(None);
    match vm.setattr(v, &vm.names().__doc__, &doc) {
        Ok(()) => Ok(()),
        // An instance without a place for it goes without, unless the doc is the getter's.
        Err(r) if !p.getter_doc.get() => vm.catch(r, &vm.exc().AttributeError).map(drop),
        Err(r) => Err(r),
    }
}

fn name_of(vm: &Vm, p: &Property) -> PyResult<Option<Value>> {
    if let Some(n) = p.name.get() {
        return Ok(Some(n));
    }
    match p.get.get() {
        Some(f) => vm.getattr_opt(&f, &vm.names().__name__),
        None => Ok(None),
    }
}

#[cold]
fn missing(vm: &Vm, p: &Property, obj: &Value, what: &str) -> PyResult<Raised> {
    let qualname = vm.type_of(obj).payload.qualname.get();
    let qualname = vm.repr_string(qualname.as_value())?;
    let message = match name_of(vm, p)? {
        Some(n) => format!(
            "property {} of {qualname} object has no {what}",
            vm.repr_string(&n)?
        ),
        None => format!("property of {qualname} object has no {what}"),
    };
    Ok(vm.raise_new(&vm.exc().AttributeError, &message))
}

fn get(vm: &Vm, v: &Value, obj: Option<&Value>, _: &Value) -> PyResult {
    let p = this::<Property>(vm, v)?;
    let Some(obj) = obj else {
        return Ok(v.clone());
    };
    match p.get.get() {
        Some(f) => vm.call1(&f, obj),
        None => Err(missing(vm, p, obj, "getter")?),
    }
}

fn set(vm: &Vm, v: &Value, obj: &Value, value: Option<&Value>) -> PyResult<()> {
    let p = this::<Property>(vm, v)?;
    match value {
        Some(x) => match p.set.get() {
            Some(f) => drop(vm.call_pos(&f, &[obj.clone(), x.clone()])?),
            None => return Err(missing(vm, p, obj, "setter")?),
        },
        None => match p.del.get() {
            Some(f) => drop(vm.call1(&f, obj)?),
            None => return Err(missing(vm, p, obj, "deleter")?),
        },
    }
    Ok(())
}

/// A property of the same class with one of the functions replaced.
fn copy(
    vm: &Vm,
    v: &Value,
    get: Option<&Value>,
    set: Option<&Value>,
    del: Option<&Value>,
) -> PyResult {
    let old: Ref<Property> = this::<Property>(vm, v)?.clone();
    let pick = |new: Option<&Value>, old: &PyCellOption| match new.filter(|x| !vm.is_none(x)) {
        Some(x) => x.clone(),
        None => old.get().unwrap_or_else(|| vm.none()),
    };
    let getter = pick(get, &old.get);
    let doc = if old.getter_doc.get() && !vm.is_none(&getter) {
        vm.none()
    } else {
        old.doc.get().unwrap_or_else(|| vm.none())
    };
    let args = [getter, pick(set, &old.set), pick(del, &old.del), doc];
    let new = vm.call_pos(vm.type_value(v).as_value(), &args)?;
    if let Some(p) = new.downcast_ref::<Property>() {
        p.name.set(old.name.get());
    }
    Ok(new)
}
