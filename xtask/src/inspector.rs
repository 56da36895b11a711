//! `cargo xtask inspector`: the inspector's page. Its modules of WebAssembly are built into `inspector/src/engine`, then the
//! page itself with npm into `inspector/dist`, from where `taipan inspect` takes it (feature `inspector` of `taipan-cli`).

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::generate::root;
use crate::ready::{WASM, cargo, with_wasm_compiler};

const HELP: &str = "\
cargo xtask inspector [--engine | --page | --test]

Builds the inspector's page into inspector/dist: the engine as WebAssembly (--engine: that alone), then the page with npm
(--page: that alone; --test: both, and their tests). The compiler needs the target wasm32-unknown-unknown (`rustup target add`), or TAIPAN_WASM_TOOLCHAIN
names a folder with a `rustc` that has it and a `wasm-ld`. Then `cargo build --release --features inspector` gives an
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

fn engine(root: &Path) -> Result<(), String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let target = target.join("wasm");
    for (package, made, file) in MODULES {
        let mut command = cargo();
        command.args(["build", "--profile", "wasm", "--target", WASM]);
        command.args(["-p", package, "--target-dir"]).arg(&target);
        with_wasm_compiler(&mut command)?;
        run_it(&mut command)?;
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

fn npm(root: &Path, args: &[&str]) -> Result<(), String> {
    run_it(
        Command::new("npm")
            .args(args)
            .current_dir(root.join("inspector")),
    )
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
        npm(root, &["run", "test:page"])
    } else {
        Err("no Chromium is installed (see inspector/README.md): the page was not tested in a browser".to_owned())
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
