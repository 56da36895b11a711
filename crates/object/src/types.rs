//! The types that the object system itself makes objects of. All other classes are found by payload: `vm.class::<T>()`.

use crate::class::{TypeObject, TypeRef, tpflags};
use crate::containers::bytes::Bytes;
use crate::containers::dict::Dict;
use crate::containers::list::List;
use crate::containers::number::{Complex, Float, Int};
use crate::containers::set::Set;
use crate::containers::slice::Slice;
use crate::containers::string::Str;
use crate::containers::tuple::Tuple;
use crate::descr::{GetSetDescr, MemberDescr, MethodDescr, NativeFunction, WrapperDescr};
use crate::module::Module;
use crate::reference::{Fixed, Layout, Payload};
use crate::value::PyResult;
use crate::vm::Vm;
use crate::weakref::WeakRef;

/// The payload of `object`, of singletons, and of plain instances: nothing.
pub struct Plain;

crate::payload!(Plain, leaf);

macro_rules! types {
    (root $root:ident; $($(#[$doc:meta])* $field:ident: $name:literal, $payload:ty, $base:ident, $flags:expr;)*) => {
        /// The core types.
        pub struct Types {
            /// `object`
            pub object: TypeRef,
            /// `type`
            pub type_: TypeRef,
            $($(#[$doc])* pub $field: Fixed<TypeObject>,)*
        }

        impl Types {
            pub(crate) fn new(vm: &Vm, $root: TypeRef, type_: TypeRef) -> PyResult<Types> {
                $(let $field = {
                    let layout: &'static Layout = <$payload as Payload>::layout();
                                        Fixed::new(vm.raw_type($name, layout, &$base, $flags)?)
                };)*
                Ok(Types { object: $root, type_, $($field,)* })
            }

            /// All of them, bases before what derives from them.
            pub fn all(&self) -> Vec<TypeRef> {
                [&self.object, &self.type_, $(&*self.$field,)*].into_iter().map(|t| TypeRef::clone(t)).collect()
            }
        }
    };
}

const BASE: u64 = tpflags::BASETYPE;

types! {
    root object;
    /// `int`
    int: "int", Int, object, BASE | tpflags::LONG_SUBCLASS | tpflags::MATCH_SELF;
    /// `bool`
    bool: "bool", Int, int, tpflags::LONG_SUBCLASS | tpflags::MATCH_SELF;
    /// `float`
    float: "float", Float, object, BASE | tpflags::MATCH_SELF;
    /// `complex`
    complex: "complex", Complex, object, BASE;
    /// `str`
    str: "str", Str, object, BASE | tpflags::UNICODE_SUBCLASS | tpflags::MATCH_SELF;
    /// `bytes`
    bytes: "bytes", Bytes, object, BASE | tpflags::BYTES_SUBCLASS | tpflags::MATCH_SELF;
    /// `tuple`
    tuple: "tuple", Tuple, object, BASE | tpflags::TUPLE_SUBCLASS | tpflags::MATCH_SELF | tpflags::SEQUENCE;
    /// `list`
    list: "list", List, object, BASE | tpflags::LIST_SUBCLASS | tpflags::MATCH_SELF | tpflags::SEQUENCE;
    /// `dict`
    dict: "dict", Dict, object, BASE | tpflags::DICT_SUBCLASS | tpflags::MATCH_SELF | tpflags::MAPPING;
    /// `set`
    set: "set", Set, object, BASE | tpflags::MATCH_SELF;
    /// `frozenset`
    frozenset: "frozenset", Set, object, BASE | tpflags::MATCH_SELF;
    /// `slice`
    slice: "slice", Slice, object, 0;
    /// `NoneType`
    none_type: "NoneType", Plain, object, 0;
    /// `ellipsis`
    ellipsis_type: "ellipsis", Plain, object, 0;
    /// `NotImplementedType`
    not_implemented_type: "NotImplementedType", Plain, object, 0;
    /// `module`
    module: "module", Module, object, BASE;
    /// `builtin_function_or_method`
    native_function: "builtin_function_or_method", NativeFunction, object, 0;
    /// `method_descriptor`
    method_descriptor: "method_descriptor", MethodDescr, object, tpflags::METHOD_DESCRIPTOR;
    /// `classmethod_descriptor`
    classmethod_descriptor: "classmethod_descriptor", MethodDescr, object, 0;
    /// `getset_descriptor`
    getset_descriptor: "getset_descriptor", GetSetDescr, object, 0;
    /// `member_descriptor`
    member_descriptor: "member_descriptor", MemberDescr, object, 0;
    /// `wrapper_descriptor`
    wrapper_descriptor: "wrapper_descriptor", WrapperDescr, object, tpflags::METHOD_DESCRIPTOR;
    /// `method-wrapper`
    method_wrapper: "method-wrapper", crate::descr::MethodWrapper, object, 0;
    /// `method`
    method: "method", crate::descr::Method, object, 0;
    /// `cell`
    cell: "cell", crate::descr::Cell, object, 0;
    /// `staticmethod`
    static_method: "staticmethod", crate::descr::WrappedMethod, object, BASE;
    /// `classmethod`
    class_method: "classmethod", crate::descr::WrappedMethod, object, BASE;
    /// `weakref.ReferenceType`
    weakref: "ReferenceType", WeakRef, object, BASE;
}
