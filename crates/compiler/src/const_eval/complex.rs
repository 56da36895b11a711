//! Arithmetic of complex numbers, and of complex with real ones. Where a result has a NaN in it, which Python's rules
//! for infinities may still repair, the operation is left for run time.

use taipan_bytecode::Constant;
use taipan_bytecode::opcode::BinaryOp;

/// An operand; a real one is not the same as one with a zero imaginary part, whose sign would count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    Real(f64),
    Complex(f64, f64),
}

type Complex = (f64, f64);

pub(super) fn binary(op: BinaryOp, a: Operand, b: Operand) -> Option<Constant> {
    let (re, im) = match op {
        BinaryOp::Add => match (a, b) {
            (Operand::Complex(re, im), Operand::Real(x))
            | (Operand::Real(x), Operand::Complex(re, im)) => (re + x, im),
            _ => {
                let (a, b) = (whole(a), whole(b));
                (a.0 + b.0, a.1 + b.1)
            }
        },
        BinaryOp::Subtract => match (a, b) {
            (Operand::Complex(re, im), Operand::Real(x)) => (re - x, im),
            (Operand::Real(x), Operand::Complex(re, im)) => (x - re, -im),
            _ => {
                let (a, b) = (whole(a), whole(b));
                (a.0 - b.0, a.1 - b.1)
            }
        },
        BinaryOp::Multiply => match (a, b) {
            (Operand::Complex(re, im), Operand::Real(x))
            | (Operand::Real(x), Operand::Complex(re, im)) => (re * x, im * x),
            _ => product(whole(a), whole(b)),
        },
        BinaryOp::TrueDivide => match (a, b) {
            (_, Operand::Real(0.0)) => return None,
            (Operand::Complex(re, im), Operand::Real(x)) => (re / x, im / x),
            (Operand::Real(x), Operand::Complex(re, im)) => real_quotient(x, (re, im))?,
            _ => quotient(whole(a), whole(b))?,
        },
        BinaryOp::Power => power(whole(a), whole(b))?,
        _ => return None,
    };
    if re.is_nan() || im.is_nan() {
        return None;
    }
    Some(Constant::complex(re, im))
}

fn whole(operand: Operand) -> Complex {
    match operand {
        Operand::Real(x) => (x, 0.0),
        Operand::Complex(re, im) => (re, im),
    }
}

fn product(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// Division with the larger part of the divisor scaled out, so that no square overflows.
fn quotient(a: Complex, b: Complex) -> Option<Complex> {
    if b.0.abs() >= b.1.abs() {
        if b.0 == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        Some((
            (a.0 + a.1 * ratio) / denominator,
            (a.1 - a.0 * ratio) / denominator,
        ))
    } else {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        Some((
            (a.0 * ratio + a.1) / denominator,
            (a.1 * ratio - a.0) / denominator,
        ))
    }
}

fn real_quotient(a: f64, b: Complex) -> Option<Complex> {
    if b.0.abs() >= b.1.abs() {
        if b.0 == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        Some((a / denominator, (-a * ratio) / denominator))
    } else {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        Some(((a * ratio) / denominator, -a / denominator))
    }
}

fn power(a: Complex, b: Complex) -> Option<Complex> {
    let result = if b.1 == 0.0 && b.0 == b.0.floor() && b.0.abs() <= 100.0 {
        let whole = whole_power(a, b.0.abs() as u32);
        if b.0 < 0.0 {
            quotient((1.0, 0.0), whole)?
        } else {
            whole
        }
    } else if a == (0.0, 0.0) {
        if b.1 != 0.0 || b.0 < 0.0 {
            return None;
        }
        (0.0, 0.0)
    } else {
        let modulus = a.0.hypot(a.1);
        let angle = a.1.atan2(a.0);
        let mut length = modulus.powf(b.0);
        let mut phase = angle * b.0;
        if b.1 != 0.0 {
            length *= (-angle * b.1).exp();
            phase += b.1 * modulus.ln();
        }
        (length * phase.cos(), length * phase.sin())
    };
    (result.0.is_finite() && result.1.is_finite()).then_some(result)
}

fn whole_power(a: Complex, n: u32) -> Complex {
    let (mut result, mut factor, mut rest) = ((1.0, 0.0), a, n);
    while rest > 0 {
        if rest & 1 == 1 {
            result = product(result, factor);
        }
        rest >>= 1;
        factor = product(factor, factor);
    }
    result
}
