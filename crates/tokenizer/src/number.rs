//! Numbers in all their forms, and what may not follow them.

use crate::error::BoxedError;
use crate::tokenizer::Tokenizer;

type Scan = Result<(), BoxedError>;

fn is_ascii_identifier_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

/// Whether a number may be followed, without a space, by the keyword that `rest` begins with. That is deprecated.
fn starts_with_keyword(rest: &[u8]) -> bool {
    // "if", "in" and "is" are recognized by their two letters, whatever follows; the others as whole words.
    if matches!(rest, [b'i', b'f' | b'n' | b's', ..]) {
        return true;
    }
    let words: [&[u8]; 5] = [b"and", b"else", b"for", b"or", b"not"];
    words.iter().any(|word| {
        rest.strip_prefix(*word).is_some_and(|after| {
            !after
                .first()
                .is_some_and(|&c| is_ascii_identifier_char(c) || c >= 128)
        })
    })
}

impl Tokenizer<'_> {
    /// Reads a number; the position is at its first digit, or at the point before it.
    pub(crate) fn number(&mut self) -> Scan {
        if self.cursor.peek() == Some(b'0') {
            return match self.cursor.ahead(1) {
                Some(b'x' | b'X') => self.radix_number("hexadecimal", 16),
                Some(b'o' | b'O') => self.radix_number("octal", 8),
                Some(b'b' | b'B') => self.radix_number("binary", 2),
                _ => self.zero_number(),
            };
        }
        if self.cursor.peek() != Some(b'.') {
            self.decimal_digits()?;
        }
        self.after_integer_part()
    }

    /// Digits with single underscores between them; the first digit is known to be there.
    fn decimal_digits(&mut self) -> Scan {
        loop {
            self.cursor.skip_while(|c| c.is_ascii_digit());
            if !self.cursor.eat(b'_') {
                return Ok(());
            }
            if !self.at_digit() {
                return Err(self.error("invalid decimal literal"));
            }
        }
    }

    fn at_digit(&mut self) -> bool {
        self.cursor.peek().is_some_and(|c| c.is_ascii_digit())
    }

    fn radix_number(&mut self, name: &str, radix: u8) -> Scan {
        let is_digit = |c: u8| char::from(c).is_digit(u32::from(radix));
        self.cursor.pos += 2;
        loop {
            self.cursor.eat(b'_');
            match self.cursor.peek() {
                Some(c) if is_digit(c) => self.cursor.skip_while(is_digit),
                Some(c) if c.is_ascii_digit() => return Err(self.digit_error(c, name)),
                _ => return Err(self.error(format!("invalid {name} literal"))),
            }
            match self.cursor.peek() {
                Some(b'_') => {}
                Some(c) if c.is_ascii_digit() => return Err(self.digit_error(c, name)),
                _ => return self.end_of_number(name),
            }
        }
    }

    fn digit_error(&mut self, digit: u8, name: &str) -> BoxedError {
        self.cursor.pos += 1;
        self.error(format!(
            "invalid digit '{}' in {name} literal",
            char::from(digit)
        ))
    }

    /// A decimal number that starts with zeros. Only zeros may follow, unless it turns out to be a float.
    fn zero_number(&mut self) -> Scan {
        let start = self.cursor.pos;
        loop {
            self.cursor.skip_while(|c| c == b'0');
            if !self.cursor.eat(b'_') {
                break;
            }
            if !self.at_digit() {
                return Err(self.error("invalid decimal literal"));
            }
        }
        let first_other = self.cursor.pos;
        let nonzero = self.at_digit();
        if nonzero {
            self.decimal_digits()?;
        }
        let is_integer = !matches!(self.cursor.peek(), Some(b'.' | b'e' | b'E' | b'j' | b'J'));
        if nonzero && is_integer && !self.options.extra_tokens {
            let msg = "leading zeros in decimal integer literals are not permitted; \
                       use an 0o prefix for octal integers";
            return Err(self.error_range(msg, start, first_other + 1));
        }
        self.after_integer_part()
    }

    /// Fraction, exponent and imaginary suffix, each optional.
    fn after_integer_part(&mut self) -> Scan {
        if self.cursor.eat(b'.') && self.at_digit() {
            self.decimal_digits()?;
        }
        if matches!(self.cursor.peek(), Some(b'e' | b'E')) {
            match self.cursor.ahead(1) {
                Some(b'+' | b'-') => {
                    self.cursor.pos += 2;
                    if !self.at_digit() {
                        return Err(self.error("invalid decimal literal"));
                    }
                }
                Some(c) if c.is_ascii_digit() => self.cursor.pos += 1,
                // The number ends before the letter, which may begin a keyword.
                _ => return self.end_of_number("decimal"),
            }
            self.decimal_digits()?;
        }
        if matches!(self.cursor.peek(), Some(b'j' | b'J')) {
            self.cursor.pos += 1;
            return self.end_of_number("imaginary");
        }
        self.end_of_number("decimal")
    }

    /// Checks that no identifier is glued to the number.
    fn end_of_number(&mut self, kind: &str) -> Scan {
        if self.options.extra_tokens || !self.cursor.peek().is_some_and(is_ascii_identifier_char) {
            return Ok(());
        }
        let msg = format!("invalid {kind} literal");
        if !starts_with_keyword(self.cursor.rest_of_line()) {
            return Err(self.error(msg));
        }
        self.warn(&msg, &msg);
        Ok(())
    }
}
