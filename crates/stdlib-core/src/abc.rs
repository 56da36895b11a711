//! `_abc`: what `ABCMeta` is made of. A class's registry and caches hold other classes weakly, by address: an entry
//! counts while its class lives.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;
use taipan_builtins::util;
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::weakref::WeakRef;
use taipan_object::{
    List, ModuleSpec, Payload, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_abc",
    doc: Some("Module contains faster C implementation of abc.ABCMeta"),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(|vm, _| vm.make_type(&ABC_DATA).map(drop)),
};

const COLLECTION: u64 = tpflags::SEQUENCE | tpflags::MAPPING;

/// How often a class was registered: negative answers from before do not count.
#[derive(Default)]
struct Counter {
    registrations: Cell<u64>,
}

/// Classes, held weakly.
#[derive(Default)]
struct WeakClasses {
    by_address: RefCell<FxHashMap<u64, Ref<WeakRef>>>,
}

impl WeakClasses {
    fn contains(&self, class: &Value) -> bool {
        let found = self.by_address.borrow().get(&class.bits()).cloned();
        found
            .and_then(|w| w.target())
            .is_some_and(|live| live.is(class))
    }

    fn add(&self, vm: &Vm, class: &Value) -> PyResult<()> {
        if self.contains(class) {
            return Ok(());
        }
        let weak = vm.new_weakref(&vm.types().weakref, class, None)?;
        let dead = {
            let mut map = self.by_address.borrow_mut();
            let old = map.insert(class.bits(), weak);
            // Entries of dead classes go when the table is about to grow.
            let mut dead: Vec<Ref<WeakRef>> = old.into_iter().collect();
            if map.len() == map.capacity() {
                let gone: Vec<u64> = map
                    .iter()
                    .filter(|(_, w)| w.target().is_none())
                    .map(|(k, _)| *k)
                    .collect();
                dead.extend(gone.iter().filter_map(|k| map.remove(k)));
            }
            dead
        };
        drop(dead);
        Ok(())
    }

    fn live(&self) -> Vec<Value> {
        let refs: Vec<Ref<WeakRef>> = self.by_address.borrow().values().cloned().collect();
        refs.iter().filter_map(|w| w.target()).collect()
    }

    fn clear(&self) {
        let old = std::mem::take(&mut *self.by_address.borrow_mut());
        drop(old);
    }

    /// A set of the weak references.
    fn dump(&self, vm: &Vm) -> PyResult {
        let refs: Vec<Ref<WeakRef>> = self.by_address.borrow().values().cloned().collect();
        let set = vm.new_set()?;
        for w in refs.iter().filter(|w| w.target().is_some()) {
            set.add(vm, w.as_value())?;
        }
        Ok(set.into_value())
    }

    fn visit(&self, visit: &mut Visitor<'_>) {
        for w in self.by_address.borrow().values() {
            visit(w.as_value());
        }
    }
}

/// The payload of `_abc_data`.
#[derive(Default)]
pub struct AbcData {
    registry: WeakClasses,
    cache: WeakClasses,
    negative: WeakClasses,
    negative_version: Cell<u64>,
}

payload!(AbcData, gc);

impl Traverse for AbcData {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.registry.visit(visit);
        self.cache.visit(visit);
        self.negative.visit(visit);
    }
}

/// `_abc_data`
static ABC_DATA: TypeSpec = TypeSpec {
    doc: Some("Internal state held by ABC machinery."),
    parts: &[&ABC_DATA_METHODS],
    ..TypeSpec::new("_abc_data", "_abc", <AbcData as Payload>::layout)
};

#[pymethods(ABC_DATA_METHODS)]
impl AbcData {
    #[pyslot]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        args: taipan_object::Args<'_>,
    ) -> PyResult<Ref<AbcData>> {
        let _ = args;
        let data = AbcData::default();
        data.negative_version
            .set(vm.state::<Counter>().registrations.get());
        vm.new_object(cls, data)
    }
}

fn data_of(vm: &Vm, class: &Value) -> PyResult<Ref<AbcData>> {
    let data = vm.getattr(class, &vm.names()._abc_impl)?;
    data.downcast::<AbcData>()
        .map_err(|_| vm.type_error("_abc_impl is set to a wrong type"))
}

fn is_abstract(vm: &Vm, v: &Value) -> PyResult<bool> {
    match vm.getattr_opt(v, &vm.names().__isabstractmethod__)? {
        Some(flag) => vm.is_true(&flag),
        None => Ok(false),
    }
}

fn set_abstract_methods(vm: &Vm, class: &Value) -> PyResult<()> {
    let names = vm.names();
    let mut found = Vec::new();
    let namespace = vm.getattr(class, &names.__dict__)?;
    let items = vm.call_method(&namespace, &names.items, &[])?;
    for pair in vm.collect(&items)? {
        if let Some([key, value]) = pair.downcast_ref::<Tuple>().map(|t| t.as_slice())
            && is_abstract(vm, value)?
        {
            found.push(key.clone());
        }
    }
    let bases = vm.getattr(class, &names.__bases__)?;
    for base in vm.collect(&bases)? {
        let Some(inherited) = vm.getattr_opt(&base, &names.__abstractmethods__)? else {
            continue;
        };
        for key in vm.collect(&inherited)? {
            let Some(name) = key.downcast_ref::<Str>() else {
                return Err(vm.type_error(&format!(
                    "attribute name must be string, not '{}'",
                    vm.type_name(&key)
                )));
            };
            if let Some(value) = vm.getattr_opt(class, name)?
                && is_abstract(vm, &value)?
            {
                found.push(key.clone());
            }
        }
    }
    let set = vm.new_frozenset(&found)?;
    vm.setattr(class, &names.__abstractmethods__, set.as_value())
}

/// Takes `__abc_tpflags__` out of a class's dict: whether `match` sees its instances as sequences or mappings.
fn take_collection_flags(vm: &Vm, class: &Ref<TypeObject>) -> PyResult<()> {
    let Some(dict) = class.dict.get() else {
        return Ok(());
    };
    let name = vm.intern("__abc_tpflags__")?;
    let Some(flags) = dict.get_str(vm, &name) else {
        return Ok(());
    };
    let Some(flags) = flags.as_small_int() else {
        return Ok(());
    };
    let flags = flags as u64 & COLLECTION;
    if flags == COLLECTION {
        return Err(vm.type_error(
            "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING",
        ));
    }
    class.set_flag(flags);
    drop(dict.remove_str(vm, &name));
    vm.type_modified(class);
    Ok(())
}

fn spread_collection_flags(vm: &Vm, class: &Value, flags: u64) -> PyResult<()> {
    vm.check_stack("")?;
    let Some(ty) = class.downcast_ref::<TypeObject>() else {
        return Ok(());
    };
    if ty.has_flag(tpflags::IMMUTABLETYPE) || ty.flags.get() & COLLECTION == flags {
        return Ok(());
    }
    ty.unset_flag(COLLECTION);
    ty.set_flag(flags);
    vm.type_modified(ty);
    let below = vm.call_method(class, &vm.names().__subclasses__, &[])?;
    for sub in vm.collect(&below)? {
        spread_collection_flags(vm, &sub, flags)?;
    }
    Ok(())
}

fn subclass_check(vm: &Vm, class: &Value, sub: &Value) -> PyResult<bool> {
    let Some(sub_type) = sub.downcast_ref::<TypeObject>() else {
        return Err(vm.type_error("issubclass() arg 1 must be a class"));
    };
    let data = data_of(vm, class)?;
    if data.cache.contains(sub) {
        return Ok(true);
    }
    let now = vm.state::<Counter>().registrations.get();
    if data.negative_version.get() < now {
        data.negative.clear();
        data.negative_version.set(now);
    } else if data.negative.contains(sub) {
        return Ok(false);
    }
    let answer = search(vm, class, &data, sub, sub_type)?;
    let known = if answer { &data.cache } else { &data.negative };
    known.add(vm, sub)?;
    Ok(answer)
}

/// The answer without the caches.
fn search(
    vm: &Vm,
    class: &Value,
    data: &AbcData,
    sub: &Value,
    sub_type: &Ref<TypeObject>,
) -> PyResult<bool> {
    let hook = vm.call_method(
        class,
        &vm.names().__subclasshook__,
        std::slice::from_ref(sub),
    )?;
    if hook.is(&vm.bool(true)) {
        return Ok(true);
    }
    if hook.is(&vm.bool(false)) {
        return Ok(false);
    }
    if !vm.is_not_implemented(&hook) {
        return Err(vm.assertion_error(
            "__subclasshook__ must return either False, True, or NotImplemented",
        ));
    }
    if let Some(mro) = sub_type.mro.get()
        && mro.as_slice().iter().any(|t| t.is(class))
    {
        return Ok(true);
    }
    if data.registry.contains(sub) {
        return Ok(true);
    }
    for registered in data.registry.live() {
        if vm.is_subclass(sub, &registered)? {
            return Ok(true);
        }
    }
    let below = vm.call_method(class, &vm.names().__subclasses__, &[])?;
    let Some(below) = below.downcast_ref::<List>() else {
        return Err(vm.type_error("__subclasses__() must return a list"));
    };
    for c in below.to_vec() {
        if vm.is_subclass(sub, &c)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Returns the current ABC cache token.
    ///
    /// The token is an opaque object (supporting equality testing) identifying the
    /// current version of the ABC cache for virtual subclasses. The token changes
    /// with every call to register() on any ABC.
    #[pyfunction(sig = "($module, /)")]
    fn get_cache_token(vm: &Vm) -> u64 {
        vm.state::<Counter>().registrations.get()
    }

    /// Internal ABC helper for class set-up. Should be never used outside abc module.
    #[pyfunction(name = "_abc_init", sig = "($module, self, /)")]
    fn abc_init(vm: &Vm, class: &Value) -> PyResult<()> {
        let data = vm.new(AbcData::default())?;
        data.negative_version
            .set(vm.state::<Counter>().registrations.get());
        set_abstract_methods(vm, class)?;
        vm.setattr(class, &vm.names()._abc_impl, data.as_value())?;
        match class.downcast_ref::<TypeObject>() {
            Some(ty) => take_collection_flags(vm, ty),
            None => Ok(()),
        }
    }

    /// Internal ABC helper for subclasss registration. Should be never used outside abc module.
    #[pyfunction(name = "_abc_register", sig = "($module, self, subclass, /)")]
    fn abc_register(vm: &Vm, class: &Value, subclass: &Value) -> PyResult {
        if subclass.downcast_ref::<TypeObject>().is_none() {
            return Err(vm.type_error("Can only register classes"));
        }
        if vm.is_subclass(subclass, class)? {
            return Ok(subclass.clone());
        }
        if vm.is_subclass(class, subclass)? {
            return Err(vm.runtime_error("Refusing to create an inheritance cycle"));
        }
        data_of(vm, class)?.registry.add(vm, subclass)?;
        let counter = &vm.state::<Counter>().registrations;
        counter.set(counter.get().wrapping_add(1));
        if let Some(ty) = class.downcast_ref::<TypeObject>()
            && ty.flags.get() & COLLECTION != 0
        {
            spread_collection_flags(vm, subclass, ty.flags.get() & COLLECTION)?;
        }
        Ok(subclass.clone())
    }

    /// Internal ABC helper for instance checks. Should be never used outside abc module.
    #[pyfunction(name = "_abc_instancecheck", sig = "($module, self, instance, /)")]
    fn abc_instancecheck(vm: &Vm, class: &Value, instance: &Value) -> PyResult {
        let names = vm.names();
        let data = data_of(vm, class)?;
        let sub = match vm.getattr_opt(instance, &names.__class__)? {
            Some(c) => c,
            None => crate::util::type_value(vm, instance),
        };
        if data.cache.contains(&sub) {
            return Ok(vm.bool(true));
        }
        let check =
            |c: &Value| vm.call_method(class, &names.__subclasscheck__, std::slice::from_ref(c));
        let ty = crate::util::type_value(vm, instance);
        if ty.is(&sub) {
            let current = data.negative_version.get() == vm.state::<Counter>().registrations.get();
            if current && data.negative.contains(&sub) {
                return Ok(vm.bool(false));
            }
            return check(&sub);
        }
        let answer = check(&sub)?;
        if vm.is_true(&answer)? {
            return Ok(answer);
        }
        check(&ty)
    }

    /// Internal ABC helper for subclasss checks. Should be never used outside abc module.
    #[pyfunction(name = "_abc_subclasscheck", sig = "($module, self, subclass, /)")]
    fn abc_subclasscheck(vm: &Vm, class: &Value, subclass: &Value) -> PyResult<bool> {
        subclass_check(vm, class, subclass)
    }

    /// Internal ABC helper for cache and registry debugging.
    ///
    /// Return shallow copies of registry, of both caches, and
    /// negative cache version. Don't call this function directly,
    /// instead use ABC._dump_registry() for a nice repr.
    #[pyfunction(name = "_get_dump", sig = "($module, self, /)")]
    fn get_dump(vm: &Vm, class: &Value) -> PyResult {
        let data = data_of(vm, class)?;
        let parts = [
            data.registry.dump(vm)?,
            data.cache.dump(vm)?,
            data.negative.dump(vm)?,
            vm.new_int(data.negative_version.get() as i64)?,
        ];
        util::tuple(vm, parts)
    }

    /// Internal ABC helper to reset registry of a given class.
    ///
    /// Should be only used by refleak.py
    #[pyfunction(name = "_reset_registry", sig = "($module, self, /)")]
    fn reset_registry(vm: &Vm, class: &Value) -> PyResult<()> {
        data_of(vm, class)?.registry.clear();
        Ok(())
    }

    /// Internal ABC helper to reset both caches of a given class.
    ///
    /// Should be only used by refleak.py
    #[pyfunction(name = "_reset_caches", sig = "($module, self, /)")]
    fn reset_caches(vm: &Vm, class: &Value) -> PyResult<()> {
        let data = data_of(vm, class)?;
        data.cache.clear();
        data.negative.clear();
        Ok(())
    }
}
