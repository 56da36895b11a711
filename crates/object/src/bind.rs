//! Calling native code: the arguments of a call are checked against what a [`NativeDef`] takes, with CPython's messages.
//! The code that is called comes from `taipan-macros`; conversions of single arguments are in `convert.rs`.

use crate::class::TypeObject;
use crate::containers::string::Str;
use crate::native::{Args, NativeCode, NativeDef, Params};
use crate::reference::Ref;
use crate::suggestions::suggest;
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;

/// Parameters that are bound without allocating.
const INLINE: usize = 8;

/// `max` of a [`NativeCode::Positional`] that takes any number of arguments.
pub const ANY: u8 = u8::MAX;

/// Calls native code when it takes the arguments; `None` when it does not, which [`call_native`] then says.
#[inline(always)]
pub fn call_native_directly(
    vm: &Vm,
    def: &'static NativeDef,
    self_: &Value,
    args: Args<'_>,
) -> Option<PyResult> {
    Some(match def.code {
        NativeCode::Variadic(f) => f(vm, self_, args),
        NativeCode::Bound { params, f } => {
            let mut buffer = Buffer::new();
            match bind(vm, def.name, params, args, &mut buffer) {
                Ok(places) => f(vm, self_, places),
                Err(e) => Err(e),
            }
        }
        _ if args.keyword_count() != 0 => return None,
        NativeCode::NoArgs(f) => match args.values {
            [] => f(vm, self_),
            _ => return None,
        },
        NativeCode::One(f) => match args.values {
            [arg] => f(vm, self_, arg),
            _ => return None,
        },
        NativeCode::Positional { min, max, f } => {
            let n = args.values.len();
            if n < usize::from(min) || (max != ANY && n > usize::from(max)) {
                return None;
            }
            f(vm, self_, args.values)
        }
    })
}

/// Calls native code with the arguments of a call, `self_` aside. `owner` qualifies the name in messages: the type's
/// name for a method, the module's for a function (none for `builtins`).
#[inline]
pub fn call_native(
    vm: &Vm,
    def: &'static NativeDef,
    self_: &Value,
    owner: Option<&str>,
    args: Args<'_>,
) -> PyResult {
    match def.code {
        NativeCode::Variadic(f) => f(vm, self_, args),
        NativeCode::Bound { params, f } => {
            let mut buffer = Buffer::new();
            {
                let places = bind(vm, def.name, params, args, &mut buffer)?;
                f(vm, self_, places)
            }
        }
        _ if args.keyword_count() != 0 => Err(no_keywords(vm, def, owner)),
        NativeCode::NoArgs(f) => match args.values {
            [] => f(vm, self_),
            given => Err(vm.type_error(&format!(
                "{}() takes no arguments ({} given)",
                qualified(def, owner),
                given.len()
            ))),
        },
        NativeCode::One(f) => match args.values {
            [arg] => f(vm, self_, arg),
            given => Err(vm.type_error(&format!(
                "{}() takes exactly one argument ({} given)",
                qualified(def, owner),
                given.len()
            ))),
        },
        NativeCode::Positional { min, max, f } => {
            let max = if max == ANY {
                usize::MAX
            } else {
                usize::from(max)
            };
            check_positional(vm, def.name, args.values.len(), usize::from(min), max)?;
            f(vm, self_, args.values)
        }
    }
}

#[cold]
fn no_keywords(vm: &Vm, def: &NativeDef, owner: Option<&str>) -> Raised {
    vm.type_error(&format!(
        "{}() takes no keyword arguments",
        qualified(def, owner)
    ))
}

fn qualified(def: &NativeDef, owner: Option<&str>) -> String {
    match owner {
        Some(owner) => format!("{owner}.{}", def.name),
        None => def.name.to_owned(),
    }
}

/// How messages call a function: `name()`, or just `function` where CPython's parser is given no name.
struct Shown<'a>(&'a str);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            "" => f.write_str("function"),
            name => write!(f, "{name}()"),
        }
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// Checks the number of positional arguments as `_PyArg_CheckPositional` does.
#[inline(always)]
pub fn check_positional(vm: &Vm, name: &str, given: usize, min: usize, max: usize) -> PyResult<()> {
    if min <= given && given <= max {
        Ok(())
    } else {
        Err(wrong_count(vm, name, given, min, max))
    }
}

#[cold]
fn wrong_count(vm: &Vm, name: &str, given: usize, min: usize, max: usize) -> Raised {
    let (bound, limit) = if given < min {
        ("at least ", min)
    } else {
        ("at most ", max)
    };
    let bound = if min == max { "" } else { bound };
    vm.type_error(&format!(
        "{name} expected {bound}{limit} argument{}, got {given}",
        plural(limit)
    ))
}

/// Checks the number of keyword arguments of a function whose positional ones are `*args`.
pub fn check_keyword_count(vm: &Vm, name: &str, given: usize, most: usize) -> PyResult<()> {
    if given <= most {
        return Ok(());
    }
    Err(vm.type_error(&format!(
        "{name}() takes at most {most} keyword argument{} ({given} given)",
        plural(most)
    )))
}

/// Fails with "name() takes no keyword arguments" when there are some.
pub fn check_no_keywords(vm: &Vm, name: &str, args: &Args<'_>) -> PyResult<()> {
    if args.keyword_count() == 0 {
        return Ok(());
    }
    Err(vm.type_error(&format!("{name}() takes no keyword arguments")))
}

/// The arguments of a constructor whose parameters are all positional-only. `this` is the class (`tp_new`) or the
/// instance (`tp_init`). Keywords are refused unless a subclass has an `__init__` or `__new__` that may take them.
pub fn constructor_positional<'a>(
    vm: &Vm,
    name: &str,
    this: &Value,
    min: usize,
    max: usize,
    args: Args<'a>,
) -> PyResult<&'a [Value]> {
    if args.keyword_count() != 0 && !overridden(vm, this) {
        check_no_keywords(vm, name, &args)?;
    }
    let positional = args.pos();
    check_positional(vm, name, positional.len(), min, max)?;
    Ok(positional)
}

/// Whether a class differs from its native base in how instances are made, the other step of construction included.
fn overridden(vm: &Vm, this: &Value) -> bool {
    let (class, new) = match this.downcast_ref::<TypeObject>() {
        Some(class) => (class.clone(), true),
        None => (vm.type_of(this).to_ref(), false),
    };
    let mut base: Ref<TypeObject> = class.clone();
    while base.is_heap() {
        match base.base.get() {
            Some(next) => base = next,
            None => return false,
        }
    }
    if new {
        class.slots.tp_init.get().map(|f| f as usize)
            != base.slots.tp_init.get().map(|f| f as usize)
    } else {
        class.slots.tp_new.get().map(|f| f as usize) != base.slots.tp_new.get().map(|f| f as usize)
    }
}

/// Room for bound arguments.
pub struct Buffer<'a> {
    inline: [Option<&'a Value>; INLINE],
    spilled: Vec<Option<&'a Value>>,
}

impl<'a> Buffer<'a> {
    /// Room that is not used yet.
    #[inline(always)]
    pub const fn new() -> Buffer<'a> {
        Buffer {
            inline: [None; INLINE],
            spilled: Vec::new(),
        }
    }

    #[inline(always)]
    fn places(&mut self, n: usize) -> &mut [Option<&'a Value>] {
        if n > INLINE {
            self.spilled.resize(n, None);
            &mut self.spilled
        } else {
            &mut self.inline[..n]
        }
    }
}

impl Default for Buffer<'_> {
    fn default() -> Self {
        Buffer::new()
    }
}

impl Params {
    /// Whether `n` positional arguments and no others are what is wanted.
    #[inline(always)]
    pub fn takes_positional(&self, n: usize) -> bool {
        n >= usize::from(self.required)
            && n <= usize::from(self.positional)
            && self.required_keyword == 0
    }

    fn is_required(&self, i: usize) -> bool {
        if i < usize::from(self.positional) {
            i < usize::from(self.required)
        } else {
            i < 64 && self.required_keyword >> i & 1 != 0
        }
    }

    /// The names that can be given as keywords, with their places.
    fn keywords(&self) -> impl Iterator<Item = (usize, &'static str)> + use<> {
        self.names
            .iter()
            .copied()
            .enumerate()
            .skip(usize::from(self.positional_only))
    }
}

/// Binds arguments to parameters by position and name, as `_PyArg_UnpackKeywords` does; `function` is what messages call it
/// (nothing, if empty).
#[inline]
pub fn bind<'b, 'a>(
    vm: &Vm,
    function: &str,
    params: &Params,
    args: Args<'a>,
    buffer: &'b mut Buffer<'a>,
) -> PyResult<&'b [Option<&'a Value>]> {
    let places = buffer.places(params.names.len());
    let positional = args.pos();
    let n = positional.len();
    if params.takes_positional(n) && args.keyword_count() == 0 {
        for (place, v) in places.iter_mut().zip(positional) {
            *place = Some(v);
        }
        return Ok(places);
    }
    bind_slow(vm, function, params, args, places)?;
    Ok(places)
}

#[inline(never)]
fn bind_slow<'a>(
    vm: &Vm,
    function: &str,
    params: &Params,
    args: Args<'a>,
    places: &mut [Option<&'a Value>],
) -> PyResult<()> {
    let shown = Shown(function);
    let given = args.pos().len();
    let (most, most_positional) = (params.names.len(), usize::from(params.positional));
    let required = usize::from(params.required);
    if args.values.len() > most {
        // "keyword" keeps the message true when none were given by position.
        let keyword = if given == 0 { "keyword " } else { "" };
        let n = args.values.len();
        let s = plural(most);
        return Err(vm.type_error(&format!(
            "{shown} takes at most {most} {keyword}argument{s} ({n} given)"
        )));
    }
    if given > most_positional {
        if most_positional == 0 {
            return Err(vm.type_error(&format!("{shown} takes no positional arguments")));
        }
        let bound = if required < most_positional {
            "at most"
        } else {
            "exactly"
        };
        let s = plural(most_positional);
        return Err(vm.type_error(&format!(
            "{shown} takes {bound} {most_positional} positional argument{s} ({given} given)"
        )));
    }
    check_positional_only(vm, function, params, given, most_positional)?;
    for (place, v) in places.iter_mut().zip(args.pos()) {
        *place = Some(v);
    }
    bind_keywords(vm, function, params, args, places, given)
}

fn check_positional_only(
    vm: &Vm,
    function: &str,
    params: &Params,
    given: usize,
    most: usize,
) -> PyResult<()> {
    let shown = Shown(function);
    let least = usize::from(params.positional_only).min(usize::from(params.required));
    if given >= least {
        return Ok(());
    }
    let bound = if least < most { "at least" } else { "exactly" };
    let s = plural(least);
    Err(vm.type_error(&format!(
        "{shown} takes {bound} {least} positional argument{s} ({given} given)"
    )))
}

/// Puts keyword arguments into the places from `first` on that a keyword can fill.
fn bind_keywords<'a>(
    vm: &Vm,
    function: &str,
    params: &Params,
    args: Args<'a>,
    places: &mut [Option<&'a Value>],
    first: usize,
) -> PyResult<()> {
    let shown = Shown(function);
    let mut left = args.keyword_count();
    for (i, name) in params.keywords().filter(|(i, _)| *i >= first) {
        let found = if left != 0 {
            find_keyword(&args, name)
        } else {
            None
        };
        if found.is_some() {
            left -= 1;
        } else if params.is_required(i) {
            let position = i + 1;
            return Err(vm.type_error(&format!(
                "{shown} missing required argument '{name}' (pos {position})"
            )));
        }
        if let Some(place) = places.get_mut(i) {
            *place = found;
        }
    }
    if left == 0 {
        return Ok(());
    }
    for (i, name) in params.keywords().take_while(|(i, _)| *i < first) {
        if find_keyword(&args, name).is_some() {
            let position = i + 1;
            return Err(vm.type_error(&format!(
                "argument for {shown} given by name ('{name}') and position ({position})"
            )));
        }
    }
    Err(unexpected_keyword(vm, function, params, args))
}

fn find_keyword<'a>(args: &Args<'a>, name: &str) -> Option<&'a Value> {
    args.keywords()
        .find(|(k, _)| k.eq_str(name))
        .map(|(_, v)| v)
}

#[cold]
fn unexpected_keyword(vm: &Vm, function: &str, params: &Params, args: Args<'_>) -> Raised {
    // Here CPython says it another way.
    let shown = match function {
        "" => "this function".to_owned(),
        name => format!("{name}()"),
    };
    let known = || params.keywords().map(|(_, name)| name);
    for (key, _) in args.keywords() {
        if known().any(|name| key.eq_str(name)) {
            continue;
        }
        if !key.as_value().is_exact_str(vm) {
            // Subclasses of str compare as they like.
            let mut same = false;
            for name in known() {
                match vm
                    .new_str(name)
                    .and_then(|n| vm.eq(key.as_value(), n.as_value()))
                {
                    Ok(equal) => same |= equal,
                    Err(r) => return r,
                }
            }
            if same {
                continue;
            }
        }
        return no_such_keyword(vm, &shown, &key, known());
    }
    vm.type_error(&format!("invalid keyword argument for {function}()"))
}

/// The error of a keyword that a function does not take; `shown` is the function with its parentheses, `known` what it takes.
#[cold]
pub fn no_such_keyword<'n>(
    vm: &Vm,
    shown: &str,
    key: &Str,
    known: impl Iterator<Item = &'n str>,
) -> Raised {
    let key = key.to_string_lossy();
    let hint = match suggest(&key, known) {
        Some(name) => format!(". Did you mean '{name}'?"),
        None => String::new(),
    };
    vm.type_error(&format!(
        "{shown} got an unexpected keyword argument '{key}'{hint}"
    ))
}

/// Binds the arguments of a function with `*args` and named parameters: the named ones, and the rest of the positional ones.
pub fn bind_var<'b, 'a>(
    vm: &Vm,
    function: &str,
    params: &Params,
    args: Args<'a>,
    buffer: &'b mut Buffer<'a>,
) -> PyResult<(&'b [Option<&'a Value>], &'a [Value])> {
    let places = buffer.places(params.names.len());
    let positional = args.pos();
    let most = usize::from(params.positional);
    check_positional_only(vm, function, params, positional.len(), most)?;
    let (named, rest) = positional.split_at(most.min(positional.len()));
    for (place, v) in places.iter_mut().zip(named) {
        *place = Some(v);
    }
    let missing = params.required_keyword != 0 || named.len() < usize::from(params.required);
    if missing || args.keyword_count() != 0 {
        bind_keywords(vm, function, params, args, places, named.len())?;
    }
    Ok((places, rest))
}

/// The argument in a place that binding has filled.
#[inline(always)]
pub fn given<'a>(vm: &Vm, places: &[Option<&'a Value>], i: usize) -> PyResult<&'a Value> {
    match places.get(i) {
        Some(Some(v)) => Ok(v),
        _ => Err(vm.system_error("a required argument was not bound")),
    }
}
