//! `#[pyfunctions]`: the functions of a native module, collected from an inline Rust module.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Item, ItemMod, Result};

use crate::call::{self, Place};
use crate::item::{Mark, TableArgs, take_mark};

/// Expands `#[pyfunctions(TABLE)] mod name { .. }`.
pub fn expand(args: &TableArgs, mut module: ItemMod) -> Result<TokenStream> {
    let Some((_, items)) = &mut module.content else {
        return Err(Error::new(
            module.ident.span(),
            "`#[pyfunctions]` needs the module's body here: `mod name { .. }`",
        ));
    };
    let (krate, table) = (&args.krate, &args.table);
    let place = Place {
        krate,
        owner: quote!(self),
    };
    let (mut wrappers, mut defs) = (Vec::new(), Vec::new());
    for item in items.iter_mut() {
        let Item::Fn(function) = item else { continue };
        let Some(marked) = take_mark(&mut function.attrs, &function.sig.ident)? else {
            continue;
        };
        if marked.mark != Mark::Function {
            return Err(Error::new(
                marked.span,
                "a module has `#[pyfunction]`s only",
            ));
        }
        let entry = call::native_def(&place, &marked, &function.sig)?;
        wrappers.push(entry.items);
        defs.push(entry.def);
    }
    let doc = "The functions that this module declares for Python.";
    items.push(Item::Verbatim(quote! {
        #[doc = #doc]
        pub static #table: &[#krate::NativeDef] = {
            #(#wrappers)*
            &[#(#defs),*]
        };
    }));
    Ok(quote!(#module))
}
