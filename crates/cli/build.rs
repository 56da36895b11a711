//! How the command is linked. On Linux it stands at a fixed address, as Debian's and most builds of CPython do: tables of
//! static data then need no relocation at each start, which would make private copies of half a megabyte of pages.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    if var("CARGO_CFG_TARGET_OS") == "linux" && var("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
