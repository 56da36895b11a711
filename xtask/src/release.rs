//! `cargo xtask release`: the command as it is meant to be used. An interpreter's speed depends on which of its branches are
//! the usual ones, and only running it tells. So it is built with counters, runs the training programs, and is built again
//! with what was counted, as the makers of CPython's packages do. A plain `cargo build --release` is a fifth slower.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::generate::root;
use crate::profile::Profile;

/// The target is named so that build scripts and macros, which run in the compiler, are built as usual.
const TARGETS: [(&str, &str, &str); 4] = [
    ("x86_64", "linux", "x86_64-unknown-linux-gnu"),
    ("aarch64", "linux", "aarch64-unknown-linux-gnu"),
    ("x86_64", "macos", "x86_64-apple-darwin"),
    ("aarch64", "macos", "aarch64-apple-darwin"),
];

/// The variable that names a list of the functions of a start to the command's build script.
const FUNCTIONS: &str = "TAIPAN_START_FUNCTIONS";

/// The list of the functions that a start runs, beside the counts.
const START: &str = "start.txt";

/// No training program needs longer than a few seconds.
const LIMIT: Duration = Duration::from_secs(120);

/// What the standard library's users import first: the code of the start.
const IMPORTS: &str = "import asyncio, json, re, dataclasses, typing, argparse, logging, unittest";

const HELP: &str = "\
cargo xtask release [--again] [ARGUMENTS OF CARGO BUILD]

Builds target/release/taipan in three steps: with counters; then it runs the programs of benches/programs,
benches/training and tests/behaviour and the small operations of benches/micro.py; then with what was counted (about
twice the time of `cargo build --release`). Further arguments build more in the same way, for example
`-p taipan-compiler --example time_stages`; it is found under target/trained.

  --again        use the counts of the last time: for a build after a small change
";

/// Runs the command.
pub fn run(args: &[String]) -> ExitCode {
    if args.iter().any(|a| a == "--help" || a == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match release(args) {
        Ok(taipan) => {
            println!("{}", taipan.display());
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("release: {e}");
            ExitCode::FAILURE
        }
    }
}

fn release(args: &[String]) -> Result<PathBuf, String> {
    let target = TARGETS
        .iter()
        .find(|t| t.0 == std::env::consts::ARCH && t.1 == std::env::consts::OS)
        .ok_or("training is not set up for this system; use `cargo build --release`")?
        .2;
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir));
    let counts = folder.join("training/counts.profdata");
    let (again, more): (Vec<&String>, Vec<&String>) = args.iter().partition(|a| *a == "--again");
    let place = folder.join("trained");
    if again.is_empty() || !counts.exists() {
        train(target, &folder, &counts)?;
        // Cargo looks at the name of the counts' file alone, and would keep what was built with the last ones.
        if place.exists() {
            std::fs::remove_dir_all(&place).map_err(|e| format!("{}: {e}", place.display()))?;
        }
    }
    eprintln!("release: building with what was counted");
    let counted = format!("-Cprofile-use={}", counts.display());
    // What the training did not run is not to be made small instead of fast: it is rare here, not everywhere. And conditions
    // that mostly hold are not to be found out all together and ahead: an instruction of the interpreter loop that may do the
    // next one's work would look at all kinds of next ones first.
    let mut flags = vec![&*counted, "-Cllvm-args=-pgso=false -enable-chr=false"];
    if target == "x86_64-unknown-linux-gnu" {
        // The command stands at a fixed address (`crates/cli/build.rs`): jumps through tables need not add it.
        flags.push("-Crelocation-model=static");
        // A start need not look for libraries, nor bind to them, and takes only what it uses of them into memory.
        if has_static_library() {
            flags.push("-Ctarget-feature=+crt-static");
        }
    }
    let start = counts.with_file_name(START);
    let map = counts.with_file_name("link.map");
    let link = [(FUNCTIONS, &start), ("TAIPAN_LINK_MAP", &map)];
    build(target, &place, &flags, &["-p", "taipan-cli"], &link)?;
    match crate::layout::script(&place.join(target).join("release/taipan"), &map) {
        Ok(script) => {
            eprintln!("release: linking again, with what a start needs side by side");
            let path = counts.with_file_name("start.ld");
            std::fs::write(&path, script).map_err(|e| format!("{}: {e}", path.display()))?;
            let link = [("TAIPAN_START_SCRIPT", &path)];
            build(target, &place, &flags, &["-p", "taipan-cli"], &link)?;
        }
        Err(e) => eprintln!("release: a start will take more memory than it needs to: {e}"),
    }
    let start = [(FUNCTIONS, &start)];
    if !more.is_empty() {
        let more: Vec<&str> = more.iter().map(|a| a.as_str()).collect();
        build(target, &place, &flags, &more, &start)?;
    }
    let taipan = folder.join("release/taipan");
    copy(&place.join(target).join("release/taipan"), &taipan)?;
    Ok(taipan)
}

/// Whether the C library is there to be linked into the executable, as it is with Debian's compiler.
fn has_static_library() -> bool {
    let asked = Command::new("cc").arg("-print-file-name=libc.a").output();
    // The compiler gives back the bare name of a file that it does not find.
    asked.is_ok_and(|o| Path::new(String::from_utf8_lossy(&o.stdout).trim()).is_absolute())
}

/// The profile of the training programs.
fn train(target: &str, folder: &Path, counts: &Path) -> Result<(), String> {
    eprintln!("release: building with counters");
    let place = folder.join("training");
    let raw = place.join("raw");
    let flags = [
        &format!("-Cprofile-generate={}", raw.display()),
        "-Cllvm-args=-enable-name-compression=false",
        "--cfg=taipan_training",
    ];
    let plain_order = root().join("crates/cli/start.txt");
    let link = [(FUNCTIONS, &plain_order)];
    build(target, &place, &flags, &["-p", "taipan-cli"], &link)?;
    if raw.exists() {
        std::fs::remove_dir_all(&raw).map_err(|e| format!("{}: {e}", raw.display()))?;
    }
    let taipan = place.join(target).join("release/taipan");
    run_one(&taipan, &["-c".to_owned(), "pass".to_owned()], &raw)?;
    let counted = take_counts(&raw)?;
    // Rust's own library is not counted; the list for plain builds has its functions.
    let plain = std::fs::read_to_string(&plain_order).map_err(|e| e.to_string())?;
    let of_library = plain.lines().filter(|name| name.starts_with("_R"));
    let of_start: String = counted
        .executed()
        .chain(of_library)
        .map(|name| format!("{name}\n"))
        .collect();
    std::fs::write(place.join(START), of_start).map_err(|e| e.to_string())?;
    let programs = programs()?;
    eprintln!("release: running {} programs", programs.len());
    let mut ran = 0;
    for words in &programs {
        ran += usize::from(run_one(&taipan, words, &raw)?);
    }
    // Tests may fail here (they are about more than the result that counts are made from), but not all of them.
    if ran * 10 < programs.len() * 9 {
        return Err(format!(
            "only {ran} of {} programs ended well",
            programs.len()
        ));
    }
    let profile = take_counts(&raw)?;
    eprintln!(
        "release: {} functions were executed",
        profile.executed().count()
    );
    std::fs::write(counts, profile.indexed()).map_err(|e| format!("{}: {e}", counts.display()))
}

/// Reads what programs have left in a folder, and empties it.
fn take_counts(raw: &Path) -> Result<Profile, String> {
    let fail = |e: std::io::Error| format!("{}: {e}", raw.display());
    let mut profile = Profile::default();
    for entry in std::fs::read_dir(raw).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        profile
            .add(&std::fs::read(&path).map_err(fail)?)
            .map_err(|e| format!("{}: {e}", path.display()))?;
    }
    std::fs::remove_dir_all(raw).map_err(fail)?;
    Ok(profile)
}

/// The command lines of the training programs.
fn programs() -> Result<Vec<Vec<String>>, String> {
    let line = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    let mut all: Vec<Vec<String>> = vec![
        line(&["-c", "pass"]),
        line(&["-c", IMPORTS]),
        line(&["benches/micro.py", "--run"]),
    ];
    for folder in ["benches/programs", "benches/training", "tests/behaviour"] {
        let mut files = Vec::new();
        python_files(&root().join(folder), &mut files)?;
        files.sort();
        all.extend(files.iter().map(|f| vec![f.display().to_string()]));
    }
    Ok(all)
}

/// The programs of a folder and those below it, but those whose aim is to exhaust the machine.
fn python_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.is_dir() && !path.ends_with("hostile") {
            python_files(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "py") {
            files.push(path);
        }
    }
    Ok(())
}

/// Runs a program to its end; `false` if it failed or took too long.
fn run_one(taipan: &Path, words: &[String], raw: &Path) -> Result<bool, String> {
    let mut child = Command::new(taipan)
        .args(words)
        .current_dir(root())
        // Two files are enough for programs that run beside each other; counts of the same file add up.
        .env("LLVM_PROFILE_FILE", raw.join("%2m.profraw"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("{}: {e}", taipan.display()))?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            return Ok(status.success());
        }
        if start.elapsed() > LIMIT {
            child.kill().map_err(|e| e.to_string())?;
            child.wait().map_err(|e| e.to_string())?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs `cargo build --release`. `link` are variables that the command's build script knows.
fn build(
    target: &str,
    place: &Path,
    flags: &[&str],
    what: &[&str],
    link: &[(&str, &PathBuf)],
) -> Result<(), String> {
    // As a setting, for these come beside those of .cargo/config.toml; RUSTFLAGS would take their place.
    let flags = format!("target.{target}.rustflags={flags:?}");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root())
        .args([
            "--config",
            &flags,
            "build",
            "--release",
            "--target",
            target,
            "--target-dir",
        ])
        .arg(place)
        .args(what)
        .env_remove("RUSTFLAGS")
        .env("CARGO_INCREMENTAL", "0")
        .envs(link.iter().copied())
        .status()
        .map_err(|e| format!("cargo could not be started: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the build failed; its messages are above".to_owned())
    }
}

/// Puts an executable in another's place, which may be running.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let fail = |e: std::io::Error| format!("{}: {e}", to.display());
    let fresh = to.with_extension("new");
    std::fs::create_dir_all(to.parent().unwrap_or(to)).map_err(fail)?;
    std::fs::copy(from, &fresh).map_err(|e| format!("{}: {e}", from.display()))?;
    std::fs::rename(&fresh, to).map_err(fail)
}
