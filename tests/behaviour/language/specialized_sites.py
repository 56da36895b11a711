"""Sites that have specialized meet something else: each loop runs often enough to specialize before the change."""


class A:
    kind = "A"

    def __init__(self, first=True):
        if first:
            self.x, self.y = 1, 2
        else:
            self.y, self.x = 3, 4

    def name(self):
        return "A.name"

    @property
    def total(self):
        return self.x + self.y

    def __getitem__(self, i):
        if i > 2:
            raise IndexError(i)
        return i * 10

    def __setitem__(self, i, v):
        self.__dict__.setdefault("items", []).append((i, v))
        return "ignored"


class B:
    __slots__ = ("x", "y")
    kind = 7

    def __init__(self):
        self.x, self.y = "bx", "by"

    def name(self, extra="d"):
        return "B.name" + extra


class Meta(type):
    @property
    def label(cls):
        return "label of " + cls.__name__


class C(A, metaclass=Meta):
    kind = "C"


def attributes():
    objects = [A(), A(False), B(), C(), C(False)]
    vars(objects[4])["x"] = "in dict"
    seen = set()
    for _ in range(8):
        for o in objects:
            seen.add((type(o).__name__, str(o.x), str(o.y), o.name(), o.kind))
    print(sorted(seen, key=repr))
    for _ in range(8):
        for o in objects:
            o.y = o.y
    print([o.y for o in objects])
    out = []
    for i in range(12):
        if i == 6:
            A.name = lambda self: "changed"
            A.kind = "new kind"
        out.append((objects[0].name(), objects[0].kind, objects[3].kind))
    print(out[5], out[6], out[11])
    print([(k.kind, getattr(k, "label", None)) for k in (A, B, C, A, B, C, A, B, C)][-3:])


def properties():
    a = A()
    out = []
    for i in range(8):
        if i == 5:
            A.total = property(lambda self: "replaced")
        out.append(a.total)
    print(out)
    A.total = property(lambda self: 1 // 0)
    for _ in range(4):
        try:
            a.total
        except ZeroDivisionError as e:
            print(type(e).__name__, e.__traceback__.tb_next.tb_frame.f_code.co_name)


def subscripts():
    out = []
    for container in ([1, 2, 3], (4, 5, 6), "789", {0: "d", 1: "e", -1: "f"}, A()) * 4:
        for i in (0, 1, -1):
            out.append(container[i])
    print(out[-15:])
    for i in range(5):
        try:
            print(A()[i], end=" ")
        except IndexError as e:
            print(repr(e), end=" ")
    print()
    a = A()
    for i in range(6):
        for target in ([0] * 6, {}, a):
            target[i] = i
    print(a.items)
    for bad in ((1, 2), None):
        try:
            bad[0] = 1
        except TypeError as e:
            print(e)


def numbers():
    out = []
    for a, b in [(1, 2)] * 4 + [(1.5, 2), (2**61, 2**61), (2**62, 4), ("a", "b"), ([1], [2])] * 2:
        out.append(a + b)
    print(out[4:])
    out = []
    for a, b in [(7, 3)] * 4 + [(7, 0.0), (-(2**62), -1), (2**40, 2**40), (-7, 2)]:
        out.append((a * b, a - b, a < b, a == b))
    print(out[3:])
    for a, b in [(7, 3)] * 4 + [(7, 0), (7.5, 0)]:
        try:
            out.append(a // b)
        except ZeroDivisionError as e:
            print(e)
    print([a < b for a, b in [(1, 2)] * 3 + [(1.0, 2), ("a", "b"), ({1}, {1, 2})]])


def growing():
    s = t = ""
    for i in range(3000):
        s += "ab"
        if i == 1500:
            t = s
        s += str(i % 7)
    print(len(s), s[-5:], len(t), t[-4:], hash(t) == hash(s[: len(t)]))
    s = "x" * 600
    for _ in range(4):
        s += s
    print(len(s), set(s))
    s = "y" * 600
    for c in "é漢\U0001f600":
        s += c
    print(len(s), s[598:])


def calls():
    def plain(a, b=2, *rest, c=3, **kw):
        return a, b, rest, c, kw

    def small(a, b="b", c="c"):
        return a + b + c

    out = []
    for _ in range(4):
        out = [plain(1), plain(1, 5, 6), plain(1, c=9), plain(a=1, z=2), plain(*[1, 2, 3], **{"q": 4, "c": 5})]
        out += [small("a"), small("a", "1"), small("a", c="2"), small(*"xyz"), small("a", **{"c": "k"})]
    print(out)
    for bad in (lambda: small(), lambda: small(1, a=2), lambda: small(1, d=2), lambda: small(1, 2, 3, 4)):
        for _ in range(3):
            try:
                bad()
            except TypeError as e:
                message = str(e)
        print(message)
    out = []
    for f in (len, len, len, len, sum, max, str, tuple, list, type, plain, A.name) * 2:
        try:
            out.append(f([1, 2]))
        except TypeError as e:
            out.append(str(e))
    print(out[-12:])
    print([isinstance(x, y) for x in (1, True, "s", A(), C()) for y in (int, (str, A), C)])


def generators():
    def inner(n):
        got = None
        for i in range(n):
            got = yield (i, got)
        return "done"

    def outer(n):
        result = yield from inner(n)
        yield result

    for _ in range(3):
        print(list(outer(3)), end=" ")
    g = outer(4)
    print(next(g), g.send("s"), g.send("t"))
    out = []
    for it in ([1], (2,), range(3, 4), inner(1), {5}, iter([6])) * 3:
        for x in it:
            out.append(x)
    print(out)

    def deep(n):
        if n:
            yield from deep(n - 1)
        yield n

    print(sum(deep(150)))


attributes()
properties()
subscripts()
numbers()
growing()
calls()
generators()
