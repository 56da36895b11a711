//! What the modules share: blocking calls with their retry after EINTR, errors from `errno`, bytes-like arguments.

use std::borrow::Cow;
use std::cell::Cell;

use taipan_host::{Errno, Result as HostResult};
use taipan_object::buffer::Buffer;
use taipan_object::convert::{ArgContext, FromArg, FromDefault};
use taipan_object::{BaseException, Bytes, PyResult, Raised, Ref, Str, Value, Vm};

/// Runs something without the GIL.
pub type WithoutGil = fn(&Vm, &mut dyn FnMut());

#[derive(Default)]
struct Blocking {
    without: Cell<Option<WithoutGil>>,
    after_fork: Cell<Option<fn(&Vm)>>,
}

/// Says how to give the GIL away around calls that may block; without it they keep it.
pub fn set_without_gil(vm: &Vm, f: WithoutGil) {
    vm.state::<Blocking>().without.set(Some(f));
}

/// Says what the threads' side of a fork in the child is: the other threads are gone there.
pub fn set_threads_after_fork(vm: &Vm, f: fn(&Vm)) {
    vm.state::<Blocking>().after_fork.set(Some(f));
}

/// Runs the threads' side of a fork in the child.
pub(crate) fn threads_after_fork(vm: &Vm) {
    if let Some(f) = vm.state::<Blocking>().after_fork.get() {
        f(vm);
    }
}

/// Runs a call that may block, without the GIL: it must not touch objects.
pub fn blocking<T>(vm: &Vm, f: impl FnOnce() -> T) -> T {
    let Some(without) = vm.state::<Blocking>().without.get() else {
        return f();
    };
    let (mut f, mut out) = (Some(f), None);
    without(vm, &mut || out = f.take().map(|f| f()));
    match out {
        Some(out) => out,
        None => unreachable!("the hook runs what it is given"),
    }
}

/// Runs a call again for as long as signals interrupt it, their handlers first (PEP 475).
#[inline]
pub fn retry<T>(vm: &Vm, mut f: impl FnMut() -> HostResult<T>) -> PyResult<HostResult<T>> {
    loop {
        match blocking(vm, &mut f) {
            Err(Errno::EINTR) => check_signals(vm)?,
            result => return Ok(result),
        }
    }
}

/// [`retry`], with OSError for what fails.
#[inline]
pub fn call<T>(vm: &Vm, f: impl FnMut() -> HostResult<T>) -> PyResult<T> {
    retry(vm, f)?.map_err(|e| os_error(vm, e))
}

/// Runs the handlers of signals that have come.
pub fn check_signals(vm: &Vm) -> PyResult<()> {
    (vm.hooks().handle_breaker)(vm)
}

/// Raises OSError for an error number.
#[cold]
pub fn os_error(vm: &Vm, e: Errno) -> Raised {
    vm.os_error(e.0, None, None)
}

/// OSError for a call that does not block.
#[inline]
pub fn done<T>(vm: &Vm, result: HostResult<T>) -> PyResult<T> {
    result.map_err(|e| os_error(vm, e))
}

/// A size where None means the default of -1 (`Py_ssize_t(accept={int, NoneType})`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub isize);

impl<'a> FromArg<'a> for Size {
    #[inline]
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Size> {
        if let Some(i) = v.as_small_int() {
            return Ok(Size(i as isize));
        }
        Ok(Size(isize::from_optional(vm, v, ctx)?.unwrap_or(-1)))
    }
}

impl FromDefault<i64> for Size {
    fn from_default(_: &Vm, i: i64) -> PyResult<Size> {
        Ok(Size(i as isize))
    }
}

impl FromDefault<()> for Size {
    fn from_default(_: &Vm, (): ()) -> PyResult<Size> {
        Ok(Size(-1))
    }
}

/// The bytes of a bytes-like argument; those of `bytes` are borrowed.
pub struct Data<'a>(pub Cow<'a, [u8]>);

impl std::ops::Deref for Data<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<'a> FromArg<'a> for Data<'a> {
    fn from_arg(vm: &Vm, v: &'a Value, _: &ArgContext) -> PyResult<Data<'a>> {
        data(vm, v)
    }
}

/// The bytes of a bytes-like object.
pub fn data<'a>(vm: &Vm, v: &'a Value) -> PyResult<Data<'a>> {
    if let Some(b) = v.downcast_ref::<Bytes>() {
        return Ok(Data(Cow::Borrowed(b.as_slice())));
    }
    let buffer = vm.get_buffer(v, false)?;
    if !buffer.is_contiguous() {
        return Err(vm.buffer_error("memoryview: underlying buffer is not C-contiguous"));
    }
    Ok(Data(Cow::Owned(buffer.to_vec())))
}

/// Text as UTF-8 or the bytes of a bytes-like object (`Py_buffer(accept={str, buffer})`).
pub fn text_or_data<'a>(vm: &Vm, v: &'a Value) -> PyResult<Data<'a>> {
    match v.downcast_ref::<Str>() {
        Some(s) => Ok(Data(match taipan_object::convert::utf8(vm, s)? {
            Cow::Borrowed(s) => Cow::Borrowed(s.as_bytes()),
            Cow::Owned(s) => Cow::Owned(s.into_bytes()),
        })),
        None => data(vm, v),
    }
}

/// A bytes-like argument to write into.
pub struct Writable(pub Buffer);

impl<'a> FromArg<'a> for Writable {
    fn from_arg(vm: &Vm, v: &'a Value, ctx: &ArgContext) -> PyResult<Writable> {
        writable(vm, v).map_err(|r| {
            vm.take_raised(r);
            ctx.wrong_type(vm, "read-write bytes-like object", v)
        })
    }
}

/// The writable contiguous memory of an object.
pub fn writable(vm: &Vm, v: &Value) -> PyResult<Writable> {
    let buffer = vm.get_buffer(v, true)?;
    if buffer.readonly || !buffer.is_contiguous() {
        return Err(vm.buffer_error("Object is not writable."));
    }
    Ok(Writable(buffer))
}

impl Writable {
    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// Calls `f` with the memory; it must not run Python code. `None` when there is none to write to.
    pub fn with<R>(&self, f: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        let (offset, end) = (self.0.offset, self.0.offset.saturating_add(self.0.len));
        let mut f = Some(f);
        let mut out = None;
        self.0.memory.with_mut(&mut |m| {
            if let (Some(part), Some(f)) = (m.get_mut(offset..end), f.take()) {
                out = Some(f(part));
            }
        });
        out
    }

    /// Copies as much as fits to the start; gives how much.
    pub fn put(&self, at: usize, bytes: &[u8]) -> usize {
        self.with(|m| match m.get_mut(at..) {
            Some(rest) => {
                let n = rest.len().min(bytes.len());
                rest[..n].copy_from_slice(&bytes[..n]);
                n
            }
            None => 0,
        })
        .unwrap_or(0)
    }
}

/// Ends an operation of two parts: the exception of the first part stays the context of the second's
/// (`_PyErr_ChainExceptions1`).
pub fn chain<T>(vm: &Vm, first: Option<Value>, second: PyResult<T>) -> PyResult<T> {
    let Some(first) = first else {
        return second;
    };
    match second {
        Ok(_) => Err(vm.raise_as_is(first)),
        Err(r) => {
            let e = vm.take_raised(r);
            if let Some(base) = e.downcast_ref::<BaseException>()
                && !e.is(&first)
            {
                base.context.set(Some(first));
            }
            Err(vm.raise_as_is(e))
        }
    }
}

/// A file offset: an index that fits 64 bits; `what` raises otherwise.
pub fn offset(vm: &Vm, v: &Value) -> PyResult<i64> {
    if let Some(i) = v.as_small_int() {
        return Ok(i);
    }
    let number = vm.index(v)?;
    number
        .as_int()
        .and_then(|i| i.to_i64())
        .ok_or_else(|| vm.overflow_error("Python int too large to convert to C long"))
}

/// Bytes of the file system as text: UTF-8 with surrogateescape.
pub fn fs_text(vm: &Vm, bytes: &[u8]) -> PyResult<Ref<Str>> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return vm.new_str(text);
    }
    let text = taipan_codecs::decode_all(
        &mut taipan_codecs::Utf8,
        bytes,
        taipan_codecs::handlers::Handler::SurrogateEscape,
    );
    match text {
        Ok(text) => vm.new_str_buf(&text),
        Err(_) => vm.new_str(&String::from_utf8_lossy(bytes)),
    }
}

/// Text as bytes of the file system: UTF-8 with surrogateescape; UnicodeEncodeError for other surrogates.
pub fn fs_bytes<'a>(vm: &Vm, s: &'a Ref<Str>) -> PyResult<Cow<'a, [u8]>> {
    if let Some(text) = s.as_ascii() {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let out = taipan_codecs::encode_all(
        &mut taipan_codecs::Utf8,
        s.text(),
        taipan_codecs::handlers::Handler::SurrogateEscape,
    );
    match out {
        Ok(bytes) => Ok(Cow::Owned(bytes)),
        Err(e) => {
            let exc =
                vm.new_unicode_encode_error("utf-8", s.as_value(), e.start, e.end, e.reason)?;
            Err(vm.raise(exc))
        }
    }
}

/// `os.fspath`: str and bytes as they are, other things by their `__fspath__`.
pub fn fspath(vm: &Vm, v: &Value) -> PyResult {
    if v.downcast_ref::<Str>().is_some() || v.downcast_ref::<Bytes>().is_some() {
        return Ok(v.clone());
    }
    let Some(method) = vm.special(v, &vm.names().__fspath__)? else {
        return Err(vm.type_error(&format!(
            "expected str, bytes or os.PathLike object, not {}",
            vm.type_name(v)
        )));
    };
    let path = vm.call0(&method)?;
    if path.downcast_ref::<Str>().is_some() || path.downcast_ref::<Bytes>().is_some() {
        return Ok(path);
    }
    Err(vm.type_error(&format!(
        "expected {}.__fspath__() to return str or bytes, not {}",
        vm.type_name(v),
        vm.type_name(&path)
    )))
}

/// A path as bytes (`PyUnicode_FSConverter`).
pub fn fs_convert(vm: &Vm, v: &Value) -> PyResult<Vec<u8>> {
    let path = fspath(vm, v)?;
    let bytes = match path.downcast_ref::<Str>() {
        Some(s) => fs_bytes(vm, s)?.into_owned(),
        None => data(vm, &path)?.0.into_owned(),
    };
    if bytes.contains(&0) {
        return Err(vm.value_error("embedded null byte"));
    }
    Ok(bytes)
}

/// The name of a value's type as `tp_name` has it: with the module for native types.
pub fn tp_name(vm: &Vm, v: &Value) -> String {
    let ty = &vm.type_of(v).payload;
    match ty.spec() {
        Some(spec) if spec.module != "builtins" => format!("{}.{}", spec.module, spec.name),
        _ => ty.name.get().to_string_lossy().into_owned(),
    }
}

/// Whether the type of `v` is exactly the class of payload `T`, with nothing overridden.
pub fn is_exactly<T: taipan_object::Payload>(vm: &Vm, v: &Value) -> bool {
    vm.class::<T>()
        .is_ok_and(|c| std::ptr::eq(vm.type_of(v), c.object()))
}

/// Puts numbers into a module.
pub fn add_constants(
    vm: &Vm,
    module: &Ref<taipan_object::Module>,
    constants: &[(&str, i64)],
) -> PyResult<()> {
    if let Some(dict) = module.dict.get() {
        for (name, value) in constants {
            dict.set_named(vm, name, vm.new_int(*value)?)?;
        }
    }
    Ok(())
}

/// Puts one thing into a module.
pub fn add(vm: &Vm, module: &Ref<taipan_object::Module>, name: &str, v: Value) -> PyResult<()> {
    match module.dict.get() {
        Some(dict) => dict.set_named(vm, name, v),
        None => Ok(()),
    }
}
