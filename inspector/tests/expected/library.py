"""Writes library.txt: what CPython makes of 200 files of the library, for tests/page/library.spec.ts.

PYTHONHASHSEED=0 python3.14 library.py ../../public/lib > library.txt
"""

import ast
import contextlib
import dis
import hashlib
import io
import re
import sys
import tokenize
from pathlib import Path

FILES = 200
LARGEST = 16_000


def digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def tokens(source):
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        (line, column), (end_line, end_column) = token.start, token.end
        yield f"{line},{column}-{end_line},{end_column} {tokenize.tok_name[token.exact_type]} {token.string}\n"


def disassembly(code):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        dis.dis(code)
    return re.sub(r"at 0x[0-9a-f]+", "at 0x", out.getvalue())


folder = Path(sys.argv[1])
files = []
for line in (folder / "index.txt").read_text().splitlines():
    name, size = line.rsplit(" ", 1)
    if name.endswith(".py") and 200 < int(size) < LARGEST and not name.startswith(("test/", "lib2to3/", "idlelib/")):
        files.append(name)
for name in sorted(files)[:: len(files) // FILES][:FILES]:
    source = (folder / name).read_bytes()
    text = source.decode()
    tree = ast.dump(ast.parse(source), indent=4)
    code = compile(source, name, "exec", dont_inherit=True)
    print(name, digest(text), digest("".join(tokens(source))), digest(tree), digest(disassembly(code)))
