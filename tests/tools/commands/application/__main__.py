import sys

print(__name__, __package__, __spec__ and __spec__.name, sys.argv[1:], len(sys.path[0]) > 0)
raise SystemExit(5)
