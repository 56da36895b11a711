//! Tells the linker what the host of the module needs.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() != Ok("wasm") {
        return;
    }
    for argument in [
        // A run that is left by an exception of the host leaves the stack pointer where it was: the host puts it back.
        "--export=__stack_pointer",
        "-zstack-size=1048576",
        // What a program may use; beyond, MemoryError.
        "--max-memory=268435456",
    ] {
        println!("cargo:rustc-link-arg-cdylib={argument}");
    }
}
