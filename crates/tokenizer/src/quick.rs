//! The short way to the tokens that most of a text consists of: names, whole numbers, operators of one character, and line
//! ends, on a line that has been entered and outside of f-strings. All else, and all that could be an error, goes the long way.

use crate::kind::{TokenKind, one_char};
use crate::tokenizer::{MAXLEVEL, OpenBracket, Start, Token, Tokenizer, to_u32};

/// What a byte means to the short way, as bits.
const SPACE: u8 = 1;
const NAME: u8 = 2;
const DIGIT: u8 = 4;
const OPERATOR: u8 = 8;
/// As the second character it may make a longer operator.
const LONGER: u8 = 16;
/// It is not ASCII.
const WIDE: u8 = 32;
const QUOTE: u8 = 64;

static CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut c = 0;
    while c < 256 {
        let byte = c as u8;
        table[c] = match byte {
            b' ' | b'\t' | b'\x0c' => SPACE,
            b'0'..=b'9' => DIGIT,
            b'_' => NAME,
            b'"' | b'\'' => QUOTE,
            b'=' | b'>' | b'<' | b'*' | b'/' | b'.' => OPERATOR | LONGER,
            128.. => WIDE,
            _ if byte.is_ascii_alphabetic() => NAME,
            _ if one_char(byte).is_some() => OPERATOR,
            _ => 0,
        };
        c += 1;
    }
    table
};

/// How long a prefix of a string can be.
const LONGEST_PREFIX: usize = 5;

#[inline]
fn class(c: u8) -> u8 {
    CLASSES.get(usize::from(c)).copied().unwrap_or(0)
}

impl Tokenizer<'_> {
    /// The next token, if it is of the simple kinds; otherwise nothing has moved.
    #[inline]
    pub(crate) fn quick_token(&mut self) -> Option<Token> {
        let odd = self.at_line_start || self.pending != 0 || self.failed.is_some();
        if odd || !self.fstrings.is_empty() {
            return None;
        }
        let line = self.cursor.rest_of_line();
        let class_at = |at: usize| line.get(at).map_or(0, |&c| class(c));
        let mut at = 0;
        while class_at(at) == SPACE {
            at += 1;
        }
        let first = *line.get(at)?;
        let start = at;
        at += 1;
        // Whether the token has no text: the parser's NEWLINE.
        let mut empty = false;
        let what = class(first);
        let mut kind = TokenKind::Name;
        if what == NAME {
            while class_at(at) & (NAME | DIGIT) != 0 {
                at += 1;
            }
            let next = class_at(at);
            if next & WIDE != 0 || (next == QUOTE && at - start <= LONGEST_PREFIX) {
                return None;
            }
        } else if what & OPERATOR != 0 {
            let next = class_at(at);
            if next & LONGER != 0 || (first == b'.' && next == DIGIT) {
                return None;
            }
            kind = one_char(first)?;
            match first {
                b'(' | b'[' | b'{' => {
                    if self.brackets.len() >= MAXLEVEL {
                        return None;
                    }
                    let pos = self.cursor.pos + start;
                    self.brackets.push(OpenBracket {
                        bracket: first,
                        lineno: self.cursor.lineno,
                        col_offset: to_u32(pos - self.cursor.line_start),
                        start: to_u32(pos),
                    });
                }
                b')' | b']' | b'}' => {
                    let opening = match first {
                        b')' => b'(',
                        b']' => b'[',
                        _ => b'{',
                    };
                    if self.brackets.last()?.bracket != opening {
                        return None;
                    }
                    self.brackets.pop();
                }
                _ => {}
            }
        } else if what == DIGIT {
            while class_at(at) == DIGIT {
                at += 1;
            }
            // A zero in front is an error, or another base.
            let more = class_at(at) & (NAME | WIDE) != 0 || line.get(at) == Some(&b'.');
            if more || (first == b'0' && at - start > 1) {
                return None;
            }
            kind = TokenKind::Number;
        } else if first == b'\n' && !self.comment_newline {
            let extra = self.options.extra_tokens;
            kind = match self.brackets.is_empty() {
                true => TokenKind::Newline,
                false if extra => TokenKind::Nl,
                false => return None,
            };
            empty = !extra;
            self.at_line_start = true;
        } else {
            return None;
        }
        let (pos, lineno, line_start) = (
            self.cursor.pos + start,
            self.cursor.lineno,
            self.cursor.line_start,
        );
        let next = self.cursor.pos + at;
        let end = if empty { pos } else { next };
        self.start = Start {
            pos,
            lineno,
            line_start,
        };
        self.cursor.in_token = true;
        self.cursor.pos = next;
        // Offsets fit, because `Tokenizer::new` refuses longer texts.
        Some(Token {
            kind,
            level: self.brackets.len() as u8,
            start: pos as u32,
            end: end as u32,
            lineno,
            col_offset: (pos - line_start) as u32,
            end_lineno: lineno,
            end_col_offset: (end - line_start) as u32,
        })
    }
}
