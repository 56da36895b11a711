"""Exceptions: blocks that raise nothing, raising and catching near and far, finally, with."""


class Failure(Exception):
    pass


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return kind is Failure


def deep(n):
    if n:
        return deep(n - 1)
    raise Failure(n)


caught = clean = 0
for i in range(100_000):
    try:
        clean += i
    except ValueError:
        clean = 0
    try:
        {}[i]
    except KeyError:
        caught += 1
for i in range(10_000):
    try:
        deep(10)
    except Failure as failure:
        caught += len(failure.args)
    finally:
        clean -= 1
    with Manager():
        raise Failure
print(caught, clean)
