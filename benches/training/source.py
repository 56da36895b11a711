"""Training: the front end on the library's own sources: tokens, trees, code, marshalled data, disassembly."""

import ast
import dis
import io
import marshal
import os
import tokenize

FILES = 60


def sources():
    folder = os.path.dirname(os.__file__)
    try:
        names = sorted(n for n in os.listdir(folder) if n.endswith(".py"))
    except OSError:
        names = []
    for name in names[:: max(1, len(names) // FILES)]:
        with tokenize.open(os.path.join(folder, name)) as file:
            yield name, file.read()
    # Where the library is inside of the executable, its loader has the text.
    if not names:
        import importlib.util
        for name in ("argparse", "ast", "typing", "inspect", "difflib", "logging", "subprocess", "tarfile", "pickle", "enum"):
            yield name, importlib.util.find_spec(name).loader.get_source(name)


if __name__ == "__main__":
    for name, text in sources():
        tree = ast.parse(text)
        code = compile(text, name, "exec")
        assert marshal.loads(marshal.dumps(code)) == code
        for _ in tokenize.generate_tokens(io.StringIO(text).readline):
            pass
        if len(text) < 20000:
            ast.unparse(tree)
            ast.dump(tree)
            list(dis.get_instructions(code))
