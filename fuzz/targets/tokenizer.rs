//! Tokens of any bytes: they stand in order, inside the text, and end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use taipan_fuzz::{split, text};
use taipan_tokenizer::{CharColumns, TokenKind, Tokenizer, TokenizerOptions};

fuzz_target!(|data: &[u8]| {
    let (bits, data) = split(data);
    let Some(text) = text(data, bits & 1 != 0) else {
        return;
    };
    let options = TokenizerOptions {
        extra_tokens: bits & 2 != 0,
        type_comments: bits & 4 != 0,
        interactive: bits & 8 != 0,
        implicit_newline: bits & 1 != 0,
        barry_as_flufl: bits & 16 != 0,
        ..TokenizerOptions::default()
    };
    let mut tokenizer = Tokenizer::new(&text, options);
    let mut columns = CharColumns::default();
    let mut end = 0;
    // Indents and dedents are empty; all others but the last few take a byte.
    for _ in 0..4 * text.len() + 16 {
        let Ok(token) = tokenizer.next_token() else {
            return;
        };
        assert!(token.start <= token.end);
        assert!(token.end as usize <= text.len() + 2);
        // INDENT shows its line from the start, and in a replacement field of several lines those before too.
        let overlaps = token.start < end && token.start < token.end;
        assert!(
            !overlaps || token.kind == TokenKind::Indent,
            "tokens overlap"
        );
        end = token.end;
        let _ = tokenizer.text(&token);
        let _ = columns.of_token(&text, &token);
        if token.kind == TokenKind::Endmarker {
            return;
        }
    }
    panic!("the tokens do not end");
});
