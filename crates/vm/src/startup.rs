//! The start of an interpreter: `sys` and `builtins`, the import system, the standard streams, `__main__` and `site`. Its
//! end is in `finalize.rs`.

use taipan_object::{Module, PyResult, Ref, Value, Vm};

use crate::config::{config, settings};
use crate::imp::ImportState;
use crate::sys_module::{hooks, std_printer, sys_get, sys_set};

/// Makes `sys` and `builtins`, and with `library` the import system and everything that needs it.
pub fn initialize(vm: &Vm, library: bool) -> PyResult<()> {
    let sys = native(vm, "sys")?;
    native(vm, "builtins")?;
    if let Some(f) = vm
        .interp()
        .builtins
        .get()
        .and_then(|d| d.get_str(vm, &vm.names().__import__))
    {
        vm.state::<ImportState>().import_function.0.set(Some(f));
    }
    for (name, fd) in [("stdout", 1), ("stderr", 2)] {
        let printer = std_printer::new_printer(vm, fd)?.into_value();
        sys_set(vm, name, printer.clone())?;
        sys_set(vm, &format!("__{name}__"), printer)?;
    }
    for name in ["stdin", "__stdin__"] {
        sys_set(vm, name, vm.none())?;
    }
    set_debug(vm)?;
    crate::finalize::remember_builtins(vm)?;
    if library {
        install_importlib(vm, &sys)?;
        install_external_importers(vm)?;
        vm.import("encodings")?;
        standard_streams(vm)?;
        // The handlers of SIGINT and SIGPIPE are set when the module is made.
        if crate::imp::find_native(vm, &vm.intern("_signal")?).is_some() {
            vm.import("_signal")?;
        }
    }
    main_module(vm)?;
    if library {
        if settings(vm).faulthandler {
            vm.import("faulthandler")?;
            crate::faulthandler::enable(vm, None, true)?;
        }
        if !settings(vm).warnoptions.is_empty() {
            vm.import("warnings")?;
        }
        if settings(vm).site_import {
            vm.import("site")?;
        }
    }
    Ok(())
}

/// `__debug__` is False with -O.
fn set_debug(vm: &Vm) -> PyResult<()> {
    match vm.interp().builtins.get() {
        Some(b) => b.set_named(
            vm,
            "__debug__",
            vm.bool(config(vm).optimization_level.get() == 0),
        ),
        None => Ok(()),
    }
}

fn native(vm: &Vm, name: &str) -> PyResult {
    let text = vm.intern(name)?;
    match crate::imp::init_native(vm, &text)? {
        Some(m) => {
            // `sys` makes the dict of modules while it runs.
            if let Some(modules) = vm.interp().modules.get() {
                modules.set(vm, text.as_value(), m.clone())?;
            }
            Ok(m)
        }
        None => Err(vm.runtime_error(&format!("there is no native module {name}"))),
    }
}

/// Brings up `importlib._bootstrap` (as `_frozen_importlib`), which makes specs for the modules there are.
fn install_importlib(vm: &Vm, sys: &Value) -> PyResult<()> {
    let name = vm.intern("_frozen_importlib")?;
    let Some(bootstrap) = crate::frozen::init_frozen(vm, &name)? else {
        return Err(vm.runtime_error("importlib._bootstrap is not frozen"));
    };
    vm.state::<ImportState>()
        .bootstrap
        .0
        .set(Some(bootstrap.clone()));
    let imp = native(vm, "_imp")?;
    vm.call_method_str(&bootstrap, "_install", &[sys.clone(), imp])
        .map(drop)
}

fn install_external_importers(vm: &Vm) -> PyResult<()> {
    let Some(bootstrap) = crate::imp::bootstrap_module(vm) else {
        return Ok(());
    };
    vm.call_method_str(&bootstrap, "_install_external_importers", &[])?;
    // zipimporter comes before the finder of files among the path hooks.
    let zipimport = vm.import("zipimport")?;
    if let (Some(hooks), Some(z)) = (
        sys_get(vm, "path_hooks"),
        vm.getattr_str_opt(&zipimport, "zipimporter")?,
    ) {
        vm.call_method_str(&hooks, "insert", &[Value::from_i32(0), z])?;
    }
    Ok(())
}

/// Makes `sys.stdin`, `sys.stdout` and `sys.stderr` from `_io`.
fn standard_streams(vm: &Vm) -> PyResult<()> {
    let io = vm.import("_io")?;
    name_stdio_encoding(vm)?;
    if let (Some(b), Some(f)) = (vm.interp().builtins.get(), vm.getattr_str_opt(&io, "open")?) {
        b.set_named(vm, "open", f)?;
    }
    for (fd, name) in [(0, "stdin"), (1, "stdout"), (2, "stderr")] {
        let stream = match standard_stream(vm, &io, fd, name) {
            Ok(s) => s,
            Err(e) => {
                let exc = vm.take_raised(e);
                if taipan_host::fs::fstat(fd).is_ok() {
                    return Err(vm.raise_as_is(exc));
                }
                vm.none()
            }
        };
        sys_set(vm, name, stream.clone())?;
        sys_set(vm, &format!("__{name}__"), stream)?;
    }
    Ok(())
}

/// Makes the encoding of the streams that a variable asked for the one that its codec is called by.
fn name_stdio_encoding(vm: &Vm) -> PyResult<()> {
    let asked = settings(vm).stdio_encoding.clone();
    if asked == "utf-8" {
        return Ok(());
    }
    let find = || -> PyResult<String> {
        let codecs = vm.import("_codecs")?;
        let found = vm.call_method_str(&codecs, "lookup", &[vm.new_str(&asked)?.into_value()])?;
        let name = vm.getattr_str(&found, "name")?;
        Ok(vm.str(&name)?.to_string_lossy().into_owned())
    };
    match find() {
        Ok(name) => {
            let mut s = (*settings(vm)).clone();
            s.stdio_encoding = name;
            *config(vm).settings.borrow_mut() = std::rc::Rc::new(s);
            Ok(())
        }
        Err(e) => {
            hooks::write_stderr(
                vm,
                "Fatal Python error: init_stdio_encoding: failed to get the Python codec name of the stdio encoding\nPython runtime state: core initialized\n",
            );
            Err(e)
        }
    }
}

fn standard_stream(vm: &Vm, io: &Value, fd: i32, name: &str) -> PyResult {
    if taipan_host::fs::fstat(fd).is_err() {
        return Ok(vm.none());
    }
    let s = settings(vm);
    let writing = fd != 0;
    let buffered = s.buffered_stdio;
    let text = |t: &str| -> PyResult { Ok(vm.new_str(t)?.into_value()) };
    let kwargs = vm.new_dict()?;
    kwargs.set_named(vm, "closefd", vm.bool(false))?;
    let mode = text(if writing { "wb" } else { "rb" })?;
    let buffering = Value::from_i32(if writing && !buffered { 0 } else { -1 });
    kwargs.set_named(vm, "buffering", buffering)?;
    let buffer = vm.call_dict(
        &vm.getattr_str(io, "open")?,
        &[Value::from_i32(fd), mode],
        Some(&kwargs),
    )?;
    let raw = if writing && !buffered {
        buffer.clone()
    } else {
        vm.getattr_str(&buffer, "raw")?
    };
    let shown = text(&format!("<{name}>"))?;
    vm.setattr_str(&raw, "name", &shown)?;
    let terminal = vm.is_true(&vm.call_method_str(&raw, "isatty", &[])?)?;
    let kwargs = vm.new_dict()?;
    kwargs.set_named(vm, "encoding", text(&s.stdio_encoding)?)?;
    kwargs.set_named(
        vm,
        "errors",
        text(if fd == 2 {
            "backslashreplace"
        } else {
            &s.stdio_errors
        })?,
    )?;
    kwargs.set_named(vm, "newline", text("\n")?)?;
    kwargs.set_named(
        vm,
        "line_buffering",
        vm.bool(writing && buffered && (terminal || fd == 2)),
    )?;
    kwargs.set_named(vm, "write_through", vm.bool(writing && !buffered))?;
    let stream = vm.call_dict(
        &vm.getattr_str(io, "TextIOWrapper")?,
        &[buffer],
        Some(&kwargs),
    )?;
    let mode = text(if writing { "w" } else { "r" })?;
    vm.setattr_str(&stream, "mode", &mode)?;
    Ok(stream)
}

/// The module `__main__`, made on first use.
pub fn main_module(vm: &Vm) -> PyResult<Ref<Module>> {
    let name = &vm.names().__main__;
    let Some(modules) = vm.interp().modules.get() else {
        return Err(vm.runtime_error("no sys.modules"));
    };
    if let Some(m) = modules.get(vm, name.as_value())?
        && let Ok(m) = m.downcast::<Module>()
    {
        return Ok(m);
    }
    let m = vm.new_module("__main__", None)?;
    if let Some(d) = m.dict.get() {
        if let Some(b) = crate::imp::made(vm, "builtins") {
            d.set_str(vm, &vm.names().__builtins__, b)?;
        }
        if let Some(lib) = crate::imp::bootstrap_module(vm) {
            let loader = vm.getattr_str(&lib, "BuiltinImporter")?;
            d.set_str(vm, &vm.names().__loader__, loader)?;
        }
    }
    modules.set(vm, name.as_value(), m.as_value().clone())?;
    Ok(m)
}

/// Flushes `sys.stdout` and `sys.stderr`; false when one of them could not be written.
pub fn flush_std_files(vm: &Vm) -> bool {
    let mut ok = true;
    for name in ["stdout", "stderr"] {
        let Some(f) = sys_get(vm, name).filter(|f| !vm.is_none(f)) else {
            continue;
        };
        let closed = match vm.getattr_str_opt(&f, "closed") {
            Ok(Some(c)) => vm.is_true(&c).unwrap_or(false),
            _ => false,
        };
        vm.clear_exception();
        if !closed && vm.call_method(&f, &vm.names().flush, &[]).is_err() {
            if name == "stdout" {
                vm.unraisable(Some("while flushing sys.stdout"), Some(&f));
            }
            vm.clear_exception();
            ok = false;
        }
    }
    ok
}

/// Shows an exception of the start-up.
pub fn show_start_error(vm: &Vm, exc: &Value) {
    hooks::print_exception(vm, exc);
}
