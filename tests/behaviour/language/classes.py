# Classes: resolution order, descriptors, properties, slots, metaclasses, the protocols of class creation.
class A:
    def who(self):
        return ["A"]


class B(A):
    def who(self):
        return ["B"] + super().who()


class C(A):
    def who(self):
        return ["C"] + super().who()


class D(B, C):
    def who(self):
        return ["D"] + super().who()


print(D().who(), [c.__name__ for c in D.__mro__])
try:
    type("X", (A, B), {})
except TypeError as e:
    print(e)


class Typed:
    def __init__(self, kind):
        self.kind = kind

    def __set_name__(self, owner, name):
        print("set_name", owner.__name__, name)
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name[1:]} must be {self.kind.__name__}")
        setattr(instance, self.name, value)


class Point:
    x = Typed(int)
    y = Typed(int)

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __repr__(self):
        return f"{type(self).__qualname__}({self.x}, {self.y})"

    @property
    def length(self):
        "The distance from zero."
        return (self.x**2 + self.y**2) ** 0.5

    @length.setter
    def length(self, value):
        self.x, self.y = value, 0

    @classmethod
    def zero(cls):
        return cls(0, 0)

    @staticmethod
    def add(a, b):
        return Point(a.x + b.x, a.y + b.y)


p = Point(3, 4)
print(p, p.length, Point.zero(), Point.add(p, p), Point.length.__doc__, vars(p))
p.length = 9
print(p)
try:
    p.x = "a"
except TypeError as e:
    print(e)
try:
    del p.length
except AttributeError as e:
    print(e)


class Slots:
    __slots__ = ("a", "b")


s = Slots()
s.a = 1
for act in (lambda: s.b, lambda: setattr(s, "c", 1), lambda: s.__dict__):
    try:
        act()
    except AttributeError as e:
        print(e)
del s.a
print(hasattr(s, "a"), Slots.a)


class Meta(type):
    @classmethod
    def __prepare__(mcls, name, bases, **kw):
        print("prepare", name, bases, kw)
        return {"prepared": True}

    def __new__(mcls, name, bases, namespace, **kw):
        print("new", name, sorted(k for k in namespace if not k.startswith("__")))
        return super().__new__(mcls, name, bases, namespace)

    def __init__(cls, name, bases, namespace, **kw):
        super().__init__(name, bases, namespace)
        print("init", cls.__name__, kw)

    def __call__(cls, *args):
        print("call", args)
        return super().__call__(*args)

    def __len__(cls):
        return 42

    def __instancecheck__(cls, other):
        return other == "yes"


class WithMeta(metaclass=Meta, flag=1):
    def __init__(self, value):
        self.value = value


print(WithMeta(5).value, len(WithMeta), isinstance("yes", WithMeta), WithMeta.prepared, type(WithMeta))


class Base:
    registry = []

    def __init_subclass__(cls, /, tag=None, **kw):
        super().__init_subclass__(**kw)
        cls.registry.append((cls.__name__, tag))

    def __class_getitem__(cls, item):
        return f"{cls.__name__}[{item}]"


class Sub(Base, tag="t"):
    pass


class Other(Sub):
    pass


print(Base.registry, Sub[int])


class Dynamic:
    def __getattr__(self, name):
        if name.startswith("get_"):
            return lambda: name[4:]
        raise AttributeError(f"no {name}")

    def __getattribute__(self, name):
        if name == "special":
            return "from getattribute"
        return super().__getattribute__(name)

    def __setattr__(self, name, value):
        print("set", name)
        super().__setattr__(name, value)

    def __delattr__(self, name):
        print("del", name)
        super().__delattr__(name)

    def __dir__(self):
        return ["b", "a"]


d = Dynamic()
d.q = 1
print(d.get_me(), d.special, d.q, dir(d))
del d.q
try:
    d.q
except AttributeError as e:
    print(e)


class Number:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        return NotImplemented if not isinstance(other, Number) else Number(self.n + other.n)

    def __radd__(self, other):
        return f"{other}+{self.n}"

    def __iadd__(self, other):
        self.n += 100
        return self

    def __eq__(self, other):
        return isinstance(other, Number) and self.n == other.n

    def __lt__(self, other):
        return self.n < other.n

    def __bool__(self):
        return self.n != 0

    def __index__(self):
        return self.n

    def __call__(self, *a, **k):
        return a, k

    def __contains__(self, item):
        return item == self.n

    def __getitem__(self, key):
        return key

    def __matmul__(self, other):
        return "matmul"

    def __format__(self, spec):
        return f"<{spec}>"

    def __enter__(self):
        return self.n

    def __exit__(self, kind, value, tb):
        print("exit", kind and kind.__name__, value)
        return kind is KeyError

    def __missing__(self):
        pass


n = Number(3)
print((n + n).n, 1 + n, n == Number(3), n < Number(4), n > Number(4), not n, [0, 1, 2, 3][n], n(1, k=2), 3 in n)
print(n[1:2, ..., None], n @ 1, f"{n:abc}", "%d" % 3, n != Number(3), Number.__hash__)
n += 1
print(n.n)
with n as value:
    print(value)
    raise KeyError("swallowed")
try:
    with n:
        raise ValueError("kept")
except ValueError as e:
    print(e)
try:
    n + 1
except TypeError as e:
    print(e)
try:
    hash(n)
except TypeError as e:
    print(e)
print(type("Made", (A,), {"x": 1})().x, A.__subclasses__()[:2], D.__base__, D.__bases__)


class E(A):
    pass


e = E()
e.__class__ = A
print(type(e).__name__, isinstance(e, E), issubclass(D, A))
A.who = lambda self: ["patched"]
print(D().who())
