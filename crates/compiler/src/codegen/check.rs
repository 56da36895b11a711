//! Warnings about expressions that are certain or nearly so to be mistakes.

use taipan_ast::{CmpOp, Constant, Expr, ExprKind};

use super::Compiler;

impl<'a> Compiler<'a> {
    /// `is` with a literal other than the singletons.
    pub(crate) fn check_compare(
        &mut self,
        e: &'a Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOp],
        comparators: &'a [Expr<'a>],
    ) {
        let mut left = left;
        for (op, right) in ops.iter().zip(comparators) {
            let advice = match op {
                CmpOp::Is => Some(("is", "==")),
                CmpOp::IsNot => Some(("is not", "!=")),
                _ => None,
            };
            if let Some((operator, equality)) = advice {
                let literal = [left, right].into_iter().find(|e| is_literal(e));
                if let Some(literal) = literal {
                    let type_name = infer_type(literal).unwrap_or_default();
                    let message = format!(
                        "\"{operator}\" with '{type_name}' literal. Did you mean \"{equality}\"?"
                    );
                    self.warn(self.loc(e.loc), message);
                    return;
                }
            }
            left = right;
        }
    }

    /// A call of something that cannot be called.
    pub(crate) fn check_caller(&mut self, e: &'a Expr<'a>) {
        if matches!(e.kind, ExprKind::Lambda { .. }) {
            return;
        }
        if let Some(type_name) = infer_type(e) {
            let message =
                format!("'{type_name}' object is not callable; perhaps you missed a comma?");
            self.warn(self.loc(e.loc), message);
        }
    }

    /// A subscript of something that has none.
    pub(crate) fn check_subscripter(&mut self, e: &'a Expr<'a>) {
        let suspicious = match e.kind {
            ExprKind::Constant { value, .. } => matches!(
                value,
                Constant::None
                    | Constant::True
                    | Constant::False
                    | Constant::Ellipsis
                    | Constant::Int(_)
                    | Constant::BigInt { .. }
                    | Constant::Float(_)
                    | Constant::Complex { .. }
                    | Constant::FrozenSet(_)
            ),
            ExprKind::Set { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::GeneratorExp { .. }
            | ExprKind::TemplateStr { .. }
            | ExprKind::Interpolation { .. }
            | ExprKind::Lambda { .. } => true,
            _ => false,
        };
        if suspicious && let Some(type_name) = infer_type(e) {
            let message =
                format!("'{type_name}' object is not subscriptable; perhaps you missed a comma?");
            self.warn(self.loc(e.loc), message);
        }
    }

    /// A subscript of a sequence with something that is no index.
    pub(crate) fn check_index(&mut self, e: &'a Expr<'a>, index: &'a Expr<'a>) {
        let Some(index_type) = infer_type(index) else {
            return;
        };
        if matches!(index_type, "int" | "bool") {
            return;
        }
        let sequence = match e.kind {
            ExprKind::Constant { value, .. } => {
                matches!(
                    value,
                    Constant::Str(_) | Constant::Bytes(_) | Constant::Tuple(_)
                )
            }
            ExprKind::Tuple { .. }
            | ExprKind::List { .. }
            | ExprKind::ListComp { .. }
            | ExprKind::JoinedStr { .. }
            | ExprKind::FormattedValue { .. } => true,
            _ => false,
        };
        if sequence && let Some(type_name) = infer_type(e) {
            let message = format!(
                "{type_name} indices must be integers or slices, not {index_type}; perhaps you missed a comma?"
            );
            self.warn(self.loc(e.loc), message);
        }
    }
}

/// Whether `e` is a constant, or a tuple of constants, that is not one of the singletons.
fn is_literal(e: &Expr<'_>) -> bool {
    match e.kind {
        ExprKind::Tuple { elts, .. } => elts
            .iter()
            .all(|elt| matches!(elt.kind, ExprKind::Constant { .. })),
        ExprKind::Constant { value, .. } => !matches!(
            value,
            Constant::None | Constant::True | Constant::False | Constant::Ellipsis
        ),
        _ => false,
    }
}

/// The name of the type that `e` has for certain.
fn infer_type(e: &Expr<'_>) -> Option<&'static str> {
    Some(match e.kind {
        ExprKind::Tuple { .. } => "tuple",
        ExprKind::List { .. } | ExprKind::ListComp { .. } => "list",
        ExprKind::Dict { .. } | ExprKind::DictComp { .. } => "dict",
        ExprKind::Set { .. } | ExprKind::SetComp { .. } => "set",
        ExprKind::GeneratorExp { .. } => "generator",
        ExprKind::Lambda { .. } => "function",
        ExprKind::JoinedStr { .. } | ExprKind::FormattedValue { .. } => "str",
        ExprKind::TemplateStr { .. } => "string.templatelib.Template",
        ExprKind::Interpolation { .. } => "string.templatelib.Interpolation",
        ExprKind::Constant { value, .. } => match value {
            Constant::None => "NoneType",
            Constant::True | Constant::False => "bool",
            Constant::Ellipsis => "ellipsis",
            Constant::Int(_) | Constant::BigInt { .. } => "int",
            Constant::Float(_) => "float",
            Constant::Complex { .. } => "complex",
            Constant::Str(_) => "str",
            Constant::Bytes(_) => "bytes",
            Constant::Tuple(_) => "tuple",
            Constant::FrozenSet(_) => "frozenset",
        },
        _ => return None,
    })
}
