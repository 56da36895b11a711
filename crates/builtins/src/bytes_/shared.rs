//! What `bytes` and `bytearray` share: arguments that are bytes-like, searching, splitting, joining, and the macro that
//! declares the methods of both.

use std::ops::Deref;

use taipan_object::convert::{ArgContext, FromArg};
use taipan_object::{Bytes, List, Payload, PyResult, Ref, Str, Tuple, TypeRef, Value, Vm};
use taipan_text::{Form, TextRef, search};

use crate::bytearray_::ByteArray;
use crate::str_::adjust;
use crate::util;

/// A bytes-like argument.
pub enum BytesArg<'a> {
    /// Those of a bytes object.
    Slice(&'a [u8]),
    /// A copy of those of anything else.
    Copy(Vec<u8>),
}

impl Deref for BytesArg<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            BytesArg::Slice(s) => s,
            BytesArg::Copy(v) => v,
        }
    }
}

/// The bytes of a bytes-like object.
pub fn bytes_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<BytesArg<'a>> {
    match v.downcast_ref::<Bytes>() {
        Some(b) => Ok(BytesArg::Slice(b.as_slice())),
        None => vm.bytes_like(v).map(BytesArg::Copy),
    }
}

impl<'a> FromArg<'a> for BytesArg<'a> {
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<BytesArg<'a>> {
        bytes_of(vm, v)
    }
}

/// A fill byte.
pub struct FillByte(pub u8);

impl<'a> FromArg<'a> for FillByte {
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<FillByte> {
        let (bytes, kind) = if let Some(b) = v.downcast_ref::<Bytes>() {
            (b.as_slice().to_vec(), "bytes")
        } else if let Some(b) = v.downcast_ref::<ByteArray>() {
            (b.to_vec(), "bytearray")
        } else {
            return Err(ctx.wrong_type(vm, "a byte string of length 1", v));
        };
        match bytes.as_slice() {
            [b] => Ok(FillByte(*b)),
            other => Err(vm.type_error(&format!(
                "{}(): {} must be a byte string of length 1, not a {kind} object of length {}",
                ctx.function,
                ctx.argument,
                other.len()
            ))),
        }
    }
}

/// `bytes` or `bytearray`.
pub trait ByteString: Payload {
    /// The type's name.
    const NAME: &'static str;

    /// Calls `f` with the bytes; it must not run Python code.
    fn with<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R;

    /// The class.
    fn class(vm: &Vm) -> PyResult<TypeRef>;

    /// A new object.
    fn make(vm: &Vm, bytes: &[u8]) -> PyResult;

    /// Part of an object: itself when nothing can tell the difference.
    fn part(vm: &Vm, this: &Ref<Self>, start: usize, end: usize) -> PyResult;
}

impl ByteString for Bytes {
    const NAME: &'static str = "bytes";

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(self.as_slice())
    }

    fn class(vm: &Vm) -> PyResult<TypeRef> {
        Ok(vm.types().bytes.clone())
    }

    fn make(vm: &Vm, bytes: &[u8]) -> PyResult {
        Ok(vm.new_bytes(bytes)?.into_value())
    }

    fn part(vm: &Vm, this: &Ref<Bytes>, start: usize, end: usize) -> PyResult {
        let end = end.min(this.len());
        let start = start.min(end);
        if start == 0
            && end == this.len()
            && util::is_exactly(vm, this.as_value(), &vm.types().bytes)
        {
            return Ok(this.as_value().clone());
        }
        Self::make(vm, this.as_slice().get(start..end).unwrap_or_default())
    }
}

impl ByteString for ByteArray {
    const NAME: &'static str = "bytearray";

    fn with<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(&self.data.borrow())
    }

    fn class(vm: &Vm) -> PyResult<TypeRef> {
        vm.class::<ByteArray>()
    }

    fn make(vm: &Vm, bytes: &[u8]) -> PyResult {
        Ok(vm.new(ByteArray::new(bytes.to_vec()))?.into_value())
    }

    fn part(vm: &Vm, this: &Ref<ByteArray>, start: usize, end: usize) -> PyResult {
        let part = this.with(|b| {
            let end = end.min(b.len());
            b.get(start.min(end)..end).unwrap_or_default().to_vec()
        });
        Ok(vm.new(ByteArray::new(part))?.into_value())
    }
}

/// The number of a byte, from anything with `__index__`.
pub fn byte_value(vm: &Vm, v: &Value, message: &str) -> PyResult<u8> {
    if let Some(i) = v.as_small_int()
        && let Ok(b) = u8::try_from(i)
    {
        return Ok(b);
    }
    let i = vm.index_isize(v)?;
    u8::try_from(i).map_err(|_| vm.value_error(message))
}

/// What a search looks for: a byte, or bytes.
pub fn needle<'a>(vm: &Vm, v: &'a Value) -> PyResult<BytesArg<'a>> {
    if vm.has_buffer(v) {
        return bytes_of(vm, v);
    }
    if !vm.has_index(v) {
        return Err(util::type_error_for(
            vm,
            "argument should be integer or bytes-like object, not '",
            v,
            "'",
        ));
    }
    let b = byte_value(vm, v, "byte must be in range(0, 256)")?;
    Ok(BytesArg::Copy(vec![b]))
}

/// Which end a search begins at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The start.
    Left,
    /// The end.
    Right,
}

fn position_of(text: &[u8], needle: &[u8], side: Side) -> Option<usize> {
    let (text, needle) = (TextRef::One(text), TextRef::One(needle));
    match side {
        Side::Left => search::find(text, needle),
        Side::Right => search::rfind(text, needle),
    }
}

/// `find` and `rfind`.
pub fn find<T: ByteString>(
    vm: &Vm,
    name: &'static str,
    this: &Value,
    args: &[Value],
    side: Side,
) -> PyResult<Option<usize>> {
    let this = taipan_object::convert::receiver::<T>(vm, this, name)?;
    let Some(first) = args.first() else {
        return Ok(None);
    };
    let (start, end) = crate::str_::bounds(vm, name, args)?;
    let needle = needle(vm, first)?;
    Ok(this.with(|b| {
        let (start, end) = adjust(start, end, b.len());
        let part = b.get(start..end)?;
        Some(position_of(part, &needle, side)? + start)
    }))
}

/// `count`
pub fn count<T: ByteString>(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
    let this = taipan_object::convert::receiver::<T>(vm, this, "count")?;
    let Some(first) = args.first() else {
        return vm.new_int(0);
    };
    let (start, end) = crate::str_::bounds(vm, "count", args)?;
    let needle = needle(vm, first)?;
    let n = this.with(|b| {
        let (start, end) = adjust(start, end, b.len());
        b.get(start..end).map_or(0, |part| {
            search::count(TextRef::One(part), TextRef::One(&needle), usize::MAX)
        })
    });
    vm.new_usize(n)
}

/// `startswith` and `endswith`.
pub fn affix<T: ByteString>(
    vm: &Vm,
    name: &'static str,
    this: &Value,
    args: &[Value],
    side: Side,
) -> PyResult {
    let this = taipan_object::convert::receiver::<T>(vm, this, name)?;
    let Some(first) = args.first() else {
        return Ok(vm.bool(false));
    };
    let (start, end) = crate::str_::bounds(vm, name, args)?;
    let matches = |affix: &[u8]| {
        this.with(|b| {
            let (start, end) = adjust(start, end, b.len());
            b.get(start..end).is_some_and(|part| match side {
                Side::Left => part.starts_with(affix),
                Side::Right => part.ends_with(affix),
            })
        })
    };
    if let Some(several) = first.downcast_ref::<Tuple>() {
        for v in several.as_slice() {
            if matches(&bytes_of(vm, v)?) {
                return Ok(vm.bool(true));
            }
        }
        return Ok(vm.bool(false));
    }
    if !vm.has_buffer(first) {
        return Err(util::type_error_for(
            vm,
            &format!("{name} first arg must be bytes or a tuple of bytes, not "),
            first,
            "",
        ));
    }
    Ok(vm.bool(matches(&bytes_of(vm, first)?)))
}

/// White space of bytes.
pub fn is_space(b: u8) -> bool {
    matches!(b, 9..=13 | 32)
}

/// The range without what is stripped.
pub fn stripped(b: &[u8], left: bool, right: bool, set: Option<&[u8]>) -> (usize, usize) {
    let drop = |c: &u8| match set {
        Some(set) => set.contains(c),
        None => is_space(*c),
    };
    let start = if left {
        b.iter().take_while(|c| drop(c)).count()
    } else {
        0
    };
    let tail = if right {
        b[start..].iter().rev().take_while(|c| drop(c)).count()
    } else {
        0
    };
    (start, b.len() - tail)
}

/// The ranges of the parts between separators (white space when there is none), in order.
pub fn split_ranges(b: &[u8], sep: Option<&[u8]>, limit: isize, side: Side) -> Vec<(usize, usize)> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    match (sep, side) {
        (Some(sep), Side::Left) => {
            let mut from = 0;
            for at in search::matches(TextRef::One(b), TextRef::One(sep)).take(limit) {
                out.push((from, at));
                from = at + sep.len();
            }
            out.push((from, b.len()));
        }
        (Some(sep), Side::Right) => {
            let mut end = b.len();
            while out.len() < limit
                && let Some(at) = position_of(&b[..end], sep, Side::Right)
            {
                out.push((at + sep.len(), end));
                end = at;
            }
            out.push((0, end));
            out.reverse();
        }
        (None, Side::Left) => {
            let mut i = 0;
            loop {
                i += b[i..].iter().take_while(|&&c| is_space(c)).count();
                if i == b.len() {
                    break;
                }
                if out.len() == limit {
                    out.push((i, b.len()));
                    break;
                }
                let n = b[i..].iter().take_while(|&&c| !is_space(c)).count();
                out.push((i, i + n));
                i += n;
            }
        }
        (None, Side::Right) => {
            let mut end = b.len();
            loop {
                end -= b[..end].iter().rev().take_while(|&&c| is_space(c)).count();
                if end == 0 {
                    break;
                }
                if out.len() == limit {
                    out.push((0, end));
                    break;
                }
                let n = b[..end].iter().rev().take_while(|&&c| !is_space(c)).count();
                out.push((end - n, end));
                end -= n;
            }
            out.reverse();
        }
    }
    out
}

/// `split` and `rsplit`.
pub fn split<T: ByteString>(
    vm: &Vm,
    this: &Ref<T>,
    sep: Option<&Value>,
    limit: isize,
    side: Side,
) -> PyResult<Ref<List>> {
    let sep = match sep.filter(|v| !vm.is_none(v)) {
        Some(v) => Some(bytes_of(vm, v)?),
        None => None,
    };
    if sep.as_deref().is_some_and(<[u8]>::is_empty) {
        return Err(vm.value_error("empty separator"));
    }
    let ranges = this.with(|b| split_ranges(b, sep.as_deref(), limit, side));
    parts(vm, this, &ranges)
}

/// A list of parts.
pub fn parts<T: ByteString>(
    vm: &Vm,
    this: &Ref<T>,
    ranges: &[(usize, usize)],
) -> PyResult<Ref<List>> {
    let mut items = Vec::with_capacity(ranges.len());
    for &(start, end) in ranges {
        items.push(T::part(vm, this, start, end)?);
    }
    vm.new_list(items)
}

/// `splitlines`
pub fn lines<T: ByteString>(vm: &Vm, this: &Ref<T>, keep: bool) -> PyResult<Ref<List>> {
    let ranges = this.with(|b| {
        let (mut out, mut start, mut i) = (Vec::new(), 0, 0);
        while let Some(c) = b.get(i) {
            i += 1;
            if !matches!(c, b'\n' | b'\r') {
                continue;
            }
            let end = i - 1;
            if *c == b'\r' && b.get(i) == Some(&b'\n') {
                i += 1;
            }
            out.push((start, if keep { i } else { end }));
            start = i;
        }
        if start < b.len() {
            out.push((start, b.len()));
        }
        out
    });
    parts(vm, this, &ranges)
}

/// `partition` and `rpartition`.
pub fn partition<T: ByteString>(
    vm: &Vm,
    this: &Ref<T>,
    sep: &Value,
    side: Side,
) -> PyResult<(Value, Value, Value)> {
    let bytes = bytes_of(vm, sep)?;
    if bytes.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    match this.with(|b| position_of(b, &bytes, side)) {
        Some(at) => {
            let middle = if T::NAME == "bytes" {
                sep.clone()
            } else {
                T::make(vm, &bytes)?
            };
            let after = T::part(vm, this, at + bytes.len(), usize::MAX)?;
            Ok((T::part(vm, this, 0, at)?, middle, after))
        }
        None => {
            let (all, a, b) = (
                T::part(vm, this, 0, usize::MAX)?,
                T::make(vm, b"")?,
                T::make(vm, b"")?,
            );
            Ok(match side {
                Side::Left => (all, a, b),
                Side::Right => (a, b, all),
            })
        }
    }
}

/// `join`
pub fn join<T: ByteString>(vm: &Vm, this: &Ref<T>, iterable: &Value) -> PyResult {
    let items = util::collect_or(vm, iterable, "can only join an iterable")?;
    if let [only] = items.as_slice()
        && T::NAME == "bytes"
        && util::is_exactly(vm, only, &vm.types().bytes)
    {
        return Ok(only.clone());
    }
    let sep = this.with(<[u8]>::to_vec);
    let mut out = Vec::new();
    for (i, v) in items.iter().enumerate() {
        if !vm.has_buffer(v) {
            return Err(vm.type_error(&format!(
                "sequence item {i}: expected a bytes-like object, {} found",
                vm.type_name(v)
            )));
        }
        let part = bytes_of(vm, v)?;
        if out
            .try_reserve(part.len().saturating_add(sep.len()))
            .is_err()
        {
            return Err(vm.no_memory());
        }
        if i > 0 {
            out.extend_from_slice(&sep);
        }
        out.extend_from_slice(&part);
    }
    T::make(vm, &out)
}

/// `replace`
pub fn replace<T: ByteString>(
    vm: &Vm,
    this: &Ref<T>,
    old: &[u8],
    new: &[u8],
    limit: isize,
) -> PyResult {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if let ([old], [new]) = (old, new)
        && this.with(<[u8]>::len) <= limit
    {
        let out: Vec<u8> = this.with(|b| {
            b.iter()
                .map(|&c| if c == *old { *new } else { c })
                .collect()
        });
        return T::make(vm, &out);
    }
    let replaced = this.with(|b| {
        let (text, old, new) = (TextRef::One(b), TextRef::One(old), TextRef::One(new));
        let n = search::count(text, old, limit);
        let room = n
            .checked_mul(new.len())
            .and_then(|n| n.checked_add(b.len()));
        if room.is_none_or(|n| n > isize::MAX as usize) {
            return Err(());
        }
        Ok(search::replace(text, old, new, limit))
    });
    match replaced {
        Ok(Some(out)) => T::make(vm, out.as_text().as_bytes()),
        Ok(None) => T::part(vm, this, 0, usize::MAX),
        Err(()) => Err(vm.overflow_error("replace bytes is too long")),
    }
}

/// `left` and `right` fill bytes around the object.
pub fn pad<T: ByteString>(vm: &Vm, this: &Ref<T>, left: usize, right: usize, fill: u8) -> PyResult {
    if left == 0 && right == 0 {
        return T::part(vm, this, 0, usize::MAX);
    }
    let mut out = Vec::new();
    let room = this.with(|b| left.saturating_add(right).saturating_add(b.len()));
    if out.try_reserve_exact(room).is_err() {
        return Err(vm.no_memory());
    }
    out.resize(left, fill);
    this.with(|b| out.extend_from_slice(b));
    out.resize(room, fill);
    T::make(vm, &out)
}

/// How many bytes are missing to a width.
pub fn missing<T: ByteString>(this: &Ref<T>, width: isize) -> usize {
    let n = this.with(<[u8]>::len);
    usize::try_from(width).map_or(0, |w| w.saturating_sub(n))
}

/// `zfill`
pub fn zfill<T: ByteString>(vm: &Vm, this: &Ref<T>, width: isize) -> PyResult {
    let n = missing(this, width);
    let sign = this.with(|b| b.first().copied());
    match sign {
        Some(sign @ (b'+' | b'-')) if n > 0 => {
            let mut out = Vec::new();
            let room = this.with(<[u8]>::len).saturating_add(n);
            if out.try_reserve_exact(room).is_err() {
                return Err(vm.no_memory());
            }
            out.push(sign);
            out.resize(n + 1, b'0');
            this.with(|b| out.extend_from_slice(b.get(1..).unwrap_or_default()));
            T::make(vm, &out)
        }
        _ => pad(vm, this, n, 0, b'0'),
    }
}

/// `expandtabs`
pub fn expand_tabs<T: ByteString>(vm: &Vm, this: &Ref<T>, size: usize) -> PyResult {
    let mut out: Vec<u8> = Vec::new();
    let ok = this.with(|b| {
        let mut column = 0usize;
        for &c in b {
            let n = match c {
                b'\t' if size == 0 => 0,
                b'\t' => size - column % size,
                _ => 1,
            };
            if out.try_reserve(n).is_err() {
                return false;
            }
            out.resize(out.len() + n, if c == b'\t' { b' ' } else { c });
            column = if matches!(c, b'\n' | b'\r') {
                0
            } else {
                column + n
            };
        }
        true
    });
    if ok {
        T::make(vm, &out)
    } else {
        Err(vm.overflow_error("result too long"))
    }
}

/// `translate`
pub fn translate<T: ByteString>(
    vm: &Vm,
    this: &Ref<T>,
    table: &Value,
    delete: Option<&Value>,
) -> PyResult {
    let table = if vm.is_none(table) {
        None
    } else {
        let t = bytes_of(vm, table)?;
        if t.len() != 256 {
            return Err(vm.value_error("translation table must be 256 characters long"));
        }
        Some(t)
    };
    let delete = match delete {
        Some(v) => bytes_of(vm, v)?,
        None => BytesArg::Slice(b""),
    };
    let mut map: [u8; 256] = std::array::from_fn(|i| i as u8);
    if let Some(t) = table.as_deref() {
        for (to, from) in map.iter_mut().zip(t) {
            *to = *from;
        }
    }
    let out: Vec<u8> = if delete.is_empty() {
        this.with(|b| b.iter().map(|&c| map[usize::from(c)]).collect())
    } else {
        let mut deleted = [false; 256];
        for c in delete.iter() {
            deleted[usize::from(*c)] = true;
        }
        this.with(|b| {
            b.iter()
                .filter(|c| !deleted[usize::from(**c)])
                .map(|&c| map[usize::from(c)])
                .collect()
        })
    };
    if this.with(|b| b == out.as_slice()) {
        return T::part(vm, this, 0, usize::MAX);
    }
    T::make(vm, &out)
}

/// `maketrans`
pub fn make_table(vm: &Vm, from: &[u8], to: &[u8]) -> PyResult<Ref<Bytes>> {
    if from.len() != to.len() {
        return Err(vm.value_error("maketrans arguments must have same length"));
    }
    let mut table: Vec<u8> = (0..=255).collect();
    for (&a, &b) in from.iter().zip(to) {
        if let Some(place) = table.get_mut(usize::from(a)) {
            *place = b;
        }
    }
    vm.new_bytes(&table)
}

/// `title`
pub fn title(b: &[u8]) -> Vec<u8> {
    let mut inside = false;
    b.iter()
        .map(|c| {
            let out = if inside {
                c.to_ascii_lowercase()
            } else {
                c.to_ascii_uppercase()
            };
            inside = c.is_ascii_alphabetic();
            out
        })
        .collect()
}

/// `istitle`
pub fn is_title(b: &[u8]) -> bool {
    let (mut inside, mut any) = (false, false);
    for c in b {
        if c.is_ascii_uppercase() == inside && c.is_ascii_alphabetic() {
            return false;
        }
        inside = c.is_ascii_alphabetic();
        any |= inside;
    }
    any
}

/// The text of bytes in hexadecimal, with a separator between groups counted from the right (from the left if `group` is
/// negative).
pub fn hex(vm: &Vm, b: &[u8], sep: Option<&Value>, group: i32) -> PyResult<Ref<Str>> {
    let sep = match sep {
        None => None,
        Some(v) => {
            if vm.len(v)? != 1 {
                return Err(vm.value_error("sep must be length 1."));
            }
            let c = if let Some(s) = v.downcast_ref::<Str>() {
                s.text().get(0).unwrap_or(0)
            } else if let Some(b) = v.downcast_ref::<Bytes>() {
                b.as_slice().first().copied().unwrap_or(0).into()
            } else {
                return Err(vm.type_error("sep must be str or bytes."));
            };
            match u8::try_from(c) {
                Ok(c) if c < 128 => Some(c),
                _ => return Err(vm.value_error("sep must be ASCII.")),
            }
        }
    };
    if sep.is_none() && !b.is_empty() {
        return vm.new_str_filled(b.len().saturating_mul(2), Form::Ascii, |out| {
            let mut pairs = [[0; 2]; 64];
            for part in b.chunks(pairs.len()) {
                hex_pairs(part, &mut pairs);
                let digits = pairs.as_flattened().get(..part.len() * 2);
                out.push_str(
                    digits
                        .and_then(|d| str::from_utf8(d).ok())
                        .unwrap_or_default(),
                );
            }
        });
    }
    let mut out = Vec::new();
    if out.try_reserve(b.len().saturating_mul(3)).is_err() {
        return Err(vm.no_memory());
    }
    let size = group.unsigned_abs() as usize;
    for (i, c) in b.iter().enumerate() {
        if let Some(sep) = sep
            && size > 0
            && i > 0
        {
            let at = if group > 0 { b.len() - i } else { i };
            if at % size == 0 {
                out.push(sep);
            }
        }
        out.extend([hex_digit(c >> 4), hex_digit(c & 15)]);
    }
    vm.new_str_text(TextRef::One(&out))
}

/// The lower-case digit of a value below 16. It is computed, which makes loops over bytes into vector code.
#[inline(always)]
fn hex_digit(v: u8) -> u8 {
    v + if v > 9 { b'a' - 10 } else { b'0' }
}

/// Writes the two digits of each byte, as far as there is room.
pub fn hex_pairs(b: &[u8], out: &mut [[u8; 2]]) {
    for (pair, c) in out.iter_mut().zip(b) {
        *pair = [hex_digit(c >> 4), hex_digit(c & 15)];
    }
}

/// The values of hexadecimal digits; 0xff for all other bytes.
pub static HEX_DIGITS: [u8; 256] = {
    let mut digits = [0xff; 256];
    let mut c = 0;
    while c < 256 {
        if let Some(digit) = (c as u8 as char).to_digit(16) {
            digits[c] = digit as u8;
        }
        c += 1;
    }
    digits
};

/// The bytes that pairs of digits stand for; `None` if there is anything else among them.
pub fn from_hex_pairs(pairs: &[[u8; 2]]) -> Option<Vec<u8>> {
    let mut out = vec![0; pairs.len()];
    let mut seen = 0;
    for (byte, pair) in out.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|c| HEX_DIGITS[usize::from(c)]);
        seen |= high | low;
        *byte = high << 4 | low & 15;
    }
    (seen & 0xf0 == 0).then_some(out)
}

/// `fromhex`
pub fn from_hex(vm: &Vm, string: &Value) -> PyResult<Vec<u8>> {
    // Nearly always there are digits and nothing else.
    if let Some(s) = string.downcast_ref::<Str>()
        && let Some(s) = s.as_ascii()
        && let (pairs, []) = s.as_bytes().as_chunks()
        && let Some(bytes) = from_hex_pairs(pairs)
    {
        return Ok(bytes);
    }
    let units: Vec<u32> = if let Some(s) = string.downcast_ref::<Str>() {
        s.text().chars().collect()
    } else if vm.has_buffer(string) {
        bytes_of(vm, string)?.iter().map(|&b| b.into()).collect()
    } else {
        return Err(util::type_error_for(
            vm,
            "fromhex() argument must be str or bytes-like, not ",
            string,
            "",
        ));
    };
    let digit = |i: usize| units.get(i).and_then(|&c| char::from_u32(c)?.to_digit(16));
    let bad = |i: usize| {
        vm.value_error(&format!(
            "non-hexadecimal number found in fromhex() arg at position {i}"
        ))
    };
    let (mut out, mut i) = (Vec::with_capacity(units.len() / 2), 0);
    while let Some(&c) = units.get(i) {
        if u8::try_from(c).is_ok_and(is_space) {
            i += 1;
            continue;
        }
        let high = digit(i).ok_or_else(|| bad(i))?;
        if i + 1 >= units.len() {
            return Err(
                vm.value_error("fromhex() arg must contain an even number of hexadecimal digits")
            );
        }
        let low = digit(i + 1).ok_or_else(|| bad(i + 1))?;
        out.push((high << 4 | low) as u8);
        i += 2;
    }
    Ok(out)
}

/// Repeats bytes.
pub fn repeated(vm: &Vm, b: &[u8], n: isize) -> PyResult<Vec<u8>> {
    let n = usize::try_from(n).unwrap_or(0);
    let mut out = Vec::new();
    let room = b.len().checked_mul(n).ok_or_else(|| vm.no_memory())?;
    if out.try_reserve_exact(room).is_err() {
        return Err(vm.no_memory());
    }
    if let [one] = b {
        out.resize(n, *one);
    } else {
        for _ in 0..if b.is_empty() { 0 } else { n } {
            out.extend_from_slice(b);
        }
    }
    Ok(out)
}

/// `x in b`
pub fn contains<T: ByteString>(vm: &Vm, this: &Ref<T>, value: &Value) -> PyResult<bool> {
    if vm.has_index(value) && !vm.has_buffer(value) {
        let b = byte_value(vm, value, "byte must be in range(0, 256)")?;
        return Ok(this.with(|all| all.contains(&b)));
    }
    let needle = bytes_of(vm, value)?;
    Ok(this.with(|b| position_of(b, &needle, Side::Left).is_some()))
}

/// Comparison with anything bytes-like.
pub fn compare<T: ByteString>(
    vm: &Vm,
    this: &Ref<T>,
    other: &Value,
    op: taipan_object::CompareOp,
) -> PyResult {
    if let Some(b) = other.downcast_ref::<Bytes>() {
        return Ok(vm.bool(this.with(|a| op.matches(a.cmp(b.as_slice())))));
    }
    if T::NAME == "bytes" || !vm.has_buffer(other) {
        return Ok(vm.not_implemented());
    }
    let other = bytes_of(vm, other)?;
    Ok(vm.bool(this.with(|a| op.matches(a.cmp(&other)))))
}

/// The items of an iterable as bytes.
pub fn from_iterable(vm: &Vm, v: &Value, message: &str) -> PyResult<Vec<u8>> {
    if let Some(list) = v.downcast_exact::<List>(&vm.types().list) {
        let (mut out, mut i) = (Vec::with_capacity(list.len()), 0);
        // Item by item: `__index__` can change the list.
        while let Some(item) = list.get(i) {
            if let Some(b) = item.as_small_int().and_then(|n| u8::try_from(n).ok()) {
                out.push(b);
                i += 1;
                continue;
            }
            out.push(byte_value(vm, &item, message)?);
            i += 1;
        }
        return Ok(out);
    }
    let it = vm.iter(v)?;
    let hint = vm.length_hint(v, 64)?;
    let mut out = Vec::new();
    if out.try_reserve(hint.min(1 << 20)).is_err() {
        return Err(vm.no_memory());
    }
    while let Some(item) = vm.next(&it)? {
        out.push(byte_value(vm, &item, message)?);
    }
    Ok(out)
}

/// `decode`
pub fn decode<T: ByteString>(
    vm: &Vm,
    this: &Ref<T>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Ref<Str>> {
    if let Some(b) = this.as_value().downcast_ref::<Bytes>() {
        return crate::codecs::decode_text(
            vm,
            b.as_slice(),
            Some(this.as_value()),
            encoding,
            errors,
        );
    }
    let bytes = this.with(<[u8]>::to_vec);
    crate::codecs::decode_text(vm, &bytes, None, encoding, errors)
}
