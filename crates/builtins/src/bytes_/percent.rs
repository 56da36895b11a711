//! The `%` operator of `bytes` and `bytearray`.

use taipan_numeric::printf::{self, Reader, Size};
use taipan_object::{Bytes, PyResult, Value, Vm};
use taipan_text::TextRef;

use super::shared::bytes_of;
use crate::bytearray_::ByteArray;
use crate::str_::{Fetch, ascii, number_argument, numeric_error};

/// The bytes of `%b` and `%s`.
fn bytes_argument(vm: &Vm, v: &Value) -> PyResult<Vec<u8>> {
    if let Some(b) = v.downcast_ref::<Bytes>() {
        return Ok(b.as_slice().to_vec());
    }
    if let Some(b) = v.downcast_ref::<ByteArray>() {
        return Ok(b.to_vec());
    }
    if let Some(f) = vm.special(v, &vm.names().__bytes__)? {
        let r = vm.call0(&f)?;
        return match r.downcast_ref::<Bytes>() {
            Some(b) => Ok(b.as_slice().to_vec()),
            None => Err(vm.type_error(&format!(
                "__bytes__ returned non-bytes (type {})",
                vm.type_name(&r)
            ))),
        };
    }
    if vm.has_buffer(v) {
        return Ok(bytes_of(vm, v)?.to_vec());
    }
    Err(vm.type_error(&format!(
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{}'",
        vm.type_name(v)
    )))
}

/// The byte of `%c`.
fn byte_argument(vm: &Vm, v: &Value) -> PyResult<u8> {
    let (bytes, kind) = if let Some(b) = v.downcast_ref::<Bytes>() {
        (b.as_slice().to_vec(), "bytes")
    } else if let Some(b) = v.downcast_ref::<ByteArray>() {
        (b.to_vec(), "bytearray")
    } else {
        if !vm.has_index(v) {
            return Err(vm.type_error(&format!(
                "%c requires an integer in range(256) or a single byte, not {}",
                vm.qualified_type_name(v)
            )));
        }
        let i = vm.index_isize(v)?;
        return u8::try_from(i).map_err(|_| vm.overflow_error("%c arg not in range(256)"));
    };
    match bytes.as_slice() {
        [b] => Ok(*b),
        other => Err(vm.type_error(&format!(
            "%c requires an integer in range(256) or a single byte, not a {kind} object of length {}",
            other.len()
        ))),
    }
}

fn pad(vm: &Vm, out: &mut Vec<u8>, part: &[u8], width: usize, left: bool) -> PyResult<()> {
    let missing = width.saturating_sub(part.len());
    if out.try_reserve(missing.saturating_add(part.len())).is_err() {
        return Err(vm.no_memory());
    }
    let spaces = |out: &mut Vec<u8>| out.resize(out.len() + missing, b' ');
    if !left {
        spaces(out);
    }
    out.extend_from_slice(part);
    if left {
        spaces(out);
    }
    Ok(())
}

/// `format % args`
pub fn format(vm: &Vm, format: &[u8], args: &Value) -> PyResult<Vec<u8>> {
    let text = TextRef::One(format);
    let fail = |e: taipan_numeric::NumericError| numeric_error(vm, &e);
    let mut fetch = Fetch::new(vm, args);
    let mut out = Vec::with_capacity(format.len() + 16);
    let mut at = 0;
    loop {
        let rest = format.get(at..).unwrap_or_default();
        let Some(skip) = rest.iter().position(|&b| b == b'%') else {
            out.extend_from_slice(rest);
            break;
        };
        out.extend_from_slice(&rest[..skip]);
        let mut r = Reader::new(text, at + skip + 1);
        if r.at_key() {
            if !fetch.is_mapping() {
                return Err(vm.type_error("format requires a mapping"));
            }
            if let Some(key) = r.key().map_err(fail)? {
                let key = vm.new_bytes(key.as_bytes())?.into_value();
                let value = vm.getitem(args, &key)?;
                fetch.set(value);
            }
        } else if format.get(r.pos) == Some(&b'%') {
            out.push(b'%');
            at = r.pos + 1;
            continue;
        }
        let mut flags = r.flags();
        let width = match r.width().map_err(fail)? {
            Size::None => 0,
            Size::Given(n) => n,
            Size::Argument => {
                let n = fetch.width(vm)?;
                flags.left |= n < 0;
                n.unsigned_abs()
            }
        };
        let precision = match r.precision(true).map_err(fail)? {
            Size::None => None,
            Size::Given(n) => Some(n),
            Size::Argument => Some(fetch.precision(vm)?),
        };
        let conversion = r.conversion().map_err(fail)?;
        at = r.pos;
        let v = fetch.next(vm)?;
        let letter = char::from_u32(conversion).unwrap_or(char::REPLACEMENT_CHARACTER);
        let cut = |mut bytes: Vec<u8>| {
            bytes.truncate(precision.unwrap_or(usize::MAX));
            bytes
        };
        match letter {
            'r' | 'a' => {
                let s = ascii(vm, &v)?;
                pad(
                    vm,
                    &mut out,
                    &cut(s.raw_bytes().to_vec()),
                    width,
                    flags.left,
                )?;
            }
            's' | 'b' => {
                let bytes = cut(bytes_argument(vm, &v)?);
                pad(vm, &mut out, &bytes, width, flags.left)?;
            }
            'c' => {
                let b = byte_argument(vm, &v)?;
                pad(vm, &mut out, &[b], width, flags.left)?;
            }
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
                if precision.is_some_and(|p| p > i32::MAX as usize - 3) {
                    return Err(vm.overflow_error("precision too large"));
                }
                let n = number_argument(vm, &v, letter)?;
                let s = printf::format_int(flags, width, precision, letter, n.negative, &n.digits);
                pad(vm, &mut out, s.map_err(fail)?.as_bytes(), 0, false)?;
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let x = match vm.as_double(&v) {
                    Ok(x) => x,
                    Err(raised) => {
                        drop(vm.catch(raised, &vm.exc().TypeError)?);
                        return Err(vm.type_error(&format!(
                            "float argument required, not {}",
                            vm.type_name(&v)
                        )));
                    }
                };
                let s = printf::format_float(flags, width, precision, letter, x);
                pad(vm, &mut out, s.map_err(fail)?.as_bytes(), 0, false)?;
            }
            _ => return Err(fail(printf::unsupported(conversion, at))),
        }
    }
    if fetch.unused() {
        return Err(vm.type_error("not all arguments converted during bytes formatting"));
    }
    Ok(out)
}
