def f(*args):
    raise RuntimeError


value = [
    1,
    f(
        2,
        3,
    ),
]
