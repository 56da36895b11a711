# Comprehensions, unpacking, the walrus, slices, chained comparison, conditional evaluation, loops with else.
print([x * y for x in range(3) for y in range(x)], {x % 3 for x in range(7)} == {0, 1, 2}, {k: v for k, v in zip("ab", (1, 2))})
print([[j for j in range(i)] for i in range(4)], [(a, b) for a, *b in ["xyz", "pq"]], [y := 1, y**2], [last := n for n in range(4)], last)
a, (b, *c), d = 1, (2, 3, 4), 5
print(a, b, c, d, [*range(2), *"ab"], {*[1], *[1]}, {**{"a": 1}, "b": 2, **{"a": 3}}, (*[], 1))
x = [0, 1, 2, 3, 4, 5]
x[1:3] = ["a", "b", "c"]
del x[::2]
print(x, x[-1], x[::-1], x[10:], x[slice(None, 2)])
print(1 < 2 < 3, 1 < 3 < 2, 1 if [] else 2, [] or "or", 0 and 1, not (1 and 0), None is None, x is not None)
calls = []


def note(n):
    calls.append(n)
    return n


note(1) < note(0) < note(5)
print(calls)
for i in range(5):
    if i == 3:
        break
else:
    print("never")
while i:
    i -= 1
else:
    print("while's else", i)
d = {}
d["k"], d["j"] = d.get, len(d)
print(sorted(d))
i = 0
i, x[i] = 1, "set"
print(i, x)
total = 0
for i, (p, q) in enumerate([(1, 2), (3, 4)], 1):
    total += i * p * q
print(total)
print([locals_ for locals_ in [1, 2]], "locals_" in globals())
print((lambda *a, k=1, **kw: (a, k, kw))(*"ab", **{"k": 2, "z": 3}))
m = [[1, 2], [3, 4]]
print([list(r) for r in zip(*m)], sum(map(sum, m)), any(x > 3 for r in m for x in r), dict(enumerate("ab")))
a = b = []
a += [1]
print(b, a is b)
a = a + [2]
print(b, a)
print(1_000, 0x_ff, 0b101, 0o17, 1e3, 1j * 1j, 7 // -2, 7 % -2, -7 // 2, divmod(-7, 3), 2**-1, 2**100, ~5, 1 << 70 >> 69, 5 & 6 | 8 ^ 3)
print(round(2.5), round(3.5), round(1234.567, -2), round(2.675, 2), int("0x1f", 16), int(-3.9), float("1e-5"), 0.1 + 0.2, 1e22, 1e16, -0.0, float("nan"))
global_value = 1


def scope():
    global global_value
    global_value += 1
    import builtins as module
    return module.len("abc"), global_value


print(scope())
type Alias[T] = list[T]
print(Alias, Alias.__value__, Alias.__type_params__)


def generic[T: int, *Ts, **P](x: T) -> T:
    "Docs."
    return x


print(generic.__type_params__, generic.__annotations__, generic.__doc__, generic(3))


class Box[T]:
    item: T
    count: int = 0


print(Box.__annotations__, Box.__type_params__, Box[int])
