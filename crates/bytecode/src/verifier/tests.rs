//! Small code objects that break one property each.

use super::*;
use crate::exception_table::{Entry, push_entry};
use crate::opcode::Opcode as Op;

const KINDS: u8 = co_fast::LOCAL | co_fast::ARG_POS | co_fast::ARG_KW;

/// A function of one parameter, `x`, with a second local, `y`, and a name and a constant to refer to.
fn code(instructions: &[(Op, u8)]) -> CodeObject {
    let mut bytes = Vec::new();
    for (opcode, oparg) in instructions {
        bytes.extend([*opcode as u8, *oparg]);
        bytes.resize(bytes.len() + 2 * opcode.caches(), 0);
    }
    let names =
        |list: &[&str]| -> Rc<[Constant]> { list.iter().map(|n| Constant::name(*n)).collect() };
    CodeObject {
        argcount: 1,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: 4,
        flags: co::OPTIMIZED | co::NEWLOCALS,
        code: Rc::from(bytes),
        consts: Rc::from(vec![Constant::None]),
        names: names(&["n"]),
        localsplusnames: names(&["x", "y"]),
        localspluskinds: Rc::from(vec![KINDS, co_fast::LOCAL]),
        filename: crate::Str::plain("f"),
        name: crate::Str::interned("f"),
        qualname: crate::Str::interned("f"),
        firstlineno: 1,
        linetable: Rc::from(Vec::new()),
        exceptiontable: Rc::from(Vec::new()),
    }
}

fn reason(code: &CodeObject) -> &'static str {
    verify(code).map_or_else(|error| error.reason, |()| "")
}

const RETURN: [(Op, u8); 2] = [(Op::LoadConst, 0), (Op::ReturnValue, 0)];

fn then_return(instructions: &[(Op, u8)]) -> CodeObject {
    code(&[instructions, &RETURN].concat())
}

#[test]
fn each_property_is_checked() {
    for (instructions, expected) in [
        (&[][..], ""),
        (&[(Op::LoadFastBorrow, 0), (Op::PopTop, 0)], ""),
        (&[(Op::Cache, 0)], "opcode that public code does not have"),
        (
            &[(Op::LoadAttrSlot, 0)],
            "opcode that public code does not have",
        ),
        (&[(Op::ExtendedArg, 0); 4], "too many EXTENDED_ARGs"),
        (&[(Op::JumpForward, 2)], "the jump leads to no instruction"),
        (
            &[(Op::JumpForward, 200)],
            "the jump leads to no instruction",
        ),
        (
            &[(Op::JumpBackwardNoInterrupt, 2)],
            "the jump leads to no instruction",
        ),
        (
            &[(Op::LoadFast, 0), (Op::ForIter, 0)],
            "FOR_ITER does not lead to END_FOR",
        ),
        (&[(Op::LoadConst, 1)], "no such constant"),
        (&[(Op::LoadName, 1)], "no such name"),
        (&[(Op::LoadGlobal, 2)], "no such name"),
        (&[(Op::LoadFast, 2)], "no such variable"),
        (&[(Op::LoadFastLoadFast, 0x02)], "no such variable"),
        (&[(Op::CallIntrinsic1, 0)], "the operand has no meaning"),
        (&[(Op::YieldValue, 0)], "the operand has no meaning"),
        (&[(Op::PopTop, 0)], "the stack underflows"),
        (&[(Op::LoadSmallInt, 1); 5], "the stack overflows"),
        (&[(Op::LoadFast, 1)], "a variable may be unbound"),
        (&[(Op::LoadFastCheck, 1), (Op::LoadFast, 1)], ""),
        (
            &[(Op::DeleteFast, 0), (Op::LoadFast, 0)],
            "a variable may be unbound",
        ),
        (
            &[(Op::PushNull, 0), (Op::GetIter, 0)],
            "NULL where an object is needed",
        ),
        (
            &[(Op::PushNull, 0), (Op::StoreFast, 0), (Op::LoadFast, 0)],
            "a variable may be unbound",
        ),
        (&[(Op::LoadDeref, 0)], "a variable may hold no cell"),
        (
            &[(Op::MakeCell, 0), (Op::LoadDeref, 0), (Op::PopTop, 0)],
            "",
        ),
        (
            &[(Op::LoadFast, 0), (Op::PopExcept, 0)],
            "a slot does not hold what the instruction needs",
        ),
        (
            &[(Op::LoadFast, 0), (Op::PushExcInfo, 0)],
            "a slot does not hold what the instruction needs",
        ),
        (
            &[(Op::LoadFastBorrow, 0), (Op::DeleteFast, 0)],
            "a variable changes while it is borrowed from",
        ),
        (
            &[
                (Op::LoadFastBorrow, 0),
                (Op::LoadFast, 0),
                (Op::PopJumpIfTrue, 0),
                (Op::DeleteFast, 0),
            ],
            "a variable changes while it is borrowed from",
        ),
        (
            &[(Op::LoadFast, 0), (Op::PopJumpIfTrue, 1), (Op::LoadFast, 0)],
            "the depth of the stack depends on the path",
        ),
    ] {
        assert_eq!(
            reason(&then_return(instructions)),
            expected,
            "{instructions:?}"
        );
    }
    assert_eq!(reason(&code(&[(Op::Nop, 0)])), "control runs off the end");
    assert_eq!(
        reason(&code(&[(Op::ExtendedArg, 0)])),
        "the code ends within an instruction"
    );
}

#[test]
fn handlers_are_checked() {
    let body = [
        (Op::LoadFast, 0),
        (Op::LoadFast, 0),
        (Op::GetIter, 0),
        (Op::ReturnValue, 0),
        (Op::Reraise, 1),
    ];
    let handled = |start, end, target, depth, lasti| {
        let mut code = code(&body);
        let mut table = Vec::new();
        push_entry(
            &mut table,
            &Entry {
                start,
                end,
                target,
                depth,
                lasti,
            },
        );
        code.exceptiontable = Rc::from(table);
        reason(&code)
    };
    assert_eq!(handled(2, 4, 4, 1, true), "");
    assert_eq!(
        handled(2, 4, 4, 1, false),
        "a slot does not hold what the instruction needs"
    );
    assert_eq!(
        handled(2, 4, 4, 2, true),
        "an instruction takes what the handler needs"
    );
    assert_eq!(
        handled(1, 4, 4, 2, true),
        "the stack is too shallow for the handler"
    );
    assert_eq!(
        handled(2, 4, 5, 1, true),
        "an exception table entry cuts instructions"
    );
    assert_eq!(handled(2, 4, 4, 3, true), "the stack overflows");
}

#[test]
fn generators_begin_in_one_way() {
    let generator = |instructions: &[(Op, u8)]| {
        let mut code = then_return(instructions);
        code.flags |= co::GENERATOR;
        reason(&code)
    };
    let start = [(Op::ReturnGenerator, 0), (Op::PopTop, 0)];
    assert_eq!(generator(&start), "");
    assert_eq!(generator(&[]), "RETURN_GENERATOR is misplaced");
    assert_eq!(
        generator(&[&start[..], &start].concat()),
        "RETURN_GENERATOR is misplaced"
    );
    assert_eq!(
        generator(&[&[(Op::Nop, 0)], &start[..]].concat()),
        "RETURN_GENERATOR is misplaced"
    );
}

#[test]
fn variables_are_consistent() {
    let changed = |change: fn(&mut CodeObject)| {
        let mut code = then_return(&[]);
        change(&mut code);
        reason(&code)
    };
    let misfit = "the parameters do not fit the variables";
    assert_eq!(changed(|code| code.argcount = 3), misfit);
    assert_eq!(changed(|code| code.posonlyargcount = 2), misfit);
    assert_eq!(changed(|code| code.kwonlyargcount = u32::MAX), misfit);
    let kinds = "the kinds of variables are inconsistent";
    assert_eq!(
        changed(|code| code.localspluskinds = Rc::from([co_fast::FREE, KINDS])),
        kinds
    );
    assert_eq!(
        changed(|code| code.localspluskinds = Rc::from([0, KINDS])),
        kinds
    );
    assert_eq!(
        changed(|code| code.stacksize = u32::MAX),
        "the stack is too large"
    );
}
