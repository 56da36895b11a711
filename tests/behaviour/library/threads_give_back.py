"""Threads that have ended leave no memory behind, whichever way they were started and whatever they made."""
import _thread
import contextvars
import threading

variable = contextvars.ContextVar("variable")


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096


def work():
    variable.set([1] * 10)
    threading.local().x = "text" * 50


def plain():
    t = threading.Thread(target=work)
    t.start()
    t.join()


def joinable():
    _thread.start_joinable_thread(work).join()


def raw():
    done = _thread.allocate_lock()
    done.acquire()

    def run():
        work()
        done.release()

    _thread.start_new_thread(run, ())
    done.acquire()


for start in plain, joinable, raw:
    for _ in range(1000):
        start()
    before = resident()
    for _ in range(1000):
        start()
    grown = resident() - before
    print(start.__name__, grown < 150_000 or grown)
