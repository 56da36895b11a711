# zlib there and back, its messages; SimpleQueue.
import zlib
def t(f,*a,**k):
    try: print(f(*a,**k))
    except BaseException as e: print(type(e).__name__, e)
d=b'hello world, hello zlib. '*1000
for lv in (-1,0,1,6,9):
    for wb in (15,-15,31,9,-9):
        c=zlib.compress(d,lv,wbits=wb); assert zlib.decompress(c,wbits=wb)==d
        o=zlib.decompressobj(wb); assert b''.join(o.decompress(c[i:i+7]) for i in range(0,len(c),7))+o.flush()==d and o.eof
c=zlib.compress(d); print(zlib.crc32(d),zlib.adler32(d),zlib.crc32(b'a',5),zlib.crc32(b'a',-1),zlib.adler32(b'a',2**40+3),zlib.crc32(d[5:],zlib.crc32(d[:5]))==zlib.crc32(d))
t(zlib.compress,b'',99); t(zlib.compress,b'',wbits=99); t(zlib.compress,'a'); t(zlib.decompress,b''); t(zlib.decompress,b'abc'); t(zlib.decompress,c[:-1]); t(zlib.decompress,c[:20]); t(zlib.decompress,c[:-1]+b'x'); print(zlib.decompress(c,bufsize=0)==d); t(zlib.decompress,c,wbits=99); t(zlib.compressobj,99); t(zlib.compressobj,wbits=0); t(zlib.decompressobj,99); t(zlib.decompressobj,zdict=3)
o=zlib.decompressobj(); a=o.decompress(c+b'tail',100); print(len(a),o.eof,o.unused_data,len(o.unconsumed_tail)>0); b=o.decompress(o.unconsumed_tail); print(a+b==d,o.eof,o.unused_data,o.unconsumed_tail); print(o.flush(),o.unused_data); t(o.decompress,b'more'); t(o.copy)
o=zlib.compressobj(); x=o.compress(d)+o.flush(zlib.Z_SYNC_FLUSH); o2=o.copy(); y=o.compress(d)+o.flush(); y2=o2.compress(b'z')+o2.flush(); print(zlib.decompress(x+y)==d+d, zlib.decompress(x+y2)==d+b'z'); t(o.compress,b'a'); t(o.flush); t(o.copy)
zd=b'hello world'; o=zlib.compressobj(zdict=zd); z=o.compress(d)+o.flush(); t(zlib.decompress,z); print(zlib.decompressobj(zdict=zd).decompress(z)==d); t(zlib.decompressobj(zdict=b'x').decompress,z); t(zlib.decompressobj().decompress,z)
o=zlib.decompressobj(); t(o.decompress,c,-1); t(o.flush,0); t(o.decompress,b'xyz')
p=zlib._ZlibDecompressor(); print(len(p.decompress(c+b'rest',50)),p.eof,p.needs_input,p.unused_data); r=p.decompress(b''); print(len(r),p.eof,p.needs_input,p.unused_data); t(p.decompress,b'')
import gzip,io; b=io.BytesIO(); g=gzip.GzipFile(fileobj=b,mode='wb'); g.write(d); g.close(); print(gzip.decompress(b.getvalue())==d, gzip.decompress(gzip.compress(d))==d)
import zipfile; b=io.BytesIO(); z=zipfile.ZipFile(b,'w',zipfile.ZIP_DEFLATED); z.writestr('a',d); z.close(); print(zipfile.ZipFile(b).read('a')==d)
t(zlib.decompress,b'',bufsize=-1)
import _queue,threading,time
q=_queue.SimpleQueue(); q.put(1); q.put_nowait(2); print(q.qsize(),q.empty(),q.get(),q.get_nowait(),q.empty()); t(q.get_nowait); t(q.get,True,0.01); t(q.get,timeout=-1); t(q.get,True,'a')
th=threading.Thread(target=lambda:(time.sleep(.05),q.put('x'))); th.start(); print(q.get(timeout=5)); th.join(); print(_queue.SimpleQueue[int])
