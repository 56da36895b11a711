//! Raising errors: which error counts when several are found, and where it stands. Positions follow CPython's rules,
//! also the odd ones, because they are what a user sees.

use taipan_ast::{Comprehension, Constant, Expr, ExprKind, Location, Mod, Pattern};
use taipan_tokenizer::string_literal::UnicodeEscapeError;
use taipan_tokenizer::{Done, SyntaxError, SyntaxErrorKind};

use crate::actions::CallArgs;
use crate::generated::number;
use crate::parser::{Entry, Parser, Tok};

/// Why a text has no tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// A syntax error.
    Syntax(SyntaxError),
    /// A `ValueError`: what CPython's parser finds without making it a syntax error.
    Value(String),
    /// A `UnicodeDecodeError`, likewise.
    Unicode(Box<UnicodeEscapeError>),
    /// Too many rules are active at a time, or the stack's limit is reached: a `MemoryError` with the message
    /// [`ParseError::TOO_DEEP`].
    TooDeep,
}

impl ParseError {
    /// The message of the `MemoryError`.
    pub const TOO_DEEP: &str = "Parser stack overflowed - Python source too complex to parse";
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ParseError::Syntax(error) => error.fmt(f),
            ParseError::Value(message) => write!(f, "ValueError: {message}"),
            ParseError::Unicode(error) => write!(f, "UnicodeDecodeError: {error}"),
            ParseError::TooDeep => write!(f, "MemoryError: {}", ParseError::TOO_DEEP),
        }
    }
}

impl std::error::Error for ParseError {}

/// A column of an error.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// A byte column from 0; shown as the character's column from 1.
    Byte(u32),
    /// So many bytes of the line, shown as so many characters.
    Shown(u32),
    /// Shown as -1.
    Unknown,
}

/// What has a location.
pub trait Spanned {
    /// The location.
    fn span(&self, p: &Parser<'_>) -> Location;

    /// Where it begins. Tokens may have no columns.
    fn column(&self, p: &Parser<'_>) -> Column {
        Column::Byte(self.span(p).col_offset)
    }
}

impl Spanned for Tok {
    fn span(&self, p: &Parser<'_>) -> Location {
        p.entry(*self).loc
    }

    fn column(&self, p: &Parser<'_>) -> Column {
        let entry = p.entry(*self);
        if entry.has_columns {
            Column::Byte(entry.loc.col_offset)
        } else {
            Column::Shown(0)
        }
    }
}

impl Spanned for &Expr<'_> {
    fn span(&self, _: &Parser<'_>) -> Location {
        self.loc
    }
}

impl Spanned for &Pattern<'_> {
    fn span(&self, _: &Parser<'_>) -> Location {
        self.loc
    }
}

impl Spanned for taipan_ast::Stmt<'_> {
    fn span(&self, _: &Parser<'_>) -> Location {
        self.loc
    }
}

impl Spanned for taipan_ast::Arg<'_> {
    fn span(&self, _: &Parser<'_>) -> Location {
        self.loc
    }
}

/// What error messages call an expression.
pub fn expr_name(expr: &Expr<'_>) -> &'static str {
    match &expr.kind {
        ExprKind::Attribute { .. } => "attribute",
        ExprKind::Subscript { .. } => "subscript",
        ExprKind::Starred { .. } => "starred",
        ExprKind::Name { .. } => "name",
        ExprKind::List { .. } => "list",
        ExprKind::Tuple { .. } => "tuple",
        ExprKind::Lambda { .. } => "lambda",
        ExprKind::Call { .. } => "function call",
        ExprKind::BoolOp { .. } | ExprKind::BinOp { .. } | ExprKind::UnaryOp { .. } => "expression",
        ExprKind::GeneratorExp { .. } => "generator expression",
        ExprKind::Yield { .. } | ExprKind::YieldFrom { .. } => "yield expression",
        ExprKind::Await { .. } => "await expression",
        ExprKind::ListComp { .. } => "list comprehension",
        ExprKind::SetComp { .. } => "set comprehension",
        ExprKind::DictComp { .. } => "dict comprehension",
        ExprKind::Dict { .. } => "dict literal",
        ExprKind::Set { .. } => "set display",
        ExprKind::JoinedStr { .. } | ExprKind::FormattedValue { .. } => "f-string expression",
        ExprKind::TemplateStr { .. } | ExprKind::Interpolation { .. } => "t-string expression",
        ExprKind::Constant { value, .. } => match value {
            Constant::None => "None",
            Constant::False => "False",
            Constant::True => "True",
            Constant::Ellipsis => "ellipsis",
            _ => "literal",
        },
        ExprKind::Compare { .. } => "comparison",
        ExprKind::IfExp { .. } => "conditional expression",
        ExprKind::NamedExpr { .. } => "named expression",
        ExprKind::Slice { .. } => "slice",
    }
}

const NOTHING: Expr<'static> = Expr {
    kind: ExprKind::Constant {
        value: Constant::None,
        kind: None,
    },
    loc: Location::new(1, 0, 1, 0),
};

/// The first of several expressions.
pub fn first_expr<'a>(all: &'a [Expr<'a>]) -> &'a Expr<'a> {
    all.first().unwrap_or(&NOTHING)
}

/// The last of several expressions.
pub fn last_expr<'a>(all: &'a [Expr<'a>]) -> &'a Expr<'a> {
    all.last().unwrap_or(&NOTHING)
}

/// The first of several patterns; there is one.
pub fn first_pattern<'a>(all: &'a [Pattern<'a>]) -> &'a Pattern<'a> {
    &all[0]
}

/// The last of several patterns; there is one.
pub fn last_pattern<'a>(all: &'a [Pattern<'a>]) -> &'a Pattern<'a> {
    &all[all.len() - 1]
}

/// The last expression in comprehension clauses.
pub fn last_item<'a>(clauses: &'a [Comprehension<'a>]) -> &'a Expr<'a> {
    match clauses.last() {
        Some(clause) => clause.ifs.last().unwrap_or(clause.iter),
        None => &NOTHING,
    }
}

impl<'a> Parser<'a> {
    /// Runs the passes that go by the rules as written: the tree, or the error.
    pub fn exact_passes(&mut self) -> Result<Mod<'a>, ParseError> {
        if let Some(tree) = self.start_rule()
            && !self.raised
        {
            if self.has_more_statements() {
                self.raise_last::<()>(
                    "multiple statements found while compiling a single statement".to_owned(),
                );
                return Err(self.error_found());
            }
            return Ok(tree);
        }
        if self.options.allow_incomplete_input && self.is_end_of_source() {
            self.error = None;
            self.raise_last_as::<()>(
                SyntaxErrorKind::IncompleteInput,
                "incomplete input".to_owned(),
            );
            return Err(self.error_found());
        }
        if self.error.is_some() {
            if matches!(self.error, Some(ParseError::Syntax(_)))
                && self.tokenizer.done() == Done::Ok
            {
                self.check_rest_of_source();
            }
            return Err(self.placed_error());
        }
        let last = self.last_entry();
        self.restart_for_errors();
        let _ = self.start_rule();
        self.set_syntax_error(last);
        Err(self.placed_error())
    }

    /// The error found, with the place of the last statement before it.
    fn placed_error(&mut self) -> ParseError {
        let mut error = self.error_found();
        if let ParseError::Syntax(error) = &mut error {
            error.last_statement = Some(self.last_statement);
        }
        error
    }

    /// Whether the tokenizer has met the end of the text (`_is_end_of_source`). It does so when it looks for what could
    /// continue a token, too.
    fn is_end_of_source(&self) -> bool {
        let looks_ahead = |last: Entry| match last.kind {
            number::DEDENT | number::ENDMARKER => true,
            number::NEWLINE
            | number::STRING
            | number::FSTRING_START
            | number::FSTRING_END
            | number::TSTRING_START
            | number::TSTRING_END => false,
            // A module's last line always ends with a newline.
            _ => self.options.mode != crate::Mode::File,
        };
        self.tokenizer.done().is_end_of_source()
            || self
                .last_entry()
                .is_some_and(|last| last.end as usize >= self.source.len() && looks_ahead(last))
    }

    fn error_found(&mut self) -> ParseError {
        self.error.take().unwrap_or(ParseError::TooDeep)
    }

    /// The error after the last pass, if none of its rules raised one: `last` is the last token of the pass before.
    fn set_syntax_error(&mut self, last: Option<Entry>) {
        if self.error.is_some() {
            // An error of the tokenizer is as good as it can be.
            if matches!(self.error, Some(ParseError::Syntax(_)))
                && self.tokenizer.done() == Done::Ok
            {
                self.check_rest_of_source();
            }
            return;
        }
        let Some(last) = last else {
            self.raise_last::<()>("error at start before reading any input".to_owned());
            return;
        };
        match last.kind {
            number::ERRORTOKEN if self.tokenizer.done() == Done::Eof => {
                if self.tokenizer.open_brackets().is_empty() {
                    self.raise_last::<()>("unexpected EOF while parsing".to_owned());
                } else {
                    self.raise_unclosed_bracket();
                }
            }
            number::INDENT => self.raise_indent("unexpected indent".to_owned()),
            number::DEDENT => self.raise_indent("unexpected unindent".to_owned()),
            _ => {
                let loc = last.loc;
                let (col, end) = if last.has_columns {
                    (
                        Column::Byte(loc.col_offset),
                        Column::Byte(loc.end_col_offset),
                    )
                } else {
                    (Column::Shown(0), Column::Shown(0))
                };
                self.raise_columns(
                    loc.lineno,
                    col,
                    loc.end_lineno,
                    end,
                    "invalid syntax".to_owned(),
                );
                self.check_rest_of_source();
            }
        }
    }

    /// An error of the tokenizer further on, or a bracket left open, replaces an error of the parser. The tokenizer warns of
    /// what it meets on the way.
    fn check_rest_of_source(&mut self) {
        self.read_rest_of_source();
        self.warnings.append(&mut self.tokenizer.take_warnings());
    }

    fn read_rest_of_source(&mut self) {
        let Some(last) = self.last_entry() else {
            return;
        };
        loop {
            match self.tokenizer.next_token() {
                Ok(token) if token.kind == taipan_tokenizer::TokenKind::Endmarker => return,
                Ok(_) => {}
                Err(error) => {
                    if matches!(
                        self.tokenizer.done(),
                        Done::Error | Done::EofInString | Done::EolInString
                    ) {
                        // Inside an f-string the error in the expression says more than what follows from it.
                        if !self.tokenizer.in_fstring() {
                            self.error = Some(ParseError::Syntax(error));
                        }
                    } else if let Some(open) = self.tokenizer.open_brackets().last()
                        && last.loc.lineno > open.lineno
                        && !self.tokenizer.in_fstring()
                    {
                        self.error = None;
                        self.raise_unclosed_bracket();
                    }
                    return;
                }
            }
        }
    }

    fn raise_unclosed_bracket(&mut self) {
        if self.error.is_none() {
            self.raised = true;
            self.error = Some(ParseError::Syntax(self.tokenizer.unclosed_bracket_error()));
        }
    }

    // ---- Placing

    /// The line that an error shows. The tokenizer's current line ends with its newline, others do not. Only a module's
    /// last line has one that the text does not have.
    fn error_line(&self, lineno: u32) -> String {
        let line = self.tokenizer.line(lineno);
        let unfinished =
            line.as_bytes().as_ptr_range().end == self.source.as_bytes().as_ptr_range().end;
        let mut line = line.to_owned();
        if self.tokenizer.position().0 <= lineno
            && !(unfinished && self.options.mode != crate::Mode::File)
        {
            line.push('\n');
        }
        line
    }

    /// An error with its positions in characters.
    pub fn error_at_columns(
        &self,
        kind: SyntaxErrorKind,
        lineno: u32,
        col: Column,
        end_lineno: u32,
        end_col: Column,
        msg: String,
    ) -> SyntaxError {
        let line = self.error_line(lineno);
        let characters = |bytes: u32| {
            let bytes = bytes as usize;
            let count = (0..bytes.min(line.len()))
                .filter(|&i| line.is_char_boundary(i))
                .count();
            (count + usize::from(bytes > line.len())) as u32
        };
        let shown = |column: Column| match column {
            Column::Byte(col) => characters(col + 1),
            Column::Shown(bytes) => characters(bytes),
            Column::Unknown => SyntaxError::MINUS_ONE,
        };
        SyntaxError {
            kind,
            msg,
            lineno,
            offset: Some(shown(col)),
            end_lineno: Some(end_lineno),
            end_offset: Some(shown(end_col)),
            text: Some(line),
            last_statement: None,
            bare: false,
            in_program: true,
        }
    }

    fn raise_kind(
        &mut self,
        kind: SyntaxErrorKind,
        lineno: u32,
        col: Column,
        end_lineno: u32,
        end: Column,
        msg: String,
    ) {
        self.raised = true;
        if self.error.is_none() && !self.is_fast() {
            let error = self.error_at_columns(kind, lineno, col, end_lineno, end, msg);
            self.error = Some(ParseError::Syntax(error));
        }
    }

    /// Raises what is no syntax error.
    #[cold]
    pub fn raise_other<T>(&mut self, error: ParseError) -> Option<T> {
        self.raised = true;
        if self.error.is_none() && !self.is_fast() {
            self.error = Some(error);
        }
        None
    }

    /// Raises an error at given columns.
    pub fn raise_columns(
        &mut self,
        lineno: u32,
        col: Column,
        end_lineno: u32,
        end: Column,
        msg: String,
    ) {
        self.raise_kind(
            SyntaxErrorKind::SyntaxError,
            lineno,
            col,
            end_lineno,
            end,
            msg,
        );
    }

    /// Raises an error over something.
    pub fn raise_at(&mut self, place: impl Spanned, msg: String) {
        let loc = place.span(self);
        self.raise_columns(
            loc.lineno,
            Column::Byte(loc.col_offset),
            loc.end_lineno,
            Column::Byte(loc.end_col_offset),
            msg,
        );
    }

    /// Raises an error from something to the end of something.
    pub fn raise_range(&mut self, first: impl Spanned, last: impl Spanned, msg: String) {
        let (first, last) = (first.span(self), last.span(self));
        self.raise_columns(
            first.lineno,
            Column::Byte(first.col_offset),
            last.end_lineno,
            Column::Byte(last.end_col_offset),
            msg,
        );
    }

    /// Raises an error from something to where the tokenizer is.
    pub fn raise_from(&mut self, first: impl Spanned, msg: String) {
        let (loc, column) = (first.span(self), first.column(self));
        let (end_lineno, end) = self.tokenizer.position();
        self.raise_columns(loc.lineno, column, end_lineno, Column::Shown(end), msg);
    }

    fn raise_token(&mut self, kind: SyntaxErrorKind, entry: Entry, msg: String) {
        let loc = entry.loc;
        if entry.has_columns {
            let (col, end) = (
                Column::Byte(loc.col_offset),
                Column::Byte(loc.end_col_offset),
            );
            self.raise_kind(kind, loc.lineno, col, loc.end_lineno, end, msg);
        } else {
            let (_, col) = self.tokenizer.position();
            let at_end = entry.end as usize >= self.source.len();
            let col = if self.options.from_file && at_end {
                0
            } else {
                col
            };
            self.raise_kind(
                kind,
                loc.lineno,
                Column::Shown(col),
                loc.end_lineno,
                Column::Unknown,
                msg,
            );
        }
    }

    fn raise_last_as<T>(&mut self, kind: SyntaxErrorKind, msg: String) -> Option<T> {
        if self.error.is_some() {
            self.raised = true;
            return None;
        }
        match self.last_entry() {
            None => self.raise_kind(kind, 0, Column::Shown(0), 0, Column::Unknown, msg),
            Some(entry) => self.raise_token(kind, entry, msg),
        }
        None
    }

    /// Raises an error at the last token that has been looked at.
    #[cold]
    pub fn raise_last<T>(&mut self, msg: String) -> Option<T> {
        self.raise_last_as(SyntaxErrorKind::SyntaxError, msg)
    }

    /// Raises an error at the next token.
    pub fn raise_next(&mut self, msg: String) {
        let entry = self.next_entry();
        if !self.raised {
            self.raise_token(SyntaxErrorKind::SyntaxError, entry, msg);
        }
    }

    /// Raises an `IndentationError` at the last token that has been looked at.
    pub fn raise_indent(&mut self, msg: String) {
        self.raise_last_as::<()>(SyntaxErrorKind::IndentationError, msg);
    }

    // ---- The particular cases

    /// The line of a token.
    pub fn line_of(&self, tok: Tok) -> u32 {
        self.entry(tok).loc.lineno
    }

    /// `f(a, b for b in c)`
    pub fn nonparen_genexp_in_call(
        &mut self,
        args: CallArgs<'a>,
        clauses: &'a [Comprehension<'a>],
    ) -> Option<()> {
        if let [_, .., last] = args.args {
            self.raise_range(
                last,
                last_item(clauses),
                "Generator expression must be parenthesized".to_owned(),
            );
        }
        None
    }

    /// Positional arguments after keywords.
    pub fn arguments_parsing_error(&mut self, args: CallArgs<'a>) -> Option<()> {
        let unpacking = args.keywords.iter().any(|k| k.arg.is_none());
        let what = if unpacking {
            "keyword argument unpacking"
        } else {
            "keyword argument"
        };
        self.raise_last(format!("positional argument follows {what}"))
    }

    fn is_legacy_statement(expr: &Expr<'_>) -> bool {
        matches!(
            expr.kind,
            ExprKind::Name {
                id: "print" | "exec",
                ..
            }
        )
    }

    /// `print x`
    pub fn legacy_statement(&mut self, name: &'a Expr<'a>, rest: &'a Expr<'a>) -> Option<()> {
        if Self::is_legacy_statement(name) {
            let id = self.identifier_of(name);
            let msg = format!("Missing parentheses in call to '{id}'. Did you mean {id}(...)?");
            self.raise_range(name, rest, msg);
        }
        None
    }

    /// Two expressions in brackets with nothing between.
    pub fn missing_comma(&mut self, a: &'a Expr<'a>, b: &'a Expr<'a>) -> Option<()> {
        if !Self::is_legacy_statement(a) && self.previous_entry().level > 0 {
            self.raise_range(
                a,
                b,
                "invalid syntax. Perhaps you forgot a comma?".to_owned(),
            );
        }
        None
    }

    /// What a type parameter cannot have.
    pub fn bound_or_constraints(&self, bound: &Expr<'a>) -> &'static str {
        if matches!(bound.kind, ExprKind::Tuple { .. }) {
            "constraints"
        } else {
            "bound"
        }
    }

    /// `match x` without colon.
    pub fn match_needs_colon(&mut self) -> Option<()> {
        self.since(10, "Pattern matching is", ())?;
        self.raise_last("expected ':'".to_owned())
    }

    /// `{1: 2, 3}`
    pub fn missing_colon_after_key(&mut self, key: &'a Expr<'a>) -> Option<()> {
        let loc = key.loc;
        self.raise_columns(
            loc.lineno,
            Column::Shown(loc.end_col_offset),
            loc.end_lineno,
            Column::Shown(0),
            "':' expected after dictionary key".to_owned(),
        );
        None
    }

    /// `<>`
    pub fn less_greater(&mut self, less: Tok, greater: Tok) -> Option<()> {
        if self.entry(less).end == self.entry(greater).start {
            let msg = "invalid syntax.  Maybe you meant '!=' instead of '<>'?";
            self.raise_range(less, greater, msg.to_owned());
        }
        None
    }
}
