//! Runs every program of `tests/behaviour` with the built command and compares what it prints with the files beside it,
//! which CPython 3.14 wrote: `x.out` is standard output, and `x.err`, where there is one, all of standard error.
//! A program whose name starts with `_` is a module that others import.
//!
//! `tests/behaviour/expected_failures.txt` names what cannot pass yet. One that passes all the same is a failure here, so
//! that the list says the truth.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long one program may take, in a build without optimization on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

fn folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .expect("the crate lies two levels below the root")
        .join("tests/behaviour")
}

/// The programs below `folder`, by their paths from there.
fn programs(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        for entry in next.read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                pending.push(path);
            } else if name.ends_with(".py") && !name.starts_with('_') {
                let relative = path
                    .strip_prefix(folder)
                    .expect("it was found below the folder");
                found.push(relative.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

fn expected_failures(folder: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder.join("expected_failures.txt")).unwrap_or_default();
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Waits for the child, and ends it when it takes too long.
fn wait(child: &mut Child) -> Result<std::process::ExitStatus, String> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if start.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it did not end within {} seconds", LIMIT.as_secs()));
            }
            Ok(None) => std::thread::sleep(pause),
            Err(e) => return Err(e.to_string()),
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Says where two texts part, if they do.
fn difference(what: &str, expected: &str, got: &str) -> Result<(), String> {
    if expected == got {
        return Ok(());
    }
    let (mut left, mut right) = (expected.split('\n'), got.split('\n'));
    let mut number = 1;
    loop {
        let (a, b) = (left.next(), right.next());
        if a != b || a.is_none() {
            let show = |line: Option<&str>| {
                line.map_or("(the end)".to_owned(), |line| format!("{line:?}"))
            };
            return Err(format!(
                "{what} differs in line {number}:\n    expected {}\n    got      {}",
                show(a),
                show(b)
            ));
        }
        number += 1;
    }
}

/// Runs one program; the error says in what it differs.
fn run(folder: &Path, scratch: &Path, program: &str) -> Result<(), String> {
    let path = folder.join(program);
    let expected = std::fs::read(path.with_extension("out")).map_err(|_| {
        "there is no .out file beside it; `python3.14 x.py > x.out` makes one".to_owned()
    })?;
    let expected = String::from_utf8_lossy(&expected);
    let expected_err = std::fs::read(path.with_extension("err")).ok();

    // Files, not pipes: a child that prints more than a pipe holds would wait for a reader.
    let stem = program.replace(['/', '.'], "_");
    let (out_path, err_path) = (
        scratch.join(format!("{stem}.out")),
        scratch.join(format!("{stem}.err")),
    );
    let create =
        |path: &Path| std::fs::File::create(path).map_err(|e| format!("{}: {e}", path.display()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_taipan"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PYTHON") {
            command.env_remove(name);
        }
    }
    command
        .arg(&path)
        .current_dir(path.parent().unwrap_or(folder))
        .env("NO_COLOR", "1")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(create(&out_path)?)
        .stderr(create(&err_path)?);
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let status = wait(&mut child);
    let read = |path: &Path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace(&format!("{}/", folder.display()), "")
    };
    let (out, err) = (read(&out_path), read(&err_path));
    let last = err.trim_end().lines().last().unwrap_or_default();
    let context = |what: String| {
        if expected_err.is_some() || last.is_empty() {
            what
        } else {
            format!("{what}\n    stderr ends: {last}")
        }
    };

    let status = status.map_err(context)?;
    if status.code().is_none() {
        return Err(context(format!("a signal ended it ({status})")));
    }
    difference("stdout", &expected, &out).map_err(context)?;
    match &expected_err {
        Some(expected) => difference("stderr", &String::from_utf8_lossy(expected), &err),
        None if !status.success() => Err(context(format!("it failed ({status})"))),
        None => Ok(()),
    }
}

#[test]
fn programs_behave_as_on_cpython() {
    let folder = folder();
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("behaviour");
    std::fs::create_dir_all(&scratch).expect("the target directory is writable");
    let filter = std::env::var("TAIPAN_BEHAVIOUR").unwrap_or_default();
    let programs: Vec<String> = programs(&folder)
        .into_iter()
        .filter(|name| name.contains(&filter))
        .collect();
    let expected = expected_failures(&folder);

    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = run(&folder, &scratch, program);
                    results
                        .lock()
                        .expect("no worker panics")
                        .insert(program.clone(), result);
                }
            });
        }
    });

    let results = results.into_inner().expect("no worker panics");
    let mut wrong = Vec::new();
    for (program, result) in &results {
        match (result, expected.contains(program)) {
            (Err(why), false) => wrong.push(format!("{program}: {why}")),
            (Ok(()), true) => wrong.push(format!(
                "{program}: passes; take it out of expected_failures.txt"
            )),
            _ => {}
        }
    }
    for name in expected
        .iter()
        .filter(|name| filter.is_empty() && !results.contains_key(*name))
    {
        wrong.push(format!(
            "{name}: is in expected_failures.txt, but there is no such program"
        ));
    }
    assert!(
        wrong.is_empty(),
        "{} of {} programs (TAIPAN_BEHAVIOUR=part-of-a-name runs some):\n{}",
        wrong.len(),
        results.len(),
        wrong.join("\n")
    );
}
