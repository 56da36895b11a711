//! The interpreter loop. Each instruction is a small inlined function in one of the modules below; this file fetches,
//! dispatches, and handles what a raised exception does to the frame. Python-to-Python calls switch registers, so the Rust
//! stack does not grow with them.

mod attrs;
mod build;
mod calls;
mod control;
mod exceptions;
mod names;
mod objects;
mod ops;
pub(crate) mod regs;
mod special;
mod specialize;

use taipan_bytecode::Opcode;
use taipan_object::{PyResult, Value, Vm};

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
pub fn eval(vm: &Vm, frame: *mut Frame, throw: bool) -> PyResult<Outcome> {
    // SAFETY: the caller gives a live frame that is not running.
    let mut r = unsafe {
        (*frame).previous = vm.frame.get().cast();
        Regs::load(frame)
    };
    debug_assert!(r.f().flags & frame_flag::ENTRY != 0);
    r.make_current(vm);
    if throw && !exceptions::unwind(vm, &mut r) {
        return Err(vm.raised());
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

#[inline(never)]
fn run(vm: &Vm, regs: &mut Regs) -> PyResult<Outcome> {
    // The registers live in locals of this function and go back to the caller's copy when an exception is raised.
    let mut r = Regs { ..*regs };
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
                Opcode::DeleteFast => check!(names::delete_fast(vm, &mut r, arg)),
                Opcode::LoadConst | Opcode::LoadConstMortal | Opcode::LoadConstImmortal => {
                    let v = r.const_at(arg).clone();
                    r.push(v);
                }
                Opcode::LoadSmallInt => r.push(Value::from_i32(arg as i32)),
                Opcode::LoadCommonConstant => check!(special::load_common_constant(vm, &mut r, arg)),
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
                    r.skip(1);
                    r.jump(-(arg as isize));
                    check!(control::poll(vm, &r));
                }
                Opcode::JumpBackwardNoInterrupt => r.jump(-(arg as isize)),
                Opcode::PopJumpIfFalse => control::pop_jump_if(vm, &mut r, arg, false),
                Opcode::PopJumpIfTrue => control::pop_jump_if(vm, &mut r, arg, true),
                Opcode::PopJumpIfNone => control::pop_jump_if_none(vm, &mut r, arg, true),
                Opcode::PopJumpIfNotNone => control::pop_jump_if_none(vm, &mut r, arg, false),
                // Operators
                Opcode::BinaryOp => check!(ops::binary_op(vm, &mut r, arg)),
                Opcode::CompareOp => check!(ops::compare_op(vm, &mut r, arg)),
                Opcode::IsOp => ops::is_op(vm, &mut r, arg),
                Opcode::ContainsOp => check!(ops::contains_op(vm, &mut r, arg)),
                Opcode::ToBool => check!(ops::to_bool(vm, &mut r)),
                Opcode::UnaryNot => ops::unary_not(vm, &mut r),
                Opcode::UnaryNegative => check!(ops::unary(vm, &mut r, Vm::negative)),
                Opcode::UnaryInvert => check!(ops::unary(vm, &mut r, Vm::invert)),
                Opcode::BinarySlice => check!(ops::binary_slice(vm, &mut r)),
                Opcode::StoreSlice => check!(ops::store_slice(vm, &mut r)),
                Opcode::StoreSubscr => check!(ops::store_subscr(vm, &mut r)),
                Opcode::DeleteSubscr => check!(ops::delete_subscr(vm, &mut r)),
                // Names
                Opcode::LoadGlobal => check!(names::load_global(vm, &mut r, arg)),
                Opcode::LoadGlobalModule => {
                    if !names::load_global_module(&mut r, arg) {
                        check!(names::load_global(vm, &mut r, arg));
                    }
                }
                Opcode::LoadGlobalBuiltin => {
                    if !names::load_global_builtin(&mut r, arg) {
                        check!(names::load_global(vm, &mut r, arg));
                    }
                }
                Opcode::StoreGlobal => check!(names::store_global(vm, &mut r, arg)),
                Opcode::DeleteGlobal => check!(names::delete_global(vm, &mut r, arg)),
                Opcode::LoadName => check!(names::load_name(vm, &mut r, arg)),
                Opcode::StoreName => check!(names::store_name(vm, &mut r, arg)),
                Opcode::DeleteName => check!(names::delete_name(vm, &mut r, arg)),
                Opcode::LoadLocals => check!(names::load_locals(vm, &mut r)),
                Opcode::LoadFromDictOrGlobals => check!(names::load_from_dict_or_globals(vm, &mut r, arg)),
                Opcode::LoadFromDictOrDeref => check!(names::load_from_dict_or_deref(vm, &mut r, arg)),
                Opcode::LoadDeref => check!(names::load_deref(vm, &mut r, arg)),
                Opcode::StoreDeref => names::store_deref(&mut r, arg),
                Opcode::DeleteDeref => check!(names::delete_deref(vm, &mut r, arg)),
                Opcode::MakeCell => check!(names::make_cell(vm, &mut r, arg)),
                Opcode::CopyFreeVars => names::copy_free_vars(&mut r, arg),
                Opcode::SetupAnnotations => check!(names::setup_annotations(vm, &mut r)),
                Opcode::LoadBuildClass => check!(names::load_build_class(vm, &mut r)),
                // Attributes
                Opcode::LoadAttr => check!(attrs::load_attr(vm, &mut r, arg)),
                Opcode::LoadAttrInstanceValue => {
                    if !specialize::load_attr_instance_value(&mut r, arg) {
                        check!(attrs::load_attr(vm, &mut r, arg));
                    }
                }
                Opcode::LoadAttrMethodWithValues => {
                    if !specialize::load_attr_class_value(vm, &mut r, arg, true, true) {
                        check!(attrs::load_attr(vm, &mut r, arg));
                    }
                }
                Opcode::LoadAttrMethodNoDict => {
                    if !specialize::load_attr_class_value(vm, &mut r, arg, true, false) {
                        check!(attrs::load_attr(vm, &mut r, arg));
                    }
                }
                Opcode::LoadAttrNondescriptorWithValues => {
                    if !specialize::load_attr_class_value(vm, &mut r, arg, false, true) {
                        check!(attrs::load_attr(vm, &mut r, arg));
                    }
                }
                Opcode::LoadAttrNondescriptorNoDict => {
                    if !specialize::load_attr_class_value(vm, &mut r, arg, false, false) {
                        check!(attrs::load_attr(vm, &mut r, arg));
                    }
                }
                Opcode::LoadAttrSlot => {
                    if !specialize::load_attr_slot(&mut r, arg) {
                        check!(attrs::load_attr(vm, &mut r, arg));
                    }
                }
                Opcode::LoadAttrModule => {
                    if !specialize::load_attr_module(vm, &mut r, arg) {
                        check!(attrs::load_attr(vm, &mut r, arg));
                    }
                }
                Opcode::LoadAttrClass => {
                    if !specialize::load_attr_class(vm, &mut r, arg) {
                        check!(attrs::load_attr(vm, &mut r, arg));
                    }
                }
                Opcode::StoreAttrInstanceValue => {
                    if !specialize::store_attr_instance_value(&mut r) {
                        check!(attrs::store_attr(vm, &mut r, arg));
                    }
                }
                Opcode::StoreAttrSlot => {
                    if !specialize::store_attr_slot(&mut r) {
                        check!(attrs::store_attr(vm, &mut r, arg));
                    }
                }
                Opcode::StoreAttr => check!(attrs::store_attr(vm, &mut r, arg)),
                Opcode::DeleteAttr => check!(attrs::delete_attr(vm, &mut r, arg)),
                Opcode::LoadSuperAttr => check!(attrs::load_super_attr(vm, &mut r, arg)),
                Opcode::LoadSpecial => check!(attrs::load_special(vm, &mut r, arg)),
                // Building
                Opcode::BuildTuple => check!(build::build_tuple(vm, &mut r, arg)),
                Opcode::BuildList => check!(build::build_list(vm, &mut r, arg)),
                Opcode::BuildMap => check!(build::build_map(vm, &mut r, arg)),
                Opcode::BuildSet => check!(build::build_set(vm, &mut r, arg)),
                Opcode::BuildSlice => check!(build::build_slice(vm, &mut r, arg)),
                Opcode::BuildString => check!(build::build_string(vm, &mut r, arg)),
                Opcode::BuildTemplate => check!(build::build_template(vm, &mut r)),
                Opcode::BuildInterpolation => check!(build::build_interpolation(vm, &mut r, arg)),
                Opcode::ListAppend => check!(build::list_append(vm, &mut r, arg)),
                Opcode::ListExtend => check!(build::list_extend(vm, &mut r, arg)),
                Opcode::SetAdd => check!(build::set_add(vm, &mut r, arg)),
                Opcode::SetUpdate => check!(build::set_update(vm, &mut r, arg)),
                Opcode::MapAdd => check!(build::map_add(vm, &mut r, arg)),
                Opcode::DictUpdate => check!(build::dict_update(vm, &mut r, arg)),
                Opcode::DictMerge => check!(build::dict_merge(vm, &mut r, arg)),
                Opcode::FormatSimple => check!(build::format_simple(vm, &mut r)),
                Opcode::FormatWithSpec => check!(build::format_with_spec(vm, &mut r)),
                Opcode::ConvertValue => check!(build::convert_value(vm, &mut r, arg)),
                Opcode::UnpackSequence => check!(build::unpack_sequence(vm, &mut r, arg)),
                Opcode::UnpackEx => check!(build::unpack_ex(vm, &mut r, arg)),
                // Iteration
                Opcode::GetIter => check!(control::get_iter(vm, &mut r)),
                Opcode::ForIter | Opcode::ForIterGen => check!(control::for_iter(vm, &mut r, arg)),
                Opcode::GetLen => check!(objects::get_len(vm, &mut r)),
                Opcode::GetYieldFromIter => check!(control::get_yield_from_iter(vm, &mut r)),
                Opcode::GetAwaitable => check!(control::get_awaitable(vm, &mut r, arg)),
                Opcode::GetAiter => check!(control::get_aiter(vm, &mut r)),
                Opcode::GetAnext => check!(control::get_anext(vm, &mut r)),
                Opcode::Send | Opcode::SendGen => check!(control::send(vm, &mut r, arg)),
                Opcode::EndSend => control::end_send(&mut r),
                Opcode::EndAsyncFor => check!(control::end_async_for(vm, &mut r)),
                Opcode::CleanupThrow => check!(control::cleanup_throw(vm, &mut r)),
                Opcode::YieldValue => flow!(control::yield_value(vm, &mut r)),
                Opcode::ReturnGenerator => flow!(control::return_generator(vm, &mut r)),
                Opcode::ReturnValue => flow!(control::return_value(vm, &mut r)),
                Opcode::InterpreterExit => {
                    check!(Err::<(), _>(vm.system_error("INTERPRETER_EXIT in a code object")))
                }
                // Calls
                Opcode::Call => check!(calls::call(vm, &mut r, arg)),
                Opcode::CallKw => check!(calls::call_kw(vm, &mut r, arg)),
                Opcode::CallFunctionEx => check!(calls::call_function_ex(vm, &mut r)),
                Opcode::MakeFunction => check!(objects::make_function(vm, &mut r)),
                Opcode::SetFunctionAttribute => objects::set_function_attribute(&mut r, arg),
                Opcode::CallIntrinsic1 => check!(special::intrinsic_1(vm, &mut r, arg)),
                Opcode::CallIntrinsic2 => check!(special::intrinsic_2(vm, &mut r, arg)),
                Opcode::ExitInitCheck => check!(control::exit_init_check(vm, &mut r)),
                // Imports
                Opcode::ImportName => check!(special::import_name(vm, &mut r, arg)),
                Opcode::ImportFrom => check!(special::import_from(vm, &mut r, arg)),
                // Exceptions
                Opcode::PushExcInfo => exceptions::push_exc_info(vm, &mut r),
                Opcode::PopExcept => exceptions::pop_except(vm, &mut r),
                Opcode::CheckExcMatch => check!(exceptions::check_exc_match(vm, &mut r)),
                Opcode::CheckEgMatch => check!(exceptions::check_eg_match(vm, &mut r)),
                Opcode::RaiseVarargs => check!(exceptions::raise_varargs(vm, &mut r, arg)),
                Opcode::Reraise => check!(exceptions::reraise(vm, &mut r, arg)),
                Opcode::WithExceptStart => check!(exceptions::with_except_start(vm, &mut r)),
                // Pattern matching
                Opcode::MatchMapping => objects::match_flag(vm, &mut r, taipan_object::tpflags::MAPPING),
                Opcode::MatchSequence => objects::match_flag(vm, &mut r, taipan_object::tpflags::SEQUENCE),
                Opcode::MatchKeys => check!(objects::match_keys(vm, &mut r)),
                Opcode::MatchClass => check!(objects::match_class(vm, &mut r, arg)),
                _ => {
                    r.save();
                    check!(Err::<(), _>(vm.system_error(&format!("unknown opcode {op}"))))
                }
            }
            break 'extended;
        }
    }
}
