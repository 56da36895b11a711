//! What the calls promise beyond the system's own manual: conversions, loops around buffers, the handler of signals.
#![cfg(unix)]

use taipan_host::types::{
    Clock, Disposition, FileTime, FileType, PollFd, SockAddr, SpawnAction, SpawnAttrs, Tm,
};
use taipan_host::{Errno, clock, env, fs, mem, net, process, random, select, signal, thread};

struct TempDir(Vec<u8>);

impl TempDir {
    fn new(name: &str) -> TempDir {
        let path = format!(
            "{}/taipan-host-{}-{name}",
            std::env::temp_dir().display(),
            process::getpid()
        )
        .into_bytes();
        fs::mkdir(fs::AT_FDCWD, &path, 0o700).expect("a new directory");
        TempDir(path)
    }
    fn join(&self, name: &str) -> Vec<u8> {
        [self.0.as_slice(), b"/", name.as_bytes()].concat()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(std::str::from_utf8(&self.0).expect("made from text"));
    }
}

#[test]
fn errors_have_names_and_texts() {
    assert_eq!(Errno::ENOENT.name(), Some("ENOENT"));
    assert_eq!(Errno::ENOENT.message(), b"No such file or directory");
    assert_eq!(Errno(9999).message(), b"Unknown error 9999");
    assert_eq!(
        fs::open(fs::AT_FDCWD, b"/nonexistent", 0, 0),
        Err(Errno::ENOENT)
    );
    assert_eq!(fs::open(fs::AT_FDCWD, b"a\0b", 0, 0), Err(Errno::EINVAL));
}

#[test]
fn files_round_trip() {
    let dir = TempDir::new("files");
    let path = dir.join("x");
    let fd = fs::open(fs::AT_FDCWD, &path, 0o102, 0o600).expect("created");
    assert_eq!(fs::get_inheritable(fd), Ok(false));
    assert_eq!(fs::write(fd, b"hello"), Ok(5));
    assert_eq!(fs::lseek(fd, 1, 0), Ok(1));
    let mut buffer = [0; 16];
    assert_eq!(fs::read(fd, &mut buffer), Ok(4));
    assert_eq!(&buffer[..4], b"ello");
    fs::ftruncate(fd, 3).expect("cut");
    fs::utime(
        fs::AT_FDCWD,
        &path,
        FileTime::At(1),
        FileTime::At(-1_500_000_000),
        true,
    )
    .expect("times");
    let st = fs::fstat(fd).expect("status");
    assert_eq!(
        (st.size, st.atime_ns, st.mtime_ns, st.mode & 0o7777),
        (3, 1, -1_500_000_000, 0o600)
    );
    assert_eq!(fs::read_file(&path).expect("readable"), b"hel");
    let long = vec![b'y'; 1000];
    fs::symlink(&long, fs::AT_FDCWD, &dir.join("link")).expect("a link");
    assert_eq!(
        fs::readlink(fs::AT_FDCWD, &dir.join("link")).expect("read"),
        long
    );
    fs::rename(fs::AT_FDCWD, &path, fs::AT_FDCWD, &dir.join("z")).expect("renamed");
    let mut entries = Vec::new();
    let mut listing = fs::Dir::open(&dir.0).expect("a directory");
    while let Some(entry) = listing.next_entry().expect("an entry") {
        entries.push((entry.name, entry.kind));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        entries,
        [
            (b"link".to_vec(), FileType::Symlink),
            (b"z".to_vec(), FileType::File)
        ]
    );
    fs::close(fd).expect("closed");
    assert_eq!(fs::close(fd), Err(Errno::EBADF));
}

#[test]
fn environment_is_a_table() {
    env::set_var(b"TAIPAN_TEST", b"1").expect("set");
    assert_eq!(env::var(b"TAIPAN_TEST"), Some(b"1".to_vec()));
    assert!(env::block().contains(&b"TAIPAN_TEST=1".to_vec()));
    env::unset_var(b"TAIPAN_TEST").expect("unset");
    assert_eq!(env::var(b"TAIPAN_TEST"), None);
    assert_eq!(env::set_var(b"a=b", b""), Err(Errno::EINVAL));
}

#[test]
fn calendar() {
    let tm = clock::gmtime(951_782_400).expect("in range");
    assert_eq!(
        (tm.year, tm.mon, tm.mday, tm.wday, tm.yday),
        (2000, 2, 29, 1, 60)
    );
    assert_eq!(
        clock::strftime(b"%Y-%m-%d %a %j", &tm).expect("formatted"),
        b"2000-02-29 Tue 060"
    );
    assert_eq!(clock::gmtime(i64::MAX), Err(Errno::EOVERFLOW));
    assert_eq!(
        clock::mktime(&Tm {
            year: i64::MAX,
            ..tm
        }),
        Err(Errno::EOVERFLOW)
    );
    assert!(clock::now(Clock::Monotonic).expect("a clock") > 0);
}

#[test]
fn spawn_and_pipe() {
    let (read, write) = fs::pipe2(0).expect("a pipe");
    let actions = [SpawnAction::Dup2(write, 1), SpawnAction::Close(read)];
    let env: [&[u8]; 1] = [b"X=hi"];
    let pid = process::posix_spawn(
        b"/bin/sh",
        &["sh", "-c", "printf %s $X"],
        &env,
        &actions,
        &SpawnAttrs::default(),
        false,
    )
    .expect("started");
    fs::close(write).expect("closed");
    assert_eq!(fs::read_to_end(read).expect("read"), b"hi");
    assert_eq!(process::waitpid(pid, 0), Ok((pid, 0)));
    fs::close(read).expect("closed");
}

#[test]
fn signals_are_noted() {
    const SIGUSR1: i32 = 10;
    assert_eq!(signal::disposition(SIGUSR1), Ok(Disposition::Default));
    signal::install(SIGUSR1, Disposition::Noted).expect("installed");
    assert_eq!(signal::disposition(SIGUSR1), Ok(Disposition::Noted));
    signal::raise(SIGUSR1).expect("raised");
    assert!(signal::is_pending());
    assert_eq!(signal::take_pending(), 1 << (SIGUSR1 - 1));
    signal::install(SIGUSR1, Disposition::Default).expect("put back");
    assert_eq!(signal::install(9, Disposition::Noted), Err(Errno::EINVAL));
    assert_eq!(signal::strsignal(2).as_deref(), Some(&b"Interrupt"[..]));
}

#[test]
fn sockets_talk() {
    let listener = net::socket(2, 1, 0).expect("a socket");
    net::bind(
        listener,
        &SockAddr::Inet {
            ip: [127, 0, 0, 1],
            port: 0,
        },
    )
    .expect("bound");
    net::listen(listener, 1).expect("listening");
    let address = net::getsockname(listener).expect("an address");
    let client = net::socket(2, 1, 0).expect("a socket");
    net::connect(client, &address).expect("connected");
    let (server, peer) = net::accept(listener).expect("accepted");
    assert_eq!(peer, net::getsockname(client).expect("an address"));
    assert_eq!(net::send(client, b"ping", 0), Ok(4));
    let mut fds = [PollFd {
        fd: server,
        events: 1,
        revents: 0,
    }];
    assert_eq!(select::poll(&mut fds, Some(1_000_000_000)), Ok(1));
    let (mut read, mut none, mut none2) = (vec![server], vec![], vec![]);
    select::select(&mut read, &mut none, &mut none2, Some(0)).expect("selected");
    assert_eq!(read, [server]);
    let mut buffer = [0; 8];
    assert_eq!(net::recv(server, &mut buffer, 0), Ok(4));
    let (a, b) = net::socketpair(1, 1, 0).expect("a pair");
    let fds = [(1, 1, client.to_ne_bytes().to_vec())];
    assert_eq!(
        net::sendmsg(a, &[std::io::IoSlice::new(b"x")], &fds, 0, None),
        Ok(1)
    );
    let mut buffer = [0; 8];
    let got =
        net::recvmsg(b, &mut [std::io::IoSliceMut::new(&mut buffer)], 64, 0).expect("received");
    assert_eq!(
        (got.len, got.ancillary.len(), got.ancillary[0].2.len()),
        (1, 1, 4)
    );
    for fd in [listener, client, server, a, b] {
        fs::close(fd).expect("closed");
    }
    let found = net::getaddrinfo(Some(b"127.0.0.1"), Some(b"80"), 0, 1, 0, 0).expect("numeric");
    assert_eq!(
        found[0].addr,
        SockAddr::Inet {
            ip: [127, 0, 0, 1],
            port: 80
        }
    );
}

#[test]
fn memory_and_stack() {
    let region = mem::alloc_region(1 << 20, 1 << 20).expect("memory");
    assert_eq!(region.as_ptr() as usize % (1 << 20), 0);
    // SAFETY: the region is ours and writable; it is given back with its size and not used again.
    unsafe {
        region.as_ptr().add((1 << 20) - 1).write(1);
        mem::free_region(region, 1 << 20, 1 << 20);
    }
    assert!(mem::resident().is_some_and(|bytes| bytes > 4096));
    let bounds = thread::stack_bounds().expect("bounds");
    let here = thread::stack_pointer();
    assert!(bounds.limit < here && here < bounds.base && bounds.base - bounds.limit >= 1 << 16);
    let mut bytes = [0; 64];
    random::fill(&mut bytes).expect("random");
    assert_ne!(bytes, [0; 64]);
}
