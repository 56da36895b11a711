//! From Python objects to decimal numbers: operands, and what the constructors take.

use std::ops::Deref;

use taipan_object::{Float, List, PyResult, Ref, Str, Tuple, TypeObject, Value, Vm};
use taipan_unicode as unicode;

use super::context::{Context, ssize};
use super::decimal::{Decimal, new_of};
use crate::core::convert::{from_float, from_integer};
use crate::core::text::{exactly, from_text, from_text_exactly};
use crate::core::{Coeff, Dec, Kind, status};

/// An operand: a Decimal's number, or one made from an int.
pub enum Operand<'a> {
    /// A Decimal's.
    Borrowed(&'a Dec),
    /// An int's.
    Owned(Dec),
}

impl Deref for Operand<'_> {
    type Target = Dec;
    #[inline]
    fn deref(&self) -> &Dec {
        match self {
            Operand::Borrowed(d) => d,
            Operand::Owned(d) => d,
        }
    }
}

/// The number of an int.
fn of_int(v: &Value) -> Option<Dec> {
    match v.as_int()? {
        taipan_object::IntRef::Small(i) => Some(Dec::from_i64(i)),
        taipan_object::IntRef::Big(b) => Some(from_integer(b)),
    }
}

/// A Decimal or int as an operand; `None` for anything else.
#[inline]
pub fn operand(v: &Value) -> Option<Operand<'_>> {
    match v.downcast_ref::<Decimal>() {
        Some(d) => Some(Operand::Borrowed(&d.dec)),
        None => of_int(v).map(Operand::Owned),
    }
}

/// The same, with TypeError for anything else.
pub fn operand_or_raise<'a>(vm: &Vm, v: &'a Value) -> PyResult<Operand<'a>> {
    operand(v).ok_or_else(|| unsupported(vm, v))
}

fn unsupported(vm: &Vm, v: &Value) -> taipan_object::Raised {
    let name = vm.type_name(v);
    vm.type_error(&format!(
        "conversion from {name} to Decimal is not supported"
    ))
}

/// A numeric string in ASCII: digits of any script become ASCII ones, other spaces become blanks. `None` when there are
/// other characters, which no number has. The constructor (`lenient`) strips white space and ignores underscores.
fn ascii(s: &Str, lenient: bool) -> Option<String> {
    if let Some(text) = s.as_ascii()
        && !(lenient && text.contains('_'))
    {
        let space = |c: char| unicode::is_space(c.into());
        return Some(
            if lenient {
                text.trim_matches(space)
            } else {
                text
            }
            .to_owned(),
        );
    }
    let text = s.text();
    let at = |i: usize| text.get(i).unwrap_or(0);
    let (mut start, mut end) = (0, text.len());
    if lenient {
        while start < end && unicode::is_space(at(end - 1)) {
            end -= 1;
        }
        while start < end && unicode::is_space(at(start)) {
            start += 1;
        }
    }
    let mut out = String::with_capacity(end - start);
    for i in start..end {
        let c = at(i);
        if lenient && c == u32::from('_') {
            continue;
        }
        if (1..128).contains(&c) {
            out.extend(char::from_u32(c));
        } else if unicode::is_space(c) {
            out.push(' ');
        } else {
            out.push(char::from(b'0' + unicode::decimal(c)?));
        }
    }
    Some(out)
}

/// The sign, digits and exponent of a sequence.
fn of_sequence(vm: &Vm, items: &[Value]) -> PyResult<Dec> {
    let [sign, digits, exponent] = items else {
        return Err(vm.value_error("argument must be a sequence of length 3"));
    };
    let negative = match sign.as_int().map(|i| i.to_i64()) {
        Some(Some(0)) => false,
        Some(Some(1)) => true,
        Some(None) => {
            return Err(vm.overflow_error("Python int too large to convert to C long"));
        }
        _ => return Err(vm.value_error("sign must be an integer with the value 0 or 1")),
    };
    let (kind, exp) = match exponent.downcast_ref::<Str>() {
        Some(s) if s.eq_str("F") => (Kind::Infinite, 0),
        Some(s) if s.eq_str("n") => (Kind::Nan, 0),
        Some(s) if s.eq_str("N") => (Kind::SignalingNan, 0),
        Some(_) => {
            return Err(
                vm.value_error("string argument in the third position must be 'F', 'n' or 'N'")
            );
        }
        None if exponent.as_int().is_none() => {
            return Err(vm.value_error("exponent must be an integer"));
        }
        None => (Kind::Finite, ssize(vm, exponent)?),
    };
    let wrong = || vm.value_error("coefficient must be a tuple of digits");
    let digits = sequence(digits).ok_or_else(wrong)?;
    let mut text = String::with_capacity(digits.len());
    for d in &digits {
        match d.as_int().ok_or_else(wrong)?.to_i64() {
            Some(n @ 0..=9) => text.push(char::from(b'0' + n as u8)),
            Some(_) => return Err(wrong()),
            None => {
                return Err(vm.overflow_error("Python int too large to convert to C long"));
            }
        }
    }
    let coeff = match kind {
        Kind::Infinite => Coeff::ZERO,
        _ => Coeff::from_digits(text.trim_start_matches('0')),
    };
    // Far exponents are as good as those that no context has room for.
    let limit = crate::core::rules::EXP_INF;
    Ok(Dec {
        coeff,
        exp: exp.clamp(-limit, limit),
        kind,
        negative,
    })
}

/// The items of a tuple or list.
fn sequence(v: &Value) -> Option<Vec<Value>> {
    if let Some(t) = v.downcast_ref::<Tuple>() {
        return Some(t.as_slice().to_vec());
    }
    v.downcast_ref::<List>().map(|l| l.items.to_vec())
}

/// A float's number; ints are taken too.
pub fn of_float_or_int(vm: &Vm, v: &Value) -> PyResult<Dec> {
    if let Some(d) = of_int(v) {
        return Ok(d);
    }
    match v.downcast_ref::<Float>() {
        Some(f) => Ok(from_float(f.value)),
        None => Err(vm.type_error("argument must be int or float")),
    }
}

/// What `Decimal(v)` makes: the exact value, whatever the context.
pub fn construct(vm: &Vm, cls: &Ref<TypeObject>, v: Option<&Value>, context: &Context) -> PyResult {
    let Some(v) = v else {
        return new_of(vm, cls, Dec::small(false, 0, 0));
    };
    if let Some(d) = v.downcast_ref::<Decimal>() {
        let exact = vm.class::<Decimal>()?;
        if cls.is(&exact) && std::ptr::eq(vm.type_of(v), exact.object()) {
            return Ok(v.clone());
        }
        return new_of(vm, cls, d.dec.clone());
    }
    let mut st = 0;
    let d = if let Some(s) = v.downcast_ref::<Str>() {
        let text = ascii(s, true).unwrap_or_default();
        from_text_exactly(&text, &mut st)
    } else if let Some(d) = of_int(v) {
        d
    } else if let Some(items) = sequence(v) {
        let d = of_sequence(vm, &items)?;
        let mut work = 0;
        let d = crate::core::Rules::MAX.finalize(d, &mut work);
        exactly(d, work, &mut st)
    } else if let Some(f) = v.downcast_ref::<Float>() {
        context.report(vm, status::FLOAT_OPERATION)?;
        from_float(f.value)
    } else {
        return Err(unsupported(vm, v));
    };
    context.report(vm, st)?;
    new_of(vm, cls, d)
}

/// What `context.create_decimal(v)` makes: the value fitted into the context.
pub fn create(vm: &Vm, v: Option<&Value>, context: &Context) -> PyResult {
    let rules = context.rules();
    let mut st = 0;
    let Some(v) = v else {
        let d = rules.finalize(Dec::small(false, 0, 0), &mut st);
        return context.finish(vm, d, st);
    };
    let too_long = |d: &Dec| {
        d.is_nan() && !d.coeff.is_zero() && d.coeff.digits() > rules.prec - i64::from(rules.clamp)
    };
    let d = if let Some(d) = v.downcast_ref::<Decimal>() {
        if too_long(&d.dec) {
            Dec::error(status::CONVERSION_SYNTAX, &mut st)
        } else {
            rules.finalize(d.dec.clone(), &mut st)
        }
    } else if let Some(s) = v.downcast_ref::<Str>() {
        from_text(&ascii(s, false).unwrap_or_default(), &rules, &mut st)
    } else if let Some(d) = of_int(v) {
        rules.finalize(d, &mut st)
    } else if let Some(items) = sequence(v) {
        let d = of_sequence(vm, &items)?;
        if too_long(&d) {
            Dec::error(status::CONVERSION_SYNTAX, &mut st)
        } else {
            rules.finalize(d, &mut st)
        }
    } else if let Some(f) = v.downcast_ref::<Float>() {
        context.report(vm, status::FLOAT_OPERATION)?;
        rules.finalize(from_float(f.value), &mut st)
    } else {
        return Err(unsupported(vm, v));
    };
    context.finish(vm, d, st)
}
