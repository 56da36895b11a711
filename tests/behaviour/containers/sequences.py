def attempt(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)


l = [0, 1, 2, 3, 4, 5]
print(l[1:4], l[::-1], l[::2], l[-2:], l[10:], l[4:1:-1], l[-1], l * 2, l + [6], [0] * 3, 3 * [1], [1] * -1)
l[1:3] = "ab"
print(l)
l[::2] = [9, 9, 9]
print(l)
del l[1::2]
print(l)
l[5:2] = [7]
print(l)
l += (8,)
l *= 2
print(l, l.index(8), l.index(8, 5), l.count(9), l.index(9, -8))
l.insert(-100, "first")
l.insert(100, "last")
l.reverse()
print(l, l.pop(), l.pop(0), l.copy())
l.clear()
l.append(l)
print(l, [1, 2] < [1, 3], [1] == [1.0], [1, 2] > [1], [] != [], [1] >= [1], [float("nan")] == [float("nan")])
print((1,), (), (1, 2)[::-1], (1, 2) * 2, (1,) + (2,), (1, 2).index(2), (1, 1).count(1), hash((1, 2, 3)), hash(()), (1, 2) < (1, 3), tuple([1]), tuple("ab"))
t = (1, 2, 3)
print(t[:] is t, tuple(t) is t, t + () is t, () + t is t, t * 1 is t)
print(range(5), range(1, 10, 3), list(range(10, 0, -4)), range(0), len(range(3, 1000, 7)), range(10)[3], range(10)[-1], range(10)[2:8:3], range(10)[::-1])
print(5 in range(10), 5 in range(0, 10, 2), 5.0 in range(10), "a" in range(3), range(3) == range(0, 3, 1), range(0) == range(2, 2), hash(range(3)) == hash((3, 0, 1)), range(5).index(3), range(5).count(3), bool(range(0)))
r = range(1 << 70, (1 << 70) + 3)
print(r, list(r), r[1], len(r), r.index((1 << 70) + 2), list(reversed(r)), list(reversed(range(5))), range(0, 1 << 70, 1 << 69)[1:])
it = iter(range(5))
next(it)
print(it.__length_hint__(), list(it), type(iter(r)).__name__, type(iter(range(2))).__name__)
s = slice(1, 10, 2)
print(s, s.indices(5), slice(None, None, -1).indices(5), slice(-3, None).indices(10), s == slice(1, 10, 2), s < slice(2, 3), hash(slice(1, 2, 3)), slice(1 << 70).indices(5), slice(5).indices(1 << 70))
print(list(enumerate("ab", 1)), list(zip("ab", [1, 2, 3])), list(map(lambda a, b: a + b, [1, 2], [10, 20])), list(filter(None, [0, 1, "", 2])), list(reversed("abc")), list(zip()), list(enumerate([1], 1 << 62)))


class Seq:
    def __getitem__(self, i):
        if i > 2:
            raise IndexError
        return i * i

    def __len__(self):
        return 3


print(list(Seq()), list(reversed(Seq())), 4 in Seq(), iter(Seq()).__length_hint__())
n = 0


def count():
    global n
    n += 1
    return n


print(list(iter(count, 4)))
print(sum([0.1] * 10), sum([1e16, 1, 1, -1e16]), sum([1, 2.5, True]), sum([[1], [2]], []), sum([1 << 62, 1 << 62]), sum([1, 2j]), min(3, 1, 2), max([1, 5, 3], key=lambda x: -x), min([], default=7), max("abc"), any([0, 1]), all([1, 0]), any([]), all([]))
print(next(iter([]), "default"), len({1: 2}), sorted({3: 1, 1: 2}))
for f in (
    lambda: [1][5], lambda: l["a"], lambda: [1].index(2), lambda: [].pop(), lambda: [1].pop(4), lambda: [1] + 1,
    lambda: [1] * "a", lambda: list(1), lambda: list(1, 2), lambda: list(a=1), lambda: tuple(1, 2), lambda: (1,)[3],
    lambda: t["a"], lambda: (1,) + [1], lambda: range(), lambda: range(1, 2, 0), lambda: range("a"),
    lambda: range(1)[2], lambda: range(1)["a"], lambda: range(a=1), lambda: range(3).index(5), lambda: range(3).index("a"),
    lambda: len(range(1 << 70)), lambda: slice(), lambda: [1][slice("a")], lambda: slice(1).indices(-1),
    lambda: l.__setitem__(slice(0, 1), 1), lambda: l.__setitem__(slice(0, 2, 2), [1, 2, 3]), lambda: l.__setitem__("a", 1),
    lambda: l.__delitem__(7), lambda: l.__setitem__(1 << 70, 1), lambda: [1] * (1 << 70), lambda: [1].remove(3),
    lambda: min(), lambda: min([]), lambda: min(1), lambda: max(1, 2, default=3), lambda: min(1, 2, k=3),
    lambda: sum(["a"], ""), lambda: sum(), lambda: next([]), lambda: next(), lambda: iter(1), lambda: iter(1, 2),
    lambda: len(1), lambda: any(1), lambda: sorted(1), lambda: next(iter([])), lambda: enumerate(), lambda: enumerate(1),
    lambda: enumerate([], "a"), lambda: enumerate([], 1, 2), lambda: enumerate(foo=1), lambda: zip(1), lambda: zip(a=1),
    lambda: list(zip([1], [], strict=True)), lambda: list(zip([], [1], strict=True)),
    lambda: list(zip([1], [1], [1, 2], strict=True)), lambda: list(zip([1], [1], [], strict=True)), lambda: map(1),
    lambda: map(1, 1), lambda: list(map(1, [1])), lambda: list(map(max, [1], [], strict=True)), lambda: filter(1),
    lambda: filter(None, 1), lambda: reversed(1), lambda: reversed({1}), lambda: reversed(), lambda: iter(a=1),
):
    attempt(f)
