//! The shape of the source, as ARCHITECTURE.md states it: crates depend downward only, and files stay small.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates by rank, lowest first. A crate may depend on crates of lower ranks alone, so crates of one rank do not
/// know each other. Dependencies of tests (`[dev-dependencies]`) are free, as long as cargo accepts them.
const RANKS: &[&[&str]] = &[
    &["wtf8", "text", "host", "xml"],
    &["unicode", "tokenizer", "macros"],
    &["numeric", "codecs", "sre", "ast"],
    &["parser", "symtable", "bytecode"],
    &["compiler", "object"],
    &["builtins", "draw", "inspect", "pylib"],
    &["vm"],
    &["stdlib-*"],
    &["taipan"],
    &["machine"],
    &["cli", "wasm", "wasm-machine"],
];

/// Lines beyond which a file must say why it is longer.
const MAX_LINES: usize = 1000;

/// Files of source that the limit is for.
const SOURCE: &[&str] = &[
    "rs", "py", "gram", "toml", "sh", "md", "js", "ts", "svelte", "css", "html",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
        .to_path_buf()
}

/// The rank of a crate, by the name of its folder.
fn rank(name: &str) -> Option<usize> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    };
    RANKS
        .iter()
        .position(|rank| rank.iter().any(|pattern| fits(pattern)))
}

/// The folder's name of one of our packages (`taipan` itself lies in the folder of that name).
fn folder_of(package: &str) -> Option<&str> {
    if package == "taipan" {
        Some(package)
    } else {
        package.strip_prefix("taipan-")
    }
}

/// What a manifest says: the package's name, and the packages that it depends on outside its tests.
fn read_manifest(text: &str) -> (String, Vec<String>) {
    let mut name = String::new();
    let mut dependencies = Vec::new();
    let mut table = String::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_end_matches(']').to_owned();
            // [dependencies.NAME] and [target.'...'.dependencies.NAME]
            if let Some((before, dependency)) = table.rsplit_once("dependencies.")
                && !before.ends_with("dev-")
            {
                dependencies.push(dependency.trim_matches('"').to_owned());
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let key = key
            .trim()
            .split('.')
            .next()
            .unwrap_or_default()
            .trim_matches('"');
        if table == "package" && key == "name" {
            name = value.trim().trim_matches('"').to_owned();
        } else if table.ends_with("dependencies") && !table.ends_with("dev-dependencies") {
            dependencies.push(key.to_owned());
        }
    }
    (name, dependencies)
}

#[test]
fn crates_depend_downward_only() {
    let mut wrong = Vec::new();
    let crates = root().join("crates");
    let mut folders: Vec<PathBuf> = crates
        .read_dir()
        .expect("crates/ exists")
        .flatten()
        .map(|e| e.path())
        .collect();
    folders.sort();
    for folder in folders {
        let Ok(text) = std::fs::read_to_string(folder.join("Cargo.toml")) else {
            continue;
        };
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let (package, dependencies) = read_manifest(&text);
        if folder_of(&package) != Some(&name) {
            wrong.push(format!(
                "crates/{name}: its package is called {package}, not taipan-{name}"
            ));
        }
        let Some(own) = rank(&name) else {
            wrong.push(format!("crates/{name} has no rank: give it one in RANKS"));
            continue;
        };
        for dependency in dependencies.iter().filter_map(|package| folder_of(package)) {
            match rank(dependency) {
                None => wrong.push(format!("{name} -> {dependency}: {dependency} has no rank")),
                Some(other) if other >= own => wrong.push(format!(
                    "{name} -> {dependency}: {name} has rank {own} and {dependency} rank {other}, which is not lower"
                )),
                Some(_) => {}
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "the graph of crates is wrong:\n  {}",
        wrong.join("\n  ")
    );
}

#[test]
fn manifests_are_read() {
    let text = "[package]\nname = \"taipan-x\"\n[dependencies]\na.workspace = true\n\"b\" = { version = \"1\" }\n\
                [dev-dependencies]\nc = \"1\"\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n\
                [dependencies.e]\nversion = \"1\"\n[dev-dependencies.f]\nversion = \"1\"\n";
    let (name, dependencies) = read_manifest(text);
    assert_eq!(name, "taipan-x");
    assert_eq!(dependencies, ["a", "b", "d", "e"]);
}

/// The files that git tracks; outside a clone, every file below the folders of source.
fn tracked(root: &Path) -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output();
    if let Ok(output) = listed
        && output.status.success()
        && !output.stdout.is_empty()
    {
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        return names
            .split_terminator('\0')
            .map(|name| root.join(name))
            .collect();
    }
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = ["crates", "xtask", "lib", "tests", "benches", "docs"]
        .map(|f| root.join(f))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) => files.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    files
}

#[test]
fn files_are_small_or_say_why_not() {
    let root = root();
    let mut wrong = Vec::new();
    for path in tracked(&root) {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let lines = text.lines().count();
        if lines <= MAX_LINES || !SOURCE.contains(&&*extension) {
            continue;
        }
        let head = text
            .lines()
            .take(12)
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        if !head.contains("generated") && !head.contains("over 1,000 lines because") {
            let name = path.strip_prefix(&root).unwrap_or(&path).display();
            wrong.push(format!("{name} has {lines} lines: divide it, or say at its top \"over 1,000 lines because ...\""));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
