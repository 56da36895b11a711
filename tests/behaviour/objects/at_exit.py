"""What modules hold dies when the program ends."""
import weakref


class A:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name, len("abc"))


class B:
    pass


_private = A("private")
public = A("public")


def generator():
    try:
        yield 1
    finally:
        print("generator closed")


g = generator()
next(g)
b = B()
weakref.finalize(b, print, "finalize")
print("end")
import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "x")


class Reader:
    def __del__(self):
        print("at exit modules still work:", os.path.basename(path))


reader = Reader()
