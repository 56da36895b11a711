#!/usr/bin/env python3
"""The corpus of wrong programs in tests/errors: what compiling them raises and warns of, compared with what CPython said.

    PYTHON tests/tools/errors.py [NAME...]                 compare PYTHON with the expectations
    tests/tools/errors.py --write [--reference PYTHON]     write the expectations that a reference Python gives

Each NAME.txt holds programs, one a line; NAME.expected holds the outcome of each, one a line. In a program, \u00b6 stands for a
newline, \u2192 for a tab, \u240d for a carriage return, \u240c for a form feed, \u2400 for a null character, and \u27e8ff\u27e9 for bytes in hexadecimal
where programs are bytes; \u27e6ab\u00d73\u27e7 stands for ababab. Empty lines and those that begin with % are not programs; those that begin with %: say how the
programs that follow are to be taken:

    in=CONTEXT each=N    also put each program into N of the contexts of that name in contexts.txt, in turns
    mode=MODE            exec, eval, single or func_type
    flags=FLAG,FLAG      of ast: PyCF_TYPE_COMMENTS,.. or numbers
    feature=N optimize=N
    known=1              they differ, and docs/errors.md says so; one that does not any more counts as a difference
    kind=KIND            source (the default); bytes; tree: an expression that makes a syntax tree; tokens: what
                         tokenize says; command: what codeop.compile_command says; file: what running the file prints

An outcome is a list: class, message, line, offset, end line, end offset, text, then lists of the warnings, each with its
class, message and line. File name and print_file_and_line are given at the end where they are not as they should be.
"""

import argparse
import ast
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
import warnings

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "errors"
GLYPHS = str.maketrans("\u00b6\u2192\u240d\u240c\u2400", "\n\t\r\f\0")
DEFAULTS = {"in": "", "each": 0, "mode": "exec", "flags": "", "feature": -1, "optimize": -1, "kind": "source",
            "known": 0}


def sections(path):
    """The programs of a file, each with its line and the options in force."""
    options = dict(DEFAULTS)
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("%:"):
            given = dict(word.split("=", 1) for word in line[2:].split())
            options = DEFAULTS | {key: type(DEFAULTS[key])(value) for key, value in given.items()}
        elif line and not line.startswith("%"):
            yield number, line, options


def contexts():
    """The contexts by name: texts with a \u25a1 where the program goes."""
    found = {}
    for line in (CORPUS / "contexts.txt").read_text(encoding="utf-8").split("\n"):
        if line.startswith("%:"):
            current = found.setdefault(line[2:].strip(), [])
        elif line and not line.startswith("%"):
            current.append(line.translate(GLYPHS))
    return found


def placed(program, context):
    """The program in a context: its lines get the indentation of the line that it stands in."""
    before, after = context.split("\u25a1", 1)
    last = before.rpartition("\n")[2]
    return before + program.replace("\n", "\n" + ("" if last.strip() else last)) + after


def programs(path):
    """All programs of a file, in all their contexts, with line and options."""
    known = contexts()
    for index, (number, line, options) in enumerate(sections(path)):
        program = re.sub("\u27e6(.*?)\u00d7([0-9]+)\u27e7", lambda m: m[1] * int(m[2]), line).translate(GLYPHS)
        yield number, program, options
        around = known.get(options["in"], [])
        for i in range(options["each"]):
            yield number, placed(program, around[(index + i * 7) % len(around)]), options


def as_bytes(program):
    return re.sub(rb"\xe2\x9f\xa8([0-9a-f]+)\xe2\x9f\xa9", lambda m: bytes.fromhex(m[1].decode()), program.encode())


def attempt(function):
    """What it raises, as a list of the error's fields."""
    try:
        function()
        return [None]
    except SyntaxError as e:
        extra = [e.filename] if e.filename != "file.py" else []
        if e.print_file_and_line is not None:
            extra = [e.filename, e.print_file_and_line]
        return [type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset, e.text, *extra]
    except Exception as e:
        return [type(e).__name__, str(e)]


def run_file(program):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FORCE_COLOR", "NO_COLOR"))}
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "file.py").write_bytes(as_bytes(program))
        done = subprocess.run([sys.executable, "file.py"], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True)
    said = done.stderr.decode("utf-8", "backslashreplace")
    return [done.returncode, said.replace(os.path.join(os.path.realpath(directory), ""), "")]


def build(program):
    names = vars(ast) | {"L": dict(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)}
    return ast.fix_missing_locations(eval(program, names))


def outcome(program, options):
    kind, mode = options["kind"], options["mode"]
    if kind == "file":
        return run_file(program)
    result = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if kind == "tokens":
            result = attempt(lambda: list(tokenize.generate_tokens(io.StringIO(program).readline)))
        elif kind == "command":
            import codeop
            result = attempt(lambda: result.append(codeop.compile_command(program, "file.py", mode) is not None))
        elif kind == "tree":
            result = attempt(lambda: compile(build(program), "file.py", mode))
        else:
            source = as_bytes(program) if kind == "bytes" else program
            flags = sum(getattr(ast, flag) if hasattr(ast, flag) else int(flag, 0)
                        for flag in filter(None, options["flags"].split(",")))
            if mode == "func_type":
                flags |= ast.PyCF_ONLY_AST
            result = attempt(lambda: compile(source, "file.py", mode, flags, True, options["optimize"],
                                             _feature_version=options["feature"]))
    return result + [[w.category.__name__, str(w.message), w.lineno] for w in caught]


def themes(names):
    return [CORPUS / (name + ".txt") for name in names] or \
        sorted(path for path in CORPUS.glob("*.txt") if path.stem != "contexts")


def short(value):
    return re.sub(r"(.+?)\1{20,}", lambda m: f"{m[1]}*{len(m[0]) // len(m[1])}", repr(value))


def check(names):
    """Compares this Python with the expectations; the number of differences."""
    total = different = 0
    for path in themes(names):
        expected = path.with_suffix(".expected").read_text(encoding="utf-8").split("\n")[:-1]
        found = 0
        for number, program, options in programs(path):
            want = json.loads(expected[found]) if found < len(expected) else "nothing"
            found += 1
            got = outcome(program, options)
            if options["known"]:
                if want == got:
                    different += 1
                    print(f"{path.name}:{number}: {short(program)}\n    is as expected and no known difference any more")
            elif want != got:
                different += 1
                print(f"{path.name}:{number}: {short(program)}\n    expected {short(want)}\n    found    {short(got)}")
        if found != len(expected):
            different += 1
            print(f"{path.name}: {found} programs, {len(expected)} expectations")
        total += found
    print(f"{total} programs, {different} differ")
    return different


def write(names):
    total = wrong = 0
    for path in themes(names):
        with open(path.with_suffix(".expected"), "w", encoding="utf-8") as f:
            for number, program, options in programs(path):
                result = outcome(program, options)
                if result == [None]:
                    print(f"{path.name}:{number}: nothing wrong with {program!r}")
                total += 1
                wrong += result != [None]
                f.write(json.dumps(result, ensure_ascii=False) + "\n")
    print(f"{total} programs, {wrong} of them wrong")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="themes; all by default")
    parser.add_argument("--write", action="store_true", help="write the expectations")
    parser.add_argument("--reference", default=os.environ.get("TAIPAN_REFERENCE", "python3.14"))
    parser.add_argument("--here", action="store_true", help="with --write: the reference is the Python that runs this")
    args = parser.parse_args()
    if not args.write:
        return 1 if check(args.names) else 0
    if args.here:
        return write(args.names)
    reference = shutil.which(args.reference) or sys.exit(f"no reference Python {args.reference!r}")
    return subprocess.run([reference, __file__, "--write", "--here", *args.names]).returncode


if __name__ == "__main__":
    sys.exit(main())
