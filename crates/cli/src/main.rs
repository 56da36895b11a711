//! The command `taipan`: CPython's command line. `options` reads it; the interpreter runs on a thread with a large stack.

mod inspect;
mod options;
mod settle;

use options::{Action, Options};
use taipan::main_program::{self, Status};
use taipan::{Interpreter, paths};
use taipan_draw::What;

// A sanitizer is to see each block by itself.
#[cfg(all(unix, not(taipan_plain_heap)))]
#[global_allocator]
static ALLOCATOR: taipan_host::alloc::Allocator = taipan_host::alloc::Allocator;

/// How much stack the compiler may use for a drawing or for what `inspect` shows; the thread has more.
const SHOW_STACK: usize = 8 << 20;

fn write(fd: i32, text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match taipan_host::fs::write(fd, rest) {
            Ok(n) if n > 0 => rest = rest.get(n..).unwrap_or_default(),
            _ => return,
        }
    }
}

fn run(o: Options) -> Status {
    let mut settings = o.settings;
    paths::locate(&mut settings, &o.program_name, o.stdlib);
    let mut builder = Interpreter::builder().settings(settings).library(o.library);
    if let Some(key) = o.hash_key {
        builder = builder.hash_key(key);
    }
    match builder.build() {
        Ok(i) => {
            let status = i.enter(|vm| main_program::run(vm, &o.program_name, &o.program));
            // The heap goes with the process: tearing it down object by object would only take time.
            std::mem::forget(i);
            status
        }
        Err(_) => Status::Code(1),
    }
}

/// Draws the program in a file (`-`: on standard input).
fn show(what: What, path: &[u8]) -> Status {
    let name = String::from_utf8_lossy(path);
    let data = if path == b"-" {
        taipan_host::fs::read_to_end(0)
    } else {
        taipan_host::fs::read_file(path)
    };
    let drawn = match data {
        Ok(data) => taipan_draw::draw(what, &data, &name, SHOW_STACK),
        Err(error) => Err(String::from_utf8_lossy(&error.message()).into_owned()),
    };
    match drawn {
        Ok(text) => {
            write(1, &text);
            Status::Code(0)
        }
        Err(message) => {
            write(2, &format!("{name}: {message}\n"));
            Status::Code(1)
        }
    }
}

/// Leaves what was counted in the file that `TAIPAN_STATS` names.
#[cfg(feature = "stats")]
fn write_stats() {
    if let Some(path) = taipan_host::env::var(b"TAIPAN_STATS") {
        let report = taipan::stats::report();
        if let Err(error) = taipan_host::fs::write_file(&path, report.as_bytes()) {
            let message = error.message();
            write(
                2,
                &format!("TAIPAN_STATS: {}\n", String::from_utf8_lossy(&message)),
            );
        }
    }
}

fn main() {
    taipan_host::mem::share_allocator();
    let args = taipan_host::env::args();
    let status = match options::parse(&args) {
        Action::Print(text) => {
            write(1, &text);
            Status::Code(0)
        }
        Action::Usage(text) => {
            write(2, &text);
            Status::Code(2)
        }
        Action::Fatal(text) => {
            write(2, &text);
            Status::Code(1)
        }
        Action::Show(what, path) => {
            taipan::on_big_stack(move || show(what, &path)).unwrap_or(Status::Code(1))
        }
        Action::Inspect(rest) => {
            let program = args.first().cloned().unwrap_or_default();
            taipan::on_big_stack(move || inspect::run(&program, &rest)).unwrap_or(Status::Code(1))
        }
        // The process ends right there: the first thread need not be woken for it.
        Action::Run(o) => taipan::on_big_stack(move || leave(run(*o))).unwrap_or(Status::Code(1)),
    };
    leave(status)
}

/// Ends the process.
fn leave(status: Status) -> ! {
    #[cfg(feature = "stats")]
    write_stats();
    match status {
        Status::Code(n) => taipan_host::process::exit_now(n & 0xff),
        Status::Interrupted => {
            // The shell sees that the program died of the signal.
            let _ = taipan_host::signal::install(2, taipan_host::types::Disposition::Default);
            let _ = taipan_host::signal::raise(2);
            taipan_host::process::exit_now(130);
        }
    }
}
