"""Fractions in matrices: operators of classes, elimination, and polynomials through points."""

from fractions import Fraction
from math import prod


class Matrix:
    __slots__ = ("rows",)

    def __init__(self, rows):
        self.rows = [[Fraction(x) for x in row] for row in rows]

    @classmethod
    def unit(cls, n):
        return cls([[int(i == j) for j in range(n)] for i in range(n)])

    @property
    def shape(self):
        return len(self.rows), len(self.rows[0])

    def __getitem__(self, place):
        match place:
            case (int(i), int(j)):
                return self.rows[i][j]
            case (slice() as i, int(j)):
                return [row[j] for row in self.rows[i]]
            case int(i):
                return self.rows[i]
        raise TypeError(f"no place: {place!r}")

    def __eq__(self, other):
        return isinstance(other, Matrix) and self.rows == other.rows

    def __add__(self, other):
        return Matrix([[a + b for a, b in zip(r, s, strict=True)] for r, s in zip(self.rows, other.rows, strict=True)])

    def __mul__(self, factor):
        return Matrix([[x * factor for x in row] for row in self.rows])

    __rmul__ = __mul__

    def __matmul__(self, other):
        columns = list(zip(*other.rows))
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in columns] for row in self.rows])

    def __pow__(self, n):
        result, base = Matrix.unit(len(self.rows)), self
        while n:
            if n & 1:
                result = result @ base
            base = base @ base
            n >>= 1
        return result

    def __str__(self):
        texts = [[str(x) for x in row] for row in self.rows]
        width = max(len(text) for row in texts for text in row)
        return "\n".join("[" + " ".join(f"{text:>{width}}" for text in row) + "]" for row in texts)

    def solve(self, right):
        """x with self @ x == right; a ZeroDivisionError if there is not exactly one."""
        n = len(self.rows)
        rows = [row[:] + [Fraction(b)] for row, b in zip(self.rows, right)]
        for k in range(n):
            pivot = next((i for i in range(k, n) if rows[i][k]), None)
            if pivot is None:
                raise ZeroDivisionError("the matrix is singular")
            rows[k], rows[pivot] = rows[pivot], rows[k]
            factor = rows[k][k]
            rows[k] = [x / factor for x in rows[k]]
            for i in range(n):
                if i != k and rows[i][k]:
                    factor = rows[i][k]
                    rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k])]
        return [row[n] for row in rows]

    def determinant(self):
        n = len(self.rows)
        if n == 1:
            return self[0, 0]
        minor = lambda j: Matrix([row[:j] + row[j + 1 :] for row in self.rows[1:]])
        return sum((-1) ** j * self[0, j] * minor(j).determinant() for j in range(n))


def through(points):
    """The coefficients of the polynomial through points."""
    return Matrix([[Fraction(x) ** k for k in range(len(points))] for x, _ in points]).solve([y for _, y in points])


def value(coefficients, x):
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


a = Matrix([[2, 1, 0], [1, 3, 1], [0, "1/2", 4]])
print(a, a.shape, a.determinant())
x = a.solve([1, 2, 3])
print([str(part) for part in x], [str(sum(p * q for p, q in zip(a[i], x))) for i in range(3)])
fibonacci = Matrix([[1, 1], [1, 0]]) ** 20
print(fibonacci[0, 1], fibonacci[:, 0][0] - fibonacci[0, 1])
print(a + 2 * Matrix.unit(3))
print(a @ Matrix.unit(3) == a, a == Matrix.unit(3))
points = [(0, 1), (1, 3), (2, 11), (3, 31)]
polynomial = through(points)
print(polynomial, all(value(polynomial, x) == y for x, y in points), prod(map(lambda c: c or 1, polynomial)))
for wrong in (lambda: Matrix([[1, 2], [2, 4]]).solve([1, 1]), lambda: a["x"], lambda: a + Matrix.unit(2)):
    try:
        wrong()
    except (ZeroDivisionError, TypeError, ValueError) as error:
        print(type(error).__name__, error, sep=": ")
