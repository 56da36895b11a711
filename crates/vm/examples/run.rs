//! Runs a file with native builtins alone: no `sys`, no imports. For work on the interpreter itself.

use taipan_object::{InterpConfig, Vm};
use taipan_vm::compile::{Options, compile_text};

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        return;
    };
    let text = std::fs::read_to_string(path).expect("a readable file");
    let vm = Vm::new_interpreter(&InterpConfig { hash_key: (0, 0) }).expect("memory");
    let here = 0u8;
    vm.stack_limit
        .set((&raw const here).addr().saturating_sub(6 << 20));
    vm.enter(|| {
        let run = || -> taipan_object::PyResult {
            taipan_vm::init(&vm)?;
            let filename = vm.new_str("file.py")?;
            let (code, _) = compile_text(&vm, &text, &filename, &Options::exec())?;
            let globals = vm.new_dict()?;
            globals.set_named(&vm, "__name__", vm.new_str("__main__")?.into_value())?;
            taipan_vm::builtin_functions::eval_code(&vm, &code, &globals, globals.as_value(), None)
        };
        if let Err(e) = run() {
            let exc = vm.take_raised(e);
            let text = vm.str(&exc).map(|s| s.to_string_lossy().into_owned());
            eprintln!(
                "{}: {}",
                vm.type_name(&exc),
                text.unwrap_or_else(|_| "?".to_owned())
            );
            let mut tb = exc
                .downcast_ref::<taipan_object::BaseException>()
                .and_then(|b| b.traceback.get());
            while let Some(t) = tb {
                let Some(t) = t.downcast_ref::<taipan_vm::traceback::Traceback>() else {
                    break;
                };
                eprintln!(
                    "  line {:?} in {}",
                    t.line(),
                    t.frame.code.name.to_string_lossy()
                );
                tb = t.next.get();
            }
        }
    });
}
