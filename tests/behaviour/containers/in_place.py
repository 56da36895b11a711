"""Iterators that look at their containers in place, and what happens when these change meanwhile."""

class Drops:
    def __init__(self, act):
        self.act = act

    def __del__(self):
        self.act()

# The iterator's list loses its last reference while an item is dropped.
items = [1, 2, 3]
it = iter(items)
del items
print(next(it), list(it), list(it))

log = []
pairs = zip([Drops(lambda: log.append("a")) for _ in range(2)], [1, 2])
for x, y in pairs:
    log.append(y)
del x
print(log)

# A pair that is kept is not filled again; one that is dropped runs what its items' destructors do.
kept = [p for p in zip("ab", [1, 2])]
print(kept)
z = zip([Drops(lambda: print("dropped", next(z, None))), 5, 6], "xyz")
next(z)
print(next(z), next(z, "end"))

d = {i: i for i in range(4)}
for change in (lambda: d.update(x=1), lambda: d.clear()):
    it = iter(d.items())
    next(it)
    change()
    try:
        next(it)
    except RuntimeError as e:
        print(e)
    try:
        print(next(it, "end"))
    except RuntimeError as e:
        print(e)
d = {1: 1, 2: 2}
it = iter(d)
next(it)
del d[1]
d[3] = 3
try:
    print(next(it), next(it))
except RuntimeError as e:
    print(e)

class Key:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return hash(self.value)

    def __eq__(self, other):
        print("compared")
        return self.value == other

# Keys of other types with an int's hash.
d = {1.0: "float", 2: "int", Key(3): "key", True + 3: "four"}
print(d[1], d[True], d[2.0], d[3], d.get(4), d.get(5), 2 ** 61 in d)
d[3] = "set"
print(list(d.values()), len(d))
s = {1.0, 2, Key(3), "a"}
print(1 in s, True in s, 3 in s, 4 in s, "a" in s, "b" in s)
s.add(3)
print(len(s), len({0, False, 0.0, ""}))
nan = float("nan")
print(nan in {nan}, nan in {float("nan")}, {nan: 1}[nan])

text = "one,two,,three," * 3
print(text.split(","), text.split(",", 2), text.replace(",", ";"), text.replace(",", "--", 3), text.count(","), text.find(",", 9))
for size in range(0, 40):
    s = "x" * size + "," + "y" * size
    assert s.find(",") == size and s.split(",") == ["x" * size, "y" * size] and s.replace(",", "") == "x" * size + "y" * size
    assert ("ab" * size).count("b") == size and "abc" * size == "".join(["abc"] * size) and "é" * size + "a" == "".join(["é"] * size + ["a"])
    assert ("é€" * size)[::2] == "é" * size and bytes(s, "ascii").find(b",") == size and ("\u20ac," * size).split(",") == ["\u20ac"] * size + [""]
print("straße ǆ ﬁ".upper(), "ÀÉÎ".lower(), "ﬁ é".title(), "ǆé".swapcase(), "ΑΣ".lower(), "ı".upper())
print("abc".startswith("abc"), "abc".startswith("abcd"), "abc".startswith(("x", "ab")), "".startswith(""), "abc".endswith("é"), "é".endswith("é"))
print(b"\x00\xff".hex(), bytes(range(20)).hex(), b"".hex(), b"ab".hex("-"), bytearray(b"ab").hex())
b = bytearray()
view = None
for i in range(300):
    b.append(i % 256)
view = memoryview(b)
try:
    b.append(1)
except BufferError as e:
    print(e)
print(len(b), b[-1])
