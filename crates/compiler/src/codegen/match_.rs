//! `match` statements (PEP 634).
//!
//! The code of a pattern takes its subject off the stack and falls through on success. On failure it jumps to one of the
//! labels in [`PatternContext::fail_pop`]. Names are bound only when the whole pattern has matched: until then, what
//! they capture lies on the stack, underneath the `on_top` items that the pattern at hand still needs.

use std::collections::HashSet;

use taipan_ast::{
    CmpOp, Constant, Expr, ExprContext, ExprKind, MatchCase, Operator, Pattern, PatternKind,
};
use taipan_bytecode::opcode::CompilerOpcode as Op;

use super::oparg;

use super::{Compiler, Res};
use crate::instruction_sequence::{Label, SourceLocation};

/// The state of one case's pattern, or of one alternative of an or-pattern.
#[derive(Default)]
struct PatternContext<'a> {
    /// The names captured so far, in the order of their values on the stack.
    stores: Vec<&'a str>,
    /// Whether a pattern that matches everything may stand here.
    allow_irrefutable: bool,
    /// Where to jump to fail: `fail_pop[n]` leads to code that pops `n` items.
    fail_pop: Vec<Label>,
    /// The items on top of the stack, above the captures, that must stay there.
    on_top: usize,
}

fn is_wildcard(pattern: &Pattern<'_>) -> bool {
    matches!(pattern.kind, PatternKind::MatchAs { name: None, .. })
}

fn is_star(pattern: &Pattern<'_>) -> bool {
    matches!(pattern.kind, PatternKind::MatchStar { .. })
}

fn is_star_wildcard(pattern: &Pattern<'_>) -> bool {
    matches!(pattern.kind, PatternKind::MatchStar { name: None })
}

impl<'a> Compiler<'a> {
    pub(crate) fn match_stmt(&mut self, subject: &'a Expr<'a>, cases: &'a [MatchCase<'a>]) -> Res {
        self.visit_expr(subject)?;
        let end = self.new_label();
        let Some((last, init)) = cases.split_last() else {
            return self.internal_error("a match statement without cases");
        };
        // A trailing `case _` needs no copy of the subject for the case before it.
        let has_default = is_wildcard(last.pattern) && !init.is_empty();
        let tested = if has_default { init } else { cases };
        for (i, case) in tested.iter().enumerate() {
            let loc = self.loc(case.pattern.loc);
            let copied = i + 1 < tested.len();
            if copied {
                self.addop_i(loc, Op::Copy, 1);
            }
            let mut pc = PatternContext {
                allow_irrefutable: case.guard.is_some() || i + 1 == cases.len(),
                ..PatternContext::default()
            };
            self.pattern(case.pattern, &mut pc)?;
            for name in std::mem::take(&mut pc.stores) {
                self.nameop(loc, name, ExprContext::Store)?;
            }
            if let Some(guard) = case.guard {
                let fail = self.fail_label(&mut pc, 0);
                self.jump_if(loc, guard, fail, false)?;
            }
            if copied {
                self.addop(SourceLocation::NEXT, Op::PopTop);
            }
            self.visit_stmts(case.body)?;
            self.addop_jump(SourceLocation::NONE, Op::Jump, end);
            self.emit_fail_pop(loc, &mut pc);
        }
        if has_default {
            let loc = self.loc(last.pattern.loc);
            self.addop(loc, Op::Nop);
            if let Some(guard) = last.guard {
                self.jump_if(loc, guard, end, false)?;
            }
            self.visit_stmts(last.body)?;
        }
        self.use_label(end);
        Ok(())
    }

    fn pattern(&mut self, p: &'a Pattern<'a>, pc: &mut PatternContext<'a>) -> Res {
        self.check_depth()?;
        let loc = self.loc(p.loc);
        match p.kind {
            PatternKind::MatchValue { value } => {
                if !matches!(
                    value.kind,
                    ExprKind::Constant { .. } | ExprKind::Attribute { .. }
                ) {
                    return self.error(
                        loc,
                        "patterns may only match literals and attribute lookups",
                    );
                }
                self.visit_expr(value)?;
                self.addop_compare(loc, CmpOp::Eq);
                self.addop(loc, Op::ToBool);
                self.jump_to_fail_pop(loc, pc, Op::PopJumpIfFalse);
                Ok(())
            }
            PatternKind::MatchSingleton { value } => {
                self.load_ast_const(loc, &value)?;
                self.addop_compare(loc, CmpOp::Is);
                self.jump_to_fail_pop(loc, pc, Op::PopJumpIfFalse);
                Ok(())
            }
            PatternKind::MatchSequence { patterns } => self.pattern_sequence(loc, patterns, pc),
            PatternKind::MatchMapping {
                keys,
                patterns,
                rest,
            } => self.pattern_mapping(loc, keys, patterns, rest, pc),
            PatternKind::MatchClass {
                cls,
                patterns,
                kwd_attrs,
                kwd_patterns,
            } => self.pattern_class(loc, cls, patterns, kwd_attrs, kwd_patterns, pc),
            PatternKind::MatchStar { name } => self.store_capture(loc, name, pc),
            PatternKind::MatchAs { pattern, name } => self.pattern_as(loc, pattern, name, pc),
            PatternKind::MatchOr { patterns } => self.pattern_or(loc, patterns, pc),
        }
    }

    /// A pattern inside of another one, which may match everything.
    fn subpattern(&mut self, p: &'a Pattern<'a>, pc: &mut PatternContext<'a>) -> Res {
        let allow_irrefutable = std::mem::replace(&mut pc.allow_irrefutable, true);
        self.pattern(p, pc)?;
        pc.allow_irrefutable = allow_irrefutable;
        Ok(())
    }

    fn fail_label(&mut self, pc: &mut PatternContext<'a>, pops: usize) -> Label {
        loop {
            if let Some(label) = pc.fail_pop.get(pops) {
                return *label;
            }
            let label = self.new_label();
            pc.fail_pop.push(label);
        }
    }

    /// Emits the jump `op` to the place that pops everything of this pattern's.
    fn jump_to_fail_pop(&mut self, loc: SourceLocation, pc: &mut PatternContext<'a>, op: Op) {
        let label = self.fail_label(pc, pc.on_top + pc.stores.len());
        self.addop_jump(loc, op, label);
    }

    /// Emits the code that the failure jumps lead to.
    fn emit_fail_pop(&mut self, loc: SourceLocation, pc: &mut PatternContext<'a>) {
        for (pops, label) in std::mem::take(&mut pc.fail_pop)
            .into_iter()
            .enumerate()
            .rev()
        {
            self.use_label(label);
            if pops > 0 {
                self.addop(loc, Op::PopTop);
            }
        }
    }

    /// Moves the top of the stack `count - 1` places down.
    fn rotate(&mut self, loc: SourceLocation, count: usize) {
        for n in (2..=count).rev() {
            self.addop_n(loc, Op::Swap, n);
        }
    }

    fn duplicate_store<T>(&self, loc: SourceLocation, name: &str) -> Res<T> {
        self.error(
            loc,
            format!("multiple assignments to name {} in pattern", str_repr(name)),
        )
    }

    /// Puts the top of the stack among the captures, to be bound to `name`; without a name, drops it.
    fn store_capture(
        &mut self,
        loc: SourceLocation,
        name: Option<&'a str>,
        pc: &mut PatternContext<'a>,
    ) -> Res {
        let Some(name) = name else {
            self.addop(loc, Op::PopTop);
            return Ok(());
        };
        if pc.stores.contains(&name) {
            return self.duplicate_store(loc, name);
        }
        self.rotate(loc, pc.on_top + pc.stores.len() + 1);
        pc.stores.push(name);
        Ok(())
    }

    fn pattern_as(
        &mut self,
        loc: SourceLocation,
        pattern: Option<&'a Pattern<'a>>,
        name: Option<&'a str>,
        pc: &mut PatternContext<'a>,
    ) -> Res {
        let Some(pattern) = pattern else {
            if pc.allow_irrefutable {
                return self.store_capture(loc, name, pc);
            }
            let what = match name {
                Some(name) => format!("name capture {}", str_repr(name)),
                None => "wildcard".to_owned(),
            };
            return self.error(loc, format!("{what} makes remaining patterns unreachable"));
        };
        pc.on_top += 1;
        self.addop_i(loc, Op::Copy, 1);
        self.pattern(pattern, pc)?;
        pc.on_top -= 1;
        self.store_capture(loc, name, pc)
    }

    fn pattern_sequence(
        &mut self,
        loc: SourceLocation,
        patterns: &'a [Pattern<'a>],
        pc: &mut PatternContext<'a>,
    ) -> Res {
        let mut stars = patterns
            .iter()
            .enumerate()
            .filter(|(_, pattern)| is_star(pattern));
        let star = stars.next();
        if stars.next().is_some() {
            return self.error(loc, "multiple starred names in sequence pattern");
        }
        let only_wildcards = patterns
            .iter()
            .all(|pattern| is_wildcard(pattern) || is_star_wildcard(pattern));

        pc.on_top += 1;
        self.addop(loc, Op::MatchSequence);
        self.jump_to_fail_pop(loc, pc, Op::PopJumpIfFalse);
        let length = match star {
            None => Some((patterns.len(), CmpOp::Eq)),
            Some(_) if patterns.len() > 1 => Some((patterns.len() - 1, CmpOp::GtE)),
            Some(_) => None,
        };
        if let Some((length, op)) = length {
            self.addop(loc, Op::GetLen);
            self.load_size(loc, length);
            self.addop_compare(loc, op);
            self.jump_to_fail_pop(loc, pc, Op::PopJumpIfFalse);
        }
        pc.on_top -= 1;
        match star {
            _ if only_wildcards => {
                self.addop(loc, Op::PopTop);
                Ok(())
            }
            Some((star, pattern)) if is_star_wildcard(pattern) => {
                self.sequence_subscripts(loc, patterns, star, pc)
            }
            _ => self.sequence_unpack(loc, patterns, pc),
        }
    }

    fn sequence_unpack(
        &mut self,
        loc: SourceLocation,
        patterns: &'a [Pattern<'a>],
        pc: &mut PatternContext<'a>,
    ) -> Res {
        match patterns.iter().position(is_star) {
            Some(star) => {
                let Some(arg) = oparg::unpack_ex(star, patterns.len() - star - 1) else {
                    return self.error(
                        loc,
                        "too many expressions in star-unpacking sequence pattern",
                    );
                };
                self.addop_i(loc, Op::UnpackEx, arg);
            }
            None => self.addop_n(loc, Op::UnpackSequence, patterns.len()),
        }
        pc.on_top += patterns.len();
        for pattern in patterns {
            pc.on_top -= 1;
            self.subpattern(pattern, pc)?;
        }
        Ok(())
    }

    /// Takes the items by subscripts: nobody wants the list that `*_` would make.
    fn sequence_subscripts(
        &mut self,
        loc: SourceLocation,
        patterns: &'a [Pattern<'a>],
        star: usize,
        pc: &mut PatternContext<'a>,
    ) -> Res {
        pc.on_top += 1;
        for (i, pattern) in patterns.iter().enumerate() {
            if is_wildcard(pattern) || i == star {
                continue;
            }
            self.addop_i(loc, Op::Copy, 1);
            if i < star {
                self.load_size(loc, i);
            } else {
                // The subject need not know negative indices.
                self.addop(loc, Op::GetLen);
                self.load_size(loc, patterns.len() - i);
                self.addop_binary(loc, Operator::Sub, false);
            }
            self.addop_i(loc, Op::BinaryOp, oparg::NB_SUBSCR);
            self.subpattern(pattern, pc)?;
        }
        pc.on_top -= 1;
        self.addop(loc, Op::PopTop);
        Ok(())
    }

    fn pattern_class(
        &mut self,
        loc: SourceLocation,
        cls: &'a Expr<'a>,
        patterns: &'a [Pattern<'a>],
        kwd_attrs: &'a [&'a str],
        kwd_patterns: &'a [Pattern<'a>],
        pc: &mut PatternContext<'a>,
    ) -> Res {
        if kwd_attrs.len() != kwd_patterns.len() {
            let message = format!(
                "kwd_attrs ({}) / kwd_patterns ({}) length mismatch in class pattern",
                kwd_attrs.len(),
                kwd_patterns.len()
            );
            return self.error(loc, message);
        }
        for (i, attr) in kwd_attrs.iter().enumerate() {
            let repeated = kwd_attrs
                .iter()
                .zip(kwd_patterns)
                .skip(i + 1)
                .find(|(other, _)| *other == attr);
            if let Some((_, pattern)) = repeated {
                let message = format!("attribute name repeated in class pattern: {attr}");
                return self.error(self.loc(pattern.loc), message);
            }
        }
        self.visit_expr(cls)?;
        self.load_const_names(loc, kwd_attrs.iter().copied());
        self.addop_n(loc, Op::MatchClass, patterns.len());
        self.addop_i(loc, Op::Copy, 1);
        self.load_none(loc);
        self.addop_i(loc, Op::IsOp, 1);
        pc.on_top += 1;
        self.jump_to_fail_pop(loc, pc, Op::PopJumpIfFalse);
        let count = patterns.len() + kwd_attrs.len();
        self.addop_n(loc, Op::UnpackSequence, count);
        pc.on_top -= 1;
        pc.on_top += count;
        for pattern in patterns.iter().chain(kwd_patterns) {
            pc.on_top -= 1;
            if is_wildcard(pattern) {
                self.addop(loc, Op::PopTop);
            } else {
                self.subpattern(pattern, pc)?;
            }
        }
        Ok(())
    }

    fn pattern_mapping(
        &mut self,
        loc: SourceLocation,
        keys: &'a [Expr<'a>],
        patterns: &'a [Pattern<'a>],
        rest: Option<&'a str>,
        pc: &mut PatternContext<'a>,
    ) -> Res {
        let size = keys.len();
        if size != patterns.len() {
            let message = format!(
                "keys ({size}) / patterns ({}) length mismatch in mapping pattern",
                patterns.len()
            );
            return self.error(loc, message);
        }
        pc.on_top += 1;
        self.addop(loc, Op::MatchMapping);
        self.jump_to_fail_pop(loc, pc, Op::PopJumpIfFalse);
        if size == 0 && rest.is_none() {
            pc.on_top -= 1;
            self.addop(loc, Op::PopTop);
            return Ok(());
        }
        if size > 0 {
            self.addop(loc, Op::GetLen);
            self.load_size(loc, size);
            self.addop_compare(loc, CmpOp::GtE);
            self.jump_to_fail_pop(loc, pc, Op::PopJumpIfFalse);
        }
        self.mapping_keys(loc, keys)?;
        self.addop_n(loc, Op::BuildTuple, size);
        self.addop(loc, Op::MatchKeys);
        // On the stack: the subject, the tuple of keys, the tuple of values or None.
        pc.on_top += 2;
        self.addop_i(loc, Op::Copy, 1);
        self.load_none(loc);
        self.addop_i(loc, Op::IsOp, 1);
        self.jump_to_fail_pop(loc, pc, Op::PopJumpIfFalse);
        self.addop_n(loc, Op::UnpackSequence, size);
        pc.on_top += size;
        pc.on_top -= 1;
        for pattern in patterns {
            pc.on_top -= 1;
            self.subpattern(pattern, pc)?;
        }
        pc.on_top -= 2;
        let Some(rest) = rest else {
            self.addop(loc, Op::PopTop);
            self.addop(loc, Op::PopTop);
            return Ok(());
        };
        // rest = dict(subject), without the keys.
        self.addop_i(loc, Op::BuildMap, 0);
        self.addop_i(loc, Op::Swap, 3);
        self.addop_i(loc, Op::DictUpdate, 2);
        self.addop_n(loc, Op::UnpackSequence, size);
        for n in (1..=size).rev() {
            self.addop_n(loc, Op::Copy, n + 1);
            self.addop_i(loc, Op::Swap, 2);
            self.addop(loc, Op::DeleteSubscr);
        }
        self.store_capture(loc, Some(rest), pc)
    }

    fn mapping_keys(&mut self, loc: SourceLocation, keys: &'a [Expr<'a>]) -> Res {
        let mut seen = HashSet::new();
        for key in keys {
            match key.kind {
                ExprKind::Constant { value, .. } => {
                    if !seen.insert(super::constants::PythonKey::new(&value)?) {
                        let message = format!(
                            "mapping pattern checks duplicate key ({})",
                            constant_repr(&value)
                        );
                        return self.error(loc, message);
                    }
                }
                ExprKind::Attribute { .. } => {}
                _ => {
                    let message =
                        "mapping pattern keys may only match literals and attribute lookups";
                    return self.error(loc, message);
                }
            }
            self.visit_expr(key)?;
        }
        Ok(())
    }

    /// Each alternative is tried on a copy of the subject. All bind the same names; those that bind them in another
    /// order than the first have their captures sorted on the stack.
    fn pattern_or(
        &mut self,
        loc: SourceLocation,
        patterns: &'a [Pattern<'a>],
        pc: &mut PatternContext<'a>,
    ) -> Res {
        const DIFFERENT: &str = "alternative patterns bind different names";
        let end = self.new_label();
        let mut control: Option<Vec<&'a str>> = None;
        for (i, alternative) in patterns.iter().enumerate() {
            let alt_loc = self.loc(alternative.loc);
            let mut alt = PatternContext {
                allow_irrefutable: i + 1 == patterns.len() && pc.allow_irrefutable,
                ..PatternContext::default()
            };
            self.addop_i(alt_loc, Op::Copy, 1);
            self.pattern(alternative, &mut alt)?;
            match &control {
                None => control = Some(std::mem::take(&mut alt.stores)),
                Some(control) if control.len() != alt.stores.len() => {
                    return self.error(loc, DIFFERENT);
                }
                Some(control) => {
                    for (icontrol, name) in control.iter().enumerate().rev() {
                        let Some(istores) = alt.stores.iter().position(|store| store == name)
                        else {
                            return self.error(loc, DIFFERENT);
                        };
                        if icontrol == istores {
                            continue;
                        }
                        // The first `rotations` captures, `name` the last of them, move up behind it.
                        let rotations = istores + 1;
                        if let Some(moved) = alt.stores.get_mut(..=icontrol) {
                            moved.rotate_left(rotations);
                        }
                        for _ in 0..rotations {
                            self.rotate(alt_loc, icontrol + 1);
                        }
                    }
                }
            }
            self.addop_jump(alt_loc, Op::Jump, end);
            self.emit_fail_pop(alt_loc, &mut alt);
        }
        self.addop(loc, Op::PopTop);
        self.jump_to_fail_pop(loc, pc, Op::Jump);

        self.use_label(end);
        let control = control.unwrap_or_default();
        // Between a new capture and its place are the other ones, the copy of the subject, what must stay on top, and
        // the older captures.
        let rotations = control.len() + 1 + pc.on_top + pc.stores.len();
        for name in control {
            self.rotate(loc, rotations);
            if pc.stores.contains(&name) {
                return self.duplicate_store(loc, name);
            }
            pc.stores.push(name);
        }
        self.addop(loc, Op::PopTop);
        Ok(())
    }
}

fn str_repr(name: &str) -> String {
    constant_repr(&Constant::Str(name.into()))
}

fn constant_repr(value: &Constant<'_>) -> String {
    let mut text = String::new();
    taipan_ast::repr::constant(&mut text, value);
    text
}
