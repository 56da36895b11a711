//! "Did you mean": the known name that is nearest to a misspelt one, by CPython's measure.

/// The cost of inserting, deleting or replacing a byte.
const MOVE: usize = 2;
/// The cost of a letter in the other case.
const CASE: usize = 1;
/// Longer names are never compared.
const MAX_LEN: usize = 40;
/// Longer lists are never searched.
const MAX_CANDIDATES: usize = 750;

/// The candidate nearest to `name` in edit distance, if one is near enough to be meant.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &'a str)> = None;
    for (n, candidate) in candidates.into_iter().enumerate() {
        if n >= MAX_CANDIDATES {
            return None;
        }
        if candidate == name {
            continue;
        }
        // More than a third of the characters involved may not change.
        let mut limit = (name.len() + candidate.len() + 3) * MOVE / 6;
        if let Some((distance, _)) = best {
            limit = limit.min(distance.saturating_sub(1));
        }
        if let Some(distance) = distance(name.as_bytes(), candidate.as_bytes(), limit) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, s)| s)
}

fn substitution(a: u8, b: u8) -> usize {
    if a == b {
        0
    } else if a.eq_ignore_ascii_case(&b) {
        CASE
    } else {
        MOVE
    }
}

/// The weighted Levenshtein distance, `None` if it is above `limit`.
fn distance(a: &[u8], b: &[u8], limit: usize) -> Option<usize> {
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (a, b) = (&a[..a.len() - suffix], &b[..b.len() - suffix]);
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if b.len() > MAX_LEN && !a.is_empty() {
        return None;
    }
    if (b.len() - a.len()) * MOVE > limit {
        return None;
    }
    let mut row: Vec<usize> = (1..=a.len()).map(|i| i * MOVE).collect();
    for (j, &y) in b.iter().enumerate() {
        let mut diagonal = j * MOVE;
        let mut left = diagonal + MOVE;
        for (x, above) in a.iter().zip(&mut row) {
            let value = (diagonal + substitution(*x, y)).min(left.min(*above) + MOVE);
            diagonal = *above;
            *above = value;
            left = value;
        }
    }
    let result = row.last().copied().unwrap_or(b.len() * MOVE);
    (result <= limit).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn near_names_are_found() {
        let split = ["sep", "maxsplit"];
        assert_eq!(suggest("sepp", split), Some("sep"));
        assert_eq!(suggest("max_split", split), Some("maxsplit"));
        assert_eq!(suggest("maxsp", split), None);
        assert_eq!(suggest("keyy", ["key", "reverse"]), Some("key"));
        assert_eq!(suggest("rev", ["key", "reverse"]), None);
        assert_eq!(suggest("cnt", ["count"]), None);
        assert_eq!(suggest("SEP", split), Some("sep"));
        assert_eq!(
            suggest("optimise", ["flags", "dont_inherit", "optimize"]),
            Some("optimize")
        );
    }
}
