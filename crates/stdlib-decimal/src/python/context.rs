//! `Context`: its attributes, construction, copying and pickling. Its arithmetic is in `context_operations.rs`.

use std::cell::Cell;
use std::rc::Rc;

use taipan_macros::pymethods;
use taipan_object::protocol::attr::{generic_setattr, no_attribute};
use taipan_object::{
    Args, List, Payload, PyCell, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};

use super::arguments::named;
use super::context_operations::CONTEXT_OPERATIONS;
use super::current::classes;
use super::signals::{self, SignalDict};
use crate::core::rules::{MAX_EMAX, MAX_PREC, MIN_EMIN};
use crate::core::{Dec, Round, Rules, status};

/// The payload of `Context`.
pub struct Context {
    rules: Cell<Rules>,
    capitals: Cell<bool>,
    status: Rc<Cell<u32>>,
    traps: Rc<Cell<u32>>,
    flags_view: PyCell<Option<Value>>,
    traps_view: PyCell<Option<Value>>,
}

payload!(Context, gc);

impl Traverse for Context {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.flags_view.visit(visit);
        self.traps_view.visit(visit);
    }
}

/// `Context`
pub static CONTEXT: TypeSpec = TypeSpec {
    doc: Some(
        "The rules that operations follow: precision, rounding, the range of exponents,\n\
         and which signals raise exceptions.\n\n\
         \x20   >>> Context(prec=3).divide(Decimal(2), Decimal(3))\n\
         \x20   Decimal('0.667')",
    ),
    text_signature: Some(
        "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
    ),
    flags: tpflags::BASETYPE,
    parts: &[&CONTEXT_ATTRIBUTES, &CONTEXT_OPERATIONS],
    ..TypeSpec::new("Context", "decimal", <Context as Payload>::layout)
};

/// The rules of a new context.
pub const DEFAULT_RULES: Rules = Rules {
    prec: 28,
    emax: 999_999,
    emin: -999_999,
    round: Round::HalfEven,
    clamp: false,
};

/// The traps of a new context.
pub const DEFAULT_TRAPS: u32 = status::INVALID | status::DIVISION_BY_ZERO | status::OVERFLOW;

/// The names of the keyword arguments that set attributes.
pub const ATTRIBUTES: [&str; 8] = [
    "prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps",
];

impl Context {
    /// A context with these rules and traps.
    pub fn with(rules: Rules, traps: u32) -> Context {
        Context {
            rules: Cell::new(rules),
            capitals: Cell::new(true),
            status: Rc::new(Cell::new(0)),
            traps: Rc::new(Cell::new(traps)),
            flags_view: PyCell::new(None),
            traps_view: PyCell::new(None),
        }
    }

    /// A context as DefaultContext is now.
    fn fresh(vm: &Vm) -> PyResult<Context> {
        let state = classes(vm)?;
        let Some(made) = state.made() else {
            return Ok(Context::with(DEFAULT_RULES, DEFAULT_TRAPS));
        };
        let template = &made.templates[0];
        let fresh = Context::with(template.rules.get(), template.traps.get());
        fresh.status.set(template.status.get());
        Ok(fresh)
    }

    /// A copy, flags and traps included.
    pub fn duplicate(&self, vm: &Vm) -> PyResult<Ref<Context>> {
        let copy = Context::with(self.rules.get(), self.traps.get());
        copy.status.set(self.status.get());
        copy.capitals.set(self.capitals.get());
        vm.new(copy)
    }

    /// What results depend on.
    #[inline]
    pub fn rules(&self) -> Rules {
        self.rules.get()
    }

    /// Replaces the rules.
    pub fn set_rules(&self, rules: Rules, traps: u32) {
        self.rules.set(rules);
        self.traps.set(traps);
    }

    /// Whether exponents are written with a capital E.
    pub fn capital_letters(&self) -> bool {
        self.capitals.get()
    }

    /// Forgets the flags.
    pub fn clear_status(&self) {
        self.status.set(0);
    }

    /// Sets flags without raising.
    pub fn set_flags(&self, flags: u32) {
        self.status.set(self.status.get() | flags);
    }

    /// Sets the flags for the conditions of an operation, and raises if one is trapped.
    #[inline]
    pub fn report(&self, vm: &Vm, conditions: u32) -> PyResult<()> {
        if conditions == 0 {
            return Ok(());
        }
        self.set_flags(conditions);
        if conditions & (self.traps.get() | status::NO_MEMORY) == 0 {
            return Ok(());
        }
        if conditions & status::NO_MEMORY != 0 {
            return Err(vm.no_memory());
        }
        Err(signals::raise(vm, conditions & self.traps.get()))
    }

    /// The result of an operation, once its conditions are reported.
    #[inline]
    pub fn finish(&self, vm: &Vm, d: Dec, conditions: u32) -> PyResult {
        self.report(vm, conditions)?;
        super::decimal::new(vm, d)
    }

    fn set_attributes(&self, vm: &Vm, values: [Option<&Value>; 8]) -> PyResult<()> {
        let given = |v: Option<&Value>| match v {
            Some(v) if !vm.is_none(v) => Some(v.clone()),
            _ => None,
        };
        let [prec, rounding, emin, emax, capitals, clamp, flags, traps] = values.map(given);
        if let Some(v) = prec {
            self.set_prec(vm, Some(&v))?;
        }
        if let Some(v) = rounding {
            self.set_rounding(vm, Some(&v))?;
        }
        if let Some(v) = emin {
            self.set_emin(vm, Some(&v))?;
        }
        if let Some(v) = emax {
            self.set_emax(vm, Some(&v))?;
        }
        if let Some(v) = capitals {
            self.set_capitals(vm, Some(&v))?;
        }
        if let Some(v) = clamp {
            self.set_clamp(vm, Some(&v))?;
        }
        let flags_of = |v: &Value| match v.downcast_ref::<List>() {
            Some(list) => signals::from_list(vm, &list.items.to_vec()),
            None => signals::from_mapping(vm, v),
        };
        if let Some(v) = traps {
            self.traps.set(flags_of(&v)?);
        }
        if let Some(v) = flags {
            self.status.set(flags_of(&v)?);
        }
        Ok(())
    }

    /// Sets attributes given by keyword, as `localcontext` takes them.
    pub fn configure(&self, vm: &Vm, values: [Option<&Value>; 8]) -> PyResult<()> {
        self.set_attributes(vm, values)
    }
}

/// A machine integer, as `PyLong_AsSsize_t` reads it.
pub fn ssize(vm: &Vm, v: &Value) -> PyResult<i64> {
    match v.as_int() {
        None => Err(vm.type_error("an integer is required")),
        Some(i) => i
            .to_i64()
            .ok_or_else(|| vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// The rounding mode that a name means.
pub fn rounding_mode(vm: &Vm, v: &Value) -> PyResult<Round> {
    if let Some(s) = v.downcast_ref::<Str>()
        && let Some((round, _)) = Round::ALL.iter().find(|(_, name)| s.eq_str(name))
    {
        return Ok(*round);
    }
    Err(vm.type_error(
        "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n   \
         ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]",
    ))
}

/// The name of a rounding mode, always the same object.
fn rounding_name(vm: &Vm, round: Round) -> PyResult<Ref<Str>> {
    let state = classes(vm)?;
    let index = Round::ALL.iter().position(|(r, _)| *r == round);
    match index.and_then(|i| state.made()?.rounds.get(i)) {
        Some(name) => Ok(name.clone()),
        None => vm.new_str(round.name()),
    }
}

fn kept<'a>(vm: &Vm, value: Option<&'a Value>) -> PyResult<&'a Value> {
    value.ok_or_else(|| {
        vm.raise_new(
            &vm.exc().AttributeError,
            "context attributes cannot be deleted",
        )
    })
}

#[pymethods(CONTEXT_ATTRIBUTES)]
impl Context {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, _args: Args<'_>) -> PyResult<Ref<Context>> {
        vm.new_object(cls, Context::fresh(vm)?)
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        this.set_attributes(vm, named(vm, args, ATTRIBUTES, 0)?)
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        let rules = this.rules.get();
        format!(
            "Context(prec={}, rounding={}, Emin={}, Emax={}, capitals={}, clamp={}, flags={}, traps={})",
            rules.prec,
            rules.round.name(),
            rules.emin,
            rules.emax,
            u8::from(this.capitals.get()),
            u8::from(rules.clamp),
            signals::names(this.status.get()),
            signals::names(this.traps.get()),
        )
    }

    #[pyslot]
    fn tp_setattro(
        vm: &Vm,
        this: &Ref<Self>,
        name: &Ref<Str>,
        value: Option<&Value>,
    ) -> PyResult<()> {
        let value = kept(vm, value)?;
        let class = vm.type_value(this.as_value());
        if class.dict_offset() == 0 && vm.lookup(&class, name).is_none() {
            return Err(no_attribute(vm, this.as_value(), name));
        }
        generic_setattr(vm, this.as_value(), name, Some(value))
    }

    #[getter]
    fn prec(&self) -> i64 {
        self.rules.get().prec
    }

    #[setter(prec)]
    fn set_prec(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let prec = ssize(vm, kept(vm, value)?)?;
        if !(1..=MAX_PREC).contains(&prec) {
            return Err(vm.value_error("valid range for prec is [1, MAX_PREC]"));
        }
        self.rules.set(Rules {
            prec,
            ..self.rules.get()
        });
        Ok(())
    }

    #[getter(Emax)]
    fn emax(&self) -> i64 {
        self.rules.get().emax
    }

    #[setter(Emax)]
    fn set_emax(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let emax = ssize(vm, kept(vm, value)?)?;
        if !(0..=MAX_EMAX).contains(&emax) {
            return Err(vm.value_error("valid range for Emax is [0, MAX_EMAX]"));
        }
        self.rules.set(Rules {
            emax,
            ..self.rules.get()
        });
        Ok(())
    }

    #[getter(Emin)]
    fn emin(&self) -> i64 {
        self.rules.get().emin
    }

    #[setter(Emin)]
    fn set_emin(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let emin = ssize(vm, kept(vm, value)?)?;
        if !(MIN_EMIN..=0).contains(&emin) {
            return Err(vm.value_error("valid range for Emin is [MIN_EMIN, 0]"));
        }
        self.rules.set(Rules {
            emin,
            ..self.rules.get()
        });
        Ok(())
    }

    #[getter]
    fn rounding(&self, vm: &Vm) -> PyResult<Ref<Str>> {
        rounding_name(vm, self.rules.get().round)
    }

    #[setter(rounding)]
    fn set_rounding(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let round = rounding_mode(vm, kept(vm, value)?)?;
        self.rules.set(Rules {
            round,
            ..self.rules.get()
        });
        Ok(())
    }

    #[getter]
    fn capitals(&self) -> i64 {
        self.capitals.get().into()
    }

    #[setter(capitals)]
    fn set_capitals(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        match ssize(vm, kept(vm, value)?)? {
            n @ (0 | 1) => self.capitals.set(n == 1),
            _ => return Err(vm.value_error("valid values for capitals are 0 or 1")),
        }
        Ok(())
    }

    #[getter]
    fn clamp(&self) -> i64 {
        self.rules.get().clamp.into()
    }

    #[setter(clamp)]
    fn set_clamp(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let clamp = match ssize(vm, kept(vm, value)?)? {
            0 => false,
            1 => true,
            _ => return Err(vm.value_error("valid values for clamp are 0 or 1")),
        };
        self.rules.set(Rules {
            clamp,
            ..self.rules.get()
        });
        Ok(())
    }

    #[getter]
    fn flags(&self, vm: &Vm) -> PyResult {
        view(vm, &self.flags_view, &self.status)
    }

    #[setter(flags)]
    fn set_flags_from(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let flags = signals::from_mapping(vm, kept(vm, value)?)?;
        self.status.set(flags);
        Ok(())
    }

    #[getter]
    fn traps(&self, vm: &Vm) -> PyResult {
        view(vm, &self.traps_view, &self.traps)
    }

    #[setter(traps)]
    fn set_traps_from(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let traps = signals::from_mapping(vm, kept(vm, value)?)?;
        self.traps.set(traps);
        Ok(())
    }

    /// The smallest exponent of subnormal numbers.
    #[pymethod(sig = "($self, /)", name = "Etiny")]
    fn etiny(&self) -> i64 {
        self.rules.get().etiny()
    }

    /// The largest exponent of numbers that use the whole precision.
    #[pymethod(sig = "($self, /)", name = "Etop")]
    fn etop(&self) -> i64 {
        self.rules.get().etop()
    }

    /// Sets no flag.
    #[pymethod(sig = "($self, /)")]
    fn clear_flags(&self) {
        self.clear_status();
    }

    /// Traps nothing.
    #[pymethod(sig = "($self, /)")]
    fn clear_traps(&self) {
        self.traps.set(0);
    }

    /// A copy of the context.
    #[pymethod(sig = "($self, /)")]
    fn copy(&self, vm: &Vm) -> PyResult<Ref<Context>> {
        self.duplicate(vm)
    }

    #[pymethod(sig = "($self, /)", name = "__copy__")]
    fn copy_protocol(&self, vm: &Vm) -> PyResult<Ref<Context>> {
        self.duplicate(vm)
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Tuple>> {
        let rules = this.rules.get();
        let args = vm.new_tuple(vec![
            vm.new_int(rules.prec)?,
            rounding_name(vm, rules.round)?.into_value(),
            vm.new_int(rules.emin)?,
            vm.new_int(rules.emax)?,
            vm.new_int(this.capitals.get().into())?,
            vm.new_int(rules.clamp.into())?,
            signals::as_list(vm, this.status.get())?,
            signals::as_list(vm, this.traps.get())?,
        ])?;
        let class = vm.type_value(this.as_value()).into_value();
        vm.new_tuple(vec![class, args.into_value()])
    }
}

/// The mapping of flags or traps, made when it is asked for first.
fn view(vm: &Vm, cell: &PyCell<Option<Value>>, flags: &Rc<Cell<u32>>) -> PyResult {
    if let Some(v) = cell.get() {
        return Ok(v);
    }
    let made = SignalDict::of(vm, flags)?;
    cell.set(Some(made.clone()));
    Ok(made)
}
