"""gc.freeze(): frozen objects are not collected, listed or looked at, until they are thawed."""

import gc
import weakref


class Node:
    pass


def cycle():
    a, b = Node(), Node()
    a.other, b.other = b, a
    return weakref.ref(a)


gc.disable()
gc.collect()
print(gc.get_freeze_count())
frozen = cycle()
gc.freeze()
print(gc.get_freeze_count() > 1000, gc.get_count()[1:], any(type(o) is Node for o in gc.get_objects()))
later = cycle()
gc.collect()
print(frozen() is None, later() is None)
gc.unfreeze()
print(gc.get_freeze_count(), any(o is frozen() for o in gc.get_objects(2)))
gc.collect()
print(frozen() is None)
