//! Where `pos` and `endpos` count: the text ends at `endpos`, but does not start at `pos`.

use taipan_sre::{NoEnv, Program, Scan, State, Subject};

const MAX: u32 = u32::MAX;

fn program(code: &[u32]) -> Program {
    Program::new(code, 0).expect("valid")
}

#[test]
fn pos_is_not_a_beginning() {
    let mut state = State::new();
    // ^b
    let start = program(&[14, 4, 0, 1, 1, 6, 0, 16, 98, 1]);
    assert_eq!(
        state.match_at(&start, Subject::Latin1(b"ab"), 1, &mut NoEnv),
        Ok(false)
    );
    assert_eq!(
        state.search(&start, Subject::Latin1(b"ab"), 1, &mut NoEnv),
        Ok(false)
    );
    // (?<=a)b
    let behind = program(&[14, 4, 0, 1, 1, 4, 5, 1, 16, 97, 1, 16, 98, 1]);
    assert_eq!(
        state.match_at(&behind, Subject::Latin1(b"ab"), 1, &mut NoEnv),
        Ok(true)
    );
    assert_eq!(state.span(), (1, 2));
    // b\Z, cut at 2
    let end = program(&[14, 4, 0, 1, 1, 16, 98, 6, 7, 1]);
    let text = b"abc";
    assert_eq!(
        state.search(&end, Subject::Latin1(&text[..2]), 0, &mut NoEnv),
        Ok(true)
    );
    assert_eq!(
        state.search(&end, Subject::Latin1(text), 0, &mut NoEnv),
        Ok(false)
    );
    assert_eq!(
        state.search(&end, Subject::Latin1(text), 4, &mut NoEnv),
        Ok(false)
    );
    assert_eq!(
        state.match_at(&end, Subject::Latin1(text), usize::MAX, &mut NoEnv),
        Ok(false)
    );
}

#[test]
fn empty_matches_are_found_once() {
    // a*
    let code = program(&[14, 4, 0, 0, MAX, 24, 6, 0, MAX, 16, 97, 1, 1]);
    let mut state = State::new();
    let mut scan = Scan::new(0);
    let mut found = Vec::new();
    while scan.search(
        &mut state,
        &code,
        Subject::Ucs2(&[98, 97, 97, 98]),
        &mut NoEnv,
    ) == Ok(true)
    {
        found.push(state.span());
    }
    assert_eq!(found, [(0, 0), (1, 3), (3, 3), (4, 4)]);
    // A scan that has ended stays at its end.
    assert_eq!(
        scan.search(&mut state, &code, Subject::Ucs2(&[97]), &mut NoEnv),
        Ok(false)
    );
    assert_eq!(
        scan.match_here(&mut state, &code, Subject::Ucs2(&[97]), &mut NoEnv),
        Ok(false)
    );
}

#[test]
fn overlapping_prefixes_in_every_width() {
    // aab, as the compiler writes it: prefix, overlap table, literals
    let code = program(&[
        14, 12, 3, 3, 3, 3, 3, 97, 97, 98, 0, 1, 0, 16, 97, 16, 97, 16, 98, 1,
    ]);
    let text = b"aaaab aabaaab";
    let wide: Vec<u16> = text.iter().map(|&ch| u16::from(ch)).collect();
    let wider: Vec<u32> = text.iter().map(|&ch| u32::from(ch)).collect();
    let mut state = State::new();
    for subject in [
        Subject::Latin1(text),
        Subject::Ucs2(&wide),
        Subject::Ucs4(&wider),
    ] {
        let mut scan = Scan::new(0);
        let mut found = Vec::new();
        while scan.search(&mut state, &code, subject, &mut NoEnv) == Ok(true) {
            found.push(state.span().0);
        }
        assert_eq!(found, [2, 6, 10]);
    }
    // Characters that the width cannot hold are nowhere.
    let code = program(&[14, 8, 3, 1, 1, 1, 1, 0x4e00, 0, 16, 0x4e00, 1]);
    assert_eq!(
        state.search(&code, Subject::Latin1(text), 0, &mut NoEnv),
        Ok(false)
    );
    assert_eq!(
        state.search(&code, Subject::Ucs2(&[7, 0x4e00]), 0, &mut NoEnv),
        Ok(true)
    );
}
