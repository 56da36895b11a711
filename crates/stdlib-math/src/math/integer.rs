//! Integer functions of `math`: factorials, binomials, roots, divisors.

use dashu_int::ops::{Gcd, SquareRoot};
use dashu_int::{IBig, UBig};
use taipan_builtins::int_::arith::{big, check_room, int_of};
use taipan_object::{PyResult, Value, Vm};

/// The magnitude of an int-like argument, and whether it is negative.
fn magnitude(vm: &Vm, v: &Value) -> PyResult<(bool, UBig)> {
    let v = vm.index(v)?;
    let i = int_of(vm, &v)?;
    let (_, m) = big(i).into_owned().into_parts();
    Ok((i.is_negative(), m))
}

/// The product `from * (from + 1) * .. * to`, by halves so that factors stay of similar size.
fn range_product(from: u64, to: u64) -> UBig {
    if from > to {
        return UBig::ONE;
    }
    if to - from < 16 {
        return (from..=to).fold(UBig::ONE, |p, i| p * i);
    }
    let middle = from + (to - from) / 2;
    range_product(from, middle) * range_product(middle + 1, to)
}

/// `n * (n - 1) * ..`, k factors, for an n of any size.
fn falling(n: &UBig, k: u64) -> UBig {
    if let Ok(n) = u64::try_from(n) {
        return range_product(n - k + 1, n);
    }
    if k <= 16 {
        return (0..k).fold(UBig::ONE, |p, i| p * (n - UBig::from(i)));
    }
    let half = k / 2;
    falling(n, half) * falling(&(n - UBig::from(half)), k - half)
}

fn make(vm: &Vm, u: UBig) -> PyResult {
    vm.new_ibig(IBig::from(u))
}

const LIMIT: u64 = i64::MAX as u64;

/// A guess at the bits of a product of `k` factors up to `n`, to refuse what no memory holds.
fn room(vm: &Vm, n: &UBig, k: u64) -> PyResult<()> {
    use dashu_int::ops::BitTest;
    check_room(vm, n.bit_len() as u128 * u128::from(k))
}

/// `math.factorial`
pub fn factorial(vm: &Vm, n: &Value) -> PyResult {
    let (negative, n) = magnitude(vm, n)?;
    match u64::try_from(&n) {
        Ok(n) if n <= LIMIT && !negative => {
            room(vm, &UBig::from(n), n)?;
            make(vm, range_product(2, n))
        }
        Err(_) if !negative => {
            Err(vm.overflow_error(&format!("factorial() argument should not exceed {LIMIT}")))
        }
        Ok(_) if !negative => {
            Err(vm.overflow_error(&format!("factorial() argument should not exceed {LIMIT}")))
        }
        _ => Err(vm.value_error("factorial() not defined for negative values")),
    }
}

/// `math.perm`
pub fn perm(vm: &Vm, n: &Value, k: &Value) -> PyResult {
    if vm.is_none(k) {
        return factorial(vm, n);
    }
    let (n_negative, n) = magnitude(vm, n)?;
    let (k_negative, k) = magnitude(vm, k)?;
    if n_negative {
        return Err(vm.value_error("n must be a non-negative integer"));
    }
    if k_negative {
        return Err(vm.value_error("k must be a non-negative integer"));
    }
    if k > n {
        return Ok(Value::from_i32(0));
    }
    match u64::try_from(&k) {
        Ok(k) if k <= LIMIT => {
            room(vm, &n, k)?;
            make(vm, falling(&n, k))
        }
        _ => Err(vm.overflow_error(&format!("k must not exceed {LIMIT}"))),
    }
}

/// `math.comb`
pub fn comb(vm: &Vm, n: &Value, k: &Value) -> PyResult {
    let (n_negative, n) = magnitude(vm, n)?;
    let (k_negative, k) = magnitude(vm, k)?;
    if n_negative {
        return Err(vm.value_error("n must be a non-negative integer"));
    }
    if k_negative {
        return Err(vm.value_error("k must be a non-negative integer"));
    }
    if k > n {
        return Ok(Value::from_i32(0));
    }
    let rest = &n - &k;
    let k = if rest < k { rest } else { k };
    match u64::try_from(&k) {
        Ok(k) if k <= LIMIT => {
            room(vm, &n, k)?;
            make(vm, falling(&n, k) / range_product(2, k))
        }
        _ => Err(vm.overflow_error(&format!("min(n - k, k) must not exceed {LIMIT}"))),
    }
}

/// `math.isqrt`
pub fn isqrt(vm: &Vm, n: &Value) -> PyResult {
    let (negative, n) = magnitude(vm, n)?;
    if negative {
        return Err(vm.value_error("isqrt() argument must be nonnegative"));
    }
    make(vm, n.sqrt())
}

fn gcd_of(a: UBig, b: UBig) -> UBig {
    // The library's gcd of two zeros has no answer.
    if a.is_zero() {
        return b;
    }
    if b.is_zero() {
        return a;
    }
    a.gcd(b)
}

/// `math.gcd`
pub fn gcd(vm: &Vm, integers: &[Value]) -> PyResult {
    let mut result = UBig::ZERO;
    for v in integers {
        let (_, m) = magnitude(vm, v)?;
        result = gcd_of(result, m);
    }
    make(vm, result)
}

/// `math.lcm`
pub fn lcm(vm: &Vm, integers: &[Value]) -> PyResult {
    let mut result = UBig::ONE;
    for v in integers {
        let (_, m) = magnitude(vm, v)?;
        if result.is_zero() {
            continue;
        }
        if m.is_zero() {
            result = UBig::ZERO;
            continue;
        }
        let g = gcd_of(result.clone(), m.clone());
        result = result / g * m;
    }
    make(vm, result)
}
