//! The constants of a code unit while it is being optimized.

use super::graph::{BlockId, Cfg, Instr, for_each_block};
use super::kinds;
use crate::assemble::AssembleError;
use crate::const_cache::{ConstCache, Identities};
use taipan_bytecode::{CompilerOpcode as Op, Constant};

/// The ints that LOAD_SMALL_INT can load.
const SMALL_INTS: std::ops::RangeInclusive<i64> = 0..=255;

/// The constants by index, each once, and the table that merges them with those of the other units.
pub(crate) struct Consts<'a> {
    list: Vec<Constant>,
    /// Made when the first constant is added.
    index: Option<Identities>,
    cache: &'a mut ConstCache,
}

impl<'a> Consts<'a> {
    /// The constants of a unit, which have been merged through this cache.
    pub fn new(list: Vec<Constant>, cache: &'a mut ConstCache) -> Consts<'a> {
        let index = None;
        Consts { list, index, cache }
    }

    pub fn into_list(self) -> Vec<Constant> {
        self.list
    }

    /// What this instruction pushes, if it loads a constant.
    pub fn value(&self, instr: &Instr) -> Option<Constant> {
        match instr.opcode {
            Op::LoadConst => self.list.get(instr.oparg as usize).cloned(),
            Op::LoadSmallInt => Some(Constant::int(instr.oparg)),
            _ => None,
        }
    }

    /// The operand of LOAD_SMALL_INT for what this LOAD_CONST loads, if there is one.
    pub fn small_int(&self, instr: &Instr) -> Option<u32> {
        self.list.get(instr.oparg as usize).and_then(small_int)
    }

    /// The index of a constant, which is added when it is new.
    pub fn add(&mut self, constant: Constant) -> Result<u32, AssembleError> {
        let constant = self.cache.merge(constant);
        let new = u32::try_from(self.list.len())
            .ok()
            .filter(|index| *index < i32::MAX as u32 - 1)
            .ok_or(AssembleError::Overflow("too many constants"))?;
        let known = &mut self.index;
        let known = known.get_or_insert_with(|| Identities::of(&self.list));
        let index = known.index(&constant, new);
        if index == new {
            self.list.push(constant);
        }
        Ok(index)
    }

    /// Makes an instruction load a constant in the shortest way.
    pub fn make_load(
        &mut self,
        instr: &mut Instr,
        constant: Constant,
    ) -> Result<(), AssembleError> {
        match small_int(&constant) {
            Some(value) => instr.set(Op::LoadSmallInt, value),
            None => {
                let index = self.add(constant)?;
                instr.set(Op::LoadConst, index);
            }
        }
        Ok(())
    }
}

/// The operand of LOAD_SMALL_INT that loads this constant.
pub(crate) fn small_int(constant: &Constant) -> Option<u32> {
    let Constant::Int(value) = constant else {
        return None;
    };
    let value = i64::try_from(&**value).ok()?;
    SMALL_INTS.contains(&value).then_some(value as u32)
}

pub(crate) fn loads_const(opcode: Op) -> bool {
    matches!(opcode, Op::LoadConst | Op::LoadSmallInt)
}

impl Cfg {
    /// The last `count` instructions up to the one at `end` (not included), NOPs aside, if all of them load constants:
    /// their positions, in order.
    pub(super) fn const_loads_before(
        &self,
        id: BlockId,
        end: usize,
        count: usize,
    ) -> Option<Vec<usize>> {
        let mut found = Vec::with_capacity(count);
        for i in (0..end).rev() {
            if found.len() == count {
                break;
            }
            match self[id].instrs[i].opcode {
                Op::Nop => {}
                opcode if loads_const(opcode) => found.push(i),
                _ => return None,
            }
        }
        found.reverse();
        (found.len() == count).then_some(found)
    }

    /// Removes the constants that no instruction loads any more, but for the first, which may be a docstring.
    pub(super) fn remove_unused_consts(&mut self, consts: &mut Consts<'_>) {
        let mut used = vec![false; consts.list.len()];
        if let Some(first) = used.first_mut() {
            *first = true;
        }
        for_each_block!(self, id, {
            let loads = self[id].kinds & kinds::CONST != 0;
            let instrs = if loads { &self[id].instrs[..] } else { &[] };
            for instr in instrs {
                if instr.opcode == Op::LoadConst
                    && let Some(used) = used.get_mut(instr.oparg as usize)
                {
                    *used = true;
                }
            }
        });
        if used.iter().all(|used| *used) {
            return;
        }
        let mut new_index = Vec::with_capacity(used.len());
        let mut next = 0;
        for used in &used {
            new_index.push(next);
            next += u32::from(*used);
        }
        let mut keep = used.iter();
        consts.list.retain(|_| keep.next().copied().unwrap_or(true));
        for_each_block!(self, id, {
            for instr in &mut self[id].instrs {
                if instr.opcode == Op::LoadConst
                    && let Some(index) = new_index.get(instr.oparg as usize)
                {
                    instr.oparg = *index;
                }
            }
        });
    }
}
