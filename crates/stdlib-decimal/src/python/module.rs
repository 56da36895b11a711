//! The module `_decimal`.

use taipan_macros::pyfunctions;
use taipan_object::{Args, Module, ModuleSpec, PyResult, Ref, Value, Vm};

use super::context::{CONTEXT, Context, DEFAULT_RULES, DEFAULT_TRAPS, ssize};
use super::current::{Classes, classes, current, set_current};
use super::decimal::{DECIMAL, Decimal};
use super::manager::{CONTEXT_MANAGER, ContextManager};
use super::signals::{SIGNAL_DICT_MIXIN, SignalClasses};
use crate::core::rules::{MAX_EMAX, MAX_PREC, MIN_EMIN, MIN_ETINY};
use crate::core::{Round, Rules, status};

/// The largest argument of IEEEContext.
const IEEE_CONTEXT_MAX_BITS: i64 = 512;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_decimal",
    doc: Some("C decimal arithmetic module"),
    functions: &[functions::FUNCTIONS],
    types: &[&DECIMAL, &CONTEXT],
    exec: Some(exec),
};

fn make_classes(vm: &Vm) -> PyResult<Classes> {
    let mixin = vm.make_type(&SIGNAL_DICT_MIXIN)?;
    vm.make_type(&CONTEXT_MANAGER)?;
    let numbers = vm.import("numbers")?;
    let decimal = vm.class::<Decimal>()?.into_value();
    let number = vm.getattr_str(&numbers, "Number")?;
    vm.call_method_str(&number, "register", &[decimal])?;
    let collections = vm.import("collections")?;
    let module = vm.new_str("decimal")?.into_value();
    let name = vm.new_str("DecimalTuple")?.into_value();
    let fields = vm.new_str("sign digits exponent")?.into_value();
    let decimal_tuple = vm.call_method_str(&collections, "namedtuple", &[name, fields])?;
    vm.setattr_str(&decimal_tuple, "__module__", &module)?;
    let abc = vm.import("collections.abc")?;
    let mapping = vm.getattr_str(&abc, "MutableMapping")?;
    let bases = vm
        .new_tuple(vec![mixin.into_value(), mapping])?
        .into_value();
    let name = vm.new_str("SignalDict")?.into_value();
    let namespace = vm.new_dict()?.into_value();
    let signal_dict = vm.call_pos(vm.types().type_.as_value(), &[name, bases, namespace])?;
    let Ok(signal_dict) = signal_dict.downcast() else {
        return Err(vm.runtime_error("SignalDict is no class"));
    };
    let contextvars = vm.import("_contextvars")?;
    let name = vm.new_str("decimal_context")?.into_value();
    let variable = vm.call_method_str(&contextvars, "ContextVar", &[name])?;
    let template = |rules: Rules, traps: u32| vm.new(Context::with(rules, traps));
    let nine = Rules {
        prec: 9,
        ..DEFAULT_RULES
    };
    let basic = Rules {
        round: Round::HalfUp,
        ..nine
    };
    let basic_traps = DEFAULT_TRAPS | status::UNDERFLOW | status::CLAMPED;
    let mut rounds = Vec::new();
    for (_, name) in Round::ALL {
        rounds.push(vm.intern(name)?);
    }
    Ok(Classes {
        signals: SignalClasses::make(vm)?,
        signal_dict,
        decimal_tuple,
        rational: vm.getattr_str(&numbers, "Rational")?,
        variable,
        templates: [
            template(DEFAULT_RULES, DEFAULT_TRAPS)?,
            template(basic, basic_traps)?,
            template(nine, 0)?,
        ],
        rounds,
    })
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let state = classes(vm)?;
    if state.made().is_none() {
        state.set(make_classes(vm)?);
    }
    let known = state.get(vm)?;
    known.signals.publish(vm, module)?;
    let put = |name: &str, value: &Value| vm.setattr_str(module.as_value(), name, value);
    put("DecimalTuple", &known.decimal_tuple)?;
    for (name, context) in ["DefaultContext", "BasicContext", "ExtendedContext"]
        .iter()
        .zip(&known.templates)
    {
        put(name, context.as_value())?;
    }
    for name in &known.rounds {
        put(&name.to_string_lossy(), name.as_value())?;
    }
    for (name, value) in [
        ("MAX_PREC", MAX_PREC),
        ("MAX_EMAX", MAX_EMAX),
        ("MIN_EMIN", MIN_EMIN),
        ("MIN_ETINY", MIN_ETINY),
        ("IEEE_CONTEXT_MAX_BITS", IEEE_CONTEXT_MAX_BITS),
    ] {
        put(name, &vm.new_int(value)?)?;
    }
    for name in ["HAVE_THREADS", "HAVE_CONTEXTVAR"] {
        put(name, &vm.bool(true))?;
    }
    for (name, text) in [("__version__", "1.70"), ("__libmpdec_version__", "2.5.1")] {
        put(name, vm.new_str(text)?.as_value())?;
    }
    Ok(())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Get the current default context.
    #[pyfunction(sig = "($module, /)")]
    fn getcontext(vm: &Vm) -> PyResult<Ref<Context>> {
        current(vm)
    }

    /// Set a new default context.
    #[pyfunction(sig = "($module, context, /)")]
    fn setcontext(vm: &Vm, context: &Value) -> PyResult<()> {
        set_current(vm, context)
    }

    /// A context manager under which a copy of the context is the current one.
    #[pyfunction(sig = "($module, /, ctx=None, **kwargs)")]
    fn localcontext(vm: &Vm, args: Args<'_>) -> PyResult<Ref<ContextManager>> {
        ContextManager::make(vm, args)
    }

    /// The context of an IEEE interchange format of so many bits.
    #[pyfunction(name = "IEEEContext", sig = "($module, bits, /)")]
    fn ieee_context(vm: &Vm, bits: &Value) -> PyResult<Ref<Context>> {
        let bits = ssize(vm, bits)?;
        if bits <= 0 || bits > IEEE_CONTEXT_MAX_BITS || bits % 32 != 0 {
            return Err(vm.value_error(&format!(
                "argument must be a multiple of 32, with a maximum of {IEEE_CONTEXT_MAX_BITS}"
            )));
        }
        let emax = 3 * (1i64 << (bits / 16 + 3));
        let rules = Rules {
            prec: 9 * (bits / 32) - 2,
            emax,
            emin: 1 - emax,
            round: Round::HalfEven,
            clamp: true,
        };
        vm.new(Context::with(rules, 0))
    }
}
