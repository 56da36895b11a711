//! `_suggestions`: the name that was probably meant by a misspelt one, for "Did you mean".

use taipan_macros::pyfunctions;
use taipan_object::{List, ModuleSpec, PyResult, Ref, Str, Value, Vm};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_suggestions",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

/// With more candidates than this, none is looked at.
const MAX_CANDIDATES: usize = 750;
/// Longer differences are not measured.
const MAX_LENGTH: usize = 40;
/// The cost of a character that is missing, superfluous or another one.
const MOVE_COST: usize = 2;
/// The cost of a character in the other case.
const CASE_COST: usize = 1;

fn substitution_cost(a: u8, b: u8) -> usize {
    if a == b {
        0
    } else if a.eq_ignore_ascii_case(&b) {
        CASE_COST
    } else {
        MOVE_COST
    }
}

/// The Levenshtein distance of two UTF-8 texts, byte by byte; something above `max` as soon as it is more than that.
fn distance(a: &[u8], b: &[u8], max: usize) -> usize {
    if a == b {
        return 0;
    }
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y);
    let suffix = suffix.count();
    let (mut a, mut b) = (&a[..a.len() - suffix], &b[..b.len() - suffix]);
    if a.is_empty() || b.is_empty() {
        return (a.len() + b.len()) * MOVE_COST;
    }
    if a.len() > MAX_LENGTH || b.len() > MAX_LENGTH {
        return max + 1;
    }
    if b.len() < a.len() {
        std::mem::swap(&mut a, &mut b);
    }
    if (b.len() - a.len()) * MOVE_COST > max {
        return max + 1;
    }
    // One row of the matrix, updated in place.
    let mut row: Vec<usize> = (1..=a.len()).map(|i| i * MOVE_COST).collect();
    let mut result = 0;
    for (i, y) in b.iter().enumerate() {
        let mut diagonal = i * MOVE_COST;
        result = diagonal;
        let mut least = usize::MAX;
        for (x, place) in a.iter().zip(&mut row) {
            let substitute = diagonal + substitution_cost(*y, *x);
            diagonal = *place;
            result = substitute.min(result.min(diagonal) + MOVE_COST);
            *place = result;
            least = least.min(result);
        }
        if least > max {
            return max + 1;
        }
    }
    result
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Returns the candidate in candidates that's closest to item
    #[pyfunction(sig = "($module, candidates, item, /)")]
    fn _generate_suggestions(vm: &Vm, candidates: &Value, item: &Ref<Str>) -> PyResult {
        let exact = vm.type_value(candidates).is(&vm.types().list);
        let Some(list) = candidates.downcast_ref::<List>().filter(|_| exact) else {
            return Err(vm.type_error("candidates must be a list"));
        };
        let candidates = list.to_vec();
        if candidates.iter().any(|c| c.downcast_ref::<Str>().is_none()) {
            return Err(vm.type_error("all elements in 'candidates' must be strings"));
        }
        if candidates.len() >= MAX_CANDIDATES {
            return Ok(vm.none());
        }
        let wrong = taipan_object::convert::utf8(vm, item)?.into_owned();
        let mut best: Option<(usize, &Value)> = None;
        for candidate in &candidates {
            let Some(name) = candidate.downcast_ref::<Str>() else {
                continue;
            };
            let text = taipan_object::convert::utf8(vm, name)?;
            if *text == *wrong {
                continue;
            }
            // No more than a third of the characters may need to change.
            let limit = (text.len() + wrong.len() + 3) * MOVE_COST / 6;
            let limit = best.map_or(limit, |(least, _)| limit.min(least.saturating_sub(1)));
            let cost = distance(wrong.as_bytes(), text.as_bytes(), limit);
            if cost <= limit && best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, candidate));
            }
        }
        Ok(best.map_or_else(|| vm.none(), |(_, c)| c.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances_are_cpythons() {
        for (a, b, cost) in [
            ("", "", 0),
            ("", "a", 2),
            ("a", "A", 1),
            ("Apple", "Aple", 2),
            ("Banana", "B@n@n@", 6),
            ("Cherry", "Cherry!", 2),
            ("abc", "y", 6),
            ("aa", "bb", 4),
            ("AB", "Ba", 4),
            ("ABA", "AAB", 4),
            ("AttributeError", "AttributeErrorTests", 10),
        ] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes(), 1000), cost, "{a} {b}");
            assert_eq!(distance(b.as_bytes(), a.as_bytes(), 1000), cost, "{b} {a}");
        }
    }
}
