//! Where the names of a scope stand in the source. Each part of the source belongs to the scope that its names are looked up
//! in: mostly the innermost construct around it, but decorators, defaults and the first iterable of a comprehension belong
//! to the scope around that. The names themselves are found among the tokens.

use crate::program::Program;
use crate::types::{Scope, Span, Tokens};
use std::collections::{HashMap, HashSet};
use taipan_ast::reflect::{FieldRef, NodeRef};
use taipan_ast::{ExprKind, Location, Mod, StmtKind};
use taipan_symtable::{ScopeKey, SymbolTable};
use taipan_tokenizer::TokenKind;

/// A part of the source and the index of the scope that it belongs to. Of nested ones the inner counts.
type Region = (Span, usize);

/// Notes in each symbol where it stands. `numbers` gives the index of a scope by its number in the table.
pub(crate) fn fill(
    program: &Program,
    module: &Mod<'_>,
    table: &SymbolTable<'_>,
    numbers: &HashMap<usize, usize>,
    scopes: &mut [Scope],
) {
    let (mut regions, excluded) = regions(program, module, table, numbers);
    // Outer ones first.
    regions.sort_by_key(|((from, to), _)| (*from, u32::MAX - *to));
    let symbols: Vec<HashMap<String, usize>> = scopes.iter().map(by_name).collect();
    let mut waiting = regions.into_iter().peekable();
    let mut open: Vec<Region> = Vec::new();
    for (from, to, name) in names(&program.tokens(), &excluded) {
        while let Some(region) = waiting.next_if(|((start, _), _)| *start <= from) {
            open.push(region);
        }
        // Regions nest, so what has ended is at the end.
        while open.last().is_some_and(|((_, end), _)| *end <= from) {
            open.pop();
        }
        let inside = open.iter().rev().find(|((_, end), _)| *end > from);
        let index = inside.map_or(0, |(_, scope)| *scope);
        let place = symbols.get(index).and_then(|symbols| symbols.get(name));
        if let Some(scope) = scopes.get_mut(index)
            && let Some(symbol) = place.and_then(|place| scope.symbols.get_mut(*place))
        {
            symbol.places.extend([from, to]);
        }
    }
}

/// The indices of symbols by name, private names also as they are written.
fn by_name(scope: &Scope) -> HashMap<String, usize> {
    let mut names = HashMap::new();
    for (index, symbol) in scope.symbols.iter().enumerate() {
        names.insert(symbol.name.clone(), index);
        if let Some(at) = symbol.name.find("__").filter(|at| *at > 0)
            && symbol.name.starts_with('_')
        {
            names.entry(symbol.name[at..].to_owned()).or_insert(index);
        }
    }
    names
}

/// The names among the tokens, without attributes and those that are excluded by their start.
fn names<'t>(
    tokens: &'t Tokens,
    excluded: &'t HashSet<u32>,
) -> impl Iterator<Item = (u32, u32, &'t str)> {
    let mut after_dot = false;
    let rows = tokens.rows.rows().zip(&tokens.texts);
    rows.filter_map(move |(row, text)| {
        let [_, exact, _, _, _, _, from, to, _] = *row else {
            return None;
        };
        let attribute = std::mem::replace(&mut after_dot, exact == TokenKind::Dot as i32);
        let (from, to) = (from as u32, to as u32);
        let name = exact == TokenKind::Name as i32 && !attribute && !excluded.contains(&from);
        name.then_some((from, to, text.as_str()))
    })
}

/// The regions, and where names stand that are keywords of calls.
fn regions(
    program: &Program,
    module: &Mod<'_>,
    table: &SymbolTable<'_>,
    numbers: &HashMap<usize, usize>,
) -> (Vec<Region>, HashSet<u32>) {
    let mut regions = Vec::new();
    let mut excluded = HashSet::new();
    let span = |loc: Location| program.places().of_location(program.text(), loc);
    let scope = |key: ScopeKey| numbers.get(&table.lookup(key)?.index()).copied();
    let mut todo = vec![NodeRef::Mod(module)];
    while let Some(node) = todo.pop() {
        let mut add = |scope: Option<usize>, from: Location, to: Location| {
            if let (Some(scope), Some(from), Some(to)) = (scope, span(from), span(to)) {
                regions.push(((from.0, to.1), scope));
            }
        };
        match node {
            NodeRef::Stmt(stmt) => match stmt.kind {
                StmtKind::FunctionDef { args, body, .. }
                | StmtKind::AsyncFunctionDef { args, body, .. } => {
                    let own = scope(ScopeKey::block(stmt));
                    if let (Some(first), Some(last)) = (body.first(), body.last()) {
                        add(own, first.loc, last.loc);
                    }
                    parameters(args, |loc| add(own, loc, loc));
                }
                StmtKind::ClassDef { body, .. } => {
                    if let (Some(first), Some(last)) = (body.first(), body.last()) {
                        add(scope(ScopeKey::block(stmt)), first.loc, last.loc);
                    }
                }
                StmtKind::TypeAlias { value, .. } => {
                    add(scope(ScopeKey::block(stmt)), value.loc, value.loc);
                }
                _ => {}
            },
            NodeRef::Expr(expr) => {
                let own = scope(ScopeKey::expression(expr));
                let generators = match expr.kind {
                    ExprKind::Lambda { args, body } => {
                        add(own, body.loc, body.loc);
                        parameters(args, |loc| add(own, loc, loc));
                        &[][..]
                    }
                    ExprKind::ListComp { generators, .. }
                    | ExprKind::SetComp { generators, .. }
                    | ExprKind::DictComp { generators, .. }
                    | ExprKind::GeneratorExp { generators, .. } => generators,
                    _ => &[],
                };
                if let (Some(first), Some(own)) = (generators.first(), own) {
                    add(Some(own), expr.loc, expr.loc);
                    // The first iterable is looked up outside.
                    let outside = span(expr.loc).and_then(|(from, _)| {
                        let around = regions.iter().rev().filter(|(_, scope)| *scope != own);
                        let mut around = around.filter(|((a, b), _)| *a <= from && from < *b);
                        around.next().map(|(_, scope)| *scope)
                    });
                    if let Some(span) = span(first.iter.loc) {
                        regions.push((span, outside.unwrap_or(0)));
                    }
                }
            }
            NodeRef::Keyword(keyword) if keyword.arg.is_some() => {
                excluded.extend(span(keyword.loc).map(|(from, _)| from));
            }
            _ => {}
        }
        for field in node.fields() {
            match field {
                FieldRef::Node(child) => todo.push(child),
                FieldRef::Nodes(nodes) => {
                    todo.extend((0..nodes.len()).filter_map(|i| nodes.get(i)));
                }
                _ => {}
            }
        }
    }
    (regions, excluded)
}

/// The places of the parameters' names.
fn parameters(args: &taipan_ast::Arguments<'_>, mut add: impl FnMut(Location)) {
    let lists = [args.posonlyargs, args.args, args.kwonlyargs];
    let single = args.vararg.into_iter().chain(args.kwarg);
    for arg in lists.into_iter().flatten().chain(single) {
        // The annotation behind the name belongs to a scope of its own.
        let end = arg.loc.col_offset.saturating_add(arg.arg.len() as u32);
        let line = arg.loc.lineno;
        add(Location::new(line, arg.loc.col_offset, line, end));
    }
}
