"""Strings of all kinds."""
name = 'wörld'
width: int = 10
print(f'{name!r:>{width}} {width=} {{}} {"nested " + f"{1:{2}}"}', t'{name}')
print('%s and %r' % (name, width), b'\x00', "a" 'b', r'\d', 1_000, 0x10, 1e3, 2j)
if not __debug__ or (x := width) > 5 and name is not None:
    del x, width
