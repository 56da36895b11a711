//! What CPython 3.14 does to a tree between the parser and the symbol table: `__debug__` becomes a constant, docstrings
//! go with `-OO`, simple `%` formatting becomes an f-string, numbers in patterns become constants, and control flow
//! that leaves a `finally` block is warned about (PEP 765). All other constants are folded by the compiler.

use taipan_tokenizer::{SyntaxError, SyntaxWarning, WarningCategory};
use taipan_wtf8::{Wtf8, Wtf8Buf};

use crate::future::CO_FUTURE_ANNOTATIONS;
use crate::reflect::NodeKind;
use crate::transformer::{
    Transformer, rebuild_expr, rebuild_pattern, rebuild_stmt, transform_slice,
};
use crate::{
    Arena, CompileError, Constant, Expr, ExprContext, ExprKind, Location, Mod, Operator, Pattern,
    Spots, StackLimit, Stmt, StmtKind, UnaryOp, docstring, repr,
};

/// How to preprocess.
#[derive(Clone, Copy, Debug)]
pub struct PreprocessOptions {
    /// The level of optimization: 1 makes `__debug__` false, 2 removes docstrings.
    pub optimize: u8,
    /// The `CO_FUTURE_*` flags that are in force: annotations stay as they are if they become strings.
    pub features: u32,
    /// Only what `ast.parse` does without `optimize`: nothing but the removal of docstrings.
    pub syntax_check_only: bool,
    /// Warn about control flow in `finally`; not done where only a tree is asked for.
    pub warnings: bool,
    /// How far the stack may be used.
    pub limit: StackLimit,
}

/// Preprocesses a tree. The warnings are added to `warnings` in the order of the source.
pub fn preprocess<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    options: PreprocessOptions,
    warnings: &mut Vec<SyntaxWarning>,
) -> Result<&'a Mod<'a>, CompileError> {
    preprocess_at(arena, module, options, &Spots::Anywhere, warnings)
}

/// The same for a tree of which the parser noted where there is something to do.
pub fn preprocess_at<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    options: PreprocessOptions,
    spots: &Spots,
    warnings: &mut Vec<SyntaxWarning>,
) -> Result<&'a Mod<'a>, CompileError> {
    // Without docstrings to remove, a check of the syntax changes nothing.
    let nothing = options.syntax_check_only && options.optimize < 2 && !options.warnings;
    if nothing || matches!(module, Mod::FunctionType { .. }) {
        return Ok(module);
    }
    let mut preprocessor = Preprocessor {
        arena,
        options,
        // Docstrings are everywhere.
        spots: match options.optimize {
            0 | 1 => spots,
            _ => &Spots::Anywhere,
        },
        warnings,
        context: Context::default(),
    };
    Ok(preprocessor
        .transform_mod(module)?
        .map_or(module, |module| arena.alloc(module)))
}

/// The innermost statement that decides what control flow leaves.
#[derive(Clone, Copy, Default, PartialEq)]
enum Context {
    #[default]
    None,
    Finally,
    Function,
    Loop,
}

struct Preprocessor<'a, 'w> {
    arena: &'a Arena,
    options: PreprocessOptions,
    spots: &'w Spots,
    warnings: &'w mut Vec<SyntaxWarning>,
    context: Context,
}

impl<'a> Transformer<'a> for Preprocessor<'a, '_> {
    type Error = CompileError;

    fn arena(&self) -> &'a Arena {
        self.arena
    }

    fn transform_field(
        &mut self,
        owner: NodeKind,
        field: &'static str,
        node: &'a Expr<'a>,
    ) -> Result<Option<Expr<'a>>, CompileError> {
        match (owner, field) {
            (NodeKind::Arg | NodeKind::AnnAssign, "annotation")
            | (NodeKind::FunctionDef | NodeKind::AsyncFunctionDef, "returns")
                if self.options.features & CO_FUTURE_ANNOTATIONS != 0 =>
            {
                Ok(None)
            }
            (NodeKind::MatchValue, "value") | (NodeKind::MatchMapping, "keys") => {
                Ok(self.pattern_number(node))
            }
            _ => self.transform_expr(node),
        }
    }

    fn transform_body(
        &mut self,
        owner: NodeKind,
        field: &'static str,
        nodes: &'a [Stmt<'a>],
    ) -> Result<Option<&'a [Stmt<'a>]>, CompileError> {
        let context = match (owner, field) {
            (NodeKind::FunctionDef | NodeKind::AsyncFunctionDef, _) => Context::Function,
            (NodeKind::For | NodeKind::AsyncFor | NodeKind::While, "body") => Context::Loop,
            (NodeKind::Try | NodeKind::TryStar, "finalbody") => Context::Finally,
            _ => self.context,
        };
        let outer = std::mem::replace(&mut self.context, context);
        let changed = match owner {
            NodeKind::Module
            | NodeKind::ClassDef
            | NodeKind::FunctionDef
            | NodeKind::AsyncFunctionDef => self.documented_body(nodes)?,
            _ => transform_slice(self, nodes, |this, node| this.transform_stmt(node))?,
        };
        self.context = outer;
        Ok(changed)
    }

    fn transform_stmt(&mut self, node: &'a Stmt<'a>) -> Result<Option<Stmt<'a>>, CompileError> {
        self.options.limit.check()?;
        if self.context != Context::Finally && !self.spots.any_in(node) {
            return Ok(None);
        }
        match node.kind {
            StmtKind::Return { .. } => self.warn_finally("return", node.loc),
            StmtKind::Break => self.warn_finally("break", node.loc),
            StmtKind::Continue => self.warn_finally("continue", node.loc),
            _ => {}
        }
        rebuild_stmt(self, node)
    }

    fn transform_expr(&mut self, node: &'a Expr<'a>) -> Result<Option<Expr<'a>>, CompileError> {
        self.options.limit.check()?;
        let check_only = self.options.syntax_check_only;
        match node.kind {
            ExprKind::Name {
                id: "__debug__",
                ctx: ExprContext::Load,
            } if !check_only => {
                let value = if self.options.optimize == 0 {
                    Constant::True
                } else {
                    Constant::False
                };
                Ok(Some(Expr {
                    kind: ExprKind::Constant { value, kind: None },
                    loc: node.loc,
                }))
            }
            ExprKind::BinOp {
                op: Operator::Mod, ..
            } if !check_only => {
                let changed = rebuild_expr(self, node)?;
                let (left, right) = match changed.unwrap_or(*node).kind {
                    ExprKind::BinOp { left, right, .. } => (left, right),
                    _ => return Ok(changed),
                };
                if let ExprKind::Constant {
                    value: Constant::Str(format),
                    ..
                } = left.kind
                    && let ExprKind::Tuple { elts, .. } = right.kind
                    && let Some(values) = format_values(self.arena, format, elts)
                {
                    return Ok(Some(Expr {
                        kind: ExprKind::JoinedStr { values },
                        loc: node.loc,
                    }));
                }
                Ok(changed)
            }
            _ => rebuild_expr(self, node),
        }
    }

    fn transform_pattern(
        &mut self,
        node: &'a Pattern<'a>,
    ) -> Result<Option<Pattern<'a>>, CompileError> {
        self.options.limit.check()?;
        rebuild_pattern(self, node)
    }
}

impl<'a> Preprocessor<'a, '_> {
    /// Preprocesses a body that may begin with a docstring.
    fn documented_body(
        &mut self,
        nodes: &'a [Stmt<'a>],
    ) -> Result<Option<&'a [Stmt<'a>]>, CompileError> {
        let mut body = nodes;
        let mut documented = docstring(body).is_some();
        if documented && self.options.optimize >= 2 {
            documented = false;
            body = match body {
                [only] => {
                    // A body is never empty. The statement is as long as its keyword.
                    let Location {
                        lineno, col_offset, ..
                    } = only.loc;
                    let loc =
                        Location::new(lineno, col_offset, lineno, col_offset.saturating_add(4));
                    self.arena.alloc_slice(&[Stmt {
                        kind: StmtKind::Pass,
                        loc,
                    }])
                }
                _ => body.get(1..).unwrap_or_default(),
            };
        }
        if let Some(changed) = transform_slice(self, body, |this, node| this.transform_stmt(node))?
        {
            body = changed;
        }
        // What has become the first statement must not be taken for a docstring.
        if !documented
            && docstring(body).is_some()
            && let [first, rest @ ..] = body
            && let StmtKind::Expr { value } = first.kind
        {
            let joined = ExprKind::JoinedStr {
                values: self.arena.alloc_slice(&[*value]),
            };
            let value = self.arena.alloc(Expr {
                kind: joined,
                loc: first.loc,
            });
            let first = Stmt {
                kind: StmtKind::Expr { value },
                loc: first.loc,
            };
            let statements: Vec<Stmt<'a>> =
                std::iter::once(first).chain(rest.iter().copied()).collect();
            body = self.arena.alloc_slice(&statements);
        }
        Ok(if std::ptr::eq(body, nodes) {
            None
        } else {
            Some(body)
        })
    }

    /// Warns of a statement that leaves a `finally` block.
    fn warn_finally(&mut self, keyword: &str, loc: Location) {
        if self.options.warnings && self.context == Context::Finally {
            self.warnings.push(syntax_warning(
                format!("'{keyword}' in a 'finally' block"),
                loc,
            ));
        }
    }

    /// Folds a negative or complex number.
    fn pattern_number(&self, node: &'a Expr<'a>) -> Option<Expr<'a>> {
        if self.options.syntax_check_only {
            return None;
        }
        let value = match node.kind {
            ExprKind::UnaryOp {
                op: UnaryOp::USub,
                operand,
            } => negate(self.arena, constant(operand)?)?,
            ExprKind::BinOp {
                left,
                op: op @ (Operator::Add | Operator::Sub),
                right,
            } => {
                // A sum of sums does not pass the validator, so this goes down one level at most.
                let folded = match left.kind {
                    ExprKind::UnaryOp { .. } => self.pattern_number(left)?,
                    _ => *left,
                };
                let real = to_f64(constant(&folded)?)?;
                let Constant::Complex { real: more, imag } = constant(right)? else {
                    return None;
                };
                match op {
                    Operator::Add => Constant::Complex {
                        real: real + more,
                        imag,
                    },
                    _ => Constant::Complex {
                        real: real - more,
                        imag: -imag,
                    },
                }
            }
            _ => return None,
        };
        Some(Expr {
            kind: ExprKind::Constant { value, kind: None },
            loc: node.loc,
        })
    }
}

/// A `SyntaxWarning` at a node; as an error it covers the node.
pub fn syntax_warning(msg: String, loc: Location) -> SyntaxWarning {
    let as_error = SyntaxError {
        end_lineno: Some(loc.end_lineno),
        ..SyntaxError::new(
            msg.clone(),
            loc.lineno,
            loc.col_offset.wrapping_add(1),
            loc.end_col_offset.wrapping_add(1),
        )
    };
    SyntaxWarning {
        category: WarningCategory::SyntaxWarning,
        msg,
        lineno: loc.lineno,
        as_error,
    }
}

fn constant<'a>(node: &Expr<'a>) -> Option<Constant<'a>> {
    if let ExprKind::Constant { value, .. } = node.kind {
        Some(value)
    } else {
        None
    }
}

/// The negative of a number; `None` if it is no number.
fn negate<'a>(arena: &'a Arena, value: Constant<'a>) -> Option<Constant<'a>> {
    Some(match value {
        Constant::Int(i64::MIN) => Constant::BigInt {
            negative: false,
            magnitude: arena.alloc_bytes(&i64::MIN.to_le_bytes()),
        },
        Constant::Int(number) => Constant::Int(-number),
        Constant::BigInt {
            negative: false,
            magnitude,
        } if magnitude == i64::MIN.to_le_bytes() => Constant::Int(i64::MIN),
        Constant::BigInt {
            negative,
            magnitude,
        } => Constant::BigInt {
            negative: !negative,
            magnitude,
        },
        Constant::Float(number) => Constant::Float(-number),
        Constant::Complex { real, imag } => Constant::Complex {
            real: -real,
            imag: -imag,
        },
        Constant::True => Constant::Int(-1),
        Constant::False => Constant::Int(0),
        _ => return None,
    })
}

/// A real number as a `float`; `None` if it is none, or too large.
fn to_f64(value: Constant<'_>) -> Option<f64> {
    match value {
        Constant::Int(number) => Some(number as f64),
        Constant::Float(number) => Some(number),
        Constant::BigInt { .. } => {
            let mut digits = String::new();
            repr::constant(&mut digits, &value);
            digits
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
        }
        _ => None,
    }
}

/// The parts of the f-string that does what `format % elts` does, if there is one.
fn format_values<'a>(
    arena: &'a Arena,
    format: &Wtf8,
    elts: &'a [Expr<'a>],
) -> Option<&'a [Expr<'a>]> {
    if elts
        .iter()
        .any(|elt| matches!(elt.kind, ExprKind::Starred { .. }))
    {
        return None;
    }
    let mut points = format.code_points().peekable();
    let mut args = elts.iter();
    let mut values = Vec::new();
    let mut literal = Wtf8Buf::new();
    while let Some(point) = points.next() {
        if point != u32::from(b'%') {
            literal.push_code_point(point);
            continue;
        }
        if points.next_if_eq(&u32::from(b'%')).is_some() {
            literal.push('%');
            continue;
        }
        if !literal.is_empty() {
            values.push(text(arena, &literal));
            literal.clear();
        }
        let value = args.next()?;
        let (conversion, spec) = format_spec(&mut points)?;
        let format_spec = (!spec.is_empty()).then(|| arena.alloc(text(arena, Wtf8::new(&spec))));
        let kind = ExprKind::FormattedValue {
            value,
            conversion,
            format_spec,
        };
        values.push(Expr {
            kind,
            loc: value.loc,
        });
    }
    if args.next().is_some() {
        return None;
    }
    if !literal.is_empty() {
        values.push(text(arena, &literal));
    }
    Some(arena.alloc_slice(&values))
}

/// A string that stands nowhere in the source.
fn text<'a>(arena: &'a Arena, value: &Wtf8) -> Expr<'a> {
    let value = Constant::Str(arena.alloc_wtf8(value));
    Expr {
        kind: ExprKind::Constant { value, kind: None },
        loc: Location::NONE,
    }
}

/// Reads what follows a `%`: the conversion, and the format that it is in an f-string. `None` if there is none such.
fn format_spec(points: &mut impl Iterator<Item = u32>) -> Option<(i32, String)> {
    let mut left = false;
    let mut c = next_char(points)?;
    while matches!(c, '-' | '+' | ' ' | '#' | '0') {
        left |= c == '-';
        c = next_char(points)?;
    }
    let mut spec = String::new();
    if c.is_ascii_digit() {
        let width = digits(&mut c, points)?;
        if !left && width > 0 {
            spec.push('>');
        }
        spec.push_str(&width.to_string());
    }
    if c == '.' {
        c = next_char(points)?;
        let precision = digits(&mut c, points)?;
        spec.push_str(&format!(".{precision}"));
    }
    matches!(c, 's' | 'r' | 'a').then_some((c as i32, spec))
}

/// The next code point as a character; what is none has no meaning in a format.
fn next_char(points: &mut impl Iterator<Item = u32>) -> Option<char> {
    points
        .next()
        .map(|point| char::from_u32(point).unwrap_or('\0'))
}

/// Reads a number that begins with `c`, and leaves in `c` what follows. `None` if it has three digits or more.
fn digits(c: &mut char, points: &mut impl Iterator<Item = u32>) -> Option<u32> {
    let mut value = 0;
    let mut count = 0;
    while let Some(digit) = c.to_digit(10) {
        value = value * 10 + digit;
        count += 1;
        *c = next_char(points)?;
        if count >= 3 {
            return None;
        }
    }
    Some(value)
}
