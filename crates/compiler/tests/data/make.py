"""Writes expectation files for ../cpython.rs from *.cases files, under the CPython that they are to come from.

usage: PYTHON make.py X.cases ... ; writes X.txt beside each. A case is a line with options (a mode, and -O or -OO), the
source below it, and a line of four dashes between cases.
"""
import dis
import os
import sys
import types
import warnings


def constant(c):
    if isinstance(c, types.CodeType):
        return "code " + c.co_qualname
    if isinstance(c, tuple):
        return "(" + ", ".join(map(constant, c)) + ")"
    if isinstance(c, frozenset):
        return "frozenset{" + ", ".join(sorted(map(constant, c))) + "}"
    if isinstance(c, slice):
        return "slice(" + ", ".join(map(constant, (c.start, c.stop, c.step))) + ")"
    return repr(c)


def place(p):
    line, end_line, column, end_column = ("-" if n is None else n for n in p)
    return "%s:%s-%s:%s" % (line, column, end_line, end_column)


def listing(c, out):
    out.append("code %s %s first=%d flags=%#x stack=%d args=%d,%d,%d" % (
        c.co_name, c.co_qualname, c.co_firstlineno, c.co_flags, c.co_stacksize,
        c.co_posonlyargcount, c.co_argcount, c.co_kwonlyargcount))
    for name in ("names", "varnames", "cellvars", "freevars"):
        names = getattr(c, "co_" + name)
        if names:
            out.append(name + " " + " ".join(names))
    if c.co_consts:
        out.append("consts " + "; ".join(map(constant, c.co_consts)))
    positions = list(c.co_positions())
    last = None
    for i in range(0, len(c.co_code), 2):
        opcode, arg = c.co_code[i], c.co_code[i + 1]
        if dis.opname[opcode] == "CACHE":
            assert arg == 0
            continue
        here = place(positions[i // 2])
        text = "%d %s %d" % (i // 2, dis.opname[opcode], arg)
        out.append(text if here == last else text + " @" + here)
        last = here
    for e in dis._parse_exception_table(c):
        out.append("handler %d-%d -> %d depth %d%s" % (
            e.start // 2, e.end // 2, e.target // 2, e.depth, " lasti" if e.lasti else ""))
    for k in c.co_consts:
        if isinstance(k, types.CodeType):
            listing(k, out)


def expected(options, source):
    mode, optimize = options.split()[0], options.count("O")
    out = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            code = compile(source, "file.py", mode, dont_inherit=True, optimize=optimize)
        except SyntaxError as e:
            code = None
            out.append("%s: %s %s %s %s %s" % (
                type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset))
    out[:0] = ["warning %d %s" % (w.lineno, w.message) for w in caught]
    if code is not None:
        listing(code, out)
    return "\n".join(out)


def main(paths):
    for path in paths:
        text = ["----\n%s\n%s\n====\n%s\n" % (options, source, expected(options, source + "\n"))
                for case in open(path).read().rstrip("\n").split("\n----\n")
                for options, _, source in [case.partition("\n")]]
        with open(os.path.splitext(path)[0] + ".txt", "w") as f:
            f.write("".join(text))


if __name__ == "__main__":
    main(sys.argv[1:])
