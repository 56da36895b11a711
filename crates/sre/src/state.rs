//! What a match needs besides program and text: the marks, the stacks, and the way out to the interpreter.

use crate::engine::{Frame, Repeat};

/// A string, or bytes as `Latin1`. Cut it at `endpos`; positions are indices of units.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// One byte a character: str up to U+00FF, and bytes.
    Latin1(&'a [u8]),
    /// Two bytes a character.
    Ucs2(&'a [u16]),
    /// Four bytes a character.
    Ucs4(&'a [u32]),
}

impl Subject<'_> {
    /// Number of characters.
    pub fn len(&self) -> usize {
        match self {
            Subject::Latin1(text) => text.len(),
            Subject::Ucs2(text) => text.len(),
            Subject::Ucs4(text) => text.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why a match ended without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// `Env::poll` said so; its exception is the interpreter's.
    Interrupted,
    /// No memory for the stack: MemoryError.
    Memory,
    /// The code cannot be: `RuntimeError: invalid SRE code`. Programs that were validated do not get here.
    Illegal,
}

/// The interpreter, as the engine sees it. The defaults are those of the C locale.
pub trait Env {
    /// Called every few thousand steps: an `Err` ends the match.
    fn poll(&mut self) -> Result<(), Error> {
        Ok(())
    }
    /// `isalnum` of the locale.
    fn locale_is_alnum(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
    }
    /// `tolower` of the locale.
    fn locale_lower(&self, byte: u8) -> u8 {
        byte.to_ascii_lowercase()
    }
    /// `toupper` of the locale.
    fn locale_upper(&self, byte: u8) -> u8 {
        byte.to_ascii_uppercase()
    }
}

/// An [`Env`] without signals, in the C locale.
pub struct NoEnv;

impl Env for NoEnv {}

/// No position.
pub(crate) const NONE: usize = usize::MAX;

/// The working memory of a match and its result. One state serves any number of matches, of any programs, and keeps
/// what it allocated.
pub struct State {
    /// Where the match starts; before the search, where to start looking.
    pub(crate) start: usize,
    /// Where the match ends.
    pub(crate) ptr: usize,
    /// An empty match at `start` does not count.
    pub(crate) must_advance: bool,
    /// The match must reach the end of the text.
    pub(crate) match_all: bool,
    /// Highest mark set, or -1.
    pub(crate) lastmark: i32,
    /// Group closed last, or -1.
    pub(crate) lastindex: i32,
    /// Positions of the marks, valid up to `lastmark`.
    pub(crate) marks: Vec<usize>,
    /// Copies of marks to come back to.
    pub(crate) saved: Vec<usize>,
    pub(crate) frames: Vec<Frame>,
    /// Repeats that are under way, innermost last.
    pub(crate) repeats: Vec<Repeat>,
    /// The repeat that `MAX_UNTIL` and `MIN_UNTIL` belong to, or `NONE`.
    pub(crate) repeat: usize,
    pub(crate) steps: u32,
}

impl Default for State {
    fn default() -> State {
        State::new()
    }
}

impl State {
    /// A state without memory of its own yet.
    pub fn new() -> State {
        State {
            start: 0,
            ptr: 0,
            must_advance: false,
            match_all: false,
            lastmark: -1,
            lastindex: -1,
            marks: Vec::new(),
            saved: Vec::new(),
            frames: Vec::new(),
            repeats: Vec::new(),
            repeat: NONE,
            steps: 0,
        }
    }

    /// Whether it holds so little memory that it may be kept at hand.
    pub fn is_small(&self) -> bool {
        const FEW: usize = 256;
        self.frames.capacity() <= FEW
            && self.saved.capacity() <= FEW
            && self.repeats.capacity() <= FEW
    }

    pub(crate) fn reset(&mut self, start: usize, marks: usize) -> Result<(), Error> {
        if self.marks.len() < marks {
            self.marks
                .try_reserve(marks - self.marks.len())
                .map_err(|_| Error::Memory)?;
            self.marks.resize(marks, NONE);
        }
        self.start = start;
        self.ptr = start;
        self.must_advance = false;
        self.match_all = false;
        self.forget_groups();
        self.saved.clear();
        self.frames.clear();
        self.repeats.clear();
        self.repeat = NONE;
        Ok(())
    }

    pub(crate) fn forget_groups(&mut self) {
        self.lastmark = -1;
        self.lastindex = -1;
    }

    /// Start and end of the match that was found.
    pub fn span(&self) -> (usize, usize) {
        (self.start, self.ptr)
    }

    /// Start and end of group `group`, from 1, of the match that was found. Code that did not come from the compiler may
    /// yield a group that ends before it starts, which `_sre` reports as SystemError.
    pub fn group(&self, group: usize) -> Option<(usize, usize)> {
        let open = group.checked_sub(1)?.checked_mul(2)?;
        if i32::try_from(open + 1).ok()? > self.lastmark {
            return None;
        }
        match (*self.marks.get(open)?, *self.marks.get(open + 1)?) {
            (NONE, _) | (_, NONE) => None,
            span => Some(span),
        }
    }

    /// `Match.lastindex`.
    pub fn lastindex(&self) -> Option<usize> {
        usize::try_from(self.lastindex).ok()
    }
}

/// Where a sequence of searches stands (`finditer`, `findall`, `sub`, `split`, `scanner`): each goes on where the last
/// match ended, and an empty match is not found twice.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    pub(crate) start: usize,
    pub(crate) must_advance: bool,
}

impl Scan {
    /// Starts looking at `start`.
    pub fn new(start: usize) -> Scan {
        Scan {
            start,
            must_advance: false,
        }
    }
}
