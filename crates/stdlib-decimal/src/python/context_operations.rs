//! `Context`'s operations: those of `Decimal`, by the rules of the context that they are called on.

use taipan_macros::pymethods;
use taipan_object::{Args, PyResult, Raised, Ref, Str, Value, Vm};

use super::arguments::{named, positional};
use super::context::Context;
use super::convert::{self, operand_or_raise};
use super::decimal::{Decimal, new};
use super::decimal_operations::{
    and, choose, copy_sign, integral_exact, integral_value, or, total, total_mag, xor,
};
use super::operators::divmod;
use crate::core::{
    Dec, Rules, arith, compare, division, logical, neighbours, power, quantize, root, text,
    transcend,
};

type Unary = fn(&Dec, &Rules, &mut u32) -> Dec;
type Binary = fn(&Dec, &Dec, &Rules, &mut u32) -> Dec;

fn unary(vm: &Vm, context: &Context, x: &Value, f: Unary) -> PyResult {
    let x = operand_or_raise(vm, x)?;
    let mut st = 0;
    let d = f(&x, &context.rules(), &mut st);
    context.finish(vm, d, st)
}

fn binary(vm: &Vm, context: &Context, args: Args<'_>, name: &str, f: Binary) -> PyResult {
    let (x, y) = two(vm, args, name)?;
    let (x, y) = (operand_or_raise(vm, x)?, operand_or_raise(vm, y)?);
    let mut st = 0;
    let d = f(&x, &y, &context.rules(), &mut st);
    context.finish(vm, d, st)
}

fn two<'a>(vm: &Vm, args: Args<'a>, name: &str) -> PyResult<(&'a Value, &'a Value)> {
    match positional(vm, args, name, 2, 2)? {
        [x, y] => Ok((x, y)),
        _ => Err(not_decimal(vm)),
    }
}

fn not_decimal(vm: &Vm) -> Raised {
    vm.type_error("argument must be a Decimal")
}

/// The number as it is.
fn same(a: &Dec, _: &Rules, _: &mut u32) -> Dec {
    a.clone()
}

fn copy_abs(a: &Dec, _: &Rules, _: &mut u32) -> Dec {
    a.magnitude()
}

fn copy_negate(a: &Dec, _: &Rules, _: &mut u32) -> Dec {
    a.clone().with_sign(!a.negative)
}

macro_rules! operations {
    (
        unary { $($u:ident $udoc:literal => $uf:path;)* }
        binary { $($b:ident $bdoc:literal => $bf:expr;)* }
        tests { $($t:ident $tdoc:literal => $tf:expr;)* }
    ) => {
        #[pymethods(CONTEXT_OPERATIONS)]
        impl Context {
            $(#[doc = $udoc]
            #[pymethod(sig = "($self, x, /)")]
            fn $u(&self, vm: &Vm, x: &Value) -> PyResult {
                unary(vm, self, x, $uf)
            })*

            $(#[doc = $bdoc]
            #[pymethod(sig = "($self, x, y, /)")]
            fn $b(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                binary(vm, self, args, stringify!($b), $bf)
            })*

            $(#[doc = $tdoc]
            #[pymethod(sig = "($self, x, /)")]
            fn $t(&self, vm: &Vm, x: &Value) -> PyResult<bool> {
                let x = operand_or_raise(vm, x)?;
                let test: fn(&Dec, &Rules) -> bool = $tf;
                Ok(test(&x, &self.rules()))
            })*

            /// The number itself.
            #[pymethod(sig = "($self, x, /)")]
            fn canonical(&self, vm: &Vm, x: &Value) -> PyResult {
                match x.downcast_ref::<Decimal>() {
                    Some(_) => Ok(x.clone()),
                    None => Err(not_decimal(vm)),
                }
            }

            /// True.
            #[pymethod(sig = "($self, x, /)")]
            fn is_canonical(&self, vm: &Vm, x: &Value) -> PyResult<bool> {
                match x.downcast_ref::<Decimal>() {
                    Some(_) => Ok(true),
                    None => Err(not_decimal(vm)),
                }
            }

            /// The number itself.
            #[pymethod(sig = "($self, x, /)")]
            fn copy_decimal(&self, vm: &Vm, x: &Value) -> PyResult {
                if x.downcast_ref::<Decimal>().is_some() {
                    return Ok(x.clone());
                }
                unary(vm, self, x, same)
            }

            /// Fits a number into the context.
            #[pymethod(sig = "($self, object, /)")]
            fn _apply(&self, vm: &Vm, object: &Value) -> PyResult {
                let d = operand_or_raise(vm, object)?;
                let mut st = 0;
                let d = self.rules().finalize(d.clone(), &mut st);
                self.finish(vm, d, st)
            }

            /// A number made from what Decimal() takes, fitted into the context.
            #[pymethod(sig = "($self, num=\"0\", /)")]
            fn create_decimal(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                let num = positional(vm, args, "create_decimal", 0, 1)?.first();
                convert::create(vm, num, self)
            }

            /// A number made from a float, fitted into the context.
            #[pymethod(sig = "($self, f, /)")]
            fn create_decimal_from_float(&self, vm: &Vm, f: &Value) -> PyResult {
                let d = convert::of_float_or_int(vm, f)?;
                let mut st = 0;
                let d = self.rules().finalize(d, &mut st);
                self.finish(vm, d, st)
            }

            /// The integer quotient and the remainder.
            #[pymethod(sig = "($self, x, y, /)")]
            fn divmod(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                let (x, y) = two(vm, args, "divmod")?;
                divmod(vm, &*operand_or_raise(vm, x)?, &*operand_or_raise(vm, y)?, self)
            }

            /// x * y + z, rounded once.
            #[pymethod(sig = "($self, x, y, z, /)")]
            fn fma(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                let [x, y, z] = positional(vm, args, "fma", 3, 3)? else {
                    return Err(not_decimal(vm));
                };
                let (x, y) = (operand_or_raise(vm, x)?, operand_or_raise(vm, y)?);
                let z = operand_or_raise(vm, z)?;
                let mut st = 0;
                let d = arith::fma(&x, &y, &z, &self.rules(), &mut st);
                self.finish(vm, d, st)
            }

            /// a ** b, modulo a third number if that is given.
            #[pymethod(sig = "($self, /, a, b, modulo=None)")]
            fn power(&self, vm: &Vm, args: Args<'_>) -> PyResult {
                let [a, b, modulo] = named(vm, args, ["a", "b", "modulo"], 2)?;
                let none = vm.none();
                let a = operand_or_raise(vm, a.unwrap_or(&none))?;
                let b = operand_or_raise(vm, b.unwrap_or(&none))?;
                let mut st = 0;
                let d = match modulo.filter(|m| !vm.is_none(m)) {
                    None => power::power(&a, &b, &self.rules(), &mut st),
                    Some(m) => {
                        let m = operand_or_raise(vm, m)?;
                        power::power_modulo(&a, &b, &m, &self.rules(), &mut st)
                    }
                };
                self.finish(vm, d, st)
            }

            /// The base of the arithmetic: ten.
            #[pymethod(sig = "($self, /)")]
            fn radix(&self, vm: &Vm) -> PyResult {
                new(vm, Dec::small(false, 10, 0))
            }

            /// Whether both have the same exponent, or both are infinite, or both are NaNs.
            #[pymethod(sig = "($self, x, y, /)")]
            fn same_quantum(&self, vm: &Vm, args: Args<'_>) -> PyResult<bool> {
                let (x, y) = two(vm, args, "same_quantum")?;
                let (x, y) = (operand_or_raise(vm, x)?, operand_or_raise(vm, y)?);
                Ok(compare::same_quantum(&x, &y))
            }

            /// What kind of number x is, as a string.
            #[pymethod(sig = "($self, x, /)")]
            fn number_class(&self, vm: &Vm, x: &Value) -> PyResult<Ref<Str>> {
                let x = operand_or_raise(vm, x)?;
                vm.new_str(compare::number_class(&x, &self.rules()))
            }

            /// The text with exponents that are multiples of three.
            #[pymethod(sig = "($self, x, /)")]
            fn to_eng_string(&self, vm: &Vm, x: &Value) -> PyResult<String> {
                let x = operand_or_raise(vm, x)?;
                Ok(text::to_text(&x, true, self.capital_letters()))
            }

            /// The text in scientific notation.
            #[pymethod(sig = "($self, x, /)")]
            fn to_sci_string(&self, vm: &Vm, x: &Value) -> PyResult<String> {
                let x = operand_or_raise(vm, x)?;
                Ok(text::to_text(&x, false, self.capital_letters()))
            }
        }
    };
}

operations! {
    unary {
        abs "The absolute value." => arith::abs;
        copy_abs "The number without its sign; no rounding takes place." => copy_abs;
        copy_negate "The number with the other sign; no rounding takes place." => copy_negate;
        exp "e to the power of the number, correctly rounded." => transcend::exp;
        ln "The natural logarithm, correctly rounded." => transcend::ln;
        log10 "The logarithm to base ten, correctly rounded." => transcend::log10;
        logb "The exponent of the first digit, as a number." => quantize::logb;
        logical_invert "The digits zero and one exchanged." => logical::invert;
        minus "Unary minus." => arith::minus;
        next_minus "The largest number below." => neighbours::next_minus;
        next_plus "The smallest number above." => neighbours::next_plus;
        normalize "The number without zeros at its end." => quantize::normalize;
        plus "Unary plus." => arith::plus;
        sqrt "The square root, correctly rounded." => root::sqrt;
        to_integral "The nearest integer, without reporting that digits were lost." => integral_value;
        to_integral_exact "The nearest integer, with the flags that rounding sets." => integral_exact;
        to_integral_value "The nearest integer, without reporting that digits were lost." => integral_value;
    }
    binary {
        add "The sum." => arith::add;
        compare "-1, 0 or 1 for less, equal or greater, or NaN." => compare::compare;
        compare_signal "As compare, but every NaN signals." => compare::compare_signal;
        compare_total "Compares by the total order of representations." => total;
        compare_total_mag "Compares by the total order of representations, signs aside." => total_mag;
        copy_sign "The number with the sign of another." => copy_sign;
        divide "The quotient." => division::divide;
        divide_int "The integer part of the quotient." => division::divide_int;
        logical_and "The logical and of the digits." => and;
        logical_or "The logical or of the digits." => or;
        logical_xor "The exclusive or of the digits." => xor;
        max "The larger of two numbers; a number wins against a quiet NaN." => choose::<true, false>;
        max_mag "The number that is larger without its sign." => choose::<true, true>;
        min "The smaller of two numbers; a number wins against a quiet NaN." => choose::<false, false>;
        min_mag "The number that is smaller without its sign." => choose::<false, true>;
        multiply "The product." => arith::multiply;
        next_toward "The next number in the direction of another." => neighbours::next_toward;
        quantize "The number rounded to the exponent of another." => quantize::quantize;
        remainder "The remainder of the integer quotient." => division::remainder;
        remainder_near "The remainder from the nearest multiple." => division::remainder_near;
        rotate "The digits rotated." => logical::rotate;
        scaleb "The number with its exponent increased." => quantize::scaleb;
        shift "The digits shifted." => logical::shift;
        subtract "The difference." => arith::subtract;
    }
    tests {
        is_finite "Whether this is a finite number." => |d: &Dec, _: &Rules| d.is_finite();
        is_infinite "Whether this is an infinity." => |d: &Dec, _: &Rules| d.is_infinite();
        is_nan "Whether this is a NaN." => |d: &Dec, _: &Rules| d.is_nan();
        is_normal "Whether this is a normal number." => Dec::is_normal;
        is_qnan "Whether this is a quiet NaN." => |d: &Dec, _: &Rules| d.is_nan() && !d.is_signaling();
        is_signed "Whether the sign is a minus." => |d: &Dec, _: &Rules| d.negative;
        is_snan "Whether this is a signaling NaN." => |d: &Dec, _: &Rules| d.is_signaling();
        is_subnormal "Whether this is a subnormal number." => Dec::is_subnormal;
        is_zero "Whether this is a zero." => |d: &Dec, _: &Rules| d.is_zero();
    }
}
