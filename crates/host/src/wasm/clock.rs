//! Clocks, where there is no operating system. What each means is told in `unix/clock.rs`.

use super::stubs;
use crate::Result;
use crate::types::*;

stubs! {
    /// Reads a clock.
    fn now(clock: Clock) -> Result<i64>;
    /// Resolution of a clock.
    fn resolution(clock: Clock) -> Result<i64>;
    /// Reads the clock with the system's number `id`.
    fn clock_gettime(id: i32) -> Result<i64>;
    /// Resolution of the clock with the system's number `id`.
    fn clock_getres(id: i32) -> Result<i64>;
    /// Sets the clock with the system's number `id`.
    fn clock_settime(id: i32, ns: i64) -> Result<()>;
    /// Sleeps until the monotonic clock shows `deadline`; EINTR if a signal came first.
    fn sleep_until(deadline: i64) -> Result<()>;
    /// `seconds` in the local zone; EOVERFLOW beyond what the C library can say.
    fn localtime(seconds: i64) -> Result<Tm>;
    /// `seconds` in UTC.
    fn gmtime(seconds: i64) -> Result<Tm>;
    /// Seconds since the epoch of a local time; EOVERFLOW if it has none.
    fn mktime(tm: &Tm) -> Result<i64>;
    /// `strftime` of the C library. `format` must not hold NUL (the module `time` splits at those).
    fn strftime(format: &[u8], tm: &Tm) -> Result<Vec<u8>>;
    /// Reads `TZ` of our environment table again, for `localtime` and `mktime`.
    fn tzset() -> Result<()>;
}
