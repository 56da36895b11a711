# A generator's frame is put to sleep at each yield and woken by next().
def countdown(start):
    while start:
        received = yield start
        start = received if received is not None else start - 1


numbers = countdown(5)
print(next(numbers))
print(next(numbers))
print(numbers.send(2))
print(list(numbers))
