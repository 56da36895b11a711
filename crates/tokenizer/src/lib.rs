//! The tokenizer of Taipan: from bytes to text (`source`), from text to tokens (`tokenizer`), and the value of
//! string literals (`string_literal`). The error records that the whole front end shares live here too (`error`).
//! Grammar, and what a sequence of tokens means, is the parser's business.

pub mod error;
pub mod kind;
pub mod tokenizer;

pub use error::{SyntaxError, SyntaxErrorKind, SyntaxWarning, WarningCategory};
pub use kind::TokenKind;
pub use tokenizer::{OpenBracket, Token, Tokenizer, TokenizerOptions};
