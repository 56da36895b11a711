out = []


def show(f):
    try:
        r = f()
    except Exception as e:
        out.append(f"{type(e).__name__}: {e}")
        return
    out.append(repr(r))


import _operator
from _functools import Placeholder as P
from _functools import _lru_cache_wrapper, cmp_to_key, partial, reduce
from _operator import attrgetter, itemgetter, methodcaller


class F:
    def __call__(self, *a, **k):
        return a, k

    def __repr__(self):
        return "F"


f = F()
show(lambda: partial())
show(lambda: partial(1))
show(lambda: partial(f, P))
show(lambda: partial(f, 1, P))
show(lambda: partial(f, P, 1))
show(lambda: partial(f, P, 1)())
show(lambda: partial(f, P, 1)(2, 3))
show(lambda: partial(f, P, 1)(2, 3, k=4))
show(lambda: partial(partial(f, P, 1), P))
show(lambda: partial(partial(f, P, P, 1), 5))
show(lambda: partial(partial(f, P, P, 1), 5)(6))
show(lambda: partial(f, 1, a=2))
show(lambda: partial(f, 1, a=2)(3, b=4))
show(lambda: partial(f, 1, a=2)(3, a=4))
show(lambda: partial(f, 1)(3, a=4))
show(lambda: partial(f, 1)())
show(lambda: partial(f)(1, x=2))
show(lambda: partial(f, a=P))
show(lambda: partial(f, P, 1).args)
show(lambda: partial(partial(f, P, P, 1, x=1), 5, 6, 7, x=2))
show(lambda: partial(f, 1, a=2).__reduce__()[1:])
show(lambda: partial(f).__setstate__(1))
show(lambda: partial(f).__setstate__((1, 2, 3, 4)))
show(lambda: partial(f).__setstate__((f, (P,), {}, None)))
show(lambda: [P, P.__reduce__(), type(P)() is P])
show(lambda: type(P)(1))
p = partial(f, 1)
p.x = 3
show(lambda: [p.x, p.__reduce__()[2], partial(p, 2).func is p])


class Q(partial):
    pass


show(lambda: [Q(f, 1), Q(Q(f, 1), 2), Q(partial(f, 1), 2), partial(Q(f, 1), 2)])
p = partial(f)
p.__setstate__((p, (), {}, {}))
show(lambda: p)


class M:
    m = partial(f, 1)


show(lambda: len(M().m()[0]))
K = cmp_to_key(lambda a, b: (a > b) - (a < b))
show(lambda: sorted([3, 1, 2], key=K))
show(lambda: [K(1) < K(2), K(1) == K(1), K(obj=1).obj])
show(lambda: K(1) < 1)
show(lambda: K())
show(lambda: cmp_to_key())
show(lambda: hash(K))
show(lambda: K < K)
show(lambda: reduce(1, 2))
show(lambda: reduce(f, []))
show(lambda: reduce(f, [1]))
show(lambda: reduce(lambda a, b: a + b, range(10)))
show(lambda: reduce(lambda a, b: a + b, range(10), 100))
show(lambda: reduce(f, [], initial=3))
show(lambda: reduce(f))


def cached(size, typed=False):
    calls = []

    def g(*a, **k):
        calls.append((a, k))
        return len(calls)

    return _lru_cache_wrapper(g, size, typed, lambda *x: x), calls


for size in (0, 2, None, -5):
    c, calls = cached(size)
    r = [c(1), c(2), c(1), c(3), c(2), c(1, 2), c(1, x=2), c(x=2), c(1, x=2), c(1.0), c(True), c("a"), c("a")]
    show(lambda: [r, c.cache_info()])
    c.cache_clear()
    show(lambda: [c.cache_info(), c(1), c.cache_info()])
c, calls = cached(None, True)
show(lambda: [c(1), c(1.0), c(True), c(1), c(1.0), c.cache_info()])
show(lambda: c([1]))
show(lambda: _lru_cache_wrapper(1, 2, 3, 4))
show(lambda: _lru_cache_wrapper(f, "a", 3, 4))
c, calls = cached(3)
show(lambda: [[c((i, i % 4)) for i in range(8)] + [c((i, i % 4)) for i in range(7, -1, -1)], c.cache_info()])
c.attr = 5
show(lambda: c.attr)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


fib = _lru_cache_wrapper(fib, None, False, lambda *x: x)
show(lambda: [fib(80), fib.cache_info()])


class N:
    def m(self, x):
        return x + 1

    m = _lru_cache_wrapper(m, 10, False, lambda *x: x)


n = N()
show(lambda: [n.m(1), n.m(1), N.m(n, 1), N.m.cache_info()])

show(lambda: itemgetter())
show(lambda: [itemgetter(1), itemgetter(1, "a")])
show(lambda: itemgetter(1)([1]))
show(lambda: [itemgetter(1, 0)([1, 2]), itemgetter(-1)("abc"), itemgetter(0, 1, 2)("abc"), itemgetter("k")({"k": 3})])
show(lambda: itemgetter(1, a=2))
show(lambda: itemgetter(1)())
show(lambda: itemgetter(1)(x=1))
show(lambda: itemgetter(1, 2).__reduce__()[1])
show(lambda: attrgetter(1))
show(lambda: [attrgetter("a"), attrgetter("a.b", "c")])
show(lambda: [attrgetter("real.imag")(3), attrgetter("real", "imag")(3)])
show(lambda: attrgetter("x")(3))
show(lambda: attrgetter("a.b").__reduce__()[1])
show(lambda: methodcaller())
show(lambda: methodcaller(1))
show(lambda: [methodcaller("a"), methodcaller("a", 1, x=2)])
show(lambda: [methodcaller("append", 3)([]), methodcaller("count", 1)([1, 1])])
show(lambda: methodcaller("a")(1, 2))
show(lambda: methodcaller("a")(1))
show(lambda: methodcaller("a", 1).__reduce__()[1])
for name in ["add", "sub", "mul", "floordiv", "truediv", "mod", "pow", "lshift", "rshift", "and_", "or_", "xor", "lt", "le", "eq", "ne", "ge", "gt", "is_", "is_not", "matmul", "iadd", "ipow", "imatmul", "concat", "iconcat", "contains", "countOf", "indexOf", "getitem"]:
    show(lambda: _operator.__dict__[name](7, 2))
    show(lambda: _operator.__dict__[name](7))
show(lambda: [_operator.concat([1], [2]), _operator.contains([1], 1), _operator.countOf([1, 1, 2], 1), _operator.indexOf([1, 2], 2)])
show(lambda: _operator.indexOf([1, 2], 3))
show(lambda: [_operator.neg(1), _operator.pos(True), _operator.abs(-3), _operator.inv(1), _operator.not_([]), _operator.truth([1]), _operator.index(True), _operator.is_none(None), _operator.is_not_none(None)])
show(lambda: _operator.index(1.5))
show(lambda: _operator.neg("a"))
show(lambda: [_operator.length_hint([1]), _operator.length_hint(1), _operator.length_hint(1, 5), _operator.length_hint(iter([1, 2]), 3)])
show(lambda: _operator.length_hint(1, "a"))
show(lambda: [_operator._compare_digest("a", "b"), _operator._compare_digest("ab", "ab")])
show(lambda: _operator._compare_digest(1, 2))
show(lambda: _operator._compare_digest("é", "é"))
show(lambda: _operator.call(f, 1, x=2))
show(lambda: _operator.call())
l = [1, 2]
_operator.setitem(l, 0, 5)
_operator.delitem(l, 1)
show(lambda: l)

print("\n".join(out))
