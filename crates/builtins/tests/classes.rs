//! Classes made through `type(...)`, with native functions as their methods: slots, MRO, layout, attributes, errors.

use taipan_object::native::{NativeCode, NativeDef, NativeKind};
use taipan_object::{Args, BinaryOp, InterpConfig, PyResult, Value, Vm};

fn with_vm(f: impl FnOnce(&Vm) -> PyResult<()>) {
    let vm = Vm::new_interpreter(&InterpConfig::default()).expect("memory for an interpreter");
    vm.enter(|| {
        let done = taipan_builtins::init(&vm).and_then(|()| f(&vm));
        if let Err(r) = done {
            let e = vm.take_raised(r);
            panic!("raised {}", describe(&vm, &e));
        }
    });
}

fn describe(vm: &Vm, e: &Value) -> String {
    let text = match vm.str(e) {
        Ok(s) => s.to_string_lossy().into_owned(),
        Err(r) => {
            drop(vm.take_raised(r));
            "?".to_owned()
        }
    };
    format!("{}: {text}", vm.type_name(e))
}

/// What an expected failure says.
fn failure<T>(vm: &Vm, r: PyResult<T>) -> String {
    match r {
        Ok(_) => "nothing".to_owned(),
        Err(r) => {
            let e = vm.take_raised(r);
            describe(vm, &e)
        }
    }
}

fn s(vm: &Vm, text: &str) -> PyResult {
    Ok(vm.new_str(text)?.into_value())
}

fn class(vm: &Vm, name: &str, bases: &[Value], attrs: &[(&str, Value)]) -> PyResult {
    let dict = vm.new_dict()?;
    for (k, v) in attrs {
        dict.set_named(vm, k, v.clone())?;
    }
    let args = [
        s(vm, name)?,
        vm.new_tuple(bases.to_vec())?.into_value(),
        dict.into_value(),
    ];
    vm.call_pos(vm.types().type_.as_value(), &args)
}

fn shown(vm: &Vm, v: &Value) -> PyResult<String> {
    vm.repr_string(v)
}

/// Makes a native callable that binds like a function: a method descriptor of `object`.
fn function(vm: &Vm, def: &'static NativeDef) -> PyResult {
    Ok(vm
        .new_object(
            &vm.types().method_descriptor,
            taipan_object::descr::MethodDescr {
                def,
                owner: vm.types().object.clone(),
            },
        )?
        .into_value())
}

macro_rules! def {
    ($name:ident, $code:expr) => {
        static $name: NativeDef = NativeDef {
            name: stringify!($name),
            text_signature: None,
            doc: None,
            kind: NativeKind::Method,
            code: $code,
        };
    };
}

def!(
    ADD,
    NativeCode::One(|vm, _, _| Ok(vm.new_str("added")?.into_value()))
);
def!(
    RADD,
    NativeCode::One(|vm, _, _| Ok(vm.new_str("radded")?.into_value()))
);
def!(LEN, NativeCode::NoArgs(|_, _| Ok(Value::from_i32(3))));
def!(NEGATIVE, NativeCode::NoArgs(|_, _| Ok(Value::from_i32(-3))));
def!(
    REPR,
    NativeCode::NoArgs(|vm, _| Ok(vm.new_str("<mine>")?.into_value()))
);
def!(
    TEXT,
    NativeCode::NoArgs(|vm, _| Ok(vm.new_str("text")?.into_value()))
);
def!(
    GETATTR,
    NativeCode::One(|vm, _, name| {
        let s = format!("dynamic {}", vm.str(name)?.to_string_lossy());
        Ok(vm.new_str(&s)?.into_value())
    })
);
def!(
    SET_NAME,
    NativeCode::Positional {
        min: 2,
        max: 2,
        f: |vm, _, _| Err(vm.value_error("no such name"))
    }
);

#[test]
fn a_class_and_its_instances() {
    with_vm(|vm| {
        let c = class(vm, "C", &[], &[("x", Value::from_i32(1))])?;
        assert_eq!(shown(vm, &c)?, "<class 'C'>");
        let i = vm.call0(&c)?;
        assert!(shown(vm, &i)?.starts_with("<C object at 0x"));
        assert_eq!(vm.getattr_str(&i, "x")?.as_small_int(), Some(1));
        for (n, name) in ["a", "b", "c", "d", "e", "f", "g"].iter().enumerate() {
            vm.setattr_str(&i, name, &Value::from_i32(n as i32))?;
        }
        assert_eq!(vm.getattr_str(&i, "g")?.as_small_int(), Some(6));
        let d = vm.getattr_str(&i, "__dict__")?;
        assert!(
            d.downcast_ref::<taipan_object::Dict>()
                .is_some_and(|d| d.len() == 7)
        );
        assert_eq!(
            failure(vm, vm.getattr_str(&i, "nothing")),
            "AttributeError: 'C' object has no attribute 'nothing'"
        );
        assert_eq!(
            failure(vm, vm.call1(&c, &i)),
            "TypeError: C() takes no arguments"
        );
        let mro = vm.getattr_str(&c, "__mro__")?;
        assert!(
            mro.downcast_ref::<taipan_object::Tuple>()
                .is_some_and(|m| m.len() == 2)
        );
        Ok(())
    });
}

#[test]
fn dunder_methods_fill_slots() {
    with_vm(|vm| {
        let a = class(
            vm,
            "A",
            &[],
            &[
                ("__add__", function(vm, &ADD)?),
                ("__len__", function(vm, &LEN)?),
                ("__repr__", function(vm, &REPR)?),
            ],
        )?;
        let x = vm.call0(&a)?;
        let one = Value::from_i32(1);
        let sum = vm.binary_op(BinaryOp::Add, &x, &one)?;
        assert_eq!(shown_text(vm, &sum)?, "added");
        assert_eq!(vm.len(&x)?, 3);
        assert!(vm.is_true(&x)?);
        assert_eq!(shown(vm, &x)?, "<mine>");
        assert!(failure(vm, vm.binary_op(BinaryOp::Add, &one, &x)).starts_with("TypeError"));
        // A subclass that overrides the reflected method goes first.
        let b = class(
            vm,
            "B",
            std::slice::from_ref(&a),
            &[("__radd__", function(vm, &RADD)?)],
        )?;
        let y = vm.call0(&b)?;
        let sum = vm.binary_op(BinaryOp::Add, &x, &y)?;
        assert_eq!(shown_text(vm, &sum)?, "radded");
        // Changes of a class reach those that derive from it.
        vm.setattr_str(&a, "__len__", &function(vm, &NEGATIVE)?)?;
        assert_eq!(
            failure(vm, vm.len(&y)),
            "ValueError: __len__() should return >= 0"
        );
        vm.delattr(&a, &vm.intern("__len__")?)?;
        assert_eq!(
            failure(vm, vm.len(&y)),
            "TypeError: object of type 'B' has no len()"
        );
        assert_eq!(
            failure(vm, vm.delattr(&a, &vm.intern("__len__")?)),
            "AttributeError: type object 'A' has no attribute '__len__'"
        );
        Ok(())
    });
}

fn shown_text(vm: &Vm, v: &Value) -> PyResult<String> {
    Ok(vm.str(v)?.to_string_lossy().into_owned())
}

#[test]
fn equality_without_hash_and_getattr() {
    with_vm(|vm| {
        let a = class(vm, "A", &[], &[("__eq__", function(vm, &ADD)?)])?;
        let x = vm.call0(&a)?;
        assert_eq!(failure(vm, vm.hash(&x)), "TypeError: unhashable type: 'A'");
        let g = class(vm, "G", &[], &[("__getattr__", function(vm, &GETATTR)?)])?;
        let y = vm.call0(&g)?;
        vm.setattr_str(&y, "own", &Value::from_i32(5))?;
        assert_eq!(vm.getattr_str(&y, "own")?.as_small_int(), Some(5));
        assert_eq!(
            shown_text(vm, &vm.getattr_str(&y, "other")?)?,
            "dynamic other"
        );
        let t = class(vm, "T", &[], &[("__str__", function(vm, &TEXT)?)])?;
        assert_eq!(shown_text(vm, &vm.call0(&t)?)?, "text");
        Ok(())
    });
}

#[test]
fn in_place_concatenation_comes_before_an_addition() {
    with_vm(|vm| {
        let list = vm.types().list.as_value();
        let adds = class(
            vm,
            "Adds",
            std::slice::from_ref(list),
            &[("__add__", function(vm, &ADD)?)],
        )?;
        let below = class(vm, "Below", std::slice::from_ref(&adds), &[])?;
        let one = vm.new_list(vec![vm.new_int(1)?])?.into_value();
        for made in [vm.call1(&adds, &one)?, vm.call1(&below, &one)?] {
            let result = vm.inplace_op(BinaryOp::Add, &made, &one)?;
            assert!(result.is(&made));
            assert_eq!(shown(vm, &result)?, "[1, 1]");
            assert_eq!(
                shown(vm, &vm.binary_op(BinaryOp::Add, &made, &one)?)?,
                "'added'"
            );
        }
        Ok(())
    });
}

#[test]
fn orders_and_layouts() {
    with_vm(|vm| {
        let object = vm.types().object.as_value().clone();
        let a = class(vm, "A", std::slice::from_ref(&object), &[])?;
        let b = class(vm, "B", std::slice::from_ref(&object), &[])?;
        let c = class(vm, "C", &[a.clone(), b.clone()], &[])?;
        let d = class(vm, "D", &[b.clone(), a.clone()], &[])?;
        assert_eq!(
            failure(vm, class(vm, "E", &[c, d], &[])),
            "TypeError: Cannot create a consistent method resolution order (MRO) for bases A, B"
        );
        let int = vm.types().int.as_value().clone();
        let str_ = vm.types().str.as_value().clone();
        assert_eq!(
            failure(vm, class(vm, "E", &[object, int.clone()], &[])),
            "TypeError: Cannot create a consistent method resolution order (MRO) for bases object, int"
        );
        assert_eq!(
            failure(vm, class(vm, "E", &[int.clone(), str_], &[])),
            "TypeError: multiple bases have instance lay-out conflict"
        );
        assert_eq!(
            failure(vm, class(vm, "E", &[a.clone(), a.clone()], &[])),
            "TypeError: duplicate base class A"
        );
        assert_eq!(
            failure(
                vm,
                class(vm, "E", &[vm.types().bool.as_value().clone()], &[])
            ),
            "TypeError: type 'bool' is not an acceptable base type"
        );
        assert!(
            failure(vm, vm.setattr_str(&int, "x", &a))
                .ends_with("attribute of immutable type 'int'")
        );
        assert_eq!(
            failure(vm, vm.getattr_str(&int, "nothing")),
            "AttributeError: type object 'int' has no attribute 'nothing'"
        );
        Ok(())
    });
}

#[test]
fn slots_and_class_assignment() {
    with_vm(|vm| {
        let names = vm.new_tuple(vec![s(vm, "x")?, s(vm, "y")?])?.into_value();
        let c = class(vm, "C", &[], &[("__slots__", names.clone())])?;
        let i = vm.call0(&c)?;
        vm.setattr_str(&i, "x", &Value::from_i32(7))?;
        assert_eq!(vm.getattr_str(&i, "x")?.as_small_int(), Some(7));
        assert_eq!(
            failure(vm, vm.getattr_str(&i, "y")),
            "AttributeError: 'C' object has no attribute 'y'"
        );
        assert_eq!(
            failure(vm, vm.setattr_str(&i, "z", &i)),
            "AttributeError: 'C' object has no attribute 'z' and no __dict__ for setting new attributes"
        );
        let d = class(vm, "D", std::slice::from_ref(&c), &[])?;
        let j = vm.call0(&d)?;
        vm.setattr_str(&j, "x", &Value::from_i32(8))?;
        vm.setattr_str(&j, "z", &Value::from_i32(9))?;
        assert_eq!(vm.getattr_str(&j, "x")?.as_small_int(), Some(8));
        assert_eq!(
            failure(vm, vm.setattr_str(&i, "__class__", &d)),
            "TypeError: __class__ assignment: 'D' object layout differs from 'C'"
        );
        let e = class(vm, "E", &[c], &[("tag", Value::from_i32(1))])?;
        vm.setattr_str(&j, "__class__", &e)?;
        assert_eq!(vm.getattr_str(&j, "tag")?.as_small_int(), Some(1));
        assert_eq!(vm.getattr_str(&j, "z")?.as_small_int(), Some(9));
        let clash = class(vm, "F", &[], &[("__slots__", names), ("x", i)]);
        assert!(failure(vm, clash).ends_with("in __slots__ conflicts with class variable"));
        Ok(())
    });
}

#[test]
fn wrappers_and_descriptors() {
    with_vm(|vm| {
        let object = vm.types().object.as_value();
        let repr = vm.getattr_str(object, "__repr__")?;
        assert_eq!(
            shown(vm, &repr)?,
            "<slot wrapper '__repr__' of 'object' objects>"
        );
        assert_eq!(
            failure(vm, vm.call0(&repr)),
            "TypeError: descriptor '__repr__' of 'object' object needs an argument"
        );
        let eq = vm.getattr_str(object, "__eq__")?;
        assert_eq!(
            failure(vm, vm.call1(&eq, object)),
            "TypeError: expected 1 argument, got 0"
        );
        let new = vm.getattr_str(object, "__new__")?;
        let int = vm.types().int.as_value().clone();
        assert!(shown(vm, &new)?.starts_with("<built-in method __new__ of type object at 0x"));
        assert!(
            failure(vm, vm.call1(&new, &int))
                .starts_with("TypeError: object.__new__(int) is not safe")
        );
        let type_ = vm.types().type_.as_value();
        let call = vm.getattr_str(type_, "__subclasses__")?;
        assert_eq!(
            shown(vm, &call)?,
            "<method '__subclasses__' of 'type' objects>"
        );
        assert_eq!(
            failure(vm, vm.call0(&call)),
            "TypeError: unbound method type.__subclasses__() needs an argument"
        );
        let set = vm.getattr_str(object, "__setattr__")?;
        let args = [type_.clone(), s(vm, "x")?, Value::from_i32(1)];
        assert_eq!(
            failure(vm, vm.call_pos(&set, &args)),
            "TypeError: can't apply this __setattr__ to type object"
        );
        assert_eq!(
            failure(
                vm,
                vm.call(&vm.types().native_function.as_value().clone(), Args::EMPTY)
            ),
            "TypeError: cannot create 'builtin_function_or_method' instances"
        );
        Ok(())
    });
}

#[test]
fn a_failing_set_name_has_a_note() {
    with_vm(|vm| {
        let d = class(vm, "D", &[], &[("__set_name__", function(vm, &SET_NAME)?)])?;
        let x = vm.call0(&d)?;
        assert_eq!(
            failure(vm, class(vm, "C", &[], &[("attr", x)])),
            "ValueError: no such name"
        );
        Ok(())
    });
}

#[test]
fn bases_can_change() {
    with_vm(|vm| {
        let a = class(vm, "A", &[], &[("tag", Value::from_i32(1))])?;
        let b = class(
            vm,
            "B",
            &[],
            &[
                ("tag", Value::from_i32(2)),
                ("__len__", function(vm, &LEN)?),
            ],
        )?;
        let c = class(vm, "C", &[a], &[])?;
        let i = vm.call0(&c)?;
        assert_eq!(vm.getattr_str(&i, "tag")?.as_small_int(), Some(1));
        let bases = vm.new_tuple(vec![b])?.into_value();
        vm.setattr_str(&c, "__bases__", &bases)?;
        assert_eq!(vm.getattr_str(&i, "tag")?.as_small_int(), Some(2));
        assert_eq!(vm.len(&i)?, 3);
        let own = vm.new_tuple(vec![c.clone()])?.into_value();
        assert_eq!(
            failure(vm, vm.setattr_str(&c, "__bases__", &own)),
            "TypeError: a __bases__ item causes an inheritance cycle"
        );
        Ok(())
    });
}

#[test]
fn properties_and_wrapped_methods() {
    with_vm(|vm| {
        let n = vm.names();
        let property = vm.class::<taipan_builtins::descriptors::property::Property>()?;
        let p = vm.call1(property.as_value(), &function(vm, &TEXT)?)?;
        let static_ = vm.call1(vm.types().static_method.as_value(), &function(vm, &LEN)?)?;
        let class_ = vm.call1(vm.types().class_method.as_value(), &function(vm, &TEXT)?)?;
        let c = class(
            vm,
            "C",
            &[],
            &[("p", p.clone()), ("s", static_), ("k", class_)],
        )?;
        let i = vm.call0(&c)?;
        assert_eq!(shown_text(vm, &vm.getattr_str(&i, "p")?)?, "text");
        assert!(vm.getattr_str(&c, "p")?.is(&p));
        let failed = failure(vm, vm.setattr_str(&i, "p", &i));
        assert!(failed.ends_with("object has no setter"), "{failed}");
        let k = vm.getattr_str(&i, "k")?;
        assert_eq!(shown_text(vm, &vm.call0(&k)?)?, "text");
        let s_ = vm.getattr_str(&i, "s")?;
        assert_eq!(vm.call1(&s_, &i)?.as_small_int(), Some(3));
        let wrong = vm.call0(vm.types().class_method.as_value());
        assert_eq!(
            failure(vm, wrong),
            "TypeError: classmethod expected 1 argument, got 0"
        );
        let m = vm.new_module("toys", None)?.into_value();
        assert_eq!(
            failure(vm, vm.getattr_str(&m, "nothing")),
            "AttributeError: module 'toys' has no attribute 'nothing'"
        );
        vm.setattr_str(&m, "x", &i)?;
        assert!(vm.getattr_str(&m, "x")?.is(&i));
        assert_eq!(shown(vm, &m)?, "<module 'toys'>");
        drop(vm.getattr(&m, &n.__annotations__)?);
        Ok(())
    });
}

#[test]
fn super_finds_the_next_class() {
    with_vm(|vm| {
        let a = class(vm, "A", &[], &[("tag", Value::from_i32(1))])?;
        let b = class(vm, "B", &[a], &[("tag", Value::from_i32(2))])?;
        let i = vm.call0(&b)?;
        let super_ = vm.class::<taipan_builtins::descriptors::super_::Super>()?;
        let s_ = vm.call_pos(super_.as_value(), &[b.clone(), i])?;
        assert_eq!(vm.getattr_str(&s_, "tag")?.as_small_int(), Some(1));
        assert_eq!(shown(vm, &s_)?, "<super: <class 'B'>, <B object>>");
        let int = vm.types().int.as_value().clone();
        assert_eq!(
            failure(vm, vm.call_pos(super_.as_value(), &[b, int])),
            "TypeError: super(type, obj): obj (type int) is not an instance or subtype of type (B)."
        );
        Ok(())
    });
}

#[test]
fn types_as_values() {
    with_vm(|vm| {
        let t = vm.types();
        let (int, str_, list) = (t.int.as_value(), t.str.as_value(), t.list.as_value());
        let alias = vm.generic_alias(list, int)?;
        assert_eq!(shown(vm, &alias)?, "list[int]");
        let union = vm.binary_op(BinaryOp::Or, int, str_)?;
        assert_eq!(shown(vm, &union)?, "int | str");
        let turned = vm.binary_op(BinaryOp::Or, str_, int)?;
        assert!(vm.eq(&union, &turned)?);
        assert_eq!(vm.hash(&union)?, vm.hash(&turned)?);
        let more = vm.binary_op(BinaryOp::Or, &alias, &vm.none())?;
        assert_eq!(shown(vm, &more)?, "list[int] | None");
        assert!(vm.is_instance(&Value::from_i32(1), &union)?);
        assert!(!vm.is_instance(list, &union)?);
        assert_eq!(
            failure(vm, vm.is_instance(int, &alias)),
            "TypeError: isinstance() argument 2 cannot be a parameterized generic"
        );
        assert_eq!(
            failure(vm, vm.getitem(&alias, int)),
            "TypeError: list[int] is not a generic class"
        );
        assert_eq!(
            failure(vm, vm.is_instance(int, &Value::from_i32(1))),
            "TypeError: isinstance() arg 2 must be a type, a tuple of types, or a union"
        );
        let ns =
            taipan_builtins::types::namespace::new_namespace(vm, &[("a", Value::from_i32(1))])?;
        assert_eq!(shown(vm, &ns)?, "namespace(a=1)");
        Ok(())
    });
}

#[test]
fn weak_references() {
    with_vm(|vm| {
        let c = class(vm, "C", &[], &[("tag", Value::from_i32(1))])?;
        let i = vm.call0(&c)?;
        let ref_ = vm.types().weakref.as_value().clone();
        let r = vm.call1(&ref_, &i)?;
        assert!(vm.call1(&ref_, &i)?.is(&r));
        assert!(vm.call0(&r)?.is(&i));
        let m = vm.make_native_module(&taipan_builtins::weak::module::MODULE)?;
        let proxy = vm.getattr_str(m.as_value(), "proxy")?;
        let p = vm.call1(&proxy, &i)?;
        assert_eq!(vm.getattr_str(&p, "tag")?.as_small_int(), Some(1));
        assert_eq!(
            failure(vm, vm.hash(&p)),
            "TypeError: unhashable type: 'weakref.ProxyType'"
        );
        drop(i);
        assert!(vm.is_none(&vm.call0(&r)?));
        assert_eq!(
            failure(vm, vm.getattr_str(&p, "tag")),
            "ReferenceError: weakly-referenced object no longer exists"
        );
        assert_eq!(
            failure(vm, vm.call1(&ref_, &Value::from_i32(1))),
            "TypeError: cannot create weak reference to 'int' object"
        );
        Ok(())
    });
}

#[test]
fn slots_on_native_bases() {
    with_vm(|vm| {
        let key = vm.new_tuple(vec![s(vm, "key")?])?.into_value();
        let ref_ = vm.types().weakref.as_value().clone();
        let keyed = class(vm, "KeyedRef", &[ref_], &[("__slots__", key.clone())])?;
        let c = class(vm, "C", &[], &[])?;
        let i = vm.call0(&c)?;
        let r = vm.call1(&keyed, &i)?;
        vm.setattr_str(&r, "key", &Value::from_i32(4))?;
        assert_eq!(vm.getattr_str(&r, "key")?.as_small_int(), Some(4));
        drop(i);
        assert!(vm.is_none(&vm.call0(&r)?));
        assert_eq!(vm.getattr_str(&r, "key")?.as_small_int(), Some(4));
        // An exception's dict moves behind the slots.
        let base = vm.exc().ValueError.as_value().clone();
        let e = class(vm, "E", &[base], &[("__slots__", key.clone())])?;
        let x = vm.call1(&e, &Value::from_i32(1))?;
        vm.setattr_str(&x, "key", &Value::from_i32(2))?;
        vm.setattr_str(&x, "other", &Value::from_i32(3))?;
        assert_eq!(vm.getattr_str(&x, "key")?.as_small_int(), Some(2));
        assert_eq!(vm.getattr_str(&x, "other")?.as_small_int(), Some(3));
        let int = vm.types().int.as_value().clone();
        assert_eq!(
            failure(
                vm,
                class(vm, "I", std::slice::from_ref(&int), &[("__slots__", key)])
            ),
            "TypeError: nonempty __slots__ not supported for subtype of 'int'"
        );
        // Subclasses of int and str have attributes of their own.
        let my_int = class(vm, "MyInt", &[int], &[])?;
        let n = vm.call1(&my_int, &Value::from_i32(5))?;
        vm.setattr_str(&n, "tag", &Value::from_i32(6))?;
        assert_eq!(vm.getattr_str(&n, "tag")?.as_small_int(), Some(6));
        let six = vm.binary_op(BinaryOp::Add, &n, &Value::from_i32(1))?;
        assert_eq!(six.as_small_int(), Some(6));
        let my_str = class(vm, "MyStr", &[vm.types().str.as_value().clone()], &[])?;
        let t = vm.call1(&my_str, &s(vm, "text")?)?;
        vm.setattr_str(&t, "tag", &Value::from_i32(7))?;
        assert_eq!(vm.getattr_str(&t, "tag")?.as_small_int(), Some(7));
        assert_eq!(shown_text(vm, &t)?, "text");
        Ok(())
    });
}

#[test]
fn garbage_classes_go() {
    with_vm(|vm| {
        for _ in 0..50 {
            let a = class(vm, "A", &[], &[])?;
            let i = vm.call0(&a)?;
            vm.setattr_str(&a, "me", &i)?;
            vm.setattr_str(&i, "again", &i)?;
        }
        let found = taipan_object::heap::gc::collect(vm, 2);
        assert!(found > 100, "{found}");
        let left = vm
            .types()
            .object
            .living_subclasses()
            .iter()
            .filter(|t| t.is_heap())
            .count();
        assert_eq!(left, 0);
        Ok(())
    });
}
