"""dis with adaptive=True and show_caches=True: the counters of code before it runs."""

import dis
import io


def f(x, items):
    for item in items:
        if x < item:
            x += item.real
    return g(x)


def g(x):
    return x


def show():
    out = io.StringIO()
    dis.dis(f, adaptive=True, show_caches=True, file=out)
    for line in out.getvalue().splitlines():
        if "counter" in line or "CACHE" not in line and line.strip():
            yield line[10:50].rstrip()


print("\n".join(show()))
