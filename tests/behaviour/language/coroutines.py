# async without a loop of the library: a trampoline drives coroutines, asynchronous iterators, managers and generators.
class Wait:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield self.value
        return got


def drive(coroutine):
    answer = None
    try:
        while True:
            request = coroutine.send(answer)
            print("  request", request)
            answer = request * 10
    except StopIteration as e:
        return e.value


class Manager:
    async def __aenter__(self):
        print("enter", await Wait(1))
        return "resource"

    async def __aexit__(self, kind, value, tb):
        print("leave", kind and kind.__name__, await Wait(2))
        return kind is ValueError


class Counter:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.n:
            raise StopAsyncIteration
        self.n -= 1
        return await Wait(self.n)


async def generator(n):
    try:
        for i in range(n):
            got = yield await Wait(i)
            if got:
                print("generator got", got)
    finally:
        print("generator done")


async def child(x):
    return x + await Wait(x)


async def main():
    print(await child(3))
    async with Manager() as r, Manager():
        print(r)
        raise ValueError
    async for x in Counter(2):
        print("item", x)
    else:
        print("no more")
    async for x in generator(2):
        print("generated", x)
    print([x async for x in Counter(2) if x >= 0], {x: await child(x) async for x in generator(1)})
    g = generator(5)
    print(await anext(g), await g.asend("hello"))
    await g.aclose()
    try:
        await g.asend(None)
    except StopAsyncIteration:
        print("exhausted")
    try:
        await 5
    except TypeError as e:
        print(e)
    try:
        async for x in []:
            pass
    except TypeError as e:
        print(e)
    try:
        async with 5:
            pass
    except TypeError as e:
        print(e)
    print(await anext(Counter(0), "default"))
    return "main's value"


print(drive(main()))
c = child(1)
print(type(c).__name__, c.cr_running, c.cr_code.co_name)
c.close()
try:
    c.send(None)
except RuntimeError as e:
    print(e)
c = child(1)
try:
    c.send(5)
except TypeError as e:
    print(e)
c.close()
