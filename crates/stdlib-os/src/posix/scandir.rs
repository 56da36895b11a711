//! `scandir()`: its iterator and `DirEntry`.

use std::cell::{Cell, RefCell};

use taipan_host::types::FileType;
use taipan_host::{Fd, fs};
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    Payload, PyCell, PyResult, Ref, Str, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use super::path::{PathBuf, PathFdNone};
use super::structs::stat_result;
use crate::util;

pub use functions::FUNCTIONS;

const S_IFMT: u32 = 0o170000;
const S_IFDIR: u32 = 0o040000;
const S_IFREG: u32 = 0o100000;
const S_IFLNK: u32 = 0o120000;

/// The payload of `ScandirIterator`.
pub struct ScandirIterator {
    dir: RefCell<Option<fs::Dir>>,
    path: PathBuf,
    exhausted: Cell<bool>,
}
payload!(ScandirIterator, gc);

impl Traverse for ScandirIterator {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.path.object);
    }
}

/// `posix.ScandirIterator`
pub static SCANDIR_ITERATOR: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&SCANDIR_PART],
    ..TypeSpec::new(
        "ScandirIterator",
        "posix",
        <ScandirIterator as Payload>::layout,
    )
};

/// The payload of `DirEntry`.
pub struct DirEntry {
    name: Value,
    path: Value,
    /// The path in bytes, or the name in the directory of `dir_fd`.
    bytes: Vec<u8>,
    dir_fd: Fd,
    ino: u64,
    kind: FileType,
    stat: PyCell<Option<Value>>,
    lstat: PyCell<Option<Value>>,
    /// Modes of the file and of what it links to, once known.
    modes: [Cell<Option<u32>>; 2],
}
payload!(DirEntry, gc);

impl Traverse for DirEntry {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.name);
        visit(&self.path);
        self.stat.visit(visit);
        self.lstat.visit(visit);
    }
}

/// `posix.DirEntry`
pub static DIR_ENTRY: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&DIR_ENTRY_PART],
    ..TypeSpec::new("DirEntry", "posix", <DirEntry as Payload>::layout)
};

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return an iterator of DirEntry objects for given path.
    #[pyfunction(sig = "($module, /, path=None)")]
    fn scandir(vm: &Vm, path: PathFdNone) -> PyResult<Ref<ScandirIterator>> {
        let dir = util::blocking(vm, || match path.fd {
            Some(fd) if fd != -1 => fs::Dir::of_fd(fd),
            Some(_) => fs::Dir::open(b"."),
            None => fs::Dir::open(&path.bytes),
        });
        let dir = dir.map_err(|e| match path.fd {
            Some(_) => util::os_error(vm, e),
            None => path.error(vm, e),
        })?;
        vm.make_type(&SCANDIR_ITERATOR)?;
        vm.make_type(&DIR_ENTRY)?;
        vm.new(ScandirIterator {
            dir: RefCell::new(Some(dir)),
            path: path.0,
            exhausted: Cell::new(false),
        })
    }
}

impl ScandirIterator {
    fn end(&self) {
        self.exhausted.set(true);
        drop(self.dir.take());
    }
}

#[pymethods(SCANDIR_PART)]
impl ScandirIterator {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Ref<DirEntry>>> {
        let next = match self.dir.borrow_mut().as_mut() {
            None => return Ok(None),
            Some(dir) => dir.next_entry(),
        };
        let entry = match next {
            Ok(Some(entry)) => entry,
            Ok(None) => {
                self.end();
                return Ok(None);
            }
            Err(e) => {
                self.end();
                return Err(self.path.error(vm, e));
            }
        };
        let name = self.path.name(vm, &entry.name)?;
        let dir_fd = self.path.fd.filter(|fd| *fd != -1);
        let (path, bytes) = match dir_fd {
            Some(_) => (name.clone(), entry.name),
            None => {
                let mut full = self.path.bytes.clone();
                if full.last() != Some(&b'/') {
                    full.push(b'/');
                }
                full.extend_from_slice(&entry.name);
                (self.path.name(vm, &full)?, full)
            }
        };
        let entry = vm.new(DirEntry {
            name,
            path,
            bytes,
            dir_fd: dir_fd.unwrap_or(fs::AT_FDCWD),
            ino: entry.ino,
            kind: entry.kind,
            stat: PyCell::new(None),
            lstat: PyCell::new(None),
            modes: [Cell::new(None), Cell::new(None)],
        })?;
        Ok(Some(entry))
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if this.dir.borrow().is_some() && !this.exhausted.get() {
            let shown = vm.repr_string(this.as_value())?;
            vm.warn(
                &vm.exc().ResourceWarning,
                &format!("unclosed scandir iterator {shown}"),
                1,
            )?;
        }
        Ok(())
    }

    #[pymethod]
    fn close(&self) {
        self.end();
    }

    #[pymethod(name = "__enter__")]
    fn enter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pymethod(name = "__exit__", params = "($self, /, *args)")]
    fn exit(&self, args: &[Value]) {
        let _ = args;
        self.end();
    }
}

impl DirEntry {
    fn fetch(&self, vm: &Vm, follow: bool) -> PyResult<Value> {
        let kept = if follow { &self.stat } else { &self.lstat };
        if let Some(st) = kept.get() {
            return Ok(st);
        }
        if follow && !self.is_link(vm)? {
            let st = self.fetch(vm, false)?;
            self.stat.set(Some(st.clone()));
            self.modes[1].set(self.modes[0].get());
            return Ok(st);
        }
        let st = util::blocking(vm, || fs::stat(self.dir_fd, &self.bytes, follow))
            .map_err(|e| vm.os_error(e.0, Some(&self.path), None))?;
        self.modes[usize::from(follow)].set(Some(st.mode));
        let st = stat_result(vm, &st)?.into_value();
        kept.set(Some(st.clone()));
        Ok(st)
    }

    fn is_link(&self, vm: &Vm) -> PyResult<bool> {
        match self.kind {
            FileType::Symlink => Ok(true),
            FileType::Unknown => self.has_mode(vm, false, S_IFLNK),
            _ => Ok(false),
        }
    }

    fn has_mode(&self, vm: &Vm, follow: bool, wanted: u32) -> PyResult<bool> {
        match self.fetch(vm, follow) {
            Ok(_) => Ok(self.modes[usize::from(follow)]
                .get()
                .is_some_and(|m| m & S_IFMT == wanted)),
            // What is gone is of no kind.
            Err(r) => {
                vm.catch(r, &vm.exc().FileNotFoundError)?;
                Ok(false)
            }
        }
    }

    fn is_kind(&self, vm: &Vm, follow: bool, kind: FileType, mode: u32) -> PyResult<bool> {
        match self.kind {
            FileType::Unknown => self.has_mode(vm, follow, mode),
            FileType::Symlink if follow => self.has_mode(vm, true, mode),
            known => Ok(known == kind),
        }
    }
}

#[pymethods(DIR_ENTRY_PART)]
impl DirEntry {
    #[pyslot]
    fn tp_repr(&self, vm: &Vm) -> PyResult<Ref<Str>> {
        let mut out = taipan_text::TextBuf::from("<DirEntry ");
        out.push_text(vm.repr(&self.name)?.text());
        out.push_str(">");
        vm.new_str_buf(&out)
    }

    /// Return True if the entry is a directory; cached per entry.
    #[pymethod(sig = "($self, /, *, follow_symlinks=True)")]
    fn is_dir(&self, vm: &Vm, follow_symlinks: bool) -> PyResult<bool> {
        self.is_kind(vm, follow_symlinks, FileType::Dir, S_IFDIR)
    }

    /// Return True if the entry is a file; cached per entry.
    #[pymethod(sig = "($self, /, *, follow_symlinks=True)")]
    fn is_file(&self, vm: &Vm, follow_symlinks: bool) -> PyResult<bool> {
        self.is_kind(vm, follow_symlinks, FileType::File, S_IFREG)
    }

    /// Return True if the entry is a symbolic link; cached per entry.
    #[pymethod(sig = "($self, /)")]
    fn is_symlink(&self, vm: &Vm) -> PyResult<bool> {
        self.is_link(vm)
    }

    /// Return True if the entry is a junction; cached per entry.
    #[pymethod(sig = "($self, /)")]
    fn is_junction(&self) -> bool {
        false
    }

    /// Return stat_result object for the entry; cached per entry.
    #[pymethod(sig = "($self, /, *, follow_symlinks=True)")]
    fn stat(&self, vm: &Vm, follow_symlinks: bool) -> PyResult {
        self.fetch(vm, follow_symlinks)
    }

    /// Return inode of the entry; cached per entry.
    #[pymethod(sig = "($self, /)")]
    fn inode(&self) -> u64 {
        self.ino
    }

    #[pymethod(
        name = "__fspath__",
        sig = "($self, /)",
        doc = "Returns the path for the entry."
    )]
    fn fspath(&self) -> Value {
        self.path.clone()
    }

    #[classmethod(
        name = "__class_getitem__",
        params = "($type, item, /)",
        doc = "See PEP 585"
    )]
    fn class_getitem(vm: &Vm, cls: &Value, item: &Value) -> PyResult {
        vm.generic_alias(cls, item)
    }

    /// the entry's base filename, relative to scandir() "path" argument
    #[member]
    fn name(&self) -> Value {
        self.name.clone()
    }

    /// the entry's full path name; equivalent to os.path.join(scandir_path, entry.name)
    #[member]
    fn path(&self) -> Value {
        self.path.clone()
    }
}
