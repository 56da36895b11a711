//! The first pass over statements, annotations and type parameters.

use taipan_ast::{
    Alias, Arg, Arguments, ExceptHandlerKind, Expr, ExprContext, ExprKind, Keyword, Location,
    MatchCase, Stmt, StmtKind, TypeParam, TypeParamKind, docstring,
};

use crate::builder::{Builder, Result, check_name, error};
use crate::flags::*;
use crate::messages;
use crate::scope::{BlockType, ScopeId, ScopeKey};

/// What the statements `def` and `async def` have in common.
struct Function<'a> {
    name: &'a str,
    args: &'a Arguments<'a>,
    body: &'a [Stmt<'a>],
    decorator_list: &'a [Expr<'a>],
    returns: Option<&'a Expr<'a>>,
    type_params: &'a [TypeParam<'a>],
    is_async: bool,
}

impl<'a> Builder<'a> {
    pub fn stmts(&mut self, body: &'a [Stmt<'a>]) -> Result {
        body.iter().try_for_each(|statement| self.stmt(statement))
    }

    pub fn stmt(&mut self, node: &'a Stmt<'a>) -> Result {
        self.options.limit.check()?;
        let loc = node.loc;
        match node.kind {
            StmtKind::FunctionDef {
                name,
                args,
                body,
                decorator_list,
                returns,
                type_params,
                ..
            } => {
                let function = Function {
                    name,
                    args,
                    body,
                    decorator_list,
                    returns,
                    type_params,
                    is_async: false,
                };
                self.function(node, &function)
            }
            StmtKind::AsyncFunctionDef {
                name,
                args,
                body,
                decorator_list,
                returns,
                type_params,
                ..
            } => {
                let function = Function {
                    name,
                    args,
                    body,
                    decorator_list,
                    returns,
                    type_params,
                    is_async: true,
                };
                self.function(node, &function)
            }
            StmtKind::ClassDef {
                name,
                bases,
                keywords,
                body,
                decorator_list,
                type_params,
            } => {
                self.add_def(name, DEF_LOCAL, loc)?;
                self.exprs(decorator_list)?;
                let outer_class = self.class;
                if !type_params.is_empty() {
                    self.enter_type_params(name, node, &[])?;
                    for hidden in [".type_params", ".generic_base"] {
                        self.add_def(hidden, DEF_LOCAL, loc)?;
                        self.add_def(hidden, USE, loc)?;
                    }
                    self.class = Some(name);
                    self.mangle_type_params_only();
                    self.type_params(type_params)?;
                }
                self.exprs(bases)?;
                self.keywords(keywords)?;
                self.enter(name, BlockType::Class, ScopeKey::block(node), loc)?;
                self.class = Some(name);
                if !type_params.is_empty() {
                    self.add_def("__type_params__", DEF_LOCAL, loc)?;
                    self.add_def(".type_params", USE, loc)?;
                }
                self.cur().has_docstring = docstring(body).is_some();
                self.stmts(body)?;
                self.exit();
                if !type_params.is_empty() {
                    self.exit();
                }
                self.class = outer_class;
                Ok(())
            }
            StmtKind::TypeAlias {
                name: target,
                type_params,
                value,
            } => {
                self.expr(target)?;
                let ExprKind::Name { id: name, .. } = target.kind else {
                    return Ok(());
                };
                let in_class = self.cur_type() == BlockType::Class;
                if !type_params.is_empty() {
                    self.enter_type_params(name, node, &[])?;
                    self.type_params(type_params)?;
                }
                self.enter(name, BlockType::TypeAlias, ScopeKey::block(node), loc)?;
                if in_class {
                    self.see_class_scope(value.loc)?;
                }
                self.expr(value)?;
                self.exit();
                if !type_params.is_empty() {
                    self.exit();
                }
                Ok(())
            }
            StmtKind::Return { value } => {
                if let Some(value) = value {
                    self.expr(value)?;
                    self.cur().returns_value = true;
                }
                Ok(())
            }
            StmtKind::Delete { targets } => self.exprs(targets),
            StmtKind::Assign { targets, value, .. } => {
                self.exprs(targets)?;
                self.expr(value)
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target)?;
                self.expr(value)
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => self.ann_assign(loc, target, annotation, value, simple != 0),
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                ..
            } => {
                self.expr(target)?;
                self.expr(iter)?;
                self.conditional(&[body, orelse])
            }
            StmtKind::AsyncFor {
                target,
                iter,
                body,
                orelse,
                ..
            } => {
                self.require_coroutine(messages::ASYNC_FOR_OUTSIDE, loc)?;
                self.expr(target)?;
                self.expr(iter)?;
                self.conditional(&[body, orelse])
            }
            StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
                self.expr(test)?;
                self.conditional(&[body, orelse])
            }
            StmtKind::With { items, body, .. } | StmtKind::AsyncWith { items, body, .. } => {
                if let StmtKind::AsyncWith { .. } = node.kind {
                    self.require_coroutine(messages::ASYNC_WITH_OUTSIDE, loc)?;
                }
                let outer = self.enter_conditional();
                for item in items {
                    self.expr(item.context_expr)?;
                    self.opt_expr(item.optional_vars)?;
                }
                self.stmts(body)?;
                self.leave_conditional(outer);
                Ok(())
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject)?;
                let outer = self.enter_conditional();
                cases.iter().try_for_each(|case| self.match_case(case))?;
                self.leave_conditional(outer);
                Ok(())
            }
            StmtKind::Raise { exc, cause } => {
                if exc.is_some() {
                    self.opt_expr(exc)?;
                    self.opt_expr(cause)?;
                }
                Ok(())
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            }
            | StmtKind::TryStar {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                let outer = self.enter_conditional();
                self.stmts(body)?;
                for handler in handlers {
                    let ExceptHandlerKind::ExceptHandler { type_, name, body } = handler.kind;
                    self.opt_expr(type_)?;
                    if let Some(name) = name {
                        self.add_def(name, DEF_LOCAL, handler.loc)?;
                    }
                    self.stmts(body)?;
                }
                self.stmts(orelse)?;
                self.stmts(finalbody)?;
                self.leave_conditional(outer);
                Ok(())
            }
            StmtKind::Assert { test, msg } => {
                self.expr(test)?;
                self.opt_expr(msg)
            }
            StmtKind::Import { names } => names.iter().try_for_each(|alias| self.alias(alias)),
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => {
                names.iter().try_for_each(|alias| self.alias(alias))?;
                if module == Some("__future__")
                    && level.unwrap_or(0) == 0
                    && self.is_past_future(loc)
                {
                    return error(messages::FUTURE_LATE, loc);
                }
                Ok(())
            }
            StmtKind::Global { names } => self.directive(names, DEF_GLOBAL, "global", loc),
            StmtKind::Nonlocal { names } => self.directive(names, DEF_NONLOCAL, "nonlocal", loc),
            StmtKind::Expr { value } => self.expr(value),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => Ok(()),
        }
    }

    fn enter_conditional(&mut self) -> bool {
        std::mem::replace(&mut self.cur().in_conditional_block, true)
    }

    fn leave_conditional(&mut self, outer: bool) {
        self.cur().in_conditional_block = outer;
    }

    /// Visits bodies that may be executed or not.
    fn conditional(&mut self, bodies: &[&'a [Stmt<'a>]]) -> Result {
        let outer = self.enter_conditional();
        bodies.iter().try_for_each(|body| self.stmts(body))?;
        self.leave_conditional(outer);
        Ok(())
    }

    fn function(&mut self, node: &'a Stmt<'a>, function: &Function<'a>) -> Result {
        let Function { name, args, .. } = *function;
        self.add_def(name, DEF_LOCAL, node.loc)?;
        self.exprs(args.defaults)?;
        args.kw_defaults
            .iter()
            .flatten()
            .try_for_each(|default| self.expr(default))?;
        self.exprs(function.decorator_list)?;
        let generic = !function.type_params.is_empty();
        if generic {
            // The defaults are evaluated outside and handed in. CPython reserves the first parameter even if there
            // are none.
            let keyword_defaults = args.kw_defaults.iter().any(Option::is_some);
            let hidden = if keyword_defaults {
                &[".defaults", ".kwdefaults"][..]
            } else {
                &[".defaults"]
            };
            self.enter_type_params(name, node, hidden)?;
            self.type_params(function.type_params)?;
        }
        let scope = self.new_scope(
            name,
            BlockType::Function,
            Some(ScopeKey::block(node)),
            node.loc,
        );
        self.table.scope_mut(scope).has_docstring = docstring(function.body).is_some();
        self.signature_annotations(node, args, function.returns)?;
        self.enter_existing(scope);
        self.cur().coroutine = function.is_async;
        self.parameters(args)?;
        self.stmts(function.body)?;
        self.exit();
        if generic {
            self.exit();
        }
        Ok(())
    }

    /// Notes the parameters of a function or lambda expression.
    pub fn parameters(&mut self, args: &'a Arguments<'a>) -> Result {
        for arg in [args.posonlyargs, args.args, args.kwonlyargs]
            .into_iter()
            .flatten()
        {
            self.add_def(arg.arg, DEF_PARAM, arg.loc)?;
        }
        if let Some(arg) = args.vararg {
            self.add_def(arg.arg, DEF_PARAM, arg.loc)?;
            self.cur().varargs = true;
        }
        if let Some(arg) = args.kwarg {
            self.add_def(arg.arg, DEF_PARAM, arg.loc)?;
            self.cur().varkeywords = true;
        }
        Ok(())
    }

    /// Makes the scope of a function's `__annotate__`.
    fn signature_annotations(
        &mut self,
        node: &'a Stmt<'a>,
        args: &'a Arguments<'a>,
        returns: Option<&'a Expr<'a>>,
    ) -> Result {
        let outer = self.cur();
        let in_class = outer.can_see_class_scope || outer.block_type == BlockType::Class;
        self.enter(
            "__annotate__",
            BlockType::Annotation,
            ScopeKey::annotations(node),
            node.loc,
        )?;
        if in_class {
            self.see_class_scope(node.loc)?;
        }
        let positional = [args.posonlyargs, args.args].into_iter().flatten();
        let starred = args.vararg.into_iter().chain(args.kwarg);
        let annotations = positional
            .chain(starred)
            .chain(args.kwonlyargs)
            .filter_map(|arg: &Arg<'a>| arg.annotation);
        for annotation in annotations.chain(returns) {
            self.cur().annotations_used = true;
            self.expr(annotation)?;
        }
        self.exit();
        Ok(())
    }

    /// Notes that the innermost scope sees the names of the class around it.
    fn see_class_scope(&mut self, loc: Location) -> Result {
        self.cur().can_see_class_scope = true;
        self.add_def("__classdict__", USE, loc)
    }

    fn ann_assign(
        &mut self,
        loc: Location,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        simple: bool,
    ) -> Result {
        self.cur().annotations_used = true;
        if let ExprKind::Name { id, .. } = target.kind {
            let flags = self.lookup(self.cur, id);
            if simple && flags & (DEF_GLOBAL | DEF_NONLOCAL) != 0 && self.cur != ScopeId::TOP {
                let what = if flags & DEF_GLOBAL != 0 {
                    "global"
                } else {
                    "nonlocal"
                };
                return error(format!("annotated name '{id}' can't be {what}"), loc);
            }
            if simple {
                self.add_def(id, DEF_ANNOT | DEF_LOCAL, target.loc)?;
            } else if value.is_some() {
                self.add_def(id, DEF_LOCAL, target.loc)?;
            }
        } else {
            self.expr(target)?;
        }
        self.annotation(annotation)?;
        self.opt_expr(value)
    }

    /// Visits the annotation of a variable.
    fn annotation(&mut self, annotation: &'a Expr<'a>) -> Result {
        let outer = self.cur;
        let outer_type = self.cur_type();
        let scope = self.cur();
        // A module's annotations may always be read before all of them have been executed.
        let conditional = outer_type == BlockType::Module
            || outer_type == BlockType::Class && scope.in_conditional_block;
        if conditional && !scope.has_conditional_annotations {
            scope.has_conditional_annotations = true;
            self.add_def("__conditional_annotations__", USE, annotation.loc)?;
        }
        match self.table.scope(outer).annotation_block {
            Some(block) => self.enter_again(block),
            None => {
                let block =
                    self.new_scope("__annotate__", BlockType::Annotation, None, annotation.loc);
                self.table.scope_mut(outer).annotation_block = Some(block);
                self.enter_existing(block);
                self.add_format(annotation.loc)?;
                if outer_type == BlockType::Class && !self.future_annotations() {
                    self.see_class_scope(annotation.loc)?;
                }
            }
        }
        let unevaluated = outer_type == BlockType::Function;
        if unevaluated {
            self.cur().in_unevaluated_annotation = true;
        }
        self.expr(annotation)?;
        if unevaluated {
            self.cur().in_unevaluated_annotation = false;
        }
        self.exit();
        Ok(())
    }

    /// Notes the keywords of a call or class, and visits their values.
    pub fn keywords(&mut self, keywords: &'a [Keyword<'a>]) -> Result {
        for keyword in keywords {
            if let Some(name) = keyword.arg {
                check_name(name, keyword.loc, ExprContext::Store)?;
            }
        }
        keywords
            .iter()
            .try_for_each(|keyword| self.expr(keyword.value))
    }

    fn match_case(&mut self, case: &'a MatchCase<'a>) -> Result {
        self.pattern(case.pattern)?;
        self.opt_expr(case.guard)?;
        self.stmts(case.body)
    }

    fn alias(&mut self, alias: &'a Alias<'a>) -> Result {
        let name = alias.asname.unwrap_or(alias.name);
        if name != "*" {
            let first = name.split_once('.').map_or(name, |(first, _)| first);
            self.add_def(first, DEF_IMPORT, alias.loc)
        } else if self.cur_type() != BlockType::Module {
            error(messages::IMPORT_STAR, alias.loc)
        } else {
            Ok(())
        }
    }

    /// Whether a statement stands after the place where the future may be imported.
    fn is_past_future(&self, loc: Location) -> bool {
        self.options.future.last_import.is_none_or(|last| {
            loc.lineno > last.lineno
                || loc.lineno == last.end_lineno && loc.col_offset > last.end_col_offset
        })
    }

    fn directive(&mut self, names: &'a [&'a str], flag: u32, what: &str, loc: Location) -> Result {
        for name in names {
            let flags = self.lookup(self.cur, name);
            if flags & (DEF_PARAM | DEF_LOCAL | USE | DEF_ANNOT) != 0 {
                return error(
                    if flags & DEF_PARAM != 0 {
                        format!("name '{name}' is parameter and {what}")
                    } else if flags & USE != 0 {
                        format!("name '{name}' is used prior to {what} declaration")
                    } else if flags & DEF_ANNOT != 0 {
                        format!("annotated name '{name}' can't be {what}")
                    } else {
                        format!("name '{name}' is assigned to before {what} declaration")
                    },
                    loc,
                );
            }
            self.add_def(name, flag, loc)?;
            self.record_directive(name, loc);
        }
        Ok(())
    }

    /// Enters the block of type parameters, with hidden parameters.
    fn enter_type_params(
        &mut self,
        name: &'a str,
        node: &'a Stmt<'a>,
        hidden: &[&'static str],
    ) -> Result {
        let in_class = self.cur_type() == BlockType::Class;
        self.enter(
            name,
            BlockType::TypeParameters,
            ScopeKey::type_params(node),
            node.loc,
        )?;
        if in_class {
            self.see_class_scope(node.loc)?;
        }
        hidden
            .iter()
            .try_for_each(|name| self.add_def(name, DEF_PARAM, node.loc))
    }

    fn type_params(&mut self, params: &'a [TypeParam<'a>]) -> Result {
        for param in params {
            self.options.limit.check()?;
            let (TypeParamKind::TypeVar { name, .. }
            | TypeParamKind::TypeVarTuple { name, .. }
            | TypeParamKind::ParamSpec { name, .. }) = param.kind;
            self.add_def(name, DEF_TYPE_PARAM | DEF_LOCAL, param.loc)?;
            if name == "__classdict__" {
                return error(
                    format!("reserved name '{name}' cannot be used for type parameter"),
                    param.loc,
                );
            }
            let (default, info) = match param.kind {
                TypeParamKind::TypeVar {
                    bound,
                    default_value,
                    ..
                } => {
                    if let Some(bound) = bound {
                        let tuple = matches!(bound.kind, ExprKind::Tuple { .. });
                        let info = if tuple {
                            "a TypeVar constraint"
                        } else {
                            "a TypeVar bound"
                        };
                        self.type_variable(name, ScopeKey::bound(param), bound, info)?;
                    }
                    (default_value, "a TypeVar default")
                }
                TypeParamKind::TypeVarTuple { default_value, .. } => {
                    (default_value, "a TypeVarTuple default")
                }
                TypeParamKind::ParamSpec { default_value, .. } => {
                    (default_value, "a ParamSpec default")
                }
            };
            if let Some(default) = default {
                self.type_variable(name, ScopeKey::default(param), default, info)?;
            }
        }
        Ok(())
    }

    /// Visits a bound or default, which is evaluated in a block of its own.
    fn type_variable(
        &mut self,
        name: &'a str,
        key: ScopeKey,
        node: &'a Expr<'a>,
        info: &'static str,
    ) -> Result {
        let in_class = self.cur().can_see_class_scope;
        self.enter(name, BlockType::TypeVariable, key, node.loc)?;
        if in_class {
            self.see_class_scope(node.loc)?;
        }
        self.cur().scope_info = Some(info);
        self.expr(node)?;
        self.exit();
        Ok(())
    }
}
