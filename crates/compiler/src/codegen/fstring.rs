//! f-strings and t-strings.

use taipan_ast::{Constant, Expr, ExprKind, Operator};
use taipan_bytecode::opcode::CompilerOpcode as Op;

use super::expr::STACK_USE_GUIDELINE;
use super::oparg;
use super::{Compiler, Res};
use crate::instruction_sequence::SourceLocation;

impl<'a> Compiler<'a> {
    pub(crate) fn joined_str(&mut self, loc: SourceLocation, values: &'a [Expr<'a>]) -> Res {
        if values.len() > STACK_USE_GUIDELINE {
            self.load_str(loc, "");
            self.load_method(loc, "join");
            self.addop_i(loc, Op::BuildList, 0);
            for value in values {
                self.visit_expr(value)?;
                self.addop_i(loc, Op::ListAppend, 1);
            }
            self.addop_i(loc, Op::Call, 1);
            return Ok(());
        }
        self.visit_exprs(values)?;
        match values.len() {
            0 => self.load_str(loc, ""),
            1 => {}
            count => self.addop_n(loc, Op::BuildString, count),
        }
        Ok(())
    }

    pub(crate) fn formatted_value(
        &mut self,
        loc: SourceLocation,
        value: &'a Expr<'a>,
        conversion: i32,
        format_spec: Option<&'a Expr<'a>>,
    ) -> Res {
        self.visit_expr(value)?;
        if conversion != -1 {
            let arg = self.conversion(conversion)?;
            self.addop_i(loc, Op::ConvertValue, arg);
        }
        match format_spec {
            Some(spec) => {
                self.visit_expr(spec)?;
                self.addop(loc, Op::FormatWithSpec);
            }
            None => self.addop(loc, Op::FormatSimple),
        }
        Ok(())
    }

    fn conversion(&self, conversion: i32) -> Res<u32> {
        match oparg::conversion(conversion) {
            Some(arg) => Ok(arg),
            None => self.internal_error(format!("Unrecognized conversion character {conversion}")),
        }
    }

    /// A template is made of the tuple of its strings, which stand before, between and behind the interpolations (so
    /// that there is one more of them), and the tuple of these.
    pub(crate) fn template_str(&mut self, loc: SourceLocation, values: &'a [Expr<'a>]) -> Res {
        let is_interpolation =
            |value: &Expr<'_>| matches!(value.kind, ExprKind::Interpolation { .. });
        let mut strings = 0;
        let mut in_string = false;
        for value in values {
            if is_interpolation(value) {
                if !in_string {
                    self.load_str(loc, "");
                    strings += 1;
                }
                in_string = false;
            } else {
                self.visit_expr(value)?;
                if in_string {
                    self.addop_binary(loc, Operator::Add, true);
                } else {
                    strings += 1;
                }
                in_string = true;
            }
        }
        if !in_string {
            self.load_str(loc, "");
            strings += 1;
        }
        self.addop_n(loc, Op::BuildTuple, strings);

        let mut interpolations = 0;
        for value in values.iter().filter(|value| is_interpolation(value)) {
            self.visit_expr(value)?;
            interpolations += 1;
        }
        self.addop_n(loc, Op::BuildTuple, interpolations);
        self.addop(loc, Op::BuildTemplate);
        Ok(())
    }

    pub(crate) fn interpolation(
        &mut self,
        loc: SourceLocation,
        value: &'a Expr<'a>,
        text: &Constant<'a>,
        conversion: i32,
        format_spec: Option<&'a Expr<'a>>,
    ) -> Res {
        self.visit_expr(value)?;
        self.load_ast_const(loc, text)?;
        let mut arg = 2;
        if let Some(spec) = format_spec {
            arg += 1;
            self.visit_expr(spec)?;
        }
        if conversion != -1 {
            arg |= self.conversion(conversion)? << 2;
        }
        self.addop_i(loc, Op::BuildInterpolation, arg);
        Ok(())
    }
}
