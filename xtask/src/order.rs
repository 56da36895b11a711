//! `cargo xtask order`: which functions a start runs. The build script of the command puts them side by side, so that a
//! start touches few pages of the executable; see `crates/cli/build.rs`.
//!
//! The list has one symbol a line, without what differs from build to build: the hash at the end of a legacy name, and the
//! numbers of crates in a `v0` name (`Cs*_`). It need not be exact. A function that is not in it, or is no more, costs a page.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::generate::root;
use crate::tools::default_taipan;

const HELP: &str = "\
cargo xtask order [--taipan PATH]

Runs `taipan -c pass` under valgrind and writes crates/cli/start.txt. The executable must have its symbols.
";

/// Writes the list.
pub fn run(args: &[String]) -> ExitCode {
    if args.iter().any(|a| a == "--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match write(args) {
        Ok(count) => {
            println!("{count} functions");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("order: {e}");
            ExitCode::FAILURE
        }
    }
}

fn write(args: &[String]) -> Result<usize, String> {
    let profile = std::env::temp_dir().join(format!("taipan-order-{}", std::process::id()));
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--demangle=no"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(default_taipan(args))
        .args(["-c", "pass"])
        .status()
        .map_err(|e| format!("valgrind: {e}"))?;
    let text = std::fs::read_to_string(&profile).map_err(|e| format!("the profile: {e}"))?;
    let _ = std::fs::remove_file(&profile);
    if !status.success() {
        return Err(format!("valgrind: {status}"));
    }
    let own = own_functions(&default_taipan(args))?;
    let names: BTreeSet<String> = text
        .lines()
        .filter_map(function)
        .filter_map(|name| stem(name).or_else(|| own.get(name).cloned()))
        .collect();
    let list: String = names.iter().map(|n| format!("{n}\n")).collect();
    std::fs::write(root().join("crates/cli/start.txt"), list).map_err(|e| e.to_string())?;
    Ok(names.len())
}

/// The functions of the executable: what else is in a profile belongs to the system's libraries.
fn own_functions(taipan: &Path) -> Result<BTreeSet<String>, String> {
    let output = Command::new("nm")
        .arg(taipan)
        .output()
        .map_err(|e| format!("nm: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .filter(|(before, _)| before.ends_with(['t', 'T']))
        .map(|(_, name)| name.to_owned())
        .collect())
}

/// The function that a line of a profile names: `fn=(12) name` or `cfn=(12) name`.
fn function(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("fn=(")
        .or_else(|| line.strip_prefix("cfn=("))?;
    Some(rest.split_once(") ")?.1)
}

/// What stays of a Rust symbol from build to build; `None` for others.
fn stem(name: &str) -> Option<String> {
    // A call within a call is counted apart, as `name'2`.
    let name = name.split('\'').next()?;
    let name = name.split(".llvm.").next()?;
    if name.starts_with("_ZN") {
        let at = name.rfind("17h")?;
        return Some(name.get(..at + 3)?.to_owned());
    }
    let mut rest = name.strip_prefix("_R")?;
    let mut out = String::from("_R");
    while let Some((before, after)) = rest.split_once("Cs") {
        let (_, tail) = after.split_once('_')?;
        out.push_str(before);
        out.push_str("Cs*_");
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems() {
        let f = function("cfn=(3) _ZN9taipan_vm4eval3run17hfe6aae875f0c7d3cE.llvm.44584'2");
        assert_eq!(
            f.and_then(stem).as_deref(),
            Some("_ZN9taipan_vm4eval3run17h")
        );
        let f = function("fn=(8) _RNvNtCsgEmfK2I1SDS_4core3fmt5write");
        assert_eq!(
            f.and_then(stem).as_deref(),
            Some("_RNvNtCs*_4core3fmt5write")
        );
        assert_eq!(function("fn=(8)"), None);
        assert_eq!(stem("malloc"), None);
    }
}
