//! Character sets: from codes of two bytes to characters and back, unpacked when a codec is made.
//!
//! A code is the two bytes of its EUC form (or the encoding's own, where there is none), with [`PLANE_2`] for the sets that
//! EUC puts behind 0x8F. A table is made of layers, of which later ones add to and change earlier ones.

/// Marks codes of the second plane.
pub(super) const PLANE_2: u32 = 0x1_0000;

/// A table that changes those below it, packed as steps. A step begins with a byte:
///
/// - below 0x80, and one more: 15 bits, how far (less 0x4000) the next character is from the one that one would expect;
/// - 0x80: as many characters as the low six bits say and one, each following the one before;
/// - 0xC0: the low five bits say how many codes and one have none;
/// - 0xE0: three bytes, the next code; 0xE1: three bytes, the next character;
/// - 0xE2: four bytes, two characters; 0xE3: the code has no character any more.
pub(super) struct Layer {
    pub(super) codes: &'static [u8],
    /// Characters that are encoded other than one would expect, with their codes; 0 for none. They count when this is the
    /// highest layer.
    pub(super) exceptions: &'static [(u32, u32)],
}

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Nothing,
    /// A higher layer took its character away.
    Removed,
    One(u32),
    Two(u32, u32),
}

/// The steps of a layer, as codes with what they mean.
struct Steps {
    rest: &'static [u8],
    code: u32,
    char: u32,
    run: u32,
}

impl Steps {
    fn number(&mut self, bytes: usize) -> Option<u32> {
        let (head, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(head.iter().fold(0, |n, &b| n << 8 | u32::from(b)))
    }

    fn take(&mut self, meaning: Meaning) -> (u32, Meaning) {
        self.code += 1;
        (self.code - 1, meaning)
    }
}

impl Iterator for Steps {
    type Item = (u32, Meaning);

    fn next(&mut self) -> Option<Self::Item> {
        while self.run == 0 {
            let step = self.number(1)?;
            match step {
                0..=0x7F => {
                    let delta = step << 8 | self.number(1)?;
                    self.char = (self.char + delta).checked_sub(0x4000)?;
                    self.run = 1;
                }
                0x80..=0xBF => self.run = (step & 0x3F) + 1,
                0xC0..=0xDF => self.code += (step & 0x1F) + 1,
                0xE0 => self.code = self.number(3)?,
                0xE1 => {
                    self.char = self.number(3)?.checked_sub(1)?;
                    self.run = 1;
                }
                0xE2 => {
                    let (a, b) = (self.number(2)?, self.number(2)?);
                    return Some(self.take(Meaning::Two(a, b)));
                }
                _ => return Some(self.take(Meaning::Removed)),
            }
        }
        self.run -= 1;
        self.char += 1;
        Some(self.take(Meaning::One(self.char)))
    }
}

impl Layer {
    fn steps(&self) -> Steps {
        Steps {
            rest: self.codes,
            code: 0,
            char: 0,
            run: 0,
        }
    }
}

/// Numbers by number, in pages of 256.
#[derive(Default)]
struct Pages(Vec<Option<Box<[u32; 256]>>>);

impl Pages {
    fn get(&self, index: u32) -> u32 {
        let page = self.0.get((index >> 8) as usize).and_then(Option::as_ref);
        page.map_or(0, |page| page[(index & 0xFF) as usize])
    }

    fn slot(&mut self, index: u32) -> &mut u32 {
        let page = (index >> 8) as usize;
        if self.0.len() <= page {
            self.0.resize_with(page + 1, || None);
        }
        let page = self.0[page].get_or_insert_with(|| Box::new([0; 256]));
        &mut page[(index & 0xFF) as usize]
    }
}

/// Marks an entry of two characters; their numbers fit 15 and 16 bits.
const TWO: u32 = 1 << 31;

/// A code whose character was taken away.
const REMOVED: u32 = 1 << 30;

/// The code of characters that are known to have none.
const NONE: u32 = u32::MAX;

/// What a table says of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// It has this code.
    Is(u32),
    /// It is not to be encoded, whatever other tables say.
    Not,
    /// Nothing.
    Unknown,
}

/// An unpacked character set.
#[derive(Default)]
pub(super) struct Table {
    chars: Pages,
    codes: Pages,
    /// Two characters that have one code.
    pairs: Vec<(u32, u32, u32)>,
    /// Only the low half of a pair's second character counts.
    short_pairs: bool,
}

impl Table {
    pub(super) fn new(layers: &[&Layer]) -> Table {
        let mut table = Table::default();
        for layer in layers {
            for (code, meaning) in layer.steps() {
                *table.chars.slot(code) = match meaning {
                    Meaning::Nothing => 0,
                    Meaning::Removed => REMOVED,
                    Meaning::One(c) => c,
                    Meaning::Two(a, b) => TWO | a << 16 | b,
                };
            }
        }
        // A character's code is in the first plane if it can be, in the highest layer, and the first there.
        for layer in layers.iter().rev() {
            for (code, meaning) in layer.steps() {
                if table.decode(code) != meaning {
                    continue;
                }
                match meaning {
                    Meaning::Nothing | Meaning::Removed => {}
                    Meaning::Two(a, b) => table.pairs.push((a, b, code)),
                    Meaning::One(c) => {
                        let slot = table.codes.slot(c);
                        if *slot == 0 || *slot >= PLANE_2 && code < PLANE_2 {
                            *slot = code;
                        }
                    }
                }
            }
        }
        for &(c, code) in layers.last().iter().flat_map(|layer| layer.exceptions) {
            *table.codes.slot(c) = if code == 0 { NONE } else { code };
        }
        table
    }

    pub(super) fn decode(&self, code: u32) -> Meaning {
        match self.chars.get(code) {
            0 => Meaning::Nothing,
            REMOVED => Meaning::Removed,
            two if two & TWO != 0 => Meaning::Two((two & !TWO) >> 16, two & 0xFFFF),
            c => Meaning::One(c),
        }
    }

    pub(super) fn code(&self, c: u32) -> Code {
        match self.codes.get(c) {
            0 => Code::Unknown,
            NONE => Code::Not,
            code => Code::Is(code),
        }
    }

    pub(super) fn encode(&self, c: u32) -> Option<u32> {
        match self.code(c) {
            Code::Is(code) => Some(code),
            _ => None,
        }
    }

    /// Do two characters that begin with this one have a code?
    pub(super) fn begins_pair(&self, c: u32) -> bool {
        self.pairs.iter().any(|pair| pair.0 == c)
    }

    pub(super) fn encode_pair(&self, a: u32, b: u32) -> Option<u32> {
        // CPython looks at 16 bits of the second character here; where they are 0, it takes both for the first, but for
        // a null character.
        let low = b & 0xFFFF;
        if self.short_pairs && low == 0 {
            return if b == 0 { None } else { self.encode(a) };
        }
        let b = if self.short_pairs { low } else { b };
        let found = self.pairs.iter().find(|pair| (pair.0, pair.1) == (a, b));
        found.map(|pair| pair.2)
    }

    /// The table for JIS X 0213.
    pub(super) fn with_short_pairs(mut self) -> Table {
        self.short_pairs = true;
        self
    }
}
