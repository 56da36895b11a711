//! `open()`, `open_code()` and `text_encoding()`.

use taipan_macros::pyfunctions;
use taipan_object::{PyResult, Ref, Str, Value, Vm};

use super::base::class_of;
use super::buffered::{BUFFERED_RANDOM, BUFFERED_READER, BUFFERED_WRITER};
use super::fileio::FILE_IO;
use super::text::TEXT_IO_WRAPPER;
use crate::util;

pub use functions::FUNCTIONS;

struct Parsed {
    raw: String,
    reading: bool,
    updating: bool,
    writing: bool,
    binary: bool,
}

fn parse(vm: &Vm, mode: &str) -> PyResult<Parsed> {
    let invalid = || vm.value_error(&format!("invalid mode: '{mode}'"));
    let mut p = Parsed {
        raw: String::new(),
        reading: false,
        updating: false,
        writing: false,
        binary: false,
    };
    let (mut kinds, mut text) = (0, false);
    for (i, c) in mode.char_indices() {
        match c {
            'x' | 'w' | 'a' => (p.writing, kinds) = (true, kinds + 1),
            'r' => (p.reading, kinds) = (true, kinds + 1),
            '+' => p.updating = true,
            't' => text = true,
            'b' => p.binary = true,
            _ => return Err(invalid()),
        }
        if mode[..i].contains(c) {
            return Err(invalid());
        }
    }
    // The raw file's mode has its parts in one order.
    for c in ['x', 'r', 'w', 'a']
        .into_iter()
        .filter(|c| mode.contains(*c))
    {
        p.raw.push(c);
    }
    if p.updating {
        p.raw.push('+');
    }
    if text && p.binary {
        return Err(vm.value_error("can't have text and binary mode at once"));
    }
    if kinds != 1 {
        return Err(vm.value_error("must have exactly one of create/read/write/append mode"));
    }
    Ok(p)
}

/// The arguments of `open()` beside the file.
pub struct OpenArgs<'a> {
    /// `mode`
    pub mode: &'a str,
    /// `buffering`
    pub buffering: i32,
    /// `encoding`
    pub encoding: Option<&'a str>,
    /// `errors`
    pub errors: Option<&'a str>,
    /// `newline`
    pub newline: Option<&'a str>,
    /// `closefd`
    pub closefd: bool,
    /// `opener`
    pub opener: Option<&'a Value>,
}

impl Default for OpenArgs<'_> {
    fn default() -> Self {
        OpenArgs {
            mode: "r",
            buffering: -1,
            encoding: None,
            errors: None,
            newline: None,
            closefd: true,
            opener: None,
        }
    }
}

/// `io.open()`
pub fn open(vm: &Vm, file: &Value, args: &OpenArgs<'_>) -> PyResult {
    let is_number = file.as_int().is_some() || {
        let slots = &vm.type_of(file).payload.slots;
        slots.nb_index.get().is_some()
            || slots.nb_int.get().is_some()
            || slots.nb_float.get().is_some()
    };
    let path = if is_number {
        file.clone()
    } else {
        util::fspath(vm, file)?
    };
    let mode = parse(vm, args.mode)?;
    if mode.binary {
        let given = [
            (args.encoding.is_some(), "an encoding"),
            (args.errors.is_some(), "an errors"),
            (args.newline.is_some(), "a newline"),
        ];
        if let Some((_, what)) = given.iter().find(|(given, _)| *given) {
            return Err(vm.value_error(&format!("binary mode doesn't take {what} argument")));
        }
        if args.buffering == 1 {
            vm.warn(
                &vm.exc().RuntimeWarning,
                "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used",
                1,
            )?;
        }
    }
    let raw = vm.call_pos(
        class_of(vm, &FILE_IO).as_value(),
        &[
            path,
            vm.new_str(&mode.raw)?.into_value(),
            vm.bool(args.closefd),
            args.opener.cloned().unwrap_or_else(|| vm.none()),
        ],
    )?;
    let mut result = raw.clone();
    match layers(vm, &raw, &mut result, &mode, args) {
        Ok(()) => Ok(result),
        Err(r) => {
            let failed = vm.take_raised(r);
            let closed = vm.call_method(&result, &vm.names().close, &[]);
            util::chain(vm, Some(failed), closed)
        }
    }
}

fn layers(
    vm: &Vm,
    raw: &Value,
    result: &mut Value,
    mode: &Parsed,
    args: &OpenArgs<'_>,
) -> PyResult<()> {
    let mut buffering = i64::from(args.buffering);
    let mut line_buffering = buffering == 1;
    if buffering < 0 {
        let tty = vm.call_method_str(raw, "_isatty_open_only", &[])?;
        line_buffering = vm.is_true(&tty)?;
    }
    if line_buffering {
        buffering = -1;
    }
    if buffering < 0 {
        if args.buffering < -1 {
            return Err(vm.value_error("invalid buffering size"));
        }
        let best = vm.getattr_str(raw, "_blksize")?;
        let best = util::offset(vm, &best)?;
        buffering = best.min(8192 * 1024).max(super::DEFAULT_BUFFER_SIZE as i64);
    }
    if buffering == 0 {
        if !mode.binary {
            return Err(vm.value_error("can't have unbuffered text I/O"));
        }
        return Ok(());
    }
    let spec = if mode.updating {
        &BUFFERED_RANDOM
    } else if mode.writing {
        &BUFFERED_WRITER
    } else if mode.reading {
        &BUFFERED_READER
    } else {
        return Err(vm.value_error(&format!("unknown mode: '{}'", args.mode)));
    };
    let size = vm.new_int(buffering)?;
    let buffer = vm.call_pos(class_of(vm, spec).as_value(), &[raw.clone(), size])?;
    *result = buffer.clone();
    if mode.binary {
        return Ok(());
    }
    let text = |s: Option<&str>| -> PyResult {
        match s {
            Some(s) => Ok(vm.new_str(s)?.into_value()),
            None => Ok(vm.none()),
        }
    };
    let wrapper = vm.call_pos(
        class_of(vm, &TEXT_IO_WRAPPER).as_value(),
        &[
            buffer,
            text(args.encoding)?,
            text(args.errors)?,
            text(args.newline)?,
            vm.bool(line_buffering),
        ],
    )?;
    *result = wrapper;
    vm.setattr(result, &vm.names().mode, vm.new_str(args.mode)?.as_value())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Open file and return a stream.  Raise OSError upon failure.
    ///
    /// mode is 'r', 'w', 'x' or 'a', with 'b' for bytes, 't' for text (the default) and '+' for updating.
    #[pyfunction(
        sig = "($module, /, file, mode='r', buffering=-1, encoding=None,\n     errors=None, newline=None, closefd=True, opener=None)"
    )]
    fn open(
        vm: &Vm,
        file: &Value,
        mode: &str,
        buffering: i32,
        encoding: Option<&str>,
        errors: Option<&str>,
        newline: Option<&str>,
        closefd: bool,
        opener: Option<&Value>,
    ) -> PyResult {
        let args = OpenArgs {
            mode,
            buffering,
            encoding,
            errors,
            newline,
            closefd,
            opener,
        };
        super::open(vm, file, &args)
    }

    /// Opens the provided file with the intent to import the contents.
    #[pyfunction(sig = "($module, /, path)")]
    fn open_code(vm: &Vm, path: &Ref<Str>) -> PyResult {
        let args = OpenArgs {
            mode: "rb",
            ..OpenArgs::default()
        };
        super::open(vm, path.as_value(), &args)
    }

    /// A helper function to choose the text encoding.
    ///
    /// Returns 'locale' for None, 'utf-8' in UTF-8 mode, and any other encoding as it is.
    #[pyfunction(sig = "($module, encoding, stacklevel=2, /)")]
    fn text_encoding(vm: &Vm, encoding: &Value, stacklevel: i32) -> PyResult {
        let _ = stacklevel;
        if !vm.is_none(encoding) {
            return Ok(encoding.clone());
        }
        let name = match crate::io::text::locale_encoding() {
            "utf-8" => "utf-8",
            _ => "locale",
        };
        Ok(vm.intern(name)?.into_value())
    }
}
