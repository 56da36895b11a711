//! `re.Match`.

use smallvec::SmallVec;
use taipan_macros::pymethods;
use taipan_object::{
    Dict, IntRef, Payload, PyResult, Ref, Str, Traverse, Tuple, TypeSpec, Value, Visitor, Vm,
    payload, tpflags,
};
use taipan_sre::State;

use super::pattern::Pattern;
use super::scanner;
use super::subject::Text;

/// The payload of `re.Match`.
pub struct Match {
    /// The subject.
    pub string: Value,
    /// The pattern.
    pub pattern: Ref<Pattern>,
    pos: usize,
    endpos: usize,
    lastindex: Option<usize>,
    /// Start and end of each group, the whole match first; `UNSET` for groups that have not matched. A few need no memory
    /// of their own.
    spans: SmallVec<[(usize, usize); 3]>,
}

const UNSET: (usize, usize) = (usize::MAX, usize::MAX);

payload!(Match, gc);

impl Traverse for Match {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.string);
        visit(self.pattern.as_value());
    }
}

/// `re.Match`
pub static MATCH: TypeSpec = TypeSpec {
    doc: Some(
        "The result of re.match() and re.search().\nMatch objects always have a boolean value of True.",
    ),
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    parts: &[&MATCH_METHODS],
    ..TypeSpec::new("Match", "re", <Match as Payload>::layout)
};

impl Match {
    /// The match that a state holds.
    pub fn new(
        string: &Value,
        pattern: &Ref<Pattern>,
        state: &State,
        pos: usize,
        endpos: usize,
    ) -> Match {
        let groups = pattern.program.groups();
        let mut spans = SmallVec::with_capacity(groups + 1);
        spans.push(state.span());
        spans.extend((1..=groups).map(|g| state.group(g).unwrap_or(UNSET)));
        Match {
            string: string.clone(),
            pattern: pattern.clone(),
            pos,
            endpos,
            lastindex: state.lastindex(),
            spans,
        }
    }

    /// Start and end of a group; `None` if it did not match.
    pub fn span_of(&self, group: usize) -> Option<(usize, usize)> {
        self.spans.get(group).copied().filter(|&span| span != UNSET)
    }

    /// The text of a group, or `default`.
    pub fn text_of(&self, vm: &Vm, text: &Text, group: usize, default: &Value) -> PyResult {
        match self.span_of(group) {
            Some((start, end)) => text.part(vm, start, end),
            None => Ok(default.clone()),
        }
    }

    fn index(&self, vm: &Vm, v: &Value) -> PyResult<usize> {
        let i = if vm.has_index(v) {
            Some(vm.index_isize(v)?)
        } else {
            match self.pattern.groupindex.get(vm, v) {
                Ok(found) => found
                    .and_then(|v| v.as_int().and_then(IntRef::to_i64))
                    .map(|i| i as isize),
                Err(raised) => {
                    drop(vm.take_raised(raised));
                    None
                }
            }
        };
        match i.and_then(|i| usize::try_from(i).ok()) {
            Some(i) if i < self.spans.len() => Ok(i),
            _ => Err(vm.index_error("no such group")),
        }
    }

    fn text(&self, vm: &Vm) -> PyResult<Text> {
        Text::new(vm, &self.string)
    }

    fn position(&self, vm: &Vm, group: Option<&Value>) -> PyResult<(isize, isize)> {
        let i = match group {
            Some(v) => self.index(vm, v)?,
            None => 0,
        };
        Ok(self
            .span_of(i)
            .map_or((-1, -1), |(a, b)| (a as isize, b as isize)))
    }
}

#[pymethods(MATCH_METHODS)]
impl Match {
    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let text = this.text(vm)?;
        let group = this.text_of(vm, &text, 0, &vm.none())?;
        let (start, end) = this.span_of(0).unwrap_or_default();
        let mut out = taipan_text::TextBuf::from("<re.Match object; span=(");
        out.push_str(&format!("{start}, {end}), match="));
        taipan_builtins::util::push_repr_cut(vm, &mut out, &group, 50)?;
        out.push_str(">");
        vm.new_str_buf(&out)
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Self>, key: &Value) -> PyResult {
        let i = this.index(vm, key)?;
        this.text_of(vm, &this.text(vm)?, i, &vm.none())
    }

    /// group([group1, ...]) -> str or tuple.
    ///
    /// Return subgroup(s) of the match by indices or names.
    /// For 0 returns the entire match.
    #[pymethod(params = "($self, *args)")]
    fn group(vm: &Vm, this: &Ref<Self>, args: &[Value]) -> PyResult {
        let text = this.text(vm)?;
        let none = vm.none();
        match args {
            [] => this.text_of(vm, &text, 0, &none),
            [one] => this.text_of(vm, &text, this.index(vm, one)?, &none),
            several => {
                let mut out = Vec::with_capacity(several.len());
                for v in several {
                    out.push(this.text_of(vm, &text, this.index(vm, v)?, &none)?);
                }
                Ok(vm.new_tuple(out)?.into_value())
            }
        }
    }

    /// Return index of the start of the substring matched by group.
    #[pymethod(sig = "($self, group=0, /)")]
    fn start(vm: &Vm, this: &Ref<Self>, group: Option<&Value>) -> PyResult<isize> {
        Ok(this.position(vm, group)?.0)
    }

    /// Return index of the end of the substring matched by group.
    #[pymethod(sig = "($self, group=0, /)")]
    fn end(vm: &Vm, this: &Ref<Self>, group: Option<&Value>) -> PyResult<isize> {
        Ok(this.position(vm, group)?.1)
    }

    /// For match object m, return the 2-tuple (m.start(group), m.end(group)).
    #[pymethod(sig = "($self, group=0, /)")]
    fn span(vm: &Vm, this: &Ref<Self>, group: Option<&Value>) -> PyResult<(isize, isize)> {
        this.position(vm, group)
    }

    /// Return a tuple containing all the subgroups of the match, from 1.
    ///
    ///   default
    ///     Is used for groups that did not participate in the match.
    #[pymethod(sig = "($self, /, default=None)")]
    fn groups(vm: &Vm, this: &Ref<Self>, default: Value) -> PyResult<Ref<Tuple>> {
        let text = this.text(vm)?;
        let mut out = Vec::with_capacity(this.spans.len());
        for i in 1..this.spans.len() {
            out.push(this.text_of(vm, &text, i, &default)?);
        }
        vm.new_tuple(out)
    }

    /// Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name.
    ///
    ///   default
    ///     Is used for groups that did not participate in the match.
    #[pymethod(sig = "($self, /, default=None)")]
    fn groupdict(vm: &Vm, this: &Ref<Self>, default: Value) -> PyResult<Ref<Dict>> {
        let text = this.text(vm)?;
        let out = vm.new_dict()?;
        for name in this.pattern.groupindex.keys() {
            let i = this.index(vm, &name)?;
            out.set(vm, &name, this.text_of(vm, &text, i, &default)?)?;
        }
        Ok(out)
    }

    /// Return the string obtained by doing backslash substitution on the string template, as done by the sub() method.
    #[pymethod(sig = "($self, /, template)")]
    fn expand(vm: &Vm, this: &Ref<Self>, template: &Value) -> PyResult {
        let filter = scanner::compile_template(vm, &this.pattern, template)?;
        match filter.downcast_ref::<scanner::Template>() {
            Some(t) => t.expand(vm, this, &this.text(vm)?),
            None => Ok(filter),
        }
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

    /// The string passed to match() or search().
    #[getter]
    fn string(&self) -> Value {
        self.string.clone()
    }

    /// The regular expression object.
    #[getter]
    fn re(&self) -> Ref<Pattern> {
        self.pattern.clone()
    }

    /// The index into the string at which the RE engine started looking for a match.
    #[getter]
    fn pos(&self) -> usize {
        self.pos
    }

    /// The index into the string beyond which the RE engine will not go.
    #[getter]
    fn endpos(&self) -> usize {
        self.endpos
    }

    /// The integer index of the last matched capturing group.
    #[getter]
    fn lastindex(&self) -> Option<usize> {
        self.lastindex
    }

    /// The name of the last matched capturing group.
    #[getter]
    fn lastgroup(&self) -> Option<Value> {
        self.pattern.indexgroup.get(self.lastindex?)
    }

    #[getter]
    fn regs(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        let mut out = Vec::with_capacity(self.spans.len());
        for group in 0..self.spans.len() {
            let span = self.span_of(group);
            let (a, b) = span.map_or((-1, -1), |(a, b)| (a as i64, b as i64));
            out.push(
                vm.new_tuple(vec![vm.new_int(a)?, vm.new_int(b)?])?
                    .into_value(),
            );
        }
        vm.new_tuple(out)
    }
}
