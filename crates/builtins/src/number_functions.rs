//! Functions of module `builtins` that are about numbers: `abs`, `divmod`, `pow`, `round`, `hex`, `oct`, `bin`, `chr`,
//! `ord`, `hash`, `id`.

use taipan_macros::pyfunctions;
use taipan_numeric::digits::Digits;
use taipan_object::{BinaryOp, Bytes, IntRef, PyResult, Ref, Str, Value, Vm};
use taipan_text::TextRef;

use crate::int_::arith::int_of;
use crate::int_::text::prefixed;

fn in_base(vm: &Vm, v: &Value, base: u32, prefix: &str) -> PyResult<Ref<Str>> {
    let i = vm.index(v)?;
    match int_of(vm, &i)? {
        IntRef::Small(n) => {
            let digits = Digits::binary(n, base.trailing_zeros(), prefix);
            vm.new_str_text(TextRef::One(digits.as_bytes()))
        }
        big => vm.new_str(&prefixed(big, base, prefix)),
    }
}

/// The functions.
#[pyfunctions(NUMBER_FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Return the absolute value of the argument.
    #[pyfunction(sig = "($module, x, /)")]
    fn abs(vm: &Vm, x: &Value) -> PyResult {
        vm.absolute(x)
    }

    /// Return the tuple (x//y, x%y).  Invariant: div*y + mod == x.
    #[pyfunction(sig = "($module, x, y, /)")]
    fn divmod(vm: &Vm, x: &Value, y: &Value) -> PyResult {
        vm.binary_op(BinaryOp::Divmod, x, y)
    }

    /// Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments.
    #[pyfunction(sig = "($module, /, base, exp, mod=None)")]
    fn pow(vm: &Vm, base: &Value, exp: &Value, modulus: Value) -> PyResult {
        vm.power(base, exp, &modulus)
    }

    /// Round a number to a given precision in decimal digits.
    #[pyfunction(sig = "($module, /, number, ndigits=None)")]
    fn round(vm: &Vm, number: &Value, ndigits: Value) -> PyResult {
        let args: &[Value] = if vm.is_none(&ndigits) {
            &[]
        } else {
            std::slice::from_ref(&ndigits)
        };
        match vm.call_special(number, &vm.names().__round__, args)? {
            Some(v) => Ok(v),
            None => Err(vm.type_error(&format!(
                "type {} doesn't define __round__ method",
                vm.type_name(number)
            ))),
        }
    }

    /// Return the hexadecimal representation of an integer.
    #[pyfunction(sig = "($module, number, /)")]
    fn hex(vm: &Vm, number: &Value) -> PyResult<Ref<Str>> {
        in_base(vm, number, 16, "0x")
    }

    /// Return the octal representation of an integer.
    #[pyfunction(sig = "($module, number, /)")]
    fn oct(vm: &Vm, number: &Value) -> PyResult<Ref<Str>> {
        in_base(vm, number, 8, "0o")
    }

    /// Return the binary representation of an integer.
    #[pyfunction(sig = "($module, number, /)")]
    fn bin(vm: &Vm, number: &Value) -> PyResult<Ref<Str>> {
        in_base(vm, number, 2, "0b")
    }

    /// Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff.
    #[pyfunction(sig = "($module, i, /)")]
    fn chr(vm: &Vm, i: &Value) -> PyResult<Ref<Str>> {
        let n = vm.index(i)?;
        let n = n.as_int().and_then(|n| n.to_i64()).map(u32::try_from);
        match n {
            Some(Ok(c)) if c <= taipan_text::MAX_CODE_POINT => vm.char_str(c),
            _ => Err(vm.value_error("chr() arg not in range(0x110000)")),
        }
    }

    /// Return the ordinal value of a character.
    #[pyfunction(sig = "($module, character, /)")]
    fn ord(vm: &Vm, character: &Value) -> PyResult<u32> {
        let (len, first) = if let Some(s) = character.downcast_ref::<Str>() {
            (s.len(), s.text().get(0))
        } else if let Some(b) = character.downcast_ref::<Bytes>() {
            (b.len(), b.as_slice().first().map(|b| u32::from(*b)))
        } else if vm.type_of(character).payload.layout().name == "ByteArray" {
            let bytes = vm.get_buffer(character, false)?.to_vec();
            (bytes.len(), bytes.first().map(|b| u32::from(*b)))
        } else {
            return Err(vm.type_error(&format!(
                "ord() expected string of length 1, but {} found",
                vm.type_name(character)
            )));
        };
        match (len, first) {
            (1, Some(c)) => Ok(c),
            _ => Err(vm.type_error(&format!(
                "ord() expected a character, but string of length {len} found"
            ))),
        }
    }

    /// Return the hash value for the given object.
    #[pyfunction(sig = "($module, obj, /)")]
    fn hash(vm: &Vm, obj: &Value) -> PyResult<i64> {
        vm.hash(obj)
    }

    /// Return the identity of an object.
    #[pyfunction(sig = "($module, obj, /)")]
    fn id(obj: &Value) -> u64 {
        // A small int has no address: its word, which is odd, stands for it.
        obj.bits()
    }
}

pub use functions::NUMBER_FUNCTIONS;
