//! What the macros recognize in the types of Rust parameters, by their last path segment.

use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Type};

fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(g) => plain(&g.elem),
        Type::Paren(p) => plain(&p.elem),
        other => other,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match plain(ty) {
        Type::Path(p) if p.qself.is_none() => p.path.segments.last(),
        _ => None,
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|s| s.ident == name)
}

/// The type behind a shared reference.
pub fn referent(ty: &Type) -> Option<&Type> {
    match plain(ty) {
        Type::Reference(r) if r.mutability.is_none() => Some(plain(&r.elem)),
        _ => None,
    }
}

/// `&Vm`
pub fn is_vm(ty: &Type) -> bool {
    referent(ty).is_some_and(|t| is_named(t, "Vm"))
}

/// `&Value`
pub fn is_value_ref(ty: &Type) -> bool {
    referent(ty).is_some_and(|t| is_named(t, "Value"))
}

/// `Value`
pub fn is_value(ty: &Type) -> bool {
    is_named(ty, "Value")
}

/// `&Ref<T>`, or `&TypeRef`, which is a `&Ref<TypeObject>`
pub fn is_ref_ref(ty: &Type) -> bool {
    referent(ty).is_some_and(|t| is_named(t, "Ref") || is_named(t, "TypeRef"))
}

/// `&str`
pub fn is_str_ref(ty: &Type) -> bool {
    referent(ty).is_some_and(|t| is_named(t, "str"))
}

/// `&[Value]`
pub fn is_value_slice(ty: &Type) -> bool {
    matches!(referent(ty), Some(Type::Slice(s)) if is_value(&s.elem))
}

/// `Args` or `Args<'_>`
pub fn is_args(ty: &Type) -> bool {
    is_named(ty, "Args")
}

/// `T` of `Option<T>`
pub fn option_of(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|s| s.ident == "Option")?;
    match &segment.arguments {
        PathArguments::AngleBracketed(a) => a.args.iter().find_map(|a| match a {
            GenericArgument::Type(t) => Some(plain(t)),
            _ => None,
        }),
        _ => None,
    }
}

/// Whether a function returns `PyResult<..>` (or a `Result`).
pub fn returns_result(ret: &ReturnType) -> bool {
    match ret {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => is_named(ty, "PyResult") || is_named(ty, "Result"),
    }
}
