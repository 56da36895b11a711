//! `Value`, the 64-bit tagged word that locals, lists, dicts and native arguments hold, and `PyResult`.
//! The objects that pointers lead to start with the header of `header.rs`; typed pointers are in `reference.rs`.
//!
//! Layout of the word (decision 2 of ARCHITECTURE.md):
//!
//! | low bits | meaning |
//! |---|---|
//! | `..1` | small int, value in the upper 63 bits |
//! | `000` | owned pointer to a [`Header`] |
//! | `010` | reserved (immediate floats) |
//! | `100` | never in a `Value`: a stack slot's borrowed pointer, see `stackref.rs` |

use std::num::NonZeroU64;
use std::ptr::NonNull;

use crate::header::Header;

/// Marks that an exception is pending in the thread's state. Zero-sized, so that `PyResult` is one word.
#[derive(Debug)]
#[must_use]
pub struct Raised(pub(crate) ());

/// What everything that may raise gives. `Result<Value, Raised>` fits one register.
pub type PyResult<T = Value> = Result<T, Raised>;

/// An owned reference to a Python object, or a small int held in the word itself.
#[repr(transparent)]
pub struct Value(NonZeroU64);

const _: () = assert!(size_of::<PyResult<Value>>() == 8);
const _: () = assert!(size_of::<Option<Value>>() == 8);

/// The largest int that needs no object.
pub const SMALL_INT_MAX: i64 = (1 << 62) - 1;
/// The smallest int that needs no object.
pub const SMALL_INT_MIN: i64 = -(1 << 62);

impl Value {
    /// The value of a small int, or `None` outside of [`SMALL_INT_MIN`]..=[`SMALL_INT_MAX`].
    #[inline(always)]
    pub fn small_int(i: i64) -> Option<Value> {
        if ((i << 1) >> 1) == i {
            NonZeroU64::new(((i as u64) << 1) | 1).map(Value)
        } else {
            None
        }
    }

    /// A small int from a number of 32 bits, which always fits.
    #[inline(always)]
    pub fn from_i32(i: i32) -> Value {
        // The low bit is set, so the word is not zero.
        match NonZeroU64::new(((i as i64 as u64) << 1) | 1) {
            Some(w) => Value(w),
            None => unreachable!("the tag bit is set"),
        }
    }

    /// The word as bits.
    #[inline(always)]
    pub fn bits(&self) -> u64 {
        self.0.get()
    }

    /// Whether this is a small int held in the word.
    #[inline(always)]
    pub fn is_small_int(&self) -> bool {
        self.0.get() & 1 != 0
    }

    /// The small int held in the word.
    #[inline(always)]
    pub fn as_small_int(&self) -> Option<i64> {
        if self.is_small_int() {
            Some((self.0.get() as i64) >> 1)
        } else {
            None
        }
    }

    /// The object's header, or `None` for a small int.
    #[inline(always)]
    pub fn header(&self) -> Option<&Header> {
        if self.is_small_int() {
            None
        } else {
            // SAFETY: a word with tag 000 is a pointer to a live object that this value keeps alive.
            Some(unsafe { &*self.as_ptr_unchecked() })
        }
    }

    /// The pointer in the word; only meaningful when it is not a small int.
    #[inline(always)]
    pub fn as_ptr_unchecked(&self) -> *const Header {
        std::ptr::with_exposed_provenance(self.0.get() as usize)
    }

    /// Takes over one count of the object behind `ptr`.
    ///
    /// # Safety
    /// `ptr` leads to a live object, and the caller gives up a count that it owns.
    #[inline(always)]
    pub unsafe fn from_owned_ptr(ptr: NonNull<Header>) -> Value {
        let bits = ptr.as_ptr().expose_provenance() as u64;
        // SAFETY: a non-null pointer is not zero.
        Value(unsafe { NonZeroU64::new_unchecked(bits) })
    }

    /// Rebuilds a value from the bits of a forgotten one.
    ///
    /// # Safety
    /// `bits` came from [`Value::into_bits`] (or stand for a count the caller owns), and are used once.
    #[inline(always)]
    pub unsafe fn from_bits(bits: u64) -> Value {
        // SAFETY: bits of a value are never zero, says the contract.
        Value(unsafe { NonZeroU64::new_unchecked(bits) })
    }

    /// A reference seen through a word that holds the bits of a value.
    ///
    /// # Safety
    /// `*word` holds the bits of a live value with tag `..1` or `000` for as long as the reference lives.
    #[inline(always)]
    pub unsafe fn from_word_ref<'a>(word: *const u64) -> &'a Value {
        // SAFETY: Value is a transparent u64, the contract gives validity.
        unsafe { &*word.cast::<Value>() }
    }

    /// Gives up ownership: the word's bits, with the count still held.
    #[inline(always)]
    pub fn into_bits(self) -> u64 {
        let bits = self.0.get();
        std::mem::forget(self);
        bits
    }

    /// Gives up a value of which only the bits are left, without the code of a destructor around it: for the interpreter's
    /// loop, where many instructions let go of words.
    ///
    /// # Safety
    /// The bits are those of an owned value that is no small int; they are not used again.
    #[inline(always)]
    pub unsafe fn release_bits(bits: u64) {
        let ptr = std::ptr::with_exposed_provenance_mut::<Header>(bits as usize);
        // SAFETY: the contract; pointers are not null.
        unsafe {
            if (*ptr).decref() {
                last_reference(NonNull::new_unchecked(ptr));
            }
        }
    }

    /// Identity, Python's `is`.
    #[inline(always)]
    pub fn is(&self, other: &Value) -> bool {
        self.0 == other.0
    }

    /// How many references the object has; small ints and immortals give `u32::MAX`.
    pub fn refcount(&self) -> u32 {
        match self.header() {
            Some(h) if !h.is_immortal() => h.refcount(),
            _ => u32::MAX,
        }
    }
}

/// Rarer than keeping an object: callers lay their code out for that.
#[cold]
#[inline(never)]
fn last_reference(ptr: NonNull<Header>) {
    crate::heap::dealloc::dealloc(ptr);
}

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        if let Some(h) = self.header() {
            h.incref();
        }
        Value(self.0)
    }
}

/// Appends copies of values: their counts first, then the words in one piece.
#[inline]
pub fn append_copies(out: &mut Vec<Value>, values: &[Value]) {
    out.reserve(values.len());
    for header in values.iter().filter_map(Value::header) {
        header.incref();
    }
    // SAFETY: there is room for the words, and each of them owns the count that it was given above.
    unsafe {
        let end = out.as_mut_ptr().add(out.len());
        std::ptr::copy_nonoverlapping(values.as_ptr(), end, values.len());
        out.set_len(out.len() + values.len());
    }
}

/// Copies of values.
#[inline]
pub fn copies(values: &[Value]) -> Vec<Value> {
    let mut out = Vec::with_capacity(values.len());
    append_copies(&mut out, values);
    out
}

impl Drop for Value {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.is_small_int() {
            let ptr = self.as_ptr_unchecked();
            // SAFETY: the word is a pointer to a live object, and this value owns one count of it.
            unsafe {
                if (*ptr).decref() {
                    crate::heap::dealloc::dealloc(NonNull::new_unchecked(ptr.cast_mut()));
                }
            }
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.as_small_int() {
            Some(i) => write!(f, "{i}"),
            None => write!(f, "<object at {:#x}>", self.0.get()),
        }
    }
}
