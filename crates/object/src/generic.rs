//! The payloads of `types.GenericAlias` and `typing.Union`. Their behaviour is in `taipan-builtins`.

use crate::cell::PyCell;
use crate::containers::tuple::Tuple;
use crate::reference::{Ref, Traverse, Visitor};
use crate::value::Value;

/// `types.GenericAlias`: `list[int]`.
pub struct GenericAlias {
    /// `__origin__`
    pub origin: Value,
    /// `__args__`
    pub args: Ref<Tuple>,
    /// `__parameters__`, once asked for.
    pub parameters: PyCell<Option<Ref<Tuple>>>,
    /// `__unpacked__`: it stands for `*alias`.
    pub starred: bool,
}

crate::payload!(GenericAlias, gc);

impl Traverse for GenericAlias {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.origin);
        visit(self.args.as_value());
        self.parameters.visit(visit);
    }
}

/// `typing.Union`: `int | str`.
pub struct Union {
    /// `__args__`
    pub args: Ref<Tuple>,
    /// `__parameters__`, once asked for.
    pub parameters: PyCell<Option<Ref<Tuple>>>,
}

crate::payload!(Union, gc);

impl Traverse for Union {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.args.as_value());
        self.parameters.visit(visit);
    }
}
