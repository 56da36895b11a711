//! Type parameters and the `type` statement (PEP 695, 696).

use taipan_ast::{Expr, ExprContext, ExprKind, Stmt, TypeParam, TypeParamKind};
use taipan_bytecode::opcode::{CompilerOpcode as Op, Intrinsic1, Intrinsic2};

use super::oparg::MAKE_FUNCTION_DEFAULTS;
use super::unit::{ArgCounts, ScopeType};
use super::{Compiler, Res};
use taipan_symtable::ScopeKey;

impl<'a> Compiler<'a> {
    /// The name of the scope that the type parameters of `name` live in.
    pub(crate) fn generic_parameters_name(&self, name: &str) -> &'a str {
        self.arena
            .alloc_str(&format!("<generic parameters of {name}>"))
    }

    /// Makes the type parameters, binds their names, and pushes the tuple of them.
    pub(crate) fn type_params(&mut self, params: &'a [TypeParam<'a>]) -> Res {
        let mut seen_default = false;
        for param in params {
            let loc = self.loc(param.loc);
            let (name, default) = match param.kind {
                TypeParamKind::TypeVar {
                    name,
                    bound,
                    default_value,
                } => {
                    self.load_str(loc, name);
                    match bound {
                        Some(bound) => {
                            self.type_param_value(bound, name, ScopeKey::bound(param), false)?;
                            let intrinsic = match bound.kind {
                                ExprKind::Tuple { .. } => Intrinsic2::TypevarWithConstraints,
                                _ => Intrinsic2::TypevarWithBound,
                            };
                            self.addop_i(loc, Op::CallIntrinsic2, intrinsic as u32);
                        }
                        None => self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::Typevar as u32),
                    }
                    (
                        name,
                        default_value.map(|value| (value, ScopeKey::default(param))),
                    )
                }
                TypeParamKind::TypeVarTuple {
                    name,
                    default_value,
                } => {
                    self.load_str(loc, name);
                    self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::Typevartuple as u32);
                    (
                        name,
                        default_value.map(|value| (value, ScopeKey::default(param))),
                    )
                }
                TypeParamKind::ParamSpec {
                    name,
                    default_value,
                } => {
                    self.load_str(loc, name);
                    self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::Paramspec as u32);
                    (
                        name,
                        default_value.map(|value| (value, ScopeKey::default(param))),
                    )
                }
            };
            match default {
                Some((value, key)) => {
                    let starred = matches!(param.kind, TypeParamKind::TypeVarTuple { .. });
                    self.type_param_value(value, name, key, starred)?;
                    self.addop_i(
                        loc,
                        Op::CallIntrinsic2,
                        Intrinsic2::SetTypeparamDefault as u32,
                    );
                    seen_default = true;
                }
                None if seen_default => {
                    let message = format!(
                        "non-default type parameter '{name}' follows default type parameter"
                    );
                    return self.error(loc, message);
                }
                None => {}
            }
            self.addop_i(loc, Op::Copy, 1);
            self.nameop(loc, name, ExprContext::Store)?;
        }
        if let Some(first) = params.first() {
            self.addop_n(self.loc(first.loc), Op::BuildTuple, params.len());
        }
        Ok(())
    }

    /// Pushes a function that evaluates a bound or a default when it is asked for.
    fn type_param_value(
        &mut self,
        e: &'a Expr<'a>,
        name: &'a str,
        key: ScopeKey,
        allow_starred: bool,
    ) -> Res {
        let loc = self.loc(e.loc);
        self.load_tuple_of_one(loc);
        let id = self.lookup_scope(key)?;
        self.setup_annotations_scope(loc, id, name)?;
        match e.kind {
            ExprKind::Starred { value, .. } if allow_starred => {
                self.visit_expr(value)?;
                self.addop_i(loc, Op::UnpackSequence, 1);
            }
            _ => self.visit_expr(e)?,
        }
        self.addop(loc, Op::ReturnValue);
        let code = self.finish_scope(true)?;
        self.make_closure(loc, &code, MAKE_FUNCTION_DEFAULTS)
    }

    pub(crate) fn type_alias(
        &mut self,
        s: &'a Stmt<'a>,
        name: &'a Expr<'a>,
        params: &'a [TypeParam<'a>],
        value: &'a Expr<'a>,
    ) -> Res {
        let loc = self.loc(s.loc);
        let ExprKind::Name { id, .. } = name.kind else {
            return self.internal_error("the name of a type alias is not a Name");
        };
        if params.is_empty() {
            self.load_str(loc, id);
            self.load_none(loc);
            self.type_alias_body(s, id, value)?;
        } else {
            let scope_name = self.generic_parameters_name(id);
            let key = self.lookup_scope(ScopeKey::type_params(s))?;
            self.enter_scope(
                scope_name,
                ScopeType::Annotations,
                key,
                s.loc.lineno,
                None,
                ArgCounts::default(),
            )?;
            self.load_str(loc, id);
            self.type_params(params)?;
            self.type_alias_body(s, id, value)?;
            let code = self.finish_scope(false)?;
            self.make_closure(loc, &code, 0)?;
            self.addop(loc, Op::PushNull);
            self.addop_i(loc, Op::Call, 0);
        }
        self.nameop(loc, id, ExprContext::Store)
    }

    fn type_alias_body(&mut self, s: &'a Stmt<'a>, name: &'a str, value: &'a Expr<'a>) -> Res {
        let loc = self.loc(s.loc);
        self.load_tuple_of_one(loc);
        let id = self.lookup_scope(ScopeKey::block(s))?;
        self.setup_annotations_scope(loc, id, name)?;
        self.visit_expr(value)?;
        self.addop(loc, Op::ReturnValue);
        let code = self.finish_scope(false)?;
        self.make_closure(loc, &code, MAKE_FUNCTION_DEFAULTS)?;
        self.addop_i(loc, Op::BuildTuple, 3);
        self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::Typealias as u32);
        Ok(())
    }
}
