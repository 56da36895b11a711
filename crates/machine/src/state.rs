//! The state of a program between two instructions, as JSON: frames, their stacks and names, and the objects that can be
//! reached from there. No Python code runs for it.

use std::collections::{HashMap, HashSet, VecDeque};

use taipan_bytecode::code::co_fast;
use taipan_bytecode::opcode::Metadata;
use taipan_bytecode::{Opcode, exception_table};
use taipan_object::descr::{Cell, Method};
use taipan_object::{
    BaseException, Dict, List, Module, Ref, Str, Tuple, TypeObject, Value, Vm, heap,
};
use taipan_vm::code::Code;
use taipan_vm::frame::{Frame, frame_flag, is_borrowed, strip};
use taipan_vm::function::Function;
use taipan_vm::generator::{Generator, State};

use crate::json::Json;
use crate::show::{is_plain, show, type_name};

/// Objects of the heap that are described.
const OBJECTS: usize = 400;
/// References of an object that are described.
const REFERENCES: usize = 60;
/// Frames that are described: those at the top.
const FRAMES: usize = 60;
/// Stack items of a frame, and names of a namespace, that are described.
const NAMES: usize = 200;

/// Where to look.
pub struct Place<'a> {
    /// The number of the step that is next.
    pub step: u64,
    /// The program's namespace.
    pub globals: Option<&'a Ref<Dict>>,
    /// The number of a code object of the program.
    pub code_id: &'a dyn Fn(&Code) -> Option<u32>,
}

/// Describes the state before the instruction that the thread's current frame is at.
pub fn describe(vm: &Vm, place: &Place<'_>) -> String {
    let mut d = Describer {
        vm,
        place,
        json: Json::default(),
        todo: VecDeque::new(),
        seen: HashSet::new(),
        suspended: Vec::new(),
    };
    d.json.open('{');
    d.json.key("step").size(place.step);
    d.frames();
    d.json.key("globals").open('[');
    if let Some(globals) = place.globals {
        d.namespace(globals, "global", true);
    }
    d.json.close(']');
    d.heap();
    let suspended = std::mem::take(&mut d.suspended);
    d.json.key("suspended").open('[');
    for id in suspended {
        d.json.size(id);
    }
    d.json.close(']');
    d.json.close('}');
    d.json.finish()
}

struct Describer<'a> {
    vm: &'a Vm,
    place: &'a Place<'a>,
    json: Json,
    todo: VecDeque<Value>,
    seen: HashSet<u64>,
    suspended: Vec<u64>,
}

/// A number for an object, which is no other's while it lives.
fn id_of(v: &Value) -> u64 {
    v.bits() >> 3
}

fn text(s: &Ref<Str>) -> String {
    s.to_string_lossy().into_owned()
}

fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

impl Describer<'_> {
    /// A value as a reference: shown in place, or as an object of the heap.
    fn value(&mut self, v: &Value) {
        self.json.open('{');
        self.json.key("object");
        if is_plain(self.vm, v) {
            self.json.null();
        } else {
            self.json.size(id_of(v));
            if self.seen.len() < OBJECTS && self.seen.insert(id_of(v)) {
                self.todo.push_back(v.clone());
            }
        }
        self.json.key("text").string(&show(self.vm, v));
        self.json.key("type").string(&type_name(self.vm, v));
        self.json.close('}');
    }

    fn frames(&mut self) {
        let mut chain: Vec<&Frame> = Vec::new();
        let mut f: *const Frame = self.vm.frame.get().cast();
        // SAFETY: frames of the chain are live, and nothing runs here.
        while let Some(frame) = unsafe { f.as_ref() } {
            chain.push(frame);
            f = frame.previous;
        }
        let depth = chain.len();
        self.json.key("depth").size(depth as u64);
        self.json.key("frames").open('[');
        for i in (0..depth.min(FRAMES)).rev() {
            let above = i.checked_sub(1).map(|a| chain[a]);
            self.frame(chain[i], above, depth - i);
        }
        self.json.close(']');
    }

    /// Describes a frame; `above` is the one that it waits for.
    fn frame(&mut self, f: &Frame, above: Option<&Frame>, level: usize) {
        let code = f.code();
        let id = (self.place.code_id)(code);
        // The next instruction of the running frame; in others, the one that is under way.
        let unit = match above {
            None => f.next_unit(),
            Some(_) => f.lasti(),
        };
        let unit = usize::try_from(unit).unwrap_or(0);
        self.json.open('{');
        self.json.key("id").size(level as u64);
        match id {
            Some(id) => self.json.key("code").number(id),
            None => self.json.key("code").number(-1),
        }
        self.json.key("name").string(&text(&code.name));
        self.json.key("qualname").string(&text(&code.qualname));
        self.json
            .key("filename")
            .string(&text(&code.filename.get()));
        self.json.key("offset").size(2 * unit as u64);
        match code.line_of(unit) {
            Some(line) => self.json.key("line").number(line),
            None => self.json.key("line").null(),
        }
        self.stack(f, above, unit);
        self.locals(f);
        self.handlers(code, unit);
        self.json.key("handling");
        let handled = match above {
            None => self.vm.exc_level().value.get(),
            Some(_) => None,
        };
        match handled {
            Some(e) => self.json.string(&show(self.vm, &e)),
            None => self.json.null(),
        }
        self.json.close('}');
    }

    fn handlers(&mut self, code: &Code, unit: usize) {
        self.json.key("handlers").open('[');
        for e in exception_table::entries(&code.exceptiontable) {
            if (e.start..e.end).contains(&unit) {
                self.json.open('{');
                self.json.key("start").size(2 * e.start as u64);
                self.json.key("end").size(2 * e.end as u64);
                self.json.key("target").size(2 * e.target as u64);
                self.json.key("depth").size(e.depth as u64);
                self.json.key("lasti").flag(e.lasti);
                self.json.close('}');
            }
        }
        self.json.close(']');
    }

    fn stack(&mut self, f: &Frame, above: Option<&Frame>, unit: usize) {
        let base = stack_base(f);
        // SAFETY: both lie in the frame's words.
        let mut depth = unsafe { f.sp.offset_from(base) }.max(0) as usize;
        // A native function that the instruction called may have let go of what the instruction takes.
        if above.is_some_and(|a| a.flags & frame_flag::ENTRY != 0) {
            depth = depth.saturating_sub(popped_at(f.code(), unit));
        }
        self.json.key("stack").open('[');
        for i in 0..depth.min(NAMES) {
            // SAFETY: within the frame's words; slots below the saved top hold values, or NULL.
            let word = unsafe { *base.add(i) };
            self.word(word);
        }
        self.json.close(']');
    }

    fn word(&mut self, word: u64) {
        if word == 0 {
            return self
                .json
                .raw(r#"{"object":null,"text":"NULL","type":"NULL"}"#);
        }
        // SAFETY: the word keeps the value alive, or a local does.
        let v = std::mem::ManuallyDrop::new(unsafe { Value::from_bits(strip(word)) });
        self.value(&v);
        if is_borrowed(word) {
            // The reference was just written: one more field.
            self.json.amend(r#""borrowed":true"#);
        }
    }

    fn locals(&mut self, f: &Frame) {
        let code = f.code();
        self.json.key("locals").open('[');
        for (i, name) in code.locals().iter().enumerate() {
            let kind = code.kinds.get(i).copied().unwrap_or(0);
            let word = local_word(f, i);
            let kind = if kind & co_fast::FREE != 0 {
                "free"
            } else if kind & co_fast::CELL != 0 {
                "cell"
            } else {
                "local"
            };
            let value = (word != 0).then(|| {
                // SAFETY: a bound local owns its value.
                let v = std::mem::ManuallyDrop::new(unsafe { Value::from_bits(strip(word)) });
                (*v).clone()
            });
            let cell = value
                .as_ref()
                .filter(|_| kind != "local")
                .and_then(|v| v.downcast_ref::<Cell>().cloned());
            self.json.open('{');
            self.json.key("name").string(&text(name));
            self.json.key("kind").string(kind);
            let value = match &cell {
                Some(c) => {
                    self.json.key("cell");
                    self.value(c.as_value());
                    c.contents.get()
                }
                None => value,
            };
            self.json.key("value");
            match value {
                Some(v) => self.value(&v),
                None => self.json.null(),
            }
            self.json.close('}');
        }
        // A class body's names.
        if f.locals != 0 {
            // SAFETY: the word owns a value.
            let v = std::mem::ManuallyDrop::new(unsafe { Value::from_bits(f.locals) });
            let is_module = std::ptr::eq(f.globals.cast::<u8>(), v.as_ptr_unchecked().cast::<u8>());
            if !is_module && let Some(d) = v.downcast_ref::<Dict>() {
                self.namespace(d, "local", false);
            }
        }
        self.json.close(']');
    }

    fn namespace(&mut self, d: &Dict, kind: &str, hide: bool) {
        let mut shown = 0;
        for (k, v) in d.items() {
            let Some(name) = k.downcast_ref::<Str>().map(text) else {
                continue;
            };
            if hide && is_dunder(&name) {
                continue;
            }
            shown += 1;
            if shown > NAMES {
                break;
            }
            self.json.open('{');
            self.json.key("name").string(&name);
            self.json.key("kind").string(kind);
            self.json.key("value");
            self.value(&v);
            self.json.close('}');
        }
    }

    fn heap(&mut self) {
        self.json.key("heap").open('[');
        while let Some(v) = self.todo.pop_front() {
            self.object(&v);
        }
        self.json.close(']');
    }

    fn object(&mut self, v: &Value) {
        let (kind, references) = references(self.vm, v);
        self.json.open('{');
        self.json.key("id").size(id_of(v));
        self.json.key("type").string(&type_name(self.vm, v));
        self.json.key("text").string(&show(self.vm, v));
        self.json.key("kind").string(kind);
        let more = references.len().saturating_sub(REFERENCES);
        self.json.key("references").open('[');
        for (label, value) in references.into_iter().take(REFERENCES) {
            self.json.open('{');
            self.json.key("label").string(&label);
            self.json.key("value");
            self.value(&value);
            self.json.close('}');
        }
        self.json.close(']');
        if more > 0 {
            self.json.key("more").size(more as u64);
        }
        if let Some(g) = v.downcast_ref::<Generator>()
            && matches!(g.state.get(), State::Created | State::Suspended)
        {
            self.suspended.push(id_of(v));
            // SAFETY: a suspended generator has its frame.
            let f = unsafe { &*g.frame() };
            let unit = usize::try_from(f.lasti()).unwrap_or(0);
            self.json.key("suspended").open('{');
            self.json.key("name").string(&text(&g.qualname.get()));
            match (self.place.code_id)(f.code()) {
                Some(id) => self.json.key("code").number(id),
                None => self.json.key("code").number(-1),
            }
            self.json.key("offset").size(2 * unit as u64);
            match f.code().line_of(unit) {
                Some(line) => self.json.key("line").number(line),
                None => self.json.key("line").null(),
            }
            self.json.close('}');
        }
        self.json.close('}');
    }
}

fn stack_base(f: &Frame) -> *const u64 {
    let f = (&raw const *f).cast_mut();
    // SAFETY: the frame is live.
    unsafe { Frame::stack_base(f) }
}

fn local_word(f: &Frame, i: usize) -> u64 {
    let f = (&raw const *f).cast_mut();
    // SAFETY: the frame is live and has the code's locals.
    unsafe { *Frame::locals_ptr(f).add(i) }
}

/// How many items the instruction at a unit takes from the stack.
fn popped_at(code: &Code, unit: usize) -> usize {
    let at = |unit: usize| Some((*code.code.get(2 * unit)?, *code.code.get(2 * unit + 1)?));
    let Some((byte, low)) = at(unit) else {
        return usize::MAX;
    };
    let mut arg = u32::from(low);
    let mut shift = 8;
    let mut before = unit;
    while shift < 32
        && let Some(i) = before.checked_sub(1)
        && let Some((byte, high)) = at(i)
        && byte == Opcode::ExtendedArg as u8
    {
        arg |= u32::from(high) << shift;
        shift += 8;
        before = i;
    }
    match Metadata::of(u16::from(byte)) {
        Some(m) => usize::try_from(m.popped.of(arg)).unwrap_or(usize::MAX),
        None => usize::MAX,
    }
}

/// What kind of object it is, and what it refers to, with what each is called there.
fn references(vm: &Vm, v: &Value) -> (&'static str, Vec<(String, Value)>) {
    let types = vm.types();
    let numbered = |items: Vec<Value>| -> Vec<(String, Value)> {
        let items = items.into_iter().enumerate();
        items.map(|(i, v)| (i.to_string(), v)).collect()
    };
    if let Some(l) = v.downcast_exact::<List>(&types.list) {
        return ("list", numbered(l.to_vec()));
    }
    if let Some(t) = v.downcast_exact::<Tuple>(&types.tuple) {
        return ("tuple", numbered(t.as_slice().to_vec()));
    }
    if let Some(d) = v.downcast_exact::<Dict>(&types.dict) {
        let mut all = Vec::new();
        for (i, (k, value)) in d.items().into_iter().enumerate() {
            if !is_plain(vm, &k) {
                all.push((format!("key {i}"), k.clone()));
            }
            all.push((show(vm, &k), value));
        }
        return ("dict", all);
    }
    if let Some(s) = vm.as_any_set(v) {
        let keys = s.keys();
        return (
            "set",
            keys.into_iter().map(|k| (String::new(), k)).collect(),
        );
    }
    if let Some(t) = v.downcast_ref::<TypeObject>() {
        return ("class", class_references(t));
    }
    if let Some(f) = v.downcast_ref::<Function>() {
        return ("function", function_references(f));
    }
    if let Some(c) = v.downcast_ref::<Cell>() {
        let inner = c.contents.get();
        return (
            "cell",
            inner
                .map(|v| ("contents".to_owned(), v))
                .into_iter()
                .collect(),
        );
    }
    if let Some(m) = v.downcast_ref::<Method>() {
        let all = vec![
            ("__func__".to_owned(), m.function.clone()),
            ("__self__".to_owned(), m.self_.clone()),
        ];
        return ("other", all);
    }
    if let Some(g) = v.downcast_ref::<Generator>() {
        return ("generator", generator_references(g));
    }
    if v.downcast_ref::<Module>().is_some() || v.downcast_ref::<Code>().is_some() {
        return ("other", Vec::new());
    }
    let mut all: Vec<(String, Value)> = Vec::new();
    for (name, value) in vm.instance_items(v) {
        let name = name
            .downcast_ref::<Str>()
            .map_or_else(|| show(vm, &name), text);
        all.push((name, value));
    }
    if let Some(e) = v.downcast_ref::<BaseException>() {
        let args = e.args.get().map(Ref::into_value);
        let parts = [
            ("args", args),
            ("__cause__", e.cause.get()),
            ("__context__", e.context.get()),
        ];
        for (name, value) in parts {
            all.extend(value.map(|v| (name.to_owned(), v)));
        }
        return ("instance", all);
    }
    let own = vm.type_of(v);
    if own.payload.is_heap() {
        // What a subclass of a container holds, and slots, are among what the collector sees.
        let known: HashMap<u64, ()> = all.iter().map(|(_, v)| (v.bits(), ())).collect();
        for other in heap::gc::referents(v) {
            let plain_class = other.downcast_ref::<TypeObject>().is_some();
            if !plain_class && !known.contains_key(&other.bits()) && vm.present_dict(v).is_none() {
                all.push((String::new(), other));
            }
        }
        all.push(("class".to_owned(), own.to_ref().into_value()));
        return ("instance", all);
    }
    for other in heap::gc::referents(v) {
        if other.downcast_ref::<TypeObject>().is_none() && other.downcast_ref::<Module>().is_none()
        {
            all.push((String::new(), other));
        }
    }
    ("other", all)
}

fn class_references(t: &TypeObject) -> Vec<(String, Value)> {
    if !t.is_heap() {
        return Vec::new();
    }
    let mut all = Vec::new();
    if let Some(bases) = t.bases.get() {
        for base in bases.as_slice() {
            if base
                .downcast_ref::<TypeObject>()
                .is_some_and(|t| t.is_heap())
            {
                all.push(("base".to_owned(), base.clone()));
            }
        }
    }
    for (name, value) in t.dict.get().map(|d| d.items()).unwrap_or_default() {
        let Some(name) = name.downcast_ref::<Str>().map(text) else {
            continue;
        };
        // What every class has says nothing.
        let common = [
            "__module__",
            "__dict__",
            "__weakref__",
            "__doc__",
            "__qualname__",
            "__firstlineno__",
            "__static_attributes__",
            "__annotate_func__",
            "__annotations_cache__",
        ];
        if !common.contains(&&*name) {
            all.push((name, value));
        }
    }
    all
}

fn function_references(f: &Function) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    if let Some(closure) = f.closure.get() {
        let code = f.code.get();
        let free = code.locals().iter().rev().take(closure.len()).rev();
        for (name, cell) in free.zip(closure.as_slice()) {
            all.push((text(name), cell.clone()));
        }
    }
    if let Some(d) = f.defaults.get() {
        all.push(("__defaults__".to_owned(), d.into_value()));
    }
    if let Some(d) = f.kwdefaults.get() {
        all.push(("__kwdefaults__".to_owned(), d.into_value()));
    }
    all
}

fn generator_references(g: &Generator) -> Vec<(String, Value)> {
    if !matches!(g.state.get(), State::Created | State::Suspended) {
        return Vec::new();
    }
    // SAFETY: a suspended generator has its frame.
    let f = unsafe { &*g.frame() };
    let mut all = Vec::new();
    let mut add = |name: String, word: u64| {
        if word != 0 {
            // SAFETY: the word keeps the value alive, or a local does.
            let v = std::mem::ManuallyDrop::new(unsafe { Value::from_bits(strip(word)) });
            all.push((name, (*v).clone()));
        }
    };
    for (i, name) in f.code().locals().iter().enumerate() {
        add(text(name), local_word(f, i));
    }
    let base = stack_base(f);
    // SAFETY: both lie in the frame's words.
    let depth = unsafe { f.sp.offset_from(base) }.max(0) as usize;
    for i in 0..depth {
        // SAFETY: within the frame's words.
        add(format!("stack {i}"), unsafe { *base.add(i) });
    }
    all
}
