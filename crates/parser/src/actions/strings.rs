//! String and bytes literals, and their concatenation.

use std::borrow::Cow;

use taipan_ast::{Constant, Expr, ExprKind, Location};
use taipan_tokenizer::string_literal::{
    EscapeError, InvalidEscape, Literal, decode_bytes, decode_str,
};
use taipan_tokenizer::{SyntaxErrorKind, SyntaxWarning, WarningCategory};
use taipan_wtf8::{Wtf8, Wtf8Buf};

use super::is_empty_text;
use crate::errors::Column;
use crate::generated::number;
use crate::parser::{Parser, Tok};

impl<'a> Parser<'a> {
    /// The constant of a STRING token.
    pub fn constant_from_string(&mut self, tok: Tok) -> Option<&'a Expr<'a>> {
        let loc = self.entry(tok).loc;
        let literal = Literal::parse(self.text(tok))?;
        let value = if literal.bytes {
            match decode_bytes(literal.body, literal.raw) {
                Ok(decoded) => {
                    if let Some(escape) = decoded.invalid_escape {
                        self.warn_invalid_escape(literal.body, escape, tok);
                    }
                    Constant::Bytes(match decoded.value {
                        Cow::Borrowed(bytes) => self.arena.alloc_bytes(bytes),
                        Cow::Owned(bytes) => self.arena.alloc_bytes(&bytes),
                    })
                }
                Err(error @ EscapeError::NonAsciiBytes) => {
                    self.raise_at(tok, error.to_string());
                    return None;
                }
                Err(error) => return self.raise_last(error.to_string()),
            }
        } else {
            Constant::Str(self.decode(literal.body, literal.raw, tok)?)
        };
        // Only the lower-case prefix is recorded.
        let kind = self.text(tok).starts_with('u').then_some("u");
        Some(self.constant(value, kind, loc))
    }

    /// A `Constant` node.
    pub fn constant(
        &self,
        value: Constant<'a>,
        kind: Option<&'a str>,
        loc: Location,
    ) -> &'a Expr<'a> {
        let kind = ExprKind::Constant { value, kind };
        self.arena.alloc(Expr { kind, loc })
    }

    /// The value of a literal's body, which is a piece of the source.
    pub fn decode(&mut self, body: &'a str, raw: bool, tok: Tok) -> Option<&'a Wtf8> {
        match self.decode_or_error(body, raw, tok) {
            Ok(text) => Some(text),
            Err(error) => self.raise_last(error.to_string()),
        }
    }

    /// The same, with the error handed back.
    pub fn decode_or_error(
        &mut self,
        body: &'a str,
        raw: bool,
        tok: Tok,
    ) -> Result<&'a Wtf8, EscapeError> {
        let decoded = decode_str(body, raw, taipan_unicode_name)?;
        if let Some(escape) = decoded.invalid_escape {
            self.warn_invalid_escape(body, escape, tok);
        }
        Ok(match decoded.value {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => self.arena.alloc_wtf8(&text),
        })
    }

    #[cold]
    fn warn_invalid_escape(&mut self, body: &str, escape: InvalidEscape<'_>, tok: Tok) {
        let entry = self.entry(tok);
        let brace = matches!(escape.text, "{" | "}");
        let in_fstring = matches!(
            entry.kind,
            number::FSTRING_MIDDLE
                | number::FSTRING_END
                | number::TSTRING_MIDDLE
                | number::TSTRING_END
        );
        // The tokenizer has warned of braces already, and the pass for errors repeats what the one before did.
        if self.invalid || (in_fstring && brace) {
            return;
        }
        let before = body.get(..=escape.offset).unwrap_or("");
        let lineno = entry.loc.lineno + before.bytes().filter(|b| *b == b'\n').count() as u32;
        // CPython counts in the text that its decoder is given, in which `\\U000000e9` stands for `é`.
        let columns = |text: &str| -> u32 {
            let width = |c: char| if c.is_ascii() { 1 } else { 10 };
            text.chars().map(width).sum()
        };
        let column = match before.rsplit_once('\n') {
            Some((_, line)) => columns(line),
            None => {
                let text = self.text(tok).bytes();
                let quotes = text.take_while(|b| matches!(b, b'\'' | b'"')).count();
                entry.loc.col_offset + columns(before) + quotes as u32
            }
        };
        let as_error = self.error_at_columns(
            SyntaxErrorKind::SyntaxError,
            lineno,
            Column::Byte(column.saturating_sub(1)),
            lineno,
            Column::Byte(column + 1),
            escape.error(),
        );
        let category = if self.options.feature_version >= 12 {
            WarningCategory::SyntaxWarning
        } else {
            WarningCategory::DeprecationWarning
        };
        self.warnings.push(SyntaxWarning {
            category,
            msg: escape.warning(),
            lineno,
            as_error,
        });
    }

    /// Adjacent string literals as one.
    pub fn concatenate_strings(
        &mut self,
        start: usize,
        strings: &'a [Expr<'a>],
    ) -> Option<&'a Expr<'a>> {
        let mut bytes = false;
        let mut text = false;
        let mut formatted = false;
        for string in strings {
            match string.kind {
                ExprKind::Constant {
                    value: Constant::Bytes(_),
                    ..
                } => bytes = true,
                ExprKind::Constant { .. } => text = true,
                _ => formatted = true,
            }
        }
        if bytes && (text || formatted) {
            return self.raise_last("cannot mix bytes and nonbytes literals".to_owned());
        }
        if let ([only], false) = (strings, formatted) {
            return Some(only);
        }
        if bytes {
            let mut all = Vec::new();
            for string in strings {
                if let ExprKind::Constant {
                    value: Constant::Bytes(part),
                    ..
                } = string.kind
                {
                    all.extend_from_slice(part);
                }
            }
            let value = Constant::Bytes(self.arena.alloc_bytes(&all));
            return Some(self.constant(value, None, self.loc(start)));
        }
        let values = self.fold_text(strings, formatted);
        if !formatted {
            return values.first();
        }
        Some(self.expr(ExprKind::JoinedStr { values }, start))
    }

    /// Adjacent t-strings as one.
    pub fn concatenate_tstrings(&mut self, start: usize, strings: &'a [Expr<'a>]) -> &'a Expr<'a> {
        let values = self.fold_text(strings, true);
        self.expr(ExprKind::TemplateStr { values }, start)
    }

    /// The parts of f-strings or t-strings, neighbouring pieces of text as one; with `drop_empty`, empty text is left
    /// out.
    fn fold_text(&mut self, strings: &'a [Expr<'a>], drop_empty: bool) -> &'a [Expr<'a>] {
        let flat: Vec<Expr<'a>> = strings
            .iter()
            .flat_map(|string| match string.kind {
                ExprKind::JoinedStr { values } | ExprKind::TemplateStr { values } => values,
                _ => std::slice::from_ref(string),
            })
            .copied()
            .collect();
        let mut folded: Vec<Expr<'a>> = Vec::with_capacity(flat.len());
        let mut rest = flat.as_slice();
        while let Some((first, tail)) = rest.split_first() {
            rest = tail;
            let Some(mut text) = text_of(first) else {
                folded.push(*first);
                continue;
            };
            let run = tail.iter().take_while(|e| text_of(e).is_some()).count();
            let (more, tail) = tail.split_at(run);
            rest = tail;
            let mut node = *first;
            if let Some(last) = more.last() {
                let mut joined = Wtf8Buf::with_capacity(text.len());
                joined.push_wtf8(text);
                more.iter()
                    .filter_map(text_of)
                    .for_each(|t| joined.push_wtf8(t));
                text = self.arena.alloc_wtf8(&joined);
                if let ExprKind::Constant { value, .. } = &mut node.kind {
                    *value = Constant::Str(text);
                }
                node.loc.end_lineno = last.loc.end_lineno;
                node.loc.end_col_offset = last.loc.end_col_offset;
            }
            if !(drop_empty && is_empty_text(text)) {
                folded.push(node);
            }
        }
        self.arena.alloc_slice(&folded)
    }
}

/// The value of a constant that is text.
fn text_of<'a>(expr: &Expr<'a>) -> Option<&'a Wtf8> {
    match expr.kind {
        ExprKind::Constant {
            value: Constant::Str(text),
            ..
        } => Some(text),
        _ => None,
    }
}

/// The character with a Unicode name, for `\N{..}`.
fn taipan_unicode_name(name: &str) -> Option<char> {
    match taipan_unicode::names::lookup(name)? {
        taipan_unicode::names::Named::Char(point) => char::from_u32(point),
        _ => None,
    }
}
