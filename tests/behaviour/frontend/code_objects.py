"""Code objects: identity of their parts, equality, iterators over their tables, code that must not run."""
import copy
import dis
import marshal
import types


def show(function, *args):
    try:
        return function(*args)
    except Exception as e:
        return type(e).__name__


f1, f2 = lambda: ("not a name", 1.5), lambda: ("not a name", 1.5)
print(f1.__code__.co_consts is f2.__code__.co_consts, f1.__code__.co_linetable is f2.__code__.co_linetable)
print(f1.__code__.co_code is f1.__code__.co_code, f1.__code__.co_consts is f1.__code__.co_consts)
f3 = lambda x: x in {("not a name", 1.5)}
print(f1.__code__.co_consts[0] is next(iter(f3.__code__.co_consts[0])))

# Equality goes by what is executed, not by where it came from.
c = f1.__code__
for change in (
    {"co_filename": "y"}, {"co_qualname": "q"}, {"co_stacksize": 9}, {"co_name": "n"}, {"co_firstlineno": 99},
    {"co_flags": 64}, {"co_consts": (("not a name", 1),)}, {"co_consts": (("not a name", 1.5),)},
):
    other = c.replace(**change)
    print(list(change), other == c, hash(other) == hash(c))
shared = []
print(c.replace(co_consts=(shared,)) == c.replace(co_consts=(shared,)), c.replace(co_consts=([],)) == c.replace(co_consts=([],)))
print(show(hash, c.replace(co_consts=([],))), c != c.replace(co_consts=(0.0,)),
      c.replace(co_consts=(0.0,)) == c.replace(co_consts=(-0.0,)))


# The tables are read as they are asked for.
def loop(xs):
    for x in xs:
        if x:
            return x
    return None


code = loop.__code__
for iterator in (code.co_lines(), code.co_positions(), code.co_branches()):
    print(type(iterator).__name__, iter(iterator) is iterator, next(iterator), len(list(iterator)), list(iterator))
print(list(code.co_branches()), [line and line - code.co_firstlineno for _, _, line in code.co_lines()])
print(list(code.replace(co_linetable=b"").co_positions()), list(code.replace(co_linetable=b"").co_lines()))
print(len(list(code.replace(co_linetable=code.co_linetable * 2).co_positions())) // len(list(code.co_positions())))


# Code that cannot run is an object all the same.
def g():
    x = 1
    return x


broken = g.__code__.replace(co_code=b"\x7f" + g.__code__.co_code[1:], co_filename="a file")
g.__code__ = broken
try:
    g()
except SystemError as e:
    print(e)
print(broken.co_code[0], broken.replace(co_code=loop.__code__.co_code[:2] + loop.__code__.co_code[2:]).co_name)
print(copy.replace(loop.__code__, co_flags=loop.__code__.co_flags | 0x80).co_flags & 0x80)
print(marshal.loads(marshal.dumps(broken)) == broken, list(broken.co_branches()))


# Specialized instructions as dis shows them.
def adapt(x):
    for _ in [1, 2, 3]:
        x.__class__
    return "done"


print([i.opname for i in dis.get_instructions(adapt, adaptive=True)] == [i.opname for i in dis.get_instructions(adapt)])
for _ in range(200):
    adapt("a")
for i in dis.get_instructions(adapt, adaptive=True):
    print(i.opname, i.arg)


# Functions that foreign code makes need a closure that fits.
def outer():
    cell = 1
    return lambda: cell


for name, arg in (("NOP", 0), ("SET_FUNCTION_ATTRIBUTE", 4)):
    raw = bytearray(outer.__code__.co_code)
    for i in range(0, len(raw), 2):
        if dis.opname[raw[i]] == "SET_FUNCTION_ATTRIBUTE":
            raw[i + 1] = 1
    made = types.FunctionType(outer.__code__.replace(co_code=bytes(raw)), {})()
    print(type(made).__name__, made.__closure__)
