//! `code` as a Python type: its attributes, comparison and iteration. Making code from parts is in `construct.rs`.

mod construct;
pub mod convert;
mod tables;

pub use convert::value_to_constant;

use std::hash::{Hash, Hasher};

use taipan_macros::pymethods;
use taipan_object::{
    Args, ClassPart, CompareOp, GetSetDef, Payload, PyResult, Ref, Str, TypeObject, TypeSpec,
    Value, Vm,
};

use crate::code::{Code, Table};

/// `code`
pub static CODE: TypeSpec = TypeSpec {
    doc: Some("Create a code object.  Not for the faint of heart."),
    text_signature: Some(
        "(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize,\n     flags, codestring, constants, names, varnames, filename, name,\n     qualname, firstlineno, linetable, exceptiontable, freevars=(),\n     cellvars=(), /)",
    ),
    parts: &[&CODE_METHODS, &CODE_MEMBERS],
    has_weakref: true,
    ..TypeSpec::new("code", "builtins", <Code as Payload>::layout)
};

/// What setting a read-only member says.
pub(crate) fn readonly(vm: &Vm, _: &Value, _: Option<&Value>) -> PyResult<()> {
    Err(vm.attribute_error(&vm.none(), &vm.none(), "readonly attribute"))
}

pub(crate) fn code_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<Code>> {
    v.downcast_ref::<Code>()
        .ok_or_else(|| vm.type_error("a code object is required"))
}

macro_rules! members {
    ($($name:literal: |$vm:ident, $code:ident| $e:expr;)*) => {
        &[$(GetSetDef {
            name: $name,
            doc: None,
            get: Some(|$vm, v| { let $code = code_of($vm, v)?; $e }),
            set: Some(readonly),
            member: true,
        },)*]
    };
}

static CODE_MEMBERS: ClassPart = ClassPart {
    methods: &[],
    slots: &[],
    getset: members! {
        "co_argcount": |vm, c| vm.new_int(i64::from(c.argcount));
        "co_posonlyargcount": |vm, c| vm.new_int(i64::from(c.posonlyargcount));
        "co_kwonlyargcount": |vm, c| vm.new_int(i64::from(c.kwonlyargcount));
        "co_stacksize": |vm, c| vm.new_int(i64::from(c.stacksize));
        "co_flags": |vm, c| vm.new_int(i64::from(c.flags));
        "co_nlocals": |vm, c| vm.new_usize(c.kinds.iter().filter(|k| **k & taipan_bytecode::code::co_fast::LOCAL != 0).count());
        "co_consts": |vm, c| c.consts_tuple();
        "co_names": |vm, c| Ok(vm.new_tuple(c.names().iter().map(|n| n.as_value().clone()).collect())?.into_value());
        "co_filename": |_vm, c| Ok(c.filename.get().into_value());
        "co_name": |_vm, c| Ok(c.name.as_value().clone());
        "co_qualname": |_vm, c| Ok(c.qualname.as_value().clone());
        "co_firstlineno": |vm, c| vm.new_int(i64::from(c.firstlineno));
        "co_linetable": |vm, c| c.linetable.object(vm);
        "co_exceptiontable": |vm, c| c.exceptiontable.object(vm);
    },
};

impl Code {
    /// `co_consts` as a tuple.
    pub fn consts_tuple(&self) -> PyResult {
        Ok(self.consts().as_value().clone())
    }

    /// The names of the fast locals whose kind has one of these bits.
    pub fn local_names(&self, vm: &Vm, bits: u8) -> PyResult {
        let names = self
            .locals()
            .iter()
            .zip(self.kinds.iter())
            .filter(|(_, k)| **k & bits != 0);
        Ok(vm
            .new_tuple(names.map(|(n, _)| n.as_value().clone()).collect())?
            .into_value())
    }

    /// Equality as Python's `==` has it: file, qualified name and stack size do not count.
    fn same(&self, vm: &Vm, other: &Code) -> PyResult<bool> {
        vm.check_stack(" while comparing code objects")?;
        let numbers = |c: &Code| {
            (
                c.argcount,
                c.posonlyargcount,
                c.kwonlyargcount,
                c.flags,
                c.firstlineno,
            )
        };
        // Names are interned.
        let names = |a: &[Ref<Str>], b: &[Ref<Str>]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b))
        };
        let tables = |a: &Table, b: &Table| **a == **b;
        if numbers(self) != numbers(other)
            || !self.name.is(&other.name)
            || !tables(&self.code, &other.code)
            || !names(self.names(), other.names())
            || !names(self.locals(), other.locals())
            || !tables(&self.linetable, &other.linetable)
            || !tables(&self.exceptiontable, &other.exceptiontable)
        {
            return Ok(false);
        }
        let (a, b) = (self.consts().as_slice(), other.consts().as_slice());
        if a.len() != b.len() {
            return Ok(false);
        }
        for (a, b) in a.iter().zip(b) {
            if !same_constant(vm, a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether two constants are the same: of one type, and equal, zeros of one sign.
fn same_constant(vm: &Vm, a: &Value, b: &Value) -> PyResult<bool> {
    if a.is(b) {
        return Ok(true);
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<Code>(), b.downcast_ref::<Code>()) {
        return a.same(vm, b);
    }
    match (value_to_constant(vm, a)?, value_to_constant(vm, b)?) {
        (Some(a), Some(b)) => Ok(a == b),
        _ => Ok(false),
    }
}

#[pymethods(CODE_METHODS)]
impl Code {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let _ = cls;
        construct::new(vm, args)
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        format!(
            "<code object {} at {:#x}, file \"{}\", line {}>",
            this.name.to_string_lossy(),
            this.as_value().bits(),
            this.filename.get().to_string_lossy(),
            if this.firstlineno == 0 {
                -1
            } else {
                this.firstlineno
            }
        )
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        let mut h = rustc_hash::FxHasher::default();
        let numbers = [
            this.argcount,
            this.posonlyargcount,
            this.kwonlyargcount,
            this.flags,
            this.firstlineno as u32,
        ];
        numbers.hash(&mut h);
        for table in [&this.code, &this.linetable, &this.exceptiontable] {
            table.hash(&mut h);
        }
        for name in std::iter::once(&this.name)
            .chain(this.names())
            .chain(this.locals())
        {
            vm.hash(name.as_value())?.hash(&mut h);
        }
        vm.hash(this.consts().as_value())?.hash(&mut h);
        Ok(match h.finish() as i64 {
            -1 => -2,
            h => h,
        })
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        let (Some(x), Some(y)) = (a.downcast_ref::<Code>(), b.downcast_ref::<Code>()) else {
            return Ok(vm.not_implemented());
        };
        Ok(match op {
            CompareOp::Eq => vm.bool(x.same(vm, y)?),
            CompareOp::Ne => vm.bool(!x.same(vm, y)?),
            _ => vm.not_implemented(),
        })
    }

    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<Self>) -> usize {
        208 + this.code.len() + 2 * 8 * this.locals().len()
    }

    #[pymethod(sig = "($self, /)")]
    fn co_lines(vm: &Vm, this: &Ref<Self>) -> PyResult {
        tables::lines(vm, this)
    }

    #[pymethod(sig = "($self, /)")]
    fn co_branches(vm: &Vm, this: &Ref<Self>) -> PyResult {
        tables::branches(vm, this)
    }

    #[pymethod(sig = "($self, /)")]
    fn co_positions(vm: &Vm, this: &Ref<Self>) -> PyResult {
        tables::positions(vm, this)
    }

    /// Return a copy of the code object with new values for the specified fields.
    #[pymethod(sig = "($self, /, **changes)")]
    fn replace(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        construct::replace(vm, this, args)
    }

    /// The same as replace().
    #[pymethod(name = "__replace__", sig = "($self, /, **changes)")]
    fn replaced(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        construct::replace(vm, this, args)
    }

    /// (internal-only) Return the local variable name for the given oparg.
    ///
    /// WARNING: this method is for internal use only and may change or go away.
    #[pymethod(sig = "($self, /, oparg)")]
    fn _varname_from_oparg(vm: &Vm, this: &Ref<Self>, oparg: i32) -> PyResult {
        match usize::try_from(oparg)
            .ok()
            .and_then(|i| this.locals().get(i))
        {
            Some(n) => Ok(n.as_value().clone()),
            None => Err(vm.index_error("tuple index out of range")),
        }
    }

    #[getter(co_lnotab)]
    fn co_lnotab(vm: &Vm, this: &Ref<Self>) -> PyResult {
        vm.warn(
            &vm.exc().DeprecationWarning,
            "co_lnotab is deprecated, use co_lines instead.",
            1,
        )?;
        Ok(vm.new_bytes(&tables::lnotab(this))?.into_value())
    }

    #[getter(_co_code_adaptive)]
    fn co_code_adaptive(vm: &Vm, this: &Ref<Self>) -> PyResult {
        Ok(vm.new_bytes(&tables::adaptive(vm, this))?.into_value())
    }

    #[getter(co_varnames)]
    fn co_varnames(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.local_names(vm, taipan_bytecode::code::co_fast::LOCAL)
    }

    #[getter(co_cellvars)]
    fn co_cellvars(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.local_names(vm, taipan_bytecode::code::co_fast::CELL)
    }

    #[getter(co_freevars)]
    fn co_freevars(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.local_names(vm, taipan_bytecode::code::co_fast::FREE)
    }

    #[getter(co_code)]
    fn co_code(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.code.object(vm)
    }
}
