"""Print a digest of what each stage of the front end makes of source files, one line a file.

usage: PYTHON stages.py STAGE [--text] LIST

LIST names a file of paths, one a line. Two Pythons that print the same lines agree on the files; `cargo xtask parity`
runs this under both. The stages are tokens, ast, ast1 and ast2 (with `optimize`), types (with type comments), code, code1
and code2 (with `optimize`), single and eval (statements and expressions of the file on their own), marshal and errors.
`marshal` also reads back what it wrote. `errors` damages each file in a dozen ways, always the same
ones, and takes what compiling the pieces raises and warns of. --text prints the text itself in place of its digest.
"""

import hashlib
import io
import marshal
import random
import sys
import types
import warnings

FIELDS = (
    "co_name", "co_qualname", "co_firstlineno", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags",
    "co_stacksize", "co_names", "co_varnames", "co_cellvars", "co_freevars", "co_code", "co_linetable",
    "co_exceptiontable",
)


def constant(value):
    if isinstance(value, types.CodeType):
        return show(value)
    if isinstance(value, tuple):
        return "(%s)" % ", ".join(map(constant, value))
    if isinstance(value, frozenset):
        return "{%s}" % ", ".join(sorted(map(constant, value)))
    if isinstance(value, slice):
        return "slice(%s, %s, %s)" % tuple(map(constant, (value.start, value.stop, value.step)))
    return "%s %s" % (type(value).__name__, ascii(value))


def show(code):
    lines = ["%s: %s" % (field, ascii(getattr(code, field))) for field in FIELDS]
    lines += ["const %s" % constant(value) for value in code.co_consts]
    return "\n".join(lines)


def tokens(data):
    import tokenize

    out = []
    last = None
    for token in tokenize.tokenize(io.BytesIO(data).readline):
        # The line is shown once: files of a single line with a million tokens exist.
        shown = None if token.line == last else token.line
        last = token.line
        out.append(ascii((token.type, token.exact_type, token.string, token.start, token.end, shown)))
    return "\n".join(out)


def tree(data, **options):
    import ast

    return ast.dump(ast.parse(data, **options), include_attributes=True)


def code(data, optimize=-1):
    return show(compile(data, "file.py", "exec", dont_inherit=True, optimize=optimize))


def outcome(source, mode):
    try:
        return show(compile(source, "file.py", mode, dont_inherit=True))
    except SyntaxError as e:
        return ascii((type(e).__name__, e.msg, e.lineno, e.offset, e.text, e.end_lineno, e.end_offset))


def parts(data, kind):
    """The sources of the file's statements, or of its larger expressions."""
    import ast

    text = data.decode()
    lines = text.splitlines(True)
    for node in ast.walk(ast.parse(text)) if kind is ast.expr else ast.parse(text).body:
        if not isinstance(node, kind) or node.end_lineno - node.lineno > 200:
            continue
        if kind is ast.stmt:
            first = min([node.lineno] + [d.lineno for d in getattr(node, "decorator_list", ())])
            yield "".join(lines[first - 1:node.end_lineno])
        elif isinstance(node, (ast.Call, ast.BoolOp, ast.BinOp, ast.Compare, ast.IfExp, ast.Lambda, ast.ListComp,
                               ast.DictComp, ast.GeneratorExp, ast.Dict, ast.List, ast.Tuple, ast.JoinedStr)):
            if node.lineno == node.end_lineno <= len(lines):
                yield lines[node.lineno - 1].encode()[node.col_offset:node.end_col_offset].decode()


def single(data):
    import ast

    return "\n".join(outcome(source, "single") for source in parts(data, ast.stmt))


def evaluated(data):
    import ast

    return "\n".join(outcome(source, "eval") for source in list(parts(data, ast.expr))[:300])


def marshalled(data):
    made = compile(data, "file.py", "exec", dont_inherit=True)
    written = marshal.dumps(made)
    assert marshal.loads(written) == made, "marshal does not read what it wrote"
    return written.hex()


PIECES = (
    "(", ")", "[", "]", "{", "}", ":", ",", "=", "==", ":=", "->", "*", "**", "@", ".", "...", ";", "\\", "\t", "\n",
    "\n  ", '"', "'", '"""', "f'{", "f'{x", "t'{x!", "}'", "#", "$", "?", "!", "0x", "1_", "1e", "0777", "1if", "\\N",
    "'\\d'", " is 1", "if", "else", "elif", "for", "in", "not", "lambda", "yield", "await", "async ", "def", "class",
    "return", "import", "from", "as", "with", "try:", "except", "except*", "finally:", "match x:", "case _:", "type X",
    "global x", "nonlocal x", "del", "assert(1,2)", "print x", "exec y", "None", "True = 1", "__debug__", "\xe9",
    "\u20ac", "\0", "\ufeff", "\r", "\f",
)


def damaged(data):
    """The text in a dozen damaged forms."""
    text = data.decode("utf-8", "replace")
    lines = text.splitlines(True)
    rng = random.Random(hashlib.sha256(data).digest())
    for _ in range(12):
        # A window of the file, so that later parts come to their turn.
        start = rng.randrange(len(lines)) if len(lines) > 40 and rng.random() < 0.8 else 0
        piece = "".join(lines[start:start + 40])
        at = rng.randrange(len(piece) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            yield piece[:at] + piece[at + 1 + rng.randrange(3):]
        elif kind == 1:
            yield piece[:at] + rng.choice(PIECES) + piece[at:]
        elif kind == 2:
            yield piece[:at] + rng.choice(PIECES) + piece[at + 1 + rng.randrange(8):]
        else:
            yield piece[:at]


def errors(data):
    out = []
    for text in damaged(data):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                compile(text, "file.py", "exec", dont_inherit=True)
                result = "fine"
            except SyntaxError as e:
                result = ascii((type(e).__name__, e.msg, e.lineno, e.offset, e.text, e.end_lineno, e.end_offset))
            except (ValueError, RecursionError, MemoryError, OverflowError) as e:
                result = "%s: %s" % (type(e).__name__, e)
        out.append(result)
        out += [ascii((w.category.__name__, str(w.message), w.lineno)) for w in caught]
    return "\n".join(out)


STAGES = {
    "tokens": tokens, "ast": tree, "code": code, "marshal": marshalled, "errors": errors, "single": single,
    "eval": evaluated,
    "ast1": lambda data: tree(data, optimize=1), "ast2": lambda data: tree(data, optimize=2),
    "types": lambda data: tree(data, type_comments=True),
    "code1": lambda data: code(data, 1), "code2": lambda data: code(data, 2),
}


def main(arguments):
    as_text = "--text" in arguments
    stage, listing = [a for a in arguments if a != "--text"]
    run = STAGES[stage]
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(5000)
    with open(listing, encoding="utf-8") as f:
        paths = f.read().split("\n")
    for path in filter(None, paths):
        with open(path, "rb") as f:
            data = f.read()
        try:
            text = run(data)
        except SyntaxError as e:
            text = ascii((type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset))
        except Exception as e:
            text = "%s: %s" % (type(e).__name__, ascii(str(e)))
        if not as_text:
            text = hashlib.sha256(text.encode()).hexdigest()[:16]
        print(path, text, flush=True)


main(sys.argv[1:])
