# A closure keeps a cell, not a value: both functions share the same one.
def counter():
    count = 0

    def increment():
        nonlocal count
        count += 1
        return count

    def read():
        return count

    return increment, read


increment, read = counter()
increment()
increment()
print(read(), increment.__closure__[0].cell_contents)
