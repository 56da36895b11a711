//! The second pass: where each name lives. It goes down the scopes with the names that are bound and declared global
//! around, and comes back with those that are free within.

use std::rc::Rc;

use rustc_hash::FxBuildHasher;
use taipan_ast::{CompileError, StackLimit};

use crate::builder::{Result, error};
use crate::flags::*;
use crate::messages;
use crate::scope::{BlockType, NameScope, Names, Scope, ScopeId, SymbolTable};

/// Where the names of a block live, as far as decided, in the order of its symbols.
type Scopes = Vec<NameScope>;

/// Names in the order in which they were found, for those that become symbols of another scope.
type OrderedNames<'a> = indexmap::IndexSet<&'a str, FxBuildHasher>;

/// The names that every class provides to the blocks in it.
const CLASS_NAMES: [&str; 3] = ["__class__", "__classdict__", "__conditional_annotations__"];

/// Decides on all scopes of a table.
pub(crate) fn analyze(table: &mut SymbolTable<'_>, limit: StackLimit) -> Result {
    let mut analyzer = Analyzer { table, limit };
    let mut outside = Outside {
        bound: None,
        global: Rc::default(),
        type_params: Rc::default(),
        class: None,
    };
    analyzer.block(ScopeId::TOP, &mut outside)?;
    Ok(())
}

struct Analyzer<'t, 'a> {
    table: &'t mut SymbolTable<'a>,
    limit: StackLimit,
}

/// What a block sees of those around it. The block's own names change it.
struct Outside<'a> {
    /// The names bound in enclosing functions; `None` for a module.
    bound: Option<Rc<Names<'a>>>,
    /// The names declared global.
    global: Rc<Names<'a>>,
    /// The type parameters among the names bound.
    type_params: Rc<Names<'a>>,
    /// The class whose names the block sees.
    class: Option<ScopeId>,
}

impl<'a> Analyzer<'_, 'a> {
    /// Decides on a block and those in it; gives the names that are free in it.
    fn block(&mut self, id: ScopeId, outside: &mut Outside<'a>) -> Result<OrderedNames<'a>> {
        self.limit.check()?;
        let mut free = OrderedNames::default();
        let scope = self.table.scope(id);
        let count = scope.symbols.len();
        let mut scopes = Scopes::with_capacity(count);
        let is_class = scope.block_type == BlockType::Class;
        let is_function = scope.is_function_like();
        // The names of a class are not visible in the blocks in it: they see what the class sees.
        let inherited = is_class.then(|| {
            (
                outside.bound.clone().unwrap_or_default(),
                outside.global.clone(),
            )
        });
        // Most blocks have no blocks in them, and need not be told what those would see.
        let children = scope.children.clone();
        let mut local = Names::default();
        for i in 0..count {
            let Some((&name, &flags)) = self.table.scope(id).symbols.get_index(i) else {
                break;
            };
            let decision = self.name(id, name, flags, outside, &mut free)?;
            if decision == NameScope::Local && is_function && !children.is_empty() {
                local.insert(name);
            }
            scopes.push(decision);
        }
        let (bound, global) = match inherited {
            _ if children.is_empty() => Default::default(),
            Some((mut bound, global)) => {
                Rc::make_mut(&mut bound).extend(CLASS_NAMES);
                (bound, global)
            }
            None if is_function => {
                local.extend(outside.bound.iter().flat_map(|bound| bound.iter()));
                (Rc::new(local), outside.global.clone())
            }
            None => (
                outside.bound.clone().unwrap_or_default(),
                outside.global.clone(),
            ),
        };

        let mut free_within = OrderedNames::default();
        let mut inlined_cells = Names::default();
        let sees_class = self.table.scope(id).can_see_class_scope;
        for child in children {
            let entry = self.table.scope(child);
            let class = match entry.can_see_class_scope {
                true if is_class => Some(id),
                true => outside.class,
                false => None,
            };
            // Comprehensions are inlined, but for generators and those that see a class from an annotation scope.
            let inline = entry.comprehension.is_some() && !entry.generator && !sees_class;
            let mut around = Outside {
                bound: Some(bound.clone()),
                global: global.clone(),
                type_params: outside.type_params.clone(),
                class,
            };
            let mut child_free = self.block(child, &mut around)?;
            if inline {
                self.inline_comprehension(
                    id,
                    child,
                    &mut scopes,
                    &mut child_free,
                    &mut inlined_cells,
                );
            }
            free_within.extend(child_free);
        }
        self.splice_inlined(id);

        if is_function {
            let any = !free_within.is_empty() || !inlined_cells.is_empty();
            let decided = self.table.scope(id).symbols.keys().zip(&mut scopes);
            for (name, scope) in decided.filter(|_| any) {
                if *scope == NameScope::Local
                    && (free_within.contains(name) || inlined_cells.contains(name))
                {
                    *scope = NameScope::Cell;
                    free_within.swap_remove(name);
                }
            }
        } else if is_class {
            let scope = self.table.scope_mut(id);
            scope.needs_class_closure |= free_within.swap_remove(CLASS_NAMES[0]);
            scope.needs_classdict |= free_within.swap_remove(CLASS_NAMES[1]);
            scope.has_conditional_annotations |= free_within.swap_remove(CLASS_NAMES[2]);
        }
        update_symbols(
            self.table.scope_mut(id),
            &scopes,
            outside.bound.as_deref(),
            &free_within,
            &inlined_cells,
        );
        free.extend(free_within);
        Ok(free)
    }

    /// Decides on a name of a block.
    fn name(
        &self,
        id: ScopeId,
        name: &'a str,
        flags: u32,
        outside: &mut Outside<'a>,
        free: &mut OrderedNames<'a>,
    ) -> Result<NameScope> {
        let scope = self.table.scope(id);
        if flags & DEF_GLOBAL != 0 {
            if flags & DEF_NONLOCAL != 0 {
                return error_at_directive(
                    scope,
                    name,
                    format!("name '{name}' is nonlocal and global"),
                );
            }
            Rc::make_mut(&mut outside.global).insert(name);
            if let Some(bound) = &mut outside.bound
                && bound.contains(name)
            {
                Rc::make_mut(bound).remove(name);
            }
            return Ok(NameScope::GlobalExplicit);
        }
        if flags & DEF_NONLOCAL != 0 {
            let Some(bound) = &outside.bound else {
                return error_at_directive(scope, name, messages::NONLOCAL_AT_MODULE.to_owned());
            };
            if !bound.contains(name) {
                return error_at_directive(
                    scope,
                    name,
                    format!("no binding for nonlocal '{name}' found"),
                );
            }
            if outside.type_params.contains(name) {
                let msg = format!("nonlocal binding not allowed for type parameter '{name}'");
                return error_at_directive(scope, name, msg);
            }
            free.insert(name);
            return Ok(NameScope::Free);
        }
        if flags & DEF_BOUND != 0 {
            if outside.global.contains(name) {
                Rc::make_mut(&mut outside.global).remove(name);
            }
            if flags & DEF_TYPE_PARAM != 0 {
                Rc::make_mut(&mut outside.type_params).insert(name);
            } else if outside.type_params.contains(name) {
                Rc::make_mut(&mut outside.type_params).remove(name);
            }
            return Ok(NameScope::Local);
        }
        // A name that the class binds is looked up in the class and then among the globals, never in a function around.
        // The class's dict itself is no such name.
        if let Some(class) = outside.class
            && name != CLASS_NAMES[1]
        {
            let class_flags = self.table.scope(class).flags(name);
            if class_flags & DEF_GLOBAL != 0 {
                return Ok(NameScope::GlobalExplicit);
            }
            if class_flags & DEF_BOUND != 0 && class_flags & DEF_NONLOCAL == 0 {
                return Ok(NameScope::GlobalImplicit);
            }
        }
        if outside
            .bound
            .as_ref()
            .is_some_and(|bound| bound.contains(name))
        {
            free.insert(name);
            return Ok(NameScope::Free);
        }
        Ok(NameScope::GlobalImplicit)
    }

    /// Merges the names of a comprehension into the block around it.
    fn inline_comprehension(
        &mut self,
        id: ScopeId,
        comprehension: ScopeId,
        scopes: &mut Scopes,
        comp_free: &mut OrderedNames<'a>,
        inlined_cells: &mut Names<'a>,
    ) {
        let symbols: Vec<(&'a str, u32)> = self
            .table
            .scope(comprehension)
            .symbols
            .iter()
            .map(|(name, flags)| (*name, *flags))
            .collect();
        let is_class = self.table.scope(id).block_type == BlockType::Class;
        for (name, flags) in symbols {
            if flags & DEF_PARAM != 0 {
                continue;
            }
            let Some(mut name_scope) = NameScope::of(flags) else {
                continue;
            };
            let own_flags = flags & ((1 << SCOPE_OFFSET) - 1);
            if name_scope == NameScope::Cell || own_flags & DEF_COMP_CELL != 0 {
                inlined_cells.insert(name);
            }
            // What a class provides to the blocks in it is not there for the class itself, but for blocks in the
            // comprehension it is.
            if name_scope == NameScope::Free && is_class && CLASS_NAMES.contains(&name) {
                name_scope = NameScope::GlobalImplicit;
                if !self.free_in_child(comprehension, name) {
                    comp_free.swap_remove(name);
                }
                self.table
                    .scope_mut(comprehension)
                    .symbols
                    .shift_remove(name);
            }
            match self.table.scope(id).symbols.get(name) {
                None => {
                    self.table.scope_mut(id).symbols.insert(name, own_flags);
                    scopes.push(name_scope);
                }
                // What was free in the comprehension is local now, unless a block in it needs it as a cell.
                Some(existing) if existing & DEF_BOUND != 0 && !is_class => {
                    if !self.free_in_child(comprehension, name) {
                        comp_free.swap_remove(name);
                    }
                }
                Some(_) => {}
            }
        }
        self.table.scope_mut(comprehension).comp_inlined = true;
    }

    /// Whether a name is free in a block right within the scope.
    fn free_in_child(&self, id: ScopeId, name: &str) -> bool {
        self.table
            .scope(id)
            .children
            .iter()
            .any(|child| self.table.scope(*child).name_scope(name) == Some(NameScope::Free))
    }

    /// Puts the children of inlined comprehensions where the comprehensions stood.
    fn splice_inlined(&mut self, id: ScopeId) {
        let children = &self.table.scope(id).children;
        if !children
            .iter()
            .any(|child| self.table.scope(*child).comp_inlined)
        {
            return;
        }
        let mut spliced = Vec::with_capacity(children.len());
        for child in children {
            let scope = self.table.scope(*child);
            if scope.comp_inlined {
                spliced.extend(&scope.children);
            } else {
                spliced.push(*child);
            }
        }
        self.table.scope_mut(id).children = spliced;
    }
}

/// Writes the decisions into a block's symbols, and adds the names that are free in the blocks within.
fn update_symbols<'a>(
    scope: &mut Scope<'a>,
    scopes: &Scopes,
    bound: Option<&Names<'a>>,
    free: &OrderedNames<'a>,
    inlined_cells: &Names<'a>,
) {
    let sees_class = scope.block_type == BlockType::Class || scope.can_see_class_scope;
    for ((name, flags), name_scope) in scope.symbols.iter_mut().zip(scopes) {
        if inlined_cells.contains(name) {
            *flags |= DEF_COMP_CELL;
        }
        *flags |= (*name_scope as u32) << SCOPE_OFFSET;
    }
    for name in free {
        match scope.symbols.get_mut(name) {
            Some(flags) if sees_class => *flags |= DEF_FREE_CLASS,
            Some(_) => {}
            None if bound.is_some_and(|bound| !bound.contains(name)) => {}
            None => {
                scope
                    .symbols
                    .insert(name, (NameScope::Free as u32) << SCOPE_OFFSET);
            }
        }
    }
}

/// A `SyntaxError` where a name was declared.
fn error_at_directive<T>(scope: &Scope<'_>, name: &str, msg: String) -> Result<T> {
    match scope.directives.iter().find(|(other, _)| *other == name) {
        Some((_, loc)) => error(msg, *loc),
        None => Err(CompileError::Runtime(
            "BUG: internal directive bookkeeping broken",
        )),
    }
}
