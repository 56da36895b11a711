//! The exceptions of codecs: UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError.

use taipan_object::{Args, Bytes, ClassPart, GetSetDef, PyResult, SlotDef, Str, Value, Vm};
use taipan_text::TextBuf;

use super::base::{no_keywords, set_args};
use super::fields::{field, member, set_field};

const ENCODING: usize = 0;
const OBJECT: usize = 1;
const START: usize = 2;
const END: usize = 3;
const REASON: usize = 4;

fn get_position<const I: usize>(vm: &Vm, this: &Value) -> PyResult {
    Ok(field(vm, this, I)?.unwrap_or(Value::from_i32(0)))
}

fn set_position<const I: usize>(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
    let Some(v) = value else {
        return Err(vm.type_error("can't delete numeric/char attribute"));
    };
    let Some(i) = v.as_int() else {
        return Err(vm.type_error("an integer is required"));
    };
    let Some(n) = i.to_i64() else {
        return Err(vm.overflow_error("Python int too large to convert to C ssize_t"));
    };
    set_field(vm, this, I, Some(vm.new_int(n)?))
}

const fn position<const I: usize>(name: &'static str, doc: &'static str) -> GetSetDef {
    GetSetDef {
        name,
        doc: Some(doc),
        get: Some(get_position::<I>),
        set: Some(set_position::<I>),
        member: true,
    }
}

const MEMBERS: &[GetSetDef] = &[
    member::<ENCODING>("encoding", "exception encoding"),
    member::<OBJECT>("object", "exception object"),
    position::<START>("start", "exception start"),
    position::<END>("end", "exception end"),
    member::<REASON>("reason", "exception reason"),
];

/// Checks the arguments as `PyArg_ParseTuple` does, one letter for each: `U` a string, `O` anything, `n` a size.
fn parse(vm: &Vm, values: &[Value], format: &str) -> PyResult<Vec<Value>> {
    if values.len() != format.len() {
        return Err(vm.type_error(&format!(
            "function takes exactly {} arguments ({} given)",
            format.len(),
            values.len()
        )));
    }
    let mut out = Vec::with_capacity(values.len());
    for (i, (v, kind)) in values.iter().zip(format.chars()).enumerate() {
        out.push(match kind {
            'U' if v.downcast_ref::<Str>().is_none() => {
                let got = if vm.is_none(v) {
                    "None".to_owned()
                } else {
                    vm.type_name(v)
                };
                return Err(vm.type_error(&format!("argument {} must be str, not {got}", i + 1)));
            }
            'n' => {
                let n = vm.index(v)?;
                match n.as_int().and_then(|n| n.to_i64()) {
                    Some(n) => vm.new_int(n)?,
                    None => {
                        return Err(
                            vm.overflow_error("Python int too large to convert to C ssize_t")
                        );
                    }
                }
            }
            _ => v.clone(),
        });
    }
    Ok(out)
}

fn init(
    vm: &Vm,
    this: &Value,
    args: Args<'_>,
    format: &str,
    places: &[usize],
) -> PyResult<Vec<Value>> {
    no_keywords(vm, &vm.type_of(this).payload, &args)?;
    set_args(vm, this, args.pos())?;
    let values = parse(vm, args.pos(), format)?;
    for (v, i) in values.iter().zip(places) {
        set_field(vm, this, *i, Some(v.clone()))?;
    }
    Ok(values)
}

fn encode_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    let all = [ENCODING, OBJECT, START, END, REASON];
    init(vm, this, args, "UUnnU", &all)?;
    Ok(())
}

fn decode_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    let all = [ENCODING, OBJECT, START, END, REASON];
    let values = init(vm, this, args, "UOnnU", &all)?;
    if let Some(object) = values.get(OBJECT)
        && object.downcast_ref::<Bytes>().is_none()
    {
        let bytes = match vm.get_buffer(object, false) {
            Ok(buffer) => buffer.to_vec(),
            Err(raised) => {
                set_field(vm, this, OBJECT, None)?;
                return Err(raised);
            }
        };
        let bytes = vm.new_bytes(&bytes)?.into_value();
        set_field(vm, this, OBJECT, Some(bytes))?;
    }
    Ok(())
}

fn translate_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    init(vm, this, args, "UnnU", &[OBJECT, START, END, REASON])?;
    Ok(())
}

fn number(vm: &Vm, this: &Value, i: usize) -> PyResult<i64> {
    Ok(field(vm, this, i)?
        .and_then(|v| v.as_small_int())
        .unwrap_or(0))
}

fn text_of(vm: &Vm, this: &Value, i: usize) -> PyResult<TextBuf> {
    match field(vm, this, i)? {
        Some(v) => Ok(TextBuf::from_text(vm.str(&v)?.text())),
        None => Ok(TextBuf::from("<NULL>")),
    }
}

/// The object again, once code has run that may have put another in its place.
fn object_of(vm: &Vm, this: &Value, verb: &str) -> PyResult {
    let Some(object) = field(vm, this, OBJECT)? else {
        return Err(vm.type_error("UnicodeError 'object' attribute is not set"));
    };
    let (fits, kind) = match verb {
        "decode" => (object.downcast_ref::<Bytes>().is_some(), "bytes"),
        _ => (object.downcast_ref::<Str>().is_some(), "string"),
    };
    if !fits {
        return Err(vm.type_error(&format!("UnicodeError 'object' attribute must be a {kind}")));
    }
    Ok(object)
}

/// The text: what could not be done, where, and why. `one` is how a single offending item is shown.
fn describe(
    vm: &Vm,
    this: &Value,
    verb: &str,
    item: &str,
    one: impl Fn(&Value, usize) -> Option<(usize, String)>,
) -> PyResult {
    if field(vm, this, OBJECT)?.is_none() {
        return Ok(vm.interp().singletons().empty_str.clone().into_value());
    }
    let reason = text_of(vm, this, REASON)?;
    let mut out = TextBuf::default();
    if verb != "translate" {
        out.push_str("'");
        out.push_text(text_of(vm, this, ENCODING)?.as_text());
        out.push_str("' codec ");
    }
    let object = object_of(vm, this, verb)?;
    let (start, end) = (number(vm, this, START)?, number(vm, this, END)?);
    out.push_str(&format!("can't {verb} {item}"));
    let single = usize::try_from(start)
        .ok()
        .filter(|_| end == start.saturating_add(1))
        .and_then(|at| one(&object, at));
    match single {
        Some((_, shown)) => out.push_str(&format!(" {shown} in position {start}: ")),
        None => out.push_str(&format!(
            "s in position {start}-{}: ",
            end.saturating_sub(1)
        )),
    }
    out.push_text(reason.as_text());
    Ok(vm.new_str_buf(&out)?.into_value())
}

fn character(object: &Value, at: usize) -> Option<(usize, String)> {
    let s = object.downcast_ref::<Str>()?;
    let c = s.text().get(at)?;
    let shown = match c {
        0..=0xff => format!("'\\x{c:02x}'"),
        0x100..=0xffff => format!("'\\u{c:04x}'"),
        _ => format!("'\\U{c:08x}'"),
    };
    Some((at, shown))
}

fn byte(object: &Value, at: usize) -> Option<(usize, String)> {
    let b = object.downcast_ref::<Bytes>()?;
    let b = b.as_slice().get(at)?;
    Some((at, format!("0x{b:02x}")))
}

fn encode_str(vm: &Vm, this: &Value) -> PyResult {
    describe(vm, this, "encode", "character", character)
}

fn decode_str(vm: &Vm, this: &Value) -> PyResult {
    describe(vm, this, "decode", "byte", byte)
}

fn translate_str(vm: &Vm, this: &Value) -> PyResult {
    describe(vm, this, "translate", "character", character)
}

/// UnicodeEncodeError.
pub static ENCODE: ClassPart = ClassPart {
    methods: &[],
    getset: MEMBERS,
    slots: &[SlotDef::tp_init(encode_init), SlotDef::tp_str(encode_str)],
};

/// UnicodeDecodeError.
pub static DECODE: ClassPart = ClassPart {
    methods: &[],
    getset: MEMBERS,
    slots: &[SlotDef::tp_init(decode_init), SlotDef::tp_str(decode_str)],
};

/// UnicodeTranslateError.
pub static TRANSLATE: ClassPart = ClassPart {
    methods: &[],
    getset: MEMBERS,
    slots: &[
        SlotDef::tp_init(translate_init),
        SlotDef::tp_str(translate_str),
    ],
};
