//! Compares the codecs and error handlers with results that CPython gave (`vectors.txt`).

use taipan_codecs::handlers::{Handler, Replacement, on_decode_error, on_encode_error};
use taipan_codecs::*;
use taipan_text::{TextBuf, TextRef};

fn text(s: &str) -> TextBuf {
    let parts = s.split(',').filter(|p| !p.is_empty());
    TextBuf::from_chars(parts.map(|p| u32::from_str_radix(p, 16).expect("a code point")))
}

fn bytes(s: &str) -> Vec<u8> {
    (0..s.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&s[i..i + 2], 16).expect("a byte"))
        .collect()
}

fn decoder<'a>(name: &str, table: TextRef<'a>) -> Box<dyn Decoder + 'a> {
    match name {
        "utf-8" => Box::new(Utf8),
        "utf-16" => Box::new(Utf16::default()),
        "utf-16-le" => Box::new(Utf16 {
            order: ByteOrder::Little,
        }),
        "utf-16-be" => Box::new(Utf16 {
            order: ByteOrder::Big,
        }),
        "utf-32" => Box::new(Utf32::default()),
        "utf-32-le" => Box::new(Utf32 {
            order: ByteOrder::Little,
        }),
        "utf-32-be" => Box::new(Utf32 {
            order: ByteOrder::Big,
        }),
        "utf-7" => Box::new(Utf7::default()),
        "ascii" => Box::new(Ascii),
        "latin-1" => Box::new(Latin1),
        "charmap" => Box::new(CharmapDecoder { table }),
        "unicode_escape" => Box::new(UnicodeEscape::default()),
        _ => Box::new(RawUnicodeEscape),
    }
}

fn encoder<'a>(name: &str, map: &'a EncodingMap) -> Box<dyn Encoder + 'a> {
    match name {
        "utf-8" => Box::new(Utf8),
        "utf-16" => Box::new(Utf16::default()),
        "utf-16-le" => Box::new(Utf16 {
            order: ByteOrder::Little,
        }),
        "utf-16-be" => Box::new(Utf16 {
            order: ByteOrder::Big,
        }),
        "utf-32" => Box::new(Utf32::default()),
        "utf-32-le" => Box::new(Utf32 {
            order: ByteOrder::Little,
        }),
        "utf-32-be" => Box::new(Utf32 {
            order: ByteOrder::Big,
        }),
        "utf-7" => Box::new(Utf7::default()),
        "ascii" => Box::new(Ascii),
        "latin-1" => Box::new(Latin1),
        "charmap" => Box::new(CharmapEncoder { map }),
        "unicode_escape" => Box::new(UnicodeEscape::default()),
        _ => Box::new(RawUnicodeEscape),
    }
}

/// As Python shows the tuple, without its spaces.
fn shown(error: &CodecError) -> String {
    let reason = error.reason.replace('\\', "\\\\").replace(' ', "");
    format!("({},{},'{reason}')", error.start, error.end)
}

fn failed(error: &CodecError) -> String {
    format!("err:{}:{}:{}", error.start, error.end, error.reason)
}

/// Decodes; the handler `rec` records errors and puts a question mark.
fn decode(
    codec: &mut dyn Decoder,
    handler: Option<Handler>,
    last: bool,
    input: &[u8],
) -> (Vec<String>, String) {
    let (mut out, mut pos, mut seen) = (TextBuf::new(), 0, Vec::new());
    while let Err(error) = codec.decode(input, &mut pos, last, &mut out) {
        let next = match handler {
            None => {
                seen.push(shown(&error));
                out.push('?'.into());
                Some(error.end)
            }
            Some(handler) => on_decode_error(handler, codec.name(), input, &error, &mut out),
        };
        match next {
            Some(next) => pos = next,
            None => return (seen, failed(&error)),
        }
    }
    let chars: Vec<String> = out.as_text().chars().map(|c| format!("{c:x}")).collect();
    (seen, format!("ok:{}:{pos}", chars.join(",")))
}

fn encode(
    codec: &mut dyn Encoder,
    handler: Option<Handler>,
    text: TextRef<'_>,
) -> (Vec<String>, String) {
    let (mut out, mut pos, mut seen) = (Vec::new(), 0, Vec::new());
    while let Err(error) = codec.encode(text, &mut pos, &mut out) {
        let replacement = match handler {
            None => {
                seen.push(shown(&error));
                Some((Replacement::Text("?".into()), error.end))
            }
            Some(handler) => on_encode_error(handler, codec.name(), text, &error),
        };
        let done = match &replacement {
            Some((Replacement::Bytes(bytes), _)) => codec.put_bytes(bytes, &mut out),
            Some((Replacement::Text(text), _)) => codec.put_replacement(text.as_text(), &mut out),
            None => false,
        };
        match replacement {
            Some((_, next)) if done => pos = next,
            _ => return (seen, failed(&error)),
        }
    }
    (
        seen,
        format!(
            "ok:{}",
            out.iter().map(|b| format!("{b:02x}")).collect::<String>()
        ),
    )
}

#[test]
fn agrees_with_cpython() {
    let mut table = TextBuf::new();
    let mut wrong = Vec::new();
    for line in include_str!("vectors.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
    {
        let parts: Vec<&str> = line.split('\t').collect();
        let [way, name, handler, last, input, errors, want] = parts[..] else {
            table = text(parts.get(1).expect("the character map"));
            continue;
        };
        let handler = Handler::from_name(handler);
        let map = EncodingMap::new(table.as_text());
        let (seen, got) = match way {
            "D" => decode(
                &mut *decoder(name, table.as_text()),
                handler,
                last == "1",
                &bytes(input),
            ),
            _ => encode(&mut *encoder(name, &map), handler, text(input).as_text()),
        };
        if got != want || errors.replace('"', "'") != format!("[{}]", seen.join(",")) {
            wrong.push(format!("{line}\n    got {seen:?} {got}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
