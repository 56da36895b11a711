//! The East Asian character sets: `spec/cjk/*.txt` becomes `crates/codecs/src/cjk/generated.rs`.
//!
//! A layer is a stream of steps, which `crates/codecs/src/cjk/tables.rs` describes and unpacks.

use std::fmt::Write as _;
use std::path::Path;

use super::Output;

const LAYERS: [&str; 13] = [
    "gb2312",
    "gbk",
    "gb18030",
    "ksx1001",
    "cp949",
    "big5",
    "cp950",
    "big5hkscs",
    "jisx0208",
    "jisx0212",
    "jisx0213",
    "jisx0213-2000",
    "cp932",
];

fn hex(s: &str) -> Result<u32, String> {
    u32::from_str_radix(s, 16).map_err(|_| format!("not a code: {s:?}"))
}

/// The characters of a run; `\u{X}` stands for one that does not show.
fn chars(text: &str) -> Result<Vec<u32>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match rest.strip_prefix("u{").filter(|_| c == '\\') {
            Some(escape) => {
                let (number, after) = escape.split_once('}').ok_or("an escape without end")?;
                found.push(hex(number)?);
                rest = after;
            }
            None => found.push(c.into()),
        }
    }
    Ok(found)
}

#[derive(Default)]
struct Packer {
    bytes: Vec<u8>,
    code: u32,
    char: u32,
}

impl Packer {
    fn three(&mut self, n: u32) {
        self.bytes.extend(&n.to_be_bytes()[1..]);
    }

    fn at(&mut self, code: u32) {
        match code.checked_sub(self.code) {
            Some(0) => {}
            Some(gap @ 1..=32) => self.bytes.push(0xC0 | (gap - 1) as u8),
            _ => {
                self.bytes.push(0xE0);
                self.three(code);
            }
        }
        self.code = code;
    }

    fn run(&mut self, chars: &[u32]) {
        let mut rest = chars;
        while let Some(&first) = rest.first() {
            let expected = self.char + 1;
            let same = rest
                .iter()
                .zip(expected..)
                .take(64)
                .take_while(|(a, b)| **a == *b)
                .count();
            let delta = i64::from(first) - i64::from(expected) + 0x4000;
            let count = if same > 0 {
                self.bytes.push(0x80 | (same - 1) as u8);
                same
            } else if (0..0x8000).contains(&delta) {
                self.bytes.extend((delta as u16).to_be_bytes());
                1
            } else {
                self.bytes.push(0xE1);
                self.three(first);
                1
            };
            self.char = rest[count - 1];
            self.code += count as u32;
            rest = &rest[count..];
        }
    }
}

fn layer(root: &Path, name: &str, out: &mut String) -> Result<(), String> {
    let path = root.join("spec/cjk").join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut packer = Packer::default();
    let (mut exceptions, mut ranges) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let bad = || format!("{name}: {line:?}");
        let (head, rest) = line.split_once(' ').ok_or_else(bad)?;
        let code = hex(head)?;
        if let Some(pair) = rest.strip_prefix("= ") {
            let (a, b) = pair.split_once(' ').ok_or_else(bad)?;
            packer.at(code);
            packer.bytes.push(0xE2);
            for c in [hex(a)?, hex(b)?] {
                let c = u16::try_from(c).map_err(|_| bad())?;
                packer.bytes.extend(c.to_be_bytes());
            }
            packer.code += 1;
        } else if let Some(to) = rest.strip_prefix("> ") {
            exceptions.push((code, if to == "-" { 0 } else { hex(to)? }));
        } else if let Some(number) = rest.strip_prefix("@ ") {
            ranges.push((number.parse::<u32>().map_err(|_| bad())?, code));
        } else if rest == "-" {
            packer.at(code);
            packer.bytes.push(0xE3);
            packer.code += 1;
        } else {
            packer.at(code);
            packer.run(&chars(rest)?);
        }
    }
    let upper = name.to_uppercase().replace('-', "_");
    let _ = writeln!(
        out,
        "/// `spec/cjk/{name}.txt`.\npub(super) static {upper}: Layer = Layer {{\n    codes: &{upper}_CODES,\n    \
         exceptions: &{exceptions:?},\n}};\n"
    );
    if !ranges.is_empty() {
        let _ = writeln!(
            out,
            "/// The first four-byte sequences of runs, by number, and their characters.\npub(super) static {upper}_RUNS: \
             [(u32, u32); {}] = {ranges:?};\n",
            ranges.len()
        );
    }
    let _ = writeln!(
        out,
        "#[rustfmt::skip]\nstatic {upper}_CODES: [u8; {}] = [",
        packer.bytes.len()
    );
    for row in packer.bytes.chunks(32) {
        let _ = writeln!(
            out,
            "    {}",
            row.iter().map(|b| format!("{b},")).collect::<String>()
        );
    }
    out.push_str("];\n\n");
    Ok(())
}

pub fn generate(root: &Path) -> Result<Vec<Output>, String> {
    let mut out = "//! The character sets, packed.\n//!\n//! Generated by `cargo xtask gen` from spec/cjk. Do not edit.\n\n\
                   use super::tables::Layer;\n\n"
        .to_owned();
    for name in LAYERS {
        layer(root, name, &mut out)?;
    }
    Ok(vec![Output {
        path: "crates/codecs/src/cjk/generated.rs",
        text: out,
    }])
}
