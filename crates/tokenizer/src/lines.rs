//! A tokenizer that is given its text line by line, as it asks for lines.

use memchr::memchr2;

use crate::error::{SyntaxError, SyntaxWarning};
use crate::kind::TokenKind;
use crate::tokenizer::{Done, Token, Tokenizer, TokenizerOptions};

/// Text that has been tokenized is let go of in pieces of at least this many bytes.
const KEPT: usize = 1 << 20;

/// Reads tokens from lines that are still to come. It never asks for a line before it has given all tokens that the
/// lines so far have in them.
#[derive(Debug)]
pub struct LineTokenizer {
    text: String,
    /// What the tokenizer knows between two calls; it holds no text. Nothing while it reads.
    state: Option<Tokenizer<'static>>,
    ended: bool,
    /// The last line can go on in the next one, by a string of three quotes or by a backslash.
    continues: bool,
    /// What was begun and not ended by the lines so far.
    open: Option<Open>,
    /// Whether it is worth while to read.
    ready: bool,
}

/// What a token that needs further lines may wait for.
#[derive(Clone, Copy, Debug)]
enum Open {
    /// Any line may end it.
    Anything,
    /// A string.
    Text {
        quote: u8,
        triple: bool,
        /// Braces end a piece of it.
        braces: bool,
    },
}

impl Open {
    /// Whether a line could end it. Until one does, the token need not be tried again.
    fn may_end(self, line: &str) -> bool {
        let Open::Text {
            quote,
            triple,
            braces,
        } = self
        else {
            return true;
        };
        let ends = match (triple, quote) {
            (true, b'"') => line.contains("\"\"\""),
            (true, _) => line.contains("'''"),
            // Only a backslash lets it go on.
            (false, _) => !line.ends_with('\\') || line.as_bytes().contains(&quote),
        };
        ends || (braces && line.contains(['{', '}']))
    }
}

impl LineTokenizer {
    /// One that has no line yet.
    #[must_use]
    pub fn new(options: TokenizerOptions) -> LineTokenizer {
        let mut state = Tokenizer::new("", options);
        state.cursor.more = true;
        LineTokenizer {
            text: String::new(),
            state: Some(state),
            ended: false,
            continues: false,
            open: None,
            ready: false,
        }
    }

    /// The lines so far, those aside that no token to come has to do with. Offsets of tokens are in this text as it is
    /// until the next line is added.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a line, with the newline at its end; one that lacks it gets it. All tokens must have been read. True if text
    /// was let go of, so that offsets have changed.
    pub fn push_line(&mut self, line: &str) -> bool {
        let cut = self.cut();
        self.text.push_str(line);
        if !line.ends_with('\n') {
            self.text.push('\n');
        }
        let line = line.trim_end_matches(['\n', '\r']);
        let bytes = line.as_bytes();
        self.continues = line.ends_with('\\')
            || memchr2(b'"', b'\'', bytes).is_some_and(|at| has_triple(&bytes[at..]));
        if let Some(odd) = memchr2(b'\0', b'\r', bytes) {
            // What is odd is left to the tokenizer.
            self.continues = true;
            if (bytes[odd] == b'\0' || bytes.contains(&b'\0'))
                && let Some(state) = &mut self.state
            {
                state.cursor.find_null(&self.text);
            }
        }
        self.ready = self.open.is_none_or(|open| open.may_end(line));
        cut
    }

    /// There are no more lines.
    pub fn end(&mut self) {
        self.ended = true;
        if let Some(state) = &mut self.state {
            state.cursor.more = false;
        }
    }

    fn cut(&mut self) -> bool {
        let Some(state) = &mut self.state else {
            return false;
        };
        let cut = state.cursor.line_start;
        if cut < KEPT || !state.brackets.is_empty() || !state.fstrings.is_empty() {
            return false;
        }
        self.text.drain(..cut);
        state.cursor.move_back(cut);
        state.start.pos = state.start.pos.saturating_sub(cut);
        state.start.line_start = state.start.line_start.saturating_sub(cut);
        true
    }

    /// Reads the tokens up to where another line is needed, or to the end. `add` gets each, and whether the text had
    /// ended when it was read.
    ///
    /// # Errors
    /// What is wrong with the text; the tokens before it have been added.
    pub fn read(&mut self, mut add: impl FnMut(Token, bool)) -> Result<(), SyntaxError> {
        if !self.ready && !self.ended {
            return Ok(());
        }
        let Some(state) = self.state.take() else {
            return Ok(());
        };
        let mut tokenizer = state.with_text(&self.text);
        let result = loop {
            // Most tokens go straight to where they are added.
            if self.open.is_none()
                && let Some(token) = tokenizer.quick_token()
            {
                add(token, false);
                continue;
            }
            if !self.ended && tokenizer.is_at_line_end() {
                break Ok(());
            }
            let may_starve = !self.ended
                && (self.continues || self.open.is_some() || tokenizer.skips_or_nests());
            let saved = may_starve.then(|| tokenizer.clone());
            let token = tokenizer.long_token();
            if let Some(saved) = saved {
                if tokenizer.cursor.starved {
                    // The token needs the next line, and is read again when that has come.
                    self.open = Some(open_token(&tokenizer));
                    tokenizer = saved;
                    break Ok(());
                }
                self.open = None;
            }
            match token {
                Ok(token) => {
                    add(token, tokenizer.done() == Done::Eof);
                    if token.kind == TokenKind::Endmarker {
                        break Ok(());
                    }
                }
                Err(error) => break Err(error),
            }
        };
        self.state = Some(tokenizer.with_text(""));
        result
    }

    /// The warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<SyntaxWarning> {
        let state = self.state.as_mut();
        state.map_or_else(Vec::new, Tokenizer::take_warnings)
    }
}

/// Whether there are three quotes of a kind in a row.
fn has_triple(bytes: &[u8]) -> bool {
    bytes
        .windows(3)
        .any(|three| matches!(three, b"\"\"\"" | b"'''"))
}

/// What a tokenizer was reading when it needed another line.
fn open_token(tokenizer: &Tokenizer<'_>) -> Open {
    if let Some(fstring) = tokenizer.fstrings.last()
        && !fstring.in_expression
    {
        let (quote, triple) = fstring.quotes();
        return Open::Text {
            quote,
            triple,
            braces: true,
        };
    }
    let text = tokenizer.source.as_bytes();
    let text = text.get(tokenizer.start.pos..).unwrap_or(&[]);
    let letters = text.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    match text.get(letters..) {
        Some([quote @ (b'"' | b'\''), rest @ ..]) => Open::Text {
            quote: *quote,
            triple: rest.starts_with(&[*quote, *quote]),
            braces: false,
        },
        _ => Open::Anything,
    }
}
