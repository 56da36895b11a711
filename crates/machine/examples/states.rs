//! Writes the states of a program at every Nth step, and what it learned at the end, to standard error: `states N FILE`.

use std::cell::OnceCell;

use taipan::Settings;
use taipan_machine::{Machine, Sink};
use taipan_object::Vm;

#[derive(Default)]
struct Every {
    machine: OnceCell<&'static Machine>,
    every: u64,
}

impl Sink for Every {
    fn step(&self, _: u32, _: u32, _: u32) {}
    fn reached(&self, vm: &Vm, step: u64) {
        if let Some(machine) = self.machine.get() {
            eprintln!("{}", machine.state_in(vm));
            machine.recorder().want(step + self.every);
        }
    }
}

fn run() -> Option<()> {
    let mut args = std::env::args().skip(1);
    let every: u64 = args.next()?.parse().ok()?;
    let file = args.next()?;
    let source = std::fs::read(&file).ok()?;
    let mut settings = Settings::default();
    taipan::paths::locate(&mut settings, b"taipan", None);
    let machine: &'static Machine = Box::leak(Box::new(Machine::new(settings, true).ok()?));
    let sink: &'static Every = Box::leak(Box::new(Every {
        machine: OnceCell::from(machine),
        every,
    }));
    if machine.load(&source, &file, 0).is_ok() {
        machine.recorder().set_sink(sink);
        machine
            .recorder()
            .want(if every == 0 { u64::MAX } else { 0 });
        let begin = std::time::Instant::now();
        let end = machine.run();
        let (steps, time) = (machine.recorder().next(), begin.elapsed());
        eprintln!("{}", machine.state());
        eprintln!("{}", machine.counts());
        eprintln!("{end:?} after {steps} steps in {time:?}");
    }
    Some(())
}

fn main() {
    if taipan::on_big_stack(run).flatten().is_none() {
        eprintln!("usage: states N FILE");
    }
}
