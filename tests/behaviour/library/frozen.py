"""What stands in the executable ahead of time, and what reads it: frozen modules, marshal, functions of modules' code."""

import _imp
import marshal
import os
import posixpath
import sys
import types

print(_imp._frozen_module_names())
for name in ("os", "_frozen_importlib", "__phello__", "__phello__.__init__", "__hello_only__", "json"):
    print(name, _imp.is_frozen(name), _imp.find_frozen(name))
data, package, origname = _imp.find_frozen("stat", withdata=True)
code = _imp.get_frozen_object("stat", data)
print(code.co_filename, code.co_name, code == _imp.get_frozen_object("stat"), type(data).__name__)
try:
    _imp.get_frozen_object("stat", b"junk")
except ImportError as e:
    print(e)
try:
    _imp.get_frozen_object("nothing")
except ImportError as e:
    print(e, e.name)
print(os.__spec__.origin, os.__spec__.loader, os.__file__.endswith("/os.py"), posixpath.join.__code__.co_filename)

join = posixpath.join.__code__
again = marshal.loads(marshal.dumps(join))
print(again == join, hash(again) == hash(join), again.co_consts == join.co_consts, again.co_names == join.co_names)
print(again.replace(co_name="other").co_name, list(again.co_positions()) == list(join.co_positions()))
values = [None, True, ..., 1, -(2**70), 1.5, 2j, "text", "\ud800", b"bytes", (1, (2,)), [3], {4: 5}, {6}, frozenset([7])]
print(marshal.loads(marshal.dumps(values)) == values, marshal.loads(marshal.dumps(slice(1, "a"))))
for bad in (b"", b"\xe3", b"c", b"(\x05\0\0\0", b"r\0\0\0\0"):
    try:
        marshal.loads(bad)
    except (EOFError, ValueError) as e:
        print(type(e).__name__, e)

body = compile("inner = 5\nprint(inner, locals() is globals())", "<body>", "exec")
space = {"__builtins__": __builtins__}
function = types.FunctionType(body, space)
function()
function()
print(sorted(space))

try:
    import nothing_of_this_name
except ImportError as e:
    print(e, e.__traceback__.tb_next)
print(sys.flags.optimize, sys.flags.int_max_str_digits == sys.get_int_max_str_digits())


class Falls:
    def __del__(self):
        1 / 0


seen = []
sys.unraisablehook = lambda a: seen.append((type(a.exc_value).__name__, a.err_msg.partition(" at ")[0].split("<")[0], a.object))
Falls()
print(seen)
