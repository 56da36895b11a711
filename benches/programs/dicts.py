"""Dicts and sets: filling, looking up, updating, with keys of ints, text and tuples."""

squares = {i: i * i for i in range(100_000)}
total = 0
for i in range(0, 200_000, 3):
    total += squares.get(i, 1)
names = {f"name{i}": i for i in range(30_000)}
for key in names:
    names[key] += 1
grid = {}
for x in range(200):
    for y in range(200):
        grid[x, y] = grid.get((x - 1, y), 0) + grid.get((x, y - 1), 1) & 0xFFFF
seen = set()
n = 1
while n not in seen:
    seen.add(n)
    n = n * 75 % 65537
for key in list(squares)[::2]:
    del squares[key]
print(total, sum(names.values()), grid[199, 199], len(seen), len(squares))
