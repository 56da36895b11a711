//! An incremental parser of XML 1.0 that behaves as Expat does: it takes input in any pieces, and tells what it finds in the
//! same events, in the same order, with the same positions and errors.
//!
//! It is pulled: [`Parser::begin`] hands over a piece of input, then [`Parser::advance`] gives one event after the other. What
//! handles an event may therefore do with the parser what it likes: ask for positions, change what it wants to be told,
//! make parsers for external entities, or stop.
//!
//! | module | what lives there |
//! |---|---|
//! | `bytes`, `names`, `form`, `scan`, `scan_prolog`, `token` | the scanner, for each form of characters |
//! | `encoding` | encodings, their detection and conversion |
//! | `role` | the grammar of the prolog |
//! | `dtd` | declarations and names |
//! | `account` | limits of amplification |
//! | `parser`, `telling` | input, positions, the order of events |
//! | `content`, `tags`, `prolog`, `declaration`, `values`, `external` | what tokens do |

mod account;
mod bytes;
mod content;
mod declaration;
mod dtd;
mod encoding;
mod event;
mod external;
mod form;
mod names;
mod parser;
mod prolog;
mod role;
mod scan;
mod scan_prolog;
mod tags;
mod telling;
mod token;
mod values;

pub use account::{EXPANSION_THRESHOLD, MAX_AMPLIFICATION, MEMORY_THRESHOLD};
pub use event::{Content, ContentType, Error, Event, MESSAGES, Markup, Quantifier, Text, want};
pub use parser::{Next, ParamEntityParsing, Parser};
