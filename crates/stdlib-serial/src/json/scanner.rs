//! `make_scanner`: reads one JSON value from a document, of any width of text.

use rustc_hash::FxHashMap;
use taipan_builtins::int_;
use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyResult, Raised, Ref, Str, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm,
    payload,
};
use taipan_text::{Unit, with_text};

use super::strings::{self, Scanned};
use super::{decode_error, string_argument};

/// What `make_scanner` took from the decoder.
pub struct Scanner {
    strict: bool,
    object_hook: Value,
    object_pairs_hook: Value,
    parse_float: Value,
    parse_int: Value,
    parse_constant: Value,
}

payload!(Scanner, gc);

impl Traverse for Scanner {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for v in [
            &self.object_hook,
            &self.object_pairs_hook,
            &self.parse_float,
            &self.parse_int,
            &self.parse_constant,
        ] {
            visit(v);
        }
    }
}

/// `_json.Scanner`
pub static SCANNER: TypeSpec = TypeSpec {
    doc: Some("JSON scanner object"),
    parts: &[&SCANNER_METHODS],
    ..TypeSpec::new("Scanner", "_json", <Scanner as Payload>::layout)
};

#[pymethods(SCANNER_METHODS)]
impl Scanner {
    #[pyslot(name = "make_scanner", params = "(context)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, context: &Value) -> PyResult<Ref<Scanner>> {
        let strict = vm.getattr_str(context, "strict")?;
        let payload = Scanner {
            strict: vm.is_true(&strict)?,
            object_hook: vm.getattr_str(context, "object_hook")?,
            object_pairs_hook: vm.getattr_str(context, "object_pairs_hook")?,
            parse_float: vm.getattr_str(context, "parse_float")?,
            parse_int: vm.getattr_str(context, "parse_int")?,
            parse_constant: vm.getattr_str(context, "parse_constant")?,
        };
        vm.new_object(cls, payload)
    }

    #[pyslot(name = "scan_once", params = "(string, idx)")]
    fn tp_call(vm: &Vm, this: &Ref<Self>, string: &Value, idx: isize) -> PyResult {
        let text = string_argument(vm, string)?.text();
        let Ok(at) = usize::try_from(idx) else {
            return Err(vm.value_error("idx cannot be negative"));
        };
        let (value, next) = with_text!(text, units => this.run(vm, string, units, at))?;
        let next = vm.new_usize(next)?;
        Ok(vm.new_tuple_array([value, next])?.into_value())
    }

    /// strict
    #[getter]
    fn strict(&self) -> bool {
        self.strict
    }

    /// object_hook
    #[getter]
    fn object_hook(&self) -> Value {
        self.object_hook.clone()
    }

    #[getter]
    fn object_pairs_hook(&self) -> Value {
        self.object_pairs_hook.clone()
    }

    /// parse_float
    #[getter]
    fn parse_float(&self) -> Value {
        self.parse_float.clone()
    }

    /// parse_int
    #[getter]
    fn parse_int(&self) -> Value {
        self.parse_int.clone()
    }

    /// parse_constant
    #[getter]
    fn parse_constant(&self) -> Value {
        self.parse_constant.clone()
    }
}

impl Scanner {
    fn run<T: Unit>(
        &self,
        vm: &Vm,
        document: &Value,
        units: &[T],
        at: usize,
    ) -> PyResult<(Value, usize)> {
        let hook = |v: &Value| (!vm.is_none(v)).then(|| v.clone());
        let (float, int) = (vm.types().float.as_value(), vm.types().int.as_value());
        let mut scan = Scan {
            vm,
            document,
            units,
            strict: self.strict,
            pairs_hook: hook(&self.object_pairs_hook),
            hook: hook(&self.object_hook),
            float: (!self.parse_float.is(float)).then(|| self.parse_float.clone()),
            int: (!self.parse_int.is(int)).then(|| self.parse_int.clone()),
            constant: &self.parse_constant,
            keys: FxHashMap::default(),
        };
        scan.value(at)
    }
}

/// One run of a scanner over a document.
struct Scan<'a, T> {
    vm: &'a Vm,
    document: &'a Value,
    units: &'a [T],
    strict: bool,
    pairs_hook: Option<Value>,
    hook: Option<Value>,
    float: Option<Value>,
    int: Option<Value>,
    constant: &'a Value,
    /// Keys that were met, so that equal ones are one string.
    keys: FxHashMap<&'a [u8], Ref<Str>>,
}

impl<'a, T: Unit> Scan<'a, T> {
    #[inline(always)]
    fn at(&self, i: usize) -> Option<u8> {
        // Units beyond a byte are none of those that have a meaning outside of strings.
        self.units
            .get(i)
            .map(|c| u8::try_from(c.code()).unwrap_or(0))
    }

    #[inline(always)]
    fn skip_space(&self, mut i: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.at(i) {
            i += 1;
        }
        i
    }

    fn starts_with(&self, i: usize, word: &[u8]) -> bool {
        self.units.get(i..i + word.len()).is_some_and(|part| {
            part.iter()
                .zip(word)
                .all(|(c, w)| c.code() == u32::from(*w))
        })
    }

    #[cold]
    fn error(&self, message: &str, at: usize) -> Raised {
        decode_error(self.vm, message, self.document, at)
    }

    #[cold]
    fn no_value(&self, at: usize) -> Raised {
        match self.vm.new_usize(at) {
            Ok(at) => self.vm.stop_iteration(Some(at)),
            Err(r) => r,
        }
    }

    /// The value that starts at `i`, and the index behind it.
    fn value(&mut self, i: usize) -> PyResult<(Value, usize)> {
        let vm = self.vm;
        match self.at(i) {
            None => return Err(self.no_value(i)),
            Some(b'"') => {
                let found = strings::scan(vm, self.document, self.units, i + 1, self.strict)?;
                let (s, next) = found.into_str(vm)?;
                return Ok((s.into_value(), next));
            }
            Some(b'{') => {
                vm.check_stack(" while decoding a JSON object from a unicode string")?;
                return self.object(i + 1);
            }
            Some(b'[') => {
                vm.check_stack(" while decoding a JSON array from a unicode string")?;
                return self.array(i + 1);
            }
            Some(b'n') if self.starts_with(i, b"null") => return Ok((vm.none(), i + 4)),
            Some(b't') if self.starts_with(i, b"true") => return Ok((vm.bool(true), i + 4)),
            Some(b'f') if self.starts_with(i, b"false") => return Ok((vm.bool(false), i + 5)),
            Some(b'N') if self.starts_with(i, b"NaN") => return self.constant("NaN", i),
            Some(b'I') if self.starts_with(i, b"Infinity") => return self.constant("Infinity", i),
            Some(b'-') if self.starts_with(i, b"-Infinity") => {
                return self.constant("-Infinity", i);
            }
            Some(_) => {}
        }
        self.number(i)
    }

    fn constant(&self, name: &str, i: usize) -> PyResult<(Value, usize)> {
        let text = self.vm.intern(name)?.into_value();
        Ok((self.vm.call1(self.constant, &text)?, i + name.len()))
    }

    fn key(&mut self, i: usize) -> PyResult<(Ref<Str>, usize)> {
        let vm = self.vm;
        match strings::scan(vm, self.document, self.units, i, self.strict)? {
            Scanned::Plain(units, next) => {
                let bytes: &'a [u8] = T::text(units).as_bytes();
                if let Some(known) = self.keys.get(bytes) {
                    return Ok((known.clone(), next));
                }
                let key = vm.new_str_text(T::text(units))?;
                self.keys.insert(bytes, key.clone());
                Ok((key, next))
            }
            built => built.into_str(vm),
        }
    }

    fn object(&mut self, start: usize) -> PyResult<(Value, usize)> {
        let vm = self.vm;
        let mut pairs = Vec::new();
        let dict = match self.pairs_hook {
            None => Some(vm.new_dict()?),
            Some(_) => None,
        };
        let mut i = self.skip_space(start);
        if self.at(i) != Some(b'}') {
            loop {
                if self.at(i) != Some(b'"') {
                    return Err(self.error("Expecting property name enclosed in double quotes", i));
                }
                let (key, next) = self.key(i + 1)?;
                i = self.skip_space(next);
                if self.at(i) != Some(b':') {
                    return Err(self.error("Expecting ':' delimiter", i));
                }
                i = self.skip_space(i + 1);
                let (value, next) = self.value(i)?;
                match &dict {
                    Some(dict) => dict.set_str(vm, &key, value)?,
                    None => pairs.push(vm.new_tuple_array([key.into_value(), value])?.into_value()),
                }
                i = self.skip_space(next);
                match self.at(i) {
                    Some(b'}') => break,
                    Some(b',') => {}
                    _ => return Err(self.error("Expecting ',' delimiter", i)),
                }
                let comma = i;
                i = self.skip_space(i + 1);
                if self.at(i) == Some(b'}') {
                    return Err(self.error("Illegal trailing comma before end of object", comma));
                }
            }
        }
        let made = match (dict, &self.pairs_hook, &self.hook) {
            (None, Some(hook), _) => vm.call1(hook, vm.new_list(pairs)?.as_value())?,
            (Some(dict), _, Some(hook)) => vm.call1(hook, dict.as_value())?,
            (Some(dict), _, None) => dict.into_value(),
            (None, None, _) => vm.new_list(pairs)?.into_value(),
        };
        Ok((made, i + 1))
    }

    fn array(&mut self, start: usize) -> PyResult<(Value, usize)> {
        let mut items = Vec::new();
        let mut i = self.skip_space(start);
        if self.at(i) != Some(b']') {
            loop {
                let (value, next) = self.value(i)?;
                items.push(value);
                i = self.skip_space(next);
                match self.at(i) {
                    Some(b']') => break,
                    Some(b',') => {}
                    _ => return Err(self.error("Expecting ',' delimiter", i)),
                }
                let comma = i;
                i = self.skip_space(i + 1);
                if self.at(i) == Some(b']') {
                    return Err(self.error("Illegal trailing comma before end of array", comma));
                }
            }
        }
        Ok((self.vm.new_list(items)?.into_value(), i + 1))
    }

    fn digits(&self, mut i: usize) -> usize {
        while let Some(b'0'..=b'9') = self.at(i) {
            i += 1;
        }
        i
    }

    fn number(&self, start: usize) -> PyResult<(Value, usize)> {
        let negative = self.at(start) == Some(b'-');
        let first = start + usize::from(negative);
        let whole_end = match self.at(first) {
            Some(b'0') => first + 1,
            Some(b'1'..=b'9') => self.digits(first),
            _ => return Err(self.no_value(start)),
        };
        let mut end = whole_end;
        if self.at(end) == Some(b'.') && matches!(self.at(end + 1), Some(b'0'..=b'9')) {
            end = self.digits(end + 1);
        }
        if let Some(b'e' | b'E') = self.at(end) {
            let sign = usize::from(matches!(self.at(end + 1), Some(b'+' | b'-')));
            let exponent = end + 1 + sign;
            let exponent_end = self.digits(exponent);
            if exponent_end > exponent {
                end = exponent_end;
            }
        }
        let is_float = end != whole_end;
        let vm = self.vm;
        let units = self.units.get(start..end).unwrap_or_default();
        if let Some(parse) = if is_float { &self.float } else { &self.int } {
            let text = vm.new_str_text(T::text(units))?.into_value();
            return Ok((vm.call1(parse, &text)?, end));
        }
        if is_float {
            return Ok((vm.new_float(read_float(units))?, end));
        }
        let digits = units.get(usize::from(negative)..).unwrap_or_default();
        if digits.len() <= 18 {
            let n = digits.iter().fold(0i64, |n, c| {
                n.wrapping_mul(10)
                    .wrapping_add(i64::from(c.code().wrapping_sub(u32::from(b'0'))))
            });
            return Ok((vm.new_int(if negative { -n } else { n })?, end));
        }
        let text = vm.new_str_text(T::text(units))?;
        Ok((int_::text::from_str(vm, &text, 10)?, end))
    }
}

/// The float that a number of JSON is.
fn read_float<T: Unit>(units: &[T]) -> f64 {
    let mut short = [0u8; 40];
    let long: Vec<u8>;
    let bytes = match short.get_mut(..units.len()) {
        Some(room) => {
            for (to, c) in room.iter_mut().zip(units) {
                *to = c.code() as u8;
            }
            &*room
        }
        None => {
            long = units.iter().map(|c| c.code() as u8).collect();
            &long
        }
    };
    // What was scanned is a number by Python's grammar too.
    taipan_numeric::parse::parse_float(bytes).unwrap_or(f64::NAN)
}
