//! Struct sequences: tuples whose items have names too, some of them beyond the tuple's visible part, as `os.stat_result`.
//! Native modules declare one statically and make its class when the module is made:
//!
//! ```ignore
//! pub static POINT: StructSeq = StructSeq {
//!     spec: StructSeq::spec("point", "geometry", Some("A point.")),
//!     fields: &[field::<0>("x", Some("right")), field::<1>("y", None), field::<2>("weight", None)],
//!     visible: 2, // n_sequence_fields: `weight` is an attribute alone
//!     total: 3,   // n_fields, unnamed ones included
//! };
//! // in the module's exec:
//! POINT.add_to(vm, module)?;
//! // an instance, with `total` values:
//! POINT.build(vm, vec![x, y, weight])?
//! ```
//! Positions without a `field` are unnamed.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use taipan_macros::pymethods;
use taipan_object::{
    Args, ClassPart, Dict, GetSetDef, Module, Payload, PyResult, Ref, Str, Tuple, TypeObject,
    TypeRef, TypeSpec, Value, Vm, tpflags,
};

use crate::util;

/// A struct sequence type, as declared.
pub struct StructSeq {
    /// The type; see [`StructSeq::spec`].
    pub spec: TypeSpec,
    /// The named fields in order.
    pub fields: &'static [Field],
    /// How many positions the tuple shows.
    pub visible: usize,
    /// How many positions there are in all.
    pub total: usize,
}

/// A named field.
pub struct Field {
    index: usize,
    def: GetSetDef,
}

/// Declares the field at position `I`.
pub const fn field<const I: usize>(name: &'static str, doc: Option<&'static str>) -> Field {
    Field {
        index: I,
        def: GetSetDef {
            name,
            doc,
            get: Some(get_field::<I>),
            set: None,
            member: true,
        },
    }
}

fn get_field<const I: usize>(vm: &Vm, this: &Value) -> PyResult {
    let item = this.downcast_ref::<Tuple>().and_then(|t| item(t, I));
    item.ok_or_else(|| vm.type_error("the object has no such field"))
}

fn item(t: &Tuple, i: usize) -> Option<Value> {
    match i.checked_sub(t.len()) {
        None => t.get(i),
        Some(i) => t.hidden().get(i).cloned(),
    }
}

/// The declarations of the struct sequence types that an interpreter has made, by the type's address.
#[derive(Default)]
struct Made {
    by_type: RefCell<FxHashMap<usize, &'static StructSeq>>,
}

fn address(ty: &TypeRef) -> usize {
    ty.as_ptr().addr()
}

/// The declaration of the type of `v`.
fn declaration(vm: &Vm, ty: &TypeRef) -> PyResult<&'static StructSeq> {
    let made = vm.state::<Made>();
    let found = made.by_type.borrow().get(&address(ty)).copied();
    found.ok_or_else(|| vm.type_error("not the class of a struct sequence"))
}

impl StructSeq {
    /// The description of a type, for the field `spec`.
    pub const fn spec(
        name: &'static str,
        module: &'static str,
        doc: Option<&'static str>,
    ) -> TypeSpec {
        TypeSpec {
            doc,
            base: Some(|vm| (*vm.types().tuple).clone()),
            parts: PARTS,
            ..TypeSpec::new(name, module, <Tuple as Payload>::layout)
        }
    }

    /// The description of a type that only native code makes instances of.
    pub const fn closed_spec(
        name: &'static str,
        module: &'static str,
        doc: Option<&'static str>,
    ) -> TypeSpec {
        TypeSpec {
            flags: tpflags::DISALLOW_INSTANTIATION,
            ..StructSeq::spec(name, module, doc)
        }
    }

    /// The interpreter's class, made on first use.
    pub fn class(&'static self, vm: &Vm) -> PyResult<TypeRef> {
        let ty = vm.make_type(&self.spec)?;
        ty.unset_flag(tpflags::IMMUTABLETYPE);
        let made = vm.state::<Made>();
        if made
            .by_type
            .borrow_mut()
            .insert(address(&ty), self)
            .is_some()
        {
            return Ok(ty);
        }
        let Some(dict) = ty.dict.get() else {
            return Ok(ty);
        };
        for f in self.fields {
            let d = vm.new_attribute_descr(&f.def, &ty)?;
            dict.set_named(vm, f.def.name, d)?;
        }
        let n = |n: usize| vm.new_usize(n);
        dict.set_named(vm, "n_sequence_fields", n(self.visible)?)?;
        dict.set_named(vm, "n_fields", n(self.total)?)?;
        dict.set_named(vm, "n_unnamed_fields", n(self.unnamed())?)?;
        let names = self
            .fields
            .iter()
            .filter(|f| f.index < self.visible)
            .map(|f| vm.intern(f.def.name).map(Ref::into_value))
            .collect::<PyResult<Vec<Value>>>()?;
        let names = vm.new_tuple(names)?.into_value();
        dict.set_named(vm, "__match_args__", names)?;
        vm.type_modified(&ty);
        Ok(ty)
    }

    /// Makes the class and puts it into a module under its name.
    pub fn add_to(&'static self, vm: &Vm, module: &Module) -> PyResult<()> {
        let ty = self.class(vm)?;
        match module.dict.get() {
            Some(d) => d.set_named(vm, self.spec.name, ty.into_value()),
            None => Ok(()),
        }
    }

    /// An instance with these values, one for each position. Missing ones are None.
    pub fn build(&'static self, vm: &Vm, values: Vec<Value>) -> PyResult<Ref<Tuple>> {
        let ty = self.class(vm)?;
        self.build_of(vm, &ty, values)
    }

    /// Whether a value is an instance of the class.
    pub fn is_instance(&'static self, vm: &Vm, v: &Value) -> bool {
        self.class(vm)
            .is_ok_and(|ty| vm.type_of(v).payload.is_subtype(ty.object()))
    }

    fn build_of(&self, vm: &Vm, ty: &TypeRef, mut values: Vec<Value>) -> PyResult<Ref<Tuple>> {
        values.resize_with(self.total, || vm.none());
        vm.new_tuple_with_hidden(ty.object(), values, self.visible)
    }

    fn unnamed(&self) -> usize {
        self.total.saturating_sub(self.fields.len())
    }

    fn full_name(&self) -> String {
        format!("{}.{}", self.spec.module, self.spec.name)
    }
}

fn own_declaration(vm: &Vm, this: &Ref<Tuple>) -> PyResult<&'static StructSeq> {
    declaration(vm, &vm.type_of(this.as_value()).to_ref())
}

/// What all struct sequences have; a class with a constructor of its own puts its part behind it.
pub const PARTS: &[&ClassPart] = &[&STRUCTSEQ_METHODS];

/// Holder of the methods that all struct sequences have.
pub struct StructSeqMethods;

#[pymethods(STRUCTSEQ_METHODS)]
impl StructSeqMethods {
    #[pyslot(name = "structseq", params = "(sequence, dict={})")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        sequence: &Value,
        dict: Option<&Value>,
    ) -> PyResult<Ref<Tuple>> {
        let seq = declaration(vm, cls)?;
        let name = seq.full_name();
        let mut values = util::collect_or(vm, sequence, "constructor requires a sequence")?;
        let dict = match dict {
            None => None,
            Some(d) => match d.downcast_ref::<Dict>() {
                Some(d) => Some(d),
                None => {
                    return Err(
                        vm.type_error(&format!("{name}() takes a dict as second arg, if any"))
                    );
                }
            },
        };
        let (n, min, max) = (values.len(), seq.visible, seq.total);
        let wrong = |what: &str, want: usize| {
            vm.type_error(&format!(
                "{name}() takes {what} {want}-sequence ({n}-sequence given)"
            ))
        };
        if n < min || n > max {
            return Err(match (min == max, n < min) {
                (true, _) => wrong("a", min),
                (_, true) => wrong("an at least", min),
                (_, false) => wrong("an at most", max),
            });
        }
        if let Some(d) = dict {
            let mut found = 0;
            for at in n..max {
                let named = seq.fields.iter().find(|f| f.index == at);
                let v = match named {
                    Some(f) => d.get_str(vm, &vm.intern(f.def.name)?),
                    None => None,
                };
                found += usize::from(v.is_some());
                values.push(v.unwrap_or_else(|| vm.none()));
            }
            if found < d.len() {
                return Err(vm.type_error(&format!(
                    "{name}() got duplicate or unexpected field name(s)"
                )));
            }
        }
        seq.build_of(vm, cls, values)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Tuple>) -> PyResult<Ref<Str>> {
        let seq = own_declaration(vm, this)?;
        let mut out = taipan_text::TextBuf::default();
        out.push_str(&seq.full_name());
        out.push_str("(");
        // Names are shown in order, even where an unnamed position shifts them.
        for (i, (f, v)) in seq.fields.iter().zip(this.as_slice()).enumerate() {
            if i != 0 {
                out.push_str(", ");
            }
            out.push_str(f.def.name);
            out.push_str("=");
            util::push_repr(vm, &mut out, v)?;
        }
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Tuple>) -> PyResult {
        let seq = own_declaration(vm, this)?;
        let ty = vm.type_of(this.as_value()).to_ref().into_value();
        let visible = vm.new_tuple_from(this.as_slice())?.into_value();
        let dict = vm.new_dict()?;
        for f in seq.fields.iter().filter(|f| f.index >= seq.visible) {
            if let Some(v) = item(this, f.index) {
                dict.set_named(vm, f.def.name, v)?;
            }
        }
        let args = util::tuple(vm, [visible, dict.into_value()])?;
        util::tuple(vm, [ty, args])
    }

    /// Return a copy of the structure with new values for the specified fields.
    #[pymethod]
    fn __replace__(vm: &Vm, this: &Ref<Tuple>, args: Args<'_>) -> PyResult<Ref<Tuple>> {
        let seq = own_declaration(vm, this)?;
        if !args.pos().is_empty() {
            return Err(vm.type_error("__replace__() takes no positional arguments"));
        }
        if seq.unnamed() != 0 {
            return Err(vm.type_error(&format!(
                "__replace__() is not supported for {} because it has unnamed field(s)",
                seq.full_name()
            )));
        }
        let mut values: Vec<Value> = this.as_slice().to_vec();
        values.extend_from_slice(this.hidden());
        let mut unknown = Vec::new();
        for (k, v) in args.keywords() {
            let place = seq
                .fields
                .iter()
                .find(|f| k.eq_str(f.def.name))
                .and_then(|f| values.get_mut(f.index));
            match place {
                Some(p) => *p = v.clone(),
                None => unknown.push(k.into_value()),
            }
        }
        if !unknown.is_empty() {
            let names = vm.new_list(unknown)?;
            let names = vm.repr_string(names.as_value())?;
            return Err(vm.type_error(&format!("Got unexpected field name(s): {names}")));
        }
        let ty = vm.type_of(this.as_value()).to_ref();
        seq.build_of(vm, &ty, values)
    }
}
