//! Code that no compiler made, verified: damaged code objects of real programs, and whatever marshal reads.
#![no_main]

use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use taipan_bytecode::verifier::verify_tree;
use taipan_bytecode::{CodeObject, Constant, dis, marshal};
use taipan_fuzz::{code, split};

const PROGRAMS: [&str; 6] = [
    "def f(a, *b, c=1, **d):\n    x = [y for y in b if a < y.z[c]]\n    return {**d, 'x': x}\n",
    "class C[T](B, m=1):\n    a: int = 1\n    def g(self):\n        return super().g() + self.__x\n",
    "def g():\n    try:\n        yield from h()\n    except* E as e:\n        raise F from e\n    finally:\n        print(f'{e!r:>{w}}')\n",
    "async def k():\n    async with a as b, c:\n        async for d in b: await d\n    return [x async for x in y]\n",
    "def m(v):\n    match v:\n        case {'a': [1, *r], **s} | C(x=r, y=s): return r\n        case _: del v; return t'{v}'\n",
    "for i, *j in x:\n    if i: continue\n    while not j: break\n    else: import a.b as c\nwith q: a[1:2] = lambda: 0\n",
];

/// Changes bytes in the part of a code object that a byte names, or in a function's among its constants.
fn damage(code: &CodeObject, edits: &[[u8; 4]]) -> CodeObject {
    let mut out = code.clone();
    let (mut units, mut handlers) = (code.code.to_vec(), code.exceptiontable.to_vec());
    let mut consts = code.consts.to_vec();
    for [what, high, low, value] in edits {
        let place = usize::from(*high) << 8 | usize::from(*low);
        match what % 8 {
            0..=3 => {
                let length = units.len().max(1);
                if let Some(byte) = units.get_mut(place % length) {
                    *byte = *value;
                }
            }
            4 => {
                let length = handlers.len().max(1);
                if let Some(byte) = handlers.get_mut(place % length) {
                    *byte = *value;
                }
            }
            5 => out.stacksize = u32::from(*value),
            6 => match high % 4 {
                0 => out.argcount = u32::from(*value),
                1 => out.kwonlyargcount = u32::from(*value),
                2 => out.flags ^= 1 << (value % 32),
                _ => out.posonlyargcount = u32::from(*value),
            },
            _ => {
                let inner = consts.iter_mut().find_map(|constant| match constant {
                    Constant::Code(inner) => Some(inner),
                    _ => None,
                });
                if let Some(inner) = inner {
                    let edit = [*high % 7, *low, *value, *value];
                    *inner = Rc::new(damage(inner, &[edit]));
                }
            }
        }
    }
    out.code = Rc::from(units);
    out.exceptiontable = Rc::from(handlers);
    out.consts = Rc::from(consts);
    out
}

fuzz_target!(|data: &[u8]| {
    let (which, rest) = split(data);
    let accepted = match PROGRAMS.get(usize::from(which)) {
        Some(program) => {
            let Some(module) = code(0, program) else {
                panic!("a program of our own does not compile");
            };
            let (depth, rest) = split(rest);
            let mut target = module;
            if depth % 2 == 1 {
                let inner = target.consts.iter().find_map(|constant| match constant {
                    Constant::Code(inner) => Some(Rc::clone(inner)),
                    _ => None,
                });
                target = inner.unwrap_or(target);
            }
            let (edits, _) = rest.as_chunks::<4>();
            damage(&target, edits)
        }
        None => match marshal::load_code(&mut &rest[..]) {
            Ok(loaded) => CodeObject::clone(&loaded.value),
            Err(_) => return,
        },
    };
    let _ = verify_tree(&accepted);
    let _ = dis::dis(&Rc::new(accepted), &dis::Options::default());
});
