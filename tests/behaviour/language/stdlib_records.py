# The library's dataclasses, enum, collections, functools and contextlib over the interpreter.
import collections
import contextlib
import dataclasses
import enum
import functools
import itertools


@dataclasses.dataclass(order=True, frozen=True, slots=True)
class Version:
    major: int
    minor: int = 0
    tags: tuple = dataclasses.field(default=(), compare=False)


a, b = Version(1, 2), Version(1, 10, ("x",))
print(a, a < b, dataclasses.replace(b, minor=3), dataclasses.asdict(a), hash(a) == hash(Version(1, 2)))
try:
    a.major = 5
except dataclasses.FrozenInstanceError as e:
    print(e)


class Flag(enum.Flag):
    R = enum.auto()
    W = enum.auto()


class Colour(enum.Enum):
    RED = 1
    BLUE = 2
    ALSO_RED = 1


print(Flag.R | Flag.W, list(Colour), Colour(1), Colour["BLUE"], Colour.ALSO_RED is Colour.RED)
Pair = collections.namedtuple("Pair", "left right", defaults=[0])
print(Pair(1), Pair(1, 2)._replace(left=3), collections.Counter("hello").most_common(2), collections.deque([1, 2, 3], 2))


@functools.lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(80), fib.cache_info(), functools.reduce(lambda a, b: a * b, range(1, 6)))


@contextlib.contextmanager
def noisy():
    print("before")
    try:
        yield 1
    except KeyError as e:
        print("swallow", e)
    print("after")


with noisy() as n:
    raise KeyError(n)
with contextlib.suppress(ZeroDivisionError), contextlib.ExitStack() as stack:
    stack.callback(print, "callback")
    1 / 0
print(list(itertools.accumulate(range(5))), list(itertools.pairwise("abc")), [list(g) for _, g in itertools.groupby("aabbb")])
