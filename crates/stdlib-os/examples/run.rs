//! Runs a file with this crate's modules in `sys.modules`' place, without a library: for work on the modules themselves.

use taipan_object::{Dict, InterpConfig, PyResult, Ref, Str, Value, Vm};
use taipan_vm::compile::{Options, compile_text};

fn import(vm: &Vm, name: &Ref<Str>) -> PyResult {
    let modules = modules(vm)?;
    if let Some(m) = modules.get_str(vm, name) {
        return Ok(m);
    }
    for spec in taipan_stdlib_os::MODULES {
        if name.eq_str(spec.name) {
            let module = vm.make_native_module(spec)?;
            modules.set_str(vm, name, module.as_value().clone())?;
            if let Some(exec) = spec.exec {
                exec(vm, &module)?;
            }
            return Ok(module.into_value());
        }
    }
    Err(vm.runtime_error(&format!("no module {}", name.to_string_lossy())))
}

fn modules(vm: &Vm) -> PyResult<Ref<Dict>> {
    if let Some(m) = vm.interp().modules.get() {
        return Ok(m.clone());
    }
    let m = vm.new_dict()?;
    drop(vm.interp().modules.set(m.clone()));
    Ok(m)
}

fn run(vm: &Vm, text: &str) -> PyResult<Value> {
    taipan_vm::init(vm)?;
    vm.set_hooks(taipan_object::vm::Hooks {
        import,
        ..vm.hooks()
    });
    let filename = vm.new_str("file.py")?;
    let (code, _) = compile_text(vm, text, &filename, &Options::exec())?;
    let globals = vm.new_dict()?;
    globals.set_named(vm, "__name__", vm.new_str("__main__")?.into_value())?;
    for spec in taipan_stdlib_os::MODULES {
        let module = vm.import(spec.name)?;
        globals.set_named(vm, spec.name, module)?;
    }
    taipan_vm::builtin_functions::eval_code(vm, &code, &globals, globals.as_value(), None)
}

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
        if let Err(e) = run(&vm, &text) {
            let exc = vm.take_raised(e);
            let text = vm.str(&exc).map(|s| s.to_string_lossy().into_owned());
            let text = text.unwrap_or_else(|_| "?".to_owned());
            eprintln!("{}: {text}", vm.type_name(&exc));
        }
    });
}
