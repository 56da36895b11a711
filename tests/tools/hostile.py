"""Feed damaged input to the interpreter that runs this. An exception is fine; the process must live.

usage: PYTHON hostile.py bytes|pyc SEED START COUNT

`bytes`: random bytes as source text, as marshal data, as tokens. `pyc`: compiled programs with some bytes or other fields
changed, executed, traced, monitored and looked at. Each input depends on SEED and its number alone. The number is printed before the input is tried, so
that `cargo xtask hostile`, which runs this in batches, can name the one that ended the process.
"""

import ast
import builtins
import dis
import gc
import io
import marshal
import random
import resource
import signal
import sys
import tokenize
import types
import warnings

PROGRAMS = """
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(10), [x * x for x in range(10) if x % 2], {k: v for k, v in zip('abc', (1, 2.5, 3j))})
===
class A:
    x: int = 1
    def __init__(self, y, *args, z=2, **kw): self.y, self.args, self.z, self.kw = y, args, z, kw
    def m(self): return lambda q: (self, q, __class__)
    @property
    def p(self): return self.y
class B(A):
    def m(self): return super().m()(3)
b = B(1, 2, 3, z=4, w=5)
print(b.m()[1], b.p, b.args, b.kw, B.x, f'{b.y!r:>{5}}', isinstance(b, A))
===
def g(n):
    try:
        for i in range(n):
            got = yield i
            if got: yield from (got, got)
    except ValueError as e:
        yield str(e)
    finally:
        print('end')
it = g(5)
print(next(it), it.send(7), list(it))
it = g(2); next(it)
print(it.throw(ValueError('v')))
===
async def a():
    async with C() as c:
        async for i in c:
            print(i)
    return [x async for x in C()]
class C:
    async def __aenter__(self): return self
    async def __aexit__(self, *e): return False
    def __aiter__(self): self.n = 0; return self
    async def __anext__(self):
        self.n += 1
        if self.n > 3: raise StopAsyncIteration
        return self.n
try: a().send(None)
except StopIteration as e: print(e.value)
===
def f(x):
    match x:
        case [1, *rest] if rest: return rest
        case {'k': v, **kw}: return v, kw
        case A(a=1) | A(b=2): return 'a'
        case int() | str() as n: return n
        case _: return None
class A: a = 1
print(f([1, 2, 3]), f({'k': 1, 'z': 2}), f(A()), f(5), f(None))
===
try:
    try:
        raise ExceptionGroup('g', [ValueError(1), TypeError(2), KeyError('k')])
    except* ValueError as e: print(e.exceptions)
    except* TypeError: raise OSError(3) from None
except BaseException as e: print(repr(e), e.__context__ is None)
===
def outer():
    n = 0
    def inner():
        nonlocal n
        n += 1
        return n
    a, (b, *c), d = 1, (2, 3, 4), inner()
    del a
    while True:
        if inner() > 5: break
    else: print('no')
    assert n, 'message'
    return b, c, d, n, {*c, d}, [*c, *c], {**{'x': 1}, 'y': 2}
print(outer(), outer.__code__.co_freevars)
===
class Box[T: int]:
    type Alias[K] = dict[K, T]
    def get[U](self, u: U) -> T: return u
print(Box.__type_params__, Box().get(1), t'{1+1!r:x}'.values, 1 < 2 <= 3, not 1, -5 // 2, 2 ** 70, 'a' in 'abc', 3 is None)
x = [1, 2, 3]; x[0] += 5; x[1:2] = [8, 9]; del x[-1]; print(x, x[::-1], (lambda *a, k=1: (a, k))(*x, k=2))
with open_box() as y: print(y)
""".split("===")

SAFE = {
    name: getattr(builtins, name)
    for name in (
        "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup Exception ExceptionGroup "
        "GeneratorExit IndexError KeyError LookupError NameError NotImplementedError OSError RuntimeError "
        "StopAsyncIteration StopIteration TypeError UnboundLocalError ValueError ZeroDivisionError __build_class__ abs all "
        "any bool bytearray bytes callable chr classmethod complex dict dir divmod enumerate filter float format frozenset "
        "getattr hasattr hash hex id int isinstance issubclass iter len list locals map max min next object ord pow "
        "property range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip"
    ).split()
}
SAFE["print"] = lambda *args: str(args)[:100]


class open_box:
    def __enter__(self):
        return self

    def __exit__(self, *e):
        return True


SAFE["open_box"] = open_box


class TimeUp(BaseException):
    pass


def time_up(signum, frame):
    raise TimeUp


def limited(function, *args):
    """What the function raises, in a fifth of a second."""
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.05)
        try:
            function(*args)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except BaseException:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        except TimeUp:
            signal.setitimer(signal.ITIMER_REAL, 0)


def random_bytes(rng):
    size = rng.choice((1, 3, 10, 40, 200, 1000))
    alphabet = rng.choice((
        bytes(range(256)),
        b" \n\t()[]{}:,=.'\"\\#ftrb0189abxef_+-*/<>!@;\0\xc3\xa9\xff",
        b"NTFS.iIlfgxy(){}[]<>:sutrcazZA0\0\0\0\1\1\2\xe3\xdb\xa9\x80\xff",
    ))
    return bytes(rng.choice(alphabet) for _ in range(size))


FIELDS = (
    "co_argcount co_posonlyargcount co_kwonlyargcount co_stacksize co_flags co_code co_consts co_names co_varnames "
    "co_freevars co_cellvars co_linetable co_exceptiontable co_firstlineno"
).split()


def try_bytes(rng):
    data = random_bytes(rng)
    if rng.random() < 0.8:
        # Null bytes end most stages at once.
        data = data.replace(b"\0", b" ")
    text = data.decode("latin-1")
    for function in (
        lambda: compile(data, "x", rng.choice(("exec", "eval", "single"))),
        lambda: ast.parse(text, type_comments=True),
        lambda: list(tokenize.tokenize(io.BytesIO(data).readline)),
        lambda: marshal.loads(data),
    ):
        limited(function)


def damage(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(data))
        kind = rng.randrange(6)
        if kind <= 2:
            data[at] = rng.randrange(256)
        elif kind == 3:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 4:
            del data[at:at + rng.randrange(1, 5)]
        else:
            data[at:at] = data[at - rng.randrange(0, 6):at]
    return bytes(data)


def damage_units(data, rng):
    """The same for code units: what comes out has the length of instructions still."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data)) & ~1
        kind = rng.randrange(5)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            data[at + 1] = rng.choice((0, 1, 2, 3, 5, 8, rng.randrange(256)))
        elif kind == 2:
            other = rng.randrange(len(data)) & ~1
            data[at:at + 2], data[other:other + 2] = data[other:other + 2], data[at:at + 2]
        elif kind == 3:
            del data[at:at + 2]
        else:
            data[at:at] = data[at:at + 2]
        if len(data) < 4:
            break
    return bytes(data)


def codes(code):
    yield code
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield from codes(value)


def run(code):
    if isinstance(code, types.CodeType):
        exec(code, {"__builtins__": dict(SAFE), "__name__": "hostile"})


def look(code):
    """Everything that can be asked of code without running it."""
    for part in codes(code):
        list(part.co_lines()), list(part.co_positions()), list(part.co_branches())
        part.co_lnotab, part._co_code_adaptive, repr(part), hash(part), part == part.replace(co_name="other")
        marshal.dumps(part)
        try:
            dis.dis(part, file=io.StringIO(), depth=0, show_caches=True, adaptive=True)
        except (IndexError, AssertionError, KeyError, ValueError, TypeError):
            pass


TRACED = ("co_name", "f_lineno", "f_lasti", "f_locals")


def trace(frame, event, arg):
    frame.f_trace_opcodes = True
    for name in TRACED:
        getattr(frame, name, None)
    return trace


def watched(code, rng):
    """Runs code while something looks on."""
    kind = rng.randrange(4)
    monitoring = sys.monitoring
    if kind == 0:
        sys.settrace(trace)
    elif kind == 1:
        monitoring.use_tool_id(3, "hostile")
        for number in range(16):
            monitoring.register_callback(3, 1 << number, lambda *args: None)
        if rng.random() < 0.5:
            monitoring.set_events(3, rng.randrange(1 << 10))
        if isinstance(code, types.CodeType):
            for part in codes(code):
                monitoring.set_local_events(3, part, rng.randrange(1 << 10))
    try:
        run(code)
    finally:
        sys.settrace(None)
        if kind == 1:
            monitoring.free_tool_id(3)


def changed(field, old, rng):
    """Another value for a field."""
    if field == "co_code":
        return damage_units(old, rng) if old else old
    if isinstance(old, bytes):
        return damage(old, rng) if old else rng.randbytes(rng.randrange(8))
    if isinstance(old, int):
        return rng.choice((old ^ (1 << rng.randrange(10)), old + 1, max(old - 1, 0), 0))
    old = list(old)
    for _ in range(rng.randrange(1, 4)):
        if old and rng.random() < 0.6:
            del old[rng.randrange(len(old))]
        else:
            old.insert(rng.randrange(len(old) + 1), "n%d" % rng.randrange(4))
    return tuple(old)


def try_pyc(rng):
    code = compile(rng.choice(PROGRAMS), "hostile.py", "exec")
    if rng.random() < 0.5:
        data = damage(marshal.dumps(code), rng)

        def load_and_run():
            code = marshal.loads(data)
            if isinstance(code, types.CodeType) and rng.random() < 0.2:
                look(code)
            watched(code, rng)

        limited(load_and_run)
        return
    # Instructions are what most bytes of a file are not: damage them alone.
    victims = list(codes(code))
    victim = rng.choice(victims)
    fields = ["co_code"] if rng.random() < 0.5 else rng.choices(FIELDS, k=rng.randrange(1, 4))

    def replaced(c):
        consts = tuple(replaced(k) if isinstance(k, types.CodeType) else k for k in c.co_consts)
        changes = {"co_consts": consts}
        if c is victim:
            for field in fields:
                old = consts if field == "co_consts" else getattr(c, field)
                changes[field] = changed(field, old, rng)
            if "co_varnames" in changes and rng.random() < 0.9:
                changes["co_nlocals"] = len(changes["co_varnames"])
        return c.replace(**changes)

    def make_and_run():
        made = replaced(code)
        if rng.random() < 0.2:
            look(made)
        watched(made, rng)

    limited(make_and_run)


def main(kind, seed, start, count):
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, time_up)
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    # One that never ends is ended: a fifth of a second each is less than a minute for a batch.
    resource.setrlimit(resource.RLIMIT_CPU, (300, 300))
    attempt = {"bytes": try_bytes, "pyc": try_pyc}[kind]
    for number in range(start, start + count):
        sys.stdout.write("%d\n" % number)
        sys.stdout.flush()
        attempt(random.Random("%s %s %d" % (kind, seed, number)))
        # What it left suspended is closed here, where there is a limit: at the end of the process nothing stops it.
        limited(gc.collect)
    print("done", flush=True)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
