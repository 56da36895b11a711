"""Operators whose results go straight into locals, and ints that meet their operator as they are loaded."""
import sys


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)


def floats_share_nothing():
    x = y = 1.5
    seen = []
    for i in range(40):
        x = x + 1.0
        seen.append(x)
        z = x * y - x
        kept = z
        z = z + 1.0
        assert kept == z - 1.0
    print(seen[0], seen[1], seen[39], y, kept, z)
    a = 2.0
    b = a
    for i in range(40):
        a = a * 1.0 + i
    print(a, b)
    pair = (a, a)
    a = a + 1.0
    a = a + 1.0
    print(pair[0] == pair[1], a - pair[0])


def argument(f):
    g = f
    for i in range(40):
        f = f + 0.5
    return f, g


def ints_leave_the_word(n):
    big = 1 << 61
    for i in range(40):
        a = big + big
        b = a - 1
        c = -big - big
        d = c - 1
        e = big * 3
        f = 3 * n
        g = n - 5
        h = n < 4
    print(a, b, c, d, e, f, g, h)


def kinds_change(values, other):
    out = []
    for v in values:
        w = v + other
        out.append(w)
        if v == other:
            out.append("same")
        if v < 3:
            out.append("less")
    print(out)


def subscripts(items, i):
    total = 0
    for k in range(40):
        total += items[i] + items[0] + items[-1]
        j = i - 1
        items[j] = items[i]
        t = items[j]
    print(total, t)
    try:
        for k in range(60):
            t = items[k]
    except IndexError as e:
        print(k, e)
    try:
        for k in range(60):
            t = items[~k]
    except IndexError as e:
        print(k, e)
    print((10, 20, 30)[i], [10, 20, 30][-i], True + i, [5, 6][True], i - True)


def stores_let_go():
    for i in range(3):
        a = Noisy(i)
        a = i + 1
    items = [Noisy("x"), Noisy("y")]
    items[0] = 1
    print("stored")
    items[:] = [2, 3]
    print(items)


def slices(n):
    items = list(range(n))
    items[2:4] = (20, 30)
    items[:1] = [0, 0, 0]
    items[-2:] = []
    items[5:1] = [7]
    items[100:] = items
    items[1:3] = items
    print(items)
    items[3:6] = items[5:2:-1]
    print(items)
    for bad in (1, None):
        try:
            items[1:2] = bad
        except TypeError as e:
            print(e)
    items[1:3] = (c for c in "ab")
    items[:2] = "cd"
    print(items[:4])


def truth(values):
    for v in values:
        for _ in range(20):
            if v:
                r = "true"
            else:
                r = "false"
            n = not v
        print(r, n, end="; ")
    print()


def nan(x, y):
    for _ in range(20):
        r = x < y, x <= y, x == y, x != y, x > y, x >= y
    print(r)


def negatives():
    for v in (0, 1, -1, (1 << 62) - 1, -(1 << 62), 1 << 62, 1.5, True):
        for _ in range(5):
            w = -v
        print(w, end=" ")
    print()


def none(v):
    r = 0
    for i in range(30):
        if v is None:
            r += 1
        if v is not None:
            r += 2
    return r


def lines():
    seen = []

    def trace(frame, event, arg):
        seen.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace

    def work():
        n = 0
        for i in range(2):
            n = n + i
            if n < 5:
                n = n - 1
        return n

    for i in range(20):
        work()
    sys.settrace(trace)
    work()
    sys.settrace(None)
    print(seen)


floats_share_nothing()
print(argument(1.0))
ints_leave_the_word(4)
ints_leave_the_word(1 << 62)
kinds_change([1, 2, 3.0, 4, True, 2, 1 << 70, 3], 3)
kinds_change([1.0, 2.0, 3, 4.5], 3.0)
subscripts([1, 2, 3, 4], 2)
stores_let_go()
slices(10)
truth([0, 1, "", "a", [], [0], (), None, 1.0, 0.0, {}, True, False])
nan(float("nan"), 1.0)
nan(1.0, 2.0)
nan(2.0, 2.0)
negatives()
print(none(None), none(0))
lines()
