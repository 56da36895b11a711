//! The entry points: where to start matching, and in which width.

use crate::filter::Filter;
use crate::matcher::Matcher;
use crate::program::{Prefix, Program};
use crate::state::{Env, Error, Scan, State, Subject};
use crate::text::Char;

impl State {
    /// `Pattern.match`: at `pos` exactly. The text ends at `endpos`: cut `subject` there.
    pub fn match_at(
        &mut self,
        program: &Program,
        subject: Subject<'_>,
        pos: usize,
        env: &mut dyn Env,
    ) -> Result<bool, Error> {
        self.anchored(program, subject, Scan::new(pos), false, env)
    }

    /// `Pattern.fullmatch`: from `pos` to the end.
    pub fn fullmatch(
        &mut self,
        program: &Program,
        subject: Subject<'_>,
        pos: usize,
        env: &mut dyn Env,
    ) -> Result<bool, Error> {
        self.anchored(program, subject, Scan::new(pos), true, env)
    }

    /// `Pattern.search`: at `pos` or later.
    pub fn search(
        &mut self,
        program: &Program,
        subject: Subject<'_>,
        pos: usize,
        env: &mut dyn Env,
    ) -> Result<bool, Error> {
        self.scanned(program, subject, Scan::new(pos), env)
    }

    fn anchored(
        &mut self,
        program: &Program,
        subject: Subject<'_>,
        scan: Scan,
        all: bool,
        env: &mut dyn Env,
    ) -> Result<bool, Error> {
        self.reset(scan.start, program.marks)?;
        if scan.start > subject.len() {
            return Ok(false);
        }
        self.match_all = all;
        self.must_advance = scan.must_advance;
        match subject {
            Subject::Latin1(text) => Matcher {
                program,
                text,
                env,
                state: self,
            }
            .enter(),
            Subject::Ucs2(text) => Matcher {
                program,
                text,
                env,
                state: self,
            }
            .enter(),
            Subject::Ucs4(text) => Matcher {
                program,
                text,
                env,
                state: self,
            }
            .enter(),
        }
    }

    fn scanned(
        &mut self,
        program: &Program,
        subject: Subject<'_>,
        scan: Scan,
        env: &mut dyn Env,
    ) -> Result<bool, Error> {
        self.reset(scan.start, program.marks)?;
        if scan.start > subject.len() {
            return Ok(false);
        }
        self.must_advance = scan.must_advance;
        match subject {
            Subject::Latin1(text) => Matcher {
                program,
                text,
                env,
                state: self,
            }
            .search(),
            Subject::Ucs2(text) => Matcher {
                program,
                text,
                env,
                state: self,
            }
            .search(),
            Subject::Ucs4(text) => Matcher {
                program,
                text,
                env,
                state: self,
            }
            .search(),
        }
    }
}

impl Scan {
    /// The next match at or after the end of the last one.
    pub fn search(
        &mut self,
        state: &mut State,
        program: &Program,
        subject: Subject<'_>,
        env: &mut dyn Env,
    ) -> Result<bool, Error> {
        let found = state.scanned(program, subject, *self, env)?;
        self.advance(state, found);
        Ok(found)
    }

    /// A match exactly where the last one ended (`scanner.match`).
    pub fn match_here(
        &mut self,
        state: &mut State,
        program: &Program,
        subject: Subject<'_>,
        env: &mut dyn Env,
    ) -> Result<bool, Error> {
        let found = state.anchored(program, subject, *self, false, env)?;
        self.advance(state, found);
        Ok(found)
    }

    fn advance(&mut self, state: &State, found: bool) {
        if found {
            self.must_advance = state.ptr == state.start;
            self.start = state.ptr;
        } else {
            // Beyond any text: a scan that found nothing finds nothing ever after.
            self.start = usize::MAX;
        }
    }
}

/// Places of a prefix where there is no match, before the search stops to look for the prefix alone.
const FEW_MISSES: usize = 4;

impl<C: Char> Matcher<'_, C> {
    /// Matches at `state.start`.
    fn enter(&mut self) -> Result<bool, Error> {
        if self.text.len() - self.state.start < self.program.min_width {
            return Ok(false);
        }
        self.run(self.program.entry, self.state.start, true)
    }

    fn search(&mut self) -> Result<bool, Error> {
        let program = self.program;
        let start = self.state.start;
        if self.text.len() - start < program.min_width {
            return Ok(false);
        }
        if let Some(prefix) = &program.prefix {
            return self.search_prefix(prefix);
        }
        let anchored = program.is_anchored();
        if !anchored && let Some(filter) = program.filter(self.text.len() - start) {
            return self.search_filtered(filter, start);
        }
        if let Some(set) = program.first.and_then(|index| program.sets.get(index)) {
            self.state.must_advance = false;
            let mut from = start;
            loop {
                let rest = self.text.get(from..).unwrap_or(&[]);
                let Some(offset) = rest
                    .iter()
                    .position(|ch| set.has(&program.code, &*self.env, ch.code()))
                else {
                    return Ok(false);
                };
                if self.attempt(program.entry, from + offset, from + offset, false)? {
                    return Ok(true);
                }
                from += offset + 1;
            }
        }
        if self.attempt(program.entry, start, start, true)? {
            return Ok(true);
        }
        self.state.must_advance = false;
        if anchored {
            return Ok(false);
        }
        // A match needs its shortest width; but the last place is tried even if the code claims a width of nothing.
        let last = (self.text.len() - program.min_width.saturating_sub(1)).max(start);
        for from in start + 1..=last {
            if self.attempt(program.entry, from, from, false)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The search from `from` on where matches are not empty, and start where the filter says.
    fn search_filtered(&mut self, filter: &Filter, from: usize) -> Result<bool, Error> {
        let entry = self.program.entry;
        self.state.must_advance = false;
        let mut scan = filter.scan(from);
        while let Some(at) = filter.next(self.text, &mut scan) {
            if self.attempt(entry, at, at, false)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tries a match that starts at `start`, from the instruction `pc` and position `ptr` on.
    #[inline]
    fn attempt(
        &mut self,
        pc: usize,
        start: usize,
        ptr: usize,
        toplevel: bool,
    ) -> Result<bool, Error> {
        self.state.start = start;
        self.state.forget_groups();
        if self.rejects_start(pc, ptr) {
            return Ok(false);
        }
        self.run(pc, ptr, toplevel)
    }

    fn search_prefix(&mut self, prefix: &Prefix) -> Result<bool, Error> {
        let program = self.program;
        let length = prefix.chars.len();
        let mut from = self.state.start;
        self.state.must_advance = false;
        // Many places of a prefix of one character are no start of a match.
        let filter = match length {
            1 if !program.literal => program.filter(self.text.len() - from),
            _ => None,
        };
        let mut missed = 0;
        while let Some(at) = self.find_prefix(prefix, from) {
            if let Some(filter) = filter
                && !filter.accepts(self.text, at)
            {
                from = at + 1;
                missed += 1;
                if missed > FEW_MISSES {
                    return self.search_filtered(filter, from);
                }
                continue;
            }
            if program.literal {
                self.state.start = at;
                self.state.ptr = at + length;
                return Ok(true);
            }
            if self.attempt(program.entry + 2 * prefix.skip, at, at + prefix.skip, false)? {
                return Ok(true);
            }
            from = at + 1;
        }
        Ok(false)
    }

    /// The first place of the prefix from `from` on.
    fn find_prefix(&self, prefix: &Prefix, from: usize) -> Option<usize> {
        let text = self.text.get(from..)?;
        if let [only] = prefix.chars[..] {
            return Some(from + C::find(text, C::of(only)?)?);
        }
        if let Some(bytes) = C::bytes(text) {
            return Some(from + prefix.bytes.as_ref()?.find(bytes)?);
        }
        // Knuth, Morris and Pratt: `matched` characters of the prefix end here.
        let mut matched = 0;
        for (index, ch) in text.iter().enumerate() {
            let ch = ch.code();
            while matched > 0 && prefix.chars[matched] != ch {
                matched = prefix.overlap[matched - 1];
            }
            if prefix.chars[matched] == ch {
                matched += 1;
                if matched == prefix.chars.len() {
                    return Some(from + index + 1 - matched);
                }
            }
        }
        None
    }
}
