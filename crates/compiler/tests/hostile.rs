//! Bytes that nobody would write go through the whole front end, and damaged marshal data through the reader and the verifier:
//! whatever they are, the answer is a result or an error. The randomness has a fixed seed, so that a failure comes again.

use taipan_ast::{Arena, StackLimit};
use taipan_bytecode::code::CodeObject;
use taipan_bytecode::constant::Str;
use taipan_bytecode::marshal::{dump_code, load_code};
use taipan_bytecode::verifier::verify_tree;
use taipan_compiler::{CompileOptions, compile};
use taipan_parser::{ParseOptions, parse};
use taipan_tokenizer::source::{Source, SourceOptions, no_codecs};

/// How many inputs of each kind.
const ROUNDS: usize = 1000;

/// A program with most of what the language has.
const PROGRAM: &str = "\
import a.b as c, d
from .e import (f, g as h)
@decorated
class C[T](B, metaclass=M):
    x: int = 5
    def m(self, /, a, *args, b=1, **kw) -> str:
        nonlocal_ = 0
        def inner():
            nonlocal nonlocal_
            nonlocal_ += super().m(*args, **kw)
            yield from (y for y in a if y)
        return f'{self.x!r:>{b}} {a=}' + t'{b}'.strings[0]
async def co(q):
    async with q as w, r: pass
    async for i in w: await i
    return [j async for j in i]
try:
    match x, y:
        case [1, *rest] | {'k': rest} if rest: print(1_000, 0xff, 1.5e3, 2j, ...)
        case P(a, b=-1): pass
        case _: del z[1:2, ::3], z.a
except* (ValueError, TypeError) as e:
    raise E from e
finally:
    for i, (j, *k) in zip(a, b):
        while not i < j <= k is not None: break
        else: continue
lambda x, y=(z := 1): x if y else z @ ~x ** -y // 3
type A[*Ts, **P] = {1: 2, **m} | {*s} | {k: v for k, v in m}
with open(b'\\x00', u'\u{e9}\\N{EM DASH}') as f: assert f, 'why'
";

/// Pieces that random sources are made of.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ";",
    "\n",
    "\n    ",
    "\n\t",
    " ",
    "\\\n",
    "#",
    "'",
    "\"\"\"",
    "f'",
    "t\"",
    "!r",
    "=",
    ":=",
    "==",
    "->",
    "*",
    "**",
    "@",
    "...",
    ".",
    "-",
    "~",
    "|",
    "if ",
    "else ",
    "for ",
    "in ",
    "def ",
    "class ",
    "lambda ",
    "yield ",
    "await ",
    "async ",
    "match ",
    "case ",
    "type ",
    "try",
    "except ",
    "except* ",
    "finally",
    "with ",
    "as ",
    "import ",
    "from ",
    "return ",
    "global x",
    "nonlocal x",
    "del ",
    "raise ",
    "not ",
    "is ",
    "None",
    "x",
    "y",
    "_",
    "0",
    "0x",
    "1e",
    "1_",
    "9999999999999999999999",
    "\u{e9}",
    "\u{feff}",
    "\u{d7ff}",
    "\0",
    "\r",
    "\x0c",
    "print ",
    "# coding: latin-1\n",
    "x: int",
    "__debug__",
    "b'\\xff'",
    "'\\N{EM DASH}'",
];

/// Numbers by xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// Replaces, removes, repeats or inserts bytes at a few places.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] = self.next() as u8,
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
                3 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => bytes.insert(at, self.next() as u8),
            }
        }
    }
}

/// The front end on some bytes. What the compiler makes must pass the verifier.
fn front_end(bytes: &[u8]) -> Option<std::rc::Rc<CodeObject>> {
    let source = Source::from_bytes(bytes, SourceOptions::default(), no_codecs).ok()?;
    let arena = Arena::new();
    let module = parse(
        &arena,
        &source.text,
        &ParseOptions::default(),
        &mut Vec::new(),
    )
    .ok()?;
    let module = arena.alloc(module);
    let options = CompileOptions::new(Str::plain("file.py"), StackLimit::below_here(4 << 20));
    let code = compile(&arena, module, &options, &mut Vec::new()).ok()?;
    assert_eq!(
        verify_tree(&code.code),
        Ok(()),
        "{}",
        String::from_utf8_lossy(bytes)
    );
    Some(code.code)
}

/// Runs `work` with room on the stack, and says on which input it failed.
fn with_room(work: impl FnOnce() + Send + 'static) {
    let worker = std::thread::Builder::new().stack_size(64 << 20);
    worker
        .spawn(work)
        .expect("a thread can be made")
        .join()
        .expect("errors are not panics");
}

#[test]
fn random_bytes() {
    with_room(|| {
        let mut random = Random(0x5EED);
        for _ in 0..ROUNDS {
            let bytes: Vec<u8> = (0..random.below(200))
                .map(|_| random.next() as u8)
                .collect();
            front_end(&bytes);
            let text: Vec<u8> = bytes.iter().map(|b| b % 96 + 31).collect();
            front_end(&text);
        }
    });
}

#[test]
fn random_tokens() {
    with_room(|| {
        let mut random = Random(0xF00D);
        for _ in 0..ROUNDS {
            let text: String = (0..random.below(60))
                .map(|_| PIECES[random.below(PIECES.len())])
                .collect();
            front_end(text.as_bytes());
        }
    });
}

#[test]
fn damaged_source() {
    with_room(|| {
        assert!(front_end(PROGRAM.as_bytes()).is_some());
        let mut random = Random(0xBAD);
        for _ in 0..ROUNDS {
            let mut bytes = PROGRAM.as_bytes().to_vec();
            random.damage(&mut bytes);
            front_end(&bytes);
        }
    });
}

#[test]
fn damaged_marshal_data() {
    with_room(|| {
        let code = front_end(PROGRAM.as_bytes()).expect("the program is correct");
        let data = dump_code(&code, 5).expect("code objects can be written");
        let mut random = Random(0xC0DE);
        let (mut read, mut fit) = (0, 0);
        for _ in 0..3 * ROUNDS {
            let mut bytes = data.clone();
            random.damage(&mut bytes);
            if let Ok(loaded) = load_code(&mut &*bytes) {
                read += 1;
                fit += usize::from(verify_tree(&loaded.value).is_ok());
            }
        }
        // Much of the damage must get as far as the verifier, which accepts what only changes constants.
        assert!(
            read > ROUNDS / 10 && fit > 0,
            "{read} were read, {fit} accepted"
        );
    });
}
