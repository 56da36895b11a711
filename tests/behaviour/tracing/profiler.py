# cProfile: what it counts, and the frames of signal handlers and of other threads.
import cProfile, pstats, io, signal, sys, threading, time
def leaf(n): return len([n])
def work(n):
    if n: work(n - 1)
    return leaf(n)
p = cProfile.Profile()
p.enable()
work(3)
sorted([3, 1], key=leaf)
p.disable()
p.create_stats()
for (file, line, name), (cc, nc, tt, ct, callers) in sorted(p.stats.items(), key=lambda i: i[0][2]):
    print(name, cc, nc, sorted((c[2], v[0], v[1]) for c, v in callers.items()))
def handler(n, frame):
    print(n, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno)
signal.signal(signal.SIGUSR1, handler)
def f():
    x = 1
    signal.raise_signal(signal.SIGUSR1)
    return x
f()
def spin():
    while True: pass
def interrupt(n, frame): raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, .05)
try: spin()
except KeyboardInterrupt as e:
    print(e.__traceback__.tb_next.tb_lineno - spin.__code__.co_firstlineno)
ready, go = threading.Event(), threading.Event()
def waiting():
    ready.set()
    go.wait()
t = threading.Thread(target=waiting); t.start(); ready.wait(); time.sleep(.05)
f = sys._current_frames()[t.ident]
while f.f_code.co_name != 'waiting': f = f.f_back
print(f.f_code.co_name, len(sys._current_frames()))
go.set(); t.join()
calls = []
def tracer(frame, event, arg): calls.append((frame.f_code.co_name, event))
def target(): pass
threading.settrace(tracer)
t = threading.Thread(target=target); t.start(); t.join()
threading.settrace(None)
print(('target', 'call') in calls, sys.gettrace())
