//! Compares with CPython 3.14: `vectors.txt` holds programs with what match, fullmatch and finditer find. A pattern is
//! `#source flags`, then `=groups code...` in hexadecimal (`M` is MAXREPEAT); each line below it is a subject and the
//! three results, separated by tabs. A match is its spans, `-` for a group that did not match, then `lastindex`.
//! `SRE_VECTORS` names another file to run in its place.

use std::fmt::Write;
use taipan_sre::{NoEnv, Program, Scan, State, Subject};

fn unescape(text: &str) -> Vec<u32> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(ch) = rest.chars().next() {
        rest = &rest[ch.len_utf8()..];
        if ch == '\\' {
            let (hex, after) = rest.split_once(';').expect("an escape ends");
            out.push(u32::from_str_radix(hex, 16).expect("hexadecimal"));
            rest = after;
        } else {
            out.push(u32::from(ch));
        }
    }
    out
}

fn show(state: &State, groups: usize) -> String {
    let (start, end) = state.span();
    let mut out = format!("{start}.{end}");
    for group in 1..=groups {
        match state.group(group) {
            Some((start, end)) => write!(out, ";{start}.{end}").expect("a string takes all"),
            None => out.push_str(";-"),
        }
    }
    match state.lastindex() {
        Some(index) => write!(out, ";{index}").expect("a string takes all"),
        None => out.push_str(";-"),
    }
    out
}

fn results(program: &Program, state: &mut State, subject: Subject<'_>) -> String {
    let groups = program.groups();
    let one = |found, state: &State| {
        if found {
            show(state, groups)
        } else {
            "-".to_string()
        }
    };
    let found = state
        .match_at(program, subject, 0, &mut NoEnv)
        .expect("matched");
    let mut out = one(found, state);
    let found = state
        .fullmatch(program, subject, 0, &mut NoEnv)
        .expect("matched");
    out = out + "\t" + &one(found, state) + "\t";
    let mut scan = Scan::new(0);
    let mut first = true;
    while scan
        .search(state, program, subject, &mut NoEnv)
        .expect("searched")
    {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        out.push_str(&show(state, groups));
    }
    out
}

#[test]
fn as_cpython() {
    let text = match std::env::var_os("SRE_VECTORS") {
        Some(path) => std::fs::read_to_string(path).expect("readable"),
        None => include_str!("vectors.txt").to_string(),
    };
    let mut state = State::new();
    let mut program = None;
    let (mut source, mut cases, mut failures) = ("", 0, String::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix('#').filter(|_| !line.contains('\t')) {
            source = rest;
        } else if let Some(rest) = line.strip_prefix('=').filter(|_| !line.contains('\t')) {
            let (groups, code) = rest.split_once(' ').expect("a code");
            let word = |word| {
                if word == "M" {
                    u32::MAX
                } else {
                    u32::from_str_radix(word, 16).expect("hexadecimal")
                }
            };
            let code: Vec<u32> = code.split(' ').map(word).collect();
            program = Some(
                Program::new(&code, groups.parse().expect("a number"))
                    .unwrap_or_else(|_| panic!("refused {source}")),
            );
        } else {
            let (subject, expected) = line.split_once('\t').expect("a subject");
            let program = program.as_ref().expect("a program");
            let chars = unescape(subject);
            let mut got = vec![results(program, &mut state, Subject::Ucs4(&chars))];
            let narrow: Result<Vec<u8>, _> = chars.iter().map(|&ch| u8::try_from(ch)).collect();
            let middle: Result<Vec<u16>, _> = chars.iter().map(|&ch| u16::try_from(ch)).collect();
            got.extend(narrow.map(|text| results(program, &mut state, Subject::Latin1(&text))));
            got.extend(middle.map(|text| results(program, &mut state, Subject::Ucs2(&text))));
            cases += 1;
            for got in got.iter().filter(|got| *got != expected) {
                writeln!(
                    failures,
                    "{source}  on  {subject:?}\n   got {got:?}\n  want {expected:?}"
                )
                .expect("a string");
            }
        }
    }
    assert!(cases > 1000);
    let shown: Vec<&str> = failures.lines().take(60).collect();
    assert!(
        failures.is_empty(),
        "{} of {cases} differ:\n{}",
        failures.lines().count() / 3,
        shown.join("\n")
    );
}
