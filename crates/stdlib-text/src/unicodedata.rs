//! `unicodedata`: the Unicode database, in its present version and as it was in 3.2.0.

use taipan_macros::{pyfunctions, pymethods};
use taipan_object::convert::CodePoint;
use taipan_object::{
    ModuleSpec, Payload, PyResult, Ref, Str, TypeSpec, Value, Vm, payload, tpflags,
};
use taipan_unicode as unicode;
use taipan_unicode::names::{self, Named};
use taipan_unicode::normalize::{Form, Version, decomposition, is_normalized, normalize_by};
use taipan_unicode::v3_2_0 as old;

/// `unicodedata`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "unicodedata",
    doc: Some(
        "This module provides access to the Unicode Character Database which\ndefines character properties for all Unicode characters.",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[&UCD_TYPE],
    exec: Some(|vm, module| {
        let Some(dict) = module.dict.get() else {
            return Ok(());
        };
        let version = vm.new_str(unicode::UNIDATA_VERSION)?;
        dict.set_named(vm, "unidata_version", version.into_value())?;
        dict.set_named(vm, "ucd_3_2_0", vm.new(Ucd)?.into_value())
    }),
};

/// The payload of `UCD`, of which there is one: the database of Unicode 3.2.0.
pub struct Ucd;

payload!(Ucd, leaf);

/// `unicodedata.UCD`
pub static UCD_TYPE: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    parts: &[&UCD_METHODS],
    ..TypeSpec::new("UCD", "unicodedata", <Ucd as Payload>::layout)
};

fn or_default(vm: &Vm, found: Option<Value>, default: Option<Value>, message: &str) -> PyResult {
    found.or(default).ok_or_else(|| vm.value_error(message))
}

fn form(vm: &Vm, name: &str) -> PyResult<Form> {
    Form::from_name(name).ok_or_else(|| vm.value_error("invalid normalization form"))
}

fn normalized(vm: &Vm, version: Version, name: &str, s: &Ref<Str>) -> PyResult<Ref<Str>> {
    if s.is_empty() {
        return Ok(s.clone());
    }
    let form = form(vm, name)?;
    if s.is_ascii() {
        return vm.substring(s, 0, usize::MAX);
    }
    let chars: Vec<u32> = s.text().chars().collect();
    let out = normalize_by(version, form, &chars);
    vm.new_str_text(taipan_text::TextRef::Four(&out))
}

fn look_up(vm: &Vm, name: &str) -> PyResult<Ref<Str>> {
    match names::lookup(name) {
        Some(Named::Char(c)) => vm.char_str(c),
        Some(Named::Sequence(s)) => vm.new_str_text(taipan_text::TextRef::Four(s)),
        None => {
            let message = vm.new_str(&format!("undefined character name '{name}'"))?;
            Err(vm.key_error(message.as_value()))
        }
    }
}

/// The functions that the module and the old database share; they differ in where they look.
macro_rules! property {
    ($vm:expr, $found:expr, $default:expr, $message:literal) => {{
        let found = match $found {
            Some(n) => Some(taipan_object::convert::IntoPy::into_py(n, $vm)?),
            None => None,
        };
        or_default($vm, found, $default, $message)
    }};
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Converts a Unicode character into its equivalent decimal value.
    ///
    /// Returns the decimal value assigned to the character chr as integer.
    /// If no such value is defined, default is returned, or, if not given,
    /// ValueError is raised.
    #[pyfunction(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn decimal(vm: &Vm, chr: CodePoint, default: Option<Value>) -> PyResult {
        property!(vm, unicode::decimal(chr.0), default, "not a decimal")
    }

    /// Converts a Unicode character into its equivalent digit value.
    ///
    /// Returns the digit value assigned to the character chr as integer.
    /// If no such value is defined, default is returned, or, if not given,
    /// ValueError is raised.
    #[pyfunction(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn digit(vm: &Vm, chr: CodePoint, default: Option<Value>) -> PyResult {
        property!(vm, unicode::digit(chr.0), default, "not a digit")
    }

    /// Converts a Unicode character into its equivalent numeric value.
    ///
    /// Returns the numeric value assigned to the character chr as float.
    /// If no such value is defined, default is returned, or, if not given,
    /// ValueError is raised.
    #[pyfunction(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn numeric(vm: &Vm, chr: CodePoint, default: Option<Value>) -> PyResult {
        property!(
            vm,
            unicode::numeric(chr.0),
            default,
            "not a numeric character"
        )
    }

    /// Returns the general category assigned to the character chr as string.
    #[pyfunction(sig = "($self, chr, /)")]
    fn category(chr: CodePoint) -> &'static str {
        unicode::category(chr.0)
    }

    /// Returns the bidirectional class assigned to the character chr as string.
    ///
    /// If no such value is defined, an empty string is returned.
    #[pyfunction(sig = "($self, chr, /)")]
    fn bidirectional(chr: CodePoint) -> &'static str {
        unicode::bidirectional(chr.0)
    }

    /// Returns the canonical combining class assigned to the character chr as integer.
    ///
    /// Returns 0 if no combining class is defined.
    #[pyfunction(sig = "($self, chr, /)")]
    fn combining(chr: CodePoint) -> u8 {
        unicode::combining(chr.0)
    }

    /// Returns the mirrored property assigned to the character chr as integer.
    ///
    /// Returns 1 if the character has been identified as a "mirrored"
    /// character in bidirectional text, 0 otherwise.
    #[pyfunction(sig = "($self, chr, /)")]
    fn mirrored(chr: CodePoint) -> i32 {
        unicode::mirrored(chr.0).into()
    }

    /// Returns the east asian width assigned to the character chr as string.
    #[pyfunction(sig = "($self, chr, /)")]
    fn east_asian_width(chr: CodePoint) -> &'static str {
        unicode::east_asian_width(chr.0)
    }

    /// Returns the character decomposition mapping assigned to the character chr as string.
    ///
    /// An empty string is returned in case no such mapping is defined.
    #[pyfunction(sig = "($self, chr, /)", name = "decomposition")]
    fn decomposition_(chr: CodePoint) -> String {
        decomposition(chr.0, Version::Current)
    }

    /// Returns the name assigned to the character chr as a string.
    ///
    /// If no name is defined, default is returned, or, if not given,
    /// ValueError is raised.
    #[pyfunction(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn name(vm: &Vm, chr: CodePoint, default: Option<Value>) -> PyResult {
        property!(vm, names::name(chr.0), default, "no such name")
    }

    /// Look up character by name.
    ///
    /// If a character with the given name is found, return the
    /// corresponding character.  If not found, KeyError is raised.
    #[pyfunction(sig = "($self, name, /)")]
    fn lookup(vm: &Vm, name: &str) -> PyResult<Ref<Str>> {
        look_up(vm, name)
    }

    /// Return whether the Unicode string unistr is in the normal form 'form'.
    ///
    /// Valid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'.
    #[pyfunction(sig = "($self, form, unistr, /)", name = "is_normalized")]
    fn is_normalized_(vm: &Vm, form: &str, unistr: &Ref<Str>) -> PyResult<bool> {
        let form = super::form(vm, form)?;
        let chars: Vec<u32> = unistr.text().chars().collect();
        Ok(is_normalized(form, &chars))
    }

    /// Return the normal form 'form' for the Unicode string unistr.
    ///
    /// Valid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'.
    #[pyfunction(sig = "($self, form, unistr, /)")]
    fn normalize(vm: &Vm, form: &str, unistr: &Ref<Str>) -> PyResult<Ref<Str>> {
        normalized(vm, Version::Current, form, unistr)
    }
}

#[pymethods(UCD_METHODS)]
impl Ucd {
    /// Converts a Unicode character into its equivalent decimal value.
    #[pymethod(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn decimal(&self, vm: &Vm, chr: CodePoint, default: Option<Value>) -> PyResult {
        property!(vm, old::decimal(chr.0), default, "not a decimal")
    }

    /// Converts a Unicode character into its equivalent digit value.
    #[pymethod(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn digit(&self, vm: &Vm, chr: CodePoint, default: Option<Value>) -> PyResult {
        property!(vm, old::digit(chr.0), default, "not a digit")
    }

    /// Converts a Unicode character into its equivalent numeric value.
    #[pymethod(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn numeric(&self, vm: &Vm, chr: CodePoint, default: Option<Value>) -> PyResult {
        property!(vm, old::numeric(chr.0), default, "not a numeric character")
    }

    /// Returns the general category assigned to the character chr as string.
    #[pymethod(sig = "($self, chr, /)")]
    fn category(&self, chr: CodePoint) -> &'static str {
        old::category(chr.0)
    }

    /// Returns the bidirectional class assigned to the character chr as string.
    #[pymethod(sig = "($self, chr, /)")]
    fn bidirectional(&self, chr: CodePoint) -> &'static str {
        old::bidirectional(chr.0)
    }

    /// Returns the canonical combining class assigned to the character chr as integer.
    #[pymethod(sig = "($self, chr, /)")]
    fn combining(&self, chr: CodePoint) -> u8 {
        old::combining(chr.0)
    }

    /// Returns the mirrored property assigned to the character chr as integer.
    #[pymethod(sig = "($self, chr, /)")]
    fn mirrored(&self, chr: CodePoint) -> i32 {
        old::mirrored(chr.0).into()
    }

    /// Returns the east asian width assigned to the character chr as string.
    #[pymethod(sig = "($self, chr, /)")]
    fn east_asian_width(&self, chr: CodePoint) -> &'static str {
        old::east_asian_width(chr.0)
    }

    /// Returns the character decomposition mapping assigned to the character chr as string.
    #[pymethod(sig = "($self, chr, /)", name = "decomposition")]
    fn decomposition_(&self, chr: CodePoint) -> String {
        decomposition(chr.0, Version::V3_2_0)
    }

    /// Returns the name assigned to the character chr as a string.
    #[pymethod(sig = "($self, chr, default=<unrepresentable>, /)")]
    fn name(&self, vm: &Vm, chr: CodePoint, default: Option<Value>) -> PyResult {
        let found = if old::is_unassigned(chr.0) {
            None
        } else {
            names::name(chr.0)
        };
        property!(vm, found, default, "no such name")
    }

    /// Look up character by name.
    #[pymethod(sig = "($self, name, /)")]
    fn lookup(&self, vm: &Vm, name: &str) -> PyResult<Ref<Str>> {
        look_up(vm, name)
    }

    /// Return whether the Unicode string unistr is in the normal form 'form'.
    #[pymethod(sig = "($self, form, unistr, /)")]
    fn is_normalized(&self, vm: &Vm, form: &str, unistr: &Ref<Str>) -> PyResult<bool> {
        let out = normalized(vm, Version::V3_2_0, form, unistr)?;
        Ok(out.same_text(unistr))
    }

    /// Return the normal form 'form' for the Unicode string unistr.
    #[pymethod(sig = "($self, form, unistr, /)")]
    fn normalize(&self, vm: &Vm, form: &str, unistr: &Ref<Str>) -> PyResult<Ref<Str>> {
        normalized(vm, Version::V3_2_0, form, unistr)
    }

    #[member]
    fn unidata_version(&self) -> &'static str {
        "3.2.0"
    }
}
