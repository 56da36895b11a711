"""A naked exception that except* wraps: the group's traceback begins where it is matched."""
import traceback


def f():
    raise ValueError(42)


try:
    try:
        f()
    except* ValueError as e:
        group = e
        raise
except ExceptionGroup as e:
    print(e is group, [(t.name, t.line) for t in traceback.extract_tb(e.exceptions[0].__traceback__)])
    print([t.line for t in traceback.extract_tb(e.__traceback__)])
