//! Number literals.

use dashu_int::UBig;
use taipan_ast::{Constant, Expr, ExprKind};

use crate::errors::Column;
use crate::generated::number;
use crate::parser::Parser;

impl<'a> Parser<'a> {
    /// Matches a number: its constant.
    pub fn number(&mut self) -> Option<&'a Expr<'a>> {
        let start = self.mark;
        let tok = self.take(number::NUMBER)?;
        let text = self.text(tok);
        let stripped;
        let digits = if text.contains('_') {
            if self.options.feature_version < 6 {
                return self.raise_last(
                    "Underscores in numeric literals are only supported in Python 3.6 and greater"
                        .to_owned(),
                );
            }
            stripped = text.replace('_', "");
            stripped.as_str()
        } else {
            text
        };
        let value = self.number_value(digits)?;
        Some(self.expr(ExprKind::Constant { value, kind: None }, start))
    }

    fn number_value(&mut self, text: &str) -> Option<Constant<'a>> {
        let bytes = text.as_bytes();
        match bytes {
            [b'0', b'x' | b'X', ..] => return Some(self.power_of_two_literal(text, 4)),
            [b'0', b'o' | b'O', ..] => return Some(self.power_of_two_literal(text, 3)),
            [b'0', b'b' | b'B', ..] => return Some(self.power_of_two_literal(text, 1)),
            [.., b'j' | b'J'] => {
                let imag = text[..text.len() - 1].parse().unwrap_or(f64::INFINITY);
                return Some(Constant::Complex { real: 0.0, imag });
            }
            _ => {}
        }
        if bytes.iter().any(|b| matches!(b, b'.' | b'e' | b'E')) {
            return Some(Constant::Float(text.parse().unwrap_or(f64::INFINITY)));
        }
        if let Ok(value) = text.parse::<i64>() {
            return Some(Constant::Int(value));
        }
        let limit = self.options.int_max_str_digits;
        if limit > 0 && bytes.len() > limit {
            return self.raise_digits_limit(limit, bytes.len());
        }
        let magnitude = UBig::from_str_radix(text, 10)
            .unwrap_or(UBig::ZERO)
            .to_le_bytes();
        Some(Constant::BigInt {
            negative: false,
            magnitude: self.arena.alloc_bytes(&magnitude),
        })
    }

    #[cold]
    fn raise_digits_limit<T>(&mut self, limit: usize, digits: usize) -> Option<T> {
        let loc = self.previous_entry().loc;
        self.raise_columns(
            loc.lineno,
            Column::Shown(0),
            loc.end_lineno,
            Column::Shown(0),
            format!(
                "Exceeds the limit ({limit} digits) for integer string conversion: value has {digits} digits; use \
                 sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals \
                 to avoid decimal conversion limits."
            ),
        );
        None
    }

    /// A literal whose digits are `bits` bits each, after a prefix of two characters.
    fn power_of_two_literal(&mut self, text: &str, bits: u32) -> Constant<'a> {
        let digits = text.get(2..).unwrap_or("");
        if let Ok(value) = i64::from_str_radix(digits, 1 << bits) {
            return Constant::Int(value);
        }
        let mut magnitude = Vec::with_capacity(digits.len() / 2 + 1);
        let mut pending = 0_u32;
        let mut count = 0;
        for digit in digits.chars().rev().filter_map(|c| c.to_digit(1 << bits)) {
            pending |= digit << count;
            count += bits;
            if count >= 8 {
                magnitude.push(pending as u8);
                pending >>= 8;
                count -= 8;
            }
        }
        magnitude.push(pending as u8);
        while magnitude.last() == Some(&0) {
            magnitude.pop();
        }
        Constant::BigInt {
            negative: false,
            magnitude: self.arena.alloc_bytes(&magnitude),
        }
    }

    /// The real part of a complex literal in a pattern.
    pub fn ensure_real(&mut self, number: &'a Expr<'a>) -> Option<&'a Expr<'a>> {
        if matches!(
            number.kind,
            ExprKind::Constant {
                value: Constant::Complex { .. },
                ..
            }
        ) {
            self.raise_at(number, "real number required in complex literal".to_owned());
            return None;
        }
        Some(number)
    }

    /// The imaginary part of a complex literal in a pattern.
    pub fn ensure_imaginary(&mut self, number: &'a Expr<'a>) -> Option<&'a Expr<'a>> {
        if !matches!(
            number.kind,
            ExprKind::Constant {
                value: Constant::Complex { .. },
                ..
            }
        ) {
            self.raise_at(
                number,
                "imaginary number required in complex literal".to_owned(),
            );
            return None;
        }
        Some(number)
    }
}
