//! `ast.AST`, the base of all nodes: construction from fields, `__replace__`, pickling, `repr`.

use taipan_ast::reflect::NodeKind;
use taipan_macros::pymethods;
use taipan_object::{
    Args, Dict, List, Payload, PyResult, Ref, Str, Tuple, TypeObject, TypeRef, TypeSpec, Value, Vm,
    payload, tpflags,
};

use super::classes;

/// The payload of nodes: all they hold is in their attributes.
pub struct AstNode;

payload!(AstNode, leaf);

/// `ast.AST`
pub static AST: TypeSpec = TypeSpec {
    parts: &[&METHODS],
    flags: tpflags::BASETYPE | tpflags::ANY_KEYWORDS,
    has_dict: true,
    extra: Some(extra),
    ..TypeSpec::new("AST", "ast", <AstNode as Payload>::layout)
};

fn extra(vm: &Vm, ty: &TypeRef) -> PyResult<()> {
    let Some(d) = ty.dict.get() else {
        return Ok(());
    };
    let empty = vm.new_tuple(Vec::new())?.into_value();
    for name in ["_fields", "__match_args__", "_attributes"] {
        d.set_named(vm, name, empty.clone())?;
    }
    Ok(())
}

/// What C code calls the type.
fn tp_name(vm: &Vm, ty: &TypeRef) -> String {
    let native = vm.class::<AstNode>().is_ok_and(|c| c.is(ty));
    let name = ty.name.get().to_string_lossy().into_owned();
    if native { format!("ast.{name}") } else { name }
}

/// A tuple of names among the type's attributes; empty when there is none.
fn names_of(vm: &Vm, ty: &TypeRef, what: &str) -> PyResult<Vec<Value>> {
    match vm.getattr_str_opt(ty.as_value(), what)? {
        Some(v) => vm.collect(&v),
        None => Ok(Vec::new()),
    }
}

fn str_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<Str>> {
    v.downcast_ref::<Str>()
        .ok_or_else(|| vm.type_error("attribute name must be string"))
}

fn position(vm: &Vm, names: &[Value], name: &Value) -> PyResult<Option<usize>> {
    for (i, n) in names.iter().enumerate() {
        if vm.eq(n, name)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn deprecated(vm: &Vm, message: &str) -> PyResult<()> {
    vm.warn(&vm.exc().DeprecationWarning, message, 1)
}

/// Gives a field that was left out its default.
fn fill(vm: &Vm, this: &Value, ty: &TypeRef, types: Option<&Value>, field: &Value) -> PyResult<()> {
    let Some(types) = types else { return Ok(()) };
    let known = match types.downcast_ref::<Dict>() {
        Some(d) => d.get(vm, field)?,
        None => None,
    };
    let Some(t) = known else {
        return deprecated(
            vm,
            &format!(
                "Field {} is missing from {}._field_types. This will become an error in Python 3.15.",
                vm.repr_string(field)?,
                tp_name(vm, ty)
            ),
        );
    };
    let name = str_of(vm, field)?;
    if t.downcast_ref::<taipan_object::generic::GenericAlias>()
        .is_some()
    {
        return vm.setattr(this, name, vm.new_list(Vec::new())?.as_value());
    }
    let classes = classes::get(vm)?;
    if t.is(classes.families[NodeKind::Load.info().family as usize].as_value()) {
        let load = classes.singletons[NodeKind::Load as usize].clone();
        return vm.setattr(this, name, &load.unwrap_or_else(|| vm.none()));
    }
    if t.downcast_ref::<TypeObject>().is_none() {
        // `X | None`: the class has the default.
        return Ok(());
    }
    deprecated(
        vm,
        &format!(
            "{}.__init__ missing 1 required positional argument: {}. This will become an error in Python 3.15.",
            tp_name(vm, ty),
            vm.repr_string(field)?
        ),
    )
}

fn init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    let ty = vm.type_value(this);
    if vm.getattr_str_opt(ty.as_value(), "_fields")?.is_none() {
        return Err(vm.attribute_error(
            ty.as_value(),
            vm.intern("_fields")?.as_value(),
            &format!(
                "type object '{}' has no attribute '_fields'",
                tp_name(vm, &ty)
            ),
        ));
    }
    let fields = names_of(vm, &ty, "_fields")?;
    let mut left = vec![true; fields.len()];
    let pos = args.pos();
    if fields.len() < pos.len() {
        return Err(vm.type_error(&format!(
            "{} constructor takes at most {} positional argument{}",
            ty.name.get().to_string_lossy(),
            fields.len(),
            if fields.len() == 1 { "" } else { "s" }
        )));
    }
    for ((field, v), left) in fields.iter().zip(pos).zip(&mut left) {
        vm.setattr(this, str_of(vm, field)?, v)?;
        *left = false;
    }
    let mut attributes = None;
    for (k, v) in args.any_keywords() {
        match position(vm, &fields, k)? {
            Some(i) => {
                if !std::mem::replace(&mut left[i], false) {
                    return Err(vm.type_error(&format!(
                        "{} got multiple values for argument {}",
                        tp_name(vm, &ty),
                        vm.repr_string(k)?
                    )));
                }
            }
            None => {
                if attributes.is_none() {
                    attributes = Some(names_of(vm, &ty, "_attributes")?);
                }
                if position(vm, attributes.as_deref().unwrap_or(&[]), k)?.is_none() {
                    deprecated(
                        vm,
                        &format!(
                            "{}.__init__ got an unexpected keyword argument {}. Support for arbitrary keyword arguments is deprecated and will be removed in Python 3.15.",
                            tp_name(vm, &ty),
                            vm.repr_string(k)?
                        ),
                    )?;
                }
            }
        }
        let Some(name) = k.downcast_ref::<Str>() else {
            return Err(vm.type_error(&format!(
                "attribute name must be string, not '{}'",
                vm.type_name(k)
            )));
        };
        vm.setattr(this, name, v)?;
    }
    if left.contains(&true) {
        let types = vm.getattr_str_opt(ty.as_value(), "_field_types")?;
        for (field, _) in fields.iter().zip(&left).filter(|(_, left)| **left) {
            fill(vm, this, &ty, types.as_ref(), field)?;
        }
    }
    Ok(())
}

fn dict_of(vm: &Vm, this: &Value) -> PyResult<Ref<Dict>> {
    match vm.instance_dict(this)? {
        Some(d) => Ok(d),
        None => vm.new_dict(),
    }
}

fn replace(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult {
    if !args.pos().is_empty() {
        return Err(vm.type_error("__replace__() takes no positional arguments"));
    }
    let ty = vm.type_value(this);
    let dict = dict_of(vm, this)?;
    let mut expected = names_of(vm, &ty, "_fields")?;
    let fields = expected.len();
    expected.extend(names_of(vm, &ty, "_attributes")?);
    for (k, _) in args.any_keywords() {
        if position(vm, &expected, k)?.is_none() {
            return Err(vm.type_error(&format!(
                "{}.__replace__ got an unexpected keyword argument {}.",
                ty.name.get().to_string_lossy(),
                vm.repr_string(k)?
            )));
        }
    }
    let mut missing = Vec::new();
    for name in &expected[..fields] {
        let n = str_of(vm, name)?;
        let given = args.keywords().any(|(k, _)| k.same_text(n));
        if !given && dict.get(vm, name)?.is_none() && vm.getattr_opt(ty.as_value(), n)?.is_none() {
            missing.push(vm.repr_string(name)?);
        }
    }
    if !missing.is_empty() {
        return Err(vm.type_error(&format!(
            "{}.__replace__ missing {} keyword argument{}: {}.",
            ty.name.get().to_string_lossy(),
            missing.len(),
            if missing.len() == 1 { "" } else { "s" },
            missing.join(", ")
        )));
    }
    let values = vm.new_dict()?;
    for name in &expected {
        if let Some(v) = dict.get(vm, name)? {
            values.set(vm, name, v)?;
        }
    }
    for (k, v) in args.keywords() {
        values.set(vm, k.as_value(), v.clone())?;
    }
    vm.call_dict(ty.as_value(), &[], Some(&values))
}

/// `repr` of a field's value, nodes no deeper than `depth`.
fn repr_value(vm: &Vm, v: &Value, depth: usize) -> PyResult<String> {
    if v.downcast_ref::<AstNode>().is_some() {
        return repr_node(vm, v, depth);
    }
    let (items, open, close) = match (v.downcast_ref::<List>(), v.downcast_ref::<Tuple>()) {
        (Some(l), _) => (l.items.to_vec(), '[', ']'),
        (_, Some(t)) => (t.as_slice().to_vec(), '(', ')'),
        _ => return vm.repr_string(v),
    };
    let item = |v: &Value| match v.downcast_ref::<AstNode>() {
        Some(_) => repr_node(vm, v, depth),
        None => vm.repr_string(v),
    };
    let mut out = String::from(open);
    if let [first, .., last] = items.as_slice() {
        out.push_str(&item(first)?);
        if items.len() > 2 {
            out.push_str(", ...");
        }
        out.push_str(", ");
        out.push_str(&item(last)?);
    } else if let [only] = items.as_slice() {
        out.push_str(&item(only)?);
    }
    out.push(close);
    Ok(out)
}

fn repr_node(vm: &Vm, this: &Value, depth: usize) -> PyResult<String> {
    let ty = vm.type_value(this);
    let name = tp_name(vm, &ty);
    if depth == 0 || !vm.repr_enter(this) {
        return Ok(format!("{name}(...)"));
    }
    let text = || -> PyResult<String> {
        let mut parts = Vec::new();
        for field in names_of(vm, &ty, "_fields")? {
            let field = str_of(vm, &field)?;
            let v = vm.getattr(this, field)?;
            parts.push(format!(
                "{}={}",
                field.to_string_lossy(),
                repr_value(vm, &v, depth - 1)?
            ));
        }
        Ok(format!("{name}({})", parts.join(", ")))
    };
    let text = text();
    vm.repr_leave(this);
    text
}

#[pymethods(METHODS)]
impl AstNode {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let _ = args;
        Ok(vm.new_object(cls, AstNode)?.into_value())
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
        init(vm, this, args)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<String> {
        repr_node(vm, this, 3)
    }

    #[pymethod]
    fn __reduce__(vm: &Vm, this: &Value) -> PyResult {
        let ty = vm.type_value(this);
        let dict = dict_of(vm, this)?;
        let mut args = Vec::new();
        // Fields are given as None first: a constructor without them would warn.
        for field in names_of(vm, &ty, "_fields")? {
            if dict.get(vm, &field)?.is_none() {
                break;
            }
            args.push(vm.none());
        }
        let args = vm.new_tuple(args)?.into_value();
        Ok(vm
            .new_tuple(vec![ty.into_value(), args, dict.into_value()])?
            .into_value())
    }

    /// Return a copy of the AST node with new values for the specified fields.
    #[pymethod(name = "__replace__")]
    fn replaced(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult {
        replace(vm, this, args)
    }

    #[getter(__dict__)]
    fn dict(vm: &Vm, this: &Value) -> PyResult<Ref<Dict>> {
        dict_of(vm, this)
    }

    #[setter(__dict__)]
    fn set_dict(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        let Some(v) = value else {
            return vm.set_instance_dict(this, None).map(drop);
        };
        match v.downcast_ref::<Dict>() {
            Some(d) => vm.set_instance_dict(this, Some(d.clone())).map(drop),
            None => Err(vm.type_error(&format!(
                "__dict__ must be set to a dictionary, not a '{}'",
                vm.type_name(v)
            ))),
        }
    }
}
