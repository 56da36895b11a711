//! `_thread._local`: attributes of their own for each thread.

use std::cell::RefCell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Dict, Payload, PyCell, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value,
    Visitor, Vm, tpflags,
};

/// The payload: a dict for each thread that used the object, and what `__init__` is called with in new ones.
pub struct Local {
    dicts: RefCell<Vec<(u64, Ref<Dict>)>>,
    args: PyCell<Option<Ref<Tuple>>>,
    kwargs: PyCell<Option<Ref<Dict>>>,
}
taipan_object::payload!(Local, gc);

impl Traverse for Local {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        if let Ok(dicts) = self.dicts.try_borrow() {
            for (_, d) in dicts.iter() {
                visit(d.as_value());
            }
        }
        self.args.visit(visit);
        self.kwargs.visit(visit);
    }
    fn clear(&self) {
        let taken = std::mem::take(&mut *self.dicts.borrow_mut());
        drop(taken);
        self.args.set(None);
        self.kwargs.set(None);
    }
}

/// The type.
pub static LOCAL: TypeSpec = TypeSpec {
    doc: Some("Thread-local data"),
    text_signature: Some("()"),
    flags: tpflags::BASETYPE,
    has_weakref: true,
    parts: &[&LOCAL_METHODS],
    ..TypeSpec::new("_local", "_thread", <Local as Payload>::layout)
};

/// The calling thread's dict; in a new thread `__init__` runs with the arguments of the constructor.
fn dict_of(vm: &Vm, this: &Ref<Local>) -> PyResult<Ref<Dict>> {
    let me = taipan_host::thread::ident();
    if let Some((_, d)) = this.dicts.borrow().iter().find(|(t, _)| *t == me) {
        return Ok(d.clone());
    }
    let d = vm.new_dict()?;
    let first = this.dicts.borrow().is_empty();
    this.dicts.borrow_mut().push((me, d.clone()));
    if !first && let Some(args) = this.args.get() {
        let init = vm.getattr(this.as_value(), &vm.names().__init__)?;
        vm.call_dict(&init, args.as_slice(), this.kwargs.get().as_ref())?;
    }
    Ok(d)
}

#[pymethods(LOCAL_METHODS)]
impl Local {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Local>> {
        if !args.is_empty() && std::ptr::eq(cls.object(), vm.class::<Local>()?.object()) {
            return Err(vm.type_error("Initialization arguments are not supported"));
        }
        let kwargs = vm.new_dict()?;
        for (k, v) in args.keywords() {
            kwargs.set_str(vm, &k, v.clone())?;
        }
        let this = vm.new_object(
            cls,
            Local {
                dicts: RefCell::new(Vec::new()),
                args: PyCell::new(Some(vm.new_tuple_from(args.pos())?)),
                kwargs: PyCell::new(Some(kwargs)),
            },
        )?;
        dict_of(vm, &this)?;
        Ok(this)
    }

    #[pyslot]
    fn tp_init(_vm: &Vm, _this: &Value, _args: Args<'_>) -> PyResult<()> {
        Ok(())
    }

    #[pyslot]
    fn tp_getattro(vm: &Vm, this: &Ref<Self>, name: &Ref<Str>) -> PyResult {
        let d = dict_of(vm, this)?;
        if name.eq_str("__dict__") {
            return Ok(d.into_value());
        }
        // Data descriptors of the type come first, then the thread's dict, then the rest.
        let in_type = vm.lookup(&vm.type_of(this.as_value()).payload, name);
        if let Some(t) = &in_type
            && vm.type_of(t).payload.slots.tp_descr_set.get().is_some()
        {
            return taipan_object::protocol::attr::generic_getattr(vm, this.as_value(), name);
        }
        match d.get_str(vm, name) {
            Some(v) => Ok(v),
            None => taipan_object::protocol::attr::generic_getattr(vm, this.as_value(), name),
        }
    }

    #[pyslot]
    fn tp_setattro(
        vm: &Vm,
        this: &Ref<Self>,
        name: &Ref<Str>,
        value: Option<&Value>,
    ) -> PyResult<()> {
        if name.eq_str("__dict__") {
            return Err(vm.raise_new(
                &vm.exc().AttributeError,
                &format!(
                    "'{}' object attribute '__dict__' is read-only",
                    vm.type_name(this.as_value())
                ),
            ));
        }
        let d = dict_of(vm, this)?;
        let in_type = vm.lookup(&vm.type_of(this.as_value()).payload, name);
        if let Some(t) = &in_type
            && vm.type_of(t).payload.slots.tp_descr_set.get().is_some()
        {
            return taipan_object::protocol::attr::generic_setattr(
                vm,
                this.as_value(),
                name,
                value,
            );
        }
        match value {
            Some(v) => d.set_str(vm, name, v.clone()),
            None => match d.remove_str(vm, name) {
                Some(_) => Ok(()),
                None => Err(taipan_object::protocol::attr::no_attribute(
                    vm,
                    this.as_value(),
                    name,
                )),
            },
        }
    }
}
