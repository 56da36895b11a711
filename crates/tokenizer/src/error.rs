//! The error and warning records of the whole front end (tokenizer, parser, symbol table, compiler).
//! The VM turns them into Python's exceptions.

/// Which exception class an error becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// `SyntaxError`
    SyntaxError,
    /// `IndentationError`
    IndentationError,
    /// `TabError`
    TabError,
    /// `_IncompleteInputError`: more lines could complete the input (only with `TokenizerOptions::allow_incomplete`).
    IncompleteInput,
}

impl SyntaxErrorKind {
    /// The name of the exception class.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SyntaxErrorKind::SyntaxError => "SyntaxError",
            SyntaxErrorKind::IndentationError => "IndentationError",
            SyntaxErrorKind::TabError => "TabError",
            SyntaxErrorKind::IncompleteInput => "_IncompleteInputError",
        }
    }
}

/// A syntax error, with what the exception's attributes will show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The exception class.
    pub kind: SyntaxErrorKind,
    /// The message.
    pub msg: String,
    /// The line, from 1; 0 where CPython knows none.
    pub lineno: u32,
    /// The column in characters, from 1; 0 where CPython says 0, `MINUS_ONE` where it says -1, `None` where `None`.
    pub offset: Option<u32>,
    /// The end's line, from 1.
    pub end_lineno: Option<u32>,
    /// The end's column in characters, from 1 (exclusive); CPython says 0 for "not known".
    pub end_offset: Option<u32>,
    /// The source line, where the place that raised the error has it.
    pub text: Option<String>,
    /// For the parser's errors: where the last compound statement begins that was read whole (line and column in bytes;
    /// zeros if there is none). `traceback` looks from there for misspelt keywords.
    pub last_statement: Option<(u32, u32)>,
    /// The place is given to the exception after it has been made, so that its `args` hold the message alone: what the
    /// symbol table finds wrong.
    pub bare: bool,
    /// A parser's error: if the program is a file, that file's line is shown in place of `text`.
    pub in_program: bool,
}

impl SyntaxError {
    /// An offset that Python shows as -1 (errors about the encoding, which have no place in the text).
    pub const MINUS_ONE: u32 = u32::MAX;

    /// A plain `SyntaxError` that covers characters `offset` to `end_offset` of one line.
    #[must_use]
    pub fn new(msg: impl Into<String>, lineno: u32, offset: u32, end_offset: u32) -> Self {
        SyntaxError {
            kind: SyntaxErrorKind::SyntaxError,
            msg: msg.into(),
            lineno,
            offset: Some(offset),
            end_lineno: Some(lineno),
            end_offset: Some(end_offset),
            text: None,
            last_statement: None,
            bare: false,
            in_program: false,
        }
    }
}

/// Inside the tokenizer errors are boxed, so that results without one stay small.
pub(crate) type BoxedError = Box<SyntaxError>;

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {} (line {})",
            self.kind.name(),
            self.msg,
            self.lineno
        )
    }
}

impl std::error::Error for SyntaxError {}

/// Which warning class a warning becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningCategory {
    /// `SyntaxWarning`
    SyntaxWarning,
    /// `DeprecationWarning`
    DeprecationWarning,
}

/// A warning that the front end found; the VM hands it to the `warnings` machinery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxWarning {
    /// The warning class.
    pub category: WarningCategory,
    /// The message.
    pub msg: String,
    /// The line, from 1, that the warning is registered for.
    pub lineno: u32,
    /// The error to raise instead when the filter turns the warning into an exception.
    pub as_error: SyntaxError,
}
