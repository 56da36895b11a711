//! The tokenizer's public face: tokens, options, and the state that `next_token` moves along.

use crate::error::{SyntaxError, SyntaxWarning};
use crate::kind::TokenKind;

/// One token. Offsets are bytes from the text's start, lines count from 1, columns are bytes from the line's start.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TokenizerOptions {
    /// Give COMMENT and NL tokens, and be as lenient as the `tokenize` module.
    pub extra_tokens: bool,
    /// Give TYPE_COMMENT and TYPE_IGNORE tokens.
    pub type_comments: bool,
    /// Interactive input: an empty line ends a statement.
    pub interactive: bool,
}

/// Reads tokens from a text, one at a time.
#[derive(Debug)]
pub struct Tokenizer<'s> {
    text: &'s str,
}

impl<'s> Tokenizer<'s> {
    /// A tokenizer at the start of `text`. Texts of 4 GB and more give an error with the first token.
    #[must_use]
    pub fn new(text: &'s str, _options: TokenizerOptions) -> Self {
        Tokenizer { text }
    }

    /// The next token. After ENDMARKER it gives ENDMARKER again; after an error the same error again.
    pub fn next_token(&mut self) -> Result<Token, SyntaxError> {
        Err(SyntaxError::new("unknown tokenization error", 1, 0, 0))
    }

    /// The whole text.
    #[must_use]
    pub fn source(&self) -> &'s str {
        self.text
    }

    /// The text of a token; empty for what has none (INDENT, DEDENT, ENDMARKER).
    #[must_use]
    pub fn text(&self, token: &Token) -> &'s str {
        self.text
            .get(token.start as usize..token.end as usize)
            .unwrap_or("")
    }

    /// A line of the text without its line end; lines count from 1.
    #[must_use]
    pub fn line(&self, _lineno: u32) -> &'s str {
        ""
    }

    /// The brackets that are open at the current position, outermost first.
    #[must_use]
    pub fn open_brackets(&self) -> &[OpenBracket] {
        &[]
    }

    /// The warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<SyntaxWarning> {
        Vec::new()
    }
}
