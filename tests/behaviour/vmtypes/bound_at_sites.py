"""Classmethods, staticmethods, `dict.get` and keywords, again and again at the same place."""


class C:
    limit = 3

    @classmethod
    def make(cls, x=1):
        return cls.__name__, x

    @staticmethod
    def plain(x=2):
        return x


class D(C):
    pass


class Slotted:
    __slots__ = ("a",)

    @classmethod
    def make(cls):
        return cls.__name__

    @staticmethod
    def plain(x):
        return x


def call(c):
    return c.make(), c.make(5), c.plain(), c.plain(7)


def refer(c):
    m, p = c.make, c.plain
    return m(), p(), m.__self__.__name__, type(m).__name__, type(p).__name__


for _ in range(4):
    print([call(x) for x in (C, D, C(), D())], [refer(x) for x in (C, D, C(), D())])
print([(Slotted.make(), Slotted().make(), Slotted.plain(1), Slotted().plain(2)) for _ in range(4)])



class Ints:
    a, b, c, d, e = 0, 1, 2, 3, -1


class IntSlots(Ints):
    __slots__ = ()


def ints(c):
    return c.a, c.b, c.c, c.d, c.e


print([ints(x) for _ in range(4) for x in (Ints, Ints(), IntSlots())])

# Instances that have the name themselves.
c = C()
for i in range(6):
    if i == 4:
        c.make = lambda *a: "own"
        c.plain = lambda *a: "own"
    print(call(c))

# Made again with another function, replaced, taken away.
wrapped = C.__dict__["make"]
wrapped.__init__(lambda cls, x=0: ("again", x))
print(call(C), call(D()))
C.make = classmethod(lambda cls, x=0: ("new", x))
C.plain = classmethod(lambda cls, x=0: ("bound", x))
print(call(C), call(D()))
C.plain = staticmethod(len)
print([(C.plain([1]), D().plain([1, 2])) for _ in range(4)])
C.plain = staticmethod(C)
print([type(D.plain()).__name__ for _ in range(4)])


class Meta(type):
    @classmethod
    def meta(mcs):
        return mcs.__name__

    def own(cls):
        return cls.__name__


class M(metaclass=Meta):
    @classmethod
    def make(cls):
        return cls.__name__, cls.meta(), cls.own()


print([M.make() for _ in range(4)], [M().make() for _ in range(4)])


class Key:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n

    def __eq__(self, other):
        return isinstance(other, Key) and self.n == other.n


class Sub(dict):
    def get(self, key, default="sub"):
        return default


class Missing(dict):
    def __missing__(self, key):
        return "missing"


def get(d, k):
    return d.get(k)


def get_or(d, k):
    return d.get(k, "none")


k = Key(1)
d = {"a": 1, 1: "one", k: "key", None: 0, C: "class", 2.5: "float"}
for _ in range(4):
    for f in get, get_or:
        print([f(d, x) for x in ("a", "b", 1, 2, True, 2.5, Key(1), Key(2), None, C, D)], f(Sub(a=1), "a"), f(Missing(a=1), "b"))
        try:
            f(d, [])
        except TypeError as e:
            print(e)
for _ in range(3):
    try:
        print(d.get("a", 1, 2))
    except TypeError as e:
        print(e)
    try:
        print(dict.get("a", 1))
    except TypeError as e:
        print(e)
    print(dict.get(d, "a"), dict.get(d, "z", 3))

kinds = {int, str, C}
print([(x in kinds, x not in kinds) for _ in range(3) for x in (int, C, D, float, 1, "a", None)])


def some(a, b=2, *rest, c=3, **others):
    return a, b, rest, c, others


def named(a, b=2, **others):
    return a, b, others


def only(a, /, **others):
    return a, others


def all_of(**others):
    return others


def rest_of(a, *rest, k=None):
    return a, rest, k


def attempt(f, *args, **kwargs):
    try:
        return f(*args, **kwargs)
    except TypeError as e:
        return str(e)


for _ in range(4):
    print(some(1, x=1), some(1, 2, 3, 4, c=5, x=1, y=2), some(b=1, a=2, z=3), some(1, c=4), some(1, x=0, c=4))
    print(named(1, x=1), named(1, 5, x=1), named(b=3, a=1), named(1, b=4, x=2), named(x=1, a=0))
    print(only(1, a=2), only(1, b=2, a=3), all_of(x=1), all_of(x=1, y=2, z=3))
    print(rest_of(1, 2, 3, k=4), rest_of(1, k=4), rest_of(a=1, k=2))
    for f in (
        lambda: some(1, a=2),
        lambda: some(x=1),
        lambda: named(x=1),
        lambda: only(a=1),
        lambda: all_of(1, x=1),
        lambda: rest_of(1, 2, z=3),
        lambda: named(1, 2, 3, x=1),
    ):
        print(attempt(f))

ab = "".join(["a", "b"])
for _ in range(3):
    print(attempt(named, 1, **{ab: 1}), attempt(named, **{"a": 1, ab: 2}), attempt(only, 1, **{"a": 1}))


def plain(a, b=2, c=3):
    return a, b, c


class Method:
    def m(self, a, b=4):
        return a, b

    def __call__(self, *args):
        return args


m = Method()
for _ in range(4):
    for t in (), (1,), (1, 2), (1, 2, 3), [1, 2], iter([1]), (1, 2, 3, 4):
        print(attempt(lambda: plain(*t)), attempt(lambda: m.m(*t)), attempt(lambda: m(*t)))
    print(plain(*(1,), **{}), plain(*(), **{"a": 1}), plain(1, *(2,)))


def counted(n, *, step=1):
    while n > 0:
        yield n
        n -= step


print([list(counted(*(3,))) for _ in range(3)], [list(counted(4, step=2)) for _ in range(3)])
