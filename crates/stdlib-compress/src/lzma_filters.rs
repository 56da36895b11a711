//! Filter chains of `_lzma`: Python's specifiers to liblzma's filters, and the properties that raw streams keep beside.

use liblzma::stream::{Filters, LzmaOptions, MatchFinder, Mode};
use taipan_object::{PyResult, Raised, Value, Vm};

use crate::lzma;

/// Ids of filters.
pub const LZMA1: u64 = 0x4000_0000_0000_0001;
pub const LZMA2: u64 = 0x21;
pub const DELTA: u64 = 3;
/// The filters for machine code; they have one option, where the code starts.
pub const BCJ: [u64; 6] = [4, 5, 6, 7, 8, 9];

/// One filter of a chain.
#[derive(Clone, Debug)]
pub enum Filter {
    Lzma { id: u64, options: Lzma },
    Delta { distance: u32 },
    Bcj { id: u64, start: u32 },
}

/// Options of LZMA: a preset and what differs from it.
#[derive(Clone, Debug, Default)]
pub struct Lzma {
    preset: u32,
    dict_size: Option<u32>,
    lc: Option<u32>,
    lp: Option<u32>,
    pb: Option<u32>,
    mode: Option<u32>,
    nice_len: Option<u32>,
    mf: Option<u32>,
    depth: Option<u32>,
}

fn get(vm: &Vm, spec: &Value, key: &str) -> PyResult<Option<Value>> {
    let key = vm.new_str(key)?.into_value();
    match vm.getitem(spec, &key) {
        Ok(v) => Ok(Some(v)),
        Err(r) => {
            vm.catch(r, &vm.exc().KeyError)?;
            Ok(None)
        }
    }
}

/// A number, which C has in this type.
fn number<T: TryFrom<i64>>(vm: &Vm, v: &Value, c_type: &str) -> PyResult<T> {
    let n = vm.index(v)?;
    let i = n.as_int();
    if i.is_some_and(|i| i.is_negative()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    let converted = i.and_then(|i| T::try_from(i.to_i64()?).ok());
    converted.ok_or_else(|| vm.overflow_error(&format!("Python int too large for C {c_type}")))
}

/// A number of 32 bits.
pub fn number32(vm: &Vm, v: &Value) -> PyResult<u32> {
    number(vm, v, "uint32_t")
}

fn bad_specifier(vm: &Vm, what: &str) -> Raised {
    vm.value_error(&format!("Invalid filter specifier for {what} filter"))
}

/// Refuses keys that a filter does not have.
fn check_keys(vm: &Vm, spec: &Value, known: &[&str], what: &str) -> PyResult<()> {
    let keys = vm.call_method(spec, &vm.names().keys, &[])?;
    for key in vm.collect(&keys)? {
        let found = key
            .downcast_ref::<taipan_object::Str>()
            .is_some_and(|k| known.iter().any(|name| k.eq_str(name)));
        if !found {
            return Err(bad_specifier(vm, what));
        }
    }
    Ok(())
}

impl Filter {
    /// A filter from its specifier.
    pub fn parse(vm: &Vm, spec: &Value) -> PyResult<Filter> {
        if vm.type_of(spec).payload.slots.mp_subscript.get().is_none()
            || spec.downcast_ref::<taipan_object::Str>().is_some()
        {
            return Err(vm.type_error("Filter specifier must be a dict or dict-like object"));
        }
        let Some(id) = get(vm, spec, "id")? else {
            return Err(vm.value_error("Filter specifier must have an \"id\" entry"));
        };
        let id: u64 = number(vm, &id, "lzma_vli")?;
        // What is no number of 32 bits is an error of the whole specifier.
        let option = |key: &str, what: &str| -> PyResult<Option<u32>> {
            let number = get(vm, spec, key)?.map(|v| number32(vm, &v)).transpose();
            number.map_err(|error| {
                drop(vm.take_raised(error));
                bad_specifier(vm, what)
            })
        };
        match id {
            LZMA1 | LZMA2 => {
                const KEYS: [&str; 10] = [
                    "id",
                    "preset",
                    "dict_size",
                    "lc",
                    "lp",
                    "pb",
                    "mode",
                    "nice_len",
                    "mf",
                    "depth",
                ];
                let preset = get(vm, spec, "preset")?
                    .map(|v| number32(vm, &v))
                    .transpose()?;
                let preset = preset.unwrap_or(6);
                if LzmaOptions::new_preset(preset).is_err() {
                    return Err(lzma::error(
                        vm,
                        &format!("Invalid compression preset: {preset}"),
                    ));
                }
                check_keys(vm, spec, &KEYS, "LZMA")?;
                let options = Lzma {
                    preset,
                    dict_size: option("dict_size", "LZMA")?,
                    lc: option("lc", "LZMA")?,
                    lp: option("lp", "LZMA")?,
                    pb: option("pb", "LZMA")?,
                    mode: option("mode", "LZMA")?,
                    nice_len: option("nice_len", "LZMA")?,
                    mf: option("mf", "LZMA")?,
                    depth: option("depth", "LZMA")?,
                };
                Ok(Filter::Lzma { id, options })
            }
            DELTA => {
                check_keys(vm, spec, &["id", "dist"], "delta")?;
                let distance = option("dist", "delta")?.unwrap_or(1);
                Ok(Filter::Delta { distance })
            }
            id if BCJ.contains(&id) => {
                check_keys(vm, spec, &["id", "start_offset"], "BCJ")?;
                let start = option("start_offset", "BCJ")?.unwrap_or(0);
                Ok(Filter::Bcj { id, start })
            }
            id => Err(vm.value_error(&format!("Invalid filter ID: {id}"))),
        }
    }

    /// What describes the filter to a decoder of a raw stream.
    pub fn properties(&self, vm: &Vm) -> PyResult<Vec<u8>> {
        match self {
            Filter::Lzma { id, options } => {
                let dict = options.dict_size();
                if *id == LZMA2 {
                    return Ok(vec![encode_dict_size(dict)]);
                }
                let (lc, lp, pb) = options.contexts();
                if lc > 4 || lp > 4 || lc + lp > 4 || pb > 4 {
                    return Err(unsupported(vm));
                }
                let mut out = vec![((pb * 5 + lp) * 9 + lc) as u8];
                out.extend_from_slice(&dict.to_le_bytes());
                Ok(out)
            }
            Filter::Delta { distance } => match u8::try_from(distance.wrapping_sub(1)) {
                Ok(d) => Ok(vec![d]),
                Err(_) => Err(unsupported(vm)),
            },
            Filter::Bcj { start: 0, .. } => Ok(Vec::new()),
            Filter::Bcj { start, .. } => Ok(start.to_le_bytes().to_vec()),
        }
    }

    /// A filter from its properties: id and the options to show, by name.
    pub fn from_properties(vm: &Vm, id: u64, p: &[u8]) -> PyResult<Vec<(&'static str, u64)>> {
        let mut out = vec![("id", id)];
        match (id, p) {
            (LZMA1, [mixed, dict @ ..]) if dict.len() == 4 && *mixed < 225 => {
                let (mixed, le) = (u64::from(*mixed), [dict[0], dict[1], dict[2], dict[3]]);
                let dict = u64::from(u32::from_le_bytes(le));
                out.extend([
                    ("lc", mixed % 9),
                    ("lp", mixed / 9 % 5),
                    ("pb", mixed / 45),
                    ("dict_size", dict),
                ]);
            }
            (LZMA2, [bits @ 0..=40]) => out.push(("dict_size", u64::from(decode_dict_size(*bits)))),
            (DELTA, [d]) => out.push(("dist", u64::from(*d) + 1)),
            (id, []) if BCJ.contains(&id) => {}
            (id, [a, b, c, d]) if BCJ.contains(&id) => {
                out.push(("start_offset", u32::from_le_bytes([*a, *b, *c, *d]).into()));
            }
            _ => return Err(unsupported(vm)),
        }
        Ok(out)
    }

    fn add(&self, vm: &Vm, to: &mut Filters) -> PyResult<()> {
        match self {
            Filter::Lzma { id, options } => {
                let options = options.build(vm)?;
                if *id == LZMA2 {
                    to.lzma2(&options);
                } else {
                    to.lzma1(&options);
                }
                return Ok(());
            }
            Filter::Delta { .. } => to.delta_properties(&self.properties(vm)?),
            Filter::Bcj { id, .. } => {
                let p = self.properties(vm)?;
                match id {
                    4 => to.x86_properties(&p),
                    5 => to.powerpc_properties(&p),
                    6 => to.ia64_properties(&p),
                    7 => to.arm_properties(&p),
                    8 => to.arm_thumb_properties(&p),
                    _ => to.sparc_properties(&p),
                }
            }
        }
        .map(drop)
        .map_err(|e| lzma::library_error(vm, &e))
    }
}

#[cold]
fn unsupported(vm: &Vm) -> Raised {
    lzma::error(vm, "Invalid or unsupported options")
}

/// A chain of filters from a sequence of specifiers.
pub fn chain(vm: &Vm, specs: &Value) -> PyResult<Filters> {
    let n = vm.len(specs)?;
    let slots = &vm.type_of(specs).payload.slots;
    if slots.sq_item.get().is_none() {
        let name = vm.type_name(specs);
        return Err(vm.type_error(&match slots.mp_subscript.get() {
            Some(_) => format!("{name} is not a sequence"),
            None => format!("'{name}' object does not support indexing"),
        }));
    }
    if n > 4 {
        return Err(vm.value_error("Too many filters - liblzma supports a maximum of 4"));
    }
    let mut out = Filters::new();
    let specs = vm.collect(specs)?;
    if specs.is_empty() {
        return Err(lzma::error(vm, "Internal error"));
    }
    for spec in specs {
        Filter::parse(vm, &spec)?.add(vm, &mut out)?;
    }
    Ok(out)
}

/// The one filter of a chain for the old format, which must be LZMA1.
pub fn alone(vm: &Vm, specs: &Value) -> PyResult<LzmaOptions> {
    let specs = vm.collect(specs)?;
    match specs.as_slice() {
        [one] => match Filter::parse(vm, one)? {
            Filter::Lzma { id: LZMA1, options } => options.build(vm),
            _ => Err(vm.value_error(
                "Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter",
            )),
        },
        _ => Err(
            vm.value_error("Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter")
        ),
    }
}

impl Lzma {
    /// Sizes of dictionaries of the presets, as xz documents them.
    fn dict_size(&self) -> u32 {
        const BITS: [u32; 10] = [18, 20, 21, 22, 22, 23, 23, 24, 25, 26];
        self.dict_size.unwrap_or_else(|| {
            let level = (self.preset & 31) as usize;
            1 << BITS.get(level).copied().unwrap_or(23)
        })
    }

    fn contexts(&self) -> (u32, u32, u32) {
        (
            self.lc.unwrap_or(3),
            self.lp.unwrap_or(0),
            self.pb.unwrap_or(2),
        )
    }

    fn build(&self, vm: &Vm) -> PyResult<LzmaOptions> {
        let mut o =
            LzmaOptions::new_preset(self.preset).map_err(|e| lzma::library_error(vm, &e))?;
        let (lc, lp, pb) = self.contexts();
        o.dict_size(self.dict_size())
            .literal_context_bits(lc)
            .literal_position_bits(lp)
            .position_bits(pb);
        match self.mode {
            None => {}
            Some(1) => drop(o.mode(Mode::Fast)),
            Some(2) => drop(o.mode(Mode::Normal)),
            Some(_) => return Err(unsupported(vm)),
        }
        if let Some(n) = self.nice_len {
            o.nice_len(n);
        }
        match self.mf {
            None | Some(0) => {}
            Some(3) => drop(o.match_finder(MatchFinder::HashChain3)),
            Some(4) => drop(o.match_finder(MatchFinder::HashChain4)),
            Some(18) => drop(o.match_finder(MatchFinder::BinaryTree2)),
            Some(19) => drop(o.match_finder(MatchFinder::BinaryTree3)),
            Some(20) => drop(o.match_finder(MatchFinder::BinaryTree4)),
            Some(_) => return Err(unsupported(vm)),
        }
        if let Some(n) = self.depth {
            o.depth(n);
        }
        Ok(o)
    }
}

/// LZMA2 has one byte for the size of its dictionary: 2 or 3 times a power of two, the next one up.
fn encode_dict_size(size: u32) -> u8 {
    (0..40)
        .find(|bits| decode_dict_size(*bits) >= size.max(4096))
        .unwrap_or(40)
}

fn decode_dict_size(bits: u8) -> u32 {
    match bits {
        40.. => u32::MAX,
        bits => (2 | u32::from(bits) & 1) << (bits / 2 + 11),
    }
}
