//! Operators: binary, in place and unary, with the reflected and the sequence fallbacks; and `__index__`.

use crate::class::{BinaryFn, Slots, TernaryFn, TypeObject};
use crate::containers::number::IntRef;
use crate::containers::string::Str;
use crate::reference::{Object, Ref};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// A binary operator, numbered as `BINARY_OP`'s oparg numbers it (`NB_ADD` ...); in-place forms add 13.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs, reason = "the operators' names")]
pub enum BinaryOp {
    Add = 0,
    And = 1,
    FloorDivide = 2,
    Lshift = 3,
    MatrixMultiply = 4,
    Multiply = 5,
    Remainder = 6,
    Or = 7,
    Power = 8,
    Rshift = 9,
    Subtract = 10,
    TrueDivide = 11,
    Xor = 12,
    /// `divmod`, which has no instruction.
    Divmod = 13,
}

const SYMBOLS: [&str; 14] = [
    "+",
    "&",
    "//",
    "<<",
    "@",
    "*",
    "%",
    "|",
    "** or pow()",
    ">>",
    "-",
    "/",
    "^",
    "divmod()",
];

impl BinaryOp {
    /// The operator's slot.
    #[inline(always)]
    fn slot(self, s: &Slots) -> Option<BinaryFn> {
        match self {
            BinaryOp::Add => s.nb_add.get(),
            BinaryOp::And => s.nb_and.get(),
            BinaryOp::FloorDivide => s.nb_floor_divide.get(),
            BinaryOp::Lshift => s.nb_lshift.get(),
            BinaryOp::MatrixMultiply => s.nb_matrix_multiply.get(),
            BinaryOp::Multiply => s.nb_multiply.get(),
            BinaryOp::Remainder => s.nb_remainder.get(),
            BinaryOp::Or => s.nb_or.get(),
            BinaryOp::Power => None,
            BinaryOp::Rshift => s.nb_rshift.get(),
            BinaryOp::Subtract => s.nb_subtract.get(),
            BinaryOp::TrueDivide => s.nb_true_divide.get(),
            BinaryOp::Xor => s.nb_xor.get(),
            BinaryOp::Divmod => s.nb_divmod.get(),
        }
    }

    /// The slot of the in-place form.
    #[inline(always)]
    fn inplace_slot(self, s: &Slots) -> Option<BinaryFn> {
        match self {
            BinaryOp::Add => s.nb_inplace_add.get(),
            BinaryOp::And => s.nb_inplace_and.get(),
            BinaryOp::FloorDivide => s.nb_inplace_floor_divide.get(),
            BinaryOp::Lshift => s.nb_inplace_lshift.get(),
            BinaryOp::MatrixMultiply => s.nb_inplace_matrix_multiply.get(),
            BinaryOp::Multiply => s.nb_inplace_multiply.get(),
            BinaryOp::Remainder => s.nb_inplace_remainder.get(),
            BinaryOp::Or => s.nb_inplace_or.get(),
            BinaryOp::Power => None,
            BinaryOp::Rshift => s.nb_inplace_rshift.get(),
            BinaryOp::Subtract => s.nb_inplace_subtract.get(),
            BinaryOp::TrueDivide => s.nb_inplace_true_divide.get(),
            BinaryOp::Xor => s.nb_inplace_xor.get(),
            BinaryOp::Divmod => None,
        }
    }

    /// The names of the method and of its reflected form.
    fn methods(self, vm: &Vm) -> Option<(&Ref<Str>, &Ref<Str>)> {
        let n = vm.names();
        Some(match self {
            BinaryOp::Add => (&n.__add__, &n.__radd__),
            BinaryOp::And => (&n.__and__, &n.__rand__),
            BinaryOp::FloorDivide => (&n.__floordiv__, &n.__rfloordiv__),
            BinaryOp::Lshift => (&n.__lshift__, &n.__rlshift__),
            BinaryOp::MatrixMultiply => (&n.__matmul__, &n.__rmatmul__),
            BinaryOp::Multiply => (&n.__mul__, &n.__rmul__),
            BinaryOp::Remainder => (&n.__mod__, &n.__rmod__),
            BinaryOp::Or => (&n.__or__, &n.__ror__),
            BinaryOp::Rshift => (&n.__rshift__, &n.__rrshift__),
            BinaryOp::Subtract => (&n.__sub__, &n.__rsub__),
            BinaryOp::TrueDivide => (&n.__truediv__, &n.__rtruediv__),
            BinaryOp::Xor => (&n.__xor__, &n.__rxor__),
            BinaryOp::Power | BinaryOp::Divmod => return None,
        })
    }

    /// From `BINARY_OP`'s oparg: the operator, and whether it is the in-place form.
    pub fn from_oparg(arg: u32) -> Option<(BinaryOp, bool)> {
        let (i, inplace) = if arg >= 13 {
            (arg - 13, true)
        } else {
            (arg, false)
        };
        let op = [
            BinaryOp::Add,
            BinaryOp::And,
            BinaryOp::FloorDivide,
            BinaryOp::Lshift,
            BinaryOp::MatrixMultiply,
            BinaryOp::Multiply,
            BinaryOp::Remainder,
            BinaryOp::Or,
            BinaryOp::Power,
            BinaryOp::Rshift,
            BinaryOp::Subtract,
            BinaryOp::TrueDivide,
            BinaryOp::Xor,
        ]
        .get(i as usize)
        .copied()?;
        Some((op, inplace))
    }
}

impl Vm {
    /// Tries the left operand's slot and the right one's, the subclass first; `NotImplemented` when neither fits.
    #[inline(always)]
    fn binary_try(&self, a: &Value, b: &Value, op: BinaryOp) -> PyResult {
        let slot = |s: &Slots| op.slot(s);
        let (ta, tb) = (self.type_of(a), self.type_of(b));
        let left = slot(&ta.payload.slots);
        let mut right = None;
        if !std::ptr::eq(ta, tb) {
            right = slot(&tb.payload.slots);
            if right.map(|f| f as usize) == left.map(|f| f as usize) {
                right = None;
            }
        }
        if let Some(f) = left {
            if let Some(g) = right
                && tb.payload.is_subtype(ta)
            {
                let r = g(self, a, b)?;
                if !self.is_not_implemented(&r) {
                    return Ok(r);
                }
                right = None;
            }
            let r = f(self, a, b)?;
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        if let Some(g) = right {
            return g(self, a, b);
        }
        Ok(self.not_implemented())
    }

    /// The function of a native class that `a op b`, or `a op= b`, calls first for operands of exactly these classes; `None`
    /// when what it is depends on more. The general way has to be gone when it gives `NotImplemented`.
    pub fn native_operator(
        &self,
        op: BinaryOp,
        inplace: bool,
        (ta, tb): (&Object<TypeObject>, &Object<TypeObject>),
    ) -> Option<BinaryFn> {
        if op == BinaryOp::Power || !ta.is_native() || !tb.is_native() {
            return None;
        }
        let (sa, sb) = (&ta.payload.slots, &tb.payload.slots);
        if inplace && op.inplace_slot(sa).is_some() {
            return op.inplace_slot(sa);
        }
        let (left, right) = (op.slot(sa), op.slot(sb));
        let same = std::ptr::eq(ta, tb);
        if let Some(left) = left {
            let first = same
                || right.is_none_or(|right| std::ptr::fn_addr_eq(left, right))
                || !tb.payload.is_subtype(ta);
            return first.then_some(left);
        }
        if !same || op != BinaryOp::Add {
            return None;
        }
        let in_place = sa.sq_inplace_concat.get().filter(|_| inplace);
        in_place.or(sa.sq_concat.get())
    }

    /// `a op b`
    pub fn binary_op(&self, op: BinaryOp, a: &Value, b: &Value) -> PyResult {
        if op == BinaryOp::Power {
            return self.power(a, b, &self.none());
        }
        let r = self.binary_try(a, b, op)?;
        if !self.is_not_implemented(&r) {
            return Ok(r);
        }
        self.sequence_fallback(op, a, b, false)
    }

    /// `a op= b`: gives what is to be assigned.
    pub fn inplace_op(&self, op: BinaryOp, a: &Value, b: &Value) -> PyResult {
        if op == BinaryOp::Power {
            return self.inplace_power(a, b);
        }
        if let Some(f) = op.inplace_slot(&self.type_of(a).payload.slots) {
            let r = f(self, a, b)?;
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        let r = self.binary_try(a, b, op)?;
        if !self.is_not_implemented(&r) {
            return Ok(r);
        }
        self.sequence_fallback(op, a, b, true)
    }

    /// The method of the left operand's class that `a op b` calls before all else: what the class has of that name, for instances
    /// of classes made in Python. `None` when something else may come first.
    #[inline]
    pub fn left_method(&self, op: BinaryOp, inplace: bool, a: &Value, b: &Value) -> Option<Value> {
        let (ta, tb) = (self.type_of(a), self.type_of(b));
        if !ta.payload.is_heap()
            || !std::ptr::eq(ta, tb) && tb.payload.is_subtype(ta)
            || inplace && op.inplace_slot(&ta.payload.slots).is_some()
        {
            return None;
        }
        self.lookup(&ta.payload, op.methods(self)?.0)
    }

    /// `a op b` once the method from [`Vm::left_method`], a Python function, has given `NotImplemented`.
    #[cold]
    pub fn binary_op_right(&self, op: BinaryOp, inplace: bool, a: &Value, b: &Value) -> PyResult {
        let (ta, tb) = (self.type_of(a), self.type_of(b));
        if !std::ptr::eq(ta, tb) {
            let (left, right) = (op.slot(&ta.payload.slots), op.slot(&tb.payload.slots));
            let r = match right {
                // A class made in Python as well: the same function stands for both, and tries the left operand first.
                Some(g) if left.is_some_and(|f| std::ptr::fn_addr_eq(f, g)) => {
                    let Some((_, reflected)) = op.methods(self) else {
                        return self.sequence_fallback(op, a, b, inplace);
                    };
                    crate::slotdefs::call_or_not_implemented(self, b, reflected, &[a])?
                }
                Some(g) => g(self, a, b)?,
                None => self.not_implemented(),
            };
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        self.sequence_fallback(op, a, b, inplace)
    }

    fn sequence_fallback(&self, op: BinaryOp, a: &Value, b: &Value, inplace: bool) -> PyResult {
        let (sa, sb) = (
            &self.type_of(a).payload.slots,
            &self.type_of(b).payload.slots,
        );
        match op {
            BinaryOp::Add => {
                let f = if inplace {
                    sa.sq_inplace_concat.get().or(sa.sq_concat.get())
                } else {
                    sa.sq_concat.get()
                };
                if let Some(f) = f {
                    return f(self, a, b);
                }
            }
            BinaryOp::Multiply => {
                let f = if inplace {
                    sa.sq_inplace_repeat.get().or(sa.sq_repeat.get())
                } else {
                    sa.sq_repeat.get()
                };
                if let Some(f) = f {
                    return f(self, a, self.repeat_count(b)?);
                }
                if let Some(f) = sb.sq_repeat.get() {
                    return f(self, b, self.repeat_count(a)?);
                }
            }
            _ => {}
        }
        Err(self.unsupported(op, a, b, inplace))
    }

    fn repeat_count(&self, n: &Value) -> PyResult<isize> {
        if !self.has_index(n) {
            return Err(self.type_error(&format!(
                "can't multiply sequence by non-int of type '{}'",
                self.type_name(n)
            )));
        }
        self.index_isize_or_overflow(n)
    }

    #[cold]
    fn unsupported(
        &self,
        op: BinaryOp,
        a: &Value,
        b: &Value,
        inplace: bool,
    ) -> crate::value::Raised {
        let symbol = SYMBOLS[op as usize];
        let eq = if inplace { "=" } else { "" };
        let symbol = if inplace && op == BinaryOp::Power {
            "**"
        } else {
            symbol
        };
        let mut msg = format!(
            "unsupported operand type(s) for {symbol}{eq}: '{}' and '{}'",
            self.type_name(a),
            self.type_name(b)
        );
        if op == BinaryOp::Rshift
            && !inplace
            && let Some(f) = a.downcast_ref::<crate::descr::NativeFunction>()
            && f.def.name == "print"
        {
            msg.push_str(". Did you mean \"print(<message>, file=<output_stream>)\"?");
        }
        self.type_error(&msg)
    }

    /// `pow(a, b, c)`; `c` is `None` for the operator.
    pub fn power(&self, a: &Value, b: &Value, c: &Value) -> PyResult {
        let r = self.power_try(a, b, c)?;
        if !self.is_not_implemented(&r) {
            return Ok(r);
        }
        if self.is_none(c) {
            return Err(self.unsupported(BinaryOp::Power, a, b, false));
        }
        Err(self.type_error(&format!(
            "unsupported operand type(s) for ** or pow(): '{}', '{}', '{}'",
            self.type_name(a),
            self.type_name(b),
            self.type_name(c)
        )))
    }

    fn power_try(&self, a: &Value, b: &Value, c: &Value) -> PyResult {
        let (ta, tb, tc) = (self.type_of(a), self.type_of(b), self.type_of(c));
        let left = ta.payload.slots.nb_power.get();
        let id = |f: Option<TernaryFn>| f.map(|f| f as usize);
        let mut right = if std::ptr::eq(ta, tb) {
            None
        } else {
            tb.payload.slots.nb_power.get()
        };
        if id(right) == id(left) {
            right = None;
        }
        if let Some(f) = left {
            if let Some(g) = right
                && tb.payload.is_subtype(ta)
            {
                let r = g(self, a, b, c)?;
                if !self.is_not_implemented(&r) {
                    return Ok(r);
                }
                right = None;
            }
            let r = f(self, a, b, c)?;
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        if let Some(g) = right {
            let r = g(self, a, b, c)?;
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        if let Some(h) = tc.payload.slots.nb_power.get()
            && id(Some(h)) != id(left)
            && id(Some(h)) != id(tb.payload.slots.nb_power.get())
        {
            return h(self, a, b, c);
        }
        Ok(self.not_implemented())
    }

    fn inplace_power(&self, a: &Value, b: &Value) -> PyResult {
        let none = self.none();
        if let Some(f) = self.type_of(a).payload.slots.nb_inplace_power.get() {
            let r = f(self, a, b, &none)?;
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        let r = self.power_try(a, b, &none)?;
        if self.is_not_implemented(&r) {
            Err(self.unsupported(BinaryOp::Power, a, b, true))
        } else {
            Ok(r)
        }
    }

    /// `-v`
    pub fn negative(&self, v: &Value) -> PyResult {
        self.unary(v, self.type_of(v).payload.slots.nb_negative.get(), "-")
    }

    /// `+v`
    pub fn positive(&self, v: &Value) -> PyResult {
        self.unary(v, self.type_of(v).payload.slots.nb_positive.get(), "+")
    }

    /// `~v`
    pub fn invert(&self, v: &Value) -> PyResult {
        self.unary(v, self.type_of(v).payload.slots.nb_invert.get(), "~")
    }

    /// `abs(v)`
    pub fn absolute(&self, v: &Value) -> PyResult {
        match self.type_of(v).payload.slots.nb_absolute.get() {
            Some(f) => f(self, v),
            None => Err(self.type_error(&format!(
                "bad operand type for abs(): '{}'",
                self.type_name(v)
            ))),
        }
    }

    fn unary(&self, v: &Value, f: Option<crate::class::UnaryFn>, symbol: &str) -> PyResult {
        match f {
            Some(f) => f(self, v),
            None => Err(self.type_error(&format!(
                "bad operand type for unary {symbol}: '{}'",
                self.type_name(v)
            ))),
        }
    }

    /// Whether the value is an int or has `__index__`.
    pub fn has_index(&self, v: &Value) -> bool {
        v.is_small_int() || self.type_of(v).payload.slots.nb_index.get().is_some()
    }

    /// `operator.index(v)`: an int (or an instance of a subclass).
    pub fn index(&self, v: &Value) -> PyResult {
        if v.is_small_int() || v.as_int().is_some() {
            return Ok(v.clone());
        }
        let Some(f) = self.type_of(v).payload.slots.nb_index.get() else {
            return Err(self.type_error(&format!(
                "'{}' object cannot be interpreted as an integer",
                self.type_name(v)
            )));
        };
        let r = f(self, v)?;
        if r.as_int().is_none() {
            return Err(self.type_error(&format!(
                "__index__ returned non-int (type {})",
                self.type_name(&r)
            )));
        }
        if !r.is_small_int() && !std::ptr::eq(self.type_of(&r), self.types().int.object()) {
            let msg = format!(
                "__index__ returned non-int (type {}).  The ability to return an instance of a strict subclass of int is deprecated, and may be removed in a future version of Python.",
                self.type_name(&r)
            );
            self.warn(&self.exc().DeprecationWarning, &msg, 1)?;
        }
        Ok(r)
    }

    /// `v.__index__()` clipped to what a size can be (for slices and positions).
    pub fn index_isize(&self, v: &Value) -> PyResult<isize> {
        let i = self.index(v)?;
        Ok(match i.as_int() {
            Some(IntRef::Small(n)) => {
                isize::try_from(n).unwrap_or(if n < 0 { isize::MIN } else { isize::MAX })
            }
            Some(big) if big.is_negative() => isize::MIN,
            _ => isize::MAX,
        })
    }

    /// `v.__index__()`, OverflowError when it is too large for a size.
    pub fn index_isize_or_overflow(&self, v: &Value) -> PyResult<isize> {
        match self.index_that_fits(v)? {
            Some(i) => Ok(i),
            None => Err(self.overflow_error(&self.does_not_fit(v))),
        }
    }

    /// `v.__index__()` as a position in a sequence, IndexError when it is too large for a size.
    pub fn index_position(&self, v: &Value) -> PyResult<isize> {
        match self.index_that_fits(v)? {
            Some(i) => Ok(i),
            None => Err(self.index_error(&self.does_not_fit(v))),
        }
    }

    fn index_that_fits(&self, v: &Value) -> PyResult<Option<isize>> {
        let i = self.index(v)?;
        let n = i.as_int().and_then(IntRef::to_i64);
        Ok(n.and_then(|n| isize::try_from(n).ok()))
    }

    fn does_not_fit(&self, v: &Value) -> String {
        format!(
            "cannot fit '{}' into an index-sized integer",
            self.type_name(v)
        )
    }
}
