//! What `BZ2Decompressor` and `LZMADecompressor` share: input that waits because the caller wanted
//! less output, the end of the stream, what came behind it.

use taipan_object::{PyResult, Vm};

use crate::grow;

/// What one step of an engine did.
pub struct Step {
    /// How much input it took.
    pub read: usize,
    /// How much output it gave.
    pub written: usize,
    /// The stream is over.
    pub end: bool,
}

/// A decompressor of a library.
pub trait Engine {
    /// Whether more input is wanted although all room for output was used.
    const WANTS_INPUT_WHEN_FULL: bool;
    /// The message of the EOFError after the end.
    const AT_END: &'static str;
    /// The message of the ValueError after an error, for an engine that cannot go on then.
    const AFTER_ERROR: Option<&'static str>;

    /// Decompresses as far as input and output go.
    fn step(&mut self, vm: &Vm, input: &[u8], output: &mut [u8]) -> PyResult<Step>;
}

/// An incremental decompressor.
pub struct Pull<E> {
    /// The library's part.
    pub engine: E,
    waiting: Vec<u8>,
    /// `needs_input`
    pub needs_input: bool,
    /// `eof`
    pub eof: bool,
    /// `unused_data`
    pub unused: Vec<u8>,
    /// There was an error after which the engine is not to be asked again.
    failed: bool,
}

impl<E: Engine> Pull<E> {
    /// A decompressor at its beginning.
    pub fn new(engine: E) -> Pull<E> {
        Pull {
            engine,
            waiting: Vec::new(),
            needs_input: true,
            eof: false,
            unused: Vec::new(),
            failed: false,
        }
    }

    /// `decompress()`: a negative `max_length` is no limit.
    pub fn decompress(&mut self, vm: &Vm, data: Vec<u8>, max_length: isize) -> PyResult<Vec<u8>> {
        if self.eof {
            return Err(vm.raise_new(&vm.exc().EOFError, E::AT_END));
        }
        if let (true, Some(message)) = (self.failed, E::AFTER_ERROR) {
            return Err(vm.value_error(message));
        }
        let mut input = std::mem::take(&mut self.waiting);
        if input.is_empty() {
            input = data;
        } else {
            input.extend_from_slice(&data);
        }
        let limit = usize::try_from(max_length).unwrap_or(usize::MAX);
        let (mut out, mut at) = (Vec::new(), 0);
        let result = self.run(vm, &input, &mut at, &mut out, limit);
        if result.is_err() && E::AFTER_ERROR.is_some() {
            self.failed = true;
            self.needs_input = false;
            return result.map(|()| out);
        }
        if result.is_err() {
            // The input is kept, as for a caller who tries again.
            self.waiting = input.split_off(at.min(input.len()));
            return result.map(|()| out);
        }
        let rest = input.split_off(at);
        if self.eof {
            self.needs_input = false;
            self.unused = rest;
        } else if rest.is_empty() {
            self.needs_input = E::WANTS_INPUT_WHEN_FULL || out.len() < limit;
        } else {
            self.waiting = rest;
            self.needs_input = false;
        }
        Ok(out)
    }

    fn run(
        &mut self,
        vm: &Vm,
        input: &[u8],
        at: &mut usize,
        out: &mut Vec<u8>,
        limit: usize,
    ) -> PyResult<()> {
        while out.len() < limit {
            let start = out.len();
            grow(vm, out, 32 * 1024, limit)?;
            let step = self.engine.step(vm, &input[*at..], &mut out[start..]);
            let room = out.len() - start;
            let written = step.as_ref().map_or(0, |s| s.written);
            out.truncate(start + written);
            let step = step?;
            *at += step.read;
            if step.end {
                self.eof = true;
                return Ok(());
            }
            if step.written < room && (*at == input.len() || step.read == 0) {
                return Ok(());
            }
        }
        Ok(())
    }
}
