//! Exceptions with a few named attributes: StopIteration, SystemExit, ImportError, NameError, AttributeError; and
//! KeyError's text. The tools for such attributes serve the neighbours too.

use taipan_macros::pymethods;
use taipan_object::bind::{Buffer, bind};
use taipan_object::{
    Args, BaseException, ClassPart, FieldException, GetSetDef, Params, PyResult, Ref, SlotDef, Str,
    Tuple, Value, Vm,
};

use super::base::{self, args_of, no_keywords, payload, reduced, set_args, used_dict};

/// The payload with named attributes.
pub fn fields<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<FieldException>> {
    v.downcast_ref::<FieldException>()
        .ok_or_else(|| vm.system_error("an exception without room for its attributes"))
}

/// Field `i`.
pub fn field(vm: &Vm, v: &Value, i: usize) -> PyResult<Option<Value>> {
    Ok(fields(vm, v)?.fields.get(i).and_then(|f| f.get()))
}

/// Sets field `i`.
pub fn set_field(vm: &Vm, v: &Value, i: usize, value: Option<Value>) -> PyResult<()> {
    if let Some(f) = fields(vm, v)?.fields.get(i) {
        f.set(value);
    }
    Ok(())
}

/// Reads field `I` for a computed attribute; `None` where nothing is.
pub fn get<const I: usize>(vm: &Vm, this: &Value) -> PyResult {
    Ok(field(vm, this, I)?.unwrap_or_else(|| vm.none()))
}

/// Sets or empties field `I`.
pub fn set<const I: usize>(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
    set_field(vm, this, I, value.cloned())
}

/// An attribute that is field `I`.
pub const fn member<const I: usize>(name: &'static str, doc: &'static str) -> GetSetDef {
    GetSetDef {
        name,
        doc: Some(doc),
        get: Some(get::<I>),
        set: Some(set::<I>),
        member: true,
    }
}

/// Binds keyword-only parameters to fields: parameter i to field `first + i`.
fn init_keywords(
    vm: &Vm,
    this: &Value,
    args: Args<'_>,
    function: &str,
    params: &Params,
    first: usize,
) -> PyResult<()> {
    set_args(vm, this, args.pos())?;
    let n = args.values.len().saturating_sub(args.keyword_count());
    let keywords = Args {
        values: args.values.get(n..).unwrap_or_default(),
        kwnames: args.kwnames,
    };
    let mut buffer = Buffer::new();
    let places = bind(vm, function, params, keywords, &mut buffer)?;
    for (i, v) in places.iter().enumerate() {
        set_field(vm, this, first + i, v.cloned())?;
    }
    Ok(())
}

const fn keyword_only(names: &'static [&'static str]) -> Params {
    Params {
        names,
        positional_only: 0,
        positional: 0,
        required: 0,
        required_keyword: 0,
    }
}

fn stop_iteration_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    base::init(vm, this, args)?;
    let value = args.pos().first().cloned().unwrap_or_else(|| vm.none());
    set_field(vm, this, 0, Some(value))
}

/// StopIteration.
pub static STOP_ITERATION: ClassPart = ClassPart {
    methods: &[],
    getset: &[member::<0>("value", "generator return value")],
    slots: &[SlotDef::tp_init(stop_iteration_init)],
};

fn system_exit_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    base::init(vm, this, args)?;
    match args.pos() {
        [] => Ok(()),
        [one] => set_field(vm, this, 0, Some(one.clone())),
        _ => {
            let all = args_of(vm, payload(vm, this)?);
            set_field(vm, this, 0, Some(all.into_value()))
        }
    }
}

/// SystemExit.
pub static SYSTEM_EXIT: ClassPart = ClassPart {
    methods: &[],
    getset: &[member::<0>("code", "exception code")],
    slots: &[SlotDef::tp_init(system_exit_init)],
};

static IMPORT_PARAMS: Params = keyword_only(&["name", "path", "name_from"]);

fn import_error_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    init_keywords(vm, this, args, "ImportError", &IMPORT_PARAMS, 1)?;
    let msg = match args.pos() {
        [one] => Some(one.clone()),
        _ => None,
    };
    set_field(vm, this, 0, msg)
}

fn import_error_str(vm: &Vm, this: &Value) -> PyResult {
    match field(vm, this, 0)? {
        Some(msg) if msg.is_exact_str(vm) => Ok(msg),
        _ => base::str(vm, this),
    }
}

struct ImportErrorMethods;

#[pymethods(IMPORT_ERROR_METHODS)]
impl ImportErrorMethods {
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Value) -> PyResult<Ref<Tuple>> {
        let names = [(1, "name"), (2, "path"), (3, "name_from")];
        let state = state_with_fields(vm, this, &names)?;
        let args = args_of(vm, payload(vm, this)?).into_value();
        reduced(vm, this, args, state)
    }
}

/// The `__dict__` with the fields that are set added in a copy; `None` when both are empty.
fn state_with_fields(vm: &Vm, this: &Value, names: &[(usize, &str)]) -> PyResult<Option<Value>> {
    let used = used_dict(vm, this)?;
    let mut copy = None;
    for &(i, name) in names {
        let Some(v) = field(vm, this, i)? else {
            continue;
        };
        let copy = match &copy {
            Some(c) => c,
            None => {
                let new = vm.new_dict()?;
                if let Some(d) = &used {
                    new.copy_from(d);
                }
                copy.insert(new)
            }
        };
        copy.set_named(vm, name, v)?;
    }
    Ok(copy.or(used).map(Ref::into_value))
}

/// ImportError.
pub static IMPORT_ERROR: ClassPart = ClassPart {
    methods: IMPORT_ERROR_METHODS.methods,
    getset: &[
        member::<0>("msg", "exception message"),
        member::<1>("name", "module name"),
        member::<2>("path", "module path"),
        member::<3>("name_from", "name imported from module"),
    ],
    slots: &[
        SlotDef::tp_init(import_error_init),
        SlotDef::tp_str(import_error_str),
    ],
};

static NAME_PARAMS: Params = keyword_only(&["name"]);

fn name_error_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    init_keywords(vm, this, args, "NameError", &NAME_PARAMS, 0)
}

/// NameError.
pub static NAME_ERROR: ClassPart = ClassPart {
    methods: &[],
    getset: &[member::<0>("name", "name")],
    slots: &[SlotDef::tp_init(name_error_init)],
};

static ATTRIBUTE_PARAMS: Params = keyword_only(&["name", "obj"]);

fn attribute_error_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    init_keywords(vm, this, args, "AttributeError", &ATTRIBUTE_PARAMS, 0)
}

struct AttributeErrorMethods;

#[pymethods(ATTRIBUTE_ERROR_METHODS)]
impl AttributeErrorMethods {
    #[pymethod(sig = "($self, /)")]
    fn __getstate__(vm: &Vm, this: &Value) -> PyResult {
        // `obj` stays out: it is often something that cannot be pickled.
        let state = state_with_fields(vm, this, &[(0, "name")])?;
        let e: &Ref<BaseException> = payload(vm, this)?;
        let Some(args) = e.args.get() else {
            return Ok(state.unwrap_or_else(|| vm.none()));
        };
        let dict = vm.new_dict()?;
        if let Some(d) = state.as_ref().and_then(Value::downcast_ref) {
            dict.copy_from(d);
        }
        dict.set_named(vm, "args", args.into_value())?;
        Ok(dict.into_value())
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Value) -> PyResult<Ref<Tuple>> {
        let state = AttributeErrorMethods::__getstate__(vm, this)?;
        let args = args_of(vm, payload(vm, this)?).into_value();
        reduced(vm, this, args, Some(state))
    }
}

/// AttributeError.
pub static ATTRIBUTE_ERROR: ClassPart = ClassPart {
    methods: ATTRIBUTE_ERROR_METHODS.methods,
    getset: &[
        member::<0>("name", "attribute name"),
        member::<1>("obj", "object"),
    ],
    slots: &[SlotDef::tp_init(attribute_error_init)],
};

fn key_error_str(vm: &Vm, this: &Value) -> PyResult {
    let args = args_of(vm, payload(vm, this)?);
    match args.as_slice() {
        // A bare key would often look like a sentence: show what it is.
        [key] => Ok(vm.repr(key)?.into_value()),
        _ => base::str(vm, this),
    }
}

/// KeyError.
pub static KEY_ERROR: ClassPart = ClassPart {
    methods: &[],
    getset: &[],
    slots: &[SlotDef::tp_str(key_error_str)],
};

static INIT_FIELD_COUNT: usize = 7;

/// `SyntaxError.__init__`
fn syntax_error_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    no_keywords(vm, &vm.type_of(this).payload, &args)?;
    set_args(vm, this, args.pos())?;
    if let Some(msg) = args.pos().first() {
        set_field(vm, this, 0, Some(msg.clone()))?;
    }
    let [_, info] = args.pos() else {
        return Ok(());
    };
    let info = vm.collect(info)?;
    let n = info.len();
    if n < 4 || n > INIT_FIELD_COUNT {
        let (bound, limit) = if n < 4 { ("least", 4) } else { ("most", 7) };
        return Err(vm.type_error(&format!(
            "function takes at {bound} {limit} arguments ({n} given)"
        )));
    }
    // Fields 1 to 6 are filename, lineno, offset, text, end_lineno, end_offset; 8 is the metadata.
    for i in 0..INIT_FIELD_COUNT {
        let at = if i == 6 { 8 } else { i + 1 };
        set_field(vm, this, at, info.get(i).cloned())?;
    }
    if n == 5 {
        return Err(vm.type_error("end_offset must be provided when end_lineno is provided"));
    }
    Ok(())
}

fn syntax_error_str(vm: &Vm, this: &Value) -> PyResult {
    let msg = field(vm, this, 0)?.unwrap_or_else(|| vm.none());
    let filename = field(vm, this, 1)?.and_then(|f| f.downcast::<Str>().ok());
    let lineno = match field(vm, this, 2)? {
        Some(n) if std::ptr::eq(vm.type_of(&n), vm.types().int.object()) => {
            Some(n.as_int().and_then(|i| i.to_i64()).unwrap_or(-1))
        }
        _ => None,
    };
    let mut out = taipan_text::TextBuf::from_text(vm.str(&msg)?.text());
    if filename.is_none() && lineno.is_none() {
        return Ok(vm.new_str_buf(&out)?.into_value());
    }
    out.push_str(" (");
    if let Some(f) = &filename {
        let text = f.text();
        let start = taipan_text::search::rfind_char(text, u32::from('/')).map_or(0, |i| i + 1);
        out.push_text(text.slice(start..text.len()));
    }
    if let Some(n) = lineno {
        let comma = if filename.is_some() { ", " } else { "" };
        out.push_str(&format!("{comma}line {n}"));
    }
    out.push_str(")");
    Ok(vm.new_str_buf(&out)?.into_value())
}

/// SyntaxError.
pub static SYNTAX_ERROR: ClassPart = ClassPart {
    methods: &[],
    getset: &[
        member::<0>("msg", "exception msg"),
        member::<1>("filename", "exception filename"),
        member::<2>("lineno", "exception lineno"),
        member::<3>("offset", "exception offset"),
        member::<4>("text", "exception text"),
        member::<5>("end_lineno", "exception end lineno"),
        member::<6>("end_offset", "exception end offset"),
        member::<7>("print_file_and_line", "exception print_file_and_line"),
        member::<8>("_metadata", "exception private metadata"),
    ],
    slots: &[
        SlotDef::tp_init(syntax_error_init),
        SlotDef::tp_str(syntax_error_str),
    ],
};
