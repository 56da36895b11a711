def divide(n):
    return 1 / n


def outer():
    for n in (2, 1, 0):
        divide(n)


outer()
