//! The text of `dis`, with what each of its lines is about.

use crate::places::cell_of;
use crate::types::{Listing, ListingRow};
use std::rc::Rc;
use taipan_bytecode::CodeObject;
use taipan_bytecode::dis::{Options, dis, instructions};

/// The disassembly of a code object and of those within it.
pub(crate) fn listing(code: &Rc<CodeObject>, options: &Options) -> Listing {
    let codes = crate::codes::preorder(code);
    let text = dis(code, options);
    let mut lines: crate::Table<ListingRow> = Default::default();
    let mut number = 0;
    // Of each line that is to come, the instruction that it shows.
    let shown_lines = |number: usize| {
        let shown = codes.get(number).map(|(code, _)| instructions(code));
        let caches = options.show_caches;
        let shown = shown.unwrap_or_default().into_iter().enumerate();
        shown.flat_map(move |(index, instruction)| {
            let caches = instruction.opcode.filter(|_| caches);
            std::iter::repeat_n(index, 1 + caches.map_or(0, |opcode| opcode.caches()))
        })
    };
    let mut rest: Box<dyn Iterator<Item = usize>> = Box::new(shown_lines(0));
    for line in text.lines() {
        if line.starts_with("Disassembly of ") {
            number += 1;
            rest = Box::new(shown_lines(number));
            lines.push(&row(number, None));
        } else if line.is_empty() {
            lines.push(&row(number, None));
        } else {
            lines.push(&row(number, rest.next()));
        }
    }
    Listing { text, lines }
}

fn row(code: usize, instruction: Option<usize>) -> ListingRow {
    ListingRow {
        code: cell_of(code),
        instruction: instruction.map_or(-1, cell_of),
    }
}
