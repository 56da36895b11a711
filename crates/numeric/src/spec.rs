//! The format-specification language of `format()`:
//! `[[fill]align][sign][z][#][0][width][grouping][.precision[grouping]][type]`.
//!
//! Only its syntax is here, with CPython's messages; [`crate::format`] renders by it.

use taipan_text::TextRef;
use taipan_unicode as unicode;

use crate::NumericError;

/// What separates groups of digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// No groups.
    #[default]
    None,
    /// Commas between groups of three.
    Comma,
    /// Underscores between groups of three.
    Underscore,
    /// Underscores between groups of four: binary, octal, hexadecimal.
    UnderscoreFour,
}

impl Grouping {
    fn char(self) -> char {
        if self == Self::Comma { ',' } else { '_' }
    }
}

/// Where a value stands in a wider field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// `<`
    Left,
    /// `>`
    Right,
    /// `^`
    Center,
    /// `=`: padding between sign and digits.
    AfterSign,
}

/// When a sign is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Not said: as [`Sign::Minus`], but a string accepts it.
    Default,
    /// `-`: only below zero.
    Minus,
    /// `+`: always.
    Plus,
    /// A space instead of a plus.
    Space,
}

/// A parsed specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatSpec {
    /// Fill character.
    pub fill: u32,
    /// Alignment, or the type's default.
    pub align: Align,
    /// Sign option.
    pub sign: Sign,
    /// `z`: no negative zero.
    pub no_negative_zero: bool,
    /// `#`.
    pub alternate: bool,
    /// Width, if given.
    pub width: Option<usize>,
    /// Grouping before the point.
    pub grouping: Grouping,
    /// Precision, if given.
    pub precision: Option<usize>,
    /// Grouping after the point.
    pub fraction_grouping: Grouping,
    /// Presentation type; `'\0'` for none where the default is none.
    pub kind: u32,
}

struct Reader<'a> {
    text: TextRef<'a>,
    pos: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u32> {
        self.text.get(self.pos + ahead)
    }

    fn accept(&mut self, ch: char) -> bool {
        let found = self.peek(0) == Some(ch.into());
        self.pos += usize::from(found);
        found
    }

    /// Decimal digits of any script; `None` if there is none.
    fn number(&mut self) -> Result<Option<usize>, NumericError> {
        let (mut value, mut any) = (0usize, false);
        while let Some(digit) = self.peek(0).and_then(unicode::decimal) {
            any = true;
            value = value
                .checked_mul(10)
                .and_then(|v| v.checked_add(digit.into()))
                .filter(|&v| v <= isize::MAX as usize)
                .ok_or_else(|| NumericError::value("Too many decimal digits in format string"))?;
            self.pos += 1;
        }
        Ok(any.then_some(value))
    }

    /// `,` or `_`, but not one after the other.
    fn grouping(&mut self) -> Result<Grouping, NumericError> {
        let both = || NumericError::value("Cannot specify both ',' and '_'.");
        let mut found = Grouping::None;
        if self.accept(',') {
            found = Grouping::Comma;
        }
        if self.accept('_') {
            if found != Grouping::None {
                return Err(both());
            }
            found = Grouping::Underscore;
        }
        // ",," before the point is told by the type check.
        if found == Grouping::Underscore && self.peek(0) == Some(','.into()) {
            return Err(both());
        }
        Ok(found)
    }
}

fn align(ch: u32) -> Option<Align> {
    Some(match char::from_u32(ch)? {
        '<' => Align::Left,
        '>' => Align::Right,
        '^' => Align::Center,
        '=' => Align::AfterSign,
        _ => return None,
    })
}

/// The quoted form of a presentation type in messages.
fn quoted(kind: u32) -> String {
    match char::from_u32(kind) {
        Some(c) if c > ' ' && c.is_ascii() && kind < 128 => format!("'{c}'"),
        _ => format!("'\\x{kind:x}'"),
    }
}

/// The error for a presentation type that `type_name` does not know.
pub fn unknown_kind(kind: u32, type_name: &str) -> NumericError {
    NumericError::value(format!(
        "Unknown format code {} for object of type '{type_name}'",
        quoted(kind)
    ))
}

impl FormatSpec {
    /// Parses a specification for a value of the type `type_name` (which only messages use). `default_kind` is what
    /// `kind` is without one; `default_align` holds without an alignment.
    ///
    /// # Errors
    /// Value errors with CPython's messages.
    pub fn parse(
        text: TextRef<'_>,
        type_name: &str,
        default_kind: char,
        default_align: Align,
    ) -> Result<Self, NumericError> {
        let mut r = Reader { text, pos: 0 };
        let mut fill = None;
        let mut found_align = None;
        if let (Some(first), Some(a)) = (r.peek(0), r.peek(1).and_then(align)) {
            fill = Some(first);
            found_align = Some(a);
            r.pos += 2;
        } else if let Some(a) = r.peek(0).and_then(align) {
            found_align = Some(a);
            r.pos += 1;
        }
        let sign = if r.accept('+') {
            Sign::Plus
        } else if r.accept('-') {
            Sign::Minus
        } else if r.accept(' ') {
            Sign::Space
        } else {
            Sign::Default
        };
        let no_negative_zero = r.accept('z');
        let alternate = r.accept('#');
        if fill.is_none() && r.accept('0') {
            fill = Some('0'.into());
            if found_align.is_none() && default_align == Align::Right {
                found_align = Some(Align::AfterSign);
            }
        }
        let width = r.number()?;
        let mut grouping = r.grouping()?;
        let (mut precision, mut fraction_grouping) = (None, Grouping::None);
        if r.accept('.') {
            precision = r.number()?;
            fraction_grouping = r.grouping()?;
            if precision.is_none() && fraction_grouping == Grouping::None {
                return Err(NumericError::value("Format specifier missing precision"));
            }
        }
        let rest = text.slice(r.pos..usize::MAX);
        if rest.len() > 1 {
            let shown = text.to_string_lossy();
            return Err(NumericError::value(format!(
                "Invalid format specifier '{shown}' for object of type '{type_name}'"
            )));
        }
        let kind = rest.get(0).unwrap_or(default_kind.into());
        let letter = char::from_u32(kind).unwrap_or(char::REPLACEMENT_CHARACTER);
        let cannot = |g: Grouping| {
            NumericError::value(format!(
                "Cannot specify '{}' with {}.",
                g.char(),
                quoted(kind)
            ))
        };
        if grouping != Grouping::None {
            match letter {
                'd' | 'e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F' | '\0' => {}
                'b' | 'o' | 'x' | 'X' if grouping == Grouping::Underscore => {
                    grouping = Grouping::UnderscoreFour
                }
                _ => return Err(cannot(grouping)),
            }
        }
        if letter == 'n' && fraction_grouping != Grouping::None {
            return Err(cannot(fraction_grouping));
        }
        Ok(Self {
            fill: fill.unwrap_or(' '.into()),
            align: found_align.unwrap_or(default_align),
            sign,
            no_negative_zero,
            alternate,
            width,
            grouping,
            precision,
            fraction_grouping,
            kind,
        })
    }
}
