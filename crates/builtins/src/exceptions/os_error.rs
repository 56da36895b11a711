//! `OSError`: its subclass by error number, what it takes out of its arguments, and its text.

use taipan_macros::pymethods;
use taipan_object::{
    Args, ClassPart, PyResult, Ref, SlotDef, Tuple, TypeObject, TypeRef, Value, Vm,
};

use super::base::{self, allocate, args_of, no_keywords, payload, reduced, used_dict};
use super::fields::{field, member, set_field};

const ERRNO: usize = 0;
const STRERROR: usize = 1;
const FILENAME: usize = 2;
const FILENAME2: usize = 3;
const WRITTEN: usize = 4;

/// The subclass for an error number (Linux's numbers).
fn class_for(vm: &Vm, errno: i64) -> Option<&TypeRef> {
    let exc = vm.exc();
    Some(match errno {
        11 | 114 | 115 => &exc.BlockingIOError,
        32 | 108 => &exc.BrokenPipeError,
        10 => &exc.ChildProcessError,
        103 => &exc.ConnectionAbortedError,
        111 => &exc.ConnectionRefusedError,
        104 => &exc.ConnectionResetError,
        17 => &exc.FileExistsError,
        2 => &exc.FileNotFoundError,
        4 => &exc.InterruptedError,
        21 => &exc.IsADirectoryError,
        20 => &exc.NotADirectoryError,
        1 | 13 => &exc.PermissionError,
        3 => &exc.ProcessLookupError,
        110 => &exc.TimeoutError,
        _ => return None,
    })
}

/// A class that overrides `__init__` alone gets its arguments there; every other one in `__new__`.
fn uses_init(cls: &TypeObject) -> bool {
    let init = cls.slots.tp_init.get().map(|f| f as usize);
    let new = cls.slots.tp_new.get().map(|f| f as usize);
    init != Some(os_error_init as *const () as usize)
        && new == Some(os_error_new as *const () as usize)
}

fn fill(vm: &Vm, this: &Value, values: &[Value]) -> PyResult<()> {
    let n = values.len();
    let mut kept = values;
    if (2..=5).contains(&n) {
        set_field(vm, this, ERRNO, values.first().cloned())?;
        set_field(vm, this, STRERROR, values.get(1).cloned())?;
        if let Some(name) = values.get(2).filter(|v| !vm.is_none(v)) {
            let blocking = std::ptr::eq(vm.type_of(this), vm.exc().BlockingIOError.object());
            if blocking && is_number(vm, name) {
                let n = written_count(vm, name)?;
                set_field(vm, this, WRITTEN, Some(vm.new_int(n as i64)?))?;
            } else {
                set_field(vm, this, FILENAME, Some(name.clone()))?;
                let second = values.get(4).filter(|v| !vm.is_none(v));
                if let Some(second) = second {
                    set_field(vm, this, FILENAME2, Some(second.clone()))?;
                }
                // `args` keeps the first two, for code that unpacks it.
                kept = &values[..2];
            }
        }
    }
    base::set_args(vm, this, kept)
}

fn is_number(vm: &Vm, v: &Value) -> bool {
    let slots = &vm.type_of(v).payload.slots;
    slots.nb_index.get().is_some() || slots.nb_int.get().is_some() || slots.nb_float.get().is_some()
}

fn written_count(vm: &Vm, v: &Value) -> PyResult<isize> {
    let i = vm.index(v)?;
    match i.as_int().and_then(|i| i.to_i64()) {
        Some(n) => Ok(n as isize),
        None => Err(vm.value_error(&format!(
            "cannot fit '{}' into an index-sized integer",
            vm.type_name(v)
        ))),
    }
}

fn os_error_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
    if uses_init(cls) {
        return allocate(vm, cls, vm.interp().singletons().empty_tuple.clone());
    }
    no_keywords(vm, cls, &args)?;
    let values = args.pos();
    let mut cls = cls;
    if (2..=5).contains(&values.len())
        && cls.is(&vm.exc().OSError)
        && let Some(n) = values[0].as_int().and_then(|i| i.to_i64())
        && let Some(sub) = class_for(vm, n)
    {
        cls = sub;
    }
    let this = allocate(vm, cls, vm.interp().singletons().empty_tuple.clone())?;
    fill(vm, &this, values)?;
    Ok(this)
}

fn os_error_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    let cls = &vm.type_of(this).payload;
    if !uses_init(cls) {
        return Ok(());
    }
    no_keywords(vm, cls, &args)?;
    fill(vm, this, args.pos())
}

fn os_error_str(vm: &Vm, this: &Value) -> PyResult {
    let errno = field(vm, this, ERRNO)?;
    let strerror = field(vm, this, STRERROR)?;
    let filename = field(vm, this, FILENAME)?;
    if filename.is_none() && (errno.is_none() || strerror.is_none()) {
        return base::str(vm, this);
    }
    let mut out = taipan_text::TextBuf::default();
    out.push_str("[Errno ");
    out.push_text(vm.str(&errno.unwrap_or_else(|| vm.none()))?.text());
    out.push_str("] ");
    out.push_text(vm.str(&strerror.unwrap_or_else(|| vm.none()))?.text());
    if let Some(name) = filename {
        out.push_str(": ");
        out.push_text(vm.repr(&name)?.text());
        if let Some(second) = field(vm, this, FILENAME2)? {
            out.push_str(" -> ");
            out.push_text(vm.repr(&second)?.text());
        }
    }
    Ok(vm.new_str_buf(&out)?.into_value())
}

struct OsErrorMethods;

#[pymethods(OS_ERROR_METHODS)]
impl OsErrorMethods {
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Value) -> PyResult<Ref<Tuple>> {
        let mut args = args_of(vm, payload(vm, this)?);
        if let ([errno, strerror], Some(name)) = (args.as_slice(), field(vm, this, FILENAME)?) {
            let mut all = vec![errno.clone(), strerror.clone(), name];
            if let Some(second) = field(vm, this, FILENAME2)? {
                all.extend([vm.none(), second]);
            }
            args = vm.new_tuple(all)?;
        }
        let state = used_dict(vm, this)?.map(Ref::into_value);
        reduced(vm, this, args.into_value(), state)
    }

    #[getter]
    fn characters_written(vm: &Vm, this: &Value) -> PyResult {
        field(vm, this, WRITTEN)?.ok_or_else(|| no_count(vm))
    }

    #[setter(characters_written)]
    fn set_characters_written(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        let new = match value {
            None if field(vm, this, WRITTEN)?.is_none() => return Err(no_count(vm)),
            None => None,
            // -1 is how "none" is stored in C, and so reads as none here too.
            Some(v) => match written_count(vm, v)? {
                -1 => None,
                n => Some(vm.new_int(n as i64)?),
            },
        };
        set_field(vm, this, WRITTEN, new)
    }
}

fn no_count(vm: &Vm) -> taipan_object::Raised {
    vm.raise_new(&vm.exc().AttributeError, "characters_written")
}

static MEMBERS: ClassPart = ClassPart {
    methods: &[],
    getset: &[
        member::<ERRNO>("errno", "POSIX exception code"),
        member::<STRERROR>("strerror", "exception strerror"),
        member::<FILENAME>("filename", "exception filename"),
        member::<FILENAME2>("filename2", "second exception filename"),
    ],
    slots: &[
        SlotDef::tp_new(os_error_new),
        SlotDef::tp_init(os_error_init),
        SlotDef::tp_str(os_error_str),
    ],
};

/// OSError's parts.
pub static PARTS: &[&ClassPart] = &[&MEMBERS, &OS_ERROR_METHODS];
