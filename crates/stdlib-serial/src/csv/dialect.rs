//! `Dialect`: how a CSV file is written.

use taipan_macros::pymethods;
use taipan_object::bind::{self, Buffer};
use taipan_object::{
    Args, Params, Payload, PyResult, Raised, Ref, Str, TypeObject, TypeSpec, Value, Vm, payload,
    tpflags,
};

use super::{dialects, error};

/// When fields are quoted (`QUOTE_*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quoting {
    /// When they must be.
    Minimal,
    /// Always.
    All,
    /// All but numbers.
    NonNumeric,
    /// Never.
    None,
    /// Strings.
    Strings,
    /// All but None.
    NotNull,
}

/// The payload of `Dialect`.
pub(super) struct Dialect {
    pub(super) delimiter: u32,
    pub(super) quotechar: Option<u32>,
    pub(super) escapechar: Option<u32>,
    pub(super) doublequote: bool,
    pub(super) skipinitialspace: bool,
    pub(super) strict: bool,
    pub(super) quoting: Quoting,
    pub(super) lineterminator: Ref<Str>,
}

payload!(Dialect, leaf);

/// `_csv.Dialect`
pub(super) static DIALECT: TypeSpec = TypeSpec {
    doc: Some("CSV dialect\n\nThe Dialect type records CSV parsing and generation options.\n"),
    flags: tpflags::BASETYPE,
    parts: &[&DIALECT_METHODS],
    ..TypeSpec::new("Dialect", "_csv", <Dialect as Payload>::layout)
};

static PARAMS: Params = Params {
    names: &[
        "dialect",
        "delimiter",
        "doublequote",
        "escapechar",
        "lineterminator",
        "quotechar",
        "quoting",
        "skipinitialspace",
        "strict",
    ],
    positional_only: 0,
    positional: 9,
    required: 0,
    required_keyword: 0,
};

/// A dialect that was registered under a name.
pub(super) fn registered(vm: &Vm, name: &Value) -> PyResult {
    dialects(vm)?
        .get(vm, name)?
        .ok_or_else(|| error(vm, "unknown dialect"))
}

/// `Dialect(*args)`
pub(super) fn call(vm: &Vm, args: Args<'_>) -> PyResult<Ref<Dialect>> {
    let ty = vm.make_type(&DIALECT)?;
    vm.call(ty.as_value(), args)?
        .downcast::<Dialect>()
        .map_err(|_| vm.type_error("a dialect was expected"))
}

/// One character, or None where that is allowed.
fn character(vm: &Vm, name: &str, v: &Value, or_none: bool) -> PyResult<Option<u32>> {
    if or_none && vm.is_none(v) {
        return Ok(None);
    }
    let got = match v.downcast_ref::<Str>() {
        Some(s) => match (s.text().get(0), s.len()) {
            (Some(c), 1) => return Ok(Some(c)),
            (_, n) => format!("a string of length {n}"),
        },
        None => crate::util::type_name(vm, v),
    };
    let what = if or_none { " or None" } else { "" };
    Err(vm.type_error(&format!(
        "\"{name}\" must be a unicode character{what}, not {got}"
    )))
}

fn quoting_of(vm: &Vm, v: &Value) -> PyResult<Quoting> {
    if !std::ptr::eq(vm.type_of(v), vm.types().int.object()) {
        let got = crate::util::type_name(vm, v);
        return Err(vm.type_error(&format!("\"quoting\" must be an integer, not {got}")));
    }
    match v.as_small_int() {
        Some(0) => Ok(Quoting::Minimal),
        Some(1) => Ok(Quoting::All),
        Some(2) => Ok(Quoting::NonNumeric),
        Some(3) => Ok(Quoting::None),
        Some(4) => Ok(Quoting::Strings),
        Some(5) => Ok(Quoting::NotNull),
        _ => Err(vm.type_error("bad \"quoting\" value")),
    }
}

#[cold]
fn bad(vm: &Vm, what: &str) -> Raised {
    vm.value_error(&format!("bad {what} value"))
}

impl Dialect {
    /// Characters that would be ambiguous are refused.
    fn check(&self, vm: &Vm) -> PyResult<()> {
        let space = |c: u32| c == u32::from(b' ') && self.skipinitialspace;
        let newline = |c: u32| c == u32::from(b'\n') || c == u32::from(b'\r');
        let chars = [
            ("delimiter", Some(self.delimiter), true),
            ("escapechar", self.escapechar, false),
            ("quotechar", self.quotechar, false),
        ];
        for (name, c, space_allowed) in chars {
            if c.is_some_and(|c| newline(c) || (!space_allowed && space(c))) {
                return Err(bad(vm, name));
            }
        }
        let pairs = [
            (
                "delimiter",
                "escapechar",
                Some(self.delimiter),
                self.escapechar,
            ),
            (
                "delimiter",
                "quotechar",
                Some(self.delimiter),
                self.quotechar,
            ),
            ("escapechar", "quotechar", self.escapechar, self.quotechar),
        ];
        for (a, b, first, second) in pairs {
            if first.is_some() && first == second {
                return Err(bad(vm, &format!("{a} or {b}")));
            }
        }
        for (name, c, _) in chars {
            if c.is_some_and(|c| self.lineterminator.text().chars().any(|t| t == c)) {
                return Err(bad(vm, &format!("{name} or lineterminator")));
            }
        }
        Ok(())
    }
}

#[pymethods(DIALECT_METHODS)]
impl Dialect {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let mut buffer = Buffer::new();
        let given = bind::bind(vm, "", &PARAMS, args, &mut buffer)?;
        let mut values: Vec<Option<Value>> = given.iter().map(|v| v.cloned()).collect();
        let base = match values.first().cloned().flatten() {
            Some(v) if v.downcast_ref::<Str>().is_some() => Some(registered(vm, &v)?),
            other => other,
        };
        if let Some(base) = &base {
            let alone = values.iter().skip(1).all(Option::is_none);
            if alone && base.downcast_ref::<Dialect>().is_some() {
                return Ok(base.clone());
            }
            for (value, name) in values.iter_mut().zip(PARAMS.names).skip(1) {
                if value.is_none() {
                    // An attribute that cannot be had counts as one that is not there.
                    *value = match vm.getattr_str(base, name) {
                        Ok(v) => Some(v),
                        Err(r) => {
                            drop(vm.take_raised(r));
                            None
                        }
                    };
                }
            }
        }
        let at = |i: usize| values.get(i).and_then(Option::as_ref);
        let flag = |i: usize, default: bool| at(i).map_or(Ok(default), |v| vm.is_true(v));
        let delimiter = match at(1) {
            Some(v) => character(vm, "delimiter", v, false)?.unwrap_or_default(),
            None => u32::from(b','),
        };
        let doublequote = flag(2, true)?;
        let escapechar = match at(3) {
            Some(v) => character(vm, "escapechar", v, true)?,
            None => None,
        };
        let lineterminator = match at(4) {
            Some(v) => v.downcast_ref::<Str>().cloned().ok_or_else(|| {
                let got = crate::util::type_name(vm, v);
                vm.type_error(&format!("\"lineterminator\" must be a string, not {got}"))
            })?,
            None => vm.new_str("\r\n")?,
        };
        let quotechar = match at(5) {
            Some(v) => character(vm, "quotechar", v, true)?,
            None => Some(u32::from(b'"')),
        };
        let quoting = match at(6) {
            Some(v) => quoting_of(vm, v)?,
            None if at(5).is_some_and(|q| vm.is_none(q)) => Quoting::None,
            None => Quoting::Minimal,
        };
        let dialect = Dialect {
            delimiter,
            quotechar,
            escapechar,
            doublequote,
            skipinitialspace: flag(7, false)?,
            strict: flag(8, false)?,
            quoting,
            lineterminator,
        };
        if dialect.quoting != Quoting::None && dialect.quotechar.is_none() {
            return Err(vm.type_error("quotechar must be set if quoting enabled"));
        }
        dialect.check(vm)?;
        Ok(vm.new_object(cls, dialect)?.into_value())
    }

    /// raises an exception to avoid pickling
    #[pymethod(params = "($self, /, *args)")]
    fn __reduce__(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
        let _ = args;
        Err(vm.type_error(&format!(
            "cannot pickle '{}' instances",
            bare_name(vm, this)
        )))
    }

    /// raises an exception to avoid pickling
    #[pymethod(params = "($self, /, *args)")]
    fn __reduce_ex__(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
        let _ = args;
        Err(vm.type_error(&format!(
            "cannot pickle '{}' instances",
            bare_name(vm, this)
        )))
    }

    #[getter]
    fn delimiter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        vm.char_str(this.delimiter)
    }

    #[getter]
    fn escapechar(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Ref<Str>>> {
        this.escapechar.map(|c| vm.char_str(c)).transpose()
    }

    #[getter]
    fn quotechar(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Ref<Str>>> {
        this.quotechar.map(|c| vm.char_str(c)).transpose()
    }

    #[getter]
    fn lineterminator(&self) -> Ref<Str> {
        self.lineterminator.clone()
    }

    #[getter]
    fn quoting(&self) -> i32 {
        self.quoting as i32
    }

    #[getter]
    fn doublequote(&self) -> bool {
        self.doublequote
    }

    #[getter]
    fn skipinitialspace(&self) -> bool {
        self.skipinitialspace
    }

    #[getter]
    fn strict(&self) -> bool {
        self.strict
    }
}

fn bare_name(vm: &Vm, v: &Value) -> String {
    let name = vm.type_of(v).payload.name.get();
    name.to_string_lossy().into_owned()
}
