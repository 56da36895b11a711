import sys, traceback
def g():
    try:
        yield 1
        yield 2
    finally:
        print('end')
    return 5
def loop(it):
    out = []
    for i in range(20):
        try:
            out.append(next(it))
        except StopIteration as e:
            out.append(('stop', e.value, e.args, e.__context__))
    return out
print(loop(g())[:5])
def none():
    yield 1
print(loop(none())[:3])
def fails():
    yield 1
    yield 2
    1/0
def f2(it):
    for i in range(6):
        try: print(next(it))
        except Exception as e:
            print(type(e), [x.name for x in traceback.extract_tb(e.__traceback__)])
f2(fails())
def stops():
    yield 1
    raise StopIteration(3)
f2(stops())
def nested(n):
    if n:
        it = nested(n-1)
        while True:
            yield next(it)
    else:
        yield from range(3)
def run(n):
    it = nested(n); out=[]
    for i in range(9):
        try: out.append(next(it))
        except Exception as e: out.append(repr(e))
    return out
print(run(1)); print(run(4))
def selfy():
    global it
    while True:
        try: next(it)
        except ValueError as e: yield str(e)
it = selfy()
def h():
    for i in range(5): print(next(it))
h()
def dropper():
    global keep
    while True:
        del keep
        yield 1
def use():
    global keep
    for i in range(8):
        keep = dropper()
        print(next(keep) if i % 2 else next(iter([keep])).__name__)
use()
def closer():
    yield 1
    try: yield 2
    except GeneratorExit: print('closed'); raise
def cl():
    for i in range(5):
        c = closer(); next(c); next(c); c.close()
cl()
def deep(n):
    yield n
    if n < 3000:
        d = deep(n+1)
        next(d)
        yield next(d)
def dd():
    for i in range(4):
        d = deep(0)
        next(d)
        try: next(d)
        except RecursionError as e: print('rec', e)
dd()
def frames():
    while True: yield sys._getframe().f_back.f_code.co_name
def fr():
    it = frames()
    for i in range(5): print(next(it), it.gi_running, it.gi_frame is not None)
fr()
