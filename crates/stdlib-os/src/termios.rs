//! `termios`: settings of terminals.

use taipan_host::types::Termios;
use taipan_host::{consts, term};
use taipan_macros::pyfunctions;
use taipan_object::convert::{Fd, IntoPy};
use taipan_object::{Bytes, List, Module, ModuleSpec, PyCell, PyResult, Raised, Ref, Value, Vm};

use crate::util::{self, add, add_constants};

/// `termios`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "termios",
    doc: Some("This module provides an interface to the Posix calls for tty I/O control."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

struct State {
    error: PyCell<Option<Value>>,
}

impl Default for State {
    fn default() -> State {
        State {
            error: PyCell::new(None),
        }
    }
}

const ICANON: u32 = 2;
/// Indices of VTIME and VMIN among the control characters.
const VTIME: usize = 5;
const VMIN: usize = 6;
const NCCS: usize = 32;

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, consts::TERMIOS)?;
    let dict = vm.new_dict()?;
    dict.set_named(vm, "__module__", vm.intern("termios")?.into_value())?;
    let bases = vm.new_tuple(vec![vm.exc().Exception.as_value().clone()])?;
    let args = [
        vm.intern("error")?.into_value(),
        bases.into_value(),
        dict.into_value(),
    ];
    let error = vm.call_pos(vm.types().type_.as_value(), &args)?;
    vm.state::<State>().error.set(Some(error.clone()));
    add(vm, module, "error", error)
}

#[cold]
fn failed(vm: &Vm, e: taipan_host::Errno) -> Raised {
    let make = || -> PyResult {
        let class = vm.state::<State>().error.get();
        let class = class.unwrap_or_else(|| vm.exc().OSError.as_value().clone());
        let text = util::fs_text(vm, &e.message())?;
        vm.call_pos(&class, &[Value::from_i32(e.0), text.into_value()])
    };
    match make() {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}

fn run<T>(vm: &Vm, f: impl FnOnce() -> taipan_host::Result<T>) -> PyResult<T> {
    util::blocking(vm, f).map_err(|e| failed(vm, e))
}

fn word(vm: &Vm, v: &Value) -> PyResult<u32> {
    util::offset(vm, v).map(|n| n as u32)
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Get the tty attributes for file descriptor fd.
    #[pyfunction(sig = "($module, fd, /)")]
    fn tcgetattr(vm: &Vm, fd: Fd) -> PyResult<Vec<Value>> {
        let t = run(vm, || term::tcgetattr(fd.0))?;
        let mut cc = Vec::with_capacity(t.cc.len());
        for (i, c) in t.cc.iter().enumerate() {
            // Without line editing, two of the characters are numbers.
            cc.push(if t.lflag & ICANON == 0 && (i == VTIME || i == VMIN) {
                Value::from_i32((*c).into())
            } else {
                vm.new_bytes(&[*c])?.into_value()
            });
        }
        let mut out = Vec::new();
        for n in [t.iflag, t.oflag, t.cflag, t.lflag, t.ispeed, t.ospeed] {
            out.push(n.into_py(vm)?);
        }
        out.push(vm.new_list(cc)?.into_value());
        Ok(out)
    }

    /// Set the tty attributes for file descriptor fd.
    #[pyfunction(sig = "($module, fd, when, attributes, /)")]
    fn tcsetattr(vm: &Vm, fd: Fd, when: i32, attributes: &Value) -> PyResult<()> {
        let items = attributes.downcast_ref::<List>().map(|l| l.to_vec());
        let Some([iflag, oflag, cflag, lflag, ispeed, ospeed, cc]) = items.as_deref() else {
            return Err(vm.type_error("tcsetattr, arg 3: must be 7 element list"));
        };
        let mut t = Termios {
            iflag: word(vm, iflag)?,
            oflag: word(vm, oflag)?,
            cflag: word(vm, cflag)?,
            lflag: word(vm, lflag)?,
            ispeed: word(vm, ispeed)?,
            ospeed: word(vm, ospeed)?,
            cc: Vec::with_capacity(NCCS),
        };
        let cc = cc.downcast_ref::<List>().map(|l| l.to_vec());
        let Some(cc) = cc.filter(|cc| cc.len() == NCCS) else {
            return Err(vm.type_error(&format!(
                "tcsetattr: attributes[6] must be {NCCS} element list"
            )));
        };
        for v in &cc {
            t.cc.push(match v.downcast_ref::<Bytes>().map(|b| b.as_slice()) {
                Some([c]) => *c,
                None if v.as_int().is_some() => util::offset(vm, v)? as u8,
                _ => {
                    return Err(vm.type_error(
                        "tcsetattr: elements of attributes must be characters or integers",
                    ));
                }
            });
        }
        run(vm, || term::tcsetattr(fd.0, when, &t))
    }

    /// Send a break on file descriptor fd.
    #[pyfunction(sig = "($module, fd, duration, /)")]
    fn tcsendbreak(vm: &Vm, fd: Fd, duration: i32) -> PyResult<()> {
        run(vm, || term::tcsendbreak(fd.0, duration))
    }
    /// Wait until all output written to file descriptor fd has been transmitted.
    #[pyfunction(sig = "($module, fd, /)")]
    fn tcdrain(vm: &Vm, fd: Fd) -> PyResult<()> {
        run(vm, || term::tcdrain(fd.0))
    }
    /// Discard queued data on file descriptor fd.
    #[pyfunction(sig = "($module, fd, queue, /)")]
    fn tcflush(vm: &Vm, fd: Fd, queue: i32) -> PyResult<()> {
        run(vm, || term::tcflush(fd.0, queue))
    }
    /// Suspend or resume input or output on file descriptor fd.
    #[pyfunction(sig = "($module, fd, action, /)")]
    fn tcflow(vm: &Vm, fd: Fd, action: i32) -> PyResult<()> {
        run(vm, || term::tcflow(fd.0, action))
    }
    /// Get the tty winsize for file descriptor fd.
    #[pyfunction(sig = "($module, fd, /)")]
    fn tcgetwinsize(vm: &Vm, fd: Fd) -> PyResult<(u16, u16)> {
        run(vm, || term::window_size(fd.0))
    }
    /// Set the tty winsize for file descriptor fd.
    #[pyfunction(sig = "($module, fd, winsize, /)")]
    fn tcsetwinsize(vm: &Vm, fd: Fd, winsize: &Value) -> PyResult<()> {
        let items = vm.collect(winsize)?;
        let [rows, columns] = items.as_slice() else {
            return Err(vm.type_error("tcsetwinsize, arg 2: must be a two-item sequence"));
        };
        let side = |v: &Value| -> PyResult<u16> {
            u16::try_from(util::offset(vm, v)?)
                .map_err(|_| vm.overflow_error("winsize value(s) out of range."))
        };
        let (rows, columns) = (side(rows)?, side(columns)?);
        run(vm, || term::set_window_size(fd.0, rows, columns))
    }
}
