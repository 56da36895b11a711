# Async generators: asend, athrow, aclose, anext, hooks, and the messages of misuse.
import sys
def t(f):
    try: print(repr(f()))
    except BaseException as e: print(type(e).__name__, e)
async def ag():
    try:
        x = yield 1
        print('got', x)
        yield 2
    finally:
        print('fin')
def drive(a):
    # run awaitable synchronously
    try:
        it = a.__await__() if hasattr(a,'__await__') else a
        while 1: r = it.send(None); print('susp', r)
    except StopIteration as e: return e.value
a=ag()
t(lambda: drive(a.__anext__())); t(lambda: drive(a.asend(5))); t(lambda: drive(a.__anext__())); t(lambda: drive(a.__anext__()))
a=ag(); t(lambda: a.asend(1).send(None)); 
x=a.__anext__(); t(lambda: drive(x)); t(lambda: drive(x)); t(lambda: x.close())
a=ag(); t(lambda: drive(a.__anext__())); t(lambda: drive(a.aclose())); t(lambda: drive(a.__anext__()));t(lambda: drive(a.aclose()))
a=ag(); t(lambda: drive(a.__anext__())); t(lambda: drive(a.athrow(ValueError('x')))); 
a=ag(); z=a.athrow(ValueError('n')); t(lambda: drive(z)); t(lambda: drive(z))
async def ig():
    try: yield 1
    except GeneratorExit: yield 2
a=ig(); t(lambda: drive(a.__anext__())); t(lambda: drive(a.aclose()))
_C = lambda f: (setattr(f,"__code__",f.__code__.replace(co_flags=f.__code__.co_flags|0x100)), f)[1]
@_C
def co(): 
    r = yield 'S'
    return r
async def ag2():
    await co(); yield 1
    await co(); yield 2
a=ag2(); x=a.__anext__(); y=a.__anext__()
t(lambda: x.send(None)); t(lambda: y.send(None)); t(lambda: a.ag_running); t(lambda: x.send(None)); t(lambda: x.send(None))
t(lambda: y.send(3)); t(lambda: y.throw(ValueError)); t(lambda: y.close())
w=a.athrow(ValueError); 
t(lambda: w.send(4)); t(lambda: w.close()); t(lambda: w.send(None))
w=a.aclose(); t(lambda: w.throw(KeyError)); 
del w
print(a.ag_frame is not None, a.ag_await, a.ag_code.co_name, a.ag_suspended, a.__name__)
async def stop(): 
    raise StopAsyncIteration
    yield
t(lambda: drive(stop().__anext__()))
async def stop2(): 
    raise StopIteration
    yield
t(lambda: drive(stop2().__anext__()))
t(lambda: drive(anext(ag2(), 5)))
async def e():
    if 0: yield
t(lambda: drive(anext(e(), 5))); t(lambda: drive(anext(e())))
t(lambda: anext(1)); t(lambda: aiter(1)); t(lambda: anext(1,2)); t(lambda: anext()); 
class X:
    def __aiter__(self): return 1
t(lambda: aiter(X()))
class Y:
    def __anext__(self): return 1
t(lambda: drive(anext(Y(),3))); t(lambda: type(anext(Y(),3)))
hooks=[]
sys.set_asyncgen_hooks(lambda g: print('first',g.__name__), lambda g: print('fin', g.__name__))
a=ag2(); x=a.__anext__(); x.close(); del a,x
async def never(): pass
c=never(); t(lambda: c.cr_frame.f_lineno); 
del c
def g():
    x = yield 1
q=g(); 
def s(): q.__name__=1
t(s)
def s(): del q.__qualname__
t(s)
q.__name__='zz'; print(q.__name__, q.__qualname__, q.gi_yieldfrom)
t(lambda: type(q)[int,str]); t(lambda: q.send(3)); t(lambda: q.throw()); t(lambda: q.throw(1)); t(lambda: q.throw(ValueError(), 1)); 
q=g()
t(lambda: q.throw(ValueError, 1, 2))
t(lambda: q.send(None))
async def c2(): await co()
c=c2(); t(lambda: c.send(None)); w=c.__await__(); t(lambda: c.cr_await.__name__); t(lambda: next(w)); t(lambda: c.send(None)); t(lambda: c.cr_origin)
def s(): c.cr_origin=1
t(s)
def s(): c.cr_frame=1
t(s)
sys.set_coroutine_origin_tracking_depth(2)
def mk(): return c2()
c=mk(); del c
a=ag(); z=a.asend(None); del z
z=a.athrow(ValueError); del z
z=a.aclose(); del z
