# Small things where names, scopes and the front end meet.
import _suggestions


def show(title, source, name="r"):
    ns = {}
    try:
        exec(source, ns)
        print(title, "ok", ns.get(name))
    except BaseException as e:
        print(title, type(e).__name__, e)


# locals() in a comprehension that is inlined into a module or a class
show("locals in module", "r=[locals()['x'] for x in [1,2]]")
show("locals in class", "class C:\n r=[locals()['x'] for x in [1,2]]\nr=C.r")
show("only the hidden ones", "r=list([locals() for x in [1]][0])")

# A bare raise in except* keeps the parts of one group together.
show("except* reraise", """
try:
    try:
        raise ExceptionGroup("eg", [TypeError(1), ValueError(2), OSError(3)])
    except* TypeError as e:
        raise
    except* ValueError as e:
        raise
except ExceptionGroup as e: r=repr(e)
""")

# Generic leaves making instances to object.
show("Generic", """
from typing import Generic, TypeVar
import copy, pickle
T=TypeVar('T')
class G(Generic[T]):
    def __init__(self,a,b): self.a=a
class G2[*Ts]:
    def __init__(self,a,b): self.a=a
r=(G(1,2).a, G2(1,2).a, copy.copy(G(3,4)).a, G2.__orig_bases__, Generic.__flags__ & (1<<9))
""")

# The names of __annotate__ functions
show("annotate", """
def deco(f):
    names.append(f.__annotate__.__qualname__)
    return f
names=[]
@deco
def f(x: int):
    @deco
    def g() -> None: pass
f(1)
class A:
    y: int
    @deco
    def m[T](self, x: T): pass
names.append(A.__annotate__.__qualname__)
r=names
""")

# __conditional_annotations__ as a cell next to others
show("conditional", """
try:
    [0 for name_2 in unique_name_0 if (lambda: name_2)]
except NameError:
    pass
annotated_name: 0
r=__annotations__
""")
for value in ("0", "{}", "[]", "''", "frozenset()"):
    show("not a set", f"__conditional_annotations__ = {value}\nx: int")
show("__classdict__", "class C:\n  __classdict__: int\nr=C.__annotations__")

# What traceback looks for misspelt keywords in
for source in ["class A: pass\nx y", "class A:\n  if x: pass\n  y=1\n  x y\n", "def f(): pass\nx=1\nx y", "x=1\r\n'abc"]:
    for mode in "exec", "eval":
        try:
            compile(source, "f", mode)
        except SyntaxError as e:
            print(repr(source), mode, e.msg, e._metadata)
try:
    compile("return", "f", "exec")
except SyntaxError as e:
    print(e.msg, e._metadata)

def f(**k): pass
try:
    f(**{1: 3}, **{1: 5})
except TypeError as e:
    print(e)

for args in [(["abc"], "abd"), (("abc",), "abd"), (["abc", 1], "abd"), (["abc"], "abc"), (["\xe9"], "\xe8"), (["ab", "ba"], "aa"), (["if", "or"], "of")]:
    try:
        print(_suggestions._generate_suggestions(*args))
    except TypeError as e:
        print(e)
