# A decorator is a function that is called with a function.
def traced(function):
    def wrapper(*args):
        result = function(*args)
        print(f"{function.__name__}{args} -> {result}")
        return result

    return wrapper


@traced
def add(a, b):
    return a + b


@traced
def twice(number):
    return add(number, number)


twice(21)
