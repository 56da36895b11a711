"""Text: wrapping, tables, a Caesar cipher with its break, anagrams, and formats of many kinds."""

import string
import textwrap
from collections import Counter, namedtuple
from datetime import date, timedelta

POEM = """
    Whose woods these are I think I know.
    His house is in the village though;
    He will not see me stopping here
    To watch his woods fill up with snow.
"""

Planet = namedtuple("Planet", "name distance moons")
PLANETS = [Planet("Mercury", 57.9, 0), Planet("Venus", 108.2, 0), Planet("Earth", 149.6, 1), Planet("Mars", 227.9, 2), Planet("Jupiter", 778.6, 95)]


def rotate(text, by):
    """Letters moved along the alphabet, everything else left alone."""
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    table = str.maketrans(lower + upper, lower[by:] + lower[:by] + upper[by:] + upper[:by])
    return text.translate(table)


def likely(text):
    """How English a text looks: how often its letters are the frequent ones."""
    counts = Counter(text.lower())
    return sum(counts[letter] * weight for letter, weight in zip("etaoinshr", range(9, 0, -1)))


def crack(text):
    return max(range(26), key=lambda by: likely(rotate(text, by)))


def anagrams(words):
    groups = {}
    for word in words:
        groups.setdefault("".join(sorted(word)), set()).add(word)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def table(rows, head):
    widths = [max(len(str(cell)) for cell in column) for column in zip(head, *rows)]
    line = "+".join("-" * (width + 2) for width in widths)
    yield "|".join(f" {cell:^{width}} " for cell, width in zip(head, widths))
    yield line
    for row in rows:
        cells = (f" {cell:>{width}} " if isinstance(cell, int | float) else f" {cell:<{width}} " for cell, width in zip(row, widths))
        yield "|".join(cells)


def roman(number):
    parts = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    out = ""
    for value, text in parts:
        times, number = divmod(number, value)
        out += text * times
    return out


poem = textwrap.dedent(POEM).strip()
print(textwrap.fill(poem.replace("\n", " "), 34))
secret = rotate(poem, 7)
print(secret.splitlines()[0])
by = crack(secret)
print(26 - by, rotate(secret, by) == poem)
print(anagrams("listen silent enlist google banana evil vile live".split()))
print(*table(PLANETS, Planet._fields), sep="\n")
print([roman(n) for n in (4, 9, 14, 1994, 2026)])
day = date(2024, 2, 27)
print(", ".join(f"{day + timedelta(days=n):%a %d.%m.}" for n in range(4)))
value, width = 1234567.891, 14
print(f"|{value:,.2f}|{value:>{width}.1f}|{value:<{width}.3e}|{value:^{width}.4g}|{int(value):#x}|{int(value):_b}|")
print(f"{'naïve'!a} {'日本':>6}| {'é' * 3:*^9} {b'bytes'!r} {value=:.0f} {{}} {0.1 + 0.2}")
print("%-8s|%05d|%+.2f|%x" % ("old", 42, 3.14159, 255), "{0}-{1[0]}-{2.name}".format("new", [7], PLANETS[2]), sep="  ")
print("a,b;;c".replace(";", ",").split(","), "x=1".partition("="), " .strip. ".strip(" ."), "Straße".casefold(), "ab\tc".expandtabs(4))
print(poem.count("wood"), poem.title()[:20], poem.find("snow"), sorted(set(poem.lower()) - set(string.ascii_lowercase)))
