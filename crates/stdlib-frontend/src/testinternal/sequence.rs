//! `InstructionSequence`: instructions between the compiler's stages, as an object.

use std::cell::{Cell, RefCell};

use taipan_bytecode::CompilerOpcode;
use taipan_compiler::instruction_sequence::{Instruction, SourceLocation};
use taipan_compiler::stages::Generated;
use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyCell, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm,
    payload,
};

/// An instruction as it was given: the numbers need not make sense.
#[derive(Clone, Copy)]
struct Raw {
    opcode: i32,
    oparg: i32,
    /// Line, end line, column, end column.
    location: [i32; 4],
}

/// The payload of `InstructionSequence`.
pub struct InstructionSequence {
    instructions: RefCell<Vec<Raw>>,
    /// Where each label stands. Empty: operands are indices of instructions.
    labels: RefCell<Vec<i32>>,
    next_label: Cell<i32>,
    nested: PyCell<Option<Value>>,
}

payload!(InstructionSequence, gc);

impl Traverse for InstructionSequence {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.nested.visit(visit);
    }
    fn clear(&self) {
        self.nested.set(None);
    }
}

/// What a label stands for that has no place (CPython's number for it).
const UNBOUND: i32 = -111;

/// No more labels than this: their numbers are given freely.
const MAX_LABELS: i32 = 1 << 24;

/// `InstructionSequence`
pub static INSTRUCTION_SEQUENCE: TypeSpec = TypeSpec {
    doc: Some("Create a new InstructionSequence object."),
    text_signature: Some("()"),
    parts: &[&METHODS],
    ..TypeSpec::new(
        "InstructionSequence",
        "builtins",
        <InstructionSequence as Payload>::layout,
    )
};

fn has_target(opcode: i32) -> bool {
    u16::try_from(opcode)
        .ok()
        .and_then(CompilerOpcode::from_u16)
        .is_some_and(CompilerOpcode::has_target)
}

fn has_arg(opcode: i32) -> bool {
    u16::try_from(opcode)
        .ok()
        .and_then(CompilerOpcode::from_u16)
        .is_some_and(|op| op.metadata().flags & taipan_bytecode::opcode::flags::ARG != 0)
}

impl InstructionSequence {
    fn empty() -> InstructionSequence {
        InstructionSequence {
            instructions: RefCell::default(),
            labels: RefCell::default(),
            next_label: Cell::new(0),
            nested: PyCell::new(None),
        }
    }

    /// A sequence of instructions whose labels are resolved.
    pub fn of(instructions: &[Instruction]) -> InstructionSequence {
        let raw = |i: &Instruction| Raw {
            opcode: i32::from(i.opcode as u16),
            oparg: i.oparg as i32,
            location: [
                i.location.lineno,
                i.location.end_lineno,
                i.location.col_offset,
                i.location.end_col_offset,
            ],
        };
        InstructionSequence {
            instructions: RefCell::new(instructions.iter().map(raw).collect()),
            ..InstructionSequence::empty()
        }
    }

    /// The object of a unit, with those of the units in it.
    pub fn of_unit(vm: &Vm, unit: &Generated) -> PyResult {
        vm.check_stack(" while making instruction sequences")?;
        let sequence = InstructionSequence::of(&unit.instructions);
        if !unit.nested.is_empty() {
            let nested: PyResult<Vec<Value>> = unit
                .nested
                .iter()
                .map(|unit| InstructionSequence::of_unit(vm, unit))
                .collect();
            sequence
                .nested
                .set(Some(vm.new_list(nested?)?.into_value()));
        }
        Ok(vm.new(sequence)?.into_value())
    }

    /// Puts the places of labels into the operands that name them.
    fn resolve(&self) {
        let labels = std::mem::take(&mut *self.labels.borrow_mut());
        if labels.is_empty() {
            return;
        }
        for instruction in self.instructions.borrow_mut().iter_mut() {
            if has_target(instruction.opcode) {
                let label = usize::try_from(instruction.oparg).ok();
                let place = label.and_then(|label| labels.get(label)).copied();
                instruction.oparg = place.unwrap_or(UNBOUND);
            }
        }
    }

    /// The instructions for the compiler; a ValueError when it cannot know them.
    pub fn to_instructions(&self, vm: &Vm) -> PyResult<Vec<Instruction>> {
        self.resolve();
        let instructions = self.instructions.borrow();
        let one = |raw: &Raw| {
            let opcode = u16::try_from(raw.opcode)
                .ok()
                .and_then(CompilerOpcode::from_u16)?;
            let oparg = u32::try_from(raw.oparg).ok()?;
            let [lineno, end_lineno, col_offset, end_col_offset] = raw.location;
            Some(Instruction {
                opcode,
                oparg,
                location: SourceLocation::new(lineno, end_lineno, col_offset, end_col_offset),
            })
        };
        instructions
            .iter()
            .map(|raw| one(raw).ok_or_else(|| vm.value_error("invalid instruction")))
            .collect()
    }
}

#[pymethods(METHODS)]
impl InstructionSequence {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        if !args.is_empty() {
            return Err(vm.type_error(&format!(
                "InstructionSequenceType() takes 0 positional arguments but {} were given",
                args.values.len()
            )));
        }
        Ok(vm
            .new_object(cls, InstructionSequence::empty())?
            .into_value())
    }

    /// Place label at current location.
    #[pymethod(sig = "($self, /, label)")]
    fn use_label(vm: &Vm, this: &Ref<Self>, label: i32) -> PyResult<()> {
        let Ok(index) = usize::try_from(label) else {
            return Ok(());
        };
        if label >= MAX_LABELS {
            return Err(vm.no_memory());
        }
        let mut labels = this.labels.borrow_mut();
        if labels.len() <= index {
            labels.resize(index + 1, UNBOUND);
        }
        labels[index] = i32::try_from(this.instructions.borrow().len()).unwrap_or(i32::MAX);
        Ok(())
    }

    /// Return a new label.
    #[pymethod(sig = "($self, /)")]
    fn new_label(this: &Ref<Self>) -> i32 {
        this.next_label.set(this.next_label.get().saturating_add(1));
        this.next_label.get()
    }

    /// Append an instruction.
    #[pymethod(
        sig = "($self, /, opcode, oparg, lineno, col_offset, end_lineno,\n      end_col_offset)"
    )]
    fn addop(
        this: &Ref<Self>,
        opcode: i32,
        oparg: i32,
        lineno: i32,
        col_offset: i32,
        end_lineno: i32,
        end_col_offset: i32,
    ) {
        this.instructions.borrow_mut().push(Raw {
            opcode,
            oparg,
            // The names of the parameters notwithstanding, the second number is the end's line.
            location: [lineno, col_offset, end_lineno, end_col_offset],
        });
    }

    /// Add a nested sequence.
    #[pymethod(sig = "($self, /, nested)")]
    fn add_nested(vm: &Vm, this: &Ref<Self>, nested: &Value) -> PyResult<()> {
        if nested.downcast_ref::<InstructionSequence>().is_none() {
            return Err(vm.type_error(&format!(
                "expected an instruction sequence, not {}",
                vm.type_name(&vm.type_value(nested).into_value())
            )));
        }
        match this
            .nested
            .get()
            .as_ref()
            .and_then(|l| l.downcast_ref::<taipan_object::List>().cloned())
        {
            Some(list) if list.push(nested.clone()) => {}
            Some(_) => return Err(vm.no_memory()),
            None => this
                .nested
                .set(Some(vm.new_list(vec![nested.clone()])?.into_value())),
        }
        Ok(())
    }

    /// Add a nested sequence.
    #[pymethod(sig = "($self, /)")]
    fn get_nested(vm: &Vm, this: &Ref<Self>) -> PyResult {
        match this.nested.get() {
            Some(list) => Ok(list),
            None => {
                let list = vm.new_list(Vec::new())?.into_value();
                this.nested.set(Some(list.clone()));
                Ok(list)
            }
        }
    }

    /// Return the instructions as a list of tuples or labels.
    #[pymethod(sig = "($self, /)")]
    fn get_instructions(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.resolve();
        let instructions = this.instructions.borrow().clone();
        let mut tuples = Vec::with_capacity(instructions.len());
        for i in instructions {
            let mut parts = vec![Value::from_i32(i.opcode)];
            parts.push(if has_arg(i.opcode) {
                Value::from_i32(i.oparg)
            } else {
                vm.none()
            });
            parts.extend(i.location.map(Value::from_i32));
            tuples.push(vm.new_tuple(parts)?.into_value());
        }
        Ok(vm.new_list(tuples)?.into_value())
    }
}
