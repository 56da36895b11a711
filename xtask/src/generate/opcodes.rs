//! `spec/opcodes.txt` to `crates/bytecode/src/opcode/generated.rs`: the opcode enums and the tables indexed by opcode.

use super::Output;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Real,
    Specialized,
    Instrumented,
    Pseudo,
}

struct Row {
    number: u16,
    name: String,
    kind: Kind,
    popped: String,
    pushed: String,
    flags: Vec<String>,
    cache: Vec<(String, u8)>,
    base: Option<String>,
    lowers: Option<String>,
}

#[derive(Default)]
struct Spec {
    rows: Vec<Row>,
    families: Vec<(String, Vec<String>)>,
    operands: BTreeMap<String, Vec<Vec<String>>>,
}

const FLAGS: [&str; 16] = [
    "ARG",
    "CONST",
    "NAME",
    "JUMP",
    "FREE",
    "LOCAL",
    "EVAL_BREAK",
    "DEOPT",
    "ERROR",
    "ESCAPES",
    "EXIT",
    "PURE",
    "PASSTHROUGH",
    "OPARG_AND_1",
    "ERROR_NO_POP",
    "NO_SAVE_IP",
];

/// `LOAD_FAST` becomes `LoadFast`.
fn variant(name: &str) -> String {
    let mut out = String::new();
    for word in name.split('_') {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.extend(chars.map(|c| c.to_ascii_lowercase()));
    }
    out
}

/// A stack effect expression as the text of an `Amount`.
fn amount(text: &str) -> Option<String> {
    let (mut fixed, mut scale, mut low_bit, mut bytes) = (0u8, 0u8, 0u8, false);
    for term in text.split('+') {
        match term {
            "oparg" => scale += 1,
            "(oparg&1)" => low_bit += 1,
            "lo" | "hi" => bytes = true,
            _ => match term.strip_suffix("*oparg") {
                Some(factor) => scale += factor.parse::<u8>().ok()?,
                None => fixed += term.parse::<u8>().ok()?,
            },
        }
    }
    Some(format!(
        "Amount {{ fixed: {fixed}, scale: {scale}, low_bit: {low_bit}, bytes: {bytes} }}"
    ))
}

fn parse_row(line: &str) -> Option<Row> {
    let mut words = line.split(' ');
    let number = words.next()?.parse().ok()?;
    let name = words.next()?.to_owned();
    let kind = match words.next()? {
        "real" => Kind::Real,
        "specialized" => Kind::Specialized,
        "instrumented" => Kind::Instrumented,
        "pseudo" => Kind::Pseudo,
        _ => return None,
    };
    let popped = amount(words.next()?)?;
    let pushed = amount(words.next()?)?;
    let flags = match words.next()? {
        "-" => Vec::new(),
        list => list.split(',').map(str::to_owned).collect(),
    };
    if flags.iter().any(|f: &String| !FLAGS.contains(&f.as_str())) {
        return None;
    }
    let mut row = Row {
        number,
        name,
        kind,
        popped,
        pushed,
        flags,
        cache: Vec::new(),
        base: None,
        lowers: None,
    };
    for word in words {
        let (key, value) = word.split_once('=')?;
        match key {
            "cache" => {
                for entry in value.split(',') {
                    let (name, units) = entry.split_once(':')?;
                    row.cache.push((name.to_owned(), units.parse().ok()?));
                }
            }
            "family" | "base" => row.base = Some(value.to_owned()),
            "lowers" => row.lowers = Some(value.to_owned()),
            _ => return None,
        }
    }
    if (row.kind == Kind::Pseudo) != (row.number > 255) {
        return None;
    }
    Some(row)
}

fn parse(table: &str) -> Result<Spec, String> {
    let mut spec = Spec::default();
    for (i, line) in table.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = || format!("spec/opcodes.txt:{}: cannot read {line:?}", i + 1);
        if line.starts_with(|c: char| c.is_ascii_digit()) {
            let row = parse_row(line).ok_or_else(bad)?;
            if spec
                .rows
                .last()
                .is_some_and(|last| last.number >= row.number)
            {
                return Err(bad());
            }
            spec.rows.push(row);
            continue;
        }
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match words.as_slice() {
            [tag, base, members @ ..] if tag == "SPECIALIZATIONS" => {
                spec.families.push((base.clone(), members.to_vec()));
            }
            [tag, number, rest @ ..] if !rest.is_empty() => {
                let list = spec.operands.entry(tag.clone()).or_default();
                if number.parse() != Ok(list.len()) {
                    return Err(bad());
                }
                list.push(rest.to_vec());
            }
            _ => return Err(bad()),
        }
    }
    Ok(spec)
}

fn find<'a>(spec: &'a Spec, name: &str) -> Result<&'a Row, String> {
    spec.rows
        .iter()
        .find(|row| row.name == name)
        .ok_or_else(|| format!("spec/opcodes.txt: no opcode {name}"))
}

fn enums(spec: &Spec, out: &mut String) {
    out.push_str(
        "/// An opcode that a byte of a code stream can hold: those of public bytecode, and the specialized and\n\
         /// instrumented ones of the VM's private copy.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         #[repr(u8)]\n\
         #[allow(missing_docs)]\n\
         pub enum Opcode {\n",
    );
    for row in spec.rows.iter().filter(|row| row.kind != Kind::Pseudo) {
        writeln!(out, "    {} = {},", variant(&row.name), row.number).ok();
    }
    out.push_str(
        "}\n\n/// An opcode as the compiler handles it: those of public bytecode, and the pseudo opcodes that the compiler's\n\
         /// back half lowers.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         #[repr(u16)]\n\
         #[allow(missing_docs)]\n\
         pub enum CompilerOpcode {\n",
    );
    let compiler = |row: &&Row| matches!(row.kind, Kind::Real | Kind::Pseudo);
    for row in spec.rows.iter().filter(compiler) {
        writeln!(out, "    {} = {},", variant(&row.name), row.number).ok();
    }
    out.push_str("}\n\n/// The opcode of each byte value.\npub(super) static OPCODES: [Option<Opcode>; 256] = [\n");
    for byte in 0..256 {
        match spec.rows.iter().find(|row| row.number == byte) {
            Some(row) => writeln!(out, "    Some(Opcode::{}),", variant(&row.name)).ok(),
            None => writeln!(out, "    None,").ok(),
        };
    }
    writeln!(
        out,
        "];\n\n/// The compiler's opcode of each number.\npub(super) static COMPILER_OPCODES: [Option<CompilerOpcode>; METADATA_LEN] = [",
    )
    .ok();
    for number in 0..metadata_len(spec) {
        match spec
            .rows
            .iter()
            .filter(compiler)
            .find(|row| row.number == number)
        {
            Some(row) => writeln!(out, "    Some(CompilerOpcode::{}),", variant(&row.name)).ok(),
            None => writeln!(out, "    None,").ok(),
        };
    }
    out.push_str("];\n\n");
}

fn metadata_len(spec: &Spec) -> u16 {
    spec.rows.last().map_or(0, |row| row.number + 1)
}

fn metadata(spec: &Spec, out: &mut String) -> Result<(), String> {
    writeln!(
        out,
        "/// How many opcode numbers there are, gaps and pseudo opcodes included.\n\
         pub const METADATA_LEN: usize = {};\n\n\
         /// What is known of each opcode number; `None` for numbers that no opcode has.\n\
         pub(super) static METADATA: [Option<Metadata>; METADATA_LEN] = [",
        metadata_len(spec)
    )
    .ok();
    for number in 0..metadata_len(spec) {
        let Some(row) = spec.rows.iter().find(|row| row.number == number) else {
            out.push_str("    None,\n");
            continue;
        };
        let base = row.base.as_deref().unwrap_or(&row.name);
        let base = find(spec, base)?;
        let units: u8 = base.cache.iter().map(|(_, units)| units).sum();
        let kind = match row.kind {
            Kind::Real => "Real",
            Kind::Specialized => "Specialized",
            Kind::Instrumented => "Instrumented",
            Kind::Pseudo => "Pseudo",
        };
        let flags = if row.flags.is_empty() {
            "0".to_owned()
        } else {
            let list: Vec<String> = row.flags.iter().map(|f| format!("flags::{f}")).collect();
            list.join(" | ")
        };
        writeln!(
            out,
            "    Some(Metadata {{ name: {:?}, kind: Kind::{kind}, popped: {}, pushed: {}, flags: {flags}, caches: {units}, base: {} }}),",
            row.name, row.popped, row.pushed, base.number
        )
        .ok();
    }
    out.push_str("];\n\n");
    Ok(())
}

fn lists(spec: &Spec, out: &mut String) -> Result<(), String> {
    out.push_str(
        "/// The inline cache of each real opcode that has one: its entries and their sizes in code units, as\n\
         /// `opcode._cache_format` shows them.\n\
         pub static CACHE_FORMAT: &[(Opcode, &[(&str, u8)])] = &[\n",
    );
    for row in spec.rows.iter().filter(|row| !row.cache.is_empty()) {
        writeln!(
            out,
            "    (Opcode::{}, &{:?}),",
            variant(&row.name),
            row.cache
        )
        .ok();
    }
    out.push_str(
        "];\n\n/// The families of specialized opcodes, in the order of `_opcode_metadata._specializations`.\n\
         pub static SPECIALIZATIONS: &[(Opcode, &[Opcode])] = &[\n",
    );
    for (base, members) in &spec.families {
        for member in members {
            if find(spec, member)?.base.as_ref() != Some(base) {
                return Err(format!(
                    "spec/opcodes.txt: {member} is not of the family {base}"
                ));
            }
        }
        let members: Vec<String> = members
            .iter()
            .map(|m| format!("Opcode::{}", variant(m)))
            .collect();
        writeln!(
            out,
            "    (Opcode::{}, &[{}]),",
            variant(base),
            members.join(", ")
        )
        .ok();
    }
    out.push_str("];\n\n/// What a pseudo opcode becomes: one of several (`Either`), or all in turn (`Sequence`).\n\
        pub(super) static PSEUDO_TARGETS: &[(CompilerOpcode, PseudoTargets)] = &[\n");
    for row in &spec.rows {
        let Some(lowers) = &row.lowers else { continue };
        let way = if lowers.contains(';') {
            "Sequence"
        } else {
            "Either"
        };
        let targets: Vec<String> = lowers
            .split([',', ';'])
            .map(|t| format!("Opcode::{}", variant(t)))
            .collect();
        writeln!(
            out,
            "    (CompilerOpcode::{}, PseudoTargets::{way}(&[{}])),",
            variant(&row.name),
            targets.join(", ")
        )
        .ok();
    }
    out.push_str("];\n\n");
    Ok(())
}

fn operands(spec: &Spec, out: &mut String) -> Result<(), String> {
    let list = |tag: &str| {
        spec.operands
            .get(tag)
            .ok_or_else(|| format!("spec/opcodes.txt: no {tag} lines"))
    };
    out.push_str(
        "/// The operand of BINARY_OP.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[repr(u8)]\n#[allow(missing_docs)]\npub enum BinaryOp {\n",
    );
    let mut symbols = String::new();
    for (i, words) in list("NB_OP")?.iter().enumerate() {
        let [name, symbol] = words.as_slice() else {
            return Err("spec/opcodes.txt: NB_OP wants a name and a symbol".to_owned());
        };
        let short = name.strip_prefix("NB_").unwrap_or(name);
        writeln!(out, "    {} = {i},", variant(short)).ok();
        writeln!(
            symbols,
            "    (BinaryOp::{}, {name:?}, {symbol:?}),",
            variant(short)
        )
        .ok();
    }
    writeln!(
        out,
        "}}\n\n/// Each operand of BINARY_OP with its name and its symbol (`_opcode.get_nb_ops()`).\n\
         pub static BINARY_OPS: &[(BinaryOp, &str, &str)] = &[\n{symbols}];\n"
    )
    .ok();
    for (tag, name, what, prefix) in [
        (
            "INTRINSIC_1",
            "Intrinsic1",
            "CALL_INTRINSIC_1",
            "INTRINSIC_",
        ),
        (
            "INTRINSIC_2",
            "Intrinsic2",
            "CALL_INTRINSIC_2",
            "INTRINSIC_",
        ),
        ("SPECIAL_METHOD", "SpecialMethod", "LOAD_SPECIAL", ""),
        (
            "COMMON_CONSTANT",
            "CommonConstant",
            "LOAD_COMMON_CONSTANT",
            "",
        ),
    ] {
        writeln!(
            out,
            "/// The operand of {what}.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[repr(u8)]\n\
             #[allow(missing_docs)]\npub enum {name} {{"
        )
        .ok();
        let mut table = String::new();
        for (i, words) in list(tag)?.iter().enumerate() {
            let [word] = words.as_slice() else {
                return Err(format!("spec/opcodes.txt: {tag} wants one name"));
            };
            let short = word.strip_prefix(prefix).unwrap_or(word);
            let short = match short {
                "1_INVALID" | "2_INVALID" => "INVALID",
                short => short.trim_matches('_'),
            };
            let ident = if short.chars().any(|c| c.is_ascii_lowercase()) {
                let ident = short.to_owned();
                match ident.as_str() {
                    "enter" => "Enter".to_owned(),
                    "exit" => "Exit".to_owned(),
                    "aenter" => "Aenter".to_owned(),
                    "aexit" => "Aexit".to_owned(),
                    "tuple" => "BuiltinTuple".to_owned(),
                    "all" => "BuiltinAll".to_owned(),
                    "any" => "BuiltinAny".to_owned(),
                    _ => ident,
                }
            } else {
                variant(short)
            };
            writeln!(out, "    {ident} = {i},").ok();
            writeln!(table, "    ({name}::{ident}, {word:?}),").ok();
        }
        writeln!(
            out,
            "}}\n\n/// Each operand of {what} with its name.\npub static {tag}S: &[({name}, &str)] = &[\n{table}];\n"
        )
        .ok();
    }
    Ok(())
}

/// Reads the table and gives the generated file.
pub fn generate(root: &Path) -> Result<Vec<Output>, String> {
    let path = root.join("spec/opcodes.txt");
    let table = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let spec = parse(&table)?;
    let mut out = String::from(
        "//! The opcode enums and tables. Generated from spec/opcodes.txt by `cargo xtask gen`; do not edit.\n\n\
         use super::{Amount, Kind, Metadata, PseudoTargets, flags};\n\n",
    );
    enums(&spec, &mut out);
    metadata(&spec, &mut out)?;
    lists(&spec, &mut out)?;
    operands(&spec, &mut out)?;
    Ok(vec![Output {
        path: "crates/bytecode/src/opcode/generated.rs",
        text: out,
    }])
}
