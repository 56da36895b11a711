# Generators, coroutines and async generators: throw, close, frames, hooks.
def t(f):
    try: print(f())
    except BaseException as e: print(type(e).__name__, e)
def drive(a):
    try:
        it = a.__await__()
        while 1: r = it.send(None); print('susp', r)
    except StopIteration as e: return e.value
class It:
    def __iter__(self): return self
    def __next__(self): return 5
    def throw(self, *a): print('T', a); return 7
    def close(self): print('closed')
def outer3():
    yield from It()
o=outer3(); print(next(o)); print(o.throw(KeyError)); print(o.close()); print(o.close(), o.gi_frame)
def ctx():
    try: yield
    except ValueError as e: print('ctx', e.__context__); raise
try: 1/0
except ZeroDivisionError:
    o=ctx(); next(o)
    t(lambda: o.throw(ValueError('in')))
def ctx2():
    try: 1/0
    except ZeroDivisionError:
        try: yield
        except ValueError as e: print('ctx2', repr(e.__context__)); raise
o=ctx2(); next(o); t(lambda: o.throw(ValueError('in')))
def g(): x = yield 1
o=g(); f=o.gi_frame; print(f.f_generator is o, f.f_lasti, f.f_lineno); next(o); print(f.f_lasti, f.f_back, f.f_lineno); o.close(); print(o.gi_frame, f.f_generator)
o=g(); f=o.gi_frame; next(o); print(f.f_locals)
def inner():
    try: yield 1
    except KeyError as e: print('inner', e); return 'r'
    yield 2
def outer():
    r = yield from inner(); print('outer got', r)
    yield 3
o=outer(); print(next(o)); print(o.throw(KeyError('k'))); t(lambda: next(o))
o=outer(); next(o); o.close(); 
def fib(n):
    def h(): 
        nonlocal n
        n -= 1
        yield n
    yield from h(); return n
o=fib(3); print(list(o)); 
async def ag():
    try:
        x = yield 1
        print('got', x)
        yield 2
    finally:
        print('fin')
import sys
sys.set_asyncgen_hooks(lambda g: print('first',g.__name__), lambda g: print('final', g.__name__))
a=ag(); x=a.__anext__(); t(lambda: x.send(None)); del a,x
sys.set_asyncgen_hooks(None,None)
def co(): yield 'S'
co.__code__=co.__code__.replace(co_flags=co.__code__.co_flags|0x100)
async def c2(): await co()
sys.set_coroutine_origin_tracking_depth(2)
def mk(): return c2()
c=mk(); print([x[1:] for x in c.cr_origin]); c.close()
class A:
    def __init__(self): self.x = 1
    def f(self): return [sys._getframe().f_code.co_name for _ in range(1)], super().__repr__()[:5]
print(A().f())
def w():
    x = 1
    l = sys._getframe().f_locals
    l['x'] = 5; l['y'] = 6
    def k(): return x
    del l
    return x, locals()['x'], sorted(sys._getframe().f_locals), k()
print(w())
def many():
    x = [1]
    fl = sys._getframe().f_locals
    return [x, fl.__setitem__('x', 2), x]
print(many())
print([k for k in sys._getframe().f_locals if k == 'A'])
