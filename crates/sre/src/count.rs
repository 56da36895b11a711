//! How often one instruction that matches one character matches in a row: the inner loop of most patterns.

use crate::chars::{ascii_lower, locale_literal, unicode_lower};
use crate::code::op;
use crate::program::Program;
use crate::state::Env;
use crate::text::Char;

fn run<C: Char>(text: &[C], test: impl Fn(u32) -> bool) -> usize {
    text.iter()
        .position(|ch| !test(ch.code()))
        .unwrap_or(text.len())
}

/// Counts how many characters at the start of `text` the instruction at `pc` matches.
#[inline]
pub(crate) fn count<C: Char>(program: &Program, env: &dyn Env, pc: usize, text: &[C]) -> usize {
    let code = &program.exec;
    let word = |at: usize| code.get(at).copied().unwrap_or(0);
    let literal = word(pc + 1);
    match word(pc) {
        op::ANY_ALL => text.len(),
        op::ANY => C::of(10)
            .and_then(|newline| C::find(text, newline))
            .unwrap_or(text.len()),
        op::LITERAL => match C::of(literal) {
            Some(wanted) => text
                .iter()
                .position(|&ch| ch != wanted)
                .unwrap_or(text.len()),
            None => 0,
        },
        op::NOT_LITERAL => C::of(literal)
            .and_then(|wanted| C::find(text, wanted))
            .unwrap_or(text.len()),
        op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE | op::IN_LOC_IGNORE => {
            let Some(set) = program.sets.get(word(pc + 2) as usize) else {
                return 0;
            };
            run(text, |ch| set.has(&program.code, env, ch))
        }
        op::LITERAL_IGNORE => run(text, |ch| ascii_lower(ch) == literal),
        op::NOT_LITERAL_IGNORE => run(text, |ch| ascii_lower(ch) != literal),
        op::LITERAL_UNI_IGNORE => run(text, |ch| unicode_lower(ch) == literal),
        op::NOT_LITERAL_UNI_IGNORE => run(text, |ch| unicode_lower(ch) != literal),
        op::LITERAL_LOC_IGNORE => run(text, |ch| locale_literal(env, literal, ch)),
        op::NOT_LITERAL_LOC_IGNORE => run(text, |ch| !locale_literal(env, literal, ch)),
        // FAILURE; validation lets nothing else through.
        _ => 0,
    }
}
