out = []


def show(f):
    try:
        r = f()
    except Exception as e:
        out.append(f"{type(e).__name__}: {e}")
        return
    out.append(repr(r))


from _collections import OrderedDict, _count_elements, _tuplegetter, defaultdict, deque
from _collections import _deque_iterator

show(lambda: deque([1, 2, 3]))
show(lambda: deque([1, 2], maxlen=1))
show(lambda: deque(x=1))
show(lambda: deque([1], 2, 3))
show(lambda: deque([], -1))
show(lambda: deque([], "a"))
show(lambda: deque(1))
show(lambda: deque().pop())
show(lambda: deque().popleft())
show(lambda: deque()[0])
show(lambda: deque()["a"])
show(lambda: deque()[0:1])
show(lambda: deque([1, 2, 3])[-1])
show(lambda: deque() + [1])
show(lambda: deque([1], 2) + deque([3, 4]))
show(lambda: deque([1]) * -1)
show(lambda: deque([1, 2], 5) * 7)
show(lambda: 2 * deque("ab"))
show(lambda: deque() < 1)
show(lambda: hash(deque()))
show(lambda: [deque([1, 2]) == deque([1, 2]), deque() == [], deque([1]) < deque([2]), deque([1]) < deque([1, 2]), deque([2]) > deque([1, 2])])
d = deque([1, 2, 3, 4])
d.rotate(1)
show(lambda: d)
d.rotate(-2)
show(lambda: d)
d.reverse()
show(lambda: d)
d.insert(-1, 9)
d.insert(100, 10)
d.insert(-100, 11)
show(lambda: d)
d.remove(9)
show(lambda: [d, d.index(10), d.count(1), 3 in d, 33 in d])
show(lambda: d.index(55))
show(lambda: d.remove(55))
show(lambda: deque([1], 1).insert(0, 2))
d.extend([7, 8])
d.extendleft([5, 6])
show(lambda: d)
d.extend(d)
show(lambda: len(d))
del d[0]
d[0] = "x"
show(lambda: d)
show(lambda: [d.copy() == d, d.copy() is d, d.maxlen, deque([], 3).maxlen])
show(lambda: list(reversed(deque("abc"))))
show(lambda: list(_deque_iterator(deque([1, 2, 3]), 2)))
show(lambda: _deque_iterator(1))
show(lambda: iter(deque([1, 2])).__length_hint__())
show(lambda: iter(deque([1, 2])).__reduce__()[1])
show(lambda: deque([1, 2], 3).__reduce__()[:3])


def grow():
    d = deque([1, 2])
    for x in d:
        d.append(x)


show(grow)
d = deque([1])
d.append(d)
show(lambda: d)


class E:
    def __eq__(self, other):
        e.append(1)
        return False


e = deque()
e.extend([E(), E(), E()])
show(lambda: e.remove(1))
show(lambda: e.index(1))
show(lambda: e.count(1))
show(lambda: 1 in e)


class D(deque):
    pass


show(lambda: [D([1]), D([1, 2], 1).copy(), type(D().copy()).__name__])
show(lambda: deque([1, 2, 3]).__sizeof__())
show(lambda: defaultdict(1))
x = defaultdict(list)
x[1].append(2)
x["a"].append(3)
show(lambda: x)
show(lambda: defaultdict()[1])
show(lambda: defaultdict(list, {1: 2}, a=3))
show(lambda: defaultdict(list) | {1: 2})
show(lambda: {1: 2} | defaultdict(int))
show(lambda: defaultdict(list) | 1)
show(lambda: defaultdict(int, {1: 2}).__reduce__()[:4])
show(lambda: defaultdict(int, {1: 2}).copy())
show(lambda: defaultdict(default_factory=1))
x.default_factory = None
show(lambda: x[5])
show(lambda: x.default_factory)
x["self"] = x
show(lambda: x)


class DD(defaultdict):
    def __missing__(self, key):
        return key * 2


show(lambda: [DD(int)[4], DD(int, a=1)["a"], DD()])
show(lambda: defaultdict(int).get(3))
t = _tuplegetter(0, "doc")
show(lambda: [t, t.__doc__, t.__reduce__()[1]])


class T(tuple):
    a = _tuplegetter(0, "first")
    z = _tuplegetter(5, "sixth")


show(lambda: T([1, 2]).a)
show(lambda: T([1, 2]).z)
show(lambda: T.a)
show(lambda: t.__get__(1, int))
show(lambda: T([1]).__setattr__("a", 1))
show(lambda: T([1]).__delattr__("a"))
m = {}
_count_elements(m, "abracadabra")
show(lambda: m)
m = OrderedDict()
_count_elements(m, "abracadabra")
show(lambda: m)
m = {"a": 1.5}
_count_elements(m, "aab")
show(lambda: m)

od = OrderedDict
show(lambda: od([(1, 2)]))
show(lambda: od())
show(lambda: od(a=1, b=2))
show(lambda: od(1))
show(lambda: od([1]))
show(lambda: od([()]))
show(lambda: od([(1,)]))
show(lambda: od([(1, 2, 3)]))
show(lambda: od([(1, 2)], 3))
show(lambda: od().popitem())
show(lambda: od().pop(1))
show(lambda: od().pop(1, 2))
show(lambda: od(a=1).pop("a"))
show(lambda: od().pop())
show(lambda: od().move_to_end(1))
o = od(a=1, b=2, c=3, d=4)
o.move_to_end("b")
show(lambda: o)
o.move_to_end("c", last=False)
show(lambda: o)
o.move_to_end("b")
show(lambda: [o, list(reversed(o)), list(reversed(o.items())), list(o.values()), o.keys()])
show(lambda: [o.popitem(last=False), o.popitem(), o])
show(lambda: [od(a=1) == dict(a=1), od(a=1, b=2) == od(b=2, a=1), od(a=1, b=2) == dict(b=2, a=1), od(a=1) != 1])
show(lambda: od(a=1) | {"b": 1})
show(lambda: {"b": 1} | od(a=1))
show(lambda: od(a=1) | 1)
show(lambda: od(a=1).__reduce__()[:4])
show(lambda: od.fromkeys("ab", 1))
show(lambda: [od(a=1).keys(), od(a=1).values(), od(a=1).items()])
show(lambda: od(a=1).keys() & {"a"})
show(lambda: [od(a=1).setdefault("b"), od(a=1).setdefault("a", 5)])
show(lambda: od().update(1, 2))
show(lambda: od(a=1).copy())


class O(od):
    pass


show(lambda: [O(a=1), O(a=1).copy(), O()])


def change(f):
    o = od(a=1, b=2, c=3)
    for k in o:
        f(o, k)


show(lambda: change(lambda o, k: o.pop(k)))
show(lambda: change(lambda o, k: o.move_to_end(k)))
show(lambda: change(lambda o, k: o.update({k + k: 1})))
show(lambda: change(lambda o, k: o.update({k: 1})))
show(lambda: change(lambda o, k: o.clear()))
o = od()
for i in range(1000):
    o[i] = i
    if len(o) > 10:
        o.popitem(last=False)
show(lambda: [list(o), len(o)])
for i in range(1000):
    o.move_to_end(990 + i % 10)
show(lambda: list(o))
o = od(a=1)
o["self"] = o
show(lambda: o)
o = od(a=1)
o |= [("b", 2)]
show(lambda: o)
show(lambda: hash(od()))
show(lambda: iter(od(a=1)).__reduce__()[1])

print("\n".join(out))
