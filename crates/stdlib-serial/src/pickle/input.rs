//! Where an unpickler reads from: bytes in memory, or the methods of a file.

use taipan_object::{Bytes, PyResult, Raised, Ref, Value, Vm};

use super::unpickling_error;

/// How much is looked at ahead of what is read.
const PREFETCH: i32 = 128 * 1024;

struct File {
    read: Value,
    readline: Value,
    peek: Option<Value>,
}

/// The bytes at hand, and how to get more.
pub(crate) struct Input {
    data: Ref<Bytes>,
    at: usize,
    /// Where the frame that is being read ends, or the data.
    limit: usize,
    /// Whether that is a frame's end.
    framed: bool,
    /// Whether `data` was looked at ahead, so that the file stands where it begins.
    peeked: bool,
    file: Option<File>,
}

#[cold]
fn truncated(vm: &Vm) -> Raised {
    unpickling_error(vm, "pickle data was truncated")
}

impl Input {
    /// Reads from memory.
    pub(crate) fn from_bytes(data: &Ref<Bytes>) -> Input {
        Input {
            data: data.clone(),
            at: 0,
            limit: data.len(),
            framed: false,
            peeked: false,
            file: None,
        }
    }

    /// Reads from a file.
    pub(crate) fn from_file(vm: &Vm, file: &Value) -> PyResult<Input> {
        let peek = vm.getattr_str_opt(file, "peek")?;
        let read = vm.getattr_str_opt(file, "read")?;
        let readline = vm.getattr_str_opt(file, "readline")?;
        let (Some(read), Some(readline)) = (read, readline) else {
            return Err(vm.type_error("file must have 'read' and 'readline' attributes"));
        };
        Ok(Input {
            data: vm.interp().singletons().empty_bytes.clone(),
            at: 0,
            limit: 0,
            framed: false,
            peeked: false,
            file: Some(File {
                read,
                readline,
                peek,
            }),
        })
    }

    /// Shows the values to the collector.
    pub(crate) fn visit(&self, visit: &mut taipan_object::Visitor<'_>) {
        if let Some(f) = &self.file {
            visit(&f.read);
            visit(&f.readline);
            if let Some(peek) = &f.peek {
                visit(peek);
            }
        }
    }

    /// A part of the bytes at hand.
    #[inline(always)]
    pub(crate) fn slice(&self, at: usize, n: usize) -> &[u8] {
        self.data
            .as_slice()
            .get(at..at.wrapping_add(n))
            .unwrap_or_default()
    }

    /// One byte, if there is one at hand.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<u8> {
        if self.at >= self.limit {
            return None;
        }
        let b = *self.data.as_slice().get(self.at)?;
        self.at += 1;
        Some(b)
    }

    /// Makes `n` bytes available and steps over them; gives where they begin.
    #[inline(always)]
    pub(crate) fn take(&mut self, vm: &Vm, n: usize) -> PyResult<usize> {
        if n > self.limit - self.at {
            self.refill(vm, n)?;
        }
        let at = self.at;
        self.at += n;
        Ok(at)
    }

    /// Begins a frame of `n` bytes: nothing that is read may cross its end.
    pub(crate) fn frame(&mut self, vm: &Vm, n: usize) -> PyResult<()> {
        if self.in_frame() && self.at < self.limit {
            return Err(unpickling_error(
                vm,
                "beginning of a new frame before end of current frame",
            ));
        }
        self.leave_frame();
        self.take(vm, n)?;
        self.limit = self.at;
        self.framed = true;
        self.at -= n;
        Ok(())
    }

    fn in_frame(&self) -> bool {
        self.framed
    }

    fn leave_frame(&mut self) {
        self.limit = self.data.len();
        self.framed = false;
    }

    fn replace(&mut self, data: Ref<Bytes>) {
        self.data = data;
        self.at = 0;
        self.leave_frame();
    }

    fn bytes_of(vm: &Vm, v: Value) -> PyResult<Ref<Bytes>> {
        match v.downcast::<Bytes>() {
            Ok(b) => Ok(b),
            Err(v) => {
                let shown = vm.repr_string(&v)?;
                Err(vm.value_error(&format!("read() returned non-bytes object ({shown})")))
            }
        }
    }

    /// Moves the file over what was used of bytes that were looked at ahead.
    pub(crate) fn skip_consumed(&mut self, vm: &Vm) -> PyResult<()> {
        if std::mem::take(&mut self.peeked) {
            let used = self.at;
            self.replace(vm.interp().singletons().empty_bytes.clone());
            if used != 0
                && let Some(f) = &self.file
            {
                vm.call1(&f.read.clone(), &vm.new_usize(used)?)?;
            }
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self, vm: &Vm, n: usize) -> PyResult<()> {
        if self.in_frame() {
            if self.at < self.limit {
                return Err(unpickling_error(vm, "pickle exhausted before end of frame"));
            }
            self.leave_frame();
            if n <= self.limit - self.at {
                return Ok(());
            }
        }
        self.skip_consumed(vm)?;
        let left = self.data.len() - self.at;
        let Some(f) = &self.file else {
            return Err(truncated(vm));
        };
        if left != 0 {
            return Err(unpickling_error(vm, "pickle exhausted before end of frame"));
        }
        let (read, peek) = (f.read.clone(), f.peek.clone());
        if let Some(peek) = peek {
            match vm.call1(&peek, &Value::from_i32(PREFETCH)) {
                Ok(v) => {
                    let ahead = Input::bytes_of(vm, v)?;
                    if ahead.len() >= n {
                        self.replace(ahead);
                        self.peeked = true;
                        return Ok(());
                    }
                }
                Err(r) => {
                    // Not every object with a peek() can do it.
                    vm.catch(r, &vm.exc().NotImplementedError)?;
                    if let Some(f) = &mut self.file {
                        f.peek = None;
                    }
                }
            }
        }
        let data = Input::bytes_of(vm, vm.call1(&read, &vm.new_usize(n)?)?)?;
        let enough = data.len() >= n;
        self.replace(data);
        if enough {
            Ok(())
        } else {
            self.at = self.data.len();
            Err(truncated(vm))
        }
    }

    /// A line without its end: where it begins, and its length.
    pub(crate) fn line(&mut self, vm: &Vm) -> PyResult<(usize, usize)> {
        if self.in_frame() && self.at == self.limit {
            self.leave_frame();
        }
        let rest = self.data.as_slice().get(self.at..self.limit);
        let rest = rest.unwrap_or_default();
        if let Some(n) = rest.iter().position(|&b| b == b'\n') {
            let at = self.at;
            self.at += n + 1;
            return Ok((at, n));
        }
        if self.in_frame() {
            return Err(unpickling_error(vm, "pickle exhausted before end of frame"));
        }
        self.skip_consumed(vm)?;
        let Some(f) = &self.file else {
            return Err(truncated(vm));
        };
        if self.at != self.data.len() {
            return Err(unpickling_error(vm, "pickle exhausted before end of frame"));
        }
        let v = vm.call0(&f.readline.clone())?;
        let line = v.downcast::<Bytes>().map_err(|v| {
            let shown = vm.type_name(&v);
            vm.value_error(&format!("readline() returned non-bytes object ({shown})"))
        })?;
        let n = line.len();
        self.replace(line);
        self.at = n;
        if self.data.as_slice().last() != Some(&b'\n') {
            return Err(truncated(vm));
        }
        Ok((0, n - 1))
    }
}
