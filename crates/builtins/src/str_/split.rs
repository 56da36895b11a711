//! Taking strings apart and putting them together: `split`, `rsplit`, `splitlines`, `partition`, `rpartition`, `join`.

use taipan_macros::pymethods;
use taipan_object::{List, PyResult, Raised, Ref, Str, Tuple, Value, Vm};
use taipan_text::{Form, TextRef, search};
use taipan_unicode as unicode;

use super::exact;
use crate::util;

/// Positions of the parts of a string, gathered before the list is made.
struct Parts<'a> {
    vm: &'a Vm,
    of: &'a Ref<Str>,
    list: Vec<Value>,
}

impl<'a> Parts<'a> {
    fn new(vm: &'a Vm, of: &'a Ref<Str>) -> Parts<'a> {
        Parts {
            vm,
            of,
            list: Vec::new(),
        }
    }

    fn reserve(&mut self, n: usize) -> PyResult<()> {
        self.list
            .try_reserve_exact(n)
            .map_err(|_| self.vm.no_memory())
    }

    #[inline]
    fn push(&mut self, start: usize, end: usize) -> PyResult<()> {
        let part = self.vm.substring(self.of, start, end)?;
        self.list.push(part.into_value());
        Ok(())
    }

    fn list(self) -> PyResult<Ref<List>> {
        self.vm.new_list(self.list)
    }

    fn reversed(mut self) -> PyResult<Ref<List>> {
        self.list.reverse();
        self.list()
    }
}

fn is_space_at(s: &Str, i: usize) -> Option<bool> {
    match s.as_ascii() {
        Some(a) => a.as_bytes().get(i).map(|b| matches!(b, 9..=13 | 28..=32)),
        None => s.text().get(i).map(unicode::is_space),
    }
}

fn split_space(vm: &Vm, s: &Ref<Str>, limit: usize) -> PyResult<Ref<List>> {
    let mut parts = Parts::new(vm, s);
    let mut i = 0;
    let skip = |mut i: usize, space: bool| {
        while is_space_at(s, i) == Some(space) {
            i += 1;
        }
        i
    };
    while parts.list.len() < limit {
        i = skip(i, true);
        if i >= s.len() {
            return parts.list();
        }
        let start = i;
        i = skip(i, false);
        parts.push(start, i)?;
    }
    i = skip(i, true);
    if i < s.len() {
        // The rest keeps its white space, but not what stands at the very start.
        parts.push(i, s.len())?;
    }
    parts.list()
}

fn rsplit_space(vm: &Vm, s: &Ref<Str>, limit: usize) -> PyResult<Ref<List>> {
    let mut parts = Parts::new(vm, s);
    let mut i = s.len();
    let skip = |mut i: usize, space: bool| {
        while i > 0 && is_space_at(s, i - 1) == Some(space) {
            i -= 1;
        }
        i
    };
    while parts.list.len() < limit {
        i = skip(i, true);
        if i == 0 {
            return parts.reversed();
        }
        let end = i;
        i = skip(i, false);
        parts.push(i, end)?;
    }
    i = skip(i, true);
    if i > 0 {
        parts.push(0, i)?;
    }
    parts.reversed()
}

fn separator<'a>(vm: &Vm, sep: Option<&'a Value>) -> PyResult<Option<&'a Ref<Str>>> {
    match sep {
        Some(v) if !vm.is_none(v) => match v.downcast_ref::<Str>() {
            Some(s) if s.is_empty() => Err(vm.value_error("empty separator")),
            Some(s) => Ok(Some(s)),
            None => Err(util::type_error_for(vm, "must be str or None, not ", v, "")),
        },
        _ => Ok(None),
    }
}

fn partition_separator(vm: &Vm, sep: &Value) -> PyResult<Ref<Str>> {
    match sep.downcast_ref::<Str>() {
        Some(s) if s.is_empty() => Err(vm.value_error("empty separator")),
        Some(s) => Ok(s.clone()),
        None => Err(util::type_error_for(vm, "must be str, not ", sep, "")),
    }
}

#[cold]
fn not_a_string(vm: &Vm, i: usize, v: &Value) -> Raised {
    vm.type_error(&format!(
        "sequence item {i}: expected str instance, {} found",
        vm.type_name(v)
    ))
}

/// Joins the strings in `items` with `sep` between them; TypeError when one is no string. Runs no Python code.
pub fn join_values(vm: &Vm, sep: &Str, items: &[Value]) -> PyResult<Ref<Str>> {
    if items.is_empty() {
        return vm.new_str("");
    }
    let (mut len, mut form) = (sep.len().checked_mul(items.len() - 1), Form::Ascii);
    for (i, v) in items.iter().enumerate() {
        let Some(s) = v.downcast_ref::<Str>() else {
            return Err(not_a_string(vm, i, v));
        };
        len = len.and_then(|n| n.checked_add(s.len()));
        form = form.max(s.form());
    }
    if let [only] = items
        && let Some(only) = only.downcast_ref::<Str>()
    {
        return exact(vm, only);
    }
    let Some(len) = len.filter(|&n| n <= isize::MAX as usize) else {
        return Err(vm.overflow_error("join() result is too long for a Python string"));
    };
    if !sep.is_empty() {
        form = form.max(sep.form());
    }
    let strings = || items.iter().filter_map(|v| v.downcast_ref::<Str>());
    if len <= 1 {
        let mut buf = taipan_text::TextBuf::new();
        for (i, s) in strings().enumerate() {
            if i != 0 {
                buf.push_text(sep.text());
            }
            buf.push_text(s.text());
        }
        return vm.new_str_buf(&buf);
    }
    vm.new_str_filled(len, form, |out| {
        let between = !sep.is_empty();
        for (i, s) in strings().enumerate() {
            if between && i != 0 {
                out.push(sep);
            }
            out.push(s);
        }
    })
}

/// `sep.join(iterable)`
pub fn str_join(vm: &Vm, sep: &Str, iterable: &Value) -> PyResult<Ref<Str>> {
    if let Some(list) = iterable.downcast_ref::<List>()
        && util::is_exactly(vm, iterable, &vm.types().list)
    {
        // Joining runs no Python code: nobody sees that the list lends its items.
        let items = list.items.take();
        let joined = join_values(vm, sep, &items);
        drop(list.items.replace(items));
        return joined;
    }
    if let Some(tuple) = iterable.downcast_ref::<Tuple>()
        && util::is_exactly(vm, iterable, &vm.types().tuple)
    {
        return join_values(vm, sep, tuple.as_slice());
    }
    join_values(
        vm,
        sep,
        &util::collect_or(vm, iterable, "can only join an iterable")?,
    )
}

/// Holder of the methods of `str` that split and join.
pub struct StrSplit;

#[pymethods(STR_SPLIT)]
impl StrSplit {
    /// Return a list of the substrings in the string, using sep as the separator string.
    ///
    ///   sep
    ///     The separator used to split the string.
    ///     None (the default) splits at any whitespace and leaves empty strings out.
    ///   maxsplit
    ///     Maximum number of splits, starting from the left.
    ///     -1 (the default value) means no limit.
    #[pymethod(sig = "($self, /, sep=None, maxsplit=-1)")]
    fn split(
        vm: &Vm,
        this: &Ref<Str>,
        sep: Option<&Value>,
        maxsplit: isize,
    ) -> PyResult<Ref<List>> {
        let limit = usize::try_from(maxsplit).unwrap_or(usize::MAX);
        let Some(sep) = separator(vm, sep)? else {
            return split_space(vm, this, limit);
        };
        let mut parts = Parts::new(vm, this);
        let mut from = 0;
        if let (TextRef::One(text), TextRef::One(&[byte])) = (this.text(), sep.text()) {
            parts.reserve(search::count(this.text(), sep.text(), limit) + 1)?;
            while parts.list.len() < limit
                && let Some(found) = search::find_byte(&text[from..], byte)
            {
                parts.push(from, from + found)?;
                from += found + 1;
            }
        } else if sep.form() <= this.form() {
            for at in search::matches(this.text(), sep.text()).take(limit) {
                parts.push(from, at)?;
                from = at + sep.len();
            }
        }
        parts.push(from, this.len())?;
        parts.list()
    }

    /// Return a list of the substrings in the string, using sep as the separator string.
    ///
    ///   sep
    ///     The separator used to split the string.
    ///     None (the default) splits at any whitespace and leaves empty strings out.
    ///   maxsplit
    ///     Maximum number of splits, starting from the right.
    ///     -1 (the default value) means no limit.
    #[pymethod(sig = "($self, /, sep=None, maxsplit=-1)")]
    fn rsplit(
        vm: &Vm,
        this: &Ref<Str>,
        sep: Option<&Value>,
        maxsplit: isize,
    ) -> PyResult<Ref<List>> {
        let limit = usize::try_from(maxsplit).unwrap_or(usize::MAX);
        let Some(sep) = separator(vm, sep)? else {
            return rsplit_space(vm, this, limit);
        };
        let mut parts = Parts::new(vm, this);
        let mut end = this.len();
        while parts.list.len() < limit
            && let Some(at) = search::rfind(this.text().slice(0..end), sep.text())
        {
            parts.push(at + sep.len(), end)?;
            end = at;
        }
        parts.push(0, end)?;
        parts.reversed()
    }

    /// Return a list of the lines in the string, breaking at line boundaries.
    ///
    /// Line breaks are not included in the resulting list unless keepends is given and
    /// true.
    #[pymethod(sig = "($self, /, keepends=False)")]
    fn splitlines(vm: &Vm, this: &Ref<Str>, keepends: bool) -> PyResult<Ref<List>> {
        let text = this.text();
        let mut parts = Parts::new(vm, this);
        let (mut start, mut i) = (0, 0);
        while let Some(c) = text.get(i) {
            i += 1;
            if !unicode::is_linebreak(c) {
                continue;
            }
            let end = i - 1;
            if c == 13 && text.get(i) == Some(10) {
                i += 1;
            }
            parts.push(start, if keepends { i } else { end })?;
            start = i;
        }
        if start < this.len() {
            parts.push(start, this.len())?;
        }
        parts.list()
    }

    /// Partition the string into three parts using the given separator.
    ///
    /// Search for the separator; if it is found, the result is the part before it, the
    /// separator itself, and the part after it. If not, it is the string and two empty
    /// strings.
    #[pymethod(sig = "($self, sep, /)")]
    fn partition(
        vm: &Vm,
        this: &Ref<Str>,
        sep: &Value,
    ) -> PyResult<(Ref<Str>, Ref<Str>, Ref<Str>)> {
        let sep = partition_separator(vm, sep)?;
        Ok(match search::find(this.text(), sep.text()) {
            Some(at) => (
                vm.substring(this, 0, at)?,
                sep.clone(),
                vm.substring(this, at + sep.len(), usize::MAX)?,
            ),
            None => (exact(vm, this)?, vm.new_str("")?, vm.new_str("")?),
        })
    }

    /// Partition the string into three parts using the given separator.
    ///
    /// Search for the separator from the end; if it is found, the result is the part
    /// before it, the separator itself, and the part after it. If not, it is two empty
    /// strings and the string.
    #[pymethod(sig = "($self, sep, /)")]
    fn rpartition(
        vm: &Vm,
        this: &Ref<Str>,
        sep: &Value,
    ) -> PyResult<(Ref<Str>, Ref<Str>, Ref<Str>)> {
        let sep = partition_separator(vm, sep)?;
        Ok(match search::rfind(this.text(), sep.text()) {
            Some(at) => (
                vm.substring(this, 0, at)?,
                sep.clone(),
                vm.substring(this, at + sep.len(), usize::MAX)?,
            ),
            None => (vm.new_str("")?, vm.new_str("")?, exact(vm, this)?),
        })
    }

    /// Concatenate any number of strings.
    ///
    /// The string whose method is called is inserted in between each given string.
    #[pymethod(sig = "($self, iterable, /)")]
    fn join(vm: &Vm, this: &Ref<Str>, iterable: &Value) -> PyResult<Ref<Str>> {
        str_join(vm, this, iterable)
    }
}
