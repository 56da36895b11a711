//! Sockets and names, where there is no operating system. What each means is told in `unix/net.rs`.

use super::stubs;
use crate::types::*;
use crate::{Errno, Fd, Result};

/// See `unix`.
pub type LookupResult<T> = core::result::Result<T, core::result::Result<GaiError, Errno>>;

impl GaiError {
    /// The text of the error.
    pub fn message(self) -> Vec<u8> {
        b"Unknown error".to_vec()
    }
}

stubs! {
    /// Makes a socket, not inherited.
    fn socket(family: i32, kind: i32, protocol: i32) -> Result<Fd>;
    /// Makes a pair of connected sockets, not inherited.
    fn socketpair(family: i32, kind: i32, protocol: i32) -> Result<(Fd, Fd)>;
    /// Gives the socket an address.
    fn bind(fd: Fd, addr: &SockAddr) -> Result<()>;
    /// Connects; EINPROGRESS where the socket does not block.
    fn connect(fd: Fd, addr: &SockAddr) -> Result<()>;
    /// Lets others connect.
    fn listen(fd: Fd, backlog: i32) -> Result<()>;
    /// Takes a connection: its socket, not inherited, and the peer's address.
    fn accept(fd: Fd) -> Result<(Fd, SockAddr)>;
    /// The socket's own address.
    fn getsockname(fd: Fd) -> Result<SockAddr>;
    /// The peer's address.
    fn getpeername(fd: Fd) -> Result<SockAddr>;
    /// Receives into `buffer`.
    fn recv(fd: Fd, buffer: &mut [u8], flags: i32) -> Result<usize>;
    /// Receives with the sender's address.
    fn recvfrom(fd: Fd, buffer: &mut [u8], flags: i32) -> Result<(usize, SockAddr)>;
    /// Sends as much of `data` as the system takes. SIGPIPE is not raised.
    fn send(fd: Fd, data: &[u8], flags: i32) -> Result<usize>;
    /// Sends to an address.
    fn sendto(fd: Fd, data: &[u8], flags: i32, addr: &SockAddr) -> Result<usize>;
    /// Sends several buffers with ancillary data `(level, type, data)`.
    fn sendmsg(fd: Fd, buffers: &[std::io::IoSlice<'_>], ancillary: &[(i32, i32, Vec<u8>)], flags: i32, addr: Option<&SockAddr>) -> Result<usize>;
    /// Receives into several buffers, with room for `ancillary` bytes of ancillary data.
    fn recvmsg(fd: Fd, buffers: &mut [std::io::IoSliceMut<'_>], ancillary: usize, flags: i32) -> Result<Received>;
    /// `CMSG_LEN`: bytes of a header with `length` bytes of data.
    fn cmsg_len(length: u32) -> Result<usize>;
    /// `CMSG_SPACE`: the same, padded. EOVERFLOW beyond 2 GiB.
    fn cmsg_space(length: u32) -> Result<usize>;
    /// An option as an integer.
    fn getsockopt_int(fd: Fd, level: i32, option: i32) -> Result<i32>;
    /// An option as bytes; gives their number.
    fn getsockopt(fd: Fd, level: i32, option: i32, buffer: &mut [u8]) -> Result<usize>;
    /// Sets an option to an integer.
    fn setsockopt_int(fd: Fd, level: i32, option: i32, value: i32) -> Result<()>;
    /// Sets an option to bytes.
    fn setsockopt(fd: Fd, level: i32, option: i32, value: &[u8]) -> Result<()>;
    /// Ends one or both directions.
    fn shutdown(fd: Fd, how: i32) -> Result<()>;
    /// `getaddrinfo`.
    fn getaddrinfo(host: Option<&[u8]>, service: Option<&[u8]>, family: i32, socktype: i32, protocol: i32, flags: i32) -> LookupResult<Vec<AddrInfo>>;
    /// `getnameinfo`: host and service.
    fn getnameinfo(addr: &SockAddr, flags: i32) -> LookupResult<(Vec<u8>, Vec<u8>)>;
    /// Port of a service, in host order.
    fn service_by_name(name: &[u8], protocol: Option<&[u8]>) -> Result<Option<u16>>;
    /// Name of the service at a port.
    fn service_by_port(port: u16, protocol: Option<&[u8]>) -> Result<Option<Vec<u8>>>;
    /// Number of a protocol.
    fn protocol_by_name(name: &[u8]) -> Result<Option<i32>>;
    /// Name of the host.
    fn gethostname() -> Result<Vec<u8>>;
    /// Sets the name of the host.
    fn sethostname(name: &[u8]) -> Result<()>;
    /// Number of an interface.
    fn if_nametoindex(name: &[u8]) -> Result<u32>;
    /// Name of an interface.
    fn if_indextoname(index: u32) -> Result<Vec<u8>>;
    /// All interfaces.
    fn if_nameindex() -> Result<Vec<(u32, Vec<u8>)>>;
}
