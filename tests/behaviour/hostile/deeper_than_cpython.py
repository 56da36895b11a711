# CPython 3.14.8 overflows its stack in this program; the expectation is ours: an exception, or a quiet end.
def attempt(what, function):
    try:
        function()
        print(what, "ended")
    except (RecursionError, MemoryError):
        print(what, "raised")


deep = ()
for _ in range(1_000_000):
    deep = (deep, None)
attempt("hash of a deep tuple", lambda: hash(deep))
del deep


def chain(inner):
    yield from inner


g = iter(())
for _ in range(100_000):
    g = chain(g)
del g
print("dropped")


g = iter(())
for _ in range(1_500_000):
    g = chain(g)
del g
print("more dropped")
