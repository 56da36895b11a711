//! `time`.

use std::cell::Cell;
use std::cmp::Ordering;

use taipan_macros::pymethods;
use taipan_object::bind::{self, Buffer};
use taipan_object::{
    Args, CompareOp, Params, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeObject, TypeRef,
    TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use crate::date::replace_by;
use crate::delta::{self, Delta};
use crate::util::{
    class_of, codes, invalid_isoformat, packed_hash, parsed_int, pickled_state, set_class_value,
    str_argument,
};
use crate::{format, iso, zone};

/// The payload of `time`: a valid time of day.
pub struct Time {
    fields: ClockFields,
    tzinfo: PyCell<Option<Value>>,
    fold: Cell<bool>,
    hash: Cell<i64>,
}

/// Hour, minute, second, microsecond, packed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClockFields {
    hour: u8,
    minute: u8,
    second: u8,
    micro: u32,
}

impl ClockFields {
    /// Fields that were checked.
    pub(crate) fn new([h, m, s, us]: [i32; 4]) -> ClockFields {
        ClockFields {
            hour: h as u8,
            minute: m as u8,
            second: s as u8,
            micro: us as u32,
        }
    }

    pub(crate) fn get(self) -> [i32; 4] {
        [
            self.hour.into(),
            self.minute.into(),
            self.second.into(),
            self.micro as i32,
        ]
    }

    /// The six bytes that pickles have.
    pub(crate) fn state(self) -> [u8; 6] {
        let [_, a, b, c] = self.micro.to_be_bytes();
        [self.hour, self.minute, self.second, a, b, c]
    }

    /// The fields of a pickled state; as in CPython, nothing but the hour was looked at.
    pub(crate) fn from_state(vm: &Vm, state: &[u8]) -> PyResult<ClockFields> {
        let [h, m, s, a, b, c] = state else {
            return Err(vm.system_error("a state of six bytes"));
        };
        let micro = u32::from_be_bytes([0, *a, *b, *c]) as i32;
        let fields = [i32::from(*h), i32::from(*m), i32::from(*s), micro];
        Ok(ClockFields::new(fields))
    }

    /// Seconds since midnight.
    pub(crate) fn seconds(self) -> i64 {
        i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }
}

payload!(Time, gc);

impl Traverse for Time {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.tzinfo.visit(visit);
    }
}

/// `time`
pub static TIME: TypeSpec = TypeSpec {
    doc: Some(
        "time([hour[, minute[, second[, microsecond[, tzinfo]]]]]) --> a time object\n\nAll arguments are optional. tzinfo may be None, or an instance of\na tzinfo subclass. The remaining arguments may be ints.\n",
    ),
    flags: tpflags::BASETYPE,
    parts: &[&TIME_METHODS],
    extra: Some(extra),
    ..TypeSpec::new("time", "datetime", <Time as Payload>::layout)
};

static PARAMS: Params = Params {
    names: &["hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    positional_only: 0,
    positional: 5,
    required: 0,
    required_keyword: 0,
};

fn extra(vm: &Vm, ty: &TypeRef) -> PyResult<()> {
    vm.make_type(&delta::TIMEDELTA)?;
    let resolution = delta::new(vm, 0, 0, 1)?;
    let min = vm.new_object(ty, Time::new([0; 4], None, false))?;
    let max = vm.new_object(ty, Time::new([23, 59, 59, 999_999], None, false))?;
    set_class_value(vm, ty, "resolution", resolution.into_value())?;
    set_class_value(vm, ty, "min", min.into_value())?;
    set_class_value(vm, ty, "max", max.into_value())
}

/// Raises ValueError unless this is a time of day.
pub fn check(vm: &Vm, [h, m, s, us]: [i32; 4]) -> PyResult<()> {
    let ranges = [
        ("hour", h, 23),
        ("minute", m, 59),
        ("second", s, 59),
        ("microsecond", us, 999_999),
    ];
    for (name, n, last) in ranges {
        if !(0..=last).contains(&n) {
            return Err(vm.value_error(&format!("{name} must be in 0..{last}, not {n}")));
        }
    }
    Ok(())
}

/// `fold` as a bool, or ValueError.
pub fn check_fold(vm: &Vm, fold: i32) -> PyResult<bool> {
    match fold {
        0 => Ok(false),
        1 => Ok(true),
        n => Err(vm.value_error(&format!("fold must be either 0 or 1, not {n}"))),
    }
}

/// The ints at the places from `first` on, 0 for those not given.
pub(crate) fn clock_arguments(
    vm: &Vm,
    given: &[Option<&Value>],
    first: usize,
) -> PyResult<[i32; 4]> {
    let mut fields = [0; 4];
    for (i, field) in fields.iter_mut().enumerate() {
        if let Some(v) = given.get(first + i).copied().flatten() {
            *field = parsed_int(vm, v)?;
        }
    }
    Ok(fields)
}

/// The zone and the fold at their places.
pub(crate) fn zone_arguments(
    vm: &Vm,
    given: &[Option<&Value>],
    first: usize,
) -> PyResult<(Option<Value>, i32)> {
    let fold = match given.get(first + 1).copied().flatten() {
        Some(v) => parsed_int(vm, v)?,
        None => 0,
    };
    let zone = match given.get(first).copied().flatten() {
        Some(v) => zone::checked(vm, v)?,
        None => None,
    };
    Ok((zone, fold))
}

/// The zone that comes with a pickled state.
pub(crate) fn state_zone(vm: &Vm, v: Option<&Value>) -> PyResult<Option<Value>> {
    match v {
        None => Ok(None),
        Some(v) if vm.is_none(v) => Ok(None),
        Some(v) if v.downcast_ref::<zone::TzInfo>().is_some() => Ok(Some(v.clone())),
        Some(_) => Err(vm.type_error("bad tzinfo state arg")),
    }
}

impl Time {
    /// A time that was checked.
    pub fn new(fields: [i32; 4], tzinfo: Option<Value>, fold: bool) -> Time {
        Time {
            fields: ClockFields::new(fields),
            tzinfo: PyCell::new(tzinfo),
            fold: Cell::new(fold),
            hash: Cell::new(-1),
        }
    }

    /// Hour, minute, second, microsecond.
    pub fn clock(&self) -> [i32; 4] {
        self.fields.get()
    }

    /// The zone.
    pub fn tzinfo(&self) -> Option<Value> {
        self.tzinfo.get()
    }

    /// Whether it is the second one of two equal times of a day.
    pub fn is_second(&self) -> bool {
        self.fold.get()
    }

    fn offset(&self, vm: &Vm) -> PyResult<Option<Ref<Delta>>> {
        zone::offset_of(vm, self.tzinfo().as_ref(), "utcoffset", &vm.none())
    }

    fn state(&self, vm: &Vm, protocol: i32) -> PyResult {
        let mut bytes = self.fields.state();
        if protocol > 3 && self.fold.get() {
            bytes[0] |= 0x80;
        }
        let mut items = vec![vm.new_bytes(&bytes)?.into_value()];
        items.extend(self.tzinfo());
        Ok(vm.new_tuple(items)?.into_value())
    }
}

/// A time of class `cls`: by its constructor unless it is `time` itself.
pub fn make(
    vm: &Vm,
    cls: &TypeRef,
    fields: [i32; 4],
    tzinfo: Option<Value>,
    fold: i32,
) -> PyResult {
    let fold = check_fold(vm, fold)?;
    if cls.is(&vm.class::<Time>()?) {
        check(vm, fields)?;
        return Ok(vm
            .new_object(cls, Time::new(fields, tzinfo, fold))?
            .into_value());
    }
    let mut args: Vec<Value> = fields.iter().map(|&n| Value::from_i32(n)).collect();
    args.push(tzinfo.unwrap_or_else(|| vm.none()));
    let made = vm.call_pos(cls.as_value(), &args)?;
    if let Some(t) = made.downcast_ref::<Time>() {
        t.fold.set(fold);
    }
    Ok(made)
}

/// `op` on two offsets that differ only when both are there; the error that comparing naive with aware raises otherwise.
pub(crate) fn mixed(vm: &Vm, op: CompareOp, what: &str) -> PyResult {
    match op {
        CompareOp::Eq => Ok(vm.bool(false)),
        CompareOp::Ne => Ok(vm.bool(true)),
        _ => Err(vm.type_error(&format!(
            "can't compare offset-naive and offset-aware {what}"
        ))),
    }
}

/// Whether two offsets (or their absence) are the same.
pub(crate) fn same_offset(a: Option<&Ref<Delta>>, b: Option<&Ref<Delta>>) -> bool {
    a.map(|d| d.parts()) == b.map(|d| d.parts())
}

/// The tail of a repr: zone and fold.
pub(crate) fn push_zone_repr(
    vm: &Vm,
    out: &mut taipan_text::TextBuf,
    tzinfo: Option<&Value>,
    fold: bool,
) -> PyResult<()> {
    if let Some(zone) = tzinfo {
        out.push_str(", tzinfo=");
        out.push_text(vm.repr(zone)?.text());
    }
    if fold {
        out.push_str(", fold=1");
    }
    out.push_str(")");
    Ok(())
}

#[pymethods(TIME_METHODS)]
impl Time {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        if let ([state, rest @ ..], 0) = (args.pos(), args.keyword_count())
            && rest.len() < 2
            && let Some(mut state) = pickled_state(vm, state, 6, "time", |s| {
                s.first().is_some_and(|h| h & 0x7f < 24)
            })?
        {
            let zone = state_zone(vm, rest.first())?;
            let fold = state.first().is_some_and(|h| h & 0x80 != 0);
            if let Some(hour) = state.first_mut() {
                *hour &= 0x7f;
            }
            let fields = ClockFields::from_state(vm, &state)?.get();
            return Ok(vm
                .new_object(cls, Time::new(fields, zone, fold))?
                .into_value());
        }
        let mut buffer = Buffer::new();
        let given = bind::bind(vm, "", &PARAMS, args, &mut buffer)?;
        let fields = clock_arguments(vm, given, 0)?;
        let (zone, fold) = zone_arguments(vm, given, 4)?;
        check(vm, fields)?;
        let fold = check_fold(vm, fold)?;
        Ok(vm
            .new_object(cls, Time::new(fields, zone, fold))?
            .into_value())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let [h, m, s, us] = this.clock();
        let mut text = format!("{}({h}, {m}", vm.type_name(this.as_value()));
        if us != 0 {
            text.push_str(&format!(", {s}, {us}"));
        } else if s != 0 {
            text.push_str(&format!(", {s}"));
        }
        let mut out = taipan_text::TextBuf::from(text.as_str());
        push_zone_repr(vm, &mut out, this.tzinfo().as_ref(), this.fold.get())?;
        Ok(vm.new_str_buf(&out)?.into_value())
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Ref<Self>) -> PyResult {
        vm.call_method_str(this.as_value(), "isoformat", &[])
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        if this.hash.get() != -1 {
            return Ok(this.hash.get());
        }
        let hash = match this.offset(vm)? {
            None => packed_hash(vm, &this.fields.state()),
            Some(offset) => {
                let seconds = this.fields.seconds() - offset.whole_seconds();
                let micros = i64::from(this.fields.micro) - i64::from(offset.micros);
                vm.hash(delta::new(vm, 0, seconds, micros)?.as_value())?
            }
        };
        this.hash.set(hash);
        Ok(hash)
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<Time>() else {
            return Ok(vm.not_implemented());
        };
        let plain = |order: Ordering| Ok(vm.bool(op.matches(order)));
        let same_zone = match (this.tzinfo(), other.tzinfo()) {
            (None, None) => true,
            (Some(a), Some(b)) => a.is(&b),
            _ => false,
        };
        if same_zone {
            return plain(this.fields.cmp(&other.fields));
        }
        let (a, b) = (this.offset(vm)?, other.offset(vm)?);
        if same_offset(a.as_ref(), b.as_ref()) {
            return plain(this.fields.cmp(&other.fields));
        }
        let (Some(a), Some(b)) = (a, b) else {
            return mixed(vm, op, "times");
        };
        let moment = |t: &Time, offset: &Delta| {
            (t.fields.seconds() - offset.whole_seconds(), t.fields.micro)
        };
        plain(moment(this, &a).cmp(&moment(other, &b)))
    }

    /// string, format -> new time parsed from a string (like time.strptime()).
    #[classmethod(params = "($type, string, format, /)")]
    fn strptime(vm: &Vm, cls: &Ref<TypeObject>, string: &Ref<Str>, format: &Ref<Str>) -> PyResult {
        format::strptime(vm, "_strptime_datetime_time", cls, string, format)
    }

    #[getter]
    fn hour(&self) -> i32 {
        self.fields.hour.into()
    }

    #[getter]
    fn minute(&self) -> i32 {
        self.fields.minute.into()
    }

    #[getter]
    fn second(&self) -> i32 {
        self.fields.second.into()
    }

    #[getter]
    fn microsecond(&self) -> i32 {
        self.fields.micro as i32
    }

    #[getter(tzinfo)]
    fn get_tzinfo(&self) -> Option<Value> {
        self.tzinfo()
    }

    #[getter]
    fn fold(&self) -> i32 {
        self.fold.get().into()
    }

    /// Return string in ISO 8601 format, [HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].
    ///
    /// The optional argument timespec specifies the number of additional terms
    /// of the time to include. Valid options are 'auto', 'hours', 'minutes',
    /// 'seconds', 'milliseconds' and 'microseconds'.
    #[pymethod(params = "($self, timespec='auto')")]
    fn isoformat(&self, vm: &Vm, timespec: &str) -> PyResult<String> {
        let Some(mut text) = format::iso_time(self.clock(), timespec) else {
            return Err(vm.value_error("Unknown timespec value"));
        };
        if let Some(offset) = self.offset(vm)? {
            text.push_str(&zone::format_offset(&offset, ":"));
        }
        Ok(text)
    }

    /// string -> time from a string in ISO 8601 format
    #[classmethod(sig = "($type, object, /)")]
    fn fromisoformat(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult {
        let Some(s) = object.downcast_ref::<Str>() else {
            return Err(vm.type_error("fromisoformat: argument must be str"));
        };
        let text = codes(s);
        let text = match text.split_first() {
            Some((first, rest)) if *first == u32::from(b'T') => rest,
            _ => &text,
        };
        let Ok(found) = iso::time(text) else {
            return Err(invalid_isoformat(vm, object));
        };
        let mut fields = found.time;
        if fields[0] == 24 {
            midnight(vm, fields)?;
            fields[0] = 0;
        }
        let zone = zone_of(vm, found.offset)?;
        make(vm, cls, fields, zone, 0)
    }

    /// format -> strftime() style string.
    #[pymethod(params = "($self, format)")]
    fn strftime(vm: &Vm, this: &Ref<Self>, format: &Value) -> PyResult {
        let format = str_argument(vm, "strftime() argument 1", format)?;
        let [h, m, s, _] = this.clock();
        let tuple = [1900, 1, 1, h, m, s, 0, 1, -1].map(Value::from_i32);
        let tuple = vm.new_tuple_array(tuple)?.into_value();
        format::strftime(vm, this.as_value(), format, &tuple, &vm.none())
    }

    /// Formats self with strftime.
    #[pymethod(params = "($self, format, /)")]
    fn __format__(vm: &Vm, this: &Value, format: &Value) -> PyResult {
        let format = str_argument(vm, "__format__() argument 1", format)?;
        if format.is_empty() {
            return Ok(vm.str(this)?.into_value());
        }
        vm.call_method_str(this, "strftime", &[format.clone().into_value()])
    }

    /// Return self.tzinfo.utcoffset(self).
    #[pymethod(sig = "($self, /)")]
    fn utcoffset(&self, vm: &Vm) -> PyResult<Option<Ref<Delta>>> {
        self.offset(vm)
    }

    /// Return self.tzinfo.tzname(self).
    #[pymethod(sig = "($self, /)")]
    fn tzname(&self, vm: &Vm) -> PyResult {
        zone::name_of(vm, self.tzinfo().as_ref(), &vm.none())
    }

    /// Return self.tzinfo.dst(self).
    #[pymethod(sig = "($self, /)")]
    fn dst(&self, vm: &Vm) -> PyResult<Option<Ref<Delta>>> {
        zone::offset_of(vm, self.tzinfo().as_ref(), "dst", &vm.none())
    }

    /// Return time with new specified fields.
    #[pymethod(
        sig = "($self, /, hour=unchanged, minute=unchanged, second=unchanged,\n        microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)"
    )]
    fn replace(
        vm: &Vm,
        this: &Ref<Self>,
        hour: Option<i32>,
        minute: Option<i32>,
        second: Option<i32>,
        microsecond: Option<i32>,
        tzinfo: Option<&Value>,
        fold: Option<i32>,
    ) -> PyResult {
        let [h, m, s, us] = this.clock();
        let fields = [
            hour.unwrap_or(h),
            minute.unwrap_or(m),
            second.unwrap_or(s),
            microsecond.unwrap_or(us),
        ];
        let zone = match tzinfo {
            Some(v) => zone::checked(vm, v)?,
            None => this.tzinfo(),
        };
        let fold = fold.unwrap_or(this.fold.get().into());
        make(
            vm,
            &vm.type_of(this.as_value()).to_ref(),
            fields,
            zone,
            fold,
        )
    }

    /// The same as replace().
    #[pymethod(name = "__replace__", sig = "($self, /, **changes)")]
    fn replace_changes(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult {
        replace_by(vm, &vm.class::<Time>()?, this, args)
    }

    /// __reduce_ex__(proto) -> (cls, state)
    #[pymethod(params = "($self, proto, /)")]
    fn __reduce_ex__(vm: &Vm, this: &Ref<Self>, proto: i32) -> PyResult<(Value, Value)> {
        Ok((class_of(vm, this.as_value()), this.state(vm, proto)?))
    }

    /// __reduce__() -> (cls, state)
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult<(Value, Value)> {
        Ok((class_of(vm, this.as_value()), this.state(vm, 2)?))
    }
}

/// Hour 24 stands for the end of the day only without anything behind it.
pub(crate) fn midnight(vm: &Vm, fields: [i32; 4]) -> PyResult<()> {
    if fields == [24, 0, 0, 0] {
        return Ok(());
    }
    Err(vm.value_error("minute, second, and microsecond must be 0 when hour is 24"))
}

/// The zone of an offset that was read.
pub(crate) fn zone_of(vm: &Vm, offset: Option<(i64, i64)>) -> PyResult<Option<Value>> {
    match offset {
        None => Ok(None),
        Some((0, 0)) => Ok(Some(zone::utc(vm)?)),
        Some((s, us)) => Ok(Some(zone::new(vm, &delta::new(vm, 0, s, us)?, None)?)),
    }
}
