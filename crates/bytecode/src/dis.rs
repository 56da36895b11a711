//! The disassembler: the text of Python's `dis.dis`, for tools that have a code object and no interpreter.

use crate::code::CodeObject;
use crate::constant::Constant;
use crate::exception_table::{self, Entry};
use crate::location::{self, Position};
use crate::opcode::{
    BINARY_OPS, CACHE_FORMAT, COMMON_CONSTANTS, CommonConstant, INTRINSIC_1S, INTRINSIC_2S, Opcode,
    SPECIAL_METHODS, flags,
};
use crate::repr::{display, repr};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What to show; the names are those of `dis.dis`'s parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The units of inline caches.
    pub show_caches: bool,
    /// The offset of each instruction.
    pub show_offsets: bool,
    /// Lines and columns in place of lines.
    pub show_positions: bool,
    /// How many levels of nested code to show; all for `None`.
    pub depth: Option<usize>,
}

const OPNAME_WIDTH: usize = 20;
const OPARG_WIDTH: usize = 5;
const NO_LINENO: &str = "  --";
const COMPARISONS: [&str; 6] = ["<", "<=", "==", "!=", ">", ">="];
const CONVERSIONS: [&str; 4] = ["", "str", "repr", "ascii"];
const FUNCTION_ATTRIBUTES: [&str; 5] = [
    "defaults",
    "kwdefaults",
    "annotations",
    "closure",
    "annotate",
];

/// The text of a code object and of those within it. Never fails: what does not fit is shown as it is.
pub fn dis(code: &Rc<CodeObject>, options: &Options) -> String {
    let mut out = String::new();
    let mut todo = vec![(code.clone(), options.depth, false)];
    while let Some((code, depth, nested)) = todo.pop() {
        if nested {
            let title = repr(&Constant::Code(code.clone()));
            out.push_str(&format!("\nDisassembly of {title}:\n"));
        }
        disassemble(&code, options, &mut out);
        if depth != Some(0) {
            let deeper = depth.map(|depth| depth - 1);
            for constant in code.consts.iter().rev() {
                if let Constant::Code(inner) = constant {
                    todo.push((inner.clone(), deeper, true));
                }
            }
        }
    }
    out
}

/// An instruction as `dis` sees it: an EXTENDED_ARG is one.
struct Instruction {
    offset: usize,
    byte: u8,
    opcode: Option<Opcode>,
    arg: Option<i32>,
}

/// The instructions, with operands put together as `dis` does it.
fn unpack(code: &CodeObject) -> Vec<Instruction> {
    let mut all = Vec::new();
    let mut extended = 0i32;
    let mut at = 0;
    while let Some([byte, low]) = code.code.get(at..at + 2) {
        let opcode = Opcode::from_u8(*byte);
        let arg = opcode
            .filter(|opcode| opcode.has(flags::ARG))
            .map(|_| i32::from(*low) | extended);
        extended = match (opcode, arg) {
            (Some(Opcode::ExtendedArg), Some(arg)) => arg.wrapping_shl(8),
            _ => 0,
        };
        all.push(Instruction {
            offset: at,
            byte: *byte,
            opcode,
            arg,
        });
        at += 2 + 2 * opcode.map_or(0, Opcode::caches);
    }
    all
}

impl Instruction {
    fn jump_target(&self) -> Option<i64> {
        let opcode = self.opcode?.deopt();
        if !opcode.has(flags::JUMP) {
            return None;
        }
        let distance = 2 * i64::from(self.arg?);
        let distance = if opcode.jumps_backward() {
            -distance
        } else {
            distance
        };
        Some(self.offset as i64 + 2 + 2 * opcode.caches() as i64 + distance)
    }

    fn name(&self) -> String {
        match self.opcode {
            Some(opcode) => opcode.name().to_owned(),
            None => format!("<{}>", self.byte),
        }
    }
}

/// The widths of the columns, and what is looked up for each line.
struct Formatter<'a> {
    code: &'a CodeObject,
    options: &'a Options,
    labels: BTreeMap<i64, usize>,
    lines: BTreeMap<usize, Option<i32>>,
    lineno_width: usize,
    label_width: usize,
    offset_width: usize,
}

/// An instruction with what `dis` says of it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The offset of its opcode in bytes.
    pub offset: usize,
    /// Its opcode; `None` if there is none of this number.
    pub opcode: Option<Opcode>,
    /// The opcode's number.
    pub byte: u8,
    /// The operand, if the opcode has one.
    pub arg: Option<i32>,
    /// What the operand means; empty if there is nothing to say.
    pub argrepr: String,
    /// The number of its label.
    pub label: Option<usize>,
    /// The offset that it jumps to.
    pub target: Option<i64>,
    /// Whether a line begins with it.
    pub starts_line: bool,
}

/// The instructions of a code object as `dis.get_instructions` gives them: an EXTENDED_ARG is one.
pub fn instructions(code: &CodeObject) -> Vec<Shown> {
    let instructions = unpack(code);
    let entries: Vec<Entry> = exception_table::entries(&code.exceptiontable).collect();
    let options = Options::default();
    let formatter = Formatter::new(code, &options, &instructions, &entries, &[]);
    let shown = instructions.iter().map(|instruction| Shown {
        offset: instruction.offset,
        opcode: instruction.opcode,
        byte: instruction.byte,
        arg: instruction.arg,
        argrepr: formatter.details(instruction),
        label: formatter.labels.get(&(instruction.offset as i64)).copied(),
        target: instruction.jump_target(),
        starts_line: formatter.lines.contains_key(&instruction.offset),
    });
    shown.collect()
}

fn disassemble(code: &CodeObject, options: &Options, out: &mut String) {
    let instructions = unpack(code);
    let entries: Vec<Entry> = exception_table::entries(&code.exceptiontable).collect();
    let positions: Vec<Position> = location::entries(&code.linetable, code.firstlineno)
        .flat_map(|entry| std::iter::repeat_n(entry.position, entry.length))
        .collect();
    let formatter = Formatter::new(code, options, &instructions, &entries, &positions);
    for instruction in &instructions {
        // CPython takes the positions of code units one by one, and runs out of them in the same place.
        let position = positions.get(instruction.offset / 2).copied();
        formatter.instruction(instruction, position, out);
    }
    if !entries.is_empty() {
        out.push_str("ExceptionTable:\n");
    }
    for entry in &entries {
        let label = |unit: usize| {
            formatter
                .labels
                .get(&(unit as i64).saturating_mul(2))
                .copied()
                .unwrap_or(0)
        };
        let (start, end, target) = (label(entry.start), label(entry.end), label(entry.target));
        let lasti = if entry.lasti { " lasti" } else { "" };
        let depth = entry.depth;
        out.push_str(&format!(
            "  L{start} to L{end} -> L{target} [{depth}]{lasti}\n"
        ));
    }
}

fn lineno_width(lines: &BTreeMap<usize, Option<i32>>) -> usize {
    let Some(largest) = lines.values().flatten().filter(|line| **line != 0).max() else {
        return 0;
    };
    if *largest == -1 {
        return 0;
    }
    let width = largest.to_string().len().max(3);
    let unknown = lines.values().any(Option::is_none);
    if unknown {
        width.max(NO_LINENO.len())
    } else {
        width
    }
}

fn parts(position: &Position) -> [Option<i32>; 4] {
    [
        position.lineno,
        position.end_lineno,
        position.col_offset,
        position.end_col_offset,
    ]
}

fn positions_width(positions: &[Position]) -> usize {
    let width = |part: &Option<i32>| part.map_or(1, |value| value.to_string().len());
    let widths = positions
        .iter()
        .map(|position| parts(position).iter().map(width).sum());
    let widest: usize = widths.max().unwrap_or(0);
    if positions
        .iter()
        .any(|position| parts(position).iter().any(Option::is_some))
    {
        1 + NO_LINENO.len().max(3 + widest)
    } else {
        0
    }
}

impl<'a> Formatter<'a> {
    fn new(
        code: &'a CodeObject,
        options: &'a Options,
        instructions: &[Instruction],
        entries: &[Entry],
        positions: &[Position],
    ) -> Formatter<'a> {
        let handled = entries
            .iter()
            .flat_map(|entry| [entry.start, entry.end, entry.target]);
        let mut labels: BTreeMap<i64, usize> = handled
            .map(|unit| ((unit as i64).saturating_mul(2), 0))
            .collect();
        labels.extend(
            instructions
                .iter()
                .filter_map(|i| Some((i.jump_target()?, 0))),
        );
        for (number, label) in labels.values_mut().enumerate() {
            *label = number + 1;
        }
        let ranges = location::line_ranges(&code.linetable, code.firstlineno);
        let lines: BTreeMap<usize, Option<i32>> =
            ranges.map(|range| (2 * range.start, range.line)).collect();
        Formatter {
            code,
            options,
            lineno_width: if options.show_positions {
                positions_width(positions)
            } else {
                lineno_width(&lines)
            },
            label_width: 4 + labels.len().to_string().len(),
            offset_width: code
                .code
                .len()
                .saturating_sub(2)
                .max(9999)
                .to_string()
                .len(),
            labels,
            lines,
        }
    }

    fn instruction(&self, instruction: &Instruction, position: Option<Position>, out: &mut String) {
        let (name, offset) = (instruction.name(), instruction.offset);
        let line = self.lines.get(&offset);
        let label = self.labels.get(&(offset as i64)).copied();
        let details = self.details(instruction);
        self.line(
            &name,
            instruction.arg,
            &details,
            offset,
            line,
            label,
            position,
            out,
        );
        let Some(opcode) = instruction.opcode.filter(|_| self.options.show_caches) else {
            return;
        };
        let format = CACHE_FORMAT
            .iter()
            .find(|(base, _)| *base == opcode.deopt());
        let mut at = offset;
        for (name, size) in format.map_or(&[][..], |(_, entries)| entries) {
            let bytes = self
                .code
                .code
                .get(at + 2..at + 2 + 2 * usize::from(*size))
                .unwrap_or(&[]);
            let value = bytes
                .iter()
                .rev()
                .fold(0u64, |value, byte| value << 8 | u64::from(*byte));
            for unit in 0..*size {
                at += 2;
                let details = if unit == 0 {
                    format!("{name}: {value}")
                } else {
                    String::new()
                };
                self.line("CACHE", Some(0), &details, at, None, None, position, out);
            }
        }
    }

    fn line(
        &self,
        name: &str,
        arg: Option<i32>,
        details: &str,
        offset: usize,
        starts_line: Option<&Option<i32>>,
        label: Option<usize>,
        position: Option<Position>,
        out: &mut String,
    ) {
        let width = self.lineno_width;
        if width > 0 && starts_line.is_some() && offset > 0 {
            out.push('\n');
        }
        let mut fields = Vec::new();
        if width > 0 && self.options.show_positions {
            let text = position.map_or(String::new(), |position| position_text(&position));
            fields.push(format!("{text:width$}"));
        } else if width > 0 {
            let text = starts_line.map_or(String::new(), |line| match line {
                Some(line) => line.to_string(),
                None => NO_LINENO.to_owned(),
            });
            fields.push(format!("{text:>width$}"));
        }
        let label = label.map_or(String::new(), |label| format!("L{label}:"));
        fields.push(format!("{label:>0$}", self.label_width));
        if self.options.show_offsets {
            fields.push(format!("{offset:>0$}  ", self.offset_width));
        }
        fields.push("   ".to_owned());
        fields.push(format!("{name:OPNAME_WIDTH$}"));
        if let Some(arg) = arg {
            // A long name takes room from the operand's column.
            let excess = name.len().saturating_sub(OPNAME_WIDTH);
            fields.push(format!("{arg:>0$}", OPARG_WIDTH.saturating_sub(excess)));
            if !details.is_empty() {
                fields.push(format!("({details})"));
            }
        }
        out.push_str(fields.join(" ").trim_end());
        out.push('\n');
    }

    /// What the operand means.
    fn details(&self, instruction: &Instruction) -> String {
        let (Some(opcode), Some(arg)) = (instruction.opcode.map(Opcode::deopt), instruction.arg)
        else {
            return String::new();
        };
        let Ok(index) = usize::try_from(arg) else {
            return String::new();
        };
        if opcode.has(flags::JUMP) {
            let label = instruction
                .jump_target()
                .and_then(|target| self.labels.get(&target));
            let way = if opcode == Opcode::EndAsyncFor {
                "from"
            } else {
                "to"
            };
            return format!("{way} L{}", label.copied().unwrap_or(0));
        }
        meaning(opcode, index, self.code)
    }
}

/// What operands index.
pub trait Operands {
    /// The `repr` of a constant; empty if there is none.
    fn constant(&self, index: usize) -> String;
    /// A name of a global or an attribute.
    fn name(&self, index: usize) -> String;
    /// A fast local.
    fn local(&self, index: usize) -> String;
    /// A cell or a free variable.
    fn cell(&self, index: usize) -> String;
}

fn shown_name(name: Option<&Constant>) -> String {
    match name {
        Some(Constant::Str(name)) => display(name),
        _ => String::new(),
    }
}

impl Operands for CodeObject {
    fn constant(&self, index: usize) -> String {
        self.consts.get(index).map(repr).unwrap_or_default()
    }

    fn name(&self, index: usize) -> String {
        shown_name(self.names.get(index))
    }

    fn local(&self, index: usize) -> String {
        shown_name(self.localsplusnames.get(index))
    }

    fn cell(&self, index: usize) -> String {
        self.local(index)
    }
}

/// What an operand means that is no jump's; empty if there is nothing to say.
pub fn meaning(opcode: Opcode, index: usize, operands: &impl Operands) -> String {
    let flagged = |name: String, flag: &str| {
        if index & 1 != 0 && !name.is_empty() {
            format!("{name} + {flag}")
        } else {
            name
        }
    };
    let text: &str = match opcode {
        Opcode::LoadConst => return operands.constant(index),
        Opcode::LoadGlobal => return flagged(operands.name(index >> 1), "NULL"),
        Opcode::LoadAttr => return flagged(operands.name(index >> 1), "NULL|self"),
        Opcode::LoadSuperAttr => return flagged(operands.name(index >> 2), "NULL|self"),
        _ if opcode.has(flags::NAME) => return operands.name(index),
        Opcode::LoadFastLoadFast
        | Opcode::LoadFastBorrowLoadFastBorrow
        | Opcode::StoreFastLoadFast
        | Opcode::StoreFastStoreFast => {
            let (first, second) = (operands.local(index >> 4), operands.local(index & 15));
            return format!("{first}, {second}");
        }
        _ if opcode.has(flags::LOCAL) => return operands.local(index),
        _ if opcode.has(flags::FREE) => return operands.cell(index),
        Opcode::CompareOp => {
            let comparison = COMPARISONS.get(index >> 5).copied().unwrap_or("");
            if index & 16 != 0 {
                return format!("bool({comparison})");
            }
            comparison
        }
        Opcode::ConvertValue => CONVERSIONS.get(index).copied().unwrap_or(""),
        Opcode::SetFunctionAttribute => {
            let set = FUNCTION_ATTRIBUTES.iter().enumerate();
            let set: Vec<&str> = set
                .filter(|(i, _)| index >> i & 1 != 0)
                .map(|(_, name)| *name)
                .collect();
            return set.join(", ");
        }
        Opcode::BinaryOp => BINARY_OPS.get(index).map_or("", |(_, _, symbol)| symbol),
        Opcode::CallIntrinsic1 => INTRINSIC_1S.get(index).map_or("", |(_, name)| name),
        Opcode::CallIntrinsic2 => INTRINSIC_2S.get(index).map_or("", |(_, name)| name),
        Opcode::LoadSpecial => SPECIAL_METHODS.get(index).map_or("", |(_, name)| name),
        Opcode::LoadCommonConstant => match COMMON_CONSTANTS.get(index) {
            Some((CommonConstant::BuiltinAll, _)) => "<built-in function all>",
            Some((CommonConstant::BuiltinAny, _)) => "<built-in function any>",
            Some((_, name)) => name,
            None => "",
        },
        Opcode::IsOp => {
            if index != 0 {
                "is not"
            } else {
                "is"
            }
        }
        Opcode::ContainsOp => {
            if index != 0 {
                "not in"
            } else {
                "in"
            }
        }
        _ => "",
    };
    text.to_owned()
}

fn position_text(position: &Position) -> String {
    let parts = parts(position);
    if parts.iter().all(Option::is_none) {
        return NO_LINENO.to_owned();
    }
    let [line, end_line, column, end_column] =
        parts.map(|part| part.map_or("?".to_owned(), |value| value.to_string()));
    format!("{line}:{column}-{end_line}:{end_column}")
}
