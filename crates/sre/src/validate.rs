//! Refuses code that could lead the engine astray: every skip stays inside its block, every group exists, every set and
//! every alternative ends as it must. What it accepts is what CPython accepts, with two exceptions that the compiler
//! never makes: `REPEAT_ONE` of something else than one character, and nesting beyond [`MAX_DEPTH`].

use crate::code::{MAXGROUPS, at, category, info, op};

/// `RuntimeError: invalid SRE code`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidCode;

/// Blocks that may be inside each other. The compiler is recursive and gives up long before.
pub const MAX_DEPTH: u32 = 5_000;

/// A set that [`validate`] came upon, for the program to prepare.
#[derive(Clone, Copy)]
pub(crate) struct SetAt {
    /// The opcode it belongs to: one of the four `IN`, or `INFO`.
    pub(crate) op: u32,
    /// Index of its first word.
    pub(crate) start: usize,
}

type Checked<T> = Result<T, InvalidCode>;

/// Checks all of `code` for a pattern with `groups` groups; gives its sets, and the number of marks that it can set (which
/// may be far below what `groups` claims).
pub(crate) fn validate(code: &[u32], groups: usize) -> Checked<(Vec<SetAt>, usize)> {
    if groups > MAXGROUPS as usize || code.last() != Some(&op::SUCCESS) {
        return Err(InvalidCode);
    }
    let mut checker = Checker {
        code,
        groups,
        sets: Vec::new(),
        marks: 0,
    };
    match checker.block(0, code.len() - 1, MAX_DEPTH)? {
        Ends::Flowing => Ok((checker.sets, checker.marks)),
        Ends::Jumping => Err(InvalidCode),
    }
}

/// How a block ends.
enum Ends {
    Flowing,
    /// With a `JUMP`, whose operand lies behind the block.
    Jumping,
}

struct Checker<'a> {
    code: &'a [u32],
    groups: usize,
    sets: Vec<SetAt>,
    marks: usize,
}

impl Checker<'_> {
    /// The word at `at`, which must lie before `end`.
    fn word(&self, at: usize, end: usize) -> Checked<u32> {
        if at < end {
            self.code.get(at).copied().ok_or(InvalidCode)
        } else {
            Err(InvalidCode)
        }
    }

    /// Where the skip at `at` leads: past at least `least` words, not past `end`.
    fn skip(&self, at: usize, end: usize, least: usize) -> Checked<usize> {
        let skip = self.word(at, end)? as usize;
        let target = at.checked_add(skip).ok_or(InvalidCode)?;
        if skip >= least && target <= end {
            Ok(target)
        } else {
            Err(InvalidCode)
        }
    }

    fn expect(&self, at: usize, wanted: u32) -> Checked<()> {
        if self.code.get(at) == Some(&wanted) {
            Ok(())
        } else {
            Err(InvalidCode)
        }
    }

    fn flowing(&mut self, start: usize, end: usize, depth: u32) -> Checked<()> {
        match self.block(start, end, depth)? {
            Ends::Flowing => Ok(()),
            Ends::Jumping => Err(InvalidCode),
        }
    }

    /// Checks the instructions from `start` up to `end`.
    fn block(&mut self, start: usize, end: usize, depth: u32) -> Checked<Ends> {
        let depth = depth.checked_sub(1).ok_or(InvalidCode)?;
        if start > end {
            return Err(InvalidCode);
        }
        let mut at = start;
        while at < end {
            let opcode = self.word(at, end)?;
            at += 1;
            match opcode {
                op::MARK => {
                    let mark = self.word(at, end)? as usize;
                    if mark >= 2 * self.groups {
                        return Err(InvalidCode);
                    }
                    self.marks = self.marks.max(mark + 1);
                    at += 1;
                }
                op::LITERAL
                | op::NOT_LITERAL
                | op::LITERAL_IGNORE
                | op::NOT_LITERAL_IGNORE
                | op::LITERAL_UNI_IGNORE
                | op::NOT_LITERAL_UNI_IGNORE
                | op::LITERAL_LOC_IGNORE
                | op::NOT_LITERAL_LOC_IGNORE => {
                    self.word(at, end)?;
                    at += 1;
                }
                op::SUCCESS | op::FAILURE | op::ANY | op::ANY_ALL => {}
                op::AT => {
                    if self.word(at, end)? > at::UNI_NON_BOUNDARY {
                        return Err(InvalidCode);
                    }
                    at += 1;
                }
                op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE | op::IN_LOC_IGNORE => {
                    let after = self.skip(at, end, 2)?;
                    self.set(opcode, at + 1, after - 1)?;
                    at = after;
                }
                op::INFO => at = self.info(at, end)?,
                op::BRANCH => at = self.branch(at, end, depth)?,
                op::REPEAT_ONE | op::MIN_REPEAT_ONE | op::POSSESSIVE_REPEAT_ONE => {
                    let after = self.skip(at, end, 5)?;
                    self.limits(at)?;
                    self.one_character(at + 3, after - 1)?;
                    self.expect(after - 1, op::SUCCESS)?;
                    at = after;
                }
                op::REPEAT | op::POSSESSIVE_REPEAT => {
                    let last = self.skip(at, end, 3)?;
                    self.limits(at)?;
                    self.flowing(at + 3, last, depth)?;
                    match (opcode, self.word(last, end)?) {
                        (op::POSSESSIVE_REPEAT, op::SUCCESS)
                        | (op::REPEAT, op::MAX_UNTIL | op::MIN_UNTIL) => {}
                        _ => return Err(InvalidCode),
                    }
                    at = last + 1;
                }
                op::ATOMIC_GROUP => {
                    let after = self.skip(at, end, 2)?;
                    self.flowing(at + 1, after - 1, depth)?;
                    self.expect(after - 1, op::SUCCESS)?;
                    at = after;
                }
                op::GROUPREF
                | op::GROUPREF_IGNORE
                | op::GROUPREF_UNI_IGNORE
                | op::GROUPREF_LOC_IGNORE => {
                    self.group(at, end)?;
                    at += 1;
                }
                op::GROUPREF_EXISTS => {
                    self.group(at, end)?;
                    // The skip is relative to the word before it.
                    let skip = self.word(at + 1, end)? as usize;
                    let target = at
                        .checked_add(skip)
                        .filter(|&target| skip >= 2 && target <= end)
                        .ok_or(InvalidCode)?;
                    at = match self.block(at + 2, target, depth)? {
                        Ends::Flowing => target,
                        Ends::Jumping => {
                            // `JUMP` was the last word but one; its operand is the last.
                            let after = self.skip(target - 1, end, 1)?;
                            self.flowing(target, after, depth)?;
                            after
                        }
                    };
                }
                op::ASSERT | op::ASSERT_NOT => {
                    let after = self.skip(at, end, 3)?;
                    self.flowing(at + 2, after - 1, depth)?;
                    self.expect(after - 1, op::SUCCESS)?;
                    at = after;
                }
                // Legal as the end of the first part of a conditional alone; its operand is the block's last word.
                op::JUMP if at + 1 == end => return Ok(Ends::Jumping),
                _ => return Err(InvalidCode),
            }
        }
        Ok(Ends::Flowing)
    }

    fn group(&self, at: usize, end: usize) -> Checked<()> {
        if (self.word(at, end)? as usize) < self.groups {
            Ok(())
        } else {
            Err(InvalidCode)
        }
    }

    /// `<skip> <min> <max>`, which the caller knows to be there.
    fn limits(&self, at: usize) -> Checked<()> {
        match (self.code.get(at + 1), self.code.get(at + 2)) {
            (Some(min), Some(max)) if min <= max => Ok(()),
            _ => Err(InvalidCode),
        }
    }

    /// One instruction that matches one character, and no more.
    fn one_character(&mut self, start: usize, end: usize) -> Checked<()> {
        let opcode = self.word(start, end)?;
        let after = match opcode {
            op::ANY | op::ANY_ALL | op::FAILURE => start + 1,
            op::LITERAL
            | op::NOT_LITERAL
            | op::LITERAL_IGNORE
            | op::NOT_LITERAL_IGNORE
            | op::LITERAL_UNI_IGNORE
            | op::NOT_LITERAL_UNI_IGNORE
            | op::LITERAL_LOC_IGNORE
            | op::NOT_LITERAL_LOC_IGNORE => start + 2,
            op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE | op::IN_LOC_IGNORE => {
                let after = self.skip(start + 1, end, 2)?;
                self.set(opcode, start + 2, after - 1)?;
                after
            }
            _ => return Err(InvalidCode),
        };
        if after == end {
            Ok(())
        } else {
            Err(InvalidCode)
        }
    }

    /// `<skip> code JUMP <offset>` for each alternative, 0 at the end; all offsets lead behind that 0.
    fn branch(&mut self, mut at: usize, end: usize, depth: u32) -> Checked<usize> {
        let mut target = None;
        while self.word(at, end)? != 0 {
            let next = self.skip(at, end, 3)?;
            self.flowing(at + 1, next - 2, depth)?;
            self.expect(next - 2, op::JUMP)?;
            let jump = self.skip(next - 1, end, 1)?;
            if *target.get_or_insert(jump) != jump {
                return Err(InvalidCode);
            }
            at = next;
        }
        if target == Some(at + 1) {
            Ok(at + 1)
        } else {
            Err(InvalidCode)
        }
    }

    /// `<skip> <flags> <min> <max>`, then the prefix with its overlap table or a set.
    fn info(&mut self, at: usize, end: usize) -> Checked<usize> {
        let after = self.skip(at, end, 4)?;
        let flags = self.word(at + 1, after)?;
        if flags & !(info::PREFIX | info::LITERAL | info::CHARSET) != 0
            || flags & (info::PREFIX | info::CHARSET) == info::PREFIX | info::CHARSET
            || flags & (info::PREFIX | info::LITERAL) == info::LITERAL
        {
            return Err(InvalidCode);
        }
        let mut used = at + 4;
        if flags & info::PREFIX != 0 {
            let length = self.word(used, after)?;
            self.word(used + 1, after)?;
            let overlaps = (used + 2).checked_add(length as usize).ok_or(InvalidCode)?;
            used = overlaps.checked_add(length as usize).ok_or(InvalidCode)?;
            let overlaps = self.code.get(overlaps..used).ok_or(InvalidCode)?;
            if overlaps.iter().any(|&overlap| overlap >= length) {
                return Err(InvalidCode);
            }
        }
        if flags & info::CHARSET != 0 {
            self.set(op::INFO, used, after.checked_sub(1).ok_or(InvalidCode)?)?;
            used = after;
        }
        if used == after {
            Ok(after)
        } else {
            Err(InvalidCode)
        }
    }

    /// A set whose `FAILURE` is at `last`.
    fn set(&mut self, op: u32, start: usize, last: usize) -> Checked<()> {
        let mut at = start;
        while at < last {
            let opcode = self.word(at, last)?;
            at += 1;
            let operands = match opcode {
                op::NEGATE => 0,
                op::LITERAL => 1,
                op::RANGE | op::RANGE_UNI_IGNORE => 2,
                op::CHARSET => 8,
                op::CATEGORY => {
                    if self.word(at, last)? > category::UNI_NOT_LINEBREAK {
                        return Err(InvalidCode);
                    }
                    1
                }
                op::BIGCHARSET => {
                    let blocks = self.word(at, last)?;
                    let table = self.code.get(at + 1..at + 65).ok_or(InvalidCode)?;
                    if table
                        .iter()
                        .flat_map(|word| word.to_le_bytes())
                        .any(|block| u32::from(block) >= blocks)
                    {
                        return Err(InvalidCode);
                    }
                    (blocks as usize)
                        .checked_mul(8)
                        .and_then(|words| words.checked_add(65))
                        .ok_or(InvalidCode)?
                }
                _ => return Err(InvalidCode),
            };
            at = at
                .checked_add(operands)
                .filter(|&at| at <= last)
                .ok_or(InvalidCode)?;
        }
        if at != last {
            return Err(InvalidCode);
        }
        self.expect(last, op::FAILURE)?;
        self.sets.push(SetAt { op, start });
        Ok(())
    }
}
