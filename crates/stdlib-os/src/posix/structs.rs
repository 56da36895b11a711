//! The struct sequences of `posix`.

use taipan_builtins::structseq::{PARTS, StructSeq, field};
use taipan_host::types::{Rusage, Stat, StatVfs};
use taipan_macros::pymethods;
use taipan_object::convert::IntoPy;
use taipan_object::{PyResult, Ref, Tuple, TypeObject, TypeSpec, Value, Vm};

/// `os.stat_result`
pub static STAT_RESULT: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "stat_result",
        "os",
        Some("stat_result: Result from stat, fstat, or lstat."),
    ),
    fields: &[
        field::<0>("st_mode", Some("protection bits")),
        field::<1>("st_ino", Some("inode")),
        field::<2>("st_dev", Some("device")),
        field::<3>("st_nlink", Some("number of hard links")),
        field::<4>("st_uid", Some("user ID of owner")),
        field::<5>("st_gid", Some("group ID of owner")),
        field::<6>("st_size", Some("total size, in bytes")),
        field::<10>("st_atime", Some("time of last access")),
        field::<11>("st_mtime", Some("time of last modification")),
        field::<12>("st_ctime", Some("time of last change")),
        field::<13>("st_atime_ns", Some("time of last access in nanoseconds")),
        field::<14>(
            "st_mtime_ns",
            Some("time of last modification in nanoseconds"),
        ),
        field::<15>("st_ctime_ns", Some("time of last change in nanoseconds")),
        field::<16>("st_blksize", Some("blocksize for filesystem I/O")),
        field::<17>("st_blocks", Some("number of blocks allocated")),
        field::<18>("st_rdev", Some("device type (if inode device)")),
    ],
    visible: 10,
    total: 19,
};

/// `os.statvfs_result`
pub static STATVFS_RESULT: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "statvfs_result",
        "os",
        Some("statvfs_result: Result from statvfs or fstatvfs."),
    ),
    fields: &[
        field::<0>("f_bsize", None),
        field::<1>("f_frsize", None),
        field::<2>("f_blocks", None),
        field::<3>("f_bfree", None),
        field::<4>("f_bavail", None),
        field::<5>("f_files", None),
        field::<6>("f_ffree", None),
        field::<7>("f_favail", None),
        field::<8>("f_flag", None),
        field::<9>("f_namemax", None),
        field::<10>("f_fsid", None),
    ],
    visible: 10,
    total: 11,
};

/// `os.terminal_size`
pub static TERMINAL_SIZE: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "terminal_size",
        "os",
        Some("A tuple of (columns, lines) for holding terminal window size"),
    ),
    fields: &[
        field::<0>(
            "columns",
            Some("width of the terminal window in characters"),
        ),
        field::<1>("lines", Some("height of the terminal window in characters")),
    ],
    visible: 2,
    total: 2,
};

/// `posix.times_result`
pub static TIMES_RESULT: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "times_result",
        "posix",
        Some("times_result: Result from os.times()."),
    ),
    fields: &[
        field::<0>("user", Some("user time")),
        field::<1>("system", Some("system time")),
        field::<2>("children_user", Some("user time of children")),
        field::<3>("children_system", Some("system time of children")),
        field::<4>(
            "elapsed",
            Some("elapsed time since an arbitrary point in the past"),
        ),
    ],
    visible: 5,
    total: 5,
};

/// `posix.uname_result`
pub static UNAME_RESULT: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "uname_result",
        "posix",
        Some("uname_result: Result from os.uname()."),
    ),
    fields: &[
        field::<0>("sysname", Some("operating system name")),
        field::<1>(
            "nodename",
            Some("name of machine on network (implementation-defined)"),
        ),
        field::<2>("release", Some("operating system release")),
        field::<3>("version", Some("operating system version")),
        field::<4>("machine", Some("hardware identifier")),
    ],
    visible: 5,
    total: 5,
};

/// `posix.waitid_result`
pub static WAITID_RESULT: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "waitid_result",
        "posix",
        Some("waitid_result: Result from waitid."),
    ),
    fields: &[
        field::<0>("si_pid", None),
        field::<1>("si_uid", None),
        field::<2>("si_signo", None),
        field::<3>("si_status", None),
        field::<4>("si_code", None),
    ],
    visible: 5,
    total: 5,
};

/// `posix.sched_param`
pub static SCHED_PARAM: StructSeq = StructSeq {
    spec: TypeSpec {
        parts: &[PARTS[0], &SCHED_PARAM_METHODS],
        ..StructSeq::spec(
            "sched_param",
            "posix",
            Some(
                "Currently has only one field: sched_priority\n\n  sched_priority\n    A scheduling parameter.",
            ),
        )
    },
    fields: &[field::<0>(
        "sched_priority",
        Some("the scheduling priority"),
    )],
    visible: 1,
    total: 1,
};

/// Holder of `sched_param`'s constructor and pickling.
pub struct SchedParam;

#[pymethods(SCHED_PARAM_METHODS)]
impl SchedParam {
    #[pyslot(name = "sched_param", params = "(sched_priority)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, sched_priority: &Value) -> PyResult<Ref<Tuple>> {
        vm.new_tuple_with_hidden(cls.object(), vec![sched_priority.clone()], 1)
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Tuple>) -> PyResult<(Value, Value)> {
        let args = vm.new_tuple(this.as_slice().to_vec())?;
        Ok((
            vm.type_of(this.as_value()).to_ref().into_value(),
            args.into_value(),
        ))
    }
}

/// `resource.struct_rusage`, which `wait3` and `wait4` give as well.
pub static STRUCT_RUSAGE: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "struct_rusage",
        "resource",
        Some("struct_rusage: Result from getrusage."),
    ),
    fields: &[
        field::<0>("ru_utime", Some("user time used")),
        field::<1>("ru_stime", Some("system time used")),
        field::<2>("ru_maxrss", Some("max. resident set size")),
        field::<3>("ru_ixrss", Some("shared memory size")),
        field::<4>("ru_idrss", Some("unshared data size")),
        field::<5>("ru_isrss", Some("unshared stack size")),
        field::<6>("ru_minflt", Some("page faults not requiring I/O")),
        field::<7>("ru_majflt", Some("page faults requiring I/O")),
        field::<8>("ru_nswap", Some("number of swap outs")),
        field::<9>("ru_inblock", Some("block input operations")),
        field::<10>("ru_oublock", Some("block output operations")),
        field::<11>("ru_msgsnd", Some("IPC messages sent")),
        field::<12>("ru_msgrcv", Some("IPC messages received")),
        field::<13>("ru_nsignals", Some("signals received")),
        field::<14>("ru_nvcsw", Some("voluntary context switches")),
        field::<15>("ru_nivcsw", Some("involuntary context switches")),
    ],
    visible: 16,
    total: 16,
};

/// A `stat_result`.
pub fn stat_result(vm: &Vm, st: &Stat) -> PyResult<Ref<Tuple>> {
    let times = [st.atime_ns, st.mtime_ns, st.ctime_ns];
    let mut v = vec![
        st.mode.into_py(vm)?,
        st.ino.into_py(vm)?,
        st.dev.into_py(vm)?,
        st.nlink.into_py(vm)?,
        st.uid.into_py(vm)?,
        st.gid.into_py(vm)?,
        st.size.into_py(vm)?,
    ];
    for ns in times {
        v.push(ns.div_euclid(1_000_000_000).into_py(vm)?);
    }
    for ns in times {
        let (s, rest) = (ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000));
        v.push(vm.new_float(s as f64 + 1e-9 * rest as f64)?);
    }
    for ns in times {
        v.push(ns.into_py(vm)?);
    }
    v.push(st.blksize.into_py(vm)?);
    v.push(st.blocks.into_py(vm)?);
    v.push(st.rdev.into_py(vm)?);
    STAT_RESULT.build(vm, v)
}

/// A `statvfs_result`.
pub fn statvfs_result(vm: &Vm, st: &StatVfs) -> PyResult<Ref<Tuple>> {
    let v = [
        st.bsize, st.frsize, st.blocks, st.bfree, st.bavail, st.files, st.ffree, st.favail,
        st.flag, st.namemax, st.fsid,
    ];
    let v = v
        .into_iter()
        .map(|n| n.into_py(vm))
        .collect::<PyResult<Vec<Value>>>()?;
    STATVFS_RESULT.build(vm, v)
}

/// A `struct_rusage`.
pub fn rusage_result(vm: &Vm, u: &Rusage) -> PyResult<Ref<Tuple>> {
    let mut v = vec![
        vm.new_float(u.utime_us as f64 * 1e-6)?,
        vm.new_float(u.stime_us as f64 * 1e-6)?,
    ];
    for n in [
        u.maxrss, u.ixrss, u.idrss, u.isrss, u.minflt, u.majflt, u.nswap, u.inblock, u.oublock,
        u.msgsnd, u.msgrcv, u.nsignals, u.nvcsw, u.nivcsw,
    ] {
        v.push(n.into_py(vm)?);
    }
    STRUCT_RUSAGE.build(vm, v)
}
