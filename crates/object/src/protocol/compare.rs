//! Comparison, hashing, truth, `repr` and `str`.

use crate::class::CompareOp;
use crate::containers::string::Str;
use crate::reference::Ref;
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;

/// The `tp_hash` of unhashable types.
#[inline(never)]
pub fn hash_not_implemented(vm: &Vm, v: &Value) -> PyResult<i64> {
    Err(vm.type_error(&format!("unhashable type: '{}'", vm.type_name(v))))
}

/// The hash of an object's identity: what `object.__hash__` gives.
#[inline]
pub fn hash_of_identity(v: &Value) -> i64 {
    let h = v.bits().rotate_right(4) as i64;
    if h == -1 { -2 } else { h }
}

impl Vm {
    /// The hash of an object that is hashed by its identity, `None` for others.
    #[inline]
    pub fn identity_hash(&self, v: &Value) -> Option<i64> {
        let hash = self.type_of(v).payload.slots.tp_hash.get()?;
        let default = self.types().object.slots.tp_hash.get()?;
        std::ptr::fn_addr_eq(hash, default).then(|| hash_of_identity(v))
    }

    /// `a == b` or `a != b` of objects that both are compared by their identity; `None` for others, and other comparisons.
    #[inline]
    pub fn identity_compare(&self, a: &Value, b: &Value, op: CompareOp) -> Option<bool> {
        let compare = |v| self.type_of(v).payload.slots.tp_richcompare.get();
        let default = self.types().object.slots.tp_richcompare.get()?;
        if !std::ptr::fn_addr_eq(compare(a)?, default)
            || !std::ptr::fn_addr_eq(compare(b)?, default)
        {
            return None;
        }
        match op {
            CompareOp::Eq => Some(a.is(b)),
            CompareOp::Ne => Some(!a.is(b)),
            _ => None,
        }
    }

    /// `a op b`
    pub fn rich_compare(&self, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
            return Ok(self.bool(op.matches(x.cmp(&y))));
        }
        self.check_stack(" in comparison")?;
        let (ta, tb) = (self.type_of(a), self.type_of(b));
        let mut tried_right = false;
        if !std::ptr::eq(ta, tb)
            && tb.payload.is_subtype(ta)
            && let Some(f) = tb.payload.slots.tp_richcompare.get()
        {
            tried_right = true;
            let r = f(self, b, a, op.swapped())?;
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        if let Some(f) = self.type_of(a).payload.slots.tp_richcompare.get() {
            let r = f(self, a, b, op)?;
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        if !tried_right {
            return self.rich_compare_right(a, b, op);
        }
        self.compare_default(a, b, op)
    }

    /// The method of the left operand's class that `a op b` calls before all else: what the class has of that name, for instances
    /// of classes made in Python. `None` when something else may come first.
    #[inline]
    pub fn left_compare_method(&self, a: &Value, b: &Value, op: CompareOp) -> Option<Value> {
        let (ta, tb) = (self.type_of(a), self.type_of(b));
        if !ta.payload.is_heap() || !std::ptr::eq(ta, tb) && tb.payload.is_subtype(ta) {
            return None;
        }
        let name = self.names().comparison(op);
        self.lookup(&ta.payload, name)
    }

    /// `a op b` once the left operand has given `NotImplemented`.
    pub fn rich_compare_right(&self, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        if let Some(f) = self.type_of(b).payload.slots.tp_richcompare.get() {
            let r = f(self, b, a, op.swapped())?;
            if !self.is_not_implemented(&r) {
                return Ok(r);
            }
        }
        self.compare_default(a, b, op)
    }

    /// `a op b` when neither operand knows.
    fn compare_default(&self, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        match op {
            CompareOp::Eq => Ok(self.bool(a.is(b))),
            CompareOp::Ne => Ok(self.bool(!a.is(b))),
            _ => Err(self.type_error(&format!(
                "'{}' not supported between instances of '{}' and '{}'",
                op.symbol(),
                self.type_name(a),
                self.type_name(b)
            ))),
        }
    }

    /// The truth of `a op b`; identity implies equality, as in containers (PyObject_RichCompareBool).
    #[inline]
    pub fn compare_bool(&self, a: &Value, b: &Value, op: CompareOp) -> PyResult<bool> {
        if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
            return Ok(op.matches(x.cmp(&y)));
        }
        self.compare_bool_objects(a, b, op)
    }

    fn compare_bool_objects(&self, a: &Value, b: &Value, op: CompareOp) -> PyResult<bool> {
        if a.is(b) {
            match op {
                CompareOp::Eq => return Ok(true),
                CompareOp::Ne => return Ok(false),
                _ => {}
            }
        }
        if let (Some(x), Some(y)) = (self.exact_float(a), self.exact_float(b)) {
            return Ok(match x.partial_cmp(&y) {
                Some(order) => op.matches(order),
                None => op == CompareOp::Ne,
            });
        }
        if let Some(same) = self.identity_compare(a, b, op) {
            return Ok(same);
        }
        let r = self.rich_compare(a, b, op)?;
        self.is_true(&r)
    }

    /// `a is b or a == b`
    #[inline]
    pub fn eq(&self, a: &Value, b: &Value) -> PyResult<bool> {
        if a.is(b) {
            return Ok(true);
        }
        if a.is_small_int() && b.is_small_int() {
            return Ok(false);
        }
        if a.is_exact_str(self)
            && b.is_exact_str(self)
            && let (Some(x), Some(y)) = (a.downcast_ref::<Str>(), b.downcast_ref::<Str>())
        {
            return Ok(x.same_text(y));
        }
        if let (Some(x), Some(y)) = (self.exact_float(a), self.exact_float(b)) {
            return Ok(x == y);
        }
        self.compare_bool(a, b, CompareOp::Eq)
    }

    /// How many pairs at the start of two sequences are equal for all to see: the same object, or exact strings or floats of
    /// the same value. Runs no Python code.
    pub fn equal_run(&self, a: &[Value], b: &[Value]) -> usize {
        let equal = |(x, y): &(&Value, &Value)| {
            if x.is(y) {
                return true;
            }
            if x.is_small_int() || y.is_small_int() {
                return false;
            }
            if x.is_exact_str(self) && y.is_exact_str(self) {
                return match (x.downcast_ref::<Str>(), y.downcast_ref::<Str>()) {
                    (Some(x), Some(y)) => x.same_text(y),
                    _ => false,
                };
            }
            match (self.exact_float(x), self.exact_float(y)) {
                (Some(x), Some(y)) => x == y,
                _ => false,
            }
        };
        a.iter().zip(b).take_while(equal).count()
    }

    /// `hash(v)`, never -1.
    #[inline(always)]
    pub fn hash(&self, v: &Value) -> PyResult<i64> {
        if let Some(i) = v.as_small_int() {
            return Ok(hash_i64(i));
        }
        let ty = self.type_of(v);
        if std::ptr::eq(ty, self.types().str.object())
            && let Some(s) = v.downcast_ref::<Str>()
        {
            return Ok(s.hash(self));
        }
        match ty.payload.slots.tp_hash.get() {
            Some(f) => f(self, v),
            None => hash_not_implemented(self, v),
        }
    }

    /// `hash(key)` for a key of a dict; a TypeError says what was wanted.
    #[inline(always)]
    pub fn hash_dict_key(&self, key: &Value) -> PyResult<i64> {
        self.hash(key)
            .map_err(|r| self.unhashable(r, key, "a dict key"))
    }

    /// `hash(v)` for an element of a set; a TypeError says what was wanted.
    #[inline(always)]
    pub fn hash_set_element(&self, v: &Value) -> PyResult<i64> {
        self.hash(v)
            .map_err(|r| self.unhashable(r, v, "a set element"))
    }

    #[cold]
    fn unhashable(&self, r: Raised, v: &Value, role: &str) -> Raised {
        let Some(e) = self.pending_exception() else {
            return r;
        };
        if !std::ptr::eq(self.type_of(&e), self.exc().TypeError.object()) {
            return r;
        }
        drop(self.take_raised(r));
        match self.str(&e) {
            Ok(text) => self.type_error(&format!(
                "cannot use '{}' as {role} ({})",
                self.type_name(v),
                text.to_string_lossy()
            )),
            Err(r) => r,
        }
    }

    /// `bool(v)`
    #[inline]
    pub fn is_true(&self, v: &Value) -> PyResult<bool> {
        if let Some(i) = v.as_small_int() {
            return Ok(i != 0);
        }
        let s = self.interp().singletons();
        if v.is(&s.true_) {
            return Ok(true);
        }
        if v.is(&s.false_) || v.is(&s.none) {
            return Ok(false);
        }
        let slots = &self.type_of(v).payload.slots;
        if let Some(f) = slots.nb_bool.get() {
            return f(self, v);
        }
        if let Some(f) = slots.mp_length.get().or(slots.sq_length.get()) {
            return Ok(f(self, v)? != 0);
        }
        Ok(true)
    }

    /// `repr(v)`
    pub fn repr(&self, v: &Value) -> PyResult<Ref<Str>> {
        self.check_stack(" while getting the repr of an object")?;
        let r = match self.type_of(v).payload.slots.tp_repr.get() {
            Some(f) => f(self, v)?,
            None => {
                return self.new_str(&format!(
                    "<{} object at {:#x}>",
                    self.type_name(v),
                    v.bits()
                ));
            }
        };
        r.downcast::<Str>().map_err(|r| {
            self.type_error(&format!(
                "__repr__ returned non-string (type {})",
                self.type_name(&r)
            ))
        })
    }

    /// `str(v)`
    pub fn str(&self, v: &Value) -> PyResult<Ref<Str>> {
        if v.is_exact_str(self)
            && let Some(s) = v.downcast_ref::<Str>()
        {
            return Ok(s.clone());
        }
        self.check_stack(" while getting the str of an object")?;
        let r = match self.type_of(v).payload.slots.tp_str.get() {
            Some(f) => f(self, v)?,
            None => return self.repr(v),
        };
        r.downcast::<Str>().map_err(|r| {
            self.type_error(&format!(
                "__str__ returned non-string (type {})",
                self.type_name(&r)
            ))
        })
    }

    /// `repr(v)` as text for messages.
    pub fn repr_string(&self, v: &Value) -> PyResult<String> {
        Ok(self.repr(v)?.to_string_lossy().into_owned())
    }
}

/// The hash of an int: the number modulo 2⁶¹ − 1 with the sign of the number, -2 for -1.
#[inline(always)]
pub fn hash_i64(i: i64) -> i64 {
    const M: u64 = (1 << 61) - 1;
    let size = i.unsigned_abs();
    // Most ints are below the modulus; the branch is quicker than a remainder.
    let r = (if size < M { size } else { size % M }) as i64;
    let r = if i < 0 { -r } else { r };
    if r == -1 { -2 } else { r }
}
