//! The command line and the `PYTHON*` variables, as CPython 3.14 reads them.

use taipan::Settings;
use taipan::main_program::Program;
use taipan_host::env;

/// What the command line asks for.
pub(crate) enum Action {
    /// Print this and end.
    Print(String),
    /// Complain with this and end.
    Usage(String),
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
struct Given {
    bytes_warning: i64,
    no_bytecode: bool,
    debug: i64,
    ignore_environment: bool,
    inspect: bool,
    isolated: bool,
    optimize: u8,
    safe_path: bool,
    quiet: bool,
    no_user_site: bool,
    no_site: bool,
    unbuffered: bool,
    verbose: i64,
    version: u32,
    warnings: Vec<Vec<u8>>,
    xoptions: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    check_pycs: Option<Vec<u8>>,
}

/// Reads the command line.
pub(crate) fn parse(args: &[Vec<u8>]) -> Action {
    let program = args.first().cloned().unwrap_or_default();
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
                b"check-hash-based-pycs" => {
                    let Some(v) = args.get(i) else {
                        return usage_error(
                            &program,
                            "Argument expected for the --check-hash-based-pycs option",
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
                b'd' => g.debug += 1,
                b'E' => g.ignore_environment = true,
                b'h' | b'?' => return Action::Print(usage(&program)),
                b'i' => g.inspect = true,
                b'I' => g.isolated = true,
                b'O' => g.optimize = (g.optimize + 1).min(2),
                b'P' => g.safe_path = true,
                b'q' => g.quiet = true,
                b'R' | b'x' => {}
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
    settle(args, program, g, program_to_run, argv)
}

fn full_version() -> String {
    format!("{VERSION} (taipan {}) [Rust]", env!("CARGO_PKG_VERSION"))
}

/// Puts options and environment together.
fn settle(
    args: &[Vec<u8>],
    program_name: Vec<u8>,
    g: Given,
    program: Program,
    argv: Vec<Vec<u8>>,
) -> Action {
    let use_environment = !g.ignore_environment && !g.isolated;
    let var = |name: &str| {
        if use_environment {
            env::var(name.as_bytes()).filter(|v| !v.is_empty())
        } else {
            None
        }
    };
    let number = |name: &str| -> i64 {
        // Anything that is set but is no number counts as 1.
        var(name).map_or(0, |v| {
            std::str::from_utf8(&v)
                .ok()
                .and_then(|v| v.parse::<i64>().ok())
                .map_or(1, |n| n.max(1))
        })
    };
    let x = |name: &str| {
        g.xoptions
            .iter()
            .rev()
            .find(|(n, _)| n == name.as_bytes())
            .map(|(_, v)| v.clone())
    };
    let mut s = Settings {
        argv,
        orig_argv: args.to_vec(),
        isolated: g.isolated,
        use_environment,
        user_site_directory: !(g.no_user_site || g.isolated || var("PYTHONNOUSERSITE").is_some()),
        site_import: !g.no_site,
        write_bytecode: !(g.no_bytecode || var("PYTHONDONTWRITEBYTECODE").is_some()),
        safe_path: g.safe_path || g.isolated || var("PYTHONSAFEPATH").is_some(),
        inspect: g.inspect || var("PYTHONINSPECT").is_some(),
        interactive: g.inspect,
        optimization_level: g.optimize.max(number("PYTHONOPTIMIZE").min(2) as u8),
        parser_debug: g.debug.max(number("PYTHONDEBUG")),
        verbose: g.verbose.max(number("PYTHONVERBOSE")),
        quiet: g.quiet,
        bytes_warning: g.bytes_warning,
        buffered_stdio: !(g.unbuffered || var("PYTHONUNBUFFERED").is_some()),
        pycache_prefix: x("pycache_prefix")
            .flatten()
            .or_else(|| var("PYTHONPYCACHEPREFIX")),
        ..Settings::default()
    };
    s.dev_mode = x("dev").is_some() || var("PYTHONDEVMODE").is_some();
    s.utf8_mode = match x("utf8") {
        Some(v) => v.as_deref() != Some(b"0"),
        None => var("PYTHONUTF8").is_some_and(|v| v == b"1"),
    };
    s.warn_default_encoding =
        x("warn_default_encoding").is_some() || var("PYTHONWARNDEFAULTENCODING").is_some();
    s.xoptions = g.xoptions.clone();
    if s.dev_mode {
        s.warnoptions.push(b"default".to_vec());
    }
    if let Some(w) = var("PYTHONWARNINGS") {
        s.warnoptions.extend(
            w.split(|&b| b == b',')
                .filter(|w| !w.is_empty())
                .map(<[u8]>::to_vec),
        );
    }
    s.warnoptions.extend(g.warnings.iter().cloned());
    match s.bytes_warning {
        0 => {}
        1 => s.warnoptions.push(b"default::BytesWarning".to_vec()),
        _ => s.warnoptions.push(b"error::BytesWarning".to_vec()),
    }
    if let Some(m) = g
        .check_pycs
        .as_ref()
        .and_then(|m| String::from_utf8(m.clone()).ok())
    {
        s.check_hash_pycs_mode = m;
    }
    let digits = x("int_max_str_digits")
        .flatten()
        .or_else(|| var("PYTHONINTMAXSTRDIGITS"));
    if let Some(d) = digits {
        match std::str::from_utf8(&d)
            .ok()
            .and_then(|d| d.parse::<i64>().ok())
            .filter(|&n| n == 0 || n >= 640)
        {
            Some(n) => s.int_max_str_digits = n,
            None => return fatal("invalid int_max_str_digits value"),
        }
    }
    if let Some(v) = x("cpu_count").flatten().or_else(|| var("PYTHON_CPU_COUNT")) {
        s.cpu_count = std::str::from_utf8(&v)
            .ok()
            .and_then(|v| v.parse().ok())
            .unwrap_or(-1);
    }
    if let Some(v) = var("PYTHONIOENCODING") {
        let v = String::from_utf8_lossy(&v).into_owned();
        let (encoding, errors) = v.split_once(':').unwrap_or((&v, ""));
        if !encoding.is_empty() {
            s.stdio_encoding = encoding.to_owned();
        }
        if !errors.is_empty() {
            s.stdio_errors = errors.to_owned();
        }
    } else if posix_locale() {
        s.stdio_errors = "surrogateescape".to_owned();
    }
    let hash_key = match var("PYTHONHASHSEED") {
        Some(v) if v != b"random" => match std::str::from_utf8(&v)
            .ok()
            .and_then(|v| v.parse::<u32>().ok())
        {
            Some(0) => {
                s.hash_randomization = false;
                Some((0, 0))
            }
            Some(n) => Some(seeded_key(n)),
            None => {
                return fatal(
                    "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]",
                );
            }
        },
        _ => None,
    };
    Action::Run(Box::new(Options {
        settings: s,
        program,
        program_name,
        hash_key,
        stdlib: x("stdlib").flatten(),
        library: x("nolibrary").is_none(),
    }))
}

fn fatal(message: &str) -> Action {
    Action::Usage(format!(
        "Fatal Python error: config_init_hash_seed: {message}\nPython runtime state: preinitialized\n"
    ))
}

/// Whether the locale is "C" or "POSIX", in which CPython's streams let every byte through.
fn posix_locale() -> bool {
    let found = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|n| env::var(n.as_bytes()).filter(|v| !v.is_empty()));
    match found {
        Some(v) => v == b"C" || v == b"POSIX",
        None => true,
    }
}

/// The hash key that a seed gives: CPython's linear congruential generator.
fn seeded_key(seed: u32) -> (u64, u64) {
    let mut x = seed;
    let mut next = || {
        x = x.wrapping_mul(214_013).wrapping_add(2_531_011);
        u64::from((x >> 16) & 0xff)
    };
    let mut word = || (0..8).fold(0, |n, i| n | (next() << (8 * i)));
    (word(), word())
}
