//! Checks of trees that did not come from the parser: what the grammar guarantees and the compiler relies upon. The
//! checks, their order and the messages are those of CPython 3.14. What a tree of these types cannot express (`None` in
//! a list of nodes, constants of other types) is for the conversion from Python objects to refuse.

use crate::{
    Alias, Arg, Arguments, Comprehension, Constant, ExceptHandler, ExceptHandlerKind, Expr,
    ExprContext, ExprKind, Keyword, Location, Mod, Operator, Pattern, PatternKind, StackLimit,
    Stmt, StmtKind, TooDeep, TypeParam, TypeParamKind, UnaryOp, WithItem,
};

/// What is wrong with a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValidateError {
    /// A `ValueError`.
    Value(String),
    /// A `TypeError`.
    Type(String),
    /// A `RecursionError`.
    TooDeep,
}

impl From<TooDeep> for ValidateError {
    fn from(_: TooDeep) -> Self {
        ValidateError::TooDeep
    }
}

impl std::fmt::Display for ValidateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ValidateError::Value(msg) => write!(f, "ValueError: {msg}"),
            ValidateError::Type(msg) => write!(f, "TypeError: {msg}"),
            ValidateError::TooDeep => {
                f.write_str("RecursionError: the tree is too deep for the stack")
            }
        }
    }
}

impl std::error::Error for ValidateError {}

type Result<T = (), E = ValidateError> = std::result::Result<T, E>;

/// Checks a tree.
pub fn validate(module: &Mod<'_>, limit: StackLimit) -> Result {
    let validator = Validator { limit };
    match *module {
        Mod::Module { body, .. } | Mod::Interactive { body } => validator.stmts(body),
        Mod::Expression { body } => validator.expr(body, ExprContext::Load),
        Mod::FunctionType { argtypes, returns } => {
            validator.exprs(argtypes, ExprContext::Load)?;
            validator.expr(returns, ExprContext::Load)
        }
    }
}

fn value_error<T>(msg: impl Into<String>) -> Result<T> {
    Err(ValidateError::Value(msg.into()))
}

fn type_error<T>(msg: &str) -> Result<T> {
    Err(ValidateError::Type(msg.to_owned()))
}

fn nonempty<T>(items: &[T], what: &str, owner: &str) -> Result {
    if items.is_empty() {
        value_error(format!("empty {what} on {owner}"))
    } else {
        Ok(())
    }
}

fn name(name: &str) -> Result {
    match name {
        "None" | "True" | "False" => value_error(format!(
            "identifier field can't represent '{name}' constant"
        )),
        _ => Ok(()),
    }
}

fn aliases(names: &[Alias<'_>], owner: &str) -> Result {
    nonempty(names, "names", owner)?;
    names.iter().try_for_each(|alias| {
        name(alias.name)?;
        alias.asname.map_or(Ok(()), name)
    })
}

fn capture(text: Option<&str>) -> Result {
    match text {
        None => Ok(()),
        Some("_") => value_error("can't capture name '_' in patterns"),
        Some(text) => name(text),
    }
}

fn positions(loc: Location) -> Result {
    let [line, col, end_line, end_col] = [
        loc.lineno,
        loc.col_offset,
        loc.end_lineno,
        loc.end_col_offset,
    ]
    .map(u32::cast_signed);
    if line > end_line {
        return value_error(format!(
            "AST node line range ({line}, {end_line}) is not valid"
        ));
    }
    if line < 0 && end_line != line || col < 0 && col != end_col {
        return value_error(format!(
            "AST node column range ({col}, {end_col}) for line range ({line}, {end_line}) is not valid"
        ));
    }
    if line == end_line && col > end_col {
        return value_error(format!(
            "line {line}, column {col}-{end_col} is not a valid range"
        ));
    }
    Ok(())
}

struct Validator {
    limit: StackLimit,
}

use ExprContext::{Load, Store};

impl Validator {
    fn stmts(&self, nodes: &[Stmt<'_>]) -> Result {
        nodes.iter().try_for_each(|node| self.stmt(node))
    }

    fn body(&self, nodes: &[Stmt<'_>], owner: &str) -> Result {
        nonempty(nodes, "body", owner)?;
        self.stmts(nodes)
    }

    fn stmt(&self, node: &Stmt<'_>) -> Result {
        positions(node.loc)?;
        self.limit.check()?;
        match node.kind {
            StmtKind::FunctionDef {
                name: id,
                args,
                body,
                decorator_list,
                returns,
                type_params,
                ..
            } => self.function(
                "FunctionDef",
                id,
                args,
                body,
                decorator_list,
                returns,
                type_params,
            ),
            StmtKind::AsyncFunctionDef {
                name: id,
                args,
                body,
                decorator_list,
                returns,
                type_params,
                ..
            } => self.function(
                "AsyncFunctionDef",
                id,
                args,
                body,
                decorator_list,
                returns,
                type_params,
            ),
            StmtKind::ClassDef {
                name: id,
                bases,
                keywords,
                body,
                decorator_list,
                type_params,
            } => {
                self.body(body, "ClassDef")?;
                name(id)?;
                self.type_params(type_params)?;
                self.exprs(bases, Load)?;
                self.keywords(keywords)?;
                self.exprs(decorator_list, Load)
            }
            StmtKind::Return { value } => self.opt_expr(value, Load),
            StmtKind::Delete { targets } => {
                nonempty(targets, "targets", "Delete")?;
                self.exprs(targets, ExprContext::Del)
            }
            StmtKind::Assign { targets, value, .. } => {
                nonempty(targets, "targets", "Assign")?;
                self.exprs(targets, Store)?;
                self.expr(value, Load)
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target, Store)?;
                self.expr(value, Load)
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => {
                if simple != 0 && !matches!(target.kind, ExprKind::Name { .. }) {
                    return type_error("AnnAssign with simple non-Name target");
                }
                self.expr(target, Store)?;
                self.opt_expr(value, Load)?;
                self.expr(annotation, Load)
            }
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => {
                if !matches!(name.kind, ExprKind::Name { .. }) {
                    return type_error("TypeAlias with non-Name name");
                }
                self.expr(name, Store)?;
                self.type_params(type_params)?;
                self.expr(value, Load)
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                ..
            } => self.for_("For", target, iter, body, orelse),
            StmtKind::AsyncFor {
                target,
                iter,
                body,
                orelse,
                ..
            } => self.for_("AsyncFor", target, iter, body, orelse),
            StmtKind::While { test, body, orelse } => {
                self.expr(test, Load)?;
                self.body(body, "While")?;
                self.stmts(orelse)
            }
            StmtKind::If { test, body, orelse } => {
                self.expr(test, Load)?;
                self.body(body, "If")?;
                self.stmts(orelse)
            }
            StmtKind::With { items, body, .. } => self.with("With", items, body),
            StmtKind::AsyncWith { items, body, .. } => self.with("AsyncWith", items, body),
            StmtKind::Match { subject, cases } => {
                self.expr(subject, Load)?;
                nonempty(cases, "cases", "Match")?;
                cases.iter().try_for_each(|case| {
                    self.pattern(case.pattern, false)?;
                    self.opt_expr(case.guard, Load)?;
                    self.body(case.body, "match_case")
                })
            }
            StmtKind::Raise {
                exc: None,
                cause: Some(_),
            } => value_error("Raise with cause but no exception"),
            StmtKind::Raise { exc, cause } => {
                self.opt_expr(exc, Load)?;
                self.opt_expr(cause, Load)
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => self.try_("Try", body, handlers, orelse, finalbody),
            StmtKind::TryStar {
                body,
                handlers,
                orelse,
                finalbody,
            } => self.try_("TryStar", body, handlers, orelse, finalbody),
            StmtKind::Assert { test, msg } => {
                self.expr(test, Load)?;
                self.opt_expr(msg, Load)
            }
            StmtKind::Import { names } => aliases(names, "Import"),
            StmtKind::ImportFrom {
                level: Some(..0), ..
            } => value_error("Negative ImportFrom level"),
            StmtKind::ImportFrom { names, .. } => aliases(names, "ImportFrom"),
            StmtKind::Global { names } => nonempty(names, "names", "Global"),
            StmtKind::Nonlocal { names } => nonempty(names, "names", "Nonlocal"),
            StmtKind::Expr { value } => self.expr(value, Load),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => Ok(()),
        }
    }

    fn function(
        &self,
        owner: &str,
        id: &str,
        args: &Arguments<'_>,
        body: &[Stmt<'_>],
        decorator_list: &[Expr<'_>],
        returns: Option<&Expr<'_>>,
        type_params: &[TypeParam<'_>],
    ) -> Result {
        self.body(body, owner)?;
        name(id)?;
        self.type_params(type_params)?;
        self.arguments(args)?;
        self.exprs(decorator_list, Load)?;
        self.opt_expr(returns, Load)
    }

    fn for_(
        &self,
        owner: &str,
        target: &Expr<'_>,
        iter: &Expr<'_>,
        body: &[Stmt<'_>],
        orelse: &[Stmt<'_>],
    ) -> Result {
        self.expr(target, Store)?;
        self.expr(iter, Load)?;
        self.body(body, owner)?;
        self.stmts(orelse)
    }

    fn with(&self, owner: &str, items: &[WithItem<'_>], body: &[Stmt<'_>]) -> Result {
        nonempty(items, "items", owner)?;
        for item in items {
            self.expr(item.context_expr, Load)?;
            self.opt_expr(item.optional_vars, Store)?;
        }
        self.body(body, owner)
    }

    fn try_(
        &self,
        owner: &str,
        body: &[Stmt<'_>],
        handlers: &[ExceptHandler<'_>],
        orelse: &[Stmt<'_>],
        finalbody: &[Stmt<'_>],
    ) -> Result {
        self.body(body, owner)?;
        if handlers.is_empty() && finalbody.is_empty() {
            return value_error(format!("{owner} has neither except handlers nor finalbody"));
        }
        if handlers.is_empty() && !orelse.is_empty() {
            return value_error(format!("{owner} has orelse but no except handlers"));
        }
        for handler in handlers {
            // CPython leaves the places of `except*` unchecked.
            if owner == "Try" {
                positions(handler.loc)?;
            }
            let ExceptHandlerKind::ExceptHandler {
                type_,
                name: id,
                body,
            } = handler.kind;
            self.opt_expr(type_, Load)?;
            id.map_or(Ok(()), name)?;
            self.body(body, "ExceptHandler")?;
        }
        self.stmts(finalbody)?;
        self.stmts(orelse)
    }

    fn type_params(&self, params: &[TypeParam<'_>]) -> Result {
        for param in params {
            positions(param.loc)?;
            match param.kind {
                TypeParamKind::TypeVar {
                    name: text,
                    bound,
                    default_value,
                } => {
                    name(text)?;
                    self.opt_expr(bound, Load)?;
                    self.opt_expr(default_value, Load)?;
                }
                TypeParamKind::ParamSpec {
                    name: text,
                    default_value,
                }
                | TypeParamKind::TypeVarTuple {
                    name: text,
                    default_value,
                } => {
                    name(text)?;
                    self.opt_expr(default_value, Load)?;
                }
            }
        }
        Ok(())
    }

    fn args(&self, args: &[Arg<'_>]) -> Result {
        args.iter().try_for_each(|arg| {
            positions(arg.loc)?;
            self.opt_expr(arg.annotation, Load)
        })
    }

    fn arguments(&self, args: &Arguments<'_>) -> Result {
        let Arguments {
            posonlyargs,
            args,
            vararg,
            kwonlyargs,
            kw_defaults,
            kwarg,
            defaults,
        } = *args;
        self.args(posonlyargs)?;
        self.args(args)?;
        self.opt_expr(vararg.and_then(|arg| arg.annotation), Load)?;
        self.args(kwonlyargs)?;
        self.opt_expr(kwarg.and_then(|arg| arg.annotation), Load)?;
        if defaults.len() > posonlyargs.len() + args.len() {
            return value_error("more positional defaults than args on arguments");
        }
        if kw_defaults.len() != kwonlyargs.len() {
            return value_error("length of kwonlyargs is not the same as kw_defaults on arguments");
        }
        self.exprs(defaults, Load)?;
        kw_defaults
            .iter()
            .flatten()
            .try_for_each(|default| self.expr(default, Load))
    }

    fn keywords(&self, keywords: &[Keyword<'_>]) -> Result {
        keywords
            .iter()
            .try_for_each(|keyword| self.expr(keyword.value, Load))
    }

    fn generators(&self, generators: &[Comprehension<'_>]) -> Result {
        if generators.is_empty() {
            return value_error("comprehension with no generators");
        }
        generators.iter().try_for_each(|clause| {
            self.expr(clause.target, Store)?;
            self.expr(clause.iter, Load)?;
            self.exprs(clause.ifs, Load)
        })
    }

    fn exprs(&self, nodes: &[Expr<'_>], ctx: ExprContext) -> Result {
        nodes.iter().try_for_each(|node| self.expr(node, ctx))
    }

    fn opt_expr(&self, node: Option<&Expr<'_>>, ctx: ExprContext) -> Result {
        node.map_or(Ok(()), |node| self.expr(node, ctx))
    }

    fn expr(&self, node: &Expr<'_>, ctx: ExprContext) -> Result {
        positions(node.loc)?;
        self.limit.check()?;
        let actual = match node.kind {
            ExprKind::Name { id, ctx } => {
                name(id)?;
                Some(ctx)
            }
            ExprKind::Attribute { ctx, .. }
            | ExprKind::Subscript { ctx, .. }
            | ExprKind::Starred { ctx, .. }
            | ExprKind::List { ctx, .. }
            | ExprKind::Tuple { ctx, .. } => Some(ctx),
            _ => None,
        };
        match actual {
            None if ctx != Load => {
                return value_error(format!(
                    "expression which can't be assigned to in {ctx:?} context"
                ));
            }
            Some(actual) if actual != ctx => {
                return value_error(format!(
                    "expression must have {ctx:?} context but has {actual:?} instead"
                ));
            }
            _ => {}
        }
        match node.kind {
            ExprKind::BoolOp { values, .. } => {
                if values.len() < 2 {
                    return value_error("BoolOp with less than 2 values");
                }
                self.exprs(values, Load)
            }
            ExprKind::BinOp { left, right, .. } => {
                self.expr(left, Load)?;
                self.expr(right, Load)
            }
            ExprKind::UnaryOp { operand: value, .. }
            | ExprKind::YieldFrom { value }
            | ExprKind::Await { value } => self.expr(value, Load),
            ExprKind::Lambda { args, body } => {
                self.arguments(args)?;
                self.expr(body, Load)
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expr(test, Load)?;
                self.expr(body, Load)?;
                self.expr(orelse, Load)
            }
            ExprKind::Dict { keys, values } => {
                if keys.len() != values.len() {
                    return value_error("Dict doesn't have the same number of keys as values");
                }
                keys.iter()
                    .flatten()
                    .try_for_each(|key| self.expr(key, Load))?;
                self.exprs(values, Load)
            }
            ExprKind::Set { elts: values }
            | ExprKind::JoinedStr { values }
            | ExprKind::TemplateStr { values } => self.exprs(values, Load),
            ExprKind::ListComp { elt, generators }
            | ExprKind::SetComp { elt, generators }
            | ExprKind::GeneratorExp { elt, generators } => {
                self.generators(generators)?;
                self.expr(elt, Load)
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => {
                self.generators(generators)?;
                self.expr(key, Load)?;
                self.expr(value, Load)
            }
            ExprKind::Yield { value } => self.opt_expr(value, Load),
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => {
                if comparators.is_empty() {
                    return value_error("Compare with no comparators");
                }
                if comparators.len() != ops.len() {
                    return value_error(
                        "Compare has a different number of comparators and operands",
                    );
                }
                self.exprs(comparators, Load)?;
                self.expr(left, Load)
            }
            ExprKind::Call {
                func,
                args,
                keywords,
            } => {
                self.expr(func, Load)?;
                self.exprs(args, Load)?;
                self.keywords(keywords)
            }
            ExprKind::FormattedValue {
                value, format_spec, ..
            }
            | ExprKind::Interpolation {
                value, format_spec, ..
            } => {
                self.expr(value, Load)?;
                self.opt_expr(format_spec, Load)
            }
            ExprKind::Constant { .. } | ExprKind::Name { .. } => Ok(()),
            ExprKind::Attribute { value, .. } => self.expr(value, Load),
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(slice, Load)?;
                self.expr(value, Load)
            }
            ExprKind::Starred { value, .. } => self.expr(value, ctx),
            ExprKind::Slice { lower, upper, step } => {
                self.opt_expr(lower, Load)?;
                self.opt_expr(upper, Load)?;
                self.opt_expr(step, Load)
            }
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => self.exprs(elts, ctx),
            ExprKind::NamedExpr { target, value } => {
                if !matches!(target.kind, ExprKind::Name { .. }) {
                    return type_error("NamedExpr target must be a Name");
                }
                self.expr(value, Load)
            }
        }
    }

    fn patterns(&self, nodes: &[Pattern<'_>], star_ok: bool) -> Result {
        nodes
            .iter()
            .try_for_each(|node| self.pattern(node, star_ok))
    }

    fn pattern(&self, node: &Pattern<'_>, star_ok: bool) -> Result {
        positions(node.loc)?;
        self.limit.check()?;
        match node.kind {
            PatternKind::MatchValue { value } => self.pattern_value(value),
            PatternKind::MatchSingleton {
                value: Constant::None | Constant::True | Constant::False,
            } => Ok(()),
            PatternKind::MatchSingleton { .. } => {
                value_error("MatchSingleton can only contain True, False and None")
            }
            PatternKind::MatchSequence { patterns } => self.patterns(patterns, true),
            PatternKind::MatchMapping {
                keys,
                patterns,
                rest,
            } => {
                if keys.len() != patterns.len() {
                    return value_error(
                        "MatchMapping doesn't have the same number of keys as patterns",
                    );
                }
                capture(rest)?;
                for key in keys {
                    // As keys these three are allowed, as values they are not.
                    if let ExprKind::Constant {
                        value: Constant::None | Constant::True | Constant::False,
                        ..
                    } = key.kind
                    {
                        continue;
                    }
                    self.pattern_value(key)?;
                }
                self.patterns(patterns, false)
            }
            PatternKind::MatchClass {
                cls,
                patterns,
                kwd_attrs,
                kwd_patterns,
            } => {
                if kwd_attrs.len() != kwd_patterns.len() {
                    return value_error(
                        "MatchClass doesn't have the same number of keyword attributes as patterns",
                    );
                }
                self.expr(cls, Load)?;
                let mut class = cls;
                while let ExprKind::Attribute { value, .. } = class.kind {
                    class = value;
                }
                if !matches!(class.kind, ExprKind::Name { .. }) {
                    return value_error(
                        "MatchClass cls field can only contain Name or Attribute nodes.",
                    );
                }
                kwd_attrs.iter().try_for_each(|attr| name(attr))?;
                self.patterns(patterns, false)?;
                self.patterns(kwd_patterns, false)
            }
            PatternKind::MatchStar { .. } if !star_ok => value_error("can't use MatchStar here"),
            PatternKind::MatchStar { name } => capture(name),
            PatternKind::MatchAs { pattern, name } => {
                capture(name)?;
                match (pattern, name) {
                    (None, _) => Ok(()),
                    (Some(_), None) => {
                        value_error("MatchAs must specify a target name if a pattern is given")
                    }
                    (Some(pattern), Some(_)) => self.pattern(pattern, false),
                }
            }
            PatternKind::MatchOr { patterns } => {
                if patterns.len() < 2 {
                    return value_error("MatchOr requires at least 2 patterns");
                }
                self.patterns(patterns, false)
            }
        }
    }

    fn pattern_value(&self, node: &Expr<'_>) -> Result {
        self.expr(node, Load)?;
        let allowed = match node.kind {
            ExprKind::Constant { value, .. } => {
                return match value {
                    Constant::Int(_)
                    | Constant::BigInt { .. }
                    | Constant::Float(_)
                    | Constant::Bytes(_)
                    | Constant::Complex { .. }
                    | Constant::Str(_) => Ok(()),
                    _ => value_error("unexpected constant inside of a literal pattern"),
                };
            }
            ExprKind::Attribute { .. }
            | ExprKind::JoinedStr { .. }
            | ExprKind::TemplateStr { .. } => true,
            ExprKind::UnaryOp {
                op: UnaryOp::USub,
                operand,
            } => is_real(operand) || is_imaginary(operand),
            ExprKind::BinOp {
                left,
                op: Operator::Add | Operator::Sub,
                right,
            } => {
                let real = match left.kind {
                    ExprKind::UnaryOp {
                        op: UnaryOp::USub,
                        operand,
                    } => operand,
                    _ => left,
                };
                is_real(real) && is_imaginary(right)
            }
            _ => false,
        };
        if allowed {
            Ok(())
        } else {
            value_error("patterns may only match literals and attribute lookups")
        }
    }
}

fn is_real(node: &Expr<'_>) -> bool {
    matches!(
        node.kind,
        ExprKind::Constant {
            value: Constant::Int(_) | Constant::BigInt { .. } | Constant::Float(_),
            ..
        }
    )
}

fn is_imaginary(node: &Expr<'_>) -> bool {
    matches!(
        node.kind,
        ExprKind::Constant {
            value: Constant::Complex { .. },
            ..
        }
    )
}
