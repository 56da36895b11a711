//! Machine integers as text without an allocation.

/// The text of a machine integer.
pub struct Digits {
    buffer: [u8; 72],
    start: usize,
}

impl Digits {
    fn empty() -> Digits {
        let buffer = [0; 72];
        Digits {
            start: buffer.len(),
            buffer,
        }
    }

    fn push(&mut self, c: u8) {
        // There is room for the longest number, in base 2 with sign and prefix.
        if let Some(at) = self.start.checked_sub(1)
            && let Some(place) = self.buffer.get_mut(at)
        {
            *place = c;
            self.start = at;
        }
    }

    /// In decimal.
    pub fn decimal(n: i64) -> Digits {
        let mut out = Digits::empty();
        let mut rest = n.unsigned_abs();
        loop {
            out.push(b'0' + (rest % 10) as u8);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if n < 0 {
            out.push(b'-');
        }
        out
    }

    /// In base `1 << bits` (2, 8 or 16), with a prefix behind the sign.
    pub fn binary(n: i64, bits: u32, prefix: &str) -> Digits {
        let mut out = Digits::empty();
        let mut rest = n.unsigned_abs();
        loop {
            let digit = (rest & ((1 << bits) - 1)) as u8;
            out.push(if digit < 10 {
                b'0' + digit
            } else {
                b'a' - 10 + digit
            });
            rest >>= bits;
            if rest == 0 {
                break;
            }
        }
        prefix.bytes().rev().for_each(|c| out.push(c));
        if n < 0 {
            out.push(b'-');
        }
        out
    }

    /// The text, which is ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_the_standard_library_writes_them() {
        for n in [0, 1, -1, 9, 10, 255, -4096, i64::MAX, i64::MIN] {
            assert_eq!(Digits::decimal(n).as_str(), n.to_string());
            let size = n.unsigned_abs();
            let sign = if n < 0 { "-" } else { "" };
            let binary = |bits, prefix| Digits::binary(n, bits, prefix).as_str().to_owned();
            assert_eq!(binary(1, "0b"), format!("{sign}0b{size:b}"));
            assert_eq!(binary(3, "0o"), format!("{sign}0o{size:o}"));
            assert_eq!(binary(4, ""), format!("{sign}{size:x}"));
        }
    }
}
