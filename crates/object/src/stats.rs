//! Counters of what a program allocates, for `benches/profile`. Without the feature `stats` nothing is counted and nothing
//! is paid; `taipan-vm` counts instructions and calls in the same manner.

#[cfg(feature = "stats")]
use std::collections::BTreeMap;
#[cfg(feature = "stats")]
use std::sync::Mutex;

/// How many objects were made of a payload, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Their number.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

#[cfg(feature = "stats")]
static MADE: Mutex<BTreeMap<&'static str, Made>> = Mutex::new(BTreeMap::new());

/// Counts an object with payload `T` and `size` bytes in all.
#[inline(always)]
pub fn allocation<T>(size: usize) {
    #[cfg(not(feature = "stats"))]
    let _ = size;
    #[cfg(feature = "stats")]
    if let Ok(mut made) = MADE.lock() {
        let made = made.entry(std::any::type_name::<T>()).or_default();
        made.objects += 1;
        made.bytes += size as u64;
    }
}

/// What was made so far, by the payload's Rust type.
#[cfg(feature = "stats")]
pub fn allocations() -> Vec<(&'static str, Made)> {
    MADE.lock()
        .map(|made| made.iter().map(|(&name, &made)| (name, made)).collect())
        .unwrap_or_default()
}
