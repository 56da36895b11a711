"""Show that two Pythons write the same .pyc files, and that each runs what the other wrote.

usage: PYTHON pyc_exchange.py [--reference PYTHON] [--taipan PROGRAM] [--count N] FOLDER

Takes up to N of the modules of FOLDER (CPython's library, say). Each Python compiles a copy of them with `compileall`, with
timestamps, checked and unchecked hashes: the files must be equal byte by byte. Then each executes the modules from the
files of the other and from its own, and must find the same names in them.

Known: a qualified name among the constants is written as interned, unless the same text was interned before, by a module that
the compiling process has imported. Where the two have not the same strings in memory (functools, ipaddress), files differ
in that mark.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

MODES = ("timestamp", "checked-hash", "unchecked-hash")

# These print, open windows, need a terminal, or end the process.
NOT_RUN = {"antigravity", "this", "__main__", "idlelib", "turtle", "turtledemo", "_sitebuiltins", "sre_compile"}

RUN = """
import glob, importlib.util, marshal, os, sys, types, warnings
warnings.simplefilter('ignore')
folder = sys.argv[1]
for name in sys.argv[2].split():
    [path] = glob.glob(os.path.join(folder, '__pycache__', name + '.*.pyc'))
    with open(path, 'rb') as f:
        data = f.read()
    assert data[:4] == importlib.util.MAGIC_NUMBER
    module = types.ModuleType(name)
    module.__file__ = os.path.join(folder, name + '.py')
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        exec(marshal.loads(data[16:]), module.__dict__)
        seen = sorted(n + ':' + type(v).__name__ for n, v in vars(module).items() if not n.startswith('__'))
    except ImportError as e:
        seen = ['ImportError', str(e)]
    if before is None:
        del sys.modules[name]
    else:
        sys.modules[name] = before
    print(name, *seen)
"""


def run(python, *args):
    env = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    env.pop("PYTHONPATH", None)
    done = subprocess.run([python, *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def main():
    parser = argparse.ArgumentParser(description="compare and exchange .pyc files")
    parser.add_argument("--reference", default=os.environ.get("TAIPAN_REFERENCE", "python3.14"))
    parser.add_argument("--taipan", default="target/release/taipan")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("folder")
    a = parser.parse_args()
    pythons = {"reference": a.reference, "taipan": os.path.abspath(a.taipan)}
    modules = sorted(p for p in pathlib.Path(a.folder).glob("*.py") if p.stem not in NOT_RUN)
    modules = sorted(random.Random(1).sample(modules, min(a.count, len(modules))))
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        trees = {}
        for mode in MODES:
            for who, python in pythons.items():
                tree = trees[who] = pathlib.Path(scratch, who, mode)
                tree.mkdir(parents=True)
                for path in modules:
                    shutil.copy2(path, tree)
                code, _, err = run(python, "-m", "compileall", "-q", "-f", "--invalidation-mode", mode, "-s", str(tree),
                                   "-p", "/library", str(tree))
                if code:
                    print(f"{who}: compileall ended with {code}\n{err}")
                    return 1
            # Their names differ in the tag of the implementation alone.
            files = {
                who: {p.name.partition(".")[0]: p.read_bytes() for p in tree.glob("__pycache__/*.pyc")}
                for who, tree in trees.items()
            }
            names = sorted(set(files["reference"]) | set(files["taipan"]))
            different = [n for n in names if files["reference"].get(n) != files["taipan"].get(n)]
            wrong += len(different)
            print(f"{mode}: {len(names) - len(different)} of {len(names)} files equal", *different[:10])
        names = " ".join(p.stem for p in modules)
        for who, python in pythons.items():
            own = run(python, "-c", RUN, str(trees[who]), names)
            other = next(w for w in pythons if w != who)
            theirs = run(python, "-c", RUN, str(trees[other]), names)
            ran = len(theirs[1].splitlines())
            print(f"{who} runs what {other} wrote: {ran} of {len(modules)} modules,",
                  "as its own" if own[1] == theirs[1] else "NOT as its own")
            if own[1] != theirs[1] or theirs[0] or ran != len(modules):
                print(theirs[2][-2000:])
                wrong += 1
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
