//! `_stat`: tests of file modes, and their constants.

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};

use crate::util::add_constants;

/// `_stat`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_stat",
    doc: Some(
        "S_IFMT_: file type bits\nS_IMODE: permission bits, and the constants that go with them.",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

const S_IFMT: u32 = 0o170000;

const CONSTANTS: &[(&str, i64)] = &[
    ("S_IFDIR", 0o040000),
    ("S_IFCHR", 0o020000),
    ("S_IFBLK", 0o060000),
    ("S_IFREG", 0o100000),
    ("S_IFIFO", 0o010000),
    ("S_IFLNK", 0o120000),
    ("S_IFSOCK", 0o140000),
    ("S_IFDOOR", 0),
    ("S_IFPORT", 0),
    ("S_IFWHT", 0),
    ("S_ISUID", 0o4000),
    ("S_ISGID", 0o2000),
    ("S_ISVTX", 0o1000),
    ("S_ENFMT", 0o2000),
    ("S_IREAD", 0o400),
    ("S_IWRITE", 0o200),
    ("S_IEXEC", 0o100),
    ("S_IRWXU", 0o700),
    ("S_IRUSR", 0o400),
    ("S_IWUSR", 0o200),
    ("S_IXUSR", 0o100),
    ("S_IRWXG", 0o070),
    ("S_IRGRP", 0o040),
    ("S_IWGRP", 0o020),
    ("S_IXGRP", 0o010),
    ("S_IRWXO", 0o007),
    ("S_IROTH", 0o004),
    ("S_IWOTH", 0o002),
    ("S_IXOTH", 0o001),
    ("UF_SETTABLE", 0x0000_ffff),
    ("UF_NODUMP", 0x0000_0001),
    ("UF_IMMUTABLE", 0x0000_0002),
    ("UF_APPEND", 0x0000_0004),
    ("UF_OPAQUE", 0x0000_0008),
    ("UF_NOUNLINK", 0x0000_0010),
    ("UF_COMPRESSED", 0x0000_0020),
    ("UF_TRACKED", 0x0000_0040),
    ("UF_DATAVAULT", 0x0000_0080),
    ("UF_HIDDEN", 0x0000_8000),
    ("SF_SETTABLE", 0xffff_0000),
    ("SF_ARCHIVED", 0x0001_0000),
    ("SF_IMMUTABLE", 0x0002_0000),
    ("SF_APPEND", 0x0004_0000),
    ("SF_NOUNLINK", 0x0010_0000),
    ("SF_SNAPSHOT", 0x0020_0000),
    ("SF_FIRMLINK", 0x0080_0000),
    ("SF_DATALESS", 0x4000_0000),
    ("ST_MODE", 0),
    ("ST_INO", 1),
    ("ST_DEV", 2),
    ("ST_NLINK", 3),
    ("ST_UID", 4),
    ("ST_GID", 5),
    ("ST_SIZE", 6),
    ("ST_ATIME", 7),
    ("ST_MTIME", 8),
    ("ST_CTIME", 9),
];

const FILE_ATTRIBUTES: &[(&str, i64)] = &[
    ("FILE_ATTRIBUTE_ARCHIVE", 32),
    ("FILE_ATTRIBUTE_COMPRESSED", 2048),
    ("FILE_ATTRIBUTE_DEVICE", 64),
    ("FILE_ATTRIBUTE_DIRECTORY", 16),
    ("FILE_ATTRIBUTE_ENCRYPTED", 16384),
    ("FILE_ATTRIBUTE_HIDDEN", 2),
    ("FILE_ATTRIBUTE_INTEGRITY_STREAM", 32768),
    ("FILE_ATTRIBUTE_NORMAL", 128),
    ("FILE_ATTRIBUTE_NOT_CONTENT_INDEXED", 8192),
    ("FILE_ATTRIBUTE_NO_SCRUB_DATA", 131072),
    ("FILE_ATTRIBUTE_OFFLINE", 4096),
    ("FILE_ATTRIBUTE_READONLY", 1),
    ("FILE_ATTRIBUTE_REPARSE_POINT", 1024),
    ("FILE_ATTRIBUTE_SPARSE_FILE", 512),
    ("FILE_ATTRIBUTE_SYSTEM", 4),
    ("FILE_ATTRIBUTE_TEMPORARY", 256),
    ("FILE_ATTRIBUTE_VIRTUAL", 65536),
];

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, CONSTANTS)?;
    add_constants(vm, module, FILE_ATTRIBUTES)?;
    Ok(())
}

/// A file mode: an int that fits 32 bits.
fn mode_of(vm: &Vm, v: &Value) -> PyResult<u32> {
    let n = vm.index(v)?;
    let n = n.as_int();
    match n.and_then(|i| i.to_i64()) {
        Some(i) if i < 0 => Err(vm.overflow_error("can't convert negative value to unsigned int")),
        Some(i) => u32::try_from(i).map_err(|_| vm.overflow_error("mode out of range")),
        None if n.is_some_and(|n| n.is_negative()) => {
            Err(vm.overflow_error("can't convert negative value to unsigned int"))
        }
        None => Err(vm.overflow_error("Python int too large to convert to C unsigned long")),
    }
}

fn is_type(vm: &Vm, v: &Value, wanted: u32) -> PyResult<bool> {
    Ok(mode_of(vm, v)? & S_IFMT == wanted)
}

/// The mode as `ls -l` shows it.
pub fn filemode(mode: u32) -> String {
    let kind = match mode & S_IFMT {
        0o100000 => '-',
        0o040000 => 'd',
        0o120000 => 'l',
        0o060000 => 'b',
        0o020000 => 'c',
        0o010000 => 'p',
        0o140000 => 's',
        _ => '?',
    };
    let mut out = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    out
}

#[pyfunctions(FUNCTIONS)]
#[allow(non_snake_case, reason = "the names are the module's")]
mod functions {
    use super::*;

    /// S_ISDIR(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISDIR(vm: &Vm, mode: &Value) -> PyResult<bool> {
        is_type(vm, mode, 0o040000)
    }
    /// S_ISCHR(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISCHR(vm: &Vm, mode: &Value) -> PyResult<bool> {
        is_type(vm, mode, 0o020000)
    }
    /// S_ISBLK(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISBLK(vm: &Vm, mode: &Value) -> PyResult<bool> {
        is_type(vm, mode, 0o060000)
    }
    /// S_ISREG(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISREG(vm: &Vm, mode: &Value) -> PyResult<bool> {
        is_type(vm, mode, 0o100000)
    }
    /// S_ISFIFO(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISFIFO(vm: &Vm, mode: &Value) -> PyResult<bool> {
        is_type(vm, mode, 0o010000)
    }
    /// S_ISLNK(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISLNK(vm: &Vm, mode: &Value) -> PyResult<bool> {
        is_type(vm, mode, 0o120000)
    }
    /// S_ISSOCK(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISSOCK(vm: &Vm, mode: &Value) -> PyResult<bool> {
        is_type(vm, mode, 0o140000)
    }
    /// S_ISDOOR(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISDOOR(vm: &Vm, mode: &Value) -> PyResult<bool> {
        mode_of(vm, mode).map(|_| false)
    }
    /// S_ISPORT(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISPORT(vm: &Vm, mode: &Value) -> PyResult<bool> {
        mode_of(vm, mode).map(|_| false)
    }
    /// S_ISWHT(mode) -> bool
    #[pyfunction(params = "($module, mode, /)")]
    fn S_ISWHT(vm: &Vm, mode: &Value) -> PyResult<bool> {
        mode_of(vm, mode).map(|_| false)
    }
    /// Return the portion of the file's mode that can be set by os.chmod().
    #[pyfunction(params = "($module, mode, /)")]
    fn S_IMODE(vm: &Vm, mode: &Value) -> PyResult<u32> {
        mode_of(vm, mode).map(|m| m & 0o7777)
    }
    /// Return the portion of the file's mode that describes the file type.
    #[pyfunction(params = "($module, mode, /)")]
    fn S_IFMT(vm: &Vm, mode: &Value) -> PyResult<u32> {
        mode_of(vm, mode).map(|m| m & super::S_IFMT)
    }
    /// Convert a file's mode to a string of the form '-rwxrwxrwx'
    #[pyfunction(params = "($module, mode, /)")]
    fn filemode(vm: &Vm, mode: &Value) -> PyResult<String> {
        mode_of(vm, mode).map(super::filemode)
    }
}
