#!/usr/bin/env python3
"""Damages source files a little, compiles each under CPython and under Taipan, and shows where the errors differ.

    tests/tools/mutations.py [--reference PYTHON] [--py PROGRAM] [--count N] [--seed TEXT] [--kinds LIST] PATH...

A mutation takes one file and drops one token, doubles it or swaps it with its neighbour (kinds drop, double and swap, the
default), puts another token of the file in its place (replace), or deletes or inserts one character (delete, insert).
Which file, where and how depends on the seed, the mutation's number and the list of files alone. Compared are the
exception's class, message, file name, line, offset, end line, end offset, text and print_file_and_line, and each
warning's class, message and line. Differences are grouped by the two messages and by the fields that differ.

--save FILE keeps what the reference said, and --saved FILE compares with that instead of running the reference again.
"""

import argparse
import collections
import io
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import tokenize
import warnings

FIELDS = ("class", "message", "filename", "lineno", "offset", "end_lineno", "end_offset", "text", "print_file_and_line",
          "warnings")
KINDS = ("drop", "double", "swap", "replace", "delete", "insert")
CHARACTERS = "()[]{}:,.;=+-*/<>!@%&|^~'\"\\#$?`_ \t\n\r\f\0019afxbrteEjuU\u00e9\u20ac\U0001f600\u0301\u00a0\u2028"
BATCH = 1000
SECONDS = 20


class TimeUp(BaseException):
    pass


def time_up(signum, frame):
    raise TimeUp


def outcome(text, filename="file.py", mode="exec"):
    """What compiling the text raises and warns of, as a list in the order of FIELDS."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            signal.setitimer(signal.ITIMER_REAL, SECONDS / 2)
            try:
                compile(text, filename, mode, dont_inherit=True)
                result = [None] * 9
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except SyntaxError as e:
            result = [type(e).__name__, e.msg, e.filename, e.lineno, e.offset, e.end_lineno, e.end_offset, e.text,
                      e.print_file_and_line]
        except (Exception, TimeUp) as e:
            result = [type(e).__name__, str(e)] + [None] * 7
    return result + [[[w.category.__name__, str(w.message), w.lineno] for w in caught]]


class Source:
    """A file and its tokens as ranges of its text."""

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        self.path = path
        self.tokens = []
        self.text = ""
        try:
            encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
            self.text = data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
            starts = [0, 0]
            for line in io.StringIO(self.text):
                starts.append(starts[-1] + len(line))
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.DEDENT, tokenize.ENDMARKER):
                    continue
                start, end = (starts[row] + column for row, column in (token.start, token.end))
                if start < end <= len(self.text):
                    self.tokens.append((start, end))
        except (SyntaxError, tokenize.TokenError, UnicodeError, LookupError, IndexError):
            self.tokens = []

    def mutation(self, rng, kinds):
        """A range of the text and what comes in its place."""
        kind = rng.choice(kinds)
        if kind == "delete":
            at = rng.randrange(len(self.text))
            return at, at + 1, ""
        if kind == "insert":
            at = rng.randrange(len(self.text) + 1)
            return at, at, rng.choice(CHARACTERS)
        index = rng.randrange(len(self.tokens) - 1)
        start, end = self.tokens[index]
        token = self.text[start:end]
        if kind == "drop":
            return start, end, ""
        if kind == "double":
            return end, end, " " + token
        if kind == "replace":
            return start, end, self.text[slice(*rng.choice(self.tokens))]
        other_start, other_end = self.tokens[index + 1]
        between = self.text[end:other_start]
        return start, other_end, self.text[other_start:other_end] + between + token


def worker(arguments):
    """Reads jobs, one a line, and prints what became of each, one a line.

    A job names a number and a path, and the change if it is known already; otherwise the seed makes it.
    """
    seed, kinds = arguments[0], arguments[1].split(",")
    signal.signal(signal.SIGALRM, time_up)
    source = None
    for line in sys.stdin:
        number, path, change = json.loads(line)
        if source is None or source.path != path:
            source = Source(path) if change is None else None
            with_text = source.text if source else read(path)
        if change is None:
            if len(source.tokens) < 2:
                print(json.dumps([number, None, None]), flush=True)
                continue
            change = source.mutation(random.Random("%s %d" % (seed, number)), kinds)
        start, end, new = change
        print(json.dumps([number, change, outcome(with_text[:start] + new + with_text[end:])]), flush=True)


def read(path):
    data = pathlib.Path(path).read_bytes()
    encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def batch(python, jobs, seed, kinds):
    """Runs the jobs in one process, or in several if it dies or hangs; yields number, change and outcome."""
    jobs = list(jobs)
    while jobs:
        with tempfile.TemporaryFile("w+") as stdin:
            stdin.writelines(json.dumps(job) + "\n" for job in jobs)
            stdin.seek(0)
            process = subprocess.Popen([python, __file__, "--worker", seed, ",".join(kinds)], stdin=stdin,
                                       stdout=subprocess.PIPE)
        pending = b""
        reason = "ended"
        while jobs:
            if not select.select([process.stdout], [], [], SECONDS)[0]:
                reason = "hung"
                break
            data = os.read(process.stdout.fileno(), 1 << 16)
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                yield json.loads(line)
                del jobs[0]
        process.kill()
        process.stdout.close()
        status = process.wait()
        if jobs:
            number, _, change = jobs.pop(0)
            yield number, change, ["process", f"{reason} ({status})"] + [None] * 7 + [[]]


def batches(python, jobs, seed, kinds, parallel):
    """The same for many jobs, in several processes at once; a dictionary by number."""
    import threading
    jobs = list(jobs)
    pieces = [jobs[i:i + BATCH] for i in range(0, len(jobs), BATCH)]
    results, lock = {}, threading.Lock()

    def run():
        while True:
            with lock:
                if not pieces:
                    return
                piece = pieces.pop(0)
            done = {number: (change, result) for number, change, result in batch(python, piece, seed, kinds)}
            with lock:
                results.update(done)
                print(f"\r{len(results)} of {len(jobs)}", end="", file=sys.stderr)

    threads = [threading.Thread(target=run) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(file=sys.stderr)
    return results


def files(paths, limit):
    found = []
    for path in map(pathlib.Path, paths):
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [str(path.resolve()) for path in found if 0 < path.stat().st_size <= limit]


def general(message):
    """The message without what it quotes."""
    if message is None:
        return "no error"
    message = re.sub(r"'[^']*'", "'...'", message)
    return re.sub(r"\d+", "N", message)


def compare(expected, found):
    """The names of the fields that differ."""
    return tuple(name for name, a, b in zip(FIELDS, expected, found) if a != b)


def show(outcome):
    return "%s" % {name: value for name, value in zip(FIELDS, outcome) if value not in (None, [])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", help="files and directories")
    parser.add_argument("--py", default="target/release/taipan", help="the Python that is compared")
    parser.add_argument("--reference", default=os.environ.get("TAIPAN_REFERENCE", "python3.14"))
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--kinds", default="drop,double,swap", help=f"some of {','.join(KINDS)}")
    parser.add_argument("--largest", type=int, default=100_000, help="skip files of more bytes")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.add_argument("--examples", type=int, default=2, help="how many examples of each group")
    parser.add_argument("--save", help="write what the reference said into this file")
    parser.add_argument("--saved", help="take what the reference said from this file")
    parser.add_argument("--out", help="write each difference into this file, with the damaged program's place")
    args = parser.parse_args()
    python = shutil.which(args.py) or sys.exit(f"no Python {args.py!r}")
    kinds = args.kinds.split(",")
    if unknown := set(kinds) - set(KINDS):
        sys.exit(f"no such kinds: {', '.join(unknown)}")
    if args.saved:
        with open(args.saved) as f:
            chosen, expected = zip(*map(json.loads, f))
    else:
        reference = shutil.which(args.reference) or sys.exit(f"no reference Python {args.reference!r}")
        names = files(args.paths, args.largest)
        if not names:
            sys.exit("no files")
        # Mutations of one file stand together, so that it is tokenized once.
        rng = random.Random(args.seed)
        picks = sorted(rng.choice(range(len(names))) for _ in range(args.count))
        chosen = [names[pick] for pick in picks]
        results = batches(reference, ((n, path, None) for n, path in enumerate(chosen)), args.seed, kinds, args.jobs)
        expected = [results[n] for n in range(len(chosen))]
        if args.save:
            with open(args.save, "w") as f:
                for pair in zip(chosen, expected):
                    f.write(json.dumps(pair) + "\n")
    jobs = [(n, path, change) for n, (path, (change, _)) in enumerate(zip(chosen, expected)) if change]
    found = batches(python, jobs, args.seed, kinds, args.jobs)
    groups = collections.defaultdict(list)
    for n, path, change in jobs:
        want, got = expected[n][1], found[n][1]
        if fields := compare(want, got):
            groups[general(want[1]), general(got[1]), fields].append((path, change, want, got))
    errors = sum(expected[n][1][0] is not None for n, _, _ in jobs)
    different = sum(map(len, groups.values()))
    for (want, got, fields), cases in sorted(groups.items(), key=lambda item: -len(item[1])):
        print(f"{len(cases)}: {want}" + (f" / {got}" if got != want else "") + f" ({', '.join(fields)})")
        for path, change, a, b in cases[:args.examples]:
            print(f"    {path} {change}\n      reference {show(a)}\n      taipan    {show(b)}")
    if args.out:
        with open(args.out, "w") as f:
            for cases in groups.values():
                for case in cases:
                    f.write(json.dumps(case) + "\n")
    print(f"{len(jobs)} mutations, {errors} with errors: {different} differ, "
          f"{100 * (len(jobs) - different) / max(1, len(jobs)):.3f} % are equal")
    return 1 if different else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2:])
    else:
        sys.exit(main())
