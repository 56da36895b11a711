//! Writing objects by name or by what `__reduce__` gives.

use taipan_builtins::codecs;
use taipan_object::{Args, Dict, PyResult, Ref, Str, Tuple, TypeObject, Value, Vm};

use super::names;
use super::opcode;
use super::save::Save;
use super::{pickling_error, with_context};
use crate::util::{type_name, with_note};

impl Save<'_> {
    /// An object without a way of its own: by a dispatch table, as a class, or by its `__reduce_ex__`.
    pub(super) fn other(&mut self, obj: &Value) -> PyResult<()> {
        let vm = self.vm;
        let class = vm.type_of(obj).to_ref();
        let reducer = match self.dispatch_table.clone() {
            None => self.globals.dispatch_table.get(vm, class.as_value())?,
            Some(table) => match vm.getitem(&table, class.as_value()) {
                Ok(f) => Some(f),
                Err(r) => {
                    vm.catch(r, &vm.exc().KeyError)?;
                    None
                }
            },
        };
        let reduced = if let Some(f) = reducer {
            vm.call1(&f, obj)?
        } else if obj.downcast_ref::<TypeObject>().is_some() {
            return self.global(obj, None);
        } else if let Some(f) = vm.getattr_str_opt(obj, "__reduce_ex__")? {
            vm.call1(&f, &Value::from_i32(self.options.proto.into()))?
        } else if let Some(f) = vm.getattr_str_opt(obj, "__reduce__")? {
            vm.call0(&f)?
        } else {
            let name = type_name(vm, obj);
            return Err(pickling_error(vm, &format!("Can't pickle {name} object")));
        };
        self.reduced(obj, &reduced)
    }

    /// What a reducer gave: a name, or a tuple.
    pub(super) fn reduced(&mut self, obj: &Value, reduced: &Value) -> PyResult<()> {
        let vm = self.vm;
        if let Some(name) = reduced.downcast_ref::<Str>() {
            return self.global(obj, Some(name));
        }
        let saved = match reduced.downcast_ref::<Tuple>() {
            Some(t) => self.reduce(obj, t),
            None => {
                let got = type_name(vm, reduced);
                Err(pickling_error(
                    vm,
                    &format!("__reduce__ must return a string or tuple, not {got}"),
                ))
            }
        };
        saved.map_err(|r| note(vm, r, obj, "object"))
    }

    fn noted(&mut self, v: &Value, obj: &Value, what: &str) -> PyResult<()> {
        let vm = self.vm;
        self.save(v, true).map_err(|r| note(vm, r, obj, what))
    }

    /// A tuple of a reducer.
    pub(super) fn reduce(&mut self, obj: &Value, reduced: &Ref<Tuple>) -> PyResult<()> {
        let vm = self.vm;
        let items = reduced.as_slice();
        let ([callable, args, rest @ ..], true) = (items, items.len() <= 6) else {
            return Err(pickling_error(
                vm,
                "tuple returned by __reduce__ must contain 2 through 6 elements",
            ));
        };
        let wrong = |which: &str, what: &str, v: &Value| {
            let got = type_name(vm, v);
            pickling_error(
                vm,
                &format!(
                    "{which} item of the tuple returned by __reduce__ must be {what}, not {got}"
                ),
            )
        };
        if !vm.is_callable(callable) {
            return Err(wrong("first", "callable", callable));
        }
        let Some(args) = args.downcast_ref::<Tuple>() else {
            return Err(wrong("second", "a tuple", args));
        };
        let optional = |i: usize| rest.get(i).filter(|v| !vm.is_none(v));
        let is_iterator = |v: &Value| vm.type_of(v).payload.slots.tp_iternext.get().is_some();
        let (state, list_items, dict_items, setter) =
            (optional(0), optional(1), optional(2), optional(3));
        if let Some(v) = list_items.filter(|v| !is_iterator(v)) {
            return Err(wrong("fourth", "an iterator", v));
        }
        if let Some(v) = dict_items.filter(|v| !is_iterator(v)) {
            return Err(wrong("fifth", "an iterator", v));
        }
        if let Some(v) = setter.filter(|v| !vm.is_callable(v)) {
            return Err(wrong("sixth", "callable", v));
        }
        self.construction(obj, callable, args)?;
        if let Some(index) = self.known(obj) {
            // A recursive object: what was just made is not needed.
            self.op(opcode::POP);
            self.get(index);
            return Ok(());
        }
        self.put(obj);
        if let Some(iter) = list_items {
            self.appends(obj, iter)?;
        }
        if let Some(iter) = dict_items {
            self.setitems(obj, iter)?;
        }
        let Some(state) = state else {
            return Ok(());
        };
        match setter {
            None => {
                self.noted(state, obj, "state")?;
                self.op(opcode::BUILD);
            }
            Some(setter) => {
                self.noted(setter, obj, "state setter")?;
                self.save(obj, true)?;
                self.noted(state, obj, "state")?;
                self.bytes(&[opcode::TUPLE2, opcode::REDUCE, opcode::POP]);
            }
        }
        Ok(())
    }

    /// The call that makes the object: of `copyreg.__newobj__` and `__newobj_ex__` only their arguments are written.
    fn construction(&mut self, obj: &Value, callable: &Value, args: &Ref<Tuple>) -> PyResult<()> {
        let vm = self.vm;
        if self.options.proto >= 2
            && let Some(name) = vm.getattr_str_opt(callable, "__name__")?
            && let Some(name) = name.downcast_ref::<Str>()
        {
            if name.eq_str("__newobj_ex__") {
                return self.new_object_ex(obj, args);
            }
            if name.eq_str("__newobj__") {
                return self.new_object(obj, args);
            }
        }
        self.noted(callable, obj, "reconstructor")?;
        self.noted(args.as_value(), obj, "reconstructor arguments")?;
        self.op(opcode::REDUCE);
        Ok(())
    }

    fn check_class(&self, function: &str, obj: &Value, cls: &Value) -> PyResult<()> {
        let vm = self.vm;
        if cls.downcast_ref::<TypeObject>().is_none() {
            let got = type_name(vm, cls);
            return Err(pickling_error(
                vm,
                &format!("first argument to {function}() must be a class, not {got}"),
            ));
        }
        let own = vm.getattr_str(obj, "__class__")?;
        if !own.is(cls) {
            let (own, got) = (vm.repr_string(&own)?, vm.repr_string(cls)?);
            return Err(pickling_error(
                vm,
                &format!("first argument to {function}() must be {own}, not {got}"),
            ));
        }
        Ok(())
    }

    fn new_object(&mut self, obj: &Value, args: &Ref<Tuple>) -> PyResult<()> {
        let vm = self.vm;
        let Some((cls, args)) = args.as_slice().split_first() else {
            return Err(pickling_error(
                vm,
                "__newobj__ expected at least 1 argument, got 0",
            ));
        };
        self.check_class("__newobj__", obj, cls)?;
        self.noted(cls, obj, "class")?;
        let args = vm.new_tuple_from(args)?.into_value();
        self.noted(&args, obj, "__new__ arguments")?;
        self.op(opcode::NEWOBJ);
        Ok(())
    }

    fn new_object_ex(&mut self, obj: &Value, args: &Ref<Tuple>) -> PyResult<()> {
        let vm = self.vm;
        let [cls, new_args, kwargs] = args.as_slice() else {
            return Err(pickling_error(
                vm,
                &format!("__newobj_ex__ expected 3 arguments, got {}", args.len()),
            ));
        };
        self.check_class("__newobj_ex__", obj, cls)?;
        let wrong = |which: &str, what: &str, v: &Value| {
            let got = type_name(vm, v);
            pickling_error(
                vm,
                &format!("{which} argument to __newobj_ex__() must be a {what}, not {got}"),
            )
        };
        let Some(positional) = new_args.downcast_ref::<Tuple>() else {
            return Err(wrong("second", "tuple", new_args));
        };
        let Some(keywords) = kwargs.downcast_ref::<Dict>() else {
            return Err(wrong("third", "dict", kwargs));
        };
        if self.options.proto >= 4 {
            self.noted(cls, obj, "class")?;
            self.noted(new_args, obj, "__new__ arguments")?;
            self.noted(kwargs, obj, "__new__ arguments")?;
            self.op(opcode::NEWOBJ_EX);
            return Ok(());
        }
        let mut values = vec![vm.getattr_str(cls, "__new__")?, cls.clone()];
        values.extend_from_slice(positional.as_slice());
        let mut names = Vec::new();
        for (name, value) in keywords.items() {
            names.push(name);
            values.push(value);
        }
        let names = vm.new_tuple(names)?;
        let args = Args {
            values: &values,
            kwnames: Some(&names),
        };
        let partial = vm.call(&self.globals.partial.clone(), args)?;
        self.noted(&partial, obj, "reconstructor")?;
        let empty = vm.interp().singletons().empty_tuple.clone().into_value();
        self.save(&empty, true)?;
        self.op(opcode::REDUCE);
        Ok(())
    }

    /// A class made by `type` itself: the types of the singletons have no name.
    pub(super) fn save_type(&mut self, obj: &Value) -> PyResult<()> {
        let vm = self.vm;
        for singleton in [vm.none(), vm.ellipsis(), vm.not_implemented()] {
            if std::ptr::eq(
                vm.type_of(&singleton) as *const _ as *const u8,
                obj.as_ptr_unchecked().cast(),
            ) {
                let args = vm.new_tuple_array([singleton])?.into_value();
                let class = vm.types().type_.as_value().clone();
                return self.reduce(obj, &vm.new_tuple_array([class, args])?);
            }
        }
        self.global(obj, None)
    }

    /// An object that is found by name again.
    pub(super) fn global(&mut self, obj: &Value, name: Option<&Ref<Str>>) -> PyResult<()> {
        let vm = self.vm;
        let global = names::global_of(vm, obj, name)?;
        let name = global.name.as_value().clone();
        if self.options.proto >= 2 {
            let key = vm.new_tuple_array([global.module.clone(), name.clone()])?;
            if let Some(code) = self
                .globals
                .extension_registry
                .clone()
                .get(vm, key.as_value())?
            {
                return self.extension(obj, &code);
            }
        }
        if self.options.proto >= 4 {
            self.save(&global.module, true)?;
            self.save(&name, true)?;
            self.op(opcode::STACK_GLOBAL);
        } else {
            let Some((first, rest)) = global.path.split_first() else {
                return Err(vm.system_error("a name has parts"));
            };
            let getattr = self.globals.getattr.clone();
            for _ in rest {
                self.save(&getattr, true)?;
                if self.options.proto < 2 {
                    self.op(opcode::MARK);
                }
            }
            self.top_level(&global.module, first)?;
            for part in rest {
                self.save(part.as_value(), true)?;
                self.op(if self.options.proto < 2 {
                    opcode::TUPLE
                } else {
                    opcode::TUPLE2
                });
                self.op(opcode::REDUCE);
            }
        }
        self.put(obj);
        Ok(())
    }

    fn extension(&mut self, obj: &Value, code: &Value) -> PyResult<()> {
        let vm = self.vm;
        let Some(n) = code.as_int().and_then(|i| i.to_i64()) else {
            let (obj, code) = (vm.repr_string(obj)?, vm.repr_string(code)?);
            return Err(pickling_error(
                vm,
                &format!("Can't pickle {obj}: extension code {code} isn't an integer"),
            ));
        };
        if !(1..=0x7fff_ffff).contains(&n) {
            return Err(vm.runtime_error(&format!("extension code {n} is out of range")));
        }
        let [a, b, c, d, ..] = n.to_le_bytes();
        match n {
            1..=0xff => self.bytes(&[opcode::EXT1, a]),
            0x100..=0xffff => self.bytes(&[opcode::EXT2, a, b]),
            _ => self.bytes(&[opcode::EXT4, a, b, c, d]),
        }
        Ok(())
    }

    /// A module's attribute by the opcode GLOBAL.
    fn top_level(&mut self, module: &Value, name: &Ref<Str>) -> PyResult<()> {
        let vm = self.vm;
        let Some(module) = module.downcast_ref::<Str>() else {
            return Err(pickling_error(vm, "__module__ must be a string"));
        };
        let (mut module, mut name) = (module.clone(), name.clone());
        if self.options.proto < 3 && self.options.fix_imports {
            let g = self.globals.clone();
            (module, name) = names::compatible(
                vm,
                &g.reverse_names,
                &g.reverse_imports,
                "REVERSE_",
                module,
                name,
            )?;
        }
        let ascii_only = self.options.proto < 3;
        let encoded = |s: &Ref<Str>, what: &str| -> PyResult<Vec<u8>> {
            let encoding = if ascii_only { "ascii" } else { "utf-8" };
            match codecs::encode_text(vm, s, Some(encoding), None) {
                Ok(bytes) => vm.bytes_like(&bytes),
                Err(r) => {
                    let cause = vm.catch(r, &vm.exc().UnicodeEncodeError)?;
                    let shown = vm.repr_string(s.as_value())?;
                    let message = format!(
                        "can't pickle {what} identifier {shown} using pickle protocol {}",
                        self.options.proto
                    );
                    Err(with_context(vm, pickling_error(vm, &message), &cause))
                }
            }
        };
        let (module, name) = (encoded(&module, "module")?, encoded(&name, "global")?);
        self.op(opcode::GLOBAL);
        self.bytes(&module);
        self.bytes(b"\n");
        self.bytes(&name);
        self.bytes(b"\n");
        Ok(())
    }
}

fn note(vm: &Vm, r: taipan_object::Raised, obj: &Value, what: &str) -> taipan_object::Raised {
    with_note(vm, r, || {
        Ok(format!("when serializing {} {what}", type_name(vm, obj)))
    })
}
