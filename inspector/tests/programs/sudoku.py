"""A sudoku of four by four by search, the eight queens by a generator, and coins by dynamic programming with a cache."""

from functools import cache

PUZZLE = """
1 3 . 4
2 . 1 .
. 1 4 .
4 2 . 1
"""

SIZE, BOX = 4, 2


class Board:
    def __init__(self, text):
        digits = [0 if mark == "." else int(mark) for mark in text.split()]
        self.rows = [digits[i : i + SIZE] for i in range(0, SIZE * SIZE, SIZE)]
        self.tries = 0

    def free(self):
        for y, row in enumerate(self.rows):
            for x, digit in enumerate(row):
                if not digit:
                    yield x, y

    def possible(self, x, y):
        taken = set(self.rows[y])
        taken |= {row[x] for row in self.rows}
        left, top = x // BOX * BOX, y // BOX * BOX
        taken.update(self.rows[top + j][left + i] for i in range(BOX) for j in range(BOX))
        return [digit for digit in range(1, SIZE + 1) if digit not in taken]

    def solve(self):
        """Whether it can be solved; it is then."""
        places = sorted(((len(self.possible(x, y)), x, y) for x, y in self.free()))
        if not places:
            return True
        _, x, y = places[0]
        for digit in self.possible(x, y):
            self.tries += 1
            self.rows[y][x] = digit
            if self.solve():
                return True
            self.rows[y][x] = 0
        return False

    def __str__(self):
        return "\n".join(" ".join(str(digit or ".") for digit in row) for row in self.rows)


def queens(n, placed=()):
    row = len(placed)
    if row == n:
        yield placed
        return
    for column in range(n):
        if all(column != other and abs(column - other) != row - i for i, other in enumerate(placed)):
            yield from queens(n, placed + (column,))


def ways(amount, coins):
    @cache
    def count(amount, kinds):
        if amount == 0:
            return 1
        if amount < 0 or kinds == 0:
            return 0
        return count(amount - coins[kinds - 1], kinds) + count(amount, kinds - 1)

    return count(amount, len(coins)), count.cache_info().hits > 0


def fewest(amount, coins):
    best = [0] + [None] * amount
    used = [None] * (amount + 1)
    for sum_ in range(1, amount + 1):
        for coin in coins:
            if coin <= sum_ and best[sum_ - coin] is not None and (best[sum_] is None or best[sum_ - coin] + 1 < best[sum_]):
                best[sum_], used[sum_] = best[sum_ - coin] + 1, coin
    out = []
    while amount and used[amount]:
        out.append(used[amount])
        amount -= used[amount]
    return out


board = Board(PUZZLE)
print(len(list(board.free())), "are free")
print(board.solve(), board.tries)
print(board)
empty = Board(". " * 16)
empty.rows[0][:3] = 1, 2, 3
empty.rows[1][3] = 4
print(empty.solve(), empty.tries)
print(next(queens(4)), sum(1 for _ in queens(3)))
for line in next(queens(4)):
    print(". " * line + "Q " + ". " * (3 - line))
print(ways(12, (1, 2, 5, 10)), fewest(15, (1, 5, 6, 9)))
