//! Entries in tracebacks for the calls of handlers, as CPython has them: with the name of the handler, in a file of C.

use taipan_object::{PyResult, Raised, Value, Vm};
use taipan_vm::builtin_functions::eval_code;
use taipan_vm::compile::{Options, compile_text};
use taipan_vm::traceback::Traceback;

/// The file that entries name.
const FILE: &str = "../Modules/pyexpat.c";

/// The lines of the calls in that file, by handler (see `xmlparser::handler`).
const LINES: [i64; super::xmlparser::handler::COUNT] = [
    490, 554, 558, 355, 564, 706, 716, 723, 728, 732, 736, 740, 744, 749, 753, 769, 777, 576, 593,
    669, 684, 698,
];

/// Adds an entry for the call of handler number `index` to the traceback of the exception.
#[cold]
pub(super) fn add(vm: &Vm, raised: Raised, index: usize, name: &str) -> Raised {
    let exception = vm.take_raised(raised);
    let line = LINES.get(index).copied().unwrap_or(1);
    if let Err(raised) = add_entry(vm, &exception, line, name) {
        // The exception itself matters more than its traceback.
        drop(vm.take_raised(raised));
    }
    vm.raise_as_is(exception)
}

fn add_entry(vm: &Vm, exception: &Value, line: i64, name: &str) -> PyResult<()> {
    let frame = frame(vm, name)?;
    let next = vm.getattr_str(exception, "__traceback__")?;
    let class = vm.class::<Traceback>()?;
    let args = [next, frame, vm.new_int(0)?, vm.new_int(line)?];
    let entry = vm.call_pos(class.as_value(), &args)?;
    vm.setattr_str(exception, "__traceback__", &entry)
}

/// A frame of a function with this name.
fn frame(vm: &Vm, name: &str) -> PyResult {
    let text = format!("def {name}(): return _getframe()\nframe = {name}()\n");
    let file = vm.new_str(FILE)?;
    let (code, _) = compile_text(vm, &text, &file, &Options::exec())?;
    let globals = vm.new_dict()?;
    let get = vm.getattr_str(&vm.import("sys")?, "_getframe")?;
    globals.set_named(vm, "_getframe", get)?;
    eval_code(vm, &code, &globals, globals.as_value(), None)?;
    let key = vm.new_str("frame")?;
    let made = globals.remove_str(vm, &key);
    globals.clear_all();
    made.ok_or_else(|| vm.system_error("no frame"))
}
