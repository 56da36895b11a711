//! Text as SVG wants it, and the look that all drawings share: it follows the viewer's choice of light or dark.

/// The width of a character of the monospaced font, in pixels.
pub const CHARACTER: f64 = 7.25;
/// The distance of lines of text.
pub const LINE: f64 = 17.0;

const STYLE: &str = "\
svg { --back: #ffffff; --ink: #1f2328; --faint: #6e7781; --box: #f6f8fa; --rim: #d0d7de;
      --blue: #0969da; --green: #1a7f37; --red: #cf222e; --amber: #9a6700; background: var(--back); }
@media (prefers-color-scheme: dark) {
  svg { --back: #0d1117; --ink: #e6edf3; --faint: #8d96a0; --box: #161b22; --rim: #30363d;
        --blue: #58a6ff; --green: #3fb950; --red: #ff7b72; --amber: #d29922; }
}
text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: var(--ink); white-space: pre; }
.title { font-weight: 600; font-size: 14px; }
.name { font-weight: 600; }
.faint { fill: var(--faint); font-size: 10.5px; }
rect { fill: var(--box); stroke: var(--rim); }
.stmt { stroke: var(--blue); } .expr { stroke: var(--green); } .other { stroke: var(--amber); }
.edge { fill: none; stroke: var(--faint); stroke-width: 1.2; }
.jumps { stroke: var(--blue); } .back { stroke: var(--green); } .raises { stroke: var(--red); stroke-dasharray: 4 3; }
.head { fill: var(--faint); } .head.jumps { fill: var(--blue); } .head.back { fill: var(--green); }
.head.raises { fill: var(--red); }
";

/// Appends text, with what has a meaning in SVG written otherwise.
pub fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to write these.
            c if c < ' ' && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// Appends a line of text.
pub fn push_text(out: &mut String, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
    out.push_str(&format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">"
    ));
    push_escaped(out, text);
    out.push_str("</text>\n");
}

/// A whole drawing of this size.
pub fn document(width: f64, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\">\n<style>\n{STYLE}</style>\n{body}</svg>\n"
    )
}

/// The width of a text of the monospaced font.
pub fn width(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

/// The first characters of a text that is too long, and a sign that there are more.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}
