//! Docstrings: their indentation is taken off when they are compiled.

use taipan_wtf8::{Wtf8, Wtf8Buf};

/// `inspect.cleandoc`, but blank lines at both ends stay, so that line numbers in a docstring remain true.
pub(crate) fn clean_doc(doc: &Wtf8) -> Wtf8Buf {
    let doc = expand_tabs(doc);
    let lines: Vec<&[u8]> = doc
        .as_bytes()
        .split_inclusive(|byte| *byte == b'\n')
        .collect();
    let margin = lines
        .iter()
        .skip(1)
        .filter(|line| line.iter().any(|byte| !matches!(byte, b' ' | b'\n')))
        .map(|line| leading_spaces(line))
        .min()
        .unwrap_or(0);
    let mut out = Wtf8Buf::with_capacity(doc.len());
    for (i, line) in lines.iter().enumerate() {
        let spaces = leading_spaces(line);
        let cut = if i == 0 { spaces } else { spaces.min(margin) };
        let (_, rest) = line.split_at(cut);
        out.push_wtf8(Wtf8::trusted(rest));
    }
    out
}

fn leading_spaces(line: &[u8]) -> usize {
    line.iter().take_while(|byte| **byte == b' ').count()
}

/// `str.expandtabs` with the usual eight columns.
fn expand_tabs(text: &Wtf8) -> Wtf8Buf {
    const TAB: usize = 8;
    if !text.as_bytes().contains(&b'\t') {
        return text.to_owned();
    }
    let mut out = Wtf8Buf::with_capacity(text.len() + TAB);
    let mut column = 0;
    for point in text.code_points() {
        if point == u32::from(b'\t') {
            let width = TAB - column % TAB;
            for _ in 0..width {
                out.push(' ');
            }
            column += width;
            continue;
        }
        out.push_code_point(point);
        column = if point == u32::from(b'\n') || point == u32::from(b'\r') {
            0
        } else {
            column + 1
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        clean_doc(Wtf8::new(text))
            .into_string()
            .expect("no surrogates went in")
    }

    #[test]
    fn indentation_goes() {
        assert_eq!(
            clean("  One.\n\n    Two\n      three\n  "),
            "One.\n\nTwo\n  three\n"
        );
        assert_eq!(clean("\n\tA\n\t  b"), "\nA\n  b");
        assert_eq!(clean("a\tb\n\n   \n"), "a       b\n\n   \n");
        assert_eq!(clean("a\nb"), "a\nb");
    }
}
