import traceback
class A:
    def f(self, a, b=2, *args, c=3, **kw):
        return a, b, args, c, sorted(kw.items())
    def g(self, a, b): return a, b
    def two(self, *a): return len(a)
a = A()
def plain(a, b): return b, a
for i in range(3):
    t = (1, 2); k = {'c': 5, 'd': 6}
    print(a.f(*t), a.f(*t, **k), a.f(*[1], **{}), a.g(*t), plain(*t), plain(*t, **{}), plain(*[3], **{'b': 4}))
    print(a.two(*range(70)), a.f(*range(5), **k))
    for bad in (lambda: a.g(*(1,)), lambda: a.g(*t, **k), lambda: plain(*t, b=1), lambda: a.f(), lambda: a.g(*5), lambda: plain(**{1: 2}),
                lambda: a.g(*(x for x in [1, 2, 3]))):
        try: print(bad())
        except TypeError as e: print(e)
class B(A):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
    def f(self, *args, **kw):
        return super().f(*args, **kw)
print(B().f(1, c=9), B().f(*[1, 2, 3]))
class Tmp:
    def __del__(self): print('gone')
def drops(x, *rest):
    del x
    return 'back'
def run():
    print(drops(*(Tmp(),)))
    print(drops(*[Tmp(), 1]))
    t = (Tmp(),)
    print(drops(*t))
run()
