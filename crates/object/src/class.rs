//! Type objects: what a type keeps, its slots, and how instances lie in memory.
//! Making types is in `typebuild.rs`, attribute lookup in `lookup.rs`, shapes in `shape.rs`.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use crate::cell::PyCell;
use crate::containers::dict::Dict;
use crate::containers::string::Str;
use crate::containers::tuple::Tuple;
use crate::header::Header;
use crate::native::{Args, TypeSpec};
use crate::reference::{Layout, Object, Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The six comparisons, numbered as CPython numbers them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CompareOp {
    /// `<`
    Lt = 0,
    /// `<=`
    Le = 1,
    /// `==`
    Eq = 2,
    /// `!=`
    Ne = 3,
    /// `>`
    Gt = 4,
    /// `>=`
    Ge = 5,
}

impl CompareOp {
    /// The comparison with its operands exchanged.
    pub fn swapped(self) -> CompareOp {
        match self {
            CompareOp::Lt => CompareOp::Gt,
            CompareOp::Le => CompareOp::Ge,
            CompareOp::Gt => CompareOp::Lt,
            CompareOp::Ge => CompareOp::Le,
            same => same,
        }
    }

    /// What the comparison makes of an ordering.
    pub fn matches(self, o: std::cmp::Ordering) -> bool {
        match self {
            CompareOp::Lt => o.is_lt(),
            CompareOp::Le => o.is_le(),
            CompareOp::Eq => o.is_eq(),
            CompareOp::Ne => o.is_ne(),
            CompareOp::Gt => o.is_gt(),
            CompareOp::Ge => o.is_ge(),
        }
    }

    /// The operator as written.
    pub fn symbol(self) -> &'static str {
        ["<", "<=", "==", "!=", ">", ">="][self as usize]
    }

    /// From the number in `COMPARE_OP`'s oparg or a slot wrapper.
    pub fn from_index(i: u8) -> Option<CompareOp> {
        Some(match i {
            0 => CompareOp::Lt,
            1 => CompareOp::Le,
            2 => CompareOp::Eq,
            3 => CompareOp::Ne,
            4 => CompareOp::Gt,
            5 => CompareOp::Ge,
            _ => return None,
        })
    }
}

/// `fn(vm, self)`
pub type UnaryFn = fn(&Vm, &Value) -> PyResult;
/// `fn(vm, left, right)`; gives `NotImplemented` when the types do not fit.
pub type BinaryFn = fn(&Vm, &Value, &Value) -> PyResult;
/// `fn(vm, base, exponent, modulus)`
pub type TernaryFn = fn(&Vm, &Value, &Value, &Value) -> PyResult;
/// Truth value.
pub type InquiryFn = fn(&Vm, &Value) -> PyResult<bool>;
/// Length.
pub type LenFn = fn(&Vm, &Value) -> PyResult<usize>;
/// Item by position.
pub type SsizeArgFn = fn(&Vm, &Value, isize) -> PyResult;
/// Assign (`Some`) or delete (`None`) an item by position.
pub type SsizeObjArgFn = fn(&Vm, &Value, isize, Option<&Value>) -> PyResult<()>;
/// Membership.
pub type ContainsFn = fn(&Vm, &Value, &Value) -> PyResult<bool>;
/// Assign (`Some`) or delete (`None`) an item by key.
pub type ObjObjArgFn = fn(&Vm, &Value, &Value, Option<&Value>) -> PyResult<()>;
/// Hash.
pub type HashFn = fn(&Vm, &Value) -> PyResult<i64>;
/// Comparison; gives `NotImplemented` when the types do not fit.
pub type RichCompareFn = fn(&Vm, &Value, &Value, CompareOp) -> PyResult;
/// Attribute by name.
pub type GetAttrFn = fn(&Vm, &Value, &Ref<Str>) -> PyResult;
/// Set (`Some`) or delete (`None`) an attribute.
pub type SetAttrFn = fn(&Vm, &Value, &Ref<Str>, Option<&Value>) -> PyResult<()>;
/// `fn(vm, callable, args)`: the call protocol, vectorcall's shape.
pub type CallFn = fn(&Vm, &Value, Args<'_>) -> PyResult;
/// `fn(vm, descriptor, instance or None, owner)`
pub type DescrGetFn = fn(&Vm, &Value, Option<&Value>, &Value) -> PyResult;
/// `fn(vm, descriptor, instance, value or None to delete)`
pub type DescrSetFn = fn(&Vm, &Value, &Value, Option<&Value>) -> PyResult<()>;
/// The next item, `None` at the end.
pub type IterNextFn = fn(&Vm, &Value) -> PyResult<Option<Value>>;
/// `fn(vm, cls, args)`
pub type NewFn = fn(&Vm, &Ref<TypeObject>, Args<'_>) -> PyResult;
/// `fn(vm, self, args)`
pub type InitFn = fn(&Vm, &Value, Args<'_>) -> PyResult<()>;
/// Finalizer; exceptions are reported as unraisable by the caller.
pub type FinalizeFn = fn(&Vm, &Value) -> PyResult<()>;
/// Sends a value into a generator-like: yields, or returns.
pub type SendFn = fn(&Vm, &Value, &Value) -> PyResult<SendOutcome>;

/// What sending into a generator-like object gave.
#[derive(Debug)]
pub enum SendOutcome {
    /// It yielded.
    Yield(Value),
    /// It returned (StopIteration's value).
    Return(Value),
}

macro_rules! define_slots {
    ($($(#[$doc:meta])* $name:ident: $f:ty,)*) => {
        /// A type's slots: what it does for each protocol, inherited or derived from its dunder methods.
        #[repr(C)]
        pub struct Slots { $($(#[$doc])* pub $name: Cell<Option<$f>>,)* }

        /// The name of a slot, for tables.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[allow(non_camel_case_types, reason = "the slots' names are CPython's")]
        #[repr(u8)]
        pub enum SlotId { $($(#[$doc])* $name,)* }

        impl Slots {
            /// No slot set.
            pub const fn empty() -> Slots { Slots { $($name: Cell::new(None),)* } }

            /// Takes from `base` what is not set here.
            pub fn inherit(&self, base: &Slots) {
                $(if self.$name.get().is_none() { self.$name.set(base.$name.get()); })*
            }

            /// Takes slot `id` from `other`, set or not.
            pub fn copy(&self, id: SlotId, other: &Slots) {
                match id { $(SlotId::$name => self.$name.set(other.$name.get()),)* }
            }

            /// Unsets slot `id`.
            pub fn clear(&self, id: SlotId) {
                match id { $(SlotId::$name => self.$name.set(None),)* }
            }

            /// Whether slot `id` is set.
            pub fn is_set(&self, id: SlotId) -> bool {
                match id { $(SlotId::$name => self.$name.get().is_some(),)* }
            }

            /// Whether slot `id` holds the same function in both.
            #[inline(always)]
            pub fn same(&self, id: SlotId, other: &Slots) -> bool {
                match id { $(SlotId::$name => self.$name.get().map(|f| f as usize) == other.$name.get().map(|f| f as usize),)* }
            }
        }

        /// A slot's function in a type's static description.
        #[derive(Clone, Copy)]
        #[allow(non_camel_case_types, reason = "the slots' names are CPython's")]
        pub enum SlotDef { $($(#[$doc])* $name($f),)* }

        impl SlotDef {
            /// Puts the function into its slot.
            pub fn install(&self, slots: &Slots) {
                match *self { $(SlotDef::$name(f) => slots.$name.set(Some(f)),)* }
            }

            /// Which slot this is.
            pub fn id(&self) -> SlotId {
                match self { $(SlotDef::$name(_) => SlotId::$name,)* }
            }
        }
    };
}

define_slots! {
    /// `repr(x)`
    tp_repr: UnaryFn,
    /// `hash(x)`
    tp_hash: HashFn,
    /// `x(...)`
    tp_call: CallFn,
    /// `str(x)`
    tp_str: UnaryFn,
    /// `x.name`
    tp_getattro: GetAttrFn,
    /// `x.name = v`, `del x.name`
    tp_setattro: SetAttrFn,
    /// comparisons
    tp_richcompare: RichCompareFn,
    /// `iter(x)`
    tp_iter: UnaryFn,
    /// `next(x)`
    tp_iternext: IterNextFn,
    /// `__get__`
    tp_descr_get: DescrGetFn,
    /// `__set__`, `__delete__`
    tp_descr_set: DescrSetFn,
    /// `__init__`
    tp_init: InitFn,
    /// `__new__`
    tp_new: NewFn,
    /// `__del__`
    tp_finalize: FinalizeFn,
    /// `+`
    nb_add: BinaryFn,
    /// `-`
    nb_subtract: BinaryFn,
    /// `*`
    nb_multiply: BinaryFn,
    /// `%`
    nb_remainder: BinaryFn,
    /// `divmod`
    nb_divmod: BinaryFn,
    /// `**`, `pow`
    nb_power: TernaryFn,
    /// unary `-`
    nb_negative: UnaryFn,
    /// unary `+`
    nb_positive: UnaryFn,
    /// `abs`
    nb_absolute: UnaryFn,
    /// truth
    nb_bool: InquiryFn,
    /// `~`
    nb_invert: UnaryFn,
    /// `<<`
    nb_lshift: BinaryFn,
    /// `>>`
    nb_rshift: BinaryFn,
    /// `&`
    nb_and: BinaryFn,
    /// `^`
    nb_xor: BinaryFn,
    /// `|`
    nb_or: BinaryFn,
    /// `int(x)`
    nb_int: UnaryFn,
    /// `float(x)`
    nb_float: UnaryFn,
    /// `+=`
    nb_inplace_add: BinaryFn,
    /// `-=`
    nb_inplace_subtract: BinaryFn,
    /// `*=`
    nb_inplace_multiply: BinaryFn,
    /// `%=`
    nb_inplace_remainder: BinaryFn,
    /// `**=`
    nb_inplace_power: TernaryFn,
    /// `<<=`
    nb_inplace_lshift: BinaryFn,
    /// `>>=`
    nb_inplace_rshift: BinaryFn,
    /// `&=`
    nb_inplace_and: BinaryFn,
    /// `^=`
    nb_inplace_xor: BinaryFn,
    /// `|=`
    nb_inplace_or: BinaryFn,
    /// `//`
    nb_floor_divide: BinaryFn,
    /// `/`
    nb_true_divide: BinaryFn,
    /// `//=`
    nb_inplace_floor_divide: BinaryFn,
    /// `/=`
    nb_inplace_true_divide: BinaryFn,
    /// `operator.index(x)`
    nb_index: UnaryFn,
    /// `@`
    nb_matrix_multiply: BinaryFn,
    /// `@=`
    nb_inplace_matrix_multiply: BinaryFn,
    /// `len(x)` of mappings
    mp_length: LenFn,
    /// `x[key]`
    mp_subscript: BinaryFn,
    /// `x[key] = v`, `del x[key]`
    mp_ass_subscript: ObjObjArgFn,
    /// `len(x)` of sequences
    sq_length: LenFn,
    /// sequence concatenation
    sq_concat: BinaryFn,
    /// sequence repetition
    sq_repeat: SsizeArgFn,
    /// `x[i]` of sequences
    sq_item: SsizeArgFn,
    /// `x[i] = v` of sequences
    sq_ass_item: SsizeObjArgFn,
    /// `v in x`
    sq_contains: ContainsFn,
    /// sequence `+=`
    sq_inplace_concat: BinaryFn,
    /// sequence `*=`
    sq_inplace_repeat: SsizeArgFn,
    /// `await x`
    am_await: UnaryFn,
    /// `aiter(x)`
    am_aiter: UnaryFn,
    /// `anext(x)`
    am_anext: UnaryFn,
    /// generator `send` without StopIteration
    am_send: SendFn,
    /// the buffer protocol
    bf_getbuffer: crate::buffer::GetBufferFn,
}

/// Type flags, with CPython's bit values: they are visible as `__flags__`.
pub mod tpflags {
    /// Instances may have an inline attribute store.
    pub const INLINE_VALUES: u64 = 1 << 2;
    /// Our own: the constructor and the variadic methods take keywords that are no strings. CPython hands such functions a
    /// dict that nobody has looked at.
    pub const ANY_KEYWORDS: u64 = 1 << 40;
    /// Instances have a `__dict__` managed by the object system.
    pub const MANAGED_DICT: u64 = 1 << 4;
    /// Instances can be weakly referenced.
    pub const MANAGED_WEAKREF: u64 = 1 << 3;
    /// Behaves as a sequence in `match`.
    pub const SEQUENCE: u64 = 1 << 5;
    /// Behaves as a mapping in `match`.
    pub const MAPPING: u64 = 1 << 6;
    /// Calling the type from Python raises TypeError.
    pub const DISALLOW_INSTANTIATION: u64 = 1 << 7;
    /// Attributes cannot be set.
    pub const IMMUTABLETYPE: u64 = 1 << 8;
    /// Made by a class statement or `type()`, freed when unused.
    pub const HEAPTYPE: u64 = 1 << 9;
    /// Can be subclassed.
    pub const BASETYPE: u64 = 1 << 10;
    /// Supports vectorcall.
    pub const HAVE_VECTORCALL: u64 = 1 << 11;
    /// Ready.
    pub const READY: u64 = 1 << 12;
    /// Instances own values.
    pub const HAVE_GC: u64 = 1 << 14;
    /// An unbound method that binds like a function does.
    pub const METHOD_DESCRIPTOR: u64 = 1 << 17;
    /// Has abstract methods.
    pub const IS_ABSTRACT: u64 = 1 << 20;
    /// `match` treats the single positional pattern as the subject itself.
    pub const MATCH_SELF: u64 = 1 << 22;
    /// Subclass of int.
    pub const LONG_SUBCLASS: u64 = 1 << 24;
    /// Subclass of list.
    pub const LIST_SUBCLASS: u64 = 1 << 25;
    /// Subclass of tuple.
    pub const TUPLE_SUBCLASS: u64 = 1 << 26;
    /// Subclass of bytes.
    pub const BYTES_SUBCLASS: u64 = 1 << 27;
    /// Subclass of str.
    pub const UNICODE_SUBCLASS: u64 = 1 << 28;
    /// Subclass of dict.
    pub const DICT_SUBCLASS: u64 = 1 << 29;
    /// Subclass of BaseException.
    pub const BASE_EXC_SUBCLASS: u64 = 1 << 30;
    /// Subclass of type.
    pub const TYPE_SUBCLASS: u64 = 1 << 31;
    /// The bits that a subclass always takes from its base.
    pub const SUBCLASS_BITS: u64 = 0xff << 24;
}

/// How instances of a type lie in memory: header, payload, slots of `__slots__`, dict word, inline values.
#[derive(Clone, Default)]
pub struct InstanceLayout {
    /// Bytes of a new instance.
    pub size: u32,
    /// Offset of the word that holds the materialized `__dict__`; 0: instances have none.
    pub dict_offset: u32,
    /// Offset of the first inline attribute value.
    pub inline_offset: u32,
    /// Number of inline attribute values.
    pub inline_cap: u16,
    /// Offsets of the members that `__slots__` made, inherited ones included.
    pub member_offsets: Box<[u32]>,
    /// Words behind the variable part of instances that have one: their dict and members.
    pub end_words: u16,
}

/// Offsets from here on count from the end of the variable part of an instance: dict word and members of types whose
/// instances have such a part stand behind it.
pub const AT_END: usize = 1 << 31;

/// What the end of a type's instances takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Nobody has asked.
    Unknown,
    /// Whatever can happen to an object.
    General,
    /// Nothing: instances are bytes alone, with no destructor, finalizer, attributes, or count of the type to give back.
    Plain,
    /// The payload's destructor, and no more.
    Simple,
}

/// The payload of types.
pub struct TypeObject {
    /// `__name__`
    pub name: PyCell<Ref<Str>>,
    /// `__qualname__`
    pub qualname: PyCell<Ref<Str>>,
    /// What a native type was declared as.
    pub(crate) spec: Cell<Option<&'static TypeSpec>>,
    /// The payload of instances.
    pub(crate) layout: Cell<&'static Layout>,
    /// `__flags__`
    pub flags: Cell<u64>,
    /// Changes with every change that attribute lookup can see; 0: none assigned yet. Never reused.
    pub version: Cell<u32>,
    /// Shape of an instance with no attributes; 0: not made yet or not possible.
    pub root_shape: Cell<u32>,
    /// All root shapes the type has had, to free them with it.
    pub(crate) old_roots: RefCell<Vec<u32>>,
    /// What each protocol does.
    pub slots: Slots,
    /// `__base__`
    pub base: PyCell<Option<Ref<TypeObject>>>,
    /// `__bases__`
    pub bases: PyCell<Option<Ref<Tuple>>>,
    /// `__mro__`
    pub mro: PyCell<Option<Ref<Tuple>>>,
    /// `__dict__` behind its proxy.
    pub dict: PyCell<Option<Ref<Dict>>>,
    /// How instances lie in memory.
    pub instance: RefCell<InstanceLayout>,
    pub(crate) instance_size: Cell<u32>,
    pub(crate) dict_offset: Cell<u32>,
    pub(crate) inline_offset: Cell<u32>,
    pub(crate) inline_cap: Cell<u16>,
    pub(crate) end_words: Cell<u16>,
    pub(crate) has_members: Cell<bool>,
    /// See [`TypeObject::end`].
    pub(crate) end: Cell<End>,
    /// Addresses of subclasses; each removes itself when it dies.
    pub(crate) subclasses: RefCell<Vec<*const Object<TypeObject>>>,
}

impl Traverse for TypeObject {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.base.visit(visit);
        self.bases.visit(visit);
        self.mro.visit(visit);
        self.dict.visit(visit);
    }

    fn clear(&self) {
        // The dict is emptied, the MRO dropped: instances that still die need the layout and slots alone.
        // Caches must not show the dict's values any more when they go.
        Vm::with_current(|vm| vm.type_modified(self));
        if let Some(d) = self.dict.get() {
            d.clear_all();
        }
        self.mro.set(None);
    }
}

crate::payload!(TypeObject, gc);

impl Drop for TypeObject {
    fn drop(&mut self) {
        crate::typebuild::type_dies(self);
    }
}

/// `Ref` to a type.
pub type TypeRef = Ref<TypeObject>;

impl Object<TypeObject> {
    /// Whether the class is the interpreter's own, and so lives and stays as it is for ever.
    #[inline]
    pub fn is_native(&self) -> bool {
        !self.payload.is_heap() && self.header.is_immortal()
    }
}

impl TypeObject {
    /// The nearest class that is none of Python's: it decides how instances lie in memory.
    pub fn native_base(ty: &Object<TypeObject>) -> &Object<TypeObject> {
        let mut at = ty;
        while at.payload.is_heap()
            && let Some(base) = at.payload.base.peek()
        {
            // SAFETY: a class keeps its base, and no code runs while the bases are walked.
            at = unsafe { &*base };
        }
        at
    }

    /// The layout of instances' payload.
    #[inline(always)]
    pub fn layout(&self) -> &'static Layout {
        self.layout.get()
    }

    /// What a native type was declared as; `None` for classes made by a class statement or `type()`.
    #[inline]
    pub fn spec(&self) -> Option<&'static TypeSpec> {
        self.spec.get()
    }

    /// Whether all of `flag`'s bits are set.
    #[inline(always)]
    pub fn has_flag(&self, flag: u64) -> bool {
        self.flags.get() & flag == flag
    }

    /// Adds flag bits.
    pub fn set_flag(&self, flag: u64) {
        self.flags.set(self.flags.get() | flag);
    }

    /// Removes flag bits.
    pub fn unset_flag(&self, flag: u64) {
        self.flags.set(self.flags.get() & !flag);
    }

    /// Whether instances can own values.
    #[inline(always)]
    pub fn is_gc(&self) -> bool {
        self.flags.get() & tpflags::HAVE_GC != 0
    }

    /// What the end of an instance takes. `head` is the type's own.
    #[inline(always)]
    pub(crate) fn end(&self, head: &Header) -> End {
        match self.end.get() {
            End::Unknown => self.find_end(head),
            known => known,
        }
    }

    /// `head` is the type's own.
    #[cold]
    #[inline(never)]
    fn find_end(&self, head: &Header) -> End {
        let flags = self.flags.get();
        let fixed = self.has_flag(tpflags::IMMUTABLETYPE | tpflags::READY);
        let bare = flags & (tpflags::HEAPTYPE | tpflags::MANAGED_DICT) == 0
            && self.dict_offset() == 0
            && !self.has_members.get()
            && self.slots.tp_finalize.get().is_none();
        let end = if !fixed || !bare || !head.is_immortal() {
            End::General
        } else if !self.is_gc() && !self.layout.get().needs_drop {
            End::Plain
        } else {
            End::Simple
        };
        self.end.set(end);
        end
    }

    /// Whether it was made by a class statement or `type()`.
    #[inline(always)]
    pub fn is_heap(&self) -> bool {
        self.flags.get() & tpflags::HEAPTYPE != 0
    }

    /// Bytes of a new instance of fixed size.
    #[inline(always)]
    pub fn instance_size(&self) -> usize {
        self.instance_size.get() as usize
    }

    /// Offset of the dict word, 0 for none.
    #[inline(always)]
    pub fn dict_offset(&self) -> usize {
        self.dict_offset.get() as usize
    }

    /// Offset of the dict word when it is the same for all instances.
    pub fn fixed_dict_offset(&self) -> Option<usize> {
        Some(self.dict_offset()).filter(|&off| off != 0 && off < AT_END)
    }

    /// The address of an instance's dict word, `None` when instances have no `__dict__`.
    #[inline(always)]
    pub(crate) fn dict_word(&self, p: NonNull<Header>) -> Option<*mut u64> {
        match self.dict_offset() {
            0 => None,
            // SAFETY: the type's own layout.
            off => unsafe { self.word_at(p, off) },
        }
    }

    /// The word at an offset that may count from the end of the variable part.
    ///
    /// # Safety
    /// The offset is that of the dict word or of a member in the layout of the instance's type, which is this one.
    #[inline(always)]
    pub(crate) unsafe fn word_at(&self, p: NonNull<Header>, offset: usize) -> Option<*mut u64> {
        if offset >= AT_END {
            return self.word_at_end(p, offset - AT_END);
        }
        // SAFETY: the contract: the offset lies within the instance.
        Some(unsafe { p.as_ptr().cast::<u8>().add(offset) }.cast())
    }

    #[cold]
    fn word_at_end(&self, p: NonNull<Header>, offset: usize) -> Option<*mut u64> {
        let var_size = self.layout().var_size?;
        // SAFETY: a live object of this layout; instances are made with `end_words` words behind the variable part.
        unsafe {
            let size = var_size(p.as_ptr()).next_multiple_of(8);
            Some(p.as_ptr().cast::<u8>().add(size + offset).cast())
        }
    }

    /// Bytes to allocate for an instance whose payload and variable part take `size` bytes.
    #[inline(always)]
    pub fn var_instance_size(&self, size: usize) -> usize {
        match self.end_words.get() {
            0 => size,
            words => size.next_multiple_of(8) + 8 * usize::from(words),
        }
    }

    /// Offset of the inline values.
    #[inline(always)]
    pub fn inline_offset(&self) -> usize {
        self.inline_offset.get() as usize
    }

    /// Number of inline values.
    #[inline(always)]
    pub fn inline_cap(&self) -> usize {
        self.inline_cap.get() as usize
    }

    /// Sets how instances lie in memory.
    pub fn set_instance_layout(&self, l: InstanceLayout) {
        self.instance_size.set(l.size);
        self.dict_offset.set(l.dict_offset);
        self.inline_offset.set(l.inline_offset);
        self.inline_cap.set(l.inline_cap);
        self.end_words.set(l.end_words);
        self.has_members.set(!l.member_offsets.is_empty());
        *self.instance.borrow_mut() = l;
    }

    /// Makes room for this many inline values in instances, of which there must be none yet.
    pub fn reserve_inline(&self, count: u16) {
        let mut layout = self.instance.borrow().clone();
        if layout.dict_offset != 0 && layout.inline_offset != 0 && layout.inline_cap < count {
            layout.inline_cap = count;
            layout.size = layout.inline_offset + 8 * u32::from(count);
            self.set_instance_layout(layout);
        }
    }

    /// Calls `f` with the address of each word behind the payload that may own a value.
    #[inline(always)]
    fn attribute_words(&self, p: NonNull<Header>, f: &mut impl FnMut(*mut u64)) {
        let base = p.as_ptr().cast::<u8>();
        if self.has_members.get() {
            for &off in self.instance.borrow().member_offsets.iter() {
                // SAFETY: the offsets are those of the type's own layout.
                if let Some(word) = unsafe { self.word_at(p, off as usize) } {
                    f(word);
                }
            }
        }
        if let Some(dict) = self.dict_word(p) {
            f(dict);
            // Without a shape the inline places hold nothing, and may not even be there: the class of the instance
            // may have been changed to one with more of them.
            // SAFETY: a live object.
            let inline = if unsafe { p.as_ref() }.shape() != 0 {
                self.inline_cap()
            } else {
                0
            };
            for i in 0..inline {
                // SAFETY: as above.
                f(unsafe { base.add(self.inline_offset() + 8 * i) }.cast());
            }
        }
    }

    /// Drops what a dying instance owns behind its payload.
    #[inline]
    pub(crate) fn drop_attributes(&self, p: NonNull<Header>) {
        if self.has_members.get() {
            self.drop_members(p);
        }
        if let Some(dict) = self.dict_word(p) {
            let base = p.as_ptr().cast::<u8>();
            // SAFETY: the offsets lie within the instance; words are 0 or own a value; nobody else sees a dying object.
            unsafe {
                let take = |word: *mut u64| {
                    let bits = std::mem::replace(&mut *word, 0);
                    if bits != 0 {
                        drop(Value::from_bits(bits));
                    }
                };
                // As in `attribute_words`.
                if p.as_ref().shape() != 0 {
                    let inline = self.inline_offset();
                    for i in 0..self.inline_cap() {
                        take(base.add(inline + 8 * i).cast());
                    }
                }
                take(dict);
            }
        }
    }

    /// Drops the members in `__slots__` of a dying instance.
    fn drop_members(&self, p: NonNull<Header>) {
        let mut i = 0;
        // What is dropped may run code: nothing is borrowed meanwhile.
        loop {
            let offset = self.instance.borrow().member_offsets.get(i).copied();
            let Some(offset) = offset else { break };
            i += 1;
            // SAFETY: the offsets are those of the type's own layout; words are 0 or own a value.
            unsafe {
                if let Some(word) = self.word_at(p, offset as usize) {
                    let bits = std::mem::replace(&mut *word, 0);
                    if bits != 0 {
                        drop(Value::from_bits(bits));
                    }
                }
            }
        }
    }

    /// Takes every value behind the payload out and drops it; the instance is left with no attributes.
    pub(crate) fn clear_attributes(&self, p: NonNull<Header>) {
        let mut taken: Vec<Value> = Vec::new();
        self.attribute_words(p, &mut |word| {
            // SAFETY: words behind the payload are 0 or own a value.
            unsafe {
                let bits = std::mem::replace(&mut *word, 0);
                if bits != 0 {
                    taken.push(Value::from_bits(bits));
                }
            }
        });
        // SAFETY: live object.
        let head = unsafe { p.as_ref() };
        if head.shape() != 0 {
            head.set_shape(0);
        }
    }

    /// Shows what the instance owns behind its payload.
    #[inline(always)]
    pub(crate) fn traverse_attributes<F: FnMut(&Value) + ?Sized>(
        &self,
        p: NonNull<Header>,
        visit: &mut F,
    ) {
        if self.dict_offset() == 0 && !self.has_members.get() {
            return;
        }
        self.attribute_words(p, &mut |word| {
            // SAFETY: as above; the reference is not kept.
            unsafe {
                if *word != 0 {
                    visit(Value::from_word_ref(word));
                }
            }
        });
    }

    /// The classes that derive directly from this one, oldest first.
    pub fn living_subclasses(&self) -> Vec<TypeRef> {
        let subs = self.subclasses.borrow();
        // SAFETY: subclasses take themselves out of the list when they die; one whose count is zero is about to.
        subs.iter()
            .map(|s| unsafe { &**s })
            .filter(|o| o.header.refcount() != 0 && !o.header.has(crate::header::flag::DYING))
            .map(Object::to_ref)
            .collect()
    }

    /// Enters a class that derives directly from this one, once.
    pub fn add_subclass(&self, sub: &TypeRef) {
        let mut subs = self.subclasses.borrow_mut();
        if !subs.contains(&sub.as_ptr()) {
            subs.push(sub.as_ptr());
        }
    }

    /// Takes a class out of those that derive directly from this one.
    pub fn remove_subclass(&self, sub: &TypeRef) {
        let this = sub.as_ptr();
        self.subclasses.borrow_mut().retain(|s| *s != this);
    }

    /// Whether the type is `other` or derives from it.
    #[inline]
    pub fn is_subtype(&self, other: &Object<TypeObject>) -> bool {
        std::ptr::eq(self, &other.payload) || self.derives_from(other)
    }

    fn derives_from(&self, other: &Object<TypeObject>) -> bool {
        match self.mro.peek() {
            // SAFETY: the type keeps its MRO; nothing runs while it is searched.
            Some(mro) => unsafe { (*mro).payload.as_slice() }
                .iter()
                .any(|t| std::ptr::eq(t.as_ptr_unchecked(), &raw const other.header)),
            None => {
                let mut at = self.base.get();
                while let Some(t) = at {
                    if std::ptr::eq(t.as_ptr(), other) {
                        return true;
                    }
                    at = t.base.get();
                }
                false
            }
        }
    }
}
