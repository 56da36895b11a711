//! Parameter entities, parsers for external entities, and how a parser goes on after it asked for something.

use std::cell::RefCell;
use std::rc::Rc;

use crate::dtd::EntityId;
use crate::event::{Error, Event, Markup, want};
use crate::parser::{
    AfterStandalone, Flow, Frame, Input, ParamEntityParsing, Parser, Processor, Resume, Span,
};
use crate::role::Prolog;
use crate::token::Tok;

impl Parser {
    /// A parser for an external entity that this parser asks for ([`Markup::ExternalEntityRef`]); without a context, for the
    /// external subset or a parameter entity. It has the same handlers.
    pub fn external_parser(
        &self,
        context: Option<&[u8]>,
        encoding: Option<&[u8]>,
    ) -> Option<Parser> {
        let dtd = match context {
            None => self.dtd.clone(),
            Some(_) => Rc::new(RefCell::new(self.dtd.borrow().copied())),
        };
        let separator = self.namespaces.then(|| self.separator.unwrap_or(0));
        let mut parser = Parser::with(encoding, separator, dtd, self.account.clone());
        parser.want = self.want;
        parser.expand = self.expand;
        parser.triplets = self.triplets;
        parser.set_reparse_deferral(self.reparse_deferral());
        parser.is_root = false;
        parser.param_entity_parsing = self.param_entity_parsing;
        let in_entity_value = self.prolog.in_entity_value;
        match context {
            Some(context) => {
                parser.prolog.in_entity_value = in_entity_value;
                if !parser.set_context(context) {
                    return None;
                }
                parser.processor = Processor::ExternalInit;
            }
            None => {
                parser.is_parameter_entity = true;
                parser.prolog = Prolog::external();
                parser.prolog.in_entity_value = in_entity_value;
                parser.processor = Processor::ParameterInit;
            }
        }
        Some(parser)
    }

    /// The beginning of an external general entity: a byte order mark, perhaps.
    pub(crate) fn external_start(&mut self, input: &Input<'_>) -> Flow {
        let s = input.pos;
        let scan = match input.detected {
            Some(scan) => scan,
            None => input.encoding.content(input.data, s, &mut self.raw),
        };
        match scan.tok {
            Tok::Bom => {
                let source = self.source(input.frame);
                if let Err(error) = self.count(scan.tok, scan.next - s, source) {
                    return Flow::Fail(error);
                }
                self.pos = scan.next;
                if scan.next == input.data.len() && !self.is_final {
                    return Flow::Wait;
                }
            }
            Tok::Partial | Tok::PartialChar if !self.is_final => return Flow::Wait,
            Tok::Partial | Tok::PartialChar => {
                self.event = Some(s);
                return Flow::Fail(if scan.tok == Tok::Partial {
                    Error::UnclosedToken
                } else {
                    Error::PartialChar
                });
            }
            _ => {}
        }
        self.processor = Processor::ExternalDecl;
        Flow::Go
    }

    /// The text declaration of an external general entity, if it has one.
    pub(crate) fn external_declaration(&mut self, input: &Input<'_>) -> Flow {
        let s = input.pos;
        self.event = Some(s);
        let scan = match input.detected {
            Some(scan) => scan,
            None => input.encoding.content(input.data, s, &mut self.raw),
        };
        match scan.tok {
            Tok::Partial | Tok::PartialChar if !self.is_final => return Flow::Wait,
            Tok::Partial => return Flow::Fail(Error::UnclosedToken),
            Tok::PartialChar => return Flow::Fail(Error::PartialChar),
            _ => {}
        }
        self.processor = Processor::Content;
        self.tag_level = 1;
        if scan.tok != Tok::XmlDecl {
            return Flow::Go;
        }
        self.commit = Some(crate::parser::Commit {
            next: scan.next,
            frame: Frame::Main,
            moves: false,
        });
        self.xml_declaration(input, scan.next, true)
    }

    /// The beginning of an external parameter entity: a byte order mark is no declaration.
    pub(crate) fn parameter_start(&mut self, input: &Input<'_>) -> Flow {
        let s = input.pos;
        let scan = match input.detected {
            Some(scan) => scan,
            None => input.encoding.prolog(input.data, s),
        };
        let have_more = !self.is_final;
        match scan.tok {
            Tok::Invalid => return Flow::Fail(Error::InvalidToken),
            Tok::Partial | Tok::PartialChar | Tok::None if have_more => return Flow::Wait,
            _ if scan.tentative && have_more => return Flow::Wait,
            Tok::Partial => return Flow::Fail(Error::UnclosedToken),
            Tok::PartialChar => return Flow::Fail(Error::PartialChar),
            Tok::Bom => {
                let source = self.source(input.frame);
                if let Err(error) = self.count(scan.tok, scan.next - s, source) {
                    return Flow::Fail(error);
                }
                self.pos = scan.next;
            }
            _ => {}
        }
        self.processor = Processor::Prolog;
        Flow::Go
    }

    /// All of an external parameter entity that stands in the value of another one: only when it is there as a whole is it
    /// known what it adds.
    pub(crate) fn value_tokens(&mut self, input: &Input<'_>) -> Flow {
        let mut start = input.pos;
        let mut detected = input.detected;
        let first = self.processor == Processor::ValueInit;
        if first {
            self.event = Some(start);
        }
        loop {
            let scan = match detected.take() {
                Some(scan) => scan,
                None => input.encoding.prolog(input.data, start),
            };
            let ends = scan.tentative
                || matches!(
                    scan.tok,
                    Tok::None | Tok::Partial | Tok::PartialChar | Tok::Invalid
                );
            if ends {
                if !self.is_final && scan.tok != Tok::Invalid {
                    return Flow::Wait;
                }
                match scan.tok {
                    Tok::Invalid => return Flow::Fail(Error::InvalidToken),
                    Tok::Partial => return Flow::Fail(Error::UnclosedToken),
                    Tok::PartialChar => return Flow::Fail(Error::PartialChar),
                    _ => {}
                }
                let source = self.source(input.frame);
                self.begin_value(Frame::Main, self.pos, input.data.len(), source);
                return match self.read_value(input) {
                    Ok(Some(flow)) => flow,
                    Ok(None) => self.value_done(input),
                    Err(error) => Flow::Fail(error),
                };
            }
            match scan.tok {
                Tok::XmlDecl if first => {
                    self.processor = Processor::Value;
                    self.commit = Some(crate::parser::Commit {
                        next: scan.next,
                        frame: Frame::Main,
                        moves: false,
                    });
                    let input = Input {
                        pos: start,
                        ..*input
                    };
                    return self.xml_declaration(&input, scan.next, false);
                }
                Tok::Bom if first => {
                    let source = self.source(input.frame);
                    if let Err(error) = self.count(scan.tok, scan.next - start, source) {
                        return Flow::Fail(error);
                    }
                    self.pos = scan.next;
                }
                Tok::InstanceStart => return Flow::Fail(Error::Syntax),
                _ => {}
            }
            start = scan.next;
            if first {
                self.event = Some(start);
            }
        }
    }

    fn value_done(&mut self, input: &Input<'_>) -> Flow {
        self.pos = input.data.len();
        Flow::Wait
    }

    /// A reference to a parameter entity, between declarations or within one.
    pub(crate) fn parameter_reference(
        &mut self,
        input: &Input<'_>,
        between: bool,
        span: Span,
    ) -> Result<Flow, Error> {
        let shared = self.dtd.clone();
        let mut dtd = shared.borrow_mut();
        dtd.has_param_entity_refs = true;
        if self.param_entity_parsing == ParamEntityParsing::Never {
            dtd.keep_processing = dtd.standalone;
            drop(dtd);
            return Ok(self.standalone_or_default(span));
        }
        let min = input.encoding.min();
        let name = input.text(span.start + min, span.end - min);
        let found = dtd.parameter.find(&name).map(|index| EntityId {
            parameter: true,
            index,
        });
        let entity = found.and_then(|id| dtd.entity(id).cloned());
        let must_be_declared = self.prolog.is_document && dtd.standalone && self.open.is_empty();
        let (id, entity) = match (found, entity) {
            (Some(id), Some(entity)) => {
                if must_be_declared && !entity.is_internal {
                    return Err(Error::EntityDeclaredInPe);
                }
                (id, entity)
            }
            _ if must_be_declared => return Err(Error::UndefinedEntity),
            _ => {
                dtd.keep_processing = dtd.standalone;
                drop(dtd);
                // Skipped entities in declarations cannot be told.
                if between {
                    let markup = Markup::SkippedEntity {
                        name,
                        is_parameter: true,
                    };
                    return Ok(self.tell(markup, span));
                }
                return Ok(self.tell_default(span));
            }
        };
        if entity.open {
            return Err(Error::RecursiveEntityRef);
        }
        if let Some(text) = entity.text {
            drop(dtd);
            self.open_entity(id, text, between);
            return Ok(Flow::Go);
        }
        if !self.wants(want::EXTERNAL_ENTITY_REF) {
            dtd.keep_processing = dtd.standalone;
            drop(dtd);
            return Ok(self.tell_default(span));
        }
        dtd.param_entity_read = false;
        dtd.set_open(id, true);
        self.resume = Some(Resume::ParameterEntity(id));
        self.answer = false;
        let markup = Markup::ExternalEntityRef {
            context: None,
            base: entity.base,
            system_id: entity.system_id,
            public_id: entity.public_id,
        };
        Ok(Flow::Event(Event::Markup(Box::new(markup))))
    }

    /// After a reference to a parameter entity that was not skipped, or never is: the document is not standalone.
    fn standalone_or_default(&mut self, span: Span) -> Flow {
        let standalone = self.dtd.borrow().standalone;
        if !standalone && self.wants(want::NOT_STANDALONE) {
            return self.ask_standalone(AfterStandalone::Default(span));
        }
        self.tell_default(span)
    }

    /// Goes on after an event whose answer was needed, or whose end.
    pub(crate) fn resumed(&mut self, resume: Resume) -> Flow {
        let done = match resume {
            Resume::XmlDecl(declared) => Ok(Some(self.declared_encoding(*declared))),
            Resume::Encoding(after) => Ok(Some(self.take_encoding(&after))),
            Resume::GeneralEntity if self.answer => Ok(None),
            Resume::GeneralEntity => Err(Error::ExternalEntityHandling),
            Resume::ParameterEntity(id) => {
                let mut dtd = self.dtd.borrow_mut();
                dtd.set_open(id, false);
                let (read, standalone) = (dtd.param_entity_read, dtd.standalone);
                if !self.answer {
                    return Flow::Fail(Error::ExternalEntityHandling);
                }
                if !read {
                    dtd.keep_processing = standalone;
                }
                drop(dtd);
                if read && !standalone && self.wants(want::NOT_STANDALONE) {
                    return self.ask_standalone(AfterStandalone::Nothing);
                }
                Ok(None)
            }
            Resume::ValueEntity(id) => {
                let mut dtd = self.dtd.borrow_mut();
                dtd.set_open(id, false);
                if self.answer && !dtd.param_entity_read {
                    dtd.keep_processing = dtd.standalone;
                }
                drop(dtd);
                if !self.answer {
                    return Flow::Fail(Error::ExternalEntityHandling);
                }
                Ok(Some(self.resume_value()))
            }
            Resume::DoctypeClose(span) => Ok(Some(self.close_doctype(span, true))),
            Resume::SubsetClosing {
                span,
                handled,
                had_refs,
            } => {
                let then = AfterStandalone::EndDoctype { span, handled };
                match self.subset_read(had_refs, then) {
                    Ok(None) => Ok(Some(self.end_doctype(span, handled))),
                    other => other,
                }
            }
            Resume::SubsetStart { had_refs } => {
                self.subset_read(had_refs, AfterStandalone::Content)
            }
            Resume::NotStandalone(_) if !self.answer => Err(Error::NotStandalone),
            Resume::NotStandalone(then) => Ok(match then {
                AfterStandalone::Nothing | AfterStandalone::Content => None,
                AfterStandalone::Default(span) => Some(self.tell_default(span)),
                AfterStandalone::SystemId { span, literal } => {
                    Some(self.subset_system_id(span, literal))
                }
                AfterStandalone::EndDoctype { span, handled } => {
                    Some(self.end_doctype(span, handled))
                }
            }),
        };
        match done {
            Ok(flow) => flow.unwrap_or(Flow::Go),
            Err(error) => Flow::Fail(error),
        }
    }
}
