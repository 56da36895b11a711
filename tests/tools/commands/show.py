import sys

print(sys.argv, __name__, __file__, __spec__, type(__loader__).__name__, __package__)
print(sys.flags, sys.path[0] != "")
