//! `tzinfo` and `timezone`, and what the other types ask a `tzinfo`.

use taipan_macros::pymethods;
use taipan_object::{
    CompareOp, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeObject, TypeRef, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};

use crate::datetime::{self, DateTime};
use crate::delta::{self, Delta};
use crate::util::{class_of, set_class_value, shown_type, str_argument};

/// The payload of `tzinfo`: its subclasses have the rest.
#[repr(C)]
#[derive(Default)]
pub struct TzInfo {
    _nothing: (),
}

payload!(TzInfo, leaf);

/// `tzinfo`
pub static TZINFO: TypeSpec = TypeSpec {
    doc: Some("Abstract base class for time zone info objects."),
    flags: tpflags::BASETYPE,
    parts: &[&TZINFO_METHODS],
    ..TypeSpec::new("tzinfo", "datetime", <TzInfo as Payload>::layout)
};

/// The payload of `timezone`.
#[repr(C)]
pub struct TimeZone {
    base: TzInfo,
    /// The offset from UTC, less than a day.
    pub offset: Ref<Delta>,
    name: Option<Value>,
}

payload!(TimeZone, gc, base = TzInfo);

impl Traverse for TimeZone {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.offset.as_value());
        if let Some(name) = &self.name {
            visit(name);
        }
    }
}

/// `timezone`
pub static TIMEZONE: TypeSpec = TypeSpec {
    doc: Some("Fixed offset from UTC implementation of tzinfo."),
    base: Some(tzinfo_class),
    parts: &[&TIMEZONE_METHODS],
    extra: Some(extra),
    ..TypeSpec::new("timezone", "datetime", <TimeZone as Payload>::layout)
};

fn tzinfo_class(vm: &Vm) -> TypeRef {
    match vm.make_type(&TZINFO) {
        Ok(t) => t,
        // No memory for the class: deriving from `object` keeps everything sound.
        Err(r) => {
            drop(vm.take_raised(r));
            vm.types().object.clone()
        }
    }
}

/// The interpreter's `timezone.utc`.
struct Utc {
    value: PyCell<Option<Ref<TimeZone>>>,
}

impl Default for Utc {
    fn default() -> Utc {
        Utc {
            value: PyCell::new(None),
        }
    }
}

fn make(vm: &Vm, ty: &TypeRef, offset: Ref<Delta>, name: Option<Value>) -> PyResult<Ref<TimeZone>> {
    let base = TzInfo::default();
    vm.new_object(ty, TimeZone { base, offset, name })
}

fn extra(vm: &Vm, ty: &TypeRef) -> PyResult<()> {
    vm.make_type(&delta::TIMEDELTA)?;
    let utc = make(vm, ty, delta::new(vm, 0, 0, 0)?, None)?;
    utc.head().make_immortal();
    vm.state::<Utc>().value.set(Some(utc.clone()));
    set_class_value(vm, ty, "utc", utc.into_value())?;
    let limit = 86_400 - 60;
    let min = make(vm, ty, delta::new(vm, 0, -limit, 0)?, None)?;
    let max = make(vm, ty, delta::new(vm, 0, limit, 0)?, None)?;
    set_class_value(vm, ty, "min", min.into_value())?;
    set_class_value(vm, ty, "max", max.into_value())
}

/// `timezone.utc`
pub fn utc(vm: &Vm) -> PyResult {
    vm.make_type(&TIMEZONE)?;
    match vm.state::<Utc>().value.get() {
        Some(utc) => Ok(utc.into_value()),
        None => Err(vm.system_error("timezone.utc was not made")),
    }
}

/// `timezone(offset[, name])`
pub fn new(vm: &Vm, offset: &Ref<Delta>, name: Option<Value>) -> PyResult {
    if name.is_none() && offset.is_zero() {
        return utc(vm);
    }
    if !within_a_day(offset) {
        return Err(out_of_range(vm, offset.as_value()));
    }
    let ty = vm.make_type(&TIMEZONE)?;
    Ok(make(vm, &ty, offset.clone(), name)?.into_value())
}

fn within_a_day(d: &Delta) -> bool {
    d.days == 0 || (d.days == -1 && (d.seconds > 0 || d.micros > 0))
}

#[cold]
fn out_of_range(vm: &Vm, offset: &Value) -> taipan_object::Raised {
    match vm.repr_string(offset) {
        Ok(shown) => vm.value_error(&format!(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {shown}"
        )),
        Err(r) => r,
    }
}

/// Calls `utcoffset` or `dst` of a `tzinfo`; what comes back is checked.
pub fn offset_of(
    vm: &Vm,
    zone: Option<&Value>,
    method: &str,
    about: &Value,
) -> PyResult<Option<Ref<Delta>>> {
    let Some(zone) = zone else {
        return Ok(None);
    };
    if let Some(fixed) = zone.downcast_ref::<TimeZone>() {
        return Ok((method == "utcoffset").then(|| fixed.offset.clone()));
    }
    let offset = vm.call_method_str(zone, method, std::slice::from_ref(about))?;
    if vm.is_none(&offset) {
        return Ok(None);
    }
    match offset.downcast_ref::<Delta>() {
        None => Err(vm.type_error(&format!(
            "tzinfo.{method}() must return None or timedelta, not '{}'",
            vm.type_name(&offset)
        ))),
        Some(d) if !within_a_day(d) => Err(out_of_range(vm, &offset)),
        Some(d) => Ok(Some(d.clone())),
    }
}

/// Calls `tzname` of a `tzinfo`; what comes back is checked.
pub fn name_of(vm: &Vm, zone: Option<&Value>, about: &Value) -> PyResult {
    let Some(zone) = zone else {
        return Ok(vm.none());
    };
    let name = vm.call_method_str(zone, "tzname", std::slice::from_ref(about))?;
    if vm.is_none(&name) || name.downcast_ref::<Str>().is_some() {
        return Ok(name);
    }
    Err(vm.type_error(&format!(
        "tzinfo.tzname() must return None or a string, not '{}'",
        vm.type_name(&name)
    )))
}

/// An argument that is None or a `tzinfo`; `Some` for the latter.
pub fn checked(vm: &Vm, v: &Value) -> PyResult<Option<Value>> {
    if vm.is_none(v) {
        return Ok(None);
    }
    if v.downcast_ref::<TzInfo>().is_some() {
        return Ok(Some(v.clone()));
    }
    Err(vm.type_error(&format!(
        "tzinfo argument must be None or of a tzinfo subclass, not type '{}'",
        vm.type_name(v)
    )))
}

/// `+hh:mm[:ss[.ffffff]]` with a separator of the caller's.
pub fn format_offset(offset: &Delta, separator: &str) -> String {
    let us = offset.total_micros();
    let sign = if us < 0 { '-' } else { '+' };
    let us = us.unsigned_abs();
    let (s, us) = (us / 1_000_000, us % 1_000_000);
    let mut out = format!("{sign}{:02}{separator}{:02}", s / 3600, s / 60 % 60);
    if s % 60 != 0 || us != 0 {
        out.push_str(&format!("{separator}{:02}", s % 60));
    }
    if us != 0 {
        out.push_str(&format!(".{us:06}"));
    }
    out
}

#[cold]
fn must_override(vm: &Vm, method: &str) -> taipan_object::Raised {
    vm.not_implemented_error(&format!("a tzinfo subclass must implement {method}()"))
}

#[pymethods(TZINFO_METHODS)]
impl TzInfo {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: taipan_object::Args<'_>) -> PyResult {
        let _ = args;
        Ok(vm.new_object(cls, TzInfo::default())?.into_value())
    }

    /// datetime -> string name of time zone.
    #[pymethod(sig = "($self, object, /)")]
    fn tzname(vm: &Vm, this: &Value, object: &Value) -> PyResult {
        let _ = (this, object);
        Err(must_override(vm, "tzname"))
    }

    /// datetime -> timedelta showing offset from UTC, negative values indicating West of UTC
    #[pymethod(sig = "($self, object, /)")]
    fn utcoffset(vm: &Vm, this: &Value, object: &Value) -> PyResult {
        let _ = (this, object);
        Err(must_override(vm, "utcoffset"))
    }

    /// datetime -> DST offset as timedelta positive east of UTC.
    #[pymethod(sig = "($self, object, /)")]
    fn dst(vm: &Vm, this: &Value, object: &Value) -> PyResult {
        let _ = (this, object);
        Err(must_override(vm, "dst"))
    }

    /// datetime in UTC -> datetime in local time.
    #[pymethod(sig = "($self, object, /)")]
    fn fromutc(vm: &Vm, this: &Value, object: &Value) -> PyResult {
        let Some(dt) = object.downcast_ref::<DateTime>() else {
            return Err(vm.type_error("fromutc: argument must be a datetime"));
        };
        let zone = dt.tzinfo();
        if !zone.as_ref().is_some_and(|z| z.is(this)) {
            return Err(vm.value_error("fromutc: dt.tzinfo is not self"));
        }
        let Some(offset) = offset_of(vm, zone.as_ref(), "utcoffset", object)? else {
            return Err(vm.value_error("fromutc: non-None utcoffset() result required"));
        };
        let Some(dst) = offset_of(vm, zone.as_ref(), "dst", object)? else {
            return Err(vm.value_error("fromutc: non-None dst() result required"));
        };
        let standard = delta::sum(vm, &offset, &dst, -1)?;
        let result = datetime::shifted(vm, dt, &standard, 1)?;
        let dst = match result.downcast_ref::<DateTime>() {
            Some(_) => offset_of(vm, zone.as_ref(), "dst", &result)?,
            None => None,
        };
        let Some(dst) = dst else {
            return Err(
                vm.value_error("fromutc: tz.dst() gave inconsistent results; cannot convert")
            );
        };
        match result.downcast_ref::<DateTime>() {
            Some(dt) if !dst.is_zero() => datetime::shifted(vm, dt, &dst, 1),
            _ => Ok(result),
        }
    }

    /// -> (cls, state)
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Value) -> PyResult<(Value, Value, Value)> {
        let args = match vm.getattr_str_opt(this, "__getinitargs__")? {
            Some(f) => vm.call0(&f)?,
            None => vm.interp().singletons().empty_tuple.clone().into_value(),
        };
        let state = vm.call_method_str(this, "__getstate__", &[])?;
        Ok((class_of(vm, this), args, state))
    }
}

/// The argument of `timezone`'s methods: a datetime or None.
fn datetime_or_none(vm: &Vm, v: &Value, method: &str) -> PyResult<()> {
    if vm.is_none(v) || v.downcast_ref::<DateTime>().is_some() {
        return Ok(());
    }
    Err(vm.type_error(&format!(
        "{method}(dt) argument must be a datetime instance or None, not {}",
        vm.type_name(v)
    )))
}

impl TimeZone {
    fn is_utc(vm: &Vm, this: &Ref<Self>) -> bool {
        let utc = vm.state::<Utc>().value.get();
        utc.is_some_and(|u| u.is(this))
    }

    fn shown_name(&self, vm: &Vm) -> PyResult {
        match &self.name {
            Some(name) => Ok(name.clone()),
            None if self.offset.is_zero() => Ok(vm.new_str("UTC")?.into_value()),
            None => {
                let text = format!("UTC{}", format_offset(&self.offset, ":"));
                Ok(vm.new_str(&text)?.into_value())
            }
        }
    }
}

#[pymethods(TIMEZONE_METHODS)]
impl TimeZone {
    #[pyslot(name = "timezone", params = "(offset, name=<unrepresentable>)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, offset: &Value, name: Option<&Value>) -> PyResult {
        let _ = cls;
        let Some(offset) = offset.downcast_ref::<Delta>() else {
            return Err(vm.type_error(&format!(
                "timezone() argument 1 must be datetime.timedelta, not {}",
                shown_type(vm, offset)
            )));
        };
        if let Some(name) = name {
            str_argument(vm, "timezone() argument 2", name)?;
        }
        new(vm, offset, name.cloned())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult {
        if TimeZone::is_utc(vm, this) {
            return Ok(vm.new_str("datetime.timezone.utc")?.into_value());
        }
        let mut out = taipan_text::TextBuf::from(vm.type_name(this.as_value()).as_str());
        out.push_str("(");
        out.push_text(vm.repr(this.offset.as_value())?.text());
        if let Some(name) = &this.name {
            out.push_str(", ");
            out.push_text(vm.repr(name)?.text());
        }
        out.push_str(")");
        Ok(vm.new_str_buf(&out)?.into_value())
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.shown_name(vm)
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        vm.hash(this.offset.as_value())
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let equal = match (op, other.downcast_ref::<TimeZone>()) {
            (CompareOp::Eq | CompareOp::Ne, Some(other)) => {
                this.offset.parts() == other.offset.parts()
            }
            _ => return Ok(vm.not_implemented()),
        };
        Ok(vm.bool(equal == (op == CompareOp::Eq)))
    }

    /// If name is specified when timezone is created, returns the name.  Otherwise returns offset as 'UTC(+|-)HH:MM'.
    #[pymethod(sig = "($self, object, /)")]
    fn tzname(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult {
        datetime_or_none(vm, object, "tzname")?;
        this.shown_name(vm)
    }

    /// Return fixed offset.
    #[pymethod(sig = "($self, object, /)")]
    fn utcoffset(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult<Ref<Delta>> {
        datetime_or_none(vm, object, "utcoffset")?;
        Ok(this.offset.clone())
    }

    /// Return None.
    #[pymethod(sig = "($self, object, /)")]
    fn dst(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult<()> {
        let _ = this;
        datetime_or_none(vm, object, "dst")
    }

    /// datetime in UTC -> datetime in local time.
    #[pymethod(sig = "($self, object, /)")]
    fn fromutc(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult {
        let Some(dt) = object.downcast_ref::<DateTime>() else {
            return Err(vm.type_error("fromutc: argument must be a datetime"));
        };
        if !dt.tzinfo().is_some_and(|z| z.is(this.as_value())) {
            return Err(vm.value_error("fromutc: dt.tzinfo is not self"));
        }
        datetime::shifted(vm, dt, &this.offset, 1)
    }

    /// pickle support
    #[pymethod(sig = "($self, /)")]
    fn __getinitargs__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let mut args = vec![this.offset.clone().into_value()];
        args.extend(this.name.clone());
        Ok(vm.new_tuple(args)?.into_value())
    }
}
