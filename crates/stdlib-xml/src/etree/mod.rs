//! Module `_elementtree`: elements (`element.rs`, `items.rs`, `copying.rs`), iterators over them (`iter.rs`), the builder of
//! trees (`builder.rs`), and the parser that feeds it (`parser.rs`).

mod builder;
mod copying;
mod element;
mod items;
mod iter;
mod parser;

use std::rc::Rc;

use taipan_macros::pyfunctions;
use taipan_object::{
    Args, Dict, Module, ModuleSpec, PyCell, PyResult, Raised, Ref, Tuple, Value, Vm,
};

use element::Element;

/// `_elementtree`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_elementtree",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[
        &element::ELEMENT,
        &builder::TREE_BUILDER,
        &parser::XML_PARSER,
    ],
    exec: Some(exec),
};

/// What an interpreter's module holds.
struct State {
    parse_error: PyCell<Option<Value>>,
    deepcopy: PyCell<Option<Value>>,
    element_path: PyCell<Option<Value>>,
    comment_factory: PyCell<Option<Value>>,
    pi_factory: PyCell<Option<Value>>,
}

impl Default for State {
    fn default() -> State {
        State {
            parse_error: PyCell::new(None),
            deepcopy: PyCell::new(None),
            element_path: PyCell::new(None),
            comment_factory: PyCell::new(None),
            pi_factory: PyCell::new(None),
        }
    }
}

fn state(vm: &Vm) -> Rc<State> {
    vm.state::<State>()
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    vm.make_type(&iter::ELEMENT_ITERATOR)?;
    let state = state(vm);
    let deepcopy = vm.getattr_str(&vm.import("copy")?, "deepcopy")?;
    state.deepcopy.set(Some(deepcopy));
    let package = vm.import("xml.etree.ElementPath")?;
    let etree = vm.getattr_str(&package, "etree");
    // Importing gives the package at the top, or the module itself.
    let imported = match etree {
        Ok(etree) => vm.getattr_str(&etree, "ElementPath")?,
        Err(raised) => {
            drop(vm.take_raised(raised));
            package
        }
    };
    let path = state.element_path.get().unwrap_or(imported);
    state.element_path.set(Some(path));
    vm.import("pyexpat")?;

    // The types are made once for an interpreter, however often the module is; so is their exception.
    let parse_error = match state.parse_error.get() {
        Some(made) => made,
        None => make_parse_error(vm)?,
    };
    state.parse_error.set(Some(parse_error.clone()));
    dict.set_named(vm, "ParseError", parse_error)
}

fn make_parse_error(vm: &Vm) -> PyResult {
    let namespace = vm.new_dict()?;
    let module_name = vm.new_str("xml.etree.ElementTree")?.into_value();
    namespace.set_named(vm, "__module__", module_name)?;
    let base = vm.exc().SyntaxError.as_value().clone();
    let class = vm.types().type_.as_value().clone();
    let args = [
        vm.new_str("ParseError")?.into_value(),
        vm.new_tuple_array([base])?.into_value(),
        namespace.into_value(),
    ];
    vm.call_pos(&class, &args)
}

/// Raises ParseError.
#[cold]
fn parse_error(vm: &Vm, message: &str) -> Raised {
    match new_parse_error(vm, message) {
        Ok(error) => vm.raise(error),
        Err(raised) => raised,
    }
}

fn new_parse_error(vm: &Vm, message: &str) -> PyResult {
    let Some(class) = state(vm).parse_error.get() else {
        return Err(vm.system_error("the module was not initialized"));
    };
    vm.call1(&class, vm.new_str(message)?.as_value())
}

#[cold]
fn not_an_element(vm: &Vm, v: &Value) -> Raised {
    vm.type_error(&format!("expected an Element, not \"{}\"", vm.type_name(v)))
}

/// The element that a value is; TypeError if it is none.
fn element_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<Element>> {
    v.downcast_ref::<Element>()
        .ok_or_else(|| not_an_element(vm, v))
}

/// The attributes that a call gives: a dict by position or by keyword, and other keywords.
fn attributes(vm: &Vm, args: &Args<'_>, given: Option<&Ref<Dict>>) -> PyResult<Option<Ref<Dict>>> {
    if given.is_none() && args.keyword_count() == 0 {
        return Ok(None);
    }
    let all = vm.new_dict()?;
    match given {
        Some(given) => all.copy_from(given),
        None => {
            let named = args.keywords().find(|(name, _)| name.eq_str("attrib"));
            if let Some((_, value)) = named {
                let Some(dict) = value.downcast_ref::<Dict>() else {
                    return Err(
                        vm.type_error(&format!("attrib must be dict, not {}", vm.type_name(value)))
                    );
                };
                all.copy_from(dict);
            }
        }
    }
    for (name, value) in args.keywords() {
        if given.is_some() || !name.eq_str("attrib") {
            all.set_str(vm, &name, value.clone())?;
        }
    }
    Ok(Some(all))
}

/// Checks the number of positional arguments as `PyArg_ParseTuple` does.
fn check_count(vm: &Vm, function: &str, given: usize, min: usize, max: usize) -> PyResult<()> {
    let (what, n) = if given < min {
        ("at least", min)
    } else if given > max {
        ("at most", max)
    } else {
        return Ok(());
    };
    let s = if n == 1 { "" } else { "s" };
    Err(vm.type_error(&format!(
        "{function}() takes {what} {n} argument{s} ({given} given)"
    )))
}

fn dict_argument<'a>(
    vm: &Vm,
    function: &str,
    index: usize,
    v: Option<&'a Value>,
) -> PyResult<Option<&'a Ref<Dict>>> {
    let Some(v) = v else {
        return Ok(None);
    };
    match v.downcast_ref::<Dict>() {
        Some(dict) => Ok(Some(dict)),
        None => Err(vm.type_error(&format!(
            "{function}() argument {index} must be dict, not {}",
            vm.type_name(v)
        ))),
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    #[pyfunction(name = "SubElement", doc = "")]
    fn sub_element(vm: &Vm, args: Args<'_>) -> PyResult<Ref<Element>> {
        let positional = args.pos();
        check_count(vm, "SubElement", positional.len(), 2, 3)?;
        let (Some(parent), Some(tag)) = (positional.first(), positional.get(1)) else {
            return Err(vm.system_error("two arguments"));
        };
        let Some(parent) = parent.downcast_ref::<Element>() else {
            return Err(vm.type_error(&format!(
                "SubElement() argument 1 must be xml.etree.ElementTree.Element, not {}",
                vm.type_name(parent)
            )));
        };
        let given = dict_argument(vm, "SubElement", 3, positional.get(2))?;
        let attributes = attributes(vm, &args, given)?;
        let element = element::create(vm, tag.clone(), attributes)?;
        parent.append_child(vm, element.as_value())?;
        Ok(element)
    }

    /// Change the factories used to create comments and processing instructions.
    ///
    /// For internal use only.
    #[pyfunction(sig = "($module, comment_factory, pi_factory, /)")]
    fn _set_factories(
        vm: &Vm,
        comment_factory: &Value,
        pi_factory: &Value,
    ) -> PyResult<Ref<Tuple>> {
        for (what, factory) in [("Comment", comment_factory), ("PI", pi_factory)] {
            if !vm.is_callable(factory) && !vm.is_none(factory) {
                return Err(vm.type_error(&format!(
                    "{what} factory must be callable, not {}",
                    vm.type_name(factory)
                )));
            }
        }
        let state = state(vm);
        let given = |v: &Value| (!vm.is_none(v)).then(|| v.clone());
        let old = [
            state.comment_factory.replace(given(comment_factory)),
            state.pi_factory.replace(given(pi_factory)),
        ];
        vm.new_tuple_array(old.map(|v| v.unwrap_or_else(|| vm.none())))
    }
}
