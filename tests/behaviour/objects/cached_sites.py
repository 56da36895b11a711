# Sites that have run often go on seeing what changes.


def repeat(f, *args):
    seen = []
    for _ in range(200):
        r = f(*args)
        if not seen or seen[-1] != r:
            seen.append(r)
    return seen


# A class whose instances are attributes of others becomes a descriptor.
class Descriptor:
    pass


class Holder:
    def __init__(self):
        self.x = 1

    x = Descriptor()


def load_x(o):
    return o.x


holder = Holder()
print(repeat(load_x, holder))
Descriptor.__get__ = lambda self, instance, owner: 2
Descriptor.__set__ = lambda *args: None
print(repeat(load_x, holder))
del Descriptor.__set__
print(repeat(load_x, holder))


# A slot of another class does not apply.
class Slotted:
    __slots__ = ("slot",)


class Sneaky:
    __slots__ = ("own",)
    borrowed = Slotted.slot


def load_borrowed(o):
    try:
        return o.borrowed
    except TypeError as e:
        return str(e)


def store_borrowed(o):
    try:
        o.borrowed = 1
    except TypeError as e:
        return str(e)


sneaky = Sneaky()
sneaky.own = 42
print(repeat(load_borrowed, sneaky))
print(repeat(store_borrowed, sneaky), sneaky.own)


# Methods of instances with a dict, shadowed later and not.
class Plain:
    def m(self):
        return "method"


def call_m(o):
    return o.m()


plain = Plain()
plain.__dict__["other"] = 1
print(repeat(call_m, plain))
plain.m = lambda: "shadow"
print(repeat(call_m, plain))
del plain.m
Plain.m = lambda self: "changed"
print(repeat(call_m, plain))


# super() in one method for instances of several classes, and after changes.
class A:
    def f(self):
        return "A"


class B(A):
    def f(self):
        return "B" + super().f()


class M(A):
    def f(self):
        return "M" + super().f()


class C(B, M):
    pass


def call_f(o):
    return o.f()


print(repeat(call_f, B()), repeat(call_f, C()), repeat(call_f, B()))
M.f = lambda self: "m"
print(repeat(call_f, C()))
A.f = lambda self: "a"
print(repeat(call_f, B()))
B.__bases__ = (M,)
print(repeat(call_f, B()))


# Calls with keywords: several functions, other defaults, other code.
def one(a, b=2, *, c=3):
    return "one", a, b, c


def two(c, b, a=9):
    return "two", c, b, a


def call_keywords(f):
    return f(1, b=5, c=6) if f is one else f(b=5, c=6)


print(repeat(call_keywords, one), repeat(call_keywords, two))


def call_b(f):
    try:
        return f(1, b=0)
    except TypeError as e:
        return str(e)


print(repeat(call_b, one), repeat(call_b, two))
one.__kwdefaults__ = None
two.__defaults__ = (7,)
print(repeat(call_b, one), repeat(call_b, two))
two.__defaults__ = None
print(repeat(call_b, two))
two.__code__ = (lambda a, b, c=0: ("other", a, b)).__code__
two.__defaults__ = (0,)
print(repeat(call_b, two))


def positional_only(a, /, b, c=1):
    return a, b, c


print(repeat(call_b, positional_only))
print(repeat(call_b, lambda a, **k: (a, k)), repeat(call_b, lambda *a, b: (a, b)))


# Objects that can be called.
class Callable:
    def __call__(self, a, b=2, *c, d=4):
        return a, b, c, d


def call_it(f):
    return f(1), f(1, 2, 3)


def call_too_few(f):
    try:
        return f()
    except TypeError as e:
        return str(e)


print(repeat(call_it, Callable()), repeat(call_too_few, Callable()))
Callable.__call__ = staticmethod(lambda *a: ("static", a))
print(repeat(call_it, Callable()))
del Callable.__call__
print(repeat(call_too_few, Callable()))


# The interpreter's own classes.
def make(cls, *args):
    def call(n):
        try:
            if n == 0:
                return cls()
            if n == 1:
                return cls(args[0])
            return cls(args[0], args[1])
        except Exception as e:
            return type(e).__name__, str(e)

    return [repeat(call, n) for n in range(3)]


for cls in int, list, range, ValueError, StopIteration, bool, type(None), type(len):
    print(cls.__name__, [[repr(r) for r in seen[:1]] for seen in make(cls, "12", 16)])


class Odd(int):
    def __new__(cls, x):
        return str(x)


print(repeat(lambda: Odd(3)))


# An __init__ that returns something, after many that do not.
class Init:
    def __init__(self, x):
        self.x = x
        if x == 150:
            return x


def inits():
    for i in range(200):
        Init(i)


try:
    inits()
except TypeError as e:
    print(e)


# Exceptions made by raise.
class Own(ValueError):
    def __init__(self):
        super().__init__("made")


def raise_it(e):
    try:
        raise e
    except Exception as caught:
        return type(caught).__name__, caught.args


for e in ValueError, KeyError, StopIteration, Own, OSError, AttributeError, ExceptionGroup, int, 3:
    print(repeat(raise_it, e))


# The same through native functions with varying numbers of arguments.
def vary(f, *args):
    return f(*args)


def varying():
    out = set()
    for i in range(200):
        f = (min, max)[i % 2]
        out.add(f(i % 3, 1))
        out.add(f((1, i % 3), default=0))
        out.add("a,b".split(",")[i % 2])
        out.add("a b".split()[i % 2])
    return sorted(map(str, out))


print(varying())
