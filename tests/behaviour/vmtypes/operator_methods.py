"""Operators' methods that are written in Python, again and again at the same place."""

import sys
import traceback


class Log:
    seen = []


class Number:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        Log.seen.append("add")
        if isinstance(other, Number):
            return Number(self.n + other.n)
        if isinstance(other, int):
            return Number(self.n + other)
        return NotImplemented

    def __radd__(self, other):
        Log.seen.append("radd")
        if isinstance(other, int):
            return Number(other + self.n)
        return NotImplemented

    def __sub__(self, other):
        return NotImplemented

    def __mul__(self, other):
        return NotImplemented

    def __lt__(self, other):
        Log.seen.append("lt")
        return self.n < other.n if isinstance(other, Number) else NotImplemented

    def __gt__(self, other):
        Log.seen.append("gt")
        return NotImplemented

    def __eq__(self, other):
        return self.n == other.n if isinstance(other, Number) else NotImplemented

    def __repr__(self):
        return f"<{self.n}>"


class Bigger(Number):
    def __radd__(self, other):
        Log.seen.append("Bigger.radd")
        return "bigger"

    def __gt__(self, other):
        Log.seen.append("Bigger.gt")
        return "yes"


class Right:
    def __radd__(self, other):
        return ("right", other)

    def __rsub__(self, other):
        return ("rsub", other)

    def __gt__(self, other):
        return ["gt"]

    def __eq__(self, other):
        return ["eq"]


class Plain:
    def __repr__(self):
        return "plain"


def every(f, *args):
    Log.seen.clear()
    for _ in range(5):
        try:
            r = f(*args)
        except Exception as e:
            r = f"{type(e).__name__}: {e}"
    print(f.__name__, args, r, Log.seen[-3:])


def add(a, b):
    return a + b


def iadd(a, b):
    a += b
    return a


def sub(a, b):
    return a - b


def mul(a, b):
    return a * b


def less(a, b):
    return a < b


def greater(a, b):
    return a > b


def is_less(a, b):
    if a < b:
        return "less"
    return "not less"


def same(a, b):
    return a == b


def other(a, b):
    return a != b


n, b, r, p = Number(1), Bigger(2), Right(), Plain()
r.__class__.__repr__ = lambda self: "right"
for f in add, iadd, sub, mul, less, greater, is_less, same, other:
    for x, y in (n, n), (n, b), (b, n), (n, 3), (3, n), (n, r), (n, p), (p, n), (p, p), (n, [1]), (b, b), (n, 1.5):
        every(f, x, y)


# A list that does not know concatenates.
class Items(list):
    def __add__(self, other):
        return NotImplemented

    def __mul__(self, other):
        return NotImplemented


every(add, Items([1]), [2])
every(mul, Items([1]), 2)
every(iadd, Items([1]), [2])


# In place.
class Sum:
    def __init__(self):
        self.parts = []

    def __iadd__(self, other):
        if other == 2:
            return NotImplemented
        self.parts.append(other)
        return self

    def __add__(self, other):
        return "added"


s = Sum()
for i in range(5):
    x = s
    x += i
    print(x if x is not s else s.parts)


# Errors come from the line of the operator, and the frames are what they are.
class Fails:
    def __add__(self, other):
        raise ValueError("no sum")

    def __lt__(self, other):
        return Truth()

    def __matmul__(self, other):
        return sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno, sys._getframe(1).f_code.co_name


class Truth:
    def __bool__(self):
        raise ValueError("no truth")


def failing(a, b):
    x = (a
         + b)
    return x


def untrue(a, b):
    if a < b:
        return 1
    return 2


for i in range(4):
    for f in failing, untrue:
        try:
            f(Fails(), 1)
        except ValueError as e:
            print([(t.name, t.lineno - f.__code__.co_firstlineno, t.line) for t in traceback.extract_tb(e.__traceback__)][1:])


def where(a):
    return a @ 1


print([where(Fails()) for _ in range(4)])


# The method changes what the operands came from.
class Meddler:
    def __add__(self, other):
        sys._getframe(1).f_locals["a"] = None
        return NotImplemented

    def __radd__(self, other):
        return NotImplemented

    def __eq__(self, other):
        sys._getframe(1).f_locals["a"] = None
        return NotImplemented


class Last:
    def __radd__(self, other):
        return type(other).__name__


def meddle():
    a = Meddler()
    return a + Last(), a


def meddle_equal():
    a = Meddler()
    return a == Last(), a


print([meddle() for _ in range(3)], [meddle_equal() for _ in range(3)])


# Generators, and methods with other parameters.
class Makes:
    def __add__(self, other):
        yield other

    def __setitem__(self, key, value):
        yield value

    def __sub__(self, other, more=5):
        return more

    def __mul__(self, *others):
        return others

    def __and__(*both):
        return len(both)

    @staticmethod
    def __or__(other):
        return other

    @classmethod
    def __xor__(cls, other):
        return cls.__name__


def makes(m):
    m[1] = 2
    return list(m + 1), m - 1, m * 1, m & 1, m | 1, m ^ 1


print([makes(Makes()) for _ in range(3)])


# A method that comes later, or goes.
class Changes:
    pass


def changing(c):
    try:
        return c + 1
    except TypeError as e:
        return str(e)


c = Changes()
print([changing(c) for _ in range(3)])
Changes.__add__ = lambda self, other: "first"
print([changing(c) for _ in range(3)])
Changes.__add__ = lambda self, other: "second"
print([changing(c) for _ in range(3)])
del Changes.__add__
print([changing(c) for _ in range(3)])


class Deep:
    def __add__(self, other):
        return self + other

    def __lt__(self, other):
        return self < other


for f in add, less:
    for i in range(3):
        try:
            f(Deep(), 1)
        except RecursionError as e:
            print(str(e).startswith("maximum recursion depth exceeded"))


# What a tracer sees.
def traced(f, *args):
    events = []

    def tracer(frame, event, arg):
        events.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer

    sys.settrace(tracer)
    try:
        f(*args)
    finally:
        sys.settrace(None)
    return events


print(traced(less, Number(1), Number(2)))
print(traced(is_less, Number(1), Number(2)))
print(traced(sub, Number(1), Right()))
