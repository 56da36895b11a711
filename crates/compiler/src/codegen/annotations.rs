//! Annotations: of variables and of parameters, put off into `__annotate__` functions (PEP 649, 749), or kept as text
//! under `from __future__ import annotations`.

use taipan_ast::{Arg, Arguments, Expr, ExprContext, ExprKind, Stmt};
use taipan_bytecode::opcode::{CommonConstant, CompilerOpcode as Op};

use super::oparg::COMPARE_GT;
use super::unit::{ArgCounts, DeferredAnnotation, ScopeType};
use super::{Compiler, Res};
use crate::instruction_sequence::SourceLocation;
use taipan_symtable::{ScopeId, ScopeKey};

/// `annotationlib.Format.VALUE_WITH_FAKE_GLOBALS`, the last format that compiled code evaluates itself.
const VALUE_WITH_FAKE_GLOBALS: i64 = 2;

const CONDITIONAL_ANNOTATIONS: &str = "__conditional_annotations__";

impl<'a> Compiler<'a> {
    /// Enters the scope of a function that evaluates annotations; it takes the wanted format and refuses those it does
    /// not know.
    pub(crate) fn setup_annotations_scope(
        &mut self,
        loc: SourceLocation,
        id: ScopeId,
        name: &'a str,
    ) -> Res {
        let counts = ArgCounts {
            posonly: 1,
            ..ArgCounts::default()
        };
        let line = u32::try_from(loc.lineno).unwrap_or_default();
        self.enter_scope(name, ScopeType::Annotations, id, line, None, counts)?;
        self.addop_i(loc, Op::LoadFast, 0);
        self.load_int(loc, VALUE_WITH_FAKE_GLOBALS);
        self.addop_i(loc, Op::CompareOp, COMPARE_GT);
        let body = self.new_label();
        self.addop_jump(loc, Op::PopJumpIfFalse, body);
        self.addop_i(
            loc,
            Op::LoadCommonConstant,
            CommonConstant::NotImplementedError as u32,
        );
        self.addop_i(loc, Op::RaiseVarargs, 1);
        self.use_label(body);
        Ok(())
    }

    /// Leaves an `__annotate__` function that has pushed its dict, and makes the function. Its parameter, which must
    /// not hide a global of the same name in the annotations, gets its public name only now.
    fn leave_annotations_scope(&mut self, loc: SourceLocation) -> Res {
        self.addop(loc, Op::ReturnValue);
        self.unit_mut().rename_format_parameter = true;
        let code = self.finish_scope(true)?;
        self.make_closure(loc, &code, 0)
    }

    /// Makes a function's `__annotate__`, if it has annotations; says whether it is on the stack now.
    pub(crate) fn function_annotations(
        &mut self,
        s: &'a Stmt<'a>,
        args: &'a Arguments<'a>,
        returns: Option<&'a Expr<'a>>,
    ) -> Res<bool> {
        let loc = self.loc(s.loc);
        let id = self.lookup_scope(ScopeKey::annotations(s))?;
        let ste = self.scope(id);
        if !ste.annotations_used {
            return Ok(false);
        }
        self.setup_annotations_scope(loc, id, ste.name)?;
        let mut count = 0;
        let groups = [
            args.args,
            args.posonlyargs,
            as_slice(args.vararg),
            args.kwonlyargs,
            as_slice(args.kwarg),
        ];
        for arg in groups.into_iter().flatten() {
            if let Some(annotation) = arg.annotation {
                self.arg_annotation(loc, arg.arg, annotation)?;
                count += 1;
            }
        }
        if let Some(returns) = returns {
            self.arg_annotation(loc, "return", returns)?;
            count += 1;
        }
        self.addop_n(loc, Op::BuildMap, count);
        self.leave_annotations_scope(loc)?;
        Ok(true)
    }

    fn arg_annotation(
        &mut self,
        loc: SourceLocation,
        name: &'a str,
        annotation: &'a Expr<'a>,
    ) -> Res {
        let name = self.maybe_mangle(name);
        self.load_str(loc, name);
        if self.future_annotations() {
            return self.annotation_text(annotation);
        }
        match annotation.kind {
            ExprKind::Starred { value, .. } => {
                self.visit_expr(value)?;
                self.addop_i(loc, Op::UnpackSequence, 1);
                Ok(())
            }
            _ => self.visit_expr(annotation),
        }
    }

    fn annotation_text(&mut self, annotation: &'a Expr<'a>) -> Res {
        let text = self.unparse(annotation)?;
        self.load_wtf8(self.loc(annotation.loc), &text);
        Ok(())
    }

    pub(crate) fn ann_assign(
        &mut self,
        s: &'a Stmt<'a>,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        simple: bool,
    ) -> Res {
        let loc = self.loc(s.loc);
        let future = self.future_annotations();
        if let Some(value) = value {
            self.visit_expr(value)?;
            self.visit_expr(target)?;
        }
        match target.kind {
            ExprKind::Name { id, .. } => {
                if simple && matches!(self.unit().scope_type, ScopeType::Module | ScopeType::Class)
                {
                    if future {
                        self.annotation_text(annotation)?;
                        self.addop_name(loc, Op::LoadName, "__annotations__");
                        let name = self.maybe_mangle(id);
                        self.load_str(loc, name);
                        self.addop(loc, Op::StoreSubscr);
                    } else {
                        self.defer_annotation(loc, id, annotation);
                    }
                }
            }
            ExprKind::Attribute { value: object, .. } => {
                if value.is_none() {
                    self.check_ann_expr(object)?;
                }
            }
            ExprKind::Subscript {
                value: object,
                slice,
                ..
            } => {
                if value.is_none() {
                    self.check_ann_expr(object)?;
                    self.check_ann_subscr(slice)?;
                }
            }
            _ => return self.internal_error("invalid node type for annotated assignment"),
        }
        Ok(())
    }

    /// Keeps an annotation for `__annotate__`, and marks at run time that control came past where it may not.
    fn defer_annotation(&mut self, loc: SourceLocation, name: &'a str, annotation: &'a Expr<'a>) {
        let class = self.unit().scope_type == ScopeType::Class;
        let unit = self.unit_mut();
        let conditional_index = (!class || unit.conditional_blocks > 0).then(|| {
            unit.conditional_annotations += 1;
            unit.conditional_annotations - 1
        });
        unit.deferred_annotations.push(DeferredAnnotation {
            name,
            annotation,
            loc,
            conditional_index,
        });
        if let Some(index) = conditional_index {
            if class {
                self.addop_cellvar(loc, Op::LoadDeref, CONDITIONAL_ANNOTATIONS);
            } else {
                self.addop_name(loc, Op::LoadName, CONDITIONAL_ANNOTATIONS);
            }
            self.load_int(loc, index);
            self.addop_i(loc, Op::SetAdd, 1);
            self.addop(loc, Op::PopTop);
        }
    }

    /// Makes the `__annotate__` function of the module or class that is being compiled, if it has annotations.
    pub(crate) fn process_deferred_annotations(&mut self, loc: SourceLocation) -> Res {
        let deferred = std::mem::take(&mut self.unit_mut().deferred_annotations);
        if deferred.is_empty() {
            return Ok(());
        }
        let scope_type = self.unit().scope_type;
        if scope_type == ScopeType::Module {
            // In a module, the function is made before anything else runs.
            self.start_annotation_setup();
        }
        let Some(id) = self.unit().ste.annotation_block else {
            return self.internal_error("no scope for the annotations of a module or class");
        };
        self.setup_annotations_scope(loc, id, self.scope(id).name)?;
        self.addop_i(loc, Op::BuildMap, 0);
        for item in &deferred {
            let mangled = self.mangle(item.name);
            let not_set = self.new_label();
            if let Some(index) = item.conditional_index {
                self.load_int(item.loc, index);
                if scope_type == ScopeType::Class {
                    self.addop_freevar(item.loc, Op::LoadDeref, CONDITIONAL_ANNOTATIONS);
                } else {
                    self.addop_name(item.loc, Op::LoadGlobal, CONDITIONAL_ANNOTATIONS);
                }
                self.addop_i(item.loc, Op::ContainsOp, 0);
                self.addop_jump(item.loc, Op::PopJumpIfFalse, not_set);
            }
            self.visit_expr(item.annotation)?;
            self.addop_i(item.loc, Op::Copy, 2);
            self.load_str(item.loc, mangled);
            self.addop(loc, Op::StoreSubscr);
            self.use_label(not_set);
        }
        self.leave_annotations_scope(loc)?;
        let name = if scope_type == ScopeType::Class {
            "__annotate_func__"
        } else {
            "__annotate__"
        };
        self.nameop(loc, name, ExprContext::Store)?;
        if scope_type == ScopeType::Module {
            self.end_annotation_setup();
        }
        Ok(())
    }

    fn check_ann_expr(&mut self, e: &'a Expr<'a>) -> Res {
        self.visit_expr(e)?;
        self.addop(self.loc(e.loc), Op::PopTop);
        Ok(())
    }

    /// Evaluates what a subscript is made of, for its errors; only the slices themselves are left out.
    fn check_ann_subscr(&mut self, e: &'a Expr<'a>) -> Res {
        self.check_depth()?;
        match e.kind {
            ExprKind::Slice { lower, upper, step } => [lower, upper, step]
                .into_iter()
                .flatten()
                .try_for_each(|part| self.check_ann_expr(part)),
            ExprKind::Tuple { elts, .. } => {
                elts.iter().try_for_each(|elt| self.check_ann_subscr(elt))
            }
            _ => self.check_ann_expr(e),
        }
    }
}

fn as_slice<'a>(arg: Option<&'a Arg<'a>>) -> &'a [Arg<'a>] {
    arg.map_or(&[], std::slice::from_ref)
}
