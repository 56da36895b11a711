//! `XMLParser`: tells a target, most often a [`TreeBuilder`], what it parses. A native builder gets it without any call of
//! Python's.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Bytes, Dict, Payload, PyCell, PyResult, Raised, Ref, Str, Traverse, TypeObject, TypeSpec,
    Value, Visitor, Vm, payload, tpflags,
};
use taipan_xml::{Error, Event, Markup, Next, Parser, Text, want};

use super::builder::{self, HAPPENINGS, Happening, TreeBuilder};
use super::{new_parse_error, state};
use crate::text;

/// The methods of targets.
#[derive(Clone, Copy)]
enum Method {
    StartNs,
    EndNs,
    Start,
    Data,
    End,
    Comment,
    Pi,
    Close,
    Doctype,
}

/// Their names, in the order of [`Method`].
const METHODS: [&str; 9] = [
    "start_ns", "end_ns", "start", "data", "end", "comment", "pi", "close", "doctype",
];

/// Bytes that are read from a file at once.
const CHUNK: usize = 64 * 1024;

/// The payload of parsers.
pub(super) struct XmlParser {
    /// None: `__init__` has not run.
    core: RefCell<Option<Parser>>,
    target: PyCell<Option<Value>>,
    /// The target, if it is a native builder of exactly that class.
    builder: PyCell<Option<Ref<TreeBuilder>>>,
    entity: PyCell<Option<Ref<Dict>>>,
    methods: [PyCell<Option<Value>>; METHODS.len()],
    /// Names that were met.
    names: RefCell<HashMap<Box<[u8]>, Ref<Str>>>,
    /// Names of elements with their namespaces, and of attributes, by the parser's numbers.
    tags: RefCell<Vec<Option<(Option<Text>, Ref<Str>)>>>,
    attributes: RefCell<Vec<Option<Ref<Str>>>>,
}

payload!(XmlParser, gc);

impl Traverse for XmlParser {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.target.visit(visit);
        self.builder.visit(visit);
        self.entity.visit(visit);
        for method in &self.methods {
            method.visit(visit);
        }
    }
    fn clear(&self) {
        self.target.set(None);
        self.builder.set(None);
        self.entity.set(None);
        for method in &self.methods {
            method.set(None);
        }
    }
}

/// `xml.etree.ElementTree.XMLParser`
pub(super) static XML_PARSER: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE | tpflags::IMMUTABLETYPE,
    parts: &[&PARSER_METHODS],
    ..TypeSpec::new(
        "XMLParser",
        "xml.etree.ElementTree",
        <XmlParser as Payload>::layout,
    )
};

impl XmlParser {
    fn method(&self, method: Method) -> Option<Value> {
        self.methods.get(method as usize)?.get()
    }

    /// Runs `f` on the parser, which nobody else has meanwhile; no Python code may run in it.
    fn with<R>(&self, f: impl FnOnce(&mut Parser) -> R) -> Option<R> {
        self.core.borrow_mut().as_mut().map(f)
    }

    fn set_wanted(&self, bits: u32) {
        self.with(|core| core.set_wanted(bits, true));
    }

    /// A name with its namespace as `{uri}local`.
    fn universal(&self, vm: &Vm, name: &[u8]) -> PyResult<Ref<Str>> {
        let mut names = self.names.borrow_mut();
        if let Some(known) = names.get(name) {
            return Ok(known.clone());
        }
        let made = if name.contains(&b'}') {
            let mut full = Vec::with_capacity(name.len() + 1);
            full.push(b'{');
            full.extend_from_slice(name);
            text::string(vm, &full)?
        } else {
            text::string(vm, name)?
        };
        names.insert(name.into(), made.clone());
        Ok(made)
    }

    /// The tag of the element that begins.
    fn tag(&self, vm: &Vm, core: &Parser) -> PyResult<Ref<Str>> {
        let (id, uri) = core.element_id();
        let mut tags = self.tags.borrow_mut();
        if let Some(Some((known, tag))) = tags.get(id)
            && match (known, uri) {
                (None, None) => true,
                (Some(known), Some(uri)) => Rc::ptr_eq(known, uri),
                _ => false,
            }
        {
            return Ok(tag.clone());
        }
        let tag = self.universal(vm, core.element_name())?;
        if tags.len() <= id {
            tags.resize(id + 1, None);
        }
        if let Some(place) = tags.get_mut(id) {
            *place = Some((uri.cloned(), tag.clone()));
        }
        Ok(tag)
    }

    /// The name of an attribute of the element that begins.
    fn attribute_name(
        &self,
        vm: &Vm,
        core: &Parser,
        index: usize,
        name: &[u8],
    ) -> PyResult<Ref<Str>> {
        let Some(id) = core.attribute_id(index) else {
            return self.universal(vm, name);
        };
        let mut names = self.attributes.borrow_mut();
        if let Some(Some(known)) = names.get(id) {
            return Ok(known.clone());
        }
        let made = self.universal(vm, name)?;
        if names.len() <= id {
            names.resize(id + 1, None);
        }
        if let Some(place) = names.get_mut(id) {
            *place = Some(made.clone());
        }
        Ok(made)
    }

    fn optional_name(&self, vm: &Vm, name: Option<&Text>) -> PyResult {
        match name {
            Some(name) => Ok(self.universal(vm, name)?.into_value()),
            None => Ok(vm.none()),
        }
    }
}

#[cold]
fn raise_error(vm: &Vm, this: &XmlParser, code: Error, message: &str) -> Raised {
    let (line, column) = this
        .with(|core| (core.line(), core.column()))
        .unwrap_or((1, 0));
    let make = || {
        let message = format!("{message}: line {line}, column {column}");
        let error = new_parse_error(vm, &message)?;
        vm.setattr_str(&error, "code", &vm.new_usize(code as usize)?)?;
        let position = [vm.new_int(line as i64)?, vm.new_int(column as i64)?];
        let position = vm.new_tuple_array(position)?.into_value();
        vm.setattr_str(&error, "position", &position)?;
        Ok(error)
    };
    match make() {
        Ok(error) => vm.raise(error),
        Err(raised) => raised,
    }
}

fn not_initialized(vm: &Vm) -> Raised {
    vm.value_error("XMLParser.__init__() wasn't called")
}

/// Parses a piece of input.
fn parse(vm: &Vm, this: &Ref<XmlParser>, data: &[u8], is_final: bool) -> PyResult<()> {
    if this.with(|core| core.is_running()) == Some(true) {
        return Err(vm.runtime_error("cannot parse from within a handler of the same parser"));
    }
    let begun = this.with(|core| core.begin(data, data.len(), is_final));
    let result = match begun {
        None => return Err(not_initialized(vm)),
        Some(Err(error)) => Err(error),
        Some(Ok(())) => loop {
            let Some(next) = this.with(Parser::advance) else {
                return Err(not_initialized(vm));
            };
            match next {
                Next::Done(result) => break result,
                // The first error counts; what comes then is told to nobody.
                Next::Event(_) if vm.has_exception() => {}
                Next::Event(event) => drop(tell(vm, this, event)),
            }
        },
    };
    if vm.has_exception() {
        return Err(vm.raised());
    }
    result.map_err(|error| raise_error(vm, this, error, error.message()))
}

/// Tells an event to the target.
fn tell(vm: &Vm, this: &Ref<XmlParser>, event: Event) -> PyResult<()> {
    let builder = this.builder.get();
    match event {
        Event::StartElement => start(vm, this, builder.as_ref()),
        Event::EndElement => match &builder {
            Some(builder) => builder.handle_end(vm).map(drop),
            None => {
                let Some(end) = this.method(Method::End) else {
                    return Ok(());
                };
                let tag = {
                    let core = this.core.borrow();
                    let name = core.as_ref().map(Parser::element_name);
                    this.universal(vm, name.unwrap_or_default())?
                };
                vm.call1(&end, tag.as_value()).map(drop)
            }
        },
        Event::Characters => {
            if let Some(builder) = &builder {
                this.with(|core| builder.raw_data(core.text()));
                return Ok(());
            }
            let Some(data) = this.method(Method::Data) else {
                return Ok(());
            };
            let text = {
                let core = this.core.borrow();
                text::string(vm, core.as_ref().map(Parser::text).unwrap_or_default())?
            };
            vm.call1(&data, text.as_value()).map(drop)
        }
        Event::Default => default(vm, this, builder.as_ref()),
        Event::Markup(markup) => tell_markup(vm, this, builder.as_ref(), *markup),
    }
}

fn start(vm: &Vm, this: &Ref<XmlParser>, builder: Option<&Ref<TreeBuilder>>) -> PyResult<()> {
    let (tag, attrib) = {
        let core = this.core.borrow();
        let Some(core) = core.as_ref() else {
            return Ok(());
        };
        let tag = this.tag(vm, core)?;
        let count = core.attribute_count();
        let attrib = if count == 0 {
            None
        } else {
            let attrib = vm.new_dict()?;
            for k in 0..count {
                if let Some((name, value)) = core.attribute(k) {
                    let name = this.attribute_name(vm, core, k, name)?;
                    attrib.set_str(vm, &name, text::string(vm, value)?.into_value())?;
                }
            }
            Some(attrib)
        };
        (tag.into_value(), attrib)
    };
    if let Some(builder) = builder {
        return builder.handle_start(vm, tag, attrib).map(drop);
    }
    let Some(start) = this.method(Method::Start) else {
        return Ok(());
    };
    let attrib = match attrib {
        Some(attrib) => attrib,
        None => vm.new_dict()?,
    };
    vm.call_pos(&start, &[tag, attrib.into_value()]).map(drop)
}

/// What has no handler: references to entities that are not declared may be in `entity`.
fn default(vm: &Vm, this: &Ref<XmlParser>, builder: Option<&Ref<TreeBuilder>>) -> PyResult<()> {
    let key = {
        let core = this.core.borrow();
        match core.as_ref().map(Parser::text) {
            Some(text @ [b'&', rest @ .., _]) => (
                text::string(vm, rest)?,
                String::from_utf8_lossy(text).into_owned(),
            ),
            _ => return Ok(()),
        }
    };
    let (name, reference) = key;
    let Some(entity) = this.entity.get() else {
        return Ok(());
    };
    let Some(value) = entity.get(vm, name.as_value())? else {
        let mut message = format!("undefined entity {reference}");
        let mut length = message.len().min("undefined entity ".len() + 100);
        while !message.is_char_boundary(length) {
            length -= 1;
        }
        message.truncate(length);
        return Err(raise_error(vm, this, Error::UndefinedEntity, &message));
    };
    match (builder, this.method(Method::Data)) {
        (Some(builder), _) => builder.handle_data(vm, &value),
        (None, Some(data)) => vm.call1(&data, &value).map(drop),
        (None, None) => Ok(()),
    }
}

fn tell_markup(
    vm: &Vm,
    this: &Ref<XmlParser>,
    builder: Option<&Ref<TreeBuilder>>,
    markup: Markup,
) -> PyResult<()> {
    let string = |text: &[u8]| Ok::<Value, Raised>(text::string(vm, text)?.into_value());
    let optional = |text: &Option<Text>| string(text.as_deref().unwrap_or_default());
    match markup {
        Markup::Comment(text) => match builder {
            Some(builder) => builder.handle_comment(vm, &string(&text)?).map(drop),
            None => match this.method(Method::Comment) {
                Some(comment) => vm.call1(&comment, &string(&text)?).map(drop),
                None => Ok(()),
            },
        },
        Markup::ProcessingInstruction { target, data } => {
            if let Some(builder) = builder {
                if builder.watches(Happening::Pi) || builder.inserts_pis() {
                    builder.handle_pi(vm, &string(&target)?, &string(&data)?)?;
                }
                return Ok(());
            }
            match this.method(Method::Pi) {
                Some(pi) => vm
                    .call_pos(&pi, &[string(&target)?, string(&data)?])
                    .map(drop),
                None => Ok(()),
            }
        }
        Markup::StartNamespace { prefix, uri } => {
            if let Some(builder) = builder {
                if builder.watches(Happening::StartNs) {
                    builder.handle_start_ns(vm, optional(&prefix)?, optional(&uri)?)?;
                }
                return Ok(());
            }
            match this.method(Method::StartNs) {
                Some(start) => vm
                    .call_pos(&start, &[optional(&prefix)?, optional(&uri)?])
                    .map(drop),
                None => Ok(()),
            }
        }
        Markup::EndNamespace { prefix } => {
            if let Some(builder) = builder {
                if builder.watches(Happening::EndNs) {
                    builder.handle_end_ns(vm)?;
                }
                return Ok(());
            }
            match this.method(Method::EndNs) {
                Some(end) => vm.call1(&end, &optional(&prefix)?).map(drop),
                None => Ok(()),
            }
        }
        Markup::StartDoctype {
            name,
            system_id,
            public_id,
            ..
        } => {
            let args = [
                this.universal(vm, &name)?.into_value(),
                this.optional_name(vm, public_id.as_ref())?,
                this.optional_name(vm, system_id.as_ref())?,
            ];
            if let Some(doctype) = this.method(Method::Doctype) {
                return vm.call_pos(&doctype, &args).map(drop);
            }
            if vm.getattr_str_opt(this.as_value(), "doctype")?.is_some() {
                vm.warn(
                    &vm.exc().RuntimeWarning,
                    "The doctype() method of XMLParser is ignored.  Define doctype() method on the TreeBuilder target.",
                    1,
                )?;
            }
            Ok(())
        }
        Markup::UnknownEncoding { name } => {
            let map = text::encoding_map(vm, &name)?;
            this.with(|core| core.answer_encoding(Some(map)));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What a target gives in the end.
fn close_target(vm: &Vm, this: &Ref<XmlParser>) -> PyResult<Option<Value>> {
    Ok(this.builder.get().map(|builder| builder.done(vm)))
}

#[pymethods(PARSER_METHODS)]
impl XmlParser {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<XmlParser>> {
        let _ = args;
        vm.new_object(
            cls,
            XmlParser {
                core: RefCell::new(None),
                target: PyCell::new(None),
                builder: PyCell::new(None),
                entity: PyCell::new(None),
                methods: [const { PyCell::new(None) }; METHODS.len()],
                names: RefCell::default(),
                tags: RefCell::default(),
                attributes: RefCell::default(),
            },
        )
    }

    #[pyslot(name = "XMLParser", params = "(*, target=None, encoding=None)")]
    fn tp_init(vm: &Vm, this: &Ref<Self>, target: Value, encoding: Option<&str>) -> PyResult<()> {
        let _ = state(vm);
        this.entity.set(Some(vm.new_dict()?));
        let mut core = Parser::new(encoding.map(str::as_bytes), Some(b'}'));
        let target = if vm.is_none(&target) {
            builder::create(vm)?.into_value()
        } else {
            target
        };
        for (place, name) in this.methods.iter().zip(METHODS) {
            place.set(vm.getattr_str_opt(&target, name)?);
        }
        let native = vm.class::<TreeBuilder>()?;
        this.builder.set(
            target
                .downcast_ref::<TreeBuilder>()
                .filter(|_| std::ptr::eq(vm.type_of(&target), native.object()))
                .cloned(),
        );
        this.target.set(Some(target));
        let mut bits = want::START_ELEMENT
            | want::END_ELEMENT
            | want::CHARACTERS
            | want::DEFAULT
            | want::START_DOCTYPE
            | want::UNKNOWN_ENCODING;
        let has = |method| this.method(method).is_some();
        if has(Method::StartNs) || has(Method::EndNs) {
            bits |= want::START_NAMESPACE | want::END_NAMESPACE;
        }
        if has(Method::Comment) {
            bits |= want::COMMENT;
        }
        if has(Method::Pi) {
            bits |= want::PROCESSING_INSTRUCTION;
        }
        core.set_wanted(bits, true);
        // Numbers are those of one parser.
        drop((this.tags.take(), this.attributes.take()));
        this.core.replace(Some(core));
        Ok(())
    }

    #[pymethod(sig = "($self, data, /)", doc = "")]
    fn feed(vm: &Vm, this: &Ref<Self>, data: &Value) -> PyResult<()> {
        if this.core.borrow().is_none() {
            return Err(not_initialized(vm));
        }
        if let Some(s) = data.downcast_ref::<Str>() {
            let utf8 = text::utf8(vm, data, s)?;
            // It makes no difference any more once parsing has begun.
            this.with(|core| core.set_encoding(Some(b"utf-8")));
            return parse(vm, this, utf8.as_bytes(), false);
        }
        if let Some(bytes) = data.downcast_ref::<Bytes>() {
            return parse(vm, this, bytes.as_slice(), false);
        }
        parse(vm, this, &vm.bytes_like(data)?, false)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult {
        parse(vm, this, b"", true)?;
        match (close_target(vm, this)?, this.method(Method::Close)) {
            (Some(root), _) => Ok(root),
            (None, Some(close)) => vm.call0(&close),
            (None, None) => Ok(vm.none()),
        }
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn flush(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        this.with(|core| core.set_reparse_deferral(false));
        let result = parse(vm, this, b"", false);
        this.with(|core| core.set_reparse_deferral(true));
        result
    }

    #[pymethod(sig = "($self, file, /)", doc = "")]
    fn _parse_whole(vm: &Vm, this: &Ref<Self>, file: &Value) -> PyResult {
        if this.core.borrow().is_none() {
            return Err(not_initialized(vm));
        }
        let read = vm.getattr_str(file, "read")?;
        let size = vm.new_usize(CHUNK)?;
        loop {
            let data = vm.call1(&read, &size)?;
            if let Some(s) = data.downcast_ref::<Str>() {
                if s.is_empty() {
                    break;
                }
                this.with(|core| core.set_encoding(Some(b"utf-8")));
                match s.to_str() {
                    Some(text) => parse(vm, this, text.as_bytes(), false)?,
                    None => {
                        let args = ["utf-8", "surrogatepass"];
                        let args = [
                            vm.new_str(args[0])?.into_value(),
                            vm.new_str(args[1])?.into_value(),
                        ];
                        let bytes = vm.call_method_str(&data, "encode", &args)?;
                        parse(vm, this, &vm.bytes_like(&bytes)?, false)?;
                    }
                }
                continue;
            }
            match data.downcast_ref::<Bytes>() {
                Some(bytes) if !bytes.is_empty() => parse(vm, this, bytes.as_slice(), false)?,
                _ => break,
            }
        }
        parse(vm, this, b"", true)?;
        Ok(close_target(vm, this)?.unwrap_or_else(|| vm.none()))
    }

    #[pymethod(sig = "($self, events_queue, events_to_report=None, /)", doc = "")]
    fn _setevents(
        vm: &Vm,
        this: &Ref<Self>,
        events_queue: &Value,
        events_to_report: Value,
    ) -> PyResult<()> {
        if this.core.borrow().is_none() {
            return Err(not_initialized(vm));
        }
        let Some(builder) = this.builder.get() else {
            return Err(
                vm.type_error("event handling only supported for ElementTree.TreeBuilder targets")
            );
        };
        builder.watch(vm.getattr_str(events_queue, "append")?);
        if vm.is_none(&events_to_report) {
            builder.watch_event(Happening::End, vm.new_str("end")?.into_value());
            return Ok(());
        }
        let events = super::element::items_of(vm, &events_to_report, "events must be a sequence")?;
        for event in events {
            let name = match (event.downcast_ref::<Str>(), event.downcast_ref::<Bytes>()) {
                (Some(s), _) => s.to_string_lossy().into_owned(),
                (None, Some(b)) => String::from_utf8_lossy(b.as_slice()).into_owned(),
                _ => return Err(vm.value_error("invalid events sequence")),
            };
            let Some(&(_, known)) = HAPPENINGS.iter().find(|(n, _)| *n == name) else {
                return Err(vm.value_error(&format!("unknown event '{name}'")));
            };
            match known {
                Happening::StartNs | Happening::EndNs => {
                    this.set_wanted(want::START_NAMESPACE | want::END_NAMESPACE);
                }
                Happening::Comment => this.set_wanted(want::COMMENT),
                Happening::Pi => this.set_wanted(want::PROCESSING_INSTRUCTION),
                Happening::Start | Happening::End => {}
            }
            builder.watch_event(known, event);
        }
        Ok(())
    }

    #[member]
    fn entity(this: &Ref<Self>) -> Option<Ref<Dict>> {
        this.entity.get()
    }

    #[member]
    fn target(this: &Ref<Self>) -> Option<Value> {
        this.target.get()
    }

    #[getter]
    fn version(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let _ = this;
        let (major, minor, micro) = crate::expat::HEADER_VERSION;
        vm.new_str(&format!("Expat {major}.{minor}.{micro}"))
    }
}
