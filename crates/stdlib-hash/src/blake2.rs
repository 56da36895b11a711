//! Module `_blake2`: the classes `blake2b` and `blake2s` over `blake2_core.rs`.

use std::cell::RefCell;

use taipan_macros::pymethods;
use taipan_object::{
    Module, ModuleSpec, Payload, PyResult, Ref, TypeObject, TypeRef, TypeSpec, Value, Vm, payload,
};

use crate::blake2_core::{Blake2b, Blake2s, Parameters};
use crate::{bytes_of, data_or_string, hex};

/// `_blake2`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_blake2",
    doc: Some("_blake2b provides BLAKE2b for hashlib\n"),
    functions: &[],
    types: &[&BLAKE2B, &BLAKE2S],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    for (prefix, max, salt) in [
        ("BLAKE2B", Blake2b::MAX, Blake2b::SALT),
        ("BLAKE2S", Blake2s::MAX, Blake2s::SALT),
    ] {
        for (name, n) in [
            ("MAX_DIGEST_SIZE", max),
            ("MAX_KEY_SIZE", max),
            ("PERSON_SIZE", salt),
            ("SALT_SIZE", salt),
        ] {
            dict.set_named(vm, &format!("{prefix}_{name}"), vm.new_usize(n)?)?;
        }
    }
    dict.set_named(vm, "_GIL_MINSIZE", Value::from_i32(2048))
}

#[derive(Clone)]
enum State {
    B(Box<Blake2b>),
    S(Box<Blake2s>),
}

/// The payload of both classes.
pub struct Blake2 {
    state: RefCell<State>,
}

payload!(Blake2, leaf);

static BLAKE2B: TypeSpec = TypeSpec {
    doc: Some("Return a new BLAKE2b hash object."),
    text_signature: Some(
        "(data=b'', *, digest_size=_blake2.blake2b.MAX_DIGEST_SIZE,\n        key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,\n        node_offset=0, node_depth=0, inner_size=0, last_node=False,\n        usedforsecurity=True, string=None)",
    ),
    parts: &[&BLAKE2_METHODS, &BLAKE2B_NEW],
    extra: Some(|vm, ty| sizes(vm, ty, Blake2b::MAX, Blake2b::SALT)),
    ..TypeSpec::new("blake2b", "_blake2", <Blake2 as Payload>::layout)
};

static BLAKE2S: TypeSpec = TypeSpec {
    doc: Some("Return a new BLAKE2s hash object."),
    text_signature: Some(
        "(data=b'', *, digest_size=_blake2.blake2s.MAX_DIGEST_SIZE,\n        key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,\n        node_offset=0, node_depth=0, inner_size=0, last_node=False,\n        usedforsecurity=True, string=None)",
    ),
    parts: &[&BLAKE2_METHODS, &BLAKE2S_NEW],
    extra: Some(|vm, ty| sizes(vm, ty, Blake2s::MAX, Blake2s::SALT)),
    ..TypeSpec::new("blake2s", "_blake2", <Blake2 as Payload>::layout)
};

fn sizes(vm: &Vm, ty: &TypeRef, max: usize, salt: usize) -> PyResult<()> {
    let Some(dict) = ty.dict.get() else {
        return Ok(());
    };
    dict.set_named(vm, "SALT_SIZE", vm.new_usize(salt)?)?;
    dict.set_named(vm, "PERSON_SIZE", vm.new_usize(salt)?)?;
    dict.set_named(vm, "MAX_KEY_SIZE", vm.new_usize(max)?)?;
    dict.set_named(vm, "MAX_DIGEST_SIZE", vm.new_usize(max)?)
}

/// The constructor's arguments as they come.
struct Given<'a> {
    digest_size: i32,
    key: Option<&'a Value>,
    salt: Option<&'a Value>,
    person: Option<&'a Value>,
    fanout: i32,
    depth: i32,
    leaf_size: u64,
    node_offset: u64,
    node_depth: i32,
    inner_size: i32,
    last_node: bool,
}

impl Given<'_> {
    fn check(self, vm: &Vm, small: bool, max: usize, salt: usize) -> PyResult<Parameters> {
        let name = if small { "Blake2s" } else { "Blake2b" };
        let within = |n: i32, range: std::ops::RangeInclusive<i32>, message: String| {
            if range.contains(&n) {
                Ok(n as u8)
            } else {
                Err(vm.value_error(&message))
            }
        };
        let digest_size = within(
            self.digest_size,
            1..=max as i32,
            format!(
                "digest_size for {name} must be between 1 and {max} bytes, here it is {}",
                self.digest_size
            ),
        )?;
        let bytes = |v: Option<&Value>, what: &str, max: usize| -> PyResult<Vec<u8>> {
            let Some(v) = v else {
                return Ok(Vec::new());
            };
            let b = vm.bytes_like(v)?;
            if b.len() > max {
                return Err(vm.value_error(&format!("maximum {what} length is {max} bytes")));
            }
            Ok(b)
        };
        let salt_bytes = bytes(self.salt, "salt", salt)?;
        let person = bytes(self.person, "person", salt)?;
        let fanout = within(
            self.fanout,
            0..=255,
            "fanout must be between 0 and 255".into(),
        )?;
        let depth = within(
            self.depth,
            1..=255,
            "depth must be between 1 and 255".into(),
        )?;
        let leaf_size = u32::try_from(self.leaf_size)
            .map_err(|_| vm.overflow_error("leaf_size is too large"))?;
        if small && self.node_offset > 0xffff_ffff_ffff {
            return Err(vm.overflow_error("node_offset is too large"));
        }
        let node_depth = within(
            self.node_depth,
            0..=255,
            "node_depth must be between 0 and 255".into(),
        )?;
        let inner_size = within(
            self.inner_size,
            0..=max as i32,
            format!("inner_size must be between 0 and is {max}"),
        )?;
        let key = bytes(self.key, "key", max)?;
        Ok(Parameters {
            digest_size,
            key,
            salt: salt_bytes,
            person,
            fanout,
            depth,
            leaf_size,
            node_offset: self.node_offset,
            node_depth,
            inner_size,
            last_node: self.last_node,
        })
    }
}

macro_rules! constructor {
    ($table:ident, $holder:ident, $name:literal, $core:ident, $variant:ident, $small:literal, $size:literal) => {
        /// Holder of the constructor.
        struct $holder;

        #[pymethods($table)]
        impl $holder {
            #[pyslot(
                name = $name,
                params = "(data=<unrepresentable>, *, digest_size=<unrepresentable>, key=<unrepresentable>, salt=<unrepresentable>, person=<unrepresentable>, fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=<unrepresentable>)"
            )]
            fn tp_new(
                vm: &Vm,
                cls: &Ref<TypeObject>,
                data: Option<&Value>,
                digest_size: Option<i32>,
                key: Option<&Value>,
                salt: Option<&Value>,
                person: Option<&Value>,
                fanout: i32,
                depth: i32,
                leaf_size: u64,
                node_offset: u64,
                node_depth: i32,
                inner_size: i32,
                last_node: bool,
                usedforsecurity: bool,
                string: Option<&Value>,
            ) -> PyResult<Ref<Blake2>> {
                let _ = usedforsecurity;
                let data = data_or_string(vm, data, string)?;
                let given = Given {
                    digest_size: digest_size.unwrap_or($size),
                    key,
                    salt,
                    person,
                    fanout,
                    depth,
                    leaf_size,
                    node_offset,
                    node_depth,
                    inner_size,
                    last_node,
                };
                let parameters = given.check(vm, $small, $core::MAX, $core::SALT)?;
                let mut state = $core::new(&parameters);
                if let Some(data) = data {
                    state.update(&bytes_of(vm, data)?);
                }
                let state = RefCell::new(State::$variant(Box::new(state)));
                vm.new_object(cls, Blake2 { state })
            }
        }
    };
}

constructor!(BLAKE2B_NEW, NewBlake2b, "blake2b", Blake2b, B, false, 64);
constructor!(BLAKE2S_NEW, NewBlake2s, "blake2s", Blake2s, S, true, 32);

impl Blake2 {
    fn finish(&self) -> Vec<u8> {
        match &*self.state.borrow() {
            State::B(s) => s.digest(),
            State::S(s) => s.digest(),
        }
    }
}

#[pymethods(BLAKE2_METHODS)]
impl Blake2 {
    /// Return a copy of the hash object.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Blake2>> {
        let state = RefCell::new(this.state.borrow().clone());
        vm.new_object(&vm.type_of(this.as_value()).to_ref(), Blake2 { state })
    }

    /// Update this hash object's state with the provided bytes-like object.
    #[pymethod(sig = "($self, data, /)")]
    fn update(&self, vm: &Vm, data: &Value) -> PyResult<()> {
        let data = bytes_of(vm, data)?;
        match &mut *self.state.borrow_mut() {
            State::B(s) => s.update(&data),
            State::S(s) => s.update(&data),
        }
        Ok(())
    }

    /// Return the digest value as a bytes object.
    #[pymethod(sig = "($self, /)")]
    fn digest(&self, vm: &Vm) -> PyResult {
        Ok(vm.new_bytes(&self.finish())?.into_value())
    }

    /// Return the digest value as a string of hexadecimal digits.
    #[pymethod(sig = "($self, /)")]
    fn hexdigest(&self) -> String {
        hex(&self.finish())
    }

    #[getter]
    fn name(&self) -> &'static str {
        match &*self.state.borrow() {
            State::B(_) => "blake2b",
            State::S(_) => "blake2s",
        }
    }

    #[getter]
    fn block_size(&self) -> usize {
        match &*self.state.borrow() {
            State::B(_) => Blake2b::BLOCK,
            State::S(_) => Blake2s::BLOCK,
        }
    }

    #[getter]
    fn digest_size(&self) -> usize {
        match &*self.state.borrow() {
            State::B(s) => s.digest_size(),
            State::S(s) => s.digest_size(),
        }
    }
}
