"""Construction, conversions, comparisons, formatting, contexts and signals; and the messages."""
import copy
import pickle
import statistics
from fractions import Fraction
import decimal
from decimal import *


def show(f):
    try:
        print(repr(f()))
    except Exception as e:
        print(type(e).__name__, e)


for text in ['1_000', ' 12.5\n', '\u0661\u0662', 'x', '', '1e', 'snan12', '-inf', '1e999999999999999999999', '.5', '5.']:
    show(lambda: Decimal(text))
    show(lambda: Context().create_decimal(text))
for value in [1.1, True, 10 ** 40, (1, (1, 2), -1), (0, (), 'F'), (0, (1,), 'n'), [0, [5], 3], (2, (), 0), (0, (10,), 0),
              (0, 1, 0), (0, (1,), 'x'), (0, (1,), 1.5), [1], None, 1j, float('nan'), float('-inf')]:
    show(lambda: Decimal(value))
    show(lambda: Decimal.from_float(value))

x = Decimal('-1.50')
show(lambda: (int(x), float(x), complex(x), bool(x), round(x), round(x, 1), x.as_tuple(), x.as_integer_ratio()))
show(lambda: (x.__floor__(), x.__ceil__(), x.__trunc__(), divmod(x, 1), -x, +x, abs(x), x.adjusted()))
for bad in ['NaN', 'sNaN', 'Infinity']:
    for f in (int, float, hash, round, Decimal.as_integer_ratio):
        if (bad, f) not in {('NaN', hash)}:
            show(lambda: f(Decimal(bad)))

print([hash(Decimal(n)) == hash(n) for n in (0, -1, 0.5, 1e300, 2 ** 61 - 1, 10 ** 50, float('inf'))])
print(Decimal('0.5') == Fraction(1, 2), Decimal('0.1') == 0.1, Decimal(1) < 1.5, Decimal(1) > Fraction(1, 3), Decimal(1) == 1 + 0j)
show(lambda: x < 'a')
show(lambda: x + 1.5)
show(lambda: x < Decimal('NaN'))
print(Decimal('NaN') == Decimal('NaN'), Decimal('NaN') != 1)

for spec in ['', '020,.2f', '_.4_f', '.3e', 'G', '%', '<12', '*^+15.1f', 'z.0f', '#.0f', '=10', '<010', ',n', 'x', '.', 'n']:
    for value in ['1234567.8915', '-0.04', '0E+5', 'NaN', '-Infinity']:
        show(lambda: format(Decimal(value), spec))

for value in [x, Decimal('sNaN5'), getcontext(), DefaultContext]:
    print(value, pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value))

print(ExtendedContext, BasicContext, IEEEContext(128))
for arguments in [dict(prec=0), dict(prec='a'), dict(rounding='x'), dict(Emin=1), dict(Emax=-1), dict(capitals=2),
                  dict(clamp=2), dict(flags=5), dict(traps=[5]), dict(foo=1), dict(traps=[Inexact], flags=[Rounded])]:
    show(lambda: Context(**arguments))
    show(lambda: localcontext(**arguments).__enter__())
setcontext(DefaultContext)
context = Context()
context.traps[Inexact] = True
show(lambda: context.divide(1, 3))
show(lambda: context.flags)
show(lambda: Decimal(1) / 0)
show(lambda: Decimal(0) / 0)
show(lambda: context.flags[5])
for f in (lambda: delattr(context, 'prec'), lambda: setattr(context, 'foo', 1), lambda: setcontext(1),
          lambda: x.quantize(), lambda: x.quantize(1, exp=2), lambda: x.exp(1, 2), lambda: context.add(1),
          lambda: context.add(1, 1.5), lambda: context.canonical(1), lambda: x.compare(1, contexd=2)):
    show(f)
views = Context().flags
show(lambda: len(views))
for name in ('InvalidOperation', 'DivisionByZero', 'FloatOperation', 'Underflow', 'DivisionUndefined', 'InvalidContext'):
    print([c.__name__ for c in getattr(decimal, name).__mro__])


class D(Decimal):
    pass


print(type(D(1) + 1), type(D.from_float(1.5)), repr(D('2.50')), type(D(1).real), D(D(3)))
with localcontext() as inner:
    inner.prec = 4
    print(Decimal(1) / 3, getcontext() is inner)
print(Decimal(1) / 3)
print(statistics.NormalDist(100, 0).inv_cdf(0.5), statistics.NormalDist(100, 15).inv_cdf(0.9), statistics.fmean([Decimal(1), 2]))
