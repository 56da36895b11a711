//! `_socket`: sockets of the families INET, INET6 and UNIX, and lookups of names. The socket's methods are in `object`,
//! addresses in `address`, the module's functions in `lookup`.

mod address;
mod lookup;
mod object;

use std::cell::Cell;

use taipan_host::consts;
use taipan_object::{Module, ModuleSpec, PyCell, PyResult, Raised, Ref, Value, Vm};

use crate::util::{self, add, add_constants};

pub use object::SOCKET;

/// `_socket`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_socket",
    doc: Some(
        "Implementation module for socket operations.\n\nSee the socket module for documentation.",
    ),
    functions: &[lookup::FUNCTIONS],
    types: &[&SOCKET],
    exec: Some(exec),
};

/// The module's exceptions and the default timeout.
pub struct State {
    gaierror: PyCell<Option<Value>>,
    herror: PyCell<Option<Value>>,
    /// Nanoseconds, -1 for none.
    default_timeout: Cell<i64>,
}

impl Default for State {
    fn default() -> State {
        State {
            gaierror: PyCell::new(None),
            herror: PyCell::new(None),
            default_timeout: Cell::new(-1),
        }
    }
}

fn new_error(vm: &Vm, name: &str) -> PyResult {
    let dict = vm.new_dict()?;
    dict.set_named(vm, "__module__", vm.intern("socket")?.into_value())?;
    let bases = vm.new_tuple(vec![vm.exc().OSError.as_value().clone()])?;
    let args = [
        vm.intern(name)?.into_value(),
        bases.into_value(),
        dict.into_value(),
    ];
    vm.call_pos(vm.types().type_.as_value(), &args)
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, consts::SOCKET)?;
    let state = vm.state::<State>();
    for (name, place) in [("herror", &state.herror), ("gaierror", &state.gaierror)] {
        let class = new_error(vm, name)?;
        place.set(Some(class.clone()));
        add(vm, module, name, class)?;
    }
    add(vm, module, "error", vm.exc().OSError.as_value().clone())?;
    add(
        vm,
        module,
        "timeout",
        vm.exc().TimeoutError.as_value().clone(),
    )?;
    add(vm, module, "has_ipv6", vm.bool(true))?;
    let class = vm.make_type(&SOCKET)?.into_value();
    add(vm, module, "SocketType", class)
}

/// `gaierror` of a failed lookup, OSError where the system failed.
#[cold]
pub fn lookup_error(
    vm: &Vm,
    e: Result<taipan_host::types::GaiError, taipan_host::Errno>,
) -> Raised {
    let e = match e {
        Ok(e) => e,
        Err(e) => return util::os_error(vm, e),
    };
    let make = || -> PyResult {
        let class = vm.state::<State>().gaierror.get();
        let class = class.unwrap_or_else(|| vm.exc().OSError.as_value().clone());
        let text = util::fs_text(vm, &e.message())?;
        vm.call_pos(&class, &[Value::from_i32(e.0), text.into_value()])
    };
    match make() {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}
