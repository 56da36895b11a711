//! `Element` as a sequence of its children.

use taipan_macros::pymethods;
use taipan_object::{PyResult, Raised, Ref, Slice, Value, Vm};

use super::element::{Element, items_of};
use super::element_of;

#[cold]
fn no_index(vm: &Vm) -> Raised {
    vm.type_error("element indices must be integers")
}

/// The place that an index means.
fn place(vm: &Vm, this: &Ref<Element>, key: &Value) -> PyResult<isize> {
    if !vm.has_index(key) {
        return Err(no_index(vm));
    }
    let i = vm.index_isize(key)?;
    Ok(if i < 0 {
        i.saturating_add_unsigned(this.children.len())
    } else {
        i
    })
}

#[pymethods(ITEM_METHODS)]
impl Element {
    #[pyslot]
    fn sq_length(&self) -> usize {
        self.children.len()
    }

    #[pyslot]
    fn mp_length(&self) -> usize {
        self.children.len()
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<Self>, i: isize) -> PyResult {
        let child = usize::try_from(i).ok().and_then(|i| this.children.get(i));
        child.ok_or_else(|| vm.index_error("child index out of range"))
    }

    #[pyslot]
    fn sq_ass_item(vm: &Vm, this: &Ref<Self>, i: isize, value: Option<&Value>) -> PyResult<()> {
        let at = usize::try_from(i).unwrap_or(usize::MAX);
        if at >= this.children.len() {
            return Err(vm.index_error("child assignment index out of range"));
        }
        let old = match value {
            Some(value) => {
                element_of(vm, value)?;
                this.children.set(at, value.clone())
            }
            None => this.children.remove(at),
        };
        this.changed();
        drop(old);
        Ok(())
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Self>, key: &Value) -> PyResult {
        if let Some(slice) = key.downcast_ref::<Slice>() {
            let range = slice.range(vm, || this.children.len())?;
            let start = range.start.max(0).unsigned_abs();
            let items = this.children.slice_step(start, range.step, range.count);
            return Ok(vm.new_list(items)?.into_value());
        }
        let i = place(vm, this, key)?;
        Element::sq_item(vm, this, i)
    }

    #[pyslot]
    fn mp_ass_subscript(
        vm: &Vm,
        this: &Ref<Self>,
        key: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        let Some(slice) = key.downcast_ref::<Slice>() else {
            let i = place(vm, this, key)?;
            return Element::sq_ass_item(vm, this, i, value);
        };
        let (start, stop, step) = slice.unpack(vm)?;
        let Some(value) = value else {
            let range =
                taipan_object::containers::slice::adjust(this.children.len(), start, stop, step)
                    .ascending();
            if range.count == 0 {
                return Ok(());
            }
            let doomed: Vec<usize> = range.positions().collect();
            let mut removed = Vec::with_capacity(doomed.len());
            if range.step == 1 {
                let first = range.start.max(0).unsigned_abs();
                removed = this
                    .children
                    .splice(first, first + range.count, Vec::new())
                    .ok_or_else(|| vm.no_memory())?;
            } else {
                let mut kept = this.children.take();
                let mut at = 0;
                let mut next = doomed.iter().peekable();
                kept.retain_mut(|child| {
                    let goes = next.next_if(|&&d| d == at).is_some();
                    at += 1;
                    if goes {
                        removed.push(child.clone());
                    }
                    !goes
                });
                // Nothing could be put in meanwhile.
                drop(this.children.replace(kept));
            }
            this.changed();
            drop(removed);
            return Ok(());
        };
        let new = items_of(vm, value, "assignment expects an iterable")?;
        let range =
            taipan_object::containers::slice::adjust(this.children.len(), start, stop, step);
        if range.step != 1 && new.len() != range.count {
            return Err(vm.value_error(&format!(
                "attempt to assign sequence of size {} to extended slice of size {}",
                new.len(),
                range.count
            )));
        }
        for element in &new {
            element_of(vm, element)?;
        }
        let removed = if range.step == 1 {
            let first = range.start.max(0).unsigned_abs();
            this.children
                .splice(first, first + range.count, new)
                .ok_or_else(|| vm.no_memory())?
        } else {
            range
                .positions()
                .zip(new)
                .filter_map(|(at, element)| this.children.set(at, element))
                .collect()
        };
        this.changed();
        drop(removed);
        Ok(())
    }
}
