//! What the commands that run the interpreter share: where things are, and options.

use std::path::PathBuf;

use crate::generate::root;

/// The word after an option.
pub fn option<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|a| a == name)?;
    args.get(at + 1).map(String::as_str)
}

/// The executable that `--taipan` names, or the release build.
pub fn default_taipan(args: &[String]) -> PathBuf {
    match option(args, "--taipan") {
        Some(path) => path.into(),
        None => std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root().join("target"), PathBuf::from)
            .join("release/taipan"),
    }
}
