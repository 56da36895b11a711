"""Conway's life on an endless plane, as a set of living cells; patterns are told apart by what becomes of them."""

from collections import Counter
from itertools import product

AROUND = [(x, y) for x, y in product((-1, 0, 1), repeat=2) if (x, y) != (0, 0)]

PATTERNS = {
    "block": """
        ##
        ##
    """,
    "blinker": """
        ###
    """,
    "glider": """
        .#.
        ..#
        ###
    """,
    "lonely": """
        #.#
    """,
}


def cells(drawing):
    rows = drawing.split()
    return frozenset((x, y) for y, row in enumerate(rows) for x, mark in enumerate(row) if mark == "#")


def step(living):
    counts = Counter((x + dx, y + dy) for x, y in living for dx, dy in AROUND)
    return frozenset(cell for cell, count in counts.items() if count == 3 or count == 2 and cell in living)


def corner(living):
    return min(x for x, _ in living), min(y for _, y in living)


def home(living):
    """The same cells moved to the corner."""
    left, top = corner(living)
    return frozenset((x - left, y - top) for x, y in living)


def show(living):
    if not living:
        return "(nothing)"
    width = max(x for x, _ in living) + 1
    height = max(y for _, y in living) + 1
    return "\n".join("".join(".#"[(x, y) in living] for x in range(width)) for y in range(height))


def generations(living):
    while True:
        yield living
        living = step(living)


def kind(living, most=8):
    start = home(living)
    for age, now in enumerate(generations(living)):
        if age == 0:
            continue
        if not now:
            return f"dies after {age}"
        if home(now) == start:
            (x0, y0), (x1, y1) = corner(living), corner(now)
            if (x0, y0) != (x1, y1):
                return f"moves by {(x1 - x0, y1 - y0)} in {age}"
            return "is still" if age == 1 else f"returns after {age}"
        if age >= most:
            return "is unsettled"


for name, drawing in PATTERNS.items():
    living = cells(drawing)
    print(f"{name} {kind(living)}:")
    print(show(living))

universe = {(x + 8, y) for x, y in cells(PATTERNS["blinker"])}
ages = generations(universe)
for age in range(2):
    now = next(ages)
    print(age, len(now), sorted(now)[:3])
ages.close()
print(next(ages, "closed"))
