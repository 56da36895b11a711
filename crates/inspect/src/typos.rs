//! Misspelt keywords: what `traceback` finds in the statement of a SyntaxError that says no more than "invalid syntax".

use taipan_ast::Arena;
use taipan_parser::{KEYWORDS, ParseError, ParseOptions, parse};
use taipan_text::suggestions::suggest;
use taipan_tokenizer::{SyntaxError, SyntaxErrorKind, TokenKind, Tokenizer, TokenizerOptions};

/// Longer statements, in characters, are not looked at.
const LONGEST: usize = 1024;
/// So many names are looked at.
const NAMES: usize = 10;
/// So many keywords are tried for each.
const MATCHES: usize = 3;

/// A name that was to be a keyword.
pub(crate) struct Typo {
    /// The line that it is in.
    pub line: String,
    /// Where it begins and ends there, in characters from 1.
    pub columns: (u32, u32),
    pub keyword: &'static str,
}

/// The first name in the statement of the error that can be replaced by a similar keyword so that it can be parsed. The
/// parser uses at most `stack` bytes of the stack.
pub(crate) fn find(text: &str, error: &SyntaxError, stack: usize) -> Option<Typo> {
    if error.msg != "invalid syntax" && !error.msg.contains("Perhaps you forgot a comma") {
        return None;
    }
    let (first, _) = error.last_statement?;
    let lines: Vec<&str> = text.lines().take(error.lineno as usize).collect();
    let code = dedent(lines.get(first.saturating_sub(1) as usize..)?);
    if code.chars().count() > LONGEST {
        return None;
    }
    let options = TokenizerOptions {
        extra_tokens: true,
        iterated: true,
        ..TokenizerOptions::default()
    };
    let mut tokenizer = Tokenizer::new(&code, options);
    let mut names = 0;
    while let Ok(token) = tokenizer.next_token() {
        let place = token.start as usize..token.end as usize;
        let name = code.get(place.clone())?;
        match token.kind {
            TokenKind::Endmarker => return None,
            TokenKind::Name if !KEYWORDS.contains(&name) => names += 1,
            _ => continue,
        }
        if names > NAMES {
            return None;
        }
        let keyword = similar(name).into_iter().find(|keyword| {
            let mut changed = code.clone();
            changed.replace_range(place.clone(), keyword);
            is_accepted(&changed, stack)
        });
        if let Some(keyword) = keyword {
            let start = code[..place.start].rfind('\n').map_or(0, |at| at + 1);
            let column = |end: usize| code[start..end].chars().count() as u32 + 1;
            return Some(Typo {
                line: code[start..].lines().next().unwrap_or("").to_owned(),
                columns: (column(place.start), column(place.end)),
                keyword,
            });
        }
    }
    None
}

/// `textwrap.dedent`: lines without the white space that all of them begin with.
fn dedent(lines: &[&str]) -> String {
    let blank = |line: &str| line.trim().is_empty();
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut margin: Option<&str> = None;
    for line in lines.iter().filter(|line| !blank(line)) {
        let own = &line[..indent(line)];
        margin = Some(match margin {
            None => own,
            Some(before) => {
                let same = before
                    .bytes()
                    .zip(own.bytes())
                    .take_while(|(a, b)| a == b)
                    .count();
                &before[..same]
            }
        });
    }
    let margin = margin.map_or(0, str::len);
    let shown = lines
        .iter()
        .map(|line| if blank(line) { "" } else { &line[margin..] });
    shown.collect::<Vec<_>>().join("\n")
}

/// Keywords that a name may have been meant for, the likeliest first.
fn similar(name: &str) -> Vec<&'static str> {
    let near = suggest(name, KEYWORDS.iter().copied());
    let letters: Vec<char> = name.chars().collect();
    let mut rated: Vec<(usize, usize, &'static str)> = Vec::new();
    for keyword in KEYWORDS {
        let other: Vec<char> = keyword.chars().collect();
        let (common, all) = (matching(&other, &letters), other.len() + letters.len());
        // `difflib`'s ratio, 2 * common / all, is 0.5 at least.
        if 4 * common >= all {
            rated.push((common, all, keyword));
        }
    }
    rated.sort_by(|a, b| {
        let ratios = (b.0 * a.1).cmp(&(a.0 * b.1));
        ratios.then_with(|| b.2.cmp(a.2))
    });
    let rated = rated
        .into_iter()
        .map(|(_, _, keyword)| keyword)
        .take(MATCHES);
    near.into_iter().chain(rated).take(MATCHES).collect()
}

/// How many letters `difflib` finds to be common: those of the longest run that is in both, and likewise before and
/// behind it.
fn matching(a: &[char], b: &[char]) -> usize {
    let (mut best, mut at) = (0, (0, 0));
    for i in 0..a.len() {
        for j in 0..b.len() {
            let run = a[i..].iter().zip(&b[j..]).take_while(|(x, y)| x == y);
            let length = run.count();
            if length > best {
                (best, at) = (length, (i, j));
            }
        }
    }
    if best == 0 {
        return 0;
    }
    let (i, j) = at;
    matching(&a[..i], &b[..j]) + best + matching(&a[i + best..], &b[j + best..])
}

/// Whether `codeop` takes it: as it is, or as something that can be complete yet.
fn is_accepted(code: &str, stack: usize) -> bool {
    let local = 0_u8;
    let here = std::ptr::from_ref(std::hint::black_box(&local)).addr();
    let attempt = |code: &str, unfinished: bool| {
        let options = ParseOptions {
            stack_limit: Some(here.saturating_sub(stack)),
            dont_imply_dedent: unfinished,
            allow_incomplete_input: unfinished,
            ..ParseOptions::default()
        };
        let arena = Arena::new();
        parse(&arena, code, &options, &mut Vec::new()).map(|_| ())
    };
    if attempt(code, true).is_err() {
        match attempt(&format!("{code}\n"), true) {
            Ok(()) => return true,
            Err(ParseError::Syntax(error)) if error.kind == SyntaxErrorKind::IncompleteInput => {
                return true;
            }
            Err(_) => {}
        }
    }
    attempt(code, false).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{matching, similar};

    #[test]
    fn keywords_are_found() {
        assert_eq!(similar("fro"), ["from", "from", "for"]);
        assert_eq!(similar("esle"), ["else", "del", "elif"]);
        assert_eq!(similar("defi"), ["def", "def", "del"]);
        assert_eq!(similar("clas"), ["class", "class", "as"]);
        assert_eq!(similar("whille"), ["while", "while"]);
        assert_eq!(similar("retrun"), ["return", "return"]);
        assert!(similar("banana").is_empty());
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(matching(&chars("return"), &chars("retrun")), 5);
    }
}
