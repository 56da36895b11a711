//! Where the library is: a directory of the user's, one beside the executable, or the archive in the executable, unpacked
//! once into the user's cache.

use taipan_host::{env, fs};
use taipan_vm::config::Settings;

/// The library's directory below a prefix.
pub const LIBRARY: &str = "lib/python3.14";

fn join(dir: &[u8], name: &str) -> Vec<u8> {
    let mut out = dir.to_vec();
    if !out.ends_with(b"/") && !out.is_empty() {
        out.push(b'/');
    }
    out.extend_from_slice(name.as_bytes());
    out
}

fn exists(path: &[u8]) -> bool {
    fs::stat(fs::AT_FDCWD, path, true).is_ok()
}

fn parent(path: &[u8]) -> Option<&[u8]> {
    let i = path.iter().rposition(|&b| b == b'/')?;
    Some(if i == 0 { b"/" } else { &path[..i] })
}

/// The executable's path, as the system tells it.
pub fn executable() -> Vec<u8> {
    env::current_exe().unwrap_or_default()
}

fn make_directories(path: &[u8]) -> bool {
    if exists(path) {
        return true;
    }
    if let Some(p) = parent(path)
        && p.len() < path.len()
        && !make_directories(p)
    {
        return false;
    }
    fs::mkdir(fs::AT_FDCWD, path, 0o777).is_ok() || exists(path)
}

fn write_file(path: &[u8], contents: &[u8]) -> bool {
    let flags = flags(&["O_WRONLY", "O_CREAT", "O_TRUNC"]);
    let Ok(fd) = fs::open(fs::AT_FDCWD, path, flags, 0o666) else {
        return false;
    };
    let mut rest = contents;
    let mut ok = true;
    while !rest.is_empty() {
        match fs::write(fd, rest) {
            Ok(n) if n > 0 => rest = rest.get(n..).unwrap_or_default(),
            Err(e) if e == taipan_host::Errno::EINTR => {}
            _ => {
                ok = false;
                break;
            }
        }
    }
    fs::close(fd).is_ok() && ok
}

fn flags(names: &[&str]) -> i32 {
    names
        .iter()
        .filter_map(|n| taipan_host::consts::OS.iter().find(|(name, _)| name == n))
        .fold(0, |f, (_, v)| f | *v as i32)
}

/// Unpacks the archive under `prefix`; other processes see all of it or nothing.
fn unpack(prefix: &[u8]) -> bool {
    let mut fresh = prefix.to_vec();
    fresh.extend_from_slice(format!(".{}.new", taipan_host::process::getpid()).as_bytes());
    let library = join(&fresh, LIBRARY);
    if !make_directories(&library) {
        return false;
    }
    let mut last: Vec<u8> = Vec::new();
    for file in taipan_pylib::files() {
        let path = join(&library, file.name);
        let dir = parent(&path).unwrap_or_default();
        if dir != last.as_slice() {
            if !make_directories(dir) {
                return false;
            }
            last = dir.to_vec();
        }
        let Some(contents) = file.contents() else {
            return false;
        };
        if !write_file(&path, &contents) {
            return false;
        }
    }
    if fs::rename(fs::AT_FDCWD, &fresh, fs::AT_FDCWD, prefix).is_err() {
        // Another process was faster.
        remove_tree(&fresh);
    }
    exists(&join(prefix, &format!("{LIBRARY}/os.py")))
}

fn remove_tree(path: &[u8]) {
    if let Ok(mut dir) = fs::Dir::open(path) {
        while let Ok(Some(entry)) = dir.next_entry() {
            if entry.name == b"." || entry.name == b".." {
                continue;
            }
            let mut inner = path.to_vec();
            inner.push(b'/');
            inner.extend_from_slice(&entry.name);
            if fs::unlink(fs::AT_FDCWD, &inner).is_err() {
                remove_tree(&inner);
            }
        }
    }
    // What stays behind is in a cache.
    let _ = fs::rmdir(fs::AT_FDCWD, path);
}

fn cache_prefix() -> Option<Vec<u8>> {
    let base = match env::var(b"XDG_CACHE_HOME").filter(|v| v.starts_with(b"/")) {
        Some(v) => v,
        None => join(&env::var(b"HOME").filter(|v| !v.is_empty())?, ".cache"),
    };
    Some(join(&base, &format!("taipan/{}", taipan_pylib::HASH)))
}

/// The prefix of the unpacked library: in the user's cache, or in a directory for temporary files.
fn unpacked() -> Option<Vec<u8>> {
    let landmark = format!("{LIBRARY}/os.py");
    let mut candidates: Vec<Vec<u8>> = cache_prefix().into_iter().collect();
    let tmp = env::var(b"TMPDIR")
        .filter(|v| !v.is_empty())
        .unwrap_or_else(|| b"/tmp".to_vec());
    candidates.push(join(
        &tmp,
        &format!(
            "taipan-{}/{}",
            taipan_host::process::getuid(),
            taipan_pylib::HASH
        ),
    ));
    if let Some(found) = candidates.iter().find(|c| exists(&join(c, &landmark))) {
        return Some(found.clone());
    }
    candidates
        .into_iter()
        .find(|c| parent(c).is_some_and(make_directories) && unpack(c))
}

/// The value of `key = value` in a `pyvenv.cfg`.
fn venv_home(executable: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let bin = parent(executable)?;
    let prefix = parent(bin)?;
    for dir in [bin, prefix] {
        let Ok(text) = taipan_vm::files::read_file(&join(dir, "pyvenv.cfg")) else {
            continue;
        };
        for line in text.split(|&b| b == b'\n') {
            let Some(i) = line.iter().position(|&b| b == b'=') else {
                continue;
            };
            if line[..i].trim_ascii() == b"home" {
                return Some((dir.to_vec(), line[i + 1..].trim_ascii().to_vec()));
            }
        }
    }
    None
}

/// Fills in the executable, the prefixes and the module search path of `s` (what CPython's getpath computes).
/// `stdlib` is a library directory that the command line names.
pub fn locate(s: &mut Settings, program: &[u8], stdlib: Option<Vec<u8>>) {
    let real = executable();
    s.executable = resolve_program(program).unwrap_or_else(|| real.clone());
    s.base_executable = s.executable.clone();
    let from_env = |name: &[u8]| {
        if s.use_environment {
            env::var(name).filter(|v| !v.is_empty())
        } else {
            None
        }
    };
    let library;
    let prefix;
    if let Some(dir) = stdlib.or_else(|| from_env(b"TAIPAN_LIB")) {
        prefix = parent(&dir).and_then(parent).unwrap_or(b"/").to_vec();
        library = dir;
    } else if let Some(home) = from_env(b"PYTHONHOME") {
        prefix = home
            .split(|&b| b == b':')
            .next()
            .unwrap_or_default()
            .to_vec();
        library = join(&prefix, LIBRARY);
    } else {
        let installed = parent(&real)
            .and_then(parent)
            .filter(|p| exists(&join(p, &format!("{LIBRARY}/os.py"))));
        prefix = match installed {
            Some(p) => p.to_vec(),
            None => unpacked().unwrap_or_default(),
        };
        library = join(&prefix, LIBRARY);
    }
    s.base_prefix = prefix.clone();
    s.base_exec_prefix = prefix.clone();
    s.prefix = prefix.clone();
    s.exec_prefix = prefix.clone();
    if let Some((venv, home)) = venv_home(&s.executable) {
        s.prefix = venv.clone();
        s.exec_prefix = venv;
        let name = s
            .executable
            .rsplit(|&b| b == b'/')
            .next()
            .unwrap_or_default();
        s.base_executable = join(&home, &String::from_utf8_lossy(name));
    }
    let mut path = Vec::new();
    if let Some(extra) = from_env(b"PYTHONPATH") {
        path.extend(extra.split(|&b| b == b':').map(<[u8]>::to_vec));
    }
    path.push(join(&prefix, "lib/python314.zip"));
    path.push(library.clone());
    path.push(join(&library, "lib-dynload"));
    s.stdlib_dir = Some(library);
    s.module_search_paths = path;
}

/// The absolute path of the program as it was called, for `sys.executable`.
fn resolve_program(program: &[u8]) -> Option<Vec<u8>> {
    if program.is_empty() {
        return None;
    }
    if program.starts_with(b"/") {
        return Some(program.to_vec());
    }
    if program.contains(&b'/') {
        let mut out = env::cwd().ok()?;
        out.push(b'/');
        out.extend_from_slice(program.strip_prefix(b"./").unwrap_or(program));
        return Some(out);
    }
    let path = env::var(b"PATH")?;
    path.split(|&b| b == b':')
        .filter(|d| !d.is_empty())
        .find_map(|dir| {
            let mut candidate = dir.to_vec();
            candidate.push(b'/');
            candidate.extend_from_slice(program);
            let status = fs::stat(fs::AT_FDCWD, &candidate, true).ok()?;
            (status.mode & 0o111 != 0 && status.mode & 0o170_000 == 0o100_000).then_some(candidate)
        })
}
