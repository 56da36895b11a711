//! The tokenizer of Taipan: from bytes to text (`source`), from text to tokens (`tokenizer`), and the value of
//! string literals (`string_literal`). The error records that the whole front end shares live here too (`error`).
//! Grammar, and what a sequence of tokens means, is the parser's business.

pub mod columns;
mod cursor;
pub mod error;
pub mod identifier;
pub mod kind;
mod lines;
mod normal;
mod number;
mod quick;
mod report;
pub mod source;
pub mod string_literal;
mod strings;
pub mod tokenizer;

pub use columns::CharColumns;
pub use error::{SyntaxError, SyntaxErrorKind, SyntaxWarning, WarningCategory};
pub use kind::TokenKind;
pub use lines::LineTokenizer;
pub use normal::char_column;
pub use source::{CodecError, Source, SourceError, SourceOptions};
pub use tokenizer::{Done, OpenBracket, Token, Tokenizer, TokenizerOptions};
