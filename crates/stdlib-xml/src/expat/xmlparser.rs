//! `pyexpat.xmlparser`: parsers with handlers.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::{
    Bytes, ClassPart, Dict, GetSetDef, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeSpec,
    Value, Visitor, Vm, payload, tpflags,
};
use taipan_xml::{Error, ParamEntityParsing, Parser, want};

use super::{handlers, raise, raise_error};
use crate::text;

/// The handlers, with what the parser calls them.
pub(super) const HANDLERS: [(&str, u32); 23] = [
    ("StartElementHandler", want::START_ELEMENT),
    ("EndElementHandler", want::END_ELEMENT),
    ("ProcessingInstructionHandler", want::PROCESSING_INSTRUCTION),
    ("CharacterDataHandler", want::CHARACTERS),
    ("UnparsedEntityDeclHandler", want::UNPARSED_ENTITY),
    ("NotationDeclHandler", want::NOTATION),
    ("StartNamespaceDeclHandler", want::START_NAMESPACE),
    ("EndNamespaceDeclHandler", want::END_NAMESPACE),
    ("CommentHandler", want::COMMENT),
    ("StartCdataSectionHandler", want::START_CDATA),
    ("EndCdataSectionHandler", want::END_CDATA),
    ("DefaultHandler", want::DEFAULT),
    ("DefaultHandlerExpand", want::DEFAULT),
    ("NotStandaloneHandler", want::NOT_STANDALONE),
    ("ExternalEntityRefHandler", want::EXTERNAL_ENTITY_REF),
    ("StartDoctypeDeclHandler", want::START_DOCTYPE),
    ("EndDoctypeDeclHandler", want::END_DOCTYPE),
    ("EntityDeclHandler", want::ENTITY),
    ("XmlDeclHandler", want::XML_DECL),
    ("ElementDeclHandler", want::ELEMENT),
    ("AttlistDeclHandler", want::ATTLIST),
    ("SkippedEntityHandler", want::SKIPPED_ENTITY),
    ("", want::UNKNOWN_ENCODING),
];

/// Indices of handlers.
pub(super) mod handler {
    pub(crate) const START_ELEMENT: usize = 0;
    pub(crate) const END_ELEMENT: usize = 1;
    pub(crate) const PROCESSING_INSTRUCTION: usize = 2;
    pub(crate) const CHARACTERS: usize = 3;
    pub(crate) const UNPARSED_ENTITY: usize = 4;
    pub(crate) const NOTATION: usize = 5;
    pub(crate) const START_NAMESPACE: usize = 6;
    pub(crate) const END_NAMESPACE: usize = 7;
    pub(crate) const COMMENT: usize = 8;
    pub(crate) const START_CDATA: usize = 9;
    pub(crate) const END_CDATA: usize = 10;
    pub(crate) const DEFAULT: usize = 11;
    pub(crate) const DEFAULT_EXPAND: usize = 12;
    pub(crate) const NOT_STANDALONE: usize = 13;
    pub(crate) const EXTERNAL_ENTITY_REF: usize = 14;
    pub(crate) const START_DOCTYPE: usize = 15;
    pub(crate) const END_DOCTYPE: usize = 16;
    pub(crate) const ENTITY: usize = 17;
    pub(crate) const XML_DECL: usize = 18;
    pub(crate) const ELEMENT: usize = 19;
    pub(crate) const ATTLIST: usize = 20;
    pub(crate) const SKIPPED_ENTITY: usize = 21;
    pub(crate) const COUNT: usize = 22;
}

/// Bytes of text that are gathered unless another size is set.
const BUFFER_SIZE: usize = 8192;
/// Bytes that are handed to the parser at once.
const CHUNK: usize = 1 << 20;
/// Bytes that are read from a file at once.
const FILE_CHUNK: usize = 2048;

/// The payload of parsers.
pub(crate) struct XmlParser {
    pub(super) core: RefCell<Parser>,
    pub(super) handlers: [PyCell<Option<Value>>; handler::COUNT],
    /// The names that were met, so that equal ones are one string.
    pub(super) intern: PyCell<Option<Ref<Dict>>>,
    pub(super) ordered_attributes: Cell<bool>,
    pub(super) specified_attributes: Cell<bool>,
    namespace_prefixes: Cell<bool>,
    /// A handler is running.
    pub(super) in_callback: Cell<bool>,
    /// Which of the two default handlers was set last.
    pub(super) expands: Cell<bool>,
    /// Text that is gathered, if that is wished.
    pub(super) buffer: RefCell<Option<Vec<u8>>>,
    pub(super) buffer_size: Cell<usize>,
    /// The parser that this one was made by.
    parent: Option<Ref<XmlParser>>,
}

payload!(XmlParser, gc);

impl Traverse for XmlParser {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for handler in &self.handlers {
            handler.visit(visit);
        }
        self.intern.visit(visit);
        if let Some(parent) = &self.parent {
            visit(parent.as_value());
        }
    }
    fn clear(&self) {
        for handler in &self.handlers {
            handler.set(None);
        }
        self.intern.set(None);
    }
}

/// `pyexpat.xmlparser`
pub(super) static XMLPARSER: TypeSpec = TypeSpec {
    doc: Some("XML parser"),
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    parts: &[&METHODS, &HANDLER_ATTRIBUTES],
    ..TypeSpec::new("xmlparser", "pyexpat", <XmlParser as Payload>::layout)
};

fn this(vm: &Vm, v: &Value) -> PyResult<Ref<XmlParser>> {
    match v.downcast_ref::<XmlParser>() {
        Some(parser) => Ok(parser.clone()),
        None => Err(vm.type_error("a parser is required")),
    }
}

fn get_handler<const I: usize>(vm: &Vm, v: &Value) -> PyResult {
    let parser = this(vm, v)?;
    let handler = parser.handlers.get(I).and_then(PyCell::get);
    Ok(handler.unwrap_or_else(|| vm.none()))
}

fn set_handler<const I: usize>(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let parser = this(vm, v)?;
    let value = value.ok_or_else(|| vm.runtime_error("Cannot delete attribute"))?;
    let (Some(place), Some(&(_, bit))) = (parser.handlers.get(I), HANDLERS.get(I)) else {
        return Ok(());
    };
    if I == handler::CHARACTERS {
        // What was gathered goes to the old one.
        handlers::flush(vm, &parser)?;
    }
    let none = vm.is_none(value);
    // The handler of text goes on to be called while it runs, and does nothing.
    let keeps = I == handler::CHARACTERS && parser.in_callback.get();
    {
        let mut core = parser.core.borrow_mut();
        if !(none && keeps) {
            core.set_wanted(bit, !none);
        }
        if bit == want::DEFAULT {
            parser.expands.set(I == handler::DEFAULT_EXPAND);
            core.set_default_expand(I == handler::DEFAULT_EXPAND);
        }
    }
    place.set((!none).then(|| value.clone()));
    Ok(())
}

const fn attribute<const I: usize>() -> GetSetDef {
    GetSetDef {
        name: HANDLERS[I].0,
        doc: None,
        get: Some(get_handler::<I>),
        set: Some(set_handler::<I>),
        member: false,
    }
}

static HANDLER_ATTRIBUTES: ClassPart = ClassPart {
    methods: &[],
    slots: &[],
    getset: &[
        attribute::<0>(),
        attribute::<1>(),
        attribute::<2>(),
        attribute::<3>(),
        attribute::<4>(),
        attribute::<5>(),
        attribute::<6>(),
        attribute::<7>(),
        attribute::<8>(),
        attribute::<9>(),
        attribute::<10>(),
        attribute::<11>(),
        attribute::<12>(),
        attribute::<13>(),
        attribute::<14>(),
        attribute::<15>(),
        attribute::<16>(),
        attribute::<17>(),
        attribute::<18>(),
        attribute::<19>(),
        attribute::<20>(),
        attribute::<21>(),
    ],
};

impl XmlParser {
    fn new(core: Parser, intern: Option<Ref<Dict>>, parent: Option<Ref<XmlParser>>) -> XmlParser {
        XmlParser {
            core: RefCell::new(core),
            handlers: [const { PyCell::new(None) }; handler::COUNT],
            intern: PyCell::new(intern),
            ordered_attributes: Cell::new(false),
            specified_attributes: Cell::new(false),
            namespace_prefixes: Cell::new(false),
            in_callback: Cell::new(false),
            expands: Cell::new(true),
            buffer: RefCell::new(None),
            buffer_size: Cell::new(BUFFER_SIZE),
            parent,
        }
    }

    /// Line and column of the current event.
    pub(super) fn position(&self) -> (u64, u64) {
        let mut core = self.core.borrow_mut();
        (core.line(), core.column())
    }
}

/// `ParserCreate`
pub(super) fn create(
    vm: &Vm,
    encoding: Option<&str>,
    separator: Option<&str>,
    intern: Option<&Value>,
) -> PyResult<Ref<XmlParser>> {
    if separator.is_some_and(|s| s.len() > 1) {
        return Err(
            vm.value_error("namespace_separator must be at most one character, omitted, or None")
        );
    }
    let intern = match intern {
        None => Some(vm.new_dict()?),
        Some(v) if vm.is_none(v) => None,
        Some(v) => match v.downcast_ref::<Dict>() {
            Some(dict) => Some(dict.clone()),
            None => return Err(vm.type_error("intern must be a dictionary")),
        },
    };
    let separator = separator.map(|s| s.bytes().next().unwrap_or(0));
    let mut core = Parser::new(encoding.map(str::as_bytes), separator);
    core.set_wanted(want::UNKNOWN_ENCODING, true);
    let class = vm.make_type(&XMLPARSER)?;
    vm.new_object(&class, XmlParser::new(core, intern, None))
}

/// The outcome of a call: the exception of a handler, the parser's error, or 1.
fn outcome(vm: &Vm, parser: &Ref<XmlParser>, result: Result<(), Error>) -> PyResult<i64> {
    if vm.has_exception() {
        return Err(vm.raised());
    }
    if let Err(error) = result {
        return Err(raise_error(vm, parser, error));
    }
    handlers::flush(vm, parser)?;
    Ok(1)
}

fn check_not_running(vm: &Vm, parser: &Ref<XmlParser>) -> PyResult<()> {
    if parser.core.borrow().is_running() {
        return Err(vm.runtime_error("cannot parse from within a handler of the same parser"));
    }
    Ok(())
}

/// The result of setting a limit.
fn limit(vm: &Vm, parser: &Ref<XmlParser>, fits: bool, message: &str) -> PyResult<()> {
    if fits {
        return Ok(());
    }
    let (line, column) = parser.position();
    Err(raise(
        vm,
        message,
        Error::InvalidArgument as usize,
        line,
        column,
    ))
}

const ROOT_ONLY: &str = "parser must be a root parser";
const FACTOR: &str = "'max_factor' must be at least 1.0";

fn factor_message(factor: f64) -> &'static str {
    if factor >= 1.0 { ROOT_ONLY } else { FACTOR }
}

#[pymethods(METHODS)]
impl XmlParser {
    /// Parse XML data.
    ///
    /// 'data' can be a bytes-like object or a string.  If it is a string,
    /// the encoding declaration in the XML data is ignored.
    /// 'isfinal' should be true at end of input.
    #[pymethod(name = "Parse", sig = "($self, data, isfinal=False, /)")]
    fn parse(vm: &Vm, this: &Ref<Self>, data: &Value, isfinal: bool) -> PyResult<i64> {
        let text;
        let bytes;
        let input: &[u8] = if let Some(s) = data.downcast_ref::<Str>() {
            text = text::utf8(vm, data, s)?;
            // It makes no difference any more once parsing has begun.
            this.core.borrow_mut().set_encoding(Some(b"utf-8"));
            text.as_bytes()
        } else if let Some(b) = data.downcast_ref::<Bytes>() {
            b.as_slice()
        } else {
            bytes = vm.bytes_like(data)?;
            &bytes
        };
        check_not_running(vm, this)?;
        let mut rest = input;
        while let Some((chunk, more)) = rest.split_at_checked(CHUNK)
            && !more.is_empty()
        {
            let result = handlers::run(vm, this, chunk, CHUNK, false);
            if result.is_err() || vm.has_exception() {
                return outcome(vm, this, result);
            }
            rest = more;
        }
        let result = handlers::run(vm, this, rest, rest.len(), isfinal);
        outcome(vm, this, result)
    }

    /// Parse XML data from a binary file-like object.
    ///
    /// Its read() method should return bytes.
    #[pymethod(name = "ParseFile", sig = "($self, file, /)")]
    fn parse_file(vm: &Vm, this: &Ref<Self>, file: &Value) -> PyResult<i64> {
        let read = vm
            .getattr_str_opt(file, "read")?
            .ok_or_else(|| vm.type_error("argument must have 'read' attribute"))?;
        let size = vm.new_usize(FILE_CHUNK)?;
        loop {
            check_not_running(vm, this)?;
            let data = vm.call1(&read, &size)?;
            let bytes = match data.downcast_ref::<Bytes>() {
                Some(bytes) => bytes.as_slice().to_vec(),
                None if vm.type_name(&data) == "bytearray" => vm.bytes_like(&data)?,
                None => {
                    return Err(vm.type_error(&format!(
                        "read() did not return a bytes object (type={})",
                        vm.type_name(&data)
                    )));
                }
            };
            if bytes.len() > FILE_CHUNK {
                return Err(vm.value_error(&format!(
                    "read() returned too much data: {FILE_CHUNK} bytes requested, {} returned",
                    bytes.len()
                )));
            }
            check_not_running(vm, this)?;
            let result = handlers::run(vm, this, &bytes, FILE_CHUNK, bytes.is_empty());
            if result.is_err() || vm.has_exception() || bytes.is_empty() {
                return outcome(vm, this, result);
            }
        }
    }

    /// Set the base URL for the parser.
    #[pymethod(name = "SetBase", sig = "($self, base, /)")]
    fn set_base(&self, base: &str) {
        self.core.borrow_mut().set_base(Some(base.as_bytes()));
    }

    /// Return base URL string for the parser.
    #[pymethod(name = "GetBase", sig = "($self, /)")]
    fn get_base(&self, vm: &Vm) -> PyResult {
        text::string_or_none(vm, self.core.borrow().base())
    }

    /// Return the input which generated the current event as bytes.
    ///
    /// The data is in the encoding of the entity which contains the text.
    /// It extends to the end of the currently buffered input, therefore it
    /// can contain also the data of the following events, and if the event
    /// was generated by a large amount of text, not all of it may be
    /// available.
    #[pymethod(name = "GetInputContext", sig = "($self, /)")]
    fn get_input_context(&self, vm: &Vm) -> PyResult<Option<Ref<Bytes>>> {
        if !self.in_callback.get() {
            return Ok(None);
        }
        match self.core.borrow().input_context() {
            Some(input) => Ok(Some(vm.new_bytes(input)?)),
            None => Ok(None),
        }
    }

    /// Create a parser for parsing an external entity based on the information passed to the ExternalEntityRefHandler.
    #[pymethod(
        name = "ExternalEntityParserCreate",
        sig = "($self, context, encoding=<unrepresentable>,\n                           /)"
    )]
    fn external_entity_parser_create(
        vm: &Vm,
        this: &Ref<Self>,
        context: Option<&str>,
        encoding: Option<&Value>,
    ) -> PyResult<Ref<XmlParser>> {
        let encoding = match encoding {
            None => None,
            Some(v) => match v.downcast_ref::<Str>() {
                Some(s) => Some(text::utf8(vm, v, s)?),
                None => {
                    return Err(vm.type_error(&format!(
                        "ExternalEntityParserCreate() argument 2 must be str, not {}",
                        vm.type_name(v)
                    )));
                }
            },
        };
        let core = this.core.borrow().external_parser(
            context.map(str::as_bytes),
            encoding.as_deref().map(str::as_bytes),
        );
        let core = core.ok_or_else(|| vm.no_memory())?;
        let parser = XmlParser::new(core, this.intern.get(), Some(this.clone()));
        parser.ordered_attributes.set(this.ordered_attributes.get());
        parser
            .specified_attributes
            .set(this.specified_attributes.get());
        parser.namespace_prefixes.set(this.namespace_prefixes.get());
        parser.expands.set(this.expands.get());
        parser.buffer_size.set(this.buffer_size.get());
        if this.buffer.borrow().is_some() {
            parser.buffer.replace(Some(Vec::new()));
        }
        for (to, from) in parser.handlers.iter().zip(&this.handlers) {
            to.set(from.get());
        }
        let class = vm.make_type(&XMLPARSER)?;
        vm.new_object(&class, parser)
    }

    /// Controls parsing of parameter entities (including the external DTD subset).
    ///
    /// Possible flag values are XML_PARAM_ENTITY_PARSING_NEVER,
    /// XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE and
    /// XML_PARAM_ENTITY_PARSING_ALWAYS. Returns true if setting the flag
    /// was successful.
    #[pymethod(name = "SetParamEntityParsing", sig = "($self, flag, /)")]
    fn set_param_entity_parsing(&self, flag: i32) -> i64 {
        let which = match flag {
            0 => ParamEntityParsing::Never,
            1 => ParamEntityParsing::UnlessStandalone,
            _ => ParamEntityParsing::Always,
        };
        i64::from(self.core.borrow_mut().set_param_entity_parsing(which))
    }

    /// Allows the application to provide an artificial external subset if one is not specified as part of the document instance.
    ///
    /// This readily allows the use of a 'default' document type controlled
    /// by the application, while still getting the advantage of providing
    /// document type information to the parser.  'flag' defaults to True if
    /// not provided.
    #[pymethod(name = "UseForeignDTD", sig = "($self, flag=True, /)")]
    fn use_foreign_dtd(vm: &Vm, this: &Ref<Self>, flag: bool) -> PyResult<()> {
        let result = this.core.borrow_mut().set_foreign_dtd(flag);
        result.map_err(|error| raise_error(vm, this, error))
    }

    /// Enable/Disable reparse deferral; enabled by default with Expat >=2.6.0.
    #[pymethod(name = "SetReparseDeferralEnabled", sig = "($self, enabled, /)")]
    fn set_reparse_deferral_enabled(&self, enabled: bool) {
        self.core.borrow_mut().set_reparse_deferral(enabled);
    }

    /// Retrieve reparse deferral enabled status; always returns false with Expat <2.6.0.
    #[pymethod(name = "GetReparseDeferralEnabled", sig = "($self, /)")]
    fn get_reparse_deferral_enabled(&self) -> bool {
        self.core.borrow().reparse_deferral()
    }

    /// Sets the number of output bytes needed to activate protection against billion laughs attacks.
    ///
    /// The number of output bytes includes amplification from entity expansion
    /// and reading DTD files.
    ///
    /// Parser objects usually have a protection activation threshold of 8 MiB,
    /// but the actual default value depends on the underlying Expat library.
    ///
    /// Activation thresholds below 4 MiB are known to break support for DITA 1.3
    /// payload and are hence not recommended.
    #[pymethod(
        name = "SetBillionLaughsAttackProtectionActivationThreshold",
        sig = "($self, threshold, /)"
    )]
    fn set_billion_laughs_attack_protection_activation_threshold(
        vm: &Vm,
        this: &Ref<Self>,
        threshold: u64,
    ) -> PyResult<()> {
        let fits = this
            .core
            .borrow_mut()
            .limit_expansion(Some(threshold), None);
        limit(vm, this, fits, ROOT_ONLY)
    }

    /// Sets the maximum tolerated amplification factor for protection against billion laughs attacks.
    ///
    /// The amplification factor is calculated as "(direct + indirect) / direct"
    /// while parsing, where "direct" is the number of bytes read from the primary
    /// document in parsing and "indirect" is the number of bytes added by expanding
    /// entities and reading external DTD files, combined.
    ///
    /// The 'max_factor' value must be a non-NaN floating point value greater than
    /// or equal to 1.0. Amplification factors greater than 30,000 can be observed
    /// in the middle of parsing even with benign files in practice. In particular,
    /// the activation threshold should be carefully chosen to avoid false positives.
    ///
    /// Parser objects usually have a maximum amplification factor of 100,
    /// but the actual default value depends on the underlying Expat library.
    #[pymethod(
        name = "SetBillionLaughsAttackProtectionMaximumAmplification",
        sig = "($self, max_factor,\n                                                     /)"
    )]
    fn set_billion_laughs_attack_protection_maximum_amplification(
        vm: &Vm,
        this: &Ref<Self>,
        max_factor: f64,
    ) -> PyResult<()> {
        let factor = Some(max_factor as f32);
        let fits = this.core.borrow_mut().limit_expansion(None, factor);
        limit(vm, this, fits, factor_message(max_factor))
    }

    /// Sets the number of allocated bytes of dynamic memory needed to activate protection against disproportionate use of RAM.
    ///
    /// Parser objects usually have an allocation activation threshold of 64 MiB,
    /// but the actual default value depends on the underlying Expat library.
    #[pymethod(
        name = "SetAllocTrackerActivationThreshold",
        sig = "($self, threshold, /)"
    )]
    fn set_alloc_tracker_activation_threshold(
        vm: &Vm,
        this: &Ref<Self>,
        threshold: u64,
    ) -> PyResult<()> {
        let fits = this.core.borrow_mut().limit_memory(Some(threshold), None);
        limit(vm, this, fits, ROOT_ONLY)
    }

    /// Sets the maximum amplification factor between direct input and bytes of dynamic memory allocated.
    ///
    /// The amplification factor is calculated as "allocated / direct" while
    /// parsing, where "direct" is the number of bytes read from the primary
    /// document in parsing and "allocated" is the number of bytes of
    /// dynamic memory allocated in the parser hierarchy.
    ///
    /// The 'max_factor' value must be a non-NaN floating point value
    /// greater than or equal to 1.0.  Amplification factors greater than
    /// 100.0 can be observed near the start of parsing even with benign
    /// files in practice.  In particular, the activation threshold should
    /// be carefully chosen to avoid false positives.
    ///
    /// Parser objects usually have a maximum amplification factor of 100,
    /// but the actual default value depends on the underlying Expat library.
    #[pymethod(
        name = "SetAllocTrackerMaximumAmplification",
        sig = "($self, max_factor, /)"
    )]
    fn set_alloc_tracker_maximum_amplification(
        vm: &Vm,
        this: &Ref<Self>,
        max_factor: f64,
    ) -> PyResult<()> {
        let factor = Some(max_factor as f32);
        let fits = this.core.borrow_mut().limit_memory(None, factor);
        limit(vm, this, fits, factor_message(max_factor))
    }

    #[member]
    fn intern(&self) -> Option<Ref<Dict>> {
        self.intern.get()
    }

    #[getter]
    fn buffer_size(&self) -> usize {
        self.buffer_size.get()
    }

    #[setter(buffer_size)]
    fn set_buffer_size(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| vm.runtime_error("Cannot delete attribute"))?;
        let Some(size) = value.as_int() else {
            return Err(vm.type_error("buffer_size must be an integer"));
        };
        let size = size
            .to_i64()
            .ok_or_else(|| vm.overflow_error("Python int too large to convert to C long"))?;
        if size <= 0 {
            return Err(vm.value_error("buffer_size must be greater than zero"));
        }
        if size > i64::from(i32::MAX) {
            return Err(vm.value_error(&format!(
                "buffer_size must not be greater than {}",
                i32::MAX
            )));
        }
        if size as usize != this.buffer_size.get() {
            handlers::flush(vm, this)?;
            this.buffer_size.set(size as usize);
        }
        Ok(())
    }

    #[getter]
    fn buffer_text(&self) -> bool {
        self.buffer.borrow().is_some()
    }

    #[setter(buffer_text)]
    fn set_buffer_text(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| vm.runtime_error("Cannot delete attribute"))?;
        if vm.is_true(value)? {
            let mut buffer = this.buffer.borrow_mut();
            if buffer.is_none() {
                *buffer = Some(Vec::new());
            }
        } else if this.buffer.borrow().is_some() {
            handlers::flush(vm, this)?;
            this.buffer.replace(None);
        }
        Ok(())
    }

    #[getter]
    fn buffer_used(&self) -> usize {
        self.buffer.borrow().as_ref().map_or(0, Vec::len)
    }

    #[getter]
    fn ordered_attributes(&self) -> bool {
        self.ordered_attributes.get()
    }

    #[setter(ordered_attributes)]
    fn set_ordered_attributes(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| vm.runtime_error("Cannot delete attribute"))?;
        self.ordered_attributes.set(vm.is_true(value)?);
        Ok(())
    }

    #[getter]
    fn specified_attributes(&self) -> bool {
        self.specified_attributes.get()
    }

    #[setter(specified_attributes)]
    fn set_specified_attributes(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| vm.runtime_error("Cannot delete attribute"))?;
        self.specified_attributes.set(vm.is_true(value)?);
        Ok(())
    }

    #[getter]
    fn namespace_prefixes(&self) -> bool {
        self.namespace_prefixes.get()
    }

    #[setter(namespace_prefixes)]
    fn set_namespace_prefixes(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| vm.runtime_error("Cannot delete attribute"))?;
        let triplets = vm.is_true(value)?;
        self.namespace_prefixes.set(triplets);
        self.core.borrow_mut().set_triplets(triplets);
        Ok(())
    }

    #[getter(ErrorCode)]
    fn error_code(&self) -> usize {
        self.core.borrow().error().map_or(0, |e| e as usize)
    }

    #[getter(ErrorLineNumber)]
    fn error_line_number(&self) -> u64 {
        self.core.borrow_mut().line()
    }

    #[getter(ErrorColumnNumber)]
    fn error_column_number(&self) -> u64 {
        self.core.borrow_mut().column()
    }

    #[getter(ErrorByteIndex)]
    fn error_byte_index(&self) -> i64 {
        byte_index(self)
    }

    #[getter(CurrentLineNumber)]
    fn current_line_number(&self) -> u64 {
        self.core.borrow_mut().line()
    }

    #[getter(CurrentColumnNumber)]
    fn current_column_number(&self) -> u64 {
        self.core.borrow_mut().column()
    }

    #[getter(CurrentByteIndex)]
    fn current_byte_index(&self) -> i64 {
        byte_index(self)
    }
}

fn byte_index(parser: &XmlParser) -> i64 {
    parser.core.borrow().byte_index().map_or(-1, |i| i as i64)
}
