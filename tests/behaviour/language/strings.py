# f-strings and t-strings: conversions, nesting, formats, the self-documenting form, and templates as objects.
name, value, width = "Ada", 3.14159, 10
print(f"{name!r} {name!s:>6} {value:.2f} {value:{width}.3f}| {value=} {value = :.1f} {name = !s}")
print(f"{'nested ' + f'{name + f"{1 + 1}"}'} {{literal}} {name[0]}{name[::-1]}")
print(f"{(lambda x: x * 2)(4)} {[i for i in range(3)]} {({'a': 1})['a']}")
print(f"""{
    name  # a comment
    .upper()
} multi""")
print(rf"\n{name}\t", f"\N{GREEK SMALL LETTER ALPHA}\x41\u0042", f"{1_000_000:,} {255:#x} {255:08b} {1e10:g} {0.5:%} {-5:+d} {5: d}")
print(f"{12345.678:>15,.2f}|{'mid':^9}|{'left':<8}|{'fill':*^10}|{True!s}|{None}|{3:c}|{1 + 2j:.1f}")
print("%s %r %5d %-5d| %05.1f %x %o %e %%" % ("a", "b", 42, 42, 3.14159, 255, 8, 12345.678), "%(k)s" % {"k": 1})
print("{} {0} {a[0]} {b.real} {!r:>5}".replace("{0} ", "").format(1, "x", a=[9], b=5))
template = t"Hello {name!r:>{width}} and {value}!"
print(template.strings, template.values, [(i.expression, i.conversion, i.format_spec) for i in template.interpolations])
print(list(t"{1}{2}"), type(template).__name__, (t"a{1}" + t"b").strings)


def html(template):
    return "".join(part if isinstance(part, str) else str(part.value).replace("<", "&lt;") for part in template)


print(html(t"<p>{'<evil>'}</p>"))
print("a" "b" f"{1}" "c", b"by" b"tes", r"\raw", "tab\tnew\\line", '\'"', "\0".encode(), "é ü 漢 😀", ascii("é漢😀"))
print("Straße".upper(), "ǅ".lower(), "ﬁ".title(), "İ".lower().encode(), "ΑΣ".lower(), "a,b,,c".split(","), " x  y ".split())
print("abcabc".replace("b", "X", 1), "abc".find("c"), "abc".center(9, "-"), "x".join("abc"), "abc"[-2:], "a" * 3, "b" in "abc")
print("one\ntwo\r\nthree".splitlines(True), "a-b-c".partition("-"), "a-b-c".rpartition("-"), "xxabcxx".strip("x"), "Abc".swapcase())
print("abc".translate({97: "z", 98: None}), "42".zfill(5), "-42".zfill(5), "a\tb".expandtabs(4), "abc".startswith(("x", "a")))
print("ab" < "b", "a" < "B", max("hello"), sorted("hello"), "x".isalpha(), "1²".isdigit(), "½".isnumeric(), "a1".isidentifier())
for bad in ("'{'.format()", "'{a}'.format()", "'%d' % 'x'", "'%s %s' % 1", "format(1, 'zz')", "f'{1!r:d}'", "'%z' % 1", "'a'.join([1])"):
    try:
        eval(bad)
    except Exception as e:
        print(bad, "->", type(e).__name__, e)
