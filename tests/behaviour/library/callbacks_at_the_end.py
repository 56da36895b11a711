"""Callbacks of weak references at the end of a program: the library's keep its books unseen, the program's are called."""
import logging
import weakref


class A:
    pass


a = A()
seen = weakref.WeakSet([a])
by_key = weakref.WeakKeyDictionary({a: 1})
logging.getLogger("x").addHandler(logging.NullHandler())


def called(r, say=print):
    say("called", r() is None)


logging.kept = weakref.ref(a, type(called)(called.__code__, {}, None, (print,)))
print("end")
