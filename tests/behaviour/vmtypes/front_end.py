# The modules of the front end: trees, tokens, symbol tables, opcodes.
import _ast as ast, _opcode, _tokenize, _symtable
def parse(s, mode='exec', flags=0x400): return compile(s,'x',mode,flags)
n=ast.Name('x'); 
def t(f):
    try: print(repr(f()))
    except Exception as e: print(type(e).__name__, e)
t(lambda: parse('x=1;y=f(a,b,c)')); t(lambda: parse('')); print(ast.Name('x'), ast.List([1,2,3]), ast.Tuple((1,2)), ast.Load(), ast.AST())
t(lambda: n.__replace__(1)); t(lambda: n.__replace__(zz=1)); t(lambda: n.__replace__(id='u')); m=ast.Name('x'); del m.id; t(lambda:m.__replace__()); t(lambda: repr(m)); t(lambda: n.__reduce__()); t(lambda: ast.BinOp.__new__(ast.BinOp).__replace__()); t(lambda: ast.BinOp.__new__(ast.BinOp).__replace__(left=1))
t(lambda: ast.Name('x',1,2)); t(lambda: ast.Pass(1)); t(lambda: ast.Name('x',id=3)); t(lambda: compile(1,'x','exec')); t(lambda: compile(ast.Name('x'),'x','exec')); t(lambda: compile(ast.Expression(ast.Name('x')),'x','eval')); t(lambda: compile(ast.Expression(1),'x','eval')); t(lambda: compile(ast.Module(1,[]),'x','exec')); t(lambda: compile(ast.Expression(ast.Name(1,lineno=1,col_offset=1)),'x','eval'))
t(lambda: compile(ast.Expression(ast.Constant(object(),lineno=1,col_offset=1)),'x','eval'));t(lambda: compile(ast.Expression(ast.Name('x','y',lineno=1,col_offset=1)),'x','eval'));t(lambda: compile(ast.Expression(ast.Name('x',lineno='a',col_offset=1)),'x','eval'));t(lambda: compile(ast.Expression(ast.Name('x',lineno=None,col_offset=1)),'x','eval'));t(lambda: compile(ast.Expression(None),'x','eval'));t(lambda: compile(ast.Module([None],[]),'x','exec'));t(lambda: compile(ast.Expression(ast.Name(None,lineno=1,col_offset=1)),'x','eval'))
e=ast.Expression.__new__(ast.Expression); t(lambda: compile(e,'x','eval'))
t(lambda: compile(ast.Expression(ast.Constant(1,kind=3,lineno=1,col_offset=1)),'x','eval'))
t(lambda: ast.AST(1)); t(lambda: ast.Module.__init__.__doc__)
t(lambda: ast.Constant._field_types); t(lambda: ast.Module.__annotations__)
class MyN(ast.AST): _fields=('a','b')
t(lambda: MyN(1).__dict__)
src='''
def f(a, b: int=3, /, *c, d=4, **e) -> int:
    "doc"
    global g
    x: int = [i for i in range(10) if i] + [*c] # c
    with open(x) as q, z: return f"{x!r:>{d}} {a}" + b"x" + t"{a}"
    try: raise E from None
    except* (A, B) as k: pass
    match a:
        case [1, *r] | {"k": 3, **r} | P(1, z=r) if x: pass
        case None: nonlocal_ = 1j + 123456789012345678901234567890
    lambda *a, k=1: (yield)
class C[T: int, *Ts, **P](B, metaclass=M):
    @dec
    async def m(self):
        async for i in x: await i
type X[T] = list[T]
from . import a as b, c
'''
def dump(n, d=0):
    if isinstance(n, ast.AST):
        return type(n).__name__ + '(' + ', '.join([f + '=' + dump(getattr(n,f,'?')) for f in n._fields]) + ')' + ('@' + repr((n.lineno,n.col_offset,n.end_lineno,n.end_col_offset)) if n._attributes else '')
    if isinstance(n, list): return '[' + ', '.join([dump(x) for x in n]) + ']'
    return repr(n)
tree=parse(src); print(dump(tree))
c1=compile(tree,'x','exec'); c2=compile(src,'x','exec'); print(c1==c2)
print(dump(compile('1+2; assert __debug__','x','exec',0x8400)))
print(dump(compile('(int, str) -> int','x','func_type',0x400)))
print(sorted([k for k in dir(ast) if k[0]!='_']))
for k in dir(ast):
    v=getattr(ast,k)
    if k[0]!='_' and isinstance(v,type): print(k, v.__mro__, v._fields, v._attributes, v.__doc__, v.__dict__.get('_field_types'), v.__match_args__, [a for a in dir(v) if a[0]!='_'])
class RL:
    def __init__(self,s): self.l=s.splitlines(True); self.i=0
    def __call__(self):
        self.i+=1
        if self.i>len(self.l): return ''
        return self.l[self.i-1]
def tok(s,x=True):
    try:
        for k in _tokenize.TokenizerIter(RL(s),extra_tokens=x): print(k)
    except Exception as e: print(type(e).__name__, e.args)
for s in [src, 'x=1', 'if a:\n  b\n  # c\n\n', 'é = "ü" + """a\nb""" \\\n + 3\n', '(', "'abc", 'a\n  b\n c\n', '', '\n', 'x = $', '  \n', 'f"{x\n!r}"\n', 'f(1,\n  2) # c\ny\n', "'''abc\n", '1_\n', 'a\r\nb\r\n']: tok(s)
tok('x=1\nif y:\n  z\n', False)
t(lambda: list(_tokenize.TokenizerIter(lambda: 1, extra_tokens=True)))
it=iter([b'x = \xc3\xa9\n']); t(lambda: list(_tokenize.TokenizerIter(it.__next__, extra_tokens=True, encoding='utf-8')))
t(lambda: _tokenize.TokenizerIter()); t(lambda: _tokenize.TokenizerIter(1))
def st(e,d=0):
    print(' '*d, e.name, e.symbols, e.varnames, e.nested, e.type, e.lineno)
    for c in e.children: st(c,d+1)
st(_symtable.symtable(src,'x','exec'))
t(lambda: _symtable.symtable('x','x','foo').name); t(lambda: _symtable.symtable('x=','x','exec')); t(lambda: _symtable.symtable('return','x','exec').name); t(lambda: _symtable.symtable('def f(a,a): pass','x','exec'))
for n in range(-1,270):
    o=_opcode
    print(n, o.is_valid(n), o.has_arg(n), o.has_const(n), o.has_name(n), o.has_jump(n), o.has_free(n), o.has_local(n), o.has_exc(n))
    for a in (None,3,1000):
        for j in (None,True,False):
            try: print(n,a,j,o.stack_effect(n,a,jump=j))
            except Exception as e: print(n,a,j,type(e).__name__, e)
t(lambda:o.get_nb_ops()); t(lambda: o.get_intrinsic1_descs()); t(lambda: o.get_intrinsic2_descs()); t(lambda: o.get_special_method_names()); t(lambda: o.stack_effect(1,jump=3)); t(lambda:o.get_executor(1,2))
