# Errors of syntax: conversions, and what the later stages give their exceptions.
def t(s):
    try:
        compile(s, "nope", "exec")
        print("ok")
    except SyntaxError as e:
        print(repr(s), e.msg, e.lineno, e.offset, e.end_offset)


for p in "ft":
    for r in ["{x!er.y","{x!er","{x!er}","{x!r","{x!r.y}","{x!er:","{x!er y}","{x=!er.y","{x!","{x!}","{x! r}","{x!1}","{x!a.}","{x!aa==1}", "{x!r}}","{x!r:{y!zz.}}","{x,y!er.z}","{*x!er.z}","{yield!er.z}","{lambda x:1}","{x !r y}"]:
        t(p+"'"+r+"'")

for s in ["x\nreturn 5","x\ndef f(a,a): pass", "x\nnonlocal y","x\ndef f():\n global x\n x=1\n x: global x\n", "x\ndef f():\n x=1\n global x", "class A[T, T]: pass", "from __future__ import braces","from __future__ import nope", "x\nfrom __future__ import division","[x:=1 for x in y]","def f(): [(yield) for x in y]", "await x", "async def f(): [await x for x in y]; yield from x", "__debug__=1", "def f(__debug__): pass","f(__debug__=1)","x: int = (yield)", "a, *b, *c = x", "*a", "*a = 1", "del *a, b", "break", "def f():\n  return *a", "with x as __debug__: pass", "import a as __debug__","def f():\n from x import *","class C:\n from x import *", "match x:\n case a: pass\n case b: pass", "match x:\n case a|b: pass", "match x:\n case C(a=1,a=2): pass", "match x:\n case {1:a,1:b}: pass","try: pass\nexcept: pass\nexcept A: pass", "continue", "def f():\n nonlocal x", "def f(x):\n global x", "def f(x):\n nonlocal x","class A:\n  def f(): pass\n  nonlocal z", "lambda: (x:=1)", "def f[T](x: (yield)): pass","type X = (yield)","async def f():\n  def g(): await x", "x = {**a, **b for c in d}", "f(a for a in b, c)","f(a=1, a=2)"]:
    try: compile(s,"nope","exec")
    except SyntaxError as e: print(type(e).__name__, e.args, (e.msg,e.filename,e.lineno,e.offset,e.text,e.end_lineno,e.end_offset))
