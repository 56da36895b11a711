# Conditions become jumps: see the arrows in the bytecode and the edges of the flow graph.
def sign(number):
    if number < 0:
        return "negative"
    elif number == 0:
        return "zero"
    return "positive"


for number in (-2, 0, 7):
    print(number, sign(number), "odd" if number % 2 else "even")
