//! Every static stage of a program's way through Taipan, as plain data for people and tools to look at: tokens, trees,
//! scopes, the compiler's graphs, code objects, `.pyc` files, and the errors on the way. [`types`] says what the data
//! looks like (TypeScript is generated from it), [`Program`] makes it. Nothing here knows of running programs.

mod codes;
mod listing;
mod occurrences;
mod places;
mod problem;
mod program;
mod pyc;
mod scopes;
mod table;
#[cfg(test)]
mod tests;
mod tokens;
mod tree;
pub mod types;
mod typos;
mod units;

pub use program::{ListingOptions, Program};
pub use table::{Row, Table};

/// JSON of what the stages give; the empty text if there is no room for it.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Runs all stages of a program that is given as text; see [`Program`] for one stage at a time.
pub fn analyze(source: &str, options: types::Options, stack: usize) -> types::Analysis {
    use types::Stage;
    let all = [
        Stage::Tokens,
        Stage::Tree,
        Stage::Optimized,
        Stage::Scopes,
        Stage::Units,
        Stage::Code,
        Stage::Pyc,
    ];
    Program::open(source, options, stack).analysis(&all)
}
