//! Calling.

use smallvec::SmallVec;

use super::attr::generic_getattr;
use crate::bind::call_native;
use crate::class::{TypeObject, tpflags};
use crate::containers::dict::Dict;
use crate::containers::string::Str;
use crate::descr::{MethodDescr, NativeFunction};
use crate::native::{Args, NativeCode};
use crate::reference::Ref;
use crate::value::{PyResult, Value};
use crate::vm::Vm;

impl Vm {
    /// `callable(*args, **kwargs)`
    #[inline]
    pub fn call(&self, callable: &Value, args: Args<'_>) -> PyResult {
        match self.type_of(callable).payload.slots.tp_call.get() {
            Some(f) => {
                self.check_stack(" while calling a Python object")?;
                f(self, callable, args)
            }
            None => Err(self.type_error(&format!(
                "'{}' object is not callable",
                self.type_name(callable)
            ))),
        }
    }

    /// A call without arguments.
    pub fn call0(&self, callable: &Value) -> PyResult {
        self.call(callable, Args::EMPTY)
    }

    /// A call with one argument.
    pub fn call1(&self, callable: &Value, a: &Value) -> PyResult {
        self.call(callable, Args::positional(std::slice::from_ref(a)))
    }

    /// A call with positional arguments.
    pub fn call_pos(&self, callable: &Value, args: &[Value]) -> PyResult {
        self.call(callable, Args::positional(args))
    }

    /// A call with positional arguments and a dict of keyword arguments.
    pub fn call_dict(
        &self,
        callable: &Value,
        args: &[Value],
        kwargs: Option<&Ref<Dict>>,
    ) -> PyResult {
        match kwargs {
            Some(d) if !d.is_empty() => {
                let mut values = args.to_vec();
                let mut names = Vec::with_capacity(d.len());
                for (k, v) in d.items() {
                    if k.downcast_ref::<Str>().is_none() && !self.takes_any_keywords(callable) {
                        return Err(self.type_error("keywords must be strings"));
                    }
                    names.push(k);
                    values.push(v);
                }
                let names = self.new_tuple(names)?;
                self.call(
                    callable,
                    Args {
                        values: &values,
                        kwnames: Some(&names),
                    },
                )
            }
            _ => self.call_pos(callable, args),
        }
    }

    /// Whether a call may have keywords that are no strings: that of a class with `ANY_KEYWORDS`, or of a native method that
    /// does its own argument parsing of an instance of such a class.
    #[cold]
    pub fn takes_any_keywords(&self, callable: &Value) -> bool {
        let marked = |ty: &TypeObject| ty.has_flag(tpflags::ANY_KEYWORDS);
        if let Some(ty) = callable.downcast_ref::<TypeObject>() {
            return marked(ty);
        }
        callable.downcast_ref::<NativeFunction>().is_some_and(|f| {
            matches!(f.def.code, NativeCode::Variadic(_))
                && f.self_
                    .as_ref()
                    .is_some_and(|v| marked(&self.type_of(v).payload))
        })
    }

    /// `obj.name(*args)`
    pub fn call_method(&self, obj: &Value, name: &Ref<Str>, args: &[Value]) -> PyResult {
        self.call_method_args(obj, name, Args::positional(args))
    }

    /// `obj.name(*args, **kwargs)`. Where that makes no difference, no bound method is made.
    pub fn call_method_args(&self, obj: &Value, name: &Ref<Str>, args: Args<'_>) -> PyResult {
        let ty = &self.type_of(obj).payload;
        let generic = ty
            .slots
            .tp_getattro
            .get()
            .is_some_and(|f| f as usize == generic_getattr as *const () as usize);
        if generic
            && name.is_interned()
            && let Some(f) = self.lookup(ty, name)
            && self
                .type_of(&f)
                .payload
                .has_flag(tpflags::METHOD_DESCRIPTOR)
            && self.instance_get(obj, name).is_none()
        {
            return self.call_unbound(&f, obj, args);
        }
        let f = self.getattr(obj, name)?;
        self.call(&f, args)
    }

    /// Calls what a method's look-up in the type of `obj` found: a function or a descriptor that would bind it.
    fn call_unbound(&self, f: &Value, obj: &Value, args: Args<'_>) -> PyResult {
        if let Some(d) = f.downcast_exact::<MethodDescr>(&self.types().method_descriptor)
            && self.type_of(obj).payload.is_subtype(d.owner.object())
        {
            let owner = d.owner.spec().map_or("", |s| s.name);
            self.check_stack(" while calling a Python object")?;
            return call_native(self, d.def, obj, Some(owner), args);
        }
        let mut values: SmallVec<[Value; 6]> = SmallVec::with_capacity(args.values.len() + 1);
        values.push(obj.clone());
        values.extend(args.values.iter().cloned());
        let kwnames = args.kwnames;
        let values = &values;
        self.call(f, Args { values, kwnames })
    }

    /// `obj.name(*args)` for a name given as text.
    pub fn call_method_str(&self, obj: &Value, name: &str, args: &[Value]) -> PyResult {
        let name = self.intern(name)?;
        self.call_method(obj, &name, args)
    }

    /// Calls a special method of the type; `None` when the type has none.
    pub fn call_special(
        &self,
        obj: &Value,
        name: &Ref<Str>,
        args: &[Value],
    ) -> PyResult<Option<Value>> {
        let Some(f) = self.lookup_special(obj, name) else {
            return Ok(None);
        };
        let found = &self.type_of(&f).payload;
        if found.has_flag(tpflags::METHOD_DESCRIPTOR) {
            return self.call_unbound(&f, obj, Args::positional(args)).map(Some);
        }
        match found.slots.tp_descr_get.get() {
            Some(get) => {
                let bound = get(self, &f, Some(obj), self.type_value(obj).as_ref())?;
                self.call_pos(&bound, args).map(Some)
            }
            None => self.call_pos(&f, args).map(Some),
        }
    }

    /// Whether the value can be called.
    pub fn is_callable(&self, v: &Value) -> bool {
        self.type_of(v).payload.slots.tp_call.get().is_some()
    }
}
