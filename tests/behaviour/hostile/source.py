# Source that is too deep, too long or not source at all.
def attempt(what, source, mode="eval"):
    try:
        compile(source, "<s>", mode)
        print(what, "compiles")
    except (SyntaxError, MemoryError, RecursionError, ValueError, TypeError) as e:
        print(what, "->", type(e).__name__, str(e).split(" (")[0])


attempt("parentheses", "(" * 1000 + ")" * 1000)
attempt("open", "(" * 150)
attempt("brackets that fit", "[" * 100 + "]" * 100)
attempt("null", "1\0")
attempt("bytes", b"'\xff'")
attempt("cookie", b"# coding: nonsense\n1", "exec")
attempt("mode", "1", "other")
attempt("number", "9" * 5000)
attempt("names", "a." * 1000 + "a")
attempt("sum", "+".join("1" * 3000))
attempt("statements", "x = 1\n" * 20000, "exec")
attempt("indents", "".join(" " * i + "if 1:\n" for i in range(101)) + " " * 101 + "pass", "exec")
attempt("loops", "".join(" " * i + "for x in y:\n" for i in range(25)) + " " * 25 + "pass", "exec")
attempt("arguments", "f(" + ",".join(f"a{i}" for i in range(3000)) + ")")
attempt("type", 5)
