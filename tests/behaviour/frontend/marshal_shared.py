# What code objects share is written once: strings of a character, frozensets, slices, equal functions on a line.
import marshal

programs = [
    "a['a':'b']",
    "a['a':'b']; b = 'a'; a['a':'b'] = b",
    "a['':'b']",
    "b = 'a b'; a['a b':]; c = ('a b', 1)",
    "def f(x): return x in {'a', 'b', 'z'}\ndef g(x): return x in {'a', 'b', 'z'}",
    "def f(x): return x in {'a', 'b', 7}\ndef g(x): return x not in {'a', 'b', 7}",
    "x = [" + "lambda a, b=c: a + b, " * 30 + "]",
    "x = " + "lambda: " * 40 + "1",
    "x = " + "(" * 40 + "1" + ",)" * 40 + ", " + "(" * 40 + "1" + ",)" * 40,
    "try: a\nfinally:\n x = lambda: lambda: 5",
]
for program in programs:
    made = compile(program, "a file", "exec")
    written = marshal.dumps(made)
    print(program[:40], len(written), written.count(b"\xe3"), written.count(b"r"))
    print(written.hex() if len(written) < 900 else hash(written) == hash(marshal.dumps(made)))
