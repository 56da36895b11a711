"""argparse: help screens and errors."""

import argparse
import sys

parser = argparse.ArgumentParser(prog="tool", description="A tool " * 20, epilog="The end.", fromfile_prefix_chars="@")
parser.add_argument("file", nargs="+", help="what to read")
parser.add_argument("-v", "--verbose", action="count", default=0, help="say more (default: %(default)s)")
parser.add_argument("--size", type=int, choices=range(3), metavar="N")
parser.add_argument("--flag", action=argparse.BooleanOptionalAction, help="on or off")
parser.add_argument("--old", deprecated=True)
parser.add_argument("--version", action="version", version="%(prog)s 1.0")
group = parser.add_argument_group("a group", "with a description")
one = group.add_mutually_exclusive_group(required=True)
one.add_argument("--left", action="store_true")
one.add_argument("--right", help="a very long help text that has to be wrapped over several lines of the screen, surely")
commands = argparse.ArgumentParser(prog="commands", suggest_on_error=True)
sub = commands.add_subparsers(title="commands", dest="command", required=True)
add = sub.add_parser("add", help="adds", aliases=["a"])
add.add_argument("number", type=float, nargs="*")
sub.add_parser("remove", help="removes", formatter_class=argparse.ArgumentDefaultsHelpFormatter)

for p, line in (
    (parser, "--help"), (parser, "x"), (parser, "x --left --right y"), (parser, "x --left --size 5"),
    (parser, "x --left --size a"), (parser, "x y --left -vvv --no-flag --old 1"), (parser, "--version"),
    (parser, "x --left --unknown"), (parser, "x --righ z"), (parser, ""), (commands, "-h"), (commands, "add -h"),
    (commands, "remov"), (commands, "a 1 2"), (commands, "add x"), (commands, ""),
):
    try:
        print(p.parse_args(line.split()))
    except SystemExit as e:
        print("exit", e.code)
    sys.stdout.flush()
