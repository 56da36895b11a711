//! What the options, the `-X` options and the `PYTHON*` variables mean together (CPython's `initconfig.c`).

use taipan::Settings;
use taipan::main_program::Program;
use taipan_host::env;

use crate::options::{Action, Given, Options};

/// The part of CPython's start-up that complains, as "Fatal Python error" names it, and the message.
struct Fatal {
    function: &'static str,
    message: String,
    preinitializing: bool,
}

impl Fatal {
    fn new(function: &'static str, message: impl Into<String>) -> Fatal {
        Fatal {
            function,
            message: message.into(),
            preinitializing: false,
        }
    }

    fn text(&self) -> String {
        let function = match self.function {
            "" => String::new(),
            f => format!("{f}: "),
        };
        let state = if self.preinitializing {
            "preinitializing"
        } else {
            "preinitialized"
        };
        format!(
            "Fatal Python error: {function}{}\nPython runtime state: {state}\n\n",
            self.message
        )
    }
}

/// The options and the environment.
struct Sources<'a> {
    given: &'a Given,
    use_environment: bool,
}

impl Sources<'_> {
    /// A variable that is set and not empty.
    fn var(&self, name: &str) -> Option<Vec<u8>> {
        if self.use_environment {
            env::var(name.as_bytes()).filter(|v| !v.is_empty())
        } else {
            None
        }
    }

    /// A variable that is a number; anything else that it is set to counts as 1.
    fn flag(&self, name: &str) -> i64 {
        self.var(name)
            .map_or(0, |v| number(&v).filter(|n| *n >= 0).unwrap_or(1))
    }

    /// An `-X` option, and its value if it has one. The last one counts.
    fn x(&self, name: &str) -> Option<Option<&[u8]>> {
        let found = self.given.xoptions.iter().rev();
        let mut found = found.filter(|(n, _)| n == name.as_bytes());
        found.next().map(|(_, v)| v.as_deref())
    }

    /// The value of an `-X` option, or of a variable; with whether it is the variable's.
    fn either(&self, x: &str, name: &str) -> Option<(Option<Vec<u8>>, bool)> {
        match self.x(x) {
            Some(v) => Some((v.map(<[u8]>::to_vec), false)),
            None => self.var(name).map(|v| (Some(v), true)),
        }
    }
}

fn number(v: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(v).ok()?.trim_start();
    text.parse().ok()
}

/// Puts options and environment together.
pub(crate) fn settle(
    args: &[Vec<u8>],
    program_name: Vec<u8>,
    given: Given,
    program: Program,
    argv: Vec<Vec<u8>>,
) -> Action {
    match try_settle(args, program_name, given, program, argv) {
        Ok(o) => Action::Run(Box::new(o)),
        Err(e) => Action::Fatal(e.text()),
    }
}

fn try_settle(
    args: &[Vec<u8>],
    program_name: Vec<u8>,
    given: Given,
    program: Program,
    argv: Vec<Vec<u8>>,
) -> Result<Options, Fatal> {
    let g = &given;
    let from = Sources {
        given: g,
        use_environment: !g.ignore_environment && !g.isolated,
    };
    let utf8_mode = utf8_mode(&from)?;
    coerce_c_locale(&from);
    let optimize = i64::from(g.optimize).max(from.flag("PYTHONOPTIMIZE"));
    let mut s = Settings {
        argv,
        orig_argv: args.to_vec(),
        isolated: g.isolated,
        use_environment: from.use_environment,
        user_site_directory: !(g.no_user_site || g.isolated || from.flag("PYTHONNOUSERSITE") > 0),
        site_import: !g.no_site,
        write_bytecode: !(g.no_bytecode || from.flag("PYTHONDONTWRITEBYTECODE") > 0),
        safe_path: g.safe_path || g.isolated || from.var("PYTHONSAFEPATH").is_some(),
        inspect: g.inspect || from.var("PYTHONINSPECT").is_some(),
        interactive: g.inspect,
        skip_first_line: g.skip_first_line,
        optimization_level: u8::try_from(optimize).unwrap_or(u8::MAX),
        parser_debug: i64::from(g.debug || from.flag("PYTHONDEBUG") > 0),
        verbose: g.verbose.max(from.flag("PYTHONVERBOSE")),
        quiet: g.quiet,
        bytes_warning: g.bytes_warning,
        buffered_stdio: !(g.unbuffered || from.flag("PYTHONUNBUFFERED") > 0),
        utf8_mode,
        dev_mode: from.x("dev").is_some() || from.var("PYTHONDEVMODE").is_some(),
        warn_default_encoding: from.x("warn_default_encoding").is_some()
            || from.var("PYTHONWARNDEFAULTENCODING").is_some(),
        debug_ranges: from.x("no_debug_ranges").is_none()
            && from.var("PYTHONNODEBUGRANGES").is_none(),
        faulthandler: from.x("faulthandler").is_some() || from.var("PYTHONFAULTHANDLER").is_some(),
        pycache_prefix: from
            .either("pycache_prefix", "PYTHONPYCACHEPREFIX")
            .and_then(|(v, _)| v)
            .filter(|v| !v.is_empty()),
        xoptions: g.xoptions.clone(),
        ..Settings::default()
    };
    s.faulthandler |= s.dev_mode;
    if let Some(m) = g.check_pycs.as_ref() {
        s.check_hash_pycs_mode = String::from_utf8_lossy(m).into_owned();
    }
    s.warnoptions = warning_options(&from, s.dev_mode);
    s.use_frozen_modules = frozen_modules(&from)?;
    s.import_time = import_time(&from)?;
    s.int_max_str_digits = int_max_str_digits(&from)?;
    s.cpu_count = cpu_count(&from)?;
    s.thread_inherit_context = zero_or_one(
        &from,
        "thread_inherit_context",
        "PYTHON_THREAD_INHERIT_CONTEXT",
        "config_init_thread_inherit_context",
    )?;
    s.context_aware_warnings = zero_or_one(
        &from,
        "context_aware_warnings",
        "PYTHON_CONTEXT_AWARE_WARNINGS",
        "config_init_context_aware_warnings",
    )?;
    check_gil(&from)?;
    check_tracemalloc(&from)?;
    streams(&from, &mut s);
    let hash_key = hash_key(&from, &mut s)?;
    Ok(Options {
        settings: s,
        program,
        program_name,
        hash_key,
        stdlib: from.x("stdlib").flatten().map(<[u8]>::to_vec),
        library: from.x("nolibrary").is_none(),
    })
}

fn utf8_mode(from: &Sources<'_>) -> Result<bool, Fatal> {
    let fatal = |message: &str| Fatal {
        preinitializing: true,
        ..Fatal::new("preconfig_init_utf8_mode", message)
    };
    match from.x("utf8") {
        Some(None | Some(b"1")) => return Ok(true),
        Some(Some(b"0")) => return Ok(false),
        Some(Some(_)) => return Err(fatal("invalid -X utf8 option value")),
        None => {}
    }
    match from.var("PYTHONUTF8").as_deref() {
        Some(b"1") => Ok(true),
        Some(b"0") => Ok(false),
        Some(_) => Err(fatal("invalid PYTHONUTF8 environment variable value")),
        None => Ok(c_locale()),
    }
}

/// The options of the module `warnings`, each once: what the development mode adds, the environment's, the command line's,
/// and what -b means.
fn warning_options(from: &Sources<'_>, dev_mode: bool) -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = Vec::new();
    let mut add = |option: &[u8]| {
        if !out.iter().any(|o| o == option) {
            out.push(option.to_vec());
        }
    };
    if dev_mode {
        add(b"default");
    }
    let variable = from.var("PYTHONWARNINGS").unwrap_or_default();
    for option in variable.split(|&b| b == b',').filter(|o| !o.is_empty()) {
        add(option);
    }
    for option in &from.given.warnings {
        add(option);
    }
    match from.given.bytes_warning {
        0 => {}
        1 => add(b"default::BytesWarning"),
        _ => add(b"error::BytesWarning"),
    }
    out
}

fn frozen_modules(from: &Sources<'_>) -> Result<bool, Fatal> {
    match from.either("frozen_modules", "PYTHON_FROZEN_MODULES") {
        None => Ok(true),
        Some((value, environment)) => match value.as_deref().unwrap_or_default() {
            b"on" | b"" => Ok(true),
            b"off" => Ok(false),
            _ => Err(Fatal::new(
                "",
                format!(
                    "bad value for {} (expected \"on\" or \"off\")",
                    if environment {
                        "PYTHON_FROZEN_MODULES"
                    } else {
                        "option -X frozen_modules"
                    }
                ),
            )),
        },
    }
}

fn import_time(from: &Sources<'_>) -> Result<u8, Fatal> {
    let Some((value, environment)) = from.either("importtime", "PYTHONPROFILEIMPORTTIME") else {
        return Ok(0);
    };
    match value.as_deref().and_then(number) {
        None => Ok(1),
        Some(n @ 0..=2) => Ok(n as u8),
        Some(_) => Err(Fatal::new(
            "config_init_import_time",
            if environment {
                "PYTHONPROFILEIMPORTTIME: numeric values other than 1 and 2 are reserved for future use."
            } else {
                "-X importtime: values other than 1 and 2 are reserved for future use."
            },
        )),
    }
}

fn int_max_str_digits(from: &Sources<'_>) -> Result<i64, Fatal> {
    let Some((value, environment)) = from.either("int_max_str_digits", "PYTHONINTMAXSTRDIGITS")
    else {
        return Ok(4300);
    };
    match value.as_deref().and_then(number) {
        Some(n) if n == 0 || (640..=i64::from(i32::MAX)).contains(&n) => Ok(n),
        _ => Err(Fatal::new(
            "config_init_int_max_str_digits",
            format!(
                "{}: invalid limit; must be >= 640 or 0 for unlimited.",
                if environment {
                    "PYTHONINTMAXSTRDIGITS"
                } else {
                    "-X int_max_str_digits"
                }
            ),
        )),
    }
}

fn cpu_count(from: &Sources<'_>) -> Result<i64, Fatal> {
    match from.either("cpu_count", "PYTHON_CPU_COUNT") {
        None => Ok(-1),
        Some((value, _)) => match value.as_deref() {
            Some(b"default") => Ok(-1),
            Some(v) if number(v).is_some_and(|n| n > 0) => Ok(number(v).unwrap_or(-1)),
            _ => Err(Fatal::new(
                "config_init_cpu_count",
                "-X cpu_count=n option: n is missing or an invalid number, n must be greater than 0",
            )),
        },
    }
}

/// An option of which 0 and 1 are the values; off when it is not given.
fn zero_or_one(
    from: &Sources<'_>,
    x: &str,
    variable: &str,
    function: &'static str,
) -> Result<bool, Fatal> {
    match from.either(x, variable) {
        None => Ok(false),
        Some((Some(v), _)) if v == b"0" => Ok(false),
        Some((Some(v), _)) if v == b"1" => Ok(true),
        Some((_, environment)) => Err(Fatal::new(
            function,
            if environment {
                format!("{variable}=N: N is missing or invalid")
            } else {
                format!("-X {x}=n: n is missing or invalid")
            },
        )),
    }
}

fn check_gil(from: &Sources<'_>) -> Result<(), Fatal> {
    match from.either("gil", "PYTHON_GIL") {
        None => Ok(()),
        Some((Some(v), _)) if v == b"1" => Ok(()),
        Some((Some(v), _)) if v == b"0" => Err(Fatal::new(
            "config_read_gil",
            "Disabling the GIL is not supported by this build",
        )),
        Some(_) => Err(Fatal::new(
            "config_read_gil",
            "PYTHON_GIL / -X gil must be \"0\" or \"1\"",
        )),
    }
}

/// How many frames `tracemalloc` may be asked to keep.
const MAX_FRAMES: i64 = 65535;

fn check_tracemalloc(from: &Sources<'_>) -> Result<(), Fatal> {
    match from.either("tracemalloc", "PYTHONTRACEMALLOC") {
        Some((Some(v), environment))
            if !number(&v).is_some_and(|n| (0..=MAX_FRAMES).contains(&n)) =>
        {
            Err(Fatal::new(
                "config_init_tracemalloc",
                if environment {
                    "PYTHONTRACEMALLOC: invalid number of frames"
                } else {
                    "-X tracemalloc=NFRAME: invalid number of frames"
                },
            ))
        }
        _ => Ok(()),
    }
}

/// The name of the locale for characters, by the variables that say it.
fn ctype_locale() -> Vec<u8> {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|n| env::var(n.as_bytes()).filter(|v| !v.is_empty()))
        .unwrap_or_else(|| b"C".to_vec())
}

fn c_locale() -> bool {
    matches!(&*ctype_locale(), b"C" | b"POSIX")
}

/// Where the locale is C, programs that are started shall see one with UTF-8 (PEP 538).
fn coerce_c_locale(from: &Sources<'_>) {
    let asked = from.var("PYTHONCOERCECLOCALE");
    let fixed = env::var(b"LC_ALL").is_some_and(|v| !v.is_empty());
    if fixed || asked.as_deref() == Some(b"0") || !c_locale() {
        return;
    }
    if env::set_var(b"LC_CTYPE", b"C.UTF-8").is_ok() && asked.as_deref() == Some(b"warn") {
        crate::write(
            2,
            "Python detected LC_CTYPE=C: LC_CTYPE coerced to C.UTF-8 (set another locale or PYTHONCOERCECLOCALE=0 to disable this locale coercion behavior).\n",
        );
    }
}

/// The encoding and the error handlers of the standard streams.
fn streams(from: &Sources<'_>, s: &mut Settings) {
    // The locales that CPython takes for C with UTF-8; in these, as in the UTF-8 mode, every byte goes through.
    let lenient = matches!(
        &*ctype_locale(),
        b"C" | b"POSIX" | b"C.UTF-8" | b"C.utf8" | b"UTF-8"
    );
    if s.utf8_mode || lenient {
        s.stdio_errors = "surrogateescape".to_owned();
    }
    if let Some(v) = from.var("PYTHONIOENCODING") {
        let v = String::from_utf8_lossy(&v).into_owned();
        let (encoding, errors) = v.split_once(':').unwrap_or((&v, ""));
        if !encoding.is_empty() {
            s.stdio_encoding = encoding.to_owned();
            s.stdio_errors = "strict".to_owned();
        }
        if !errors.is_empty() {
            s.stdio_errors = errors.to_owned();
        }
    }
}

/// The key of `hash(str)`; `None` when it is random.
fn hash_key(from: &Sources<'_>, s: &mut Settings) -> Result<Option<(u64, u64)>, Fatal> {
    if from.given.random_hash {
        return Ok(None);
    }
    let Some(seed) = from.var("PYTHONHASHSEED").filter(|v| v != b"random") else {
        return Ok(None);
    };
    match number(&seed).and_then(|n| u32::try_from(n).ok()) {
        Some(0) => {
            s.hash_randomization = false;
            Ok(Some((0, 0)))
        }
        Some(n) => Ok(Some(seeded_key(n))),
        None => Err(Fatal::new(
            "config_init_hash_seed",
            "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]",
        )),
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
