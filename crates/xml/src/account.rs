//! Protection against small documents that make much of themselves: what the parsers of a document have read, expanded and
//! stored, all together.

use std::cell::Cell;

use crate::event::Error;
use crate::token::Tok;

/// Where bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The document itself.
    Direct,
    /// Text of entities.
    Expansion,
    /// Bytes that were counted before.
    Counted,
}

/// A limit: beyond a number of bytes, no more than a factor of the document's own.
#[derive(Clone, Copy, Debug)]
struct Limit {
    threshold: u64,
    factor: f32,
}

/// What was read and stored so far, and the limits.
#[derive(Debug)]
pub(crate) struct Account {
    direct: Cell<u64>,
    indirect: Cell<u64>,
    stored: Cell<u64>,
    expansion: Cell<Limit>,
    memory: Cell<Limit>,
}

/// The largest factor that is tolerated.
pub const MAX_AMPLIFICATION: u32 = 100;
/// Bytes from which on expansion is limited.
pub const EXPANSION_THRESHOLD: u64 = 8 << 20;
/// Bytes from which on memory is limited.
pub const MEMORY_THRESHOLD: u64 = 64 << 20;

impl Default for Account {
    fn default() -> Account {
        let factor = MAX_AMPLIFICATION as f32;
        Account {
            direct: Cell::new(0),
            indirect: Cell::new(0),
            stored: Cell::new(0),
            expansion: Cell::new(Limit {
                threshold: EXPANSION_THRESHOLD,
                factor,
            }),
            memory: Cell::new(Limit {
                threshold: MEMORY_THRESHOLD,
                factor,
            }),
        }
    }
}

/// Bytes of the shortest way to include something, for the case that nothing was read directly.
const SHORTEST_INCLUDE: f32 = 22.0;

fn set(limit: &Cell<Limit>, threshold: Option<u64>, factor: Option<f32>) {
    let old = limit.get();
    limit.set(Limit {
        threshold: threshold.unwrap_or(old.threshold),
        factor: factor.unwrap_or(old.factor),
    });
}

impl Account {
    pub(crate) fn limit_expansion(&self, threshold: Option<u64>, factor: Option<f32>) {
        set(&self.expansion, threshold, factor);
    }

    pub(crate) fn limit_memory(&self, threshold: Option<u64>, factor: Option<f32>) {
        set(&self.memory, threshold, factor);
    }

    /// Counts the bytes of a token.
    pub(crate) fn count(
        &self,
        tok: Tok,
        bytes: usize,
        source: Source,
        is_root: bool,
    ) -> Result<(), Error> {
        if source == Source::Counted
            || matches!(
                tok,
                Tok::Invalid | Tok::Partial | Tok::PartialChar | Tok::None
            )
        {
            return Ok(());
        }
        let target = if source == Source::Direct && is_root {
            &self.direct
        } else {
            &self.indirect
        };
        target.set(target.get().saturating_add(bytes as u64));
        let (direct, indirect) = (self.direct.get(), self.indirect.get());
        let output = direct.saturating_add(indirect);
        let limit = self.expansion.get();
        if output < limit.threshold {
            return Ok(());
        }
        let factor = if direct > 0 {
            output as f32 / direct as f32
        } else {
            (SHORTEST_INCLUDE + indirect as f32) / SHORTEST_INCLUDE
        };
        if factor <= limit.factor {
            Ok(())
        } else {
            Err(Error::AmplificationLimitBreach)
        }
    }

    /// Counts memory that is held from now on.
    pub(crate) fn store(&self, bytes: usize) -> Result<(), Error> {
        let stored = self.stored.get().saturating_add(bytes as u64);
        self.stored.set(stored);
        let limit = self.memory.get();
        if stored >= limit.threshold && stored as f32 / self.direct.get() as f32 > limit.factor {
            return Err(Error::NoMemory);
        }
        Ok(())
    }
}
