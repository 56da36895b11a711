# Objects whose methods change the container that is just being worked on. Nothing may crash, and the answers are CPython's.
def attempt(what, function):
    try:
        print(what, "->", function())
    except Exception as e:
        print(what, "->", type(e).__name__, e)


class Clears:
    "Its comparison empties a list."

    def __init__(self, target):
        self.target = target

    def __eq__(self, other):
        self.target.clear()
        return False

    __hash__ = object.__hash__


def filled(n=5):
    items = []
    items.extend(Clears(items) for _ in range(n))
    return items


attempt("in", lambda: 1 in filled())
attempt("index", lambda: filled().index(1))
attempt("count", lambda: filled().count(1))
attempt("remove", lambda: filled().remove(1))
attempt("eq", lambda: filled() == [0] * 5)


class Less:
    def __init__(self, target):
        self.target = target

    def __lt__(self, other):
        self.target.append(1)
        return True


items = []
items.extend(Less(items) for _ in range(5))
attempt("sort", items.sort)
print(len(items))

items = [3, 1, 2]
attempt("key", lambda: items.sort(key=lambda x: items.clear() or x))
print(items)


class Same:
    "Everything collides; comparing changes the dict."

    armed = None

    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return 1

    def __eq__(self, other):
        if Same.armed is not None:
            target, Same.armed = Same.armed, None
            target.clear()
            target.update({i: i for i in range(50)})
        return self is other


def collide(act):
    d = {Same(i): i for i in range(4)}
    Same.armed = d
    try:
        return act(d), len(d)
    finally:
        Same.armed = None


attempt("get", lambda: collide(lambda d: d.get(Same(9))))
attempt("setdefault", lambda: collide(lambda d: d.setdefault(Same(9), 5)))
attempt("pop", lambda: collide(lambda d: d.pop(Same(9), None)))
attempt("contains", lambda: collide(lambda d: Same(9) in d))
attempt("store", lambda: collide(lambda d: d.__setitem__(Same(9), 1)))


def collide_set(act):
    s = {Same(i) for i in range(4)}

    class Target:
        def clear(self):
            s.clear()

        def update(self, other):
            s.update(other)

    Same.armed = Target()
    try:
        return act(s), len(s)
    finally:
        Same.armed = None


attempt("set contains", lambda: collide_set(lambda s: Same(9) in s))
attempt("set add", lambda: collide_set(lambda s: s.add(Same(9))))
attempt("set discard", lambda: collide_set(lambda s: s.discard(Same(9))))


class Dies:
    def __init__(self, act):
        self.act = act

    def __del__(self):
        self.act()


items = []
items[:] = [Dies(lambda: items.append("late")), 1, 2]
items[0] = None
print(items)
items = [Dies(lambda: items.clear()) for _ in range(3)]
items[:] = [1, 2]
print(items)
d = {}
d["k"] = Dies(lambda: d.update(a=1, b=2, k="again"))
d["k"] = 0
print(d)
d = {i: Dies(lambda: d.clear()) for i in range(3)}
del d[1]
print(d)
d = {"x": Dies(lambda: d.update({i: i for i in range(100)}))}
d.clear()
print(len(d))


class Index:
    def __init__(self, act, value=0):
        self.act, self.value = act, value

    def __index__(self):
        self.act()
        return self.value


items = [1, 2, 3]
attempt("getitem", lambda: items[Index(items.clear, 2)])
items = [1, 2, 3]
attempt("setitem", lambda: items.__setitem__(Index(items.clear, 2), 0))
items = [1, 2, 3]
attempt("slice", lambda: items[Index(items.clear) :])
items = [1, 2, 3]
attempt("insert", lambda: items.insert(Index(items.clear, 2), "x"))
print(items)
items = [1, 2, 3]
attempt("pop", lambda: items.pop(Index(items.clear, 1)))
b = bytearray(b"abcdef")
attempt("bytearray", lambda: b.__setitem__(Index(b.clear, 4), 65))
b = bytearray(b"abcdef")
attempt("bytearray value", lambda: b.__setitem__(3, Index(b.clear, 65)))
b = bytearray(b"abc")
view = memoryview(b)
attempt("resize", lambda: b.append(1))
view.release()
attempt("released", lambda: view[0])

d = dict.fromkeys(range(5))
attempt("dict changed", lambda: [d.pop(k) for k in d])
d = dict.fromkeys(range(5))
attempt("dict grew", lambda: [d.setdefault(k + 10) for k in d])
s = set(range(5))
attempt("set changed", lambda: [s.add(k + 10) for k in s])
items = [1]
attempt("list grows", lambda: [items.append(x + 1) for x in items if x < 5])
print(items)


def extends():
    for i in range(3):
        items.clear()
        yield i


attempt("extend", lambda: items.extend(extends()))
print(items)


class Keys:
    def keys(self):
        d.clear()
        return ["a", "b"]

    def __getitem__(self, key):
        d[key + key] = 0
        return key


attempt("update", lambda: d.update(Keys()))
print(d)


class BadHash:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return self.value

    def __len__(self):
        return self.value

    def __bool__(self):
        return self.value

    def __repr__(self):
        return self.value

    def __iter__(self):
        return self.value

    def __index__(self):
        return self.value


for value in ("x", -1, 2**70, None, 1.5):
    bad = BadHash(value)
    for name, act in (("hash", hash), ("len", len), ("bool", bool), ("repr", repr), ("iter", iter), ("index", range)):
        attempt(f"{name} {value!r}", lambda: act(bad))
