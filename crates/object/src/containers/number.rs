//! `int` beyond the tagged word, `float`, `complex` and `bool`'s payload. Arithmetic is in `taipan-builtins`.

use dashu_int::IBig;

use crate::reference::Ref;
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The payload of an int object: numbers that do not fit the word, and instances of `bool` and of subclasses of `int`.
#[repr(C)]
pub struct Int {
    /// The number.
    pub value: IBig,
}

crate::payload!(Int, leaf);

/// The payload of `float`.
#[repr(C)]
pub struct Float {
    /// The number.
    pub value: f64,
}

crate::payload!(Float, leaf);

/// The payload of `complex`.
#[repr(C)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

crate::payload!(Complex, leaf);

/// An int seen without caring how it is stored.
#[derive(Clone, Copy, Debug)]
pub enum IntRef<'a> {
    /// In the word, or small enough for it.
    Small(i64),
    /// An object's.
    Big(&'a IBig),
}

impl IntRef<'_> {
    /// As a bigint.
    pub fn to_ibig(self) -> IBig {
        match self {
            IntRef::Small(i) => IBig::from(i),
            IntRef::Big(b) => b.clone(),
        }
    }

    /// As a machine integer, if it fits.
    pub fn to_i64(self) -> Option<i64> {
        match self {
            IntRef::Small(i) => Some(i),
            IntRef::Big(b) => i64::try_from(b).ok(),
        }
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        match self {
            IntRef::Small(i) => i < 0,
            IntRef::Big(b) => *b < IBig::ZERO,
        }
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        match self {
            IntRef::Small(i) => i == 0,
            IntRef::Big(b) => *b == IBig::ZERO,
        }
    }
}

impl Value {
    /// The number, if this is an `int` or an instance of a subclass.
    #[inline(always)]
    pub fn as_int(&self) -> Option<IntRef<'_>> {
        match self.as_small_int() {
            Some(i) => Some(IntRef::Small(i)),
            None => self
                .downcast_ref::<Int>()
                .map(|r| match i64::try_from(&r.value) {
                    Ok(i) => IntRef::Small(i),
                    Err(_) => IntRef::Big(&r.value),
                }),
        }
    }

    /// The number, if this is a `float` or an instance of a subclass.
    #[inline(always)]
    pub fn as_float(&self) -> Option<f64> {
        self.downcast_ref::<Float>().map(|r| r.value)
    }
}

impl Vm {
    /// The number, if this is an exact `float`.
    #[inline(always)]
    pub fn exact_float(&self, v: &Value) -> Option<f64> {
        let h = v.header()?;
        if std::ptr::eq(h.ty(), self.known().float) {
            // SAFETY: the payload of `float` is Float.
            Some(unsafe { Ref::<Float>::cast_unchecked(v) }.value)
        } else {
            None
        }
    }

    /// Replaces the number of a float that nobody else refers to; false when somebody may.
    #[inline(always)]
    pub fn reuse_float(&self, v: &Value, new: f64) -> bool {
        let Some(h) = v.header() else { return false };
        if h.refcount() != 1 || !std::ptr::eq(h.ty(), self.known().float) {
            return false;
        }
        // SAFETY: an exact float whose only reference the caller holds, so no reference into it exists.
        unsafe {
            let p = v
                .as_ptr_unchecked()
                .cast::<crate::reference::Object<Float>>()
                .cast_mut();
            (&raw mut (*p).payload.value).write(new);
        }
        true
    }

    /// An int.
    #[inline(always)]
    pub fn new_int(&self, i: i64) -> PyResult {
        match Value::small_int(i) {
            Some(v) => Ok(v),
            None => self.new_big_int(IBig::from(i)),
        }
    }

    /// An int from a size or count.
    pub fn new_usize(&self, n: usize) -> PyResult {
        match i64::try_from(n) {
            Ok(i) => self.new_int(i),
            Err(_) => self.new_big_int(IBig::from(n)),
        }
    }

    /// An int from a bigint; in the word if it fits.
    pub fn new_ibig(&self, b: IBig) -> PyResult {
        if let Ok(i) = i64::try_from(&b)
            && let Some(v) = Value::small_int(i)
        {
            return Ok(v);
        }
        self.new_big_int(b)
    }

    #[inline(never)]
    fn new_big_int(&self, b: IBig) -> PyResult {
        self.new_object(&self.types().int, Int { value: b })
            .map(Ref::into_value)
    }

    /// A float.
    #[inline(always)]
    pub fn new_float(&self, f: f64) -> PyResult {
        if let Some(v) = self.new_float_quickly(f) {
            return Ok(v);
        }
        self.new_object(&self.types().float, Float { value: f })
            .map(Ref::into_value)
    }

    /// A float, if there is room for it at hand.
    #[inline(always)]
    pub fn new_float_quickly(&self, f: f64) -> Option<Value> {
        let ty = std::ptr::NonNull::new(self.known().float.cast_mut())?;
        self.heap()
            .new_plain(ty, Float { value: f })
            .map(Ref::into_value)
    }

    /// Gives up a reference to a float, of which only the word is left.
    ///
    /// # Safety
    /// The word is that of an owned float of this interpreter, and is not used again.
    #[inline(always)]
    pub unsafe fn release_float(&self, word: u64) {
        // SAFETY: the contract.
        unsafe { self.heap().release_plain(word) };
    }

    /// A complex number.
    pub fn new_complex(&self, re: f64, im: f64) -> PyResult {
        self.new_object(&self.types().complex, Complex { re, im })
            .map(Ref::into_value)
    }
}
