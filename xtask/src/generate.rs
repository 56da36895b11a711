//! The list of generators. A generator turns tables under `spec/` into the text of Rust files
//! (or Rust types into TypeScript);
//! writing them, formatting them and checking them for drift is done here for all.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

mod ast;
mod cjk;
mod grammar;
mod identifiers;
mod inspector;
mod opcodes;
mod tokens;
mod unicode;

/// One generated file: its path from the workspace root, and its text.
pub struct Output {
    /// Path from the workspace root.
    pub path: &'static str,
    /// The text; that of a Rust file is passed through rustfmt before it is written or compared.
    pub text: String,
}

/// A generator: reads tables below the workspace root, gives the files it makes, or says what is wrong with a table.
type Generator = fn(&Path) -> Result<Vec<Output>, String>;

/// Every generator, by name. Add yours here.
const GENERATORS: &[(&str, Generator)] = &[
    ("ast", ast::generate),
    ("cjk", cjk::generate),
    ("grammar", grammar::generate),
    ("opcodes", opcodes::generate),
    ("identifiers", identifiers::generate),
    ("inspector", inspector::generate),
    ("tokens", tokens::generate),
    ("unicode", unicode::generate),
];

/// The workspace's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

fn rustfmt(text: &str) -> Result<String, String> {
    use std::io::Write;
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| {
            format!(
                "rustfmt could not be started ({e}); install it with `rustup component add rustfmt`"
            )
        })?;
    let mut stdin = child.stdin.take().ok_or("rustfmt has no standard input")?;
    let input = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let out = child.wait_with_output().map_err(|e| e.to_string())?;
    let _ = writer.join();
    if !out.status.success() {
        return Err("rustfmt rejected generated code".to_owned());
    }
    String::from_utf8(out.stdout).map_err(|e| e.to_string())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// Runs every generator; with `check`, compares instead of writing.
pub fn run(check: bool) -> ExitCode {
    let root = root();
    let mut bad = 0;
    for (name, generator) in GENERATORS {
        let outputs = match generator(&root) {
            Ok(outputs) => outputs,
            Err(e) => {
                eprintln!("gen {name}: {e}");
                bad += 1;
                continue;
            }
        };
        for out in outputs {
            let formatted = match out.path.ends_with(".rs") {
                true => rustfmt(&out.text),
                false => Ok(out.text),
            };
            let text = match formatted {
                Ok(text) => text,
                Err(e) => {
                    eprintln!("gen {name}: {}: {e}", out.path);
                    bad += 1;
                    continue;
                }
            };
            let path = root.join(out.path);
            let old = std::fs::read_to_string(&path).unwrap_or_default();
            if old == text {
                continue;
            }
            if check {
                eprintln!(
                    "gen {name}: {} has drifted from its table; run `cargo xtask gen`",
                    out.path
                );
                bad += 1;
            } else if let Err(e) = write(&path, &text) {
                eprintln!("gen {name}: cannot write {}: {e}", out.path);
                bad += 1;
            } else {
                println!("wrote {}", out.path);
            }
        }
    }
    if bad == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
