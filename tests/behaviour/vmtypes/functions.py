# Functions and code objects: attributes, their setters, constructors, replace.
def f(a,/,b,*c,d=3,**e):
    x=1
    def g(): return x,a
    return g
c=f.__code__
FT=type(f); CT=type(c)
def s(n,v):
    try:
        setattr(f,n,v); print(n, getattr(f,n))
    except Exception as e: print(n,type(e).__name__,e)
for n in '__code__ __name__ __qualname__ __defaults__ __kwdefaults__ __annotations__ __annotate__ __type_params__ __closure__ __globals__ __dict__ __doc__ __module__'.split():
    s(n,5)
    try: delattr(f,n); print('del ok', n, getattr(f,n))
    except Exception as e: print(n,type(e).__name__,e)
s('__annotate__', None)
f.__annotate__ = lambda x: 5
try: f.__annotations__
except Exception as e: print(type(e).__name__, e)
def ann(a:int,b:str)->float: pass
print(ann.__annotations__)
def r(**k):
    try: print(repr(c.replace(**k))[:20])
    except Exception as e: print(type(e).__name__,e)
r(co_argcount=-1); r(co_varnames=('a',)); r(co_code=b'a'); r(co_code=3); r(co_names=(1,)); r(zz=1); r(co_names=1); r(co_consts=[]); r(co_name=1); r(co_nlocals=1); r(co_argcount='a'); r(co_argcount=10);r(co_kwonlyargcount=100)
def ff(*a,**k):
    try: print(FT(*a,**k).__name__)
    except Exception as e: print(type(e).__name__,e)
def cl():
    a=1
    def k(): return a
    return k
s('__code__', cl().__code__)
ff(); ff(1,{}); ff(c,1); ff(c,{},1);ff(c,{},None,1);ff(c,{},None,None,1);ff(c,{},None,None,(1,))
kc=cl().__code__
ff(kc,{});ff(kc,{},closure=());ff(kc,{},closure=(1,)); ff(c,{},kwdefaults=1); ff(c,{},closure=(1,)); ff(c,{},'nn')
print(c==c.replace(), hash(c)==hash(c.replace()), c==c.replace(co_name='zz'))
c2=c.replace(co_consts=c.co_consts+(object,))
print(c2==c, c2==c2.replace(), c2.co_consts[-1])
for n in dir(c):
    if n.startswith('co_'):
        v=getattr(c,n)
        if callable(v): v=list(v())
        if n!='co_consts' and n!='co_filename': print(n,v)
def br(x):
    for i in x:
        if i and x or y is None: print(1)
    async def q():
        async for z in x: pass
    return q
print(list(br.__code__.co_branches()))
def q(): 
    yield 1
f2=FT(c,globals(),'nn',(1,),None,{'d':4})
f2.__code__=c.replace(co_name='zz')
print(f2.__name__, f2.__dict__, f2.__type_params__)
f2.zz=3; print(f2.__dict__); f2.__dict__={'u':3}; print(f2.u)
