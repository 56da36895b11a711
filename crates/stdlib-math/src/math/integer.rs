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
        let mut product = UBig::ONE;
        let mut word: u64 = 1;
        for i in from..=to {
            match word.checked_mul(i) {
                Some(w) => word = w,
                None => {
                    product *= word;
                    word = i;
                }
            }
        }
        return product * word;
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
    if let Some(v) = i64::try_from(&u).ok().and_then(Value::small_int) {
        return Ok(v);
    }
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

/// Up to this n, all binomials fit 64 bits.
const SMALL_COMB: usize = 67;

/// For each `n` up to [`SMALL_COMB`], the odd part of `n!` modulo 2⁶⁴, its inverse there, and how often two divides `n!`.
static ODD_FACTORIALS: [(u64, u64, u32); SMALL_COMB + 1] = {
    let mut table = [(1u64, 1u64, 0u32); SMALL_COMB + 1];
    let mut n = 1;
    while n <= SMALL_COMB {
        let (odd, _, twos) = table[n - 1];
        let more = (n as u64).trailing_zeros();
        let odd = odd.wrapping_mul(n as u64 >> more);
        // Newton's iteration doubles the bits that are right, of which there are three at first.
        let mut inverse = odd;
        let mut step = 0;
        while step < 5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
            step += 1;
        }
        table[n] = (odd, inverse, twos + more);
        n += 1;
    }
    table
};

/// The binomial of numbers for which [`ODD_FACTORIALS`] has entries: n! / (k! (n - k)!) by odd parts and powers of two.
fn small_comb(n: i64, k: i64) -> Option<u64> {
    let at = |i: i64| ODD_FACTORIALS.get(usize::try_from(i).ok()?);
    let ((all, _, twos), (_, a, s), (_, b, t)) = (at(n)?, at(k)?, at(n.checked_sub(k)?)?);
    Some(all.wrapping_mul(*a).wrapping_mul(*b) << (twos - s - t))
}

/// `math.comb`
pub fn comb(vm: &Vm, n: &Value, k: &Value) -> PyResult {
    if let (Some(n), Some(k)) = (n.as_small_int(), k.as_small_int())
        && let Some(c) = small_comb(n, k)
    {
        return make(vm, UBig::from(c));
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

/// The greatest common divisor by Stein's algorithm.
fn gcd_of_words(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let twos = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    while b != 0 {
        b >>= b.trailing_zeros();
        if a > b {
            std::mem::swap(&mut a, &mut b);
        }
        b -= a;
    }
    a << twos
}

/// `math.gcd`
pub fn gcd(vm: &Vm, integers: &[Value]) -> PyResult {
    let mut small: u64 = 0;
    let mut rest = integers;
    while let [v, more @ ..] = rest
        && let Some(i) = v.as_small_int()
    {
        small = gcd_of_words(small, i.unsigned_abs());
        rest = more;
    }
    let mut result = UBig::from(small);
    for v in rest {
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
