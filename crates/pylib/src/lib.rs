//! The Python half of the standard library, packed into the executable by the build script.
//!
//! It knows nothing of the interpreter: it gives files by name. `taipan` unpacks them into a directory once, so that
//! tracebacks, `inspect` and `.pyc` caches work as with any installation. The modules that every start needs are there as
//! compiled code as well ([`FROZEN`]).

/// Names the contents of the archive: sixteen hexadecimal digits.
pub const HASH: &str = env!("TAIPAN_LIBRARY_HASH");

static ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.bin"));

/// The code of the frozen modules: an image as `taipan_bytecode::image` reads it.
pub static FROZEN_CODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/frozen.bin"));

/// The frozen modules: those that CPython freezes, under the same names.
pub static FROZEN: &[Frozen] = include!(concat!(env!("OUT_DIR"), "/frozen.rs"));

/// A module whose code was compiled when this crate was built.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a package.
    pub package: bool,
    /// The library's module that it was made of, if any; `<` stands before a package whose `__init__` it is.
    pub origname: Option<&'static str>,
    /// Which code object of [`FROZEN_CODE`] is the module's.
    pub code: u32,
}

/// A file of the library.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Path relative to the library's directory, with slashes.
    pub name: &'static str,
    packed: &'static [u8],
    length: usize,
}

impl File {
    /// The number of its bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The contents; `None` when there is no memory.
    pub fn contents(&self) -> Option<Vec<u8>> {
        miniz_oxide::inflate::decompress_to_vec_with_limit(self.packed, self.length).ok()
    }
}

struct Reader {
    rest: &'static [u8],
}

impl Reader {
    fn take(&mut self, n: usize) -> Option<&'static [u8]> {
        let (head, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(head)
    }

    fn u16(&mut self) -> Option<usize> {
        Some(usize::from(u16::from_le_bytes(
            self.take(2)?.try_into().ok()?,
        )))
    }

    fn u32(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?) as usize)
    }
}

fn read_index() -> Option<Vec<File>> {
    let mut r = Reader { rest: ARCHIVE };
    let count = r.u32()?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let n = r.u16()?;
        let name = std::str::from_utf8(r.take(n)?).ok()?;
        entries.push((name, r.u32()?, r.u32()?, r.u32()?));
    }
    let data = r.rest;
    entries
        .into_iter()
        .map(|(name, at, packed, length)| {
            Some(File {
                name,
                packed: data.get(at..at.checked_add(packed)?)?,
                length,
            })
        })
        .collect()
}

/// All files, in order of their names.
pub fn files() -> Vec<File> {
    read_index().unwrap_or_default()
}

/// The file of this name.
pub fn find(name: &str) -> Option<File> {
    files().into_iter().find(|f| f.name == name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn has_the_library() {
        let files = super::files();
        assert!(files.len() > 500);
        let os = super::find("os.py")
            .and_then(|f| f.contents())
            .expect("os.py is there");
        assert!(os.starts_with(b"r\"\"\"OS routines"));
        assert!(super::find("_pycodecs.py").is_none());
        for f in files {
            let contents = f.contents().expect("every file unpacks");
            if f.name.ends_with(".py") {
                let text = String::from_utf8_lossy(&contents);
                assert!(!text.contains("RUSTPYTHON"), "{}", f.name);
            }
        }
    }
}
