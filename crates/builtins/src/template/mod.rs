//! Template strings (PEP 750): `Template`, `Interpolation` and the iterator over a template's parts.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyCell, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};
use taipan_text::TextBuf;

use crate::{Family, util};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[&TEMPLATE, &INTERPOLATION, &TEMPLATE_ITER],
    init: None,
};

/// The payload of `string.templatelib.Template`.
pub struct Template {
    /// The literal parts, one more than there are interpolations.
    pub strings: Ref<Tuple>,
    /// The interpolations.
    pub interpolations: Ref<Tuple>,
}

payload!(Template, gc);

impl Traverse for Template {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.strings.as_value());
        visit(self.interpolations.as_value());
    }
}

/// The payload of `string.templatelib.Interpolation`.
pub struct Interpolation {
    /// The value.
    pub value: Value,
    /// The text of the expression.
    pub expression: Value,
    /// `'s'`, `'r'`, `'a'` or None.
    pub conversion: Value,
    /// The format specification.
    pub format_spec: Value,
}

payload!(Interpolation, gc);

impl Traverse for Interpolation {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.value);
        visit(&self.expression);
        visit(&self.conversion);
        visit(&self.format_spec);
    }
}

/// `string.templatelib.Template`
pub static TEMPLATE: TypeSpec = TypeSpec {
    doc: Some("Template object"),
    flags: tpflags::IMMUTABLETYPE,
    parts: &[&TEMPLATE_METHODS],
    ..TypeSpec::new(
        "Template",
        "string.templatelib",
        <Template as Payload>::layout,
    )
};

/// `string.templatelib.Interpolation`
pub static INTERPOLATION: TypeSpec = TypeSpec {
    doc: Some("Interpolation object"),
    flags: tpflags::IMMUTABLETYPE,
    parts: &[&INTERPOLATION_METHODS],
    extra: Some(|vm, ty| {
        let names = ["value", "expression", "conversion", "format_spec"];
        let names = names
            .iter()
            .map(|n| vm.intern(n).map(Ref::into_value))
            .collect::<PyResult<Vec<Value>>>()?;
        match ty.dict.get() {
            Some(d) => d.set_named(vm, "__match_args__", vm.new_tuple(names)?.into_value()),
            None => Ok(()),
        }
    }),
    ..TypeSpec::new(
        "Interpolation",
        "string.templatelib",
        <Interpolation as Payload>::layout,
    )
};

/// What `BUILD_TEMPLATE` makes: the tuples come from the compiler and fit each other.
pub fn new_template(vm: &Vm, strings: &Value, interpolations: &Value) -> PyResult {
    let (Some(strings), Some(interpolations)) = (
        strings.downcast_ref::<Tuple>(),
        interpolations.downcast_ref::<Tuple>(),
    ) else {
        return Err(vm.type_error("a template is made of two tuples"));
    };
    let template = Template {
        strings: strings.clone(),
        interpolations: interpolations.clone(),
    };
    Ok(vm.new(template)?.into_value())
}

/// What `BUILD_INTERPOLATION` makes. `conversion` is 0 for none, 1 for `str`, 2 for `repr`, 3 for `ascii`.
pub fn new_interpolation(
    vm: &Vm,
    value: &Value,
    expression: &Value,
    conversion: u32,
    format_spec: &Value,
) -> PyResult {
    let conversion = match conversion {
        0 => vm.none(),
        1 => vm.latin1_char(b's').into_value(),
        2 => vm.latin1_char(b'r').into_value(),
        3 => vm.latin1_char(b'a').into_value(),
        _ => return Err(vm.system_error("Interpolation() argument 'conversion' is unknown")),
    };
    let interpolation = Interpolation {
        value: value.clone(),
        expression: expression.clone(),
        conversion,
        format_spec: format_spec.clone(),
    };
    Ok(vm.new(interpolation)?.into_value())
}

fn concat(vm: &Vm, a: &Template, b: &Template) -> PyResult {
    let mut strings = a.strings.as_slice().to_vec();
    let mut rest = b.strings.as_slice().iter();
    let (last, first) = (strings.pop(), rest.next());
    if let (Some(last), Some(first)) = (
        last.as_ref().and_then(|v| v.downcast_ref::<Str>()),
        first.and_then(|v| v.downcast_ref::<Str>()),
    ) {
        strings.push(crate::str_::concat(vm, last, first)?.into_value());
    }
    strings.extend(rest.cloned());
    let mut interpolations = a.interpolations.as_slice().to_vec();
    interpolations.extend_from_slice(b.interpolations.as_slice());
    let template = Template {
        strings: vm.new_tuple(strings)?,
        interpolations: vm.new_tuple(interpolations)?,
    };
    Ok(vm.new(template)?.into_value())
}

/// `Template`'s and `Interpolation`'s names in messages are the full ones.
fn full_name(vm: &Vm, v: &Value) -> String {
    match v.downcast_ref::<Template>() {
        Some(_) => "string.templatelib.Template".to_owned(),
        None => match v.downcast_ref::<Interpolation>() {
            Some(_) => "string.templatelib.Interpolation".to_owned(),
            None => vm.type_name(v),
        },
    }
}

#[pymethods(TEMPLATE_METHODS)]
impl Template {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Template>> {
        if args.keyword_count() != 0 {
            return Err(vm.type_error("Template.__new__ only accepts *args arguments"));
        }
        let (mut strings, mut interpolations) = (Vec::new(), Vec::new());
        let mut last: Option<Ref<Str>> = None;
        for v in args.pos() {
            if let Some(s) = v.downcast_ref::<Str>() {
                last = Some(match last {
                    Some(l) => crate::str_::concat(vm, &l, s)?,
                    None => s.clone(),
                });
            } else if v.downcast_ref::<Interpolation>().is_some() {
                let before = match last.take() {
                    Some(s) => s,
                    None => vm.new_str("")?,
                };
                strings.push(before.into_value());
                interpolations.push(v.clone());
            } else {
                return Err(vm.type_error(&format!(
                    "Template.__new__ *args need to be of type 'str' or 'Interpolation', got {}",
                    full_name(vm, v)
                )));
            }
        }
        let after = match last {
            Some(s) => s,
            None => vm.new_str("")?,
        };
        strings.push(after.into_value());
        let template = Template {
            strings: vm.new_tuple(strings)?,
            interpolations: vm.new_tuple(interpolations)?,
        };
        vm.new_object(cls, template)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::from("Template(strings=");
        util::push_repr(vm, &mut out, this.strings.as_value())?;
        out.push_str(", interpolations=");
        util::push_repr(vm, &mut out, this.interpolations.as_value())?;
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<TemplateIter>> {
        vm.new(TemplateIter {
            template: PyCell::new(Some(this.clone())),
            index: Cell::new(0),
        })
    }

    #[pyslot]
    fn sq_concat(vm: &Vm, this: &Ref<Self>, other: &Value) -> PyResult {
        match other.downcast_ref::<Template>() {
            Some(other) => concat(vm, this, other),
            None => Err(vm.type_error(&format!(
                "can only concatenate string.templatelib.Template (not \"{}\") to string.templatelib.Template",
                full_name(vm, other)
            ))),
        }
    }

    /// Strings
    #[getter]
    fn strings(&self) -> Ref<Tuple> {
        self.strings.clone()
    }

    /// Interpolations
    #[getter]
    fn interpolations(&self) -> Ref<Tuple> {
        self.interpolations.clone()
    }

    /// Values of interpolations
    #[getter]
    fn values(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        let values = self.interpolations.as_slice().iter();
        let values = values.filter_map(|v| Some(v.downcast_ref::<Interpolation>()?.value.clone()));
        vm.new_tuple(values.collect())
    }

    /// Return state information for pickling.
    #[pymethod(params = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let module = vm.import("string.templatelib")?;
        let function = vm.getattr_str(&module, "_template_unpickle")?;
        let args = util::tuple(
            vm,
            [
                this.strings.as_value().clone(),
                this.interpolations.as_value().clone(),
            ],
        )?;
        util::tuple(vm, [function, args])
    }

    /// See PEP 585
    #[classmethod(params = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }
}

#[pymethods(INTERPOLATION_METHODS)]
impl Interpolation {
    #[pyslot(
        name = "Interpolation",
        params = "(value, expression='', conversion=None, format_spec='')"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        value: &Value,
        expression: Ref<Str>,
        conversion: Option<&Value>,
        format_spec: Ref<Str>,
    ) -> PyResult<Ref<Interpolation>> {
        let conversion = match conversion.filter(|v| !vm.is_none(v)) {
            None => vm.none(),
            Some(v) => match v.downcast_ref::<Str>() {
                None => {
                    return Err(util::type_error_for(
                        vm,
                        "Interpolation() argument 'conversion' must be str, not ",
                        v,
                        "",
                    ));
                }
                Some(s) if ["s", "r", "a"].iter().any(|c| s.eq_str(c)) => v.clone(),
                Some(_) => {
                    return Err(vm.value_error(
                        "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'",
                    ));
                }
            },
        };
        let interpolation = Interpolation {
            value: value.clone(),
            expression: expression.into_value(),
            conversion,
            format_spec: format_spec.into_value(),
        };
        vm.new_object(cls, interpolation)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::from("Interpolation(");
        let fields = [
            &this.value,
            &this.expression,
            &this.conversion,
            &this.format_spec,
        ];
        for (i, v) in fields.into_iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            util::push_repr(vm, &mut out, v)?;
        }
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    /// Value
    #[getter]
    fn value(&self) -> Value {
        self.value.clone()
    }

    /// Expression
    #[getter]
    fn expression(&self) -> Value {
        self.expression.clone()
    }

    /// Conversion
    #[getter]
    fn conversion(&self) -> Value {
        self.conversion.clone()
    }

    /// Format specification
    #[getter]
    fn format_spec(&self) -> Value {
        self.format_spec.clone()
    }

    /// Return state information for pickling.
    #[pymethod(params = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let class = vm.type_value(this.as_value()).into_value();
        let args = util::tuple(
            vm,
            [
                this.value.clone(),
                this.expression.clone(),
                this.conversion.clone(),
                this.format_spec.clone(),
            ],
        )?;
        util::tuple(vm, [class, args])
    }

    /// See PEP 585
    #[classmethod(params = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }
}

/// The payload of `string.templatelib.TemplateIter`.
pub struct TemplateIter {
    template: PyCell<Option<Ref<Template>>>,
    /// Even: the literal part number index / 2 comes next; odd: the interpolation after it.
    index: Cell<usize>,
}

payload!(TemplateIter, gc);

impl Traverse for TemplateIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.template.visit(visit);
    }
    fn clear(&self) {
        self.template.set(None);
    }
}

/// `string.templatelib.TemplateIter`
pub static TEMPLATE_ITER: TypeSpec = TypeSpec {
    doc: Some("Template iterator object"),
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    parts: &[&TEMPLATE_ITER_METHODS],
    ..TypeSpec::new(
        "TemplateIter",
        "string.templatelib",
        <TemplateIter as Payload>::layout,
    )
};

#[pymethods(TEMPLATE_ITER_METHODS)]
impl TemplateIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self) -> Option<Value> {
        let template = self.template.get()?;
        loop {
            let i = self.index.get();
            self.index.set(i + 1);
            if i % 2 == 1 {
                if let Some(v) = template.interpolations.get(i / 2) {
                    return Some(v);
                }
                continue;
            }
            let Some(v) = template.strings.get(i / 2) else {
                self.template.set(None);
                return None;
            };
            if v.downcast_ref::<Str>().is_none_or(|s| !s.is_empty()) {
                return Some(v);
            }
        }
    }
}
