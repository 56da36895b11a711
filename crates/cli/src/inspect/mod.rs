//! `taipan inspect`: the static stages of a program as JSON or text, or the inspector's page, served or in one file.

mod page;
mod serve;

use taipan::main_program::Status;
use taipan_inspect::types::{Mode, Options, Stage, TextKind};
use taipan_inspect::{Program, json};

use crate::{SHOW_STACK, write};

const HELP: &str = include_str!("../help/inspect.txt");

/// What there is to do.
enum Task {
    Json(Vec<Stage>),
    Text(TextKind),
    Html(Vec<u8>),
    Serve { port: u16, open: bool },
}

/// The command line behind `inspect`.
struct Request {
    task: Task,
    file: Vec<u8>,
    mode: Mode,
    optimize: u8,
    /// How many steps lie between the states that are wanted instead of the stages.
    states: Option<u64>,
    /// The file that the page is in.
    page: Option<Vec<u8>>,
}

const STAGES: [(&str, Stage); 7] = [
    ("tokens", Stage::Tokens),
    ("tree", Stage::Tree),
    ("optimized", Stage::Optimized),
    ("scopes", Stage::Scopes),
    ("units", Stage::Units),
    ("code", Stage::Code),
    ("pyc", Stage::Pyc),
];

const TEXTS: [(&str, TextKind); 8] = [
    ("tokens", TextKind::Tokens),
    ("ast", TextKind::Ast),
    ("ast-optimized", TextKind::AstOptimized),
    ("scopes", TextKind::Scopes),
    ("units", TextKind::Units),
    ("dis", TextKind::Dis),
    ("dis-caches", TextKind::DisCaches),
    ("pyc", TextKind::Pyc),
];

const MODES: [(&str, Mode); 3] = [
    ("exec", Mode::Exec),
    ("single", Mode::Single),
    ("eval", Mode::Eval),
];

/// The one of this name, or a complaint that lists them all.
fn choose<T: Copy>(option: &str, value: &[u8], choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| name.as_bytes() == value);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!(
            "{option} takes {}, not '{}'",
            names.join(", "),
            String::from_utf8_lossy(value)
        )
    })
}

/// Reads the command line; `None` asks for help.
fn parse(args: &[Vec<u8>]) -> Result<Option<Request>, String> {
    let mut request = Request {
        task: Task::Serve {
            port: 0,
            open: true,
        },
        file: Vec::new(),
        mode: Mode::Exec,
        optimize: 0,
        states: None,
        page: None,
    };
    let mut tasks: Vec<Task> = Vec::new();
    let mut stages: Option<Vec<Stage>> = None;
    let (mut port, mut open) = (0, true);
    let mut files: Vec<&Vec<u8>> = Vec::new();
    let mut rest = args.iter();
    let mut only_files = false;
    while let Some(arg) = rest.next() {
        let mut value = |option: &str| {
            let value = rest.next().cloned();
            value.ok_or_else(|| format!("Argument expected for the {option} option"))
        };
        if only_files || arg == b"-" || !arg.starts_with(b"-") {
            files.push(arg);
            continue;
        }
        match arg.as_slice() {
            b"--" => only_files = true,
            b"-h" | b"--help" => return Ok(None),
            b"-O" => request.optimize = request.optimize.saturating_add(1).min(2),
            b"-OO" => request.optimize = 2,
            b"--json" => tasks.push(Task::Json(Vec::new())),
            b"--text" => tasks.push(Task::Text(choose("--text", &value("--text")?, &TEXTS)?)),
            b"--html" => tasks.push(Task::Html(value("--html")?)),
            b"--mode" => request.mode = choose("--mode", &value("--mode")?, &MODES)?,
            b"--no-open" => open = false,
            b"--page" => request.page = Some(value("--page")?),
            b"--port" => {
                let text = value("--port")?;
                let number = std::str::from_utf8(&text).ok().and_then(|t| t.parse().ok());
                port = number.ok_or("--port takes a number up to 65535")?;
            }
            b"--states" => {
                let text = value("--states")?;
                let number = std::str::from_utf8(&text).ok().and_then(|t| t.parse().ok());
                let number = number.filter(|n| *n > 0);
                request.states = Some(number.ok_or("--states takes a number of steps")?);
            }
            b"--stages" => {
                let list = value("--stages")?;
                let chosen = list.split(|byte| *byte == b',');
                let chosen = chosen.map(|name| choose("--stages", name, &STAGES));
                stages = Some(chosen.collect::<Result<Vec<Stage>, String>>()?);
            }
            _ => {
                let option = String::from_utf8_lossy(arg);
                return Err(format!("Unknown option: {option}"));
            }
        }
    }
    let [file] = files.as_slice() else {
        return Err("inspect takes one file".to_owned());
    };
    request.file.clone_from(file);
    let all = || STAGES.iter().map(|(_, stage)| *stage).collect();
    request.task = match (tasks.pop(), tasks.is_empty(), stages) {
        (_, false, _) => return Err("--json, --text and --html exclude each other".to_owned()),
        (Some(Task::Json(_)), _, stages) => Task::Json(stages.unwrap_or_else(all)),
        (_, _, Some(_)) => return Err("--stages needs --json".to_owned()),
        (Some(task), _, None) => task,
        (None, _, None) => Task::Serve { port, open },
    };
    if request.states.is_some() && !matches!(request.task, Task::Json(_)) {
        return Err("--states needs --json".to_owned());
    }
    Ok(Some(request))
}

/// The bytes of the file (`-`: of standard input), and when it was changed, in seconds since 1970.
fn read(path: &[u8]) -> Result<(Vec<u8>, u32), String> {
    if path == b"-" {
        let data = taipan_host::fs::read_to_end(0);
        return data.map(|data| (data, 0)).map_err(|e| words(&e));
    }
    let data = taipan_host::fs::read_file(path).map_err(|e| words(&e))?;
    let stat = taipan_host::fs::stat(taipan_host::fs::AT_FDCWD, path, true);
    let seconds = stat.map_or(0, |stat| stat.mtime_ns.div_euclid(1_000_000_000));
    Ok((data, seconds as u32))
}

fn words(error: &taipan_host::Errno) -> String {
    String::from_utf8_lossy(&error.message()).into_owned()
}

/// The file's name as text.
fn name_of(path: &[u8]) -> String {
    match path {
        b"-" => "<stdin>".to_owned(),
        path => String::from_utf8_lossy(path).into_owned(),
    }
}

fn program(request: &Request) -> Result<Program, String> {
    let (data, mtime) = read(&request.file)?;
    let options = Options {
        optimize: request.optimize,
        mode: request.mode,
        filename: name_of(&request.file),
        mtime,
    };
    Ok(Program::from_bytes(&data, options, SHOW_STACK))
}

/// Steps after which a program is stopped.
const MOST_STEPS: u64 = 1_000_000;

/// Runs the program, and gives its states as JSON.
fn states(request: &Request) -> Result<String, String> {
    let (source, _) = read(&request.file)?;
    let (filename, optimize) = (name_of(&request.file), request.optimize);
    let every = request.states.unwrap_or(1);
    let mut settings = taipan::Settings {
        argv: vec![request.file.clone()],
        ..taipan::Settings::default()
    };
    let report = taipan::on_big_stack(move || {
        taipan::paths::locate(&mut settings, b"taipan", None);
        let request = taipan_machine::Request {
            source: &source,
            filename: &filename,
            optimize,
            every,
            most_steps: MOST_STEPS,
            library: true,
        };
        taipan_machine::report(settings, &request).map_err(|e| e.to_string())
    });
    report.ok_or("the interpreter's thread could not be started")?
}

fn execute(request: &Request) -> Result<Status, String> {
    match &request.task {
        Task::Json(_) if request.states.is_some() => {
            write(1, &states(request)?);
            write(1, "\n");
        }
        Task::Json(stages) => {
            let analysis = program(request)?.analysis(stages);
            write(1, &json(&analysis));
            write(1, "\n");
        }
        Task::Text(kind) => {
            let program = program(request)?;
            let overview = program.overview();
            for warning in &overview.warnings {
                write(2, &warning.formatted);
            }
            if let Some(error) = &overview.error {
                write(2, &error.formatted);
            }
            let Some(mut text) = program.stage_text(*kind) else {
                return Ok(Status::Code(1));
            };
            if !text.ends_with('\n') {
                text.push('\n');
            }
            write(1, &text);
        }
        Task::Html(out) => {
            let page = page::load(request.page.as_deref())?;
            let (data, _) = read(&request.file)?;
            let html = page::with_program(&page, &name_of(&request.file), &data)?;
            save(out, html.as_bytes()).map_err(|e| format!("{}: {}", name_of(out), words(&e)))?;
        }
        Task::Serve { port, open } => {
            let page = page::load(request.page.as_deref())?;
            read(&request.file)?;
            serve::serve(page, &request.file, *port, *open)?;
        }
    }
    Ok(Status::Code(0))
}

/// A constant of the operating system.
fn constant(table: &[taipan_host::consts::Constant], name: &str) -> i32 {
    let found = table.iter().find(|(known, _)| *known == name);
    found
        .and_then(|(_, value)| i32::try_from(*value).ok())
        .unwrap_or(0)
}

/// Writes a file (`-`: standard output).
fn save(path: &[u8], data: &[u8]) -> Result<(), taipan_host::Errno> {
    use taipan_host::{consts, fs};
    if path == b"-" {
        return fs::write_all(1, data);
    }
    let names = ["O_WRONLY", "O_CREAT", "O_TRUNC", "O_CLOEXEC"];
    let flags = names
        .iter()
        .fold(0, |flags, name| flags | constant(consts::OS, name));
    let fd = fs::open(fs::AT_FDCWD, path, flags, 0o666)?;
    let written = fs::write_all(fd, data);
    let closed = fs::close(fd);
    written.and(closed)
}

/// Does what the command line behind `inspect` asks for.
pub(crate) fn run(program: &[u8], args: &[Vec<u8>]) -> Status {
    let program = String::from_utf8_lossy(program);
    match parse(args) {
        Ok(None) => {
            write(1, &HELP.replace("{program}", &program));
            Status::Code(0)
        }
        Err(message) => {
            write(
                2,
                &format!("{message}\nTry `{program} inspect -h' for more information.\n"),
            );
            Status::Code(2)
        }
        Ok(Some(request)) => execute(&request).unwrap_or_else(|message| {
            write(
                2,
                &format!(
                    "{program}: inspect: {}: {message}\n",
                    name_of(&request.file)
                ),
            );
            Status::Code(1)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Option<Request>, String> {
        let args: Vec<Vec<u8>> = words
            .split_whitespace()
            .map(|word| word.as_bytes().to_vec())
            .collect();
        parse(&args)
    }

    #[test]
    fn command_lines() {
        let request = parsed("--json --stages tokens,pyc -OO x.py").expect("it is right");
        let request = request.expect("it asks for no help");
        assert!(
            matches!(&request.task, Task::Json(stages) if *stages == [Stage::Tokens, Stage::Pyc])
        );
        assert_eq!(
            (request.optimize, request.file.as_slice()),
            (2, &b"x.py"[..])
        );
        let request = parsed("--port 80 --no-open -- -x").expect("it is right");
        assert!(request.is_some_and(|r| r.file == b"-x"
            && matches!(
                r.task,
                Task::Serve {
                    port: 80,
                    open: false
                }
            )));
        assert!(parsed("--help").is_ok_and(|request| request.is_none()));
        for wrong in [
            "",
            "a b",
            "--json --text dis x",
            "--stages tokens x",
            "--text x",
            "--port x y",
            "--states 9 x",
            "--json --states 0 x",
            "-x y",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
