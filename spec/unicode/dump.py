"""Writes the tables of this folder from a running CPython 3.14: `python3.14 spec/unicode/dump.py`.

Nothing builds with this script. It records where the tables come from, and makes them again when Python moves to
another version of Unicode. Aliases and named sequences cannot be listed from Python; aliases.txt and sequences.txt
hold the entries of NameAliases.txt and NamedSequences.txt that unicodedata.lookup() knows.
"""
import os
import unicodedata as u
from unicodedata import ucd_3_2_0 as old

here = os.path.dirname(os.path.abspath(__file__))
N = 0x110000


def num(v):
    return "-" if v is None else repr(v)


def flags(c):
    s = ""
    s += "a" * c.isalpha() + "s" * c.isspace() + "p" * c.isprintable()
    s += "l" * c.islower() + "u" * c.isupper()
    s += "t" * (c.istitle() and not c.isupper())
    cased = (c + "a").title()[-1] == "a"
    after_letter = ("a" + c + "\u03a3").lower()[-1] == "\u03c2"
    alone = (c + "\u03a3").lower()[-1] == "\u03c2"
    s += "c" * cased + "i" * (after_letter and not alone)
    s += "X" * c.isidentifier() + "x" * ("a" + c).isidentifier()
    s += "D" * c.isdecimal() + "d" * c.isdigit() + "n" * c.isnumeric()
    return s or "-"


def record(db, c):
    return (db.category(c), db.bidirectional(c) or "-", str(db.combining(c)), str(db.mirrored(c)),
            db.east_asian_width(c))


def numbers(db, c):
    return num(db.decimal(c, None)), num(db.digit(c, None)), num(db.numeric(c, None))


def runs(f, of):
    start, prev = 0, of(0)
    for cp in range(1, N + 1):
        here = of(cp) if cp < N else None
        if here != prev:
            if prev is not None:
                a, b = start, cp - 1
                print(f"{a:X}..{b:X}" if a != b else f"{a:X}", *prev, file=f)
            start, prev = cp, here


def hexes(s):
    return ",".join(f"{ord(c):X}" for c in s)


def out(name, what):
    f = open(os.path.join(here, name), "w")
    print(f"# {what}\n# Unicode {u.unidata_version}, as CPython has it. Written by dump.py.", file=f)
    return f


with out("properties.txt", "range category bidi combining mirrored width flags; see dump.py for the flags") as f:
    runs(f, lambda cp: record(u, chr(cp)) + (flags(chr(cp)),))
with out("numbers.txt", "code point, decimal, digit, numeric") as f:
    for cp in range(N):
        v = numbers(u, chr(cp))
        if v != ("-", "-", "-"):
            print(f"{cp:X}", *v, file=f)
with out("case.txt", "code point, lower, upper, title, fold; = for itself") as f:
    for cp in range(N):
        c = chr(cp)
        m = [c.lower(), c.upper(), c.title(), c.casefold()]
        if any(x != c for x in m):
            print(f"{cp:X}", *("=" if x == c else hexes(x) for x in m), file=f)
with out("decomposition.txt", "code point, decomposition; a leading ! where NFC of the character is another") as f:
    for cp in range(N):
        d = u.decomposition(chr(cp))
        if d:
            print(f"{cp:X}", ("! " if u.normalize("NFC", chr(cp)) != chr(cp) else "") + d, file=f)
with out("names.txt", "code point and name; a range and a prefix where the name is the prefix and the number") as f:
    pending = None
    for cp in range(N + 1):
        name = u.name(chr(cp), None) if cp < N else None
        prefix = None
        if name and name.endswith(f"-{cp:04X}"):
            prefix = name[:-len(f"{cp:04X}")]
        if pending and (prefix != pending[1]):
            a, p = pending
            print(f"{a:X}..{cp - 1:X} {p}", file=f)
            pending = None
        if prefix:
            pending = pending or (cp, prefix)
        elif name and not 0xAC00 <= cp <= 0xD7A3:
            print(f"{cp:X} {name}", file=f)
with out("delta-3.2.0.txt", "range, then category bidi combining mirrored width decimal digit numeric, where 3.2.0 differs") as f:
    def delta(cp):
        c = chr(cp)
        a, b = record(old, c) + numbers(old, c), record(u, c) + numbers(u, c)
        return a if a != b else None
    runs(f, delta)
with out("corrections-3.2.0.txt", "code point and what it decomposes to in 3.2.0, for those that were corrected later") as f:
    for cp in range(N):
        c = chr(cp)
        if old.category(c) != "Cn" and old.normalize("NFD", c) != u.normalize("NFD", c):
            print(f"{cp:X}", hexes(old.normalize("NFD", c)), file=f)
