"""lzma: containers, filters, streams in parts, errors."""
import _lzma
import lzma


def show(f, *args, **kwargs):
    try:
        print(repr(f(*args, **kwargs))[:100])
    except BaseException as e:
        print(type(e).__module__, type(e).__name__, e)


data = bytes(range(256)) * 40 + b"taipan " * 300
for kwargs in (
    {},
    {"check": lzma.CHECK_SHA256, "preset": 9},
    {"preset": 1 | lzma.PRESET_EXTREME},
    {"format": lzma.FORMAT_ALONE},
    {"filters": [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 7, "lc": 2, "mf": lzma.MF_BT4}]},
    {"format": lzma.FORMAT_ALONE, "filters": [{"id": lzma.FILTER_LZMA1, "dict_size": 65536}]},
):
    packed = lzma.compress(data, **kwargs)
    d = lzma.LZMADecompressor()
    out = b"".join(d.decompress(packed[i : i + 7]) for i in range(0, len(packed), 7))
    print(out == data, d.eof, d.check, d.needs_input, d.unused_data, lzma.decompress(packed) == data)
chain = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2}]
packed = lzma.compress(data, lzma.FORMAT_RAW, filters=chain)
print(lzma.decompress(packed, lzma.FORMAT_RAW, filters=chain) == data)

d = lzma.LZMADecompressor()
print(d.decompress(lzma.compress(b"abc" * 100) + b"tail", max_length=10), d.needs_input, d.eof)
print(len(d.decompress(b"")), d.eof, d.unused_data)
show(d.decompress, b"")

C, D = lzma.LZMACompressor, lzma.LZMADecompressor
for kwargs in (
    {"format": 99},
    {"check": 99},
    {"format": lzma.FORMAT_RAW},
    {"filters": [{"id": lzma.FILTER_LZMA2}], "preset": 5},
    {"preset": 99},
    {"filters": [{}]},
    {"filters": 5},
    {"filters": [{"id": 33, "x": 1}]},
    {"filters": []},
    {"format": lzma.FORMAT_ALONE, "check": 1},
):
    show(C, **kwargs)
show(D, 99)
show(D, lzma.FORMAT_RAW)
show(D, lzma.FORMAT_XZ, filters=[{"id": 33}])
show(D, lzma.FORMAT_RAW, memlimit=5, filters=[{"id": 33}])
show(D, memlimit=-1)
show(D().decompress, b"abcdefghijkl")
show(D(memlimit=100).decompress, lzma.compress(b"x"))
broken = bytearray(lzma.compress(b"x" * 100))
broken[-30] ^= 1
show(D().decompress, bytes(broken))

print(_lzma._encode_filter_properties({"id": 33}), _lzma._decode_filter_properties(33, b"\x16"))
print(_lzma._encode_filter_properties({"id": lzma.FILTER_LZMA1, "lc": 1, "dict_size": 4096}))
print(_lzma._decode_filter_properties(lzma.FILTER_LZMA1, b"\x5d\0\0\x80\0"))
print(_lzma._decode_filter_properties(lzma.FILTER_DELTA, b"\0"), _lzma._decode_filter_properties(4, b""))
show(_lzma._encode_filter_properties, {"id": 77})
show(_lzma._decode_filter_properties, 33, b"xx")
