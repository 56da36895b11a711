"""Attributes of classes that are loaded often enough to be cached: methods of natives, metaclasses, and changes of both."""


class Meta(type):
    x = 1

    def method(cls):
        return "of the metaclass"

    @property
    def p(cls):
        return "property of the metaclass"


class A(metaclass=Meta):
    x = 2
    p = 3

    def f(self):
        return "f"

    @staticmethod
    def s():
        return "s"

    @classmethod
    def c(cls):
        return cls.__name__


def look(cls):
    rows = []
    for i in range(200):
        rows.append((cls.x, cls.p, type(cls.f).__name__, cls.s(), cls.c(), cls.method(), int.__repr__, dict.get, object.__init__, type.__repr__,
                     cls.__init__, type(dict.fromkeys).__name__))
        if i == 150:
            Meta.x = property(lambda cls: "data descriptor")
        if i == 170:
            del Meta.x
            A.x = 5
        if i == 180:
            Meta.f = 9
        if i == 190:
            A.__init__ = int.__repr__
    return [rows[i] for i in (0, 149, 151, 160, 171, 181, 199)]


for row in look(A):
    print(row)


class Wide:
    def __init__(self):
        self.a = self.b = self.c = self.d = self.e = self.f = self.g = self.h = self.i = self.j = self.k = self.l = 0


for size in (0, 1, 5, 6, 10, 11, 12):
    w = Wide.__new__(Wide)
    for name in "abcdefghijkl"[:size]:
        setattr(w, name, name.upper())
    d = w.__dict__
    d["more"] = size
    w.z = w.more
    if size:
        del w.a
        w.a = 1
    print(d, list(vars(w)) == list(d), d.get("b"), "q" in d)
