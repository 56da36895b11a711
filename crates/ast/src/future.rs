//! `from __future__ import ...`: which features a module asks for, and up to where such imports may stand.

use crate::{CompileError, ExprKind, Location, Mod, Stmt, StmtKind};

/// `CO_FUTURE_BARRY_AS_BDFL`, the flag of `barry_as_FLUFL`.
pub const CO_FUTURE_BARRY_AS_BDFL: u32 = 0x40_0000;
/// `CO_FUTURE_ANNOTATIONS`, the flag of `annotations`.
pub const CO_FUTURE_ANNOTATIONS: u32 = 0x100_0000;

/// Features that are part of the language by now; importing them does nothing.
const MANDATORY: &[&str] = &[
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "generator_stop",
];

/// What a module asks of the future.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FutureFeatures {
    /// `CO_FUTURE_*` flags.
    pub features: u32,
    /// The last statement of those at the module's beginning that import from the future.
    pub last_import: Option<Location>,
}

/// The features that a module asks for, with errors for unknown ones.
pub fn future_features(module: &Mod<'_>) -> Result<FutureFeatures, CompileError> {
    let mut future = FutureFeatures::default();
    let (Mod::Module { body, .. } | Mod::Interactive { body }) = module else {
        return Ok(future);
    };
    let statements = if docstring(body).is_some() {
        &body[1..]
    } else {
        body
    };
    for statement in statements {
        let StmtKind::ImportFrom {
            module: Some("__future__"),
            names,
            level: None | Some(0),
        } = statement.kind
        else {
            break;
        };
        for alias in names {
            match alias.name {
                "annotations" => future.features |= CO_FUTURE_ANNOTATIONS,
                "barry_as_FLUFL" => future.features |= CO_FUTURE_BARRY_AS_BDFL,
                "braces" => return Err(CompileError::syntax("not a chance", alias.loc)),
                name if MANDATORY.contains(&name) => {}
                name => {
                    let name: String = name.chars().take(100).collect();
                    return Err(CompileError::syntax(
                        format!("future feature {name} is not defined"),
                        alias.loc,
                    ));
                }
            }
        }
        future.last_import = Some(statement.loc);
    }
    Ok(future)
}

/// The docstring that a body begins with, if it does.
pub fn docstring<'a>(body: &[Stmt<'a>]) -> Option<&'a taipan_wtf8::Wtf8> {
    if let StmtKind::Expr { value } = body.first()?.kind
        && let ExprKind::Constant {
            value: crate::Constant::Str(text),
            ..
        } = value.kind
    {
        return Some(text);
    }
    None
}
