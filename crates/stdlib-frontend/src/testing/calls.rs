//! Functions and methods of every calling convention, which give back what they were called with; and calls as the C
//! interface makes them.

use taipan_builtins::util;
use taipan_object::native::{NativeCode, NativeDef, NativeKind};
use taipan_object::types::Plain;
use taipan_object::{Args, ClassPart, Dict, Payload, PyResult, Tuple, TypeSpec, Value, Vm};

fn given(vm: &Vm, this: &Value, positional: &[Value]) -> PyResult {
    let args = vm.new_tuple_from(positional)?.into_value();
    util::tuple(vm, [this.clone(), args])
}

fn with_keywords(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult {
    let positional = vm.new_tuple_from(args.pos())?.into_value();
    let keywords = vm.new_dict()?;
    for (k, v) in args.keywords() {
        keywords.set(vm, k.as_value(), v.clone())?;
    }
    let keywords = if keywords.is_empty() {
        vm.none()
    } else {
        keywords.into_value()
    };
    util::tuple(vm, [this.clone(), positional, keywords])
}

const fn def(kind: NativeKind, name: &'static str, code: NativeCode) -> NativeDef {
    NativeDef {
        name,
        text_signature: None,
        doc: None,
        kind,
        code,
    }
}

/// The functions of each convention; a static method's `self` is shown as None.
const fn conventions(kind: NativeKind) -> [NativeDef; 6] {
    let any = NativeCode::Positional {
        min: 0,
        max: u8::MAX,
        f: |vm, this, args| given(vm, &shown(vm, this), args),
    };
    let keywords = NativeCode::Variadic(|vm, this, args| with_keywords(vm, &shown(vm, this), args));
    [
        def(kind, "meth_varargs", any),
        def(kind, "meth_varargs_keywords", keywords),
        def(kind, "meth_fastcall", any),
        def(kind, "meth_fastcall_keywords", keywords),
        def(
            kind,
            "meth_noargs",
            NativeCode::NoArgs(|vm, this| Ok(shown(vm, this))),
        ),
        def(
            kind,
            "meth_o",
            NativeCode::One(|vm, this, x| util::tuple(vm, [shown(vm, this), x.clone()])),
        ),
    ]
}

fn shown(_: &Vm, this: &Value) -> Value {
    this.clone()
}

static METHODS: [NativeDef; 6] = conventions(NativeKind::Method);
static CLASS_METHODS: [NativeDef; 6] = conventions(NativeKind::ClassMethod);
static STATIC_METHODS: [NativeDef; 6] = [
    def(
        NativeKind::StaticMethod,
        "meth_varargs",
        NativeCode::Positional {
            min: 0,
            max: u8::MAX,
            f: |vm, _, args| given(vm, &vm.none(), args),
        },
    ),
    def(
        NativeKind::StaticMethod,
        "meth_varargs_keywords",
        NativeCode::Variadic(|vm, _, args| with_keywords(vm, &vm.none(), args)),
    ),
    def(
        NativeKind::StaticMethod,
        "meth_fastcall",
        NativeCode::Positional {
            min: 0,
            max: u8::MAX,
            f: |vm, _, args| given(vm, &vm.none(), args),
        },
    ),
    def(
        NativeKind::StaticMethod,
        "meth_fastcall_keywords",
        NativeCode::Variadic(|vm, _, args| with_keywords(vm, &vm.none(), args)),
    ),
    def(
        NativeKind::StaticMethod,
        "meth_noargs",
        NativeCode::NoArgs(|vm, _| Ok(vm.none())),
    ),
    def(
        NativeKind::StaticMethod,
        "meth_o",
        NativeCode::One(|vm, _, x| util::tuple(vm, [vm.none(), x.clone()])),
    ),
];

const fn class(name: &'static str, parts: &'static [&'static ClassPart]) -> TypeSpec {
    TypeSpec {
        flags: taipan_object::tpflags::BASETYPE,
        parts,
        ..TypeSpec::new(name, "_testcapi", <Plain as Payload>::layout)
    }
}

const fn methods(methods: &'static [NativeDef]) -> ClassPart {
    ClassPart {
        methods,
        getset: &[],
        slots: &[],
    }
}

/// `MethInstance`: instance methods.
pub static INSTANCE: TypeSpec = class("MethInstance", &[&methods(&METHODS)]);
/// `MethClass`: class methods.
pub static CLASS: TypeSpec = class("MethClass", &[&methods(&CLASS_METHODS)]);
/// `MethStatic`: static methods.
pub static STATIC: TypeSpec = class("MethStatic", &[&methods(&STATIC_METHODS)]);

fn args_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a [Value]> {
    if vm.is_none(v) {
        return Ok(&[]);
    }
    match v.downcast_ref::<Tuple>() {
        Some(t) => Ok(t.as_slice()),
        None => Err(vm.type_error("args must be None or a tuple")),
    }
}

fn fastcalldict(vm: &Vm, _: &Value, args: &[Value]) -> PyResult {
    let [f, values, keywords] = args else {
        return Err(vm.type_error("three arguments are needed"));
    };
    let keywords = keywords.downcast_ref::<Dict>();
    vm.call_dict(f, args_of(vm, values)?, keywords)
}

fn vectorcall(vm: &Vm, _: &Value, args: &[Value]) -> PyResult {
    let [f, values, names] = args else {
        return Err(vm.type_error("three arguments are needed"));
    };
    let kwnames = names.downcast_ref::<Tuple>().filter(|t| !t.is_empty());
    let values = args_of(vm, values)?;
    if kwnames.is_some_and(|k| k.len() > values.len()) {
        return Err(vm.value_error("kwnames longer than args"));
    }
    vm.call(f, Args { values, kwnames })
}

const fn three(f: fn(&Vm, &Value, &[Value]) -> PyResult) -> NativeCode {
    NativeCode::Positional { min: 3, max: 3, f }
}

static ALL: [NativeDef; 8] = {
    let [a, b, c, d, e, f] = conventions(NativeKind::Function);
    [
        a,
        b,
        c,
        d,
        e,
        f,
        def(
            NativeKind::Function,
            "pyobject_fastcalldict",
            three(fastcalldict),
        ),
        def(
            NativeKind::Function,
            "pyobject_vectorcall",
            three(vectorcall),
        ),
    ]
};

/// The functions of the module.
pub static FUNCTIONS: &[NativeDef] = &ALL;
