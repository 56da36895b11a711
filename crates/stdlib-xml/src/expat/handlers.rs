//! Runs a parser and calls its handlers.

use taipan_object::{PyResult, Ref, Str, Value, Vm};
use taipan_xml::{Content, Error, Event, Markup, Next, Text};

use super::xmlparser::{HANDLERS, XmlParser, handler};
use crate::text;

/// Parses a piece of input. Exceptions of handlers stay pending: they come before the result. `request` is the size of pieces
/// that the caller has in mind.
pub(super) fn run(
    vm: &Vm,
    this: &Ref<XmlParser>,
    data: &[u8],
    request: usize,
    is_final: bool,
) -> Result<(), Error> {
    this.core.borrow_mut().begin(data, request, is_final)?;
    loop {
        let next = this.core.borrow_mut().advance();
        match next {
            Next::Done(result) => return result,
            // Nothing is called any more after an exception.
            Next::Event(_) if vm.has_exception() => {}
            Next::Event(event) => {
                if tell(vm, this, event).is_err() {
                    fail(this);
                }
            }
        }
    }
}

/// After an exception: there are no handlers any more, and parsing stops.
fn fail(this: &Ref<XmlParser>) {
    {
        let mut core = this.core.borrow_mut();
        for (_, bit) in HANDLERS.iter().take(handler::COUNT) {
            core.set_wanted(*bit, false);
        }
        core.set_default_expand(true);
        core.stop();
    }
    for place in &this.handlers {
        place.set(None);
    }
}

/// Calls a handler. Exceptions get an entry for it in their traceback.
fn call(vm: &Vm, this: &Ref<XmlParser>, index: usize, f: &Value, args: &[Value]) -> PyResult {
    this.in_callback.set(true);
    let result = vm.call_pos(f, args);
    this.in_callback.set(false);
    result.map_err(|raised| super::frames::add(vm, raised, index, handler_name(index)))
}

fn handler_of(this: &Ref<XmlParser>, index: usize) -> Option<Value> {
    this.handlers.get(index)?.get()
}

/// Calls the handler of text.
fn call_characters(vm: &Vm, this: &Ref<XmlParser>, data: Ref<Str>) -> PyResult<()> {
    if let Some(f) = handler_of(this, handler::CHARACTERS) {
        call(vm, this, handler::CHARACTERS, &f, &[data.into_value()])?;
    }
    Ok(())
}

/// Tells the text that was gathered.
pub(super) fn flush(vm: &Vm, this: &Ref<XmlParser>) -> PyResult<()> {
    let gathered = match this.buffer.borrow_mut().as_mut() {
        Some(buffer) if !buffer.is_empty() => std::mem::take(buffer),
        _ => return Ok(()),
    };
    let flushed = text::string(vm, &gathered).and_then(|data| call_characters(vm, this, data));
    if flushed.is_err() {
        fail(this);
    }
    flushed
}

fn characters(vm: &Vm, this: &Ref<XmlParser>) -> PyResult<()> {
    let gathers = this.buffer.borrow().as_ref().map(Vec::len);
    let Some(used) = gathers else {
        let data = text::string(vm, this.core.borrow().text())?;
        return call_characters(vm, this, data);
    };
    let size = this.buffer_size.get();
    let length = this.core.borrow().text().len();
    if used + length > size {
        flush(vm, this)?;
        if handler_of(this, handler::CHARACTERS).is_none() {
            return Ok(());
        }
    }
    if length > size {
        let data = text::string(vm, this.core.borrow().text())?;
        return call_characters(vm, this, data);
    }
    if let Some(buffer) = this.buffer.borrow_mut().as_mut() {
        buffer.extend_from_slice(this.core.borrow().text());
    }
    Ok(())
}

/// A name as one string with those that are equal.
fn intern(vm: &Vm, this: &Ref<XmlParser>, name: Ref<Str>) -> PyResult {
    let name = name.into_value();
    let Some(known) = this.intern.get() else {
        return Ok(name);
    };
    if let Some(found) = known.get(vm, &name)? {
        return Ok(found);
    }
    known.set(vm, &name, name.clone())?;
    Ok(name)
}

fn name(vm: &Vm, this: &Ref<XmlParser>, name: &[u8]) -> PyResult {
    intern(vm, this, text::string(vm, name)?)
}

fn name_or_none(vm: &Vm, this: &Ref<XmlParser>, given: Option<&Text>) -> PyResult {
    match given {
        Some(given) => name(vm, this, given),
        None => Ok(vm.none()),
    }
}

fn start_element(vm: &Vm, this: &Ref<XmlParser>, f: &Value) -> PyResult<()> {
    let mut strings = Vec::new();
    let element = {
        let core = this.core.borrow();
        let count = if this.specified_attributes.get() {
            core.specified_attributes()
        } else {
            core.attribute_count()
        };
        for k in 0..count {
            if let Some((name, value)) = core.attribute(k) {
                strings.push((text::string(vm, name)?, text::string(vm, value)?));
            }
        }
        text::string(vm, core.element_name())?
    };
    let attributes = if this.ordered_attributes.get() {
        let mut list = Vec::with_capacity(2 * strings.len());
        for (name, value) in strings {
            list.push(intern(vm, this, name)?);
            list.push(value.into_value());
        }
        vm.new_list(list)?.into_value()
    } else {
        let dict = vm.new_dict()?;
        for (name, value) in strings {
            let name = intern(vm, this, name)?;
            dict.set(vm, &name, value.into_value())?;
        }
        dict.into_value()
    };
    let element = intern(vm, this, element)?;
    call(vm, this, handler::START_ELEMENT, f, &[element, attributes])?;
    Ok(())
}

/// Whether a handler's result is a number other than 0.
fn number(vm: &Vm, result: &Value) -> PyResult<bool> {
    let n = vm.index(result)?;
    let n = n
        .as_int()
        .and_then(|n| n.to_i64())
        .ok_or_else(|| vm.overflow_error("Python int too large to convert to C long"))?;
    Ok(n as i32 != 0)
}

/// Calls the handler of an event.
fn tell(vm: &Vm, this: &Ref<XmlParser>, event: Event) -> PyResult<()> {
    let index = match &event {
        Event::Characters => {
            return match handler_of(this, handler::CHARACTERS) {
                Some(_) => characters(vm, this),
                None => Ok(()),
            };
        }
        Event::StartElement => handler::START_ELEMENT,
        Event::EndElement => handler::END_ELEMENT,
        Event::Default if this.expands.get() => handler::DEFAULT_EXPAND,
        Event::Default => handler::DEFAULT,
        Event::Markup(markup) => match &**markup {
            Markup::UnknownEncoding { name } => {
                text::answer_encoding(vm, &this.core, name);
                return if vm.has_exception() {
                    Err(vm.raised())
                } else {
                    Ok(())
                };
            }
            markup => index_of(markup),
        },
    };
    let Some(f) = handler_of(this, index) else {
        return Ok(());
    };
    // Text that was gathered comes first; the handler may then be another one.
    flush(vm, this)?;
    let Some(f) = handler_of(this, index).or(Some(f)) else {
        return Ok(());
    };
    let args = match event {
        Event::StartElement => return start_element(vm, this, &f),
        Event::EndElement => {
            let element = text::string(vm, this.core.borrow().element_name())?;
            vec![intern(vm, this, element)?]
        }
        Event::Default | Event::Characters => {
            vec![text::string(vm, this.core.borrow().text())?.into_value()]
        }
        Event::Markup(markup) => arguments(vm, this, &markup)?,
    };
    let result = call(vm, this, index, &f, &args)?;
    if matches!(
        index,
        handler::EXTERNAL_ENTITY_REF | handler::NOT_STANDALONE
    ) {
        let answer = number(vm, &result)?;
        this.core.borrow_mut().answer(answer);
    }
    Ok(())
}

fn index_of(markup: &Markup) -> usize {
    match markup {
        Markup::ProcessingInstruction { .. } => handler::PROCESSING_INSTRUCTION,
        Markup::Comment(_) => handler::COMMENT,
        Markup::StartCdataSection => handler::START_CDATA,
        Markup::EndCdataSection => handler::END_CDATA,
        Markup::StartNamespace { .. } => handler::START_NAMESPACE,
        Markup::EndNamespace { .. } => handler::END_NAMESPACE,
        Markup::ExternalEntityRef { .. } => handler::EXTERNAL_ENTITY_REF,
        Markup::NotStandalone => handler::NOT_STANDALONE,
        Markup::StartDoctype { .. } => handler::START_DOCTYPE,
        Markup::EndDoctype => handler::END_DOCTYPE,
        Markup::UnparsedEntity { .. } => handler::UNPARSED_ENTITY,
        Markup::Notation { .. } => handler::NOTATION,
        Markup::Entity { .. } => handler::ENTITY,
        Markup::XmlDecl { .. } => handler::XML_DECL,
        Markup::Element { .. } => handler::ELEMENT,
        Markup::Attlist { .. } => handler::ATTLIST,
        Markup::SkippedEntity { .. } | Markup::UnknownEncoding { .. } => handler::SKIPPED_ENTITY,
    }
}

/// The arguments of a handler.
fn arguments(vm: &Vm, this: &Ref<XmlParser>, markup: &Markup) -> PyResult<Vec<Value>> {
    let plain = |text: Option<&Text>| text::string_or_none(vm, text.map(|t| &**t));
    let interned = |text: &Text| name(vm, this, text);
    let optional = |text: &Option<Text>| name_or_none(vm, this, text.as_ref());
    let number = |n: i64| vm.new_int(n);
    Ok(match markup {
        Markup::ProcessingInstruction { target, data } => {
            vec![interned(target)?, plain(Some(data))?]
        }
        Markup::Comment(text) => vec![plain(Some(text))?],
        Markup::StartCdataSection
        | Markup::EndCdataSection
        | Markup::EndDoctype
        | Markup::NotStandalone
        | Markup::UnknownEncoding { .. } => Vec::new(),
        Markup::StartNamespace { prefix, uri } => vec![optional(prefix)?, optional(uri)?],
        Markup::EndNamespace { prefix } => vec![optional(prefix)?],
        Markup::ExternalEntityRef {
            context,
            base,
            system_id,
            public_id,
        } => vec![
            plain(context.as_ref())?,
            optional(base)?,
            optional(system_id)?,
            optional(public_id)?,
        ],
        Markup::StartDoctype {
            name,
            system_id,
            public_id,
            has_internal_subset,
        } => vec![
            interned(name)?,
            optional(system_id)?,
            optional(public_id)?,
            number(i64::from(*has_internal_subset))?,
        ],
        Markup::UnparsedEntity {
            name,
            base,
            system_id,
            public_id,
            notation,
        } => vec![
            interned(name)?,
            optional(base)?,
            optional(system_id)?,
            optional(public_id)?,
            interned(notation)?,
        ],
        Markup::Notation {
            name,
            base,
            system_id,
            public_id,
        } => vec![
            interned(name)?,
            optional(base)?,
            optional(system_id)?,
            optional(public_id)?,
        ],
        Markup::Entity {
            name,
            is_parameter,
            value,
            base,
            system_id,
            public_id,
            notation,
        } => vec![
            interned(name)?,
            number(i64::from(*is_parameter))?,
            plain(value.as_ref())?,
            optional(base)?,
            optional(system_id)?,
            optional(public_id)?,
            optional(notation)?,
        ],
        Markup::XmlDecl {
            version,
            encoding,
            standalone,
        } => vec![
            plain(version.as_ref())?,
            plain(encoding.as_ref())?,
            number(standalone.map_or(-1, i64::from))?,
        ],
        Markup::Element { name, model } => {
            vec![interned(name)?, content_model(vm, this, model, 0)?]
        }
        Markup::Attlist {
            element,
            attribute,
            kind,
            default,
            required,
        } => vec![
            interned(element)?,
            interned(attribute)?,
            plain(Some(kind))?,
            plain(default.as_ref())?,
            number(i64::from(*required))?,
        ],
        Markup::SkippedEntity { name, is_parameter } => {
            vec![interned(name)?, number(i64::from(*is_parameter))?]
        }
    })
}

/// A node of a content model as nested tuples.
fn content_model(vm: &Vm, this: &Ref<XmlParser>, model: &[Content], index: usize) -> PyResult {
    vm.check_stack(" in conv_content_model")?;
    let Some(node) = model.get(index) else {
        return Ok(vm.none());
    };
    let mut children = Vec::with_capacity(node.children.len());
    for &child in &node.children {
        children.push(content_model(vm, this, model, child)?);
    }
    let parts = [
        vm.new_int(node.kind as i64)?,
        vm.new_int(node.quantifier as i64)?,
        name_or_none(vm, this, node.name.as_ref())?,
        vm.new_tuple(children)?.into_value(),
    ];
    Ok(vm.new_tuple_array(parts)?.into_value())
}

/// Names of the handlers as tracebacks have them.
fn handler_name(index: usize) -> &'static str {
    let name = HANDLERS.get(index).map_or("", |h| h.0);
    match index {
        handler::DEFAULT_EXPAND => name,
        _ => name.strip_suffix("Handler").unwrap_or(name),
    }
}
