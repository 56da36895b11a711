//! The parser's generator: from `spec/python.gram` to `crates/parser/src/generated.rs`.
//! Reading is in [`syntax`], FIRST sets are in [`first`], the Rust text is made in [`emit`].

mod emit;
mod first;
mod syntax;

use std::path::Path;

use super::Output;

/// Reads the grammar and gives the parser's generated file.
pub fn generate(root: &Path) -> Result<Vec<Output>, String> {
    let read = |path: &str| {
        std::fs::read_to_string(root.join(path)).map_err(|e| format!("cannot read {path}: {e}"))
    };
    let grammar = syntax::read(&read("spec/python.gram")?)?;
    let tokens = first::Terminals::new(&grammar, &read("spec/tokens.txt")?)?;
    let first = first::First::new(&grammar, &tokens)?;
    Ok(vec![Output {
        path: "crates/parser/src/generated.rs",
        text: emit::emit(&grammar, &tokens, &first)?,
    }])
}
