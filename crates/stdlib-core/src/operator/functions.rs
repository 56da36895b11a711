//! Python's operators as functions.

use taipan_macros::pyfunctions;
use taipan_object::{
    Args, BinaryOp, CompareOp, Dict, NativeCode, NativeDef, NativeKind, PyResult, Raised, Str,
    Value, Vm,
};

macro_rules! unary {
    ($($name:literal $doc:literal $f:expr;)*) => {
        /// Functions of one operand.
        pub static UNARY: &[NativeDef] = &[$(NativeDef {
            name: $name,
            text_signature: Some("($module, a, /)"),
            doc: Some($doc),
            kind: NativeKind::Function,
            code: NativeCode::One(|vm, _, a| {
                let f: fn(&Vm, &Value) -> PyResult = $f;
                f(vm, a)
            }),
        }),*];
    };
}

macro_rules! binary {
    ($($name:literal $doc:literal $f:expr;)*) => {
        /// Functions of two operands.
        pub static BINARY: &[NativeDef] = &[$(NativeDef {
            name: $name,
            text_signature: Some("($module, a, b, /)"),
            doc: Some($doc),
            kind: NativeKind::Function,
            code: NativeCode::Positional { min: 2, max: 2, f: |vm, _, args| {
                let f: fn(&Vm, &Value, &Value) -> PyResult = $f;
                match args {
                    [a, b] => f(vm, a, b),
                    _ => Err(vm.system_error("the number of arguments was checked")),
                }
            } },
        }),*];
    };
}

unary! {
    "truth" "Return True if a is true, False otherwise." |vm, a| Ok(vm.bool(vm.is_true(a)?));
    "is_none" "Same as a is None." |vm, a| Ok(vm.bool(vm.is_none(a)));
    "is_not_none" "Same as a is not None." |vm, a| Ok(vm.bool(!vm.is_none(a)));
    "neg" "Same as -a." |vm, a| vm.negative(a);
    "pos" "Same as +a." |vm, a| vm.positive(a);
    "abs" "Same as abs(a)." |vm, a| vm.absolute(a);
    "inv" "Same as ~a." |vm, a| vm.invert(a);
    "invert" "Same as ~a." |vm, a| vm.invert(a);
    "not_" "Same as not a." |vm, a| Ok(vm.bool(!vm.is_true(a)?));
    "index" "Same as a.__index__()" exact_index;
}

binary! {
    "add" "Same as a + b." |vm, a, b| vm.binary_op(BinaryOp::Add, a, b);
    "sub" "Same as a - b." |vm, a, b| vm.binary_op(BinaryOp::Subtract, a, b);
    "mul" "Same as a * b." |vm, a, b| vm.binary_op(BinaryOp::Multiply, a, b);
    "matmul" "Same as a @ b." |vm, a, b| vm.binary_op(BinaryOp::MatrixMultiply, a, b);
    "floordiv" "Same as a // b." |vm, a, b| vm.binary_op(BinaryOp::FloorDivide, a, b);
    "truediv" "Same as a / b." |vm, a, b| vm.binary_op(BinaryOp::TrueDivide, a, b);
    "mod" "Same as a % b." |vm, a, b| vm.binary_op(BinaryOp::Remainder, a, b);
    "pow" "Same as a ** b." |vm, a, b| vm.binary_op(BinaryOp::Power, a, b);
    "lshift" "Same as a << b." |vm, a, b| vm.binary_op(BinaryOp::Lshift, a, b);
    "rshift" "Same as a >> b." |vm, a, b| vm.binary_op(BinaryOp::Rshift, a, b);
    "and_" "Same as a & b." |vm, a, b| vm.binary_op(BinaryOp::And, a, b);
    "xor" "Same as a ^ b." |vm, a, b| vm.binary_op(BinaryOp::Xor, a, b);
    "or_" "Same as a | b." |vm, a, b| vm.binary_op(BinaryOp::Or, a, b);
    "iadd" "Same as a += b." |vm, a, b| vm.inplace_op(BinaryOp::Add, a, b);
    "isub" "Same as a -= b." |vm, a, b| vm.inplace_op(BinaryOp::Subtract, a, b);
    "imul" "Same as a *= b." |vm, a, b| vm.inplace_op(BinaryOp::Multiply, a, b);
    "imatmul" "Same as a @= b." |vm, a, b| vm.inplace_op(BinaryOp::MatrixMultiply, a, b);
    "ifloordiv" "Same as a //= b." |vm, a, b| vm.inplace_op(BinaryOp::FloorDivide, a, b);
    "itruediv" "Same as a /= b." |vm, a, b| vm.inplace_op(BinaryOp::TrueDivide, a, b);
    "imod" "Same as a %= b." |vm, a, b| vm.inplace_op(BinaryOp::Remainder, a, b);
    "ipow" "Same as a **= b." |vm, a, b| vm.inplace_op(BinaryOp::Power, a, b);
    "ilshift" "Same as a <<= b." |vm, a, b| vm.inplace_op(BinaryOp::Lshift, a, b);
    "irshift" "Same as a >>= b." |vm, a, b| vm.inplace_op(BinaryOp::Rshift, a, b);
    "iand" "Same as a &= b." |vm, a, b| vm.inplace_op(BinaryOp::And, a, b);
    "ixor" "Same as a ^= b." |vm, a, b| vm.inplace_op(BinaryOp::Xor, a, b);
    "ior" "Same as a |= b." |vm, a, b| vm.inplace_op(BinaryOp::Or, a, b);
    "lt" "Same as a < b." |vm, a, b| vm.rich_compare(a, b, CompareOp::Lt);
    "le" "Same as a <= b." |vm, a, b| vm.rich_compare(a, b, CompareOp::Le);
    "eq" "Same as a == b." |vm, a, b| vm.rich_compare(a, b, CompareOp::Eq);
    "ne" "Same as a != b." |vm, a, b| vm.rich_compare(a, b, CompareOp::Ne);
    "ge" "Same as a >= b." |vm, a, b| vm.rich_compare(a, b, CompareOp::Ge);
    "gt" "Same as a > b." |vm, a, b| vm.rich_compare(a, b, CompareOp::Gt);
    "is_" "Same as a is b." |vm, a, b| Ok(vm.bool(a.is(b)));
    "is_not" "Same as a is not b." |vm, a, b| Ok(vm.bool(!a.is(b)));
    "concat" "Same as a + b, for a and b sequences." concat;
    "iconcat" "Same as a += b, for a and b sequences." inplace_concat;
    "getitem" "Same as a[b]." |vm, a, b| vm.getitem(a, b);
    "delitem" "Same as del a[b]." |vm, a, b| vm.delitem(a, b).map(|()| vm.none());
    "contains" "Same as b in a (note reversed operands)." |vm, a, b| Ok(vm.bool(vm.contains(a, b)?));
    "countOf" "Return the number of items in a which are, or which equal, b." count_of;
    "indexOf" "Return the first index of b in a." index_of;
}

/// The index as exactly an int.
fn exact_index(vm: &Vm, a: &Value) -> PyResult {
    let i = vm.index(a)?;
    match i.as_int() {
        Some(n) if !std::ptr::eq(vm.type_of(&i), vm.types().int.object()) => {
            vm.new_ibig(n.to_ibig())
        }
        _ => Ok(i),
    }
}

fn is_sequence(vm: &Vm, v: &Value) -> bool {
    v.downcast_ref::<Dict>().is_none() && vm.type_of(v).payload.slots.sq_item.get().is_some()
}

#[cold]
fn not_concatenable(vm: &Vm, v: &Value) -> Raised {
    let name = vm.type_name(v);
    vm.type_error(&format!("'{name}' object can't be concatenated"))
}

fn concat(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    if let Some(f) = vm.type_of(a).payload.slots.sq_concat.get() {
        return f(vm, a, b);
    }
    // Classes of Python code have `__add__` alone.
    if is_sequence(vm, a) && is_sequence(vm, b) {
        return vm.binary_op(BinaryOp::Add, a, b);
    }
    Err(not_concatenable(vm, a))
}

fn inplace_concat(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    let slots = &vm.type_of(a).payload.slots;
    if let Some(f) = slots.sq_inplace_concat.get().or(slots.sq_concat.get()) {
        return f(vm, a, b);
    }
    if is_sequence(vm, a) && is_sequence(vm, b) {
        return vm.inplace_op(BinaryOp::Add, a, b);
    }
    Err(not_concatenable(vm, a))
}

fn search_iterator(vm: &Vm, v: &Value) -> PyResult {
    vm.iter(v).or_else(|r| {
        drop(vm.catch(r, &vm.exc().TypeError)?);
        let name = vm.type_name(v);
        Err(vm.type_error(&format!("argument of type '{name}' is not iterable")))
    })
}

fn count_of(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    let it = search_iterator(vm, a)?;
    let mut n = 0;
    while let Some(v) = vm.next(&it)? {
        if vm.eq(&v, b)? {
            n += 1;
        }
    }
    vm.new_usize(n)
}

fn index_of(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    let it = search_iterator(vm, a)?;
    let mut i = 0;
    while let Some(v) = vm.next(&it)? {
        if vm.eq(&v, b)? {
            return vm.new_usize(i);
        }
        i += 1;
    }
    Err(vm.value_error("sequence.index(x): x not in sequence"))
}

/// Equality of texts or bytes in a time that depends on the length of `b` alone.
fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    let mut difference = u8::from(a.len() != b.len());
    let left = if a.len() == b.len() { a } else { b };
    for (x, y) in left.iter().zip(b) {
        difference |= std::hint::black_box(x ^ y);
    }
    std::hint::black_box(difference) == 0
}

fn compare_digest(vm: &Vm, a: &Value, b: &Value) -> PyResult<bool> {
    if let (Some(x), Some(y)) = (a.downcast_ref::<Str>(), b.downcast_ref::<Str>()) {
        return match (x.as_ascii(), y.as_ascii()) {
            (Some(x), Some(y)) => Ok(same_bytes(x.as_bytes(), y.as_bytes())),
            _ => Err(vm.type_error("comparing strings with non-ASCII characters is not supported")),
        };
    }
    let has_buffer = |v: &Value| vm.type_of(v).payload.slots.bf_getbuffer.get().is_some();
    if !has_buffer(a) && !has_buffer(b) {
        return Err(vm.type_error(&format!(
            "unsupported operand types(s) or combination of types: '{}' and '{}'",
            vm.type_name(a),
            vm.type_name(b)
        )));
    }
    let x = vm.get_buffer(a, false)?;
    let y = vm.get_buffer(b, false)?;
    Ok(same_bytes(&x.to_vec(), &y.to_vec()))
}

/// Functions with other parameters.
#[pyfunctions(FUNCTIONS)]
pub mod others {
    use super::*;

    /// Same as a[b] = c.
    #[pyfunction(sig = "($module, a, b, c, /)")]
    fn setitem(vm: &Vm, a: &Value, b: &Value, c: &Value) -> PyResult<()> {
        vm.setitem(a, b, c)
    }

    /// Return an estimate of the number of items in obj.
    ///
    /// This is useful for presizing containers when building from an iterable.
    ///
    /// If the object supports len(), the result will be exact.
    /// Otherwise, it may over- or under-estimate by an arbitrary amount.
    /// The result will be an integer >= 0.
    #[pyfunction(sig = "($module, obj, default=0, /)")]
    fn length_hint(vm: &Vm, obj: &Value, default: isize) -> PyResult {
        match usize::try_from(default) {
            Ok(n) => vm.new_usize(vm.length_hint(obj, n)?),
            // A default below zero comes back as it is: the marker is a length that no object has.
            Err(_) => match vm.length_hint(obj, usize::MAX)? {
                usize::MAX => vm.new_int(default as i64),
                n => vm.new_usize(n),
            },
        }
    }

    /// Return 'a == b'.
    ///
    /// This function uses an approach designed to prevent
    /// timing analysis, making it appropriate for cryptography.
    ///
    /// a and b must both be of the same type: either str (ASCII only),
    /// or any bytes-like object.
    ///
    /// Note: If a and b are of different lengths, or if an error occurs,
    /// a timing attack could theoretically reveal information about the
    /// types and lengths of a and b--but not their values.
    #[pyfunction(sig = "($module, a, b, /)")]
    fn _compare_digest(vm: &Vm, a: &Value, b: &Value) -> PyResult<bool> {
        compare_digest(vm, a, b)
    }

    /// Same as obj(*args, **kwargs).
    #[pyfunction(sig = "($module, obj, /, *args, **kwargs)")]
    fn call(vm: &Vm, args: Args<'_>) -> PyResult {
        if args.pos().is_empty() {
            return Err(vm.type_error("call expected at least 1 argument, got 0"));
        }
        let Some((f, values)) = args.values.split_first() else {
            return Ok(vm.none());
        };
        let kwnames = args.kwnames;
        vm.call(f, Args { values, kwnames })
    }
}
