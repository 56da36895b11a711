"""Operations that have a quick way for common types: the answers are those of the general way."""
import binascii
import gc
import math
import random
import struct
import threading

random.seed(5)
nan = float("nan")

# Sorting: by kinds of keys, stably, both ways, with equal and unordered ones.
words = ["b", "a\0", "a", "", "abcdefgh", "abcdefghi", "abcdefg", "é", "z", "abcdefgh\0", "\xff", "A"]
print(sorted(words), sorted(words, reverse=True))
print(sorted(words + ["\u1234", "\U0001f600"]))
print(sorted([3.5, -0.0, 0.0, 2.25, float("-inf"), 1e300, -7.0]))
print(sorted([3.0, nan, 1.0, 2.0, nan, 0.5]))
print(sorted([True, 2, 0, False, 1]), sorted([2**70, -5, 2**65, 3]), sorted([1.5, 1, 2, 0.5]))
pairs = [(random.randrange(3), -i) for i in range(8)]
print(sorted(pairs), sorted(pairs, key=lambda p: p[0]), sorted(pairs, key=lambda p: p[0], reverse=True))
print(sorted([("b", 2), ("a", 3), ("b", 1)]), sorted([(1.5, "x"), (0.5, "y"), (1.5, "a")]), sorted([(), (1,), (0, 5), (0,)]))
print(sorted([((2,), 1), ((1,), 2)]), sorted([(nan, 2), (1.0, 1), (nan, 0)], key=lambda p: p[1]))
for bad in [1, "a"], [(1, "a"), (1, 2)], [1j, 2j], [None, 1]:
    try:
        sorted(bad)
    except TypeError as e:
        print(e)


class Loud:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        seen.append((self.n, other.n))
        return self.n < other.n


seen = []
print([x.n for x in sorted(map(Loud, [3, 1, 2, 5, 4]))], seen)
seen = []
print([x[1].n for x in sorted([(1, Loud(2)), (1, Loud(1)), (0, Loud(9))])], seen)


class Breaks:
    def __lt__(self, other):
        raise ZeroDivisionError


items = [Breaks(), Breaks(), Breaks()]
try:
    items.sort()
except ZeroDivisionError:
    print(len(items))

# Pairs of iterators may be kept.
kept = []
for pair in zip("abc", [1, 2, 3]):
    kept.append(pair)
print(kept, list(enumerate("xy", 5)), list({1: 2, 3: 4}.items()))
last = None
for pair in enumerate([[], [], []]):
    if last is not None:
        print(last is pair, last)
    last = pair if pair[0] % 2 else None
kinds = set()
for i, x in enumerate([1, [], {}]):
    gc.collect()
    kinds.add(type(x).__name__)
print(sorted(kinds), hash((1, 2)) == max(hash(p) for p in zip([1], [2])))
walk = zip([1, 2], [3, 4])
first = next(walk)
print({first: 1}[(1, 3)], next(walk), first)

# Comparison of sequences.
print([nan] == [nan], (nan,) == (nan,), [nan] == [float("nan")], (1, 2) < (1, 2.5), [1, "a", 2.0] == [1.0, "a", 2])
print((1, 2) < (1, 2, 0), [] < [0], (2,) > (1, 5), ("a", 1) != ("a", 1), [1, 2] >= [1, 2])

# Aggregates over lists, tuples and other iterables.
for kind in list, tuple, iter, set:
    values = [4, 1, 3]
    print(sum(kind(values)), min(kind(values)), max(kind(values)), any(kind([0, 0])), all(kind(values)), sorted(set(kind(values))))
print(sum([2**62, 2**62, 5]), sum([1, True, 2.5]), sum([0.1] * 10), max([1.5, nan, 2]), min([nan, 1.0]))
growing = [1, 2]
print(set(x for x in growing), sum(x for x in [1, 2]), dict.fromkeys([3, 1]), max([(1, 2), (1, 3)]))


class Grows(list):
    def __iter__(self):
        return iter([7])


print(sum(Grows([1, 2])), max(Grows([9])))

# Numbers.
print([math.comb(67, k) for k in (0, 1, 33, 66, 67)], math.comb(68, 34), math.comb(5, 6), math.comb(0, 0))
print(math.gcd(), math.gcd(0, 0), math.gcd(-12, 18), math.gcd(2**70, 6), math.gcd(7, 2**64 * 7), math.gcd(True, 0))
print(math.factorial(25), math.perm(20, 3), math.lcm(4, 6))
data = bytes(range(256)) * 3
print([binascii.crc32(data[:n]) for n in (0, 1, 7, 8, 9, 255)], binascii.crc32(b"b", binascii.crc32(b"a")))
print(struct.pack("<bBhHiIqQ", -1, 255, -2, 65535, -3, 2**32 - 1, -4, 2**64 - 1), struct.pack(">hq", 300, -2**63))
for code, value in ("b", 128), ("B", -1), ("H", 65536), ("i", 2**31), ("Q", -1), ("q", 2**63), ("B", 1.0):
    try:
        struct.pack(code, value)
    except struct.error as e:
        print(e)
print(struct.unpack_from(">hB", bytearray(b"\x01\x02\x03\x04"), 1), list(struct.iter_unpack("<H", b"abcd")))
print("ÀBC".lower(), "AbC xyZ".lower(), "abc".upper(), "aBc".swapcase(), "hello World".capitalize(), "a b".title())

# Locks wake those who wait.
lock, order = threading.Lock(), []
lock.acquire()
threads = [threading.Thread(target=lambda: (lock.acquire(), order.append(1), lock.release())) for _ in range(4)]
for t in threads:
    t.start()
print(lock.acquire(timeout=0.001), order)
lock.release()
for t in threads:
    t.join()
print(order, lock.locked())
again = threading.RLock()
with again, again:
    print(again._recursion_count(), again._is_owned())
try:
    again.release()
except RuntimeError as e:
    print(e)

# The collector: tuples of plain values are no longer looked at, cycles go.
plain, other = tuple([1, "a", 2.5]), tuple([1, []])
gc.collect()
print(gc.is_tracked(plain), gc.is_tracked(other))
cycle = [1]
cycle.append((cycle, plain))
del cycle
print(gc.collect() >= 1)

# Text of numbers, and numbers of text.
for n in 0, -1, 255, -255, 2**62 - 1, -2**62, 2**63, 10**30, True:
    print(n, "%d" % n, "%s" % n, f"{n}", f"{n:>8}|{n:08}|{n:+,}|{n:x}", hex(n), oct(n), bin(n), str(n))
for x in 0.0, -0.0, 1.5, -2.675, 1e22, 12345.678, float("inf"), float("-inf"), nan, -0.001:
    print(f"{x:.2f} {x:10.3f}| {x:<10.1f}| {x:+.0f} {x:08.2f} {x:z.1f} {x:,.2f} {x:_.3e} {x:%} {x:#.0f}", "%.2f" % x, "%8.1f" % x)
for text in "12", "-7", "+5", "007", "-0", " 12 ", "1_000", "9" * 18, "9" * 19, "-" + "9" * 30, "", "+", "1 2", "0x10":
    try:
        print(int(text), end=" ")
    except ValueError as e:
        print(e)
print(int("12", 5), int("١٢"))
print("%s and %s, %d%%" % ("a", [1], 5), "%(x)s %(y)d" % {"x": 1, "y": True}, "%5d|%-5d|%s" % (1, 2, None))
for form, value in ("%d", "x"), ("%s %s", (1,)), ("%d", (1, 2)):
    try:
        form % value
    except TypeError as e:
        print(e)

# Text and bytes as sequences.
text = "añ中😀z"
print(list(text), list("abc"), list(b"\x00\xff"), tuple("xé"), [*"ab", *b"c"], sorted("cab"))
for s in "abcdefgh", text, b"abcdefgh", list(range(8)), tuple(range(8)):
    print(s[::-1], s[::2], s[5:1:-2], s[-2::-3], s[3:3:-1], s[1:100:3])
print(b"a-b-c".replace(b"-", b"+"), b"aaa".replace(b"a", b"b", 2), bytearray(b"aXa").replace(b"X", b"a"))
print(b"hello".translate(bytes(range(255, -1, -1))), b"hello".translate(None, b"l"), "hello".translate({104: "J", 108: None, 111: 0x4e2d}))
print(repr(b"\x00\n\t\\'\"\x7f\xff a"), repr(b"it's"), repr(bytearray(b"q")))
print("äöü€😀".encode(), "äöü".encode("utf-16-le"), "ab中".encode("utf-16-be"), "é😀".encode("utf-16"))
for bad in "a\ud800", "é\udcff":
    for codec in "utf-8", "utf-16":
        try:
            bad.encode(codec)
        except UnicodeEncodeError as e:
            print(e)
print(binascii.a2b_base64(b"aGVsbG8gd29ybGQ="), binascii.a2b_base64(b"aGV\nsbG8g"), binascii.unhexlify("00fFaB"))
for call in lambda: binascii.unhexlify("0g"), lambda: binascii.a2b_base64(b"aGVsb"), lambda: binascii.a2b_base64(b"aGVs=", strict_mode=True):
    try:
        print(call())
    except binascii.Error as e:
        print(e)

# Sets and dicts that grow and shrink.
s = set(range(1000))
s -= set(range(0, 1000, 3))
s |= {-1, 2.0, 5.5, "x", (1, 2)}
print(len(s), 5.0 in s, -1 in s, "x" in s, (1, 2) in s, 3 in s, True in s)
d = dict.fromkeys(range(100), 0)
for i in range(0, 100, 2):
    del d[i]
d.update({str(i): i for i in range(100)})
print(len(d), d[1.0], d["50"], 2 in d, list(d)[:3], list(d)[-2:], hash(2**61 - 1), hash(-2**61), hash(2**62 - 1), hash(2**61))


class Method:
    def __init__(self):
        self.keys = lambda: "own"

    def keys(self):
        return "class's"

    def __format__(self, spec):
        return f"<{spec}>"

    __round__ = lambda self, n=None: n


print(Method().keys(), f"{Method():abc}{Method()}", round(Method()), round(Method(), 3), round(2.5), round(-1.25, 1))
