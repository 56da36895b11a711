//! `sum`: ints in machine words and floats and complex numbers with compensation (Neumaier) as long as the items are exactly
//! that; then `+`.

use taipan_object::{BinaryOp, Complex, PyResult, Value, Vm};

use crate::util;

/// A float sum with the part that rounding lost.
#[derive(Clone, Copy)]
struct Compensated {
    high: f64,
    low: f64,
}

impl Compensated {
    fn new(high: f64) -> Compensated {
        Compensated { high, low: 0.0 }
    }

    fn add(&mut self, x: f64) {
        let t = self.high + x;
        self.low += if self.high.abs() >= x.abs() {
            (self.high - t) + x
        } else {
            (x - t) + self.high
        };
        self.high = t;
    }

    fn value(self) -> f64 {
        // A compensation of zero would lose the sign of -0.0, one that is not finite would spoil an infinite sum.
        if self.low != 0.0 && self.low.is_finite() {
            self.high + self.low
        } else {
            self.high
        }
    }
}

fn is_int(vm: &Vm, v: &Value) -> bool {
    v.is_small_int() || util::is_exactly(vm, v, &vm.types().int)
}

fn is_float(vm: &Vm, v: &Value) -> bool {
    util::is_exactly(vm, v, &vm.types().float)
}

fn complex_parts(vm: &Vm, v: &Value) -> Option<(f64, f64)> {
    v.downcast_exact::<Complex>(&vm.types().complex)
        .map(|c| (c.re, c.im))
}

/// `sum(iterable, start)`
pub fn sum(vm: &Vm, iterable: &Value, start: Value) -> PyResult {
    let mut items = vm.items(iterable)?;
    let refuse = |what: &str, join: &str| {
        vm.type_error(&format!(
            "sum() can't sum {what} [use {join}.join(seq) instead]"
        ))
    };
    if start.downcast_ref::<taipan_object::Str>().is_some() {
        return Err(refuse("strings", "''"));
    }
    if start.downcast_ref::<taipan_object::Bytes>().is_some() {
        return Err(refuse("bytes", "b''"));
    }
    if is_bytearray(vm, &start) {
        return Err(refuse("bytearray", "b''"));
    }
    let mut result = start;
    // What a fast loop could not add.
    let mut pending: Option<Value> = None;
    if is_int(vm, &result)
        && let Some(first) = result.as_int().and_then(|i| i.to_i64())
    {
        let mut total = first;
        loop {
            let Some(v) = items.next(vm)? else {
                return vm.new_int(total);
            };
            if let Some(t) = v.as_small_int().and_then(|i| total.checked_add(i)) {
                total = t;
                continue;
            }
            let plain = is_int(vm, &v) || util::is_exactly(vm, &v, &vm.types().bool);
            let next = v
                .as_int()
                .filter(|_| plain)
                .and_then(|i| i.to_i64())
                .and_then(|i| total.checked_add(i));
            match next {
                Some(t) => total = t,
                None => {
                    result = vm.binary_op(BinaryOp::Add, &vm.new_int(total)?, &v)?;
                    break;
                }
            }
        }
    }
    if is_float(vm, &result)
        && let Some(first) = result.as_float()
    {
        let mut total = Compensated::new(first);
        loop {
            let Some(v) = items.next(vm)? else {
                return vm.new_float(total.value());
            };
            if is_float(vm, &v) {
                total.add(v.as_float().unwrap_or(0.0));
            } else if v.as_int().is_some() {
                total.add(vm.as_double(&v)?);
            } else {
                result = vm.binary_op(BinaryOp::Add, &vm.new_float(total.value())?, &v)?;
                break;
            }
        }
    }
    if let Some((re, im)) = complex_parts(vm, &result) {
        let (mut re, mut im) = (Compensated::new(re), Compensated::new(im));
        loop {
            let Some(v) = items.next(vm)? else {
                return vm.new_complex(re.value(), im.value());
            };
            if let Some((x, y)) = complex_parts(vm, &v) {
                re.add(x);
                im.add(y);
            } else if v.as_int().is_some() {
                re.add(vm.as_double(&v)?);
            } else if let Some(x) = v.as_float() {
                re.add(x);
            } else {
                result = vm.new_complex(re.value(), im.value())?;
                pending = Some(v);
                break;
            }
        }
    }
    loop {
        let v = match pending.take() {
            Some(v) => v,
            None => match items.next(vm)? {
                Some(v) => v,
                None => return Ok(result),
            },
        };
        result = vm.binary_op(BinaryOp::Add, &result, &v)?;
    }
}

/// `bytearray` is another crate part's class: it is known by its name among the builtin types.
fn is_bytearray(vm: &Vm, v: &Value) -> bool {
    let Some(mro) = vm.type_of(v).payload.mro.get() else {
        return false;
    };
    mro.as_slice().iter().any(|t| {
        t.downcast_ref::<taipan_object::TypeObject>()
            .is_some_and(|t| !t.is_heap() && t.name.get().eq_str("bytearray"))
    })
}
