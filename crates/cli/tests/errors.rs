//! Runs the built command over the wrong programs of `tests/errors`: class, message, place, text and warnings must be those
//! that CPython 3.14 gave. The command does the comparison itself, by `tests/tools/errors.py`.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn errors_are_those_of_cpython() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .ancestors()
        .nth(2)
        .expect("the crate lies two levels below the root");
    let done = Command::new(env!("CARGO_BIN_EXE_taipan"))
        .arg("-B")
        .arg(root.join("tests/tools/errors.py"))
        .stdin(Stdio::null())
        .output()
        .expect("the command can be started");
    let said = String::from_utf8_lossy(&done.stdout);
    let failed = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{failed}");
    assert!(said.contains(" programs, 0 differ"), "{said}");
}
