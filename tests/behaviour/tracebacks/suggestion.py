class Thing:
    colour = 1


thing = Thing()
print(thing.color)
