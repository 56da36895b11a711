//! Code that did not come from the compiler: it is refused, or runs to an end without harm.

use taipan_sre::{Env, Error, InvalidCode, NoEnv, Program, State, Subject};

/// Gives up after some time, as an impatient user would.
struct Impatient(u32);

impl Env for Impatient {
    fn poll(&mut self) -> Result<(), Error> {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }
}

fn codes() -> Vec<(usize, Vec<u32>)> {
    include_str!("vectors.txt")
        .lines()
        .filter(|line| line.starts_with('=') && !line.contains('\t'))
        .filter_map(|line| {
            let (groups, code) = line[1..].split_once(' ')?;
            let word = |word| {
                if word == "M" {
                    Some(u32::MAX)
                } else {
                    u32::from_str_radix(word, 16).ok()
                }
            };
            Some((
                groups.parse().ok()?,
                code.split(' ').map(word).collect::<Option<Vec<_>>>()?,
            ))
        })
        .collect()
}

#[test]
fn mutated_code_does_no_harm() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as usize % below.max(1)
    };
    let mut state = State::new();
    let (mut accepted, mut refused) = (0, 0);
    for (groups, code) in codes() {
        for _ in 0..40 {
            let mut code = code.clone();
            for _ in 0..=random(2) {
                let at = random(code.len());
                match random(4) {
                    0 => code[at] = random(50) as u32,
                    1 => code[at] = code[at].wrapping_add(random(5) as u32).wrapping_sub(2),
                    2 => code[at] = [0, u32::MAX, 1 << 31, 0xffff][random(4)],
                    _ => {
                        code.remove(at);
                    }
                }
            }
            match Program::new(&code, groups) {
                Err(InvalidCode) => refused += 1,
                Ok(program) => {
                    accepted += 1;
                    let mut env = Impatient(20);
                    let text = b"aabc xyz\nABba";
                    let wide: Vec<u32> = text.iter().map(|&ch| u32::from(ch) + 200).collect();
                    // Any answer will do, and any error.
                    let _ = state.search(&program, Subject::Latin1(text), 0, &mut env);
                    let _ = state.fullmatch(&program, Subject::Ucs4(&wide), 3, &mut env);
                }
            }
        }
    }
    assert!(
        accepted > 1000 && refused > 1000,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn refused() {
    let refuses = |code: &[u32], groups| assert!(Program::new(code, groups).is_err(), "{code:?}");
    refuses(&[], 0);
    refuses(&[0], 0);
    refuses(&[17, 0, 1], 0); // MARK without a group
    refuses(&[15, 5, 1], 0); // JUMP
    refuses(&[16], 0);
    refuses(&[24, 6, 2, 1, 16, 97, 1, 1], 0); // minimum above maximum
    refuses(&[24, 9, 0, 1, 16, 97, 1, 1], 0); // skip beyond the end
    refuses(&[18, 1], 0); // MAX_UNTIL without REPEAT
    assert!(Program::new(&[1], 0).is_ok());
    let mut deep = vec![1];
    for _ in 0..20_000 {
        let skip = deep.len() as u32 + 1;
        deep.splice(0..0, [27, skip]);
        deep.push(1);
    }
    refuses(&deep, 0);
}

#[test]
fn interrupted_and_deep() {
    // (a*)*b
    let code = [
        23,
        14,
        0,
        u32::MAX,
        17,
        0,
        24,
        6,
        0,
        u32::MAX,
        16,
        97,
        1,
        17,
        1,
        18,
        16,
        98,
        1,
    ];
    let program = Program::new(&code, 1).expect("valid");
    let mut state = State::new();
    assert_eq!(
        state.match_at(&program, Subject::Latin1(&[b'a'; 60]), 0, &mut Impatient(5)),
        Err(Error::Interrupted)
    );
    // (?:ab)*c on a text that takes a million frames
    let code = [23, 7, 0, u32::MAX, 16, 97, 16, 98, 18, 16, 99, 1];
    let program = Program::new(&code, 0).expect("valid");
    let text: Vec<u8> = b"ab"
        .iter()
        .copied()
        .cycle()
        .take(2_000_000)
        .chain([b'c'])
        .collect();
    assert_eq!(
        state.fullmatch(&program, Subject::Latin1(&text), 0, &mut NoEnv),
        Ok(true)
    );
    assert_eq!(state.span(), (0, text.len()));
}
