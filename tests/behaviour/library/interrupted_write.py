# A write that a signal ends early runs the signal's handler before it goes on.
import io
import os
import signal
import threading


def handler(*args):
    raise ZeroDivisionError


signal.signal(signal.SIGALRM, handler)
for mode, options, item in (("wb", {"buffering": 0}, b"xy"), ("wb", {}, b"xy"), ("w", {"encoding": "ascii"}, "xy")):
    read, write = os.pipe()
    got = []
    reader = threading.Thread(target=lambda: got.append(os.read(read, 1)), daemon=True)
    stream = io.open(write, mode, closefd=False, **options)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    reader.start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        stream.write(item * (1 << 20))
        print("written")
    except ZeroDivisionError:
        print("handled")
    reader.join()
    got.append(os.read(read, 1))
    print(got)
    os.close(write)
    os.close(read)
    try:
        stream.close()
    except OSError as error:
        print(type(error).__name__)
