//! The stable merge sort of `list.sort` and `sorted`: natural runs, extended by binary insertion to a minimum length, merged
//! in powersort's order (Munro and Wild 2018) with galloping. It makes the comparisons that CPython makes, in that order,
//! because `__lt__` can observe them. Which comparison is used for which items is in `sort.rs`.

use taipan_object::PyResult;

/// Gallop when one side has won this many times in a row, at first.
const MIN_GALLOP: usize = 7;
/// Below this many items, a list is sorted by binary insertion alone.
const MAX_MINRUN: usize = 64;

/// A run that waits to be merged.
#[derive(Clone, Copy)]
struct Run {
    base: usize,
    len: usize,
    /// Depth of the boundary to the next run in the merge tree.
    power: u32,
}

struct Sorter<'f, T, F> {
    less: &'f mut F,
    pending: Vec<Run>,
    min_gallop: usize,
    temp: Vec<T>,
}

/// Sorts `items` by `less`, stably. When `less` fails, the items are some permutation of what they were.
pub fn sort<T: Copy, F: FnMut(T, T) -> PyResult<bool>>(
    items: &mut [T],
    less: &mut F,
) -> PyResult<()> {
    let total = items.len();
    if total < 2 {
        return Ok(());
    }
    let min_run = min_run(total);
    let mut s = Sorter {
        less,
        pending: Vec::new(),
        min_gallop: MIN_GALLOP,
        temp: Vec::new(),
    };
    let mut base = 0;
    while let Some(rest) = items.get_mut(base..)
        && !rest.is_empty()
    {
        let mut len = s.count_run(rest)?;
        if len < min_run {
            let force = rest.len().min(min_run);
            s.insertion_sort(&mut rest[..force], len)?;
            len = force;
        }
        s.make_room(items, len)?;
        s.pending.push(Run {
            base,
            len,
            power: 0,
        });
        base += len;
    }
    s.merge_all(items)
}

/// The shortest run to have, so that the number of runs is a power of two or slightly less.
fn min_run(mut n: usize) -> usize {
    let mut carry = 0;
    while n >= MAX_MINRUN {
        carry |= n & 1;
        n >>= 1;
    }
    n + carry
}

/// The power of the boundary between the run at `start` of length `n1` and the next one of length `n2`.
fn power(start: usize, n1: usize, n2: usize, total: usize) -> u32 {
    let mut result = 0;
    let mut a = 2 * start + n1;
    let mut b = a + n1 + n2;
    loop {
        result += 1;
        if a >= total {
            a -= total;
            b -= total;
        } else if b >= total {
            return result;
        }
        a <<= 1;
        b <<= 1;
    }
}

impl<T: Copy, F: FnMut(T, T) -> PyResult<bool>> Sorter<'_, T, F> {
    #[inline(always)]
    fn lt(&mut self, a: T, b: T) -> PyResult<bool> {
        (self.less)(a, b)
    }

    /// The length of the run that `a` starts with, made ascending if it was descending. Equal neighbours may be in either.
    fn count_run(&mut self, a: &mut [T]) -> PyResult<usize> {
        let total = a.len();
        let mut n = 1;
        while n < total && !self.lt(a[n], a[n - 1])? {
            n += 1;
        }
        if n == total {
            return Ok(n);
        }
        if n > 1 {
            if self.lt(a[0], a[n - 1])? {
                return Ok(n);
            }
            // All equal so far: they can as well begin a descending run.
            a[..n].reverse();
        }
        n += 1;
        // Stretches of equal items are reversed once here and once with the whole run, so that they keep their order.
        let mut equal = 0;
        while n < total {
            if self.lt(a[n], a[n - 1])? {
                if equal != 0 {
                    a[n - equal - 1..n].reverse();
                    equal = 0;
                }
            } else if self.lt(a[n - 1], a[n])? {
                break;
            } else {
                equal += 1;
            }
            n += 1;
        }
        if equal != 0 {
            a[n - equal - 1..n].reverse();
        }
        a[..n].reverse();
        while n < total && !self.lt(a[n], a[n - 1])? {
            n += 1;
        }
        Ok(n)
    }

    /// Sorts `a`, whose first `sorted` items are sorted.
    fn insertion_sort(&mut self, a: &mut [T], sorted: usize) -> PyResult<()> {
        for at in sorted.max(1)..a.len() {
            let pivot = a[at];
            let (mut left, mut right) = (0, at);
            while left < right {
                let mid = (left + right) / 2;
                if self.lt(pivot, a[mid])? {
                    right = mid;
                } else {
                    left = mid + 1;
                }
            }
            a[left..=at].rotate_right(1);
        }
        Ok(())
    }

    /// Merges what must be merged before a run of length `len` is put on the stack.
    fn make_room(&mut self, items: &mut [T], len: usize) -> PyResult<()> {
        let Some(&last) = self.pending.last() else {
            return Ok(());
        };
        let power = power(last.base, last.len, len, items.len());
        while let [.., before, _] = self.pending[..]
            && before.power > power
        {
            self.merge_at(items, self.pending.len() - 2)?;
        }
        if let Some(last) = self.pending.last_mut() {
            last.power = power;
        }
        Ok(())
    }

    fn merge_all(&mut self, items: &mut [T]) -> PyResult<()> {
        while self.pending.len() > 1 {
            let mut n = self.pending.len() - 2;
            if n > 0 && self.pending[n - 1].len < self.pending[n + 1].len {
                n -= 1;
            }
            self.merge_at(items, n)?;
        }
        Ok(())
    }

    /// Merges runs `i` and `i + 1` of the stack.
    fn merge_at(&mut self, items: &mut [T], i: usize) -> PyResult<()> {
        let (a, b) = (self.pending[i], self.pending[i + 1]);
        self.pending[i].len = a.len + b.len;
        self.pending.remove(i + 1);
        // What of the first run is in place already, and what of the second.
        let first = items[b.base];
        let skip = self.gallop_right(first, &items[a.base..b.base], 0)?;
        let (start, na) = (a.base + skip, a.len - skip);
        if na == 0 {
            return Ok(());
        }
        let last = items[b.base - 1];
        let nb = self.gallop_left(last, &items[b.base..b.base + b.len], b.len - 1)?;
        if nb == 0 {
            return Ok(());
        }
        let region = &mut items[start..b.base + nb];
        if na <= nb {
            self.merge_low(region, na)
        } else {
            self.merge_high(region, na)
        }
    }

    /// Where `key` goes in the sorted `a`, before its equals. The search begins at `hint`.
    fn gallop_left(&mut self, key: T, a: &[T], hint: usize) -> PyResult<usize> {
        let (mut last, mut ofs) = (0, 1);
        let (mut low, mut high);
        if self.lt(a[hint], key)? {
            let max = a.len() - hint;
            while ofs < max && self.lt(a[hint + ofs], key)? {
                last = ofs;
                ofs = 2 * ofs + 1;
            }
            low = hint + last + 1;
            high = hint + ofs.min(max);
        } else {
            let max = hint + 1;
            while ofs < max && !self.lt(a[hint - ofs], key)? {
                last = ofs;
                ofs = 2 * ofs + 1;
            }
            low = hint + 1 - ofs.min(max);
            high = hint - last;
        }
        while low < high {
            let mid = low + (high - low) / 2;
            if self.lt(a[mid], key)? {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        Ok(high)
    }

    /// Where `key` goes in the sorted `a`, behind its equals. The search begins at `hint`.
    fn gallop_right(&mut self, key: T, a: &[T], hint: usize) -> PyResult<usize> {
        let (mut last, mut ofs) = (0, 1);
        let (mut low, mut high);
        if self.lt(key, a[hint])? {
            let max = hint + 1;
            while ofs < max && self.lt(key, a[hint - ofs])? {
                last = ofs;
                ofs = 2 * ofs + 1;
            }
            low = hint + 1 - ofs.min(max);
            high = hint - last;
        } else {
            let max = a.len() - hint;
            while ofs < max && !self.lt(key, a[hint + ofs])? {
                last = ofs;
                ofs = 2 * ofs + 1;
            }
            low = hint + last + 1;
            high = hint + ofs.min(max);
        }
        while low < high {
            let mid = low + (high - low) / 2;
            if self.lt(key, a[mid])? {
                high = mid;
            } else {
                low = mid + 1;
            }
        }
        Ok(high)
    }

    /// Merges `r[..na]` with the rest, from the left; the first run is the shorter one, and its items go to the side.
    fn merge_low(&mut self, r: &mut [T], na: usize) -> PyResult<()> {
        let mut side = std::mem::take(&mut self.temp);
        side.clear();
        side.extend_from_slice(&r[..na]);
        let mut m = Merge {
            dest: 0,
            a: 0,
            b: na,
        };
        let result = self.merge_low_steps(r, &side, &mut m);
        // Whatever is left of the first run fills the gap; what is left of the second one is in place behind it.
        match result {
            Ok(Rest::AThenNothing) | Err(_) => {
                let rest = &side[m.a..];
                r[m.dest..m.dest + rest.len()].copy_from_slice(rest);
            }
            Ok(Rest::BThenOne) => {
                let nb = r.len() - m.b;
                r.copy_within(m.b.., m.dest);
                r[m.dest + nb] = side[m.a];
            }
        }
        self.temp = side;
        result.map(drop)
    }

    fn merge_low_steps(&mut self, r: &mut [T], side: &[T], m: &mut Merge) -> PyResult<Rest> {
        let (na, end) = (side.len(), r.len());
        macro_rules! take_b {
            () => {{
                r[m.dest] = r[m.b];
                m.dest += 1;
                m.b += 1;
                if m.b == end {
                    return Ok(Rest::AThenNothing);
                }
            }};
        }
        macro_rules! take_a {
            () => {{
                r[m.dest] = side[m.a];
                m.dest += 1;
                m.a += 1;
                if na - m.a == 1 {
                    return Ok(Rest::BThenOne);
                }
            }};
        }
        take_b!();
        if na == 1 {
            return Ok(Rest::BThenOne);
        }
        let mut min_gallop = self.min_gallop;
        loop {
            let (mut wins_a, mut wins_b) = (0, 0);
            loop {
                if self.lt(r[m.b], side[m.a])? {
                    wins_b += 1;
                    wins_a = 0;
                    take_b!();
                    if wins_b >= min_gallop {
                        break;
                    }
                } else {
                    wins_a += 1;
                    wins_b = 0;
                    take_a!();
                    if wins_a >= min_gallop {
                        break;
                    }
                }
            }
            min_gallop += 1;
            loop {
                min_gallop -= usize::from(min_gallop > 1);
                self.min_gallop = min_gallop;
                let k = self.gallop_right(r[m.b], &side[m.a..], 0)?;
                wins_a = k;
                if k != 0 {
                    r[m.dest..m.dest + k].copy_from_slice(&side[m.a..m.a + k]);
                    m.dest += k;
                    m.a += k;
                    match na - m.a {
                        0 => return Ok(Rest::AThenNothing),
                        1 => return Ok(Rest::BThenOne),
                        _ => {}
                    }
                }
                take_b!();
                let k = self.gallop_left(side[m.a], &r[m.b..], 0)?;
                wins_b = k;
                if k != 0 {
                    r.copy_within(m.b..m.b + k, m.dest);
                    m.dest += k;
                    m.b += k;
                    if m.b == end {
                        return Ok(Rest::AThenNothing);
                    }
                }
                take_a!();
                if wins_a < MIN_GALLOP && wins_b < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }

    /// Merges `r[..na]` with the rest, from the right; the second run is the shorter one, and its items go to the side.
    fn merge_high(&mut self, r: &mut [T], na: usize) -> PyResult<()> {
        let mut side = std::mem::take(&mut self.temp);
        side.clear();
        side.extend_from_slice(&r[na..]);
        let mut m = Merge {
            dest: r.len(),
            a: na,
            b: side.len(),
        };
        let result = self.merge_high_steps(r, &side, &mut m);
        match result {
            Ok(Rest::AThenNothing) | Err(_) => {
                r[m.dest - m.b..m.dest].copy_from_slice(&side[..m.b]);
            }
            Ok(Rest::BThenOne) => {
                r.copy_within(..m.a, m.dest - m.a);
                r[m.dest - m.a - 1] = side[0];
            }
        }
        self.temp = side;
        result.map(drop)
    }

    /// As `merge_low_steps`, with the sides exchanged: all positions are one past the item that comes next.
    fn merge_high_steps(&mut self, r: &mut [T], side: &[T], m: &mut Merge) -> PyResult<Rest> {
        macro_rules! take_a {
            () => {{
                m.dest -= 1;
                m.a -= 1;
                r[m.dest] = r[m.a];
                if m.a == 0 {
                    return Ok(Rest::AThenNothing);
                }
            }};
        }
        macro_rules! take_b {
            () => {{
                m.dest -= 1;
                m.b -= 1;
                r[m.dest] = side[m.b];
                if m.b == 1 {
                    return Ok(Rest::BThenOne);
                }
            }};
        }
        take_a!();
        if m.b == 1 {
            return Ok(Rest::BThenOne);
        }
        let mut min_gallop = self.min_gallop;
        loop {
            let (mut wins_a, mut wins_b) = (0, 0);
            loop {
                if self.lt(side[m.b - 1], r[m.a - 1])? {
                    wins_a += 1;
                    wins_b = 0;
                    take_a!();
                    if wins_a >= min_gallop {
                        break;
                    }
                } else {
                    wins_b += 1;
                    wins_a = 0;
                    take_b!();
                    if wins_b >= min_gallop {
                        break;
                    }
                }
            }
            min_gallop += 1;
            loop {
                min_gallop -= usize::from(min_gallop > 1);
                self.min_gallop = min_gallop;
                let k = m.a - self.gallop_right(side[m.b - 1], &r[..m.a], m.a - 1)?;
                wins_a = k;
                if k != 0 {
                    r.copy_within(m.a - k..m.a, m.dest - k);
                    m.dest -= k;
                    m.a -= k;
                    if m.a == 0 {
                        return Ok(Rest::AThenNothing);
                    }
                }
                take_b!();
                let k = m.b - self.gallop_left(r[m.a - 1], &side[..m.b], m.b - 1)?;
                wins_b = k;
                if k != 0 {
                    r[m.dest - k..m.dest].copy_from_slice(&side[m.b - k..m.b]);
                    m.dest -= k;
                    m.b -= k;
                    match m.b {
                        0 => return Ok(Rest::AThenNothing),
                        1 => return Ok(Rest::BThenOne),
                        _ => {}
                    }
                }
                take_a!();
                if wins_a < MIN_GALLOP && wins_b < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }
}

/// Where a merge stands.
struct Merge {
    dest: usize,
    a: usize,
    b: usize,
}

/// How a merge ends: what remains to be moved.
enum Rest {
    /// Items on the side, if any, fill the gap.
    AThenNothing,
    /// The run that lies in the list moves, then one last item from the side.
    BThenOne,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(state: &mut u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        *state >> 33
    }

    #[test]
    fn sorts_stably_whatever_the_input() {
        let mut state = 1;
        for n in (0..200).chain([1000, 5000]) {
            for spread in [1, 3, 20, 1 << 30] {
                for shape in 0..4 {
                    let mut v: Vec<(u64, usize)> =
                        (0..n).map(|i| (random(&mut state) % spread, i)).collect();
                    match shape {
                        1 => v.sort(),
                        2 => {
                            v.sort();
                            v.reverse();
                        }
                        3 => {
                            v.sort();
                            for _ in 0..5 {
                                if n > 0 {
                                    let (i, j) =
                                        (random(&mut state) as usize, random(&mut state) as usize);
                                    v.swap(i % n, j % n);
                                }
                            }
                        }
                        _ => {}
                    }
                    for (i, x) in v.iter_mut().enumerate() {
                        x.1 = i;
                    }
                    let mut want = v.clone();
                    want.sort();
                    let done = sort(&mut v, &mut |a, b| Ok(a.0 < b.0));
                    assert!(done.is_ok());
                    assert_eq!(v, want);
                }
            }
        }
    }
}
