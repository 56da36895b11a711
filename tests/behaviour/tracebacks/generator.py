def numbers():
    yield 1
    yield 1 + "a"


def consume():
    return [n * 2 for n in numbers()]


consume()
