//! The part of a context that results depend on, the conditions that operations report, and the final step of each
//! operation: fitting a result into the context.

use super::coeff::{Coeff, Dropped};
use super::number::{Dec, Kind};

/// `MAX_PREC`
pub const MAX_PREC: i64 = 999_999_999_999_999_999;
/// `MAX_EMAX`
pub const MAX_EMAX: i64 = 999_999_999_999_999_999;
/// `MIN_EMIN`
pub const MIN_EMIN: i64 = -999_999_999_999_999_999;
/// `MIN_ETINY`
pub const MIN_ETINY: i64 = MIN_EMIN - (MAX_PREC - 1);

/// Beyond every exponent of a finite number.
pub const EXP_INF: i64 = 2_000_000_000_000_000_001;

/// The conditions, as bits.
pub mod status {
    /// An exponent was changed to fit.
    pub const CLAMPED: u32 = 0x1;
    /// A string is not a number.
    pub const CONVERSION_SYNTAX: u32 = 0x2;
    /// A finite number was divided by zero.
    pub const DIVISION_BY_ZERO: u32 = 0x4;
    /// An integer quotient is too long.
    pub const DIVISION_IMPOSSIBLE: u32 = 0x8;
    /// 0 / 0.
    pub const DIVISION_UNDEFINED: u32 = 0x10;
    /// Digits other than zeros were lost.
    pub const INEXACT: u32 = 0x40;
    /// The context does not allow the operation.
    pub const INVALID_CONTEXT: u32 = 0x80;
    /// The operation has no meaning for these operands.
    pub const INVALID_OPERATION: u32 = 0x100;
    /// The result would be too long to be held.
    pub const NO_MEMORY: u32 = 0x200;
    /// A float took part.
    pub const FLOAT_OPERATION: u32 = 0x400;
    /// The result is too large.
    pub const OVERFLOW: u32 = 0x800;
    /// Digits were dropped.
    pub const ROUNDED: u32 = 0x1000;
    /// The result is below the smallest normal number.
    pub const SUBNORMAL: u32 = 0x2000;
    /// The result is subnormal and inexact.
    pub const UNDERFLOW: u32 = 0x4000;

    /// What the signal InvalidOperation stands for.
    pub const INVALID: u32 = CONVERSION_SYNTAX
        | DIVISION_IMPOSSIBLE
        | DIVISION_UNDEFINED
        | INVALID_CONTEXT
        | INVALID_OPERATION
        | NO_MEMORY;
    /// Conditions that make a result meaningless.
    pub const ERRORS: u32 = INVALID | DIVISION_BY_ZERO;
    /// Conditions that say that a conversion lost something.
    pub const NOT_EXACT: u32 = INEXACT | ROUNDED | CLAMPED;
}

/// Rounding modes, in CPython's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards infinity.
    Ceiling,
    /// Towards minus infinity.
    Floor,
    /// To the nearest, ties away from zero.
    HalfUp,
    /// To the nearest, ties towards zero.
    HalfDown,
    /// To the nearest, ties to even.
    HalfEven,
    /// Away from zero if the last digit would be 0 or 5, else towards zero.
    ZeroFiveUp,
}

impl Round {
    /// All of them with their names.
    pub const ALL: [(Round, &'static str); 8] = [
        (Round::Up, "ROUND_UP"),
        (Round::Down, "ROUND_DOWN"),
        (Round::Ceiling, "ROUND_CEILING"),
        (Round::Floor, "ROUND_FLOOR"),
        (Round::HalfUp, "ROUND_HALF_UP"),
        (Round::HalfDown, "ROUND_HALF_DOWN"),
        (Round::HalfEven, "ROUND_HALF_EVEN"),
        (Round::ZeroFiveUp, "ROUND_05UP"),
    ];

    /// The name.
    pub fn name(self) -> &'static str {
        Round::ALL
            .iter()
            .find(|(r, _)| *r == self)
            .map_or("", |(_, name)| name)
    }

    /// Whether a number that lost digits is to be increased by a unit in its last place.
    #[inline]
    pub fn increments(self, dropped: Dropped, coeff: &Coeff, negative: bool) -> bool {
        if dropped == Dropped::Nothing {
            return false;
        }
        match self {
            Round::Down => false,
            Round::Up => true,
            Round::Ceiling => !negative,
            Round::Floor => negative,
            Round::HalfUp => dropped >= Dropped::Half,
            Round::HalfDown => dropped == Dropped::Above,
            Round::HalfEven => {
                dropped == Dropped::Above || (dropped == Dropped::Half && coeff.is_odd())
            }
            Round::ZeroFiveUp => matches!(coeff.last_digit(), 0 | 5),
        }
    }
}

/// What results are fitted into.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Most digits.
    pub prec: i64,
    /// Largest adjusted exponent.
    pub emax: i64,
    /// Smallest adjusted exponent of a normal number.
    pub emin: i64,
    /// Rounding mode.
    pub round: Round,
    /// Whether exponents of long-enough numbers are kept at or below [`Rules::etop`].
    pub clamp: bool,
}

impl Rules {
    /// The widest context there is.
    pub const MAX: Rules = Rules {
        prec: MAX_PREC,
        emax: MAX_EMAX,
        emin: MIN_EMIN,
        round: Round::HalfEven,
        clamp: false,
    };

    /// Smallest exponent of a subnormal number.
    #[inline]
    pub fn etiny(&self) -> i64 {
        self.emin - (self.prec - 1)
    }

    /// Largest exponent of a number with all digits used.
    #[inline]
    pub fn etop(&self) -> i64 {
        self.emax - (self.prec - 1)
    }

    /// The same with rounding to the nearest even, as the correctly rounded functions use.
    pub fn half_even(self) -> Rules {
        Rules {
            round: Round::HalfEven,
            ..self
        }
    }

    /// Fits a result into the context.
    #[inline]
    pub fn finalize(&self, d: Dec, st: &mut u32) -> Dec {
        if d.kind == Kind::Finite {
            let digits = d.coeff.digits();
            let adjusted = d.exp + digits - 1;
            if digits <= self.prec
                && adjusted <= self.emax
                && adjusted >= self.emin
                && !(self.clamp && d.exp > self.etop())
            {
                return d;
            }
        }
        self.finalize_slowly(d, st)
    }

    #[cold]
    fn finalize_slowly(&self, d: Dec, st: &mut u32) -> Dec {
        match d.kind {
            Kind::Infinite => d,
            Kind::Nan | Kind::SignalingNan => self.fit_nan(d),
            Kind::Finite => {
                let d = self.fit_exponent(d, st);
                self.fit_digits(d, st)
            }
        }
    }

    /// Cuts a NaN's payload to what the context has room for.
    pub fn fit_nan(&self, mut d: Dec) -> Dec {
        let room = self.prec - i64::from(self.clamp);
        if !d.coeff.is_zero() && d.coeff.digits() > room {
            d.coeff = d.coeff.low_digits(room);
        }
        d
    }

    fn fit_digits(&self, mut d: Dec, st: &mut u32) -> Dec {
        let excess = d.coeff.digits() - self.prec;
        if d.kind != Kind::Finite || excess <= 0 {
            return d;
        }
        let (coeff, dropped) = d.coeff.shift_right(excess);
        d.coeff = coeff;
        d.exp += excess;
        let d = self.round_up(d, dropped, st);
        *st |= status::ROUNDED;
        if dropped != Dropped::Nothing {
            *st |= status::INEXACT;
        }
        d
    }

    /// Applies the rounding mode to a number whose coefficient was cut to the precision.
    fn round_up(&self, mut d: Dec, dropped: Dropped, st: &mut u32) -> Dec {
        if !self.round.increments(dropped, &d.coeff, d.negative) {
            return d;
        }
        d.coeff = d.coeff.add(&Coeff::ONE);
        if d.coeff.digits() > self.prec {
            // All nines became a power of ten: its last digit is a zero.
            d.coeff = d.coeff.shift_right(1).0;
            d.exp += 1;
            return self.fit_exponent(d, st);
        }
        d
    }

    /// The result of an overflow.
    fn overflow(&self, negative: bool, st: &mut u32) -> Dec {
        let largest = match self.round {
            Round::Down | Round::ZeroFiveUp => true,
            Round::Ceiling => negative,
            Round::Floor => !negative,
            _ => false,
        };
        *st |= status::OVERFLOW | status::INEXACT | status::ROUNDED;
        if !largest {
            return Dec::infinity(negative);
        }
        match Coeff::nines(self.prec) {
            Some(coeff) => Dec::finite(negative, coeff, self.etop()),
            None => Dec::error(status::NO_MEMORY, st),
        }
    }

    fn fit_exponent(&self, mut d: Dec, st: &mut u32) -> Dec {
        let adjusted = d.adjusted();
        if adjusted > self.emax {
            if d.coeff.is_zero() {
                d.exp = if self.clamp { self.etop() } else { self.emax };
                *st |= status::CLAMPED;
                return d;
            }
            return self.overflow(d.negative, st);
        }
        if self.clamp && d.exp > self.etop() {
            let shift = d.exp - self.etop();
            let Some(coeff) = d.coeff.shift_left(shift) else {
                return Dec::error(status::NO_MEMORY, st);
            };
            d.coeff = coeff;
            d.exp -= shift;
            *st |= status::CLAMPED;
            if !d.coeff.is_zero() && adjusted < self.emin {
                *st |= status::SUBNORMAL;
            }
            return d;
        }
        if adjusted >= self.emin {
            return d;
        }
        let etiny = self.etiny();
        if d.coeff.is_zero() {
            if d.exp < etiny {
                d.exp = etiny;
                *st |= status::CLAMPED;
            }
            return d;
        }
        *st |= status::SUBNORMAL;
        if d.exp < etiny {
            let (coeff, dropped) = d.coeff.shift_right(etiny - d.exp);
            d.coeff = coeff;
            d.exp = etiny;
            if self.round.increments(dropped, &d.coeff, d.negative) {
                d.coeff = d.coeff.add(&Coeff::ONE);
            }
            *st |= status::ROUNDED;
            if dropped != Dropped::Nothing {
                *st |= status::INEXACT | status::UNDERFLOW;
                if d.coeff.is_zero() {
                    *st |= status::CLAMPED;
                }
            }
        }
        d
    }
}
