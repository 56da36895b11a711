//! The first pass over expressions.

use taipan_ast::{Comprehension as Clause, Expr, ExprContext, ExprKind, Location};

use crate::builder::{Builder, Result, check_name, error};
use crate::flags::*;
use crate::messages;
use crate::scope::{BlockType, Comprehension, ScopeKey};

impl<'a> Builder<'a> {
    pub fn exprs(&mut self, nodes: &'a [Expr<'a>]) -> Result {
        nodes.iter().try_for_each(|node| self.expr(node))
    }

    pub fn opt_expr(&mut self, node: Option<&'a Expr<'a>>) -> Result {
        node.map_or(Ok(()), |node| self.expr(node))
    }

    pub fn expr(&mut self, node: &'a Expr<'a>) -> Result {
        self.options.limit.check()?;
        match node.kind {
            ExprKind::NamedExpr { target, value } => {
                self.check_allowed("named expression", node.loc)?;
                self.named_expr(node, target, value)
            }
            ExprKind::BoolOp { values, .. }
            | ExprKind::JoinedStr { values }
            | ExprKind::TemplateStr { values } => self.exprs(values),
            ExprKind::BinOp { left, right, .. } => {
                self.expr(left)?;
                self.expr(right)
            }
            ExprKind::UnaryOp { operand, .. } => self.expr(operand),
            ExprKind::Lambda { args, body } => {
                self.exprs(args.defaults)?;
                args.kw_defaults
                    .iter()
                    .flatten()
                    .try_for_each(|default| self.expr(default))?;
                self.enter(
                    "lambda",
                    BlockType::Function,
                    ScopeKey::expression(node),
                    node.loc,
                )?;
                self.parameters(args)?;
                self.expr(body)?;
                self.exit();
                Ok(())
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expr(test)?;
                self.expr(body)?;
                self.expr(orelse)
            }
            ExprKind::Dict { keys, values } => {
                keys.iter().flatten().try_for_each(|key| self.expr(key))?;
                self.exprs(values)
            }
            ExprKind::Set { elts } | ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
                self.exprs(elts)
            }
            ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension(node, Comprehension::Generator, generators, elt, None)
            }
            ExprKind::ListComp { elt, generators } => {
                self.comprehension(node, Comprehension::List, generators, elt, None)
            }
            ExprKind::SetComp { elt, generators } => {
                self.comprehension(node, Comprehension::Set, generators, elt, None)
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => self.comprehension(node, Comprehension::Dict, generators, key, Some(value)),
            ExprKind::Yield { value } => self.yield_(node.loc, value),
            ExprKind::YieldFrom { value } => self.yield_(node.loc, Some(value)),
            ExprKind::Await { value } => {
                self.check_allowed("await expression", node.loc)?;
                if !self.allows_top_level_await() {
                    if !self.cur_type().is_function_like() {
                        return error(messages::AWAIT_OUTSIDE_FUNCTION, node.loc);
                    }
                    if !self.in_async_def() && self.cur().comprehension.is_none() {
                        return error(messages::AWAIT_OUTSIDE_ASYNC, node.loc);
                    }
                }
                self.expr(value)?;
                self.cur().coroutine = true;
                Ok(())
            }
            ExprKind::Compare {
                left, comparators, ..
            } => {
                self.expr(left)?;
                self.exprs(comparators)
            }
            ExprKind::Call {
                func,
                args,
                keywords,
            } => {
                self.expr(func)?;
                self.exprs(args)?;
                self.keywords(keywords)
            }
            ExprKind::FormattedValue {
                value, format_spec, ..
            }
            | ExprKind::Interpolation {
                value, format_spec, ..
            } => {
                self.expr(value)?;
                self.opt_expr(format_spec)
            }
            ExprKind::Constant { .. } => Ok(()),
            ExprKind::Attribute { value, attr, ctx } => {
                check_name(attr, node.loc, ctx)?;
                self.expr(value)
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                self.expr(slice)
            }
            ExprKind::Starred { value, .. } => self.expr(value),
            ExprKind::Slice { lower, upper, step } => {
                self.opt_expr(lower)?;
                self.opt_expr(upper)?;
                self.opt_expr(step)
            }
            ExprKind::Name { id, ctx } => self.name(id, ctx, node.loc),
        }
    }

    fn name(&mut self, id: &'a str, ctx: ExprContext, loc: Location) -> Result {
        if self.cur().in_unevaluated_annotation {
            return Ok(());
        }
        let load = ctx == ExprContext::Load;
        self.add_def_ctx(id, if load { USE } else { DEF_LOCAL }, loc, ctx)?;
        // `super()` finds the class through a cell.
        if load && id == "super" && self.cur_type().is_function_like() {
            self.add_def("__class__", USE, loc)?;
        }
        Ok(())
    }

    fn yield_(&mut self, loc: Location, value: Option<&'a Expr<'a>>) -> Result {
        self.check_allowed("yield expression", loc)?;
        self.opt_expr(value)?;
        let scope = self.cur();
        scope.generator = true;
        let what = match scope.comprehension {
            None => return Ok(()),
            Some(Comprehension::List) => "list comprehension",
            Some(Comprehension::Set) => "set comprehension",
            Some(Comprehension::Dict) => "dict comprehension",
            Some(Comprehension::Generator) => "generator expression",
        };
        error(format!("'yield' inside {what}"), loc)
    }

    /// Fails in blocks that are evaluated lazily, where some expressions make no sense.
    fn check_allowed(&mut self, what: &str, loc: Location) -> Result {
        let place = match self.cur_type() {
            BlockType::Annotation => "an annotation",
            BlockType::TypeVariable => self.cur().scope_info.unwrap_or("a type variable"),
            BlockType::TypeAlias => "a type alias",
            BlockType::TypeParameters => "the definition of a generic",
            BlockType::Function | BlockType::Class | BlockType::Module => return Ok(()),
        };
        error(format!("{what} cannot be used within {place}"), loc)
    }

    fn named_expr(
        &mut self,
        node: &'a Expr<'a>,
        target: &'a Expr<'a>,
        value: &'a Expr<'a>,
    ) -> Result {
        if self.cur().comp_iter_expr > 0 {
            return error(messages::NAMED_EXPR_IN_ITERABLE, node.loc);
        }
        if self.cur().comprehension.is_some()
            && let ExprKind::Name { id, .. } = target.kind
        {
            self.bind_outside_comprehension(id, target.loc)?;
        }
        self.expr(value)?;
        self.expr(target)
    }

    /// A named expression in a comprehension binds its name in the block around the comprehension.
    fn bind_outside_comprehension(&mut self, name: &'a str, loc: Location) -> Result {
        for index in (0..self.stack.len()).rev() {
            let id = self.stack[index];
            let scope = self.table.scope(id);
            let block_type = scope.block_type;
            if scope.comprehension.is_some() {
                let flags = self.lookup(id, name);
                if flags & DEF_COMP_ITER != 0 && flags & DEF_LOCAL != 0 {
                    let msg = format!(
                        "assignment expression cannot rebind comprehension iteration variable '{name}'"
                    );
                    return error(msg, loc);
                }
                continue;
            }
            let place = match block_type {
                BlockType::Function => {
                    let global = self.lookup(id, name) & DEF_GLOBAL != 0;
                    self.add_def(name, if global { DEF_GLOBAL } else { DEF_NONLOCAL }, loc)?;
                    self.record_directive(name, loc);
                    return self.add_def_in(name, DEF_LOCAL, id, loc);
                }
                BlockType::Module => {
                    self.add_def(name, DEF_GLOBAL, loc)?;
                    self.record_directive(name, loc);
                    return self.add_def_in(name, DEF_GLOBAL, id, loc);
                }
                BlockType::Class => "in a class body",
                BlockType::TypeParameters => "within the definition of a generic",
                BlockType::TypeAlias => "in a type alias",
                BlockType::TypeVariable => "in a TypeVar bound",
                BlockType::Annotation => continue,
            };
            return error(
                format!("{} {place}", messages::NAMED_EXPR_IN_COMPREHENSION),
                loc,
            );
        }
        Ok(())
    }

    fn comprehension(
        &mut self,
        node: &'a Expr<'a>,
        kind: Comprehension,
        generators: &'a [Clause<'a>],
        elt: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
    ) -> Result {
        let Some((outermost, inner)) = generators.split_first() else {
            return Ok(());
        };
        // The outermost iterable is evaluated outside and handed in.
        self.cur().comp_iter_expr += 1;
        self.expr(outermost.iter)?;
        self.cur().comp_iter_expr -= 1;
        let name = match kind {
            Comprehension::Generator => "genexpr",
            Comprehension::List => "listcomp",
            Comprehension::Set => "setcomp",
            Comprehension::Dict => "dictcomp",
        };
        self.enter(
            name,
            BlockType::Function,
            ScopeKey::expression(node),
            node.loc,
        )?;
        let scope = self.cur();
        scope.comprehension = Some(kind);
        scope.coroutine = outermost.is_async != 0;
        self.add_def(".0", DEF_PARAM, node.loc)?;
        self.iteration_target(outermost.target)?;
        self.exprs(outermost.ifs)?;
        for clause in inner {
            self.iteration_target(clause.target)?;
            self.cur().comp_iter_expr += 1;
            self.expr(clause.iter)?;
            self.cur().comp_iter_expr -= 1;
            self.exprs(clause.ifs)?;
            if clause.is_async != 0 {
                self.cur().coroutine = true;
            }
        }
        self.opt_expr(value)?;
        self.expr(elt)?;
        let is_generator = kind == Comprehension::Generator;
        let scope = self.cur();
        scope.generator = is_generator;
        let is_async = scope.coroutine && !is_generator;
        self.exit();
        if is_async {
            if !self.in_async_def()
                && self.cur().comprehension.is_none()
                && !self.allows_top_level_await()
            {
                return error(messages::ASYNC_COMPREHENSION_OUTSIDE, node.loc);
            }
            self.cur().coroutine = true;
        }
        Ok(())
    }

    fn iteration_target(&mut self, target: &'a Expr<'a>) -> Result {
        self.cur().comp_iter_target = true;
        self.expr(target)?;
        self.cur().comp_iter_target = false;
        Ok(())
    }
}
