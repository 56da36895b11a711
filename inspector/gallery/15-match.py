# match takes values apart: each pattern becomes tests and stores.
def describe(shape):
    match shape:
        case {"kind": "circle", "radius": r} if r > 0:
            return f"circle of {r}"
        case [("line" | "path"), *points]:
            return f"{len(points)} points"
        case int() | float() as number:
            return f"number {number}"
        case _:
            return "something else"


for shape in ({"kind": "circle", "radius": 2}, ["line", 1, 2, 3], 4.5, None):
    print(describe(shape))
