//! The first objects of an interpreter. `type` and `object` refer to each other, and to strings, tuples and dicts whose
//! types do not exist yet: they are made bare and completed once everything is there.

use std::ptr::NonNull;

use taipan_text::Form;

use crate::class::{TypeObject, TypeRef, tpflags};
use crate::containers::number::Int;
use crate::containers::string::Str;
use crate::exceptions::{BaseException, ExcTypes};
use crate::header::Header;
use crate::names::Names;
use crate::reference::{Object, Payload, Ref};
use crate::types::{Plain, Types};
use crate::value::PyResult;
use crate::vm::{Singletons, Vm};

/// Makes types, singletons, names and exception types; false when memory is exhausted.
pub(crate) fn bootstrap(vm: &Vm) -> bool {
    build(vm).is_ok()
}

fn build(vm: &Vm) -> PyResult<()> {
    let no_memory = || vm.no_memory();
    // A type object that types the first objects until `type` and `str` exist. It is static data in the heap, never freed.
    let meta = {
        let size = size_of::<Object<TypeObject>>();
        let layout = std::alloc::Layout::from_size_align(size, 16).map_err(|_| no_memory())?;
        // SAFETY: the size is not zero.
        let mem = unsafe { std::alloc::alloc_zeroed(layout) };
        let p = NonNull::new(mem.cast::<Object<TypeObject>>()).ok_or_else(no_memory)?;
        // The type's name needs a string, whose type is this very type: the name cell is first written with a string made below.
        // SAFETY: the memory fits; fields are written before they are read. The header alone is used by the allocation of `name`.
        unsafe {
            (&raw mut (*p.as_ptr()).header).write(Header::new(p, 0));
            (*p.as_ptr()).header.make_immortal();
            (&raw mut (*p.as_ptr()).payload.flags).write(std::cell::Cell::new(0));
            (&raw mut (*p.as_ptr()).payload.layout).write(std::cell::Cell::new(Str::layout()));
        }
        // SAFETY: the object is immortal.
        let meta_ref: &Object<TypeObject> = unsafe { p.as_ref() };
        let name = vm.bootstrap_str(meta_ref, Form::Ascii, b"type")?;
        let flags = tpflags::BASETYPE
            | tpflags::TYPE_SUBCLASS
            | tpflags::HAVE_GC
            | tpflags::IMMUTABLETYPE
            | tpflags::READY;
        // SAFETY: as above; from here the payload is complete.
        unsafe {
            (&raw mut (*p.as_ptr()).payload).write(TypeObject::blank(
                name,
                <TypeObject as Payload>::layout(),
                flags,
                None,
            ));
            Ref::from_owned_ptr(p)
        }
    };
    let type_: TypeRef = meta;
    let object = {
        let name = vm.bootstrap_str(type_.object(), Form::Ascii, b"object")?;
        let flags = tpflags::BASETYPE | tpflags::IMMUTABLETYPE | tpflags::READY;
        let ty = vm
            .heap()
            .new_object(
                type_.object(),
                size_of::<Object<TypeObject>>(),
                TypeObject::blank(name, Plain::layout(), flags, None),
            )
            .ok_or_else(no_memory)?;
        ty.head().make_immortal();
        ty
    };
    type_.base.set(Some(object.clone()));
    let types = Types::new(vm, object.clone(), type_.clone())?;
    let made: Vec<TypeRef> = types.all();
    // The names were made before `str` was: they get their type now.
    for t in &made {
        t.name.get().head().set_ty_ptr(types.str.as_ptr());
    }
    if vm.interp().types.set(types).is_err() {
        return Err(no_memory());
    }
    vm.learn_known();
    let t = vm.types();
    // Instances of these are made before their declarations are seen.
    vm.give_dict_word(&t.static_method);
    vm.give_dict_word(&t.class_method);
    let size = t.module.layout().size as u32;
    t.module.set_flag(tpflags::HAVE_GC);
    t.module.set_instance_layout(crate::class::InstanceLayout {
        size,
        dict_offset: crate::module::DICT_OFFSET,
        inline_offset: size,
        ..Default::default()
    });
    let plain = |ty: &TypeRef| -> PyResult<crate::value::Value> {
        let v = vm
            .heap()
            .new_object(ty.object(), ty.instance_size(), Plain)
            .ok_or_else(|| vm.no_memory())?;
        v.head().make_immortal();
        Ok(v.into_value())
    };
    let boolean = |b: i64| -> PyResult<crate::value::Value> {
        let v = vm
            .heap()
            .new_object(
                t.bool.object(),
                t.bool.instance_size(),
                Int { value: b.into() },
            )
            .ok_or_else(|| vm.no_memory())?;
        v.head().make_immortal();
        Ok(v.into_value())
    };
    let mut latin1 = Vec::with_capacity(256);
    for c in 0..=255u8 {
        let form = if c < 128 { Form::Ascii } else { Form::Latin1 };
        let s = vm.new_str_raw(form, &[c])?;
        s.head().make_immortal();
        latin1.push(s);
    }
    let mut one_byte = Vec::with_capacity(256);
    for c in 0..=255u8 {
        let b = vm.new_bytes_raw(&[c])?;
        b.head().make_immortal();
        one_byte.push(b);
    }
    let empty_str = vm.new_str_raw(Form::Ascii, b"")?;
    empty_str.head().make_immortal();
    let empty_tuple = vm.new_tuple_of(t.tuple.object(), Vec::new())?;
    empty_tuple.head().make_immortal();
    let empty_bytes = vm.new_bytes_raw(b"")?;
    empty_bytes.head().make_immortal();
    let singletons = Singletons {
        none: plain(&t.none_type)?,
        true_: boolean(1)?,
        false_: boolean(0)?,
        ellipsis: plain(&t.ellipsis_type)?,
        not_implemented: plain(&t.not_implemented_type)?,
        empty_str,
        latin1: latin1.into_boxed_slice(),
        empty_tuple,
        empty_bytes,
        one_byte: one_byte.into_boxed_slice(),
    };
    if vm.interp().singletons.set(singletons).is_err() {
        return Err(no_memory());
    }
    vm.learn_known();
    for ty in &made {
        vm.finish_raw_type(ty)?;
        let index = ty.layout().index();
        if !vm
            .interp()
            .classes
            .borrow()
            .get(index)
            .is_some_and(Option::is_some)
        {
            vm.set_class(index, ty.clone());
        }
    }
    for (ty, payload) in [
        (&*t.int, Int::layout()),
        (&t.object, Plain::layout()),
        (&*t.method_descriptor, crate::descr::MethodDescr::layout()),
    ] {
        vm.set_class(payload.index(), ty.clone());
    }
    let names = Names::new(vm)?;
    if vm.interp().names.set(names).is_err() {
        return Err(no_memory());
    }
    for ty in &made {
        ty.name.set(vm.intern_str(&ty.name.get()));
        ty.qualname.set(ty.name.get());
    }
    let exc = ExcTypes::new(vm)?;
    for ty in exc.all() {
        ty.name.set(vm.intern_str(&ty.name.get()));
        ty.qualname.set(ty.name.get());
        vm.finish_raw_type(&ty)?;
    }
    vm.complete_exception_group(&exc)?;
    vm.set_class(BaseException::layout().index(), exc.BaseException.clone());
    let spare = vm.new_object(
        &exc.MemoryError,
        BaseException::new(vm.interp().singletons().empty_tuple.clone()),
    )?;
    if vm.interp().exc.set(exc).is_err() {
        return Err(no_memory());
    }
    vm.interp().spare_memory_error.set(Some(spare.into_value()));
    Ok(())
}
