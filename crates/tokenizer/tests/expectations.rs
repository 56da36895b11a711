//! Tokens and errors of several hundred small texts, valid and not, against what CPython 3.14 made of them.

use taipan_tokenizer::{CharColumns, Source, SyntaxError, TokenKind, Tokenizer, TokenizerOptions};

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            ' '..='~' => out.push(c),
            _ => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('u') => {
                let hex: String = chars.by_ref().skip(1).take_while(|&c| c != '}').collect();
                out.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
            }
            Some(c) => out.push(c),
            None => {}
        }
    }
    out
}

/// The texts of a file, each with the lines that are expected of it.
fn cases(file: &str) -> Vec<(String, Vec<&str>)> {
    let mut cases: Vec<(String, Vec<&str>)> = Vec::new();
    for line in file.lines().skip_while(|line| line.starts_with('#')) {
        if let Some(text) = line.strip_prefix("> ") {
            cases.push((unescape(text), Vec::new()));
        } else if let Some((_, lines)) = cases.last_mut() {
            lines.push(line);
        }
    }
    cases
}

fn number(n: Option<u32>) -> String {
    match n {
        None => "None".to_owned(),
        Some(SyntaxError::MINUS_ONE) => "-1".to_owned(),
        Some(n) => n.to_string(),
    }
}

fn tokenize(text: &str) -> Vec<String> {
    let options = TokenizerOptions {
        extra_tokens: true,
        ..TokenizerOptions::default()
    };
    let mut tokenizer = Tokenizer::new(text, options);
    let mut columns = CharColumns::default();
    let mut lines = Vec::new();
    loop {
        let token = match tokenizer.next_token() {
            Ok(token) => token,
            Err(e) => {
                let name = e.kind.name();
                // The tokenize module rewords this one.
                let msg = if e.msg.contains("unterminated triple-quoted string literal") {
                    "EOF in multi-line string"
                } else {
                    &e.msg
                };
                return vec![format!(
                    "{name}\t{}\t{}\t{}",
                    escape(msg),
                    e.lineno,
                    number(e.offset)
                )];
            }
        };
        let (start, end) = columns.of_token(text, &token);
        let kind = match token.kind {
            kind if kind > TokenKind::Dedent && kind < TokenKind::Op => TokenKind::Op,
            kind => kind,
        };
        let string = escape(tokenizer.text(&token));
        lines.push(format!(
            "{}\t{string}\t{},{start}\t{},{end}",
            kind as u8, token.lineno, token.end_lineno
        ));
        if token.kind == TokenKind::Endmarker {
            return lines;
        }
    }
}

fn first_error(text: &str) -> Option<SyntaxError> {
    let mut tokenizer = Tokenizer::new(text, TokenizerOptions::default());
    loop {
        match tokenizer.next_token() {
            Ok(token) if token.kind == TokenKind::Endmarker => return None,
            Ok(_) => {}
            Err(e) => return Some(e),
        }
    }
}

#[test]
fn tokens_are_those_of_the_tokenize_module() {
    for (text, mut expected) in cases(include_str!("data/tokenize.txt")) {
        let got = tokenize(&text);
        if got.len() == 1 {
            // The file has the error alone.
            expected.drain(..expected.len() - 1);
        }
        assert_eq!(got, expected, "{text:?}");
    }
}

#[test]
fn errors_are_those_of_compile() {
    for (text, expected) in cases(include_str!("data/errors.txt")) {
        let source = Source::from_text(&text);
        let got = first_error(&source.text).map(|e| {
            format!(
                "{}\t{}\t{}\t{}\t{}\t{}\t{}",
                e.kind.name(),
                escape(&e.msg),
                e.lineno,
                number(e.offset),
                number(e.end_lineno),
                number(e.end_offset),
                escape(e.text.as_deref().unwrap_or("None")),
            )
        });
        assert_eq!(got.as_deref(), expected.first().copied(), "{text:?}");
    }
}

/// Every prefix of texts with everything in them, in each mode: no panic, and always an end.
#[test]
fn any_text_comes_to_an_end() {
    let texts = [
        "def f(é, *a):\n\tif x:\n\t\treturn f'{a!r:{w}.{p}}{{}}' t\"{b=}\" rb'\\x' # type: int\n",
        "f'''{\nx # c\n:\n{y}\n}\\N{DASH}''' \\\n + 0x_1f 1_000.0e-1j ... -> := \u{feff}\r\n$?\u{1}\0",
        "class A:\n  '''é\n  '''\n  x = [(1, {2: 3})]\n \n  y\n z",
    ];
    for text in texts {
        for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
            for bits in 0_u8..128 {
                let bit = |n: u8| bits & (1 << n) != 0;
                let options = TokenizerOptions {
                    extra_tokens: bit(0),
                    type_comments: bit(1),
                    interactive: bit(2),
                    implicit_newline: bit(3),
                    barry_as_flufl: bit(4),
                    from_file: bit(5),
                    iterated: bit(6),
                };
                let mut tokenizer = Tokenizer::new(&text[..end], options);
                let ended = (0..10 * text.len()).any(|_| match tokenizer.next_token() {
                    Ok(token) => token.kind == TokenKind::Endmarker,
                    Err(_) => true,
                });
                assert!(ended, "{:?} with {options:?}", &text[..end]);
            }
        }
    }
}

/// `type_comment` and `TypeIgnore.tag` as CPython's `ast.parse(..., type_comments=True)` gives them.
#[test]
fn type_comments() {
    let comment = |text| {
        let options = TokenizerOptions {
            type_comments: true,
            ..TokenizerOptions::default()
        };
        let mut tokenizer = Tokenizer::new(text, options);
        std::iter::from_fn(|| {
            tokenizer
                .next_token()
                .ok()
                .map(|t| (t.kind, tokenizer.text(&t)))
        })
        .take_while(|t| t.0 != TokenKind::Endmarker)
        .find(|t| matches!(t.0, TokenKind::TypeComment | TokenKind::TypeIgnore))
    };
    assert_eq!(
        comment("x = 1 # type: int\n"),
        Some((TokenKind::TypeComment, "int"))
    );
    assert_eq!(
        comment("x = 1 #type:int\n"),
        Some((TokenKind::TypeComment, "int"))
    );
    assert_eq!(
        comment("x = 1 # type: ignoreé\n"),
        Some((TokenKind::TypeComment, "ignoreé"))
    );
    assert_eq!(
        comment("x = 1 # type: ignore[a]\n"),
        Some((TokenKind::TypeIgnore, "[a]"))
    );
    assert_eq!(
        comment("# type: ignore\nx = 1\n"),
        Some((TokenKind::TypeIgnore, "\n"))
    );
    assert_eq!(comment("x = 1 # types\n"), None);
}
