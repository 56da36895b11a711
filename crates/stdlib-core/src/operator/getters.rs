//! `itemgetter`, `attrgetter` and `methodcaller`.

use taipan_builtins::util;
use taipan_macros::pymethods;
use taipan_object::bind::check_no_keywords;
use taipan_object::{
    Args, List, Payload, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value, Visitor,
    Vm, payload, tpflags,
};
use taipan_text::TextBuf;

use crate::util::type_value;

/// The single argument of a getter's call.
#[inline]
fn operand<'a>(vm: &Vm, name: &str, args: Args<'a>) -> PyResult<&'a Value> {
    check_no_keywords(vm, name, &args)?;
    match args.values {
        [v] => Ok(v),
        given => Err(vm.type_error(&format!("{name} expected 1 argument, got {}", given.len()))),
    }
}

fn at_least_one<'a>(vm: &Vm, name: &str, args: Args<'a>) -> PyResult<&'a [Value]> {
    check_no_keywords(vm, name, &args)?;
    if args.values.is_empty() {
        return Err(vm.type_error(&format!("{name} expected 1 argument, got 0")));
    }
    Ok(args.values)
}

fn repr_call(
    vm: &Vm,
    this: &Value,
    values: &[Value],
    keywords: &[(Value, Value)],
) -> PyResult<Ref<Str>> {
    util::guarded_repr(vm, this, &format!("{}(...)", vm.type_name(this)), |out| {
        out.push_str(&vm.type_name(this));
        out.push_str("(");
        let mut first = true;
        let mut comma = |out: &mut TextBuf| {
            if !std::mem::take(&mut first) {
                out.push_str(", ");
            }
        };
        for v in values {
            comma(out);
            util::push_repr(vm, out, v)?;
        }
        for (k, v) in keywords {
            comma(out);
            out.push_text(vm.str(k)?.text());
            out.push_str("=");
            util::push_repr(vm, out, v)?;
        }
        out.push_str(")");
        Ok(())
    })
}

/// The payload of `itemgetter`.
pub struct ItemGetter {
    items: Box<[Value]>,
}

owns!(ItemGetter: lists(items));

/// `itemgetter`
pub static ITEM_GETTER: TypeSpec = TypeSpec {
    doc: Some(
        "Return a callable object that fetches the given item(s) from its operand.\nAfter f = itemgetter(2), the call f(r) returns r[2].\nAfter g = itemgetter(2, 5, 3), the call g(r) returns (r[2], r[5], r[3])",
    ),
    text_signature: Some("(item, /, *items)"),
    flags: tpflags::HAVE_VECTORCALL,
    parts: &[&ITEM_GETTER_METHODS],
    ..TypeSpec::new("itemgetter", "operator", <ItemGetter as Payload>::layout)
};

/// `v[item]`, at once when it is a tuple or list and a position.
#[inline]
fn item_of(vm: &Vm, v: &Value, item: &Value) -> PyResult {
    if let Some(i) = item.as_small_int()
        && let Ok(i) = usize::try_from(i)
    {
        let types = vm.types();
        let found = if let Some(t) = v.downcast_exact::<Tuple>(&types.tuple) {
            t.get(i)
        } else if let Some(l) = v.downcast_exact::<List>(&types.list) {
            l.items.get(i)
        } else {
            None
        };
        if let Some(found) = found {
            return Ok(found);
        }
    }
    vm.getitem(v, item)
}

#[pymethods(ITEM_GETTER_METHODS)]
impl ItemGetter {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<ItemGetter>> {
        let items = at_least_one(vm, "itemgetter", args)?.into();
        vm.new_object(cls, ItemGetter { items })
    }

    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let v = operand(vm, "itemgetter", args)?;
        match &this.items[..] {
            [item] => item_of(vm, v, item),
            [a, b] => {
                let pair = [item_of(vm, v, a)?, item_of(vm, v, b)?];
                Ok(vm.new_tuple_array(pair)?.into_value())
            }
            items => {
                let mut out = Vec::with_capacity(items.len());
                for item in items {
                    out.push(item_of(vm, v, item)?);
                }
                Ok(vm.new_tuple(out)?.into_value())
            }
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        repr_call(vm, this.as_value(), &this.items, &[])
    }

    /// Return state information for pickling
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let args = vm.new_tuple_from(&this.items)?.into_value();
        util::tuple(vm, [type_value(vm, this.as_value()), args])
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj, /)"
    }
}

/// The payload of `attrgetter`.
pub struct AttrGetter {
    /// The arguments.
    names: Box<[Value]>,
    /// The arguments split at their dots, interned.
    paths: Box<[Box<[Ref<Str>]>]>,
}

owns!(AttrGetter: lists(names));

/// `attrgetter`
pub static ATTR_GETTER: TypeSpec = TypeSpec {
    doc: Some(
        "Return a callable object that fetches the given attribute(s) from its operand.\nAfter f = attrgetter('name'), the call f(r) returns r.name.\nAfter g = attrgetter('name', 'date'), the call g(r) returns (r.name, r.date).\nAfter h = attrgetter('name.first', 'name.last'), the call h(r) returns\n(r.name.first, r.name.last).",
    ),
    text_signature: Some("(attr, /, *attrs)"),
    flags: tpflags::HAVE_VECTORCALL,
    parts: &[&ATTR_GETTER_METHODS],
    ..TypeSpec::new("attrgetter", "operator", <AttrGetter as Payload>::layout)
};

fn path_of(vm: &Vm, name: &Ref<Str>) -> PyResult<Box<[Ref<Str>]>> {
    let text = name.text();
    let chars: Vec<u32> = text.chars().collect();
    let mut path = Vec::new();
    for part in chars.split(|&c| c == u32::from(b'.')) {
        let part = vm.new_str_buf(&TextBuf::from_chars(part.iter().copied()))?;
        path.push(vm.intern_str(&part));
    }
    Ok(path.into_boxed_slice())
}

#[inline]
fn attr_of(vm: &Vm, v: &Value, path: &[Ref<Str>]) -> PyResult {
    match path {
        [name] => vm.getattr(v, name),
        path => {
            let mut v = v.clone();
            for name in path {
                v = vm.getattr(&v, name)?;
            }
            Ok(v)
        }
    }
}

#[pymethods(ATTR_GETTER_METHODS)]
impl AttrGetter {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<AttrGetter>> {
        let names = at_least_one(vm, "attrgetter", args)?;
        let mut paths = Vec::with_capacity(names.len());
        for name in names {
            let Some(name) = name.downcast_ref::<Str>() else {
                return Err(vm.type_error("attribute name must be a string"));
            };
            paths.push(path_of(vm, name)?);
        }
        let (names, paths) = (names.into(), paths.into_boxed_slice());
        vm.new_object(cls, AttrGetter { names, paths })
    }

    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let v = operand(vm, "attrgetter", args)?;
        if let [path] = &this.paths[..] {
            return attr_of(vm, v, path);
        }
        let mut out = Vec::with_capacity(this.paths.len());
        for path in &this.paths {
            out.push(attr_of(vm, v, path)?);
        }
        Ok(vm.new_tuple(out)?.into_value())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        repr_call(vm, this.as_value(), &this.names, &[])
    }

    /// Return state information for pickling
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let args = vm.new_tuple_from(&this.names)?.into_value();
        util::tuple(vm, [type_value(vm, this.as_value()), args])
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj, /)"
    }
}

/// The payload of `methodcaller`.
pub struct MethodCaller {
    name: Ref<Str>,
    /// Positional arguments, then values of keywords.
    values: Box<[Value]>,
    kwnames: Option<Ref<Tuple>>,
}

payload!(MethodCaller, gc);

impl Traverse for MethodCaller {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.name.as_value());
        self.values.iter().for_each(&mut *visit);
        if let Some(names) = &self.kwnames {
            visit(names.as_value());
        }
    }
}

/// `methodcaller`
pub static METHOD_CALLER: TypeSpec = TypeSpec {
    doc: Some(
        "Return a callable object that calls the given method on its operand.\nAfter f = methodcaller('name'), the call f(r) returns r.name().\nAfter g = methodcaller('name', 'date', foo=1), the call g(r) returns\nr.name('date', foo=1).",
    ),
    text_signature: Some("(name, /, *args, **kwargs)"),
    flags: tpflags::HAVE_VECTORCALL,
    parts: &[&METHOD_CALLER_METHODS],
    ..TypeSpec::new(
        "methodcaller",
        "operator",
        <MethodCaller as Payload>::layout,
    )
};

impl MethodCaller {
    fn args(&self) -> Args<'_> {
        Args {
            values: &self.values,
            kwnames: self.kwnames.as_ref(),
        }
    }
}

#[pymethods(METHOD_CALLER_METHODS)]
impl MethodCaller {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<MethodCaller>> {
        let Some(name) = args.pos().first() else {
            return Err(vm.type_error("methodcaller needs at least one argument, the method name"));
        };
        let Some(name) = name.downcast_ref::<Str>() else {
            return Err(vm.type_error("method name must be a string"));
        };
        vm.new_object(
            cls,
            MethodCaller {
                name: vm.intern_str(name),
                values: args.values.get(1..).unwrap_or_default().into(),
                kwnames: args.kwnames.cloned(),
            },
        )
    }

    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let v = operand(vm, "methodcaller", args)?;
        if this.kwnames.is_none() {
            return vm.call_method(v, &this.name, &this.values);
        }
        let method = vm.getattr(v, &this.name)?;
        vm.call(&method, this.args())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let args = this.args();
        let mut values = vec![this.name.as_value().clone()];
        values.extend_from_slice(args.pos());
        let keywords: Vec<(Value, Value)> = args
            .keywords()
            .map(|(k, v)| (k.into_value(), v.clone()))
            .collect();
        repr_call(vm, this.as_value(), &values, &keywords)
    }

    /// Return state information for pickling
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let ty = type_value(vm, this.as_value());
        let args = this.args();
        if args.kwnames.is_none() {
            let mut values = vec![this.name.as_value().clone()];
            values.extend_from_slice(args.pos());
            let values = vm.new_tuple(values)?.into_value();
            return util::tuple(vm, [ty, values]);
        }
        // The keywords go into a partial object that stands for the type.
        let partial = vm.getattr_str(&vm.import("functools")?, "partial")?;
        let mut values = vec![ty, this.name.as_value().clone()];
        values.extend(args.keywords().map(|(_, v)| v.clone()));
        let made = vm.call(
            &partial,
            Args {
                values: &values,
                kwnames: args.kwnames,
            },
        )?;
        let rest = vm.new_tuple_from(args.pos())?.into_value();
        util::tuple(vm, [made, rest])
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj, /)"
    }
}
