//! `str.format` and `str.format_map`: the replacement fields of format strings. Their syntax is in [`Markup`] and
//! [`FieldName`], which module `_string` shows to Python.

use std::ops::Range;

use taipan_macros::pymethods;
use taipan_object::{Args, PyResult, Ref, Str, Value, Vm};
use taipan_text::{TextBuf, TextRef};
use taipan_unicode as unicode;

use super::functions;

/// Fields nest in format specifications to this depth.
const MAX_DEPTH: usize = 2;

/// A replacement field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where its name stands, attributes and items included.
    pub name: Range<usize>,
    /// Where its specification stands.
    pub spec: Range<usize>,
    /// Whether there are fields in the specification.
    pub nested: bool,
    /// The character after `!`.
    pub conversion: Option<u32>,
}

/// Reads a format string piece by piece: literal text, then perhaps a field.
pub struct Markup {
    at: usize,
    end: usize,
}

impl Markup {
    /// Reads what stands in a range.
    pub fn new(range: Range<usize>) -> Markup {
        Markup {
            at: range.start,
            end: range.end,
        }
    }

    /// The next literal text and the field after it; `None` at the end.
    pub fn next(
        &mut self,
        vm: &Vm,
        text: TextRef<'_>,
    ) -> PyResult<Option<(Range<usize>, Option<Field>)>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let start = self.at;
        let mut found = None;
        while self.at < self.end {
            let c = char_at(text, self.at);
            self.at += 1;
            if matches!(c, Some('{' | '}')) {
                found = c;
                break;
            }
        }
        let Some(brace) = found else {
            return Ok(Some((start..self.at, None)));
        };
        let next = if self.at < self.end {
            char_at(text, self.at)
        } else {
            None
        };
        if next == Some(brace) {
            // A doubled brace: the literal ends with one of the two.
            let literal = start..self.at;
            self.at += 1;
            return Ok(Some((literal, None)));
        }
        if brace == '}' {
            return Err(vm.value_error("Single '}' encountered in format string"));
        }
        if self.at >= self.end {
            return Err(vm.value_error("Single '{' encountered in format string"));
        }
        let literal = start..self.at - 1;
        let field = self.field(vm, text)?;
        Ok(Some((literal, Some(field))))
    }

    fn take(&mut self, text: TextRef<'_>) -> Option<char> {
        if self.at >= self.end {
            return None;
        }
        let c = char_at(text, self.at);
        self.at += 1;
        // Surrogates are characters as good as any here.
        Some(c.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn field(&mut self, vm: &Vm, text: TextRef<'_>) -> PyResult<Field> {
        let start = self.at;
        let stop = loop {
            match self.take(text) {
                Some('{') => return Err(vm.value_error("unexpected '{' in field name")),
                Some('[') => {
                    while self.at < self.end && char_at(text, self.at) != Some(']') {
                        self.at += 1;
                    }
                }
                Some(c @ ('}' | ':' | '!')) => break c,
                Some(_) => {}
                None => return Err(vm.value_error("expected '}' before end of string")),
            }
        };
        let mut field = Field {
            name: start..self.at - 1,
            spec: self.at..self.at,
            nested: false,
            conversion: None,
        };
        if stop == '}' {
            return Ok(field);
        }
        if stop == '!' {
            if self.at >= self.end {
                return Err(vm.value_error("end of string while looking for conversion specifier"));
            }
            field.conversion = text.get(self.at);
            self.at += 1;
            match self.take(text) {
                Some('}') => return Ok(field),
                Some(':') | None => {}
                Some(_) => {
                    return Err(vm.value_error("expected ':' after conversion specifier"));
                }
            }
        }
        let start = self.at;
        let mut depth = 1usize;
        while let Some(c) = self.take(text) {
            match c {
                '{' => {
                    field.nested = true;
                    depth += 1;
                }
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        field.spec = start..self.at - 1;
                        return Ok(field);
                    }
                }
                _ => {}
            }
        }
        Err(vm.value_error("unmatched '{' in format spec"))
    }
}

fn char_at(text: TextRef<'_>, i: usize) -> Option<char> {
    text.get(i).and_then(char::from_u32)
}

/// The number that a part of a field's name is; `None` when it is none.
fn number(vm: &Vm, text: TextRef<'_>) -> PyResult<Option<usize>> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut n = 0isize;
    for c in text.chars() {
        let Some(digit) = unicode::decimal(c) else {
            return Ok(None);
        };
        let next = n.checked_mul(10).and_then(|n| n.checked_add(digit.into()));
        n = next.ok_or_else(|| vm.value_error("Too many decimal digits in format string"))?;
    }
    Ok(Some(n as usize))
}

/// What a part of a field's name asks for.
pub enum Part {
    /// `.name`
    Attribute(Range<usize>),
    /// `[key]`
    Item(Range<usize>),
    /// `[number]`
    Index(usize),
}

/// Reads the parts of a field's name after the first.
pub struct FieldName {
    at: usize,
    end: usize,
}

impl FieldName {
    /// Splits a name: the range of its first part, that part as a number, and the rest.
    pub fn split(
        vm: &Vm,
        text: TextRef<'_>,
        name: Range<usize>,
    ) -> PyResult<(Range<usize>, Option<usize>, FieldName)> {
        let part = text.slice(name.clone());
        let len = part
            .chars()
            .take_while(|&c| c != u32::from('[') && c != u32::from('.'))
            .count();
        let first = name.start..name.start + len;
        let index = number(vm, text.slice(first.clone()))?;
        let rest = FieldName {
            at: first.end,
            end: name.end,
        };
        Ok((first, index, rest))
    }

    /// The next part; `None` at the end.
    pub fn next(&mut self, vm: &Vm, text: TextRef<'_>) -> PyResult<Option<Part>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let kind = char_at(text, self.at);
        self.at += 1;
        let start = self.at;
        let rest = text.slice(start..self.end);
        let part = match kind {
            Some('.') => {
                let len = rest
                    .chars()
                    .take_while(|&c| c != u32::from('[') && c != u32::from('.'))
                    .count();
                self.at = start + len;
                Part::Attribute(start..self.at)
            }
            Some('[') => {
                let len = rest.chars().take_while(|&c| c != u32::from(']')).count();
                if len == rest.len() {
                    return Err(vm.value_error("Missing ']' in format string"));
                }
                self.at = start + len + 1;
                let name = start..start + len;
                match number(vm, text.slice(name.clone()))? {
                    Some(i) => Part::Index(i),
                    None => Part::Item(name),
                }
            }
            _ => {
                return Err(
                    vm.value_error("Only '.' or '[' may follow ']' in format field specifier")
                );
            }
        };
        if let Part::Attribute(name) | Part::Item(name) = &part
            && name.is_empty()
        {
            return Err(vm.value_error("Empty attribute in format string"));
        }
        Ok(Some(part))
    }
}

/// Whether fields are numbered by us or by the string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    Unknown,
    Automatic,
    Manual,
}

struct Formatter<'a> {
    vm: &'a Vm,
    /// `None` for `format_map`.
    args: Option<&'a [Value]>,
    keywords: Keywords<'a>,
    numbering: Numbering,
    next: usize,
}

enum Keywords<'a> {
    Call(Args<'a>),
    Mapping(&'a Value),
}

impl Formatter<'_> {
    fn build(
        &mut self,
        s: &Ref<Str>,
        range: Range<usize>,
        depth: usize,
        out: &mut TextBuf,
    ) -> PyResult<()> {
        let vm = self.vm;
        if depth == 0 {
            return Err(vm.value_error("Max string recursion exceeded"));
        }
        let text = s.text();
        let mut markup = Markup::new(range);
        while let Some((literal, field)) = markup.next(vm, text)? {
            out.push_text(text.slice(literal));
            if let Some(field) = field {
                self.render(s, &field, depth, out)?;
            }
        }
        Ok(())
    }

    fn render(
        &mut self,
        s: &Ref<Str>,
        field: &Field,
        depth: usize,
        out: &mut TextBuf,
    ) -> PyResult<()> {
        let vm = self.vm;
        let mut value = self.value(s, field)?;
        if let Some(conversion) = field.conversion {
            value = match char::from_u32(conversion) {
                Some('r') => vm.repr(&value)?,
                Some('s') => vm.str(&value)?,
                Some('a') => functions::ascii(vm, &value)?,
                Some(c @ '!'..='~') => {
                    return Err(vm.value_error(&format!("Unknown conversion specifier {c}")));
                }
                _ => {
                    return Err(
                        vm.value_error(&format!("Unknown conversion specifier \\x{conversion:x}"))
                    );
                }
            }
            .into_value();
        }
        if field.nested {
            let mut spec = TextBuf::new();
            self.build(s, field.spec.clone(), depth - 1, &mut spec)?;
            return functions::format_into(vm, &value, spec.as_text(), out);
        }
        functions::format_into(vm, &value, s.text().slice(field.spec.clone()), out)
    }

    fn value(&mut self, s: &Ref<Str>, field: &Field) -> PyResult {
        let vm = self.vm;
        let text = s.text();
        let (first, mut index, mut rest) = FieldName::split(vm, text, field.name.clone())?;
        let empty = first.is_empty();
        if empty || index.is_some() {
            if self.numbering == Numbering::Unknown {
                self.numbering = if empty {
                    Numbering::Automatic
                } else {
                    Numbering::Manual
                };
            }
            match (self.numbering, empty) {
                (Numbering::Manual, true) => {
                    return Err(vm.value_error(
                        "cannot switch from manual field specification to automatic field numbering",
                    ));
                }
                (Numbering::Automatic, false) => {
                    return Err(vm.value_error(
                        "cannot switch from automatic field numbering to manual field specification",
                    ));
                }
                _ => {}
            }
            if empty {
                index = Some(self.next);
                self.next += 1;
            }
        }
        let mut value = match index {
            Some(i) => {
                let Some(args) = self.args else {
                    return Err(vm.value_error("Format string contains positional fields"));
                };
                args.get(i).cloned().ok_or_else(|| {
                    vm.index_error(&format!(
                        "Replacement index {i} out of range for positional args tuple"
                    ))
                })?
            }
            None => self.keyword(&vm.substring(s, first.start, first.end)?)?,
        };
        while let Some(part) = rest.next(vm, text)? {
            value = match part {
                Part::Attribute(name) => {
                    let name = vm.substring(s, name.start, name.end)?;
                    vm.getattr(&value, &name)?
                }
                Part::Item(name) => {
                    let key = vm.substring(s, name.start, name.end)?.into_value();
                    vm.getitem(&value, &key)?
                }
                Part::Index(i) => vm.getitem(&value, &vm.new_usize(i)?)?,
            };
        }
        Ok(value)
    }

    fn keyword(&self, name: &Ref<Str>) -> PyResult {
        match &self.keywords {
            Keywords::Mapping(m) => self.vm.getitem(m, name.as_value()),
            Keywords::Call(args) => args
                .keywords()
                .find(|(k, _)| k.same_text(name))
                .map(|(_, v)| v.clone())
                .ok_or_else(|| self.vm.key_error(name.as_value())),
        }
    }
}

fn run(
    vm: &Vm,
    this: &Ref<Str>,
    args: Option<&[Value]>,
    keywords: Keywords<'_>,
) -> PyResult<Ref<Str>> {
    let mut formatter = Formatter {
        vm,
        args,
        keywords,
        numbering: Numbering::Unknown,
        next: 0,
    };
    let mut out = TextBuf::with_capacity(this.len() + 16);
    formatter.build(this, 0..this.len(), MAX_DEPTH, &mut out)?;
    vm.new_str_buf(&out)
}

/// Holder of the methods of `str` that format.
pub struct StrFormat;

#[pymethods(STR_FORMAT)]
impl StrFormat {
    /// Return a formatted version of the string, using substitutions from args and kwargs.
    ///
    /// The substitutions are identified by braces ('{' and '}').
    #[pymethod(sig = "($self, /, *args, **kwargs)")]
    fn format(vm: &Vm, this: &Ref<Str>, args: Args<'_>) -> PyResult<Ref<Str>> {
        run(vm, this, Some(args.pos()), Keywords::Call(args))
    }

    /// Return a formatted version of the string, using substitutions from mapping.
    ///
    /// The substitutions are identified by braces ('{' and '}').
    #[pymethod(sig = "($self, mapping, /)")]
    fn format_map(vm: &Vm, this: &Ref<Str>, mapping: &Value) -> PyResult<Ref<Str>> {
        run(vm, this, None, Keywords::Mapping(mapping))
    }
}
