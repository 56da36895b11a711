//! Functions of `posix` that work on paths.

use taipan_host::types::FileTime;
use taipan_host::{Errno, env, fs};
use taipan_macros::pyfunctions;
use taipan_object::{Bytes, PyResult, Raised, Ref, Str, Tuple, Value, Vm};

use super::path::{AnyPath, DirFd, Gid, Path, PathFdNone, PathOrFd, Uid};
use super::structs::{stat_result, statvfs_result};
use crate::util::{self, call, fs_text, retry};

pub use functions::FUNCTIONS;

fn fd_and_dir(vm: &Vm, function: &str, path: &PathOrFd, dir: DirFd, follow: bool) -> PyResult<()> {
    if path.fd.is_some() && dir.given() {
        return Err(vm.value_error(&format!(
            "{function}: can't specify dir_fd without matching path"
        )));
    }
    if path.fd.is_some() && !follow {
        return Err(vm.value_error(&format!(
            "{function}: cannot use fd and follow_symlinks together"
        )));
    }
    Ok(())
}

#[cold]
fn two(vm: &Vm, e: Errno, a: &Value, b: &Value) -> Raised {
    vm.os_error(e.0, Some(a), Some(b))
}

/// Seconds, whole or with a fraction, in nanoseconds.
fn seconds(vm: &Vm, v: &Value) -> PyResult<i128> {
    if let Some(f) = v.as_float() {
        if f.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        let floor = f.floor();
        if !(-9.3e18..9.3e18).contains(&floor) {
            return Err(vm.overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(floor as i128 * 1_000_000_000 + ((f - floor) * 1e9).floor() as i128);
    }
    let n = vm.index(v)?;
    match n.as_int().and_then(|i| i.to_i64()) {
        Some(i) => Ok(i128::from(i) * 1_000_000_000),
        None => Err(vm.overflow_error("timestamp out of range for platform time_t")),
    }
}

fn nanoseconds(vm: &Vm, v: &Value) -> PyResult<i128> {
    let n = vm.index(v)?;
    n.as_int()
        .and_then(|i| i.to_i64())
        .map(i128::from)
        .ok_or_else(|| vm.overflow_error("Python int too large to convert to C long"))
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Perform a stat system call on the given path.
    #[pyfunction(sig = "($module, /, path, *, dir_fd=None, follow_symlinks=True)")]
    fn stat(vm: &Vm, path: PathOrFd, dir_fd: DirFd, follow_symlinks: bool) -> PyResult<Ref<Tuple>> {
        fd_and_dir(vm, "stat", &path, dir_fd, follow_symlinks)?;
        let st = match path.fd {
            Some(-1) => Err(Errno(14)),
            Some(fd) => fs::fstat(fd),
            None => util::blocking(vm, || fs::stat(dir_fd.0, &path.bytes, follow_symlinks)),
        };
        stat_result(vm, &st.map_err(|e| path.error(vm, e))?)
    }

    /// Perform a stat system call on the given path, without following symbolic links.
    #[pyfunction(sig = "($module, /, path, *, dir_fd=None)")]
    fn lstat(vm: &Vm, path: Path, dir_fd: DirFd) -> PyResult<Ref<Tuple>> {
        let st = util::blocking(vm, || fs::stat(dir_fd.0, &path.bytes, false));
        stat_result(vm, &st.map_err(|e| path.error(vm, e))?)
    }

    /// Use the real uid/gid to test for access to a path.
    #[pyfunction(
        sig = "($module, /, path, mode, *, dir_fd=None, effective_ids=False,\n       follow_symlinks=True)"
    )]
    fn access(
        path: Path,
        mode: i32,
        dir_fd: DirFd,
        effective_ids: bool,
        follow_symlinks: bool,
    ) -> bool {
        fs::access(dir_fd.0, &path.bytes, mode, effective_ids, follow_symlinks)
    }

    /// Open a file for low level IO.  Returns a file descriptor (integer).
    #[pyfunction(sig = "($module, /, path, flags, mode=511, *, dir_fd=None)")]
    fn open(vm: &Vm, path: Path, flags: i32, mode: i32, dir_fd: DirFd) -> PyResult<i32> {
        retry(vm, || {
            fs::open(dir_fd.0, &path.bytes, flags | 0o2000000, mode as u32)
        })?
        .map_err(|e| path.error(vm, e))
    }

    /// Create a directory.
    #[pyfunction(sig = "($module, /, path, mode=511, *, dir_fd=None)")]
    fn mkdir(vm: &Vm, path: Path, mode: i32, dir_fd: DirFd) -> PyResult<()> {
        fs::mkdir(dir_fd.0, &path.bytes, mode as u32).map_err(|e| path.error(vm, e))
    }

    /// Remove a directory.
    #[pyfunction(sig = "($module, /, path, *, dir_fd=None)")]
    fn rmdir(vm: &Vm, path: Path, dir_fd: DirFd) -> PyResult<()> {
        fs::rmdir(dir_fd.0, &path.bytes).map_err(|e| path.error(vm, e))
    }

    /// Remove a file (same as remove()).
    #[pyfunction(sig = "($module, /, path, *, dir_fd=None)")]
    fn unlink(vm: &Vm, path: Path, dir_fd: DirFd) -> PyResult<()> {
        fs::unlink(dir_fd.0, &path.bytes).map_err(|e| path.error(vm, e))
    }

    /// Remove a file (same as unlink()).
    #[pyfunction(sig = "($module, /, path, *, dir_fd=None)")]
    fn remove(vm: &Vm, path: Path, dir_fd: DirFd) -> PyResult<()> {
        fs::unlink(dir_fd.0, &path.bytes).map_err(|e| path.error(vm, e))
    }

    /// Rename a file or directory.
    #[pyfunction(sig = "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)")]
    fn rename(vm: &Vm, src: Path, dst: Path, src_dir_fd: DirFd, dst_dir_fd: DirFd) -> PyResult<()> {
        fs::rename(src_dir_fd.0, &src.bytes, dst_dir_fd.0, &dst.bytes)
            .map_err(|e| two(vm, e, &src.object, &dst.object))
    }

    /// Rename a file or directory, overwriting the destination.
    #[pyfunction(sig = "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)")]
    fn replace(
        vm: &Vm,
        src: Path,
        dst: Path,
        src_dir_fd: DirFd,
        dst_dir_fd: DirFd,
    ) -> PyResult<()> {
        fs::rename(src_dir_fd.0, &src.bytes, dst_dir_fd.0, &dst.bytes)
            .map_err(|e| two(vm, e, &src.object, &dst.object))
    }

    /// Create a hard link to a file.
    #[pyfunction(
        sig = "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None,\n     follow_symlinks=(os.name != 'nt'))"
    )]
    fn link(
        vm: &Vm,
        src: Path,
        dst: Path,
        src_dir_fd: DirFd,
        dst_dir_fd: DirFd,
        follow_symlinks: Option<bool>,
    ) -> PyResult<()> {
        let follow = follow_symlinks.unwrap_or(true);
        fs::link(src_dir_fd.0, &src.bytes, dst_dir_fd.0, &dst.bytes, follow)
            .map_err(|e| two(vm, e, &src.object, &dst.object))
    }

    /// Create a symbolic link pointing to src named dst.
    #[pyfunction(sig = "($module, /, src, dst, target_is_directory=False, *, dir_fd=None)")]
    fn symlink(
        vm: &Vm,
        src: Path,
        dst: Path,
        target_is_directory: bool,
        dir_fd: DirFd,
    ) -> PyResult<()> {
        let _ = target_is_directory;
        fs::symlink(&src.bytes, dir_fd.0, &dst.bytes)
            .map_err(|e| two(vm, e, &src.object, &dst.object))
    }

    /// Return a string representing the path to which the symbolic link points.
    #[pyfunction(sig = "($module, /, path, *, dir_fd=None)")]
    fn readlink(vm: &Vm, path: Path, dir_fd: DirFd) -> PyResult {
        let target = fs::readlink(dir_fd.0, &path.bytes).map_err(|e| path.error(vm, e))?;
        path.name(vm, &target)
    }

    /// Change the access permissions of a file.
    #[pyfunction(
        sig = "($module, /, path, mode, *, dir_fd=None,\n      follow_symlinks=(os.name != 'nt'))"
    )]
    fn chmod(
        vm: &Vm,
        path: PathOrFd,
        mode: i32,
        dir_fd: DirFd,
        follow_symlinks: Option<bool>,
    ) -> PyResult<()> {
        let done = match path.fd {
            Some(fd) => retry(vm, || fs::fchmod(fd, mode as u32))?,
            None => fs::chmod(
                dir_fd.0,
                &path.bytes,
                mode as u32,
                follow_symlinks.unwrap_or(true),
            ),
        };
        done.map_err(|e| path.error(vm, e))
    }

    /// Change the owner and group id of path to the numeric uid and gid.
    #[pyfunction(sig = "($module, /, path, uid, gid, *, dir_fd=None, follow_symlinks=True)")]
    fn chown(
        vm: &Vm,
        path: PathOrFd,
        uid: Uid,
        gid: Gid,
        dir_fd: DirFd,
        follow_symlinks: bool,
    ) -> PyResult<()> {
        fd_and_dir(vm, "chown", &path, dir_fd, follow_symlinks)?;
        let done = match path.fd {
            Some(fd) => retry(vm, || fs::fchown(fd, uid.0, gid.0))?,
            None => fs::chown(dir_fd.0, &path.bytes, uid.0, gid.0, follow_symlinks),
        };
        done.map_err(|e| path.error(vm, e))
    }

    /// Change the owner and group id of path, without following symbolic links.
    #[pyfunction(sig = "($module, /, path, uid, gid)")]
    fn lchown(vm: &Vm, path: Path, uid: Uid, gid: Gid) -> PyResult<()> {
        fs::chown(fs::AT_FDCWD, &path.bytes, uid.0, gid.0, false).map_err(|e| path.error(vm, e))
    }

    /// Create a "fifo" (a POSIX named pipe).
    #[pyfunction(sig = "($module, /, path, mode=438, *, dir_fd=None)")]
    fn mkfifo(vm: &Vm, path: Path, mode: i32, dir_fd: DirFd) -> PyResult<()> {
        retry(vm, || fs::mkfifo(dir_fd.0, &path.bytes, mode as u32))?.map_err(|e| path.error(vm, e))
    }

    /// Create a node in the file system.
    #[pyfunction(sig = "($module, /, path, mode=384, device=0, *, dir_fd=None)")]
    fn mknod(vm: &Vm, path: Path, mode: i32, device: u64, dir_fd: DirFd) -> PyResult<()> {
        retry(vm, || fs::mknod(dir_fd.0, &path.bytes, mode as u32, device))?
            .map_err(|e| path.error(vm, e))
    }

    /// Set the access and modified time of path.
    #[pyfunction(
        sig = "($module, /, path, times=None, *, ns=<unrepresentable>,\n      dir_fd=None, follow_symlinks=True)"
    )]
    fn utime(
        vm: &Vm,
        path: PathOrFd,
        times: Option<&Value>,
        ns: Option<&Value>,
        dir_fd: DirFd,
        follow_symlinks: bool,
    ) -> PyResult<()> {
        let times = times.filter(|t| !vm.is_none(t));
        if times.is_some() && ns.is_some() {
            return Err(
                vm.value_error("utime: you may specify either 'times' or 'ns' but not both")
            );
        }
        let pair = |v: &Value| v.downcast_ref::<Tuple>().cloned().filter(|t| t.len() == 2);
        let (a, m) = match (times, ns) {
            (Some(t), _) => {
                let Some(t) = pair(t) else {
                    return Err(
                        vm.type_error("utime: 'times' must be either a tuple of two ints or None")
                    );
                };
                let [a, m] = t.as_slice() else {
                    return Ok(());
                };
                (FileTime::At(seconds(vm, a)?), FileTime::At(seconds(vm, m)?))
            }
            (None, Some(t)) => {
                let Some(t) = pair(t) else {
                    return Err(vm.type_error("utime: 'ns' must be a tuple of two ints"));
                };
                let [a, m] = t.as_slice() else {
                    return Ok(());
                };
                (
                    FileTime::At(nanoseconds(vm, a)?),
                    FileTime::At(nanoseconds(vm, m)?),
                )
            }
            (None, None) => (FileTime::Now, FileTime::Now),
        };
        fd_and_dir(vm, "utime", &path, dir_fd, follow_symlinks)?;
        let done = match path.fd {
            Some(fd) => fs::futime(fd, a, m),
            None => fs::utime(dir_fd.0, &path.bytes, a, m, follow_symlinks),
        };
        done.map_err(|e| path.error(vm, e))
    }

    /// Truncate a file, specified by path, to a specific length.
    #[pyfunction(sig = "($module, /, path, length)")]
    fn truncate(vm: &Vm, path: PathOrFd, length: &Value) -> PyResult<()> {
        let length = util::offset(vm, length)?;
        let done = match path.fd {
            Some(fd) => retry(vm, || fs::ftruncate(fd, length))?,
            None => util::blocking(vm, || fs::truncate(&path.bytes, length)),
        };
        done.map_err(|e| path.error(vm, e))
    }

    /// Perform a statvfs system call on the given path.
    #[pyfunction(sig = "($module, /, path)")]
    fn statvfs(vm: &Vm, path: PathOrFd) -> PyResult<Ref<Tuple>> {
        let st = match path.fd {
            Some(-1) => Err(Errno(14)),
            Some(fd) => fs::fstatvfs(fd),
            None => fs::statvfs(&path.bytes),
        };
        statvfs_result(vm, &st.map_err(|e| path.error(vm, e))?)
    }

    /// Return a list containing the names of the files in the directory.
    #[pyfunction(sig = "($module, /, path=None)")]
    fn listdir(vm: &Vm, path: PathFdNone) -> PyResult<Vec<Value>> {
        let opened = util::blocking(vm, || match path.fd {
            Some(fd) if fd != -1 => fs::Dir::of_fd(fd),
            Some(_) => fs::Dir::open(b"."),
            None => fs::Dir::open(&path.bytes),
        });
        let error = |e| match path.fd {
            Some(_) => util::os_error(vm, e),
            None => path.error(vm, e),
        };
        let mut dir = opened.map_err(error)?;
        let mut names = Vec::new();
        while let Some(entry) = util::blocking(vm, || dir.next_entry()).map_err(error)? {
            names.push(path.name(vm, &entry.name)?);
        }
        Ok(names)
    }

    /// Change the current working directory to the specified path.
    #[pyfunction(sig = "($module, /, path)")]
    fn chdir(vm: &Vm, path: PathOrFd) -> PyResult<()> {
        let done = match path.fd {
            Some(-1) => Err(Errno(14)),
            Some(fd) => env::fchdir(fd),
            None => env::chdir(&path.bytes),
        };
        done.map_err(|e| path.error(vm, e))
    }

    /// Change root directory to path.
    #[pyfunction(sig = "($module, /, path)")]
    fn chroot(vm: &Vm, path: Path) -> PyResult<()> {
        env::chroot(&path.bytes).map_err(|e| path.error(vm, e))
    }

    /// Change to the directory of the given file descriptor.
    #[pyfunction(sig = "($module, /, fd)")]
    fn fchdir(vm: &Vm, fd: taipan_object::convert::Fd) -> PyResult<()> {
        call(vm, || env::fchdir(fd.0))
    }

    /// Return a unicode string representing the current working directory.
    #[pyfunction(sig = "($module, /)")]
    fn getcwd(vm: &Vm) -> PyResult<Ref<Str>> {
        let cwd = util::done(vm, env::cwd())?;
        fs_text(vm, &cwd)
    }

    /// Return a bytes string representing the current working directory.
    #[pyfunction(sig = "($module, /)")]
    fn getcwdb(vm: &Vm) -> PyResult<Ref<Bytes>> {
        let cwd = util::done(vm, env::cwd())?;
        vm.new_bytes(&cwd)
    }

    /// Return the file system path representation of the object.
    #[pyfunction(sig = "($module, /, path)")]
    fn fspath(vm: &Vm, path: &Value) -> PyResult {
        util::fspath(vm, path)
    }

    /// Normalize path, eliminating double slashes, etc.
    #[pyfunction(sig = "($module, /, path)")]
    fn _path_normpath(vm: &Vm, path: AnyPath) -> PyResult {
        path.name(vm, &normalize(&path.bytes))
    }

    /// Split a path into a tuple of drive, root and rest.
    #[pyfunction(sig = "($module, /, p)")]
    fn _path_splitroot_ex(vm: &Vm, p: AnyPath) -> PyResult<(Value, Value, Value)> {
        let slashes = p.bytes.iter().take_while(|b| **b == b'/').count();
        // Exactly two leading slashes mean something else than one.
        let root = match slashes {
            0 => 0,
            2 => 2,
            _ => 1,
        };
        let (root, rest) = p.bytes.split_at(root);
        Ok((p.name(vm, b"")?, p.name(vm, root)?, p.name(vm, rest)?))
    }
}

fn normalize(path: &[u8]) -> Vec<u8> {
    let slashes = path.iter().take_while(|b| **b == b'/').count();
    let root = match slashes {
        0 => 0,
        2 => 2,
        _ => 1,
    };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(last) if *last != b".." => {
                    parts.pop();
                }
                None if root > 0 => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    let mut out = vec![b'/'; root];
    out.extend_from_slice(&parts.join(&b'/'));
    if out.is_empty() {
        out.push(b'.');
    }
    out
}
