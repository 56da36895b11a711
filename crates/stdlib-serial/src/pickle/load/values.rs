//! Reading a pickle: the objects that opcodes make, from strings and numbers to instances and their state.

use taipan_builtins::{codecs, int_};
use taipan_codecs::RawUnicodeEscape;
use taipan_codecs::escape::{OnBadHex, escape_decode};
use taipan_object::descr::GetSetDescr;
use taipan_object::{Args, Dict, List, PyResult, Raised, Set, Str, Tuple, TypeObject, Value, Vm};
use taipan_text::TextRef;

use super::super::unpickling_error;
use super::{Load, find_class, no_persistent_load};

impl Load<'_> {
    #[inline(always)]
    pub(super) fn recall(&mut self, i: usize) -> PyResult<()> {
        match self.memo.get(i) {
            Some(v) => {
                let v = v.clone();
                self.push(v);
                Ok(())
            }
            None => Err(not_found(self.vm, &i.to_string())),
        }
    }

    pub(super) fn unicode(&mut self, width: usize) -> PyResult<()> {
        let vm = self.vm;
        let n = self.length(width, "BINUNICODE")?;
        let at = self.input.take(vm, n)?;
        let bytes = self.input.slice(at, n);
        let s = match std::str::from_utf8(bytes) {
            Ok(s) => vm.new_str(s)?,
            Err(_) => codecs::decode_text(vm, bytes, None, Some("utf-8"), Some("surrogatepass"))?,
        };
        self.push(s.into_value());
        Ok(())
    }

    pub(super) fn tuple(&mut self, n: usize) -> PyResult<()> {
        let items = self.last(n)?;
        let t = self.vm.new_tuple(items)?.into_value();
        self.push(t);
        Ok(())
    }

    pub(super) fn long(&mut self, width: usize) -> PyResult {
        let vm = self.vm;
        let n = match width {
            1 => self.array::<1>()?[0].into(),
            _ => {
                let n = i32::from_le_bytes(self.array()?);
                usize::try_from(n)
                    .map_err(|_| unpickling_error(vm, "LONG pickle has negative byte count"))?
            }
        };
        let at = self.input.take(vm, n)?;
        vm.new_ibig(int_::methods::from_le_bytes(self.input.slice(at, n), true))
    }

    pub(super) fn bytes(&mut self, width: usize) -> PyResult {
        let vm = self.vm;
        let n = self.length(width, "BINBYTES")?;
        let at = self.input.take(vm, n)?;
        Ok(vm.new_bytes(self.input.slice(at, n))?.into_value())
    }

    /// An 8-bit string of Python 2.
    pub(super) fn decoded(&self, bytes: &[u8]) -> PyResult {
        let s = &self.settings;
        if s.encoding == "bytes" {
            return Ok(self.vm.new_bytes(bytes)?.into_value());
        }
        let text = codecs::decode_text(self.vm, bytes, None, Some(&s.encoding), Some(&s.errors))?;
        Ok(text.into_value())
    }

    pub(super) fn binstring(&mut self, width: usize) -> PyResult {
        let vm = self.vm;
        let n = match width {
            1 => self.array::<1>()?[0].into(),
            _ => {
                let n = i32::from_le_bytes(self.array()?);
                usize::try_from(n)
                    .map_err(|_| unpickling_error(vm, "BINSTRING pickle has negative byte count"))?
            }
        };
        let at = self.input.take(vm, n)?;
        self.decoded(self.input.slice(at, n))
    }

    pub(super) fn string(&mut self) -> PyResult {
        let vm = self.vm;
        let line = self.line()?;
        let [quote @ (b'\'' | b'"'), inner @ .., last] = line else {
            return Err(unpickling_error(
                vm,
                "the STRING opcode argument must be quoted",
            ));
        };
        if quote != last {
            return Err(unpickling_error(
                vm,
                "the STRING opcode argument must be quoted",
            ));
        }
        match escape_decode(inner, OnBadHex::Strict) {
            Ok((bytes, _)) => self.decoded(&bytes),
            Err(_) => Err(vm.value_error("invalid escape in a string")),
        }
    }

    pub(super) fn raw_unicode(&mut self) -> PyResult {
        let vm = self.vm;
        let line = self.line()?;
        if !line.contains(&b'\\') {
            return Ok(vm.new_str_text(TextRef::One(line))?.into_value());
        }
        let text = codecs::decode_with(vm, &mut RawUnicodeEscape, line, None, None, true)?.0;
        Ok(vm.new_str_buf(&text)?.into_value())
    }

    pub(super) fn int(&mut self) -> PyResult {
        let vm = self.vm;
        let text = match self.line()? {
            b"00" => return Ok(vm.bool(false)),
            b"01" => return Ok(vm.bool(true)),
            line => vm.new_str_text(TextRef::One(line))?,
        };
        int_::text::from_str(vm, &text, 10).or_else(|r| {
            vm.catch(r, &vm.exc().ValueError)?;
            Err(vm.value_error("could not convert string to int"))
        })
    }

    /// The number of a memo's place, in decimal.
    pub(super) fn index_line(&mut self) -> PyResult<isize> {
        let text = self.latin1_line()?;
        let n = int_::text::from_str(self.vm, &text, 10)?;
        self.vm.index_isize_or_overflow(&n)
    }

    pub(super) fn next_buffer(&mut self) -> PyResult {
        let vm = self.vm;
        let Some(buffers) = &self.settings.buffers else {
            return Err(unpickling_error(
                vm,
                "pickle stream refers to out-of-band data but no *buffers* argument was given",
            ));
        };
        vm.next(buffers)?
            .ok_or_else(|| unpickling_error(vm, "not enough out-of-band buffers"))
    }

    pub(super) fn readonly_buffer(&mut self) -> PyResult<()> {
        let vm = self.vm;
        let buffer = self.top()?.clone();
        let view = vm.call1(&taipan_builtins::util::builtin(vm, "memoryview")?, &buffer)?;
        let readonly = vm.getattr_str(&view, "readonly")?;
        if !vm.is_true(&readonly)? {
            let view = vm.call_method_str(&view, "toreadonly", &[])?;
            drop(self.pop()?);
            self.push(view);
        }
        Ok(())
    }

    pub(super) fn append(&mut self, items: Vec<Value>) -> PyResult<()> {
        let vm = self.vm;
        let target = self.top()?.clone();
        if items.is_empty() {
            return Ok(());
        }
        if let Some(list) = target.downcast_exact::<List>(&vm.types().list) {
            let end = list.len();
            return match list.splice(end, end, items) {
                Some(_) => Ok(()),
                None => Err(vm.no_memory()),
            };
        }
        if let Some(extend) = vm.getattr_str_opt(&target, "extend")? {
            let items = vm.new_list(items)?.into_value();
            vm.call1(&extend, &items)?;
            return Ok(());
        }
        let append = vm.getattr_str(&target, "append")?;
        for item in &items {
            vm.call1(&append, item)?;
        }
        Ok(())
    }

    pub(super) fn dict(&mut self) -> PyResult {
        let vm = self.vm;
        let items = self.marked()?;
        if !items.len().is_multiple_of(2) {
            return Err(unpickling_error(vm, "odd number of items for DICT"));
        }
        let dict = vm.new_dict()?;
        fill(vm, &dict, items)?;
        Ok(dict.into_value())
    }

    pub(super) fn setitems(&mut self, items: Vec<Value>) -> PyResult<()> {
        let vm = self.vm;
        let target = self.top()?.clone();
        if !items.len().is_multiple_of(2) {
            return Err(unpickling_error(vm, "odd number of items for SETITEMS"));
        }
        if let Some(dict) = target.downcast_exact::<Dict>(&vm.types().dict) {
            return fill(vm, dict, items);
        }
        for pair in items.chunks_exact(2) {
            if let [key, value] = pair {
                vm.setitem(&target, key, value)?;
            }
        }
        Ok(())
    }

    pub(super) fn additems(&mut self) -> PyResult<()> {
        let vm = self.vm;
        let items = self.marked()?;
        let target = self.top()?.clone();
        if let Some(set) = target.downcast_ref::<Set>()
            && vm.is_instance_exact(&target, &vm.types().set)
        {
            for item in &items {
                set.add(vm, item)?;
            }
            return Ok(());
        }
        if items.is_empty() {
            return Ok(());
        }
        let add = vm.getattr_str(&target, "add")?;
        for item in &items {
            vm.call1(&add, item)?;
        }
        Ok(())
    }

    /// An instance by a class and arguments, as Python 2 pickled them.
    pub(super) fn instantiate(&self, class: &Value, args: Vec<Value>) -> PyResult {
        let vm = self.vm;
        if args.is_empty()
            && class.downcast_ref::<TypeObject>().is_some()
            && vm.getattr_str_opt(class, "__getinitargs__")?.is_none()
        {
            return vm.call_method_str(class, "__new__", std::slice::from_ref(class));
        }
        vm.call_pos(class, &args)
    }

    pub(super) fn new_object(&mut self, keywords: bool) -> PyResult {
        let vm = self.vm;
        let kwargs = if keywords { Some(self.pop()?) } else { None };
        let (args, class) = (self.pop()?, self.pop()?);
        let op = if keywords { "NEWOBJ_EX" } else { "NEWOBJ" };
        let wrong = |what: &str, v: &Value| {
            let got = vm.type_name(v);
            unpickling_error(vm, &format!("{op} {what}, not {got}"))
        };
        let Some(class) = class.downcast_ref::<TypeObject>() else {
            return Err(wrong("class argument must be a type", &class));
        };
        let Some(new) = class.slots.tp_new.get() else {
            let name = vm.type_name(class.as_value());
            return Err(unpickling_error(
                vm,
                &format!("{op} class argument '{name}' doesn't have __new__"),
            ));
        };
        let Some(args) = args.downcast_ref::<Tuple>() else {
            return Err(wrong("args argument must be a tuple", &args));
        };
        let Some(kwargs) = kwargs else {
            return new(vm, class, Args::positional(args.as_slice()));
        };
        let Some(kwargs) = kwargs.downcast_ref::<Dict>() else {
            return Err(wrong("kwargs argument must be a dict", &kwargs));
        };
        let mut values = args.as_slice().to_vec();
        let mut names = Vec::new();
        for (name, value) in kwargs.items() {
            names.push(name);
            values.push(value);
        }
        let names = vm.new_tuple(names)?;
        let args = Args {
            values: &values,
            kwnames: (!names.is_empty()).then_some(&names),
        };
        new(vm, class, args)
    }

    pub(super) fn global_lines(&mut self, ascii: bool) -> PyResult {
        let module = self.name_line(ascii)?;
        let name = self.name_line(ascii)?;
        self.global(&module, &name)
    }

    pub(super) fn name_line(&mut self, ascii: bool) -> PyResult {
        let vm = self.vm;
        let line = self.line()?;
        if line.is_empty() {
            return Err(unpickling_error(vm, "pickle data was truncated"));
        }
        let encoding = if ascii { "ascii" } else { "utf-8" };
        Ok(codecs::decode_text(vm, line, None, Some(encoding), None)?.into_value())
    }

    pub(super) fn global(&self, module: &Value, name: &Value) -> PyResult {
        match &self.find_class {
            Some(f) => self.vm.call_pos(f, &[module.clone(), name.clone()]),
            None => find_class(self.vm, self.proto, self.settings.fix_imports, module, name),
        }
    }

    pub(super) fn persistent(&self, id: &Value) -> PyResult {
        match &self.persistent_load {
            Some(f) => self.vm.call1(f, id),
            None => Err(no_persistent_load(self.vm)),
        }
    }

    pub(super) fn extension(&mut self, code: i64) -> PyResult {
        let vm = self.vm;
        if code <= 0 {
            return Err(unpickling_error(vm, "EXT specifies code <= 0"));
        }
        let key = vm.new_int(code)?;
        if let Some(known) = self.globals.extension_cache.get(vm, &key)? {
            return Ok(known);
        }
        let Some(pair) = self.globals.inverted_registry.get(vm, &key)? else {
            return Err(vm.value_error(&format!("unregistered extension code {code}")));
        };
        let names = pair.downcast_ref::<Tuple>().map(|t| t.as_slice());
        let is_str = |v: &Value| v.downcast_ref::<Str>().is_some();
        let Some([module, name]) = names.filter(|n| n.iter().all(is_str)) else {
            return Err(vm.value_error(&format!(
                "_inverted_registry[{code}] isn't a 2-tuple of strings"
            )));
        };
        let found = self.global(module, name)?;
        self.globals.extension_cache.set(vm, &key, found.clone())?;
        Ok(found)
    }

    pub(super) fn build(&mut self) -> PyResult<()> {
        let vm = self.vm;
        if self.stack.len() < self.fence + 2 {
            return Err(self.underflow());
        }
        let mut state = self.pop()?;
        let inst = self.top()?.clone();
        if let Some(setstate) = vm.getattr_str_opt(&inst, "__setstate__")? {
            vm.call1(&setstate, &state)?;
            return Ok(());
        }
        let mut slots = None;
        let halves = state.downcast_ref::<Tuple>().map(|t| t.as_slice());
        if let Some([first, second]) = halves {
            slots = Some(second.clone());
            state = first.clone();
        }
        if !vm.is_none(&state) {
            let Some(state) = state.downcast_ref::<Dict>() else {
                return Err(unpickling_error(vm, "state is not a dictionary"));
            };
            set_state(vm, &inst, state)?;
        }
        if let Some(slots) = slots.filter(|s| !vm.is_none(s)) {
            let Some(slots) = slots.downcast_ref::<Dict>() else {
                return Err(unpickling_error(vm, "slot state is not a dictionary"));
            };
            for (name, value) in slots.items() {
                let Some(name) = name.downcast_ref::<Str>() else {
                    return Err(vm.type_error(&format!(
                        "attribute name must be string, not '{}'",
                        vm.type_name(&name)
                    )));
                };
                vm.setattr(&inst, &vm.intern_str(name), &value)?;
            }
        }
        Ok(())
    }
}

/// Puts the items of `state` into the `__dict__` of an instance.
fn set_state(vm: &Vm, inst: &Value, state: &Dict) -> PyResult<()> {
    let dunder_dict = &vm.names().__dict__;
    let usual = vm
        .lookup(&vm.type_of(inst).payload, dunder_dict)
        .is_some_and(|d| d.downcast_ref::<GetSetDescr>().is_some());
    let mut dict: Option<Value> = None;
    let mut at = 0;
    while let Some((next, key, value)) = state.next_entry(at) {
        at = next;
        let key = match key.downcast_ref::<Str>() {
            Some(name) if key.is_exact_str(vm) => {
                let name = vm.intern_str(name);
                // Where attributes lie in the instance they need no dict.
                if usual
                    && dict.is_none()
                    && vm.has_managed_dict(inst)
                    && vm.instance_set(inst, &name, value.clone())?
                {
                    continue;
                }
                name.into_value()
            }
            _ => key,
        };
        let target = match &dict {
            Some(d) => d.clone(),
            None => {
                let d = vm.getattr(inst, dunder_dict)?;
                dict = Some(d.clone());
                d
            }
        };
        vm.setitem(&target, &key, &value)?;
    }
    if dict.is_none() && !vm.has_managed_dict(inst) {
        // An instance without attributes fails even for an empty state.
        vm.getattr(inst, dunder_dict)?;
    }
    Ok(())
}

/// Puts pairs into a dict.
fn fill(vm: &Vm, dict: &Dict, items: Vec<Value>) -> PyResult<()> {
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        match key.downcast_ref::<Str>() {
            Some(s) if key.is_exact_str(vm) => dict.set_str(vm, s, value)?,
            _ => dict.set(vm, &key, value)?,
        }
    }
    Ok(())
}

#[cold]
pub(super) fn not_found(vm: &Vm, index: &str) -> Raised {
    unpickling_error(vm, &format!("Memo value not found at index {index}"))
}

/// Infinities and NaN, which Python writes as words.
pub(super) fn special_float(text: &[u8]) -> Option<f64> {
    match text {
        b"inf" | b"+inf" => Some(f64::INFINITY),
        b"-inf" => Some(f64::NEG_INFINITY),
        b"nan" | b"-nan" | b"+nan" => Some(f64::NAN),
        _ => None,
    }
}
