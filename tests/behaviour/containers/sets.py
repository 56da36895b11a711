# Sets of ints print in the table's order.
print({3, 1, 2}, {100, 33, 1, 65, 7}, set(range(20, 0, -3)))
s = set()
seed = 1
for i in range(300):
    seed = (seed * 1103515245 + 12345) % 2147483648
    k = (seed >> 8) % 400
    if seed % 3:
        s.add(k)
    else:
        s.discard(k)
    if i % 50 == 49:
        print(list(s))
t = set(range(0, 200, 7))
print(s & t, s - t, t - s, s ^ t, s | t, sep="\n")
print(s.union([1000, 2000], {3: 4}), s.intersection(range(50), t), sep="\n")
print(s.difference([1, 2, 3], t), s.symmetric_difference(range(10)), sep="\n")
u = s.copy()
u &= t
print(u)
u |= {1, 2}
u -= {2}
u ^= {1, 77}
print(u, u.pop(), u.pop(), u)
print(s.isdisjoint(t), s <= s | t, s < s, s >= s & t, {1} == frozenset([1]), {1, 2}.issubset([1, 2, 3]), {1}.issuperset([1, 2]))
print(hash(frozenset()), hash(frozenset([1, 2, 3])), hash(frozenset(range(100))), hash(frozenset([frozenset([1])])))


class S(set):
    pass


class F(frozenset):
    pass


for T in (S, F):
    for n in "__or__ __and__ __sub__ __xor__ union intersection difference symmetric_difference copy".split():
        f = getattr(T([1, 2]), n)
        r = f() if n == "copy" else f(T([2, 3]))
        print(T.__name__, n, type(r).__name__, r)
f = frozenset([1])
print(f.copy() is f, frozenset(f) is f, repr(S()), repr(F([1])), frozenset())
print({1, 2}.__contains__({1}), {frozenset({1})}.__contains__({1}))
s = {frozenset({1})}
s.discard({1})
print(s)


def attempt(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)


attempt(lambda: {1}.remove({3}))
attempt(lambda: set().pop())
attempt(lambda: set([[]]))
attempt(lambda: [] in set())
attempt(lambda: {1}.intersection([[]]))
attempt(lambda: {1} | [1])
attempt(lambda: set(1))
attempt(lambda: set(1, 2))
attempt(lambda: set(a=1))
attempt(lambda: hash(set()))


def grow():
    s = {1, 2, 3}
    for x in s:
        s.add(x + 10)


attempt(grow)
it = iter({1, 2, 3})
print(it.__length_hint__(), next(it), it.__length_hint__(), list(it), it.__length_hint__())
big = set(range(60000))
big.update(range(60000, 61000))
print(len(big), sum(big), list(big)[:5])
