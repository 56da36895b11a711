//! Errors: their words, and where they point. CPython reports some from the tokenizer and leaves others as codes to
//! the tokenizer's user; the parser and the `tokenize` module then place them differently.

use crate::error::{BoxedError, SyntaxError, SyntaxErrorKind, SyntaxWarning, WarningCategory};
use crate::tokenizer::{Done, Tokenizer, to_u32};

/// How many characters `bytes` holds; a character cut off at the end counts.
pub(crate) fn count_chars(bytes: &[u8]) -> u32 {
    to_u32(bytes.iter().filter(|&&b| b & 0xc0 != 0x80).count())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Tokenizer<'_> {
    /// The current line without its newline.
    fn current_line(&self) -> String {
        let line = self.cursor.slice(self.cursor.line_start, self.source.len());
        lossy(line.split(|&b| b == b'\n').next().unwrap_or(&[]))
    }

    /// The line that CPython's parser shows with an error on line `lineno`: with its newline when it is the line
    /// that the tokenizer has read last, without it otherwise.
    #[must_use]
    pub fn error_text(&self, lineno: u32) -> String {
        if lineno < self.cursor.lineno || self.cursor.line_end == self.cursor.line_start {
            return self.line(lineno).to_owned();
        }
        let mut line = lossy(
            self.cursor
                .slice(self.cursor.line_start, self.cursor.line_end),
        );
        if self.cursor.line_end > self.source.len() {
            line.push('\n');
        }
        line
    }

    /// An error at the last character read.
    #[cold]
    pub(crate) fn error(&mut self, msg: impl Into<String>) -> BoxedError {
        // A newline that is only implied counts too.
        let implied = to_u32(self.cursor.pos.saturating_sub(self.source.len()));
        let column =
            count_chars(self.cursor.slice(self.cursor.line_start, self.cursor.pos)) + implied;
        self.error_at(msg, column, column)
    }

    /// An error over the bytes `start..end` of the current line.
    #[cold]
    pub(crate) fn error_range(
        &mut self,
        msg: impl Into<String>,
        start: usize,
        end: usize,
    ) -> BoxedError {
        let chars = |to| count_chars(self.cursor.slice(self.cursor.line_start, to));
        let (offset, end_offset) = (chars(start) + 1, chars(end.saturating_sub(1)) + 1);
        self.error_at(msg, offset, end_offset)
    }

    fn error_at(&mut self, msg: impl Into<String>, offset: u32, end_offset: u32) -> BoxedError {
        self.done = Done::Error;
        let mut error = SyntaxError::new(msg, self.cursor.lineno, offset, end_offset);
        error.text = Some(self.current_line());
        Box::new(error)
    }

    #[cold]
    pub(crate) fn null_error(&mut self) -> BoxedError {
        self.cursor.pos = self.cursor.line_start;
        self.error("source code cannot contain null bytes")
    }

    /// An error that CPython leaves to the tokenizer's user as a code; the rest of the line is skipped where it is
    /// about indentation.
    #[cold]
    pub(crate) fn coded_error(&mut self, code: Done) -> BoxedError {
        self.done = code;
        let (kind, msg) = match code {
            Done::Dedent => (
                SyntaxErrorKind::IndentationError,
                "unindent does not match any outer indentation level",
            ),
            Done::TabSpace => (
                SyntaxErrorKind::TabError,
                "inconsistent use of tabs and spaces in indentation",
            ),
            Done::TooDeep => (
                SyntaxErrorKind::IndentationError,
                "too many levels of indentation",
            ),
            Done::LineContinuation => (
                SyntaxErrorKind::SyntaxError,
                "unexpected character after line continuation character",
            ),
            _ => return self.eof_error(),
        };
        if code != Done::LineContinuation {
            self.cursor.pos = self.cursor.line_end;
        }
        let lineno = self.cursor.lineno;
        let mut error = SyntaxError::new(msg, lineno, 1, 0);
        error.kind = kind;
        if self.options.extra_tokens {
            let line = self.cursor.slice(self.cursor.buf, self.cursor.line_end);
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            error.offset = Some(count_chars(line) + 1);
            (error.end_lineno, error.end_offset) = (None, None);
            error.text = Some(lossy(line));
            return Box::new(error);
        }
        let line = self
            .cursor
            .slice(self.cursor.line_start, self.cursor.line_end);
        let implied = to_u32(self.cursor.line_end.saturating_sub(self.source.len()));
        error.text = Some(self.error_text(lineno));
        match code {
            Done::Dedent => {
                error.offset = Some(count_chars(line) + implied);
                error.end_offset = Some(SyntaxError::MINUS_ONE);
            }
            Done::LineContinuation => {
                // The column counts from the token's first line, but is looked up in the last one.
                let column = self.cursor.pos - self.cursor.buf;
                error.offset = Some(match line.get(..column) {
                    Some(before) => count_chars(before).max(1),
                    None => count_chars(line) + implied + 1,
                });
            }
            _ => {}
        }
        Box::new(error)
    }

    /// The end of input where more was expected.
    #[cold]
    pub(crate) fn eof_error(&mut self) -> BoxedError {
        self.done = Done::Eof;
        if self.options.extra_tokens || self.options.iterated {
            let msg = "unexpected EOF in multi-line statement";
            // A column in bytes, from where the statement's last line or f-string began.
            let column = to_u32(self.cursor.line_end.saturating_sub(self.cursor.buf));
            return Box::new(SyntaxError {
                end_lineno: Some(self.cursor.lineno),
                end_offset: None,
                ..SyntaxError::new(msg, self.cursor.lineno, column, 0)
            });
        }
        match self.brackets.last() {
            Some(_) => Box::new(self.unclosed_bracket_error()),
            None => {
                // The newline that ends the text may be none of its bytes, but it counts.
                let line = self.cursor.slice(self.cursor.line_start, self.cursor.pos);
                let bytes = self.cursor.pos.saturating_sub(self.cursor.line_start);
                let implied = to_u32(bytes.saturating_sub(line.len()));
                let mut error = SyntaxError::new(
                    "unexpected EOF while parsing",
                    self.cursor.lineno,
                    count_chars(line) + implied,
                    SyntaxError::MINUS_ONE,
                );
                error.text = Some(self.error_text(self.cursor.lineno));
                if self.options.from_file && line.trim_ascii() == b"\\" {
                    error.offset = Some(0);
                }
                Box::new(error)
            }
        }
    }

    /// "'(' was never closed" for the innermost open bracket.
    #[must_use]
    pub fn unclosed_bracket_error(&self) -> SyntaxError {
        let Some(open) = self.brackets.last() else {
            return SyntaxError::new("unexpected EOF while parsing", self.cursor.lineno, 0, 0);
        };
        let start = open.start as usize;
        let column = count_chars(self.cursor.slice(start - open.col_offset as usize, start)) + 1;
        let msg = format!("'{}' was never closed", char::from(open.bracket));
        let mut error = SyntaxError::new(msg, open.lineno, column, 0);
        error.text = Some(self.error_text(open.lineno));
        error
    }

    /// A warning at the last character read, with the error that it becomes when warnings are errors.
    #[cold]
    pub(crate) fn warn(&mut self, msg: &str, error_msg: &str) {
        let done = self.done;
        let as_error = self.error(error_msg);
        self.done = done;
        self.warnings.push(SyntaxWarning {
            category: WarningCategory::SyntaxWarning,
            msg: msg.to_owned(),
            lineno: self.cursor.lineno,
            as_error: *as_error,
        });
    }
}
