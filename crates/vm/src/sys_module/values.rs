//! The constants of `sys`.

use taipan_object::{Module, PyResult, Ref, Value, Vm};

use super::structs;
use crate::config::settings;
use crate::glue::fs_decode;

/// `sys.hexversion` of the version of Python that this is.
pub const HEXVERSION: i64 = 0x030e_08f0;

/// `sys.implementation.cache_tag`. The bytecode is CPython's own, but a tag of our own keeps two interpreters that share a
/// `__pycache__` from running what the other, a different release, wrote.
pub const CACHE_TAG: &str = "taipan-314";

const COPYRIGHT: &str = "Copyright (c) 2001 Python Software Foundation.\nAll Rights Reserved.\n\nCopyright (c) 2000 BeOpen.com.\nAll Rights Reserved.\n\nCopyright (c) 1995-2001 Corporation for National Research Initiatives.\nAll Rights Reserved.\n\nCopyright (c) 1991-1995 Stichting Mathematisch Centrum, Amsterdam.\nAll Rights Reserved.";

/// `sys.version`
pub fn version() -> String {
    format!("3.14.8 (taipan {}) [Rust]", env!("CARGO_PKG_VERSION"))
}

pub(super) fn path_list(vm: &Vm, items: &[Vec<u8>]) -> PyResult {
    let items = items
        .iter()
        .map(|p| Ok(fs_decode(vm, p)?.into_value()))
        .collect::<PyResult<Vec<Value>>>()?;
    Ok(vm.new_list(items)?.into_value())
}

fn version_info(vm: &Vm) -> PyResult {
    let level = vm.new_str("final")?.into_value();
    let n = Value::from_i32;
    Ok(structs::VERSION_INFO
        .build(vm, vec![n(3), n(14), n(8), level, n(0)])?
        .into_value())
}

/// `sys.flags`
pub fn flags(vm: &Vm) -> PyResult {
    let s = settings(vm);
    let n = |n: i64| vm.new_int(n);
    let b = |b: bool| Value::from_i32(i32::from(b));
    let values = vec![
        n(s.parser_debug)?,
        b(s.inspect),
        b(s.interactive),
        n(i64::from(s.optimization_level))?,
        b(!s.write_bytecode),
        b(!s.user_site_directory),
        b(!s.site_import),
        b(!s.use_environment),
        n(s.verbose)?,
        n(s.bytes_warning)?,
        b(s.quiet),
        b(s.hash_randomization),
        b(s.isolated),
        vm.bool(s.dev_mode),
        b(s.utf8_mode),
        b(s.warn_default_encoding),
        vm.bool(s.safe_path),
        n(s.int_max_str_digits)?,
        n(1)?,
        b(s.thread_inherit_context),
        b(s.context_aware_warnings),
    ];
    Ok(structs::FLAGS.build(vm, values)?.into_value())
}

fn float_info(vm: &Vm) -> PyResult {
    let n = Value::from_i32;
    let values = vec![
        vm.new_float(f64::MAX)?,
        n(f64::MAX_EXP),
        n(f64::MAX_10_EXP),
        vm.new_float(f64::MIN_POSITIVE)?,
        n(f64::MIN_EXP),
        n(f64::MIN_10_EXP),
        n(f64::DIGITS as i32),
        n(f64::MANTISSA_DIGITS as i32),
        vm.new_float(f64::EPSILON)?,
        n(2),
        n(1),
    ];
    Ok(structs::FLOAT_INFO.build(vm, values)?.into_value())
}

fn hash_info(vm: &Vm) -> PyResult {
    let n = Value::from_i32;
    let values = vec![
        n(64),
        vm.new_int((1 << 61) - 1)?,
        n(314_159),
        n(0),
        n(1_000_003),
        vm.new_str("siphash13")?.into_value(),
        n(64),
        n(128),
        n(0),
    ];
    Ok(structs::HASH_INFO.build(vm, values)?.into_value())
}

fn implementation(vm: &Vm) -> PyResult {
    let str = |s: &str| -> PyResult { Ok(vm.new_str(s)?.into_value()) };
    taipan_builtins::types::namespace::new_namespace(
        vm,
        &[
            ("name", str("taipan")?),
            ("cache_tag", str(CACHE_TAG)?),
            ("version", version_info(vm)?),
            ("hexversion", vm.new_int(HEXVERSION)?),
            ("_multiarch", str("x86_64-linux-gnu")?),
            ("supports_isolated_interpreters", vm.bool(true)),
        ],
    )
}

/// Fills the module.
pub(super) fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    *super::state(vm).dict.borrow_mut() = Some(dict.clone());
    for s in [
        &structs::FLAGS,
        &structs::VERSION_INFO,
        &structs::FLOAT_INFO,
        &structs::INT_INFO,
        &structs::HASH_INFO,
    ] {
        s.class(vm)?;
    }
    structs::UNRAISABLE.add_to(vm, module)?;
    let s = settings(vm);
    let set = |name: &str, v: Value| dict.set_named(vm, name, v);
    let text = |s: &str| -> PyResult { Ok(vm.new_str(s)?.into_value()) };
    let path = |p: &[u8]| -> PyResult { Ok(fs_decode(vm, p)?.into_value()) };
    set("version", text(&version())?)?;
    set("version_info", version_info(vm)?)?;
    set("hexversion", vm.new_int(HEXVERSION)?)?;
    set("api_version", Value::from_i32(1013))?;
    set("copyright", text(COPYRIGHT)?)?;
    set(
        "platform",
        text(if cfg!(target_family = "wasm") {
            "wasi"
        } else {
            "linux"
        })?,
    )?;
    set("platlibdir", text("lib")?)?;
    set(
        "byteorder",
        text(if cfg!(target_endian = "big") {
            "big"
        } else {
            "little"
        })?,
    )?;
    set("maxsize", vm.new_int(i64::MAX)?)?;
    set("maxunicode", Value::from_i32(0x10_ffff))?;
    set("abiflags", text("")?)?;
    set("float_repr_style", text("short")?)?;
    set("_framework", text("")?)?;
    set("_home", vm.none())?;
    let git = vec![text("taipan")?, text("")?, text("")?];
    set("_git", vm.new_tuple(git)?.into_value())?;
    set("flags", flags(vm)?)?;
    set("float_info", float_info(vm)?)?;
    let n = Value::from_i32;
    set(
        "int_info",
        structs::INT_INFO
            .build(vm, vec![n(30), n(4), n(4300), n(640)])?
            .into_value(),
    )?;
    set("hash_info", hash_info(vm)?)?;
    let thread = vec![text("pthread")?, text("semaphore")?, vm.none()];
    set(
        "thread_info",
        structs::THREAD_INFO.build(vm, thread)?.into_value(),
    )?;
    set("implementation", implementation(vm)?)?;
    set("executable", path(&s.executable)?)?;
    set("_base_executable", path(&s.base_executable)?)?;
    set("prefix", path(&s.prefix)?)?;
    set("exec_prefix", path(&s.exec_prefix)?)?;
    set("base_prefix", path(&s.base_prefix)?)?;
    set("base_exec_prefix", path(&s.base_exec_prefix)?)?;
    set(
        "_stdlib_dir",
        s.stdlib_dir
            .as_ref()
            .map_or_else(|| Ok(vm.none()), |p| path(p))?,
    )?;
    set(
        "pycache_prefix",
        s.pycache_prefix
            .as_ref()
            .map_or_else(|| Ok(vm.none()), |p| path(p))?,
    )?;
    set("dont_write_bytecode", vm.bool(!s.write_bytecode))?;
    set("argv", path_list(vm, &s.argv)?)?;
    set("orig_argv", path_list(vm, &s.orig_argv)?)?;
    set("path", path_list(vm, &s.module_search_paths)?)?;
    set("warnoptions", path_list(vm, &s.warnoptions)?)?;
    let x = vm.new_dict()?;
    for (name, value) in &s.xoptions {
        let v = value
            .as_ref()
            .map_or_else(|| Ok(vm.bool(true)), |v| path(v))?;
        x.set(vm, &path(name)?, v)?;
    }
    set("_xoptions", x.into_value())?;
    set("meta_path", vm.new_list(Vec::new())?.into_value())?;
    set("path_hooks", vm.new_list(Vec::new())?.into_value())?;
    set("path_importer_cache", vm.new_dict()?.into_value())?;
    let modules = vm.interp().modules.get_or_init(|| match vm.new_dict() {
        Ok(d) => d,
        Err(r) => {
            drop(vm.take_raised(r));
            dict.clone()
        }
    });
    set("modules", modules.as_value().clone())?;
    let natives: Vec<&str> = {
        let state = vm.state::<crate::imp::ImportState>();
        let mut names: Vec<&str> = state.natives.borrow().iter().map(|m| m.name).collect();
        names.sort_unstable();
        names
    };
    let names = natives
        .iter()
        .map(|m| text(m))
        .collect::<PyResult<Vec<Value>>>()?;
    set("builtin_module_names", vm.new_tuple(names)?.into_value())?;
    let names = super::stdlib_names::NAMES
        .split_whitespace()
        .map(|m| Ok(vm.intern(m)?.into_value()))
        .collect::<PyResult<Vec<_>>>()?;
    set(
        "stdlib_module_names",
        vm.new_frozenset(&names)?.into_value(),
    )?;
    for (name, hook) in [
        ("__displayhook__", "displayhook"),
        ("__excepthook__", "excepthook"),
        ("__unraisablehook__", "unraisablehook"),
        ("__breakpointhook__", "breakpointhook"),
    ] {
        if let Some(f) = dict.get_str(vm, &vm.intern(hook)?) {
            set(name, f)?;
        }
    }
    let monitoring = vm.make_native_module(&super::monitoring::MODULE)?;
    super::monitoring::fill(vm, &monitoring)?;
    set("monitoring", monitoring.into_value())?;
    let jit = vm.make_native_module(&super::monitoring::JIT)?;
    set("_jit", jit.into_value())?;
    Ok(())
}
