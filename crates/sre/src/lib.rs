//! The matching engine behind `re`: it runs the code that `re._compiler` makes, as CPython's `_sre` does.
//!
//! - `code` names the opcodes; `validate` refuses code that did not come from the compiler;
//! - `program` is validated code made ready to run: sets as bitmaps, the literal prefix as a searcher;
//! - `text` is the subject in its three widths, `chars` the classes of characters;
//! - `engine` is the backtracking matcher, whose stack is on the heap; `count` its tight loops over one character,
//!   `matcher` what it asks of text and marks;
//! - `search` finds where to start matching, `filter` where there is no need to try.
//!
//! Objects (`Pattern`, `Match`, templates of `sub`) are not here but in the module `_sre`.
//!
//! A search in steps, as `finditer` makes it:
//! ```
//! use taipan_sre::{NoEnv, Program, Scan, State, Subject};
//! // re.compile('a+')
//! let code = [14, 4, 0, 1, u32::MAX, 24, 6, 1, u32::MAX, 16, 97, 1, 1];
//! let program = Program::new(&code, 0).unwrap();
//! let mut state = State::new();
//! let mut scan = Scan::new(0);
//! let mut found = Vec::new();
//! while scan.search(&mut state, &program, Subject::Latin1(b"aab a"), &mut NoEnv).unwrap() {
//!     found.push(state.span());
//! }
//! assert_eq!(found, [(0, 2), (4, 5)]);
//! ```

mod chars;
pub mod code;
mod count;
mod engine;
mod filter;
mod matcher;
mod program;
mod search;
mod state;
mod text;
mod validate;

pub use chars::{ascii_iscased, ascii_lower, unicode_iscased, unicode_lower};
pub use program::Program;
pub use state::{Env, Error, NoEnv, Scan, State, Subject};
pub use validate::InvalidCode;
