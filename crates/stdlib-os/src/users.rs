//! `pwd` and `grp`: the databases of users and groups.

use taipan_builtins::structseq::{StructSeq, field};
use taipan_host::types::{Group, Passwd};
use taipan_host::users;
use taipan_macros::pyfunctions;
use taipan_object::convert::IntoPy;
use taipan_object::{Module, ModuleSpec, PyResult, Raised, Ref, Str, Tuple, Value, Vm};

use crate::posix::path::id;
use crate::util::{done, fs_bytes, fs_text};

/// `pwd`
pub static PWD: ModuleSpec = ModuleSpec {
    name: "pwd",
    doc: Some("This module provides access to the Unix password database."),
    functions: &[pwd::FUNCTIONS],
    types: &[],
    exec: Some(|vm, m: &Ref<Module>| STRUCT_PASSWD.add_to(vm, m)),
};

/// `grp`
pub static GRP: ModuleSpec = ModuleSpec {
    name: "grp",
    doc: Some("Access to the Unix group database."),
    functions: &[grp::FUNCTIONS],
    types: &[],
    exec: Some(|vm, m: &Ref<Module>| STRUCT_GROUP.add_to(vm, m)),
};

/// `pwd.struct_passwd`
pub static STRUCT_PASSWD: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "struct_passwd",
        "pwd",
        Some("pwd.struct_passwd: Results from getpw*() routines."),
    ),
    fields: &[
        field::<0>("pw_name", Some("user name")),
        field::<1>("pw_passwd", Some("password")),
        field::<2>("pw_uid", Some("user id")),
        field::<3>("pw_gid", Some("group id")),
        field::<4>("pw_gecos", Some("real name")),
        field::<5>("pw_dir", Some("home directory")),
        field::<6>("pw_shell", Some("shell program")),
    ],
    visible: 7,
    total: 7,
};

/// `grp.struct_group`
pub static STRUCT_GROUP: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "struct_group",
        "grp",
        Some("grp.struct_group: Results from getgr*() routines."),
    ),
    fields: &[
        field::<0>("gr_name", Some("group name")),
        field::<1>("gr_passwd", Some("password")),
        field::<2>("gr_gid", Some("group id")),
        field::<3>("gr_mem", Some("group members")),
    ],
    visible: 4,
    total: 4,
};

fn passwd(vm: &Vm, p: &Passwd) -> PyResult<Ref<Tuple>> {
    let text = |b: &[u8]| fs_text(vm, b).map(Ref::into_value);
    let v = vec![
        text(&p.name)?,
        text(&p.passwd)?,
        p.uid.into_py(vm)?,
        p.gid.into_py(vm)?,
        text(&p.gecos)?,
        text(&p.dir)?,
        text(&p.shell)?,
    ];
    STRUCT_PASSWD.build(vm, v)
}

fn group(vm: &Vm, g: &Group) -> PyResult<Ref<Tuple>> {
    let text = |b: &[u8]| fs_text(vm, b).map(Ref::into_value);
    let members = g
        .mem
        .iter()
        .map(|m| text(m))
        .collect::<PyResult<Vec<Value>>>()?;
    let v = vec![
        text(&g.name)?,
        text(&g.passwd)?,
        g.gid.into_py(vm)?,
        members.into_py(vm)?,
    ];
    STRUCT_GROUP.build(vm, v)
}

/// How a user's or group's number is shown: the greatest stands for -1.
fn shown_id(id: u32) -> i64 {
    match id {
        u32::MAX => -1,
        id => id.into(),
    }
}

#[cold]
fn missing(vm: &Vm, message: &str) -> Raised {
    match vm.new_str(message) {
        Ok(s) => vm.key_error(s.as_value()),
        Err(r) => r,
    }
}

fn name_bytes(vm: &Vm, name: &Ref<Str>) -> PyResult<Vec<u8>> {
    let bytes = fs_bytes(vm, name)?.into_owned();
    if bytes.contains(&0) {
        return Err(vm.value_error("embedded null byte"));
    }
    Ok(bytes)
}

#[pyfunctions(FUNCTIONS)]
mod pwd {
    use super::*;

    /// Return the password database entry for the given numeric user ID.
    #[pyfunction(sig = "($module, uidobj, /)")]
    fn getpwuid(vm: &Vm, uidobj: &Value) -> PyResult<Ref<Tuple>> {
        let uid = match id(vm, uidobj, "uid") {
            Ok(uid) => uid,
            Err(r) => {
                vm.catch(r, &vm.exc().OverflowError)?;
                return Err(missing(vm, "getpwuid(): uid not found"));
            }
        };
        match done(vm, users::passwd_by_uid(uid))? {
            Some(p) => passwd(vm, &p),
            None => {
                let shown = shown_id(uid);
                Err(missing(vm, &format!("getpwuid(): uid not found: {shown}")))
            }
        }
    }

    /// Return the password database entry for the given user name.
    #[pyfunction(sig = "($module, name, /)")]
    fn getpwnam(vm: &Vm, name: &Ref<Str>) -> PyResult<Ref<Tuple>> {
        let bytes = name_bytes(vm, name)?;
        match done(vm, users::passwd_by_name(&bytes))? {
            Some(p) => passwd(vm, &p),
            None => {
                let shown = vm.repr_string(name.as_value())?;
                Err(missing(vm, &format!("getpwnam(): name not found: {shown}")))
            }
        }
    }

    /// Return a list of all available password database entries, in arbitrary order.
    #[pyfunction(sig = "($module, /)")]
    fn getpwall(vm: &Vm) -> PyResult<Vec<Ref<Tuple>>> {
        users::passwds().iter().map(|p| passwd(vm, p)).collect()
    }
}

#[pyfunctions(FUNCTIONS)]
mod grp {
    use super::*;

    /// Return the group database entry for the given numeric group ID.
    #[pyfunction(sig = "($module, /, id)")]
    fn getgrgid(vm: &Vm, id: &Value) -> PyResult<Ref<Tuple>> {
        let gid = super::id(vm, id, "gid")?;
        match done(vm, users::group_by_gid(gid))? {
            Some(g) => group(vm, &g),
            None => {
                let shown = shown_id(gid);
                Err(missing(vm, &format!("getgrgid(): gid not found: {shown}")))
            }
        }
    }

    /// Return the group database entry for the given group name.
    #[pyfunction(sig = "($module, /, name)")]
    fn getgrnam(vm: &Vm, name: &Ref<Str>) -> PyResult<Ref<Tuple>> {
        let bytes = name_bytes(vm, name)?;
        match done(vm, users::group_by_name(&bytes))? {
            Some(g) => group(vm, &g),
            None => {
                let shown = vm.repr_string(name.as_value())?;
                Err(missing(vm, &format!("getgrnam(): name not found: {shown}")))
            }
        }
    }

    /// Return a list of all available group entries, in arbitrary order.
    #[pyfunction(sig = "($module, /)")]
    fn getgrall(vm: &Vm) -> PyResult<Vec<Ref<Tuple>>> {
        users::groups().iter().map(|g| group(vm, g)).collect()
    }
}
