//! `cargo xtask hostile`: damaged input for the real executable, in batches of `tests/tools/hostile.py`. Exceptions are
//! fine; a process that ends in any other way than by itself is a failure, and the input is named.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::generate::root;
use crate::tools::{default_taipan, option};

/// Inputs that one process gets.
const BATCH: u64 = 250;

const HELP: &str = "\
cargo xtask hostile [--taipan PROGRAM] [--count N] [--seed TEXT] [bytes|pyc]...

Tries N inputs of each kind (10,000 by default): random bytes, and compiled programs with changed bytes, which are
executed if they are accepted.
";

/// What became of a batch.
enum End {
    /// All inputs were tried.
    Done,
    /// The process ended in the middle of this input.
    Died(u64, String),
}

fn batch(taipan: &Path, kind: &str, seed: &str, start: u64, count: u64) -> std::io::Result<End> {
    let mut child = Command::new(taipan)
        .arg(root().join("tests/tools/hostile.py"))
        .args([kind, seed, &start.to_string(), &count.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut last = start;
    let mut done = false;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).split(b'\n') {
            let line = line?;
            match std::str::from_utf8(&line) {
                Ok("done") => done = true,
                // Programs that run may print as well.
                Ok(text) => last = text.parse().unwrap_or(last),
                Err(_) => {}
            }
        }
    }
    let status = child.wait()?;
    Ok(if done {
        End::Done
    } else {
        End::Died(last, status.to_string())
    })
}

/// Runs the command.
pub fn run(args: &[String]) -> ExitCode {
    if args.iter().any(|a| a == "--help" || a == "-h") {
        eprint!("{HELP}");
        return ExitCode::from(2);
    }
    let taipan = default_taipan(args);
    let count: u64 = option(args, "--count")
        .and_then(|n| n.parse().ok())
        .unwrap_or(10_000);
    let seed = option(args, "--seed").unwrap_or("1");
    let named: Vec<&str> = ["bytes", "pyc"]
        .into_iter()
        .filter(|kind| args.iter().any(|a| a == kind))
        .collect();
    let kinds = if named.is_empty() {
        vec!["bytes", "pyc"]
    } else {
        named
    };
    let mut failures = 0;
    for kind in kinds {
        let mut next = 0;
        while next < count {
            let size = BATCH.min(count - next);
            match batch(&taipan, kind, seed, next, size) {
                Ok(End::Done) => next += size,
                Ok(End::Died(number, status)) => {
                    failures += 1;
                    println!("{kind} {number} (seed {seed}): {status}");
                    next = number + 1;
                }
                Err(e) => {
                    eprintln!("{}: {e}", taipan.display());
                    return ExitCode::from(2);
                }
            }
        }
        println!("{kind}: {count} inputs tried");
    }
    println!("{failures} inputs ended the process");
    ExitCode::from(u8::from(failures > 0))
}
