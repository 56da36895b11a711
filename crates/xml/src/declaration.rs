//! XML and text declarations, and the encodings that they name.

use std::rc::Rc;

use crate::account::Source;
use crate::encoding::{Charset, Custom, Encoding, Named};
use crate::event::{Error, Markup, Text, want};
use crate::parser::{Flow, Input, Parser, Resume};
use crate::token::Tok;

/// What a declaration says of the encoding.
pub(crate) struct Declared {
    name: Option<Text>,
    /// Where the name stands.
    at: usize,
    charset: Option<Charset>,
}

/// What follows when an encoding is known that was asked for: the place of its name, for the error.
pub(crate) struct AfterEncoding {
    at: Option<usize>,
}

/// The parts of a declaration.
#[derive(Default)]
struct Parts {
    version: Option<(usize, usize)>,
    encoding: Option<(usize, usize)>,
    standalone: Option<bool>,
}

/// A pseudo-attribute.
struct Pseudo {
    name: (usize, usize),
    value: (usize, usize),
}

/// Reads the parts of a declaration one by one.
struct Reader<'a> {
    encoding: &'a Encoding,
    data: &'a [u8],
    i: usize,
    end: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.encoding.ascii(self.data, self.i, self.end)
    }

    fn is_space(&self) -> bool {
        matches!(self.peek(), Some(b' ' | b'\r' | b'\n' | b'\t'))
    }

    fn skip_space(&mut self) {
        while self.is_space() {
            self.step();
        }
    }

    fn step(&mut self) {
        self.i += self.encoding.min();
    }

    /// The next pseudo-attribute; `None` at the end. The error is the place where it goes wrong.
    fn next(&mut self) -> Result<Option<Pseudo>, usize> {
        if self.i == self.end {
            return Ok(None);
        }
        if !self.is_space() {
            return Err(self.i);
        }
        self.skip_space();
        if self.i == self.end {
            return Ok(None);
        }
        let name = self.i;
        let name_end = loop {
            match self.peek() {
                None => return Err(self.i),
                Some(b'=') => break self.i,
                Some(_) if self.is_space() => {
                    let name_end = self.i;
                    self.skip_space();
                    if self.peek() != Some(b'=') {
                        return Err(self.i);
                    }
                    break name_end;
                }
                Some(_) => self.step(),
            }
        };
        if name_end == name && self.i == name {
            return Err(self.i);
        }
        self.step();
        self.skip_space();
        let Some(open @ (b'"' | b'\'')) = self.peek() else {
            return Err(self.i);
        };
        self.step();
        let value = self.i;
        loop {
            match self.peek() {
                Some(c) if c == open => break,
                Some(c) if c.is_ascii_alphanumeric() || b".-_".contains(&c) => self.step(),
                _ => return Err(self.i),
            }
        }
        let value_end = self.i;
        self.step();
        Ok(Some(Pseudo {
            name: (name, name_end),
            value: (value, value_end),
        }))
    }

    fn is(&self, range: (usize, usize), word: &str) -> bool {
        self.encoding.matches(self.data, range.0, range.1, word)
    }

    /// Whether this is `1.` and digits.
    fn is_version(&self, (start, end): (usize, usize)) -> bool {
        let text = self.encoding.text(self.data, start, end);
        match text.strip_prefix(b"1.") {
            Some(minor) => !minor.is_empty() && minor.iter().all(u8::is_ascii_digit),
            None => false,
        }
    }

    /// The whole declaration. A text declaration must name an encoding, and says nothing of being standalone.
    fn parts(&mut self, is_text: bool) -> Result<Parts, usize> {
        let mut parts = Parts::default();
        let mut before = self.i;
        let Some(mut part) = self.next()? else {
            return Err(before);
        };
        if self.is(part.name, "version") {
            if !self.is_version(part.value) {
                return Err(part.value.0);
            }
            parts.version = Some(part.value);
            before = self.i;
            match self.next()? {
                Some(next) => part = next,
                None if is_text => return Err(before),
                None => return Ok(parts),
            }
        } else if !is_text {
            return Err(part.name.0);
        }
        if self.is(part.name, "encoding") {
            let first = self.encoding.ascii(self.data, part.value.0, self.end);
            if !first.is_some_and(|c| c.is_ascii_alphabetic()) {
                return Err(part.value.0);
            }
            parts.encoding = Some(part.value);
            match self.next()? {
                Some(next) => part = next,
                None => return Ok(parts),
            }
        }
        if is_text || !self.is(part.name, "standalone") {
            return Err(part.name.0);
        }
        parts.standalone = Some(if self.is(part.value, "yes") {
            true
        } else if self.is(part.value, "no") {
            false
        } else {
            return Err(part.value.0);
        });
        self.skip_space();
        if self.i != self.end {
            return Err(self.i);
        }
        Ok(parts)
    }
}

impl Parser {
    /// An XML declaration, or a text declaration, that ends at `next`.
    pub(crate) fn xml_declaration(
        &mut self,
        input: &Input<'_>,
        next: usize,
        is_text: bool,
    ) -> Flow {
        let s = input.pos;
        if let Err(error) = self.count(Tok::XmlDecl, next - s, Source::Direct) {
            return Flow::Fail(error);
        }
        let (encoding, data) = (input.encoding, input.data);
        let min = encoding.min();
        let mut reader = Reader {
            encoding,
            data,
            i: s + 5 * min,
            end: next - 2 * min,
        };
        let parts = match reader.parts(is_text) {
            Ok(parts) => parts,
            Err(at) => {
                self.event = Some(at);
                return Flow::Fail(if is_text {
                    Error::TextDecl
                } else {
                    Error::XmlDecl
                });
            }
        };
        if !is_text && parts.standalone == Some(true) {
            self.dtd.borrow_mut().standalone = true;
            self.no_parameters_if_standalone();
        }
        let name = parts
            .encoding
            .map(|(start, end)| encoding.text(data, start, end));
        let charset = name.as_ref().and_then(|name| {
            if min == 2 && name.eq_ignore_ascii_case(b"UTF-16") {
                return Some(encoding.charset.clone());
            }
            // Longer names are none of those that are known.
            Named::find(name).map(Named::charset)
        });
        let name: Option<Text> = name.map(Text::from);
        self.resume = Some(Resume::XmlDecl(Box::new(Declared {
            name: name.clone(),
            at: parts.encoding.map_or(s, |e| e.0),
            charset,
        })));
        let span = input.span(s, next);
        if !self.wants(want::XML_DECL) {
            return self.tell_default(span);
        }
        let version = parts.version.map(|(start, end)| input.text(start, end));
        self.tell(
            Markup::XmlDecl {
                version,
                encoding: name,
                standalone: parts.standalone,
            },
            span,
        )
    }

    /// After the declaration was told: takes the encoding that it names.
    pub(crate) fn declared_encoding(&mut self, declared: Declared) -> Flow {
        if self.protocol_encoding.is_some() {
            return Flow::Go;
        }
        let Some(charset) = declared.charset else {
            return match declared.name {
                Some(name) => self.ask_encoding(name, Some(declared.at)),
                None => Flow::Go,
            };
        };
        let named = Encoding {
            charset,
            namespaces: self.namespaces,
        };
        if named.min() != self.encoding.min()
            || (named.min() == 2 && !self.encoding.same_order(&named.charset))
        {
            self.event = Some(declared.at);
            return Flow::Fail(Error::IncorrectEncoding);
        }
        self.encoding = named;
        Flow::Go
    }

    /// Asks for an encoding.
    pub(crate) fn ask_encoding(&mut self, name: Text, at: Option<usize>) -> Flow {
        if !self.wants(want::UNKNOWN_ENCODING) {
            return self.no_encoding(at);
        }
        self.answer_map = None;
        self.resume = Some(Resume::Encoding(AfterEncoding { at }));
        Flow::Event(crate::event::Event::Markup(Box::new(
            Markup::UnknownEncoding { name },
        )))
    }

    fn no_encoding(&mut self, at: Option<usize>) -> Flow {
        if at.is_some() {
            self.event = at;
        }
        Flow::Fail(Error::UnknownEncoding)
    }

    /// Takes the encoding that was asked for.
    pub(crate) fn take_encoding(&mut self, after: &AfterEncoding) -> Flow {
        let map = self.answer_map.take();
        match map.and_then(|map| Custom::new(&map, self.namespaces)) {
            Some(custom) => {
                self.encoding.charset = Charset::Custom(Rc::new(custom));
                Flow::Go
            }
            None => self.no_encoding(after.at),
        }
    }
}
