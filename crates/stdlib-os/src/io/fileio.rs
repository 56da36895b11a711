//! `FileIO`: a raw stream over a file descriptor.

use std::cell::Cell;

use taipan_host::{Errno, Fd, fs};
use taipan_macros::pymethods;
use taipan_object::{
    Args, Bytes, Payload, PyResult, Raised, Ref, Str, TypeObject, TypeSpec, Value, Vm, payload,
    tpflags,
};

use super::base::{self, RAW_IO_BASE, RawIoBase, class_of, unsupported};
use crate::util::{self, Data, Size, Writable, call, chain, offset, retry};

const O_WRONLY: i32 = 1;
const O_RDWR: i32 = 2;
const O_CREAT: i32 = 0o100;
const O_EXCL: i32 = 0o200;
const O_TRUNC: i32 = 0o1000;
const O_APPEND: i32 = 0o2000;
const O_CLOEXEC: i32 = 0o2000000;
const S_IFMT: u32 = 0o170000;
const S_IFDIR: u32 = 0o040000;
const S_IFCHR: u32 = 0o020000;

/// The most bytes that one `read` or `write` is asked for.
const IO_MAX: usize = 0x7fff_f000;

/// The payload of `FileIO`.
#[repr(C)]
pub struct FileIo {
    base: RawIoBase,
    /// The descriptor, -1 when closed.
    pub fd: Cell<Fd>,
    created: Cell<bool>,
    readable: Cell<bool>,
    writable: Cell<bool>,
    appending: Cell<bool>,
    seekable: Cell<Option<bool>>,
    closefd: Cell<bool>,
    finalizing: Cell<bool>,
    blksize: Cell<i64>,
    /// Mode and size when it was opened, until something may have changed them.
    opened: Cell<Option<(u32, i64)>>,
}
payload!(FileIo, leaf, base = RawIoBase);

/// `FileIO`
pub static FILE_IO: TypeSpec = TypeSpec {
    doc: Some(
        "Open a file for raw binary I/O.\n\n`mode` is 'r', 'w', 'x' or 'a', with '+' for reading and writing.",
    ),
    text_signature: Some("(file, mode='r', closefd=True, opener=None)"),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &RAW_IO_BASE)),
    parts: &[&FILE_IO_PART],
    ..TypeSpec::new("FileIO", "_io", <FileIo as Payload>::layout)
};

struct Mode {
    flags: i32,
    created: bool,
    readable: bool,
    writable: bool,
    appending: bool,
}

fn parse_mode(vm: &Vm, mode: &str) -> PyResult<Mode> {
    let bad = || {
        vm.value_error(
            "Must have exactly one of create/read/write/append mode and at most one plus",
        )
    };
    let mut out = Mode {
        flags: O_CLOEXEC,
        created: false,
        readable: false,
        writable: false,
        appending: false,
    };
    let (mut rwa, mut plus) = (false, false);
    for c in mode.chars() {
        match c {
            'x' | 'r' | 'w' | 'a' if rwa => return Err(bad()),
            '+' if plus => return Err(bad()),
            'x' => {
                (out.created, out.writable) = (true, true);
                out.flags |= O_EXCL | O_CREAT;
            }
            'r' => out.readable = true,
            'w' => {
                out.writable = true;
                out.flags |= O_CREAT | O_TRUNC;
            }
            'a' => {
                (out.writable, out.appending) = (true, true);
                out.flags |= O_APPEND | O_CREAT;
            }
            '+' => (out.readable, out.writable) = (true, true),
            'b' => {}
            _ => return Err(vm.value_error(&format!("invalid mode: {mode}"))),
        }
        rwa |= matches!(c, 'x' | 'r' | 'w' | 'a');
        plus |= c == '+';
    }
    if !rwa {
        return Err(bad());
    }
    out.flags |= match (out.readable, out.writable) {
        (true, true) => O_RDWR,
        (false, _) => O_WRONLY,
        _ => 0,
    };
    Ok(out)
}

#[cold]
fn wrong_mode(vm: &Vm, action: &str) -> Raised {
    unsupported(vm, &format!("File not open for {action}"))
}

impl FileIo {
    fn check_open(&self, vm: &Vm) -> PyResult<Fd> {
        match self.fd.get() {
            fd if fd < 0 => Err(vm.value_error("I/O operation on closed file")),
            fd => Ok(fd),
        }
    }

    fn check_readable(&self, vm: &Vm) -> PyResult<Fd> {
        let fd = self.check_open(vm)?;
        if !self.readable.get() {
            return Err(wrong_mode(vm, "reading"));
        }
        Ok(fd)
    }

    fn check_writable(&self, vm: &Vm) -> PyResult<Fd> {
        let fd = self.check_open(vm)?;
        if !self.writable.get() {
            return Err(wrong_mode(vm, "writing"));
        }
        Ok(fd)
    }

    /// Reads into `buffer`; `None` when the read would block.
    pub fn read_into(&self, vm: &Vm, buffer: &mut [u8]) -> PyResult<Option<usize>> {
        let fd = self.check_readable(vm)?;
        let end = buffer.len().min(IO_MAX);
        let target = &mut buffer[..end];
        unless_blocking(vm, retry(vm, || fs::read(fd, target))?)
    }

    /// Writes some of `bytes`; `None` when the write would block.
    pub fn write_some(&self, vm: &Vm, bytes: &[u8]) -> PyResult<Option<usize>> {
        let fd = self.check_writable(vm)?;
        let part = &bytes[..bytes.len().min(IO_MAX)];
        unless_blocking(vm, retry(vm, || fs::write(fd, part))?)
    }

    /// `lseek`, OSError when it fails.
    pub fn seek_to(&self, vm: &Vm, pos: i64, whence: i32) -> PyResult<i64> {
        let fd = self.check_open(vm)?;
        let result = fs::lseek(fd, pos, whence);
        if self.seekable.get().is_none() {
            self.seekable.set(Some(result.is_ok()));
        }
        util::done(vm, result)
    }

    /// Whether the position can be moved.
    pub fn can_seek(&self, vm: &Vm) -> PyResult<bool> {
        let fd = self.check_open(vm)?;
        if let Some(known) = self.seekable.get() {
            return Ok(known);
        }
        let able = fs::lseek(fd, 0, 1).is_ok();
        self.seekable.set(Some(able));
        Ok(able)
    }

    /// Reads to the end; `None` when the first read would block.
    pub fn read_to_end(&self, vm: &Vm) -> PyResult<Option<Vec<u8>>> {
        let fd = self.check_readable(vm)?;
        let known = self.opened.take().map(|(_, size)| size);
        let size = known
            .or_else(|| fs::fstat(fd).ok().map(|st| st.size))
            .unwrap_or(0);
        let mut expected = 0;
        if size > 0 {
            let at = if size > 65536 {
                fs::lseek(fd, 0, 1).unwrap_or(0)
            } else {
                0
            };
            expected = usize::try_from(size.saturating_sub(at)).unwrap_or(0);
        }
        let mut out: Vec<u8> = Vec::new();
        // One byte more than the file has: the read that finds the end needs no growth.
        let mut room = if expected > 0 {
            expected.saturating_add(1)
        } else {
            8192
        };
        let mut filled = 0usize;
        loop {
            if filled == out.len() {
                if out.try_reserve_exact(room).is_err() {
                    return Err(vm.no_memory());
                }
                out.resize(filled.saturating_add(room), 0);
                room = (filled / 8).clamp(8192, 1 << 26);
            }
            match self.read_into(vm, &mut out[filled..])? {
                Some(0) => break,
                Some(n) => filled += n,
                None if filled == 0 => return Ok(None),
                None => break,
            }
        }
        out.truncate(filled);
        Ok(Some(out))
    }

    fn close_fd(&self, vm: &Vm) -> PyResult<()> {
        let fd = self.fd.replace(-1);
        if fd >= 0 {
            return util::done(vm, util::blocking(vm, || fs::close(fd)));
        }
        Ok(())
    }

    fn mode_text(&self) -> &'static str {
        match (
            self.created.get(),
            self.appending.get(),
            self.readable.get(),
            self.writable.get(),
        ) {
            (true, _, true, _) => "xb+",
            (true, _, false, _) => "xb",
            (_, true, true, _) => "ab+",
            (_, true, false, _) => "ab",
            (_, _, true, true) => "rb+",
            (_, _, true, false) => "rb",
            _ => "wb",
        }
    }
}

fn unless_blocking(vm: &Vm, result: taipan_host::Result<usize>) -> PyResult<Option<usize>> {
    match result {
        Ok(n) => Ok(Some(n)),
        Err(Errno::EAGAIN) => Ok(None),
        Err(e) => Err(util::os_error(vm, e)),
    }
}

/// ResourceWarning for a descriptor that nobody closed.
fn warn_unclosed(vm: &Vm, this: &Ref<FileIo>, source: &Value) {
    if this.fd.get() < 0 || !this.closefd.get() {
        return;
    }
    let warned = vm.repr_string(source).and_then(|shown| {
        vm.warn(
            &vm.exc().ResourceWarning,
            &format!("unclosed file {shown}"),
            1,
        )
    });
    if let Err(r) = warned {
        // Under `-W error` the warning is an exception nobody can catch here.
        let e = vm.take_raised(r);
        let _ = vm.raise_as_is(e);
        vm.unraisable(None, Some(this.as_value()));
    }
}

/// The descriptor that an argument is, if it is a number.
fn as_descriptor(vm: &Vm, file: &Value) -> PyResult<Option<Fd>> {
    if file.is(&vm.bool(true)) || file.is(&vm.bool(false)) {
        vm.warn(
            &vm.exc().RuntimeWarning,
            "bool is used as a file descriptor",
            1,
        )?;
    }
    if file.as_int().is_none() && !vm.has_index(file) {
        return Ok(None);
    }
    let number = vm.index(file)?;
    let fd = number
        .as_int()
        .and_then(|i| i.to_i64())
        .and_then(|i| i32::try_from(i).ok());
    match fd {
        Some(fd) if fd >= 0 => Ok(Some(fd)),
        Some(_) => Err(vm.value_error("negative file descriptor")),
        None => Err(vm.overflow_error("Python int too large to convert to C int")),
    }
}

fn open_file(
    vm: &Vm,
    this: &Ref<FileIo>,
    file: &Value,
    mode: &str,
    closefd: bool,
    opener: Option<&Value>,
) -> PyResult<()> {
    let given = as_descriptor(vm, file)?;
    let path = match given {
        Some(_) => None,
        None => Some(util::fs_convert(vm, file)?),
    };
    let mode = parse_mode(vm, mode)?;
    this.created.set(mode.created);
    this.readable.set(mode.readable);
    this.writable.set(mode.writable);
    this.appending.set(mode.appending);
    match (given, path) {
        (Some(fd), _) => {
            this.closefd.set(closefd);
            this.fd.set(fd);
        }
        (None, path) => {
            if !closefd {
                return Err(vm.value_error("Cannot use closefd=False with file name"));
            }
            this.closefd.set(true);
            let fd = match opener.filter(|o| !vm.is_none(o)) {
                None => {
                    let path = path.unwrap_or_default();
                    retry(vm, || fs::open(fs::AT_FDCWD, &path, mode.flags, 0o666))?
                        .map_err(|e| vm.os_error(e.0, Some(file), None))?
                }
                Some(opener) => {
                    let flags = Value::from_i32(mode.flags);
                    let fd = vm.call_pos(opener, &[file.clone(), flags])?;
                    let Some(fd) = fd.as_int() else {
                        return Err(vm.type_error("expected integer from opener"));
                    };
                    let Some(fd) = fd.to_i64().and_then(|i| i32::try_from(i).ok()) else {
                        return Err(vm.overflow_error("Python int too large to convert to C int"));
                    };
                    if fd < 0 {
                        return Err(vm.value_error(&format!("opener returned {fd}")));
                    }
                    util::done(vm, fs::set_inheritable(fd, false))?;
                    fd
                }
            };
            this.fd.set(fd);
        }
    }
    let fd = this.fd.get();
    this.blksize.set(super::DEFAULT_BUFFER_SIZE as i64);
    match fs::fstat(fd) {
        Ok(st) => {
            if st.mode & S_IFMT == S_IFDIR {
                return Err(vm.os_error(21, Some(file), None));
            }
            if st.blksize > 1 {
                this.blksize.set(st.blksize);
            }
            this.opened.set(Some((st.mode, st.size)));
        }
        Err(Errno::EBADF) => return Err(util::os_error(vm, Errno::EBADF)),
        Err(_) => {}
    }
    vm.setattr(this.as_value(), &vm.names().name, file)?;
    if mode.appending {
        // Files that cannot seek are appended to all the same.
        match fs::lseek(fd, 0, 2) {
            Ok(_) => this.seekable.set(Some(true)),
            Err(Errno::ESPIPE) => this.seekable.set(Some(false)),
            Err(e) => return Err(util::os_error(vm, e)),
        }
    }
    Ok(())
}

#[pymethods(FILE_IO_PART)]
impl FileIo {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<FileIo>> {
        let _ = args;
        vm.new_object(
            cls,
            FileIo {
                base: RawIoBase::NEW,
                fd: Cell::new(-1),
                created: Cell::new(false),
                readable: Cell::new(false),
                writable: Cell::new(false),
                appending: Cell::new(false),
                seekable: Cell::new(None),
                closefd: Cell::new(true),
                finalizing: Cell::new(false),
                blksize: Cell::new(0),
                opened: Cell::new(None),
            },
        )
    }

    #[pyslot(
        name = "FileIO",
        params = "(file, mode='r', closefd=True, opener=None)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<FileIo>,
        file: &Value,
        mode: &str,
        closefd: bool,
        opener: Option<&Value>,
    ) -> PyResult<()> {
        if this.fd.get() >= 0 {
            if this.closefd.get() {
                this.close_fd(vm)?;
            } else {
                this.fd.set(-1);
            }
        }
        this.seekable.set(None);
        this.opened.set(None);
        let result = open_file(vm, this, file, mode, closefd, opener);
        if result.is_err() {
            let owned = as_own(file);
            let failed = result.err().map(|r| vm.take_raised(r));
            if !owned {
                this.fd.set(-1);
            }
            let closed = this.close_fd(vm);
            return chain(vm, failed, closed);
        }
        Ok(())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let (fd, mode) = (this.fd.get(), this.mode_text());
        let class = util::tp_name(vm, this.as_value());
        if fd < 0 {
            return vm.new_str(&format!("<{class} [closed]>"));
        }
        let closefd = if this.closefd.get() { "True" } else { "False" };
        match vm.getattr_opt(this.as_value(), &vm.names().name)? {
            None => vm.new_str(&format!(
                "<{class} fd={fd} mode='{mode}' closefd={closefd}>"
            )),
            Some(name) => base::guarded_repr(vm, this.as_value(), || {
                let mut out = taipan_text::TextBuf::new();
                out.push_str(&format!("<{class} name="));
                out.push_text(vm.repr(&name)?.text());
                out.push_str(&format!(" mode='{mode}' closefd={closefd}>"));
                vm.new_str_buf(&out)
            }),
        }
    }

    /// Read at most `size` bytes with one system call; None when that would block.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn read(&self, vm: &Vm, size: Size) -> PyResult<Option<Ref<Bytes>>> {
        self.check_readable(vm)?;
        let Ok(n) = usize::try_from(size.0) else {
            return self.readall(vm);
        };
        let mut buffer = zeroed(vm, n.min(IO_MAX))?;
        match self.read_into(vm, &mut buffer)? {
            Some(n) => vm.new_bytes(&buffer[..n]).map(Some),
            None => Ok(None),
        }
    }

    /// Read to the end of the file; None when that would block at once.
    #[pymethod(sig = "($self, /)")]
    fn readall(&self, vm: &Vm) -> PyResult<Option<Ref<Bytes>>> {
        match self.read_to_end(vm)? {
            Some(all) => vm.new_bytes(&all).map(Some),
            None => Ok(None),
        }
    }

    /// Read into a writable buffer and return how many bytes.
    #[pymethod(sig = "($self, buffer, /)")]
    fn readinto(&self, vm: &Vm, buffer: Writable) -> PyResult<Option<usize>> {
        let fd = self.check_readable(vm)?;
        // Other threads may use the buffer's object meanwhile: it is filled afterwards.
        let mut bytes = zeroed(vm, buffer.len().min(IO_MAX))?;
        let result = retry(vm, || fs::read(fd, &mut bytes))?;
        let result = result.map(|n| buffer.put(0, &bytes[..n]));
        unless_blocking(vm, result)
    }

    /// Write bytes and return how many were written; None when that would block.
    #[pymethod(sig = "($self, b, /)")]
    fn write(&self, vm: &Vm, b: Data<'_>) -> PyResult<Option<usize>> {
        self.write_some(vm, &b)
    }

    /// Move the position and return it.
    #[pymethod(sig = "($self, pos, whence=0, /)")]
    fn seek(&self, vm: &Vm, pos: &Value, whence: i32) -> PyResult<i64> {
        self.check_open(vm)?;
        self.seek_to(vm, offset(vm, pos)?, whence)
    }

    /// Return the position.
    #[pymethod(sig = "($self, /)")]
    fn tell(&self, vm: &Vm) -> PyResult<i64> {
        self.seek_to(vm, 0, 1)
    }

    /// Make the file `size` bytes long, the position by default.
    #[pymethod(sig = "($self, size=None, /)")]
    fn truncate(&self, vm: &Vm, size: Option<&Value>) -> PyResult {
        let fd = self.check_writable(vm)?;
        let size = match size.filter(|s| !vm.is_none(s)) {
            Some(s) => s.clone(),
            None => vm.new_int(self.seek_to(vm, 0, 1)?)?,
        };
        let length = offset(vm, &size)?;
        self.opened.set(None);
        call(vm, || fs::ftruncate(fd, length))?;
        Ok(size)
    }

    /// Close the file, and the descriptor with it unless `closefd` was false.
    #[pymethod(sig = "($self, /)")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        let base = base::base_close(vm, this.as_value());
        if !this.closefd.get() {
            this.fd.set(-1);
            return base;
        }
        let failed = base.err().map(|r| vm.take_raised(r));
        if this.finalizing.get() {
            warn_unclosed(vm, this, this.as_value());
        }
        let closed = this.close_fd(vm);
        chain(vm, failed, closed)
    }

    /// Whether the position can be moved.
    #[pymethod(sig = "($self, /)")]
    fn seekable(&self, vm: &Vm) -> PyResult<bool> {
        self.can_seek(vm)
    }

    /// Whether it was opened for reading.
    #[pymethod(sig = "($self, /)")]
    fn readable(&self, vm: &Vm) -> PyResult<bool> {
        self.check_open(vm)?;
        Ok(self.readable.get())
    }

    /// Whether it was opened for writing.
    #[pymethod(sig = "($self, /)")]
    fn writable(&self, vm: &Vm) -> PyResult<bool> {
        self.check_open(vm)?;
        Ok(self.writable.get())
    }

    /// Return the file descriptor.
    #[pymethod(sig = "($self, /)")]
    fn fileno(&self, vm: &Vm) -> PyResult<i32> {
        self.check_open(vm)
    }

    /// Whether the descriptor is a terminal.
    #[pymethod(sig = "($self, /)")]
    fn isatty(&self, vm: &Vm) -> PyResult<bool> {
        let fd = self.check_open(vm)?;
        Ok(fs::isatty(fd))
    }

    /// As isatty(), where what `fstat` said at the opening is enough.
    #[pymethod(name = "_isatty_open_only", sig = "($self, /)")]
    fn isatty_open_only(&self, vm: &Vm) -> PyResult<bool> {
        if self
            .opened
            .get()
            .is_some_and(|(mode, _)| mode & S_IFMT != S_IFCHR)
        {
            return Ok(false);
        }
        self.isatty(vm)
    }

    #[pymethod(name = "_dealloc_warn", sig = "($self, object, /)", doc = "")]
    fn dealloc_warn(vm: &Vm, this: &Ref<Self>, object: &Value) {
        warn_unclosed(vm, this, object);
    }

    #[pymethod(name = "__getstate__", sig = "($self, /)", doc = "")]
    fn getstate(vm: &Vm, this: &Value) -> PyResult<()> {
        Err(base::cannot_pickle(vm, this))
    }

    /// True if the file is closed
    #[getter]
    fn closed(&self) -> bool {
        self.fd.get() < 0
    }

    /// True if the descriptor is closed with the stream.
    #[getter]
    fn closefd(&self) -> bool {
        self.closefd.get()
    }

    /// The mode in a normal form.
    #[getter]
    fn mode(&self) -> &'static str {
        self.mode_text()
    }

    /// What reads are best made of.
    #[getter(_blksize)]
    fn blksize(&self) -> i64 {
        self.blksize.get()
    }

    #[setter(_blksize)]
    fn set_blksize(&self, vm: &Vm, value: &Value) -> PyResult<()> {
        self.blksize.set(offset(vm, value)?);
        Ok(())
    }

    #[member(_finalizing)]
    fn finalizing(&self) -> bool {
        self.finalizing.get()
    }

    #[setter(_finalizing)]
    fn set_finalizing(&self, vm: &Vm, value: &Value) -> PyResult<()> {
        self.finalizing.set(vm.is_true(value)?);
        Ok(())
    }
}

/// Whether a descriptor that was opened for this argument is the stream's own.
fn as_own(file: &Value) -> bool {
    file.as_int().is_none()
}

/// That many zero bytes, MemoryError when there is no room.
pub fn zeroed(vm: &Vm, n: usize) -> PyResult<Vec<u8>> {
    let mut v = Vec::new();
    if v.try_reserve_exact(n).is_err() {
        return Err(vm.no_memory());
    }
    v.resize(n, 0);
    Ok(v)
}
