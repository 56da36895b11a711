//! Writes the library's Python files into a directory, with an index (`index.txt`: a line for each, name and size), from
//! where the inspector's page fetches them one by one: `unpack DIRECTORY`.

use std::path::Path;

/// Folders that no page needs: tests, tools, other languages' data.
const LEFT_OUT: &[&str] = &[
    "test/",
    "idlelib/",
    "lib2to3/",
    "turtledemo/",
    "ensurepip/",
    "tkinter/",
    "pydoc_data/",
];

fn main() -> std::io::Result<()> {
    let Some(directory) = std::env::args().nth(1) else {
        eprintln!("usage: unpack DIRECTORY");
        std::process::exit(2);
    };
    let mut index = String::new();
    for file in taipan_pylib::files() {
        let left_out = LEFT_OUT.iter().any(|folder| file.name.starts_with(folder));
        let Some(contents) = file
            .contents()
            .filter(|_| !left_out && file.name.ends_with(".py"))
        else {
            continue;
        };
        let path = Path::new(&directory).join(file.name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, &contents)?;
        index.push_str(&format!("{} {}\n", file.name, contents.len()));
    }
    std::fs::write(Path::new(&directory).join("index.txt"), index)
}
