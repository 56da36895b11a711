# What a dataclass does, made with annotations, exec and a class decorator; enumerations with a metaclass.
def record(cls):
    fields = list(cls.__annotations__)
    arguments = ", ".join(f"{f}=_d[{f!r}]" if f in vars(cls) else f for f in fields)
    body = "\n".join(f"    self.{f} = {f}" for f in fields)
    namespace = {"_d": dict(vars(cls))}
    exec(f"def __init__(self, {arguments}):\n{body}", namespace)
    cls.__init__ = namespace["__init__"]
    cls.__repr__ = lambda self: f"{cls.__name__}({', '.join(f'{f}={getattr(self, f)!r}' for f in fields)})"
    cls.__eq__ = lambda self, other: type(self) is type(other) and all(getattr(self, f) == getattr(other, f) for f in fields)
    cls.__match_args__ = tuple(fields)
    return cls


@record
class Item:
    name: str
    price: float
    count: int = 1

    def total(self):
        return self.price * self.count


items = [Item("a", 1.5), Item("b", 2.0, 3), Item(count=2, name="c", price=0.25)]
print(items, sum(i.total() for i in items), items[0] == Item("a", 1.5), items[0] == items[1])
match items[1]:
    case Item(name, _, count):
        print(name, count)
try:
    Item("x")
except TypeError as e:
    print(e)


class EnumMeta(type):
    def __new__(mcls, name, bases, namespace):
        members = {k: v for k, v in namespace.items() if not k.startswith("_") and not callable(v)}
        cls = super().__new__(mcls, name, bases, namespace)
        cls._members = {}
        for key, value in members.items():
            member = object.__new__(cls)
            member.name, member.value = key, value
            setattr(cls, key, member)
            cls._members[key] = member
        return cls

    def __iter__(cls):
        return iter(cls._members.values())

    def __getitem__(cls, key):
        return cls._members[key]


class Colour(metaclass=EnumMeta):
    RED = 1
    GREEN = 2

    def __repr__(self):
        return f"<{type(self).__name__}.{self.name}: {self.value}>"


print(list(Colour), Colour["GREEN"], Colour.RED.name, isinstance(Colour.RED, Colour))
