//! The struct sequences of `sys`.

use taipan_builtins::structseq::{Field, StructSeq, field};

macro_rules! structseq {
    ($(#[$doc:meta])* $id:ident, $name:literal, $kind:ident, $text:literal, $n:literal, [$($i:literal $f:literal $d:expr),* $(,)?]) => {
        $(#[$doc])*
        pub static $id: StructSeq = StructSeq {
            spec: StructSeq::$kind($name, "sys", Some($text)),
            fields: { const FIELDS: &[Field] = &[$(field::<$i>($f, $d)),*]; FIELDS },
            visible: $n,
            total: $n,
        };
    };
}

/// `sys.flags`: 18 positions and three attributes beside them.
pub static FLAGS: StructSeq = StructSeq {
    spec: StructSeq::closed_spec(
        "flags",
        "sys",
        Some("sys.flags\n\nFlags provided through command line arguments or environment vars."),
    ),
    fields: &[
        field::<0>("debug", Some("-d")),
        field::<1>("inspect", Some("-i")),
        field::<2>("interactive", Some("-i")),
        field::<3>("optimize", Some("-O or -OO")),
        field::<4>("dont_write_bytecode", Some("-B")),
        field::<5>("no_user_site", Some("-s")),
        field::<6>("no_site", Some("-S")),
        field::<7>("ignore_environment", Some("-E")),
        field::<8>("verbose", Some("-v")),
        field::<9>("bytes_warning", Some("-b")),
        field::<10>("quiet", Some("-q")),
        field::<11>("hash_randomization", Some("-R")),
        field::<12>("isolated", Some("-I")),
        field::<13>("dev_mode", Some("-X dev")),
        field::<14>("utf8_mode", Some("-X utf8")),
        field::<15>("warn_default_encoding", Some("-X warn_default_encoding")),
        field::<16>("safe_path", Some("-P")),
        field::<17>("int_max_str_digits", Some("-X int_max_str_digits")),
        field::<18>("gil", Some("-X gil")),
        field::<19>("thread_inherit_context", Some("-X thread_inherit_context")),
        field::<20>("context_aware_warnings", Some("-X context_aware_warnings")),
    ],
    visible: 18,
    total: 21,
};

structseq!(
    /// `sys.version_info`
    VERSION_INFO, "version_info", closed_spec, "sys.version_info\n\nVersion information as a named tuple.", 5,
    [
        0 "major" Some("Major release number"),
        1 "minor" Some("Minor release number"),
        2 "micro" Some("Patch release number"),
        3 "releaselevel" Some("'alpha', 'beta', 'candidate', or 'final'"),
        4 "serial" Some("Serial release number"),
    ]
);

structseq!(
    /// `sys.float_info`
    FLOAT_INFO, "float_info", spec, "A named tuple holding information about the float type.", 11,
    [
        0 "max" Some("DBL_MAX -- maximum representable finite float"),
        1 "max_exp" Some("DBL_MAX_EXP -- maximum int e such that radix**(e-1) is representable"),
        2 "max_10_exp" Some("DBL_MAX_10_EXP -- maximum int e such that 10**e is representable"),
        3 "min" Some("DBL_MIN -- Minimum positive normalized float"),
        4 "min_exp" Some("DBL_MIN_EXP -- minimum int e such that radix**(e-1) is a normalized float"),
        5 "min_10_exp" Some("DBL_MIN_10_EXP -- minimum int e such that 10**e is a normalized float"),
        6 "dig" Some("DBL_DIG -- maximum number of decimal digits that can be faithfully represented in a float"),
        7 "mant_dig" Some("DBL_MANT_DIG -- mantissa digits"),
        8 "epsilon" Some("DBL_EPSILON -- Difference between 1 and the next representable float"),
        9 "radix" Some("FLT_RADIX -- radix of exponent"),
        10 "rounds" Some("FLT_ROUNDS -- rounding mode used for arithmetic operations"),
    ]
);

structseq!(
    /// `sys.int_info`
    INT_INFO, "int_info", spec, "A named tuple that holds information about Python's internal representation of integers.", 4,
    [
        0 "bits_per_digit" Some("size of a digit in bits"),
        1 "sizeof_digit" Some("size in bytes of the C type used to represent a digit"),
        2 "default_max_str_digits" Some("maximum string conversion digits limitation"),
        3 "str_digits_check_threshold" Some("minimum positive value for int_max_str_digits"),
    ]
);

structseq!(
    /// `sys.hash_info`
    HASH_INFO, "hash_info", spec, "hash_info\n\nA named tuple providing parameters used for computing hashes.", 9,
    [
        0 "width" Some("width of the type used for hashing, in bits"),
        1 "modulus" Some("prime number giving the modulus on which the hash function is based"),
        2 "inf" Some("value to be used for hash of a positive infinity"),
        3 "nan" Some("value to be used for hash of a nan"),
        4 "imag" Some("multiplier used for the imaginary part of a complex number"),
        5 "algorithm" Some("name of the algorithm for hashing of str, bytes and memoryviews"),
        6 "hash_bits" Some("internal output size of hash algorithm"),
        7 "seed_bits" Some("seed size of hash algorithm"),
        8 "cutoff" Some("small string optimization cutoff"),
    ]
);

structseq!(
    /// `sys.thread_info`
    THREAD_INFO, "thread_info", spec, "sys.thread_info\n\nA named tuple holding information about the thread implementation.", 3,
    [
        0 "name" Some("name of the thread implementation"),
        1 "lock" Some("name of the lock implementation"),
        2 "version" Some("name and version of the thread library"),
    ]
);

structseq!(
    /// What `sys.get_asyncgen_hooks` gives.
    ASYNCGEN_HOOKS, "asyncgen_hooks", spec, "asyncgen_hooks\n\nTuple of (firstiter, finalizer)", 2,
    [0 "firstiter" None, 1 "finalizer" None]
);

structseq!(
    /// What `sys.unraisablehook` gets.
    UNRAISABLE, "UnraisableHookArgs", spec, "UnraisableHookArgs\n\nType used to pass arguments to sys.unraisablehook.", 5,
    [
        0 "exc_type" Some("Exception type"),
        1 "exc_value" Some("Exception value"),
        2 "exc_traceback" Some("Exception traceback"),
        3 "err_msg" Some("Error message"),
        4 "object" Some("Object causing the exception"),
    ]
);
