//! Prints the syntax trees of files as `ast.dump(tree, include_attributes=True)` does, each after its path.
//! Arguments: paths, `@FILE` for a file that lists paths; `--exact` skips the quick pass, `--time` prints how long
//! parsing took in place of the trees.

use std::time::{Duration, Instant};

use taipan_ast::reflect::NodeRef;
use taipan_ast::{Arena, DumpOptions, StackLimit, dump};
use taipan_parser::{ParseError, ParseOptions, parse};

fn main() {
    let worker = std::thread::Builder::new().stack_size(512 << 20).spawn(run);
    if let Ok(worker) = worker {
        let _ = worker.join();
    }
}

fn run() {
    let mut paths = Vec::new();
    let mut options = ParseOptions {
        stack_limit: Some(0),
        ..ParseOptions::default()
    };
    let mut time = false;
    for argument in std::env::args().skip(1) {
        if argument == "--exact" {
            options.no_quick_pass = true;
        } else if argument == "--time" {
            time = true;
        } else if let Some(list) = argument.strip_prefix('@') {
            let list = std::fs::read_to_string(list).unwrap_or_default();
            paths.extend(list.lines().map(str::to_owned));
        } else {
            paths.push(argument);
        }
    }
    let mut total = Duration::ZERO;
    let mut bytes = 0;
    for path in paths {
        let Ok(data) = std::fs::read(&path) else {
            continue;
        };
        let arena = Arena::new();
        let text = match taipan_tokenizer::source::Source::from_bytes(
            &data,
            taipan_tokenizer::source::SourceOptions {
                exec: true,
                ..Default::default()
            },
            taipan_tokenizer::source::no_codecs,
        ) {
            Ok(source) => source.text.into_owned(),
            Err(error) => {
                println!("{path}\n{error:?}");
                continue;
            }
        };
        let start = Instant::now();
        let result = parse(&arena, &text, &options, &mut Vec::new());
        total += start.elapsed();
        bytes += text.len();
        if time {
            continue;
        }
        match result {
            Ok(tree) => {
                let dump_options = DumpOptions {
                    include_attributes: true,
                    ..DumpOptions::default()
                };
                match dump(NodeRef::Mod(&tree), dump_options, StackLimit::at(0)) {
                    Ok(text) => println!("{path}\n{text}"),
                    Err(_) => println!("{path}\nRecursionError"),
                }
            }
            Err(ParseError::Syntax(e)) => {
                let show = |n: Option<u32>| match n {
                    None => "None".to_owned(),
                    Some(u32::MAX) => "-1".to_owned(),
                    Some(n) => n.to_string(),
                };
                println!(
                    "{path}\n{}: {} {} {} {} {}",
                    e.kind.name(),
                    e.msg,
                    e.lineno,
                    show(e.offset),
                    show(e.end_lineno),
                    show(e.end_offset)
                );
            }
            Err(error) => println!("{path}\n{error}"),
        }
    }
    if time {
        println!("{bytes} bytes in {:.1} ms", total.as_secs_f64() * 1e3);
    }
}
