//! `_multibytecodec` and the modules that give its codecs (`_codecs_cn`, `_codecs_hk`, `_codecs_iso2022`, `_codecs_jp`,
//! `_codecs_kr`, `_codecs_tw`). The encodings themselves are in `taipan_codecs::cjk`; here they meet error handlers
//! (`run.rs`), pieces of text that arrive one by one (`incremental.rs`) and streams (`stream.rs`).

mod incremental;
mod run;
mod stream;

use std::rc::Rc;

use taipan_builtins::bytes_::shared::bytes_of;
use taipan_codecs::cjk::Codec;
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    Bytes, ModuleSpec, NativeDef, Payload, PyResult, Ref, Str, TypeObject, TypeSpec, Value, Vm,
    payload, tpflags,
};

use run::{Errors, decode_all, encode, text_of};

/// `_multibytecodec`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_multibytecodec",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[
        &incremental::ENCODER,
        &incremental::DECODER,
        &stream::READER,
        &stream::WRITER,
    ],
    exec: None,
};

static FAMILY_FUNCTIONS: [&[NativeDef]; 1] = [family_functions::FUNCTIONS];

const fn family(name: &'static str) -> ModuleSpec {
    ModuleSpec {
        name,
        doc: None,
        functions: &FAMILY_FUNCTIONS,
        types: &[],
        exec: Some(|vm, _| vm.make_type(&CODEC).map(drop)),
    }
}

/// The modules of codecs.
pub static FAMILIES: [ModuleSpec; 6] = [
    family("_codecs_cn"),
    family("_codecs_hk"),
    family("_codecs_iso2022"),
    family("_codecs_jp"),
    family("_codecs_kr"),
    family("_codecs_tw"),
];

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    #[pyfunction(sig = "($module, arg, /)", doc = "")]
    fn __create_codec(vm: &Vm, arg: &Value) -> PyResult {
        // What it takes is a capsule, which only C can make.
        let _ = arg;
        Err(vm.value_error("argument type invalid"))
    }
}

#[pyfunctions(FUNCTIONS)]
mod family_functions {
    use super::*;

    #[pyfunction(sig = "($module, object, /)", doc = "")]
    fn getcodec(vm: &Vm, module: &Value, object: &Value) -> PyResult<Ref<CodecObject>> {
        let Some(name) = object.downcast_ref::<Str>() else {
            return Err(vm.type_error("encoding name must be a string."));
        };
        let family = vm.getattr_str(module, "__name__")?;
        let family = family.downcast_ref::<Str>().and_then(|s| s.to_str());
        let codec = match (family, name.to_str()) {
            (Some(family), Some(name)) => Codec::new(&family, &name),
            _ => None,
        };
        match codec {
            Some(codec) => vm.new(CodecObject {
                codec: Rc::new(codec),
            }),
            None => Err(vm.lookup_error("no such codec is supported.")),
        }
    }
}

/// The payload of `MultibyteCodec`.
pub struct CodecObject {
    codec: Rc<Codec>,
}

payload!(CodecObject, leaf);

/// `_multibytecodec.MultibyteCodec`
static CODEC: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION | tpflags::IMMUTABLETYPE,
    parts: &[&CODEC_METHODS],
    ..TypeSpec::new(
        "MultibyteCodec",
        "_multibytecodec",
        <CodecObject as Payload>::layout,
    )
};

/// The codec that a class of an encoding names.
fn codec_of(vm: &Vm, cls: &Ref<TypeObject>) -> PyResult<Rc<Codec>> {
    let codec = vm.getattr_str(cls.as_value(), "codec")?;
    match codec.downcast_ref::<CodecObject>() {
        Some(object) => Ok(Rc::clone(&object.codec)),
        None => Err(vm.type_error("codec is unexpected type")),
    }
}

#[pymethods(CODEC_METHODS)]
impl CodecObject {
    /// Return an encoded string version of 'input'.
    ///
    /// 'errors' may be given to set a different error handling scheme.
    /// Default is 'strict' meaning that encoding errors raise
    /// a UnicodeEncodeError.  Other possible values are 'ignore', 'replace'
    /// and 'xmlcharrefreplace' as well as any other name registered with
    /// codecs.register_error that can handle UnicodeEncodeErrors.
    #[pymethod(sig = "($self, /, input, errors=None)")]
    fn encode(
        &self,
        vm: &Vm,
        input: &Value,
        errors: Option<&str>,
    ) -> PyResult<(Ref<Bytes>, usize)> {
        let text = text_of(vm, input)?;
        let mut state = self.codec.start(false);
        let errors = Errors::new(errors.unwrap_or("strict"));
        let (bytes, _) = encode(vm, &self.codec, &mut state, &text, &errors, true)?;
        Ok((vm.new_bytes(&bytes)?, text.len()))
    }

    /// Decodes 'input'.
    ///
    /// 'errors' may be given to set a different error handling scheme.
    /// Default is 'strict' meaning that encoding errors raise
    /// a UnicodeDecodeError.  Other possible values are 'ignore' and
    /// 'replace' as well as any other name registered with
    /// codecs.register_error that is able to handle UnicodeDecodeErrors."
    #[pymethod(sig = "($self, /, input, errors=None)")]
    fn decode(&self, vm: &Vm, input: &Value, errors: Option<&str>) -> PyResult<(Ref<Str>, usize)> {
        let data = bytes_of(vm, input)?;
        let errors = Errors::new(errors.unwrap_or("strict"));
        let text = decode_all(vm, &self.codec, &data, &errors)?;
        Ok((vm.new_str_buf(&text)?, data.len()))
    }
}
