//! Runs of SWAP: made as short as can be, then removed where the instructions behind them can change places instead.

use super::graph::{BlockId, Cfg, Instr};
use taipan_bytecode::CompilerOpcode as Op;

/// Whether an instruction only pops the top of the stack, without running code or changing the flow.
fn swappable(opcode: Op) -> bool {
    matches!(opcode, Op::StoreFast | Op::StoreFastMaybeNull | Op::PopTop)
}

/// The local that an instruction stores.
fn stores_to(instr: &Instr) -> Option<u32> {
    match instr.opcode {
        Op::StoreFast | Op::StoreFastMaybeNull => Some(instr.oparg),
        _ => None,
    }
}

/// The next swappable instruction after the one at `i`, if only NOPs are between them, and all on `line` if that is
/// known: names must not be bound in another order across lines, where a tracer could see it.
fn next_swappable(instrs: &[Instr], i: usize, line: i32) -> Option<usize> {
    for (at, instr) in instrs.iter().enumerate().skip(i + 1) {
        if line >= 0 && instr.loc.lineno != line {
            return None;
        }
        if instr.opcode != Op::Nop {
            return swappable(instr.opcode).then_some(at);
        }
    }
    None
}

impl Cfg {
    pub(super) fn optimize_swaps(&mut self, id: BlockId) {
        let instrs = &mut self[id].instrs;
        let mut i = 0;
        while i < instrs.len() {
            if instrs[i].opcode == Op::Swap {
                i = shorten_run(instrs, i);
                apply_static_swaps(instrs, i);
            }
            i += 1;
        }
    }
}

/// Rewrites the run of SWAPs and NOPs that starts at `start` as the shortest one of the same effect. Gives the position
/// of the run's last instruction, or `start` if there is but one SWAP.
fn shorten_run(instrs: &mut [Instr], start: usize) -> usize {
    let length = instrs[start..]
        .iter()
        .take_while(|instr| matches!(instr.opcode, Op::Swap | Op::Nop))
        .count();
    let run = &mut instrs[start..start + length];
    let swaps = || run.iter().filter(|instr| instr.opcode == Op::Swap);
    let depth = swaps().map(|instr| instr.oparg as usize).max().unwrap_or(0);
    if swaps().count() < 2 || swaps().any(|instr| instr.oparg == 0) {
        return start;
    }
    // What the run does to the items, counted from the top.
    let mut items: Vec<Option<usize>> = (0..depth).map(Some).collect();
    for instr in run.iter().filter(|instr| instr.opcode == Op::Swap) {
        items.swap(0, instr.oparg as usize - 1);
    }
    // Each cycle of this permutation takes one SWAP for each of its items but the top one. Going through the cycles
    // undoes the permutation, so the SWAPs are written from the end of the run to its start.
    let mut free = length;
    for i in 0..depth {
        if items[i].is_none_or(|item| item == i) {
            continue;
        }
        let mut j = i;
        loop {
            if j != 0 && free > 0 {
                free -= 1;
                run[free].set(Op::Swap, j as u32 + 1);
            }
            match items[j].take() {
                Some(next) => j = next,
                None => break,
            }
        }
    }
    for instr in &mut run[..free] {
        instr.set_nop();
    }
    start + length - 1
}

/// Removes the SWAPs up to the one at `i`, last to first, by letting the two instructions change places that pop what
/// they swap.
fn apply_static_swaps(instrs: &mut [Instr], mut i: usize) {
    loop {
        let instr = instrs[i];
        if instr.opcode == Op::Swap {
            let Some(first) = next_swappable(instrs, i, -1) else {
                return;
            };
            let line = instrs[first].loc.lineno;
            let mut last = first;
            for _ in 1..instr.oparg {
                match next_swappable(instrs, last, line) {
                    Some(next) => last = next,
                    None => return,
                }
            }
            // Two stores to one local must keep their order, whichever they are.
            let (a, b) = (stores_to(&instrs[first]), stores_to(&instrs[last]));
            if a.is_some() || b.is_some() {
                let between = instrs.get(first + 1..last).unwrap_or(&[]);
                let clash = |store: Option<u32>| store.is_some() && (store == a || store == b);
                if a == b || between.iter().any(|instr| clash(stores_to(instr))) {
                    return;
                }
            }
            instrs[i].set_nop();
            instrs.swap(first, last);
        } else if instr.opcode != Op::Nop && !swappable(instr.opcode) {
            return;
        }
        if i == 0 {
            return;
        }
        i -= 1;
    }
}
