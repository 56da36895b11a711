//! Trees too deep for the stack end in an error, whatever makes them deep.

use taipan_ast::{Arena, CompileError, StackLimit};
use taipan_bytecode::constant::Str;
use taipan_compiler::{CompileOptions, Error, compile};
use taipan_parser::{ParseOptions, parse};

/// Compiles with the given room on the stack; only parsing may use more.
fn compile_within(bytes: usize, source: &str) -> Result<(), Error> {
    let arena = Arena::new();
    let options = ParseOptions {
        stack_limit: Some(0),
        ..ParseOptions::default()
    };
    let module = parse(&arena, source, &options, &mut Vec::new()).expect("the source is correct");
    let module = arena.alloc(module);
    let options = CompileOptions::new(Str::plain("file.py"), StackLimit::below_here(bytes));
    compile(&arena, module, &options, &mut Vec::new()).map(|_| ())
}

#[test]
fn too_deep_for_the_stack() {
    let deep = [
        format!("a{}", ".b".repeat(20_000)),
        format!("a{}", "()".repeat(20_000)),
        format!("a{}", " + a".repeat(20_000)),
        format!("x = {}a", "not ".repeat(1_000)),
        format!("x = {}a", "lambda: ".repeat(300)),
        format!("while {}a: pass", "not ".repeat(1_000)),
        format!("x = {}a{}", "[".repeat(150), "]".repeat(150)),
    ];
    for source in deep {
        let worker = std::thread::Builder::new().stack_size(256 << 20);
        let worker = worker.spawn(move || {
            assert_eq!(compile_within(128 << 20, &source), Ok(()));
            let refused = Err(Error::Tree(CompileError::TooDeep));
            assert_eq!(compile_within(16 << 10, &source), refused, "{source:.20}");
        });
        let worker = worker.expect("a thread can be made");
        worker.join().expect("errors are not panics");
    }
}
