//! Times searches over a few texts; `cargo run --release -p taipan-sre --example bench [pattern]`. The programs of `bench.txt` were
//! compiled by CPython 3.14 from the source that stands above each. `small` is 100,000 matches of `key = value`.

use std::time::Instant;
use taipan_sre::{NoEnv, Program, Scan, State, Subject};

fn dna() -> Vec<u8> {
    let mut x = 12345_u32;
    (0..500_000)
        .map(|i| {
            x = x.wrapping_mul(1_103_515_245).wrapping_add(12345) & 0x7fff_ffff;
            if i % 61 == 60 {
                b'\n'
            } else {
                b"acgt"[(x >> 16) as usize & 3]
            }
        })
        .collect()
}

fn main() {
    let dna = dna();
    let words = "The quick brown fox jumps over the lazy dog. user@example.com 127.0.0.1 key=value; \"a b\" ".repeat(2000);
    let mut state = State::new();
    let mut title = "";
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let rounds = if wanted.is_empty() { 7 } else { 100 };
    for line in include_str!("bench.txt").lines() {
        if let Some(rest) = line.strip_prefix('#') {
            title = rest;
            continue;
        }
        if !title.contains(&wanted) {
            continue;
        }
        let (groups, code) = line
            .trim_start_matches('=')
            .split_once(' ')
            .expect("a code");
        let word = |word| {
            if word == "M" {
                u32::MAX
            } else {
                u32::from_str_radix(word, 16).expect("hexadecimal")
            }
        };
        let code: Vec<u32> = code.split(' ').map(word).collect();
        let program = Program::new(&code, groups.parse().expect("a number"))
            .unwrap_or_else(|_| panic!("{title}"));
        let mut best = f64::INFINITY;
        let mut found = 0;
        for _ in 0..rounds {
            let start = Instant::now();
            found = 0;
            if title.starts_with("small") {
                for _ in 0..100_000 {
                    let text = Subject::Latin1(std::hint::black_box(b"key = value"));
                    std::hint::black_box(state.match_at(&program, text, 0, &mut NoEnv))
                        .expect("matched");
                    found += 1;
                }
            } else {
                let text = Subject::Latin1(if title.starts_with("dna") {
                    &dna
                } else {
                    words.as_bytes()
                });
                let mut scan = Scan::new(0);
                while scan
                    .search(&mut state, &program, text, &mut NoEnv)
                    .expect("searched")
                {
                    found += 1;
                }
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{title} {found} {:.2} ms", best * 1e3);
    }
}
