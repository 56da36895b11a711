//! Ints from and to text: `int(x)`, `int(text, base)`, decimal digits with the limit of `sys.set_int_max_str_digits`,
//! and `hex`, `oct`, `bin`, `format`.

use dashu_int::{IBig, Sign, UBig};
use taipan_numeric::NumericError;
use taipan_numeric::digits::Digits;
use taipan_numeric::format::{IntStyle, format_char, format_float, format_int, int_style};
use taipan_numeric::integer::{Parsed, parse_int, to_base};
use taipan_numeric::parse::to_ascii;
use taipan_numeric::spec::FormatSpec;
use taipan_object::{Bytes, IntRef, PyResult, Raised, Ref, Str, Value, Vm};
use taipan_text::{TextBuf, TextRef};

use super::arith::int_to_f64;

/// Digits below which the limit of `sys.set_int_max_str_digits` never applies.
const THRESHOLD: usize = 640;

/// Raises what a number's text is told to raise.
pub fn raise_numeric(vm: &Vm, e: &NumericError) -> Raised {
    match e {
        NumericError::Value(m) => vm.value_error(m),
        NumericError::Overflow(m) => vm.overflow_error(m),
        NumericError::Memory => vm.no_memory(),
    }
}

/// The number in decimal; ValueError when it has more digits than allowed.
pub fn to_decimal(vm: &Vm, i: IntRef<'_>) -> PyResult<String> {
    let b = match i {
        IntRef::Small(n) => return Ok(n.to_string()),
        IntRef::Big(b) => b,
    };
    let max = vm.interp().int_max_str_digits.get();
    let too_long = || {
        vm.value_error(&format!(
            "Exceeds the limit ({max} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit"
        ))
    };
    let limited = max > 0;
    // A number of n bits has more than (n - 1) * log10(2) digits.
    let least = super::arith::bit_length(i).saturating_sub(1) / 4;
    if limited && least > max.max(THRESHOLD) {
        return Err(too_long());
    }
    let text = b.to_string();
    let digits = text.len() - usize::from(text.starts_with('-'));
    if limited && digits > max.max(THRESHOLD) {
        return Err(too_long());
    }
    Ok(text)
}

/// The digits of the magnitude in a base of 2, 8 or 16.
fn magnitude(i: IntRef<'_>, base: u32) -> String {
    match i {
        IntRef::Small(n) => match base {
            2 => format!("{:b}", n.unsigned_abs()),
            8 => format!("{:o}", n.unsigned_abs()),
            _ => format!("{:x}", n.unsigned_abs()),
        },
        IntRef::Big(b) => {
            let (_, m) = b.clone().into_parts();
            m.in_radix(base as u8).to_string()
        }
    }
}

/// `hex`, `oct`, `bin`: sign, prefix, digits.
pub fn prefixed(i: IntRef<'_>, base: u32, prefix: &str) -> String {
    let sign = if i.is_negative() { "-" } else { "" };
    format!("{sign}{prefix}{}", magnitude(i, base))
}

/// The digits of an int in any base, with its sign.
pub fn in_base(i: IntRef<'_>, base: u32) -> String {
    match i {
        IntRef::Small(n) => to_base(n, base),
        IntRef::Big(b) => b.in_radix(base as u8).to_string(),
    }
}

/// `int.__format__`
pub fn format(vm: &Vm, i: IntRef<'_>, spec: TextRef<'_>) -> PyResult<TextBuf> {
    let fail = |e: NumericError| raise_numeric(vm, &e);
    let spec = FormatSpec::for_int(spec, "int").map_err(fail)?;
    let mut out = TextBuf::default();
    match int_style(&spec, "int").map_err(fail)? {
        IntStyle::Float => {
            let f = int_to_f64(vm, i)?;
            format_float(&spec, "int", f, None, &mut out).map_err(fail)?;
        }
        IntStyle::Char => {
            let Some(n) = i.to_i64() else {
                return Err(vm.overflow_error("Python int too large to convert to C long"));
            };
            format_char(&spec, n, &mut out).map_err(fail)?;
        }
        IntStyle::Digits(base) => {
            let (small, large);
            let digits = match (i, base) {
                (IntRef::Small(n), 10) => {
                    small = Digits::decimal(n);
                    small.as_str()
                }
                (IntRef::Small(n), _) => {
                    small = Digits::binary(n, base.trailing_zeros(), "");
                    small.as_str()
                }
                (IntRef::Big(_), 10) => {
                    large = to_decimal(vm, i)?;
                    &large
                }
                (IntRef::Big(_), _) => {
                    large = magnitude(i, base);
                    &large
                }
            };
            let digits = digits.trim_start_matches('-');
            format_int(&spec, i.is_negative(), digits, None, &mut out).map_err(fail)?;
        }
    }
    Ok(out)
}

/// The int that ASCII text is, by the rules of `int(text, base)`; `shown` is what the message quotes.
fn parse(vm: &Vm, text: &[u8], base: u32, shown: &Value) -> PyResult {
    let Some(parsed) = parse_int(text, base) else {
        let shown = vm.repr(shown)?;
        let text = shown.text();
        let text = text.slice(0..text.len().min(200));
        let mut message = TextBuf::default();
        message.push_str(&format!("invalid literal for int() with base {base}: "));
        message.push_text(text);
        let message = vm.new_str_buf(&message)?.into_value();
        return Err(vm.raise_args(&vm.exc().ValueError, vec![message]));
    };
    if text.len() > THRESHOLD {
        check_digits(vm, text, base)?;
    }
    match parsed {
        Parsed::Small(n) => vm.new_int(n),
        Parsed::Big {
            negative,
            digits,
            base,
        } => match UBig::from_str_radix(&digits, base) {
            Ok(m) => {
                let sign = if negative {
                    Sign::Negative
                } else {
                    Sign::Positive
                };
                vm.new_ibig(IBig::from_parts(sign, m))
            }
            Err(_) => Err(vm.system_error("digits that are none")),
        },
    }
}

/// The limit on digits, for bases whose conversion takes more than linear time.
fn check_digits(vm: &Vm, text: &[u8], base: u32) -> PyResult<()> {
    let prefixed = text
        .iter()
        .any(|b| matches!(b.to_ascii_lowercase(), b'x' | b'o' | b'b'));
    let linear = if base == 0 {
        prefixed
    } else {
        base.is_power_of_two()
    };
    let max = vm.interp().int_max_str_digits.get();
    let digits = text.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    if linear || max == 0 || digits <= max.max(THRESHOLD) {
        return Ok(());
    }
    Err(vm.value_error(&format!(
        "Exceeds the limit ({max} digits) for integer string conversion: value has {digits} digits; use sys.set_int_max_str_digits() to increase the limit"
    )))
}

/// `int(text, base)` for a string.
pub fn from_str(vm: &Vm, s: &Ref<Str>, base: u32) -> PyResult {
    match s.as_ascii() {
        Some(text) => parse(vm, text.as_bytes(), base, s.as_value()),
        None => parse(vm, &to_ascii(s.text()), base, s.as_value()),
    }
}

/// The bytes of a bytes-like object that stands for text.
fn bytes_of(vm: &Vm, v: &Value) -> PyResult<Option<Vec<u8>>> {
    if let Some(b) = v.downcast_ref::<Bytes>() {
        return Ok(Some(b.as_slice().to_vec()));
    }
    if vm.type_of(v).payload.slots.bf_getbuffer.get().is_some() {
        return Ok(Some(vm.get_buffer(v, false)?.to_vec()));
    }
    Ok(None)
}

fn from_bytes_like(vm: &Vm, v: &Value, base: u32) -> PyResult<Option<Value>> {
    match bytes_of(vm, v)? {
        Some(bytes) => {
            let shown = vm.new_bytes(&bytes)?.into_value();
            parse(vm, &bytes, base, &shown).map(Some)
        }
        None => Ok(None),
    }
}

/// `int(v)` (`PyNumber_Long`): always an exact int.
pub fn to_int(vm: &Vm, v: &Value) -> PyResult {
    if v.is_small_int() {
        return Ok(v.clone());
    }
    let slots = &vm.type_of(v).payload.slots;
    if let Some(f) = slots.nb_int.get() {
        let r = f(vm, v)?;
        let Some(i) = r.as_int() else {
            return Err(vm.type_error(&format!(
                "__int__ returned non-int (type {})",
                vm.type_name(&r)
            )));
        };
        if r.is_small_int() || std::ptr::eq(vm.type_of(&r), vm.types().int.object()) {
            return Ok(r);
        }
        let message = format!(
            "__int__ returned non-int (type {}).  The ability to return an instance of a strict subclass of int is deprecated, and may be removed in a future version of Python.",
            vm.type_name(&r)
        );
        vm.warn(&vm.exc().DeprecationWarning, &message, 1)?;
        return vm.new_ibig(i.to_ibig());
    }
    if slots.nb_index.get().is_some() {
        let r = vm.index(v)?;
        return exact(vm, &r);
    }
    if let Some(s) = v.downcast_ref::<Str>() {
        return from_str(vm, s, 10);
    }
    if let Some(r) = from_bytes_like(vm, v, 10)? {
        return Ok(r);
    }
    Err(vm.type_error(&format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
        vm.type_name(v)
    )))
}

/// The same number as an exact int.
pub fn exact(vm: &Vm, v: &Value) -> PyResult {
    if v.is_small_int() || std::ptr::eq(vm.type_of(v), vm.types().int.object()) {
        return Ok(v.clone());
    }
    vm.new_ibig(super::arith::int_of(vm, v)?.to_ibig())
}

/// `int(v, base)`
pub fn to_int_base(vm: &Vm, v: &Value, base: &Value) -> PyResult {
    let base = vm.index_isize(base)?;
    if base != 0 && !(2..=36).contains(&base) {
        return Err(vm.value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    let base = base as u32;
    if let Some(s) = v.downcast_ref::<Str>() {
        return from_str(vm, s, base);
    }
    // Only bytes and bytearray: other buffers need no base.
    let name = vm.type_of(v).payload.layout().name;
    if matches!(name, "Bytes" | "ByteArray")
        && let Some(r) = from_bytes_like(vm, v, base)?
    {
        return Ok(r);
    }
    Err(vm.type_error("int() can't convert non-string with explicit base"))
}
