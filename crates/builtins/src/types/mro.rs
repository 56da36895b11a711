//! The order in which a class and its bases are searched: C3 linearization, and metaclasses' own `mro()`.

use taipan_object::{PyResult, Ref, Tuple, TypeObject, TypeRef, Value, Vm};

fn class_name(vm: &Vm, v: &Value) -> String {
    match v.downcast_ref::<TypeObject>() {
        Some(t) => t.name.get().to_string_lossy().into_owned(),
        None => vm.repr_string(v).unwrap_or_default(),
    }
}

/// The MRO of a class by C3 (`type.mro`).
pub fn c3(vm: &Vm, ty: &TypeRef) -> PyResult<Vec<Value>> {
    let bases = match ty.bases.get() {
        Some(b) => b.as_slice().to_vec(),
        None => Vec::new(),
    };
    let mut sequences: Vec<Vec<Value>> = Vec::with_capacity(bases.len() + 1);
    for b in &bases {
        let Some(t) = b.downcast_ref::<TypeObject>() else {
            return Err(vm.type_error("bases must be types"));
        };
        match t.mro.get() {
            Some(m) => sequences.push(m.as_slice().to_vec()),
            None => {
                return Err(vm.type_error(&format!(
                    "Cannot extend an incomplete type '{}'",
                    t.full_name()
                )));
            }
        }
    }
    let mut out = vec![ty.as_value().clone()];
    if let [one] = sequences.as_slice() {
        out.extend(one.iter().cloned());
        return Ok(out);
    }
    for (i, b) in bases.iter().enumerate() {
        if bases.iter().skip(i + 1).any(|other| other.is(b)) {
            return Err(vm.type_error(&format!("duplicate base class {}", class_name(vm, b))));
        }
    }
    sequences.push(bases);
    let mut heads = vec![0usize; sequences.len()];
    loop {
        let mut left = false;
        let mut next = None;
        for (seq, &head) in sequences.iter().zip(&heads) {
            let Some(candidate) = seq.get(head) else {
                continue;
            };
            left = true;
            let in_a_tail = sequences
                .iter()
                .zip(&heads)
                .any(|(s, &h)| s.iter().skip(h + 1).any(|x| x.is(candidate)));
            if !in_a_tail {
                next = Some(candidate.clone());
                break;
            }
        }
        let Some(next) = next else {
            if !left {
                return Ok(out);
            }
            return Err(inconsistent(vm, &sequences, &heads));
        };
        for (seq, head) in sequences.iter().zip(&mut heads) {
            if seq.get(*head).is_some_and(|x| x.is(&next)) {
                *head += 1;
            }
        }
        out.push(next);
    }
}

#[cold]
fn inconsistent(vm: &Vm, sequences: &[Vec<Value>], heads: &[usize]) -> taipan_object::Raised {
    let mut names: Vec<String> = Vec::new();
    let mut seen: Vec<&Value> = Vec::new();
    for (s, &h) in sequences.iter().zip(heads) {
        if let Some(v) = s.get(h)
            && !seen.iter().any(|x| x.is(v))
        {
            seen.push(v);
            names.push(class_name(vm, v));
        }
    }
    vm.type_error(&format!(
        "Cannot create a consistent method resolution order (MRO) for bases {}",
        names.join(", ")
    ))
}

/// Computes a class's MRO, by the metaclass's `mro()` if it has one of its own. The class is not changed.
pub fn compute(vm: &Vm, ty: &TypeRef) -> PyResult<Ref<Tuple>> {
    let meta = vm.type_of(ty.as_value());
    if std::ptr::eq(meta, vm.types().type_.object()) {
        return vm.new_tuple(c3(vm, ty)?);
    }
    let name = vm.intern("mro")?;
    let native = vm
        .types()
        .type_
        .dict
        .get()
        .and_then(|d| d.get_str(vm, &name));
    let found = vm.lookup(&meta.payload, &name);
    if let (Some(a), Some(b)) = (&native, &found)
        && a.is(b)
    {
        return vm.new_tuple(c3(vm, ty)?);
    }
    let Some(r) = vm.call_special(ty.as_value(), &name, &[])? else {
        return vm.new_tuple(c3(vm, ty)?);
    };
    let order = vm.collect(&r)?;
    if order.is_empty() {
        return Err(vm.type_error("type MRO must not be empty"));
    }
    let solid = super::layout::solid_base(vm, ty);
    for c in &order {
        let Some(t) = c.downcast_ref::<TypeObject>() else {
            return Err(vm.type_error(&format!(
                "mro() returned a non-class ('{}')",
                vm.type_name(c)
            )));
        };
        if !solid.is_subtype(super::layout::solid_base(vm, t).object()) {
            return Err(vm.type_error(&format!(
                "mro() returned base with unsuitable layout ('{}')",
                t.full_name()
            )));
        }
    }
    vm.new_tuple(order)
}
