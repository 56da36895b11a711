"""Python interface for the 'lsprof' profiler.
   Compatible with the 'profile' module.
"""

# The collecting is done by the native module `_lsprof`; this gives its results the form that `pstats` reads, and
# offers the functions of `profile` and a command line.

__all__ = ["run", "runctx", "Profile"]

import _lsprof
import importlib.machinery
import importlib.util
import io
import profile as _pyprofile


def run(statement, filename=None, sort=-1):
    return _pyprofile._Utils(Profile).run(statement, filename, sort)


def runctx(statement, globals, locals, filename=None, sort=-1):
    utils = _pyprofile._Utils(Profile)
    return utils.runctx(statement, globals, locals, filename, sort)


run.__doc__ = _pyprofile.run.__doc__
runctx.__doc__ = _pyprofile.runctx.__doc__


def _numbers(entry):
    """All calls, those that are not recursive, own time, and time with callees."""
    calls = entry.callcount
    return calls, calls - entry.reccallcount, entry.inlinetime, entry.totaltime


class Profile(_lsprof.Profiler):
    """Profile(timer=None, timeunit=None, subcalls=True, builtins=True)

    Builds a profiler object using the specified timer function.
    The default timer is a fast built-in one based on real time.
    For custom timer functions returning integers, timeunit can
    be a float specifying a scale (i.e. how long each integer unit
    is, in seconds).
    """

    def print_stats(self, sort=-1):
        import pstats
        keys = sort if isinstance(sort, tuple) else (sort,)
        pstats.Stats(self).strip_dirs().sort_stats(*keys).print_stats()

    def dump_stats(self, file):
        import marshal
        with open(file, "wb") as out:
            self.create_stats()
            marshal.dump(self.stats, out)

    def create_stats(self):
        self.disable()
        self.snapshot_stats()

    def snapshot_stats(self):
        entries = self.getstats()
        self.stats = {}
        callers_of = {}
        for entry in entries:
            callers = callers_of[id(entry.code)] = {}
            calls, primitive, *times = _numbers(entry)
            # `pstats` wants these two in this order, and in the other one for callers.
            self.stats[label(entry.code)] = (primitive, calls, *times, callers)
        for entry in entries:
            caller = label(entry.code)
            for callee in entry.calls or ():
                callers = callers_of.get(id(callee.code))
                if callers is None:
                    continue
                numbers = _numbers(callee)
                if caller in callers:
                    # Another function with the same label called it as well.
                    numbers = tuple(map(sum, zip(callers[caller], numbers)))
                callers[caller] = numbers

    def run(self, cmd):
        import __main__
        namespace = __main__.__dict__
        return self.runctx(cmd, namespace, namespace)

    def runctx(self, cmd, globals, locals):
        # Not as a context manager: its methods would be in the results.
        self.enable()
        try:
            exec(cmd, globals, locals)
        finally:
            self.disable()
        return self

    def runcall(self, func, /, *args, **kw):
        self.enable()
        try:
            return func(*args, **kw)
        finally:
            self.disable()

    def __enter__(self):
        self.enable()
        return self

    def __exit__(self, *exc_info):
        self.disable()


def label(code):
    # '~' puts native functions behind all files.
    if isinstance(code, str):
        return "~", 0, code
    return code.co_filename, code.co_firstlineno, code.co_name


def _script(path):
    """The code of a script, and the namespace of a new `__main__` for it."""
    import os
    import sys
    sys.path.insert(0, os.path.dirname(path))
    with io.open_code(path) as source:
        code = compile(source.read(), path, "exec")
    spec = importlib.machinery.ModuleSpec(name="__main__", loader=None, origin=path)
    module = importlib.util.module_from_spec(spec)
    # What imports `__main__` in the script finds the script.
    sys.modules["__main__"] = module
    namespace = module.__dict__
    namespace.update(
        __spec__=None, __file__=path, __name__="__main__", __package__=None, __cached__=None
    )
    return code, namespace


def main():
    import os
    import sys
    import runpy
    import pstats
    from optparse import OptionParser
    usage = "cProfile.py [-o output_file_path] [-s sort] [-m module | scriptfile] [arg] ..."
    parser = OptionParser(usage=usage)
    parser.allow_interspersed_args = False
    parser.add_option("-o", "--outfile", dest="outfile", default=None,
                      help="Save stats to <outfile>")
    parser.add_option("-s", "--sort", dest="sort", default=2,
                      help="Sort order when printing to stdout, based on pstats.Stats class",
                      choices=sorted(pstats.Stats.sort_arg_dict_default))
    parser.add_option("-m", dest="module", action="store_true", default=False,
                      help="Profile a library module")
    if not sys.argv[1:]:
        parser.print_usage()
        sys.exit(2)
    options, args = parser.parse_args()
    sys.argv[:] = args
    if not args:
        parser.print_usage()
        return parser
    outfile = options.outfile
    if outfile is not None:
        # The script may change the directory.
        outfile = os.path.abspath(outfile)
    if options.module:
        code = "run_module(modname, run_name='__main__')"
        namespace = {"run_module": runpy.run_module, "modname": args[0]}
    else:
        code, namespace = _script(args[0])
    try:
        runctx(code, namespace, None, outfile, options.sort)
    except BrokenPipeError as exc:
        # Nothing is to be said about it at the end.
        sys.stdout = None
        sys.exit(exc.errno)
    return parser


if __name__ == "__main__":
    main()
