//! A toy class and a toy module, declared with the macros and called as the interpreter calls native code.
//! The messages are those of CPython 3.14 for functions with the same signatures.
#![allow(missing_docs, reason = "a test has no documentation of its own")]

use std::cell::Cell;

use taipan_macros::{pyfunctions, pymethods};
use taipan_object::bind::call_native;
use taipan_object::convert::{CodePoint, SliceIndex};
use taipan_object::{
    Args, BaseException, InterpConfig, List, NativeCode, NativeDef, NativeKind, Payload, PyCell,
    PyResult, Ref, SlotDef, Str, Traverse, Tuple, TypeObject, TypeSpec, Value, Visitor, Vm,
    payload,
};

pub struct Counter {
    count: Cell<i64>,
    label: PyCell<Value>,
}
payload!(Counter, gc);

impl Traverse for Counter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.label.visit(visit);
    }
}

pub static COUNTER: TypeSpec = TypeSpec {
    doc: Some("Counts things."),
    text_signature: Some("(start=0, *, label=None)"),
    parts: &[&COUNTER_METHODS],
    ..TypeSpec::new("Counter", "toys", <Counter as Payload>::layout)
};

#[pymethods(COUNTER_METHODS)]
impl Counter {
    #[pyslot(name = "Counter", params = "(start=0, *, label=None)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, start: i64, label: Value) -> PyResult<Ref<Counter>> {
        vm.new_object(
            cls,
            Counter {
                count: start.into(),
                label: PyCell::new(label),
            },
        )
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        format!("Counter({})", this.count.get())
    }

    #[pyslot]
    fn nb_add(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let (Some(a), Some(b)) = (a.downcast_ref::<Counter>(), b.downcast_ref::<Counter>()) else {
            return Ok(vm.not_implemented());
        };
        vm.new_int(a.count.get().wrapping_add(b.count.get()))
    }

    #[pyslot]
    fn sq_length(&self) -> usize {
        self.count.get().unsigned_abs() as usize
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<i64>> {
        let _ = vm;
        let n = self.count.get();
        self.count.set(n - 1);
        Ok((n > 0).then_some(n))
    }

    /// Counts n more.
    ///
    /// Gives the new count.
    #[pymethod(sig = "($self, n=1, /)")]
    fn add(&self, vm: &Vm, n: i64) -> PyResult<i64> {
        let sum = self
            .count
            .get()
            .checked_add(n)
            .ok_or_else(|| vm.overflow_error("too much"))?;
        self.count.set(sum);
        Ok(sum)
    }

    #[pymethod(sig = "($self, /)", doc = "Forget everything.")]
    fn clear(&self) {
        self.count.set(0);
    }

    #[pymethod(name = "set", params = "($self, n, /)")]
    fn set_count(this: &Ref<Self>, n: i64) {
        this.count.set(n);
    }

    #[classmethod(sig = "($type, items, /, *, label='none')")]
    fn of(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        items: &Ref<List>,
        label: &str,
    ) -> PyResult<Ref<Counter>> {
        let label = PyCell::new(vm.new_str(label)?.into_value());
        vm.new_object(
            cls,
            Counter {
                count: (items.len() as i64).into(),
                label,
            },
        )
    }

    #[staticmethod(sig = "(a, b, /)")]
    fn pair(a: i64, b: Option<&Value>) -> (i64, Option<Value>) {
        (a, b.cloned())
    }

    /// The label.
    #[getter]
    fn label(&self) -> Value {
        self.label.get()
    }

    #[setter(label)]
    fn set_label(&self, value: &Value) {
        self.label.set(value.clone());
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    #[pyfunction(sig = "($self, /, sep=None, maxsplit=-1)")]
    fn split(sep: Option<&str>, maxsplit: isize) -> (Option<String>, isize) {
        (sep.map(str::to_owned), maxsplit)
    }

    #[pyfunction(sig = "($self, old, new, /, count=-1)")]
    fn replace(old: &Ref<Str>, new: &Ref<Str>, count: isize) -> (Ref<Str>, Ref<Str>, isize) {
        (old.clone(), new.clone(), count)
    }

    #[pyfunction(sig = "($self, /, *, key=None, reverse=False)")]
    fn sort(key: Option<Value>, reverse: i32) -> (Option<Value>, i32) {
        (key, reverse)
    }

    #[pyfunction(
        sig = "($module, /, source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)"
    )]
    fn compile(
        source: &Value,
        filename: String,
        mode: &str,
        flags: i32,
        dont_inherit: bool,
        optimize: i32,
        _feature_version: i32,
    ) -> (String, bool, i32) {
        let _ = (source, flags, _feature_version);
        (filename + mode, dont_inherit, optimize)
    }

    #[pyfunction(sig = "($module, x, /)")]
    fn fabs(x: f64) -> f64 {
        x.abs()
    }

    #[pyfunction(sig = "($module, *integers)")]
    fn count(integers: &[Value]) -> usize {
        integers.len()
    }

    #[pyfunction(sig = "($module, *args, sep=' ', end='\\n')")]
    fn print(
        vm: &Vm,
        args: &[Value],
        sep: Option<&Value>,
        end: &str,
    ) -> PyResult<(usize, Value, String)> {
        Ok((
            args.len(),
            sep.cloned().unwrap_or_else(|| vm.none()),
            end.to_owned(),
        ))
    }

    #[pyfunction(sig = "($module, /, *args, **kwargs)")]
    fn anything(module: &Value, args: Args<'_>) -> (Value, usize) {
        (module.clone(), args.values.len())
    }

    #[pyfunction(sig = "($self, start=0, stop=sys.maxsize, /)")]
    fn index(start: SliceIndex, stop: SliceIndex) -> (isize, isize) {
        (start.0, stop.0)
    }

    #[pyfunction(sig = "($self, chr, /)")]
    fn category(chr: CodePoint) -> u32 {
        chr.0
    }

    #[pyfunction(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn name(chr: CodePoint, default: Option<Value>) -> (u32, Option<Value>) {
        (chr.0, default)
    }

    #[pyfunction(sig = "($self, size=-1, /)")]
    fn narrow(size: Option<u32>) -> Option<u32> {
        size
    }

    #[pyfunction(sig = "($self, size=None, /)")]
    fn read(size: Option<isize>) -> isize {
        size.unwrap_or(-1)
    }

    #[pyfunction(sig = "($self, byte, /)")]
    fn byte(byte: u8) -> u8 {
        byte
    }

    #[pyfunction(sig = "($module, /, a, b, *, rel_tol=1e-09, strict)")]
    fn isclose(a: f64, b: f64, rel_tol: f64, strict: bool) -> (f64, f64, f64, bool) {
        (a, b, rel_tol, strict)
    }
}

fn with_vm(f: impl FnOnce(&Vm) -> PyResult<()>) {
    let vm = Vm::new_interpreter(&InterpConfig::default()).expect("an interpreter");
    vm.enter(|| {
        if let Err(raised) = f(&vm) {
            let text = message(&vm, Err(raised));
            panic!("{text:?}");
        }
    });
}

/// What a call gave: a short form of the value, or the exception's text.
fn message(vm: &Vm, result: PyResult) -> Result<String, String> {
    match result {
        Ok(v) => Ok(show(vm, &v)),
        Err(raised) => {
            let e = vm.take_raised(raised);
            let args = e.downcast_ref::<BaseException>().and_then(|e| e.args.get());
            let text = args
                .and_then(|a| a.get(0))
                .map(|v| show(vm, &v))
                .unwrap_or_default();
            Err(format!("{}: {text}", vm.type_name(&e)))
        }
    }
}

fn show(vm: &Vm, v: &Value) -> String {
    if let Some(s) = v.downcast_ref::<Str>() {
        return s.to_string_lossy().into_owned();
    }
    if let Some(t) = v.downcast_ref::<Tuple>() {
        let items: Vec<String> = t.as_slice().iter().map(|v| show(vm, v)).collect();
        return format!("({})", items.join(", "));
    }
    if vm.is_none(v) {
        return "None".to_owned();
    }
    if v.is(&vm.bool(true)) || v.is(&vm.bool(false)) {
        return v.is(&vm.bool(true)).to_string();
    }
    match (v.as_int().and_then(|i| i.to_i64()), v.as_float()) {
        (Some(i), _) => i.to_string(),
        (_, Some(f)) => f.to_string(),
        _ => vm.type_name(v),
    }
}

fn find<'a>(defs: &'a [NativeDef], name: &str) -> &'a NativeDef {
    defs.iter().find(|d| d.name == name).expect("declared")
}

/// Values and keywords of a call.
struct Call {
    values: Vec<Value>,
    names: Vec<Value>,
}

impl Call {
    fn new() -> Call {
        Call {
            values: Vec::new(),
            names: Vec::new(),
        }
    }
    fn arg(mut self, v: impl taipan_object::convert::IntoPy, vm: &Vm) -> Call {
        self.values
            .push(v.into_py(vm).unwrap_or_else(|_| vm.none()));
        self
    }
    fn kw(mut self, name: &str, v: impl taipan_object::convert::IntoPy, vm: &Vm) -> Call {
        self.names.extend(vm.intern(name).map(Ref::into_value));
        self.arg(v, vm)
    }
    fn run(
        self,
        vm: &Vm,
        def: &'static NativeDef,
        this: &Value,
        owner: Option<&str>,
    ) -> Result<String, String> {
        let names = vm
            .new_tuple(self.names)
            .unwrap_or_else(|_| panic!("no tuple"));
        let kwnames = (!names.is_empty()).then_some(&names);
        message(
            vm,
            call_native(
                vm,
                def,
                this,
                owner,
                Args {
                    values: &self.values,
                    kwnames,
                },
            ),
        )
    }
}

macro_rules! check {
    ($vm:ident, $name:literal ($($arg:expr),* $(; $($key:ident = $value:expr),*)?) => $expected:expr) => {
        let call = Call::new()$(.arg($arg, $vm))*$($(.kw(stringify!($key), $value, $vm))*)?;
        let expected: Result<&str, &str> = $expected;
        let got = call.run($vm, find(functions::FUNCTIONS, $name), &$vm.none(), Some("toys"));
        assert_eq!(got.as_deref().map_err(String::as_str), expected, $name);
    };
}

#[test]
fn conventions_follow_from_signatures() {
    let code = |name| find(functions::FUNCTIONS, name).code;
    assert!(matches!(code("fabs"), NativeCode::One(_)));
    assert!(matches!(
        code("index"),
        NativeCode::Positional { min: 0, max: 2, .. }
    ));
    assert!(matches!(
        code("count"),
        NativeCode::Positional {
            min: 0,
            max: 255,
            ..
        }
    ));
    assert!(matches!(code("split"), NativeCode::Bound { .. }));
    assert!(matches!(code("print"), NativeCode::Variadic(_)));
    assert!(matches!(code("anything"), NativeCode::Variadic(_)));
    let methods = COUNTER_METHODS.methods;
    assert!(matches!(find(methods, "clear").code, NativeCode::NoArgs(_)));
    assert_eq!(find(methods, "clear").doc, Some("Forget everything."));
    assert_eq!(
        find(methods, "add").doc,
        Some("Counts n more.\n\nGives the new count.")
    );
    assert_eq!(find(methods, "add").text_signature, Some("($self, n=1, /)"));
    assert_eq!(find(methods, "set").text_signature, None);
    assert_eq!(find(methods, "of").kind, NativeKind::ClassMethod);
    assert_eq!(find(methods, "pair").kind, NativeKind::StaticMethod);
    let label = &COUNTER_METHODS.getset[0];
    assert!(label.get.is_some() && label.set.is_some() && label.doc == Some("The label."));
}

#[test]
fn arguments_are_bound_and_converted() {
    with_vm(|vm| {
        check!(vm, "split"() => Ok("(None, -1)"));
        check!(vm, "split"("a", 3) => Ok("(a, 3)"));
        check!(vm, "split"("é"; maxsplit = 2) => Ok("(é, 2)"));
        check!(vm, "split"(; maxsplit = true, sep = ()) => Ok("(None, 1)"));
        check!(vm, "replace"("a", "b"; count = 1) => Ok("(a, b, 1)"));
        check!(vm, "sort"(; reverse = 1) => Ok("(None, 1)"));
        check!(vm, "sort"() => Ok("(None, 0)"));
        check!(vm, "compile"(1, "f", "exec"; optimize = 2) => Ok("(fexec, false, 2)"));
        check!(vm, "fabs"(-2) => Ok("2"));
        check!(vm, "count"(1, 2, 3) => Ok("3"));
        check!(vm, "print"(1, 2) => Ok("(2, None, \n)"));
        check!(vm, "print"(1; end = "x", sep = 5) => Ok("(1, 5, x)"));
        check!(vm, "anything"(1; a = 2) => Ok("(None, 2)"));
        check!(vm, "index"() => Ok("(0, 9223372036854775807)"));
        check!(vm, "index"(i128::MIN, u64::MAX) => Ok("(-9223372036854775808, 9223372036854775807)"));
        check!(vm, "category"("€") => Ok("8364"));
        check!(vm, "name"("a") => Ok("(97, None)"));
        check!(vm, "name"("a", 5) => Ok("(97, 5)"));
        check!(vm, "narrow"() => Ok("None"));
        check!(vm, "narrow"(7) => Ok("7"));
        check!(vm, "read"(()) => Ok("-1"));
        check!(vm, "isclose"(1, 2; strict = 1) => Ok("(1, 2, 0.000000001, true)"));
        Ok(())
    });
}

#[test]
fn mistakes_have_cpythons_messages() {
    with_vm(|vm| {
        check!(vm, "split"(1, 2, 3) => Err("TypeError: split() takes at most 2 arguments (3 given)"));
        check!(vm, "split"("a"; sep = "b") => Err("TypeError: argument for split() given by name ('sep') and position (1)"));
        check!(vm, "split"(; sepp = 1) =>
            Err("TypeError: split() got an unexpected keyword argument 'sepp'. Did you mean 'sep'?"));
        check!(vm, "split"(; maxsp = 1) => Err("TypeError: split() got an unexpected keyword argument 'maxsp'"));
        check!(vm, "split"(1) => Err("TypeError: split() argument 'sep' must be str or None, not int"));
        check!(vm, "split"("a\0b") => Err("ValueError: embedded null character"));
        check!(vm, "split"("a", "x") => Err("TypeError: 'str' object cannot be interpreted as an integer"));
        check!(vm, "split"("a", u64::MAX) => Err("OverflowError: Python int too large to convert to C ssize_t"));
        check!(vm, "replace"("a") => Err("TypeError: replace() takes at least 2 positional arguments (1 given)"));
        check!(vm, "replace"("a"; count = 1) => Err("TypeError: replace() takes at least 2 positional arguments (1 given)"));
        check!(vm, "replace"(1, 2) => Err("TypeError: replace() argument 1 must be str, not int"));
        check!(vm, "replace"("a", ()) => Err("TypeError: replace() argument 2 must be str, not None"));
        check!(vm, "replace"("a", "b"; cnt = 2) => Err("TypeError: replace() got an unexpected keyword argument 'cnt'"));
        check!(vm, "sort"(1) => Err("TypeError: sort() takes no positional arguments"));
        check!(vm, "sort"(; keyy = 1) =>
            Err("TypeError: sort() got an unexpected keyword argument 'keyy'. Did you mean 'key'?"));
        check!(vm, "sort"(; a = 1, b = 2, c = 3) => Err("TypeError: sort() takes at most 2 keyword arguments (3 given)"));
        check!(vm, "compile"() => Err("TypeError: compile() missing required argument 'source' (pos 1)"));
        check!(vm, "compile"(1, 2) => Err("TypeError: compile() missing required argument 'mode' (pos 3)"));
        check!(vm, "compile"(1, 2, 3, 4, 5, 6, 7) =>
            Err("TypeError: compile() takes at most 6 positional arguments (7 given)"));
        check!(vm, "compile"("1", "a"; mode = "eval", optimise = 2) =>
            Err("TypeError: compile() got an unexpected keyword argument 'optimise'. Did you mean 'optimize'?"));
        check!(vm, "compile"("1", "a", "m"; optimize = u32::MAX) =>
            Err("OverflowError: Python int too large to convert to C int"));
        check!(vm, "isclose"(1) => Err("TypeError: isclose() missing required argument 'b' (pos 2)"));
        check!(vm, "isclose"(1, 2, 3) => Err("TypeError: isclose() takes exactly 2 positional arguments (3 given)"));
        check!(vm, "isclose"(1, 2) => Err("TypeError: isclose() missing required argument 'strict' (pos 4)"));
        check!(vm, "fabs"() => Err("TypeError: toys.fabs() takes exactly one argument (0 given)"));
        check!(vm, "fabs"(; x = 1) => Err("TypeError: toys.fabs() takes no keyword arguments"));
        check!(vm, "fabs"("a") => Err("TypeError: must be real number, not str"));
        check!(vm, "count"(1; x = 2) => Err("TypeError: toys.count() takes no keyword arguments"));
        check!(vm, "print"(; sepp = 1) =>
            Err("TypeError: print() got an unexpected keyword argument 'sepp'. Did you mean 'sep'?"));
        check!(vm, "index"(1, 2, 3) => Err("TypeError: index expected at most 2 arguments, got 3"));
        check!(vm, "index"(()) => Err("TypeError: slice indices must be integers or have an __index__ method"));
        check!(vm, "category"(1) => Err("TypeError: category() argument must be a unicode character, not int"));
        check!(vm, "name"(1) => Err("TypeError: name() argument 1 must be a unicode character, not int"));
        check!(vm, "name"("ab") =>
            Err("TypeError: name(): argument 1 must be a unicode character, not a string of length 2"));
        check!(vm, "name"() => Err("TypeError: name expected at least 1 argument, got 0"));
        check!(vm, "narrow"(-1) => Err("ValueError: Cannot convert negative int"));
        check!(vm, "narrow"(u64::MAX) => Err("OverflowError: Python int too large for C unsigned int"));
        check!(vm, "read"("a") => Err("TypeError: argument should be integer or None, not 'str'"));
        check!(vm, "read"(u64::MAX) => Err("OverflowError: cannot fit 'int' into an index-sized integer"));
        check!(vm, "byte"(256) => Err("OverflowError: unsigned byte integer is greater than maximum"));
        check!(vm, "byte"(-1) => Err("OverflowError: unsigned byte integer is less than minimum"));
        Ok(())
    });
}

#[test]
fn a_class_works() {
    with_vm(|vm| {
        let class = vm.make_type(&COUNTER)?;
        let slots = &class.slots;
        let (Some(new), Some(next), Some(len)) = (
            slots.tp_new.get(),
            slots.tp_iternext.get(),
            slots.sq_length.get(),
        ) else {
            panic!("slots are missing");
        };
        let v = new(vm, &class, Args::positional(&[Value::from_i32(2)]))?;
        assert_eq!(len(vm, &v)?, 2);
        assert_eq!(next(vm, &v)?.and_then(|v| v.as_small_int()), Some(2));
        let three = [Value::from_i32(3), vm.none()];
        assert_eq!(
            message(vm, new(vm, &class, Args::positional(&three))),
            Err("TypeError: Counter() takes at most 1 positional argument (2 given)".to_owned())
        );
        let methods = COUNTER_METHODS.methods;
        let run = |name: &str, this: &Value, call: Call| {
            call.run(vm, find(methods, name), this, Some("Counter"))
        };
        assert_eq!(run("add", &v, Call::new().arg(5, vm)), Ok("6".to_owned()));
        assert_eq!(run("add", &v, Call::new()), Ok("7".to_owned()));
        let too_many = "TypeError: Counter.clear() takes no arguments (1 given)";
        assert_eq!(
            run("clear", &v, Call::new().arg(5, vm)),
            Err(too_many.to_owned())
        );
        assert_eq!(
            run("set", &v, Call::new().arg(5, vm)),
            Ok("None".to_owned())
        );
        let wrong =
            "TypeError: descriptor 'add' for 'Counter' objects doesn't apply to a 'int' object";
        assert_eq!(
            run("add", &Value::from_i32(1), Call::new()),
            Err(wrong.to_owned())
        );
        assert_eq!(
            run("of", class.as_value(), Call::new().arg(vec![1, 2], vm)),
            Ok("toys.Counter".to_owned())
        );
        assert_eq!(
            run("pair", &vm.none(), Call::new().arg(1, vm).arg((), vm)),
            Ok("(1, None)".to_owned())
        );
        let label = &COUNTER_METHODS.getset[0];
        let (Some(get), Some(set)) = (label.get, label.set) else {
            panic!("no accessors")
        };
        set(vm, &v, Some(&Value::from_i32(9)))?;
        assert_eq!(get(vm, &v)?.as_small_int(), Some(9));
        assert!(set(vm, &v, None).map_err(|r| vm.take_raised(r)).is_err());
        assert!(
            COUNTER_METHODS
                .slots
                .iter()
                .any(|s| matches!(s, SlotDef::nb_add(_)))
        );
        Ok(())
    });
}
