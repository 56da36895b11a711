out = []


def show(f):
    try:
        r = f()
    except Exception as e:
        out.append(f"{type(e).__name__}: {e}")
        return
    out.append(repr(r))


import _contextvars
from _contextvars import Context, ContextVar, Token, copy_context

v = ContextVar("v")
w = ContextVar("w", default=5)
show(lambda: [v.name, w.get(), w.get(6), v.get(7)])


def lookup():
    try:
        v.get()
    except LookupError as e:
        return type(e).__name__, e.args[0] is v


show(lookup)
t = v.set(1)
show(lambda: [v.get(), t.old_value, t.var is v, Token.MISSING is t.old_value])
c = copy_context()
t2 = v.set(2)
show(lambda: [v.get(), c[v], v in c, w in c, len(c), t2.old_value])
show(lambda: c.run(lambda: (v.get(), v.set(9) and 0, v.get())))
show(lambda: [v.get(), c[v]])
v.reset(t2)
show(lambda: v.get())


def again():
    try:
        v.reset(t2)
    except RuntimeError as e:
        return str(e).endswith("has already been used once"), str(e).startswith("<Token used var=<ContextVar name='v' at 0x")


show(again)
show(lambda: w.reset(1))


def other():
    try:
        w.reset(t)
    except ValueError as e:
        return str(e).endswith("was created by a different ContextVar")


show(other)


def elsewhere():
    try:
        copy_context().run(v.reset, t)
    except ValueError as e:
        return str(e).endswith("was created in a different Context")


show(elsewhere)
with w.set(10) as token:
    show(lambda: w.get())
show(lambda: w.get())
show(lambda: Context(1))
show(lambda: Context() == Context())
show(lambda: Context().get(1))
show(lambda: Context().get(v))
show(lambda: Context()["x"])
show(lambda: ContextVar(1))
show(lambda: ContextVar())
show(lambda: Token())
show(lambda: hash(t))
show(lambda: hash(Context()))
show(lambda: [list(c) == [v], list(c.values()), [x for k, x in c.items()], c.copy() == c])
show(lambda: c.run())


def nested():
    try:
        c.run(c.run, int)
    except RuntimeError as e:
        return str(e).startswith("cannot enter context: <_contextvars.Context object at 0x"), str(e).endswith("is already entered")


show(nested)
v.reset(t)
show(lambda: v.get("none"))

print("\n".join(out))
