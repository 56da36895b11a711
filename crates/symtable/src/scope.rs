//! The table itself: scopes, their symbols, and how they are found.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use taipan_ast::{Arena, Expr, Location, Stmt, TypeParam};

use crate::flags::{SCOPE_MASK, SCOPE_OFFSET};
use crate::mangle;

/// Names and what is known of them, in the order of their first appearance.
pub type Symbols<'a> = IndexMap<&'a str, u32, FxBuildHasher>;

/// A set of names.
pub(crate) type Names<'a> = FxHashSet<&'a str>;

/// The number of a scope in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub(crate) u32);

impl ScopeId {
    /// The module's scope.
    pub const TOP: ScopeId = ScopeId(0);

    /// The number; scopes are numbered from 0 in the order of their creation.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What finds a scope: the node that makes the block, by its address, and which of the node's blocks it is. Nodes must
/// therefore stay where they are between the making of the table and its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopeKey {
    part: Part,
    address: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Block,
    TypeParams,
    Annotations,
    Expression,
    Bound,
    Default,
}

impl ScopeKey {
    /// The body of a function or class, or the value of a type alias.
    pub fn block(node: &Stmt<'_>) -> ScopeKey {
        ScopeKey {
            part: Part::Block,
            address: std::ptr::from_ref(node).addr(),
        }
    }

    /// The type parameters of a function, class or type alias.
    pub fn type_params(node: &Stmt<'_>) -> ScopeKey {
        ScopeKey {
            part: Part::TypeParams,
            address: std::ptr::from_ref(node).addr(),
        }
    }

    /// The annotations of a function's parameters and result. Those of a module, class or function's own variables are
    /// found by [`Scope::annotation_block`].
    pub fn annotations(node: &Stmt<'_>) -> ScopeKey {
        ScopeKey {
            part: Part::Annotations,
            address: std::ptr::from_ref(node).addr(),
        }
    }

    /// A lambda expression or a comprehension.
    pub fn expression(node: &Expr<'_>) -> ScopeKey {
        ScopeKey {
            part: Part::Expression,
            address: std::ptr::from_ref(node).addr(),
        }
    }

    /// The bound (or the constraints) of a type variable.
    pub fn bound(node: &TypeParam<'_>) -> ScopeKey {
        ScopeKey {
            part: Part::Bound,
            address: std::ptr::from_ref(node).addr(),
        }
    }

    /// The default of a type parameter.
    pub fn default(node: &TypeParam<'_>) -> ScopeKey {
        ScopeKey {
            part: Part::Default,
            address: std::ptr::from_ref(node).addr(),
        }
    }
}

/// What kind of block a scope belongs to. The numbers are those of `_symtable`'s `TYPE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BlockType {
    /// A function, a lambda expression or a comprehension.
    Function = 0,
    /// A class.
    Class = 1,
    /// A module, or whatever is compiled by itself.
    Module = 2,
    /// Annotations.
    Annotation = 3,
    /// The value of a type alias.
    TypeAlias = 4,
    /// The type parameters of a generic function, class or type alias.
    TypeParameters = 5,
    /// A type variable's bound or a type parameter's default.
    TypeVariable = 6,
}

impl BlockType {
    /// Whether names in the block live in fast locals and cells, as in a function.
    pub fn is_function_like(self) -> bool {
        !matches!(self, BlockType::Class | BlockType::Module)
    }
}

/// Which comprehension a scope belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comprehension {
    /// `[...]`
    List,
    /// `{k: v ...}`
    Dict,
    /// `{...}`
    Set,
    /// `(...)`
    Generator,
}

/// Where a name lives. The numbers are those of `_symtable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NameScope {
    /// In the block.
    Local = 1,
    /// In the module, by declaration.
    GlobalExplicit = 2,
    /// In the module or among the built-ins.
    GlobalImplicit = 3,
    /// In an enclosing block.
    Free = 4,
    /// In the block, for blocks within.
    Cell = 5,
}

impl NameScope {
    /// The scope in a symbol's flags; `None` if there is none.
    pub fn of(flags: u32) -> Option<NameScope> {
        Some(match flags >> SCOPE_OFFSET & SCOPE_MASK {
            1 => NameScope::Local,
            2 => NameScope::GlobalExplicit,
            3 => NameScope::GlobalImplicit,
            4 => NameScope::Free,
            5 => NameScope::Cell,
            _ => return None,
        })
    }
}

/// A block's scope.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The block's name: `top`, the name of the function, class, type alias or type parameter, `lambda`, `genexpr`,
    /// `listcomp`, `setcomp`, `dictcomp` or `__annotate__`.
    pub name: &'a str,
    /// What kind of block.
    pub block_type: BlockType,
    /// Where the block stands; all 0 for a module.
    pub loc: Location,
    /// Flags (see [`flags`](crate::flags)) by name, mangled.
    pub symbols: Symbols<'a>,
    /// The parameters in order.
    pub varnames: Vec<&'a str>,
    /// The blocks in it, those of inlined comprehensions included, the inlined comprehensions not.
    pub children: Vec<ScopeId>,
    /// The comprehension it is, if it is one.
    pub comprehension: Option<Comprehension>,
    /// The block of its variables' annotations, if it has any.
    pub annotation_block: Option<ScopeId>,
    /// Stands in a function.
    pub nested: bool,
    /// Has `yield` in it, or is a generator expression.
    pub generator: bool,
    /// An `async def`, or has `await` or the like in it where that is allowed.
    pub coroutine: bool,
    /// Annotates variables (or, if it is an annotation block, has annotations).
    pub annotations_used: bool,
    /// The comprehension is inlined into the block around it.
    pub comp_inlined: bool,
    /// Has `*args`.
    pub varargs: bool,
    /// Has `**kwargs`.
    pub varkeywords: bool,
    /// Has a `return` with a value.
    pub returns_value: bool,
    /// A class with a method that uses `__class__` or `super`.
    pub needs_class_closure: bool,
    /// A class with a block in it that sees the class's names (`__classdict__`).
    pub needs_classdict: bool,
    /// Has annotations of which it is known only while running whether they are executed.
    pub has_conditional_annotations: bool,
    /// Begins with a docstring.
    pub has_docstring: bool,
    /// A function that stands directly in a class.
    pub method: bool,
    /// Can see the names of the class around it.
    pub can_see_class_scope: bool,
    /// While building: the targets of a comprehension are being visited.
    pub(crate) comp_iter_target: bool,
    /// While building: how many iterables of comprehensions are being visited.
    pub(crate) comp_iter_expr: u32,
    /// While building: in a statement that may be executed or not.
    pub(crate) in_conditional_block: bool,
    /// While building: in an annotation that is never evaluated.
    pub(crate) in_unevaluated_annotation: bool,
    /// What a type variable's block is, for errors.
    pub(crate) scope_info: Option<&'static str>,
    /// Names declared `global` or `nonlocal`, and where, for errors.
    pub(crate) directives: Vec<(&'a str, Location)>,
    /// If only some names are mangled here: the set of those.
    pub(crate) mangled_names: Option<u32>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(name: &'a str, block_type: BlockType, loc: Location) -> Scope<'a> {
        Scope {
            name,
            block_type,
            loc,
            // Few blocks have fewer names; a table that grows from nothing is made three times.
            symbols: Symbols::with_capacity_and_hasher(7, FxBuildHasher),
            varnames: Vec::new(),
            children: Vec::new(),
            comprehension: None,
            annotation_block: None,
            nested: false,
            generator: false,
            coroutine: false,
            annotations_used: false,
            comp_inlined: false,
            varargs: false,
            varkeywords: false,
            returns_value: false,
            needs_class_closure: false,
            needs_classdict: false,
            has_conditional_annotations: false,
            has_docstring: false,
            method: false,
            can_see_class_scope: false,
            comp_iter_target: false,
            comp_iter_expr: 0,
            in_conditional_block: false,
            in_unevaluated_annotation: false,
            scope_info: None,
            directives: Vec::new(),
            mangled_names: None,
        }
    }

    /// The flags of a name (mangled); 0 if it does not occur.
    pub fn flags(&self, name: &str) -> u32 {
        self.symbols.get(name).copied().unwrap_or(0)
    }

    /// Where a name (mangled) lives; `None` if it does not occur.
    pub fn name_scope(&self, name: &str) -> Option<NameScope> {
        NameScope::of(self.flags(name))
    }

    /// Whether the block has fast locals.
    pub fn is_function_like(&self) -> bool {
        self.block_type.is_function_like()
    }
}

/// The scopes of a tree.
#[derive(Debug, Default)]
pub struct SymbolTable<'a> {
    pub(crate) scopes: Vec<Scope<'a>>,
    pub(crate) keys: FxHashMap<ScopeKey, ScopeId>,
    pub(crate) mangled_names: Vec<Names<'a>>,
}

impl<'a> SymbolTable<'a> {
    /// The scope that a node makes.
    pub fn lookup(&self, key: ScopeKey) -> Option<ScopeId> {
        self.keys.get(&key).copied()
    }

    /// The scope of this number.
    pub fn scope(&self, id: ScopeId) -> &Scope<'a> {
        &self.scopes[id.index()]
    }

    pub(crate) fn scope_mut(&mut self, id: ScopeId) -> &mut Scope<'a> {
        &mut self.scopes[id.index()]
    }

    /// The module's scope.
    pub fn top(&self) -> &Scope<'a> {
        self.scope(ScopeId::TOP)
    }

    /// All scopes, in the order of their creation.
    pub fn scopes(&self) -> &[Scope<'a>] {
        &self.scopes
    }

    /// A name as it is known in a scope: mangled if it is private to `class`, the innermost class around the code.
    /// In the type parameters of a generic class only the names of type parameters are mangled.
    pub fn maybe_mangle(
        &self,
        arena: &'a Arena,
        class: Option<&str>,
        scope: ScopeId,
        name: &'a str,
    ) -> &'a str {
        if !name.starts_with("__") {
            return name;
        }
        if let Some(set) = self.scope(scope).mangled_names
            && !self.mangled_names[set as usize].contains(name)
        {
            return name;
        }
        match mangle(class, name) {
            std::borrow::Cow::Borrowed(name) => name,
            std::borrow::Cow::Owned(name) => arena.alloc_str(&name),
        }
    }
}
