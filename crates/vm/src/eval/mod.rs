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
mod frames;
mod instrumented;
mod keywords;
mod names;
mod objects;
mod ops;
mod ops_cache;
mod quick;
pub(crate) mod regs;
mod special;
mod specialize;

use taipan_bytecode::Opcode;
use taipan_object::{BinaryOp, PyResult, Value, Vm};

pub(crate) use control::{clear_frame, leave_frame, stop_value};
pub(crate) use exceptions::matches as exception_matches;
pub(crate) use frames::{call_function, enter_call, leave_call, new_frame_for};

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

/// An instruction that is not part of the loop's own code. It finds the registers in memory.
type Outlined = fn(&Vm, &mut Regs, u32) -> PyResult<()>;

/// An instruction that stands for code that the verifier refused.
#[cold]
fn unknown_opcode(vm: &Vm, r: &mut Regs, _arg: u32) -> PyResult<()> {
    r.save();
    let unit = usize::try_from(r.f().lasti()).unwrap_or_default();
    Err(r.code().refusal(vm, r.opcode(), unit))
}

#[cold]
fn interpreter_exit(vm: &Vm, r: &mut Regs, _arg: u32) -> PyResult<()> {
    r.save();
    Err(vm.system_error("INTERPRETER_EXIT in a code object"))
}

#[inline(never)]
fn run(vm: &Vm, regs: &mut Regs) -> PyResult<Outcome> {
    // The registers live in locals of this function. What is not inlined finds them in the caller's memory, and so does the
    // unwinder. Only instructions that neither raise nor call anything but destructors are inlined, so that the compiler
    // keeps the registers in machine registers; an inlined instruction that cannot be done that way touches nothing and
    // gives way to an outlined one.
    let mut r = *regs;
    let (mut op, mut arg) = r.fetch();
    macro_rules! next {
        () => {{
            (op, arg) = r.fetch();
            continue;
        }};
    }
    // An instruction that always can be done here.
    macro_rules! inlined {
        ($e:expr) => {{
            $e;
            next!()
        }};
    }
    // One that may turn out to need another.
    macro_rules! attempt {
        ($e:expr, $other:expr) => {{
            if $e {
                next!()
            }
            $other
        }};
    }
    // A specialized call; the general way when the site does not know the callable.
    macro_rules! known_call {
        ($f:ident) => {
            |vm, t, arg| {
                if call_cache::$f(vm, t, arg)? {
                    Ok(())
                } else {
                    call_cache::call_missed(vm, t, arg)
                }
            }
        };
    }
    // An instruction that may leave the frame.
    macro_rules! flow {
        ($f:path) => {{
            *regs = r;
            match $f(vm, regs)? {
                Flow::Next => {}
                Flow::Leave(o) => return Ok(o),
            }
            r = *regs;
            next!()
        }};
    }
    loop {
        let outlined: Outlined = match op {
            Opcode::ExtendedArg => {
                (op, arg) = r.fetch_extended(arg);
                continue;
            }
            Opcode::LoadFastBorrow => inlined!(names::load_fast_borrow(vm, &mut r, arg)),
            Opcode::LoadFastBorrowLoadFastBorrow => inlined!({
                names::push_borrowed(&mut r, arg >> 4);
                names::load_fast_borrow(vm, &mut r, arg & 15);
            }),
            Opcode::LoadFast => inlined!(names::load_fast(&mut r, arg)),
            Opcode::LoadFastLoadFast => inlined!({
                names::load_fast(&mut r, arg >> 4);
                names::load_fast(&mut r, arg & 15);
            }),
            Opcode::LoadFastCheck => attempt!(
                names::load_fast_check(&mut r, arg),
                names::load_fast_unbound
            ),
            Opcode::LoadFastAndClear => inlined!(names::load_fast_and_clear(&mut r, arg)),
            Opcode::StoreFast => inlined!(names::store_fast(&mut r, arg)),
            Opcode::StoreFastLoadFast => inlined!({
                names::store_fast(&mut r, arg >> 4);
                names::load_fast(&mut r, arg & 15);
            }),
            Opcode::StoreFastStoreFast => inlined!({
                names::store_fast(&mut r, arg >> 4);
                names::store_fast(&mut r, arg & 15);
            }),
            Opcode::DeleteFast => names::delete_fast,
            Opcode::LoadConst | Opcode::LoadConstMortal | Opcode::LoadConstImmortal => inlined!({
                // The code keeps its constants alive: the stack borrows them.
                let bits = r.const_at(arg).bits();
                r.push_bits(crate::frame::borrow(bits));
            }),
            Opcode::LoadSmallInt => inlined!(ops_cache::push_small_int(
                vm,
                &mut r,
                Value::from_i32(arg as i32).into_bits()
            )),
            Opcode::LoadCommonConstant => special::load_common_constant,
            Opcode::PopTop | Opcode::PopIter | Opcode::EndFor => inlined!(drop(r.pop())),
            Opcode::PushNull => inlined!(r.push_bits(0)),
            Opcode::Copy => inlined!(names::copy(&mut r, arg)),
            Opcode::Swap => inlined!(names::swap(&mut r, arg)),
            Opcode::Nop | Opcode::NotTaken | Opcode::Cache => inlined!({}),
            Opcode::Resume | Opcode::ResumeCheck => {
                attempt!(control::is_quiet(vm), instrumented::resume)
            }
            // Jumps
            Opcode::JumpForward => inlined!(r.jump(arg as isize)),
            Opcode::JumpBackward | Opcode::JumpBackwardNoJit | Opcode::JumpBackwardJit => {
                if control::jump_backward(vm, &mut r, arg) {
                    (op, arg) = r.fetch();
                    // The common heads of loops.
                    match op {
                        Opcode::ForIterRange if ops_cache::for_iter_range(&mut r, arg) => next!(),
                        Opcode::ForIterList if ops_cache::for_iter_list(&mut r, arg) => next!(),
                        _ => continue,
                    }
                }
                control::jump_backward_polling
            }
            Opcode::JumpBackwardNoInterrupt => inlined!(r.jump(-(arg as isize))),
            Opcode::PopJumpIfFalse => inlined!(control::pop_jump_if(vm, &mut r, arg, false)),
            Opcode::PopJumpIfTrue => inlined!(control::pop_jump_if(vm, &mut r, arg, true)),
            Opcode::PopJumpIfNone => inlined!(control::pop_jump_if_none(vm, &mut r, arg, true)),
            Opcode::PopJumpIfNotNone => {
                inlined!(control::pop_jump_if_none(vm, &mut r, arg, false))
            }
            // Operators
            Opcode::BinaryOp => ops::binary_op,
            Opcode::BinaryOpAddInt => attempt!(
                ops_cache::int_op(&mut r, BinaryOp::Add),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpSubtractInt => attempt!(
                ops_cache::int_op(&mut r, BinaryOp::Subtract),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpMultiplyInt => attempt!(
                ops_cache::int_op(&mut r, BinaryOp::Multiply),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpAddFloat => attempt!(
                ops_cache::float_op(vm, &mut r, BinaryOp::Add),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpSubtractFloat => attempt!(
                ops_cache::float_op(vm, &mut r, BinaryOp::Subtract),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpMultiplyFloat => attempt!(
                ops_cache::float_op(vm, &mut r, BinaryOp::Multiply),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpExtend => attempt!(
                ops::binary_op_extend(vm, &mut r, arg),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpSubscrListInt => attempt!(
                ops_cache::subscr_list_int(vm, &mut r),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpSubscrTupleInt => attempt!(
                ops_cache::subscr_tuple_int(vm, &mut r),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpSubscrStrInt => ops_cache::subscr_str_int,
            Opcode::BinaryOpSubscrDict => ops_cache::subscr_dict,
            Opcode::BinaryOpSubscrGetitem => ops_cache::subscr_getitem,
            Opcode::BinaryOpAddUnicode => ops_cache::add_unicode,
            Opcode::BinaryOpInplaceAddUnicode => ops_cache::inplace_add_unicode,
            Opcode::CompareOp => ops::compare_op_any,
            Opcode::CompareOpInt => {
                attempt!(ops::compare_op_int(vm, &mut r, arg), ops::compare_op_missed)
            }
            Opcode::CompareOpFloat => attempt!(
                ops::compare_op_float(vm, &mut r, arg),
                ops::compare_op_missed
            ),
            Opcode::CompareOpStr => {
                attempt!(ops::compare_op_str(vm, &mut r, arg), ops::compare_op_missed)
            }
            Opcode::IsOp => inlined!(ops::is_op(vm, &mut r, arg)),
            Opcode::ContainsOp => ops::contains_op,
            Opcode::ToBool => attempt!(ops::to_bool_plain(vm, &mut r), ops::to_bool),
            Opcode::UnaryNot => inlined!(ops::unary_not(vm, &mut r)),
            Opcode::UnaryNegative => attempt!(ops::negative_small(&mut r), ops::negative),
            Opcode::UnaryInvert => |vm, t, _| ops::unary(vm, t, Vm::invert),
            Opcode::BinarySlice => |vm, t, _| ops::binary_slice(vm, t),
            Opcode::StoreSlice => |vm, t, _| ops::store_slice(vm, t),
            Opcode::StoreSubscr => ops::store_subscr,
            Opcode::StoreSubscrListInt => attempt!(
                ops::store_subscr_list_int(vm, &mut r),
                ops::store_subscr_missed
            ),
            Opcode::StoreSubscrDict => ops::store_subscr_dict,
            Opcode::DeleteSubscr => |vm, t, _| ops::delete_subscr(vm, t),
            // Names
            Opcode::LoadGlobal => names::load_global,
            Opcode::LoadGlobalModule => {
                attempt!(names::load_global_module(&mut r, arg), names::load_global)
            }
            Opcode::LoadGlobalBuiltin => {
                attempt!(names::load_global_builtin(&mut r, arg), names::load_global)
            }
            Opcode::StoreGlobal => names::store_global,
            Opcode::DeleteGlobal => names::delete_global,
            Opcode::LoadName => names::load_name,
            Opcode::StoreName => names::store_name,
            Opcode::DeleteName => names::delete_name,
            Opcode::LoadLocals => |vm, t, _| names::load_locals(vm, t),
            Opcode::LoadFromDictOrGlobals => names::load_from_dict_or_globals,
            Opcode::LoadFromDictOrDeref => names::load_from_dict_or_deref,
            Opcode::LoadDeref => {
                attempt!(names::load_deref_bound(&mut r, arg), names::load_deref)
            }
            Opcode::StoreDeref => |_, t, arg| {
                names::store_deref(t, arg);
                Ok(())
            },
            Opcode::DeleteDeref => names::delete_deref,
            Opcode::MakeCell => names::make_cell,
            Opcode::CopyFreeVars => {
                attempt!(names::copy_free_vars(&mut r, arg), names::no_closure)
            }
            Opcode::SetupAnnotations => |vm, t, _| names::setup_annotations(vm, t),
            Opcode::LoadBuildClass => |vm, t, _| names::load_build_class(vm, t),
            // Attributes
            Opcode::LoadAttr => attrs::load_attr,
            Opcode::LoadAttrInstanceValue => attempt!(
                specialize::load_attr_instance_value(&mut r, arg),
                attrs::load_attr_missed
            ),
            Opcode::LoadAttrWithHint => attempt!(
                specialize::load_attr_with_hint(&mut r, arg),
                attrs::load_attr_missed
            ),
            Opcode::LoadAttrMethodWithValues => attempt!(
                specialize::load_attr_class_value(vm, &mut r, arg, true, true),
                attrs::load_attr_missed
            ),
            Opcode::LoadAttrMethodLazyDict => attrs::load_attr_method_lazy_dict,
            Opcode::LoadAttrMethodNoDict => attempt!(
                specialize::load_attr_class_value(vm, &mut r, arg, true, false),
                attrs::load_attr_missed
            ),
            Opcode::LoadAttrNondescriptorWithValues => attempt!(
                specialize::load_attr_class_value(vm, &mut r, arg, false, true),
                attrs::load_attr_missed
            ),
            Opcode::LoadAttrNondescriptorNoDict => attempt!(
                specialize::load_attr_class_value(vm, &mut r, arg, false, false),
                attrs::load_attr_missed
            ),
            Opcode::LoadAttrSlot => attempt!(
                specialize::load_attr_slot(&mut r, arg),
                attrs::load_attr_missed
            ),
            Opcode::LoadAttrProperty => calls::load_attr_property,
            Opcode::LoadAttrModule => attempt!(
                specialize::load_attr_module(vm, &mut r, arg),
                attrs::load_attr_missed
            ),
            Opcode::LoadAttrClass | Opcode::LoadAttrClassWithMetaclassCheck => attempt!(
                specialize::load_attr_class(&mut r, arg),
                attrs::load_attr_missed
            ),
            Opcode::StoreAttrInstanceValue => attempt!(
                specialize::store_attr_instance_value(&mut r),
                attrs::store_attr_missed
            ),
            Opcode::StoreAttrWithHint => attempt!(
                specialize::store_attr_with_hint(&mut r, arg),
                attrs::store_attr_missed
            ),
            Opcode::StoreAttrSlot => attempt!(
                specialize::store_attr_slot(&mut r),
                attrs::store_attr_missed
            ),
            Opcode::StoreAttr => attrs::store_attr,
            Opcode::DeleteAttr => attrs::delete_attr,
            Opcode::LoadSuperAttr => attrs::load_super_attr,
            Opcode::LoadSpecial => attrs::load_special,
            // Building
            Opcode::BuildTuple => build::build_tuple,
            Opcode::BuildList => build::build_list,
            Opcode::BuildMap => build::build_map,
            Opcode::BuildSet => build::build_set,
            Opcode::BuildSlice => build::build_slice,
            Opcode::BuildString => build::build_string,
            Opcode::BuildTemplate => |vm, t, _| build::build_template(vm, t),
            Opcode::BuildInterpolation => build::build_interpolation,
            Opcode::ListAppend => {
                attempt!(build::append_in_room(&mut r, arg), build::list_append)
            }
            Opcode::ListExtend => build::list_extend,
            Opcode::SetAdd => build::set_add,
            Opcode::SetUpdate => build::set_update,
            Opcode::MapAdd => build::map_add,
            Opcode::DictUpdate => build::dict_update,
            Opcode::DictMerge => build::dict_merge,
            Opcode::FormatSimple => |vm, t, _| build::format_simple(vm, t),
            Opcode::FormatWithSpec => |vm, t, _| build::format_with_spec(vm, t),
            Opcode::ConvertValue => build::convert_value,
            Opcode::UnpackSequence => {
                attempt!(build::unpack_plain(vm, &mut r, arg), build::unpack_sequence)
            }
            Opcode::UnpackEx => build::unpack_ex,
            // Iteration
            Opcode::GetIter => |vm, t, _| control::get_iter(vm, t),
            Opcode::ForIter => control::for_iter,
            Opcode::ForIterGen => {
                attempt!(
                    quick::for_iter_gen(vm, &mut r, arg),
                    ops_cache::for_iter_gen
                )
            }
            Opcode::ForIterList => attempt!(
                ops_cache::for_iter_list(&mut r, arg),
                ops_cache::for_iter_missed
            ),
            Opcode::ForIterTuple => attempt!(
                ops_cache::for_iter_tuple(&mut r, arg),
                ops_cache::for_iter_missed
            ),
            Opcode::ForIterRange => attempt!(
                ops_cache::for_iter_range(&mut r, arg),
                ops_cache::for_iter_missed
            ),
            Opcode::GetLen => |vm, t, _| objects::get_len(vm, t),
            Opcode::GetYieldFromIter => |vm, t, _| control::get_yield_from_iter(vm, t),
            Opcode::GetAwaitable => control::get_awaitable,
            Opcode::GetAiter => |vm, t, _| control::get_aiter(vm, t),
            Opcode::GetAnext => |vm, t, _| control::get_anext(vm, t),
            Opcode::Send => control::send,
            Opcode::SendGen => attempt!(quick::send_gen(vm, &mut r, arg), ops_cache::send_gen),
            Opcode::EndSend => |_, t, _| {
                control::end_send(t);
                Ok(())
            },
            Opcode::EndAsyncFor => |vm, t, _| control::end_async_for(vm, t),
            Opcode::CleanupThrow => |vm, t, _| control::cleanup_throw(vm, t),
            Opcode::YieldValue => {
                if quick::yield_value(vm, &mut r) {
                    next!()
                }
                flow!(control::yield_value)
            }
            Opcode::ReturnGenerator => flow!(control::return_generator),
            Opcode::ReturnValue => {
                if quick::return_value(vm, &mut r) {
                    next!()
                }
                flow!(control::return_value)
            }
            Opcode::InterpreterExit => interpreter_exit,
            // Calls
            Opcode::Call => calls::call,
            Opcode::CallPyExactArgs => attempt!(
                quick::call_py_exact_args(vm, &mut r, arg),
                call_cache::call_py_exact_args
            ),
            Opcode::CallBoundMethodExactArgs => known_call!(call_bound_method_exact_args),
            Opcode::CallPyGeneral | Opcode::CallBoundMethodGeneral => call_cache::call_py_general,
            Opcode::CallAllocAndEnterInit => call_cache::call_alloc_and_enter_init,
            Opcode::CallBuiltinO => known_call!(call_builtin_o),
            Opcode::CallBuiltinFast => call_cache::call_builtin_fast,
            Opcode::CallBuiltinFastWithKeywords => call_cache::call_builtin_any,
            Opcode::CallBuiltinClass => call_cache::call_builtin_class,
            Opcode::CallMethodDescriptorNoargs => known_call!(call_method_descriptor_noargs),
            Opcode::CallMethodDescriptorO => known_call!(call_method_descriptor_o),
            Opcode::CallMethodDescriptorFast => call_cache::call_method_descriptor_fast,
            Opcode::CallMethodDescriptorFastWithKeywords => call_cache::call_method_descriptor_any,
            Opcode::CallListAppend => known_call!(call_list_append),
            Opcode::CallLen => attempt!(quick::call_len(vm, &mut r, arg), call_cache::call_len),
            Opcode::CallIsinstance => attempt!(
                quick::call_isinstance(vm, &mut r, arg),
                call_cache::call_isinstance
            ),
            Opcode::CallType1 => attempt!(quick::call_type_1(vm, &mut r, arg), |vm, t, arg| {
                call_cache::call_class_1(vm, t, arg, Opcode::CallType1)
            }),
            Opcode::CallStr1 => |vm, t, arg| call_cache::call_class_1(vm, t, arg, Opcode::CallStr1),
            Opcode::CallTuple1 => {
                |vm, t, arg| call_cache::call_class_1(vm, t, arg, Opcode::CallTuple1)
            }
            Opcode::CallKw => keywords::call_kw,
            Opcode::CallFunctionEx => |vm, t, _| keywords::call_function_ex(vm, t),
            Opcode::MakeFunction => |vm, t, _| objects::make_function(vm, t),
            Opcode::SetFunctionAttribute => objects::set_function_attribute,
            Opcode::CallIntrinsic1 => special::intrinsic_1,
            Opcode::CallIntrinsic2 => special::intrinsic_2,
            Opcode::ExitInitCheck => |vm, t, _| control::exit_init_check(vm, t),
            // Imports
            Opcode::ImportName => special::import_name,
            Opcode::ImportFrom => special::import_from,
            // Exceptions
            Opcode::PushExcInfo => |vm, t, _| {
                exceptions::push_exc_info(vm, t);
                Ok(())
            },
            Opcode::PopExcept => |vm, t, _| {
                exceptions::pop_except(vm, t);
                Ok(())
            },
            Opcode::CheckExcMatch => |vm, t, _| exceptions::check_exc_match(vm, t),
            Opcode::CheckEgMatch => |vm, t, _| exceptions::check_eg_match(vm, t),
            Opcode::RaiseVarargs => exceptions::raise_varargs,
            Opcode::Reraise => exceptions::reraise,
            Opcode::WithExceptStart => |vm, t, _| exceptions::with_except_start(vm, t),
            // Pattern matching
            Opcode::MatchMapping => |vm, t, _| {
                objects::match_flag(vm, t, taipan_object::tpflags::MAPPING);
                Ok(())
            },
            Opcode::MatchSequence => |vm, t, _| {
                objects::match_flag(vm, t, taipan_object::tpflags::SEQUENCE);
                Ok(())
            },
            Opcode::MatchKeys => |vm, t, _| objects::match_keys(vm, t),
            Opcode::MatchClass => objects::match_class,
            Opcode::InstrumentedEndFor
            | Opcode::InstrumentedPopIter
            | Opcode::InstrumentedEndSend
            | Opcode::InstrumentedForIter
            | Opcode::InstrumentedInstruction
            | Opcode::InstrumentedJumpForward
            | Opcode::InstrumentedNotTaken
            | Opcode::InstrumentedPopJumpIfTrue
            | Opcode::InstrumentedPopJumpIfFalse
            | Opcode::InstrumentedPopJumpIfNone
            | Opcode::InstrumentedPopJumpIfNotNone
            | Opcode::InstrumentedResume
            | Opcode::InstrumentedReturnValue
            | Opcode::InstrumentedYieldValue
            | Opcode::InstrumentedEndAsyncFor
            | Opcode::InstrumentedLoadSuperAttr
            | Opcode::InstrumentedCall
            | Opcode::InstrumentedCallKw
            | Opcode::InstrumentedCallFunctionEx
            | Opcode::InstrumentedJumpBackward
            | Opcode::InstrumentedLine
            | Opcode::EnterExecutor => {
                *regs = r;
                let real = instrumented::run(vm, regs, arg)?;
                r = *regs;
                match real {
                    // The instruction itself is left to run.
                    Some(real) => {
                        op = real;
                        continue;
                    }
                    None => next!(),
                }
            }
            Opcode::Reserved
            | Opcode::BinaryOpSubscrListSlice
            | Opcode::CallKwBoundMethod
            | Opcode::CallKwNonPy
            | Opcode::CallKwPy
            | Opcode::CallNonPyGeneral
            | Opcode::ContainsOpDict
            | Opcode::ContainsOpSet
            | Opcode::LoadAttrGetattributeOverridden
            | Opcode::LoadSuperAttrAttr
            | Opcode::LoadSuperAttrMethod
            | Opcode::ToBoolAlwaysTrue
            | Opcode::ToBoolBool
            | Opcode::ToBoolInt
            | Opcode::ToBoolList
            | Opcode::ToBoolNone
            | Opcode::ToBoolStr
            | Opcode::UnpackSequenceList
            | Opcode::UnpackSequenceTuple
            | Opcode::UnpackSequenceTwoTuple => unknown_opcode,
        };
        *regs = r;
        outlined(vm, regs, arg)?;
        r = *regs;
        (op, arg) = r.fetch();
    }
}
