//! The places of a set's keys: how CPython 3.14 looks for one, and how its tables grow. The order in which a set is iterated
//! over shows both.

/// The size of the smallest table.
pub const MIN_SIZE: usize = 8;
/// Places that are looked at one after another before the walk jumps.
const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;

/// The walk through the places that can hold a hash.
pub struct Walk {
    mask: usize,
    /// The place to look at.
    pub at: usize,
    left: usize,
    base: usize,
    perturb: u64,
}

impl Walk {
    /// The walk for a hash through a table of `mask + 1` places, a power of two.
    #[inline(always)]
    pub fn new(mask: usize, hash: i64) -> Walk {
        let base = hash as usize & mask;
        Walk {
            mask,
            at: base,
            left: Walk::linear(base, mask),
            base,
            perturb: hash as u64,
        }
    }

    #[inline(always)]
    fn linear(base: usize, mask: usize) -> usize {
        if base + LINEAR_PROBES <= mask {
            LINEAR_PROBES
        } else {
            0
        }
    }

    /// Goes on to the next place.
    #[inline(always)]
    pub fn advance(&mut self) {
        if self.left != 0 {
            self.left -= 1;
            self.at += 1;
            return;
        }
        self.perturb >>= PERTURB_SHIFT;
        self.base = self
            .base
            .wrapping_mul(5)
            .wrapping_add(1)
            .wrapping_add(self.perturb as usize)
            & self.mask;
        self.at = self.base;
        self.left = Walk::linear(self.base, self.mask);
    }
}

/// Whether a table of `mask + 1` places is too full with `fill` of them taken.
#[inline(always)]
pub fn is_full(fill: usize, mask: usize) -> bool {
    fill * 5 >= mask * 3
}

/// The number of keys that a table that is too full gets room for.
pub fn grown(used: usize) -> usize {
    used.saturating_mul(if used > 50000 { 2 } else { 4 })
}

/// The order in which a set of keys with these hashes is iterated over, if they were added in this order and no two are
/// equal: their indices.
pub fn order(hashes: &[i64]) -> Vec<usize> {
    fn place(table: &mut [Option<usize>], hashes: &[i64], key: usize) {
        let mut walk = Walk::new(table.len() - 1, hashes[key]);
        while table[walk.at].is_some() {
            walk.advance();
        }
        table[walk.at] = Some(key);
    }
    let mut table = vec![None; MIN_SIZE];
    for used in 1..=hashes.len() {
        place(&mut table, hashes, used - 1);
        if is_full(used, table.len() - 1) {
            let mut size = MIN_SIZE;
            while size <= grown(used) {
                size *= 2;
            }
            let old = std::mem::replace(&mut table, vec![None; size]);
            for key in old.into_iter().flatten() {
                place(&mut table, hashes, key);
            }
        }
    }
    table.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn orders() {
        // What CPython makes of {8, 0, 16}, {5, 13, 21, 1} and of a set that grows, whose items are their hashes.
        assert_eq!(order(&[]), []);
        assert_eq!(order(&[8, 0, 16]), [0, 1, 2]);
        assert_eq!(order(&[5, 13, 21, 1]), [3, 1, 2, 0]);
        let hashes: Vec<i64> = (0..12).map(|i| i * i * 7919 % 1009).collect();
        assert_eq!(order(&hashes), [0, 3, 6, 4, 8, 10, 2, 11, 5, 9, 1, 7]);
        // Hashes of more than 32 bits: what lies above shows where keys collide.
        let hashes: Vec<i64> = (1..6).map(|i| i << 40 | 3).collect();
        assert_eq!(order(&hashes), [1, 2, 0, 3, 4]);
    }
}
