//! The payloads of native functions and of descriptors: what they keep. Their behaviour is in `taipan-builtins`.

use crate::cell::PyCell;
use crate::class::{SlotId, TypeObject};
use crate::containers::string::Str;
use crate::native::{GetSetDef, NativeDef};
use crate::reference::{Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// `builtin_function_or_method`: a native function, bound to an instance, a class or a module.
pub struct NativeFunction {
    /// Its declaration.
    pub def: &'static NativeDef,
    /// What it is bound to; `None` for a static method.
    pub self_: Option<Value>,
    /// `__module__`: the module's name.
    pub module: PyCell<Option<Value>>,
    /// The type that declared it, for qualified names.
    pub owner: Option<Ref<TypeObject>>,
}

crate::payload!(NativeFunction, gc);

impl Traverse for NativeFunction {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        if let Some(v) = &self.self_ {
            visit(v);
        }
        self.module.visit(visit);
        if let Some(t) = &self.owner {
            visit(t.as_value());
        }
    }
}

/// `method_descriptor` and `classmethod_descriptor`.
pub struct MethodDescr {
    /// The declaration.
    pub def: &'static NativeDef,
    /// `__objclass__`
    pub owner: Ref<TypeObject>,
}

crate::payload!(MethodDescr, gc);

impl Traverse for MethodDescr {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.owner.as_value());
    }
}

/// `getset_descriptor`
pub struct GetSetDescr {
    /// The declaration.
    pub def: &'static GetSetDef,
    /// `__objclass__`
    pub owner: Ref<TypeObject>,
}

crate::payload!(GetSetDescr, gc);

impl Traverse for GetSetDescr {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.owner.as_value());
    }
}

/// `member_descriptor`: a slot made by `__slots__`, or an attribute that is a field of a native type's instances.
pub struct MemberDescr {
    /// `__name__`
    pub name: Ref<Str>,
    /// Offset of the word in the instance; meaningless where `native` is set.
    pub offset: u32,
    /// How a native type reads and sets it; `None` for a slot.
    pub native: Option<&'static GetSetDef>,
    /// `__objclass__`
    pub owner: Ref<TypeObject>,
}

crate::payload!(MemberDescr, gc);

impl MemberDescr {
    /// The offset of a slot that lies at the same place in all instances, for caches.
    #[inline]
    pub fn fixed_offset(&self) -> Option<u32> {
        (self.native.is_none() && (self.offset as usize) < crate::class::AT_END)
            .then_some(self.offset)
    }
}

impl Traverse for MemberDescr {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.owner.as_value());
    }
}

/// `wrapper_descriptor`: a dunder method that calls a native slot. What the slot function is called with depends on
/// the entry of the slot table (`slotdefs.rs`) that `entry` indexes.
pub struct WrapperDescr {
    /// Index in the table of slot definitions.
    pub entry: u16,
    /// The slot.
    pub slot: SlotId,
    /// `__objclass__`: its slot is what is called.
    pub owner: Ref<TypeObject>,
}

crate::payload!(WrapperDescr, gc);

impl Traverse for WrapperDescr {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.owner.as_value());
    }
}

/// `method-wrapper`: a wrapper descriptor bound to an instance.
pub struct MethodWrapper {
    /// The descriptor.
    pub descr: Ref<WrapperDescr>,
    /// The instance.
    pub self_: Value,
}

crate::payload!(MethodWrapper, gc);

impl Traverse for MethodWrapper {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.descr.as_value());
        visit(&self.self_);
    }
}

/// `method`: a callable bound to an instance, made when a function is found in the instance's class.
#[repr(C)]
pub struct Method {
    /// `__func__`
    pub function: Value,
    /// `__self__`
    pub self_: Value,
}

crate::payload!(Method, gc);

impl Traverse for Method {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.function);
        visit(&self.self_);
    }
}

/// `cell`: a variable that functions share.
#[repr(C)]
pub struct Cell {
    /// The variable's value; `None` when it is unbound.
    pub contents: PyCell<Option<Value>>,
}

crate::payload!(Cell, gc);

impl Traverse for Cell {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.contents.visit(visit);
    }
    fn clear(&self) {
        self.contents.set(None);
    }
}

/// `staticmethod` and `classmethod`: a callable that is bound to nothing, or to the class.
#[repr(C)]
pub struct WrappedMethod {
    /// The callable; `None` before `__init__`.
    pub callable: PyCell<Option<Value>>,
}

crate::payload!(WrappedMethod, gc);

impl Traverse for WrappedMethod {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.callable.visit(visit);
    }
    fn clear(&self) {
        self.callable.set(None);
    }
}

impl Vm {
    /// A callable bound to an instance.
    #[inline]
    pub fn new_method(&self, function: Value, self_: Value) -> PyResult<Ref<Method>> {
        let ty = &self.types().method;
        let parts = Method { function, self_ };
        match self.heap().new_bare(ty.object(), true, parts) {
            Ok(made) => Ok(made),
            Err(parts) => self.new_object(ty, parts),
        }
    }

    /// A cell with this content.
    #[inline]
    pub fn new_cell(&self, contents: Option<Value>) -> PyResult<Ref<Cell>> {
        self.new_object(
            &self.types().cell,
            Cell {
                contents: PyCell::new(contents),
            },
        )
    }

    /// `staticmethod(callable)`, with none of the callable's attributes copied.
    pub fn new_static_method(&self, callable: Value) -> PyResult<Ref<WrappedMethod>> {
        self.new_object(
            &self.types().static_method,
            WrappedMethod {
                callable: PyCell::new(Some(callable)),
            },
        )
    }

    /// `classmethod(callable)`, with none of the callable's attributes copied.
    pub fn new_class_method(&self, callable: Value) -> PyResult<Ref<WrappedMethod>> {
        self.new_object(
            &self.types().class_method,
            WrappedMethod {
                callable: PyCell::new(Some(callable)),
            },
        )
    }
}

impl Vm {
    /// A native function bound to `self_`, as a module's function or a bound method.
    pub fn new_native_function(
        &self,
        def: &'static NativeDef,
        self_: Option<Value>,
        module: Option<Value>,
        owner: Option<Ref<TypeObject>>,
    ) -> PyResult<Ref<NativeFunction>> {
        self.new_object(
            &self.types().native_function,
            NativeFunction {
                def,
                self_,
                module: PyCell::new(module),
                owner,
            },
        )
    }
}
