"""Hexadecimal and base64 in pieces of all lengths, and what is refused."""
import base64
import binascii

data = bytes(i * 167 & 255 for i in range(5000))
for n in [*range(140), 1000, 4097]:
    part = data[:n]
    digits = binascii.hexlify(part)
    assert digits == part.hex().encode() == "".join("%02x" % b for b in part).encode()
    assert binascii.unhexlify(digits) == part == bytes.fromhex(digits.decode().upper())
    assert base64.b64decode(base64.b64encode(part)) == part
    for group in (1, 2, 3, -1, -2, 100, 0):
        assert binascii.hexlify(part, "-", group) == part.hex("-", group).encode()
print(binascii.hexlify(data[:7], ":", 2), data[:7].hex(":", -3))

refused = [b"0g", b"0", b"/0", b":0", b"@0", b"G0", b"`0", b"\xff0", "0\xe9", bytearray(b"zz"), memoryview(b"0123")[::2], 5, None, b""]
for f in (binascii.unhexlify, binascii.a2b_base64, binascii.a2b_uu, bytes.fromhex, base64.b16decode, binascii.hexlify):
    for text in refused:
        try:
            result = f(text)
        except Exception as e:
            result = f"{type(e).__name__}: {e}"
        print(f.__name__, text if type(text) is not memoryview else "strided", result)
