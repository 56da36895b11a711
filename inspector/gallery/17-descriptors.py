# A descriptor takes part in every access to the attribute it stands for.
class Positive:
    def __set_name__(self, owner, name):
        self.slot = "_" + name

    def __get__(self, instance, owner):
        return getattr(instance, self.slot)

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError(f"{self.slot[1:]} must be positive")
        setattr(instance, self.slot, value)


class Box:
    width = Positive()
    height = Positive()


box = Box()
box.width, box.height = 3, 4
print(box.width * box.height, vars(box))
try:
    box.width = -1
except ValueError as error:
    print(error)
