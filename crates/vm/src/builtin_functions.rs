//! The functions of module `builtins` that need the interpreter: classes, `exec`, `eval`, `compile`, namespaces, imports.
//! Those that need objects alone are in `taipan-builtins`.

use taipan_macros::pyfunctions;
use taipan_object::descr::Cell;
use taipan_object::{Args, Dict, PyResult, Ref, Str, Tuple, TypeObject, Value, Vm};

use crate::code::Code;
use crate::eval::{self, Outcome, Start};
use crate::frame::Frame;
use crate::frame_object::back_frame;
use crate::function::{self, Function};

/// The frame of the Python code that called the running native function.
pub fn current_frame(vm: &Vm) -> Option<&Frame> {
    let f = back_frame(vm.frame.get().cast());
    if f.is_null() {
        None
    } else {
        // SAFETY: frames of the chain are live while their callee runs.
        Some(unsafe { &*f })
    }
}

/// Runs a module's or a class's code with these namespaces.
pub fn eval_code(
    vm: &Vm,
    code: &Ref<Code>,
    globals: &Ref<Dict>,
    locals: &Value,
    closure: Option<Ref<Tuple>>,
) -> PyResult {
    let f = function::new_function(vm, code.clone(), globals.clone(), closure)?;
    run_function(vm, &f, Some(locals.clone()))
}

fn run_function(vm: &Vm, f: &Ref<Function>, locals: Option<Value>) -> PyResult {
    vm.check_stack(" while calling a Python object")?;
    let frame = eval::new_frame_for(vm, f, Args::EMPTY, locals)?;
    match eval::eval(vm, frame, Start::Next)? {
        Outcome::Return(v) => Ok(v),
        Outcome::Yield(_) | Outcome::Paused => Err(vm.system_error("a function's frame yielded")),
    }
}

/// The metaclass that a class statement's bases ask for.
fn derived_metaclass(vm: &Vm, meta: Ref<TypeObject>, bases: &[Value]) -> PyResult<Ref<TypeObject>> {
    let mut winner = meta;
    for b in bases {
        let t = vm.type_of(b).to_ref();
        if winner.is_subtype(t.object()) {
            continue;
        }
        if t.is_subtype(winner.object()) {
            winner = t;
            continue;
        }
        return Err(vm.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
        ));
    }
    Ok(winner)
}

/// Replaces bases that are no types by what their `__mro_entries__` gives.
fn update_bases(vm: &Vm, bases: &Ref<Tuple>) -> PyResult<Ref<Tuple>> {
    let mut out = Vec::new();
    let mut changed = false;
    for b in bases.as_slice() {
        if b.downcast_ref::<TypeObject>().is_some() {
            out.push(b.clone());
            continue;
        }
        match vm.getattr_opt(b, &vm.names().__mro_entries__)? {
            None => out.push(b.clone()),
            Some(f) => {
                let new = vm.call1(&f, bases.as_value())?;
                let Some(t) = new.downcast_ref::<Tuple>() else {
                    return Err(vm.type_error("__mro_entries__ must return a tuple"));
                };
                out.extend_from_slice(t.as_slice());
                changed = true;
            }
        }
    }
    if changed {
        vm.new_tuple(out)
    } else {
        Ok(bases.clone())
    }
}

/// `__build_class__(func, name, *bases, metaclass=..., **kwds)`
fn build_class(vm: &Vm, args: Args<'_>) -> PyResult {
    let pos = args.pos();
    if pos.len() < 2 {
        return Err(vm.type_error("__build_class__: not enough arguments"));
    }
    let Some(func) = pos[0].downcast_ref::<Function>() else {
        return Err(vm.type_error("__build_class__: func must be a function"));
    };
    let Some(name) = pos[1].downcast_ref::<Str>() else {
        return Err(vm.type_error("__build_class__: name is not a string"));
    };
    let orig_bases = vm.new_tuple_from(&pos[2..])?;
    let bases = update_bases(vm, &orig_bases)?;
    let kwargs = vm.new_dict()?;
    let mut meta: Option<Value> = None;
    for (k, v) in args.keywords() {
        if k.eq_str("metaclass") {
            meta = Some(v.clone());
        } else {
            kwargs.set_str(vm, &k, v.clone())?;
        }
    }
    let explicit = meta.clone();
    let meta = match meta {
        Some(m) => m,
        None => match bases.as_slice().first() {
            Some(b) => vm.type_of(b).to_ref().into_value(),
            None => vm.types().type_.as_value().clone(),
        },
    };
    let meta = match meta.downcast_ref::<TypeObject>() {
        Some(t) => derived_metaclass(vm, t.clone(), bases.as_slice())?.into_value(),
        None => meta,
    };
    let _ = explicit;
    let n = vm.names();
    let ns = match vm.getattr_opt(&meta, &n.__prepare__)? {
        None => vm.new_dict()?.into_value(),
        Some(prepare) => vm.call_dict(
            &prepare,
            &[name.as_value().clone(), bases.as_value().clone()],
            Some(&kwargs),
        )?,
    };
    if vm.type_of(&ns).payload.slots.mp_subscript.get().is_none() {
        let shown = match meta.downcast_ref::<TypeObject>() {
            Some(t) => t.name.get().to_string_lossy().into_owned(),
            None => "<metaclass>".to_owned(),
        };
        return Err(vm.type_error(&format!(
            "{shown}.__prepare__() must return a mapping, not {}",
            vm.type_name(&ns)
        )));
    }
    let cell = run_function(vm, func, Some(ns.clone()))?;
    if !bases.is(&orig_bases) {
        vm.setitem(
            &ns,
            vm.intern("__orig_bases__")?.as_value(),
            orig_bases.as_value(),
        )?;
    }
    let class = vm.call_dict(
        &meta,
        &[name.as_value().clone(), bases.into_value(), ns],
        Some(&kwargs),
    )?;
    if class.downcast_ref::<TypeObject>().is_some()
        && let Some(cell) = cell.downcast_ref::<Cell>()
    {
        match cell.contents.get() {
            None => {
                return Err(vm.runtime_error(&format!(
                    "__class__ not set defining {} as {}. Was __classcell__ propagated to type.__new__?",
                    vm.repr_string(name.as_value())?,
                    vm.repr_string(&class)?
                )));
            }
            Some(c) if !c.is(&class) => {
                return Err(vm.type_error(&format!(
                    "__class__ set to {} defining {} as {}",
                    vm.repr_string(&c)?,
                    vm.repr_string(name.as_value())?,
                    vm.repr_string(&class)?
                )));
            }
            Some(_) => {}
        }
    }
    Ok(class)
}

#[pyfunctions(FUNCTIONS)]
/// The functions.
pub mod functions {
    use super::*;

    /// Helper of the class statement.
    #[pyfunction]
    fn __build_class__(vm: &Vm, args: Args<'_>) -> PyResult {
        build_class(vm, args)
    }

    /// Gives the dict of the current module's globals.
    #[pyfunction(sig = "($module, /)")]
    fn globals(vm: &Vm) -> PyResult {
        match current_frame(vm) {
            Some(f) => Ok(f.globals().into_value()),
            None => Err(vm.system_error("globals() called without a frame")),
        }
    }

    /// Imports a module. It is recommended to use importlib.import_module() instead.
    #[pyfunction(sig = "($module, name, globals=None, locals=None, fromlist=(), level=0)")]
    fn __import__(
        vm: &Vm,
        name: &Value,
        globals: Option<&Value>,
        locals: Option<&Value>,
        fromlist: Option<&Value>,
        level: i64,
    ) -> PyResult {
        let _ = locals;
        let Some(name) = name.downcast_ref::<Str>() else {
            return Err(vm.type_error("module name must be a string"));
        };
        let globals = match globals {
            Some(g) if !vm.is_none(g) => match g.downcast_ref::<Dict>() {
                Some(d) => d.clone(),
                None if level > 0 => return Err(vm.type_error("globals must be a dict")),
                None => vm.new_dict()?,
            },
            _ if level > 0 => {
                return Err(vm.raise_args(
                    &vm.exc().KeyError,
                    vec![vm.new_str("'__name__' not in globals")?.into_value()],
                ));
            }
            _ => vm.new_dict()?,
        };
        let from = fromlist.cloned().unwrap_or_else(|| vm.none());
        crate::import::import_name(vm, &vm.intern_str(name), &globals, &from, level)
    }
}
