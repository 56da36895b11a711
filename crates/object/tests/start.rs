//! An interpreter starts, and its containers, shapes and collector do what they say.

use taipan_object::{Dict, InterpConfig, List, Value, Vm};

fn with_vm(f: impl FnOnce(&Vm)) {
    let vm =
        Vm::new_interpreter(&InterpConfig { hash_key: (0, 0) }).expect("memory for an interpreter");
    vm.enter(|| f(&vm));
}

#[test]
fn dict_keeps_order_and_finds_keys() {
    with_vm(|vm| {
        let d = vm.new_dict().expect("dict");
        for i in 0..1000i32 {
            d.set(vm, &Value::from_i32(i), Value::from_i32(i * 2))
                .expect("set");
        }
        for i in (0..1000i32).step_by(2) {
            assert!(d.remove(vm, &Value::from_i32(i)).expect("remove").is_some());
        }
        assert_eq!(d.len(), 500);
        assert_eq!(
            d.get(vm, &Value::from_i32(501))
                .expect("get")
                .and_then(|v| v.as_small_int()),
            Some(1002)
        );
        let keys: Vec<_> = d.keys().iter().filter_map(Value::as_small_int).collect();
        assert!(keys.is_sorted());
        d.set_named(vm, "name", vm.none()).expect("set");
        assert!(d.get_str(vm, &vm.intern("name").expect("str")).is_some());
    });
}

#[test]
fn popping_and_inserting_does_not_fill_the_index_with_dummies() {
    with_vm(|vm| {
        let d = vm.new_dict().expect("dict");
        d.set(vm, &Value::from_i32(-1), vm.none()).expect("set");
        for i in 0..100_000i32 {
            d.set(vm, &Value::from_i32(i), vm.none()).expect("set");
            assert!(d.pop_last().is_some());
        }
        assert_eq!(d.len(), 1);
    });
}

#[test]
fn cycles_are_collected() {
    with_vm(|vm| {
        let before = taipan_object::heap::gc::tracked_objects(vm, None).len();
        for _ in 0..100 {
            let a = vm.new_list(vec![]).expect("list");
            let b = vm.new_list(vec![a.as_value().clone()]).expect("list");
            a.push(b.as_value().clone());
        }
        assert_eq!(taipan_object::heap::gc::collect(vm, 2), 200);
        assert_eq!(
            taipan_object::heap::gc::tracked_objects(vm, None).len(),
            before
        );
    });
}

#[test]
fn a_million_nested_lists_die_without_recursion() {
    with_vm(|vm| {
        let mut v = vm.new_list(vec![]).expect("list");
        for _ in 0..1_000_000 {
            v = vm.new_list(vec![v.into_value()]).expect("list");
        }
        drop(v);
    });
}

#[test]
fn strings_are_interned_by_text() {
    with_vm(|vm| {
        let a = vm.intern("some name").expect("str");
        let b = vm.intern("some name").expect("str");
        assert!(a.is(&b));
        let wide = vm.new_str("héé € 😀").expect("str");
        assert_eq!(wide.len(), 7);
        assert_eq!(wide.to_string_lossy(), "héé € 😀");
        assert!(vm.type_of(wide.as_value()).payload.name.get().eq_str("str"));
    });
}

#[test]
fn weak_references_are_cleared() {
    with_vm(|vm| {
        let d = vm.new_dict().expect("dict");
        let ty = vm.types().weakref.clone();
        let w = vm.new_weakref(&ty, d.as_value(), None).expect("weakref");
        assert!(
            w.target()
                .is_some_and(|t| t.downcast_ref::<Dict>().is_some())
        );
        drop(d);
        assert!(w.target().is_none());
        assert!(vm.none().downcast_ref::<List>().is_none());
    });
}
