# What is constant is computed once, by the compiler: compare the parsed and the optimized tree.
SECONDS = 24 * 60 * 60
GREETING = "tai" + "pan"
PAIR = (1, 2) + (3,)
if __debug__:
    print(SECONDS, GREETING, PAIR)
print(-(2 ** 10))
