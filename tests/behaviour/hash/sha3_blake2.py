# Digests, parameters and messages of _sha3 and _blake2.
import _sha3,_blake2,hashlib
for n in ('sha3_224','sha3_256','sha3_384','sha3_512'):
    f=getattr(_sha3,n)
    for d in (b'',b'abc',b'x'*71,b'x'*72,b'x'*1000): print(n,f(d).hexdigest())
    h=f(); h.update(b'ab'); c=h.copy(); h.update(b'c'); print(h.hexdigest()==f(b'abc').hexdigest(), c.hexdigest()==f(b'ab').hexdigest(), h.name,h.block_size,h.digest_size,h._rate_bits,h._capacity_bits,h._suffix)
for n in ('shake_128','shake_256'):
    f=getattr(_sha3,n)
    for d in (b'',b'abc',b'x'*1000): print(n,f(d).hexdigest(300))
for f in (_blake2.blake2b,_blake2.blake2s):
    for d in (b'',b'abc',b'x'*64,b'x'*128,b'x'*129,b'x'*1000): print(f.__name__,f(d).hexdigest())
    h=f(b'a',digest_size=20,key=b'k',salt=b's',person=b'p',fanout=2,depth=2,leaf_size=3,node_offset=5,node_depth=1,inner_size=4,last_node=True); print(h.hexdigest()); h.update(b'y'*500); c=h.copy(); h.update(b'1'); print(c.hexdigest(),h.digest_size,h.block_size,h.name,f.SALT_SIZE)
def t(f,*a,**k):
    try: r=f(*a,**k); print(r if isinstance(r,(int,str,bytes)) else type(r))
    except BaseException as e: print(type(e).__name__, e)
b=_blake2.blake2b
for kw in (dict(digest_size=0),dict(digest_size=65),dict(key=b'x'*65),dict(salt=b'x'*17),dict(person=b'x'*17),dict(fanout=256),dict(depth=0),dict(leaf_size=2**32),dict(node_offset=2**64),dict(node_depth=256),dict(inner_size=65),dict(string=b''),dict(data=b'',string=b''),dict(usedforsecurity=0),dict(fanout=-1),dict(leaf_size=-1),dict(node_offset=-1)):
    t(b,**kw); t(_blake2.blake2s,**kw)
t(b,'a'); t(b,3); t(b,b'',b''); t(_sha3.sha3_256,'a'); t(_sha3.shake_128().digest); t(_sha3.shake_128().digest,-1); t(_sha3.shake_128().digest,2**29); t(_sha3.sha3_224().update,'x'); t(lambda: _sha3.shake_128().digest(length=3)); print(_sha3.shake_128().digest_size, _sha3.sha3_224().block_size,_sha3.shake_256().block_size,_sha3.shake_256().name); t(_sha3.sha3_224,data=b'x',string=b'y')
