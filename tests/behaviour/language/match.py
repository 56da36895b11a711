# The match statement: every kind of pattern, and the errors of class patterns.
class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Colour:
    RED = 1
    BLUE = "blue"


def describe(value):
    match value:
        case 0 | 0.5:
            return "zero or half"
        case -1 | 2 + 3j:
            return "signed or complex"
        case True:
            return "true"
        case None:
            return "none"
        case Colour.BLUE:
            return "blue"
        case str(text) if len(text) > 3:
            return f"long {text}"
        case "a" | "b" as letter:
            return f"letter {letter}"
        case []:
            return "empty"
        case [x]:
            return f"one {x}"
        case [1, *rest]:
            return f"one and {rest}"
        case (first, *_, last) if first == last:
            return f"same ends {first}"
        case [[a, b], {"k": c}]:
            return f"nested {a} {b} {c}"
        case {"kind": "point", "at": [x, y], **others}:
            return f"mapping {x} {y} {others}"
        case {"only": _}:
            return "only"
        case {}:
            return "a mapping"
        case Point(x=0, y=y):
            return f"on the axis {y}"
        case Point(x, y) if x == y:
            return f"diagonal {x}"
        case Point(x):
            return f"point {x}"
        case int() | float() as number:
            return f"number {number}"
        case bytes(b):
            return f"bytes {b}"
        case _:
            return "something"


for value in (0, 0.5, -1, 2 + 3j, True, None, "blue", "longer", "a", [], [7], (1, 2, 3), [4, 5, 4], [[1, 2], {"k": 3, "z": 4}],
              {"kind": "point", "at": (1, 2), "z": 3}, {"only": 1}, {}, Point(0, 5), Point(2, 2), Point(2, 3), 9, 1.25, b"x",
              "abc", range(2), {1, 2}, [3, 4]):
    print(describe(value))


class Bad:
    __match_args__ = 5


class Few:
    __match_args__ = ("x",)
    x = 1


for subject, source in ((Bad(), "Bad(1)"), (Few(), "Few(1, 2)"), (Few(), "Few(1, x=1)"), (1, "int(1, 2)"), (1, "describe()")):
    try:
        exec(f"match subject:\n case {source}: pass")
        print("no error", source)
    except TypeError as e:
        print(e)
match 1, 2:
    case a, b:
        print(a, b)
match x := 5:
    case y if (z := y + 1) > 5:
        print(x, y, z)
