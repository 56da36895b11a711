//! `PickleBuffer`: a buffer that a pickle may leave out.

use taipan_builtins::util::builtin;
use taipan_macros::pymethods;
use taipan_object::buffer::Buffer;
use taipan_object::{
    ClassPart, Payload, PyCell, PyResult, Ref, SlotDef, Traverse, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload,
};

/// The payload of `PickleBuffer`: the object whose memory it is, until it is released.
pub struct PickleBuffer {
    owner: PyCell<Option<Value>>,
}

payload!(PickleBuffer, gc);

impl Traverse for PickleBuffer {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.owner.visit(visit);
    }
    fn clear(&self) {
        self.owner.set(None);
    }
}

/// `PickleBuffer`
pub static PICKLE_BUFFER: TypeSpec = TypeSpec {
    doc: Some("Wrapper for potentially out-of-band buffers"),
    has_weakref: true,
    parts: &[&PICKLE_BUFFER_METHODS, &PICKLE_BUFFER_BUFFER],
    ..TypeSpec::new("PickleBuffer", "pickle", <PickleBuffer as Payload>::layout)
};

/// The flat bytes of another object's memory, for `raw()`.
struct Flat {
    owner: Value,
}

payload!(Flat, gc);

impl Traverse for Flat {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.owner);
    }
}

static FLAT: TypeSpec = TypeSpec {
    parts: &[&FLAT_BUFFER],
    ..TypeSpec::new("_RawBuffer", "pickle", <Flat as Payload>::layout)
};

static FLAT_BUFFER: ClassPart = ClassPart {
    methods: &[],
    getset: &[],
    slots: &[SlotDef::bf_getbuffer(flat_buffer)],
};

fn flat_buffer(vm: &Vm, this: &Value, writable: bool) -> PyResult<Buffer> {
    let Some(flat) = this.downcast_ref::<Flat>() else {
        return Err(vm.system_error("a raw buffer"));
    };
    let buffer = vm.get_buffer(&flat.owner, writable)?;
    Ok(Buffer {
        itemsize: 1,
        format: "B".into(),
        shape: vec![buffer.len as isize],
        strides: vec![1],
        ..buffer
    })
}

static PICKLE_BUFFER_BUFFER: ClassPart = ClassPart {
    methods: &[],
    getset: &[],
    slots: &[SlotDef::bf_getbuffer(get_buffer)],
};

fn get_buffer(vm: &Vm, this: &Value, writable: bool) -> PyResult<Buffer> {
    match this.downcast_ref::<PickleBuffer>() {
        Some(b) => vm.get_buffer(&b.owner(vm)?, writable),
        None => Err(vm.system_error("a PickleBuffer")),
    }
}

/// Whether items follow each other without gaps, the first index fastest.
pub(super) fn is_fortran(b: &Buffer) -> bool {
    let mut expect = b.itemsize as isize;
    for (n, s) in b.shape.iter().zip(&b.strides) {
        if *n > 1 && *s != expect {
            return false;
        }
        expect = expect.saturating_mul(*n);
    }
    true
}

impl PickleBuffer {
    fn owner(&self, vm: &Vm) -> PyResult {
        self.owner
            .get()
            .ok_or_else(|| vm.value_error("operation forbidden on released PickleBuffer object"))
    }

    /// The memory.
    pub(super) fn view(&self, vm: &Vm) -> PyResult<Buffer> {
        vm.get_buffer(&self.owner(vm)?, false)
    }
}

#[pymethods(PICKLE_BUFFER_METHODS)]
impl PickleBuffer {
    #[pyslot(name = "PickleBuffer", params = "(object, /)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult<Ref<PickleBuffer>> {
        // Whether it has a buffer shows now.
        drop(vm.get_buffer(object, false)?);
        let owner = PyCell::new(Some(object.clone()));
        vm.new_object(cls, PickleBuffer { owner })
    }

    /// Return a memoryview of the raw memory underlying this buffer.
    ///
    /// It is one-dimensional, of unsigned bytes. BufferError is raised
    /// if the memory is neither C- nor Fortran-contiguous.
    #[pymethod(sig = "($self, /)")]
    fn raw(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let owner = this.owner(vm)?;
        let view = vm.get_buffer(&owner, false)?;
        if !view.is_contiguous() && !is_fortran(&view) {
            return Err(vm.buffer_error("cannot extract raw buffer from non-contiguous buffer"));
        }
        drop(view);
        let flat = vm.new_object(&vm.make_type(&FLAT)?, Flat { owner })?;
        vm.call1(&builtin(vm, "memoryview")?, flat.as_value())
    }

    /// Release the underlying buffer exposed by the PickleBuffer object.
    #[pymethod(sig = "($self, /)")]
    fn release(&self) {
        self.owner.set(None);
    }
}
