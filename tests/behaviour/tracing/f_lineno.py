# f_lineno: checks and messages
import sys
def jump(frm, to, f, event='line'):
    done = []
    def tr(frame, ev, arg):
        if frame.f_code is f.__code__ or frame.f_code.co_name == 'inner':
            if not done and frame.f_lineno == f.__code__.co_firstlineno + frm and ev == event:
                done.append(1)
                try: frame.f_lineno = f.__code__.co_firstlineno + to if isinstance(to, int) else to
                except Exception as e: print('   ', type(e).__name__, e)
            return tr
    sys.settrace(tr)
    try: print(f.__name__, frm, to, event, f())
    except Exception as e: print(f.__name__, frm, to, repr(e))
    finally: sys.settrace(None)
def a():
    o = []
    o.append(2)
    for i in [1, 2]:
        o.append(i)
    try:
        o.append(6)
        1/0
    except ZeroDivisionError:
        o.append(9)
    with open('/dev/null') as f:
        o.append(11)
    o.append(12)
    return o
import warnings
warnings.simplefilter('ignore')
for t in [(2, 6), (2, 4), (2, 9), (2, 11), (4, 12), (9, 2), (11, 12), (6, 11), (2, -5), (2, 100), (2, 'x'), (2, True), (2, 1<<40), (4, 2), (9, 12), (12, 5)]:
    jump(*t, a)
jump(0, 3, a, 'call')
jump(13, 2, a, 'return')
jump(7, 3, a, 'exception')
try: sys._getframe().f_lineno = 3
except Exception as e: print(repr(e))
def b():
    x = 1
    y = 2
    del x
    z = [k for k in range(3)]
    return y, z
jump(4, 1, b)
jump(2, 5, b)
warnings.simplefilter('error')
jump(2, 5, b)
