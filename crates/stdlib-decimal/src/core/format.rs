//! `format()`: the part of the format-specification language that decimal numbers have, and rendering by it.

use super::coeff::{Coeff, MAX_DIGITS};
use super::number::{Dec, Kind};
use super::quantize::rescale;
use super::rules::{MAX_PREC, Rules};
use super::text::to_text;

/// What is wrong with a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// It is none.
    Syntax,
    /// The precision, width or grouping is beyond what is supported.
    Limits,
    /// The width is no size.
    Width,
    /// The result would be too long.
    Memory,
}

/// What numbers look like: the C locale, or what `n` and the tests ask for.
#[derive(Clone, Debug, Default)]
pub struct Locale {
    /// Decimal point.
    pub dot: String,
    /// Separator of groups.
    pub sep: String,
    /// Sizes of groups from the right, as `localeconv` gives them: 0 repeats the size before it, 127 ends grouping.
    pub grouping: Vec<u8>,
}

/// A parsed specification.
#[derive(Clone, Debug)]
pub struct Spec {
    fill: char,
    align: char,
    sign: char,
    no_negative_zero: bool,
    alternate: bool,
    zero_pad: bool,
    width: u128,
    separator: Option<char>,
    precision: Option<i64>,
    fraction_separator: Option<char>,
    kind: char,
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
}

impl Reader<'_> {
    fn one_of(&mut self, set: &str) -> Option<char> {
        self.chars.next_if(|&c| set.contains(c))
    }

    /// A number; one that is too large is as good as the largest.
    fn number(&mut self) -> Option<u128> {
        let mut value: Option<u128> = None;
        let digit = |c: char| taipan_unicode::decimal(c.into());
        while let Some(d) = self.chars.peek().copied().and_then(digit) {
            self.chars.next();
            let v = value.unwrap_or(0);
            value = Some(v.saturating_mul(10).saturating_add(u128::from(d)));
        }
        value
    }
}

impl Spec {
    /// Parses a specification; `None` if it is none. Without a type, `capitals` decides between `g` and `G`.
    pub fn parse(text: &str, capitals: bool) -> Option<Spec> {
        let mut chars = text.chars();
        let (first, second) = (chars.next(), chars.next());
        let is_align = |c: Option<char>| c.filter(|&c| "<>=^".contains(c));
        let mut given_fill = None;
        let mut given_align = None;
        let mut rest = text;
        if let (Some(fill), Some(align)) = (first, is_align(second)) {
            given_fill = Some(fill);
            given_align = Some(align);
            rest = chars.as_str();
        } else if let Some(align) = is_align(first) {
            given_align = Some(align);
            rest = &text[1..];
        }
        let mut r = Reader {
            chars: rest.chars().peekable(),
        };
        let sign = r.one_of("+- ").unwrap_or('-');
        let no_negative_zero = r.one_of("z").is_some();
        let alternate = r.one_of("#").is_some();
        let zero_pad = r.one_of("0").is_some();
        if zero_pad && (given_fill.is_some() || given_align.is_some()) {
            return None;
        }
        let width = r.number().unwrap_or(0);
        let separator = r.one_of(",_");
        let mut precision = None;
        let mut fraction_separator = None;
        if r.one_of(".").is_some() {
            let digits = r.number();
            fraction_separator = r.one_of(",_");
            if digits.is_none() && fraction_separator.is_none() {
                return None;
            }
            precision = digits.map(|p| i64::try_from(p).unwrap_or(i64::MAX));
        }
        let kind = r.one_of("eEfFgGnN%");
        if r.chars.next().is_some() || (matches!(kind, Some('n' | 'N')) && separator.is_some()) {
            return None;
        }
        let kind = kind.unwrap_or(if capitals { 'G' } else { 'g' });
        if precision == Some(0) && matches!(kind, 'g' | 'G' | 'n' | 'N') {
            precision = Some(1);
        }
        Some(Spec {
            fill: given_fill.unwrap_or(' '),
            align: given_align.unwrap_or('>'),
            sign,
            no_negative_zero,
            alternate,
            zero_pad,
            width,
            separator,
            precision,
            fraction_separator,
            kind,
        })
    }

    /// Whether the locale decides what separates digits.
    pub fn wants_locale(&self) -> bool {
        matches!(self.kind, 'n' | 'N')
    }

    /// Whether the type is the deprecated `N`.
    pub fn is_deprecated(&self) -> bool {
        self.kind == 'N'
    }

    /// What the specification itself says about separators.
    pub fn own_locale(&self) -> Locale {
        Locale {
            dot: ".".to_owned(),
            sep: self.separator.map(String::from).unwrap_or_default(),
            grouping: if self.separator.is_some() {
                vec![3, 0]
            } else {
                Vec::new()
            },
        }
    }

    /// The number rounded as the specification asks.
    fn round(&self, d: &Dec, rules: &Rules) -> Result<Dec, FormatError> {
        let mut d = d.clone();
        if self.kind == '%' {
            d.exp += 2;
        }
        let Some(precision) = self.precision else {
            return Ok(d);
        };
        let to_exponent = |exp: i64| {
            if precision > MAX_PREC {
                Err(FormatError::Limits)
            } else {
                rescale(&d, exp, rules).ok_or(FormatError::Memory)
            }
        };
        match self.kind {
            'f' | 'F' | '%' => to_exponent(precision.saturating_neg()),
            'e' | 'E' => round_to_digits(&d, precision.saturating_add(1), rules),
            _ if d.coeff.digits() > precision => round_to_digits(&d, precision, rules),
            _ => Ok(d),
        }
    }

    /// Renders a number.
    ///
    /// # Errors
    /// When the result would be too long.
    pub fn render(&self, d: &Dec, rules: &Rules, locale: &Locale) -> Result<String, FormatError> {
        let width = usize::try_from(self.width)
            .ok()
            .filter(|&w| isize::try_from(w).is_ok())
            .ok_or(FormatError::Width)?;
        if width > isize::MAX as usize / 2 || locale.grouping.iter().any(|&n| n > 127) {
            return Err(FormatError::Limits);
        }
        if width as u64 > 1 << 36 {
            return Err(FormatError::Memory);
        }
        if d.kind != Kind::Finite {
            let mut body = to_text(&d.magnitude(), false, true);
            if self.kind == '%' {
                body.push('%');
            }
            return Ok(self.align(self.sign_text(d.negative), &body, width));
        }
        let mut d = self.round(d, rules)?;
        let fixed = matches!(self.kind, 'f' | 'F' | '%');
        if fixed && d.coeff.is_zero() && d.exp > 0 {
            d = Dec::finite(d.negative, Coeff::ZERO, 0);
        }
        let negative = d.negative && !(self.no_negative_zero && d.coeff.is_zero());
        let digits = d.coeff.to_digits();
        let count = digits.len() as i64;
        let left = d.exp + count;
        let point = match self.kind {
            'e' | 'E' => match self.precision {
                Some(precision) if d.coeff.is_zero() => 1i64.saturating_sub(precision),
                _ => 1,
            },
            'f' | 'F' | '%' => left,
            _ if d.exp <= 0 && left > -6 => left,
            _ => 1,
        };
        if point.unsigned_abs() > MAX_DIGITS.unsigned_abs() {
            return Err(FormatError::Memory);
        }
        let zeros = |n: i64| "0".repeat(usize::try_from(n).unwrap_or(0));
        let (whole, fraction) = if point <= 0 {
            ("0".to_owned(), zeros(-point) + &digits)
        } else if point >= count {
            (digits + &zeros(point - count), String::new())
        } else {
            let (a, b) = digits.split_at(usize::try_from(point).unwrap_or(0));
            (a.to_owned(), b.to_owned())
        };
        let mut tail = String::new();
        if !fraction.is_empty() || self.alternate {
            tail.push_str(&locale.dot);
            self.push_fraction(&fraction, &mut tail);
        }
        let exponent = left - point;
        if exponent != 0 || matches!(self.kind, 'e' | 'E') {
            let letter = if matches!(self.kind, 'E' | 'G' | 'N') {
                'E'
            } else {
                'e'
            };
            tail.push_str(&format!("{letter}{exponent:+}"));
        }
        if self.kind == '%' {
            tail.push('%');
        }
        let sign = self.sign_text(negative);
        let wanted = if self.zero_pad {
            width.saturating_sub(tail.chars().count() + sign.len())
        } else {
            0
        };
        let body = group(&whole, wanted, locale) + &tail;
        Ok(self.align(sign, &body, width))
    }

    fn push_fraction(&self, fraction: &str, out: &mut String) {
        match self.fraction_separator {
            None => out.push_str(fraction),
            Some(separator) => {
                for (i, c) in fraction.chars().enumerate() {
                    if i > 0 && i % 3 == 0 {
                        out.push(separator);
                    }
                    out.push(c);
                }
            }
        }
    }

    fn sign_text(&self, negative: bool) -> &'static str {
        match (negative, self.sign) {
            (true, _) => "-",
            (false, '+') => "+",
            (false, ' ') => " ",
            _ => "",
        }
    }

    fn align(&self, sign: &str, body: &str, width: usize) -> String {
        let missing = width.saturating_sub(sign.len() + body.chars().count());
        let (before, inside, after) = match self.align {
            '<' => (0, 0, missing),
            '=' => (0, missing, 0),
            '^' => (missing / 2, 0, missing - missing / 2),
            _ => (missing, 0, 0),
        };
        let fill = |n: usize, out: &mut String| out.extend(std::iter::repeat_n(self.fill, n));
        let mut out = String::new();
        fill(before, &mut out);
        out.push_str(sign);
        fill(inside, &mut out);
        out.push_str(body);
        fill(after, &mut out);
        out
    }
}

/// Rounds to a number of digits, or fills up with zeros.
fn round_to_digits(d: &Dec, digits: i64, rules: &Rules) -> Result<Dec, FormatError> {
    if d.coeff.is_zero() {
        return Ok(d.clone());
    }
    if digits > MAX_PREC {
        return Err(FormatError::Limits);
    }
    let exp = d.exp + d.coeff.digits() - digits;
    let rounded = rescale(d, exp, rules).ok_or(FormatError::Memory)?;
    if rounded.coeff.digits() > digits {
        // Nines became a power of ten.
        return rescale(&rounded, exp + 1, rules).ok_or(FormatError::Memory);
    }
    Ok(rounded)
}

/// Digits with separators from the right, filled up with zeros to `wanted` characters.
fn group(digits: &str, wanted: usize, locale: &Locale) -> String {
    let separator = locale.sep.chars().count();
    let mut left = digits;
    let mut wanted = wanted as i64;
    let mut groups: Vec<(usize, &str)> = Vec::new();
    let mut sizes = locale.grouping.iter().copied();
    let mut size = None;
    loop {
        size = match sizes.next() {
            Some(127) => {
                sizes = [].iter().copied();
                None
            }
            Some(0) | None => size,
            Some(n) => Some(usize::from(n)),
        };
        let rest = left.len().max(usize::try_from(wanted).unwrap_or(0)).max(1);
        let len = size.map_or(rest, |s| s.min(rest));
        let take = len.min(left.len());
        let (before, here) = left.split_at(left.len() - take);
        groups.push((len - take, here));
        left = before;
        wanted -= len as i64;
        if left.is_empty() && wanted <= 0 {
            break;
        }
        wanted -= separator as i64;
    }
    let mut out = String::new();
    for (i, (zeros, digits)) in groups.iter().rev().enumerate() {
        if i > 0 {
            out.push_str(&locale.sep);
        }
        out.extend(std::iter::repeat_n('0', *zeros));
        out.push_str(digits);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::text::from_text_exactly;
    use super::*;

    fn render(number: &str, spec: &str) -> String {
        let d = from_text_exactly(number, &mut 0);
        let Some(spec) = Spec::parse(spec, true) else {
            return "invalid".to_owned();
        };
        let locale = spec.own_locale();
        spec.render(&d, &Rules::MAX, &locale)
            .unwrap_or_else(|e| format!("{e:?}"))
    }

    #[test]
    fn specifications_render_as_in_cpython() {
        for (number, spec, expected) in [
            ("1234567.8915", "020,.2f", "0,000,001,234,567.89"),
            ("1234567.8915", ".6_f", "1234567.891_500"),
            ("-0", ".3e", "-0.000e+3"),
            ("0E+5", "020", "00000000000000000E+5"),
            ("-0.04", "z.1f", "0.0"),
            ("1E+20", "%", "10000000000000000000000%"),
            ("NaN", "020", "                 NaN"),
            ("9.99", ".2g", "10"),
            ("1", "<010", "invalid"),
            ("1", ",n", "invalid"),
        ] {
            assert_eq!(render(number, spec), expected, "{number} {spec}");
        }
    }
}
