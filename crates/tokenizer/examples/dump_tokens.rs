//! Prints the tokens of files as `tokenize.tokenize` gives them, in the form of the parity script's
//! `tokens --text`: a line with the path, then one line for each token.
//!
//! usage: `dump_tokens [--parser] FILE-OR-LIST...` (`@FILE` names a file with one path a line; `--parser` shows what
//! the parser sees)

use std::fmt::Write as _;
use std::io::Write as _;
use taipan_tokenizer::identifier::is_printable;
use taipan_tokenizer::{
    CharColumns, Source, SyntaxError, SyntaxErrorKind, Token, TokenKind, Tokenizer,
    TokenizerOptions,
};

/// Python's `ascii()` of a string.
fn ascii(s: &str) -> String {
    quoted(s, |_| false)
}

/// Python's `repr()` or `ascii()` of a string; `keep` says which characters beyond ASCII stay.
fn quoted(s: &str, keep: impl Fn(char) -> bool) -> String {
    let quote = if s.contains('\'') && !s.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in s.chars() {
        let code = u32::from(c);
        let _ = match c {
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            '\\' => write!(out, "\\\\"),
            _ if c == quote => write!(out, "\\{c}"),
            ' '..='~' => write!(out, "{c}"),
            _ if keep(c) => write!(out, "{c}"),
            _ if code < 0x100 => write!(out, "\\x{code:02x}"),
            _ if code < 0x10000 => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08x}"),
        };
    }
    out.push(quote);
    out
}

fn line(
    tokenizer: &Tokenizer<'_>,
    token: &Token,
    parser: bool,
    columns: &mut CharColumns,
    out: &mut String,
) {
    let text = tokenizer.source();
    let (start, end) = columns.of_token(text, token);
    let kind = if !parser && token.kind > TokenKind::Dedent && token.kind < TokenKind::Op {
        TokenKind::Op
    } else {
        token.kind
    };
    let string = tokenizer.text(token);
    let _ = writeln!(
        out,
        "{} {} ({}, {start}) ({}, {end})",
        kind as u8,
        ascii(string),
        token.lineno,
        token.end_lineno
    );
}

fn dump(text: &str, parser: bool) -> String {
    let options = TokenizerOptions {
        extra_tokens: !parser,
        ..TokenizerOptions::default()
    };
    let mut tokenizer = Tokenizer::new(text, options);
    let mut out = String::new();
    let mut columns = CharColumns::default();
    if !parser {
        out.push_str("68 'utf-8' (0, 0) (0, 0)\n");
    }
    loop {
        match tokenizer.next_token() {
            Ok(token) => {
                line(&tokenizer, &token, parser, &mut columns, &mut out);
                if token.kind == TokenKind::Endmarker {
                    return out;
                }
            }
            Err(e) => {
                let number = |n: Option<u32>| match n {
                    None => "None".to_owned(),
                    Some(SyntaxError::MINUS_ONE) => "-1".to_owned(),
                    Some(n) => n.to_string(),
                };
                if !parser && e.kind == SyntaxErrorKind::SyntaxError {
                    let msg = if e.msg.contains("unterminated triple-quoted string literal") {
                        "EOF in multi-line string"
                    } else {
                        &e.msg
                    };
                    return format!(
                        "TokenError: ({}, ({}, {}))\n",
                        quoted(msg, |c| !c.is_ascii() && is_printable(c)),
                        e.lineno,
                        number(e.offset)
                    );
                }
                let error = format!(
                    "{}: {} {} {} {} {}{}\n",
                    e.kind.name(),
                    e.msg,
                    e.lineno,
                    number(e.offset),
                    number(e.end_lineno),
                    number(e.end_offset),
                    if parser {
                        e.text
                            .map_or_else(String::new, |t| format!(" {}", ascii(&t)))
                    } else {
                        String::new()
                    }
                );
                return if parser { out + &error } else { error };
            }
        }
    }
}

fn main() -> std::io::Result<()> {
    let mut parser = false;
    let mut files = Vec::new();
    for arg in std::env::args().skip(1) {
        if arg == "--parser" {
            parser = true;
        } else if let Some(list) = arg.strip_prefix('@') {
            files.extend(std::fs::read_to_string(list)?.lines().map(str::to_owned));
        } else {
            files.push(arg);
        }
    }
    let mut stdout = std::io::stdout().lock();
    for path in files {
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let text = String::from_utf8_lossy(bytes);
        let text = if parser {
            Source::from_text(&text).text
        } else {
            text.clone()
        };
        write!(stdout, "{path}\n{}", dump(&text, parser))?;
    }
    Ok(())
}
