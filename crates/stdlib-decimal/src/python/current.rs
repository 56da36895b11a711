//! The current context, and what the module keeps for an interpreter.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use taipan_object::{PyCell, PyResult, Ref, Str, TypeObject, Value, Vm};

use super::context::Context;
use super::signals::SignalClasses;

/// What the module keeps for an interpreter.
pub struct State {
    classes: OnceCell<Classes>,
    /// The current context as it was read last, and the version that says whether it still is.
    cached: PyCell<Option<Ref<Context>>>,
    version: Cell<u64>,
}

/// Classes and objects that are made when the module is imported first.
pub struct Classes {
    /// The exceptions.
    pub signals: SignalClasses,
    /// `SignalDict`
    pub signal_dict: Ref<TypeObject>,
    /// `DecimalTuple`
    pub decimal_tuple: Value,
    /// `numbers.Rational`
    pub rational: Value,
    /// The context variable.
    pub variable: Value,
    /// DefaultContext, BasicContext, ExtendedContext.
    pub templates: [Ref<Context>; 3],
    /// The names of the rounding modes, in the order of `Round::ALL`.
    pub rounds: Vec<Ref<Str>>,
}

impl Default for State {
    fn default() -> State {
        State {
            classes: OnceCell::new(),
            cached: PyCell::new(None),
            version: Cell::new(0),
        }
    }
}

impl State {
    /// The classes.
    pub fn get(&self, vm: &Vm) -> PyResult<&Classes> {
        self.classes
            .get()
            .ok_or_else(|| vm.runtime_error("the module _decimal is not imported"))
    }

    /// The classes, if they are made.
    pub fn made(&self) -> Option<&Classes> {
        self.classes.get()
    }

    /// Keeps the classes.
    pub fn set(&self, classes: Classes) {
        // Made once: a second import finds them.
        let _ = self.classes.set(classes);
    }
}

/// The module's state.
#[inline]
pub fn classes(vm: &Vm) -> PyResult<Rc<State>> {
    Ok(vm.state::<State>())
}

/// The current context.
#[inline]
pub fn current(vm: &Vm) -> PyResult<Ref<Context>> {
    let state = vm.state::<State>();
    if state.version.get() == vm.context_version()
        && let Some(c) = state.cached.get()
    {
        return Ok(c);
    }
    read_current(vm, &state)
}

#[cold]
fn read_current(vm: &Vm, state: &State) -> PyResult<Ref<Context>> {
    let classes = state.get(vm)?;
    let found = vm.call_method_str(&classes.variable, "get", &[vm.none()])?;
    let context = match found.downcast::<Context>() {
        Ok(c) => c,
        Err(_) => {
            let made = classes.templates[0].duplicate(vm)?;
            made.clear_status();
            vm.call_method_str(&classes.variable, "set", &[made.as_value().clone()])?;
            made
        }
    };
    state.version.set(vm.context_version());
    state.cached.set(Some(context.clone()));
    Ok(context)
}

/// Makes a context the current one. The templates themselves never are: a copy is.
pub fn set_current(vm: &Vm, context: &Value) -> PyResult<()> {
    let Some(context) = context.downcast_ref::<Context>() else {
        return Err(vm.type_error("argument must be a context"));
    };
    let state = vm.state::<State>();
    let classes = state.get(vm)?;
    let context = if classes.templates.iter().any(|t| t.is(context)) {
        let copy = context.duplicate(vm)?;
        copy.clear_status();
        copy
    } else {
        context.clone()
    };
    vm.call_method_str(&classes.variable, "set", &[context.into_value()])?;
    Ok(())
}

/// The context that an optional argument means.
pub fn or_current(vm: &Vm, context: Option<&Value>) -> PyResult<Ref<Context>> {
    match context {
        None => current(vm),
        Some(v) if vm.is_none(v) => current(vm),
        Some(v) => match v.downcast_ref::<Context>() {
            Some(c) => Ok(c.clone()),
            None => Err(vm.type_error("optional argument must be a context")),
        },
    }
}
