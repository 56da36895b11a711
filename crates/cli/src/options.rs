//! The command line, as CPython 3.14 reads it. What the options and the `PYTHON*` variables mean together is in `settle`.

use taipan::Settings;
use taipan::main_program::Program;
use taipan_draw::What;

use crate::settle;

/// What the command line asks for.
pub(crate) enum Action {
    /// Print this and end.
    Print(String),
    /// Complain with this and end with status 2.
    Usage(String),
    /// Complain with this and end with status 1.
    Fatal(String),
    /// Draw the program in this file and end.
    Show(What, Vec<u8>),
    /// `taipan inspect` with these arguments.
    Inspect(Vec<Vec<u8>>),
    /// Run a program.
    Run(Box<Options>),
}

/// A program and how to run it.
pub(crate) struct Options {
    pub(crate) settings: Settings,
    pub(crate) program: Program,
    pub(crate) program_name: Vec<u8>,
    pub(crate) hash_key: Option<(u64, u64)>,
    pub(crate) stdlib: Option<Vec<u8>>,
    pub(crate) library: bool,
}

const USAGE: &str = include_str!("help/usage.txt");
const ENV: &str = include_str!("help/env.txt");
const XOPTIONS: &str = include_str!("help/xoptions.txt");

/// `sys.version`'s first word.
const VERSION: &str = "3.14.8";

fn usage(program: &[u8]) -> String {
    USAGE.replacen("{program}", &String::from_utf8_lossy(program), 1)
}

fn usage_error(program: &[u8], message: &str) -> Action {
    let first = usage(program).lines().next().unwrap_or_default().to_owned();
    Action::Usage(format!(
        "{message}\n{first}\nTry `python -h' for more information.\n"
    ))
}

/// What the options say, before the environment is asked.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) bytes_warning: i64,
    pub(crate) no_bytecode: bool,
    pub(crate) debug: bool,
    pub(crate) ignore_environment: bool,
    pub(crate) inspect: bool,
    pub(crate) isolated: bool,
    pub(crate) optimize: u8,
    pub(crate) random_hash: bool,
    pub(crate) safe_path: bool,
    pub(crate) skip_first_line: bool,
    pub(crate) quiet: bool,
    pub(crate) no_user_site: bool,
    pub(crate) no_site: bool,
    pub(crate) unbuffered: bool,
    pub(crate) verbose: i64,
    version: u32,
    pub(crate) warnings: Vec<Vec<u8>>,
    pub(crate) xoptions: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(crate) check_pycs: Option<Vec<u8>>,
}

/// Reads the command line.
pub(crate) fn parse(args: &[Vec<u8>]) -> Action {
    let program = args.first().cloned().unwrap_or_default();
    if let Some([command, rest @ ..]) = args.get(1..)
        && command == b"inspect"
    {
        return Action::Inspect(rest.to_vec());
    }
    let mut g = Given::default();
    let mut run = None;
    let mut argv: Vec<Vec<u8>> = Vec::new();
    let mut i = 1;
    while let Some(arg) = args.get(i) {
        if !arg.starts_with(b"-") || arg == b"-" {
            break;
        }
        i += 1;
        if arg == b"--" {
            break;
        }
        if let Some(long) = arg.strip_prefix(b"--") {
            match long {
                b"help" => return Action::Print(usage(&program)),
                b"help-env" => return Action::Print(ENV.to_owned()),
                b"help-xoptions" => return Action::Print(XOPTIONS.to_owned()),
                b"help-all" => {
                    return Action::Print(format!("{}\n{ENV}\n{XOPTIONS}", usage(&program)));
                }
                b"version" => g.version += 1,
                b"show" => {
                    let what = args.get(i).and_then(|v| std::str::from_utf8(v).ok());
                    let (Some(what), Some(path)) = (what.and_then(What::parse), args.get(i + 1))
                    else {
                        return usage_error(
                            &program,
                            "--show takes tree, cfg, or cfg with any of ',before' and ',dot', and a file",
                        );
                    };
                    return Action::Show(what, path.clone());
                }
                b"check-hash-based-pycs" => {
                    let Some(v) = args.get(i) else {
                        return usage_error(
                            &program,
                            "Argument expected for the --check-hash-based-pycs options",
                        );
                    };
                    i += 1;
                    if ![&b"always"[..], b"default", b"never"].contains(&v.as_slice()) {
                        return usage_error(
                            &program,
                            "--check-hash-based-pycs must be one of 'default', 'always', or 'never'",
                        );
                    }
                    g.check_pycs = Some(v.clone());
                }
                _ => {
                    return usage_error(
                        &program,
                        &format!("Unknown option: --{}", String::from_utf8_lossy(long)),
                    );
                }
            }
            continue;
        }
        let mut at = 1;
        while let Some(&c) = arg.get(at) {
            at += 1;
            let mut value = |i: &mut usize| -> Option<Vec<u8>> {
                let rest = arg.get(at..).unwrap_or_default();
                if !rest.is_empty() {
                    at = arg.len();
                    return Some(rest.to_vec());
                }
                let v = args.get(*i).cloned();
                *i += 1;
                v
            };
            match c {
                b'b' => g.bytes_warning += 1,
                b'B' => g.no_bytecode = true,
                b'd' => g.debug = true,
                b'E' => g.ignore_environment = true,
                b'h' | b'?' => return Action::Print(usage(&program)),
                b'i' => g.inspect = true,
                b'I' => g.isolated = true,
                b'O' => g.optimize = g.optimize.saturating_add(1),
                b'P' => g.safe_path = true,
                b'q' => g.quiet = true,
                b'R' => g.random_hash = true,
                b't' => {}
                b'x' => g.skip_first_line = true,
                b's' => g.no_user_site = true,
                b'S' => g.no_site = true,
                b'u' => g.unbuffered = true,
                b'v' => g.verbose += 1,
                b'V' => g.version += 1,
                b'c' | b'm' | b'W' | b'X' => {
                    let Some(v) = value(&mut i) else {
                        return usage_error(
                            &program,
                            &format!("Argument expected for the -{} option", c as char),
                        );
                    };
                    match c {
                        b'W' => g.warnings.push(v),
                        b'X' => {
                            let (name, v) = match v.iter().position(|&b| b == b'=') {
                                Some(n) => (v[..n].to_vec(), Some(v[n + 1..].to_vec())),
                                None => (v, None),
                            };
                            g.xoptions.push((name, v));
                        }
                        b'c' => run = Some((Program::Command(v), b"-c".to_vec())),
                        _ => run = Some((Program::Module(v), b"-m".to_vec())),
                    }
                }
                _ => return usage_error(&program, &format!("Unknown option: -{}", c as char)),
            }
        }
        if run.is_some() {
            break;
        }
    }
    if g.version > 0 {
        return Action::Print(if g.version > 1 {
            format!("Python {}\n", full_version())
        } else {
            format!("Python {VERSION}\n")
        });
    }
    let (program_to_run, argv0) = match run {
        Some(r) => r,
        None => match args.get(i) {
            Some(f) => {
                i += 1;
                let p = if f == b"-" {
                    Program::Stdin
                } else {
                    Program::File(f.clone())
                };
                (p, f.clone())
            }
            None => (Program::Stdin, Vec::new()),
        },
    };
    argv.push(argv0);
    argv.extend(args.get(i..).unwrap_or_default().iter().cloned());
    settle::settle(args, program, g, program_to_run, argv)
}

fn full_version() -> String {
    format!("{VERSION} (taipan {}) [Rust]", env!("CARGO_PKG_VERSION"))
}
