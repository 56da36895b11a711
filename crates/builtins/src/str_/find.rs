//! Searching in strings: `find`, `rfind`, `index`, `rindex`, `count`, `startswith`, `endswith`. Their signatures have
//! optional groups, which the macros do not know, so their table is written out.

use taipan_object::convert::{ArgContext, FromArg, SliceIndex};
use taipan_object::{
    ClassPart, NativeCode, NativeDef, NativeKind, PyResult, Ref, Str, Tuple, Value, Vm,
};
use taipan_text::{TextRef, search};

use crate::util;

/// Bounds of a search as positions: negative ones count from the end, the end is cut to the length.
#[inline]
pub fn adjust(start: isize, end: isize, len: usize) -> (usize, usize) {
    let n = len as isize;
    let end = if end > n {
        n
    } else if end < 0 {
        end.saturating_add(n).max(0)
    } else {
        end
    };
    let start = if start < 0 {
        start.saturating_add(n).max(0)
    } else {
        start
    };
    (start as usize, end as usize)
}

/// Optional bounds in the arguments after the first.
pub fn bounds(vm: &Vm, function: &'static str, args: &[Value]) -> PyResult<(isize, isize)> {
    let ctx = ArgContext {
        function,
        argument: "argument",
    };
    let get = |i: usize, default: isize| match args.get(i) {
        Some(v) => {
            Ok(<SliceIndex as FromArg>::from_optional(vm, v, &ctx)?.map_or(default, |i| i.0))
        }
        None => Ok(default),
    };
    Ok((get(1, 0)?, get(2, isize::MAX)?))
}

/// The text that is searched, the string searched for, and the offset of the text.
struct Search<'a> {
    text: TextRef<'a>,
    needle: &'a Ref<Str>,
    start: usize,
}

fn prepare<'a>(
    vm: &Vm,
    name: &'static str,
    this: &'a Value,
    args: &'a [Value],
) -> PyResult<Option<Search<'a>>> {
    let this = taipan_object::convert::receiver::<Str>(vm, this, name)?;
    let ctx = ArgContext {
        function: name,
        argument: "argument 1",
    };
    let Some(first) = args.first() else {
        return Err(vm.system_error("an argument is missing"));
    };
    let needle = <&Ref<Str>>::from_arg(vm, first, &ctx)?;
    let (start, end) = if args.len() > 1 {
        let (start, end) = bounds(vm, name, args)?;
        adjust(start, end, this.len())
    } else {
        (0, this.len())
    };
    if start > end || needle.len() > end - start || needle.form() > this.form() {
        return Ok(None);
    }
    Ok(Some(Search {
        text: this.text().slice(start..end),
        needle,
        start,
    }))
}

fn find_in(
    vm: &Vm,
    name: &'static str,
    this: &Value,
    args: &[Value],
    f: impl Fn(TextRef<'_>, TextRef<'_>) -> Option<usize>,
) -> PyResult<Option<usize>> {
    let found = prepare(vm, name, this, args)?;
    Ok(found.and_then(|s| f(s.text, s.needle.text()).map(|i| i + s.start)))
}

fn or_minus_one(vm: &Vm, found: Option<usize>) -> PyResult {
    match found {
        Some(i) => vm.new_usize(i),
        None => Ok(Value::from_i32(-1)),
    }
}

fn or_error(vm: &Vm, found: Option<usize>) -> PyResult {
    match found {
        Some(i) => vm.new_usize(i),
        None => Err(vm.value_error("substring not found")),
    }
}

fn find(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
    or_minus_one(vm, find_in(vm, "find", this, args, search::find)?)
}

fn rfind(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
    or_minus_one(vm, find_in(vm, "rfind", this, args, search::rfind)?)
}

fn index(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
    or_error(vm, find_in(vm, "index", this, args, search::find)?)
}

fn rindex(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
    or_error(vm, find_in(vm, "rindex", this, args, search::rfind)?)
}

fn count(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
    match prepare(vm, "count", this, args)? {
        Some(s) => vm.new_usize(search::count(s.text, s.needle.text(), usize::MAX)),
        None => Ok(Value::from_i32(0)),
    }
}

fn affix(vm: &Vm, name: &'static str, this: &Value, args: &[Value], at_end: bool) -> PyResult {
    let this = taipan_object::convert::receiver::<Str>(vm, this, name)?;
    let Some(first) = args.first() else {
        return Err(vm.system_error("an argument is missing"));
    };
    let (start, end) = if args.len() > 1 {
        let (start, end) = bounds(vm, name, args)?;
        adjust(start, end, this.len())
    } else {
        (0, this.len())
    };
    let matches = |s: &Str| {
        if start > end || s.len() > end - start || s.form() > this.form() {
            return false;
        }
        let at = if at_end { end - s.len() } else { start };
        this.text().slice(at..at + s.len()) == s.text()
    };
    if let Some(s) = first.downcast_ref::<Str>() {
        return Ok(vm.bool(matches(s)));
    }
    let Some(several) = first.downcast_ref::<Tuple>() else {
        return Err(util::type_error_for(
            vm,
            &format!("{name} first arg must be str or a tuple of str, not "),
            first,
            "",
        ));
    };
    for s in several.as_slice() {
        let Some(s) = s.downcast_ref::<Str>() else {
            return Err(util::type_error_for(
                vm,
                &format!("tuple for {name} must only contain str, not "),
                s,
                "",
            ));
        };
        if matches(s) {
            return Ok(vm.bool(true));
        }
    }
    Ok(vm.bool(false))
}

fn startswith(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
    affix(vm, "startswith", this, args, false)
}

fn endswith(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
    affix(vm, "endswith", this, args, true)
}

/// A method with an object and two optional bounds.
pub const fn searching(
    name: &'static str,
    text_signature: &'static str,
    doc: &'static str,
    f: fn(&Vm, &Value, &[Value]) -> PyResult,
) -> NativeDef {
    NativeDef {
        name,
        text_signature: Some(text_signature),
        doc: Some(doc),
        kind: NativeKind::Method,
        code: NativeCode::Positional { min: 1, max: 3, f },
    }
}

/// `($self, sub[, start[, end]], /)`
pub const SUB: &str = "($self, sub[, start[, end]], /)";
/// `($self, prefix[, start[, end]], /)`
pub const PREFIX: &str = "($self, prefix[, start[, end]], /)";
/// `($self, suffix[, start[, end]], /)`
pub const SUFFIX: &str = "($self, suffix[, start[, end]], /)";

/// The searching methods of `str`.
pub static STR_FIND: ClassPart = ClassPart {
    methods: &[
        searching(
            "count",
            SUB,
            "Return the number of non-overlapping occurrences of substring sub in string S[start:end].",
            count,
        ),
        searching(
            "find",
            SUB,
            "Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].\n\nReturn -1 on failure.",
            find,
        ),
        searching(
            "index",
            SUB,
            "Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].\n\nRaises ValueError when the substring is not found.",
            index,
        ),
        searching(
            "rfind",
            SUB,
            "Return the highest index in S where substring sub is found, such that sub is contained within S[start:end].\n\nReturn -1 on failure.",
            rfind,
        ),
        searching(
            "rindex",
            SUB,
            "Return the highest index in S where substring sub is found, such that sub is contained within S[start:end].\n\nRaises ValueError when the substring is not found.",
            rindex,
        ),
        searching(
            "startswith",
            PREFIX,
            "Return True if the string starts with the specified prefix, False otherwise.",
            startswith,
        ),
        searching(
            "endswith",
            SUFFIX,
            "Return True if the string ends with the specified suffix, False otherwise.",
            endswith,
        ),
    ],
    getset: &[],
    slots: &[],
};
