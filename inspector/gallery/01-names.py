# Names are labels: assignment never copies an object.
first = [1, 2]
second = first
second.append(3)
third = first + [4]

print(first, second is first)
print(third, third is first)
