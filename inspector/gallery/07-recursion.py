# Each call has a frame of its own: step into them and watch them pile up.
def factorial(n):
    if n <= 1:
        return 1
    return n * factorial(n - 1)


print(factorial(6))
