//! The functions of `_testinternalcapi` that count the variables of code, and say whether it needs anything from outside.

use std::collections::HashSet;
use taipan_bytecode::Opcode;
use taipan_bytecode::code::{co, co_fast};
use taipan_bytecode::opcode::instructions;
use taipan_macros::pyfunctions;
use taipan_object::{Dict, PyResult, Ref, Str, Value, Vm};
use taipan_vm::code::Code;
use taipan_vm::function::Function;

/// The names that code loads as attributes and as globals.
struct Unbound<'a> {
    attributes: Vec<&'a Ref<Str>>,
    globals: Vec<&'a Ref<Str>>,
    /// Names of both kinds.
    both: usize,
}

fn unbound(code: &Code) -> Unbound<'_> {
    let mut found = Unbound {
        attributes: Vec::new(),
        globals: Vec::new(),
        both: 0,
    };
    let (mut attributes, mut globals) = (HashSet::new(), HashSet::new());
    for i in instructions(&code.code, 0) {
        let index = i.oparg >> 1;
        let Some(name) = code.names().get(index) else {
            continue;
        };
        let bits = name.as_value().bits();
        match i.opcode {
            Opcode::LoadAttr if attributes.insert(bits) => {
                found.attributes.push(name);
                found.both += usize::from(globals.contains(&bits));
            }
            Opcode::LoadGlobal if globals.insert(bits) => {
                found.globals.push(name);
                found.both += usize::from(attributes.contains(&bits));
            }
            _ => {}
        }
    }
    found
}

/// What the fast locals of code are.
#[derive(Default)]
struct Locals {
    total: usize,
    args: usize,
    posonly: usize,
    posorkw: usize,
    kwonly: usize,
    varargs: usize,
    varkwargs: usize,
    pure: usize,
    arg_cells: usize,
    other_cells: usize,
    hidden_pure: usize,
    hidden_cells: usize,
    free: usize,
}

fn locals(code: &Code) -> Locals {
    let mut n = Locals::default();
    for kind in code.kinds.iter() {
        let has = |bit: u8| kind & bit != 0;
        if has(co_fast::FREE) {
            n.free += 1;
            continue;
        }
        n.total += 1;
        let cell = has(co_fast::CELL);
        if has(co_fast::ARG) {
            n.args += 1;
            n.arg_cells += usize::from(cell);
            let counter = match (
                has(co_fast::ARG_VAR),
                has(co_fast::ARG_POS),
                has(co_fast::ARG_KW),
            ) {
                (true, true, _) => &mut n.varargs,
                (true, false, _) => &mut n.varkwargs,
                (false, true, true) => &mut n.posorkw,
                (false, true, false) => &mut n.posonly,
                (false, false, _) => &mut n.kwonly,
            };
            *counter += 1;
        } else {
            let hidden = usize::from(has(co_fast::HIDDEN));
            if cell {
                n.other_cells += 1;
                n.hidden_cells += hidden;
            } else {
                n.pure += 1;
                n.hidden_pure += hidden;
            }
        }
    }
    n
}

/// Where global names are looked for.
struct Namespaces {
    globals: Option<Ref<Dict>>,
    builtins: Option<Ref<Dict>>,
}

fn dict_of(vm: &Vm, name: &str, given: Option<&Value>) -> PyResult<Option<Ref<Dict>>> {
    match given {
        None => Ok(None),
        Some(v) => match v.downcast_ref::<Dict>() {
            Some(d) => Ok(Some(d.clone())),
            None => {
                let shown = vm.repr(v)?;
                Err(vm.type_error(&format!(
                    "expected a dict for \"{name}\", got {}",
                    shown.to_string_lossy()
                )))
            }
        },
    }
}

/// The code of a function with its namespaces, or code without any.
fn code_and_namespaces(
    vm: &Vm,
    code: &Value,
    globalsns: Option<&Value>,
    builtinsns: Option<&Value>,
) -> PyResult<(Ref<Code>, Namespaces)> {
    let mut spaces = Namespaces {
        globals: dict_of(vm, "globalsns", globalsns)?,
        builtins: dict_of(vm, "builtinsns", builtinsns)?,
    };
    if let Some(c) = code.downcast_ref::<Code>() {
        return Ok((c.clone(), spaces));
    }
    let Some(f) = code.downcast_ref::<Function>() else {
        return Err(vm.type_error("argument must be a code object or a function"));
    };
    let c = f.code.get();
    spaces.globals.get_or_insert_with(|| f.globals.clone());
    spaces.builtins.get_or_insert_with(|| f.builtins.clone());
    Ok((c, spaces))
}

/// How many of the global names are found in which namespace, and how many in none.
fn found_in(vm: &Vm, names: &[&Ref<Str>], spaces: &Namespaces) -> PyResult<[usize; 3]> {
    let mut counts = [0; 3];
    for name in names {
        let within =
            |d: &Option<Ref<Dict>>| d.as_ref().is_some_and(|d| d.get_str(vm, name).is_some());
        let place = if within(&spaces.globals) {
            0
        } else if within(&spaces.builtins) {
            1
        } else {
            2
        };
        counts[place] += 1;
    }
    Ok(counts)
}

fn counts(vm: &Vm, entries: Vec<(&str, Entry)>) -> PyResult {
    let d = vm.new_dict()?;
    for (name, entry) in entries {
        let v = match entry {
            Entry::Count(n) => vm.new_usize(n)?,
            Entry::Within(v) => v,
        };
        d.set_named(vm, name, v)?;
    }
    Ok(d.into_value())
}

enum Entry {
    Count(usize),
    Within(Value),
}

use Entry::{Count, Within};

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// How many variables of each kind the code of a function, or code, has.
    #[pyfunction(sig = "($module, /, code, *, globalsns=None, builtinsns=None)")]
    fn get_code_var_counts(
        vm: &Vm,
        code: &Value,
        globalsns: Option<&Value>,
        builtinsns: Option<&Value>,
    ) -> PyResult {
        let (code, spaces) = code_and_namespaces(vm, code, globalsns, builtinsns)?;
        let n = locals(&code);
        let u = unbound(&code);
        let places = found_in(vm, &u.globals, &spaces)?;
        let unbound_total = code.names().len() + u.both;
        let args = counts(
            vm,
            vec![
                ("total", Count(n.args)),
                ("numposonly", Count(n.posonly)),
                ("numposorkw", Count(n.posorkw)),
                ("numkwonly", Count(n.kwonly)),
                ("varargs", Count(n.varargs)),
                ("varkwargs", Count(n.varkwargs)),
            ],
        )?;
        let cells = counts(
            vm,
            vec![
                ("total", Count(n.arg_cells + n.other_cells)),
                ("numargs", Count(n.arg_cells)),
                ("numothers", Count(n.other_cells)),
            ],
        )?;
        let hidden = counts(
            vm,
            vec![
                ("total", Count(n.hidden_pure + n.hidden_cells)),
                ("numpure", Count(n.hidden_pure)),
                ("numcells", Count(n.hidden_cells)),
            ],
        )?;
        let locals = counts(
            vm,
            vec![
                ("total", Count(n.total)),
                ("args", Within(args)),
                ("numpure", Count(n.pure)),
                ("cells", Within(cells)),
                ("hidden", Within(hidden)),
            ],
        )?;
        let globals = counts(
            vm,
            vec![
                ("total", Count(u.globals.len())),
                ("numglobal", Count(places[0])),
                ("numbuiltin", Count(places[1])),
                ("numunknown", Count(places[2])),
            ],
        )?;
        let unknown = unbound_total - u.globals.len() - u.attributes.len();
        let unbound = counts(
            vm,
            vec![
                ("total", Count(unbound_total)),
                ("globals", Within(globals)),
                ("numattrs", Count(u.attributes.len())),
                ("numunknown", Count(unknown)),
            ],
        )?;
        counts(
            vm,
            vec![
                ("total", Count(n.total + n.free + unbound_total)),
                ("locals", Within(locals)),
                ("numfree", Count(n.free)),
                ("unbound", Within(unbound)),
            ],
        )
    }

    /// Raises ValueError unless the code works without variables of enclosing functions and without globals.
    #[pyfunction(sig = "($module, /, code, *, globalsns=None, builtinsns=None)")]
    fn verify_stateless_code(
        vm: &Vm,
        code: &Value,
        globalsns: Option<&Value>,
        builtinsns: Option<&Value>,
    ) -> PyResult<()> {
        let (code, spaces) = code_and_namespaces(vm, code, globalsns, builtinsns)?;
        if locals(&code).free > 0 {
            return Err(vm.value_error("closures not supported"));
        }
        // Where builtins are known, a name that is in neither namespace is a global that is missing.
        let [global, _, unknown] = found_in(vm, &unbound(&code).globals, &spaces)?;
        if global > 0 || (spaces.builtins.is_some() && unknown > 0) {
            return Err(vm.value_error("globals not supported"));
        }
        Ok(())
    }

    /// Whether the code returns nothing but None.
    #[pyfunction(sig = "($module, code, /)")]
    fn code_returns_only_none(vm: &Vm, code: &Value) -> PyResult<bool> {
        let Some(code) = code.downcast_ref::<Code>() else {
            return Err(vm.type_error("argument must be a code object"));
        };
        if code.is_generator_like() || code.has(co::ITERABLE_COROUTINE) {
            return Ok(false);
        }
        let none = code.consts().as_slice().iter().position(|v| vm.is_none(v));
        let mut before = None;
        for i in instructions(&code.code, 0) {
            let loads_none = before
                .is_some_and(|(opcode, oparg)| opcode == Opcode::LoadConst && none == Some(oparg));
            if i.opcode == Opcode::ReturnValue && !loads_none {
                return Ok(false);
            }
            before = Some((i.opcode, i.oparg));
        }
        Ok(true)
    }
}
