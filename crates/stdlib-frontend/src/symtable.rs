//! Module `_symtable`: the symbol tables of a program as objects.

use taipan_ast::{Arena, StackLimit, future_features};
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    ClassPart, GetSetDef, Module, ModuleSpec, Payload, PyResult, Ref, Str, Traverse, TypeSpec,
    Value, Visitor, Vm, payload, tpflags,
};
use taipan_parser::Mode;
use taipan_symtable::{ScopeId, SymbolTable, flags};
use taipan_vm::builtins::execution::{fs_name, source_text};
use taipan_vm::compile::{Options, parse_error, parse_options, stack_limit, tree_error};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_symtable",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

/// The module's constants.
const CONSTANTS: [(&str, u32); 26] = [
    ("USE", flags::USE),
    ("DEF_GLOBAL", flags::DEF_GLOBAL),
    ("DEF_NONLOCAL", flags::DEF_NONLOCAL),
    ("DEF_LOCAL", flags::DEF_LOCAL),
    ("DEF_PARAM", flags::DEF_PARAM),
    ("DEF_TYPE_PARAM", flags::DEF_TYPE_PARAM),
    ("DEF_FREE_CLASS", flags::DEF_FREE_CLASS),
    ("DEF_IMPORT", flags::DEF_IMPORT),
    ("DEF_BOUND", 134),
    ("DEF_ANNOT", flags::DEF_ANNOT),
    ("DEF_COMP_ITER", flags::DEF_COMP_ITER),
    ("DEF_COMP_CELL", flags::DEF_COMP_CELL),
    ("TYPE_FUNCTION", 0),
    ("TYPE_CLASS", 1),
    ("TYPE_MODULE", 2),
    ("TYPE_ANNOTATION", 3),
    ("TYPE_TYPE_ALIAS", 4),
    ("TYPE_TYPE_PARAMETERS", 5),
    ("TYPE_TYPE_VARIABLE", 6),
    ("LOCAL", 1),
    ("GLOBAL_EXPLICIT", 2),
    ("GLOBAL_IMPLICIT", 3),
    ("FREE", 4),
    ("CELL", 5),
    ("SCOPE_OFF", flags::SCOPE_OFFSET),
    ("SCOPE_MASK", flags::SCOPE_MASK),
];

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    vm.make_type(&ENTRY)?;
    for (name, value) in CONSTANTS {
        vm.setattr_str(module.as_value(), name, &vm.new_int(i64::from(value))?)?;
    }
    Ok(())
}

/// The payload of `symtable entry`.
pub struct Entry {
    name: Value,
    symbols: Value,
    varnames: Value,
    children: Value,
    nested: bool,
    kind: u8,
    lineno: u32,
}

payload!(Entry, gc);

impl Traverse for Entry {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for v in [&self.name, &self.symbols, &self.varnames, &self.children] {
            visit(v);
        }
    }
}

/// `symtable entry`
pub static ENTRY: TypeSpec = TypeSpec {
    parts: &[&ENTRY_METHODS, &ENTRY_MEMBERS],
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("symtable entry", "builtins", <Entry as Payload>::layout)
};

fn readonly(vm: &Vm, v: &Value, _: Option<&Value>) -> PyResult<()> {
    Err(vm.attribute_error(v, &vm.none(), "readonly attribute"))
}

macro_rules! members {
    ($($name:literal: |$vm:ident, $v:ident, $e:ident| $x:expr;)*) => {
        &[$(GetSetDef {
            name: $name,
            doc: None,
            get: Some(|$vm, $v| match $v.downcast_ref::<Entry>() {
                Some($e) => $x,
                None => Err($vm.type_error("a symtable entry is required")),
            }),
            set: Some(readonly),
            member: true,
        },)*]
    };
}

static ENTRY_MEMBERS: ClassPart = ClassPart {
    methods: &[],
    slots: &[],
    getset: members! {
        "id": |vm, v, _e| vm.new_int(v.bits() as i64);
        "name": |vm, v, e| Ok(e.name.clone());
        "symbols": |vm, v, e| Ok(e.symbols.clone());
        "varnames": |vm, v, e| Ok(e.varnames.clone());
        "children": |vm, v, e| Ok(e.children.clone());
        "nested": |vm, v, e| vm.new_int(i64::from(e.nested));
        "type": |vm, v, e| vm.new_int(i64::from(e.kind));
        "lineno": |vm, v, e| vm.new_int(i64::from(e.lineno));
    },
};

#[pymethods(ENTRY_METHODS)]
impl Entry {
    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        Ok(format!(
            "<symtable entry {}({}), line {}>",
            vm.str(&this.name)?.to_string_lossy(),
            this.as_value().bits(),
            this.lineno
        ))
    }
}

/// The object of a scope, with those of the scopes in it.
fn entry(vm: &Vm, table: &SymbolTable<'_>, id: ScopeId) -> PyResult {
    vm.check_stack(" while making a symbol table")?;
    let scope = table.scope(id);
    let symbols = vm.new_dict()?;
    for (name, flags) in &scope.symbols {
        symbols.set(
            vm,
            vm.intern(name)?.as_value(),
            vm.new_int(i64::from(*flags))?,
        )?;
    }
    let names: PyResult<Vec<Value>> = scope
        .varnames
        .iter()
        .map(|n| Ok(vm.intern(n)?.into_value()))
        .collect();
    let children: PyResult<Vec<Value>> = scope
        .children
        .iter()
        .map(|c| entry(vm, table, *c))
        .collect();
    let e = Entry {
        name: vm.intern(scope.name)?.into_value(),
        symbols: symbols.into_value(),
        varnames: vm.new_list(names?)?.into_value(),
        children: vm.new_list(children?)?.into_value(),
        nested: scope.nested,
        kind: scope.block_type as u8,
        lineno: scope.loc.lineno,
    };
    Ok(vm.new(e)?.into_value())
}

fn table(vm: &Vm, source: &Value, filename: &Value, start: &str) -> PyResult {
    let filename: Ref<Str> = fs_name(vm, filename)?;
    let mode = match start {
        "exec" => Mode::File,
        "eval" => Mode::Eval,
        "single" => Mode::Interactive,
        _ => return Err(vm.value_error("symtable() arg 3 must be 'exec' or 'eval' or 'single'")),
    };
    let text = source_text(
        vm,
        source,
        &filename,
        "symtable() arg 1",
        "string or bytes",
        mode == Mode::File,
    )?;
    let options = Options {
        mode,
        ..Options::exec()
    };
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let tree = taipan_parser::parse(&arena, &text, &parse_options(vm, &options), &mut warnings)
        .map_err(|e| parse_error(vm, e, &filename, &text, mode))?;
    let tree = arena.alloc(tree);
    let future = future_features(tree).map_err(|e| tree_error(vm, e.bare(), &filename))?;
    let options = taipan_symtable::Options {
        future,
        allow_top_level_await: false,
        limit: StackLimit::at(stack_limit(vm)),
    };
    let table = taipan_symtable::build(&arena, tree, options)
        .map_err(|e| tree_error(vm, e.bare(), &filename))?;
    entry(vm, &table, ScopeId::TOP)
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return symbol and scope dictionaries used internally by compiler.
    #[pyfunction(sig = "($module, source, filename, startstr, /)")]
    fn symtable(vm: &Vm, source: &Value, filename: &Value, startstr: &str) -> PyResult {
        table(vm, source, filename, startstr)
    }
}
