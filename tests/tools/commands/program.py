"""A program to trace and to debug."""


def twice(n):
    return add(n, n)


def add(a, b):
    result = a + b
    return result


def main():
    total = 0
    for i in range(3):
        total += twice(i)
    print("total", total)
    return total


if __name__ == "__main__":
    main()
