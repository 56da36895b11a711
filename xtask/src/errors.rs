//! `cargo xtask errors` and `cargo xtask mutations`: what wrong programs raise, beside what CPython says. The work is done
//! by `tests/tools/errors.py` (the corpus in `tests/errors`, with CPython's outcomes) and `tests/tools/mutations.py`
//! (damaged files, compiled by both Pythons).

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::generate::root;
use crate::tools::{default_taipan, option};

const HELP_ERRORS: &str = "\
cargo xtask errors [--taipan PROGRAM] [THEME]...
cargo xtask errors --write [--reference PYTHON] [THEME]...

Compares what the wrong programs of tests/errors raise with what CPython raised, or writes the expectations anew. PROGRAM
is the release build, PYTHON is $TAIPAN_REFERENCE or python3.14.
";

const HELP_MUTATIONS: &str = "\
cargo xtask mutations [--reference PYTHON] [--taipan PROGRAM] [OPTION]... PATH...

Drops, doubles and swaps tokens of the files at and below the paths and compares what compiling them raises. The options
are those of tests/tools/mutations.py: --count N, --seed TEXT, --kinds LIST, --jobs N, ...
";

fn reference(args: &[String]) -> OsString {
    match option(args, "--reference") {
        Some(python) => python.into(),
        None => std::env::var_os("TAIPAN_REFERENCE").unwrap_or_else(|| "python3.14".into()),
    }
}

/// The arguments without the options that are handled here.
fn others(args: &[String]) -> Vec<&String> {
    let mut others = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--reference" | "--taipan" => drop(rest.next()),
            "--write" => {}
            _ => others.push(arg),
        }
    }
    others
}

fn python(
    program: impl AsRef<Path>,
    tool: &str,
    options: &[OsString],
    rest: &[String],
) -> ExitCode {
    let program = program.as_ref();
    let status = Command::new(program)
        .arg(root().join("tests/tools").join(tool))
        .args(options)
        .args(others(rest))
        .status();
    match status {
        Ok(status) => ExitCode::from(u8::from(!status.success())),
        Err(e) => {
            eprintln!("{}: {e}", program.display());
            ExitCode::from(2)
        }
    }
}

fn wants_help(args: &[String], help: &str) -> bool {
    let wanted = args.iter().any(|a| a == "--help" || a == "-h");
    if wanted {
        eprint!("{help}");
    }
    wanted
}

/// Runs `errors`.
pub fn run(args: &[String]) -> ExitCode {
    if wants_help(args, HELP_ERRORS) {
        return ExitCode::from(2);
    }
    if args.iter().any(|a| a == "--write") {
        let options = ["--write".into(), "--here".into()];
        return python(reference(args), "errors.py", &options, args);
    }
    python(default_taipan(args), "errors.py", &[], args)
}

/// Runs `mutations`.
pub fn mutations(args: &[String]) -> ExitCode {
    if wants_help(args, HELP_MUTATIONS) {
        return ExitCode::from(2);
    }
    let reference = reference(args);
    let taipan = default_taipan(args).into_os_string();
    let options = [
        "--reference".into(),
        reference.clone(),
        "--py".into(),
        taipan,
    ];
    python(reference, "mutations.py", &options, args)
}
