//! `traceback` as a Python type. Its payload is in `traceback.rs`.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    ClassPart, GetSetDef, Payload, PyCell, PyResult, Ref, TypeObject, TypeSpec, Value, Vm,
};

use crate::code_type::readonly;
use crate::frame_object::FrameObject;
use crate::traceback::Traceback;

/// `traceback`
pub static TRACEBACK: TypeSpec = TypeSpec {
    doc: Some("Create a new traceback object."),
    text_signature: Some("(tb_next, tb_frame, tb_lasti, tb_lineno)"),
    parts: &[&TRACEBACK_METHODS, &TRACEBACK_MEMBERS],
    ..TypeSpec::new("traceback", "builtins", <Traceback as Payload>::layout)
};

fn traceback_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<Traceback>> {
    v.downcast_ref::<Traceback>()
        .ok_or_else(|| vm.type_error("a traceback object is required"))
}

static TRACEBACK_MEMBERS: ClassPart = ClassPart {
    methods: &[],
    slots: &[],
    getset: &[
        GetSetDef {
            name: "tb_frame",
            doc: None,
            get: Some(|vm, v| Ok(traceback_of(vm, v)?.frame.as_value().clone())),
            set: Some(readonly),
            member: true,
        },
        GetSetDef {
            name: "tb_lasti",
            doc: None,
            get: Some(|vm, v| vm.new_int(traceback_of(vm, v)?.lasti as i64)),
            set: Some(readonly),
            member: true,
        },
    ],
};

#[pymethods(TRACEBACK_METHODS)]
impl Traceback {
    #[pyslot(
        name = "traceback",
        params = "(tb_next, tb_frame, tb_lasti, tb_lineno)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        tb_next: &Value,
        tb_frame: &Value,
        tb_lasti: i32,
        tb_lineno: i32,
    ) -> PyResult<Ref<Traceback>> {
        let Some(frame) = tb_frame.downcast_ref::<FrameObject>() else {
            return Err(vm.type_error(&format!(
                "traceback() argument 'tb_frame' must be frame, not {}",
                vm.type_name(tb_frame)
            )));
        };
        let next = if vm.is_none(tb_next) {
            None
        } else if tb_next.downcast_ref::<Traceback>().is_some() {
            Some(tb_next.clone())
        } else {
            return Err(vm.type_error(&format!(
                "expected traceback object or None, got '{}'",
                vm.type_name(tb_next)
            )));
        };
        let lineno = Cell::new((tb_lineno != -1).then_some(tb_lineno));
        vm.new_object(
            cls,
            Traceback {
                next: PyCell::new(next),
                frame: frame.clone(),
                lasti: tb_lasti as isize,
                lineno,
            },
        )
    }

    #[pymethod(name = "__dir__", sig = "($self, /)")]
    fn dir(vm: &Vm, this: &Ref<Self>) -> PyResult<Vec<Value>> {
        let _ = this;
        let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"];
        names
            .iter()
            .map(|n| Ok(vm.intern(n)?.into_value()))
            .collect()
    }

    #[getter(tb_next)]
    fn tb_next(vm: &Vm, this: &Ref<Self>) -> Value {
        this.next.get().unwrap_or_else(|| vm.none())
    }

    #[setter(tb_next)]
    fn set_tb_next(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        let Some(v) = value else {
            return Err(vm.type_error("can't delete tb_next attribute"));
        };
        if vm.is_none(v) {
            this.next.set(None);
            return Ok(());
        }
        if v.downcast_ref::<Traceback>().is_none() {
            return Err(vm.type_error(&format!(
                "expected traceback object, got '{}'",
                vm.type_name(v)
            )));
        }
        let mut at = Some(v.clone());
        while let Some(t) = at {
            if t.is(this.as_value()) {
                return Err(vm.value_error("traceback loop detected"));
            }
            at = t.downcast_ref::<Traceback>().and_then(|t| t.next.get());
        }
        this.next.set(Some(v.clone()));
        Ok(())
    }

    #[getter(tb_lineno)]
    fn tb_lineno(vm: &Vm, this: &Ref<Self>) -> PyResult {
        match this.line() {
            Some(n) => vm.new_int(i64::from(n)),
            None => Ok(vm.none()),
        }
    }
}
