//! Runs the files of `tests/behaviour/stdcore` with this crate's modules importable. Each file fills a list `out` with
//! strings; the expected ones came from CPython. The line at a file's end that prints the list is for the command, whose
//! tests run the files as well, with all of the library.
#![allow(missing_docs, reason = "a test has no documentation of its own")]

use std::path::Path;

use taipan_object::{BaseException, InterpConfig, PyResult, Value, Vm};
use taipan_vm::compile::{Options, compile_text};

/// What a file ends with.
const PRINT: &str = "\nprint(\"\\n\".join(out))\n";

fn run_in(vm: &Vm, text: &str) -> PyResult<String> {
    taipan_vm::init(vm)?;
    let modules = match vm.interp().modules.get() {
        Some(m) => m.clone(),
        None => {
            let m = vm.new_dict()?;
            let _ = vm.interp().modules.set(m.clone());
            m
        }
    };
    for spec in taipan_stdlib_core::MODULES {
        let module = vm.make_native_module(spec)?;
        if let Some(exec) = spec.exec {
            exec(vm, &module)?;
        }
        modules.set_named(vm, spec.name, module.into_value())?;
    }
    let filename = vm.new_str("test.py")?;
    let (code, _) = compile_text(vm, text, &filename, &Options::exec())?;
    let globals = vm.new_dict()?;
    let name = vm.new_str("__main__")?.into_value();
    globals.set_named(vm, "__name__", name)?;
    taipan_vm::builtin_functions::eval_code(vm, &code, &globals, globals.as_value(), None)?;
    let out = globals.get_str(vm, &vm.intern("out")?);
    let mut text = String::new();
    for line in vm.collect(&out.unwrap_or_else(|| vm.none()))? {
        text.push_str(&vm.str(&line)?.to_string_lossy());
        text.push('\n');
    }
    Ok(text)
}

fn describe(vm: &Vm, e: &Value) -> String {
    let mut text = format!("{}: ", vm.type_name(e));
    if let Ok(s) = vm.str(e) {
        text.push_str(&s.to_string_lossy());
    }
    let mut tb = e
        .downcast_ref::<BaseException>()
        .and_then(|b| b.traceback.get());
    while let Some(t) = tb {
        let Some(t) = t.downcast_ref::<taipan_vm::traceback::Traceback>() else {
            break;
        };
        text.push_str(&format!("\n  line {:?}", t.line()));
        tb = t.next.get();
    }
    text
}

fn run(text: &str) -> Result<String, String> {
    let vm = Vm::new_interpreter(&InterpConfig { hash_key: (0, 0) }).ok_or("no memory")?;
    let here = 0u8;
    vm.stack_limit
        .set((&raw const here).addr().saturating_sub(6 << 20));
    vm.enter(|| {
        run_in(&vm, text).map_err(|r| {
            let e = vm.take_raised(r);
            describe(&vm, &e)
        })
    })
}

fn check_all() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/behaviour/stdcore");
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the tests are there") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_none_or(|e| e != "py") {
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("a readable test");
        let source = source.replace(PRINT, "");
        let expected = std::fs::read_to_string(path.with_extension("out")).unwrap_or_default();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        match run(&source) {
            Err(e) => failures.push(format!("{name}: {e}")),
            Ok(out) => {
                for (i, (a, b)) in out.lines().zip(expected.lines()).enumerate() {
                    if a != b {
                        failures.push(format!("{name}:{}:\n   {a}\n!= {b}", i + 1));
                    }
                }
                let (a, b) = (out.lines().count(), expected.lines().count());
                if a != b {
                    failures.push(format!("{name}: {a} lines, not {b}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn modules_behave_as_in_cpython() {
    let thread = std::thread::Builder::new().stack_size(8 << 20);
    let done = thread.spawn(check_all).expect("a thread").join();
    assert!(done.is_ok());
}
