//! What the parser tells and what it asks.

use std::rc::Rc;

/// Text in UTF-8 that outlives the event.
pub type Text = Rc<[u8]>;

/// Something that the parser found. Those that occur often carry nothing: the parser has their names and texts until it is
/// asked for the next event.
#[derive(Debug)]
pub enum Event {
    /// A start tag: see [`crate::Parser::element_name`] and [`crate::Parser::attribute`].
    StartElement,
    /// An end tag, or the end of an empty element: see [`crate::Parser::element_name`].
    EndElement,
    /// Characters: [`crate::Parser::text`].
    Characters,
    /// What no other handler is there for: [`crate::Parser::text`].
    Default,
    /// Anything else.
    Markup(Box<Markup>),
}

/// What occurs more seldom.
#[derive(Debug)]
#[allow(
    missing_docs,
    reason = "the names are those of the handlers' parameters"
)]
pub enum Markup {
    ProcessingInstruction {
        target: Text,
        data: Text,
    },
    Comment(Text),
    StartCdataSection,
    EndCdataSection,
    StartNamespace {
        prefix: Option<Text>,
        uri: Option<Text>,
    },
    EndNamespace {
        prefix: Option<Text>,
    },
    /// Asks for an answer: whether the entity was handled ([`crate::Parser::answer`]).
    ExternalEntityRef {
        context: Option<Text>,
        base: Option<Text>,
        system_id: Option<Text>,
        public_id: Option<Text>,
    },
    /// Asks for an answer: whether to go on.
    NotStandalone,
    StartDoctype {
        name: Text,
        system_id: Option<Text>,
        public_id: Option<Text>,
        has_internal_subset: bool,
    },
    EndDoctype,
    UnparsedEntity {
        name: Text,
        base: Option<Text>,
        system_id: Option<Text>,
        public_id: Option<Text>,
        notation: Text,
    },
    Notation {
        name: Text,
        base: Option<Text>,
        system_id: Option<Text>,
        public_id: Option<Text>,
    },
    Entity {
        name: Text,
        is_parameter: bool,
        value: Option<Text>,
        base: Option<Text>,
        system_id: Option<Text>,
        public_id: Option<Text>,
        notation: Option<Text>,
    },
    XmlDecl {
        version: Option<Text>,
        encoding: Option<Text>,
        standalone: Option<bool>,
    },
    Element {
        name: Text,
        model: Vec<Content>,
    },
    Attlist {
        element: Text,
        attribute: Text,
        kind: Text,
        default: Option<Text>,
        required: bool,
    },
    SkippedEntity {
        name: Text,
        is_parameter: bool,
    },
    /// An encoding that the parser does not know: asks for [`crate::Parser::answer_encoding`].
    UnknownEncoding {
        name: Text,
    },
}

/// Handlers, as bits: what is not wanted is not told.
pub mod want {
    #![allow(missing_docs, reason = "the names are those of the events")]
    pub const START_ELEMENT: u32 = 1;
    pub const END_ELEMENT: u32 = 1 << 1;
    pub const CHARACTERS: u32 = 1 << 2;
    pub const DEFAULT: u32 = 1 << 3;
    pub const PROCESSING_INSTRUCTION: u32 = 1 << 4;
    pub const COMMENT: u32 = 1 << 5;
    pub const START_CDATA: u32 = 1 << 6;
    pub const END_CDATA: u32 = 1 << 7;
    pub const START_NAMESPACE: u32 = 1 << 8;
    pub const END_NAMESPACE: u32 = 1 << 9;
    pub const EXTERNAL_ENTITY_REF: u32 = 1 << 10;
    pub const NOT_STANDALONE: u32 = 1 << 11;
    pub const START_DOCTYPE: u32 = 1 << 12;
    pub const END_DOCTYPE: u32 = 1 << 13;
    pub const UNPARSED_ENTITY: u32 = 1 << 14;
    pub const NOTATION: u32 = 1 << 15;
    pub const ENTITY: u32 = 1 << 16;
    pub const XML_DECL: u32 = 1 << 17;
    pub const ELEMENT: u32 = 1 << 18;
    pub const ATTLIST: u32 = 1 << 19;
    pub const SKIPPED_ENTITY: u32 = 1 << 20;
    pub const UNKNOWN_ENCODING: u32 = 1 << 21;
}

impl Markup {
    /// The handler's bit.
    pub(crate) fn wanted_by(&self) -> u32 {
        match self {
            Markup::ProcessingInstruction { .. } => want::PROCESSING_INSTRUCTION,
            Markup::Comment(_) => want::COMMENT,
            Markup::StartCdataSection => want::START_CDATA,
            Markup::EndCdataSection => want::END_CDATA,
            Markup::StartNamespace { .. } => want::START_NAMESPACE,
            Markup::EndNamespace { .. } => want::END_NAMESPACE,
            Markup::ExternalEntityRef { .. } => want::EXTERNAL_ENTITY_REF,
            Markup::NotStandalone => want::NOT_STANDALONE,
            Markup::StartDoctype { .. } => want::START_DOCTYPE,
            Markup::EndDoctype => want::END_DOCTYPE,
            Markup::UnparsedEntity { .. } => want::UNPARSED_ENTITY,
            Markup::Notation { .. } => want::NOTATION,
            Markup::Entity { .. } => want::ENTITY,
            Markup::XmlDecl { .. } => want::XML_DECL,
            Markup::Element { .. } => want::ELEMENT,
            Markup::Attlist { .. } => want::ATTLIST,
            Markup::SkippedEntity { .. } => want::SKIPPED_ENTITY,
            Markup::UnknownEncoding { .. } => want::UNKNOWN_ENCODING,
        }
    }
}

/// What kind of content a node of a content model describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ContentType {
    Empty = 1,
    Any,
    Mixed,
    Name,
    Choice,
    Sequence,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Quantifier {
    None = 0,
    Optional,
    Repeated,
    Plus,
}

/// A node of a content model. A model is a list whose first node is the root; children stand behind their parents.
#[derive(Clone, Debug)]
pub struct Content {
    /// What it describes.
    pub kind: ContentType,
    /// How often that occurs.
    pub quantifier: Quantifier,
    /// The name of the element, if it is [`ContentType::Name`].
    pub name: Option<Text>,
    /// The indices of its children.
    pub children: Vec<usize>,
}

/// Why parsing failed: the numbers are Expat's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Error {
    NoMemory = 1,
    Syntax,
    NoElements,
    InvalidToken,
    UnclosedToken,
    PartialChar,
    TagMismatch,
    DuplicateAttribute,
    JunkAfterDocElement,
    ParamEntityRef,
    UndefinedEntity,
    RecursiveEntityRef,
    AsyncEntity,
    BadCharRef,
    BinaryEntityRef,
    AttributeExternalEntityRef,
    MisplacedXmlPi,
    UnknownEncoding,
    IncorrectEncoding,
    UnclosedCdataSection,
    ExternalEntityHandling,
    NotStandalone,
    UnexpectedState,
    EntityDeclaredInPe,
    FeatureRequiresXmlDtd,
    CantChangeFeatureOnceParsing,
    UnboundPrefix,
    UndeclaringPrefix,
    IncompletePe,
    XmlDecl,
    TextDecl,
    PublicId,
    Suspended,
    NotSuspended,
    Aborted,
    Finished,
    SuspendPe,
    ReservedPrefixXml,
    ReservedPrefixXmlns,
    ReservedNamespaceUri,
    InvalidArgument,
    NoBuffer,
    AmplificationLimitBreach,
    NotStarted,
}

/// The messages of all errors, from number 1 on, with the names of their constants.
pub const MESSAGES: [(&str, &str); 44] = [
    ("XML_ERROR_NO_MEMORY", "out of memory"),
    ("XML_ERROR_SYNTAX", "syntax error"),
    ("XML_ERROR_NO_ELEMENTS", "no element found"),
    ("XML_ERROR_INVALID_TOKEN", "not well-formed (invalid token)"),
    ("XML_ERROR_UNCLOSED_TOKEN", "unclosed token"),
    ("XML_ERROR_PARTIAL_CHAR", "partial character"),
    ("XML_ERROR_TAG_MISMATCH", "mismatched tag"),
    ("XML_ERROR_DUPLICATE_ATTRIBUTE", "duplicate attribute"),
    (
        "XML_ERROR_JUNK_AFTER_DOC_ELEMENT",
        "junk after document element",
    ),
    (
        "XML_ERROR_PARAM_ENTITY_REF",
        "illegal parameter entity reference",
    ),
    ("XML_ERROR_UNDEFINED_ENTITY", "undefined entity"),
    (
        "XML_ERROR_RECURSIVE_ENTITY_REF",
        "recursive entity reference",
    ),
    ("XML_ERROR_ASYNC_ENTITY", "asynchronous entity"),
    (
        "XML_ERROR_BAD_CHAR_REF",
        "reference to invalid character number",
    ),
    ("XML_ERROR_BINARY_ENTITY_REF", "reference to binary entity"),
    (
        "XML_ERROR_ATTRIBUTE_EXTERNAL_ENTITY_REF",
        "reference to external entity in attribute",
    ),
    (
        "XML_ERROR_MISPLACED_XML_PI",
        "XML or text declaration not at start of entity",
    ),
    ("XML_ERROR_UNKNOWN_ENCODING", "unknown encoding"),
    (
        "XML_ERROR_INCORRECT_ENCODING",
        "encoding specified in XML declaration is incorrect",
    ),
    ("XML_ERROR_UNCLOSED_CDATA_SECTION", "unclosed CDATA section"),
    (
        "XML_ERROR_EXTERNAL_ENTITY_HANDLING",
        "error in processing external entity reference",
    ),
    ("XML_ERROR_NOT_STANDALONE", "document is not standalone"),
    (
        "XML_ERROR_UNEXPECTED_STATE",
        "unexpected parser state - please send a bug report",
    ),
    (
        "XML_ERROR_ENTITY_DECLARED_IN_PE",
        "entity declared in parameter entity",
    ),
    (
        "XML_ERROR_FEATURE_REQUIRES_XML_DTD",
        "requested feature requires XML_DTD support in Expat",
    ),
    (
        "XML_ERROR_CANT_CHANGE_FEATURE_ONCE_PARSING",
        "cannot change setting once parsing has begun",
    ),
    ("XML_ERROR_UNBOUND_PREFIX", "unbound prefix"),
    ("XML_ERROR_UNDECLARING_PREFIX", "must not undeclare prefix"),
    (
        "XML_ERROR_INCOMPLETE_PE",
        "incomplete markup in parameter entity",
    ),
    ("XML_ERROR_XML_DECL", "XML declaration not well-formed"),
    ("XML_ERROR_TEXT_DECL", "text declaration not well-formed"),
    ("XML_ERROR_PUBLICID", "illegal character(s) in public id"),
    ("XML_ERROR_SUSPENDED", "parser suspended"),
    ("XML_ERROR_NOT_SUSPENDED", "parser not suspended"),
    ("XML_ERROR_ABORTED", "parsing aborted"),
    ("XML_ERROR_FINISHED", "parsing finished"),
    (
        "XML_ERROR_SUSPEND_PE",
        "cannot suspend in external parameter entity",
    ),
    (
        "XML_ERROR_RESERVED_PREFIX_XML",
        "reserved prefix (xml) must not be undeclared or bound to another namespace name",
    ),
    (
        "XML_ERROR_RESERVED_PREFIX_XMLNS",
        "reserved prefix (xmlns) must not be declared or undeclared",
    ),
    (
        "XML_ERROR_RESERVED_NAMESPACE_URI",
        "prefix must not be bound to one of the reserved namespace names",
    ),
    ("XML_ERROR_INVALID_ARGUMENT", "invalid argument"),
    (
        "XML_ERROR_NO_BUFFER",
        "a successful prior call to function XML_GetBuffer is required",
    ),
    (
        "XML_ERROR_AMPLIFICATION_LIMIT_BREACH",
        "limit on input amplification factor (from DTD and entities) breached",
    ),
    ("XML_ERROR_NOT_STARTED", "parser not started"),
];

impl Error {
    /// The message.
    pub fn message(self) -> &'static str {
        MESSAGES[self as usize - 1].1
    }
}
