"""Numbers that are read, written and rounded by short ways, and those just beyond them."""
import random

for text in ["0.1", "-0", "-0.0", "1.", ".5", "-.5", "9007199254740992", "9007199254740993", "0.1234567890123456789",
             "123456789012345678.9", "1e5", "+1.5", "1_0.5", "00012.50", "1" * 25, "0." + "0" * 21 + "7", "0." + "0" * 23 + "7"]:
    print(text, float(text).hex())
for text in ["", "-", "+", ".", "-.", "1..2", "1.2.3", "1-", "--1", "1__0"]:
    for kind in float, int:
        try:
            print(repr(text), kind(text))
        except ValueError as e:
            print(e)
for text in ["0", "-0", "007", "999999999999999999", "1000000000000000000", "-999999999999999999", " 12 ", "+12", "1_000"]:
    print(text, int(text))
for text in ["010", "0x10", "-0b11"]:
    try:
        print(text, int(text, 0))
    except ValueError as e:
        print(e)

values = [0.0, -0.0, 0.5, 1.5, 2.5, 0.125, 0.375, 2.675, 1e22, 1e23, 123456789.987654321, 5e-324, 1e-10, 0.1, 1 / 3, 2 ** 60 + 0.0,
          1.7976931348623157e308, 99.995, 0.045, 1e15 + 0.5, 4503599627370496.5]
for v in values:
    print(["%.*f" % (n, v) for n in (0, 1, 2, 5, 17)], [round(v, n) for n in (0, 1, 2, 5, 20)])
rng = random.Random(3)
total = 0
for i in range(3000):
    v = rng.uniform(-1, 1) * 10 ** rng.randrange(-8, 18)
    n = rng.randrange(0, 12)
    total = (total * 31 + hash("%.*f" % (n, v)) * 0 + sum(map(ord, "%.*f" % (n, v))) + hash(round(v, n)) + hash(float("%.10f" % v))) % (2 ** 61)
print(total)

for n, length, signed in [(0, 0, False), (1, 0, False), (255, 1, False), (256, 1, False), (127, 1, True), (128, 1, True), (-128, 1, True),
                          (-129, 1, True), (-1, 2, False), (2 ** 56 - 1, 7, False), (2 ** 56, 7, False), (-1, 8, True), (-5, 12, True),
                          (5, 20, False), (2 ** 61, 8, True), (2 ** 70, 9, False), (2 ** 70, 8, False), (-1, 0, True)]:
    for order in "big", "little":
        try:
            print(n.to_bytes(length, order, signed=signed))
        except OverflowError as e:
            print(e)

big = [2 ** 62, -2 ** 62, 2 ** 63, 2 ** 64 + 1, -2 ** 64, 2 ** 126, 2 ** 127 - 1, -2 ** 127, 2 ** 127, 2 ** 130, 10, -7, 1]
for a in big:
    print(a, [(a + b, a - b, a * b, a // b, a % b, divmod(a, b)) for b in big])
