"""Generators in a chain, sending and throwing into them, yield from, and what happens when they are closed."""

from functools import reduce, wraps
from itertools import chain, count, islice, takewhile, tee

TEXT = """the quick brown fox jumps over the lazy dog
the dog barks at the fox

the fox does not mind
"""


def primed(function):
    @wraps(function)
    def start(*args, **kwargs):
        generator = function(*args, **kwargs)
        next(generator)
        return generator

    return start


@primed
def averager():
    total, number, average = 0, 0, None
    try:
        while True:
            try:
                value = yield average
            except ValueError as error:
                print("skipped:", error)
                continue
            total += value
            number += 1
            average = total / number
    finally:
        print(f"averaged {number} values")


def lines(text):
    for number, line in enumerate(text.splitlines(), 1):
        yield number, line


def words(numbered):
    for number, line in numbered:
        if not line:
            continue
        yield from ((number, word) for word in line.split())


def positions(pairs):
    found = {}
    for number, word in pairs:
        found.setdefault(word, []).append(number)
    return found


def counted(pairs):
    seen = 0
    for pair in pairs:
        seen += 1
        yield pair
    return seen


def with_count(pairs, told):
    told.append((yield from counted(pairs)))


def walk(tree):
    match tree:
        case [left, value, right]:
            yield from walk(left)
            yield value
            yield from walk(right)


def insert(tree, value):
    if tree is None:
        return [None, value, None]
    left, here, right = tree
    if value < here:
        return [insert(left, value), here, right]
    return [left, here, insert(right, value)]


def primes():
    sieve = {}
    for number in count(2):
        factor = sieve.pop(number, None)
        if factor is None:
            yield number
            sieve[number * number] = number
        else:
            step = number + factor
            while step in sieve:
                step += factor
            sieve[step] = factor


told = []
index = positions(with_count(words(lines(TEXT)), told))
for word in sorted(index, key=lambda word: (-len(index[word]), word))[:4]:
    print(f"{word:6} {index[word]}")
print(told, "words")

mean = averager()
print([mean.send(value) for value in (10, 20, 60)])
print(mean.throw(ValueError("no number")))
print(mean.send(10))
mean.close()

tree = reduce(insert, [5, 2, 8, 1, 9, 3], None)
print(list(walk(tree)), tree)
print(list(islice(primes(), 10)), sum(takewhile(lambda p: p < 60, primes())))
one, two = tee(walk(tree))
next(two)
print([b - a for a, b in zip(one, two)], list(chain.from_iterable([[1], (2, 3), "ab"])))
