#!/usr/bin/env python3
"""Times small operations of the builtins and the native library.

    micro.py PYTHON OTHER... [-k WORD]    a table: nanoseconds of the first, ratios of the others (above 1: faster)
    micro.py --run [-k WORD]              the numbers of the Python that runs this, one line each

A line of the table below is a name, what is done, and what it needs. Each operation runs in a loop long enough
to be measured, several times; the best counts. The loop's own cost is part of it, in all Pythons alike.
"""

import re
import subprocess
import sys
import time

MINIMUM = 0.003
REPEATS = 4
PART = 15

CASES = r"""
dict.getitem      | d['k50']                                | d = {f'k{i}': i for i in range(100)}
dict.getitem int  | d[50]                                   | d = dict.fromkeys(range(100))
dict.getitem t    | d[t]                                    | t = (1, 2); d = {t: 1}
dict.get          | d.get('k50')                            | d = {f'k{i}': i for i in range(100)}
dict.get miss     | d.get('none', 0)                        | d = {f'k{i}': i for i in range(100)}
dict.setitem      | d['k'] = 1                              | d = {}
dict.set del      | d['k'] = 1; del d['k']                  | d = {}
dict.in           | 'k50' in d                              | d = {f'k{i}': i for i in range(100)}
dict.build        | {'a': 1, 'b': 2, 'c': 3}                |
dict.call         | dict(a=1, b=2)                          |
dict.iter         | [0 for k in d]                          | d = dict.fromkeys(range(1000))
dict.items        | [0 for k, v in d.items()]               | d = dict.fromkeys(range(1000))
dict.values       | [0 for v in d.values()]                 | d = dict.fromkeys(range(1000))
dict.update       | dict().update(d)                        | d = dict.fromkeys(range(100))
dict.copy         | d.copy()                                | d = dict.fromkeys(range(100))
dict.merge        | d|d                                     | d = dict.fromkeys(range(100))
dict.comp         | {i: i for i in r}                       | r = range(100)
dict.comp str     | {k: 1 for k in r}                       | r = [f'k{i}' for i in range(100)]
dict.fromkeys     | dict.fromkeys(r)                        | r = list(range(100))
dict.setdefault   | d.setdefault('k', 1)                    | d = {}
dict.pop          | d['k'] = 1; d.pop('k')                  | d = {}
dict.eq           | d == e                                  | d = dict.fromkeys(range(100)); e = dict(d)
dict.list         | list(d)                                 | d = dict.fromkeys(range(100))
dict.unpack       | {**d, 'x': 1}                           | d = {'a': 1, 'b': 2}
set.add           | s.add(5)                                | s = set()
set.in            | 50 in s                                 | s = set(range(100))
set.in str        | 'k50' in s                              | s = {f'k{i}' for i in range(100)}
set.iter          | [0 for k in s]                          | s = set(range(1000))
set.build         | {1, 2, 3, x}                            | x = 4
set.of list       | set(r)                                  | r = list(range(100))
set.of str        | set(r)                                  | r = [f'k{i}' for i in range(100)]
set.union         | s|t                                     | s = set(range(100)); t = set(range(50, 150))
set.inter         | s & t                                   | s = set(range(100)); t = set(range(50, 150))
set.diff          | s - t                                   | s = set(range(100)); t = set(range(50, 150))
set.comp          | {i for i in r}                          | r = range(100)
set.copy          | s.copy()                                | s = set(range(100))
set.discard       | s.add(5); s.discard(5)                  | s = set()
frozenset.hash    | hash(frozenset(s))                      | s = set(range(20))
list.append       | a = []; f = a.append; [f(i) for i in r] | r = range(100)
list.comp         | [i for i in r]                          | r = range(100)
list.extend       | [].extend(r)                            | r = list(range(100))
list.sort int     | r.copy().sort()                         | import random; random.seed(1); r = [random.randrange(1000000) for i in range(1000)]
list.sort str     | r.copy().sort()                         | import random; random.seed(1); r = [str(random.random()) for i in range(1000)]
list.sort float   | r.copy().sort()                         | import random; random.seed(1); r = [random.random() for i in range(1000)]
list.sort key     | sorted(r, key=abs)                      | import random; random.seed(1); r = [random.randrange(-1000000,1000000) for i in range(1000)]
list.sort tuple   | r.copy().sort()                         | import random; random.seed(1); r = [(random.randrange(100), i) for i in range(1000)]
list.sort sorted  | r.sort()                                | r = list(range(1000))
list.slice        | r[10:90]                                | r = list(range(100))
list.slice step   | r[::2]                                  | r = list(range(100))
list.slice set    | r[10:20] = x                            | r = list(range(100)); x = list(range(10))
list.getitem      | r[5]                                    | r = list(range(100))
list.setitem      | r[5] = 1                                | r = list(range(100))
list.index        | r.index(50)                             | r = list(range(100))
list.in str       | 'k50' in r                              | r = [f'k{i}' for i in range(100)]
list.insert pop   | r.insert(0, 1); r.pop(0)                | r = list(range(100))
list.append pop   | r.append(1); r.pop()                    | r = []
list.concat       | r + r                                   | r = list(range(100))
list.repeat       | [0] * 100                               |
list.reverse      | r.reverse()                             | r = list(range(100))
list.eq           | r == s                                  | r = list(range(100)); s = list(range(100))
list.iter         | for x in r: pass                        | r = list(range(1000))
list.copy         | list(r)                                 | r = list(range(100))
list.unpack       | [*r, 1]                                 | r = list(range(10))
list.count        | r.count(5)                              | r = list(range(100))
list.nested       | r[1][2]                                 | r = [[1,2,3],[4,5,6]]
tuple.build       | (x, x, x)                               | x = 1
tuple.unpack      | a, b, c = t                             | t = (1, 2, 3)
tuple.of list     | tuple(r)                                | r = list(range(100))
tuple.hash        | hash(t)                                 | t = tuple(range(10))
tuple.eq          | t == u                                  | t = tuple(range(10)); u = tuple(list(t))
tuple.slice       | t[1:]                                   | t = (1, 2, 3)
tuple.concat      | t + t                                   | t = (1, 2, 3)
tuple.lt          | t < u                                   | t = (1, 2, 3); u = (1, 2, 4)
str.concat        | s + 'abc'                               | s = 'x' * 20
str.iadd          | for i in r: s += 'x'                    | r = range(100); s = ''
str.join          | ','.join(r)                             | r = [str(i) for i in range(100)]
str.join gen      | ','.join(x for x in r)                  | r = [str(i) for i in range(100)]
str.split         | s.split(',')                            | s = ','.join(map(str, range(100)))
str.split ws      | s.split()                               | s = ' '.join(map(str, range(100)))
str.splitlines    | s.splitlines()                          | s = '\\n'.join(map(str, range(100)))
str.replace       | s.replace('a', 'bc')                    | s = 'abc' * 30
str.find          | s.find('z')                             | s = 'abc' * 300 + 'z'
str.in            | 'needle' in s                           | s = 'abc' * 100 + 'needle'
str.startswith    | s.startswith('abc')                     | s = 'abcdef'
str.strip         | s.strip()                               | s = '  abc  '
str.lower         | s.lower()                               | s = 'ABC def' * 10
str.upper uni     | s.upper()                               | s = 'äöü def' * 10
str.format        | '{} {}'.format(a, b)                    | a = 1; b = 'x'
str.percent       | '%d %s' % (a, b)                        | a = 1; b = 'x'
str.percent float | '%.3f' % a                              | a = 3.14159
str.fstring       | f'{a} {b}'                              | a = 1; b = 'x'
str.fstring spec  | f'{a:>10.2f}'                           | a = 3.14159
str.fstring repr  | f'{b!r}'                                | b = 'x'
str.encode        | s.encode()                              | s = 'abc' * 10
str.encode uni    | s.encode()                              | s = 'äbc' * 10
str.iter          | for c in s: pass                        | s = 'abcdefghij' * 10
str.getitem       | s[5]                                    | s = 'abcdefghij'
str.slice         | s[2:7]                                  | s = 'abcdefghij'
str.eq            | s == t                                  | s = 'abcdefghij' * 3; t = ''.join(list(s))
str.lt            | s < t                                   | s = 'abcdefghij'; t = 'abcdefghik'
str.hash          | hash(s + 'x')                           | s = 'abcdefghij'
str.isdigit       | s.isdigit()                             | s = '12345'
str.translate     | s.translate(t)                          | s = 'abc' * 20; t = str.maketrans('ab', 'xy')
str.repeat        | s * 10                                  | s = 'ab'
str.int           | str(x)                                  | x = 123456
str.float         | repr(x)                                 | x = 3.14159
str.repr          | repr(s)                                 | s = 'hello'
str.repr list     | repr(r)                                 | r = list(range(20))
str.ord chr       | chr(ord(c))                             | c = 'a'
str.zfill         | s.zfill(10)                             | s = '123'
str.partition     | s.partition('=')                        | s = 'key=value'
str.count         | s.count('a')                            | s = 'abc' * 30
bytes.concat      | s + b'abc'                              | s = b'x' * 20
bytes.join        | b','.join(r)                            | r = [b'ab'] * 100
bytes.split       | s.split(b',')                           | s = b','.join([b'ab'] * 100)
bytes.decode      | s.decode()                              | s = b'abc' * 10
bytes.getitem     | s[5]                                    | s = b'abcdefghij'
bytes.slice       | s[2:7]                                  | s = b'abcdefghij'
bytes.iter        | for c in s: pass                        | s = b'abcdefghij' * 10
bytes.of list     | bytes(r)                                | r = list(range(100))
bytes.find        | s.find(b'z')                            | s = b'abc' * 300 + b'z'
bytes.hex         | s.hex()                                 | s = b'abc' * 10
bytearray.append  | a = bytearray(); [a.append(1) for i in r] | r = range(100)
bytearray.setitem | a[5] = 1                                | a = bytearray(10)
bytearray.slice   | a[1:3] = b'ab'                          | a = bytearray(10)
memoryview.slice  | m[1:5]                                  | m = memoryview(b'abcdefghij')
int.add           | x + y                                   | x = 12345; y = 67890
int.mul           | x * y                                   | x = 12345; y = 67890
int.floordiv      | x // y                                  | x = 1234567; y = 89
int.mod           | x % y                                   | x = 1234567; y = 89
int.pow           | x ** 5                                  | x = 12
int.shift         | x << 5 >> 3                             | x = 12345
int.and           | x & 255 ^ x                             | x = 12345
int.neg           | -x                                      | x = 12345
int.divmod        | divmod(x, y)                            | x = 1234567; y = 89
int.cmp           | x < y                                   | x = 12345; y = 67890
int.of str        | int('12345')                            |
int.of float      | int(x)                                  | x = 3.7
int.hex           | hex(x)                                  | x = 123456
int.bit_length    | x.bit_length()                          | x = 123456
int.to_bytes      | x.to_bytes(4, 'little')                 | x = 123456
int.from_bytes    | int.from_bytes(b, 'big')                | b = b'abcd'
int.powmod        | pow(x, 65537, m)                        | x = 123456789; m = 998244353
big.add           | x + y                                   | x = 3 ** 100; y = 5 ** 80
big.sub           | x - y                                   | x = 3 ** 100; y = 5 ** 80
big.mul           | x * y                                   | x = 3 ** 100; y = 5 ** 80
big.mul 2**70     | x * 3                                   | x = 2 ** 70
big.divmod        | divmod(x, y)                            | x = 3 ** 200; y = 5 ** 40
big.mod small     | x % 10                                  | x = 3 ** 100
big.floordiv 10   | x // 10                                 | x = 3 ** 100
big.shift         | x >> 64                                 | x = 3 ** 200
big.and           | x & y                                   | x = 3 ** 100; y = 5 ** 80
big.str           | str(x)                                  | x = 3 ** 200
big.of str        | int(s)                                  | s = str(3 ** 200)
big.powmod        | pow(x, y, m)                            | x = 3 ** 100; y = 5 ** 80; m = 7 ** 90
big.cmp           | x < y                                   | x = 3 ** 100; y = 5 ** 80
big.hash          | hash(x)                                 | x = 3 ** 100
big.mul large     | x * y                                   | x = 3 ** 5000; y = 5 ** 4000
float.add         | x + y                                   | x = 1.5; y = 2.5
float.mul add     | x * y + x                               | x = 1.5; y = 2.5
float.div         | x / y                                   | x = 1.5; y = 2.5
float.pow         | x ** 2.5                                | x = 1.5
float.int mix     | x * 2 + 1                               | x = 1.5
float.cmp         | x < y                                   | x = 1.5; y = 2.5
float.of str      | float('3.14159')                        |
float.of int      | float(5)                                |
float.round       | round(x, 2)                             | x = 3.14159
float.round int   | round(x)                                | x = 3.14159
float.hash        | hash(x)                                 | x = 3.14159
complex.mul       | x * x + x                               | x = 1.5 + 2j
min.two           | min(a, b)                               | a = 3; b = 4
max.list          | max(r)                                  | r = list(range(100))
max.key           | max(r, key=abs)                         | r = list(range(100))
sum.int           | sum(r)                                  | r = list(range(100))
sum.range         | sum(range(100))                         |
sum.float         | sum(r)                                  | r = [i / 3 for i in range(100)]
sum.gen           | sum(x for x in r)                       | r = list(range(100))
any.gen           | any(x > 98 for x in r)                  | r = list(range(100))
all.list          | all(r)                                  | r = [1] * 100
zip.list          | for a, b in zip(r, r): pass             | r = list(range(100))
enumerate         | for i, a in enumerate(r): pass          | r = list(range(100))
map.builtin       | list(map(abs, r))                       | r = list(range(100))
map.lambda        | list(map(f, r))                         | r = list(range(100)); f = lambda x: x
filter.lambda     | list(filter(f, r))                      | r = list(range(100)); f = lambda x: x
filter.none       | list(filter(None, r))                   | r = list(range(100))
range.loop        | for i in range(100): pass               |
range.list        | list(range(100))                        |
range.in          | 50 in r                                 | r = range(100)
reversed          | for i in reversed(r): pass              | r = list(range(100))
iter.next         | next(i)                                 | import itertools; i = itertools.count()
isinstance        | isinstance(x, int)                      | x = 5
isinstance tuple  | isinstance(x, (str, int))               | x = 5
isinstance abc    | isinstance(x, Mapping)                  | from collections.abc import Mapping; x = {}
issubclass        | issubclass(bool, int)                   |
getattr           | getattr(x, 'real')                      | x = 5
getattr default   | getattr(x, 'nothing', None)             | x = 5
hasattr miss      | hasattr(x, 'nothing')                   | x = 5
setattr           | setattr(x, 'a', 1)                      | class A: pass\nx = A()
type.of           | type(x) is int                          | x = 5
len               | len(r)                                  | r = [1]
id                | id(r)                                   | r = [1]
hash.str          | hash(s)                                 | s = 'abc'
callable          | callable(len)                           |
object.new        | A()                                     | class A: pass
object.init       | A(1, 2)                                 | class A:\n def __init__(self, a, b): self.a = a; self.b = b
object.slots      | A(1, 2)                                 | class A:\n __slots__ = 'a', 'b'\n def __init__(self, a, b): self.a = a; self.b = b
object.object     | object()                                |
object.dict       | x.__dict__                              | class A: pass\nx = A(); x.a = 1
object.vars set   | x = A(); x.__dict__['b'] = 1            | class A: pass
object.method     | x.f()                                   | class A:\n def f(self): pass\nx = A()
object.property   | x.f                                     | class A:\n @property\n def f(self): return 1\nx = A()
object.super      | x.f()                                   | class A:\n def f(self): pass\nclass B(A):\n def f(self): super().f()\nx = B()
object.getattr    | x.foo                                   | class A:\n def __getattr__(self, n): return 1\nx = A()
object.eq         | x == y                                  | class A:\n def __eq__(self, o): return True\nx = A(); y = A()
object.dict key   | d[x]                                    | class A:\n def __hash__(self): return 1\n def __eq__(self, o): return True\nx = A(); d = {A(): 1}
object.len        | len(x)                                  | class A:\n def __len__(self): return 1\nx = A()
object.call       | x()                                     | class A:\n def __call__(self): return 1\nx = A()
object.getitem    | x[1]                                    | class A:\n def __getitem__(self, i): return 1\nx = A()
object.iter       | for i in x: pass                        | class A:\n def __iter__(self): return iter((1,2,3))\nx = A()
object.listsub    | A([1, 2])                               | class A(list): pass
object.dictsub    | x['a']                                  | class A(dict): pass\nx = A(a=1)
object.cls build  | type('A', (), {})                       |
object.dataclass  | A(1, 2)                                 | import dataclasses\n@dataclasses.dataclass\nclass A:\n a: int\n b: int
object.enum       | E.A                                     | import enum\nclass E(enum.Enum):\n A = 1
object.enum value | E(1)                                    | import enum\nclass E(enum.Enum):\n A = 1
exc.raise         | try: raise ValueError('x')\nexcept ValueError: pass |
exc.keyerror      | try: d[1]\nexcept KeyError: pass        | d = {}
exc.attribute     | try: d.x\nexcept AttributeError: pass   | d = {}
exc.nested        | try: f()\nexcept ValueError: pass       | def g(): raise ValueError\ndef f(): g()
exc.native        | try: int('x')\nexcept ValueError: pass  |
exc.stop          | try: next(iter(()))\nexcept StopIteration: pass |
exc.with          | with c: pass                            | class C:\n def __enter__(self): pass\n def __exit__(self, *a): pass\nc = C()
exc.context       | with f(): pass                          | import contextlib\n@contextlib.contextmanager\ndef f(): yield
gen.next          | for i in f(): pass                      | def f():\n for i in range(100): yield i
gen.expr          | for i in (j for j in r): pass           | r = range(100)
call.kw           | f(a=1, b=2)                             | def f(a, b): pass
call.star         | f(*a)                                   | def f(a, b): pass\na = (1, 2)
call.starstar     | f(**a)                                  | def f(a, b): pass\na = {'a': 1, 'b': 2}
call.varargs      | f(1, 2)                                 | def f(*a, **k): pass
call.default      | f(1)                                    | def f(a, b=1, c=2): pass
call.closure      | f()                                     | def g():\n x = 1\n return lambda: x\nf = g()
call.lambda make  | lambda: 1                               |
struct.pack       | p('<IHB', 1, 2, 3)                      | from struct import pack as p
struct.unpack     | u('<IHB', b)                            | from struct import pack, unpack as u; b = pack('<IHB', 1, 2, 3)
struct.Struct     | s.unpack_from(b)                        | import struct; s = struct.Struct('<IHB'); b = s.pack(1, 2, 3)
re.match          | m('abc123')                             | import re; m = re.compile(r'[a-z]+\\d+').match
re.search         | m(s)                                    | import re; m = re.compile(r'needle').search; s = 'x' * 500 + 'needle'
re.search class   | m(s)                                    | import re; m = re.compile(r'\\d+').search; s = 'x' * 500 + '12'
re.search alt     | m(s)                                    | import re; m = re.compile(r'foo|bar|baz').search; s = 'x' * 500 + 'baz'
re.sub            | m('-', s)                               | import re; m = re.compile(r'\\s+').sub; s = 'ab cd  ef ' * 20
re.sub func       | m(f, s)                                 | import re; m = re.compile(r'\\w+').sub; s = 'ab cd  ef ' * 20; f = lambda m: m[0]
re.findall        | m(s)                                    | import re; m = re.compile(r'\\w+').findall; s = 'ab cd  ef ' * 20
re.finditer       | for x in m(s): pass                     | import re; m = re.compile(r'\\w+').finditer; s = 'ab cd  ef ' * 20
re.split          | m(s)                                    | import re; m = re.compile(r'\\s+').split; s = 'ab cd  ef ' * 20
re.groups         | m(s).groups()                           | import re; m = re.compile(r'(\\w+)=(\\w+);').match; s = 'key=value;'
re.lazy           | m(s)                                    | import re; m = re.compile(r'<.*?>').findall; s = '<a>text</a>' * 20
re.cached         | re.match('a', 'b')                      | import re
re.compile        | re._compiler.compile('a[bc]+(d|e)*f')   | import re
it.chain          | for x in chain(r, r): pass              | from itertools import chain; r = list(range(50))
it.islice         | for x in islice(r, 50): pass            | from itertools import islice; r = list(range(100))
it.product        | for x in product(r, r): pass            | from itertools import product; r = list(range(10))
it.permutations   | for x in permutations(r): pass          | from itertools import permutations; r = list(range(5))
it.combinations   | for x in combinations(r, 2): pass       | from itertools import combinations; r = list(range(15))
it.count zip      | for x in zip(count(), r): pass          | from itertools import count; r = list(range(100))
it.groupby        | for k, g in groupby(r): pass            | from itertools import groupby; r = sorted(list(range(25)) * 4)
it.accumulate     | for x in accumulate(r): pass            | from itertools import accumulate; r = list(range(100))
it.starmap        | for x in starmap(pow, r): pass          | from itertools import starmap; r = [(2, 3)] * 100
it.repeat         | for x in repeat(1, 100): pass           | from itertools import repeat
it.takewhile      | for x in takewhile(f, r): pass          | from itertools import takewhile; r = list(range(100)); f = lambda x: True
it.tee            | a, b = tee(r); list(a); list(b)         | from itertools import tee; r = list(range(100))
it.batched        | for x in batched(r, 10): pass           | from itertools import batched; r = list(range(100))
ft.partial        | f(2)                                    | from functools import partial; f = partial(pow, 2)
ft.partial kw     | f(2)                                    | from functools import partial\ndef g(a, b, c=1): pass\nf = partial(g, 1, c=2)
ft.lru_cache      | f(2)                                    | from functools import lru_cache\n@lru_cache\ndef f(x): return x
ft.cache          | f(2)                                    | from functools import cache\n@cache\ndef f(x): return x
ft.reduce         | reduce(f, r)                            | from functools import reduce; from operator import add as f; r = list(range(100))
ft.cmp_to_key     | sorted(r, key=k)                        | from functools import cmp_to_key; k = cmp_to_key(lambda a, b: a - b); r = list(range(50))
ft.singledispatch | f(1)                                    | from functools import singledispatch\n@singledispatch\ndef f(x): pass
op.itemgetter     | f(t)                                    | from operator import itemgetter; f = itemgetter(1); t = (1, 2)
op.itemgetter2    | f(t)                                    | from operator import itemgetter; f = itemgetter(1, 0); t = (1, 2)
op.attrgetter     | f(x)                                    | from operator import attrgetter; f = attrgetter('real'); x = 5
op.methodcaller   | f(x)                                    | from operator import methodcaller; f = methodcaller('bit_length'); x = 5
deque.append pop  | d.append(1); d.popleft()                | from collections import deque; d = deque(range(10))
deque.iter        | for x in d: pass                        | from collections import deque; d = deque(range(100))
deque.rotate      | d.rotate(1)                             | from collections import deque; d = deque(range(100))
OrderedDict.set   | d['a'] = 1; del d['a']                  | from collections import OrderedDict; d = OrderedDict()
OrderedDict.move  | d.move_to_end('a')                      | from collections import OrderedDict; d = OrderedDict(a=1, b=2, c=3)
OrderedDict.iter  | for x in d: pass                        | from collections import OrderedDict; d = OrderedDict.fromkeys(range(100))
defaultdict       | d[1] += 1                               | from collections import defaultdict; d = defaultdict(int)
defaultdict.miss  | d = defaultdict(list); d[1].append(1)   | from collections import defaultdict
Counter           | Counter(s)                              | from collections import Counter; s = 'abracadabra' * 10
namedtuple.new    | P(1, 2)                                 | from collections import namedtuple; P = namedtuple('P', 'x y')
namedtuple.get    | p.y                                     | from collections import namedtuple; p = namedtuple('P', 'x y')(1, 2)
copy.list         | copy(r)                                 | from copy import copy; r = [1, 2, 3]
copy.object       | copy(x)                                 | from copy import copy\nclass A: pass\nx = A(); x.a = 1
deepcopy.list     | deepcopy(r)                             | from copy import deepcopy; r = [[1, 2], [3, 4], {'a': 5}]
deepcopy.object   | deepcopy(x)                             | from copy import deepcopy\nclass A: pass\nx = A(); x.a = [1]
StringIO.write    | f = StringIO(); [f.write(s) for i in r]; f.getvalue() | from io import StringIO; r = range(100); s = 'hello'
StringIO.lines    | for l in StringIO(s): pass              | from io import StringIO; s = 'hello world\\n' * 100
BytesIO.write     | f = BytesIO(); [f.write(s) for i in r]; f.getvalue() | from io import BytesIO; r = range(100); s = b'hello'
BytesIO.read      | f = BytesIO(s); [f.read(5) for i in r]  | from io import BytesIO; s = b'hello' * 100; r = range(100)
file.lines        | for l in open(__file__): pass           |
file.read         | open(__file__).read()                   |
file.write        | f.write('hello\\n')                     | f = open('/dev/null', 'w')
file.binary lines | for l in open(__file__, 'rb'): pass     |
print             | print('hello', 1, file=f)               | f = open('/dev/null', 'w')
heapq             | heappush(h, 5); heappop(h)              | from heapq import heappush, heappop; h = list(range(100))
heapify           | heapify(r.copy())                       | from heapq import heapify; r = list(range(100, 0, -1))
heapq tuples      | heappush(h, (5, 1)); heappop(h)         | from heapq import heappush, heappop; h = [(i, i) for i in range(100)]
bisect            | bisect(r, 50)                           | from bisect import bisect; r = list(range(100))
random.random     | f()                                     | from random import random as f
random.randrange  | f(100)                                  | from random import randrange as f
random.shuffle    | f(r)                                    | from random import shuffle as f; r = list(range(100))
random.choice     | f(r)                                    | from random import choice as f; r = list(range(100))
math.sqrt         | f(2.0)                                  | from math import sqrt as f
math.sin          | f(2.0)                                  | from math import sin as f
math.floor        | f(2.5)                                  | from math import floor as f
math.gcd          | f(12345, 678)                           | from math import gcd as f
math.hypot        | f(3.0, 4.0)                             | from math import hypot as f
math.isclose      | f(1.0, 1.0)                             | from math import isclose as f
math.factorial    | f(100)                                  | from math import factorial as f
math.comb         | f(50, 20)                               | from math import comb as f
array.getitem     | a[5]                                    | from array import array; a = array('d', range(100))
array.setitem     | a[5] = 1.5                              | from array import array; a = array('d', range(100))
array.iter        | for x in a: pass                        | from array import array; a = array('d', range(100))
array.append      | a.append(1); a.pop()                    | from array import array; a = array('i')
json.dumps        | dumps(x)                                | from json import dumps; x = {'a': [1, 2.5, 'x', None], 'b': {'c': True}}
json.loads        | loads(s)                                | from json import loads; s = '{"a": [1, 2.5, "x", null], "b": {"c": true}}'
pickle.dumps      | dumps(x)                                | from pickle import dumps; x = {'a': [1, 2.5, 'x', None], 'b': {'c': True}}
pickle.loads      | loads(s)                                | from pickle import dumps, loads; s = dumps({'a': [1, 2.5, 'x', None], 'b': {'c': True}})
marshal.dumps     | dumps(x)                                | from marshal import dumps; x = {'a': [1, 2.5, 'x', None]}
marshal.loads     | loads(s)                                | from marshal import dumps, loads; s = dumps({'a': [1, 2.5, 'x', None]})
base64            | b64encode(s)                            | from base64 import b64encode; s = b'hello world' * 10
binascii.hexlify  | hexlify(s)                              | from binascii import hexlify; s = b'hello world' * 10
zlib.crc32        | crc32(s)                                | from binascii import crc32; s = b'hello world' * 100
hashlib.md5       | md5(s).digest()                         | from hashlib import md5; s = b'hello world' * 10
hashlib.sha256    | sha256(s).digest()                      | from hashlib import sha256; s = b'hello world' * 100
datetime.now      | datetime.now()                          | from datetime import datetime
datetime.add      | d + t                                   | from datetime import datetime, timedelta; d = datetime(2020, 1, 1); t = timedelta(1)
datetime.iso      | d.isoformat()                           | from datetime import datetime; d = datetime(2020, 1, 1)
decimal.add       | a + b                                   | from decimal import Decimal; a = Decimal('1.5'); b = Decimal('2.5')
fractions.add     | a + b                                   | from fractions import Fraction; a = Fraction(1, 3); b = Fraction(2, 5)
time.perf_counter | f()                                     | from time import perf_counter as f
os.stat           | f('/')                                  | from os import stat as f
os.path.join      | f('a', 'b')                             | from os.path import join as f
os.fspath         | f('a')                                  | from os import fspath as f
pathlib           | P('a') / 'b'                            | from pathlib import PurePath as P
weakref.ref       | ref(x)                                  | from weakref import ref\nclass A: pass\nx = A()
weakref.call      | r()                                     | from weakref import ref\nclass A: pass\nx = A(); r = ref(x)
weakref.die       | x = A(); r = ref(x); del x              | from weakref import ref\nclass A: pass
contextvar.get    | v.get()                                 | from contextvars import ContextVar; v = ContextVar('v'); v.set(1)
lock              | l.acquire(); l.release()                | from threading import Lock; l = Lock()
lock.with         | with l: pass                            | from threading import Lock; l = Lock()
ast.parse         | parse('x = [i for i in range(10) if i]') | from ast import parse
compile           | compile('x = [i for i in range(10) if i]', '', 'exec') |
eval              | eval('1 + 2')                           |
exec.code         | exec(c)                                 | c = compile('x = 1', '', 'exec')
import.cached     | import sys                              |
gc.collect        | collect()                               | from gc import collect; collect()
gc.lists          | [[] for i in r]                         | r = range(1000)
gc.many           | r = [[i] for i in range(200000)]; del r |
gc.cycles         | a = []; a.append(a); del a              |
gc.tree           | t(14)                                   | def t(n): return (t(n - 1), t(n - 1)) if n else None
textwrap          | f(s)                                    | from textwrap import wrap as f; s = 'hello world ' * 20
csv.reader        | list(reader(r))                         | from csv import reader; r = ['a,b,c', '1,2,3'] * 10
shlex             | f('a "b c" d')                          | from shlex import split as f
urlparse          | f('http://example.org/x?y=1')           | from urllib.parse import urlsplit as f
logging.off       | f('x')                                  | import logging; f = logging.getLogger('x').debug
unicodedata       | f('NFC', s)                             | from unicodedata import normalize as f; s = 'a\\u0308' * 10
string.Template   | t.substitute(a=1)                       | from string import Template; t = Template('$a b')
"""


def cases(word):
    """Name, statement and preparation of each case. `\n` divides lines; `\\n` is an escape of the program."""
    for line in CASES.strip().splitlines():
        name, statement, *setup = re.split(r'\s+\|(?:\s+|$)', line.strip())
        lines = [part.replace(r'\\', '\0').replace(r'\n', '\n').replace('\0', '\\') for part in (statement, *setup, '')]
        if word in name:
            yield name, lines[0], lines[1]


def time_case(statement, setup):
    body = '\n'.join('        ' + line for line in statement.splitlines())
    head = '\n'.join('    ' + line for line in setup.splitlines()) or '    pass'
    source = f'def run(times, clock):\n{head}\n    start = clock()\n    for _ in times:\n{body}\n    return clock() - start\n'
    space = {'__file__': __file__}
    exec(source, space)
    run = space['run']
    number = 1
    while True:
        took = run([None] * number, time.process_time)
        if took >= MINIMUM:
            break
        number = number * 10 if took < MINIMUM / 20 else max(number + 1, int(number * MINIMUM / took * 1.2))
    best = min(run([None] * number, time.process_time) for _ in range(REPEATS))
    return best / number * 1e9


def run_all(word, part):
    selected = list(cases(word))
    if part is not None:
        selected = selected[part * PART:(part + 1) * PART]
    for name, statement, setup in selected:
        try:
            print(f'{name}|{time_case(statement, setup):.1f}', flush=True)
        except Exception as e:
            print(f'{name}|{type(e).__name__}: {e}', flush=True)


def results(pythons, word):
    """A table for each Python. They take turns, a few cases at a time: what else the machine does is much the same for all."""
    tables = [{} for _ in pythons]
    for part in range(-(-len(list(cases(word))) // PART)):
        for python, table in zip(pythons, tables):
            command = [python, __file__, '--run', '-k', word, '--part', str(part)]
            output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
            table.update(line.split('|', 1) for line in output.splitlines() if '|' in line)
    return tables


def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def compare(pythons, word):
    tables = results(pythons, word)
    logs = [[] for _ in pythons]
    print(f'{"":20}{"ns":>12}' + ''.join(f'{p.rsplit("/", 1)[-1]:>12}' for p in pythons[1:]))
    import math
    for name, _, _ in cases(word):
        base = number(tables[0].get(name))
        row = f'{name:20}{tables[0].get(name, "-")[:11]:>12}'
        for table, log in zip(tables[1:], logs[1:]):
            value = number(table.get(name))
            if value and base:
                log.append(math.log(base / value))
                row += f'{base / value:12.2f}'
            else:
                row += f'{table.get(name, "-")[:60]:>12}'
        print(row)
    means = ''.join(f'{math.exp(sum(log) / len(log)):12.2f}' for log in logs[1:] if log)
    print(f'{"geometric mean":20}{"":12}{means}')


def main():
    arguments = sys.argv[1:]

    def option(name):
        if name not in arguments:
            return None
        at = arguments.index(name)
        value = arguments[at + 1]
        del arguments[at:at + 2]
        return value

    word = option('-k') or ''
    part = option('--part')
    if arguments == ['--run']:
        run_all(word, part and int(part))
    elif arguments:
        compare(arguments, word)
    else:
        print(__doc__)


if __name__ == '__main__':
    main()
