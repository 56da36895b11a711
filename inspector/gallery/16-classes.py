# A class body is code that runs once; super() finds the next class in line.
class Animal:
    legs = 4

    def __init__(self, name):
        self.name = name

    def speak(self):
        return f"{self.name} makes a sound"


class Bird(Animal):
    legs = 2

    def speak(self):
        return super().speak() + ": tweet"


pet = Bird("Pip")
print(pet.speak(), pet.legs, Animal.legs)
print([one.__name__ for one in Bird.__mro__])
