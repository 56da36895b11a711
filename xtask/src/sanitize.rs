//! `cargo xtask sanitize`: `cargo test` with every unsafe block under AddressSanitizer. Miri needs a nightly compiler; the
//! sanitizer's runtime comes with the stable one, whose flag for it has to be unlocked.

use std::process::{Command, ExitCode};

use crate::generate::root;

/// The target is named so that build scripts and macros, which run in the compiler, stay without the sanitizer.
const TARGET: &str = "x86_64-unknown-linux-gnu";

const HELP: &str = "\
cargo xtask sanitize [ARGUMENTS OF CARGO TEST]

Runs `cargo test` (everything, or what the arguments name: `-p taipan-object`, `-p taipan-cli --test behaviour`) in a
build for AddressSanitizer, in which no object shares a page with others: use after free, reads and writes outside of an
allocation, and stack overflows end the test. Its files are in target/sanitize. Linux on x86-64 only.
";

/// Runs the command.
pub fn run(args: &[String]) -> ExitCode {
    if args.iter().any(|a| a == "--help" || a == "-h") {
        eprint!("{HELP}");
        return ExitCode::from(2);
    }
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(root())
        .arg("test")
        .args(["--target", TARGET, "--target-dir"])
        .arg(root().join("target/sanitize"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env(
            "RUSTFLAGS",
            "-Zsanitizer=address --cfg taipan_plain_heap -Cforce-frame-pointers=yes",
        )
        // The end of a process frees nothing, so leaks tell nothing.
        .env("ASAN_OPTIONS", "detect_leaks=0:allocator_may_return_null=1");
    match args {
        [] => command.args(["--workspace", "--exclude", "xtask", "--no-fail-fast"]),
        _ => command.args(args),
    };
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => {
            eprintln!(
                "next: read the first report above; one test runs again with `cargo xtask sanitize -p PACKAGE NAME`"
            );
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("cargo could not be started: {e}");
            ExitCode::FAILURE
        }
    }
}
