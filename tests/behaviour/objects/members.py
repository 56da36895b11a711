"""Attributes that are fields of native instances, slots of str's subclasses, what `__class__` and `__bases__` take."""
import types

for d in (range.start, slice.stop, property.fget, complex.real, types.CodeType.co_name, types.FunctionType.__closure__,
          BaseException.__suppress_context__, StopIteration.value, types.MethodType.__func__, type.__dict__["__base__"]):
    print(type(d).__name__, d.__name__, d.__objclass__.__name__)
for obj, name in ((range(3), "start"), (property(), "fget"), (1j, "real")):
    try:
        setattr(obj, name, 1)
    except AttributeError as e:
        print(type(e).__name__, e)


class S(str):
    __slots__ = ("a", "b")


class T(S):
    pass


class U(T):
    __slots__ = ("z",)


s = S("héllo")
s.a, s.b = 1, [2]
print(s, s.a, s.b)
t = T("x" * 100)
t.a, t.c = 3, 4
print(t.a, t.c, t.__dict__)
u = U("y")
u.z, u.q, u.a = 9, 1, 7
print(u.z, u.q, u.a, u.__dict__)
del u.z
try:
    u.z
except AttributeError as e:
    print(e)
for base in (int, bytes, tuple, type):
    try:
        type("B", (base,), {"__slots__": ("x",)})
    except TypeError as e:
        print(e)


class G:
    __slots__ = ("a", "b")


class H:
    __slots__ = ("b", "a")


class L(H):
    __slots__ = ("e",)


class M(G):
    __slots__ = ("e",)


g = G()
g.a = 1
g.__class__ = H
print(type(g).__name__, g.a)
try:
    M().__class__ = L
except TypeError as e:
    print(e)


class Meta(type):
    ready = False

    def mro(cls):
        if Meta.ready and cls.__name__ == "B1":
            B2.__bases__ = (B1,)
        if Meta.ready and cls.__name__ == "B2":
            B1.__bases__ = (B2,)
        return type.mro(cls)


class A(metaclass=Meta):
    pass


class B1(A):
    pass


class B2(A):
    pass


Meta.ready = True
try:
    B1.__bases__ += ()
except TypeError as e:
    print(e)
Meta.ready = False


class C2:
    __slots__ = ["__classcell__"]

    def f(self):
        return __class__


print(type(C2.__dict__["__classcell__"]).__name__, C2().f() is C2)


def f():
    "text"


class D:
    def m(self):
        "of m"


print(D().m.__doc__, types.MethodType(f, 1).__doc__)

ns = types.SimpleNamespace(a=1)
print(ns.__dict__, staticmethod(len).__dict__["__name__"], type("N", (types.SimpleNamespace,), {})(b=2).__dict__)
