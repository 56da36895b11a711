//! `_testinternalcapi`, as far as it asks about things that exist here: the compiler's stages (`compiler_codegen`,
//! `optimize_cfg`, `assemble_code_object`), code objects, recursion. What is about CPython's C structures is missing.

mod code;
mod sequence;
mod variables;

use std::rc::Rc;

use taipan_ast::{Arena, StackLimit};
use taipan_bytecode::constant::Str as ConstStr;
use taipan_bytecode::{Constant, verifier};
use taipan_compiler::assemble::{AssembleError, UnitMetadata};
use taipan_compiler::{CompileOptions, stages};
use taipan_macros::pyfunctions;
use taipan_object::{Dict, List, Module, ModuleSpec, PyResult, Raised, Ref, Str, Value, Vm};
use taipan_parser::Mode;
use taipan_vm::code::{constant_to_value, new_foreign_code, str_to_wtf8};
use taipan_vm::code_type::value_to_constant;
use taipan_vm::compile::{Options, compile_error, show_warnings, stack_limit};
use taipan_wtf8::Wtf8Buf;

use crate::ast::hooks::read_tree;
use sequence::{INSTRUCTION_SEQUENCE, InstructionSequence};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_testinternalcapi",
    doc: None,
    functions: &[
        functions::FUNCTIONS,
        code::functions::FUNCTIONS,
        variables::functions::FUNCTIONS,
    ],
    types: &[],
    exec: Some(exec),
};

/// Executions after which an instruction is specialized, and those that a failure puts it off, at most.
const SPECIALIZATION: (i32, i32) = (100, 100);
/// The size of what CPython puts before objects that its collector knows.
const SIZEOF_PYGC_HEAD: i32 = 16;

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    vm.make_type(&INSTRUCTION_SEQUENCE)?;
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    let numbers = [
        ("SPECIALIZATION_THRESHOLD", SPECIALIZATION.0),
        ("SPECIALIZATION_COOLDOWN", SPECIALIZATION.1),
        ("SIZEOF_PYGC_HEAD", SIZEOF_PYGC_HEAD),
        ("SIZEOF_MANAGED_PRE_HEADER", 0),
        ("SIZEOF_PYOBJECT", 16),
        ("SIZEOF_TIME_T", 8),
    ];
    for (name, value) in numbers {
        dict.set_named(vm, name, Value::from_i32(value))?;
    }
    Ok(())
}

fn assemble_error(vm: &Vm, e: AssembleError) -> Raised {
    match e {
        AssembleError::System(m) => vm.system_error(m),
        AssembleError::Value(m) => vm.value_error(m),
        AssembleError::Overflow(m) => vm.overflow_error(m),
    }
}

fn constants(vm: &Vm, values: &[Value]) -> PyResult<Vec<Constant>> {
    values
        .iter()
        .map(|v| match value_to_constant(vm, v)? {
            Some(c) => Ok(c),
            None => Err(vm.type_error(&format!("'{}' object is no constant", vm.type_name(v)))),
        })
        .collect()
}

fn values(vm: &Vm, constants: &[Constant]) -> PyResult<Vec<Value>> {
    constants.iter().map(|c| constant_to_value(vm, c)).collect()
}

fn sequence_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<InstructionSequence>> {
    v.downcast_ref::<InstructionSequence>()
        .ok_or_else(|| vm.value_error("expected an instruction sequence"))
}

/// The parts of a unit's metadata that is given as a dict.
struct Metadata<'a> {
    vm: &'a Vm,
    dict: &'a Ref<Dict>,
}

impl Metadata<'_> {
    fn get(&self, key: &str) -> PyResult {
        let key = self.vm.intern(key)?;
        match self.dict.get_str(self.vm, &key) {
            Some(v) => Ok(v),
            None => Err(self
                .vm
                .raise_new(&self.vm.exc().KeyError, &key.to_string_lossy())),
        }
    }

    fn text(&self, key: &str) -> PyResult<Wtf8Buf> {
        let v = self.get(key)?;
        match v.downcast_ref::<Str>() {
            Some(s) => Ok(str_to_wtf8(s)),
            None => Err(self.vm.type_error(&format!("{key} must be a string"))),
        }
    }

    fn number(&self, key: &str) -> PyResult<i32> {
        let n = self.vm.index_isize(&self.get(key)?)?;
        i32::try_from(n).map_err(|_| self.vm.overflow_error("number is too large"))
    }

    fn count(&self, key: &str) -> PyResult<u32> {
        u32::try_from(self.number(key)?)
            .map_err(|_| self.vm.value_error(&format!("{key} must not be negative")))
    }

    /// The keys of a dict from keys to indices, in the order of these.
    fn keys(&self, key: &str) -> PyResult<Vec<Value>> {
        let v = self.get(key)?;
        if let Some(list) = v.downcast_ref::<List>() {
            return Ok(list.to_vec());
        }
        let Some(d) = v.downcast_ref::<Dict>() else {
            return Err(self.vm.type_error(&format!("{key} must be a dict")));
        };
        let mut items = Vec::new();
        for (k, index) in d.items() {
            items.push((self.vm.index_isize(&index)?, k));
        }
        items.sort_by_key(|(index, _)| *index);
        Ok(items.into_iter().map(|(_, k)| k).collect())
    }

    fn names(&self, key: &str) -> PyResult<Vec<Rc<ConstStr>>> {
        let one = |v: &Value| match v.downcast_ref::<Str>() {
            Some(s) => Ok(ConstStr::interned(str_to_wtf8(s))),
            None => Err(self
                .vm
                .type_error(&format!("{key} must have strings as keys"))),
        };
        self.keys(key)?.iter().map(one).collect()
    }

    fn unit(&self, filename: &Ref<Str>) -> PyResult<UnitMetadata> {
        let varnames = self.names("varnames")?;
        let hidden = self.names("fasthidden")?;
        Ok(UnitMetadata {
            name: ConstStr::interned(self.text("name")?),
            qualname: ConstStr::interned(self.text("qualname")?),
            filename: ConstStr::interned(str_to_wtf8(filename)),
            flags: 0,
            firstlineno: self.number("firstlineno")?,
            argcount: self.count("argcount")?,
            posonlyargcount: self.count("posonlyargcount")?,
            kwonlyargcount: self.count("kwonlyargcount")?,
            fast_hidden: varnames.iter().map(|n| hidden.contains(n)).collect(),
            varnames,
            cellvars: self.names("cellvars")?,
            freevars: self.names("freevars")?,
            names: self.names("names")?,
        })
    }
}

/// The functions about the compiler.
#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return a new, empty InstructionSequence.
    #[pyfunction(sig = "($module, /)")]
    fn new_instruction_sequence(vm: &Vm) -> PyResult {
        let class = vm.class::<InstructionSequence>()?;
        vm.call0(class.as_value())
    }

    /// C implementation of inspect.cleandoc().
    #[pyfunction(sig = "($module, /, doc)")]
    fn compiler_cleandoc(vm: &Vm, doc: &Ref<Str>) -> PyResult {
        let text = taipan_object::convert::utf8(vm, doc)?;
        let clean = stages::clean_doc(&text);
        Ok(taipan_vm::code::wtf8_to_str(vm, &clean)?.into_value())
    }

    /// Apply compiler code generation to an AST.
    ///
    /// Return (instruction_sequence, metadata).  metadata maps "argcount",
    /// "posonlyargcount", "kwonlyargcount" to ints and "consts" to the list of
    /// constants in LOAD_CONST index order (for use with optimize_cfg).
    #[pyfunction(sig = "($module, /, ast, filename, optimize, compile_mode=0)")]
    fn compiler_codegen(
        vm: &Vm,
        ast: &Value,
        filename: &Ref<Str>,
        optimize: i32,
        compile_mode: i32,
    ) -> PyResult {
        let mode = match compile_mode {
            0 => Mode::File,
            1 => Mode::Eval,
            2 => Mode::Interactive,
            _ => return Err(vm.value_error("compile_mode must be 0, 1 or 2")),
        };
        let options = Options {
            mode,
            ..Options::exec()
        };
        let arena = Arena::new();
        if !crate::ast::hooks::is_ast(vm, ast)? {
            return Err(vm.type_error("expected an AST"));
        }
        let tree = read_tree(vm, &arena, ast, mode)?;
        let mut warnings = Vec::new();
        let compile = CompileOptions {
            optimize: u8::try_from(optimize).unwrap_or(0).min(2),
            ..CompileOptions::new(
                ConstStr::interned(str_to_wtf8(filename)),
                StackLimit::at(stack_limit(vm)),
            )
        };
        let result = stages::generate(&arena, tree, &compile, &mut warnings);
        show_warnings(vm, &mut warnings, filename, &options)?;
        let unit = match result {
            Ok(Some(unit)) => unit,
            Ok(None) => return Err(vm.system_error("nothing was compiled")),
            Err(e) => return Err(compile_error(vm, e, filename)),
        };
        let metadata = vm.new_dict()?;
        let m = &unit.metadata;
        let counts = [
            ("argcount", m.argcount),
            ("posonlyargcount", m.posonlyargcount),
            ("kwonlyargcount", m.kwonlyargcount),
        ];
        for (name, count) in counts {
            metadata.set_named(vm, name, vm.new_int(i64::from(count))?)?;
        }
        let consts = vm.new_list(values(vm, &unit.consts)?)?;
        metadata.set_named(vm, "consts", consts.into_value())?;
        let sequence = InstructionSequence::of_unit(vm, &unit)?;
        Ok(vm
            .new_tuple(vec![sequence, metadata.into_value()])?
            .into_value())
    }

    /// Apply compiler optimizations to an instruction list.
    #[pyfunction(sig = "($module, /, instructions, consts, nlocals)")]
    fn optimize_cfg(vm: &Vm, instructions: &Value, consts: &Value, nlocals: i32) -> PyResult {
        let sequence = sequence_of(vm, instructions)?;
        let Some(list) = consts.downcast_ref::<List>() else {
            return Err(vm.type_error("consts must be a list"));
        };
        let Ok(nlocals) = usize::try_from(nlocals) else {
            return Err(vm.value_error("nlocals must not be negative"));
        };
        let before = list.to_vec();
        let given = constants(vm, &before)?;
        let code = sequence.to_instructions(vm)?;
        let loads = taipan_bytecode::CompilerOpcode::LoadConst;
        if let Some(i) = code
            .iter()
            .find(|i| i.opcode == loads && i.oparg as usize >= given.len())
        {
            return Err(vm.value_error(&format!(
                "LOAD_CONST index {} is out of range for consts (len={})",
                i.oparg,
                given.len()
            )));
        }
        let (code, used) =
            stages::optimize(code, given.clone(), nlocals).map_err(|e| assemble_error(vm, e))?;
        // Constants that were there stay the objects that they were.
        let mut after = Vec::with_capacity(used.len());
        for c in &used {
            after.push(match given.iter().position(|g| g == c) {
                Some(i) => before[i].clone(),
                None => constant_to_value(vm, c)?,
            });
        }
        drop(list.items.replace(after));
        Ok(vm.new(InstructionSequence::of(&code))?.into_value())
    }

    /// Create a code object for the given instructions.
    #[pyfunction(sig = "($module, /, filename, instructions, metadata)")]
    fn assemble_code_object(
        vm: &Vm,
        filename: &Ref<Str>,
        instructions: &Value,
        metadata: &Value,
    ) -> PyResult {
        let sequence = sequence_of(vm, instructions)?;
        let Some(dict) = metadata.downcast_ref::<Dict>() else {
            return Err(vm.type_error("metadata must be a dict"));
        };
        let metadata = Metadata { vm, dict };
        let consts = metadata.keys("consts")?;
        let unit = metadata.unit(filename)?;
        let code = stages::assemble_unit(
            &unit,
            sequence.to_instructions(vm)?,
            constants(vm, &consts)?,
        )
        .map_err(|e| assemble_error(vm, e))?;
        if let Err(e) = verifier::Shape::of(&code).verify() {
            return Err(vm.value_error(&format!("code: {e}")));
        }
        let consts = vm.new_tuple(consts)?;
        let made = new_foreign_code(vm, &code, consts)?;
        Ok(made.into_value())
    }
}
