//! The depth check of everything that recurses over a tree: it looks at the real stack.

/// How far down the stack recursion may go. The address of a local variable is compared with a limit, so the check
/// costs a comparison and holds whatever the size of the frames.
#[derive(Clone, Copy, Debug)]
pub struct StackLimit {
    lowest: usize,
}

/// The tree is too deep for the stack. It becomes a `RecursionError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeep;

impl StackLimit {
    /// A limit `bytes` below the frame that calls.
    #[inline(never)]
    pub fn below_here(bytes: usize) -> StackLimit {
        StackLimit {
            lowest: here().saturating_sub(bytes),
        }
    }

    /// A limit at an address, for a thread whose stack's bounds are known. Room must be left below it for what does
    /// not check: 64 kB are ample.
    pub const fn at(lowest: usize) -> StackLimit {
        StackLimit { lowest }
    }

    /// Fails if the caller's frame is below the limit.
    #[inline]
    pub fn check(self) -> Result<(), TooDeep> {
        if here() < self.lowest {
            Err(TooDeep)
        } else {
            Ok(())
        }
    }
}

/// About where the stack's end is.
#[inline(always)]
fn here() -> usize {
    let local = 0u8;
    std::hint::black_box(std::ptr::from_ref(&local)).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recursion_ends_at_the_limit() {
        fn down(limit: StackLimit, depth: usize) -> Result<usize, (TooDeep, usize)> {
            limit.check().map_err(|e| (e, depth))?;
            down(limit, depth + 1).map(|depth| depth + 1)
        }
        let reached = down(StackLimit::below_here(64 * 1024), 0)
            .expect_err("there is no other way out")
            .1;
        assert!(reached > 50, "{reached}");
    }
}
