"""zlib and bz2: round trips, streams in parts, dictionaries, ends, errors."""
import bz2
import copy
import gzip
import zlib


def show(f, *args, **kwargs):
    try:
        print(repr(f(*args, **kwargs))[:90])
    except BaseException as e:
        print(type(e).__module__, type(e).__name__, e)


data = bytes(range(256)) * 40 + b"taipan " * 300
for wbits in (15, -15, 31, 9):
    packed = zlib.compress(data, 6, wbits)
    print(len(packed) < len(data), zlib.decompress(packed, wbits) == data)
    d = zlib.decompressobj(wbits)
    out = b"".join(d.decompress(packed[i : i + 7]) for i in range(0, len(packed), 7))
    print(out == data, d.eof, d.unused_data, d.unconsumed_tail)
print(zlib.decompress(zlib.compress(data), bufsize=1) == data)
print(gzip.decompress(gzip.compress(data)) == data, bz2.decompress(bz2.compress(data)) == data)

c = zlib.compressobj(9)
head = c.compress(data[:5000])
twin = c.copy()
for each in (c, twin, copy.deepcopy(c)):
    print(zlib.decompress(head + each.compress(data[5000:]) + each.flush()) == data)
c = zlib.compressobj()
part = c.compress(b"abc") + c.flush(zlib.Z_SYNC_FLUSH)
print(zlib.decompressobj().decompress(part))
part += c.compress(b"def") + c.flush()
show(c.flush)
show(c.compress, b"x")
show(c.copy)

d = zlib.decompressobj()
print(d.decompress(part, 2), d.unconsumed_tail != b"", d.eof)
print(d.flush(), d.eof)
d = zlib.decompressobj()
print(d.decompress(part + b"tail"), d.unused_data, d.eof)
d.decompress(b"more")
print(d.unused_data)

c = zlib.compressobj(zdict=b"hello world")
packed = c.compress(b"hello world, hello") + c.flush()
print(zlib.decompressobj(zdict=b"hello world").decompress(packed))
show(zlib.decompress, packed)
show(zlib.decompressobj(zdict=b"other").decompress, packed)
show(zlib.decompressobj, zdict=5)

show(zlib.decompress, b"abc")
show(zlib.decompress, zlib.compress(b"x" * 100)[:-2])
show(zlib.decompress, b"", 99)
show(zlib.decompress, b"", bufsize=-1)
show(zlib.compress, b"x", 99)
show(zlib.compressobj, 99)
show(zlib.decompressobj, 99)
show(type(c))
show(zlib.decompressobj().decompress, b"", -1)
show(zlib.decompressobj().flush, 0)
print(zlib.adler32(b"abc"), zlib.adler32(b"abc", 2**40), zlib.crc32(b"abc"), zlib.crc32(b"abc", -1))
show(zlib.crc32, "abc")

for make, packed in (
    (zlib._ZlibDecompressor, zlib.compress(b"abc" * 100)),
    (bz2.BZ2Decompressor, bz2.compress(b"abc" * 100)),
):
    d = make()
    print(d.needs_input, d.decompress(packed + b"tail", max_length=10), d.needs_input, d.eof)
    print(len(d.decompress(b"")), d.needs_input, d.eof, d.unused_data)
    show(d.decompress, b"")

c = bz2.BZ2Compressor(1)
packed = c.compress(data) + c.flush()
print(bz2.decompress(packed) == data)
show(c.flush)
show(c.compress, b"")
show(bz2.BZ2Compressor, 0)
show(bz2.BZ2Decompressor().decompress, b"not bzip2 at all")
