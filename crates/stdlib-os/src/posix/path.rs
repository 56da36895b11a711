//! Arguments that are paths, directories' descriptors, users and groups, with the messages of posixmodule's converters.

use taipan_host::{Errno, Fd, fs};
use taipan_object::convert::{ArgContext, FromArg, FromDefault};
use taipan_object::{Bytes, PyResult, Raised, Ref, Str, Value, Vm};

use crate::util::{data, fs_bytes, fs_text};

/// A path argument: a name, or where a function takes that, a descriptor or None.
#[derive(Clone)]
pub struct PathBuf {
    /// As given, for errors and for what results are named after.
    pub object: Value,
    /// The name in bytes; `.` for None.
    pub bytes: Vec<u8>,
    /// The descriptor, if that was given.
    pub fd: Option<Fd>,
    /// The name was bytes: results are bytes, too.
    pub is_bytes: bool,
}

/// A name.
pub struct Path(pub PathBuf);
/// A name or a descriptor.
pub struct PathOrFd(pub PathBuf);
/// A name, a descriptor or None for the working directory.
pub struct PathFdNone(pub PathBuf);
/// A name that may hold NUL bytes, for functions that only work on text.
pub struct AnyPath(pub PathBuf);

impl PathBuf {
    /// OSError with the path as its file name.
    #[cold]
    pub fn error(&self, vm: &Vm, e: Errno) -> Raised {
        if vm.is_none(&self.object) {
            return vm.os_error(e.0, None, None);
        }
        vm.os_error(e.0, Some(&self.object), None)
    }

    /// A name that belongs to this path, as text or bytes like it.
    pub fn name(&self, vm: &Vm, bytes: &[u8]) -> PyResult {
        if self.is_bytes {
            Ok(vm.new_bytes(bytes)?.into_value())
        } else {
            Ok(fs_text(vm, bytes)?.into_value())
        }
    }
}

fn argument_name(ctx: &ArgContext) -> &str {
    let name = ctx.argument.split('\'').nth(1);
    name.unwrap_or(match ctx.argument {
        "argument 2" => "dst",
        _ => "path",
    })
}

fn descriptor(vm: &Vm, v: &Value) -> PyResult<Fd> {
    taipan_object::convert::warn_of_bool(vm, v)?;
    let n = vm.index(v)?;
    let n = n.as_int();
    match n.and_then(|i| i.to_i64()) {
        Some(i) if i < i64::from(i32::MIN) => Err(vm.overflow_error("fd is less than minimum")),
        Some(i) => i32::try_from(i).map_err(|_| vm.overflow_error("fd is greater than maximum")),
        None if n.is_some_and(|i| i.is_negative()) => {
            Err(vm.overflow_error("fd is less than minimum"))
        }
        None => Err(vm.overflow_error("fd is greater than maximum")),
    }
}

fn convert(
    vm: &Vm,
    v: &Value,
    ctx: &ArgContext,
    allow_fd: bool,
    nullable: bool,
    any: bool,
) -> PyResult<PathBuf> {
    let named = |object: &Value| -> PyResult<Option<PathBuf>> {
        let (bytes, is_bytes) = if let Some(s) = object.downcast_ref::<Str>() {
            (fs_bytes(vm, s)?.into_owned(), false)
        } else if object.downcast_ref::<Bytes>().is_some() {
            (data(vm, object)?.0.into_owned(), true)
        } else {
            return Ok(None);
        };
        if !any && bytes.contains(&0) {
            let (f, a) = (ctx.function, argument_name(ctx));
            return Err(vm.value_error(&format!("{f}: embedded null character in {a}")));
        }
        Ok(Some(PathBuf {
            object: object.clone(),
            bytes,
            fd: None,
            is_bytes,
        }))
    };
    if let Some(path) = named(v)? {
        return Ok(path);
    }
    if nullable && vm.is_none(v) {
        return Ok(PathBuf {
            object: v.clone(),
            bytes: b".".to_vec(),
            fd: None,
            is_bytes: false,
        });
    }
    if allow_fd && vm.has_index(v) {
        return Ok(PathBuf {
            object: v.clone(),
            bytes: Vec::new(),
            fd: Some(descriptor(vm, v)?),
            is_bytes: false,
        });
    }
    if let Some(method) = vm.special(v, &vm.names().__fspath__)? {
        let path = vm.call0(&method)?;
        return match named(&path)? {
            Some(mut p) => {
                // Errors show what the caller gave.
                p.object = path;
                Ok(p)
            }
            None => Err(vm.type_error(&format!(
                "expected {}.__fspath__() to return str or bytes, not {}",
                vm.type_name(v),
                vm.type_name(&path)
            ))),
        };
    }
    let expected = match (allow_fd, nullable) {
        (true, true) => "string, bytes, os.PathLike, integer or None",
        (true, false) => "string, bytes, os.PathLike or integer",
        (false, true) => "string, bytes, os.PathLike or None",
        (false, false) => "string, bytes or os.PathLike",
    };
    Err(vm.type_error(&format!(
        "{}: {} should be {expected}, not {}",
        ctx.function,
        argument_name(ctx),
        vm.type_name(v)
    )))
}

macro_rules! path_arguments {
    ($($t:ident: $fd:literal, $none:literal, $any:literal;)*) => {$(
        impl<'a> FromArg<'a> for $t {
            fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<$t> {
                convert(vm, v, ctx, $fd, $none, $any).map($t)
            }
        }
        impl std::ops::Deref for $t {
            type Target = PathBuf;
            fn deref(&self) -> &PathBuf {
                &self.0
            }
        }
    )*};
}

path_arguments! {
    Path: false, false, false;
    PathOrFd: true, false, false;
    PathFdNone: true, true, false;
    AnyPath: false, false, true;
}

impl FromDefault<()> for PathFdNone {
    fn from_default(vm: &Vm, (): ()) -> PyResult<PathFdNone> {
        Ok(PathFdNone(PathBuf {
            object: vm.none(),
            bytes: b".".to_vec(),
            fd: None,
            is_bytes: false,
        }))
    }
}

/// A directory's descriptor; None is the working directory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DirFd(pub Fd);

impl DirFd {
    /// Whether one was given.
    pub fn given(self) -> bool {
        self.0 != fs::AT_FDCWD
    }
}

impl<'a> FromArg<'a> for DirFd {
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<DirFd> {
        if vm.is_none(v) {
            return Ok(DirFd(fs::AT_FDCWD));
        }
        if !vm.has_index(v) {
            return Err(vm.type_error(&format!(
                "argument should be integer or None, not {}",
                vm.type_name(v)
            )));
        }
        descriptor(vm, v).map(DirFd)
    }
}

impl FromDefault<()> for DirFd {
    fn from_default(_: &Vm, (): ()) -> PyResult<DirFd> {
        Ok(DirFd(fs::AT_FDCWD))
    }
}

/// A user's number; -1 is passed on.
#[derive(Clone, Copy)]
pub struct Uid(pub u32);
/// A group's number; -1 is passed on.
#[derive(Clone, Copy)]
pub struct Gid(pub u32);

/// A user's or group's number.
pub fn id(vm: &Vm, v: &Value, what: &str) -> PyResult<u32> {
    if !vm.has_index(v) {
        return Err(vm.type_error(&format!(
            "{what} should be integer, not {}",
            vm.type_name(v)
        )));
    }
    let n = vm.index(v)?;
    match n.as_int().and_then(|i| i.to_i64()) {
        Some(-1) => Ok(u32::MAX),
        // An int of 64 bits that is too large is said to be too small.
        Some(i) => {
            u32::try_from(i).map_err(|_| vm.overflow_error(&format!("{what} is less than minimum")))
        }
        None if n.as_int().is_some_and(|i| i.is_negative()) => {
            Err(vm.overflow_error(&format!("{what} is less than minimum")))
        }
        None => Err(vm.overflow_error(&format!("{what} is greater than maximum"))),
    }
}

impl<'a> FromArg<'a> for Uid {
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<Uid> {
        id(vm, v, "uid").map(Uid)
    }
}

impl<'a> FromArg<'a> for Gid {
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<Gid> {
        id(vm, v, "gid").map(Gid)
    }
}

/// A list or tuple of strings for a new program.
pub fn strings(vm: &Vm, v: &Value, function: &str, what: &str) -> PyResult<Vec<Vec<u8>>> {
    if v.downcast_ref::<taipan_object::List>().is_none()
        && v.downcast_ref::<taipan_object::Tuple>().is_none()
    {
        return Err(vm.type_error(&format!("{function} {what} must be a tuple or list")));
    }
    vm.collect(v)?
        .iter()
        .map(|item| crate::util::fs_convert(vm, item))
        .collect()
}

/// A mapping as `NAME=value` strings for a new program.
pub fn environment(vm: &Vm, v: &Value, function: &str) -> PyResult<Vec<Vec<u8>>> {
    let mapping = vm.type_of(v).payload.slots.mp_subscript.get().is_some();
    if !mapping {
        return Err(vm.type_error(&format!("{function}: environment must be a mapping object")));
    }
    let keys = vm.call_method(v, &vm.names().keys, &[])?;
    let mut out = Vec::new();
    for key in vm.collect(&keys)? {
        let value = vm.getitem(v, &key)?;
        let mut entry = crate::util::fs_convert(vm, &key)?;
        let value = crate::util::fs_convert(vm, &value)?;
        // A leading "=" is part of the name.
        if entry.is_empty() || entry[1..].contains(&b'=') {
            return Err(vm.value_error("illegal environment variable name"));
        }
        entry.push(b'=');
        entry.extend_from_slice(&value);
        out.push(entry);
    }
    Ok(out)
}

/// A `str` of a table of names, or a number.
pub fn configuration_name(vm: &Vm, v: &Value, table: &[(&str, i64)]) -> PyResult<i32> {
    if let Some(s) = v.downcast_ref::<Str>() {
        let found = table.iter().find(|(name, _)| Ref::clone(s).eq_str(name));
        return match found {
            Some((_, n)) => Ok(*n as i32),
            None => Err(vm.value_error("unrecognized configuration name")),
        };
    }
    if !vm.has_index(v) {
        return Err(vm.type_error("configuration names must be strings or integers"));
    }
    i32::from_arg(
        vm,
        v,
        &ArgContext {
            function: "sysconf",
            argument: "argument 1",
        },
    )
}
