//! `str`: PEP 393 text in the object itself, with a cached hash. Interned ones are in a table (`interned`).
//! Layout: header, hash, length and form, then the code units.

use std::cell::Cell;
use std::ptr::NonNull;

use taipan_text::{Form, TextBuf, TextRef};

use crate::header::{Header, flag};
use crate::reference::{Object, Ref};
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;

/// The payload of `str`; the code units follow it in memory.
#[repr(C)]
pub struct Str {
    /// -1: not computed yet.
    hash: Cell<i64>,
    /// Length in code points, shifted left by 8; the low bits are the form.
    meta: u64,
}

// Only interned strings, which carry a flag, have something to do when they die.
crate::payload!(Str, leaf, var, flagged);

impl crate::reference::VarSized for Str {
    fn var_bytes(&self) -> usize {
        self.raw_bytes().len()
    }
}

const DATA: usize = size_of::<Object<Str>>();

fn form_code(form: Form) -> u64 {
    match form {
        Form::Ascii => 0,
        Form::Latin1 => 1,
        Form::Ucs2 => 2,
        Form::Ucs4 => 3,
    }
}

impl Str {
    /// Length in code points.
    #[inline(always)]
    pub fn len(&self) -> usize {
        (self.meta >> 8) as usize
    }

    /// Whether it is empty.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The representation.
    #[inline(always)]
    pub fn form(&self) -> Form {
        match self.meta & 3 {
            0 => Form::Ascii,
            1 => Form::Latin1,
            2 => Form::Ucs2,
            _ => Form::Ucs4,
        }
    }

    /// Whether all code points are below 128.
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.meta & 3 == 0
    }

    #[inline(always)]
    fn data(&self) -> *const u8 {
        // The units lie behind the payload, in memory whose provenance was exposed when the object was made.
        let at = (&raw const *self).addr() + size_of::<Str>();
        std::ptr::with_exposed_provenance(at)
    }

    /// The text.
    #[inline(always)]
    pub fn text(&self) -> TextRef<'_> {
        let n = self.len();
        // SAFETY: `len` units of the form's width follow the payload, written when the string was made and never changed.
        unsafe {
            match self.meta & 3 {
                0 | 1 => TextRef::One(std::slice::from_raw_parts(self.data(), n)),
                2 => TextRef::Two(std::slice::from_raw_parts(self.data().cast(), n)),
                _ => TextRef::Four(std::slice::from_raw_parts(self.data().cast(), n)),
            }
        }
    }

    /// The text as `&str`, for nothing, if it is ASCII.
    #[inline(always)]
    pub fn as_ascii(&self) -> Option<&str> {
        if self.is_ascii() {
            // SAFETY: ASCII bytes are UTF-8.
            Some(unsafe {
                std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.data(), self.len()))
            })
        } else {
            None
        }
    }

    /// The text as UTF-8, lone surrogates replaced by U+FFFD: for messages, not for data.
    pub fn to_string_lossy(&self) -> std::borrow::Cow<'_, str> {
        match self.as_ascii() {
            Some(s) => s.into(),
            None => self.text().to_string_lossy().into(),
        }
    }

    /// The text as UTF-8, `None` if it has lone surrogates.
    pub fn to_str(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self.as_ascii() {
            Some(s) => Some(s.into()),
            None => self.text().to_string_strict().ok().map(Into::into),
        }
    }

    /// Equality with a Rust string.
    pub fn eq_str(&self, s: &str) -> bool {
        match self.as_ascii() {
            Some(a) => a == s,
            None => self.text().eq_str(s),
        }
    }

    /// Equality of content. Equal strings have the same form.
    #[inline]
    pub fn same_text(&self, other: &Str) -> bool {
        self.meta == other.meta && self.raw_bytes() == other.raw_bytes()
    }

    /// The units as bytes in memory order.
    #[inline(always)]
    pub fn raw_bytes(&self) -> &[u8] {
        let width = match self.meta & 3 {
            0 | 1 => 1,
            2 => 2,
            _ => 4,
        };
        // SAFETY: as for `text`.
        unsafe { std::slice::from_raw_parts(self.data(), self.len() * width) }
    }

    /// The hash if it was computed before.
    #[inline(always)]
    pub fn cached_hash(&self) -> Option<i64> {
        let h = self.hash.get();
        if h != -1 { Some(h) } else { None }
    }

    /// The hash: SipHash-1-3 of the units with the interpreter's key.
    #[inline(always)]
    pub fn hash(&self, vm: &Vm) -> i64 {
        let h = self.hash.get();
        if h != -1 { h } else { self.compute_hash(vm) }
    }

    #[inline(never)]
    fn compute_hash(&self, vm: &Vm) -> i64 {
        let h = hash_bytes(vm, self.raw_bytes());
        self.hash.set(h);
        h
    }

    fn head(&self) -> &Header {
        // SAFETY: a payload lies directly behind its header.
        unsafe {
            &*std::ptr::with_exposed_provenance((&raw const *self).addr() - size_of::<Header>())
        }
    }

    /// Whether it is in the table of interned strings.
    #[inline(always)]
    pub fn is_interned(&self) -> bool {
        self.head().has(flag::TYPE_SPECIFIC)
    }
}

/// The hash of bytes: 0 for none, never -1.
pub fn hash_bytes(vm: &Vm, bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    match siphash13(vm.interp().hash_key, bytes) as i64 {
        -1 => -2,
        h => h,
    }
}

/// SipHash-1-3 (Aumasson and Bernstein) of bytes that are all there.
fn siphash13((k0, k1): (u64, u64), bytes: &[u8]) -> u64 {
    struct State([u64; 4]);
    impl State {
        #[inline(always)]
        fn round(&mut self) {
            let [a, b, c, d] = &mut self.0;
            *a = a.wrapping_add(*b);
            *b = b.rotate_left(13) ^ *a;
            *a = a.rotate_left(32);
            *c = c.wrapping_add(*d);
            *d = d.rotate_left(16) ^ *c;
            *a = a.wrapping_add(*d);
            *d = d.rotate_left(21) ^ *a;
            *c = c.wrapping_add(*b);
            *b = b.rotate_left(17) ^ *c;
            *c = c.rotate_left(32);
        }

        #[inline(always)]
        fn word(&mut self, word: u64) {
            self.0[3] ^= word;
            self.round();
            self.0[0] ^= word;
        }
    }
    let mut state = State([
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ]);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state.word(u64::from_le_bytes(*word));
    }
    let last = rest
        .iter()
        .rev()
        .fold(0, |word, &b| word << 8 | u64::from(b));
    state.word((bytes.len() as u64) << 56 | last);
    state.0[2] ^= 0xff;
    for _ in 0..3 {
        state.round();
    }
    let [a, b, c, d] = state.0;
    a ^ b ^ c ^ d
}

/// Writes the code points of a new string, see [`Vm::new_str_filled`]. What does not fit, in number or in width, is
/// left out, so that the string's form stays true.
pub struct StrFiller {
    at: *mut u8,
    left: usize,
    form: Form,
}

/// Copies bytes; few of them without a call.
///
/// # Safety
/// As for `ptr::copy_nonoverlapping`.
#[inline(always)]
unsafe fn copy_bytes(from: *const u8, to: *mut u8, n: usize) {
    // SAFETY: the contract; each branch reads and writes within `n` bytes, some of them twice.
    unsafe {
        match n {
            0 => {}
            1..=3 => {
                to.write(from.read());
                to.add(n / 2).write(from.add(n / 2).read());
                to.add(n - 1).write(from.add(n - 1).read());
            }
            4..=7 => {
                let (a, b) = (from.cast::<u32>(), from.add(n - 4).cast::<u32>());
                let (a, b) = (a.read_unaligned(), b.read_unaligned());
                to.cast::<u32>().write_unaligned(a);
                to.add(n - 4).cast::<u32>().write_unaligned(b);
            }
            8..=16 => {
                let (a, b) = (from.cast::<u64>(), from.add(n - 8).cast::<u64>());
                let (a, b) = (a.read_unaligned(), b.read_unaligned());
                to.cast::<u64>().write_unaligned(a);
                to.add(n - 8).cast::<u64>().write_unaligned(b);
            }
            _ => std::ptr::copy_nonoverlapping(from, to, n),
        }
    }
}

impl StrFiller {
    #[inline(always)]
    fn put(&mut self, text: TextRef<'_>) {
        let width = self.form.width();
        if text.width() != width {
            return self.put_wider(text);
        }
        let n = text.len().min(self.left);
        // SAFETY: `at` leads to room for `left` units of the form's width in an object that nobody reads yet; at most
        // `left` of them are written.
        unsafe {
            copy_bytes(text.as_bytes().as_ptr(), self.at, n * width);
            self.at = self.at.add(n * width);
        }
        self.left -= n;
    }

    #[inline(never)]
    fn put_wider(&mut self, text: TextRef<'_>) {
        let n = text.len().min(self.left);
        let width = self.form.width();
        // SAFETY: `at` leads to room for `left` units of the form's width in an object that nobody reads yet; at most
        // `left` of them are written. Objects' memory is aligned to 8 and the payload's size is a multiple of 8, so
        // that units are aligned.
        unsafe {
            if width == 2 {
                let to = self.at.cast::<u16>();
                for (i, c) in text.chars().take(n).enumerate() {
                    to.add(i).write(c as u16);
                }
            } else {
                let to = self.at.cast::<u32>();
                for (i, c) in text.chars().take(n).enumerate() {
                    to.add(i).write(c);
                }
            }
            self.at = self.at.add(n * width);
        }
        self.left -= n;
    }

    /// Appends a string.
    #[inline]
    pub fn push(&mut self, s: &Str) {
        if s.form() <= self.form {
            self.put(s.text());
        }
    }

    /// Appends part of a string (the range is clamped).
    #[inline]
    pub fn push_part(&mut self, s: &Str, range: std::ops::Range<usize>) {
        if s.form() <= self.form {
            self.put(s.text().slice(range));
        }
    }

    /// Appends a string again and again until no more copies of it fit.
    pub fn push_copies(&mut self, s: &Str) {
        let width = self.form.width();
        if s.form() > self.form || s.text().width() != width {
            while !s.is_empty() && s.form() <= self.form && s.len() <= self.left {
                self.put(s.text());
            }
            return;
        }
        let units = self.left / s.len().max(1) * s.len();
        let (start, mut done) = (self.at, s.len().min(units));
        self.put(s.text().slice(0..done));
        while done < units {
            let n = done.min(units - done);
            // SAFETY: as in `put`; the `done` units from `start` on are written, and `n` is not above that.
            unsafe {
                copy_bytes(start, self.at, n * width);
                self.at = self.at.add(n * width);
            }
            self.left -= n;
            done += n;
        }
    }

    /// Appends text.
    pub fn push_str(&mut self, s: &str) {
        let form = Form::of_str(s);
        if form > self.form {
            return;
        }
        if form == Form::Ascii {
            return self.put(TextRef::One(s.as_bytes()));
        }
        let chars = s.chars().map(u32::from).take(self.left);
        let mut n = 0;
        // SAFETY: as in `put`.
        unsafe {
            match self.form.width() {
                1 => chars.for_each(|c| {
                    self.at.add(n).write(c as u8);
                    n += 1;
                }),
                2 => chars.for_each(|c| {
                    self.at.cast::<u16>().add(n).write(c as u16);
                    n += 1;
                }),
                _ => chars.for_each(|c| {
                    self.at.cast::<u32>().add(n).write(c);
                    n += 1;
                }),
            }
            self.at = self.at.add(n * self.form.width());
        }
        self.left -= n;
    }

    /// Appends `count` times the same code point.
    pub fn push_repeat(&mut self, ch: u32, count: usize) {
        let n = count.min(self.left);
        if Form::of(ch) > self.form {
            return;
        }
        // SAFETY: as in `put`.
        unsafe {
            match self.form.width() {
                1 => self.at.write_bytes(ch as u8, n),
                2 => (0..n).for_each(|i| self.at.cast::<u16>().add(i).write(ch as u16)),
                _ => (0..n).for_each(|i| self.at.cast::<u32>().add(i).write(ch)),
            }
            self.at = self.at.add(n * self.form.width());
        }
        self.left -= n;
    }

    /// Appends bytes with `f` applied to each; of results beyond ASCII the high bit is lost.
    #[inline]
    pub fn push_mapped(&mut self, bytes: &[u8], f: impl Fn(u8) -> u8) {
        if self.form.width() != 1 || self.left < bytes.len() {
            return bytes.iter().for_each(|&b| self.push_byte(f(b)));
        }
        // SAFETY: as in `put`: there is room for a unit of one byte for each of the bytes.
        unsafe {
            let to = self.at;
            for (i, &b) in bytes.iter().enumerate() {
                to.add(i).write(f(b) & 0x7f);
            }
            self.at = self.at.add(bytes.len());
        }
        self.left -= bytes.len();
    }

    /// Appends an ASCII character; of other bytes the high bit is lost.
    #[inline(always)]
    pub fn push_byte(&mut self, b: u8) {
        let b = b & 0x7f;
        if self.form.width() != 1 || self.left == 0 {
            return self.push_repeat(b.into(), 1);
        }
        // SAFETY: as in `put`: there is room for a unit of one byte.
        unsafe {
            self.at.write(b);
            self.at = self.at.add(1);
        }
        self.left -= 1;
    }

    #[inline(always)]
    fn finish(mut self) {
        if self.left != 0 {
            self.push_repeat(0, self.left);
        }
    }
}

impl Drop for Str {
    fn drop(&mut self) {
        if self.is_interned() {
            let this: *const Str = self;
            Vm::with_current(|vm| vm.interp().interned.remove(self.hash.get(), this));
        }
    }
}

impl Vm {
    #[inline]
    fn alloc_str(&self, len: usize, form: Form, units: &[u8]) -> PyResult<Ref<Str>> {
        let s = self.room_for_str(len, form, units.len())?;
        // SAFETY: the object was made with room for `units` behind its payload, and nobody reads it yet.
        unsafe { copy_bytes(units.as_ptr(), s.data().cast_mut(), units.len()) };
        Ok(s)
    }

    /// An exact string of `len` code points in `bytes` bytes, which the caller writes.
    #[inline(always)]
    fn room_for_str(&self, len: usize, form: Form, bytes: usize) -> PyResult<Ref<Str>> {
        // Made only when there is room: a payload without a header in front of it must not be dropped.
        let payload = || Str {
            hash: Cell::new(-1),
            meta: ((len as u64) << 8) | form_code(form),
        };
        if let Some(size) = bytes.checked_add(DATA)
            && let Some(ty) = NonNull::new(self.known().str.cast_mut())
            && let Some(s) = self.heap().new_plain_of_size(ty, size, payload)
        {
            return Ok(s);
        }
        self.room_for_str_slowly(bytes, payload())
    }

    #[inline(never)]
    fn room_for_str_slowly(&self, bytes: usize, payload: Str) -> PyResult<Ref<Str>> {
        let size = bytes.checked_add(DATA).filter(|&n| n < isize::MAX as usize);
        let Some(size) = size else {
            std::mem::forget(payload);
            return Err(self.no_memory());
        };
        let ty = self.types().str.object();
        self.heap()
            .new_object(ty, ty.payload.var_instance_size(size), payload)
            .ok_or_else(|| self.no_memory())
    }

    /// A new instance of a subclass of `str` with the text of `s`.
    pub fn new_str_of(&self, ty: &crate::class::TypeRef, s: &Str) -> PyResult<Ref<Str>> {
        self.alloc_str_of(ty.object(), s.len(), s.form(), s.raw_bytes())
    }

    fn alloc_str_of(
        &self,
        ty: &Object<crate::class::TypeObject>,
        len: usize,
        form: Form,
        units: &[u8],
    ) -> PyResult<Ref<Str>> {
        let size = DATA
            .checked_add(units.len())
            .ok_or_else(|| self.no_memory())?;
        let payload = Str {
            hash: Cell::new(-1),
            meta: ((len as u64) << 8) | form_code(form),
        };
        let s = self
            .heap()
            .new_object(ty, ty.payload.var_instance_size(size), payload)
            .ok_or_else(|| self.no_memory())?;
        // SAFETY: the object was made with room for `units` behind its payload, and nobody reads it yet.
        unsafe {
            std::ptr::copy_nonoverlapping(units.as_ptr(), s.data().cast_mut(), units.len());
        }
        Ok(s)
    }

    /// A new string of `len` code points, the widest of which needs `form`: `fill` writes them, without an
    /// intermediate copy. What it leaves out is NUL.
    pub fn new_str_filled(
        &self,
        len: usize,
        form: Form,
        fill: impl FnOnce(&mut StrFiller),
    ) -> PyResult<Ref<Str>> {
        let bytes = len.checked_mul(form.width());
        let bytes = bytes.ok_or_else(|| self.no_memory())?;
        let s = self.room_for_str(len, form, bytes)?;
        let mut filler = StrFiller {
            at: s.data().cast_mut(),
            left: len,
            form,
        };
        fill(&mut filler);
        filler.finish();
        Ok(s)
    }

    /// A new string of ASCII text with `f` applied to each byte; results beyond ASCII lose their high bit.
    pub fn new_ascii_mapped(&self, s: &str, f: impl Fn(u8) -> u8) -> PyResult<Ref<Str>> {
        match s.as_bytes() {
            [] => Ok(self.interp().singletons().empty_str.clone()),
            [c] => Ok(self.latin1_char(f(*c) & 0x7f)),
            bytes => self.new_str_filled(bytes.len(), Form::Ascii, |out| out.push_mapped(bytes, f)),
        }
    }

    /// `a + b` in one allocation.
    pub fn concat_str(&self, a: &Str, b: &Str) -> PyResult<Ref<Str>> {
        let len = a.len().checked_add(b.len());
        let len = len.ok_or_else(|| self.no_memory())?;
        self.new_str_filled(len, a.form().max(b.form()), |out| {
            out.push(a);
            out.push(b);
        })
    }

    /// Appends to a string, in place when nobody else refers to it. Gives it back when it fails.
    pub fn append_str(
        &self,
        mut s: Ref<Str>,
        more: &Ref<Str>,
    ) -> Result<Ref<Str>, (Ref<Str>, Raised)> {
        if more.is_empty() {
            return Ok(s);
        }
        let head = s.head();
        let alone = head.refcount() == 1
            && head.has(flag::LARGE)
            && !s.is_interned()
            && std::ptr::eq(head.ty(), self.types().str.object())
            && more.form() <= s.form()
            // What is appended must stay where it is.
            && !more.is(&s);
        if !alone {
            return self.concat_str(&s, more).map_err(|e| (s, e));
        }
        let (len, width) = (s.len() + more.len(), s.form().width());
        let old = s.raw_bytes().len();
        let Some(size) = more
            .len()
            .checked_mul(width)
            .and_then(|n| n.checked_add(DATA + old))
        else {
            return Err((s, self.no_memory()));
        };
        let meta = (len as u64) << 8 | (s.meta & 0xff);
        let form = s.form();
        // SAFETY: the only reference to a large object moves with it; what is appended is written before anybody reads it.
        unsafe {
            s = match self.heap().grow_large(s, size) {
                Ok(moved) => moved,
                Err(s) => return Err((s, self.no_memory())),
            };
            let p = s.as_ptr().cast_mut();
            (&raw mut (*p).payload.meta).write(meta);
            s.hash.set(-1);
            let mut out = StrFiller {
                at: s.data().cast_mut().add(old),
                left: more.len(),
                form,
            };
            out.push(more);
        }
        Ok(s)
    }

    /// The code points of `s` in `start..end` (clamped); `s` itself when that is all of an exact string.
    pub fn substring(&self, s: &Ref<Str>, start: usize, end: usize) -> PyResult<Ref<Str>> {
        let end = end.min(s.len());
        let start = start.min(end);
        if start == 0 && end == s.len() && std::ptr::eq(s.head().ty(), self.types().str.object()) {
            return Ok(s.clone());
        }
        if !s.is_ascii() {
            return self.new_str_text(s.text().slice(start..end));
        }
        match s.raw_bytes().get(start..end) {
            None | Some([]) => Ok(self.interp().singletons().empty_str.clone()),
            Some([c]) => Ok(self.latin1_char(*c)),
            // A part of ASCII text is ASCII: no need to look.
            Some(part) => self.alloc_str(part.len(), Form::Ascii, part),
        }
    }

    /// A new string of UTF-8 text.
    pub fn new_str(&self, s: &str) -> PyResult<Ref<Str>> {
        if s.is_ascii() {
            match s.len() {
                0 => return Ok(self.interp().singletons().empty_str.clone()),
                1 => return Ok(self.latin1_char(s.as_bytes()[0])),
                n => return self.alloc_str(n, Form::Ascii, s.as_bytes()),
            }
        }
        let mut chars = s.chars();
        if let (Some(c), None) = (chars.next(), chars.next())
            && let Ok(c) = u8::try_from(u32::from(c))
        {
            return Ok(self.latin1_char(c));
        }
        self.new_str_filled(s.chars().count(), Form::of_str(s), |out| out.push_str(s))
    }

    /// A new string of text in any width; narrowed to the form its code points need.
    pub fn new_str_text(&self, text: TextRef<'_>) -> PyResult<Ref<Str>> {
        match text {
            TextRef::One([]) => return Ok(self.interp().singletons().empty_str.clone()),
            TextRef::One([c]) => return Ok(self.latin1_char(*c)),
            _ => {}
        }
        let form = text.form();
        let natural = matches!(
            (text, form),
            (TextRef::One(_), Form::Ascii | Form::Latin1)
                | (TextRef::Two(_), Form::Ucs2)
                | (TextRef::Four(_), Form::Ucs4)
        );
        if natural {
            return self.alloc_str(text.len(), form, text.as_bytes());
        }
        // A slice of a wide string whose code points are all narrow.
        let buf = TextBuf::from_chars(text.chars());
        self.alloc_str(text.len(), buf.form(), buf.as_text().as_bytes())
    }

    /// A new string from a builder.
    pub fn new_str_buf(&self, buf: &TextBuf) -> PyResult<Ref<Str>> {
        self.new_str_text(buf.as_text())
    }

    /// The one-character string of a Latin-1 code point.
    #[inline]
    pub fn latin1_char(&self, c: u8) -> Ref<Str> {
        self.interp().singletons().latin1[c as usize].clone()
    }

    /// The one-character string of a code point.
    pub fn char_str(&self, c: u32) -> PyResult<Ref<Str>> {
        match u8::try_from(c) {
            Ok(b) => Ok(self.latin1_char(b)),
            Err(_) => self.new_str_text(TextRef::Four(&[c])),
        }
    }

    /// The interned string of this text.
    pub fn intern(&self, s: &str) -> PyResult<Ref<Str>> {
        if s.len() < 2 || !s.is_ascii() {
            let fresh = self.new_str(s)?;
            return Ok(self.intern_str(&fresh));
        }
        // It is looked for before it is made: most are there.
        let hash = hash_bytes(self, s.as_bytes());
        let table = &self.interp().interned;
        let meta = ((s.len() as u64) << 8) | form_code(Form::Ascii);
        if let Some(found) = table.find(hash, |o| o.meta == meta && o.raw_bytes() == s.as_bytes()) {
            return Ok(found);
        }
        let fresh = self.alloc_str(s.len(), Form::Ascii, s.as_bytes())?;
        fresh.hash.set(hash);
        self.add_interned(&fresh, hash);
        Ok(fresh)
    }

    fn add_interned(&self, s: &Ref<Str>, hash: i64) {
        s.head().set(flag::TYPE_SPECIFIC);
        self.interp().interned.add(NonNull::from(s.object()), hash);
    }

    /// The interned string equal to `s`, which may be `s` itself. Only exact strings are interned.
    #[inline]
    pub fn intern_str(&self, s: &Ref<Str>) -> Ref<Str> {
        if s.is_interned() {
            s.clone()
        } else {
            self.intern_slow(s)
        }
    }

    #[inline(never)]
    fn intern_slow(&self, s: &Ref<Str>) -> Ref<Str> {
        let hash = s.hash(self);
        let table = &self.interp().interned;
        if let Some(found) = table.find(hash, |o| o.same_text(s)) {
            return found;
        }
        if !std::ptr::eq(s.head().ty(), self.types().str.object()) {
            // An instance of a subclass: its exact copy is what is interned.
            return match self.new_str_text(s.text()) {
                Ok(copy) => {
                    self.add_interned(&copy, copy.hash(self));
                    copy
                }
                Err(_) => {
                    self.clear_exception();
                    s.clone()
                }
            };
        }
        self.add_interned(s, hash);
        s.clone()
    }

    /// The interned string of this text if there is one: an attribute that nobody interned exists nowhere.
    pub fn find_interned(&self, s: &Ref<Str>) -> Option<Ref<Str>> {
        if s.is_interned() {
            return Some(s.clone());
        }
        self.interp()
            .interned
            .find(s.hash(self), |o| o.same_text(s))
    }

    /// A string before `str` exists; its type is given.
    pub(crate) fn bootstrap_str(
        &self,
        ty: &Object<crate::class::TypeObject>,
        form: Form,
        units: &[u8],
    ) -> PyResult<Ref<Str>> {
        self.alloc_str_of(ty, units.len(), form, units)
    }

    /// Bootstraps a string before singletons exist.
    pub(crate) fn new_str_raw(&self, form: Form, units: &[u8]) -> PyResult<Ref<Str>> {
        self.alloc_str(units.len(), form, units)
    }
}

impl Value {
    /// Whether this is an exact `str`.
    #[inline(always)]
    pub fn is_exact_str(&self, vm: &Vm) -> bool {
        match self.header() {
            Some(h) => std::ptr::eq(h.ty(), vm.types().str.object()),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::siphash13;
    use std::hash::Hasher;

    #[test]
    fn hashes_are_siphash_1_3() {
        let bytes: Vec<u8> = (0..100u8).map(|i| i.wrapping_mul(7)).collect();
        for key in [(0, 0), (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)] {
            for n in 0..bytes.len() {
                let mut reference = siphasher::sip::SipHasher13::new_with_keys(key.0, key.1);
                reference.write(&bytes[..n]);
                assert_eq!(siphash13(key, &bytes[..n]), reference.finish());
            }
        }
    }
}
