//! `print`, `input`, `open` and `breakpoint`: what goes through `sys` and `_io`.

use taipan_macros::pyfunctions;
use taipan_object::{Args, PyResult, Ref, Str, Value, Vm};

use crate::sys_module::{sys_get, sys_require};

fn separator<'a>(vm: &Vm, name: &str, v: Option<&'a Value>) -> PyResult<Option<&'a Ref<Str>>> {
    match v.filter(|v| !vm.is_none(v)) {
        None => Ok(None),
        Some(v) => match v.downcast_ref::<Str>() {
            Some(s) => Ok(Some(s)),
            None => Err(vm.type_error(&format!(
                "{name} must be None or a string, not {}",
                vm.type_name(v)
            ))),
        },
    }
}

/// Writes `str(v)` to a file object.
pub fn write_str(vm: &Vm, file: &Value, v: &Value) -> PyResult<()> {
    let text = vm.str(v)?.into_value();
    vm.call_method(file, &vm.names().write, &[text]).map(drop)
}

fn stream(vm: &Vm, name: &str) -> PyResult {
    match sys_get(vm, name).filter(|s| !vm.is_none(s)) {
        Some(s) => Ok(s),
        None => Err(vm.runtime_error(&format!("input(): lost sys.{name}"))),
    }
}

fn fileno_is(vm: &Vm, file: &Value, fd: i64) -> bool {
    match vm.call_method(file, &vm.names().fileno, &[]) {
        Ok(n) => n.as_small_int() == Some(fd) && taipan_host::fs::isatty(fd as i32),
        Err(e) => {
            drop(vm.take_raised(e));
            false
        }
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Prints the values to a stream, or to sys.stdout by default.
    ///
    ///   sep
    ///     string inserted between values, default a space.
    ///   end
    ///     string appended after the last value, default a newline.
    ///   file
    ///     a file-like object (stream); defaults to the current sys.stdout.
    ///   flush
    ///     whether to forcibly flush the stream.
    #[pyfunction(sig = "($module, /, *args, sep=' ', end='\\n', file=None, flush=False)")]
    fn print(
        vm: &Vm,
        args: &[Value],
        sep: Option<&Value>,
        end: Option<&Value>,
        file: Option<&Value>,
        flush: bool,
    ) -> PyResult<()> {
        let file = match file.filter(|f| !vm.is_none(f)) {
            Some(f) => f.clone(),
            None => {
                let f = sys_require(vm, "stdout")?;
                if vm.is_none(&f) {
                    return Ok(());
                }
                f
            }
        };
        let sep = separator(vm, "sep", sep)?;
        let end = separator(vm, "end", end)?;
        let write = &vm.names().write;
        for (i, v) in args.iter().enumerate() {
            if i > 0 {
                let s = match sep {
                    Some(s) => s.clone(),
                    None => vm.latin1_char(b' '),
                };
                vm.call_method(&file, write, &[s.into_value()])?;
            }
            write_str(vm, &file, v)?;
        }
        let e = match end {
            Some(s) => s.clone(),
            None => vm.latin1_char(b'\n'),
        };
        vm.call_method(&file, write, &[e.into_value()])?;
        if flush {
            vm.call_method(&file, &vm.names().flush, &[])?;
        }
        Ok(())
    }

    /// Read a string from standard input.  The trailing newline is stripped.
    ///
    /// The prompt string, if given, is printed to standard output without a trailing newline before reading input.
    #[pyfunction(sig = "($module, prompt='', /)")]
    fn input(vm: &Vm, prompt: Option<&Value>) -> PyResult {
        let fin = stream(vm, "stdin")?;
        let fout = stream(vm, "stdout")?;
        let ferr = stream(vm, "stderr")?;
        crate::sys_module::audit(
            vm,
            "builtins.input",
            &[prompt.cloned().unwrap_or_else(|| vm.none())],
        )?;
        vm.call_method(&ferr, &vm.names().flush, &[])?;
        let terminal = fileno_is(vm, &fin, 0) && fileno_is(vm, &fout, 1);
        if let Some(p) = prompt {
            write_str(vm, &fout, p)?;
        }
        if let Err(e) = vm.call_method(&fout, &vm.names().flush, &[]) {
            if terminal {
                return Err(e);
            }
            drop(vm.take_raised(e));
        }
        let line = vm.call_method(&fin, &vm.names().readline, &[])?;
        let Some(s) = line.downcast_ref::<Str>() else {
            return Err(vm.type_error("object.readline() returned non-string"));
        };
        if s.is_empty() {
            return Err(vm.raise_new(&vm.exc().EOFError, "EOF when reading a line"));
        }
        let text = s.text();
        let n = s.len();
        if text.chars().nth(n - 1) == Some(u32::from(b'\n')) {
            return crate::glue::slice_text(vm, s, 0, n - 1);
        }
        Ok(line.clone())
    }

    /// Call sys.breakpointhook(*args, **kws).  sys.breakpointhook() must accept whatever arguments are passed.
    ///
    /// By default, this drops you into the pdb debugger.
    #[pyfunction(sig = "($module, /, *args, **kws)")]
    fn breakpoint(vm: &Vm, args: Args<'_>) -> PyResult {
        match sys_get(vm, "breakpointhook") {
            Some(hook) => {
                crate::sys_module::audit(vm, "builtins.breakpoint", std::slice::from_ref(&hook))?;
                vm.call(&hook, args)
            }
            None => Err(vm.runtime_error("lost sys.breakpointhook")),
        }
    }
}
