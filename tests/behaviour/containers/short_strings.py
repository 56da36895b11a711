"""Strings that are split, replaced and formatted by short ways, and those beside them."""

for text in ["", ",", ",,", "a", "a,", ",a", "a,b", "a,,b,", "é,b", "\u20ac,b", "abc" * 30 + "," + "d" * 70]:
    for sep in [",", "b", "é", "\u20ac", ",b"]:
        print(ascii(text.split(sep)), ascii(text.split(sep, 1)), text.split(sep, 0) == [text], ascii(text.rsplit(sep, 1)), end=" ")
        for new in ["", ";", "<>", "ü", "\u20ac"]:
            print(*(ascii(text.replace(sep, new, n)) for n in (-1, 0, 1, 2, 5)), end=" ")
    print()
print(",".replace(",", ""), "a".replace("a", "b"), ",,".replace(",", "", 1), "aa".replace("a", "", 1), "ab".replace("b", ""), "aXb".replace("X", "\x7f"))

class Shown(str):
    def __str__(self):
        return "shown"

class Index:
    def __index__(self):
        return 7

print("%s" % Shown("x"), "%s%s" % ("a", Shown("b")), "%d" % 2.9, "%d%%" % 5, "%s %d" % (None, True), "%x %o" % (255, Index()))
print("%(a)s-%(b)s %(a)d" % {"a": 1, "b": "two"}, "%(a)5s|%(a)-5s|" % {"a": "x"}, "é%sé%d" % ("\u20ac", 10 ** 20), "%s" % (("t",),))
for format, args in [("%s", ()), ("%s", (1, 2)), ("%d", "x"), ("%", 1), ("%s %", 1), ("%q", 1), ("%(a)s", 1), ("%(a", {}), ("%s", {}), ("%d", None), ("100%", ())]:
    try:
        print(format % args)
    except (TypeError, ValueError, KeyError) as e:
        print(type(e).__name__, e)
for value in ["it's", 'a"b', "\n\t", "é", "\u20ac", "\x7f\x00", "\ud800", "x" * 20]:
    print(ascii(repr(value)), ascii("%r" % value), ascii(f"{value!r:>8}"), ascii(f"<{value}>"))
