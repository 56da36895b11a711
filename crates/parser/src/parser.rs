//! What the rules stand on: the array of tokens, which fills as rules look at it; the results kept by position; the
//! depth of rules; the stacks on which sequences grow; locations and names.

use std::cell::RefCell;

use taipan_ast::{
    Arena, Expr, ExprContext, ExprKind, Location, Mod, Pattern, PatternKind, Spots, Stmt, StmtKind,
    TypeParam, TypeParamKind,
};
use taipan_tokenizer::{SyntaxError, SyntaxWarning, Token, TokenKind, Tokenizer, TokenizerOptions};

use crate::errors::ParseError;
use crate::generated::{self, Memo, Stacks, keyword, number, soft_keyword};
use crate::{Mode, ParseOptions};

/// How many rules may be active at a time (`MAXSTACK` in CPython).
const MAXSTACK: u32 = 6000;
/// The same for the quick pass, which counts fewer levels for the same text: beyond it the exact passes decide.
const QUICK_MAXSTACK: u32 = 300;

/// Which rules are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The `fast` rules stand in for others.
    Quick,
    /// The rules as written.
    Exact,
}

/// A token as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The token's kind, or the number of a keyword.
    pub kind: u8,
    /// The same, except for soft keywords, which have numbers of their own here.
    pub prediction: u8,
    /// How many brackets were open after it.
    pub level: u8,
    /// Whether it has columns: INDENT, DEDENT and ENDMARKER have none in CPython.
    pub has_columns: bool,
    /// Its first byte.
    pub start: u32,
    /// The byte after its last one.
    pub end: u32,
    /// Its location.
    pub loc: Location,
    /// The newest memo at this token, one more than its index; 0 for none.
    memo: u32,
}

/// A token that has been matched: its place in the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tok(pub u32);

struct MemoEntry<'a> {
    rule: u32,
    next: u32,
    end: usize,
    value: Memo<'a>,
}

/// A type whose sequences grow on a stack of their own.
pub trait Stacked<'a>: Copy {
    /// The stack.
    fn stack<'s>(stacks: &'s mut Stacks<'a>) -> &'s mut Vec<Self>;
}

/// A type of results that are kept.
pub trait Memoized<'a>: Copy {
    /// The form in which a result is kept.
    fn keep(p: &Parser<'a>, result: Option<Self>) -> Memo<'a>;
    /// The result again, if it is of this type.
    fn recall(memo: Memo<'a>) -> Option<Option<Self>>;
}

/// The state of a parse.
pub struct Parser<'a> {
    /// Where the tree goes.
    pub arena: &'a Arena,
    /// The text, of which names are pieces.
    pub source: &'a str,
    /// The place of the next token to match.
    pub mark: usize,
    /// How many rules are active.
    pub level: u32,
    /// The rules for errors are in use.
    pub invalid: bool,
    /// An error has been raised: rules return at once.
    pub raised: bool,
    /// The error.
    pub error: Option<ParseError>,
    /// How the text is parsed.
    pub options: ParseOptions,
    /// `from __future__ import barry_as_FLUFL` has been seen, or the option.
    pub barry_as_flufl: bool,
    /// The tokenizer, at the end of `entries`.
    pub tokenizer: Tokenizer<'a>,
    /// Comments `# type: ignore`: line and text.
    pub type_ignores: Vec<(u32, &'a str)>,
    /// Warnings of the parser.
    pub warnings: Vec<SyntaxWarning>,
    /// Line and column of the last compound statement read, zeros at first.
    pub last_statement: (u32, u32),
    /// The lines of what preprocessing has to look at, in no order.
    spots: RefCell<Vec<u32>>,
    entries: Vec<Entry>,
    token_error: Option<SyntaxError>,
    memos: Vec<MemoEntry<'a>>,
    stacks: Stacks<'a>,
    level_limit: u32,
    stack_limit: usize,
    pass: Pass,
    parsing_started: bool,
}

impl<'a> Parser<'a> {
    /// A parser at the start of `source`.
    pub fn new(
        arena: &'a Arena,
        source: &'a str,
        options: &ParseOptions,
        stack_limit: usize,
        pass: Pass,
    ) -> Parser<'a> {
        let tokenizer_options = TokenizerOptions {
            extra_tokens: false,
            type_comments: options.type_comments,
            interactive: false,
            implicit_newline: options.mode == Mode::File,
            barry_as_flufl: options.barry_as_flufl,
            from_file: options.from_file,
            iterated: false,
        };
        Parser {
            arena,
            source,
            mark: 0,
            level: 0,
            invalid: false,
            raised: false,
            error: None,
            options: options.clone(),
            barry_as_flufl: options.barry_as_flufl,
            tokenizer: Tokenizer::new(source, tokenizer_options),
            type_ignores: Vec::new(),
            last_statement: (0, 0),
            spots: RefCell::default(),
            warnings: Vec::new(),
            entries: Vec::with_capacity(source.len() / 3 + 8),
            token_error: None,
            memos: Vec::new(),
            stacks: Stacks::default(),
            level_limit: if pass == Pass::Quick {
                QUICK_MAXSTACK
            } else {
                MAXSTACK
            },
            stack_limit,
            pass,
            parsing_started: false,
        }
    }

    /// Runs the quick pass: the tree of a valid text, `None` for any other.
    pub fn quick_pass(&mut self) -> Option<Mod<'a>> {
        let tree = self.start_rule()?;
        (!self.raised && self.error.is_none() && !self.has_more_statements()).then_some(tree)
    }

    /// Applies the starting rule.
    pub fn start_rule(&mut self) -> Option<Mod<'a>> {
        match self.options.mode {
            Mode::File => generated::file(self),
            Mode::Interactive => generated::interactive(self),
            Mode::Eval => generated::eval(self),
            Mode::FuncType => generated::func_type(self),
        }
    }

    /// Whether the `fast` rules are in use.
    #[inline]
    pub fn is_fast(&self) -> bool {
        self.pass == Pass::Quick
    }

    /// Back to the first token, with the rules for errors.
    pub fn restart_for_errors(&mut self) {
        for entry in &mut self.entries {
            entry.memo = 0;
        }
        self.memos.clear();
        self.mark = 0;
        self.level = 0;
        self.invalid = true;
    }

    // ---- Depth

    /// Begins a rule; `false` if there are too many.
    #[inline]
    pub fn enter(&mut self) -> bool {
        self.level += 1;
        let local = 0_u8;
        if self.level > self.level_limit || std::ptr::from_ref(&local).addr() < self.stack_limit {
            return self.too_deep();
        }
        true
    }

    /// Ends a rule.
    #[inline]
    pub fn leave(&mut self) {
        self.level -= 1;
    }

    #[cold]
    fn too_deep(&mut self) -> bool {
        self.level -= 1;
        self.raised = true;
        if self.error.is_none() {
            self.error = Some(ParseError::TooDeep);
        }
        false
    }

    // ---- Tokens

    /// The prediction number of the next token.
    #[inline]
    pub fn pred(&mut self) -> u8 {
        if self.mark >= self.entries.len() {
            self.fetch();
        }
        self.entries[self.mark].prediction
    }

    /// The prediction number of the token after the next one.
    #[inline]
    pub fn pred_after(&mut self) -> u8 {
        while self.mark + 1 >= self.entries.len() {
            self.fetch();
        }
        self.entries[self.mark + 1].prediction
    }

    /// The kind of the next token, or the number of a keyword.
    #[inline]
    pub fn kind(&mut self) -> u8 {
        if self.mark >= self.entries.len() {
            self.fetch();
        }
        self.entries[self.mark].kind
    }

    /// The token that has been looked at last, `None` at the very start.
    pub fn last_entry(&self) -> Option<Entry> {
        self.entries.last().copied()
    }

    /// A token by its place; the last one for a place that no token has yet.
    pub fn entry(&self, tok: Tok) -> Entry {
        self.entries[(tok.0 as usize).min(self.entries.len() - 1)]
    }

    /// The next token, which counts as looked at.
    pub fn next_entry(&mut self) -> Entry {
        self.pred();
        self.entries[self.mark]
    }

    /// The token before the next one.
    pub fn previous_entry(&self) -> Entry {
        self.entries[self.mark.saturating_sub(1)]
    }

    #[cold]
    fn fail_token(&mut self, error: SyntaxError) {
        let (lineno, col) = self.tokenizer.position();
        self.entries.push(Entry {
            kind: TokenKind::Errortoken as u8,
            prediction: TokenKind::Errortoken as u8,
            level: 0,
            has_columns: false,
            start: 0,
            end: 0,
            loc: Location::new(lineno, col, lineno, col),
            memo: 0,
        });
        self.raised = true;
        if self.error.is_none() {
            self.error = Some(ParseError::Syntax(error.clone()));
        }
        self.token_error = Some(error);
    }

    fn next_token(&mut self) -> Option<Token> {
        if let Some(error) = self.token_error.clone() {
            self.fail_token(error);
            return None;
        }
        loop {
            match self.tokenizer.next_token() {
                Ok(token) if token.kind == TokenKind::TypeIgnore => {
                    let text = self.tokenizer.text(&token);
                    self.type_ignores.push((token.lineno, text));
                }
                Ok(token) => return Some(token),
                Err(error) => {
                    self.fail_token(error);
                    return None;
                }
            }
        }
    }

    /// Appends a token to the array.
    #[inline(never)]
    fn fetch(&mut self) {
        let token = self.next_token();
        if self.tokenizer.has_warnings() {
            self.warnings.append(&mut self.tokenizer.take_warnings());
        }
        let Some(mut token) = token else {
            return;
        };
        let original = token.kind;
        if original == TokenKind::Endmarker
            && self.options.mode == Mode::Interactive
            && self.parsing_started
        {
            // The end of the text ends the statement.
            token.kind = TokenKind::Newline;
            self.parsing_started = false;
            if self.tokenizer.indent_depth() > 0 && !self.options.dont_imply_dedent {
                self.tokenizer.imply_dedents();
            }
        } else {
            self.parsing_started = true;
        }
        let mut kind = token.kind as u8;
        let mut prediction = kind;
        if token.kind == TokenKind::Name {
            let name = self
                .source
                .as_bytes()
                .get(token.start as usize..token.end as usize)
                .unwrap_or(&[]);
            if let Some(k) = keyword(name) {
                kind = k;
                prediction = k;
            } else if let Some(k) = soft_keyword(name) {
                prediction = k;
            }
        }
        let has_columns = !matches!(
            original,
            TokenKind::Indent | TokenKind::Dedent | TokenKind::Endmarker
        );
        let end_col_offset = token.end_col_offset + self.columns_beyond(&token, original);
        self.entries.push(Entry {
            kind,
            prediction,
            level: token.level,
            has_columns,
            start: token.start,
            end: token.end,
            loc: Location::new(
                token.lineno,
                token.col_offset,
                token.end_lineno,
                end_col_offset,
            ),
            memo: 0,
        });
    }

    /// How many columns a token covers in CPython beyond its text: the newline itself belongs to its token, and text of
    /// an f-string that ends with a doubled brace reaches to the second one.
    #[inline]
    fn columns_beyond(&self, token: &Token, kind: TokenKind) -> u32 {
        let doubled = || {
            let bytes = self.source.as_bytes();
            let end = token.end as usize;
            token.end > token.start
                && matches!(bytes.get(end), Some(b'{' | b'}'))
                && bytes.get(end) == bytes.get(end - 1)
        };
        match kind {
            TokenKind::Newline => 1,
            TokenKind::FstringMiddle | TokenKind::TstringMiddle => u32::from(doubled()),
            _ => 0,
        }
    }

    /// The text of a token.
    pub fn text(&self, tok: Tok) -> &'a str {
        let entry = self.entry(tok);
        self.source
            .get(entry.start as usize..entry.end as usize)
            .unwrap_or("")
    }

    /// Matches a token by kind or keyword.
    #[inline]
    pub fn eat(&mut self, kind: u8) -> bool {
        let found = self.kind() == kind;
        if found {
            self.mark += 1;
        }
        found
    }

    /// Matches a token by kind or keyword.
    #[inline]
    pub fn take(&mut self, kind: u8) -> Option<Tok> {
        self.eat(kind).then(|| Tok(self.mark as u32 - 1))
    }

    /// Matches a soft keyword.
    #[inline]
    pub fn take_soft(&mut self, prediction: u8) -> Option<Tok> {
        if self.pred() == prediction {
            self.mark += 1;
            return Some(Tok(self.mark as u32 - 1));
        }
        None
    }

    /// Matches any soft keyword.
    pub fn take_soft_keyword(&mut self) -> Option<Tok> {
        if self.kind() == number::NAME && self.pred() != number::NAME {
            self.mark += 1;
            return Some(Tok(self.mark as u32 - 1));
        }
        None
    }

    /// Matches a token or raises an error there.
    pub fn expect_forced(&mut self, kind: u8, text: &str) -> bool {
        if self.eat(kind) {
            return true;
        }
        if !self.raised {
            let place = Tok(self.mark as u32);
            self.raise_at(place, format!("expected '{text}'"));
        }
        false
    }

    /// Matches a name: its identifier.
    #[inline]
    pub fn identifier(&mut self) -> Option<&'a str> {
        let tok = self.take(number::NAME)?;
        let text = self.text(tok);
        if text.is_ascii() {
            Some(text)
        } else {
            self.normalized(text)
        }
    }

    #[cold]
    fn normalized(&mut self, text: &str) -> Option<&'a str> {
        let points: Vec<u32> = text.chars().map(u32::from).collect();
        let normal =
            taipan_unicode::normalize::normalize(taipan_unicode::normalize::Form::Nfkc, &points);
        let text: String = normal.into_iter().filter_map(char::from_u32).collect();
        if matches!(text.as_str(), "None" | "True" | "False") {
            let message = format!("identifier field can't represent '{text}' constant");
            return self.raise_other(ParseError::Value(message));
        }
        Some(self.arena.alloc_str(&text))
    }

    /// Matches a name: its node.
    #[inline]
    pub fn name(&mut self) -> Option<&'a Expr<'a>> {
        let id = self.identifier()?;
        let loc = self.entries[self.mark - 1].loc;
        let kind = ExprKind::Name {
            id,
            ctx: ExprContext::Load,
        };
        if Spots::is_expr(&kind) {
            self.note_spot(loc);
        }
        Some(self.arena.alloc(Expr { kind, loc }))
    }

    // ---- Memos

    /// The kept result of a rule at the next token; moves to its end.
    #[inline]
    pub fn recall<T: Memoized<'a>>(&mut self, rule: u32) -> Option<Option<T>> {
        self.pred();
        let mut next = self.entries[self.mark].memo;
        while next != 0 {
            let memo = &self.memos[next as usize - 1];
            if memo.rule == rule {
                let result = T::recall(memo.value)?;
                self.mark = memo.end;
                return Some(result);
            }
            next = memo.next;
        }
        None
    }

    /// Keeps the result of a rule.
    #[inline]
    pub fn memoize<T: Memoized<'a>>(&mut self, start: usize, rule: u32, result: Option<T>) {
        let value = T::keep(self, result);
        let Some(entry) = self.entries.get_mut(start) else {
            return;
        };
        self.memos.push(MemoEntry {
            rule,
            next: entry.memo,
            end: self.mark,
            value,
        });
        entry.memo = self.memos.len() as u32;
    }

    // ---- Sequences

    /// How many values of a type are on their way.
    #[inline]
    pub fn height<T: Stacked<'a>>(&mut self) -> usize {
        T::stack(&mut self.stacks).len()
    }

    /// Adds a value.
    #[inline]
    pub fn push<T: Stacked<'a>>(&mut self, value: T) {
        T::stack(&mut self.stacks).push(value);
    }

    /// Forgets the values above a height.
    #[inline]
    pub fn cut<T: Stacked<'a>>(&mut self, height: usize) {
        T::stack(&mut self.stacks).truncate(height);
    }

    /// Moves the values above a height to the arena.
    #[inline]
    pub fn collect<T: Stacked<'a>>(&mut self, height: usize) -> &'a [T] {
        let stack = T::stack(&mut self.stacks);
        let sequence = self.arena.alloc_slice(stack.get(height..).unwrap_or(&[]));
        stack.truncate(height);
        sequence
    }

    /// A sequence of one.
    pub fn one<T: Copy>(&self, value: T) -> &'a [T] {
        self.arena.alloc_slice(&[value])
    }

    // ---- Nodes

    /// From the token at `start` to the last token matched, NEWLINE and the like not counted.
    #[inline]
    pub fn loc(&self, start: usize) -> Location {
        let first = self.entries[start].loc;
        let mut i = self.mark;
        let mut last = first;
        while i > 0 {
            i -= 1;
            last = self.entries[i].loc;
            if !matches!(
                self.entries[i].kind,
                number::ENDMARKER | number::NEWLINE | number::INDENT | number::DEDENT
            ) {
                break;
            }
        }
        Location::new(
            first.lineno,
            first.col_offset,
            last.end_lineno,
            last.end_col_offset,
        )
    }

    /// A node of the class `expr`.
    #[inline]
    pub fn expr(&self, kind: ExprKind<'a>, start: usize) -> &'a Expr<'a> {
        let loc = self.loc(start);
        if Spots::is_expr(&kind) {
            self.note_spot(loc);
        }
        self.arena.alloc(Expr { kind, loc })
    }

    /// A node of the class `stmt`.
    #[inline]
    pub fn stmt(&self, kind: StmtKind<'a>, start: usize) -> Stmt<'a> {
        let loc = self.loc(start);
        if Spots::is_stmt(&kind) {
            self.note_spot(loc);
        }
        Stmt { kind, loc }
    }

    #[cold]
    fn note_spot(&self, loc: Location) {
        self.spots.borrow_mut().push(loc.lineno);
    }

    /// What has been noted for preprocessing.
    pub fn take_spots(&mut self) -> Spots {
        Spots::on(self.spots.take())
    }

    /// A node of the class `pattern`.
    pub fn pattern(&self, kind: PatternKind<'a>, start: usize) -> &'a Pattern<'a> {
        self.arena.alloc(Pattern {
            kind,
            loc: self.loc(start),
        })
    }

    /// A node of the class `type_param`.
    pub fn type_param(&self, kind: TypeParamKind<'a>, start: usize) -> TypeParam<'a> {
        TypeParam {
            kind,
            loc: self.loc(start),
        }
    }
}
