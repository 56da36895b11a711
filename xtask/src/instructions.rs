//! `cargo xtask instructions`: how many machine instructions small operations take, compared with the committed table.
//!
//! Times vary by tens of percents on a shared machine; these counts hardly do. What remains is the choice that the C library
//! and `memchr` make by the processor, and how the compiler divides a crate into units. Two clean builds of the same source in
//! different folders gave counts within 1 % of each other, so that TOLERANCE (and SLACK, for operations of a few
//! instructions) leaves room for other machines, and a real regression of a twentieth does not hide in it.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

use crate::generate::root;
use crate::step;
use crate::tools::{default_taipan, option};

/// By which share of the committed count an operation may grow.
const TOLERANCE: f64 = 0.05;

/// How many instructions it may grow in any case.
const SLACK: f64 = 4.0;

const TABLE: &str = "benches/instructions.txt";

const HELP: &str = "\
cargo xtask instructions [--taipan PATH] [--write]

Runs the operations of benches/instructions.py on a plain release build (`cargo build --release`), one instruction at a
time, and compares the counts with those of benches/instructions.txt. Fails if one of them grew by more than the
tolerance. --write renews the table. Linux on x86-64 only; `benches/instructions.py` compares with CPython.
";

/// Runs the command.
pub fn run(args: &[String]) -> ExitCode {
    if args.iter().any(|a| a == "--help" || a == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match check(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!(
                "next: find out with callgrind what grew; if the growth is worth it, say why in the commit that runs \
                 `cargo xtask instructions --write`"
            );
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("instructions: {e}");
            ExitCode::FAILURE
        }
    }
}

fn check(args: &[String]) -> Result<bool, String> {
    let taipan = default_taipan(args);
    let counts = match measure(&taipan.display().to_string()) {
        Ok(counts) => counts,
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
            eprintln!("instructions: programs cannot be traced here ({e}); nothing was compared");
            return Ok(true);
        }
        Err(e) => return Err(format!("{}: {e}", taipan.display())),
    };
    let path = root().join(option(args, "--table").unwrap_or(TABLE));
    if args.iter().any(|a| a == "--write") {
        let text: String = counts
            .iter()
            .map(|(n, c)| format!("{c:9.1}  {n}\n"))
            .collect();
        return std::fs::write(&path, text)
            .map(|()| true)
            .map_err(|e| format!("{}: {e}", path.display()));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let known: BTreeMap<&str, f64> = text
        .lines()
        .filter_map(|line| {
            let (count, name) = line.trim().split_once("  ")?;
            Some((name, count.parse().ok()?))
        })
        .collect();
    let (mut grown, mut shrunk) = (0, 0);
    for (name, now) in &counts {
        let Some(&before) = known.get(name.as_str()) else {
            return Err(format!("{name} is not in {TABLE}; renew it with --write"));
        };
        let allowed = SLACK.max(before * TOLERANCE);
        if *now > before + allowed {
            println!("{name}: {before:.0} instructions before, {now:.0} now");
            grown += 1;
        }
        shrunk += usize::from(*now < before - allowed);
    }
    println!(
        "{} operations: {grown} need more instructions than {TABLE} says, {shrunk} fewer",
        counts.len()
    );
    Ok(grown == 0)
}

/// The instructions of one execution of each operation, by name, in the order of the program.
fn measure(taipan: &str) -> std::io::Result<Vec<(String, f64)>> {
    let script = root().join("benches/instructions.py");
    let program = Command::new(taipan).arg(&script).arg("--marked").output()?;
    if !program.status.success() {
        let text = String::from_utf8_lossy(&program.stderr).into_owned();
        return Err(std::io::Error::other(text));
    }
    let text = String::from_utf8_lossy(&program.stdout).into_owned();
    let mut names = Vec::new();
    let (mut short, mut long) = (0.0, 0.0);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# case ") {
            names.push(name.to_owned());
        } else if let Some(lengths) = line.strip_prefix("# lengths ") {
            let mut lengths = lengths.split(' ').filter_map(|n| n.parse().ok());
            (short, long) = (lengths.next().unwrap_or(0.0), lengths.next().unwrap_or(1.0));
        }
    }
    let path = std::env::temp_dir().join(format!("taipan-instructions-{}.py", std::process::id()));
    std::fs::write(&path, &text)?;
    let counts = step::count(
        Command::new(taipan)
            .arg("-S")
            .arg(&path)
            .env("PYTHONHASHSEED", "0"),
    );
    let _ = std::fs::remove_file(&path);
    let counts = counts?;
    if counts.len() != 2 * names.len() {
        return Err(std::io::Error::other(format!(
            "{} counts for {} operations",
            counts.len(),
            names.len()
        )));
    }
    let pairs = counts.chunks_exact(2);
    Ok(names
        .into_iter()
        .zip(pairs.map(|p| (p[1] as f64 - p[0] as f64) / (long - short)))
        .collect())
}
