//! Conversions between Python values and Rust types at the border of native code: [`FromArg`] for arguments, with the
//! messages of Argument Clinic's converters, [`IntoPy`] for results, [`FromDefault`] for defaults written in signatures.
//! How arguments find their parameters is in `bind.rs`.

use std::borrow::Cow;

use dashu_int::IBig;
use taipan_text::TextBuf;

use crate::containers::number::IntRef;
use crate::containers::string::Str;
use crate::reference::{Payload, Ref};
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;

/// Which argument of which function is being converted.
#[derive(Clone, Copy, Debug)]
pub struct ArgContext {
    /// The function's name, unqualified.
    pub function: &'static str,
    /// `argument 1`, `argument 'sep'`, or `argument` for the only one.
    pub argument: &'static str,
}

impl ArgContext {
    /// Raises "f() argument 1 must be str, not int".
    #[cold]
    pub fn wrong_type(&self, vm: &Vm, expected: &str, got: &Value) -> Raised {
        let got = if vm.is_none(got) {
            "None".to_owned()
        } else {
            vm.type_name(got)
        };
        vm.type_error(&format!(
            "{}() {} must be {expected}, not {got}",
            self.function, self.argument
        ))
    }
}

/// Types of Rust parameters that take a Python argument.
pub trait FromArg<'a>: Sized {
    /// Converts the argument, or raises what CPython's converter for the type raises.
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Self>;

    /// Converts an argument that may be `None`.
    fn from_optional(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Option<Self>> {
        if vm.is_none(v) {
            Ok(None)
        } else {
            Self::from_arg(vm, v, ctx).map(Some)
        }
    }
}

impl<'a> FromArg<'a> for &'a Value {
    #[inline(always)]
    fn from_arg(_: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<&'a Value> {
        Ok(v)
    }
    #[inline(always)]
    fn from_optional(_: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<Option<&'a Value>> {
        Ok(Some(v))
    }
}

impl<'a> FromArg<'a> for Value {
    #[inline(always)]
    fn from_arg(_: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<Value> {
        Ok(v.clone())
    }
    #[inline(always)]
    fn from_optional(_: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<Option<Value>> {
        Ok(Some(v.clone()))
    }
}

fn typed<'a, T: Payload>(
    vm: &Vm,
    v: &'a Value,
    none: bool,
    ctx: &ArgContext,
) -> PyResult<&'a Ref<T>> {
    match v.downcast_ref::<T>() {
        Some(r) => Ok(r),
        None => {
            let class = vm.class::<T>()?;
            let name = class.name.get();
            let or_none = if none { " or None" } else { "" };
            Err(ctx.wrong_type(vm, &format!("{}{or_none}", name.to_string_lossy()), v))
        }
    }
}

impl<'a, T: Payload> FromArg<'a> for &'a Ref<T> {
    #[inline]
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<&'a Ref<T>> {
        typed(vm, v, false, ctx)
    }
    fn from_optional(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Option<&'a Ref<T>>> {
        if vm.is_none(v) {
            Ok(None)
        } else {
            typed(vm, v, true, ctx).map(Some)
        }
    }
}

impl<'a, T: Payload> FromArg<'a> for Ref<T> {
    #[inline]
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Ref<T>> {
        typed(vm, v, false, ctx).cloned()
    }
    fn from_optional(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Option<Ref<T>>> {
        if vm.is_none(v) {
            Ok(None)
        } else {
            typed(vm, v, true, ctx).cloned().map(Some)
        }
    }
}

/// The text of a `str` as UTF-8; UnicodeEncodeError when it has lone surrogates.
pub fn utf8<'a>(vm: &Vm, s: &'a Ref<Str>) -> PyResult<Cow<'a, str>> {
    if let Some(text) = s.as_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    match s.text().to_string_strict() {
        Ok(text) => Ok(Cow::Owned(text)),
        Err(at) => Err(surrogates(vm, s, at)),
    }
}

#[cold]
fn surrogates(vm: &Vm, s: &Ref<Str>, at: usize) -> Raised {
    let more = s
        .text()
        .chars()
        .skip(at)
        .take_while(|c| (0xd800..0xe000).contains(c))
        .count();
    let args = || {
        Ok(vec![
            vm.new_str("utf-8")?.into_value(),
            s.clone().into_value(),
            vm.new_usize(at)?,
            vm.new_usize(at.saturating_add(more))?,
            vm.new_str("surrogates not allowed")?.into_value(),
        ])
    };
    match args() {
        Ok(args) => vm.raise_args(&vm.exc().UnicodeEncodeError, args),
        Err(raised) => raised,
    }
}

fn c_string<'a>(vm: &Vm, v: &'a Value, expected: &str, ctx: &ArgContext) -> PyResult<Cow<'a, str>> {
    let Some(s) = v.downcast_ref::<Str>() else {
        return Err(ctx.wrong_type(vm, expected, v));
    };
    let text = utf8(vm, s)?;
    if text.contains('\0') {
        return Err(vm.value_error("embedded null character"));
    }
    Ok(text)
}

impl<'a> FromArg<'a> for Cow<'a, str> {
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Cow<'a, str>> {
        c_string(vm, v, "str", ctx)
    }
    fn from_optional(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Option<Cow<'a, str>>> {
        if vm.is_none(v) {
            Ok(None)
        } else {
            c_string(vm, v, "str or None", ctx).map(Some)
        }
    }
}

impl<'a> FromArg<'a> for String {
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<String> {
        Cow::from_arg(vm, v, ctx).map(Cow::into_owned)
    }
    fn from_optional(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Option<String>> {
        Ok(Cow::from_optional(vm, v, ctx)?.map(Cow::into_owned))
    }
}

/// Truth.
impl<'a> FromArg<'a> for bool {
    #[inline]
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<bool> {
        vm.is_true(v)
    }
}

/// An int, without converting anything to one.
impl<'a> FromArg<'a> for IntRef<'a> {
    #[inline]
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<IntRef<'a>> {
        v.as_int().ok_or_else(|| ctx.wrong_type(vm, "int", v))
    }
}

/// Any number with `__index__`.
impl<'a> FromArg<'a> for IBig {
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<IBig> {
        with_index(vm, v, |i| i.to_ibig())
    }
}

impl<'a> FromArg<'a> for f64 {
    #[inline]
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<f64> {
        vm.as_double(v)
    }
}

impl Vm {
    /// The value of `v` as a C double: a float, or what `__float__` or `__index__` gives (`PyFloat_AsDouble`).
    pub fn as_double(&self, v: &Value) -> PyResult<f64> {
        match v.as_float() {
            Some(f) => Ok(f),
            None => self.number_as_double(v),
        }
    }

    /// What `float(v)` makes of a number: `__float__` counts for instances of subclasses of float as well.
    pub fn number_as_double(&self, v: &Value) -> PyResult<f64> {
        let exact = std::ptr::eq(self.type_of(v), self.types().int.object());
        if exact && let Some(i) = v.as_int() {
            return int_to_double(self, i);
        }
        if let Some(nb_float) = self.type_of(v).payload.slots.nb_float.get() {
            let result = nb_float(self, v)?;
            let Some(f) = result.as_float() else {
                let (class, got) = (self.type_name(v), self.type_name(&result));
                return Err(self.type_error(&format!(
                    "{class}.__float__ returned non-float (type {got})"
                )));
            };
            if !std::ptr::eq(self.type_of(&result), self.types().float.object()) {
                let (class, got) = (self.type_name(v), self.type_name(&result));
                let message = format!(
                    "{class}.__float__ returned non-float (type {got}).  The ability to return an instance of a \
                     strict subclass of float is deprecated, and may be removed in a future version of Python."
                );
                self.warn(&self.exc().DeprecationWarning, &message, 1)?;
            }
            return Ok(f);
        }
        if !self.has_index(v) {
            return Err(self.type_error(&format!("must be real number, not {}", self.type_name(v))));
        }
        with_index(self, v, |i| int_to_double(self, i))?
    }
}

fn int_to_double(vm: &Vm, i: IntRef<'_>) -> PyResult<f64> {
    let f = match i {
        IntRef::Small(i) => i as f64,
        IntRef::Big(b) => b.to_f64().value(),
    };
    if f.is_finite() {
        Ok(f)
    } else {
        Err(vm.overflow_error("int too large to convert to float"))
    }
}

/// Calls `f` with the number that `v` is or that its `__index__` gives.
#[inline]
fn with_index<R>(vm: &Vm, v: &Value, f: impl FnOnce(IntRef<'_>) -> R) -> PyResult<R> {
    if let Some(i) = v.as_int() {
        return Ok(f(i));
    }
    let number = vm.index(v)?;
    match number.as_int() {
        Some(i) => Ok(f(i)),
        None => Err(vm.system_error("__index__ gave no int")),
    }
}

/// An argument with `__index__` as a machine integer; `None` when it does not fit 64 bits.
#[inline]
fn machine(vm: &Vm, v: &Value) -> PyResult<Option<i64>> {
    match v.as_small_int() {
        Some(i) => Ok(Some(i)),
        None => with_index(vm, v, |i| i.to_i64()),
    }
}

macro_rules! signed {
    ($($t:ty: $name:literal;)*) => {$(
        impl<'a> FromArg<'a> for $t {
            #[inline]
            fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<$t> {
                match machine(vm, v)?.and_then(|i| <$t>::try_from(i).ok()) {
                    Some(i) => Ok(i),
                    None => Err(vm.overflow_error(concat!("Python int too large to convert to C ", $name))),
                }
            }
        }
    )*};
}

signed! {
    i32: "int";
    i64: "long";
}

macro_rules! small {
    ($($t:ty: $name:literal;)*) => {$(
        impl<'a> FromArg<'a> for $t {
            #[inline]
            fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<$t> {
                let i = i64::from_arg(vm, v, ctx)?;
                <$t>::try_from(i).map_err(|_| {
                    let less = i < i64::from(<$t>::MIN);
                    let (low, high) = (concat!($name, " is less than minimum"), concat!($name, " is greater than maximum"));
                    vm.overflow_error(if less { low } else { high })
                })
            }
        }
    )*};
}

small! {
    u8: "unsigned byte integer";
    i16: "signed short integer";
}

macro_rules! unsigned {
    ($($t:ty: $name:literal;)*) => {$(
        impl<'a> FromArg<'a> for $t {
            #[inline]
            fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<$t> {
                let converted = with_index(vm, v, |i| match i {
                    i if i.is_negative() => Err(true),
                    IntRef::Small(i) => <$t>::try_from(i).map_err(|_| false),
                    IntRef::Big(b) => <$t>::try_from(b).map_err(|_| false),
                })?;
                converted.map_err(|negative| match negative {
                    true => vm.value_error("Cannot convert negative int"),
                    false => vm.overflow_error(concat!("Python int too large for C ", $name)),
                })
            }
        }
    )*};
}

unsigned! {
    u16: "unsigned short";
    u32: "unsigned int";
    u64: "unsigned long long";
    usize: "size_t";
}

impl<'a> FromArg<'a> for isize {
    #[inline]
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<isize> {
        match machine(vm, v)?.and_then(|i| isize::try_from(i).ok()) {
            Some(i) => Ok(i),
            None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }
    fn from_optional(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<Option<isize>> {
        if vm.is_none(v) {
            return Ok(None);
        }
        if !indexable(vm, v) {
            let name = vm.type_name(v);
            return Err(vm.type_error(&format!("argument should be integer or None, not '{name}'")));
        }
        match machine(vm, v)?.and_then(|i| isize::try_from(i).ok()) {
            Some(i) => Ok(Some(i)),
            None => {
                let name = vm.type_name(v);
                Err(vm.overflow_error(&format!("cannot fit '{name}' into an index-sized integer")))
            }
        }
    }
}

#[inline]
fn indexable(vm: &Vm, v: &Value) -> bool {
    v.as_int().is_some() || vm.has_index(v)
}

/// A position for slicing: any number with `__index__`, those that do not fit moved to the nearest end of the range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SliceIndex(pub isize);

impl SliceIndex {
    fn convert(vm: &Vm, v: &Value, none: &str) -> PyResult<SliceIndex> {
        if !indexable(vm, v) {
            return Err(vm.type_error(&format!(
                "slice indices must be integers{none} or have an __index__ method"
            )));
        }
        with_index(vm, v, |i| {
            let clamped = if i.is_negative() {
                isize::MIN
            } else {
                isize::MAX
            };
            SliceIndex(
                i.to_i64()
                    .and_then(|i| isize::try_from(i).ok())
                    .unwrap_or(clamped),
            )
        })
    }
}

impl<'a> FromArg<'a> for SliceIndex {
    #[inline]
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<SliceIndex> {
        SliceIndex::convert(vm, v, "")
    }
    #[inline]
    fn from_optional(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<Option<SliceIndex>> {
        if vm.is_none(v) {
            Ok(None)
        } else {
            SliceIndex::convert(vm, v, " or None").map(Some)
        }
    }
}

/// A string of one character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodePoint(pub u32);

impl<'a> FromArg<'a> for CodePoint {
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<CodePoint> {
        let Some(s) = v.downcast_ref::<Str>() else {
            return Err(ctx.wrong_type(vm, "a unicode character", v));
        };
        match (s.len(), s.text().get(0)) {
            (1, Some(c)) => Ok(CodePoint(c)),
            (n, _) => {
                let ArgContext { function, argument } = ctx;
                let message = format!(
                    "{function}(): {argument} must be a unicode character, not a string of length {n}"
                );
                Err(vm.type_error(&message))
            }
        }
    }
}

/// Warns when a bool is given for a file descriptor.
pub fn warn_of_bool(vm: &Vm, v: &Value) -> PyResult<()> {
    if !v.is(&vm.bool(true)) && !v.is(&vm.bool(false)) {
        return Ok(());
    }
    let message = "bool is used as a file descriptor";
    vm.warn(&vm.exc().RuntimeWarning, message, 1)
}

/// A file descriptor: an int, or an object with a `fileno()` method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fd(pub i32);

impl<'a> FromArg<'a> for Fd {
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Fd> {
        let fd = if v.as_int().is_some() {
            warn_of_bool(vm, v)?;
            i32::from_arg(vm, v, ctx)?
        } else {
            let name = vm.intern("fileno")?;
            let Some(method) = vm.getattr_opt(v, &name)? else {
                return Err(vm.type_error("argument must be an int, or have a fileno() method."));
            };
            let fd = vm.call0(&method)?;
            if fd.as_int().is_none() {
                return Err(vm.type_error("fileno() returned a non-integer"));
            }
            i32::from_arg(vm, &fd, ctx)?
        };
        if fd < 0 {
            return Err(vm.value_error(&format!(
                "file descriptor cannot be a negative integer ({fd})"
            )));
        }
        Ok(Fd(fd))
    }
}

/// The instance that a method was called on.
#[inline(always)]
pub fn receiver<'a, T: Payload>(vm: &Vm, v: &'a Value, name: &str) -> PyResult<&'a Ref<T>> {
    match v.downcast_ref::<T>() {
        Some(r) => Ok(r),
        None => Err(wrong_receiver::<T>(vm, v, name)),
    }
}

/// The instance whose computed attribute is read or set.
#[inline(always)]
pub fn accessed<'a, T: Payload>(vm: &Vm, v: &'a Value, name: &str) -> PyResult<&'a Ref<T>> {
    receiver(vm, v, name)
}

#[cold]
fn wrong_receiver<T: Payload>(vm: &Vm, v: &Value, name: &str) -> Raised {
    let class = match vm.class::<T>() {
        Ok(class) => class.name.get(),
        Err(raised) => return raised,
    };
    let (class, got) = (class.to_string_lossy(), vm.type_name(v));
    vm.type_error(&format!(
        "descriptor '{name}' for '{class}' objects doesn't apply to a '{got}' object"
    ))
}

/// The new value of an attribute; TypeError when the attribute is being deleted.
#[inline]
pub fn not_deleted<'a>(vm: &Vm, value: Option<&'a Value>, name: &str) -> PyResult<&'a Value> {
    value.ok_or_else(|| vm.type_error(&format!("cannot delete {name}")))
}

/// Types that take a default as it is written in a signature.
pub trait FromDefault<L>: Sized {
    /// The default.
    fn from_default(vm: &Vm, literal: L) -> PyResult<Self>;
}

impl FromDefault<()> for Value {
    fn from_default(vm: &Vm, _: ()) -> PyResult<Value> {
        Ok(vm.none())
    }
}

impl FromDefault<bool> for bool {
    #[inline(always)]
    fn from_default(_: &Vm, b: bool) -> PyResult<bool> {
        Ok(b)
    }
}

impl FromDefault<bool> for Value {
    fn from_default(vm: &Vm, b: bool) -> PyResult<Value> {
        Ok(vm.bool(b))
    }
}

impl FromDefault<bool> for i32 {
    fn from_default(_: &Vm, b: bool) -> PyResult<i32> {
        Ok(b.into())
    }
}

macro_rules! int_default {
    ($($t:ty)*) => {$(
        impl FromDefault<i64> for $t {
            #[inline(always)]
            fn from_default(vm: &Vm, i: i64) -> PyResult<$t> {
                <$t>::try_from(i).map_err(|_| vm.system_error("a default is out of its parameter's range"))
            }
        }
    )*};
}

int_default! { u8 i16 u16 i32 u32 i64 u64 usize IBig }

impl FromDefault<i64> for isize {
    /// `sys.maxsize` is written as on machines of 64 bits; elsewhere it is what it is there.
    #[inline(always)]
    fn from_default(_: &Vm, i: i64) -> PyResult<isize> {
        let most = if i < 0 { isize::MIN } else { isize::MAX };
        Ok(isize::try_from(i).unwrap_or(most))
    }
}

impl FromDefault<i64> for f64 {
    fn from_default(_: &Vm, i: i64) -> PyResult<f64> {
        Ok(i as f64)
    }
}

impl FromDefault<i64> for Value {
    fn from_default(vm: &Vm, i: i64) -> PyResult<Value> {
        vm.new_int(i)
    }
}

impl FromDefault<i64> for bool {
    fn from_default(_: &Vm, i: i64) -> PyResult<bool> {
        Ok(i != 0)
    }
}

impl FromDefault<i64> for SliceIndex {
    #[inline(always)]
    fn from_default(vm: &Vm, i: i64) -> PyResult<SliceIndex> {
        isize::from_default(vm, i).map(SliceIndex)
    }
}

impl FromDefault<i64> for Fd {
    fn from_default(vm: &Vm, i: i64) -> PyResult<Fd> {
        i32::from_default(vm, i).map(Fd)
    }
}

impl FromDefault<f64> for f64 {
    #[inline(always)]
    fn from_default(_: &Vm, f: f64) -> PyResult<f64> {
        Ok(f)
    }
}

impl FromDefault<f64> for Value {
    fn from_default(vm: &Vm, f: f64) -> PyResult<Value> {
        vm.new_float(f)
    }
}

impl FromDefault<&str> for String {
    fn from_default(_: &Vm, s: &str) -> PyResult<String> {
        Ok(s.to_owned())
    }
}

impl<'a> FromDefault<&'a str> for Cow<'a, str> {
    fn from_default(_: &Vm, s: &'a str) -> PyResult<Cow<'a, str>> {
        Ok(Cow::Borrowed(s))
    }
}

impl FromDefault<&str> for Ref<Str> {
    fn from_default(vm: &Vm, s: &str) -> PyResult<Ref<Str>> {
        vm.new_str(s)
    }
}

impl FromDefault<&str> for Value {
    fn from_default(vm: &Vm, s: &str) -> PyResult<Value> {
        vm.new_str(s).map(Ref::into_value)
    }
}

impl FromDefault<&str> for CodePoint {
    fn from_default(vm: &Vm, s: &str) -> PyResult<CodePoint> {
        let mut chars = s.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(CodePoint(c.into())),
            _ => Err(vm.system_error("a default is not one character")),
        }
    }
}

/// Types of results that become Python objects.
pub trait IntoPy: Sized {
    /// The object.
    fn into_py(self, vm: &Vm) -> PyResult;
}

impl<T: IntoPy> IntoPy for PyResult<T> {
    #[inline(always)]
    fn into_py(self, vm: &Vm) -> PyResult {
        self?.into_py(vm)
    }
}

impl IntoPy for Value {
    #[inline(always)]
    fn into_py(self, _: &Vm) -> PyResult {
        Ok(self)
    }
}

impl IntoPy for &Value {
    #[inline(always)]
    fn into_py(self, _: &Vm) -> PyResult {
        Ok(self.clone())
    }
}

impl<T: Payload> IntoPy for Ref<T> {
    #[inline(always)]
    fn into_py(self, _: &Vm) -> PyResult {
        Ok(self.into_value())
    }
}

impl IntoPy for () {
    #[inline(always)]
    fn into_py(self, vm: &Vm) -> PyResult {
        Ok(vm.none())
    }
}

impl IntoPy for bool {
    #[inline(always)]
    fn into_py(self, vm: &Vm) -> PyResult {
        Ok(vm.bool(self))
    }
}

macro_rules! int_result {
    ($($t:ty)*) => {$(
        impl IntoPy for $t {
            #[inline]
            fn into_py(self, vm: &Vm) -> PyResult {
                match i64::try_from(self) {
                    Ok(i) => vm.new_int(i),
                    Err(_) => vm.new_ibig(IBig::from(self)),
                }
            }
        }
    )*};
}

int_result! { i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize }

impl IntoPy for IBig {
    fn into_py(self, vm: &Vm) -> PyResult {
        vm.new_ibig(self)
    }
}

impl IntoPy for f64 {
    #[inline]
    fn into_py(self, vm: &Vm) -> PyResult {
        vm.new_float(self)
    }
}

impl IntoPy for &str {
    fn into_py(self, vm: &Vm) -> PyResult {
        vm.new_str(self).map(Ref::into_value)
    }
}

impl IntoPy for String {
    fn into_py(self, vm: &Vm) -> PyResult {
        self.as_str().into_py(vm)
    }
}

impl IntoPy for Cow<'_, str> {
    fn into_py(self, vm: &Vm) -> PyResult {
        self.as_ref().into_py(vm)
    }
}

impl IntoPy for TextBuf {
    fn into_py(self, vm: &Vm) -> PyResult {
        vm.new_str_buf(&self).map(Ref::into_value)
    }
}

impl<T: IntoPy> IntoPy for Option<T> {
    #[inline]
    fn into_py(self, vm: &Vm) -> PyResult {
        match self {
            Some(v) => v.into_py(vm),
            None => Ok(vm.none()),
        }
    }
}

/// A list.
impl<T: IntoPy> IntoPy for Vec<T> {
    fn into_py(self, vm: &Vm) -> PyResult {
        let items = self
            .into_iter()
            .map(|v| v.into_py(vm))
            .collect::<PyResult<Vec<Value>>>()?;
        vm.new_list(items).map(Ref::into_value)
    }
}

macro_rules! tuple_result {
    ($($t:ident)+) => {
        impl<$($t: IntoPy),+> IntoPy for ($($t,)+) {
            fn into_py(self, vm: &Vm) -> PyResult {
                #[allow(non_snake_case, reason = "one name for a type and its value")]
                let ($($t,)+) = self;
                vm.new_tuple(vec![$($t.into_py(vm)?),+]).map(Ref::into_value)
            }
        }
    };
}

tuple_result! { A }
tuple_result! { A B }
tuple_result! { A B C }
tuple_result! { A B C D }
tuple_result! { A B C D E }

/// What `tp_iternext` gives, with the item as an object.
#[inline(always)]
pub fn next_item<T: IntoPy>(vm: &Vm, item: PyResult<Option<T>>) -> PyResult<Option<Value>> {
    match item? {
        Some(v) => v.into_py(vm).map(Some),
        None => Ok(None),
    }
}
