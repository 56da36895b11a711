# A while loop with break and else: the else belongs to the condition, not to the break.
def first_divisor(number):
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            break
        divisor += 1
    else:
        return number
    return divisor


for number in (15, 49, 97):
    print(number, first_divisor(number))
