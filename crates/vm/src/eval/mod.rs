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
mod operators;
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
    /// The observer paused the program: see `observe.rs`.
    Paused,
}

/// What an instruction that can leave its frame says.
pub(crate) enum Flow {
    /// Go on with the registers as they are.
    Next,
    /// The entry frame is done.
    Leave(Outcome),
}

/// What a run of `eval` begins with.
pub(crate) enum Start {
    /// The next instruction.
    Next,
    /// The same, with this value on the stack: it is sent into a generator.
    Send(Value),
    /// The pending exception, thrown into a generator.
    Throw,
}

/// Runs a frame until it is left. `frame` is on the thread's frame stack or a generator's, with `ip` and `sp` saved and
/// the ENTRY flag set; a generator's has room for the value that its YIELD or RETURN_GENERATOR's POP_TOP takes.
pub(crate) fn eval(vm: &Vm, frame: *mut Frame, start: Start) -> PyResult<Outcome> {
    // SAFETY: the caller gives a live frame that is not running.
    let mut r = unsafe {
        (*frame).previous = vm.frame.get().cast();
        Regs::load(frame)
    };
    debug_assert!(r.f().flags & frame_flag::ENTRY != 0);
    r.make_current(vm);
    match start {
        Start::Next => {}
        // Into the register: what is stored in the frame and loaded at once with its neighbour has to be waited for.
        Start::Send(v) => r.push(v),
        Start::Throw => {
            r.push(vm.none());
            instrumented::throw(vm, &r);
            if !exceptions::unwind(vm, &mut r) {
                return Err(vm.raised());
            }
        }
    }
    drive(vm, &mut r)
}

#[inline(always)]
fn drive(vm: &Vm, r: &mut Regs) -> PyResult<Outcome> {
    loop {
        match run(vm, r) {
            Ok(outcome) => return Ok(outcome),
            Err(e) => {
                if !exceptions::unwind(vm, r) {
                    return Err(e);
                }
            }
        }
    }
}

/// Goes on with the thread's current frame, at which the observer paused.
#[cold]
#[inline(never)]
pub(crate) fn resume(vm: &Vm) -> PyResult<Outcome> {
    // SAFETY: a paused frame is live, and its registers were saved.
    let mut r = unsafe { Regs::load(vm.frame.get().cast()) };
    drive(vm, &mut r)
}

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

/// Runs an instruction that is not part of the loop's own code: a function of its own for each, so that the loop calls it
/// directly.
#[inline(never)]
fn outlined<F>(vm: &Vm, r: &mut Regs, arg: u32, f: F) -> PyResult<()>
where
    F: FnOnce(&Vm, &mut Regs, u32) -> PyResult<()>,
{
    f(vm, r, arg)
}

#[inline(never)]
fn run(vm: &Vm, regs: &mut Regs) -> PyResult<Outcome> {
    // The registers live in locals of this function. What is not inlined finds them in the caller's memory, and so does the
    // unwinder. Only instructions that neither raise nor call anything but destructors are inlined, so that the compiler
    // keeps the registers in machine registers; an inlined instruction that cannot be done that way touches nothing and
    // gives way to an outlined one.
    let mut r = *regs;
    // Where what is not inlined finds them: in this function's own memory, whose address needs no register.
    let mut spilled: Regs;
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
    // One that a function does, which finds the registers in memory.
    macro_rules! outlined {
        ($f:expr) => {{
            spilled = r;
            if let Err(e) = outlined(vm, &mut spilled, arg, $f) {
                *regs = spilled;
                return Err(e);
            }
            r = spilled;
            next!()
        }};
    }
    // One that may turn out to need another.
    macro_rules! attempt {
        ($e:expr, $other:expr) => {{
            if $e {
                next!()
            }
            outlined!($other)
        }};
    }
    // A specialized call; the general way when the site does not know the callable.
    macro_rules! known_call {
        ($f:ident) => {
            outlined!(|vm, t, arg| {
                if call_cache::$f(vm, t, arg)? {
                    Ok(())
                } else {
                    call_cache::call_missed(vm, t, arg)
                }
            })
        };
    }
    // An instruction that may leave the frame.
    macro_rules! flow {
        ($f:path) => {{
            spilled = r;
            match $f(vm, &mut spilled) {
                Ok(Flow::Next) => {}
                Ok(Flow::Leave(o)) => return Ok(o),
                Err(e) => {
                    *regs = spilled;
                    return Err(e);
                }
            }
            r = spilled;
            next!()
        }};
    }
    loop {
        match op {
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
            Opcode::LoadConst | Opcode::LoadConstMortal | Opcode::LoadConstImmortal => inlined!({
                // The code keeps its constants alive: the stack borrows them.
                let bits = r.const_bits(arg);
                r.push_bits(bits);
            }),
            Opcode::LoadSmallInt => inlined!(ops_cache::push_small_int(
                vm,
                &mut r,
                Value::from_i32(arg as i32).into_bits()
            )),
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
                outlined!(control::jump_backward_polling)
            }
            Opcode::JumpBackwardNoInterrupt => attempt!(
                control::jump_backward_no_interrupt(vm, &mut r, arg),
                control::jump_backward_polling_loops
            ),
            Opcode::PopJumpIfFalse => inlined!(control::pop_jump_if(vm, &mut r, arg, false)),
            Opcode::PopJumpIfTrue => inlined!(control::pop_jump_if(vm, &mut r, arg, true)),
            Opcode::PopJumpIfNone => inlined!(control::pop_jump_if_none(vm, &mut r, arg, true)),
            Opcode::PopJumpIfNotNone => {
                inlined!(control::pop_jump_if_none(vm, &mut r, arg, false))
            }
            // Operators
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
                ops_cache::binary_op_native
            ),
            Opcode::BinaryOpSubscrListInt => attempt!(
                ops_cache::subscr_list_int(vm, &mut r),
                ops_cache::binary_op_missed
            ),
            Opcode::BinaryOpSubscrTupleInt => attempt!(
                ops_cache::subscr_tuple_int(vm, &mut r),
                ops_cache::binary_op_missed
            ),
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
            Opcode::ToBool => attempt!(ops::to_bool_plain(vm, &mut r), ops::to_bool),
            Opcode::UnaryNot => inlined!(ops::unary_not(vm, &mut r)),
            Opcode::UnaryNegative => attempt!(ops::negative_small(&mut r), ops::negative),
            Opcode::StoreSubscrListInt => attempt!(
                ops::store_subscr_list_int(vm, &mut r),
                ops::store_subscr_missed
            ),
            // Names
            Opcode::LoadGlobalModule => {
                attempt!(names::load_global_module(&mut r, arg), names::load_global)
            }
            Opcode::LoadGlobalBuiltin => {
                attempt!(names::load_global_builtin(&mut r, arg), names::load_global)
            }
            Opcode::LoadDeref => {
                attempt!(names::load_deref_bound(&mut r, arg), names::load_deref)
            }
            Opcode::CopyFreeVars => {
                attempt!(names::copy_free_vars(&mut r, arg), names::no_closure)
            }
            // Attributes
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
            // Building
            Opcode::ListAppend => {
                attempt!(build::append_in_room(vm, &mut r, arg), build::list_append)
            }
            Opcode::UnpackSequence => {
                attempt!(build::unpack_plain(vm, &mut r, arg), build::unpack_sequence)
            }
            // Iteration
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
            Opcode::SendGen => attempt!(quick::send_gen(vm, &mut r, arg), ops_cache::send_gen),
            Opcode::YieldValue => {
                if quick::yield_value(vm, &mut r) {
                    next!()
                }
                if let Some(v) = quick::yield_out(vm, &mut r) {
                    return Ok(Outcome::Yield(v));
                }
                flow!(control::yield_value)
            }
            Opcode::ReturnGenerator => flow!(control::return_generator),
            Opcode::ReturnValue => {
                if quick::return_value(vm, &mut r) {
                    next!()
                }
                if let Some(v) = quick::return_out(vm, &mut r) {
                    return Ok(Outcome::Return(v));
                }
                flow!(control::return_value)
            }
            // Calls
            Opcode::CallPyExactArgs => attempt!(
                quick::call_py_exact_args(vm, &mut r, arg),
                call_cache::call_py_exact_args
            ),
            Opcode::CallLen => attempt!(quick::call_len(vm, &mut r, arg), call_cache::call_len),
            Opcode::CallIsinstance => attempt!(
                quick::call_isinstance(vm, &mut r, arg),
                call_cache::call_isinstance
            ),
            Opcode::CallType1 => attempt!(quick::call_type_1(vm, &mut r, arg), |vm, t, arg| {
                call_cache::call_class_1(vm, t, arg, Opcode::CallType1)
            }),
            // Imports
            // Exceptions
            // Pattern matching
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
            | Opcode::InstrumentedLine => {
                spilled = r;
                let real = match instrumented::run(vm, &mut spilled, arg) {
                    Ok(real) => real,
                    Err(e) => {
                        *regs = spilled;
                        return Err(e);
                    }
                };
                r = spilled;
                match real {
                    // The instruction itself is left to run.
                    Some(real) => {
                        op = real;
                        continue;
                    }
                    None => next!(),
                }
            }
            Opcode::EnterExecutor => {
                spilled = r;
                match crate::observe::step(vm, &spilled) {
                    Some(real) => op = real,
                    None => return Ok(Outcome::Paused),
                }
            }
            Opcode::DeleteFast => outlined!(names::delete_fast),
            Opcode::LoadCommonConstant => outlined!(special::load_common_constant),
            Opcode::BinaryOp => outlined!(ops::binary_op),
            Opcode::BinaryOpSubscrStrInt => outlined!(ops_cache::subscr_str_int),
            Opcode::BinaryOpSubscrDict => attempt!(
                ops_cache::subscr_dict_plain(vm, &mut r),
                ops_cache::subscr_dict
            ),
            Opcode::BinaryOpSubscrGetitem => {
                attempt!(quick::subscr_getitem(vm, &mut r), ops_cache::subscr_getitem)
            }
            Opcode::BinaryOpAddUnicode => outlined!(ops_cache::add_unicode),
            Opcode::BinaryOpInplaceAddUnicode => outlined!(ops_cache::inplace_add_unicode),
            Opcode::CompareOp => outlined!(ops::compare_op_any),
            Opcode::ContainsOp => outlined!(ops::contains_op),
            Opcode::ContainsOpDict => attempt!(
                ops_cache::contains_dict_plain(vm, &mut r, arg),
                ops_cache::contains_missed
            ),
            Opcode::ContainsOpSet => attempt!(
                ops_cache::contains_set_plain(vm, &mut r, arg),
                ops_cache::contains_missed
            ),
            Opcode::UnaryInvert => outlined!(|vm, t, _| ops::unary(vm, t, Vm::invert)),
            Opcode::BinarySlice => outlined!(|vm, t, _| ops::binary_slice(vm, t)),
            Opcode::StoreSlice => outlined!(|vm, t, _| ops::store_slice(vm, t)),
            Opcode::StoreSubscr => outlined!(ops::store_subscr),
            Opcode::StoreSubscrDict => attempt!(
                ops_cache::store_subscr_dict_plain(vm, &mut r),
                ops::store_subscr_dict
            ),
            Opcode::DeleteSubscr => outlined!(|vm, t, _| ops::delete_subscr(vm, t)),
            Opcode::LoadGlobal => outlined!(names::load_global),
            Opcode::StoreGlobal => outlined!(names::store_global),
            Opcode::DeleteGlobal => outlined!(names::delete_global),
            Opcode::LoadName => outlined!(names::load_name),
            Opcode::StoreName => outlined!(names::store_name),
            Opcode::DeleteName => outlined!(names::delete_name),
            Opcode::LoadLocals => outlined!(|vm, t, _| names::load_locals(vm, t)),
            Opcode::LoadFromDictOrGlobals => outlined!(names::load_from_dict_or_globals),
            Opcode::LoadFromDictOrDeref => outlined!(names::load_from_dict_or_deref),
            Opcode::StoreDeref => outlined!(|_, t, arg| {
                names::store_deref(t, arg);
                Ok(())
            }),
            Opcode::DeleteDeref => outlined!(names::delete_deref),
            Opcode::MakeCell => outlined!(names::make_cell),
            Opcode::SetupAnnotations => outlined!(|vm, t, _| names::setup_annotations(vm, t)),
            Opcode::LoadBuildClass => outlined!(|vm, t, _| names::load_build_class(vm, t)),
            Opcode::LoadAttr => outlined!(attrs::load_attr),
            Opcode::LoadAttrMethodLazyDict => outlined!(attrs::load_attr_method_lazy_dict),
            Opcode::LoadAttrProperty => attempt!(
                quick::load_attr_property(vm, &mut r),
                calls::load_attr_property
            ),
            Opcode::StoreAttr => outlined!(attrs::store_attr),
            Opcode::DeleteAttr => outlined!(attrs::delete_attr),
            Opcode::LoadSuperAttr => outlined!(attrs::load_super_attr),
            Opcode::LoadSpecial => outlined!(attrs::load_special),
            Opcode::BuildTuple => outlined!(build::build_tuple),
            Opcode::BuildList => outlined!(build::build_list),
            Opcode::BuildMap => outlined!(build::build_map),
            Opcode::BuildSet => outlined!(build::build_set),
            Opcode::BuildSlice => outlined!(build::build_slice),
            Opcode::BuildString => outlined!(build::build_string),
            Opcode::BuildTemplate => outlined!(|vm, t, _| build::build_template(vm, t)),
            Opcode::BuildInterpolation => outlined!(build::build_interpolation),
            Opcode::ListExtend => outlined!(build::list_extend),
            Opcode::SetAdd => outlined!(build::set_add),
            Opcode::SetUpdate => outlined!(build::set_update),
            Opcode::MapAdd => outlined!(build::map_add),
            Opcode::DictUpdate => outlined!(build::dict_update),
            Opcode::DictMerge => outlined!(build::dict_merge),
            Opcode::FormatSimple => outlined!(|vm, t, _| build::format_simple(vm, t)),
            Opcode::FormatWithSpec => outlined!(|vm, t, _| build::format_with_spec(vm, t)),
            Opcode::ConvertValue => outlined!(build::convert_value),
            Opcode::UnpackEx => outlined!(build::unpack_ex),
            Opcode::GetIter => outlined!(|vm, t, _| control::get_iter(vm, t)),
            Opcode::ForIter => outlined!(control::for_iter),
            Opcode::GetLen => outlined!(|vm, t, _| objects::get_len(vm, t)),
            Opcode::GetYieldFromIter => outlined!(|vm, t, _| control::get_yield_from_iter(vm, t)),
            Opcode::GetAwaitable => outlined!(control::get_awaitable),
            Opcode::GetAiter => outlined!(|vm, t, _| control::get_aiter(vm, t)),
            Opcode::GetAnext => outlined!(|vm, t, _| control::get_anext(vm, t)),
            Opcode::Send => outlined!(control::send),
            Opcode::EndSend => outlined!(|_, t, _| {
                control::end_send(t);
                Ok(())
            }),
            Opcode::EndAsyncFor => outlined!(|vm, t, _| control::end_async_for(vm, t)),
            Opcode::CleanupThrow => outlined!(|vm, t, _| control::cleanup_throw(vm, t)),
            Opcode::InterpreterExit => outlined!(interpreter_exit),
            Opcode::Call => outlined!(calls::call),
            Opcode::CallBoundMethodExactArgs => known_call!(call_bound_method_exact_args),
            Opcode::CallPyGeneral => attempt!(
                quick::call_py_defaults(vm, &mut r, arg),
                call_cache::call_py_general
            ),
            Opcode::CallBoundMethodGeneral => outlined!(call_cache::call_py_general),
            Opcode::CallAllocAndEnterInit => outlined!(call_cache::call_alloc_and_enter_init),
            Opcode::CallBuiltinO => known_call!(call_builtin_o),
            Opcode::CallBuiltinFast => attempt!(
                quick::call_next(vm, &mut r, arg),
                call_cache::call_builtin_fast
            ),
            Opcode::CallBuiltinFastWithKeywords => outlined!(call_cache::call_builtin_any),
            Opcode::CallBuiltinClass => outlined!(call_cache::call_builtin_class),
            Opcode::CallMethodDescriptorNoargs => known_call!(call_method_descriptor_noargs),
            Opcode::CallMethodDescriptorO => known_call!(call_method_descriptor_o),
            Opcode::CallMethodDescriptorFast => attempt!(
                quick::call_dict_get(vm, &mut r, arg),
                call_cache::call_method_descriptor_fast
            ),
            Opcode::CallMethodDescriptorFastWithKeywords => {
                outlined!(call_cache::call_method_descriptor_any)
            }
            Opcode::CallListAppend => known_call!(call_list_append),
            Opcode::CallNonPyGeneral => outlined!(call_cache::call_non_py_general),
            Opcode::CallStr1 => {
                outlined!(|vm, t, arg| call_cache::call_class_1(vm, t, arg, Opcode::CallStr1))
            }
            Opcode::CallTuple1 => {
                outlined!(|vm, t, arg| call_cache::call_class_1(vm, t, arg, Opcode::CallTuple1))
            }
            Opcode::CallKw => outlined!(keywords::call_kw),
            Opcode::CallFunctionEx => outlined!(|vm, t, _| keywords::call_function_ex(vm, t)),
            Opcode::MakeFunction => outlined!(|vm, t, _| objects::make_function(vm, t)),
            Opcode::SetFunctionAttribute => outlined!(objects::set_function_attribute),
            Opcode::CallIntrinsic1 => outlined!(special::intrinsic_1),
            Opcode::CallIntrinsic2 => outlined!(special::intrinsic_2),
            Opcode::ExitInitCheck => outlined!(|vm, t, _| control::exit_init_check(vm, t)),
            Opcode::ImportName => outlined!(special::import_name),
            Opcode::ImportFrom => outlined!(special::import_from),
            Opcode::PushExcInfo => inlined!(exceptions::push_exc_info(vm, &mut r)),
            Opcode::PopExcept => inlined!(exceptions::pop_except(vm, &mut r)),
            Opcode::CheckExcMatch => {
                attempt!(exceptions::check_exc_match_class(vm, &mut r), |vm, t, _| {
                    exceptions::check_exc_match(vm, t)
                })
            }
            Opcode::CheckEgMatch => outlined!(|vm, t, _| exceptions::check_eg_match(vm, t)),
            Opcode::RaiseVarargs => outlined!(exceptions::raise_varargs),
            Opcode::Reraise => outlined!(exceptions::reraise),
            Opcode::WithExceptStart => outlined!(|vm, t, _| exceptions::with_except_start(vm, t)),
            Opcode::MatchMapping => outlined!(|vm, t, _| {
                objects::match_flag(vm, t, taipan_object::tpflags::MAPPING);
                Ok(())
            }),
            Opcode::MatchSequence => outlined!(|vm, t, _| {
                objects::match_flag(vm, t, taipan_object::tpflags::SEQUENCE);
                Ok(())
            }),
            Opcode::MatchKeys => outlined!(|vm, t, _| objects::match_keys(vm, t)),
            Opcode::MatchClass => outlined!(objects::match_class),
            Opcode::Reserved
            | Opcode::BinaryOpSubscrListSlice
            | Opcode::CallKwBoundMethod
            | Opcode::CallKwNonPy
            | Opcode::CallKwPy
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
            | Opcode::UnpackSequenceTwoTuple => outlined!(unknown_opcode),
        }
    }
}
