# f-strings are tokens of their own, nested; each field is code. See them in the tokens and the tree.
name, value, width = "taipan", 3.14159, 12
print(f"{name!r:>{width}}|{value:.2f}|{value:{width}.3e}")
print(f"{name=} {sum(digit for digit in range(5))=}")
print(f"{f"{name.upper()}"} has {len(name)} letters")
template = t"{name} is {value:.1f}"
print([part.expression for part in template.interpolations])
