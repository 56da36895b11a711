//! Counters of the interpreter loop, for `benches/profile`: instructions, pairs of them, specialized sites that met something
//! else, frames. Without the feature `stats` nothing is counted and nothing is paid.
//!
//! What is counted is what the loop dispatches: an instruction that does the next one's work as well is one.

use taipan_bytecode::Opcode;

#[cfg(feature = "stats")]
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Counters that only grow.
#[cfg(feature = "stats")]
struct Counters<const N: usize>([AtomicU64; N]);

#[cfg(feature = "stats")]
impl<const N: usize> Counters<N> {
    const fn new() -> Self {
        Counters([const { AtomicU64::new(0) }; N])
    }

    fn count(&self, i: usize) {
        if let Some(counter) = self.0.get(i) {
            counter.fetch_add(1, Relaxed);
        }
    }

    fn get(&self, i: usize) -> u64 {
        self.0.get(i).map_or(0, |counter| counter.load(Relaxed))
    }
}

#[cfg(feature = "stats")]
static INSTRUCTIONS: Counters<256> = Counters::new();
#[cfg(feature = "stats")]
static PAIRS: Counters<65536> = Counters::new();
#[cfg(feature = "stats")]
static MISSES: Counters<256> = Counters::new();
#[cfg(feature = "stats")]
static FRAMES: Counters<2> = Counters::new();
/// The instruction before. Threads that take turns mix a few pairs up.
#[cfg(feature = "stats")]
static LAST: AtomicUsize = AtomicUsize::new(0);

/// Counts an instruction that is about to run.
#[inline(always)]
pub(crate) fn instruction(op: Opcode) {
    #[cfg(not(feature = "stats"))]
    let _ = op;
    #[cfg(feature = "stats")]
    {
        let op = op as usize;
        INSTRUCTIONS.count(op);
        PAIRS.count(LAST.swap(op, Relaxed) << 8 | op);
    }
}

/// Counts a specialized site that met something else; it becomes `general`.
#[inline(always)]
pub(crate) fn miss(general: Opcode) {
    #[cfg(not(feature = "stats"))]
    let _ = general;
    #[cfg(feature = "stats")]
    MISSES.count(general as usize);
}

/// Counts a frame of a Python function.
#[inline(always)]
pub(crate) fn frame() {
    #[cfg(feature = "stats")]
    FRAMES.count(0);
}

/// Counts a call of a Python function from native code, which makes one of the frames.
#[inline(always)]
pub(crate) fn call_from_native() {
    #[cfg(feature = "stats")]
    FRAMES.count(1);
}

/// All counters that are not zero, one a line: `instruction NAME N`, `pair NAME NAME N`, `miss NAME N`, `frames N`,
/// `from_native N`, `allocated TYPE N BYTES`.
#[cfg(feature = "stats")]
pub fn report() -> String {
    use std::fmt::Write;

    let mut out = String::new();
    let opcodes = || (0..=255).filter_map(Opcode::from_u8);
    for op in opcodes() {
        for (what, counters) in [("instruction", &INSTRUCTIONS), ("miss", &MISSES)] {
            let n = counters.get(op as usize);
            if n != 0 {
                let _ = writeln!(out, "{what} {} {n}", op.name());
            }
        }
        for next in opcodes() {
            let n = PAIRS.get((op as usize) << 8 | next as usize);
            if n != 0 {
                let _ = writeln!(out, "pair {} {} {n}", op.name(), next.name());
            }
        }
    }
    let _ = writeln!(out, "frames {}", FRAMES.get(0));
    let _ = writeln!(out, "from_native {}", FRAMES.get(1));
    for (name, made) in taipan_object::stats::allocations() {
        let name = name.replace(' ', "");
        let _ = writeln!(out, "allocated {name} {} {}", made.objects, made.bytes);
    }
    out
}
