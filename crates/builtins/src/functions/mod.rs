//! Functions of module `builtins` that work on containers and iterators. The other functions of the module are in `taipan-vm`.

mod sum;

pub use sum::sum;

use taipan_macros::pyfunctions;
use taipan_object::bind::{check_keyword_count, no_such_keyword};
use taipan_object::{Args, CompareOp, PyResult, Ref, Value, Vm};

use crate::iterators::CallIter;
use crate::list_;

pub use containers::FUNCTIONS;

/// `min` and `max`, which differ in the comparison alone.
fn extreme(vm: &Vm, name: &str, op: CompareOp, args: Args<'_>) -> PyResult {
    let pos = args.pos();
    if pos.is_empty() {
        return Err(vm.type_error(&format!("{name} expected at least 1 argument, got 0")));
    }
    check_keyword_count(vm, name, args.keyword_count(), 2)?;
    let (mut key, mut default) = (None, None);
    for (k, v) in args.keywords() {
        if k.eq_str("key") {
            key = Some(v).filter(|k| !vm.is_none(k));
        } else if k.eq_str("default") {
            default = Some(v);
        } else {
            let (shown, known) = (format!("{name}()"), ["key", "default"]);
            return Err(no_such_keyword(vm, &shown, &k, known.into_iter()));
        }
    }
    let best = if let [iterable] = pos {
        let mut items = vm.items(iterable)?;
        best_of(vm, key, op, || items.next(vm))?
    } else {
        if default.is_some() {
            return Err(vm.type_error(&format!(
                "Cannot specify a default for {name}() with multiple positional arguments"
            )));
        }
        let mut items = pos.iter();
        best_of(vm, key, op, || Ok(items.next().cloned()))?
    };
    match (best, default) {
        (Some(v), _) => Ok(v),
        (None, Some(d)) => Ok(d.clone()),
        (None, None) => Err(vm.value_error(&format!("{name}() iterable argument is empty"))),
    }
}

/// The item that compares by `op` with all before it, the first one of equals; `None` when there is none.
#[inline(always)]
fn best_of(
    vm: &Vm,
    key: Option<&Value>,
    op: CompareOp,
    mut next: impl FnMut() -> PyResult<Option<Value>>,
) -> PyResult<Option<Value>> {
    let Some(mut best) = next()? else {
        return Ok(None);
    };
    match key {
        None => {
            while let Some(v) = next()? {
                if vm.compare_bool(&v, &best, op)? {
                    best = v;
                }
            }
        }
        Some(key) => {
            let mut top = vm.call1(key, &best)?;
            while let Some(v) = next()? {
                let rank = vm.call1(key, &v)?;
                if vm.compare_bool(&rank, &top, op)? {
                    (best, top) = (v, rank);
                }
            }
        }
    }
    Ok(Some(best))
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod containers {
    use super::*;

    /// Return True if bool(x) is True for all values x in the iterable.
    ///
    /// If the iterable is empty, return True.
    #[pyfunction(sig = "($module, iterable, /)")]
    fn all(vm: &Vm, iterable: &Value) -> PyResult<bool> {
        let mut items = vm.items(iterable)?;
        while let Some(v) = items.next(vm)? {
            if !vm.is_true(&v)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Return True if bool(x) is True for any x in the iterable.
    ///
    /// If the iterable is empty, return False.
    #[pyfunction(sig = "($module, iterable, /)")]
    fn any(vm: &Vm, iterable: &Value) -> PyResult<bool> {
        let mut items = vm.items(iterable)?;
        while let Some(v) = items.next(vm)? {
            if vm.is_true(&v)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Return the number of items in a container.
    #[pyfunction(sig = "($module, obj, /)")]
    fn len(vm: &Vm, obj: &Value) -> PyResult<usize> {
        vm.len(obj)
    }

    /// iter(iterable) -> iterator
    /// iter(callable, sentinel) -> iterator
    ///
    /// Get an iterator from an object.
    /// In the first form, the argument must supply its own iterator, or be a sequence.
    /// In the second form, the callable is called until it returns the sentinel.
    #[pyfunction(params = "($module, object, sentinel=<unrepresentable>, /)")]
    fn iter(vm: &Vm, object: &Value, sentinel: Option<&Value>) -> PyResult {
        let Some(sentinel) = sentinel else {
            return vm.iter(object);
        };
        if !vm.is_callable(object) {
            return Err(vm.type_error("iter(v, w): v must be callable"));
        }
        let pair = taipan_object::PyCell::new(Some((object.clone(), sentinel.clone())));
        vm.new(CallIter { pair }).map(Ref::into_value)
    }

    /// next(iterator[, default])
    ///
    /// Return the next item from the iterator.
    /// If default is given and the iterator is exhausted,
    /// it is returned instead of raising StopIteration.
    #[pyfunction(params = "($module, iterator, default=<unrepresentable>, /)")]
    fn next(vm: &Vm, iterator: &Value, default: Option<&Value>) -> PyResult {
        let Some(f) = vm.type_of(iterator).payload.slots.tp_iternext.get() else {
            return Err(vm.type_error(&format!(
                "'{}' object is not an iterator",
                vm.type_name(iterator)
            )));
        };
        // The slot itself, since StopIteration may carry a value.
        match (f(vm, iterator), default) {
            (Ok(Some(v)), _) => Ok(v),
            (Ok(None), Some(d)) => Ok(d.clone()),
            (Ok(None), None) => Err(vm.stop_iteration(None)),
            (Err(r), None) => Err(r),
            (Err(r), Some(d)) => {
                drop(vm.catch(r, &vm.exc().StopIteration)?);
                Ok(d.clone())
            }
        }
    }

    /// max(iterable, *[, default=obj, key=func]) -> value
    /// max(arg1, arg2, *args, *[, key=func]) -> value
    ///
    /// With a single iterable argument, return its biggest item. The
    /// default keyword-only argument specifies an object to return if
    /// the provided iterable is empty.
    /// With two or more positional arguments, return the largest argument.
    #[pyfunction]
    fn max(vm: &Vm, args: Args<'_>) -> PyResult {
        extreme(vm, "max", CompareOp::Gt, args)
    }

    /// min(iterable, *[, default=obj, key=func]) -> value
    /// min(arg1, arg2, *args, *[, key=func]) -> value
    ///
    /// With a single iterable argument, return its smallest item. The
    /// default keyword-only argument specifies an object to return if
    /// the provided iterable is empty.
    /// With two or more positional arguments, return the smallest argument.
    #[pyfunction]
    fn min(vm: &Vm, args: Args<'_>) -> PyResult {
        extreme(vm, "min", CompareOp::Lt, args)
    }

    /// Return a new list containing all items from the iterable in ascending order.
    ///
    /// A custom key function can be supplied to customize the sort order, and the
    /// reverse flag can be set to request the result in descending order.
    #[pyfunction(sig = "($module, iterable, /, *, key=None, reverse=False)")]
    fn sorted(vm: &Vm, args: Args<'_>) -> PyResult {
        taipan_object::bind::check_positional(vm, "sorted", args.pos().len(), 1, 1)?;
        let Some((iterable, keywords)) = args.values.split_first() else {
            return Err(vm.system_error("sorted without an argument"));
        };
        let list = vm.new_list(vm.collect(iterable)?)?;
        list_::sort::sort_with(
            vm,
            &list,
            Args {
                values: keywords,
                kwnames: args.kwnames,
            },
        )?;
        Ok(list.into_value())
    }

    /// Return the sum of a 'start' value (default: 0) plus an iterable of numbers
    ///
    /// When the iterable is empty, return the start value.
    /// This function is intended specifically for use with numeric values and may
    /// reject non-numeric types.
    #[pyfunction(sig = "($module, iterable, /, start=0)")]
    fn sum(vm: &Vm, iterable: &Value, start: Value) -> PyResult {
        super::sum(vm, iterable, start)
    }
}
