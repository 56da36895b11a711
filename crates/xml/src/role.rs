//! What a token of the prolog means where it stands: the grammar of document types as a state machine.

use crate::token::Tok;

/// The meaning of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Error,
    None,
    XmlDecl,
    InstanceStart,
    DoctypeNone,
    DoctypeName,
    DoctypeSystemId,
    DoctypePublicId,
    DoctypeInternalSubset,
    DoctypeClose,
    GeneralEntityName,
    ParamEntityName,
    EntityNone,
    EntityValue,
    EntitySystemId,
    EntityPublicId,
    EntityComplete,
    EntityNotationName,
    NotationNone,
    NotationName,
    NotationSystemId,
    NotationNoSystemId,
    NotationPublicId,
    AttributeName,
    AttributeType(AttributeType),
    AttributeEnumValue,
    AttributeNotationValue,
    AttlistNone,
    AttlistElementName,
    ImpliedAttributeValue,
    RequiredAttributeValue,
    DefaultAttributeValue,
    FixedAttributeValue,
    ElementNone,
    ElementName,
    ContentAny,
    ContentEmpty,
    ContentPcdata,
    GroupOpen,
    GroupClose,
    GroupCloseRep,
    GroupCloseOpt,
    GroupClosePlus,
    GroupChoice,
    GroupSequence,
    ContentElement,
    ContentElementRep,
    ContentElementOpt,
    ContentElementPlus,
    Pi,
    Comment,
    TextDecl,
    IgnoreSection,
    InnerParamEntityRef,
    ParamEntityRef,
}

/// The types of attributes that are words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttributeType {
    Cdata,
    Id,
    Idref,
    Idrefs,
    Entity,
    Entities,
    Nmtoken,
    Nmtokens,
}

impl AttributeType {
    const ALL: [AttributeType; 8] = [
        AttributeType::Cdata,
        AttributeType::Id,
        AttributeType::Idref,
        AttributeType::Idrefs,
        AttributeType::Entity,
        AttributeType::Entities,
        AttributeType::Nmtoken,
        AttributeType::Nmtokens,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            AttributeType::Cdata => "CDATA",
            AttributeType::Id => "ID",
            AttributeType::Idref => "IDREF",
            AttributeType::Idrefs => "IDREFS",
            AttributeType::Entity => "ENTITY",
            AttributeType::Entities => "ENTITIES",
            AttributeType::Nmtoken => "NMTOKEN",
            AttributeType::Nmtokens => "NMTOKENS",
        }
    }
}

/// Where in the grammar the last token was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before anything; after something; after the document type.
    Prolog0,
    Prolog1,
    Prolog2,
    DoctypeStart,
    DoctypeNamed,
    DoctypePublic,
    DoctypeSystem,
    DoctypeIds,
    DoctypeEnd,
    InternalSubset,
    ExternalSubset0,
    ExternalSubset1,
    EntityStart,
    EntityPercent,
    /// The name was read: of a general or a parameter entity.
    EntityNamed {
        parameter: bool,
    },
    EntityPublic {
        parameter: bool,
    },
    EntitySystem {
        parameter: bool,
    },
    EntityIds {
        parameter: bool,
    },
    EntityNdata,
    NotationStart,
    NotationNamed,
    NotationPublic,
    NotationSystem,
    NotationIds,
    AttlistStart,
    AttlistNamed,
    AttributeNamed,
    EnumOpen,
    EnumValue,
    NotationOpen,
    NotationFirst,
    NotationValue,
    AttributeTyped,
    AttributeFixed,
    ElementStart,
    ElementNamed,
    GroupStart,
    Pcdata,
    PcdataOr,
    PcdataName,
    ModelItem,
    ModelAfter,
    CondSect,
    CondInclude,
    CondIgnore,
    /// The declaration has only to be closed; meanwhile nothing has more meaning than this.
    Close(Filler),
    Error,
}

/// What tokens without meaning belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filler {
    Entity,
    Notation,
    Element,
}

impl Filler {
    fn role(self) -> Role {
        match self {
            Filler::Entity => Role::EntityNone,
            Filler::Notation => Role::NotationNone,
            Filler::Element => Role::ElementNone,
        }
    }
}

/// The state of the prolog.
#[derive(Clone, Debug)]
pub(crate) struct Prolog {
    state: State,
    /// Depth of groups in a content model.
    pub(crate) level: usize,
    include_level: usize,
    /// This is the document, no external entity.
    pub(crate) is_document: bool,
    /// An entity's value is being read.
    pub(crate) in_entity_value: bool,
}

impl Prolog {
    pub(crate) fn document() -> Prolog {
        Prolog {
            state: State::Prolog0,
            level: 0,
            include_level: 0,
            is_document: true,
            in_entity_value: false,
        }
    }

    pub(crate) fn external() -> Prolog {
        Prolog {
            state: State::ExternalSubset0,
            is_document: false,
            ..Prolog::document()
        }
    }

    fn to(&mut self, state: State, role: Role) -> Role {
        self.state = state;
        role
    }

    fn top_level(&mut self, role: Role) -> Role {
        let state = if self.is_document {
            State::InternalSubset
        } else {
            State::ExternalSubset1
        };
        self.to(state, role)
    }

    /// A token that does not fit.
    fn otherwise(&mut self, tok: Tok) -> Role {
        if !self.is_document && tok == Tok::ParamEntityRef {
            return Role::InnerParamEntityRef;
        }
        self.to(State::Error, Role::Error)
    }

    /// The meaning of a token. `word(skip, w)` tells whether it is `w` behind its first `skip` characters.
    pub(crate) fn role(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        match self.state {
            State::Prolog0 | State::Prolog1 | State::Prolog2 => self.prolog(tok, word),
            State::DoctypeStart
            | State::DoctypeNamed
            | State::DoctypePublic
            | State::DoctypeSystem
            | State::DoctypeIds
            | State::DoctypeEnd => self.doctype(tok, word),
            State::InternalSubset => self.internal_subset(tok, word),
            State::ExternalSubset0 => {
                self.state = State::ExternalSubset1;
                if tok == Tok::XmlDecl {
                    return Role::TextDecl;
                }
                self.external_subset(tok, word)
            }
            State::ExternalSubset1 => self.external_subset(tok, word),
            State::CondSect | State::CondInclude | State::CondIgnore => self.section(tok, word),
            State::EntityStart
            | State::EntityPercent
            | State::EntityNamed { .. }
            | State::EntityPublic { .. }
            | State::EntitySystem { .. }
            | State::EntityIds { .. }
            | State::EntityNdata => self.entity(tok, word),
            State::NotationStart
            | State::NotationNamed
            | State::NotationPublic
            | State::NotationSystem
            | State::NotationIds => self.notation(tok, word),
            State::AttlistStart
            | State::AttlistNamed
            | State::AttributeNamed
            | State::EnumOpen
            | State::EnumValue
            | State::NotationOpen
            | State::NotationFirst
            | State::NotationValue
            | State::AttributeTyped
            | State::AttributeFixed => self.attlist(tok, word),
            State::ElementStart
            | State::ElementNamed
            | State::GroupStart
            | State::Pcdata
            | State::PcdataOr
            | State::PcdataName
            | State::ModelItem
            | State::ModelAfter => self.element(tok, word),
            State::Close(none) => match tok {
                Tok::PrologSpace => none.role(),
                Tok::DeclClose => self.top_level(none.role()),
                _ => self.otherwise(tok),
            },
            State::Error => Role::None,
        }
    }

    fn prolog(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        let state = self.state;
        let next = if state == State::Prolog0 {
            State::Prolog1
        } else {
            state
        };
        match tok {
            Tok::PrologSpace => self.to(next, Role::None),
            Tok::XmlDecl if state == State::Prolog0 => self.to(next, Role::XmlDecl),
            Tok::Pi => self.to(next, Role::Pi),
            Tok::Comment => self.to(next, Role::Comment),
            Tok::Bom if state != State::Prolog2 => Role::None,
            Tok::DeclOpen if state != State::Prolog2 && word(2, "DOCTYPE") => {
                self.to(State::DoctypeStart, Role::DoctypeNone)
            }
            Tok::InstanceStart => self.to(State::Error, Role::InstanceStart),
            _ => self.otherwise(tok),
        }
    }

    fn doctype(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        use State::{DoctypeIds, DoctypeNamed, DoctypePublic, DoctypeSystem};
        match (self.state, tok) {
            (_, Tok::PrologSpace) => Role::DoctypeNone,
            (State::DoctypeStart, Tok::Name | Tok::PrefixedName) => {
                self.to(DoctypeNamed, Role::DoctypeName)
            }
            (DoctypeNamed | DoctypeIds, Tok::OpenBracket) => {
                self.to(State::InternalSubset, Role::DoctypeInternalSubset)
            }
            (DoctypeNamed | DoctypeIds | State::DoctypeEnd, Tok::DeclClose) => {
                self.to(State::Prolog2, Role::DoctypeClose)
            }
            (DoctypeNamed, Tok::Name) if word(0, "SYSTEM") => {
                self.to(DoctypeSystem, Role::DoctypeNone)
            }
            (DoctypeNamed, Tok::Name) if word(0, "PUBLIC") => {
                self.to(DoctypePublic, Role::DoctypeNone)
            }
            (DoctypePublic, Tok::Literal) => self.to(DoctypeSystem, Role::DoctypePublicId),
            (DoctypeSystem, Tok::Literal) => self.to(DoctypeIds, Role::DoctypeSystemId),
            _ => self.otherwise(tok),
        }
    }

    fn internal_subset(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        match tok {
            Tok::PrologSpace | Tok::None => Role::None,
            Tok::DeclOpen if word(2, "ENTITY") => self.to(State::EntityStart, Role::EntityNone),
            Tok::DeclOpen if word(2, "ATTLIST") => self.to(State::AttlistStart, Role::AttlistNone),
            Tok::DeclOpen if word(2, "ELEMENT") => self.to(State::ElementStart, Role::ElementNone),
            Tok::DeclOpen if word(2, "NOTATION") => {
                self.to(State::NotationStart, Role::NotationNone)
            }
            Tok::Pi => Role::Pi,
            Tok::Comment => Role::Comment,
            Tok::ParamEntityRef => Role::ParamEntityRef,
            Tok::CloseBracket => self.to(State::DoctypeEnd, Role::DoctypeNone),
            _ => self.otherwise(tok),
        }
    }

    fn external_subset(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        match tok {
            Tok::CondSectOpen => self.to(State::CondSect, Role::None),
            Tok::CondSectClose if self.include_level > 0 => {
                self.include_level -= 1;
                Role::None
            }
            Tok::None if self.include_level == 0 => Role::None,
            Tok::CondSectClose | Tok::CloseBracket | Tok::None => self.otherwise(tok),
            _ => self.internal_subset(tok, word),
        }
    }

    fn section(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        match (self.state, tok) {
            (_, Tok::PrologSpace) => Role::None,
            (State::CondSect, Tok::Name) if word(0, "INCLUDE") => {
                self.to(State::CondInclude, Role::None)
            }
            (State::CondSect, Tok::Name) if word(0, "IGNORE") => {
                self.to(State::CondIgnore, Role::None)
            }
            (State::CondInclude, Tok::OpenBracket) => {
                self.include_level += 1;
                self.to(State::ExternalSubset1, Role::None)
            }
            (State::CondIgnore, Tok::OpenBracket) => {
                self.to(State::ExternalSubset1, Role::IgnoreSection)
            }
            _ => self.otherwise(tok),
        }
    }

    fn entity(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        use State::{EntityIds, EntityNamed, EntityPublic, EntitySystem};
        match (self.state, tok) {
            (_, Tok::PrologSpace) => Role::EntityNone,
            (State::EntityStart, Tok::Percent) => self.to(State::EntityPercent, Role::EntityNone),
            (State::EntityStart, Tok::Name) => {
                self.to(EntityNamed { parameter: false }, Role::GeneralEntityName)
            }
            (State::EntityPercent, Tok::Name) => {
                self.to(EntityNamed { parameter: true }, Role::ParamEntityName)
            }
            (EntityNamed { parameter }, Tok::Name) if word(0, "SYSTEM") => {
                self.to(EntitySystem { parameter }, Role::EntityNone)
            }
            (EntityNamed { parameter }, Tok::Name) if word(0, "PUBLIC") => {
                self.to(EntityPublic { parameter }, Role::EntityNone)
            }
            (EntityNamed { .. }, Tok::Literal) => {
                self.to(State::Close(Filler::Entity), Role::EntityValue)
            }
            (EntityPublic { parameter }, Tok::Literal) => {
                self.to(EntitySystem { parameter }, Role::EntityPublicId)
            }
            (EntitySystem { parameter }, Tok::Literal) => {
                self.to(EntityIds { parameter }, Role::EntitySystemId)
            }
            (EntityIds { .. }, Tok::DeclClose) => self.top_level(Role::EntityComplete),
            (EntityIds { parameter: false }, Tok::Name) if word(0, "NDATA") => {
                self.to(State::EntityNdata, Role::EntityNone)
            }
            (State::EntityNdata, Tok::Name) => {
                self.to(State::Close(Filler::Entity), Role::EntityNotationName)
            }
            _ => self.otherwise(tok),
        }
    }

    fn notation(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        use State::{NotationIds, NotationNamed, NotationPublic, NotationSystem};
        match (self.state, tok) {
            (_, Tok::PrologSpace) => Role::NotationNone,
            (State::NotationStart, Tok::Name) => self.to(NotationNamed, Role::NotationName),
            (NotationNamed, Tok::Name) if word(0, "SYSTEM") => {
                self.to(NotationSystem, Role::NotationNone)
            }
            (NotationNamed, Tok::Name) if word(0, "PUBLIC") => {
                self.to(NotationPublic, Role::NotationNone)
            }
            (NotationPublic, Tok::Literal) => self.to(NotationIds, Role::NotationPublicId),
            (NotationSystem | NotationIds, Tok::Literal) => {
                self.to(State::Close(Filler::Notation), Role::NotationSystemId)
            }
            (NotationIds, Tok::DeclClose) => self.top_level(Role::NotationNoSystemId),
            _ => self.otherwise(tok),
        }
    }

    fn attlist(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        use State::{AttlistNamed, AttributeNamed, AttributeTyped, EnumOpen, EnumValue};
        use State::{NotationFirst, NotationOpen, NotationValue};
        match (self.state, tok) {
            (_, Tok::PrologSpace) => Role::AttlistNone,
            (State::AttlistStart, Tok::Name | Tok::PrefixedName) => {
                self.to(AttlistNamed, Role::AttlistElementName)
            }
            (AttlistNamed, Tok::DeclClose) => self.top_level(Role::AttlistNone),
            (AttlistNamed, Tok::Name | Tok::PrefixedName) => {
                self.to(AttributeNamed, Role::AttributeName)
            }
            (AttributeNamed, Tok::Name) => {
                if let Some(kind) = AttributeType::ALL.into_iter().find(|t| word(0, t.word())) {
                    self.to(AttributeTyped, Role::AttributeType(kind))
                } else if word(0, "NOTATION") {
                    self.to(NotationOpen, Role::AttlistNone)
                } else {
                    self.otherwise(tok)
                }
            }
            (AttributeNamed, Tok::OpenParen) => self.to(EnumOpen, Role::AttlistNone),
            (EnumOpen, Tok::Nmtoken | Tok::Name | Tok::PrefixedName) => {
                self.to(EnumValue, Role::AttributeEnumValue)
            }
            (EnumValue | NotationValue, Tok::CloseParen) => {
                self.to(AttributeTyped, Role::AttlistNone)
            }
            (EnumValue, Tok::Or) => self.to(EnumOpen, Role::AttlistNone),
            (NotationOpen, Tok::OpenParen) => self.to(NotationFirst, Role::AttlistNone),
            (NotationFirst, Tok::Name) => self.to(NotationValue, Role::AttributeNotationValue),
            (NotationValue, Tok::Or) => self.to(NotationFirst, Role::AttlistNone),
            (AttributeTyped, Tok::PoundName) if word(1, "IMPLIED") => {
                self.to(AttlistNamed, Role::ImpliedAttributeValue)
            }
            (AttributeTyped, Tok::PoundName) if word(1, "REQUIRED") => {
                self.to(AttlistNamed, Role::RequiredAttributeValue)
            }
            (AttributeTyped, Tok::PoundName) if word(1, "FIXED") => {
                self.to(State::AttributeFixed, Role::AttlistNone)
            }
            (AttributeTyped, Tok::Literal) => self.to(AttlistNamed, Role::DefaultAttributeValue),
            (State::AttributeFixed, Tok::Literal) => {
                self.to(AttlistNamed, Role::FixedAttributeValue)
            }
            _ => self.otherwise(tok),
        }
    }

    fn close_group(&mut self, role: Role) -> Role {
        self.level = self.level.saturating_sub(1);
        if self.level == 0 {
            self.state = State::Close(Filler::Element);
        }
        role
    }

    fn element(&mut self, tok: Tok, word: &dyn Fn(usize, &str) -> bool) -> Role {
        use State::{GroupStart, ModelAfter, ModelItem, Pcdata, PcdataName, PcdataOr};
        let close = State::Close(Filler::Element);
        match (self.state, tok) {
            (_, Tok::PrologSpace) => Role::ElementNone,
            (State::ElementStart, Tok::Name | Tok::PrefixedName) => {
                self.to(State::ElementNamed, Role::ElementName)
            }
            (State::ElementNamed, Tok::Name) if word(0, "EMPTY") => {
                self.to(close, Role::ContentEmpty)
            }
            (State::ElementNamed, Tok::Name) if word(0, "ANY") => self.to(close, Role::ContentAny),
            (State::ElementNamed, Tok::OpenParen) => {
                self.level = 1;
                self.to(GroupStart, Role::GroupOpen)
            }
            (GroupStart, Tok::PoundName) if word(1, "PCDATA") => {
                self.to(Pcdata, Role::ContentPcdata)
            }
            (GroupStart | ModelItem, Tok::OpenParen) => {
                self.level += 1;
                self.to(ModelItem, Role::GroupOpen)
            }
            (GroupStart | ModelItem, Tok::Name | Tok::PrefixedName) => {
                self.to(ModelAfter, Role::ContentElement)
            }
            (GroupStart | ModelItem, Tok::NameQuestion) => {
                self.to(ModelAfter, Role::ContentElementOpt)
            }
            (GroupStart | ModelItem, Tok::NameAsterisk) => {
                self.to(ModelAfter, Role::ContentElementRep)
            }
            (GroupStart | ModelItem, Tok::NamePlus) => {
                self.to(ModelAfter, Role::ContentElementPlus)
            }
            (Pcdata, Tok::CloseParen) => self.to(close, Role::GroupClose),
            (Pcdata | PcdataName, Tok::CloseParenAsterisk) => self.to(close, Role::GroupCloseRep),
            (Pcdata | PcdataName, Tok::Or) => self.to(PcdataOr, Role::ElementNone),
            (PcdataOr, Tok::Name | Tok::PrefixedName) => self.to(PcdataName, Role::ContentElement),
            (ModelAfter, Tok::CloseParen) => self.close_group(Role::GroupClose),
            (ModelAfter, Tok::CloseParenAsterisk) => self.close_group(Role::GroupCloseRep),
            (ModelAfter, Tok::CloseParenQuestion) => self.close_group(Role::GroupCloseOpt),
            (ModelAfter, Tok::CloseParenPlus) => self.close_group(Role::GroupClosePlus),
            (ModelAfter, Tok::Comma) => self.to(ModelItem, Role::GroupSequence),
            (ModelAfter, Tok::Or) => self.to(ModelItem, Role::GroupChoice),
            _ => self.otherwise(tok),
        }
    }
}
