"""Finalizers that change the class of what dies, frames that outlive their generators, errors about attributes."""
import sys


class Old:
    pass


def with_class(n):
    class New:
        def __del__(self):
            print("New", n)

    class O:
        def __del__(self):
            self.__class__ = New

    return O


for n in range(3):
    O = with_class(n)
    objects = [O() for _ in range(4)]
    del O, objects


def g():
    a = 42
    yield sys._getframe()


frame = next(g())
print(frame.f_locals["a"], frame.f_back)


class A:
    blech = None

    def __getattr__(self, name):
        raise AttributeError()


try:
    A().bluch
except AttributeError as e:
    print(e.name, type(e.obj).__name__)


def unbound():
    try:
        x
    except UnboundLocalError as e:
        print(e.name, e)
    x = 1


unbound()


class E:
    def booh(self):
        raise AttributeError("booh")

    __eq__ = property(booh)
    __hash__ = None


print(E() == E())
b = bytearray(b"0123456789")
b[1:-1:2] = b""
print(b, bytearray.__hash__, int.__itemsize__, bytes.__itemsize__)
