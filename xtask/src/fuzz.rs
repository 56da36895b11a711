//! `cargo xtask fuzz`: the targets of `fuzz/` under libFuzzer. The instrumentation is LLVM's own, asked for by compiler
//! flags, so that a stable compiler does.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::generate::root;
use crate::tools::option;

const HELP: &str = "\
cargo xtask fuzz TARGET [--minutes N] [--minimize]

Runs tokenizer, parser, compiler, marshal or verifier for N minutes (1 by default), or until an input breaks it, which is
then left in the target directory and named. Seeds are fuzz/corpus/TARGET, and what earlier runs found. --minimize puts
the smallest set of inputs that covers as much into fuzz/corpus/TARGET. Needs a C++ compiler.
";

const TARGETS: [&str; 5] = ["tokenizer", "parser", "compiler", "marshal", "verifier"];

const RUSTFLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    -Ccodegen-units=1";

/// Inputs longer than this find little that shorter ones do not.
const MAX_LENGTH: &str = "2048";

/// The triple of this machine. It is named so that the flags stay away from build scripts.
fn host() -> std::io::Result<String> {
    let out = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8_lossy(&out.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| std::io::Error::other("rustc does not name its host"))
}

fn build(target: &str, folder: &Path) -> std::io::Result<Option<PathBuf>> {
    let host = host()?;
    let status = Command::new("cargo")
        .current_dir(root().join("fuzz"))
        .args(["build", "--release", "--target", &host, "--bin", target])
        .env("RUSTFLAGS", RUSTFLAGS)
        .env("CARGO_TARGET_DIR", folder)
        .status()?;
    Ok(status
        .success()
        .then(|| folder.join(host).join("release").join(target)))
}

fn fuzz(target: &str, args: &[String]) -> std::io::Result<ExitCode> {
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join("fuzz");
    let Some(program) = build(target, &folder)? else {
        return Ok(ExitCode::from(2));
    };
    let found = folder.join("corpus").join(target);
    let seeds = root().join("fuzz/corpus").join(target);
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&seeds)?;
    let mut command = Command::new(program);
    command.arg(format!("-max_len={MAX_LENGTH}"));
    if args.iter().any(|arg| arg == "--minimize") {
        let all = folder.join("merge").join(target);
        if all.exists() {
            std::fs::remove_dir_all(&all)?;
        }
        std::fs::create_dir_all(&all)?;
        let status = command
            .arg("-merge=1")
            .args([&all, &seeds, &found])
            .status()?;
        if status.success() {
            std::fs::remove_dir_all(&seeds)?;
            std::fs::create_dir_all(&seeds)?;
            for entry in std::fs::read_dir(&all)? {
                let entry = entry?;
                std::fs::copy(entry.path(), seeds.join(entry.file_name()))?;
            }
        }
        return Ok(ExitCode::from(u8::from(!status.success())));
    }
    let minutes: u64 = option(args, "--minutes")
        .and_then(|n| n.parse().ok())
        .unwrap_or(1);
    let status = command
        .arg(format!("-max_total_time={}", minutes * 60))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/{target}-", folder.display()))
        .arg(format!(
            "-dict={}",
            root().join("fuzz/python.dict").display()
        ))
        .args([found, seeds])
        .status()?;
    Ok(ExitCode::from(u8::from(!status.success())))
}

/// Runs the command.
pub fn run(args: &[String]) -> ExitCode {
    let target = args.first().map_or("", String::as_str);
    if !TARGETS.contains(&target) {
        eprint!("{HELP}");
        return ExitCode::from(2);
    }
    match fuzz(target, args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fuzz: {error}");
            ExitCode::from(2)
        }
    }
}
