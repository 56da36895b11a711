# The comparisons that sorting makes are visible to __lt__: their number and order are CPython's.
def numbers(n, seed, spread):
    out = []
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) % 2147483648
        out.append((seed >> 8) % spread)
    return out


class Item:
    log = []

    def __init__(self, n, i):
        self.n = n
        self.i = i

    def __lt__(self, other):
        Item.log.append((self.i, other.i))
        return self.n < other.n


def check(name, ns, **kw):
    Item.log = []
    items = [Item(n, i) for i, n in enumerate(ns)]
    items.sort(**kw)
    acc = 0
    for a, b in Item.log:
        acc = (acc * 1000003 + a * 7919 + b) % 1000000007
    order = 0
    for x in items:
        order = (order * 31 + x.i) % 1000000007
    print(name, len(Item.log), acc, order)


for n in (0, 1, 2, 3, 10, 63, 64, 65, 100, 257, 1000):
    check("random", numbers(n, n + 1, 1 << 20))
    check("few", numbers(n, n + 2, 4))
    check("up", list(range(n)))
    check("down", list(range(n, 0, -1)))
    check("equal", [5] * n)
    check("reverse", numbers(n, n + 3, 50), reverse=True)
    half = sorted(numbers(n, n + 4, 1000))
    check("runs", half[n // 2:] + half[:n // 2])
    check("tail", list(range(n)) + numbers(5, 9, n + 1))
    check("saw", [i % 17 for i in range(n)])
    check("steps", [-(i // 5) for i in range(n)])

print(sorted("the quick brown fox".split(), key=len))
print(sorted([3.5, -1.0, 2, True]), sorted([(2, "a"), (1, "b"), (1, "a")]), sorted([b"b", b"a"]))
print(sorted([1, 2, 3], key=lambda x: -x, reverse=True))


def attempt(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)


a = [3, 1, 2]


def touch(x):
    a.append(x)
    return x


attempt(lambda: a.sort(key=touch))
print(a)
attempt(lambda: sorted([1, "a"]))
attempt(lambda: [1].sort(1))
attempt(lambda: sorted([2, 1], key=5))
attempt(lambda: sorted())
attempt(lambda: sorted([1], foo=2))


class Bad:
    def __lt__(self, other):
        raise ValueError("no order")


b = [Bad(), Bad()]
attempt(lambda: b.sort())
print(len(b))
