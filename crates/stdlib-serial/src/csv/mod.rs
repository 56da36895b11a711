//! Module `_csv`: dialects (`dialect.rs`), `reader.rs`, `writer.rs`.

mod dialect;
mod reader;
mod writer;

use std::cell::Cell;

use taipan_macros::pyfunctions;
use taipan_object::{
    Args, BaseException, Dict, Module, ModuleSpec, Payload, PyCell, PyResult, Raised, Ref, Str,
    TypeSpec, Value, Vm, bind, tpflags,
};

/// `_csv`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_csv",
    doc: Some("CSV parsing and writing.\n"),
    functions: &[functions::FUNCTIONS],
    types: &[&dialect::DIALECT, &ERROR],
    exec: Some(exec),
};

/// `_csv.Error`
static ERROR: TypeSpec = TypeSpec {
    base: Some(|vm| (*vm.exc().Exception).clone()),
    flags: tpflags::BASETYPE,
    has_dict: true,
    ..TypeSpec::new("Error", "_csv", <BaseException as Payload>::layout)
};

#[cold]
fn error(vm: &Vm, message: &str) -> Raised {
    match vm.make_type(&ERROR) {
        Ok(ty) => vm.raise_new(&ty, message),
        Err(r) => r,
    }
}

/// The state of an interpreter's module.
struct State {
    dialects: PyCell<Option<Ref<Dict>>>,
    field_limit: Cell<isize>,
}

impl Default for State {
    fn default() -> State {
        State {
            dialects: PyCell::new(None),
            field_limit: Cell::new(128 * 1024),
        }
    }
}

fn dialects(vm: &Vm) -> PyResult<Ref<Dict>> {
    let state = vm.state::<State>();
    if let Some(d) = state.dialects.get() {
        return Ok(d);
    }
    let d = vm.new_dict()?;
    state.dialects.set(Some(d.clone()));
    Ok(d)
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    let styles = [
        "QUOTE_MINIMAL",
        "QUOTE_ALL",
        "QUOTE_NONNUMERIC",
        "QUOTE_NONE",
        "QUOTE_STRINGS",
        "QUOTE_NOTNULL",
    ];
    for (i, name) in styles.iter().enumerate() {
        dict.set_named(vm, name, vm.new_usize(i)?)?;
    }
    dict.set_named(vm, "_dialects", dialects(vm)?.into_value())?;
    let reader = vm.make_type(&reader::READER)?;
    let writer = vm.make_type(&writer::WRITER)?;
    dict.set_named(vm, "Reader", reader.into_value())?;
    dict.set_named(vm, "Writer", writer.into_value())
}

/// The arguments of `reader`, `writer` and `register_dialect`: something, and what makes a dialect.
fn with_dialect<'a>(
    vm: &Vm,
    function: &str,
    args: &Args<'a>,
) -> PyResult<(&'a Value, Ref<dialect::Dialect>)> {
    let positional = args.pos();
    bind::check_positional(vm, function, positional.len(), 1, 2)?;
    let Some((first, rest)) = positional.split_first() else {
        return Err(vm.system_error("a positional argument"));
    };
    let mut values = rest.to_vec();
    values.extend_from_slice(args.values.get(positional.len()..).unwrap_or_default());
    let dialect = dialect::call(
        vm,
        Args {
            values: &values,
            kwnames: args.kwnames,
        },
    )?;
    Ok((first, dialect))
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return a reader object that will process lines from the given iterable.
    ///
    /// The "iterable" argument can be any object that returns a line of input for each
    /// iteration, such as a file object or a list. The optional "dialect" argument defines
    /// a CSV dialect; other keyword arguments override its settings.
    #[pyfunction(sig = "($module, iterable, /, dialect='excel', **fmtparams)")]
    fn reader(vm: &Vm, args: Args<'_>) -> PyResult {
        let positional = args.pos();
        bind::check_positional(vm, "reader", positional.len(), 1, 2)?;
        let Some(iterable) = positional.first() else {
            return Err(vm.system_error("a positional argument"));
        };
        let input = vm.iter(iterable)?;
        let (_, dialect) = with_dialect(vm, "reader", &args)?;
        reader::new(vm, input, dialect)
    }

    /// Return a writer object that will write user data on the given file object.
    ///
    /// The "fileobj" argument can be any object that supports the file API. The other
    /// arguments are those of reader().
    #[pyfunction(sig = "($module, fileobj, /, dialect='excel', **fmtparams)")]
    fn writer(vm: &Vm, args: Args<'_>) -> PyResult {
        let positional = args.pos();
        bind::check_positional(vm, "writer", positional.len(), 1, 2)?;
        let Some(file) = positional.first() else {
            return Err(vm.system_error("a positional argument"));
        };
        let write = vm
            .getattr_str_opt(file, "write")?
            .filter(|w| vm.is_callable(w));
        let Some(write) = write else {
            return Err(vm.type_error("argument 1 must have a \"write\" method"));
        };
        let (_, dialect) = with_dialect(vm, "writer", &args)?;
        writer::new(vm, write, dialect)
    }

    /// Return a list of all known dialect names.
    ///
    /// names = csv.list_dialects()
    #[pyfunction(sig = "($module, /)")]
    fn list_dialects(vm: &Vm) -> PyResult<Vec<Value>> {
        Ok(dialects(vm)?.keys())
    }

    /// Create a mapping from a string name to a CVS dialect.
    ///
    /// The optional "dialect" argument specifies the base dialect instance or the name of
    /// the registered dialect. Keyword arguments override its settings.
    #[pyfunction(sig = "($module, name, /, dialect='excel', **fmtparams)")]
    fn register_dialect(vm: &Vm, args: Args<'_>) -> PyResult<()> {
        let positional = args.pos();
        bind::check_positional(vm, "register_dialect", positional.len(), 1, 2)?;
        if positional
            .first()
            .is_none_or(|n| n.downcast_ref::<Str>().is_none())
        {
            return Err(vm.type_error("dialect name must be a string"));
        }
        let (name, dialect) = with_dialect(vm, "register_dialect", &args)?;
        dialects(vm)?.set(vm, name, dialect.into_value())
    }

    /// Delete the name/dialect mapping associated with a string name.
    ///
    ///     name
    ///         dialect name
    #[pyfunction(sig = "($module, /, name)")]
    fn unregister_dialect(vm: &Vm, name: &Value) -> PyResult<()> {
        match dialects(vm)?.remove(vm, name)? {
            Some(_) => Ok(()),
            None => Err(error(vm, "unknown dialect")),
        }
    }

    /// Return the dialect instance associated with name.
    ///
    ///     name
    ///         dialect name
    #[pyfunction(sig = "($module, /, name)")]
    fn get_dialect(vm: &Vm, name: &Value) -> PyResult {
        dialect::registered(vm, name)
    }

    /// Sets an upper limit on parsed fields.
    ///
    ///     new_limit
    ///         limit to set
    ///
    /// Returns old limit. If limit is not given, no new limit is set and
    /// the old limit is returned
    #[pyfunction(sig = "($module, /, new_limit=<unrepresentable>)")]
    fn field_size_limit(vm: &Vm, new_limit: Option<&Value>) -> PyResult<isize> {
        let state = vm.state::<State>();
        let old = state.field_limit.get();
        if let Some(v) = new_limit {
            if !std::ptr::eq(vm.type_of(v), vm.types().int.object()) {
                return Err(vm.type_error("limit must be an integer"));
            }
            let n = v.as_int().and_then(|i| i.to_i64());
            let n = n
                .and_then(|n| isize::try_from(n).ok())
                .ok_or_else(|| vm.overflow_error("Python int too large to convert to C ssize_t"))?;
            state.field_limit.set(n);
        }
        Ok(old)
    }
}
