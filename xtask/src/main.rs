//! `cargo xtask`: the project's own commands (`gen` writes the generated tables, `ready` does all that CI does).
//! Each generator is a module of its own; this file only dispatches.

use std::process::ExitCode;

mod errors;
mod fuzz;
mod generate;
mod hostile;
mod inspector;
mod instructions;
mod layout;
mod order;
mod parity;
mod profile;
mod ready;
mod release;
mod sanitize;
mod step;
mod tools;

const HELP: &str = "\
cargo xtask COMMAND

  release        build target/release/taipan as it is meant to be used: trained, then optimized (--help)
  gen            write every generated file from the tables under spec/
  gen --check    fail if a generated file differs from what its table gives
  ready          all that CI does: format, clippy, generated files, tests, the wasm32 check
  parity PATH... compare the front end with CPython's over source files (--help)
  errors         compare what the wrong programs of tests/errors raise with CPython's expectations (--help)
  mutations PATH... damage source files in small ways and compare the errors with CPython's (--help)
  fuzz TARGET    look for inputs that break a part of the front end, led by coverage (--help)
  instructions   compare how many machine instructions small operations take with the committed table (--help)
  order          list the functions that a start runs, for the linker (--help)
  inspector      build the inspector's page: its engine as WebAssembly, then the page itself (--help)
  hostile        damaged source text and .pyc data for the executable: it must not die of them (--help)
  sanitize       the tests under AddressSanitizer, each object an allocation of its own (--help)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("gen") => generate::run(args.iter().any(|a| a == "--check")),
        Some("release") => release::run(&args[1..]),
        Some("ready") => ready::run(),
        Some("errors") => errors::run(&args[1..]),
        Some("mutations") => errors::mutations(&args[1..]),
        Some("parity") => parity::run(&args[1..]),
        Some("fuzz") => fuzz::run(&args[1..]),
        Some("instructions") => instructions::run(&args[1..]),
        Some("order") => order::run(&args[1..]),
        Some("inspector") => inspector::run(&args[1..]),
        Some("hostile") => hostile::run(&args[1..]),
        Some("sanitize") => sanitize::run(&args[1..]),
        _ => {
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}
