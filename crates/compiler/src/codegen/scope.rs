//! Entering and leaving code units, and what the symbol table says about names in them.

use std::rc::Rc;

use taipan_bytecode::CodeObject;
use taipan_bytecode::code::co;
use taipan_bytecode::constant::Str;
use taipan_bytecode::opcode::CompilerOpcode as Op;
use taipan_symtable::{BlockType, NameScope, Scope, ScopeId, ScopeKey, flags, mangle};
use taipan_wtf8::Wtf8;

use super::unit::{ArgCounts, CompilerUnit, ScopeType};
use super::{Compiler, ObservedUnit, Res};
use crate::assemble::{UnitMetadata, assemble};
use crate::flowgraph;
use crate::graphs::ObservedGraph;
use crate::instruction_sequence::SourceLocation;

/// A variable of an inlined comprehension that hides one of the scope around it.
pub(crate) struct Isolated<'a> {
    pub name: &'a str,
    /// It is a cell in the comprehension.
    pub is_cell: bool,
    /// It is free in the scope around.
    pub outer_is_free: bool,
}

/// What inlining a comprehension changes about the scope around it.
pub(crate) struct InlinedScopes<'a> {
    pub isolated: Vec<Isolated<'a>>,
    /// The overrides that were there before.
    overridden: Vec<(&'a str, Option<u32>)>,
    /// The names that became fast locals for the time.
    fast_hidden: Vec<&'a str>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn lookup_scope(&self, key: ScopeKey) -> Res<ScopeId> {
        match self.symtable.lookup(key) {
            Some(id) => Ok(id),
            None => self.internal_error("a node has no scope in the symbol table"),
        }
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &'a Scope<'a> {
        self.symtable.scope(id)
    }

    /// Starts a new code unit within the present one. `private` is the class whose private names are mangled in it, if
    /// not that of the unit around.
    pub(crate) fn enter_scope(
        &mut self,
        name: &'a str,
        scope_type: ScopeType,
        id: ScopeId,
        first_line: u32,
        private: Option<&'a str>,
        arg_counts: ArgCounts,
    ) -> Res {
        let ste = self.scope(id);
        let private = private.or_else(|| self.units.last().and_then(|unit| unit.private));
        let tables = self.spare.pop().unwrap_or_default();
        let mut unit = CompilerUnit::new(
            tables, name, scope_type, ste, id, first_line, private, arg_counts,
        );
        for varname in &ste.varnames {
            unit.varnames.add(varname);
        }
        for name in sorted_symbols(ste, NameScope::Cell, flags::DEF_COMP_CELL) {
            unit.cellvars.add(name);
        }
        let implicit = [
            ("__class__", ste.needs_class_closure),
            ("__classdict__", ste.needs_classdict),
            (
                "__conditional_annotations__",
                ste.has_conditional_annotations,
            ),
        ];
        for (name, needed) in implicit {
            if needed {
                unit.cellvars.add(name);
            }
        }
        unit.freevars.set_base(unit.cellvars.len());
        for name in sorted_symbols(ste, NameScope::Free, flags::DEF_FREE_CLASS) {
            unit.freevars.add(name);
        }
        if scope_type != ScopeType::Module {
            unit.qualname = self.qualname(&unit);
        }
        self.units.push(unit);

        let module = scope_type == ScopeType::Module;
        let line = if module { 0 } else { first_line as i32 };
        let loc = SourceLocation::new(line, first_line as i32, 0, 0);
        self.addop_i(loc, Op::Resume, super::oparg::RESUME_AT_FUNC_START);
        if module {
            self.addop(loc, Op::AnnotationsPlaceholder);
        }
        Ok(())
    }

    /// The qualified name of a unit that is about to be entered.
    fn qualname(&self, unit: &CompilerUnit<'a>) -> &'a str {
        let Some((parent, outer)) = self.units.split_last() else {
            return unit.name;
        };
        if outer.is_empty() {
            // Directly in the module.
            return unit.name;
        }
        // Annotation scopes do not count.
        let parent = match outer.split_last() {
            Some((grandparent, rest)) if parent.scope_type == ScopeType::Annotations => {
                if rest.is_empty() {
                    return unit.name;
                }
                grandparent
            }
            _ => parent,
        };
        let named = matches!(
            unit.scope_type,
            ScopeType::Function | ScopeType::AsyncFunction | ScopeType::Class
        );
        if named {
            let mangled = mangle(parent.private, unit.name);
            if parent.scope_of(&mangled) == Some(NameScope::GlobalExplicit) {
                return unit.name;
            }
        }
        let locals = match parent.scope_type {
            ScopeType::Function | ScopeType::AsyncFunction | ScopeType::Lambda => ".<locals>",
            _ => "",
        };
        let parts = [parent.qualname, locals, ".", unit.name];
        self.arena.alloc_str(&parts.concat())
    }

    /// Ends the present unit and makes its code object. With `add_none`, control may reach the end of its code.
    pub(crate) fn finish_scope(&mut self, add_none: bool) -> Res<Rc<CodeObject>> {
        let none = SourceLocation::NONE;
        if add_none {
            self.load_none(none);
        }
        self.addop(none, Op::ReturnValue);
        let flags = self.code_flags();
        let Some(mut unit) = self.units.pop() else {
            return self.internal_error("no scope to leave");
        };
        let cache = &mut self.const_cache;
        let mut intern = |names: &[&str]| -> Vec<Rc<Str>> {
            names
                .iter()
                .map(|name| cache.intern(Wtf8::new(name)))
                .collect()
        };
        let metadata = UnitMetadata {
            varnames: intern(unit.varnames.names()),
            cellvars: intern(unit.cellvars.names()),
            freevars: intern(unit.freevars.names()),
            names: intern(unit.names.names()),
            name: cache.intern(Wtf8::new(unit.name)),
            qualname: cache.intern(Wtf8::new(unit.qualname)),
            filename: Rc::clone(&self.options.filename),
            flags,
            firstlineno: unit.first_line as i32,
            argcount: (unit.arg_counts.args + unit.arg_counts.posonly) as u32,
            posonlyargcount: unit.arg_counts.posonly as u32,
            kwonlyargcount: unit.arg_counts.kwonly as u32,
            fast_hidden: unit
                .varnames
                .names()
                .iter()
                .map(|name| unit.fast_hidden.contains_key(name))
                .collect(),
        };
        let consts = unit.consts.take();
        let sequence = std::mem::take(&mut unit.sequence);
        self.observer.generated(&ObservedUnit {
            metadata: &metadata,
            sequence: &sequence,
            consts: &consts,
            depth: self.units.len(),
        });
        let room = std::mem::take(&mut self.room);
        let optimized = flowgraph::optimize(&metadata, sequence, consts, cache, room)?;
        self.observer
            .optimized(&ObservedGraph::new(&optimized.cfg, &optimized.consts));
        let (mut code, mut room) = assemble(&metadata, optimized, cache)?;
        if unit.rename_format_parameter {
            let mut names = code.localsplusnames.to_vec();
            if let Some(first) = names.first_mut() {
                *first =
                    taipan_bytecode::Constant::Str(self.const_cache.intern(Wtf8::new("format")));
            }
            // A tuple of its own: CPython makes it after the others have been merged, which marshal shows.
            code.localsplusnames = Rc::from(names);
        }
        self.spare.push(unit.into_tables(room.take_sequence()));
        self.room = room;
        let code = Rc::new(code);
        self.observer.assembled(&code);
        Ok(code)
    }

    fn code_flags(&self) -> u32 {
        let ste = self.unit().ste;
        let mut flags = 0;
        if ste.is_function_like() {
            flags |= co::NEWLOCALS | co::OPTIMIZED;
            let conditions = [
                (ste.nested, co::NESTED),
                (ste.generator && !ste.coroutine, co::GENERATOR),
                (ste.generator && ste.coroutine, co::ASYNC_GENERATOR),
                (ste.varargs, co::VARARGS),
                (ste.varkeywords, co::VARKEYWORDS),
                (ste.has_docstring, co::HAS_DOCSTRING),
                (ste.method, co::METHOD),
            ];
            for (condition, flag) in conditions {
                if condition {
                    flags |= flag;
                }
            }
        }
        if ste.coroutine && !ste.generator {
            flags |= co::COROUTINE;
        }
        flags | self.options.flags
    }

    /// The index by which a closure that is made here gets at the variable `name`.
    pub(crate) fn closure_arg(&self, name: &Wtf8) -> Res<u32> {
        let unit = self.unit();
        let name = name.to_str().unwrap_or_default();
        // A class can have a method's free variable among its own names, too; then it is not a cell here.
        let implicit = unit.scope_type == ScopeType::Class
            && matches!(
                name,
                "__class__" | "__classdict__" | "__conditional_annotations__"
            );
        let table = if implicit || unit.scope_of(name) == Some(NameScope::Cell) {
            &unit.cellvars
        } else {
            &unit.freevars
        };
        match table.get(name) {
            Some(index) => Ok(index),
            None => self.internal_error(format!(
                "no variable for the closure over {name} in {}",
                unit.name
            )),
        }
    }

    /// Whether `__class__` is a free variable here.
    pub(crate) fn class_cell_is_free(&self) -> bool {
        let unit = self.unit();
        unit.scope_type != ScopeType::Class && unit.scope_of("__class__") == Some(NameScope::Free)
    }

    /// Whether the name `super` means the builtin, as far as can be seen.
    pub(crate) fn is_builtin_super(&self) -> bool {
        let unhidden = self.top_scope_of("super").is_none();
        self.unit().scope_of("super") == Some(NameScope::GlobalImplicit) && unhidden
    }

    fn top_scope_of(&self, name: &str) -> Option<NameScope> {
        // Inlined comprehensions override symbols of the module, too.
        match self.units.first() {
            Some(module) => module.scope_of(name),
            None => None,
        }
    }

    /// Whether the module's scope binds the name by an import.
    pub(crate) fn is_imported_at_top(&self, name: &str) -> bool {
        self.units
            .first()
            .is_some_and(|module| module.symbol(name) & flags::DEF_IMPORT != 0)
    }

    /// A name as it is known here: private names of classes bear the class's name.
    pub(crate) fn maybe_mangle(&self, name: &'a str) -> &'a str {
        if !name.starts_with("__") {
            return name;
        }
        let unit = self.unit();
        self.symtable
            .maybe_mangle(self.arena, unit.private, unit.ste_id, name)
    }

    /// The same, without regard to the scope.
    pub(crate) fn mangle(&self, name: &'a str) -> &'a str {
        match mangle(self.unit().private, name) {
            std::borrow::Cow::Borrowed(_) => name,
            std::borrow::Cow::Owned(mangled) => self.arena.alloc_str(&mangled),
        }
    }

    /// Notes an assignment `self.attr = ...` for the innermost class around.
    pub(crate) fn add_static_attribute(&mut self, value: &taipan_ast::Expr<'a>, attr: &'a str) {
        if !matches!(value.kind, taipan_ast::ExprKind::Name { id: "self", .. }) {
            return;
        }
        let outer = self.units.len().saturating_sub(1);
        let around = self.units.iter_mut().take(outer).rev();
        if let Some(class) = around
            .into_iter()
            .find(|unit| unit.scope_type == ScopeType::Class)
        {
            class.static_attributes.insert(attr);
        }
    }

    /// Makes the names of the inlined comprehension `inner` mean in the present unit what they mean in the comprehension.
    pub(crate) fn tweak_inlined_scopes(&mut self, inner: &'a Scope<'a>) -> InlinedScopes<'a> {
        let unit = self.unit_mut();
        let in_class = unit.ste.block_type == BlockType::Class && unit.inlined_comprehensions == 0;
        let function_like = unit.ste.is_function_like();
        unit.inlined_comprehensions += 1;
        let mut scopes = InlinedScopes {
            isolated: Vec::new(),
            overridden: Vec::new(),
            fast_hidden: Vec::new(),
        };
        for (&name, &symbol) in &inner.symbols {
            let scope = NameScope::of(symbol);
            let outer = unit.scope_of(name);
            let same = scope == outer
                || scope == Some(NameScope::Free)
                || (scope == Some(NameScope::Cell) && outer == Some(NameScope::Free));
            if !same || in_class {
                scopes
                    .overridden
                    .push((name, unit.symbol_overrides.insert(name, symbol)));
            }
            let local = symbol & flags::DEF_LOCAL != 0 && symbol & flags::DEF_NONLOCAL == 0;
            if !local {
                continue;
            }
            if !function_like && unit.fast_hidden.insert(name, true) != Some(true) {
                scopes.fast_hidden.push(name);
            }
            scopes.isolated.push(Isolated {
                name,
                is_cell: scope == Some(NameScope::Cell),
                // Not the scope from before: by now, the override counts.
                outer_is_free: unit.scope_of(name) == Some(NameScope::Free),
            });
        }
        scopes
    }

    /// Gives the names their own meaning back.
    pub(crate) fn revert_inlined_scopes(&mut self, scopes: InlinedScopes<'a>) {
        let unit = self.unit_mut();
        unit.inlined_comprehensions = unit.inlined_comprehensions.saturating_sub(1);
        for (name, before) in scopes.overridden {
            match before {
                Some(symbol) => unit.symbol_overrides.insert(name, symbol),
                None => unit.symbol_overrides.remove(name),
            };
        }
        for name in scopes.fast_hidden {
            // The entry stays: the variable is hidden for good, but no fast local outside of the comprehension.
            unit.fast_hidden.insert(name, false);
        }
    }
}

/// The names that live in `scope` or have `flag`, in alphabetical order: their indices must not depend on anything else.
fn sorted_symbols<'a>(ste: &Scope<'a>, scope: NameScope, flag: u32) -> Vec<&'a str> {
    let chosen = ste
        .symbols
        .iter()
        .filter(|(_, symbol)| NameScope::of(**symbol) == Some(scope) || **symbol & flag != 0);
    let mut names: Vec<&'a str> = chosen.map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}
