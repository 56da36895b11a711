//! `slice`: three values, and the arithmetic of the positions that a slice selects.

use crate::reference::{Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The payload of `slice`.
pub struct Slice {
    /// `start`
    pub start: Value,
    /// `stop`
    pub stop: Value,
    /// `step`
    pub step: Value,
}

crate::payload!(Slice, gc);

impl Traverse for Slice {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.start);
        visit(&self.stop);
        visit(&self.step);
    }
}

/// The positions that a slice selects in a sequence of known length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SliceRange {
    /// The first position.
    pub start: isize,
    /// One step past the last position, at most.
    pub stop: isize,
    /// The step, never zero and never `isize::MIN`.
    pub step: isize,
    /// How many positions.
    pub count: usize,
}

impl SliceRange {
    /// The positions in order. All are within the sequence that the range was made for.
    pub fn positions(self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator {
        (0..self.count).map(move |i| {
            self.start
                .wrapping_add((i as isize).wrapping_mul(self.step)) as usize
        })
    }

    /// The position number `i`, for `i < count`.
    #[inline]
    pub fn position(self, i: usize) -> usize {
        self.start
            .wrapping_add((i as isize).wrapping_mul(self.step)) as usize
    }

    /// The same positions in rising order.
    pub fn ascending(self) -> SliceRange {
        if self.step > 0 || self.count == 0 {
            return self;
        }
        let first = self.position(self.count - 1) as isize;
        SliceRange {
            start: first,
            stop: self.start.wrapping_add(1),
            step: -self.step,
            count: self.count,
        }
    }
}

impl Slice {
    /// Evaluates the three parts (`PySlice_Unpack`): this can run `__index__`.
    pub fn unpack(&self, vm: &Vm) -> PyResult<(isize, isize, isize)> {
        let step = match vm.slice_part(&self.step)? {
            None => 1,
            Some(0) => return Err(vm.value_error("slice step cannot be zero")),
            Some(n) => n.max(-isize::MAX),
        };
        let start = match vm.slice_part(&self.start)? {
            Some(n) => n,
            None if step < 0 => isize::MAX,
            None => 0,
        };
        let stop = match vm.slice_part(&self.stop)? {
            Some(n) => n,
            None if step < 0 => isize::MIN,
            None => isize::MAX,
        };
        Ok((start, stop, step))
    }

    /// The positions selected in a sequence of `len` items. `len` is asked for after the parts were evaluated, since that
    /// can change the sequence.
    pub fn range(&self, vm: &Vm, len: impl FnOnce() -> usize) -> PyResult<SliceRange> {
        let (start, stop, step) = self.unpack(vm)?;
        Ok(adjust(len(), start, stop, step))
    }
}

/// Fits evaluated slice parts to a sequence of `len` items (`PySlice_AdjustIndices`).
pub fn adjust(len: usize, start: isize, stop: isize, step: isize) -> SliceRange {
    let n = isize::try_from(len).unwrap_or(isize::MAX);
    let fit = |i: isize| {
        if i < 0 {
            let i = i.saturating_add(n);
            if i < 0 {
                if step < 0 { -1 } else { 0 }
            } else {
                i
            }
        } else if i >= n {
            if step < 0 { n - 1 } else { n }
        } else {
            i
        }
    };
    let (start, stop) = (fit(start), fit(stop));
    let count = if step < 0 {
        if stop < start {
            (start - stop - 1) / step.saturating_neg() + 1
        } else {
            0
        }
    } else if start < stop {
        (stop - start - 1) / step + 1
    } else {
        0
    };
    SliceRange {
        start,
        stop,
        step,
        count: count as usize,
    }
}

impl Vm {
    /// One part of a slice as a position, clipped; `None` for None.
    fn slice_part(&self, v: &Value) -> PyResult<Option<isize>> {
        if let Some(i) = v.as_small_int() {
            return Ok(Some(i as isize));
        }
        if self.is_none(v) {
            return Ok(None);
        }
        if !self.has_index(v) {
            return Err(self
                .type_error("slice indices must be integers or None or have an __index__ method"));
        }
        self.index_isize(v).map(Some)
    }

    /// A new slice object.
    pub fn new_slice(&self, start: Value, stop: Value, step: Value) -> PyResult<Ref<Slice>> {
        self.new_object(&self.types().slice, Slice { start, stop, step })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_fit_the_sequence() {
        let all = |len, a, b, s| adjust(len, a, b, s).positions().collect::<Vec<_>>();
        assert_eq!(all(5, 1, 4, 2), [1, 3]);
        assert_eq!(all(5, isize::MAX, isize::MIN, -1), [4, 3, 2, 1, 0]);
        assert_eq!(all(5, -2, isize::MAX, 1), [3, 4]);
        assert_eq!(all(5, isize::MAX, isize::MIN, -isize::MAX), [4]);
        assert_eq!(all(0, 0, isize::MAX, 1), [0usize; 0]);
        let down = adjust(6, isize::MAX, isize::MIN, -2);
        assert_eq!(down.ascending().positions().collect::<Vec<_>>(), [1, 3, 5]);
    }
}
