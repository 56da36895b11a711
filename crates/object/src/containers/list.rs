//! `list`: a growing sequence of values.

use crate::cell::VecCell;
use crate::reference::{Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The payload of `list`.
#[repr(C)]
pub struct List {
    /// The items.
    pub items: VecCell,
}

crate::payload!(List, gc);

impl Traverse for List {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.items.visit(visit);
    }
    fn clear(&self) {
        drop(self.items.take());
    }
}

impl std::ops::Deref for List {
    type Target = VecCell;
    fn deref(&self) -> &VecCell {
        &self.items
    }
}

impl Vm {
    /// A new list that takes over the items.
    #[inline]
    pub fn new_list(&self, items: Vec<Value>) -> PyResult<Ref<List>> {
        let mut items = Some(items);
        if let Some(ty) = std::ptr::NonNull::new(self.known().list.cast_mut())
            && let Some(list) =
                self.heap()
                    .new_tracked(ty, size_of::<crate::Object<List>>(), || List {
                        items: VecCell::new(items.take().unwrap_or_default()),
                    })
        {
            return Ok(list);
        }
        let items = items.unwrap_or_default();
        self.new_object(
            &self.types().list,
            List {
                items: VecCell::new(items),
            },
        )
    }
}
