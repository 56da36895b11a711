//! String literals, and the pieces of f-strings and t-strings. Inside a replacement field the ordinary rules hold,
//! and `normal` comes back here when the field ends.

use memchr::{memchr2, memchr3};

use crate::error::BoxedError;
use crate::kind::TokenKind;
use crate::tokenizer::{Done, MAXFSTRINGLEVEL, Scanned, Start, Tokenizer};

/// How deep replacement fields nest through format specifications.
const MAX_EXPR_NESTING: i32 = 3;

/// An f-string or t-string that has been opened and not closed.
#[derive(Clone, Debug)]
pub(crate) struct FString {
    quote: u8,
    quote_size: usize,
    raw: bool,
    template: bool,
    start: Start,
    /// Tokens are expressions now, not text.
    pub in_expression: bool,
    /// Open brackets inside this string, those of replacement fields included.
    pub bracket_depth: i32,
    /// `bracket_depth` outside the innermost replacement field; -1 outside all of them.
    pub field_depth: i32,
    pub in_format_spec: bool,
}

impl FString {
    /// `f` or `t`, as error messages name the kind.
    pub fn prefix(&self) -> char {
        if self.template { 't' } else { 'f' }
    }

    /// The quote, and whether there are three of it.
    pub fn quotes(&self) -> (u8, bool) {
        (self.quote, self.quote_size == 3)
    }

    pub fn in_field(&self) -> bool {
        self.field_depth >= 0
    }

    fn kind(&self, fstring: TokenKind, tstring: TokenKind) -> TokenKind {
        if self.template { tstring } else { fstring }
    }

    fn middle(&self) -> TokenKind {
        self.kind(TokenKind::FstringMiddle, TokenKind::TstringMiddle)
    }
}

impl Tokenizer<'_> {
    /// Reads the opening quotes: 1 or 3; 2 is an empty string.
    fn opening_quotes(&mut self, quote: u8) -> usize {
        let mut n = 0;
        while n < 3 && self.cursor.ahead(n) == Some(quote) {
            n += 1;
        }
        self.cursor.pos += n;
        n
    }

    /// Reads a string literal without replacement fields; the position is at its opening quote.
    pub(crate) fn string(&mut self) -> Scanned {
        let Some(quote) = self.cursor.peek() else {
            return Err(self.eof_error());
        };
        let size = self.opening_quotes(quote);
        if size == 2 {
            return Ok(self.token(TokenKind::String));
        }
        let mut escaped_quote = false;
        let mut quotes = 0;
        while quotes != size {
            if quotes == 0 {
                self.skip_to(|line| memchr3(quote, b'\\', b'\n', line));
            }
            match self.cursor.bump() {
                None => return Err(self.unterminated_string(quote, size, escaped_quote, false)),
                Some(b'\n') if size == 1 => {
                    return Err(self.unterminated_string(quote, size, escaped_quote, true));
                }
                Some(c) if c == quote => quotes += 1,
                Some(b'\\') => {
                    quotes = 0;
                    let mut escaped = self.cursor.bump();
                    escaped_quote |= escaped == Some(quote);
                    if escaped == Some(b'\r') {
                        escaped = self.cursor.bump();
                    }
                    let _ = escaped;
                }
                Some(_) => quotes = 0,
            }
        }
        Ok(self.token(TokenKind::String))
    }

    /// Moves to the first byte of the current line that `find` finds, or to its end.
    fn skip_to(&mut self, find: impl Fn(&[u8]) -> Option<usize>) {
        let rest = self.cursor.rest_of_line();
        self.cursor.pos += find(rest).unwrap_or(rest.len());
    }

    /// Puts the position after the first byte of a literal, where its errors are reported; gives the line reached.
    fn rewind_to(&mut self, start: Start) -> u32 {
        let detected = self.cursor.lineno;
        self.cursor.pos = start.pos + 1;
        self.cursor.line_start = start.line_start;
        self.cursor.lineno = start.lineno;
        detected
    }

    #[cold]
    fn unterminated_string(
        &mut self,
        quote: u8,
        size: usize,
        escaped_quote: bool,
        at_newline: bool,
    ) -> BoxedError {
        let detected = self.rewind_to(self.start);
        // A quote like the one around it: what misses is the brace.
        if let Some(outer) = self
            .fstrings
            .last()
            .filter(|f| f.quote == quote && f.quote_size == size)
        {
            let msg = format!("{}-string: expecting '}}'", outer.prefix());
            return self.error(msg);
        }
        let triple = if size == 3 { "triple-quoted " } else { "" };
        let hint = if size == 1 && escaped_quote {
            "; perhaps you escaped the end quote?"
        } else {
            ""
        };
        let error = self.error(format!(
            "unterminated {triple}string literal (detected at line {detected}){hint}"
        ));
        if !at_newline {
            self.done = if size == 3 {
                Done::EofInString
            } else {
                Done::EolInString
            };
        }
        error
    }

    /// Opens an f-string or t-string; the position is at its opening quote, `prefix` holds its letters.
    pub(crate) fn fstring_start(&mut self, prefix: &[u8]) -> Scanned {
        let Some(quote) = self.cursor.peek() else {
            return Err(self.eof_error());
        };
        let mut quote_size = self.opening_quotes(quote);
        if quote_size == 2 {
            quote_size = 1;
            self.cursor.pos -= 1;
        }
        if self.fstrings.len() + 1 >= MAXFSTRINGLEVEL {
            return Err(self.error("too many nested f-strings or t-strings"));
        }
        let has = |letter: u8| prefix.iter().any(|c| c.eq_ignore_ascii_case(&letter));
        let fstring = FString {
            quote,
            quote_size,
            raw: has(b'r'),
            template: has(b't'),
            start: self.start,
            in_expression: false,
            bracket_depth: 0,
            field_depth: -1,
            in_format_spec: false,
        };
        let kind = fstring.kind(TokenKind::FstringStart, TokenKind::TstringStart);
        self.fstrings.push(fstring);
        Ok(self.token(kind))
    }

    /// Goes over to the expression of a replacement field.
    fn enter_field(&mut self) -> Result<(), BoxedError> {
        let Some(fstring) = self.fstrings.last_mut() else {
            return Ok(());
        };
        fstring.field_depth += 1;
        let prefix = fstring.prefix();
        if fstring.field_depth >= MAX_EXPR_NESTING {
            return Err(self.error(format!("{prefix}-string: expressions nested too deeply")));
        }
        fstring.in_expression = true;
        Ok(())
    }

    /// Text of an f-string, its end, or (if it begins right here) the first token of a replacement field.
    pub(crate) fn fstring_token(&mut self) -> Scanned {
        // The line must have been entered before the mark is set.
        let first = self.cursor.peek();
        self.mark();
        if first == Some(b'{') && self.cursor.ahead(1) != Some(b'{') {
            // What follows a brace may be on the next line only if the text ends with the brace.
            self.enter_field()?;
            return self.normal_token();
        }
        let Some(fstring) = self.fstrings.last() else {
            return self.normal_token();
        };
        let (quote, size) = (fstring.quote, fstring.quote_size);
        if (0..size).all(|i| self.cursor.ahead(i) == Some(quote)) {
            self.cursor.pos += size;
            let kind = fstring.kind(TokenKind::FstringEnd, TokenKind::TstringEnd);
            self.fstrings.pop();
            return Ok(self.token(kind));
        }
        self.fstring_middle()
    }

    fn fstring_middle(&mut self) -> Scanned {
        let Some(fstring) = self.fstrings.last() else {
            return self.normal_token();
        };
        let (quote, size, raw, kind) = (
            fstring.quote,
            fstring.quote_size,
            fstring.raw,
            fstring.middle(),
        );
        let in_format_spec = fstring.in_format_spec && fstring.in_field();
        let at_top = fstring.bracket_depth == 0;
        let mut named_escape = false;
        let mut quotes = 0;
        while quotes != size {
            if quotes == 0 {
                self.skip_to(|line| {
                    let special = memchr3(quote, b'{', b'}', line);
                    let line = special.and_then(|i| line.get(..i)).unwrap_or(line);
                    memchr2(b'\\', b'\n', line).or(special)
                });
            }
            let c = self.cursor.bump();
            match c {
                None => return Err(self.unterminated_fstring(false)),
                Some(b'\n') if size == 1 => {
                    if in_format_spec {
                        let prefix = fstring_prefix(self);
                        return Err(self.error(format!(
                            "{prefix}-string: newlines are not allowed in format specifiers \
                             for single quoted {prefix}-strings"
                        )));
                    }
                    return Err(self.unterminated_fstring(true));
                }
                Some(c) if c == quote => {
                    quotes += 1;
                    continue;
                }
                _ => quotes = 0,
            }
            match c {
                Some(b'{') => {
                    if self.cursor.peek() == Some(b'{') && !in_format_spec {
                        // A doubled brace: the token ends after the first one, reading goes on after the second.
                        let token = self.token(kind);
                        self.cursor.pos += 1;
                        return Ok(token);
                    }
                    self.cursor.pos -= 1;
                    self.enter_field()?;
                    self.leave_format_spec();
                    return Ok(self.token(kind));
                }
                Some(b'}') if named_escape => return Ok(self.token(kind)),
                Some(b'}') => {
                    if self.cursor.peek() == Some(b'}') && !in_format_spec && at_top {
                        let token = self.token(kind);
                        self.cursor.pos += 1;
                        return Ok(token);
                    }
                    self.cursor.pos -= 1;
                    if let Some(fstring) = self.fstrings.last_mut() {
                        fstring.in_expression = true;
                    }
                    self.leave_format_spec();
                    return Ok(self.token(kind));
                }
                Some(b'\\') => {
                    let mut escaped = self.cursor.bump();
                    if escaped == Some(b'\r') {
                        escaped = self.cursor.bump();
                    }
                    match escaped {
                        Some(brace @ (b'{' | b'}')) => {
                            if !raw {
                                self.warn_invalid_escape(brace);
                            }
                            self.cursor.pos -= 1;
                        }
                        Some(b'N') if !raw => named_escape |= self.cursor.eat(b'{'),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        self.cursor.pos -= size;
        Ok(self.token(kind))
    }

    fn leave_format_spec(&mut self) {
        if let Some(fstring) = self.fstrings.last_mut() {
            fstring.in_format_spec = false;
        }
    }

    #[cold]
    fn unterminated_fstring(&mut self, at_newline: bool) -> BoxedError {
        let Some(fstring) = self.fstrings.last() else {
            return self.eof_error();
        };
        let (prefix, start, triple) = (fstring.prefix(), fstring.start, fstring.quote_size == 3);
        let detected = self.rewind_to(start);
        let quotes = if triple { "triple-quoted " } else { "" };
        let error = self.error(format!(
            "unterminated {quotes}{prefix}-string literal (detected at line {detected})"
        ));
        if triple && !at_newline {
            self.done = Done::EofInString;
        }
        error
    }

    #[cold]
    fn warn_invalid_escape(&mut self, c: u8) {
        let c = char::from(c);
        let (head, tail) = (
            format!("\"\\{c}\" is an invalid escape sequence. "),
            format!("Did you mean \"\\\\{c}\"? A raw string is also an option."),
        );
        self.warn(
            &format!("{head}Such sequences will not work in the future. {tail}"),
            &format!("{head}{tail}"),
        );
    }
}

fn fstring_prefix(tokenizer: &Tokenizer<'_>) -> char {
    tokenizer.fstrings.last().map_or('f', FString::prefix)
}
