//! Calls: of functions, methods and `super()`, and the argument lists that class statements share with them.

use taipan_ast::{CmpOp, Expr, ExprContext, ExprKind, Keyword};
use taipan_bytecode::opcode::{CommonConstant, CompilerOpcode as Op, Intrinsic1};
use taipan_symtable::ScopeKey;

use super::expr::{STACK_USE_GUIDELINE, TUPLE};
use super::{Compiler, Res};
use crate::instruction_sequence::{Label, SourceLocation};

/// A call of `super` whose attribute can be loaded without making the super object.
pub(crate) struct SuperCall<'a> {
    func: &'a Expr<'a>,
    args: &'a [Expr<'a>],
    loc: SourceLocation,
}

impl SuperCall<'_> {
    /// Whether it is written `super()`.
    pub(crate) fn zero_args(&self) -> bool {
        self.args.is_empty()
    }
}

impl<'a> Compiler<'a> {
    pub(crate) fn call(
        &mut self,
        e: &'a Expr<'a>,
        func: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
    ) -> Res {
        self.validate_keywords(keywords)?;
        if self.method_call(e, func, args, keywords)? {
            return Ok(());
        }
        let skip_normal_call = self.new_label();
        self.check_caller(func);
        self.visit_expr(func)?;
        self.inline_builtin_call(func, args, keywords, skip_normal_call)?;
        self.addop(self.loc(func.loc), Op::PushNull);
        self.call_helper(self.loc(e.loc), 0, args, None, keywords)?;
        self.use_label(skip_normal_call);
        Ok(())
    }

    /// Emits `obj.meth(...)` without making the bound method, if its form allows; says whether it did.
    fn method_call(
        &mut self,
        e: &'a Expr<'a>,
        func: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
    ) -> Res<bool> {
        let ExprKind::Attribute {
            value,
            attr,
            ctx: ExprContext::Load,
        } = func.kind
        else {
            return Ok(false);
        };
        if self.is_import_originated(value) {
            return Ok(false);
        }
        let count = args.len() + keywords.len();
        if count + usize::from(!keywords.is_empty()) >= STACK_USE_GUIDELINE
            || args
                .iter()
                .any(|arg| matches!(arg.kind, ExprKind::Starred { .. }))
            || keywords.iter().any(|keyword| keyword.arg.is_none())
        {
            return Ok(false);
        }

        let mut loc = self.loc(func.loc);
        if let Some(call) = self.optimizable_super_call(value, attr) {
            self.load_args_for_super(&call)?;
            self.load_super_attr(loc, attr, call.zero_args(), true);
            loc = self.attr_location(loc, func, attr);
            self.addop(loc, Op::Nop);
        } else {
            self.visit_expr(value)?;
            loc = self.attr_location(loc, func, attr);
            self.load_method(loc, attr);
        }
        self.visit_exprs(args)?;
        let call_loc = self.attr_location(self.loc(e.loc), func, attr);
        if keywords.is_empty() {
            self.addop_n(call_loc, Op::Call, args.len());
        } else {
            self.keyword_values(loc, keywords)?;
            self.addop_n(call_loc, Op::CallKw, count);
        }
        Ok(true)
    }

    /// Pushes the values of keyword arguments, then the tuple of their names.
    fn keyword_values(&mut self, loc: SourceLocation, keywords: &'a [Keyword<'a>]) -> Res {
        for keyword in keywords {
            self.visit_expr(keyword.value)?;
        }
        self.load_const_names(loc, keywords.iter().filter_map(|keyword| keyword.arg));
        Ok(())
    }

    /// Whether the module's own scope imports the name `e`; such an object is probably a module, which has no methods.
    fn is_import_originated(&self, e: &Expr<'_>) -> bool {
        match e.kind {
            ExprKind::Name { id, .. } => self.is_imported_at_top(id),
            _ => false,
        }
    }

    /// `value` as a call of `super` that its attribute `attr` can be fused with.
    pub(crate) fn optimizable_super_call(
        &self,
        value: &'a Expr<'a>,
        attr: &str,
    ) -> Option<SuperCall<'a>> {
        let ExprKind::Call {
            func,
            args,
            keywords: [],
        } = value.kind
        else {
            return None;
        };
        if !matches!(func.kind, ExprKind::Name { id: "super", .. }) || attr == "__class__" {
            return None;
        }
        if !self.is_builtin_super() {
            return None;
        }
        let call = SuperCall {
            func,
            args,
            loc: self.loc(value.loc),
        };
        match args {
            [] => {
                // The first parameter and the `__class__` cell stand in for the arguments.
                let counts = self.unit().arg_counts;
                (counts.args + counts.posonly > 0 && self.class_cell_is_free()).then_some(call)
            }
            [first, second] => {
                let starred = |e: &Expr<'_>| matches!(e.kind, ExprKind::Starred { .. });
                (!starred(first) && !starred(second)).then_some(call)
            }
            _ => None,
        }
    }

    /// Pushes `super` and its two arguments, those that the call leaves out included.
    pub(crate) fn load_args_for_super(&mut self, call: &SuperCall<'a>) -> Res {
        self.nameop(self.loc(call.func.loc), "super", ExprContext::Load)?;
        if let [first, second] = call.args {
            self.visit_expr(first)?;
            return self.visit_expr(second);
        }
        self.nameop(call.loc, "__class__", ExprContext::Load)?;
        match self.unit().varnames.names().first().copied() {
            Some(first) => self.nameop(call.loc, first, ExprContext::Load),
            None => self.internal_error("super() without a first parameter"),
        }
    }

    /// `all`, `any` and `tuple` of a generator expression: a loop in place, for when the name still means the builtin.
    /// The code falls through when it does not.
    fn inline_builtin_call(
        &mut self,
        func: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
        end: Label,
    ) -> Res {
        let (ExprKind::Name { id, .. }, [generator]) = (func.kind, args) else {
            return Ok(());
        };
        if !keywords.is_empty() || !matches!(generator.kind, ExprKind::GeneratorExp { .. }) {
            return Ok(());
        }
        // The loop of an asynchronous generator expression would need `await`.
        let asynchronous = {
            let scope = self.lookup_scope(ScopeKey::expression(generator))?;
            self.scope(scope).coroutine
        };
        if asynchronous {
            return Ok(());
        }
        let loc = self.loc(func.loc);
        let skip_optimization = self.new_label();
        // The builtin, and for `all` and `any` the truth with which the loop goes on.
        let known = match id {
            "all" => Some((CommonConstant::BuiltinAll, Some(true))),
            "any" => Some((CommonConstant::BuiltinAny, Some(false))),
            "tuple" => Some((CommonConstant::BuiltinTuple, None)),
            _ => None,
        };
        if let Some((builtin, continue_on)) = known {
            self.addop_i(loc, Op::Copy, 1);
            self.addop_i(loc, Op::LoadCommonConstant, builtin as u32);
            self.addop_compare(loc, CmpOp::Is);
            self.addop_jump(loc, Op::PopJumpIfFalse, skip_optimization);
            self.addop(loc, Op::PopTop);
            if continue_on.is_none() {
                self.addop_i(loc, Op::BuildList, 0);
            }
            self.visit_expr(generator)?;

            let next = self.new_label();
            let cleanup = self.new_label();
            self.use_label(next);
            self.addop_jump(loc, Op::ForIter, cleanup);
            match continue_on {
                None => {
                    self.addop_i(loc, Op::ListAppend, 2);
                    self.addop_jump(loc, Op::Jump, next);
                }
                Some(truth) => {
                    self.addop(loc, Op::ToBool);
                    self.addop_jump(loc, super::condition::pop_jump_if(truth), next);
                }
            }
            self.addop(SourceLocation::NONE, Op::PopIter);
            if let Some(truth) = continue_on {
                self.load_bool(loc, !truth);
            }
            self.addop_jump(loc, Op::Jump, end);

            self.use_label(cleanup);
            self.addop(SourceLocation::NONE, Op::EndFor);
            self.addop(SourceLocation::NONE, Op::PopIter);
            match continue_on {
                None => self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::ListToTuple as u32),
                Some(truth) => self.load_bool(loc, truth),
            }
            self.addop_jump(loc, Op::Jump, end);
        }
        self.use_label(skip_optimization);
        Ok(())
    }

    fn validate_keywords(&mut self, keywords: &'a [Keyword<'a>]) -> Res {
        for (i, keyword) in keywords.iter().enumerate() {
            let Some(name) = keyword.arg else { continue };
            if let Some(other) = keywords
                .iter()
                .skip(i + 1)
                .find(|other| other.arg == Some(name))
            {
                return self.error(
                    self.loc(other.loc),
                    format!("keyword argument repeated: {name}"),
                );
            }
        }
        Ok(())
    }

    /// Pushes arguments and calls the callable below them. `pushed` arguments are on the stack already; the value of
    /// the name `injected` is the last positional one.
    pub(crate) fn call_helper(
        &mut self,
        loc: SourceLocation,
        pushed: usize,
        args: &'a [Expr<'a>],
        injected: Option<&'a str>,
        keywords: &'a [Keyword<'a>],
    ) -> Res {
        self.validate_keywords(keywords)?;
        let unpacks = args
            .iter()
            .any(|arg| matches!(arg.kind, ExprKind::Starred { .. }))
            || keywords.iter().any(|keyword| keyword.arg.is_none());
        if unpacks || args.len() + keywords.len() * 2 > STACK_USE_GUIDELINE {
            return self.call_ex(loc, pushed, args, injected, keywords);
        }
        self.visit_exprs(args)?;
        let mut count = pushed + args.len();
        if let Some(name) = injected {
            self.nameop(loc, name, ExprContext::Load)?;
            count += 1;
        }
        if keywords.is_empty() {
            self.addop_n(loc, Op::Call, count);
        } else {
            self.keyword_values(loc, keywords)?;
            self.addop_n(loc, Op::CallKw, count + keywords.len());
        }
        Ok(())
    }

    /// A call through a tuple of the positional and a dict of the keyword arguments.
    fn call_ex(
        &mut self,
        loc: SourceLocation,
        pushed: usize,
        args: &'a [Expr<'a>],
        injected: Option<&'a str>,
        keywords: &'a [Keyword<'a>],
    ) -> Res {
        match args {
            [
                Expr {
                    kind: ExprKind::Starred { value, .. },
                    ..
                },
            ] if pushed == 0 => self.visit_expr(value)?,
            _ => self.starunpack(loc, args, injected, pushed, TUPLE)?,
        }
        if keywords.is_empty() {
            self.addop(loc, Op::PushNull);
            self.addop(loc, Op::CallFunctionEx);
            return Ok(());
        }
        let mut have_dict = false;
        // The named keyword arguments since the last `**`.
        let mut named = 0;
        for (i, keyword) in keywords.iter().enumerate() {
            if keyword.arg.is_some() {
                named += 1;
                continue;
            }
            if named > 0 {
                self.subkwargs(loc, &keywords[i - named..i], have_dict)?;
                have_dict = true;
                named = 0;
            }
            if !have_dict {
                self.addop_i(loc, Op::BuildMap, 0);
                have_dict = true;
            }
            self.visit_expr(keyword.value)?;
            self.addop_i(loc, Op::DictMerge, 1);
        }
        if named > 0 {
            self.subkwargs(loc, &keywords[keywords.len() - named..], have_dict)?;
        }
        self.addop(loc, Op::CallFunctionEx);
        Ok(())
    }

    /// Builds a dict of named arguments, and merges it into the one below when there is one.
    fn subkwargs(
        &mut self,
        loc: SourceLocation,
        keywords: &'a [Keyword<'a>],
        have_dict: bool,
    ) -> Res {
        let big = keywords.len() * 2 > STACK_USE_GUIDELINE;
        if big {
            self.addop_i(SourceLocation::NONE, Op::BuildMap, 0);
        }
        for keyword in keywords {
            self.load_str(loc, keyword.arg.unwrap_or_default());
            self.visit_expr(keyword.value)?;
            if big {
                self.addop_i(SourceLocation::NONE, Op::MapAdd, 1);
            }
        }
        if !big {
            self.addop_n(loc, Op::BuildMap, keywords.len());
        }
        if have_dict {
            self.addop_i(loc, Op::DictMerge, 1);
        }
        Ok(())
    }
}
