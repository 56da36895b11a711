# Stars gather what is left over, on the left; and spread it, on the right.
first, *middle, last = range(6)
a, (b, c) = 1, (2, 3)
a, b = b, a
merged = {"x": 0, **{"x": 1, "y": 2}}


def total(*numbers, scale=1, **rest):
    return sum(numbers) * scale, rest


print(first, middle, last, a, b, c)
print(merged, total(*middle, scale=10, unit="m"))
