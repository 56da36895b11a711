"""Training: classes, closures, generators, exceptions, coroutines and containers in programs of ordinary style."""

import asyncio
import collections
import dataclasses
import weakref


# A tree with visitors, as compilers have them.

class Node:
    __slots__ = ("left", "right", "value")

    def __init__(self, value, left=None, right=None):
        self.value = value
        self.left = left
        self.right = right

    def __iter__(self):
        if self.left is not None:
            yield from self.left
        yield self.value
        if self.right is not None:
            yield from self.right


def insert(node, value):
    if node is None:
        return Node(value)
    if value < node.value:
        node.left = insert(node.left, value)
    elif value > node.value:
        node.right = insert(node.right, value)
    return node


def tree():
    root = None
    for n in range(300):
        root = insert(root, n * 7919 % 1009)
    return sum(root), len(list(root))


# A tokenizer, a parser and an evaluator for arithmetic.

@dataclasses.dataclass(frozen=True)
class Number:
    value: float


@dataclasses.dataclass(frozen=True)
class Binary:
    operator: str
    left: object
    right: object


class SyntaxTrouble(Exception):
    def __init__(self, message, place):
        super().__init__(message)
        self.place = place


class Parser:
    levels = [("+", "-"), ("*", "/", "%")]

    def __init__(self, text):
        self.text = text
        self.at = 0

    def peek(self):
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at] if self.at < len(self.text) else ""

    def parse(self, level=0):
        if level == len(self.levels):
            return self.atom()
        left = self.parse(level + 1)
        while (c := self.peek()) and c in self.levels[level]:
            self.at += 1
            left = Binary(c, left, self.parse(level + 1))
        return left

    def atom(self):
        c = self.peek()
        if c == "(":
            self.at += 1
            inner = self.parse()
            if self.peek() != ")":
                raise SyntaxTrouble("unclosed", self.at)
            self.at += 1
            return inner
        start = self.at
        while self.at < len(self.text) and (self.text[self.at].isdigit() or self.text[self.at] == "."):
            self.at += 1
        if start == self.at:
            raise SyntaxTrouble("number expected", start)
        return Number(float(self.text[start:self.at]))


def evaluate(node):
    match node:
        case Number(value):
            return value
        case Binary("+", left, right):
            return evaluate(left) + evaluate(right)
        case Binary("-", left, right):
            return evaluate(left) - evaluate(right)
        case Binary("*", left, right):
            return evaluate(left) * evaluate(right)
        case Binary("/", left, right):
            return evaluate(left) / (evaluate(right) or 1)
        case Binary("%", left, right):
            return evaluate(left) % (evaluate(right) or 1)


def arithmetic():
    results = []
    for n in range(60):
        try:
            results.append(evaluate(Parser(f"({n} + 2.5) * 3 - 8 / ({n} - 4) % 7").parse()))
            Parser(f"(1 + {n} * (2").parse()
        except SyntaxTrouble as e:
            results.append(e.place)
        finally:
            results.append(0)
    return results


# Vectors, a grid and a simulation with events.

class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    def __eq__(self, other):
        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __lt__(self, other):
        return self.length < other.length

    def __bool__(self):
        return bool(self.x or self.y)

    def __repr__(self):
        return f"Vector({self.x!r}, {self.y!r})"

    @property
    def length(self):
        return (self.x * self.x + self.y * self.y) ** 0.5

    @classmethod
    def polar(cls, n):
        return cls(n % 13, n // 13)

    @staticmethod
    def dot(a, b):
        return a.x * b.x + a.y * b.y


def vectors():
    all_of = [Vector.polar(n) for n in range(200)]
    middle = sum(all_of, start=Vector(0, 0)) * (1 / 200) if False else Vector(0, 0)
    for v in all_of:
        middle = middle + (v - middle) * 0.1
    seen = {v: n for n, v in enumerate(all_of)}
    hits = [seen[Vector.polar(n)] for n in range(0, 200, 3)]
    return sorted(all_of)[:3], max(all_of, key=lambda v: Vector.dot(v, middle)), len(hits), [v for v in all_of if v]


class Event:
    def __init__(self, name):
        self.name = name
        self.listeners = []
        self.heard = 0

    def listen(self, function):
        self.listeners.append(function)
        return function

    def fire(self, *args, **kwargs):
        for listener in self.listeners:
            listener(*args, **kwargs)
            self.heard += 1


class Base:
    registry = weakref.WeakValueDictionary()

    def __init__(self, name, /, *, size=1, **options):
        self.name = name
        self.size = size
        self.options = options
        self.registry[name] = self

    def grow(self, by=1):
        self.size += by
        return self

    def __getattr__(self, name):
        try:
            return self.options[name]
        except KeyError:
            raise AttributeError(name) from None


class Derived(Base):
    def __init__(self, name, *args, **kwargs):
        super().__init__(name, *args, **kwargs)
        self.history = []

    def grow(self, by=2):
        self.history.append(by)
        return super().grow(by)


def events():
    bell = Event("bell")
    total = 0

    @bell.listen
    def count(n, weight=1):
        nonlocal total
        total += n * weight

    @bell.listen
    def ignore(*args, **kwargs):
        return args, kwargs

    things = [Derived(f"thing {n}", size=n, colour="red") if n % 3 else Base(f"thing {n}", size=n) for n in range(100)]
    for n, thing in enumerate(things):
        thing.grow().grow(by=n)
        bell.fire(n, weight=thing.size)
        if getattr(thing, "colour", None) == "red" and hasattr(thing, "history"):
            total += len(thing.history)
    return total


def grid():
    size = 24
    cells = [[(x * 31 + y * 17) % 5 == 0 for x in range(size)] for y in range(size)]
    for _ in range(4):
        fresh = []
        for y in range(size):
            row = []
            for x in range(size):
                near = 0
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        if (dx or dy) and 0 <= y + dy < size and 0 <= x + dx < size and cells[y + dy][x + dx]:
                            near += 1
                row.append(near == 3 or (near == 2 and cells[y][x]))
            fresh.append(row)
        cells = fresh
    paths = collections.deque([(0, 0)])
    cost = {(0, 0): 0}
    while paths:
        x, y = paths.popleft()
        for nx, ny in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if (nx, ny) not in cost and nx in range(size) and ny in range(size) and not cells[ny][nx]:
                cost[nx, ny] = cost[x, y] + 1
                paths.append((nx, ny))
    return max(cost.values()), "".join("#" if c else "." for row in cells for c in row).count("#")


def permutations(items):
    if not items:
        yield ()
        return
    for n, item in enumerate(items):
        for rest in permutations(items[:n] + items[n + 1:]):
            yield (item, *rest)


def puzzles():
    count = sum(1 for p in permutations(tuple(range(5))) if all(abs(a - b) != 1 for a, b in zip(p, p[1:])))
    primes = [n for n in range(2, 600) if all(n % d for d in range(2, int(n**0.5) + 1))]
    squares = {n: n * n for n in primes if n % 4 == 1}
    letters = {c for word in ("alpha", "beta", "gamma") for c in word}
    return count, len(primes), sum(squares.values()), sorted(letters), any(n > 590 for n in primes)


def matrix():
    n = 18
    a = [[float(i * j % 7) for j in range(n)] for i in range(n)]
    b = [[1.0 / (i + j + 1) for j in range(n)] for i in range(n)]
    product = [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]
    for i in range(1, n):
        for j in range(1, n - 1):
            product[i][j] = 0.25 * (product[i - 1][j] + product[i][j - 1] + product[i][j] + product[i][j + 1])
    return product[3][4]


async def worker(queue, results):
    while (item := await queue.get()) is not None:
        await asyncio.sleep(0)
        results.append(item * 2)
    return len(results)


async def numbers(limit):
    for n in range(limit):
        yield n


async def main():
    queue, results = asyncio.Queue(), []
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(worker(queue, results))
        async for n in numbers(100):
            await queue.put(n)
        for _ in range(4):
            await queue.put(None)
    return len(results), [n async for n in numbers(10)]


if __name__ == "__main__":
    for _ in range(25):
        for work in (tree, arithmetic, vectors, events, grid, puzzles, matrix):
            work()
    for _ in range(5):
        asyncio.run(main())
