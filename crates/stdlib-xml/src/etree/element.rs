//! `Element`: its parts and most of its methods.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Bytes, Dict, List, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeObject, TypeSpec,
    Value, VecCell, Visitor, Vm, payload, tpflags,
};
use taipan_text::{Unit, with_text};

use super::{attributes, check_count, dict_argument, element_of, iter, state};

/// The payload of elements.
pub(super) struct Element {
    pub(super) tag: PyCell<Value>,
    pub(super) text: PyCell<Value>,
    pub(super) tail: PyCell<Value>,
    /// Made when it is asked for.
    pub(super) attrib: PyCell<Option<Ref<Dict>>>,
    pub(super) children: VecCell,
    /// Text is a list whose items are to be joined.
    pub(super) text_is_parts: Cell<bool>,
    pub(super) tail_is_parts: Cell<bool>,
    /// CPython would have memory for attributes and children.
    pub(super) has_extra: Cell<bool>,
}

payload!(Element, gc);

impl Traverse for Element {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.tag.visit(visit);
        self.text.visit(visit);
        self.tail.visit(visit);
        self.attrib.visit(visit);
        self.children.visit(visit);
    }
    fn clear(&self) {
        drop(self.children.take());
        self.attrib.set(None);
    }
}

/// `xml.etree.ElementTree.Element`
pub(super) static ELEMENT: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE | tpflags::IMMUTABLETYPE,
    has_weakref: true,
    parts: &[
        &ELEMENT_METHODS,
        &super::items::ITEM_METHODS,
        &super::copying::COPY_METHODS,
    ],
    ..TypeSpec::new(
        "Element",
        "xml.etree.ElementTree",
        <Element as Payload>::layout,
    )
};

impl Element {
    pub(super) fn new(vm: &Vm, tag: Value, attrib: Option<Ref<Dict>>) -> Element {
        let none = vm.none();
        Element {
            tag: PyCell::new(tag),
            text: PyCell::new(none.clone()),
            tail: PyCell::new(none),
            has_extra: Cell::new(attrib.is_some()),
            attrib: PyCell::new(attrib),
            children: VecCell::new(Vec::new()),
            text_is_parts: Cell::new(false),
            tail_is_parts: Cell::new(false),
        }
    }

    /// Notes that there are or were children or attributes.
    pub(super) fn changed(&self) {
        self.has_extra.set(true);
    }

    /// Appends a child, which must be an element.
    pub(super) fn append_child(&self, vm: &Vm, child: &Value) -> PyResult<()> {
        element_of(vm, child)?;
        if !self.children.push(child.clone()) {
            return Err(vm.no_memory());
        }
        self.changed();
        Ok(())
    }

    /// The text; parts are joined first.
    pub(super) fn whole_text(&self, vm: &Vm) -> PyResult {
        joined(vm, &self.text, &self.text_is_parts)
    }

    /// The tail; parts are joined first.
    pub(super) fn whole_tail(&self, vm: &Vm) -> PyResult {
        joined(vm, &self.tail, &self.tail_is_parts)
    }

    pub(super) fn set_text(&self, v: Value) {
        self.text_is_parts.set(false);
        self.text.set(v);
    }

    pub(super) fn set_tail(&self, v: Value) {
        self.tail_is_parts.set(false);
        self.tail.set(v);
    }

    /// The attributes, which are made if there are none.
    pub(super) fn attributes(&self, vm: &Vm) -> PyResult<Ref<Dict>> {
        if let Some(dict) = self.attrib.get() {
            return Ok(dict);
        }
        let dict = vm.new_dict()?;
        self.has_extra.set(true);
        self.attrib.set(Some(dict.clone()));
        Ok(dict)
    }

    /// The first child at or behind `from` whose tag is `tag`, and its place.
    fn child_with_tag(
        &self,
        vm: &Vm,
        tag: &Value,
        from: usize,
    ) -> PyResult<Option<(usize, Ref<Element>)>> {
        let mut at = from;
        while let Some(child) = self.children.get(at) {
            let child = element_of(vm, &child)?;
            if vm.eq(&child.tag.get(), tag)? {
                return Ok(Some((at, child.clone())));
            }
            at += 1;
        }
        Ok(None)
    }
}

fn joined(vm: &Vm, place: &PyCell<Value>, is_parts: &Cell<bool>) -> PyResult {
    let v = place.get();
    if !is_parts.get() {
        return Ok(v);
    }
    let Some(parts) = v.downcast_ref::<List>() else {
        return Ok(v);
    };
    let whole = join(vm, parts)?;
    is_parts.set(false);
    place.set(whole.clone());
    Ok(whole)
}

/// The items of a list, joined to a string.
pub(super) fn join(vm: &Vm, parts: &Ref<List>) -> PyResult {
    let empty = vm.new_str("")?;
    vm.call_method_str(empty.as_value(), "join", &[parts.as_value().clone()])
}

/// A new element; an empty dict of attributes is not kept.
pub(super) fn create(vm: &Vm, tag: Value, attrib: Option<Ref<Dict>>) -> PyResult<Ref<Element>> {
    let attrib = attrib.filter(|a| !a.is_empty());
    vm.new(Element::new(vm, tag, attrib))
}

/// Whether a tag may be a path.
fn is_path(tag: &Value) -> bool {
    fn check<T: Unit>(units: &[T]) -> bool {
        let c = |u: &T| u8::try_from(u.code()).unwrap_or(0);
        if let [a, b, third, ..] = units
            && c(a) == b'{'
            && (c(b) == b'}' || (c(b) == b'*' && c(third) == b'}'))
        {
            return true;
        }
        let mut outside = true;
        for unit in units {
            match c(unit) {
                b'{' => outside = false,
                b'}' => outside = true,
                b'/' | b'*' | b'[' | b'@' | b'.' if outside => return true,
                _ => {}
            }
        }
        false
    }
    if let Some(s) = tag.downcast_ref::<Str>() {
        return with_text!(s.text(), units => check(units));
    }
    if let Some(b) = tag.downcast_ref::<Bytes>() {
        return check(b.as_slice());
    }
    true
}

/// Calls a function of `xml.etree.ElementPath`.
fn by_path(vm: &Vm, function: &str, args: &[Value]) -> PyResult {
    let Some(module) = state(vm).element_path.get() else {
        return Err(vm.system_error("the module was not initialized"));
    };
    vm.call_method_str(&module, function, args)
}

#[pymethods(ELEMENT_METHODS)]
impl Element {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Element>> {
        let _ = args;
        vm.new_object(cls, Element::new(vm, vm.none(), None))
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        let positional = args.pos();
        check_count(vm, "Element", positional.len(), 1, 2)?;
        let Some(tag) = positional.first() else {
            return Err(vm.system_error("an argument"));
        };
        let given = dict_argument(vm, "Element", 2, positional.get(1))?;
        if let Some(all) = attributes(vm, &args, given)?
            && !all.is_empty()
        {
            drop(this.children.take());
            this.attrib.set(Some(all));
            this.has_extra.set(true);
        }
        this.tag.set(tag.clone());
        this.set_text(vm.none());
        this.set_tail(vm.none());
        Ok(())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        if !vm.repr_enter(this.as_value()) {
            return Err(vm.runtime_error(&format!(
                "reentrant call inside {}.__repr__",
                vm.type_name(this.as_value())
            )));
        }
        let tag = vm.repr_string(&this.tag.get());
        vm.repr_leave(this.as_value());
        Ok(format!("<Element {} at {:p}>", tag?, this.as_ptr()))
    }

    #[pyslot]
    fn nb_bool(vm: &Vm, this: &Ref<Self>) -> PyResult<bool> {
        vm.warn(
            &vm.exc().DeprecationWarning,
            "Testing an element's truth value will always return True in future versions.  Use specific 'len(elem)' or 'elem is not None' test instead.",
            1,
        )?;
        Ok(!this.children.is_empty())
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn clear(vm: &Vm, this: &Ref<Self>) {
        let children = this.children.take();
        let attrib = this.attrib.take();
        this.changed();
        this.has_extra.set(false);
        this.set_text(vm.none());
        this.set_tail(vm.none());
        drop((children, attrib));
    }

    #[pymethod(sig = "($self, /, key, default=None)", doc = "")]
    fn get(vm: &Vm, this: &Ref<Self>, key: &Value, default: Value) -> PyResult {
        match this.attrib.get() {
            Some(attrib) => Ok(attrib.get(vm, key)?.unwrap_or(default)),
            None => Ok(default),
        }
    }

    #[pymethod(sig = "($self, key, value, /)", doc = "")]
    fn set(vm: &Vm, this: &Ref<Self>, key: &Value, value: &Value) -> PyResult<()> {
        this.attributes(vm)?.set(vm, key, value.clone())?;
        this.changed();
        Ok(())
    }

    #[pymethod(sig = "($self, /, path, namespaces=None)", doc = "")]
    fn find(vm: &Vm, this: &Ref<Self>, path: &Value, namespaces: Value) -> PyResult {
        if is_path(path) || !vm.is_none(&namespaces) {
            let args = [this.as_value().clone(), path.clone(), namespaces];
            return by_path(vm, "find", &args);
        }
        Ok(match this.child_with_tag(vm, path, 0)? {
            Some((_, child)) => child.into_value(),
            None => vm.none(),
        })
    }

    #[pymethod(sig = "($self, /, path, default=None, namespaces=None)", doc = "")]
    fn findtext(
        vm: &Vm,
        this: &Ref<Self>,
        path: &Value,
        default: Value,
        namespaces: Value,
    ) -> PyResult {
        if is_path(path) || !vm.is_none(&namespaces) {
            let args = [this.as_value().clone(), path.clone(), default, namespaces];
            return by_path(vm, "findtext", &args);
        }
        let Some((_, child)) = this.child_with_tag(vm, path, 0)? else {
            return Ok(default);
        };
        let text = child.whole_text(vm)?;
        if vm.is_none(&text) {
            return Ok(vm.new_str("")?.into_value());
        }
        Ok(text)
    }

    #[pymethod(sig = "($self, /, path, namespaces=None)", doc = "")]
    fn findall(vm: &Vm, this: &Ref<Self>, path: &Value, namespaces: Value) -> PyResult {
        if is_path(path) || !vm.is_none(&namespaces) {
            let args = [this.as_value().clone(), path.clone(), namespaces];
            return by_path(vm, "findall", &args);
        }
        let mut found = Vec::new();
        let mut at = 0;
        while let Some((place, child)) = this.child_with_tag(vm, path, at)? {
            found.push(child.into_value());
            at = place + 1;
        }
        Ok(vm.new_list(found)?.into_value())
    }

    #[pymethod(sig = "($self, subelement, /)", doc = "")]
    fn append(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        let subelement = only_argument(vm, "append", &args)?;
        let subelement = element_argument(vm, "append", " 1", subelement)?;
        this.append_child(vm, subelement.as_value())
    }

    #[pymethod(sig = "($self, elements, /)", doc = "")]
    fn extend(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        let elements = only_argument(vm, "extend", &args)?;
        for element in items_of(vm, elements, "'elements' must be an iterable")? {
            this.append_child(vm, &element)?;
        }
        Ok(())
    }

    #[pymethod(sig = "($self, index, subelement, /)", doc = "")]
    fn insert(vm: &Vm, this: &Ref<Self>, index: isize, subelement: &Value) -> PyResult<()> {
        let subelement = element_argument(vm, "insert", " 2", subelement)?;
        let length = this.children.len();
        let at = if index < 0 {
            length.saturating_sub(index.unsigned_abs())
        } else {
            index.unsigned_abs().min(length)
        };
        if !this.children.insert(at, subelement.as_value().clone()) {
            return Err(vm.no_memory());
        }
        this.changed();
        Ok(())
    }

    #[pymethod(sig = "($self, subelement, /)", doc = "")]
    fn remove(vm: &Vm, this: &Ref<Self>, subelement: &Value) -> PyResult<()> {
        let wanted = element_argument(vm, "remove", "", subelement)?.as_value();
        let mut at = 0;
        while let Some(child) = this.children.get(at) {
            if child.is(wanted) || vm.eq(&child, wanted)? {
                // The comparison may have changed the children: what counts is the place, if it is still there.
                drop(this.children.remove(at));
                return Ok(());
            }
            at += 1;
        }
        Err(vm.value_error("Element.remove(x): element not found"))
    }

    #[pymethod(sig = "($self, /, tag=None)", doc = "")]
    fn iter(vm: &Vm, this: &Ref<Self>, tag: Value) -> PyResult {
        let all = match tag.downcast_ref::<Str>() {
            Some(s) => s.eq_str("*"),
            None => tag
                .downcast_ref::<Bytes>()
                .is_some_and(|b| b.as_slice() == b"*"),
        };
        iter::create(vm, this, if all { vm.none() } else { tag }, false)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn itertext(vm: &Vm, this: &Ref<Self>) -> PyResult {
        iter::create(vm, this, vm.none(), true)
    }

    #[pymethod(sig = "($self, /, path, namespaces=None)", doc = "")]
    fn iterfind(vm: &Vm, this: &Ref<Self>, path: &Value, namespaces: Value) -> PyResult {
        let args = [this.as_value().clone(), path.clone(), namespaces];
        by_path(vm, "iterfind", &args)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn items(vm: &Vm, this: &Ref<Self>) -> PyResult<Vec<Value>> {
        let pairs = this.attrib.get().map(|a| a.items()).unwrap_or_default();
        pairs
            .into_iter()
            .map(|(k, v)| Ok(vm.new_tuple_array([k, v])?.into_value()))
            .collect()
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn keys(this: &Ref<Self>) -> Vec<Value> {
        this.attrib.get().map(|a| a.keys()).unwrap_or_default()
    }

    #[pymethod(sig = "($self, tag, attrib, /)", doc = "")]
    fn makeelement(
        vm: &Vm,
        this: &Ref<Self>,
        tag: &Value,
        attrib: &Ref<Dict>,
    ) -> PyResult<Ref<Element>> {
        let _ = this;
        let copy = vm.new_dict()?;
        copy.copy_from(attrib);
        create(vm, tag.clone(), Some(copy))
    }

    /// A string identifying what kind of data this element represents
    #[getter]
    fn tag(this: &Ref<Self>) -> Value {
        this.tag.get()
    }

    #[setter(tag)]
    fn set_tag(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        this.tag.set(given(vm, value)?);
        Ok(())
    }

    /// A string of text directly after the start tag, or None
    #[getter(text)]
    fn get_text(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.whole_text(vm)
    }

    #[setter(text)]
    fn assign_text(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        this.set_text(given(vm, value)?);
        Ok(())
    }

    /// A string of text directly after the end tag, or None
    #[getter(tail)]
    fn get_tail(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.whole_tail(vm)
    }

    #[setter(tail)]
    fn assign_tail(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        this.set_tail(given(vm, value)?);
        Ok(())
    }

    /// A dictionary containing the element's attributes
    #[getter(attrib)]
    fn get_attrib(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Dict>> {
        this.attributes(vm)
    }

    #[setter(attrib)]
    fn set_attrib(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        let value = given(vm, value)?;
        let Some(dict) = value.downcast_ref::<Dict>() else {
            return Err(vm.type_error(&format!(
                "attrib must be dict, not {}",
                vm.type_name(&value)
            )));
        };
        this.changed();
        this.attrib.set(Some(dict.clone()));
        Ok(())
    }
}

/// The argument of a method that takes one, and is told its class by CPython's calling convention.
fn only_argument<'a>(vm: &Vm, function: &str, args: &Args<'a>) -> PyResult<&'a Value> {
    taipan_object::bind::check_no_keywords(vm, function, args)?;
    match args.pos() {
        [argument] => Ok(argument),
        given => Err(vm.type_error(&format!(
            "{function}() takes exactly 1 positional argument ({} given)",
            given.len()
        ))),
    }
}

fn element_argument<'a>(
    vm: &Vm,
    function: &str,
    which: &str,
    v: &'a Value,
) -> PyResult<&'a Ref<Element>> {
    v.downcast_ref::<Element>().ok_or_else(|| {
        vm.type_error(&format!(
            "{function}() argument{which} must be xml.etree.ElementTree.Element, not {}",
            vm.type_name(v)
        ))
    })
}

/// The value of an attribute that is set; none can be deleted.
fn given(vm: &Vm, value: Option<&Value>) -> PyResult {
    match value {
        Some(v) => Ok(v.clone()),
        None => Err(vm.raise_new(&vm.exc().AttributeError, "can't delete element attribute")),
    }
}

/// The items of an iterable; TypeError with this message if it is none.
pub(super) fn items_of(vm: &Vm, v: &Value, message: &str) -> PyResult<Vec<Value>> {
    match vm.iter(v) {
        Ok(_) => vm.collect(v),
        Err(raised) => {
            if !vm.exception_matches(&vm.exc().TypeError) {
                return Err(raised);
            }
            drop(vm.take_raised(raised));
            Err(vm.type_error(message))
        }
    }
}
