#!/usr/bin/env python3
"""Counts the machine instructions that small operations take under one or more Pythons, with valgrind's callgrind.

usage: instructions.py [-k WORD] [--json FILE] PYTHON...
       instructions.py --marked    prints the program that `cargo xtask instructions` counts with

Each operation is warmed up and then runs in loops of two lengths; the difference divided by the difference in length, less
that of an empty loop, is what one operation takes. Calls of getppid() mark the loops' ends, where callgrind writes down its
count so far. The numbers hardly vary. The first Python is what the others are compared with: a ratio above 1 means fewer
instructions than it.
"""
import argparse, glob, json, os, re, shlex, subprocess, sys, tempfile

# name: (what is set up, the loop's body)
CASES = {
    "empty loop": ("", "pass"),
    "s += i": ("s = 0", "s += i"),
    "while j < m: j += 1": ("j = 0; m = 1 << 40", "if j < m: j += 1"),
    "int a * b - c": ("a = 3; b = 5; c = 7", "d = a * b - c"),
    "int a // b, a % b": ("a = 300; b = 7", "d = a // b; e = a % b"),
    "int a << 3 & b": ("a = 3; b = 255", "d = a << 3 & b"),
    "int beyond 62 bits": ("a = 1 << 62; b = 3", "d = a + b"),
    "float a * b + c": ("a = 1.5; b = 2.5; c = 0.5", "d = a * b + c"),
    "float s += a * b": ("a = 1.5; b = 1e-9; s = 0.0", "s += a * b"),
    "float a / b": ("a = 1.5; b = 2.5", "d = a / b"),
    "float a < b": ("a = 1.5; b = 2.5", "if a > b: d = 1"),
    "a[i] = b[j] + 1": ("a = [1, 2, 3]; b = [4, 5, 6]; k = 1; j = 2", "a[k] = b[j] + 1"),
    "m[i][j]": ("m = [[1, 2], [3, 4]]; k = 1; j = 0", "d = m[k][j]"),
    "t[0]": ("t = (1, 2, 3)", "d = t[0]"),
    "s[0] of str": ("t = 'abc'", "d = t[0]"),
    "d[str]": ("t = {'a': 1, 'b': 2}; k = 'b'", "d = t[k]"),
    "d[int]": ("t = {1: 1, 2: 2}; k = 2", "d = t[k]"),
    "d[str] = v": ("t = {'a': 1, 'b': 2}; k = 'b'", "t[k] = i"),
    "d[int] = v": ("t = {1: 1, 2: 2}; k = 2", "t[k] = i"),
    "k in dict": ("t = {'a': 1, 'b': 2}; k = 'b'", "d = k in t"),
    "k in set": ("t = {1, 2}; k = 2", "d = k in t"),
    "k in list": ("t = [1, 2]; k = 2", "d = k in t"),
    "a, b = b, a": ("a = 1; b = 2", "a, b = b, a"),
    "a, b = t": ("t = (1, 2)", "a, b = t"),
    "t = (a, b)": ("a = 1; b = 2", "t = (a, b)"),
    "t = [a, b]": ("a = 1; b = 2", "t = [a, b]"),
    "l.append, pop": ("l = []", "l.append(i); l.pop()"),
    "str + str": ("a = 'abc'; b = 'def'", "d = a + b"),
    "str += str": ("s = ''", "s += 'x'"),
    "str == str": ("a = 'abc'; b = ''.join(['ab', 'd'])", "d = a == b"),
    "f-string": ("a = 'abc'", "d = f'<{a}>'"),
    "l[1:3]": ("l = [1, 2, 3, 4]", "d = l[1:3]"),
    "s[1:3]": ("s = 'abcd'", "d = s[1:3]"),
    "not a, truth of a list": ("a = []", "if a: d = 1"),
    "x is None": ("x = 1", "if x is None: d = 1"),
    "for over a list of 4": ("l = [1, 2, 3, 4]", "for x in l: pass"),
    "for over dict.items of 2": ("t = {'a': 1, 'b': 2}", "for k, v in t.items(): pass"),
    "for over enumerate of 2": ("l = [1, 2]", "for k, v in enumerate(l): pass"),
    "for over zip of 2": ("l = [1, 2]", "for k, v in zip(l, l): pass"),
    "[x for x in l] of 4": ("l = [1, 2, 3, 4]", "d = [x for x in l]"),
    "call, 2 arguments": ("def f(a, b): return a", "f(i, i)"),
    "call, default": ("def f(a, b=1): return a", "f(i)"),
    "call, keyword": ("def f(a, b=1): return a", "f(i, b=i)"),
    "call, *args": ("def f(*a): return a", "f(i, i)"),
    "call, **kwargs": ("def f(**k): return k", "f(a=i)"),
    "call(*args)": ("def f(a, b): return a\nt = (1, 2)", "f(*t)"),
    "call(*args, **kwargs)": ("def f(a, b): return a\nt = (1,)\nk = {'b': 2}", "f(*t, **k)"),
    "closure call": ("def g(x):\n  def f(a): return x\n  return f\nf = g(1)", "f(i)"),
    "lambda in sort key": ("l = list(range(8))\nk = lambda x: x", "l.sort(key=k)"),
    "attribute load": ("class C:\n  def __init__(s): s.x = 1\nc = C()", "c.x"),
    "attribute load, dict": ("class C: pass\nc = C()\nc.__dict__['x'] = 1", "c.x"),
    "attribute load, class": ("class C:\n  x = 1\n  def __init__(s): s.y = 1\nc = C()", "c.x"),
    "attribute load, slot": ("class C:\n  __slots__ = 'x',\nc = C()\nc.x = 1", "c.x"),
    "attribute load, polymorphic": ("class A:\n  def __init__(s): s.x = 1\nclass B(A): pass\nclass D(A): pass\nt = (A(), B(), D(), A())", "for c in t: c.x"),
    "attribute store": ("class C:\n  def __init__(s): s.x = 1\nc = C()", "c.x = i"),
    "__getattr__": ("class C:\n  def __getattr__(s, n): return 1\nc = C()", "c.x"),
    "property": ("class C:\n  def __init__(s): s.y = 1\n  @property\n  def x(s): return s.y\nc = C()", "c.x"),
    "method call": ("class C:\n  def __init__(s): s.y = 1\n  def f(s): return s\nc = C()", "c.f()"),
    "method call, dict": ("class C:\n  def f(s): return s\nc = C()\nc.__dict__['x'] = 1", "c.f()"),
    "bound method call": ("class C:\n  def f(s): return s\nf = C().f", "f()"),
    "classmethod call": ("class C:\n  @classmethod\n  def f(s): return s", "C.f()"),
    "staticmethod call": ("class C:\n  @staticmethod\n  def f(s): return s\nc = C()", "c.f(i)"),
    "super().f()": ("class B:\n  def f(s): return s\nclass C(B):\n  def f(s): return super().f()\nc = C()", "c.f()"),
    "instance, __init__": ("class C:\n  def __init__(s, x): s.x = x", "C(i)"),
    "instance, no __init__": ("class C: pass", "C()"),
    "instance, dataclass": ("from dataclasses import dataclass\n@dataclass\nclass C:\n  x: int\n  y: int", "C(i, i)"),
    "exception instance": ("", "ValueError(i)"),
    "__add__": ("class C:\n  def __add__(s, o): return s\nc = C()", "c + c"),
    "__lt__": ("class C:\n  def __lt__(s, o): return True\nc = C()", "c < c"),
    "__getitem__": ("class C:\n  def __getitem__(s, o): return o\nc = C()", "c[i]"),
    "__len__": ("class C:\n  def __len__(s): return 1\nc = C()", "len(c)"),
    "__contains__": ("class C:\n  def __contains__(s, o): return True\nc = C()", "i in c"),
    "__call__": ("class C:\n  def __call__(s, o): return o\nc = C()", "c(i)"),
    "__hash__ and __eq__": ("class C:\n  def __hash__(s): return 1\n  def __eq__(s, o): return True\nc = C()\nd = {C(): 1}", "d[c]"),
    "__iter__ and __next__": ("class C:\n  def __iter__(s): return s\n  def __next__(s):\n    if s.n: s.n -= 1; return 1\n    raise StopIteration\nc = C()", "c.n = 8\n      for x in c: pass"),
    "with": ("class C:\n  def __enter__(s): return s\n  def __exit__(s, *a): return None\nc = C()", "with c: pass"),
    "generator step": ("def g():\n  while True: yield 1\nit = g()\nn = it.__next__", "next(it)"),
    "generator in for": ("def g():\n  for x in (1, 2, 3, 4, 5, 6, 7, 8): yield x", "for x in g(): pass"),
    "generator expression": ("l = [1, 2, 3, 4, 5, 6, 7, 8]", "sum(x for x in l)"),
    "yield from": ("def h():\n  for x in (1, 2, 3, 4, 5, 6, 7, 8): yield x\ndef g(): yield from h()", "for x in g(): pass"),
    "await": ("async def h(): return 1\nasync def g():\n  for x in (1, 2, 3, 4, 5, 6, 7, 8): await h()", "try: g().send(None)\n      except StopIteration: pass"),
    "async for": ("async def h():\n  for x in (1, 2, 3, 4, 5, 6, 7, 8): yield x\nasync def g():\n  async for x in h(): pass", "try: g().send(None)\n      except StopIteration: pass"),
    "exception raised, caught": ("e = ValueError()", "try: raise ValueError\n      except ValueError: pass"),
    "exception through a call": ("def f(): raise ValueError('x')", "try: f()\n      except ValueError as e: pass"),
    "exception from native": ("d = {}", "try: d[i]\n      except KeyError: pass"),
    "attribute missing": ("class C: pass\nc = C()", "try: c.x\n      except AttributeError: pass"),
    "try, nothing raised": ("", "try: pass\n      finally: i"),
    "list comprehension": ("l = [1, 2, 3, 4]", "[x for x in l]"),
    "len(list)": ("l = []", "len(l)"),
    "isinstance": ("class C: pass\nc = C()", "isinstance(c, C)"),
    "isinstance, tuple": ("class C: pass\nc = C()", "isinstance(c, (int, C))"),
    "type(x)": ("", "type(i)"),
    "str(x)": ("s = 'x'", "str(s)"),
    "int(x)": ("s = 1.5", "int(s)"),
    "abs(x)": ("s = -1.5", "abs(s)"),
    "min(x, y)": ("", "min(i, 7)"),
    "getattr()": ("class C:\n  def __init__(s): s.x = 1\nc = C()", "getattr(c, 'x')"),
    "getattr, default": ("class C:\n  def __init__(s): s.x = 1\nc = C()", "getattr(c, 'y', None)"),
    "hasattr, missing": ("class C:\n  def __init__(s): s.x = 1\nc = C()", "hasattr(c, 'y')"),
    "setattr": ("class C:\n  def __init__(s): s.x = 1\nc = C()", "setattr(c, 'x', 1)"),
    "ord(x)": ("s = 'x'", "ord(s)"),
    "list.append": ("l = []", "l.append(i)"),
    "list.pop": ("l = list(range(100000))", "l.pop()"),
    "dict.get": ("d = {'a': 1}\nk = 'a'", "d.get(k)"),
    "dict.items": ("d = {'a': 1}", "for k, v in d.items(): pass"),
    "dict.setdefault": ("d = {'a': 1}\nk = 'a'", "d.setdefault(k, 1)"),
    "str.startswith": ("s = 'abc'", "s.startswith('ab')"),
    "str.upper": ("s = 'abc'", "s.upper()"),
    "str.join": ("l = ['a', 'b']", "','.join(l)"),
    "str.split": ("s = 'a,b'", "s.split(',')"),
    "str.replace": ("s = 'abc'", "s.replace('b', 'd')"),
    "str.format": ("s = '{}'", "s.format(i)"),
    "dict(a=1)": ("", "dict(a=i)"),
    "list(tuple)": ("t = (1, 2)", "list(t)"),
    "range(x)": ("", "range(i)"),
    "zip in for": ("a = [1, 2, 3, 4]", "for x, y in zip(a, a): pass"),
    "enumerate in for": ("a = [1, 2, 3, 4]", "for x, y in enumerate(a): pass"),
    "map with function": ("a = [1, 2, 3, 4]\nf = lambda x: x", "for x in map(f, a): pass"),
    "partial": ("from functools import partial\ndef f(a, b): return a\np = partial(f, 1)", "p(i)"),
    "lru_cache": ("from functools import lru_cache\n@lru_cache\ndef f(a): return a", "f(7)"),
    "itemgetter": ("from operator import itemgetter\ng = itemgetter(0)\nl = [1]", "g(l)"),
    "time()": ("from time import perf_counter as p", "p()"),
    "float multiply-add": ("x = 1.5\ny = 2.5\nz = 0.5", "x * y + z"),
}
LENGTHS = 500, 2500
# Counting one instruction at a time is slow: short loops, and some of the operations.
MARKED_LENGTHS = 4, 12
MARKED = """
    s += i | int a * b - c | float a * b + c | a[i] = b[j] + 1 | d[str] | d[str] = v | k in dict | a, b = t | t = (a, b) | t = [a, b]
    str + str | f-string | l[1:3] | for over a list of 4 | for over dict.items of 2 | for over zip of 2 | [x for x in l] of 4
    call, 2 arguments | call, default | call, keyword | call, *args | call(*args, **kwargs) | closure call
    attribute load | attribute load, class | attribute load, slot | attribute load, polymorphic | attribute store | property
    method call | bound method call | classmethod call | super().f() | instance, __init__ | __add__ | __getitem__ | __len__
    with | generator step | yield from | await | exception raised, caught | exception through a call | exception from native
    len(list) | isinstance | getattr() | str(x) | list.append | dict.get | str.split | str.join | partial | float multiply-add
"""


def functions(cases, parameters="length", mark=""):
    """The source of a function `caseN` for each operation, which runs it in a loop of a given length between marks."""
    lines = []
    for n, case in enumerate(cases):
        setup, body = CASES[case]
        lines += [f"def case{n}({parameters}):", *("    " + line for line in setup.splitlines()), "    " + mark,
                  "    for i in range(length):", "      " + body, "    " + mark, ""]
    return lines


def program(cases):
    lines = ["from os import getppid", *functions(cases)]
    for n in range(len(cases)):
        for length in (LENGTHS[0], *LENGTHS):
            lines += [f"case{n}({length})", "getppid()"]
    return "\n".join(lines) + "\n"


def marked():
    """A program that marks its loops by signals, after comments that name the operations and the lengths. The marks of
    the first two runs are not meant: they warm up."""
    names = [name.strip() for line in MARKED.strip().splitlines() for name in line.split("|")]
    short, long = MARKED_LENGTHS
    lines = [f"# case {name}" for name in names] + [f"# lengths {short} {long}"]
    lines += ["from _signal import pthread_kill", "from _thread import get_ident", "me = get_ident()"]
    lines += functions(names, "length, signal", "pthread_kill(me, signal)")
    for n in range(len(names)):
        for length, signal in ((LENGTHS[0], 0), (short, 0), (short, 10), (long, 10)):
            lines.append(f"case{n}({length}, {signal})")
    return "\n".join(lines)


def measure(python, cases):
    """The instructions of one iteration of each case."""
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "cases.py")
        with open(path, "w") as f:
            f.write(program(cases))
        env = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp}/out", "--dump-before=getppid",
                   "--trace-children=yes", *python, "-S", path]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        dumps = sorted(glob.glob(f"{tmp}/out.*"), key=lambda p: int(p.rsplit(".", 1)[1]))
        if done.returncode or len(dumps) < 3 * len(cases):
            sys.exit(f"{python}: {done.stderr[-1000:]}")
        counts = []
        for path in dumps:
            with open(path) as f:
                counts.append(int(re.search(r"^(?:summary|totals): (\d+)", f.read(), re.M)[1]))
    short, long = LENGTHS
    return {c: (counts[3 * n + 2] - counts[3 * n + 1]) / (long - short) for n, c in enumerate(cases)}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("-k", action="append", help="only operations with this in their name")
    ap.add_argument("--json", help="keep counts in this file, and use those that are there")
    ap.add_argument("--marked", action="store_true", help="print the program that `cargo xtask instructions` counts with")
    ap.add_argument("python", nargs="*")
    a = ap.parse_args()
    if a.marked:
        print(marked())
        return
    if not a.python:
        ap.error("which Pythons?")
    known = {}
    if a.json and os.path.exists(a.json):
        with open(a.json) as f:
            known = json.load(f)
    cases = [c for c in CASES if not a.k or any(k in c for k in a.k)]
    for p in a.python:
        mine = known.setdefault(p, {})
        missing = [c for c in dict.fromkeys(["empty loop", *cases]) if c not in mine]
        if missing:
            mine.update(measure(shlex.split(os.path.expanduser(p)), missing))
            if a.json:
                with open(a.json, "w") as f:
                    json.dump(known, f)
    print("| operation |" + "".join(f" {os.path.basename(p.split()[-1])} |" for p in a.python) + " ratio |" * (len(a.python) - 1))
    print("|---|" + "---:|" * (2 * len(a.python) - 1))
    for case in cases:
        own = [known[p][case] - (known[p]["empty loop"] if case != "empty loop" else 0) for p in a.python]
        ratios = "".join(f" {own[0] / n:.2f} |" if n > 0.5 else " - |" for n in own[1:])
        print(f"| {case} |" + "".join(f" {n:.0f} |" for n in own) + ratios)


main()
