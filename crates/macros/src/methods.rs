//! `#[pymethods]`: methods, computed attributes and slots of a native class, collected from an impl block.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, ImplItem, ItemImpl, Result};

use crate::call::{self, Call, Given, Place, Role};
use crate::convert;
use crate::item::{Mark, Marked, TableArgs, take_mark};
use crate::slots::{self, Gives};
use crate::types;

/// One entry of the getset table while getter and setter are being brought together.
struct GetSet {
    name: String,
    doc: Option<String>,
    get: Option<TokenStream>,
    set: Option<TokenStream>,
    member: bool,
    cfgs: Vec<syn::Attribute>,
}

/// Expands `#[pymethods(TABLE)] impl Foo { .. }`.
pub fn expand(args: &TableArgs, mut block: ItemImpl) -> Result<TokenStream> {
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new(
            path.span(),
            "`#[pymethods]` goes on an inherent impl block",
        ));
    }
    if let Some(p) = block.generics.params.first() {
        return Err(Error::new(p.span(), "a native class is not generic"));
    }
    let (krate, table) = (&args.krate, &args.table);
    let class = block.self_ty.clone();
    let place = Place {
        krate,
        owner: quote!(<#class>),
    };
    let (mut wrappers, mut defs, mut slots) = (Vec::new(), Vec::new(), Vec::new());
    let mut getset: Vec<GetSet> = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else {
            continue;
        };
        let Some(marked) = take_mark(&mut function.attrs, &function.sig.ident)? else {
            continue;
        };
        match marked.mark {
            Mark::Method | Mark::ClassMethod | Mark::StaticMethod => {
                let entry = call::native_def(&place, &marked, &function.sig)?;
                wrappers.push(entry.items);
                defs.push(entry.def);
            }
            Mark::Getter | Mark::Member | Mark::Setter => {
                accessor(&place, marked, &function.sig, &mut getset)?;
            }
            Mark::Slot => slots.push(slot(&place, marked, &function.sig)?),
            Mark::Function => {
                return Err(Error::new(
                    marked.span,
                    "a class has `#[pymethod]`s, not functions",
                ));
            }
        }
    }
    let none = quote!(::std::option::Option::None);
    let getset = getset.into_iter().map(|g| {
        let (name, cfgs, member) = (g.name, g.cfgs, g.member);
        let some = |t: Option<TokenStream>| {
            t.map_or(none.clone(), |t| quote!(::std::option::Option::Some(#t)))
        };
        let (get, set) = (some(g.get), some(g.set));
        let doc = g
            .doc
            .map_or(none.clone(), |d| quote!(::std::option::Option::Some(#d)));
        quote!(#(#cfgs)* #krate::GetSetDef { name: #name, doc: #doc, get: #get, set: #set, member: #member })
    });
    let doc = "Methods, computed attributes and slots that an impl block declares for Python.";
    Ok(quote! {
        #block

        #[doc = #doc]
        pub static #table: #krate::ClassPart = {
            #(#wrappers)*
            #[allow(unused_variables, clippy::unit_arg, clippy::redundant_closure, clippy::needless_borrow)]
            const PART: #krate::ClassPart = #krate::ClassPart {
                methods: &[#(#defs),*],
                getset: &[#(#getset),*],
                slots: &[#(#slots),*],
            };
            PART
        };
    })
}

fn accessor(
    place: &Place<'_>,
    marked: Marked,
    function: &syn::Signature,
    all: &mut Vec<GetSet>,
) -> Result<()> {
    call::check_function(function)?;
    let krate = place.krate;
    let roles = call::roles(function, &marked, true)?;
    let values: Vec<_> = roles
        .iter()
        .filter_map(|r| {
            if let Role::Value(t) = r {
                Some(*t)
            } else {
                None
            }
        })
        .collect();
    let setter = marked.mark == Mark::Setter;
    if values.len() != usize::from(setter) || roles.iter().any(|r| matches!(r, Role::Args)) {
        let what = if setter {
            "a setter takes the new value"
        } else {
            "a getter takes nothing but the instance"
        };
        return Err(Error::new(marked.span, what));
    }
    let name = marked.name.as_str();
    let arguments = roles.iter().map(|role| match role {
        Role::Vm => quote!(vm),
        Role::SelfPayload => quote!(&**#krate::convert::accessed(vm, this, #name)?),
        Role::Receiver(ty) if types::is_value_ref(ty) => quote!(this),
        Role::Receiver(_) => quote!(#krate::convert::accessed(vm, this, #name)?),
        Role::Value(ty) if types::option_of(ty).is_some_and(types::is_value_ref) => quote!(value),
        Role::Value(ty) => {
            let context = convert::context(krate, name, "value");
            let v = quote!(#krate::convert::not_deleted(vm, value, #name)?);
            convert::given(krate, ty, &context, &v)
        }
        Role::Args => TokenStream::new(),
    });
    let (owner, ident) = (&place.owner, &function.ident);
    let call = quote!(#owner::#ident(#(#arguments),*));
    let code = if !setter {
        quote!(|vm, this| #krate::convert::IntoPy::into_py(#call, vm))
    } else {
        let call = plain(function, call);
        quote!(|vm, this, value| #call)
    };
    let at = match all.iter().position(|g| g.name == marked.name) {
        Some(at) => at,
        None => {
            let cfgs = marked.cfgs.clone();
            all.push(GetSet {
                name: marked.name.clone(),
                doc: None,
                get: None,
                set: None,
                member: false,
                cfgs,
            });
            all.len() - 1
        }
    };
    let entry = &mut all[at];
    entry.member |= marked.mark == Mark::Member;
    let place = if setter {
        &mut entry.set
    } else {
        &mut entry.get
    };
    if place.replace(code).is_some() {
        return Err(Error::new(
            marked.span,
            format!("`{}` has this already", marked.name),
        ));
    }
    if !setter || entry.doc.is_none() {
        entry.doc = marked.doc.or(entry.doc.take());
    }
    Ok(())
}

/// A call that gives a `PyResult` of what the function gives.
fn plain(function: &syn::Signature, call: TokenStream) -> TokenStream {
    if types::returns_result(&function.output) {
        call
    } else {
        quote!(::std::result::Result::Ok(#call))
    }
}

fn slot(place: &Place<'_>, mut marked: Marked, function: &syn::Signature) -> Result<TokenStream> {
    call::check_function(function)?;
    let krate = place.krate;
    let (owner, ident, cfgs) = (&place.owner, &function.ident, marked.cfgs.clone());
    let slot = ident.to_string();
    if slot == "bf_getbuffer" {
        return Ok(quote!(#(#cfgs)* #krate::SlotDef::#ident(#owner::#ident)));
    }
    let Some(shape) = slots::shape(&slot) else {
        return Err(Error::new(
            marked.span,
            format!("there is no slot `{slot}`; the function's name says which it is"),
        ));
    };
    let roles = call::roles(function, &marked, true)?;
    if marked.signature.is_some() {
        if !matches!(slot.as_str(), "tp_new" | "tp_init" | "tp_call") {
            return Err(Error::new(
                marked.span,
                "only tp_new, tp_init and tp_call have parameters of their own",
            ));
        }
        if slot != "tp_call" && !marked.name_given {
            return Err(Error::new(
                marked.span,
                "give the class's name as well, for messages: `name = \"..\"`",
            ));
        }
        if slot == "tp_call" && !marked.name_given {
            marked.name = "__call__".to_owned();
        }
        let new = slot == "tp_new";
        let Call { setup, arguments } = call::call(place, &marked, &roles, Given::Raw)?;
        let arguments = arguments
            .into_iter()
            .zip(&roles)
            .map(|(a, role)| match role {
                Role::Receiver(ty) if new => class_receiver(krate, ty),
                _ => a,
            });
        let call = quote!(#owner::#ident(#(#arguments),*));
        let call = result(krate, shape.gives, function, call);
        let (class, this) = if new {
            let class = quote!(&#krate::Ref<#krate::TypeObject>);
            (class, quote!(let this = class.as_value();))
        } else {
            (quote!(&#krate::Value), quote!(let this = class;))
        };
        let gives = match shape.gives {
            Gives::Plain => quote!(#krate::PyResult<()>),
            _ => quote!(#krate::PyResult),
        };
        // A function, not a closure, which would copy the arguments before it is entered.
        return Ok(quote!(#(#cfgs)* #krate::SlotDef::#ident({
            fn #ident(vm: &#krate::Vm, class: #class, args: #krate::Args<'_>) -> #gives {
                #this #setup #call
            }
            #ident
        })));
    }
    let names = ["this", "a", "b"].map(|n| syn::Ident::new(n, proc_macro2::Span::call_site()));
    let mut given = names.iter().take(shape.parameters);
    let mut arguments = Vec::new();
    for role in &roles {
        arguments.push(match role {
            Role::Vm => quote!(vm),
            Role::SelfPayload if shape.receiver && slot != "tp_new" => {
                given.next();
                quote!(&**#krate::convert::receiver(vm, this, #slot)?)
            }
            Role::SelfPayload => {
                return Err(Error::new(
                    marked.span,
                    format!("`{slot}` does not get an instance first"),
                ));
            }
            Role::Receiver(ty) => {
                given.next();
                if slot == "tp_new" {
                    quote!(this)
                } else if shape.receiver {
                    call::receiver(krate, ty, &slot)
                } else if types::is_value_ref(ty) {
                    quote!(this)
                } else {
                    let message = format!(
                        "either operand of `{slot}` can be of another type: take a `&Value`"
                    );
                    return Err(Error::new(ty.span(), message));
                }
            }
            Role::Args | Role::Value(_) => match given.next() {
                Some(name) => quote!(#name),
                None => return Err(count_error(&marked, &slot, shape.parameters)),
            },
        });
    }
    if given.next().is_some() {
        return Err(count_error(&marked, &slot, shape.parameters));
    }
    let call = result(
        krate,
        shape.gives,
        function,
        quote!(#owner::#ident(#(#arguments),*)),
    );
    let inputs = names.iter().take(shape.parameters);
    Ok(quote!(#(#cfgs)* #krate::SlotDef::#ident(|vm, #(#inputs),*| #call)))
}

fn class_receiver(krate: &syn::Path, ty: &syn::Type) -> TokenStream {
    let _ = krate;
    if types::is_value_ref(ty) {
        quote!(this)
    } else {
        quote!(class)
    }
}

fn count_error(marked: &Marked, slot: &str, n: usize) -> Error {
    Error::new(
        marked.span,
        format!("`{slot}` has {n} parameters beside `vm`"),
    )
}

fn result(
    krate: &syn::Path,
    gives: Gives,
    function: &syn::Signature,
    call: TokenStream,
) -> TokenStream {
    match gives {
        Gives::Object => quote!(#krate::convert::IntoPy::into_py(#call, vm)),
        Gives::Plain => plain(function, call),
        Gives::Item => {
            let call = plain(function, call);
            quote!(#krate::convert::next_item(vm, #call))
        }
    }
}
