# A default value is made once, when the function is: here all calls share one list.
def remember(item, seen=[]):
    seen.append(item)
    return seen


print(remember("a"))
print(remember("b"))
print(remember("c", []))
print(remember.__defaults__)
