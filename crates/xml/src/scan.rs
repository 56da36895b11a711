//! The scanner: finds the token that begins at a place of the input. It keeps no state; a token that is not there as a whole
//! is scanned again when there is more. What only the prolog has is in `scan_prolog.rs`.

use crate::bytes::Kind;
use crate::form::Form;
use crate::token::{RawAttribute, Scan, Tok};

/// Input in a certain form.
#[derive(Clone, Copy)]
pub(crate) struct Scanner<'a, F> {
    pub(crate) form: F,
    /// All of the input: it ends where the scanner must stop.
    pub(crate) data: &'a [u8],
}

/// What a character is within a name.
pub(crate) enum Part {
    /// Part of it, this many bytes.
    Char(usize),
    /// Something else that the table knows.
    Else,
    /// The end of the scan.
    Stop(Scan),
}

/// Ends the scan with this token unless there is a character.
macro_rules! kind_or {
    ($self:ident, $i:expr, $tok:expr) => {
        match $self.kind($i) {
            Some(kind) => kind,
            None => return Scan::new($tok, $i),
        }
    };
}

/// Ends the scan with [`Tok::Partial`] unless there is a character.
macro_rules! need {
    ($self:ident, $i:expr) => {
        kind_or!($self, $i, Tok::Partial)
    };
}

/// The bytes of a character of a name; otherwise runs the block.
macro_rules! name_or {
    ($self:ident . $part:ident ( $i:expr, $kind:expr ), $other:expr) => {
        match $self.$part($i, $kind) {
            Part::Char(n) => n,
            Part::Stop(scan) => return scan,
            Part::Else => $other,
        }
    };
}

pub(crate) use {kind_or, name_or, need};

pub(crate) fn invalid(at: usize) -> Scan {
    Scan::new(Tok::Invalid, at)
}

impl<F: Form> Scanner<'_, F> {
    #[inline(always)]
    pub(crate) fn kind(&self, i: usize) -> Option<Kind> {
        self.form.kind(self.data, i)
    }

    #[inline(always)]
    pub(crate) fn is(&self, i: usize, c: u8) -> bool {
        self.form.ascii(self.data, i) == c
    }

    /// A sequence of `n` bytes that are part of no name: its bytes, or the end of the scan.
    pub(crate) fn sequence(&self, i: usize, n: usize) -> Result<usize, Scan> {
        if self.data.len() - i < n {
            Err(Scan::new(Tok::PartialChar, i))
        } else if self.form.is_malformed(self.data, i, n) {
            Err(invalid(i))
        } else {
            Ok(n)
        }
    }

    /// The bytes of any character of text, or the end of the scan.
    #[inline(always)]
    pub(crate) fn any(&self, i: usize, kind: Kind) -> Result<usize, Scan> {
        match kind {
            Kind::Lead2 => self.sequence(i, 2),
            Kind::Lead3 => self.sequence(i, 3),
            Kind::Lead4 => self.sequence(i, 4),
            Kind::NonXml | Kind::Malformed | Kind::Trail => Err(invalid(i)),
            _ => Ok(F::MIN),
        }
    }

    #[cold]
    fn rare_part(&self, i: usize, kind: Kind, first: bool) -> Part {
        let n = match kind {
            Kind::NonAscii => F::MIN,
            Kind::Lead2 => 2,
            Kind::Lead3 => 3,
            Kind::Lead4 => 4,
            _ => return Part::Else,
        };
        if self.data.len() - i < n {
            return Part::Stop(Scan::new(Tok::PartialChar, i));
        }
        let fits = if first {
            self.form.starts_name(self.data, i, n)
        } else {
            self.form.in_name(self.data, i, n)
        };
        if !fits || (kind != Kind::NonAscii && self.form.is_malformed(self.data, i, n)) {
            return Part::Stop(invalid(i));
        }
        Part::Char(n)
    }

    /// Behind the part of a name that is in ASCII.
    #[inline(always)]
    fn skip_name(&self, i: usize) -> usize {
        self.form.skip(self.data, i, |kind| !kind.is_in_names())
    }

    /// Whether the character at `i` can begin a name.
    #[inline(always)]
    pub(crate) fn start_part(&self, i: usize, kind: Kind) -> Part {
        match kind {
            Kind::NameStart | Kind::Hex => Part::Char(F::MIN),
            Kind::NonAscii | Kind::Lead2 | Kind::Lead3 | Kind::Lead4 => {
                self.rare_part(i, kind, true)
            }
            _ => Part::Else,
        }
    }

    /// Whether the character at `i` can go on with a name.
    #[inline(always)]
    pub(crate) fn name_part(&self, i: usize, kind: Kind) -> Part {
        match kind {
            Kind::NameStart | Kind::Hex | Kind::Digit | Kind::Name | Kind::Minus => {
                Part::Char(F::MIN)
            }
            Kind::NonAscii | Kind::Lead2 | Kind::Lead3 | Kind::Lead4 => {
                self.rare_part(i, kind, false)
            }
            _ => Part::Else,
        }
    }

    // ----- content

    /// The token at `i` in content. The attributes of a start tag are put into `attributes`.
    #[inline]
    pub(crate) fn content(&self, mut i: usize, attributes: &mut Vec<RawAttribute>) -> Scan {
        let Some(kind) = self.kind(i) else {
            let tok = if i < self.data.len() {
                Tok::Partial
            } else {
                Tok::None
            };
            return Scan::new(tok, i);
        };
        match kind {
            Kind::Lt => return self.after_lt(i + F::MIN, attributes),
            Kind::Amp => return self.reference(i + F::MIN),
            Kind::Cr => {
                i += F::MIN;
                let kind = kind_or!(self, i, Tok::TrailingCr);
                let more = if kind == Kind::Lf { F::MIN } else { 0 };
                return Scan::new(Tok::DataNewline, i + more);
            }
            Kind::Lf => return Scan::new(Tok::DataNewline, i + F::MIN),
            Kind::Rsqb => {
                i += F::MIN;
                kind_or!(self, i, Tok::TrailingRsqb);
                if self.is(i, b']') {
                    kind_or!(self, i + F::MIN, Tok::TrailingRsqb);
                    if self.is(i + F::MIN, b'>') {
                        return invalid(i + F::MIN);
                    }
                }
            }
            kind => match self.any(i, kind) {
                Ok(n) => i += n,
                Err(scan) => return scan,
            },
        }
        loop {
            i = self.form.skip(self.data, i, Kind::stops_text);
            let Some(kind) = self.kind(i) else {
                return Scan::new(Tok::DataChars, i);
            };
            match kind {
                Kind::Lead2 | Kind::Lead3 | Kind::Lead4 => match self.any(i, kind) {
                    Ok(n) => i += n,
                    Err(_) => return Scan::new(Tok::DataChars, i),
                },
                Kind::Rsqb => {
                    if self.kind(i + F::MIN).is_none() {
                        return Scan::new(Tok::DataChars, i);
                    }
                    if self.is(i + F::MIN, b']') {
                        if self.kind(i + 2 * F::MIN).is_none() {
                            return Scan::new(Tok::DataChars, i);
                        }
                        if self.is(i + 2 * F::MIN, b'>') {
                            return invalid(i + 2 * F::MIN);
                        }
                    }
                    i += F::MIN;
                }
                Kind::Amp
                | Kind::Lt
                | Kind::NonXml
                | Kind::Malformed
                | Kind::Trail
                | Kind::Cr
                | Kind::Lf => return Scan::new(Tok::DataChars, i),
                _ => i += F::MIN,
            }
        }
    }

    /// Behind `<`.
    fn after_lt(&self, mut i: usize, attributes: &mut Vec<RawAttribute>) -> Scan {
        let start = i;
        let kind = need!(self, i);
        i += name_or!(
            self.start_part(i, kind),
            match kind {
                Kind::Excl => {
                    i += F::MIN;
                    return match need!(self, i) {
                        Kind::Minus => self.comment(i + F::MIN),
                        Kind::Lsqb => self.cdata_open(i + F::MIN),
                        _ => invalid(i),
                    };
                }
                Kind::Quest => return self.pi(i + F::MIN),
                Kind::Slash => return self.end_tag(i + F::MIN),
                _ => return invalid(i),
            }
        );
        attributes.clear();
        let mut colon = false;
        loop {
            i = self.skip_name(i);
            let kind = need!(self, i);
            i += name_or!(
                self.name_part(i, kind),
                match kind {
                    Kind::Colon => {
                        if colon {
                            return invalid(i);
                        }
                        colon = true;
                        i += F::MIN;
                        let kind = need!(self, i);
                        name_or!(self.start_part(i, kind), return invalid(i))
                    }
                    Kind::Gt => {
                        return self.tag_end(i, start, attributes, Tok::StartTag);
                    }
                    Kind::Slash => return self.empty_end(i, start, attributes),
                    Kind::Space | Kind::Cr | Kind::Lf => break,
                    _ => return invalid(i),
                }
            );
        }
        let name_end = i;
        i += F::MIN;
        loop {
            let kind = need!(self, i);
            let n = name_or!(
                self.start_part(i, kind),
                match kind {
                    Kind::Gt => {
                        attributes.push(self.tag_name(start, name_end));
                        return Scan::new(Tok::StartTag, i + F::MIN);
                    }
                    Kind::Slash => {
                        attributes.push(self.tag_name(start, name_end));
                        return self.empty_gt(i + F::MIN);
                    }
                    Kind::Space | Kind::Cr | Kind::Lf => {
                        i += F::MIN;
                        continue;
                    }
                    _ => return invalid(i),
                }
            );
            attributes.push(self.tag_name(start, name_end));
            return self.attributes(i, i + n, attributes);
        }
    }

    /// The first entry of the attributes of a tag is the tag's own name.
    fn tag_name(&self, name: usize, name_end: usize) -> RawAttribute {
        RawAttribute {
            name,
            name_end,
            ..RawAttribute::default()
        }
    }

    fn tag_end(
        &self,
        i: usize,
        start: usize,
        attributes: &mut Vec<RawAttribute>,
        tok: Tok,
    ) -> Scan {
        attributes.push(self.tag_name(start, i));
        Scan::new(tok, i + F::MIN)
    }

    fn empty_end(&self, i: usize, start: usize, attributes: &mut Vec<RawAttribute>) -> Scan {
        attributes.push(self.tag_name(start, i));
        self.empty_gt(i + F::MIN)
    }

    /// Behind the slash of an empty element's tag.
    fn empty_gt(&self, i: usize) -> Scan {
        need!(self, i);
        if self.is(i, b'>') {
            Scan::new(Tok::EmptyElement, i + F::MIN)
        } else {
            invalid(i)
        }
    }

    /// Behind the first character of an attribute's name, which is at `name`.
    fn attributes(&self, mut name: usize, mut i: usize, found: &mut Vec<RawAttribute>) -> Scan {
        loop {
            // The name.
            let mut colon = false;
            let name_end = loop {
                i = self.skip_name(i);
                let kind = need!(self, i);
                i += name_or!(
                    self.name_part(i, kind),
                    match kind {
                        Kind::Colon => {
                            if colon {
                                return invalid(i);
                            }
                            colon = true;
                            i += F::MIN;
                            let kind = need!(self, i);
                            name_or!(self.start_part(i, kind), return invalid(i))
                        }
                        Kind::Space | Kind::Cr | Kind::Lf | Kind::Equals => break i,
                        _ => return invalid(i),
                    }
                );
            };
            // The equals sign.
            loop {
                match need!(self, i) {
                    Kind::Equals => break,
                    Kind::Space | Kind::Cr | Kind::Lf => i += F::MIN,
                    _ => return invalid(i),
                }
            }
            // The quote.
            let open = loop {
                i += F::MIN;
                match need!(self, i) {
                    open @ (Kind::Quot | Kind::Apos) => break open,
                    Kind::Space | Kind::Cr | Kind::Lf => {}
                    _ => return invalid(i),
                }
            };
            i += F::MIN;
            // The value.
            let value = i;
            let mut normalized = true;
            loop {
                i = self.form.skip(self.data, i, Kind::stops_value);
                let kind = need!(self, i);
                if kind == open {
                    break;
                }
                match kind {
                    Kind::Amp => {
                        normalized = false;
                        let scan = self.reference(i + F::MIN);
                        match scan.tok {
                            Tok::EntityRef | Tok::CharRef => i = scan.next,
                            _ => return scan,
                        }
                    }
                    Kind::Lt => return invalid(i),
                    Kind::Space => {
                        normalized &= i != value
                            && self.is(i, b' ')
                            && !self.is(i + F::MIN, b' ')
                            && self.kind(i + F::MIN) != Some(open);
                        i += F::MIN;
                    }
                    Kind::Cr | Kind::Lf => {
                        normalized = false;
                        i += F::MIN;
                    }
                    kind => match self.any(i, kind) {
                        Ok(n) => i += n,
                        Err(scan) => return scan,
                    },
                }
            }
            found.push(RawAttribute {
                name,
                name_end,
                value,
                value_end: i,
                normalized,
            });
            // What follows.
            i += F::MIN;
            match need!(self, i) {
                Kind::Space | Kind::Cr | Kind::Lf => {}
                Kind::Slash => return self.empty_gt(i + F::MIN),
                Kind::Gt => return Scan::new(Tok::StartTag, i + F::MIN),
                _ => return invalid(i),
            }
            loop {
                i += F::MIN;
                let kind = need!(self, i);
                let n = name_or!(
                    self.start_part(i, kind),
                    match kind {
                        Kind::Space | Kind::Cr | Kind::Lf => continue,
                        Kind::Gt => return Scan::new(Tok::StartTag, i + F::MIN),
                        Kind::Slash => return self.empty_gt(i + F::MIN),
                        _ => return invalid(i),
                    }
                );
                name = i;
                i += n;
                break;
            }
        }
    }

    /// Behind `</`.
    fn end_tag(&self, mut i: usize) -> Scan {
        let kind = need!(self, i);
        i += name_or!(self.start_part(i, kind), return invalid(i));
        loop {
            i = self.skip_name(i);
            let kind = need!(self, i);
            i += name_or!(
                self.name_part(i, kind),
                match kind {
                    Kind::Colon => F::MIN,
                    Kind::Gt => return Scan::new(Tok::EndTag, i + F::MIN),
                    Kind::Space | Kind::Cr | Kind::Lf => break,
                    _ => return invalid(i),
                }
            );
        }
        loop {
            i += F::MIN;
            match need!(self, i) {
                Kind::Space | Kind::Cr | Kind::Lf => {}
                Kind::Gt => return Scan::new(Tok::EndTag, i + F::MIN),
                _ => return invalid(i),
            }
        }
    }

    /// Behind `<!-`.
    pub(crate) fn comment(&self, mut i: usize) -> Scan {
        need!(self, i);
        if !self.is(i, b'-') {
            return invalid(i);
        }
        i += F::MIN;
        loop {
            let kind = need!(self, i);
            match self.any(i, kind) {
                Ok(n) => i += n,
                Err(scan) => return scan,
            }
            if kind == Kind::Minus {
                need!(self, i);
                if self.is(i, b'-') {
                    i += F::MIN;
                    need!(self, i);
                    if !self.is(i, b'>') {
                        return invalid(i);
                    }
                    return Scan::new(Tok::Comment, i + F::MIN);
                }
            }
        }
    }

    /// Behind `<![`.
    fn cdata_open(&self, mut i: usize) -> Scan {
        if self.data.len() - i < 6 * F::MIN {
            return Scan::new(Tok::Partial, i);
        }
        for c in *b"CDATA[" {
            if !self.is(i, c) {
                return invalid(i);
            }
            i += F::MIN;
        }
        Scan::new(Tok::CdataOpen, i)
    }

    /// Behind `<?`.
    pub(crate) fn pi(&self, mut i: usize) -> Scan {
        let target = i;
        let kind = need!(self, i);
        i += name_or!(self.start_part(i, kind), return invalid(i));
        loop {
            let kind = need!(self, i);
            i += name_or!(
                self.name_part(i, kind),
                match kind {
                    Kind::Space | Kind::Cr | Kind::Lf => {
                        let Some(tok) = self.pi_target(target, i) else {
                            return invalid(i);
                        };
                        return self.pi_text(i + F::MIN, tok);
                    }
                    Kind::Quest => {
                        let Some(tok) = self.pi_target(target, i) else {
                            return invalid(i);
                        };
                        i += F::MIN;
                        need!(self, i);
                        if !self.is(i, b'>') {
                            return invalid(i);
                        }
                        return Scan::new(tok, i + F::MIN);
                    }
                    _ => return invalid(i),
                }
            );
        }
    }

    fn pi_text(&self, mut i: usize, tok: Tok) -> Scan {
        loop {
            let kind = need!(self, i);
            match self.any(i, kind) {
                Ok(n) => i += n,
                Err(scan) => return scan,
            }
            if kind == Kind::Quest {
                need!(self, i);
                if self.is(i, b'>') {
                    return Scan::new(tok, i + F::MIN);
                }
            }
        }
    }

    /// What a processing instruction with this target is; `xml` in other cases is none.
    fn pi_target(&self, start: usize, end: usize) -> Option<Tok> {
        if end - start != 3 * F::MIN {
            return Some(Tok::Pi);
        }
        let c = |k: usize| self.form.ascii(self.data, start + k * F::MIN);
        let word = [c(0), c(1), c(2)];
        if !word.eq_ignore_ascii_case(b"xml") {
            Some(Tok::Pi)
        } else if word == *b"xml" {
            Some(Tok::XmlDecl)
        } else {
            None
        }
    }

    /// Behind `&`.
    pub(crate) fn reference(&self, mut i: usize) -> Scan {
        let kind = need!(self, i);
        i += name_or!(
            self.start_part(i, kind),
            match kind {
                Kind::Num => return self.char_reference(i + F::MIN),
                _ => return invalid(i),
            }
        );
        loop {
            let kind = need!(self, i);
            i += name_or!(
                self.name_part(i, kind),
                match kind {
                    Kind::Semi => return Scan::new(Tok::EntityRef, i + F::MIN),
                    _ => return invalid(i),
                }
            );
        }
    }

    /// Behind `&#`.
    fn char_reference(&self, mut i: usize) -> Scan {
        need!(self, i);
        let hex = self.is(i, b'x');
        if hex {
            i += F::MIN;
        }
        let mut first = true;
        loop {
            match need!(self, i) {
                Kind::Digit => {}
                Kind::Hex if hex => {}
                Kind::Semi if !first => return Scan::new(Tok::CharRef, i + F::MIN),
                _ => return invalid(i),
            }
            first = false;
            i += F::MIN;
        }
    }

    /// The number that the reference at `i` (its `&`) has; `None` when that is no character.
    pub(crate) fn char_number(&self, i: usize) -> Option<u32> {
        let mut i = i + 2 * F::MIN;
        let radix = if self.is(i, b'x') {
            i += F::MIN;
            16
        } else {
            10
        };
        let mut n = 0u32;
        while let Some(digit) = char::from(self.form.ascii(self.data, i)).to_digit(radix) {
            n = n * radix + digit;
            if n >= 0x11_0000 {
                return None;
            }
            i += F::MIN;
        }
        crate::bytes::is_char_number(n).then_some(n)
    }

    // ----- CDATA sections

    /// The token at `i` in a CDATA section.
    pub(crate) fn cdata(&self, mut i: usize) -> Scan {
        let Some(kind) = self.kind(i) else {
            let tok = if i < self.data.len() {
                Tok::Partial
            } else {
                Tok::None
            };
            return Scan::new(tok, i);
        };
        match kind {
            Kind::Rsqb => {
                i += F::MIN;
                need!(self, i);
                if self.is(i, b']') {
                    need!(self, i + F::MIN);
                    if self.is(i + F::MIN, b'>') {
                        return Scan::new(Tok::CdataClose, i + 2 * F::MIN);
                    }
                }
            }
            Kind::Cr => {
                i += F::MIN;
                let more = if need!(self, i) == Kind::Lf {
                    F::MIN
                } else {
                    0
                };
                return Scan::new(Tok::DataNewline, i + more);
            }
            Kind::Lf => return Scan::new(Tok::DataNewline, i + F::MIN),
            kind => match self.any(i, kind) {
                Ok(n) => i += n,
                Err(scan) => return scan,
            },
        }
        while let Some(kind) = self.kind(i) {
            match kind {
                Kind::NonXml | Kind::Malformed | Kind::Trail | Kind::Cr | Kind::Lf | Kind::Rsqb => {
                    break;
                }
                kind => match self.any(i, kind) {
                    Ok(n) => i += n,
                    Err(_) => break,
                },
            }
        }
        Scan::new(Tok::DataChars, i)
    }

    // ----- values

    /// The token at `i` in an attribute's value, whose characters are known to be valid.
    pub(crate) fn attribute_value(&self, i: usize) -> Scan {
        self.value(i, Tok::AttributeSpace)
    }

    /// The token at `i` in an entity's value.
    pub(crate) fn entity_value(&self, i: usize) -> Scan {
        self.value(i, Tok::ParamEntityRef)
    }

    /// `special` tells the two apart: spaces count in attributes, and references to parameter entities in entities.
    fn value(&self, start: usize, special: Tok) -> Scan {
        let attribute = special == Tok::AttributeSpace;
        let mut i = start;
        while let Some(kind) = self.kind(i) {
            let stops = match kind {
                Kind::Amp | Kind::Lf | Kind::Cr => true,
                Kind::Lt | Kind::Space => attribute,
                Kind::Percent => !attribute,
                _ => false,
            };
            if !stops {
                i += match kind {
                    Kind::Lead2 => 2,
                    Kind::Lead3 => 3,
                    Kind::Lead4 => 4,
                    _ => F::MIN,
                };
                continue;
            }
            if kind == Kind::Lt {
                return invalid(i);
            }
            if i > start {
                return Scan::new(Tok::DataChars, i);
            }
            i += F::MIN;
            return match kind {
                Kind::Amp => self.reference(i),
                Kind::Lf => Scan::new(Tok::DataNewline, i),
                Kind::Space => Scan::new(Tok::AttributeSpace, i),
                Kind::Percent => {
                    let scan = self.percent(i);
                    if scan.tok == Tok::Percent {
                        invalid(scan.next)
                    } else {
                        scan
                    }
                }
                _ => {
                    let more = match kind_or!(self, i, Tok::TrailingCr) {
                        Kind::Lf => F::MIN,
                        _ => 0,
                    };
                    Scan::new(Tok::DataNewline, i + more)
                }
            };
        }
        let tok = match i - start {
            0 if start < self.data.len() => Tok::Partial,
            0 => Tok::None,
            _ => Tok::DataChars,
        };
        Scan::new(tok, i.min(self.data.len()))
    }
}
