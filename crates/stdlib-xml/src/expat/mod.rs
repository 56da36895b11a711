//! Module `pyexpat`: the class of parsers is in `xmlparser.rs`, what calls their handlers in `handlers.rs`.

mod frames;
mod handlers;
mod xmlparser;

use taipan_macros::pyfunctions;
use taipan_object::{
    BaseException, Module, ModuleSpec, Payload, PyResult, Raised, Ref, TypeSpec, Value, Vm, tpflags,
};
use taipan_xml::{EXPANSION_THRESHOLD, Error, MAX_AMPLIFICATION, MEMORY_THRESHOLD, MESSAGES};

use xmlparser::XmlParser;

/// `pyexpat`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "pyexpat",
    doc: Some("Python wrapper for Expat parser."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

/// `xml.parsers.expat.ExpatError`
static ERROR: TypeSpec = TypeSpec {
    base: Some(|vm| (*vm.exc().Exception).clone()),
    flags: tpflags::BASETYPE,
    has_dict: true,
    ..TypeSpec::new(
        "ExpatError",
        "xml.parsers.expat",
        <BaseException as Payload>::layout,
    )
};

/// The Expat whose behaviour the parser has.
const EXPAT_VERSION: (i64, i64, i64) = (2, 9, 0);

/// The Expat that `_elementtree` names: that which CPython carries with it.
pub(crate) const HEADER_VERSION: (i64, i64, i64) = (2, 8, 5);

/// Sizes and limits that Expat tells as its features.
const FEATURES: [(&str, u64); 10] = [
    ("sizeof(XML_Char)", 1),
    ("sizeof(XML_LChar)", 1),
    ("XML_DTD", 0),
    ("XML_CONTEXT_BYTES", 1024),
    ("XML_NS", 0),
    ("XML_BLAP_MAX_AMP", MAX_AMPLIFICATION as u64),
    ("XML_BLAP_ACT_THRES", EXPANSION_THRESHOLD),
    ("XML_GE", 0),
    ("XML_AT_MAX_AMP", MAX_AMPLIFICATION as u64),
    ("XML_AT_ACT_THRES", MEMORY_THRESHOLD),
];

const MODEL: [(&str, i64); 10] = [
    ("XML_CTYPE_EMPTY", 1),
    ("XML_CTYPE_ANY", 2),
    ("XML_CTYPE_MIXED", 3),
    ("XML_CTYPE_NAME", 4),
    ("XML_CTYPE_CHOICE", 5),
    ("XML_CTYPE_SEQ", 6),
    ("XML_CQUANT_NONE", 0),
    ("XML_CQUANT_OPT", 1),
    ("XML_CQUANT_REP", 2),
    ("XML_CQUANT_PLUS", 3),
];

/// A module within this one, which the import system finds too.
fn submodule(vm: &Vm, name: &str, doc: &str) -> PyResult<Ref<Module>> {
    let full = format!("pyexpat.{name}");
    let module = vm.new_module(&full, None)?;
    let doc = vm.new_str(doc)?.into_value();
    if let Some(dict) = module.dict.get() {
        dict.set_named(vm, "__doc__", doc)?;
    }
    let modules = vm.getattr_str(&vm.import("sys")?, "modules")?;
    let key = vm.new_str(&full)?.into_value();
    vm.setitem(&modules, &key, module.as_value())?;
    Ok(module)
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    let error = vm.make_type(&ERROR)?.into_value();
    dict.set_named(vm, "error", error.clone())?;
    dict.set_named(vm, "ExpatError", error)?;
    let class = vm.make_type(&xmlparser::XMLPARSER)?;
    dict.set_named(vm, "XMLParserType", class.into_value())?;
    let (major, minor, micro) = EXPAT_VERSION;
    let version = format!("expat_{major}.{minor}.{micro}");
    dict.set_named(vm, "EXPAT_VERSION", vm.new_str(&version)?.into_value())?;
    let parts = [vm.new_int(major)?, vm.new_int(minor)?, vm.new_int(micro)?];
    dict.set_named(vm, "version_info", vm.new_tuple_array(parts)?.into_value())?;
    dict.set_named(vm, "native_encoding", vm.new_str("UTF-8")?.into_value())?;
    let mut features = Vec::new();
    for (name, value) in FEATURES {
        let pair = [vm.new_str(name)?.into_value(), vm.new_int(value as i64)?];
        features.push(vm.new_tuple_array(pair)?.into_value());
    }
    dict.set_named(vm, "features", vm.new_list(features)?.into_value())?;
    for (k, name) in ["NEVER", "UNLESS_STANDALONE", "ALWAYS"].iter().enumerate() {
        let name = format!("XML_PARAM_ENTITY_PARSING_{name}");
        dict.set_named(vm, &name, vm.new_usize(k)?)?;
    }

    let errors = submodule(vm, "errors", "Constants used to describe error conditions.")?;
    let codes = vm.new_dict()?;
    let messages = vm.new_dict()?;
    if let Some(errors) = errors.dict.get() {
        for (k, (name, message)) in MESSAGES.iter().enumerate() {
            let text = vm.new_str(message)?.into_value();
            let number = vm.new_usize(k + 1)?;
            errors.set_named(vm, name, text.clone())?;
            codes.set(vm, &text, number.clone())?;
            messages.set(vm, &number, text)?;
        }
        errors.set_named(vm, "codes", codes.into_value())?;
        errors.set_named(vm, "messages", messages.into_value())?;
    }
    dict.set_named(vm, "errors", errors.into_value())?;
    let model = submodule(
        vm,
        "model",
        "Constants used to interpret content model information.",
    )?;
    if let Some(model) = model.dict.get() {
        for (name, value) in MODEL {
            model.set_named(vm, name, vm.new_int(value)?)?;
        }
    }
    dict.set_named(vm, "model", model.into_value())
}

/// Raises ExpatError with this message for a parser's position.
#[cold]
fn raise(vm: &Vm, message: &str, code: usize, line: u64, column: u64) -> Raised {
    let make = || {
        let class = vm.make_type(&ERROR)?;
        let text = vm.new_str(message)?.into_value();
        let error = vm.call1(class.as_value(), &text)?;
        vm.setattr_str(&error, "code", &vm.new_usize(code)?)?;
        vm.setattr_str(&error, "offset", &vm.new_int(column as i64)?)?;
        vm.setattr_str(&error, "lineno", &vm.new_int(line as i64)?)?;
        Ok(error)
    };
    match make() {
        Ok(error) => vm.raise(error),
        Err(raised) => raised,
    }
}

/// Raises ExpatError for an error of a parser.
#[cold]
fn raise_error(vm: &Vm, parser: &XmlParser, error: Error) -> Raised {
    let (line, column) = parser.position();
    let message = format!("{}: line {line}, column {column}", error.message());
    raise(vm, &message, error as usize, line, column)
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return a new XML parser object.
    #[pyfunction(
        name = "ParserCreate",
        sig = "($module, /, encoding=None, namespace_separator=None,\n             intern=<unrepresentable>)"
    )]
    fn parser_create(
        vm: &Vm,
        encoding: Option<&str>,
        namespace_separator: Option<&str>,
        intern: Option<&Value>,
    ) -> PyResult<Ref<XmlParser>> {
        xmlparser::create(vm, encoding, namespace_separator, intern)
    }

    /// Returns string error for given number.
    #[pyfunction(name = "ErrorString", sig = "($module, code, /)")]
    fn error_string(code: i64) -> Option<&'static str> {
        let index = usize::try_from(code).ok()?.checked_sub(1)?;
        Some(MESSAGES.get(index)?.1)
    }
}
