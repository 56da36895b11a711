# Frames, their locals, tracebacks, and super() without arguments.
from sys import _getframe
def t(f):
    try: print(f())
    except Exception as e: print(type(e).__name__, e)
def f():
    a=1
    def g(): return a
    fr=_getframe(); p=fr.f_locals
    t(lambda: p['zz']); t(lambda: p.pop('a')); t(lambda: p.pop('q')); t(lambda: p.pop('q',3)); t(lambda: p.pop()); t(lambda:p.get()); t(lambda:p.setdefault('n')); 
    t(lambda: p.update(1)); 
    def d(): del p['a']
    t(d)
    def d(): del p['qqq']
    t(d)
    t(lambda: p[1])
    t(lambda: type(p)()); t(lambda: type(p)(1)); t(lambda: type(p)(fr)==p);
    t(lambda: p|1); t(lambda: p<p)
    t(lambda: p.update([1])); t(lambda: p.setdefault([]));t(lambda: p[[]])
    p[1]=2
    p['a']=7
    t(lambda: list(p)); t(lambda: len(p)); t(lambda: a)
    t(lambda: fr.clear())
    def s(): fr.f_lineno=3
    t(s)
    def s(): fr.f_lineno='a'
    t(s)
    def s(): del fr.f_lineno
    t(s)
    def s(): fr.f_trace_lines=3
    t(s)
    def s(): fr.f_trace_opcodes=3
    t(s)
    def s(): del fr.f_trace_lines
    t(s)
    def s(): fr.f_code=3
    t(s)
    def s(): fr.f_locals=3
    t(s)
    print(fr.f_lineno, fr.f_lasti, fr.f_code.co_name, fr.f_back.f_code.co_name, fr.f_back.f_lineno, fr.f_globals is fr.f_back.f_globals, fr.f_trace, fr.f_back.f_locals is fr.f_globals)
    return fr
fr=f()
print(fr.f_locals['a'], fr.f_lineno, fr.f_back.f_code.co_name)
fr.clear(); print(list(fr.f_locals))
try: 1/0
except Exception as e: tb=e.__traceback__; 
T=type(tb)
print(tb.tb_lasti, tb.tb_lineno, tb.tb_next, tb.tb_frame.f_code.co_name)
fr=_getframe()
t(lambda:T()); t(lambda:T(None,fr,1,2).tb_lineno); t(lambda:T(1,fr,1,2)); t(lambda:T(None,1,1,2)); t(lambda:T(None,fr,1,'a'))
x=T(None,fr,1,2); y=T(x,fr,1,2)
def s(): x.tb_next=y
t(s)
def s(): x.tb_next=x
t(s)
def s(): x.tb_next=1
t(s)
def s(): del x.tb_next
t(s)
def s(): x.tb_lineno=1
t(s)
def s(): x.tb_lasti=1
t(s)
t(lambda: T(None,fr,10,-1).tb_lineno)
def w(a):
    b=a
    def inner(q): 
        raise ValueError(q)
    try: inner(b)
    except ValueError as e: return e.__traceback__
tb=w(5)
while tb:
    print(tb.tb_lasti, tb.tb_lineno, tb.tb_frame.f_code.co_name, dict(tb.tb_frame.f_locals) if tb.tb_frame.f_code.co_name!='w' else 0)
    tb=tb.tb_next
class A:
    def m(self): return 1
class B(A):
    def m(self): return super().m()+1
    def n(self):
        self.x=lambda: self
        return super().m()
print(B().m(), B().n(), A.__module__)
