//! The subject's characters, in one, two or four bytes. Everything that runs over text is written once over `Char`.

/// A unit of the subject.
pub(crate) trait Char: Copy + Eq {
    /// The code point.
    fn code(self) -> u32;
    /// The unit for a code point, if it fits.
    fn of(code: u32) -> Option<Self>;
    /// The first place of `wanted`.
    fn find(text: &[Self], wanted: Self) -> Option<usize> {
        text.iter().position(|&unit| unit == wanted)
    }
    /// The last place of `wanted`.
    fn rfind(text: &[Self], wanted: Self) -> Option<usize> {
        text.iter().rposition(|&unit| unit == wanted)
    }
    /// The text as bytes, if its units are bytes.
    fn bytes(_text: &[Self]) -> Option<&[u8]> {
        None
    }
}

impl Char for u8 {
    #[inline(always)]
    fn code(self) -> u32 {
        u32::from(self)
    }
    #[inline]
    fn of(code: u32) -> Option<u8> {
        u8::try_from(code).ok()
    }
    #[inline]
    fn find(text: &[u8], wanted: u8) -> Option<usize> {
        memchr::memchr(wanted, text)
    }
    #[inline]
    fn rfind(text: &[u8], wanted: u8) -> Option<usize> {
        memchr::memrchr(wanted, text)
    }
    fn bytes(text: &[u8]) -> Option<&[u8]> {
        Some(text)
    }
}

impl Char for u16 {
    #[inline(always)]
    fn code(self) -> u32 {
        u32::from(self)
    }
    #[inline]
    fn of(code: u32) -> Option<u16> {
        u16::try_from(code).ok()
    }
}

impl Char for u32 {
    #[inline(always)]
    fn code(self) -> u32 {
        self
    }
    #[inline]
    fn of(code: u32) -> Option<u32> {
        Some(code)
    }
}
