//! `datetime`: its state and what it computes. The methods that read and write text are below as well; parsing is in
//! `iso.rs`, writing in `format.rs`.

use std::cell::Cell;
use std::cmp::Ordering;

use taipan_macros::pymethods;
use taipan_object::bind::{self, Buffer};
use taipan_object::{
    Args, CompareOp, Params, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeObject, TypeRef,
    TypeSpec, Value, Visitor, Vm, payload, tpflags,
};
use taipan_text::TextBuf;

use crate::calendar::{self, EPOCH_SECONDS, MAX_ORDINAL};
use crate::date::{self, Date};
use crate::delta::{self, Delta};
use crate::local::{self, Broken};
use crate::time::{self, ClockFields, Time};
use crate::util::{
    class_of, codes, invalid_isoformat, packed_hash, parsed_int, pickled_state, set_class_value,
    shown_type,
};
use crate::{format, iso, zone};

/// The payload of `datetime`.
#[repr(C)]
pub struct DateTime {
    date: Date,
    fields: ClockFields,
    tzinfo: PyCell<Option<Value>>,
    fold: Cell<bool>,
}

payload!(DateTime, gc, base = Date);

impl Traverse for DateTime {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.tzinfo.visit(visit);
    }
}

/// `datetime`
pub static DATETIME: TypeSpec = TypeSpec {
    doc: Some(
        "datetime(year, month, day[, hour[, minute[, second[, microsecond[,tzinfo]]]]])\n\nThe year, month and day arguments are required. tzinfo may be None, or an\ninstance of a tzinfo subclass. The remaining arguments may be ints.\n",
    ),
    base: Some(date_class),
    flags: tpflags::BASETYPE,
    parts: &[&DATETIME_METHODS],
    extra: Some(extra),
    ..TypeSpec::new("datetime", "datetime", <DateTime as Payload>::layout)
};

fn date_class(vm: &Vm) -> TypeRef {
    match vm.make_type(&date::DATE) {
        Ok(t) => t,
        // No memory for the class: deriving from `object` keeps everything sound.
        Err(r) => {
            drop(vm.take_raised(r));
            vm.types().object.clone()
        }
    }
}

static PARAMS: Params = Params {
    names: &[
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "microsecond",
        "tzinfo",
        "fold",
    ],
    positional_only: 0,
    positional: 8,
    required: 3,
    required_keyword: 0,
};

fn extra(vm: &Vm, ty: &TypeRef) -> PyResult<()> {
    let resolution = delta::new(vm, 0, 0, 1)?;
    let min = DateTime::new((1, 1, 1), [0; 4], None, false);
    let max = DateTime::new((9999, 12, 31), [23, 59, 59, 999_999], None, false);
    let (min, max) = (vm.new_object(ty, min)?, vm.new_object(ty, max)?);
    set_class_value(vm, ty, "resolution", resolution.into_value())?;
    set_class_value(vm, ty, "min", min.into_value())?;
    set_class_value(vm, ty, "max", max.into_value())
}

impl DateTime {
    fn new(
        (y, m, d): (i32, i32, i32),
        clock: [i32; 4],
        tzinfo: Option<Value>,
        fold: bool,
    ) -> DateTime {
        DateTime {
            date: Date::new(y, m, d),
            fields: ClockFields::new(clock),
            tzinfo: PyCell::new(tzinfo),
            fold: Cell::new(fold),
        }
    }

    /// The zone.
    pub fn tzinfo(&self) -> Option<Value> {
        self.tzinfo.get()
    }

    /// The microsecond.
    pub fn micro(&self) -> i32 {
        self.fields.get()[3]
    }

    fn clock(&self) -> [i32; 4] {
        self.fields.get()
    }

    fn key(&self) -> ((i32, i32, i32), [i32; 4]) {
        (self.date.ymd(), self.clock())
    }

    /// Whole seconds, counted as [`calendar::to_seconds`] does.
    fn seconds(&self) -> i64 {
        self.date.ordinal() * 86_400 + self.fields.seconds()
    }

    fn packed(&self) -> [u8; 10] {
        let (year, month, day) = self.date.ymd();
        let [high, low] = (year as u16).to_be_bytes();
        let [h, m, s, a, b, c] = self.fields.state();
        [high, low, month as u8, day as u8, h, m, s, a, b, c]
    }

    fn state(&self, vm: &Vm, protocol: i32) -> PyResult {
        let mut bytes = self.packed();
        if protocol > 3 && self.fold.get() {
            bytes[2] |= 0x80;
        }
        let mut items = vec![vm.new_bytes(&bytes)?.into_value()];
        items.extend(self.tzinfo());
        Ok(vm.new_tuple(items)?.into_value())
    }

    fn has_zone(&self) -> bool {
        self.tzinfo.is_some()
    }
}

/// What `utcoffset()` of a datetime gives.
fn offset(vm: &Vm, this: &Ref<DateTime>) -> PyResult<Option<Ref<Delta>>> {
    zone::offset_of(vm, this.tzinfo().as_ref(), "utcoffset", this.as_value())
}

/// A datetime of class `cls`: by its constructor unless it is `datetime` itself.
pub fn make(
    vm: &Vm,
    cls: &TypeRef,
    (y, m, d): (i32, i32, i32),
    clock: [i32; 4],
    tzinfo: Option<Value>,
    fold: bool,
) -> PyResult {
    if cls.is(&vm.class::<DateTime>()?) {
        date::check(vm, y, m, d)?;
        time::check(vm, clock)?;
        let made = DateTime::new((y, m, d), clock, tzinfo, fold);
        return Ok(vm.new_object(cls, made)?.into_value());
    }
    let mut args: Vec<Value> = [y, m, d].map(Value::from_i32).into();
    args.extend(clock.map(Value::from_i32));
    args.push(tzinfo.unwrap_or_else(|| vm.none()));
    let made = vm.call_pos(cls.as_value(), &args)?;
    if let Some(dt) = made.downcast_ref::<DateTime>()
        && fold
    {
        dt.fold.set(true);
    }
    Ok(made)
}

fn own_class(vm: &Vm, this: &Ref<DateTime>) -> TypeRef {
    vm.type_of(this.as_value()).to_ref()
}

/// `this + sign * delta`
pub fn shifted(vm: &Vm, this: &Ref<DateTime>, delta: &Delta, sign: i64) -> PyResult {
    let micros = i64::from(this.micro()) + sign * i64::from(delta.micros);
    let seconds =
        this.fields.seconds() + sign * i64::from(delta.seconds) + micros.div_euclid(1_000_000);
    let days = this.date.ordinal() + sign * i64::from(delta.days) + seconds.div_euclid(86_400);
    if !(1..=MAX_ORDINAL).contains(&days) {
        return Err(date::out_of_range(vm));
    }
    let s = seconds.rem_euclid(86_400) as i32;
    let clock = [
        s / 3600,
        s / 60 % 60,
        s % 60,
        micros.rem_euclid(1_000_000) as i32,
    ];
    let ymd = calendar::from_ordinal(days);
    make(vm, &own_class(vm, this), ymd, clock, this.tzinfo(), false)
}

/// `a - b` for two datetimes.
fn difference(vm: &Vm, a: &Ref<DateTime>, b: &Ref<DateTime>) -> PyResult<Ref<Delta>> {
    let seconds = a.seconds() - b.seconds();
    let micros = i64::from(a.micro()) - i64::from(b.micro());
    let base = delta::new(vm, 0, seconds, micros)?;
    if same_zone(a, b) {
        return Ok(base);
    }
    match (offset(vm, a)?, offset(vm, b)?) {
        (None, None) => Ok(base),
        (Some(a), Some(b)) => {
            let between = delta::sum(vm, &a, &b, -1)?;
            delta::sum(vm, &base, &between, -1)
        }
        _ => Err(vm.type_error("can't subtract offset-naive and offset-aware datetimes")),
    }
}

fn same_zone(a: &DateTime, b: &DateTime) -> bool {
    match (a.tzinfo(), b.tzinfo()) {
        (None, None) => true,
        (Some(a), Some(b)) => a.is(&b),
        _ => false,
    }
}

/// Whether the offset depends on `fold`: such times of different zones are never equal (PEP 495).
fn is_problematic(vm: &Vm, this: &Ref<DateTime>, known: Option<&Ref<Delta>>) -> PyResult<bool> {
    if !this.has_zone() {
        return Ok(false);
    }
    let other = DateTime::new(
        this.date.ymd(),
        this.clock(),
        this.tzinfo(),
        !this.fold.get(),
    );
    let other = vm.new(other)?;
    let flipped = offset(vm, &other)?;
    Ok(!time::same_offset(known, flipped.as_ref()))
}

fn compare(vm: &Vm, a: &Ref<DateTime>, b: &Ref<DateTime>, op: CompareOp) -> PyResult {
    if same_zone(a, b) {
        return Ok(vm.bool(op.matches(a.key().cmp(&b.key()))));
    }
    let (offset_a, offset_b) = (offset(vm, a)?, offset(vm, b)?);
    let mut order = if time::same_offset(offset_a.as_ref(), offset_b.as_ref()) {
        a.key().cmp(&b.key())
    } else if offset_a.is_some() && offset_b.is_some() {
        difference(vm, a, b)?.parts().cmp(&(0, 0, 0))
    } else {
        return time::mixed(vm, op, "datetimes");
    };
    if order == Ordering::Equal
        && matches!(op, CompareOp::Eq | CompareOp::Ne)
        && (is_problematic(vm, a, offset_a.as_ref())? || is_problematic(vm, b, offset_b.as_ref())?)
    {
        order = Ordering::Greater;
    }
    Ok(vm.bool(op.matches(order)))
}

/// The datetime of a broken-down time.
fn from_broken(
    vm: &Vm,
    cls: &TypeRef,
    tm: &Broken,
    micros: i32,
    tzinfo: Option<Value>,
    fold: bool,
) -> PyResult {
    let clock = [tm.hour, tm.minute, tm.second, micros];
    make(vm, cls, (tm.year, tm.month, tm.day), clock, tzinfo, fold)
}

/// The datetime of a time stamp: in local time, or in UTC and then told to `tzinfo`.
fn at(vm: &Vm, cls: &TypeRef, seconds: i64, micros: i32, tzinfo: Option<Value>) -> PyResult {
    match tzinfo {
        None => {
            let tm = local::local(vm, seconds)?;
            date::check(vm, tm.year, tm.month, tm.day)?;
            let fold = local::is_second(vm, seconds, &tm)?;
            from_broken(vm, cls, &tm, micros, None, fold)
        }
        Some(zone) => {
            let tm = local::utc(vm, seconds)?;
            let utc = from_broken(vm, cls, &tm, micros, Some(zone.clone()), false)?;
            vm.call_method_str(&zone, "fromutc", &[utc])
        }
    }
}

/// The zone that the host has at a moment, seconds since the epoch.
fn host_zone(vm: &Vm, seconds: i64) -> PyResult {
    let tm = local::local(vm, seconds)?;
    let name = vm.new_str(&String::from_utf8_lossy(&tm.zone))?.into_value();
    zone::new(vm, &delta::new(vm, 0, tm.offset, 0)?, Some(name))
}

/// The host's zone at the local time that a datetime shows.
fn host_zone_of(vm: &Vm, this: &DateTime) -> PyResult {
    let fold = this.fold.get();
    let moment = local::moment_of(vm, this.seconds(), fold)?;
    let other = local::moment_of(vm, this.seconds(), !fold)?;
    // In a gap the zone before it is the one of fold 0.
    let moment = if other != moment && (other > moment) == fold {
        other
    } else {
        moment
    };
    host_zone(vm, moment - EPOCH_SECONDS)
}

/// Seconds since the epoch of an aware datetime in UTC.
fn utc_seconds(this: &DateTime) -> i64 {
    this.seconds() - EPOCH_SECONDS
}

fn deprecated(vm: &Vm, message: &str) -> PyResult<()> {
    vm.warn(&vm.exc().DeprecationWarning, message, 1)
}

fn from_state(vm: &Vm, cls: &TypeRef, mut state: Vec<u8>, zone: Option<&Value>) -> PyResult {
    let tzinfo = time::state_zone(vm, zone)?;
    let fold = state.get(2).is_some_and(|m| m & 0x80 != 0);
    if let Some(month) = state.get_mut(2) {
        *month &= 0x7f;
    }
    let date = Date::from_state(vm, &state)?;
    let fields = ClockFields::from_state(vm, state.get(4..).unwrap_or_default())?;
    let made = DateTime {
        date,
        fields,
        tzinfo: PyCell::new(tzinfo),
        fold: Cell::new(fold),
    };
    Ok(vm.new_object(cls, made)?.into_value())
}

#[pymethods(DATETIME_METHODS)]
impl DateTime {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        if let ([state, rest @ ..], 0) = (args.pos(), args.keyword_count())
            && rest.len() < 2
            && let Some(state) = pickled_state(vm, state, 10, "datetime", |s| {
                s.get(2).is_some_and(|m| (1..=12).contains(&(m & 0x7f)))
            })?
        {
            return from_state(vm, cls, state, rest.first());
        }
        let mut buffer = Buffer::new();
        date::convert_first(vm, args)?;
        let given = bind::bind(vm, "", &PARAMS, args, &mut buffer)?;
        let mut ymd = [0; 3];
        for (i, field) in ymd.iter_mut().enumerate() {
            *field = parsed_int(vm, bind::given(vm, given, i)?)?;
        }
        let clock = time::clock_arguments(vm, given, 3)?;
        let (zone, fold) = time::zone_arguments(vm, given, 7)?;
        let [y, m, d] = ymd;
        date::check(vm, y, m, d)?;
        time::check(vm, clock)?;
        let fold = time::check_fold(vm, fold)?;
        let made = DateTime::new((y, m, d), clock, zone, fold);
        Ok(vm.new_object(cls, made)?.into_value())
    }

    /// Returns new datetime object representing current time local to tz.
    ///
    ///   tz
    ///     Timezone object.
    ///
    /// If no tz is specified, uses local timezone.
    #[classmethod(sig = "($type, /, tz=None)")]
    fn now(vm: &Vm, cls: &Ref<TypeObject>, tz: &Value) -> PyResult {
        let zone = zone::checked(vm, tz)?;
        let (seconds, micros) = local::now(vm)?;
        at(vm, cls, seconds, micros, zone)
    }

    /// Return a new datetime representing UTC day and time.
    #[classmethod(sig = "($type, /)")]
    fn utcnow(vm: &Vm, cls: &Ref<TypeObject>) -> PyResult {
        deprecated(
            vm,
            "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC).",
        )?;
        let (seconds, micros) = local::now(vm)?;
        from_broken(vm, cls, &local::utc(vm, seconds)?, micros, None, false)
    }

    /// timestamp[, tz] -> tz's local time from POSIX timestamp.
    #[classmethod(params = "($type, timestamp, tz=None)")]
    fn fromtimestamp(vm: &Vm, cls: &Ref<TypeObject>, timestamp: &Value, tz: &Value) -> PyResult {
        let zone = zone::checked(vm, tz)?;
        let (seconds, micros) = local::split_seconds(vm, timestamp)?;
        at(vm, cls, seconds, micros, zone)
    }

    /// Construct a naive UTC datetime from a POSIX timestamp.
    #[classmethod(params = "($type, timestamp, /)")]
    fn utcfromtimestamp(vm: &Vm, cls: &Ref<TypeObject>, timestamp: &Value) -> PyResult {
        deprecated(
            vm,
            "datetime.datetime.utcfromtimestamp() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.fromtimestamp(timestamp, datetime.UTC).",
        )?;
        let (seconds, micros) = local::split_seconds(vm, timestamp)?;
        from_broken(vm, cls, &local::utc(vm, seconds)?, micros, None, false)
    }

    /// string, format -> new datetime parsed from a string (like time.strptime()).
    #[classmethod(params = "($type, string, format, /)")]
    fn strptime(vm: &Vm, cls: &Ref<TypeObject>, string: &Ref<Str>, format: &Ref<Str>) -> PyResult {
        format::strptime(vm, "_strptime_datetime_datetime", cls, string, format)
    }

    /// date, time -> datetime with same date and time fields
    #[classmethod(params = "($type, date, time, tzinfo=<unrepresentable>)")]
    fn combine(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        date: &Value,
        time: &Value,
        tzinfo: Option<&Value>,
    ) -> PyResult {
        let wrong = |i: usize, class: &str, v: &Value| {
            let got = shown_type(vm, v);
            vm.type_error(&format!(
                "combine() argument {i} must be datetime.{class}, not {got}"
            ))
        };
        let Some(date) = date.downcast_ref::<Date>() else {
            return Err(wrong(1, "date", date));
        };
        let Some(time) = time.downcast_ref::<Time>() else {
            return Err(wrong(2, "time", time));
        };
        let zone = match tzinfo {
            Some(v) => zone::checked(vm, v)?,
            None => time.tzinfo(),
        };
        make(vm, cls, date.ymd(), time.clock(), zone, time.is_second())
    }

    /// string -> datetime from a string in most ISO 8601 formats
    #[classmethod(sig = "($type, object, /)")]
    fn fromisoformat(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult {
        let Some(s) = object.downcast_ref::<Str>() else {
            return Err(vm.type_error("fromisoformat: argument must be str"));
        };
        let text = codes(s);
        let parse = || {
            if text.len() < 7 {
                return Err(iso::Malformed);
            }
            let at = iso::separator(&text)?.min(text.len());
            let date = iso::date(text.get(..at).unwrap_or_default())?;
            let time = match text.get(at + 1..) {
                Some(rest) => iso::time(rest)?,
                None => iso::TimeFields::default(),
            };
            Ok((date, time))
        };
        let Ok((mut ymd, found)) = parse() else {
            return Err(invalid_isoformat(vm, object));
        };
        let mut clock = found.time;
        if clock[0] == 24 {
            time::midnight(vm, clock)?;
            clock[0] = 0;
            ymd = day_after(ymd);
        }
        let zone = time::zone_of(vm, found.offset)?;
        make(vm, cls, ymd, clock, zone, false)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let (y, mo, d) = this.date.ymd();
        let [h, m, s, us] = this.clock();
        let mut text = format!("{}({y}, {mo}, {d}, {h}, {m}", vm.type_name(this.as_value()));
        if us != 0 {
            text.push_str(&format!(", {s}, {us}"));
        } else if s != 0 {
            text.push_str(&format!(", {s}"));
        }
        let mut out = TextBuf::from(text.as_str());
        time::push_zone_repr(vm, &mut out, this.tzinfo().as_ref(), this.fold.get())?;
        Ok(vm.new_str_buf(&out)?.into_value())
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let space = vm.latin1_char(b' ').into_value();
        vm.call_method_str(this.as_value(), "isoformat", &[space])
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        let known = this.date.hash.get();
        if known != -1 {
            return Ok(known);
        }
        let first = if this.fold.get() && this.has_zone() {
            // Equal times hash equally, whichever of the two they are.
            let first = DateTime::new(this.date.ymd(), this.clock(), this.tzinfo(), false);
            vm.new(first)?
        } else {
            this.clone()
        };
        let hash = match offset(vm, &first)? {
            None => packed_hash(vm, &this.packed()),
            Some(offset) => {
                let seconds = this.seconds() - offset.whole_seconds();
                let micros = i64::from(this.micro()) - i64::from(offset.micros);
                vm.hash(delta::new(vm, 0, seconds, micros)?.as_value())?
            }
        };
        this.date.hash.set(hash);
        Ok(hash)
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        match other.downcast_ref::<DateTime>() {
            Some(other) => compare(vm, this, other, op),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_add(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let (dt, delta) = match (a.downcast_ref::<DateTime>(), b.downcast_ref::<DateTime>()) {
            (Some(dt), None) => (dt, b),
            (None, Some(dt)) => (dt, a),
            _ => return Ok(vm.not_implemented()),
        };
        match delta.downcast_ref::<Delta>() {
            Some(delta) => shifted(vm, dt, delta, 1),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_subtract(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let Some(dt) = a.downcast_ref::<DateTime>() else {
            return Ok(vm.not_implemented());
        };
        if let Some(other) = b.downcast_ref::<DateTime>() {
            return Ok(difference(vm, dt, other)?.into_value());
        }
        match b.downcast_ref::<Delta>() {
            Some(delta) => shifted(vm, dt, delta, -1),
            None => Ok(vm.not_implemented()),
        }
    }

    #[getter]
    fn hour(&self) -> i32 {
        self.clock()[0]
    }

    #[getter]
    fn minute(&self) -> i32 {
        self.clock()[1]
    }

    #[getter]
    fn second(&self) -> i32 {
        self.clock()[2]
    }

    #[getter]
    fn microsecond(&self) -> i32 {
        self.clock()[3]
    }

    #[getter(tzinfo)]
    fn get_tzinfo(&self) -> Option<Value> {
        self.tzinfo()
    }

    #[getter]
    fn fold(&self) -> i32 {
        self.fold.get().into()
    }

    /// Return date object with same year, month and day.
    #[pymethod(sig = "($self, /)")]
    fn date(&self, vm: &Vm) -> PyResult<Ref<Date>> {
        let (y, m, d) = self.date.ymd();
        vm.new(Date::new(y, m, d))
    }

    /// Return time object with same time but with tzinfo=None.
    #[pymethod(sig = "($self, /)")]
    fn time(&self, vm: &Vm) -> PyResult<Ref<Time>> {
        vm.new(Time::new(self.clock(), None, self.fold.get()))
    }

    /// Return time object with same time and tzinfo.
    #[pymethod(sig = "($self, /)")]
    fn timetz(&self, vm: &Vm) -> PyResult<Ref<Time>> {
        vm.new(Time::new(self.clock(), self.tzinfo(), self.fold.get()))
    }

    /// Return ctime() style string.
    #[pymethod(sig = "($self, /)")]
    fn ctime(&self) -> String {
        let [h, m, s, _] = self.clock();
        format::ctime(self.date.ymd(), (h, m, s))
    }

    /// Return time tuple, compatible with time.localtime().
    #[pymethod(sig = "($self, /)")]
    fn timetuple(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let dst = zone::offset_of(vm, this.tzinfo().as_ref(), "dst", this.as_value())?;
        let dst = dst.map_or(-1, |d| i32::from(!d.is_zero()));
        let [h, m, s, _] = this.clock();
        format::struct_time(vm, this.date.ymd(), (h, m, s), dst)
    }

    /// Return UTC time tuple, compatible with time.localtime().
    #[pymethod(sig = "($self, /)")]
    fn utctimetuple(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let mut seconds = this.seconds();
        let mut micros = i64::from(this.micro());
        if let Some(offset) = offset(vm, this)? {
            seconds -= offset.whole_seconds();
            micros -= i64::from(offset.micros);
        }
        seconds += micros.div_euclid(1_000_000);
        let ordinal = seconds.div_euclid(86_400);
        if !(1..=MAX_ORDINAL).contains(&ordinal) {
            return Err(date::out_of_range(vm));
        }
        let s = seconds.rem_euclid(86_400) as i32;
        let clock = (s / 3600, s / 60 % 60, s % 60);
        format::struct_time(vm, calendar::from_ordinal(ordinal), clock, 0)
    }

    /// Return POSIX timestamp as float.
    #[pymethod(sig = "($self, /)")]
    fn timestamp(vm: &Vm, this: &Ref<Self>) -> PyResult<f64> {
        let Some(offset) = (match this.has_zone() {
            true => Some(offset(vm, this)?),
            false => None,
        }) else {
            let moment = local::moment_of(vm, this.seconds(), this.fold.get())?;
            return Ok((moment - EPOCH_SECONDS) as f64 + f64::from(this.micro()) / 1e6);
        };
        let Some(offset) = offset else {
            return Err(vm.type_error("can't subtract offset-naive and offset-aware datetimes"));
        };
        let seconds = utc_seconds(this) - offset.whole_seconds();
        let micros = i64::from(this.micro()) - i64::from(offset.micros);
        Ok(delta::new(vm, 0, seconds, micros)?.total_seconds())
    }

    /// [sep] -> string in ISO 8601 format, YYYY-MM-DDT[HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].
    /// sep is used to separate the year from the time, and defaults to 'T'.
    /// The optional argument timespec specifies the number of additional terms
    /// of the time to include. Valid options are 'auto', 'hours', 'minutes',
    /// 'seconds', 'milliseconds' and 'microseconds'.
    #[pymethod(params = "($self, sep=<unrepresentable>, timespec='auto')")]
    fn isoformat(
        vm: &Vm,
        this: &Ref<Self>,
        sep: Option<&Value>,
        timespec: &str,
    ) -> PyResult<TextBuf> {
        let sep = match sep {
            Some(v) => separator(vm, v)?,
            None => u32::from(b'T'),
        };
        let Some(clock) = format::iso_time(this.clock(), timespec) else {
            return Err(vm.value_error("Unknown timespec value"));
        };
        let mut out = TextBuf::from(format::iso_date(this.date.ymd()).as_str());
        out.push(sep);
        out.push_str(&clock);
        if let Some(offset) = offset(vm, this)? {
            out.push_str(&zone::format_offset(&offset, ":"));
        }
        Ok(out)
    }

    /// Return self.tzinfo.utcoffset(self).
    #[pymethod(sig = "($self, /)")]
    fn utcoffset(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Ref<Delta>>> {
        offset(vm, this)
    }

    /// Return self.tzinfo.tzname(self).
    #[pymethod(sig = "($self, /)")]
    fn tzname(vm: &Vm, this: &Ref<Self>) -> PyResult {
        zone::name_of(vm, this.tzinfo().as_ref(), this.as_value())
    }

    /// Return self.tzinfo.dst(self).
    #[pymethod(sig = "($self, /)")]
    fn dst(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Ref<Delta>>> {
        zone::offset_of(vm, this.tzinfo().as_ref(), "dst", this.as_value())
    }

    /// Return datetime with new specified fields.
    #[pymethod(
        sig = "($self, /, year=unchanged, month=unchanged, day=unchanged,\n        hour=unchanged, minute=unchanged, second=unchanged,\n        microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)"
    )]
    fn replace(
        vm: &Vm,
        this: &Ref<Self>,
        year: Option<i32>,
        month: Option<i32>,
        day: Option<i32>,
        hour: Option<i32>,
        minute: Option<i32>,
        second: Option<i32>,
        microsecond: Option<i32>,
        tzinfo: Option<&Value>,
        fold: Option<i32>,
    ) -> PyResult {
        let (y, mo, d) = this.date.ymd();
        let [h, m, s, us] = this.clock();
        let ymd = (year.unwrap_or(y), month.unwrap_or(mo), day.unwrap_or(d));
        let clock = [
            hour.unwrap_or(h),
            minute.unwrap_or(m),
            second.unwrap_or(s),
            microsecond.unwrap_or(us),
        ];
        let zone = match tzinfo {
            Some(v) => zone::checked(vm, v)?,
            None => this.tzinfo(),
        };
        let fold = time::check_fold(vm, fold.unwrap_or(this.fold.get().into()))?;
        make(vm, &own_class(vm, this), ymd, clock, zone, fold)
    }

    /// The same as replace().
    #[pymethod(name = "__replace__", sig = "($self, /, **changes)")]
    fn replace_changes(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult {
        date::replace_by(vm, &vm.class::<DateTime>()?, this, args)
    }

    /// tz -> convert to local time in new timezone tz
    #[pymethod(params = "($self, tz=None)")]
    fn astimezone(vm: &Vm, this: &Ref<Self>, tz: &Value) -> PyResult {
        let target = zone::checked(vm, tz)?;
        let mut own = match this.tzinfo() {
            Some(zone) => zone,
            None => host_zone_of(vm, this)?,
        };
        if target.as_ref().is_some_and(|t| t.is(&own)) {
            return Ok(this.clone().into_value());
        }
        let offset = match zone::offset_of(vm, Some(&own), "utcoffset", this.as_value())? {
            Some(offset) => offset,
            None => {
                own = host_zone_of(vm, this)?;
                if target.as_ref().is_some_and(|t| t.is(&own)) {
                    return Ok(this.clone().into_value());
                }
                match zone::offset_of(vm, Some(&own), "utcoffset", this.as_value())? {
                    Some(offset) => offset,
                    None => return Err(vm.system_error("the host's zone has an offset")),
                }
            }
        };
        let moved = shifted(vm, this, &offset, -1)?;
        let Some(utc) = moved.downcast_ref::<DateTime>() else {
            return Ok(moved);
        };
        let target = match target {
            Some(zone) => zone,
            None => host_zone(vm, utc_seconds(utc))?,
        };
        drop(utc.tzinfo.replace(Some(target.clone())));
        vm.call_method_str(&target, "fromutc", &[moved])
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

/// The separator of `isoformat`, one character.
fn separator(vm: &Vm, v: &Value) -> PyResult<u32> {
    let got = match v.downcast_ref::<Str>() {
        Some(s) => match (s.text().get(0), s.len()) {
            (Some(c), 1) => return Ok(c),
            (_, n) => format!("a string of length {n}"),
        },
        None => shown_type(vm, v),
    };
    Err(vm.type_error(&format!(
        "isoformat() argument 1 must be a unicode character, not {got}"
    )))
}

/// The day that begins when a valid one ends; the year may be beyond the calendar.
fn day_after((y, m, d): (i32, i32, i32)) -> (i32, i32, i32) {
    if !(1..=12).contains(&m) || d < calendar::days_in_month(y, m) {
        (y, m, d + 1)
    } else if d > calendar::days_in_month(y, m) {
        (y, m, d)
    } else if m < 12 {
        (y, m + 1, 1)
    } else {
        (y + 1, 1, 1)
    }
}
