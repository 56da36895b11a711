out = []


def show(f):
    try:
        r = f()
    except Exception as e:
        out.append(f"{type(e).__name__}: {e}")
        return
    out.append(repr(r))


import _abc


class ABCMeta(type):
    def __new__(mcls, name, bases, namespace, /, **kwargs):
        cls = super().__new__(mcls, name, bases, namespace, **kwargs)
        _abc._abc_init(cls)
        return cls

    def register(cls, subclass):
        return _abc._abc_register(cls, subclass)

    def __instancecheck__(cls, instance):
        return _abc._abc_instancecheck(cls, instance)

    def __subclasscheck__(cls, subclass):
        return _abc._abc_subclasscheck(cls, subclass)


class Marked:
    __isabstractmethod__ = True


class A(metaclass=ABCMeta):
    f = Marked()
    g = Marked()


class B(A):
    f = 1


class C(B):
    g = 2


show(lambda: [sorted(c.__abstractmethods__) for c in (A, B, C)])
show(lambda: A())
show(lambda: B())
show(lambda: isinstance(C(), A))
show(lambda: [issubclass(C, A), issubclass(int, A), isinstance(3, A)])
t = _abc.get_cache_token()
show(lambda: A.register(int) is int)
show(lambda: [issubclass(int, A), isinstance(3, A), isinstance(True, A), isinstance("", A)])
show(lambda: _abc.get_cache_token() - t)
show(lambda: A.register(int) is int)
show(lambda: _abc.get_cache_token() - t)
show(lambda: A.register(1))
show(lambda: B.register(A))
show(lambda: issubclass(1, A))


class D(metaclass=ABCMeta):
    @classmethod
    def __subclasshook__(cls, c):
        return NotImplemented if c is int else c is str


class D2(D):
    pass


D2.register(float)
show(lambda: [issubclass(str, D), issubclass(list, D), issubclass(int, D), issubclass(float, D)])


class E(metaclass=ABCMeta):
    @classmethod
    def __subclasshook__(cls, c):
        return 1


show(lambda: issubclass(str, E))


class S(metaclass=ABCMeta):
    __abc_tpflags__ = 1 << 5


class Mine:
    pass


S.register(Mine)


def match(x):
    match x:
        case [*_]:
            return "sequence"
        case {}:
            return "mapping"
        case _:
            return "other"


class S2(S):
    def __len__(self):
        return 0

    def __getitem__(self, i):
        raise IndexError


show(lambda: [hasattr(S, "__abc_tpflags__"), bool(Mine.__flags__ & 1 << 5), match(S2())])
dump = _abc._get_dump(A)
show(lambda: [len(dump), type(dump[0]).__name__, [w() for w in dump[0]]])
_abc._reset_caches(A)
_abc._reset_registry(A)
show(lambda: [len(s) for s in _abc._get_dump(A)[:3]])
show(lambda: _abc._abc_subclasscheck(int, int))

print("\n".join(out))
