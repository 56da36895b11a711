//! `BaseExceptionGroup` and `ExceptionGroup`: construction with its checks, and the splitting that `except*` builds on.

use taipan_macros::pymethods;
use taipan_object::{
    Args, BaseException, ClassPart, GetSetDef, List, PyResult, Raised, Ref, Str, Tuple, TypeObject,
    Value, Vm,
};

use super::base::{allocate, args_of, init, payload};
use super::fields::{field, get, set_field};

const MESSAGE: usize = 0;
const EXCEPTIONS: usize = 1;
/// The repr of a sequence that is neither list nor tuple, as it was at construction.
const SHOWN: usize = 2;

fn is_exception(vm: &Vm, v: &Value) -> bool {
    vm.is_instance_exact(v, &vm.exc().BaseException)
}

/// Whether `v` is an exception group.
pub fn is_group(vm: &Vm, v: &Value) -> bool {
    vm.is_instance_exact(v, &vm.exc().BaseExceptionGroup)
}

fn is_sequence(vm: &Vm, v: &Value) -> bool {
    vm.type_of(v).payload.slots.sq_item.get().is_some()
        && v.downcast_ref::<taipan_object::Dict>().is_none()
}

fn group_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
    let [message, exceptions] = args.pos() else {
        return Err(vm.type_error(&format!(
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)",
            args.pos().len()
        )));
    };
    if message.downcast_ref::<Str>().is_none() {
        let got = if vm.is_none(message) {
            "None".to_owned()
        } else {
            vm.type_name(message)
        };
        return Err(vm.type_error(&format!(
            "BaseExceptionGroup.__new__() argument 1 must be str, not {got}"
        )));
    }
    if !is_sequence(vm, exceptions) {
        return Err(vm.type_error("second argument (exceptions) must be a sequence"));
    }
    let builtin = is_exact_list(vm, exceptions)
        || std::ptr::eq(vm.type_of(exceptions), vm.types().tuple.object());
    let shown = if builtin {
        None
    } else {
        Some(vm.repr(exceptions)?.into_value())
    };
    let items = vm.collect(exceptions)?;
    if items.is_empty() {
        return Err(vm.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    let mut base_nested = false;
    for (i, e) in items.iter().enumerate() {
        if !is_exception(vm, e) {
            return Err(vm.value_error(&format!(
                "Item {i} of second argument (exceptions) is not an exception"
            )));
        }
        base_nested |= !vm.is_instance_exact(e, &vm.exc().Exception);
    }
    let exc = vm.exc();
    let mut cls = cls;
    if cls.is(&exc.ExceptionGroup) {
        if base_nested {
            return Err(vm.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
        }
    } else if cls.is(&exc.BaseExceptionGroup) {
        if !base_nested {
            cls = &exc.ExceptionGroup;
        }
    } else if base_nested && cls.is_subtype(exc.Exception.object()) {
        let name = cls.name.get();
        return Err(vm.type_error(&format!(
            "Cannot nest BaseExceptions in '{}'",
            name.to_string_lossy()
        )));
    }
    let this = allocate(vm, cls, vm.new_tuple_from(args.pos())?)?;
    set_field(vm, &this, MESSAGE, Some(message.clone()))?;
    let items = vm.new_tuple(items)?.into_value();
    set_field(vm, &this, EXCEPTIONS, Some(items))?;
    set_field(vm, &this, SHOWN, shown)?;
    Ok(this)
}

fn is_exact_list(vm: &Vm, v: &Value) -> bool {
    std::ptr::eq(vm.type_of(v), vm.types().list.object())
}

/// The exceptions in a group.
pub fn exceptions(vm: &Vm, group: &Value) -> PyResult<Ref<Tuple>> {
    match field(vm, group, EXCEPTIONS)?.map(Value::downcast::<Tuple>) {
        Some(Ok(t)) => Ok(t),
        _ => Ok(vm.interp().singletons().empty_tuple.clone()),
    }
}

fn message(vm: &Vm, this: &Value) -> PyResult {
    Ok(field(vm, this, MESSAGE)?.unwrap_or_else(|| vm.none()))
}

/// What `split` and `subgroup` select by.
enum Matcher<'a> {
    /// An exception type or a tuple of them.
    Type(&'a Value),
    /// A callable.
    Predicate(&'a Value),
    /// Members of this set, by identity.
    Identity(&'a [Value]),
}

fn is_exception_class(vm: &Vm, v: &Value) -> bool {
    v.downcast_ref::<TypeObject>()
        .is_some_and(|t| t.is_subtype(vm.exc().BaseException.object()))
}

impl<'a> Matcher<'a> {
    fn new(vm: &Vm, v: &'a Value) -> PyResult<Matcher<'a>> {
        if vm.is_callable(v) && v.downcast_ref::<TypeObject>().is_none() {
            return Ok(Matcher::Predicate(v));
        }
        let all_classes = match v.downcast_exact::<Tuple>(&vm.types().tuple) {
            Some(t) => t.as_slice().iter().all(|c| is_exception_class(vm, c)),
            None => is_exception_class(vm, v),
        };
        if all_classes {
            return Ok(Matcher::Type(v));
        }
        Err(vm.type_error(
            "expected an exception type, a tuple of exception types, or a callable (other than a class)",
        ))
    }

    fn matches(&self, vm: &Vm, e: &Value) -> PyResult<bool> {
        match self {
            Matcher::Type(t) => Ok(given_matches(vm, e, t)),
            Matcher::Predicate(f) => {
                let r = vm.call1(f, e)?;
                vm.is_true(&r)
            }
            Matcher::Identity(all) => Ok(!is_group(vm, e) && all.iter().any(|x| x.is(e))),
        }
    }
}

/// Whether an exception is an instance of a class or of one in a tuple (`PyErr_GivenExceptionMatches`).
pub fn given_matches(vm: &Vm, e: &Value, class: &Value) -> bool {
    match class.downcast_ref::<Tuple>() {
        Some(t) => t.as_slice().iter().any(|c| given_matches(vm, e, c)),
        None => class
            .downcast_ref::<TypeObject>()
            .is_some_and(|c| vm.is_instance_exact(e, c)),
    }
}

/// A group like `orig` with other exceptions in it, made by its `derive`; `None` for no exceptions.
fn subset(vm: &Vm, orig: &Value, items: Vec<Value>) -> PyResult<Option<Value>> {
    if items.is_empty() {
        return Ok(None);
    }
    let list = vm.new_list(items)?.into_value();
    let new = vm.call_method_str(orig, "derive", &[list])?;
    if !is_group(vm, &new) {
        return Err(vm.type_error("derive must return an instance of BaseExceptionGroup"));
    }
    copy_context(vm, orig, &new)?;
    Ok(Some(new))
}

/// Copies traceback, context, cause and notes of `from` to `to`.
fn copy_context(vm: &Vm, from: &Value, to: &Value) -> PyResult<()> {
    let (a, b): (&Ref<BaseException>, _) = (payload(vm, from)?, payload(vm, to)?);
    if let Some(tb) = a.traceback.get() {
        b.traceback.set(Some(tb));
    }
    b.context.set(a.context.get());
    b.suppress_context.set(true);
    b.cause.set(a.cause.get());
    let name = &vm.names().__notes__;
    // Notes that are no sequence are left behind: the user's mistake is not ours to report here.
    if let Some(notes) = vm.getattr_opt(from, name)?
        && is_sequence(vm, &notes)
    {
        let copy = vm.new_list(vm.collect(&notes)?)?.into_value();
        vm.setattr(to, name, &copy)?;
    }
    Ok(())
}

/// The matching part and the rest.
struct Split {
    matching: Option<Value>,
    rest: Option<Value>,
}

fn split(vm: &Vm, e: &Value, matcher: &Matcher<'_>, want_rest: bool) -> PyResult<Split> {
    vm.check_stack(" in exceptiongroup_split_recursive")?;
    if matcher.matches(vm, e)? {
        return Ok(Split {
            matching: Some(e.clone()),
            rest: None,
        });
    }
    if !is_group(vm, e) {
        return Ok(Split {
            matching: None,
            rest: want_rest.then(|| e.clone()),
        });
    }
    let (mut matching, mut rest) = (Vec::new(), Vec::new());
    for inner in exceptions(vm, e)?.as_slice() {
        let part = split(vm, inner, matcher, want_rest)?;
        matching.extend(part.matching);
        rest.extend(part.rest);
    }
    let matching = subset(vm, e, matching)?;
    let rest = if want_rest {
        subset(vm, e, rest)?
    } else {
        None
    };
    Ok(Split { matching, rest })
}

/// Splits a group by exception type (or a tuple of types), as `except*` does: the matching part and the rest.
pub fn split_by_type(
    vm: &Vm,
    group: &Value,
    types: &Value,
) -> PyResult<(Option<Value>, Option<Value>)> {
    let parts = split(vm, group, &Matcher::Type(types), true)?;
    Ok((parts.matching, parts.rest))
}

fn leaves(vm: &Vm, e: &Value, out: &mut Vec<Value>) -> PyResult<()> {
    vm.check_stack(" in collect_exception_group_leaf_ids")?;
    if !is_group(vm, e) {
        out.push(e.clone());
        return Ok(());
    }
    for inner in exceptions(vm, e)?.as_slice() {
        leaves(vm, inner, out)?;
    }
    Ok(())
}

fn same_metadata(vm: &Vm, a: &Value, b: &Value) -> PyResult<bool> {
    let name = &vm.names().__notes__;
    let same = |x: Option<Value>, y: Option<Value>| match (x, y) {
        (Some(x), Some(y)) => x.is(&y),
        (None, None) => true,
        _ => false,
    };
    let (x, y) = (payload(vm, a)?, payload(vm, b)?);
    Ok(same(vm.getattr_opt(a, name)?, vm.getattr_opt(b, name)?)
        && same(x.traceback.get(), y.traceback.get())
        && same(x.cause.get(), y.cause.get())
        && same(x.context.get(), y.context.get()))
}

/// What is to be raised at the end of a `try` with `except*` clauses: `orig` is the exception that came, `raised` what
/// the clauses raised or did not handle (`_PyExc_PrepReraiseStar`). `None`: nothing.
pub fn prepare_reraise(vm: &Vm, orig: &Value, raised: &Ref<List>) -> PyResult<Option<Value>> {
    let all = raised.to_vec();
    if all.is_empty() {
        return Ok(None);
    }
    if !is_group(vm, orig) {
        // A naked exception was wrapped for the clauses: there is one result at most.
        return Ok(all.into_iter().next().filter(|e| !vm.is_none(e)));
    }
    let (mut new, mut same) = (Vec::new(), Vec::new());
    for e in all {
        if vm.is_none(&e) {
            continue;
        }
        if same_metadata(vm, &e, orig)? {
            same.push(e);
        } else {
            new.push(e);
        }
    }
    let mut ids = Vec::new();
    for e in &same {
        leaves(vm, e, &mut ids)?;
    }
    let unhandled = if same.is_empty() {
        None
    } else {
        split(vm, orig, &Matcher::Identity(&ids), false)?.matching
    };
    if new.is_empty() {
        return Ok(unhandled);
    }
    new.extend(unhandled);
    if new.len() == 1 {
        return Ok(new.pop());
    }
    let items = vm.new_list(new)?.into_value();
    let empty = vm.interp().singletons().empty_str.clone().into_value();
    vm.call_pos(vm.exc().BaseExceptionGroup.as_value(), &[empty, items])
        .map(Some)
}

fn read_only(vm: &Vm, _: &Value, _: Option<&Value>) -> PyResult<()> {
    Err(readonly(vm))
}

fn readonly(vm: &Vm) -> Raised {
    vm.raise_new(&vm.exc().AttributeError, "readonly attribute")
}

/// Where the methods of `BaseExceptionGroup` are declared.
pub struct Methods;

#[pymethods(GROUP_METHODS)]
impl Methods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        group_new(vm, cls, args)
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
        init(vm, this, args)
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Value) -> PyResult {
        let n = exceptions(vm, this)?.len();
        let s = if n > 1 { "s" } else { "" };
        let mut out = taipan_text::TextBuf::from_text(vm.str(&message(vm, this)?)?.text());
        out.push_str(&format!(" ({n} sub-exception{s})"));
        Ok(vm.new_str_buf(&out)?.into_value())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult {
        let items = exceptions(vm, this)?;
        let args = args_of(vm, payload(vm, this)?);
        let shown = match field(vm, this, SHOWN)? {
            Some(s) => vm.str(&s)?,
            None if args.get(1).is_some_and(|v| is_exact_list(vm, &v)) => {
                let list = vm.new_list(items.as_slice().to_vec())?.into_value();
                vm.repr(&list)?
            }
            None => vm.repr(items.as_value())?,
        };
        let mut out = taipan_text::TextBuf::default();
        out.push_text(vm.type_of(this).payload.name.get().text());
        out.push_str("(");
        out.push_text(vm.repr(&message(vm, this)?)?.text());
        out.push_str(", ");
        out.push_text(shown.text());
        out.push_str(")");
        Ok(vm.new_str_buf(&out)?.into_value())
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    #[pymethod(sig = "($self, excs, /)")]
    fn derive(vm: &Vm, this: &Value, excs: &Value) -> PyResult {
        let args = [message(vm, this)?, excs.clone()];
        vm.call_pos(vm.exc().BaseExceptionGroup.as_value(), &args)
    }

    #[pymethod(sig = "($self, matcher_value, /)")]
    fn split(
        vm: &Vm,
        this: &Value,
        matcher_value: &Value,
    ) -> PyResult<(Option<Value>, Option<Value>)> {
        let parts = split(vm, this, &Matcher::new(vm, matcher_value)?, true)?;
        Ok((parts.matching, parts.rest))
    }

    #[pymethod(sig = "($self, matcher_value, /)")]
    fn subgroup(vm: &Vm, this: &Value, matcher_value: &Value) -> PyResult<Option<Value>> {
        Ok(split(vm, this, &Matcher::new(vm, matcher_value)?, false)?.matching)
    }
}

static MEMBERS: ClassPart = ClassPart {
    methods: &[],
    getset: &[
        GetSetDef {
            name: "message",
            doc: Some("exception message"),
            get: Some(get::<MESSAGE>),
            set: Some(read_only),
            member: true,
        },
        GetSetDef {
            name: "exceptions",
            doc: Some("nested exceptions"),
            get: Some(get::<EXCEPTIONS>),
            set: Some(read_only),
            member: true,
        },
    ],
    slots: &[],
};

/// BaseExceptionGroup's parts.
pub static PARTS: &[&ClassPart] = &[&GROUP_METHODS, &MEMBERS];
