//! What shows results and exceptions: `displayhook`, `excepthook`, `unraisablehook`, `breakpointhook`, and what the
//! interpreter does with an exception that nobody caught.

use taipan_macros::pyfunctions;
use taipan_object::{Args, BaseException, PyResult, Ref, Str, Value, Vm};

use super::{structs, sys_get, sys_set};
use crate::builtins::inout::write_str;
use crate::traceback::Traceback;

/// `sys.stderr`, unless it is None or gone.
pub fn stderr(vm: &Vm) -> Option<Value> {
    sys_get(vm, "stderr").filter(|s| !vm.is_none(s))
}

/// Writes text to `sys.stderr`; to the descriptor when there is no such object.
pub fn write_stderr(vm: &Vm, text: &str) {
    if let Err(e) = try_write_stderr(vm, text) {
        drop(vm.take_raised(e));
    }
}

fn try_write_stderr(vm: &Vm, text: &str) -> PyResult<()> {
    match stderr(vm) {
        Some(f) => {
            let text = vm.new_str(text)?;
            write_str(vm, &f, text.as_value())
        }
        None => {
            super::std_printer::write_all(2, text.as_bytes());
            Ok(())
        }
    }
}

/// The module and qualified name of an exception's type as tracebacks show it.
fn type_label(vm: &Vm, exc: &Value) -> String {
    let ty = vm.type_of(exc).to_ref();
    let text = |name: &str| {
        vm.getattr_str(ty.as_value(), name).ok().and_then(|v| {
            v.downcast_ref::<Str>()
                .map(|s| s.to_string_lossy().into_owned())
        })
    };
    let qualname = text("__qualname__").unwrap_or_else(|| vm.type_name(exc));
    let module = text("__module__");
    vm.clear_exception();
    match module.as_deref() {
        Some("builtins" | "__main__") => qualname,
        Some(m) => format!("{m}.{qualname}"),
        None => format!("<unknown>.{qualname}"),
    }
}

/// The last line of an exception's traceback.
fn exception_line(vm: &Vm, exc: &Value) -> String {
    let label = type_label(vm, exc);
    match vm.str(exc) {
        Ok(s) if s.is_empty() => format!("{label}\n"),
        Ok(s) => format!("{label}: {}\n", s.to_string_lossy()),
        Err(e) => {
            drop(vm.take_raised(e));
            format!("{label}: <exception str() failed>\n")
        }
    }
}

fn source_line(filename: &str, line: i32) -> Option<String> {
    let bytes = crate::files::read_file(filename.as_bytes()).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text
        .lines()
        .nth(usize::try_from(line).ok()?.checked_sub(1)?)?
        .trim()
        .to_owned();
    (!line.is_empty()).then_some(line)
}

/// The entries of a traceback.
fn traceback_text(tb: Option<Value>, out: &mut String) {
    let mut next = tb;
    if next.is_some() {
        out.push_str("Traceback (most recent call last):\n");
    }
    while let Some(v) = next {
        let Some(t) = v.downcast_ref::<Traceback>() else {
            return;
        };
        let code = &t.frame.code;
        let filename = code.filename.get().to_string_lossy().into_owned();
        let line = t.line().unwrap_or(0);
        out.push_str(&format!(
            "  File \"{filename}\", line {line}, in {}\n",
            code.name.to_string_lossy()
        ));
        if let Some(l) = source_line(&filename, line) {
            out.push_str(&format!("    {l}\n"));
        }
        next = t.next.get();
    }
}

/// The text of an exception without the help of module `traceback`: chains and notes are left out, syntax errors show
/// their place.
pub fn plain_exception(vm: &Vm, exc: &Value) -> String {
    let mut out = String::new();
    let base = exc.downcast_ref::<BaseException>();
    traceback_text(base.and_then(|b| b.traceback.get()), &mut out);
    if vm.is_instance_exact(exc, &vm.exc().SyntaxError)
        || vm.is_instance_exact(exc, &vm.exc().IndentationError)
    {
        let get = |name: &str| vm.getattr_str(exc, name).ok();
        let shown = |v: Option<Value>| {
            v.and_then(|v| vm.str(&v).ok())
                .map(|s| s.to_string_lossy().into_owned())
        };
        let (file, line, text) = (
            shown(get("filename")),
            shown(get("lineno")),
            shown(get("text")),
        );
        if let (Some(f), Some(l)) = (file, line) {
            out.push_str(&format!("  File \"{f}\", line {l}\n"));
            if let Some(t) = text.filter(|t| t != "None") {
                out.push_str(&format!("    {}\n", t.trim()));
            }
        }
        let msg = shown(get("msg")).unwrap_or_default();
        vm.clear_exception();
        out.push_str(&format!("{}: {msg}\n", type_label(vm, exc)));
    } else {
        out.push_str(&exception_line(vm, exc));
    }
    out
}

/// Prints an exception with its traceback: through module `traceback` where that works.
pub fn print_exception(vm: &Vm, exc: &Value) {
    match sys_get(vm, "stderr") {
        Some(f) if vm.is_none(&f) => {}
        Some(_) => print_exception_to(vm, exc, None),
        None => lost_stderr(vm, exc),
    }
}

/// Shows an exception on the descriptor when `sys.stderr` is gone or cannot be written to.
fn lost_stderr(vm: &Vm, exc: &Value) {
    let shown = match vm.repr(exc) {
        Ok(s) => s.to_string_lossy().into_owned(),
        Err(e) => {
            drop(vm.take_raised(e));
            String::new()
        }
    };
    let text = format!(
        "object address  : {:#x}\nobject refcount : {}\nobject type     : {:#x}\nobject type name: {}\n\
         object repr     : {shown}\nlost sys.stderr\n",
        exc.bits(),
        exc.refcount(),
        vm.type_of(exc).to_ref().as_value().bits(),
        vm.type_name(exc),
    );
    super::std_printer::write_all(2, text.as_bytes());
}

/// Prints an exception with its traceback to a file, `sys.stderr` by default.
pub(crate) fn print_exception_to(vm: &Vm, exc: &Value, file: Option<&Value>) {
    let by_module = || -> PyResult<()> {
        let module = vm.import("traceback")?;
        match file {
            None => {
                let f = vm.getattr_str(&module, "_print_exception_bltin")?;
                vm.call1(&f, exc).map(drop)
            }
            Some(file) => {
                let f = vm.getattr_str(&module, "print_exception")?;
                let kwargs = vm.new_dict()?;
                kwargs.set_named(vm, "file", file.clone())?;
                vm.call_dict(&f, std::slice::from_ref(exc), Some(&kwargs))
                    .map(drop)
            }
        }
    };
    // Before the import system is up, the module cannot be there.
    if crate::imp::bootstrap_module(vm).is_some() {
        match by_module() {
            Ok(()) => return,
            Err(e) => drop(vm.take_raised(e)),
        }
    }
    let text = plain_exception(vm, exc);
    if let Err(e) = try_write_stderr(vm, &text) {
        drop(vm.take_raised(e));
        lost_stderr(vm, exc);
    }
}

/// What happened to a program.
pub enum Ended {
    /// It asked to exit with this status.
    Exit(i32),
    /// An exception was printed.
    Failed,
    /// KeyboardInterrupt was printed: the process dies of the signal.
    Interrupted,
}

fn flush_stream(vm: &Vm, name: &str) {
    if let Some(f) = sys_get(vm, name).filter(|f| !vm.is_none(f))
        && let Err(e) = vm.call_method(&f, &vm.names().flush, &[])
    {
        drop(vm.take_raised(e));
    }
}

/// The exit status that a SystemExit asks for; prints what is not a number.
pub fn exit_status(vm: &Vm, exc: &Value) -> i32 {
    let code = match vm.getattr_str(exc, "code") {
        Ok(c) => c,
        Err(e) => {
            drop(vm.take_raised(e));
            vm.none()
        }
    };
    if vm.is_none(&code) {
        return 0;
    }
    if let Some(n) = code.as_int() {
        return n.to_i64().map_or(-1, |n| n as i32);
    }
    flush_stream(vm, "stdout");
    match vm.str(&code) {
        Ok(s) => write_stderr(vm, &format!("{}\n", s.to_string_lossy())),
        Err(e) => drop(vm.take_raised(e)),
    }
    1
}

/// Handles an exception that reached the top (PyErr_Print): SystemExit ends the program, others are shown by
/// `sys.excepthook` and remembered in `sys.last_exc`.
pub fn print_uncaught(vm: &Vm, exc: &Value) -> Ended {
    if vm
        .type_of(exc)
        .payload
        .is_subtype(vm.exc().SystemExit.object())
        && !crate::config::config(vm).inspect.get()
    {
        return Ended::Exit(exit_status(vm, exc));
    }
    let tb = exc
        .downcast_ref::<BaseException>()
        .and_then(|b| b.traceback.get())
        .unwrap_or_else(|| vm.none());
    let ty = vm.type_of(exc).to_ref().into_value();
    let remember = || -> PyResult<()> {
        sys_set(vm, "last_exc", exc.clone())?;
        sys_set(vm, "last_type", ty.clone())?;
        sys_set(vm, "last_value", exc.clone())?;
        sys_set(vm, "last_traceback", tb.clone())
    };
    if let Err(e) = remember() {
        drop(vm.take_raised(e));
    }
    match sys_get(vm, "excepthook") {
        Some(hook) => {
            if let Err(e) = vm.call_pos(&hook, &[ty, exc.clone(), tb]) {
                let second = vm.take_raised(e);
                if vm
                    .type_of(&second)
                    .payload
                    .is_subtype(vm.exc().SystemExit.object())
                {
                    return Ended::Exit(exit_status(vm, &second));
                }
                flush_stream(vm, "stdout");
                write_stderr(vm, "Error in sys.excepthook:\n");
                print_exception(vm, &second);
                write_stderr(vm, "\nOriginal exception was:\n");
                print_exception(vm, exc);
            }
        }
        None => {
            write_stderr(vm, "sys.excepthook is missing\n");
            print_exception(vm, exc);
        }
    }
    flush_stream(vm, "stderr");
    if vm
        .type_of(exc)
        .payload
        .is_subtype(vm.exc().KeyboardInterrupt.object())
    {
        return Ended::Interrupted;
    }
    Ended::Failed
}

fn unraisable_text(
    vm: &Vm,
    err_msg: Option<String>,
    object: Option<&Value>,
    exc: &Value,
) -> String {
    let mut out = String::new();
    let shown = object.filter(|o| !vm.is_none(o)).map(|o| match vm.repr(o) {
        Ok(s) => s.to_string_lossy().into_owned(),
        Err(e) => {
            drop(vm.take_raised(e));
            "<object repr() failed>".to_owned()
        }
    });
    match (err_msg, shown) {
        (Some(m), Some(o)) => out.push_str(&format!("{m}: {o}\n")),
        (Some(m), None) => out.push_str(&format!("{m}:\n")),
        (None, Some(o)) => out.push_str(&format!("Exception ignored in: {o}\n")),
        (None, None) => {}
    }
    if !vm.is_none(exc) {
        traceback_text(
            exc.downcast_ref::<BaseException>()
                .and_then(|b| b.traceback.get()),
            &mut out,
        );
        out.push_str(&exception_line(vm, exc));
    }
    out
}

/// The hook of the object system: hands the pending exception to `sys.unraisablehook`.
pub(crate) fn unraisable(vm: &Vm, what: Option<&str>, object: Option<&Value>) {
    let Some(exc) = vm.take_exception() else {
        return;
    };
    let err_msg = what.map(|w| format!("Exception ignored {w}"));
    let call = || -> PyResult<bool> {
        let Some(hook) = sys_get(vm, "unraisablehook").filter(|h| !vm.is_none(h)) else {
            return Ok(false);
        };
        let tb = exc
            .downcast_ref::<BaseException>()
            .and_then(|b| b.traceback.get())
            .unwrap_or_else(|| vm.none());
        let msg = match &err_msg {
            Some(m) => vm.new_str(m)?.into_value(),
            None => vm.none(),
        };
        let ty = vm.type_of(&exc).to_ref().into_value();
        let object = object.cloned().unwrap_or_else(|| vm.none());
        let args = structs::UNRAISABLE.build(vm, vec![ty, exc.clone(), tb, msg, object])?;
        vm.call1(&hook, args.as_value())?;
        Ok(true)
    };
    match call() {
        Ok(true) => {}
        Ok(false) => {
            let text = unraisable_text(vm, err_msg, object, &exc);
            write_stderr(vm, &text);
        }
        Err(e) => {
            let second = vm.take_raised(e);
            let text = unraisable_text(
                vm,
                Some("Exception ignored in sys.unraisablehook".to_owned()),
                None,
                &second,
            );
            write_stderr(vm, &text);
        }
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Print an object to sys.stdout and also save it in builtins._
    #[pyfunction(sig = "($module, object, /)")]
    fn displayhook(vm: &Vm, object: &Value) -> PyResult<()> {
        if vm.is_none(object) {
            return Ok(());
        }
        let Some(builtins) = vm.interp().builtins.get().cloned() else {
            return Err(vm.runtime_error("lost builtins module"));
        };
        builtins.set_named(vm, "_", vm.none())?;
        let Some(out) = sys_get(vm, "stdout").filter(|s| !vm.is_none(s)) else {
            return Err(vm.runtime_error("lost sys.stdout"));
        };
        let text = vm.repr(object)?;
        if let Err(e) = write_str(vm, &out, text.as_value()) {
            if !vm.exception_matches(&vm.exc().UnicodeEncodeError) {
                return Err(e);
            }
            drop(vm.take_raised(e));
            let encoding = vm.getattr_str(&out, "encoding")?;
            let errors = vm.new_str("backslashreplace")?.into_value();
            let bytes =
                vm.call_method_str(text.as_value(), "encode", &[encoding.clone(), errors])?;
            match vm.getattr_str_opt(&out, "buffer")? {
                Some(b) => {
                    vm.call_method(&b, &vm.names().write, &[bytes])?;
                }
                None => {
                    let strict = vm.new_str("strict")?.into_value();
                    let s = vm.call_method_str(&bytes, "decode", &[encoding, strict])?;
                    write_str(vm, &out, &s)?;
                }
            }
        }
        write_str(vm, &out, vm.latin1_char(b'\n').as_value())?;
        builtins.set_named(vm, "_", object.clone())
    }

    /// Handle an exception by displaying it with a traceback on sys.stderr.
    #[pyfunction(sig = "($module, exctype, value, traceback, /)")]
    fn excepthook(vm: &Vm, exctype: &Value, value: &Value, traceback: &Value) {
        let _ = exctype;
        if let Some(b) = value.downcast_ref::<BaseException>() {
            if !vm.is_none(traceback) && b.traceback.get().is_none() {
                b.traceback.set(Some(traceback.clone()));
            }
            print_exception(vm, value);
        } else {
            let text = format!(
                "TypeError: print_exception(): Exception expected for value, {} found\n",
                vm.type_name(value)
            );
            write_stderr(vm, &text);
        }
        flush_stream(vm, "stderr");
    }

    /// Handle an unraisable exception.
    #[pyfunction(sig = "($module, unraisable, /)")]
    fn unraisablehook(vm: &Vm, unraisable: &Value) -> PyResult<()> {
        let get = |name: &str| vm.getattr_str(unraisable, name);
        if vm.type_of(unraisable).payload.name.get().to_string_lossy() != "UnraisableHookArgs" {
            return Err(
                vm.type_error("sys.unraisablehook argument type must be UnraisableHookArgs")
            );
        }
        let msg = get("err_msg")?;
        let msg = msg
            .downcast_ref::<Str>()
            .map(|s| s.to_string_lossy().into_owned());
        let text = unraisable_text(vm, msg, Some(&get("object")?), &get("exc_value")?);
        write_stderr(vm, &text);
        flush_stream(vm, "stderr");
        Ok(())
    }

    /// This hook function is called by built-in breakpoint().
    #[pyfunction(sig = "($module, /, *args, **kwargs)")]
    fn breakpointhook(vm: &Vm, args: Args<'_>) -> PyResult {
        let env = taipan_host::env::var(b"PYTHONBREAKPOINT")
            .filter(|v| !v.is_empty() && crate::config::settings(vm).use_environment);
        let name = match env {
            Some(v) if v == b"0" => return Ok(vm.none()),
            Some(v) => String::from_utf8_lossy(&v).into_owned(),
            None => "pdb.set_trace".to_owned(),
        };
        let (module, attribute) = match name.rsplit_once('.') {
            Some((m, a)) => (m, a),
            None => ("builtins", name.as_str()),
        };
        let found = vm
            .import(module)
            .and_then(|m| vm.getattr_str(&m, attribute));
        match found {
            Ok(f) => vm.call(&f, args),
            Err(e) => {
                if vm.exception_matches(&vm.exc().ImportError)
                    || vm.exception_matches(&vm.exc().AttributeError)
                {
                    drop(vm.take_raised(e));
                    let text = format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{name}\"");
                    vm.warn(&vm.exc().RuntimeWarning, &text, 0)?;
                    return Ok(vm.none());
                }
                Err(e)
            }
        }
    }
}

/// A str object for messages.
pub fn text_of(vm: &Vm, v: &Value) -> PyResult<Ref<Str>> {
    vm.str(v)
}
