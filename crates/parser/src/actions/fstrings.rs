//! f-strings and t-strings: their text, replacement fields and format specifications.

use std::borrow::Cow;

use taipan_ast::{Constant, Expr, ExprKind, Location};
use taipan_tokenizer::string_literal::{EscapeError, expression_text};
use taipan_wtf8::Wtf8;

use super::{Conversion, FormatSpec, is_empty_text};
use crate::errors::ParseError;
use crate::generated::number;
use crate::parser::{Parser, Tok};

impl<'a> Parser<'a> {
    /// A piece of text as it stands; the end of the string, whose prefix counts, decodes it.
    pub fn constant_from_token(&mut self, tok: Tok) -> &'a Expr<'a> {
        let value = Constant::Str(Wtf8::new(self.text(tok)));
        self.constant(value, None, self.entry(tok).loc)
    }

    /// A piece of text of a format specification.
    pub fn decoded_constant_from_token(&mut self, tok: Tok) -> Option<&'a Expr<'a>> {
        let raw = self
            .open_string()
            .is_some_and(|start| self.text(start).contains(['r', 'R']));
        let value = match self.decode_or_error(self.text(tok), raw, tok) {
            Ok(text) => Constant::Str(text),
            // CPython's decoder is called directly here, and its error stays what it is.
            Err(EscapeError::Unicode(error)) => {
                return self.raise_other(ParseError::Unicode(error));
            }
            Err(error) => return self.raise_last(error.to_string()),
        };
        Some(self.constant(value, None, self.entry(tok).loc))
    }

    /// An f-string.
    pub fn joined_str(
        &mut self,
        first: Tok,
        parts: &'a [Expr<'a>],
        last: Tok,
    ) -> Option<&'a Expr<'a>> {
        let values = self.string_parts(first, parts, last)?;
        Some(self.string_node(ExprKind::JoinedStr { values }, first, last))
    }

    /// A t-string.
    pub fn template_str(
        &mut self,
        first: Tok,
        parts: &'a [Expr<'a>],
        last: Tok,
    ) -> Option<&'a Expr<'a>> {
        let values = self.string_parts(first, parts, last)?;
        let node = self.string_node(ExprKind::TemplateStr { values }, first, last);
        self.since(14, "t-strings are", node)
    }

    fn string_node(&self, kind: ExprKind<'a>, first: Tok, last: Tok) -> &'a Expr<'a> {
        let (first, last) = (self.entry(first).loc, self.entry(last).loc);
        let loc = Location::new(
            first.lineno,
            first.col_offset,
            last.end_lineno,
            last.end_col_offset,
        );
        self.arena.alloc(Expr { kind, loc })
    }

    /// The parts of an f-string with their text decoded and empty text left out. A field with `=` is a `JoinedStr` of
    /// its text and its value here; the two become parts of their own.
    fn string_parts(
        &mut self,
        first: Tok,
        parts: &'a [Expr<'a>],
        last: Tok,
    ) -> Option<&'a [Expr<'a>]> {
        let raw = self.text(first).contains(['r', 'R']);
        let mut values = Vec::with_capacity(parts.len());
        for part in parts {
            match part.kind {
                // The text of a field with `=` stands as it is.
                ExprKind::JoinedStr { values: pair } => values.extend_from_slice(pair),
                ExprKind::Constant {
                    value: Constant::Str(text),
                    ..
                } => {
                    let text = match text.to_str().unwrap_or("") {
                        "{{" => "{",
                        "}}" => "}",
                        text => text,
                    };
                    let text = self.decode(text, raw, last)?;
                    if !is_empty_text(text) {
                        values.push(*self.constant(Constant::Str(text), None, part.loc));
                    }
                }
                _ => values.push(*part),
            }
        }
        Some(self.arena.alloc_slice(&values))
    }

    /// The start of the innermost f-string or t-string that is open before the next token.
    fn open_string(&self) -> Option<Tok> {
        let mut depth = 0;
        for place in (0..self.mark).rev() {
            let tok = Tok(place as u32);
            match self.entry(tok).kind {
                number::FSTRING_END | number::TSTRING_END => depth += 1,
                number::FSTRING_START | number::TSTRING_START if depth == 0 => return Some(tok),
                number::FSTRING_START | number::TSTRING_START => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// `f` or `t`, as the innermost open string is.
    fn string_prefix(&self) -> char {
        match self.open_string() {
            Some(tok) if self.entry(tok).kind == number::TSTRING_START => 't',
            _ => 'f',
        }
    }

    /// The `!` and the name after it.
    pub fn check_fstring_conversion(
        &mut self,
        mark: Tok,
        name: &'a Expr<'a>,
    ) -> Option<Conversion<'a>> {
        let loc = self.entry(mark).loc;
        if loc.lineno != name.loc.lineno || loc.end_col_offset != name.loc.col_offset {
            let prefix = self.string_prefix();
            let msg = format!(
                "{prefix}-string: conversion type must come right after the exclamation mark"
            );
            self.raise_range(mark, name, msg);
            return None;
        }
        let character = match self.identifier_of(name) {
            "s" => b's',
            "r" => b'r',
            "a" => b'a',
            other => {
                let prefix = self.string_prefix();
                let msg = format!(
                    "{prefix}-string: invalid conversion character '{other}': expected 's', 'r', or 'a'"
                );
                self.raise_at(name, msg);
                return None;
            }
        };
        Some(Conversion {
            mark,
            name,
            character,
        })
    }

    /// A format specification. One without text and fields is an empty `JoinedStr`.
    pub fn full_format_spec(
        &mut self,
        start: usize,
        colon: Tok,
        parts: &'a [Expr<'a>],
    ) -> Option<FormatSpec<'a>> {
        let is_empty = |part: &Expr<'a>| matches!(part.kind, ExprKind::Constant { value: Constant::Str(t), .. } if is_empty_text(t));
        let values: Vec<Expr<'a>> = parts.iter().filter(|p| !is_empty(p)).copied().collect();
        let values = self.arena.alloc_slice(&values);
        let plain = match values {
            [] => true,
            [only] => matches!(only.kind, ExprKind::Constant { .. }),
            _ => false,
        };
        let value = if plain {
            self.expr(ExprKind::JoinedStr { values }, start)
        } else {
            self.concatenate_strings(start, values)?
        };
        Some(FormatSpec { colon, value })
    }

    /// The number that stands for a conversion; -1 for none. A field with `=` and neither conversion nor format
    /// specification shows its `repr`.
    fn conversion_number(
        debug: bool,
        conversion: Option<Conversion<'a>>,
        format: Option<FormatSpec<'a>>,
    ) -> i32 {
        match conversion {
            Some(conversion) => i32::from(conversion.character),
            None if debug && format.is_none() => i32::from(b'r'),
            None => -1,
        }
    }

    /// The source between the opening brace, which is the token at `start`, and another token, without comments.
    fn field_text(&self, start: usize, end: Tok) -> &'a str {
        let from = self.entry(Tok(start as u32)).end as usize;
        let to = self.entry(end).start as usize;
        match expression_text(self.source.get(from..to).unwrap_or("")) {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => self.arena.alloc_str(&text),
        }
    }

    /// The text of a field with `=` and the field, as one node that [`Parser::joined_str`] takes apart.
    fn with_debug_text(
        &mut self,
        start: usize,
        field: &'a Expr<'a>,
        conversion: Option<Conversion<'a>>,
        format: Option<FormatSpec<'a>>,
        rbrace: Tok,
    ) -> &'a Expr<'a> {
        let (end, end_lineno, end_col) = if let Some(conversion) = conversion {
            let loc = conversion.name.loc;
            (conversion.mark, loc.lineno, loc.col_offset)
        } else if let Some(format) = format {
            let loc = format.value.loc;
            (format.colon, loc.lineno, loc.col_offset + 1)
        } else {
            (rbrace, field.loc.end_lineno, field.loc.end_col_offset)
        };
        let loc = field.loc;
        let text = self.constant(
            Constant::Str(Wtf8::new(self.field_text(start, end))),
            None,
            Location::new(
                loc.lineno,
                loc.col_offset + 1,
                end_lineno,
                end_col.saturating_sub(1),
            ),
        );
        let values = self.arena.alloc_slice(&[*text, *field]);
        let loc = Location::new(loc.lineno, loc.col_offset, end_lineno, end_col);
        self.arena.alloc(Expr {
            kind: ExprKind::JoinedStr { values },
            loc,
        })
    }

    /// A replacement field of an f-string.
    pub fn formatted_value(
        &mut self,
        start: usize,
        value: &'a Expr<'a>,
        debug: Option<Tok>,
        conversion: Option<Conversion<'a>>,
        format: Option<FormatSpec<'a>>,
        rbrace: Tok,
    ) -> Option<&'a Expr<'a>> {
        let kind = ExprKind::FormattedValue {
            value,
            conversion: Self::conversion_number(debug.is_some(), conversion, format),
            format_spec: format.map(|f| f.value),
        };
        let field = self.expr(kind, start);
        if debug.is_none() {
            return Some(field);
        }
        Some(self.with_debug_text(start, field, conversion, format, rbrace))
    }

    /// A replacement field of a t-string.
    pub fn interpolation(
        &mut self,
        start: usize,
        value: &'a Expr<'a>,
        debug: Option<Tok>,
        conversion: Option<Conversion<'a>>,
        format: Option<FormatSpec<'a>>,
        rbrace: Tok,
    ) -> Option<&'a Expr<'a>> {
        let conversion_number = Self::conversion_number(debug.is_some(), conversion, format);
        let end = debug.or(conversion.map(|c| c.mark));
        let end = end.or(format.map(|f| f.colon)).unwrap_or(rbrace);
        let text = self.field_text(start, end);
        let kind = ExprKind::Interpolation {
            value,
            str: Constant::Str(Wtf8::new(text)),
            conversion: conversion_number,
            format_spec: format.map(|f| f.value),
        };
        let field = self.expr(kind, start);
        if debug.is_none() {
            return Some(field);
        }
        Some(self.with_debug_text(start, field, conversion, format, rbrace))
    }
}
