//! The `%` operator's conversion specifiers, shared by `str` and `bytes`: their syntax and the rendering of numbers.
//! Fetching arguments and converting objects is the caller's part.

use taipan_text::TextRef;

use crate::NumericError;
use crate::double::{self, Options, Style};

/// A width or precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Not given.
    #[default]
    None,
    /// `*`: the next argument.
    Argument,
    /// Given; at most `i32::MAX` for a precision.
    Given(usize),
}

/// The flags between `%` and the width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `-`
    pub left: bool,
    /// `+`
    pub plus: bool,
    /// Space.
    pub space: bool,
    /// `#`
    pub alternate: bool,
    /// `0`
    pub zero: bool,
}

/// Reads one specifier step by step, so that arguments can be fetched, and fail, in CPython's order: [`Reader::key`],
/// [`Reader::flags`], [`Reader::width`], [`Reader::precision`], [`Reader::conversion`].
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    text: TextRef<'a>,
    /// Index of what is read next.
    pub pos: usize,
}

impl<'a> Reader<'a> {
    /// Starts at `pos`, right after a `%`.
    pub fn new(text: TextRef<'a>, pos: usize) -> Self {
        Self { text, pos }
    }

    fn peek(&self) -> Result<u32, NumericError> {
        self.text
            .get(self.pos)
            .ok_or_else(|| NumericError::value("incomplete format"))
    }

    /// True if a key in parentheses follows.
    pub fn at_key(&self) -> bool {
        self.text.get(self.pos) == Some('('.into())
    }

    /// Reads the key, if there is one; parentheses inside it pair up.
    ///
    /// # Errors
    /// "incomplete format key".
    pub fn key(&mut self) -> Result<Option<TextRef<'a>>, NumericError> {
        if !self.at_key() {
            return Ok(None);
        }
        let start = self.pos + 1;
        let mut depth = 1usize;
        for (i, c) in self.text.slice(start..usize::MAX).chars().enumerate() {
            match char::from_u32(c) {
                Some('(') => depth += 1,
                Some(')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.pos = start + i + 1;
                return Ok(Some(self.text.slice(start..start + i)));
            }
        }
        Err(NumericError::value("incomplete format key"))
    }

    /// Reads the flags.
    pub fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(c) = self.text.get(self.pos).and_then(char::from_u32) {
            match c {
                '-' => flags.left = true,
                '+' => flags.plus = true,
                ' ' => flags.space = true,
                '#' => flags.alternate = true,
                '0' => flags.zero = true,
                _ => break,
            }
            self.pos += 1;
        }
        flags
    }

    fn size(&mut self, max: usize, message: &str) -> Result<Size, NumericError> {
        if self.text.get(self.pos) == Some('*'.into()) {
            self.pos += 1;
            return Ok(Size::Argument);
        }
        let mut value = None;
        while let Some(d) = self
            .text
            .get(self.pos)
            .and_then(char::from_u32)
            .and_then(|c| c.to_digit(10))
        {
            let next = value
                .unwrap_or(0usize)
                .checked_mul(10)
                .and_then(|v| v.checked_add(d as usize));
            value = Some(
                next.filter(|&v| v <= max)
                    .ok_or_else(|| NumericError::value(message))?,
            );
            self.pos += 1;
        }
        Ok(value.map_or(Size::None, Size::Given))
    }

    /// Reads the width.
    ///
    /// # Errors
    /// "width too big".
    pub fn width(&mut self) -> Result<Size, NumericError> {
        self.size(isize::MAX as usize, "width too big")
    }

    /// Reads the precision and a length modifier after it; a point alone is precision 0. `for_bytes` changes the
    /// message only.
    ///
    /// # Errors
    /// "precision too big", for bytes "prec too big".
    pub fn precision(&mut self, for_bytes: bool) -> Result<Size, NumericError> {
        if self.text.get(self.pos) != Some('.'.into()) {
            return Ok(Size::None);
        }
        self.pos += 1;
        let message = if for_bytes {
            "prec too big"
        } else {
            "precision too big"
        };
        Ok(match self.size(i32::MAX as usize, message)? {
            Size::None => Size::Given(0),
            size => size,
        })
    }

    /// Reads the conversion character, after a length modifier that means nothing.
    ///
    /// # Errors
    /// "incomplete format".
    pub fn conversion(&mut self) -> Result<u32, NumericError> {
        if matches!(
            self.text.get(self.pos).and_then(char::from_u32),
            Some('h' | 'l' | 'L')
        ) {
            self.pos += 1;
        }
        let c = self.peek()?;
        self.pos += 1;
        Ok(c)
    }
}

/// The error for an unknown conversion character that was read just before `pos`.
pub fn unsupported(conversion: u32, pos: usize) -> NumericError {
    let shown = char::from_u32(conversion)
        .filter(|c| (' '..='~').contains(c))
        .unwrap_or('?');
    let index = pos.saturating_sub(1);
    NumericError::value(format!(
        "unsupported format character '{shown}' (0x{conversion:x}) at index {index}"
    ))
}

/// Renders an integer from its digits in the base of `conversion` (`d`, `i`, `u`: 10; `o`: 8; `x`, `X`: 16), lowercase,
/// without sign and prefix.
///
/// # Errors
/// [`NumericError::Memory`] when the width or the precision is too large.
pub fn format_int(
    flags: Flags,
    width: usize,
    precision: Option<usize>,
    conversion: char,
    negative: bool,
    digits: &str,
) -> Result<String, NumericError> {
    let prefix = match conversion {
        'o' if flags.alternate => "0o",
        'x' if flags.alternate => "0x",
        'X' if flags.alternate => "0X",
        _ => "",
    };
    let zeros = precision.unwrap_or(0).saturating_sub(digits.len());
    let mut body = String::new();
    body.try_reserve(zeros.saturating_add(digits.len()))
        .map_err(|_| NumericError::Memory)?;
    body.extend(std::iter::repeat_n('0', zeros));
    body.push_str(digits);
    if conversion == 'X' {
        body.make_ascii_uppercase();
    }
    pad_number(flags, width, negative, prefix, &body)
}

/// Renders a float by `e`, `f`, `g` or their capitals.
///
/// # Errors
/// [`NumericError::Memory`] when the width is too large.
pub fn format_float(
    flags: Flags,
    width: usize,
    precision: Option<usize>,
    conversion: char,
    value: f64,
) -> Result<String, NumericError> {
    let style = match conversion.to_ascii_lowercase() {
        'e' => Style::Exponent,
        'f' => Style::Fixed,
        _ => Style::General,
    };
    let options = Options {
        alternate: flags.alternate,
        upper: conversion.is_ascii_uppercase(),
        ..Options::default()
    };
    let text = double::to_text(value, style, precision.unwrap_or(6), options);
    match text.strip_prefix('-') {
        Some(body) => pad_number(flags, width, true, "", body),
        None => pad_number(flags, width, false, "", &text),
    }
}

/// Sign, prefix and body in a field of at least `width`.
fn pad_number(
    flags: Flags,
    width: usize,
    negative: bool,
    prefix: &str,
    body: &str,
) -> Result<String, NumericError> {
    let sign = match flags {
        _ if negative => "-",
        Flags { plus: true, .. } => "+",
        Flags { space: true, .. } => " ",
        _ => "",
    };
    let len = sign.len() + prefix.len() + body.len();
    let missing = width.saturating_sub(len);
    let mut out = String::new();
    out.try_reserve_exact(len.saturating_add(missing))
        .map_err(|_| NumericError::Memory)?;
    let (before, zeros, after) = match flags {
        Flags { left: true, .. } => (0, 0, missing),
        Flags { zero: true, .. } => (0, missing, 0),
        _ => (missing, 0, 0),
    };
    out.extend(std::iter::repeat_n(' ', before));
    out.push_str(sign);
    out.push_str(prefix);
    out.extend(std::iter::repeat_n('0', zeros));
    out.push_str(body);
    out.extend(std::iter::repeat_n(' ', after));
    Ok(out)
}
