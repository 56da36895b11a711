"""The multi-byte encodings of East Asia: all characters, all sequences of two bytes, errors, states, streams."""

import codecs
import hashlib
import io

NAMES = """gb2312 gbk gb18030 hz big5hkscs iso2022_kr iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3
iso2022_jp_ext shift_jis cp932 euc_jp shift_jis_2004 euc_jis_2004 euc_jisx0213 shift_jisx0213 euc_kr cp949 johab big5
cp950""".split()
ESCAPES = [b"\x1b$B", b"\x1b$(D", b"\x1b$(O", b"\x1b$(P", b"\x1b$(Q", b"\x1b$A", b"\x1b$(C", b"\x1b$)C\x0e", b"\x1b(I"]


def digest(parts):
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()[:12]


def characters(name):
    for start in range(0, 0x30000, 1 << 14):
        text = "".join(map(chr, range(start, start + (1 << 14))))
        yield text.encode(name, "replace")


def sequences(name):
    prefixes = [b""]
    if "euc_j" in name:
        prefixes = [b"", b"\x8f"]
    elif name.startswith("iso2022"):
        prefixes = ESCAPES
    elif name == "hz":
        prefixes = [b"", b"~{"]
    for prefix in prefixes:
        if prefix and prefix.decode(name, "replace").startswith("\ufffd"):
            continue
        for a in range(256):
            data = b"".join(bytes([a, b, 10]) for b in range(256))
            yield ascii((prefix + data).decode(name, "replace")).encode()


for name in NAMES:
    print(name, digest(characters(name)), digest(sequences(name)))


def show(f, *args):
    try:
        print(ascii(f(*args)))
    except Exception as e:
        print(type(e).__name__, e)


print("errors")
for name in NAMES:
    for data in b"\x80", b"a\xff\xff", b"\x81", b"\xa4\xd4\xa4", b"\x84\x30\x81", b"\x1b$B!", b"\x1b(Z", b"~x", b"\x8f\xa1":
        show(data.decode, name)
    for text in "a\ud800", "\u0378b", "\U0001f600":
        show(text.encode, name)
    for handler in "replace", "ignore", "xmlcharrefreplace", "namereplace", "surrogateescape":
        show("\u3042\ufdd0a\uac00".encode, name, handler)
        show(b"\xa4\xa2\xff\xff\x81a".decode, name, handler)

print("ends")
for name in "iso2022_jp_3", "euc_jis_2004", "shift_jisx0213":
    show("\u30ab\0\u304b\U00010000x".encode, name)
for data in b"\x81\x30\xff\x30", b"\x8f\x39\xff\x39", b"\x90\x30\xff\x30", b"\x81\x30\xfe\x39":
    show(data.decode, "gb18030")

print("states")
for name in NAMES:
    encoder = codecs.getincrementalencoder(name)("replace")
    out = []
    for piece in "\u304b", "\u309a\u304b", "\xca", "a\u554a~", "":
        out += [encoder.encode(piece), hex(encoder.getstate())]
    state = encoder.getstate()
    out.append(encoder.encode("\u3042", True))
    encoder.setstate(state)
    out.append(encoder.encode("\u3042", True))
    print(name, out)
    decoder = codecs.getincrementaldecoder(name)("replace")
    data = "\u3042a\u4e00\uac00b".encode(name, "ignore")
    print([(ascii(decoder.decode(bytes([b]))), decoder.getstate()) for b in data], ascii(decoder.decode(b"", True)))

print("streams")
for name in "cp932", "iso2022_jp", "euc_jis_2004", "hz":
    stream = io.BytesIO()
    writer = codecs.getwriter(name)(stream, "ignore")
    writer.write("\u3042\n")
    writer.writelines(["\u304b", "\u309a\n", "\u304b"])
    writer.reset()
    print(name, stream.getvalue())
    stream.seek(0)
    reader = codecs.getreader(name)(stream, "replace")
    print(ascii(reader.readline()), ascii(reader.read(1)), ascii(reader.readlines()), reader.errors)

print("arguments")
decoder = codecs.getincrementaldecoder("euc_jp")()
show(decoder.setstate, (b"123456789", 0))
show(decoder.setstate, 1)
show(decoder.setstate, (b"", -1))
encoder = codecs.getincrementalencoder("euc_jp")()
show(encoder.setstate, "x")
show(encoder.setstate, 9)
show(encoder.setstate, 1 << 200)
show(setattr, encoder, "errors", 1)
show(delattr, encoder, "errors")
import _codecs_jp
import _multibytecodec

show(_codecs_jp.getcodec, "gbk")
show(_codecs_jp.getcodec, 1)
show(_multibytecodec.MultibyteIncrementalEncoder)
show(type(_codecs_jp.getcodec("cp932")))
show(_codecs_jp.getcodec("cp932").encode, 1)
decoder = codecs.getincrementaldecoder("iso2022_jp")("replace")
decoder.setstate((b"", 0xFF))
show(decoder.decode, b"!")

print("sources")

namespace = {}
exec("# coding: euc_kr\nx = '\uac00'".encode("euc_kr"), namespace)
print(ascii(namespace["x"]))
show(compile, b"# coding: shift_jis\nx = '\x81\x20'", "f", "exec")
