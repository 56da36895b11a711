"""Uncaught exceptions of every shape, printed as the interpreter prints them."""

import sys
import traceback


def divide(a, b):
    return a / b


def chained():
    try:
        divide(1, 0)
    except ZeroDivisionError as e:
        raise ValueError("a cause") from e


def context():
    try:
        {}["key"]
    except KeyError:
        undefined


def suppressed():
    try:
        {}["key"]
    except KeyError:
        raise LookupError("alone") from None


def group():
    errors = []
    for f in (chained, context, lambda: divide("x", (1,))):
        try:
            f()
        except Exception as e:
            errors.append(e)
    errors[0].add_note("a note\nof two lines")
    nested = ExceptionGroup("inner", [OSError(2, "No such file", "name"), TypeError(1, 2)])
    raise ExceptionGroup("several", [*errors, nested])


def recursive(n):
    return recursive(n + 1)


def syntax():
    compile("def f(x):\n    return (x +\n\ny = 'abc", "a file.py", "exec")


def call_spanning_lines():
    return divide(
        1,
        (lambda x:
            x
         )(0),
    )


def wide():
    x = "\u00e9\u4e2d\U0001f600"; return x + "\u4e2d" + divide(1, 0) + x


def attribute():
    sys.modulez.path


def suggestion():
    chaned()


def many_notes():
    e = RuntimeError()
    e.add_note("one")
    e.__notes__.append(5)
    raise e


class Odd(Exception):
    def __str__(self):
        raise ValueError("no text")


def odd():
    raise Odd


def subscript():
    a = {"b": {"c": None}}
    return a["b"]["c"]["d"]


def generator():
    return sum(divide(1, n) for n in (1, 0))


def unpack():
    a, b, c = [1, 2]


def keyword():
    divide(a=1, c=2)


def importing():
    from collections import namedtupel


for f in (chained, context, suppressed, group, recursive, syntax, call_spanning_lines, wide, attribute, suggestion,
          many_notes, odd, subscript, generator, unpack, keyword, importing):
    try:
        f()
    except BaseException as e:
        sys.excepthook(type(e), e, e.__traceback__)
        traceback.print_exception(e, limit=-1, chain=False, file=sys.stdout)

print(traceback.format_list(traceback.extract_stack()))
group()
