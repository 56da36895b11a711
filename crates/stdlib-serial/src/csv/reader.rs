//! `reader`: rows from lines of text.

use std::cell::{Cell, RefCell};

use taipan_builtins::float_;
use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyResult, Ref, Str, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};
use taipan_text::{TextBuf, Unit, with_text};

use super::dialect::{Dialect, Quoting};
use super::{State, error};

/// The payload of readers.
pub(super) struct Reader {
    input: Value,
    dialect: Ref<Dialect>,
    line_num: Cell<usize>,
    /// How many rows were read: the input's iterator may read some itself.
    rows: Cell<usize>,
    /// The room of the last field.
    field: RefCell<TextBuf>,
}

payload!(Reader, gc);

impl Traverse for Reader {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.input);
        visit(self.dialect.as_value());
    }
}

/// `_csv.reader`
pub(super) static READER: TypeSpec = TypeSpec {
    doc: Some(
        "CSV reader\n\nReader objects are responsible for reading and parsing tabular data\nin CSV format.\n",
    ),
    flags: tpflags::BASETYPE | tpflags::DISALLOW_INSTANTIATION,
    parts: &[&READER_METHODS],
    ..TypeSpec::new("reader", "_csv", <Reader as Payload>::layout)
};

/// A reader of lines.
pub(super) fn new(vm: &Vm, input: Value, dialect: Ref<Dialect>) -> PyResult {
    let ty = vm.make_type(&READER)?;
    let reader = Reader {
        input,
        dialect,
        line_num: Cell::new(0),
        rows: Cell::new(0),
        field: RefCell::new(TextBuf::new()),
    };
    Ok(vm.new_object(&ty, reader)?.into_value())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuoted,
    EscapedInQuoted,
    QuoteInQuoted,
    EatNewlines,
    AfterEscapedNewline,
}

/// The reading of one row.
struct Row<'a> {
    vm: &'a Vm,
    dialect: &'a Dialect,
    limit: isize,
    at: At,
    unquoted: bool,
    field: TextBuf,
    fields: Vec<Value>,
}

/// The end of a line, in place of a character.
const END: u32 = u32::MAX;

impl Row<'_> {
    fn save(&mut self) -> PyResult<()> {
        use Quoting::{NonNumeric, NotNull, Strings};
        let vm = self.vm;
        let quoting = self.dialect.quoting;
        let empty = self.field.is_empty();
        let value = if self.unquoted && empty && matches!(quoting, NotNull | Strings) {
            vm.none()
        } else {
            let text = vm.new_str_buf(&self.field)?;
            if self.unquoted && !empty && matches!(quoting, NonNumeric | Strings) {
                vm.new_float(float_::float_from_str(vm, &text)?)?
            } else {
                text.into_value()
            }
        };
        if self.field.form() > taipan_text::Form::Latin1 {
            self.field = TextBuf::new();
        } else {
            self.field.clear();
        }
        self.fields.push(value);
        Ok(())
    }

    #[inline]
    fn add(&mut self, c: u32) -> PyResult<()> {
        if self.field.len() as isize >= self.limit {
            return Err(error(
                self.vm,
                &format!("field larger than field limit ({})", self.limit),
            ));
        }
        self.field.push(c);
        Ok(())
    }

    /// A character or the end of the line.
    #[inline]
    fn step(&mut self, c: u32) -> PyResult<()> {
        let d = self.dialect;
        let newline = c == u32::from(b'\n') || c == u32::from(b'\r');
        let quotes = d.quoting != Quoting::None;
        match self.at {
            At::InField if !newline && c != END && Some(c) != d.escapechar && c != d.delimiter => {
                return self.add(c);
            }
            At::StartRecord if c == END => return Ok(()),
            At::StartRecord if newline => {
                self.at = At::EatNewlines;
                return Ok(());
            }
            At::AfterEscapedNewline if c == END => return Ok(()),
            At::StartRecord | At::StartField => {
                self.unquoted = true;
                if newline || c == END {
                    self.save()?;
                    self.end(c);
                } else if quotes && Some(c) == d.quotechar {
                    self.unquoted = false;
                    self.at = At::InQuoted;
                } else if Some(c) == d.escapechar {
                    self.at = At::Escaped;
                } else if c == u32::from(b' ') && d.skipinitialspace {
                    // Spaces before a field are left out.
                    self.at = At::StartField;
                } else if c == d.delimiter {
                    self.save()?;
                    self.at = At::StartField;
                } else {
                    self.add(c)?;
                    self.at = At::InField;
                }
            }
            At::Escaped => {
                if newline {
                    self.add(c)?;
                    self.at = At::AfterEscapedNewline;
                    return Ok(());
                }
                self.add(if c == END { u32::from(b'\n') } else { c })?;
                self.at = At::InField;
            }
            At::InField | At::AfterEscapedNewline => {
                if newline || c == END {
                    self.save()?;
                    self.end(c);
                } else if Some(c) == d.escapechar {
                    self.at = At::Escaped;
                } else if c == d.delimiter {
                    self.save()?;
                    self.at = At::StartField;
                } else {
                    self.add(c)?;
                    self.at = At::InField;
                }
            }
            At::InQuoted => {
                if c == END {
                    // The field goes on in the next line.
                } else if Some(c) == d.escapechar {
                    self.at = At::EscapedInQuoted;
                } else if quotes && Some(c) == d.quotechar {
                    self.at = if d.doublequote {
                        At::QuoteInQuoted
                    } else {
                        At::InField
                    };
                } else {
                    self.add(c)?;
                }
            }
            At::EscapedInQuoted => {
                self.add(if c == END { u32::from(b'\n') } else { c })?;
                self.at = At::InQuoted;
            }
            At::QuoteInQuoted => {
                if quotes && Some(c) == d.quotechar {
                    self.add(c)?;
                    self.at = At::InQuoted;
                } else if c == d.delimiter {
                    self.save()?;
                    self.at = At::StartField;
                } else if newline || c == END {
                    self.save()?;
                    self.end(c);
                } else if !d.strict {
                    self.add(c)?;
                    self.at = At::InField;
                } else {
                    let shown = |c: u32| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
                    let quote = shown(d.quotechar.unwrap_or_default());
                    return Err(error(
                        self.vm,
                        &format!("'{}' expected after '{quote}'", shown(d.delimiter)),
                    ));
                }
            }
            At::EatNewlines => {
                if c == END {
                    self.at = At::StartRecord;
                } else if !newline {
                    return Err(error(
                        self.vm,
                        "new-line character seen in unquoted field - do you need to open the file with newline=''?",
                    ));
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, c: u32) {
        self.at = if c == END {
            At::StartRecord
        } else {
            At::EatNewlines
        };
    }
}

#[pymethods(READER_METHODS)]
impl Reader {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Vec<Value>>> {
        let mut row = Row {
            vm,
            dialect: &this.dialect,
            limit: vm.state::<State>().field_limit.get(),
            at: At::StartRecord,
            unquoted: false,
            field: this.field.take(),
            fields: Vec::new(),
        };
        row.field.clear();
        loop {
            let rows = this.rows.get();
            let line = vm.next(&this.input)?;
            if this.rows.get() != rows {
                return Err(error(vm, "iterator has already advanced the reader"));
            }
            let Some(line) = line else {
                if row.field.is_empty() && row.at != At::InQuoted {
                    return Ok(None);
                }
                if this.dialect.strict {
                    return Err(error(vm, "unexpected end of data"));
                }
                row.save()?;
                break;
            };
            let Some(text) = line.downcast_ref::<Str>() else {
                return Err(error(
                    vm,
                    &format!(
                        "iterator should return strings, not {} (the file should be opened in text mode)",
                        vm.type_name(&line)
                    ),
                ));
            };
            this.line_num.set(this.line_num.get() + 1);
            with_text!(text.text(), units => {
                for c in units {
                    row.step(c.code())?;
                }
            });
            row.step(END)?;
            if row.at == At::StartRecord {
                break;
            }
        }
        this.rows.set(this.rows.get().wrapping_add(1));
        drop(this.field.replace(row.field));
        Ok(Some(row.fields))
    }

    #[getter]
    fn dialect(&self) -> Ref<Dialect> {
        self.dialect.clone()
    }

    #[getter]
    fn line_num(&self) -> usize {
        self.line_num.get()
    }
}
