//! Tokens of the prolog: the document type and its declarations.

use crate::account::Source;
use crate::dtd::{Entity, EntityId};
use crate::event::{Content, ContentType, Error, Event, Markup, Quantifier, Text, want};
use crate::parser::ParamEntityParsing;
use crate::parser::{AfterStandalone, Commit, Flow, Input, Parser, Processor, Resume, Span};
use crate::role::Role;
use crate::token::Tok;

/// The declaration that is being read.
#[derive(Default)]
pub(crate) struct Declaration {
    /// The document type's name, as long as it was not told.
    doctype: Option<Text>,
    system_id: Option<Text>,
    public_id: Option<Text>,
    has_system_id: bool,
    pub(crate) entity: Option<EntityId>,
    notation: Option<Text>,
    notation_public_id: Option<Text>,
    element: usize,
    attribute: usize,
    is_cdata: bool,
    is_id: bool,
    /// The type of an attribute, with the alternatives as far as they were read.
    kind: Option<Vec<u8>>,
    is_list: bool,
    /// What joins the members of each open group: nothing yet, `,` or `|`.
    connectors: Vec<u8>,
}

/// Public identifiers have single spaces, and none at their ends.
fn normal_public_id(id: &[u8]) -> Text {
    let words = id.split(|c| matches!(c, b' ' | b'\r' | b'\n'));
    let words: Vec<&[u8]> = words.filter(|w| !w.is_empty()).collect();
    words.join(&b' ').into()
}

impl Parser {
    /// Parameter entities are not read in a document that says it is standalone, if that is wished.
    pub(crate) fn no_parameters_if_standalone(&mut self) {
        if self.param_entity_parsing == ParamEntityParsing::UnlessStandalone {
            self.param_entity_parsing = ParamEntityParsing::Never;
        }
    }

    /// A token of the prolog.
    pub(crate) fn prolog_token(&mut self, input: &Input<'_>) -> Flow {
        if self.in_ignore {
            return self.ignored_section(input);
        }
        let s = input.pos;
        let scan = match input.detected {
            Some(scan) => scan,
            None => input.encoding.prolog(input.data, s),
        };
        if input.is_main() {
            self.event = Some(s);
        }
        let have_more = input.is_main() && !self.is_final;
        let mut next = scan.next;
        if scan.tentative {
            if have_more {
                return Flow::Wait;
            }
            if scan.tok != Tok::PrologSpace {
                next = input.data.len();
            }
        }
        match scan.tok {
            Tok::Invalid => {
                if input.is_main() {
                    self.event = Some(next);
                }
                return Flow::Fail(Error::InvalidToken);
            }
            Tok::Partial | Tok::PartialChar | Tok::None if have_more => return Flow::Wait,
            Tok::Partial => return Flow::Fail(Error::UnclosedToken),
            Tok::PartialChar => return Flow::Fail(Error::PartialChar),
            Tok::None => return self.prolog_end(input),
            _ => {}
        }
        let (encoding, data) = (input.encoding, input.data);
        let role = self.prolog.role(scan.tok, &|skip, word| {
            encoding.matches(data, s + skip * encoding.min(), next, word)
        });
        if !matches!(role, Role::InstanceStart | Role::XmlDecl | Role::TextDecl) {
            let source = self.source(input.frame);
            if let Err(error) = self.count(scan.tok, next - s, source) {
                return Flow::Fail(error);
            }
        }
        self.commit = Some(Commit {
            next,
            frame: input.frame,
            moves: false,
        });
        let span = input.span(s, next);
        match self.declaration_part(input, role, scan.tok, span) {
            Ok(flow) => flow,
            Err(error) => Flow::Fail(error),
        }
    }

    /// The end of an input in the prolog.
    fn prolog_end(&mut self, input: &Input<'_>) -> Flow {
        if let crate::parser::Frame::Entity(index) = input.frame
            && self
                .open
                .get(index)
                .is_some_and(|e| !e.between_declarations)
        {
            return Flow::Wait;
        }
        if self.is_parameter_entity || !input.is_main() {
            // What stands between declarations must be whole ones.
            return match self.prolog.role(Tok::None, &|_, _| false) {
                Role::Error => Flow::Fail(Error::IncompletePe),
                _ => Flow::Wait,
            };
        }
        Flow::Fail(Error::NoElements)
    }

    /// An ignored section, up to its end.
    fn ignored_section(&mut self, input: &Input<'_>) -> Flow {
        let s = input.pos;
        if input.is_main() {
            self.event = Some(s);
        }
        let scan = input.encoding.ignore_section(input.data, s);
        let next = scan.next;
        if let Err(error) = self.count(scan.tok, next.saturating_sub(s), Source::Direct) {
            return Flow::Fail(error);
        }
        let have_more = input.is_main() && !self.is_final;
        match scan.tok {
            Tok::IgnoreSection => {
                self.in_ignore = false;
                self.commit = Some(Commit {
                    next,
                    frame: input.frame,
                    moves: false,
                });
                self.tell_default(input.span(s, next))
            }
            Tok::Invalid => {
                if input.is_main() {
                    self.event = Some(next);
                }
                Flow::Fail(Error::InvalidToken)
            }
            _ if have_more => Flow::Wait,
            Tok::PartialChar => Flow::Fail(Error::PartialChar),
            _ => Flow::Fail(Error::Syntax),
        }
    }

    /// Goes to the default handler unless somebody wants to know of what the token belongs to.
    fn default_unless(&mut self, bits: u32, span: Span) -> Flow {
        if self.wants(bits) {
            Flow::Go
        } else {
            self.tell_default(span)
        }
    }

    /// As [`Parser::default_unless`], for declarations that do not count after a skipped entity.
    fn default_unless_kept(&mut self, bits: u32, span: Span) -> Flow {
        if self.dtd.borrow().keep_processing {
            self.default_unless(bits, span)
        } else {
            self.tell_default(span)
        }
    }

    fn public_id(&mut self, input: &Input<'_>, span: Span) -> Result<Text, Error> {
        let check = input
            .encoding
            .check_public_id(input.data, span.start, span.end);
        if let Err(at) = check {
            if input.is_main() {
                self.event = Some(at);
            }
            return Err(Error::PublicId);
        }
        Ok(normal_public_id(&input.literal(span.start, span.end)))
    }

    /// A token with its meaning.
    fn declaration_part(
        &mut self,
        input: &Input<'_>,
        role: Role,
        tok: Tok,
        span: Span,
    ) -> Result<Flow, Error> {
        let flow = match role {
            Role::XmlDecl | Role::TextDecl => {
                return Ok(self.xml_declaration(input, span.end, role == Role::TextDecl));
            }
            Role::Error => {
                return Err(match tok {
                    // In the internal subset, these are not allowed within declarations.
                    Tok::ParamEntityRef => Error::ParamEntityRef,
                    Tok::XmlDecl => Error::MisplacedXmlPi,
                    _ => Error::Syntax,
                });
            }
            Role::None if tok == Tok::Bom => Flow::Go,
            Role::None => self.tell_default(span),
            Role::Pi => self.processing_instruction(input, span),
            Role::Comment => self.comment(input, span),
            Role::DoctypeNone => self.default_unless(want::START_DOCTYPE, span),
            Role::EntityNone => self.default_unless_kept(want::ENTITY, span),
            Role::NotationNone => self.default_unless(want::NOTATION, span),
            Role::AttlistNone => self.default_unless_kept(want::ATTLIST, span),
            Role::ElementNone => self.default_unless(want::ELEMENT, span),
            Role::DoctypeName
            | Role::DoctypePublicId
            | Role::DoctypeSystemId
            | Role::DoctypeInternalSubset
            | Role::DoctypeClose
            | Role::InstanceStart => return self.doctype_part(input, role, span),
            Role::GeneralEntityName
            | Role::ParamEntityName
            | Role::EntityValue
            | Role::EntityPublicId
            | Role::EntitySystemId
            | Role::EntityComplete
            | Role::EntityNotationName => return self.entity_part(input, role, span),
            Role::NotationName
            | Role::NotationPublicId
            | Role::NotationSystemId
            | Role::NotationNoSystemId => return self.notation_part(input, role, span),
            Role::AttlistElementName
            | Role::AttributeName
            | Role::AttributeType(_)
            | Role::AttributeEnumValue
            | Role::AttributeNotationValue
            | Role::ImpliedAttributeValue
            | Role::RequiredAttributeValue
            | Role::DefaultAttributeValue
            | Role::FixedAttributeValue => return self.attlist_part(input, role, span),
            Role::ElementName
            | Role::ContentAny
            | Role::ContentEmpty
            | Role::ContentPcdata
            | Role::ContentElement
            | Role::ContentElementOpt
            | Role::ContentElementRep
            | Role::ContentElementPlus
            | Role::GroupOpen
            | Role::GroupSequence
            | Role::GroupChoice
            | Role::GroupClose
            | Role::GroupCloseOpt
            | Role::GroupCloseRep
            | Role::GroupClosePlus => return self.model_part(input, role, span),
            Role::ParamEntityRef | Role::InnerParamEntityRef => {
                return self.parameter_reference(input, role == Role::ParamEntityRef, span);
            }
            Role::IgnoreSection => {
                self.in_ignore = true;
                self.commit = None;
                self.go_to(input.frame, span.end);
                self.tell_default(span)
            }
        };
        Ok(flow)
    }

    // ----- the document type

    fn doctype_part(&mut self, input: &Input<'_>, role: Role, span: Span) -> Result<Flow, Error> {
        match role {
            Role::DoctypeName => {
                self.declared.has_system_id = false;
                self.declared.system_id = None;
                if !self.wants(want::START_DOCTYPE) {
                    return Ok(self.tell_default(span));
                }
                self.declared.doctype = Some(input.text(span.start, span.end));
                self.declared.public_id = None;
                Ok(Flow::Go)
            }
            Role::DoctypeInternalSubset => Ok(match self.start_doctype(true) {
                Some(flow) => flow,
                None => self.default_unless(want::START_DOCTYPE, span),
            }),
            Role::DoctypePublicId => {
                self.use_foreign_dtd = false;
                let id = {
                    let mut dtd = self.dtd.borrow_mut();
                    dtd.has_param_entity_refs = true;
                    dtd.external_subset()
                };
                self.declared.entity = Some(id);
                let public_id = self.public_id(input, span)?;
                let told = self.wants(want::START_DOCTYPE);
                if told {
                    self.declared.public_id = Some(public_id.clone());
                }
                let mut dtd = self.dtd.borrow_mut();
                if dtd.keep_processing
                    && let Some(entity) = dtd.entity_mut(id)
                {
                    entity.public_id = Some(public_id);
                }
                drop(dtd);
                Ok(self.default_unless(want::START_DOCTYPE, span))
            }
            Role::DoctypeSystemId => Ok(self.doctype_system_id(input, span)),
            Role::DoctypeClose => {
                if !input.is_main() {
                    // Not from within a parameter entity.
                    return Err(Error::InvalidToken);
                }
                if let Some(flow) = self.start_doctype(false) {
                    self.resume = Some(Resume::DoctypeClose(span));
                    return Ok(flow);
                }
                Ok(self.close_doctype(span, false))
            }
            _ => {
                // The document element: the last chance to read a document type that it does not name.
                self.commit = None;
                self.processor = Processor::Content;
                if !self.use_foreign_dtd {
                    return Ok(Flow::Go);
                }
                let had_refs = self.foreign_subset();
                Ok(match self.ask_subset() {
                    Some(flow) => {
                        self.resume = Some(Resume::SubsetStart { had_refs });
                        flow
                    }
                    None => Flow::Go,
                })
            }
        }
    }

    /// Tells the beginning of the document type, if its name is known and was not told.
    fn start_doctype(&mut self, has_internal_subset: bool) -> Option<Flow> {
        let name = self.declared.doctype.take()?;
        self.wants(want::START_DOCTYPE).then(|| {
            Flow::Event(Event::Markup(Box::new(Markup::StartDoctype {
                name,
                system_id: self.declared.system_id.clone(),
                public_id: self.declared.public_id.clone(),
                has_internal_subset,
            })))
        })
    }

    fn doctype_system_id(&mut self, input: &Input<'_>, span: Span) -> Flow {
        self.use_foreign_dtd = false;
        self.dtd.borrow_mut().has_param_entity_refs = true;
        let literal = input.literal(span.start, span.end);
        self.declared.has_system_id = true;
        if self.wants(want::START_DOCTYPE) {
            self.declared.system_id = Some(literal.clone());
        }
        let standalone = self.dtd.borrow().standalone;
        if !standalone
            && self.param_entity_parsing == ParamEntityParsing::Never
            && self.wants(want::NOT_STANDALONE)
        {
            return self.ask_standalone(AfterStandalone::SystemId { span, literal });
        }
        self.subset_system_id(span, literal)
    }

    /// Notes the address of the external subset.
    pub(crate) fn subset_system_id(&mut self, span: Span, literal: Text) -> Flow {
        let mut dtd = self.dtd.borrow_mut();
        let id = match self.declared.entity {
            Some(id) => id,
            None => {
                let id = dtd.external_subset();
                if let Some(entity) = dtd.entity_mut(id) {
                    entity.public_id = None;
                }
                self.declared.entity = Some(id);
                id
            }
        };
        if dtd.keep_processing
            && let Some(entity) = dtd.entity_mut(id)
        {
            entity.system_id = Some(literal);
            entity.base = self.base.clone();
        }
        drop(dtd);
        self.default_unless(want::START_DOCTYPE, span)
    }

    /// A subset that the document does not name: there may be declarations that nobody sees. Gives what was known before.
    fn foreign_subset(&mut self) -> bool {
        let mut dtd = self.dtd.borrow_mut();
        std::mem::replace(&mut dtd.has_param_entity_refs, true)
    }

    /// Asks for the external subset, if it can be read.
    fn ask_subset(&mut self) -> Option<Flow> {
        if self.param_entity_parsing == ParamEntityParsing::Never
            || !self.wants(want::EXTERNAL_ENTITY_REF)
        {
            return None;
        }
        let mut dtd = self.dtd.borrow_mut();
        let id = dtd.external_subset();
        dtd.param_entity_read = false;
        let entity = dtd.entity_mut(id)?;
        if self.use_foreign_dtd {
            entity.base = self.base.clone();
        }
        let markup = Markup::ExternalEntityRef {
            context: None,
            base: entity.base.clone(),
            system_id: entity.system_id.clone(),
            public_id: entity.public_id.clone(),
        };
        self.answer = false;
        Some(Flow::Event(Event::Markup(Box::new(markup))))
    }

    /// The end of the document type: its external subset is read now.
    pub(crate) fn close_doctype(&mut self, span: Span, handled: bool) -> Flow {
        if self.declared.has_system_id || self.use_foreign_dtd {
            let had_refs = self.foreign_subset();
            if let Some(flow) = self.ask_subset() {
                self.resume = Some(Resume::SubsetClosing {
                    span,
                    handled,
                    had_refs,
                });
                return flow;
            }
            self.use_foreign_dtd = false;
        }
        self.end_doctype(span, handled)
    }

    /// After the external subset.
    pub(crate) fn subset_read(
        &mut self,
        had_refs: bool,
        then: AfterStandalone,
    ) -> Result<Option<Flow>, Error> {
        if !self.answer {
            return Err(Error::ExternalEntityHandling);
        }
        let closing = matches!(then, AfterStandalone::EndDoctype { .. });
        let (read, standalone) = {
            let dtd = self.dtd.borrow();
            (dtd.param_entity_read, dtd.standalone)
        };
        if read {
            if !standalone && self.wants(want::NOT_STANDALONE) {
                return Ok(Some(self.ask_standalone(then)));
            }
        } else if !closing || !self.declared.has_system_id {
            // Without an external subset, there are no hidden declarations.
            self.dtd.borrow_mut().has_param_entity_refs = had_refs;
        }
        Ok(None)
    }

    /// Tells the end of the document type.
    pub(crate) fn end_doctype(&mut self, span: Span, handled: bool) -> Flow {
        self.use_foreign_dtd = false;
        if self.wants(want::END_DOCTYPE) {
            return Flow::Event(Event::Markup(Box::new(Markup::EndDoctype)));
        }
        if handled {
            Flow::Go
        } else {
            self.tell_default(span)
        }
    }

    /// Asks whether a document that is not standalone is all right.
    pub(crate) fn ask_standalone(&mut self, then: AfterStandalone) -> Flow {
        self.answer = false;
        self.resume = Some(Resume::NotStandalone(then));
        Flow::Event(Event::Markup(Box::new(Markup::NotStandalone)))
    }

    // ----- entities

    fn entity_part(&mut self, input: &Input<'_>, role: Role, span: Span) -> Result<Flow, Error> {
        let keep = self.dtd.borrow().keep_processing;
        match role {
            Role::GeneralEntityName | Role::ParamEntityName => {
                let parameter = role == Role::ParamEntityName;
                self.declared.entity = None;
                let predefined = !parameter
                    && input
                        .encoding
                        .predefined(input.data, span.start, span.end)
                        .is_some();
                if predefined || !keep {
                    return Ok(self.tell_default(span));
                }
                let name = input.text(span.start, span.end);
                let mut dtd = self.dtd.borrow_mut();
                let entities = if parameter {
                    &mut dtd.parameter
                } else {
                    &mut dtd.general
                };
                // The first declaration counts.
                if entities.find(&name).is_some() {
                    drop(dtd);
                    return Ok(self.tell_default(span));
                }
                self.account.store(ENTITY_MEMORY + name.len())?;
                let mut entity = Entity::new(name.clone(), parameter);
                entity.is_internal = self.is_root && self.open.is_empty();
                let index = entities.add(name, entity);
                drop(dtd);
                self.declared.entity = Some(EntityId { parameter, index });
                Ok(self.default_unless(want::ENTITY, span))
            }
            Role::EntityValue => {
                if !keep {
                    return Ok(self.tell_default(span));
                }
                let min = input.encoding.min();
                self.begin_value(
                    input.frame,
                    span.start + min,
                    span.end - min,
                    Source::Counted,
                );
                Ok(match self.read_value(input) {
                    Ok(Some(flow)) => flow,
                    Ok(None) => self.end_value(input, None),
                    Err(error) => self.end_value(input, Some(error)),
                })
            }
            Role::EntityPublicId => {
                let public_id = self.public_id(input, span)?;
                if !keep || !self.change_entity(|e| e.public_id = Some(public_id)) {
                    return Ok(self.tell_default(span));
                }
                Ok(self.default_unless(want::ENTITY, span))
            }
            Role::EntitySystemId => {
                let system_id = input.literal(span.start, span.end);
                let base = self.base.clone();
                let changed = keep
                    && self.change_entity(|e| {
                        e.system_id = Some(system_id);
                        e.base = base;
                    });
                if !changed {
                    return Ok(self.tell_default(span));
                }
                Ok(self.default_unless(want::ENTITY, span))
            }
            Role::EntityComplete => {
                let entity = if keep { self.declared_entity() } else { None };
                let Some(entity) = entity else {
                    return Ok(self.tell_default(span));
                };
                Ok(self.tell(
                    Markup::Entity {
                        name: entity.name,
                        is_parameter: entity.is_parameter,
                        value: None,
                        base: entity.base,
                        system_id: entity.system_id,
                        public_id: entity.public_id,
                        notation: None,
                    },
                    span,
                ))
            }
            _ => {
                let notation = input.text(span.start, span.end);
                let named = notation.clone();
                if !keep || !self.change_entity(|e| e.notation = Some(named)) {
                    return Ok(self.tell_default(span));
                }
                let Some(entity) = self.declared_entity() else {
                    return Ok(self.tell_default(span));
                };
                let markup = if self.wants(want::UNPARSED_ENTITY) {
                    Markup::UnparsedEntity {
                        name: entity.name,
                        base: entity.base,
                        system_id: entity.system_id,
                        public_id: entity.public_id,
                        notation,
                    }
                } else {
                    Markup::Entity {
                        name: entity.name,
                        is_parameter: false,
                        value: None,
                        base: entity.base,
                        system_id: entity.system_id,
                        public_id: entity.public_id,
                        notation: Some(notation),
                    }
                };
                Ok(self.tell(markup, span))
            }
        }
    }

    fn declared_entity(&self) -> Option<Entity> {
        self.dtd.borrow().entity(self.declared.entity?).cloned()
    }

    fn change_entity(&mut self, change: impl FnOnce(&mut Entity)) -> bool {
        let mut dtd = self.dtd.borrow_mut();
        match self.declared.entity.and_then(|id| dtd.entity_mut(id)) {
            Some(entity) => {
                change(entity);
                true
            }
            None => false,
        }
    }

    /// The value of an entity was read: that of the declaration, or that which an external entity adds.
    pub(crate) fn end_value(&mut self, input: &Input<'_>, error: Option<Error>) -> Flow {
        if matches!(self.processor, Processor::ValueInit | Processor::Value) {
            return match error {
                Some(error) => Flow::Fail(error),
                None => Flow::Wait,
            };
        }
        let value: Text = std::mem::take(&mut self.dtd.borrow_mut().entity_value).into();
        if let Err(error) = self.account.store(value.len()) {
            return Flow::Fail(error);
        }
        let text = value.clone();
        let span = input.span(input.pos, self.commit.map_or(input.pos, |c| c.next));
        let declared = self.change_entity(|e| e.text = Some(text));
        let flow = match self.declared_entity() {
            Some(entity) if declared => self.tell(
                Markup::Entity {
                    name: entity.name,
                    is_parameter: entity.is_parameter,
                    value: Some(value),
                    base: self.base.clone(),
                    system_id: None,
                    public_id: None,
                    notation: None,
                },
                span,
            ),
            _ if error.is_none() => self.tell_default(span),
            _ => Flow::Go,
        };
        let Some(error) = error else {
            return flow;
        };
        match flow {
            Flow::Event(Event::Markup(_)) => {
                self.queue.push_back(crate::parser::Item::Fail(error));
                flow
            }
            _ => Flow::Fail(error),
        }
    }

    // ----- notations

    fn notation_part(&mut self, input: &Input<'_>, role: Role, span: Span) -> Result<Flow, Error> {
        match role {
            Role::NotationName => {
                self.declared.notation_public_id = None;
                self.declared.notation = self
                    .wants(want::NOTATION)
                    .then(|| input.text(span.start, span.end));
                Ok(self.default_unless(want::NOTATION, span))
            }
            Role::NotationPublicId => {
                let public_id = self.public_id(input, span)?;
                if self.declared.notation.is_none() {
                    return Ok(self.tell_default(span));
                }
                self.declared.notation_public_id = Some(public_id);
                Ok(Flow::Go)
            }
            _ => {
                let system_id =
                    (role == Role::NotationSystemId).then(|| input.literal(span.start, span.end));
                let public_id = self.declared.notation_public_id.take();
                let name = self.declared.notation.take();
                let name = name.filter(|_| system_id.is_some() || public_id.is_some());
                let Some(name) = name else {
                    return Ok(self.tell_default(span));
                };
                Ok(self.tell(
                    Markup::Notation {
                        name,
                        base: self.base.clone(),
                        system_id,
                        public_id,
                    },
                    span,
                ))
            }
        }
    }

    // ----- attributes

    fn attlist_part(&mut self, input: &Input<'_>, role: Role, span: Span) -> Result<Flow, Error> {
        match role {
            Role::AttlistElementName => {
                let name = input.text(span.start, span.end);
                self.declared.element = self.dtd.borrow_mut().element_type(&name);
            }
            Role::AttributeName => {
                let name = input.text(span.start, span.end);
                self.declared.attribute =
                    self.dtd.borrow_mut().attribute_id(&name, self.namespaces);
                self.declared.is_cdata = false;
                self.declared.is_id = false;
                self.declared.kind = None;
                self.declared.is_list = false;
            }
            Role::AttributeType(kind) => {
                use crate::role::AttributeType;
                self.declared.is_cdata |= kind == AttributeType::Cdata;
                self.declared.is_id |= kind == AttributeType::Id;
                self.declared.kind = Some(kind.word().as_bytes().to_vec());
            }
            Role::AttributeEnumValue | Role::AttributeNotationValue => {
                if !self.wants(want::ATTLIST) || !self.dtd.borrow().keep_processing {
                    return Ok(self.tell_default(span));
                }
                let value = input.text(span.start, span.end);
                let kind = match &mut self.declared.kind {
                    Some(kind) => {
                        kind.push(b'|');
                        kind
                    }
                    none => none.insert(if role == Role::AttributeNotationValue {
                        b"NOTATION(".to_vec()
                    } else {
                        b"(".to_vec()
                    }),
                };
                kind.extend_from_slice(&value);
                self.declared.is_list = true;
                return Ok(Flow::Go);
            }
            _ => return self.attribute_default(input, role, span),
        }
        Ok(self.default_unless_kept(want::ATTLIST, span))
    }

    /// The end of an attribute's declaration.
    fn attribute_default(
        &mut self,
        input: &Input<'_>,
        role: Role,
        span: Span,
    ) -> Result<Flow, Error> {
        let shared = self.dtd.clone();
        let mut dtd = shared.borrow_mut();
        if !dtd.keep_processing {
            drop(dtd);
            return Ok(self.tell_default(span));
        }
        let has_value = matches!(
            role,
            Role::DefaultAttributeValue | Role::FixedAttributeValue
        );
        let is_cdata = self.declared.is_cdata;
        let mut value = None;
        if has_value {
            let min = input.encoding.min();
            let range = (span.start + min, span.end - min);
            let mut pool = Vec::new();
            self.attribute_value(
                input,
                range,
                is_cdata,
                &mut pool,
                Source::Counted,
                &mut dtd,
                true,
            )?;
            self.account.store(pool.len())?;
            value = Some(Text::from(pool));
        }
        let (element, attribute) = (self.declared.element, self.declared.attribute);
        // An identity has no default.
        let is_id = self.declared.is_id && !has_value;
        dtd.define_attribute(element, attribute, is_cdata, is_id, value.clone());
        let element = dtd.elements.get(element).map(|e| e.name.clone());
        let attribute = dtd.attributes.get(attribute).map(|a| a.name.clone());
        drop(dtd);
        let kind = self.declared.kind.clone();
        let (Some(mut kind), true) = (kind, self.wants(want::ATTLIST)) else {
            return Ok(self.tell_default(span));
        };
        if self.declared.is_list {
            kind.push(b')');
        }
        Ok(self.tell(
            Markup::Attlist {
                element: element.unwrap_or_default(),
                attribute: attribute.unwrap_or_default(),
                kind: kind.into(),
                default: value,
                required: matches!(
                    role,
                    Role::RequiredAttributeValue | Role::FixedAttributeValue
                ),
            },
            span,
        ))
    }

    // ----- content models

    fn model_part(&mut self, input: &Input<'_>, role: Role, span: Span) -> Result<Flow, Error> {
        let in_declaration = self.dtd.borrow().in_element_decl;
        match role {
            Role::ElementName => {
                if !self.wants(want::ELEMENT) {
                    return Ok(self.tell_default(span));
                }
                let name = input.text(span.start, span.end);
                let mut dtd = self.dtd.borrow_mut();
                self.declared.element = dtd.element_type(&name);
                dtd.begin_model();
                Ok(Flow::Go)
            }
            Role::GroupOpen => {
                let level = self.prolog.level;
                if self.declared.connectors.len() <= level {
                    self.declared.connectors.resize(level + 1, 0);
                }
                if let Some(connector) = self.declared.connectors.get_mut(level) {
                    *connector = 0;
                }
                if !in_declaration {
                    return Ok(self.tell_default(span));
                }
                self.dtd.borrow_mut().open_group();
                Ok(self.default_unless(want::ELEMENT, span))
            }
            Role::GroupSequence | Role::GroupChoice => {
                let choice = role == Role::GroupChoice;
                let (own, other) = if choice { (b'|', b',') } else { (b',', b'|') };
                let level = self.prolog.level;
                let Some(connector) = self.declared.connectors.get_mut(level) else {
                    return Err(Error::UnexpectedState);
                };
                let before = std::mem::replace(connector, own);
                if before == other {
                    return Err(Error::Syntax);
                }
                let mut handled = in_declaration;
                if choice {
                    let mut dtd = self.dtd.borrow_mut();
                    handled &= before == 0 && !dtd.group_is_mixed();
                    if handled {
                        dtd.set_group(ContentType::Choice);
                    }
                }
                Ok(if handled {
                    self.default_unless(want::ELEMENT, span)
                } else {
                    self.tell_default(span)
                })
            }
            _ if !in_declaration => Ok(self.tell_default(span)),
            Role::ContentAny | Role::ContentEmpty => {
                self.dtd.borrow_mut().in_element_decl = false;
                let kind = if role == Role::ContentAny {
                    ContentType::Any
                } else {
                    ContentType::Empty
                };
                let model = vec![Content {
                    kind,
                    quantifier: Quantifier::None,
                    name: None,
                    children: Vec::new(),
                }];
                Ok(self.tell_model(model, span))
            }
            Role::ContentPcdata => {
                self.dtd.borrow_mut().set_group(ContentType::Mixed);
                Ok(self.default_unless(want::ELEMENT, span))
            }
            Role::ContentElement
            | Role::ContentElementOpt
            | Role::ContentElementRep
            | Role::ContentElementPlus => {
                let quantifier = match role {
                    Role::ContentElement => Quantifier::None,
                    Role::ContentElementOpt => Quantifier::Optional,
                    Role::ContentElementRep => Quantifier::Repeated,
                    _ => Quantifier::Plus,
                };
                let mark = if quantifier == Quantifier::None {
                    0
                } else {
                    input.encoding.min()
                };
                let name = input.text(span.start, span.end - mark);
                let mut dtd = self.dtd.borrow_mut();
                dtd.element_type(&name);
                dtd.add_name(name, quantifier);
                drop(dtd);
                Ok(self.default_unless(want::ELEMENT, span))
            }
            _ => {
                let quantifier = match role {
                    Role::GroupClose => Quantifier::None,
                    Role::GroupCloseOpt => Quantifier::Optional,
                    Role::GroupCloseRep => Quantifier::Repeated,
                    _ => Quantifier::Plus,
                };
                let mut dtd = self.dtd.borrow_mut();
                if !dtd.close_group(quantifier) {
                    drop(dtd);
                    return Ok(self.default_unless(want::ELEMENT, span));
                }
                dtd.in_element_decl = false;
                let model = dtd.take_model();
                drop(dtd);
                Ok(self.tell_model(model, span))
            }
        }
    }

    fn tell_model(&mut self, model: Vec<Content>, span: Span) -> Flow {
        let name = {
            let dtd = self.dtd.borrow();
            dtd.elements
                .get(self.declared.element)
                .map(|e| e.name.clone())
        };
        self.tell(
            Markup::Element {
                name: name.unwrap_or_default(),
                model,
            },
            span,
        )
    }
}

/// About the memory that an entity takes.
const ENTITY_MEMORY: usize = 120;
