//! From a marked Rust function to its `NativeDef`: the roles of its parameters, the wrapper, and the table's entry.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, Pat, Path, Result, Type};

use crate::convert::{self, Source};
use crate::item::{Mark, Marked};
use crate::signature::{Convention, Kind, Parameter, Signature};
use crate::types;

/// What a Rust parameter stands for.
pub enum Role<'a> {
    /// The interpreter.
    Vm,
    /// `&self`
    SelfPayload,
    /// The object that a method belongs to, or the class or module, seen as the given type.
    Receiver(&'a Type),
    /// The raw arguments.
    Args,
    /// A parameter of the signature.
    Value(&'a Type),
}

/// What all emitted code needs to know.
pub struct Place<'a> {
    /// Path of the object crate.
    pub krate: &'a Path,
    /// What stands before the function's name in a call: `<Foo>` or `self`.
    pub owner: TokenStream,
}

/// Checks that the function is one that a table can hold.
pub fn check_function(signature: &syn::Signature) -> Result<()> {
    let fault = |span: Span, what: &str| {
        Err(Error::new(
            span,
            format!("{what} cannot be called from Python"),
        ))
    };
    if let Some(t) = &signature.asyncness {
        return fault(t.span(), "an async function");
    }
    if let Some(t) = &signature.unsafety {
        return fault(t.span(), "an unsafe function");
    }
    match signature
        .generics
        .params
        .iter()
        .find(|p| !matches!(p, syn::GenericParam::Lifetime(_)))
    {
        Some(p) => fault(p.span(), "a generic function"),
        None => Ok(()),
    }
}

/// Sorts the Rust parameters of a function by role. With `receiver`, the first one after `vm` is it.
pub fn roles<'a>(
    signature: &'a syn::Signature,
    marked: &Marked,
    receiver: bool,
) -> Result<Vec<Role<'a>>> {
    let mut roles = Vec::new();
    let mut receiver_due = receiver;
    for input in &signature.inputs {
        let typed = match input {
            FnArg::Receiver(r) => {
                if !receiver_due || r.reference.is_none() || r.mutability.is_some() {
                    return Err(Error::new(r.span(), "only methods have `self`, as `&self`"));
                }
                receiver_due = false;
                roles.push(Role::SelfPayload);
                continue;
            }
            FnArg::Typed(typed) => typed,
        };
        let ty = &*typed.ty;
        let start = roles.iter().all(|r| matches!(r, Role::SelfPayload));
        if types::is_vm(ty) {
            if !start {
                return Err(Error::new(typed.span(), "`vm` comes first"));
            }
            roles.push(Role::Vm);
        } else if receiver_due {
            receiver_due = false;
            if !types::is_value_ref(ty) && !types::is_ref_ref(ty) {
                let expected = match marked.mark {
                    Mark::ClassMethod => "`&Ref<TypeObject>` or `&Value` for the class",
                    _ => "`&Ref<Self>`, `&Value` or `&self` for the instance",
                };
                return Err(Error::new(ty.span(), format!("expected {expected}")));
            }
            roles.push(Role::Receiver(ty));
        } else if marked.mark == Mark::Function
            && is_module(typed)
            && !roles.iter().any(Role::is_value)
        {
            roles.push(Role::Receiver(ty));
        } else if types::is_args(ty) {
            roles.push(Role::Args);
        } else {
            roles.push(Role::Value(ty));
        }
    }
    if receiver_due {
        return Err(Error::new(
            signature.ident.span(),
            "the parameter for the instance or class is missing",
        ));
    }
    Ok(roles)
}

impl Role<'_> {
    fn is_value(&self) -> bool {
        matches!(self, Role::Value(_) | Role::Args | Role::Receiver(_))
    }
}

fn is_module(typed: &syn::PatType) -> bool {
    matches!(&*typed.pat, Pat::Ident(p) if p.ident == "module" || p.ident == "_module")
}

/// The tokens for a receiver of type `ty` from the `&Value` called `this`.
pub fn receiver(krate: &Path, ty: &Type, name: &str) -> TokenStream {
    if types::is_value_ref(ty) {
        quote!(this)
    } else {
        quote!(#krate::convert::receiver(vm, this, #name)?)
    }
}

/// The expressions for a call, in the order of the Rust parameters, and what must be bound before it.
pub struct Call {
    /// Statements before the call; may use `vm`, `this` and what the convention gives.
    pub setup: TokenStream,
    /// The arguments.
    pub arguments: Vec<TokenStream>,
}

/// How the wrapper gets its arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// As the convention gives them to native code.
    ByConvention,
    /// As `args: Args` that are not checked yet (constructors).
    Raw,
}

/// Makes the arguments of the call of a function with a listed or a raw signature.
pub fn call(place: &Place<'_>, marked: &Marked, roles: &[Role<'_>], given: Given) -> Result<Call> {
    let krate = place.krate;
    let values: Vec<&Type> = roles
        .iter()
        .filter_map(|r| {
            if let Role::Value(t) = r {
                Some(*t)
            } else {
                None
            }
        })
        .collect();
    let raw = roles.iter().any(|r| matches!(r, Role::Args));
    let name = marked.name.as_str();
    let mut setup = TokenStream::new();
    let mut converted = Vec::new();
    if raw {
        if !values.is_empty() {
            return Err(Error::new(
                marked.span,
                "`Args` stands instead of all other parameters",
            ));
        }
    } else {
        let empty = Signature {
            parameters: Vec::new(),
        };
        let signature = marked.signature.as_ref().map_or(&empty, |s| &s.parsed);
        check_count(marked, signature, values.len())?;
        let convention = signature.convention();
        if given == Given::Raw || convention == Convention::VarBound {
            setup = bind_raw(krate, signature, convention, name, given);
        }
        let mut named = 0usize;
        for (index, (parameter, ty)) in signature.parameters.iter().zip(&values).enumerate() {
            if parameter.kind == Kind::VarPositional {
                if !types::is_value_slice(ty) {
                    return Err(Error::new(ty.span(), "`*args` is a `&[Value]`"));
                }
                converted.push(match convention {
                    Convention::VarBound => quote!(rest),
                    _ => quote!(args.get(#index..).unwrap_or_default()),
                });
                continue;
            }
            let source = source(
                krate,
                convention,
                given,
                parameter,
                named,
                signature.required(),
            );
            let label = match convention {
                Convention::One => "argument".to_owned(),
                _ => convert::argument_name(parameter, index),
            };
            let context = convert::context(krate, name, &label);
            converted.push(convert::expression(krate, ty, parameter, &context, source)?);
            named += 1;
        }
    }
    let mut converted = converted.into_iter();
    let mut arguments = Vec::new();
    for role in roles {
        arguments.push(match role {
            Role::Vm => quote!(vm),
            Role::SelfPayload => quote!(&**#krate::convert::receiver(vm, this, #name)?),
            Role::Receiver(ty) => receiver(krate, ty, name),
            Role::Args => quote!(args),
            Role::Value(_) => converted.next().unwrap_or_default(),
        });
    }
    Ok(Call { setup, arguments })
}

fn check_count(marked: &Marked, signature: &Signature, got: usize) -> Result<()> {
    if let Some(p) = signature
        .parameters
        .iter()
        .find(|p| p.kind == Kind::VarKeyword)
    {
        let message = format!("`**{}` needs a parameter of type `Args`", p.name);
        return Err(Error::new(marked.span, message));
    }
    let listed = signature.parameters.len();
    if listed == got {
        return Ok(());
    }
    let names: Vec<&str> = signature
        .parameters
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    let message = if marked.signature.is_none() {
        format!("{got} parameters, but no `sig` or `params` says what they are")
    } else {
        format!(
            "the signature lists {listed} parameters ({}), the function takes {got}",
            names.join(", ")
        )
    };
    Err(Error::new(marked.span, message))
}

fn source(
    krate: &Path,
    convention: Convention,
    given: Given,
    parameter: &Parameter,
    index: usize,
    required: usize,
) -> Source {
    match convention {
        Convention::One if given == Given::ByConvention => Source::Given(quote!(arg)),
        Convention::NoArgs | Convention::One | Convention::Positional { .. } => {
            if index < required {
                Source::Given(quote!(&args[#index]))
            } else {
                Source::Maybe(quote!(args.get(#index)))
            }
        }
        Convention::Bound | Convention::VarBound => {
            if parameter.default.is_none() {
                Source::Given(quote!(#krate::bind::given(vm, args, #index)?))
            } else {
                Source::Maybe(quote!(args[#index]))
            }
        }
    }
}

fn bind_raw(
    krate: &Path,
    signature: &Signature,
    convention: Convention,
    name: &str,
    given: Given,
) -> TokenStream {
    let params = params(krate, signature);
    let method = given == Given::ByConvention;
    match convention {
        Convention::VarBound => quote! {
            static PARAMS: #krate::Params = #params;
            let mut buffer = #krate::bind::Buffer::new();
            let (args, rest) = #krate::bind::bind_var(vm, #name, &PARAMS, args, &mut buffer)?;
        },
        Convention::Bound => quote! {
            static PARAMS: #krate::Params = #params;
            let mut buffer = #krate::bind::Buffer::new();
            let args = #krate::bind::bind(vm, #name, &PARAMS, args, &mut buffer)?;
        },
        _ if method => TokenStream::new(),
        convention => {
            let (min, max) = match convention {
                Convention::Positional { min, max } => (min, max.unwrap_or(usize::MAX)),
                Convention::One => (1, 1),
                _ => (0, 0),
            };
            quote!(let args = #krate::bind::constructor_positional(vm, #name, this, #min, #max, args)?;)
        }
    }
}

/// The `Params` value of a signature.
pub fn params(krate: &Path, signature: &Signature) -> TokenStream {
    let named: Vec<&Parameter> = signature
        .parameters
        .iter()
        .filter(|p| p.is_positional() || p.kind == Kind::KeywordOnly)
        .collect();
    let names = named.iter().map(|p| &p.name);
    let positional_only = named
        .iter()
        .filter(|p| p.kind == Kind::PositionalOnly)
        .count() as u8;
    let positional = named.iter().filter(|p| p.is_positional()).count() as u8;
    let required = signature.required() as u8;
    let required_keyword = named
        .iter()
        .enumerate()
        .filter(|(_, p)| p.kind == Kind::KeywordOnly && p.default.is_none())
        .fold(0u64, |bits, (i, _)| {
            bits | 1u64.checked_shl(i as u32).unwrap_or(0)
        });
    quote! {
        #krate::Params {
            names: &[#(#names),*],
            positional_only: #positional_only,
            positional: #positional,
            required: #required,
            required_keyword: #required_keyword,
        }
    }
}

/// The wrapper of a function and its entry in a table.
pub struct Entry {
    /// Items to put before the table.
    pub items: TokenStream,
    /// The `NativeDef`.
    pub def: TokenStream,
}

/// Makes wrapper and entry of a method or function.
pub fn native_def(place: &Place<'_>, marked: &Marked, function: &syn::Signature) -> Result<Entry> {
    check_function(function)?;
    let krate = place.krate;
    let receiver = matches!(marked.mark, Mark::Method | Mark::ClassMethod);
    let roles = roles(function, marked, receiver)?;
    let raw = roles.iter().any(|r| matches!(r, Role::Args));
    let call = call(place, marked, &roles, Given::ByConvention)?;
    let wrapper: Ident = format_ident!(
        "wrap_{}",
        function
            .ident
            .to_string()
            .trim_matches('_')
            .replace("__", "_")
    );
    let convention = match &marked.signature {
        _ if raw => None,
        Some(s) => Some(s.parsed.convention()),
        None => Some(Convention::NoArgs),
    };
    let value = quote!(&#krate::Value);
    let (inputs, code) = match convention {
        None | Some(Convention::VarBound) => (
            quote!(args: #krate::Args<'_>),
            quote!(#krate::NativeCode::Variadic(#wrapper)),
        ),
        Some(Convention::NoArgs) => (
            TokenStream::new(),
            quote!(#krate::NativeCode::NoArgs(#wrapper)),
        ),
        Some(Convention::One) => (
            quote!(arg: #value),
            quote!(#krate::NativeCode::One(#wrapper)),
        ),
        Some(Convention::Positional { min, max }) => {
            let bound = |n: usize| u8::try_from(n).ok().filter(|n| *n < u8::MAX);
            let (Some(min), Some(max)) = (bound(min), max.map_or(Some(u8::MAX), bound)) else {
                return Err(Error::new(marked.span, "too many parameters"));
            };
            let code = quote!(#krate::NativeCode::Positional { min: #min, max: #max, f: #wrapper });
            (quote!(args: &[#krate::Value]), code)
        }
        Some(Convention::Bound) => {
            let signature = marked.signature.as_ref().map(|s| &s.parsed);
            if signature.is_some_and(|s| s.parameters.len() > 64) {
                return Err(Error::new(marked.span, "too many parameters"));
            }
            let params = signature.map(|s| params(krate, s)).unwrap_or_default();
            let code = quote!(#krate::NativeCode::Bound { params: &#params, f: #wrapper });
            (quote!(args: &[::std::option::Option<&#krate::Value>]), code)
        }
    };
    let Call { setup, arguments } = call;
    let (owner, ident, cfgs) = (&place.owner, &function.ident, &marked.cfgs);
    let root = convert::path_at(krate, function.output.span());
    let into_py = quote_spanned!(function.output.span().resolved_at(Span::call_site())=> #root::convert::IntoPy::into_py);
    let items = quote! {
        #(#cfgs)*
        #[allow(unused_variables, clippy::unit_arg, clippy::useless_asref, clippy::needless_borrow)]
        fn #wrapper(vm: &#krate::Vm, this: #value, #inputs) -> #krate::PyResult {
            #setup
            #into_py(#owner::#ident(#(#arguments),*), vm)
        }
    };
    let kind = match marked.mark {
        Mark::ClassMethod => quote!(ClassMethod),
        Mark::StaticMethod => quote!(StaticMethod),
        Mark::Function => quote!(Function),
        _ => quote!(Method),
    };
    let text = match marked.signature.as_ref().filter(|s| s.shown) {
        Some(s) => some(&s.text),
        None => quote!(::std::option::Option::None),
    };
    let (name, doc) = (&marked.name, doc(marked));
    let def = quote! {
        #(#cfgs)*
        #krate::NativeDef {
            name: #name,
            text_signature: #text,
            doc: #doc,
            kind: #krate::NativeKind::#kind,
            code: #code,
        }
    };
    Ok(Entry { items, def })
}

fn some(value: &impl quote::ToTokens) -> TokenStream {
    quote!(::std::option::Option::Some(#value))
}

/// The docstring as an `Option<&'static str>`.
pub fn doc(marked: &Marked) -> TokenStream {
    marked
        .doc
        .as_ref()
        .map_or(quote!(::std::option::Option::None), some)
}
