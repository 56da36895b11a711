//! Compares all code points with CPython 3.14 by CRC-32 checksums of lines made from their properties, mappings and
//! names. A checksum that differs says that something does, not what: print the lines on both sides and compare.

use taipan_unicode::{self as unicode, Form, normalize};

struct Crc {
    table: [u32; 256],
    state: u32,
}

impl Crc {
    fn new() -> Self {
        let step = |c: u32| {
            if c & 1 == 1 {
                0xEDB8_8320 ^ (c >> 1)
            } else {
                c >> 1
            }
        };
        let table = std::array::from_fn(|i| (0..8).fold(i as u32, |c, _| step(c)));
        Self {
            table,
            state: u32::MAX,
        }
    }

    fn add(&mut self, text: &str) {
        for b in text.bytes() {
            self.state =
                self.table[((self.state ^ u32::from(b)) & 0xFF) as usize] ^ (self.state >> 8);
        }
    }

    fn value(&self) -> u32 {
        !self.state
    }
}

fn hex(chars: &[u32]) -> String {
    chars
        .iter()
        .map(|c| format!("{c:x}"))
        .collect::<Vec<_>>()
        .join(",")
}

#[test]
fn properties() {
    let predicates: [fn(u32) -> bool; 11] = [
        unicode::is_alpha,
        unicode::is_decimal,
        unicode::is_digit,
        unicode::is_numeric,
        unicode::is_alnum,
        unicode::is_lower,
        unicode::is_upper,
        unicode::is_space,
        unicode::is_printable,
        unicode::is_xid_start,
        unicode::is_xid_continue,
    ];
    let mut crc = Crc::new();
    for c in 0..0x11_0000 {
        let flags: String = predicates
            .iter()
            .map(|p| if p(c) { '1' } else { '0' })
            .collect();
        let digit = unicode::digit(c).map_or("-".to_owned(), |d| d.to_string());
        crc.add(&format!(
            "{} {} {} {} {} {digit} {flags}\n",
            unicode::category(c),
            unicode::bidirectional(c),
            unicode::combining(c),
            u8::from(unicode::mirrored(c)),
            unicode::east_asian_width(c),
        ));
    }
    assert_eq!(crc.value(), 0xc2124bf9);
}

#[test]
fn mappings() {
    let mut crc = Crc::new();
    for c in 0..0x11_0000 {
        for map in [
            unicode::lower,
            unicode::upper,
            unicode::title,
            unicode::fold,
        ] {
            crc.add(&hex(map(c).as_slice()));
            crc.add(" ");
        }
        let forms = [Form::Nfc, Form::Nfd, Form::Nfkc, Form::Nfkd];
        crc.add(&forms.map(|f| hex(&normalize(f, &[c]))).join(" "));
        crc.add("\n");
    }
    assert_eq!(crc.value(), 0x2ad2cc06);
}

#[test]
fn names() {
    let mut crc = Crc::new();
    for c in 0..0x11_0000 {
        crc.add(unicode::names::name(c).as_deref().unwrap_or("-"));
        crc.add("\n");
    }
    assert_eq!(crc.value(), 0x468e9f7a);
}
