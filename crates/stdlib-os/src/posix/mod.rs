//! `posix`: what `os` is made of. Functions on paths are in `files`, on descriptors in `descriptors`, on processes and
//! the system in `process`, what Linux has beyond POSIX in `linux`; arguments in `path`, struct sequences in `structs`, `scandir` in its own file.

mod descriptors;
mod files;
mod linux;
pub mod path;
pub mod process;
mod scandir;
pub mod structs;

use taipan_host::consts;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};

use crate::util::{add, add_constants};

/// `posix`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "posix",
    doc: Some(
        "This module provides access to operating system functionality that is\nstandardized by the C Standard and the POSIX standard (a thinly\ndisguised Unix interface).  Refer to the library manual and\ncorresponding Unix manual entries for more information on calls.",
    ),
    functions: &[
        files::FUNCTIONS,
        descriptors::FUNCTIONS,
        process::FUNCTIONS,
        linux::FUNCTIONS,
        scandir::FUNCTIONS,
    ],
    types: &[&scandir::DIR_ENTRY],
    exec: Some(exec),
};

/// What `os` derives `supports_fd` and the like from.
const HAVE: &[&str] = &[
    "HAVE_EVENTFD",
    "HAVE_FACCESSAT",
    "HAVE_FCHDIR",
    "HAVE_FCHMOD",
    "HAVE_FCHMODAT",
    "HAVE_FCHOWN",
    "HAVE_FCHOWNAT",
    "HAVE_FEXECVE",
    "HAVE_FDOPENDIR",
    "HAVE_FPATHCONF",
    "HAVE_FSTATAT",
    "HAVE_FSTATVFS",
    "HAVE_FTRUNCATE",
    "HAVE_FUTIMENS",
    "HAVE_FUTIMES",
    "HAVE_FUTIMESAT",
    "HAVE_LINKAT",
    "HAVE_LCHOWN",
    "HAVE_LSTAT",
    "HAVE_LUTIMES",
    "HAVE_MKDIRAT",
    "HAVE_MKFIFOAT",
    "HAVE_MKNODAT",
    "HAVE_OPENAT",
    "HAVE_READLINKAT",
    "HAVE_RENAMEAT",
    "HAVE_SYMLINKAT",
    "HAVE_UNLINKAT",
    "HAVE_UTIMENSAT",
];

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, consts::OS)?;
    let tables = [
        ("sysconf_names", consts::SYSCONF),
        ("pathconf_names", consts::PATHCONF),
        ("confstr_names", consts::CONFSTR),
    ];
    for (name, table) in tables {
        let dict = vm.new_dict()?;
        for (key, value) in table {
            dict.set_named(vm, key, vm.new_int(*value)?)?;
        }
        add(vm, module, name, dict.into_value())?;
    }
    let have = HAVE
        .iter()
        .map(|name| vm.new_str(name).map(Ref::into_value))
        .collect::<PyResult<Vec<Value>>>()?;
    add(
        vm,
        module,
        "_have_functions",
        vm.new_list(have)?.into_value(),
    )?;
    add(vm, module, "environ", process::environ(vm)?.into_value())?;
    add(vm, module, "error", vm.exc().OSError.as_value().clone())?;
    for s in [
        &structs::STAT_RESULT,
        &structs::STATVFS_RESULT,
        &structs::TERMINAL_SIZE,
        &structs::TIMES_RESULT,
        &structs::UNAME_RESULT,
        &structs::WAITID_RESULT,
        &structs::SCHED_PARAM,
    ] {
        s.add_to(vm, module)?;
    }
    Ok(())
}
