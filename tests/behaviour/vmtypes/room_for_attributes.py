"""Attributes of instances whose class does not say all of them in its methods."""

from dataclasses import dataclass, field


@dataclass
class Many:
    a: int
    b: str
    c: float = 1.5
    d: list = field(default_factory=list)
    e: "int" = 5
    f: object = None
    g: int = 7


@dataclass
class More(Many):
    h: int = 8
    i: int = 9


class Empty:
    pass


class Some:
    def __init__(self):
        self.x = 1

    def more(self):
        self.y = 2


class Annotated:
    x: int
    y: str = "y"
    if len("abc") == 3:
        z: list


def fill(o, n):
    for i in range(n):
        setattr(o, f"n{i}", i)
    return o


for _ in range(3):
    m, n = Many(1, "b"), More(2, "c", h=3)
    m.extra = 1
    print(m, n, m.extra, m.g, n.i, m == Many(1, "b"), vars(n))
    for cls in Empty, Some, Annotated, lambda: Many(1, ""):
        for count in 1, 3, 5, 8, 40:
            o = fill(cls(), count)
            del o.n0
            o.last = "last"
            print(len(vars(o)), list(vars(o))[-3:], o.last, getattr(o, f"n{count - 1}", None))

s = Some()
s.more()
s.outside = 3
s.again = 4
print(s.x, s.y, s.outside, s.again, vars(s))
print([any(x > 2 for x in r) for r in ([1], [3], [])], [all(x > 2 for x in r) for r in ([1], [3], [])])
