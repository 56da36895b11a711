//! Function definitions, lambdas, decorators, and the making of function objects.

use std::rc::Rc;

use taipan_ast::{Arg, Arguments, Expr, ExprContext, Stmt, TypeParam};
use taipan_bytecode::CodeObject;
use taipan_bytecode::opcode::{CompilerOpcode as Op, Intrinsic1, Intrinsic2};
use taipan_wtf8::Wtf8;

use super::oparg::{
    MAKE_FUNCTION_ANNOTATE, MAKE_FUNCTION_ANNOTATIONS, MAKE_FUNCTION_CLOSURE,
    MAKE_FUNCTION_DEFAULTS, MAKE_FUNCTION_KWDEFAULTS,
};
use super::unit::{ArgCounts, FBlockDatum, FBlockKind, ScopeType};
use super::{Compiler, Res};
use crate::instruction_sequence::SourceLocation;
use taipan_symtable::ScopeKey;

/// The parts of a `FunctionDef` or `AsyncFunctionDef`.
#[derive(Clone, Copy)]
pub(crate) struct FunctionDef<'a> {
    pub name: &'a str,
    pub args: &'a Arguments<'a>,
    pub body: &'a [Stmt<'a>],
    pub decorator_list: &'a [Expr<'a>],
    pub returns: Option<&'a Expr<'a>>,
    pub type_params: &'a [TypeParam<'a>],
    pub is_async: bool,
}

fn arg_counts(args: &Arguments<'_>) -> ArgCounts {
    ArgCounts {
        args: args.args.len(),
        posonly: args.posonlyargs.len(),
        kwonly: args.kwonlyargs.len(),
    }
}

impl<'a> Compiler<'a> {
    pub(crate) fn function(&mut self, s: &'a Stmt<'a>, def: &FunctionDef<'a>) -> Res {
        let loc = self.loc(s.loc);
        self.visit_exprs(def.decorator_list)?;
        let first_line = def
            .decorator_list
            .first()
            .map_or(s.loc.lineno, |decorator| decorator.loc.lineno);
        let mut flags = self.default_arguments(loc, def.args)?;

        let generic = !def.type_params.is_empty();
        let mut carried = 0;
        if generic {
            // The defaults are evaluated outside of the type parameters' scope, whose function gets them as arguments.
            carried = (flags & (MAKE_FUNCTION_DEFAULTS | MAKE_FUNCTION_KWDEFAULTS)).count_ones();
            if carried == 2 {
                self.addop_i(loc, Op::Swap, 2);
            }
            let name = self.generic_parameters_name(def.name);
            let counts = ArgCounts {
                args: carried as usize,
                ..ArgCounts::default()
            };
            let key = self.lookup_scope(ScopeKey::type_params(s))?;
            self.enter_scope(name, ScopeType::Annotations, key, first_line, None, counts)?;
            self.type_params(def.type_params)?;
            for i in 0..carried {
                self.addop_i(loc, Op::LoadFast, i);
            }
        }
        if self.function_annotations(s, def.args, def.returns)? {
            flags |= MAKE_FUNCTION_ANNOTATE;
        }
        self.function_body(s, def, flags, first_line)?;
        if generic {
            self.addop_i(loc, Op::Swap, 2);
            self.addop_i(
                loc,
                Op::CallIntrinsic2,
                Intrinsic2::SetFunctionTypeParams as u32,
            );
            let code = self.finish_scope(false)?;
            self.make_closure(loc, &code, 0)?;
            if carried > 0 {
                self.addop_i(loc, Op::Swap, carried + 1);
                self.addop_i(loc, Op::Call, carried - 1);
            } else {
                self.addop(loc, Op::PushNull);
                self.addop_i(loc, Op::Call, 0);
            }
        }
        self.apply_decorators(def.decorator_list);
        self.nameop(loc, def.name, ExprContext::Store)
    }

    fn function_body(
        &mut self,
        s: &'a Stmt<'a>,
        def: &FunctionDef<'a>,
        flags: u32,
        first_line: u32,
    ) -> Res {
        let scope = if def.is_async {
            ScopeType::AsyncFunction
        } else {
            ScopeType::Function
        };
        let id = self.lookup_scope(ScopeKey::block(s))?;
        self.enter_scope(def.name, scope, id, first_line, None, arg_counts(def.args))?;
        let mut body = def.body;
        if self.unit().ste.has_docstring
            && let Some(docstring) = taipan_ast::docstring(body)
        {
            self.add_docstring_const(docstring);
            body = body.get(1..).unwrap_or_default();
        }
        let start = self.new_label();
        self.use_label(start);
        let generator = self.unit().ste.coroutine || self.unit().ste.generator;
        if generator {
            self.push_fblock(
                SourceLocation::NONE,
                FBlockKind::StopIteration,
                Some(start),
                None,
                FBlockDatum::None,
            )?;
        }
        self.visit_stmts(body)?;
        if generator {
            self.wrap_in_stopiteration_handler();
            self.pop_fblock(FBlockKind::StopIteration);
        }
        let code = self.finish_scope(true)?;
        self.make_closure(self.loc(s.loc), &code, flags)
    }

    pub(crate) fn lambda(
        &mut self,
        e: &'a Expr<'a>,
        args: &'a Arguments<'a>,
        body: &'a Expr<'a>,
    ) -> Res {
        let loc = self.loc(e.loc);
        let flags = self.default_arguments(loc, args)?;
        let key = self.lookup_scope(ScopeKey::expression(e))?;
        self.enter_scope(
            "<lambda>",
            ScopeType::Lambda,
            key,
            e.loc.lineno,
            None,
            arg_counts(args),
        )?;
        self.visit_expr(body)?;
        let code = if self.unit().ste.generator {
            self.finish_scope(false)?
        } else {
            self.addop(self.loc(body.loc), Op::ReturnValue);
            self.finish_scope(true)?
        };
        self.make_closure(loc, &code, flags)
    }

    /// Makes a generator's code turn a StopIteration that escapes from it into a RuntimeError.
    pub(crate) fn wrap_in_stopiteration_handler(&mut self) {
        let none = SourceLocation::NONE;
        let handler = self.new_label();
        self.insert_setup_cleanup_at_start(handler);
        self.load_none(none);
        self.addop(none, Op::ReturnValue);
        self.use_label(handler);
        self.addop_i(
            none,
            Op::CallIntrinsic1,
            Intrinsic1::StopiterationError as u32,
        );
        self.addop_i(none, Op::Reraise, 1);
    }

    /// Applies the decorators, which are on the stack, to what is on top of them.
    pub(crate) fn apply_decorators(&mut self, decorators: &'a [Expr<'a>]) {
        for decorator in decorators.iter().rev() {
            self.addop_i(self.loc(decorator.loc), Op::Call, 0);
        }
    }

    /// Pushes the tuple of defaults and the dict of keyword-only ones, those that exist; says which as `MAKE_FUNCTION_*`.
    fn default_arguments(&mut self, loc: SourceLocation, args: &'a Arguments<'a>) -> Res<u32> {
        let mut flags = 0;
        if !args.defaults.is_empty() {
            self.visit_exprs(args.defaults)?;
            self.addop_n(loc, Op::BuildTuple, args.defaults.len());
            flags |= MAKE_FUNCTION_DEFAULTS;
        }
        if self.keyword_only_defaults(loc, args.kwonlyargs, args.kw_defaults)? {
            flags |= MAKE_FUNCTION_KWDEFAULTS;
        }
        Ok(flags)
    }

    fn keyword_only_defaults(
        &mut self,
        loc: SourceLocation,
        args: &'a [Arg<'a>],
        defaults: &'a [Option<Expr<'a>>],
    ) -> Res<bool> {
        let mut count = 0;
        for (arg, default) in args.iter().zip(defaults) {
            if let Some(default) = default {
                let name = self.maybe_mangle(arg.arg);
                self.load_str(loc, name);
                self.visit_expr(default)?;
                count += 1;
            }
        }
        if count > 0 {
            self.addop_n(loc, Op::BuildMap, count);
        }
        Ok(count > 0)
    }

    /// Makes a function of `code` and of what `flags` says is on the stack.
    pub(crate) fn make_closure(
        &mut self,
        loc: SourceLocation,
        code: &Rc<CodeObject>,
        mut flags: u32,
    ) -> Res {
        let mut free = 0;
        for name in code.freevars() {
            let arg = self.closure_arg(name.as_str().unwrap_or(Wtf8::new("")))?;
            self.addop_i(loc, Op::LoadClosure, arg);
            free += 1;
        }
        if free > 0 {
            flags |= MAKE_FUNCTION_CLOSURE;
            self.addop_i(loc, Op::BuildTuple, free);
        }
        self.load_code(loc, code);
        self.addop(loc, Op::MakeFunction);
        for flag in [
            MAKE_FUNCTION_CLOSURE,
            MAKE_FUNCTION_ANNOTATIONS,
            MAKE_FUNCTION_ANNOTATE,
            MAKE_FUNCTION_KWDEFAULTS,
            MAKE_FUNCTION_DEFAULTS,
        ] {
            if flags & flag != 0 {
                self.addop_i(loc, Op::SetFunctionAttribute, flag);
            }
        }
        Ok(())
    }
}
