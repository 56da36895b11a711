//! `Unpickler` and the view of its memo.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::protocol::attr::{generic_getattr, generic_setattr};
use taipan_object::{
    Args, Dict, Payload, PyCell, PyResult, Raised, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec,
    Value, Visitor, Vm, payload, tpflags,
};

use super::input::Input;
use super::load::{self, Load, Memo, Settings};
use super::unpickling_error;

/// The payload of `Unpickler`.
pub struct Unpickler {
    setup: RefCell<Option<(Settings, Input)>>,
    memo: RefCell<Memo>,
    persistent_load: PyCell<Option<Value>>,
    running: Cell<bool>,
    /// Protocol and `fix_imports` of the pickle that is being read: `find_class` looks at them.
    rules: Cell<(u8, bool)>,
}

payload!(Unpickler, gc);

impl Traverse for Unpickler {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.persistent_load.visit(visit);
        if let Ok(setup) = self.setup.try_borrow()
            && let Some((settings, input)) = &*setup
        {
            settings.visit(visit);
            input.visit(visit);
        }
        if let Ok(memo) = self.memo.try_borrow() {
            memo.visit(visit);
        }
    }
    fn clear(&self) {
        self.persistent_load.set(None);
        drop(self.setup.take());
        drop(self.memo.take());
    }
}

/// `Unpickler`
pub static UNPICKLER: TypeSpec = TypeSpec {
    doc: Some(
        "This takes a binary file for reading a pickle data stream.\n\nThe arguments are those of load().",
    ),
    text_signature: Some(
        "(file, *, fix_imports=True, encoding='ASCII', errors='strict',\n          buffers=())",
    ),
    flags: tpflags::BASETYPE,
    parts: &[&UNPICKLER_METHODS],
    ..TypeSpec::new("Unpickler", "_pickle", <Unpickler as Payload>::layout)
};

#[cold]
fn in_use(vm: &Vm) -> Raised {
    vm.runtime_error("Unpickler object is already used")
}

/// What the class of an unpickler, or its instance, has under a name beyond what `Unpickler` itself has.
fn own_method(vm: &Vm, this: &Ref<Unpickler>, name: &str) -> PyResult<Option<Value>> {
    let class = vm.type_of(this.as_value());
    let base = vm.class::<Unpickler>()?;
    if std::ptr::eq(class, base.object()) {
        return Ok(None);
    }
    let name = vm.intern(name)?;
    let found = vm.getattr_opt(this.as_value(), &name)?;
    let same = match (vm.lookup(&class.payload, &name), vm.lookup(&base, &name)) {
        (Some(a), Some(b)) => a.is(&b),
        _ => false,
    };
    // An attribute of the instance may hide the method.
    if same && vm.instance_get(this.as_value(), &name).is_none() {
        return Ok(None);
    }
    Ok(found)
}

#[pymethods(UNPICKLER_METHODS)]
impl Unpickler {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let _ = args;
        let made = Unpickler {
            setup: RefCell::new(None),
            memo: RefCell::default(),
            persistent_load: PyCell::new(None),
            running: Cell::new(false),
            rules: Cell::new((0, true)),
        };
        Ok(vm.new_object(cls, made)?.into_value())
    }

    #[pyslot(
        name = "Unpickler",
        params = "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<Self>,
        file: &Value,
        fix_imports: bool,
        encoding: String,
        errors: String,
        buffers: Option<&Value>,
    ) -> PyResult<()> {
        if this.running.get() {
            return Err(in_use(vm));
        }
        let input = Input::from_file(vm, file)?;
        let settings = Settings::new(vm, fix_imports, encoding, errors, buffers)?;
        this.rules.set((0, fix_imports));
        drop(this.memo.take());
        drop(this.setup.replace(Some((settings, input))));
        Ok(())
    }

    #[pyslot]
    fn tp_getattro(vm: &Vm, this: &Ref<Self>, name: &Ref<Str>) -> PyResult {
        if name.eq_str("persistent_load")
            && let Some(f) = this.persistent_load.get()
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
        if name.eq_str("persistent_load") {
            let old = this.persistent_load.replace(value.cloned());
            if old.is_none() && value.is_none() {
                return Err(vm.attribute_error(
                    this.as_value(),
                    name.as_value(),
                    "persistent_load",
                ));
            }
            return Ok(());
        }
        generic_setattr(vm, this.as_value(), name, value)
    }

    /// Load a pickle.
    ///
    /// Read a pickled object representation from the open file object given
    /// in the constructor, and return the object it stands for.
    #[pymethod(sig = "($self, /)")]
    fn load(vm: &Vm, this: &Ref<Self>) -> PyResult {
        if this.running.get() {
            return Err(in_use(vm));
        }
        let Some((settings, input)) = this.setup.take() else {
            return Err(unpickling_error(
                vm,
                &format!(
                    "Unpickler.__init__() was not called by {}.__init__()",
                    vm.type_name(this.as_value())
                ),
            ));
        };
        this.running.set(true);
        let fix_imports = settings.fix_imports;
        let mut run = match Load::new(vm, settings, input) {
            Ok(run) => run,
            Err(r) => {
                this.running.set(false);
                return Err(r);
            }
        };
        let hooks = || {
            let find_class = own_method(vm, this, "find_class")?;
            let persistent_load = match this.persistent_load.get() {
                Some(f) => Some(f),
                None => own_method(vm, this, "persistent_load")?,
            };
            Ok((find_class, persistent_load))
        };
        let done = match hooks() {
            Ok((find_class, persistent_load)) => {
                run.find_class = find_class;
                run.persistent_load = persistent_load;
                run.memo = this.memo.take();
                run.on_protocol = Some(Box::new({
                    let this = this.clone();
                    move |proto| this.rules.set((proto, fix_imports))
                }));
                this.rules.set((0, fix_imports));
                let done = run.run();
                drop(this.memo.replace(std::mem::take(&mut run.memo)));
                done
            }
            Err(r) => Err(r),
        };
        this.setup.replace(Some(run.into_parts()));
        this.running.set(false);
        done
    }

    /// Return an object from a specified module.
    ///
    /// If necessary, the module will be imported. Subclasses may override
    /// this method (e.g. to restrict unpickling of arbitrary classes and
    /// functions). Both arguments are str objects.
    #[pymethod(name = "find_class", sig = "($self, module_name, global_name, /)")]
    fn find_class_method(
        vm: &Vm,
        this: &Ref<Self>,
        module_name: &Value,
        global_name: &Value,
    ) -> PyResult {
        let (proto, fix_imports) = this.rules.get();
        load::find_class(vm, proto, fix_imports, module_name, global_name)
    }

    #[pymethod(name = "persistent_load", sig = "($self, pid, /)", doc = "")]
    fn no_persistent_load(vm: &Vm, this: &Ref<Self>, pid: &Value) -> PyResult {
        let _ = (this, pid);
        Err(load::no_persistent_load(vm))
    }

    /// Returns size in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        size_of::<Unpickler>() + self.memo.borrow().bytes()
    }

    #[getter(memo)]
    fn get_memo(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<UnpicklerMemo>> {
        let ty = vm.make_type(&UNPICKLER_MEMO)?;
        let unpickler = this.clone();
        vm.new_object(&ty, UnpicklerMemo { unpickler })
    }

    #[setter(memo)]
    fn set_memo(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| vm.type_error("attribute deletion is not supported"))?;
        let memo = if let Some(other) = value.downcast_ref::<UnpicklerMemo>() {
            other.unpickler.memo.borrow().clone()
        } else if let Some(dict) = value.downcast_ref::<Dict>() {
            let mut memo = Memo::default();
            for (key, v) in dict.items() {
                if key.as_int().is_none() {
                    return Err(vm.type_error("memo key must be integers"));
                }
                let index = usize::try_from(vm.index_isize(&key)?)
                    .map_err(|_| vm.value_error("memo key must be positive integers."))?;
                memo.put(index, v);
            }
            memo
        } else {
            return Err(vm.type_error(&format!(
                "'memo' attribute must be an UnpicklerMemoProxy object or dict, not {}",
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

/// The payload of `UnpicklerMemoProxy`.
pub struct UnpicklerMemo {
    unpickler: Ref<Unpickler>,
}

payload!(UnpicklerMemo, gc);

impl Traverse for UnpicklerMemo {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.unpickler.as_value());
    }
}

static UNPICKLER_MEMO: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE,
    parts: &[&UNPICKLER_MEMO_METHODS],
    ..TypeSpec::new(
        "UnpicklerMemoProxy",
        "_pickle",
        <UnpicklerMemo as Payload>::layout,
    )
};

impl UnpicklerMemo {
    fn contents(&self, vm: &Vm) -> PyResult<Ref<Dict>> {
        let dict = vm.new_dict()?;
        let items = self.unpickler.memo.borrow().items();
        for (index, v) in items {
            dict.set(vm, &vm.new_usize(index)?, v)?;
        }
        Ok(dict)
    }
}

#[pymethods(UNPICKLER_MEMO_METHODS)]
impl UnpicklerMemo {
    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        taipan_object::protocol::compare::hash_not_implemented(vm, this.as_value())
    }

    /// Remove all items from memo.
    #[pymethod(sig = "($self, /)")]
    fn clear(&self) {
        drop(self.unpickler.memo.take());
    }

    /// Copy the memo to a new object.
    #[pymethod(sig = "($self, /)")]
    fn copy(&self, vm: &Vm) -> PyResult<Ref<Dict>> {
        self.contents(vm)
    }

    /// Implement pickling support.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult<(Value, Ref<Tuple>)> {
        let contents = self.contents(vm)?.into_value();
        let dict = vm.types().dict.as_value().clone();
        Ok((dict, vm.new_tuple_array([contents])?))
    }
}
