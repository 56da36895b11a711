//! The order of sets among constants: hashes of constants as Python computes them with `PYTHONHASHSEED=0`.

use crate::constant::Constant;
use dashu_int::Sign;
use taipan_numeric::{hash, places};
use taipan_wtf8::Wtf8;

/// `hash(None)`.
const NONE: i64 = 0xFCA8_6420;

/// The elements in the order in which a set is iterated over that was made of them, and then made again `times` - 1 times of
/// what that gave. As they are when one is hashed by its address.
pub fn in_order(items: &[Constant], times: usize) -> Vec<Constant> {
    let mut items = items.to_vec();
    let Some(mut hashes) = items.iter().map(hash).collect::<Option<Vec<i64>>>() else {
        return items;
    };
    for _ in 0..times {
        let order = places::order(&hashes);
        items = order.iter().map(|&i| items[i].clone()).collect();
        hashes = order.iter().map(|&i| hashes[i]).collect();
    }
    items
}

/// `hash(constant)`; `None` when that depends on an address. Constants nest no deeper than the source they come from, or than
/// `marshal` reads.
fn hash(constant: &Constant) -> Option<i64> {
    let all = |items: &[Constant]| items.iter().map(hash).collect::<Option<Vec<i64>>>();
    Some(match constant {
        Constant::None => NONE,
        Constant::True => 1,
        Constant::False => 0,
        Constant::Int(value) => {
            let (sign, words) = value.as_sign_words();
            hash::int_limbs(sign == Sign::Negative, words)
        }
        Constant::Float(value) => hash::float(**value)?,
        Constant::Complex(value) => hash::complex(hash::float(value.0)?, hash::float(value.1)?),
        Constant::Str(text) => hash::bytes(hash::Key::default(), &units(&text.text)),
        Constant::Bytes(bytes) => hash::bytes(hash::Key::default(), bytes),
        Constant::Tuple(items) => hash::tuple(all(items)?),
        Constant::FrozenSet(items) => hash::frozenset(all(items)?),
        Constant::Slice(parts) => {
            let mut state = hash::TupleHash::default();
            for part in all(&parts[..])? {
                state.add(part);
            }
            state.finish_without_length()
        }
        Constant::Ellipsis
        | Constant::StopIteration
        | Constant::List(_)
        | Constant::Dict(_)
        | Constant::Set(_)
        | Constant::Code(_) => return None,
    })
}

/// A text's code points in the narrowest form that holds them all, as bytes.
fn units(text: &Wtf8) -> Vec<u8> {
    let most = text.code_points().max().unwrap_or(0);
    let points = text.code_points();
    match most {
        0..=0xFF => points.map(|point| point as u8).collect(),
        0x100..=0xFFFF => points
            .flat_map(|point| (point as u16).to_le_bytes())
            .collect(),
        _ => points.flat_map(u32::to_le_bytes).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_order;
    use crate::Constant;
    use crate::repr::repr;

    #[test]
    fn sets_are_in_pythons_order() {
        let set = |items: &[&str]| items.iter().map(|s| Constant::str(*s)).collect::<Vec<_>>();
        let told = |items: Vec<Constant>| items.iter().map(repr).collect::<Vec<_>>().join(" ");
        let words = set(&["attlist", "linktype", "link", "element"]);
        assert_eq!(
            told(in_order(&words, 1)),
            "'linktype' 'element' 'link' 'attlist'"
        );
        assert_eq!(
            told(in_order(&words, 2)),
            "'linktype' 'attlist' 'link' 'element'"
        );
        let mixed = vec![
            Constant::float(2.5),
            Constant::str("日本"),
            Constant::str("é"),
            Constant::bytes(b"x"),
            Constant::None,
            Constant::int(1i64 << 40),
            Constant::tuple(vec![Constant::int(-1), Constant::True]),
        ];
        assert_eq!(
            told(in_order(&mixed, 1)),
            "None 1099511627776 2.5 'é' b'x' '日本' (-1, True)"
        );
        let unknown = vec![Constant::Ellipsis, Constant::int(7), Constant::int(3)];
        assert_eq!(told(in_order(&unknown, 1)), "Ellipsis 7 3");
    }
}
