//! Writing tracebacks straight to a file descriptor, without memory from the heap: signal handlers do it as well.

use taipan_object::{Str, Vm};

use crate::frame::{self, Frame};

/// More frames, and more characters of a name, are left out.
const MAX_FRAMES: usize = 100;
const MAX_TEXT: usize = 500;

/// Text on its way to a descriptor.
pub(super) struct Out {
    fd: i32,
    buffer: [u8; 256],
    used: usize,
}

impl Out {
    pub(super) fn new(fd: i32) -> Out {
        Out {
            fd,
            buffer: [0; 256],
            used: 0,
        }
    }

    fn flush(&mut self) {
        crate::sys_module::std_printer::write_all(self.fd, &self.buffer[..self.used]);
        self.used = 0;
    }

    fn byte(&mut self, b: u8) {
        if self.used == self.buffer.len() {
            self.flush();
        }
        self.buffer[self.used] = b;
        self.used += 1;
    }

    pub(super) fn text(&mut self, s: &str) {
        s.bytes().for_each(|b| self.byte(b));
    }

    /// A number in base 10 or 16, with leading zeros.
    pub(super) fn number(&mut self, mut n: u64, base: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while n != 0 || digits.len() - at < width.max(1) {
            at -= 1;
            digits[at] = b"0123456789abcdef"[(n % base) as usize];
            n /= base;
            if at == 0 {
                break;
            }
        }
        for &d in &digits[at..] {
            self.byte(d);
        }
    }

    /// A string in ASCII, other characters escaped.
    fn ascii(&mut self, s: &Str) {
        let text = s.text();
        for c in text.chars().take(MAX_TEXT) {
            match c {
                0x20..=0x7e => self.byte(c as u8),
                0..=0xff => self.escape("\\x", c, 2),
                0x100..=0xffff => self.escape("\\u", c, 4),
                _ => self.escape("\\U", c, 8),
            }
        }
        if s.len() > MAX_TEXT {
            self.text("...");
        }
    }

    fn escape(&mut self, lead: &str, c: u32, width: usize) {
        self.text(lead);
        self.number(u64::from(c), 16, width);
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Whose traceback follows.
pub(super) fn thread_head(out: &mut Out, vm: &Vm, current: bool) {
    out.text(if current {
        "Current thread 0x"
    } else {
        "Thread 0x"
    });
    let ident = vm.thread_ident.get();
    out.number(ident, 16, 16);
    let mut name = [0; 32];
    let length = taipan_host::thread::name_of(ident, &mut name);
    if length > 0 {
        out.text(" [");
        name[..length].iter().for_each(|&b| out.byte(b));
        out.text("]");
    }
    out.text(" (most recent call first):\n");
}

/// The frames of a thread, the innermost first.
pub(super) fn frames(out: &mut Out, vm: &Vm) {
    let mut n = 0;
    frame::for_each(vm, |f| {
        if n < MAX_FRAMES && f.is_complete() {
            one(out, f);
        }
        n += usize::from(f.is_complete());
    });
    if n == 0 {
        out.text("  <no Python frame>\n");
    } else if n > MAX_FRAMES {
        out.text("  ...\n");
    }
}

fn one(out: &mut Out, f: &Frame) {
    let code = f.code();
    out.text("  File \"");
    out.ascii(&code.filename.get());
    out.text("\", line ");
    match f.lineno() {
        Some(line) => out.number(u64::try_from(line).unwrap_or(0), 10, 1),
        None => out.text("???"),
    }
    out.text(" in ");
    out.ascii(&code.name);
    out.text("\n");
}

/// The tracebacks of all threads, the newest first. Needs the GIL.
pub(super) fn all_threads(vm: &Vm, fd: i32, current: Option<&Vm>) {
    let mut out = Out::new(fd);
    let mut first = true;
    crate::threads::for_each_newest_first(vm, |t| {
        if !std::mem::take(&mut first) {
            out.text("\n");
        }
        let is_current = current.is_some_and(|c| std::ptr::eq(c, t));
        thread_head(&mut out, t, is_current);
        frames(&mut out, t);
    });
}
