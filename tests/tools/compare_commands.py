#!/usr/bin/env python3
"""Runs a table of commands under CPython and under Taipan, over real files of the standard library, and shows what
differs in output, errors and exit status.

    TAIPAN_REFERENCE=/usr/bin/python3.14 tests/tools/compare_commands.py --py target/release/taipan [-k TEXT] [-n FILES]

Both run in a scratch directory with copies of the library's files, so that paths are the same. What must differ (the
executable's name, the prefix, addresses, times) is masked.
"""

import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = HERE / "commands"

# Files of the library that are tokenized, parsed, disassembled: of every kind, none huge.
FILES = """
abc.py ast.py bisect.py calendar.py cmd.py codeop.py colorsys.py contextlib.py copy.py dataclasses.py enum.py fnmatch.py
functools.py graphlib.py heapq.py html/entities.py importlib/_abc.py io.py json/decoder.py keyword.py linecache.py
opcode.py operator.py queue.py re/_parser.py reprlib.py sched.py shlex.py stat.py string/__init__.py struct.py
textwrap.py this.py token.py traceback.py types.py weakref.py
""".split()

PYDOC = """
abs bool int float complex str bytes bytearray list tuple dict set frozenset object type range slice property
staticmethod classmethod super memoryview enumerate zip map filter reversed print open len sorted Exception
BaseExceptionGroup OSError StopIteration SyntaxError KeyError UnicodeDecodeError ImportError
math cmath itertools _collections _functools _operator operator time errno _struct struct array binascii _random
_bisect _heapq bisect heapq keyword token calendar textwrap this abc json json.decoder contextlib functools
collections collections.OrderedDict collections.deque os.path dict.get str.join int.from_bytes list.sort
builtins.type functools.partial itertools.chain re re.Pattern gc marshal atexit _thread sys _io io _weakref
_codecs _contextvars _string unicodedata select posix signal _json _stat if for with LISTS FUNCTIONS OPERATORS
topics keywords no_such_thing types.SimpleNamespace types.FunctionType types.CodeType datetime.date random.Random
""".split()

HELP = """
ast dis json.tool json zipfile tarfile timeit trace pdb unittest venv http.server calendar compileall tokenize random
uuid base64 gzip pickle pickletools asyncio inspect mimetypes symtable tabnanny zipapp code py_compile sysconfig
ensurepip doctest pydoc platform site cProfile profile webbrowser quopri filecmp encodings.rot_13 sqlite3 pstats
""".split()


def commands(files):
    """Pairs of a name and what to run: arguments, standard input, environment."""
    for f in files:
        yield f"tokenize {f}", ["-m", "tokenize", f]
        yield f"tokenize -e {f}", ["-m", "tokenize", "-e", f]
        yield f"ast {f}", ["-m", "ast", f]
        yield f"dis {f}", ["-m", "dis", f]
    f = files[0]
    for options in ("--no-type-comments", "-a", "-i 2", "--show-empty", "--optimize 2", "--feature-version 3.9"):
        yield f"ast {options}", ["-m", "ast", *options.split(), f]
    yield "ast -m eval", ["-m", "ast", "-m", "eval"], "a + b if c else [d for e in f]"
    yield "ast -m single", ["-m", "ast", "-m", "single"], "x = 1; y = 2"
    yield "ast -m func_type", ["-m", "ast", "-m", "func_type"], "(int, str) -> None"
    yield "ast error", ["-m", "ast"], "def f(:\n"
    for options in ("-C", "-O", "-P", "-S", "-C -O -P -S"):
        yield f"dis {options}", ["-m", "dis", *options.split(), f]
    yield "dis error", ["-m", "dis"], "x = (\n"
    yield "tokenize stdin", ["-m", "tokenize"], "if x:\n  y = f'{z!r:>{w}}'\n"
    for source in ("x = (\n", "if x:\n\ty\n        z\n", "x = 'abc\n", "x = 0b12\n", "\u20ac = $\n"):
        yield f"tokenize error {source!r}", ["-m", "tokenize"], source
    yield from tools(files)
    yield from texts()
    yield from command_line(files)


def tools(files):
    data = '{"b": [1, 2.50, null, true], "a": {"\u00e9": "x\\n", "n": 1e400}, "": []}'
    for options in ("", "--sort-keys", "--no-ensure-ascii", "--indent 2", "--tab", "--compact", "--no-indent"):
        for module in ("json.tool", "json"):
            yield f"{module} {options}", ["-m", module, *options.split()], data
    yield "json lines", ["-m", "json", "--json-lines"], "[1]\n{}\n\"x\"\n"
    for bad in ("[1,", "{1: 2}", "[1 2]", "nul", "[1,]", '{"a":1,}', '"\t"', "NaN x"):
        yield f"json error {bad}", ["-m", "json"], bad
    yield "json colours", ["-m", "json"], data, {"FORCE_COLOR": "1"}
    yield "json no file", ["-m", "json", "no-such-file"]
    for options in ("2024", "2024 2", "-t html 2024 2", "-f 6 2024", "-w 3 -l 2 2024 5", "2024 13", "-t html 2024",
                    "-m 4 2023", "-L C 2024", "0", "2024 1 1"):
        yield f"calendar {options}", ["-m", "calendar", *options.split()]
    yield "calendar colours", ["-m", "calendar", "2024"], "", {"FORCE_COLOR": "1"}
    for module in HELP:
        yield f"{module} --help", ["-m", module, "--help"]
        yield f"{module} --help narrow", ["-m", module, "--help"], "", {"COLUMNS": "50"}
        yield f"{module} --bad", ["-m", module, "--bad-option"]
    for module in ("ast", "json", "unittest"):
        yield f"{module} --help colours", ["-m", module, "--help"], "", {"FORCE_COLOR": "1"}
    yield "compileall", ["-m", "compileall", "-f", "json", "re"]
    yield "compileall -q", ["-m", "compileall", "-f", "-q", "broken"]
    yield "compileall -v", ["-m", "compileall", "-f", "broken", "json"]
    yield "compileall -b -d -o", ["-m", "compileall", "-f", "-d", "/some/where", "-o", "1", "-o", "2", "re"]
    yield "py_compile", ["-m", "py_compile", "abc.py", "broken/bad.py", "nothing.py"]
    yield "py_compile stdin", ["-m", "py_compile", "-"], "abc.py\nbroken/bad.py\n"
    for options in ("", "-v", "-q", "-f", "-k pass", "--locals", "-b", "-v -b"):
        yield f"unittest {options}", ["-m", "unittest", *options.split(), "suite.test_all"]
    yield "unittest discover", ["-m", "unittest", "discover", "-s", "suite", "-t", ".", "-v"]
    yield "unittest colours", ["-m", "unittest", "-v", "suite.test_all"], "", {"FORCE_COLOR": "1"}
    yield "unittest name", ["-m", "unittest", "suite.test_all.Passing.test_pass", "no.such.test"]
    yield "unittest durations", ["-m", "unittest", "suite.test_none"]
    yield "doctest", ["-m", "doctest", "docs.py"]
    yield "doctest -v", ["-m", "doctest", "-v", "docs.py"]
    yield "doctest -o", ["-m", "doctest", "-o", "NORMALIZE_WHITESPACE", "-o", "ELLIPSIS", "-f", "docs.py"]
    yield "doctest text", ["-m", "doctest", "docs.txt"]
    for f in ("bisect.py", "heapq.py", "colorsys.py"):
        yield f"doctest {f}", ["-m", "doctest", "-v", f]
    for name in ("bisect", "json.decoder", "json:loads", "abc:ABCMeta", "no.such", "math", "abc:nothing"):
        yield f"inspect {name}", ["-m", "inspect", name]
        yield f"inspect --details {name}", ["-m", "inspect", "--details", name]
    for name in PYDOC:
        yield f"pydoc {name}", ["-m", "pydoc", name]
    yield "pydoc ./docs.py", ["-m", "pydoc", "./docs.py"]
    yield "pydoc -w", ["-m", "pydoc", "-w", "docs"]
    yield "pydoc html", ["-c", "print(open('docs.html').read())"]
    yield "trace -c", ["-m", "trace", "-t", "program.py"]
    yield "trace -l", ["-m", "trace", "-l", "program.py"]
    yield "trace --count", ["-m", "trace", "--count", "-s", "-m", "-C", "cover", "--ignore-dir=/", "program.py"]
    yield "trace -T", ["-m", "trace", "-T", "program.py"]
    yield "pdb", ["-m", "pdb", "program.py"], PDB
    yield "pdb -c", ["-m", "pdb", "-c", "b twice", "-c", "c", "-c", "w", "-c", "p n", "-c", "q", "program.py"]
    yield "pdb -m", ["-m", "pdb", "-m", "calendar", "2024", "2"], "n\nn\nw\nq\n"
    yield "pdb post mortem", ["-m", "pdb", "failing.py"], "c\nw\np n\nu\nl\nq\n"
    yield "timeit -n", ["-m", "timeit", "-n", "2", "-r", "3", "-s", "x = 1", "x + 1", "x"]
    yield "timeit error", ["-m", "timeit", "x +"]
    yield "timeit raise", ["-m", "timeit", "-n", "1", "1 / 0"]
    yield "zipfile -c", ["-m", "zipfile", "-c", "made.zip", "abc.py", "json"]
    yield "zipfile -t", ["-m", "zipfile", "-t", "made.zip"]
    yield "zipfile -l", ["-m", "zipfile", "-l", "made.zip"]
    yield "zipfile -e", ["-m", "zipfile", "-e", "made.zip", "unzipped"]
    yield "zipapp", ["-m", "zipapp", "app", "-o", "app.pyz", "-m", "main:run"]
    yield "zipapp run", ["app.pyz", "a", "b"]
    yield "directory as script", ["application", "1"]
    yield "tarfile -c", ["-m", "tarfile", "-c", "made.tar", "abc.py"]
    yield "tarfile -l", ["-m", "tarfile", "-l", "made.tar"]
    yield "site", ["-m", "site"]
    yield "sysconfig", ["-m", "sysconfig"]
    yield "platform", ["-m", "platform"]
    for f in files[:6]:
        yield f"symtable {f}", ["-m", "symtable", f]
        yield f"tabnanny {f}", ["-m", "tabnanny", "-v", f]
    yield "pickletools", ["-m", "pickletools", "data.pickle"]
    yield "pickletools -a", ["-m", "pickletools", "-a", "data.pickle"]
    yield "pickle", ["-m", "pickle", "data.pickle"]
    yield "base64", ["-m", "base64", "-e", "docs.txt"]
    yield "quopri", ["-m", "quopri", "docs.txt"]
    yield "gzip", ["-m", "gzip", "docs.txt"]
    yield "random", ["-m", "random", "--seed", "3", "--integer", "100"]
    yield "mimetypes", ["-m", "mimetypes", "x.py", "y.tar.gz", "z"]
    yield "filecmp", ["-m", "filecmp", "json", "re"]
    yield "uuid", ["-m", "uuid", "-u", "uuid5", "-n", "@dns", "-N", "python.org"]
    yield "encodings.rot_13", ["-m", "encodings.rot_13"], "Hello\n"
    yield "this", ["-m", "this"]
    yield "venv", ["-m", "venv", "--without-pip", "env"]
    yield "code", ["-m", "code"], "1 + 1\nx = 2\nx\n1 / 0\nfor i in (1, 2):\n    i\n\nexit()\n"
    yield "cProfile error", ["-m", "cProfile", "no-such-file.py"]


PDB = """\
import sys
l
b twice
c
a
p n
pp [n] * 3
w
s
n
r
tbreak 9
c
u
d
whatis n
source twice
ll
!n = 5
display n
until
j 6
undisplay n
cl 1
disable
info
h step
c
q
"""


def texts():
    for text in sorted(TEXTS.glob("*.py")):
        yield f"{text.name}", [text.name]
        yield f"{text.name} colours", [text.name], "", {"FORCE_COLOR": "1"}
        yield f"{text.name} -X no_debug_ranges", ["-X", "no_debug_ranges", text.name]


def command_line(files):
    for options in ("--help", "-h", "-?", "--help-env", "--help-xoptions", "--help-all", "-V", "--version", "-Q", "--bad",
                    "-c", "-m", "-W", "-X", "--check-hash-based-pycs", "--check-hash-based-pycs x", "-J", "-bcx",
                    "no-such-file.py", "json", "-m no.such.module", "-m json.nothing", "-m re", "-m broken.bad",
                    "-W bad -c pass", "-W error::NoSuch -c pass", "-W a:b:c:d:e:f -c pass",
                    "-X int_max_str_digits=5 -c pass", "-X int_max_str_digits=x -c pass", "-X utf8=2 -c pass",
                    "-X frozen_modules=x -c pass", "-X tracemalloc=x -c pass", "-X tracemalloc=0 -c pass",
                    "-X cpu_count=0 -c pass", "-X cpu_count=x -c pass", "-X thread_inherit_context=5 -c pass",
                    "-X context_aware_warnings=5 -c pass", "-X gil=1 -c pass", "-X gil=0 -c pass", "-X gil=x -c pass",
                    "-X presite= -c pass", "-X pycache_prefix -c pass", "-X perf=2 -c pass", "-X importtime=3 -c pass",
                    "-X nothing=5 -c pass"):
        yield f"options {options}", options.split()
    show = "import sys; print(sys.flags, sys.argv, sys.orig_argv[1:], sys.warnoptions, sys._xoptions, sys.dont_write_bytecode)"
    for options in ("", "-b", "-bb", "-B", "-d", "-E", "-i", "-I", "-O", "-OO", "-OOO", "-P", "-q", "-s", "-S", "-u",
                    "-R", "-W ignore", "-Wd -We", "-X dev", "-X utf8", "-X utf8=0", "-X warn_default_encoding",
                    "-X int_max_str_digits=0", "-X int_max_str_digits=1000", "-X a=b -X c", "-X no_debug_ranges",
                    "-X frozen_modules=off", "-X importtime=0", "-X faulthandler", "-X pycache_prefix=/x", "-vv -q"):
        if "-v" not in options:
            yield f"flags {options}", [*options.split(), "-c", show, "a", "-b"]
    for name, value in (("OPTIMIZE", "2"), ("OPTIMIZE", "x"), ("DEBUG", "3"), ("VERBOSE", "0"), ("UTF8", "1"),
                        ("UTF8", "x"), ("DONTWRITEBYTECODE", "1"), ("NOUSERSITE", "1"), ("UNBUFFERED", "1"),
                        ("WARNINGS", "ignore,error"), ("DEVMODE", "1"), ("SAFEPATH", "1"), ("HASHSEED", "0"),
                        ("HASHSEED", "x"), ("HASHSEED", "99999999999"), ("INTMAXSTRDIGITS", "5"), ("INTMAXSTRDIGITS", "x"),
                        ("IOENCODING", "latin1:replace"), ("IOENCODING", ":ignore"), ("IOENCODING", "nope"),
                        ("NODEBUGRANGES", "1"), ("WARNDEFAULTENCODING", "1"), ("PYCACHEPREFIX", "/y"),
                        ("CPU_COUNT", "3"), ("CPU_COUNT", "x"), ("GIL", "1"), ("GIL", "x"), ("FROZEN_MODULES", "off"),
                        ("BREAKPOINT", "0"), ("PROFILEIMPORTTIME", "0"), ("THREAD_INHERIT_CONTEXT", "1"),
                        ("CONTEXT_AWARE_WARNINGS", "1"), ("TRACEMALLOC", "x"), ("FAULTHANDLER", "1")):
        variable = "PYTHON_" + name if "_" in name and name != "_" or name == "GIL" else "PYTHON" + name
        yield f"{variable}={value}", ["-c", show + "; print(sys.stdout.encoding, sys.stdout.errors)"], "", {variable: value}
        yield f"-E {variable}={value}", ["-E", "-c", show], "", {variable: value}
    exits = ["raise SystemExit", "raise SystemExit(3)", "raise SystemExit('text')", "raise SystemExit(-1)",
             "raise SystemExit(None)", "raise SystemExit(2**40)", "raise SystemExit([1])", "import sys; sys.exit(True)",
             "raise KeyboardInterrupt", "1/0", "import os; os._exit(4)", "raise SystemExit((1, 2))",
             "import sys; sys.stdout.close()", "import sys; sys.stderr.close(); 1/0", "import atexit; atexit.register(int, 'x')",
             "class E(SystemExit): code = 7\nraise E", "import threading; threading.Thread(target=int, args='x').start()",
             "class D:\n def __del__(self): 1/0\nD()", "def f(): yield 1/0\nnext(f())", "print(*open('nope'))", "import broken.bad",
             "x = 1\n  y = 2", "print(\"\u00e9\")", "  indented = 1\n  print(indented)", "\tx = 1", "exit(6)", "quit('bye')",
             "from json import nothing", "import nothing", "import json.nothing", "from . import x", "undefined_name",
             "[].appendx", "import sys; sys.exitt", "print(__name__, __file__)", "print(__builtins__, __spec__, __loader__)"]
    for source in exits:
        yield f"-c {source}", ["-c", source]
        yield f"stdin {source}", ["-"], source
        yield f"pipe {source}", [], source
        yield f"-i -c {source}", ["-i", "-c", source], "x = 5\nx\n1/0\nprint(x)\n"
    yield "-i stdin", ["-i"], "1\n_\nx = [\n1,\n2]\nx\nif x:\n  3\n\ndef f(:\n\nimport sys\nsys.ps1 = '? '\n4\nexit(3)\n5\n"
    yield "-i -q stdin", ["-i", "-q"], "class A:\n  def f(self):\n    return 1\n\nA().f()\n'abc'\nNone\n0x10\nraise SystemExit(9)\n"
    yield "-i errors", ["-i", "-q"], "1 +\n'abc\n)\nfor\n  x = 1\nwhile True: break\n\nx = '''\nabc\n'''\nx\n\x00\n"
    yield "-i displayhook", ["-i", "-q"], "import sys\nsys.displayhook = lambda v: print('<', v, '>')\n5\nNone\nsys.displayhook = sys.__displayhook__\ndel __builtins__._\n"
    yield "-i excepthook", ["-i", "-q"], "import sys\nsys.excepthook = lambda *a: print(a[1])\n1/0\ndel sys.ps1\n2\nsys.ps1 = 5\nsys.ps2='-- '\nif 1:\n  6\n\n"
    yield "-i script", ["-i", "-q", "program.py"], "twice(4)\n"
    yield "-i failing script", ["-i", "-q", "failing.py"], "import sys\nsys.last_value\nsys.last_exc\n"
    yield "-x script", ["-x", "first_line.py"]
    yield "-m application", ["-m", "application", "x"]
    yield "-O assert", ["-O", "-c", "assert 0; print(__debug__)"]
    yield "script args", ["show.py", "-c", "x", "--help"]
    yield "missing main", ["re"]
    yield "null bytes", ["nulls.py"]
    yield "not utf-8", ["latin.py"]
    yield "cookie", ["cookie.py"]
    yield "bad cookie", ["badcookie.py"]
    yield "-m pydoc no args", ["-m", "pydoc"]


def prepare(directory, library, files):
    for f in [*files, "abc.py", "bisect.py", "heapq.py", "colorsys.py"]:
        (directory / f).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library / f, directory / f)
    for package in ("json", "re"):
        shutil.copytree(library / package, directory / package, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("__pycache__"))
    # Copies of modules must not be found before the library's: they lie aside, and only what is run by name stays.
    for path in sorted(TEXTS.iterdir()):
        if path.is_dir():
            shutil.copytree(path, directory / path.name, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, directory / path.name)
    (directory / "broken").mkdir(exist_ok=True)
    (directory / "broken/bad.py").write_text("def f(:\n    pass\n")
    (directory / "broken/good.py").write_text("x = 1\n")
    (directory / "nulls.py").write_bytes(b"x = 1\0\n")
    (directory / "latin.py").write_bytes(b"x = '\xe9'\n")
    (directory / "cookie.py").write_bytes(b"# coding: latin-1\nprint(ascii('\xe9'))\n1/0 # \xe9\n")
    (directory / "badcookie.py").write_bytes(b"# coding: nope\nprint(1)\n")
    (directory / "first_line.py").write_bytes(b"not Python\nprint('second line')\n1/0\n")
    (directory / "data.pickle").write_bytes(b"\x80\x04\x95\x14\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94]\x94(K\x02K\x03eu.")


class Masks:
    """What differs for good reasons, and what stands for it."""

    def __init__(self, scratch, prefixes):
        self.masks = [(re.escape(str(scratch)), "SCRATCH")]
        for prefix, name in prefixes:
            self.masks.append((re.escape(prefix), name))
        self.masks += [
            (r"0x[0-9a-f]{6,}", "0xADDRESS"),
            (r"id=\d{6,}", "id=ADDRESS"),
            (r"Python 3\.14\.\d+ .*", "Python VERSION"),
            (r"in \d+\.\d+s", "in TIME"),
            (r"(\d+ loops?, best of \d+: ).*", r"\1TIME"),
            (r"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d", "DATE"),
        ]

    def apply(self, text):
        for pattern, replacement in self.masks:
            text = re.sub(pattern, replacement, text)
        return text


def run(python, entry, scratch, masks):
    arguments, stdin, extra = (list(entry[1:]) + ["", {}])[:3] if len(entry) < 4 else entry[1:]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FORCE_COLOR", "NO_COLOR"))}
    environment |= {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "xterm", "COLUMNS": "80", "LINES": "25",
                    "HOME": str(scratch), "PAGER": "cat", "TZ": "UTC", "PYTHON_HISTORY": str(scratch / "history")}
    environment.setdefault("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    environment |= extra
    try:
        p = subprocess.run([python, *arguments], input=stdin.encode(), capture_output=True, cwd=scratch,
                           env=environment, timeout=120)
        status, out, err = p.returncode, p.stdout, p.stderr
    except subprocess.TimeoutExpired as e:
        status, out, err = "timeout", e.stdout or b"", e.stderr or b""
    text = lambda b: masks.apply(b.decode("utf-8", "backslashreplace"))
    return f"exit status {status}\n--- stdout\n{text(out)}\n--- stderr\n{text(err)}\n"


def facts(python, code):
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--py", default="target/release/taipan", help="the Python that is compared")
    parser.add_argument("--reference", default=os.environ.get("TAIPAN_REFERENCE", "python3.14"))
    parser.add_argument("-k", action="append", help="only commands whose name has this text")
    parser.add_argument("-n", type=int, default=len(FILES), help="how many of the library's files")
    parser.add_argument("--lines", type=int, default=12, help="how many lines of a difference to show")
    parser.add_argument("--out", type=pathlib.Path, help="write all differences into this file")
    parser.add_argument("--cache", type=pathlib.Path, help="keep the reference's outputs in this file")
    args = parser.parse_args()
    reference = shutil.which(args.reference) or sys.exit(f"no reference Python {args.reference!r}")
    python = os.path.abspath(shutil.which(args.py) or sys.exit(f"no Python {args.py!r}"))
    # A Python that only works with PYTHONHOME cannot tell what -E and -I do.
    environment = subprocess.run([reference, "-I", "-c", "pass"], capture_output=True).returncode == 0
    library = pathlib.Path(facts(reference, "import os; print(os.path.dirname(os.__file__))"))
    files = FILES[: args.n]
    same, different = 0, []
    masks, scratches = [], []
    with tempfile.TemporaryDirectory(prefix="commands-") as top:
        # Help screens show the executable's name.
        link = pathlib.Path(top, "bin", os.path.basename(reference))
        link.parent.mkdir()
        link.symlink_to(python)
        python = str(link)
        for which, executable in (("r", reference), ("t", python)):
            scratch = pathlib.Path(top, which)
            scratch.mkdir()
            prepare(scratch, library, files)
            for f in files:
                # Under another directory name: a file called token.py beside the program would be imported.
                target = scratch / "library" / f
                target.parent.mkdir(parents=True, exist_ok=True)
                (scratch / f).replace(target) if not f.startswith(("json/", "re/")) else shutil.copy(scratch / f, target)
            for f in ("abc.py", "bisect.py", "heapq.py", "colorsys.py"):
                (scratch / f).unlink(missing_ok=True)
                shutil.copy(library / f, scratch / "library" / f)
            prefixes = [(facts(executable, code), name) for code, name in (
                ("import os; print(os.path.dirname(os.__file__))", "LIBRARY"),
                ("import sys; print(sys.executable)", "EXECUTABLE"),
                ("import sys; print(sys.prefix)", "PREFIX"))]
            prefixes.append((executable, "EXECUTABLE"))
            scratches.append(scratch)
            masks.append(Masks(scratch, prefixes))
        import json
        cache = {}
        if args.cache and args.cache.exists():
            cache = json.loads(args.cache.read_text())
        report = []
        placed = ["library/" + f for f in files]
        for entry in commands(placed):
            name = entry[0]
            if args.k and not any(k in name for k in args.k):
                continue
            if not environment and {"-E", "-I"} & set(entry[1]):
                continue
            entry = (name, [a if a not in ("abc.py", "bisect.py", "heapq.py", "colorsys.py") else "library/" + a
                            for a in entry[1]], *entry[2:])
            key = repr(entry)
            expected = cache.get(key) or run(reference, entry, scratches[0], masks[0])
            cache[key] = expected
            found = run(python, entry, scratches[1], masks[1])
            if found == expected:
                same += 1
                continue
            different.append(name)
            diff = list(difflib.unified_diff(expected.splitlines(), found.splitlines(), "reference", "taipan",
                                             lineterm="", n=1))
            report.append(f"==== {name}\n" + "\n".join(diff) + "\n")
            shown = diff[2 : 2 + args.lines]
            print(f"==== {name}", *(line[:200] for line in shown), sep="\n")
            if len(diff) - 2 > args.lines:
                print(f"... {len(diff) - 2 - args.lines} more lines")
            sys.stdout.flush()
        if args.cache:
            args.cache.write_text(json.dumps(cache))
        if args.out:
            args.out.write_text("\n".join(report))
    print(f"{same} equal, {len(different)} different")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())
