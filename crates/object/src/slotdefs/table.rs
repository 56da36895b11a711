//! The slot table, in CPython's order: it decides the order of a type's `__dict__` and which of two slots a name shows.
//! Entries of one slot stand together.

use super::functions as f;
use super::operators as o;
use super::wrappers::Wrap;
use crate::class::{CompareOp, SlotDef, SlotId};
use crate::containers::string::Str;
use crate::names::Names;
use crate::reference::Ref;

/// One dunder method of one slot.
pub struct SlotEntry {
    /// The method's name.
    pub name: &'static str,
    /// The method's name, interned.
    pub key: fn(&Names) -> &Ref<Str>,
    /// The slot.
    pub slot: SlotId,
    /// What fills the slot of a class that defines the method; `None`: such a class has the slot empty.
    pub function: Option<SlotDef>,
    /// How the method of a native type calls the slot; `None`: no method is shown.
    pub wrap: Option<Wrap>,
    /// `__text_signature__`
    pub text_signature: &'static str,
    /// `__doc__`
    pub doc: &'static str,
}

const NONE: &str = "($self, /)";
const VALUE: &str = "($self, value, /)";
const KEY: &str = "($self, key, /)";
const KEY_VALUE: &str = "($self, key, value, /)";
const NAME: &str = "($self, name, /)";
const ANY: &str = "($self, /, *args, **kwargs)";
const POWER: &str = "($self, value, mod=None, /)";

macro_rules! entry {
    ($name:ident, $slot:ident, $func:expr, $wrap:expr, $sig:expr, $doc:expr) => {
        SlotEntry {
            name: stringify!($name),
            key: |n| &n.$name,
            slot: SlotId::$slot,
            function: Some(SlotDef::$slot($func)),
            wrap: $wrap,
            text_signature: $sig,
            doc: $doc,
        }
    };
}

macro_rules! bare {
    ($name:ident, $slot:ident, $wrap:expr, $sig:expr, $doc:expr) => {
        SlotEntry {
            name: stringify!($name),
            key: |n| &n.$name,
            slot: SlotId::$slot,
            function: None,
            wrap: Some($wrap),
            text_signature: $sig,
            doc: $doc,
        }
    };
}

macro_rules! unary {
    ($name:ident, $slot:ident, $func:expr, $doc:expr) => {
        entry!(
            $name,
            $slot,
            $func,
            Some(Wrap::Unary(|s| s.$slot.get())),
            NONE,
            $doc
        )
    };
}

macro_rules! left {
    ($name:ident, $slot:ident, $func:expr, $doc:expr) => {
        entry!(
            $name,
            $slot,
            $func,
            Some(Wrap::Binary(|s| s.$slot.get())),
            VALUE,
            $doc
        )
    };
}

macro_rules! right {
    ($name:ident, $slot:ident, $func:expr, $doc:expr) => {
        entry!(
            $name,
            $slot,
            $func,
            Some(Wrap::BinaryRight(|s| s.$slot.get())),
            VALUE,
            $doc
        )
    };
}

macro_rules! compare {
    ($name:ident, $op:ident, $doc:expr) => {
        entry!(
            $name,
            tp_richcompare,
            f::slot_tp_richcompare,
            Some(Wrap::Compare(CompareOp::$op)),
            VALUE,
            $doc
        )
    };
}

/// The table.
pub static SLOT_DEFS: &[SlotEntry] = &[
    unary!(__repr__, tp_repr, f::slot_tp_repr, "Return repr(self)."),
    entry!(
        __hash__,
        tp_hash,
        f::slot_tp_hash,
        Some(Wrap::Hash),
        NONE,
        "Return hash(self)."
    ),
    entry!(
        __call__,
        tp_call,
        f::slot_tp_call,
        Some(Wrap::Call),
        ANY,
        "Call self as a function."
    ),
    unary!(__str__, tp_str, f::slot_tp_str, "Return str(self)."),
    entry!(
        __getattribute__,
        tp_getattro,
        f::slot_tp_getattr_hook,
        Some(Wrap::GetAttr),
        NAME,
        "Return getattr(self, name)."
    ),
    entry!(
        __getattr__,
        tp_getattro,
        f::slot_tp_getattr_hook,
        None,
        "",
        ""
    ),
    entry!(
        __setattr__,
        tp_setattro,
        f::slot_tp_setattro,
        Some(Wrap::SetAttr),
        "($self, name, value, /)",
        "Implement setattr(self, name, value)."
    ),
    entry!(
        __delattr__,
        tp_setattro,
        f::slot_tp_setattro,
        Some(Wrap::DelAttr),
        NAME,
        "Implement delattr(self, name)."
    ),
    compare!(__lt__, Lt, "Return self<value."),
    compare!(__le__, Le, "Return self<=value."),
    compare!(__eq__, Eq, "Return self==value."),
    compare!(__ne__, Ne, "Return self!=value."),
    compare!(__gt__, Gt, "Return self>value."),
    compare!(__ge__, Ge, "Return self>=value."),
    unary!(__iter__, tp_iter, f::slot_tp_iter, "Implement iter(self)."),
    entry!(
        __next__,
        tp_iternext,
        f::slot_tp_iternext,
        Some(Wrap::Next),
        NONE,
        "Implement next(self)."
    ),
    entry!(
        __get__,
        tp_descr_get,
        f::slot_tp_descr_get,
        Some(Wrap::DescrGet),
        "($self, instance, owner=None, /)",
        "Return an attribute of instance, which is of type owner."
    ),
    entry!(
        __set__,
        tp_descr_set,
        f::slot_tp_descr_set,
        Some(Wrap::DescrSet),
        "($self, instance, value, /)",
        "Set an attribute of instance to value."
    ),
    entry!(
        __delete__,
        tp_descr_set,
        f::slot_tp_descr_set,
        Some(Wrap::DescrDelete),
        "($self, instance, /)",
        "Delete an attribute of instance."
    ),
    entry!(
        __init__,
        tp_init,
        f::slot_tp_init,
        Some(Wrap::Init),
        ANY,
        "Initialize self.  See help(type(self)) for accurate signature."
    ),
    entry!(
        __new__,
        tp_new,
        f::slot_tp_new,
        None,
        "($type, *args, **kwargs)",
        "Create and return new object."
    ),
    entry!(
        __del__,
        tp_finalize,
        f::slot_tp_finalize,
        Some(Wrap::Finalize),
        NONE,
        "Called when the instance is about to be destroyed."
    ),
    entry!(
        __buffer__,
        bf_getbuffer,
        f::slot_bf_getbuffer,
        Some(Wrap::Buffer),
        "($self, flags, /)",
        "Return a buffer object that exposes the underlying memory of the object."
    ),
    unary!(
        __await__,
        am_await,
        f::slot_am_await,
        "Return an iterator to be used in await expression."
    ),
    unary!(
        __aiter__,
        am_aiter,
        f::slot_am_aiter,
        "Return an awaitable, that resolves in asynchronous iterator."
    ),
    unary!(
        __anext__,
        am_anext,
        f::slot_am_anext,
        "Return a value or raise StopAsyncIteration."
    ),
    left!(__add__, nb_add, o::slot_nb_add, "Return self+value."),
    right!(__radd__, nb_add, o::slot_nb_add, "Return value+self."),
    left!(
        __sub__,
        nb_subtract,
        o::slot_nb_subtract,
        "Return self-value."
    ),
    right!(
        __rsub__,
        nb_subtract,
        o::slot_nb_subtract,
        "Return value-self."
    ),
    left!(
        __mul__,
        nb_multiply,
        o::slot_nb_multiply,
        "Return self*value."
    ),
    right!(
        __rmul__,
        nb_multiply,
        o::slot_nb_multiply,
        "Return value*self."
    ),
    left!(
        __mod__,
        nb_remainder,
        o::slot_nb_remainder,
        "Return self%value."
    ),
    right!(
        __rmod__,
        nb_remainder,
        o::slot_nb_remainder,
        "Return value%self."
    ),
    left!(
        __divmod__,
        nb_divmod,
        o::slot_nb_divmod,
        "Return divmod(self, value)."
    ),
    right!(
        __rdivmod__,
        nb_divmod,
        o::slot_nb_divmod,
        "Return divmod(value, self)."
    ),
    entry!(
        __pow__,
        nb_power,
        o::slot_nb_power,
        Some(Wrap::Ternary(|s| s.nb_power.get())),
        POWER,
        "Return pow(self, value, mod)."
    ),
    entry!(
        __rpow__,
        nb_power,
        o::slot_nb_power,
        Some(Wrap::TernaryRight(|s| s.nb_power.get())),
        POWER,
        "Return pow(value, self, mod)."
    ),
    unary!(__neg__, nb_negative, o::slot_nb_negative, "-self"),
    unary!(__pos__, nb_positive, o::slot_nb_positive, "+self"),
    unary!(__abs__, nb_absolute, o::slot_nb_absolute, "abs(self)"),
    entry!(
        __bool__,
        nb_bool,
        o::slot_nb_bool,
        Some(Wrap::Bool),
        NONE,
        "True if self else False"
    ),
    unary!(__invert__, nb_invert, o::slot_nb_invert, "~self"),
    left!(
        __lshift__,
        nb_lshift,
        o::slot_nb_lshift,
        "Return self<<value."
    ),
    right!(
        __rlshift__,
        nb_lshift,
        o::slot_nb_lshift,
        "Return value<<self."
    ),
    left!(
        __rshift__,
        nb_rshift,
        o::slot_nb_rshift,
        "Return self>>value."
    ),
    right!(
        __rrshift__,
        nb_rshift,
        o::slot_nb_rshift,
        "Return value>>self."
    ),
    left!(__and__, nb_and, o::slot_nb_and, "Return self&value."),
    right!(__rand__, nb_and, o::slot_nb_and, "Return value&self."),
    left!(__xor__, nb_xor, o::slot_nb_xor, "Return self^value."),
    right!(__rxor__, nb_xor, o::slot_nb_xor, "Return value^self."),
    left!(__or__, nb_or, o::slot_nb_or, "Return self|value."),
    right!(__ror__, nb_or, o::slot_nb_or, "Return value|self."),
    unary!(__int__, nb_int, o::slot_nb_int, "int(self)"),
    unary!(__float__, nb_float, o::slot_nb_float, "float(self)"),
    left!(
        __iadd__,
        nb_inplace_add,
        o::slot_nb_inplace_add,
        "Return self+=value."
    ),
    left!(
        __isub__,
        nb_inplace_subtract,
        o::slot_nb_inplace_subtract,
        "Return self-=value."
    ),
    left!(
        __imul__,
        nb_inplace_multiply,
        o::slot_nb_inplace_multiply,
        "Return self*=value."
    ),
    left!(
        __imod__,
        nb_inplace_remainder,
        o::slot_nb_inplace_remainder,
        "Return self%=value."
    ),
    entry!(
        __ipow__,
        nb_inplace_power,
        o::slot_nb_inplace_power,
        Some(Wrap::Ternary(|s| s.nb_inplace_power.get())),
        VALUE,
        "Return self**=value."
    ),
    left!(
        __ilshift__,
        nb_inplace_lshift,
        o::slot_nb_inplace_lshift,
        "Return self<<=value."
    ),
    left!(
        __irshift__,
        nb_inplace_rshift,
        o::slot_nb_inplace_rshift,
        "Return self>>=value."
    ),
    left!(
        __iand__,
        nb_inplace_and,
        o::slot_nb_inplace_and,
        "Return self&=value."
    ),
    left!(
        __ixor__,
        nb_inplace_xor,
        o::slot_nb_inplace_xor,
        "Return self^=value."
    ),
    left!(
        __ior__,
        nb_inplace_or,
        o::slot_nb_inplace_or,
        "Return self|=value."
    ),
    left!(
        __floordiv__,
        nb_floor_divide,
        o::slot_nb_floor_divide,
        "Return self//value."
    ),
    right!(
        __rfloordiv__,
        nb_floor_divide,
        o::slot_nb_floor_divide,
        "Return value//self."
    ),
    left!(
        __truediv__,
        nb_true_divide,
        o::slot_nb_true_divide,
        "Return self/value."
    ),
    right!(
        __rtruediv__,
        nb_true_divide,
        o::slot_nb_true_divide,
        "Return value/self."
    ),
    left!(
        __ifloordiv__,
        nb_inplace_floor_divide,
        o::slot_nb_inplace_floor_divide,
        "Return self//=value."
    ),
    left!(
        __itruediv__,
        nb_inplace_true_divide,
        o::slot_nb_inplace_true_divide,
        "Return self/=value."
    ),
    unary!(
        __index__,
        nb_index,
        o::slot_nb_index,
        "Return self converted to an integer, if self is suitable for use as an index into a list."
    ),
    left!(
        __matmul__,
        nb_matrix_multiply,
        o::slot_nb_matrix_multiply,
        "Return self@value."
    ),
    right!(
        __rmatmul__,
        nb_matrix_multiply,
        o::slot_nb_matrix_multiply,
        "Return value@self."
    ),
    left!(
        __imatmul__,
        nb_inplace_matrix_multiply,
        o::slot_nb_inplace_matrix_multiply,
        "Return self@=value."
    ),
    entry!(
        __len__,
        mp_length,
        o::slot_length,
        Some(Wrap::Len(|s| s.mp_length.get())),
        NONE,
        "Return len(self)."
    ),
    entry!(
        __getitem__,
        mp_subscript,
        o::slot_mp_subscript,
        Some(Wrap::Binary(|s| s.mp_subscript.get())),
        KEY,
        "Return self[key]."
    ),
    entry!(
        __setitem__,
        mp_ass_subscript,
        o::slot_mp_ass_subscript,
        Some(Wrap::SetItem),
        KEY_VALUE,
        "Set self[key] to value."
    ),
    entry!(
        __delitem__,
        mp_ass_subscript,
        o::slot_mp_ass_subscript,
        Some(Wrap::DelItem),
        KEY,
        "Delete self[key]."
    ),
    entry!(
        __len__,
        sq_length,
        o::slot_length,
        Some(Wrap::Len(|s| s.sq_length.get())),
        NONE,
        "Return len(self)."
    ),
    bare!(
        __add__,
        sq_concat,
        Wrap::Binary(|s| s.sq_concat.get()),
        VALUE,
        "Return self+value."
    ),
    bare!(
        __mul__,
        sq_repeat,
        Wrap::Repeat(|s| s.sq_repeat.get()),
        VALUE,
        "Return self*value."
    ),
    bare!(
        __rmul__,
        sq_repeat,
        Wrap::Repeat(|s| s.sq_repeat.get()),
        VALUE,
        "Return value*self."
    ),
    entry!(
        __getitem__,
        sq_item,
        o::slot_sq_item,
        Some(Wrap::SqItem),
        KEY,
        "Return self[key]."
    ),
    entry!(
        __setitem__,
        sq_ass_item,
        o::slot_sq_ass_item,
        Some(Wrap::SqSetItem),
        KEY_VALUE,
        "Set self[key] to value."
    ),
    entry!(
        __delitem__,
        sq_ass_item,
        o::slot_sq_ass_item,
        Some(Wrap::SqDelItem),
        KEY,
        "Delete self[key]."
    ),
    entry!(
        __contains__,
        sq_contains,
        o::slot_sq_contains,
        Some(Wrap::Contains),
        KEY,
        "Return bool(key in self)."
    ),
    bare!(
        __iadd__,
        sq_inplace_concat,
        Wrap::Binary(|s| s.sq_inplace_concat.get()),
        VALUE,
        "Implement self+=value."
    ),
    bare!(
        __imul__,
        sq_inplace_repeat,
        Wrap::Repeat(|s| s.sq_inplace_repeat.get()),
        VALUE,
        "Implement self*=value."
    ),
];
