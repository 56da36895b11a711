//! Copies of elements, and how they are pickled.

use taipan_macros::pymethods;
use taipan_object::{Dict, List, PyResult, Ref, Str, Value, Vm};

use super::element::{Element, create};
use super::{element_of, not_an_element, state};

/// A deep copy of a part of an element.
fn deepcopy(vm: &Vm, v: &Value, memo: &Ref<Dict>) -> PyResult {
    if vm.is_none(v) || v.is_exact_str(vm) {
        return Ok(v.clone());
    }
    // What nobody else refers to needs no memo: the caller has one reference, its owner the other.
    if v.refcount() <= 2 {
        if let Some(dict) = v.downcast_exact::<Dict>(&vm.types().dict) {
            let plain = |v: &Value| v.is_exact_str(vm);
            if dict.items().iter().all(|(k, v)| plain(k) && plain(v)) {
                let copy = vm.new_dict()?;
                copy.copy_from(dict);
                return Ok(copy.into_value());
            }
        } else if let Some(element) = v.downcast_ref::<Element>()
            && vm.class::<Element>()?.as_ptr() == vm.type_value(v).as_ptr()
        {
            vm.check_stack(" while copying an element")?;
            return Ok(deep(vm, element, memo)?.into_value());
        }
    }
    let Some(general) = state(vm).deepcopy.get() else {
        return Err(vm.runtime_error("deepcopy helper not found"));
    };
    vm.call_pos(&general, &[v.clone(), memo.as_value().clone()])
}

fn deep(vm: &Vm, this: &Ref<Element>, memo: &Ref<Dict>) -> PyResult<Ref<Element>> {
    let tag = deepcopy(vm, &this.tag.get(), memo)?;
    let attrib = match this.attrib.get() {
        Some(attrib) => {
            let copy = deepcopy(vm, &attrib.into_value(), memo)?;
            copy.downcast::<Dict>().ok()
        }
        None => None,
    };
    let copy = create(vm, tag, attrib)?;
    copy.set_text(deepcopy(vm, &this.whole_text(vm)?, memo)?);
    copy.set_tail(deepcopy(vm, &this.whole_tail(vm)?, memo)?);
    let mut at = 0;
    while let Some(child) = this.children.get(at) {
        let child = deepcopy(vm, &child, memo)?;
        if child.downcast_ref::<Element>().is_none() {
            return Err(not_an_element(vm, &child));
        }
        copy.append_child(vm, &child)?;
        at += 1;
    }
    let id = vm.new_usize(this.as_ptr() as usize)?;
    memo.set(vm, &id, copy.as_value().clone())?;
    Ok(copy)
}

/// The names that a pickled element has for its parts.
const PARTS: [&str; 5] = ["tag", "attrib", "text", "tail", "_children"];

#[pymethods(COPY_METHODS)]
impl Element {
    #[pymethod(sig = "($self, /)", doc = "")]
    fn __copy__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Element>> {
        let copy = create(vm, this.tag.get(), this.attrib.get())?;
        copy.set_text(this.whole_text(vm)?);
        copy.set_tail(this.whole_tail(vm)?);
        drop(copy.children.replace(this.children.to_vec()));
        copy.has_extra.set(this.has_extra.get());
        Ok(copy)
    }

    #[pymethod(sig = "($self, memo, /)", doc = "")]
    fn __deepcopy__(vm: &Vm, this: &Ref<Self>, memo: &Ref<Dict>) -> PyResult<Ref<Element>> {
        deep(vm, this, memo)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn __sizeof__(&self) -> usize {
        // As in CPython, which keeps attributes and up to four children apart.
        const OBJECT: usize = 56;
        const EXTRA: usize = 64;
        if !self.has_extra.get() {
            return OBJECT;
        }
        let mut room = 4;
        while room < self.children.len() {
            let n = room + 1;
            room = n + (n >> 3) + if n < 9 { 3 } else { 6 };
        }
        let more = if room > 4 {
            room * size_of::<Value>()
        } else {
            0
        };
        OBJECT + EXTRA + more
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn __getstate__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Dict>> {
        let attrib = match this.attrib.get() {
            Some(attrib) => attrib,
            None => vm.new_dict()?,
        };
        let state = vm.new_dict()?;
        state.set_named(vm, "tag", this.tag.get())?;
        let children = vm.new_list(this.children.to_vec())?;
        state.set_named(vm, "_children", children.into_value())?;
        state.set_named(vm, "attrib", attrib.into_value())?;
        state.set_named(vm, "text", this.whole_text(vm)?)?;
        state.set_named(vm, "tail", this.whole_tail(vm)?)?;
        Ok(state)
    }

    #[pymethod(sig = "($self, state, /)", doc = "")]
    fn __setstate__(vm: &Vm, this: &Ref<Self>, state: &Value) -> PyResult<()> {
        let Some(state) = state.downcast_exact::<Dict>(&vm.types().dict) else {
            let shown: String = vm.repr_string(state)?.chars().take(200).collect();
            return Err(vm.type_error(&format!(
                "Don't know how to unpickle \"{shown}\" as an Element"
            )));
        };
        let mut parts: [Option<Value>; 5] = Default::default();
        for (key, value) in state.items() {
            let Some(name) = key.downcast_ref::<Str>() else {
                return Err(vm.type_error("keywords must be strings"));
            };
            let index = PARTS.iter().position(|p| name.eq_str(p));
            match index.and_then(|k| parts.get_mut(k)) {
                Some(place) => *place = Some(value),
                None => {
                    return Err(vm.type_error(&format!(
                        "this function got an unexpected keyword argument '{}'",
                        name.to_string_lossy()
                    )));
                }
            }
        }
        let [tag, attrib, text, tail, children] = parts;
        let tag = tag.ok_or_else(|| vm.type_error("tag may not be NULL"))?;
        this.tag.set(tag);
        let is_list = |v: &Option<Value>| {
            v.as_ref()
                .is_some_and(|v| v.downcast_exact::<List>(&vm.types().list).is_some())
        };
        let (text_is_parts, tail_is_parts) = (is_list(&text), is_list(&tail));
        this.set_text(text.unwrap_or_else(|| vm.none()));
        this.text_is_parts.set(text_is_parts);
        this.set_tail(tail.unwrap_or_else(|| vm.none()));
        this.tail_is_parts.set(tail_is_parts);
        if let Some(children) = &children {
            let Some(list) = children.downcast_ref::<List>() else {
                return Err(vm.type_error("'_children' is not a list"));
            };
            let items = list.to_vec();
            let wrong = items.iter().find(|c| element_of(vm, c).is_err());
            if let Some(wrong) = wrong {
                vm.clear_exception();
                return Err(not_an_element(vm, wrong));
            }
            drop(this.children.replace(items));
            this.changed();
        }
        if children.is_some() || attrib.is_some() {
            this.has_extra.set(true);
            let attrib = attrib.and_then(|a| a.downcast::<Dict>().ok());
            this.attrib.set(attrib);
        }
        Ok(())
    }
}
