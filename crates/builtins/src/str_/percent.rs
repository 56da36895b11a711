//! The `%` operator of strings, and what it shares with that of bytes: fetching arguments, numbers as digits.

use taipan_numeric::digits::Digits;
use taipan_numeric::printf::{self, Reader, Size};
use taipan_object::{Bytes, IntRef, PyResult, Raised, Ref, Str, Tuple, Value, Vm};
use taipan_text::{TextBuf, TextRef};

use super::{functions, numeric_error};

/// The arguments of a `%` operation, taken one after another.
pub struct Fetch {
    args: Value,
    /// Arguments in the tuple; -1 when `args` is the argument itself.
    len: isize,
    index: isize,
    mapping: bool,
}

impl Fetch {
    /// Starts with the right operand.
    pub fn new(vm: &Vm, args: &Value) -> Fetch {
        let tuple = args.downcast_ref::<Tuple>();
        let (len, index) = match tuple {
            Some(t) => (t.len() as isize, 0),
            None => (-1, -2),
        };
        let mapping = tuple.is_none()
            && vm.type_of(args).payload.slots.mp_subscript.get().is_some()
            && args.downcast_ref::<Str>().is_none()
            && args.downcast_ref::<Bytes>().is_none()
            && args
                .downcast_ref::<crate::bytearray_::ByteArray>()
                .is_none();
        Fetch {
            args: args.clone(),
            len,
            index,
            mapping,
        }
    }

    /// The next argument.
    pub fn next(&mut self, vm: &Vm) -> PyResult {
        if self.index >= self.len {
            return Err(vm.type_error("not enough arguments for format string"));
        }
        let i = self.index;
        self.index += 1;
        if self.len < 0 {
            return Ok(self.args.clone());
        }
        let found = self
            .args
            .downcast_ref::<Tuple>()
            .and_then(|t| t.get(i as usize));
        found.ok_or_else(|| vm.type_error("not enough arguments for format string"))
    }

    /// Whether keys can be used.
    pub fn is_mapping(&self) -> bool {
        self.mapping
    }

    /// Makes a value found by key the argument.
    pub fn set(&mut self, value: Value) {
        self.args = value;
        self.len = -1;
        self.index = -2;
    }

    /// Whether arguments are left over.
    pub fn unused(&self) -> bool {
        self.index < self.len && !self.mapping
    }

    /// A `*` as a width: negative means left-justified.
    pub fn width(&mut self, vm: &Vm) -> PyResult<isize> {
        match self
            .star(vm)?
            .to_i64()
            .and_then(|n| isize::try_from(n).ok())
        {
            Some(n) => Ok(n),
            None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }

    /// A `*` as a precision.
    pub fn precision(&mut self, vm: &Vm) -> PyResult<usize> {
        match self.star(vm)?.to_i64().and_then(|n| i32::try_from(n).ok()) {
            Some(n) => Ok(n.max(0) as usize),
            None => Err(vm.overflow_error("Python int too large to convert to C int")),
        }
    }

    fn star(&mut self, vm: &Vm) -> PyResult<StarArgument> {
        let v = self.next(vm)?;
        match v.as_int() {
            Some(_) => Ok(StarArgument(v)),
            None => Err(vm.type_error("* wants int")),
        }
    }
}

struct StarArgument(Value);

impl StarArgument {
    fn to_i64(&self) -> Option<i64> {
        self.0.as_int().and_then(IntRef::to_i64)
    }
}

/// An integer in the base of a conversion.
pub struct Number {
    /// Below zero.
    pub negative: bool,
    /// Digits without sign and prefix, lowercase.
    pub digits: String,
}

fn digits(vm: &Vm, v: &Value, conversion: char) -> PyResult<Number> {
    let Some(i) = v.as_int() else {
        return Err(vm.system_error("an int was expected"));
    };
    let text = match (i, conversion) {
        (IntRef::Small(i), 'o') => format!("{:o}", i.unsigned_abs()),
        (IntRef::Small(i), 'x' | 'X') => format!("{:x}", i.unsigned_abs()),
        (IntRef::Small(i), _) => i.unsigned_abs().to_string(),
        (IntRef::Big(b), 'o') => b.in_radix(8).to_string(),
        (IntRef::Big(b), 'x' | 'X') => b.in_radix(16).to_string(),
        // int's own repr knows the limit of digits.
        (IntRef::Big(b), _) => match vm.types().int.slots.tp_repr.get() {
            Some(repr) => repr(vm, v)?
                .downcast_ref::<Str>()
                .map(|s| s.to_string_lossy().into_owned())
                .unwrap_or_default(),
            None => b.to_string(),
        },
    };
    Ok(Number {
        negative: i.is_negative(),
        digits: match text.strip_prefix('-') {
            Some(rest) => rest.to_owned(),
            None => text,
        },
    })
}

#[cold]
fn wrong_number(vm: &Vm, v: &Value, conversion: char) -> Raised {
    let wanted = match conversion {
        'o' | 'x' | 'X' => "an integer",
        _ => "a real number",
    };
    vm.type_error(&format!(
        "%{conversion} format: {wanted} is required, not {}",
        vm.type_name(v)
    ))
}

/// The argument of `%d` and its like.
pub fn number_argument(vm: &Vm, v: &Value, conversion: char) -> PyResult<Number> {
    if v.as_int().is_some() {
        return digits(vm, v, conversion);
    }
    let slots = &vm.type_of(v).payload.slots;
    let integral = matches!(conversion, 'o' | 'x' | 'X');
    let is_number = slots.nb_index.get().is_some()
        || slots.nb_int.get().is_some()
        || slots.nb_float.get().is_some()
        || v.downcast_ref::<taipan_object::Complex>().is_some();
    if !is_number {
        return Err(wrong_number(vm, v, conversion));
    }
    let converted = match (integral, slots.nb_int.get()) {
        (false, Some(f)) => f(vm, v),
        _ => vm.index(v),
    };
    match converted {
        Ok(i) if i.as_int().is_some() => digits(vm, &i, conversion),
        Ok(i) => Err(vm.type_error(&format!(
            "__int__ returned non-int (type {})",
            vm.type_name(&i)
        ))),
        Err(raised) => {
            drop(vm.catch(raised, &vm.exc().TypeError)?);
            Err(wrong_number(vm, v, conversion))
        }
    }
}

/// The character of `%c`.
fn character(vm: &Vm, v: &Value) -> PyResult<u32> {
    if let Some(s) = v.downcast_ref::<Str>() {
        return match (s.len(), s.text().get(0)) {
            (1, Some(c)) => Ok(c),
            (n, _) => Err(vm.type_error(&format!(
                "%c requires an int or a unicode character, not a string of length {n}"
            ))),
        };
    }
    if !vm.has_index(v) {
        return Err(vm.type_error(&format!(
            "%c requires an int or a unicode character, not {}",
            vm.qualified_type_name(v)
        )));
    }
    let i = vm.index(v)?;
    let c = i
        .as_int()
        .and_then(IntRef::to_i64)
        .and_then(|i| u32::try_from(i).ok())
        .filter(|&c| c <= taipan_text::MAX_CODE_POINT);
    c.ok_or_else(|| vm.overflow_error("%c arg not in range(0x110000)"))
}

/// Appends what `%s` (else `%d`) makes of a value.
fn plain(vm: &Vm, out: &mut TextBuf, v: &Value, text: bool) -> PyResult<()> {
    match v.as_small_int() {
        Some(n) => out.push_latin1(Digits::decimal(n).as_bytes()),
        None if text => match v.downcast_exact::<Str>(&vm.types().str) {
            Some(s) => out.push_text(s.text()),
            None => out.push_text(vm.str(v)?.text()),
        },
        None => {
            let n = number_argument(vm, v, 'd')?;
            out.push_str(if n.negative { "-" } else { "" });
            push(vm, out, &n.digits)?;
        }
    }
    Ok(())
}

/// `format % args`
pub fn format(vm: &Vm, format: &Ref<Str>, args: &Value) -> PyResult {
    let text = format.text();
    let fail = |e: taipan_numeric::NumericError| numeric_error(vm, &e);
    let mut fetch = Fetch::new(vm, args);
    let mut out = TextBuf::with_capacity(text.len() + 16);
    let mut at = 0;
    loop {
        let rest = text.slice(at..usize::MAX);
        let Some(skip) = taipan_text::search::find_char(rest, '%'.into()) else {
            out.push_text(rest);
            break;
        };
        if skip != 0 {
            out.push_text(rest.slice(0..skip));
        }
        // `%s` and `%d` alone, which is most of what there is.
        if let TextRef::One(bytes) = text
            && let Some(&conversion @ (b's' | b'd')) = bytes.get(at + skip + 1)
        {
            at += skip + 2;
            plain(vm, &mut out, &fetch.next(vm)?, conversion == b's')?;
            continue;
        }
        let mut r = Reader::new(text, at + skip + 1);
        if r.at_key() {
            if !fetch.is_mapping() {
                return Err(vm.type_error("format requires a mapping"));
            }
            if let Some(key) = r.key().map_err(fail)? {
                let key = vm.new_str_text(key)?.into_value();
                let value = vm.getitem(args, &key)?;
                fetch.set(value);
                if text.get(r.pos) == Some('s'.into()) {
                    at = r.pos + 1;
                    plain(vm, &mut out, &fetch.next(vm)?, true)?;
                    continue;
                }
            }
        } else if text.get(r.pos) == Some('%'.into()) {
            out.push('%'.into());
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
        let precision = match r.precision(false).map_err(fail)? {
            Size::None => None,
            Size::Given(n) => Some(n),
            Size::Argument => Some(fetch.precision(vm)?),
        };
        let conversion = r.conversion().map_err(fail)?;
        at = r.pos;
        let letter = char::from_u32(conversion).unwrap_or(char::REPLACEMENT_CHARACTER);
        let v = fetch.next(vm)?;
        match letter {
            's' | 'r' | 'a' => {
                let s = match letter {
                    's' => vm.str(&v)?,
                    'r' => vm.repr(&v)?,
                    _ => functions::ascii(vm, &v)?,
                };
                let shown = s.text().slice(0..precision.unwrap_or(usize::MAX));
                pad(vm, &mut out, shown, width, flags.left)?;
            }
            'c' => {
                let c = [character(vm, &v)?];
                pad(vm, &mut out, TextRef::Four(&c), width, flags.left)?;
            }
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
                if precision.is_some_and(|p| p > i32::MAX as usize - 3) {
                    return Err(vm.overflow_error("precision too large"));
                }
                let n = number_argument(vm, &v, letter)?;
                let s = printf::format_int(flags, width, precision, letter, n.negative, &n.digits);
                push(vm, &mut out, &s.map_err(fail)?)?;
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let x = vm.as_double(&v)?;
                let s = printf::format_float(flags, width, precision, letter, x);
                push(vm, &mut out, &s.map_err(fail)?)?;
            }
            _ => return Err(fail(printf::unsupported(conversion, at))),
        }
    }
    if fetch.unused() {
        return Err(vm.type_error("not all arguments converted during string formatting"));
    }
    Ok(vm.new_str_buf(&out)?.into_value())
}

fn push(vm: &Vm, out: &mut TextBuf, s: &str) -> PyResult<()> {
    if !out.try_reserve(taipan_text::Form::Ascii, s.len()) {
        return Err(vm.no_memory());
    }
    out.push_str(s);
    Ok(())
}

fn pad(
    vm: &Vm,
    out: &mut TextBuf,
    text: taipan_text::TextRef<'_>,
    width: usize,
    left: bool,
) -> PyResult<()> {
    let missing = width.saturating_sub(text.len());
    if missing > 0 && !out.try_reserve(text.form(), missing.saturating_add(text.len())) {
        return Err(vm.no_memory());
    }
    if !left {
        out.push_repeat(' '.into(), missing);
    }
    out.push_text(text);
    if left {
        out.push_repeat(' '.into(), missing);
    }
    Ok(())
}
