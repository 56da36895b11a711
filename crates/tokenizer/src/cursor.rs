//! The position in the text. Lines are entered lazily, when their first byte is asked for: until then `lineno` and
//! `line_start` still name the line before, and at the end of input they keep naming the last line. Positions in
//! error messages depend on this.

use memchr::memchr;

/// A reading position that knows its line.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'s> {
    bytes: &'s [u8],
    /// The next byte to read.
    pub pos: usize,
    /// Where the current line begins.
    pub line_start: usize,
    /// Where the current line ends, after its newline; one past the text when the newline is implied.
    pub line_end: usize,
    /// The current line's number; 0 before the first one has been entered.
    pub lineno: u32,
    /// Where the line began on which the token being read began (CPython's `tok->buf`).
    pub buf: usize,
    /// Set while a token is being read: a line entered meanwhile does not move `buf`.
    pub in_token: bool,
    /// A line that contains a null byte was reached; nothing can be read any more.
    pub hit_null: bool,
    /// Reading was attempted past the last line.
    pub at_eof: bool,
    /// The last line lacks its newline, and the reader sees one.
    pub implicit_newline: bool,
    /// Lines may be added to the text.
    pub more: bool,
    /// One was needed.
    pub starved: bool,
    imply_newline: bool,
    imply_empty_line: bool,
    first_null: usize,
}

impl<'s> Cursor<'s> {
    pub fn new(text: &'s str, imply_newline: bool, imply_empty_line: bool) -> Self {
        let bytes = text.as_bytes();
        Cursor {
            bytes,
            pos: 0,
            line_start: 0,
            line_end: 0,
            lineno: 0,
            buf: 0,
            in_token: false,
            hit_null: false,
            at_eof: false,
            implicit_newline: false,
            more: false,
            starved: false,
            imply_newline,
            imply_empty_line,
            first_null: memchr(0, bytes).unwrap_or(usize::MAX),
        }
    }

    /// The same place in another text, which begins with this one.
    #[inline(always)]
    pub fn with_text<'t>(self, text: &'t str) -> Cursor<'t> {
        Cursor {
            bytes: text.as_bytes(),
            ..self
        }
    }

    /// Looks for a null byte in a text that has become longer.
    pub fn find_null(&mut self, text: &str) {
        self.first_null = memchr(0, text.as_bytes()).unwrap_or(usize::MAX);
    }

    /// The text has lost this many bytes at its start, none of them on the current line.
    pub fn move_back(&mut self, count: usize) {
        self.pos = self.pos.saturating_sub(count);
        self.line_start = self.line_start.saturating_sub(count);
        self.line_end = self.line_end.saturating_sub(count);
        self.buf = self.buf.saturating_sub(count);
    }

    /// The byte at an index of the current line; the implied newline counts.
    #[inline]
    fn at(&self, index: usize) -> u8 {
        self.bytes.get(index).copied().unwrap_or(b'\n')
    }

    #[cold]
    fn enter_line(&mut self) -> bool {
        let rest = self.bytes.get(self.pos..).unwrap_or(&[]);
        if rest.is_empty() && self.more {
            self.starved = true;
            return false;
        }
        // An empty text is a line too where newlines are implied: so the end of input is on line 1, not 0.
        let empty_text = self.imply_empty_line && self.bytes.is_empty() && self.lineno == 0;
        if (rest.is_empty() && !empty_text) || self.hit_null {
            self.at_eof = true;
            if !self.in_token {
                self.buf = self.pos;
            }
            return false;
        }
        if !self.in_token {
            self.buf = self.pos;
        }
        self.line_start = self.pos;
        self.lineno = self.lineno.saturating_add(1);
        self.line_end = match memchr(b'\n', rest) {
            Some(i) => self.pos + i + 1,
            None if self.imply_newline => {
                self.implicit_newline = true;
                self.bytes.len() + 1
            }
            None => self.bytes.len(),
        };
        if self.first_null < self.line_end {
            self.hit_null = true;
            self.line_end = self.pos;
            return false;
        }
        true
    }

    /// The next byte, entering a new line if need be; `None` at the end of input.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        if self.pos < self.line_end || self.enter_line() {
            Some(self.at(self.pos))
        } else {
            None
        }
    }

    /// Reads the next byte.
    #[inline]
    pub fn bump(&mut self) -> Option<u8> {
        let c = self.peek()?;
        self.pos += 1;
        Some(c)
    }

    /// The `n`th byte after the next one, if it is on the current line.
    #[inline]
    pub fn ahead(&self, n: usize) -> Option<u8> {
        let index = self.pos + n;
        (index < self.line_end).then(|| self.at(index))
    }

    /// Reads the next byte if it is `c`.
    #[inline]
    pub fn eat(&mut self, c: u8) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.pos += 1;
        }
        found
    }

    /// Reads bytes while they satisfy `f`, within the current line.
    #[inline]
    pub fn skip_while(&mut self, f: impl Fn(u8) -> bool) {
        let end = self.line_end.min(self.bytes.len());
        let rest = self.bytes.get(self.pos..end).unwrap_or(&[]);
        self.pos += rest.iter().position(|&c| !f(c)).unwrap_or(rest.len());
    }

    /// Bytes of the text; the implied newline is not among them.
    pub fn slice(&self, start: usize, end: usize) -> &'s [u8] {
        let end = end.min(self.bytes.len());
        self.bytes.get(start..end).unwrap_or(&[])
    }

    /// What is left of the current line.
    pub fn rest_of_line(&self) -> &'s [u8] {
        self.slice(self.pos, self.line_end)
    }
}
