//! What stands on the value stack at each instruction, as far as a jump by `f_lineno` must know it.

use taipan_bytecode::Opcode;
use taipan_bytecode::exception_table;

use super::data::instructions;
use crate::code::Code;

/// What a stack item is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// The iterator of a loop.
    Iterator,
    /// The exception that was handled before.
    Except,
    /// Any object.
    Object,
    /// No object.
    Null,
    /// The place to go back to when an exception is raised again.
    Lasti,
}

/// The kinds on the stack, from the bottom.
pub(crate) type Stack = Vec<Kind>;

/// The deepest stack that CPython looks at.
const MAX_DEPTH: usize = 21;

/// What is known about an instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// Never reached.
    Nothing,
    /// The stack is too deep.
    TooDeep,
    /// The stack there.
    Stack(Stack),
}

fn push(s: &Known, k: Kind) -> Known {
    match s {
        Known::Stack(v) if v.len() < MAX_DEPTH => {
            let mut v = v.clone();
            v.push(k);
            Known::Stack(v)
        }
        Known::Stack(_) => Known::TooDeep,
        other => other.clone(),
    }
}

fn pop(s: &Known, n: usize) -> Known {
    match s {
        Known::Stack(v) => Known::Stack(v[..v.len().saturating_sub(n)].to_vec()),
        other => other.clone(),
    }
}

fn swap(s: &Known, n: usize) -> Known {
    let mut s = s.clone();
    if let Known::Stack(v) = &mut s
        && let Some(below) = v.len().checked_sub(n)
        && n > 0
    {
        let top = v.len() - 1;
        v.swap(below, top);
    }
    s
}

fn copy(s: &Known, n: usize) -> Known {
    let kind = match s {
        Known::Stack(v) => v.len().checked_sub(n).and_then(|i| v.get(i).copied()),
        _ => None,
    };
    push(s, kind.unwrap_or(Kind::Object))
}

/// The stack behind an instruction that goes on with the next one; `None` when it does not.
fn after(op: Opcode, arg: usize, s: &Known) -> Option<Known> {
    Some(match op {
        Opcode::GetIter | Opcode::GetAiter => push(&pop(s, 1), Kind::Iterator),
        Opcode::ForIter => push(s, Kind::Object),
        Opcode::PushExcInfo => {
            // The exception stays above the one that was handled before.
            push(s, Kind::Except)
        }
        Opcode::JumpForward
        | Opcode::JumpBackward
        | Opcode::JumpBackwardNoInterrupt
        | Opcode::ReturnValue
        | Opcode::RaiseVarargs
        | Opcode::Reraise => return None,
        Opcode::PushNull => push(s, Kind::Null),
        Opcode::LoadGlobal => {
            let s = push(s, Kind::Object);
            if arg & 1 != 0 {
                push(&s, Kind::Null)
            } else {
                s
            }
        }
        Opcode::LoadAttr if arg & 1 != 0 => push(&push(&pop(s, 1), Kind::Object), Kind::Null),
        Opcode::Swap => swap(s, arg),
        Opcode::Copy => copy(s, arg),
        Opcode::Send => s.clone(),
        _ => {
            let arg = arg as u32;
            let (popped, pushed) = (op.num_popped(arg), op.num_pushed(arg));
            if pushed >= popped {
                (popped..pushed).fold(s.clone(), |s, _| push(&s, Kind::Object))
            } else {
                pop(s, (popped - pushed) as usize)
            }
        }
    })
}

/// Where control goes instead of the next instruction, and the stack there.
fn target(i: super::data::Instruction, s: &Known) -> Option<(usize, Known)> {
    Some(match i.op {
        Opcode::PopJumpIfFalse
        | Opcode::PopJumpIfTrue
        | Opcode::PopJumpIfNone
        | Opcode::PopJumpIfNotNone => (i.next + i.arg, pop(s, 1)),
        Opcode::Send => (i.next + i.arg, s.clone()),
        Opcode::ForIter => (i.next + i.arg, push(s, Kind::Object)),
        Opcode::JumpForward => (i.next + i.arg, s.clone()),
        Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt => {
            (i.next.checked_sub(i.arg)?, s.clone())
        }
        _ => return None,
    })
}

/// The stack at each unit of the code.
pub(crate) fn stacks(code: &Code) -> Vec<Known> {
    let n = code.units();
    let mut known = vec![Known::Nothing; n];
    let set = |known: &mut Vec<Known>, unit: usize, s: Known| {
        if let Some(k) = known.get_mut(unit) {
            *k = s;
        }
    };
    set(&mut known, 0, Known::Stack(Stack::new()));
    // A jump backwards to what was not reached yet, or a handler of what was reached only now, asks for another round.
    let mut again = true;
    while again {
        again = false;
        for i in instructions(code, 0) {
            let Some(s) = known.get(i.unit).cloned() else {
                break;
            };
            if s == Known::Nothing {
                continue;
            }
            if let Some((unit, there)) = target(i, &s) {
                again |= unit < i.unit && known.get(unit) == Some(&Known::Nothing);
                set(&mut known, unit, there);
            }
            if let Some(next) = after(i.op, i.arg, &s) {
                set(&mut known, i.next, next);
            }
        }
        for e in exception_table::entries(code.handlers()) {
            let Some(s @ (Known::Stack(_) | Known::TooDeep)) = known.get(e.start) else {
                continue;
            };
            if known.get(e.target) != Some(&Known::Nothing) {
                continue;
            }
            let mut s = s.clone();
            if let Known::Stack(v) = &mut s {
                v.truncate(e.depth);
            }
            if e.lasti {
                s = push(&s, Kind::Lasti);
            }
            s = push(&s, Kind::Except);
            set(&mut known, e.target, s);
            again = true;
        }
    }
    known
}

fn compatible_kind(from: Kind, to: Kind) -> bool {
    match to {
        Kind::Object => from != Kind::Null,
        Kind::Null => true,
        _ => from == to,
    }
}

/// Whether a frame with stack `from` can go on where the stack is to be `to`, once items were popped.
pub(crate) fn compatible(from: &Known, to: &Known) -> bool {
    match (from, to) {
        (Known::Stack(from), Known::Stack(to)) => {
            from.len() >= to.len() && from.iter().zip(to).all(|(f, t)| compatible_kind(*f, *t))
        }
        _ => false,
    }
}

/// Why no frame can jump to where the stack is to be this.
pub(crate) fn explain_incompatible(to: &Known) -> &'static str {
    match to {
        Known::TooDeep => "stack is too deep to analyze",
        Known::Nothing => "can't jump into an exception handler, or code may be unreachable",
        Known::Stack(v) => match v.last() {
            Some(Kind::Except) => "can't jump into an 'except' block as there's no exception",
            Some(Kind::Lasti) => "can't jump into a re-raising block as there's no location",
            Some(Kind::Iterator) => "can't jump into the body of a for loop",
            Some(Kind::Object | Kind::Null) | None => "incompatible stacks",
        },
    }
}
