"""Floating point: a mandelbrot set, a numeric integral, a spectral norm."""


def mandelbrot(size):
    inside = 0
    for j in range(size):
        for i in range(size):
            cr, ci = 2.0 * i / size - 1.5, 2.0 * j / size - 1.0
            zr = zi = 0.0
            for _ in range(50):
                zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
                if zr * zr + zi * zi > 4.0:
                    break
            else:
                inside += 1
    return inside


def integral(n):
    h = 1.0 / n
    return sum(4.0 / (1.0 + ((i + 0.5) * h) ** 2) for i in range(n)) * h


def norm(n):
    def entry(i, j):
        return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)

    v = [1.0] * n
    for _ in range(2):
        v = [sum(entry(i, j) * v[j] for j in range(n)) for i in range(n)]
    return sum(x * x for x in v) ** 0.5


print(mandelbrot(120), f"{integral(200_000):.9f} {norm(150):.9f}")
