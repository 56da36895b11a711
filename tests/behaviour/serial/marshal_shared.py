"""What is shared in code that was read is written as shared again, and nothing else is; qualified names that are repeated."""

import marshal

SOURCES = [
    "def f(format): return format\ndef g(format): return format\n",
    "def f(loop):\n    return g(loop=loop)\ndef g(loop): h(loop=1)\n",
    "def f(x) -> int: pass\ndef g(x) -> int: pass\n",
    "def f():\n class A:\n  def g(self): pass\n class A:\n  def g(self): pass\n",
    "a = 1000; b = (1000, 'x y', 1.5)\ndef f(): return 1000, 'x y', 1.5\n",
]
for source in SOURCES:
    code = compile(source, "name", "exec")
    written = marshal.dumps(code)
    print(written)
    del code
    read = marshal.loads(written)
    print(marshal.dumps(read))
    print(marshal.dumps(marshal.loads(marshal.dumps(read))))
