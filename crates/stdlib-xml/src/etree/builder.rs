//! `TreeBuilder`: makes a tree of what a parser tells.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::{
    Args, BinaryOp, Dict, List, Payload, PyCell, PyResult, Ref, Traverse, TypeObject, TypeSpec,
    Value, VecCell, Visitor, Vm, payload, tpflags,
};

use super::element::{self, Element};
use super::{parse_error, state};
use crate::text;

/// The events that are told to a queue.
#[derive(Clone, Copy)]
pub(super) enum Happening {
    Start,
    End,
    StartNs,
    EndNs,
    Comment,
    Pi,
}

/// Names of the events, in their order.
pub(super) const HAPPENINGS: [(&str, Happening); 6] = [
    ("start", Happening::Start),
    ("end", Happening::End),
    ("start-ns", Happening::StartNs),
    ("end-ns", Happening::EndNs),
    ("comment", Happening::Comment),
    ("pi", Happening::Pi),
];

/// The payload of builders.
pub(super) struct TreeBuilder {
    root: PyCell<Option<Value>>,
    /// The element that is open; none outside of the root.
    this: PyCell<Option<Value>>,
    /// The element that was begun or ended last.
    last: PyCell<Option<Value>>,
    /// What text belongs to as its tail; none: it is text within `last`.
    last_for_tail: PyCell<Option<Value>>,
    /// Text that was told by Python code: one value, or a list of them.
    data: PyCell<Option<Value>>,
    is_parts: Cell<bool>,
    /// Text that the parser told.
    raw: RefCell<Vec<u8>>,
    /// The elements around the open one.
    stack: VecCell,
    element_factory: PyCell<Option<Value>>,
    comment_factory: PyCell<Option<Value>>,
    pi_factory: PyCell<Option<Value>>,
    insert_comments: Cell<bool>,
    insert_pis: Cell<bool>,
    append_event: PyCell<Option<Value>>,
    /// The names of the events that are told.
    events: [PyCell<Option<Value>>; 6],
}

payload!(TreeBuilder, gc);

impl Traverse for TreeBuilder {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for place in self.places() {
            place.visit(visit);
        }
        self.stack.visit(visit);
    }
    fn clear(&self) {
        for place in self.places() {
            place.set(None);
        }
        drop(self.stack.take());
    }
}

/// `xml.etree.ElementTree.TreeBuilder`
pub(super) static TREE_BUILDER: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE | tpflags::IMMUTABLETYPE,
    parts: &[&BUILDER_METHODS],
    ..TypeSpec::new(
        "TreeBuilder",
        "xml.etree.ElementTree",
        <TreeBuilder as Payload>::layout,
    )
};

/// A builder with nothing in it.
fn empty() -> TreeBuilder {
    TreeBuilder {
        root: PyCell::new(None),
        this: PyCell::new(None),
        last: PyCell::new(None),
        last_for_tail: PyCell::new(None),
        data: PyCell::new(None),
        is_parts: Cell::new(false),
        raw: RefCell::default(),
        stack: VecCell::new(Vec::new()),
        element_factory: PyCell::new(None),
        comment_factory: PyCell::new(None),
        pi_factory: PyCell::new(None),
        insert_comments: Cell::new(false),
        insert_pis: Cell::new(false),
        append_event: PyCell::new(None),
        events: [const { PyCell::new(None) }; 6],
    }
}

/// A builder as the parser makes one: without factories.
pub(super) fn create(vm: &Vm) -> PyResult<Ref<TreeBuilder>> {
    vm.new(empty())
}

impl TreeBuilder {
    fn places(&self) -> impl Iterator<Item = &PyCell<Option<Value>>> {
        [
            &self.root,
            &self.this,
            &self.last,
            &self.last_for_tail,
            &self.data,
            &self.element_factory,
            &self.comment_factory,
            &self.pi_factory,
            &self.append_event,
        ]
        .into_iter()
        .chain(&self.events)
    }

    pub(super) fn watch(&self, append: Value) {
        self.append_event.set(Some(append));
        for event in &self.events {
            event.set(None);
        }
    }

    pub(super) fn watch_event(&self, event: Happening, name: Value) {
        if let Some(place) = self.events.get(event as usize) {
            place.set(Some(name));
        }
    }

    fn event_name(&self, event: Happening) -> Option<Value> {
        self.events.get(event as usize)?.get()
    }

    /// Whether this event is told.
    pub(super) fn watches(&self, event: Happening) -> bool {
        self.append_event.is_some() && self.events.get(event as usize).is_some_and(PyCell::is_some)
    }

    pub(super) fn inserts_pis(&self) -> bool {
        self.insert_pis.get()
    }

    /// Tells an event.
    fn happened(&self, vm: &Vm, event: Happening, node: &Value) -> PyResult<()> {
        let Some(name) = self.event_name(event) else {
            return Ok(());
        };
        let Some(append) = self.append_event.get() else {
            return Ok(());
        };
        let pair = vm.new_tuple_array([name, node.clone()])?;
        vm.call1(&append, pair.as_value())?;
        Ok(())
    }

    /// Puts the text that was gathered where it belongs.
    fn flush(&self, vm: &Vm) -> PyResult<()> {
        let data = if self.data.is_some() {
            self.gather_raw(vm)?;
            self.data.take()
        } else if self.raw.borrow().is_empty() {
            None
        } else {
            let mut raw = self.raw.borrow_mut();
            let made = text::string(vm, &raw)?;
            raw.clear();
            Some(made.into_value())
        };
        let Some(data) = data else {
            return Ok(());
        };
        let is_parts = self.is_parts.replace(false);
        let (owner, is_tail) = match self.last_for_tail.get() {
            Some(owner) => (owner, true),
            None => match self.last.get() {
                Some(owner) => (owner, false),
                None => return Ok(()),
            },
        };
        if let Some(element) = exact_element(vm, &owner)? {
            let (place, parts) = if is_tail {
                (&element.tail, &element.tail_is_parts)
            } else {
                (&element.text, &element.text_is_parts)
            };
            let before = place.get();
            if vm.is_none(&before) {
                parts.set(is_parts);
                place.set(data);
                return Ok(());
            }
            if parts.get()
                && let Some(list) = before.downcast_ref::<List>()
            {
                let more = match data.downcast_ref::<List>() {
                    Some(more) if is_parts => more.to_vec(),
                    _ => vec![data],
                };
                for part in more {
                    list.push(part);
                }
                return Ok(());
            }
        }
        // Something other than an element, or text that was put there by others.
        let name = if is_tail { "tail" } else { "text" };
        let previous = vm.getattr_str(&owner, name)?;
        let mut whole = match data.downcast_ref::<List>() {
            Some(parts) if is_parts => element::join(vm, parts)?,
            // Joining refuses what is no text.
            _ => element::join(vm, &vm.new_list(vec![data])?)?,
        };
        if !vm.is_none(&previous) {
            whole = vm.binary_op(BinaryOp::Add, &previous, &whole)?;
        }
        vm.setattr_str(&owner, name, &whole)
    }

    /// Makes values of text that the parser told.
    fn gather_raw(&self, vm: &Vm) -> PyResult<()> {
        if self.raw.borrow().is_empty() {
            return Ok(());
        }
        let made = {
            let mut raw = self.raw.borrow_mut();
            let made = text::string(vm, &raw)?;
            raw.clear();
            made
        };
        self.gather(vm, made.into_value())
    }

    fn gather(&self, vm: &Vm, data: Value) -> PyResult<()> {
        match self.data.get() {
            None => self.data.set(Some(data)),
            Some(first) => match first.downcast_ref::<List>() {
                Some(list) if self.is_parts.get() => {
                    list.push(data);
                }
                _ => {
                    let list = vm.new_list(vec![first.clone(), data])?;
                    self.is_parts.set(true);
                    self.data.set(Some(list.into_value()));
                }
            },
        }
        Ok(())
    }

    /// Text that the parser tells.
    pub(super) fn raw_data(&self, data: &[u8]) {
        if self.last.is_some() {
            self.raw.borrow_mut().extend_from_slice(data);
        }
    }

    pub(super) fn handle_data(&self, vm: &Vm, data: &Value) -> PyResult<()> {
        self.gather_raw(vm)?;
        // Text before the root counts for nothing.
        if self.last.is_some() {
            self.gather(vm, data.clone())?;
        }
        Ok(())
    }

    pub(super) fn handle_start(&self, vm: &Vm, tag: Value, attrib: Option<Ref<Dict>>) -> PyResult {
        self.flush(vm)?;
        let node = match self.element_factory.get() {
            None => element::create(vm, tag, attrib)?.into_value(),
            Some(factory) => {
                let attrib = match attrib {
                    Some(attrib) => attrib,
                    None => vm.new_dict()?,
                };
                vm.call_pos(&factory, &[tag, attrib.into_value()])?
            }
        };
        self.last_for_tail.set(None);
        let around = self.this.get();
        match &around {
            Some(around) => add_child(vm, around, &node)?,
            None if self.root.is_some() => {
                return Err(parse_error(vm, "multiple elements on top level"));
            }
            None => self.root.set(Some(node.clone())),
        }
        self.stack.push(around.unwrap_or_else(|| vm.none()));
        self.this.set(Some(node.clone()));
        self.last.set(Some(node.clone()));
        self.happened(vm, Happening::Start, &node)?;
        Ok(node)
    }

    pub(super) fn handle_end(&self, vm: &Vm) -> PyResult {
        self.flush(vm)?;
        let Some(around) = self.stack.pop() else {
            return Err(vm.index_error("pop from empty stack"));
        };
        let ended = self.this.replace((!vm.is_none(&around)).then_some(around));
        let old = self.last.replace(ended.clone());
        drop(self.last_for_tail.replace(ended.clone()));
        drop(old);
        let ended = ended.unwrap_or_else(|| vm.none());
        self.happened(vm, Happening::End, &ended)?;
        Ok(ended)
    }

    /// A comment or a processing instruction becomes part of the tree.
    fn insert(&self, vm: &Vm, node: &Value, inserts: bool) -> PyResult<()> {
        if inserts && let Some(around) = self.this.get() {
            add_child(vm, &around, node)?;
            self.last_for_tail.set(Some(node.clone()));
        }
        Ok(())
    }

    pub(super) fn handle_comment(&self, vm: &Vm, text: &Value) -> PyResult {
        self.flush(vm)?;
        let comment = match self.comment_factory.get() {
            Some(factory) => {
                let comment = vm.call1(&factory, text)?;
                self.insert(vm, &comment, self.insert_comments.get())?;
                comment
            }
            None => text.clone(),
        };
        self.happened(vm, Happening::Comment, &comment)?;
        Ok(comment)
    }

    pub(super) fn handle_pi(&self, vm: &Vm, target: &Value, text: &Value) -> PyResult {
        self.flush(vm)?;
        let parts = [target.clone(), text.clone()];
        let pi = match self.pi_factory.get() {
            Some(factory) => {
                let pi = vm.call_pos(&factory, &parts)?;
                self.insert(vm, &pi, self.insert_pis.get())?;
                pi
            }
            None => vm.new_tuple_array(parts)?.into_value(),
        };
        self.happened(vm, Happening::Pi, &pi)?;
        Ok(pi)
    }

    pub(super) fn handle_start_ns(&self, vm: &Vm, prefix: Value, uri: Value) -> PyResult<()> {
        let pair = vm.new_tuple_array([prefix, uri])?;
        self.happened(vm, Happening::StartNs, pair.as_value())
    }

    pub(super) fn handle_end_ns(&self, vm: &Vm) -> PyResult<()> {
        self.happened(vm, Happening::EndNs, &vm.none())
    }

    pub(super) fn done(&self, vm: &Vm) -> Value {
        self.root.get().unwrap_or_else(|| vm.none())
    }
}

/// The element that a value is, unless it is of another class.
fn exact_element<'a>(vm: &Vm, v: &'a Value) -> PyResult<Option<&'a Ref<Element>>> {
    let Some(element) = v.downcast_ref::<Element>() else {
        return Ok(None);
    };
    let class = vm.class::<Element>()?;
    Ok(std::ptr::eq(vm.type_of(v), class.object()).then_some(element))
}

fn add_child(vm: &Vm, parent: &Value, child: &Value) -> PyResult<()> {
    match exact_element(vm, parent)? {
        Some(parent) => parent.append_child(vm, child),
        None => {
            vm.call_method_str(parent, "append", std::slice::from_ref(child))?;
            Ok(())
        }
    }
}

#[pymethods(BUILDER_METHODS)]
impl TreeBuilder {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<TreeBuilder>> {
        let _ = args;
        vm.new_object(cls, empty())
    }

    #[pyslot(
        name = "TreeBuilder",
        params = "(element_factory=None, *, comment_factory=None, pi_factory=None, insert_comments=False, insert_pis=False)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<Self>,
        element_factory: Value,
        comment_factory: Value,
        pi_factory: Value,
        insert_comments: bool,
        insert_pis: bool,
    ) -> PyResult<()> {
        let state = state(vm);
        let given = |v: Value| (!vm.is_none(&v)).then_some(v);
        this.element_factory.set(given(element_factory));
        let comments = given(comment_factory).or_else(|| state.comment_factory.get());
        this.insert_comments
            .set(insert_comments && comments.is_some());
        this.comment_factory.set(comments);
        let pis = given(pi_factory).or_else(|| state.pi_factory.get());
        this.insert_pis.set(insert_pis && pis.is_some());
        this.pi_factory.set(pis);
        Ok(())
    }

    #[pymethod(sig = "($self, data, /)", doc = "")]
    fn data(vm: &Vm, this: &Ref<Self>, data: &Value) -> PyResult<()> {
        this.handle_data(vm, data)
    }

    #[pymethod(sig = "($self, tag, attrs, /)", doc = "")]
    fn start(vm: &Vm, this: &Ref<Self>, tag: &Value, attrs: &Ref<Dict>) -> PyResult {
        this.handle_start(vm, tag.clone(), Some(attrs.clone()))
    }

    #[pymethod(sig = "($self, tag, /)", doc = "")]
    fn end(vm: &Vm, this: &Ref<Self>, tag: &Value) -> PyResult {
        let _ = tag;
        this.handle_end(vm)
    }

    #[pymethod(sig = "($self, text, /)", doc = "")]
    fn comment(vm: &Vm, this: &Ref<Self>, text: &Value) -> PyResult {
        this.handle_comment(vm, text)
    }

    #[pymethod(sig = "($self, target, text=None, /)", doc = "")]
    fn pi(vm: &Vm, this: &Ref<Self>, target: &Value, text: Value) -> PyResult {
        this.handle_pi(vm, target, &text)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn close(vm: &Vm, this: &Ref<Self>) -> Value {
        this.done(vm)
    }
}
