"""Machine instructions that small pieces of Python take, counted by callgrind.

usage: instructions.py [-k WORD] PYTHON...

Each piece runs in a loop of two lengths, in a process of its own; the difference, less that of an empty loop, is what one
execution takes. Prints a table: instructions of the first Python, and of the others with their ratio to the first (below 1
is fewer). Unlike times, the numbers do not depend on what else the machine does.
"""

import argparse
import re
import subprocess

SHORT, LONG = 2000, 12000

# Name, what comes before the loop, the body.
PIECES = [
    ("empty loop", "pass", "pass"),
    ("s += i", "s = 0", "s += i"),
    ("while j < m: j += 1", "j = 0; m = 1 << 40", "if j < m: j += 1"),
    ("int a * b - c", "a = 3; b = 5; c = 7", "d = a * b - c"),
    ("int a // b, a % b", "a = 300; b = 7", "d = a // b; e = a % b"),
    ("int a << 3 & b", "a = 3; b = 255", "d = a << 3 & b"),
    ("int beyond 62 bits", "a = 1 << 62; b = 3", "d = a + b"),
    ("float a * b + c", "a = 1.5; b = 2.5; c = 0.5", "d = a * b + c"),
    ("float s += a * b", "a = 1.5; b = 1e-9; s = 0.0", "s += a * b"),
    ("float a / b", "a = 1.5; b = 2.5", "d = a / b"),
    ("float a < b", "a = 1.5; b = 2.5", "if a > b: d = 1"),
    ("a[i] = b[j] + 1", "a = [1, 2, 3]; b = [4, 5, 6]; k = 1; j = 2", "a[k] = b[j] + 1"),
    ("m[i][j]", "m = [[1, 2], [3, 4]]; k = 1; j = 0", "d = m[k][j]"),
    ("t[0]", "t = (1, 2, 3)", "d = t[0]"),
    ("s[0] of str", "t = 'abc'", "d = t[0]"),
    ("d[str]", "t = {'a': 1, 'b': 2}; k = 'b'", "d = t[k]"),
    ("d[int]", "t = {1: 1, 2: 2}; k = 2", "d = t[k]"),
    ("d[str] = v", "t = {'a': 1, 'b': 2}; k = 'b'", "t[k] = i"),
    ("d[int] = v", "t = {1: 1, 2: 2}; k = 2", "t[k] = i"),
    ("k in dict", "t = {'a': 1, 'b': 2}; k = 'b'", "d = k in t"),
    ("k in set", "t = {1, 2}; k = 2", "d = k in t"),
    ("k in list", "t = [1, 2]; k = 2", "d = k in t"),
    ("a, b = b, a", "a = 1; b = 2", "a, b = b, a"),
    ("a, b = t", "t = (1, 2)", "a, b = t"),
    ("t = (a, b)", "a = 1; b = 2", "t = (a, b)"),
    ("t = [a, b]", "a = 1; b = 2", "t = [a, b]"),
    ("l.append, pop", "l = []", "l.append(i); l.pop()"),
    ("str + str", "a = 'abc'; b = 'def'", "d = a + b"),
    ("str += str", "s = ''", "s += 'x'"),
    ("str == str", "a = 'abc'; b = ''.join(['ab', 'd'])", "d = a == b"),
    ("f-string", "a = 'abc'", "d = f'<{a}>'"),
    ("l[1:3]", "l = [1, 2, 3, 4]", "d = l[1:3]"),
    ("s[1:3]", "s = 'abcd'", "d = s[1:3]"),
    ("not a, truth of a list", "a = []", "if a: d = 1"),
    ("x is None", "x = 1", "if x is None: d = 1"),
    ("for over a list of 4", "l = [1, 2, 3, 4]", "for x in l: pass"),
    ("for over dict.items of 2", "t = {'a': 1, 'b': 2}", "for k, v in t.items(): pass"),
    ("for over enumerate of 2", "l = [1, 2]", "for k, v in enumerate(l): pass"),
    ("for over zip of 2", "l = [1, 2]", "for k, v in zip(l, l): pass"),
    ("[x for x in l] of 4", "l = [1, 2, 3, 4]", "d = [x for x in l]"),
    ("len(l)", "l = [1, 2, 3, 4]", "d = len(l)"),
    ("call f(a, b)", "def f(a, b): return a", "f(1, 2)"),
    ("attribute o.x", "class C: pass\n    o = C(); o.x = 1", "d = o.x"),
    ("o.x = v", "class C: pass\n    o = C(); o.x = 1", "o.x = i"),
    ("method o.m(1)", "class C:\n        def m(self, a): return a\n    o = C()", "o.m(1)"),
    ("generator step", "def g():\n        while True: yield 1\n    it = g()", "next(it)"),
    ("raise and catch", "e = ValueError()", "try: raise e\n        except ValueError: pass"),
]


def count(python, source):
    # A command may be a script that starts the Python.
    command = "valgrind --tool=callgrind --trace-children=yes --callgrind-out-file=/dev/null".split()
    command += [*python.split(), "-S", "-c", source]
    env = {"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    found = re.findall(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{python}: {done.stderr.strip().splitlines()[-3:]}")
    return int(found[-1])


def cost(python, before, body):
    def source(n):
        return f"def run(n):\n    {before}\n    for i in range(n):\n        {body}\nrun({n})\n"

    return (count(python, source(LONG)) - count(python, source(SHORT))) / (LONG - SHORT)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", default="")
    parser.add_argument("python", nargs="+")
    args = parser.parse_args()
    print("| piece | " + " | ".join(p.split("/")[-1] for p in args.python) + " |")
    print("|---|" + "---:|" * len(args.python))
    empty = {}
    for name, before, body in PIECES:
        if empty and args.k not in name:
            continue
        row = []
        for python in args.python:
            n = cost(python, before, body)
            n -= empty.setdefault(python, n) if name != "empty loop" else 0
            row.append(n)
            empty.setdefault(python, n)
        first = max(row[0], 1)
        cells = [f"{row[0]:.0f}"] + [f"{n:.0f} ({n / first:.2f})" for n in row[1:]]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
