"""Operators and subscripts of native classes from the same places with operands of all kinds, and loops over pairs."""

import array
import collections
import datetime
import decimal
import enum
import operator


class IntSub(int):
    def __radd__(self, other):
        return "radd"

    def __sub__(self, other):
        return "sub"


class ListSub(list):
    def __getitem__(self, i):
        return "item", i

    def __add__(self, other):
        return "added"


class Right:
    def __radd__(self, other):
        return "right"

    def __rsub__(self, other):
        return "rsub"

    def __ror__(self, other):
        return "ror"


class DictSub(collections.defaultdict):
    def __missing__(self, key):
        return "missing", key


class Flags(enum.IntFlag):
    A = 1
    B = 2


D = decimal.Decimal
dd = collections.defaultdict(list, {1: 2})
numbers = [1, 2**70, -(2**65), True, 1.5, 2j, D("1.5"), IntSub(3), Flags.A, Right(), None, "a"]
others = [[1], [2, 3], (1,), (2, 3), "ab", b"ab", bytearray(b"cd"), {1, 2}, frozenset([2]), {1: 2}, ListSub([1]), dd.keys(), {3: 4}.items(),
          range(3), array.array("i", [1, 2]), datetime.timedelta(1), datetime.date(2020, 1, 2), collections.deque([1]), Right(), None]


def add(a, b):
    return a + b


def sub(a, b):
    return a - b


def or_(a, b):
    return a | b


def and_(a, b):
    return a & b


def mul(a, b):
    return a * b


def mod(a, b):
    return a % b


def iadd(a, b):
    a += b
    return a


def isub(a, b):
    a -= b
    return a


def ior(a, b):
    a |= b
    return a


def subscript(a, b):
    return a[b]


def shown(v):
    if isinstance(v, (set, frozenset)):
        return type(v).__name__, sorted(v, key=repr)
    if isinstance(v, Right):
        return "Right"
    return v


def copy(v):
    if isinstance(v, array.array):
        return v[:]
    return type(v)(v) if isinstance(v, (list, bytearray, set, dict, collections.deque)) else v


for f in (add, sub, or_, and_, mul, mod, iadd, isub, ior):
    print(f.__name__)
    for group in (numbers, others):
        for a in group:
            # The site is given time to know the first pair, and meets the others then.
            line = []
            for b in group:
                if f is mod and isinstance(a, (str, bytes, bytearray)) or f is mul and not group is numbers:
                    continue
                for _ in range(12 if a is b else 1):
                    try:
                        result = shown(f(copy(a), b))
                    except (TypeError, ValueError, ArithmeticError) as e:
                        result = type(e).__name__
                line.append(result)
            print(line)
for a, b in (("%s-%s", (1, 2)), ("%s", 5), (b"%d", 7), ("%(x)s", {"x": 1}), ("%d", 2**70)):
    for _ in range(12):
        result = mod(a, b)
    print(result, mod(7, 4), mod(-7.5, 2))

containers = [array.array("d", [1.5, 2.5]), b"abc", bytearray(b"abc"), range(10), memoryview(b"abc"), collections.OrderedDict({1: 2}),
              collections.Counter("aab"), collections.ChainMap({1: 3}), dd, DictSub(list, {1: 4}), [1, 2, 3], (1, 2, 3), "abc", ListSub([1, 2]),
              collections.deque([1, 2, 3]), {1: 5}, type(dd.keys().mapping)({1: 6}), list[int], dict, None, 5]
for c in containers:
    line = []
    for key in (1, slice(1), slice(None, None, -1), -1, "a", 99, None, True, 2**70):
        for _ in range(12):
            try:
                result = subscript(c, key)
            except Exception as e:
                result = f"{type(e).__name__}: {e}"
            if isinstance(result, memoryview):
                result = result.tolist()
        line.append(result)
    print(line)
print(dict(dd))


class Bad:
    def __index__(self):
        raise KeyError("index")


def at():
    data = bytearray(b"abc")
    for i in [0] * 12 + [Bad()]:
        x = data[i]


try:
    at()
except KeyError as e:
    tb = e.__traceback__.tb_next
    print(e, tb.tb_lineno - at.__code__.co_firstlineno, tb.tb_next.tb_frame.f_code.co_name)

# An operand that its own result replaces.
s = {1, 2, 3}
for i in range(20):
    s = s - {i}
t = frozenset(range(30))
for i in range(20):
    t = t - s - {i}
print(s, len(t))
x = D(1)
for i in range(30):
    x = x * D(2)
print(x)
n = 2**62
for i in range(30):
    n = n + n
print(n)


def pairs(it):
    out = []
    for a, b in it:
        out.append((b, a))
    for c in [(y, x) for x, y in it]:
        out.append(c)
    return out


class Enum2(enumerate):
    def __next__(self):
        return "own", super().__next__()


class Zip2(zip):
    def __next__(self):
        a, b = super().__next__()
        return b, a


def gen():
    yield 1
    yield 2
    return 3


d = {"a": 1, "b": 2, "c": 3}
for _ in range(3):
    print(pairs(enumerate("ab")), pairs(enumerate(gen(), 2**62 - 1)), pairs(zip("ab", gen())), pairs(zip("abc", [1], strict=False)))
    print(pairs(d.items()), pairs(iter(d.items())), pairs(reversed(d.items())), pairs(Enum2("ab")), pairs(Zip2("ab", "cd")))
    print(pairs(map(lambda x: (x, x), "ab")), pairs(["ab", (1, 2)]), pairs({(1, 2): 3}), pairs(x for x in ["cd"]))
for bad in (zip([1]), zip([1], [2], [3]), zip("ab", "c", strict=True), enumerate(iter(int, 1)), zip("a",
            (1 / 0 for x in "a")), [1], [(1,)], {"a": 1}, {1: 2}):
    try:
        for i, (a, b) in enumerate(bad):
            if i > 3:
                break
        print("fine")
    except (TypeError, ValueError, ZeroDivisionError) as e:
        print(type(e).__name__, e)
try:
    for k, v in d.items():
        d[k + "x"] = v
except RuntimeError as e:
    print(e, k, v)
try:
    for k, v in d.items():
        d.pop(k)
        d[k * 2] = v
except RuntimeError as e:
    print(e)


def stops():
    yield 1
    raise StopIteration


try:
    for a, b in zip(stops(), "abc"):
        print(a, b)
except RuntimeError as e:
    print(e)


class Next:
    def __iter__(self):
        return self

    def __next__(self):
        self.n = getattr(self, "n", 0) + 1
        if self.n > 2:
            raise StopIteration("end")
        return self.n


print(pairs(zip(Next(), Next())), pairs(enumerate(Next())))


def keeps():
    a = b = None
    for a, b in enumerate([[1], [2]]):
        b.append(a)
    for i, a in zip([1, 2], [[3], [4]]):
        i, a = a, i
    return a, b, i


print(keeps())
for a.x, b in () if (a := Next()) else ():
    pass
for a.x, b in zip("ab", "cd"):
    print(a.x, b)
for (c, e), f in zip(["ab"], "x"):
    print(c, e, f)
for c, *e in zip("ab", "cd"):
    print(c, e)
for sum_, c in enumerate([operator.add, len]):
    print(sum_, c.__name__)


class Adds(bytearray):
    def __add__(self, other):
        return "added"


# The way in place that a sequence inherits comes before a method of the class.
a = Adds(b"a")
a += b"b"
print(a, a + b"c", type(a).__iadd__ is bytearray.__iadd__)
