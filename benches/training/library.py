"""Training: the library's usual work on made-up data. Serial formats, text, numbers, dates, logging, arguments."""

import argparse
import base64
import bisect
import collections
import contextlib
import copy
import csv
import datetime
import decimal
import difflib
import enum
import fnmatch
import fractions
import functools
import hashlib
import heapq
import html
import io
import itertools
import json
import logging
import operator
import pickle
import pprint
import random
import re
import shlex
import statistics
import string
import struct
import textwrap
import typing
import urllib.parse

rng = random.Random(7)


class Kind(enum.Enum):
    TEA = "tea"
    SOUP = "soup"
    BREAD = "bread"


class Order(typing.NamedTuple):
    number: int
    kind: Kind
    price: float
    notes: list


def order(n):
    notes = [rng.choice(["hot", "to go", "no salt", "naïve café", 'say "hi"\n']) for _ in range(n % 4)]
    return Order(n, rng.choice(list(Kind)), round(rng.random() * 40, 2), notes)


orders = [order(n) for n in range(300)]
plain = [{"number": o.number, "kind": o.kind.value, "price": o.price, "notes": o.notes, "paid": o.number % 3 == 0,
          "tip": None} for o in orders]


def serial():
    text = json.dumps(plain)
    assert json.loads(text) == plain
    json.dumps(plain, indent=2, sort_keys=True)
    for protocol in (0, 2, 5):
        assert pickle.loads(pickle.dumps(plain, protocol)) == plain
        pickle.loads(pickle.dumps(orders, protocol))
    out = io.BytesIO()
    pickle._Pickler(out, 4).dump(plain)
    assert pickle._Unpickler(io.BytesIO(out.getvalue())).load() == plain
    assert copy.deepcopy(plain) == plain
    copy.deepcopy(orders[:30])
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerows([o.number, o.kind.value, o.price, ";".join(o.notes)] for o in orders)
    table.seek(0)
    list(csv.DictReader(table, ["number", "kind", "price", "notes"]))
    packed = b"".join(struct.pack("<IdB", o.number, o.price, len(o.notes)) for o in orders)
    list(struct.iter_unpack("<IdB", packed))
    assert base64.b64decode(base64.b64encode(packed)) == packed
    base64.b32encode(packed)
    base64.a85encode(packed)
    hashlib.sha256(packed).hexdigest()


def text():
    words = "the quick brown fox jumps over a lazy dog while seven naïve wizards boil 12 eggs in 3.5 pots".split()
    page = "\n".join(" ".join(rng.choice(words) for _ in range(rng.randrange(3, 14))) for _ in range(120))
    count = collections.Counter(page.split())
    count.most_common(5)
    re.compile(r"(?P<first>\w+)\s+(?:over|in)\s+(\d+(?:\.\d+)?|\w{3,})", re.I).findall(page)
    re.sub(r"\b(\w)(\w*)", lambda m: m[1].upper() + m[2], page)
    for line in page.splitlines():
        found = re.match(r"\s*(\w+) (\w+)", line)
        if found:
            found.groups()
        line.partition(" ")[2].rstrip().startswith(("the", "a"))
        line.title().swapcase().center(90, "*").count("E")
        "%-20s|%5d|%.3f" % (line[:20], len(line), len(line) / 7)
        f"{line[:10]!r:>15} {len(line):#06x} {len(line) / 3:,.2f}"
        "{:<20}{:>8}{0!s}".replace("{0!s}", "").format(line[:20], len(line))
    textwrap.fill(page, 60)
    html.escape(page)
    string.Template("$who likes $what").substitute(who="tim", what="kung pao")
    shlex.split("a 'b c' \"d e\" f\\ g")
    urllib.parse.parse_qs(urllib.parse.urlencode({"a": "1 2", "b": "é"}))
    urllib.parse.urlsplit("https://user@example.org:80/a/b;c?d=e#f")
    list(difflib.unified_diff(page.splitlines()[:40], page.splitlines()[5:45], lineterm=""))
    fnmatch.filter(words, "*o*")
    re.compile("|".join(map(re.escape, words)) + r"|[^\W\d_]{2,5}?(?<=a)b(?!c)")
    re._parser.parse(r"(?:[a-z0-9]+(?:\.[a-z0-9]+)*|\"[^\"]*\")@(?P<host>[a-z]+)", 0)
    pprint.pformat(plain[:20], width=60)
    page.encode().decode("utf-8").encode("utf-16").decode("utf-16")
    page.translate(str.maketrans("abc", "xyz"))


def numbers():
    total = decimal.Decimal(0)
    for o in orders:
        total += decimal.Decimal(str(o.price)).quantize(decimal.Decimal("0.1"))
    str(total / 7)
    sum(fractions.Fraction(o.number + 1, 7) for o in orders[:40])
    statistics.stdev(o.price for o in orders)
    big = 3**400
    for _ in range(60):
        big = big * 12345 % (10**90 + 7)
        divmod(big, 10**20)
    str(big)
    int(str(3**500))
    day = datetime.datetime(2024, 2, 28, 23, 59)
    for n in range(60):
        day += datetime.timedelta(hours=n)
        datetime.datetime.fromisoformat(day.isoformat()).strftime("%Y-%m-%d %H:%M")
    bisect.insort(prices := sorted(o.price for o in orders), 5.0)
    heap = []
    for p in prices:
        heapq.heappush(heap, -p)
    while len(heap) > 100:
        heapq.heappop(heap)
    rng.shuffle(prices)
    rng.sample(prices, 10)
    rng.gauss(1, 2)


def tools():
    by_kind = collections.defaultdict(list)
    for o in orders:
        by_kind[o.kind].append(o)
    sorted(orders, key=operator.attrgetter("price", "number"))
    sorted(orders, key=lambda o: (-o.price, o.kind.value))
    for _, group in itertools.groupby(orders, key=lambda o: o.number // 10):
        functools.reduce(lambda a, b: a + b.price, group, 0.0)
    list(itertools.islice(itertools.chain.from_iterable(itertools.product(range(5), repeat=2)), 20))
    list(itertools.accumulate(itertools.takewhile(lambda n: n < 50, itertools.count())))
    queue = collections.deque(maxlen=20)
    for n in range(100):
        queue.append(n)
        queue.rotate(1)
    chain = collections.ChainMap({"a": 1}, {"b": 2})
    chain["b"]
    ordered = collections.OrderedDict.fromkeys("gallahad")
    ordered.move_to_end("g")

    @functools.lru_cache(maxsize=None)
    def ways(n):
        return 1 if n < 2 else ways(n - 1) + ways(n - 2)

    ways(80)
    functools.partial(int, base=2)("1011")
    parser = argparse.ArgumentParser(prog="p", description="d")
    for name in ("alpha", "beta", "gamma"):
        parser.add_argument(f"--{name}", type=int, default=3, help=f"the {name}")
    parser.add_argument("rest", nargs="*")
    parser.parse_args(["--alpha", "4", "x", "--gamma=5"])
    parser.format_help()


def logs():
    log = logging.getLogger("training")
    log.propagate = False
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    for o in orders[:100]:
        log.info("order %d of %s at %.2f", o.number, o.kind.value, o.price)
        log.debug("silent %s", o)
    try:
        raise KeyError("lost")
    except KeyError:
        log.exception("while looking")
    log.removeHandler(handler)


class Shape(typing.Protocol):
    def area(self) -> float: ...


@typing.runtime_checkable
class Named(typing.Protocol):
    name: str


class Square:
    name = "square"

    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2


def types():
    for _ in range(100):
        isinstance(Square(2), Named)
        isinstance(3, Named)
        isinstance([], collections.abc.Sequence)
    typing.get_type_hints(Order)
    with contextlib.suppress(ValueError):
        int("x")


if __name__ == "__main__":
    for _ in range(8):
        for work in (serial, text, numbers, tools, logs, types):
            work()
