//! Iterators over a tree, or over its texts, in the order of the document.

use std::cell::RefCell;

use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyCell, PyResult, Ref, Str, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use super::element::Element;

/// The payload of `_element_iterator`.
pub(super) struct ElementIter {
    /// Where the iteration begins, until it has begun.
    root: PyCell<Option<Ref<Element>>>,
    /// The elements within which it is, each with the child that comes next.
    stack: RefCell<Vec<(Ref<Element>, usize)>>,
    /// The tag that elements must have.
    tag: Value,
    is_text: bool,
}

payload!(ElementIter, gc);

impl Traverse for ElementIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.root.visit(visit);
        visit(&self.tag);
        if let Ok(stack) = self.stack.try_borrow() {
            for (element, _) in &*stack {
                visit(element.as_value());
            }
        }
    }
    fn clear(&self) {
        self.root.set(None);
        drop(self.stack.take());
    }
}

/// `_elementtree._element_iterator`
pub(super) static ELEMENT_ITERATOR: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    parts: &[&ITERATOR_METHODS],
    ..TypeSpec::new(
        "_element_iterator",
        "_elementtree",
        <ElementIter as Payload>::layout,
    )
};

pub(super) fn create(vm: &Vm, root: &Ref<Element>, tag: Value, is_text: bool) -> PyResult {
    let iterator = vm.new(ElementIter {
        root: PyCell::new(Some(root.clone())),
        stack: RefCell::default(),
        tag,
        is_text,
    })?;
    Ok(iterator.into_value())
}

/// What the next step of an iteration is.
enum Step {
    Enter(Ref<Element>),
    /// An element has ended; false: it was that where the iteration began.
    Leave(Ref<Element>, bool),
    End,
}

impl ElementIter {
    fn step(&self) -> Step {
        let mut stack = self.stack.borrow_mut();
        let Some((parent, next)) = stack.last_mut() else {
            return match self.root.take() {
                Some(root) => Step::Enter(root),
                None => Step::End,
            };
        };
        let child = parent.children.get(*next);
        if let Some(Ok(child)) = child.map(Value::downcast::<Element>) {
            *next += 1;
            return Step::Enter(child);
        }
        match stack.pop() {
            Some((ended, _)) => Step::Leave(ended, !stack.is_empty()),
            None => Step::End,
        }
    }
}

#[pymethods(ITERATOR_METHODS)]
impl ElementIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        loop {
            let text = match this.step() {
                Step::End => return Ok(None),
                Step::Enter(element) => {
                    this.stack.borrow_mut().push((element.clone(), 0));
                    if this.is_text {
                        // Comments and processing instructions have functions for tags: theirs is no text.
                        let tag = element.tag.get();
                        if !vm.is_none(&tag) && tag.downcast_ref::<Str>().is_none() {
                            continue;
                        }
                        element.whole_text(vm)?
                    } else if vm.is_none(&this.tag) || vm.eq(&element.tag.get(), &this.tag)? {
                        return Ok(Some(element.into_value()));
                    } else {
                        continue;
                    }
                }
                Step::Leave(element, true) if this.is_text => element.whole_tail(vm)?,
                Step::Leave(..) => continue,
            };
            if !vm.is_none(&text) && vm.is_true(&text)? {
                return Ok(Some(text));
            }
        }
    }
}
