//! Start and end tags: attributes, namespaces, names.

use std::collections::HashSet;

use crate::account::Source;
use crate::dtd::{DEFAULT_PREFIX, Dtd, Seen};
use crate::event::{Error, Event, Markup, Text, want};
use crate::parser::{Flow, Input, Item, Parser};
use crate::token::RawAttribute;

/// An open element.
pub(crate) struct Tag {
    /// The name as it stands in the input, to compare the end tag with: a range of `tag_bytes`, up to where the told name
    /// begins.
    raw: usize,
    raw_end: usize,
    /// How many bindings were there before it.
    bindings: usize,
}

/// A namespace that a prefix stands for.
pub(crate) struct Binding {
    prefix: usize,
    /// The address, with the separator behind it.
    uri: Text,
    /// What the prefix stood for before.
    previous: Option<usize>,
    /// The attribute that declares it.
    attribute: Option<usize>,
}

/// An attribute that is told: ranges of `values`.
#[derive(Clone, Copy)]
pub(crate) struct Attribute {
    pub(crate) name: (usize, usize),
    pub(crate) value: (usize, usize),
    pub(crate) id: usize,
    /// The name is the attribute's own, without a namespace in the place of a prefix.
    pub(crate) is_plain: bool,
}

const XML_NAMESPACE: &[u8] = b"http://www.w3.org/XML/1998/namespace";
const XMLNS_NAMESPACE: &[u8] = b"http://www.w3.org/2000/xmlns/";

/// Whether an address may have this character (RFC 3986).
fn is_uri_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"%-._~:/?#[]@!$&'()*+,;=".contains(&c)
}

impl Parser {
    /// A start tag that ends at `next`.
    pub(crate) fn start_tag(&mut self, input: &Input<'_>, next: usize, source: Source) -> Flow {
        let Some(&tag) = self.raw.first() else {
            return Flow::Fail(Error::UnexpectedState);
        };
        let raw = self.tag_bytes.len();
        let raw_name = input.data.get(tag.name..tag.name_end).unwrap_or_default();
        self.tag_bytes.extend_from_slice(raw_name);
        self.tags.push(Tag {
            raw,
            raw_end: self.tag_bytes.len(),
            bindings: self.bindings.len(),
        });
        self.tag_level += 1;
        self.commit(input, next);
        if let Err(error) = self.read_attributes(input, tag, source) {
            return self.fail_after_queue(error);
        }
        let name = std::mem::take(&mut self.name);
        self.tag_bytes.extend_from_slice(&name);
        self.name = name;
        let span = input.span(input.pos, next);
        if !self.queue.is_empty() {
            self.queue.push_back(Item::Tell(
                Event::StartElement,
                want::START_ELEMENT,
                Some(span),
            ));
            return Flow::Go;
        }
        if self.wants(want::START_ELEMENT) {
            Flow::Event(Event::StartElement)
        } else {
            self.tell_default(span)
        }
    }

    /// An error in a tag: it comes after the namespaces that were declared before it.
    fn fail_after_queue(&mut self, error: Error) -> Flow {
        if self.queue.is_empty() {
            return Flow::Fail(error);
        }
        self.queue.push_back(Item::Fail(error));
        Flow::Go
    }

    /// An empty element.
    pub(crate) fn empty_element(&mut self, input: &Input<'_>, next: usize) -> Flow {
        let Some(&tag) = self.raw.first() else {
            return Flow::Fail(Error::UnexpectedState);
        };
        self.commit(input, next);
        let bound = self.bindings.len();
        // The token spans the whole tag, so its parts are not counted again.
        if let Err(error) = self.read_attributes(input, tag, Source::Counted) {
            self.drop_bindings(bound);
            return self.fail_after_queue(error);
        }
        let span = input.span(input.pos, next);
        let (start, end) = (
            self.wants(want::START_ELEMENT),
            self.wants(want::END_ELEMENT),
        );
        if !start && !end && self.queue.is_empty() && self.bindings.len() == bound {
            self.after_element();
            return self.tell_default(span);
        }
        self.queue
            .push_back(Item::Tell(Event::StartElement, want::START_ELEMENT, None));
        if start && end && input.is_main() {
            self.queue.push_back(Item::Move(next));
        }
        self.queue
            .push_back(Item::Tell(Event::EndElement, want::END_ELEMENT, None));
        if !start && !end {
            self.queue.push_back(Item::Default(span));
        }
        self.drop_bindings(bound);
        self.after_element();
        Flow::Go
    }

    /// An end tag.
    pub(crate) fn end_tag(&mut self, input: &Input<'_>, next: usize) -> Flow {
        if self.tag_level == self.start_level(input.frame) {
            return Flow::Fail(Error::AsyncEntity);
        }
        let Some(tag) = self.tags.pop() else {
            return Flow::Fail(Error::AsyncEntity);
        };
        let name = input.pos + 2 * input.encoding.min();
        let known = self.tag_bytes.get(tag.raw..tag.raw_end).unwrap_or_default();
        let rest = input.data.get(name..).unwrap_or_default();
        let name_end = name + known.len();
        // The name must end there, too.
        if !rest.starts_with(known) || input.encoding.name_end(input.data, name_end) != name_end {
            if input.is_main() {
                self.event = Some(name);
            }
            return Flow::Fail(Error::TagMismatch);
        }
        self.name.clear();
        self.name
            .extend_from_slice(self.tag_bytes.get(tag.raw_end..).unwrap_or_default());
        self.tag_bytes.truncate(tag.raw);
        self.tag_level -= 1;
        self.commit(input, next);
        let span = input.span(input.pos, next);
        let flow = if self.wants(want::END_ELEMENT) {
            Flow::Event(Event::EndElement)
        } else {
            self.tell_default(span)
        };
        if self.bindings.len() > tag.bindings {
            self.drop_bindings(tag.bindings);
        }
        self.after_element();
        flow
    }

    /// Undoes the bindings down to `count`, and has that told.
    fn drop_bindings(&mut self, count: usize) {
        let dtd = self.dtd.clone();
        let mut dtd = dtd.borrow_mut();
        while self.bindings.len() > count {
            let Some(binding) = self.bindings.pop() else {
                return;
            };
            if let Some(prefix) = dtd.prefixes.get_mut(binding.prefix) {
                prefix.binding = binding.previous;
                let markup = Markup::EndNamespace {
                    prefix: prefix.name.clone(),
                };
                self.queue.push_back(Item::Tell(
                    Event::Markup(Box::new(markup)),
                    want::END_NAMESPACE,
                    None,
                ));
            }
        }
    }

    /// Reads the attributes of a tag: normalizes their values, declares namespaces, adds defaults, replaces prefixes; and
    /// finds the name of the element.
    fn read_attributes(
        &mut self,
        input: &Input<'_>,
        tag: RawAttribute,
        source: Source,
    ) -> Result<(), Error> {
        self.values.clear();
        self.attributes.clear();
        self.name.clear();
        self.name_uri = None;
        let encoding = input.encoding;
        if encoding.is_utf8() {
            let name = input.data.get(tag.name..tag.name_end).unwrap_or_default();
            self.name.extend_from_slice(name);
        } else {
            let mut name = std::mem::take(&mut self.name);
            encoding.convert(input.data, tag.name, tag.name_end, &mut name, usize::MAX);
            self.name = name;
        }
        let shared = self.dtd.clone();
        let mut dtd = shared.borrow_mut();
        let element = self.find_element(&mut dtd)?;
        self.last_element = element;
        let raw = std::mem::take(&mut self.raw);
        let bound = self.bindings.len();
        let result = self.collect(input, &raw, element, &mut dtd, source);
        self.raw = raw;
        let prefixed = result?;
        if prefixed > 0 {
            self.replace_prefixes(&dtd, prefixed)?;
        }
        for attribute in &self.attributes {
            if let Some(id) = dtd.attributes.get_mut(attribute.id) {
                id.seen = Seen::No;
            }
        }
        for binding in self.bindings.get(bound..).unwrap_or_default() {
            if let Some(id) = binding.attribute.and_then(|a| dtd.attributes.get_mut(a)) {
                id.seen = Seen::No;
            }
        }
        if !self.namespaces {
            return Ok(());
        }
        // The element's own name.
        let Some(element) = dtd.elements.get(element) else {
            return Ok(());
        };
        let prefix = element.prefix.unwrap_or(DEFAULT_PREFIX);
        let bound = dtd.prefixes.get(prefix).and_then(|p| p.binding);
        let Some(binding) = bound.and_then(|b| self.bindings.get(b)) else {
            return match element.prefix {
                Some(_) => Err(Error::UnboundPrefix),
                None => Ok(()),
            };
        };
        self.name_uri = Some(binding.uri.clone());
        self.name.clear();
        self.name.extend_from_slice(&binding.uri);
        let local = element.name.get(element.local..).unwrap_or_default();
        self.name.extend_from_slice(local);
        // Without a separator, nobody could tell the parts apart.
        if self.triplets
            && self.separator.is_some()
            && let Some(name) = dtd.prefixes.get(prefix).and_then(|p| p.name.as_deref())
        {
            self.name.extend(self.separator);
            self.name.extend_from_slice(name);
        }
        Ok(())
    }

    /// The type of the element whose name was read. It is looked for where it was after the element before, the last time.
    fn find_element(&self, dtd: &mut Dtd) -> Result<usize, Error> {
        let guess = dtd.elements.get(self.last_element).map(|e| e.successor);
        if let Some(guess) = guess
            && dtd
                .elements
                .get(guess)
                .is_some_and(|e| *e.name == *self.name)
        {
            return Ok(guess);
        }
        let found = match dtd.elements.find(&self.name) {
            Some(known) => known,
            None => {
                self.account.store(NAME_MEMORY + self.name.len())?;
                dtd.element_type(&self.name)
            }
        };
        if let Some(last) = dtd.elements.get_mut(self.last_element) {
            last.successor = found;
        }
        Ok(found)
    }

    /// The attribute of a name; first it is looked for where the element had it the last time.
    fn find_attribute(
        &self,
        dtd: &mut Dtd,
        element: usize,
        place: usize,
        name: &[u8],
    ) -> Result<usize, Error> {
        let usual = dtd.elements.get(element).map(|e| &e.usual);
        let guess = usual.and_then(|usual| usual.get(place)).copied();
        if let Some(guess) = guess
            && dtd.attributes.get(guess).is_some_and(|a| *a.name == *name)
        {
            return Ok(guess);
        }
        let found = match dtd.attributes.find(name) {
            Some(known) => known,
            None => {
                self.account.store(NAME_MEMORY + name.len())?;
                dtd.attribute_id(name, self.namespaces)
            }
        };
        if let Some(element) = dtd.elements.get_mut(element)
            && place < USUAL
        {
            match element.usual.get_mut(place) {
                Some(usual) => *usual = found,
                None => element.usual.push(found),
            }
        }
        Ok(found)
    }

    /// The attributes of a tag, those that it has and the defaults of others. Gives the number of those with a prefix.
    fn collect(
        &mut self,
        input: &Input<'_>,
        raw: &[RawAttribute],
        element: usize,
        dtd: &mut Dtd,
        source: Source,
    ) -> Result<usize, Error> {
        let encoding = input.encoding;
        let mut prefixed = 0;
        for (place, attribute) in raw.get(1..).unwrap_or_default().iter().enumerate() {
            let start = self.values.len();
            let mut values = std::mem::take(&mut self.values);
            encoding.convert(
                input.data,
                attribute.name,
                attribute.name_end,
                &mut values,
                usize::MAX,
            );
            let name = values.get(start..).unwrap_or_default();
            let id = self.find_attribute(dtd, element, place, name)?;
            let name = (start, values.len());
            self.values = values;
            let Some(known) = dtd.attributes.get_mut(id) else {
                continue;
            };
            if known.seen != Seen::No {
                if input.is_main() {
                    self.event_later(attribute.name);
                }
                return Err(Error::DuplicateAttribute);
            }
            known.seen = Seen::Yes;
            let (prefix, is_xmlns, tokenized) =
                (known.prefix, known.is_xmlns, known.maybe_tokenized);
            let value = self.values.len();
            if attribute.normalized {
                let mut values = std::mem::take(&mut self.values);
                encoding.convert(
                    input.data,
                    attribute.value,
                    attribute.value_end,
                    &mut values,
                    usize::MAX,
                );
                self.values = values;
            } else {
                let is_cdata = !tokenized
                    || dtd
                        .elements
                        .get(element)
                        .and_then(|e| e.declaration(id))
                        .is_none_or(|d| d.is_cdata);
                let mut values = std::mem::take(&mut self.values);
                let result = self.attribute_value(
                    input,
                    (attribute.value, attribute.value_end),
                    is_cdata,
                    &mut values,
                    source,
                    dtd,
                    false,
                );
                self.values = values;
                result?;
            }
            let told = Attribute {
                name,
                value: (value, self.values.len()),
                id,
                is_plain: true,
            };
            match prefix {
                Some(prefix) if is_xmlns => {
                    let uri: Text = self.values.get(value..).unwrap_or_default().into();
                    self.bind(dtd, prefix, Some(id), uri)?;
                }
                Some(_) => {
                    prefixed += 1;
                    if let Some(id) = dtd.attributes.get_mut(id) {
                        id.seen = Seen::Prefixed;
                    }
                    self.attributes.push(told);
                }
                None => self.attributes.push(told),
            }
        }
        self.specified = self.attributes.len();
        let count = dtd.elements.get(element).map_or(0, |e| e.declared.len());
        for k in 0..count {
            let Some(declared) = dtd.elements.get(element).and_then(|e| e.declared.get(k)) else {
                break;
            };
            let (id, Some(value)) = (declared.id, declared.value.clone()) else {
                continue;
            };
            let Some(known) = dtd.attributes.get_mut(id) else {
                continue;
            };
            if known.seen != Seen::No {
                continue;
            }
            if let (Some(prefix), true) = (known.prefix, known.is_xmlns) {
                self.bind(dtd, prefix, Some(id), value)?;
                continue;
            }
            known.seen = if known.prefix.is_some() {
                prefixed += 1;
                Seen::Prefixed
            } else {
                Seen::Yes
            };
            let start = self.values.len();
            self.values.extend_from_slice(&known.name);
            let middle = self.values.len();
            self.values.extend_from_slice(&value);
            self.attributes.push(Attribute {
                name: (start, middle),
                value: (middle, self.values.len()),
                id,
                is_plain: true,
            });
        }
        Ok(prefixed)
    }

    /// Puts namespaces in the place of the attributes' prefixes.
    fn replace_prefixes(&mut self, dtd: &Dtd, prefixed: usize) -> Result<(), Error> {
        let mut known = HashSet::new();
        for k in 0..self.attributes.len() {
            let Some(attribute) = self.attributes.get(k) else {
                break;
            };
            let Some(id) = dtd.attributes.get(attribute.id) else {
                continue;
            };
            let (Seen::Prefixed, Some(prefix)) = (id.seen, id.prefix) else {
                continue;
            };
            let Some(prefix) = dtd.prefixes.get(prefix) else {
                continue;
            };
            let Some(binding) = prefix.binding.and_then(|b| self.bindings.get(b)) else {
                return Err(Error::UnboundPrefix);
            };
            let start = self.values.len();
            self.values.extend_from_slice(&binding.uri);
            self.values
                .extend_from_slice(id.name.get(id.local..).unwrap_or_default());
            if prefixed > 1 {
                let name: Box<[u8]> = self.values.get(start..).unwrap_or_default().into();
                if !known.insert(name) {
                    return Err(Error::DuplicateAttribute);
                }
            }
            if self.triplets
                && self.separator.is_some()
                && let Some(name) = prefix.name.as_deref()
            {
                self.values.extend(self.separator);
                self.values.extend_from_slice(name);
            }
            let end = self.values.len();
            if let Some(attribute) = self.attributes.get_mut(k) {
                attribute.name = (start, end);
                attribute.is_plain = false;
            }
        }
        Ok(())
    }

    /// Binds a prefix. What declares no attribute is not told.
    pub(crate) fn bind(
        &mut self,
        dtd: &mut Dtd,
        index: usize,
        attribute: Option<usize>,
        uri: Text,
    ) -> Result<(), Error> {
        let Some(prefix) = dtd.prefixes.get_mut(index) else {
            return Err(Error::UnexpectedState);
        };
        let name = prefix.name.as_deref();
        if uri.is_empty() && name.is_some() {
            return Err(Error::UndeclaringPrefix);
        }
        if name == Some(b"xmlns") {
            return Err(Error::ReservedPrefixXmlns);
        }
        let must_be_xml = name == Some(b"xml");
        // A separator in the address would make names ambiguous, unless it may be part of addresses anyway.
        if self.namespaces
            && let Some(separator) = self.separator
            && !is_uri_char(separator)
            && uri.contains(&separator)
        {
            return Err(Error::Syntax);
        }
        if must_be_xml != (*uri == *XML_NAMESPACE) {
            return Err(if must_be_xml {
                Error::ReservedPrefixXml
            } else {
                Error::ReservedNamespaceUri
            });
        }
        if !must_be_xml && *uri == *XMLNS_NAMESPACE {
            return Err(Error::ReservedNamespaceUri);
        }
        let mut with_separator = uri.to_vec();
        with_separator.extend(self.separator);
        self.bindings.push(Binding {
            prefix: index,
            uri: with_separator.into(),
            previous: prefix.binding,
            attribute,
        });
        let undeclared = uri.is_empty() && index == DEFAULT_PREFIX;
        prefix.binding = (!undeclared).then(|| self.bindings.len() - 1);
        if attribute.is_some() {
            let markup = Markup::StartNamespace {
                prefix: prefix.name.clone(),
                uri: (!undeclared).then_some(uri),
            };
            self.queue.push_back(Item::Tell(
                Event::Markup(Box::new(markup)),
                want::START_NAMESPACE,
                None,
            ));
        }
        Ok(())
    }

    /// Binds the prefix that is always there.
    pub(crate) fn bind_xml(&mut self) {
        let shared = self.dtd.clone();
        let mut dtd = shared.borrow_mut();
        let prefix = dtd.prefix(b"xml");
        // It is the right address.
        let _ = self.bind(&mut dtd, prefix, None, XML_NAMESPACE.into());
    }

    /// What is bound and open, for the parser of an external entity.
    pub(crate) fn context(&self) -> Text {
        let dtd = self.dtd.borrow();
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for prefix in dtd.prefixes.iter() {
            let Some(binding) = prefix.binding.and_then(|b| self.bindings.get(b)) else {
                continue;
            };
            let mut part = prefix.name.as_deref().unwrap_or_default().to_vec();
            part.push(b'=');
            let uri = binding.uri.len() - usize::from(self.separator.is_some());
            part.extend_from_slice(binding.uri.get(..uri).unwrap_or_default());
            parts.push(part);
        }
        for entity in dtd.general.iter().filter(|e| e.open) {
            parts.push(entity.name.to_vec());
        }
        parts.join(&CONTEXT_SEPARATOR).into()
    }

    /// Takes over a context.
    pub(crate) fn set_context(&mut self, context: &[u8]) -> bool {
        let shared = self.dtd.clone();
        let mut dtd = shared.borrow_mut();
        for part in context.split(|&c| c == CONTEXT_SEPARATOR) {
            match part.iter().position(|&c| c == b'=') {
                None => {
                    if let Some(entity) = dtd
                        .general
                        .find(part)
                        .and_then(|index| dtd.general.get_mut(index))
                    {
                        entity.open = true;
                    }
                }
                Some(at) => {
                    let prefix = match part.get(..at).unwrap_or_default() {
                        b"" => DEFAULT_PREFIX,
                        name => dtd.prefix(name),
                    };
                    let uri = part.get(at + 1..).unwrap_or_default().into();
                    if self.bind(&mut dtd, prefix, None, uri).is_err() {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// The place of an error, which becomes that of events after those that come before.
    fn event_later(&mut self, at: usize) {
        if self.queue.is_empty() {
            self.event = Some(at);
        } else {
            self.queue.push_back(Item::Move(at));
        }
    }
}

/// What stands between the parts of a context.
const CONTEXT_SEPARATOR: u8 = 0x0C;
/// How many attributes are remembered of an element.
const USUAL: usize = 64;
/// About the memory that a new name takes, beside itself.
const NAME_MEMORY: usize = 64;
