"""Operations of every kind over awkward operands: results, flags and exceptions."""
import itertools
from decimal import *

operands = ['NaN1', 'sNaN2', '1', '-3', '0.5', 'Infinity', '-0', '0E+5', '1234567890.123456789',
            '-9.999999999E+10', '1E-384', '5E+384', '1011', '20']
unary = ['abs', 'exp', 'ln', 'log10', 'logb', 'logical_invert', 'minus', 'next_minus', 'next_plus', 'normalize',
         'number_class', 'plus', 'sqrt', 'to_eng_string', 'to_integral_exact', 'to_integral_value']
binary = ['add', 'compare', 'compare_signal', 'compare_total', 'compare_total_mag', 'divide', 'divide_int', 'divmod',
          'logical_and', 'logical_xor', 'max', 'max_mag', 'min', 'min_mag', 'multiply', 'next_toward', 'power',
          'quantize', 'remainder', 'remainder_near', 'rotate', 'same_quantum', 'scaleb', 'shift', 'subtract']

for rounding in (ROUND_HALF_EVEN, ROUND_FLOOR, ROUND_05UP):
    context = Context(prec=9, Emax=384, Emin=-383, rounding=rounding, clamp=1, traps=[])
    for name in unary:
        for x in operands:
            context.clear_flags()
            result = getattr(context, name)(Decimal(x))
            print(name, x, '=>', result, [s.__name__ for s in context.flags if context.flags[s]])
    if rounding == ROUND_05UP:
        continue
    for name in binary:
        for x, y in itertools.product(operands[1:8], operands[6:]):
            context.clear_flags()
            result = getattr(context, name)(Decimal(x), Decimal(y))
            print(name, x, y, '=>', result, [s.__name__ for s in context.flags if context.flags[s]])

context = Context(traps=[])
for x, y, z in itertools.product(['NaN1', 'sNaN2', '0', 'Infinity', '2'], repeat=3):
    print('fma', x, y, z, context.fma(Decimal(x), Decimal(y), Decimal(z)))

print(pow(Decimal(7), 20, 13), pow(-7, Decimal(3), 5), Decimal(2) ** 0.5.as_integer_ratio()[0])
print(Decimal(2) ** Decimal('0.5'), Decimal('1.0') ** 3, Decimal('1.1') ** -7, Decimal(4) ** Decimal('0.5'))
with localcontext(prec=60):
    print(Decimal(2).ln(), Decimal('1.000000000000000000001').ln(), Decimal(-1000).exp(), Decimal(3).sqrt())
    print(Decimal(1) / 7, Decimal(10) ** -50, (Decimal(1) / 3).normalize())
with localcontext(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN):
    print(Decimal(4) / 2, Decimal(9).sqrt(), Decimal(3) * 10 ** 40, Decimal(1) / 1024)
