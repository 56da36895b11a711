//! The expressions that turn Python arguments into the Rust parameters of a function.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Path, Result, Type};

use crate::signature::{Default, Kind, Parameter};
use crate::types;

/// Where an argument's value comes from.
pub enum Source {
    /// An expression of type `&Value`.
    Given(TokenStream),
    /// An expression of type `Option<&Value>`.
    Maybe(TokenStream),
}

/// The static description of an argument for error messages.
pub fn context(krate: &Path, function: &str, argument: &str) -> TokenStream {
    quote!(&#krate::convert::ArgContext { function: #function, argument: #argument })
}

/// How messages call parameter number `index`, as Argument Clinic does.
pub fn argument_name(parameter: &Parameter, index: usize) -> String {
    match parameter.kind {
        Kind::PositionalOnly => format!("argument {}", index + 1),
        _ => format!("argument '{}'", parameter.name),
    }
}

/// An expression of type `ty` for the parameter; it may leave the function with `?`.
pub fn expression(
    krate: &Path,
    ty: &Type,
    parameter: &Parameter,
    context: &TokenStream,
    source: Source,
) -> Result<TokenStream> {
    match source {
        Source::Given(v) => Ok(given(krate, ty, context, &v)),
        Source::Maybe(v) => maybe(krate, ty, parameter, context, &v),
    }
}

/// An expression of type `ty` for an argument that is there.
pub fn given(krate: &Path, ty: &Type, context: &TokenStream, v: &TokenStream) -> TokenStream {
    let span = at(ty);
    let root = path_at(krate, span);
    if types::is_value_ref(ty) {
        return v.clone();
    }
    if types::is_str_ref(ty) {
        let owned = text(krate, ty, context, v);
        return quote!(#owned.as_ref());
    }
    match types::option_of(ty) {
        Some(inner) if types::is_str_ref(inner) => {
            let owned = optional_text(krate, ty, context, v);
            quote!(#owned.as_deref())
        }
        Some(_) => {
            quote_spanned!(span=> #root::convert::FromArg::from_optional(vm, #v, #context)?)
        }
        None => quote_spanned!(span=> #root::convert::FromArg::from_arg(vm, #v, #context)?),
    }
}

fn text(krate: &Path, ty: &Type, context: &TokenStream, v: &TokenStream) -> TokenStream {
    quote_spanned!(at(ty)=>
        <::std::borrow::Cow<'_, str> as #krate::convert::FromArg<'_>>::from_arg(vm, #v, #context)?)
}

fn optional_text(krate: &Path, ty: &Type, context: &TokenStream, v: &TokenStream) -> TokenStream {
    quote_spanned!(at(ty)=>
        <::std::borrow::Cow<'_, str> as #krate::convert::FromArg<'_>>::from_optional(vm, #v, #context)?)
}

fn maybe(
    krate: &Path,
    ty: &Type,
    parameter: &Parameter,
    context: &TokenStream,
    v: &TokenStream,
) -> Result<TokenStream> {
    let some = quote!(::std::option::Option::Some);
    let none = quote!(::std::option::Option::None);
    let x = quote!(given);
    let default = parameter.default.as_ref().unwrap_or(&Default::None);
    if let Some(inner) = types::option_of(ty) {
        if types::is_value_ref(inner) {
            return Ok(v.clone());
        }
        let takes_none = *default == Default::None;
        if types::is_str_ref(inner) {
            let got = if takes_none {
                optional_text(krate, ty, context, &x)
            } else {
                let got = text(krate, ty, context, &x);
                quote!(#some(#got))
            };
            return Ok(quote!(match #v { #some(#x) => #got, #none => #none }.as_deref()));
        }
        let got = if takes_none {
            given(krate, ty, context, &x)
        } else {
            let got = given(krate, inner, context, &x);
            quote!(#some(#got))
        };
        return Ok(quote!(match #v { #some(#x) => #got, #none => #none }));
    }
    let name = &parameter.name;
    let literal = match default {
        Default::None => quote!(()),
        Default::Bool(b) => quote!(#b),
        Default::Int(i) => quote!(#i),
        Default::Float(f) => quote!(#f),
        Default::Str(s) => quote!(#s),
        Default::Other(text) => {
            let message =
                format!("the default of `{name}`, `{text}`, is no literal: make this an Option");
            return Err(Error::new(ty.span(), message));
        }
    };
    if types::is_str_ref(ty) {
        if !matches!(default, Default::Str(_)) {
            let message =
                format!("the default of `{name}` is no string: make this an Option<&str>");
            return Err(Error::new(ty.span(), message));
        }
        let got = text(krate, ty, context, &x);
        return Ok(
            quote!(match #v { #some(#x) => #got, #none => ::std::borrow::Cow::Borrowed(#literal) }.as_ref()),
        );
    }
    if types::is_ref_ref(ty) {
        let message =
            format!("`{name}` has a default: make this an Option<&Ref<..>>, or a Ref<..>");
        return Err(Error::new(ty.span(), message));
    }
    let root = path_at(krate, at(ty));
    let make = quote_spanned!(at(ty)=> #root::convert::FromDefault::from_default(vm, #literal)?);
    if types::is_value_ref(ty) {
        return Ok(quote!(#v.unwrap_or(&#make)));
    }
    let got = given(krate, ty, context, &x);
    Ok(quote!(match #v { #some(#x) => #got, #none => #make }))
}

/// The path of the object crate with the place of a type, so that messages of the compiler point at the type.
pub fn path_at(krate: &Path, span: Span) -> TokenStream {
    let respan = |mut t: TokenTree| {
        t.set_span(span.resolved_at(Span::call_site()));
        t
    };
    krate.to_token_stream().into_iter().map(respan).collect()
}

/// The place of a type, for messages of the compiler; names still resolve as the macro's own.
fn at(ty: &Type) -> Span {
    ty.span().resolved_at(Span::call_site())
}
