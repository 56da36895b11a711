# An expression becomes work on a stack: watch values pushed and taken off.
a = 3
b = 4
c = (a * a + b * b) ** 0.5
print("hypotenuse", c)
