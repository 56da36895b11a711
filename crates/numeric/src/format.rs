//! Rendering strings, integers, floats and complex numbers by a [`FormatSpec`].
//!
//! What `format()` does for an integer depends on its presentation type: [`int_style`] says whether the caller is to
//! give digits in some base, a character, or a float.

use taipan_text::{Form, TextBuf, TextRef};

use crate::NumericError;
use crate::double::{self, Options, Style};
use crate::spec::{Align, FormatSpec, Grouping, Sign, unknown_kind};

/// What numbers look like in a locale; used by presentation type `n`.
#[derive(Clone, Debug)]
pub struct Locale {
    /// Decimal point.
    pub decimal_point: TextBuf,
    /// Separator of groups.
    pub thousands_sep: TextBuf,
    /// Sizes of groups from the right, as `localeconv` gives them: 0 repeats the size before it, 127 ends grouping.
    pub grouping: Vec<u8>,
}

const NO_MORE_GROUPS: u8 = 127;

impl Locale {
    /// The C locale: a point and no groups.
    pub fn c() -> Self {
        Self {
            decimal_point: ".".into(),
            thousands_sep: TextBuf::new(),
            grouping: vec![NO_MORE_GROUPS],
        }
    }

    /// The separators of a specification, if it has any.
    fn for_grouping(grouping: Grouping) -> Option<Self> {
        let (sep, size) = match grouping {
            Grouping::None => return None,
            Grouping::Comma => (",", 3),
            Grouping::Underscore => ("_", 3),
            Grouping::UnderscoreFour => ("_", 4),
        };
        Some(Self {
            decimal_point: ".".into(),
            thousands_sep: sep.into(),
            grouping: vec![size, 0],
        })
    }
}

/// Digits with separators from the right, filled up with zeros to a width of at least `min_width`.
fn group(digits: &str, min_width: usize, locale: &Locale) -> Result<TextBuf, NumericError> {
    let sep_len = locale.thousands_sep.len();
    let mut left = digits.as_bytes();
    let mut wanted = min_width as i64;
    // The groups from the right: zeros to add and the digits.
    let mut groups: Vec<(usize, &[u8])> = Vec::new();
    let mut sizes = locale.grouping.iter();
    let mut size = 0usize;
    loop {
        match sizes.next() {
            Some(&NO_MORE_GROUPS) => size = usize::MAX,
            Some(0) | None => {
                // The size before repeats for good; without any there are no groups.
                sizes = [].iter();
                if size == 0 {
                    size = usize::MAX;
                }
            }
            Some(&n) => size = n.into(),
        }
        if size == usize::MAX {
            sizes = [].iter();
        }
        let len = size.min(left.len().max(usize::try_from(wanted).unwrap_or(0)).max(1));
        let take = len.min(left.len());
        let (rest, here) = left.split_at(left.len() - take);
        groups.try_reserve(1).map_err(|_| NumericError::Memory)?;
        groups.push((len - take, here));
        left = rest;
        wanted -= len as i64;
        if left.is_empty() && wanted <= 0 {
            break;
        }
        wanted -= sep_len as i64;
    }
    let mut out = TextBuf::new();
    let seps = groups.len().saturating_mul(sep_len);
    let form = locale.thousands_sep.form();
    reserve(
        &mut out,
        form,
        digits.len().max(min_width).saturating_add(seps),
    )?;
    for (i, (zeros, digits)) in groups.iter().rev().enumerate() {
        if i > 0 {
            out.push_text(locale.thousands_sep.as_text());
        }
        out.push_repeat('0'.into(), *zeros);
        out.push_latin1(digits);
    }
    Ok(out)
}

/// Room for a result, whose size the width decides.
#[inline]
fn reserve(out: &mut TextBuf, form: Form, len: usize) -> Result<(), NumericError> {
    if len <= isize::MAX as usize && out.try_reserve(form, len) {
        Ok(())
    } else {
        Err(NumericError::Memory)
    }
}

/// Digits after the point with separators from the left.
fn group_fraction(digits: &str, grouping: Grouping) -> String {
    let sep = match grouping {
        Grouping::None => return digits.to_owned(),
        Grouping::Comma => ",",
        _ => "_",
    };
    let groups: Vec<&str> = digits
        .as_bytes()
        .chunks(3)
        .filter_map(|g| std::str::from_utf8(g).ok())
        .collect();
    groups.join(sep)
}

/// The parts of a number before padding.
struct Parts<'a> {
    negative: bool,
    prefix: &'a str,
    digits: &'a str,
    /// Digits after the point, if there is a point.
    fraction: Option<&'a str>,
    /// Exponent, percent sign, or for `c` the character.
    rest: TextBuf,
}

impl<'a> Parts<'a> {
    /// Takes the text of a float apart.
    fn of_float(text: &'a str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = text.split_at(digits);
        let (fraction, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let end = rest.bytes().take_while(u8::is_ascii_digit).count();
                (Some(&rest[..end]), &rest[end..])
            }
            None => (None, rest),
        };
        Self {
            negative,
            prefix: "",
            digits,
            fraction,
            rest: rest.into(),
        }
    }

    /// Writes the number by the specification's sign, grouping, fill and width; without a locale, digits as they are with
    /// a point.
    fn write(
        &self,
        spec: &FormatSpec,
        sign: Sign,
        width: Option<usize>,
        locale: Option<&Locale>,
        out: &mut TextBuf,
    ) -> Result<(), NumericError> {
        let sign = match (self.negative, sign) {
            (true, _) => "-",
            (false, Sign::Plus) => "+",
            (false, Sign::Space) => " ",
            (false, _) => "",
        };
        let Some(locale) = locale else {
            return self.write_plain(spec, sign, width.unwrap_or(0), out);
        };
        let mut tail = TextBuf::new();
        if let Some(fraction) = self.fraction {
            tail.push_text(locale.decimal_point.as_text());
            tail.push_str(&group_fraction(fraction, spec.fraction_grouping));
        }
        tail.push_text(self.rest.as_text());
        let fixed = sign.len() + self.prefix.len() + tail.len();
        let width = width.unwrap_or(0);
        let zeros = spec.fill == u32::from('0') && spec.align == Align::AfterSign;
        let min_width = if zeros {
            width.saturating_sub(fixed)
        } else {
            0
        };
        let digits = if self.digits.is_empty() {
            TextBuf::new()
        } else {
            group(self.digits, min_width, locale)?
        };
        let (before, inside, after) =
            padding(spec.align, width.saturating_sub(fixed + digits.len()));
        let len = width.max(fixed.saturating_add(digits.len()));
        reserve(out, Form::of(spec.fill), len)?;
        out.push_repeat(spec.fill, before);
        out.push_str(sign);
        out.push_str(self.prefix);
        out.push_repeat(spec.fill, inside);
        out.push_text(digits.as_text());
        out.push_text(tail.as_text());
        out.push_repeat(spec.fill, after);
        Ok(())
    }
}

impl Parts<'_> {
    /// [`Parts::write`] without a locale.
    fn write_plain(
        &self,
        spec: &FormatSpec,
        sign: &str,
        width: usize,
        out: &mut TextBuf,
    ) -> Result<(), NumericError> {
        let grouped;
        let fraction = match (self.fraction, spec.fraction_grouping) {
            (Some(f), Grouping::None) => f,
            (Some(f), grouping) => {
                grouped = group_fraction(f, grouping);
                &grouped
            }
            (None, _) => "",
        };
        let point = if self.fraction.is_some() { "." } else { "" };
        let used = sign.len() + self.prefix.len() + point.len() + fraction.len() + self.rest.len();
        let used = used + self.digits.len();
        let missing = width.saturating_sub(used);
        let (before, inside, after) = padding(spec.align, missing);
        let form = if missing > 0 {
            Form::of(spec.fill)
        } else {
            Form::Ascii
        };
        reserve(out, form, width.max(used))?;
        out.push_repeat(spec.fill, before);
        out.push_str(sign);
        out.push_str(self.prefix);
        out.push_repeat(spec.fill, inside);
        out.push_str(self.digits);
        out.push_str(point);
        out.push_str(fraction);
        out.push_text(self.rest.as_text());
        out.push_repeat(spec.fill, after);
        Ok(())
    }
}

/// How `missing` fill characters are shared out: before, after the sign, after.
fn padding(align: Align, missing: usize) -> (usize, usize, usize) {
    match align {
        Align::Left => (0, 0, missing),
        Align::Right => (missing, 0, 0),
        Align::Center => (missing / 2, 0, missing - missing / 2),
        Align::AfterSign => (0, missing, 0),
    }
}

impl FormatSpec {
    /// Parses a specification for a string.
    ///
    /// # Errors
    /// As [`FormatSpec::parse`].
    pub fn for_str(text: TextRef<'_>, type_name: &str) -> Result<Self, NumericError> {
        Self::parse(text, type_name, 's', Align::Left)
    }

    /// Parses a specification for an integer.
    ///
    /// # Errors
    /// As [`FormatSpec::parse`].
    pub fn for_int(text: TextRef<'_>, type_name: &str) -> Result<Self, NumericError> {
        Self::parse(text, type_name, 'd', Align::Right)
    }

    /// Parses a specification for a float or a complex number.
    ///
    /// # Errors
    /// As [`FormatSpec::parse`].
    pub fn for_float(text: TextRef<'_>, type_name: &str) -> Result<Self, NumericError> {
        Self::parse(text, type_name, '\0', Align::Right)
    }

    fn letter(&self) -> char {
        char::from_u32(self.kind).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// Renders a string.
///
/// # Errors
/// Value errors for options that strings do not have.
pub fn format_str(
    spec: &FormatSpec,
    type_name: &str,
    value: TextRef<'_>,
    out: &mut TextBuf,
) -> Result<(), NumericError> {
    if spec.letter() != 's' {
        return Err(unknown_kind(spec.kind, type_name));
    }
    match spec.sign {
        Sign::Default => {}
        Sign::Space => {
            return Err(NumericError::value(
                "Space not allowed in string format specifier",
            ));
        }
        _ => {
            return Err(NumericError::value(
                "Sign not allowed in string format specifier",
            ));
        }
    }
    if spec.no_negative_zero {
        return Err(NumericError::value(
            "Negative zero coercion (z) not allowed in string format specifier",
        ));
    }
    if spec.alternate {
        return Err(NumericError::value(
            "Alternate form (#) not allowed in string format specifier",
        ));
    }
    if spec.align == Align::AfterSign {
        return Err(NumericError::value(
            "'=' alignment not allowed in string format specifier",
        ));
    }
    let value = value.slice(0..spec.precision.unwrap_or(usize::MAX));
    let (before, _, after) = padding(
        spec.align,
        spec.width.unwrap_or(0).saturating_sub(value.len()),
    );
    let fill = if before + after > 0 {
        Form::of(spec.fill)
    } else {
        Form::Ascii
    };
    reserve(out, fill, value.len().saturating_add(before + after))?;
    out.push_repeat(spec.fill, before);
    out.push_text(value);
    out.push_repeat(spec.fill, after);
    Ok(())
}

/// What the caller has to provide for an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntStyle {
    /// Its digits in this base, for [`format_int`].
    Digits(u32),
    /// Itself as a character, for [`format_char`].
    Char,
    /// Itself as a float, for [`format_float`].
    Float,
}

/// How `spec` wants an integer rendered.
///
/// # Errors
/// Value errors for options that integers do not have and for unknown presentation types.
pub fn int_style(spec: &FormatSpec, type_name: &str) -> Result<IntStyle, NumericError> {
    let style = match spec.letter() {
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' => return Ok(IntStyle::Float),
        'b' => IntStyle::Digits(2),
        'o' => IntStyle::Digits(8),
        'x' | 'X' => IntStyle::Digits(16),
        'd' | 'n' => IntStyle::Digits(10),
        'c' => IntStyle::Char,
        _ => return Err(unknown_kind(spec.kind, type_name)),
    };
    if spec.precision.is_some() {
        return Err(NumericError::value(
            "Precision not allowed in integer format specifier",
        ));
    }
    if spec.no_negative_zero {
        return Err(NumericError::value(
            "Negative zero coercion (z) not allowed in integer format specifier",
        ));
    }
    if style == IntStyle::Char {
        if spec.sign != Sign::Default {
            return Err(NumericError::value(
                "Sign not allowed with integer format specifier 'c'",
            ));
        }
        if spec.alternate {
            return Err(NumericError::value(
                "Alternate form (#) not allowed with integer format specifier 'c'",
            ));
        }
    }
    Ok(style)
}

/// Renders an integer from its digits in the base that [`int_style`] named: lowercase, without sign and prefix.
/// `locale` is used by `n` alone; without one it is C's.
///
/// # Errors
/// [`NumericError::Memory`] when the width is too large.
pub fn format_int(
    spec: &FormatSpec,
    negative: bool,
    digits: &str,
    locale: Option<&Locale>,
    out: &mut TextBuf,
) -> Result<(), NumericError> {
    let upper;
    let (prefix, digits) = match spec.letter() {
        'b' => ("0b", digits),
        'o' => ("0o", digits),
        'x' => ("0x", digits),
        'X' => {
            upper = digits.to_ascii_uppercase();
            ("0X", upper.as_str())
        }
        _ => ("", digits),
    };
    let prefix = if spec.alternate { prefix } else { "" };
    let parts = Parts {
        negative,
        prefix,
        digits,
        fraction: None,
        rest: TextBuf::new(),
    };
    parts.write(
        spec,
        spec.sign,
        spec.width,
        locale_of(spec, locale).as_ref(),
        out,
    )
}

fn locale_of(spec: &FormatSpec, locale: Option<&Locale>) -> Option<Locale> {
    if spec.letter() == 'n' {
        locale.cloned()
    } else {
        Locale::for_grouping(spec.grouping)
    }
}

/// Renders an integer as a character.
///
/// # Errors
/// Overflow if it is no code point.
pub fn format_char(spec: &FormatSpec, value: i64, out: &mut TextBuf) -> Result<(), NumericError> {
    let ch = u32::try_from(value)
        .ok()
        .filter(|&c| c <= taipan_text::MAX_CODE_POINT);
    let ch = ch.ok_or_else(|| NumericError::overflow("%c arg not in range(0x110000)"))?;
    let rest = TextBuf::from_chars([ch]);
    let parts = Parts {
        negative: false,
        prefix: "",
        digits: "",
        fraction: None,
        rest,
    };
    parts.write(spec, Sign::Default, spec.width, None, out)
}

/// The text of a float by presentation type, precision and `#`, before sign, grouping and padding.
fn float_text(spec: &FormatSpec, value: f64, dot_zero: bool) -> Result<String, NumericError> {
    if spec.precision.is_some_and(|p| p > i32::MAX as usize) {
        return Err(NumericError::value("precision too big"));
    }
    let letter = spec.letter();
    let mut options = Options {
        alternate: spec.alternate,
        no_negative_zero: spec.no_negative_zero,
        upper: matches!(letter, 'E' | 'F' | 'G'),
        ..Options::default()
    };
    let precision = spec.precision.unwrap_or(6);
    Ok(match letter {
        'e' | 'E' => double::to_text(value, Style::Exponent, precision, options),
        'f' | 'F' => double::to_text(value, Style::Fixed, precision, options),
        '%' => double::to_text(value * 100.0, Style::Fixed, precision, options) + "%",
        'g' | 'G' | 'n' => double::to_text(value, Style::General, precision, options),
        _ => {
            options.dot_zero = dot_zero;
            let style = if spec.precision.is_some() {
                Style::General
            } else {
                Style::Repr
            };
            double::to_text(value, style, precision, options)
        }
    })
}

/// Renders a float. `locale` is used by `n` alone; without one it is C's.
///
/// # Errors
/// Value errors for unknown presentation types and precisions beyond 32 bits.
pub fn format_float(
    spec: &FormatSpec,
    type_name: &str,
    value: f64,
    locale: Option<&Locale>,
    out: &mut TextBuf,
) -> Result<(), NumericError> {
    if !matches!(
        spec.letter(),
        '\0' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%'
    ) {
        return Err(unknown_kind(spec.kind, type_name));
    }
    let text = float_text(spec, value, true)?;
    Parts::of_float(&text).write(
        spec,
        spec.sign,
        spec.width,
        locale_of(spec, locale).as_ref(),
        out,
    )
}

/// Renders a complex number. `locale` is used by `n` alone; without one it is C's.
///
/// # Errors
/// Value errors for options that complex numbers do not have.
pub fn format_complex(
    spec: &FormatSpec,
    type_name: &str,
    (real, imag): (f64, f64),
    locale: Option<&Locale>,
    out: &mut TextBuf,
) -> Result<(), NumericError> {
    if !matches!(
        spec.letter(),
        '\0' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n'
    ) {
        return Err(unknown_kind(spec.kind, type_name));
    }
    if spec.precision.is_some_and(|p| p > i32::MAX as usize) {
        return Err(NumericError::value("precision too big"));
    }
    if spec.fill == u32::from('0') {
        return Err(NumericError::value(
            "Zero padding is not allowed in complex format specifier",
        ));
    }
    if spec.align == Align::AfterSign {
        return Err(NumericError::value(
            "'=' alignment flag is not allowed in complex format specifier",
        ));
    }
    let plain = spec.letter() == '\0';
    let without_real = plain && real == 0.0 && real.is_sign_positive();
    let locale = locale_of(spec, locale);
    let unpadded = FormatSpec {
        fill: 0,
        align: Align::Left,
        ..spec.clone()
    };
    let mut body = TextBuf::new();
    if plain && !without_real {
        body.push('('.into());
    }
    if !without_real {
        let text = float_text(spec, real, false)?;
        Parts::of_float(&text).write(&unpadded, spec.sign, None, locale.as_ref(), &mut body)?;
    }
    let text = float_text(spec, imag, false)?;
    let sign = if without_real { spec.sign } else { Sign::Plus };
    Parts::of_float(&text).write(&unpadded, sign, None, locale.as_ref(), &mut body)?;
    body.push('j'.into());
    if plain && !without_real {
        body.push(')'.into());
    }
    let (before, _, after) = padding(
        spec.align,
        spec.width.unwrap_or(0).saturating_sub(body.len()),
    );
    reserve(
        out,
        Form::of(spec.fill),
        body.len().saturating_add(before + after),
    )?;
    out.push_repeat(spec.fill, before);
    out.push_text(body.as_text());
    out.push_repeat(spec.fill, after);
    Ok(())
}
