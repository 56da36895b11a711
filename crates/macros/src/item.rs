//! The marks on functions: `#[pymethod(...)]` and its relatives are read here and taken off the function.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Result, Token};

use crate::signature::Signature;

/// What a function is marked as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// `#[pymethod]`
    Method,
    /// `#[classmethod]`
    ClassMethod,
    /// `#[staticmethod]`
    StaticMethod,
    /// `#[getter]`
    Getter,
    /// `#[member]`
    Member,
    /// `#[setter]`
    Setter,
    /// `#[pyslot]`
    Slot,
    /// `#[pyfunction]`
    Function,
}

impl Mark {
    fn from_path(path: &Path) -> Option<Mark> {
        let ident = &path.segments.last()?.ident;
        Some(match ident.to_string().as_str() {
            "pymethod" => Mark::Method,
            "classmethod" => Mark::ClassMethod,
            "staticmethod" => Mark::StaticMethod,
            "getter" => Mark::Getter,
            "member" => Mark::Member,
            "setter" => Mark::Setter,
            "pyslot" => Mark::Slot,
            "pyfunction" => Mark::Function,
            _ => return None,
        })
    }
}

/// The signature of a marked function, with where it was written.
pub struct SignatureText {
    /// As written.
    pub text: LitStr,
    /// Parsed.
    pub parsed: Signature,
    /// Whether `__text_signature__` shows it.
    pub shown: bool,
}

/// A mark with its options.
pub struct Marked {
    /// What the function is.
    pub mark: Mark,
    /// Its name in Python.
    pub name: String,
    /// Whether the name was given, not taken from the function.
    pub name_given: bool,
    /// `sig` or `params`.
    pub signature: Option<SignatureText>,
    /// `__doc__`
    pub doc: Option<String>,
    /// `#[cfg]` attributes, which apply to the table's entry as well.
    pub cfgs: Vec<Attribute>,
    /// Where to report mistakes.
    pub span: Span,
}

#[derive(Default)]
struct Options {
    name: Option<String>,
    signature: Option<SignatureText>,
    doc: Option<String>,
}

/// One option: a bare name, a string, or `key = "value"`.
enum OptionItem {
    Bare(String),
    Pair(Ident, LitStr),
}

impl Parse for OptionItem {
    fn parse(input: ParseStream<'_>) -> Result<OptionItem> {
        if input.peek(LitStr) {
            return Ok(OptionItem::Bare(input.parse::<LitStr>()?.value()));
        }
        let key = input.call(Ident::parse_any)?;
        if !input.peek(Token![=]) {
            return Ok(OptionItem::Bare(key.unraw().to_string()));
        }
        input.parse::<Token![=]>()?;
        Ok(OptionItem::Pair(key, input.parse()?))
    }
}

fn read_options(attr: &Attribute) -> Result<Options> {
    let mut options = Options::default();
    if matches!(attr.meta, Meta::Path(_)) {
        return Ok(options);
    }
    for item in attr.parse_args_with(Punctuated::<OptionItem, Token![,]>::parse_terminated)? {
        match item {
            OptionItem::Bare(name) => options.name = Some(name),
            OptionItem::Pair(key, value) => match key.to_string().as_str() {
                "name" => options.name = Some(value.value()),
                "doc" => options.doc = Some(value.value()),
                key @ ("sig" | "params") => {
                    if options.signature.is_some() {
                        return Err(Error::new(
                            value.span(),
                            "give either `sig` or `params`, once",
                        ));
                    }
                    let parsed = Signature::parse(&value.value())
                        .map_err(|m| Error::new(value.span(), m))?;
                    options.signature = Some(SignatureText {
                        parsed,
                        shown: key == "sig",
                        text: value,
                    });
                }
                _ => {
                    return Err(Error::new(
                        key.span(),
                        "the options are `name`, `sig`, `params` and `doc`",
                    ));
                }
            },
        }
    }
    Ok(options)
}

/// Takes the mark off `attrs`; `None` when there is no mark.
pub fn take_mark(attrs: &mut Vec<Attribute>, ident: &Ident) -> Result<Option<Marked>> {
    let Some(at) = attrs
        .iter()
        .position(|a| Mark::from_path(a.path()).is_some())
    else {
        return Ok(None);
    };
    let attr = attrs.remove(at);
    if let Some(second) = attrs.iter().find(|a| Mark::from_path(a.path()).is_some()) {
        return Err(Error::new(second.span(), "a function has one mark"));
    }
    let Some(mark) = Mark::from_path(attr.path()) else {
        return Ok(None);
    };
    let options = read_options(&attr)?;
    if matches!(mark, Mark::Getter | Mark::Member | Mark::Setter) && options.signature.is_some() {
        return Err(Error::new(
            attr.span(),
            "a getter or setter has no signature",
        ));
    }
    let name_given = options.name.is_some();
    let doc = options.doc.or_else(|| doc_comment(attrs));
    if !attrs.iter().any(|a| a.path().is_ident("inline")) {
        // Its wrapper is the only caller as a rule, and may be compiled in another unit.
        attrs.push(syn::parse_quote!(#[inline]));
    }
    Ok(Some(Marked {
        mark,
        name: options.name.unwrap_or_else(|| ident.unraw().to_string()),
        name_given,
        signature: options.signature,
        doc,
        cfgs: attrs
            .iter()
            .filter(|a| a.path().is_ident("cfg"))
            .cloned()
            .collect(),
        span: ident.span(),
    }))
}

/// The text of the doc comments, one leading space taken off each line.
fn doc_comment(attrs: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attrs
        .iter()
        .filter(|a| a.path().is_ident("doc"))
        .filter_map(|a| match &a.meta {
            Meta::NameValue(nv) => match &nv.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(s), ..
                }) => Some(s.value()),
                _ => None,
            },
            _ => None,
        })
        .map(|line| line.strip_prefix(' ').map(str::to_owned).unwrap_or(line))
        .collect();
    if lines.is_empty() {
        None
    } else {
        Some(lines.join("\n"))
    }
}

/// The arguments of `#[pymethods(PART, crate = path)]`.
pub struct TableArgs {
    /// The static to make.
    pub table: Ident,
    /// Where the object crate is.
    pub krate: Path,
}

impl Parse for TableArgs {
    fn parse(input: ParseStream<'_>) -> Result<TableArgs> {
        let table: Ident = input.parse()?;
        let mut krate: Path = syn::parse_quote!(::taipan_object);
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            if !input.is_empty() {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                krate = input.call(Path::parse_mod_style)?;
            }
        }
        if !input.is_empty() {
            return Err(input.error("expected the table's name and perhaps `crate = path`"));
        }
        Ok(TableArgs { table, krate })
    }
}
