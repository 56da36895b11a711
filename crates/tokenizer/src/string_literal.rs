//! The value of string literals: prefixes and quotes taken off, escapes decoded. Where an error or a warning is
//! reported is the parser's business; the words are here.

use std::borrow::Cow;
use std::fmt::Write;

use memchr::memchr;
use taipan_wtf8::{Wtf8, Wtf8Buf};

/// A STRING token taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Literal<'s> {
    /// It has the prefix `b`.
    pub bytes: bool,
    /// It has the prefix `r`.
    pub raw: bool,
    /// It has the prefix `u`, which `ast.Constant.kind` shows.
    pub unicode: bool,
    /// What stands between the quotes.
    pub body: &'s str,
    /// Where `body` begins in the token, in bytes.
    pub body_offset: usize,
}

impl<'s> Literal<'s> {
    /// Takes the text of a STRING token apart; `None` if it is not one.
    #[must_use]
    pub fn parse(token: &'s str) -> Option<Self> {
        let is_quote = |byte: &u8| matches!(byte, b'\'' | b'"');
        let prefix_len = token.bytes().position(|byte| is_quote(&byte))?;
        let (prefix, quoted) = token.split_at_checked(prefix_len)?;
        let has = |letter: u8| prefix.bytes().any(|byte| byte | 0x20 == letter);
        let triple = match quoted.as_bytes() {
            [a, b, c, _, _, _, ..] => a == b && b == c,
            _ => false,
        };
        let size = if triple { 3 } else { 1 };
        let body = quoted.get(size..quoted.len().checked_sub(size)?)?;
        Some(Literal {
            bytes: has(b'b'),
            raw: has(b'r'),
            unicode: has(b'u'),
            body,
            body_offset: prefix_len + size,
        })
    }
}

/// Why a literal has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EscapeError {
    /// A bytes literal with a character that is not ASCII.
    NonAsciiBytes,
    /// What the decoder of bytes literals says, with the prefix that the SyntaxError's message has.
    Escape(String),
    /// What the decoder of str literals says.
    Unicode(Box<UnicodeEscapeError>),
}

impl std::fmt::Display for EscapeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EscapeError::NonAsciiBytes => {
                f.write_str("bytes can only contain ASCII literal characters")
            }
            EscapeError::Escape(msg) => f.write_str(msg),
            EscapeError::Unicode(error) => write!(f, "(unicode error) {error}"),
        }
    }
}

/// The fields of the `UnicodeDecodeError` for a str literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnicodeEscapeError {
    /// The literal as CPython's decoder is given it.
    pub object: Vec<u8>,
    /// Where the escape begins in that.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl UnicodeEscapeError {
    /// The codec's name.
    pub const ENCODING: &str = "unicodeescape";
}

impl std::fmt::Display for UnicodeEscapeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "'{}' codec can't decode bytes in position {}-{}: {}",
            Self::ENCODING,
            self.start,
            self.end - 1,
            self.reason
        )
    }
}

/// The first escape of a literal that means nothing, and that is a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEscape<'s> {
    /// Where its backslash is in the body, in bytes.
    pub offset: usize,
    /// What follows the backslash: one character, or the three digits of an octal number above 0o377.
    pub text: &'s str,
}

impl InvalidEscape<'_> {
    fn octal(&self) -> &'static str {
        if self.text.len() == 3 { "octal " } else { "" }
    }

    /// The warning's message.
    #[must_use]
    pub fn warning(&self) -> String {
        let (text, octal) = (self.text, self.octal());
        format!(
            "\"\\{text}\" is an invalid {octal}escape sequence. Such sequences will not work in the future. \
             Did you mean \"\\\\{text}\"? A raw string is also an option."
        )
    }

    /// The message of the SyntaxError that replaces the warning when warnings are errors.
    #[must_use]
    pub fn error(&self) -> String {
        let (text, octal) = (self.text, self.octal());
        format!(
            "\"\\{text}\" is an invalid {octal}escape sequence. Did you mean \"\\\\{text}\"? \
             A raw string is also an option."
        )
    }
}

/// A value, and the warning that comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'s, T> {
    /// The literal's value.
    pub value: T,
    /// The first invalid escape.
    pub invalid_escape: Option<InvalidEscape<'s>>,
}

/// A body and a position in it.
struct Reader<'s> {
    body: &'s str,
    pos: usize,
    invalid: Option<InvalidEscape<'s>>,
}

impl<'s> Reader<'s> {
    fn new(body: &'s str) -> Self {
        Reader {
            body,
            pos: 0,
            invalid: None,
        }
    }

    /// What comes before the next backslash; the position is after the backslash then. `None` in place of the
    /// backslash at the end.
    fn run(&mut self) -> (&'s str, bool) {
        let rest = self.body.get(self.pos..).unwrap_or("");
        match memchr(b'\\', rest.as_bytes()) {
            Some(i) => {
                self.pos += i + 1;
                (rest.get(..i).unwrap_or(""), true)
            }
            None => {
                self.pos = self.body.len();
                (rest, false)
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        self.body.as_bytes().get(self.pos).copied()
    }

    fn note_invalid(&mut self, backslash: usize, len: usize) {
        if self.invalid.is_none()
            && let Some(text) = self.body.get(backslash + 1..backslash + 1 + len)
        {
            self.invalid = Some(InvalidEscape {
                offset: backslash,
                text,
            });
        }
    }

    /// Up to two more octal digits after the first one.
    fn octal(&mut self, first: u8, backslash: usize) -> u32 {
        let mut value = u32::from(first - b'0');
        for _ in 0..2 {
            let Some(digit @ b'0'..=b'7') = self.byte() else {
                break;
            };
            value = value * 8 + u32::from(digit - b'0');
            self.pos += 1;
        }
        if value > 0o377 {
            self.note_invalid(backslash, 3);
        }
        value
    }

    /// Exactly `count` hexadecimal digits; without them the position is after those that are there.
    fn hex(&mut self, count: usize) -> Option<u32> {
        let mut value = 0_u32;
        for _ in 0..count {
            let digit = char::from(self.byte()?).to_digit(16)?;
            value = (value << 4) | digit;
            self.pos += 1;
        }
        Some(value)
    }

    /// A text as the escape decoder is given it: `\UXXXXXXXX` stands for every character beyond ASCII, and `\u005c` for
    /// a backslash before such a character or at the end.
    fn for_decoder(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if !c.is_ascii() {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            } else if c != '\\' {
                out.push(c);
            } else if chars.peek().is_none_or(|next| !next.is_ascii()) {
                out.push_str("\\u005c");
            } else {
                out.push(c);
                out.extend(chars.next());
            }
        }
        out
    }

    /// An error over the bytes from a backslash to the current position.
    #[cold]
    fn unicode_error(&self, backslash: usize, reason: &'static str) -> EscapeError {
        let before = self.body.get(..backslash).unwrap_or(self.body);
        let start = Self::for_decoder(before).len();
        // What lies between is counted from the backslash on, whatever it escapes.
        let inside = self.body.get(backslash..self.pos).unwrap_or("");
        let len: usize = inside
            .chars()
            .map(|c| if c.is_ascii() { 1 } else { 10 })
            .sum();
        EscapeError::Unicode(Box::new(UnicodeEscapeError {
            object: Self::for_decoder(self.body).into_bytes(),
            start,
            end: start + len.max(1),
            reason,
        }))
    }
}

/// What both kinds of strings agree on: the character that a one-letter escape stands for.
fn simple_escape(c: u8) -> Option<char> {
    Some(match c {
        b'\\' => '\\',
        b'\'' => '\'',
        b'"' => '"',
        b'a' => '\x07',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\x0b',
        _ => return None,
    })
}

/// Decodes the body of a str literal, or a piece of an f-string. `name` finds the character with a Unicode name or
/// alias.
pub fn decode_str<'s>(
    body: &'s str,
    raw: bool,
    mut name: impl FnMut(&str) -> Option<char>,
) -> Result<Decoded<'s, Cow<'s, Wtf8>>, EscapeError> {
    if raw || memchr(b'\\', body.as_bytes()).is_none() {
        return Ok(Decoded {
            value: Cow::Borrowed(Wtf8::new(body)),
            invalid_escape: None,
        });
    }
    let mut out = Wtf8Buf::with_capacity(body.len());
    let mut reader = Reader::new(body);
    loop {
        let (text, escape) = reader.run();
        out.push_str(text);
        if !escape {
            return Ok(Decoded {
                value: Cow::Owned(out),
                invalid_escape: reader.invalid,
            });
        }
        let backslash = reader.pos - 1;
        let Some(c) = reader.byte().filter(u8::is_ascii) else {
            out.push('\\');
            continue;
        };
        reader.pos += 1;
        let (digits, reason) = match c {
            b'\n' => continue,
            b'0'..=b'7' => {
                let value = reader.octal(c, backslash);
                out.push_code_point(value);
                continue;
            }
            b'x' => (2, "truncated \\xXX escape"),
            b'u' => (4, "truncated \\uXXXX escape"),
            b'U' => (8, "truncated \\UXXXXXXXX escape"),
            b'N' => {
                out.push(named(&mut reader, backslash, &mut name)?);
                continue;
            }
            _ => {
                if let Some(c) = simple_escape(c) {
                    out.push(c);
                } else {
                    reader.note_invalid(backslash, 1);
                    out.push('\\');
                    out.push(char::from(c));
                }
                continue;
            }
        };
        let Some(point) = reader.hex(digits) else {
            return Err(reader.unicode_error(backslash, reason));
        };
        if !out.push_code_point(point) {
            return Err(reader.unicode_error(backslash, "illegal Unicode character"));
        }
    }
}

/// `\N{...}`; the position is after the N.
fn named(
    reader: &mut Reader<'_>,
    backslash: usize,
    name: &mut impl FnMut(&str) -> Option<char>,
) -> Result<char, EscapeError> {
    const MALFORMED: &str = "malformed \\N character escape";
    if reader.byte() != Some(b'{') {
        return Err(reader.unicode_error(backslash, MALFORMED));
    }
    reader.pos += 1;
    let rest = reader.body.get(reader.pos..).unwrap_or("");
    let Some(len) = memchr(b'}', rest.as_bytes()) else {
        reader.pos = reader.body.len();
        return Err(reader.unicode_error(backslash, MALFORMED));
    };
    if len == 0 {
        return Err(reader.unicode_error(backslash, MALFORMED));
    }
    reader.pos += len + 1;
    rest.get(..len)
        .filter(|n| n.is_ascii())
        .and_then(name)
        .ok_or_else(|| reader.unicode_error(backslash, "unknown Unicode character name"))
}

/// Decodes the body of a bytes literal.
pub fn decode_bytes(body: &str, raw: bool) -> Result<Decoded<'_, Cow<'_, [u8]>>, EscapeError> {
    if !body.is_ascii() {
        return Err(EscapeError::NonAsciiBytes);
    }
    if raw || memchr(b'\\', body.as_bytes()).is_none() {
        return Ok(Decoded {
            value: Cow::Borrowed(body.as_bytes()),
            invalid_escape: None,
        });
    }
    let mut out = Vec::with_capacity(body.len());
    let mut reader = Reader::new(body);
    loop {
        let (text, escape) = reader.run();
        out.extend_from_slice(text.as_bytes());
        if !escape {
            return Ok(Decoded {
                value: Cow::Owned(out),
                invalid_escape: reader.invalid,
            });
        }
        let backslash = reader.pos - 1;
        let Some(c) = reader.byte() else {
            out.push(b'\\');
            continue;
        };
        reader.pos += 1;
        match c {
            b'\n' => {}
            // Numbers above 0o377 wrap.
            b'0'..=b'7' => out.push((reader.octal(c, backslash) & 0xff) as u8),
            b'x' => match reader.hex(2) {
                Some(value) => out.push(value as u8),
                None => {
                    let msg = format!("(value error) invalid \\x escape at position {backslash}");
                    return Err(EscapeError::Escape(msg));
                }
            },
            _ => match simple_escape(c) {
                Some(c) => out.push(c as u8),
                None => {
                    reader.note_invalid(backslash, 1);
                    out.extend_from_slice(&[b'\\', c]);
                }
            },
        }
    }
}

/// The source of a replacement field's expression as `=` and t-strings show it: `text`, from the opening brace to
/// the `!`, `:` or `}`, without its comments.
#[must_use]
pub fn expression_text(text: &str) -> Cow<'_, str> {
    if memchr(b'#', text.as_bytes()).is_none() || !has_comment(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '\'' | '"' => {
                toggle(&mut quote, c);
                out.push(c);
            }
            '#' if quote.is_none() => {
                if chars.any(|c| c == '\n') {
                    out.push('\n');
                }
            }
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Quotes come in odd numbers at each end of a literal, so that counting them one by one tells inside from outside.
fn toggle(quote: &mut Option<char>, c: char) {
    match *quote {
        None => *quote = Some(c),
        Some(open) if open == c => *quote = None,
        Some(_) => {}
    }
}

fn has_comment(text: &str) -> bool {
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '\'' | '"' => toggle(&mut quote, c),
            '#' if quote.is_none() => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Option<char> {
        (name == "LATIN SMALL LETTER A").then_some('a')
    }

    #[test]
    fn messages_are_cpythons() {
        let cases = [
            (r"\x", "0-1: truncated \\xXX escape"),
            (r"\x1", "0-2: truncated \\xXX escape"),
            ("é\\x1g", "10-12: truncated \\xXX escape"),
            (r"\u12", "0-3: truncated \\uXXXX escape"),
            (r"\U00110000", "0-9: illegal Unicode character"),
            (r"\U0011", "0-5: truncated \\UXXXXXXXX escape"),
            (r"\N{foo}", "0-6: unknown Unicode character name"),
            (r"\N{}", "0-2: malformed \\N character escape"),
            (r"\N", "0-1: malformed \\N character escape"),
            (r"\Nx", "0-1: malformed \\N character escape"),
            (r"\N{abc", "0-5: malformed \\N character escape"),
            ("\\é\\x", "16-17: truncated \\xXX escape"),
            (
                r"\N{LATIN SMALL LETTER A}\N{zz",
                "24-28: malformed \\N character escape",
            ),
            ("é\\N{foo}é", "10-16: unknown Unicode character name"),
            ("\na\\xé", "2-3: truncated \\xXX escape"),
        ];
        for (body, expected) in cases {
            let error = decode_str(body, false, name).map_err(|e| e.to_string());
            let expected = format!(
                "(unicode error) 'unicodeescape' codec can't decode bytes in position {expected}"
            );
            assert_eq!(error.map(|d| d.invalid_escape.is_some()), Err(expected));
        }
        for (body, at) in [(r"\x", 0), (r"ab\x1g", 2), (r"\\\xg", 2)] {
            let expected =
                EscapeError::Escape(format!("(value error) invalid \\x escape at position {at}"));
            assert_eq!(decode_bytes(body, false).err(), Some(expected));
        }
        assert_eq!(
            decode_bytes("é", true).err(),
            Some(EscapeError::NonAsciiBytes)
        );
    }

    #[test]
    fn values() {
        let value = |body| decode_str(body, false, name).map(|d| d.value.into_owned());
        assert_eq!(
            value(r#"a\n\t\\\'\"\x41\101\u20ac\U0001f600\N{LATIN SMALL LETTER A}\d\é\"#),
            { Ok(Wtf8Buf::from("a\n\t\\'\"AA€😀a\\d\\é\\")) }
        );
        assert_eq!(value("a\\\nb"), Ok(Wtf8Buf::from("ab")));
        assert_eq!(
            value(r"\ud800").map(|v| v.as_bytes().to_vec()),
            Ok(vec![0xed, 0xa0, 0x80])
        );
        assert_eq!(
            decode_bytes(r"\x00\377\777\q", false).map(|d| d.value.into_owned()),
            Ok(b"\0\xff\xff\\q".to_vec())
        );
    }

    #[test]
    fn the_first_invalid_escape_is_reported() {
        let invalid = |body| {
            decode_str(body, false, name)
                .ok()
                .and_then(|d| d.invalid_escape)
        };
        assert_eq!(
            invalid(r"ab\8\d"),
            Some(InvalidEscape {
                offset: 2,
                text: "8"
            })
        );
        assert_eq!(
            invalid(r"\777\d"),
            Some(InvalidEscape {
                offset: 0,
                text: "777"
            })
        );
        assert_eq!(invalid("\\é"), None);
        assert_eq!(
            invalid(r"\400").map(|i| i.error()).as_deref(),
            Some(
                "\"\\400\" is an invalid octal escape sequence. Did you mean \"\\\\400\"? \
                 A raw string is also an option."
            )
        );
    }

    #[test]
    fn literals_come_apart() {
        let parse = |token| {
            Literal::parse(token).map(|l| (l.bytes, l.raw, l.unicode, l.body, l.body_offset))
        };
        assert_eq!(parse("''"), Some((false, false, false, "", 1)));
        assert_eq!(parse("rB'''a'b'''"), Some((true, true, false, "a'b", 5)));
        assert_eq!(parse("U\"x\""), Some((false, false, true, "x", 2)));
        assert_eq!(parse("''''''"), Some((false, false, false, "", 3)));
    }

    #[test]
    fn comments_leave_expressions() {
        assert_eq!(expression_text("x # a\n + '#'="), "x \n + '#'=");
        assert_eq!(expression_text("'#' ="), "'#' =");
    }
}
