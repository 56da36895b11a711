//! Values of attributes and of entities: references in them, and how they are normalized.

use crate::account::Source;
use crate::dtd::{Dtd, EntityId};
use crate::encoding::{Charset, Encoding};
use crate::event::{Error, Event, Markup, Text, want};
use crate::parser::{Flow, Frame, Input, Parser, Resume};
use crate::token::Tok;

/// An entity within a value.
struct Inner {
    id: EntityId,
    text: Text,
    pos: usize,
}

/// The value of an entity that is being read.
pub(crate) struct ValueReader {
    frame: Frame,
    pos: usize,
    end: usize,
    source: Source,
    stack: Vec<Inner>,
    /// Whether another value was being read before.
    outer: bool,
}

fn push_char(pool: &mut Vec<u8>, c: char) {
    let mut room = [0; 4];
    pool.extend_from_slice(c.encode_utf8(&mut room).as_bytes());
}

impl Parser {
    fn internal(&self) -> Encoding {
        Encoding {
            charset: Charset::Internal,
            namespaces: self.namespaces,
        }
    }

    /// Appends the value of an attribute, which stands in `range`, to `pool`. In declarations, references to entities have to
    /// be declared under other conditions than in content.
    pub(crate) fn attribute_value(
        &mut self,
        input: &Input<'_>,
        range: (usize, usize),
        is_cdata: bool,
        pool: &mut Vec<u8>,
        source: Source,
        dtd: &mut Dtd,
        in_declaration: bool,
    ) -> Result<(), Error> {
        let internal = self.internal();
        let from = pool.len();
        let mut stack: Vec<Inner> = Vec::new();
        let mut pos = range.0;
        loop {
            let inner = stack.last();
            let text = inner.map(|i| i.text.clone());
            let (data, encoding, i, source) = match (&text, inner) {
                (Some(text), Some(inner)) => (&**text, &internal, inner.pos, Source::Expansion),
                _ => (
                    input.data.get(..range.1).unwrap_or_default(),
                    input.encoding,
                    pos,
                    source,
                ),
            };
            let top = text.is_none();
            let scan = encoding.attribute_value(data, i);
            let mut next = scan.next;
            self.count(scan.tok, next.saturating_sub(i), source)?;
            let fail = |this: &mut Parser, at: usize, error: Error| {
                if top && input.is_main() {
                    this.event = Some(at);
                }
                Err(error)
            };
            let after_space = || pool.len() == from || pool.last() == Some(&b' ');
            match scan.tok {
                Tok::None => match stack.pop() {
                    Some(inner) => {
                        dtd.set_open(inner.id, false);
                        continue;
                    }
                    None => break,
                },
                Tok::Invalid => return fail(self, next, Error::InvalidToken),
                Tok::Partial => return fail(self, i, Error::InvalidToken),
                Tok::CharRef => {
                    let Some(c) = encoding.char_number(data, i).and_then(char::from_u32) else {
                        return fail(self, i, Error::BadCharRef);
                    };
                    if is_cdata || c != ' ' || !after_space() {
                        push_char(pool, c);
                    }
                }
                Tok::DataChars => {
                    encoding.convert(data, i, next, pool, usize::MAX);
                }
                Tok::TrailingCr | Tok::AttributeSpace | Tok::DataNewline => {
                    if scan.tok == Tok::TrailingCr {
                        next = i + encoding.min();
                    }
                    if is_cdata || !after_space() {
                        pool.push(b' ');
                    }
                }
                Tok::EntityRef => {
                    let min = encoding.min();
                    let (start, end) = (i + min, next - min);
                    if let Some(c) = encoding.predefined(data, start, end) {
                        // One character for several is no amplification.
                        let _ = self.count(Tok::EntityRef, 1, Source::Expansion);
                        pool.push(c);
                    } else {
                        let name = encoding.text(data, start, end);
                        let index = dtd.general.find(&name);
                        let must_be_declared = if !in_declaration {
                            !dtd.has_param_entity_refs || dtd.standalone
                        } else if dtd.standalone {
                            self.prolog.is_document && self.open.is_empty()
                        } else {
                            self.prolog.is_document && !dtd.has_param_entity_refs
                        };
                        let entity = index.and_then(|k| dtd.general.get_mut(k));
                        match (entity, index) {
                            (Some(entity), Some(index)) => {
                                if must_be_declared && !entity.is_internal {
                                    return Err(Error::EntityDeclaredInPe);
                                }
                                if entity.open {
                                    return fail(self, i, Error::RecursiveEntityRef);
                                }
                                if entity.notation.is_some() {
                                    return fail(self, i, Error::BinaryEntityRef);
                                }
                                let Some(text) = entity.text.clone() else {
                                    return fail(self, i, Error::AttributeExternalEntityRef);
                                };
                                entity.open = true;
                                match stack.last_mut() {
                                    Some(inner) => inner.pos = next,
                                    None => pos = next,
                                }
                                stack.push(Inner {
                                    id: EntityId {
                                        parameter: false,
                                        index,
                                    },
                                    text,
                                    pos: 0,
                                });
                                continue;
                            }
                            _ if must_be_declared => return Err(Error::UndefinedEntity),
                            _ => {}
                        }
                    }
                }
                _ => return fail(self, i, Error::UnexpectedState),
            }
            match stack.last_mut() {
                Some(inner) => inner.pos = next,
                None => pos = next,
            }
        }
        if !is_cdata && pool.len() > from && pool.last() == Some(&b' ') {
            pool.pop();
        }
        Ok(())
    }

    /// Begins to read the value of an entity.
    pub(crate) fn begin_value(&mut self, frame: Frame, pos: usize, end: usize, source: Source) {
        self.value = Some(Box::new(ValueReader {
            frame,
            pos,
            end,
            source,
            stack: Vec::new(),
            outer: self.prolog.in_entity_value,
        }));
        self.prolog.in_entity_value = true;
    }

    /// Reads on, up to the end (then there is no flow) or to an external entity.
    pub(crate) fn read_value(&mut self, input: &Input<'_>) -> Result<Option<Flow>, Error> {
        let Some(mut reader) = self.value.take() else {
            return Err(Error::UnexpectedState);
        };
        let flow = self.read_on(input, &mut reader);
        if let Ok(Some(_)) = flow {
            self.value = Some(reader);
        } else {
            self.prolog.in_entity_value = reader.outer;
        }
        flow
    }

    fn read_on(
        &mut self,
        input: &Input<'_>,
        reader: &mut ValueReader,
    ) -> Result<Option<Flow>, Error> {
        let internal = self.internal();
        let shared = self.dtd.clone();
        loop {
            let mut dtd = shared.borrow_mut();
            let inner = reader.stack.last();
            let text = inner.map(|i| i.text.clone());
            let (data, encoding, i, source) = match (&text, inner) {
                (Some(text), Some(inner)) => (&**text, &internal, inner.pos, Source::Expansion),
                _ => (
                    input.data.get(..reader.end).unwrap_or_default(),
                    input.encoding,
                    reader.pos,
                    reader.source,
                ),
            };
            let top = text.is_none();
            let scan = encoding.entity_value(data, i);
            let mut next = scan.next;
            self.count(scan.tok, next.saturating_sub(i), source)?;
            let fail = |this: &mut Parser, at: usize, error: Error| {
                if top && input.is_main() {
                    this.event = Some(at);
                }
                Err(error)
            };
            let mut opened = None;
            let mut flow = None;
            match scan.tok {
                Tok::None => match reader.stack.pop() {
                    Some(inner) => {
                        dtd.set_open(inner.id, false);
                        continue;
                    }
                    None => return Ok(None),
                },
                Tok::ParamEntityRef => {
                    if !self.is_parameter_entity && top && input.is_main() {
                        // They are not allowed within declarations of the internal subset.
                        self.event = Some(i);
                        return Err(Error::ParamEntityRef);
                    }
                    let min = encoding.min();
                    let name = encoding.text(data, i + min, next - min);
                    let found = dtd.parameter.find(&name).map(|index| EntityId {
                        parameter: true,
                        index,
                    });
                    let entity = found.and_then(|id| dtd.entity(id));
                    match (entity, found) {
                        (Some(entity), Some(id)) => {
                            if entity.open || self.declared.entity == Some(id) {
                                return fail(self, i, Error::RecursiveEntityRef);
                            }
                            if entity.system_id.is_none() {
                                let text = entity.text.clone().unwrap_or_default();
                                dtd.set_open(id, true);
                                opened = Some(Inner { id, text, pos: 0 });
                            } else if self.wants(want::EXTERNAL_ENTITY_REF) {
                                let markup = Markup::ExternalEntityRef {
                                    context: None,
                                    base: entity.base.clone(),
                                    system_id: entity.system_id.clone(),
                                    public_id: entity.public_id.clone(),
                                };
                                dtd.param_entity_read = false;
                                dtd.set_open(id, true);
                                self.resume = Some(Resume::ValueEntity(id));
                                self.answer = false;
                                flow = Some(Flow::Event(Event::Markup(Box::new(markup))));
                            } else {
                                dtd.keep_processing = dtd.standalone;
                            }
                        }
                        _ => dtd.keep_processing = dtd.standalone,
                    }
                }
                Tok::EntityRef | Tok::DataChars => {
                    encoding.convert(data, i, next, &mut dtd.entity_value, usize::MAX);
                }
                Tok::TrailingCr | Tok::DataNewline => {
                    if scan.tok == Tok::TrailingCr {
                        next = i + encoding.min();
                    }
                    dtd.entity_value.push(b'\n');
                }
                Tok::CharRef => {
                    let Some(c) = encoding.char_number(data, i).and_then(char::from_u32) else {
                        return fail(self, i, Error::BadCharRef);
                    };
                    push_char(&mut dtd.entity_value, c);
                }
                Tok::Partial => return fail(self, i, Error::InvalidToken),
                Tok::Invalid => return fail(self, next, Error::InvalidToken),
                _ => return fail(self, i, Error::UnexpectedState),
            }
            match reader.stack.last_mut() {
                Some(inner) => inner.pos = next,
                None => reader.pos = next,
            }
            reader.stack.extend(opened);
            if flow.is_some() {
                return Ok(flow);
            }
        }
    }

    /// Reads on in an entity's value after an external entity.
    pub(crate) fn resume_value(&mut self) -> Flow {
        let Some(frame) = self.value.as_ref().map(|v| v.frame) else {
            return Flow::Fail(Error::UnexpectedState);
        };
        self.with_input(frame, |this, input| match this.read_value(input) {
            Ok(Some(flow)) => flow,
            Ok(None) => this.end_value(input, None),
            Err(error) => this.end_value(input, Some(error)),
        })
    }
}
