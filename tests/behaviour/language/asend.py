# What asend() gives, awaited by the interpreter and driven by hand.
import sys


class Pause:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        return (yield self.value)


async def echo():
    got = yield "start"
    while got is not None:
        waited = await Pause(("pause", got))
        got = yield got, waited


async def main():
    g = echo()
    out = [await g.asend(None)]
    out.append(await g.asend("a"))
    out.append(await g.asend("b"))
    try:
        await g.asend(None)
    except StopAsyncIteration as e:
        out.append(repr(e))
    return out


def drive(coro, values=()):
    seen = []
    values = iter(values)
    send = None
    try:
        while True:
            seen.append(coro.send(send))
            send = next(values, "resumed")
    except StopIteration as e:
        return seen, e.value


print(drive(main(), [1, 2, 3]))


async def items(n):
    for i in range(n):
        yield i


async def loop():
    return [x async for x in items(5)], [x async for x in items(0)]


print(drive(loop()))


async def again():
    a = items(3).__anext__()
    first = await a
    try:
        await a
    except RuntimeError as e:
        return first, str(e)


print(drive(again()))

a = items(2).asend(None)
try:
    a.send(None)
except StopIteration as e:
    print("by hand", e.value)
try:
    next(a)
except RuntimeError as e:
    print(e)


async def failing():
    yield 1
    raise KeyError("inside")


async def fails():
    out = []
    try:
        async for x in failing():
            out.append(x)
    except KeyError as e:
        out.append(repr(e))
    return out


print(drive(fails()))


# A trace function sees the StopIteration that stands for each value.
events = []


def trace(frame, event, arg):
    if frame.f_code.co_name in ("loop2", "items2"):
        events.append((frame.f_code.co_name, event, arg[0].__name__ if event == "exception" else None))
    return trace


async def items2():
    yield 1


async def loop2():
    async for x in items2():
        pass


sys.settrace(trace)
drive(loop2())
sys.settrace(None)
for e in events:
    print(*e)
