//! `cargo xtask inspector`: the inspector's page. Its modules of WebAssembly are built into `inspector/src/engine`, then the
//! page itself with npm into `inspector/dist`, from where `taipan inspect` takes it (feature `inspector` of `taipan-cli`).

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::generate::root;
use crate::ready::{Outcome, WASM, cargo, with_wasm_compiler};

const HELP: &str = "\
cargo xtask inspector [--engine | --page | --test]

Builds the inspector's page into inspector/dist: the engine as WebAssembly (--engine: that alone), then the page with npm
(--page: that alone). --test builds all and runs the tests. The compiler needs the target wasm32-unknown-unknown (`rustup target
add`), or TAIPAN_WASM_TOOLCHAIN names a folder with a `rustc` that has it and a `wasm-ld`. Then `cargo build --release --features inspector` gives an
executable that has the page in it.
";

/// The modules: the package's name, the file that cargo makes, and the file in `inspector/src/engine`.
const MODULES: &[(&str, &str, &str)] = &[
    ("taipan-wasm", "taipan_wasm.wasm", "static.wasm"),
    (
        "taipan-wasm-machine",
        "taipan_wasm_machine.wasm",
        "machine.wasm",
    ),
];

fn run_it(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(e) => Err(format!("{name} could not be started: {e}")),
    }
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into)
}

fn engine(root: &Path) -> Result<(), String> {
    let target = target(root).join("wasm");
    // Both at once: linking takes most of the time, and is done by one thread for each.
    let mut command = cargo();
    command.args(["build", "--profile", "wasm", "--target", WASM]);
    for (package, _, _) in MODULES {
        command.args(["-p", package]);
    }
    command.arg("--target-dir").arg(&target);
    with_wasm_compiler(&mut command)?;
    run_it(&mut command)?;
    for (_, made, file) in MODULES {
        let from = target.join(WASM).join("wasm").join(made);
        let to = root.join("inspector/src/engine").join(file);
        let size = std::fs::copy(&from, &to).map_err(|e| format!("{}: {e}", from.display()))?;
        println!("inspector/src/engine/{file}: {size} bytes");
    }
    library(root)
}

/// The library's files, for programs that import them.
fn library(root: &Path) -> Result<(), String> {
    let folder = root.join("inspector/public/lib");
    let mut command = cargo();
    command.args(["run", "-p", "taipan-pylib", "--example", "unpack", "--"]);
    run_it(command.arg(folder))
}

fn npm_command(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(args).current_dir(root.join("inspector"));
    command
}

fn npm(root: &Path, args: &[&str]) -> Result<(), String> {
    run_it(&mut npm_command(root, args))
}

fn page(root: &Path) -> Result<(), String> {
    if !root.join("inspector/node_modules").exists() {
        npm(root, &["ci"])?;
    }
    npm(root, &["run", "build"])
}

/// The browser of the page tests, as `playwright.config.ts` looks for it.
fn browser() -> bool {
    let path = std::env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    Path::new(&path).exists()
}

/// Builds all and runs all tests that can be run here.
fn test(root: &Path) -> Result<(), String> {
    engine(root)?;
    page(root)?;
    npm(root, &["run", "check"])?;
    npm(root, &["run", "test:unit"])?;
    if browser() {
        // The page's machine is compared with the executable.
        run_it(cargo().args(["build", "--release", "-p", "taipan-cli"]))?;
        let taipan = target(root).join("release/taipan");
        run_it(npm_command(root, &["run", "test:page"]).env("TAIPAN", taipan))?;
    } else {
        eprintln!(
            "no Chromium is installed (see inspector/README.md): the page was not tested in a browser"
        );
    }
    Ok(())
}

/// The step of `cargo xtask ready`.
pub fn ready() -> Outcome {
    let found = Command::new("npm").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        return Outcome::Skipped("npm is not installed".to_owned());
    }
    if let Err(why) = with_wasm_compiler(&mut cargo()) {
        return Outcome::Skipped(why);
    }
    match test(&root()) {
        Ok(()) => Outcome::Passed,
        Err(e) => {
            eprintln!("inspector: {e}");
            Outcome::Failed
        }
    }
}

/// Builds the engine, the page, or both.
pub fn run(args: &[String]) -> ExitCode {
    let root = root();
    let result = match args.first().map(String::as_str) {
        None => engine(&root).and_then(|()| page(&root)),
        Some("--engine") => engine(&root),
        Some("--page") => page(&root),
        Some("--test") => test(&root),
        Some("--help") => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(_) => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("inspector: {e}");
            ExitCode::FAILURE
        }
    }
}
