//! The mangling of private names.

use std::borrow::Cow;

/// The name by which `__name` is known in a class: with the class's name before it, unless it ends in two underscores
/// or has a dot in it, or the class's name is nothing but underscores.
pub fn mangle<'n>(class: Option<&str>, name: &'n str) -> Cow<'n, str> {
    let Some(class) = class else {
        return Cow::Borrowed(name);
    };
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return Cow::Borrowed(name);
    }
    match class.trim_start_matches('_') {
        "" => Cow::Borrowed(name),
        class => Cow::Owned(format!("_{class}{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::mangle;

    #[test]
    fn like_cpython() {
        for (class, name, mangled) in [
            (None, "__x", "__x"),
            (Some("A"), "__x", "_A__x"),
            (Some("_A"), "__x", "_A__x"),
            (Some("__"), "__x", "__x"),
            (Some("A"), "__x__", "__x__"),
            (Some("A"), "_x", "_x"),
            (Some("A"), "__x.y", "__x.y"),
            (Some("A"), "__", "__"),
            (Some("A"), "__x_", "_A__x_"),
        ] {
            assert_eq!(mangle(class, name), mangled);
        }
    }
}
