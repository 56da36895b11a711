"""What inspect tells of builtins and of Python code."""

import builtins
import collections
import functools
import inspect
import itertools
import math
import operator
import types

for module in (builtins, math, itertools, operator, functools, collections):
    for name, value in sorted(vars(module).items()):
        if not callable(value):
            continue
        try:
            signature = str(inspect.signature(value))
        except (TypeError, ValueError) as e:
            signature = f"{type(e).__name__}: {e}"
        print(module.__name__, name, signature)

for cls in (int, str, dict, list, type, object, types.FunctionType, types.CodeType, property, BaseException):
    for name, value in sorted(vars(cls).items()):
        if callable(value):
            try:
                print(cls.__name__, name, inspect.signature(value))
            except (TypeError, ValueError) as e:
                print(cls.__name__, name, type(e).__name__, e)
    print(cls.__name__, [n for n, _ in inspect.getmembers(cls)])
    print(cls.__name__, [(a.name, a.kind, a.defining_class) for a in inspect.classify_class_attrs(cls)])


class Base:
    """The base."""

    def method(self, a: int, /, b: "str" = "x", *args, c, d=None, **kw) -> list[int]:
        # A comment.
        return [a]


class Derived(Base):
    def method(self, *args):
        return (lambda x, y=1: x)(*args)


print(inspect.getsource(Base), inspect.getsource(Derived.method), inspect.getdoc(Derived), inspect.getcomments(Base))
print(inspect.signature(Base.method), inspect.getfullargspec(Base.method), inspect.getmro(Derived))
print(inspect.signature(Base().method), inspect.signature(functools.partial(Base.method, 1, c=3)))
print(inspect.getclosurevars(Derived.method), inspect.unwrap(Base.method).__name__, inspect.getmodule(Base))
print(inspect.getsourcelines(functools.reduce if False else inspect.getmodulename)[1] > 0, inspect.getmodulename("/x/y.py"))
for f in (len, print, sorted, max, dict, "".join, [].sort):
    print(f, inspect.isbuiltin(f), inspect.isroutine(f), inspect.ismethoddescriptor(f))
