"""Operators of sets: keys that compare by code, sets that change meanwhile, and what an iteration sees."""


class Key:
    def __init__(self, v, log=None):
        self.v, self.log = v, log

    def __hash__(self):
        return 7

    def __eq__(self, other):
        if self.log is not None:
            self.log.append((self.v, getattr(other, "v", other)))
        return isinstance(other, Key) and self.v == other.v

    def __repr__(self):
        return f"K{self.v}"


for make in (set, frozenset):
    a, b = make(map(Key, range(3))), make(map(Key, range(1, 5)))
    print(sorted((a & b), key=repr), sorted((a - b), key=repr), a <= b, make(map(Key, (1, 2))) <= b, a == b, a >= make([Key(0)]))
    words = make(["a" * 3, "".join(["a", "b"]), "c"])
    other = make(["".join(["a", "aa"]), "ab", "d"])
    print(sorted(words & other), sorted(words - other), words <= other, words & other <= words, words < words, words <= words)
    mixed = make([1, 1.5, "x", (1, 2), None, 2**70])
    same = make([1.0, 3 / 2, "x", (1, 2), None, 2**70])
    print(mixed == same, mixed <= same, len(mixed & same), mixed - same, len(mixed), len(make()))


class Changing(Key):
    __hash__ = Key.__hash__

    def __eq__(self, other):
        target.clear()
        return super().__eq__(other)


for what in ("a & target", "a - target", "a <= target", "target >= a", "a.isdisjoint(target)", "a.difference(target)"):
    target = {Key(1), Key(2), Key(3)}
    a = {Changing(2)}
    print(what, eval(what), target)


class Raising(Key):
    __hash__ = Key.__hash__

    def __eq__(self, other):
        raise ValueError("no")


for what in ("a & b", "a - b", "a <= b", "a == b"):
    a, b = {Raising(1)}, {Raising(2)}
    try:
        print(eval(what))
    except ValueError as e:
        print(what, e)

# An iteration notices a change of length.
s = {1, 2, 3}
it = iter(s)
print(next(it), it.__length_hint__())
s.add(4)
for _ in range(2):
    try:
        next(it)
    except RuntimeError as e:
        print(e)
s = {1, 2}
it = iter(s)
print(list(it), list(it))
s.add(9)
print(list(it))

# Sets that grow, shrink and die with keys that have finalizers.
dead = []


class Mortal:
    def __init__(self, i):
        self.i = i

    def __del__(self):
        dead.append(self.i)


s = {Mortal(i) for i in range(10)}
s.pop()
del s
print(sorted(dead))
s = set()
for i in range(100):
    s.add(i * 7)
    if i % 3 == 0:
        s.discard(i * 7)
print(len(s), sum(s), [len(s - {7}), len(s & {7, 14, 21}), s >= {7, 14}])
print(min({5, 3, 4}), max(frozenset([5, 3, 4])), min([3, 1, 2], key=lambda x: -x), max("abc", "abd", key=len))
print(min((), default=4), max([[1], [1, 2]], default=None), min(2, 1.0, True), max(1, 1.0, True), min(1, True))
for bad in (lambda: min(()), lambda: max(1, 2, default=3), lambda: min(), lambda: min(1, "a"), lambda: min([1, 2], ky=2)):
    try:
        bad()
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
