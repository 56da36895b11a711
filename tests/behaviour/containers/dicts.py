def attempt(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e, getattr(e, "__notes__", ""))


d = {"a": 1, 2: "b", (1, 2): [3], None: 4.5}
print(d, len(d), list(d), list(d.values()), list(d.items()))
print(list(reversed(d)), list(reversed(d.values())), list(reversed(d.items())))
print(d.get("a"), d.get("z"), d.get("z", 0), d.setdefault("y"), d.setdefault("a", 9), d.pop(2), d.pop("q", None))
print(d.popitem(), d)
print({"a": 1} | {"b": 2, "a": 3}, dict([(1, 2)], x=3), dict({"k": 1}), dict(x=1), dict.fromkeys("abc", 0), dict.fromkeys({3, 1}))
d.update([("p", 1)], q=2)
d |= {"r": 3}
d |= [("s", 4)]
print(d)
print({1: 2} == {1: 2.0}, {1: 2} != {1: 3}, {1: 2} == {2: 1}, {1.0: "x"}[True], {} == [])
d["self"] = d
print(d)
k, v, i = {1: 2, 3: 4}.keys(), {1: 2}.values(), {1: 2}.items()
print(k, v, i, k & {1, 9}, k | [9], k - {1}, k ^ {1, 9}, k == {1, 3}, k <= {1, 3, 5}, k.isdisjoint([7]), 1 in k, (1, 2) in i, (1, 3) in i, [1, 2] in i, 2 in v)
print({1, 9} & k, {1, 9} - k, {9} | k, i & [(1, 2)], len(k), len(i))


class M(dict):
    def __missing__(self, key):
        return ("missing", key)


m = M(a=1)
print(m["a"], m["b"], m.get("b"), m, type(m.copy()), type(m | {}))


class Keys:
    def keys(self):
        return ["x", "y"]

    def __getitem__(self, k):
        return k * 2


print(dict(Keys()), {**Keys()})
attempt(lambda: d[[]])
attempt(lambda: {}["k"])
attempt(lambda: {}.popitem())
attempt(lambda: {}.pop(1))
attempt(lambda: {}.pop([]))
attempt(lambda: dict([[]]))
attempt(lambda: dict([1]))
attempt(lambda: dict([[1, 2], (1, 2, 3)]))
attempt(lambda: dict(1))
attempt(lambda: dict(1, 2))
attempt(lambda: {}.update(1, 2))
attempt(lambda: {} | 1)
attempt(lambda: {} < {})
attempt(lambda: type(k)())
attempt(lambda: k - 1)
attempt(lambda: {}.keys() < [])
attempt(lambda: {(1, []): 2})
attempt(lambda: {}.__delitem__(5))


def grow():
    d = {1: 1}
    for x in d:
        d[x + 1] = 1


def swap():
    d = {1: 1}
    for x in d:
        del d[x]
        d[x + 1] = 1


attempt(grow)
attempt(swap)
it = iter({1: 2, 3: 4}.items())
print(it.__length_hint__(), next(it), it.__length_hint__())


class Eq:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return 1

    def __eq__(self, other):
        print(self.n, "==", other.n)
        return self.n == other.n


x = {Eq("a"): 1, Eq("b"): 2}
print(x[Eq("b")], {1: Eq("v")} == {1: Eq("w")})
many = {}
for n in range(2000):
    many[n * 37 % 2003] = n
for n in range(0, 2003, 2):
    many.pop(n, None)
print(len(many), list(many.items())[:5], sum(many))
