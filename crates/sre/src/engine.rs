//! The backtracking matcher. A frame stands for a part of the program that is being tried: it succeeds or fails, and the
//! instruction that asked for it goes on accordingly. Frames are on a stack of ours, so the depth of a match is limited
//! by memory alone. The order of attempts, and what is restored after which failure, are observable through groups and
//! follow CPython's engine exactly.

use crate::chars::{ascii_lower, locale_literal, locale_lower, unicode_lower};
use crate::code::{MAXREPEAT, op};
use crate::matcher::Matcher;
use crate::state::{Error, NONE, State};
use crate::text::Char;

/// What a frame's outcome means to the one below it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    /// Nobody: it is the outcome of the match.
    Top,
    Branch,
    RepeatOne,
    MinRepeatOne,
    Repeat,
    /// The body of a repeat that has not reached its minimum.
    UntilLess,
    MaxUntilMore,
    MaxUntilTail,
    MinUntilTail,
    MinUntilMore,
    PossessiveLess,
    PossessiveMore,
    Atomic,
    Assert,
    AssertNot,
}

/// A part of the program that is being tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Behind the opcode of the instruction that asked for the frame above.
    pc: usize,
    ptr: usize,
    count: usize,
    /// The repeat that the instruction works on.
    repeat: usize,
    last_ptr: usize,
    lastmark: i32,
    lastindex: i32,
    toplevel: bool,
    asked: Asked,
}

/// A repeat of more than one character that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    /// Matches of the body so far, the one under way included.
    count: usize,
    /// Its `<skip> <min> <max>`.
    pc: usize,
    /// The repeat around it.
    previous: usize,
    /// Where the body matched last, so that matching nothing does not go on for ever.
    last_ptr: usize,
}

/// What to do next within the current frame.
enum Next {
    /// Execute the instruction at `pc`.
    Run,
    /// Try the alternative at `pc`.
    Branch,
    /// Try the tail after the characters counted, or fewer.
    RepeatOne,
    /// Try the tail after the characters counted, or more.
    MinRepeatOne,
    MaxUntilTail,
    /// Match the body of a possessive repeat again, from `state.ptr` on, or go on behind it.
    Possessive,
    /// The frame has come to its end.
    Return(bool),
}

impl<C: Char> Matcher<'_, C> {
    /// The repeat that an `UNTIL` belongs to, and its index.
    fn repeat(&self) -> Result<(Repeat, usize), Error> {
        let index = self.state.repeat;
        self.state
            .repeats
            .get(index)
            .map(|repeat| (*repeat, index))
            .ok_or(Error::Illegal)
    }

    fn set_repeat(&mut self, index: usize, count: usize) {
        if let Some(repeat) = self.state.repeats.get_mut(index) {
            repeat.count = count;
        }
    }

    fn set_last_ptr(&mut self, index: usize, ptr: usize) {
        if let Some(repeat) = self.state.repeats.get_mut(index) {
            repeat.last_ptr = ptr;
        }
    }

    /// Starts a repeat inside the current one; gives its index.
    fn push_repeat(&mut self, pc: usize) -> Result<usize, Error> {
        let State {
            repeats, repeat, ..
        } = &mut *self.state;
        repeats.try_reserve(1).map_err(|_| Error::Memory)?;
        repeats.push(Repeat {
            count: 0,
            pc,
            previous: *repeat,
            last_ptr: NONE,
        });
        *repeat = repeats.len() - 1;
        Ok(*repeat)
    }

    /// Ends the repeat `index`, which started last of those that are under way.
    fn pop_repeat(&mut self, index: usize) {
        if let Some(repeat) = self.state.repeats.get(index) {
            self.state.repeat = repeat.previous;
        }
        self.state.repeats.truncate(index);
    }

    /// Runs the program from `entry` on at `ptr`; `toplevel` if what the caller asks of the end holds for its success.
    pub(crate) fn run(&mut self, entry: usize, ptr: usize, toplevel: bool) -> Result<bool, Error> {
        let end = self.text.len();
        self.state.frames.clear();
        self.state.saved.clear();
        self.state.repeats.clear();
        self.state.repeat = NONE;

        // The current frame lives in locals and is pushed when it asks for another.
        let mut pc = entry;
        let mut ptr = ptr;
        let mut frame = Frame {
            pc,
            ptr,
            count: 0,
            repeat: NONE,
            last_ptr: NONE,
            lastmark: -1,
            lastindex: -1,
            toplevel,
            asked: Asked::Top,
        };
        let mut next = Next::Run;

        'next: loop {
            macro_rules! go {
                ($next:expr) => {{
                    next = $next;
                    continue 'next;
                }};
            }
            // Asks for a frame that runs `$target` at `$ptr`.
            macro_rules! ask {
                ($asked:expr, $target:expr, $ptr:expr, $toplevel:expr) => {{
                    let (target, at, toplevel) = ($target, $ptr, $toplevel);
                    frame.pc = pc;
                    frame.ptr = ptr;
                    let frames = &mut self.state.frames;
                    if frames.len() == frames.capacity() {
                        frames
                            .try_reserve(frames.len().max(16))
                            .map_err(|_| Error::Memory)?;
                    }
                    frames.push(frame);
                    frame.toplevel = toplevel;
                    frame.asked = $asked;
                    pc = target;
                    ptr = at;
                    go!(Next::Run)
                }};
            }
            macro_rules! fail {
                () => {
                    go!(Next::Return(false))
                };
            }
            macro_rules! succeed {
                () => {{
                    self.state.ptr = ptr;
                    go!(Next::Return(true))
                }};
            }
            // One character that passes `$test`, then `$length` words on.
            macro_rules! one {
                ($length:expr, |$ch:ident| $test:expr) => {{
                    match self.ch(ptr) {
                        Some($ch) if $test => {
                            ptr += 1;
                            pc += $length;
                        }
                        _ => fail!(),
                    }
                }};
            }
            // The last mark is kept for what is tried next; within a repeat, so are the marks themselves.
            macro_rules! save {
                () => {{
                    frame.lastmark = self.state.lastmark;
                    frame.lastindex = self.state.lastindex;
                    if self.state.repeat != NONE {
                        self.save_marks(frame.lastmark)?;
                    }
                }};
            }
            macro_rules! restore {
                ($keep:expr) => {{
                    if self.state.repeat != NONE {
                        self.restore_marks(frame.lastmark, $keep);
                    }
                    self.state.lastmark = frame.lastmark;
                    self.state.lastindex = frame.lastindex;
                }};
            }
            macro_rules! discard {
                () => {
                    if self.state.repeat != NONE {
                        self.drop_marks(frame.lastmark);
                    }
                };
            }

            match next {
                Next::Run => loop {
                    self.state.steps = self.state.steps.wrapping_add(1);
                    if self.state.steps & 0xfff == 0 {
                        self.poll()?;
                    }
                    let opcode = self.word(pc);
                    pc += 1;
                    match opcode {
                        op::MARK => {
                            self.mark(self.word(pc), ptr);
                            pc += 1;
                        }
                        op::LITERAL => one!(1, |ch| ch == self.word(pc)),
                        op::NOT_LITERAL => one!(1, |ch| ch != self.word(pc)),
                        op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE | op::IN_LOC_IGNORE => {
                            one!(self.word(pc) as usize, |ch| self
                                .in_set(self.word(pc + 1), ch));
                        }
                        op::ANY => one!(0, |ch| ch != 10),
                        op::ANY_ALL => one!(0, |_ch| true),
                        op::AT => {
                            if !self.is_at(self.word(pc), ptr) {
                                fail!();
                            }
                            pc += 1;
                        }
                        op::SUCCESS => {
                            if frame.toplevel && self.unacceptable(ptr) {
                                fail!();
                            }
                            succeed!();
                        }
                        op::FAILURE => fail!(),
                        op::JUMP | op::INFO => pc += self.word(pc) as usize,
                        op::LITERAL_IGNORE => one!(1, |ch| ascii_lower(ch) == self.word(pc)),
                        op::NOT_LITERAL_IGNORE => one!(1, |ch| ascii_lower(ch) != self.word(pc)),
                        op::LITERAL_UNI_IGNORE => one!(1, |ch| unicode_lower(ch) == self.word(pc)),
                        op::NOT_LITERAL_UNI_IGNORE => {
                            one!(1, |ch| unicode_lower(ch) != self.word(pc))
                        }
                        op::LITERAL_LOC_IGNORE => {
                            one!(1, |ch| locale_literal(&*self.env, self.word(pc), ch))
                        }
                        op::NOT_LITERAL_LOC_IGNORE => {
                            one!(1, |ch| !locale_literal(&*self.env, self.word(pc), ch))
                        }
                        op::GROUPREF
                        | op::GROUPREF_IGNORE
                        | op::GROUPREF_UNI_IGNORE
                        | op::GROUPREF_LOC_IGNORE => {
                            let group = self.word(pc);
                            let after = match opcode {
                                op::GROUPREF => self.backreference(group, ptr, |ch| ch),
                                op::GROUPREF_IGNORE => self.backreference(group, ptr, ascii_lower),
                                op::GROUPREF_UNI_IGNORE => {
                                    self.backreference(group, ptr, unicode_lower)
                                }
                                _ => self
                                    .backreference(group, ptr, |ch| locale_lower(&*self.env, ch)),
                            };
                            let Some(after) = after else { fail!() };
                            ptr = after;
                            pc += 1;
                        }
                        op::GROUPREF_EXISTS => {
                            let found = self.group(self.word(pc)).is_some();
                            pc += if found { 2 } else { self.word(pc + 1) as usize };
                        }
                        op::BRANCH => {
                            save!();
                            go!(Next::Branch);
                        }
                        op::REPEAT_ONE | op::POSSESSIVE_REPEAT_ONE => {
                            let (min, max) = (self.word(pc + 1) as usize, self.word(pc + 2));
                            if end - ptr < min {
                                fail!();
                            }
                            let found = self.count(pc + 3, ptr, max);
                            if found < min {
                                fail!();
                            }
                            ptr += found;
                            let tail = pc + self.word(pc) as usize;
                            if self.word(tail) == op::SUCCESS
                                && ptr == end
                                && !(frame.toplevel
                                    && self.state.must_advance
                                    && ptr == self.state.start)
                            {
                                succeed!();
                            }
                            if opcode == op::POSSESSIVE_REPEAT_ONE
                                || (found == min && self.state.repeat == NONE)
                            {
                                // There is one way to go on, and there are no marks to restore.
                                pc = tail;
                                continue;
                            }
                            frame.count = found;
                            save!();
                            go!(Next::RepeatOne);
                        }
                        op::MIN_REPEAT_ONE => {
                            let min = self.word(pc + 1);
                            if end - ptr < min as usize {
                                fail!();
                            }
                            frame.count = if min == 0 {
                                0
                            } else {
                                self.count(pc + 3, ptr, min)
                            };
                            if frame.count < min as usize {
                                fail!();
                            }
                            ptr += frame.count;
                            if self.word(pc + self.word(pc) as usize) == op::SUCCESS
                                && !(frame.toplevel && self.unacceptable(ptr))
                            {
                                succeed!();
                            }
                            save!();
                            go!(Next::MinRepeatOne);
                        }
                        op::REPEAT => {
                            frame.repeat = self.push_repeat(pc)?;
                            ask!(
                                Asked::Repeat,
                                pc + self.word(pc) as usize,
                                ptr,
                                frame.toplevel
                            );
                        }
                        op::MAX_UNTIL => {
                            let (repeat, index) = self.repeat()?;
                            frame.repeat = index;
                            frame.count = repeat.count;
                            let (min, max) = (self.word(repeat.pc + 1), self.word(repeat.pc + 2));
                            if repeat.count < min as usize {
                                self.set_repeat(index, repeat.count + 1);
                                ask!(Asked::UntilLess, repeat.pc + 3, ptr, frame.toplevel);
                            }
                            if (max == MAXREPEAT || repeat.count < max as usize)
                                && ptr != repeat.last_ptr
                            {
                                self.set_repeat(index, repeat.count + 1);
                                save!();
                                frame.last_ptr = repeat.last_ptr;
                                self.set_last_ptr(index, ptr);
                                ask!(Asked::MaxUntilMore, repeat.pc + 3, ptr, frame.toplevel);
                            }
                            go!(Next::MaxUntilTail);
                        }
                        op::MIN_UNTIL => {
                            let (repeat, index) = self.repeat()?;
                            frame.repeat = index;
                            frame.count = repeat.count;
                            if repeat.count < self.word(repeat.pc + 1) as usize {
                                self.set_repeat(index, repeat.count + 1);
                                ask!(Asked::UntilLess, repeat.pc + 3, ptr, frame.toplevel);
                            }
                            self.state.repeat = repeat.previous;
                            save!();
                            ask!(Asked::MinUntilTail, pc, ptr, frame.toplevel);
                        }
                        op::POSSESSIVE_REPEAT => {
                            // It counts as a repeat, so that what is inside restores its marks.
                            frame.repeat = self.push_repeat(pc)?;
                            frame.count = 0;
                            frame.last_ptr = NONE;
                            self.state.ptr = ptr;
                            go!(Next::Possessive);
                        }
                        op::ATOMIC_GROUP => ask!(Asked::Atomic, pc + 1, ptr, false),
                        op::ASSERT => match ptr.checked_sub(self.word(pc + 1) as usize) {
                            Some(back) => ask!(Asked::Assert, pc + 2, back, false),
                            None => fail!(),
                        },
                        op::ASSERT_NOT => {
                            if let Some(back) = ptr.checked_sub(self.word(pc + 1) as usize) {
                                save!();
                                ask!(Asked::AssertNot, pc + 2, back, false);
                            }
                            pc += self.word(pc) as usize;
                        }
                        _ => return Err(Error::Illegal),
                    }
                },

                Next::Branch => loop {
                    let skip = self.word(pc) as usize;
                    if skip == 0 {
                        discard!();
                        fail!();
                    }
                    if self.rejects(pc + 1, ptr) {
                        pc += skip;
                        continue;
                    }
                    if self.state.repeat == NONE && self.word(pc + skip) == 0 {
                        // The last alternative's outcome is the branch's, and there are no marks to restore.
                        pc += 1;
                        go!(Next::Run);
                    }
                    ask!(Asked::Branch, pc + 1, ptr, frame.toplevel);
                },

                Next::RepeatOne => {
                    let min = self.word(pc + 1) as usize;
                    let tail = pc + self.word(pc) as usize;
                    if self.word(tail) == op::LITERAL {
                        // Back to where the tail can match.
                        let least = ptr - (frame.count - min);
                        let wanted = C::of(self.word(tail + 1));
                        let window = self.text.get(least..end.min(ptr + 1)).unwrap_or(&[]);
                        let Some(found) = wanted.and_then(|wanted| C::rfind(window, wanted)) else {
                            discard!();
                            fail!();
                        };
                        frame.count = min + found;
                        ptr = least + found;
                    } else {
                        while self.rejects(tail, ptr) {
                            if frame.count == min {
                                discard!();
                                fail!();
                            }
                            frame.count -= 1;
                            ptr -= 1;
                        }
                    }
                    if frame.count == min && self.state.repeat == NONE {
                        // The last chance, and there are no marks to restore.
                        pc = tail;
                        go!(Next::Run);
                    }
                    ask!(Asked::RepeatOne, tail, ptr, frame.toplevel);
                }

                Next::MinRepeatOne => {
                    let max = self.word(pc + 2);
                    let tail = pc + self.word(pc) as usize;
                    loop {
                        if max != MAXREPEAT && frame.count > max as usize {
                            discard!();
                            fail!();
                        }
                        if !self.rejects(tail, ptr) {
                            ask!(Asked::MinRepeatOne, tail, ptr, frame.toplevel);
                        }
                        if !self.matches_one(pc + 3, ptr) {
                            discard!();
                            fail!();
                        }
                        ptr += 1;
                        frame.count += 1;
                    }
                }

                Next::MaxUntilTail => {
                    // The body cannot match again here: what follows must.
                    self.state.repeat = self
                        .state
                        .repeats
                        .get(frame.repeat)
                        .map_or(NONE, |repeat| repeat.previous);
                    ask!(Asked::MaxUntilTail, pc, ptr, frame.toplevel);
                }

                Next::Possessive => {
                    let (min, max) = (self.word(pc + 1), self.word(pc + 2));
                    let at = self.state.ptr;
                    if frame.count < min as usize {
                        ask!(Asked::PossessiveLess, pc + 3, at, false);
                    }
                    if (max == MAXREPEAT || frame.count < max as usize) && at != frame.last_ptr {
                        save!();
                        frame.last_ptr = at;
                        ask!(Asked::PossessiveMore, pc + 3, at, false);
                    }
                    self.pop_repeat(frame.repeat);
                    pc += self.word(pc) as usize + 1;
                    ptr = at;
                    go!(Next::Run);
                }

                Next::Return(matched) => {
                    let asked = frame.asked;
                    if asked == Asked::Top {
                        return Ok(matched);
                    }
                    frame = self.state.frames.pop().ok_or(Error::Illegal)?;
                    pc = frame.pc;
                    ptr = frame.ptr;
                    match asked {
                        Asked::Top => return Err(Error::Illegal),
                        Asked::Branch | Asked::RepeatOne | Asked::MinRepeatOne if matched => {
                            discard!();
                            go!(Next::Return(true));
                        }
                        Asked::Branch => {
                            restore!(true);
                            pc += self.word(pc) as usize;
                            go!(Next::Branch);
                        }
                        Asked::RepeatOne => {
                            restore!(true);
                            if frame.count == self.word(pc + 1) as usize {
                                discard!();
                                fail!();
                            }
                            frame.count -= 1;
                            ptr -= 1;
                            go!(Next::RepeatOne);
                        }
                        Asked::MinRepeatOne => {
                            restore!(true);
                            if !self.matches_one(pc + 3, ptr) {
                                discard!();
                                fail!();
                            }
                            ptr += 1;
                            frame.count += 1;
                            go!(Next::MinRepeatOne);
                        }
                        Asked::Repeat => {
                            self.pop_repeat(frame.repeat);
                            go!(Next::Return(matched));
                        }
                        Asked::UntilLess => {
                            if !matched {
                                self.set_repeat(frame.repeat, frame.count);
                            }
                            go!(Next::Return(matched));
                        }
                        Asked::MaxUntilMore => {
                            self.set_last_ptr(frame.repeat, frame.last_ptr);
                            if matched {
                                discard!();
                                go!(Next::Return(true));
                            }
                            restore!(false);
                            self.set_repeat(frame.repeat, frame.count);
                            go!(Next::MaxUntilTail);
                        }
                        Asked::MaxUntilTail => {
                            self.state.repeat = frame.repeat;
                            go!(Next::Return(matched));
                        }
                        Asked::MinUntilTail => {
                            // The marks were kept if the tail, not the body, is within a repeat.
                            if matched {
                                discard!();
                                self.state.repeat = frame.repeat;
                                go!(Next::Return(true));
                            }
                            restore!(false);
                            self.state.repeat = frame.repeat;
                            let (repeat, index) = self.repeat()?;
                            let max = self.word(repeat.pc + 2);
                            if (max != MAXREPEAT && frame.count >= max as usize)
                                || ptr == repeat.last_ptr
                            {
                                fail!();
                            }
                            self.set_repeat(index, frame.count + 1);
                            frame.last_ptr = repeat.last_ptr;
                            self.set_last_ptr(index, ptr);
                            ask!(Asked::MinUntilMore, repeat.pc + 3, ptr, frame.toplevel);
                        }
                        Asked::MinUntilMore => {
                            self.set_last_ptr(frame.repeat, frame.last_ptr);
                            if !matched {
                                self.set_repeat(frame.repeat, frame.count);
                            }
                            go!(Next::Return(matched));
                        }
                        Asked::PossessiveLess => {
                            if !matched {
                                self.pop_repeat(frame.repeat);
                                fail!();
                            }
                            frame.count += 1;
                            go!(Next::Possessive);
                        }
                        Asked::PossessiveMore => {
                            if matched {
                                discard!();
                                frame.count += 1;
                                go!(Next::Possessive);
                            }
                            restore!(false);
                            self.pop_repeat(frame.repeat);
                            ptr = frame.last_ptr;
                            pc += self.word(pc) as usize + 1;
                            go!(Next::Run);
                        }
                        Asked::Atomic => {
                            if !matched {
                                fail!();
                            }
                            ptr = self.state.ptr;
                            pc += self.word(pc) as usize;
                            go!(Next::Run);
                        }
                        Asked::Assert => {
                            if !matched {
                                fail!();
                            }
                            pc += self.word(pc) as usize;
                            go!(Next::Run);
                        }
                        Asked::AssertNot => {
                            if matched {
                                discard!();
                                fail!();
                            }
                            restore!(false);
                            pc += self.word(pc) as usize;
                            go!(Next::Run);
                        }
                    }
                }
            }
        }
    }
}
