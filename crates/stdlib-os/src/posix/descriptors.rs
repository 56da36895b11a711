//! Functions of `posix` that work on descriptors.

use taipan_host::{fcntl, fs, random, select, term};
use taipan_macros::pyfunctions;
use taipan_object::convert::Fd;
use taipan_object::{Bytes, PyResult, Ref, Str, Tuple, Value, Vm};

use super::structs::{TERMINAL_SIZE, stat_result, statvfs_result};
use crate::io::fileio::zeroed;
use crate::util::{self, Data, Writable, call, done, offset, retry};

pub use functions::FUNCTIONS;

const IO_MAX: usize = 0x7fff_f000;

fn length(vm: &Vm, n: isize) -> PyResult<usize> {
    usize::try_from(n).map_err(|_| util::os_error(vm, taipan_host::Errno::EINVAL))
}

fn parts_of(vm: &Vm, function: &str, buffers: &Value) -> PyResult<Vec<Value>> {
    if vm.type_of(buffers).payload.slots.sq_length.get().is_none() {
        return Err(vm.type_error(&format!("{function}() arg 2 must be a sequence")));
    }
    vm.collect(buffers)
}

/// Fills the buffers of a sequence by one call.
pub(super) fn scatter(
    vm: &Vm,
    function: &str,
    buffers: &Value,
    read: impl Fn(&mut [std::io::IoSliceMut<'_>]) -> taipan_host::Result<usize>,
) -> PyResult<usize> {
    let targets = parts_of(vm, function, buffers)?
        .iter()
        .map(|b| util::writable(vm, b))
        .collect::<PyResult<Vec<_>>>()?;
    // Other threads may use the buffers' objects meanwhile: they are filled afterwards.
    let mut parts = targets
        .iter()
        .map(|t| zeroed(vm, t.len()))
        .collect::<PyResult<Vec<_>>>()?;
    let total = call(vm, || {
        let mut slices: Vec<_> = parts
            .iter_mut()
            .map(|p| std::io::IoSliceMut::new(p))
            .collect();
        read(&mut slices)
    })?;
    let mut left = total;
    for (t, p) in targets.iter().zip(&parts) {
        let n = left.min(p.len());
        t.put(0, &p[..n]);
        left -= n;
    }
    Ok(total)
}

/// Writes the buffers of a sequence by one call.
pub(super) fn gather(
    vm: &Vm,
    function: &str,
    buffers: &Value,
    write: impl Fn(&[std::io::IoSlice<'_>]) -> taipan_host::Result<usize>,
) -> PyResult<usize> {
    let items = parts_of(vm, function, buffers)?;
    let parts = items
        .iter()
        .map(|b| util::data(vm, b))
        .collect::<PyResult<Vec<_>>>()?;
    let slices: Vec<_> = parts.iter().map(|p| std::io::IoSlice::new(p)).collect();
    call(vm, || write(&slices))
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Close a file descriptor.
    #[pyfunction(sig = "($module, /, fd)")]
    fn close(vm: &Vm, fd: i32) -> PyResult<()> {
        done(vm, util::blocking(vm, || fs::close(fd)))
    }

    /// Closes all file descriptors in [fd_low, fd_high), ignoring errors.
    #[pyfunction(sig = "($module, fd_low, fd_high, /)")]
    fn closerange(fd_low: i32, fd_high: i32) {
        for fd in fd_low.max(0)..fd_high {
            let _ = fs::close(fd);
        }
    }

    /// Read from a file descriptor.  Returns a bytes object.
    #[pyfunction(sig = "($module, fd, length, /)")]
    fn read(vm: &Vm, fd: i32, length: isize) -> PyResult<Ref<Bytes>> {
        let n = super::length(vm, length)?.min(IO_MAX);
        let mut buffer = zeroed(vm, n)?;
        let n = call(vm, || fs::read(fd, &mut buffer))?;
        vm.new_bytes(&buffer[..n])
    }

    /// Read into a buffer object from a file descriptor.
    #[pyfunction(sig = "($module, fd, buffer, /)")]
    fn readinto(vm: &Vm, fd: i32, buffer: Writable) -> PyResult<usize> {
        // Other threads may use the buffer's object meanwhile: it is filled afterwards.
        let mut bytes = zeroed(vm, buffer.len().min(IO_MAX))?;
        let n = call(vm, || fs::read(fd, &mut bytes))?;
        Ok(buffer.put(0, &bytes[..n]))
    }

    /// Write a bytes object to a file descriptor.
    #[pyfunction(sig = "($module, fd, data, /)")]
    fn write(vm: &Vm, fd: i32, data: Data<'_>) -> PyResult<usize> {
        let part = &data[..data.len().min(IO_MAX)];
        call(vm, || fs::write(fd, part))
    }

    /// Read a number of bytes from a file descriptor starting at a particular offset.
    #[pyfunction(sig = "($module, fd, length, offset, /)")]
    fn pread(vm: &Vm, fd: i32, length: isize, offset: &Value) -> PyResult<Ref<Bytes>> {
        let at = super::offset(vm, offset)?;
        let mut buffer = zeroed(vm, super::length(vm, length)?)?;
        let n = call(vm, || fs::pread(fd, &mut buffer, at))?;
        vm.new_bytes(&buffer[..n])
    }

    /// Write bytes to a file descriptor starting at a particular offset.
    #[pyfunction(sig = "($module, fd, buffer, offset, /)")]
    fn pwrite(vm: &Vm, fd: i32, buffer: Data<'_>, offset: &Value) -> PyResult<usize> {
        let at = super::offset(vm, offset)?;
        call(vm, || fs::pwrite(fd, &buffer, at))
    }

    /// Iterate over fd and read into buffers.
    #[pyfunction(sig = "($module, fd, buffers, /)")]
    fn readv(vm: &Vm, fd: i32, buffers: &Value) -> PyResult<usize> {
        scatter(vm, "readv", buffers, |parts| fs::readv(fd, parts))
    }

    /// Iterate over buffers, and write the contents of each to a file descriptor.
    #[pyfunction(sig = "($module, fd, buffers, /)")]
    fn writev(vm: &Vm, fd: i32, buffers: &Value) -> PyResult<usize> {
        gather(vm, "writev", buffers, |parts| fs::writev(fd, parts))
    }

    /// Set the position of a file descriptor.  Return the new position.
    #[pyfunction(sig = "($module, fd, position, whence, /)")]
    fn lseek(vm: &Vm, fd: i32, position: &Value, whence: i32) -> PyResult<i64> {
        let at = offset(vm, position)?;
        done(vm, fs::lseek(fd, at, whence))
    }

    /// Perform a stat system call on the given file descriptor.
    #[pyfunction(sig = "($module, /, fd)")]
    fn fstat(vm: &Vm, fd: i32) -> PyResult<Ref<Tuple>> {
        stat_result(vm, &call(vm, || fs::fstat(fd))?)
    }

    /// Perform an fstatvfs system call on the given fd.
    #[pyfunction(sig = "($module, fd, /)")]
    fn fstatvfs(vm: &Vm, fd: i32) -> PyResult<Ref<Tuple>> {
        statvfs_result(vm, &call(vm, || fs::fstatvfs(fd))?)
    }

    /// Force write of fd to disk.
    #[pyfunction(sig = "($module, /, fd)")]
    fn fsync(vm: &Vm, fd: Fd) -> PyResult<()> {
        call(vm, || fs::fsync(fd.0))
    }

    /// Force write of fd to disk without forcing update of metadata.
    #[pyfunction(sig = "($module, /, fd)")]
    fn fdatasync(vm: &Vm, fd: Fd) -> PyResult<()> {
        call(vm, || fs::fdatasync(fd.0))
    }

    /// Force write of everything to disk.
    #[pyfunction(sig = "($module, /)")]
    fn sync(vm: &Vm) {
        util::blocking(vm, fs::sync);
    }

    /// Truncate a file, specified by file descriptor, to a specific length.
    #[pyfunction(sig = "($module, fd, length, /)")]
    fn ftruncate(vm: &Vm, fd: i32, length: &Value) -> PyResult<()> {
        let n = offset(vm, length)?;
        call(vm, || fs::ftruncate(fd, n))
    }

    /// Change the access permissions of the file given by file descriptor fd.
    #[pyfunction(sig = "($module, /, fd, mode)")]
    fn fchmod(vm: &Vm, fd: i32, mode: i32) -> PyResult<()> {
        call(vm, || fs::fchmod(fd, mode as u32))
    }

    /// Change the owner and group id of the file specified by file descriptor.
    #[pyfunction(sig = "($module, /, fd, uid, gid)")]
    fn fchown(
        vm: &Vm,
        fd: i32,
        uid: super::super::path::Uid,
        gid: super::super::path::Gid,
    ) -> PyResult<()> {
        call(vm, || fs::fchown(fd, uid.0, gid.0))
    }

    /// Return a duplicate of a file descriptor.
    #[pyfunction(sig = "($module, fd, /)")]
    fn dup(vm: &Vm, fd: i32) -> PyResult<i32> {
        done(vm, fs::dup(fd))
    }

    /// Duplicate file descriptor.
    #[pyfunction(sig = "($module, /, fd, fd2, inheritable=True)")]
    fn dup2(vm: &Vm, fd: i32, fd2: i32, inheritable: bool) -> PyResult<i32> {
        done(vm, fs::dup2(fd, fd2, inheritable))
    }

    /// Create a pipe.
    #[pyfunction(sig = "($module, /)")]
    fn pipe(vm: &Vm) -> PyResult<(i32, i32)> {
        done(vm, fs::pipe2(0o2000000))
    }

    /// Create a pipe with flags set atomically.
    #[pyfunction(sig = "($module, flags, /)")]
    fn pipe2(vm: &Vm, flags: i32) -> PyResult<(i32, i32)> {
        done(vm, fs::pipe2(flags))
    }

    /// Return True if the fd is connected to a terminal.
    #[pyfunction(sig = "($module, fd, /)")]
    fn isatty(fd: i32) -> bool {
        fs::isatty(fd)
    }

    /// Get the close-on-exe flag of the specified file descriptor.
    #[pyfunction(sig = "($module, fd, /)")]
    fn get_inheritable(vm: &Vm, fd: i32) -> PyResult<bool> {
        done(vm, fs::get_inheritable(fd))
    }

    /// Set the inheritable flag of the specified file descriptor.
    #[pyfunction(sig = "($module, fd, inheritable, /)")]
    fn set_inheritable(vm: &Vm, fd: i32, inheritable: i32) -> PyResult<()> {
        done(vm, fs::set_inheritable(fd, inheritable != 0))
    }

    /// Get the blocking mode of the file descriptor.
    #[pyfunction(sig = "($module, fd, /)")]
    fn get_blocking(vm: &Vm, fd: i32) -> PyResult<bool> {
        done(vm, fs::get_blocking(fd))
    }

    /// Set the blocking mode of the specified file descriptor.
    #[pyfunction(sig = "($module, fd, blocking, /)")]
    fn set_blocking(vm: &Vm, fd: i32, blocking: bool) -> PyResult<()> {
        done(vm, fs::set_blocking(fd, blocking))
    }

    /// Ensure a file has allocated at least a particular number of bytes on disk.
    #[pyfunction(sig = "($module, fd, offset, length, /)")]
    fn posix_fallocate(vm: &Vm, fd: i32, offset: &Value, length: &Value) -> PyResult<()> {
        let (at, n) = (super::offset(vm, offset)?, super::offset(vm, length)?);
        call(vm, || fs::posix_fallocate(fd, at, n))
    }

    /// Announce an intention to access data in a specific pattern.
    #[pyfunction(sig = "($module, fd, offset, length, advice, /)")]
    fn posix_fadvise(
        vm: &Vm,
        fd: i32,
        offset: &Value,
        length: &Value,
        advice: i32,
    ) -> PyResult<()> {
        let (at, n) = (super::offset(vm, offset)?, super::offset(vm, length)?);
        call(vm, || fs::posix_fadvise(fd, at, n, advice))
    }

    /// Copy count bytes from one file descriptor to another.
    #[pyfunction(
        sig = "($module, /, src, dst, count, offset_src=None,\n                offset_dst=None)"
    )]
    fn copy_file_range(
        vm: &Vm,
        src: i32,
        dst: i32,
        count: isize,
        offset_src: Option<&Value>,
        offset_dst: Option<&Value>,
    ) -> PyResult<usize> {
        let Ok(count) = usize::try_from(count) else {
            return Err(vm.value_error("negative value for 'count' not allowed"));
        };
        let at = |v: Option<&Value>| -> PyResult<Option<i64>> {
            v.filter(|v| !vm.is_none(v))
                .map(|v| offset(vm, v))
                .transpose()
        };
        let (from, to) = (at(offset_src)?, at(offset_dst)?);
        call(vm, || fs::copy_file_range(src, from, dst, to, count))
    }

    /// Copy count bytes from file descriptor in_fd to file descriptor out_fd.
    #[pyfunction(sig = "($module, /, out_fd, in_fd, offset, count)")]
    fn sendfile(vm: &Vm, out_fd: i32, in_fd: i32, offset: &Value, count: isize) -> PyResult<usize> {
        let Ok(count) = usize::try_from(count) else {
            return Err(vm.value_error("negative value for 'count' not allowed"));
        };
        let at = match vm.is_none(offset) {
            true => None,
            false => Some(super::offset(vm, offset)?),
        };
        call(vm, || fs::sendfile(out_fd, in_fd, at, count))
    }

    /// Apply, test or remove a POSIX lock on an open file descriptor.
    #[pyfunction(sig = "($module, fd, command, length, /)")]
    fn lockf(vm: &Vm, fd: i32, command: i32, length: &Value) -> PyResult<()> {
        let n = offset(vm, length)?;
        call(vm, || fcntl::lockf(fd, command, n))
    }

    /// Creates and returns an event notification file descriptor.
    #[pyfunction(sig = "($module, /, initval, flags=EFD_CLOEXEC)")]
    fn eventfd(vm: &Vm, initval: u32, flags: Option<i32>) -> PyResult<i32> {
        done(vm, select::eventfd(initval, flags.unwrap_or(0o2000000)))
    }

    /// Read eventfd value
    #[pyfunction(sig = "($module, /, fd)")]
    fn eventfd_read(vm: &Vm, fd: Fd) -> PyResult<u64> {
        call(vm, || select::eventfd_read(fd.0))
    }

    /// Write eventfd value.
    #[pyfunction(sig = "($module, /, fd, value)")]
    fn eventfd_write(vm: &Vm, fd: Fd, value: u64) -> PyResult<()> {
        call(vm, || select::eventfd_write(fd.0, value))
    }

    /// Return the size of the terminal window as (columns, lines).
    #[pyfunction(sig = "($module, fd=<unrepresentable>, /)")]
    fn get_terminal_size(vm: &Vm, fd: Option<i32>) -> PyResult<Ref<Tuple>> {
        let (rows, columns) = done(vm, term::window_size(fd.unwrap_or(1)))?;
        let v = [columns, rows].map(|n| Value::from_i32(n.into()));
        TERMINAL_SIZE.build(vm, v.to_vec())
    }

    /// Return the name of the terminal device connected to 'fd'.
    #[pyfunction(sig = "($module, fd, /)")]
    fn ttyname(vm: &Vm, fd: i32) -> PyResult<Ref<Str>> {
        let name = done(vm, term::ttyname(fd))?;
        util::fs_text(vm, &name)
    }

    /// Return the name of the controlling terminal for this process.
    #[pyfunction(sig = "($module, /)")]
    fn ctermid(vm: &Vm) -> PyResult<Ref<Str>> {
        util::fs_text(vm, &term::ctermid())
    }

    /// Open a pseudo-terminal.
    #[pyfunction(sig = "($module, /)")]
    fn openpty(vm: &Vm) -> PyResult<(i32, i32)> {
        let (a, b) = done(vm, term::openpty())?;
        done(vm, fs::set_inheritable(a, false))?;
        done(vm, fs::set_inheritable(b, false))?;
        Ok((a, b))
    }

    /// Prepare the tty of which fd is a file descriptor for a new login session.
    #[pyfunction(sig = "($module, fd, /)")]
    fn login_tty(vm: &Vm, fd: Fd) -> PyResult<()> {
        done(vm, term::login_tty(fd.0))
    }

    /// Return the process group associated with the terminal specified by fd.
    #[pyfunction(sig = "($module, fd, /)")]
    fn tcgetpgrp(vm: &Vm, fd: i32) -> PyResult<i32> {
        done(vm, term::tcgetpgrp(fd))
    }

    /// Set the process group associated with the terminal specified by fd.
    #[pyfunction(sig = "($module, fd, pgid, /)")]
    fn tcsetpgrp(vm: &Vm, fd: i32, pgid: i32) -> PyResult<()> {
        done(vm, term::tcsetpgrp(fd, pgid))
    }

    /// Return a string describing the encoding of a terminal's file descriptor.
    #[pyfunction(sig = "($module, /, fd)")]
    fn device_encoding(vm: &Vm, fd: i32) -> PyResult {
        if !fs::isatty(fd) {
            return Ok(vm.none());
        }
        Ok(vm.new_str(crate::io::text::locale_encoding())?.into_value())
    }

    /// Return a bytes object containing random bytes suitable for cryptographic use.
    #[pyfunction(sig = "($module, size, /)")]
    fn urandom(vm: &Vm, size: isize) -> PyResult<Ref<Bytes>> {
        let Ok(n) = usize::try_from(size) else {
            return Err(vm.value_error("negative argument not allowed"));
        };
        let mut buffer = zeroed(vm, n)?;
        done(vm, random::fill(&mut buffer))?;
        vm.new_bytes(&buffer)
    }

    /// Obtain a series of random bytes.
    #[pyfunction(sig = "($module, /, size, flags=0)")]
    fn getrandom(vm: &Vm, size: isize, flags: i32) -> PyResult<Ref<Bytes>> {
        let mut buffer = zeroed(vm, super::length(vm, size)?)?;
        let n = retry(vm, || random::getrandom(&mut buffer, flags as u32))?;
        let n = done(vm, n)?;
        vm.new_bytes(&buffer[..n])
    }
}
