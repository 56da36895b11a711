# Keys that are hashed by identity, and keys that only seem so.
class Same:
    def __init__(self, h): self.h = h
    def __hash__(self): return self.h
    def __eq__(self, other):
        print('eq')
        return True
class Meta(type):
    def __eq__(cls, other): return isinstance(other, Meta)
    def __hash__(cls): return 7
class M(metaclass=Meta): pass
class N(metaclass=Meta): pass
def look(d, k):
    return d[k] if k in d else None
obj = object()
d = {int: 'int', str: 'str', obj: 'obj', M: 'M', 1: 'one', 'a': 'A'}
for i in range(6):
    print([look(d, k) for k in (int, str, obj, M, N, list, 1, 2, 'a', 'b', True, 1.0)])
d[Same(id(obj) >> 4)] = 'same'
for i in range(4):
    d[int] = i
    d[obj] = i
    print(look(d, int), look(d, obj), look(d, Same(id(obj) >> 4)))
e = {Same(hash(int)): 'x'}
for i in range(4):
    print(look(e, int))
s = {int, 'a', 5}
for i in range(4):
    print(int in s, float in s, 'a' in s, 5 in s, 5.0 in s, frozenset() in s)

# A method of instances with a dict, and what shadows it.
class C:
    def f(self): return 'class'
c = C()
c.__dict__['x'] = 1
def call(o): return o.f()
for i in range(5): print(call(c))
c.y = 2
print(call(c))
c.f = lambda: 'instance'
print(call(c), call(C()))
del c.f
print(call(c))
c.__dict__ = {'f': lambda: 'other'}
print(call(c))
c.__dict__ = {}
print(call(c))

# The end of instances with members.
class Gone:
    def __init__(self, n): self.n = n
    def __del__(self): print('gone', self.n)
class Slots:
    __slots__ = 'a', 'b', 'c'
o = Slots(); o.a = Gone(1); o.c = Gone(3)
del o
class More(Slots):
    pass
o = More(); o.b = Gone(2); o.z = Gone(4)
del o
