//! The order of the executable in memory: what a start reads, code and tables, is put side by side.
//!
//! The system brings a file into memory in pieces of 64 KiB, and a start needs little of each if what it needs is scattered.
//! So an executable that was linked once is run under valgrind, which tells each address that `-c pass` touches; the linker's
//! map tells whose they are; and the script that comes out makes the linker put those pieces first. It is about the very
//! files that were linked, whose pieces have names that the next change to the sources makes anew.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// The output sections to be arranged.
const ARRANGED: [&str; 2] = [".text", ".rodata"];

/// A piece of the executable.
#[derive(Debug, PartialEq)]
struct Piece<'a> {
    start: usize,
    size: usize,
    /// The output section that it went to.
    output: &'a str,
    /// The file, `archive.a(member.o)` for what comes from an archive.
    file: &'a str,
    section: &'a str,
}

/// The linker's script that puts side by side what `taipan -c pass` touches, given the executable and the map that the linker
/// wrote with it.
///
/// # Errors
/// Where there is no valgrind, or it fails.
pub fn script(taipan: &Path, map: &Path) -> Result<String, String> {
    let map = std::fs::read_to_string(map).map_err(|e| format!("{}: {e}", map.display()))?;
    let pieces = pieces(&map);
    let end = pieces.iter().map(|p| p.start + p.size).max().unwrap_or(0);
    // What is compiled is kept in files: the first run writes them.
    let first = Command::new(taipan).args(["-c", "pass"]).status();
    if !first.is_ok_and(|s| s.success()) {
        return Err(format!("{} does not run", taipan.display()));
    }
    let touched = touched(taipan, end)?;
    Ok(write(pieces.iter().filter(|p| {
        touched
            .get(p.start..p.start + p.size)
            .is_some_and(|bytes| bytes.contains(&true))
    })))
}

/// Which addresses below `end` a start reads, writes or executes.
fn touched(taipan: &Path, end: usize) -> Result<Vec<bool>, String> {
    let mut child = Command::new("valgrind")
        .args(["--tool=lackey", "--basic-counts=no", "--trace-mem=yes"])
        .arg(taipan)
        .args(["-c", "pass"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("valgrind: {e}"))?;
    let mut touched = vec![false; end];
    if let Some(trace) = child.stderr.take() {
        let mut trace = BufReader::with_capacity(1 << 20, trace);
        let mut line = Vec::new();
        loop {
            line.clear();
            match trace.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => {
                    if let Some((at, size)) = access(&line)
                        && let Some(bytes) = touched.get_mut(at..at.saturating_add(size))
                    {
                        bytes.fill(true);
                    }
                }
                Err(e) => return Err(format!("valgrind: {e}")),
            }
        }
    }
    let status = child.wait().map_err(|e| format!("valgrind: {e}"))?;
    match status.success() {
        true => Ok(touched),
        false => Err(format!("valgrind: {status}")),
    }
}

/// A line of the trace, ` L 0123abcd,8`: the address and how many bytes.
fn access(line: &[u8]) -> Option<(usize, usize)> {
    if !matches!(line.get(..3)?, b"I  " | b" L " | b" S " | b" M ") {
        return None;
    }
    let text = std::str::from_utf8(line.get(3..)?).ok()?;
    let (at, size) = text.trim_end().split_once(',')?;
    Some((usize::from_str_radix(at, 16).ok()?, size.parse().ok()?))
}

/// The pieces of the sections to be arranged, as the linker's map lists them.
fn pieces(map: &str) -> Vec<Piece<'_>> {
    let mut output = "";
    let mut all = Vec::new();
    for line in map.lines() {
        let Some((start, size, depth, name)) = row(line) else {
            continue;
        };
        match depth {
            0 => output = name,
            8 if size > 0 && ARRANGED.iter().any(|&a| output.starts_with(a)) => {
                // `path:(section)`; what the linker made itself is `<internal>:(section)`.
                if let Some((file, section)) = name.split_once(":(")
                    && let Some(section) = section.strip_suffix(')')
                    && !file.starts_with('<')
                {
                    all.push(Piece {
                        start,
                        size,
                        output,
                        file,
                        section,
                    });
                }
            }
            _ => {}
        }
    }
    all
}

/// A row of the map: address, size, the name and how far it is indented.
fn row(line: &str) -> Option<(usize, usize, usize, &str)> {
    let mut rest = line;
    let mut word = || {
        rest = rest.trim_start();
        let (word, after) = rest.split_once(' ')?;
        rest = after;
        Some(word)
    };
    let start = usize::from_str_radix(word()?, 16).ok()?;
    let _loaded_at = word()?;
    let size = usize::from_str_radix(word()?, 16).ok()?;
    let _align = word()?;
    let name = rest.trim_start();
    Some((start, size, rest.len() - name.len(), name))
}

/// The script: a new section before each arranged one, with the pieces grouped by file.
fn write<'a>(pieces: impl Iterator<Item = &'a Piece<'a>>) -> String {
    let mut by_output: BTreeMap<&str, BTreeMap<String, Vec<&str>>> = BTreeMap::new();
    for piece in pieces {
        let Some(&output) = ARRANGED.iter().find(|&&a| piece.output.starts_with(a)) else {
            continue;
        };
        let files = by_output.entry(output).or_default();
        for (file, section) in patterns(piece) {
            let sections = files.entry(file).or_default();
            if !sections.contains(&section) {
                sections.push(section);
            }
        }
    }
    let mut script = String::new();
    for (output, files) in &by_output {
        script += &format!("SECTIONS {{ {output}.start : {{\n");
        for (file, sections) in files {
            script += &format!("{file}({})\n", sections.join(" "));
        }
        script += &format!("}} }} INSERT BEFORE {output};\n");
    }
    script
}

/// How a script names a piece: by file and section.
fn patterns<'a>(piece: &Piece<'a>) -> Vec<(String, &'a str)> {
    let name = |path: &'a str| path.rsplit('/').next().unwrap_or_default();
    let archived = piece
        .file
        .strip_suffix(')')
        .and_then(|f| f.rsplit_once('('));
    let Some((archive, member)) = archived else {
        return vec![(format!("*{}", name(piece.file)), piece.section)];
    };
    let archive = name(archive);
    let mut all = vec![(format!("*{archive}:{member}"), piece.section)];
    // The C library has some functions in several forms, one of which the processor decides for.
    if let Some((stem, form)) = member.split_once('-')
        && form.starts_with("avx")
    {
        all.push((format!("*{archive}:{stem}-evex*"), ".text*"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "\
             VMA              LMA     Size Align Out     In      Symbol
          a46000           a46000     2000    16 .text
          a46000           a46000       10    16         /t/libx-1.rlib(x.0.rcgu.o):(.text._ZN1a17h0E)
          a46000           a46000       10     1                 _ZN1a17h0E
          a46010           a46010       20    16         /usr/lib/libc.a(memmove-avx-unaligned.o):(.text.avx)
          b00000           b00000       20    16 .data
          b00000           b00000       20    16         /t/libx-1.rlib(x.0.rcgu.o):(.data.y)
";

    #[test]
    fn pieces_of_a_map() {
        let pieces = pieces(MAP);
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[1].section, ".text.avx");
        assert_eq!((pieces[1].start, pieces[1].size), (0xa46010, 0x20));
    }

    #[test]
    fn lines_of_a_trace() {
        assert_eq!(access(b"I  00a46000,3\n"), Some((0xa46000, 3)));
        assert_eq!(access(b" L 1ffeffe7e,8\n"), Some((0x1_ffef_fe7e, 8)));
        assert_eq!(access(b"==123== Lackey\n"), None);
    }

    #[test]
    fn the_script_of_what_was_touched() {
        let script = write(pieces(MAP).iter());
        assert_eq!(
            script,
            "SECTIONS { .text.start : {\n\
             *libc.a:memmove-avx-unaligned.o(.text.avx)\n\
             *libc.a:memmove-evex*(.text*)\n\
             *libx-1.rlib:x.0.rcgu.o(.text._ZN1a17h0E)\n\
             } } INSERT BEFORE .text;\n"
        );
    }
}
