//! A module that CPython 3.14 has compiled: read, verified, shown and written again.

use std::rc::Rc;

use taipan_bytecode::{Opcode, dis, marshal, verifier};

const MARSHALLED: &[u8] = include_bytes!("data/example.marshal");

/// Addresses differ from run to run.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split(" at 0x");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        out.push_str(" at ADDRESS");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    out
}

#[test]
fn what_is_read_is_written_again() {
    let loaded = marshal::load_code(&mut &MARSHALLED[..]).expect("CPython wrote it");
    let written = marshal::dump_code(&loaded.value, marshal::VERSION).expect("it was read");
    assert!(written == MARSHALLED);
}

#[test]
fn the_verifier_accepts_what_cpython_compiles() {
    let loaded = marshal::load_code(&mut &MARSHALLED[..]).expect("CPython wrote it");
    assert_eq!(verifier::verify_tree(&loaded.value), Ok(()));
}

#[test]
fn the_disassembly_is_that_of_dis() {
    let loaded = marshal::load_code(&mut &MARSHALLED[..]).expect("CPython wrote it");
    let plain = dis::dis(&loaded.value, &dis::Options::default());
    assert_eq!(
        without_addresses(&plain),
        include_str!("data/example.plain.txt")
    );
    let full = dis::Options {
        show_caches: true,
        show_offsets: true,
        show_positions: true,
        depth: None,
    };
    let full = dis::dis(&loaded.value, &full);
    assert_eq!(
        without_addresses(&full),
        include_str!("data/example.full.txt")
    );
}

#[test]
fn operands_beyond_32_bits_are_shown() {
    let loaded = marshal::load_code(&mut &MARSHALLED[..]).expect("CPython wrote it");
    let mut code = (*loaded.value).clone();
    let extended = [Opcode::ExtendedArg as u8, 0xFF].repeat(6);
    let mut units = Vec::new();
    for opcode in [Opcode::JumpForward, Opcode::JumpBackward, Opcode::LoadConst] {
        units.extend_from_slice(&extended);
        units.extend([opcode as u8, 0xFF]);
    }
    code.code = units.into();
    assert!(dis::dis(&Rc::new(code), &dis::Options::default()).contains("EXTENDED_ARG"));
}

#[test]
fn damaged_data_never_gets_past_the_checks_by_a_panic() {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    for _ in 0..3000 {
        let mut data = MARSHALLED.to_vec();
        for _ in 0..=random() % 3 {
            let at = random() % data.len();
            data[at] = random() as u8;
        }
        if let Ok(loaded) = marshal::load_code(&mut &data[..])
            && verifier::verify_tree(&loaded.value).is_ok()
        {
            dis::dis(&loaded.value, &dis::Options::default());
        }
    }
}
