# Cells: shared, rebound, deleted, nested, in classes and in comprehensions.
def counter(start=0):
    n = start

    def step(by=1):
        nonlocal n
        n += by
        return n

    def look():
        return n

    return step, look


step, look = counter(10)
print(step(), step(5), look())
print(step.__closure__ == look.__closure__, step.__closure__[0].cell_contents)
print([f() for f in [lambda: i for i in range(3)]], [f() for f in [lambda i=i: i for i in range(3)]])


def deleted():
    value = 1

    def inner():
        return value

    del value
    try:
        inner()
    except NameError as e:
        print(type(e).__name__, e)
    value = 2
    return inner()


print(deleted())


def unbound():
    try:
        print(later)
    except UnboundLocalError as e:
        print(e)
    later = 1


unbound()


class Scope:
    x = "class"
    seen = [n for n in x]

    def method(self):
        return __class__.__name__, x


x = "global"
print(Scope.seen, Scope().method())


def three():
    a = 1

    def two():
        def one():
            nonlocal a
            a *= 2
            return a

        return one

    return two()


one = three()
print(one(), one(), one.__code__.co_freevars, three.__code__.co_cellvars)


def defaults(a, /, b, c=3, *args, d, e=5, **kwargs):
    return a, b, c, args, d, e, kwargs


print(defaults(1, 2, d=4), defaults(1, 2, 3, 4, 5, d=6, z=7))
for call in (
    lambda: defaults(),
    lambda: defaults(1, 2),
    lambda: defaults(1, 2, d=1, a=2),
    lambda: defaults(1, b=1, d=1, **{"b": 2}),
    lambda: defaults(*5),
    lambda: defaults(1, 2, 3, c=4, d=5),
    lambda: (lambda x: x)(1, 2),
    lambda: (lambda x: x)(y=1),
):
    try:
        print(call())
    except TypeError as e:
        print(e)
