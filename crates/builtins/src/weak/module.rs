//! Module `_weakref`.

use taipan_object::native::NativeCode::{One, Positional};
use taipan_object::native::{NativeDef, NativeKind};
use taipan_object::weakref::WeakRef;
use taipan_object::{Dict, ModuleSpec, Value};

use super::proxy;
use crate::decl::method;

const fn function(
    name: &'static str,
    sig: &'static str,
    doc: &'static str,
    code: taipan_object::NativeCode,
) -> NativeDef {
    NativeDef {
        kind: NativeKind::Function,
        ..method(name, sig, doc, code)
    }
}

static FUNCTIONS: [NativeDef; 4] = [
    function(
        "getweakrefcount",
        "($module, object, /)",
        "Return the number of weak references to 'object'.",
        One(|vm, _, obj| vm.new_usize(vm.weakrefs_of(obj).len())),
    ),
    function(
        "_remove_dead_weakref",
        "($module, dct, key, /)",
        "Atomically remove key from dict if it points to a dead weakref.",
        Positional {
            min: 2,
            max: 2,
            f: |vm, _, args| {
                let [dict, key] = args else {
                    return Ok(vm.none());
                };
                let Some(d) = dict.downcast_ref::<Dict>() else {
                    return Err(vm.type_error(&format!(
                        "_remove_dead_weakref() argument 1 must be dict, not {}",
                        vm.type_name(dict)
                    )));
                };
                if let Some(found) = d.get(vm, key)? {
                    let Some(r) = found.downcast_ref::<WeakRef>() else {
                        return Err(vm.type_error("not a weakref"));
                    };
                    if r.target().is_none() {
                        drop(d.remove(vm, key)?);
                    }
                }
                Ok(vm.none())
            },
        },
    ),
    function(
        "getweakrefs",
        "($module, object, /)",
        "Return a list of all weak reference objects pointing to 'object'.",
        One(|vm, _, obj| {
            // Those that all share come first, then the others, the newest first.
            let (mut refs, mut others): (Vec<_>, Vec<_>) =
                vm.weakrefs_of(obj).into_iter().partition(|r| {
                    !r.callback.is_some() && !vm.type_of(r.as_value()).payload.is_heap()
                });
            refs.sort_by_key(|r| !vm.type_value(r.as_value()).is(&vm.types().weakref));
            others.reverse();
            refs.extend(others);
            let refs: Vec<Value> = refs.into_iter().map(|r| r.into_value()).collect();
            Ok(vm.new_list(refs)?.into_value())
        }),
    ),
    function(
        "proxy",
        "($module, object, callback=None, /)",
        "Create a proxy object that weakly references 'object'.\n\n'callback', if given, is called with a reference to the\nproxy when 'object' is about to be finalized.",
        Positional {
            min: 1,
            max: 2,
            f: |vm, _, args| match args {
                [obj, rest @ ..] => proxy::new_proxy(vm, obj, rest.first()),
                [] => Ok(vm.none()),
            },
        },
    ),
];

/// Module `_weakref`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_weakref",
    doc: Some("Weak-reference support module."),
    functions: &[&FUNCTIONS],
    types: &[&proxy::PROXY_TYPE, &proxy::CALLABLE_PROXY_TYPE],
    exec: Some(|vm, module| {
        if let Some(d) = module.dict.get() {
            let r = vm.types().weakref.as_value().clone();
            d.set_named(vm, "ref", r.clone())?;
            d.set_named(vm, "ReferenceType", r)?;
        }
        Ok(())
    }),
};
