//! Making classes: `type(name, bases, namespace, **keywords)`, what class statements end in.
//! The MRO is in `mro.rs`, the layout of instances in `layout.rs`, slots and dunder methods in `taipan_object::slotdefs`.

use taipan_object::class::{SlotId, TypeObject};
use taipan_object::descr::{Cell, GetSetDescr, MemberDescr};
use taipan_object::native::GetSetDef;
use taipan_object::slotdefs::{fill_slots, fill_slots_from_base};
use taipan_object::{Args, Dict, PyResult, Ref, Str, Tuple, TypeRef, Value, Vm, tpflags};

use super::layout;

/// The metaclass of a class with these bases: the most derived of `meta` and the bases' metaclasses.
pub fn calculate_metaclass(vm: &Vm, meta: &TypeRef, bases: &[Value]) -> PyResult<TypeRef> {
    let mut winner = meta.clone();
    for b in bases {
        let t = vm.type_value(b);
        if winner.is_subtype(t.object()) {
            continue;
        }
        if t.is_subtype(winner.object()) {
            winner = t;
            continue;
        }
        return Err(vm.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
        ));
    }
    Ok(winner)
}

fn wrong_argument(vm: &Vm, i: usize, wanted: &str, got: &Value) -> taipan_object::Raised {
    vm.type_error(&format!(
        "type.__new__() argument {i} must be {wanted}, not {}",
        vm.type_name(got)
    ))
}

/// `type.__new__`
pub fn type_new(vm: &Vm, meta: &TypeRef, args: Args<'_>) -> PyResult {
    let [name, bases, ns] = args.pos() else {
        return Err(vm.type_error(&format!(
            "type.__new__() takes exactly 3 arguments ({} given)",
            args.pos().len()
        )));
    };
    let Some(name) = name.downcast_ref::<Str>() else {
        return Err(wrong_argument(vm, 1, "str", name));
    };
    let Some(bases) = bases.downcast_ref::<Tuple>() else {
        return Err(wrong_argument(vm, 2, "tuple", bases));
    };
    let Some(ns) = ns.downcast_ref::<Dict>() else {
        return Err(wrong_argument(vm, 3, "dict", ns));
    };
    let mut meta = meta.clone();
    let (base, base_values);
    if bases.is_empty() {
        base = vm.types().object.clone();
        base_values = vec![base.as_value().clone()];
    } else {
        for b in bases.as_slice() {
            if b.downcast_ref::<TypeObject>().is_none()
                && vm.getattr_opt(b, &vm.names().__mro_entries__)?.is_some()
            {
                return Err(vm.type_error(
                    "type() doesn't support MRO entry resolution; use types.new_class()",
                ));
            }
        }
        let winner = calculate_metaclass(vm, &meta, bases.as_slice())?;
        if !winner.is(&meta) {
            if !winner.slots.same(SlotId::tp_new, &vm.types().type_.slots)
                && let Some(new) = winner.slots.tp_new.get()
            {
                return new(vm, &winner, args);
            }
            meta = winner;
        }
        base = layout::best_base(vm, bases.as_slice())?;
        base_values = bases.as_slice().to_vec();
    }
    let ty = build(vm, &meta, name, &base, base_values, ns)?;
    set_names(vm, &ty)?;
    init_subclass(vm, &ty, &args)?;
    Ok(ty.into_value())
}

/// What `__slots__` asks for.
struct SlotPlan {
    names: Vec<Ref<Str>>,
    add_dict: bool,
    add_weakref: bool,
    /// `__qualname__` is one of the slots.
    keeps_qualname: bool,
}

fn mangle(vm: &Vm, class: &Ref<Str>, name: &Ref<Str>) -> PyResult<Ref<Str>> {
    let (c, n) = (class.to_string_lossy(), name.to_string_lossy());
    let c = c.trim_start_matches('_');
    if !n.starts_with("__") || n.ends_with("__") || n.contains('.') || c.is_empty() {
        return Ok(vm.intern_str(name));
    }
    vm.intern(&format!("_{c}{n}"))
}

fn is_identifier(s: &Str) -> bool {
    taipan_unicode::strings::isidentifier(s.text())
}

fn slot_values(vm: &Vm, slots: &Value) -> PyResult<Vec<Value>> {
    if slots.downcast_ref::<Str>().is_some() {
        return Ok(vec![slots.clone()]);
    }
    vm.collect(slots)
}

fn plan_slots(
    vm: &Vm,
    class: &Ref<Str>,
    base: &TypeRef,
    bases: &[Value],
    ns: &Ref<Dict>,
) -> PyResult<SlotPlan> {
    let n = vm.names();
    let may_add_dict = base.dict_offset() == 0 && !base.is_subtype(vm.types().type_.object());
    let may_add_weakref = !base.has_flag(tpflags::MANAGED_WEAKREF) && !layout::has_itemsize(base);
    let Some(slots) = ns.get_str(vm, &n.__slots__) else {
        return Ok(SlotPlan {
            names: Vec::new(),
            add_dict: may_add_dict,
            add_weakref: may_add_weakref,
            keeps_qualname: false,
        });
    };
    let values = slot_values(vm, &slots)?;
    if !values.is_empty() && layout::has_itemsize(base) {
        return Err(vm.type_error(&format!(
            "nonempty __slots__ not supported for subtype of '{}'",
            base.full_name()
        )));
    }
    let mut plan = SlotPlan {
        names: Vec::new(),
        add_dict: false,
        add_weakref: false,
        keeps_qualname: false,
    };
    for v in &values {
        let Some(s) = v.downcast_ref::<Str>() else {
            return Err(vm.type_error(&format!(
                "__slots__ items must be strings, not '{}'",
                vm.type_name(v)
            )));
        };
        if !is_identifier(s) {
            return Err(vm.type_error("__slots__ must be identifiers"));
        }
        if s.eq_str("__dict__") {
            if !may_add_dict || plan.add_dict {
                return Err(vm.type_error("__dict__ slot disallowed: we already got one"));
            }
            plan.add_dict = true;
        } else if s.eq_str("__weakref__") {
            if !may_add_weakref || plan.add_weakref {
                return Err(vm.type_error("__weakref__ slot disallowed: we already got one"));
            }
            plan.add_weakref = true;
        } else {
            let mangled = mangle(vm, class, s)?;
            let generated = mangled.is(&n.__qualname__) || mangled.is(&n.__classcell__);
            if !generated && ns.get_str(vm, &mangled).is_some() {
                return Err(vm.value_error(&format!(
                    "{} in __slots__ conflicts with class variable",
                    vm.repr_string(mangled.as_value())?
                )));
            }
            plan.keeps_qualname |= mangled.is(&n.__qualname__);
            plan.names.push(mangled);
        }
    }
    plan.names
        .sort_by(|a, b| a.text().chars().cmp(b.text().chars()));
    // Secondary bases with a dict or weak references pass them on.
    if bases.len() > 1 {
        for b in bases.iter().filter_map(|b| b.downcast_ref::<TypeObject>()) {
            if b.is(base) {
                continue;
            }
            plan.add_dict |= may_add_dict && b.dict_offset() != 0;
            plan.add_weakref |= may_add_weakref && b.has_flag(tpflags::MANAGED_WEAKREF);
        }
    }
    Ok(plan)
}

fn has_nul(s: &Str) -> bool {
    s.raw_bytes().contains(&0) && s.text().chars().any(|c| c == 0)
}

/// Takes `__qualname__` out of the namespace.
fn take_qualname(
    vm: &Vm,
    name: &Ref<Str>,
    dict: &Ref<Dict>,
    plan: &SlotPlan,
) -> PyResult<Ref<Str>> {
    let key = &vm.names().__qualname__;
    let Some(v) = dict.get_str(vm, key) else {
        return Ok(name.clone());
    };
    let q = v.downcast::<Str>().map_err(|v| {
        vm.type_error(&format!(
            "type __qualname__ must be a str, not {}",
            vm.type_name(&v)
        ))
    })?;
    if !plan.keeps_qualname {
        drop(dict.remove_str(vm, key));
    }
    Ok(q)
}

static DICT_ATTRIBUTE: GetSetDef = GetSetDef {
    name: "__dict__",
    member: false,
    doc: Some("dictionary for instance variables"),
    get: Some(class_instance_dict),
    set: Some(set_class_instance_dict),
};

static WEAKREF_ATTRIBUTE: GetSetDef = GetSetDef {
    name: "__weakref__",
    member: false,
    doc: Some("list of weak references to the object"),
    get: Some(|vm, v| {
        Ok(match vm.weakrefs_of(v).into_iter().next() {
            Some(r) => r.into_value(),
            None => vm.none(),
        })
    }),
    set: None,
};

/// The `__dict__` descriptor of the native base that gives instances their dict: for classes that derive from `type`, say.
fn native_dict_attribute(vm: &Vm, v: &Value) -> Option<Value> {
    let mut at = Some(vm.type_value(v));
    while let Some(t) = at {
        if !t.is_heap() {
            let found = t.dict.get()?.get_str(vm, &vm.names().__dict__);
            if found.is_some() {
                return found;
            }
        }
        at = t.base.get();
    }
    None
}

/// `__dict__` of an instance of a class that adds it, or of one that is mixed with a native type that has its own.
fn class_instance_dict(vm: &Vm, v: &Value) -> PyResult {
    if let Some(d) = native_dict_attribute(vm, v)
        && let Some(get) = vm.type_of(&d).payload.slots.tp_descr_get.get()
    {
        return get(vm, &d, Some(v), vm.type_value(v).as_value());
    }
    instance_dict(vm, v)
}

fn set_class_instance_dict(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    if let Some(d) = native_dict_attribute(vm, v)
        && let Some(set) = vm.type_of(&d).payload.slots.tp_descr_set.get()
    {
        return set(vm, &d, v, value);
    }
    set_instance_dict(vm, v, value)
}

/// `__dict__` of an instance.
pub(crate) fn instance_dict(vm: &Vm, v: &Value) -> PyResult {
    match vm.instance_dict(v)? {
        Some(d) => Ok(d.into_value()),
        None => Err(vm.attribute_error(
            v,
            vm.names().__dict__.as_value(),
            "This object has no __dict__",
        )),
    }
}

/// Replaces or deletes `__dict__` of an instance.
pub(crate) fn set_instance_dict(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let dict = match value {
        Some(x) => match x.downcast_ref::<Dict>() {
            Some(d) => Some(d.clone()),
            None => {
                return Err(vm.type_error(&format!(
                    "__dict__ must be set to a dictionary, not a '{}'",
                    vm.type_name(x)
                )));
            }
        },
        None => None,
    };
    if vm.set_instance_dict(v, dict)? {
        return Ok(());
    }
    Err(vm.attribute_error(
        v,
        vm.names().__dict__.as_value(),
        "This object has no __dict__",
    ))
}

/// Whether a namespace value is a function written in Python, which some special names wrap.
fn is_function(vm: &Vm, v: &Value) -> bool {
    let ty = vm.type_of(v);
    ty.payload.spec().is_some() && ty.payload.name.get().eq_str("function")
}

fn wrap_special(vm: &Vm, dict: &Ref<Dict>) -> PyResult<()> {
    let n = vm.names();
    if let Some(f) = dict.get_str(vm, &n.__new__)
        && is_function(vm, &f)
    {
        dict.set_str(vm, &n.__new__, vm.new_static_method(f)?.into_value())?;
    }
    for key in [&n.__init_subclass__, &n.__class_getitem__] {
        if let Some(f) = dict.get_str(vm, key)
            && is_function(vm, &f)
        {
            dict.set_str(vm, key, vm.new_class_method(f)?.into_value())?;
        }
    }
    Ok(())
}

/// Fills a cell that the class body left in its namespace for us.
fn fill_cell(vm: &Vm, dict: &Ref<Dict>, key: &Ref<Str>, value: &Value) -> PyResult<()> {
    let Some(v) = dict.get_str(vm, key) else {
        return Ok(());
    };
    let Some(cell) = v.downcast_ref::<Cell>() else {
        return Err(vm.type_error(&format!(
            "{} must be a nonlocal cell, not {}",
            key.to_string_lossy(),
            vm.repr_string(vm.type_value(&v).as_value())?
        )));
    };
    cell.contents.set(Some(value.clone()));
    drop(dict.remove_str(vm, key));
    Ok(())
}

/// The flags that a class takes from its bases beside those of its layout.
fn inherited_flags(base: &TypeRef, mro: &Ref<Tuple>) -> u64 {
    let mut flags = base.flags.get()
        & (tpflags::SUBCLASS_BITS
            | tpflags::MATCH_SELF
            | tpflags::ANY_KEYWORDS
            | tpflags::MANAGED_DICT
            | tpflags::MANAGED_WEAKREF);
    let patterns = tpflags::SEQUENCE | tpflags::MAPPING;
    for t in mro.as_slice().iter().skip(1) {
        if let Some(t) = t.downcast_ref::<TypeObject>()
            && t.flags.get() & patterns != 0
        {
            flags |= t.flags.get() & patterns;
            break;
        }
    }
    flags
}

fn build(
    vm: &Vm,
    meta: &TypeRef,
    name: &Ref<Str>,
    base: &TypeRef,
    bases: Vec<Value>,
    ns: &Ref<Dict>,
) -> PyResult<TypeRef> {
    let n = vm.names();
    let plan = plan_slots(vm, name, base, &bases, ns)?;
    if has_nul(name) {
        return Err(vm.value_error("type name must not contain null characters"));
    }
    let dict = vm.new_dict()?;
    dict.copy_from(ns);
    let name = vm.intern_str(name);
    let mut payload = TypeObject::blank(
        name.clone(),
        base.layout(),
        tpflags::HEAPTYPE | tpflags::BASETYPE | tpflags::HAVE_GC | tpflags::READY,
        None,
    );
    payload.dict = taipan_object::PyCell::new(Some(dict.clone()));
    let ty = vm.new_object(meta, payload)?;
    if dict.get_str(vm, &n.__module__).is_none()
        && let Some(globals) = (vm.hooks().current_globals)(vm)
        && let Some(module) = globals.get_str(vm, &n.__name__)
    {
        dict.set_str(vm, &n.__module__, module)?;
    }
    ty.qualname.set(take_qualname(vm, &name, &dict, &plan)?);
    wrap_special(vm, &dict)?;
    let has_dict = plan.add_dict || base.dict_offset() != 0;
    let inline_cap = layout::inline_capacity(vm, &dict, &bases);
    let (instance, offsets) = layout::derive(vm, base, plan.names.len(), has_dict, inline_cap)?;
    let inline = instance.inline_cap != 0;
    ty.set_instance_layout(instance);
    fill_cell(vm, &dict, &n.__classdictcell__, dict.as_value())?;
    fill_cell(vm, &dict, &n.__classcell__, ty.as_value())?;
    for (slot, offset) in plan.names.iter().zip(offsets) {
        let d = vm.new_object(
            &vm.types().member_descriptor,
            MemberDescr {
                name: slot.clone(),
                offset,
                native: None,
                owner: ty.clone(),
            },
        )?;
        dict.set_str(vm, slot, d.into_value())?;
    }
    let computed = [
        (plan.add_dict, &DICT_ATTRIBUTE),
        (plan.add_weakref, &WEAKREF_ATTRIBUTE),
    ];
    for (_, def) in computed.into_iter().filter(|(add, _)| *add) {
        let owner = ty.clone();
        let d = vm.new_object(&vm.types().getset_descriptor, GetSetDescr { def, owner })?;
        let key = vm.intern(def.name)?;
        if dict.get_str(vm, &key).is_none() {
            dict.set_str(vm, &key, d.into_value())?;
        }
    }
    match dict.get_str(vm, &n.__doc__) {
        // A doc must be text that can be encoded.
        Some(doc) => {
            if let Some(s) = doc.downcast_ref::<Str>() {
                drop(taipan_object::convert::utf8(vm, s)?);
            }
        }
        None => dict.set_str(vm, &n.__doc__, vm.none())?,
    }
    if dict.get_str(vm, &n.__eq__).is_some() && dict.get_str(vm, &n.__hash__).is_none() {
        dict.set_str(vm, &n.__hash__, vm.none())?;
    }
    ty.base.set(Some(base.clone()));
    let single = bases.len() == 1;
    ty.bases.set(Some(vm.new_tuple(bases)?));
    let mro = super::mro::compute(vm, &ty)?;
    let plain_order = single
        && base.mro.get().is_some_and(|m| {
            let own = mro.as_slice();
            own.len() == m.len() + 1 && own.iter().skip(1).zip(m.as_slice()).all(|(a, b)| a.is(b))
        });
    ty.set_flag(inherited_flags(base, &mro));
    if plan.add_weakref {
        ty.set_flag(tpflags::MANAGED_WEAKREF);
    }
    if has_dict {
        ty.set_flag(tpflags::MANAGED_DICT);
    }
    if inline {
        ty.set_flag(tpflags::INLINE_VALUES);
    }
    ty.mro.set(Some(mro));
    // A metaclass's `mro()` may have looked attributes up before there was an order.
    vm.type_modified(&ty);
    link(&ty);
    ty.slots.inherit(&base.slots);
    if plain_order {
        fill_slots_from_base(vm, &ty);
    } else {
        fill_slots(vm, &ty);
    }
    warn_of_odd_keys(vm, &ty, &dict)?;
    Ok(ty)
}

/// Enters a class into the lists of its bases.
pub(crate) fn link(ty: &TypeRef) {
    let Some(bases) = ty.bases.get() else { return };
    for b in bases.as_slice() {
        if let Some(b) = b.downcast_ref::<TypeObject>() {
            b.add_subclass(ty);
        }
    }
}

/// Takes a class out of the lists of its bases.
pub(crate) fn unlink(ty: &TypeRef) {
    let Some(bases) = ty.bases.get() else { return };
    for b in bases.as_slice() {
        if let Some(b) = b.downcast_ref::<TypeObject>() {
            b.remove_subclass(ty);
        }
    }
}

fn warn_of_odd_keys(vm: &Vm, ty: &TypeRef, dict: &Ref<Dict>) -> PyResult<()> {
    if dict
        .keys()
        .iter()
        .any(|k| k.downcast_ref::<Str>().is_none())
    {
        let msg = format!(
            "non-string key in the __dict__ of class {}",
            ty.name.get().to_string_lossy()
        );
        vm.warn(&vm.exc().RuntimeWarning, &msg, 1)?;
    }
    Ok(())
}

/// Calls `__set_name__` of the namespace's values.
fn set_names(vm: &Vm, ty: &TypeRef) -> PyResult<()> {
    let Some(dict) = ty.dict.get() else {
        return Ok(());
    };
    let name = &vm.names().__set_name__;
    for (key, value) in dict.items() {
        if vm.lookup_special(&value, name).is_none() {
            continue;
        }
        let Some(f) = vm.special(&value, name)? else {
            continue;
        };
        if let Err(r) = vm.call_pos(&f, &[ty.as_value().clone(), key.clone()]) {
            let e = vm.take_raised(r);
            let note = format!(
                "Error calling __set_name__ on '{}' instance {} in '{}'",
                vm.type_name(&value),
                vm.repr_string(&key)?,
                ty.name.get().to_string_lossy()
            );
            let note = vm.new_str(&note)?.into_value();
            vm.call_method_str(&e, "add_note", &[note])?;
            return Err(vm.raise_as_is(e));
        }
    }
    Ok(())
}

/// Calls `super(cls, cls).__init_subclass__(**keywords)`.
fn init_subclass(vm: &Vm, ty: &TypeRef, args: &Args<'_>) -> PyResult<()> {
    let name = &vm.names().__init_subclass__;
    let Some(mro) = ty.mro.get() else {
        return Ok(());
    };
    if !mro.as_slice().iter().any(|t| t.is(ty.as_value())) {
        let name = ty.name.get();
        let name = name.to_string_lossy();
        return Err(vm.type_error(&format!(
            "super(type, obj): obj (type {name}) is not an instance or subtype of type ({name})."
        )));
    }
    let found = mro.as_slice().iter().skip(1).find_map(|b| {
        b.downcast_ref::<TypeObject>()?
            .dict
            .get()?
            .get_str(vm, name)
    });
    let Some(f) = found else { return Ok(()) };
    let bound = match vm.type_of(&f).payload.slots.tp_descr_get.get() {
        Some(get) => get(vm, &f, None, ty.as_value())?,
        None => f,
    };
    let values = args.values.get(args.pos().len()..).unwrap_or_default();
    vm.call(
        &bound,
        Args {
            values,
            kwnames: args.kwnames,
        },
    )?;
    Ok(())
}
