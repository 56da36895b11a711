//! `compile`, `exec` and `eval`.

use std::borrow::Cow;

use taipan_bytecode::code::co;
use taipan_macros::pyfunctions;
use taipan_object::descr::Cell;
use taipan_object::{Bytes, Dict, PyResult, Raised, Ref, Str, Tuple, Value, Vm};
use taipan_parser::Mode;
use taipan_tokenizer::source::{
    CodecError, Source, SourceError, SourceOptions, translate_newlines,
};

use super::namespace::frame_locals;
use crate::builtin_functions::{current_frame, eval_code};
use crate::code::Code;
use crate::compile::{Options, cf, compile_text};

/// The flags that `compile` accepts.
const COMPILE_FLAGS: u32 = cf::MASK
    | cf::DONT_IMPLY_DEDENT
    | cf::OPTIMIZED_AST
    | cf::TYPE_COMMENTS
    | cf::ALLOW_TOP_LEVEL_AWAIT
    | cf::ALLOW_INCOMPLETE_INPUT
    | 0x10;

/// The text of a program given as an object, newlines translated; `what` begins the message for other objects.
pub fn source_text<'a>(
    vm: &Vm,
    source: &'a Value,
    filename: &Ref<Str>,
    what: &str,
    kinds: &str,
    exec: bool,
) -> PyResult<Cow<'a, str>> {
    let null = || {
        vm.raise_new(
            &vm.exc().SyntaxError,
            "source code string cannot contain null bytes",
        )
    };
    if let Some(s) = source.downcast_ref::<Str>() {
        let text = taipan_object::convert::utf8(vm, s)?;
        if text.contains('\0') {
            return Err(null());
        }
        return Ok(translate_newlines(text));
    }
    let bytes = match source.downcast_ref::<Bytes>() {
        Some(b) => Cow::Borrowed(b.as_slice()),
        None => match crate::glue::buffer_bytes(vm, source)? {
            Some(b) => Cow::Owned(b),
            None => {
                return Err(
                    vm.type_error(&format!("{what} must be a string, bytes or {kinds} object"))
                );
            }
        },
    };
    if bytes.contains(&0) {
        return Err(null());
    }
    match bytes {
        Cow::Borrowed(bytes) => decoded(vm, bytes, filename, false, exec),
        Cow::Owned(bytes) => bytes_text(vm, &bytes, filename, false, exec).map(Cow::Owned),
    }
}

/// The text of a program's bytes, in the encoding that its cookie names. Messages about the encoding name the file if the
/// bytes are from one.
pub fn bytes_text(
    vm: &Vm,
    bytes: &[u8],
    filename: &Ref<Str>,
    from_file: bool,
    exec: bool,
) -> PyResult<String> {
    decoded(vm, bytes, filename, from_file, exec).map(Cow::into_owned)
}

/// The same without a copy where the text is in the bytes as it is.
fn decoded<'a>(
    vm: &Vm,
    bytes: &'a [u8],
    filename: &Ref<Str>,
    from_file: bool,
    exec: bool,
) -> PyResult<Cow<'a, str>> {
    let name = filename.to_string_lossy();
    let options = SourceOptions {
        exec,
        filename: from_file.then_some(&*name),
        ..SourceOptions::default()
    };
    let decode = |encoding: &str, bytes: &[u8]| match decode_with(vm, encoding, bytes, from_file) {
        Ok(s) => Ok(s),
        Err(e) => Err(codec_error(vm, e)),
    };
    match Source::from_bytes(bytes, options, decode) {
        Ok(s) => Ok(s.text),
        // A file is read line by line: a null byte in an earlier one is found before what cannot be decoded.
        Err(SourceError::Syntax(_)) if from_file && bytes.contains(&0) => {
            let before = bytes.split_inclusive(|b| *b == b'\n');
            let clean = before
                .take_while(|line| !line.contains(&0))
                .map(<[u8]>::len);
            let end = bytes.len().min(clean.sum::<usize>());
            let rest = bytes[end..].split_inclusive(|b| *b == b'\n').next();
            let end = end + rest.map_or(0, <[u8]>::len);
            Ok(String::from_utf8_lossy(&bytes[..end]))
        }
        Err(SourceError::Syntax(e)) => Err(crate::compile::syntax_error(vm, &e, filename)),
        Err(SourceError::Other(e)) => Err(e),
    }
}

/// An unknown encoding and text that is not in it are errors of syntax; others stay what they are.
fn codec_error(vm: &Vm, e: Raised) -> CodecError<Raised> {
    let message = |e: Value| match vm.str(&e) {
        Ok(text) => CodecError::Message(text.to_string_lossy().into_owned()),
        Err(e) => CodecError::Other(e),
    };
    vm.catch(e, &vm.exc().LookupError)
        .or_else(|e| vm.catch(e, &vm.exc().ValueError))
        .map_or_else(CodecError::Other, message)
}

fn decode_with(vm: &Vm, encoding: &str, bytes: &[u8], from_file: bool) -> PyResult<String> {
    let bytes = vm.new_bytes(bytes)?;
    let name = encoding;
    let encoding = vm.new_str(encoding)?.into_value();
    let registry = vm.import("codecs")?;
    let codec = vm.call_method_str(&registry, "lookup", std::slice::from_ref(&encoding))?;
    if let Some(text) = vm.getattr_str_opt(&codec, "_is_text_encoding")?
        && !vm.is_true(&text)?
    {
        let hint = match from_file {
            true => "",
            false => "; use codecs.decode() to handle arbitrary codecs",
        };
        let message = format!("'{name}' is not a text encoding{hint}");
        return Err(vm.raise_new(&vm.exc().LookupError, &message));
    }
    let codecs = vm.import("_codecs")?;
    let text = vm.call_method(&codecs, &vm.names().decode, &[bytes.into_value(), encoding])?;
    match text.downcast_ref::<Str>() {
        Some(s) => Ok(taipan_object::convert::utf8(vm, s)?.into_owned()),
        None => Err(vm.type_error("codec did not return a str object")),
    }
}

/// A file name given as str, bytes or path.
pub fn fs_name(vm: &Vm, v: &Value) -> PyResult<Ref<Str>> {
    if let Some(s) = v.downcast_ref::<Str>() {
        return Ok(s.clone());
    }
    let path = match vm.special(v, &vm.names().__fspath__)? {
        Some(f) if v.downcast_ref::<Bytes>().is_none() => vm.call0(&f)?,
        _ => v.clone(),
    };
    if let Some(s) = path.downcast_ref::<Str>() {
        return Ok(s.clone());
    }
    match path.downcast_ref::<Bytes>() {
        Some(b) => crate::glue::fs_decode(vm, b.as_slice()),
        None => Err(vm.type_error(&format!(
            "expected str, bytes or os.PathLike object, not {}",
            vm.type_name(v)
        ))),
    }
}

/// The future features in force where the running function was called.
fn inherited_flags(vm: &Vm) -> u32 {
    current_frame(vm).map_or(0, |f| f.code().flags & cf::MASK)
}

fn optimize_level(vm: &Vm, optimize: i32) -> PyResult<u8> {
    match optimize {
        -1 => Ok(crate::config::config(vm).optimization_level.get()),
        0..=2 => Ok(optimize as u8),
        _ => Err(vm.value_error("compile(): invalid optimize value")),
    }
}

/// Globals and locals of `exec` and `eval`, with `__builtins__` in the globals.
fn namespaces(
    vm: &Vm,
    who: &str,
    globals: Option<&Value>,
    locals: Option<&Value>,
) -> PyResult<(Ref<Dict>, Value)> {
    let globals = globals.filter(|g| !vm.is_none(g));
    let locals = locals.filter(|l| !vm.is_none(l));
    if let Some(l) = locals
        && vm.type_of(l).payload.slots.mp_subscript.get().is_none()
    {
        return Err(vm.type_error(&if who == "eval" {
            "locals must be a mapping".to_owned()
        } else {
            format!("locals must be a mapping or None, not {}", vm.type_name(l))
        }));
    }
    let (globals, locals) = match globals {
        Some(g) => match g.downcast_ref::<Dict>() {
            Some(d) => (d.clone(), locals.unwrap_or(g).clone()),
            None if who == "eval" => {
                return Err(vm.type_error(
                    if vm.type_of(g).payload.slots.mp_subscript.get().is_some() {
                        "globals must be a real dict; try eval(code, {}, mapping)"
                    } else {
                        "globals must be a dict"
                    },
                ));
            }
            None => {
                return Err(vm.type_error(&format!(
                    "{who}() globals must be a dict, not {}",
                    vm.type_name(g)
                )));
            }
        },
        None => match current_frame(vm) {
            Some(f) => {
                let own = match locals {
                    Some(l) => l.clone(),
                    None => frame_locals(vm, f)?,
                };
                (f.globals(), own)
            }
            None => {
                return Err(
                    vm.system_error(&format!("globals and locals cannot be NULL in {who}()"))
                );
            }
        },
    };
    let key = &vm.names().__builtins__;
    if globals.get_str(vm, key).is_none() {
        let builtins = match current_frame(vm) {
            Some(f) => Some(f.builtins()),
            None => vm.interp().builtins.get().cloned(),
        };
        if let Some(b) = builtins {
            globals.set_str(vm, key, b.into_value())?;
        }
    }
    Ok((globals, locals))
}

fn run(
    vm: &Vm,
    code: &Ref<Code>,
    globals: &Ref<Dict>,
    locals: &Value,
    closure: Option<Ref<Tuple>>,
) -> PyResult {
    eval_code(vm, code, globals, locals, closure)
}

fn closure_of(vm: &Vm, code: &Ref<Code>, closure: &Value) -> PyResult<Option<Ref<Tuple>>> {
    let wanted = code.nfree as usize;
    if vm.is_none(closure) {
        if wanted > 0 {
            return Err(vm.type_error(&format!(
                "code object requires a closure of exactly length {wanted}"
            )));
        }
        return Ok(None);
    }
    if wanted == 0 {
        return Err(vm.type_error("cannot use a closure with this code object"));
    }
    match closure.downcast_ref::<Tuple>() {
        Some(t)
            if t.len() == wanted
                && t.as_slice()
                    .iter()
                    .all(|c| c.downcast_ref::<Cell>().is_some()) =>
        {
            Ok(Some(t.clone()))
        }
        _ => Err(vm.type_error(&format!(
            "code object requires a closure of exactly length {wanted}"
        ))),
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Compile source into a code object that can be executed by exec() or eval().
    ///
    /// The source code may represent a Python module, statement or expression. The filename will be used for run-time
    /// error messages.
    #[pyfunction(
        sig = "($module, /, source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)"
    )]
    fn compile(
        vm: &Vm,
        source: &Value,
        filename: &Value,
        mode: &str,
        flags: i32,
        dont_inherit: bool,
        optimize: i32,
        _feature_version: i32,
    ) -> PyResult {
        let filename = fs_name(vm, filename)?;
        let mut flags = flags as u32;
        if flags & !COMPILE_FLAGS != 0 {
            return Err(vm.value_error("compile(): unrecognised flags"));
        }
        let optimize = optimize_level(vm, optimize)?;
        if !dont_inherit {
            flags |= inherited_flags(vm);
        }
        let ast = flags & cf::ONLY_AST != 0;
        let parse_mode = match mode {
            "exec" => Mode::File,
            "eval" => Mode::Eval,
            "single" => Mode::Interactive,
            "func_type" if ast => Mode::FuncType,
            "func_type" => {
                return Err(
                    vm.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST")
                );
            }
            _ => {
                return Err(vm.value_error(if ast {
                    "compile() mode must be 'exec', 'eval', 'single' or 'func_type'"
                } else {
                    "compile() mode must be 'exec', 'eval' or 'single'"
                }));
            }
        };
        let options = Options {
            mode: parse_mode,
            flags,
            optimize,
            feature_version: if ast {
                u8::try_from(_feature_version).unwrap_or(14)
            } else {
                14
            },
            module: None,
            from_file: false,
        };
        let hooks = crate::config::config(vm).ast_hooks.get();
        if let Some(h) = hooks
            && (h.is_ast)(vm, source)?
        {
            return (h.compile_ast)(vm, source, &filename, &options);
        }
        let text = source_text(
            vm,
            source,
            &filename,
            "compile() arg 1",
            "AST",
            parse_mode == Mode::File,
        )?;
        if ast {
            return match hooks {
                Some(h) => (h.parse_to_ast)(vm, &text, &filename, &options),
                None => Err(vm.runtime_error("module _ast is not there")),
            };
        }
        Ok(compile_text(vm, &text, &filename, &options)?.0.into_value())
    }

    /// Execute the given source in the context of globals and locals.
    ///
    /// The source may be a string representing one or more Python statements or a code object as returned by compile().
    /// The globals must be a dictionary and locals can be any mapping, defaulting to the current globals and locals. If
    /// only globals is given, locals defaults to it. The closure must be a tuple of cellvars, and can only be used when
    /// source is a code object requiring exactly that many cellvars.
    #[pyfunction(sig = "($module, source, /, globals=None, locals=None, *, closure=None)")]
    fn exec(
        vm: &Vm,
        source: &Value,
        globals: Option<&Value>,
        locals: Option<&Value>,
        closure: Option<&Value>,
    ) -> PyResult<()> {
        let (globals, locals) = namespaces(vm, "exec", globals, locals)?;
        let none = vm.none();
        let closure = closure.unwrap_or(&none);
        if let Some(code) = source.downcast_ref::<Code>() {
            let closure = closure_of(vm, code, closure)?;
            return run(vm, code, &globals, &locals, closure).map(drop);
        }
        if !vm.is_none(closure) {
            return Err(vm.type_error("closure can only be used when source is a code object"));
        }
        let filename = vm.new_str("<string>")?;
        let text = source_text(vm, source, &filename, "exec() arg 1", "code", true)?;
        let options = Options {
            flags: inherited_flags(vm),
            optimize: optimize_level(vm, -1)?,
            ..Options::exec()
        };
        let (code, _) = compile_text(vm, &text, &filename, &options)?;
        run(vm, &code, &globals, &locals, None).map(drop)
    }

    /// Evaluate the given source in the context of globals and locals.
    ///
    /// The source may be a string representing a Python expression or a code object as returned by compile(). The
    /// globals must be a dictionary and locals can be any mapping, defaulting to the current globals and locals. If only
    /// globals is given, locals defaults to it.
    #[pyfunction(sig = "($module, source, /, globals=None, locals=None)")]
    fn eval(vm: &Vm, source: &Value, globals: Option<&Value>, locals: Option<&Value>) -> PyResult {
        let (globals, locals) = namespaces(vm, "eval", globals, locals)?;
        if let Some(code) = source.downcast_ref::<Code>() {
            if code.nfree > 0 {
                return Err(
                    vm.type_error("code object passed to eval() may not contain free variables")
                );
            }
            return run(vm, code, &globals, &locals, None);
        }
        let filename = vm.new_str("<string>")?;
        let text = source_text(vm, source, &filename, "eval() arg 1", "code", false)?;
        let text: Cow<'_, str> = text.trim_start_matches([' ', '\t']).into();
        let options = Options {
            mode: Mode::Eval,
            flags: inherited_flags(vm),
            optimize: optimize_level(vm, -1)?,
            ..Options::exec()
        };
        let (code, _) = compile_text(vm, &text, &filename, &options)?;
        debug_assert!(code.flags & co::NESTED == 0 || code.nfree == 0);
        run(vm, &code, &globals, &locals, None)
    }
}
