//! `_locale`: the C locale, with the encoding of the environment's.

use taipan_macros::pyfunctions;
use taipan_object::{Dict, Module, ModuleSpec, PyCell, PyResult, Ref, Str, Value, Vm};

use crate::io::text::locale_encoding;
use crate::util::{add, add_constants};

/// `_locale`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_locale",
    doc: Some("Support for POSIX locales."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

const CONSTANTS: &[(&str, i64)] = &[
    ("LC_CTYPE", 0),
    ("LC_NUMERIC", 1),
    ("LC_TIME", 2),
    ("LC_COLLATE", 3),
    ("LC_MONETARY", 4),
    ("LC_MESSAGES", 5),
    ("LC_ALL", 6),
    ("CHAR_MAX", 127),
    ("ABDAY_1", 131072),
    ("ABDAY_2", 131073),
    ("ABDAY_3", 131074),
    ("ABDAY_4", 131075),
    ("ABDAY_5", 131076),
    ("ABDAY_6", 131077),
    ("ABDAY_7", 131078),
    ("DAY_1", 131079),
    ("DAY_2", 131080),
    ("DAY_3", 131081),
    ("DAY_4", 131082),
    ("DAY_5", 131083),
    ("DAY_6", 131084),
    ("DAY_7", 131085),
    ("ABMON_1", 131086),
    ("ABMON_2", 131087),
    ("ABMON_3", 131088),
    ("ABMON_4", 131089),
    ("ABMON_5", 131090),
    ("ABMON_6", 131091),
    ("ABMON_7", 131092),
    ("ABMON_8", 131093),
    ("ABMON_9", 131094),
    ("ABMON_10", 131095),
    ("ABMON_11", 131096),
    ("ABMON_12", 131097),
    ("MON_1", 131098),
    ("MON_2", 131099),
    ("MON_3", 131100),
    ("MON_4", 131101),
    ("MON_5", 131102),
    ("MON_6", 131103),
    ("MON_7", 131104),
    ("MON_8", 131105),
    ("MON_9", 131106),
    ("MON_10", 131107),
    ("MON_11", 131108),
    ("MON_12", 131109),
    ("AM_STR", 131110),
    ("PM_STR", 131111),
    ("D_T_FMT", 131112),
    ("D_FMT", 131113),
    ("T_FMT", 131114),
    ("T_FMT_AMPM", 131115),
    ("ERA", 131116),
    ("ERA_D_FMT", 131118),
    ("ALT_DIGITS", 131119),
    ("ERA_D_T_FMT", 131120),
    ("ERA_T_FMT", 131121),
    ("CODESET", 14),
    ("RADIXCHAR", 65536),
    ("THOUSEP", 65537),
    ("YESEXPR", 327680),
    ("NOEXPR", 327681),
    ("CRNCYSTR", 262159),
];

/// What `nl_langinfo` says of the items from ABDAY_1 on.
const TEXTS: [&str; 50] = [
    "Sun",
    "Mon",
    "Tue",
    "Wed",
    "Thu",
    "Fri",
    "Sat",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "AM",
    "PM",
    "%a %b %e %H:%M:%S %Y",
    "%m/%d/%y",
    "%H:%M:%S",
    "%I:%M:%S %p",
    "",
    "",
    "",
    "",
    "",
    "",
];

struct State {
    error: PyCell<Option<Value>>,
    ctype: std::cell::RefCell<String>,
}

impl Default for State {
    fn default() -> State {
        State {
            error: PyCell::new(None),
            ctype: std::cell::RefCell::new("C.UTF-8".to_owned()),
        }
    }
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, CONSTANTS)?;
    let dict = vm.new_dict()?;
    dict.set_named(vm, "__module__", vm.intern("locale")?.into_value())?;
    let bases = vm.new_tuple(vec![vm.exc().Exception.as_value().clone()])?;
    let args = [
        vm.intern("Error")?.into_value(),
        bases.into_value(),
        dict.into_value(),
    ];
    let error = vm.call_pos(vm.types().type_.as_value(), &args)?;
    vm.state::<State>().error.set(Some(error.clone()));
    add(vm, module, "Error", error)
}

/// Strings go to the C library, which has no null characters in them.
fn without_null(vm: &Vm, text: &Ref<Str>) -> PyResult<()> {
    if text.text().chars().any(|c| c == 0) {
        return Err(vm.value_error("embedded null character"));
    }
    Ok(())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Activates/queries locale processing. Only the C locale is there, with UTF-8 as well.
    #[pyfunction(sig = "($module, category, locale=None, /)")]
    fn setlocale(vm: &Vm, category: i32, locale: Option<&str>) -> PyResult<String> {
        let state = vm.state::<State>();
        let refuse = |message: &str| -> PyResult<String> {
            let cls = state.error.get();
            let cls = cls.unwrap_or_else(|| vm.exc().Exception.as_value().clone());
            let text = vm.new_str(message)?.into_value();
            Err(vm.raise(vm.call1(&cls, &text)?))
        };
        if !(0..=6).contains(&category) {
            return refuse(match locale {
                None => "locale query failed",
                Some(_) => "unsupported locale setting",
            });
        }
        // What a query for LC_ALL gave is taken back; only the character type can differ from C.
        let locale = match locale {
            Some(all) if category == 6 && all.starts_with("LC_CTYPE=") => all
                .split(';')
                .next()
                .and_then(|part| part.strip_prefix("LC_CTYPE=")),
            other => other,
        };
        let name = match locale {
            None => None,
            Some("C" | "POSIX") => Some("C"),
            Some("" | "C.UTF-8" | "C.utf8" | "en_US.UTF-8" | "en_US.utf8") => Some(match locale {
                Some("") | None => "C.UTF-8",
                Some(name) => name,
            }),
            Some(_) => return refuse("unsupported locale setting"),
        };
        if let Some(name) = name
            && matches!(category, 0 | 6)
        {
            *state.ctype.borrow_mut() = name.to_owned();
        }
        let ctype = state.ctype.borrow().clone();
        Ok(match category {
            0 => ctype,
            6 if ctype == "C" => ctype,
            6 => format!(
                "LC_CTYPE={ctype};LC_NUMERIC=C;LC_TIME=C;LC_COLLATE=C;LC_MONETARY=C;LC_MESSAGES=C;LC_PAPER=C;LC_NAME=C;LC_ADDRESS=C;LC_TELEPHONE=C;LC_MEASUREMENT=C;LC_IDENTIFICATION=C"
            ),
            _ => "C".to_owned(),
        })
    }

    /// Returns numeric and monetary locale-specific parameters.
    #[pyfunction(sig = "($module, /)")]
    fn localeconv(vm: &Vm) -> PyResult<Ref<Dict>> {
        let dict = vm.new_dict()?;
        for name in [
            "int_curr_symbol",
            "currency_symbol",
            "mon_decimal_point",
            "mon_thousands_sep",
            "positive_sign",
            "negative_sign",
            "thousands_sep",
        ] {
            dict.set_named(vm, name, vm.new_str("")?.into_value())?;
        }
        dict.set_named(vm, "decimal_point", vm.new_str(".")?.into_value())?;
        for name in ["grouping", "mon_grouping"] {
            dict.set_named(vm, name, vm.new_list(Vec::new())?.into_value())?;
        }
        for name in [
            "int_frac_digits",
            "frac_digits",
            "p_cs_precedes",
            "p_sep_by_space",
            "n_cs_precedes",
            "n_sep_by_space",
            "p_sign_posn",
            "n_sign_posn",
        ] {
            dict.set_named(vm, name, Value::from_i32(127))?;
        }
        Ok(dict)
    }

    /// Return the value for the locale information associated with key.
    #[pyfunction(sig = "($module, key, /)")]
    fn nl_langinfo(vm: &Vm, key: i32) -> PyResult<&'static str> {
        Ok(match key {
            14 => "UTF-8",
            65536 => ".",
            65537 => "",
            327680 => "^[yY]",
            327681 => "^[nN]",
            262159 => "-",
            _ => {
                let item = key
                    .checked_sub(131072)
                    .and_then(|i| usize::try_from(i).ok());
                match item.and_then(|i| TEXTS.get(i)) {
                    Some(text) => text,
                    None => return Err(vm.value_error("unsupported langinfo constant")),
                }
            }
        })
    }

    /// Get the current locale encoding.
    #[pyfunction(sig = "($module, /)")]
    fn getencoding() -> &'static str {
        locale_encoding()
    }

    /// Compares two strings according to the locale.
    #[pyfunction(sig = "($module, os1, os2, /)")]
    fn strcoll(vm: &Vm, os1: &Ref<Str>, os2: &Ref<Str>) -> PyResult<i32> {
        for text in [os1, os2] {
            without_null(vm, text)?;
        }
        Ok(os1.text().cmp(&os2.text()) as i32)
    }

    /// Return a string that can be used as a key for locale-aware comparisons.
    #[pyfunction(sig = "($module, string, /)")]
    fn strxfrm(vm: &Vm, string: &Ref<Str>) -> PyResult<Ref<Str>> {
        without_null(vm, string)?;
        Ok(string.clone())
    }
}
