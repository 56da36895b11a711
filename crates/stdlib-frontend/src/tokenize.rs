//! Module `_tokenize`: `TokenizerIter`, the tokenizer as an iterator of tuples.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    BaseException, Bytes, ModuleSpec, Object, Payload, PyCell, PyResult, Ref, Str, Traverse, Tuple,
    TypeObject, TypeRef, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};
use taipan_tokenizer::{
    CharColumns, LineTokenizer, SyntaxError, Token, TokenKind, TokenizerOptions,
};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_tokenize",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[&TOKENIZER_ITER],
    exec: None,
};

/// The text as far as it has been read.
struct Text {
    lines: LineTokenizer,
    /// The tokens of the last line, and whether the text had ended when each was read.
    tokens: Vec<(Token, bool)>,
    /// What they became and was not asked for yet.
    tuples: VecDeque<Value>,
    /// What comes after them.
    error: Option<SyntaxError>,
    /// A line lacked its newline; from then on newlines are not shown.
    implicit_newline: bool,
    columns: CharColumns,
    /// Columns in bytes and in characters are the same so far.
    ascii: bool,
    /// The line that the last token showed, with its number.
    line: Option<(u32, Value)>,
    /// The place where the last token ended, which is often where the next one begins.
    last_end: Option<(u32, i32, Value)>,
    /// Short texts of tokens, by a few bits of their bytes: most come again soon.
    recent: Vec<Option<Ref<Str>>>,
    /// There is no more to read.
    ended: bool,
}

/// The payload of `TokenizerIter`.
pub struct TokenizerIter {
    readline: Value,
    encoding: Option<Ref<Str>>,
    extra_tokens: bool,
    /// What tokens are to be, if not plain tuples: a class of named tuples.
    class: PyCell<Option<TypeRef>>,
    text: RefCell<Text>,
    done: Cell<bool>,
}

payload!(TokenizerIter, gc);

impl Traverse for TokenizerIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.readline);
        if let Some(class) = self.class.get() {
            visit(class.as_value());
        }
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

/// What `readline` gives next; nothing at the end.
fn read_line(vm: &Vm, readline: &Value, encoding: Option<&Ref<Str>>) -> PyResult<Option<Ref<Str>>> {
    let line = match vm.call0(readline) {
        Ok(v) => v,
        Err(e) => {
            drop(vm.catch(e, &vm.exc().StopIteration)?);
            return Ok(None);
        }
    };
    let text = match encoding {
        None => match line.downcast::<Str>() {
            Ok(s) => s,
            Err(_) => return Err(vm.type_error("readline() returned a non-string object")),
        },
        Some(encoding) => {
            let Some(bytes) = line.downcast_ref::<Bytes>() else {
                return Err(vm.type_error("readline() returned a non-bytes object"));
            };
            if bytes.is_empty() {
                return Ok(None);
            }
            // ASCII is the same in UTF-8, which nearly all have.
            let ascii = bytes.as_slice().is_ascii();
            match encoding.as_ascii().filter(|e| ascii && *e == "utf-8") {
                Some(_) => vm.new_str(std::str::from_utf8(bytes.as_slice()).unwrap_or_default())?,
                None => {
                    let args = [
                        encoding.as_value().clone(),
                        vm.new_str("replace")?.into_value(),
                    ];
                    match vm
                        .call_method_str(&line, "decode", &args)?
                        .downcast::<Str>()
                    {
                        Ok(s) => s,
                        Err(_) => {
                            return Err(vm.type_error("decoder should return a string result"));
                        }
                    }
                }
            }
        }
    };
    Ok((!text.is_empty()).then_some(text))
}

/// How many texts are remembered.
const RECENT: usize = 256;
/// How long they are at most.
const LONGEST_RECENT: usize = 16;

/// A string of this text, perhaps one that was made before.
fn recent_string(vm: &Vm, recent: &mut [Option<Ref<Str>>], text: &str) -> PyResult<Ref<Str>> {
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last), true) =
        (bytes.first(), bytes.last(), bytes.len() <= LONGEST_RECENT)
    else {
        return vm.new_str(text);
    };
    let middle = bytes.get(bytes.len() / 2).copied().unwrap_or(0);
    let mixed = usize::from(first) ^ usize::from(last) << 2 ^ usize::from(middle) << 1;
    let Some(place) = recent.get_mut((mixed ^ bytes.len() << 5) % RECENT) else {
        return vm.new_str(text);
    };
    if let Some(known) = place
        && known.as_ascii() == Some(text)
    {
        return Ok(known.clone());
    }
    let string = vm.new_str(text)?;
    *place = Some(string.clone());
    Ok(string)
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

/// The functions of the module.
#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Make a TokenizerIter give instances of a class of named tuples, and return it.
    #[pyfunction(sig = "($module, tokens, cls, /)")]
    fn _named(vm: &Vm, tokens: &Ref<TokenizerIter>, cls: &Ref<TypeObject>) -> PyResult {
        if !std::ptr::eq(cls.layout(), Tuple::layout()) {
            return Err(vm.type_error("_named() argument 2 must be a class of tuples"));
        }
        tokens.class.set(Some(cls.clone()));
        Ok(tokens.as_value().clone())
    }
}

impl TokenizerIter {
    /// Reads a line, and its tokens.
    fn advance(&self, vm: &Vm) -> PyResult<()> {
        let line = read_line(vm, &self.readline, self.encoding.as_ref())?;
        let mut guard = self.text.borrow_mut();
        let text = &mut *guard;
        match line {
            Some(line) => {
                let line = taipan_object::convert::utf8(vm, &line)?;
                text.ascii &= line.is_ascii();
                text.implicit_newline |= !line.ends_with('\n');
                if text.lines.push_line(&line) {
                    text.columns = CharColumns::default();
                }
            }
            None => {
                text.ended = true;
                text.lines.end();
            }
        }
        let tokens = &mut text.tokens;
        let result = text.lines.read(|token, ended| tokens.push((token, ended)));
        text.error = result.err();
        let mut warnings = text.lines.take_warnings();
        let made = self.make_tuples(vm, text);
        drop(guard);
        made?;
        if warnings.is_empty() {
            return Ok(());
        }
        let filename = vm.new_str("<string>")?;
        let options = taipan_vm::compile::Options::exec();
        taipan_vm::compile::show_warnings(vm, &mut warnings, &filename, &options)
    }

    /// Makes tuples of the tokens that have been read.
    fn make_tuples(&self, vm: &Vm, state: &mut Text) -> PyResult<()> {
        let class = self.class.get();
        let class = match &class {
            Some(class) => class.object(),
            None => vm.types().tuple.object(),
        };
        let mut tokens = std::mem::take(&mut state.tokens);
        for (token, ended) in tokens.drain(..) {
            let tuple = self.tuple(vm, state, class, token, ended)?;
            state.tuples.push_back(tuple);
        }
        state.tokens = tokens;
        Ok(())
    }

    #[inline]
    fn tuple(
        &self,
        vm: &Vm,
        state: &mut Text,
        class: &Object<TypeObject>,
        token: Token,
        ended: bool,
    ) -> PyResult {
        let text = state.lines.text();
        let mut kind = token.kind as u8;
        let trailing =
            token.kind == TokenKind::Endmarker || (token.kind == TokenKind::Dedent && ended);
        let (mut col, mut end_col) = if state.ascii && !trailing {
            (token.col_offset, token.end_col_offset)
        } else {
            state.columns.of_token(text, &token)
        };
        let (lineno, end_lineno) = (token.lineno, token.end_lineno);
        let (start, end) = (token.start as usize, (token.end as usize).min(text.len()));
        let mut string = text.get(start..end).unwrap_or("");
        if self.extra_tokens {
            if trailing {
                (col, end_col) = (0, 0);
            }
            if kind > TokenKind::Dedent as u8 && kind < TokenKind::Op as u8 {
                kind = TokenKind::Op as u8;
            } else if matches!(token.kind, TokenKind::Newline | TokenKind::Nl)
                && state.implicit_newline
            {
                string = "";
            }
        }
        // In the parser's mode these tokens have no column.
        let placeless = matches!(
            token.kind,
            TokenKind::Endmarker | TokenKind::Indent | TokenKind::Dedent
        );
        // What begins before its line has column -1.
        let (col, end_col) = match !self.extra_tokens && placeless {
            true => (-1, -1),
            false => (col as i32, end_col as i32),
        };
        let line = if self.extra_tokens && trailing {
            vm.new_str("")?.into_value()
        } else {
            let first = if is_text(token.kind) {
                lineno
            } else {
                end_lineno
            };
            let known = state
                .line
                .as_ref()
                .filter(|l| l.0 == first && first == end_lineno);
            match known {
                Some(l) => l.1.clone(),
                None => {
                    let last_start = end.saturating_sub(token.end_col_offset as usize);
                    let first_start = match first == end_lineno {
                        true => last_start,
                        false => start.saturating_sub(token.col_offset as usize),
                    };
                    let rest = text.get(last_start..).unwrap_or("");
                    let length = rest.find('\n').map_or(rest.len(), |i| i + 1);
                    let mut line = text.get(first_start..last_start + length).unwrap_or("");
                    if state.implicit_newline {
                        line = line.strip_suffix('\n').unwrap_or(line);
                    }
                    let v = vm.new_str(line)?.into_value();
                    state.line = (first == end_lineno).then(|| (first, v.clone()));
                    v
                }
            }
        };
        let string = recent_string(vm, &mut state.recent, string)?.into_value();
        let pair = |l: u32, c: i32| -> PyResult {
            let pair = [vm.new_int(i64::from(l))?, vm.new_int(i64::from(c))?];
            Ok(vm.new_tuple_array(pair)?.into_value())
        };
        let end_place = pair(end_lineno, end_col)?;
        let last_end = Some((end_lineno, end_col, end_place.clone()));
        let start_place = match std::mem::replace(&mut state.last_end, last_end) {
            Some((l, c, place)) if (l, c) == (lineno, col) => place,
            _ => pair(lineno, col)?,
        };
        let parts = [
            vm.new_int(i64::from(kind))?,
            string,
            start_place,
            end_place,
            line,
        ];
        Ok(vm.new_tuple_array_of(class, parts)?.into_value())
    }

    fn raise(&self, vm: &Vm, error: SyntaxError) -> PyResult<Option<Value>> {
        self.done.set(true);
        let filename = vm.new_str("<string>")?;
        let exc = taipan_vm::compile::new_syntax_error(vm, &error, &filename)?;
        // This one is made without its place, which is put in afterwards.
        if error.msg == "unexpected EOF in multi-line statement"
            && let Some(base) = exc.downcast_ref::<BaseException>()
        {
            base.args.set(Some(
                vm.new_tuple(vec![vm.new_str(&error.msg)?.into_value()])?,
            ));
        }
        Err(vm.raise(exc))
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
        let options = TokenizerOptions {
            extra_tokens,
            iterated: true,
            ..TokenizerOptions::default()
        };
        vm.new_object(
            cls,
            TokenizerIter {
                readline: readline.clone(),
                encoding: encoding.cloned(),
                extra_tokens,
                class: PyCell::new(None),
                text: RefCell::new(Text {
                    lines: LineTokenizer::new(options),
                    tokens: Vec::new(),
                    tuples: VecDeque::new(),
                    error: None,
                    implicit_newline: false,
                    columns: CharColumns::default(),
                    ascii: true,
                    line: None,
                    last_end: None,
                    recent: vec![None; RECENT],
                    ended: false,
                }),
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
        loop {
            let (error, ended) = {
                let mut text = this.text.borrow_mut();
                if let Some(next) = text.tuples.pop_front() {
                    return Ok(Some(next));
                }
                (text.error.take(), text.ended)
            };
            if let Some(error) = error {
                return this.raise(vm, error);
            }
            if ended {
                this.done.set(true);
                return Ok(None);
            }
            if let Err(e) = this.advance(vm) {
                this.done.set(true);
                return Err(e);
            }
        }
    }
}
