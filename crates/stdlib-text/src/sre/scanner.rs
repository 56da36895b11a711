//! Scanners, the iterator of `finditer`, and templates of replacements.

use std::cell::Cell;

use taipan_builtins::str_::join_values;
use taipan_macros::pymethods;
use taipan_object::{
    IntRef, List, Payload, PyResult, Ref, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};
use taipan_sre::Scan;

use super::matched::Match;
use super::pattern::Pattern;
use super::subject::{Text, VmEnv};

/// Where a sequence of searches over one subject stands.
pub struct Scanner {
    pattern: Ref<Pattern>,
    string: Value,
    text: Text,
    pos: usize,
    end: usize,
    scan: Cell<Scan>,
}

payload!(Scanner, gc);

impl Traverse for Scanner {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.pattern.as_value());
        visit(&self.string);
        match &self.text {
            Text::Str(s) => visit(s.as_value()),
            Text::Bytes(b) => visit(b.as_value()),
            Text::Copy(_) => {}
        }
    }
}

impl Scanner {
    /// A scanner at the start of a range.
    pub fn new(
        pattern: &Ref<Pattern>,
        string: &Value,
        text: Text,
        pos: usize,
        end: usize,
    ) -> Scanner {
        Scanner {
            pattern: pattern.clone(),
            string: string.clone(),
            text,
            pos,
            end,
            scan: Cell::new(Scan::new(pos)),
        }
    }

    fn next(&self, vm: &Vm, anchored: bool) -> PyResult<Option<Ref<Match>>> {
        self.pattern.with_state(|state| {
            let mut env = VmEnv::new(vm);
            let subject = self.text.subject(self.end);
            let mut scan = self.scan.get();
            let program = &self.pattern.program;
            let found = if anchored {
                scan.match_here(state, program, subject, &mut env)
            } else {
                scan.search(state, program, subject, &mut env)
            };
            self.scan.set(scan);
            if !env.finish(found)? {
                return Ok(None);
            }
            vm.new(Match::new(
                &self.string,
                &self.pattern,
                state,
                self.pos,
                self.end,
            ))
            .map(Some)
        })
    }
}

/// `_sre.SRE_Scanner`
pub static SCANNER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    parts: &[&SCANNER_METHODS],
    ..TypeSpec::new("SRE_Scanner", "_sre", <Scanner as Payload>::layout)
};

#[pymethods(SCANNER_METHODS)]
impl Scanner {
    #[pymethod(sig = "($self, /)", doc = "", name = "match")]
    fn match_(&self, vm: &Vm) -> PyResult<Option<Ref<Match>>> {
        self.next(vm, true)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn search(&self, vm: &Vm) -> PyResult<Option<Ref<Match>>> {
        self.next(vm, false)
    }

    #[getter]
    fn pattern(&self) -> Ref<Pattern> {
        self.pattern.clone()
    }
}

/// The payload of what `finditer` gives, which Python sees as a `callable_iterator`.
pub struct FindIter {
    scanner: Scanner,
    done: Cell<bool>,
}

payload!(FindIter, gc);

impl Traverse for FindIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.scanner.traverse(visit);
    }
}

impl FindIter {
    /// An iterator over the matches that a scanner finds.
    pub fn new(scanner: Scanner) -> FindIter {
        FindIter {
            scanner,
            done: Cell::new(false),
        }
    }
}

/// `callable_iterator`
pub static FIND_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&FIND_ITER_METHODS],
    ..TypeSpec::new(
        "callable_iterator",
        "builtins",
        <FindIter as Payload>::layout,
    )
};

#[pymethods(FIND_ITER_METHODS)]
impl FindIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Ref<Match>>> {
        if self.done.get() {
            return Ok(None);
        }
        let found = self.scanner.next(vm, false)?;
        self.done.set(found.is_none());
        Ok(found)
    }
}

/// The payload of `_sre.SRE_Template`: literals and groups in turn.
pub struct Template {
    literal: Value,
    /// A group and the literal after it, `None` for an empty one.
    chunks: Vec<(usize, Option<Value>)>,
}

payload!(Template, gc);

impl Traverse for Template {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.literal);
        self.chunks
            .iter()
            .filter_map(|c| c.1.as_ref())
            .for_each(visit);
    }
}

/// `_sre.SRE_Template`
pub static TEMPLATE: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    ..TypeSpec::new("SRE_Template", "_sre", <Template as Payload>::layout)
};

impl Template {
    /// The replacement when there are no groups in it.
    pub fn plain(&self) -> Option<&Value> {
        self.chunks.is_empty().then_some(&self.literal)
    }

    /// The replacement for a match.
    pub fn expand(&self, vm: &Vm, m: &Match, text: &Text) -> PyResult {
        if self.chunks.is_empty() {
            return Ok(self.literal.clone());
        }
        let mut parts = vec![self.literal.clone()];
        let empty = text.part(vm, 0, 0)?;
        for (group, literal) in &self.chunks {
            parts.push(m.text_of(vm, text, *group, &empty)?);
            parts.extend(literal.clone());
        }
        join(vm, text.is_bytes(), parts)
    }
}

/// Joins parts of one kind.
pub fn join(vm: &Vm, bytes: bool, parts: Vec<Value>) -> PyResult {
    if bytes {
        let empty = vm.new_bytes(b"")?;
        let list = vm.new_list(parts)?;
        return taipan_builtins::bytes_::shared::join(vm, &empty, list.as_value());
    }
    let empty = vm.new_str("")?;
    Ok(join_values(vm, &empty, &parts)?.into_value())
}

/// `_sre.template`
pub fn template(vm: &Vm, pattern: &Ref<Pattern>, list: &Ref<List>) -> PyResult<Ref<Template>> {
    let bad = || vm.type_error("invalid template");
    let items = list.to_vec();
    let mut items = items.into_iter();
    let Some(literal) = items.next() else {
        return Err(bad());
    };
    let mut chunks = Vec::new();
    while let Some(group) = items.next() {
        let index = group
            .as_int()
            .and_then(IntRef::to_i64)
            .and_then(|i| usize::try_from(i).ok());
        let Some(index) = index.filter(|&i| i <= pattern.program.groups()) else {
            return Err(bad());
        };
        let after = items.next();
        let after = match after {
            Some(v) if vm.len(&v)? == 0 => None,
            other => other,
        };
        chunks.push((index, after));
    }
    vm.new(Template { literal, chunks })
}

/// The template of a replacement, from `re`'s cache.
pub fn compile_template(vm: &Vm, pattern: &Ref<Pattern>, replacement: &Value) -> PyResult {
    let re = vm.import("re")?;
    let f = vm.getattr_str(&re, "_compile_template")?;
    vm.call_pos(&f, &[pattern.as_value().clone(), replacement.clone()])
}
