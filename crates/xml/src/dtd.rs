//! What the document type declares, and the names that were met: elements, attributes, prefixes, entities.

use std::collections::HashMap;

use crate::event::{Content, ContentType, Quantifier, Text};

/// Things by name, in the order in which they came.
#[derive(Clone)]
pub(crate) struct Named<T> {
    index: HashMap<Text, usize>,
    items: Vec<T>,
}

impl<T> Default for Named<T> {
    fn default() -> Named<T> {
        Named {
            index: HashMap::new(),
            items: Vec::new(),
        }
    }
}

impl<T> Named<T> {
    pub(crate) fn find(&self, name: &[u8]) -> Option<usize> {
        self.index.get(name).copied()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.items.get_mut(index)
    }

    pub(crate) fn add(&mut self, name: Text, item: T) -> usize {
        let index = self.items.len();
        self.items.push(item);
        self.index.insert(name, index);
        index
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.iter_mut()
    }
}

/// An entity, general or parameter.
#[derive(Clone)]
pub(crate) struct Entity {
    pub(crate) name: Text,
    /// The replacement text of an internal entity.
    pub(crate) text: Option<Text>,
    pub(crate) system_id: Option<Text>,
    pub(crate) base: Option<Text>,
    pub(crate) public_id: Option<Text>,
    pub(crate) notation: Option<Text>,
    /// It is being expanded.
    pub(crate) open: bool,
    pub(crate) is_parameter: bool,
    /// It was declared in the document itself, not in an external or a parameter entity.
    pub(crate) is_internal: bool,
}

impl Entity {
    pub(crate) fn new(name: Text, is_parameter: bool) -> Entity {
        Entity {
            name,
            text: None,
            system_id: None,
            base: None,
            public_id: None,
            notation: None,
            open: false,
            is_parameter,
            is_internal: false,
        }
    }
}

/// Which entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntityId {
    pub(crate) parameter: bool,
    pub(crate) index: usize,
}

/// A namespace prefix.
#[derive(Clone)]
pub(crate) struct Prefix {
    /// None: the default namespace.
    pub(crate) name: Option<Text>,
    /// Its binding now, as an index into the parser's.
    pub(crate) binding: Option<usize>,
}

/// The default namespace's prefix.
pub(crate) const DEFAULT_PREFIX: usize = 0;

/// What an attribute's name means in a start tag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    No,
    Yes,
    /// Yes, and its prefix is to be replaced.
    Prefixed,
}

/// An attribute's name.
#[derive(Clone)]
pub(crate) struct AttributeId {
    pub(crate) name: Text,
    /// Where the name behind the prefix begins.
    pub(crate) local: usize,
    pub(crate) prefix: Option<usize>,
    /// Some declaration says that it is no CDATA.
    pub(crate) maybe_tokenized: bool,
    /// It declares a namespace.
    pub(crate) is_xmlns: bool,
    pub(crate) seen: Seen,
}

/// A declared attribute of an element type.
#[derive(Clone)]
pub(crate) struct DeclaredAttribute {
    pub(crate) id: usize,
    pub(crate) is_cdata: bool,
    pub(crate) value: Option<Text>,
}

/// An element type.
#[derive(Clone)]
pub(crate) struct ElementType {
    pub(crate) name: Text,
    pub(crate) prefix: Option<usize>,
    /// Where the name behind the prefix begins.
    pub(crate) local: usize,
    pub(crate) id_attribute: Option<usize>,
    pub(crate) declared: Vec<DeclaredAttribute>,
    /// The element type that came behind this one the last time: most often it does so again.
    pub(crate) successor: usize,
    /// The attributes that it had the last time.
    pub(crate) usual: Vec<usize>,
    /// The first declaration of each attribute.
    first: HashMap<usize, usize>,
}

impl ElementType {
    pub(crate) fn declaration(&self, attribute: usize) -> Option<&DeclaredAttribute> {
        if self.declared.is_empty() {
            return None;
        }
        self.declared.get(*self.first.get(&attribute)?)
    }
}

/// A node of a content model that is being read.
#[derive(Clone, Default)]
struct Scaffold {
    kind: Option<ContentType>,
    quantifier: Option<Quantifier>,
    name: Option<Text>,
    children: Vec<usize>,
}

/// A document type. Parsers of external parameter entities share that of the document.
#[derive(Clone)]
pub(crate) struct Dtd {
    pub(crate) general: Named<Entity>,
    pub(crate) parameter: Named<Entity>,
    pub(crate) elements: Named<ElementType>,
    pub(crate) attributes: Named<AttributeId>,
    pub(crate) prefixes: Named<Prefix>,
    /// False once a reference to a parameter entity was skipped.
    pub(crate) keep_processing: bool,
    /// There were references to parameter entities; the external subset is one.
    pub(crate) has_param_entity_refs: bool,
    pub(crate) standalone: bool,
    /// An external parameter entity was really read.
    pub(crate) param_entity_read: bool,
    /// The element declaration that is being read, if somebody wants to know.
    pub(crate) in_element_decl: bool,
    /// The value that is being read of the entity that is being declared. Parsers of external entities in it add to it.
    pub(crate) entity_value: Vec<u8>,
    scaffold: Vec<Scaffold>,
    /// The open groups.
    levels: Vec<usize>,
}

/// The name that the external subset has among parameter entities.
pub(crate) const EXTERNAL_SUBSET: &[u8] = b"#";

impl Dtd {
    pub(crate) fn new() -> Dtd {
        let mut dtd = Dtd {
            general: Named::default(),
            parameter: Named::default(),
            elements: Named::default(),
            attributes: Named::default(),
            prefixes: Named::default(),
            keep_processing: true,
            has_param_entity_refs: false,
            standalone: false,
            param_entity_read: false,
            in_element_decl: false,
            entity_value: Vec::new(),
            scaffold: Vec::new(),
            levels: Vec::new(),
        };
        dtd.prefixes.items.push(Prefix {
            name: None,
            binding: None,
        });
        dtd
    }

    /// A copy for the parser of an external general entity: nothing is bound or open in it.
    pub(crate) fn copied(&self) -> Dtd {
        let mut copy = self.clone();
        copy.prefixes.iter_mut().for_each(|p| p.binding = None);
        copy.general.iter_mut().for_each(|e| e.open = false);
        copy.parameter.iter_mut().for_each(|e| e.open = false);
        copy.attributes.iter_mut().for_each(|a| a.seen = Seen::No);
        copy
    }

    pub(crate) fn entity(&self, id: EntityId) -> Option<&Entity> {
        let entities = if id.parameter {
            &self.parameter
        } else {
            &self.general
        };
        entities.get(id.index)
    }

    pub(crate) fn entity_mut(&mut self, id: EntityId) -> Option<&mut Entity> {
        let entities = if id.parameter {
            &mut self.parameter
        } else {
            &mut self.general
        };
        entities.get_mut(id.index)
    }

    pub(crate) fn set_open(&mut self, id: EntityId, open: bool) {
        if let Some(entity) = self.entity_mut(id) {
            entity.open = open;
        }
    }

    /// The entity that stands for the external subset; it is made if there is none.
    pub(crate) fn external_subset(&mut self) -> EntityId {
        let index = self.parameter.find(EXTERNAL_SUBSET).unwrap_or_else(|| {
            let name: Text = EXTERNAL_SUBSET.into();
            let entity = Entity::new(name.clone(), false);
            self.parameter.add(name, entity)
        });
        EntityId {
            parameter: true,
            index,
        }
    }

    pub(crate) fn prefix(&mut self, name: &[u8]) -> usize {
        self.prefixes.find(name).unwrap_or_else(|| {
            let name: Text = name.into();
            let prefix = Prefix {
                name: Some(name.clone()),
                binding: None,
            };
            self.prefixes.add(name, prefix)
        })
    }

    pub(crate) fn element_type(&mut self, name: &[u8]) -> usize {
        if let Some(found) = self.elements.find(name) {
            return found;
        }
        let colon = name.iter().position(|&c| c == b':');
        let prefix = colon.map(|at| self.prefix(name.get(..at).unwrap_or_default()));
        let name: Text = name.into();
        let element = ElementType {
            name: name.clone(),
            prefix,
            local: colon.map_or(0, |at| at + 1),
            id_attribute: None,
            declared: Vec::new(),
            successor: 0,
            usual: Vec::new(),
            first: HashMap::new(),
        };
        self.elements.add(name, element)
    }

    pub(crate) fn attribute_id(&mut self, name: &[u8], namespaces: bool) -> usize {
        if let Some(found) = self.attributes.find(name) {
            return found;
        }
        let mut id = AttributeId {
            name: name.into(),
            local: 0,
            prefix: None,
            maybe_tokenized: false,
            is_xmlns: false,
            seen: Seen::No,
        };
        if namespaces {
            if name == b"xmlns" {
                id.prefix = Some(DEFAULT_PREFIX);
                id.is_xmlns = true;
            } else if let Some(prefix) = name.strip_prefix(b"xmlns:") {
                id.prefix = Some(self.prefix(prefix));
                id.is_xmlns = true;
            } else if let Some(at) = name.iter().position(|&c| c == b':') {
                id.prefix = Some(self.prefix(name.get(..at).unwrap_or_default()));
                id.local = at + 1;
            }
        }
        self.attributes.add(id.name.clone(), id)
    }

    /// Adds a declared attribute to an element type. Defaults of attributes that were declared before do not count.
    pub(crate) fn define_attribute(
        &mut self,
        element: usize,
        attribute: usize,
        is_cdata: bool,
        is_id: bool,
        value: Option<Text>,
    ) {
        let (Some(element), Some(id)) = (
            self.elements.get_mut(element),
            self.attributes.get_mut(attribute),
        ) else {
            return;
        };
        if value.is_some() || is_id {
            if element.first.contains_key(&attribute) {
                return;
            }
            if is_id && element.id_attribute.is_none() && !id.is_xmlns {
                element.id_attribute = Some(attribute);
            }
        }
        if !is_cdata {
            id.maybe_tokenized = true;
        }
        let index = element.declared.len();
        element.first.entry(attribute).or_insert(index);
        element.declared.push(DeclaredAttribute {
            id: attribute,
            is_cdata,
            value,
        });
    }

    // ----- content models

    pub(crate) fn begin_model(&mut self) {
        self.scaffold.clear();
        self.levels.clear();
        self.in_element_decl = true;
    }

    fn add_node(&mut self) -> usize {
        let index = self.scaffold.len();
        if let Some(&parent) = self.levels.last()
            && let Some(parent) = self.scaffold.get_mut(parent)
        {
            parent.children.push(index);
        }
        self.scaffold.push(Scaffold::default());
        index
    }

    pub(crate) fn open_group(&mut self) {
        let index = self.add_node();
        self.levels.push(index);
        self.set_group(ContentType::Sequence);
    }

    fn group(&mut self) -> Option<&mut Scaffold> {
        self.scaffold.get_mut(*self.levels.last()?)
    }

    pub(crate) fn set_group(&mut self, kind: ContentType) {
        if let Some(group) = self.group() {
            group.kind = Some(kind);
        }
    }

    pub(crate) fn group_is_mixed(&mut self) -> bool {
        self.group()
            .is_some_and(|g| g.kind == Some(ContentType::Mixed))
    }

    pub(crate) fn add_name(&mut self, name: Text, quantifier: Quantifier) {
        let index = self.add_node();
        if let Some(node) = self.scaffold.get_mut(index) {
            node.kind = Some(ContentType::Name);
            node.quantifier = Some(quantifier);
            node.name = Some(name);
        }
    }

    /// Closes a group; true if that was the outermost one.
    pub(crate) fn close_group(&mut self, quantifier: Quantifier) -> bool {
        if let Some(group) = self.group() {
            group.quantifier = Some(quantifier);
        }
        self.levels.pop();
        self.levels.is_empty()
    }

    pub(crate) fn take_model(&mut self) -> Vec<Content> {
        std::mem::take(&mut self.scaffold)
            .into_iter()
            .map(|node| Content {
                kind: node.kind.unwrap_or(ContentType::Sequence),
                quantifier: node.quantifier.unwrap_or(Quantifier::None),
                name: node.name,
                children: node.children,
            })
            .collect()
    }
}
