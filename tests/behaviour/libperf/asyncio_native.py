"""`_asyncio`: futures and tasks before and after their life, their messages, and who waits for whom."""
import asyncio
import _asyncio


def tell(function, *arguments):
    try:
        print(function(*arguments))
    except BaseException as e:
        print(type(e).__name__, str(e).split(" <Task")[0])


loop = asyncio.new_event_loop()

empty = _asyncio.Future.__new__(_asyncio.Future)
for name in ("_state", "_asyncio_future_blocking", "_loop", "_callbacks", "_result", "_exception", "_log_traceback",
             "_source_traceback", "_cancel_message", "_asyncio_awaited_by"):
    print(name)
    tell(getattr, empty, name)
    tell(setattr, empty, name, 1)
    tell(delattr, empty, name)
for name in ("result", "exception", "done", "cancelled", "get_loop", "cancel", "__repr__", "__await__", "__iter__"):
    print(name, end=" ")
    tell(getattr(empty, name))
tell(empty.set_result, 1)
tell(empty.add_done_callback, print)
tell(empty.remove_done_callback, print)

empty = _asyncio.Task.__new__(_asyncio.Task)
for name in ("_log_destroy_pending", "_must_cancel", "_coro", "_fut_waiter"):
    print(name)
    tell(getattr, empty, name)
    tell(setattr, empty, name, False)
    tell(delattr, empty, name)
for name in ("cancel", "cancelling", "uncancel", "uncancel", "get_stack", "print_stack", "get_name", "get_coro", "get_context"):
    print(name, end=" ")
    tell(getattr(empty, name))
tell(empty.set_result, 1)
tell(empty.set_exception, 1)

future = loop.create_future()
tell(future.result)
tell(future.exception)
tell(setattr, future, "_log_traceback", True)
future.set_result(3)
tell(future.set_result, 3)
tell(future.set_exception, ValueError)
print(future.result(), future.exception(), future)

future = loop.create_future()
tell(future.set_exception, 3)
tell(future.set_exception, int)
steps = iter(future)
tell(steps.throw)
tell(steps.throw, 1)
print(next(steps) is future)
tell(next, iter(future))
future.set_exception(StopIteration(7))
print(repr(future.exception()), repr(future.exception().__cause__))

tell(_asyncio._enter_task, 1, 2)
tell(_asyncio._leave_task, 1, 2)
tell(_asyncio._swap_current_task, 1, 2)
tell(_asyncio.current_task)
tell(_asyncio.get_running_loop)
tell(_asyncio.current_task, 1)
tell(_asyncio.all_tasks, 1)
tell(_asyncio.Task, 1)

one, two, three = (loop.create_future() for _ in range(3))
print(one._asyncio_awaited_by)
_asyncio.future_add_to_awaited_by(one, two)
print(one._asyncio_awaited_by == {two})
_asyncio.future_add_to_awaited_by(one, three)
print(one._asyncio_awaited_by == {two, three})
_asyncio.future_discard_from_awaited_by(one, two)
print(one._asyncio_awaited_by == {three})


async def child(n):
    await asyncio.sleep(0)
    return n


async def main():
    task = asyncio.current_task()
    print(task.get_name(), task in asyncio.all_tasks(), _asyncio.get_running_loop() is loop)
    print(await asyncio.gather(*(child(i) for i in range(5))))
    late = loop.create_task(asyncio.sleep(10), name="late")
    await asyncio.sleep(0)
    print(late.cancel("why"), late.cancelling(), late._fut_waiter is not None)
    try:
        await late
    except asyncio.CancelledError as e:
        print("cancelled", e.args, late.cancelled(), late.uncancel())
    early = asyncio.Task(child(8), loop=loop, eager_start=True)
    print(early.done(), await early)
    try:
        await asyncio.wait_for(loop.create_future(), 0.001)
    except TimeoutError as e:
        print("timeout", e.args)
    own = loop.create_future()
    own.add_done_callback(lambda f: print("done", f.result()))
    own.set_result("x")
    own.add_done_callback(print)
    print(own.remove_done_callback(print))
    await asyncio.sleep(0)


loop.run_until_complete(main())


class Odd:
    def __await__(self):
        yield 5


async def odd():
    await Odd()


class Yields:
    def __await__(self):
        yield loop.create_future()


async def yields():
    await Yields()


async def itself():
    await me

for coroutine in odd, yields:
    tell(loop.run_until_complete, coroutine())
me = loop.create_task(itself(), name="me")
tell(loop.run_until_complete, me)
loop.close()
