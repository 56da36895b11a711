//! From bytes to text: byte order mark, coding cookie (PEP 263), decoding, newline translation. The codecs that are
//! everywhere are native; for others the caller decodes, through the codec registry for instance.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::report::count_chars;

/// The text of a program, with its newlines translated to `\n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source<'b> {
    /// The text. The newline at its end may be missing; `TokenizerOptions::implicit_newline` makes up for it.
    pub text: Cow<'b, str>,
    /// The encoding that a cookie or a byte order mark declares, in CPython's normal form.
    pub encoding: Option<String>,
}

/// How bytes are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions<'a> {
    /// The last line gets a newline if it lacks one: so for files and `exec`, but not for `eval` and `single`.
    pub exec: bool,
    /// The bytes are UTF-8 whatever a cookie says (`PyCF_IGNORE_COOKIE`); a byte order mark is not skipped then.
    pub ignore_cookie: bool,
    /// The file's name, where messages about undeclared encodings shall mention it: for a program's file, which CPython
    /// reads line by line, or from where it learnt the encoding.
    pub filename: Option<&'a str>,
}

/// Why bytes could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError<E> {
    /// The text of a LookupError, ValueError, SyntaxError or UnicodeDecodeError, which becomes a SyntaxError's.
    Message(String),
    /// Anything else goes through to the caller.
    Other(E),
}

/// Why there is no `Source`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError<E> {
    /// A syntax error.
    Syntax(SyntaxError),
    /// What the caller's codec raised.
    Other(E),
}

impl<'b> Source<'b> {
    /// A text that needs no decoding: cookies in it mean nothing.
    #[must_use]
    pub fn from_text(text: &'b str) -> Self {
        Source {
            text: translate_newlines(Cow::Borrowed(text)),
            encoding: None,
        }
    }

    /// Decodes bytes. `decode` is called with a name and the bytes for encodings that are not native (UTF-8, ASCII
    /// and Latin-1 are).
    pub fn from_bytes<E>(
        bytes: &'b [u8],
        options: SourceOptions<'_>,
        decode: impl FnOnce(&str, &[u8]) -> Result<String, CodecError<E>>,
    ) -> Result<Self, SourceError<E>> {
        if options.ignore_cookie {
            return utf8(bytes, options, None).map_err(SourceError::Syntax);
        }
        let (bytes, bom) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => (rest, true),
            None => (bytes, false),
        };
        let cookie = cookie(bytes, options.exec);
        if bom {
            if let Some(Cookie { line, lineno, name }) = cookie.filter(|c| c.name != "utf-8") {
                return Err(SourceError::Syntax(bom_error(line, lineno, &name)));
            }
            return match declared_utf8_error(bytes, options) {
                Some(error) => Err(SourceError::Syntax(error)),
                None => utf8(bytes, options, Some("utf-8".to_owned())).map_err(SourceError::Syntax),
            };
        }
        let declared = cookie.is_some();
        let Some(Cookie { name, lineno, .. }) = cookie.filter(|c| c.name != "utf-8") else {
            return match declared_utf8_error(bytes, options).filter(|_| declared) {
                Some(error) => Err(SourceError::Syntax(error)),
                None => utf8(bytes, options, None).map_err(SourceError::Syntax),
            };
        };
        // Positions in the codec's messages count translated newlines.
        let bytes = translate_bytes(bytes, options.exec);
        // Those of a program's file count from the end of the line that names the encoding.
        let skipped = match options.filename {
            Some(_) => memchr::memchr_iter(b'\n', &bytes)
                .nth(lineno as usize - 1)
                .unwrap_or(0),
            None => 0,
        };
        let (mut head, mut rest) = bytes.split_at(skipped);
        if !head.is_ascii() {
            (head, rest) = (&[], &bytes);
        }
        let decoded = match name.to_ascii_lowercase().replace('-', "_").as_str() {
            "iso_8859_1" => Ok(rest.iter().map(|&b| char::from(b)).collect()),
            "ascii" | "us_ascii" => decode_ascii(rest).map_err(CodecError::Message),
            "utf8" | "utf_8" => decode_utf8(rest).map_err(CodecError::Message),
            _ => decode(&name, rest),
        };
        // The lines before that are comments.
        let decoded = decoded.map(|text| match head {
            [] => text,
            head => String::from_utf8_lossy(head).into_owned() + &text,
        });
        match decoded {
            Ok(text) => {
                let text = translate_newlines(Cow::Owned(text));
                Ok(Source {
                    text,
                    encoding: Some(name),
                })
            }
            Err(CodecError::Message(msg)) => Err(SourceError::Syntax(SyntaxError {
                kind: SyntaxErrorKind::SyntaxError,
                msg,
                lineno: 0,
                offset: Some(SyntaxError::MINUS_ONE),
                end_lineno: None,
                end_offset: None,
                text: None,
                last_statement: None,
                bare: false,
                in_program: false,
            })),
            Err(CodecError::Other(e)) => Err(SourceError::Other(e)),
        }
    }
}

/// A decoder for `Source::from_bytes` that knows no further encodings.
pub fn no_codecs(
    encoding: &str,
    _bytes: &[u8],
) -> Result<String, CodecError<std::convert::Infallible>> {
    Err(CodecError::Message(format!("unknown encoding: {encoding}")))
}

/// `\r\n` and `\r` become `\n`.
#[must_use]
pub fn translate_newlines(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((line, after)) = rest.split_once('\r') {
        out.push_str(line);
        out.push('\n');
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn translate_bytes(bytes: &[u8], exec: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 1);
    let mut rest = bytes;
    while let Some(i) = memchr(b'\r', rest) {
        let (line, after) = rest.split_at(i);
        out.extend_from_slice(line);
        out.push(b'\n');
        rest = after
            .strip_prefix(b"\r\n")
            .unwrap_or_else(|| after.get(1..).unwrap_or(&[]));
    }
    out.extend_from_slice(rest);
    if exec && out.last() != Some(&b'\n') {
        out.push(b'\n');
    }
    out
}

struct Cookie<'b> {
    line: &'b [u8],
    lineno: u32,
    name: String,
}

/// The coding cookie of the first two lines. The second line counts only after a line without code.
fn cookie(bytes: &[u8], exec: bool) -> Option<Cookie<'_>> {
    let mut rest = bytes;
    for lineno in 1..=2 {
        let end = match memchr2(b'\n', b'\r', rest) {
            Some(end) => end,
            None if exec => rest.len(),
            None => return None,
        };
        let (line, after) = rest.split_at(end);
        if let Some(name) = coding_spec(line) {
            return Some(Cookie { line, lineno, name });
        }
        let blank = line
            .iter()
            .find(|c| !matches!(c, b' ' | b'\t' | b'\x0c'))
            .is_none_or(|&c| c == b'#');
        if !blank || after.is_empty() {
            return None;
        }
        rest = after
            .strip_prefix(b"\r\n")
            .unwrap_or_else(|| after.get(1..).unwrap_or(&[]));
    }
    None
}

/// The encoding that a comment line declares, in its normal form.
fn coding_spec(line: &[u8]) -> Option<String> {
    let hash = line
        .iter()
        .position(|c| !matches!(c, b' ' | b'\t' | b'\x0c'))?;
    let mut rest = line.get(hash..).filter(|rest| rest.starts_with(b"#"))?;
    loop {
        let at = memchr::memmem::find(rest, b"coding")?;
        rest = rest.get(at + 6..)?;
        let Some((b':' | b'=', value)) = rest.split_first() else {
            continue;
        };
        let blanks = value
            .iter()
            .take_while(|c| matches!(c, b' ' | b'\t'))
            .count();
        let name: String = value
            .iter()
            .skip(blanks)
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
            .map(|&c| char::from(c))
            .collect();
        if !name.is_empty() {
            return Some(normal_name(name));
        }
    }
}

/// The two encodings with many spellings get one; other names stay as they are.
fn normal_name(name: String) -> String {
    let start: String = name
        .chars()
        .take(12)
        .map(|c| {
            if c == '_' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    let is = |known: &str| {
        start
            .strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    if is("utf-8") {
        "utf-8".to_owned()
    } else if ["latin-1", "iso-8859-1", "iso-latin-1"].into_iter().any(is) {
        "iso-8859-1".to_owned()
    } else {
        name
    }
}

fn bom_error(line: &[u8], lineno: u32, name: &str) -> SyntaxError {
    // CPython counts the second line with its newline.
    let end = count_chars(line).saturating_add(lineno - 1);
    let mut error = SyntaxError::new(format!("encoding problem: {name} with BOM"), lineno, 0, end);
    error.text = Some(String::from_utf8_lossy(line).into_owned());
    error
}

fn utf8<'b>(
    bytes: &'b [u8],
    options: SourceOptions<'_>,
    encoding: Option<String>,
) -> Result<Source<'b>, SyntaxError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source {
            text: translate_newlines(Cow::Borrowed(text)),
            encoding,
        }),
        Err(e) => Err(non_utf8(bytes, e.valid_up_to(), options)),
    }
}

/// The error of a program's file that says that it is UTF-8 and is not: each line is decoded on its own.
fn declared_utf8_error(bytes: &[u8], options: SourceOptions<'_>) -> Option<SyntaxError> {
    options.filename?;
    std::str::from_utf8(bytes).err()?;
    let bytes = translate_bytes(bytes, options.exec);
    let at = std::str::from_utf8(&bytes).err()?.valid_up_to();
    let before = bytes.get(..at)?;
    let start = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
    let rest = bytes.get(start..)?;
    let end = memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
    let line = rest.get(..end)?;
    let message = decode_utf8(line).err()?;
    let lineno = u32::try_from(memchr::memchr_iter(b'\n', before).count()).ok()? + 1;
    let mut error = SyntaxError::new(format!("(unicode error) {message}"), lineno, 0, 0);
    error.text = Some(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
    Some(error)
}

/// Whether CPython counts the second line of a program's file as the first while it looks at its bytes: so when there is
/// code in the first line, unless a string goes on.
fn second_counts_as_first(first: &str) -> bool {
    let code = first.trim_start_matches([' ', '\t', '\x0c']);
    if code.is_empty() || code.starts_with('#') {
        return false;
    }
    let mut quotes = None;
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let triple = ["\"\"\"", "'''"].into_iter().find(|q| rest.starts_with(q));
        match (quotes, triple) {
            (None, None) if c == '#' => break,
            (None, Some(q)) => quotes = Some(q),
            (Some(open), Some(q)) if open == q => quotes = None,
            _ => {
                rest = rest.get(c.len_utf8()..).unwrap_or("");
                continue;
            }
        }
        rest = rest.get(3..).unwrap_or("");
    }
    quotes.is_none()
}

fn non_utf8(bytes: &[u8], at: usize, options: SourceOptions<'_>) -> SyntaxError {
    // The line ends as translation would have it.
    let bad = bytes.get(at).copied().unwrap_or(0);
    let before = translate_newlines(Cow::Borrowed(
        bytes
            .get(..at)
            .and_then(|valid| std::str::from_utf8(valid).ok())
            .unwrap_or(""),
    ));
    let lineno = u32::try_from(memchr::memchr_iter(b'\n', before.as_bytes()).count())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let line_before = before.rsplit('\n').next().unwrap_or("");
    let first = before.split('\n').next().unwrap_or("");
    let lineno = match lineno {
        2 if options.filename.is_some() && second_counts_as_first(first) => 1,
        lineno => lineno,
    };
    let rest = bytes.get(at..).unwrap_or(&[]);
    let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    let rest = String::from_utf8_lossy(rest.get(..end).unwrap_or(rest));
    let file = options
        .filename
        .map_or_else(String::new, |name| format!(" in file {name}"));
    let msg = format!(
        "Non-UTF-8 code starting with '\\x{bad:02x}'{file} on line {lineno}, but no encoding declared; \
         see https://peps.python.org/pep-0263/ for details"
    );
    let column = count_chars(line_before.as_bytes()).saturating_add(1);
    let mut error = SyntaxError::new(msg, lineno, column, column);
    error.text = Some(format!("{line_before}{rest}"));
    error
}

fn decode_ascii(bytes: &[u8]) -> Result<String, String> {
    match bytes.iter().position(|b| !b.is_ascii()) {
        None => decode_utf8(bytes),
        Some(i) => {
            let byte = bytes.get(i).copied().unwrap_or(0);
            Err(format!(
                "'ascii' codec can't decode byte {byte:#04x} in position {i}: ordinal not in range(128)"
            ))
        }
    }
}

/// Decodes UTF-8; the error is the text of CPython's UnicodeDecodeError.
pub fn decode_utf8(bytes: &[u8]) -> Result<String, String> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let start = error.valid_up_to();
    let first = bytes.get(start).copied().unwrap_or(0);
    let (len, reason) = match error.error_len() {
        None => (bytes.len() - start, "unexpected end of data"),
        Some(_) if !(0xc2..0xf5).contains(&first) => (1, "invalid start byte"),
        Some(len) => (len, "invalid continuation byte"),
    };
    Err(if len == 1 {
        format!("'utf-8' codec can't decode byte {first:#04x} in position {start}: {reason}")
    } else {
        let end = start + len - 1;
        format!("'utf-8' codec can't decode bytes in position {start}-{end}: {reason}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Source<'_>, SourceError<std::convert::Infallible>> {
        Source::from_bytes(
            bytes,
            SourceOptions {
                exec: true,
                ..SourceOptions::default()
            },
            no_codecs,
        )
    }

    /// Message, line, offset, text, end line, end offset as CPython 3.14's exceptions have them.
    type Expected = (
        &'static str,
        u32,
        u32,
        Option<&'static str>,
        Option<u32>,
        Option<u32>,
    );

    const NON_UTF8: &str =
        "but no encoding declared; see https://peps.python.org/pep-0263/ for details";

    #[test]
    fn errors_are_cpythons() {
        let no_place = SyntaxError::MINUS_ONE;
        let cases: &[(&[u8], Expected)] = &[
            (
                b"x\xff=1\n",
                (
                    "Non-UTF-8 code starting with '\\xff' on line 1, ",
                    1,
                    2,
                    Some("x\u{fffd}=1"),
                    Some(1),
                    Some(2),
                ),
            ),
            (
                b"x='\xed\xa0\x80'\n",
                (
                    "Non-UTF-8 code starting with '\\xed' on line 1, ",
                    1,
                    4,
                    Some("x='\u{fffd}\u{fffd}\u{fffd}'"),
                    Some(1),
                    Some(4),
                ),
            ),
            (
                b"a\r\n\r\nb\xff\rc",
                (
                    "Non-UTF-8 code starting with '\\xff' on line 3, ",
                    3,
                    2,
                    Some("b\u{fffd}"),
                    Some(3),
                    Some(2),
                ),
            ),
            (
                b"# coding: utf-8-unix\n#\xff\n",
                (
                    "Non-UTF-8 code starting with '\\xff' on line 2, ",
                    2,
                    2,
                    Some("#\u{fffd}"),
                    Some(2),
                    Some(2),
                ),
            ),
            (
                b"\xef\xbb\xbf# coding: latin-1",
                (
                    "encoding problem: iso-8859-1 with BOM",
                    1,
                    0,
                    Some("# coding: latin-1"),
                    Some(1),
                    Some(17),
                ),
            ),
            (
                b"\xef\xbb\xbf\r\n# coding: latin-1\r\n",
                (
                    "encoding problem: iso-8859-1 with BOM",
                    2,
                    0,
                    Some("# coding: latin-1"),
                    Some(2),
                    Some(18),
                ),
            ),
            (
                b"\xef\xbb\xbf# coding: utf8\nx=1\n",
                (
                    "encoding problem: utf8 with BOM",
                    1,
                    0,
                    Some("# coding: utf8"),
                    Some(1),
                    Some(14),
                ),
            ),
            (
                b"# coding: foo\n",
                ("unknown encoding: foo", 0, no_place, None, None, None),
            ),
            (
                b"\n# coding: foo",
                ("unknown encoding: foo", 0, no_place, None, None, None),
            ),
            (
                b"# coding: ascii\r\nx='\xff'",
                (
                    "'ascii' codec can't decode byte 0xff in position 19: ordinal not in range(128)",
                    0,
                    no_place,
                    None,
                    None,
                    None,
                ),
            ),
            (
                b"# coding: utf8\nx='\xff'\n",
                (
                    "'utf-8' codec can't decode byte 0xff in position 18: invalid start byte",
                    0,
                    no_place,
                    None,
                    None,
                    None,
                ),
            ),
            (
                b"# coding: utf8\nx='\xf0\x9f\x98'",
                (
                    "'utf-8' codec can't decode bytes in position 18-20: invalid continuation byte",
                    0,
                    no_place,
                    None,
                    None,
                    None,
                ),
            ),
            (
                b"# coding: utf8\nx='\xf4\x90\x80'",
                (
                    "'utf-8' codec can't decode byte 0xf4 in position 18: invalid continuation byte",
                    0,
                    no_place,
                    None,
                    None,
                    None,
                ),
            ),
        ];
        for (bytes, (msg, lineno, offset, text, end_lineno, end_offset)) in cases {
            let Err(SourceError::Syntax(error)) = read(bytes) else {
                panic!("no error for {bytes:?}")
            };
            let msg = if msg.starts_with("Non-UTF-8") {
                format!("{msg}{NON_UTF8}")
            } else {
                (*msg).to_owned()
            };
            assert_eq!(error.msg, msg);
            assert_eq!(
                (
                    error.lineno,
                    error.offset,
                    error.text.as_deref(),
                    error.end_lineno,
                    error.end_offset
                ),
                (*lineno, Some(*offset), *text, *end_lineno, *end_offset),
                "{msg}"
            );
        }
    }

    #[test]
    fn cookies_count_where_cpython_looks() {
        let encoding = |bytes| read(bytes).map(|source| source.encoding);
        assert_eq!(encoding(b"\n\n# coding: foo\n"), Ok(None));
        assert_eq!(encoding(b"x=1 # coding: foo\n"), Ok(None));
        assert_eq!(encoding(b"x=1\n# coding: foo\n"), Ok(None));
        assert_eq!(
            encoding(b"# coding: Latin_1-unix\nx='\xff'\n"),
            Ok(Some("iso-8859-1".to_owned()))
        );
        assert_eq!(
            encoding(b"\xef\xbb\xbf# coding: utf-8\n"),
            Ok(Some("utf-8".to_owned()))
        );
    }

    #[test]
    fn newlines_are_translated() {
        assert_eq!(
            read(b"a\r\nb\rc\n\rd").map(|source| source.text.into_owned()),
            Ok("a\nb\nc\n\nd".to_owned())
        );
    }
}
