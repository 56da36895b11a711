//! Comprehensions, inlined into the scope around them (PEP 709), and generator expressions, which are functions.

use taipan_ast::{Comprehension, Expr, ExprKind};
use taipan_bytecode::opcode::CompilerOpcode as Op;
use taipan_symtable::ScopeKey;

use super::scope::InlinedScopes;
use super::unit::{ArgCounts, FBlockDatum, FBlockKind, ScopeType};
use super::{Compiler, Res};
use crate::instruction_sequence::{Label, SourceLocation};

/// What a comprehension yields.
#[derive(Clone, Copy)]
enum Element<'a> {
    Generator(&'a Expr<'a>),
    List(&'a Expr<'a>),
    Set(&'a Expr<'a>),
    Dict(&'a Expr<'a>, &'a Expr<'a>),
}

impl Element<'_> {
    fn scope_name(self) -> &'static str {
        match self {
            Element::Generator(_) => "<genexpr>",
            Element::List(_) => "<listcomp>",
            Element::Set(_) => "<setcomp>",
            Element::Dict(..) => "<dictcomp>",
        }
    }

    /// The opcode that makes the empty collection.
    fn build_op(self) -> Option<Op> {
        match self {
            Element::Generator(_) => None,
            Element::List(_) => Some(Op::BuildList),
            Element::Set(_) => Some(Op::BuildSet),
            Element::Dict(..) => Some(Op::BuildMap),
        }
    }
}

/// What stays the same while the `for` clauses of one comprehension are gone through.
#[derive(Clone, Copy)]
struct Clauses<'a> {
    loc: SourceLocation,
    element: Element<'a>,
}

/// The variables of the scope around that make place for an inlined comprehension's, and how they come back.
struct SavedLocals<'a> {
    names: Vec<&'a str>,
    cleanup: Label,
}

impl<'a> Compiler<'a> {
    /// Any of the four kinds of comprehension.
    pub(crate) fn comprehension(&mut self, e: &'a Expr<'a>) -> Res {
        let (element, generators) = match e.kind {
            ExprKind::GeneratorExp { elt, generators } => (Element::Generator(elt), generators),
            ExprKind::ListComp { elt, generators } => (Element::List(elt), generators),
            ExprKind::SetComp { elt, generators } => (Element::Set(elt), generators),
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => (Element::Dict(key, value), generators),
            _ => return self.internal_error("not a comprehension"),
        };
        let Some((outermost, _)) = generators.split_first() else {
            return self.internal_error("comprehension with no generators");
        };
        let loc = self.loc(e.loc);
        let id = self.lookup_scope(ScopeKey::expression(e))?;
        let entry = self.scope(id);
        let clauses = Clauses { loc, element };
        if entry.comp_inlined {
            self.comprehension_iter(outermost)?;
            let scopes = self.tweak_inlined_scopes(entry);
            let saved = self.save_locals(loc, &scopes)?;
            if let Some(op) = element.build_op() {
                self.addop_i(loc, op, 0);
                self.addop_i(loc, Op::Swap, 2);
            }
            self.comprehension_generator(clauses, generators, true, 0, true)?;
            if let Some(saved) = saved {
                self.restore_locals_after(loc, &saved);
            }
            self.revert_inlined_scopes(scopes);
            return Ok(());
        }

        let is_coroutine = entry.coroutine;
        let counts = ArgCounts {
            args: 1,
            ..ArgCounts::default()
        };
        self.enter_scope(
            element.scope_name(),
            ScopeType::Comprehension,
            id,
            e.loc.lineno,
            None,
            counts,
        )?;
        let build_op = element.build_op();
        if let Some(op) = build_op {
            self.addop_i(loc, op, 0);
        }
        self.comprehension_generator(clauses, generators, true, 0, false)?;
        if build_op.is_some() {
            self.addop(loc, Op::ReturnValue);
        } else {
            self.wrap_in_stopiteration_handler();
        }
        let code = self.finish_scope(true)?;
        self.make_closure(loc, &code, 0)?;
        self.comprehension_iter(outermost)?;
        self.addop_i(loc, Op::Call, 0);
        if is_coroutine && build_op.is_some() {
            self.add_await(loc, 0);
        }
        Ok(())
    }

    /// Pushes the iterator of a clause.
    fn comprehension_iter(&mut self, generator: &'a Comprehension<'a>) -> Res {
        self.visit_expr(generator.iter)?;
        let op = if generator.is_async != 0 {
            Op::GetAiter
        } else {
            Op::GetIter
        };
        self.addop(self.loc(generator.iter.loc), op);
        Ok(())
    }

    /// The loop of the first of the clauses `generators`, with those behind it in its body. `depth` is the number of
    /// iterators between the collection and the top of the stack.
    fn comprehension_generator(
        &mut self,
        clauses: Clauses<'a>,
        generators: &'a [Comprehension<'a>],
        outermost: bool,
        depth: u32,
        iter_on_stack: bool,
    ) -> Res {
        let Some((generator, rest)) = generators.split_first() else {
            return Ok(());
        };
        self.check_depth()?;
        if generator.is_async != 0 {
            self.async_generator(clauses, generator, rest, outermost, depth, iter_on_stack)
        } else {
            self.sync_generator(clauses, generator, rest, outermost, depth, iter_on_stack)
        }
    }

    fn sync_generator(
        &mut self,
        clauses: Clauses<'a>,
        generator: &'a Comprehension<'a>,
        rest: &'a [Comprehension<'a>],
        outermost: bool,
        mut depth: u32,
        iter_on_stack: bool,
    ) -> Res {
        let start = self.new_label();
        let if_cleanup = self.new_label();
        let anchor = self.new_label();
        // `for x in [value]` is an assignment and needs no loop.
        let mut assigned = None;
        if !iter_on_stack {
            if outermost {
                self.addop_i(clauses.loc, Op::LoadFast, 0);
            } else {
                assigned = single_item(generator.iter);
                match assigned {
                    Some(item) => self.visit_expr(item)?,
                    None => self.comprehension_iter(generator)?,
                }
            }
        }
        let iter_loc = self.loc(generator.iter.loc);
        if assigned.is_none() {
            depth += 1;
            self.use_label(start);
            self.addop_jump(iter_loc, Op::ForIter, anchor);
        }
        self.visit_expr(generator.target)?;
        for condition in generator.ifs {
            self.jump_if(clauses.loc, condition, if_cleanup, false)?;
        }
        let element_loc = self.inner_clauses(clauses, rest, depth)?;
        self.use_label(if_cleanup);
        if assigned.is_none() {
            self.addop_jump(element_loc, Op::Jump, start);
            self.use_label(anchor);
            self.addop(SourceLocation::NONE, Op::EndFor);
            self.addop(SourceLocation::NONE, Op::PopIter);
        }
        Ok(())
    }

    fn async_generator(
        &mut self,
        clauses: Clauses<'a>,
        generator: &'a Comprehension<'a>,
        rest: &'a [Comprehension<'a>],
        outermost: bool,
        depth: u32,
        iter_on_stack: bool,
    ) -> Res {
        let loc = clauses.loc;
        let start = self.new_label();
        let send = self.new_label();
        let except = self.new_label();
        let if_cleanup = self.new_label();
        if !iter_on_stack {
            if outermost {
                self.addop_i(loc, Op::LoadFast, 0);
            } else {
                self.comprehension_iter(generator)?;
            }
        }
        self.use_label(start);
        let kind = FBlockKind::AsyncComprehensionGenerator;
        self.push_fblock(loc, kind, Some(start), None, FBlockDatum::None)?;
        self.addop_jump(loc, Op::SetupFinally, except);
        self.addop(loc, Op::GetAnext);
        self.load_none(loc);
        self.use_label(send);
        self.add_yield_from(loc, true);
        self.addop(loc, Op::PopBlock);
        self.visit_expr(generator.target)?;
        for condition in generator.ifs {
            self.jump_if(loc, condition, if_cleanup, false)?;
        }
        let element_loc = self.inner_clauses(clauses, rest, depth + 1)?;
        self.use_label(if_cleanup);
        self.addop_jump(element_loc, Op::Jump, start);
        self.pop_fblock(kind);
        self.use_label(except);
        self.addop_jump(loc, Op::EndAsyncFor, send);
        Ok(())
    }

    /// The body of a clause: the next clause, or the element. Gives the location of the jump back.
    fn inner_clauses(
        &mut self,
        clauses: Clauses<'a>,
        rest: &'a [Comprehension<'a>],
        depth: u32,
    ) -> Res<SourceLocation> {
        let first = match clauses.element {
            Element::Generator(e) | Element::List(e) | Element::Set(e) | Element::Dict(e, _) => e,
        };
        let loc = self.loc(first.loc);
        if !rest.is_empty() {
            self.comprehension_generator(clauses, rest, false, depth, false)?;
            return Ok(loc);
        }
        self.visit_expr(first)?;
        match clauses.element {
            Element::Generator(_) => {
                self.addop_yield(loc);
                self.addop(loc, Op::PopTop);
            }
            Element::List(_) => self.addop_i(loc, Op::ListAppend, depth + 1),
            Element::Set(_) => self.addop_i(loc, Op::SetAdd, depth + 1),
            Element::Dict(_, value) => {
                self.visit_expr(value)?;
                let end = self.loc(value.loc);
                let loc = SourceLocation {
                    end_lineno: end.end_lineno,
                    end_col_offset: end.end_col_offset,
                    ..loc
                };
                self.addop_i(loc, Op::MapAdd, depth + 1);
                return Ok(loc);
            }
        }
        Ok(loc)
    }

    /// Pushes the values of the variables that an inlined comprehension takes over, beneath its iterator.
    fn save_locals(
        &mut self,
        loc: SourceLocation,
        scopes: &InlinedScopes<'a>,
    ) -> Res<Option<SavedLocals<'a>>> {
        let names: Vec<&'a str> = scopes
            .isolated
            .iter()
            .map(|isolated| isolated.name)
            .collect();
        for isolated in &scopes.isolated {
            // For a cell, this saves the cell itself.
            self.addop_varname(loc, Op::LoadFastAndClear, isolated.name);
            if isolated.is_cell {
                if isolated.outer_is_free {
                    self.addop_freevar(loc, Op::MakeCell, isolated.name);
                } else {
                    self.addop_cellvar(loc, Op::MakeCell, isolated.name);
                }
            }
        }
        if names.is_empty() {
            return Ok(None);
        }
        self.addop_n(loc, Op::Swap, names.len() + 1);
        let cleanup = self.new_label();
        self.addop_jump(loc, Op::SetupFinally, cleanup);
        // Nothing in a comprehension can jump out of it, but the block counts among those that are nested.
        let kind = FBlockKind::InlinedComprehension;
        self.push_fblock(loc, kind, Some(cleanup), None, FBlockDatum::None)?;
        Ok(Some(SavedLocals { names, cleanup }))
    }

    /// Gives the variables their old values back, at the regular end of the comprehension and when it raises.
    fn restore_locals_after(&mut self, loc: SourceLocation, saved: &SavedLocals<'a>) {
        let none = SourceLocation::NONE;
        self.pop_fblock(FBlockKind::InlinedComprehension);
        self.addop(none, Op::PopBlock);
        let end = self.new_label();
        self.addop_jump(none, Op::JumpNoInterrupt, end);
        self.use_label(saved.cleanup);
        // The unfinished collection goes, the exception stays.
        self.addop_i(none, Op::Swap, 2);
        self.addop(none, Op::PopTop);
        self.restore_locals(loc, &saved.names);
        self.addop_i(none, Op::Reraise, 0);
        self.use_label(end);
        self.restore_locals(loc, &saved.names);
    }

    fn restore_locals(&mut self, loc: SourceLocation, names: &[&'a str]) {
        self.addop_n(loc, Op::Swap, names.len() + 1);
        for name in names.iter().rev() {
            self.addop_varname(loc, Op::StoreFastMaybeNull, name);
        }
    }
}

/// The item of a display of one item that is not starred.
fn single_item<'a>(iter: &'a Expr<'a>) -> Option<&'a Expr<'a>> {
    match iter.kind {
        ExprKind::List { elts: [item], .. } | ExprKind::Tuple { elts: [item], .. } => {
            (!matches!(item.kind, ExprKind::Starred { .. })).then_some(item)
        }
        _ => None,
    }
}
