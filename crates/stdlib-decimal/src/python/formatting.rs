//! `Decimal.__format__`.

use taipan_macros::pymethods;
use taipan_object::convert::utf8;
use taipan_object::{Args, Dict, PyResult, Str, Value, Vm};

use super::arguments::positional;
use super::current::current;
use super::decimal::Decimal;
use crate::core::format::{FormatError, Locale, Spec};

#[pymethods(DECIMAL_FORMAT)]
impl Decimal {
    #[pymethod]
    fn __format__(&self, vm: &Vm, args: Args<'_>) -> PyResult {
        let context = current(vm)?;
        let args = positional(vm, args, "Decimal.__format__", 1, 2)?;
        let Some(text) = args.first().and_then(|v| v.downcast_ref::<Str>()) else {
            return Err(vm.type_error("format arg must be str"));
        };
        let Some(spec) = Spec::parse(&utf8(vm, text)?, context.capital_letters()) else {
            return Err(vm.value_error("invalid format string"));
        };
        if spec.is_deprecated() {
            vm.warn(
                &vm.exc().DeprecationWarning,
                "Format specifier 'N' is deprecated and slated for removal in Python 3.18",
                1,
            )?;
        }
        let mut locale = if spec.wants_locale() && args.len() < 2 {
            process_locale(vm)?
        } else {
            spec.own_locale()
        };
        if let Some(v) = args.get(1) {
            let Some(dict) = v.downcast_ref::<Dict>() else {
                return Err(vm.type_error("optional argument must be a dict"));
            };
            override_locale(vm, dict, &mut locale)?;
        }
        let result = spec.render(&self.dec, &context.rules(), &locale);
        match result {
            Ok(text) => Ok(vm.new_str(&text)?.into_value()),
            Err(FormatError::Memory) => Err(vm.no_memory()),
            Err(FormatError::Width) => {
                Err(vm.overflow_error("cannot fit 'int' into an index-sized integer"))
            }
            Err(_) => {
                Err(vm.value_error("format specification exceeds internal limits of _decimal"))
            }
        }
    }
}

/// What `locale.localeconv()` says.
fn process_locale(vm: &Vm) -> PyResult<Locale> {
    let module = vm.import("_locale")?;
    let conv = vm.call_method_str(&module, "localeconv", &[])?;
    let mut locale = Locale {
        dot: ".".to_owned(),
        ..Locale::default()
    };
    if let Some(dict) = conv.downcast_ref::<Dict>() {
        for (key, into) in [
            ("decimal_point", &mut locale.dot),
            ("thousands_sep", &mut locale.sep),
        ] {
            if let Some(text) = text_item(vm, dict, key)? {
                *into = text;
            }
        }
        let key = vm.new_str("grouping")?;
        if let Some(list) = dict.get(vm, key.as_value())? {
            locale.grouping = vm
                .collect(&list)?
                .iter()
                .filter_map(|v| v.as_int().and_then(|i| i.to_i64()))
                .filter_map(|n| u8::try_from(n).ok())
                .collect();
        }
    }
    Ok(locale)
}

fn text_item(vm: &Vm, dict: &Dict, key: &str) -> PyResult<Option<String>> {
    let key = vm.new_str(key)?;
    match dict.get(vm, key.as_value())? {
        None => Ok(None),
        Some(v) => match v.downcast_ref::<Str>() {
            Some(s) => Ok(Some(utf8(vm, s)?.into_owned())),
            None => Err(bad_argument(vm, &v)),
        },
    }
}

fn bad_argument(vm: &Vm, _: &Value) -> taipan_object::Raised {
    vm.type_error("bad argument type for built-in operation")
}

/// The undocumented second argument, with which the tests choose a locale.
fn override_locale(vm: &Vm, dict: &Dict, locale: &mut Locale) -> PyResult<()> {
    if let Some(text) = text_item(vm, dict, "decimal_point")? {
        locale.dot = text;
    }
    if let Some(text) = text_item(vm, dict, "thousands_sep")? {
        locale.sep = text;
    }
    if let Some(text) = text_item(vm, dict, "grouping")? {
        locale.grouping = text
            .chars()
            .filter_map(|c| u8::try_from(u32::from(c)).ok())
            .collect();
    }
    if !(1..=4).contains(&locale.dot.len()) || locale.sep.len() > 4 {
        return Err(vm.value_error("invalid override dict"));
    }
    Ok(())
}
