"""Writes the tables of this folder from the Python that runs it (CPython 3.14).

A file is a layer over those below it (LAYERS). Its lines:

    CODE text      the characters of CODE and the codes after it
    CODE = X X     a code of two characters
    CODE -         no such code any more
    X > CODE       a character that is not encoded as one expects: as the first code of the highest layer that has it, plane 1
                   before plane 2
    X > -          a character that is not encoded
    X @ N          from four-byte sequence number N on, the characters from X on (gb18030)

Codes are those of the EUC form, with 1 before them for the second plane; cp932's are its own.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = sys.argv[1] if len(sys.argv) > 1 else HERE

# The file, the encoding, and the layers below it.
LAYERS = [
    ("gb2312", "gb2312", []),
    ("gbk", "gbk", ["gb2312"]),
    ("gb18030", "gb18030", ["gb2312", "gbk"]),
    ("ksx1001", "euc_kr", []),
    ("cp949", "cp949", ["ksx1001"]),
    ("big5", "big5", []),
    ("cp950", "cp950", ["big5"]),
    ("big5hkscs", "big5hkscs", ["big5"]),
    ("jisx0208", "euc_jp", []),
    ("jisx0212", "euc_jp", ["jisx0208"]),
    ("jisx0213", "euc_jis_2004", ["jisx0208", "jisx0212"]),
    ("jisx0213-2000", "euc_jisx0213", ["jisx0208", "jisx0212", "jisx0213"]),
    ("cp932", "cp932", []),
]


def decode(data, encoding):
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def encode(char, encoding):
    try:
        return char.encode(encoding)
    except UnicodeEncodeError:
        return None


def shift_jis(code):
    """The code in Shift JIS of a code in EUC."""
    row, cell = (code >> 8) - 0xA1, (code & 0xFF) - 0xA1
    lead = row // 2 + 0x81
    trail = cell + 0x40 + (0x5E if row % 2 else 0)
    return (lead + (0x40 if lead > 0x9F else 0)) << 8 | trail + (trail >= 0x7F)


def decoded(name, encoding):
    """What the codes of a layer and those below it mean."""
    found = {}
    planes = (0, 1) if encoding.startswith("euc_j") and name != "jisx0208" else (0,)
    for plane in planes:
        for code in range(0x8100, 0x10000):
            data = code.to_bytes(2, "big")
            if name == "ksx1001" and not (data[0] > 0xA0 and data[1] > 0xA0):
                continue
            if name == "cp932" and 0xF0 <= data[0] <= 0xF9:
                continue  # user-defined
            lead = b"\x8f" if plane else b""
            # Two sequences are looked at as others than their tables have them.
            text = decode(lead + data, "cp949" if name == "ksx1001" else encoding)
            if text is None or data[1] < 0x40 or data[0] == 0x8E and "euc" in encoding:
                continue
            if len(text) == 1 or encoding not in ("cp932", "shift_jis") and len(lead + data) == 2 and ord(text[0]) > 0x7F and len(text) == 2 and decode(data[:1], encoding) is None:
                found[plane << 16 | code] = text
    return found


def encoded(name, encoding, below):
    """What characters are encoded as, as far as it is codes of these tables."""
    found = {}
    for c in range(0x80, 0x110000):
        data = encode(chr(c), encoding)
        if data is None or data[0] < 0x81:
            continue
        if len(data) == 2 and not (data[0] == 0x8E and "euc" in encoding):
            if name == "cp932" and (0xE000 <= c < 0xE758):
                continue
            found[c] = int.from_bytes(data)
        elif len(data) == 3 and name != "jisx0208":
            found[c] = 1 << 16 | int.from_bytes(data[1:])
    return found


def shown(char):
    if char.isalnum() or char in "、。" or (char.isprintable() and ord(char) > 0x2100):
        import unicodedata
        if unicodedata.combining(char) == 0 and unicodedata.bidirectional(char) not in ("R", "AL"):
            return char
    return f"\\u{{{ord(char):X}}}"


def rank(code, below, tables):
    """Characters are encoded in the first plane if they can, in the highest layer that has them."""
    layers = [name for name in reversed(below) if tables[name].get(code) is not None]
    return (code >> 16, 1 + below[::-1].index(layers[0]) if layers else 0)


def write(name, encoding, below, tables):
    table = decoded(name, encoding)
    lower = {}
    for layer in below:
        lower.update(tables[layer])
        for code in [code for code, text in lower.items() if text is None]:
            del lower[code]
    if name == "cp932":
        lower = {shift_jis(code): text for code, text in tables["jisx0208"].items()}
    layer = {code: text for code, text in table.items() if lower.get(code) != text}
    for code in lower.keys() - table.keys():
        layer[code] = None
    lines = []
    run = None
    for code, text in sorted(layer.items()):
        if text is None:
            lines.append(f"{code:04X} -")
            run = None
        elif len(text) == 2:
            lines.append(f"{code:04X} = {ord(text[0]):04X} {ord(text[1]):04X}")
            run = None
        elif run is not None and code == run + 1 and code & 0xFF:
            lines[-1] += shown(text)
            run = code
        else:
            lines.append(f"{code:04X} {shown(text)}")
            run = code
    inverse = {}
    for code, text in sorted(table.items(), key=lambda item: (rank(item[0], below, tables), item[0]), reverse=True):
        if len(text) == 1:
            inverse[ord(text)] = code
    actual = encoded(name, encoding, below)
    if name == "jisx0208":
        # Both planes are encoded together: the exceptions stand in jisx0212.
        inverse = actual = {}
    if name == "cp932":
        # What it leaves to JIS X 0208 is looked up there.
        jis = encoded("jisx0208", "euc_jp", [])
        for c, code in list(actual.items()):
            if inverse.get(c) != code and c in jis and shift_jis(jis[c]) == code and c not in {ord(t) for t in layer.values() if t}:
                del actual[c]
                inverse.pop(c, None)
        inverse = {c: code for c, code in inverse.items() if c in {ord(t) for t in layer.values() if t}}
        extra = {ord(t): code for code, t in sorted(layer.items(), reverse=True) if t}
        inverse = extra
        actual = {c: code for c, code in actual.items() if c in extra or not (c in jis and shift_jis(jis[c]) == code)}
        for c in jis:
            if c not in actual and encode(chr(c), encoding) is None:
                inverse.setdefault(c, 0)
    for c in sorted(c for c in inverse.keys() | actual.keys() if c > 0x7F):
        if inverse.get(c) != actual.get(c):
            code = actual.get(c)
            lines.append(f"{c:04X} > " + (f"{code:04X}" if code else "-"))
    if name == "gb18030":
        last = None
        for n in range(39420):
            data = bytes([0x81 + n // 12600, 0x30 + n // 1260 % 10, 0x81 + n // 10 % 126, 0x30 + n % 10])
            c = ord(data.decode(encoding))
            if last is None or c != last + 1:
                lines.append(f"{c:04X} @ {n}")
            last = c
    title = f"# Generated by dump.py: {encoding}" + (f", over {', '.join(below)}" if below else "")
    with open(os.path.join(OUT, name + ".txt"), "w", encoding="utf-8") as file:
        file.write("\n".join([title, *lines]) + "\n")
    tables[name] = layer
    print(name, len(layer), "codes", len([l for l in lines if ">" in l[:8]]), "exceptions")


tables = {}
for layer in LAYERS:
    write(*layer, tables)
