# A length hint that lies is believed for the first allocation.
class Grows:
    def __length_hint__(self):
        return 2**60

    def __iter__(self):
        return iter([1, 2])


try:
    print(list(Grows()))
except MemoryError:
    print("MemoryError")
