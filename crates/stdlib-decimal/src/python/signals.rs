//! The signals: the exceptions, the lists that they carry, and `SignalDict`, the mapping view of a context's flags and
//! traps.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use taipan_macros::pymethods;
use taipan_object::{
    Args, CompareOp, Dict, Module, Payload, PyResult, Raised, Ref, TypeObject, TypeSpec, Value, Vm,
    payload, tpflags,
};

use super::current::classes;
use crate::core::status;

/// A signal or a condition: its name, its bits, and the exceptions that it derives from beside DecimalException.
struct Declared {
    name: &'static str,
    bits: u32,
    bases: &'static [&'static str],
}

/// The signals, in the order of mappings.
const SIGNALS: &[Declared] = &[
    declared("InvalidOperation", status::INVALID, &["DecimalException"]),
    declared(
        "FloatOperation",
        status::FLOAT_OPERATION,
        &["DecimalException", "TypeError"],
    ),
    declared(
        "DivisionByZero",
        status::DIVISION_BY_ZERO,
        &["DecimalException", "ZeroDivisionError"],
    ),
    declared("Overflow", status::OVERFLOW, &["Inexact", "Rounded"]),
    declared(
        "Underflow",
        status::UNDERFLOW,
        &["Inexact", "Rounded", "Subnormal"],
    ),
    declared("Subnormal", status::SUBNORMAL, &["DecimalException"]),
    declared("Inexact", status::INEXACT, &["DecimalException"]),
    declared("Rounded", status::ROUNDED, &["DecimalException"]),
    declared("Clamped", status::CLAMPED, &["DecimalException"]),
];

/// The conditions that InvalidOperation stands for.
const CONDITIONS: &[Declared] = &[
    declared("InvalidOperation", status::INVALID_OPERATION, &[]),
    declared(
        "ConversionSyntax",
        status::CONVERSION_SYNTAX,
        &["InvalidOperation"],
    ),
    declared(
        "DivisionImpossible",
        status::DIVISION_IMPOSSIBLE,
        &["InvalidOperation"],
    ),
    declared(
        "DivisionUndefined",
        status::DIVISION_UNDEFINED,
        &["InvalidOperation", "ZeroDivisionError"],
    ),
    declared(
        "InvalidContext",
        status::INVALID_CONTEXT,
        &["InvalidOperation"],
    ),
];

/// The order in which classes are made, bases first.
const MAKING: &[&str] = &[
    "InvalidOperation",
    "FloatOperation",
    "DivisionByZero",
    "Subnormal",
    "Inexact",
    "Rounded",
    "Clamped",
    "Overflow",
    "Underflow",
    "ConversionSyntax",
    "DivisionImpossible",
    "DivisionUndefined",
    "InvalidContext",
];

const fn declared(name: &'static str, bits: u32, bases: &'static [&'static str]) -> Declared {
    Declared { name, bits, bases }
}

/// The classes of signals and conditions with their bits.
pub struct SignalClasses {
    /// The signals, in the order of mappings.
    pub signals: Vec<(u32, Value)>,
    /// The conditions.
    pub conditions: Vec<(u32, Value)>,
    made: Vec<(&'static str, Value)>,
}

impl SignalClasses {
    /// Makes the classes.
    pub fn make(vm: &Vm) -> PyResult<SignalClasses> {
        let exc = vm.exc();
        let mut made: Vec<(&'static str, Value)> = vec![
            ("TypeError", exc.TypeError.as_value().clone()),
            (
                "ZeroDivisionError",
                exc.ZeroDivisionError.as_value().clone(),
            ),
        ];
        let base = exception(
            vm,
            "DecimalException",
            vec![exc.ArithmeticError.as_value().clone()],
        )?;
        made.push(("DecimalException", base));
        for name in MAKING {
            let declared = || SIGNALS.iter().chain(CONDITIONS);
            let Some(d) = declared().find(|d| d.name == *name && !d.bases.is_empty()) else {
                continue;
            };
            let find = |name: &&str| made.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            let bases = d.bases.iter().filter_map(find).collect();
            let class = exception(vm, d.name, bases)?;
            made.push((d.name, class));
        }
        let of = |list: &[Declared]| {
            let class = |d: &Declared| {
                let found = made.iter().find(|(n, _)| *n == d.name);
                found.map(|(_, v)| (d.bits, v.clone()))
            };
            list.iter().filter_map(class).collect::<Vec<_>>()
        };
        Ok(SignalClasses {
            signals: of(SIGNALS),
            conditions: of(CONDITIONS),
            made: made.split_off(2),
        })
    }

    /// Puts the classes into the module.
    pub fn publish(&self, vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
        for (name, class) in &self.made {
            vm.setattr_str(module.as_value(), name, class)?;
        }
        Ok(())
    }
}

fn exception(vm: &Vm, name: &str, bases: Vec<Value>) -> PyResult {
    let dict = vm.new_dict()?;
    let module = vm.new_str("decimal")?.into_value();
    dict.set_str(vm, &vm.names().__module__, module)?;
    let bases = vm.new_tuple(bases)?.into_value();
    let name = vm.new_str(name)?.into_value();
    vm.call_pos(
        vm.types().type_.as_value(),
        &[name, bases, dict.into_value()],
    )
}

/// Raises the exception for conditions that are trapped; it carries the list of them.
#[cold]
pub fn raise(vm: &Vm, trapped: u32) -> Raised {
    match exception_for(vm, trapped) {
        Ok((class, list)) => match vm.call1(&class, &list) {
            Ok(e) => vm.raise(e),
            Err(raised) => raised,
        },
        Err(raised) => raised,
    }
}

fn exception_for(vm: &Vm, trapped: u32) -> PyResult<(Value, Value)> {
    let state = classes(vm)?;
    let known = &state.get(vm)?.signals;
    let class = known.signals.iter().find(|(bits, _)| bits & trapped != 0);
    let Some((_, class)) = class else {
        return Err(vm.runtime_error("internal error in flags_as_exception"));
    };
    let rest = known.signals.get(1..).unwrap_or_default();
    let list: Vec<Value> = known
        .conditions
        .iter()
        .chain(rest)
        .filter(|(bits, _)| bits & trapped != 0)
        .map(|(_, class)| class.clone())
        .collect();
    Ok((class.clone(), vm.new_list(list)?.into_value()))
}

/// The signals that are set, as a list.
pub fn as_list(vm: &Vm, flags: u32) -> PyResult {
    let state = classes(vm)?;
    let set: Vec<Value> = state
        .get(vm)?
        .signals
        .signals
        .iter()
        .filter(|(bits, _)| bits & flags != 0)
        .map(|(_, class)| class.clone())
        .collect();
    Ok(vm.new_list(set)?.into_value())
}

/// Names of the flags that are set, as a context's repr has them.
pub fn names(flags: u32) -> String {
    let mut names = Vec::new();
    for bit in (0..15).map(|n| 1 << n).filter(|bit| bit & flags != 0) {
        let name = SIGNALS
            .iter()
            .find(|d| d.bits & bit != 0)
            .map_or("", |d| d.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    format!("[{}]", names.join(", "))
}

/// The bits of a signal.
fn bits_of(vm: &Vm, signal: &Value) -> PyResult<u32> {
    let state = classes(vm)?;
    let known = &state.get(vm)?.signals.signals;
    match known.iter().find(|(_, class)| class.is(signal)) {
        Some((bits, _)) => Ok(*bits),
        None => Err(vm.raise_new(
            &vm.exc().KeyError,
            "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   \
             Overflow, Underflow, Subnormal, Inexact, Rounded,\n   Clamped]",
        )),
    }
}

/// The flags that a list of signals means.
pub fn from_list(vm: &Vm, items: &[Value]) -> PyResult<u32> {
    let mut flags = 0;
    for item in items {
        flags |= bits_of(vm, item)?;
    }
    Ok(flags)
}

/// The flags that a mapping of signals means.
pub fn from_mapping(vm: &Vm, v: &Value) -> PyResult<u32> {
    if let Some(d) = v.downcast_ref::<SignalDict>() {
        return d.flags(vm);
    }
    let Some(dict) = v.downcast_ref::<Dict>() else {
        return Err(vm.type_error("argument must be a signal dict"));
    };
    match from_dict(vm, dict)? {
        Some(flags) => Ok(flags),
        None => Err(vm.raise_new(&vm.exc().KeyError, "invalid signal dict")),
    }
}

/// The flags that a dict means; `None` if it has not exactly the signals as keys.
fn from_dict(vm: &Vm, dict: &Ref<Dict>) -> PyResult<Option<u32>> {
    let state = classes(vm)?;
    let known = &state.get(vm)?.signals.signals;
    if dict.len() != known.len() {
        return Ok(None);
    }
    let mut flags = 0;
    for (bits, class) in known {
        let Some(v) = dict.get(vm, class)? else {
            return Ok(None);
        };
        if vm.is_true(&v)? {
            flags |= bits;
        }
    }
    Ok(Some(flags))
}

/// The payload of `SignalDict`: a view of a context's flags or traps, which is good as long as the context lives.
pub struct SignalDict {
    flags: Weak<Cell<u32>>,
}

payload!(SignalDict, leaf);

/// `SignalDictMixin`
pub static SIGNAL_DICT_MIXIN: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE,
    parts: &[&SIGNAL_DICT_METHODS],
    ..TypeSpec::new(
        "SignalDictMixin",
        "decimal",
        <SignalDict as Payload>::layout,
    )
};

impl SignalDict {
    /// A view of a context's flags or traps.
    pub fn of(vm: &Vm, flags: &Rc<Cell<u32>>) -> PyResult {
        let state = classes(vm)?;
        let class = &state.get(vm)?.signal_dict;
        let flags = Rc::downgrade(flags);
        Ok(vm.new_object(class, SignalDict { flags })?.into_value())
    }

    fn cell(&self, vm: &Vm) -> PyResult<Rc<Cell<u32>>> {
        self.flags
            .upgrade()
            .ok_or_else(|| vm.value_error("invalid signal dict"))
    }

    fn flags(&self, vm: &Vm) -> PyResult<u32> {
        Ok(self.cell(vm)?.get())
    }
}

#[pymethods(SIGNAL_DICT_METHODS)]
impl SignalDict {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, _args: Args<'_>) -> PyResult<Ref<SignalDict>> {
        vm.new_object(cls, SignalDict { flags: Weak::new() })
    }

    #[pyslot]
    fn tp_init(_this: &Ref<Self>, _args: Args<'_>) {}

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        let flags = this.flags(vm)?;
        let items: Vec<String> = SIGNALS
            .iter()
            .map(|d| {
                let set = if d.bits & flags != 0 { "True" } else { "False" };
                format!("<class 'decimal.{}'>:{set}", d.name)
            })
            .collect();
        Ok(format!("{{{}}}", items.join(", ")))
    }

    #[pyslot]
    fn mp_length(&self, vm: &Vm) -> PyResult<usize> {
        self.cell(vm)?;
        Ok(SIGNALS.len())
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.cell(vm)?;
        let state = classes(vm)?;
        let known = &state.get(vm)?.signals.signals;
        let keys = known.iter().map(|(_, class)| class.clone()).collect();
        vm.iter(vm.new_tuple(keys)?.as_value())
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Self>, key: &Value) -> PyResult {
        let flags = this.flags(vm)?;
        Ok(vm.bool(flags & bits_of(vm, key)? != 0))
    }

    #[pyslot]
    fn mp_ass_subscript(
        vm: &Vm,
        this: &Ref<Self>,
        key: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        let cell = this.cell(vm)?;
        let Some(value) = value else {
            return Err(vm.value_error("signal keys cannot be deleted"));
        };
        let bits = bits_of(vm, key)?;
        let set = vm.is_true(value)?;
        let flags = cell.get();
        cell.set(if set { flags | bits } else { flags & !bits });
        Ok(())
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let flags = this.flags(vm)?;
        let wanted = match op {
            CompareOp::Eq => true,
            CompareOp::Ne => false,
            _ => return Ok(vm.not_implemented()),
        };
        let theirs = if let Some(d) = other.downcast_ref::<SignalDict>() {
            d.flags(vm)?
        } else if let Some(d) = other.downcast_ref::<Dict>() {
            match from_dict(vm, d)? {
                Some(flags) => flags,
                None => return Ok(vm.not_implemented()),
            }
        } else {
            return Ok(vm.not_implemented());
        };
        Ok(vm.bool((flags == theirs) == wanted))
    }

    #[pymethod]
    fn copy(&self, vm: &Vm) -> PyResult<Ref<Dict>> {
        let flags = self.flags(vm)?;
        let state = classes(vm)?;
        let dict = vm.new_dict()?;
        for (bits, class) in &state.get(vm)?.signals.signals {
            dict.set(vm, class, vm.bool(bits & flags != 0))?;
        }
        Ok(dict)
    }
}
