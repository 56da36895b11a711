# Recursion through repr, comparison, hashing, calls and attribute access ends in RecursionError; nested structures drop quietly.
import sys


def attempt(what, function):
    try:
        function()
        print(what, "ended")
    except RecursionError as e:
        print(what, "->", type(e).__name__)


a = []
a.append(a)
d = {"self": None}
d["self"] = d
print(a, d, [a, d])
t = ([],)
t[0].append(t)
print(t)
b = []
b.append(b)
attempt("cyclic comparison", lambda: a == b)


class Repr:
    def __repr__(self):
        return repr([self])


attempt("repr", lambda: repr(Repr()))


class Eq:
    def __eq__(self, other):
        return [self] == [other]


attempt("eq", lambda: Eq() == Eq())


class Hash:
    def __hash__(self):
        return hash((self,))


attempt("hash", lambda: hash(Hash()))


class Attribute:
    def __getattr__(self, name):
        return getattr(self, name + "x")


attempt("getattr", lambda: Attribute().a)


class Callable:
    pass


Callable.__call__ = Callable()
attempt("call", lambda: Callable()())


def forever():
    return forever()


attempt("function", forever)


def generators():
    yield from generators()


attempt("generator", lambda: list(generators()))


class Add:
    def __add__(self, other):
        return self + other


attempt("add", lambda: Add() + 1)
attempt("key", lambda: [1, 2].sort(key=forever) if False else forever())


class Meta(type):
    def __instancecheck__(cls, other):
        return isinstance(other, cls)


class Checked(metaclass=Meta):
    pass


attempt("isinstance", lambda: isinstance(1, Checked))

deep = []
for _ in range(1_000_000):
    deep = [deep]
attempt("repr of a deep list", lambda: repr(deep))
attempt("comparison of deep lists", lambda: deep == [deep])
del deep
deep = ()
for _ in range(1_000_000):
    deep = (deep, None)
del deep
deep = {}
for _ in range(300_000):
    deep = {"d": deep}
del deep


class Node:
    def __init__(self, next):
        self.next = next


node = None
for _ in range(300_000):
    node = Node(node)
del node


print("dropped")

sys.setrecursionlimit(200_000)


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


print(depth(100_000))


class Deep:
    def method(self, n):
        return 0 if not n else self.method(n - 1) + 1


print(Deep().method(50_000))
sys.setrecursionlimit(1000)
try:
    sys.setrecursionlimit(0)
except ValueError as e:
    print(e)
