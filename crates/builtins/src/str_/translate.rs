//! `str.translate` and `str.maketrans`.

use taipan_macros::pymethods;
use taipan_object::{Dict, PyResult, Ref, Str, Value, Vm};
use taipan_text::TextBuf;

use super::exact;

/// What a table makes of a character.
#[derive(Clone)]
enum Mapped {
    /// The table does not have it.
    Same,
    Deleted,
    Char(u32),
    Text(Ref<Str>),
}

fn look_up(vm: &Vm, table: &Value, c: u32) -> PyResult<Mapped> {
    let key = vm.new_int(c.into())?;
    let found = match vm.getitem(table, &key) {
        Ok(v) => v,
        Err(raised) => {
            drop(vm.catch(raised, &vm.exc().LookupError)?);
            return Ok(Mapped::Same);
        }
    };
    if vm.is_none(&found) {
        return Ok(Mapped::Deleted);
    }
    if let Some(i) = found.as_int() {
        return match i.to_i64().and_then(|i| u32::try_from(i).ok()) {
            Some(c) if c <= taipan_text::MAX_CODE_POINT => Ok(Mapped::Char(c)),
            _ => Err(vm.value_error("character mapping must be in range(0x110000)")),
        };
    }
    match found.downcast::<Str>() {
        Ok(s) => Ok(Mapped::Text(s)),
        Err(_) => Err(vm.type_error("character mapping must return integer, None or str")),
    }
}

/// Translates ASCII text as long as each character stays one ASCII character or is deleted: what it becomes, where something
/// else begins, and whether anything changed.
fn translate_ascii(vm: &Vm, text: &[u8], table: &Value) -> PyResult<(Vec<u8>, usize, bool)> {
    const UNKNOWN: u8 = 0xff;
    const DELETED: u8 = 0xfe;
    let mut known = [UNKNOWN; 128];
    let mut out = Vec::with_capacity(text.len());
    let mut changed = false;
    for (at, &c) in text.iter().enumerate() {
        let Some(place) = known.get_mut(usize::from(c)) else {
            return Ok((out, at, changed));
        };
        if *place == UNKNOWN {
            *place = match look_up(vm, table, c.into())? {
                Mapped::Same => c,
                Mapped::Deleted => DELETED,
                Mapped::Char(to @ 0..=0x7f) => to as u8,
                Mapped::Char(_) | Mapped::Text(_) => return Ok((out, at, changed)),
            };
        }
        changed |= *place != c;
        if *place != DELETED {
            out.push(*place);
        }
    }
    Ok((out, text.len(), changed))
}

/// `s.translate(table)`
pub fn translate(vm: &Vm, this: &Ref<Str>, table: &Value) -> PyResult<Ref<Str>> {
    if this.is_empty() {
        return exact(vm, this);
    }
    let (mut out, at, mut changed) = match this.as_ascii() {
        Some(s) => {
            let (bytes, at, changed) = translate_ascii(vm, s.as_bytes(), table)?;
            let text = std::str::from_utf8(&bytes).unwrap_or_default();
            if at == s.len() {
                return if changed {
                    vm.new_str(text)
                } else {
                    exact(vm, this)
                };
            }
            (TextBuf::from(text), at, changed)
        }
        None => (TextBuf::with_form(this.form(), this.len()), 0, false),
    };
    // The table is asked once for each ASCII character.
    let mut known: Vec<Option<Mapped>> = vec![None; 128];
    for c in this.text().slice(at..this.len()).chars() {
        let mapped = match known.get(c as usize) {
            Some(Some(m)) => m.clone(),
            _ => {
                let m = look_up(vm, table, c)?;
                if let Some(place) = known.get_mut(c as usize) {
                    *place = Some(m.clone());
                }
                m
            }
        };
        changed |= !matches!(mapped, Mapped::Same);
        match mapped {
            Mapped::Same => out.push(c),
            Mapped::Deleted => {}
            Mapped::Char(c) => out.push(c),
            Mapped::Text(s) => out.push_text(s.text()),
        }
    }
    if changed {
        vm.new_str_buf(&out)
    } else {
        exact(vm, this)
    }
}

fn from_dict(vm: &Vm, new: &Ref<Dict>, x: &Value) -> PyResult<()> {
    let Some(given) = x.downcast_exact::<Dict>(&vm.types().dict) else {
        return Err(vm.type_error("if you give only one argument to maketrans it must be a dict"));
    };
    let mut at = 0;
    while let Some((next, key, value)) = given.next_entry(at) {
        at = next;
        let key = if let Some(s) = key.downcast_ref::<Str>() {
            match (s.len(), s.text().get(0)) {
                (1, Some(c)) => vm.new_int(c.into())?,
                _ => {
                    return Err(vm.value_error("string keys in translatetable must be of length 1"));
                }
            }
        } else if key.as_int().is_some() {
            key
        } else {
            return Err(vm.type_error("keys in translate table mustbe strings or integers"));
        };
        new.set(vm, &key, value)?;
    }
    Ok(())
}

/// Holder of the methods of `str` that translate.
pub struct StrTranslate;

#[pymethods(STR_TRANSLATE)]
impl StrTranslate {
    /// Replace each character in the string using the given translation table.
    ///
    ///   table
    ///     Translation table, which must be a mapping of Unicode ordinals to
    ///     Unicode ordinals, strings, or None.
    ///
    /// Characters that the table does not have (its __getitem__ raises LookupError)
    /// stay; those mapped to None are deleted.
    #[pymethod(sig = "($self, table, /)")]
    fn translate(vm: &Vm, this: &Ref<Str>, table: &Value) -> PyResult<Ref<Str>> {
        translate(vm, this, table)
    }

    /// Return a translation table usable for str.translate().
    ///
    /// From one argument, a dictionary, whose keys are Unicode ordinals or characters.
    /// From two strings of equal length, each character of the first is mapped to that
    /// at the same place in the second; characters of a third string are mapped to None.
    #[staticmethod(sig = "(x, y=<unrepresentable>, z=<unrepresentable>, /)")]
    fn maketrans(
        vm: &Vm,
        x: &Value,
        y: Option<Ref<Str>>,
        z: Option<Ref<Str>>,
    ) -> PyResult<Ref<Dict>> {
        let new = vm.new_dict()?;
        let Some(y) = y else {
            from_dict(vm, &new, x)?;
            return Ok(new);
        };
        let Some(x) = x.downcast_ref::<Str>() else {
            return Err(vm.type_error(
                "first maketrans argument must be a string if there is a second argument",
            ));
        };
        if x.len() != y.len() {
            return Err(vm.value_error("the first two maketrans arguments must have equal length"));
        }
        for (a, b) in x.text().chars().zip(y.text().chars()) {
            new.set(vm, &vm.new_int(a.into())?, vm.new_int(b.into())?)?;
        }
        if let Some(z) = z {
            for c in z.text().chars() {
                new.set(vm, &vm.new_int(c.into())?, vm.none())?;
            }
        }
        Ok(new)
    }
}
