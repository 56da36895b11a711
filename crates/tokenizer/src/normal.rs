//! Everything outside the text of strings: indentation, comments, names, operators and brackets, line ends.

use memchr::memchr;

use crate::error::BoxedError;
use crate::identifier;
use crate::kind::{TokenKind, one_char, three_chars, two_chars};
use crate::report::count_chars;
use crate::tokenizer::{
    Done, Indent, MAXINDENT, MAXLEVEL, OpenBracket, Scanned, Start, Token, Tokenizer, to_u32,
};

const TABSIZE: u32 = 8;

fn starts_identifier(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || c >= 128
}

/// The bytes that may continue an identifier, those beyond ASCII to be judged later.
static CONTINUES_IDENTIFIER: [bool; 256] = {
    let mut table = [false; 256];
    let mut c = 0;
    while c < 256 {
        table[c] = c >= 128 || (c as u8).is_ascii_alphanumeric() || c as u8 == b'_';
        c += 1;
    }
    table
};

#[inline]
fn continues_identifier(c: u8) -> bool {
    CONTINUES_IDENTIFIER
        .get(usize::from(c))
        .is_some_and(|&yes| yes)
}

impl Tokenizer<'_> {
    /// The next token outside the text of an f-string.
    pub(crate) fn normal_token(&mut self) -> Scanned {
        loop {
            self.cursor.in_token = self.keeps_line();
            let mut blank_line = false;
            if self.at_line_start {
                self.at_line_start = false;
                blank_line = self.indentation()?;
            }
            if self.pending != 0 {
                return Ok(self.indent_or_dedent());
            }
            if let Some(token) = self.token_on_line(blank_line)? {
                return Ok(token);
            }
        }
    }

    /// Between tokens a new line replaces the one before in error messages; the `tokenize` module's reader keeps the
    /// lines of a whole f-string.
    fn keeps_line(&self) -> bool {
        self.options.extra_tokens && !self.fstrings.is_empty()
    }

    /// Reads the white space at the start of a line and compares it with the blocks that are open.
    /// True for a line without code, which changes no block.
    fn indentation(&mut self) -> Result<bool, BoxedError> {
        let (mut col, mut altcol, mut continued) = (0_u32, 0_u32, 0_u32);
        let next = loop {
            match self.cursor.peek() {
                Some(b' ') => {
                    col = col.saturating_add(1);
                    altcol = altcol.saturating_add(1);
                }
                Some(b'\t') => {
                    col = (col / TABSIZE).saturating_add(1).saturating_mul(TABSIZE);
                    altcol = altcol.saturating_add(1);
                }
                Some(b'\x0c') => (col, altcol) = (0, 0),
                Some(b'\\') => {
                    // The first backslash fixes the indentation, whatever white space the next line has.
                    if continued == 0 {
                        continued = col;
                    }
                    self.cursor.pos += 1;
                    self.continuation_line()?;
                    continue;
                }
                other => break other,
            }
            self.cursor.pos += 1;
        };
        if matches!(next, Some(b'#' | b'\n' | b'\r')) {
            if !self.options.interactive {
                return Ok(true);
            }
            let empty = col == 0 && next == Some(b'\n');
            if !empty && self.cursor.lineno != 1 {
                return Ok(true);
            }
            (col, altcol) = (0, 0);
        }
        if self.brackets.is_empty() {
            if continued != 0 {
                (col, altcol) = (continued, continued);
            }
            self.compare_indentation(Indent { col, altcol })?;
        }
        Ok(false)
    }

    fn compare_indentation(&mut self, new: Indent) -> Result<(), BoxedError> {
        let Some(&current) = self.indents.last() else {
            return Ok(());
        };
        if new.col == current.col {
            return if new.altcol == current.altcol {
                Ok(())
            } else {
                Err(self.coded_error(Done::TabSpace))
            };
        }
        if new.col > current.col {
            if self.indents.len() >= MAXINDENT {
                return Err(self.coded_error(Done::TooDeep));
            }
            if new.altcol <= current.altcol {
                return Err(self.coded_error(Done::TabSpace));
            }
            self.pending += 1;
            self.indents.push(new);
            return Ok(());
        }
        let mut outer = current;
        while self.indents.len() > 1 && new.col < outer.col {
            self.pending -= 1;
            self.indents.pop();
            outer = self.indents.last().copied().unwrap_or(new);
        }
        if new.col != outer.col {
            return Err(self.coded_error(Done::Dedent));
        }
        if new.altcol != outer.altcol {
            return Err(self.coded_error(Done::TabSpace));
        }
        Ok(())
    }

    fn indent_or_dedent(&mut self) -> Token {
        self.mark();
        if self.pending > 0 {
            self.pending -= 1;
            if self.options.extra_tokens {
                self.start.pos = self.cursor.buf;
            }
            return self.token(TokenKind::Indent);
        }
        self.pending += 1;
        self.trailing(TokenKind::Dedent)
    }

    /// DEDENT or ENDMARKER: at the end of input the `tokenize` module puts them on a line of their own.
    fn trailing(&self, kind: TokenKind) -> Token {
        let mut token = self.token(kind);
        if self.options.extra_tokens && self.cursor.at_eof {
            let lineno = self.cursor.lineno.saturating_add(1);
            (token.lineno, token.end_lineno) = (lineno, lineno);
            (token.col_offset, token.end_col_offset) = (0, 0);
        }
        token
    }

    /// After a backslash: the line must end here, and another one must follow.
    fn continuation_line(&mut self) -> Result<(), BoxedError> {
        let mut c = self.cursor.bump();
        if c == Some(b'\r') {
            c = self.cursor.bump();
        }
        if c != Some(b'\n') {
            return Err(self.coded_error(Done::LineContinuation));
        }
        if self.cursor.peek().is_none() {
            return Err(self.eof_error());
        }
        Ok(())
    }

    /// The next token of the line; `None` when the line ends without one.
    fn token_on_line(&mut self, blank_line: bool) -> Result<Option<Token>, BoxedError> {
        loop {
            self.cursor.in_token = self.keeps_line();
            // Entering the next line (after a continuation) comes first, then the white space in it.
            let mut next = self.cursor.peek();
            while matches!(next, Some(b' ' | b'\t' | b'\x0c')) {
                self.cursor.pos += 1;
                next = self.cursor.peek();
            }
            self.mark();
            if next == Some(b'#') {
                if let Some(token) = self.comment(blank_line) {
                    return Ok(Some(token));
                }
                // The newline's token begins where the comment does.
                next = self.cursor.peek();
            }
            let Some(mut c) = next else {
                return self.end_of_input().map(Some);
            };
            if c == b'\r' {
                // Before a newline it is part of the line's end; elsewhere it sticks to the character after it, which
                // then begins neither a name nor a comment.
                self.cursor.pos += 1;
                c = self.cursor.peek().unwrap_or(b'\n');
            } else if starts_identifier(c) {
                return self.name_or_prefixed_string().map(Some);
            }
            match c {
                b'\n' => return Ok(self.line_end(blank_line)),
                b'0'..=b'9' => {
                    self.number()?;
                    return Ok(Some(self.token(TokenKind::Number)));
                }
                b'.' if self.cursor.ahead(1).is_some_and(|d| d.is_ascii_digit()) => {
                    self.number()?;
                    return Ok(Some(self.token(TokenKind::Number)));
                }
                b'"' | b'\'' => return self.string().map(Some),
                b'\\' => {
                    self.cursor.pos += 1;
                    self.continuation_line()?;
                }
                _ => return self.operator(c).map(Some),
            }
        }
    }

    fn end_of_input(&mut self) -> Scanned {
        if !self.brackets.is_empty() {
            return Err(self.eof_error());
        }
        self.done = Done::Eof;
        Ok(self.trailing(TokenKind::Endmarker))
    }

    /// NEWLINE or NL; `None` where the parser sees nothing.
    fn line_end(&mut self, blank_line: bool) -> Option<Token> {
        self.at_line_start = true;
        self.cursor.pos += 1;
        let extra = self.options.extra_tokens;
        if blank_line || !self.brackets.is_empty() {
            self.comment_newline = false;
            return extra.then(|| self.token(TokenKind::Nl));
        }
        if self.comment_newline && extra {
            self.comment_newline = false;
            return Some(self.token(TokenKind::Nl));
        }
        if extra {
            return Some(self.token(TokenKind::Newline));
        }
        Some(self.token_to(TokenKind::Newline, self.cursor.pos - 1))
    }

    /// Reads a comment up to the line's end. It is a token in the extra-tokens mode, or when it is a type comment.
    fn comment(&mut self, blank_line: bool) -> Option<Token> {
        let line = self.cursor.rest_of_line();
        let end = memchr(b'\n', line).unwrap_or(line.len());
        let comment = line.get(..end).unwrap_or(line);
        let end = memchr(b'\r', comment).unwrap_or(comment.len());
        let comment = comment.get(..end).unwrap_or(comment);
        self.cursor.pos += end;
        if self.options.type_comments
            && let Some(token) = self.type_comment(comment, blank_line)
        {
            return Some(token);
        }
        if self.options.extra_tokens {
            self.comment_newline = blank_line;
            return Some(self.token(TokenKind::Comment));
        }
        None
    }

    /// `# type: ...`; the token is what follows the colon and its spaces, or for `ignore` what follows that word.
    fn type_comment(&mut self, comment: &[u8], blank_line: bool) -> Option<Token> {
        let skip_blanks = |s: &mut &[u8]| {
            while let [b' ' | b'\t', rest @ ..] = s {
                *s = rest;
            }
        };
        let mut rest = comment.strip_prefix(b"#")?;
        skip_blanks(&mut rest);
        rest = rest.strip_prefix(b"type:")?;
        skip_blanks(&mut rest);
        let end = self.cursor.pos;
        let after_ignore = rest.strip_prefix(b"ignore").filter(|after| {
            !after
                .first()
                .is_some_and(|&c| c >= 128 || c.is_ascii_alphanumeric())
        });
        let (kind, rest) = match after_ignore {
            Some(after) => (TokenKind::TypeIgnore, after),
            None => (TokenKind::TypeComment, rest),
        };
        self.start.pos = end - rest.len();
        if kind == TokenKind::TypeIgnore && blank_line {
            // Alone on its line, it takes the newline with it (and `ast.TypeIgnore.tag` shows that).
            self.cursor.bump();
            self.at_line_start = true;
        }
        Some(self.token(kind))
    }

    fn name_or_prefixed_string(&mut self) -> Scanned {
        let prefix_len = self.string_prefix();
        if prefix_len > 0 {
            let prefix = self
                .cursor
                .slice(self.cursor.pos, self.cursor.pos + prefix_len);
            self.cursor.pos += prefix_len;
            self.check_prefix(prefix)?;
            let is_fstring = prefix
                .iter()
                .any(|c| matches!(c, b'f' | b'F' | b't' | b'T'));
            return if is_fstring {
                self.fstring_start(prefix)
            } else {
                self.string()
            };
        }
        self.cursor.skip_while(continues_identifier);
        let name = self.cursor.slice(self.start.pos, self.cursor.pos);
        if !name.is_ascii() && !self.options.extra_tokens {
            self.verify_identifier()?;
        }
        Ok(self.token(TokenKind::Name))
    }

    /// How many letters before a quote form a prefix: any of `b r u f t`, each once, in either case; 0 if none.
    fn string_prefix(&self) -> usize {
        let mut seen = 0_u8;
        for n in 0.. {
            let bit = match self.cursor.ahead(n) {
                Some(b'"' | b'\'') => return n,
                Some(b'b' | b'B') => 1,
                Some(b'r' | b'R') => 2,
                Some(b'u' | b'U') => 4,
                Some(b'f' | b'F') => 8,
                Some(b't' | b'T') => 16,
                _ => return 0,
            };
            if seen & bit != 0 {
                return 0;
            }
            seen |= bit;
        }
        0
    }

    fn check_prefix(&mut self, prefix: &[u8]) -> Result<(), BoxedError> {
        const INCOMPATIBLE: [(u8, u8); 7] = [
            (b'u', b'b'),
            (b'u', b'r'),
            (b'u', b'f'),
            (b'u', b't'),
            (b'b', b'f'),
            (b'b', b't'),
            (b'f', b't'),
        ];
        if prefix.len() == 1 {
            return Ok(());
        }
        let has = |letter: u8| prefix.iter().any(|c| c.eq_ignore_ascii_case(&letter));
        match INCOMPATIBLE.iter().find(|(a, b)| has(*a) && has(*b)) {
            None => Ok(()),
            Some(&(a, b)) => {
                let msg = format!(
                    "'{}' and '{}' prefixes are incompatible",
                    char::from(a),
                    char::from(b)
                );
                // The quote is part of what has been read.
                self.cursor.pos += 1;
                Err(self.error_range(msg, self.start.pos, self.cursor.pos))
            }
        }
    }

    #[cold]
    fn verify_identifier(&mut self) -> Result<(), BoxedError> {
        let name = self
            .source
            .get(self.start.pos..self.cursor.pos)
            .unwrap_or("");
        let Some((at, c)) = identifier::first_invalid(name) else {
            return Ok(());
        };
        self.cursor.pos = self.start.pos + at + c.len_utf8();
        let code = u32::from(c);
        Err(if identifier::is_printable(c) {
            self.error(format!("invalid character '{c}' (U+{code:04X})"))
        } else {
            self.error(format!("invalid non-printable character U+{code:04X}"))
        })
    }

    /// An operator, a delimiter, or a character that is none (OP, which no rule of the grammar accepts).
    fn operator(&mut self, c: u8) -> Scanned {
        self.cursor.pos += 1;
        if let Some(fstring) = self.fstrings.last_mut()
            && c == b':'
            && fstring.in_field()
            && fstring.bracket_depth - 1 == fstring.field_depth
        {
            fstring.in_expression = false;
            fstring.in_format_spec = true;
            return Ok(self.token(TokenKind::Colon));
        }
        // Every longer operator has one of these second.
        if let Some(c2 @ (b'=' | b'>' | b'<' | b'*' | b'/' | b'.')) = self.cursor.ahead(0) {
            let c3 = self.cursor.ahead(1).unwrap_or(0);
            if let Some(kind) = three_chars(c, c2, c3) {
                self.cursor.pos += 2;
                return Ok(self.token(kind));
            }
            // The old spelling of `!=` is one token only where the joke of PEP 401 holds.
            let split = c == b'<' && c2 == b'>' && !self.options.barry_as_flufl;
            if let Some(kind) = two_chars(c, c2).filter(|_| !split) {
                self.cursor.pos += 1;
                return Ok(self.token(kind));
            }
        }
        match c {
            b'(' | b'[' | b'{' => self.open_bracket(c)?,
            b')' | b']' | b'}' => self.close_bracket(c)?,
            _ if c < b' ' || c == 0x7f => {
                return Err(self.error(format!("invalid non-printable character U+{c:04X}")));
            }
            _ => {}
        }
        Ok(self.token(one_char(c).unwrap_or(TokenKind::Op)))
    }

    fn open_bracket(&mut self, bracket: u8) -> Result<(), BoxedError> {
        if self.brackets.len() >= MAXLEVEL {
            return Err(self.error("too many nested parentheses"));
        }
        let Start {
            pos,
            lineno,
            line_start,
        } = self.start;
        let col_offset = to_u32(pos - line_start);
        self.brackets.push(OpenBracket {
            bracket,
            lineno,
            col_offset,
            start: to_u32(pos),
        });
        if let Some(fstring) = self.fstrings.last_mut() {
            fstring.bracket_depth += 1;
        }
        Ok(())
    }

    fn close_bracket(&mut self, c: u8) -> Result<(), BoxedError> {
        let shown = char::from(c);
        if let Some(fstring) = self.fstrings.last()
            && fstring.bracket_depth == 0
            && c == b'}'
        {
            let msg = format!("{}-string: single '}}' is not allowed", fstring.prefix());
            return Err(self.error(msg));
        }
        match self.brackets.pop() {
            None if !self.options.extra_tokens => {
                return Err(self.error(format!("unmatched '{shown}'")));
            }
            Some(open) if !self.options.extra_tokens && !matches(open.bracket, c) => {
                return Err(self.mismatch(open, shown));
            }
            _ => {}
        }
        let Some(fstring) = self.fstrings.last_mut() else {
            return Ok(());
        };
        fstring.bracket_depth -= 1;
        if fstring.bracket_depth < 0 {
            let msg = format!("{}-string: unmatched '{shown}'", fstring.prefix());
            return Err(self.error(msg));
        }
        if c == b'}' && fstring.bracket_depth == fstring.field_depth {
            fstring.field_depth -= 1;
            fstring.in_expression = false;
            fstring.in_format_spec = false;
        }
        Ok(())
    }

    #[cold]
    fn mismatch(&mut self, open: OpenBracket, closing: char) -> BoxedError {
        // A bracket that would close a replacement field is unmatched: its opening brace is not its partner.
        if let Some(fstring) = self.fstrings.last()
            && open.bracket == b'{'
            && fstring.bracket_depth - 1 == fstring.field_depth
        {
            let msg = format!("{}-string: unmatched '{closing}'", fstring.prefix());
            return self.error(msg);
        }
        let opening = char::from(open.bracket);
        let mut msg = format!(
            "closing parenthesis '{closing}' does not match opening parenthesis '{opening}'"
        );
        if open.lineno != self.cursor.lineno {
            msg.push_str(&format!(" on line {}", open.lineno));
        }
        self.error(msg)
    }
}

fn matches(opening: u8, closing: u8) -> bool {
    matches!(
        (opening, closing),
        (b'(', b')') | (b'[', b']') | (b'{', b'}')
    )
}

/// Converts a byte column of a line to characters.
#[must_use]
pub fn char_column(line: &str, byte_column: u32) -> u32 {
    let bytes = line.as_bytes();
    count_chars(bytes.get(..byte_column as usize).unwrap_or(bytes))
}
