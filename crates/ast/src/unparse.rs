//! Expressions back to text, as `from __future__ import annotations` keeps annotations: to the letter what CPython's
//! compiler makes, which differs from `ast.unparse`.

use taipan_wtf8::{Wtf8, Wtf8Buf};

use crate::{
    Arg, Arguments, BoolOp, CmpOp, Comprehension, Constant, Expr, ExprKind, Operator, StackLimit,
    TooDeep, UnaryOp, repr,
};

/// The text of an expression.
pub fn unparse(node: &Expr<'_>, limit: StackLimit) -> Result<Wtf8Buf, TooDeep> {
    let mut unparser = Unparser {
        out: Wtf8Buf::new(),
        limit,
    };
    unparser.expr(node, Level::Test)?;
    Ok(unparser.out)
}

/// How tightly operators bind, from the loosest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Tuple,
    Test,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Arith,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

impl Level {
    /// The operators of expressions that are not tests.
    const EXPR: Level = Level::BitOr;

    /// The next tighter level.
    fn next(self) -> Level {
        use Level::*;
        match self {
            Tuple => Test,
            Test => Or,
            Or => And,
            And => Not,
            Not => Compare,
            Compare => BitOr,
            BitOr => BitXor,
            BitXor => BitAnd,
            BitAnd => Shift,
            Shift => Arith,
            Arith => Term,
            Term => Factor,
            Factor => Power,
            Power => Await,
            Await | Atom => Atom,
        }
    }
}

struct Unparser {
    out: Wtf8Buf,
    limit: StackLimit,
}

type Result<T = (), E = TooDeep> = std::result::Result<T, E>;

impl Unparser {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes with parentheses if operators around bind tighter than `own`.
    fn grouped(
        &mut self,
        level: Level,
        own: Level,
        write: impl FnOnce(&mut Self) -> Result,
    ) -> Result {
        if level > own {
            self.push("(");
        }
        write(self)?;
        if level > own {
            self.push(")");
        }
        Ok(())
    }

    /// Writes expressions with commas between.
    fn list(&mut self, nodes: &[Expr<'_>]) -> Result {
        for (i, node) in nodes.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.expr(node, Level::Test)?;
        }
        Ok(())
    }

    fn expr(&mut self, node: &Expr<'_>, level: Level) -> Result {
        self.limit.check()?;
        match node.kind {
            ExprKind::BoolOp { op, values } => {
                let (own, text) = match op {
                    BoolOp::And => (Level::And, " and "),
                    BoolOp::Or => (Level::Or, " or "),
                };
                self.grouped(level, own, |this| {
                    for (i, value) in values.iter().enumerate() {
                        if i > 0 {
                            this.push(text);
                        }
                        this.expr(value, own.next())?;
                    }
                    Ok(())
                })
            }
            ExprKind::BinOp { left, op, right } => {
                let (own, text) = binary_operator(op);
                let power = op == Operator::Pow;
                self.grouped(level, own, |this| {
                    this.expr(left, if power { own.next() } else { own })?;
                    this.push(text);
                    this.expr(right, if power { own } else { own.next() })
                })
            }
            ExprKind::UnaryOp { op, operand } => {
                let (own, text) = match op {
                    UnaryOp::Invert => (Level::Factor, "~"),
                    UnaryOp::Not => (Level::Not, "not "),
                    UnaryOp::UAdd => (Level::Factor, "+"),
                    UnaryOp::USub => (Level::Factor, "-"),
                };
                self.grouped(level, own, |this| {
                    this.push(text);
                    this.expr(operand, own)
                })
            }
            ExprKind::Lambda { args, body } => self.grouped(level, Level::Test, |this| {
                let positional = !args.posonlyargs.is_empty() || !args.args.is_empty();
                this.push(if positional { "lambda " } else { "lambda" });
                this.arguments(args)?;
                this.push(": ");
                this.expr(body, Level::Test)
            }),
            ExprKind::IfExp { test, body, orelse } => self.grouped(level, Level::Test, |this| {
                this.expr(body, Level::Or)?;
                this.push(" if ");
                this.expr(test, Level::Or)?;
                this.push(" else ");
                this.expr(orelse, Level::Test)
            }),
            ExprKind::Dict { keys, values } => {
                self.push("{");
                for (i, (key, value)) in keys.iter().zip(values).enumerate() {
                    if i > 0 {
                        self.push(", ");
                    }
                    if let Some(key) = key {
                        self.expr(key, Level::Test)?;
                        self.push(": ");
                        self.expr(value, Level::Test)?;
                    } else {
                        self.push("**");
                        self.expr(value, Level::EXPR)?;
                    }
                }
                self.push("}");
                Ok(())
            }
            ExprKind::Set { elts } => self.bracketed("{", "}", |this| this.list(elts)),
            ExprKind::List { elts, .. } => self.bracketed("[", "]", |this| this.list(elts)),
            ExprKind::Tuple { elts: [], .. } => {
                self.push("()");
                Ok(())
            }
            ExprKind::Tuple { elts, .. } => self.grouped(level, Level::Tuple, |this| {
                this.list(elts)?;
                if elts.len() == 1 {
                    this.push(",");
                }
                Ok(())
            }),
            ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension("(", ")", elt, None, generators)
            }
            ExprKind::ListComp { elt, generators } => {
                self.comprehension("[", "]", elt, None, generators)
            }
            ExprKind::SetComp { elt, generators } => {
                self.comprehension("{", "}", elt, None, generators)
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => self.comprehension("{", "}", key, Some(value), generators),
            ExprKind::Yield { value: None } => {
                self.push("(yield)");
                Ok(())
            }
            ExprKind::Yield { value: Some(value) } => {
                self.bracketed("(yield ", ")", |this| this.expr(value, Level::Test))
            }
            ExprKind::YieldFrom { value } => {
                self.bracketed("(yield from ", ")", |this| this.expr(value, Level::Test))
            }
            ExprKind::Await { value } => self.grouped(level, Level::Await, |this| {
                this.push("await ");
                this.expr(value, Level::Atom)
            }),
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => self.grouped(level, Level::Compare, |this| {
                this.expr(left, Level::Compare.next())?;
                for (op, comparator) in ops.iter().zip(comparators) {
                    this.push(comparison_operator(*op));
                    this.expr(comparator, Level::Compare.next())?;
                }
                Ok(())
            }),
            ExprKind::Call {
                func,
                args,
                keywords,
            } => {
                self.expr(func, Level::Atom)?;
                if let ([only], []) = (args, keywords)
                    && let ExprKind::GeneratorExp { .. } = only.kind
                {
                    return self.expr(only, Level::Test);
                }
                self.push("(");
                self.list(args)?;
                for (i, keyword) in keywords.iter().enumerate() {
                    if i > 0 || !args.is_empty() {
                        self.push(", ");
                    }
                    match keyword.arg {
                        Some(name) => {
                            self.push(name);
                            self.push("=");
                        }
                        None => self.push("**"),
                    }
                    self.expr(keyword.value, Level::Test)?;
                }
                self.push(")");
                Ok(())
            }
            ExprKind::Constant { value, kind } => {
                self.push(kind.filter(|_| value != Constant::Ellipsis).unwrap_or(""));
                self.constant(&value);
                Ok(())
            }
            ExprKind::JoinedStr { values } => self.quoted("f", values),
            ExprKind::TemplateStr { values } => self.quoted("t", values),
            ExprKind::FormattedValue { .. } | ExprKind::Interpolation { .. } => {
                self.interpolation(node)
            }
            ExprKind::Attribute { value, attr, .. } => {
                self.expr(value, Level::Atom)?;
                // `1.x` would be a float.
                let number = matches!(
                    value.kind,
                    ExprKind::Constant {
                        value: Constant::Int(_) | Constant::BigInt { .. },
                        ..
                    }
                );
                self.push(if number { " ." } else { "." });
                self.push(attr);
                Ok(())
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value, Level::Atom)?;
                self.bracketed("[", "]", |this| this.expr(slice, Level::Tuple))
            }
            ExprKind::Starred { value, .. } => {
                self.push("*");
                self.expr(value, Level::EXPR)
            }
            ExprKind::Slice { lower, upper, step } => {
                self.opt_expr(lower)?;
                self.push(":");
                self.opt_expr(upper)?;
                if step.is_some() {
                    self.push(":");
                    self.opt_expr(step)?;
                }
                Ok(())
            }
            ExprKind::Name { id, .. } => {
                self.push(id);
                Ok(())
            }
            ExprKind::NamedExpr { target, value } => self.grouped(level, Level::Tuple, |this| {
                this.expr(target, Level::Atom)?;
                this.push(" := ");
                this.expr(value, Level::Atom)
            }),
        }
    }

    fn opt_expr(&mut self, node: Option<&Expr<'_>>) -> Result {
        node.map_or(Ok(()), |node| self.expr(node, Level::Test))
    }

    fn bracketed(
        &mut self,
        open: &str,
        close: &str,
        write: impl FnOnce(&mut Self) -> Result,
    ) -> Result {
        self.push(open);
        write(self)?;
        self.push(close);
        Ok(())
    }

    fn comprehension(
        &mut self,
        open: &str,
        close: &str,
        elt: &Expr<'_>,
        value: Option<&Expr<'_>>,
        generators: &[Comprehension<'_>],
    ) -> Result {
        self.push(open);
        self.expr(elt, Level::Test)?;
        if let Some(value) = value {
            self.push(": ");
            self.expr(value, Level::Test)?;
        }
        for clause in generators {
            self.push(if clause.is_async != 0 {
                " async for "
            } else {
                " for "
            });
            self.expr(clause.target, Level::Tuple)?;
            self.push(" in ");
            self.expr(clause.iter, Level::Or)?;
            for condition in clause.ifs {
                self.push(" if ");
                self.expr(condition, Level::Or)?;
            }
        }
        self.push(close);
        Ok(())
    }

    fn arguments(&mut self, args: &Arguments<'_>) -> Result {
        let mut first = true;
        let positional = args.posonlyargs.len() + args.args.len();
        let without_default = positional.saturating_sub(args.defaults.len());
        for (i, arg) in args.posonlyargs.iter().chain(args.args).enumerate() {
            self.comma(&mut first);
            self.arg(arg)?;
            if let Some(default) = i
                .checked_sub(without_default)
                .and_then(|i| args.defaults.get(i))
            {
                self.push("=");
                self.expr(default, Level::Test)?;
            }
            if i + 1 == args.posonlyargs.len() {
                self.push(", /");
            }
        }
        if args.vararg.is_some() || !args.kwonlyargs.is_empty() {
            self.comma(&mut first);
            self.push("*");
            args.vararg.map_or(Ok(()), |arg| self.arg(arg))?;
        }
        for (i, arg) in args.kwonlyargs.iter().enumerate() {
            self.comma(&mut first);
            self.arg(arg)?;
            if let Some(Some(default)) = args.kw_defaults.get(i) {
                self.push("=");
                self.expr(default, Level::Test)?;
            }
        }
        if let Some(arg) = args.kwarg {
            self.comma(&mut first);
            self.push("**");
            self.arg(arg)?;
        }
        Ok(())
    }

    fn comma(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.push(", ");
        }
    }

    fn arg(&mut self, arg: &Arg<'_>) -> Result {
        self.push(arg.arg);
        if let Some(annotation) = arg.annotation {
            self.push(": ");
            self.expr(annotation, Level::Test)?;
        }
        Ok(())
    }

    fn constant(&mut self, value: &Constant<'_>) {
        let mut text = String::new();
        match value {
            Constant::Ellipsis => text.push_str("..."),
            Constant::Tuple(items) => {
                self.push("(");
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.push(", ");
                    }
                    match item {
                        Constant::Ellipsis => self.push("Ellipsis"),
                        item => self.constant(item),
                    }
                }
                text.push_str(if items.len() == 1 { ",)" } else { ")" });
            }
            Constant::Float(_) | Constant::Complex { .. } => {
                repr::constant(&mut text, value);
                // A literal that overflows, since `inf` is a name.
                text = text.replace("inf", "1e309");
            }
            _ => repr::constant(&mut text, value),
        }
        self.push(&text);
    }

    /// Writes an f-string or t-string of these parts: the parts first, then the whole as the `repr` of a string.
    fn quoted(&mut self, prefix: &str, values: &[Expr<'_>]) -> Result {
        let outer = std::mem::take(&mut self.out);
        let done = values.iter().try_for_each(|value| self.part(value, false));
        let body = std::mem::replace(&mut self.out, outer);
        done?;
        let mut text = String::from(prefix);
        repr::string(&mut text, &body);
        self.push(&text);
        Ok(())
    }

    /// Writes a part of an f-string or t-string.
    fn part(&mut self, node: &Expr<'_>, in_format_spec: bool) -> Result {
        match node.kind {
            ExprKind::Constant {
                value: Constant::Str(text),
                ..
            } => {
                for point in text.code_points() {
                    self.out.push_code_point(point);
                    if point == u32::from(b'{') || point == u32::from(b'}') {
                        self.out.push_code_point(point);
                    }
                }
                Ok(())
            }
            ExprKind::JoinedStr { values } if in_format_spec => {
                values.iter().try_for_each(|value| self.part(value, true))
            }
            _ => self.expr(node, Level::Test),
        }
    }

    /// Writes a value in braces.
    fn interpolation(&mut self, node: &Expr<'_>) -> Result {
        let (conversion, format_spec) = match node.kind {
            ExprKind::FormattedValue {
                value,
                conversion,
                format_spec,
            } => {
                // A lambda needs parentheses for its colon, though the grammar takes less.
                let outer = std::mem::take(&mut self.out);
                let done = self.expr(value, Level::Or);
                let text = std::mem::replace(&mut self.out, outer);
                done?;
                self.open_brace(&text);
                (conversion, format_spec)
            }
            ExprKind::Interpolation {
                str: Constant::Str(text),
                conversion,
                format_spec,
                ..
            } => {
                self.open_brace(text);
                (conversion, format_spec)
            }
            _ => return Ok(()),
        };
        if let Ok(conversion) = u8::try_from(conversion) {
            self.push("!");
            self.out.push(char::from(conversion));
        }
        if let Some(spec) = format_spec {
            self.push(":");
            self.part(spec, true)?;
        }
        self.push("}");
        Ok(())
    }

    /// Writes an opening brace and the text after it, which must not make a doubled brace.
    fn open_brace(&mut self, text: &Wtf8) {
        self.push(if text.as_bytes().starts_with(b"{") {
            "{ "
        } else {
            "{"
        });
        self.out.push_wtf8(text);
    }
}

fn binary_operator(op: Operator) -> (Level, &'static str) {
    match op {
        Operator::Add => (Level::Arith, " + "),
        Operator::Sub => (Level::Arith, " - "),
        Operator::Mult => (Level::Term, " * "),
        Operator::MatMult => (Level::Term, " @ "),
        Operator::Div => (Level::Term, " / "),
        Operator::Mod => (Level::Term, " % "),
        Operator::LShift => (Level::Shift, " << "),
        Operator::RShift => (Level::Shift, " >> "),
        Operator::BitOr => (Level::BitOr, " | "),
        Operator::BitXor => (Level::BitXor, " ^ "),
        Operator::BitAnd => (Level::BitAnd, " & "),
        Operator::FloorDiv => (Level::Term, " // "),
        Operator::Pow => (Level::Power, " ** "),
    }
}

fn comparison_operator(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => " == ",
        CmpOp::NotEq => " != ",
        CmpOp::Lt => " < ",
        CmpOp::LtE => " <= ",
        CmpOp::Gt => " > ",
        CmpOp::GtE => " >= ",
        CmpOp::Is => " is ",
        CmpOp::IsNot => " is not ",
        CmpOp::In => " in ",
        CmpOp::NotIn => " not in ",
    }
}
