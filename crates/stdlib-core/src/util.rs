//! What the modules here share: declarations of payloads that own values, and small conversions.

use taipan_object::{Value, Vm};

/// Implements `Traverse` for a payload from the names of its fields and declares it: `cleared` are cells that can be
/// emptied to break a cycle (`PyCell<Option<..>>`), `cells` any other cells, `values` plain values, `refs` typed references.
macro_rules! owns {
    ($t:ty: $(cleared($($c:ident)*))? $(cells($($f:ident)*))? $(values($($v:ident)*))? $(refs($($r:ident)*))? $(lists($($l:ident)*))?) => {
        ::taipan_object::payload!($t, gc);
        impl ::taipan_object::Traverse for $t {
            fn traverse(&self, visit: &mut ::taipan_object::Visitor<'_>) {
                $($(self.$c.visit(visit);)*)?
                $($(self.$f.visit(visit);)*)?
                $($(visit(&self.$v);)*)?
                $($(visit(self.$r.as_value());)*)?
                $($(for v in self.$l.iter() { visit(v); })*)?
            }
            fn clear(&self) {
                $($(self.$c.set(None);)*)?
            }
        }
    };
}

/// An argument that counts, as `PyNumber_AsSsize_t` with errors taken as -1.
pub fn count_or_minus_one(vm: &Vm, v: &Value) -> isize {
    match vm.index_isize_or_overflow(v) {
        Ok(n) => n,
        Err(_) => {
            vm.clear_exception();
            -1
        }
    }
}

/// The name of a value's type without its module, for texts that show it.
pub fn bare_name(vm: &Vm, v: &Value) -> String {
    vm.type_of(v)
        .payload
        .name
        .get()
        .to_string_lossy()
        .into_owned()
}

/// `type(v)` as a value.
pub fn type_value(vm: &Vm, v: &Value) -> Value {
    vm.type_of(v).to_ref().into_value()
}
