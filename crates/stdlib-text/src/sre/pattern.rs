//! `re.Pattern`: compiled code and the searches with it.

use std::cell::Cell;

use taipan_builtins::descriptors::mapping_proxy::MappingProxy;
use taipan_macros::pymethods;
use taipan_object::{
    CompareOp, Dict, List, Payload, PyResult, Ref, Str, Traverse, Tuple, TypeSpec, Value, Visitor,
    Vm, payload, tpflags,
};
use taipan_sre::{Program, Scan, State};
use taipan_text::TextBuf;

use super::matched::Match;
use super::scanner::{FindIter, Scanner, Template, compile_template, join};
use super::subject::{Text, VmEnv};

/// The payload of `re.Pattern`.
pub struct Pattern {
    pattern: Value,
    flags: i32,
    /// Whether the pattern is bytes; `None` if it is None.
    is_bytes: Option<bool>,
    /// The code, to compare patterns by.
    code: Vec<u32>,
    /// The code made ready to run.
    pub program: Box<Program>,
    /// Groups by name.
    pub groupindex: Ref<Dict>,
    /// Names of groups by number.
    pub indexgroup: Ref<Tuple>,
    /// Working memory that was used before, to be used again.
    spare: Cell<Option<Box<State>>>,
}

payload!(Pattern, gc);

impl Traverse for Pattern {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.pattern);
        visit(self.groupindex.as_value());
        visit(self.indexgroup.as_value());
    }
}

/// `re.Pattern`
pub static PATTERN: TypeSpec = TypeSpec {
    doc: Some("Compiled regular expression object."),
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    has_weakref: true,
    parts: &[&PATTERN_METHODS],
    ..TypeSpec::new("Pattern", "re", <Pattern as Payload>::layout)
};

/// `_sre.compile`
pub fn compile(
    vm: &Vm,
    pattern: &Value,
    flags: i32,
    code: &Ref<List>,
    groups: isize,
    groupindex: &Ref<Dict>,
    indexgroup: &Ref<Tuple>,
) -> PyResult<Ref<Pattern>> {
    let mut words = Vec::with_capacity(code.len());
    for v in code.to_vec() {
        let Some(i) = v.as_int() else {
            return Err(vm.type_error("an integer is required"));
        };
        match i.to_i64().and_then(|i| u32::try_from(i).ok()) {
            Some(word) => words.push(word),
            None => return Err(vm.overflow_error("regular expression code size limit exceeded")),
        }
    }
    let is_bytes = if vm.is_none(pattern) {
        None
    } else {
        Some(Text::new(vm, pattern)?.is_bytes())
    };
    let program = usize::try_from(groups)
        .ok()
        .and_then(|groups| Program::new(&words, groups).ok());
    let Some(program) = program else {
        return Err(vm.runtime_error("invalid SRE code"));
    };
    vm.new(Pattern {
        pattern: pattern.clone(),
        flags,
        is_bytes,
        code: words,
        program: Box::new(program),
        groupindex: groupindex.clone(),
        indexgroup: indexgroup.clone(),
        spare: Cell::new(None),
    })
}

/// The subject of a search with its bounds.
struct Range {
    text: Text,
    pos: usize,
    end: usize,
}

impl Pattern {
    /// Runs `f` with working memory for a match. Matches nest (a replacement function may search), so each has its own.
    pub fn with_state<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.spare.take().unwrap_or_default();
        let result = f(&mut state);
        if state.is_small() {
            self.spare.set(Some(state));
        }
        result
    }

    fn range(&self, vm: &Vm, string: &Value, pos: isize, endpos: isize) -> PyResult<Range> {
        let text = Text::new(vm, string)?;
        match (self.is_bytes, text.is_bytes()) {
            (Some(true), false) => {
                return Err(vm.type_error("cannot use a bytes pattern on a string-like object"));
            }
            (Some(false), true) => {
                return Err(vm.type_error("cannot use a string pattern on a bytes-like object"));
            }
            _ => {}
        }
        let n = text.len();
        let pos = (pos.max(0) as usize).min(n);
        let end = (endpos.max(0) as usize).min(n);
        Ok(Range { text, pos, end })
    }
}

enum Kind {
    Match,
    Full,
    Search,
}

fn run(
    vm: &Vm,
    this: &Ref<Pattern>,
    string: &Value,
    pos: isize,
    endpos: isize,
    kind: Kind,
) -> PyResult<Option<Ref<Match>>> {
    let r = this.range(vm, string, pos, endpos)?;
    if r.pos > r.end {
        return Ok(None);
    }
    this.with_state(|state| {
        let mut env = VmEnv::new(vm);
        let subject = r.text.subject(r.end);
        let found = match kind {
            Kind::Match => state.match_at(&this.program, subject, r.pos, &mut env),
            Kind::Full => state.fullmatch(&this.program, subject, r.pos, &mut env),
            Kind::Search => state.search(&this.program, subject, r.pos, &mut env),
        };
        if !env.finish(found)? {
            return Ok(None);
        }
        vm.new(Match::new(string, this, state, r.pos, r.end))
            .map(Some)
    })
}

/// Calls `f` for each match until it gives false.
fn each(
    vm: &Vm,
    this: &Ref<Pattern>,
    r: &Range,
    f: impl FnMut(&mut State) -> PyResult<bool>,
) -> PyResult<()> {
    each_from(vm, this, r, r.pos, f)
}

/// [`each`] from a position on; beyond the end there is nothing.
fn each_from(
    vm: &Vm,
    this: &Ref<Pattern>,
    r: &Range,
    from: usize,
    mut f: impl FnMut(&mut State) -> PyResult<bool>,
) -> PyResult<()> {
    if from > r.end {
        return Ok(());
    }
    this.with_state(|state| {
        let mut env = VmEnv::new(vm);
        let mut scan = Scan::new(from);
        loop {
            let found = scan.search(state, &this.program, r.text.subject(r.end), &mut env);
            if !env.finish(found)? || !f(state)? {
                return Ok(());
            }
        }
    })
}

/// What is put in place of a match.
enum Filter {
    Literal(Value),
    Template(Ref<Template>),
    Function(Value),
}

fn filter(vm: &Vm, this: &Ref<Pattern>, replacement: &Value) -> PyResult<Filter> {
    if vm.is_callable(replacement) {
        return Ok(Filter::Function(replacement.clone()));
    }
    let literal = match Text::new(vm, replacement) {
        Ok(text) => !text.has_backslash(),
        Err(raised) => {
            drop(vm.take_raised(raised));
            false
        }
    };
    if literal {
        return Ok(Filter::Literal(replacement.clone()));
    }
    let compiled = compile_template(vm, this, replacement)?;
    match compiled.downcast::<Template>() {
        Ok(t) => Ok(match t.plain() {
            Some(v) => Filter::Literal(v.clone()),
            None => Filter::Template(t),
        }),
        Err(other) => Ok(Filter::Literal(other)),
    }
}

fn substitute(
    vm: &Vm,
    this: &Ref<Pattern>,
    repl: &Value,
    string: &Value,
    count: isize,
) -> PyResult<(Value, usize)> {
    let filter = filter(vm, this, repl)?;
    let r = this.range(vm, string, 0, isize::MAX)?;
    let mut parts = Vec::new();
    let (mut at, mut n) = (0, 0);
    let limit = usize::try_from(count).unwrap_or(0);
    // A negative count means none at all.
    let from = if count < 0 { usize::MAX } else { r.pos };
    each_from(vm, this, &r, from, |state| {
        let (start, end) = state.span();
        if at < start {
            parts.push(r.text.part(vm, at, start)?);
        }
        let new = match &filter {
            Filter::Literal(v) => v.clone(),
            other => {
                let m = vm.new(Match::new(string, this, state, r.pos, r.end))?;
                match other {
                    Filter::Template(t) => t.expand(vm, &m, &r.text)?,
                    Filter::Function(f) => vm.call1(f, m.as_value())?,
                    Filter::Literal(v) => v.clone(),
                }
            }
        };
        if !vm.is_none(&new) {
            parts.push(new);
        }
        at = end;
        n += 1;
        Ok(limit == 0 || n < limit)
    })?;
    if at < r.end || parts.is_empty() {
        parts.push(r.text.part(vm, at, r.end)?);
    }
    Ok((join(vm, r.text.is_bytes(), parts)?, n))
}

const FLAGS: [(i32, &str); 7] = [
    (2, "re.IGNORECASE"),
    (4, "re.LOCALE"),
    (8, "re.MULTILINE"),
    (16, "re.DOTALL"),
    (64, "re.VERBOSE"),
    (128, "re.DEBUG"),
    (256, "re.ASCII"),
];

#[pymethods(PATTERN_METHODS)]
impl Pattern {
    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::from("re.compile(");
        taipan_builtins::util::push_repr_cut(vm, &mut out, &this.pattern, 200)?;
        let mut flags = this.flags;
        // The flag that text patterns have by themselves is not shown.
        if this.is_bytes == Some(false) && flags & (4 | 32 | 256) == 32 {
            flags &= !32;
        }
        let mut names = Vec::new();
        for (bit, name) in FLAGS {
            if flags & bit != 0 {
                names.push(name.to_owned());
                flags &= !bit;
            }
        }
        if flags != 0 {
            names.push(format!("{flags:#x}"));
        }
        if !names.is_empty() {
            out.push_str(", ");
            out.push_str(&names.join("|"));
        }
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        let code = this
            .code
            .iter()
            .fold(0i64, |h, w| h.wrapping_mul(1_000_003) ^ i64::from(*w));
        let h = vm.hash(&this.pattern)? ^ code ^ i64::from(this.flags);
        Ok(if h == -1 { -2 } else { h })
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let (Some(other), CompareOp::Eq | CompareOp::Ne) = (other.downcast_ref::<Pattern>(), op)
        else {
            return Ok(vm.not_implemented());
        };
        let same = this.is(other)
            || this.flags == other.flags
                && this.is_bytes == other.is_bytes
                && this.code == other.code
                && vm.eq(&this.pattern, &other.pattern)?;
        Ok(vm.bool(same == (op == CompareOp::Eq)))
    }

    /// Matches zero or more characters at the beginning of the string.
    #[pymethod(sig = "($self, /, string, pos=0, endpos=sys.maxsize)", name = "match")]
    fn match_(
        vm: &Vm,
        this: &Ref<Self>,
        string: &Value,
        pos: isize,
        endpos: isize,
    ) -> PyResult<Option<Ref<Match>>> {
        run(vm, this, string, pos, endpos, Kind::Match)
    }

    /// Matches against all of the string.
    #[pymethod(sig = "($self, /, string, pos=0, endpos=sys.maxsize)")]
    fn fullmatch(
        vm: &Vm,
        this: &Ref<Self>,
        string: &Value,
        pos: isize,
        endpos: isize,
    ) -> PyResult<Option<Ref<Match>>> {
        run(vm, this, string, pos, endpos, Kind::Full)
    }

    /// Scan through string looking for a match, and return a corresponding match object instance.
    ///
    /// Return None if no position in the string matches.
    #[pymethod(sig = "($self, /, string, pos=0, endpos=sys.maxsize)")]
    fn search(
        vm: &Vm,
        this: &Ref<Self>,
        string: &Value,
        pos: isize,
        endpos: isize,
    ) -> PyResult<Option<Ref<Match>>> {
        run(vm, this, string, pos, endpos, Kind::Search)
    }

    /// Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by the replacement repl.
    #[pymethod(sig = "($self, /, repl, string, count=0)")]
    fn sub(vm: &Vm, this: &Ref<Self>, repl: &Value, string: &Value, count: isize) -> PyResult {
        Ok(substitute(vm, this, repl, string, count)?.0)
    }

    /// Return the tuple (new_string, number_of_subs_made) found by replacing the leftmost non-overlapping occurrences of pattern with the replacement repl.
    #[pymethod(sig = "($self, /, repl, string, count=0)")]
    fn subn(
        vm: &Vm,
        this: &Ref<Self>,
        repl: &Value,
        string: &Value,
        count: isize,
    ) -> PyResult<(Value, usize)> {
        substitute(vm, this, repl, string, count)
    }

    /// Return a list of all non-overlapping matches of pattern in string.
    #[pymethod(sig = "($self, /, string, pos=0, endpos=sys.maxsize)")]
    fn findall(
        vm: &Vm,
        this: &Ref<Self>,
        string: &Value,
        pos: isize,
        endpos: isize,
    ) -> PyResult<Ref<List>> {
        let r = this.range(vm, string, pos, endpos)?;
        let groups = this.program.groups();
        let mut out = Vec::new();
        each(vm, this, &r, |state| {
            let group = |i: usize| match if i == 0 {
                Some(state.span())
            } else {
                state.group(i)
            } {
                Some((a, b)) => r.text.part(vm, a, b),
                None => r.text.part(vm, 0, 0),
            };
            out.push(match groups {
                0 | 1 => group(groups)?,
                n => {
                    let items = (1..=n).map(group).collect::<PyResult<Vec<Value>>>()?;
                    vm.new_tuple(items)?.into_value()
                }
            });
            Ok(true)
        })?;
        vm.new_list(out)
    }

    /// Split string by the occurrences of pattern.
    #[pymethod(sig = "($self, /, string, maxsplit=0)")]
    fn split(vm: &Vm, this: &Ref<Self>, string: &Value, maxsplit: isize) -> PyResult<Ref<List>> {
        let r = this.range(vm, string, 0, isize::MAX)?;
        let limit = usize::try_from(maxsplit).unwrap_or(0);
        let (mut out, mut at, mut n) = (Vec::new(), 0, 0);
        let from = if maxsplit < 0 { usize::MAX } else { r.pos };
        each_from(vm, this, &r, from, |state| {
            let (start, end) = state.span();
            out.push(r.text.part(vm, at, start)?);
            for g in 1..=this.program.groups() {
                out.push(match state.group(g) {
                    Some((a, b)) => r.text.part(vm, a, b)?,
                    None => vm.none(),
                });
            }
            at = end;
            n += 1;
            Ok(limit == 0 || n < limit)
        })?;
        out.push(r.text.part(vm, at, r.end)?);
        vm.new_list(out)
    }

    /// Return an iterator over all non-overlapping matches for the RE pattern in string.
    ///
    /// For each match, the iterator returns a match object.
    #[pymethod(sig = "($self, /, string, pos=0, endpos=sys.maxsize)")]
    fn finditer(
        vm: &Vm,
        this: &Ref<Self>,
        string: &Value,
        pos: isize,
        endpos: isize,
    ) -> PyResult<Ref<FindIter>> {
        let r = this.range(vm, string, pos, endpos)?;
        vm.new(FindIter::new(Scanner::new(
            this, string, r.text, r.pos, r.end,
        )))
    }

    #[pymethod(sig = "($self, /, string, pos=0, endpos=sys.maxsize)", doc = "")]
    fn scanner(
        vm: &Vm,
        this: &Ref<Self>,
        string: &Value,
        pos: isize,
        endpos: isize,
    ) -> PyResult<Ref<Scanner>> {
        let r = this.range(vm, string, pos, endpos)?;
        vm.new(Scanner::new(this, string, r.text, r.pos, r.end))
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn __copy__(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pymethod(sig = "($self, memo, /)", doc = "")]
    fn __deepcopy__(this: &Ref<Self>, memo: &Value) -> Ref<Self> {
        let _ = memo;
        this.clone()
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    /// The pattern string from which the RE object was compiled.
    #[getter]
    fn pattern(&self) -> Value {
        self.pattern.clone()
    }

    /// The regex matching flags.
    #[getter]
    fn flags(&self) -> i32 {
        self.flags
    }

    /// The number of capturing groups in the pattern.
    #[getter]
    fn groups(&self) -> usize {
        self.program.groups()
    }

    /// A dictionary mapping group names to group numbers.
    #[getter]
    fn groupindex(&self, vm: &Vm) -> PyResult {
        let mapping = self.groupindex.as_value().clone();
        Ok(vm.new(MappingProxy { mapping })?.into_value())
    }
}
