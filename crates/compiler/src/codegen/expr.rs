//! Expressions, apart from those that have a file of their own (calls, comprehensions, conditions, f-strings).

use taipan_ast::{Constant, Expr, ExprContext, ExprKind, Operator, UnaryOp};

use super::oparg;
use super::unit::ScopeType;
use super::{Compiler, Res};
use crate::instruction_sequence::SourceLocation;
use taipan_bytecode::opcode::{CompilerOpcode as Op, Intrinsic1};

/// Displays and calls with more items than this build their collection piecemeal, to keep the value stack small.
pub(crate) const STACK_USE_GUIDELINE: usize = 30;

/// The opcodes that build one kind of collection: from the stack, by one item, by an iterable.
#[derive(Clone, Copy)]
pub(crate) struct Builders {
    pub build: Op,
    pub add: Op,
    pub extend: Op,
    /// The list that was built becomes a tuple.
    pub tuple: bool,
}

pub(crate) const LIST: Builders = Builders {
    build: Op::BuildList,
    add: Op::ListAppend,
    extend: Op::ListExtend,
    tuple: false,
};
pub(crate) const TUPLE: Builders = Builders {
    tuple: true,
    ..LIST
};
const SET: Builders = Builders {
    build: Op::BuildSet,
    add: Op::SetAdd,
    extend: Op::SetUpdate,
    tuple: false,
};

impl<'a> Compiler<'a> {
    /// Emits code that pushes the value of `e`, or assigns to it, or deletes it, as its context says.
    pub(crate) fn visit_expr(&mut self, e: &'a Expr<'a>) -> Res {
        self.check_depth()?;
        self.visit_expr_inner(e)
    }

    pub(crate) fn visit_exprs(&mut self, exprs: &'a [Expr<'a>]) -> Res {
        exprs.iter().try_for_each(|e| self.visit_expr(e))
    }

    fn visit_expr_inner(&mut self, e: &'a Expr<'a>) -> Res {
        let loc = self.loc(e.loc);
        match e.kind {
            ExprKind::NamedExpr { target, value } => {
                self.visit_expr(value)?;
                self.addop_i(loc, Op::Copy, 1);
                self.visit_expr(target)?;
            }
            ExprKind::BoolOp { op, values } => self.boolop(loc, op, values)?,
            ExprKind::BinOp { left, op, right } => {
                self.visit_expr(left)?;
                self.visit_expr(right)?;
                self.addop_binary(loc, op, false);
            }
            ExprKind::UnaryOp { op, operand } => {
                self.visit_expr(operand)?;
                match op {
                    UnaryOp::UAdd => {
                        self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::UnaryPositive as u32)
                    }
                    UnaryOp::Not => {
                        self.addop(loc, Op::ToBool);
                        self.addop(loc, Op::UnaryNot);
                    }
                    UnaryOp::Invert => self.addop(loc, Op::UnaryInvert),
                    UnaryOp::USub => self.addop(loc, Op::UnaryNegative),
                }
            }
            ExprKind::Lambda { args, body } => self.lambda(e, args, body)?,
            ExprKind::IfExp { test, body, orelse } => {
                let end = self.new_label();
                let next = self.new_label();
                self.jump_if(loc, test, next, false)?;
                self.visit_expr(body)?;
                self.addop_jump(SourceLocation::NONE, Op::JumpNoInterrupt, end);
                self.use_label(next);
                self.visit_expr(orelse)?;
                self.use_label(end);
            }
            ExprKind::Dict { keys, values } => self.dict(loc, keys, values)?,
            ExprKind::Set { elts } => self.starunpack(loc, elts, None, 0, SET)?,
            ExprKind::GeneratorExp { .. }
            | ExprKind::ListComp { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::DictComp { .. } => self.comprehension(e)?,
            ExprKind::Yield { value } => {
                if !self.is_function_like() {
                    return self.error(loc, "'yield' outside function");
                }
                match value {
                    Some(value) => self.visit_expr(value)?,
                    None => self.load_none(loc),
                }
                self.addop_yield(loc);
            }
            ExprKind::YieldFrom { value } => {
                if !self.is_function_like() {
                    return self.error(loc, "'yield from' outside function");
                }
                if self.unit().scope_type == ScopeType::AsyncFunction {
                    return self.error(loc, "'yield from' inside async function");
                }
                self.visit_expr(value)?;
                self.addop(loc, Op::GetYieldFromIter);
                self.load_none(loc);
                self.add_yield_from(loc, false);
            }
            ExprKind::Await { value } => {
                self.visit_expr(value)?;
                self.add_await(loc, 0);
            }
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => self.compare(e, left, ops, comparators)?,
            ExprKind::Call {
                func,
                args,
                keywords,
            } => self.call(e, func, args, keywords)?,
            ExprKind::Constant { value, .. } => self.load_ast_const(loc, &value)?,
            ExprKind::JoinedStr { values } => self.joined_str(loc, values)?,
            ExprKind::TemplateStr { values } => self.template_str(loc, values)?,
            ExprKind::FormattedValue {
                value,
                conversion,
                format_spec,
            } => {
                self.formatted_value(loc, value, conversion, format_spec)?;
            }
            ExprKind::Interpolation {
                value,
                str,
                conversion,
                format_spec,
            } => {
                self.interpolation(loc, value, &str, conversion, format_spec)?;
            }
            ExprKind::Attribute { value, attr, ctx } => self.attribute(e, value, attr, ctx)?,
            ExprKind::Subscript { value, slice, ctx } => self.subscript(loc, value, slice, ctx)?,
            ExprKind::Starred { ctx, .. } => {
                let message = match ctx {
                    ExprContext::Store => "starred assignment target must be in a list or tuple",
                    ExprContext::Load | ExprContext::Del => "can't use starred expression here",
                };
                return self.error(loc, message);
            }
            ExprKind::Slice { lower, upper, step } => self.slice(e, lower, upper, step)?,
            ExprKind::Name { id, ctx } => self.nameop(loc, id, ctx)?,
            ExprKind::List { elts, ctx } => self.sequence(loc, elts, ctx, LIST)?,
            ExprKind::Tuple { elts, ctx } => self.sequence(loc, elts, ctx, TUPLE)?,
        }
        Ok(())
    }

    fn sequence(
        &mut self,
        loc: SourceLocation,
        elts: &'a [Expr<'a>],
        ctx: ExprContext,
        builders: Builders,
    ) -> Res {
        match ctx {
            ExprContext::Load => self.starunpack(loc, elts, None, 0, builders),
            ExprContext::Del => self.visit_exprs(elts),
            ExprContext::Store => {
                self.unpack(loc, elts)?;
                elts.iter().try_for_each(|elt| match elt.kind {
                    ExprKind::Starred { value, .. } => self.visit_expr(value),
                    _ => self.visit_expr(elt),
                })
            }
        }
    }

    /// Emits the instruction that takes a value apart into the targets `elts`.
    fn unpack(&mut self, loc: SourceLocation, elts: &'a [Expr<'a>]) -> Res {
        let mut seen_star = false;
        for (i, elt) in elts.iter().enumerate() {
            if !matches!(elt.kind, ExprKind::Starred { .. }) {
                continue;
            }
            if seen_star {
                return self.error(loc, "multiple starred expressions in assignment");
            }
            let after = elts.len() - i - 1;
            let Some(arg) = oparg::unpack_ex(i, after) else {
                return self.error(loc, "too many expressions in star-unpacking assignment");
            };
            self.addop_i(loc, Op::UnpackEx, arg);
            seen_star = true;
        }
        if !seen_star {
            self.addop_n(loc, Op::UnpackSequence, elts.len());
        }
        Ok(())
    }

    /// Builds a collection of `elts`, some of which may be starred, on top of `pushed` items that are on the stack
    /// already; the value of the name `injected` comes last.
    pub(crate) fn starunpack(
        &mut self,
        loc: SourceLocation,
        elts: &'a [Expr<'a>],
        injected: Option<&'a str>,
        pushed: usize,
        builders: Builders,
    ) -> Res {
        let total = elts.len() + pushed + usize::from(injected.is_some());
        let big = total > STACK_USE_GUIDELINE;
        let starred = elts
            .iter()
            .any(|elt| matches!(elt.kind, ExprKind::Starred { .. }));
        if !starred && !big {
            self.visit_exprs(elts)?;
            if let Some(name) = injected {
                self.nameop(loc, name, ExprContext::Load)?;
            }
            self.addop_n(
                loc,
                if builders.tuple {
                    Op::BuildTuple
                } else {
                    builders.build
                },
                total,
            );
            return Ok(());
        }
        let mut built = big;
        if big {
            self.addop_n(loc, builders.build, pushed);
        }
        for (i, elt) in elts.iter().enumerate() {
            if let ExprKind::Starred { value, .. } = elt.kind {
                if !built {
                    self.addop_n(loc, builders.build, i + pushed);
                    built = true;
                }
                self.visit_expr(value)?;
                self.addop_i(loc, builders.extend, 1);
            } else {
                self.visit_expr(elt)?;
                if built {
                    self.addop_i(loc, builders.add, 1);
                }
            }
        }
        if let Some(name) = injected {
            self.nameop(loc, name, ExprContext::Load)?;
            self.addop_i(loc, builders.add, 1);
        }
        if builders.tuple {
            self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::ListToTuple as u32);
        }
        Ok(())
    }

    fn dict(
        &mut self,
        loc: SourceLocation,
        keys: &'a [Option<Expr<'a>>],
        values: &'a [Expr<'a>],
    ) -> Res {
        let mut have_dict = false;
        let mut pending = 0;
        for (i, (key, value)) in keys.iter().zip(values).enumerate() {
            if key.is_none() {
                if pending > 0 {
                    self.subdict(loc, keys, values, i - pending, i, &mut have_dict)?;
                    pending = 0;
                }
                if !have_dict {
                    self.addop_i(loc, Op::BuildMap, 0);
                    have_dict = true;
                }
                self.visit_expr(value)?;
                self.addop_i(loc, Op::DictUpdate, 1);
            } else if pending * 2 > STACK_USE_GUIDELINE {
                self.subdict(loc, keys, values, i - pending, i + 1, &mut have_dict)?;
                pending = 0;
            } else {
                pending += 1;
            }
        }
        if pending > 0 {
            let end = keys.len().min(values.len());
            self.subdict(loc, keys, values, end - pending, end, &mut have_dict)?;
        }
        if !have_dict {
            self.addop_i(loc, Op::BuildMap, 0);
        }
        Ok(())
    }

    /// Builds a dict of the items from `begin` to `end`, and merges it into the one below when there is one.
    fn subdict(
        &mut self,
        loc: SourceLocation,
        keys: &'a [Option<Expr<'a>>],
        values: &'a [Expr<'a>],
        begin: usize,
        end: usize,
        have_dict: &mut bool,
    ) -> Res {
        let count = end - begin;
        let big = count * 2 > STACK_USE_GUIDELINE;
        if big {
            self.addop_i(loc, Op::BuildMap, 0);
        }
        for (key, value) in keys.iter().zip(values).take(end).skip(begin) {
            if let Some(key) = key {
                self.visit_expr(key)?;
            }
            self.visit_expr(value)?;
            if big {
                self.addop_i(loc, Op::MapAdd, 1);
            }
        }
        if !big {
            self.addop_n(loc, Op::BuildMap, count);
        }
        if *have_dict {
            self.addop_i(loc, Op::DictUpdate, 1);
        }
        *have_dict = true;
        Ok(())
    }

    fn attribute(
        &mut self,
        e: &'a Expr<'a>,
        value: &'a Expr<'a>,
        attr: &'a str,
        ctx: ExprContext,
    ) -> Res {
        let loc = self.loc(e.loc);
        if ctx == ExprContext::Load
            && let Some(call) = self.optimizable_super_call(value, attr)
        {
            self.load_args_for_super(&call)?;
            self.load_super_attr(loc, attr, call.zero_args(), false);
            let loc = self.attr_location(loc, e, attr);
            self.addop(loc, Op::Nop);
            return Ok(());
        }
        if ctx == ExprContext::Store {
            self.add_static_attribute(value, attr);
        }
        self.visit_expr(value)?;
        let loc = self.attr_location(loc, e, attr);
        match ctx {
            ExprContext::Load => self.load_attr(loc, attr),
            ExprContext::Store => self.addop_name(loc, Op::StoreAttr, attr),
            ExprContext::Del => self.addop_name(loc, Op::DeleteAttr, attr),
        }
        Ok(())
    }

    /// Where the access to an attribute is said to happen: when the expression spans lines, at the attribute's name.
    pub(crate) fn attr_location(
        &self,
        mut loc: SourceLocation,
        attribute: &Expr<'_>,
        name: &str,
    ) -> SourceLocation {
        let end = self.loc(attribute.loc);
        if loc.lineno == end.end_lineno {
            return loc;
        }
        loc.lineno = end.end_lineno;
        let length = i32::try_from(name.chars().count()).unwrap_or(i32::MAX);
        if length <= end.end_col_offset {
            loc.col_offset = end.end_col_offset - length;
        } else {
            loc.col_offset = -1;
            loc.end_col_offset = -1;
        }
        loc.end_lineno = loc.lineno.max(loc.end_lineno);
        if loc.lineno == loc.end_lineno {
            loc.end_col_offset = loc.col_offset.max(loc.end_col_offset);
        }
        loc
    }

    fn subscript(
        &mut self,
        loc: SourceLocation,
        value: &'a Expr<'a>,
        slice: &'a Expr<'a>,
        ctx: ExprContext,
    ) -> Res {
        if ctx == ExprContext::Load {
            self.check_subscripter(value);
            self.check_index(value, slice);
        }
        self.visit_expr(value)?;
        if ctx != ExprContext::Del
            && let Some((lower, upper)) = two_element_slice(slice)
        {
            self.slice_two_parts(slice, lower, upper)?;
            self.addop(
                loc,
                if ctx == ExprContext::Load {
                    Op::BinarySlice
                } else {
                    Op::StoreSlice
                },
            );
            return Ok(());
        }
        self.visit_expr(slice)?;
        match ctx {
            ExprContext::Load => self.addop_i(loc, Op::BinaryOp, oparg::NB_SUBSCR),
            ExprContext::Store => self.addop(loc, Op::StoreSubscr),
            ExprContext::Del => self.addop(loc, Op::DeleteSubscr),
        }
        Ok(())
    }

    /// Pushes the bounds of a slice.
    pub(crate) fn slice_two_parts(
        &mut self,
        slice: &'a Expr<'a>,
        lower: Option<&'a Expr<'a>>,
        upper: Option<&'a Expr<'a>>,
    ) -> Res {
        for part in [lower, upper] {
            match part {
                Some(part) => self.visit_expr(part)?,
                None => self.load_none(self.loc(slice.loc)),
            }
        }
        Ok(())
    }

    fn slice(
        &mut self,
        e: &'a Expr<'a>,
        lower: Option<&'a Expr<'a>>,
        upper: Option<&'a Expr<'a>>,
        step: Option<&'a Expr<'a>>,
    ) -> Res {
        let loc = self.loc(e.loc);
        if let (Some(lower), Some(upper), Some(step)) =
            (slice_part(lower), slice_part(upper), slice_part(step))
        {
            return self.load_const_slice(loc, &lower, &upper, &step);
        }
        self.slice_two_parts(e, lower, upper)?;
        if let Some(step) = step {
            self.visit_expr(step)?;
        }
        self.addop_i(loc, Op::BuildSlice, if step.is_some() { 3 } else { 2 });
        Ok(())
    }

    pub(crate) fn addop_binary(&mut self, loc: SourceLocation, op: Operator, inplace: bool) {
        self.addop_i(loc, Op::BinaryOp, oparg::binary_op(op, inplace));
    }
}

/// A slice's part as a constant: absent ones are `None`; no constant gives nothing.
fn slice_part<'a>(part: Option<&'a Expr<'a>>) -> Option<Constant<'a>> {
    match part.map(|part| part.kind) {
        None => Some(Constant::None),
        Some(ExprKind::Constant { value, .. }) => Some(value),
        Some(_) => None,
    }
}

/// The bounds of a slice without a step that is not all constants: such slices are taken without a slice object.
pub(crate) fn two_element_slice<'a>(
    slice: &'a Expr<'a>,
) -> Option<(Option<&'a Expr<'a>>, Option<&'a Expr<'a>>)> {
    match slice.kind {
        ExprKind::Slice {
            lower,
            upper,
            step: None,
        } if slice_part(lower).is_none() || slice_part(upper).is_none() => Some((lower, upper)),
        _ => None,
    }
}
