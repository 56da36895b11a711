//! Plain data that crosses the border to the operating system, the same on every target.

/// What `stat` tells. Times are nanoseconds since the epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stat {
    /// File type and permissions.
    pub mode: u32,
    /// Inode number.
    pub ino: u64,
    /// Device the file is on.
    pub dev: u64,
    /// Hard links.
    pub nlink: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes.
    pub size: i64,
    /// Last access.
    pub atime_ns: i128,
    /// Last change of the contents.
    pub mtime_ns: i128,
    /// Last change of the status.
    pub ctime_ns: i128,
    /// Preferred size of blocks for I/O.
    pub blksize: i64,
    /// Blocks of 512 bytes in use.
    pub blocks: i64,
    /// Device type, if the file is a device.
    pub rdev: u64,
}

/// What `statvfs` tells; fields as in POSIX without the prefix `f_`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct StatVfs {
    pub bsize: u64,
    pub frsize: u64,
    pub blocks: u64,
    pub bfree: u64,
    pub bavail: u64,
    pub files: u64,
    pub ffree: u64,
    pub favail: u64,
    pub flag: u64,
    pub namemax: u64,
    pub fsid: u64,
}

/// The type of a directory entry as the file system tells it for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileType {
    /// The file system does not say: ask `stat`.
    Unknown,
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A pipe, a socket or a device.
    Other,
}

/// One entry of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirEntry {
    /// The name, without the directory.
    pub name: Vec<u8>,
    /// Inode number.
    pub ino: u64,
    /// Its type, not following links.
    pub kind: FileType,
}

/// A time for `utime`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileTime {
    /// The current time.
    Now,
    /// Nanoseconds since the epoch.
    At(i128),
}

/// The months in the locale C.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// The days of the week in the locale C, Monday first.
pub const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The name with this number; `?` where there is none.
pub fn nth_name(names: &[&'static str], i: i32) -> &'static str {
    usize::try_from(i)
        .ok()
        .and_then(|i| names.get(i))
        .copied()
        .unwrap_or("?")
}

/// How the name of a day or a month is abbreviated.
pub fn short_name(name: &'static str) -> &'static str {
    name.get(..3).unwrap_or(name)
}

/// Broken-down time: `struct tm`, but with the calendar year and months from 1, as `time.struct_time` has them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tm {
    /// Calendar year.
    pub year: i64,
    /// 1 to 12.
    pub mon: i32,
    /// 1 to 31.
    pub mday: i32,
    /// 0 to 23.
    pub hour: i32,
    /// 0 to 59.
    pub min: i32,
    /// 0 to 61.
    pub sec: i32,
    /// Monday is 0.
    pub wday: i32,
    /// 1 to 366.
    pub yday: i32,
    /// -1 unknown, 0 no, 1 yes.
    pub isdst: i32,
    /// Seconds east of UTC.
    pub gmtoff: i64,
    /// Abbreviation of the zone.
    pub zone: Vec<u8>,
}

/// Which clock to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// Since the epoch; may be set.
    Realtime,
    /// Never goes back.
    Monotonic,
    /// CPU time of the process.
    Process,
    /// CPU time of the thread.
    Thread,
}

/// `struct rusage`, times in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Rusage {
    pub utime_us: i64,
    pub stime_us: i64,
    pub maxrss: i64,
    pub ixrss: i64,
    pub idrss: i64,
    pub isrss: i64,
    pub minflt: i64,
    pub majflt: i64,
    pub nswap: i64,
    pub inblock: i64,
    pub oublock: i64,
    pub msgsnd: i64,
    pub msgrcv: i64,
    pub nsignals: i64,
    pub nvcsw: i64,
    pub nivcsw: i64,
}

/// `uname`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Uname {
    pub sysname: Vec<u8>,
    pub nodename: Vec<u8>,
    pub release: Vec<u8>,
    pub version: Vec<u8>,
    pub machine: Vec<u8>,
}

/// An action of `posix_spawn` on the child's descriptors.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum SpawnAction {
    Open {
        fd: i32,
        path: Vec<u8>,
        flags: i32,
        mode: u32,
    },
    Close(i32),
    Dup2(i32, i32),
    CloseFrom(i32),
}

/// Attributes of `posix_spawn`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SpawnAttrs {
    /// Process group to join; 0 makes a new one.
    pub pgroup: Option<i32>,
    /// Effective ids become the real ones.
    pub resetids: bool,
    /// Start in a new session.
    pub setsid: bool,
    /// Signals to block in the child.
    pub sigmask: Option<u64>,
    /// Signals to set to their default.
    pub sigdefault: Option<u64>,
    /// Policy and priority.
    pub scheduler: Option<(Option<i32>, i32)>,
}

/// What a signal does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disposition {
    /// `SIG_DFL`.
    Default,
    /// `SIG_IGN`.
    Ignore,
    /// Our handler, which only notes the signal.
    Noted,
    /// A handler that somebody else installed.
    Foreign,
}

/// The terminal's settings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Termios {
    pub iflag: u32,
    pub oflag: u32,
    pub cflag: u32,
    pub lflag: u32,
    pub ispeed: u32,
    pub ospeed: u32,
    pub cc: Vec<u8>,
}

/// A socket's address.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum SockAddr {
    /// No address: the peer of an unnamed socket.
    None,
    Inet {
        ip: [u8; 4],
        port: u16,
    },
    Inet6 {
        ip: [u8; 16],
        port: u16,
        flowinfo: u32,
        scope_id: u32,
    },
    /// A path, or a name that starts with NUL (the abstract namespace).
    Unix(Vec<u8>),
    Netlink {
        pid: u32,
        groups: u32,
    },
    /// Any other family: the bytes after the family.
    Other {
        family: i32,
        data: Vec<u8>,
    },
}

/// One answer of `getaddrinfo`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct AddrInfo {
    pub family: i32,
    pub socktype: i32,
    pub protocol: i32,
    pub canonname: Vec<u8>,
    pub addr: SockAddr,
}

/// An error of `getaddrinfo` and `getnameinfo`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GaiError(pub i32);

/// A message that came with ancillary data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Bytes received.
    pub len: usize,
    /// `(level, type, data)` of each piece.
    pub ancillary: Vec<(i32, i32, Vec<u8>)>,
    /// `MSG_*` flags.
    pub flags: i32,
    /// Whence it came.
    pub addr: SockAddr,
}

/// One descriptor of `poll`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct PollFd {
    /// The descriptor.
    pub fd: i32,
    /// What to wait for.
    pub events: i16,
    /// What happened.
    pub revents: i16,
}

/// The bounds of a thread's stack, which grows from `base` down to `limit`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StackBounds {
    /// One past the highest address.
    pub base: usize,
    /// The lowest address that may be used.
    pub limit: usize,
}

/// An entry of the user database.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Passwd {
    pub name: Vec<u8>,
    pub passwd: Vec<u8>,
    pub uid: u32,
    pub gid: u32,
    pub gecos: Vec<u8>,
    pub dir: Vec<u8>,
    pub shell: Vec<u8>,
}

/// An entry of the group database.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Group {
    pub name: Vec<u8>,
    pub passwd: Vec<u8>,
    pub gid: u32,
    pub mem: Vec<Vec<u8>>,
}
