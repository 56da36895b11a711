//! From source text to a code object: the front end's stages in a row, and their errors as exceptions.

use std::rc::Rc;

use taipan_ast::{Arena, CompileError, Spots, StackLimit};
use taipan_bytecode::CodeObject;
use taipan_bytecode::constant::Str as ConstStr;
use taipan_compiler::{CompileOptions, Error};
use taipan_object::{FieldException, PyResult, Raised, Ref, Str, Value, Vm};
use taipan_parser::{Mode, ParseError, ParseOptions};
use taipan_tokenizer::string_literal::UnicodeEscapeError;
use taipan_tokenizer::{SyntaxError, SyntaxErrorKind, SyntaxWarning};
use taipan_wtf8::Wtf8Buf;

use crate::code::{Code, new_code, str_to_wtf8};

/// `PyCF_*` flags of `compile()`.
#[allow(missing_docs, reason = "the flags' names")]
pub mod cf {
    pub const SOURCE_IS_UTF8: u32 = 0x0100;
    pub const DONT_IMPLY_DEDENT: u32 = 0x0200;
    pub const ONLY_AST: u32 = 0x0400;
    pub const IGNORE_COOKIE: u32 = 0x0800;
    pub const TYPE_COMMENTS: u32 = 0x1000;
    pub const ALLOW_TOP_LEVEL_AWAIT: u32 = 0x2000;
    pub const ALLOW_INCOMPLETE_INPUT: u32 = 0x4000;
    pub const OPTIMIZED_AST: u32 = 0x8000 | ONLY_AST;
    /// The future features that can be inherited.
    pub const MASK: u32 = 0x1fe_0000;
}

/// How to compile.
#[derive(Clone)]
pub struct Options {
    /// What the text is.
    pub mode: Mode,
    /// `PyCF_*` and `CO_FUTURE_*` flags.
    pub flags: u32,
    /// 0, 1 or 2.
    pub optimize: u8,
    /// The minor version whose grammar is wanted (`_feature_version`), 14 by default.
    pub feature_version: u8,
    /// Module name for warning filters.
    pub module: Option<String>,
    /// The text is that of a program's file (`ParseOptions::from_file`).
    pub from_file: bool,
}

impl Options {
    /// Options for a module.
    pub fn exec() -> Options {
        Options {
            mode: Mode::File,
            flags: 0,
            optimize: 0,
            feature_version: 14,
            module: None,
            from_file: false,
        }
    }
}

/// The address below which the front end's recursions do not go.
pub fn stack_limit(vm: &Vm) -> usize {
    vm.stack_limit.get()
}

/// The parser's options for these.
pub fn parse_options(vm: &Vm, o: &Options) -> ParseOptions {
    ParseOptions {
        mode: o.mode,
        type_comments: o.flags & cf::TYPE_COMMENTS != 0,
        barry_as_flufl: o.flags & taipan_bytecode::code::co::FUTURE_BARRY_AS_BDFL != 0,
        feature_version: o.feature_version,
        dont_imply_dedent: o.flags & cf::DONT_IMPLY_DEDENT != 0,
        allow_incomplete_input: o.flags & cf::ALLOW_INCOMPLETE_INPUT != 0,
        int_max_str_digits: vm.interp().int_max_str_digits.get(),
        from_file: o.from_file,
        stack_limit: Some(stack_limit(vm)),
        no_quick_pass: false,
    }
}

/// Compiles text whose newlines have been translated. Gives the code, and the features for what follows it in a session.
pub fn compile_text(
    vm: &Vm,
    text: &str,
    filename: &Ref<Str>,
    o: &Options,
) -> PyResult<(Ref<Code>, u32)> {
    let (code, flags) = compile_text_raw(vm, text, filename, o)?;
    Ok((new_code(vm, code)?, flags))
}

/// The same, giving the description alone.
pub fn compile_text_raw(
    vm: &Vm,
    text: &str,
    filename: &Ref<Str>,
    o: &Options,
) -> PyResult<(Rc<CodeObject>, u32)> {
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let mut spots = Spots::Anywhere;
    let parse_options = parse_options(vm, o);
    let tree = taipan_parser::parse_noting(&arena, text, &parse_options, &mut warnings, &mut spots);
    let tree = match tree {
        Ok(t) => t,
        Err(e) => {
            show_warnings(vm, &mut warnings, filename, o)?;
            return Err(parse_error(vm, e, filename, text, o.mode));
        }
    };
    compile_tree(vm, &arena, arena.alloc(tree), &spots, filename, o, warnings)
}

/// Compiles a tree; `spots` is what the parser noted in it.
pub fn compile_tree<'a>(
    vm: &Vm,
    arena: &'a Arena,
    tree: &'a taipan_ast::Mod<'a>,
    spots: &Spots,
    filename: &Ref<Str>,
    o: &Options,
    mut warnings: Vec<SyntaxWarning>,
) -> PyResult<(Rc<CodeObject>, u32)> {
    let name: Wtf8Buf = str_to_wtf8(filename);
    let options = CompileOptions {
        filename: ConstStr::interned(name),
        optimize: o.optimize,
        flags: o.flags & cf::MASK,
        allow_top_level_await: o.flags & cf::ALLOW_TOP_LEVEL_AWAIT != 0,
        stack_limit: StackLimit::at(stack_limit(vm)),
    };
    let result = taipan_compiler::compile_noted(arena, tree, spots, &options, &mut warnings);
    show_warnings(vm, &mut warnings, filename, o)?;
    match result {
        Ok(c) => Ok((c.code, c.flags)),
        Err(e) => Err(compile_error(vm, e, filename)),
    }
}

/// Issues the front end's warnings; one that a filter makes an error is raised as a SyntaxError.
pub fn show_warnings(
    vm: &Vm,
    warnings: &mut Vec<SyntaxWarning>,
    filename: &Ref<Str>,
    o: &Options,
) -> PyResult<()> {
    for w in warnings.drain(..) {
        crate::warn::warn_explicit(vm, &w, filename, o.module.as_deref())?;
    }
    Ok(())
}

/// A parser's error as an exception, which remembers the text.
pub fn parse_error(vm: &Vm, e: ParseError, filename: &Ref<Str>, text: &str, mode: Mode) -> Raised {
    match e {
        ParseError::Syntax(mut e) => {
            if e.in_program && mode == Mode::File {
                show_program(vm, &mut e, filename);
            }
            let raised = match new_syntax_error(vm, &e, filename) {
                Ok(v) => v,
                Err(r) => return r,
            };
            if let Some(statement) = e.last_statement
                && let Err(r) = set_metadata(vm, &raised, statement, text, mode)
            {
                return r;
            }
            vm.raise(raised)
        }
        ParseError::Value(message) => vm.value_error(&message),
        ParseError::Unicode(e) => unicode_error(vm, &e),
        ParseError::TooDeep => vm.raise_new(&vm.exc().MemoryError, ParseError::TOO_DEEP),
    }
}

/// What is wrong with an escape in a format specification.
fn unicode_error(vm: &Vm, e: &UnicodeEscapeError) -> Raised {
    let error = vm.new_bytes(&e.object).and_then(|object| {
        vm.new_unicode_decode_error(
            UnicodeEscapeError::ENCODING,
            object.as_value(),
            e.start,
            e.end,
            e.reason,
        )
    });
    match error {
        Ok(error) => vm.raise(error),
        Err(raised) => raised,
    }
}

/// The error of a stage behind the parser as an exception.
pub fn compile_error(vm: &Vm, e: Error, filename: &Ref<Str>) -> Raised {
    use taipan_compiler::assemble::AssembleError;
    match e {
        Error::Tree(t) => tree_error(vm, t, filename),
        Error::Assemble(AssembleError::System(m)) => vm.system_error(m),
        Error::System(m) => vm.system_error(&m),
        Error::Assemble(AssembleError::Value(m)) => vm.value_error(m),
        Error::Assemble(AssembleError::Overflow(m)) => vm.overflow_error(m),
    }
}

/// Puts the line of a program's file into an error, whose columns end with that line then.
fn show_program(vm: &Vm, e: &mut SyntaxError, filename: &Ref<Str>) {
    let Some(line) = program_text(vm, filename, e.lineno) else {
        return;
    };
    let after = u32::try_from(line.chars().count() + 1).unwrap_or(u32::MAX);
    let clip = |column: &mut Option<u32>| {
        if let Some(column) = column.as_mut().filter(|c| **c != SyntaxError::MINUS_ONE) {
            *column = after.min(*column);
        }
    };
    clip(&mut e.offset);
    if e.end_lineno == Some(e.lineno) {
        clip(&mut e.end_offset);
    }
    e.text = Some(line);
}

/// How many bytes of a program's line errors show.
const SHOWN_BYTES: usize = 999;

/// A line of a program's file, as far as there is such a file: what the errors of all stages but the tokenizer show, and
/// warnings.
pub(crate) fn program_text(vm: &Vm, filename: &Ref<Str>, lineno: u32) -> Option<String> {
    let path = crate::glue::fs_encode(vm, filename);
    let path = path.map_err(|e| drop(vm.take_raised(e))).ok()?;
    let bytes = crate::files::read_file(&path).ok()?;
    let text = crate::builtins::execution::bytes_text(vm, &bytes, filename, true, false);
    let text = match text {
        Ok(text) => text,
        Err(e) => {
            drop(vm.take_raised(e));
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let index = usize::try_from(lineno).ok()?.checked_sub(1)?;
    let line = text.split_inclusive('\n').nth(index)?;
    if line.len() <= SHOWN_BYTES {
        return Some(line.to_owned());
    }
    Some(String::from_utf8_lossy(&line.as_bytes()[..SHOWN_BYTES]).into_owned())
}

/// The error of the validator, the symbol table or the code generator as an exception.
pub fn tree_error(vm: &Vm, e: CompileError, filename: &Ref<Str>) -> Raised {
    match e {
        CompileError::Syntax(e) => {
            let mut e = *e;
            if e.text.is_none() {
                e.text = program_text(vm, filename, e.lineno);
            }
            syntax_error(vm, &e, filename)
        }
        CompileError::TooDeep => {
            vm.recursion_error("maximum recursion depth exceeded during compilation")
        }
        CompileError::Runtime(m) => vm.runtime_error(m),
    }
}

/// Raises a SyntaxError with all its fields.
pub fn syntax_error(vm: &Vm, e: &SyntaxError, filename: &Ref<Str>) -> Raised {
    match new_syntax_error(vm, e, filename) {
        Ok(v) => vm.raise(v),
        Err(r) => r,
    }
}

/// `_metadata`: where `traceback` begins to look for misspelt keywords, and the text to look in.
fn set_metadata(
    vm: &Vm,
    error: &Value,
    (line, column): (u32, u32),
    text: &str,
    mode: Mode,
) -> PyResult<()> {
    let Some(error) = error.downcast_ref::<FieldException>() else {
        return Ok(());
    };
    // A module's text ends with a newline.
    let text = match mode {
        Mode::File if !text.is_empty() && !text.ends_with('\n') => {
            vm.new_str(&format!("{text}\n"))?
        }
        _ => vm.new_str(text)?,
    };
    let parts = vec![
        vm.new_int(i64::from(line))?,
        vm.new_int(i64::from(column))?,
        text.into_value(),
    ];
    error.fields[8].set(Some(vm.new_tuple(parts)?.into_value()));
    Ok(())
}

fn number(vm: &Vm, n: Option<u32>) -> PyResult {
    match n {
        Some(SyntaxError::MINUS_ONE) => vm.new_int(-1),
        Some(n) => vm.new_int(i64::from(n)),
        None => Ok(vm.none()),
    }
}

/// A SyntaxError object: `args` is `(msg, (filename, lineno, offset, text, end_lineno, end_offset))`, or the message if
/// the error is bare.
pub fn new_syntax_error(vm: &Vm, e: &SyntaxError, filename: &Ref<Str>) -> PyResult<Value> {
    let exc = vm.exc();
    let ty = match e.kind {
        SyntaxErrorKind::SyntaxError => &exc.SyntaxError,
        SyntaxErrorKind::IndentationError => &exc.IndentationError,
        SyntaxErrorKind::TabError => &exc.TabError,
        SyntaxErrorKind::IncompleteInput => &exc.IncompleteInputError,
    };
    let text = match &e.text {
        Some(t) => vm.new_str(t)?.into_value(),
        None => vm.none(),
    };
    let details = vm.new_tuple(vec![
        filename.as_value().clone(),
        number(vm, Some(e.lineno))?,
        number(vm, e.offset)?,
        text,
        number(vm, e.end_lineno)?,
        number(vm, e.end_offset)?,
    ])?;
    let msg = vm.new_str(&e.msg)?.into_value();
    if !e.bare {
        return vm.call_pos(ty.as_value(), &[msg, details.into_value()]);
    }
    let v = vm.call1(ty.as_value(), &msg)?;
    if let Some(fields) = v.downcast_ref::<FieldException>() {
        for (field, detail) in fields.fields.iter().skip(1).zip(details.as_slice()) {
            field.set(Some(detail.clone()));
        }
    }
    Ok(v)
}

/// The text with its newlines translated.
pub fn translate(text: &str) -> String {
    taipan_tokenizer::source::translate_newlines(text.into()).into_owned()
}
