"""pprint and reprlib over nested data."""

import collections
import dataclasses
import pprint
import reprlib
import types

data = {
    "name" * 5: list(range(40)),
    "nested": {i: {"value": "x" * i, "children": [(j, j * 1.5) for j in range(i)]} for i in range(6)},
    ("a", 1): {frozenset([3]), frozenset()},
    "text": "The quick brown fox jumps over the lazy dog. " * 5,
    "bytes": bytes(range(100)),
    "counter": collections.Counter("abracadabra"),
    "ordered": collections.OrderedDict((c, c * 20) for c in "abcde"),
    "deque": collections.deque(range(30), maxlen=40),
    "default": collections.defaultdict(list, {i: [i] * 5 for i in range(8)}),
    "chain": collections.ChainMap({"a": 1}, {"b": 2}),
    "namespace": types.SimpleNamespace(first="x" * 40, second="y" * 40),
    "proxy": types.MappingProxyType({"k" * 30: "v" * 40, "l": 1}),
}


@dataclasses.dataclass
class Record:
    name: str
    items: list


data["record"] = Record("a record" * 5, [Record("inner", [1, 2, 3])] * 3)
pprint.pprint(data)
pprint.pprint(data, width=40, depth=2, indent=3, compact=True, sort_dicts=False, underscore_numbers=True)
loop = [1]
loop.append(loop)
pprint.pprint(loop)
print(pprint.pformat([10**i for i in range(12)], underscore_numbers=True), pprint.isreadable(loop), pprint.saferepr(loop))
print(reprlib.repr(data), reprlib.repr("x" * 100), reprlib.repr(set(range(20))))
