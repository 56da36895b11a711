//! Reading whole files, for source text and the lines that tracebacks show.

use taipan_host::{Errno, Result, fs};

/// The contents of a file.
pub fn read_file(path: &[u8]) -> Result<Vec<u8>> {
    let fd = fs::open(fs::AT_FDCWD, path, 0, 0)?;
    let out = read_all(fd);
    let closed = fs::close(fd);
    let out = out?;
    closed?;
    Ok(out)
}

/// What is left to read from a descriptor.
pub fn read_all(fd: i32) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match fs::read(fd, &mut buffer) {
            Ok(0) => return Ok(out),
            Ok(n) => out.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            Err(e) if e == Errno::EINTR => {}
            Err(e) => return Err(e),
        }
    }
}
