"""Calls of Python functions: recursion, defaults, keywords, closures, *args."""


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def area(width, height=2, *, scale=1):
    return width * height * scale


def total(*values):
    return sum(values)


def adder(n):
    return lambda x: x + n


add = adder(3)
n = fib(25)
for i in range(200_000):
    n += area(i, scale=2) + add(i) + total(i, 1)
print(n)
