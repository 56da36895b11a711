//! `writer`: lines of text from rows.

use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyResult, Ref, Str, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};
use taipan_text::TextBuf;

use super::dialect::{Dialect, Quoting};
use super::error;

/// The payload of writers.
pub(super) struct Writer {
    write: Value,
    dialect: Ref<Dialect>,
}

payload!(Writer, gc);

impl Traverse for Writer {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.write);
        visit(self.dialect.as_value());
    }
}

/// `_csv.writer`
pub(super) static WRITER: TypeSpec = TypeSpec {
    doc: Some(
        "CSV writer\n\nWriter objects are responsible for generating tabular data\nin CSV format from sequence input.\n",
    ),
    flags: tpflags::BASETYPE | tpflags::DISALLOW_INSTANTIATION,
    parts: &[&WRITER_METHODS],
    ..TypeSpec::new("writer", "_csv", <Writer as Payload>::layout)
};

/// A writer that gives lines to `write`.
pub(super) fn new(vm: &Vm, write: Value, dialect: Ref<Dialect>) -> PyResult {
    let ty = vm.make_type(&WRITER)?;
    Ok(vm.new_object(&ty, Writer { write, dialect })?.into_value())
}

/// Whether something counts as a number (`PyNumber_Check`).
fn is_number(vm: &Vm, v: &Value) -> bool {
    let slots = &vm.type_of(v).payload.slots;
    slots.nb_index.get().is_some()
        || slots.nb_int.get().is_some()
        || slots.nb_float.get().is_some()
        || v.downcast_ref::<taipan_object::Complex>().is_some()
}

impl Writer {
    /// Appends a field; `None` stands for Python's None.
    fn field(
        &self,
        vm: &Vm,
        out: &mut TextBuf,
        first: bool,
        field: Option<&Str>,
        mut quoted: bool,
    ) -> PyResult<()> {
        let d = &*self.dialect;
        let text = field.map_or(taipan_text::TextRef::EMPTY, Str::text);
        if text.is_empty() && d.delimiter == u32::from(b' ') && d.skipinitialspace {
            let nothing =
                field.is_none() && matches!(d.quoting, Quoting::Strings | Quoting::NotNull);
            if d.quoting == Quoting::None || nothing {
                return Err(error(
                    vm,
                    "empty field must be quoted if delimiter is a space and skipinitialspace is true",
                ));
            }
            quoted = true;
        }
        let mut body = TextBuf::with_capacity(text.len());
        let newline = |c: u32| c == u32::from(b'\n') || c == u32::from(b'\r');
        for c in text.chars() {
            let special = c == d.delimiter
                || Some(c) == d.escapechar
                || Some(c) == d.quotechar
                || newline(c)
                || d.lineterminator.text().chars().any(|t| t == c);
            if special {
                let mut escape = d.quoting == Quoting::None;
                if !escape {
                    if Some(c) == d.quotechar {
                        if d.doublequote {
                            body.push(c);
                        } else {
                            escape = true;
                        }
                    } else if Some(c) == d.escapechar {
                        escape = true;
                    }
                    if !escape {
                        quoted = true;
                    }
                }
                if escape {
                    match d.escapechar {
                        Some(e) => body.push(e),
                        None => {
                            return Err(error(vm, "need to escape, but no escapechar set"));
                        }
                    }
                }
            }
            body.push(c);
        }
        if !first {
            out.push(d.delimiter);
        }
        match d.quotechar.filter(|_| quoted) {
            Some(q) => {
                out.push(q);
                out.push_text(body.as_text());
                out.push(q);
            }
            None => out.push_text(body.as_text()),
        }
        Ok(())
    }

    fn row(&self, vm: &Vm, row: &Value) -> PyResult {
        let d = &*self.dialect;
        let iter = match vm.iter(row) {
            Ok(iter) => iter,
            Err(r) => {
                vm.catch(r, &vm.exc().TypeError)?;
                return Err(error(
                    vm,
                    &format!("iterable expected, not {}", vm.type_name(row)),
                ));
            }
        };
        let mut out = TextBuf::new();
        let mut count = 0usize;
        let mut null_field = false;
        while let Some(field) = vm.next(&iter)? {
            let quoted = match d.quoting {
                Quoting::NonNumeric => !is_number(vm, &field),
                Quoting::All => true,
                Quoting::Strings => field.downcast_ref::<Str>().is_some(),
                Quoting::NotNull => !vm.is_none(&field),
                Quoting::Minimal | Quoting::None => false,
            };
            null_field = vm.is_none(&field);
            let first = count == 0;
            if let Some(s) = field.downcast_ref::<Str>() {
                self.field(vm, &mut out, first, Some(s), quoted)?;
            } else if null_field {
                self.field(vm, &mut out, first, None, quoted)?;
            } else {
                let s = vm.str(&field)?;
                self.field(vm, &mut out, first, Some(&s), quoted)?;
            }
            count += 1;
        }
        if count > 0 && out.is_empty() {
            let nothing = null_field && matches!(d.quoting, Quoting::Strings | Quoting::NotNull);
            if d.quoting == Quoting::None || nothing {
                return Err(error(vm, "single empty field record must be quoted"));
            }
            self.field(vm, &mut out, true, None, true)?;
        }
        out.push_text(d.lineterminator.text());
        let line = vm.new_str_buf(&out)?;
        vm.call1(&self.write, line.as_value())
    }
}

#[pymethods(WRITER_METHODS)]
impl Writer {
    /// Construct and write a CSV record from an iterable of fields.
    ///
    /// Non-string elements will be converted to string.
    #[pymethod(sig = "($self, row, /)")]
    fn writerow(&self, vm: &Vm, row: &Value) -> PyResult {
        self.row(vm, row)
    }

    /// Construct and write a series of iterables to a csv file.
    ///
    /// Non-string elements will be converted to string.
    #[pymethod(sig = "($self, rows, /)")]
    fn writerows(&self, vm: &Vm, rows: &Value) -> PyResult<()> {
        let iter = vm.iter(rows)?;
        while let Some(row) = vm.next(&iter)? {
            self.row(vm, &row)?;
        }
        Ok(())
    }

    #[getter]
    fn dialect(&self) -> Ref<Dialect> {
        self.dialect.clone()
    }
}
