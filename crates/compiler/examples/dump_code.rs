//! Prints the code objects that files compile to, each after its path, in the text form by which compilers are compared.
//! Arguments: paths, `@FILE` for a file that lists paths; `--mode=exec`, `single` or `eval`; `-O`, `-OO`; `--warnings`
//! prints warnings before the code; `--sequences` prints what the code generator hands to the optimizer in its place;
//! `--marshal` prints what marshal writes, in hexadecimal;
//! `--time` prints how long it all took in place of the code.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use taipan_ast::{Arena, CompileError, StackLimit};
use taipan_bytecode::constant::Str;
use taipan_bytecode::marshal;
use taipan_compiler::assemble::UnitMetadata;
use taipan_compiler::codegen::ObservedUnit;
use taipan_compiler::instruction_sequence::InstructionSequence;
use taipan_compiler::{CompileOptions, Error, compile_observed};
use taipan_parser::{Mode, ParseError, ParseOptions, parse};
use taipan_tokenizer::source::{Source, SourceError, SourceOptions, no_codecs};
use taipan_tokenizer::{SyntaxError, SyntaxWarning};

#[path = "shared/dump.rs"]
mod dump;

const STACK: usize = 512 << 20;

#[derive(Default)]
struct Arguments {
    paths: Vec<String>,
    mode: Mode,
    optimize: u8,
    warnings: bool,
    sequences: bool,
    marshal: bool,
    time: bool,
}

fn main() {
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(run);
    if let Ok(worker) = worker {
        let _ = worker.join();
    }
}

fn arguments() -> Arguments {
    let mut arguments = Arguments::default();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--mode=exec" => arguments.mode = Mode::File,
            "--mode=single" => arguments.mode = Mode::Interactive,
            "--mode=eval" => arguments.mode = Mode::Eval,
            "-O" => arguments.optimize = 1,
            "-OO" => arguments.optimize = 2,
            "--warnings" => arguments.warnings = true,
            "--sequences" => arguments.sequences = true,
            "--marshal" => arguments.marshal = true,
            "--time" => arguments.time = true,
            _ => match argument.strip_prefix('@') {
                Some(list) => {
                    let list = std::fs::read_to_string(list).unwrap_or_default();
                    arguments.paths.extend(list.lines().map(str::to_owned));
                }
                None => arguments.paths.push(argument),
            },
        }
    }
    arguments
}

fn run() {
    let arguments = arguments();
    let mut total = Duration::ZERO;
    for path in &arguments.paths {
        let Ok(data) = std::fs::read(path) else {
            continue;
        };
        let start = Instant::now();
        let text = compile_to_text(&data, &arguments);
        total += start.elapsed();
        if !arguments.time {
            println!("{path}\n{text}");
        }
    }
    if arguments.time {
        println!("{:.1} ms", total.as_secs_f64() * 1e3);
    }
}

fn compile_to_text(data: &[u8], arguments: &Arguments) -> String {
    let source_options = SourceOptions {
        exec: arguments.mode == Mode::File,
        ..SourceOptions::default()
    };
    let source = match Source::from_bytes(data, source_options, no_codecs) {
        Ok(source) => source.text.into_owned(),
        Err(SourceError::Syntax(error)) => return syntax_error(&error),
        Err(error) => return format!("{error:?}"),
    };
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let parse_options = ParseOptions {
        mode: arguments.mode,
        stack_limit: Some(0),
        ..ParseOptions::default()
    };
    let module = match parse(&arena, &source, &parse_options, &mut warnings) {
        Ok(module) => arena.alloc(module),
        Err(ParseError::Syntax(error)) => {
            return with_warnings(arguments, &warnings, syntax_error(&error));
        }
        Err(error) => return error.to_string(),
    };
    // Some room is left for what does not check the stack.
    let limit = StackLimit::below_here(STACK - (1 << 20));
    let mut options = CompileOptions::new(Str::plain("file.py"), limit);
    options.optimize = arguments.optimize;
    let mut sequences = String::new();
    let mut observe = |unit: &ObservedUnit<'_>| {
        if arguments.sequences {
            show_sequence(&mut sequences, unit.metadata, unit.sequence);
        }
    };
    let result = compile_observed(&arena, module, &options, &mut warnings, &mut observe);
    let text = match result {
        Ok(_) if arguments.sequences => sequences,
        Ok(_) if arguments.time => String::new(),
        Ok(compiled) if arguments.marshal => {
            let bytes = marshal::dump_code(&compiled.code, marshal::VERSION).unwrap_or_default();
            bytes.iter().fold(String::new(), |mut out, byte| {
                let _ = write!(out, "{byte:02x}");
                out
            })
        }
        Ok(compiled) => dump::code(&compiled.code),
        Err(Error::Tree(CompileError::Syntax(error))) => syntax_error(&error),
        Err(Error::Tree(CompileError::TooDeep)) => "RecursionError".to_owned(),
        Err(error) => error.to_string(),
    };
    with_warnings(arguments, &warnings, text)
}

fn with_warnings(arguments: &Arguments, warnings: &[SyntaxWarning], text: String) -> String {
    let mut out = String::new();
    if arguments.warnings {
        for warning in warnings {
            let _ = writeln!(out, "warning {} {}", warning.lineno, warning.msg);
        }
    }
    out + &text
}

fn syntax_error(error: &SyntaxError) -> String {
    let show = |number: Option<u32>| match number {
        None => "None".to_owned(),
        Some(SyntaxError::MINUS_ONE) => "-1".to_owned(),
        Some(number) => number.to_string(),
    };
    format!(
        "{}: {} {} {} {} {}",
        error.kind.name(),
        error.msg,
        error.lineno,
        show(error.offset),
        show(error.end_lineno),
        show(error.end_offset)
    )
}

fn show_sequence(out: &mut String, metadata: &UnitMetadata, sequence: &InstructionSequence) {
    let _ = writeln!(out, "sequence {:?}", metadata.qualname);
    for instruction in sequence.instructions() {
        let place = instruction.location;
        let _ = writeln!(
            out,
            "{} {} {} {} {} {}",
            instruction.opcode.name(),
            instruction.oparg,
            place.lineno,
            place.end_lineno,
            place.col_offset,
            place.end_col_offset
        );
    }
}
