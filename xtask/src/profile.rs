//! Execution profiles for the compiler: from the raw form that an instrumented program leaves (`-Cprofile-generate`) to the
//! indexed form that `-Cprofile-use` reads. LLVM's own tool for this, llvm-profdata, does not come with Rust's compiler.
//!
//! Both forms are LLVM's (`InstrProfData.inc`): raw version 10, which LLVM 19 and later write, and indexed version 7, which all
//! later readers accept. Values are little-endian. Names must not be compressed (`-enable-name-compression=false`).

use std::collections::{BTreeMap, HashMap};

use md5::{Digest, Md5};

const RAW_MAGIC: u64 = 0xff6c_7072_6f66_7281;
const RAW_VERSION: u64 = 10;
const INDEXED_MAGIC: u64 = 0x8169_666f_7270_6cff;
const INDEXED_VERSION: u64 = 7;
/// The counters are those of the intermediate representation, not of a C front end.
const IR_LEVEL: u64 = 1 << 56;
/// Low bits of the version word; the others say how the program was instrumented.
const VERSION_MASK: u64 = 0x00ff_ffff_ffff_ffff;
/// Kinds of observed values: targets of indirect calls, sizes of memory operations, virtual tables.
const VALUE_KINDS: usize = 3;
const INDIRECT_CALLS: u32 = 0;
/// The shares of all executions, in millionths, whose hottest blocks the summary counts.
const CUTOFFS: [u64; 16] = [
    10_000, 100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000,
    950_000, 990_000, 999_000, 999_900, 999_990, 999_999,
];

/// What was counted in one function.
struct Function {
    /// Tells whether the function's control flow is still the one that was counted.
    hash: u64,
    counters: Vec<u64>,
    /// For each kind with places: the kind, and for each place the values seen with their counts.
    values: Vec<(u32, Vec<Vec<(u64, u64)>>)>,
}

/// Functions by name; those of one name differ in their hash.
#[derive(Default)]
pub struct Profile(BTreeMap<Vec<u8>, Vec<Function>>);

impl Profile {
    /// Adds the counts of a raw profile.
    ///
    /// # Errors
    /// Says what is wrong with the data: another version, or an end before its time.
    pub fn add(&mut self, raw: &[u8]) -> Result<(), String> {
        let mut input = Reader { data: raw, at: 0 };
        let mut header = [0; 16];
        for word in &mut header {
            *word = input.u64()?;
        }
        let [
            magic,
            version,
            binary_ids,
            functions,
            before_counters,
            counters,
            after_counters,
            bitmap,
            after_bitmap,
            names_size,
            counters_delta,
            _,
            _,
            vtables,
            vtable_names,
            _,
        ] = header;
        if magic != RAW_MAGIC || version & VERSION_MASK != RAW_VERSION {
            return Err(format!(
                "a raw profile of version {RAW_VERSION} was expected, not {}",
                version & VERSION_MASK
            ));
        }
        input.skip(binary_ids)?;
        let start = input.at;
        let records = (0..functions)
            .map(|_| Record::read(&mut input))
            .collect::<Result<Vec<_>, _>>()?;
        input.skip(before_counters)?;
        let counter_base = input.at;
        input.skip(counters * 8)?;
        input.skip(after_counters)?;
        input.skip(bitmap)?;
        input.skip(after_bitmap)?;
        let names = names(input.take(names_size)?)?;
        input.align();
        input.skip(vtables * 24)?;
        input.skip(vtable_names)?;
        input.align();
        let taken = records.iter().filter(|r| r.address != 0);
        let by_address: HashMap<u64, u64> = taken.map(|r| (r.address, r.name)).collect();
        for (index, record) in records.iter().enumerate() {
            // A record says where its counters are as seen from itself; the file keeps the distances of the memory image.
            let delta = counters_delta.wrapping_sub((index as u64) * Record::SIZE);
            let offset = record.counters_at.wrapping_sub(delta) as usize;
            let mut here = Reader {
                data: raw,
                at: counter_base.saturating_add(offset),
            };
            if here.at < start {
                return Err("counters before their section".to_owned());
            }
            let counters = (0..record.counters)
                .map(|_| here.u64())
                .collect::<Result<Vec<_>, _>>()?;
            let values = record.read_values(&mut input, &by_address)?;
            if let Some(name) = names.get(&record.name) {
                self.insert(
                    name.clone(),
                    Function {
                        hash: record.hash,
                        counters,
                        values,
                    },
                );
            }
        }
        Ok(())
    }

    fn insert(&mut self, name: Vec<u8>, new: Function) {
        let all = self.0.entry(name).or_default();
        match all
            .iter_mut()
            .find(|f| f.hash == new.hash && f.counters.len() == new.counters.len())
        {
            None => all.push(new),
            Some(old) => {
                for (sum, count) in old.counters.iter_mut().zip(&new.counters) {
                    *sum = sum.saturating_add(*count);
                }
                if old.values.iter().all(|(_, s)| s.iter().all(Vec::is_empty)) {
                    old.values = new.values;
                }
            }
        }
    }

    /// The names of the functions that have been executed, as the linker knows them.
    pub fn executed(&self) -> impl Iterator<Item = &str> {
        let ran = |f: &Function| f.counters.iter().any(|&c| c != 0);
        let names = self.0.iter().filter(move |(_, all)| all.iter().any(ran));
        // Before the name of a function that its unit does not show to others stands that of the unit.
        names.filter_map(|(name, _)| str::from_utf8(name).ok()?.rsplit(';').next())
    }

    /// The indexed form: header, summary, and a hash table on names.
    pub fn indexed(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for word in [INDEXED_MAGIC, INDEXED_VERSION | IR_LEVEL, 0, 0] {
            push(&mut out, word);
        }
        let table_at = out.len();
        push(&mut out, 0);
        for word in self.summary() {
            push(&mut out, word);
        }
        let buckets = (self.0.len() * 4 / 3 + 1).next_power_of_two();
        let mut chains: Vec<Vec<(u64, &[u8])>> = vec![Vec::new(); buckets];
        for name in self.0.keys() {
            let hash = name_hash(name);
            chains[hash as usize & (buckets - 1)].push((hash, name));
        }
        let mut places = Vec::with_capacity(buckets);
        for chain in &chains {
            places.push(if chain.is_empty() {
                0
            } else {
                out.len() as u64
            });
            if chain.is_empty() {
                continue;
            }
            out.extend_from_slice(&(chain.len() as u16).to_le_bytes());
            for (hash, name) in chain {
                let mut data = Vec::new();
                for function in &self.0[*name] {
                    function.write(&mut data);
                }
                push(&mut out, *hash);
                push(&mut out, name.len() as u64);
                push(&mut out, data.len() as u64);
                out.extend_from_slice(name);
                out.extend_from_slice(&data);
            }
        }
        out.resize(out.len().next_multiple_of(8), 0);
        let table = (out.len() as u64).to_le_bytes();
        out[table_at..table_at + 8].copy_from_slice(&table);
        push(&mut out, buckets as u64);
        push(&mut out, self.0.len() as u64);
        for place in places {
            push(&mut out, place);
        }
        out
    }

    /// Totals, and for each cutoff how many of the hottest blocks make it up and how hot they are.
    fn summary(&self) -> Vec<u64> {
        let (mut functions, mut largest_entry, mut largest_inner, mut blocks) = (0, 0, 0, 0);
        let mut total: u128 = 0;
        let mut frequencies: BTreeMap<u64, u64> = BTreeMap::new();
        for function in self.0.values().flatten() {
            functions += 1;
            for (place, &count) in function.counters.iter().enumerate() {
                let largest = if place == 0 {
                    &mut largest_entry
                } else {
                    &mut largest_inner
                };
                *largest = count.max(*largest);
                blocks += 1;
                total += u128::from(count);
                *frequencies.entry(count).or_default() += 1;
            }
        }
        let total_word = u64::try_from(total).unwrap_or(u64::MAX);
        let largest = largest_entry.max(largest_inner);
        let fields = [
            functions,
            blocks,
            largest_entry,
            largest,
            largest_inner,
            total_word,
        ];
        let mut out = vec![fields.len() as u64, CUTOFFS.len() as u64];
        out.extend(fields);
        let mut hottest = frequencies.iter().rev();
        let (mut sum, mut seen, mut count) = (0u128, 0, 0);
        for cutoff in CUTOFFS {
            let wanted = total * u128::from(cutoff) / 1_000_000;
            while sum < wanted {
                let Some((&next, &times)) = hottest.next() else {
                    break;
                };
                count = next;
                sum += u128::from(next) * u128::from(times);
                seen += times;
            }
            out.extend([cutoff, count, seen]);
        }
        out
    }
}

impl Function {
    fn write(&self, out: &mut Vec<u8>) {
        push(out, self.hash);
        push(out, self.counters.len() as u64);
        for &counter in &self.counters {
            push(out, counter);
        }
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&(self.values.len() as u32).to_le_bytes());
        for (kind, places) in &self.values {
            out.extend_from_slice(&kind.to_le_bytes());
            out.extend_from_slice(&(places.len() as u32).to_le_bytes());
            out.extend(places.iter().map(|p| p.len().min(255) as u8));
            out.resize(start + (out.len() - start).next_multiple_of(8), 0);
            for &(value, count) in places.iter().flat_map(|p| p.iter().take(255)) {
                push(out, value);
                push(out, count);
            }
        }
        let size = ((out.len() - start) as u32).to_le_bytes();
        out[start..start + 4].copy_from_slice(&size);
    }
}

/// What a raw profile says of a function beside its counters.
struct Record {
    name: u64,
    hash: u64,
    counters_at: u64,
    address: u64,
    counters: u32,
    places: [u16; VALUE_KINDS],
}

impl Record {
    const SIZE: u64 = 64;

    fn read(input: &mut Reader<'_>) -> Result<Record, String> {
        let (name, hash, counters_at) = (input.u64()?, input.u64()?, input.u64()?);
        let (_bitmap, address, _values) = (input.u64()?, input.u64()?, input.u64()?);
        let counters = input.u32()?;
        let places = [input.u16()?, input.u16()?, input.u16()?];
        input.skip(6)?;
        Ok(Record {
            name,
            hash,
            counters_at,
            address,
            counters,
            places,
        })
    }

    /// The values seen at this function's places. Targets of calls become the hashes of their names.
    fn read_values(
        &self,
        input: &mut Reader<'_>,
        by_address: &HashMap<u64, u64>,
    ) -> Result<Vec<(u32, Vec<Vec<(u64, u64)>>)>, String> {
        if self.places.iter().all(|&n| n == 0) {
            return Ok(Vec::new());
        }
        let start = input.at;
        let size = input.u32()? as usize;
        let kinds = input.u32()?;
        let mut all = Vec::new();
        for _ in 0..kinds {
            let kind = input.u32()?;
            let places = input.u32()?;
            let lengths = input.take(u64::from(places))?.to_vec();
            input.align();
            let mut of_kind = Vec::with_capacity(lengths.len());
            for length in lengths {
                let mut place = Vec::new();
                for _ in 0..length {
                    let (value, count) = (input.u64()?, input.u64()?);
                    if kind != INDIRECT_CALLS {
                        place.push((value, count));
                    } else if let Some(&name) = by_address.get(&value) {
                        place.push((name, count));
                    }
                }
                of_kind.push(place);
            }
            all.push((kind, of_kind));
        }
        if input.at != start + size {
            return Err("a value record that is not as long as it says".to_owned());
        }
        Ok(all)
    }
}

/// The names of a raw profile, by the hash that its records have.
fn names(section: &[u8]) -> Result<HashMap<u64, Vec<u8>>, String> {
    let mut all = HashMap::new();
    let mut input = Reader {
        data: section,
        at: 0,
    };
    while input.at < section.len() {
        // Padding between the parts that the units contribute.
        if section[input.at] == 0 {
            input.at += 1;
            continue;
        }
        let size = input.leb128()?;
        if input.leb128()? != 0 {
            return Err("names are compressed".to_owned());
        }
        for name in input.take(size)?.split(|&b| b == 1) {
            all.insert(name_hash(name), name.to_vec());
        }
    }
    Ok(all)
}

/// LLVM's hash of a function's name: the first half of its MD5.
fn name_hash(name: &[u8]) -> u64 {
    let digest = Md5::digest(name);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(first)
}

fn push(out: &mut Vec<u8>, word: u64) {
    out.extend_from_slice(&word.to_le_bytes());
}

struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let end = usize::try_from(length)
            .ok()
            .and_then(|n| self.at.checked_add(n));
        let part = end.and_then(|end| self.data.get(self.at..end));
        let part = part.ok_or("the profile ends too early")?;
        self.at += part.len();
        Ok(part)
    }

    fn skip(&mut self, length: u64) -> Result<(), String> {
        self.take(length).map(drop)
    }

    /// To the next multiple of eight bytes.
    fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N as u64)?);
        Ok(bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, String> {
        self.array().map(u16::from_le_bytes)
    }

    fn leb128(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number without an end".to_owned())
    }
}
