//! Exceptions: the payload of `BaseException`, the table of exception types, and raising from native code.
//! The types' methods and the richer payloads (OSError's, SyntaxError's ...) are in `taipan-builtins`.

use crate::cell::PyCell;
use crate::class::{TypeObject, TypeRef, tpflags};
use crate::containers::tuple::Tuple;
use crate::reference::{Fixed, Layout, Payload, Ref, Traverse, Visitor};
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;
use std::cell::Cell;

/// The payload that every exception starts with.
#[repr(C)]
pub struct BaseException {
    /// `args`
    pub args: PyCell<Option<Ref<Tuple>>>,
    /// `__traceback__`
    pub traceback: PyCell<Option<Value>>,
    /// `__context__`
    pub context: PyCell<Option<Value>>,
    /// `__cause__`
    pub cause: PyCell<Option<Value>>,
    /// `__suppress_context__`
    pub suppress_context: Cell<bool>,
}

crate::payload!(BaseException, gc);

impl BaseException {
    /// An exception's payload with these arguments.
    pub fn new(args: Ref<Tuple>) -> BaseException {
        BaseException {
            args: PyCell::new(Some(args)),
            traceback: PyCell::new(None),
            context: PyCell::new(None),
            cause: PyCell::new(None),
            suppress_context: Cell::new(false),
        }
    }
}

impl Traverse for BaseException {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.args.visit(visit);
        self.traceback.visit(visit);
        self.context.visit(visit);
        self.cause.visit(visit);
    }
    fn clear(&self) {
        self.traceback.set(None);
        self.context.set(None);
        self.cause.set(None);
    }
}

/// The payload of exceptions with named attributes beside `args`: OSError, SyntaxError, UnicodeError, ImportError,
/// NameError, AttributeError, StopIteration, SystemExit, ExceptionGroup. The type says what each field means.
#[repr(C)]
pub struct FieldException {
    /// What every exception has.
    pub base: BaseException,
    /// The fields, in the order that the type defines.
    pub fields: [PyCell<Option<Value>>; 10],
}

crate::payload!(FieldException, gc, base = BaseException);

impl Traverse for FieldException {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.base.traverse(visit);
        for f in &self.fields {
            f.visit(visit);
        }
    }
    fn clear(&self) {
        self.base.clear();
        for f in &self.fields {
            f.set(None);
        }
    }
}

macro_rules! exceptions {
    (root $root:ident; $($name:ident: $base:ident, $payload:ty;)*) => {
        /// The builtin exception types, a field each.
        #[allow(non_snake_case, missing_docs, reason = "the fields are the types' names")]
        pub struct ExcTypes { pub BaseException: Fixed<TypeObject>, $(pub $name: Fixed<TypeObject>,)* }

        impl ExcTypes {
            #[allow(non_snake_case, reason = "as above")]
            pub(crate) fn new(vm: &Vm) -> PyResult<ExcTypes> {
                let object = vm.types().object.clone();
                let flags = tpflags::BASETYPE | tpflags::BASE_EXC_SUBCLASS;
                let make = |name: &str, layout: &'static Layout, base: &TypeRef| -> PyResult<Fixed<TypeObject>> {
                    let name = if name == "IncompleteInputError" { "_IncompleteInputError" } else { name };
                    let t = vm.raw_type(name, layout, base, flags)?;
                    vm.give_dict_word(&t);
                                        Ok(Fixed::new(t))
                };
                let $root = make("BaseException", <BaseException as Payload>::layout(), &object)?;
                $(let $name = make(stringify!($name), <$payload as Payload>::layout(), &$base)?;)*
                Ok(ExcTypes { BaseException: $root, $($name,)* })
            }

            /// All of them, bases before what derives from them.
            pub fn all(&self) -> Vec<TypeRef> {
                [&self.BaseException, $(&self.$name,)*].into_iter().map(|t| TypeRef::clone(t)).collect()
            }
        }
    };
}

exceptions! {
    root base_exception;
    Exception: base_exception, BaseException;
    BaseExceptionGroup: base_exception, FieldException;
    GeneratorExit: base_exception, BaseException;
    KeyboardInterrupt: base_exception, BaseException;
    SystemExit: base_exception, FieldException;
    ArithmeticError: Exception, BaseException;
    AssertionError: Exception, BaseException;
    AttributeError: Exception, FieldException;
    BufferError: Exception, BaseException;
    EOFError: Exception, BaseException;
    ImportError: Exception, FieldException;
    LookupError: Exception, BaseException;
    MemoryError: Exception, BaseException;
    NameError: Exception, FieldException;
    OSError: Exception, FieldException;
    ReferenceError: Exception, BaseException;
    RuntimeError: Exception, BaseException;
    StopAsyncIteration: Exception, BaseException;
    StopIteration: Exception, FieldException;
    SyntaxError: Exception, FieldException;
    SystemError: Exception, BaseException;
    TypeError: Exception, BaseException;
    ValueError: Exception, BaseException;
    Warning: Exception, BaseException;
    FloatingPointError: ArithmeticError, BaseException;
    OverflowError: ArithmeticError, BaseException;
    ZeroDivisionError: ArithmeticError, BaseException;
    BytesWarning: Warning, BaseException;
    DeprecationWarning: Warning, BaseException;
    EncodingWarning: Warning, BaseException;
    FutureWarning: Warning, BaseException;
    ImportWarning: Warning, BaseException;
    PendingDeprecationWarning: Warning, BaseException;
    ResourceWarning: Warning, BaseException;
    RuntimeWarning: Warning, BaseException;
    SyntaxWarning: Warning, BaseException;
    UnicodeWarning: Warning, BaseException;
    UserWarning: Warning, BaseException;
    ExceptionGroup: BaseExceptionGroup, FieldException;
    BlockingIOError: OSError, FieldException;
    ChildProcessError: OSError, FieldException;
    ConnectionError: OSError, FieldException;
    BrokenPipeError: ConnectionError, FieldException;
    ConnectionAbortedError: ConnectionError, FieldException;
    ConnectionRefusedError: ConnectionError, FieldException;
    ConnectionResetError: ConnectionError, FieldException;
    FileExistsError: OSError, FieldException;
    FileNotFoundError: OSError, FieldException;
    InterruptedError: OSError, FieldException;
    IsADirectoryError: OSError, FieldException;
    NotADirectoryError: OSError, FieldException;
    PermissionError: OSError, FieldException;
    ProcessLookupError: OSError, FieldException;
    TimeoutError: OSError, FieldException;
    IndentationError: SyntaxError, FieldException;
    IncompleteInputError: SyntaxError, FieldException;
    IndexError: LookupError, BaseException;
    KeyError: LookupError, BaseException;
    ModuleNotFoundError: ImportError, FieldException;
    NotImplementedError: RuntimeError, BaseException;
    PythonFinalizationError: RuntimeError, BaseException;
    RecursionError: RuntimeError, BaseException;
    UnboundLocalError: NameError, FieldException;
    UnicodeError: ValueError, FieldException;
    UnicodeDecodeError: UnicodeError, FieldException;
    UnicodeEncodeError: UnicodeError, FieldException;
    UnicodeTranslateError: UnicodeError, FieldException;
    TabError: IndentationError, FieldException;
}

macro_rules! raisers {
    ($($(#[$doc:meta])* $fn:ident: $ty:ident;)*) => {
        impl Vm {
            $($(#[$doc])*
            #[cold]
            #[inline(never)]
            pub fn $fn(&self, message: &str) -> Raised {
                self.raise_new(&self.exc().$ty, message)
            })*
        }
    };
}

raisers! {
    /// Raises TypeError.
    type_error: TypeError;
    /// Raises ValueError.
    value_error: ValueError;
    /// Raises OverflowError.
    overflow_error: OverflowError;
    /// Raises ZeroDivisionError.
    zero_division_error: ZeroDivisionError;
    /// Raises IndexError.
    index_error: IndexError;
    /// Raises RuntimeError.
    runtime_error: RuntimeError;
    /// Raises SystemError.
    system_error: SystemError;
    /// Raises RecursionError.
    recursion_error: RecursionError;
    /// Raises NotImplementedError.
    not_implemented_error: NotImplementedError;
    /// Raises BufferError.
    buffer_error: BufferError;
    /// Raises EOFError.
    eof_error: EOFError;
    /// Raises LookupError.
    lookup_error: LookupError;
    /// Raises AssertionError.
    assertion_error: AssertionError;
    /// Raises ReferenceError.
    reference_error: ReferenceError;
}

impl Vm {
    /// A new exception of a builtin type whose `__init__` need not run, with one text argument.
    pub fn new_exception(&self, ty: &TypeRef, message: &str) -> PyResult {
        let s = self.new_str(message)?.into_value();
        self.new_exception_from(ty, std::slice::from_ref(&s))
    }

    /// A new exception of a type with the native constructor, with these arguments.
    /// Types with named fields get them through their `__new__` and `__init__`.
    pub fn new_exception_args(&self, ty: &TypeRef, args: Vec<Value>) -> PyResult {
        self.new_exception_from(ty, &args)
    }

    fn new_exception_from(&self, ty: &TypeRef, args: &[Value]) -> PyResult {
        if ty.is_heap() {
            return self.call(ty.as_value(), crate::native::Args::positional(args));
        }
        if std::ptr::eq(ty.layout(), BaseException::layout()) {
            let args = self.new_tuple_from(args)?;
            return Ok(self.new_object(ty, BaseException::new(args))?.into_value());
        }
        let args = crate::native::Args::positional(args);
        match (ty.slots.tp_new.get(), ty.slots.tp_init.get()) {
            (Some(new), Some(init)) => {
                let e = new(self, ty, args)?;
                init(self, &e, args)?;
                Ok(e)
            }
            _ => Err(self.system_error("the exception types were not filled")),
        }
    }

    /// Raises a new exception with a message.
    #[cold]
    #[inline(never)]
    pub fn raise_new(&self, ty: &TypeRef, message: &str) -> Raised {
        match self.new_exception(ty, message) {
            Ok(e) => self.raise(e),
            Err(r) => r,
        }
    }

    /// Raises a new exception with these arguments.
    #[cold]
    pub fn raise_args(&self, ty: &TypeRef, args: Vec<Value>) -> Raised {
        match self.new_exception_args(ty, args) {
            Ok(e) => self.raise(e),
            Err(r) => r,
        }
    }

    /// Raises KeyError for a key.
    #[cold]
    pub fn key_error(&self, key: &Value) -> Raised {
        match self.new_exception_from(&self.exc().KeyError, std::slice::from_ref(key)) {
            Ok(e) => self.raise(e),
            Err(r) => r,
        }
    }

    /// Raises StopIteration with a value.
    pub fn stop_iteration(&self, value: Option<Value>) -> Raised {
        self.raise_args(&self.exc().StopIteration, value.into_iter().collect())
    }

    /// Raises AttributeError with `name` and `obj` set.
    #[cold]
    pub fn attribute_error(&self, obj: &Value, name: &Value, message: &str) -> Raised {
        match self.new_exception(&self.exc().AttributeError, message) {
            Ok(e) => {
                if let Some(f) = e.downcast_ref::<FieldException>() {
                    f.fields[0].set(Some(name.clone()));
                    f.fields[1].set(Some(obj.clone()));
                }
                self.raise(e)
            }
            Err(r) => r,
        }
    }

    /// Raises the OSError subclass for `errno`, with the system's text for it and up to two file names.
    #[cold]
    pub fn os_error(
        &self,
        errno: i32,
        filename: Option<&Value>,
        filename2: Option<&Value>,
    ) -> Raised {
        let text = std::io::Error::from_raw_os_error(errno).to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        self.os_error_with(errno, text, filename, filename2)
    }

    /// [`Vm::os_error`] with a text of the caller's.
    #[cold]
    pub fn os_error_with(
        &self,
        errno: i32,
        text: &str,
        filename: Option<&Value>,
        filename2: Option<&Value>,
    ) -> Raised {
        let text = match self.new_str(text) {
            Ok(s) => s.into_value(),
            Err(r) => return r,
        };
        let mut args = vec![Value::from_i32(errno), text];
        args.extend(filename.cloned());
        if let Some(second) = filename2 {
            if filename.is_none() {
                args.push(self.none());
            }
            args.extend([self.none(), second.clone()]);
        }
        self.raise_args(&self.exc().OSError, args)
    }

    /// Raises an exception with named fields set after its construction; `None` leaves a field empty.
    #[cold]
    fn raise_with_fields(
        &self,
        ty: &TypeRef,
        message: &str,
        values: &[(usize, Option<&Value>)],
    ) -> Raised {
        match self.new_exception(ty, message) {
            Ok(e) => {
                if let Some(f) = e.downcast_ref::<FieldException>() {
                    for (i, v) in values {
                        if let Some(field) = f.fields.get(*i) {
                            field.set(v.cloned());
                        }
                    }
                }
                self.raise(e)
            }
            Err(r) => r,
        }
    }

    /// Raises ImportError (or ModuleNotFoundError, given as `ty`) with `name` and `path`.
    #[cold]
    pub fn import_error(
        &self,
        ty: &TypeRef,
        message: &str,
        name: Option<&Value>,
        path: Option<&Value>,
    ) -> Raised {
        self.raise_with_fields(ty, message, &[(1, name), (2, path)])
    }

    /// Raises NameError (or UnboundLocalError) with `name`.
    #[cold]
    pub fn name_error(&self, ty: &TypeRef, message: &str, name: &Value) -> Raised {
        self.raise_with_fields(ty, message, &[(0, Some(name))])
    }

    /// A new UnicodeEncodeError.
    pub fn new_unicode_encode_error(
        &self,
        encoding: &str,
        object: &Value,
        start: usize,
        end: usize,
        reason: &str,
    ) -> PyResult {
        let args = vec![
            self.new_str(encoding)?.into_value(),
            object.clone(),
            self.new_usize(start)?,
            self.new_usize(end)?,
            self.new_str(reason)?.into_value(),
        ];
        self.new_exception_args(&self.exc().UnicodeEncodeError, args)
    }

    /// A new UnicodeDecodeError; `object` is bytes-like.
    pub fn new_unicode_decode_error(
        &self,
        encoding: &str,
        object: &Value,
        start: usize,
        end: usize,
        reason: &str,
    ) -> PyResult {
        let args = vec![
            self.new_str(encoding)?.into_value(),
            object.clone(),
            self.new_usize(start)?,
            self.new_usize(end)?,
            self.new_str(reason)?.into_value(),
        ];
        self.new_exception_args(&self.exc().UnicodeDecodeError, args)
    }

    /// A new UnicodeTranslateError.
    pub fn new_unicode_translate_error(
        &self,
        object: &Value,
        start: usize,
        end: usize,
        reason: &str,
    ) -> PyResult {
        let args = vec![
            object.clone(),
            self.new_usize(start)?,
            self.new_usize(end)?,
            self.new_str(reason)?.into_value(),
        ];
        self.new_exception_args(&self.exc().UnicodeTranslateError, args)
    }

    /// `ExceptionGroup` has two bases: gives it both, and the MRO that follows from them.
    pub(crate) fn complete_exception_group(&self, exc: &ExcTypes) -> PyResult<()> {
        let group = &exc.ExceptionGroup;
        let of = |types: &[&TypeRef]| {
            self.new_tuple(types.iter().map(|t| t.as_value().clone()).collect())
        };
        let base: &TypeRef = &exc.BaseExceptionGroup;
        group.bases.set(Some(of(&[base, &exc.Exception])?));
        let object = &self.types().object;
        group.mro.set(Some(of(&[
            group,
            base,
            &exc.Exception,
            &exc.BaseException,
            object,
        ])?));
        exc.Exception.subclasses.borrow_mut().push(group.as_ptr());
        Ok(())
    }

    /// Raises MemoryError. One that was made at the start serves when there is no memory for another.
    #[cold]
    pub fn no_memory(&self) -> Raised {
        let spare = self.interp().spare_memory_error.take();
        match spare {
            Some(e) => self.raise_as_is(e),
            None => match self.interp().exc.get() {
                Some(exc) => {
                    let ty = exc.MemoryError.clone();
                    match self.interp().singletons_opt() {
                        Some(s) => {
                            let args = s.empty_tuple.clone();
                            match self.heap().new_object(
                                ty.object(),
                                ty.instance_size(),
                                BaseException::new(args),
                            ) {
                                Some(e) => self.raise_as_is(e.into_value()),
                                None => Raised(()),
                            }
                        }
                        None => Raised(()),
                    }
                }
                None => Raised(()),
            },
        }
    }

    /// Chains `exc` to the exception being handled, without making a cycle (_PyErr_SetObject).
    pub(crate) fn set_context(&self, exc: &Value) {
        let Some(handled) = self.handled_exception() else {
            return;
        };
        if handled.is(exc) {
            return;
        }
        let Some(e) = exc.downcast_ref::<BaseException>() else {
            return;
        };
        // Take `exc` out of the chain of the one being handled. Floyd's walk, since a chain can be cyclic already.
        let mut slow = handled.clone();
        let mut fast_turn = false;
        let mut o = handled.clone();
        while let Some(b) = o.downcast_ref::<BaseException>() {
            let Some(context) = b.context.get() else {
                break;
            };
            if context.is(exc) {
                b.context.set(None);
                break;
            }
            o = context;
            if o.is(&slow) {
                break;
            }
            if fast_turn
                && let Some(next) = slow
                    .clone()
                    .downcast_ref::<BaseException>()
                    .and_then(|s| s.context.get())
            {
                slow = next;
            }
            fast_turn = !fast_turn;
        }
        e.context.set(Some(handled));
    }

    /// Whether the pending exception is an instance of `ty`.
    pub fn exception_matches(&self, ty: &TypeRef) -> bool {
        self.pending_exception()
            .is_some_and(|e| self.is_instance_exact(&e, ty))
    }

    /// Catches the pending exception if it is an instance of `ty`; else gives the token back.
    pub fn catch(&self, r: Raised, ty: &TypeRef) -> PyResult<Value> {
        if self.exception_matches(ty) {
            Ok(self.take_raised(r))
        } else {
            Err(r)
        }
    }

    /// Whether the type of `v` is `ty` or derives from it (no `__instancecheck__`).
    #[inline]
    pub fn is_instance_exact(&self, v: &Value, ty: &TypeRef) -> bool {
        self.type_of(v).payload.is_subtype(ty.object())
    }
}
