//! Code made ready to run.

use std::cell::{Cell, OnceCell};

use crate::chars::{ascii_lower, in_set, members, unicode_lower};
use crate::code::{at, category, info, op};
use crate::filter::Filter;
use crate::state::{Env, NoEnv};
use crate::validate::{InvalidCode, validate};

/// A set, with an answer at hand for each of the first 256 characters. What the opcode does to a character before it
/// looks it up (lowercase) is in the bitmap already.
pub(crate) struct Set {
    bitmap: [u64; 4],
    op: u32,
    /// Where the set is in the code.
    start: usize,
    /// Asks the locale, so that the bitmap does not count.
    locale: bool,
}

/// Which characters can be somewhere.
#[derive(Clone, Copy, Default)]
pub(crate) struct Members {
    /// Those below 256.
    bits: [u64; 4],
    /// Perhaps others.
    pub(crate) wide: bool,
}

impl Members {
    pub(crate) const ALL: Members = Members {
        bits: [u64::MAX; 4],
        wide: true,
    };

    /// Those below 256 that pass `test`.
    pub(crate) fn those(wide: bool, test: impl Fn(u8) -> bool) -> Members {
        let mut bits = [0; 4];
        for ch in 0..=255u8 {
            bits[usize::from(ch >> 6)] |= u64::from(test(ch)) << (ch & 63);
        }
        Members { bits, wide }
    }

    #[inline(always)]
    pub(crate) fn has(&self, ch: u8) -> bool {
        self.bits[usize::from(ch >> 6)] >> (ch & 63) & 1 == 1
    }

    pub(crate) fn add(&mut self, other: &Members) {
        for (word, more) in self.bits.iter_mut().zip(other.bits) {
            *word |= more;
        }
        self.wide |= other.wide;
    }

    /// How many there are below 256.
    pub(crate) fn count(&self) -> u32 {
        self.bits.iter().map(|word| word.count_ones()).sum()
    }
}

impl Set {
    /// What the set can have, beyond 256 in rough.
    pub(crate) fn members(&self) -> Members {
        if self.locale {
            return Members::ALL;
        }
        Members {
            bits: self.bitmap,
            wide: true,
        }
    }

    /// Whether the set has `ch`. `code` is the program's.
    #[inline(always)]
    pub(crate) fn has(&self, code: &[u32], env: &dyn Env, ch: u32) -> bool {
        if ch < 256 && !self.locale {
            self.bitmap[(ch >> 6) as usize & 3] >> (ch & 63) & 1 == 1
        } else {
            self.look_up(code, env, ch)
        }
    }

    #[cold]
    fn look_up(&self, code: &[u32], env: &dyn Env, ch: u32) -> bool {
        let is_in = |ch| in_set(env, code, self.start, ch);
        match self.op {
            op::IN_IGNORE => is_in(ascii_lower(ch)),
            op::IN_UNI_IGNORE => is_in(unicode_lower(ch)),
            op::IN_LOC_IGNORE => match u8::try_from(ch) {
                Ok(byte) => {
                    let lower = is_in(u32::from(env.locale_lower(byte)));
                    // A negated set must not have either case.
                    let negated = code.get(self.start) == Some(&op::NEGATE);
                    if lower == negated {
                        is_in(u32::from(env.locale_upper(byte)))
                    } else {
                        lower
                    }
                }
                Err(_) => is_in(ch),
            },
            _ => is_in(ch),
        }
    }
}

/// The literal text that every match starts with.
pub(crate) struct Prefix {
    pub(crate) chars: Vec<u32>,
    /// For each length of a partial match that fails, how much of it can be kept.
    pub(crate) overlap: Vec<usize>,
    /// How much of it need not be matched again, as no group starts within.
    pub(crate) skip: usize,
    /// The searcher for subjects of bytes; `None` if a character does not fit one.
    pub(crate) bytes: Option<memchr::memmem::Finder<'static>>,
}

/// A validated program.
pub struct Program {
    /// The code as it came.
    pub(crate) code: Vec<u32>,
    /// The same, but the first word of each set is its index in `sets`.
    pub(crate) exec: Vec<u32>,
    pub(crate) sets: Vec<Set>,
    pub(crate) groups: usize,
    /// Marks that the code can set.
    pub(crate) marks: usize,
    /// Where execution starts: behind the `INFO` block.
    pub(crate) entry: usize,
    /// Shortest match.
    pub(crate) min_width: usize,
    pub(crate) prefix: Option<Prefix>,
    /// The prefix is all of the pattern.
    pub(crate) literal: bool,
    /// The set that every match starts with a character of.
    pub(crate) first: Option<usize>,
    /// Made when searches are many or long.
    filter: OnceCell<Option<Filter>>,
    searches: Cell<u8>,
}

/// Searches of short texts before a filter is made.
const FEW_SEARCHES: u8 = 8;

/// A text that a filter is made for at once.
const LONG_TEXT: usize = 1024;

impl Program {
    /// Validates `code` of a pattern with `groups` groups and prepares it.
    pub fn new(code: &[u32], groups: usize) -> Result<Program, InvalidCode> {
        let (found, marks) = validate(code, groups)?;
        let mut exec = code.to_vec();
        let mut sets = Vec::with_capacity(found.len());
        for set in &found {
            exec[set.start] = sets.len() as u32;
            let mut made = Set {
                bitmap: [0; 4],
                op: set.op,
                start: set.start,
                locale: asks_locale(code, set.op, set.start),
            };
            if !made.locale {
                let members = members(&NoEnv, code, set.start);
                let lower: Option<fn(u32) -> u32> = match set.op {
                    op::IN_IGNORE => Some(ascii_lower),
                    op::IN_UNI_IGNORE => Some(unicode_lower),
                    _ => None,
                };
                made.bitmap = match lower {
                    None => members,
                    Some(lower) => std::array::from_fn(|word| {
                        (0..64).fold(0, |bits, bit| {
                            let ch = word as u32 * 64 + bit;
                            let low = lower(ch);
                            let has = match members.get((low >> 6) as usize) {
                                Some(members) => members >> (low & 63) & 1 == 1,
                                None => made.look_up(code, &NoEnv, ch),
                            };
                            bits | u64::from(has) << bit
                        })
                    }),
                };
            }
            sets.push(made);
        }
        let mut program = Program {
            code: code.to_vec(),
            exec,
            sets,
            groups,
            marks,
            entry: 0,
            min_width: 0,
            prefix: None,
            literal: false,
            first: None,
            filter: OnceCell::new(),
            searches: Cell::new(0),
        };
        program.read_info();
        Ok(program)
    }

    /// Number of groups, the whole match not counted.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The filter for a search in a text of a length, if there is one yet and it is of use.
    #[inline]
    pub(crate) fn filter(&self, length: usize) -> Option<&Filter> {
        match self.filter.get() {
            Some(made) => made.as_ref(),
            None => self.first_filter(length),
        }
    }

    #[cold]
    fn first_filter(&self, length: usize) -> Option<&Filter> {
        let searches = self.searches.get();
        if searches < FEW_SEARCHES && length < LONG_TEXT {
            self.searches.set(searches + 1);
            return None;
        }
        self.filter.get_or_init(|| Filter::of(self)).as_ref()
    }

    /// Whether matches start at the start of the text alone.
    pub(crate) fn is_anchored(&self) -> bool {
        self.exec.get(self.entry) == Some(&op::AT)
            && matches!(
                self.exec.get(self.entry + 1),
                Some(&(at::BEGINNING | at::BEGINNING_STRING))
            )
    }

    fn read_info(&mut self) {
        let [op::INFO, skip, flags, min, _max, ref rest @ ..] = self.code[..] else {
            return;
        };
        self.entry = 1 + skip as usize;
        self.min_width = min as usize;
        if flags & info::CHARSET != 0 {
            self.first = self.exec.get(5).map(|&index| index as usize);
        }
        if flags & info::PREFIX == 0 {
            return;
        }
        let [length, prefix_skip, ref rest @ ..] = *rest else {
            return;
        };
        let length = length as usize;
        let Some(chars @ [_, ..]) = rest.get(..length) else {
            return;
        };
        // What may be skipped are literals at the start of the code; we look rather than trust.
        let literals = self.code[self.entry..]
            .chunks_exact(2)
            .zip(chars)
            .take_while(|(code, ch)| code[0] == op::LITERAL && code[1] == **ch)
            .count();
        let skip = if prefix_skip as usize <= literals {
            prefix_skip as usize
        } else {
            0
        };
        self.literal = flags & info::LITERAL != 0 && skip == length;
        let bytes: Option<Vec<u8>> = chars.iter().map(|&ch| u8::try_from(ch).ok()).collect();
        self.prefix = Some(Prefix {
            chars: chars.to_vec(),
            overlap: overlap(chars),
            skip,
            bytes: bytes.map(|bytes| memchr::memmem::Finder::new(&bytes).into_owned()),
        });
    }
}

/// For each length of a partial match (less one), the length of the longest shorter one that it ends with. The compiler's
/// own table is the same; a false one could make a search go on for ever.
fn overlap(chars: &[u32]) -> Vec<usize> {
    let mut table = vec![0; chars.len()];
    let mut length = 0;
    for end in 1..chars.len() {
        while length > 0 && chars[length] != chars[end] {
            length = table[length - 1];
        }
        if chars[length] == chars[end] {
            length += 1;
        }
        table[end] = length;
    }
    table
}

/// Whether a set's answers depend on the locale.
fn asks_locale(code: &[u32], opcode: u32, start: usize) -> bool {
    if opcode == op::IN_LOC_IGNORE {
        return true;
    }
    let mut rest = code.get(start..).unwrap_or(&[]);
    loop {
        rest = match *rest {
            [
                op::CATEGORY,
                category::LOC_WORD | category::LOC_NOT_WORD,
                ..,
            ] => return true,
            [op::NEGATE, ref after @ ..] => after,
            [op::LITERAL | op::CATEGORY, _, ref after @ ..] => after,
            [op::RANGE | op::RANGE_UNI_IGNORE, _, _, ref after @ ..] => after,
            [op::CHARSET, ref after @ ..] => after.get(8..).unwrap_or(&[]),
            [op::BIGCHARSET, blocks, ref after @ ..] => after
                .get((blocks as usize).saturating_mul(8).saturating_add(64)..)
                .unwrap_or(&[]),
            _ => return false,
        };
    }
}
