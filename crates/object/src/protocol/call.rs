//! Calling.

use crate::containers::dict::Dict;
use crate::containers::string::Str;
use crate::native::Args;
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
                    if k.downcast_ref::<Str>().is_none() {
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

    /// `obj.name(*args)`
    pub fn call_method(&self, obj: &Value, name: &Ref<Str>, args: &[Value]) -> PyResult {
        let f = self.getattr(obj, name)?;
        self.call_pos(&f, args)
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
        match self.special(obj, name)? {
            Some(f) => self.call_pos(&f, args).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the value can be called.
    pub fn is_callable(&self, v: &Value) -> bool {
        self.type_of(v).payload.slots.tp_call.get().is_some()
    }
}
