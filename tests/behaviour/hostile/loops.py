# CPython 3.14.8 never leaves these loops; the expectation is ours: they see signals, as those of the compiler's making do.
import dis
import signal


class TimeUp(BaseException):
    pass


def time_up(signum, frame):
    raise TimeUp


signal.signal(signal.SIGALRM, time_up)


def attempt(what, function):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        function()
    except TimeUp:
        print(what, "is interrupted")


def varint(n, first=0):
    assert n < 64
    return bytes([n | first])


def function():
    raise ValueError


# An instruction that raises, and its own handler.
code = function.__code__
units = len(code.co_code) // 2
reraise = bytes([dis.opmap["RERAISE"], 0])
table = b"".join(
    varint(start, 128) + varint(length) + varint(units) + varint(0)
    for start, length in ((0, units), (units, 1))
)
function.__code__ = code.replace(co_code=code.co_code + reraise, co_exceptiontable=table, co_stacksize=4)
attempt("RERAISE into itself", function)


# The jump that elsewhere ends an `except` block.
def function():
    pass


jump = bytes([dis.opmap["NOP"], 0, dis.opmap["JUMP_BACKWARD_NO_INTERRUPT"], 2])
function.__code__ = function.__code__.replace(co_code=function.__code__.co_code[:2] + jump)
attempt("JUMP_BACKWARD_NO_INTERRUPT", function)
