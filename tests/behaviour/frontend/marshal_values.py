# What marshal writes, marks as shared, reads and refuses.
import marshal
def t(f,a,*rest):
    try: print(f(a,*rest) if rest else f(a))
    except BaseException as e: print(type(e).__name__, e)
a = slice([], None); a.start.append(a)
t(marshal.dumps,a,5); t(marshal.dumps,a,2); t(marshal.dumps,a,4)
a=[]; a.append(a); t(marshal.dumps,a,2); a.clear()
def f(): return 1234.5
code=f.__code__; a=[]
code = code.replace(co_consts=code.co_consts + (a,)); a.append(code)
t(marshal.dumps,code,5); t(marshal.dumps,code,2); a.clear()
x=frozenset([1]);
class L(list): pass
l=[]; 
s=slice([],None); t(marshal.dumps,[s,s]); s=slice(1,2);t(marshal.dumps,[s,s])
t(marshal.dumps,[x,x]); t(marshal.dumps,[slice(1,2)],4)
t(marshal.loads,b'\xbe\x01\x00\x00\x00r\x00\x00\x00\x00')
t(marshal.loads,b'\xba\x01r\x00\x00\x00\x00NN')
t(marshal.loads,b'\xbar\x00\x00\x00\x00NN')
t(marshal.loads,b'\xa9\x01r\x00\x00\x00\x00')
t(marshal.loads,b'\xa9\x01[\x01\0\0\0r\x00\x00\x00\x00')
t(marshal.loads,b'\xa9\x02[\x01\0\0\0r\x00\x00\x00\x00r\x00\x00\x00\x00')
t(marshal.loads,b'\xbe\x01\0\0\0(\x01\0\0\0r\x00\x00\x00\x00')
class X: pass
t(marshal.dumps,X()); t(marshal.dumps,[1,X()]); t(marshal.dumps, L())
class I(int): pass
t(marshal.dumps, I(4)); t(marshal.dumps, type); t(marshal.dumps, bytearray(b"x"*3)); t(marshal.dumps, memoryview(b"abc")[::2])
t(marshal.dumps, [bytearray(b"x")]*2)
t(marshal.dumps,(1.5,), 1);t(marshal.dumps,1.5j, 1);t(marshal.dumps,"é"*3, 1);t(marshal.dumps,"é"*3, 5);t(marshal.dumps,"\udc80", 5)
t(marshal.dumps,"abc", 2);t(marshal.dumps,"abc", 3);t(marshal.dumps,"abc", 4);t(marshal.dumps,"a c", 4);t(marshal.dumps,"a c"*2, 4)
big=10**20
t(marshal.dumps,[big,big]); t(marshal.dumps,[10**20, 10**21-1, int("7777777")]); t(marshal.dumps,[5,5]); t(marshal.dumps,[float("1.5"),float("2.5")]); t(marshal.dumps, [[],[]]);t(marshal.dumps, {(): [(),()]})
t(marshal.dumps, [bytes(3), b"x", b"", "x", "", "é"]); t(marshal.dumps, {1,2,(3,4)}); t(marshal.dumps, frozenset([(3,4)]));t(marshal.dumps, [frozenset([(3,4)])])
t(marshal.dumps, [str(12345678), "".join(["a","b"])]); t(marshal.dumps,{"a":str(123)});t(marshal.dumps,[chr(200),chr(300)])
t(marshal.dumps,[i*1.0 for i in range(3)]); t(marshal.dumps,[(i,) for i in range(2)]);t(marshal.dumps,range(3))
t(marshal.loads, b""); t(marshal.loads, b"\xff"); t(marshal.loads, b"u\x02\0\0\0\xff\xff"); t(marshal.loads, b"<\x01\0\0\0[\0\0\0\0"); t(marshal.loads, b"{[\0\0\0\0N0")
t(marshal.dumps,1,7); t(marshal.dumps,1,-1); t(marshal.dumps,[big],-1); t(marshal.dumps,1,2**40); t(marshal.loads,"x"); t(marshal.loads,1)
t(marshal.loads,b"f\x03abc"); t(marshal.loads,b"f\x031e5");t(marshal.loads,b"f\x04 1e5");t(marshal.loads,b"f\x04inf "); t(marshal.loads,b"s\xff\xff\xff\xff")
import io
class R:
    def __init__(s,d): s.d=d
    def readinto(s,b):
        n=min(len(b),len(s.d)); print("ri",len(b)); b[:n]=s.d[:n]; s.d=s.d[n:]; return n
    def read(s,n=None):
        print("read",n); 
        if n==0: return b""
        r=s.d[:n]; s.d=s.d[n:]; return r
t(marshal.load,R(marshal.dumps([1,"abc",(2,3.5,"é")])))
class R2(R):
    def readinto(s,b): return len(b)+1
t(marshal.load,R2(b"abc"))
class R3(R):
    readinto=None
    def read(s,n): return "x"
t(marshal.load,R3(b"abc"))
class R4(R):
    def readinto(s,b): return None
t(marshal.load,R4(b"abc"))
class R5:
    def read(s,n): return b""
t(marshal.load,R5())
t(marshal.load,io.StringIO("abc"))
t(marshal.load,io.BytesIO(b"("))
t(marshal.load,io.BytesIO(b"")); t(marshal.load, io.BytesIO(b"i\0"))
t(marshal.load,io.BytesIO(b"s\x05\0\0\0a"))
