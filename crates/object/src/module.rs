//! The payload of modules.

use crate::cell::PyCell;
use crate::containers::dict::Dict;
use crate::native::ModuleSpec;
use crate::reference::{Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The payload of `module`.
#[repr(C)]
pub struct Module {
    /// `__dict__`. This word is the instance's dict word in the sense of `instance.rs` too, which visits and clears it:
    /// attributes of modules are found as those of any instance are.
    pub dict: PyCell<Option<Ref<Dict>>>,
    /// What a native module was declared as.
    pub spec: Option<&'static ModuleSpec>,
}

crate::payload!(Module, gc);

impl Traverse for Module {
    fn traverse(&self, _: &mut Visitor<'_>) {}
}

/// Offset of the dict word in modules.
pub(crate) const DICT_OFFSET: u32 =
    std::mem::offset_of!(crate::reference::Object<Module>, payload.dict) as u32;

impl Vm {
    /// A new module object with `__name__`, `__doc__`, `__package__`, `__loader__` and `__spec__` set as CPython sets them.
    pub fn new_module(
        &self,
        name: &str,
        spec: Option<&'static ModuleSpec>,
    ) -> PyResult<Ref<Module>> {
        let dict = self.new_dict()?;
        let n = self.names();
        dict.set_str(self, &n.__name__, self.new_str(name)?.into_value())?;
        let doc: Value = match spec.and_then(|s| s.doc) {
            Some(d) => self.new_str(d)?.into_value(),
            None => self.none(),
        };
        dict.set_str(self, &n.__doc__, doc)?;
        for key in [&n.__package__, &n.__loader__, &n.__spec__] {
            dict.set_str(self, key, self.none())?;
        }
        self.new_object(
            &self.types().module,
            Module {
                dict: PyCell::new(Some(dict)),
                spec,
            },
        )
    }

    /// A native module with its functions and types in it; `exec` has not run.
    pub fn make_native_module(&self, spec: &'static ModuleSpec) -> PyResult<Ref<Module>> {
        let module = self.new_module(spec.name, Some(spec))?;
        let Some(dict) = module.dict.get() else {
            return Ok(module);
        };
        let module_name = self.new_str(spec.name)?.into_value();
        for def in spec.functions.iter().copied().flatten() {
            let f = self.new_native_function(
                def,
                Some(module.as_value().clone()),
                Some(module_name.clone()),
                None,
            )?;
            dict.set_named(self, def.name, f.into_value())?;
        }
        for ty in spec.types {
            let t = self.make_type(ty)?;
            dict.set_named(self, ty.name, t.into_value())?;
        }
        Ok(module)
    }
}
