//! Module `binascii`: hexadecimal, base64, uuencode, quoted-printable, and two checksums.

use taipan_builtins::bytes_::shared::{BytesArg, HEX_DIGITS, bytes_of, from_hex_pairs, hex_pairs};
use taipan_macros::pyfunctions;
use taipan_object::{
    BaseException, Bytes, ModuleSpec, Payload, PyResult, Raised, Ref, Str, TypeRef, TypeSpec,
    Value, Vm, tpflags,
};

/// `binascii.Error`
pub static ERROR: TypeSpec = TypeSpec {
    base: Some(|vm| TypeRef::clone(&vm.exc().ValueError)),
    flags: tpflags::BASETYPE,
    ..TypeSpec::new("Error", "binascii", <BaseException as Payload>::layout)
};

/// `binascii.Incomplete`
pub static INCOMPLETE: TypeSpec = TypeSpec {
    base: Some(|vm| TypeRef::clone(&vm.exc().Exception)),
    flags: tpflags::BASETYPE,
    ..TypeSpec::new("Incomplete", "binascii", <BaseException as Payload>::layout)
};

/// Module `binascii`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "binascii",
    doc: Some("Conversion between binary data and ASCII"),
    functions: &[functions::FUNCTIONS],
    types: &[&ERROR, &INCOMPLETE],
    exec: None,
};

#[cold]
fn error(vm: &Vm, message: &str) -> Raised {
    match vm.make_type(&ERROR) {
        Ok(ty) => vm.raise_new(&ty, message),
        Err(r) => r,
    }
}

/// The bytes of a bytes-like object or of an ASCII string.
fn ascii_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<BytesArg<'a>> {
    if let Some(s) = v.downcast_ref::<Str>() {
        return match s.as_ascii() {
            Some(a) => Ok(BytesArg::Slice(a.as_bytes())),
            None => Err(vm.value_error("string argument should contain only ASCII characters")),
        };
    }
    bytes_of(vm, v).map_err(|raised| {
        drop(vm.take_raised(raised));
        vm.type_error(&format!(
            "argument should be bytes, buffer or ASCII string, not '{}'",
            vm.type_name(v)
        ))
    })
}

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What has no value in the tables of digits.
const NO_DIGIT: u8 = 0xff;

/// The values of the digits of Base64.
static BASE64_DIGITS: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut i = 0;
    while i < BASE64.len() {
        table[BASE64[i] as usize] = i as u8;
        i += 1;
    }
    table
};

fn hex_digit(b: u8) -> Option<u8> {
    Some(HEX_DIGITS[usize::from(b)]).filter(|d| *d != NO_DIGIT)
}

fn base64_value(b: u8) -> Option<u8> {
    Some(BASE64_DIGITS[usize::from(b)]).filter(|d| *d != NO_DIGIT)
}

/// Hexadecimal digits, with a separator after every `group` bytes: counted from the right, or for a negative `group`
/// from the left.
fn to_hex(data: &[u8], sep: Option<u8>, group: i32) -> Vec<u8> {
    let size = group.unsigned_abs() as usize;
    if sep.is_none() || size == 0 || data.len() <= size {
        let mut pairs = vec![[0; 2]; data.len()];
        hex_pairs(data, &mut pairs);
        return pairs.into_flattened();
    }
    let mut out = Vec::with_capacity(data.len() * 3);
    for (i, b) in data.iter().enumerate() {
        if let Some(sep) = sep
            && i > 0
        {
            let at = if group > 0 { data.len() - i } else { i };
            if at.is_multiple_of(size) {
                out.push(sep);
            }
        }
        out.push(HEX[usize::from(b >> 4)]);
        out.push(HEX[usize::from(b & 15)]);
    }
    out
}

fn hexlify(vm: &Vm, data: &Value, sep: Option<&Value>, group: i32) -> PyResult<Ref<Bytes>> {
    let sep = match sep {
        None => None,
        Some(v) => {
            if vm.len(v)? != 1 {
                return Err(vm.value_error("sep must be length 1."));
            }
            let c = if let Some(s) = v.downcast_ref::<Str>() {
                s.text().get(0)
            } else if let Some(b) = v.downcast_ref::<Bytes>() {
                b.as_slice().first().map(|b| u32::from(*b))
            } else {
                return Err(vm.type_error("sep must be str or bytes."));
            };
            match c.map(u8::try_from) {
                Some(Ok(c)) => Some(c),
                _ => return Err(vm.value_error("sep must be ASCII.")),
            }
        }
    };
    vm.new_bytes(&to_hex(&bytes_of(vm, data)?, sep, group))
}

fn unhexlify(vm: &Vm, text: &Value) -> PyResult<Ref<Bytes>> {
    let text = ascii_of(vm, text)?;
    let (pairs, []) = text.as_chunks() else {
        return Err(error(vm, "Odd-length string"));
    };
    match from_hex_pairs(pairs) {
        Some(bytes) => vm.new_bytes(&bytes),
        None => Err(error(vm, "Non-hexadecimal digit found")),
    }
}

/// Decodes base64; what is no base64 is skipped, or in strict mode an error.
fn decode_base64(vm: &Vm, text: &[u8], strict: bool) -> PyResult<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    if strict && text.first() == Some(&b'=') {
        return Err(error(vm, "Leading padding not allowed"));
    }
    let (mut place, mut left, mut pads) = (0u8, 0u8, 0u8);
    let (mut padded, mut complete) = (false, false);
    // Whole groups of digits at the start, which is nearly everything.
    let groups = text.as_chunks::<4>().0;
    let mut whole = 0;
    for group in groups {
        let [a, b, c, d] = group.map(|b| BASE64_DIGITS[usize::from(b)]);
        if (a | b | c | d) & 0xc0 != 0 {
            break;
        }
        out.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        whole += 4;
    }
    for &b in text.get(whole..).unwrap_or_default() {
        if b == b'=' {
            padded = true;
            if place >= 2 {
                pads = pads.saturating_add(1);
            }
            if place >= 2 && place.saturating_add(pads) >= 4 {
                // A group is complete: what follows it matters in strict mode alone.
                if strict && complete {
                    return Err(error(vm, "Excess padding not allowed"));
                }
                complete = true;
                continue;
            }
            if strict && place == 0 {
                return Err(error(vm, "Excess padding not allowed"));
            }
            continue;
        }
        let Some(v) = base64_value(b) else {
            if strict {
                return Err(error(vm, "Only base64 data is allowed"));
            }
            continue;
        };
        if strict && complete {
            return Err(error(vm, "Excess data after padding"));
        }
        if strict && padded {
            return Err(error(vm, "Discontinuous padding not allowed"));
        }
        pads = 0;
        match place {
            0 => left = v,
            1 => {
                out.push(left << 2 | v >> 4);
                left = v & 15;
            }
            2 => {
                out.push(left << 4 | v >> 2);
                left = v & 3;
            }
            _ => {
                out.push(left << 6 | v);
                left = 0;
            }
        }
        place = (place + 1) % 4;
    }
    match place {
        0 => Ok(out),
        1 => {
            let n = out.len() / 3 * 4 + 1;
            Err(error(
                vm,
                &format!(
                    "Invalid base64-encoded string: number of data characters ({n}) cannot be 1 more than a multiple of 4"
                ),
            ))
        }
        _ if place.saturating_add(pads) >= 4 => Ok(out),
        _ => Err(error(vm, "Incorrect padding")),
    }
}

/// CRC-32 of zip and PNG, from `crc` on.
pub fn crc32(data: &[u8], crc: u32) -> u32 {
    /// `TABLES[k][b]`: what a byte `b` adds that is followed by `k` others, so that eight bytes take one step.
    static TABLES: [[u32; 256]; 8] = {
        let mut tables = [[0; 256]; 8];
        let mut i = 0;
        while i < 256 {
            let mut c = i as u32;
            let mut bit = 0;
            while bit < 8 {
                c = if c & 1 != 0 {
                    0xedb8_8320 ^ (c >> 1)
                } else {
                    c >> 1
                };
                bit += 1;
            }
            tables[0][i] = c;
            i += 1;
        }
        let mut i = 0;
        while i < 256 {
            let mut k = 1;
            while k < 8 {
                let c = tables[k - 1][i];
                tables[k][i] = tables[0][(c & 0xff) as usize] ^ (c >> 8);
                k += 1;
            }
            i += 1;
        }
        tables
    };
    let byte = |table: usize, word: u32, shift: u32| TABLES[table][(word >> shift & 0xff) as usize];
    let (chunks, rest) = data.as_chunks::<8>();
    let mut c = !crc;
    for &[b0, b1, b2, b3, b4, b5, b6, b7] in chunks {
        let low = c ^ u32::from_le_bytes([b0, b1, b2, b3]);
        let high = u32::from_le_bytes([b4, b5, b6, b7]);
        c = byte(7, low, 0)
            ^ byte(6, low, 8)
            ^ byte(5, low, 16)
            ^ byte(4, low, 24)
            ^ byte(3, high, 0)
            ^ byte(2, high, 8)
            ^ byte(1, high, 16)
            ^ byte(0, high, 24);
    }
    !rest
        .iter()
        .fold(c, |c, b| byte(0, c ^ u32::from(*b), 0) ^ (c >> 8))
}

fn decode_qp(data: &[u8], header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut i = 0;
    while let Some(&b) = data.get(i) {
        i += 1;
        if b != b'=' {
            out.push(if header && b == b'_' { b' ' } else { b });
            continue;
        }
        match data.get(i) {
            None => break,
            // A soft line break: everything up to the end of the line goes.
            Some(b'\n' | b'\r') => {
                while let Some(&c) = data.get(i) {
                    i += 1;
                    if c == b'\n' {
                        break;
                    }
                }
            }
            Some(b'=') => {
                out.push(b'=');
                i += 1;
            }
            Some(&high) => match (hex_digit(high), data.get(i + 1).and_then(|l| hex_digit(*l))) {
                (Some(h), Some(l)) => {
                    out.push(h << 4 | l);
                    i += 2;
                }
                _ => out.push(b'='),
            },
        }
    }
    out
}

const MAX_LINE: usize = 76;

fn encode_qp(data: &[u8], quote_tabs: bool, is_text: bool, header: bool) -> Vec<u8> {
    // Lines end as the first one does.
    let crlf = data
        .iter()
        .position(|b| *b == b'\n')
        .is_some_and(|i| i > 0 && data.get(i - 1) == Some(&b'\r'));
    let newline: &[u8] = if crlf { b"\r\n" } else { b"\n" };
    let mut out = Vec::with_capacity(data.len());
    let (mut line, mut i) = (0usize, 0usize);
    let soft_break = |out: &mut Vec<u8>, line: &mut usize| {
        out.push(b'=');
        out.extend_from_slice(newline);
        *line = 0;
    };
    while let Some(&b) = data.get(i) {
        let next = data.get(i + 1).copied();
        let at_end = next.is_none();
        let ends_line =
            next == Some(b'\n') || (next == Some(b'\r') && data.get(i + 2) == Some(&b'\n'));
        let lone_dot =
            b == b'.' && line == 0 && (at_end || matches!(next, Some(b'\n' | b'\r' | 0)));
        let blank = matches!(b, b' ' | b'\t');
        let escape = b > 126
            || b == b'='
            || (header && b == b'_')
            || lone_dot
            || (!is_text && matches!(b, b'\r' | b'\n'))
            || (blank && at_end)
            || (b < 33 && !matches!(b, b'\r' | b'\n' | b'\t' | b' '))
            || (blank && quote_tabs);
        if escape {
            if line + 3 >= MAX_LINE {
                soft_break(&mut out, &mut line);
            }
            out.push(b'=');
            out.push(HEX[usize::from(b >> 4)].to_ascii_uppercase());
            out.push(HEX[usize::from(b & 15)].to_ascii_uppercase());
            line += 3;
            i += 1;
            continue;
        }
        if is_text && (b == b'\n' || (b == b'\r' && next == Some(b'\n'))) {
            // White space before the end of a line would be lost.
            if let Some(&last @ (b' ' | b'\t')) = out.last() {
                out.pop();
                out.push(b'=');
                out.push(HEX[usize::from(last >> 4)]);
                out.push(HEX[usize::from(last & 15)].to_ascii_uppercase());
            }
            out.extend_from_slice(newline);
            line = 0;
            i += if b == b'\r' { 2 } else { 1 };
            continue;
        }
        if !at_end && !ends_line && line + 1 >= MAX_LINE {
            soft_break(&mut out, &mut line);
        }
        line += 1;
        out.push(if header && b == b' ' { b'_' } else { b });
        i += 1;
    }
    out
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Decode a line of uuencoded data.
    #[pyfunction(sig = "($module, data, /)")]
    fn a2b_uu(vm: &Vm, data: &Value) -> PyResult<Ref<Bytes>> {
        let text = ascii_of(vm, data)?;
        let Some((first, rest)) = text.split_first() else {
            return Err(error(vm, "Missing length byte"));
        };
        let len = usize::from(first.wrapping_sub(b' ') & 0x3f);
        let mut out = Vec::with_capacity(len);
        let (mut bits, mut have) = (0u32, 0);
        let mut rest = rest.iter().copied();
        while out.len() < len {
            // Missing characters at the end of a line count as spaces.
            let value = match rest.next() {
                None | Some(b'\n' | b'\r') => 0,
                Some(c @ b' '..=b'`') => u32::from((c - b' ') & 0x3f),
                Some(_) => return Err(error(vm, "Illegal char")),
            };
            bits = bits << 6 | value;
            have += 6;
            if have >= 8 {
                have -= 8;
                out.push((bits >> have) as u8);
                bits &= (1 << have) - 1;
            }
        }
        for c in rest {
            // Some encoders add a character that pads or a checksum.
            if !matches!(c, b' ' | b'`' | b'\n' | b'\r') {
                return Err(error(vm, "Trailing garbage"));
            }
        }
        vm.new_bytes(&out)
    }

    /// Uuencode line of data.
    #[pyfunction(sig = "($module, data, /, *, backtick=False)")]
    fn b2a_uu(vm: &Vm, data: &Value, backtick: bool) -> PyResult<Ref<Bytes>> {
        let data = bytes_of(vm, data)?;
        if data.len() > 45 {
            return Err(error(vm, "At most 45 bytes at once"));
        }
        let character = |v: u8| match v & 0x3f {
            0 if backtick => b'`',
            v => v + b' ',
        };
        let mut out = vec![character(data.len() as u8)];
        for group in data.chunks(3) {
            let byte = |i: usize| group.get(i).copied().unwrap_or(0);
            let (a, b, c) = (byte(0), byte(1), byte(2));
            for v in [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c] {
                out.push(character(v));
            }
        }
        out.push(b'\n');
        vm.new_bytes(&out)
    }

    /// Decode a line of base64 data.
    #[pyfunction(sig = "($module, data, /, *, strict_mode=False)")]
    fn a2b_base64(vm: &Vm, data: &Value, strict_mode: bool) -> PyResult<Ref<Bytes>> {
        let text = ascii_of(vm, data)?;
        vm.new_bytes(&decode_base64(vm, &text, strict_mode)?)
    }

    /// Base64-code line of data.
    #[pyfunction(sig = "($module, data, /, *, newline=True)")]
    fn b2a_base64(vm: &Vm, data: &Value, newline: bool) -> PyResult<Ref<Bytes>> {
        let data = bytes_of(vm, data)?;
        let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4 + 1);
        let digit = |v: u8| BASE64[usize::from(v & 63)];
        let (groups, rest) = data.as_chunks();
        out.extend(
            groups
                .iter()
                .flat_map(|&[a, b, c]| [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c].map(digit)),
        );
        match *rest {
            [a] => out.extend([digit(a >> 2), digit(a << 4), b'=', b'=']),
            [a, b] => out.extend([digit(a >> 2), digit(a << 4 | b >> 4), digit(b << 2), b'=']),
            _ => {}
        }
        if newline {
            out.push(b'\n');
        }
        vm.new_bytes(&out)
    }

    /// Binary data of hexadecimal representation.
    #[pyfunction(sig = "($module, hexstr, /)")]
    fn a2b_hex(vm: &Vm, hexstr: &Value) -> PyResult<Ref<Bytes>> {
        super::unhexlify(vm, hexstr)
    }

    /// Hexadecimal representation of binary data.
    #[pyfunction(sig = "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)")]
    fn b2a_hex(
        vm: &Vm,
        data: &Value,
        sep: Option<&Value>,
        bytes_per_sep: i32,
    ) -> PyResult<Ref<Bytes>> {
        super::hexlify(vm, data, sep, bytes_per_sep)
    }

    /// Hexadecimal representation of binary data.
    #[pyfunction(sig = "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)")]
    fn hexlify(
        vm: &Vm,
        data: &Value,
        sep: Option<&Value>,
        bytes_per_sep: i32,
    ) -> PyResult<Ref<Bytes>> {
        super::hexlify(vm, data, sep, bytes_per_sep)
    }

    /// Binary data of hexadecimal representation.
    #[pyfunction(sig = "($module, hexstr, /)")]
    fn unhexlify(vm: &Vm, hexstr: &Value) -> PyResult<Ref<Bytes>> {
        super::unhexlify(vm, hexstr)
    }

    /// Compute CRC-CCITT incrementally.
    #[pyfunction(sig = "($module, data, crc, /)")]
    fn crc_hqx(vm: &Vm, data: &Value, crc: &Value) -> PyResult<u16> {
        let mut crc = low_bits(vm, crc)? as u16;
        for b in bytes_of(vm, data)?.iter() {
            crc ^= u16::from(*b) << 8;
            for _ in 0..8 {
                crc = if crc & 0x8000 != 0 {
                    crc << 1 ^ 0x1021
                } else {
                    crc << 1
                };
            }
        }
        Ok(crc)
    }

    /// Compute CRC-32 incrementally.
    #[pyfunction(sig = "($module, data, crc=0, /)")]
    fn crc32(vm: &Vm, data: &Value, crc: Value) -> PyResult<u32> {
        let start = low_bits(vm, &crc)?;
        Ok(super::crc32(&bytes_of(vm, data)?, start))
    }

    /// Decode a string of qp-encoded data.
    #[pyfunction(sig = "($module, /, data, header=False)")]
    fn a2b_qp(vm: &Vm, data: &Value, header: bool) -> PyResult<Ref<Bytes>> {
        vm.new_bytes(&decode_qp(&ascii_of(vm, data)?, header))
    }

    /// Encode a string using quoted-printable encoding.
    #[pyfunction(sig = "($module, /, data, quotetabs=False, istext=True, header=False)")]
    fn b2a_qp(
        vm: &Vm,
        data: &Value,
        quotetabs: bool,
        istext: bool,
        header: bool,
    ) -> PyResult<Ref<Bytes>> {
        vm.new_bytes(&encode_qp(&bytes_of(vm, data)?, quotetabs, istext, header))
    }
}

/// The low 32 bits of an int-like value (Argument Clinic's `unsigned_int(bitwise=True)`).
fn low_bits(vm: &Vm, v: &Value) -> PyResult<u32> {
    let v = vm.index(v)?;
    let i = taipan_builtins::int_::arith::int_of(vm, &v)?;
    match i.to_i64() {
        Some(n) => Ok(n as u32),
        None => {
            let b = i.to_ibig() & dashu_int::IBig::from(u32::MAX);
            Ok(u32::try_from(&b).unwrap_or(0))
        }
    }
}
