//! The interpreter loop. Each instruction is a small inlined function in one of the modules below; this file fetches,
//! dispatches, and handles what a raised exception does to the frame. Python-to-Python calls switch registers, so the Rust
//! stack does not grow with them.

mod attrs;
mod binding;
mod build;
mod call_cache;
mod calls;
mod control;
mod exceptions;
mod instrumented;
mod names;
mod objects;
mod ops;
mod ops_cache;
pub(crate) mod regs;
mod special;
mod specialize;

use taipan_bytecode::Opcode;
use taipan_object::{BinaryOp, PyResult, Raised, Value, Vm};

pub(crate) use calls::{call_function, enter_call, leave_call, new_frame_for};
pub(crate) use control::{clear_frame, leave_frame, stop_value};
pub(crate) use exceptions::matches as exception_matches;

use crate::frame::{Frame, frame_flag};
use regs::Regs;

/// How a run of `eval` ended.
pub enum Outcome {
    /// The entry frame returned.
    Return(Value),
    /// The entry frame, a generator's, yielded.
    Yield(Value),
}

/// What an instruction that can leave its frame says.
pub(crate) enum Flow {
    /// Go on with the registers as they are.
    Next,
    /// The entry frame is done.
    Leave(Outcome),
}

/// Runs a frame until it is left. `frame` is on the thread's frame stack or a generator's, with `ip` and `sp` saved and
/// the ENTRY flag set; `throw` begins with the pending exception instead of the next instruction.
pub(crate) fn eval(vm: &Vm, frame: *mut Frame, throw: bool) -> PyResult<Outcome> {
    // SAFETY: the caller gives a live frame that is not running.
    let mut r = unsafe {
        (*frame).previous = vm.frame.get().cast();
        Regs::load(frame)
    };
    debug_assert!(r.f().flags & frame_flag::ENTRY != 0);
    r.make_current(vm);
    if throw {
        instrumented::throw(vm, &r);
        if !exceptions::unwind(vm, &mut r) {
            return Err(vm.raised());
        }
    }
    loop {
        match run(vm, &mut r) {
            Ok(outcome) => return Ok(outcome),
            Err(e) => {
                if !exceptions::unwind(vm, &mut r) {
                    return Err(e);
                }
            }
        }
    }
}

/// An instruction that stands for code that the verifier refused.
#[cold]
fn unknown_opcode(vm: &Vm, r: &Regs) -> Raised {
    let code = r.code();
    match &code.refused {
        None => vm.system_error(&format!("unknown opcode {}", r.opcode())),
        Some(refused) => match refused.reason.unknown_opcode(code.public_code()) {
            Some(byte) => vm.system_error(&format!("unknown opcode {byte}")),
            None => vm.value_error(&format!("code: {}", refused.reason)),
        },
    }
}

#[inline(never)]
fn run(vm: &Vm, regs: &mut Regs) -> PyResult<Outcome> {
    // The registers live in locals of this function and go back to the caller's copy when an exception is raised.
    let mut r = *regs;
    macro_rules! check {
        ($e:expr) => {
            match $e {
                Ok(v) => v,
                Err(e) => {
                    *regs = r;
                    return Err(e);
                }
            }
        };
    }
    // Calls an instruction that is not inlined with a copy of the registers.
    macro_rules! slow {
        (|$t:ident| $e:expr) => {{
            let mut copy = r;
            let $t = &mut copy;
            let result = $e;
            r = copy;
            result
        }};
    }
    // A specialized call; the general way when the site does not know the callable.
    macro_rules! known_call {
        ($f:ident, $arg:ident) => {
            if !check!(call_cache::$f(vm, &mut r, $arg)) {
                check!(slow!(|t| call_cache::call_missed(vm, t, $arg)));
            }
        };
    }
    // A specialized BINARY_OP; the general way when the site does not know the operands.
    macro_rules! known_op {
        ($done:expr, $arg:ident) => {
            if !$done {
                check!(slow!(|t| ops_cache::binary_op_missed(vm, t, $arg)));
            }
        };
    }
    macro_rules! flow {
        ($e:expr) => {
            match check!($e) {
                Flow::Next => {}
                Flow::Leave(o) => return Ok(o),
            }
        };
    }
    loop {
        // SAFETY: ip stays within the code: it ends with an instruction that leaves it, and jumps are checked.
        let unit = unsafe {
            let u = (*r.ip).get();
            r.ip = r.ip.add(1);
            u
        };
        let mut op = unit as u8;
        let mut arg = (unit >> 8) as u32;
        'extended: loop {
            // SAFETY: the stream holds opcodes only: `Opcode::from_u8` accepted each, or our compiler wrote it.
            match unsafe { std::mem::transmute::<u8, Opcode>(op) } {
                Opcode::ExtendedArg => {
                    // SAFETY: an EXTENDED_ARG is followed by the instruction it belongs to.
                    let unit = unsafe {
                        let u = (*r.ip).get();
                        r.ip = r.ip.add(1);
                        u
                    };
                    op = unit as u8;
                    arg = (arg << 8) | (unit >> 8) as u32;
                    continue 'extended;
                }
                Opcode::LoadFastBorrow => names::load_fast_borrow(&mut r, arg),
                Opcode::LoadFastBorrowLoadFastBorrow => {
                    names::load_fast_borrow(&mut r, arg >> 4);
                    names::load_fast_borrow(&mut r, arg & 15);
                }
                Opcode::LoadFast => names::load_fast(&mut r, arg),
                Opcode::LoadFastLoadFast => {
                    names::load_fast(&mut r, arg >> 4);
                    names::load_fast(&mut r, arg & 15);
                }
                Opcode::LoadFastCheck => check!(names::load_fast_check(vm, &mut r, arg)),
                Opcode::LoadFastAndClear => names::load_fast_and_clear(&mut r, arg),
                Opcode::StoreFast => names::store_fast(&mut r, arg),
                Opcode::StoreFastLoadFast => {
                    names::store_fast(&mut r, arg >> 4);
                    names::load_fast(&mut r, arg & 15);
                }
                Opcode::StoreFastStoreFast => {
                    names::store_fast(&mut r, arg >> 4);
                    names::store_fast(&mut r, arg & 15);
                }
                Opcode::DeleteFast => check!(slow!(|t| names::delete_fast(vm, t, arg))),
                Opcode::LoadConst | Opcode::LoadConstMortal | Opcode::LoadConstImmortal => {
                    // The code keeps its constants alive: the stack borrows them.
                    let bits = r.const_at(arg).bits();
                    r.push_bits(crate::frame::borrow(bits));
                }
                Opcode::LoadSmallInt => r.push(Value::from_i32(arg as i32)),
                Opcode::LoadCommonConstant => {
                    check!(slow!(|t| special::load_common_constant(vm, t, arg)))
                }
                Opcode::PopTop => drop(r.pop()),
                Opcode::PopIter => drop(r.pop()),
                Opcode::EndFor => drop(r.pop()),
                Opcode::PushNull => r.push_bits(0),
                Opcode::Copy => names::copy(&mut r, arg),
                Opcode::Swap => names::swap(&mut r, arg),
                Opcode::Nop | Opcode::NotTaken | Opcode::Cache => {}
                Opcode::Resume | Opcode::ResumeCheck => check!(control::resume(vm, &mut r, arg)),
                // Jumps
                Opcode::JumpForward => r.jump(arg as isize),
                Opcode::JumpBackward | Opcode::JumpBackwardNoJit | Opcode::JumpBackwardJit => {
                    check!(control::poll(vm, &r));
                    r.skip(1);
                    r.jump(-(arg as isize));
                }
                Opcode::JumpBackwardNoInterrupt => r.jump(-(arg as isize)),
                Opcode::PopJumpIfFalse => control::pop_jump_if(vm, &mut r, arg, false),
                Opcode::PopJumpIfTrue => control::pop_jump_if(vm, &mut r, arg, true),
                Opcode::PopJumpIfNone => control::pop_jump_if_none(vm, &mut r, arg, true),
                Opcode::PopJumpIfNotNone => control::pop_jump_if_none(vm, &mut r, arg, false),
                // Operators
                Opcode::BinaryOp => check!(slow!(|t| ops::binary_op(vm, t, arg))),
                Opcode::BinaryOpAddInt => known_op!(ops_cache::int_op(&mut r, BinaryOp::Add), arg),
                Opcode::BinaryOpSubtractInt => {
                    known_op!(ops_cache::int_op(&mut r, BinaryOp::Subtract), arg)
                }
                Opcode::BinaryOpMultiplyInt => {
                    known_op!(ops_cache::int_op(&mut r, BinaryOp::Multiply), arg)
                }
                Opcode::BinaryOpAddFloat => {
                    known_op!(check!(ops_cache::float_op(vm, &mut r, BinaryOp::Add)), arg)
                }
                Opcode::BinaryOpSubtractFloat => {
                    known_op!(
                        check!(ops_cache::float_op(vm, &mut r, BinaryOp::Subtract)),
                        arg
                    )
                }
                Opcode::BinaryOpMultiplyFloat => {
                    known_op!(
                        check!(ops_cache::float_op(vm, &mut r, BinaryOp::Multiply)),
                        arg
                    )
                }
                Opcode::BinaryOpExtend => {
                    known_op!(check!(ops::binary_op_extend(vm, &mut r, arg)), arg)
                }
                Opcode::BinaryOpSubscrListInt => {
                    known_op!(ops_cache::subscr_list_int(vm, &mut r), arg)
                }
                Opcode::BinaryOpSubscrTupleInt => {
                    known_op!(ops_cache::subscr_tuple_int(vm, &mut r), arg)
                }
                Opcode::BinaryOpSubscrStrInt => {
                    known_op!(check!(slow!(|t| ops_cache::subscr_str_int(vm, t))), arg)
                }
                Opcode::BinaryOpSubscrDict => {
                    known_op!(check!(slow!(|t| ops_cache::subscr_dict(vm, t))), arg)
                }
                Opcode::BinaryOpSubscrGetitem => {
                    known_op!(check!(slow!(|t| ops_cache::subscr_getitem(vm, t))), arg)
                }
                Opcode::BinaryOpAddUnicode => {
                    known_op!(check!(slow!(|t| ops_cache::add_unicode(vm, t))), arg)
                }
                Opcode::BinaryOpInplaceAddUnicode => {
                    known_op!(
                        check!(slow!(|t| ops_cache::inplace_add_unicode(vm, t))),
                        arg
                    )
                }
                Opcode::CompareOp => check!(slow!(|t| ops::compare_op_any(vm, t, arg))),
                Opcode::CompareOpInt => {
                    if !ops::compare_op_int(vm, &mut r, arg) {
                        check!(slow!(|t| ops::compare_op_missed(vm, t, arg)));
                    }
                }
                Opcode::CompareOpFloat => {
                    if !ops::compare_op_float(vm, &mut r, arg) {
                        check!(slow!(|t| ops::compare_op_missed(vm, t, arg)));
                    }
                }
                Opcode::CompareOpStr => {
                    if !ops::compare_op_str(vm, &mut r, arg) {
                        check!(slow!(|t| ops::compare_op_missed(vm, t, arg)));
                    }
                }
                Opcode::IsOp => ops::is_op(vm, &mut r, arg),
                Opcode::ContainsOp => check!(ops::contains_op(vm, &mut r, arg)),
                Opcode::ToBool => check!(ops::to_bool(vm, &mut r)),
                Opcode::UnaryNot => ops::unary_not(vm, &mut r),
                Opcode::UnaryNegative => check!(slow!(|t| ops::unary(vm, t, Vm::negative))),
                Opcode::UnaryInvert => check!(slow!(|t| ops::unary(vm, t, Vm::invert))),
                Opcode::BinarySlice => check!(slow!(|t| ops::binary_slice(vm, t))),
                Opcode::StoreSlice => check!(slow!(|t| ops::store_slice(vm, t))),
                Opcode::StoreSubscr => check!(slow!(|t| ops::store_subscr(vm, t))),
                Opcode::StoreSubscrListInt => {
                    if !ops::store_subscr_list_int(vm, &mut r) {
                        check!(slow!(|t| ops::store_subscr_missed(vm, t)));
                    }
                }
                Opcode::StoreSubscrDict => {
                    if !check!(slow!(|t| ops::store_subscr_dict(vm, t))) {
                        check!(slow!(|t| ops::store_subscr_missed(vm, t)));
                    }
                }
                Opcode::DeleteSubscr => check!(slow!(|t| ops::delete_subscr(vm, t))),
                // Names
                Opcode::LoadGlobal => check!(slow!(|t| names::load_global(vm, t, arg))),
                Opcode::LoadGlobalModule => {
                    if !names::load_global_module(&mut r, arg) {
                        check!(slow!(|t| names::load_global(vm, t, arg)));
                    }
                }
                Opcode::LoadGlobalBuiltin => {
                    if !names::load_global_builtin(&mut r, arg) {
                        check!(slow!(|t| names::load_global(vm, t, arg)));
                    }
                }
                Opcode::StoreGlobal => check!(slow!(|t| names::store_global(vm, t, arg))),
                Opcode::DeleteGlobal => check!(slow!(|t| names::delete_global(vm, t, arg))),
                Opcode::LoadName => check!(slow!(|t| names::load_name(vm, t, arg))),
                Opcode::StoreName => check!(slow!(|t| names::store_name(vm, t, arg))),
                Opcode::DeleteName => check!(slow!(|t| names::delete_name(vm, t, arg))),
                Opcode::LoadLocals => check!(slow!(|t| names::load_locals(vm, t))),
                Opcode::LoadFromDictOrGlobals => {
                    check!(slow!(|t| names::load_from_dict_or_globals(vm, t, arg)))
                }
                Opcode::LoadFromDictOrDeref => {
                    check!(slow!(|t| names::load_from_dict_or_deref(vm, t, arg)))
                }
                Opcode::LoadDeref => check!(names::load_deref(vm, &mut r, arg)),
                Opcode::StoreDeref => slow!(|t| names::store_deref(t, arg)),
                Opcode::DeleteDeref => check!(slow!(|t| names::delete_deref(vm, t, arg))),
                Opcode::MakeCell => check!(slow!(|t| names::make_cell(vm, t, arg))),
                Opcode::CopyFreeVars => names::copy_free_vars(&mut r, arg),
                Opcode::SetupAnnotations => check!(slow!(|t| names::setup_annotations(vm, t))),
                Opcode::LoadBuildClass => check!(slow!(|t| names::load_build_class(vm, t))),
                // Attributes
                Opcode::LoadAttr => check!(slow!(|t| attrs::load_attr(vm, t, arg))),
                Opcode::LoadAttrInstanceValue => {
                    if !specialize::load_attr_instance_value(&mut r, arg) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::LoadAttrWithHint => {
                    if !specialize::load_attr_with_hint(&mut r, arg) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::LoadAttrMethodWithValues => {
                    if !specialize::load_attr_class_value(vm, &mut r, arg, true, true) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::LoadAttrMethodNoDict => {
                    if !specialize::load_attr_class_value(vm, &mut r, arg, true, false) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::LoadAttrNondescriptorWithValues => {
                    if !specialize::load_attr_class_value(vm, &mut r, arg, false, true) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::LoadAttrNondescriptorNoDict => {
                    if !specialize::load_attr_class_value(vm, &mut r, arg, false, false) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::LoadAttrSlot => {
                    if !specialize::load_attr_slot(&mut r, arg) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::LoadAttrProperty => {
                    check!(slow!(|t| calls::load_attr_property(vm, t, arg)))
                }
                Opcode::LoadAttrModule => {
                    if !specialize::load_attr_module(vm, &mut r, arg) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::LoadAttrClass | Opcode::LoadAttrClassWithMetaclassCheck => {
                    if !specialize::load_attr_class(&mut r, arg) {
                        check!(slow!(|t| attrs::load_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::StoreAttrInstanceValue => {
                    if !specialize::store_attr_instance_value(&mut r) {
                        check!(slow!(|t| attrs::store_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::StoreAttrWithHint => {
                    if !specialize::store_attr_with_hint(&mut r, arg) {
                        check!(slow!(|t| attrs::store_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::StoreAttrSlot => {
                    if !specialize::store_attr_slot(&mut r) {
                        check!(slow!(|t| attrs::store_attr_missed(vm, t, arg)));
                    }
                }
                Opcode::StoreAttr => check!(slow!(|t| attrs::store_attr(vm, t, arg))),
                Opcode::DeleteAttr => check!(slow!(|t| attrs::delete_attr(vm, t, arg))),
                Opcode::LoadSuperAttr => check!(slow!(|t| attrs::load_super_attr(vm, t, arg))),
                Opcode::LoadSpecial => check!(slow!(|t| attrs::load_special(vm, t, arg))),
                // Building
                Opcode::BuildTuple => check!(slow!(|t| build::build_tuple(vm, t, arg))),
                Opcode::BuildList => check!(slow!(|t| build::build_list(vm, t, arg))),
                Opcode::BuildMap => check!(slow!(|t| build::build_map(vm, t, arg))),
                Opcode::BuildSet => check!(slow!(|t| build::build_set(vm, t, arg))),
                Opcode::BuildSlice => check!(slow!(|t| build::build_slice(vm, t, arg))),
                Opcode::BuildString => check!(slow!(|t| build::build_string(vm, t, arg))),
                Opcode::BuildTemplate => check!(slow!(|t| build::build_template(vm, t))),
                Opcode::BuildInterpolation => {
                    check!(slow!(|t| build::build_interpolation(vm, t, arg)))
                }
                Opcode::ListAppend => check!(build::list_append(vm, &mut r, arg)),
                Opcode::ListExtend => check!(slow!(|t| build::list_extend(vm, t, arg))),
                Opcode::SetAdd => check!(slow!(|t| build::set_add(vm, t, arg))),
                Opcode::SetUpdate => check!(slow!(|t| build::set_update(vm, t, arg))),
                Opcode::MapAdd => check!(slow!(|t| build::map_add(vm, t, arg))),
                Opcode::DictUpdate => check!(slow!(|t| build::dict_update(vm, t, arg))),
                Opcode::DictMerge => check!(slow!(|t| build::dict_merge(vm, t, arg))),
                Opcode::FormatSimple => check!(slow!(|t| build::format_simple(vm, t))),
                Opcode::FormatWithSpec => check!(slow!(|t| build::format_with_spec(vm, t))),
                Opcode::ConvertValue => check!(slow!(|t| build::convert_value(vm, t, arg))),
                Opcode::UnpackSequence => check!(build::unpack_sequence(vm, &mut r, arg)),
                Opcode::UnpackEx => check!(slow!(|t| build::unpack_ex(vm, t, arg))),
                // Iteration
                Opcode::GetIter => check!(control::get_iter(vm, &mut r)),
                Opcode::ForIter => check!(slow!(|t| control::for_iter(vm, t, arg))),
                Opcode::ForIterGen => {
                    if !check!(ops_cache::for_iter_gen(vm, &mut r, arg)) {
                        check!(slow!(|t| ops_cache::for_iter_missed(vm, t, arg)));
                    }
                }
                Opcode::ForIterList => {
                    if !ops_cache::for_iter_list(&mut r, arg) {
                        check!(slow!(|t| ops_cache::for_iter_missed(vm, t, arg)));
                    }
                }
                Opcode::ForIterTuple => {
                    if !ops_cache::for_iter_tuple(&mut r, arg) {
                        check!(slow!(|t| ops_cache::for_iter_missed(vm, t, arg)));
                    }
                }
                Opcode::ForIterRange => {
                    if !ops_cache::for_iter_range(&mut r, arg) {
                        check!(slow!(|t| ops_cache::for_iter_missed(vm, t, arg)));
                    }
                }
                Opcode::GetLen => check!(slow!(|t| objects::get_len(vm, t))),
                Opcode::GetYieldFromIter => check!(slow!(|t| control::get_yield_from_iter(vm, t))),
                Opcode::GetAwaitable => check!(slow!(|t| control::get_awaitable(vm, t, arg))),
                Opcode::GetAiter => check!(slow!(|t| control::get_aiter(vm, t))),
                Opcode::GetAnext => check!(slow!(|t| control::get_anext(vm, t))),
                Opcode::Send => check!(slow!(|t| control::send(vm, t, arg))),
                Opcode::SendGen => {
                    if !check!(ops_cache::send_gen(vm, &mut r, arg)) {
                        check!(slow!(|t| ops_cache::send_missed(vm, t, arg)));
                    }
                }
                Opcode::EndSend => slow!(|t| control::end_send(t)),
                Opcode::EndAsyncFor => check!(slow!(|t| control::end_async_for(vm, t))),
                Opcode::CleanupThrow => check!(slow!(|t| control::cleanup_throw(vm, t))),
                Opcode::YieldValue => flow!(control::yield_value(vm, &mut r)),
                Opcode::ReturnGenerator => flow!(slow!(|t| control::return_generator(vm, t))),
                Opcode::ReturnValue => flow!(control::return_value(vm, &mut r)),
                Opcode::InterpreterExit => {
                    check!(Err::<(), _>(
                        vm.system_error("INTERPRETER_EXIT in a code object")
                    ))
                }
                // Calls
                Opcode::Call => check!(slow!(|t| calls::call(vm, t, arg))),
                Opcode::CallPyExactArgs => known_call!(call_py_exact_args, arg),
                Opcode::CallBoundMethodExactArgs => known_call!(call_bound_method_exact_args, arg),
                Opcode::CallPyGeneral | Opcode::CallBoundMethodGeneral => {
                    check!(slow!(|t| call_cache::call_py_general(vm, t, arg)))
                }
                Opcode::CallAllocAndEnterInit => {
                    check!(slow!(|t| call_cache::call_alloc_and_enter_init(vm, t, arg)))
                }
                Opcode::CallBuiltinO => known_call!(call_builtin_o, arg),
                Opcode::CallBuiltinFast | Opcode::CallBuiltinFastWithKeywords => {
                    check!(slow!(|t| call_cache::call_builtin_fast(vm, t, arg)))
                }
                Opcode::CallMethodDescriptorNoargs => {
                    known_call!(call_method_descriptor_noargs, arg)
                }
                Opcode::CallMethodDescriptorO => known_call!(call_method_descriptor_o, arg),
                Opcode::CallMethodDescriptorFast | Opcode::CallMethodDescriptorFastWithKeywords => {
                    check!(slow!(|t| call_cache::call_method_descriptor_fast(
                        vm, t, arg
                    )))
                }
                Opcode::CallListAppend => known_call!(call_list_append, arg),
                Opcode::CallLen => known_call!(call_len, arg),
                Opcode::CallIsinstance => {
                    check!(slow!(|t| call_cache::call_isinstance(vm, t, arg)))
                }
                Opcode::CallType1 => {
                    check!(slow!(|t| call_cache::call_class_1(
                        vm,
                        t,
                        arg,
                        Opcode::CallType1
                    )))
                }
                Opcode::CallStr1 => {
                    check!(slow!(|t| call_cache::call_class_1(
                        vm,
                        t,
                        arg,
                        Opcode::CallStr1
                    )))
                }
                Opcode::CallTuple1 => {
                    check!(slow!(|t| call_cache::call_class_1(
                        vm,
                        t,
                        arg,
                        Opcode::CallTuple1
                    )))
                }
                Opcode::CallKw => check!(slow!(|t| calls::call_kw(vm, t, arg))),
                Opcode::CallFunctionEx => check!(slow!(|t| calls::call_function_ex(vm, t))),
                Opcode::MakeFunction => check!(slow!(|t| objects::make_function(vm, t))),
                Opcode::SetFunctionAttribute => {
                    check!(slow!(|t| objects::set_function_attribute(vm, t, arg)))
                }
                Opcode::CallIntrinsic1 => check!(slow!(|t| special::intrinsic_1(vm, t, arg))),
                Opcode::CallIntrinsic2 => check!(slow!(|t| special::intrinsic_2(vm, t, arg))),
                Opcode::ExitInitCheck => check!(slow!(|t| control::exit_init_check(vm, t))),
                // Imports
                Opcode::ImportName => check!(slow!(|t| special::import_name(vm, t, arg))),
                Opcode::ImportFrom => check!(slow!(|t| special::import_from(vm, t, arg))),
                // Exceptions
                Opcode::PushExcInfo => slow!(|t| exceptions::push_exc_info(vm, t)),
                Opcode::PopExcept => slow!(|t| exceptions::pop_except(vm, t)),
                Opcode::CheckExcMatch => check!(slow!(|t| exceptions::check_exc_match(vm, t))),
                Opcode::CheckEgMatch => check!(slow!(|t| exceptions::check_eg_match(vm, t))),
                Opcode::RaiseVarargs => check!(slow!(|t| exceptions::raise_varargs(vm, t, arg))),
                Opcode::Reraise => check!(slow!(|t| exceptions::reraise(vm, t, arg))),
                Opcode::WithExceptStart => check!(slow!(|t| exceptions::with_except_start(vm, t))),
                // Pattern matching
                Opcode::MatchMapping => {
                    slow!(|t| objects::match_flag(vm, t, taipan_object::tpflags::MAPPING))
                }
                Opcode::MatchSequence => {
                    slow!(|t| objects::match_flag(vm, t, taipan_object::tpflags::SEQUENCE))
                }
                Opcode::MatchKeys => check!(slow!(|t| objects::match_keys(vm, t))),
                Opcode::MatchClass => check!(slow!(|t| objects::match_class(vm, t, arg))),
                other if other.is_instrumented() => {
                    // The instruction itself may be left to run.
                    if let Some(real) = check!(slow!(|t| instrumented::run(vm, t, arg))) {
                        op = real as u8;
                        continue 'extended;
                    }
                }
                _ => {
                    r.save();
                    check!(Err::<(), _>(unknown_opcode(vm, &{ r })))
                }
            }
            break 'extended;
        }
    }
}
