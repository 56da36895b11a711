//! Reads a `__text_signature__` and says which calling convention follows from it, by the rules of CPython's Argument Clinic.

/// How a parameter can be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Before `/`.
    PositionalOnly,
    /// Neither before `/` nor after `*`.
    PositionalOrKeyword,
    /// After `*` or `*args`.
    KeywordOnly,
    /// `*args`
    VarPositional,
    /// `**kwargs`
    VarKeyword,
}

/// A default as written in the signature.
#[derive(Clone, PartialEq, Debug)]
pub enum Default {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An int that fits 64 bits, or `sys.maxsize`.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string without prefix.
    Str(String),
    /// Anything else: the function sees only whether the argument was given.
    Other(String),
}

/// One parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// Its name without stars.
    pub name: String,
    /// How it can be given.
    pub kind: Kind,
    /// Its default, `None` when it is required.
    pub default: Option<Default>,
}

/// A parsed signature, without the `$self` part.
#[derive(Clone, PartialEq, Debug)]
pub struct Signature {
    /// The parameters in order.
    pub parameters: Vec<Parameter>,
}

/// The calling convention that Argument Clinic picks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Convention {
    /// METH_NOARGS
    NoArgs,
    /// METH_O
    One,
    /// METH_FASTCALL; `max` is `None` with `*args`.
    Positional {
        /// Fewest arguments.
        min: usize,
        /// Most arguments.
        max: Option<usize>,
    },
    /// METH_FASTCALL | METH_KEYWORDS
    Bound,
    /// `*args` together with parameters that have names.
    VarBound,
}

impl Signature {
    /// Parses `text`, for instance `($self, iterable, /, *, key=None)`.
    pub fn parse(text: &str) -> Result<Signature, String> {
        let inner = text
            .trim()
            .strip_prefix('(')
            .and_then(|t| t.strip_suffix(')'))
            .ok_or("a signature starts with `(` and ends with `)`")?;
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut kind = Kind::PositionalOrKeyword;
        for (i, item) in split(inner)?.into_iter().enumerate() {
            let item = item.trim();
            if item.starts_with('$') {
                if i != 0 {
                    return Err(format!("`{item}` must come first"));
                }
                continue;
            }
            match item {
                "" => return Err("empty parameter".to_owned()),
                "/" => {
                    if kind != Kind::PositionalOrKeyword {
                        return Err("`/` comes once, before `*`".to_owned());
                    }
                    if parameters.iter().any(|p| p.kind == Kind::PositionalOnly) {
                        return Err("`/` comes only once".to_owned());
                    }
                    parameters
                        .iter_mut()
                        .for_each(|p| p.kind = Kind::PositionalOnly);
                    continue;
                }
                "*" => {
                    if kind != Kind::PositionalOrKeyword {
                        return Err("`*` comes only once".to_owned());
                    }
                    kind = Kind::KeywordOnly;
                    continue;
                }
                _ => {}
            }
            if let Some(name) = item.strip_prefix("**") {
                parameters.push(Parameter {
                    name: identifier(name)?,
                    kind: Kind::VarKeyword,
                    default: None,
                });
                kind = Kind::VarKeyword;
                continue;
            }
            if kind == Kind::VarKeyword {
                return Err("nothing follows `**kwargs`".to_owned());
            }
            if let Some(name) = item.strip_prefix('*') {
                if kind != Kind::PositionalOrKeyword {
                    return Err("`*` comes only once".to_owned());
                }
                parameters.push(Parameter {
                    name: identifier(name)?,
                    kind: Kind::VarPositional,
                    default: None,
                });
                kind = Kind::KeywordOnly;
                continue;
            }
            let (name, default) = match item.split_once('=') {
                Some((name, default)) => (name, Some(parse_default(default.trim())?)),
                None => (item, None),
            };
            let after_default = parameters.last().is_some_and(|p| p.default.is_some());
            if default.is_none() && after_default && kind == Kind::PositionalOrKeyword {
                return Err(format!(
                    "`{name}` without a default follows a parameter with one"
                ));
            }
            parameters.push(Parameter {
                name: identifier(name)?,
                kind,
                default,
            });
        }
        Ok(Signature { parameters })
    }

    /// How many parameters before `*` have no default.
    pub fn required(&self) -> usize {
        self.parameters
            .iter()
            .filter(|p| p.is_positional() && p.default.is_none())
            .count()
    }

    /// The convention for a function that lists its parameters.
    pub fn convention(&self) -> Convention {
        let named = self
            .parameters
            .iter()
            .filter(|p| p.kind != Kind::VarPositional);
        let only_positional = named.clone().all(|p| p.kind == Kind::PositionalOnly);
        let var = self
            .parameters
            .iter()
            .any(|p| p.kind == Kind::VarPositional);
        match (only_positional, var) {
            (true, true) => Convention::Positional {
                min: self.required(),
                max: None,
            },
            (false, true) => Convention::VarBound,
            (false, false) => Convention::Bound,
            (true, false) => match (self.required(), self.parameters.len()) {
                (0, 0) => Convention::NoArgs,
                (1, 1) => Convention::One,
                (min, max) => Convention::Positional {
                    min,
                    max: Some(max),
                },
            },
        }
    }
}

impl Parameter {
    /// Whether it can be given by position, one value for one parameter.
    pub fn is_positional(&self) -> bool {
        matches!(self.kind, Kind::PositionalOnly | Kind::PositionalOrKeyword)
    }
}

fn identifier(name: &str) -> Result<String, String> {
    let name = name.trim();
    let ok = name
        .chars()
        .enumerate()
        .all(|(i, c)| c == '_' || c.is_alphabetic() || (i > 0 && c.is_numeric()));
    if name.is_empty() || !ok {
        Err(format!("`{name}` is not a parameter's name"))
    } else {
        Ok(name.to_owned())
    }
}

/// Splits at the commas that are outside of brackets and strings.
fn split(text: &str) -> Result<Vec<&str>, String> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quote, mut escaped) = (0, 0i32, None, false);
    for (i, c) in text.char_indices() {
        if let Some(q) = quote {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == q => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '\'' | '"' => quote = Some(c),
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    if quote.is_some() || depth != 0 {
        return Err("unbalanced brackets or quotes".to_owned());
    }
    if !text[start..].trim().is_empty() {
        parts.push(&text[start..]);
    }
    Ok(parts)
}

fn parse_default(text: &str) -> Result<Default, String> {
    Ok(match text {
        "" => return Err("nothing after `=`".to_owned()),
        "None" => Default::None,
        "True" => Default::Bool(true),
        "False" => Default::Bool(false),
        "sys.maxsize" => Default::Int(i64::MAX),
        _ => {
            let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
            if let Some(q) = quote {
                let inner = text.strip_prefix(q).and_then(|t| t.strip_suffix(q));
                return match inner.and_then(unescape) {
                    Some(s) => Ok(Default::Str(s)),
                    None => Err(format!("cannot read the string {text}")),
                };
            }
            let hex = text
                .strip_prefix("0x")
                .and_then(|t| i64::from_str_radix(t, 16).ok());
            if let Some(i) = hex.or_else(|| text.parse::<i64>().ok()) {
                Default::Int(i)
            } else if text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') {
                text.parse()
                    .map(Default::Float)
                    .unwrap_or_else(|_| Default::Other(text.to_owned()))
            } else {
                Default::Other(text.to_owned())
            }
        }
    })
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' => '\0',
            c @ ('\\' | '\'' | '"') => c,
            'x' => {
                let (a, b) = (chars.next()?.to_digit(16)?, chars.next()?.to_digit(16)?);
                char::from_u32(a * 16 + b)?
            }
            _ => return None,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convention(text: &str) -> Convention {
        Signature::parse(text).expect("a signature").convention()
    }

    #[test]
    fn conventions_are_those_of_argument_clinic() {
        assert_eq!(convention("($self, /)"), Convention::NoArgs);
        assert_eq!(convention("()"), Convention::NoArgs);
        assert_eq!(convention("($self, object, /)"), Convention::One);
        assert_eq!(
            convention("($self, index=-1, /)"),
            Convention::Positional {
                min: 0,
                max: Some(1)
            }
        );
        assert_eq!(
            convention("($self, index, object, /)"),
            Convention::Positional {
                min: 2,
                max: Some(2)
            }
        );
        assert_eq!(
            convention("($module, *integers)"),
            Convention::Positional { min: 0, max: None }
        );
        assert_eq!(
            convention("($module, iterable, /, start=0)"),
            Convention::Bound
        );
        assert_eq!(
            convention("($self, /, *, key=None, reverse=False)"),
            Convention::Bound
        );
        assert_eq!(convention("(x)"), Convention::Bound);
        assert_eq!(convention("(*args, sep=' ')"), Convention::VarBound);
    }

    #[test]
    fn defaults_are_read() {
        let text = r"($self, a=-1, b=' ,', c='\n', d=1.5, e=(1, 2), f=<unrepresentable>, g=None, h=True, i=sys.maxsize)";
        let s = Signature::parse(text).expect("a signature");
        let defaults: Vec<_> = s.parameters.into_iter().filter_map(|p| p.default).collect();
        assert_eq!(
            defaults,
            [
                Default::Int(-1),
                Default::Str(" ,".into()),
                Default::Str("\n".into()),
                Default::Float(1.5),
                Default::Other("(1, 2)".into()),
                Default::Other("<unrepresentable>".into()),
                Default::None,
                Default::Bool(true),
                Default::Int(i64::MAX),
            ]
        );
    }

    #[test]
    fn mistakes_are_found() {
        for bad in [
            "x",
            "(a=1, b)",
            "(a, /, b, /)",
            "(*, *, a)",
            "(**k, a)",
            "(a='x)",
            "(1a)",
            "(a=)",
            "(a, $self)",
        ] {
            assert!(Signature::parse(bad).is_err(), "{bad}");
        }
    }
}
