//! `date`, and the result of `isocalendar`.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::bind::{self, Buffer};
use taipan_object::{
    Args, CompareOp, Params, Payload, PyResult, Raised, Ref, Str, Tuple, TypeObject, TypeRef,
    TypeSpec, Value, Vm, payload, tpflags,
};

use crate::calendar::{self, IsoError, MAX_ORDINAL, MAX_YEAR, MIN_YEAR};
use crate::datetime::DateTime;
use crate::delta::{self, Delta};
use crate::util::{
    class_of, codes, invalid_isoformat, packed_hash, parsed_int, pickled_state, set_class_value,
    str_argument,
};
use crate::{format, iso, local};

/// The payload of `date`: a valid date.
#[repr(C)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
    /// -1 until it is known.
    pub(crate) hash: Cell<i64>,
}

payload!(Date, leaf);

/// `date`
pub static DATE: TypeSpec = TypeSpec {
    doc: Some("date(year, month, day) --> date object"),
    flags: tpflags::BASETYPE,
    parts: &[&DATE_METHODS],
    extra: Some(extra),
    ..TypeSpec::new("date", "datetime", <Date as Payload>::layout)
};

static PARAMS: Params = Params {
    names: &["year", "month", "day"],
    positional_only: 0,
    positional: 3,
    required: 3,
    required_keyword: 0,
};

fn extra(vm: &Vm, ty: &TypeRef) -> PyResult<()> {
    vm.make_type(&delta::TIMEDELTA)?;
    let resolution = delta::new(vm, 1, 0, 0)?;
    let min = vm.new_object(ty, Date::new(1, 1, 1))?;
    let max = vm.new_object(ty, Date::new(9999, 12, 31))?;
    set_class_value(vm, ty, "resolution", resolution.into_value())?;
    set_class_value(vm, ty, "min", min.into_value())?;
    set_class_value(vm, ty, "max", max.into_value())
}

impl Date {
    /// A date that was checked.
    pub fn new(year: i32, month: i32, day: i32) -> Date {
        Date {
            year: year as u16,
            month: month as u8,
            day: day as u8,
            hash: Cell::new(-1),
        }
    }

    /// Year, month and day.
    pub fn ymd(&self) -> (i32, i32, i32) {
        (self.year.into(), self.month.into(), self.day.into())
    }

    /// The day's number.
    pub fn ordinal(&self) -> i64 {
        let (y, m, d) = self.ymd();
        calendar::to_ordinal(y, m, d)
    }

    fn state(&self) -> [u8; 4] {
        let [high, low] = self.year.to_be_bytes();
        [high, low, self.month, self.day]
    }

    /// The date of a pickled state.
    pub(crate) fn from_state(vm: &Vm, state: &[u8]) -> PyResult<Date> {
        let [high, low, month, day, ..] = state else {
            return Err(vm.system_error("a state of four bytes"));
        };
        let year = u16::from_be_bytes([*high, *low]);
        // As in CPython, nothing but the month was looked at.
        Ok(Date::new(year.into(), (*month).into(), (*day).into()))
    }
}

/// Raises ValueError unless this is a date.
pub fn check(vm: &Vm, year: i32, month: i32, day: i32) -> PyResult<()> {
    if !(MIN_YEAR..=MAX_YEAR).contains(&year) {
        return Err(vm.value_error(&format!(
            "year must be in {MIN_YEAR}..{MAX_YEAR}, not {year}"
        )));
    }
    if !(1..=12).contains(&month) {
        return Err(vm.value_error(&format!("month must be in 1..12, not {month}")));
    }
    let last = calendar::days_in_month(year, month);
    if !(1..=last).contains(&day) {
        return Err(vm.value_error(&format!(
            "day {day} must be in range 1..{last} for month {month} in year {year}"
        )));
    }
    Ok(())
}

/// With fewer arguments than there must be, one that is no int is found first.
pub(crate) fn convert_first(vm: &Vm, args: Args<'_>) -> PyResult<()> {
    if args.pos().len() < 3 && args.keyword_count() == 0 {
        for v in args.pos() {
            parsed_int(vm, v)?;
        }
    }
    Ok(())
}

/// A date of class `cls`: by its constructor unless it is `date` itself.
pub fn make(vm: &Vm, cls: &TypeRef, year: i32, month: i32, day: i32) -> PyResult {
    if cls.is(&vm.class::<Date>()?) {
        check(vm, year, month, day)?;
        return Ok(vm
            .new_object(cls, Date::new(year, month, day))?
            .into_value());
    }
    let args = [year, month, day].map(Value::from_i32);
    vm.call_pos(cls.as_value(), &args)
}

/// OverflowError for dates that the calendar does not reach.
#[cold]
pub fn out_of_range(vm: &Vm) -> Raised {
    vm.overflow_error("date value out of range")
}

fn from_ordinal(vm: &Vm, cls: &TypeRef, ordinal: i64) -> PyResult {
    let (y, m, d) = calendar::from_ordinal(ordinal);
    make(vm, cls, y, m, d)
}

fn moved(vm: &Vm, date: &Ref<Date>, days: i64) -> PyResult {
    let ordinal = date.ordinal() + days;
    if !(1..=MAX_ORDINAL).contains(&ordinal) {
        return Err(out_of_range(vm));
    }
    from_ordinal(vm, &vm.type_of(date.as_value()).to_ref(), ordinal)
}

/// A date that is no datetime.
fn plain(v: &Value) -> Option<&Ref<Date>> {
    if v.downcast_ref::<DateTime>().is_some() {
        return None;
    }
    v.downcast_ref()
}

pub(crate) fn iso_error(vm: &Vm, e: &IsoError, year: i32, week: i32, weekday: i32) -> Raised {
    vm.value_error(&match e {
        IsoError::Year => format!("year must be in {MIN_YEAR}..{MAX_YEAR}, not {year}"),
        IsoError::Week => format!("Invalid week: {week}"),
        IsoError::Weekday => format!("Invalid weekday: {weekday} (range is [1, 7])"),
        IsoError::Range => format!("year must be in {MIN_YEAR}..{MAX_YEAR}, not {}", year + 1),
    })
}

/// Calls the class's own `replace` with the arguments of `__replace__`.
pub(crate) fn replace_by(vm: &Vm, ty: &TypeRef, this: &Value, args: Args<'_>) -> PyResult {
    let name = vm.intern("replace")?;
    let Some(replace) = ty.dict.get().and_then(|d| d.get_str(vm, &name)) else {
        return Err(vm.system_error("the class has no replace()"));
    };
    let mut values = vec![this.clone()];
    values.extend_from_slice(args.values);
    let args = Args {
        values: &values,
        kwnames: args.kwnames,
    };
    vm.call(&replace, args)
}

#[pymethods(DATE_METHODS)]
impl Date {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        if let ([state], 0) = (args.pos(), args.keyword_count())
            && let Some(state) =
                pickled_state(vm, state, 4, "date", |s| matches!(s, [_, _, 1..=12, _]))?
        {
            return Ok(vm
                .new_object(cls, Date::from_state(vm, &state)?)?
                .into_value());
        }
        let mut buffer = Buffer::new();
        convert_first(vm, args)?;
        let given = bind::bind(vm, "", &PARAMS, args, &mut buffer)?;
        let mut fields = [0; 3];
        for (i, field) in fields.iter_mut().enumerate() {
            *field = parsed_int(vm, bind::given(vm, given, i)?)?;
        }
        let [year, month, day] = fields;
        check(vm, year, month, day)?;
        Ok(vm
            .new_object(cls, Date::new(year, month, day))?
            .into_value())
    }

    /// Create a date from a POSIX timestamp.
    ///
    /// The timestamp is a number, e.g. created via time.time(), that is
    /// interpreted as local time.
    #[classmethod(sig = "($type, timestamp, /)")]
    fn fromtimestamp(vm: &Vm, cls: &Ref<TypeObject>, timestamp: &Value) -> PyResult {
        let tm = local::local(vm, local::floor_seconds(vm, timestamp)?)?;
        make(vm, cls, tm.year, tm.month, tm.day)
    }

    /// Current date or datetime:  same as self.__class__.fromtimestamp(time.time()).
    #[classmethod(sig = "($type, /)")]
    fn today(vm: &Vm, cls: &Ref<TypeObject>) -> PyResult {
        if cls.is(&vm.class::<Date>()?) {
            let tm = local::local(vm, local::now(vm)?.0)?;
            return make(vm, cls, tm.year, tm.month, tm.day);
        }
        let now = vm.call_method_str(&vm.import("time")?, "time", &[])?;
        vm.call_method_str(cls.as_value(), "fromtimestamp", &[now])
    }

    /// int -> date corresponding to a proleptic Gregorian ordinal.
    #[classmethod(params = "($type, ordinal, /)")]
    fn fromordinal(vm: &Vm, cls: &Ref<TypeObject>, ordinal: &Value) -> PyResult {
        let ordinal = parsed_int(vm, ordinal)?;
        if ordinal < 1 {
            return Err(vm.value_error("ordinal must be >= 1"));
        }
        if i64::from(ordinal) > MAX_ORDINAL {
            let (year, ..) = calendar::from_ordinal(ordinal.into());
            return Err(vm.value_error(&format!(
                "year must be in {MIN_YEAR}..{MAX_YEAR}, not {year}"
            )));
        }
        from_ordinal(vm, cls, ordinal.into())
    }

    /// str -> Construct a date from a string in ISO 8601 format.
    #[classmethod(sig = "($type, object, /)")]
    fn fromisoformat(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult {
        let Some(s) = object.downcast_ref::<Str>() else {
            return Err(vm.type_error("fromisoformat: argument must be str"));
        };
        match iso::date(&codes(s)) {
            Ok((y, m, d)) => make(vm, cls, y, m, d),
            Err(_) => Err(invalid_isoformat(vm, object)),
        }
    }

    /// int, int, int -> Construct a date from the ISO year, week number and weekday.
    ///
    /// This is the inverse of the date.isocalendar() function
    #[classmethod(params = "($type, year, week, day)")]
    fn fromisocalendar(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        year: &Value,
        week: &Value,
        day: &Value,
    ) -> PyResult {
        let mut fields = [0; 3];
        for (field, v) in fields.iter_mut().zip([year, week, day]) {
            *field = parsed_int(vm, v).map_err(|r| {
                if vm.exception_matches(&vm.exc().OverflowError) {
                    drop(vm.take_raised(r));
                    return vm.value_error("ISO calendar component out of range");
                }
                r
            })?;
        }
        let [year, week, day] = fields;
        match calendar::from_iso(year, week, day) {
            Ok((y, m, d)) => make(vm, cls, y, m, d),
            Err(e) => Err(iso_error(vm, &e, year, week, day)),
        }
    }

    /// string, format -> new date parsed from a string (like time.strptime()).
    #[classmethod(params = "($type, string, format, /)")]
    fn strptime(vm: &Vm, cls: &Ref<TypeObject>, string: &Ref<Str>, format: &Ref<Str>) -> PyResult {
        format::strptime(vm, "_strptime_datetime_date", cls, string, format)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> String {
        let (y, m, d) = this.ymd();
        format!("{}({y}, {m}, {d})", vm.type_name(this.as_value()))
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Ref<Self>) -> PyResult {
        vm.call_method_str(this.as_value(), "isoformat", &[])
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> i64 {
        if this.hash.get() == -1 {
            this.hash.set(packed_hash(vm, &this.state()));
        }
        this.hash.get()
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        // A datetime compares with a date in no way, although it is one.
        match (plain(this.as_value()), plain(other)) {
            (Some(a), Some(b)) => Ok(vm.bool(op.matches(a.ymd().cmp(&b.ymd())))),
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_add(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let sum = |date: &Value, delta: &Value| -> Option<PyResult> {
            let (date, delta) = (plain(date)?, delta.downcast_ref::<Delta>()?);
            Some(moved(vm, date, delta.days.into()))
        };
        sum(a, b)
            .or_else(|| sum(b, a))
            .unwrap_or_else(|| Ok(vm.not_implemented()))
    }

    #[pyslot]
    fn nb_subtract(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        if let (Some(a), Some(b)) = (plain(a), plain(b)) {
            let days = a.ordinal() - b.ordinal();
            return Ok(delta::new(vm, days, 0, 0)?.into_value());
        }
        match (plain(a), b.downcast_ref::<Delta>()) {
            (Some(a), Some(b)) => moved(vm, a, -i64::from(b.days)),
            _ => Ok(vm.not_implemented()),
        }
    }

    /// Return ctime() style string.
    #[pymethod(sig = "($self, /)")]
    fn ctime(&self) -> String {
        format::ctime(self.ymd(), (0, 0, 0))
    }

    /// format -> strftime() style string.
    #[pymethod(params = "($self, format)")]
    fn strftime(vm: &Vm, this: &Value, format: &Value) -> PyResult {
        let format = str_argument(vm, "strftime() argument 1", format)?;
        let tuple = vm.call_method_str(this, "timetuple", &[])?;
        format::strftime(vm, this, format, &tuple, this)
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

    /// Return string in ISO 8601 format, YYYY-MM-DD.
    #[pymethod(sig = "($self, /)")]
    fn isoformat(&self) -> String {
        format::iso_date(self.ymd())
    }

    #[getter]
    fn year(&self) -> i32 {
        self.year.into()
    }

    #[getter]
    fn month(&self) -> i32 {
        self.month.into()
    }

    #[getter]
    fn day(&self) -> i32 {
        self.day.into()
    }

    /// Return time tuple, compatible with time.localtime().
    #[pymethod(sig = "($self, /)")]
    fn timetuple(&self, vm: &Vm) -> PyResult {
        format::struct_time(vm, self.ymd(), (0, 0, 0), -1)
    }

    /// Return proleptic Gregorian ordinal.  January 1 of year 1 is day 1.
    #[pymethod(sig = "($self, /)")]
    fn toordinal(&self) -> i64 {
        self.ordinal()
    }

    /// Return the day of the week represented by the date.
    /// Monday == 0 ... Sunday == 6
    #[pymethod(sig = "($self, /)")]
    fn weekday(&self) -> i32 {
        let (y, m, d) = self.ymd();
        calendar::weekday(y, m, d)
    }

    /// Return the day of the week represented by the date.
    /// Monday == 1 ... Sunday == 7
    #[pymethod(sig = "($self, /)")]
    fn isoweekday(&self) -> i32 {
        let (y, m, d) = self.ymd();
        calendar::weekday(y, m, d) + 1
    }

    /// Return a named tuple containing ISO year, week number, and weekday.
    #[pymethod(sig = "($self, /)")]
    fn isocalendar(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        let (y, m, d) = self.ymd();
        let (year, week, weekday) = calendar::iso_calendar(y, m, d);
        let items = [year, week, weekday].map(Value::from_i32);
        let ty = vm.make_type(&ISO_CALENDAR)?;
        vm.new_tuple_of(ty.object(), items.into())
    }

    /// Return date with new specified fields.
    #[pymethod(sig = "($self, /, year=unchanged, month=unchanged, day=unchanged)")]
    fn replace(
        vm: &Vm,
        this: &Ref<Self>,
        year: Option<i32>,
        month: Option<i32>,
        day: Option<i32>,
    ) -> PyResult {
        let (y, m, d) = this.ymd();
        let cls = vm.type_of(this.as_value()).to_ref();
        make(
            vm,
            &cls,
            year.unwrap_or(y),
            month.unwrap_or(m),
            day.unwrap_or(d),
        )
    }

    /// The same as replace().
    #[pymethod(name = "__replace__", sig = "($self, /, **changes)")]
    fn replace_changes(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult {
        replace_by(vm, &vm.class::<Date>()?, this, args)
    }

    /// __reduce__() -> (cls, state)
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult<(Value, Value)> {
        let state = vm.new_bytes(&this.state())?.into_value();
        let state = vm.new_tuple_array([state])?.into_value();
        Ok((class_of(vm, this.as_value()), state))
    }
}

/// `IsoCalendarDate`
pub static ISO_CALENDAR: TypeSpec = TypeSpec {
    doc: Some(
        "The result of date.isocalendar() or datetime.isocalendar()\n\nThis object may be accessed either as a tuple of\n  ((year, week, weekday)\nor via the object attributes as named in the above tuple.",
    ),
    base: Some(|vm| (*vm.types().tuple).clone()),
    parts: &[&ISO_CALENDAR_METHODS],
    ..TypeSpec::new("IsoCalendarDate", "datetime", <Tuple as Payload>::layout)
};

/// Holder of the methods of `IsoCalendarDate`, whose payload is that of `tuple`.
struct IsoCalendarMethods;

fn iso_item(vm: &Vm, this: &Value, i: usize) -> PyResult {
    this.downcast_ref::<Tuple>()
        .and_then(|t| t.get(i))
        .ok_or_else(|| vm.system_error("an ISO date of three items"))
}

#[pymethods(ISO_CALENDAR_METHODS)]
impl IsoCalendarMethods {
    #[pyslot(name = "IsoCalendarDate", params = "(year, week, weekday)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        year: i32,
        week: i32,
        weekday: i32,
    ) -> PyResult<Ref<Tuple>> {
        let items = [year, week, weekday].map(Value::from_i32);
        vm.new_tuple_of(cls.object(), items.into())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<String> {
        let shown = |i| vm.repr_string(&iso_item(vm, this, i)?);
        let (year, week, weekday) = (shown(0)?, shown(1)?, shown(2)?);
        Ok(format!(
            "{}(year={year}, week={week}, weekday={weekday})",
            vm.type_name(this)
        ))
    }

    #[getter]
    fn year(vm: &Vm, this: &Value) -> PyResult {
        iso_item(vm, this, 0)
    }

    #[getter]
    fn week(vm: &Vm, this: &Value) -> PyResult {
        iso_item(vm, this, 1)
    }

    #[getter]
    fn weekday(vm: &Vm, this: &Value) -> PyResult {
        iso_item(vm, this, 2)
    }

    /// __reduce__() -> (cls, state)
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Value) -> PyResult<(Value, Value)> {
        let items = vm.new_tuple(vm.collect(this)?)?.into_value();
        let args = vm.new_tuple_array([items])?.into_value();
        Ok((vm.types().tuple.clone().into_value(), args))
    }
}
