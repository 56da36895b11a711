//! The static stages as a WebAssembly module with a handful of plain exports; `inspector/src/engine/static.worker.ts` is
//! the other side. The caller asks for room by [`input`], writes there, and calls [`open`] or [`stage`]; what comes out
//! stands at [`output`] until the next call, as JSON. A call that traps leaves the instance in no defined state: the
//! caller throws it away and makes another.

use std::cell::RefCell;
use taipan_inspect::types::{Mode, Options, TextKind};
use taipan_inspect::{ListingOptions, Program, json};

#[derive(Default)]
struct Engine {
    input: Vec<u8>,
    output: String,
    programs: Vec<Option<Program>>,
}

thread_local! {
    // Modules have one thread.
    static ENGINE: RefCell<Engine> = RefCell::default();
}

fn with<R: Default>(f: impl FnOnce(&mut Engine) -> R) -> R {
    ENGINE.with(|engine| match engine.try_borrow_mut() {
        Ok(mut engine) => f(&mut engine),
        Err(_) => R::default(),
    })
}

/// Makes room for this many bytes of input; gives its address, which is good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    ENGINE.with(|engine| match engine.try_borrow_mut() {
        Ok(mut engine) => {
            engine.input.clear();
            engine.input.resize(length, 0);
            engine.input.as_mut_ptr()
        }
        Err(_) => std::ptr::null_mut(),
    })
}

/// The address of what the last call gave.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    ENGINE.with(|engine| match engine.try_borrow() {
        Ok(engine) => engine.output.as_ptr(),
        Err(_) => std::ptr::null(),
    })
}

/// The length of what the last call gave.
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    with(|engine| engine.output.len())
}

/// Opens the program in the input: `name_length` bytes of its file's name, then its text. `mode` is 0 for `exec`, 1 for
/// `single`, 2 for `eval`. The front end uses at most `stack` bytes of the module's own stack, of which there are 2 MB; the
/// engine that runs the module has a stack besides, which is not seen from here and may end sooner. Gives the program's
/// number; the output is its `Overview`.
#[unsafe(no_mangle)]
pub extern "C" fn open(
    name_length: usize,
    mode: u32,
    optimize: u32,
    mtime: u32,
    stack: usize,
) -> usize {
    with(|engine| {
        let bytes = std::mem::take(&mut engine.input);
        let name = bytes.get(..name_length).unwrap_or_default();
        let text = bytes.get(name_length..).unwrap_or_default();
        let options = Options {
            optimize: optimize.min(2) as u8,
            mode: match mode {
                1 => Mode::Single,
                2 => Mode::Eval,
                _ => Mode::Exec,
            },
            filename: String::from_utf8_lossy(name).into_owned(),
            mtime,
        };
        let program = Program::open(&String::from_utf8_lossy(text), options, stack);
        engine.output = json(program.overview());
        let free = engine.programs.iter().position(Option::is_none);
        let number = free.unwrap_or(engine.programs.len());
        match engine.programs.get_mut(number) {
            Some(place) => *place = Some(program),
            None => engine.programs.push(Some(program)),
        }
        number
    })
}

/// Forgets a program.
#[unsafe(no_mangle)]
pub extern "C" fn close(number: usize) {
    with(|engine| {
        if let Some(place) = engine.programs.get_mut(number) {
            *place = None;
        }
    });
}

/// Makes the data of a stage; `what` counts from 0: tokens, tree, tree text, optimized tree, its text, scopes, units,
/// code, listing, listing with caches, `.pyc`. The output is `null` if the program does not come so far.
#[unsafe(no_mangle)]
pub extern "C" fn stage(number: usize, what: u32) {
    with(|engine| {
        let program = engine.programs.get(number).and_then(Option::as_ref);
        let listing = |program: &Program, show_caches| {
            let options = ListingOptions {
                show_caches,
                ..ListingOptions::default()
            };
            json(&program.listing(&options))
        };
        engine.output = match (program, what) {
            (Some(program), 0) => json(&program.tokens()),
            (Some(program), 1) => json(&program.tree(false)),
            (Some(program), 2) => json(&program.tree_text(false)),
            (Some(program), 3) => json(&program.tree(true)),
            (Some(program), 4) => json(&program.tree_text(true)),
            (Some(program), 5) => json(&program.scopes()),
            (Some(program), 6) => json(&program.units()),
            (Some(program), 7) => json(&program.code()),
            (Some(program), 8) => listing(program, false),
            (Some(program), 9) => listing(program, true),
            (Some(program), 10) => json(&program.pyc()),
            _ => "null".to_owned(),
        };
    });
}

/// Makes the text of a stage, in the order of `TextKind`. The output is a string, or `null`.
#[unsafe(no_mangle)]
pub extern "C" fn text(number: usize, kind: u32) {
    const KINDS: [TextKind; 8] = [
        TextKind::Tokens,
        TextKind::Ast,
        TextKind::AstOptimized,
        TextKind::Scopes,
        TextKind::Units,
        TextKind::Dis,
        TextKind::DisCaches,
        TextKind::Pyc,
    ];
    with(|engine| {
        let program = engine.programs.get(number).and_then(Option::as_ref);
        let kind = KINDS.get(kind as usize);
        let text = program
            .zip(kind)
            .and_then(|(program, kind)| program.stage_text(*kind));
        engine.output = json(&text);
    });
}
