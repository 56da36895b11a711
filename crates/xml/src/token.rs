//! What the scanner finds.

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tok {
    /// Nothing is left.
    None,
    /// A token that has no end yet.
    Partial,
    /// A character that has no end yet.
    PartialChar,
    /// No token: [`Scan::next`] is where it goes wrong.
    Invalid,
    // Content.
    TrailingCr,
    TrailingRsqb,
    DataChars,
    DataNewline,
    StartTag,
    EmptyElement,
    EndTag,
    CdataOpen,
    CdataClose,
    EntityRef,
    CharRef,
    // Content and prolog.
    Pi,
    XmlDecl,
    Comment,
    Bom,
    // Prolog.
    PrologSpace,
    DeclOpen,
    DeclClose,
    Name,
    PrefixedName,
    Nmtoken,
    PoundName,
    Or,
    Percent,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    Literal,
    ParamEntityRef,
    InstanceStart,
    NameQuestion,
    NameAsterisk,
    NamePlus,
    CondSectOpen,
    CondSectClose,
    CloseParenQuestion,
    CloseParenAsterisk,
    CloseParenPlus,
    Comma,
    IgnoreSection,
    // Attribute values.
    AttributeSpace,
}

/// A token and where the next one begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan {
    pub(crate) tok: Tok,
    pub(crate) next: usize,
    /// More input could make the token longer, or another one: it counts only where the input ends.
    pub(crate) tentative: bool,
}

impl Scan {
    pub(crate) fn new(tok: Tok, next: usize) -> Scan {
        Scan {
            tok,
            next,
            tentative: false,
        }
    }

    pub(crate) fn tentative(tok: Tok, next: usize) -> Scan {
        Scan {
            tok,
            next,
            tentative: true,
        }
    }
}

/// An attribute of a start tag: where its name and its value stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RawAttribute {
    pub(crate) name: usize,
    pub(crate) name_end: usize,
    pub(crate) value: usize,
    pub(crate) value_end: usize,
    /// The value is to be taken as it stands.
    pub(crate) normalized: bool,
}
