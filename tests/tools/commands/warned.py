"""Warnings as they are shown."""

import sys
import warnings


def old():
    warnings.warn("old is deprecated", DeprecationWarning, stacklevel=2)


warnings.simplefilter("always")
old()
warnings.warn("plain")
warnings.warn_explicit("explicit", SyntaxWarning, "some file", 7)
with warnings.catch_warnings(record=True) as seen:
    old()
    print(seen[0].message, seen[0].category, seen[0].lineno)
exec("'\\d'; 1 is 1; assert (1, 2)")
warnings.filterwarnings("error", "fatal.*")
try:
    warnings.warn("fatal one", RuntimeWarning)
except RuntimeWarning as e:
    print(repr(e))
f = open(__file__)
del f
print(warnings.formatwarning("m", UserWarning, "f.py", 3, "the line"))
sys.stdout.flush()
warnings.warn(ResourceWarning("last"), source=object())
