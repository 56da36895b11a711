//! Tokens of content, of CDATA sections and of what follows the document element.

use crate::account::Source;
use crate::dtd::EntityId;
use crate::event::{Error, Event, Markup, Text, want};
use crate::parser::{Commit, Flow, Frame, Input, Item, Parser, Processor, Resume, Span};
use crate::token::Tok;

impl Parser {
    /// The depth at which the current input began.
    pub(crate) fn start_level(&self, frame: Frame) -> usize {
        match frame {
            Frame::Main => usize::from(!self.is_root),
            Frame::Entity(index) => self.open.get(index).map_or(0, |e| e.start_level),
        }
    }

    /// Whether what ends here may go on later.
    fn have_more(&self, frame: Frame) -> bool {
        frame == Frame::Main && !self.is_final
    }

    /// A token of content.
    pub(crate) fn content_token(&mut self, input: &Input<'_>) -> Flow {
        if input.is_main() {
            self.event = Some(input.pos);
        }
        if self.in_cdata {
            return self.cdata_token(input);
        }
        let s = input.pos;
        let scan = match input.detected {
            Some(scan) => scan,
            None => input.encoding.content(input.data, s, &mut self.raw),
        };
        let next = scan.next;
        let have_more = self.have_more(input.frame);
        let source = self.source(input.frame);
        let counted = match scan.tok {
            Tok::TrailingRsqb | Tok::TrailingCr if have_more => 0,
            Tok::TrailingRsqb | Tok::TrailingCr => input.data.len() - s,
            _ => next.saturating_sub(s),
        };
        if let Err(error) = self.count(scan.tok, counted, source) {
            return Flow::Fail(error);
        }
        let span = input.span(s, next);
        match scan.tok {
            Tok::DataChars => {
                self.commit(input, next);
                self.tell_characters(span)
            }
            Tok::StartTag => self.start_tag(input, next, source),
            Tok::EndTag => self.end_tag(input, next),
            Tok::DataNewline => {
                self.commit(input, next);
                self.tell_character('\n', span)
            }
            Tok::EmptyElement => self.empty_element(input, next),
            Tok::EntityRef => self.entity_reference(input, span),
            Tok::CharRef => {
                let n = input.encoding.char_number(input.data, s);
                let Some(c) = n.and_then(char::from_u32) else {
                    return Flow::Fail(Error::BadCharRef);
                };
                self.commit(input, next);
                self.tell_character(c, span)
            }
            Tok::None if have_more => Flow::Wait,
            Tok::None => match self.start_level(input.frame) {
                0 => Flow::Fail(Error::NoElements),
                level if level != self.tag_level => Flow::Fail(Error::AsyncEntity),
                _ => Flow::Wait,
            },
            Tok::TrailingCr | Tok::TrailingRsqb if have_more => Flow::Wait,
            tok @ (Tok::TrailingCr | Tok::TrailingRsqb) => {
                let end = input.data.len();
                let rest = input.span(s, end);
                self.queue.push_back(Item::Trailing {
                    start_level: self.start_level(input.frame),
                    end,
                    frame: input.frame,
                    moves: tok == Tok::TrailingRsqb,
                });
                if tok == Tok::TrailingCr {
                    self.tell_character('\n', rest)
                } else {
                    self.tell_characters(rest)
                }
            }
            Tok::Partial | Tok::PartialChar if have_more => Flow::Wait,
            Tok::Partial => Flow::Fail(Error::UnclosedToken),
            Tok::PartialChar => Flow::Fail(Error::PartialChar),
            Tok::Invalid => {
                if input.is_main() {
                    self.event = Some(next);
                }
                Flow::Fail(Error::InvalidToken)
            }
            Tok::XmlDecl => Flow::Fail(Error::MisplacedXmlPi),
            Tok::CdataOpen => {
                self.in_cdata = true;
                self.go_to(input.frame, next);
                self.tell(Markup::StartCdataSection, span)
            }
            Tok::Pi => {
                self.commit(input, next);
                self.processing_instruction(input, span)
            }
            Tok::Comment => {
                self.commit(input, next);
                self.comment(input, span)
            }
            _ => {
                self.commit(input, next);
                self.tell_default(span)
            }
        }
    }

    /// Goes on at a place of an input, whether or not somebody stops the parser.
    pub(crate) fn go_to(&mut self, frame: Frame, next: usize) {
        match frame {
            Frame::Main => self.pos = next,
            Frame::Entity(index) => {
                if let Some(entity) = self.open.get_mut(index) {
                    entity.pos = next;
                }
            }
        }
    }

    /// A token of a CDATA section.
    fn cdata_token(&mut self, input: &Input<'_>) -> Flow {
        let s = input.pos;
        let scan = input.encoding.cdata(input.data, s);
        let next = scan.next;
        let source = self.source(input.frame);
        if let Err(error) = self.count(scan.tok, next.saturating_sub(s), source) {
            return Flow::Fail(error);
        }
        let have_more = self.have_more(input.frame);
        let span = input.span(s, next);
        match scan.tok {
            Tok::CdataClose => {
                self.in_cdata = false;
                self.commit = Some(Commit {
                    next,
                    frame: input.frame,
                    moves: false,
                });
                self.tell(Markup::EndCdataSection, span)
            }
            Tok::DataNewline => {
                self.commit(input, next);
                self.tell_character('\n', span)
            }
            Tok::DataChars => {
                self.commit(input, next);
                self.tell_characters(span)
            }
            Tok::Invalid => {
                if input.is_main() {
                    self.event = Some(next);
                }
                Flow::Fail(Error::InvalidToken)
            }
            _ if have_more => Flow::Wait,
            Tok::PartialChar => Flow::Fail(Error::PartialChar),
            Tok::Partial | Tok::None => Flow::Fail(Error::UnclosedCdataSection),
            _ => Flow::Fail(Error::UnexpectedState),
        }
    }

    /// What follows the document element.
    pub(crate) fn epilog_token(&mut self, input: &Input<'_>) -> Flow {
        let s = input.pos;
        self.event = Some(s);
        let scan = input.encoding.prolog(input.data, s);
        let next = scan.next;
        if let Err(error) = self.count(scan.tok, next.saturating_sub(s), Source::Direct) {
            return Flow::Fail(error);
        }
        let span = input.span(s, next);
        match scan.tok {
            Tok::PrologSpace if scan.tentative => {
                // Perhaps half of a line's end; it is not waited for the other one.
                self.pos = next;
                self.queue.push_back(Item::Wait);
                self.tell_default(span)
            }
            Tok::PrologSpace => {
                self.commit(input, next);
                self.tell_default(span)
            }
            Tok::None => Flow::Wait,
            Tok::Pi => {
                self.commit(input, next);
                self.processing_instruction(input, span)
            }
            Tok::Comment => {
                self.commit(input, next);
                self.comment(input, span)
            }
            Tok::Invalid => {
                self.event = Some(next);
                Flow::Fail(Error::InvalidToken)
            }
            Tok::Partial | Tok::PartialChar if !self.is_final => Flow::Wait,
            Tok::Partial => Flow::Fail(Error::UnclosedToken),
            Tok::PartialChar => Flow::Fail(Error::PartialChar),
            _ => Flow::Fail(Error::JunkAfterDocElement),
        }
    }

    /// A reference to an entity.
    fn entity_reference(&mut self, input: &Input<'_>, span: Span) -> Flow {
        let min = input.encoding.min();
        let (start, end) = (span.start + min, span.end - min);
        if let Some(c) = input.encoding.predefined(input.data, start, end) {
            // One character for several is no amplification.
            let _ = self.count(Tok::EntityRef, 1, Source::Expansion);
            self.commit(input, span.end);
            return self.tell_character(char::from(c), span);
        }
        let name = input.text(start, end);
        self.commit(input, span.end);
        let skipped = |name| Markup::SkippedEntity {
            name,
            is_parameter: false,
        };
        let (id, entity) = {
            let dtd = self.dtd.borrow();
            let found = dtd.general.find(&name).and_then(|index| {
                let entity = dtd.general.get(index)?.clone();
                Some((index, entity))
            });
            let must_be_declared = !dtd.has_param_entity_refs || dtd.standalone;
            match found {
                Some((_, entity)) if must_be_declared && !entity.is_internal => {
                    return Flow::Fail(Error::EntityDeclaredInPe);
                }
                None if must_be_declared => return Flow::Fail(Error::UndefinedEntity),
                None => {
                    drop(dtd);
                    return self.tell(skipped(name), span);
                }
                Some((index, entity)) => {
                    let id = EntityId {
                        parameter: false,
                        index,
                    };
                    (id, entity)
                }
            }
        };
        if entity.open {
            return Flow::Fail(Error::RecursiveEntityRef);
        }
        if entity.notation.is_some() {
            return Flow::Fail(Error::BinaryEntityRef);
        }
        if let Some(text) = entity.text {
            if !self.expand {
                return self.tell(skipped(entity.name), span);
            }
            self.open_entity(id, text, false);
            return Flow::Go;
        }
        if !self.wants(want::EXTERNAL_ENTITY_REF) {
            return self.tell_default(span);
        }
        self.dtd.borrow_mut().set_open(id, true);
        let context = self.context();
        self.dtd.borrow_mut().set_open(id, false);
        self.resume = Some(Resume::GeneralEntity);
        self.answer = false;
        Flow::Event(Event::Markup(Box::new(Markup::ExternalEntityRef {
            context: Some(context),
            base: entity.base,
            system_id: entity.system_id,
            public_id: entity.public_id,
        })))
    }

    /// Content follows: the document element has ended, or not.
    pub(crate) fn after_element(&mut self) {
        if self.tag_level == 0 {
            self.processor = Processor::Epilog;
        }
    }

    pub(crate) fn processing_instruction(&mut self, input: &Input<'_>, span: Span) -> Flow {
        if !self.wants(want::PROCESSING_INSTRUCTION) {
            return self.tell_default(span);
        }
        let (encoding, data) = (input.encoding, input.data);
        let min = encoding.min();
        let target = span.start + 2 * min;
        let target_end = encoding.name_end(data, target);
        let start = encoding.skip_space(data, target_end);
        let end = (span.end - 2 * min).max(start);
        let markup = Markup::ProcessingInstruction {
            target: input.text(target, target_end),
            data: normal_lines(input.text(start, end)),
        };
        self.tell(markup, span)
    }

    pub(crate) fn comment(&mut self, input: &Input<'_>, span: Span) -> Flow {
        if !self.wants(want::COMMENT) {
            return self.tell_default(span);
        }
        let min = input.encoding.min();
        let text = input.text(span.start + 4 * min, span.end - 3 * min);
        self.tell(Markup::Comment(normal_lines(text)), span)
    }
}

/// Text whose lines end with newlines alone.
fn normal_lines(text: Text) -> Text {
    if !text.contains(&b'\r') {
        return text;
    }
    let mut normal = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\r' {
            bytes.next_if_eq(&b'\n');
            normal.push(b'\n');
        } else {
            normal.push(byte);
        }
    }
    normal.into()
}
