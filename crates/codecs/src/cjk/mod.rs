//! The multi-byte encodings of East Asia: `big5` to `shift_jisx0213`.
//!
//! Unlike the codecs beside this folder they have a state of eight bytes, which Python programs see, and an encoder may
//! wait for the next character, because two characters may have one code. [`Codec`] is what `_multibytecodec` runs.
//! `tables.rs` has the character sets; `double.rs`, `japanese.rs`, `korean.rs`, `gb.rs` and `iso2022.rs` have the schemes.

mod double;
mod gb;
mod generated;
mod iso2022;
mod japanese;
mod korean;
mod tables;

use taipan_text::{TextBuf, TextRef};

/// What stopped a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// As many bytes or characters from here on have no meaning.
    Illegal(usize),
    /// More input is needed.
    TooFew,
    /// The state asks for what the encoding does not have.
    Internal,
}

/// The state between calls: what ISO 2022 has designated and shifted to, or HZ's mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State(pub [u8; 8]);

/// Bytes that are being decoded.
struct Input<'a> {
    bytes: &'a [u8],
    pos: &'a mut usize,
}

impl Input<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.pos.checked_add(ahead)?).copied()
    }

    /// The byte that far ahead.
    fn need(&self, ahead: usize) -> Result<u8, Stop> {
        self.peek(ahead).ok_or(Stop::TooFew)
    }

    fn skip(&mut self, count: usize) {
        *self.pos += count;
    }

    /// The next byte, unless it is ASCII: then it stands for itself and is done.
    fn beyond_ascii(&mut self, out: &mut TextBuf) -> Result<Option<u8>, Stop> {
        let first = self.need(0)?;
        if first.is_ascii() {
            out.push(first.into());
            self.skip(1);
            return Ok(None);
        }
        Ok(Some(first))
    }
}

/// Characters that are being encoded.
struct Chars<'a> {
    text: TextRef<'a>,
    pos: &'a mut usize,
    /// No more characters will follow.
    flush: bool,
}

impl Chars<'_> {
    /// The code of the character `c` that stands here, alone or with the next, and how many characters it is for.
    fn code(&self, c: u32, table: &tables::Table) -> Result<(u32, usize), Stop> {
        if table.begins_pair(c) {
            match self.text.get(self.pos.saturating_add(1)) {
                Some(next) => {
                    if let Some(code) = table.encode_pair(c, next) {
                        return Ok((code, 2));
                    }
                }
                None if !self.flush => return Err(Stop::TooFew),
                None => {}
            }
        }
        table
            .encode(c)
            .map(|code| (code, 1))
            .ok_or(Stop::Illegal(1))
    }
}

/// A way to write characters as bytes. Each function converts one character, or one escape sequence, or fails and leaves
/// all as it was.
trait Scheme: Send + Sync {
    fn decode(
        &self,
        state: &mut State,
        input: &mut Input<'_>,
        out: &mut TextBuf,
    ) -> Result<(), Stop>;

    /// Encodes the character `c`, which is where `chars` stands, and gives how many characters are done.
    fn encode(
        &self,
        state: &mut State,
        c: u32,
        chars: &Chars<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Stop>;

    /// The state to start with.
    fn start(&self, decoding: bool) -> State {
        let _ = decoding;
        State::default()
    }

    /// Goes back to the state that text must end in.
    fn finish(&self, state: &mut State, out: &mut Vec<u8>) {
        let _ = (state, out);
    }

    /// Forgets what was decoded.
    fn reset(&self, state: &mut State) {
        let _ = state;
    }
}

/// A multi-byte encoding.
pub struct Codec {
    name: &'static str,
    scheme: Box<dyn Scheme>,
}

/// The encodings, with the module that has each.
pub const NAMES: [(&str, &[&str]); 6] = [
    ("_codecs_cn", &["gb2312", "gbk", "gb18030", "hz"]),
    ("_codecs_hk", &["big5hkscs"]),
    (
        "_codecs_iso2022",
        &[
            "iso2022_kr",
            "iso2022_jp",
            "iso2022_jp_1",
            "iso2022_jp_2",
            "iso2022_jp_2004",
            "iso2022_jp_3",
            "iso2022_jp_ext",
        ],
    ),
    (
        "_codecs_jp",
        &[
            "shift_jis",
            "cp932",
            "euc_jp",
            "shift_jis_2004",
            "euc_jis_2004",
            "euc_jisx0213",
            "shift_jisx0213",
        ],
    ),
    ("_codecs_kr", &["euc_kr", "cp949", "johab"]),
    ("_codecs_tw", &["big5", "cp950"]),
];

impl Codec {
    /// The codec of that name, if `module` has it; its tables are unpacked now.
    pub fn new(module: &str, name: &str) -> Option<Codec> {
        use generated as sets;
        let names = NAMES.iter().find(|m| m.0 == module)?.1;
        let name = *names.iter().find(|n| **n == name)?;
        let scheme: Box<dyn Scheme> = match name {
            "gb2312" => Box::new(double::Double::new(&[&sets::GB2312])),
            "gbk" => Box::new(double::Double::new(&[&sets::GB2312, &sets::GBK])),
            "cp949" => Box::new(double::Double::new(&[&sets::KSX1001, &sets::CP949])),
            "big5" => Box::new(double::Double::new(&[&sets::BIG5])),
            "cp950" => Box::new(double::Double::new(&[&sets::BIG5, &sets::CP950])),
            "big5hkscs" => Box::new(double::Double::new(&[&sets::BIG5, &sets::BIG5HKSCS])),
            "gb18030" => Box::new(gb::Gb18030::new()),
            "hz" => Box::new(gb::Hz::new()),
            "euc_kr" => Box::new(korean::EucKr::new()),
            "johab" => Box::new(korean::Johab::new()),
            "euc_jp" => Box::new(japanese::Euc::new(japanese::Edition::Jis)),
            "euc_jis_2004" => Box::new(japanese::Euc::new(japanese::Edition::Jis2004)),
            "euc_jisx0213" => Box::new(japanese::Euc::new(japanese::Edition::Jis2000)),
            "shift_jis" => Box::new(japanese::ShiftJis::new(japanese::Edition::Jis)),
            "shift_jis_2004" => Box::new(japanese::ShiftJis::new(japanese::Edition::Jis2004)),
            "shift_jisx0213" => Box::new(japanese::ShiftJis::new(japanese::Edition::Jis2000)),
            "cp932" => Box::new(japanese::Cp932::new()),
            _ => Box::new(iso2022::Iso2022::new(name)?),
        };
        Some(Codec { name, scheme })
    }

    /// The encoding's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The state to start with; a decoder's may differ from an encoder's.
    pub fn start(&self, decoding: bool) -> State {
        self.scheme.start(decoding)
    }

    /// Decodes from `*pos` on, which stays in front of what stopped it.
    ///
    /// # Errors
    /// What stopped it.
    pub fn decode(
        &self,
        state: &mut State,
        bytes: &[u8],
        pos: &mut usize,
        out: &mut TextBuf,
    ) -> Result<(), Stop> {
        let mut input = Input { bytes, pos };
        while *input.pos < bytes.len() {
            self.scheme.decode(state, &mut input, out)?;
        }
        Ok(())
    }

    /// Encodes from `*pos` on, which stays in front of what stopped it. With `flush` no more characters will follow.
    ///
    /// # Errors
    /// What stopped it.
    pub fn encode(
        &self,
        state: &mut State,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
        flush: bool,
    ) -> Result<(), Stop> {
        let chars = Chars { text, pos, flush };
        while let Some(c) = text.get(*chars.pos) {
            *chars.pos += self.scheme.encode(state, c, &chars, out)?;
        }
        Ok(())
    }

    /// Goes back to the state that encoded text must end in.
    pub fn finish(&self, state: &mut State, out: &mut Vec<u8>) {
        self.scheme.finish(state, out);
    }

    /// Forgets what was decoded before.
    pub fn reset(&self, state: &mut State) {
        self.scheme.reset(state);
    }
}

/// Puts out what a code means, if anything.
fn put(meaning: tables::Meaning, out: &mut TextBuf) -> Result<(), Stop> {
    match meaning {
        tables::Meaning::Nothing | tables::Meaning::Removed => Err(Stop::Illegal(1)),
        tables::Meaning::One(c) => {
            out.push(c);
            Ok(())
        }
        tables::Meaning::Two(a, b) => {
            out.push(a);
            out.push(b);
            Ok(())
        }
    }
}

fn two(a: u8, b: u8) -> u32 {
    u16::from_be_bytes([a, b]).into()
}

fn put_two(code: u32, out: &mut Vec<u8>) {
    out.extend((code as u16).to_be_bytes());
}
