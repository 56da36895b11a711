//! Sums without loss of precision: `fsum`, `sumprod`, and the norm behind `hypot` and `dist`.

use taipan_object::{BinaryOp, IntRef, PyResult, Value, Vm};

/// `a + b` with its rounding error, whatever the order of magnitudes.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let x = a + b;
    let z = x - a;
    (x, (a - (x - z)) + (b - z))
}

/// `a + b` with its rounding error, for |a| >= |b|.
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let x = a + b;
    (x, (a - x) + b)
}

/// `a * b` with its rounding error.
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let x = a * b;
    (x, a.mul_add(b, -x))
}

/// `math.fsum`: partial sums that do not overlap, by Shewchuk's method, rounded once at the end.
pub fn fsum(vm: &Vm, seq: &Value) -> PyResult<f64> {
    let mut partials: Vec<f64> = Vec::new();
    let (mut special, mut infinities) = (0.0f64, 0.0f64);
    let mut items = vm.items(seq)?;
    while let Some(item) = items.next(vm)? {
        let item = vm.as_double(&item)?;
        let mut x = item;
        let mut kept = 0;
        for j in 0..partials.len() {
            let mut y = partials[j];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let (hi, lo) = fast_two_sum(x, y);
            if lo != 0.0 {
                partials[kept] = lo;
                kept += 1;
            }
            x = hi;
        }
        partials.truncate(kept);
        if x == 0.0 {
            continue;
        }
        if x.is_finite() {
            partials.push(x);
            continue;
        }
        if item.is_finite() {
            return Err(vm.overflow_error("intermediate overflow in fsum"));
        }
        if item.is_infinite() {
            infinities += item;
        }
        special += item;
        partials.clear();
    }
    if special != 0.0 {
        if infinities.is_nan() {
            return Err(vm.value_error("-inf + inf in fsum"));
        }
        return Ok(special);
    }
    let Some(mut hi) = partials.pop() else {
        return Ok(0.0);
    };
    let mut lo = 0.0;
    while let Some(y) = partials.pop() {
        (hi, lo) = fast_two_sum(hi, y);
        if lo != 0.0 {
            break;
        }
    }
    // Round half to even across the partials: look at the sign of what is below a half.
    if let Some(&next) = partials.last()
        && ((lo < 0.0 && next < 0.0) || (lo > 0.0 && next > 0.0))
    {
        let y = lo * 2.0;
        let x = hi + y;
        if y == x - hi {
            hi = x;
        }
    }
    Ok(hi)
}

/// The Euclidean norm, with more than double precision inside. `max` is the largest magnitude.
pub fn vector_norm(values: &mut [f64]) -> f64 {
    let mut max = 0.0f64;
    let mut nan = false;
    for v in values.iter_mut() {
        *v = v.abs();
        nan |= v.is_nan();
        if *v > max {
            max = *v;
        }
    }
    if max.is_infinite() {
        return max;
    }
    if nan {
        return f64::NAN;
    }
    if max == 0.0 || values.len() <= 1 {
        return max;
    }
    let (_, exponent) = crate::libm::frexp(max);
    if exponent < -1023 {
        // Subnormal: the scale itself would overflow.
        for v in values.iter_mut() {
            *v /= f64::MIN_POSITIVE;
        }
        return f64::MIN_POSITIVE * vector_norm(values);
    }
    let scale = crate::libm::ldexp(1.0, -exponent);
    let (mut sum, mut low_products, mut low_sums) = (1.0, 0.0, 0.0);
    for v in values.iter() {
        let (hi, lo) = two_product(v * scale, v * scale);
        let (s, e) = fast_two_sum(sum, hi);
        sum = s;
        low_products += lo;
        low_sums += e;
    }
    let mut h = (sum - 1.0 + (low_products + low_sums)).sqrt();
    // One step of Newton's method with the residue in extended precision.
    let (hi, lo) = two_product(-h, h);
    let (s, e) = fast_two_sum(sum, hi);
    low_products += lo;
    low_sums += e;
    let x = s - 1.0 + (low_products + low_sums);
    h += x / (2.0 * h);
    h / scale
}

/// A sum of products in three floats.
#[derive(Clone, Copy, Default)]
struct Triple {
    hi: f64,
    lo: f64,
    tiny: f64,
}

impl Triple {
    fn add_product(self, x: f64, y: f64) -> Triple {
        let (p, p_low) = two_product(x, y);
        let (hi, s_low) = two_sum(self.hi, p);
        let (r1, r1_low) = two_sum(self.lo, p_low);
        let (lo, r2_low) = two_sum(r1, s_low);
        Triple {
            hi,
            lo,
            tiny: self.tiny + r1_low + r2_low,
        }
    }

    fn value(self) -> f64 {
        self.hi + two_sum(self.lo, self.tiny).0
    }
}

/// What `sumprod` knows of a value.
enum Kind {
    Int(i64),
    Float(f64),
    Other,
}

fn kind(vm: &Vm, v: &Value) -> Kind {
    if let Some(i) = v.as_small_int() {
        return Kind::Int(i);
    }
    let ty = vm.type_of(v);
    if std::ptr::eq(ty, vm.types().float.object()) {
        return v.as_float().map_or(Kind::Other, Kind::Float);
    }
    let int =
        std::ptr::eq(ty, vm.types().int.object()) || std::ptr::eq(ty, vm.types().bool.object());
    match v.as_int() {
        Some(IntRef::Small(i)) if int => Kind::Int(i),
        _ => Kind::Other,
    }
}

/// `math.sumprod`: exact for ints, in extended precision for floats, by the operators for anything else.
pub fn sumprod(vm: &Vm, p: &Value, q: &Value) -> PyResult {
    let (p, q) = (vm.iter(p)?, vm.iter(q)?);
    let mut total = Value::from_i32(0);
    let mut ints: i64 = 0;
    let mut floats = Triple::default();
    let (mut have_ints, mut have_floats) = (false, false);
    loop {
        let pair = match (vm.next(&p)?, vm.next(&q)?) {
            (None, None) => None,
            (Some(a), Some(b)) => Some((a, b)),
            _ => return Err(vm.value_error("Inputs are not the same length")),
        };
        let kinds = pair.as_ref().map(|(a, b)| (kind(vm, a), kind(vm, b)));
        if let Some((Kind::Int(a), Kind::Int(b))) = kinds
            && let Some(sum) = a.checked_mul(b).and_then(|ab| ints.checked_add(ab))
        {
            ints = sum;
            have_ints = true;
            continue;
        }
        if have_ints {
            total = vm.binary_op(BinaryOp::Add, &total, &vm.new_int(ints)?)?;
            (ints, have_ints) = (0, false);
        }
        let factors = match kinds {
            Some((Kind::Float(a), Kind::Float(b))) => Some((a, b)),
            Some((Kind::Float(a), Kind::Int(b))) => Some((a, b as f64)),
            Some((Kind::Int(a), Kind::Float(b))) => Some((a as f64, b)),
            _ => None,
        };
        if let Some((a, b)) = factors {
            let sum = floats.add_product(a, b);
            if sum.hi.is_finite() {
                floats = sum;
                have_floats = true;
                continue;
            }
        }
        if have_floats {
            total = vm.binary_op(BinaryOp::Add, &total, &vm.new_float(floats.value())?)?;
            (floats, have_floats) = (Triple::default(), false);
        }
        let Some((a, b)) = pair else {
            return Ok(total);
        };
        let product = vm.binary_op(BinaryOp::Multiply, &a, &b)?;
        total = vm.binary_op(BinaryOp::Add, &total, &product)?;
    }
}
