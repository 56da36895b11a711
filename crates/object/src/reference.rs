//! Typed objects and pointers: `Object<T>` is a header with a payload, `Ref<T>` an owned pointer to one,
//! `Layout` what the heap must know of a payload.

use std::alloc::Layout as MemLayout;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::header::Header;
use crate::value::Value;

/// A header with its payload. Instances of Python classes carry slots and attributes behind the payload.
#[repr(C)]
pub struct Object<T> {
    /// Count, flags, shape and type.
    pub header: Header,
    /// What the type itself keeps.
    pub payload: T,
}

/// Visits the values that an object owns, for the collector.
pub type Visitor<'a> = dyn FnMut(&Value) + 'a;

/// What the heap knows of a payload: size, destructor, and how the collector walks and breaks it.
/// One `static` for each payload type, made by [`crate::payload!`].
pub struct Layout {
    /// The payload's Rust name, for messages of the debugging modes.
    pub name: &'static str,
    /// Bytes of `Object<T>`.
    pub size: usize,
    /// The payload that this one starts with (`#[repr(C)]`, first field), if any.
    pub base: Option<fn() -> &'static Layout>,
    /// Destroys the payload.
    pub drop: unsafe fn(*mut Header),
    /// Visits the values it owns; `None` for payloads that own none.
    pub traverse: Option<unsafe fn(*const Header, &mut Visitor<'_>)>,
    /// Lets go of what it owns, to break a cycle. The object stays valid.
    pub clear: Option<unsafe fn(*const Header)>,
    /// Whether the payload has a destructor that does something even for objects that carry no flag.
    pub needs_drop: bool,
    /// Bytes of one object including its variable part, for payloads that have one.
    pub var_size: Option<unsafe fn(*const Header) -> usize>,
    /// Index of the payload's class in each interpreter's table, plus one; 0 until first asked for.
    pub index: AtomicU32,
}

static NEXT_INDEX: AtomicU32 = AtomicU32::new(1);

impl Layout {
    /// The index of this payload in interpreters' class tables. Assigned once for the process; it carries no other state.
    #[inline]
    pub fn index(&'static self) -> usize {
        let i = self.index.load(Ordering::Relaxed);
        if i != 0 {
            i as usize
        } else {
            self.assign_index()
        }
    }

    #[cold]
    fn assign_index(&'static self) -> usize {
        let new = NEXT_INDEX.fetch_add(1, Ordering::Relaxed);
        match self
            .index
            .compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => new as usize,
            Err(other) => other as usize,
        }
    }

    /// Whether a payload of this layout starts with one of `other`.
    #[inline]
    pub fn is_or_extends(&self, other: &'static Layout) -> bool {
        std::ptr::eq(self, other) || self.base.is_some() && self.extends(other)
    }

    #[inline(never)]
    fn extends(&self, other: &'static Layout) -> bool {
        let mut at = self.base;
        while let Some(base) = at {
            let l = base();
            if std::ptr::eq(l, other) {
                return true;
            }
            at = l.base;
        }
        false
    }
}

/// A payload of objects. Implemented with [`crate::payload!`].
///
/// # Safety
/// `layout()` describes exactly this type; a layout's `base` is the type of the first field of a `#[repr(C)]` struct.
pub unsafe trait Payload: Sized + 'static {
    /// The payload's description.
    fn layout() -> &'static Layout;
}

/// How the collector sees a payload.
pub trait Traverse {
    /// Calls `visit` for every value the payload owns (each count once).
    fn traverse(&self, visit: &mut Visitor<'_>);
    /// Lets go of values that can be part of a cycle; the payload stays valid.
    fn clear(&self) {}
}

#[doc(hidden)]
pub const fn object_size<T>() -> usize {
    assert!(MemLayout::new::<Object<T>>().align() <= 16);
    assert!(align_of::<T>() > 8 || std::mem::offset_of!(Object<T>, payload) == size_of::<Header>());
    size_of::<Object<T>>()
}

#[doc(hidden)]
pub unsafe fn drop_payload<T>(p: *mut Header) {
    // SAFETY: the heap calls this once, for an object whose payload is a T.
    unsafe { std::ptr::drop_in_place(&raw mut (*p.cast::<Object<T>>()).payload) }
}

#[doc(hidden)]
pub unsafe fn traverse_payload<T: Traverse>(p: *const Header, visit: &mut Visitor<'_>) {
    // SAFETY: the heap calls this for live objects whose payload is a T.
    unsafe { (*p.cast::<Object<T>>()).payload.traverse(visit) }
}

#[doc(hidden)]
pub unsafe fn clear_payload<T: Traverse>(p: *const Header) {
    // SAFETY: as for `traverse_payload`.
    unsafe { (*p.cast::<Object<T>>()).payload.clear() }
}

#[doc(hidden)]
pub unsafe fn var_size_payload<T: VarSized>(p: *const Header) -> usize {
    // SAFETY: as for `traverse_payload`.
    size_of::<Object<T>>() + unsafe { (*p.cast::<Object<T>>()).payload.var_bytes() }
}

/// A payload with a part of variable size behind it.
pub trait VarSized {
    /// Bytes of the variable part.
    fn var_bytes(&self) -> usize;
}

/// Declares a payload: `payload!(List, gc)` (with [`Traverse`]), `payload!(Float, leaf)` (owns no values),
/// `payload!(DefaultDict, gc, base = Dict)` when the first field of the `#[repr(C)]` struct is another payload,
/// and `payload!(Tuple, gc, var)` with [`VarSized`].
#[macro_export]
macro_rules! payload {
    ($t:ty, gc) => { $crate::payload!(@impl $t, Some($crate::reference::traverse_payload::<$t>), Some($crate::reference::clear_payload::<$t>), None, None); };
    ($t:ty, gc, base = $base:ty) => { $crate::payload!(@impl $t, Some($crate::reference::traverse_payload::<$t>), Some($crate::reference::clear_payload::<$t>), Some(<$base as $crate::Payload>::layout), None); };
    ($t:ty, gc, var) => { $crate::payload!(@impl $t, Some($crate::reference::traverse_payload::<$t>), Some($crate::reference::clear_payload::<$t>), None, Some($crate::reference::var_size_payload::<$t>)); };
    ($t:ty, leaf) => { $crate::payload!(@impl $t, None, None, None, None); };
    ($t:ty, leaf, base = $base:ty) => { $crate::payload!(@impl $t, None, None, Some(<$base as $crate::Payload>::layout), None); };
    ($t:ty, leaf, var) => { $crate::payload!(@impl $t, None, None, None, Some($crate::reference::var_size_payload::<$t>)); };
    // As the one before; the destructor does nothing for objects that carry no flag.
    ($t:ty, leaf, var, flagged) => { $crate::payload!(@impl $t, None, None, None, Some($crate::reference::var_size_payload::<$t>), false); };
    (@impl $t:ty, $traverse:expr, $clear:expr, $base:expr, $var:expr) => {
        $crate::payload!(@impl $t, $traverse, $clear, $base, $var, std::mem::needs_drop::<$t>());
    };
    (@impl $t:ty, $traverse:expr, $clear:expr, $base:expr, $var:expr, $needs_drop:expr) => {
        // SAFETY: the layout is made from the type itself; that `base` is the first field is the declaration's promise.
        unsafe impl $crate::Payload for $t {
            #[inline(always)]
            fn layout() -> &'static $crate::Layout {
                static LAYOUT: $crate::Layout = $crate::Layout {
                    name: stringify!($t),
                    size: $crate::reference::object_size::<$t>(),
                    base: $base,
                    drop: $crate::reference::drop_payload::<$t>,
                    needs_drop: $needs_drop,
                    traverse: $traverse,
                    clear: $clear,
                    var_size: $var,
                    index: std::sync::atomic::AtomicU32::new(0),
                };
                &LAYOUT
            }
        }
    };
}

/// An owned pointer to an object whose payload is (or starts with) a `T`.
#[repr(transparent)]
pub struct Ref<T: Payload> {
    value: Value,
    marker: PhantomData<*const T>,
}

impl<T: Payload> Ref<T> {
    /// Takes over a count of the object behind `ptr`.
    ///
    /// # Safety
    /// As for [`Value::from_owned_ptr`], and the object's payload is or starts with a `T`.
    #[inline(always)]
    pub unsafe fn from_owned_ptr(ptr: NonNull<Object<T>>) -> Ref<T> {
        // SAFETY: the header is the object's first field; the rest is the contract.
        let value = unsafe { Value::from_owned_ptr(ptr.cast()) };
        Ref {
            value,
            marker: PhantomData,
        }
    }

    /// The same value with its type known.
    ///
    /// # Safety
    /// The value is a pointer to an object whose payload is or starts with a `T`.
    #[inline(always)]
    pub unsafe fn from_value_unchecked(value: Value) -> Ref<T> {
        Ref {
            value,
            marker: PhantomData,
        }
    }

    /// Sees a value as a typed pointer.
    ///
    /// # Safety
    /// As for [`Ref::from_value_unchecked`].
    #[inline(always)]
    pub unsafe fn cast_unchecked(value: &Value) -> &Ref<T> {
        // SAFETY: Ref is transparent over Value; the payload's type is the contract.
        unsafe { &*(&raw const *value).cast::<Ref<T>>() }
    }

    /// The object.
    #[inline(always)]
    pub fn object(&self) -> &Object<T> {
        // SAFETY: a Ref is a pointer to a live Object<T>.
        unsafe { &*self.value.as_ptr_unchecked().cast::<Object<T>>() }
    }

    /// The object's address.
    #[inline(always)]
    pub fn as_ptr(&self) -> *const Object<T> {
        self.value.as_ptr_unchecked().cast()
    }

    /// The pointer as an untyped value, without touching the count.
    #[inline(always)]
    pub fn as_value(&self) -> &Value {
        &self.value
    }

    /// The pointer as an untyped value.
    #[inline(always)]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The object's header.
    #[inline(always)]
    pub fn head(&self) -> &Header {
        &self.object().header
    }

    /// Identity.
    #[inline(always)]
    pub fn is(&self, other: &Ref<T>) -> bool {
        self.value.is(&other.value)
    }
}

impl<T> Object<T>
where
    T: Payload,
{
    /// An owned pointer to this object (objects live only in the heap, behind counts).
    #[inline(always)]
    pub fn to_ref(&self) -> Ref<T> {
        self.header.incref();
        // SAFETY: the count was just taken, and the payload is a T.
        unsafe { Ref::from_owned_ptr(NonNull::from(self)) }
    }
}

impl<T: Payload> Clone for Ref<T> {
    #[inline(always)]
    fn clone(&self) -> Ref<T> {
        Ref {
            value: self.value.clone(),
            marker: PhantomData,
        }
    }
}

impl<T: Payload> Deref for Ref<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.object().payload
    }
}

impl<T: Payload> From<Ref<T>> for Value {
    #[inline(always)]
    fn from(r: Ref<T>) -> Value {
        r.value
    }
}

impl<T: Payload> AsRef<Value> for Ref<T> {
    fn as_ref(&self) -> &Value {
        &self.value
    }
}

impl<T: Payload> std::fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} at {:p}>", T::layout().name, self.as_ptr())
    }
}

/// A reference that is held for as long as the interpreter lives, to an object made immortal. It has no destructor:
/// tables of hundreds of them (names, types) would otherwise cost a clean-up path for each field.
pub struct Fixed<T: Payload>(std::mem::ManuallyDrop<Ref<T>>);

impl<T: Payload> Fixed<T> {
    /// Makes the object immortal and holds it.
    pub fn new(r: Ref<T>) -> Fixed<T> {
        r.head().make_immortal();
        Fixed(std::mem::ManuallyDrop::new(r))
    }
}

impl<T: Payload> Deref for Fixed<T> {
    type Target = Ref<T>;
    #[inline(always)]
    fn deref(&self) -> &Ref<T> {
        &self.0
    }
}
