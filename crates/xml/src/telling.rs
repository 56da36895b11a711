//! How events come about: what is told, to which handler, and what stays in the queue.

use crate::event::{Error, Event, Markup, want};
use crate::parser::{Chunks, Commit, Flow, Frame, Input, Item, Parser, Place, Span};

/// Bytes of converted text that are told at once.
const CHUNK: usize = 1024;

impl Parser {
    pub(crate) fn wants(&self, bits: u32) -> bool {
        self.want & bits != 0
    }

    /// The token ends there.
    pub(crate) fn commit(&mut self, input: &Input<'_>, next: usize) {
        self.commit = Some(Commit {
            next,
            frame: input.frame,
            moves: true,
        });
    }

    /// Tells markup, or the default handler.
    pub(crate) fn tell(&mut self, markup: Markup, otherwise: Span) -> Flow {
        if self.wants(markup.wanted_by()) {
            Flow::Event(Event::Markup(Box::new(markup)))
        } else {
            self.tell_default(otherwise)
        }
    }

    pub(crate) fn tell_default(&mut self, span: Span) -> Flow {
        if self.wants(want::DEFAULT) {
            self.tell_text(span, true)
        } else {
            Flow::Go
        }
    }

    /// Tells characters, or the default handler.
    pub(crate) fn tell_characters(&mut self, span: Span) -> Flow {
        if self.wants(want::CHARACTERS) {
            self.tell_text(span, false)
        } else {
            self.tell_default(span)
        }
    }

    /// Tells a character that is not as it stands in the input, or the default handler what stands there.
    pub(crate) fn tell_character(&mut self, c: char, span: Span) -> Flow {
        if !self.wants(want::CHARACTERS) {
            return self.tell_default(span);
        }
        self.scratch.clear();
        let mut room = [0; 4];
        self.scratch
            .extend_from_slice(c.encode_utf8(&mut room).as_bytes());
        self.place = Place::Scratch;
        self.text = (0, self.scratch.len());
        Flow::Event(Event::Characters)
    }

    fn tell_text(&mut self, span: Span, default: bool) -> Flow {
        match span.frame {
            Frame::Main if !self.encoding.is_utf8() => {
                self.chunks = Some(Chunks { span, default });
                return Flow::Go;
            }
            Frame::Main => self.place = Place::Buffer,
            Frame::Entity(index) => {
                self.place = Place::Entity;
                self.text_entity = self.open.get(index).map(|e| e.text.clone());
            }
        }
        self.text = (span.start, span.end);
        Flow::Event(if default {
            Event::Default
        } else {
            Event::Characters
        })
    }

    pub(crate) fn chunk(&mut self, mut chunks: Chunks) -> Flow {
        if chunks.default && !self.wants(want::DEFAULT) {
            return Flow::Go;
        }
        self.event = Some(chunks.span.start);
        if chunks.span.start >= chunks.span.end {
            return Flow::Go;
        }
        self.scratch.clear();
        let next = self.encoding.convert(
            &self.buffer,
            chunks.span.start,
            chunks.span.end,
            &mut self.scratch,
            CHUNK,
        );
        self.place = Place::Scratch;
        self.text = (0, self.scratch.len());
        let event = if chunks.default {
            Event::Default
        } else {
            Event::Characters
        };
        // What the default handler was told counts as behind the place of events that follow.
        if next < chunks.span.end || chunks.default {
            chunks.span.start = next;
            self.chunks = Some(chunks);
        }
        Flow::Event(event)
    }

    pub(crate) fn item(&mut self, item: Item) -> Flow {
        match item {
            Item::Tell(event, bit, otherwise) => match otherwise {
                _ if self.wants(bit) => Flow::Event(event),
                Some(span) => self.tell_default(span),
                None => Flow::Go,
            },
            Item::Default(span) => self.tell_default(span),
            Item::Move(to) => {
                self.event = Some(to);
                Flow::Go
            }
            Item::Trailing {
                start_level,
                end,
                frame,
                moves,
            } => {
                let error = if start_level == 0 {
                    Error::NoElements
                } else if self.tag_level != start_level {
                    Error::AsyncEntity
                } else {
                    match frame {
                        Frame::Main => {
                            self.pos = end;
                            return Flow::Wait;
                        }
                        Frame::Entity(index) => {
                            if let Some(entity) = self.open.get_mut(index) {
                                entity.pos = end;
                            }
                            return Flow::Go;
                        }
                    }
                };
                if moves && frame == Frame::Main {
                    self.event = Some(end);
                }
                Flow::Fail(error)
            }
            Item::Wait => Flow::Wait,
            Item::Fail(error) => Flow::Fail(error),
        }
    }
}
