# sys.settrace and sys.setprofile: the events of calls, lines, exceptions, generators and native calls.
import sys
def show(name):
    def tr(frame, ev, arg):
        print(name, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, ev, str(arg).split(" at ")[0] if not isinstance(arg, tuple) else (arg[0].__name__, str(arg[1])))
        return tr
    return tr
def f(n):
    t = 0
    for i in range(n):
        if i % 2:
            t += i
        else:
            t -= 1
    return t
def g():
    try:
        1/0
    except ZeroDivisionError as e:
        x = 1
    finally:
        y = 2
    with C() as c:
        z = len([1])
    return [i for i in gen(2)]
class C:
    def __enter__(self): return self
    def __exit__(self, *a):
        return False
def gen(n):
    for i in range(n):
        yield i
    return 5
def h():
    r = yield from gen(1)
    return r
def w():
    i = 0
    while i < 2: i += 1
    return i
def u():
    raise KeyError(1)
def v():
    try:
        u()
    except KeyError:
        pass
    class D: a = 1
    def k(x, *y, **z): return x
    k(1, 2, b=3)
    k(*(1, 2), **{'a': 1})
    "a".upper()
    D()
for fn in [lambda: f(3), g, lambda: list(h()), w, v]:
    print('--', fn.__name__)
    sys.settrace(show('T'))
    try: fn()
    finally: sys.settrace(None)
for fn in [lambda: f(3), g, lambda: list(h()), w, v]:
    print('--', fn.__name__)
    sys.setprofile(show('P'))
    try: fn()
    finally: sys.setprofile(None)
