//! The format strings of `struct`: parsed into items with offsets, packed and unpacked.

use dashu_int::IBig;
use smallvec::SmallVec;
use taipan_builtins::complex_::to_complex;
use taipan_builtins::int_::arith::int_of;
use taipan_builtins::int_::methods::to_le_bytes;
use taipan_object::{Bytes, PyResult, Raised, Ref, Tuple, Value, Vm};

/// One item of a format: a code with its place and size.
#[derive(Clone, Debug)]
pub struct Item {
    /// The format character.
    pub code: u8,
    /// Where the first value starts.
    pub offset: usize,
    /// Bytes of one value (for `s` and `p`: of the whole string).
    pub size: usize,
    /// How many values follow each other.
    pub count: usize,
}

/// A parsed format.
#[derive(Clone, Debug)]
pub struct Format {
    /// Items that take or give values.
    pub items: Vec<Item>,
    /// Bytes in all.
    pub size: usize,
    /// Values in all.
    pub values: usize,
    /// Big-endian.
    pub big: bool,
}

/// What is wrong with a format.
pub type FormatError = &'static str;

/// Size and alignment of a code.
fn measure(code: u8, native: bool) -> Option<(usize, usize)> {
    let size = match code {
        b'x' | b'b' | b'B' | b'c' | b's' | b'p' | b'?' => return Some((1, 1)),
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' => {
            if native {
                size_of::<std::ffi::c_long>()
            } else {
                4
            }
        }
        b'q' | b'Q' | b'd' => 8,
        b'n' | b'N' | b'P' if native => size_of::<usize>(),
        b'F' => return Some((8, if native { 4 } else { 1 })),
        b'D' => return Some((16, if native { 8 } else { 1 })),
        _ => return None,
    };
    Some((size, if native { size } else { 1 }))
}

const TOO_LONG: FormatError = "total struct size too long";

impl Format {
    /// Parses a format string.
    ///
    /// # Errors
    /// The message of `struct.error`.
    pub fn parse(text: &[u8]) -> Result<Format, FormatError> {
        let (native, big, text) = match text.split_first() {
            Some((b'@', rest)) => (true, cfg!(target_endian = "big"), rest),
            Some((b'=', rest)) => (false, cfg!(target_endian = "big"), rest),
            Some((b'<', rest)) => (false, false, rest),
            Some((b'>' | b'!', rest)) => (false, true, rest),
            _ => (true, cfg!(target_endian = "big"), text),
        };
        let (mut items, mut size, mut values) = (Vec::new(), 0usize, 0usize);
        let mut bytes = text.iter().copied().peekable();
        while let Some(mut c) = bytes.next() {
            if c.is_ascii_whitespace() || c == 0x0b {
                continue;
            }
            let mut count = 1usize;
            if c.is_ascii_digit() {
                count = usize::from(c - b'0');
                loop {
                    let Some(next) = bytes.next() else {
                        return Err("repeat count given without format specifier");
                    };
                    c = next;
                    if !c.is_ascii_digit() {
                        break;
                    }
                    count = count
                        .checked_mul(10)
                        .and_then(|n| n.checked_add(usize::from(c - b'0')))
                        .filter(|n| *n <= isize::MAX as usize)
                        .ok_or(TOO_LONG)?;
                }
            }
            let (width, alignment) = measure(c, native).ok_or("bad char in struct format")?;
            let offset = size.checked_next_multiple_of(alignment).ok_or(TOO_LONG)?;
            size = width
                .checked_mul(count)
                .and_then(|n| n.checked_add(offset))
                .filter(|n| *n <= isize::MAX as usize)
                .ok_or(TOO_LONG)?;
            match c {
                b'x' => {}
                b's' | b'p' => {
                    values += 1;
                    items.push(Item {
                        code: c,
                        offset,
                        size: count,
                        count: 1,
                    });
                }
                _ if count == 0 => {}
                _ => {
                    values = values.checked_add(count).ok_or(TOO_LONG)?;
                    items.push(Item {
                        code: c,
                        offset,
                        size: width,
                        count,
                    });
                }
            }
        }
        Ok(Format {
            items,
            size,
            values,
            big,
        })
    }

    /// Packs values; there are as many as the format has.
    pub fn pack(&self, vm: &Vm, values: &[Value]) -> PyResult<SmallVec<[u8; 64]>> {
        let mut out = SmallVec::new();
        if out.try_reserve_exact(self.size).is_err() {
            return Err(vm.no_memory());
        }
        out.resize(self.size, 0);
        let mut values = values.iter();
        for item in &self.items {
            for i in 0..item.count {
                let Some(v) = values.next() else {
                    return Ok(out);
                };
                let at = item.offset + i * item.size;
                if let Some(place) = out.get_mut(at..at + item.size) {
                    pack_one(vm, item.code, self.big, v, place)?;
                }
            }
        }
        Ok(out)
    }

    /// Unpacks the values in `data`, which has the format's size.
    pub fn unpack(&self, vm: &Vm, data: &[u8]) -> PyResult<Ref<Tuple>> {
        let mut places = self.items.iter().flat_map(|item| {
            (0..item.count).map(move |i| (item.code, item.offset + i * item.size, item.size))
        });
        vm.new_tuple_try(self.values, || match places.next() {
            Some((code, at, size)) => {
                let part = data.get(at..at + size).unwrap_or_default();
                unpack_one(vm, code, self.big, part)
            }
            None => Ok(vm.none()),
        })
    }
}

/// Raises `struct.error`.
#[cold]
pub fn error(vm: &Vm, message: &str) -> Raised {
    match vm.make_type(&super::ERROR) {
        Ok(ty) => vm.raise_new(&ty, message),
        Err(r) => r,
    }
}

/// Puts little-endian bytes into their place.
fn put(place: &mut [u8], bytes: &[u8], big: bool) {
    for (p, b) in place.iter_mut().zip(bytes) {
        *p = *b;
    }
    if big {
        place.reverse();
    }
}

fn float_too_large(vm: &Vm, code: char) -> Raised {
    vm.overflow_error(&format!("float too large to pack with {code} format"))
}

fn narrow(vm: &Vm, f: f64) -> PyResult<f32> {
    let narrow = f as f32;
    if narrow.is_infinite() && f.is_finite() {
        return Err(float_too_large(vm, 'f'));
    }
    Ok(narrow)
}

/// A float in 16 bits, rounded to even; `None` when too large.
pub fn to_half(f: f64) -> Option<u16> {
    let sign = if f.is_sign_negative() { 0x8000 } else { 0 };
    if f.is_nan() {
        return Some(sign | 0x7e00);
    }
    let size = f.abs();
    if size.is_infinite() {
        return Some(sign | 0x7c00);
    }
    if size == 0.0 {
        return Some(sign);
    }
    // In units of the last place: 2**-24 for subnormals, else eleven bits of the fraction.
    let exponent = ((size.to_bits() >> 52) as i32 - 1023).max(-14);
    if exponent > 15 {
        return None;
    }
    let units = (size * 2f64.powi(10 - exponent)).round_ties_even() as u32;
    // Carries run into the exponent as they should.
    let bits = units + (((exponent + 14) as u32) << 10);
    if bits >= 0x7c00 {
        return None;
    }
    Some(sign | bits as u16)
}

/// A float of 16 bits.
pub fn from_half(h: u16) -> f64 {
    let fraction = f64::from(h & 0x3ff);
    let size = match (h >> 10) & 0x1f {
        0 => fraction * 2f64.powi(-24),
        31 if h & 0x3ff != 0 => f64::NAN,
        31 => f64::INFINITY,
        e => (1024.0 + fraction) * 2f64.powi(i32::from(e) - 25),
    };
    if h & 0x8000 != 0 { -size } else { size }
}

fn double(vm: &Vm, v: &Value) -> PyResult<f64> {
    if let Some(f) = v.as_float() {
        return Ok(f);
    }
    vm.as_double(v).map_err(|r| {
        drop(vm.take_raised(r));
        error(vm, "required argument is not a float")
    })
}

fn pack_one(vm: &Vm, code: u8, big: bool, v: &Value, place: &mut [u8]) -> PyResult<()> {
    match code {
        b'?' => put(place, &[u8::from(vm.is_true(v)?)], false),
        b'c' => match v.downcast_ref::<Bytes>().map(|b| b.as_slice()) {
            Some([b]) => put(place, &[*b], false),
            _ => return Err(error(vm, "char format requires a bytes object of length 1")),
        },
        b's' | b'p' => {
            let bytes = match v.downcast_ref::<Bytes>() {
                Some(b) => b.as_slice().to_vec(),
                None if vm.type_of(v).payload.layout().name == "ByteArray" => {
                    vm.get_buffer(v, false)?.to_vec()
                }
                None => {
                    let code = char::from(code);
                    let message = format!("argument for '{code}' must be a bytes object");
                    return Err(error(vm, &message));
                }
            };
            if code == b's' {
                put(place, &bytes, false);
            } else if let Some((len, rest)) = place.split_first_mut() {
                let n = bytes.len().min(rest.len());
                *len = u8::try_from(n).unwrap_or(u8::MAX);
                put(rest, &bytes, false);
            }
        }
        b'e' => {
            let half = to_half(double(vm, v)?).ok_or_else(|| float_too_large(vm, 'e'))?;
            put(place, &half.to_le_bytes(), big);
        }
        b'f' => put(place, &narrow(vm, double(vm, v)?)?.to_le_bytes(), big),
        b'd' => put(place, &double(vm, v)?.to_le_bytes(), big),
        b'F' | b'D' => {
            let (re, im) = to_complex(vm, v).map_err(|r| {
                drop(vm.take_raised(r));
                error(vm, "required argument is not a complex")
            })?;
            let half = place.len() / 2;
            let (first, second) = place.split_at_mut(half);
            if code == b'F' {
                put(first, &narrow(vm, re)?.to_le_bytes(), big);
                put(second, &narrow(vm, im)?.to_le_bytes(), big);
            } else {
                put(first, &re.to_le_bytes(), big);
                put(second, &im.to_le_bytes(), big);
            }
        }
        _ => pack_int(vm, code, big, v, place)?,
    }
    Ok(())
}

fn is_signed(code: u8) -> bool {
    code.is_ascii_lowercase()
}

fn pack_int(vm: &Vm, code: u8, big: bool, v: &Value, place: &mut [u8]) -> PyResult<()> {
    if let Some(n) = v.as_small_int() {
        let bits = place.len() as u32 * 8;
        let fits = match (bits, is_signed(code)) {
            (64, true) => true,
            (64, false) => n >= 0,
            (_, true) => n >> (bits - 1) == n >> 63,
            (_, false) => n >> bits == 0,
        };
        if fits {
            put(place, &n.to_le_bytes(), big);
            return Ok(());
        }
    }
    if v.as_int().is_none() && !vm.has_index(v) {
        return Err(error(vm, "required argument is not an integer"));
    }
    let v = vm.index(v)?;
    let i = int_of(vm, &v)?;
    // An address may be given as a negative number.
    let signed = is_signed(code) || (code == b'P' && i.is_negative());
    match to_le_bytes(i, place.len(), signed) {
        Ok(bytes) => put(place, &bytes, big),
        Err(_) if code == b'P' => return Err(error(vm, "int too large to convert")),
        Err(_) => {
            let bits = place.len() as u32 * 8;
            let (low, high) = if signed {
                (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
            } else {
                (0, (1i128 << bits) - 1)
            };
            let code = char::from(code);
            return Err(error(
                vm,
                &format!("'{code}' format requires {low} <= number <= {high}"),
            ));
        }
    }
    Ok(())
}

/// The bytes in little-endian order.
fn little<const N: usize>(data: &[u8], big: bool) -> [u8; N] {
    let mut out = [0; N];
    put(&mut out, data, false);
    if big {
        out.reverse();
    }
    out
}

fn unpack_one(vm: &Vm, code: u8, big: bool, data: &[u8]) -> PyResult {
    match code {
        b'?' => Ok(vm.bool(data.iter().any(|b| *b != 0))),
        b'c' | b's' => Ok(vm.new_bytes(data)?.into_value()),
        b'p' => {
            let (n, rest) = match data.split_first() {
                Some((n, rest)) => (usize::from(*n).min(rest.len()), rest),
                None => (0, data),
            };
            Ok(vm
                .new_bytes(rest.get(..n).unwrap_or_default())?
                .into_value())
        }
        b'e' => vm.new_float(from_half(u16::from_le_bytes(little(data, big)))),
        b'f' => vm.new_float(f64::from(f32::from_le_bytes(little(data, big)))),
        b'd' => vm.new_float(f64::from_le_bytes(little(data, big))),
        b'F' => {
            let (re, im) = data.split_at(data.len() / 2);
            let part = |d| f64::from(f32::from_le_bytes(little(d, big)));
            vm.new_complex(part(re), part(im))
        }
        b'D' => {
            let (re, im) = data.split_at(data.len() / 2);
            let part = |d| f64::from_le_bytes(little(d, big));
            vm.new_complex(part(re), part(im))
        }
        _ => {
            let mut bytes: [u8; 8] = [0; 8];
            put(&mut bytes, data, false);
            let used = data.len().min(8);
            if let Some(part) = bytes.get_mut(..used)
                && big
            {
                part.reverse();
            }
            if !is_signed(code) {
                let n = u64::from_le_bytes(bytes);
                return match i64::try_from(n) {
                    Ok(n) => vm.new_int(n),
                    Err(_) => vm.new_ibig(IBig::from(n)),
                };
            }
            let unused = 64 - 8 * used as u32;
            vm.new_int(
                i64::from_le_bytes(bytes)
                    .wrapping_shl(unused)
                    .wrapping_shr(unused),
            )
        }
    }
}
