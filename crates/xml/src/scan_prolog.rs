//! The scanner's part for the prolog and the document type.

use crate::bytes::Kind;
use crate::form::Form;
use crate::scan::{Part, Scanner, invalid, kind_or, name_or, need};
use crate::token::{Scan, Tok};

impl<F: Form> Scanner<'_, F> {
    /// The token at `i` in the prolog.
    pub(crate) fn prolog(&self, mut i: usize) -> Scan {
        let Some(kind) = self.kind(i) else {
            let tok = if i < self.data.len() {
                Tok::Partial
            } else {
                Tok::None
            };
            return Scan::new(tok, i);
        };
        let one = |tok| Scan::new(tok, i + F::MIN);
        let mut tok = Tok::Name;
        match kind {
            Kind::Quot | Kind::Apos => return self.literal(i + F::MIN, kind),
            Kind::Lt => return self.prolog_lt(i),
            Kind::Cr if self.kind(i + F::MIN).is_none() => {
                // The first half of a line's end, perhaps.
                return Scan::tentative(Tok::PrologSpace, i + F::MIN);
            }
            Kind::Cr | Kind::Space | Kind::Lf => return self.prolog_space(i),
            Kind::Percent => return self.percent(i + F::MIN),
            Kind::Comma => return one(Tok::Comma),
            Kind::Lsqb => return one(Tok::OpenBracket),
            Kind::Rsqb => {
                i += F::MIN;
                if self.kind(i).is_none() {
                    return Scan::tentative(Tok::CloseBracket, i);
                }
                if self.is(i, b']') {
                    need!(self, i + F::MIN);
                    if self.is(i + F::MIN, b'>') {
                        return Scan::new(Tok::CondSectClose, i + 2 * F::MIN);
                    }
                }
                return Scan::new(Tok::CloseBracket, i);
            }
            Kind::Lpar => return one(Tok::OpenParen),
            Kind::Rpar => {
                i += F::MIN;
                let Some(kind) = self.kind(i) else {
                    return Scan::tentative(Tok::CloseParen, i);
                };
                return match kind {
                    Kind::Asterisk => Scan::new(Tok::CloseParenAsterisk, i + F::MIN),
                    Kind::Quest => Scan::new(Tok::CloseParenQuestion, i + F::MIN),
                    Kind::Plus => Scan::new(Tok::CloseParenPlus, i + F::MIN),
                    Kind::Cr
                    | Kind::Lf
                    | Kind::Space
                    | Kind::Gt
                    | Kind::Comma
                    | Kind::Bar
                    | Kind::Rpar => Scan::new(Tok::CloseParen, i),
                    _ => invalid(i),
                };
            }
            Kind::Bar => return one(Tok::Or),
            Kind::Gt => return one(Tok::DeclClose),
            Kind::Num => return self.pound_name(i + F::MIN),
            Kind::NameStart | Kind::Hex => i += F::MIN,
            Kind::Digit | Kind::Name | Kind::Minus | Kind::Colon => {
                tok = Tok::Nmtoken;
                i += F::MIN;
            }
            Kind::Lead2 | Kind::Lead3 | Kind::Lead4 | Kind::NonAscii => {
                let n = match kind {
                    Kind::Lead2 => 2,
                    Kind::Lead3 => 3,
                    Kind::Lead4 => 4,
                    _ => F::MIN,
                };
                if let Err(scan) = self.sequence(i, n) {
                    return scan;
                }
                if self.form.starts_name(self.data, i, n) {
                    tok = Tok::Name;
                } else if self.form.in_name(self.data, i, n) {
                    tok = Tok::Nmtoken;
                } else {
                    return invalid(i);
                }
                i += n;
            }
            _ => return invalid(i),
        }
        self.prolog_name(i, tok)
    }

    /// Behind the first character of a name or a name token.
    fn prolog_name(&self, mut i: usize, mut tok: Tok) -> Scan {
        loop {
            let Some(kind) = self.kind(i) else {
                return Scan::tentative(tok, i);
            };
            i += name_or!(
                self.name_part(i, kind),
                match kind {
                    Kind::Gt
                    | Kind::Rpar
                    | Kind::Comma
                    | Kind::Bar
                    | Kind::Lsqb
                    | Kind::Percent
                    | Kind::Space
                    | Kind::Cr
                    | Kind::Lf => return Scan::new(tok, i),
                    Kind::Colon if tok == Tok::Name => {
                        i += F::MIN;
                        let kind = need!(self, i);
                        match self.name_part(i, kind) {
                            Part::Char(n) => {
                                tok = Tok::PrefixedName;
                                n
                            }
                            Part::Stop(scan) => return scan,
                            Part::Else => {
                                tok = Tok::Nmtoken;
                                0
                            }
                        }
                    }
                    Kind::Colon => {
                        tok = Tok::Nmtoken;
                        F::MIN
                    }
                    Kind::Plus | Kind::Asterisk | Kind::Quest => {
                        if tok == Tok::Nmtoken {
                            return invalid(i);
                        }
                        let tok = match kind {
                            Kind::Plus => Tok::NamePlus,
                            Kind::Asterisk => Tok::NameAsterisk,
                            _ => Tok::NameQuestion,
                        };
                        return Scan::new(tok, i + F::MIN);
                    }
                    _ => return invalid(i),
                }
            );
        }
    }

    /// At `<`.
    fn prolog_lt(&self, lt: usize) -> Scan {
        let i = lt + F::MIN;
        match need!(self, i) {
            Kind::Excl => self.declaration(i + F::MIN),
            Kind::Quest => self.pi(i + F::MIN),
            Kind::NameStart
            | Kind::Hex
            | Kind::NonAscii
            | Kind::Lead2
            | Kind::Lead3
            | Kind::Lead4 => Scan::new(Tok::InstanceStart, lt),
            _ => invalid(i),
        }
    }

    fn prolog_space(&self, mut i: usize) -> Scan {
        loop {
            i += F::MIN;
            match self.kind(i) {
                Some(Kind::Space | Kind::Lf) => {}
                // Halves of a line's end stay together.
                Some(Kind::Cr) if self.kind(i + F::MIN).is_some() => {}
                _ => return Scan::new(Tok::PrologSpace, i),
            }
        }
    }

    /// Behind `<!`.
    fn declaration(&self, mut i: usize) -> Scan {
        match need!(self, i) {
            Kind::Minus => return self.comment(i + F::MIN),
            Kind::Lsqb => return Scan::new(Tok::CondSectOpen, i + F::MIN),
            Kind::NameStart | Kind::Hex => {}
            _ => return invalid(i),
        }
        loop {
            i += F::MIN;
            match need!(self, i) {
                Kind::NameStart | Kind::Hex => {}
                Kind::Space | Kind::Cr | Kind::Lf => return Scan::new(Tok::DeclOpen, i),
                Kind::Percent => {
                    // `<!ENTITY% foo "whatever">` is not allowed.
                    return match need!(self, i + F::MIN) {
                        Kind::Space | Kind::Cr | Kind::Lf | Kind::Percent => invalid(i),
                        _ => Scan::new(Tok::DeclOpen, i),
                    };
                }
                _ => return invalid(i),
            }
        }
    }

    /// Behind `%`.
    pub(crate) fn percent(&self, mut i: usize) -> Scan {
        let kind = need!(self, i);
        i += name_or!(
            self.start_part(i, kind),
            match kind {
                Kind::Space | Kind::Lf | Kind::Cr | Kind::Percent => {
                    return Scan::new(Tok::Percent, i);
                }
                _ => return invalid(i),
            }
        );
        loop {
            let kind = need!(self, i);
            i += name_or!(
                self.name_part(i, kind),
                match kind {
                    Kind::Semi => return Scan::new(Tok::ParamEntityRef, i + F::MIN),
                    _ => return invalid(i),
                }
            );
        }
    }

    /// Behind `#`.
    fn pound_name(&self, mut i: usize) -> Scan {
        let kind = need!(self, i);
        i += name_or!(self.start_part(i, kind), return invalid(i));
        loop {
            let Some(kind) = self.kind(i) else {
                return Scan::tentative(Tok::PoundName, i);
            };
            i += name_or!(
                self.name_part(i, kind),
                match kind {
                    Kind::Cr
                    | Kind::Lf
                    | Kind::Space
                    | Kind::Rpar
                    | Kind::Gt
                    | Kind::Percent
                    | Kind::Bar => return Scan::new(Tok::PoundName, i),
                    _ => return invalid(i),
                }
            );
        }
    }

    /// Behind the opening quote.
    fn literal(&self, mut i: usize, open: Kind) -> Scan {
        loop {
            let kind = need!(self, i);
            match self.any(i, kind) {
                Ok(n) => i += n,
                Err(scan) => return scan,
            }
            if kind == open {
                let Some(kind) = self.kind(i) else {
                    return Scan::tentative(Tok::Literal, i);
                };
                return match kind {
                    Kind::Space | Kind::Cr | Kind::Lf | Kind::Gt | Kind::Percent | Kind::Lsqb => {
                        Scan::new(Tok::Literal, i)
                    }
                    _ => invalid(i),
                };
            }
        }
    }

    /// The whole of a section that is ignored.
    pub(crate) fn ignore_section(&self, mut i: usize) -> Scan {
        let mut level = 0usize;
        loop {
            let kind = kind_or!(self, i, Tok::Partial);
            match self.any(i, kind) {
                Ok(n) => i += n,
                Err(scan) => return scan,
            }
            match kind {
                Kind::Lt => {
                    need!(self, i);
                    if self.is(i, b'!') {
                        i += F::MIN;
                        need!(self, i);
                        if self.is(i, b'[') {
                            i += F::MIN;
                            level += 1;
                        }
                    }
                }
                Kind::Rsqb => {
                    need!(self, i);
                    if self.is(i, b']') {
                        i += F::MIN;
                        need!(self, i);
                        if self.is(i, b'>') {
                            i += F::MIN;
                            if level == 0 {
                                return Scan::new(Tok::IgnoreSection, i);
                            }
                            level -= 1;
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a quoted literal is a public identifier: else the place of the first character that cannot be in one.
    pub(crate) fn check_public_id(&self, start: usize, end: usize) -> Result<(), usize> {
        let mut i = start + F::MIN;
        let end = end - F::MIN;
        while i + F::MIN <= end {
            let fits = match self.kind(i) {
                Some(
                    Kind::Digit
                    | Kind::Hex
                    | Kind::Minus
                    | Kind::Apos
                    | Kind::Lpar
                    | Kind::Rpar
                    | Kind::Plus
                    | Kind::Comma
                    | Kind::Slash
                    | Kind::Equals
                    | Kind::Quest
                    | Kind::Cr
                    | Kind::Lf
                    | Kind::Semi
                    | Kind::Excl
                    | Kind::Asterisk
                    | Kind::Percent
                    | Kind::Num
                    | Kind::Colon,
                ) => true,
                Some(Kind::Space) => !self.is(i, b'\t'),
                Some(Kind::Name | Kind::NameStart) => self.form.ascii(self.data, i) < 0x80,
                _ => matches!(self.form.ascii(self.data, i), b'$' | b'@'),
            };
            if !fits {
                return Err(i);
            }
            i += F::MIN;
        }
        Ok(())
    }
}
