//! Compiles the modules that every start needs, those that CPython freezes, and writes their code as an image
//! (`taipan_bytecode::image`): `frozen.bin` in OUT_DIR, and `frozen.rs`, the table that says which code is each module's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use taipan_ast::{Arena, StackLimit};
use taipan_bytecode::constant::Str;
use taipan_bytecode::image::Writer;
use taipan_compiler::CompileOptions;
use taipan_parser::{Mode, ParseOptions};

/// Frozen modules under the names of their sources in the library, in CPython's order (`Python/frozen.c`), and aliases.
const MODULES: &[(&str, Source)] = &[
    ("_frozen_importlib", Source::Module("importlib._bootstrap")),
    (
        "_frozen_importlib_external",
        Source::Module("importlib._bootstrap_external"),
    ),
    ("zipimport", Source::Own),
    ("abc", Source::Own),
    ("codecs", Source::Own),
    ("io", Source::Own),
    ("_collections_abc", Source::Own),
    ("_sitebuiltins", Source::Own),
    ("genericpath", Source::Own),
    ("ntpath", Source::Own),
    ("posixpath", Source::Own),
    ("os", Source::Own),
    ("site", Source::Own),
    ("stat", Source::Own),
    ("importlib.util", Source::Own),
    ("importlib.machinery", Source::Own),
    ("runpy", Source::Own),
    ("__hello__", Source::Own),
    ("__hello_alias__", Source::Module("__hello__")),
    ("__phello_alias__", Source::Package("__hello__")),
    ("__phello_alias__.spam", Source::Module("__hello__")),
    ("__phello__", Source::Package("__phello__")),
    ("__phello__.__init__", Source::Init("__phello__")),
    ("__phello__.ham", Source::Package("__phello__.ham")),
    ("__phello__.ham.__init__", Source::Init("__phello__.ham")),
    ("__phello__.ham.eggs", Source::Own),
    ("__phello__.spam", Source::Own),
    ("__hello_only__", Source::Text("frozen_only", HELLO_ONLY)),
];

/// A module that has no file in the library: programs can see by it that frozen modules need none.
const HELLO_ONLY: &str = "initialized = True\nprint(\"Hello world!\")\n";

/// Where the code of a frozen module comes from.
#[derive(Clone, Copy)]
enum Source {
    /// The library's module of the same name.
    Own,
    /// The library's module of this name.
    Module(&'static str),
    /// The library's module of this name, here a package.
    Package(&'static str),
    /// The `__init__` of a package, as a module.
    Init(&'static str),
    /// A name for tracebacks, and the text.
    Text(&'static str, &'static str),
}

fn compile(name: &str, text: &str, image: &mut Writer) -> u32 {
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let options = ParseOptions {
        mode: Mode::File,
        ..ParseOptions::default()
    };
    let tree = taipan_parser::parse(&arena, text, &options, &mut warnings)
        .unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let options = CompileOptions {
        filename: Str::interned(format!("<frozen {name}>")),
        optimize: 0,
        flags: 0,
        allow_top_level_await: false,
        stack_limit: StackLimit::at(0),
    };
    let compiled = taipan_compiler::compile(&arena, arena.alloc(tree), &options, &mut warnings)
        .unwrap_or_else(|e| panic!("{name}: {e:?}"));
    image
        .add(&compiled.code)
        .unwrap_or_else(|| panic!("{name}: a constant of an unusual kind"))
}

fn source<'a>(files: &'a BTreeMap<String, Vec<u8>>, module: &str) -> &'a str {
    let path = module.replace('.', "/");
    let contents = files
        .get(&format!("{path}.py"))
        .or_else(|| files.get(&format!("{path}/__init__.py")))
        .unwrap_or_else(|| panic!("the library has no module {module}"));
    std::str::from_utf8(contents).unwrap_or_else(|e| panic!("{module}: {e}"))
}

/// Writes both files.
pub fn write(files: &BTreeMap<String, Vec<u8>>, out_dir: &Path) {
    let mut image = Writer::default();
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut table = String::from("&[\n");
    for (name, source_of) in MODULES {
        let (module, text, package, origname) = match *source_of {
            Source::Own => (*name, None, false, Some((*name).to_owned())),
            Source::Module(m) => (m, None, false, Some(m.to_owned())),
            Source::Package(m) => (m, None, true, Some(m.to_owned())),
            Source::Init(m) => (m, None, false, Some(format!("<{m}"))),
            Source::Text(m, text) => (m, Some(text), false, None),
        };
        let code = *numbers.entry(module).or_insert_with(|| {
            let text = text.unwrap_or_else(|| source(files, module));
            compile(module, text, &mut image)
        });
        writeln!(
            table,
            "    Frozen {{ name: {name:?}, package: {package}, origname: {origname:?}, code: {code} }},"
        )
        .expect("a String takes all");
    }
    table.push_str("]\n");
    std::fs::write(out_dir.join("frozen.bin"), image.finish()).expect("OUT_DIR is writable");
    std::fs::write(out_dir.join("frozen.rs"), table).expect("OUT_DIR is writable");
}
