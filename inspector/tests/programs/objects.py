"""What classes can do: metaclasses, slots, abstract classes, attribute hooks, weak references, copies, and deletion."""

import abc
import copy
import weakref


class Registry(type):
    known = {}

    def __new__(meta, name, bases, namespace, **options):
        cls = super().__new__(meta, name, bases, namespace)
        meta.known[name] = sorted(options)
        return cls

    def __init__(cls, name, bases, namespace, **options):
        super().__init__(name, bases, namespace)
        for option, value in options.items():
            setattr(cls, option, value)

    def __len__(cls):
        return len(cls.mro())

    def __contains__(cls, name):
        return any(name in vars(base) for base in cls.mro())


class Base(metaclass=Registry, color="red"):
    def __init_subclass__(cls, /, **options):
        super().__init_subclass__()
        cls.depth = len(cls.mro()) - 1

    def who(self):
        return ["Base"]


class Left(Base, side=-1):
    def who(self):
        return ["Left", *super().who()]


class Right(Base, side=1):
    def who(self):
        return ["Right", *super().who()]


class Both(Left, Right):
    def who(self):
        return ["Both", *super().who()]


class Shape(abc.ABC):
    @property
    @abc.abstractmethod
    def area(self): ...

    def __str__(self):
        return f"{type(self).__name__} of {self.area}"


class Square(Shape):
    __slots__ = ("side",)

    def __init__(self, side):
        self.side = side

    @property
    def area(self):
        return self.side**2

    @area.setter
    def area(self, value):
        self.side = int(value**0.5)

    @area.deleter
    def area(self):
        del self.side


class Lenient:
    """Attributes that are not there are made; some are not to be changed."""

    def __init__(self):
        self.log = []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(f"{name} is private", name=name, obj=self)
        self.log.append(name)
        return name.upper()

    def __setattr__(self, name, value):
        if name == "fixed":
            raise TypeError("it is fixed")
        super().__setattr__(name, value)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        self.log.append(kind.__name__ if kind else "fine")
        return kind is ZeroDivisionError

    def __call__(self, *args, **kwargs):
        return args, kwargs

    def __getitem__(self, key):
        return key


print(Registry.known, Both.color, Both.side, Both.depth, len(Both), "who" in Both, "what" in Both)
print(Both().who(), [base.__name__ for base in Both.__mro__])
try:
    Shape()
except TypeError as error:
    print(error)
square = Square(3)
print(square, isinstance(square, Shape), hasattr(square, "__dict__"))
square.area = 49
print(square.side)
gone = []
reference = weakref.ref(square, lambda _: gone.append("square"))
print(reference() is square)
del square
print(reference(), gone)
lenient = Lenient()
print(lenient.anything, lenient.log, lenient(1, *[2], x=3, **{"y": 4}), lenient[1:2, ..., 3])
for attempt in (lambda: lenient._hidden, lambda: setattr(lenient, "fixed", 1)):
    try:
        attempt()
    except (AttributeError, TypeError) as error:
        print(type(error).__name__, error)
with lenient as inner:
    inner.x = 1 / 0
print(lenient.log, getattr(lenient, "_other", "none"), vars(lenient).keys())
nested = {"list": [1, [2, 3]], "self": None}
nested["self"] = nested
shallow, deep = copy.copy(nested), copy.deepcopy(nested)
nested["list"][1].append(4)
print(shallow["list"], deep["list"], deep["self"] is deep, shallow["self"] is nested)
