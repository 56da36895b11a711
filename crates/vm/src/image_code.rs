//! Code objects from the image in the executable (`taipan_bytecode::image`). A code object is made with its name and its
//! parameters; its constants and names are made when it first runs or is looked at.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use taipan_bytecode::image::{CodeView, ConstantReader, ConstantView, Image, StringView};
use taipan_object::{PyResult, Ref, Str, Value, Vm};

use crate::code::{Body, BodySource, Code, Parts, Table, wtf8_to_str};

/// The interned strings of the executable's image that were asked for, by their numbers. They stay, as names of code do in
/// CPython.
#[derive(Default)]
struct Names {
    image: OnceCell<&'static Image>,
    known: RefCell<Vec<Option<Ref<Str>>>>,
}

/// The code object of a record.
pub fn new_code(vm: &Vm, view: CodeView) -> PyResult<Ref<Code>> {
    Maker::new(vm).code(view)
}

/// Constants and names of a record.
pub fn body(vm: &Vm, view: CodeView) -> PyResult<Body> {
    let maker = Maker::new(vm);
    let mut constants = view.constants();
    let consts = maker.values(&mut constants, view.constant_count())?;
    Ok(Body {
        consts: vm.new_tuple(consts)?,
        names: view
            .names_used()
            .map(|n| maker.name(n))
            .collect::<PyResult<_>>()?,
        locals: view
            .locals()
            .map(|n| maker.name(n))
            .collect::<PyResult<_>>()?,
        tuples: None,
    })
}

/// The docstring of code that has one, without making the rest.
pub fn docstring(vm: &Vm, view: CodeView) -> PyResult {
    Maker::new(vm).value(&mut view.constants())
}

/// Makes objects of what is in the image.
struct Maker<'a> {
    vm: &'a Vm,
    names: Rc<Names>,
}

impl Maker<'_> {
    fn new(vm: &Vm) -> Maker<'_> {
        Maker {
            vm,
            names: vm.state::<Names>(),
        }
    }

    /// An interned string.
    fn name(&self, name: StringView) -> PyResult<Ref<Str>> {
        if let Some(Some(known)) = self.names.known.borrow().get(name.number())
            && self.names.is_of(name)
        {
            return Ok(known.clone());
        }
        let text = name.text();
        let made = match text.to_str() {
            Some(text) => self.vm.intern(text)?,
            None => self.vm.intern_str(&wtf8_to_str(self.vm, text)?),
        };
        if self.names.is_of(name) {
            let mut known = self.names.known.borrow_mut();
            if known.is_empty() {
                known.resize(name.image().string_count(), None);
            }
            if let Some(place) = known.get_mut(name.number()) {
                *place = Some(made.clone());
            }
        }
        Ok(made)
    }

    /// The code object of a record.
    fn code(&self, view: CodeView) -> PyResult<Ref<Code>> {
        let name = self.name(view.name())?;
        let parts = Parts {
            argcount: view.argcount(),
            posonlyargcount: view.posonlyargcount(),
            kwonlyargcount: view.kwonlyargcount(),
            stacksize: view.stacksize(),
            flags: view.flags(),
            firstlineno: view.firstlineno(),
            code: Table::Static(view.code()),
            linetable: Table::Static(view.linetable()),
            exceptiontable: Table::Static(view.exceptiontable()),
            body: BodySource::Image(view),
            kinds: Table::Static(view.kinds()),
            qualname: self.name(view.qualname())?,
            name,
            filename: self.name(view.filename())?,
        };
        parts.into_code(self.vm, true)
    }

    fn values(&self, constants: &mut ConstantReader, count: usize) -> PyResult<Vec<Value>> {
        let mut out = Vec::with_capacity(count);
        for _ in 0..count {
            out.push(self.value(constants)?);
        }
        Ok(out)
    }

    fn value(&self, constants: &mut ConstantReader) -> PyResult {
        let vm = self.vm;
        Ok(match constants.next_constant() {
            ConstantView::None => vm.none(),
            ConstantView::True => vm.bool(true),
            ConstantView::False => vm.bool(false),
            ConstantView::Ellipsis => vm.ellipsis(),
            ConstantView::Int(i) => vm.new_int(i)?,
            ConstantView::BigInt(i) => vm.new_ibig(i)?,
            ConstantView::Float(f) => vm.new_float(f)?,
            ConstantView::Complex(real, imaginary) => vm.new_complex(real, imaginary)?,
            ConstantView::Str(s) if s.is_interned() => self.name(s)?.into_value(),
            ConstantView::Str(s) => wtf8_to_str(vm, s.text())?.into_value(),
            ConstantView::Bytes(b) => vm.new_bytes(b)?.into_value(),
            ConstantView::Tuple(n) => {
                let items = self.values(constants, n)?;
                vm.new_tuple(items)?.into_value()
            }
            ConstantView::FrozenSet(n) => {
                let items = self.values(constants, n)?;
                crate::glue::new_set(vm, items, true)?
            }
            ConstantView::Slice => {
                let start = self.value(constants)?;
                let stop = self.value(constants)?;
                let step = self.value(constants)?;
                vm.new_slice(start, stop, step)?.into_value()
            }
            ConstantView::Code(view) => self.code(view)?.into_value(),
        })
    }
}

impl Names {
    /// Whether the string is one of the image that was asked for first; there is but one in a program.
    fn is_of(&self, name: StringView) -> bool {
        std::ptr::eq(*self.image.get_or_init(|| name.image()), name.image())
    }
}
