# Arguments that are refused, and what is left behind after an error: compressors, accounts, text files, descriptors.
import bz2
import grp
import io
import locale
import lzma
import os
import pwd
import select
import tempfile
import warnings


def show(function, *args, **kwargs):
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        print(type(error).__name__, error)
    else:
        print(type(result).__name__)


damaged = bytes.fromhex(
    "425a6839314159265359000000000000007fffff000000000000000000000000"
    "00000000000000000000000000000000000000e0370000000000000000000000"
    "000000000000000000000000000000000000000000000000000083f3"
)
for decompressor in (bz2.BZ2Decompressor(), lzma.LZMADecompressor()):
    for data in (damaged, b"", b"BZh9"):
        show(decompressor.decompress, data)
        print(decompressor.needs_input, decompressor.eof, decompressor.unused_data)

for filters in (None, 5, {}, [], {1, 2}, iter([]), object()):
    show(lzma.LZMADecompressor, lzma.FORMAT_RAW, None, filters)
for number in (-1, 10, 2**32, 2**70, -2**70, "a", 1.5):
    show(lzma.LZMACompressor, preset=number)
    show(lzma.LZMACompressor, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": number}])
    show(lzma.LZMACompressor, filters=[{"id": number}])

for function in (grp.getgrgid, pwd.getpwuid):
    for number in (-1, 2**31 + 5, 2**32 - 1, 2**32, 2**64, 2**128, -2**128, -2, 2**32 - 2, 1.5, "a"):
        show(function, number)

print(select.EPOLLET)
show(locale.strcoll, "a\0", "b")
show(locale.strxfrm, "a\0")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(os.path.exists(True), os.path.isdir(False))
print([(w.category.__name__, str(w.message)) for w in caught])

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "text")
    with open(path, "wb") as f:
        f.write(b"one\n" + b"123456789\n" * 1000 + b"\x80")
    for read in (lambda f: list(f), lambda f: f.read(9000), lambda f: f.read()):
        with io.open(path, encoding="ascii") as f:
            print(repr(f.readline()), repr(f.readline()))
            show(read, f)
            print(repr(f.readline()), repr(f.read()))

import _stat
import inspect

for cls in (type(None), type(...), type(NotImplemented)):
    print(inspect.signature(cls))
print({name: value for name, value in vars(_stat).items() if name.startswith(("SF_", "UF_"))})
read, write = os.pipe()
poll = select.poll()
poll.register(read, select.POLLIN)
os.write(write, b"x")
for timeout in (None, -1000, -0.1, -1e-100, 0, 1e-100):
    print(poll.poll(timeout) == [(read, select.POLLIN)])
