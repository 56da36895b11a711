//! What a match can have at its first few places, found out from the code once: a search passes over the places of the text
//! where no match can start without entering the matcher.
//!
//! The sets of the places are shifted along the text together, a bit for each place (the algorithm known as shift-and), so
//! that a character costs a look into a table however many places there are.

use crate::chars::{ascii_lower, unicode_lower};
use crate::code::{MAXREPEAT, op};
use crate::program::{Members, Program};
use crate::text::Char;

/// Places that are looked at: one for each bit of a byte.
const MOST: usize = 8;

/// Sets with more members than this pass over too little to be worth looking for.
const MANY: u32 = 200;

/// More states than this at one place are not followed.
const MANY_STATES: usize = 64;

/// The characters that a match can have at its first places.
pub(crate) struct Filter {
    /// For each character below 256, the places where a match can have it, one bit each.
    table: Box<[u8; 256]>,
    /// The same for all other characters together.
    wide: u8,
    /// Number of places; every match is at least as long.
    length: usize,
}

/// Where a scan with a filter stands.
pub(crate) struct FilterScan {
    /// The next character to look at.
    at: usize,
    /// A bit for each place that the characters before can belong to.
    state: u8,
}

impl Filter {
    /// The filter of a program; `None` if it would pass over next to nothing.
    pub(crate) fn of(program: &Program) -> Option<Filter> {
        let mut places: Vec<Members> = Vec::with_capacity(MOST);
        let mut walk = Walk::new(program);
        while places.len() < MOST
            && let Some(members) = walk.next_place()
        {
            places.push(members);
        }
        let useful = |members: &Members| members.count() <= MANY;
        let length = places.iter().rposition(useful)? + 1;
        let mut filter = Filter {
            table: Box::new([0; 256]),
            wide: 0,
            length,
        };
        for (place, members) in places.iter().take(length).enumerate() {
            for (ch, bits) in filter.table.iter_mut().enumerate() {
                *bits |= u8::from(members.has(ch as u8)) << place;
            }
            filter.wide |= u8::from(members.wide) << place;
        }
        Some(filter)
    }

    /// The places where a match can have a character.
    #[inline(always)]
    fn places<C: Char>(&self, ch: C) -> u8 {
        match u8::try_from(ch.code()) {
            Ok(byte) => self.table[usize::from(byte)],
            Err(_) => self.wide,
        }
    }

    /// Whether a match can start at `at`.
    #[inline]
    pub(crate) fn accepts<C: Char>(&self, text: &[C], at: usize) -> bool {
        let Some(start) = text.get(at..).and_then(|rest| rest.get(..self.length)) else {
            return false;
        };
        start
            .iter()
            .enumerate()
            .all(|(place, &ch)| self.places(ch) >> place & 1 == 1)
    }

    /// Starts to look for places at `from` or later.
    pub(crate) fn scan(&self, from: usize) -> FilterScan {
        FilterScan { at: from, state: 0 }
    }

    /// The next place where a match can start.
    #[inline]
    pub(crate) fn next<C: Char>(&self, text: &[C], scan: &mut FilterScan) -> Option<usize> {
        let last = self.length - 1;
        let rest = text.get(scan.at..)?;
        let found = if last == 0 {
            rest.iter().position(|&ch| self.places(ch) & 1 == 1)
        } else {
            let mut state = scan.state;
            let found = rest.iter().position(|&ch| {
                state = (state << 1 | 1) & self.places(ch);
                state >> last & 1 == 1
            });
            scan.state = state;
            found
        };
        scan.at += found? + 1;
        Some(scan.at - self.length)
    }
}

/// An instruction that matches one character and is about to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Step {
    pc: usize,
    /// The repeat of one character that it is in (where its numbers are), and how often it has matched there.
    repeat: Option<(usize, usize)>,
}

/// The ways through a program, one character at a time. What does not match characters (assertions, positions) counts as
/// passed, repeats of groups as going on or ending at will: there are more ways than matches have, never fewer.
struct Walk<'a> {
    program: &'a Program,
    /// Where matches are at this place.
    steps: Vec<Step>,
    /// The bodies of the repeats that were met, by their ends.
    bodies: Vec<(usize, usize)>,
    /// A match can end here, or go on in ways that are not followed.
    open: bool,
}

impl<'a> Walk<'a> {
    fn new(program: &'a Program) -> Walk<'a> {
        let mut walk = Walk {
            program,
            steps: Vec::new(),
            bodies: Vec::new(),
            open: false,
        };
        walk.reach(&mut vec![program.entry]);
        walk
    }

    fn word(&self, at: usize) -> u32 {
        self.program.exec.get(at).copied().unwrap_or(op::FAILURE)
    }

    fn jump(&self, at: usize) -> usize {
        at.saturating_add(self.word(at) as usize)
    }

    fn add(&mut self, step: Step) {
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
        self.open |= self.steps.len() > MANY_STATES;
    }

    /// Follows the ways from the instructions in `todo` to the next characters.
    fn reach(&mut self, todo: &mut Vec<usize>) {
        let mut seen = Vec::new();
        while let Some(pc) = todo.pop() {
            if self.open || seen.contains(&pc) {
                continue;
            }
            seen.push(pc);
            self.open |= seen.len() > 4 * MANY_STATES;
            match self.word(pc) {
                op::FAILURE => {}
                op::MARK | op::AT => todo.push(pc + 2),
                op::JUMP | op::INFO | op::ASSERT | op::ASSERT_NOT => todo.push(self.jump(pc + 1)),
                op::BRANCH => {
                    let mut alternative = pc + 1;
                    while self.word(alternative) != 0 {
                        todo.push(alternative + 1);
                        alternative = self.jump(alternative);
                    }
                }
                op::GROUPREF_EXISTS => {
                    todo.push(pc + 3);
                    todo.push((pc + 1).saturating_add(self.word(pc + 2) as usize));
                }
                op::REPEAT_ONE | op::MIN_REPEAT_ONE | op::POSSESSIVE_REPEAT_ONE => {
                    self.enter(pc + 1, 0, todo);
                }
                op::REPEAT => {
                    let end = self.jump(pc + 1);
                    self.bodies.push((end, pc + 4));
                    if self.word(pc + 2) == 0 {
                        todo.push(end + 1);
                    }
                    todo.push(pc + 4);
                }
                op::MAX_UNTIL | op::MIN_UNTIL => {
                    match self.bodies.iter().find(|body| body.0 == pc) {
                        Some(body) => todo.extend([body.1, pc + 1]),
                        None => self.open = true,
                    }
                }
                _ => match self.matched(pc) {
                    Some(_) => self.add(Step { pc, repeat: None }),
                    // The end of a match, a group that is matched again, or what keeps the matcher from going back.
                    None => self.open = true,
                },
            }
        }
    }

    /// The ways on from a repeat of one character (`pc` is that of its numbers) that has matched `count` times.
    fn enter(&mut self, pc: usize, count: usize, todo: &mut Vec<usize>) {
        let (min, max) = (self.word(pc + 1), self.word(pc + 2));
        if max == MAXREPEAT || count < max as usize {
            self.add(Step {
                pc: pc + 3,
                repeat: Some((pc, count)),
            });
        }
        if count >= min as usize {
            todo.push(self.jump(pc));
        }
    }

    /// What can be at this place; goes on to the next one.
    fn next_place(&mut self) -> Option<Members> {
        if self.open {
            return None;
        }
        let mut members = Members::default();
        let mut todo = Vec::new();
        for step in std::mem::take(&mut self.steps) {
            let (found, after) = self.matched(step.pc)?;
            members.add(&found);
            match step.repeat {
                Some((pc, count)) => self.enter(pc, count + 1, &mut todo),
                None => todo.push(after),
            }
        }
        self.reach(&mut todo);
        Some(members)
    }

    /// What an instruction for one character matches, and where the code goes on; `None` for all other instructions.
    fn matched(&self, pc: usize) -> Option<(Members, usize)> {
        let literal = self.word(pc + 1);
        let but = |ch: u32| Members::those(true, |byte| u32::from(byte) != ch);
        Some(match self.word(pc) {
            op::ANY => (but(10), pc + 1),
            op::ANY_ALL => (Members::ALL, pc + 1),
            op::LITERAL => (
                Members::those(literal > 255, |byte| u32::from(byte) == literal),
                pc + 2,
            ),
            op::NOT_LITERAL => (but(literal), pc + 2),
            op::LITERAL_IGNORE => (
                Members::those(literal > 255, |byte| ascii_lower(byte.into()) == literal),
                pc + 2,
            ),
            op::LITERAL_UNI_IGNORE => (
                Members::those(true, |byte| unicode_lower(byte.into()) == literal),
                pc + 2,
            ),
            op::NOT_LITERAL_IGNORE
            | op::NOT_LITERAL_UNI_IGNORE
            | op::LITERAL_LOC_IGNORE
            | op::NOT_LITERAL_LOC_IGNORE => (Members::ALL, pc + 2),
            op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE | op::IN_LOC_IGNORE => {
                let set = self.program.sets.get(self.word(pc + 2) as usize)?;
                (set.members(), self.jump(pc + 1))
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(code: &[u32]) -> Result<Program, &'static str> {
        Program::new(code, 1).map_err(|_| "code that is valid")
    }

    #[test]
    fn places_are_those_where_a_match_can_start() -> Result<(), &'static str> {
        // (^|[^\\])"x: an alternative of no characters, and one of a set that has nearly all.
        let code = [
            &[op::MARK, 0, op::BRANCH, 5, op::AT, 0, op::JUMP, 11][..],
            &[9, op::IN, 5, op::NEGATE, op::LITERAL, 92, op::FAILURE][..],
            &[
                op::JUMP,
                2,
                0,
                op::MARK,
                1,
                op::LITERAL,
                34,
                op::LITERAL,
                120,
                op::SUCCESS,
            ][..],
        ]
        .concat();
        let program = program(&code)?;
        let filter = Filter::of(&program).ok_or("a filter")?;
        assert_eq!(filter.length, 2);
        let text = b"\"x ab\"xy\"";
        let mut scan = filter.scan(0);
        let mut found = Vec::new();
        while let Some(at) = filter.next(text, &mut scan) {
            found.push(at);
        }
        // Before each quote, and at it.
        assert_eq!(found, [0, 4, 5, 7]);
        assert!(found.iter().all(|&at| filter.accepts(text, at)));
        assert!(!filter.accepts(text, 8) && !filter.accepts(text, 9));
        Ok(())
    }

    #[test]
    fn counts_of_repeats_are_kept() -> Result<(), &'static str> {
        // [0-9]{2,3}-
        let code = [
            &[
                op::REPEAT_ONE,
                10,
                2,
                3,
                op::IN,
                5,
                op::RANGE,
                48,
                57,
                op::FAILURE,
            ][..],
            &[op::SUCCESS, op::LITERAL, 45, op::SUCCESS],
        ]
        .concat();
        let program = program(&code)?;
        let filter = Filter::of(&program).ok_or("a filter")?;
        assert_eq!(filter.length, 3);
        let text = "1-12-\u{100}99999-"
            .chars()
            .map(u32::from)
            .collect::<Vec<_>>();
        let found: Vec<_> = (0..text.len())
            .filter(|&at| filter.accepts(&text, at))
            .collect();
        // What is beyond a byte counts as being in every set.
        assert_eq!(found, [2, 5, 6, 7, 8, 9]);
        Ok(())
    }
}
