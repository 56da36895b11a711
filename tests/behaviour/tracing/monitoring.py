# sys.monitoring: each event of typical code, DISABLE, local events, and the errors of its functions.
import sys
mon = sys.monitoring
E = mon.events
names = {v: k for k, v in vars(E).items() if v}
def show(a):
    if hasattr(a, 'co_name'): return a.co_name
    if a is mon.MISSING: return 'MISSING'
    if isinstance(a, BaseException): return repr(a)
    if isinstance(a, (int, str, type(None))): return repr(a)
    return getattr(a, '__name__', type(a).__name__)
log = []
def make(name):
    def cb(*args):
        if args[0].co_name in ('run',): return
        log.append((name,) + tuple(show(a) for a in args))
    return cb
mon.use_tool_id(3, "t")
def run(f, events):
    log.clear()
    for k in names:
        if k != E.BRANCH: mon.register_callback(3, k, make(names[k]))
    mon.set_events(3, events)
    try:
        f()
    except Exception as e:
        pass
    mon.set_events(3, 0)
    print('---', f.__name__)
    for l in log: print(*l)
ALL = sum(k for k in names if k != E.BRANCH and k != E.INSTRUCTION)
def loop():
    t = 0
    for i in range(3):
        if i == 1: continue
        t += i
    while t: t -= 1
    for x in "ab":
        break
    else:
        t = 1
    return t if t else None
def gen():
    try:
        x = yield 1
        yield from [2, 3]
    except KeyError:
        yield 9
def drive():
    g = gen()
    next(g); next(g)
    try: g.throw(KeyError('k'))
    except StopIteration: pass
    g.close()
    return [a for a in gen()]
def exc():
    try:
        try: {}['a']
        finally: y = 1
    except (KeyError, ValueError) as e:
        pass
    try:
        int('x')
    except ValueError:
        raise RuntimeError('r') from None
class A:
    def __init__(self, v): self.v = v
    def m(self, *a, **k): return len(a)
class B(A):
    def __init__(self, v): super().__init__(v)
def calls():
    b = B(1)
    b.m(1, 2, z=3)
    A.m(b, *[1], **{'q': 2})
    print(end='')
    [].append(1)
    str(3)
    max([1, 2], key=lambda x: -x)
    (lambda: 0)()
    if b is None or b.v is not None: pass
async def agen():
    for i in range(2): yield i
async def amain():
    async for x in agen():
        y = x
    return [z async for z in agen()]
def co():
    c = amain()
    try: c.send(None)
    except StopIteration as e: pass
def match(v=3):
    match v:
        case 1: pass
        case [a, b]: pass
        case _: return 2
class It:
    n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n > 1: raise StopIteration
        return self.n
def it():
    for x in It(): pass
for f in loop, drive, exc, calls, co, match, it:
    run(f, ALL)
run(loop, E.BRANCH_LEFT | E.BRANCH_RIGHT | E.JUMP)
run(loop, E.INSTRUCTION)
run(drive, E.STOP_ITERATION | E.PY_YIELD | E.PY_RESUME)
def legacy():
    for i in range(4):
        if i & 1: pass
def cb(code, src, dst):
    print('branch', code.co_name, src, dst)
    return mon.DISABLE
mon.register_callback(3, E.BRANCH, cb)
mon.set_local_events(3, legacy.__code__, E.BRANCH)
legacy(); legacy()
mon.restart_events()
legacy()
mon.set_local_events(3, legacy.__code__, 0)
for args in [(9, 1), (-1, 0), (3, 1 << 19), (3, E.C_RETURN), (4, 1)]:
    try: mon.set_events(*args)
    except Exception as e: print(repr(e))
for args in [(3, legacy.__code__, E.RAISE), (3, 5, 1), (3, legacy.__code__, -1)]:
    try: mon.set_local_events(*args)
    except Exception as e: print(repr(e))
for args in [(3, 3, None), (3, 1<<25, None), (8, 1, None)]:
    try: mon.register_callback(*args)
    except Exception as e: print(repr(e))
def dis(*a): return mon.DISABLE
mon.register_callback(3, E.RAISE, dis)
mon.set_events(3, E.RAISE)
try: 1/0
except Exception as e: print(repr(e), repr(e.__context__))
mon.set_events(3, 0)
print(mon._all_events(), mon.get_tool(3), mon.get_events(3))
mon.free_tool_id(3)
print(mon.get_tool(3))
