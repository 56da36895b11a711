# try in all its forms: order of blocks, contexts and causes, groups, notes.
def order(how):
    try:
        print("try", end=" ")
        if how == "raise":
            raise ValueError(how)
        if how == "return":
            return "returned"
    except ValueError as e:
        print("except", e, end=" ")
    else:
        print("else", end=" ")
    finally:
        print("finally")
    return "end"


for how in ("raise", "return", "nothing"):
    print(order(how))


def replaced():
    for i in range(3):
        try:
            continue
        finally:
            print("f", i, end=" ")
    try:
        return 1
    finally:
        print("last")


print(replaced())
try:
    try:
        1 / 0
    except ZeroDivisionError:
        {}["missing"]
except KeyError as e:
    print(repr(e), repr(e.__context__), e.__cause__, e.__suppress_context__)
try:
    try:
        int("x")
    except ValueError as e:
        raise TypeError("bad") from e
except TypeError as e:
    print(repr(e.__cause__), e.__suppress_context__)
try:
    raise
except RuntimeError as e:
    print(e)
try:
    raise 5
except TypeError as e:
    print(e)
try:
    raise ValueError from 5
except TypeError as e:
    print(e)
try:
    try:
        raise OSError
    except 5:
        pass
except TypeError as e:
    print(e)

try:
    raise ExceptionGroup("g", [ValueError(1), TypeError(2), ExceptionGroup("h", [ValueError(3), KeyError(4)])])
except* ValueError as e:
    print("values", repr(e))
except* TypeError as e:
    print("types", repr(e))
except* KeyError as e:
    print("keys", repr(e))
try:
    try:
        raise ExceptionGroup("left", [OSError("x"), ValueError("y")])
    except* OSError:
        raise LookupError("new")
except ExceptionGroup as e:
    print(repr(e))
try:
    try:
        raise ValueError("plain")
    except* ValueError as e:
        print(repr(e))
        raise
except ExceptionGroup as e:
    print("again", repr(e))

e = ValueError("noted")
e.add_note("one")
e.add_note("two")
print(e.__notes__)
group = ExceptionGroup("s", [ValueError(1), OSError(2)])
print(group.split(OSError), group.subgroup(lambda e: isinstance(e, ValueError)), group.derive([KeyError()]))


class Custom(Exception):
    def __init__(self, code, *rest):
        super().__init__(code, *rest)
        self.code = code

    def __str__(self):
        return f"code {self.code}"


try:
    raise Custom(3, "extra")
except Exception as e:
    print(e, repr(e), e.args, e.code)
try:
    print(e)
except NameError as n:
    print(n)
print(KeyError("k"), KeyError("a", "b"), repr(OSError(2, "No such file", "f")), OSError(2, "No such file", "f"))
print(SystemExit(3).code, StopIteration(4).value, repr(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "why")))
print(SyntaxError("m", ("f", 1, 2, "text")), ImportError("m", name="n", path="p").name)
try:
    [].nothing
except AttributeError as e:
    print(e.name, e.obj)
try:
    assert 1 > 2, "message"
except AssertionError as e:
    print(e)
a, b = 1, 2
for source in ("a.b.c", "a()", "a[0]", "[][0]", "{}[1]", "1 + 'a'", "'a' + 1", "-''", "1 < 'a'", "len(5)", "a, b = 1,", "a, b = 1, 2, 3",
               "del zz", "1 in 2", "f'{a:q}'", "(1).real = 2", "int.x = 1", "iter(3)", "next([])", "hash([])", "[*1]", "{**1}", "'a' @ 1"):
    try:
        exec(source)
    except Exception as e:
        print(source, "->", type(e).__name__, e)
