//! The prompt without an editor: lines from the standard input, one statement at a time. And what comes before any prompt:
//! the header, `PYTHONSTARTUP` and `sys.__interactivehook__`. The prompt with an editor is the library's `_pyrepl`.

use taipan_ast::Arena;
use taipan_host::{Errno, env, fs};
use taipan_object::{PyResult, Ref, Str, Value, Vm};
use taipan_parser::{Mode, ParseError};
use taipan_tokenizer::SyntaxErrorKind;
use taipan_vm::builtin_functions::eval_code;
use taipan_vm::compile::{Options, cf, compile_text, parse_options};
use taipan_vm::config::settings;
use taipan_vm::startup;
use taipan_vm::sys_module::hooks::{self, Ended, write_stderr};
use taipan_vm::sys_module::{sys_get, sys_set, values};

use crate::main_program::{Status, remember_source};

/// Whether the program is talked to: the standard input is a terminal, or -i was given.
pub fn is_interactive(vm: &Vm) -> bool {
    settings(vm).interactive || fs::isatty(0)
}

/// Whether `_pyrepl` shall run the prompt.
pub fn has_editor(vm: &Vm) -> bool {
    let basic = settings(vm).use_environment
        && env::var(b"PYTHON_BASIC_REPL").is_some_and(|v| !v.is_empty());
    fs::isatty(0) && !basic && taipan_vm::imp::bootstrap_module(vm).is_some()
}

/// The lines that greet.
pub fn print_header(vm: &Vm) {
    let platform = sys_get(vm, "platform")
        .and_then(|p| vm.str(&p).ok())
        .map_or_else(String::new, |p| p.to_string_lossy().into_owned());
    let mut text = format!("Python {} on {platform}\n", values::version());
    if settings(vm).site_import {
        text.push_str(
            "Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n",
        );
    }
    write_stderr(vm, &text);
}

/// Shows an exception that must not end the program.
fn show(vm: &Vm, e: taipan_object::Raised) -> Option<Status> {
    let exc = vm.take_raised(e);
    match hooks::print_uncaught(vm, &exc) {
        Ended::Exit(n) => Some(Status::Code(n)),
        Ended::Failed | Ended::Interrupted => None,
    }
}

/// Runs the file that `PYTHONSTARTUP` names.
pub fn run_startup(vm: &Vm) -> Option<Status> {
    if !settings(vm).use_environment {
        return None;
    }
    let path = env::var(b"PYTHONSTARTUP").filter(|v| !v.is_empty())?;
    let run = || -> PyResult<()> {
        let bytes = match taipan_vm::files::read_file(&path) {
            Ok(b) => b,
            Err(e) => {
                write_stderr(vm, "Could not open PYTHONSTARTUP\n");
                let args = vec![
                    vm.new_int(i64::from(e.0))?,
                    vm.new_str(&String::from_utf8_lossy(&e.message()))?
                        .into_value(),
                    taipan_vm::fs_text(vm, &path)?.into_value(),
                ];
                return Err(vm.raise_args(&vm.exc().OSError, args));
            }
        };
        crate::main_program::run_script_bytes(vm, &bytes, &path)
    };
    run().err().and_then(|e| show(vm, e))
}

/// Calls `sys.__interactivehook__`, with which `site` sets up completion and history.
pub fn run_hook(vm: &Vm) -> Option<Status> {
    let hook = sys_get(vm, "__interactivehook__")?;
    let e = vm.call_pos(&hook, &[]).err()?;
    write_stderr(vm, "Failed calling sys.__interactivehook__\n");
    show(vm, e)
}

/// Runs `_pyrepl` in `__main__`.
pub fn run_editor(vm: &Vm) -> PyResult<()> {
    let module = vm.import("_pyrepl.main")?;
    let console = vm.getattr_str(&module, "interactive_console")?;
    let kwargs = vm.new_dict()?;
    kwargs.set_named(vm, "mainmodule", startup::main_module(vm)?.into_value())?;
    vm.call_dict(&console, &[], Some(&kwargs)).map(drop)
}

/// What a read of a line gave.
enum Line {
    Text(Vec<u8>),
    End,
    Raised(taipan_object::Raised),
}

/// The lines of the standard input.
struct Lines {
    buffer: Vec<u8>,
    at_end: bool,
}

impl Lines {
    /// The next line with its newline. What arrives is read as it comes: a terminal gives a line at a time.
    fn next(&mut self, vm: &Vm) -> Line {
        loop {
            if let Some(i) = self.buffer.iter().position(|&b| b == b'\n') {
                let rest = self.buffer.split_off(i + 1);
                return Line::Text(std::mem::replace(&mut self.buffer, rest));
            }
            if self.at_end {
                self.at_end = false;
                if self.buffer.is_empty() {
                    return Line::End;
                }
                return Line::Text(std::mem::take(&mut self.buffer));
            }
            let mut chunk = [0; 4096];
            match taipan_vm::gil::without(vm, || fs::read(0, &mut chunk)) {
                Ok(0) => self.at_end = true,
                Ok(n) => self
                    .buffer
                    .extend_from_slice(chunk.get(..n).unwrap_or_default()),
                Err(e) if e == Errno::EINTR => {
                    if let Err(e) = taipan_vm::breaker::handle(vm) {
                        self.buffer.clear();
                        return Line::Raised(e);
                    }
                }
                Err(_) => self.at_end = true,
            }
        }
    }
}

fn prompt(vm: &Vm, name: &str) -> String {
    let text = sys_get(vm, name).map(|p| vm.str(&p));
    match text {
        Some(Ok(s)) => s.to_string_lossy().into_owned(),
        Some(Err(e)) => {
            drop(vm.take_raised(e));
            String::new()
        }
        None => String::new(),
    }
}

fn flush(vm: &Vm) {
    startup::flush_std_files(vm);
}

fn ask(vm: &Vm, lines: &mut Lines, name: &str) -> Line {
    let text = prompt(vm, name);
    flush(vm);
    taipan_vm::sys_module::std_printer::write_all(2, text.as_bytes());
    lines.next(vm)
}

/// Whether more lines could complete a text that is no statement yet.
fn wants_more(vm: &Vm, text: &str, flags: u32) -> bool {
    let options = Options {
        mode: Mode::Interactive,
        flags: flags | cf::DONT_IMPLY_DEDENT | cf::ALLOW_INCOMPLETE_INPUT,
        ..Options::exec()
    };
    let try_parse = |text: &str| {
        let arena = Arena::new();
        taipan_parser::parse(&arena, text, &parse_options(vm, &options), &mut Vec::new()).map(drop)
    };
    if try_parse(text).is_ok() {
        return false;
    }
    match try_parse(&format!("{text}\n")) {
        Ok(()) => true,
        Err(ParseError::Syntax(e)) => e.kind == SyntaxErrorKind::IncompleteInput,
        Err(_) => false,
    }
}

/// Reads a statement: `Ok(None)` at the end of the input.
fn read_statement(vm: &Vm, lines: &mut Lines, flags: u32) -> PyResult<Option<String>> {
    let mut text = String::new();
    loop {
        let first = text.is_empty();
        let line = match ask(vm, lines, if first { "ps1" } else { "ps2" }) {
            Line::Text(line) => line,
            Line::End if first => return Ok(None),
            Line::End => {
                taipan_vm::sys_module::std_printer::write_all(2, b"\n");
                text.push_str("\n\n");
                return Ok(Some(text));
            }
            Line::Raised(e) => return Err(e),
        };
        let line = taipan_vm::compile::translate(&String::from_utf8_lossy(&line));
        // A line that ends with the input rather than a newline: what could complete it is asked for all the same.
        let whole = line.ends_with('\n');
        let line = line.trim_end_matches('\n');
        if first {
            let body = line.trim();
            if body.starts_with('\0') {
                // CPython's tokenizer takes it for the end.
                return Ok(None);
            }
            if body.is_empty() || body.starts_with('#') {
                continue;
            }
        } else {
            text.push('\n');
        }
        text.push_str(line);
        if whole && !wants_more(vm, &text, flags) {
            text.push('\n');
            return Ok(Some(text));
        }
    }
}

fn run_statement(vm: &Vm, text: &str, filename: &Ref<Str>, flags: &mut u32) -> PyResult<()> {
    let main = startup::main_module(vm)?;
    let Some(globals) = main.dict.get() else {
        return Err(vm.runtime_error("__main__ has no dict"));
    };
    let options = Options {
        mode: Mode::Interactive,
        flags: *flags,
        optimize: taipan_vm::config::config(vm).optimization_level.get(),
        ..Options::exec()
    };
    let (code, features) = compile_text(vm, text, filename, &options)?;
    *flags |= features & cf::MASK;
    remember_source(vm, code.as_value(), text, "<stdin>")?;
    let globals_value: Value = globals.as_value().clone();
    eval_code(vm, &code, &globals, &globals_value, None).map(drop)
}

/// `sys._baserepl`: runs the prompt; an exit of the program is an exception again.
pub fn base_repl(vm: &Vm) -> PyResult<()> {
    match run_loop(vm)? {
        Status::Code(0) => Ok(()),
        Status::Code(n) => Err(vm.raise_args(&vm.exc().SystemExit, vec![Value::from_i32(n)])),
        Status::Interrupted => Err(vm.raise_args(&vm.exc().KeyboardInterrupt, Vec::new())),
    }
}

/// Runs the prompt until the input ends or the program exits.
pub fn run_loop(vm: &Vm) -> PyResult<Status> {
    for (name, text) in [("ps1", ">>> "), ("ps2", "... ")] {
        if sys_get(vm, name).is_none() {
            sys_set(vm, name, vm.new_str(text)?.into_value())?;
        }
    }
    let filename = vm.new_str("<stdin>")?;
    let mut lines = Lines {
        buffer: Vec::new(),
        at_end: false,
    };
    let mut flags = 0;
    loop {
        let ended = match read_statement(vm, &mut lines, flags) {
            Ok(None) => {
                flush(vm);
                taipan_vm::sys_module::std_printer::write_all(2, b"\n");
                return Ok(Status::Code(0));
            }
            Ok(Some(text)) => run_statement(vm, &text, &filename, &mut flags),
            Err(e) => {
                taipan_vm::sys_module::std_printer::write_all(2, b"\n");
                Err(e)
            }
        };
        if let Err(e) = ended
            && let Some(status) = show(vm, e)
        {
            return Ok(status);
        }
        flush(vm);
    }
}
