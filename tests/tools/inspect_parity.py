"""Compare what `taipan inspect` shows of files with what a reference Python prints: tokens, tree and disassembly.

usage: REFERENCE inspect_parity.py TAIPAN FILE...

Run it with the Python to compare with. TAIPAN is the executable. Each file goes through `taipan inspect --json`; compared
are `python -m tokenize -e`, `ast.dump(tree, indent=4)` of the tree as parsed and as optimized, the symbol tables, the
texts of `dis` without and with caches, and the fields and instructions of all code objects. Addresses do not count, nor
do labels of instructions: `get_instructions` leaves out those of the exception table, and the text has them all.
Ends with 1 if anything differs.
"""

import ast
import dis
import io
import json
import re
import subprocess
import symtable
import sys
import tokenize
import warnings

ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def plain(text):
    return ADDRESS.sub(" at 0x", text)


def token_text(data):
    out = []
    for token in tokenize.tokenize(io.BytesIO(data).readline):
        place = "%d,%d-%d,%d:" % (token.start + token.end)
        out.append("%-20s%-15s%-15r" % (place, tokenize.tok_name[token.exact_type], token.string))
    return "\n".join(out) + "\n"


def tokens_of(stage):
    rows, width, out = stage["rows"], 9, []
    for at, text in zip(range(0, len(rows), width), stage["texts"]):
        kind, exact, line, column, end_line, end_column = rows[at : at + 6]
        place = "%d,%d-%d,%d:" % (line, column, end_line, end_column)
        out.append("%-20s%-15s%-15r" % (place, stage["kinds"][exact], text))
    return "\n".join(out) + "\n"


def dis_text(code, **options):
    out = io.StringIO()
    dis.dis(code, file=out, **options)
    return plain(out.getvalue())


def scopes(table, out, depth=0):
    parameters = list(table.get_parameters()) if table.get_type() == "function" else []
    out.append("%s%s %s %d %s" % ("  " * depth, table.get_type(), table.get_name(), table.get_lineno(), parameters))
    for symbol in table.get_symbols():
        names = [
            "referenced", "parameter", "type_parameter", "global", "nonlocal", "declared_global", "local", "annotated",
            "free", "free_class", "imported", "assigned", "comp_iter", "comp_cell", "namespace",
        ]  # fmt: skip
        out.append("%s  %s %s" % ("  " * depth, symbol.get_name(), [n for n in names if getattr(symbol, "is_" + n)()]))
    for child in table.get_children():
        scopes(child, out, depth + 1)


def scopes_of(stage):
    out, depths = [], []
    for scope in stage["scopes"]:
        depth = 0 if scope["parent"] is None else depths[scope["parent"]] + 1
        depths.append(depth)
        out.append("%s%s %s %d %s" % ("  " * depth, scope["type"], scope["name"], scope["line"], scope["parameters"]))
        for symbol in scope["symbols"]:
            out.append("%s  %s %s" % ("  " * depth, symbol["name"], [n for n in symbol["is"] if n != "cell"]))
    return out


def code_objects(code):
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from code_objects(constant)


def code_lines(code):
    out = [
        code.co_qualname, code.co_firstlineno, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount,
        code.co_nlocals, code.co_stacksize, code.co_flags, list(code.co_names), list(code.co_varnames),
        list(code.co_cellvars), list(code.co_freevars), code.co_code.hex(), code.co_linetable.hex(),
        code.co_exceptiontable.hex(), [plain(repr(c)) for c in code.co_consts if not isinstance(c, frozenset)],
    ]  # fmt: skip
    for i in dis.get_instructions(code):
        p = i.positions
        places = [-1 if n is None else n for n in (p.lineno, p.col_offset, p.end_lineno, p.end_col_offset)]
        target = -1 if i.jump_target is None else i.jump_target
        argrepr = "" if "frozenset" in i.argrepr or target >= 0 else plain(i.argrepr)
        arg = -1 if i.arg is None else i.arg
        out.append((i.offset, i.opcode, i.opname, arg, argrepr, places, int(i.starts_line), target))
    return out


def code_lines_of(code, opnames):
    fields = ["qualname", "firstlineno", "argcount", "posonlyargcount", "kwonlyargcount", "nlocals", "stacksize", "flags",
              "names", "varnames", "cellvars", "freevars", "code", "linetable", "exceptiontable"]  # fmt: skip
    out = [code[field] for field in fields]
    out.append([plain(c["repr"]) for c in code["consts"] if c["type"] != "frozenset"])
    rows, width = code["rows"], 17
    for at, argrepr in zip(range(0, len(rows), width), code["argreprs"]):
        offset, opcode, name, arg, _, _, line, column, end_line, end_column, starts, _, target = rows[at : at + 13]
        argrepr = "" if "frozenset" in argrepr or target >= 0 else plain(argrepr)
        out.append((offset, opcode, opnames[name], arg, argrepr, [line, column, end_line, end_column], starts, target))
    return out


def compare(what, expected, got):
    """Says where two texts or lists differ first."""
    if expected == got:
        return 0
    if isinstance(expected, str):
        expected, got = expected.split("\n"), got.split("\n")
    for number, (a, b) in enumerate(zip(expected, got)):
        if a != b:
            print("  %s: item %d\n    expected %.300r\n    got      %.300r" % (what, number, a, b))
            break
    else:
        print("  %s: %d items expected, got %d" % (what, len(expected), len(got)))
    return 1


def check(taipan, path):
    run = subprocess.run([taipan, "inspect", "--json", path], capture_output=True)
    if run.returncode:
        print("  ends with %d: %s" % (run.returncode, run.stderr.decode()[-500:]))
        return 1
    got = json.loads(run.stdout)
    with open(path, "rb") as file:
        data = file.read()
    bad = compare("tokens", token_text(data), tokens_of(got["tokens"]))
    try:
        code = compile(data, path, "exec")
    except SyntaxError as error:
        shown = got["overview"]["error"] or {}
        attributes = [shown.get(name) for name in ("class", "message", "line", "offset", "endLine", "endOffset")]
        wanted = [type(error).__name__, error.msg, error.lineno, error.offset, error.end_lineno, error.end_offset]
        return bad + compare("error", wanted, attributes)
    if got["overview"]["error"]:
        return bad + compare("error", None, [got["overview"]["error"]["formatted"]])
    bad += compare("ast", ast.dump(ast.parse(data), indent=4), got["treeText"]["text"])
    optimized = compile(data, path, "exec", ast.PyCF_OPTIMIZED_AST)
    bad += compare("optimized ast", ast.dump(optimized, indent=4), got["optimizedText"]["text"])
    wanted = []
    scopes(symtable.symtable(data, path, "exec"), wanted)
    bad += compare("scopes", wanted, scopes_of(got["scopes"]))
    # The order of a frozenset is no property of the code.
    hide = lambda text: re.sub(r"frozenset\(\{.*\}\)", "frozenset", text)
    bad += compare("dis", hide(dis_text(code)), hide(plain(got["listing"]["text"])))
    run = subprocess.run([taipan, "inspect", "--text", "dis-caches", path], capture_output=True)
    bad += compare("dis -C", hide(dis_text(code, show_caches=True)), hide(plain(run.stdout.decode("utf-8", "surrogateescape"))))
    for number, (wanted, shown) in enumerate(zip(code_objects(code), got["code"]["codes"], strict=True)):
        bad += compare("code %d" % number, code_lines(wanted), code_lines_of(shown, got["code"]["opnames"]))
    return bad


def main(taipan, *paths):
    warnings.simplefilter("ignore")
    bad = 0
    for path in paths:
        found = check(taipan, path)
        if found:
            print("%s: %d differences" % (path, found))
        bad += found
    print("%d files, %d differences" % (len(paths), bad))
    return bool(bad)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
