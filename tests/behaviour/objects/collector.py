"""Generations, classes as garbage, wide and deep garbage, what the collector shows."""
import gc
import weakref

print(gc.get_threshold())

# A class and its instance refer to each other.
def make():
    class A:
        def method(self):
            return A

    a = A()
    a.me = a
    A.instance = a
    return weakref.ref(A), weakref.ref(a)


gc.collect()
cls, obj = make()
print(gc.collect() > 0, cls(), obj())


# An instance that only its own dict leads to, with a finalizer that needs its class.
class Noisy:
    def __del__(self):
        print("del", type(self).__name__, self.n)


def noisy(n):
    x = Noisy()
    x.n = n
    x.me = x


noisy(1)
gc.collect()

# A list of more members than wait at a time, and a chain as long.
wide = [[] for i in range(50000)]
for item in wide:
    item.append(wide)
chain = []
for i in range(50000):
    chain = [chain]
gc.collect()
print(len(wide), wide[-1][0] is wide)
del item
alive = weakref.WeakSet()
del wide
print(gc.collect())
n = 0
while chain:
    chain = chain[0]
    n += 1
print(n)

# Survivors grow older.
gc.collect()
young = []
print(any(x is young for x in gc.get_objects(0)))
gc.collect(0)
print(any(x is young for x in gc.get_objects(0)), any(x is young for x in gc.get_objects(1)))
gc.collect(1)
print(any(x is young for x in gc.get_objects(1)), any(x is young for x in gc.get_objects(2)))
young.append(young)
del young
print(gc.collect(0), gc.collect(1), gc.collect(2))

# Names of a dict own nothing.
value = [1]
print(gc.get_referents({"name": value}), gc.get_referents({1.5: value}))


# At the end, what has a finalizer has it run.
last = Noisy()
last.n = "last"
last.me = last
