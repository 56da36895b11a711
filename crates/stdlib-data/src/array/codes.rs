//! The type codes of `array`: sizes, and items from and to values.

use dashu_int::IBig;
use smallvec::{SmallVec, smallvec};
use taipan_builtins::int_::arith::int_of;
use taipan_object::convert::{ArgContext, FromArg};
use taipan_object::{PyResult, Str, Value, Vm};

/// All codes, in the order of `array.typecodes`.
pub const CODES: &str = "bBuwhHiIlLqQfd";

/// Bytes of an item; `None` for what is no code.
pub fn item_size(code: u8) -> Option<usize> {
    Some(match code {
        b'b' | b'B' => 1,
        b'h' | b'H' => 2,
        b'i' | b'I' | b'f' | b'u' | b'w' => 4,
        b'l' | b'L' => size_of::<std::ffi::c_long>(),
        b'q' | b'Q' | b'd' => 8,
        _ => return None,
    })
}

/// The machine format code of `_array_reconstructor` for a type code.
pub fn machine_format(code: u8) -> i32 {
    match code {
        b'B' => 0,
        b'b' => 1,
        b'H' => 2,
        b'h' => 4,
        b'I' => 6,
        b'i' => 8,
        b'L' if size_of::<std::ffi::c_long>() == 4 => 6,
        b'l' if size_of::<std::ffi::c_long>() == 4 => 8,
        b'L' | b'Q' => 10,
        b'l' | b'q' => 12,
        b'f' => 14,
        b'd' => 16,
        _ => 20,
    }
}

/// The last machine format code.
pub const LAST_MACHINE_FORMAT: i32 = 21;

/// Bytes of an item of a machine format, and whether it is big-endian.
pub fn machine_layout(format: i32) -> (usize, bool) {
    let size = match format {
        0 | 1 => 1,
        2..=5 | 18 | 19 => 2,
        6..=9 | 14 | 15 | 20 | 21 => 4,
        _ => 8,
    };
    (size, format > 1 && format % 2 == 1)
}

/// The encoding of a machine format of characters.
pub fn text_encoding(format: i32) -> Option<&'static str> {
    Some(match format {
        18 => "utf-16-le",
        19 => "utf-16-be",
        20 => "utf-32-le",
        21 => "utf-32-be",
        _ => return None,
    })
}

/// The type code for integers of a machine format.
pub fn integer_code(format: i32) -> Option<u8> {
    Some(match format {
        0 => b'B',
        1 => b'b',
        2 | 3 => b'H',
        4 | 5 => b'h',
        6 | 7 => b'I',
        8 | 9 => b'i',
        10 | 11 => b'Q',
        12 | 13 => b'q',
        _ => return None,
    })
}

/// Whether items are characters.
pub fn is_text(code: u8) -> bool {
    matches!(code, b'u' | b'w')
}

fn native<const N: usize>(data: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (o, b) in out.iter_mut().zip(data) {
        *o = *b;
    }
    out
}

/// The value of an item.
pub fn load(vm: &Vm, code: u8, data: &[u8]) -> PyResult {
    match code {
        b'b' => vm.new_int(i64::from(i8::from_ne_bytes(native(data)))),
        b'B' => vm.new_int(i64::from(u8::from_ne_bytes(native(data)))),
        b'h' => vm.new_int(i64::from(i16::from_ne_bytes(native(data)))),
        b'H' => vm.new_int(i64::from(u16::from_ne_bytes(native(data)))),
        b'i' => vm.new_int(i64::from(i32::from_ne_bytes(native(data)))),
        b'I' => vm.new_int(i64::from(u32::from_ne_bytes(native(data)))),
        b'l' if data.len() == 4 => vm.new_int(i64::from(i32::from_ne_bytes(native(data)))),
        b'L' if data.len() == 4 => vm.new_int(i64::from(u32::from_ne_bytes(native(data)))),
        b'l' | b'q' => vm.new_int(i64::from_ne_bytes(native(data))),
        b'L' | b'Q' => vm.new_ibig(IBig::from(u64::from_ne_bytes(native(data)))),
        b'f' => vm.new_float(f64::from(f32::from_ne_bytes(native(data)))),
        b'd' => vm.new_float(f64::from_ne_bytes(native(data))),
        _ => {
            let c = u32::from_ne_bytes(native(data));
            if c > 0x10_ffff {
                return Err(vm.value_error(&format!(
                    "character U+{c:x} is not in range [U+0000; U+10ffff]"
                )));
            }
            Ok(vm.char_str(c)?.into_value())
        }
    }
}

fn in_range(vm: &Vm, n: i64, low: i64, high: i64, name: &str) -> PyResult<i64> {
    if n < low {
        return Err(vm.overflow_error(&format!("{name} is less than minimum")));
    }
    if n > high {
        return Err(vm.overflow_error(&format!("{name} is greater than maximum")));
    }
    Ok(n)
}

fn unsigned(vm: &Vm, v: &Value) -> PyResult<u64> {
    let v = vm.index(v)?;
    let i = int_of(vm, &v)?;
    if i.is_negative() {
        return Err(vm.overflow_error("can't convert negative value to unsigned int"));
    }
    u64::try_from(&i.to_ibig())
        .map_err(|_| vm.overflow_error("Python int too large to convert to C unsigned long"))
}

/// The bytes of an item.
pub type Bytes = SmallVec<[u8; 8]>;

/// The bytes of an item, by the rules of its code.
pub fn store(vm: &Vm, code: u8, v: &Value) -> PyResult<Bytes> {
    let context = ArgContext {
        function: "array",
        argument: "item",
    };
    let long = |v: &Value| i64::from_arg(vm, v, &context);
    Ok(match code {
        b'b' => {
            let n = in_range(
                vm,
                long(v)?,
                i16::MIN.into(),
                i16::MAX.into(),
                "signed short integer",
            )?;
            smallvec![in_range(vm, n, -128, 127, "signed char")? as u8]
        }
        b'B' => smallvec![in_range(vm, long(v)?, 0, 255, "unsigned byte integer")? as u8],
        b'h' => {
            let n = in_range(
                vm,
                long(v)?,
                i16::MIN.into(),
                i16::MAX.into(),
                "signed short integer",
            )?;
            (n as i16).to_ne_bytes()[..].into()
        }
        b'H' => {
            let n = in_range(
                vm,
                long(v)?,
                i32::MIN.into(),
                i32::MAX.into(),
                "signed integer",
            )?;
            (in_range(vm, n, 0, 65535, "unsigned short")? as u16).to_ne_bytes()[..].into()
        }
        b'i' => {
            let n = in_range(
                vm,
                long(v)?,
                i32::MIN.into(),
                i32::MAX.into(),
                "signed integer",
            )?;
            (n as i32).to_ne_bytes()[..].into()
        }
        b'I' => match u32::try_from(unsigned(vm, v)?) {
            Ok(n) => n.to_ne_bytes()[..].into(),
            Err(_) => return Err(vm.overflow_error("unsigned int is greater than maximum")),
        },
        b'l' => {
            let n = long(v)?;
            match item_size(code) {
                Some(4) => (n as i32).to_ne_bytes()[..].into(),
                _ => n.to_ne_bytes()[..].into(),
            }
        }
        b'L' => {
            let n = unsigned(vm, v)?;
            match item_size(code) {
                Some(4) => (n as u32).to_ne_bytes()[..].into(),
                _ => n.to_ne_bytes()[..].into(),
            }
        }
        b'q' | b'Q' => {
            let v = vm.index(v)?;
            let i = int_of(vm, &v)?;
            match taipan_builtins::int_::methods::to_le_bytes(i, 8, code == b'q') {
                Ok(mut bytes) => {
                    if cfg!(target_endian = "big") {
                        bytes.reverse();
                    }
                    bytes.into()
                }
                Err(true) => {
                    return Err(vm.overflow_error("can't convert negative int to unsigned"));
                }
                Err(false) => return Err(vm.overflow_error("int too big to convert")),
            }
        }
        b'f' => (vm.as_double(v)? as f32).to_ne_bytes()[..].into(),
        b'd' => vm.as_double(v)?.to_ne_bytes()[..].into(),
        _ => {
            let Some(s) = v.downcast_ref::<Str>() else {
                return Err(vm.type_error(&format!(
                    "array item must be a unicode character, not {}",
                    vm.type_name(v)
                )));
            };
            match (s.len(), s.text().get(0)) {
                (1, Some(c)) => c.to_ne_bytes()[..].into(),
                (n, _) => {
                    return Err(vm.type_error(&format!(
                        "array item must be a unicode character, not a string of length {n}"
                    )));
                }
            }
        }
    })
}
