"""Which values of code marshal marks as shared: it goes by who holds them."""
import marshal

SOURCE = """
def f(a, b=1000): return a + 1000 + b
class A:
    def g(self): return ("text here", 2.5), ("text here", 2.5)
    x = lambda self: self.y
    z = lambda self: self.w
"""


def first(data):
    return data[:1]


print(first(marshal.dumps(compile(SOURCE, "m", "exec"))))
code = compile(SOURCE, "m", "exec")
print(first(marshal.dumps(code)))


def local():
    code = compile(SOURCE, "m", "exec")
    return first(marshal.dumps(code))


print(local())
print(marshal.dumps(code).hex())
namespace = {}
exec(code, namespace)
# The functions hold their code now.
print(marshal.dumps(code).hex())
print(marshal.dumps(namespace["f"].__code__).hex())
for version in range(6):
    print(version, len(marshal.dumps(code, version)))
print(marshal.dumps(marshal.loads(marshal.dumps(code))).hex() == marshal.dumps(code).hex())
