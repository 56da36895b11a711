//! Expressions as text: what annotations become under `from __future__ import annotations`. The text is that of CPython's
//! own unparser, which is not that of the module `ast`.

use taipan_ast::{
    Arg, Arguments, BoolOp, CmpOp, CompileError, Comprehension, Constant, Expr, ExprKind, Keyword,
    Operator, StackLimit, UnaryOp, repr,
};
use taipan_wtf8::{Wtf8, Wtf8Buf};

/// How tightly operators bind, loosest first; an operand that binds less tightly than its place asks for is
/// parenthesized.
type Level = u8;
const TUPLE: Level = 0;
const TEST: Level = 1;
const OR: Level = 2;
const AND: Level = 3;
const NOT: Level = 4;
const CMP: Level = 5;
const EXPR: Level = 6;
const BIT_XOR: Level = 7;
const BIT_AND: Level = 8;
const SHIFT: Level = 9;
const ARITH: Level = 10;
const TERM: Level = 11;
const FACTOR: Level = 12;
const POWER: Level = 13;
const AWAIT: Level = 14;
const ATOM: Level = 15;

/// The text of an expression.
pub fn unparse(e: &Expr<'_>, limit: StackLimit) -> Result<Wtf8Buf, CompileError> {
    let mut writer = Writer {
        out: Wtf8Buf::new(),
        limit,
    };
    writer.expr(e, TEST)?;
    Ok(writer.out)
}

struct Writer {
    out: Wtf8Buf,
    limit: StackLimit,
}

type Res = Result<(), CompileError>;

impl Writer {
    fn str(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes what `inner` writes, in parentheses if `level` asks for something tighter than `own`.
    fn parenthesized(
        &mut self,
        level: Level,
        own: Level,
        inner: impl FnOnce(&mut Writer) -> Res,
    ) -> Res {
        if level > own {
            self.str("(");
        }
        inner(self)?;
        if level > own {
            self.str(")");
        }
        Ok(())
    }

    fn separated<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Writer, &T) -> Res) -> Res {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.str(", ");
            }
            write(self, item)?;
        }
        Ok(())
    }

    fn exprs(&mut self, exprs: &[Expr<'_>]) -> Res {
        self.separated(exprs, |writer, e| writer.expr(e, TEST))
    }

    fn expr(&mut self, e: &Expr<'_>, level: Level) -> Res {
        self.limit.check()?;
        match e.kind {
            ExprKind::BoolOp { op, values } => {
                let (text, own) = match op {
                    BoolOp::And => (" and ", AND),
                    BoolOp::Or => (" or ", OR),
                };
                self.parenthesized(level, own, |writer| {
                    for (i, value) in values.iter().enumerate() {
                        if i > 0 {
                            writer.str(text);
                        }
                        writer.expr(value, own + 1)?;
                    }
                    Ok(())
                })
            }
            ExprKind::NamedExpr { target, value } => self.parenthesized(level, TUPLE, |writer| {
                writer.expr(target, ATOM)?;
                writer.str(" := ");
                writer.expr(value, ATOM)
            }),
            ExprKind::BinOp { left, op, right } => {
                let (text, own) = binary_operator(op);
                let right_associative = op == Operator::Pow;
                self.parenthesized(level, own, |writer| {
                    writer.expr(left, own + Level::from(right_associative))?;
                    writer.str(text);
                    writer.expr(right, own + Level::from(!right_associative))
                })
            }
            ExprKind::UnaryOp { op, operand } => {
                let (text, own) = match op {
                    UnaryOp::Invert => ("~", FACTOR),
                    UnaryOp::Not => ("not ", NOT),
                    UnaryOp::UAdd => ("+", FACTOR),
                    UnaryOp::USub => ("-", FACTOR),
                };
                self.parenthesized(level, own, |writer| {
                    writer.str(text);
                    writer.expr(operand, own)
                })
            }
            ExprKind::Lambda { args, body } => self.parenthesized(level, TEST, |writer| {
                let positional = !args.args.is_empty() || !args.posonlyargs.is_empty();
                writer.str(if positional { "lambda " } else { "lambda" });
                writer.arguments(args)?;
                writer.str(": ");
                writer.expr(body, TEST)
            }),
            ExprKind::IfExp { test, body, orelse } => self.parenthesized(level, TEST, |writer| {
                writer.expr(body, TEST + 1)?;
                writer.str(" if ");
                writer.expr(test, TEST + 1)?;
                writer.str(" else ");
                writer.expr(orelse, TEST)
            }),
            ExprKind::Dict { keys, values } => self.dict(keys, values),
            ExprKind::Set { elts } => self.enclosed("{", "}", |writer| writer.exprs(elts)),
            ExprKind::GeneratorExp { elt, generators } => {
                self.enclosed("(", ")", |writer| writer.comprehension(elt, generators))
            }
            ExprKind::ListComp { elt, generators } => {
                self.enclosed("[", "]", |writer| writer.comprehension(elt, generators))
            }
            ExprKind::SetComp { elt, generators } => {
                self.enclosed("{", "}", |writer| writer.comprehension(elt, generators))
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => self.enclosed("{", "}", |writer| {
                writer.expr(key, TEST)?;
                writer.str(": ");
                writer.comprehension(value, generators)
            }),
            ExprKind::Await { value } => self.parenthesized(level, AWAIT, |writer| {
                writer.str("await ");
                writer.expr(value, ATOM)
            }),
            ExprKind::Yield { value: None } => {
                self.str("(yield)");
                Ok(())
            }
            ExprKind::Yield { value: Some(value) } => {
                self.enclosed("(yield ", ")", |writer| writer.expr(value, TEST))
            }
            ExprKind::YieldFrom { value } => {
                self.enclosed("(yield from ", ")", |writer| writer.expr(value, TEST))
            }
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => self.parenthesized(level, CMP, |writer| {
                writer.expr(left, CMP + 1)?;
                for (op, comparator) in ops.iter().zip(comparators) {
                    writer.str(comparison_operator(*op));
                    writer.expr(comparator, CMP + 1)?;
                }
                Ok(())
            }),
            ExprKind::Call {
                func,
                args,
                keywords,
            } => self.call(func, args, keywords),
            ExprKind::FormattedValue {
                value,
                conversion,
                format_spec,
            } => self.formatted_value(value, conversion, format_spec),
            ExprKind::Interpolation {
                str,
                conversion,
                format_spec,
                ..
            } => self.interpolation(&str, conversion, format_spec),
            ExprKind::JoinedStr { values } => self.quoted("f", values),
            ExprKind::TemplateStr { values } => self.template(values),
            ExprKind::Constant {
                value: Constant::Ellipsis,
                ..
            } => {
                self.str("...");
                Ok(())
            }
            ExprKind::Constant { value, kind } => {
                self.str(kind.unwrap_or_default());
                self.constant(&value);
                Ok(())
            }
            ExprKind::Attribute { value, attr, .. } => {
                self.expr(value, ATOM)?;
                // A dot right behind an int would make it a float.
                let int = match value.kind {
                    ExprKind::Constant { value, .. } => {
                        matches!(value, Constant::Int(_) | Constant::BigInt { .. })
                    }
                    _ => false,
                };
                self.str(if int { " ." } else { "." });
                self.str(attr);
                Ok(())
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value, ATOM)?;
                self.enclosed("[", "]", |writer| writer.expr(slice, TUPLE))
            }
            ExprKind::Starred { value, .. } => {
                self.str("*");
                self.expr(value, EXPR)
            }
            ExprKind::Name { id, .. } => {
                self.str(id);
                Ok(())
            }
            ExprKind::List { elts, .. } => self.enclosed("[", "]", |writer| writer.exprs(elts)),
            ExprKind::Tuple { elts: [], .. } => {
                self.str("()");
                Ok(())
            }
            ExprKind::Tuple { elts, .. } => self.parenthesized(level, TUPLE, |writer| {
                writer.exprs(elts)?;
                if elts.len() == 1 {
                    writer.str(",");
                }
                Ok(())
            }),
            ExprKind::Slice { lower, upper, step } => {
                if let Some(lower) = lower {
                    self.expr(lower, TEST)?;
                }
                self.str(":");
                if let Some(upper) = upper {
                    self.expr(upper, TEST)?;
                }
                if let Some(step) = step {
                    self.str(":");
                    self.expr(step, TEST)?;
                }
                Ok(())
            }
        }
    }

    fn enclosed(&mut self, open: &str, close: &str, inner: impl FnOnce(&mut Writer) -> Res) -> Res {
        self.str(open);
        inner(self)?;
        self.str(close);
        Ok(())
    }

    fn dict(&mut self, keys: &[Option<Expr<'_>>], values: &[Expr<'_>]) -> Res {
        self.str("{");
        for (i, (key, value)) in keys.iter().zip(values).enumerate() {
            if i > 0 {
                self.str(", ");
            }
            match key {
                Some(key) => {
                    self.expr(key, TEST)?;
                    self.str(": ");
                    self.expr(value, TEST)?;
                }
                None => {
                    self.str("**");
                    self.expr(value, EXPR)?;
                }
            }
        }
        self.str("}");
        Ok(())
    }

    fn comprehension(&mut self, elt: &Expr<'_>, generators: &[Comprehension<'_>]) -> Res {
        self.expr(elt, TEST)?;
        for generator in generators {
            self.str(if generator.is_async != 0 {
                " async for "
            } else {
                " for "
            });
            self.expr(generator.target, TUPLE)?;
            self.str(" in ");
            self.expr(generator.iter, TEST + 1)?;
            for condition in generator.ifs {
                self.str(" if ");
                self.expr(condition, TEST + 1)?;
            }
        }
        Ok(())
    }

    fn call(&mut self, func: &Expr<'_>, args: &[Expr<'_>], keywords: &[Keyword<'_>]) -> Res {
        self.expr(func, ATOM)?;
        if let ([arg], []) = (args, keywords)
            && let ExprKind::GeneratorExp { .. } = arg.kind
        {
            return self.expr(arg, TEST);
        }
        self.str("(");
        self.exprs(args)?;
        if !args.is_empty() && !keywords.is_empty() {
            self.str(", ");
        }
        self.separated(keywords, |writer, keyword| {
            match keyword.arg {
                Some(name) => {
                    writer.str(name);
                    writer.str("=");
                }
                None => writer.str("**"),
            }
            writer.expr(keyword.value, TEST)
        })?;
        self.str(")");
        Ok(())
    }

    fn arg(&mut self, arg: &Arg<'_>) -> Res {
        self.str(arg.arg);
        if let Some(annotation) = arg.annotation {
            self.str(": ");
            self.expr(annotation, TEST)?;
        }
        Ok(())
    }

    fn default(&mut self, default: Option<&Expr<'_>>) -> Res {
        if let Some(default) = default {
            self.str("=");
            self.expr(default, TEST)?;
        }
        Ok(())
    }

    fn arguments(&mut self, args: &Arguments<'_>) -> Res {
        let mut first = true;
        let mut comma = |writer: &mut Writer| {
            if !std::mem::take(&mut first) {
                writer.str(", ");
            }
        };
        let positional = args.posonlyargs.len() + args.args.len();
        let without_default = positional.saturating_sub(args.defaults.len());
        for (i, arg) in args.posonlyargs.iter().chain(args.args).enumerate() {
            comma(self);
            self.arg(arg)?;
            self.default(
                i.checked_sub(without_default)
                    .and_then(|i| args.defaults.get(i)),
            )?;
            if i + 1 == args.posonlyargs.len() {
                self.str(", /");
            }
        }
        if args.vararg.is_some() || !args.kwonlyargs.is_empty() {
            comma(self);
            self.str("*");
            if let Some(vararg) = args.vararg {
                self.arg(vararg)?;
            }
        }
        for (i, arg) in args.kwonlyargs.iter().enumerate() {
            comma(self);
            self.arg(arg)?;
            self.default(args.kw_defaults.get(i).and_then(Option::as_ref))?;
        }
        if let Some(kwarg) = args.kwarg {
            comma(self);
            self.str("**");
            self.arg(kwarg)?;
        }
        Ok(())
    }

    fn constant(&mut self, value: &Constant<'_>) {
        match *value {
            Constant::Tuple(items) => {
                self.str("(");
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.str(", ");
                    }
                    self.constant(item);
                }
                self.str(if items.len() == 1 { ",)" } else { ")" });
            }
            Constant::Float(_) | Constant::Complex { .. } => {
                let mut text = String::new();
                repr::constant(&mut text, value);
                // Infinity has no literal, but a number too large means it.
                self.str(&text.replace("inf", "1e309"));
            }
            _ => {
                let mut text = String::new();
                repr::constant(&mut text, value);
                self.str(&text);
            }
        }
    }

    /// An f-string or t-string with the values `values`.
    fn quoted(&mut self, prefix: &str, values: &[Expr<'_>]) -> Res {
        let mut body = Writer {
            out: Wtf8Buf::new(),
            limit: self.limit,
        };
        body.fstring_elements(values)?;
        let mut text = String::from(prefix);
        repr::string(&mut text, &body.out);
        self.str(&text);
        Ok(())
    }

    fn fstring_elements(&mut self, values: &[Expr<'_>]) -> Res {
        values
            .iter()
            .try_for_each(|value| self.fstring_element(value, false))
    }

    fn fstring_element(&mut self, e: &Expr<'_>, format_spec: bool) -> Res {
        match e.kind {
            ExprKind::Constant {
                value: Constant::Str(text),
                ..
            } => {
                self.braces_doubled(text);
                Ok(())
            }
            ExprKind::JoinedStr { values } if format_spec => {
                self.limit.check()?;
                values
                    .iter()
                    .try_for_each(|value| self.fstring_element(value, true))
            }
            _ => self.expr(e, TEST),
        }
    }

    fn braces_doubled(&mut self, text: &Wtf8) {
        for point in text.code_points() {
            self.out.push_code_point(point);
            if point == u32::from(b'{') || point == u32::from(b'}') {
                self.out.push_code_point(point);
            }
        }
    }

    /// A t-string; the values that an f-string joined to it brought in become f-strings again.
    fn template(&mut self, values: &[Expr<'_>]) -> Res {
        let is_formatted = |value: &Expr<'_>| matches!(value.kind, ExprKind::FormattedValue { .. });
        if values.is_empty() {
            return self.quoted("t", values);
        }
        let runs = values.chunk_by(|a, b| !is_formatted(a) && !is_formatted(b));
        for (i, run) in runs.enumerate() {
            if i > 0 {
                self.str(" ");
            }
            let formatted = run.first().is_some_and(is_formatted);
            self.quoted(if formatted { "f" } else { "t" }, run)?;
        }
        Ok(())
    }

    fn formatted_value(
        &mut self,
        value: &Expr<'_>,
        conversion: i32,
        format_spec: Option<&Expr<'_>>,
    ) -> Res {
        // A lambda's colon would end the expression, so it is parenthesized.
        let mut inner = Writer {
            out: Wtf8Buf::new(),
            limit: self.limit,
        };
        inner.expr(value, TEST + 1)?;
        self.open_brace(&inner.out);
        self.field_end(conversion, format_spec)
    }

    fn interpolation(
        &mut self,
        text: &Constant<'_>,
        conversion: i32,
        format_spec: Option<&Expr<'_>>,
    ) -> Res {
        if let Constant::Str(text) = text {
            self.open_brace(text);
        }
        self.field_end(conversion, format_spec)
    }

    fn open_brace(&mut self, text: &Wtf8) {
        self.str(if text.as_bytes().starts_with(b"{") {
            "{ "
        } else {
            "{"
        });
        self.out.push_wtf8(text);
    }

    fn field_end(&mut self, conversion: i32, format_spec: Option<&Expr<'_>>) -> Res {
        if let Some(conversion) = u32::try_from(conversion).ok().and_then(char::from_u32) {
            self.str("!");
            self.out.push(conversion);
        }
        if let Some(spec) = format_spec {
            self.str(":");
            self.fstring_element(spec, true)?;
        }
        self.str("}");
        Ok(())
    }
}

fn binary_operator(op: Operator) -> (&'static str, Level) {
    match op {
        Operator::Add => (" + ", ARITH),
        Operator::Sub => (" - ", ARITH),
        Operator::Mult => (" * ", TERM),
        Operator::MatMult => (" @ ", TERM),
        Operator::Div => (" / ", TERM),
        Operator::Mod => (" % ", TERM),
        Operator::FloorDiv => (" // ", TERM),
        Operator::LShift => (" << ", SHIFT),
        Operator::RShift => (" >> ", SHIFT),
        Operator::BitOr => (" | ", EXPR),
        Operator::BitXor => (" ^ ", BIT_XOR),
        Operator::BitAnd => (" & ", BIT_AND),
        Operator::Pow => (" ** ", POWER),
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
