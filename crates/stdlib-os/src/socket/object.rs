//! The class `socket`.

use std::cell::Cell;

use taipan_host::types::{Clock, PollFd, SockAddr};
use taipan_host::{Errno, clock, fs, net, select};
use taipan_macros::pymethods;
use taipan_object::convert::IntoPy;
use taipan_object::{
    Args, Bytes, Payload, PyResult, Ref, Str, TypeObject, TypeSpec, Value, Vm, payload, tpflags,
};

use super::State;
use super::address::{AF_INET, AF_UNIX, parse, value};
use crate::io::fileio::zeroed;
use crate::time::{Round, nanoseconds, seconds};
use crate::util::{self, Data, Writable, data, done};

/// The payload of `socket`.
pub struct Socket {
    fd: Cell<i32>,
    family: Cell<i32>,
    kind: Cell<i32>,
    proto: Cell<i32>,
    /// Nanoseconds, -1 to wait for ever, 0 never to wait.
    timeout: Cell<i64>,
}
payload!(Socket, leaf);

/// `_socket.socket`
pub static SOCKET: TypeSpec = TypeSpec {
    doc: Some(
        "socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object\nsocket(family=-1, type=-1, proto=-1, fileno=None) -> socket object",
    ),
    flags: tpflags::BASETYPE,
    parts: &[&SOCKET_PART],
    ..TypeSpec::new("socket", "_socket", <Socket as Payload>::layout)
};

const SOCK_STREAM: i32 = 1;
const SOCK_NONBLOCK: i32 = 0o4000;
const SOCK_CLOEXEC: i32 = 0o2000000;
const SOL_SOCKET: i32 = 1;
const SO_TYPE: i32 = 3;
const SO_ERROR: i32 = 4;
const SO_PROTOCOL: i32 = 38;
const POLLIN: i16 = 1;
const POLLOUT: i16 = 4;

fn monotonic() -> i64 {
    clock::now(Clock::Monotonic).unwrap_or(0)
}

impl Socket {
    /// Waits until the socket is ready; TimeoutError "timed out" beyond the deadline.
    fn wait(&self, vm: &Vm, events: i16, deadline: Option<i64>) -> PyResult<()> {
        let mut fds = [PollFd {
            fd: self.fd.get(),
            events,
            revents: 0,
        }];
        loop {
            let left = deadline.map(|d| d.saturating_sub(monotonic()));
            if left.is_some_and(|l| l < 0) {
                return Err(vm.raise_new(&vm.exc().TimeoutError, "timed out"));
            }
            match util::blocking(vm, || select::poll(&mut fds, left)) {
                Ok(0) => {}
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => util::check_signals(vm)?,
                Err(e) => return Err(util::os_error(vm, e)),
            }
        }
    }

    fn deadline(&self) -> Option<i64> {
        let timeout = self.timeout.get();
        (timeout > 0).then(|| monotonic().saturating_add(timeout))
    }

    /// Runs a call as the timeout says.
    fn call<T>(
        &self,
        vm: &Vm,
        events: i16,
        deadline: Option<i64>,
        mut f: impl FnMut(i32) -> taipan_host::Result<T>,
    ) -> PyResult<T> {
        loop {
            if deadline.is_some() {
                self.wait(vm, events, deadline)?;
            }
            match util::blocking(vm, || f(self.fd.get())) {
                Ok(v) => return Ok(v),
                Err(Errno::EINTR) => util::check_signals(vm)?,
                // Ready and then not: another reader was faster.
                Err(Errno::EAGAIN) if deadline.is_some() => {}
                Err(e) => return Err(util::os_error(vm, e)),
            }
        }
    }

    fn receive(&self, vm: &Vm, n: isize, what: &str) -> PyResult<Vec<u8>> {
        match usize::try_from(n) {
            Ok(n) => zeroed(vm, n),
            Err(_) => Err(vm.value_error(&format!("negative buffersize in {what}"))),
        }
    }

    fn try_connect(&self, vm: &Vm, addr: &SockAddr) -> PyResult<Result<(), Errno>> {
        let first = util::blocking(vm, || net::connect(self.fd.get(), addr));
        let waits = match first {
            Ok(()) => return Ok(Ok(())),
            Err(Errno::EINTR) => {
                util::check_signals(vm)?;
                self.timeout.get() != 0
            }
            Err(Errno::EINPROGRESS) => self.timeout.get() > 0,
            Err(_) => false,
        };
        if !waits {
            return Ok(first);
        }
        self.wait(vm, POLLOUT, self.deadline())?;
        match net::getsockopt_int(self.fd.get(), SOL_SOCKET, SO_ERROR) {
            Ok(0) => Ok(Ok(())),
            Ok(e) if e == Errno::EISCONN.0 => Ok(Ok(())),
            Ok(e) => Ok(Err(Errno(e))),
            Err(e) => Ok(Err(e)),
        }
    }

    fn set_timeout(&self, vm: &Vm, timeout: i64) -> PyResult<()> {
        self.timeout.set(timeout);
        done(vm, fs::set_blocking(self.fd.get(), timeout < 0))
    }
}

/// A timeout argument in nanoseconds, -1 for None.
pub fn timeout_argument(vm: &Vm, v: &Value) -> PyResult<i64> {
    if vm.is_none(v) {
        return Ok(-1);
    }
    let ns = nanoseconds(vm, v, Round::Timeout)?;
    if ns < 0 {
        return Err(vm.value_error("Timeout value out of range"));
    }
    Ok(ns)
}

fn ancillary(vm: &Vm, v: Option<&Value>) -> PyResult<Vec<(i32, i32, Vec<u8>)>> {
    let Some(v) = v else {
        return Ok(Vec::new());
    };
    let mut out = Vec::new();
    for item in vm.collect(v)? {
        let parts = vm.collect(&item)?;
        let [level, kind, bytes] = parts.as_slice() else {
            return Err(vm.type_error(
                "[sendmsg() ancillary data items must be (cmsg_level, cmsg_type, cmsg_data)]",
            ));
        };
        out.push((
            util::offset(vm, level)? as i32,
            util::offset(vm, kind)? as i32,
            data(vm, bytes)?.0.into_owned(),
        ));
    }
    Ok(out)
}

#[pymethods(SOCKET_PART)]
impl Socket {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Socket>> {
        let _ = args;
        vm.new_object(
            cls,
            Socket {
                fd: Cell::new(-1),
                family: Cell::new(-1),
                kind: Cell::new(-1),
                proto: Cell::new(-1),
                timeout: Cell::new(-1),
            },
        )
    }

    #[pyslot(
        name = "socket",
        params = "(family=-1, type=-1, proto=-1, fileno=None)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<Socket>,
        family: i32,
        r#type: i32,
        proto: i32,
        fileno: Option<&Value>,
    ) -> PyResult<()> {
        let (mut family, mut kind, mut proto) = (family, r#type, proto);
        let fd = match fileno.filter(|v| !vm.is_none(v)) {
            Some(v) => {
                if v.as_float().is_some() {
                    return Err(vm.type_error("integer argument expected, got float"));
                }
                let fd = util::offset(vm, v)? as i32;
                if fd < 0 {
                    return Err(vm.value_error("negative file descriptor"));
                }
                if family == -1 {
                    family = match done(vm, net::getsockname(fd))? {
                        SockAddr::Inet { .. } => AF_INET,
                        SockAddr::Inet6 { .. } => super::address::AF_INET6,
                        SockAddr::Unix(_) | SockAddr::None => AF_UNIX,
                        SockAddr::Netlink { .. } => 16,
                        SockAddr::Other { family, .. } => family,
                    };
                } else {
                    done(vm, net::getsockopt_int(fd, SOL_SOCKET, SO_TYPE))?;
                }
                if kind == -1 {
                    kind = done(vm, net::getsockopt_int(fd, SOL_SOCKET, SO_TYPE))?;
                }
                if proto == -1 {
                    proto = done(vm, net::getsockopt_int(fd, SOL_SOCKET, SO_PROTOCOL))?;
                }
                fd
            }
            None => {
                if family == -1 {
                    family = AF_INET;
                }
                if kind == -1 {
                    kind = SOCK_STREAM;
                }
                if proto == -1 {
                    proto = 0;
                }
                done(vm, util::blocking(vm, || net::socket(family, kind, proto)))?
            }
        };
        this.fd.set(fd);
        this.family.set(family);
        this.kind.set(kind & !(SOCK_NONBLOCK | SOCK_CLOEXEC));
        this.proto.set(proto);
        if kind & SOCK_NONBLOCK != 0 {
            this.timeout.set(0);
            return Ok(());
        }
        match vm.state::<State>().default_timeout.get() {
            -1 => {
                this.timeout.set(-1);
                Ok(())
            }
            timeout => this.set_timeout(vm, timeout),
        }
    }

    #[pyslot]
    fn tp_repr(&self) -> String {
        format!(
            "<socket object, fd={}, family={}, type={}, proto={}>",
            self.fd.get(),
            self.family.get(),
            self.kind.get(),
            self.proto.get()
        )
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if this.fd.get() >= 0 {
            let shown = vm.repr_string(this.as_value())?;
            let warned = vm.warn(&vm.exc().ResourceWarning, &format!("unclosed {shown}"), 1);
            let fd = this.fd.replace(-1);
            let _ = fs::close(fd);
            warned?;
        }
        Ok(())
    }

    /// Wait for an incoming connection: its descriptor and the address of the client.
    #[pymethod(name = "_accept", sig = "($self, /)")]
    fn accept(&self, vm: &Vm) -> PyResult<(i32, Value)> {
        let (fd, addr) = self.call(vm, POLLIN, self.deadline(), net::accept)?;
        Ok((fd, value(vm, &addr)?))
    }

    /// Bind the socket to a local address.
    #[pymethod(sig = "($self, object, /)")]
    fn bind(&self, vm: &Vm, object: &Value) -> PyResult<()> {
        let addr = parse(vm, self.family.get(), object, "bind")?;
        done(vm, util::blocking(vm, || net::bind(self.fd.get(), &addr)))
    }

    /// Close the socket.  It cannot be used after this call.
    #[pymethod(sig = "($self, /)")]
    fn close(&self, vm: &Vm) -> PyResult<()> {
        let fd = self.fd.replace(-1);
        if fd < 0 {
            return Ok(());
        }
        match util::blocking(vm, || fs::close(fd)) {
            // The peer having gone is no news to one who closes.
            Err(Errno::ECONNRESET) | Ok(()) => Ok(()),
            Err(e) => Err(util::os_error(vm, e)),
        }
    }

    /// Connect the socket to a remote address.
    #[pymethod(sig = "($self, object, /)")]
    fn connect(&self, vm: &Vm, object: &Value) -> PyResult<()> {
        let addr = parse(vm, self.family.get(), object, "connect")?;
        let result = self.try_connect(vm, &addr)?;
        done(vm, result)
    }

    /// As connect(), but returns an error code instead of raising.
    #[pymethod(sig = "($self, object, /)")]
    fn connect_ex(&self, vm: &Vm, object: &Value) -> PyResult<i32> {
        let addr = parse(vm, self.family.get(), object, "connect_ex")?;
        match self.try_connect(vm, &addr) {
            Ok(Ok(())) => Ok(0),
            Ok(Err(e)) => Ok(e.0),
            Err(r) => {
                vm.catch(r, &vm.exc().TimeoutError)?;
                Ok(Errno::EAGAIN.0)
            }
        }
    }

    /// Close the socket object without closing the underlying file descriptor.
    #[pymethod(sig = "($self, /)")]
    fn detach(&self) -> i32 {
        self.fd.replace(-1)
    }

    /// Return the integer file descriptor of the socket.
    #[pymethod(sig = "($self, /)")]
    fn fileno(&self) -> i32 {
        self.fd.get()
    }

    /// Return the address of the remote endpoint.
    #[pymethod(sig = "($self, /)")]
    fn getpeername(&self, vm: &Vm) -> PyResult {
        value(vm, &done(vm, net::getpeername(self.fd.get()))?)
    }

    /// Return the address of the local endpoint.
    #[pymethod(sig = "($self, /)")]
    fn getsockname(&self, vm: &Vm) -> PyResult {
        value(vm, &done(vm, net::getsockname(self.fd.get()))?)
    }

    /// Get a socket option: an int, or bytes of at most that many.
    #[pymethod(params = "($self, level, option, buflen=0, /)")]
    fn getsockopt(&self, vm: &Vm, level: i32, option: i32, buflen: i32) -> PyResult {
        if buflen == 0 {
            let n = done(vm, net::getsockopt_int(self.fd.get(), level, option))?;
            return vm.new_int(n.into());
        }
        if !(1..=1024).contains(&buflen) {
            return Err(vm.raise_new(&vm.exc().OSError, "getsockopt buflen out of range"));
        }
        let mut buffer = zeroed(vm, buflen as usize)?;
        let n = done(
            vm,
            net::getsockopt(self.fd.get(), level, option, &mut buffer),
        )?;
        Ok(vm.new_bytes(&buffer[..n])?.into_value())
    }

    /// Set a socket option to an int, to bytes, or to nothing with a length.
    #[pymethod(params = "($self, level, option, value, optlen=None, /)")]
    fn setsockopt(
        &self,
        vm: &Vm,
        level: i32,
        option: i32,
        value: &Value,
        optlen: Option<u32>,
    ) -> PyResult<()> {
        let fd = self.fd.get();
        let set = if vm.is_none(value) {
            let zeros = zeroed(vm, optlen.unwrap_or(0).min(1 << 16) as usize)?;
            net::setsockopt(fd, level, option, &zeros)
        } else if vm.has_index(value) {
            let n = util::offset(vm, value)?;
            let Ok(n) = i32::try_from(n) else {
                return Err(vm.overflow_error("Python int too large to convert to C int"));
            };
            net::setsockopt_int(fd, level, option, n)
        } else {
            net::setsockopt(fd, level, option, &data(vm, value)?)
        };
        done(vm, set)
    }

    /// Enable a server to accept connections.
    #[pymethod(params = "($self, backlog=128, /)")]
    fn listen(&self, vm: &Vm, backlog: i32) -> PyResult<()> {
        done(vm, net::listen(self.fd.get(), backlog.max(0)))
    }

    /// Receive up to buffersize bytes from the socket.
    #[pymethod(params = "($self, buffersize, flags=0, /)")]
    fn recv(&self, vm: &Vm, buffersize: isize, flags: i32) -> PyResult<Ref<Bytes>> {
        let mut buffer = self.receive(vm, buffersize, "recv")?;
        let n = self.call(vm, POLLIN, self.deadline(), |fd| {
            net::recv(fd, &mut buffer, flags)
        })?;
        vm.new_bytes(&buffer[..n])
    }

    /// A version of recv() that stores its data into a buffer.
    #[pymethod(params = "($self, /, buffer, nbytes=0, flags=0)")]
    fn recv_into(&self, vm: &Vm, buffer: Writable, nbytes: isize, flags: i32) -> PyResult<usize> {
        let n = self.limit(vm, &buffer, nbytes, "recv_into")?;
        // Other threads may use the buffer's object meanwhile: it is filled afterwards.
        let mut bytes = zeroed(vm, n)?;
        let n = self.call(vm, POLLIN, self.deadline(), |fd| {
            net::recv(fd, &mut bytes, flags)
        })?;
        Ok(buffer.put(0, &bytes[..n]))
    }

    /// Like recv(), but also return the sender's address info.
    #[pymethod(params = "($self, buffersize, flags=0, /)")]
    fn recvfrom(&self, vm: &Vm, buffersize: isize, flags: i32) -> PyResult<(Ref<Bytes>, Value)> {
        let mut buffer = self.receive(vm, buffersize, "recvfrom")?;
        let (n, addr) = self.call(vm, POLLIN, self.deadline(), |fd| {
            net::recvfrom(fd, &mut buffer, flags)
        })?;
        Ok((vm.new_bytes(&buffer[..n])?, value(vm, &addr)?))
    }

    /// Like recv_into(), but also return the sender's address info.
    #[pymethod(params = "($self, /, buffer, nbytes=0, flags=0)")]
    fn recvfrom_into(
        &self,
        vm: &Vm,
        buffer: Writable,
        nbytes: isize,
        flags: i32,
    ) -> PyResult<(usize, Value)> {
        let n = self.limit(vm, &buffer, nbytes, "recvfrom_into")?;
        let mut bytes = zeroed(vm, n)?;
        let (n, addr) = self.call(vm, POLLIN, self.deadline(), |fd| {
            net::recvfrom(fd, &mut bytes, flags)
        })?;
        buffer.put(0, &bytes[..n]);
        Ok((n, value(vm, &addr)?))
    }

    /// Send a data string to the socket and return how many bytes were sent.
    #[pymethod(params = "($self, data, flags=0, /)")]
    fn send(&self, vm: &Vm, data: Data<'_>, flags: i32) -> PyResult<usize> {
        self.call(vm, POLLOUT, self.deadline(), |fd| {
            net::send(fd, &data, flags)
        })
    }

    /// Send all of a data string to the socket.
    #[pymethod(params = "($self, data, flags=0, /)")]
    fn sendall(&self, vm: &Vm, data: Data<'_>, flags: i32) -> PyResult<()> {
        let deadline = self.deadline();
        let mut sent = 0;
        while sent < data.len() {
            sent += self.call(vm, POLLOUT, deadline, |fd| {
                net::send(fd, &data[sent..], flags)
            })?;
            util::check_signals(vm)?;
        }
        Ok(())
    }

    /// Like send(data, flags) but allows specifying the destination address.
    #[pymethod(params = "($self, data, flags_or_address, address=None, /)")]
    fn sendto(
        &self,
        vm: &Vm,
        data: Data<'_>,
        flags_or_address: &Value,
        address: Option<&Value>,
    ) -> PyResult<usize> {
        let (flags, address) = match address {
            Some(a) => (util::offset(vm, flags_or_address)? as i32, a),
            None => (0, flags_or_address),
        };
        let addr = parse(vm, self.family.get(), address, "sendto")?;
        self.call(vm, POLLOUT, self.deadline(), |fd| {
            net::sendto(fd, &data, flags, &addr)
        })
    }

    /// Send normal and ancillary data to the socket.
    #[pymethod(params = "($self, buffers, ancdata=None, flags=0, address=None, /)")]
    fn sendmsg(
        &self,
        vm: &Vm,
        buffers: &Value,
        ancdata: Option<&Value>,
        flags: i32,
        address: Option<&Value>,
    ) -> PyResult<usize> {
        let items = vm.collect(buffers)?;
        let parts = items
            .iter()
            .map(|b| data(vm, b))
            .collect::<PyResult<Vec<_>>>()?;
        let extra = ancillary(vm, ancdata.filter(|v| !vm.is_none(v)))?;
        let addr = match address.filter(|v| !vm.is_none(v)) {
            Some(a) => Some(parse(vm, self.family.get(), a, "sendmsg")?),
            None => None,
        };
        let slices: Vec<_> = parts.iter().map(|p| std::io::IoSlice::new(p)).collect();
        self.call(vm, POLLOUT, self.deadline(), |fd| {
            net::sendmsg(fd, &slices, &extra, flags, addr.as_ref())
        })
    }

    /// Receive normal data (up to bufsize bytes) and ancillary data from the socket.
    #[pymethod(params = "($self, bufsize, ancbufsize=0, flags=0, /)")]
    fn recvmsg(&self, vm: &Vm, bufsize: isize, ancbufsize: isize, flags: i32) -> PyResult {
        let Ok(n) = usize::try_from(bufsize) else {
            return Err(vm.value_error("negative buffer size in recvmsg()"));
        };
        let Ok(room) = usize::try_from(ancbufsize) else {
            return Err(vm.value_error("invalid ancillary data buffer length"));
        };
        let mut buffer = zeroed(vm, n)?;
        let got = self.call(vm, POLLIN, self.deadline(), |fd| {
            let mut slices = [std::io::IoSliceMut::new(&mut buffer)];
            net::recvmsg(fd, &mut slices, room, flags)
        })?;
        let mut extra = Vec::new();
        for (level, kind, bytes) in &got.ancillary {
            extra.push((*level, *kind, vm.new_bytes(bytes)?).into_py(vm)?);
        }
        let n = got.len.min(buffer.len());
        (
            vm.new_bytes(&buffer[..n])?,
            extra,
            got.flags,
            value(vm, &got.addr)?,
        )
            .into_py(vm)
    }

    /// Set the socket to blocking (flag is true) or non-blocking (false).
    #[pymethod(sig = "($self, object, /)")]
    fn setblocking(&self, vm: &Vm, object: &Value) -> PyResult<()> {
        let block = vm.is_true(object)?;
        self.set_timeout(vm, if block { -1 } else { 0 })
    }

    /// Returns True if socket is in blocking mode, or False if it is not.
    #[pymethod(sig = "($self, /)")]
    fn getblocking(&self) -> bool {
        self.timeout.get() != 0
    }

    /// Set a timeout on socket operations: a float, or None for none.
    #[pymethod(sig = "($self, object, /)")]
    fn settimeout(&self, vm: &Vm, object: &Value) -> PyResult<()> {
        let timeout = timeout_argument(vm, object)?;
        self.set_timeout(vm, timeout)
    }

    /// Returns the timeout in seconds (float), None if there is none.
    #[pymethod(sig = "($self, /)")]
    fn gettimeout(&self) -> Option<f64> {
        let timeout = self.timeout.get();
        (timeout >= 0).then(|| seconds(timeout))
    }

    /// Shut down the reading side of the socket, the writing side, or both.
    #[pymethod(sig = "($self, object, /)")]
    fn shutdown(&self, vm: &Vm, object: i32) -> PyResult<()> {
        done(vm, net::shutdown(self.fd.get(), object))
    }

    /// the socket family
    #[member]
    fn family(&self) -> i32 {
        self.family.get()
    }

    /// the socket type
    #[member(type)]
    fn kind(&self) -> i32 {
        self.kind.get()
    }

    /// the socket protocol
    #[member]
    fn proto(&self) -> i32 {
        self.proto.get()
    }

    /// the socket timeout
    #[getter]
    fn timeout(&self) -> Option<f64> {
        self.gettimeout()
    }
}

impl Socket {
    fn limit(&self, vm: &Vm, buffer: &Writable, n: isize, function: &str) -> PyResult<usize> {
        match usize::try_from(n) {
            Err(_) => Err(vm.value_error(&format!("negative buffersize in {function}"))),
            Ok(0) => Ok(buffer.len()),
            Ok(n) if n > buffer.len() => {
                Err(vm.value_error("buffer too small for requested bytes"))
            }
            Ok(n) => Ok(n),
        }
    }
}

/// The text of a name, for functions of the module.
pub fn name_text(vm: &Vm, bytes: &[u8]) -> PyResult<Ref<Str>> {
    util::fs_text(vm, bytes)
}
