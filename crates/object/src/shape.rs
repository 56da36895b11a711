//! Shapes (hidden classes): which attribute is at which inline place of an instance.
//! A shape belongs to one version of one type, so that comparing an instance's shape with a cached one says at once what its
//! type is, that the type has not changed, and where its attributes are. Shape 0 means: no inline attributes.

use std::cell::{Cell, UnsafeCell};

use rustc_hash::FxHashMap;

use crate::class::{TypeObject, TypeRef};
use crate::containers::string::Str;
use crate::reference::{Object, Ref};
use crate::value::Value;
use crate::vm::Vm;

/// Shapes beyond this number do not exist: instances use dicts then.
const MAX_SHAPES: usize = 1 << 24;

struct Shape {
    /// The type it belongs to; cleared when the type dies.
    owner: Cell<*const Object<TypeObject>>,
    /// The type's version when the shape was made.
    version: u32,
    parent: u32,
    /// The attribute that this shape adds to its parent.
    key: Option<Ref<Str>>,
    len: u16,
    transitions: Vec<(usize, u32)>,
    lookup: Option<FxHashMap<usize, u16>>,
}

/// The shapes of an interpreter.
pub struct Shapes {
    all: UnsafeCell<Vec<Shape>>,
    /// What [`Shapes::find`] found lately. Entries stay true: shapes never change, their numbers are not used again, and
    /// a shape keeps its names alive, so that an address cannot come to mean another of its names.
    recent: Box<[Cell<Recent>]>,
}

/// The place of a name (its address) in a shape, -1 when it has none.
#[derive(Clone, Copy)]
struct Recent {
    name: usize,
    shape: u32,
    place: i32,
}

const RECENT: usize = 1024;

impl Shapes {
    pub(crate) fn new() -> Shapes {
        let none = Shape {
            owner: Cell::new(std::ptr::null()),
            version: 0,
            parent: 0,
            key: None,
            len: 0,
            transitions: Vec::new(),
            lookup: None,
        };
        Shapes {
            all: UnsafeCell::new(vec![none]),
            recent: vec![
                Cell::new(Recent {
                    name: 0,
                    shape: 0,
                    place: -1,
                });
                RECENT
            ]
            .into_boxed_slice(),
        }
    }

    fn all(&self) -> &Vec<Shape> {
        // SAFETY: methods of this file hold no reference across anything that can change the table.
        unsafe { &*self.all.get() }
    }

    #[allow(clippy::mut_from_ref, reason = "private, and each use ends at once")]
    fn all_mut(&self) -> &mut Vec<Shape> {
        // SAFETY: as above; uses are single statements that run no foreign code.
        unsafe { &mut *self.all.get() }
    }

    fn add(&self, s: Shape) -> u32 {
        let n = self.all().len();
        if n >= MAX_SHAPES {
            return 0;
        }
        self.all_mut().push(s);
        n as u32
    }

    /// Number of attributes.
    pub fn len(&self, id: u32) -> usize {
        self.all().get(id as usize).map_or(0, |s| s.len as usize)
    }

    /// Whether there are no attributes.
    pub fn is_empty(&self, id: u32) -> bool {
        self.len(id) == 0
    }

    /// The shape without the last attribute.
    pub fn parent(&self, id: u32) -> u32 {
        self.all().get(id as usize).map_or(0, |s| s.parent)
    }

    /// The version of the type that the shape belongs to.
    pub fn version(&self, id: u32) -> u32 {
        self.all().get(id as usize).map_or(0, |s| s.version)
    }

    /// The place of an interned name.
    #[inline]
    pub fn find(&self, id: u32, name: &Ref<Str>) -> Option<usize> {
        let addr = name.as_ptr().addr();
        let slot = self
            .recent
            .get((addr >> 4 ^ (id as usize).wrapping_mul(37)) % RECENT)?;
        let recent = slot.get();
        if recent.name == addr && recent.shape == id {
            return usize::try_from(recent.place).ok();
        }
        let found = self.search(id, addr);
        slot.set(Recent {
            name: addr,
            shape: id,
            place: found.map_or(-1, |i| i as i32),
        });
        found
    }

    #[inline(never)]
    fn search(&self, id: u32, addr: usize) -> Option<usize> {
        let s = self.all().get(id as usize)?;
        if let Some(map) = &s.lookup {
            return map.get(&addr).map(|&i| i as usize);
        }
        if s.len > 8 {
            let mut map = FxHashMap::default();
            self.each(id, &mut |i, k| {
                map.insert(k.as_ptr().addr(), i as u16);
            });
            let found = map.get(&addr).map(|&i| i as usize);
            if let Some(s) = self.all_mut().get_mut(id as usize) {
                s.lookup = Some(map);
            }
            return found;
        }
        let mut at = s;
        while let Some(k) = &at.key {
            if k.as_ptr().addr() == addr {
                return Some(at.len as usize - 1);
            }
            at = self.all().get(at.parent as usize)?;
        }
        None
    }

    /// Calls `f` with each place and name, last first.
    fn each(&self, id: u32, f: &mut dyn FnMut(usize, &Ref<Str>)) {
        let mut at = id;
        while let Some(s) = self.all().get(at as usize)
            && let Some(k) = &s.key
        {
            f(s.len as usize - 1, k);
            at = s.parent;
        }
    }

    /// The names, in order of their places.
    pub fn keys(&self, id: u32) -> Vec<Ref<Str>> {
        let mut out = Vec::with_capacity(self.len(id));
        self.each(id, &mut |_, k| out.push(k.clone()));
        out.reverse();
        out
    }

    /// The shape with one interned name more; 0 when there are too many shapes.
    pub fn with_key(&self, id: u32, name: &Ref<Str>) -> u32 {
        let addr = name.as_ptr().addr();
        let Some(s) = self.all().get(id as usize) else {
            return 0;
        };
        if let Some(&(_, next)) = s.transitions.iter().find(|t| t.0 == addr) {
            return next;
        }
        if s.transitions.len() > 512 {
            // Names made up at run time: such instances use dicts.
            return 0;
        }
        let child = Shape {
            owner: Cell::new(s.owner.get()),
            version: s.version,
            parent: id,
            key: Some(name.clone()),
            len: s.len + 1,
            transitions: Vec::new(),
            lookup: None,
        };
        let next = self.add(child);
        if next != 0
            && let Some(s) = self.all_mut().get_mut(id as usize)
        {
            s.transitions.push((addr, next));
        }
        next
    }

    /// Empties the shapes below a root, when its type dies (no instance is left). Their numbers are not used again: caches
    /// may still hold them.
    pub(crate) fn release(&self, root: u32) {
        let mut work = vec![root];
        while let Some(id) = work.pop() {
            if id == 0 {
                continue;
            }
            let Some(s) = self.all_mut().get_mut(id as usize) else {
                continue;
            };
            work.extend(s.transitions.iter().map(|t| t.1));
            s.transitions.clear();
            s.owner.set(std::ptr::null());
            let key = s.key.take();
            drop(key);
        }
    }
}

impl Vm {
    /// The shape of instances of `ty` with no attributes, for the type's present version; 0 when there is none.
    pub fn root_shape(&self, ty: &TypeRef) -> u32 {
        let root = ty.root_shape.get();
        let version = self.type_version(ty);
        let shapes = &self.interp().shapes;
        if root != 0 && shapes.version(root) == version {
            return root;
        }
        if version == 0 {
            return 0;
        }
        let id = shapes.add(Shape {
            owner: Cell::new(ty.as_ptr()),
            version,
            parent: 0,
            key: None,
            len: 0,
            transitions: Vec::new(),
            lookup: None,
        });
        ty.old_roots.borrow_mut().push(id);
        ty.root_shape.set(id);
        id
    }

    /// The shape of instances of `ty` with attributes of these interned names, in this order; 0 when such instances use
    /// dicts. It may be kept in `known` from one call to the next.
    pub fn shape_of_names(&self, ty: &TypeRef, names: &[Ref<Str>], known: &Cell<u32>) -> u32 {
        let shapes = &self.interp().shapes;
        let shape = known.get();
        if shape != 0 && shapes.version(shape) == self.type_version(ty) {
            return shape;
        }
        if names.len() > ty.inline_cap() {
            return 0;
        }
        let mut shape = self.root_shape(ty);
        for name in names {
            if shape == 0 {
                break;
            }
            shape = shapes.with_key(shape, name);
        }
        known.set(shape);
        shape
    }

    /// Gives a new instance its shape.
    #[inline]
    pub(crate) fn init_shape(&self, v: &Value) {
        if let Some(h) = v.header() {
            let ty = h.ty();
            let root = ty.payload.root_shape.get();
            if root != 0 && self.interp().shapes.version(root) == ty.payload.version.get() {
                h.set_shape(root);
            } else {
                h.set_shape(self.root_shape(&ty.to_ref()));
            }
        }
    }

    /// The shape of the same attributes under the type's present version; the instance keeps its values.
    /// Gives the instance's shape, 0 when it uses a dict.
    pub fn refresh_shape(&self, v: &Value) -> u32 {
        let Some(h) = v.header() else { return 0 };
        let id = h.shape();
        if id == 0 {
            return 0;
        }
        let ty = h.ty();
        let shapes = &self.interp().shapes;
        if shapes.version(id) == ty.payload.version.get() && ty.payload.version.get() != 0 {
            return id;
        }
        let mut new = self.root_shape(&ty.to_ref());
        if new == 0 {
            return id;
        }
        for k in shapes.keys(id) {
            new = shapes.with_key(new, &k);
            if new == 0 {
                return id;
            }
        }
        h.set_shape(new);
        new
    }
}
