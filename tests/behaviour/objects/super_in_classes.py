"""Attributes through super() where self is a class, from the same place again and again."""


class Base:
    def __new__(cls, *args):
        self = super().__new__(cls)
        self.made = ["Base.__new__", cls.__name__]
        return self

    @staticmethod
    def s(x):
        return "s", x

    @classmethod
    def c(cls, x):
        return "c", cls.__name__, x

    def m(self, x):
        return "m", type(self).__name__, x


class Left(Base):
    def __new__(cls, *args):
        self = super().__new__(cls, *args)
        self.made.append("Left")
        return self

    @staticmethod
    def s(x):
        return "left", x

    @classmethod
    def c(cls, x):
        return "left", super().c(x), super().s(x), super().m(cls, x)

    def m(self, x):
        return "left", super().m(x), super().c(x), super().s(x)


class Right(Base):
    def __new__(cls, *args):
        self = super().__new__(cls, *args)
        self.made.append("Right")
        return self

    @classmethod
    def c(cls, x):
        return "right", super().c(x)


class Both(Left, Right):
    pass


for _ in range(40):
    made = [cls(1).made for cls in (Base, Left, Right, Both)]
    called = [cls.c(1) for cls in (Left, Right, Both)]
    methods = [cls().m(2) for cls in (Left, Both)]
print(made)
print(called)
print(methods)


class Any(Base):
    def __init_subclass__(cls):
        super().__init_subclass__()

    def either(self):
        # The same site sees instances and classes.
        return super().m


a = Any()
for _ in range(20):
    print(a.either().__self__ is a, Any.either(Any) is Base.m, end="; ") if _ > 17 else (a.either(), Any.either(Any))
print()


class Site(Base):
    def call(self, x):
        return super().m(self if isinstance(self, type) else x) if not isinstance(self, type) else super().m(Site(), x)


s = Site()
for i in range(30):
    result = s.call(i), Site.call(Site, i)
print(result)

# Changed classes.
for _ in range(20):
    Left.c(1)
Base.c = classmethod(lambda cls, x: ("new c", cls.__name__, x))
Base.s = staticmethod(lambda x: ("new s", x))
print(Left.c(1), Both.c(1))
Base.m = lambda self, x: ("new m", self.__name__, x)
print(Left.c(1))
wrapped = staticmethod(lambda x: ("first", x))
Base.s = wrapped
print(Left.c(1)[2])
wrapped.__init__(lambda x: ("second", x))
print(Left.c(1)[2])


class Meta(type):
    def __new__(mcls, name, bases, namespace):
        return super().__new__(mcls, name, bases, namespace)

    def __call__(cls, *args):
        made = super().__call__(*args)
        return "called", type(made).__name__


for i in range(20):
    C = Meta(f"C{i}", (), {})
    result = C()
print(result, type(C) is Meta)


class Wrong:
    def __new__(cls):
        return super(Base, cls).__new__(cls)


for _ in range(3):
    try:
        Wrong()
    except TypeError as e:
        print(e)


class Int(int):
    def __new__(cls, v):
        return super().__new__(cls, v + 1)


print([Int(i) for i in range(20)][-1])
for cls, bad in ((object, int), (int, object), (dict, list), (object, 3)):
    try:
        cls.__new__(bad)
    except TypeError as e:
        print(e)
