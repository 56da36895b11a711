//! Operators whose methods are written in Python: they are entered in the loop, as calls are. The operands stay on the
//! caller's stack, which waits at the instruction itself, until the method has returned: should it not know what to do,
//! the other operand is asked.

use taipan_object::{BinaryOp, CompareOp, Object, PyResult, Value, Vm};

use super::frames::{go_on_in, open_frame, owned};
use super::ops::push_truth;
use super::regs::{BINARY_CACHE, Regs};
use crate::code::Code;
use crate::frame::{FRAME_WORDS, frame_flag};
use crate::function::Function;

/// Units of COMPARE_OP's cache.
const COMPARE_CACHE: usize = 1;

/// Whether the class of the left operand was made in Python, and so may have methods that were.
#[inline(always)]
pub(super) fn is_made_in_python(vm: &Vm, r: &Regs) -> bool {
    vm.type_of(&r.peek(2)).payload.is_heap()
}

/// BINARY_OP of an instance of such a class.
#[inline(never)]
pub(super) fn binary(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if enter_binary(vm, r, arg)? {
        Ok(())
    } else {
        super::ops::binary_op_general(vm, r, arg)
    }
}

/// Enters the method that BINARY_OP calls first, if it is a Python function; false, and nothing has been touched, when not.
#[inline(always)]
fn enter_binary(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<bool> {
    let (a, b) = (r.peek(2), r.peek(1));
    let Some((op, inplace)) = BinaryOp::from_oparg(arg) else {
        return Ok(false);
    };
    let method = vm.left_method(op, inplace, &a, &b);
    enter(vm, r, method, &a, &b, frame_flag::BINARY)
}

/// Enters the method that COMPARE_OP calls first, as [`enter_binary`].
#[inline(always)]
pub(super) fn enter_compare(vm: &Vm, r: &mut Regs, op: CompareOp) -> PyResult<bool> {
    let (a, b) = (r.peek(2), r.peek(1));
    if a.is_small_int() {
        return Ok(false);
    }
    let method = vm.left_compare_method(&a, &b, op);
    enter(vm, r, method, &a, &b, frame_flag::COMPARE)
}

#[inline(always)]
fn enter(
    vm: &Vm,
    r: &mut Regs,
    method: Option<Value>,
    a: &Value,
    b: &Value,
    flag: u32,
) -> PyResult<bool> {
    let Some(Ok(func)) = method.map(|m| m.downcast::<Function>()) else {
        return Ok(false);
    };
    // SAFETY: the function keeps its code alive, and the frame keeps the function.
    let code: &Object<Code> = unsafe { &*func.code.as_ptr() };
    let c = &code.payload;
    if !c.takes_exactly(2) || c.is_generator_like() {
        return Ok(false);
    }
    let f = open_frame(vm, c)?;
    // SAFETY: the frame's memory is fresh, and has room for two parameters. The caller's stack keeps both operands, as its own:
    // the method can change the locals that they may be borrowed from.
    unsafe {
        for n in 1..=2 {
            let word = owned(r.peek_bits(n));
            let _ = r.poke_bits(n, word);
        }
        let locals = f.cast::<u64>().add(FRAME_WORDS);
        *locals = a.clone().into_bits();
        *locals.add(1) = b.clone().into_bits();
        for i in 2..c.nlocalsplus as usize {
            *locals.add(i) = 0;
        }
        let sp = r.sp;
        go_on_in(vm, r, f, func, code, flag, sp);
    }
    Ok(true)
}

/// Ends the operator of the frame in `r` with what its method, whose frame had these flags, has returned.
#[inline(never)]
pub(super) fn finish(vm: &Vm, r: &mut Regs, flags: u32, value: Value) -> PyResult<()> {
    let arg = r.operand();
    let mut value = value;
    if flags & frame_flag::BINARY != 0 {
        if vm.is_not_implemented(&value)
            && let Some((op, inplace)) = BinaryOp::from_oparg(arg)
        {
            value = vm.binary_op_right(op, inplace, &r.peek(2), &r.peek(1))?;
        }
        r.drop_n(2);
        r.skip(BINARY_CACHE);
        r.push(value);
        return Ok(());
    }
    if vm.is_not_implemented(&value)
        && let Some(op) = CompareOp::from_index((arg >> 5) as u8)
    {
        value = vm.rich_compare_right(&r.peek(2), &r.peek(1), op)?;
    }
    if arg & 16 == 0 {
        r.drop_n(2);
        r.skip(COMPARE_CACHE);
        r.push(value);
        return Ok(());
    }
    let truth = vm.is_true(&value)?;
    drop(value);
    r.drop_n(2);
    r.skip(COMPARE_CACHE);
    push_truth(vm, r, truth);
    Ok(())
}
