//! Arguments of methods that CPython parses with `PyArg_ParseTuple` and `PyArg_ParseTupleAndKeywords`, whose messages do
//! not name the function.

use taipan_object::suggestions::suggest;
use taipan_object::{Args, PyResult, Value, Vm};

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// Binds arguments by position and name; the first `required` must be there.
pub fn named<'a, const N: usize>(
    vm: &Vm,
    args: Args<'a>,
    names: [&str; N],
    required: usize,
) -> PyResult<[Option<&'a Value>; N]> {
    let given = args.values.len();
    let positional = args.pos();
    if given > N {
        let kind = if positional.is_empty() {
            "keyword "
        } else {
            ""
        };
        return Err(vm.type_error(&format!(
            "function takes at most {N} {kind}argument{} ({given} given)",
            plural(N)
        )));
    }
    let mut found: [Option<&'a Value>; N] = [None; N];
    for (place, v) in found.iter_mut().zip(positional) {
        *place = Some(v);
    }
    let mut unknown = None;
    for (name, v) in args.keywords() {
        match names.iter().position(|n| name.eq_str(n)) {
            Some(i) if i < positional.len() => {
                return Err(vm.type_error(&format!(
                    "argument for function given by name ('{}') and position ({})",
                    names[i],
                    i + 1
                )));
            }
            Some(i) => found[i] = Some(v),
            None => unknown = Some(name),
        }
    }
    if let Some(i) = (0..required).find(|&i| found[i].is_none()) {
        return Err(vm.type_error(&format!(
            "function missing required argument '{}' (pos {})",
            names[i],
            i + 1
        )));
    }
    if let Some(name) = unknown {
        let name = name.to_string_lossy();
        let hint = match suggest(&name, names) {
            Some(near) => format!(". Did you mean '{near}'?"),
            None => String::new(),
        };
        return Err(vm.type_error(&format!(
            "this function got an unexpected keyword argument '{name}'{hint}"
        )));
    }
    Ok(found)
}

/// Between `min` and `max` arguments by position alone.
pub fn positional<'a>(
    vm: &Vm,
    args: Args<'a>,
    name: &str,
    min: usize,
    max: usize,
) -> PyResult<&'a [Value]> {
    if args.keyword_count() > 0 {
        return Err(vm.type_error(&format!("{name}() takes no keyword arguments")));
    }
    let given = args.values.len();
    if (min..=max).contains(&given) {
        return Ok(args.values);
    }
    let (how, n) = if min == max {
        ("exactly", min)
    } else if given < min {
        ("at least", min)
    } else {
        ("at most", max)
    };
    Err(vm.type_error(&format!(
        "function takes {how} {n} argument{} ({given} given)",
        plural(n)
    )))
}
