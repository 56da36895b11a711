"""Sites that call all kinds of callables in turn, unpacked arguments of all kinds, and generators that native code resumes."""

import functools
import operator
import weakref


class Callable:
    def __call__(self, *args):
        return "called", args


class Other:
    pass


def plain(*args):
    return "plain", args


def exact(x):
    return "exact", x


def keywords(x, *rest, **kw):
    return x, rest, kw


def defaults(x, y=2, *rest):
    return x, y, rest


def locals_(x, *rest):
    a = b = c = x
    d = rest
    return a, b, c, d


cached = functools.lru_cache(plain)
kinds = [
    plain, exact, keywords, defaults, locals_, Callable(), functools.partial(plain, 0), cached, operator.itemgetter(0),
    type.__dict__["__mro__"].__get__, [].append, str, type, Callable().__call__, len, (lambda x: x), staticmethod(exact),
    weakref.ref, 3,
]


def call(f, x):
    return f(x)


for f in kinds:
    for _ in range(12):
        try:
            result = call(f, int if "mro" in repr(f) or "__get__" in repr(f) else "xyz")
        except TypeError as e:
            result = e
    print(result if not isinstance(result, weakref.ref) else "ref")
for _ in range(3):
    for f in kinds[:9]:
        result = call(f, "ab")
    print(result)

for args in ([1], (1,), {1: 2}, range(1), "a", iter([1]), [], (1, 2, 3)):
    for kw in ({}, {"y": 5}, {"z": 1}):
        for f in (keywords, defaults, exact, plain, cached, functools.partial(keywords, 9)):
            try:
                result = f(*args, **kw)
            except TypeError as e:
                result = e
            print(result, end="; ")
            if not kw:
                try:
                    result = f(*args)
                except TypeError as e:
                    result = e
                print(result, end="; ")
    print()
for bad in (lambda: plain(*3), lambda: plain(**3), lambda: kinds[-1](*[1]), lambda: plain(**{1: 2}), lambda: len(*[1, 2])):
    try:
        bad()
    except TypeError as e:
        print(e)


@functools.lru_cache(maxsize=3)
def many(*args, **kw):
    return len(args), sorted(kw)


for i in range(3):
    for args in ((1, 2), (1.0, 2), ("a", "b"), (weakref.ref(exact), 1), ((1, 2), 3)):
        many(*args)
        many(*args, k=1)
print(many.cache_info())

o = Other()
print(weakref.ref(o) is weakref.ref(o), weakref.ref(o, print) is weakref.ref(o), weakref.getweakrefcount(o))


class Ref(weakref.ref):
    pass


r = Ref(o)
print(r is Ref(o), weakref.ref(o) is r, type(weakref.ref(o)).__name__, weakref.proxy(o) is weakref.proxy(o))
del o
print(r())


def gen():
    try:
        raise KeyError(1)
    except KeyError:
        yield 1
        try:
            yield 2
        finally:
            pass
        try:
            raise ValueError
        except ValueError as e:
            yield type(e.__context__).__name__
    return 5


try:
    raise IndexError
except IndexError:
    print(list(gen()), tuple(gen()), set(map(str, gen())) == {"1", "2", "KeyError"}, sum(len(str(x)) for x in gen()))


def reentrant():
    yield next(g)


g = reentrant()
try:
    list(g)
except ValueError as e:
    print(e)
print(list(g))


def failing():
    yield 1
    raise StopIteration(3)


try:
    list(failing())
except RuntimeError as e:
    print(e, repr(e.__cause__))


def deep(n):
    if n:
        yield from deep(n - 1)
    yield n


print(sum(deep(50)))


def endless():
    yield list(endless())


try:
    list(endless())
except RecursionError as e:
    print(type(e).__name__)


class Eq:
    def __eq__(self, other):
        return NotImplemented


class Native(list):
    pass


x, y = Eq(), Eq()
for _ in range(20):
    results = [x == y, x != y, x == x, [1] == [1.0], [1] < [2], (1,) != (1,), object() == object(), [x] == [x], {1: x} == {1: x},
               Native([1]) == [1], [1] == Native([1]), range(3) == range(3), int in (str, int), str in [int, float], b"a" < b"b",
               2**70 == 2**70, 2**70 < 2**71, type == object, "a" == b"a", None == 0, 1j == 1j]
print(results)
try:
    {} < {}
except TypeError as e:
    print(e)
