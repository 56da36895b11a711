//! Module `_tokenize`: `TokenizerIter`, the tokenizer as an iterator of tuples.

use std::cell::{Cell, RefCell};

use memchr::memchr;
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::containers::tuple::LastTuples;
use taipan_object::{
    BaseException, Bytes, ModuleSpec, Payload, PyCell, PyResult, Ref, Str, Traverse, Tuple,
    TypeObject, TypeRef, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};
use taipan_text::TextRef;
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
    /// How many of them have been given.
    given: usize,
    /// What comes after them.
    error: Option<SyntaxError>,
    /// A line lacked its newline; from then on newlines are not shown.
    implicit_newline: bool,
    columns: CharColumns,
    /// Columns in bytes and in characters are the same so far.
    ascii: bool,
    /// The line that was read last, if it is shown as it is.
    read: Option<Ref<Str>>,
    /// The number of the line that the last token showed, 0 if it is not to be shown again, and its text.
    line: (u32, Option<Value>),
    /// The place where the last token ended, which is often where the next one begins.
    last_end: (u32, i32),
    /// The tuple that was made for it.
    last_place: Option<Value>,
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
    /// The tuples that were given last, and their places.
    last: LastTuples<2>,
    last_places: LastTuples<8>,
    done: Cell<bool>,
}

payload!(TokenizerIter, gc);

impl Traverse for TokenizerIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.readline);
        if let Some(class) = self.class.get() {
            visit(class.as_value());
        }
        self.last.visit(visit);
        self.last_places.visit(visit);
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
                Some(_) => vm.new_str_text(TextRef::One(bytes.as_slice()))?,
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
        let Ok(mut guard) = self.text.try_borrow_mut() else {
            return Err(vm.runtime_error("the iterator is running already"));
        };
        let text = &mut *guard;
        match line {
            Some(line) => {
                let utf8 = taipan_object::convert::utf8(vm, &line)?;
                let ascii = line.as_ascii().is_some();
                text.ascii &= ascii;
                text.implicit_newline |= !utf8.ends_with('\n');
                if text.lines.push_line(&utf8) {
                    text.columns = CharColumns::default();
                }
                // What was decoded here and is exactly one line is shown itself.
                let first_end = memchr(b'\n', utf8.as_bytes()).map(|at| at + 1);
                let whole = self.encoding.is_some() && ascii && first_end == Some(utf8.len());
                drop(utf8);
                text.read = whole.then_some(line);
            }
            None => {
                text.ended = true;
                text.read = None;
                text.lines.end();
            }
        }
        let tokens = &mut text.tokens;
        tokens.clear();
        text.given = 0;
        let result = text.lines.read(|token, ended| tokens.push((token, ended)));
        text.error = result.err();
        let mut warnings = text.lines.take_warnings();
        drop(guard);
        if warnings.is_empty() {
            return Ok(());
        }
        let filename = vm.new_str("<string>")?;
        let options = taipan_vm::compile::Options::exec();
        taipan_vm::compile::show_warnings(vm, &mut warnings, &filename, &options)
    }

    /// The next token of the last line.
    #[inline]
    fn next_tuple(&self, vm: &Vm, state: &mut Text) -> PyResult<Option<Value>> {
        let Some((token, ended)) = state.tokens.get(state.given) else {
            return Ok(None);
        };
        let (token, ended) = (*token, *ended);
        state.given += 1;
        let again = state.line.0 == token.lineno && token.lineno == token.end_lineno;
        if let (true, Some(line)) = (again && state.ascii && self.extra_tokens, &state.line.1)
            && !ended
        {
            // One more token of an ordinary line.
            let line = line.clone();
            let columns = (token.col_offset as i32, token.end_col_offset as i32);
            return self.make(vm, state, &token, columns, line).map(Some);
        }
        if !self.extra_tokens && state.lines.text().is_empty() {
            // In the parser's mode an empty text has no tokens at all.
            return Ok(None);
        }
        self.place_and_make(vm, state, token, ended).map(Some)
    }

    /// The tuple of a token of any kind.
    #[inline(never)]
    fn place_and_make(
        &self,
        vm: &Vm,
        state: &mut Text,
        token: Token,
        ended: bool,
    ) -> PyResult<Value> {
        let text = state.lines.text();
        let trailing = token.kind == TokenKind::Endmarker
            || token.kind == TokenKind::Dedent
                && (ended || !self.extra_tokens && token.start as usize >= text.len());
        let (mut col, mut end_col) = if state.ascii && !trailing {
            (token.col_offset, token.end_col_offset)
        } else {
            state.columns.of_token(text, &token)
        };
        if self.extra_tokens && trailing {
            (col, end_col) = (0, 0);
        }
        // In the parser's mode these tokens have no column.
        let placeless = matches!(
            token.kind,
            TokenKind::Endmarker | TokenKind::Indent | TokenKind::Dedent
        );
        // What begins before its line has column -1.
        let columns = match !self.extra_tokens && placeless {
            true => (-1, -1),
            false => (col as i32, end_col as i32),
        };
        let line = match trailing {
            true => self.line_at_end(vm, state, &token)?,
            false => self.line_of(vm, state, &token)?,
        };
        self.make(vm, state, &token, columns, line)
    }

    /// The line that a token at the end of the text shows: none, or in the parser's mode that of the last token if it is
    /// the text's last line.
    fn line_at_end(&self, vm: &Vm, state: &mut Text, token: &Token) -> PyResult<Value> {
        if let (false, Some(line)) = (self.extra_tokens, &state.line.1)
            && state.line.0 == token.end_lineno
        {
            return Ok(line.clone());
        }
        let line = vm.new_str("")?.into_value();
        state.line = (token.end_lineno, Some(line.clone()));
        Ok(line)
    }

    /// The line that a token shows.
    fn line_of(&self, vm: &Vm, state: &mut Text, token: &Token) -> PyResult<Value> {
        let text = state.lines.text();
        let first = if is_text(token.kind) {
            token.lineno
        } else {
            token.end_lineno
        };
        let one = first == token.end_lineno;
        if let (true, Some(line)) = (one && state.line.0 == first, &state.line.1) {
            return Ok(line.clone());
        }
        let (start, end) = (token.start as usize, (token.end as usize).min(text.len()));
        let last_start = end.saturating_sub(token.end_col_offset as usize);
        let first_start = match one {
            true => last_start,
            false => start.saturating_sub(token.col_offset as usize),
        };
        if let (true, false, Some(read)) = (one, state.implicit_newline, &state.read)
            && text.len().checked_sub(last_start) == Some(read.len())
        {
            // The text ends with the line that was read last.
            let line = read.as_value().clone();
            state.line = (first, Some(line.clone()));
            return Ok(line);
        }
        let rest = text.get(last_start..).unwrap_or("");
        let length = rest.find('\n').map_or(rest.len(), |i| i + 1);
        let mut line = text.get(first_start..last_start + length).unwrap_or("");
        if state.implicit_newline {
            line = line.strip_suffix('\n').unwrap_or(line);
        }
        let line = vm.new_str(line)?.into_value();
        state.line = match one {
            true => (first, Some(line.clone())),
            false => (0, None),
        };
        Ok(line)
    }

    /// The tuple of a token with these columns, on this line.
    #[inline]
    fn make(
        &self,
        vm: &Vm,
        state: &mut Text,
        token: &Token,
        (col, end_col): (i32, i32),
        line: Value,
    ) -> PyResult<Value> {
        let mut kind = token.kind as u8;
        let text = state.lines.text();
        let (start, end) = (token.start as usize, (token.end as usize).min(text.len()));
        let mut string = text.get(start..end).unwrap_or("");
        if self.extra_tokens {
            if kind > TokenKind::Dedent as u8 && kind < TokenKind::Op as u8 {
                kind = TokenKind::Op as u8;
            } else if matches!(token.kind, TokenKind::Newline | TokenKind::Nl)
                && state.implicit_newline
            {
                string = "";
            }
        }
        let string = recent_string(vm, &mut state.recent, string)?.into_value();
        let tuple = vm.types().tuple.object();
        let pair = |l: u32, c: i32| -> PyResult {
            let pair = [vm.new_int(i64::from(l))?, vm.new_int(i64::from(c))?];
            Ok(self.last_places.tuple(vm, tuple, pair)?.into_value())
        };
        let start_place = match &state.last_place {
            Some(place) if state.last_end == (token.lineno, col) => place.clone(),
            _ => pair(token.lineno, col)?,
        };
        let end_place = pair(token.end_lineno, end_col)?;
        state.last_end = (token.end_lineno, end_col);
        state.last_place = Some(end_place.clone());
        let parts = [
            vm.new_int(i64::from(kind))?,
            string,
            start_place,
            end_place,
            line,
        ];
        let class = self.class.get();
        let class = class.as_ref().map_or(tuple, |class| class.object());
        Ok(self.last.tuple(vm, class, parts)?.into_value())
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
                    given: 0,
                    error: None,
                    implicit_newline: false,
                    columns: CharColumns::default(),
                    ascii: true,
                    read: None,
                    line: (0, None),
                    last_end: (0, 0),
                    last_place: None,
                    recent: vec![None; RECENT],
                    ended: false,
                }),
                last: LastTuples::default(),
                last_places: LastTuples::default(),
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
                // A class's destructor could ask for the next token while this one is made.
                let Ok(mut text) = this.text.try_borrow_mut() else {
                    return Err(vm.runtime_error("the iterator is running already"));
                };
                if let Some(next) = this.next_tuple(vm, &mut text)? {
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
