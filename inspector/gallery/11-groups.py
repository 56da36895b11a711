# except* takes the matching part of a group and lets the rest go on.
try:
    try:
        raise ExceptionGroup("two at once", [ValueError("bad value"), KeyError("missing")])
    except* ValueError as group:
        print("values:", [str(error) for error in group.exceptions])
except ExceptionGroup as rest:
    print("left over:", [repr(error) for error in rest.exceptions])
