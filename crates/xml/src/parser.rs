//! The parser: its input and positions, and the order in which events come.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::account::{Account, Source};
use crate::dtd::{Dtd, EntityId};
use crate::encoding::{Charset, Encoding, Named, Position, detect};
use crate::event::{Error, Event, Text};
use crate::role::Prolog;
use crate::tags::{Attribute, Binding, Tag};
use crate::token::{RawAttribute, Scan, Tok};

/// What is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processor {
    PrologInit,
    Prolog,
    Content,
    Epilog,
    /// Text of the entity that was opened last.
    InternalEntity,
    /// An external general entity: before its encoding is known, before its text declaration.
    ExternalInit,
    ExternalStart,
    ExternalDecl,
    /// An external parameter entity.
    ParameterInit,
    ParameterStart,
    /// An external parameter entity in the value of another one.
    ValueInit,
    Value,
    /// After an error.
    Failed(Error),
}

/// What was asked for by [`Parser::advance`].
#[derive(Debug)]
pub enum Next {
    /// Something was found.
    Event(Event),
    /// All input is used up, or there was an error.
    Done(Result<(), Error>),
}

/// What a step of the parser leads to.
pub(crate) enum Flow {
    /// Nothing to tell.
    Go,
    Event(Event),
    /// The rest of the input has to wait for more.
    Wait,
    Fail(Error),
}

/// Something that is to be done before the next token.
pub(crate) enum Item {
    /// To be told, or else this part of the input to the default handler.
    Tell(Event, u32, Option<Span>),
    /// A part of the input for the default handler.
    Default(Span),
    /// The place of events, if it is not that of the token.
    Move(usize),
    /// The end of the input was a character that could have been part of a token.
    Trailing {
        start_level: usize,
        end: usize,
        frame: Frame,
        moves: bool,
    },
    /// The rest of the input waits.
    Wait,
    Fail(Error),
}

/// Which input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Main,
    /// Text of an open entity, by its place among these.
    Entity(usize),
}

/// A part of an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) frame: Frame,
}

/// What a token is read from.
pub(crate) struct Input<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) encoding: &'a Encoding,
    pub(crate) pos: usize,
    pub(crate) frame: Frame,
    /// The token, if it is known from the detection of the encoding.
    pub(crate) detected: Option<Scan>,
}

impl Input<'_> {
    pub(crate) fn is_main(&self) -> bool {
        self.frame == Frame::Main
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span {
            start,
            end,
            frame: self.frame,
        }
    }

    /// A part as UTF-8.
    pub(crate) fn text(&self, start: usize, end: usize) -> Text {
        if self.encoding.is_utf8() {
            self.data.get(start..end).unwrap_or_default().into()
        } else {
            self.encoding.text(self.data, start, end).into()
        }
    }

    /// A literal without its quotes, as UTF-8.
    pub(crate) fn literal(&self, start: usize, end: usize) -> Text {
        let min = self.encoding.min();
        self.text(start + min, end.saturating_sub(min))
    }
}

/// Where the text of the last event is.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Buffer,
    Entity,
    Scratch,
}

/// Text that must be converted and is told in parts.
pub(crate) struct Chunks {
    pub(crate) span: Span,
    pub(crate) default: bool,
}

/// What happens when an event's handler has returned, before the next token.
pub(crate) enum Resume {
    /// After XML or text declarations.
    XmlDecl(Box<crate::declaration::Declared>),
    /// After the question for an encoding.
    Encoding(crate::declaration::AfterEncoding),
    /// After an external general entity.
    GeneralEntity,
    /// After an external parameter entity.
    ParameterEntity(EntityId),
    /// After an external parameter entity in an entity's value.
    ValueEntity(EntityId),
    /// After the beginning of a document type that ends at once.
    DoctypeClose(Span),
    /// After the external subset, at the end of the document type.
    SubsetClosing {
        span: Span,
        handled: bool,
        had_refs: bool,
    },
    /// After an external subset that the document does not name, before its element.
    SubsetStart { had_refs: bool },
    /// After asking whether a document that is not standalone is all right.
    NotStandalone(AfterStandalone),
}

/// What follows that question.
pub(crate) enum AfterStandalone {
    Nothing,
    Default(Span),
    SystemId { span: Span, literal: Text },
    EndDoctype { span: Span, handled: bool },
    Content,
}

/// The end of a token whose events are told first.
#[derive(Clone, Copy)]
pub(crate) struct Commit {
    pub(crate) next: usize,
    pub(crate) frame: Frame,
    /// A parser that was stopped meanwhile stands at the end of the token.
    pub(crate) moves: bool,
}

/// An entity that is being expanded.
pub(crate) struct OpenEntity {
    pub(crate) id: EntityId,
    pub(crate) text: Text,
    pub(crate) pos: usize,
    pub(crate) start_level: usize,
    /// The reference stands between declarations.
    pub(crate) between_declarations: bool,
    pub(crate) has_more: bool,
}

/// Whether a parser was begun or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Initialized,
    Parsing,
    Finished,
}

/// Which parameter entities are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ParamEntityParsing {
    Never,
    UnlessStandalone,
    Always,
}

/// A parser. See the crate's documentation.
pub struct Parser {
    /// Handlers that there are ([`want`]).
    pub(crate) want: u32,
    /// The default handler does not hinder the expansion of internal entities.
    pub(crate) expand: bool,
    pub(crate) namespaces: bool,
    pub(crate) separator: Option<u8>,
    /// Names have their prefix as a third part.
    pub(crate) triplets: bool,

    // Input.
    pub(crate) buffer: Vec<u8>,
    /// Room that the buffer is taken to have: when it is used up, old input is dropped.
    limit: usize,
    /// Input before this was parsed in earlier calls, or before the entity that is open.
    start: usize,
    /// Where the last piece of input began to be parsed.
    origin: usize,
    /// The next token of the main input.
    pub(crate) pos: usize,
    /// Bytes that were handed over.
    fed: u64,
    last_request: usize,
    pub(crate) is_final: bool,
    partial_before: usize,
    defer: bool,
    running: bool,
    /// Nothing of the last piece of input was looked at.
    fresh: bool,

    status: Status,
    pub(crate) processor: Processor,
    error: Option<Error>,
    /// The place that events are reported for.
    pub(crate) event: Option<usize>,
    counted: Option<usize>,
    position: Position,

    pub(crate) encoding: Encoding,
    pub(crate) protocol_encoding: Option<Text>,
    pub(crate) prolog: Prolog,
    pub(crate) dtd: Rc<RefCell<Dtd>>,
    pub(crate) account: Rc<Account>,
    pub(crate) is_root: bool,
    pub(crate) is_parameter_entity: bool,
    pub(crate) use_foreign_dtd: bool,
    pub(crate) param_entity_parsing: ParamEntityParsing,
    pub(crate) base: Option<Text>,

    // Order of events.
    pub(crate) queue: VecDeque<Item>,
    pub(crate) commit: Option<Commit>,
    pub(crate) resume: Option<Resume>,
    pub(crate) chunks: Option<Chunks>,
    pub(crate) answer: bool,
    pub(crate) answer_map: Option<Box<[Option<u32>; 256]>>,
    pub(crate) open: Vec<OpenEntity>,
    pub(crate) in_cdata: bool,
    pub(crate) in_ignore: bool,

    // Content.
    pub(crate) tags: Vec<Tag>,
    pub(crate) tag_bytes: Vec<u8>,
    pub(crate) tag_level: usize,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) raw: Vec<RawAttribute>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) specified: usize,
    pub(crate) values: Vec<u8>,
    pub(crate) name: Vec<u8>,
    /// The namespace in the name of a start tag.
    pub(crate) name_uri: Option<Text>,
    /// The type of the element whose start tag came last.
    pub(crate) last_element: usize,
    pub(crate) place: Place,
    pub(crate) text: (usize, usize),
    pub(crate) scratch: Vec<u8>,
    pub(crate) text_entity: Option<Text>,

    // Declarations.
    pub(crate) declared: crate::prolog::Declaration,
    pub(crate) value: Option<Box<crate::values::ValueReader>>,
}

/// Size of the first buffer, and of the input before the current place that is kept.
const FIRST_BUFFER: usize = 1024;
const CONTEXT_BYTES: usize = 1024;
/// About the memory that a parser takes.
const OWN_MEMORY: usize = 2500;

impl Parser {
    /// A parser. The encoding is that which the input is said to have, by whom it comes from. With a separator, namespaces are
    /// processed: it stands between the parts of names (none, if it is 0).
    pub fn new(encoding: Option<&[u8]>, separator: Option<u8>) -> Parser {
        let account = Rc::new(Account::default());
        let dtd = Rc::new(RefCell::new(Dtd::new()));
        Parser::with(encoding, separator, dtd, account)
    }

    pub(crate) fn with(
        encoding: Option<&[u8]>,
        separator: Option<u8>,
        dtd: Rc<RefCell<Dtd>>,
        account: Rc<Account>,
    ) -> Parser {
        // Memory for parsers is counted, but never refused here.
        let _ = account.store(OWN_MEMORY);
        let namespaces = separator.is_some();
        Parser {
            want: 0,
            expand: true,
            namespaces,
            separator: match separator {
                None => Some(b'!'),
                Some(0) => None,
                given => given,
            },
            triplets: false,
            buffer: Vec::new(),
            limit: 0,
            start: 0,
            origin: 0,
            pos: 0,
            fed: 0,
            last_request: 0,
            is_final: false,
            partial_before: 0,
            defer: true,
            running: false,
            fresh: false,
            status: Status::Initialized,
            processor: Processor::PrologInit,
            error: None,
            event: None,
            counted: None,
            position: Position::default(),
            encoding: Encoding {
                charset: Charset::Unknown(None),
                namespaces,
            },
            protocol_encoding: encoding.map(Text::from),
            prolog: Prolog::document(),
            dtd,
            account,
            is_root: true,
            is_parameter_entity: false,
            use_foreign_dtd: false,
            param_entity_parsing: ParamEntityParsing::Never,
            base: None,
            queue: VecDeque::new(),
            commit: None,
            resume: None,
            chunks: None,
            answer: false,
            answer_map: None,
            open: Vec::new(),
            in_cdata: false,
            in_ignore: false,
            tags: Vec::new(),
            tag_bytes: Vec::new(),
            tag_level: 0,
            bindings: Vec::new(),
            raw: Vec::new(),
            attributes: Vec::new(),
            specified: 0,
            values: Vec::new(),
            name: Vec::new(),
            name_uri: None,
            last_element: 0,
            place: Place::Scratch,
            text: (0, 0),
            scratch: Vec::new(),
            text_entity: None,
            declared: crate::prolog::Declaration::default(),
            value: None,
        }
    }

    // ----- settings

    /// Says whether there is a handler ([`want`]).
    pub fn set_wanted(&mut self, bits: u32, wanted: bool) {
        if wanted {
            self.want |= bits;
        } else {
            self.want &= !bits;
        }
    }

    /// The handlers that there are.
    pub fn wanted(&self) -> u32 {
        self.want
    }

    /// Whether references to internal entities are expanded although there is a default handler.
    pub fn set_default_expand(&mut self, expand: bool) {
        self.expand = expand;
    }

    /// Whether names get their prefix as a third part. Not while parsing.
    pub fn set_triplets(&mut self, triplets: bool) {
        if self.status != Status::Parsing {
            self.triplets = triplets;
        }
    }

    /// The encoding that the input is said to have; `false` while parsing.
    pub fn set_encoding(&mut self, encoding: Option<&[u8]>) -> bool {
        if self.status == Status::Parsing {
            return false;
        }
        self.protocol_encoding = encoding.map(Text::from);
        true
    }

    /// Which parameter entities are read; `false` while parsing.
    pub fn set_param_entity_parsing(&mut self, which: ParamEntityParsing) -> bool {
        if self.status == Status::Parsing {
            return false;
        }
        self.param_entity_parsing = which;
        true
    }

    /// Whether documents without an external subset are asked for one.
    pub fn set_foreign_dtd(&mut self, foreign: bool) -> Result<(), Error> {
        if self.status == Status::Parsing {
            return Err(Error::CantChangeFeatureOnceParsing);
        }
        self.use_foreign_dtd = foreign;
        Ok(())
    }

    /// Whether a token that was not there as a whole waits until there is much more input.
    pub fn set_reparse_deferral(&mut self, defer: bool) {
        self.defer = defer;
    }

    /// See [`Parser::set_reparse_deferral`].
    pub fn reparse_deferral(&self) -> bool {
        self.defer
    }

    /// The address that relative ones refer to.
    pub fn set_base(&mut self, base: Option<&[u8]>) {
        self.base = base.map(Text::from);
    }

    /// The address that relative ones refer to.
    pub fn base(&self) -> Option<&[u8]> {
        self.base.as_deref()
    }

    /// Limits of what entities add, in bytes and as a factor; `false` unless this is the document's own parser and the
    /// factor makes sense.
    pub fn limit_expansion(&mut self, threshold: Option<u64>, factor: Option<f32>) -> bool {
        let fits = self.is_root && factor.is_none_or(|f| f >= 1.0);
        if fits {
            self.account.limit_expansion(threshold, factor);
        }
        fits
    }

    /// Limits of memory, as for [`Parser::limit_expansion`].
    pub fn limit_memory(&mut self, threshold: Option<u64>, factor: Option<f32>) -> bool {
        let fits = self.is_root && factor.is_none_or(|f| f >= 1.0);
        if fits {
            self.account.limit_memory(threshold, factor);
        }
        fits
    }

    // ----- state

    /// The last error.
    pub fn error(&self) -> Option<Error> {
        self.error
    }

    /// The offset of the current event in the input.
    pub fn byte_index(&self) -> Option<u64> {
        let behind = self.buffer.len().checked_sub(self.event?)?;
        self.fed.checked_sub(behind as u64)
    }

    fn update_position(&mut self) {
        if let Some(event) = self.event
            && self.counted.is_none_or(|c| event >= c)
        {
            self.count_to(event);
        }
    }

    fn count_to(&mut self, end: usize) {
        let start = self.counted.unwrap_or(0);
        self.encoding
            .count(&self.buffer, start, end, &mut self.position);
        self.counted = Some(end);
    }

    /// Line of the current event, from 1 on.
    pub fn line(&mut self) -> u64 {
        self.update_position();
        self.position.line + 1
    }

    /// Column of the current event, from 0 on.
    pub fn column(&mut self) -> u64 {
        self.update_position();
        self.position.column
    }

    /// The input from the current event on, as far as it is there.
    pub fn input_context(&self) -> Option<&[u8]> {
        self.buffer.get(self.event?..)
    }

    /// Number of the attributes that the tag itself has.
    pub fn specified_attributes(&self) -> usize {
        self.specified
    }

    /// The text of [`Event::Characters`] and [`Event::Default`].
    pub fn text(&self) -> &[u8] {
        let (start, end) = self.text;
        let from: &[u8] = match self.place {
            Place::Buffer => &self.buffer,
            Place::Scratch => &self.scratch,
            Place::Entity => self.text_entity.as_deref().unwrap_or_default(),
        };
        from.get(start..end).unwrap_or_default()
    }

    /// The name that [`Event::StartElement`] and [`Event::EndElement`] are about.
    pub fn element_name(&self) -> &[u8] {
        &self.name
    }

    /// A number that stands for the name of the start tag together with its namespace, as long as the parser lives.
    pub fn element_id(&self) -> (usize, Option<&Text>) {
        (self.last_element, self.name_uri.as_ref())
    }

    /// A number that stands for the name of an attribute, unless that has a namespace.
    pub fn attribute_id(&self, index: usize) -> Option<usize> {
        let attribute = self.attributes.get(index)?;
        attribute.is_plain.then_some(attribute.id)
    }

    /// Number of the attributes of [`Event::StartElement`].
    pub fn attribute_count(&self) -> usize {
        self.attributes.len()
    }

    /// Name and value of an attribute.
    pub fn attribute(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let a = self.attributes.get(index)?;
        Some((
            self.values.get(a.name.0..a.name.1)?,
            self.values.get(a.value.0..a.value.1)?,
        ))
    }

    // ----- running

    /// Whether there may be more to [`Parser::advance`].
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Takes over input. Errors are those of the parser's state. `request` is the size of pieces that the caller has in mind:
    /// it has a say in when a token is tried again that was not there as a whole.
    pub fn begin(&mut self, data: &[u8], request: usize, is_final: bool) -> Result<(), Error> {
        match self.status {
            Status::Finished => {
                self.error = Some(Error::Finished);
                return Err(Error::Finished);
            }
            Status::Initialized if self.is_root && self.namespaces => self.bind_xml(),
            _ => {}
        }
        self.status = Status::Parsing;
        self.make_room(request.max(data.len()));
        self.buffer.extend_from_slice(data);
        self.counted = Some(self.start);
        self.pos = self.start;
        self.origin = self.start;
        self.fed += data.len() as u64;
        self.is_final = is_final;
        self.error = None;
        self.running = true;
        self.fresh = true;
        Ok(())
    }

    /// Drops old input when the buffer has no room for what comes.
    fn make_room(&mut self, more: usize) {
        self.last_request = more;
        if more <= self.limit - self.buffer.len() && self.limit > 0 {
            return;
        }
        let keep = self.start.min(CONTEXT_BYTES);
        let needed = more + (self.buffer.len() - self.start) + keep;
        if self.limit == 0 || needed > self.limit {
            self.limit = self.limit.max(FIRST_BUFFER) * 2;
            while self.limit < needed {
                self.limit *= 2;
            }
        }
        self.buffer.drain(..self.start - keep);
        self.start = keep;
        self.event = None;
        self.counted = None;
    }

    /// Whether enough input came to try again what was not there as a whole.
    fn is_worth_trying(&self) -> bool {
        if !self.defer || self.is_final {
            return true;
        }
        let now = self.buffer.len() - self.start;
        let room = self.start.saturating_sub(CONTEXT_BYTES) + (self.limit - self.buffer.len());
        now >= 2 * self.partial_before || self.last_request > room
    }

    /// Stops: what is being parsed ends with [`Error::Aborted`].
    pub fn stop(&mut self) {
        if self.status == Status::Parsing {
            self.status = Status::Finished;
        }
    }

    /// The answer to the question that the last event was.
    pub fn answer(&mut self, yes: bool) {
        self.answer = yes;
    }

    /// The answer to [`Markup::UnknownEncoding`]: what the bytes stand for.
    pub fn answer_encoding(&mut self, map: Option<Box<[Option<u32>; 256]>>) {
        self.answer_map = map;
    }

    /// The next event of the input that was handed over.
    #[allow(
        clippy::should_implement_trait,
        reason = "it is no iterator: the last item is the result"
    )]
    pub fn advance(&mut self) -> Next {
        if !self.running {
            return Next::Done(self.error.map_or(Ok(()), Err));
        }
        if std::mem::take(&mut self.fresh) && !self.is_worth_trying() {
            return self.end(Ok(()), false);
        }
        loop {
            let flow = self.step();
            match flow {
                Flow::Go => {}
                Flow::Event(event) => return Next::Event(event),
                Flow::Wait => return self.end(Ok(()), true),
                Flow::Fail(error) => return self.end(Err(error), true),
            }
        }
    }

    /// The end of a piece of input.
    fn end(&mut self, result: Result<(), Error>, tried: bool) -> Next {
        self.running = false;
        match result {
            Err(error) => {
                self.error = Some(error);
                self.processor = Processor::Failed(error);
                self.queue.clear();
                self.commit = None;
                self.resume = None;
                self.chunks = None;
            }
            Ok(()) => {
                if tried {
                    self.partial_before = if self.pos == self.origin {
                        self.buffer.len() - self.origin
                    } else {
                        0
                    };
                }
                self.start = self.pos;
                if self.status == Status::Parsing && self.is_final {
                    self.status = Status::Finished;
                    return Next::Done(Ok(()));
                }
                self.count_to(self.start);
            }
        }
        Next::Done(result)
    }

    fn step(&mut self) -> Flow {
        if let Some(chunks) = self.chunks.take() {
            return self.chunk(chunks);
        }
        if let Some(item) = self.queue.pop_front() {
            return self.item(item);
        }
        if let Some(resume) = self.resume.take() {
            return self.resumed(resume);
        }
        if let Some(commit) = self.commit.take() {
            if self.status == Status::Finished {
                if commit.moves && commit.frame == Frame::Main {
                    self.event = Some(commit.next);
                }
                return Flow::Fail(Error::Aborted);
            }
            if let Some(error) = self.committed(commit) {
                return Flow::Fail(error);
            }
        }
        match self.processor {
            Processor::Content => self.main_token(Self::content_token),
            Processor::Prolog => self.main_token(Self::prolog_token),
            Processor::Epilog => self.main_token(Self::epilog_token),
            Processor::InternalEntity => self.entity_token(),
            Processor::PrologInit => self.begin_encoding(Processor::Prolog),
            Processor::ExternalInit => self.begin_encoding(Processor::ExternalStart),
            Processor::ParameterInit => {
                self.dtd.borrow_mut().param_entity_read |= true;
                self.begin_encoding(if self.prolog.in_entity_value {
                    Processor::ValueInit
                } else {
                    Processor::ParameterStart
                })
            }
            Processor::ExternalStart => self.main_token(Self::external_start),
            Processor::ExternalDecl => self.main_token(Self::external_declaration),
            Processor::ParameterStart => self.main_token(Self::parameter_start),
            Processor::ValueInit | Processor::Value => self.main_token(Self::value_tokens),
            Processor::Failed(error) => Flow::Fail(error),
        }
    }

    /// Goes behind a token.
    fn committed(&mut self, commit: Commit) -> Option<Error> {
        let opened = |index: usize| index < self.open.len();
        match commit.frame {
            Frame::Main => {
                self.pos = commit.next;
                if opened(0) {
                    // Until the entity has ended, events are where the reference is.
                    self.start = self.pos;
                } else {
                    self.event = Some(self.pos);
                }
                None
            }
            Frame::Entity(index) => {
                let opened = opened(index + 1);
                let entity = self.open.get_mut(index)?;
                entity.pos = commit.next;
                if opened && entity.pos == entity.text.len() {
                    entity.has_more = false;
                    if !entity.id.parameter && entity.start_level != self.tag_level {
                        return Some(Error::AsyncEntity);
                    }
                }
                None
            }
        }
    }

    /// Reads a token of the main input.
    #[inline]
    fn main_token(&mut self, token: fn(&mut Parser, &Input<'_>) -> Flow) -> Flow {
        let buffer = std::mem::take(&mut self.buffer);
        let mut detected = None;
        if self.encoding.is_undetected() {
            detected = self.detect(&buffer);
        }
        let encoding = self.encoding.clone();
        let input = Input {
            data: &buffer,
            encoding: &encoding,
            pos: self.pos,
            frame: Frame::Main,
            detected,
        };
        let flow = token(self, &input);
        self.buffer = buffer;
        flow
    }

    fn detect(&mut self, data: &[u8]) -> Option<Scan> {
        let Charset::Unknown(named) = self.encoding.charset else {
            return None;
        };
        let content = matches!(
            self.processor,
            Processor::ExternalStart | Processor::ExternalDecl | Processor::Content
        );
        let (charset, token) = detect(named, content, data, self.pos);
        if let Some(charset) = charset {
            self.encoding.charset = charset;
        }
        token
    }

    /// Takes the encoding that was named from outside.
    fn begin_encoding(&mut self, then: Processor) -> Flow {
        self.processor = then;
        let named = match self.protocol_encoding.as_deref() {
            None => None,
            Some(name) => match Named::find(name) {
                Some(named) => Some(named),
                None => return self.ask_encoding(name.into(), None),
            },
        };
        self.encoding.charset = Charset::Unknown(named);
        Flow::Go
    }

    /// Reads a token of the entity that was opened last, or closes it.
    fn entity_token(&mut self) -> Flow {
        let Some(index) = self.open.len().checked_sub(1) else {
            return Flow::Fail(Error::UnexpectedState);
        };
        let Some(entity) = self.open.get_mut(index) else {
            return Flow::Fail(Error::UnexpectedState);
        };
        if !entity.has_more {
            let id = entity.id;
            self.open.pop();
            self.dtd.borrow_mut().set_open(id, false);
            if self.open.is_empty() {
                self.processor = if id.parameter {
                    Processor::Prolog
                } else {
                    Processor::Content
                };
            }
            return Flow::Go;
        }
        let text = entity.text.clone();
        let encoding = Encoding {
            charset: Charset::Internal,
            namespaces: self.namespaces,
        };
        let input = Input {
            data: &text,
            encoding: &encoding,
            pos: entity.pos,
            frame: Frame::Entity(index),
            detected: None,
        };
        let flow = if entity.id.parameter {
            self.prolog_token(&input)
        } else {
            self.content_token(&input)
        };
        if !matches!(flow, Flow::Wait) {
            return flow;
        }
        // The end of the text.
        if let Some(entity) = self.open.get_mut(index) {
            entity.has_more = false;
            if !entity.id.parameter && entity.start_level != self.tag_level {
                return Flow::Fail(Error::AsyncEntity);
            }
        }
        Flow::Go
    }

    /// Runs `f` on an input.
    pub(crate) fn with_input(
        &mut self,
        frame: Frame,
        f: impl FnOnce(&mut Parser, &Input<'_>) -> Flow,
    ) -> Flow {
        match frame {
            Frame::Main => {
                let buffer = std::mem::take(&mut self.buffer);
                let encoding = self.encoding.clone();
                let input = Input {
                    data: &buffer,
                    encoding: &encoding,
                    pos: self.pos,
                    frame,
                    detected: None,
                };
                let flow = f(self, &input);
                self.buffer = buffer;
                flow
            }
            Frame::Entity(index) => {
                let Some(entity) = self.open.get(index) else {
                    return Flow::Fail(Error::UnexpectedState);
                };
                let (text, pos) = (entity.text.clone(), entity.pos);
                let encoding = Encoding {
                    charset: Charset::Internal,
                    namespaces: self.namespaces,
                };
                let input = Input {
                    data: &text,
                    encoding: &encoding,
                    pos,
                    frame,
                    detected: None,
                };
                f(self, &input)
            }
        }
    }

    /// Opens an internal entity.
    pub(crate) fn open_entity(&mut self, id: EntityId, text: Text, between_declarations: bool) {
        self.dtd.borrow_mut().set_open(id, true);
        self.processor = Processor::InternalEntity;
        self.open.push(OpenEntity {
            id,
            text,
            pos: 0,
            start_level: self.tag_level,
            between_declarations,
            has_more: true,
        });
    }

    /// Where bytes of an input come from. External general entities count as expansions.
    pub(crate) fn source(&self, frame: Frame) -> Source {
        if frame == Frame::Main {
            Source::Direct
        } else {
            Source::Expansion
        }
    }

    pub(crate) fn count(&self, tok: Tok, bytes: usize, source: Source) -> Result<(), Error> {
        self.account.count(tok, bytes, source, self.is_root)
    }
}
