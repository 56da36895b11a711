//! `CodeType(...)` and `code.replace(...)`: code objects from parts. Their shape is verified
//! here, their instructions when they are to run: until then, code can be looked at and changed further.

use std::rc::Rc;

use taipan_bytecode::code::{CodeObject, co, co_fast};
use taipan_bytecode::constant::Str as ConstStr;
use taipan_bytecode::{Constant, verifier};
use taipan_object::{Args, Bytes, PyResult, Ref, Str, Tuple, Value, Vm};

use crate::code::{Code, new_foreign_code, str_to_wtf8};

/// The parts, named as `replace` names them, in the constructor's order.
const NAMES: [&str; 18] = [
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_firstlineno",
    "co_linetable",
    "co_exceptiontable",
    "co_freevars",
    "co_cellvars",
];

/// Which type a part has to have.
#[derive(Clone, Copy)]
enum Kind {
    Int,
    Bytes,
    Tuple,
    Str,
}

const KINDS: [Kind; 18] = {
    use Kind::{Bytes as B, Int as I, Str as S, Tuple as T};
    [I, I, I, I, I, I, B, T, T, T, S, S, S, I, B, B, T, T]
};

/// The values of the parts.
struct Parts {
    values: Vec<Value>,
}

impl Parts {
    fn int(&self, vm: &Vm, i: usize) -> PyResult<i32> {
        let v = vm.index(&self.values[i])?;
        match v.as_int().and_then(|n| n.to_i64()) {
            Some(n) => i32::try_from(n).map_err(|_| {
                vm.overflow_error(if n < 0 {
                    "signed integer is less than minimum"
                } else {
                    "signed integer is greater than maximum"
                })
            }),
            None => Err(vm.overflow_error("Python int too large to convert to C int")),
        }
    }

    fn bytes(&self, i: usize) -> Rc<[u8]> {
        self.values[i]
            .downcast_ref::<Bytes>()
            .map_or_else(|| Rc::from([]), |b| Rc::from(b.as_slice()))
    }

    fn tuple(&self, i: usize) -> &[Value] {
        self.values[i]
            .downcast_ref::<Tuple>()
            .map_or(&[], |t| t.as_slice())
    }

    fn str(&self, i: usize) -> Rc<ConstStr> {
        ConstStr::interned(
            self.values[i]
                .downcast_ref::<Str>()
                .map(|s| str_to_wtf8(s))
                .unwrap_or_default(),
        )
    }

    fn names(&self, vm: &Vm, i: usize) -> PyResult<Vec<Constant>> {
        self.tuple(i)
            .iter()
            .map(|v| match v.downcast_ref::<Str>() {
                Some(s) => Ok(Constant::name(str_to_wtf8(s))),
                None => Err(vm.system_error("non-string found in code slot")),
            })
            .collect()
    }
}

fn check_kind(vm: &Vm, function: &str, what: &str, v: &Value, kind: Kind) -> PyResult<()> {
    let (ok, expected) = match kind {
        Kind::Int => return vm.index(v).map(drop),
        Kind::Bytes => (v.downcast_ref::<Bytes>().is_some(), "bytes"),
        Kind::Tuple => (v.downcast_ref::<Tuple>().is_some(), "tuple"),
        Kind::Str => (v.downcast_ref::<Str>().is_some(), "str"),
    };
    if ok {
        return Ok(());
    }
    Err(vm.type_error(&format!(
        "{function}() argument {what} must be {expected}, not {}",
        vm.type_name(v)
    )))
}

/// `code(...)`
pub(super) fn new(vm: &Vm, args: Args<'_>) -> PyResult {
    if args.keyword_count() != 0 {
        return Err(vm.type_error("code() takes no keyword arguments"));
    }
    let given = args.pos();
    if given.len() < 16 {
        return Err(vm.type_error(&format!(
            "code expected at least 16 arguments, got {}",
            given.len()
        )));
    }
    if given.len() > 18 {
        return Err(vm.type_error(&format!(
            "code expected at most 18 arguments, got {}",
            given.len()
        )));
    }
    let mut values = given.to_vec();
    for (i, v) in values.iter().enumerate() {
        check_kind(vm, "code", &(i + 1).to_string(), v, KINDS[i])?;
    }
    while values.len() < 18 {
        values.push(vm.new_tuple(Vec::new())?.into_value());
    }
    let parts = Parts { values };
    for (i, name) in ["argcount", "posonlyargcount", "kwonlyargcount", "nlocals"]
        .iter()
        .enumerate()
    {
        if parts.int(vm, i)? < 0 {
            return Err(vm.value_error(&format!("code: {name} must not be negative")));
        }
    }
    build(vm, &parts)
}

/// `code.replace(**changes)`
pub(super) fn replace(vm: &Vm, code: &Ref<Code>, args: Args<'_>) -> PyResult {
    if !args.pos().is_empty() {
        return Err(vm.type_error("replace() takes no positional arguments"));
    }
    let mut values = Vec::with_capacity(18);
    for name in NAMES {
        values.push(vm.getattr_str(code.as_value(), name)?);
    }
    for (k, v) in args.keywords() {
        let Some(i) = NAMES.iter().position(|n| k.eq_str(n)) else {
            return Err(vm.type_error(&format!(
                "replace() got an unexpected keyword argument '{}'",
                k.to_string_lossy()
            )));
        };
        check_kind(vm, "replace", &format!("'{}'", NAMES[i]), v, KINDS[i])?;
        values[i] = v.clone();
    }
    let parts = Parts { values };
    for i in [0, 1, 2, 3, 4, 5, 13] {
        if parts.int(vm, i)? < 0 {
            return Err(vm.value_error(&format!("{} must be a positive integer", NAMES[i])));
        }
    }
    build(vm, &parts)
}

/// The kinds of the parameters among the local variables, in order.
fn argument_kind(i: usize, argcount: usize, posonly: usize, kwonly: usize, flags: u32) -> u8 {
    let named = argcount + kwonly;
    let star = usize::from(flags & co::VARARGS != 0);
    let star2 = usize::from(flags & co::VARKEYWORDS != 0);
    if i < posonly {
        co_fast::ARG_POS
    } else if i < argcount {
        co_fast::ARG_POS | co_fast::ARG_KW
    } else if i < named {
        co_fast::ARG_KW
    } else if i < named + star {
        co_fast::ARG_VAR | co_fast::ARG_POS
    } else if i < named + star + star2 {
        co_fast::ARG_VAR | co_fast::ARG_KW
    } else {
        0
    }
}

fn build(vm: &Vm, p: &Parts) -> PyResult {
    let count = |i: usize| -> PyResult<u32> {
        u32::try_from(p.int(vm, i)?)
            .map_err(|_| vm.system_error("bad argument to internal function"))
    };
    let (argcount, posonly, kwonly, nlocals) = (count(0)?, count(1)?, count(2)?, count(3)?);
    let (stacksize, flags) = (count(4)?, p.int(vm, 5)? as u32);
    let code = p.bytes(6);
    if !code.len().is_multiple_of(2) {
        return Err(vm.value_error("code: co_code is malformed"));
    }
    let names = p.names(vm, 8)?;
    let varnames = p.names(vm, 9)?;
    let freevars = p.names(vm, 16)?;
    let cellvars = p.names(vm, 17)?;
    if argcount < posonly {
        return Err(vm.system_error("bad argument to internal function"));
    }
    let total = u64::from(argcount)
        + u64::from(kwonly)
        + u64::from(flags & co::VARARGS != 0)
        + u64::from(flags & co::VARKEYWORDS != 0);
    // CPython finds this out first when there are too few, then when the number is not the one given.
    if (varnames.len() as u64) < total {
        return Err(vm.value_error("code: co_varnames is too small"));
    }
    if nlocals as usize != varnames.len() {
        return Err(vm.value_error("code: co_nlocals != len(co_varnames)"));
    }
    let mut locals = Vec::new();
    let mut kinds = Vec::new();
    for (i, n) in varnames.iter().enumerate() {
        let mut kind = co_fast::LOCAL
            | argument_kind(
                i,
                argcount as usize,
                posonly as usize,
                kwonly as usize,
                flags,
            );
        if cellvars.contains(n) {
            kind |= co_fast::CELL;
        }
        locals.push(n.clone());
        kinds.push(kind);
    }
    for n in cellvars.iter().filter(|n| !varnames.contains(n)) {
        locals.push(n.clone());
        kinds.push(co_fast::CELL);
    }
    for n in &freevars {
        locals.push(n.clone());
        kinds.push(co_fast::FREE);
    }
    let Some(objects) = p.values[7].downcast_ref::<Tuple>().cloned() else {
        return Err(vm.system_error("bad argument to internal function"));
    };
    let described = CodeObject {
        argcount,
        posonlyargcount: posonly,
        kwonlyargcount: kwonly,
        stacksize,
        flags,
        code,
        // Any object will do as a constant: the verifier asks for their number alone.
        consts: Rc::from(vec![Constant::None; objects.len()]),
        names: Rc::from(names),
        localsplusnames: Rc::from(locals),
        localspluskinds: Rc::from(kinds),
        filename: p.str(10),
        name: p.str(11),
        qualname: p.str(12),
        firstlineno: p.int(vm, 13)?,
        linetable: p.bytes(14),
        exceptiontable: p.bytes(15),
    };
    if let Err(e) = verifier::Shape::of(&described).verify() {
        return Err(vm.value_error(&format!("code: {e}")));
    }
    let made = new_foreign_code(vm, &described, objects)?;
    Ok(made.into_value())
}
