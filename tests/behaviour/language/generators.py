# Generators: sending, throwing, closing, delegation, the value of return, and what they say of themselves.
def echo():
    got = None
    try:
        while True:
            got = yield got
            print("got", got)
    except ValueError as e:
        print("caught", e)
        yield "after"
    finally:
        print("finally")


g = echo()
print(next(g), g.send(1), g.send("two"), g.throw(ValueError("no")))
try:
    next(g)
except StopIteration as e:
    print("stopped", e.value)
print(list(g), g.gi_frame, g.gi_running)


def inner():
    x = yield 1
    print("inner", x)
    try:
        yield 2
    except KeyError as e:
        print("inner caught", e)
    return "result"


def outer():
    value = yield from inner()
    print("outer", value)
    value = yield from [10, 20]
    print("list", value)
    return 7


g = outer()
print(next(g), g.send("sent"), g.throw(KeyError("k")), next(g))
try:
    next(g)
except StopIteration as e:
    print(e.value)


def closes():
    try:
        yield 1
        yield 2
    except GeneratorExit:
        print("exit")
        return "closed"


g = closes()
next(g)
print(g.close(), g.close())


def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2


g = stubborn()
next(g)
try:
    g.close()
except RuntimeError as e:
    print(e)


def stop():
    raise StopIteration("inside")
    yield


try:
    next(stop())
except RuntimeError as e:
    print(e, repr(e.__cause__))

g = (i for i in range(3))
try:
    g.send(1)
except TypeError as e:
    print(e)


def itself():
    yield next(me)


me = itself()
try:
    next(me)
except ValueError as e:
    print(e)


def primes():
    found = []
    n = 2
    while True:
        if all(n % p for p in found):
            found.append(n)
            yield n
        n += 1


print([p for p, _ in zip(primes(), range(10))])


def tree(n):
    if n:
        yield from tree(n - 1)
        yield n
        yield from tree(n - 1)


print(*tree(4))
print(sum(x * y for x in range(10) if x % 2 for y in range(x)))


class Chain:
    def __iter__(self):
        yield "a"
        yield "b"


print(list(Chain()), *Chain())
first, *rest = Chain()
print(first, rest)


def lazily():
    with_locals = 5
    yield sorted(locals())


print(next(lazily()))
