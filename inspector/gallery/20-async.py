# Coroutines take turns: await hands control back, and send() wakes them.
class Pause:
    def __await__(self):
        yield


async def worker(name, rounds):
    for number in range(rounds):
        print(name, number)
        await Pause()
    return name


waiting = [worker("a", 3), worker("b", 2)]
while waiting:
    task = waiting.pop(0)
    try:
        task.send(None)
        waiting.append(task)
    except StopIteration as end:
        print(end.value, "is done")
