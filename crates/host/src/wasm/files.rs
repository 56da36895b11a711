//! Files where there is no operating system: in memory. What each call means is told in `unix/fs.rs`.
//!
//! Descriptors 0 to 2 and the library's files are the embedder's: see `embedder`. All else a program writes is kept in a
//! tree that is lost with the memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::embedder;
use crate::types::{DirEntry, FileTime, FileType, Stat};
use crate::{Errno, Fd, Result};

const O_ACCMODE: i32 = 3;
const O_CREAT: i32 = 0o100;
const O_EXCL: i32 = 0o200;
const O_TRUNC: i32 = 0o1000;
const O_APPEND: i32 = 0o2000;

/// Where the library's files are.
pub const LIBRARY: &[u8] = b"/lib/python3.14/";

/// When all files were changed, in nanoseconds.
const TIME: i128 = 1_767_225_600_000_000_000;

type Contents = Arc<Mutex<Vec<u8>>>;

enum Node {
    Directory,
    File(Contents),
    /// A file of the library that was not read yet, of this size.
    Library(usize),
}

struct Open {
    contents: Contents,
    position: usize,
    flags: i32,
    number: u64,
}

struct Files {
    nodes: BTreeMap<Vec<u8>, Node>,
    open: Vec<Option<Open>>,
    directory: Vec<u8>,
}

static FILES: Mutex<Files> = Mutex::new(Files {
    nodes: BTreeMap::new(),
    open: Vec::new(),
    directory: Vec::new(),
});

fn files() -> MutexGuard<'static, Files> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn contents_of(contents: &Contents) -> MutexGuard<'_, Vec<u8>> {
    contents.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the library's files known: a line for each, with its name and, behind a blank, its size.
pub fn set_library(index: &str) {
    let mut files = files();
    for line in index.lines() {
        let Some((name, size)) = line.rsplit_once(' ') else {
            continue;
        };
        let size = size.parse().unwrap_or(0);
        let path = [LIBRARY, name.as_bytes()].concat();
        files.make_parents(&path);
        files.nodes.insert(path, Node::Library(size));
    }
}

/// Puts a file into the tree.
pub fn put(path: &[u8], contents: &[u8]) {
    let mut files = files();
    let path = files.absolute(path);
    files.make_parents(&path);
    let contents = Arc::new(Mutex::new(contents.to_vec()));
    files.nodes.insert(path, Node::File(contents));
}

impl Files {
    /// An absolute path without `.`, `..` and doubled slashes.
    fn absolute(&self, path: &[u8]) -> Vec<u8> {
        let mut parts: Vec<&[u8]> = Vec::new();
        if !path.starts_with(b"/") {
            parts.extend(self.directory.split(|&b| b == b'/'));
        }
        parts.extend(path.split(|&b| b == b'/'));
        let mut out: Vec<&[u8]> = Vec::new();
        for part in parts {
            match part {
                b"" | b"." => {}
                b".." => {
                    out.pop();
                }
                _ => out.push(part),
            }
        }
        let mut path = Vec::new();
        for part in out {
            path.push(b'/');
            path.extend_from_slice(part);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        path
    }

    fn make_parents(&mut self, path: &[u8]) {
        for (i, _) in path.iter().enumerate().filter(|(_, b)| **b == b'/') {
            let parent = if i == 0 { b"/" } else { &path[..i] };
            if !self.nodes.contains_key(parent) {
                self.nodes.insert(parent.to_vec(), Node::Directory);
            }
        }
    }

    fn has_parent(&self, path: &[u8]) -> bool {
        let cut = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
        cut == 0 || matches!(self.nodes.get(&path[..cut]), Some(Node::Directory))
    }

    fn stat(&self, path: &[u8]) -> Result<Stat> {
        if path == b"/" {
            return Ok(status(0o040_755, 0, 1));
        }
        let (at, node) = self.nodes.get_key_value(path).ok_or(Errno::ENOENT)?;
        let (mode, size) = match node {
            Node::Directory => (0o040_755, 0),
            Node::File(contents) => (0o100_644, contents_of(contents).len()),
            Node::Library(size) => (0o100_644, *size),
        };
        Ok(status(mode, size, number_of(at)))
    }

    fn at(&mut self, fd: Fd) -> Result<&mut Open> {
        let i = usize::try_from(fd - 3).map_err(|_| Errno::EBADF)?;
        self.open
            .get_mut(i)
            .and_then(Option::as_mut)
            .ok_or(Errno::EBADF)
    }

    fn add(&mut self, open: Open) -> Fd {
        let i = match self.open.iter().position(Option::is_none) {
            Some(i) => i,
            None => {
                self.open.push(None);
                self.open.len() - 1
            }
        };
        self.open[i] = Some(open);
        i as Fd + 3
    }
}

/// The number of a file: from its path.
fn number_of(path: &[u8]) -> u64 {
    path.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3) & 0x7fff_ffff_ffff
    })
}

fn status(mode: u32, size: usize, ino: u64) -> Stat {
    Stat {
        mode,
        ino,
        dev: 1,
        nlink: 1,
        size: size as i64,
        atime_ns: TIME,
        mtime_ns: TIME,
        ctime_ns: TIME,
        blksize: 4096,
        blocks: size.div_ceil(512) as i64,
        ..Stat::default()
    }
}

/// The entries of a directory.
pub(super) fn list(path: &[u8]) -> Result<Vec<DirEntry>> {
    let files = files();
    let mut path = files.absolute(path);
    match files.nodes.get(&path) {
        _ if path == b"/" => {}
        Some(Node::Directory) => path.push(b'/'),
        Some(_) => return Err(Errno::ENOTDIR),
        None => return Err(Errno::ENOENT),
    }
    let mut out = Vec::new();
    for (name, node) in files.nodes.range(path.clone()..) {
        let Some(rest) = name.strip_prefix(&path[..]) else {
            break;
        };
        if rest.is_empty() || rest.contains(&b'/') {
            continue;
        }
        out.push(DirEntry {
            name: rest.to_vec(),
            ino: number_of(name),
            kind: match node {
                Node::Directory => FileType::Dir,
                _ => FileType::File,
            },
        });
    }
    Ok(out)
}

/// The working directory.
pub fn cwd() -> Result<Vec<u8>> {
    let files = files();
    Ok(files.absolute(b""))
}

/// Changes the working directory.
pub fn chdir(path: &[u8]) -> Result<()> {
    let mut files = files();
    let path = files.absolute(path);
    if files.stat(&path)?.mode & 0o040_000 == 0 {
        return Err(Errno::ENOTDIR);
    }
    files.directory = path;
    Ok(())
}

/// Opens `path`.
pub fn open(_dir: Fd, path: &[u8], flags: i32, _mode: u32) -> Result<Fd> {
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    let mut files = files();
    let path = files.absolute(path);
    let number = number_of(&path);
    if path == b"/" {
        return Err(Errno::EISDIR);
    }
    let contents = match files.nodes.get(&path) {
        Some(Node::Directory) => return Err(Errno::EISDIR),
        Some(_) if flags & O_CREAT != 0 && flags & O_EXCL != 0 => return Err(Errno::EEXIST),
        Some(Node::File(contents)) => contents.clone(),
        Some(Node::Library(size)) => {
            let name = path.get(LIBRARY.len()..).unwrap_or_default();
            let mut bytes = vec![0; *size];
            if !embedder::read_library(name, &mut bytes) {
                return Err(Errno::EIO);
            }
            let contents = Arc::new(Mutex::new(bytes));
            // The library is read once and not kept: what is made of it is.
            if flags & O_ACCMODE != 0 {
                files.nodes.insert(path, Node::File(contents.clone()));
            }
            contents
        }
        None if flags & O_CREAT != 0 => {
            if !files.has_parent(&path) {
                return Err(Errno::ENOENT);
            }
            let contents = Arc::new(Mutex::new(Vec::new()));
            files.nodes.insert(path, Node::File(contents.clone()));
            contents
        }
        None => return Err(Errno::ENOENT),
    };
    if flags & O_TRUNC != 0 && flags & O_ACCMODE != 0 {
        contents_of(&contents).clear();
    }
    Ok(files.add(Open {
        contents,
        position: 0,
        flags,
        number,
    }))
}

/// Closes `fd`.
pub fn close(fd: Fd) -> Result<()> {
    if (0..3).contains(&fd) {
        return Ok(());
    }
    let mut files = files();
    files.at(fd)?;
    files.open[fd as usize - 3] = None;
    Ok(())
}

/// Reads into `buffer`; 0 is the end of the file.
pub fn read(fd: Fd, buffer: &mut [u8]) -> Result<usize> {
    if fd == 0 {
        return Ok(embedder::input(buffer));
    }
    let mut files = files();
    let open = files.at(fd)?;
    if open.flags & O_ACCMODE == 1 {
        return Err(Errno::EBADF);
    }
    let contents = contents_of(&open.contents);
    let rest = contents.get(open.position..).unwrap_or_default();
    let n = rest.len().min(buffer.len());
    buffer[..n].copy_from_slice(&rest[..n]);
    open.position += n;
    Ok(n)
}

/// Writes all of `data`.
pub fn write(fd: Fd, data: &[u8]) -> Result<usize> {
    if fd == 1 || fd == 2 {
        embedder::output(fd, data);
        return Ok(data.len());
    }
    let mut files = files();
    let open = files.at(fd)?;
    if open.flags & O_ACCMODE == 0 {
        return Err(Errno::EBADF);
    }
    let mut contents = contents_of(&open.contents);
    if open.flags & O_APPEND != 0 {
        open.position = contents.len();
    }
    let end = open.position.checked_add(data.len()).ok_or(Errno::ENOSPC)?;
    if end > contents.len() {
        let more = end - contents.len();
        contents.try_reserve(more).map_err(|_| Errno::ENOSPC)?;
        contents.resize(end, 0);
    }
    contents[open.position..end].copy_from_slice(data);
    open.position = end;
    Ok(data.len())
}

/// Moves the position of `fd`; gives the new one.
pub fn lseek(fd: Fd, offset: i64, whence: i32) -> Result<i64> {
    if (0..3).contains(&fd) {
        return Err(Errno::ESPIPE);
    }
    let mut files = files();
    let open = files.at(fd)?;
    let base = match whence {
        0 => 0,
        1 => open.position as i64,
        2 => contents_of(&open.contents).len() as i64,
        _ => return Err(Errno::EINVAL),
    };
    let to = base.checked_add(offset).filter(|to| *to >= 0);
    let to = to.ok_or(Errno::EINVAL)?;
    open.position = usize::try_from(to).map_err(|_| Errno::EINVAL)?;
    Ok(to)
}

/// Status of an open file.
pub fn fstat(fd: Fd) -> Result<Stat> {
    if (0..3).contains(&fd) {
        // A pipe's.
        return Ok(status(0o010_600, 0, fd as u64 + 2));
    }
    let mut files = files();
    let open = files.at(fd)?;
    let size = contents_of(&open.contents).len();
    Ok(status(0o100_644, size, open.number))
}

/// Status of `path`.
pub fn stat(_dir: Fd, path: &[u8], _follow: bool) -> Result<Stat> {
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    let files = files();
    files.stat(&files.absolute(path))
}

/// Makes a directory.
pub fn mkdir(_dir: Fd, path: &[u8], _mode: u32) -> Result<()> {
    let mut files = files();
    let path = files.absolute(path);
    if path == b"/" || files.nodes.contains_key(&path) {
        return Err(Errno::EEXIST);
    }
    if !files.has_parent(&path) {
        return Err(Errno::ENOENT);
    }
    files.nodes.insert(path, Node::Directory);
    Ok(())
}

/// Removes an empty directory.
pub fn rmdir(_dir: Fd, path: &[u8]) -> Result<()> {
    if !list(path)?.is_empty() {
        return Err(Errno::ENOTEMPTY);
    }
    let mut files = files();
    let path = files.absolute(path);
    files.nodes.remove(&path);
    Ok(())
}

/// Removes a file.
pub fn unlink(_dir: Fd, path: &[u8]) -> Result<()> {
    let mut files = files();
    let path = files.absolute(path);
    match files.nodes.get(&path) {
        None => Err(Errno::ENOENT),
        Some(Node::Directory) => Err(Errno::EISDIR),
        Some(_) => {
            files.nodes.remove(&path);
            Ok(())
        }
    }
}

/// Renames a file, replacing what is there.
pub fn rename(_from_dir: Fd, from: &[u8], _to_dir: Fd, to: &[u8]) -> Result<()> {
    let mut files = files();
    let (from, to) = (files.absolute(from), files.absolute(to));
    if !files.has_parent(&to) {
        return Err(Errno::ENOENT);
    }
    match files.nodes.get(&from) {
        None => return Err(Errno::ENOENT),
        // Moving whole directories is more than this can do.
        Some(Node::Directory) => return Err(Errno::ENOTSUP),
        Some(_) => {}
    }
    if let Some(node) = files.nodes.remove(&from) {
        files.nodes.insert(to, node);
    }
    Ok(())
}

/// Cuts or extends the file at `path`.
pub fn truncate(path: &[u8], length: i64) -> Result<()> {
    let fd = open(super::fs::AT_FDCWD, path, 2, 0)?;
    let result = ftruncate(fd, length);
    close(fd)?;
    result
}

/// Cuts or extends an open file.
pub fn ftruncate(fd: Fd, length: i64) -> Result<()> {
    let length = usize::try_from(length).map_err(|_| Errno::EINVAL)?;
    let mut files = files();
    let open = files.at(fd)?;
    let mut contents = contents_of(&open.contents);
    let more = length.saturating_sub(contents.len());
    contents.try_reserve(more).map_err(|_| Errno::ENOSPC)?;
    contents.resize(length, 0);
    Ok(())
}

/// There is no device to flush to.
pub fn fsync(_fd: Fd) -> Result<()> {
    Ok(())
}

/// There is no device to flush to.
pub fn fdatasync(_fd: Fd) -> Result<()> {
    Ok(())
}

/// Duplicates `fd`, with a position of its own; standard streams stay what they are.
pub fn dup(fd: Fd) -> Result<Fd> {
    let mut files = files();
    let open = files.at(fd)?;
    let copy = Open {
        contents: open.contents.clone(),
        ..*open
    };
    Ok(files.add(copy))
}

/// Nothing is a terminal.
pub fn isatty(_fd: Fd) -> bool {
    false
}

/// There are no other programs.
pub fn get_inheritable(_fd: Fd) -> Result<bool> {
    Ok(false)
}

/// There are no other programs.
pub fn set_inheritable(_fd: Fd, _inheritable: bool) -> Result<()> {
    Ok(())
}

/// Calls do not wait for anything.
pub fn get_blocking(_fd: Fd) -> Result<bool> {
    Ok(true)
}

/// Calls do not wait for anything.
pub fn set_blocking(_fd: Fd, _blocking: bool) -> Result<()> {
    Ok(())
}

/// Permissions are not kept.
pub fn umask(_mask: u32) -> u32 {
    0o022
}

/// Permissions are not kept.
pub fn chmod(dir: Fd, path: &[u8], _mode: u32, follow: bool) -> Result<()> {
    stat(dir, path, follow).map(drop)
}

/// Times are not kept.
pub fn utime(dir: Fd, path: &[u8], _: FileTime, _: FileTime, follow: bool) -> Result<()> {
    stat(dir, path, follow).map(drop)
}

/// Times are not kept.
pub fn futime(fd: Fd, _: FileTime, _: FileTime) -> Result<()> {
    fstat(fd).map(drop)
}

/// Whether there is such a file.
pub fn access(dir: Fd, path: &[u8], _mode: i32, _effective_ids: bool, follow: bool) -> bool {
    stat(dir, path, follow).is_ok()
}

/// The whole file at `path`.
pub fn read_file(path: &[u8]) -> Result<Vec<u8>> {
    let fd = open(super::fs::AT_FDCWD, path, 0, 0)?;
    let result = read_to_end(fd);
    close(fd)?;
    result
}

/// Reads `fd` up to its end.
pub fn read_to_end(fd: Fd) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match read(fd, &mut buffer)? {
            0 => return Ok(out),
            n => out.extend_from_slice(&buffer[..n]),
        }
    }
}

/// Writes all of `data`.
pub fn write_all(fd: Fd, data: &[u8]) -> Result<()> {
    write(fd, data).map(drop)
}

/// Writes a whole file, which is made or replaced.
pub fn write_file(path: &[u8], data: &[u8]) -> Result<()> {
    let fd = open(super::fs::AT_FDCWD, path, 0o1101, 0o666)?;
    let result = write_all(fd, data);
    close(fd)?;
    result
}
