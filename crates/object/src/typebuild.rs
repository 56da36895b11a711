//! Making type objects: the bare types of the start, native types from their declarations, and the layout of instances.
//! Class statements (`type.__new__`) and the table of dunder methods build on this in `taipan-builtins`.

use std::cell::{Cell, RefCell};

use crate::cell::PyCell;
use crate::class::{AT_END, InstanceLayout, Slots, TypeObject, TypeRef, tpflags};
use crate::containers::dict::Dict;
use crate::descr::{GetSetDescr, MemberDescr, MethodDescr};
use crate::native::{GetSetDef, NativeKind, TypeSpec};
use crate::reference::{Layout, Object, Payload, Ref};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

impl TypeObject {
    /// A type's payload with nothing set that is not given.
    pub fn blank(
        name: Ref<crate::containers::string::Str>,
        layout: &'static Layout,
        flags: u64,
        spec: Option<&'static TypeSpec>,
    ) -> TypeObject {
        TypeObject {
            name: PyCell::new(name.clone()),
            qualname: PyCell::new(name),
            spec: Cell::new(spec),
            layout: Cell::new(layout),
            flags: Cell::new(flags),
            version: Cell::new(0),
            root_shape: Cell::new(0),
            old_roots: RefCell::new(Vec::new()),
            slots: Slots::empty(),
            base: PyCell::new(None),
            bases: PyCell::new(None),
            mro: PyCell::new(None),
            dict: PyCell::new(None),
            instance: RefCell::new(InstanceLayout::default()),
            instance_size: Cell::new(layout.size as u32),
            dict_offset: Cell::new(0),
            inline_offset: Cell::new(0),
            inline_cap: Cell::new(0),
            end_words: Cell::new(0),
            has_members: Cell::new(false),
            end: Cell::new(crate::class::End::Unknown),
            subclasses: RefCell::new(Vec::new()),
        }
    }
}

/// Called when a type's payload is dropped: bases and shapes forget it.
pub(crate) fn type_dies(ty: &TypeObject) {
    let this: *const TypeObject = ty;
    let unlink = |base: &TypeObject| {
        // SAFETY: entries are live types; only the address is taken.
        base.subclasses
            .borrow_mut()
            .retain(|s| unsafe { &raw const (**s).payload } != this);
    };
    if let Some(bases) = ty.bases.get() {
        for b in bases.as_slice() {
            if let Some(b) = b.downcast_ref::<TypeObject>() {
                unlink(b);
            }
        }
    } else if let Some(b) = ty.base.get() {
        unlink(&b);
    }
    Vm::with_current(|vm| {
        for root in ty.old_roots.borrow_mut().drain(..) {
            vm.interp().shapes.release(root);
        }
    });
}

/// `__dict__` of instances of native types that have one.
static INSTANCE_DICT: GetSetDef = GetSetDef {
    name: "__dict__",
    member: false,
    doc: None,
    get: Some(|vm, v| match vm.instance_dict(v)? {
        Some(d) => Ok(d.into_value()),
        None => Err(vm.type_error("this object has no __dict__")),
    }),
    set: Some(|vm, v, value| {
        let Some(value) = value else {
            return Err(vm.type_error("cannot delete __dict__"));
        };
        let Some(d) = value.downcast_ref::<Dict>() else {
            return Err(vm.type_error(&format!(
                "__dict__ must be set to a dictionary, not a '{}'",
                vm.type_name(value)
            )));
        };
        vm.set_instance_dict(v, Some(d.clone())).map(drop)
    }),
};

impl Vm {
    /// A bare type of the start: name, layout, base. Its dict, MRO and slots follow in [`Vm::finish_raw_type`].
    pub(crate) fn raw_type(
        &self,
        name: &str,
        layout: &'static Layout,
        base: &TypeRef,
        flags: u64,
    ) -> PyResult<TypeRef> {
        let meta = base.head().ty();
        let str_type = self.interp().types.get().map_or(meta, |t| t.str.object());
        let name = self.bootstrap_str(str_type, taipan_text::Form::Ascii, name.as_bytes())?;
        let gc = if layout.traverse.is_some() {
            tpflags::HAVE_GC
        } else {
            0
        };
        let inherited =
            base.flags.get() & (tpflags::SUBCLASS_BITS | tpflags::HAVE_GC | tpflags::ANY_KEYWORDS);
        let payload = TypeObject::blank(
            name,
            layout,
            flags | gc | inherited | tpflags::IMMUTABLETYPE | tpflags::READY,
            None,
        );
        let ty = self
            .heap()
            .new_object(meta, size_of::<Object<TypeObject>>(), payload)
            .ok_or_else(|| self.no_memory())?;
        ty.base.set(Some(base.clone()));
        ty.head().make_immortal();
        Ok(ty)
    }

    /// Gives a native type whose instances have a `__dict__` the word for it, behind the payload.
    pub fn give_dict_word(&self, ty: &TypeRef) {
        let size = if ty.layout().var_size.is_some() {
            0
        } else {
            ty.layout().size.next_multiple_of(8)
        };
        ty.set_flag(tpflags::MANAGED_DICT | tpflags::HAVE_GC);
        if size == 0 {
            ty.set_instance_layout(InstanceLayout {
                size: ty.layout().size as u32,
                dict_offset: AT_END as u32,
                end_words: 1,
                ..InstanceLayout::default()
            });
            return;
        }
        ty.set_instance_layout(InstanceLayout {
            size: size as u32 + 8,
            dict_offset: size as u32,
            inline_offset: size as u32 + 8,
            inline_cap: 0,
            ..InstanceLayout::default()
        });
    }

    /// Gives a bare type its dict, bases and MRO.
    pub(crate) fn finish_raw_type(&self, ty: &TypeRef) -> PyResult<()> {
        if ty.dict.get().is_none() {
            ty.dict.set(Some(self.new_dict()?));
        }
        let mut mro = vec![ty.as_value().clone()];
        let mut at = ty.base.get();
        let mut bases = Vec::new();
        if let Some(b) = &at {
            bases.push(b.as_value().clone());
            b.subclasses.borrow_mut().push(ty.as_ptr());
        }
        while let Some(b) = at {
            mro.push(b.as_value().clone());
            at = b.base.get();
        }
        ty.mro.set(Some(self.new_tuple(mro)?));
        ty.bases.set(Some(self.new_tuple(bases)?));
        Ok(())
    }

    /// Fills a type from its declaration: slots, methods, computed attributes, doc. Slots of the base are inherited
    /// afterwards, and dunder methods for the slots set here are added by `taipan-builtins` (`fill` in the hooks).
    pub fn populate_type(&self, ty: &TypeRef, spec: &'static TypeSpec) -> PyResult<()> {
        let Some(dict) = ty.dict.get() else {
            return Ok(());
        };
        let n = self.names();
        ty.spec.set(Some(spec));
        ty.set_flag(spec.flags);
        if spec.has_weakref {
            ty.set_flag(tpflags::MANAGED_WEAKREF);
        }
        for part in spec.parts {
            for slot in part.slots {
                slot.install(&ty.slots);
            }
        }
        self.add_slot_wrappers(ty)?;
        for part in spec.parts {
            for def in part.methods {
                let name = self.intern(def.name)?;
                let v = match def.kind {
                    NativeKind::Method | NativeKind::Function => self
                        .new_object(
                            &self.types().method_descriptor,
                            MethodDescr {
                                def,
                                owner: ty.clone(),
                            },
                        )?
                        .into_value(),
                    NativeKind::ClassMethod => self
                        .new_object(
                            &self.types().classmethod_descriptor,
                            MethodDescr {
                                def,
                                owner: ty.clone(),
                            },
                        )?
                        .into_value(),
                    NativeKind::StaticMethod => {
                        // CPython shows the class as the function's `__self__`.
                        let cls = Some(ty.as_value().clone());
                        let f = self.new_native_function(def, cls, None, Some(ty.clone()))?;
                        self.new_static_method(f.into_value())?.into_value()
                    }
                };
                dict.set_str(self, &name, v)?;
            }
            for def in part.getset {
                let name = self.intern(def.name)?;
                let d = self.new_attribute_descr(def, ty)?;
                dict.set_str(self, &name, d)?;
            }
        }
        let doc: Value = match spec.doc {
            Some(d) => self.new_str(d)?.into_value(),
            None => self.none(),
        };
        if dict.get_str(self, &n.__doc__).is_none() {
            dict.set_str(self, &n.__doc__, doc)?;
        }
        // The word for `__dict__` must be there before the first instance is made.
        if spec.has_dict {
            if ty.dict_offset() == 0 {
                self.give_dict_word(ty);
            }
            if dict.get_str(self, &n.__dict__).is_none() {
                let owner = ty.clone();
                let descr = GetSetDescr {
                    def: &INSTANCE_DICT,
                    owner,
                };
                let d = self.new_object(&self.types().getset_descriptor, descr)?;
                dict.set_str(self, &n.__dict__, d.into_value())?;
            }
        }
        if spec.has_dict
            && dict.get_str(self, &n.__dict__).is_none()
            && !ty.is_subtype(self.types().module.object())
        {
            let d = self.new_object(
                &self.types().getset_descriptor,
                crate::descr::GetSetDescr {
                    def: &crate::instance::DICT_ATTRIBUTE,
                    owner: ty.clone(),
                },
            )?;
            dict.set_str(self, &n.__dict__, d.into_value())?;
        }
        if let Some(extra) = spec.extra {
            extra(self, ty)?;
        }
        // `__hash__` goes with `__eq__`: a type that compares and does not hash is unhashable.
        if ty.slots.tp_richcompare.get().is_some() && ty.slots.tp_hash.get().is_none() {
            dict.set_str(self, &n.__hash__, self.none())?;
            ty.slots
                .tp_hash
                .set(Some(crate::protocol::compare::hash_not_implemented));
        }
        self.inherit_from_base(ty);
        Ok(())
    }

    /// The descriptor of an attribute that a native type declares.
    pub fn new_attribute_descr(&self, def: &'static GetSetDef, owner: &TypeRef) -> PyResult {
        let owner = owner.clone();
        if def.member {
            let member = MemberDescr {
                name: self.intern(def.name)?,
                offset: 0,
                native: Some(def),
                owner,
            };
            return Ok(self
                .new_object(&self.types().member_descriptor, member)?
                .into_value());
        }
        Ok(self
            .new_object(&self.types().getset_descriptor, GetSetDescr { def, owner })?
            .into_value())
    }

    /// Takes slots that the type does not set, and the flags that subclasses share, from its base.
    pub fn inherit_from_base(&self, ty: &TypeRef) {
        if let Some(base) = ty.base.get() {
            // Plain objects that may be derived from are made as `object` makes them.
            let plain = std::ptr::eq(ty.layout(), <crate::types::Plain as Payload>::layout())
                && ty.has_flag(tpflags::BASETYPE);
            let makes_instances =
                plain || ty.slots.tp_new.get().is_some() || !base.is(&self.types().object);
            ty.slots.inherit(&base.slots);
            if !makes_instances {
                // A native type that derives from `object` alone makes instances only when it says how.
                ty.slots.clear(crate::class::SlotId::tp_new);
                ty.set_flag(tpflags::DISALLOW_INSTANTIATION);
            }
            let inherited = tpflags::SUBCLASS_BITS
                | tpflags::SEQUENCE
                | tpflags::MAPPING
                | tpflags::MATCH_SELF
                | tpflags::HAVE_GC
                | tpflags::ANY_KEYWORDS
                | tpflags::MANAGED_WEAKREF;
            ty.set_flag(base.flags.get() & inherited);
        }
        self.type_modified(ty);
    }

    /// The type of a declaration, made on first use in this interpreter and registered as its payload's class unless another is.
    pub fn make_type(&self, spec: &'static TypeSpec) -> PyResult<TypeRef> {
        let made = self.state::<MadeTypes>();
        let key = (&raw const *spec).addr();
        if let Some(t) = made.by_spec.borrow().get(&key) {
            return Ok(t.clone());
        }
        let layout = (spec.layout)();
        let base = match spec.base {
            Some(f) => f(self),
            None => self.types().object.clone(),
        };
        let name = self.intern(spec.name)?;
        let gc = if layout.traverse.is_some() {
            tpflags::HAVE_GC
        } else {
            0
        };
        let flags = spec.flags | gc | tpflags::IMMUTABLETYPE | tpflags::READY;
        let payload = TypeObject::blank(name, layout, flags, Some(spec));
        let ty = self
            .heap()
            .new_object(
                self.types().type_.object(),
                size_of::<Object<TypeObject>>(),
                payload,
            )
            .ok_or_else(|| self.no_memory())?;
        ty.base.set(Some(base.clone()));
        ty.head().make_immortal();
        if spec.has_dict || base.dict_offset() != 0 {
            self.give_dict_word(&ty);
        }
        self.finish_raw_type(&ty)?;
        made.by_spec.borrow_mut().insert(key, ty.clone());
        let index = layout.index();
        let taken = self
            .interp()
            .classes
            .borrow()
            .get(index)
            .is_some_and(Option::is_some);
        if !taken {
            self.set_class(index, ty.clone());
        }
        self.populate_type(&ty, spec)?;
        if spec.module != "builtins" {
            let dict = ty.dict.get();
            if let Some(d) = dict
                && d.get_str(self, &self.names().__module__).is_none()
            {
                d.set_str(
                    self,
                    &self.names().__module__,
                    self.new_str(spec.module)?.into_value(),
                )?;
            }
        }
        Ok(ty)
    }

    /// Adds dunder methods for the slots that the type sets (see `taipan-builtins`, `slotdefs`).
    pub fn add_slot_wrappers(&self, ty: &TypeRef) -> PyResult<()> {
        crate::slotdefs::add_slot_wrappers(self, ty)
    }
}

#[derive(Default)]
struct MadeTypes {
    by_spec: RefCell<rustc_hash::FxHashMap<usize, TypeRef>>,
}
