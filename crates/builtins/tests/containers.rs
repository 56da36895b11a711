//! Containers as native code drives them: sorting, sets, dicts, slices, iterators and struct sequences.
#![allow(missing_docs, reason = "a test has no documentation of its own")]

use taipan_builtins::functions::FUNCTIONS;
use taipan_builtins::structseq::{StructSeq, field};
use taipan_builtins::{dict_, list_, set_};
use taipan_object::bind::call_native;
use taipan_object::descr::{GetSetDescr, MemberDescr, MethodDescr};
use taipan_object::{
    Args, BaseException, CompareOp, Dict, InterpConfig, List, PyResult, Ref, Str, Tuple, TypeRef,
    Value, Vm,
};

fn with_vm(f: impl FnOnce(&Vm) -> PyResult<()>) {
    let vm = Vm::new_interpreter(&InterpConfig::default()).expect("an interpreter");
    taipan_builtins::init(&vm).unwrap_or_else(|r| panic!("{}", text(&vm, Err(r))));
    vm.enter(|| {
        if let Err(r) = f(&vm) {
            panic!("{}", text(&vm, Err(r)));
        }
    });
}

/// A short form of what a call gave.
fn text(vm: &Vm, r: PyResult) -> String {
    match r {
        Ok(v) => show(vm, &v),
        Err(r) => {
            let e = vm.take_raised(r);
            let args = e.downcast_ref::<BaseException>().and_then(|e| e.args.get());
            let first = args.and_then(|a| a.get(0)).map(|v| show(vm, &v));
            format!("{}: {}", vm.type_name(&e), first.unwrap_or_default())
        }
    }
}

fn show(vm: &Vm, v: &Value) -> String {
    let list = |items: &[Value]| {
        let items: Vec<String> = items.iter().map(|v| show(vm, v)).collect();
        items.join(", ")
    };
    if let Some(s) = v.downcast_ref::<Str>() {
        return s.to_string_lossy().into_owned();
    }
    if let Some(l) = v.downcast_ref::<List>() {
        return format!("[{}]", list(&l.to_vec()));
    }
    if let Some(t) = v.downcast_ref::<Tuple>() {
        return format!("({})", list(t.as_slice()));
    }
    if let Some(d) = v.downcast_ref::<Dict>() {
        let items: Vec<String> = d
            .items()
            .iter()
            .map(|(k, v)| format!("{}: {}", show(vm, k), show(vm, v)))
            .collect();
        return format!("{{{}}}", items.join(", "));
    }
    if let Some(s) = v.downcast_ref::<taipan_object::Set>() {
        return format!("{{{}}}", list(&s.keys()));
    }
    match (v.as_int().and_then(|i| i.to_i64()), v.as_float()) {
        _ if v.is(&vm.bool(true)) => "True".to_owned(),
        _ if v.is(&vm.bool(false)) => "False".to_owned(),
        (Some(i), _) => i.to_string(),
        (_, Some(f)) => f.to_string(),
        _ => vm.type_name(v),
    }
}

fn ints(vm: &Vm, items: &[i64]) -> PyResult<Ref<List>> {
    let items = items.iter().map(|&i| vm.new_int(i));
    vm.new_list(items.collect::<PyResult<Vec<Value>>>()?)
}

fn call(vm: &Vm, name: &str, args: &[Value]) -> String {
    let def = FUNCTIONS.iter().find(|d| d.name == name).expect("declared");
    text(
        vm,
        call_native(vm, def, &vm.none(), None, Args::positional(args)),
    )
}

/// Calls a native method, found in the type, and shows the result.
fn method(vm: &Vm, v: &Value, name: &str, args: &[Value]) -> String {
    text(vm, call_method(vm, v, name, args))
}

fn call_method(vm: &Vm, v: &Value, name: &str, args: &[Value]) -> PyResult {
    let name = vm.intern(name)?;
    let found = vm.lookup(&vm.type_of(v).payload, &name).expect("a method");
    let descr = found.downcast::<MethodDescr>().expect("a native method");
    call_native(vm, descr.def, v, None, Args::positional(args))
}

/// Reads a computed attribute.
fn attribute(vm: &Vm, v: &Value, name: &str) -> String {
    let name = vm.intern(name).unwrap_or_else(|_| panic!("no name"));
    let found = vm.lookup(&vm.type_of(v).payload, &name).expect("there");
    let def = match found.downcast_ref::<GetSetDescr>() {
        Some(computed) => computed.def,
        None => {
            let member = found.downcast::<MemberDescr>().expect("a member");
            member.native.expect("of a native type")
        }
    };
    text(vm, def.get.expect("readable")(vm, v))
}

/// An instance of a native class.
fn make(vm: &Vm, class: &TypeRef, args: &[Value]) -> PyResult {
    let args = Args::positional(args);
    let v = class.slots.tp_new.get().expect("a constructor")(vm, class, args)?;
    Ok(v)
}

fn class_of(vm: &Vm, name: &str) -> TypeRef {
    let spec = taipan_builtins::FAMILIES
        .iter()
        .flat_map(|f| f.types)
        .find(|s| s.name == name)
        .expect("a type");
    vm.make_type(spec).unwrap_or_else(|_| panic!("no type"))
}

#[test]
fn lists() {
    with_vm(|vm| {
        let l = ints(vm, &[3, 1, 2, 5, 4])?;
        let v = l.as_value();
        let n = |i: i64| vm.new_int(i);
        list_::sort::sort_list(vm, &l, None, false)?;
        assert_eq!(show(vm, v), "[1, 2, 3, 4, 5]");
        let none = || vm.none();
        let s = |a: Value, b: Value, c: Value| vm.new_slice(a, b, c).map(Ref::into_value);
        let down = s(none(), none(), n(-2)?)?;
        assert_eq!(text(vm, vm.getitem(v, &down)), "[5, 3, 1]");
        vm.delitem(v, &down)?;
        assert_eq!(show(vm, v), "[2, 4]");
        let middle = s(n(1)?, n(1)?, none())?;
        vm.setitem(v, &middle, ints(vm, &[7, 8, 9])?.as_value())?;
        assert_eq!(show(vm, v), "[2, 7, 8, 9, 4]");
        let every = s(none(), none(), n(2)?)?;
        vm.setitem(v, &every, ints(vm, &[0, 0, 0])?.as_value())?;
        assert_eq!(show(vm, v), "[0, 7, 0, 9, 0]");
        assert_eq!(method(vm, v, "index", &[n(9)?]), "3");
        assert_eq!(method(vm, v, "count", &[n(0)?]), "3");
        assert_eq!(method(vm, v, "pop", &[n(-2)?]), "9");
        assert_eq!(
            method(vm, v, "pop", &[n(7)?]),
            "IndexError: pop index out of range"
        );
        assert_eq!(
            method(vm, v, "remove", &[n(42)?]),
            "ValueError: list.remove(x): x not in list"
        );
        assert_eq!(
            text(vm, vm.getitem(v, &n(99)?)),
            "IndexError: list index out of range"
        );
        call_method(vm, v, "extend", std::slice::from_ref(v))?;
        assert_eq!(show(vm, v), "[0, 7, 0, 0, 0, 7, 0, 0]");
        let it = vm.iter(v)?;
        assert_eq!(text(vm, vm.next(&it).map(|v| v.unwrap_or_else(none))), "0");
        assert_eq!(method(vm, &it, "__length_hint__", &[]), "7");
        let twice = vm.binary_op(taipan_object::BinaryOp::Multiply, v, &n(2)?)?;
        assert_eq!(vm.len(&twice)?, 16);
        let less = vm.compare_bool(v, &twice, CompareOp::Lt)?;
        assert!(less);
        Ok(())
    });
}

#[test]
fn sets_and_dicts() {
    with_vm(|vm| {
        let n = |i: i64| vm.new_int(i);
        let a = set_::from_iterable(vm, ints(vm, &[1, 2, 3, 40])?.as_value())?;
        let b = set_::from_iterable(vm, ints(vm, &[3, 40, 5])?.as_value())?;
        let (x, y) = (a.as_value(), b.as_value());
        use taipan_object::BinaryOp::{And, Or, Subtract, Xor};
        let op = |op| text(vm, vm.binary_op(op, x, y));
        assert_eq!(op(And), "{40, 3}");
        assert_eq!(op(Or), "{1, 2, 3, 5, 40}");
        assert_eq!(op(Subtract), "{1, 2}");
        assert_eq!(op(Xor), "{1, 2, 5}");
        assert_eq!(
            method(vm, x, "add", &[ints(vm, &[])?.into_value()]),
            "TypeError: cannot use 'list' as a set element (unhashable type: 'list')"
        );
        assert_eq!(
            method(vm, x, "isdisjoint", std::slice::from_ref(y)),
            "False"
        );
        let frozen = vm.new_frozenset(&a.keys())?;
        let holder = vm.new_set()?;
        holder.add(vm, frozen.as_value())?;
        assert_eq!(
            method(
                vm,
                holder.as_value(),
                "__contains__",
                std::slice::from_ref(x)
            ),
            "True"
        );
        let d = vm.new_dict()?;
        for i in 0..100 {
            d.set(vm, &n(i)?, n(i * i)?)?;
        }
        for i in (0..100).filter(|i| i % 7 != 0) {
            assert!(d.remove(vm, &n(i)?)?.is_some());
        }
        assert_eq!(d.len(), 15);
        assert_eq!(method(vm, d.as_value(), "get", &[n(49)?, n(0)?]), "2401");
        assert_eq!(method(vm, d.as_value(), "popitem", &[]), "(98, 9604)");
        assert_eq!(method(vm, d.as_value(), "pop", &[n(1)?]), "KeyError: 1");
        let e = vm.new_dict()?;
        let pair = vm.new_tuple(vec![n(7)?, n(8)?])?.into_value();
        let pairs = vm.new_list(vec![pair])?.into_value();
        dict_::update_from(vm, &e, &pairs)?;
        let merged = vm.binary_op(Or, d.as_value(), e.as_value())?;
        assert_eq!(vm.len(&merged)?, 14);
        assert_eq!(text(vm, vm.getitem(&merged, &n(7)?)), "8");
        let keys = call_method(vm, e.as_value(), "keys", &[])?;
        assert_eq!(text(vm, vm.binary_op(Or, &keys, y)), "{40, 3, 5, 7}");
        let it = vm.iter(d.as_value())?;
        vm.next(&it)?;
        d.set(vm, &n(1000)?, n(1)?)?;
        let r = vm.next(&it).map(|v| v.unwrap_or_else(|| vm.none()));
        assert_eq!(
            text(vm, r),
            "RuntimeError: dictionary changed size during iteration"
        );
        Ok(())
    });
}

#[test]
fn ranges_and_iterators() {
    with_vm(|vm| {
        let n = |i: i64| vm.new_int(i);
        let range = class_of(vm, "range");
        let r = make(vm, &range, &[n(10)?, n(0)?, n(-3)?])?;
        let all = |v: &Value| {
            text(
                vm,
                vm.collect(v)
                    .and_then(|v| vm.new_list(v))
                    .map(Ref::into_value),
            )
        };
        assert_eq!(all(&r), "[10, 7, 4, 1]");
        let back = call_method(vm, &r, "__reversed__", &[])?;
        assert_eq!(all(&back), "[1, 4, 7, 10]");
        assert_eq!(method(vm, &r, "index", &[n(4)?]), "2");
        assert_eq!(
            method(vm, &r, "index", &[n(5)?]),
            "ValueError: range.index(x): x not in range"
        );
        let pairs = make(vm, &class_of(vm, "zip"), &[r.clone(), r.clone()])?;
        assert_eq!(all(&pairs), "[(10, 10), (7, 7), (4, 4), (1, 1)]");
        let counted = make(vm, &class_of(vm, "enumerate"), &[r.clone(), n(5)?])?;
        assert_eq!(all(&counted), "[(5, 10), (6, 7), (7, 4), (8, 1)]");
        assert_eq!(call(vm, "sum", std::slice::from_ref(&r)), "22");
        assert_eq!(
            call(vm, "sorted", std::slice::from_ref(&r)),
            "[1, 4, 7, 10]"
        );
        assert_eq!(call(vm, "min", std::slice::from_ref(&r)), "1");
        assert_eq!(call(vm, "max", &[n(3)?, n(9)?, n(4)?]), "9");
        assert_eq!(call(vm, "next", &[vm.iter(&r)?]), "10");
        assert_eq!(
            call(
                vm,
                "sum",
                &[ints(vm, &[])?.into_value(), vm.new_str("a")?.into_value()]
            ),
            "TypeError: sum() can't sum strings [use ''.join(seq) instead]"
        );
        let big = make(vm, &range, &[n(i64::MIN)?, n(i64::MAX)?])?;
        let it = vm.iter(&big)?;
        assert_eq!(vm.type_name(&it), "longrange_iterator");
        Ok(())
    });
}

static POINT: StructSeq = StructSeq {
    spec: StructSeq::spec("point", "geometry", None),
    fields: &[
        field::<0>("x", Some("right")),
        field::<1>("y", None),
        field::<2>("weight", None),
    ],
    visible: 2,
    total: 3,
};

#[test]
fn struct_sequences() {
    with_vm(|vm| {
        let n = |i: i64| vm.new_int(i);
        let p = POINT.build(vm, vec![n(1)?, n(2)?, n(30)?])?;
        let v = p.as_value();
        assert_eq!(show(vm, v), "(1, 2)");
        assert_eq!(attribute(vm, v, "weight"), "30");
        let class = POINT.class(vm)?;
        assert_eq!(
            text(
                vm,
                Ok(class
                    .dict
                    .get()
                    .and_then(|d| d.get_str(vm, &vm.intern("n_fields").ok()?))
                    .expect("there"))
            ),
            "3"
        );
        let three = make(vm, &class, &[ints(vm, &[4, 5, 6])?.into_value()])?;
        assert_eq!(attribute(vm, &three, "weight"), "6");
        assert_eq!(
            text(vm, make(vm, &class, &[ints(vm, &[4])?.into_value()])),
            "TypeError: geometry.point() takes an at least 2-sequence (1-sequence given)"
        );
        assert_eq!(
            method(vm, v, "__reduce__", &[]),
            "(type, ((1, 2), {weight: 30}))"
        );
        Ok(())
    });
}
