"""Attributes and methods of instances, properties, slots, inheritance."""


class Base:
    step = 1

    def __init__(self):
        self.x = 0
        self.y = 0

    def move(self, dx, dy):
        self.x += dx
        self.y += dy
        return self

    @property
    def sum(self):
        return self.x + self.y


class Derived(Base):
    def move(self, dx, dy):
        return super().move(dx + self.step, dy)


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


thing, total = Derived(), 0
for i in range(200_000):
    total += thing.move(1, 2).sum
    total += Slotted(i).value
print(total)
