# The walk without modules: what the compiler made, and what it does.
code = compile("x = 42", "<string>", "exec")
print(code.co_code, code.co_consts, code.co_names, code.co_stacksize, code.co_flags)
print(list(code.co_lines()))
print(list(code.co_positions()))
namespace = {}
exec(code, namespace)
print(namespace["x"])
loop = compile("for i in range(3): print(i)", "<string>", "exec")
print(loop.co_code)
exec(loop)
print(eval("[n * n for n in range(4)]"), eval(compile("1 + 1", "<e>", "eval")))
