//! `make_encoder`: the JSON text of an object, in one piece.

use std::cell::RefCell;

use rustc_hash::FxHashSet;
use taipan_builtins::int_;
use taipan_macros::pymethods;
use taipan_numeric::double;
use taipan_object::{
    Dict, IntRef, List, NativeFunction, Payload, PyResult, Ref, Str, Traverse, Tuple, TypeObject,
    TypeSpec, Value, Visitor, Vm, payload,
};
use taipan_text::TextBuf;

use super::escape::{self, Escapes};
use crate::util::{type_name, with_note};

/// What `make_encoder` was given.
pub struct Encoder {
    markers: Value,
    default: Value,
    encoder: Value,
    indent: Value,
    key_separator: Ref<Str>,
    item_separator: Ref<Str>,
    sort_keys: bool,
    skipkeys: bool,
    allow_nan: bool,
    /// How strings are written when `encoder` is one of this module's functions.
    escapes: Option<Escapes>,
    /// The objects that are being encoded, by identity: what `markers` stands for. They are alive, as callers hold them.
    active: RefCell<Active>,
}

/// A stack of identities: few of them are searched through, more are found by hash.
#[derive(Default)]
struct Active {
    order: Vec<u64>,
    /// Those beyond the first [`SEARCHED`].
    deep: FxHashSet<u64>,
}

const SEARCHED: usize = 32;

impl Active {
    fn contains(&self, id: u64) -> bool {
        self.order.iter().take(SEARCHED).any(|&known| known == id)
            || (self.order.len() > SEARCHED && self.deep.contains(&id))
    }

    fn push(&mut self, id: u64) {
        if self.order.len() >= SEARCHED {
            self.deep.insert(id);
        }
        self.order.push(id);
    }

    fn truncate(&mut self, len: usize) {
        while self.order.len() > len {
            if let Some(id) = self.order.pop()
                && self.order.len() >= SEARCHED
            {
                self.deep.remove(&id);
            }
        }
    }
}

payload!(Encoder, gc);

impl Traverse for Encoder {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for v in [&self.markers, &self.default, &self.encoder, &self.indent] {
            visit(v);
        }
    }
}

/// `_json.Encoder`
pub static ENCODER: TypeSpec = TypeSpec {
    doc: Some(
        "Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
    ),
    parts: &[&ENCODER_METHODS],
    ..TypeSpec::new("Encoder", "_json", <Encoder as Payload>::layout)
};

#[pymethods(ENCODER_METHODS)]
impl Encoder {
    #[pyslot(
        name = "make_encoder",
        params = "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        markers: &Value,
        default: &Value,
        encoder: &Value,
        indent: &Value,
        key_separator: &Value,
        item_separator: &Value,
        sort_keys: bool,
        skipkeys: bool,
        allow_nan: bool,
    ) -> PyResult<Ref<Encoder>> {
        if !vm.is_none(markers) && markers.downcast_ref::<Dict>().is_none() {
            return Err(vm.type_error(&format!(
                "make_encoder() argument 1 must be dict or None, not {}",
                vm.type_name(markers)
            )));
        }
        let payload = Encoder {
            markers: markers.clone(),
            default: default.clone(),
            encoder: encoder.clone(),
            indent: indent.clone(),
            key_separator: separator(vm, key_separator, 5)?,
            item_separator: separator(vm, item_separator, 6)?,
            sort_keys,
            skipkeys,
            allow_nan,
            escapes: own_escapes(encoder),
            active: RefCell::default(),
        };
        vm.new_object(cls, payload)
    }

    #[pyslot(name = "_iterencode", params = "(obj, _current_indent_level)")]
    fn tp_call(
        vm: &Vm,
        this: &Ref<Self>,
        obj: &Value,
        current_indent_level: isize,
    ) -> PyResult<Ref<Tuple>> {
        let newlines = if vm.is_none(&this.indent) {
            None
        } else {
            let Some(indent) = this.indent.downcast_ref::<Str>() else {
                return Err(vm.type_error(&format!(
                    "'{}' object can't be repeated",
                    vm.type_name(&this.indent)
                )));
            };
            Some(indent.clone())
        };
        let depth = this.active.borrow().order.len();
        let mut run = Run {
            vm,
            encoder: this,
            out: TextBuf::new(),
            indent: newlines,
        };
        let level = usize::try_from(current_indent_level).unwrap_or(0);
        let done = run.value(obj, level);
        // What an exception left behind is no longer being encoded.
        this.active.borrow_mut().truncate(depth);
        done?;
        let text = vm.new_str_buf(&run.out)?.into_value();
        vm.new_tuple_array([text])
    }

    /// markers
    #[getter]
    fn markers(&self) -> Value {
        self.markers.clone()
    }

    /// default
    #[getter(default)]
    fn get_default(&self) -> Value {
        self.default.clone()
    }

    /// encoder
    #[getter]
    fn encoder(&self) -> Value {
        self.encoder.clone()
    }

    /// indent
    #[getter]
    fn indent(&self) -> Value {
        self.indent.clone()
    }

    /// key_separator
    #[getter]
    fn key_separator(&self) -> Ref<Str> {
        self.key_separator.clone()
    }

    /// item_separator
    #[getter]
    fn item_separator(&self) -> Ref<Str> {
        self.item_separator.clone()
    }

    /// sort_keys
    #[getter]
    fn sort_keys(&self) -> bool {
        self.sort_keys
    }

    /// skipkeys
    #[getter]
    fn skipkeys(&self) -> bool {
        self.skipkeys
    }
}

fn separator(vm: &Vm, v: &Value, position: usize) -> PyResult<Ref<Str>> {
    v.downcast_ref::<Str>().cloned().ok_or_else(|| {
        vm.type_error(&format!(
            "make_encoder() argument {position} must be str, not {}",
            vm.type_name(v)
        ))
    })
}

/// How this module's own functions for strings escape; `None` for anything else.
fn own_escapes(encoder: &Value) -> Option<Escapes> {
    let f = encoder.downcast_ref::<NativeFunction>()?;
    // The addresses of the definitions say nothing: there may be copies of a table of constants.
    let module = f.module.get()?;
    if !module.downcast_ref::<Str>()?.eq_str("_json") {
        return None;
    }
    match f.def.name {
        "encode_basestring_ascii" => Some(Escapes::Ascii),
        "encode_basestring" => Some(Escapes::Minimal),
        _ => None,
    }
}

/// One run of an encoder.
struct Run<'a> {
    vm: &'a Vm,
    encoder: &'a Ref<Encoder>,
    out: TextBuf,
    indent: Option<Ref<Str>>,
}

impl Run<'_> {
    #[inline]
    fn text(&mut self, s: &str) {
        self.out.push_latin1(s.as_bytes());
    }

    /// A newline with the indentation of `level`, if there is indentation.
    fn newline(&mut self, level: usize) {
        if let Some(indent) = &self.indent {
            self.out.push_latin1(b"\n");
            for _ in 0..level {
                self.out.push_text(indent.text());
            }
        }
    }

    #[inline]
    fn string(&mut self, s: &Ref<Str>) -> PyResult<()> {
        let vm = self.vm;
        if let Some(escapes) = self.encoder.escapes {
            escape::push_quoted(&mut self.out, s, escapes);
            return Ok(());
        }
        let encoded = vm.call1(&self.encoder.encoder, s.as_value())?;
        let Some(encoded) = encoded.downcast_ref::<Str>() else {
            return Err(vm.type_error(&format!(
                "encoder() must return a string, not {}",
                vm.type_name(&encoded)
            )));
        };
        self.out.push_text(encoded.text());
        Ok(())
    }

    fn int(&mut self, i: IntRef<'_>) -> PyResult<()> {
        if let IntRef::Small(n) = i {
            let mut room = [0u8; 20];
            let mut at = room.len();
            let mut rest = n.unsigned_abs();
            loop {
                at -= 1;
                if let Some(place) = room.get_mut(at) {
                    *place = b'0' + (rest % 10) as u8;
                }
                rest /= 10;
                if rest == 0 {
                    break;
                }
            }
            if n < 0 {
                self.out.push_latin1(b"-");
            }
            self.out.push_latin1(room.get(at..).unwrap_or_default());
            return Ok(());
        }
        let text = int_::text::to_decimal(self.vm, i)?;
        self.text(&text);
        Ok(())
    }

    /// The text of a float; `None` when it went to the output already.
    fn float_text(&self, v: &Value, f: f64) -> PyResult<String> {
        if f.is_finite() {
            return Ok(double::repr(f));
        }
        if !self.encoder.allow_nan {
            let shown = self.vm.repr_string(v)?;
            return Err(self.vm.value_error(&format!(
                "Out of range float values are not JSON compliant: {shown}"
            )));
        }
        Ok(if f.is_nan() {
            "NaN"
        } else if f > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned())
    }

    fn value(&mut self, v: &Value, level: usize) -> PyResult<()> {
        let vm = self.vm;
        if let Some(i) = v.as_small_int() {
            return self.int(IntRef::Small(i));
        }
        if let Some(s) = v.downcast_ref::<Str>() {
            return self.string(s);
        }
        let singletons = vm.interp().singletons();
        if v.is(&singletons.none) {
            self.text("null");
            return Ok(());
        }
        if v.is(&singletons.true_) {
            self.text("true");
            return Ok(());
        }
        if v.is(&singletons.false_) {
            self.text("false");
            return Ok(());
        }
        if let Some(f) = v.as_float() {
            let text = self.float_text(v, f)?;
            self.text(&text);
            return Ok(());
        }
        if let Some(i) = v.as_int() {
            return self.int(i);
        }
        vm.check_stack(" while encoding a JSON object")?;
        if let Some(dict) = v.downcast_ref::<Dict>() {
            return self.dict(v, dict, level);
        }
        if let Some(list) = v.downcast_ref::<List>() {
            return self.sequence(v, level, |i| list.get(i));
        }
        if let Some(tuple) = v.downcast_ref::<Tuple>() {
            return self.sequence(v, level, |i| tuple.get(i));
        }
        self.enter(v)?;
        let replaced = vm.call1(&self.encoder.default, v)?;
        vm.check_stack(" while encoding a JSON object")?;
        self.value(&replaced, level).map_err(|r| {
            with_note(vm, r, || {
                Ok(format!("when serializing {} object", type_name(vm, v)))
            })
        })?;
        self.leave();
        Ok(())
    }

    /// Notes that `v` is being encoded.
    fn enter(&self, v: &Value) -> PyResult<()> {
        let vm = self.vm;
        let Some(markers) = self.encoder.markers.downcast_ref::<Dict>() else {
            return Ok(());
        };
        let id = v.bits();
        let mut known = self.encoder.active.borrow().contains(id);
        if !known && !markers.is_empty() {
            known = markers.get(vm, &vm.new_usize(id as usize)?)?.is_some();
        }
        if known {
            return Err(vm.value_error("Circular reference detected"));
        }
        self.encoder.active.borrow_mut().push(id);
        Ok(())
    }

    fn leave(&self) {
        if !self.vm.is_none(&self.encoder.markers) {
            let mut active = self.encoder.active.borrow_mut();
            let len = active.order.len().saturating_sub(1);
            active.truncate(len);
        }
    }

    fn sequence(
        &mut self,
        v: &Value,
        level: usize,
        get: impl Fn(usize) -> Option<Value>,
    ) -> PyResult<()> {
        let vm = self.vm;
        let Some(mut item) = get(0) else {
            self.text("[]");
            return Ok(());
        };
        self.enter(v)?;
        self.text("[");
        self.newline(level + 1);
        let mut i = 0;
        loop {
            self.value(&item, level + 1).map_err(|r| {
                with_note(vm, r, || {
                    Ok(format!("when serializing {} item {i}", type_name(vm, v)))
                })
            })?;
            i += 1;
            // Asked again each time: the code of a hook may have changed the list.
            match get(i) {
                Some(next) => item = next,
                None => break,
            }
            self.separator(level + 1);
        }
        self.leave();
        self.newline(level);
        self.text("]");
        Ok(())
    }

    fn separator(&mut self, level: usize) {
        self.out.push_text(self.encoder.item_separator.text());
        self.newline(level);
    }

    fn dict(&mut self, v: &Value, dict: &Ref<Dict>, level: usize) -> PyResult<()> {
        let vm = self.vm;
        if dict.is_empty() {
            self.text("{}");
            return Ok(());
        }
        self.enter(v)?;
        self.text("{");
        let mut first = true;
        let exact = std::ptr::eq(vm.type_of(v), vm.types().dict.object());
        if exact && !self.encoder.sort_keys {
            let mut at = 0;
            while let Some((next, key, value)) = dict.next_entry(at) {
                self.item(v, &mut first, &key, &value, level + 1)?;
                at = next;
            }
        } else {
            let items = vm.call_method_str(v, "items", &[])?;
            let items = vm.new_list(vm.collect(&items)?)?;
            if self.encoder.sort_keys {
                vm.call_method_str(items.as_value(), "sort", &[])?;
            }
            let mut i = 0;
            while let Some(item) = items.get(i) {
                let pair = item.downcast_ref::<Tuple>().map(|t| t.as_slice());
                let Some([key, value]) = pair else {
                    return Err(vm.value_error("items must return 2-tuples"));
                };
                self.item(v, &mut first, key, value, level + 1)?;
                i += 1;
            }
        }
        self.leave();
        if !first {
            self.newline(level);
        }
        self.text("}");
        Ok(())
    }

    fn item(
        &mut self,
        dict: &Value,
        first: &mut bool,
        key: &Value,
        value: &Value,
        level: usize,
    ) -> PyResult<()> {
        let vm = self.vm;
        let key_text = if let Some(s) = key.downcast_ref::<Str>() {
            s.clone()
        } else if let Some(f) = key.as_float() {
            vm.new_str(&self.float_text(key, f)?)?
        } else if vm.is_none(key) {
            vm.new_str("null")?
        } else if key.is(&vm.bool(true)) {
            vm.new_str("true")?
        } else if key.is(&vm.bool(false)) {
            vm.new_str("false")?
        } else if let Some(i) = key.as_int() {
            vm.new_str(&int_::text::to_decimal(vm, i)?)?
        } else if self.encoder.skipkeys {
            return Ok(());
        } else {
            return Err(vm.type_error(&format!(
                "keys must be str, int, float, bool or None, not {}",
                vm.type_name(key)
            )));
        };
        if *first {
            *first = false;
            self.newline(level);
        } else {
            self.separator(level);
        }
        self.string(&key_text)?;
        self.out.push_text(self.encoder.key_separator.text());
        self.value(value, level).map_err(|r| {
            with_note(vm, r, || {
                let key = vm.repr_string(key)?;
                Ok(format!(
                    "when serializing {} item {key}",
                    type_name(vm, dict)
                ))
            })
        })
    }
}
