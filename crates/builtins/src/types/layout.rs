//! How instances of a class lie in memory: which base decides it, and where slots, `__dict__` and inline attributes go.

use taipan_object::class::{AT_END, InstanceLayout};
use taipan_object::{
    Bytes, Dict, Int, Payload, PyResult, Ref, Str, Tuple, TypeObject, TypeRef, Value, Vm, tpflags,
};

/// Attributes beyond this number are not kept inline.
const MAX_INLINE: usize = 30;
/// Inline places of classes whose methods set no attributes: something else usually does.
const DEFAULT_INLINE: usize = 4;
/// Of so many places that are known to be wanted there is one more: attributes are set from outside as well, and an instance
/// that has no room for all keeps none inline.
const WANTED_PER_SPARE: usize = 4;

/// Whether instances have a part of variable size in CPython (`tp_itemsize`), which rules out nonempty `__slots__`.
pub fn has_itemsize(ty: &TypeObject) -> bool {
    itemsize(ty) != 0
}

/// `__itemsize__`
pub fn itemsize(ty: &TypeObject) -> usize {
    let l = ty.layout();
    [
        (Int::layout(), 4),
        (Tuple::layout(), 8),
        (Bytes::layout(), 1),
        (<TypeObject as Payload>::layout(), 40),
    ]
    .into_iter()
    .find(|(x, _)| std::ptr::eq(l, *x))
    .map_or(0, |(_, size)| size)
}

fn adds_to_layout(ty: &TypeObject, base: &TypeObject) -> bool {
    !std::ptr::eq(ty.layout(), base.layout())
        || ty.instance.borrow().member_offsets.len() != base.instance.borrow().member_offsets.len()
}

/// The class that gave instances of `ty` their present layout, `__dict__` aside.
pub fn solid_base(vm: &Vm, ty: &TypeRef) -> TypeRef {
    let mut at = ty.clone();
    loop {
        let Some(base) = at.base.get() else {
            return vm.types().object.clone();
        };
        if adds_to_layout(&at, &base) {
            return at;
        }
        at = base;
    }
}

/// The base whose layout a class with these bases extends.
pub fn best_base(vm: &Vm, bases: &[Value]) -> PyResult<TypeRef> {
    let mut best: Option<(TypeRef, TypeRef)> = None;
    for b in bases {
        let Some(t) = b.downcast_ref::<TypeObject>() else {
            return Err(vm.type_error("bases must be types"));
        };
        if !t.has_flag(tpflags::BASETYPE) {
            return Err(vm.type_error(&format!(
                "type '{}' is not an acceptable base type",
                t.full_name()
            )));
        }
        let solid = solid_base(vm, t);
        best = match best {
            None => Some((t.clone(), solid)),
            Some((base, winner)) => {
                if winner.is_subtype(solid.object()) {
                    Some((base, winner))
                } else if solid.is_subtype(winner.object()) {
                    Some((t.clone(), solid))
                } else {
                    return Err(vm.type_error("multiple bases have instance lay-out conflict"));
                }
            }
        };
    }
    Ok(best.map_or_else(|| vm.types().object.clone(), |(b, _)| b))
}

/// Number of inline attribute places of a new class: the attributes that its methods and those of its bases set, or its
/// annotations name, and some more.
pub fn inline_capacity(vm: &Vm, dict: &Ref<Dict>, bases: &[Value]) -> usize {
    let name = &vm.names().__static_attributes__;
    let mut seen: Vec<Value> = Vec::new();
    let mut add = |d: &Ref<Dict>| {
        if let Some(v) = d.get_str(vm, name)
            && let Some(t) = v.downcast_ref::<Tuple>()
        {
            for x in t.as_slice() {
                let known =
                    seen.iter().any(
                        |s| match (s.downcast_ref::<Str>(), x.downcast_ref::<Str>()) {
                            (Some(a), Some(b)) => a.same_text(b),
                            _ => s.is(x),
                        },
                    );
                if !known && seen.len() < MAX_INLINE {
                    seen.push(x.clone());
                }
            }
        }
    };
    add(dict);
    // A dataclass sets what it annotates, in methods that are made later.
    let annotated = match dict.get_str(vm, &vm.names().__annotate_func__) {
        Some(f) => (vm.hooks().annotated)(&f),
        None => dict
            .get_str(vm, &vm.names().__annotations__)
            .and_then(|a| a.downcast::<Dict>().ok())
            .map_or(0, |a| a.len()),
    };
    let mut inherited = 0;
    for b in bases.iter().filter_map(|b| b.downcast_ref::<TypeObject>()) {
        inherited = inherited.max(b.inline_cap());
        for t in b.mro.get().iter().flat_map(|m| m.as_slice()) {
            if let Some(d) = t.downcast_ref::<TypeObject>().and_then(|t| t.dict.get()) {
                add(&d);
            }
        }
    }
    let wanted = match seen.len().max(annotated) {
        0 => DEFAULT_INLINE,
        n => n + 1 + n / WANTED_PER_SPARE,
    };
    // Annotations of a class are mostly of other attributes than those of its bases.
    let added = if inherited > DEFAULT_INLINE {
        annotated
    } else {
        0
    };
    wanted.max(inherited + added).min(MAX_INLINE)
}

/// As `derive`, where instances have a variable part: members and dict stand behind it, new ones behind inherited ones.
fn derive_at_end(
    vm: &Vm,
    base: &TypeObject,
    members: usize,
    has_dict: bool,
) -> PyResult<(InstanceLayout, Vec<u32>)> {
    let inherited = base.instance.borrow().clone();
    let start = usize::from(inherited.end_words);
    let adds_dict = has_dict && inherited.dict_offset == 0;
    let words = u16::try_from(start + members + usize::from(adds_dict));
    let Ok(end_words) = words else {
        return Err(vm.no_memory());
    };
    let at = |word: usize| (AT_END + 8 * word) as u32;
    let new: Vec<u32> = (start..start + members).map(at).collect();
    let mut offsets = inherited.member_offsets.to_vec();
    offsets.extend(&new);
    let layout = InstanceLayout {
        size: base.layout().size as u32,
        dict_offset: if adds_dict {
            at(start + members)
        } else {
            inherited.dict_offset
        },
        member_offsets: offsets.into_boxed_slice(),
        end_words,
        ..InstanceLayout::default()
    };
    Ok((layout, new))
}

/// The layout of a class that derives from `base`, with `members` new slots, with or without `__dict__`;
/// also gives the offsets of the new slots.
pub fn derive(
    vm: &Vm,
    base: &TypeObject,
    members: usize,
    has_dict: bool,
    inline_cap: usize,
) -> PyResult<(InstanceLayout, Vec<u32>)> {
    let payload = base.layout().size;
    let inherited = base.instance.borrow().member_offsets.to_vec();
    if base.layout().var_size.is_some() {
        return derive_at_end(vm, base, members, has_dict);
    }
    let start = payload.next_multiple_of(8) + 8 * inherited.len();
    let end = members
        .checked_mul(8)
        .and_then(|n| n.checked_add(start))
        .filter(|&n| n < (1 << 20));
    let Some(end) = end else {
        return Err(vm.no_memory());
    };
    let new: Vec<u32> = (start..end).step_by(8).map(|o| o as u32).collect();
    let mut offsets = inherited;
    offsets.extend(&new);
    let mut layout = InstanceLayout {
        size: end as u32,
        member_offsets: offsets.into_boxed_slice(),
        ..InstanceLayout::default()
    };
    if has_dict {
        let own = base.dict_offset();
        if own != 0 && own < payload {
            // The payload itself has the word (modules).
            layout.dict_offset = own as u32;
            layout.inline_offset = end as u32;
        } else {
            layout.dict_offset = end as u32;
            layout.inline_offset = end as u32 + 8;
            layout.inline_cap = inline_cap as u16;
            layout.size = end as u32 + 8 + 8 * inline_cap as u32;
        }
    }
    Ok((layout, new))
}
