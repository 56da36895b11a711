//! Strings that the runtime itself uses, interned once for each interpreter: `vm.names().__init__`.

use crate::class::CompareOp;
use crate::containers::string::Str;
use crate::reference::{Fixed, Ref};
use crate::value::PyResult;
use crate::vm::Vm;

fn name(vm: &Vm, text: &str) -> PyResult<Fixed<Str>> {
    let s = vm.intern(text.trim_start_matches("r#"))?;
    Ok(Fixed::new(s))
}

macro_rules! names {
    ($($n:ident)*) => {
        /// The interned names; a field each, named as its text.
        #[allow(non_snake_case, missing_docs, reason = "the fields are the names")]
        pub struct Names { $(pub $n: Fixed<Str>,)* }

        impl Names {
            pub(crate) fn new(vm: &Vm) -> PyResult<Names> {
                Ok(Names { $($n: name(vm, stringify!($n))?,)* })
            }

            /// The name of the method of a comparison.
            #[inline]
            pub fn comparison(&self, op: CompareOp) -> &Ref<Str> {
                match op {
                    CompareOp::Lt => &self.__lt__,
                    CompareOp::Le => &self.__le__,
                    CompareOp::Eq => &self.__eq__,
                    CompareOp::Ne => &self.__ne__,
                    CompareOp::Gt => &self.__gt__,
                    CompareOp::Ge => &self.__ge__,
                }
            }
        }
    };
}

names! {
    __abs__ __abstractmethods__ __add__ __aenter__ __aexit__ __aiter__ __all__ __and__ __anext__ __annotate__ __annotate_func__ __annotations__
    __annotations_cache__ __await__ __bases__ __bool__ __buffer__ __build_class__ __builtins__ __bytes__ __call__ __cause__ __ceil__ __class__
    __class_getitem__ __classcell__ __classdict__ __classdictcell__ __complex__ __contains__ __context__ __copy__ __ctypes_from_outparam__ __deepcopy__
    __del__ __delattr__ __delete__ __delitem__ __dict__ __dictoffset__ __dir__ __divmod__ __doc__ __enter__ __eq__ __exit__ __file__
    __firstlineno__ __float__ __floor__ __floordiv__ __format__ __fspath__ __future__ __ge__ __get__ __getattr__ __getattribute__ __getitem__
    __getnewargs__ __getnewargs_ex__ __getstate__ __gt__ __hash__ __iadd__ __iand__ __ifloordiv__ __ilshift__ __imatmul__ __imod__ __import__ __imul__ __index__
    __init__ __init_subclass__ __instancecheck__ __int__ __invert__ __ior__ __ipow__ __irshift__ __isabstractmethod__ __isub__ __iter__
    __itruediv__ __ixor__ __le__ __len__ __length_hint__ __loader__ __lshift__ __lt__ __main__ __match_args__ __matmul__ __missing__ __mod__
    __module__ __mro__ __mro_entries__ __mul__ __name__ __ne__ __neg__ __new__ __newobj__ __newobj_ex__ __next__ __notes__ __objclass__ __or__ __orig_class__ __origin__
    __package__ __parameters__ __path__ __pos__ __pow__ __prepare__ __qualname__ __radd__ __rand__ __rdivmod__ __reduce__ __reduce_ex__
    __release_buffer__ __repr__ __reversed__ __rfloordiv__ __rlshift__ __rmatmul__ __rmod__ __rmul__ __ror__ __round__ __rpow__ __rrshift__ __rshift__
    __rsub__ __rtruediv__ __rxor__ __self__ __set__ __set_name__ __setattr__ __setitem__ __setstate__ __signature__ __sizeof__ __slotnames__ __slots__ __spec__
    __static_attributes__ __str__ __sub__ __subclasscheck__ __subclasses__ __subclasshook__ __suppress_context__ __text_signature__ __thisclass__ __traceback__ __truediv__
    __trunc__ __type_params__ __typing_subst__ __typing_is_unpacked_typevartuple__ __typing_unpacked_tuple_args__ __unpacked__ __weakref__ __wrapped__ r#type __xor__ __annotationlib_names__
    _abc_impl _abstract_ _initializing _uninitialized_submodules _fix_co_filename _find_and_load _handle_fromlist _lock_unlock_module _is_text_encoding _strptime
    builtins sys importlib origin has_location submodule_search_locations cached loader parent
    copy copyreg items keys values get pop append extend send throw close join decode encode read write flush readline readinto seek tell
    fileno mode name encoding errors newline closed isatty strict replace ignore utf_8 end file sep
    args code filename lineno offset text end_lineno end_offset print_file_and_line msg path name_from errno strerror filename2 value obj object start reason
    modules path_hooks meta_path path_importer_cache stdin stdout stderr __stderr__ __stdout__ excepthook unraisablehook displayhook breakpointhook argv flags implementation warnoptions
    last_exc last_type last_value last_traceback tracebacklimit ps1 ps2 _xoptions
    bool int float complex str bytes list tuple dict set frozenset key reverse default iterable maxsplit keepends
    f_locals warnings warn _showwarnmsg _warn_unawaited_coroutine defaultaction onceregistry filters category source stacklevel registry
    gc atexit threading _shutdown re io open_code getattr setattr property n_fields n_sequence_fields n_unnamed_fields
    format_spec interpolations strings type_params owner instance cls big little signed
}
