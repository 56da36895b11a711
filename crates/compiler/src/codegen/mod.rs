//! The code generator: it walks a tree, with its symbol table at hand, and fills an instruction sequence for each code
//! unit. One file a construct; [`Compiler`] here holds what they share, and [`generate`] is the way in.
//!
//! What is emitted, and with which locations, is what CPython's generator emits, however redundant: the optimizer behind
//! it ([`crate::flowgraph`]) must see the same instructions to give the same code.

mod annotations;
mod call;
mod check;
mod class;
mod comprehension;
mod condition;
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
use taipan_ast::preprocess::syntax_warning;
use taipan_ast::{Arena, CompileError, Expr, Location, Mod, Stmt};
use taipan_bytecode::opcode::CompilerOpcode as Op;
use taipan_bytecode::{CodeObject, Constant};
use taipan_symtable::{ScopeId, SymbolTable};
use taipan_tokenizer::SyntaxWarning;
use taipan_wtf8::Wtf8;

use crate::assemble::UnitMetadata;
use crate::const_cache::ConstCache;
use crate::flowgraph::graph::Room;
use crate::graphs::ObservedGraph;
use crate::instruction_sequence::{InstructionSequence, SourceLocation};
use crate::{CompileOptions, Error};
pub(crate) use docstring::clean_doc;
use unit::{ArgCounts, CompilerUnit, ScopeType, Tables};

/// The result of emitting something.
pub(crate) type Res<T = ()> = Result<T, Error>;

/// A code unit between the compiler's halves.
pub struct ObservedUnit<'u> {
    /// What it has beside its instructions.
    pub metadata: &'u UnitMetadata,
    /// Its instructions.
    pub sequence: &'u InstructionSequence,
    /// Its constants by index.
    pub consts: &'u [Constant],
    /// How many units are around it.
    pub depth: usize,
}

/// Something that looks on while code units are made; inner units come first.
pub trait Observer {
    /// A unit's instructions have been generated.
    fn generated(&mut self, _unit: &ObservedUnit<'_>) {}

    /// The same unit's have been optimized.
    fn optimized(&mut self, _graph: &ObservedGraph<'_>) {}

    /// The same unit's code object has been made.
    fn assembled(&mut self, _code: &Rc<CodeObject>) {}
}

/// Nobody looks.
impl Observer for () {}

/// What looks at the units between the compiler's halves.
impl<F: FnMut(&ObservedUnit<'_>)> Observer for F {
    fn generated(&mut self, unit: &ObservedUnit<'_>) {
        self(unit);
    }
}

/// Compiles a tree that has been preprocessed, with its symbol table. The flags of `options` must include those that
/// the module asks for itself.
pub fn generate<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    symtable: &'a SymbolTable<'a>,
    options: &'a CompileOptions,
    warnings: &'a mut Vec<SyntaxWarning>,
    observer: &'a mut dyn Observer,
) -> Result<Rc<CodeObject>, Error> {
    let mut compiler = Compiler {
        arena,
        symtable,
        options,
        units: Vec::new(),
        const_cache: ConstCache::new(),
        room: Room::default(),
        spare: Vec::new(),
        interactive: matches!(module, Mod::Interactive { .. }),
        disabled_warnings: 0,
        warnings,
        observer,
    };
    compiler.module(module)
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
    /// For the graph of the next unit that ends.
    room: Room,
    /// For the next units that begin.
    spare: Vec<Tables<'a>>,
    interactive: bool,
    /// Not zero inside the second copy of a `finally` clause, whose warnings the first one gave.
    disabled_warnings: u32,
    warnings: &'a mut Vec<SyntaxWarning>,
    observer: &'a mut dyn Observer,
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
        Err(Error::Tree(CompileError::syntax(message, location(loc))))
    }

    /// Fails with a `SystemError`: for trees that the parser does not make.
    pub(crate) fn internal_error<T>(&self, message: impl Into<String>) -> Res<T> {
        Err(Error::System(message.into()))
    }

    pub(crate) fn warn(&mut self, loc: SourceLocation, message: impl Into<String>) {
        if self.disabled_warnings == 0 {
            self.warnings
                .push(syntax_warning(message.into(), location(loc)));
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

/// An instruction's place as a node's.
fn location(loc: SourceLocation) -> Location {
    Location::new(
        loc.lineno as u32,
        loc.col_offset as u32,
        loc.end_lineno as u32,
        loc.end_col_offset as u32,
    )
}
