import sys


def run():
    print(__name__, __file__ is not None, sys.argv[1:])
