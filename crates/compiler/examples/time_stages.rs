//! Times the stages of the front end one at a time, on one thread. Prints a line for each: its name, and nanoseconds of
//! processor time for all files together, each file's being the least of the rounds; then how many bytes that was.
//! Arguments: paths, `@FILE` for a file that lists paths, `--rounds=N`, `--each` for lines that name a file each, `--whole` for
//! nothing but the whole way from source to code in one go, which is what a profiler is to see.

use std::rc::Rc;

use taipan_ast::{
    Arena, CompileError, PreprocessOptions, Spots, StackLimit, future_features, preprocess_at,
};
use taipan_bytecode::CodeObject;
use taipan_bytecode::constant::Str;
use taipan_bytecode::marshal;
use taipan_compiler::codegen::{self, ObservedUnit, Observer};
use taipan_compiler::graphs::ObservedGraph;
use taipan_compiler::{CompileOptions, compile_noted};
use taipan_host::clock::now;
use taipan_host::types::Clock;
use taipan_parser::{ParseOptions, parse_noting};
use taipan_tokenizer::source::{Source, SourceOptions, no_codecs};
use taipan_tokenizer::{TokenKind, Tokenizer, TokenizerOptions};

/// As the command has it.
#[global_allocator]
static ALLOCATOR: taipan_host::alloc::Allocator = taipan_host::alloc::Allocator;

/// How much of the main thread's stack the compiler may use.
const STACK: usize = 6 << 20;

const STAGES: [&str; 11] = [
    "tokens",
    "tree",
    "preprocess",
    "symtable",
    "codegen",
    "optimize",
    "assemble",
    "code",
    "dumps",
    "loads",
    "free",
];

/// The stage that is all from source to code.
const WHOLE: usize = 7;

type Times = [u64; STAGES.len()];

/// Splits the time of the code generator at the borders that it tells of.
struct Splitter {
    last: u64,
    parts: [u64; 3],
}

impl Splitter {
    fn add(&mut self, part: usize) {
        let now = clock();
        self.parts[part] += now.saturating_sub(self.last);
        self.last = now;
    }
}

impl Observer for Splitter {
    fn generated(&mut self, _: &ObservedUnit<'_>) {
        self.add(0);
    }

    fn optimized(&mut self, _: &ObservedGraph<'_>) {
        self.add(1);
    }

    fn assembled(&mut self, _: &Rc<CodeObject>) {
        self.add(2);
    }
}

/// The processor time that this thread has taken.
fn clock() -> u64 {
    now(Clock::Thread)
        .ok()
        .and_then(|ns| u64::try_from(ns).ok())
        .unwrap_or(0)
}

fn main() {
    let (mut paths, mut rounds, mut each, mut whole) = (Vec::new(), 3, false, false);
    for argument in std::env::args().skip(1) {
        if let Some(n) = argument.strip_prefix("--rounds=") {
            rounds = n.parse().unwrap_or(rounds);
        } else if argument == "--each" {
            each = true;
        } else if argument == "--whole" {
            whole = true;
        } else if let Some(list) = argument.strip_prefix('@') {
            let list = std::fs::read_to_string(list).unwrap_or_default();
            paths.extend(list.lines().map(str::to_owned));
        } else {
            paths.push(argument);
        }
    }
    let mut total = Times::default();
    let mut bytes = 0;
    for path in &paths {
        let Ok(data) = std::fs::read(path) else {
            continue;
        };
        let mut best = [u64::MAX; STAGES.len()];
        for _ in 0..rounds {
            let times = if whole {
                time_whole(&data).map(|time| {
                    let mut times = Times::default();
                    times[WHOLE] = time;
                    times
                })
            } else {
                time(&data)
            };
            match times {
                Ok(times) => {
                    for (best, time) in best.iter_mut().zip(times) {
                        *best = time.min(*best);
                    }
                }
                Err(message) => {
                    eprintln!("{path}: {message}");
                    best = Times::default();
                    break;
                }
            }
        }
        bytes += data.len();
        for (i, stage) in STAGES.iter().enumerate() {
            total[i] += best[i];
            if each {
                println!("{path} {stage} {}", best[i]);
            }
        }
    }
    if !each {
        for (stage, time) in STAGES.iter().zip(total) {
            println!("{stage} {time}");
        }
        println!("bytes {bytes}");
    }
}

/// How long each stage takes for a text.
fn time(data: &[u8]) -> Result<Times, String> {
    let options = SourceOptions {
        exec: true,
        ..SourceOptions::default()
    };
    let source = Source::from_bytes(data, options, no_codecs).map_err(|e| format!("{e:?}"))?;
    let text: &str = &source.text;
    let mut last = clock();
    let mut lap = || {
        let now = clock();
        let time = now.saturating_sub(last);
        last = now;
        time
    };

    let mut tokenizer = Tokenizer::new(text, TokenizerOptions::default());
    loop {
        let token = tokenizer.next_token().map_err(|e| e.msg)?;
        if token.kind == TokenKind::Endmarker {
            break;
        }
    }
    drop(tokenizer);
    let tokens = lap();

    let arena = Arena::new();
    let mut warnings = Vec::new();
    let parse_options = ParseOptions {
        ..ParseOptions::default()
    };
    lap();
    let mut spots = Spots::Anywhere;
    let tree = parse_noting(&arena, text, &parse_options, &mut warnings, &mut spots)
        .map_err(|e| format!("{e:?}"))?;
    let tree_time = lap();

    let limit = StackLimit::below_here(STACK);
    let module = arena.alloc(tree);
    let text_of = |e: CompileError| format!("{e:?}");
    let future = future_features(module).map_err(|e| text_of(CompileError::bare(e)))?;
    let preprocessing = PreprocessOptions {
        optimize: 0,
        features: future.features,
        syntax_check_only: false,
        warnings: true,
        limit,
    };
    lap();
    let module = preprocess_at(&arena, module, preprocessing, &spots, &mut warnings);
    let module = module.map_err(text_of)?;
    let preprocess_time = lap();

    let table_options = taipan_symtable::Options {
        future,
        allow_top_level_await: false,
        limit,
    };
    let table = taipan_symtable::build(&arena, module, table_options).map_err(text_of)?;
    let symtable = lap();

    let mut options = CompileOptions::new(Str::plain("file.py"), limit);
    options.flags = future.features;
    let mut splitter = Splitter {
        last: clock(),
        parts: [0; 3],
    };
    let code = codegen::generate(
        &arena,
        module,
        &table,
        &options,
        &mut warnings,
        &mut splitter,
    );
    let code = code.map_err(|e| e.to_string())?;
    splitter.add(0);
    drop(table);
    drop(arena);

    lap();
    let dumped = marshal::dump_code(&code, marshal::VERSION).map_err(|e| format!("{e:?}"))?;
    let dumps = lap();
    let loaded = marshal::load_code(&mut &dumped[..]).map_err(|e| format!("{e:?}"))?;
    let loads = lap();
    drop(loaded);
    lap();
    drop(code);
    let free = lap();

    let whole = time_whole(data)?;

    let [codegen, optimize, assemble] = splitter.parts;
    Ok([
        tokens,
        tree_time,
        preprocess_time,
        symtable,
        codegen,
        optimize,
        assemble,
        whole,
        dumps,
        loads,
        free,
    ])
}

/// How long it takes from source to code in one go, the memory's release included, as CPython's `compile` has it.
fn time_whole(data: &[u8]) -> Result<u64, String> {
    let options = SourceOptions {
        exec: true,
        ..SourceOptions::default()
    };
    let source = Source::from_bytes(data, options, no_codecs).map_err(|e| format!("{e:?}"))?;
    let options = CompileOptions::new(Str::plain("file.py"), StackLimit::below_here(STACK));
    let mut warnings = Vec::new();
    let start = clock();
    let arena = Arena::new();
    let mut spots = Spots::Anywhere;
    let tree = parse_noting(
        &arena,
        &source.text,
        &ParseOptions::default(),
        &mut warnings,
        &mut spots,
    );
    let module = arena.alloc(tree.map_err(|e| format!("{e:?}"))?);
    let code = compile_noted(&arena, module, &spots, &options, &mut warnings);
    let code = code.map_err(|e| e.to_string())?;
    drop(arena);
    let whole = clock().saturating_sub(start);
    drop(code);
    Ok(whole)
}
