//! The first pass: it visits the tree, makes the scopes, and notes in them how each name is used. This file has the
//! pass's state and what all visits share; the visits are in `statements`, `expressions` and `patterns`.

use taipan_ast::future::CO_FUTURE_ANNOTATIONS;
use taipan_ast::{
    Arena, CompileError, ExprContext, FutureFeatures, Location, Mod, StackLimit, docstring,
};

use crate::flags::*;
use crate::scope::{BlockType, Names, Scope, ScopeId, ScopeKey, SymbolTable};
use crate::{analyze, messages};

/// What the table's making depends on besides the tree.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The module's own features, with those that it inherits added to `features`.
    pub future: FutureFeatures,
    /// `PyCF_ALLOW_TOP_LEVEL_AWAIT`: `await` may stand outside of functions.
    pub allow_top_level_await: bool,
    /// How far the stack may be used.
    pub limit: StackLimit,
}

/// Makes the symbol table of a tree.
pub fn build<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    options: Options,
) -> Result<SymbolTable<'a>, CompileError> {
    let mut builder = Builder {
        arena,
        options,
        table: SymbolTable::default(),
        stack: Vec::new(),
        class: None,
        cur: ScopeId::TOP,
    };
    let top = builder.new_scope("top", BlockType::Module, None, Location::default());
    builder.enter_existing(top);
    match module {
        Mod::Module { body, .. } => {
            builder.cur().has_docstring = docstring(body).is_some();
            builder.stmts(body)?;
        }
        Mod::Interactive { body } => builder.stmts(body)?,
        Mod::Expression { body } => builder.expr(body)?,
        Mod::FunctionType { .. } => return Err(CompileError::Runtime(messages::NO_FUNCTION_TYPE)),
    }
    builder.exit();
    analyze::analyze(&mut builder.table, options.limit)?;
    Ok(builder.table)
}

pub(crate) type Result<T = (), E = CompileError> = std::result::Result<T, E>;

pub(crate) struct Builder<'a> {
    pub arena: &'a Arena,
    pub options: Options,
    pub table: SymbolTable<'a>,
    /// The scopes that are open, innermost last.
    pub stack: Vec<ScopeId>,
    /// The innermost class, for private names.
    pub class: Option<&'a str>,
    /// The innermost open scope.
    pub cur: ScopeId,
}

impl<'a> Builder<'a> {
    pub fn cur(&mut self) -> &mut Scope<'a> {
        self.table.scope_mut(self.cur)
    }

    pub fn cur_type(&self) -> BlockType {
        self.table.scope(self.cur).block_type
    }

    /// Makes a scope without entering it.
    pub fn new_scope(
        &mut self,
        name: &'a str,
        block_type: BlockType,
        key: Option<ScopeKey>,
        loc: Location,
    ) -> ScopeId {
        let mut scope = Scope::new(name, block_type, loc);
        if !self.stack.is_empty() {
            let outer = self.cur();
            scope.nested = outer.nested || outer.is_function_like();
            scope.method =
                outer.block_type == BlockType::Class && block_type == BlockType::Function;
        }
        // Nodes are smaller in number than the bytes of the source, whose positions are 32 bits wide.
        let id = ScopeId(self.table.scopes.len() as u32);
        self.table.scopes.push(scope);
        if let Some(key) = key {
            self.table.keys.insert(key, id);
        }
        id
    }

    /// Enters a scope for the first time; it becomes a child of the one that was open.
    pub fn enter_existing(&mut self, id: ScopeId) {
        if !self.stack.is_empty() {
            // Annotations that become strings leave nothing in the table.
            let hidden = self.table.scope(id).block_type == BlockType::Annotation
                && self.future_annotations();
            if !hidden {
                self.cur().children.push(id);
            }
        }
        self.enter_again(id);
    }

    /// Enters a scope that is a child already.
    pub fn enter_again(&mut self, id: ScopeId) {
        if !self.stack.is_empty() {
            let outer = self.table.scope(self.cur);
            let (comp_iter_expr, mangled_names) = (outer.comp_iter_expr, outer.mangled_names);
            let scope = self.table.scope_mut(id);
            // Named expressions are not allowed anywhere within the iterable of a comprehension.
            scope.comp_iter_expr = comp_iter_expr;
            if scope.block_type != BlockType::Class && mangled_names.is_some() {
                scope.mangled_names = mangled_names;
            }
        }
        self.stack.push(id);
        self.cur = id;
    }

    /// Makes a scope and enters it.
    pub fn enter(
        &mut self,
        name: &'a str,
        block_type: BlockType,
        key: ScopeKey,
        loc: Location,
    ) -> Result {
        let id = self.new_scope(name, block_type, Some(key), loc);
        self.enter_existing(id);
        self.add_format(loc)
    }

    /// Adds the parameter `.format` of the functions that evaluate annotations lazily.
    pub fn add_format(&mut self, loc: Location) -> Result {
        if let BlockType::Annotation | BlockType::TypeVariable | BlockType::TypeAlias =
            self.cur_type()
        {
            self.add_def(".format", DEF_PARAM, loc)?;
            self.add_def(".format", USE, loc)?;
        }
        Ok(())
    }

    /// Leaves the innermost scope.
    pub fn exit(&mut self) {
        self.stack.pop();
        self.cur = self.stack.last().copied().unwrap_or(ScopeId::TOP);
    }

    pub fn future_annotations(&self) -> bool {
        self.options.future.features & CO_FUTURE_ANNOTATIONS != 0
    }

    pub fn allows_top_level_await(&self) -> bool {
        self.options.allow_top_level_await && self.cur_type() == BlockType::Module
    }

    /// Whether the innermost scope is an `async def`'s.
    pub fn in_async_def(&mut self) -> bool {
        let cur = self.cur();
        cur.block_type == BlockType::Function && cur.coroutine
    }

    pub fn mangled(&self, name: &'a str) -> &'a str {
        self.table
            .maybe_mangle(self.arena, self.class, self.cur, name)
    }

    /// The flags that a name has so far in a scope.
    pub fn lookup(&self, scope: ScopeId, name: &'a str) -> u32 {
        let mangled = self.table.maybe_mangle(self.arena, self.class, scope, name);
        self.table.scope(scope).flags(mangled)
    }

    /// Notes a use of a name in a scope.
    pub fn add_def_in(&mut self, name: &'a str, flag: u32, id: ScopeId, loc: Location) -> Result {
        let mangled = self.mangled(name);
        let scope = self.table.scope_mut(id);
        // What is added in vain goes with the whole table.
        let symbol = scope.symbols.entry(mangled).or_insert(0);
        let mut flags = *symbol;
        if flag & flags & DEF_PARAM != 0 {
            return error(
                format!("duplicate argument '{name}' in function definition"),
                loc,
            );
        }
        if flag & flags & DEF_TYPE_PARAM != 0 {
            return error(format!("duplicate type parameter '{name}'"), loc);
        }
        flags |= flag;
        if scope.comp_iter_target {
            // An iteration variable must not have been assigned by a named expression before; those that come later
            // look at the flag.
            if flags & (DEF_GLOBAL | DEF_NONLOCAL) != 0 {
                return error(
                    format!(
                        "comprehension inner loop cannot rebind assignment expression target '{name}'"
                    ),
                    loc,
                );
            }
            flags |= DEF_COMP_ITER;
        }
        *symbol = flags;
        if flag & DEF_PARAM != 0 {
            scope.varnames.push(mangled);
        } else if flag & DEF_GLOBAL != 0 {
            *self
                .table
                .scope_mut(ScopeId::TOP)
                .symbols
                .entry(mangled)
                .or_insert(0) |= flag;
        }
        Ok(())
    }

    /// Notes a use of a name in the innermost scope.
    pub fn add_def(&mut self, name: &'a str, flag: u32, loc: Location) -> Result {
        self.add_def_ctx(
            name,
            flag,
            loc,
            if flag == USE {
                ExprContext::Load
            } else {
                ExprContext::Store
            },
        )
    }

    pub fn add_def_ctx(
        &mut self,
        name: &'a str,
        flag: u32,
        loc: Location,
        ctx: ExprContext,
    ) -> Result {
        if flag & (DEF_PARAM | DEF_LOCAL | DEF_IMPORT) != 0 {
            check_name(name, loc, ctx)?;
        }
        if flag & DEF_TYPE_PARAM != 0
            && let Some(set) = self.cur().mangled_names
        {
            self.table.mangled_names[set as usize].insert(name);
        }
        self.add_def_in(name, flag, self.cur, loc)
    }

    /// From here on, in the innermost scope, only type parameters are mangled.
    pub fn mangle_type_params_only(&mut self) {
        let set = self.table.mangled_names.len() as u32;
        self.table.mangled_names.push(Names::default());
        self.cur().mangled_names = Some(set);
    }

    pub fn record_directive(&mut self, name: &'a str, loc: Location) {
        let mangled = self.mangled(name);
        self.cur().directives.push((mangled, loc));
    }

    /// Fails unless in an `async def` (or at the top level, where that is allowed, which makes it one).
    pub fn require_coroutine(&mut self, msg: &str, loc: Location) -> Result {
        if self.allows_top_level_await() {
            self.cur().coroutine = true;
        }
        if self.cur().coroutine {
            Ok(())
        } else {
            error(msg, loc)
        }
    }
}

/// A `SyntaxError` at a node.
pub(crate) fn error<T>(msg: impl Into<String>, loc: Location) -> Result<T> {
    Err(CompileError::syntax(msg, loc))
}

/// Fails if a name may not be assigned or deleted.
pub(crate) fn check_name(name: &str, loc: Location, ctx: ExprContext) -> Result {
    match ctx {
        ExprContext::Store if name == "__debug__" => error("cannot assign to __debug__", loc),
        ExprContext::Del if name == "__debug__" => error("cannot delete __debug__", loc),
        _ => Ok(()),
    }
}
