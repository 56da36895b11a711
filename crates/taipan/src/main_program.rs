//! What the command does with a program: runs a file, a module, a command or the standard input, and ends the interpreter.

use taipan_object::{Dict, PyResult, Ref, Value, Vm};
use taipan_vm::builtin_functions::eval_code;
use taipan_vm::builtins::execution::bytes_text;
use taipan_vm::compile::{Options, compile_text};
use taipan_vm::config::{config, settings};
use taipan_vm::startup;
use taipan_vm::sys_module::hooks::{self, Ended};
use taipan_vm::sys_module::{sys_get, sys_set};

use crate::interactive;

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// -c
    Command(Vec<u8>),
    /// -m
    Module(Vec<u8>),
    /// A file, a directory with a `__main__.py`, or a zip file.
    File(Vec<u8>),
    /// The standard input: `-`, or nothing at all.
    Stdin,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With this exit status.
    Code(i32),
    /// By SIGINT, as a program that did not handle it.
    Interrupted,
}

fn text(vm: &Vm, bytes: &[u8]) -> PyResult {
    Ok(taipan_vm::fs_text(vm, bytes)?.into_value())
}

fn globals(vm: &Vm) -> PyResult<Ref<Dict>> {
    let main = startup::main_module(vm)?;
    main.dict
        .get()
        .ok_or_else(|| vm.runtime_error("__main__ has no dict"))
}

fn prepend_path(vm: &Vm, dir: &[u8]) -> PyResult<()> {
    *config(vm).sys_path_0.borrow_mut() = Some(dir.to_vec());
    let dir = text(vm, dir)?;
    match sys_get(vm, "path") {
        Some(p) => vm
            .call_method_str(&p, "insert", &[Value::from_i32(0), dir])
            .map(drop),
        None => Ok(()),
    }
}

fn safe_path(vm: &Vm) -> bool {
    settings(vm).safe_path
}

/// Where a program's text comes from.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    File,
    CommandLine,
}

fn run_text(vm: &Vm, source: &str, filename: &[u8], origin: Origin) -> PyResult<()> {
    let filename = taipan_vm::fs_text(vm, filename)?;
    let globals = globals(vm)?;
    let options = Options {
        optimize: config(vm).optimization_level.get(),
        from_file: origin == Origin::File,
        ..Options::exec()
    };
    let (code, _) = compile_text(vm, source, &filename, &options)?;
    if origin == Origin::CommandLine {
        remember_source(vm, code.as_value(), source, "<string>")?;
    }
    eval_code(vm, &code, &globals, globals.as_value(), None).map(drop)
}

/// Runs the source text of a file in `__main__`.
pub(crate) fn run_script_bytes(vm: &Vm, bytes: &[u8], filename: &[u8]) -> PyResult<()> {
    run_bytes(vm, bytes, filename)
}

fn run_bytes(vm: &Vm, bytes: &[u8], filename: &[u8]) -> PyResult<()> {
    let name = taipan_vm::fs_text(vm, filename)?;
    let source = bytes_text(vm, bytes, &name, true, true)?;
    if let Some(at) = source.find('\0') {
        let before = &source[..at];
        let line = before.rsplit('\n').next().unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        let place = vec![
            name.into_value(),
            vm.new_usize(number)?,
            Value::from_i32(0),
            vm.new_str(line)?.into_value(),
        ];
        let message = vm
            .new_str("source code cannot contain null bytes")?
            .into_value();
        let args = vec![message, vm.new_tuple(place)?.into_value()];
        return Err(vm.raise_args(&vm.exc().SyntaxError, args));
    }
    run_text(vm, &source, filename, Origin::File)
}

/// Gives the lines of a source that is no file to `linecache`, so that tracebacks show them.
pub(crate) fn remember_source(vm: &Vm, code: &Value, source: &str, filename: &str) -> PyResult<()> {
    if taipan_vm::imp::bootstrap_module(vm).is_none() {
        return Ok(());
    }
    let linecache = vm.import("linecache")?;
    let args = [
        code.clone(),
        vm.new_str(source)?.into_value(),
        vm.new_str(filename)?.into_value(),
    ];
    vm.call_method_str(&linecache, "_register_code", &args)
        .map(drop)
}

fn run_command(vm: &Vm, command: &[u8]) -> PyResult<()> {
    if !safe_path(vm) {
        prepend_path(vm, b"")?;
    }
    let source = match std::str::from_utf8(command) {
        Ok(s) => dedent(s),
        Err(_) => {
            hooks::write_stderr(vm, "Unable to decode the command from the command line:\n");
            let text = taipan_vm::fs_text(vm, command)?;
            return vm.call_method_str(text.as_value(), "encode", &[]).map(drop);
        }
    };
    let source = taipan_vm::compile::translate(&format!("{source}\n"));
    run_text(vm, &source, b"<string>", Origin::CommandLine)
}

/// Takes the white space away that all lines of a command begin with, as CPython 3.14 does.
fn dedent(source: &str) -> String {
    let mut common: Option<&str> = None;
    for line in source.split('\n') {
        let body = line.trim_start_matches([' ', '\t']);
        if body.is_empty() || body == "\r" {
            continue;
        }
        let indent = &line[..line.len() - body.len()];
        common = Some(match common {
            None => indent,
            Some(c) => {
                let n = c
                    .bytes()
                    .zip(indent.bytes())
                    .take_while(|(a, b)| a == b)
                    .count();
                &c[..n]
            }
        });
    }
    match common {
        None | Some("") => source.to_owned(),
        // A line of white space alone becomes an empty one.
        Some(c) => source
            .split('\n')
            .map(|l| match l.trim_matches([' ', '\t']) {
                "" => "",
                _ => l.strip_prefix(c).unwrap_or(l),
            })
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn run_module(vm: &Vm, name: &[u8], set_argv0: bool) -> PyResult<()> {
    let runpy = vm.import("runpy")?;
    vm.call_method_str(
        &runpy,
        "_run_module_as_main",
        &[text(vm, name)?, vm.bool(set_argv0)],
    )
    .map(drop)
}

/// `-m`: the working directory comes first on the path.
fn run_main_module(vm: &Vm, name: &[u8]) -> PyResult<()> {
    if !safe_path(vm) {
        let dir = taipan_host::env::cwd().unwrap_or_default();
        prepend_path(vm, &dir)?;
    }
    run_module(vm, name, true)
}

/// The importer of a directory or zip file, `None` for plain files.
fn importer_of(vm: &Vm, path: &[u8]) -> PyResult<Option<Value>> {
    let Some(hooks) = sys_get(vm, "path_hooks") else {
        return Ok(None);
    };
    let arg = text(vm, path)?;
    for hook in vm.collect(&hooks)? {
        match vm.call1(&hook, &arg) {
            Ok(i) => return Ok(Some(i)),
            Err(e) => {
                vm.catch(e, &vm.exc().ImportError)?;
            }
        }
    }
    Ok(None)
}

/// The directory of a script, links resolved.
fn script_directory(path: &[u8]) -> Vec<u8> {
    let mut path = path.to_vec();
    if let Ok(target) = taipan_host::fs::readlink(taipan_host::fs::AT_FDCWD, &path) {
        if target.starts_with(b"/") {
            path = target;
        } else if target.contains(&b'/') {
            let cut = path.iter().rposition(|&b| b == b'/').map_or(0, |i| i + 1);
            path.truncate(cut);
            path.extend_from_slice(&target);
        }
    }
    let absolute = if path.starts_with(b"/") {
        path
    } else {
        let mut out = taipan_host::env::cwd().unwrap_or_default();
        out.push(b'/');
        out.extend_from_slice(path.strip_prefix(b"./").unwrap_or(&path));
        out
    };
    match absolute.iter().rposition(|&b| b == b'/') {
        Some(0) => b"/".to_vec(),
        Some(i) => absolute[..i].to_vec(),
        None => Vec::new(),
    }
}

/// The command's own message about a script that cannot be read; exit status 2.
fn cannot_open(program: &[u8], path: &[u8], e: taipan_host::Errno) -> Status {
    let text = format!(
        "{}: can't open file {}: [Errno {}] {}\n",
        String::from_utf8_lossy(program),
        quoted(&absolute(path)),
        e.0,
        String::from_utf8_lossy(&e.message())
    );
    taipan_vm::sys_module::std_printer::write_all(2, text.as_bytes());
    Status::Code(2)
}

fn absolute(path: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") {
        return path.to_vec();
    }
    let mut out = taipan_host::env::cwd().unwrap_or_default();
    out.push(b'/');
    out.extend_from_slice(path);
    out
}

fn quoted(path: &[u8]) -> String {
    format!("'{}'", String::from_utf8_lossy(path))
}

fn run_file(vm: &Vm, program: &[u8], path: &[u8]) -> PyResult<Option<Status>> {
    let path = &absolute(path)[..];
    if taipan_vm::imp::bootstrap_module(vm).is_some() && importer_of(vm, path)?.is_some() {
        // A directory or zip file stands on the path even when nothing else of the program's may.
        prepend_path(vm, path)?;
        return run_module(vm, b"__main__", false).map(|()| None);
    }
    let mut bytes = match taipan_vm::files::read_file(path) {
        Ok(b) => b,
        Err(e) => return Ok(Some(cannot_open(program, path, e))),
    };
    if !safe_path(vm) {
        prepend_path(vm, &script_directory(path))?;
    }
    if settings(vm).skip_first_line {
        let end = bytes.iter().position(|&b| b == b'\n');
        bytes.drain(..end.unwrap_or(bytes.len()));
    }
    let compiled = path.ends_with(b".pyc") || bytes.starts_with(&taipan_vm::marshal_module::MAGIC);
    let globals = globals(vm)?;
    globals.set_named(vm, "__file__", text(vm, path)?)?;
    globals.set_named(vm, "__cached__", vm.none())?;
    set_main_loader(
        vm,
        path,
        if compiled {
            "SourcelessFileLoader"
        } else {
            "SourceFileLoader"
        },
    )?;
    if compiled {
        let code = taipan_vm::marshal_module::load_pyc(vm, &bytes)?;
        return eval_code(vm, &code, &globals, globals.as_value(), None).map(|_| None);
    }
    run_bytes(vm, &bytes, path).map(|()| None)
}

fn set_main_loader(vm: &Vm, path: &[u8], class: &str) -> PyResult<()> {
    let Some(lib) = taipan_vm::imp::bootstrap_module(vm) else {
        return Ok(());
    };
    let Some(external) = vm.getattr_str_opt(&lib, "_bootstrap_external")? else {
        return Ok(());
    };
    let loader = vm.getattr_str(&external, class)?;
    let name = vm.new_str("__main__")?.into_value();
    let loader = vm.call_pos(&loader, &[name, text(vm, path)?])?;
    globals(vm)?.set_str(vm, &vm.names().__loader__, loader)
}

fn run_stdin(vm: &Vm) -> PyResult<Option<Status>> {
    if !safe_path(vm) {
        prepend_path(vm, b"")?;
    }
    let talking = interactive::is_interactive(vm);
    if talking {
        // From here on SystemExit ends the program.
        config(vm).inspect.set(false);
        if let Some(s) = interactive::run_startup(vm).or_else(|| interactive::run_hook(vm)) {
            return Ok(Some(s));
        }
    }
    if interactive::has_editor(vm) {
        return interactive::run_editor(vm).map(|()| None);
    }
    if talking {
        return interactive::run_loop(vm).map(Some);
    }
    let bytes = taipan_vm::files::read_all(0).unwrap_or_default();
    let globals = globals(vm)?;
    globals.set_named(vm, "__file__", vm.new_str("<stdin>")?.into_value())?;
    globals.set_named(vm, "__cached__", vm.none())?;
    run_bytes(vm, &bytes, b"<stdin>").map(|()| None)
}

/// The prompt after a program that ran with -i, or that asks for it by the variable.
fn run_prompt_after(vm: &Vm) -> Option<Status> {
    let c = config(vm);
    let asked = || {
        settings(vm).use_environment
            && taipan_host::env::var(b"PYTHONINSPECT").is_some_and(|v| !v.is_empty())
    };
    if !(c.inspect.get() || asked()) || !interactive::is_interactive(vm) {
        return None;
    }
    c.inspect.set(false);
    if let Some(s) = interactive::run_startup(vm).or_else(|| interactive::run_hook(vm)) {
        return Some(s);
    }
    let result = if interactive::has_editor(vm) {
        interactive::run_editor(vm).map(|()| Status::Code(0))
    } else {
        interactive::run_loop(vm)
    };
    Some(result.unwrap_or_else(|e| {
        let exc = vm.take_raised(e);
        ended(vm, &exc)
    }))
}

/// Runs a program and ends the interpreter.
pub fn run(vm: &Vm, called_as: &[u8], program: &Program) -> Status {
    let s = settings(vm);
    let prompt_only = *program == Program::Stdin;
    if !s.quiet && (s.verbose > 0 || (prompt_only && interactive::is_interactive(vm))) {
        interactive::print_header(vm);
    }
    let result = match program {
        Program::Command(c) => run_command(vm, c).map(|()| None),
        Program::Module(m) => run_main_module(vm, m).map(|()| None),
        Program::File(f) => run_file(vm, called_as, f),
        Program::Stdin => run_stdin(vm),
    };
    let mut status = match result {
        Ok(None) => Status::Code(0),
        Ok(Some(s)) => s,
        Err(e) => {
            let exc = vm.take_raised(e);
            ended(vm, &exc)
        }
    };
    if let Some(after) = run_prompt_after(vm) {
        // An interrupt of the program itself is not forgotten.
        if status != Status::Interrupted || after != Status::Code(0) {
            status = after;
        }
    }
    // A program that could write nothing of what it printed has failed, whatever it says.
    if !taipan_vm::finalize::finalize(vm) {
        status = Status::Code(120);
    }
    status
}

fn ended(vm: &Vm, exc: &Value) -> Status {
    match hooks::print_uncaught(vm, exc) {
        Ended::Exit(n) => Status::Code(n),
        Ended::Failed => Status::Code(1),
        Ended::Interrupted => Status::Interrupted,
    }
}

/// Makes `sys.argv` what the program shall see.
pub fn set_argv(vm: &Vm, argv: &[Vec<u8>]) -> PyResult<()> {
    let items = argv
        .iter()
        .map(|a| text(vm, a))
        .collect::<PyResult<Vec<Value>>>()?;
    sys_set(vm, "argv", vm.new_list(items)?.into_value())
}
