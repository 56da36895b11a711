//! Module `_random`: the Mersenne Twister MT19937, bit for bit.

use std::cell::{Cell, RefCell};

use taipan_builtins::int_::arith::{big, int_of};
use taipan_builtins::int_::methods::from_le_bytes;
use taipan_macros::pymethods;
use taipan_object::{
    Args, ModuleSpec, Payload, PyResult, Ref, Tuple, TypeObject, TypeSpec, Value, Vm, tpflags,
};

const N: usize = 624;
const M: usize = 397;

/// The payload of `Random`.
pub struct Random {
    state: RefCell<Box<[u32; N]>>,
    index: Cell<usize>,
}
taipan_object::payload!(Random, leaf);

/// `_random.Random`
pub static RANDOM: TypeSpec = TypeSpec {
    doc: Some("Random() -> create a random number generator with its own internal state."),
    flags: tpflags::BASETYPE,
    parts: &[&METHODS],
    ..TypeSpec::new("Random", "_random", <Random as Payload>::layout)
};

/// Module `_random`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_random",
    doc: Some("Module implements the Mersenne Twister random number generator."),
    functions: &[],
    types: &[&RANDOM],
    exec: None,
};

impl Random {
    fn next(&self) -> u32 {
        let mut state = self.state.borrow_mut();
        if self.index.get() >= N {
            regenerate(&mut state);
            self.index.set(0);
        }
        let i = self.index.get();
        self.index.set(i + 1);
        let mut y = state.get(i).copied().unwrap_or(0);
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn init(&self, seed: u32) {
        let mut state = self.state.borrow_mut();
        let mut x = seed;
        for (i, s) in state.iter_mut().enumerate() {
            if i > 0 {
                x = 1_812_433_253u32
                    .wrapping_mul(x ^ (x >> 30))
                    .wrapping_add(i as u32);
            }
            *s = x;
        }
        self.index.set(N);
    }

    fn init_by_array(&self, key: &[u32]) {
        self.init(19_650_218);
        let mut state = self.state.borrow_mut();
        let (mut i, mut j) = (1, 0);
        let mix = |state: &[u32; N], i: usize, factor: u32| {
            let before = state[i - 1];
            state[i] ^ (before ^ (before >> 30)).wrapping_mul(factor)
        };
        let wrap = |state: &mut [u32; N], i: &mut usize| {
            *i += 1;
            if *i >= N {
                state[0] = state[N - 1];
                *i = 1;
            }
        };
        for _ in 0..N.max(key.len()) {
            let k = key.get(j).copied().unwrap_or(0);
            state[i] = mix(&state, i, 1_664_525)
                .wrapping_add(k)
                .wrapping_add(j as u32);
            wrap(&mut state, &mut i);
            j += 1;
            if j >= key.len() {
                j = 0;
            }
        }
        for _ in 1..N {
            state[i] = mix(&state, i, 1_566_083_941).wrapping_sub(i as u32);
            wrap(&mut state, &mut i);
        }
        state[0] = 0x8000_0000;
    }

    fn seed_with(&self, vm: &Vm, n: Option<&Value>) -> PyResult<()> {
        let Some(n) = n.filter(|n| !vm.is_none(n)) else {
            let mut bytes = vec![0u8; N * 4];
            if taipan_host::random::fill(&mut bytes).is_err() {
                return Err(vm.runtime_error("the system has no randomness to give"));
            }
            let key: Vec<u32> = bytes
                .chunks_exact(4)
                .map(|c| c.iter().rev().fold(0, |w, b| w << 8 | u32::from(*b)))
                .collect();
            self.init_by_array(&key);
            return Ok(());
        };
        let bytes = match n.as_int() {
            Some(i) => {
                let (_, m) = big(i).into_owned().into_parts();
                m.to_le_bytes().into_vec()
            }
            None => (vm.hash(n)? as u64).to_le_bytes().to_vec(),
        };
        let mut key: Vec<u32> = bytes
            .chunks(4)
            .map(|c| c.iter().rev().fold(0, |w, b| w << 8 | u32::from(*b)))
            .collect();
        while key.len() > 1 && key.last() == Some(&0) {
            key.pop();
        }
        if key.is_empty() {
            key.push(0);
        }
        self.init_by_array(&key);
        Ok(())
    }
}

fn regenerate(state: &mut [u32; N]) {
    for i in 0..N {
        let y = (state[i] & 0x8000_0000) | (state[(i + 1) % N] & 0x7fff_ffff);
        let twist = if y & 1 != 0 { 0x9908_b0df } else { 0 };
        state[i] = state[(i + M) % N] ^ (y >> 1) ^ twist;
    }
}

#[pymethods(METHODS)]
impl Random {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, _args: Args<'_>) -> PyResult<Ref<Random>> {
        let payload = Random {
            state: RefCell::new(Box::new([0; N])),
            index: Cell::new(N),
        };
        vm.new_object(cls, payload)
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        taipan_object::bind::check_no_keywords(vm, "Random", &args)?;
        taipan_object::bind::check_positional(vm, "Random", args.pos().len(), 0, 1)?;
        this.seed_with(vm, args.pos().first())
    }

    /// random() -> x in the interval [0, 1).
    #[pymethod(sig = "($self, /)")]
    fn random(&self) -> f64 {
        let (a, b) = (self.next() >> 5, self.next() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Set the state from an integer, the hash of an object, or the system's randomness.
    #[pymethod(sig = "($self, n=None, /)")]
    fn seed(&self, vm: &Vm, n: Value) -> PyResult<()> {
        self.seed_with(vm, Some(&n))
    }

    /// getstate() -> tuple containing the current state.
    #[pymethod(sig = "($self, /)")]
    fn getstate(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        let words = self.state.borrow().to_vec();
        let mut items = Vec::with_capacity(N + 1);
        for w in words {
            items.push(vm.new_int(i64::from(w))?);
        }
        items.push(vm.new_usize(self.index.get())?);
        vm.new_tuple(items)
    }

    /// setstate(state) -> None.  Restores generator state.
    #[pymethod(sig = "($self, state, /)")]
    fn setstate(&self, vm: &Vm, state: &Value) -> PyResult<()> {
        let Some(state) = state.downcast_ref::<Tuple>() else {
            return Err(vm.type_error("state vector must be a tuple"));
        };
        if state.len() != N + 1 {
            return Err(vm.value_error("state vector is the wrong size"));
        }
        let mut words = Box::new([0u32; N]);
        for (w, v) in words.iter_mut().zip(state.as_slice()) {
            let Some(i) = v.as_int() else {
                return Err(vm.type_error("an integer is required"));
            };
            if i.is_negative() {
                return Err(vm.overflow_error("can't convert negative value to unsigned int"));
            }
            match i.to_i64() {
                Some(i) => *w = i as u32,
                None => {
                    return Err(
                        vm.overflow_error("Python int too large to convert to C unsigned long")
                    );
                }
            }
        }
        let index = match state.get(N) {
            Some(v) => int_of(vm, &v)?.to_i64(),
            None => None,
        };
        match index.and_then(|i| usize::try_from(i).ok()) {
            Some(i) if i <= N => {
                *self.state.borrow_mut() = words;
                self.index.set(i);
                Ok(())
            }
            _ => Err(vm.value_error("invalid state")),
        }
    }

    /// getrandbits(k) -> x.  Generates an int with k random bits.
    #[pymethod(sig = "($self, k, /)")]
    fn getrandbits(&self, vm: &Vm, k: u64) -> PyResult {
        if k == 0 {
            return Ok(Value::from_i32(0));
        }
        if k <= 32 {
            return vm.new_int(i64::from(self.next() >> (32 - k)));
        }
        taipan_builtins::int_::arith::check_room(vm, u128::from(k))?;
        let mut left = k;
        let mut bytes = Vec::with_capacity((k as usize).div_ceil(32) * 4);
        while left > 0 {
            let mut word = self.next();
            if left < 32 {
                word >>= 32 - left;
            }
            bytes.extend(word.to_le_bytes());
            left = left.saturating_sub(32);
        }
        vm.new_ibig(from_le_bytes(&bytes, false))
    }
}
