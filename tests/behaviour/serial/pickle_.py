# What _pickle writes and reads, and its messages.
import pickle, _pickle, io, copyreg, datetime, collections, enum, sys
print(pickle.Pickler is _pickle.Pickler)
class C:
    def __init__(s,a): s.a=a
    def __eq__(s,o): return s.__dict__==o.__dict__
class S:
    __slots__=('x','y')
class L(list): pass
class D(dict): pass
class E(enum.Enum): A=1; B=2
NT=collections.namedtuple('NT','a b')
rec=[]; rec.append(rec); rd={}; rd['x']=rd; rt=([],); rt[0].append(rt)
l=L([1,2]); l.z=3
objs=[None,True,False,0,1,-1,255,256,65535,65536,-2**31,2**31,2**63,-2**63,2**2000,-2**64,1.5,float('inf'),'', 'abc','é\u2028😀','\ud800','a\\b\n\r\0\x1a',b'',b'abc',b'x'*300,bytearray(),bytearray(b'ab'),(),(1,),(1,2),(1,2,3),(1,2,3,4),[],[1],[1,2],{},{'a':1},{'a':1,2:3},set(),{1},frozenset(),frozenset({1,2}),C(3),l,D(a=1),E.A,NT(1,2),datetime.date(2020,1,1),int,C,len,sys.exit,collections.OrderedDict(a=1),range(5),slice(1,2,3),complex(1,2),type(None),type(...),type(NotImplemented),NotImplemented,...,ValueError('x'),collections.deque([1,2]),list(range(1001)),dict.fromkeys(range(1001)),set(range(1001)),list(range(1000)),dict.fromkeys(range(1000)), 'x'*70000, b'x'*70000, bytearray(b'x'*70000), ['y'*40000]*3+['z'*40000,'w'*40000], C.__init__, str.join, [1].append if 0 else 1]
for o in objs:
    for p in range(6):
        try:
            s=_pickle.dumps(o,p)
        except BaseException as e:
            s=(type(e).__name__, str(e), getattr(e,'__notes__',None))
            print(p, s); continue
        h=s if len(s)<80 else (len(s), sum(s)%65521, s[:20], s[-20:])
        print(p,h)
        r=_pickle.loads(s)
        if not (r==o or o!=o or isinstance(o,(ValueError,))): print("DIFF",repr(o)[:50],repr(r)[:50])
        b=io.BytesIO(); _pickle.dump(o,b,p)
        assert b.getvalue()==s or len(s)>60000,(o,p)
        b.seek(0); _pickle.load(b)
for o in (rec,rd,rt):
    for p in range(6): print(_pickle.dumps(o,p)); _pickle.loads(_pickle.dumps(o,p))
def t(f,*a,**k):
    try: print(f(*a,**k))
    except BaseException as e: print(type(e).__name__, e, getattr(e,'__notes__',None), type(e.__context__).__name__)
def loc():
    class Z: pass
    return Z
class R:
    def __init__(s,*a): s.r=a
    def __reduce_ex__(s,p): return s.r[0]
for r in (3,(1,),(int,),(1,2),(int,2),(int,(),None,3),(int,(),None,None,3),(int,(),None,None,None,3),(int,(),1,2,3,4,5),(copyreg.__newobj__,()),(copyreg.__newobj__,(3,)),(copyreg.__newobj__,(int,)),(copyreg.__newobj_ex__,()),(copyreg.__newobj_ex__,(1,2,3)),(copyreg.__newobj_ex__,(R,2,3)),(copyreg.__newobj_ex__,(R,(),3)),(int,(),object()),(int,(),None,iter([len.__self__])),(int,(),None,None,iter([3])),(int,(),None,None,iter([(1,len.__self__)]))):
    for p in (0,2,4): t(_pickle.dumps,R(r),p)
for s in (b'',b'.',b'N',b'0.',b'(.',b'(0N.',b'g0\n.',b'h\0.',b'j\0\0\0\0.',b'I1\n.',b'Ix\n.',b'Lx\n.',b'I01\n.',b'Fx\n.',b'F1.5\n.',b'Sabc\n.',b"S'a\\x41'\n.",b'U\x01\xff.',b'T\xff\xff\xff\xff.',b'X\x05\0\0\0a.',b'\x80\x06.',b'\x80',b'\x95\x05\0\0\0\0\0\0\0N.',b'\x95\xff\xff\xff\xff\xff\xff\xff\xff.',b'Z',b'\xff',b"'",b'cos\nnope\n.',b'cnope\nx\n.',b'c\n\n.',b'N\x93.',b'K\x01K\x02\x93.',b'\x8c\x02os\x8c\x09path.nope\x93.',b'\x80\x04\x8c\x02os\x8c\x09path.nope\x93.',b'\x80\x04\x8c\x02os\x8c\x04nope\x93.',b'NNb.',b'KKR.',b'NN\x81.',b'cbuiltins\nint\nN\x81.',b'cbuiltins\nint\n)N\x92.',b'(Nd.',b'}(Nu.',b'}Na.',b']N}s.',b'\x97.',b'Pab\n.',b'K\x01Q.',b'\x82\0.',b'\x82\x01.',b'p0\n.',b'Np-1\n.',b't.',b'\x85.',b'NN2.',b'\x8a\x01\xff.',b'\x8b\xff\xff\xff\xff.',b'Va\\u0041\n.',b'(ibuiltins\nint\n.',b'(cbuiltins\nint\nK\x05o.',b'(l.', b'(K\x01K\x02\x91.', b'\x8f(K\x01\x90.', b'NK\x05b.',b'cbuiltins\nlist\n)\x81K\x05b.', b'c__builtin__\nxrange\n.'):
    t(_pickle.loads,s); t(_pickle.load,io.BytesIO(s))
t(_pickle.loads,'a'); t(_pickle.load,3); t(_pickle.Pickler,3); t(_pickle.Unpickler,3)
class P(_pickle.Pickler):
    def persistent_id(s,o): return 'id' if o==5 else None
class U(_pickle.Unpickler):
    def persistent_load(s,i): return ('got',i)
    def find_class(s,m,n): print('find',m,n); return super().find_class(m,n)
for p in (0,1,4):
    b=io.BytesIO(); P(b,p).dump([1,5,int]); print(b.getvalue()); b.seek(0); print(U(b).load())
class P2(_pickle.Pickler):
    def reducer_override(s,o):
        if o is int: return (str,('int',))
        return NotImplemented
b=io.BytesIO(); P2(b).dump([int,C,3]); b.seek(0); print(_pickle.load(b))
b=io.BytesIO(); p=_pickle.Pickler(b); p.dump([1]); p.dump([1]); print(b.getvalue(), len(p.memo.copy())); p.clear_memo(); x=[1]; p.dump(x); p.dump(x); print(b.getvalue()); print(p.memo.copy()=={id(x):(0,x)}); b.seek(0); u=_pickle.Unpickler(b); print([u.load() for _ in range(4)], u.memo.copy())
bufs=[]; pb=_pickle.PickleBuffer(bytearray(b'abc')); s=_pickle.dumps([pb,_pickle.PickleBuffer(b'x')],5,buffer_callback=bufs.append); print(s,len(bufs)); t(_pickle.loads,s); t(_pickle.loads,s,buffers=[]); print(_pickle.dumps(pb,5)); t(_pickle.dumps,pb,4); print(pb.raw().tobytes()); pb.release(); t(pb.raw); t(_pickle.PickleBuffer,3)
print(_pickle.loads(b"\x80\x02U\x03abc.",encoding='bytes'))
class SS:
    def __getstate__(s): return ({'a':1},{'x':2})
print(vars(_pickle.loads(_pickle.dumps(SS()))))
