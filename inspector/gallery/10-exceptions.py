# try costs nothing until something is raised: the exception table says where to go.
def divide(a, b):
    try:
        result = a / b
    except ZeroDivisionError as error:
        return f"no: {error}"
    else:
        return result
    finally:
        print("done with", a, b)


print(divide(6, 3))
print(divide(1, 0))
