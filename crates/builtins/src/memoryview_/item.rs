//! Items of native single-character formats: their sizes, reading and writing.

use taipan_object::{Bytes, IntRef, PyResult, Raised, Value, Vm};

fn letter(format: &str) -> Option<char> {
    let mut chars = format.strip_prefix('@').unwrap_or(format).chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Some(c),
        _ => None,
    }
}

/// Bytes of an item; `None` for a format that is none of these.
pub fn size(format: &str) -> Option<usize> {
    Some(match letter(format)? {
        'c' | 'b' | 'B' | '?' => 1,
        'h' | 'H' | 'e' => 2,
        'i' | 'I' | 'f' => 4,
        'l' | 'L' | 'q' | 'Q' | 'n' | 'N' | 'd' | 'P' => 8,
        _ => return None,
    })
}

#[cold]
fn unsupported(vm: &Vm, format: &str) -> Raised {
    vm.not_implemented_error(&format!("memoryview: format {format} not supported"))
}

fn half_to_double(h: u16) -> f64 {
    let sign = if h & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(h >> 10 & 31), f64::from(h & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1.0 + fraction / 1024.0) * 2f64.powi(e - 15),
    }
}

/// The value of an item.
pub fn unpack(vm: &Vm, format: &str, raw: &[u8]) -> PyResult {
    let (Some(c), Some(n)) = (letter(format), size(format)) else {
        return Err(unsupported(vm, format));
    };
    let mut word = [0u8; 8];
    match (word.get_mut(..n), raw.get(..n)) {
        (Some(to), Some(from)) => to.copy_from_slice(from),
        _ => return Err(vm.index_error("memoryview: item is outside of the memory")),
    }
    let bits = u64::from_le_bytes(word);
    match c {
        'c' => Ok(vm.new_bytes(&raw[..1])?.into_value()),
        'b' => vm.new_int((bits as i8).into()),
        'h' => vm.new_int((bits as i16).into()),
        'i' => vm.new_int((bits as i32).into()),
        'l' | 'q' | 'n' => vm.new_int(bits as i64),
        '?' => Ok(vm.bool(bits != 0)),
        'e' => vm.new_float(half_to_double(bits as u16)),
        'f' => vm.new_float(f32::from_bits(bits as u32).into()),
        'd' => vm.new_float(f64::from_bits(bits)),
        _ => taipan_object::convert::IntoPy::into_py(bits, vm),
    }
}

fn double_to_half(x: f64) -> Option<u16> {
    let sign = if x.is_sign_negative() { 0x8000u16 } else { 0 };
    let a = x.abs();
    if x.is_nan() {
        return Some(sign | 0x7e00);
    }
    if a.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // Multiples of the spacing at this magnitude, ties to even.
    let exponent = if a < 2f64.powi(-14) {
        -14
    } else {
        a.log2().floor() as i32
    };
    let exponent = if 2f64.powi(exponent) > a && exponent > -14 {
        exponent - 1
    } else {
        exponent
    };
    let units = (a / 2f64.powi(exponent - 10)).round_ties_even();
    let (units, exponent) = if units >= 2048.0 {
        (1024.0, exponent + 1)
    } else {
        (units, exponent)
    };
    if exponent > 15 {
        return None;
    }
    Some(if units < 1024.0 {
        sign | units as u16
    } else {
        sign | ((exponent + 15) as u16) << 10 | (units as u16 - 1024)
    })
}

/// The bytes of a value as an item.
pub fn pack(vm: &Vm, format: &str, v: &Value) -> PyResult<Vec<u8>> {
    let (Some(c), Some(n)) = (letter(format), size(format)) else {
        return Err(unsupported(vm, format));
    };
    let wrong_type = || vm.type_error(&format!("memoryview: invalid type for format '{format}'"));
    let wrong_value =
        || vm.value_error(&format!("memoryview: invalid value for format '{format}'"));
    let word: u64 = match c {
        'c' => match v.downcast_ref::<Bytes>().map(|b| b.as_slice()) {
            Some([b]) => (*b).into(),
            Some(_) => return Err(wrong_value()),
            None => return Err(wrong_type()),
        },
        '?' => vm.is_true(v)?.into(),
        'e' | 'f' | 'd' => {
            let x = match vm.as_double(v) {
                Ok(x) => x,
                Err(raised) => {
                    drop(vm.catch(raised, &vm.exc().TypeError)?);
                    return Err(wrong_type());
                }
            };
            match c {
                'd' => x.to_bits(),
                'f' if x.is_finite() && (x as f32).is_infinite() => return Err(wrong_value()),
                'f' => (x as f32).to_bits().into(),
                _ => double_to_half(x).ok_or_else(wrong_value)?.into(),
            }
        }
        _ => {
            if !vm.has_index(v) {
                return Err(wrong_type());
            }
            let i = vm.index(v)?;
            let i = i.as_int().ok_or_else(wrong_type)?;
            let wide: i128 = match i {
                IntRef::Small(i) => i.into(),
                IntRef::Big(b) => i128::try_from(b).map_err(|_| wrong_value())?,
            };
            let bits = 8 * n as u32;
            let (low, high) = match c {
                'P' => (-(1i128 << 63), (1i128 << 64) - 1),
                'b' | 'h' | 'i' | 'l' | 'q' | 'n' => {
                    (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
                }
                _ => (0, (1i128 << bits) - 1),
            };
            if wide < low || wide > high {
                return Err(wrong_value());
            }
            wide as u64
        }
    };
    Ok(word.to_le_bytes()[..n].to_vec())
}
