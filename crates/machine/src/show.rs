//! Short texts for values, made without running Python code.

use taipan_builtins::bytearray_::ByteArray;
use taipan_object::descr::{Cell, Method, NativeFunction};
use taipan_object::{
    BaseException, Bytes, Dict, List, Module, Ref, Str, Tuple, TypeObject, Value, Vm,
};
use taipan_vm::code::Code;
use taipan_vm::function::Function;
use taipan_vm::generator::Generator;

/// Characters of a string that are shown.
const LONGEST: usize = 60;
/// Items of a container that are shown.
const ITEMS: usize = 8;
/// Characters of a text that ends what is shown.
const ENOUGH: usize = 120;

/// The name of a value's type.
pub fn type_name(vm: &Vm, v: &Value) -> String {
    vm.type_of(v)
        .payload
        .name
        .get()
        .to_string_lossy()
        .into_owned()
}

/// Whether a value is shown in place rather than as an object of its own: numbers, None and the like, short strings.
pub fn is_plain(vm: &Vm, v: &Value) -> bool {
    if v.is_small_int() {
        return true;
    }
    if let Some(s) = v.downcast_exact::<Str>(&vm.types().str) {
        return s.len() <= LONGEST;
    }
    if let Some(b) = v.downcast_exact::<Bytes>(&vm.types().bytes) {
        return b.len() <= LONGEST;
    }
    is_scalar(vm, v)
}

fn is_scalar(vm: &Vm, v: &Value) -> bool {
    v.is_small_int()
        || matches!(
            &*type_name(vm, v),
            "int" | "float" | "complex" | "bool" | "NoneType" | "ellipsis" | "NotImplementedType"
        ) && !vm.type_of(v).payload.is_heap()
}

fn quoted(vm: &Vm, s: &Ref<Str>) -> String {
    if s.len() <= LONGEST {
        return native_repr(vm, s.as_value());
    }
    match vm.substring(s, 0, LONGEST) {
        Ok(part) => {
            let mut text = native_repr(vm, part.as_value());
            text.push_str("...");
            text
        }
        Err(e) => {
            drop(vm.take_raised(e));
            "...".to_owned()
        }
    }
}

/// `repr` of a value whose type is known to run no Python code.
fn native_repr(vm: &Vm, v: &Value) -> String {
    match vm.repr(v) {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(e) => {
            drop(vm.take_raised(e));
            format!("<{}>", type_name(vm, v))
        }
    }
}

fn name_of(s: &Ref<Str>) -> String {
    s.to_string_lossy().into_owned()
}

/// The text.
pub fn show(vm: &Vm, v: &Value) -> String {
    let mut out = String::new();
    write(vm, v, 3, &mut out);
    out
}

fn write(vm: &Vm, v: &Value, depth: usize, out: &mut String) {
    let types = vm.types();
    if is_scalar(vm, v) {
        let text = native_repr(vm, v);
        if text.len() > ENOUGH {
            let digits = text.len();
            out.push_str(text.get(..40).unwrap_or_default());
            out.push_str(&format!("...({digits} digits)"));
        } else {
            out.push_str(&text);
        }
    } else if let Some(s) = v.downcast_exact::<Str>(&types.str) {
        out.push_str(&quoted(vm, s));
    } else if let Some(b) = v.downcast_exact::<Bytes>(&types.bytes) {
        if b.len() <= LONGEST {
            out.push_str(&native_repr(vm, v));
        } else {
            out.push_str(&format!("<bytes of length {}>", b.len()));
        }
    } else if let Some(l) = v.downcast_exact::<List>(&types.list) {
        let n = l.len();
        items(
            vm,
            (0..n.min(ITEMS)).filter_map(|i| l.get(i)),
            n,
            depth,
            ("[", "]"),
            out,
        );
    } else if let Some(t) = v.downcast_exact::<Tuple>(&types.tuple) {
        let n = t.len();
        let end = if n == 1 { ",)" } else { ")" };
        items(
            vm,
            t.as_slice().iter().take(ITEMS).cloned(),
            n,
            depth,
            ("(", end),
            out,
        );
    } else if let Some(d) = v.downcast_exact::<Dict>(&types.dict) {
        pairs(vm, d, depth, out);
    } else if let Some(s) = vm
        .as_any_set(v)
        .filter(|_| !vm.type_of(v).payload.is_heap())
    {
        let frozen = type_name(vm, v) == "frozenset";
        match (s.is_empty(), frozen) {
            (true, true) => return out.push_str("frozenset()"),
            (true, false) => return out.push_str("set()"),
            (false, true) => out.push_str("frozenset("),
            (false, false) => {}
        }
        let keys = s.keys();
        let n = keys.len();
        items(vm, keys.into_iter().take(ITEMS), n, depth, ("{", "}"), out);
        if frozen {
            out.push(')');
        }
    } else if let Some(b) = v.downcast_ref::<ByteArray>() {
        let _ = b;
        out.push_str("<bytearray>");
    } else if let Some(t) = v.downcast_ref::<TypeObject>() {
        out.push_str(&format!("<class '{}'>", name_of(&t.qualname.get())));
    } else if let Some(f) = v.downcast_ref::<Function>() {
        out.push_str(&format!("<function {}>", name_of(&f.qualname.get())));
    } else if let Some(m) = v.downcast_ref::<Method>() {
        out.push_str("<bound method ");
        match m.function.downcast_ref::<Function>() {
            Some(f) => out.push_str(&name_of(&f.qualname.get())),
            None => write(vm, &m.function, depth.saturating_sub(1), out),
        }
        out.push('>');
    } else if let Some(f) = v.downcast_ref::<NativeFunction>() {
        out.push_str(&format!("<built-in function {}>", f.def.name));
    } else if let Some(g) = v.downcast_ref::<Generator>() {
        let (kind, name) = (type_name(vm, v), name_of(&g.qualname.get()));
        out.push_str(&format!("<{kind} {name}>"));
    } else if let Some(c) = v.downcast_ref::<Code>() {
        out.push_str(&format!("<code {}>", name_of(&c.qualname)));
    } else if let Some(c) = v.downcast_ref::<Cell>() {
        out.push_str("<cell: ");
        match c.contents.get() {
            Some(inner) if depth > 0 => write(vm, &inner, depth - 1, out),
            Some(_) => out.push_str("..."),
            None => out.push_str("empty"),
        }
        out.push('>');
    } else if let Some(m) = v.downcast_ref::<Module>() {
        let name = m
            .dict
            .get()
            .and_then(|d| d.get_str(vm, &vm.names().__name__));
        let name = name.and_then(|n| n.downcast::<Str>().ok());
        let name = name.map_or_else(|| "?".to_owned(), |n| name_of(&n));
        out.push_str(&format!("<module '{name}'>"));
    } else if let Some(e) = v.downcast_ref::<BaseException>() {
        out.push_str(&type_name(vm, v));
        match e.args.get().filter(|_| depth > 0) {
            Some(args) => {
                let n = args.len();
                let all = args.as_slice().iter().take(ITEMS).cloned();
                items(vm, all, n, depth, ("(", ")"), out);
            }
            None => out.push_str("(...)"),
        }
    } else if matches!(&*type_name(vm, v), "range" | "slice") && !vm.type_of(v).payload.is_heap() {
        // A range has ints alone; a slice may have anything.
        if type_name(vm, v) == "range" {
            out.push_str(&native_repr(vm, v));
        } else {
            out.push_str("<slice>");
        }
    } else {
        out.push_str(&format!("<{}>", type_name(vm, v)));
    }
}

fn items(
    vm: &Vm,
    all: impl Iterator<Item = Value>,
    count: usize,
    depth: usize,
    (open, close): (&str, &str),
    out: &mut String,
) {
    let begin = out.len();
    out.push_str(open);
    if depth == 0 && count > 0 {
        out.push_str("...");
    } else {
        for (i, v) in all.enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            if out.len() - begin > ENOUGH {
                out.push_str("...");
                break;
            }
            write(vm, &v, depth - 1, out);
        }
        if count > ITEMS && !out.ends_with("...") {
            out.push_str(", ...");
        }
    }
    out.push_str(close);
}

fn pairs(vm: &Vm, d: &Dict, depth: usize, out: &mut String) {
    let begin = out.len();
    out.push('{');
    if depth == 0 && !d.is_empty() {
        out.push_str("...");
    } else {
        for (i, (k, v)) in d.items().into_iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            if i == ITEMS || out.len() - begin > ENOUGH {
                out.push_str("...");
                break;
            }
            write(vm, &k, depth - 1, out);
            out.push_str(": ");
            write(vm, &v, depth - 1, out);
        }
    }
    out.push('}');
}
