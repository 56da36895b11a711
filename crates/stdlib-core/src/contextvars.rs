//! `_contextvars`. A context's variables are in a dict that contexts share until one of them changes it, so that
//! copying a context costs nothing.

use std::cell::{Cell, OnceCell};

use taipan_builtins::dict_;
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    Args, CompareOp, Dict, Module, ModuleSpec, Payload, PyCell, PyResult, Raised, Ref, Str,
    TypeObject, TypeSpec, Value, Vm, payload, tpflags,
};
use taipan_text::TextBuf;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_contextvars",
    doc: Some("Context Variables"),
    functions: &[functions::FUNCTIONS],
    types: &[&CONTEXT, &CONTEXT_VAR, &TOKEN],
    exec: Some(exec),
};

/// What the module keeps for an interpreter.
#[derive(Default)]
struct State {
    /// `Token.MISSING`, once it is made.
    missing: OnceCell<Value>,
}

/// The thread's context, made when it has none.
pub fn current(vm: &Vm) -> PyResult<Ref<Context>> {
    if let Some(Ok(c)) = vm.context.get().map(Value::downcast::<Context>) {
        return Ok(c);
    }
    let made = vm.new(Context::new(vm.new_dict()?))?;
    drop(set_current(vm, Some(made.clone())));
    Ok(made)
}

fn set_current(vm: &Vm, context: Option<Ref<Context>>) -> Option<Ref<Context>> {
    vm.context_changed();
    let before = vm.context.replace(context.map(Ref::into_value));
    before.and_then(|v| v.downcast::<Context>().ok())
}

/// A copy of the thread's context.
pub fn copy_current(vm: &Vm) -> PyResult<Ref<Context>> {
    vm.new(Context::new(current(vm)?.vars.get()))
}

/// The payload of `Context`.
pub struct Context {
    vars: PyCell<Ref<Dict>>,
    /// What was current before this one was entered.
    previous: PyCell<Option<Ref<Context>>>,
    entered: Cell<bool>,
}

owns!(Context: cleared(previous) cells(vars));

/// `Context`
pub static CONTEXT: TypeSpec = TypeSpec {
    has_weakref: true,
    parts: &[&CONTEXT_METHODS],
    ..TypeSpec::new("Context", "_contextvars", <Context as Payload>::layout)
};

fn expected_var(vm: &Vm, key: &Value) -> Raised {
    match vm.repr_string(key) {
        Ok(text) => vm.type_error(&format!("a ContextVar key was expected, got {text}")),
        Err(r) => r,
    }
}

impl Context {
    fn new(vars: Ref<Dict>) -> Context {
        Context {
            vars: PyCell::new(vars),
            previous: PyCell::new(None),
            entered: Cell::new(false),
        }
    }

    /// The variables, for a change: a dict of this context alone.
    fn own_vars(&self, vm: &Vm) -> PyResult<Ref<Dict>> {
        let vars = self.vars.get();
        // One count is the context's, one is held here.
        if vars.as_value().refcount() <= 2 {
            return Ok(vars);
        }
        let own = dict_::copy(vm, &vars)?;
        self.vars.set(own.clone());
        Ok(own)
    }

    fn find(&self, vm: &Vm, key: &Value) -> PyResult<Option<Value>> {
        if key.downcast_ref::<ContextVar>().is_none() {
            return Err(expected_var(vm, key));
        }
        self.vars.get().get(vm, key)
    }

    /// Makes a context the thread's.
    pub fn enter(vm: &Vm, this: &Ref<Context>) -> PyResult<()> {
        if this.entered.get() {
            let text = vm.repr_string(this.as_value())?;
            return Err(
                vm.runtime_error(&format!("cannot enter context: {text} is already entered"))
            );
        }
        let before = set_current(vm, Some(this.clone()));
        this.previous.set(before);
        this.entered.set(true);
        Ok(())
    }

    /// Makes the context before this one the thread's again.
    pub fn exit(vm: &Vm, this: &Ref<Context>) -> PyResult<()> {
        if !this.entered.get() {
            let text = vm.repr_string(this.as_value())?;
            return Err(
                vm.runtime_error(&format!("cannot exit context: {text} has not been entered"))
            );
        }
        if !current(vm)?.is(this) {
            return Err(vm.runtime_error(
                "cannot exit context: thread state references a different context object",
            ));
        }
        let left = set_current(vm, this.previous.take());
        this.entered.set(false);
        drop(left);
        Ok(())
    }

    fn snapshot(&self, vm: &Vm) -> PyResult<Ref<Dict>> {
        dict_::copy(vm, &self.vars.get())
    }

    fn iterate(&self, vm: &Vm, name: &Ref<Str>) -> PyResult {
        let view = vm.call_method(self.snapshot(vm)?.as_value(), name, &[])?;
        vm.iter(&view)
    }
}

#[pymethods(CONTEXT_METHODS)]
impl Context {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Context>> {
        if !args.is_empty() {
            return Err(vm.type_error("Context() does not accept any arguments"));
        }
        vm.new_object(cls, Context::new(vm.new_dict()?))
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<Context>() else {
            return Ok(vm.not_implemented());
        };
        match op {
            CompareOp::Eq | CompareOp::Ne => {
                let (a, b) = (this.vars.get(), other.vars.get());
                vm.rich_compare(a.as_value(), b.as_value(), op)
            }
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.iterate(vm, &vm.names().keys)
    }

    #[pyslot]
    fn mp_length(&self) -> usize {
        self.vars.get().len()
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Self>, key: &Value) -> PyResult {
        match this.find(vm, key)? {
            Some(v) => Ok(v),
            None => Err(vm.key_error(key)),
        }
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Self>, key: &Value) -> PyResult<bool> {
        Ok(this.find(vm, key)?.is_some())
    }

    /// Return the value for `key` if `key` has the value in the context object.
    ///
    /// If `key` does not exist, return `default`. If `default` is not given,
    /// return None.
    #[pymethod(sig = "($self, key, default=None, /)")]
    fn get(&self, vm: &Vm, key: &Value, default: Value) -> PyResult {
        Ok(self.find(vm, key)?.unwrap_or(default))
    }

    /// Return all variables and their values in the context object.
    #[pymethod(sig = "($self, /)")]
    fn items(&self, vm: &Vm) -> PyResult {
        self.iterate(vm, &vm.names().items)
    }

    /// Return a list of all variables in the context object.
    #[pymethod(sig = "($self, /)")]
    fn keys(&self, vm: &Vm) -> PyResult {
        self.iterate(vm, &vm.names().keys)
    }

    /// Return a list of all variables' values in the context object.
    #[pymethod(sig = "($self, /)")]
    fn values(&self, vm: &Vm) -> PyResult {
        self.iterate(vm, &vm.names().values)
    }

    /// Return a shallow copy of the context object.
    #[pymethod(sig = "($self, /)")]
    fn copy(&self, vm: &Vm) -> PyResult<Ref<Context>> {
        vm.new(Context::new(self.vars.get()))
    }

    #[pymethod]
    fn run(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        if args.pos().is_empty() {
            return Err(vm.type_error("run() missing 1 required positional argument"));
        }
        let Some((f, values)) = args.values.split_first() else {
            return Ok(vm.none());
        };
        Context::enter(vm, this)?;
        let kwnames = args.kwnames;
        let result = vm.call(f, Args { values, kwnames });
        let left = Context::exit(vm, this);
        let v = result?;
        left.map(|()| v)
    }
}

/// The payload of `ContextVar`.
pub struct ContextVar {
    name: Ref<Str>,
    default: Option<Value>,
}

payload!(ContextVar, gc);

impl taipan_object::Traverse for ContextVar {
    fn traverse(&self, visit: &mut taipan_object::Visitor<'_>) {
        visit(self.name.as_value());
        if let Some(v) = &self.default {
            visit(v);
        }
    }
}

/// `ContextVar`
pub static CONTEXT_VAR: TypeSpec = TypeSpec {
    parts: &[&CONTEXT_VAR_METHODS],
    ..TypeSpec::new(
        "ContextVar",
        "_contextvars",
        <ContextVar as Payload>::layout,
    )
};

impl ContextVar {
    /// The value in the thread's context.
    pub fn value(vm: &Vm, this: &Ref<ContextVar>) -> PyResult<Option<Value>> {
        current(vm)?.vars.get().get(vm, this.as_value())
    }

    fn put_back(vm: &Vm, this: &Ref<ContextVar>, token: &Ref<Token>) -> PyResult<()> {
        let complain = |kind: fn(&Vm, &str) -> Raised, what: &str| -> PyResult<()> {
            let text = vm.repr_string(token.as_value())?;
            Err(kind(vm, &format!("{text} {what}")))
        };
        if token.used.get() {
            return complain(Vm::runtime_error, "has already been used once");
        }
        if !token.var.is(this) {
            return complain(Vm::value_error, "was created by a different ContextVar");
        }
        let context = current(vm)?;
        if !token.context.is(&context) {
            return complain(Vm::value_error, "was created in a different Context");
        }
        token.used.set(true);
        vm.context_changed();
        let vars = context.own_vars(vm)?;
        match &token.old {
            Some(old) => vars.set(vm, this.as_value(), old.clone()),
            None => match vars.remove(vm, this.as_value())? {
                Some(_old) => Ok(()),
                None => Err(vm.raise_args(&vm.exc().LookupError, vec![this.as_value().clone()])),
            },
        }
    }
}

#[pymethods(CONTEXT_VAR_METHODS)]
impl ContextVar {
    #[pyslot(
        name = "ContextVar",
        params = "(name, /, *, default=<unrepresentable>)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        name: &Value,
        default: Option<&Value>,
    ) -> PyResult<Ref<ContextVar>> {
        let Some(name) = name.downcast_ref::<Str>() else {
            return Err(vm.type_error("context variable name must be a str"));
        };
        let (name, default) = (name.clone(), default.cloned());
        vm.new_object(cls, ContextVar { name, default })
    }

    #[pyslot]
    fn tp_hash(this: &Ref<Self>) -> i64 {
        (this.as_value().bits() >> 4) as i64
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::default();
        out.push_str("<ContextVar name=");
        taipan_builtins::util::push_repr(vm, &mut out, this.name.as_value())?;
        if let Some(default) = &this.default {
            out.push_str(" default=");
            taipan_builtins::util::push_repr(vm, &mut out, default)?;
        }
        out.push_str(&format!(" at {:#x}>", this.as_value().bits()));
        vm.new_str_buf(&out)
    }

    /// Return a value for the context variable for the current context.
    ///
    /// If there is no value for the variable in the current context, the method will:
    ///  * return the value of the default argument of the method, if provided; or
    ///  * return the default value for the context variable, if it was created
    ///    with one; or
    ///  * raise a LookupError.
    #[pymethod(sig = "($self, default=<unrepresentable>, /)")]
    fn get(vm: &Vm, this: &Ref<Self>, default: Option<&Value>) -> PyResult {
        match ContextVar::value(vm, this)? {
            Some(v) => Ok(v),
            None => match default.or(this.default.as_ref()) {
                Some(v) => Ok(v.clone()),
                None => Err(vm.raise_args(&vm.exc().LookupError, vec![this.as_value().clone()])),
            },
        }
    }

    /// Call to set a new value for the context variable in the current context.
    ///
    /// The required *value* argument is the new value for the context variable.
    ///
    /// Returns a Token object that can be used to restore the variable to its previous
    /// value via the `ContextVar.reset()` method.
    #[pymethod(sig = "($self, value, /)")]
    fn set(vm: &Vm, this: &Ref<Self>, value: Value) -> PyResult<Ref<Token>> {
        let context = current(vm)?;
        let vars = context.own_vars(vm)?;
        let old = vars.get(vm, this.as_value())?;
        vars.set(vm, this.as_value(), value)?;
        vm.context_changed();
        vm.new(Token {
            context,
            var: this.clone(),
            old,
            used: Cell::new(false),
        })
    }

    /// Reset the context variable.
    ///
    /// The variable is reset to the value it had before the `ContextVar.set()` that
    /// created the token was used.
    #[pymethod(sig = "($self, token, /)")]
    fn reset(vm: &Vm, this: &Ref<Self>, token: &Value) -> PyResult<()> {
        let Some(token) = token.downcast_ref::<Token>() else {
            let text = vm.repr_string(token)?;
            return Err(vm.type_error(&format!("expected an instance of Token, got {text}")));
        };
        ContextVar::put_back(vm, this, token)
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    #[member]
    fn name(&self) -> Ref<Str> {
        self.name.clone()
    }
}

/// The payload of `Token`.
pub struct Token {
    context: Ref<Context>,
    var: Ref<ContextVar>,
    old: Option<Value>,
    used: Cell<bool>,
}

payload!(Token, gc);

impl taipan_object::Traverse for Token {
    fn traverse(&self, visit: &mut taipan_object::Visitor<'_>) {
        visit(self.context.as_value());
        visit(self.var.as_value());
        if let Some(v) = &self.old {
            visit(v);
        }
    }
}

/// `Token`
pub static TOKEN: TypeSpec = TypeSpec {
    parts: &[&TOKEN_METHODS],
    ..TypeSpec::new("Token", "_contextvars", <Token as Payload>::layout)
};

#[pymethods(TOKEN_METHODS)]
impl Token {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let _ = (cls, args);
        Err(vm.runtime_error("Tokens can only be created by ContextVars"))
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::default();
        out.push_str("<Token");
        if this.used.get() {
            out.push_str(" used");
        }
        out.push_str(" var=");
        taipan_builtins::util::push_repr(vm, &mut out, this.var.as_value())?;
        out.push_str(&format!(" at {:#x}>", this.as_value().bits()));
        vm.new_str_buf(&out)
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    /// Enter into Token context manager.
    #[pymethod(sig = "($self, /)")]
    fn __enter__(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    /// Exit from Token context manager, restore the linked ContextVar.
    #[pymethod(sig = "($self, type, val, tb, /)")]
    fn __exit__(
        vm: &Vm,
        this: &Ref<Self>,
        r#type: &Value,
        val: &Value,
        tb: &Value,
    ) -> PyResult<()> {
        let _ = (r#type, val, tb);
        ContextVar::put_back(vm, &this.var, this)
    }

    #[getter]
    fn var(&self) -> Ref<ContextVar> {
        self.var.clone()
    }

    #[getter]
    fn old_value(&self, vm: &Vm) -> PyResult {
        match &self.old {
            Some(v) => Ok(v.clone()),
            None => missing(vm),
        }
    }
}

/// The payload of `Token.MISSING`.
pub struct Missing;

payload!(Missing, leaf);

static MISSING_TYPE: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&MISSING_METHODS],
    ..TypeSpec::new("MISSING", "Token", <Missing as Payload>::layout)
};

#[pymethods(MISSING_METHODS)]
impl Missing {
    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> &'static str {
        let _ = this;
        "<Token.MISSING>"
    }
}

fn missing(vm: &Vm) -> PyResult {
    let state = vm.state::<State>();
    if let Some(v) = state.missing.get() {
        return Ok(v.clone());
    }
    vm.make_type(&MISSING_TYPE)?;
    let made = vm.new(Missing)?.into_value();
    Ok(state.missing.get_or_init(|| made).clone())
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let _ = module;
    let token = vm.class::<Token>()?;
    let none = vm.none();
    let hash = vm.names().__hash__.clone();
    let missing = missing(vm)?;
    if let Some(dict) = token.dict.get() {
        dict.set_named(vm, "MISSING", missing)?;
        // Tokens are compared by identity and cannot be hashed.
        dict.set_str(vm, &hash, none)?;
        token
            .slots
            .tp_hash
            .set(Some(taipan_object::protocol::compare::hash_not_implemented));
    }
    vm.type_modified(&token);
    Ok(())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    #[pyfunction(sig = "($module, /)")]
    fn copy_context(vm: &Vm) -> PyResult<Ref<Context>> {
        copy_current(vm)
    }
}
