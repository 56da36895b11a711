"""Keywords that are no strings reach the constructors of nodes, as in CPython, and no other native code."""

import ast
import warnings

warnings.simplefilter("ignore")


class Odd:
    def __hash__(self):
        return hash("id")

    def __eq__(self, other):
        return other == "id"

    def __repr__(self):
        return "Odd()"


class Mine(ast.Name):
    pass


def show(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except TypeError as e:
        print("TypeError", e)


for call in (
    lambda: ast.Name(**{1: 2}),
    lambda: ast.Name("x", **{Odd(): "y"}),
    lambda: Mine(**{None: 2}),
    lambda: ast.Name("x").__replace__(**{1: 2}),
    lambda: dict(**{1: 2}),
    lambda: int(**{1: 2}),
    lambda: sorted([], **{1: 2}),
):
    show(call)
print(ast.Name.__flags__ & ~((1 << 32) - 1))
