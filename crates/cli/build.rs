//! How the command is linked, and, with the feature `inspector`, the page that it carries.
//!
//! On Linux it stands at a fixed address, as Debian's and most builds of CPython do: tables of static data then need no
//! relocation at each start, which would make private copies of half a megabyte of pages.
//!
//! In release builds the functions that a start runs (`start.txt`, written by `cargo xtask order`) stand side by side: the
//! system brings code into memory in pieces of 64 KiB, and a start needs little of each if they are scattered. A trained
//! build (`cargo xtask release`) knows them exactly, and names its own list in `TAIPAN_START_FUNCTIONS`; then it looks at what
//! it has linked (`TAIPAN_LINK_MAP` says where the linker writes its map), and links again by a script of its own
//! (`TAIPAN_START_SCRIPT`), which arranges tables as well.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for name in ["FUNCTIONS", "SCRIPT"] {
        println!("cargo::rerun-if-env-changed=TAIPAN_START_{name}");
    }
    println!("cargo::rerun-if-env-changed=TAIPAN_LINK_MAP");
    if std::env::var_os("CARGO_FEATURE_INSPECTOR").is_some() {
        carry_page();
    }
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    if var("CARGO_CFG_TARGET_OS") != "linux" || var("CARGO_CFG_TARGET_ENV") != "gnu" {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-no-pie");
    let map = var("TAIPAN_LINK_MAP");
    if !map.is_empty() {
        println!("cargo::rustc-link-arg-bins=-Wl,-Map,{map}");
    }
    let script = var("TAIPAN_START_SCRIPT");
    if !script.is_empty() {
        println!("cargo::rerun-if-changed={script}");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{script}");
    } else if var("PROFILE") == "release" {
        let exact = var("TAIPAN_START_FUNCTIONS");
        let path = if exact.is_empty() {
            "start.txt"
        } else {
            &exact
        };
        println!("cargo::rerun-if-changed={path}");
        let list = std::fs::read_to_string(path).expect("the list of functions is there");
        let script = Path::new(&var("OUT_DIR")).join("start.ld");
        std::fs::write(&script, linker_script(&list)).expect("OUT_DIR is writable");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}

/// Compresses the inspector's page for `inspect/page.rs`.
fn carry_page() {
    let path = "../../inspector/dist/single.html";
    println!("cargo::rerun-if-changed={path}");
    let Ok(page) = std::fs::read(path) else {
        println!(
            "cargo::error=there is no inspector/dist/single.html: run `cargo xtask inspector` first"
        );
        return;
    };
    let out = Path::new(&std::env::var("OUT_DIR").unwrap_or_default()).join("page.zlib");
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&page, 9);
    std::fs::write(&out, packed).expect("OUT_DIR is writable");
}

/// A script that adds one output section to the linker's own: the sections of the listed functions. A name in the list
/// lacks its hash, or has stars where crates' numbers were. Behind a whole name may stand what the linker's inputs add.
fn linker_script(list: &str) -> String {
    let mut script = String::from("SECTIONS { .text.start : { *(\n");
    for name in list.lines().filter(|n| !n.is_empty()) {
        let open = name.ends_with("17h") || name.starts_with("_ZN") && name.ends_with('E');
        let end = if open { "*" } else { "" };
        for prefix in [".text.", ".text.hot.", ".text.unlikely."] {
            writeln!(script, "{prefix}{name}{end}").expect("a String takes all");
        }
    }
    script.push_str(") } } INSERT BEFORE .text;\n");
    script
}
