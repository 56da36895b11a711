out = []


def show(f):
    try:
        r = f()
    except Exception as e:
        out.append(f"{type(e).__name__}: {e}")
        return
    out.append(repr(r))


from _typing import Generic, NoDefault, ParamSpecArgs, _idfunc


def f[A: int, B: (int, str), C = int, **E = [int]]():
    pass


def g[*D]():
    pass


type Al[X] = list[X]
type Plain = int
a, b, c, e = f.__type_params__
(d,) = g.__type_params__
show(lambda: [a, b, c, d, e])
show(lambda: [a.__bound__, b.__constraints__, c.__default__, e.__default__])
show(lambda: [a.__constraints__, b.__bound__, a.__default__, a.has_default(), c.has_default()])
show(lambda: [a.evaluate_bound(1), b.evaluate_constraints(1), c.evaluate_default(1), a.evaluate_constraints, a.evaluate_default])
show(lambda: [a.__module__, a.__name__, a.__covariant__, a.__infer_variance__, a.__reduce__()])
show(lambda: a.__mro_entries__(()))
show(lambda: [e.args, e.kwargs, e.args == e.args, e.args == e.kwargs, e.args.__origin__ is e])
show(lambda: ParamSpecArgs(int))
show(lambda: d.__typing_subst__(1))
show(lambda: [NoDefault, type(NoDefault)() is NoDefault, NoDefault.__reduce__()])
show(lambda: [Al, Al.__value__, Al.__type_params__, Al.__parameters__, Al.__name__, Al.__reduce__()])
show(lambda: Plain[int])
show(lambda: [Plain.__value__, Plain.__type_params__])
show(lambda: Al[int])
show(lambda: _idfunc(3))
show(lambda: type(Generic()).__name__)
show(lambda: a.x)

print("\n".join(out))
