//! `cargo xtask parity`: the front end of this project and CPython's side by side, over whole libraries. Both run
//! `tests/tools/stages.py`; lines that differ are printed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::generate::root;
use crate::tools::{default_taipan, option};

const HELP: &str = "\
cargo xtask parity [--reference PYTHON] [--taipan PROGRAM] [--stages tokens,ast,ast1,ast2,types,code,code1,code2,single,eval,marshal,errors] PATH...

Compares what the two make of each .py file at or below the paths. PYTHON is python3.14 by default, PROGRAM the release
build. Ends with 1 if anything differs.
";

const STAGES: &str = "tokens,ast,code,errors";

fn collect(path: &Path, out: &mut Vec<PathBuf>) {
    let Ok(meta) = std::fs::metadata(path) else {
        return;
    };
    if meta.is_file() {
        out.push(path.to_path_buf());
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "py") {
            out.push(path);
        }
    }
}

/// The lines that a Python prints for a stage.
fn lines(python: &Path, stage: &str, listing: &Path) -> std::io::Result<Vec<String>> {
    let out = Command::new(python)
        .arg(root().join("tests/tools/stages.py"))
        .args([stage.as_ref(), listing.as_os_str()])
        .output()?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        eprintln!("{}: {}\n{said}", python.display(), out.status);
    }
    let text = String::from_utf8_lossy(&out.stdout);
    Ok(text.lines().map(str::to_owned).collect())
}

fn compare(args: &[String]) -> std::io::Result<usize> {
    let taipan = default_taipan(args);
    let reference = PathBuf::from(option(args, "--reference").unwrap_or("python3.14"));
    let stages = option(args, "--stages").unwrap_or(STAGES);
    let mut files = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--reference" | "--taipan" | "--stages" => drop(rest.next()),
            path => collect(Path::new(path), &mut files),
        }
    }
    files.sort();
    let listing = std::env::temp_dir().join(format!("taipan-parity-{}", std::process::id()));
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    std::fs::write(&listing, names.join("\n"))?;
    let mut different = 0;
    for stage in stages.split(',') {
        let (a, b) = (
            lines(&reference, stage, &listing)?,
            lines(&taipan, stage, &listing)?,
        );
        let mut here = 0;
        for (i, name) in names.iter().enumerate() {
            if a.get(i) != b.get(i) {
                here += 1;
                println!("{stage}: {name}");
            }
        }
        println!("{stage}: {here} of {} files differ", names.len());
        different += here;
    }
    std::fs::remove_file(&listing)?;
    Ok(different)
}

/// Runs the command.
pub fn run(args: &[String]) -> ExitCode {
    if args.is_empty() || args.iter().any(|a| a == "--help" || a == "-h") {
        eprint!("{HELP}");
        return ExitCode::from(2);
    }
    match compare(args) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(e) => {
            eprintln!("{e}");
            ExitCode::from(2)
        }
    }
}
