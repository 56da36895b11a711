"""Coroutines without a library: tasks that sleep in a time of their own, wait for each other, and are cancelled."""

import heapq
from collections import deque


class Cancelled(BaseException):
    pass


class Suspend:
    """What a task yields: `value` says to the scheduler what it waits for."""

    def __init__(self, what, value):
        self.what, self.value = what, value

    def __await__(self):
        return (yield self)


class Task:
    names = {}

    def __init__(self, name, coroutine):
        self.name, self.coroutine = name, coroutine
        self.waiting, self.result, self.error, self.done = [], None, None, False

    def __await__(self):
        if not self.done:
            yield Suspend("task", self)
        if self.error:
            raise self.error
        return self.result


class Scheduler:
    def __init__(self):
        self.now, self.order = 0, 0
        self.ready, self.sleeping = deque(), []
        self.log = []

    def spawn(self, name, coroutine):
        task = Task(name, coroutine)
        self.ready.append((task, None))
        return task

    def say(self, text):
        self.log.append(f"{self.now:3} {text}")

    def finish(self, task):
        task.done = True
        self.say(f"{task.name} is over" + (f": {task.error!r}" if task.error else ""))
        self.ready.extend((other, None) for other in task.waiting)

    def step(self, task, error):
        try:
            asked = task.coroutine.throw(error) if error else task.coroutine.send(None)
        except StopIteration as stop:
            task.result = stop.value
            self.finish(task)
        except (Exception, Cancelled) as failed:
            task.error = failed
            self.finish(task)
        else:
            match asked:
                case Suspend(what="sleep", value=time):
                    self.order += 1
                    heapq.heappush(self.sleeping, (self.now + time, self.order, task))
                case Suspend(what="task", value=other):
                    other.waiting.append(task)
                case Suspend(what="pass"):
                    self.ready.append((task, None))

    def cancel(self, task):
        self.sleeping = [entry for entry in self.sleeping if entry[2] is not task]
        heapq.heapify(self.sleeping)
        self.ready.append((task, Cancelled(task.name)))

    def run(self):
        while self.ready or self.sleeping:
            if not self.ready:
                self.now, _, task = heapq.heappop(self.sleeping)
                self.ready.append((task, None))
            self.step(*self.ready.popleft())


loop = Scheduler()


async def cook(what, time):
    loop.say(f"{what}: on the stove")
    try:
        await Suspend("sleep", time)
    finally:
        loop.say(f"{what}: off the stove")
    if what == "milk":
        raise RuntimeError("it boiled over")
    return f"{what} after {time}"


async def ticks(most):
    for tick in range(most):
        await Suspend("sleep", 2)
        yield tick


async def clock():
    async for tick in ticks(4):
        loop.say(f"tick {tick}")
    return [tick async for tick in ticks(2)]


async def dinner():
    pots = [loop.spawn(what, cook(what, time)) for what, time in [("rice", 7), ("milk", 3), ("beans", 90)]]
    watch = loop.spawn("clock", clock())
    await Suspend("pass", None)
    served = [await pots[0]]
    try:
        served.append(await pots[1])
    except RuntimeError as error:
        served.append(f"no milk, {error}")
    loop.cancel(pots[2])
    try:
        await pots[2]
    except Cancelled as error:
        served.append(f"no {error}")
    return served, await watch


main = loop.spawn("dinner", dinner())
loop.run()
print(*loop.log, sep="\n")
print(main.result)
