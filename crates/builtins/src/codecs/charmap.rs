//! Character maps given as Python objects: strings, `EncodingMap`s, and mappings, which are asked once for each
//! character before the codec runs.

use rustc_hash::FxHashMap;
use taipan_codecs::single::UNDEFINED;
use taipan_codecs::{
    CharmapDecoder, CharmapEncoder, CodecError, Decoder, Encoder, EncodingMap, Latin1,
};
use taipan_macros::pymethods;
use taipan_object::{Bytes, Payload, PyResult, Ref, Str, TypeSpec, Value, Vm, payload, tpflags};
use taipan_text::{TextBuf, TextRef};

use super::{decode_with, encode_with};

/// The payload of `EncodingMap`.
pub struct EncodingMapObject {
    map: EncodingMap,
}

payload!(EncodingMapObject, leaf);

impl EncodingMapObject {
    /// The inverse of a decoding table.
    pub fn new(table: &Str) -> EncodingMapObject {
        EncodingMapObject {
            map: EncodingMap::new(table.text()),
        }
    }
}

/// `EncodingMap`
pub static ENCODING_MAP: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&ENCODING_MAP_METHODS],
    ..TypeSpec::new(
        "EncodingMap",
        "builtins",
        <EncodingMapObject as Payload>::layout,
    )
};

#[pymethods(ENCODING_MAP_METHODS)]
impl EncodingMapObject {
    /// Return the size (in bytes) of this object.
    #[pymethod(params = "($self, /)")]
    fn size(&self) -> usize {
        size_of::<EncodingMapObject>()
    }
}

fn ask(vm: &Vm, mapping: &Value, key: u32) -> PyResult<Option<Value>> {
    match vm.getitem(mapping, &vm.new_int(key.into())?) {
        Ok(v) if vm.is_none(&v) => Ok(None),
        Ok(v) => Ok(Some(v)),
        Err(raised) => {
            drop(vm.catch(raised, &vm.exc().LookupError)?);
            Ok(None)
        }
    }
}

struct MappingDecoder {
    found: FxHashMap<u8, TextBuf>,
}

impl Decoder for MappingDecoder {
    fn name(&self) -> &'static str {
        "charmap"
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        _last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        for b in input.get(*pos..).unwrap_or_default() {
            match self.found.get(b) {
                Some(t) => out.push_text(t.as_text()),
                None => {
                    return Err(CodecError {
                        start: *pos,
                        end: *pos + 1,
                        reason: UNDEFINED,
                    });
                }
            }
            *pos += 1;
        }
        Ok(())
    }
}

/// `_codecs.charmap_decode`
pub fn decode(
    vm: &Vm,
    data: &[u8],
    errors: Option<&str>,
    mapping: Option<&Value>,
) -> PyResult<TextBuf> {
    let Some(mapping) = mapping else {
        return Ok(decode_with(vm, &mut Latin1, data, None, errors, true)?.0);
    };
    if let Some(table) = mapping.downcast_exact::<Str>(&vm.types().str) {
        let mut codec = CharmapDecoder {
            table: table.text(),
        };
        return Ok(decode_with(vm, &mut codec, data, None, errors, true)?.0);
    }
    let mut found = FxHashMap::default();
    let mut asked = [false; 256];
    for &b in data {
        if std::mem::replace(&mut asked[usize::from(b)], true) {
            continue;
        }
        let Some(v) = ask(vm, mapping, b.into())? else {
            continue;
        };
        if let Some(i) = v.as_int() {
            match i.to_i64().and_then(|i| u32::try_from(i).ok()) {
                Some(0xFFFE) => {}
                Some(c) if c <= taipan_text::MAX_CODE_POINT => {
                    found.insert(b, TextBuf::from_chars([c]));
                }
                _ => return Err(vm.type_error("character mapping must be in range(0x110000)")),
            }
        } else if let Some(s) = v.downcast_ref::<Str>() {
            if s.text().get(0) != Some(0xFFFE) || s.len() != 1 {
                found.insert(b, TextBuf::from_text(s.text()));
            }
        } else {
            return Err(vm.type_error("character mapping must return integer, None or str"));
        }
    }
    Ok(decode_with(vm, &mut MappingDecoder { found }, data, None, errors, true)?.0)
}

struct MappingEncoder {
    found: FxHashMap<u32, Vec<u8>>,
}

impl Encoder for MappingEncoder {
    fn name(&self) -> &'static str {
        "charmap"
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let rest = text.slice(*pos..usize::MAX);
        for c in rest.chars() {
            match self.found.get(&c) {
                Some(b) => out.extend_from_slice(b),
                None => {
                    let more = text.slice(*pos..usize::MAX).chars();
                    let n = more.take_while(|c| !self.found.contains_key(c)).count();
                    return Err(CodecError {
                        start: *pos,
                        end: *pos + n,
                        reason: UNDEFINED,
                    });
                }
            }
            *pos += 1;
        }
        Ok(())
    }

    fn put_replacement(&mut self, text: TextRef<'_>, out: &mut Vec<u8>) -> bool {
        let parts: Option<Vec<&Vec<u8>>> = text.chars().map(|c| self.found.get(&c)).collect();
        match parts {
            Some(parts) => {
                parts.into_iter().for_each(|p| out.extend_from_slice(p));
                true
            }
            None => false,
        }
    }
}

fn encoded(vm: &Vm, mapping: &Value, c: u32) -> PyResult<Option<Vec<u8>>> {
    let Some(v) = ask(vm, mapping, c)? else {
        return Ok(None);
    };
    if let Some(i) = v.as_int() {
        return match i.to_i64().and_then(|i| u8::try_from(i).ok()) {
            Some(b) => Ok(Some(vec![b])),
            None => Err(vm.type_error("character mapping must be in range(256)")),
        };
    }
    match v.downcast_ref::<Bytes>() {
        Some(b) => Ok(Some(b.as_slice().to_vec())),
        None => Err(vm.type_error(&format!(
            "character mapping must return integer, bytes or None, not {}",
            vm.type_name(&v)
        ))),
    }
}

/// `_codecs.charmap_encode`
pub fn encode(
    vm: &Vm,
    s: &Ref<Str>,
    errors: Option<&str>,
    mapping: Option<&Value>,
) -> PyResult<Vec<u8>> {
    let Some(mapping) = mapping else {
        return encode_with(vm, &mut Latin1, s, errors);
    };
    if let Some(map) = mapping.downcast_ref::<EncodingMapObject>() {
        return encode_with(vm, &mut CharmapEncoder { map: &map.map }, s, errors);
    }
    let mut found = FxHashMap::default();
    let mut missing = rustc_hash::FxHashSet::default();
    for c in s.text().chars() {
        if found.contains_key(&c) || missing.contains(&c) {
            continue;
        }
        match encoded(vm, mapping, c)? {
            Some(b) => drop(found.insert(c, b)),
            None => drop(missing.insert(c)),
        }
    }
    if !missing.is_empty() {
        // What the built-in handlers put in place of a character is ASCII.
        for c in 0..128 {
            if !found.contains_key(&c)
                && let Some(b) = encoded(vm, mapping, c)?
            {
                found.insert(c, b);
            }
        }
    }
    encode_with(vm, &mut MappingEncoder { found }, s, errors)
}
