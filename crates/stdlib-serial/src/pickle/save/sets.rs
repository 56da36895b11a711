//! Sets and frozensets in a pickle.

use taipan_object::{PyResult, Ref, Set, Value};

use super::{BATCH, Save, opcode};
use crate::util::{type_name, with_note};

impl Save<'_> {
    fn as_list_call(&mut self, obj: &Value) -> PyResult<()> {
        let vm = self.vm;
        let list = vm.new_list(vm.collect(obj)?)?.into_value();
        let class = vm.type_of(obj).to_ref().into_value();
        self.call(obj, &class, vm.new_tuple_array([list])?)
    }

    fn element(&mut self, obj: &Value, item: &Value) -> PyResult<()> {
        let vm = self.vm;
        self.save(item, true).map_err(|r| {
            with_note(vm, r, || {
                Ok(format!("when serializing {} element", type_name(vm, obj)))
            })
        })
    }

    pub(super) fn set(&mut self, obj: &Value, set: &Ref<Set>) -> PyResult<()> {
        if self.options.proto < 4 {
            return self.as_list_call(obj);
        }
        self.op(opcode::EMPTY_SET);
        self.put(obj);
        let size = set.len();
        if size == 0 {
            return Ok(());
        }
        let mut at = 0;
        loop {
            self.op(opcode::MARK);
            let mut n = 0;
            while let Some((next, item, _)) = set.next_key(at) {
                self.element(obj, &item)?;
                at = next;
                n += 1;
                if n == BATCH {
                    break;
                }
            }
            self.op(opcode::ADDITEMS);
            if set.len() != size {
                return Err(self.vm.runtime_error("set changed size during iteration"));
            }
            if n != BATCH {
                return Ok(());
            }
        }
    }

    pub(super) fn frozenset(&mut self, obj: &Value, set: &Ref<Set>) -> PyResult<()> {
        if self.options.proto < 4 {
            return self.as_list_call(obj);
        }
        self.op(opcode::MARK);
        let mut at = 0;
        while let Some((next, item, _)) = set.next_key(at) {
            self.element(obj, &item)?;
            at = next;
        }
        if let Some(index) = self.known(obj) {
            self.op(opcode::POP_MARK);
            self.get(index);
            return Ok(());
        }
        self.op(opcode::FROZENSET);
        self.put(obj);
        Ok(())
    }
}
