"""Interned strings that come and go by the thousand: equal ones stay one object while they live."""
import sys


def name(round, i):
    return f"name {i} of round {round}"


kept = {}
for round in range(4):
    names = [sys.intern(name(round, i)) for i in range(20000)]
    print(round, all(sys.intern(name(round, i)) is n for i, n in enumerate(names)))
    kept[round] = names[::7]
    del names
for round, some in kept.items():
    print(round, all(sys.intern(name(round, i * 7)) is n for i, n in enumerate(some)))
    # Those that died are made again.
    again = [sys.intern(name(round, i)) for i in range(20000)]
    print(all(a is b for a, b in zip(again[::7], some)), len(set(map(id, again))))
class A:
    pass


a = A()
setattr(a, "".join(["attr", "ibute"]), 1)
print(a.attribute, sys.intern("é") is sys.intern("é"), sys.intern("ab\u1234") is sys.intern("ab" + chr(0x1234)))
