# One statement on its way from source to bytecode and to its effect, each stage through the module that shows it.
import ast
import dis
import io
import tokenize

source = "x = 42"

print("tokens")
for token in tokenize.tokenize(io.BytesIO(source.encode()).readline):
    print(token)

print("tree")
print(ast.dump(ast.parse(source), indent=4))

print("code")
code = compile(source, "<string>", "exec")
print(code.co_code)
dis.dis(code)

print("result")
exec(compile("for i in range(3): print(i)", "<string>", "exec"))
