//! The code generator: it walks a tree, with its symbol table at hand, and fills an instruction sequence for each code
//! unit. One file a construct; [`Compiler`] here holds what they share, and [`compile`] is the way in.
//!
//! What is emitted, and with which locations, is what CPython's generator emits, however redundant: the optimizer behind
//! it ([`crate::flowgraph`]) must see the same instructions to give the same code.

mod annotations;
mod call;
mod check;
mod class;
mod comprehension;
mod constants;
mod docstring;
mod emit;
mod expr;
mod fblock;
mod fstring;
mod function;
mod import_;
mod match_;
mod names;
mod oparg;
mod scope;
mod stmt;
mod try_;
mod type_params;
mod unit;
mod with_;

use std::rc::Rc;

use taipan_ast::future::CO_FUTURE_ANNOTATIONS;
use taipan_ast::{Arena, CompileError, Expr, Location, Mod, StackLimit, Stmt};
use taipan_bytecode::constant::Str;
use taipan_bytecode::opcode::CompilerOpcode as Op;
use taipan_bytecode::{CodeObject, Constant};
use taipan_symtable::{ScopeId, SymbolTable};
use taipan_wtf8::Wtf8;

use crate::assemble::{AssembleError, UnitMetadata};
use crate::const_cache::ConstCache;
use crate::instruction_sequence::{InstructionSequence, SourceLocation};
use unit::{ArgCounts, CompilerUnit, ScopeType};

/// Why something could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// What is wrong with the tree.
    Tree(CompileError),
    /// A failure of the compiler's back half; source text leads to it only by sheer size.
    Assemble(AssembleError),
    /// A `SystemError` with this message: a tree that no source text has.
    System(String),
}

impl From<CompileError> for Error {
    fn from(error: CompileError) -> Error {
        Error::Tree(error)
    }
}

impl From<AssembleError> for Error {
    fn from(error: AssembleError) -> Error {
        Error::Assemble(error)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Tree(error) => error.fmt(f),
            Error::Assemble(AssembleError::System(message)) => write!(f, "SystemError: {message}"),
            Error::Assemble(AssembleError::Value(message)) => write!(f, "ValueError: {message}"),
            Error::Assemble(AssembleError::Overflow(message)) => {
                write!(f, "OverflowError: {message}")
            }
            Error::System(message) => write!(f, "SystemError: {message}"),
        }
    }
}

impl std::error::Error for Error {}

/// The result of emitting something.
pub(crate) type Res<T = ()> = Result<T, Error>;

/// A `SyntaxWarning` of the compiler. Where warnings are errors, it becomes a `SyntaxError` at the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is suspicious.
    pub message: String,
    /// Where.
    pub location: SourceLocation,
}

/// How to compile.
#[derive(Clone, Debug)]
pub struct CompileOptions {
    /// `co_filename`.
    pub filename: Rc<Str>,
    /// 0, 1 without assertions, 2 without docstrings too.
    pub optimize: u8,
    /// The `CO_FUTURE_*` flags that go into each code object: those of the module and those that it inherits.
    pub flags: u32,
    /// How far down the stack the compiler may go.
    pub stack_limit: StackLimit,
}

/// What a compilation comes to.
#[derive(Debug)]
pub struct Compiled {
    /// The module's code.
    pub code: Rc<CodeObject>,
    /// What it warns of, in order.
    pub warnings: Vec<Warning>,
}

/// Something that looks at each code unit between the compiler's halves.
pub type Observer<'o> = &'o mut dyn FnMut(&UnitMetadata, &InstructionSequence);

/// Compiles a tree that has been preprocessed, with its symbol table.
pub fn compile<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    symtable: &'a SymbolTable<'a>,
    options: &'a CompileOptions,
) -> Result<Compiled, Error> {
    compile_observed(arena, module, symtable, options, &mut |_, _| {})
}

/// The same, with a look at what the code generator hands to the optimizer; inner units come first.
pub fn compile_observed<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    symtable: &'a SymbolTable<'a>,
    options: &'a CompileOptions,
    observer: Observer<'a>,
) -> Result<Compiled, Error> {
    let mut compiler = Compiler {
        arena,
        symtable,
        options,
        units: Vec::new(),
        const_cache: ConstCache::new(),
        interactive: matches!(module, Mod::Interactive { .. }),
        disabled_warnings: 0,
        warnings: Vec::new(),
        observer,
    };
    let code = compiler.module(module)?;
    Ok(Compiled {
        code,
        warnings: compiler.warnings,
    })
}

/// The state of a compilation.
pub(crate) struct Compiler<'a> {
    /// Where names live that are made here.
    arena: &'a Arena,
    symtable: &'a SymbolTable<'a>,
    options: &'a CompileOptions,
    /// The unit that is being compiled, behind those around it. Never empty while something is emitted.
    units: Vec<CompilerUnit<'a>>,
    const_cache: ConstCache,
    interactive: bool,
    /// Not zero inside the second copy of a `finally` clause, whose warnings the first one gave.
    disabled_warnings: u32,
    warnings: Vec<Warning>,
    observer: Observer<'a>,
}

impl<'a> Compiler<'a> {
    fn module(&mut self, module: &'a Mod<'a>) -> Res<Rc<CodeObject>> {
        self.enter_scope(
            "<module>",
            ScopeType::Module,
            ScopeId::TOP,
            1,
            None,
            ArgCounts::default(),
        )?;
        match *module {
            Mod::Module { body, .. } => self.module_body(body, false)?,
            Mod::Interactive { body } => self.module_body(body, true)?,
            Mod::Expression { body } => self.visit_expr(body)?,
            Mod::FunctionType { .. } => {
                return self.internal_error("module kind 4 should not be possible");
            }
        }
        self.finish_scope(!matches!(module, Mod::Expression { .. }))
    }

    fn module_body(&mut self, body: &'a [Stmt<'a>], interactive: bool) -> Res {
        let loc = body
            .first()
            .map_or(SourceLocation::new(1, 1, 0, 0), |first| self.loc(first.loc));
        if self.unit().ste.has_conditional_annotations {
            self.addop_i(loc, Op::BuildSet, 0);
            self.addop_name_unmangled(loc, Op::StoreName, "__conditional_annotations__");
        }
        self.body(loc, body, interactive)
    }

    /// The statements of a module or class, its docstring and its annotations.
    fn body(&mut self, loc: SourceLocation, mut body: &'a [Stmt<'a>], interactive: bool) -> Res {
        let ste = self.unit().ste;
        if self.future_annotations() && ste.annotations_used {
            self.addop(loc, Op::SetupAnnotations);
        }
        let Some((first, rest)) = body.split_first() else {
            return Ok(());
        };
        if !interactive
            && ste.has_docstring
            && let Some(doc) = taipan_ast::docstring(body)
        {
            let doc = docstring::clean_doc(doc);
            let loc = match first.kind {
                taipan_ast::StmtKind::Expr { value } => self.loc(value.loc),
                _ => loc,
            };
            self.load_wtf8(loc, &doc);
            self.nameop(
                SourceLocation::NONE,
                "__doc__",
                taipan_ast::ExprContext::Store,
            )?;
            body = rest;
        }
        self.visit_stmts(body)?;
        if !self.future_annotations() {
            self.process_deferred_annotations(loc)?;
        }
        Ok(())
    }

    /// The unit that is being compiled.
    pub(crate) fn unit(&self) -> &CompilerUnit<'a> {
        self.units
            .last()
            .expect("a scope is entered before anything is emitted")
    }

    /// The unit that is being compiled.
    pub(crate) fn unit_mut(&mut self) -> &mut CompilerUnit<'a> {
        self.units
            .last_mut()
            .expect("a scope is entered before anything is emitted")
    }

    /// A node's place.
    pub(crate) fn loc(&self, loc: Location) -> SourceLocation {
        // Numbers over the range of `int` come from hand-made trees; they wrap, as negative ones are meant to.
        SourceLocation::new(
            loc.lineno as i32,
            loc.end_lineno as i32,
            loc.col_offset as i32,
            loc.end_col_offset as i32,
        )
    }

    /// To be called by all that recurses over the tree.
    pub(crate) fn check_depth(&self) -> Res {
        self.options
            .stack_limit
            .check()
            .map_err(|_| Error::Tree(CompileError::TooDeep))
    }

    /// Fails with a `SyntaxError`.
    pub(crate) fn error<T>(&self, loc: SourceLocation, message: impl Into<String>) -> Res<T> {
        let loc = Location::new(
            loc.lineno as u32,
            loc.col_offset as u32,
            loc.end_lineno as u32,
            loc.end_col_offset as u32,
        );
        Err(Error::Tree(CompileError::syntax(message, loc)))
    }

    /// Fails with a `SystemError`: for trees that the parser does not make.
    pub(crate) fn internal_error<T>(&self, message: impl Into<String>) -> Res<T> {
        Err(Error::System(message.into()))
    }

    pub(crate) fn warn(&mut self, location: SourceLocation, message: impl Into<String>) {
        if self.disabled_warnings == 0 {
            self.warnings.push(Warning {
                message: message.into(),
                location,
            });
        }
    }

    pub(crate) fn future_annotations(&self) -> bool {
        self.options.flags & CO_FUTURE_ANNOTATIONS != 0
    }

    pub(crate) fn is_interactive_top_level(&self) -> bool {
        self.interactive && self.units.len() == 1
    }

    pub(crate) fn is_function_like(&self) -> bool {
        self.unit().ste.is_function_like()
    }

    /// Puts a docstring where the runtime looks for it: first among a function's constants.
    pub(crate) fn add_docstring_const(&mut self, doc: &Wtf8) {
        let doc = docstring::clean_doc(doc);
        self.add_const(Constant::str(doc));
    }

    /// An annotation as the text that `from __future__ import annotations` makes of it.
    pub(crate) fn unparse(&self, annotation: &'a Expr<'a>) -> Res<taipan_wtf8::Wtf8Buf> {
        taipan_ast::unparse(annotation, self.options.stack_limit)
            .map_err(|_| Error::Tree(CompileError::TooDeep))
    }
}
