"""cmath over the classes of parts, and plain values to twelve digits."""
import cmath
import math

parts = [-math.inf, -2.0, -0.0, 0.0, 2.0, math.inf, math.nan]


def part(x):
    return 'nan' if x != x else format(x, '.12g')


def show(name, f, *args):
    try:
        r = f(*args)
        print(name, args, part(r.real), part(r.imag))
    except (ValueError, OverflowError) as e:
        print(name, args, e)


for name in ['acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cos', 'cosh', 'exp', 'log', 'log10', 'sin', 'sinh',
             'sqrt', 'tan', 'tanh']:
    f = getattr(cmath, name)
    for re in parts:
        for im in parts:
            show(name, f, complex(re, im))
    for z in [1, -1, 1j, -1j, 0.3 - 0.7j, 1e-320 + 1e-320j, 1e308 + 1e308j, 800 + 1j, 1.5e308j, 1 + 1e-200j]:
        show(name, f, z)
for r in parts:
    for phi in parts:
        show('rect', cmath.rect, r, phi)
for z in [1 + 1j, -2, complex(math.inf, math.nan), -0.0]:
    print(cmath.polar(z), cmath.phase(z), cmath.isfinite(z), cmath.isinf(z), cmath.isnan(z))
for f in (lambda: cmath.log(1, 0), lambda: cmath.log(2, 1), lambda: cmath.sqrt('a'), lambda: cmath.isclose(1, 2, rel_tol=-1),
          lambda: cmath.polar(complex(1.7e308, 1.7e308)), lambda: cmath.isclose(1j, 1j + 1e-12), lambda: cmath.log(8, 2)):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)
print(cmath.infj, cmath.nanj, cmath.pi, cmath.tau, cmath.e)
