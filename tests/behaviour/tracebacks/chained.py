class Failure(Exception):
    pass


def first():
    return 1 / 0


def second():
    try:
        first()
    except ZeroDivisionError as e:
        raise Failure("second") from e


try:
    second()
except Failure as e:
    e.add_note("a note\nof two lines")
    raise KeyError("third")
