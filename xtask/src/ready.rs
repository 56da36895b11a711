//! `cargo xtask ready`: all that CI does, step by step, with times; the first failure ends it and says what to do next.
//! The steps are a table here; what each of them checks lives with the tool or test it starts.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// The target of the wasm32 check.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Packages that are not libraries of the interpreter: the command, and the project's own tools.
const NOT_FOR_WASM: &[&str] = &["taipan-cli", "xtask"];

/// What `ready` runs for one step.
enum Action {
    /// `cargo` with these arguments.
    Cargo(&'static [&'static str]),
    /// `gen --check`, in this process.
    Generated,
    /// `instructions`, in this process.
    Instructions,
    /// The libraries compile for wasm32.
    Wasm,
    /// The inspector's page is built and tested, `inspector::ready`.
    Inspector,
}

struct Step {
    name: &'static str,
    action: Action,
    /// What to do when it fails.
    next: &'static str,
}

const STEPS: &[Step] = &[
    Step {
        name: "format",
        action: Action::Cargo(&["fmt", "--all", "--check"]),
        next: "run `cargo fmt --all`",
    },
    Step {
        name: "clippy",
        action: Action::Cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
        next: "fix what clippy says above; `cargo clippy -p PACKAGE --all-targets` looks at one package",
    },
    Step {
        name: "generated files",
        action: Action::Generated,
        next: "run `cargo xtask gen` and commit what it writes",
    },
    Step {
        name: "tests",
        action: Action::Cargo(&["test", "--workspace", "--no-fail-fast"]),
        next: "the failures are listed above; `cargo test -p PACKAGE NAME` runs one again",
    },
    Step {
        name: "release build",
        action: Action::Cargo(&["build", "--release", "-p", "taipan-cli"]),
        next: "see the messages above",
    },
    Step {
        name: "instruction counts",
        action: Action::Instructions,
        next: "see what grew above; `cargo xtask instructions --help` explains the table",
    },
    Step {
        name: "wasm32",
        action: Action::Wasm,
        next: "the libraries must compile without an operating system: what needs one belongs in crates/host",
    },
    Step {
        name: "inspector",
        action: Action::Inspector,
        next: "see above; inspector/README.md says how the page is built and tested",
    },
];

/// How a step ended.
pub enum Outcome {
    /// All was well.
    Passed,
    /// Something was wrong, and has been said.
    Failed,
    /// What it needs is not on this machine.
    Skipped(String),
}

/// Runs every step in order.
pub fn run() -> ExitCode {
    let paint = Paint::new();
    let start = Instant::now();
    for (number, step) in STEPS.iter().enumerate() {
        paint.heading(&format!("[{}/{}] {}", number + 1, STEPS.len(), step.name));
        let began = Instant::now();
        let outcome = match &step.action {
            Action::Cargo(arguments) => passed(cargo().args(*arguments)),
            Action::Generated => match crate::generate::run(true) == ExitCode::SUCCESS {
                true => Outcome::Passed,
                false => Outcome::Failed,
            },
            Action::Instructions => match crate::instructions::run(&[]) == ExitCode::SUCCESS {
                true => Outcome::Passed,
                false => Outcome::Failed,
            },
            Action::Wasm => wasm(),
            Action::Inspector => crate::inspector::ready(),
        };
        let time = seconds(began.elapsed());
        match outcome {
            Outcome::Passed => paint.good(&format!("{}: passed in {time}", step.name)),
            Outcome::Skipped(why) => paint.good(&format!("{}: skipped, {why}", step.name)),
            Outcome::Failed => {
                paint.bad(&format!("{}: failed after {time}", step.name));
                paint.plain(&format!("next: {}", step.next));
                return ExitCode::FAILURE;
            }
        }
    }
    paint.good(&format!(
        "ready: everything passed in {}",
        seconds(start.elapsed())
    ));
    ExitCode::SUCCESS
}

/// The cargo that started this command, at the workspace's root.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::generate::root());
    command
}

fn passed(command: &mut Command) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Outcome::Passed,
        Ok(_) => Outcome::Failed,
        Err(e) => {
            eprintln!(
                "{} could not be started: {e}",
                command.get_program().display()
            );
            Outcome::Failed
        }
    }
}

/// Checks the libraries for wasm32, with the machine's toolchain if it has the target, else with the one that
/// `TAIPAN_WASM_TOOLCHAIN` names (a folder with `rustc` and `wasm-ld`). A target directory of its own keeps the two
/// compilers' files apart.
fn wasm() -> Outcome {
    let mut command = cargo();
    command.args([
        "check",
        "--workspace",
        "--target",
        WASM,
        "--target-dir",
        "target/wasm",
    ]);
    for package in NOT_FOR_WASM {
        command.args(["--exclude", package]);
    }
    if let Err(why) = with_wasm_compiler(&mut command) {
        return Outcome::Skipped(why);
    }
    passed(&mut command)
}

/// Lets cargo use a compiler that has the target, or says why there is none.
pub fn with_wasm_compiler(command: &mut Command) -> Result<(), String> {
    if has_target() {
        return Ok(());
    }
    let Some(folder) = std::env::var_os("TAIPAN_WASM_TOOLCHAIN").map(PathBuf::from) else {
        return Err(format!(
            "the toolchain lacks the target (`rustup target add {WASM}`), and TAIPAN_WASM_TOOLCHAIN is not set"
        ));
    };
    command.env("RUSTC", folder.join("rustc")).env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
        folder.join("wasm-ld"),
    );
    Ok(())
}

/// Whether the compiler in use has wasm32's standard library.
fn has_target() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", WASM])
        .output();
    output.is_ok_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout);
        let mut entries = Path::new(path.trim())
            .read_dir()
            .into_iter()
            .flatten()
            .flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

/// Messages, coloured only where somebody looks at them. They go to standard error, as cargo's do.
struct Paint {
    colour: bool,
}

impl Paint {
    fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            colour: wanted && std::io::stderr().is_terminal(),
        }
    }

    fn line(&self, code: &str, text: &str) {
        let mut out = std::io::stderr().lock();
        // A closed standard error is no reason to stop.
        let _ = match self.colour && !code.is_empty() {
            true => writeln!(out, "\x1b[{code}m{text}\x1b[0m"),
            false => writeln!(out, "{text}"),
        };
    }

    fn heading(&self, text: &str) {
        self.line("1", text);
    }

    fn good(&self, text: &str) {
        self.line("32", text);
    }

    fn bad(&self, text: &str) {
        self.line("1;31", text);
    }

    fn plain(&self, text: &str) {
        self.line("", text);
    }
}
