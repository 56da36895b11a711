//! `Decimal`'s named operations: those of the specification, with a context that can be given.

use std::cmp::Ordering;

use taipan_macros::pymethods;
use taipan_object::{Args, PyResult, Ref, Str, Value, Vm};

use super::arguments::named;
use super::context::rounding_mode;
use super::convert::operand_or_raise;
use super::current::or_current;
use super::decimal::{Decimal, new};
use crate::core::compare::{self, Choice};
use crate::core::{Dec, Rules, arith, logical, neighbours, quantize, root, text, transcend};

type Unary = fn(&Dec, &Rules, &mut u32) -> Dec;
type Binary = fn(&Dec, &Dec, &Rules, &mut u32) -> Dec;

fn unary(vm: &Vm, this: &Dec, args: Args<'_>, f: Unary) -> PyResult {
    let [context] = named(vm, args, ["context"], 0)?;
    let context = or_current(vm, context)?;
    let mut st = 0;
    let d = f(this, &context.rules(), &mut st);
    context.finish(vm, d, st)
}

fn binary(vm: &Vm, this: &Dec, args: Args<'_>, f: Binary) -> PyResult {
    let [other, context] = named(vm, args, ["other", "context"], 1)?;
    let context = or_current(vm, context)?;
    let none = vm.none();
    let other = operand_or_raise(vm, other.unwrap_or(&none))?;
    let mut st = 0;
    let d = f(this, &other, &context.rules(), &mut st);
    context.finish(vm, d, st)
}

/// `max`, `min` and their `_mag` forms.
pub fn choose<const LARGEST: bool, const MAGNITUDE: bool>(
    a: &Dec,
    b: &Dec,
    rules: &Rules,
    st: &mut u32,
) -> Dec {
    let choice = Choice {
        largest: LARGEST,
        magnitude: MAGNITUDE,
    };
    compare::choose(a, b, choice, rules, st)
}

/// `logical_and`
pub fn and(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    logical::logical(a, b, |a, b| a && b, rules, st)
}

/// `logical_or`
pub fn or(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    logical::logical(a, b, |a, b| a || b, rules, st)
}

/// `logical_xor`
pub fn xor(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    logical::logical(a, b, |a, b| a != b, rules, st)
}

/// `compare_total`
pub fn total(a: &Dec, b: &Dec, _: &Rules, _: &mut u32) -> Dec {
    compare::as_number(compare::compare_total(a, b))
}

/// `compare_total_mag`
pub fn total_mag(a: &Dec, b: &Dec, _: &Rules, _: &mut u32) -> Dec {
    let order: Ordering = compare::compare_total_magnitudes(a, b);
    compare::as_number(order)
}

/// `copy_sign`
pub fn copy_sign(a: &Dec, b: &Dec, _: &Rules, _: &mut u32) -> Dec {
    a.clone().with_sign(b.negative)
}

/// `to_integral_value`
pub fn integral_value(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    quantize::to_integral(a, false, rules, st)
}

/// `to_integral_exact`
pub fn integral_exact(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    quantize::to_integral(a, true, rules, st)
}

fn to_integral(vm: &Vm, this: &Dec, args: Args<'_>, f: Unary) -> PyResult {
    let [rounding, context] = named(vm, args, ["rounding", "context"], 0)?;
    let context = or_current(vm, context)?;
    let rules = rules_with(vm, context.rules(), rounding)?;
    let mut st = 0;
    let d = f(this, &rules, &mut st);
    context.finish(vm, d, st)
}

/// Rules with another rounding mode, if one is given.
fn rules_with(vm: &Vm, rules: Rules, rounding: Option<&Value>) -> PyResult<Rules> {
    match rounding {
        Some(v) if !vm.is_none(v) => Ok(Rules {
            round: rounding_mode(vm, v)?,
            ..rules
        }),
        _ => Ok(rules),
    }
}

macro_rules! operations {
    (
        unary { $($u:ident $udoc:literal => $uf:path;)* }
        binary { $($b:ident $bdoc:literal => $bf:expr;)* }
        tests { $($t:ident $tdoc:literal => $tf:expr;)* }
        context tests { $($c:ident $cdoc:literal => $cf:expr;)* }
    ) => {
        #[pymethods(DECIMAL_OPERATIONS)]
        impl Decimal {
            $(#[doc = $udoc]
            #[pymethod(sig = "($self, /, context=None)")]
            fn $u(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                unary(vm, &self.dec, args, $uf)
            })*

            $(#[doc = $bdoc]
            #[pymethod(sig = "($self, /, other, context=None)")]
            fn $b(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                binary(vm, &self.dec, args, $bf)
            })*

            $(#[doc = $tdoc]
            #[pymethod(sig = "($self, /)")]
            fn $t(&self) -> bool {
                let test: fn(&Dec) -> bool = $tf;
                test(&self.dec)
            })*

            $(#[doc = $cdoc]
            #[pymethod(sig = "($self, /, context=None)")]
            fn $c(&self, vm: &Vm, args: Args<'_>) -> PyResult<bool> {
                let [context] = named(vm, args, ["context"], 0)?;
                let context = or_current(vm, context)?;
                let test: fn(&Dec, &Rules) -> bool = $cf;
                Ok(test(&self.dec, &context.rules()))
            })*

            /// The number itself: every encoding is canonical.
            #[pymethod(sig = "($self, /)")]
            fn canonical(this: &Ref<Self>) -> Ref<Self> {
                this.clone()
            }

            /// The number itself.
            #[pymethod(sig = "($self, /)")]
            fn conjugate(this: &Ref<Self>) -> Ref<Self> {
                this.clone()
            }

            /// The number without its sign; no rounding takes place.
            #[pymethod(sig = "($self, /)")]
            fn copy_abs(&self, vm: &Vm) -> PyResult {
                new(vm, self.dec.magnitude())
            }

            /// The number with the other sign; no rounding takes place.
            #[pymethod(sig = "($self, /)")]
            fn copy_negate(&self, vm: &Vm) -> PyResult {
                new(vm, self.dec.clone().with_sign(!self.dec.negative))
            }

            /// The base of the arithmetic: ten.
            #[pymethod(sig = "($self, /)")]
            fn radix(&self, vm: &Vm) -> PyResult {
                new(vm, Dec::small(false, 10, 0))
            }

            /// self * other + third, rounded once.
            ///
            ///     >>> Decimal(4).fma(3, 2)
            ///     Decimal('14')
            #[pymethod(sig = "($self, /, other, third, context=None)")]
            fn fma(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                let [other, third, context] = named(vm, args, ["other", "third", "context"], 2)?;
                let context = or_current(vm, context)?;
                let none = vm.none();
                let other = operand_or_raise(vm, other.unwrap_or(&none))?;
                let third = operand_or_raise(vm, third.unwrap_or(&none))?;
                let mut st = 0;
                let d = arith::fma(&self.dec, &other, &third, &context.rules(), &mut st);
                context.finish(vm, d, st)
            }

            /// The number rounded to the exponent of another.
            ///
            ///     >>> Decimal('2.71828').quantize(Decimal('0.01'))
            ///     Decimal('2.72')
            #[pymethod(sig = "($self, /, exp, rounding=None, context=None)")]
            fn quantize(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                let [exp, rounding, context] = named(vm, args, ["exp", "rounding", "context"], 1)?;
                let context = or_current(vm, context)?;
                let rules = rules_with(vm, context.rules(), rounding)?;
                let none = vm.none();
                let exp = operand_or_raise(vm, exp.unwrap_or(&none))?;
                let mut st = 0;
                let d = quantize::quantize(&self.dec, &exp, &rules, &mut st);
                context.finish(vm, d, st)
            }

            /// Whether both have the same exponent, or both are infinite, or both are NaNs.
            #[pymethod(sig = "($self, /, other, context=None)")]
            fn same_quantum(&self, vm: &Vm, args: Args<'_>) -> PyResult<bool> {
                let [other, context] = named(vm, args, ["other", "context"], 1)?;
                or_current(vm, context)?;
                let none = vm.none();
                let other = operand_or_raise(vm, other.unwrap_or(&none))?;
                Ok(compare::same_quantum(&self.dec, &other))
            }

            /// The nearest integer, without reporting that digits were lost.
            #[pymethod(sig = "($self, /, rounding=None, context=None)")]
            fn to_integral(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                to_integral(vm, &self.dec, args, integral_value)
            }

            /// The nearest integer, without reporting that digits were lost.
            #[pymethod(sig = "($self, /, rounding=None, context=None)")]
            fn to_integral_value(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                to_integral(vm, &self.dec, args, integral_value)
            }

            /// The nearest integer, with the flags that rounding sets.
            #[pymethod(sig = "($self, /, rounding=None, context=None)")]
            fn to_integral_exact(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                to_integral(vm, &self.dec, args, integral_exact)
            }

            /// What kind of number this is, as a string.
            #[pymethod(sig = "($self, /, context=None)")]
            fn number_class(&self, vm: &Vm, args: Args<'_>) -> PyResult<Ref<Str>> {
                let [context] = named(vm, args, ["context"], 0)?;
                let context = or_current(vm, context)?;
                vm.new_str(compare::number_class(&self.dec, &context.rules()))
            }

            /// The text with exponents that are multiples of three.
            #[pymethod(sig = "($self, /, context=None)")]
            fn to_eng_string(&self, vm: &Vm, args: Args<'_>) -> PyResult<String> {
                let [context] = named(vm, args, ["context"], 0)?;
                let context = or_current(vm, context)?;
                Ok(text::to_text(&self.dec, true, context.capital_letters()))
            }
        }
    };
}

operations! {
    unary {
        exp "e to the power of the number, correctly rounded." => transcend::exp;
        ln "The natural logarithm, correctly rounded." => transcend::ln;
        log10 "The logarithm to base ten, correctly rounded." => transcend::log10;
        logb "The exponent of the first digit, as a number." => quantize::logb;
        logical_invert "The digits zero and one exchanged." => logical::invert;
        next_minus "The largest number below." => neighbours::next_minus;
        next_plus "The smallest number above." => neighbours::next_plus;
        normalize "The number without zeros at its end." => quantize::normalize;
        sqrt "The square root, correctly rounded." => root::sqrt;
    }
    binary {
        compare "-1, 0 or 1 for less, equal or greater, or NaN." => compare::compare;
        compare_signal "As compare, but every NaN signals." => compare::compare_signal;
        compare_total
            "Compares by the total order of representations.\n\n    >>> Decimal('2.0').compare_total(Decimal('2.00'))\n    Decimal('1')"
            => total;
        compare_total_mag "Compares by the total order of representations, signs aside." => total_mag;
        copy_sign
            "The number with the sign of another.\n\n    >>> Decimal('7.5').copy_sign(Decimal('-1'))\n    Decimal('-7.5')"
            => copy_sign;
        logical_and "The logical and of the digits." => and;
        logical_or "The logical or of the digits." => or;
        logical_xor "The exclusive or of the digits." => xor;
        max "The larger of two numbers; a number wins against a quiet NaN." => choose::<true, false>;
        max_mag "The number that is larger without its sign." => choose::<true, true>;
        min "The smaller of two numbers; a number wins against a quiet NaN." => choose::<false, false>;
        min_mag "The number that is smaller without its sign." => choose::<false, true>;
        next_toward "The next number in the direction of another." => neighbours::next_toward;
        remainder_near "The remainder from the nearest multiple." => crate::core::division::remainder_near;
        rotate "The digits rotated." => logical::rotate;
        scaleb "The number with its exponent increased." => quantize::scaleb;
        shift "The digits shifted." => logical::shift;
    }
    tests {
        is_canonical "True." => |_: &Dec| true;
        is_finite "Whether this is a finite number." => Dec::is_finite;
        is_infinite "Whether this is an infinity." => Dec::is_infinite;
        is_nan "Whether this is a NaN." => Dec::is_nan;
        is_qnan "Whether this is a quiet NaN." => |d: &Dec| d.is_nan() && !d.is_signaling();
        is_signed "Whether the sign is a minus." => |d: &Dec| d.negative;
        is_snan "Whether this is a signaling NaN." => Dec::is_signaling;
        is_zero "Whether this is a zero." => Dec::is_zero;
    }
    context tests {
        is_normal "Whether this is a normal number." => Dec::is_normal;
        is_subnormal "Whether this is a subnormal number." => Dec::is_subnormal;
    }
}
