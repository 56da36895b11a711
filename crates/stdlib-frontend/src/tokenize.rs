//! Module `_tokenize`: `TokenizerIter`, the tokenizer as an iterator of tuples.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::{
    BaseException, Bytes, ModuleSpec, Payload, PyResult, Ref, Str, Traverse, TypeObject, TypeSpec,
    Value, Visitor, Vm, payload, tpflags,
};
use taipan_tokenizer::{
    CharColumns, Done, SyntaxError, Token, TokenKind, Tokenizer, TokenizerOptions,
};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_tokenize",
    doc: None,
    functions: &[],
    types: &[&TOKENIZER_ITER],
    exec: None,
};

/// A tokenized text.
struct Tokens {
    text: String,
    /// Tokens, and whether the text had ended when each was read.
    tokens: Vec<(Token, bool)>,
    error: Option<SyntaxError>,
    /// Where each line starts.
    lines: Vec<usize>,
    implicit_newline: bool,
    columns: CharColumns,
    next: usize,
}

/// The payload of `TokenizerIter`.
pub struct TokenizerIter {
    readline: Value,
    encoding: Option<Ref<Str>>,
    extra_tokens: bool,
    tokens: RefCell<Option<Tokens>>,
    /// The line that the last token showed, with its number.
    line: RefCell<Option<(u32, Value)>>,
    done: Cell<bool>,
}

payload!(TokenizerIter, gc);

impl Traverse for TokenizerIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.readline);
    }
}

/// `_tokenize.TokenizerIter`
pub static TOKENIZER_ITER: TypeSpec = TypeSpec {
    parts: &[&METHODS],
    flags: tpflags::BASETYPE,
    ..TypeSpec::new(
        "TokenizerIter",
        "_tokenize",
        <TokenizerIter as Payload>::layout,
    )
};

/// All that `readline` gives, as text.
fn read_all(vm: &Vm, readline: &Value, encoding: Option<&Ref<Str>>) -> PyResult<String> {
    let mut out = String::new();
    loop {
        let line = match vm.call0(readline) {
            Ok(v) => v,
            Err(e) => {
                drop(vm.catch(e, &vm.exc().StopIteration)?);
                return Ok(out);
            }
        };
        let text = match encoding {
            None => match line.downcast_ref::<Str>() {
                Some(s) => s.clone(),
                None => return Err(vm.type_error("readline() returned a non-string object")),
            },
            Some(encoding) => {
                let Some(bytes) = line.downcast_ref::<Bytes>() else {
                    return Err(vm.type_error("readline() returned a non-bytes object"));
                };
                if bytes.is_empty() {
                    return Ok(out);
                }
                let args = [
                    encoding.as_value().clone(),
                    vm.new_str("replace")?.into_value(),
                ];
                match vm
                    .call_method_str(&line, "decode", &args)?
                    .downcast::<Str>()
                {
                    Ok(s) => s,
                    Err(_) => return Err(vm.type_error("decoder should return a string result")),
                }
            }
        };
        if text.is_empty() {
            return Ok(out);
        }
        out.push_str(&taipan_object::convert::utf8(vm, &text)?);
    }
}

impl Tokens {
    fn new(vm: &Vm, text: String, extra_tokens: bool) -> PyResult<Tokens> {
        let options = TokenizerOptions {
            extra_tokens,
            ..TokenizerOptions::default()
        };
        let mut tokens = Vec::new();
        let mut error = None;
        let mut tokenizer = Tokenizer::new(&text, options);
        loop {
            match tokenizer.next_token() {
                Ok(t) => {
                    tokens.push((t, tokenizer.done() == Done::Eof));
                    if t.kind == TokenKind::Endmarker {
                        break;
                    }
                }
                Err(e) => {
                    error = Some(e);
                    break;
                }
            }
        }
        let warnings = tokenizer.take_warnings();
        drop(tokenizer);
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        let implicit_newline = !text.is_empty() && !text.ends_with('\n');
        let tokens = Tokens {
            text,
            tokens,
            error,
            lines,
            implicit_newline,
            columns: CharColumns::default(),
            next: 0,
        };
        let mut warnings = warnings;
        let filename = vm.new_str("<string>")?;
        taipan_vm::compile::show_warnings(
            vm,
            &mut warnings,
            &filename,
            &taipan_vm::compile::Options::exec(),
        )?;
        Ok(tokens)
    }

    /// The lines from one to another.
    fn lines(&self, first: u32, last: u32) -> &str {
        let at = |n: usize| self.lines.get(n).copied().unwrap_or(self.text.len());
        let start = at((first as usize).saturating_sub(1));
        let end = at(last as usize);
        self.text.get(start..end.max(start)).unwrap_or("")
    }
}

/// Whether the token is, or is part of, a literal of text: such a one shows all of its lines.
fn is_text(kind: TokenKind) -> bool {
    use TokenKind as K;
    matches!(
        kind,
        K::String
            | K::FstringStart
            | K::FstringMiddle
            | K::FstringEnd
            | K::TstringStart
            | K::TstringMiddle
            | K::TstringEnd
    )
}

impl TokenizerIter {
    fn tuple(&self, vm: &Vm, token: Token, ended: bool) -> PyResult {
        let mut guard = self.tokens.borrow_mut();
        let Some(tokens) = guard.as_mut() else {
            return Ok(vm.none());
        };
        let mut kind = token.kind as u8;
        let trailing =
            token.kind == TokenKind::Endmarker || (token.kind == TokenKind::Dedent && ended);
        let text = &tokens.text;
        let (mut col, mut end_col) = tokens.columns.of_token(text, &token);
        let mut string = text
            .get(token.start as usize..(token.end as usize).min(text.len()))
            .unwrap_or("")
            .to_owned();
        let (lineno, end_lineno) = (token.lineno, token.end_lineno);
        let last_line = tokens.lines(end_lineno, end_lineno);
        let implicit = tokens.implicit_newline && !last_line.ends_with('\n');
        if self.extra_tokens {
            if trailing {
                (col, end_col) = (0, 0);
            }
            if kind > TokenKind::Dedent as u8 && kind < TokenKind::Op as u8 {
                kind = TokenKind::Op as u8;
            } else if matches!(token.kind, TokenKind::Newline | TokenKind::Nl) && implicit {
                string.clear();
            }
        }
        // In the parser's mode these tokens have no column.
        let placeless = matches!(
            token.kind,
            TokenKind::Endmarker | TokenKind::Indent | TokenKind::Dedent
        );
        let (col, end_col) = match !self.extra_tokens && placeless {
            true => (-1, -1),
            false => (i64::from(col), i64::from(end_col)),
        };
        let line = if self.extra_tokens && trailing {
            vm.new_str("")?.into_value()
        } else {
            let first = if is_text(token.kind) {
                lineno
            } else {
                end_lineno
            };
            let cached = self
                .line
                .borrow()
                .as_ref()
                .filter(|l| l.0 == first && first == end_lineno)
                .map(|l| l.1.clone());
            match cached {
                Some(v) => v,
                None => {
                    let v = vm.new_str(tokens.lines(first, end_lineno))?.into_value();
                    *self.line.borrow_mut() = (first == end_lineno).then(|| (first, v.clone()));
                    v
                }
            }
        };
        drop(guard);
        let pair = |l: u32, c: i64| -> PyResult {
            Ok(vm
                .new_tuple(vec![vm.new_int(i64::from(l))?, vm.new_int(c)?])?
                .into_value())
        };
        let parts = vec![
            vm.new_int(i64::from(kind))?,
            vm.new_str(&string)?.into_value(),
            pair(lineno, col)?,
            pair(end_lineno, end_col)?,
            line,
        ];
        Ok(vm.new_tuple(parts)?.into_value())
    }
}

#[pymethods(METHODS)]
impl TokenizerIter {
    #[pyslot(
        name = "tokenizeriter",
        params = "(readline, /, *, extra_tokens, encoding=None)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        readline: &Value,
        extra_tokens: bool,
        encoding: Option<&Ref<Str>>,
    ) -> PyResult<Ref<TokenizerIter>> {
        vm.new_object(
            cls,
            TokenizerIter {
                readline: readline.clone(),
                encoding: encoding.cloned(),
                extra_tokens,
                tokens: RefCell::new(None),
                line: RefCell::new(None),
                done: Cell::new(false),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        if this.done.get() {
            return Ok(None);
        }
        if this.tokens.borrow().is_none() {
            let text = read_all(vm, &this.readline, this.encoding.as_ref())?;
            let tokens = Tokens::new(vm, text, this.extra_tokens)?;
            *this.tokens.borrow_mut() = Some(tokens);
        }
        let next = {
            let mut guard = this.tokens.borrow_mut();
            let Some(t) = guard.as_mut() else {
                return Ok(None);
            };
            t.next += 1;
            t.tokens
                .get(t.next - 1)
                .copied()
                .ok_or_else(|| t.error.take())
        };
        match next {
            Ok((token, ended)) => {
                if token.kind == TokenKind::Endmarker {
                    this.done.set(true);
                }
                this.tuple(vm, token, ended).map(Some)
            }
            Err(error) => {
                this.done.set(true);
                match error {
                    Some(e) => {
                        let filename = vm.new_str("<string>")?;
                        let exc = taipan_vm::compile::new_syntax_error(vm, &e, &filename)?;
                        // This one is made without its place, which is put in afterwards.
                        if e.msg == "unexpected EOF in multi-line statement"
                            && let Some(base) = exc.downcast_ref::<BaseException>()
                        {
                            base.args
                                .set(Some(vm.new_tuple(vec![vm.new_str(&e.msg)?.into_value()])?));
                        }
                        Err(vm.raise(exc))
                    }
                    None => Ok(None),
                }
            }
        }
    }
}
