//! Tidy layout of trees, after Reingold and Tilford: nodes of one depth are on one line, a node stands over the middle of
//! its children, equal subtrees look equal, and subtrees are as close as their outlines allow. Widths may differ.

/// A node to be placed.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Its width.
    pub width: f64,
    /// Its children, all of which come after it.
    pub children: Vec<usize>,
}

/// The outline of a subtree: by depth, how far it reaches to the left and to the right of its root's middle.
#[derive(Default)]
struct Outline {
    left: Vec<f64>,
    right: Vec<f64>,
}

/// The middles of the nodes, the first of which is the root, with at least `gap` between neighbours; and the width of all.
pub fn place(shapes: &[Shape], gap: f64) -> (Vec<f64>, f64) {
    let mut outlines: Vec<Outline> = Vec::new();
    outlines.resize_with(shapes.len(), Outline::default);
    // How far each node is to the right of its parent.
    let mut shifts = vec![0.0; shapes.len()];
    for (i, shape) in shapes.iter().enumerate().rev() {
        let mut all = Outline::default();
        let mut last = 0.0;
        for (n, &child) in shape.children.iter().enumerate() {
            let outline = std::mem::take(&mut outlines[child]);
            let common = all.right.iter().zip(&outline.left);
            let shift = common.map(|(right, left)| right - left + gap);
            let shift = if n == 0 {
                0.0
            } else {
                shift.fold(f64::MIN, f64::max)
            };
            for (depth, (left, right)) in outline.left.iter().zip(&outline.right).enumerate() {
                match all.right.get_mut(depth) {
                    Some(reach) => *reach = shift + right,
                    None => {
                        all.left.push(shift + left);
                        all.right.push(shift + right);
                    }
                }
            }
            shifts[child] = shift;
            last = shift;
        }
        let middle = last / 2.0;
        for &child in &shape.children {
            shifts[child] -= middle;
        }
        let half = shape.width / 2.0;
        outlines[i] = Outline {
            left: std::iter::once(-half)
                .chain(all.left.iter().map(|x| x - middle))
                .collect(),
            right: std::iter::once(half)
                .chain(all.right.iter().map(|x| x - middle))
                .collect(),
        };
    }
    let Some(root) = outlines.first() else {
        return (Vec::new(), 0.0);
    };
    let least = root.left.iter().copied().fold(f64::MAX, f64::min);
    let most = root.right.iter().copied().fold(f64::MIN, f64::max);
    let mut places = vec![-least; shapes.len()];
    for (i, shape) in shapes.iter().enumerate() {
        for &child in &shape.children {
            places[child] = places[i] + shifts[child];
        }
    }
    (places, most - least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_stand_over_their_children_and_nothing_overlaps() {
        let shape = |width, children: &[usize]| Shape {
            width,
            children: children.to_vec(),
        };
        let shapes = [
            shape(10.0, &[1, 2]),
            shape(30.0, &[3, 4]),
            shape(10.0, &[5]),
            shape(10.0, &[]),
            shape(10.0, &[]),
            shape(50.0, &[]),
        ];
        let (places, width) = place(&shapes, 5.0);
        assert_eq!(places[0], (places[1] + places[2]) / 2.0);
        assert_eq!(places[1], (places[3] + places[4]) / 2.0);
        assert_eq!(places[2], places[5]);
        assert!(places[5] - 25.0 >= places[4] + 5.0 + 5.0);
        assert!(places[3] >= 5.0 && places[5] + 25.0 <= width + 1e-9);
    }
}
