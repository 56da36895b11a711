//! `cargo xtask inspector`: the inspector's page. Its modules of WebAssembly are built into `inspector/src/engine`, then the
//! page itself with npm into `inspector/dist`, from where `taipan inspect` takes it (feature `inspector` of `taipan-cli`).

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::generate::root;
use crate::ready::{WASM, cargo, with_wasm_compiler};

const HELP: &str = "\
cargo xtask inspector [--engine | --page]

Builds the inspector's page into inspector/dist: the engine as WebAssembly (--engine: that alone), then the page with npm
(--page: that alone). The compiler needs the target wasm32-unknown-unknown (`rustup target add`), or TAIPAN_WASM_TOOLCHAIN
names a folder with a `rustc` that has it and a `wasm-ld`. Then `cargo build --release --features inspector` gives an
executable that has the page in it.
";

/// The modules: the package's name, the file that cargo makes, and the file in `inspector/src/engine`.
const MODULES: &[(&str, &str, &str)] = &[("taipan-wasm", "taipan_wasm.wasm", "static.wasm")];

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
    Ok(())
}

fn page(root: &Path) -> Result<(), String> {
    let folder = root.join("inspector");
    if !folder.join("node_modules").exists() {
        run_it(Command::new("npm").arg("ci").current_dir(&folder))?;
    }
    run_it(
        Command::new("npm")
            .args(["run", "build"])
            .current_dir(&folder),
    )
}

/// Builds the engine, the page, or both.
pub fn run(args: &[String]) -> ExitCode {
    let root = root();
    let result = match args.first().map(String::as_str) {
        None => engine(&root).and_then(|()| page(&root)),
        Some("--engine") => engine(&root),
        Some("--page") => page(&root),
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
