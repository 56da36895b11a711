//! Function objects.

use std::cell::Cell;

use taipan_object::vm::FunctionGlobals;
use taipan_object::{Dict, PyCell, PyResult, Ref, Str, Traverse, Tuple, Value, Visitor, Vm};

use crate::code::Code;

/// The payload of `function`.
pub struct Function {
    /// `__code__`
    pub code: PyCell<Ref<Code>>,
    /// `__globals__`
    pub globals: Ref<Dict>,
    /// `__builtins__`
    pub builtins: Ref<Dict>,
    /// `__name__`
    pub name: PyCell<Ref<Str>>,
    /// `__qualname__`
    pub qualname: PyCell<Ref<Str>>,
    /// `__defaults__`
    pub defaults: PyCell<Option<Ref<Tuple>>>,
    /// `__kwdefaults__`
    pub kwdefaults: PyCell<Option<Ref<Dict>>>,
    /// `__closure__`; set once, before the function can be called.
    pub closure: PyCell<Option<Ref<Tuple>>>,
    /// `__doc__`; `None` while it is the code's docstring and nobody has asked: see [`Function::docstring`].
    pub doc: PyCell<Option<Value>>,
    /// `__module__`
    pub module: PyCell<Value>,
    /// `__annotations__`, once computed or set.
    pub annotations: PyCell<Option<Value>>,
    /// `__annotate__`
    pub annotate: PyCell<Option<Value>>,
    /// `__type_params__`
    pub type_params: PyCell<Option<Value>>,
    /// Changes with code and defaults, for call caches; 0: none assigned.
    pub version: Cell<u32>,
}

taipan_object::payload!(Function, gc);

impl Traverse for Function {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.code.visit(visit);
        visit(self.globals.as_value());
        visit(self.builtins.as_value());
        self.defaults.visit(visit);
        self.kwdefaults.visit(visit);
        self.closure.visit(visit);
        self.doc.visit(visit);
        self.module.visit(visit);
        self.annotations.visit(visit);
        self.annotate.visit(visit);
        self.type_params.visit(visit);
    }
    fn clear(&self) {
        // Code, globals and closure stay: a frame that still runs reads them without looking.
        self.defaults.set(None);
        self.kwdefaults.set(None);
        self.annotations.set(None);
        self.annotate.set(None);
        self.type_params.set(None);
    }
}

impl Function {
    /// Gives a new function its closure.
    pub fn set_closure(&self, closure: Option<Ref<Tuple>>) {
        self.closure.set(closure);
    }

    /// `__doc__`
    pub fn docstring(&self, vm: &Vm) -> PyResult {
        if let Some(doc) = self.doc.get() {
            return Ok(doc);
        }
        let doc = self.code.get().docstring(vm)?;
        self.doc.set(Some(doc.clone()));
        Ok(doc)
    }

    /// The version for call caches.
    #[inline]
    pub fn version(&self, vm: &Vm) -> u32 {
        if self.version.get() == 0 {
            self.version.set(vm.interp().next_dict_version());
        }
        self.version.get()
    }
}

/// A new function, as MAKE_FUNCTION makes it.
pub fn new_function(
    vm: &Vm,
    code: Ref<Code>,
    globals: Ref<Dict>,
    closure: Option<Ref<Tuple>>,
) -> PyResult<Ref<Function>> {
    let (builtins, module) = surroundings(vm, &globals)?;
    let doc = if code.has_docstring_to_make() {
        None
    } else {
        Some(code.docstring(vm)?)
    };
    vm.new(Function {
        name: PyCell::new(code.name.clone()),
        qualname: PyCell::new(code.qualname.clone()),
        code: PyCell::new(code),
        globals,
        builtins,
        defaults: PyCell::new(None),
        kwdefaults: PyCell::new(None),
        closure: PyCell::new(closure),
        doc: PyCell::new(doc),
        module: PyCell::new(module),
        annotations: PyCell::new(None),
        annotate: PyCell::new(None),
        type_params: PyCell::new(None),
        version: Cell::new(0),
    })
}

/// The builtins that a function with these globals sees, and the name of its module. Where the globals have the two is
/// remembered for those whose keys caches know, as functions are made again and again in the same places.
fn surroundings(vm: &Vm, globals: &Ref<Dict>) -> PyResult<(Ref<Dict>, Value)> {
    let version = globals.cached_version();
    let known = vm.interp().function_globals.get();
    if version != 0
        && known.version == version
        && let Some(b) = globals.value_at(known.builtins as usize)
        && let Some(module) = globals.value_at(known.name as usize)
        && let Some(builtins) = dict_of(&b)
    {
        return Ok((builtins, module));
    }
    let names = vm.names();
    if version != 0
        && let Some(builtins) = globals.index_of_str(vm, &names.__builtins__)
        && let Some(name) = globals.index_of_str(vm, &names.__name__)
    {
        vm.interp().function_globals.set(FunctionGlobals {
            version,
            builtins: builtins as u32,
            name: name as u32,
        });
    }
    let module = globals
        .get_str(vm, &names.__name__)
        .unwrap_or_else(|| vm.none());
    Ok((builtins_of(vm, globals)?, module))
}

/// The dict that a value of `__builtins__` stands for.
fn dict_of(builtins: &Value) -> Option<Ref<Dict>> {
    match builtins.downcast_ref::<Dict>() {
        Some(d) => Some(d.clone()),
        None => builtins
            .downcast_ref::<taipan_object::Module>()
            .and_then(|m| m.dict.get()),
    }
}

/// The builtins that code with these globals sees: their `__builtins__`, a module or a dict.
pub fn builtins_of(vm: &Vm, globals: &Ref<Dict>) -> PyResult<Ref<Dict>> {
    if let Some(b) = globals.get_str(vm, &vm.names().__builtins__)
        && let Some(d) = dict_of(&b)
    {
        return Ok(d);
    }
    match vm.interp().builtins.get() {
        Some(d) => Ok(d.clone()),
        None => vm.new_dict(),
    }
}
