//! The tokenizer's public face: tokens, options, and the state that `next_token` moves along. What a token looks
//! like is in `normal`, `number` and `strings`; how errors are worded and placed is in `report`.

use crate::cursor::Cursor;
use crate::error::{BoxedError, SyntaxError, SyntaxWarning};
use crate::kind::TokenKind;
use crate::strings::FString;

/// The deepest indentation, counting the outermost level.
pub const MAXINDENT: usize = 100;
/// The deepest nesting of brackets.
pub const MAXLEVEL: usize = 200;
/// One more than the deepest nesting of f-strings and t-strings.
pub const MAXFSTRINGLEVEL: usize = 150;

/// One token. Offsets are bytes from the text's start, lines count from 1, columns are bytes from the line's start.
///
/// INDENT, DEDENT and ENDMARKER are empty and stand at the current position (CPython says column -1 in the parser's
/// mode). NEWLINE is empty too in the parser's mode. With `extra_tokens` they are as the `tokenize` module has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// How many brackets were open once the token had been read.
    pub level: u8,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// The line of `start`.
    pub lineno: u32,
    /// The column of `start` in bytes.
    pub col_offset: u32,
    /// The line of `end`.
    pub end_lineno: u32,
    /// The column of `end` in bytes.
    pub end_col_offset: u32,
}

impl Token {
    /// The column of a token that begins before its line, as INDENT in a replacement field can; -1 in CPython.
    pub const NO_COLUMN: u32 = u32::MAX;
}

/// A bracket that has not been closed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenBracket {
    /// `(`, `[` or `{`.
    pub bracket: u8,
    /// Its line, from 1.
    pub lineno: u32,
    /// Its column in bytes.
    pub col_offset: u32,
    /// Its byte offset in the text.
    pub start: u32,
}

/// How a text is to be tokenized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenizerOptions {
    /// Give COMMENT and NL tokens, and be as lenient as the `tokenize` module.
    pub extra_tokens: bool,
    /// Give TYPE_COMMENT and TYPE_IGNORE tokens.
    pub type_comments: bool,
    /// Interactive input: an empty line ends a statement.
    pub interactive: bool,
    /// See a newline at the end of a text that lacks one, as CPython does for files and for `exec`, but not for
    /// `eval` and `single`.
    pub implicit_newline: bool,
    /// Read `<>` as NOTEQUAL (PEP 401); otherwise it is LESS and GREATER.
    pub barry_as_flufl: bool,
    /// The text is a program's file, which CPython reads line by line: at its end it has no line any more.
    pub from_file: bool,
    /// The tokens are for a program that asks for one after the other: an end where more was expected has no text.
    pub iterated: bool,
}

impl Default for TokenizerOptions {
    fn default() -> Self {
        TokenizerOptions {
            extra_tokens: false,
            type_comments: false,
            interactive: false,
            implicit_newline: true,
            barry_as_flufl: false,
            from_file: false,
            iterated: false,
        }
    }
}

/// Why a tokenizer stopped; CPython's `tok->done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It has not stopped.
    Ok,
    /// The end of input (`E_EOF`). An error with this state is an unclosed bracket.
    Eof,
    /// The end of input inside a triple-quoted string (`E_EOFS`).
    EofInString,
    /// The end of input inside a single-quoted string (`E_EOLS`).
    EolInString,
    /// An error that the tokenizer words itself (`E_ERROR`).
    Error,
    /// A dedent to no outer level (`E_DEDENT`).
    Dedent,
    /// Inconsistent tabs and spaces (`E_TABSPACE`).
    TabSpace,
    /// Too many levels of indentation (`E_TOODEEP`).
    TooDeep,
    /// Something after a backslash (`E_LINECONT`).
    LineContinuation,
}

impl Done {
    /// More input could mend what went wrong (`_is_end_of_source`).
    #[must_use]
    pub const fn is_end_of_source(self) -> bool {
        matches!(self, Done::Eof | Done::EofInString | Done::EolInString)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Indent {
    /// The column with tab stops every eight.
    pub col: u32,
    /// The column with tabs as wide as one space: the two must agree, else the meaning depends on the tab size.
    pub altcol: u32,
}

/// Where a token began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub pos: usize,
    pub lineno: u32,
    pub line_start: usize,
}

pub(crate) type Scanned = Result<Token, BoxedError>;

/// Reads tokens from a text, one at a time.
#[derive(Clone, Debug)]
pub struct Tokenizer<'s> {
    pub(crate) source: &'s str,
    pub(crate) options: TokenizerOptions,
    pub(crate) cursor: Cursor<'s>,
    pub(crate) start: Start,
    pub(crate) at_line_start: bool,
    /// Indents (positive) or dedents (negative) that are still to be given.
    pub(crate) pending: i32,
    pub(crate) indents: Vec<Indent>,
    pub(crate) brackets: Vec<OpenBracket>,
    pub(crate) fstrings: Vec<FString>,
    /// The comment just given stands alone on its line, so NL follows instead of NEWLINE.
    pub(crate) comment_newline: bool,
    pub(crate) done: Done,
    pub(crate) warnings: Vec<SyntaxWarning>,
    pub(crate) failed: Option<BoxedError>,
}

impl<'s> Tokenizer<'s> {
    /// A tokenizer at the start of `text`. Texts of 4 GB and more give an error with the first token.
    #[must_use]
    pub fn new(text: &'s str, options: TokenizerOptions) -> Self {
        let mut tokenizer = Tokenizer {
            source: text,
            options,
            cursor: Cursor::new(
                text,
                options.implicit_newline,
                options.implicit_newline && !options.extra_tokens,
            ),
            start: Start {
                pos: 0,
                lineno: 0,
                line_start: 0,
            },
            at_line_start: true,
            pending: 0,
            indents: vec![Indent { col: 0, altcol: 0 }],
            brackets: Vec::new(),
            fstrings: Vec::new(),
            comment_newline: false,
            done: Done::Ok,
            warnings: Vec::new(),
            failed: None,
        };
        if u32::try_from(text.len()).is_ok_and(|n| n < u32::MAX) {
            return tokenizer;
        }
        tokenizer.failed = Some(tokenizer.error("source code is too large"));
        tokenizer
    }

    /// The same with another text, which begins with this one; or without text while nothing is read.
    #[inline(always)]
    pub(crate) fn with_text<'t>(self, text: &'t str) -> Tokenizer<'t> {
        let mut tokenizer = Tokenizer {
            source: text,
            options: self.options,
            cursor: self.cursor.with_text(text),
            start: self.start,
            at_line_start: self.at_line_start,
            pending: self.pending,
            indents: self.indents,
            brackets: self.brackets,
            fstrings: self.fstrings,
            comment_newline: self.comment_newline,
            done: self.done,
            warnings: self.warnings,
            failed: self.failed,
        };
        if text.len() >= u32::MAX as usize && tokenizer.failed.is_none() {
            tokenizer.failed = Some(tokenizer.error("source code is too large"));
        }
        tokenizer
    }

    /// Whether the next token needs the next line.
    pub(crate) fn is_at_line_end(&self) -> bool {
        self.pending == 0 && self.failed.is_none() && self.cursor.pos >= self.source.len()
    }

    /// Whether a token may need several lines for other reasons than what stands on this one: it comes after lines that
    /// give none, or is text of an f-string.
    pub(crate) fn skips_or_nests(&self) -> bool {
        !self.options.extra_tokens || !self.fstrings.is_empty()
    }

    /// The next token. After ENDMARKER it gives ENDMARKER again; after an error the same error again.
    #[inline]
    pub fn next_token(&mut self) -> Result<Token, SyntaxError> {
        match self.quick_token() {
            Some(token) => Ok(token),
            None => self.long_token(),
        }
    }

    /// The next token, which is no quick one.
    #[inline(never)]
    pub(crate) fn long_token(&mut self) -> Result<Token, SyntaxError> {
        if let Some(error) = &self.failed {
            return Err((**error).clone());
        }
        let scanned = match self.fstrings.last() {
            Some(fstring) if !fstring.in_expression => self.fstring_token(),
            _ => self.normal_token(),
        };
        let scanned = if self.cursor.hit_null {
            Err(self.null_error())
        } else {
            scanned
        };
        scanned.map_err(|error| {
            self.failed = Some(error.clone());
            *error
        })
    }

    /// The whole text.
    #[must_use]
    pub fn source(&self) -> &'s str {
        self.source
    }

    /// The text of a token; empty for what has none (DEDENT, ENDMARKER, a newline that is only implied).
    #[must_use]
    pub fn text(&self, token: &Token) -> &'s str {
        let end = (token.end as usize).min(self.source.len());
        self.source.get(token.start as usize..end).unwrap_or("")
    }

    /// A line of the text without its line end; lines count from 1.
    #[must_use]
    pub fn line(&self, lineno: u32) -> &'s str {
        let mut lines = self.source.split('\n');
        lines.nth(lineno.saturating_sub(1) as usize).unwrap_or("")
    }

    /// The line that the tokenizer has read last: its number (0 before the first), and the column after the last
    /// byte read. CPython's `tok->lineno` and `tok->cur - tok->line_start`, which some errors of the parser show.
    #[must_use]
    pub fn position(&self) -> (u32, u32) {
        (
            self.cursor.lineno,
            to_u32(self.cursor.pos.saturating_sub(self.cursor.line_start)),
        )
    }

    /// The brackets that are open at the current position, outermost first.
    #[must_use]
    pub fn open_brackets(&self) -> &[OpenBracket] {
        &self.brackets
    }

    /// Whether an f-string or t-string is open at the current position.
    #[must_use]
    pub fn in_fstring(&self) -> bool {
        !self.fstrings.is_empty()
    }

    /// Whether the tokenizer has stopped, and why.
    #[must_use]
    pub fn done(&self) -> Done {
        self.done
    }

    /// How many INDENTs have been given without their DEDENT.
    #[must_use]
    pub fn indent_depth(&self) -> usize {
        self.indents.len() - 1
    }

    /// Makes the next tokens close every indented block: at the end of interactive input, whose last line lacks a
    /// newline, no DEDENT would come otherwise.
    pub fn imply_dedents(&mut self) {
        self.pending = -i32::try_from(self.indent_depth()).unwrap_or(i32::MAX);
        self.indents.truncate(1);
    }

    /// From now on `<>` is NOTEQUAL, or LESS and GREATER: for `from __future__ import barry_as_FLUFL`.
    pub fn set_barry_as_flufl(&mut self, on: bool) {
        self.options.barry_as_flufl = on;
    }

    /// Whether there are warnings that have not been taken.
    #[inline]
    #[must_use]
    pub fn has_warnings(&self) -> bool {
        !self.warnings.is_empty()
    }

    /// The warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<SyntaxWarning> {
        std::mem::take(&mut self.warnings)
    }

    /// Marks the current position as the start of a token.
    #[inline]
    pub(crate) fn mark(&mut self) {
        self.start = Start {
            pos: self.cursor.pos,
            lineno: self.cursor.lineno,
            line_start: self.cursor.line_start,
        };
        self.cursor.in_token = true;
    }

    /// The token from the mark to the current position.
    #[inline]
    pub(crate) fn token(&self, kind: TokenKind) -> Token {
        self.token_to(kind, self.cursor.pos)
    }

    /// The token from the mark to `end`, which is on the current line.
    #[inline]
    pub(crate) fn token_to(&self, kind: TokenKind, end: usize) -> Token {
        Token {
            kind,
            level: self.brackets.len() as u8,
            start: to_u32(self.start.pos),
            end: to_u32(end),
            lineno: self.start.lineno,
            // A token that begins before its line has no column.
            col_offset: to_u32(self.start.pos.wrapping_sub(self.start.line_start)),
            end_lineno: self.cursor.lineno,
            end_col_offset: to_u32(end.saturating_sub(self.cursor.line_start)),
        }
    }
}

/// Offsets fit, because `Tokenizer::new` refuses longer texts.
#[inline]
pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
