//! The symbol tables, as Python's module `symtable` shows them, with where each name stands.

use crate::occurrences;
use crate::program::Program;
use crate::types::{Scope, Scopes, Symbol};
use std::collections::HashMap;
use taipan_ast::Mod;
use taipan_symtable::flags::*;
use taipan_symtable::{BlockType, NameScope, ScopeId, SymbolTable};

/// All scopes, parents first. Inlined comprehensions have none.
pub(crate) fn scopes(program: &Program, module: &Mod<'_>, table: &SymbolTable<'_>) -> Scopes {
    let mut scopes: Vec<Scope> = Vec::new();
    let mut numbers = HashMap::new();
    let mut todo: Vec<(ScopeId, Option<u32>)> = vec![(ScopeId::TOP, None)];
    while let Some((id, parent)) = todo.pop() {
        let index = scopes.len() as u32;
        numbers.insert(id.index(), scopes.len());
        scopes.push(scope(program, table, id, parent));
        if let Some(parent) = parent.and_then(|parent| scopes.get_mut(parent as usize)) {
            parent.children.push(index);
        }
        let children = table.scope(id).children.iter().rev();
        todo.extend(children.map(|child| (*child, Some(index))));
    }
    for index in 0..scopes.len() {
        let children = scopes[index].children.clone();
        let names: Vec<(u32, String)> = children
            .iter()
            .filter_map(|child| Some((*child, scopes.get(*child as usize)?.name.clone())))
            .collect();
        for symbol in &mut scopes[index].symbols {
            let same = names.iter().filter(|(_, name)| *name == symbol.name);
            symbol.namespaces = same.map(|(child, _)| *child).collect();
            if !symbol.namespaces.is_empty() {
                symbol.is.push("namespace");
            }
        }
    }
    occurrences::fill(program, module, table, &numbers, &mut scopes);
    Scopes { scopes }
}

fn scope(program: &Program, table: &SymbolTable<'_>, id: ScopeId, parent: Option<u32>) -> Scope {
    let scope = table.scope(id);
    let module = scope.block_type == BlockType::Module;
    // `symtable` goes by the name.
    let top = scope.name == "top";
    let span = match module {
        true => Some((0, program.places().length())),
        false => program.places().of_location(program.text(), scope.loc),
    };
    let traits = [
        ("generator", scope.generator),
        ("coroutine", scope.coroutine),
        ("comprehension", scope.comprehension.is_some()),
        ("inlined", scope.comp_inlined),
        ("method", scope.method),
        ("varargs", scope.varargs),
        ("varkeywords", scope.varkeywords),
        ("returns value", scope.returns_value),
        ("docstring", scope.has_docstring),
        ("class closure", scope.needs_class_closure),
        ("class dict", scope.needs_classdict),
    ];
    let symbols = scope.symbols.iter();
    Scope {
        name: scope.name.to_owned(),
        kind: match scope.block_type {
            BlockType::Function => "function",
            BlockType::Class => "class",
            BlockType::Module => "module",
            BlockType::Annotation => "annotation",
            BlockType::TypeAlias => "type alias",
            BlockType::TypeParameters => "type parameters",
            BlockType::TypeVariable => "type variable",
        },
        line: scope.loc.lineno,
        span,
        parent,
        children: Vec::new(),
        nested: scope.nested,
        traits: traits.iter().filter(|t| t.1).map(|t| t.0).collect(),
        parameters: parameters(scope),
        symbols: symbols
            .map(|(name, flags)| symbol(name, *flags, top))
            .collect(),
    }
}

/// What `get_parameters` gives: only functions have that.
fn parameters(scope: &taipan_symtable::Scope<'_>) -> Vec<String> {
    let function = scope.block_type == BlockType::Function;
    let symbols = scope.symbols.iter().filter(|_| function);
    symbols
        .filter(|(_, flags)| **flags & DEF_PARAM != 0)
        .map(|(name, _)| (*name).to_owned())
        .collect()
}

/// A symbol with the answers that the methods of `symtable.Symbol` give.
fn symbol(name: &str, flags: u32, module: bool) -> Symbol {
    let lives = NameScope::of(flags);
    let bound = flags & DEF_BOUND != 0;
    let global = matches!(
        lives,
        Some(NameScope::GlobalImplicit | NameScope::GlobalExplicit)
    ) || module && bound;
    let local = matches!(lives, Some(NameScope::Local | NameScope::Cell)) || module && bound;
    let answers = [
        ("referenced", flags & USE != 0),
        ("parameter", flags & DEF_PARAM != 0),
        ("type_parameter", flags & DEF_TYPE_PARAM != 0),
        ("global", global),
        ("nonlocal", flags & DEF_NONLOCAL != 0),
        ("declared_global", lives == Some(NameScope::GlobalExplicit)),
        ("local", local),
        ("annotated", flags & DEF_ANNOT != 0),
        ("free", lives == Some(NameScope::Free)),
        ("cell", lives == Some(NameScope::Cell)),
        ("free_class", flags & DEF_FREE_CLASS != 0),
        ("imported", flags & DEF_IMPORT != 0),
        ("assigned", flags & DEF_LOCAL != 0),
        ("comp_iter", flags & DEF_COMP_ITER != 0),
        ("comp_cell", flags & DEF_COMP_CELL != 0),
    ];
    Symbol {
        name: name.to_owned(),
        scope: match lives {
            Some(NameScope::Local) => "local",
            Some(NameScope::GlobalExplicit) => "global explicit",
            Some(NameScope::GlobalImplicit) => "global implicit",
            Some(NameScope::Free) => "free",
            Some(NameScope::Cell) => "cell",
            None => "",
        },
        is: answers.iter().filter(|a| a.1).map(|a| a.0).collect(),
        flags,
        namespaces: Vec::new(),
        places: Vec::new(),
    }
}

/// The scopes as text.
pub(crate) fn text(scopes: &Scopes) -> String {
    let mut out = String::new();
    let mut depths: Vec<usize> = Vec::new();
    for scope in &scopes.scopes {
        let above = scope.parent.and_then(|parent| depths.get(parent as usize));
        let depth = above.map_or(0, |depth| depth + 1);
        depths.push(depth);
        let indent = "    ".repeat(depth);
        let mut line = format!("{indent}{} {}, line {}", scope.kind, scope.name, scope.line);
        if !scope.traits.is_empty() {
            line = format!("{line} ({})", scope.traits.join(", "));
        }
        out.push_str(&line);
        out.push('\n');
        for symbol in &scope.symbols {
            let is = symbol.is.join(", ");
            out.push_str(&format!(
                "{indent}    {}: {} [{is}]\n",
                symbol.name, symbol.scope
            ));
        }
    }
    out
}
