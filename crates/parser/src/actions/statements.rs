//! Statements: modules, imports, definitions, and what depends on the feature version.

use taipan_ast::{
    Alias, Arguments, ExceptHandler, ExceptHandlerKind, Expr, ExprContext, ExprKind, MatchCase,
    Mod, Pattern, PatternKind, Stmt, StmtKind, TypeIgnore, TypeParam, WithItem,
};

use super::{CallArgs, KeyPattern, KeywordPattern};
use crate::parser::{Parser, Tok};

impl<'a> Parser<'a> {
    /// A module, with its `# type: ignore` comments.
    pub fn make_module(&mut self, body: Option<&'a [Stmt<'a>]>) -> Mod<'a> {
        let ignores: Vec<TypeIgnore<'a>> = self
            .type_ignores
            .iter()
            .map(|&(lineno, tag)| TypeIgnore::TypeIgnore {
                lineno: lineno as i32,
                tag,
            })
            .collect();
        Mod::Module {
            body: body.unwrap_or(&[]),
            type_ignores: self.arena.alloc_slice(&ignores),
        }
    }

    /// A compound statement as a sequence. Its place is kept for errors after it, but not that of a function, nor of
    /// what an error rule gives for one.
    pub fn compound(&mut self, statement: Stmt<'a>) -> &'a [Stmt<'a>] {
        let function = matches!(
            statement.kind,
            StmtKind::FunctionDef { .. } | StmtKind::AsyncFunctionDef { .. } | StmtKind::Pass
        );
        if !function && self.last_statement.0 <= statement.loc.lineno {
            self.last_statement = (statement.loc.lineno, statement.loc.col_offset);
        }
        self.one(statement)
    }

    /// Sequences of statements as one.
    pub fn flatten(&mut self, parts: &'a [&'a [Stmt<'a>]]) -> &'a [Stmt<'a>] {
        match parts {
            [only] => only,
            _ => self.arena.alloc_slice(&parts.concat()),
        }
    }

    /// The statement of an empty line: `pass`.
    pub fn pass_statement(&mut self, start: usize) -> &'a [Stmt<'a>] {
        self.one(self.stmt(StmtKind::Pass, start))
    }

    /// What stands for a statement that an error rule has matched without an error.
    pub fn dummy_statement(&mut self, start: usize) -> Stmt<'a> {
        self.stmt(StmtKind::Pass, start)
    }

    /// There was no interactive statement at all.
    pub fn interactive_exit<T>(&mut self) -> Option<T> {
        None
    }

    /// The value, unless the feature version is too old for it.
    pub fn since<T>(&mut self, version: u8, what: &str, value: T) -> Option<T> {
        if self.options.feature_version < version {
            return self.raise_last(format!(
                "{what} only supported in Python 3.{version} and greater"
            ));
        }
        Some(value)
    }

    /// The text of a type comment.
    pub fn type_comment(&self, comment: Option<Tok>) -> Option<&'a str> {
        comment.map(|tok| self.text(tok))
    }

    /// An annotated assignment.
    pub fn ann_assign(
        &mut self,
        start: usize,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        simple: i32,
    ) -> Option<Stmt<'a>> {
        let target = self.set_context(target, ExprContext::Store);
        let kind = StmtKind::AnnAssign {
            target,
            annotation,
            value,
            simple,
        };
        let what = if simple == 1 {
            "Variable annotation syntax is"
        } else {
            "Variable annotations syntax is"
        };
        self.since(6, what, self.stmt(kind, start))
    }

    /// `from module import names`; `from __future__ import barry_as_FLUFL` takes effect at once.
    pub fn import_from(
        &mut self,
        start: usize,
        module: Option<&'a Expr<'a>>,
        names: &'a [Alias<'a>],
        dots: &[Tok],
    ) -> Stmt<'a> {
        let level = dots
            .iter()
            .map(|&dot| if self.text(dot) == "..." { 3 } else { 1 })
            .sum();
        let module = module.map(|m| self.identifier_of(m));
        if module == Some("__future__")
            && level == 0
            && names.iter().any(|n| n.name == "barry_as_FLUFL")
        {
            self.barry_as_flufl = true;
            self.tokenizer.set_barry_as_flufl(true);
        }
        self.stmt(
            StmtKind::ImportFrom {
                module,
                names,
                level: Some(level),
            },
            start,
        )
    }

    /// `*` among imported names.
    pub fn alias_for_star(&mut self, start: usize) -> &'a [Alias<'a>] {
        self.one(Alias {
            name: "*",
            asname: None,
            loc: self.loc(start),
        })
    }

    /// The identifier of a `Name`.
    pub fn identifier_of(&self, name: &Expr<'a>) -> &'a str {
        if let ExprKind::Name { id, .. } = name.kind {
            id
        } else {
            ""
        }
    }

    /// Two names with a dot between, as one `Name`.
    pub fn join_names_with_dot(
        &mut self,
        first: &'a Expr<'a>,
        second: &'a Expr<'a>,
    ) -> &'a Expr<'a> {
        let id = format!(
            "{}.{}",
            self.identifier_of(first),
            self.identifier_of(second)
        );
        let mut loc = first.loc;
        loc.end_lineno = second.loc.end_lineno;
        loc.end_col_offset = second.loc.end_col_offset;
        let id = self.arena.alloc_str(&id);
        self.arena.alloc(Expr {
            kind: ExprKind::Name {
                id,
                ctx: ExprContext::Load,
            },
            loc,
        })
    }

    /// A class; its arguments are those of a call.
    pub fn class_def(
        &mut self,
        start: usize,
        name: &'a str,
        arguments: Option<Option<CallArgs<'a>>>,
        body: &'a [Stmt<'a>],
        type_params: Option<&'a [TypeParam<'a>]>,
    ) -> Stmt<'a> {
        let arguments = arguments.flatten().unwrap_or(CallArgs {
            args: &[],
            keywords: &[],
        });
        let kind = StmtKind::ClassDef {
            name,
            bases: arguments.args,
            keywords: arguments.keywords,
            body,
            decorator_list: &[],
            type_params: type_params.unwrap_or(&[]),
        };
        self.stmt(kind, start)
    }

    /// A function.
    pub fn function_def(
        &mut self,
        start: usize,
        name: &'a str,
        type_params: Option<&'a [TypeParam<'a>]>,
        args: Option<&'a Arguments<'a>>,
        returns: Option<&'a Expr<'a>>,
        comment: Option<Tok>,
        body: &'a [Stmt<'a>],
    ) -> Stmt<'a> {
        let kind = StmtKind::FunctionDef {
            name,
            args: self.or_empty_arguments(args),
            body,
            decorator_list: &[],
            returns,
            type_comment: self.type_comment(comment),
            type_params: type_params.unwrap_or(&[]),
        };
        self.stmt(kind, start)
    }

    /// A coroutine function.
    pub fn async_function_def(
        &mut self,
        start: usize,
        name: &'a str,
        type_params: Option<&'a [TypeParam<'a>]>,
        args: Option<&'a Arguments<'a>>,
        returns: Option<&'a Expr<'a>>,
        comment: Option<Tok>,
        body: &'a [Stmt<'a>],
    ) -> Option<Stmt<'a>> {
        let kind = StmtKind::AsyncFunctionDef {
            name,
            args: self.or_empty_arguments(args),
            body,
            decorator_list: &[],
            returns,
            type_comment: self.type_comment(comment),
            type_params: type_params.unwrap_or(&[]),
        };
        let statement = self.stmt(kind, start);
        self.since(5, "Async functions are", statement)
    }

    /// A definition with its decorators.
    pub fn decorate(&mut self, decorators: &'a [Expr<'a>], mut definition: Stmt<'a>) -> Stmt<'a> {
        if let StmtKind::FunctionDef { decorator_list, .. }
        | StmtKind::AsyncFunctionDef { decorator_list, .. }
        | StmtKind::ClassDef { decorator_list, .. } = &mut definition.kind
        {
            *decorator_list = decorators;
        }
        definition
    }

    /// A `for` statement.
    pub fn for_statement(
        &mut self,
        start: usize,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        comment: Option<Tok>,
        body: &'a [Stmt<'a>],
        orelse: Option<&'a [Stmt<'a>]>,
    ) -> Stmt<'a> {
        let type_comment = self.type_comment(comment);
        let kind = StmtKind::For {
            target,
            iter,
            body,
            orelse: orelse.unwrap_or(&[]),
            type_comment,
        };
        self.stmt(kind, start)
    }

    /// An `async for` statement.
    pub fn async_for_statement(
        &mut self,
        start: usize,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        comment: Option<Tok>,
        body: &'a [Stmt<'a>],
        orelse: Option<&'a [Stmt<'a>]>,
    ) -> Option<Stmt<'a>> {
        let type_comment = self.type_comment(comment);
        let kind = StmtKind::AsyncFor {
            target,
            iter,
            body,
            orelse: orelse.unwrap_or(&[]),
            type_comment,
        };
        let statement = self.stmt(kind, start);
        self.since(5, "Async for loops are", statement)
    }

    /// An `async with` statement.
    pub fn async_with(
        &mut self,
        start: usize,
        items: &'a [WithItem<'a>],
        comment: Option<Tok>,
        body: &'a [Stmt<'a>],
    ) -> Option<Stmt<'a>> {
        let type_comment = self.type_comment(comment);
        let statement = self.stmt(
            StmtKind::AsyncWith {
                items,
                body,
                type_comment,
            },
            start,
        );
        self.since(5, "Async with statements are", statement)
    }

    /// A `try` statement with `except*`.
    pub fn try_star(
        &mut self,
        start: usize,
        body: &'a [Stmt<'a>],
        handlers: &'a [ExceptHandler<'a>],
        orelse: Option<&'a [Stmt<'a>]>,
        finalbody: Option<&'a [Stmt<'a>]>,
    ) -> Option<Stmt<'a>> {
        let kind = StmtKind::TryStar {
            body,
            handlers,
            orelse: orelse.unwrap_or(&[]),
            finalbody: finalbody.unwrap_or(&[]),
        };
        let statement = self.stmt(kind, start);
        self.since(11, "Exception groups are", statement)
    }

    /// A handler.
    pub fn except_handler(
        &mut self,
        start: usize,
        type_: Option<&'a Expr<'a>>,
        name: Option<&'a str>,
        body: &'a [Stmt<'a>],
    ) -> ExceptHandler<'a> {
        let kind = ExceptHandlerKind::ExceptHandler { type_, name, body };
        ExceptHandler {
            kind,
            loc: self.loc(start),
        }
    }

    /// A handler of several types without parentheses.
    pub fn except_several(
        &mut self,
        start: usize,
        types: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
    ) -> Option<ExceptHandler<'a>> {
        let handler = self.except_handler(start, Some(types), None, body);
        self.since(14, "except expressions without parentheses are", handler)
    }

    /// A `match` statement.
    pub fn match_statement(
        &mut self,
        start: usize,
        subject: &'a Expr<'a>,
        cases: &'a [MatchCase<'a>],
    ) -> Option<Stmt<'a>> {
        let statement = self.stmt(StmtKind::Match { subject, cases }, start);
        self.since(10, "Pattern matching is", statement)
    }

    /// A `type` statement.
    pub fn type_alias(
        &mut self,
        start: usize,
        name: &'a Expr<'a>,
        type_params: Option<&'a [TypeParam<'a>]>,
        value: &'a Expr<'a>,
    ) -> Option<Stmt<'a>> {
        let name = self.set_context(name, ExprContext::Store);
        let kind = StmtKind::TypeAlias {
            name,
            type_params: type_params.unwrap_or(&[]),
            value,
        };
        let statement = self.stmt(kind, start);
        self.since(12, "Type statement is", statement)
    }

    /// Patterns between `|`; one alone is itself.
    pub fn or_pattern(&mut self, start: usize, patterns: &'a [Pattern<'a>]) -> &'a Pattern<'a> {
        match patterns {
            [only] => only,
            _ => self.pattern(PatternKind::MatchOr { patterns }, start),
        }
    }

    /// A pattern before others.
    pub fn pattern_in_front(
        &mut self,
        first: &Pattern<'a>,
        rest: &[Pattern<'a>],
    ) -> &'a [Pattern<'a>] {
        let all: Vec<_> = std::iter::once(*first)
            .chain(rest.iter().copied())
            .collect();
        self.arena.alloc_slice(&all)
    }

    /// The keys of a mapping pattern.
    pub fn pattern_keys(&mut self, items: &[KeyPattern<'a>]) -> &'a [Expr<'a>] {
        let keys: Vec<_> = items.iter().map(|i| i.key).collect();
        self.arena.alloc_slice(&keys)
    }

    /// The patterns of a mapping pattern.
    pub fn patterns_of(&mut self, items: &[KeyPattern<'a>]) -> &'a [Pattern<'a>] {
        let patterns: Vec<_> = items.iter().map(|i| i.pattern).collect();
        self.arena.alloc_slice(&patterns)
    }

    /// A class pattern.
    pub fn class_pattern(
        &mut self,
        start: usize,
        cls: &'a Expr<'a>,
        patterns: &'a [Pattern<'a>],
        keywords: &[KeywordPattern<'a>],
    ) -> &'a Pattern<'a> {
        let names: Vec<_> = keywords.iter().map(|k| k.name).collect();
        let values: Vec<_> = keywords.iter().map(|k| k.pattern).collect();
        let kind = PatternKind::MatchClass {
            cls,
            patterns,
            kwd_attrs: self.arena.alloc_slice(&names),
            kwd_patterns: self.arena.alloc_slice(&values),
        };
        self.pattern(kind, start)
    }

    /// Whether more than one statement stands in an interactive text: something else than comments and blank lines
    /// follows the statement.
    pub fn has_more_statements(&self) -> bool {
        if self.options.mode != crate::Mode::Interactive {
            return false;
        }
        let (lineno, col) = self.tokenizer.position();
        let mut rest = self.source;
        for _ in 1..lineno {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
        let mut rest = rest.get(col as usize..).unwrap_or("");
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\n', '\x0c']);
            match rest.strip_prefix('#') {
                Some(comment) => rest = comment.split_once('\n').map_or("", |(_, rest)| rest),
                None => return !rest.is_empty(),
            }
        }
    }
}
