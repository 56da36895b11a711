//! Randomness, where there is no operating system: always the same, so that a program can be run again. What each call
//! means is told in `unix/random.rs`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Result;

static STATE: AtomicU64 = AtomicU64::new(0x2545_f491_4f6c_dd1d);

/// Fills `buffer`.
pub fn getrandom(buffer: &mut [u8], _flags: u32) -> Result<usize> {
    fill(buffer)?;
    Ok(buffer.len())
}

/// Fills the whole of `buffer`.
pub fn fill(buffer: &mut [u8]) -> Result<()> {
    for byte in buffer {
        // SplitMix64.
        let state = STATE
            .load(Ordering::Relaxed)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        STATE.store(state, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        *byte = (mixed ^ (mixed >> 31)) as u8;
    }
    Ok(())
}
