"""`Generic` as a base, and collections while callbacks of weak references run."""
import gc
import weakref
from typing import Generic, TypeVar

T_ = TypeVar("T_")


class Box(Generic[T_]):
    def __init__(self, x):
        self.x = x


print(Box(3).x, Box[int](4).x)


class A[T, *Ts, **P]:
    def __init__(self, x):
        self.x = x


print(A.__orig_bases__, A.__parameters__, A(1).x)


class C:
    pass


def callback(r):
    gc.collect()
    print("called", r() is None)


for i in range(3):
    c = C()
    c.me = c if i else None
    w = weakref.ref(c, callback)
    del c
    gc.collect()


def g():
    try:
        yield 1
    except ValueError:
        yield 2


class E(Exception):
    def __new__(cls, *args):
        return cls


x = g()
next(x)
try:
    x.throw(E)
except TypeError as e:
    print(e)

print(sum([1.0, 10**100, 1.0, -10**100]), "abc".translate(str.maketrans({"a": None, "b": "<i>", "c": "z"})))
