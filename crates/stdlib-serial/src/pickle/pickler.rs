//! `Pickler` and the view of its memo.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::convert::{ArgContext, FromArg};
use taipan_object::protocol::attr::{generic_getattr, generic_setattr};
use taipan_object::{
    Args, Dict, Payload, PyCell, PyResult, Raised, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec,
    Value, Visitor, Vm, payload, tpflags,
};

use super::pickling_error;
use super::save::{Memo, Options, Save};

/// The payload of `Pickler`.
#[derive(Default)]
pub struct Pickler {
    setup: RefCell<Option<Setup>>,
    memo: RefCell<Memo>,
    dispatch_table: Attribute,
    persistent_id: Attribute,
    bin: Cell<i32>,
    fast: Cell<i32>,
    running: Cell<bool>,
}

/// An attribute that may be missing.
struct Attribute(PyCell<Option<Value>>);

impl Default for Attribute {
    fn default() -> Attribute {
        Attribute(PyCell::new(None))
    }
}

/// What `__init__` was given.
#[derive(Clone)]
struct Setup {
    options: Options,
    write: Value,
    buffer_callback: Option<Value>,
}

payload!(Pickler, gc);

impl Traverse for Pickler {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.dispatch_table.0.visit(visit);
        self.persistent_id.0.visit(visit);
        if let Ok(setup) = self.setup.try_borrow()
            && let Some(setup) = &*setup
        {
            visit(&setup.write);
            if let Some(f) = &setup.buffer_callback {
                visit(f);
            }
        }
        if let Ok(memo) = self.memo.try_borrow() {
            for (_, v) in memo.values() {
                visit(v);
            }
        }
    }
    fn clear(&self) {
        self.dispatch_table.0.set(None);
        self.persistent_id.0.set(None);
        drop(self.setup.take());
        drop(self.memo.take());
    }
}

/// `Pickler`
pub static PICKLER: TypeSpec = TypeSpec {
    doc: Some(
        "This takes a binary file for writing a pickle data stream.\n\nThe arguments are those of dump().",
    ),
    text_signature: Some("(file, protocol=None, fix_imports=True, buffer_callback=None)"),
    flags: tpflags::BASETYPE,
    parts: &[&PICKLER_METHODS],
    ..TypeSpec::new("Pickler", "_pickle", <Pickler as Payload>::layout)
};

/// The method `write` of a file.
pub(super) fn writer(vm: &Vm, file: &Value) -> PyResult {
    vm.getattr_str_opt(file, "write")?
        .ok_or_else(|| vm.type_error("file must have a 'write' attribute"))
}

#[cold]
fn in_use(vm: &Vm) -> Raised {
    vm.runtime_error("Pickler object is already used")
}

/// What the class of a pickler, or its instance, has under a name beyond what `Pickler` itself has.
fn own_method(vm: &Vm, this: &Ref<Pickler>, name: &str) -> PyResult<Option<Value>> {
    let class = vm.type_of(this.as_value());
    let base = vm.class::<Pickler>()?;
    if std::ptr::eq(class, base.object()) {
        return Ok(None);
    }
    let name = vm.intern(name)?;
    let same = match (vm.lookup(&class.payload, &name), vm.lookup(&base, &name)) {
        (Some(a), Some(b)) => a.is(&b),
        _ => false,
    };
    if same {
        return Ok(None);
    }
    vm.getattr_opt(this.as_value(), &name)
}

impl Pickler {
    fn run(vm: &Vm, this: &Ref<Pickler>, obj: &Value) -> PyResult<()> {
        let Some(setup) = this.setup.borrow().clone() else {
            return Err(pickling_error(
                vm,
                &format!(
                    "Pickler.__init__() was not called by {}.__init__()",
                    vm.type_name(this.as_value())
                ),
            ));
        };
        if this.running.replace(true) {
            return Err(in_use(vm));
        }
        let done = Pickler::run_setup(vm, this, setup, obj);
        this.running.set(false);
        done
    }

    fn run_setup(vm: &Vm, this: &Ref<Pickler>, setup: Setup, obj: &Value) -> PyResult<()> {
        let mut save = Save::new(vm, setup.options, Some(setup.write), setup.buffer_callback)?;
        save.reducer_override = vm.getattr_str_opt(this.as_value(), "reducer_override")?;
        save.dispatch_table = vm.getattr_str_opt(this.as_value(), "dispatch_table")?;
        save.persistent_id = match this.persistent_id.0.get() {
            Some(f) => Some(f),
            None => own_method(vm, this, "persistent_id")?,
        };
        save.fast = this.fast.get() != 0;
        save.memo = this.memo.take();
        let done = save.dump(obj).and_then(|()| save.flush());
        let memo = std::mem::take(&mut save.memo);
        drop(this.memo.replace(memo));
        done
    }
}

/// The new value of an attribute that is a machine integer.
fn int_attribute(vm: &Vm, value: Option<&Value>) -> PyResult<i32> {
    const CONTEXT: ArgContext = ArgContext {
        function: "",
        argument: "",
    };
    match value {
        Some(v) => i32::from_arg(vm, v, &CONTEXT),
        None => Err(vm.type_error("can't delete numeric/char attribute")),
    }
}

fn deleted(vm: &Vm) -> Raised {
    vm.type_error("attribute deletion is not supported")
}

#[pymethods(PICKLER_METHODS)]
impl Pickler {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let _ = args;
        Ok(vm.new_object(cls, Pickler::default())?.into_value())
    }

    #[pyslot(
        name = "Pickler",
        params = "(file, protocol=None, fix_imports=True, buffer_callback=None)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<Self>,
        file: &Value,
        protocol: &Value,
        fix_imports: bool,
        buffer_callback: &Value,
    ) -> PyResult<()> {
        if this.running.get() {
            return Err(in_use(vm));
        }
        let options = Options::new(vm, protocol, fix_imports)?;
        let write = writer(vm, file)?;
        let buffer_callback = options.buffer_callback(vm, buffer_callback)?;
        this.fast.set(0);
        this.bin.set((options.proto >= 1).into());
        drop(this.memo.take());
        let setup = Setup {
            options,
            write,
            buffer_callback,
        };
        drop(this.setup.replace(Some(setup)));
        Ok(())
    }

    #[pyslot]
    fn tp_getattro(vm: &Vm, this: &Ref<Self>, name: &Ref<Str>) -> PyResult {
        if name.eq_str("persistent_id")
            && let Some(f) = this.persistent_id.0.get()
        {
            return Ok(f);
        }
        generic_getattr(vm, this.as_value(), name)
    }

    #[pyslot]
    fn tp_setattro(
        vm: &Vm,
        this: &Ref<Self>,
        name: &Ref<Str>,
        value: Option<&Value>,
    ) -> PyResult<()> {
        if name.eq_str("persistent_id") {
            let old = this.persistent_id.0.replace(value.cloned());
            if old.is_none() && value.is_none() {
                return Err(vm.attribute_error(this.as_value(), name.as_value(), "persistent_id"));
            }
            return Ok(());
        }
        generic_setattr(vm, this.as_value(), name, value)
    }

    /// Clears the pickler's "memo".
    ///
    /// The memo says which objects were pickled already: these are pickled
    /// by reference.
    #[pymethod(sig = "($self, /)")]
    fn clear_memo(&self, vm: &Vm) -> PyResult<()> {
        if self.running.get() {
            return Err(in_use(vm));
        }
        drop(self.memo.take());
        Ok(())
    }

    /// Write a pickled representation of the given object to the open file.
    #[pymethod(sig = "($self, obj, /)")]
    fn dump(vm: &Vm, this: &Ref<Self>, obj: &Value) -> PyResult<()> {
        Pickler::run(vm, this, obj)
    }

    #[pymethod(name = "persistent_id", sig = "($self, obj, /)", doc = "")]
    fn no_persistent_id(this: &Ref<Self>, obj: &Value) {
        let _ = (this, obj);
    }

    /// Returns size in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        size_of::<Pickler>() + self.memo.borrow().capacity() * size_of::<(u64, u32, Value)>()
    }

    #[getter(bin)]
    fn get_bin(&self) -> i32 {
        self.bin.get()
    }

    #[setter(bin)]
    fn set_bin(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        self.bin.set(int_attribute(vm, value)?);
        Ok(())
    }

    #[getter(fast)]
    fn get_fast(&self) -> i32 {
        self.fast.get()
    }

    #[setter(fast)]
    fn set_fast(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        self.fast.set(int_attribute(vm, value)?);
        Ok(())
    }

    #[getter(dispatch_table)]
    fn get_dispatch_table(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.dispatch_table.0.get().ok_or_else(|| {
            let name = match vm.new_str("dispatch_table") {
                Ok(n) => n.into_value(),
                Err(r) => return r,
            };
            let message = format!(
                "'{}' object has no attribute 'dispatch_table'",
                vm.type_name(this.as_value())
            );
            vm.attribute_error(this.as_value(), &name, &message)
        })
    }

    #[setter(dispatch_table)]
    fn set_dispatch_table(&self, value: Option<&Value>) {
        self.dispatch_table.0.set(value.cloned());
    }

    #[getter(memo)]
    fn get_memo(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<PicklerMemo>> {
        let ty = vm.make_type(&PICKLER_MEMO)?;
        let pickler = this.clone();
        vm.new_object(&ty, PicklerMemo { pickler })
    }

    #[setter(memo)]
    fn set_memo(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| deleted(vm))?;
        let memo = if let Some(other) = value.downcast_ref::<PicklerMemo>() {
            other.pickler.memo.borrow().clone()
        } else if let Some(dict) = value.downcast_ref::<Dict>() {
            memo_of(vm, dict)?
        } else {
            return Err(vm.type_error(&format!(
                "'memo' attribute must be a PicklerMemoProxy object or dict, not {}",
                vm.type_name(value)
            )));
        };
        if self.running.get() {
            return Err(in_use(vm));
        }
        drop(self.memo.replace(memo));
        Ok(())
    }
}

fn memo_of(vm: &Vm, dict: &Dict) -> PyResult<Memo> {
    let mut memo = Memo::default();
    for (_, item) in dict.items() {
        let pair = item.downcast_ref::<Tuple>().map(|t| t.as_slice());
        let Some([index, obj]) = pair else {
            return Err(vm.type_error("'memo' values must be 2-item tuples"));
        };
        let index = vm.index_isize(index)?;
        let index =
            u32::try_from(index).map_err(|_| vm.overflow_error("memo index is out of range"))?;
        memo.insert(obj.bits(), (index, obj.clone()));
    }
    Ok(memo)
}

/// The payload of `PicklerMemoProxy`.
pub struct PicklerMemo {
    pickler: Ref<Pickler>,
}

payload!(PicklerMemo, gc);

impl Traverse for PicklerMemo {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.pickler.as_value());
    }
}

static PICKLER_MEMO: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE,
    parts: &[&PICKLER_MEMO_METHODS],
    ..TypeSpec::new(
        "PicklerMemoProxy",
        "_pickle",
        <PicklerMemo as Payload>::layout,
    )
};

impl PicklerMemo {
    fn contents(&self, vm: &Vm) -> PyResult<Ref<Dict>> {
        let dict = vm.new_dict()?;
        let memo = self.pickler.memo.borrow().clone();
        for (id, (index, obj)) in memo {
            let entry = vm.new_tuple_array([vm.new_usize(index as usize)?, obj])?;
            dict.set(vm, &vm.new_usize(id as usize)?, entry.into_value())?;
        }
        Ok(dict)
    }
}

#[pymethods(PICKLER_MEMO_METHODS)]
impl PicklerMemo {
    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        taipan_object::protocol::compare::hash_not_implemented(vm, this.as_value())
    }

    /// Remove all items from memo.
    #[pymethod(sig = "($self, /)")]
    fn clear(&self, vm: &Vm) -> PyResult<()> {
        self.pickler.clear_memo(vm)
    }

    /// Copy the memo to a new object.
    #[pymethod(sig = "($self, /)")]
    fn copy(&self, vm: &Vm) -> PyResult<Ref<Dict>> {
        self.contents(vm)
    }

    /// Implement pickle support.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult<(Value, Ref<Tuple>)> {
        let contents = self.contents(vm)?.into_value();
        let dict = vm.types().dict.as_value().clone();
        Ok((dict, vm.new_tuple_array([contents])?))
    }
}
