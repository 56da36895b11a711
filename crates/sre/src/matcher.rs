//! What the engine asks of text and marks: positions, sets, groups, and a look ahead that saves frames.

use crate::chars::{ascii_lower, ascii_word, locale_word, unicode_lower, unicode_word};
use crate::code::{MAXREPEAT, at, op};
use crate::count::count;
use crate::program::Program;
use crate::state::{Env, Error, NONE, State};
use crate::text::Char;

/// A match under way: a program, its subject and the working memory.
pub(crate) struct Matcher<'a, C> {
    pub(crate) program: &'a Program,
    pub(crate) text: &'a [C],
    pub(crate) env: &'a mut dyn Env,
    pub(crate) state: &'a mut State,
}

impl<C: Char> Matcher<'_, C> {
    #[inline(always)]
    pub(crate) fn word(&self, at: usize) -> u32 {
        // 0 is FAILURE: should validation have missed something, the match fails.
        self.program.exec.get(at).copied().unwrap_or(op::FAILURE)
    }

    #[inline(always)]
    pub(crate) fn ch(&self, ptr: usize) -> Option<u32> {
        self.text.get(ptr).map(|ch| ch.code())
    }

    #[inline(always)]
    pub(crate) fn in_set(&self, index: u32, ch: u32) -> bool {
        self.program
            .sets
            .get(index as usize)
            .is_some_and(|set| set.has(&self.program.code, &*self.env, ch))
    }

    /// Whether the code at `pc` fails at `ptr` for sure, without having done anything that would be seen. It looks at a few
    /// instructions, which saves most of the frames that would fail.
    #[inline(always)]
    pub(crate) fn rejects(&self, pc: usize, ptr: usize) -> bool {
        let (mut pc, mut ptr) = (pc, ptr);
        for _ in 0..4 {
            match self.word(pc) {
                op::LITERAL => {
                    if self.ch(ptr) != Some(self.word(pc + 1)) {
                        return true;
                    }
                    pc += 2;
                    ptr += 1;
                }
                op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE => {
                    if !self
                        .ch(ptr)
                        .is_some_and(|ch| self.in_set(self.word(pc + 2), ch))
                    {
                        return true;
                    }
                    pc += 1 + self.word(pc + 1) as usize;
                    ptr += 1;
                }
                op::LITERAL_IGNORE | op::LITERAL_UNI_IGNORE => {
                    let unicode = self.word(pc) == op::LITERAL_UNI_IGNORE;
                    let lower = |ch| {
                        if unicode {
                            unicode_lower(ch)
                        } else {
                            ascii_lower(ch)
                        }
                    };
                    if self.ch(ptr).map(lower) != Some(self.word(pc + 1)) {
                        return true;
                    }
                    pc += 2;
                    ptr += 1;
                }
                op::NOT_LITERAL => return self.ch(ptr).is_none_or(|ch| ch == self.word(pc + 1)),
                op::AT => match self.is_at_edge(self.word(pc + 1), ptr) {
                    Some(true) => pc += 2,
                    Some(false) => return true,
                    None => return false,
                },
                op::JUMP => pc += 1 + self.word(pc + 1) as usize,
                // A mark above the highest is forgotten when the frame fails; a lower one would stay.
                op::MARK if self.word(pc + 1) as i32 > self.state.lastmark => pc += 2,
                op::REPEAT_ONE | op::POSSESSIVE_REPEAT_ONE => {
                    if self.matches_one(pc + 4, ptr) {
                        return false;
                    }
                    // Not once: too few, or the repeat is passed over.
                    if self.word(pc + 2) > 0 {
                        return true;
                    }
                    pc += 1 + self.word(pc + 1) as usize;
                }
                _ => return false,
            }
        }
        false
    }

    /// The same for the start of a match, where an alternation is looked into, too.
    #[inline(always)]
    pub(crate) fn rejects_start(&self, pc: usize, ptr: usize) -> bool {
        if self.word(pc) != op::BRANCH {
            return self.rejects(pc, ptr);
        }
        let mut alternative = pc + 1;
        loop {
            let skip = self.word(alternative) as usize;
            if skip == 0 {
                return true;
            }
            if !self.rejects(alternative + 1, ptr) {
                return false;
            }
            alternative += skip;
        }
    }

    /// Whether the instruction at `pc`, which matches one character, matches at `ptr`.
    #[inline(always)]
    pub(crate) fn matches_one(&self, pc: usize, ptr: usize) -> bool {
        let Some(ch) = self.ch(ptr) else { return false };
        match self.word(pc) {
            op::ANY => ch != 10,
            op::ANY_ALL => true,
            op::LITERAL => ch == self.word(pc + 1),
            op::NOT_LITERAL => ch != self.word(pc + 1),
            op::IN => self.in_set(self.word(pc + 2), ch),
            _ => self.count(pc, ptr, 1) == 1,
        }
    }

    /// Whether `ptr` is at the start or end of the text or of a line, as `code` says; `None` if it says something else.
    #[inline(always)]
    fn is_at_edge(&self, code: u32, ptr: usize) -> Option<bool> {
        let end = self.text.len();
        let newline = |ptr: usize| self.ch(ptr) == Some(10);
        Some(match code {
            at::BEGINNING | at::BEGINNING_STRING => ptr == 0,
            at::BEGINNING_LINE => ptr == 0 || newline(ptr - 1),
            at::END => ptr == end || (ptr + 1 == end && newline(ptr)),
            at::END_LINE => ptr == end || newline(ptr),
            at::END_STRING => ptr == end,
            _ => return None,
        })
    }

    pub(crate) fn is_at(&self, code: u32, ptr: usize) -> bool {
        if let Some(is_at) = self.is_at_edge(code, ptr) {
            return is_at;
        }
        let end = self.text.len();
        let boundary = |is_word: &dyn Fn(u32) -> bool| {
            let before = ptr
                .checked_sub(1)
                .and_then(|ptr| self.ch(ptr))
                .is_some_and(is_word);
            let after = self.ch(ptr).is_some_and(is_word);
            before != after
        };
        let locale = |ch| locale_word(&*self.env, ch);
        match code {
            at::BOUNDARY => end > 0 && boundary(&ascii_word),
            at::NON_BOUNDARY => !boundary(&ascii_word),
            at::LOC_BOUNDARY => end > 0 && boundary(&locale),
            at::LOC_NON_BOUNDARY => !boundary(&locale),
            at::UNI_BOUNDARY => end > 0 && boundary(&unicode_word),
            at::UNI_NON_BOUNDARY => !boundary(&unicode_word),
            _ => false,
        }
    }

    pub(crate) fn mark(&mut self, index: u32, ptr: usize) {
        let state = &mut *self.state;
        let mark = index as usize;
        if index & 1 == 1 {
            state.lastindex = (index / 2 + 1) as i32;
        }
        if index as i32 > state.lastmark {
            // The marks in between have not been met.
            for between in (state.lastmark + 1) as usize..mark {
                if let Some(place) = state.marks.get_mut(between) {
                    *place = NONE;
                }
            }
            state.lastmark = index as i32;
        }
        if let Some(place) = state.marks.get_mut(mark) {
            *place = ptr;
        }
    }

    /// Start and end of group `group`, from 0, if it has matched.
    #[inline]
    pub(crate) fn group(&self, group: u32) -> Option<(usize, usize)> {
        let open = group as usize * 2;
        if open as i64 >= i64::from(self.state.lastmark) {
            return None;
        }
        match (self.state.marks.get(open), self.state.marks.get(open + 1)) {
            (Some(&start), Some(&end)) if start != NONE && end != NONE && start <= end => {
                Some((start, end))
            }
            _ => None,
        }
    }

    /// Matches the text of a group again at `ptr`; gives where it ends.
    pub(crate) fn backreference(
        &self,
        group: u32,
        ptr: usize,
        fold: impl Fn(u32) -> u32,
    ) -> Option<usize> {
        let (start, end) = self.group(group)?;
        let wanted = self.text.get(start..end)?;
        let found = self.text.get(ptr..ptr + wanted.len())?;
        let same = wanted
            .iter()
            .zip(found)
            .all(|(a, b)| a == b || fold(a.code()) == fold(b.code()));
        same.then_some(ptr + wanted.len())
    }

    pub(crate) fn save_marks(&mut self, lastmark: i32) -> Result<(), Error> {
        let count = (lastmark + 1) as usize;
        let State { saved, marks, .. } = &mut *self.state;
        saved.try_reserve(count).map_err(|_| Error::Memory)?;
        saved.extend_from_slice(marks.get(..count).unwrap_or(&[]));
        Ok(())
    }

    pub(crate) fn restore_marks(&mut self, lastmark: i32, keep: bool) {
        let count = (lastmark + 1) as usize;
        let State { saved, marks, .. } = &mut *self.state;
        let from = saved.len().saturating_sub(count);
        if let (Some(marks), Some(copy)) = (marks.get_mut(..count), saved.get(from..)) {
            marks.copy_from_slice(copy);
        }
        if !keep {
            saved.truncate(from);
        }
    }

    pub(crate) fn drop_marks(&mut self, lastmark: i32) {
        let saved = &mut self.state.saved;
        saved.truncate(saved.len().saturating_sub((lastmark + 1) as usize));
    }

    #[cold]
    pub(crate) fn poll(&mut self) -> Result<(), Error> {
        self.env.poll()
    }

    /// How often the instruction at `pc` matches at `ptr`, at most `max` times.
    #[inline]
    pub(crate) fn count(&self, pc: usize, ptr: usize, max: u32) -> usize {
        let rest = self.text.get(ptr..).unwrap_or(&[]);
        let rest = if max == MAXREPEAT {
            rest
        } else {
            &rest[..rest.len().min(max as usize)]
        };
        count(self.program, &*self.env, pc, rest)
    }

    /// Whether a match that ends at `ptr` is not what the caller wants.
    #[inline]
    pub(crate) fn unacceptable(&self, ptr: usize) -> bool {
        (self.state.match_all && ptr != self.text.len())
            || (self.state.must_advance && ptr == self.state.start)
    }
}
