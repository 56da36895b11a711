"""Generators, delegation, expressions, comprehensions, a pipeline."""


def numbers(n):
    for i in range(n):
        yield i


def doubled(source):
    for x in source:
        yield x * 2


def tree(depth):
    if depth:
        yield from tree(depth - 1)
        yield depth
        yield from tree(depth - 1)


def averager():
    total = count = 0
    while True:
        value = yield total / count if count else 0
        total += value
        count += 1


total = sum(x for x in doubled(numbers(300_000)) if x % 3)
average = averager()
next(average)
for i in range(100_000):
    last = average.send(i)
print(total, sum(tree(14)), last, len([x for x in range(300_000) if x & 1]))
